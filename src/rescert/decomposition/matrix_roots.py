r"""Real roots of matrices of positive determinant: polar decomposition, planes of a rotation, sign of a determinant.

The real Schur form of a rotation $Q$ is block diagonal: plane rotations, ones, and an even number of entries $-1$,
because $\det Q=1$. Two entries $-1$ are a rotation by $\pi$, so that every power $Q^t$ is real, where a matrix
logarithm goes complex.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat
from scipy.linalg import schur

from rescert.certify import balls

RANGE = 1e-150, 1e150  # of singular values, so that squares of lengths stay in float64


def determinant_sign(matrix: np.ndarray, precision: int = 256) -> int:
    """1 or -1, the sign of the determinant of the exact floats in balls; 0 if it is not decided, or if it is 0.

    >>> determinant_sign(np.array([[1.0, 2.0], [2.0, 4.0]]))
    0
    """
    with balls.working_precision(precision):
        size = len(matrix)
        value = arb_mat(size, size, [arb(float(x)) for x in matrix.flat]).det()
        return 1 if value > 0 else -1 if value < 0 else 0


def expected_matrix(matrix: np.ndarray) -> np.ndarray:
    """The matrix in float64, if it is square and finite and its determinant is shown to be positive."""
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"expected a square matrix, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError("expected a matrix of finite numbers, got NaN or infinity")
    sign = determinant_sign(matrix)
    if sign <= 0:
        found = "a negative one" if sign else "one that is zero or too near to it"
        raise ValueError(f"expected a matrix of positive determinant, got {found}")
    values = np.linalg.svd(matrix, compute_uv=False)
    if not RANGE[0] <= values.min() <= values.max() <= RANGE[1]:
        found = f"{values.min():.3g} to {values.max():.3g}"
        raise ValueError(f"expected singular values from {RANGE[0]:g} to {RANGE[1]:g}, got {found}")
    return matrix


@dataclass(frozen=True)
class Rotation:
    """Q = Z B Zᵀ: ``basis`` Z is orthogonal, and B turns the columns ``first[k]``, ``second[k]`` by ``angles[k]``."""

    basis: np.ndarray
    first: np.ndarray
    second: np.ndarray
    angles: np.ndarray

    @property
    def angle(self) -> float:
        """The largest angle by which Q turns a vector, in [0, π]."""
        return float(np.abs(self.angles).max(initial=0.0))

    def power_change(self, powers: np.ndarray) -> np.ndarray:
        """Qᵗ - I for each t in ``powers`` (n,), shape (n, d, d); small entries do not come from a difference."""
        turned = np.asarray(powers, dtype=np.float64)[:, None] * self.angles
        block = np.zeros((len(turned), *self.basis.shape))
        cosine, sine = -2 * np.sin(turned / 2) ** 2, np.sin(turned)
        block[:, self.first, self.first] = cosine
        block[:, self.second, self.second] = cosine
        block[:, self.second, self.first] = sine
        block[:, self.first, self.second] = -sine
        return self.basis @ block @ self.basis.T

    def power(self, powers: np.ndarray) -> np.ndarray:
        """Qᵗ for each t in ``powers`` (n,), shape (n, d, d)."""
        return np.eye(len(self.basis)) + self.power_change(powers)


def rotation(matrix: np.ndarray, weight: np.ndarray | None = None) -> Rotation:
    """The planes and angles of an orthogonal matrix of determinant 1, by its real Schur form.

    The vectors of eigenvalue -1 are paired in the order of the eigenvalues of the symmetric ``weight`` on their
    span. If Q commutes with the weight and its eigenvalues there come in equal pairs, so do all powers of Q.

    >>> rotation(-np.eye(2)).angles.tolist() == [np.pi]
    True
    """
    form, basis = schur(matrix, output="real")
    size, at = len(matrix), 0
    planes: list[tuple[int, int, float]] = []
    half_turns: list[int] = []
    while at < size:
        if at + 1 < size and abs(form[at + 1, at]) > 1e-12:
            sine, cosine = form[at + 1, at] - form[at, at + 1], form[at, at] + form[at + 1, at + 1]
            planes.append((at, at + 1, float(np.arctan2(sine, cosine))))
            at += 2
            continue
        if form[at, at] < 0:
            half_turns.append(at)
        at += 1
    if len(half_turns) % 2:
        raise ValueError("expected an orthogonal matrix of determinant 1, got an odd number of eigenvalues -1")
    if weight is not None and half_turns:
        span = basis[:, half_turns]
        basis = basis.copy()
        basis[:, half_turns] = span @ np.linalg.eigh(span.T @ weight @ span)[1]
    planes += [(i, j, np.pi) for i, j in zip(half_turns[::2], half_turns[1::2], strict=True)]
    first, second, angles = (np.array(column) for column in zip(*planes, strict=True)) if planes else ([], [], [])
    return Rotation(basis, np.array(first, dtype=int), np.array(second, dtype=int), np.array(angles, dtype=np.float64))


@dataclass(frozen=True)
class Polar:
    """R = QP: the rotation Q, and P = V diag(s) Vᵀ, symmetric and positive, with the singular values s of R."""

    turn: Rotation
    singular_values: np.ndarray
    vectors: np.ndarray

    def stretch_change(self, power: float) -> np.ndarray:
        """Pᵗ - I, without a difference."""
        return (self.vectors * np.expm1(power * np.log(self.singular_values))) @ self.vectors.T


def polar(matrix: np.ndarray) -> Polar:
    """The polar decomposition of a matrix of positive determinant."""
    left, values, right = np.linalg.svd(matrix)
    stretch = (right.T * values) @ right
    return Polar(rotation(left @ right, stretch), values, right.T)
