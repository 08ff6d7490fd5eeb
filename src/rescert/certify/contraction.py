r"""Nonsingular interval matrices and their inertia, from an approximate inverse and one or two products at BLAS speed.

**Contraction.** For a square interval matrix $[J]=\{A:|A-M|\le R\}$, any matrix $C$ and a vector $r>0$, `contraction`
bounds $|I-CA|r$ for all $A\in[J]$ at once:

$$|I-CA|\,r\le|I-CM|\,r+|C|\,(R\,r),\qquad|I-CM|\,r\le|I-P|\,r+\gamma_n|C|(|M|r)+n\eta\textstyle\sum_jr_j$$

with $P=\mathrm{fl}(CM)$, in the rounding model of `rescert.certify.midrad`: one matrix product, all else is products of
non-negative matrices with vectors. If the bound is below $r$ in every component, then $\|I-CA\|<1$ in the maximum norm
weighted by $1/r$, so that $C$ and every $A\in[J]$ are nonsingular.

**Inertia.** *Lemma.* Let $S$ be a convex set of symmetric matrices, all nonsingular. Then all have the same number of
negative eigenvalues. *Proof.* For $A,B\in S$ the eigenvalues of $A+t(B-A)$, in order, are continuous in $t\in[0,1]$ and
never zero, so none changes its sign. $\square$ `inertia` applies it to the symmetric matrices with
$|A-M|\le R+E$, where $E=|M-LDL^{\mathsf T}|$ for the floating Bunch–Kaufman factors $L$, $D$, taken as exact:
$LDL^{\mathsf T}$ is among them, and so is every symmetric $A\in[J]$. $L$ is unit lower triangular up to the order of
its rows and $D$ has blocks of one or two rows, so that by Sylvester $LDL^{\mathsf T}$ has as many negative eigenvalues
as the blocks of $D$, which are counted in rational arithmetic. Only $E\,r$ is needed: with
$W=\mathrm{fl}(DL^{\mathsf T})$,

$$E\,r\le|M-\mathrm{fl}(LW)|\,r+\gamma_n|L|(|W|r)+\gamma_6|L|(|D|(|L|^{\mathsf T}r))+\text{underflow}.$$
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import scipy.linalg

from rescert.certify.midrad import TINY, UNIT, MidRad, gamma


@dataclass(frozen=True)
class Known:
    """An approximate inverse C, weights r, and the upper ``bound`` of |I - CA|r over an interval matrix."""

    inverse: np.ndarray
    weights: np.ndarray
    bound: np.ndarray


def times(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """An upper bound of the product of a non-negative matrix and a non-negative vector, exactly 0 nowhere.

    A sum of n products errs by at most γ_n of itself and nη, and the factor and the term added cover twice that.
    """
    return (matrix @ weights) * (1 + 4 * (matrix.shape[1] + 4) * UNIT) + TINY


def approximate_inverse(matrix: np.ndarray) -> np.ndarray | None:
    """The floating inverse, which bounds nothing; None where there is none."""
    if not np.isfinite(matrix).all():
        return None
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return None
    return inverse if np.isfinite(inverse).all() else None


def contraction(inverse: np.ndarray, matrix: MidRad, weights: np.ndarray) -> np.ndarray:
    """An upper bound of |I - CA| r for every A within ``matrix``; not finite where there is no bound.

    >>> bound = contraction(np.eye(2), MidRad(np.eye(2), np.full((2, 2), 0.25)), np.ones(2))
    >>> bool((bound >= 0.5).all() and (bound < 0.5 + 1e-12).all())
    True
    """
    n = len(weights)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        product = inverse @ matrix.mid
        size = np.abs(inverse)
        product[np.diag_indices(n)] -= 1.0
        np.abs(product, out=product)
        # The subtraction from the diagonal errs by a factor of 1 + u, which doubling the slack covers.
        rest = gamma(n + 2) * times(np.abs(matrix.mid), weights) + times(matrix.rad, weights)
        near = times(product, weights) * (1 + 8 * UNIT)
        return (near + times(size, rest * (1 + 8 * UNIT)) + TINY * (1 + weights.sum())) * (1 + 8 * UNIT)


def solution_bound(inverse: np.ndarray, value: MidRad) -> np.ndarray:
    """An upper bound of |Cf| for every vector f within ``value``."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        middle = np.abs(inverse @ value.mid)
        rest = gamma(len(middle) + 2) * np.abs(value.mid) + value.rad + TINY
        return (middle + times(np.abs(inverse), rest * (1 + 8 * UNIT)) + TINY) * (1 + 8 * UNIT)


def inertia(matrix: MidRad, known: Known | None = None) -> int | None:
    """The number of negative eigenvalues of every symmetric matrix within, if all are shown nonsingular; else None.

    ``matrix.mid`` must be symmetric. ``known`` is a contraction that was computed before; otherwise r = 1 is tried,
    and then the vector to which |C|R leads.

    >>> inertia(MidRad.exact([[0.0, 2.0], [2.0, 1.0]])), inertia(MidRad.exact([[1.0, 1.0], [1.0, 1.0]]))
    (1, None)
    """
    middle = matrix.mid
    n = len(middle)
    if matrix.shape != (n, n) or not (middle == middle.T).all():
        raise ValueError(f"expected a symmetric midpoint, got one of shape {matrix.shape}")
    if not np.isfinite(matrix.rad).all():
        return None
    inverse = approximate_inverse(middle) if known is None else known.inverse
    factors = _factors(middle)
    if inverse is None or factors is None:
        return None
    diagonal, error = factors
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for attempt in [known] if known else _attempts(inverse, matrix):
            bound = attempt.bound + times(np.abs(inverse), error(attempt.weights))
            if (bound * (1 + 8 * UNIT) < attempt.weights).all():
                return _negative(diagonal)
    return None


def _attempts(inverse: np.ndarray, matrix: MidRad) -> Iterator[Known]:
    for weights in (np.ones(len(inverse)), _dominant(inverse, matrix.rad)):
        yield Known(inverse, weights, contraction(inverse, matrix, weights))


def _dominant(inverse: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """A weight vector near the eigenvector of |C|R, for which the bound is least."""
    size, weights = np.abs(inverse), np.ones(len(radius))
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for _ in range(3):
            image = size @ (radius @ weights)
            if not 0 < image.max() < np.inf:
                return weights
            weights = np.maximum(image / image.max(), 2.0**-30)
    return weights


def _factors(middle: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]] | None:
    """D of M = LDL' + E and the function r -> upper bound of |E|r; None if the factors are not of that form."""
    n = len(middle)
    lower, diagonal, order = scipy.linalg.ldl(middle, lower=True)
    arranged = lower[order]
    off = np.diagonal(diagonal, 1)
    banded = np.diag(np.diagonal(diagonal)) + np.diag(off, 1) + np.diag(off, -1)
    finite = np.isfinite(lower).all() and np.isfinite(diagonal).all()
    if not (finite and (np.triu(arranged, 1) == 0).all() and (np.diagonal(arranged) == 1).all()):
        return None
    if not (diagonal == banded).all() or ((off[1:] != 0) & (off[:-1] != 0)).any():
        return None
    right = np.asfortranarray(np.diagonal(diagonal)[:, None] * lower.T)
    right[:-1] += off[:, None] * lower.T[1:]
    right[1:] += off[:, None] * lower.T[:-1]
    rest = np.empty_like(middle)
    rest[order] = np.abs(middle[order] - scipy.linalg.blas.dtrmm(1.0, np.asfortranarray(arranged), right, lower=1))
    size, right = np.abs(lower), np.abs(right)

    def error(weights: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            tiny = TINY * (1 + weights.sum())
            inner = gamma(n + 2) * times(right, weights)
            inner += gamma(6) * times(np.abs(diagonal), times(size.T, weights)) + tiny
            return (times(rest, weights) + times(size, inner * (1 + 8 * UNIT)) + tiny) * (1 + 16 * UNIT)

    return diagonal, error


def _negative(diagonal: np.ndarray) -> int | None:
    """The number of negative eigenvalues of a symmetric matrix of blocks of one and two rows; None if one is zero."""
    count, i = 0, 0
    while i < len(diagonal):
        a = Fraction(float(diagonal[i, i]))
        if i + 1 < len(diagonal) and diagonal[i, i + 1] != 0:
            determinant = a * Fraction(float(diagonal[i + 1, i + 1])) - Fraction(float(diagonal[i, i + 1])) ** 2
            if determinant == 0:
                return None
            count += 1 if determinant < 0 else 2 * (a < 0)
            i += 2
        else:
            if a == 0:
                return None
            count += a < 0
            i += 1
    return count
