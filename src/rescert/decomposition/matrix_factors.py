r"""Near-identity factors of a real matrix of positive determinant, $R=(I+A_1)\cdots(I+A_m)$.

With $R=QP$ (polar decomposition), $q=Q^{1/m}$ and $p=P^{1/m}$, the factors are $I+A_i=q^{m-i}\,(qp)\,q^{-(m-i)}$:
the product telescopes to $q^mp^m=R$, and all $A_i$ have the norm of $qp-I$. Proofs: the claim
`bel_matrix_factors`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize

from rescert.decomposition import matrix_roots

NAMES = ("gaussian", "rotation", "minus_identity", "negative_diagonal", "jordan", "ill_conditioned", "positive")
CONDITION = 1e8


@dataclass(frozen=True)
class MatrixFactorisation:
    """``changes`` holds A_1, …, A_m, shape (m, d, d), of the product (I + A_1)⋯(I + A_m) of ``matrix``."""

    matrix: np.ndarray
    changes: np.ndarray
    angle: float
    singular_values: np.ndarray

    @property
    def depth(self) -> int:
        return len(self.changes)

    @property
    def factors(self) -> np.ndarray:
        """I + A_i, shape (m, d, d)."""
        return np.eye(len(self.matrix)) + self.changes

    @cached_property
    def distances(self) -> np.ndarray:
        """The spectral norms of the A_i, shape (m,); equal up to rounding."""
        return np.linalg.norm(self.changes, ord=2, axis=(1, 2))

    @cached_property
    def residual(self) -> float:
        """The norm of (I + A_1)⋯(I + A_m) - R over that of R."""
        product = np.eye(len(self.matrix))
        for change in self.changes[::-1]:
            product = product + change @ product
        return float(np.linalg.norm(product - self.matrix, 2) / self.singular_values.max())

    @property
    def bound(self) -> float:
        """2 sin(θ/2m) + max{σ_max^(1/m) - 1, 1 - σ_min^(1/m)}, which no A_i exceeds."""
        return 2 * math.sin(self.angle / (2 * self.depth)) + self.stretch_bound

    @property
    def stretch_bound(self) -> float:
        """max{σ_max^(1/m) - 1, 1 - σ_min^(1/m)}."""
        return stretch_bound(self.singular_values, self.depth)

    @property
    def gamma(self) -> float:
        """|log σ_max| + |log σ_min|, the constant of the paper."""
        return abs(math.log(self.singular_values.max())) + abs(math.log(self.singular_values.min()))

    @cached_property
    def limit(self) -> tuple[float, np.ndarray]:
        """What no factorisation into m goes below, and the vector that shows it."""
        return lower_limit(self.matrix, self.depth)


def stretch_bound(singular_values: np.ndarray, depth: int) -> float:
    """The distance of P^(1/m) from the identity.

    >>> stretch_bound(np.array([4.0, 1.0]), 2)
    1.0
    """
    change = np.expm1(np.log(singular_values) / depth)
    return float(np.abs(change).max())


def factor_matrix(matrix: np.ndarray | Sequence[Sequence[float]], depth: int) -> MatrixFactorisation:
    """Write a real matrix of positive determinant as a product of ``depth`` matrices near the identity.

    >>> halves = factor_matrix([[-1.0, 0.0], [0.0, -1.0]], 2)
    >>> halves.distances.round(12).tolist()
    [1.414213562373, 1.414213562373]
    """
    matrix = matrix_roots.expected_matrix(np.asarray(matrix, dtype=np.float64))
    if depth < 1:
        raise ValueError(f"expected a depth of at least 1, got {depth}")
    found = matrix_roots.polar(matrix)
    turn, stretch = found.turn.power_change(np.array([1 / depth]))[0], found.stretch_change(1 / depth)
    change = turn + stretch + turn @ stretch
    frames = found.turn.power(np.arange(depth - 1, -1, -1.0) / depth)
    changes = frames @ change @ frames.transpose(0, 2, 1)
    return MatrixFactorisation(matrix, changes, found.turn.angle, found.singular_values)


def displacement(matrix: np.ndarray, point: np.ndarray) -> tuple[float, float]:
    """ρ = |Rx|/|x| and the angle between x and Rx."""
    x, y = point / np.linalg.norm(point), matrix @ point
    y = y / np.linalg.norm(point)
    length = float(np.linalg.norm(y))
    across = float(np.linalg.norm(y / length - x)), float(np.linalg.norm(y / length + x))
    return length, 2 * math.atan2(*across)


def distance_from_one(length: float, angle: float, depth: int) -> float:
    """|ρ^(1/m) e^(iψ/m) - 1|.

    >>> round(distance_from_one(1.0, math.pi, 1), 12)
    2.0
    """
    return abs(complex(math.expm1(math.log(length) / depth)) + length ** (1 / depth) * _turned(angle / depth))


def _turned(angle: float) -> complex:
    """e^(iφ) - 1."""
    return complex(-2 * math.sin(angle / 2) ** 2, math.sin(angle))


def lower_limit(matrix: np.ndarray, depth: int) -> tuple[float, np.ndarray]:
    """max over x of |ρ^(1/m) e^(iψ/m) - 1|, searched from singular vectors, eigenvectors and their sums."""
    size = len(matrix)
    _, _, right = np.linalg.svd(matrix)
    vectors = np.linalg.eig(matrix)[1]
    starts = [*right, *vectors.T.real, *vectors.T.imag, *np.eye(size), right[0] + right[-1], np.ones(size)]
    starts = [s / np.linalg.norm(s) for s in starts if np.linalg.norm(s) > 1e-9]

    def value(x: np.ndarray) -> float:
        return distance_from_one(*displacement(matrix, x), depth)

    starts.sort(key=value, reverse=True)
    best = starts[0]
    if size > 1:
        for start in starts[:3]:
            found = minimize(lambda x: -value(x), start, method="BFGS", options={"maxiter": 200}).x
            if value(found) > value(best) * (1 + 1e-12):
                best = found / np.linalg.norm(found)
    return value(best), best


def parse(text: str) -> list[list[Fraction]]:
    """The rows of a matrix written as text.

    >>> parse("1 1/2; 0 3")
    [[Fraction(1, 1), Fraction(1, 2)], [Fraction(0, 1), Fraction(3, 1)]]
    """
    try:
        rows = [[Fraction(entry) for entry in row.split()] for row in text.split(";")]
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"expected a matrix such as '1 2; 3 4' or one of {', '.join(NAMES)}, got '{text}'") from None
    if not rows[0] or any(len(row) != len(rows) for row in rows):
        raise ValueError(f"expected a square matrix, got '{text}'")
    return rows


def drawn_matrix(name: str, dimension: int, generator: torch.Generator) -> np.ndarray:
    """A matrix of positive determinant by the name of its kind (`NAMES`), shape (dimension, dimension)."""
    if name not in NAMES:
        raise ValueError(f"expected a matrix among {', '.join(NAMES)}, got '{name}'")
    if name in ("minus_identity", "negative_diagonal", "jordan") and dimension % 2:
        raise ValueError(f"expected an even dimension for '{name}', got {dimension}")
    if name == "minus_identity":
        return -np.eye(dimension)
    if name == "negative_diagonal":
        return -np.diag(np.arange(1.0, dimension + 1))
    if name == "jordan":
        return np.eye(dimension, k=1) - np.eye(dimension)
    gaussian = _gaussian(dimension, generator)
    if name == "gaussian":
        return gaussian
    if name == "positive":
        return gaussian.T @ gaussian / dimension + np.eye(dimension) / 8
    left = _oriented(np.linalg.qr(gaussian)[0])
    if name == "rotation":
        return left
    right = _oriented(np.linalg.qr(_gaussian(dimension, generator))[0])
    return (left * np.geomspace(1.0, 1 / CONDITION, dimension)) @ right


def _gaussian(dimension: int, generator: torch.Generator) -> np.ndarray:
    return _oriented(torch.randn(dimension, dimension, generator=generator, dtype=torch.float64).numpy())


def _oriented(matrix: np.ndarray) -> np.ndarray:
    """The matrix with its first column negated where its determinant is negative."""
    signs = np.ones(len(matrix))
    signs[0] = np.linalg.slogdet(matrix)[0]
    return matrix * signs


def summary(found: MatrixFactorisation) -> Mapping[str, Any]:
    """The numbers of a factorisation that tables show."""
    return {
        "distance": float(found.distances.max()),
        "angle_bound": found.bound,
        "limit": found.limit[0],
        "gamma": found.gamma,
        "angle": found.angle,
        "residual": found.residual,
    }
