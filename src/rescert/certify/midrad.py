"""Midpoint-radius arithmetic in float64 at BLAS speed, after Rump: enclosures for large matrices.

A `MidRad` holds float64 arrays ``mid`` and ``rad`` >= 0 and stands for every real array x with
|x - mid| <= rad entrywise. An entry that is not finite has radius infinity and proves nothing.

**Rounding model.** IEEE 754 double, round to nearest, u = 2⁻⁵³, smallest positive number η = 2⁻¹⁰⁷⁴; gradual
underflow (no flush to zero). A matrix product forms each entry from the k products of its row and column, summed
in any order, with or without fused multiply-add; no products of Strassen's kind. Transcendental functions do not
come from libm but from balls.

**Inner products.** For s = fl(Σ a_i b_i) of length k in that model, each a_i b_i is rounded once (relative error u,
plus η/2 where it underflows) and passes through at most k-1 additions, which are exact where they underflow. Hence

    |s - Σ a_i b_i| <= γ_k Σ|a_i||b_i| + kη,    γ_k = ku/(1-ku).

**Radii.** Sums of non-negative floats of length k err by at most that bound, too, so a computed value multiplied by
1 + 4(k+2)u, plus underflow terms, is an upper bound of the exact one for k < 2⁴⁰.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb

from rescert.certify import balls

UNIT = 2.0**-53
ETA = 2.0**-1074
# Above the underflow of any sum that can be formed here, far below anything of interest.
TINY = 2.0**-1000
# Products of factors at least this large do not underflow.
SAFE = 2.0**-480


def gamma(k: int) -> float:
    """An upper bound of γ_k = ku/(1-ku)."""
    if not 0 <= k < 1 << 40:
        raise ValueError(f"expected a length below 2**40, got {k}")
    return k * UNIT * (1 + 2.0**-10)


def _up(value: np.ndarray, k: int = 1) -> np.ndarray:
    """An upper bound of the exact value of a non-negative expression of k roundings, 0 where it is 0."""
    return np.where(value > 0, np.nextafter(value * (1 + 4 * (k + 2) * UNIT), np.inf), value)


def _gamma_times(k: int, value: np.ndarray) -> np.ndarray:
    """An upper bound of γ_k times a non-negative array, above zero even where the product underflows."""
    return np.where(value > 0, np.nextafter(gamma(k) * value, np.inf), value)


@dataclass(frozen=True)
class MidRad:
    """All real arrays within ``rad`` of ``mid``, entry by entry."""

    mid: np.ndarray
    rad: np.ndarray

    def __post_init__(self) -> None:
        mid, rad = np.asarray(self.mid, dtype=np.float64), np.asarray(self.rad, dtype=np.float64)
        if mid.shape != rad.shape:
            raise ValueError(f"expected mid and rad of one shape, got {mid.shape} and {rad.shape}")
        if (rad < 0).any():
            raise ValueError("expected radii >= 0")
        with np.errstate(over="ignore", invalid="ignore"):
            bounded = math.isfinite(mid.sum()) and math.isfinite(rad.sum())
        if not bounded:  # A sum is finite only if every entry is.
            lost = ~(np.isfinite(mid) & np.isfinite(rad))
            mid, rad = np.where(lost, 0.0, mid), np.where(lost, np.inf, rad)
        object.__setattr__(self, "mid", mid)
        object.__setattr__(self, "rad", rad)

    @staticmethod
    def exact(value: Any) -> MidRad:
        """The float64 (or exactly convertible) array ``value`` itself."""
        array = np.asarray(value)
        if array.dtype.kind not in "fiu":
            raise ValueError(f"expected numbers, got dtype {array.dtype}")
        mid = array.astype(np.float64)
        if array.dtype.kind in "iu" and [int(x) for x in mid.flat] != array.ravel().tolist():
            raise ValueError("expected integers that float64 holds exactly")
        if not np.isfinite(mid).all():
            raise ValueError("expected finite numbers, got NaN or infinity")
        return MidRad(mid, np.zeros(mid.shape))

    @staticmethod
    def of_balls(value: np.ndarray) -> MidRad:
        """The narrowest-known float enclosure of an array of balls."""
        flat = [_of_ball(x) for x in balls.wrap(value).flat]
        mid = np.array([m for m, _ in flat]).reshape(value.shape)
        return MidRad(mid, np.array([r for _, r in flat]).reshape(value.shape))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.mid.shape

    @property
    def T(self) -> MidRad:
        return MidRad(self.mid.T, self.rad.T)

    def __getitem__(self, index: Any) -> MidRad:
        return MidRad(self.mid[index], self.rad[index])

    def lower(self) -> np.ndarray:
        """Floats at or below every point; -inf where there is no bound."""
        return np.where(self.rad > 0, np.nextafter(self.mid - self.rad, -np.inf), self.mid)

    def upper(self) -> np.ndarray:
        return np.where(self.rad > 0, np.nextafter(self.mid + self.rad, np.inf), self.mid)

    def magnitude(self) -> np.ndarray:
        """Upper bounds of |x|."""
        return _up(np.abs(self.mid) + self.rad)

    def __neg__(self) -> MidRad:
        return MidRad(-self.mid, self.rad)

    def __add__(self, other: MidRad) -> MidRad:
        # Addition errs by at most u|sum| and is exact where it underflows.
        with np.errstate(over="ignore", invalid="ignore"):
            mid = self.mid + other.mid
            return MidRad(mid, _up(self.rad + other.rad + _up(UNIT * np.abs(mid)), 3))

    def __sub__(self, other: MidRad) -> MidRad:
        return self + (-other)

    def __mul__(self, other: MidRad) -> MidRad:
        """The entrywise product: |ab - fl(m_a m_b)| <= |m_a| r_b + r_a (|m_b| + r_b) + u|fl| + η; 0 stays 0."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            mid = self.mid * other.mid
            spread = np.abs(self.mid) * other.rad + self.rad * _up(np.abs(other.mid) + other.rad)
            possible = _nonzero(self) & _nonzero(other)
            rad = _up(spread + UNIT * np.abs(mid) + 4 * ETA, 6)
            return MidRad(mid, np.where(possible | ~np.isfinite(mid + rad), rad, 0.0))

    def __matmul__(self, other: MidRad) -> MidRad:
        """The matrix product, three BLAS calls: one for midpoints, two for radii.

        |AB - fl(m_A m_B)| <= |m_A| (r_B + γ_k|m_B|) + r_A (|m_B| + r_B) + kη by the bound of inner products. The
        underflow term is added only where a product can underflow and is not exactly zero.
        """
        k = self.shape[-1]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            mid = self.mid @ other.mid
            left, right = np.abs(self.mid), np.abs(other.mid)
            first = _up(other.rad + _gamma_times(k, right))
            spread = left @ first + self.rad @ _up(right + other.rad)
            rad = _up(spread, 2 * k + 4)
            if not (_safe(left) and _safe(right) and _safe(self.rad) and _safe(first)):
                products = _nonzero(self).astype(float) @ _nonzero(other).astype(float)
                rad = np.where(products > 0, np.nextafter(rad + (6 * k + 8) * ETA, np.inf), rad)
            if np.isinf(self.rad).any() or np.isinf(other.rad).any():
                # 0 times what has no bounds has none, even by a BLAS that skips zeros.
                lost = np.isinf(self.rad).astype(float) @ np.ones(other.shape)
                lost = lost + np.ones(self.shape) @ np.isinf(other.rad).astype(float)
                rad = np.where(lost > 0, np.inf, rad)
            return MidRad(mid, rad)

    def sum(self, axis: int | None = None) -> MidRad:
        """The sum along an axis (default: of all entries), by the bound of inner products with ones."""
        k = self.mid.size if axis is None else self.shape[axis]
        with np.errstate(over="ignore", invalid="ignore"):
            mid = np.asarray(self.mid.sum(axis=axis))
            spread = np.asarray((self.rad + _gamma_times(k, np.abs(self.mid))).sum(axis=axis))
            return MidRad(mid, _up(spread, 2 * k + 4))


def expect_gradual_underflow() -> None:
    """Raises ``ValueError`` where denormal numbers are flushed to zero, since no bound here would hold then."""
    if not (np.full(1, 2.0**-1022) / 2 > 0).all() or not (np.full(1, ETA) * 2 > 0).all():
        raise ValueError("expected gradual underflow, got denormal numbers flushed to zero")


def _of_ball(x: arb) -> tuple[float, float]:
    if not x.is_finite():
        return 0.0, np.inf
    middle = float(x.mid())
    if not np.isfinite(middle):
        return 0.0, np.inf
    return middle, balls.upper((x - arb(middle)).abs_upper())


def _nonzero(x: MidRad) -> np.ndarray:
    return (x.mid != 0) | (x.rad != 0)


def _safe(x: np.ndarray) -> bool:
    """Whether products of such entries cannot underflow: every entry is 0 or at least 2⁻⁴⁸⁰."""
    return bool(((x == 0) | (x >= SAFE)).all())


def row_sum_norm(x: MidRad) -> float:
    """An upper bound of the maximum row sum ‖x‖_∞ of absolute values."""
    return float(_up(x.magnitude().sum(axis=-1), x.shape[-1] + 2).max())


def smallest_eigenvalue_above(matrix: MidRad) -> float | None:
    """A float c with λ_min(H) >= c >= 0 for every symmetric H within a square ``matrix``; None if none was found.

    For any real R and s, H = sI + R'R + E with E = H - sI - R'R, and R'R is positive semidefinite; hence
    λ_min(H) >= s - ‖E‖₂ >= s - ‖E‖_∞ (E symmetric). R is the floating Cholesky factor of the shifted midpoint, taken
    from any algorithm, since E is enclosed afterwards by one midpoint-radius product.
    """
    n = len(matrix.mid)
    if matrix.shape != (n, n):
        raise ValueError(f"expected a square matrix, got shape {matrix.shape}")
    diagonal = np.diagonal(matrix.mid)
    if not np.isfinite(matrix.rad).all() or not (diagonal > 0).all():
        return None
    middle = (matrix.mid + matrix.mid.T) / 2
    # A shift of a few times the error that the bound below will have.
    noise = 4 * gamma(n + 8) * np.sqrt(diagonal.max()) * np.sqrt(diagonal).sum()
    shift = float(noise + 2 * _up(matrix.rad.sum(axis=1), n).max())
    try:
        factor = MidRad.exact(np.linalg.cholesky(middle - shift * np.eye(n)).T)
    except np.linalg.LinAlgError:
        return None
    error = matrix - MidRad.exact(shift * np.eye(n)) - factor.T @ factor
    bound = np.nextafter(shift - row_sum_norm(error), -np.inf)
    # H is symmetric and lies within the matrix, so H - sI - R'R lies within ``error`` and is symmetric.
    return float(bound) if bound >= 0 else None


def positive_definite(matrix: MidRad) -> bool:
    """True if every symmetric matrix within is shown positive definite; False means "not shown"."""
    bound = smallest_eigenvalue_above(matrix)
    return bound is not None and bound > 0


def quadratic_form(matrix: MidRad, vector: np.ndarray) -> MidRad:
    """An enclosure of v'Hv for every H within; a negative upper end shows a negative eigenvalue."""
    v = MidRad.exact(vector)
    return v @ (matrix @ v)
