"""Bounds that hold all over a box of one or two dimensions, by branch and bound in balls."""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from rescert.certify import balls
from rescert.certify.problem import Builder, Program, constant_array, rational
from rescert.certify.proof import Proof
from rescert.certify.sign import OPPOSITE, RELATIONS, expected_relation

Entry = tuple[str, int]
Side = tuple[Fraction, Fraction]  # middle and radius
# The claimed bound leaves this part of the bracket to the checker's formulas, which may be slightly wider.
SLACK = 0.02


@dataclass(frozen=True)
class Supremum(Proof):
    """``lower`` <= sup of the largest entry <= ``upper``; ``boxes`` is the number of leaves of the cover."""

    boxes: int = 0


class _Tree:
    """A bisection tree over the sides of ``variables``; nodes know their children."""

    def __init__(self, sides: list[Side]) -> None:
        self.sides = sides
        self.axis: int | None = None
        self.children: tuple[_Tree, _Tree] | None = None

    def split(self) -> tuple[_Tree, _Tree]:
        self.axis = max(range(len(self.sides)), key=lambda i: self.sides[i][1])
        middle, radius = self.sides[self.axis]
        halves = []
        for sign in (-1, 1):
            sides = list(self.sides)
            sides[self.axis] = (middle + sign * radius / 2, radius / 2)
            halves.append(_Tree(sides))
        self.children = (halves[0], halves[1])
        return self.children

    def text(self) -> str:
        """Preorder: "." for a leaf, the digit of the halved side for a node, lower half first."""
        letters, waiting = [], [self]
        while waiting:
            node = waiting.pop()
            letters.append("." if node.children is None else str(node.axis))
            if node.children is not None:
                waiting += reversed(node.children)
        return "".join(letters)


class _Cover:
    """Encloses a program's output over sub-boxes of a domain, directly and in mean value form."""

    def __init__(self, program: Program, domain: Mapping[str, Any], precision: int) -> None:
        self.program, self.precision = program, precision
        self.middle: dict[str, np.ndarray] = {}
        self.radius: dict[str, np.ndarray] = {}
        for name, side in balls.box_json(domain).items():
            shape = program.shapes[name]
            self.middle[name] = _rationals(side["mid"], shape)
            self.radius[name] = _rationals(side["rad"], shape)
        self.variables: list[Entry] = [e for e in balls.all_entries(program) if self._at(self.radius, e) > 0]
        if not 1 <= len(self.variables) <= 10:
            raise ValueError(f"expected 1 to 10 entries of the domain with a radius, got {len(self.variables)}")
        self.sides = [(self._at(self.middle, e), self._at(self.radius, e)) for e in self.variables]

    @staticmethod
    def _at(arrays: Mapping[str, np.ndarray], entry: Entry) -> Fraction:
        return arrays[entry[0]].reshape(-1)[entry[1]]

    def box(self, sides: list[Side]) -> dict[str, Any]:
        middle = {n: v.copy() for n, v in self.middle.items()}
        radius = {n: v.copy() for n, v in self.radius.items()}
        for (name, position), (m, r) in zip(self.variables, sides, strict=True):
            middle[name].reshape(-1)[position] = m
            radius[name].reshape(-1)[position] = r
        return {n: {"mid": middle[n], "rad": radius[n]} for n in middle}

    def enclose(self, sides: list[Side]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Entries of the output: directly over the box, in mean value form over it, and at its middle.

        Mean value form: f(x) = f(m) + f'(ξ)(x - m) for some ξ on the segment, which lies in the box.
        """
        box = self.box(sides)
        direct = balls.evaluate(self.program, box, self.precision).reshape(-1)
        middle = balls.evaluate(self.program, self.box([(m, Fraction(0)) for m, _ in sides]), self.precision)
        slopes = balls.jacobian(self.program, box, self.precision, self.variables)
        centred = middle.reshape(-1)
        with balls.working_precision(self.precision):
            for k, (_, radius) in enumerate(sides):
                centred = centred + slopes[:, k] * arb(0, balls.enter(radius))
        return direct, centred, middle.reshape(-1)


def _rationals(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = constant_array(value)
    exact = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        exact[index] = rational(array[index])
    return np.array(np.broadcast_to(exact, shape), dtype=object)


def supremum(
    program: Program,
    domain: Mapping[str, Any],
    tolerance: float = 0.01,
    most_boxes: int = 10_000,
    precision: int = 64,
    slack: float = SLACK,
) -> Supremum:
    """Bracket sup over the domain of the largest entry of the output, and prove the upper end.

    Best-first branch and bound: the box with the largest upper bound is halved along its longest side until the
    bracket is narrower than ``tolerance`` times its upper end, or the budget of boxes is spent (the bracket is
    then wider, and as sound). The lower end is a value at a point. The assertion is the program minus the upper
    end, <= 0 on every leaf of the bisection tree.
    """
    cover = _Cover(program, domain, precision)
    root, best, count = _Tree(cover.sides), -math.inf, 0
    queue: list[tuple[float, int, _Tree]] = []

    def measure(node: _Tree) -> None:
        nonlocal best, count
        direct, centred, middle = cover.enclose(node.sides)
        best = max(best, *(balls.lower(x) for x in middle))
        high = max(min(balls.upper(d), balls.upper(c)) for d, c in zip(direct, centred, strict=True))
        count += 1
        heapq.heappush(queue, (-high, count, node))

    measure(root)
    while count < most_boxes:
        high = -queue[0][0]
        if high - best <= (1 - 2 * slack) * tolerance * abs(high):
            break
        for child in heapq.heappop(queue)[2].split():
            measure(child)
    high = -queue[0][0]
    if not math.isfinite(high):
        return Supremum(None, None, "a box has no bound", best, math.inf, len(queue))
    bound = high + slack * (high - best) + 2.0**-40 * abs(high)
    builder = Builder(program)
    shifted = builder.build(builder.apply("subtract", program.output, builder.constant(bound)))
    assertion = _assertion(shifted, domain, cover, root, "<=", precision)
    return Supremum(True, assertion, f"at most {bound:.6g} on {len(queue)} boxes", best, bound, len(queue))


def prove(
    program: Program, domain: Mapping[str, Any], relation: str, most_boxes: int = 10_000, precision: int = 64
) -> Supremum:
    """Try to show that every entry of the output has ``relation`` to 0 at every point of the domain.

    Boxes that do not decide it are halved along their longest side until all do, one is found to break it at
    its middle, or the budget is spent.
    """
    expected_relation(relation)
    cover = _Cover(program, domain, precision)
    root = _Tree(cover.sides)
    waiting, count, done = [root], 0, 0
    holds = RELATIONS[relation]
    low, high = math.inf, -math.inf
    while waiting:
        node = waiting.pop()
        direct, centred, middle = cover.enclose(node.sides)
        count += 1
        if any(x.is_finite() and RELATIONS[OPPOSITE[relation]](x) for x in middle):
            return Supremum(None, None, f"'{relation} 0' is false at a point of the domain", boxes=done)
        if all(any(x.is_finite() and holds(x) for x in forms) for forms in zip(direct, centred, strict=True)):
            low = min(low, *(max(balls.lower(d), balls.lower(c)) for d, c in zip(direct, centred, strict=True)))
            high = max(high, *(min(balls.upper(d), balls.upper(c)) for d, c in zip(direct, centred, strict=True)))
            done += 1
            continue
        if count >= most_boxes:
            return Supremum(None, None, f"'{relation} 0' is not decided within {most_boxes} boxes", boxes=done)
        waiting += reversed(node.split())
    assertion = _assertion(program, domain, cover, root, relation, precision)
    return Supremum(True, assertion, f"every entry {relation} 0 on {done} boxes", low, high, done)


def _assertion(
    program: Program, domain: Mapping[str, Any], cover: _Cover, root: _Tree, relation: str, precision: int
) -> dict[str, Any]:
    return {
        "kind": "cover",
        "program": program.to_json(),
        "domain": balls.box_json(domain),
        "variables": [list(v) for v in cover.variables],
        "boxes": root.text(),
        "relation": relation,
        "precision": precision,
    }
