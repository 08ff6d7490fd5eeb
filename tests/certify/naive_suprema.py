"""Branch and bound one box at a time in balls: the naive twin of `rescert.certify.suprema`."""

import heapq
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from rescert.certify import balls
from rescert.certify.problem import Program, rational
from rescert.certify.sign import OPPOSITE, RELATIONS

Sides = list[tuple[Fraction, Fraction]]


def variables_of(domain: Mapping[str, Any]) -> list[str]:
    """The inputs of a domain, all of them single numbers with a radius."""
    return [name for name, side in domain.items() if rational(side["rad"]) > 0]


def sides_of(domain: Mapping[str, Any]) -> Sides:
    return [(rational(domain[n]["mid"]), rational(domain[n]["rad"])) for n in variables_of(domain)]


def enclose(program: Program, domain: Mapping[str, Any], sides: Sides) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Direct, in mean value form, and at the middle."""
    names = variables_of(domain)
    box = {n: {"mid": str(m), "rad": str(r)} for n, (m, r) in zip(names, sides, strict=True)}
    point = {n: {"mid": str(m), "rad": 0} for n, (m, _) in zip(names, sides, strict=True)}
    direct = balls.evaluate(program, box, 64).reshape(-1)
    middle = balls.evaluate(program, point, 64).reshape(-1)
    slopes = balls.jacobian(program, box, 64, [(n, 0) for n in names])
    centred = middle
    with balls.working_precision(64):
        for k, (_, radius) in enumerate(sides):
            centred = centred + slopes[:, k] * arb(0, balls.enter(radius))
    return direct, centred, middle


def halves(sides: Sides) -> list[Sides]:
    axis = max(range(len(sides)), key=lambda i: sides[i][1])
    middle, radius = sides[axis]
    return [[*sides[:axis], (middle + s * radius / 2, radius / 2), *sides[axis + 1 :]] for s in (-1, 1)]


def naive_proof(program: Program, domain: Mapping[str, Any], relation: str, most_boxes: int) -> bool | None:
    waiting, count = [sides_of(domain)], 0
    while waiting:
        if count >= most_boxes:
            return None
        sides = waiting.pop()
        direct, centred, middle = enclose(program, domain, sides)
        count += 1
        if any(x.is_finite() and RELATIONS[OPPOSITE[relation]](x) for x in middle):
            return None
        pairs = zip(direct, centred, strict=True)
        if not all(any(x.is_finite() and RELATIONS[relation](x) for x in pair) for pair in pairs):
            waiting += halves(sides)
    return True


def naive_supremum(
    program: Program, domain: Mapping[str, Any], tolerance: float, most_boxes: int
) -> tuple[float, float]:
    best, count = -math.inf, 0
    queue: list[tuple[float, int, Sides]] = []
    new = [sides_of(domain)]
    while True:
        for sides in new:
            direct, centred, middle = enclose(program, domain, sides)
            count += 1
            best = max(best, *(balls.lower(x) for x in middle))
            high = max(min(balls.upper(d), balls.upper(c)) for d, c in zip(direct, centred, strict=True))
            heapq.heappush(queue, (-high, count, sides))
        high = -queue[0][0]
        if high - best <= tolerance * abs(high) or count >= most_boxes:
            return best, high
        new = halves(heapq.heappop(queue)[2])
