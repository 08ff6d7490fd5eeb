r"""Networks (7) for a quadratic function on the unit cube: the best single one, and a pair that comes as near as one
likes.

The derivations are in the docstring of `rescert.claims.ns_approximation`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from rescert.decomposition.quadratic_form import Quadratic, Ridge, completely_positive, signed_ridges
from rescert.networks.ridge_sum import RidgeSum, Vector

ZERO, ONE = Fraction(0), Fraction(1)


class Approximation(NamedTuple):
    """Networks r and s (None: a single network) whose difference is within ``bound`` of the function, by a formula."""

    r: RidgeSum
    s: RidgeSum | None
    bound: Fraction

    @property
    def sums(self) -> list[tuple[int, RidgeSum]]:
        return [(1, self.r)] + ([(-1, self.s)] if self.s else [])


def grid(length: Fraction, cells: int) -> list[Fraction]:
    return [length * j / cells for j in range(cells + 1)]


def interpolant(ridges: Sequence[Ridge], linear: Vector, cells: int) -> RidgeSum:
    """Σ weight (vector·x)²/2 + linear·x with every parabola interpolated at ``cells``+1 equidistant nodes a unit."""
    network = RidgeSum(linear)
    for weight, vector in ridges:
        length = sum(vector, ZERO)
        network = network.with_ridge(weight, vector, grid(length, cells * int(length)))
    return network


def interpolation_error(ridges: Sequence[Ridge], cells: int) -> Fraction:
    """Σ |weight| / (8 cells²): each parabola is met from above within weight·h²/8."""
    return sum((abs(r.weight) for r in ridges), ZERO) / (8 * cells * cells)


def pair(f: Quadratic, cells: int) -> Approximation:
    """r - s with the positive ridges of `signed_ridges` in r and the negative in s, and 1·x added to both.

    Each of r and s misses its function from above only, so that a constant halves the error.
    """
    ridges = signed_ridges(f.hessian)
    plus = [r for r in ridges if r.weight > 0]
    minus = [Ridge(-r.weight, r.vector) for r in ridges if r.weight < 0]
    shares = [max(ONE, ONE + g) for g in f.gradient]
    r = interpolant(plus, tuple(shares), cells)
    s = interpolant(minus, tuple(t - g for t, g in zip(shares, f.gradient, strict=True)), cells)
    above, below = interpolation_error(plus, cells), interpolation_error(minus, cells)
    return Approximation(r.raised((below - above) / 2), s, (above + below) / 2)


def single(f: Quadratic, cells: int) -> Approximation | None:
    """One network from a completely positive form; None where none was found or the gradient is not positive."""
    ridges = completely_positive(f.hessian)
    if ridges is None or min(f.gradient) <= 0:
        return None
    error = interpolation_error(ridges, cells)
    return Approximation(interpolant(ridges, f.gradient, cells).raised(-error / 2), None, error / 2)


class Best(NamedTuple):
    """The least error of all networks (7), of every depth and width, and a network of error at most ``bound``."""

    error: Fraction
    attained: bool
    network: RidgeSum
    bound: Fraction


def lower_bounds(f: Quadratic) -> tuple[Fraction, Fraction]:
    """What supermodularity and monotonicity give on the corners of the cube: a quarter and a half of the gaps."""
    return -f.least_mixed[0] / 4, f.largest_fall[0] / 2


def best(f: Quadratic, cells: int) -> Best:
    """For a definite f of two variables with a positive gradient at the origin and h_12 < 0.

    Where the mixed term decides, the bound is the error itself, for every ``cells``; where the drop does, the error is
    an infimum, and the bound exceeds it by O(1/cells²).
    """
    if f.dimension != 2 or f.hessian[0][1] >= 0 or min(f.gradient) <= 0 or min(f.pivots()) <= 0:
        raise ValueError(f"expected a definite f of two variables, h_12 < 0 and a positive gradient, got {f}")
    mixed, drop = lower_bounds(f)
    if mixed > drop:
        steps = [min(ONE, -f.hessian[0][1] / f.hessian[i][i]) for i in range(2)]
        nodes = [[*(j * step for j in range(math.ceil(ONE / step))), ONE] for step in steps]
        return Best(mixed, True, _separable(f, nodes), mixed)
    # Two corners at which f falls: they differ in one variable, because f is not negative on the square.
    _, high, low = f.largest_fall
    falling = 0 if high[0] != low[0] else 1
    other = 1 - falling

    def highest(t: Fraction) -> Fraction:
        """The larger of f on the two sides x_falling = 0, 1 at x_other = t."""
        return max(f.at(_point(other, side, t)) for side in (ZERO, ONE))

    levels = grid(ONE, cells)
    heights = [max(highest(t), highest(ZERO)) - drop for t in levels]
    slopes = [(b - a) * cells for a, b in itertools.pairwise(heights)]
    # For each x the interpolant of h <= f(x, ·) + E is at most that of f(x, ·) + E: the kinks of h cost nothing.
    # A positive slope in every variable is asked for; it costs half of itself.
    tilt = Fraction(1, 16 * cells * cells)
    slack = f.hessian[other][other] / (8 * cells * cells) + tilt * 2
    network = RidgeSum(
        tuple(tilt + (slopes[0] if i == other else 0) for i in range(2)),
        heights[0] - slack / 2,
        (_unit(other),) * (cells - 1),
        tuple(levels[1:-1]),
        tuple(b - a for a, b in itertools.pairwise(slopes)),
    )
    return Best(drop, False, network, drop + slack / 2)


def separable(f: Quadratic, cells: int) -> RidgeSum:
    """As `best`, but with ``cells`` equal cells a variable; not in the class where its slope at 0 is not positive."""
    return _separable(f, [grid(ONE, cells)] * 2)


def _separable(f: Quadratic, nodes: Sequence[Sequence[Fraction]]) -> RidgeSum:
    """f + k(x_1-1/2)(x_2-1/2), which has no mixed term, interpolated in each variable at its nodes."""
    k = -f.hessian[0][1]
    network = RidgeSum(tuple(g - k / 2 for g in f.gradient), k / 4)
    for i in range(2):
        network = network.with_ridge(f.hessian[i][i], _unit(i), nodes[i])
    return network


def _unit(i: int) -> Vector:
    return (ONE, ZERO) if i == 0 else (ZERO, ONE)


def _point(other: int, side: Fraction, t: Fraction) -> Vector:
    return (side, t) if other == 1 else (t, side)
