r"""Schedules $0=a_0<a_1<\dots<a_m=1$: how far along the path each factor goes. Each returns $a_1,\dots,a_m$."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np


def printed_ratio(depth: int) -> float:
    """c of the printed schedule: ln(2m)/(m-1) for m >= 3, which is below 1, and 1/2 for m = 2.

    At m = 2 the formula gives ln 4 > 1. There c = 1/2 meets both printed conditions
    1 - ε/(2αR) <= c <= ε/B for ε = B ln 4, because B >= αMR >= αR.
    """
    _require(depth)
    return 0.5 if depth == 2 else math.log(2 * depth) / (depth - 1)


def printed(depth: int) -> np.ndarray:
    """a_i = (1-c)^(m-i), the schedule of Theorem 2 of Bartlett, Evans and Long."""
    return (1 - printed_ratio(depth)) ** np.arange(depth - 1, -1, -1.0)


def uniform(depth: int) -> np.ndarray:
    """a_i = i/m.

    >>> uniform(4).tolist()
    [0.25, 0.5, 0.75, 1.0]
    """
    _require(depth)
    return np.arange(1, depth + 1) / depth


def equalised(depth: int, distances: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The schedule whose factors all have the same distance from the identity.

    ``distances(a)`` gives the m distances of a schedule. Equidistribution: the running sum of the distances,
    joined linearly, is inverted at equal parts; a schedule that this leaves alone is equalised. The change
    left over falls by a factor of order 1/m a step. Raises ``ArithmeticError`` if the largest and the
    smallest distance still differ by more than one part in 1e10 after 500 steps.
    """
    a = uniform(depth)
    targets = a.copy()
    best, spread = a, math.inf
    for _ in range(500):
        distance = distances(a)
        current = float(distance.max() / distance.min() - 1)
        if current < spread:
            best, spread = a, current
        if spread < 1e-13:
            break
        running = np.concatenate([[0.0], np.cumsum(distance)])
        a = np.interp(targets * running[-1], running, np.concatenate([[0.0], a]))
        a[-1] = 1.0
    if spread > 1e-10:
        raise ArithmeticError(f"expected equal distances, got a relative spread of {spread:.1e} at depth {depth}")
    return best


def _require(depth: int) -> None:
    # A number of factors that is not whole would give a schedule that passes 1.
    if not isinstance(depth, int | np.integer):
        raise ValueError(f"expected a whole number as depth, got {depth!r}")
    if depth < 2:
        raise ValueError(f"expected a depth of at least 2, got {depth}")
