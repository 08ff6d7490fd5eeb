r"""Bounds that hold all over a box of a few dimensions, by branch and bound on batches of boxes.

Boxes are enclosed many at once by `rescert.certify.boxes`, in midpoint-radius arithmetic. Where its rounding, and not
the size of a box, is what leaves it undecided, the box is enclosed in balls of the given precision instead.

Boxes are halved along their longest side. On maps of the plane, sides chosen by their slopes gave as many boxes.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from rescert.certify import balls
from rescert.certify.boxes import BoxProgram, Entry, Side
from rescert.certify.problem import Builder, Program, constant_array, rational
from rescert.certify.proof import Proof
from rescert.certify.sign import OPPOSITE, expected_relation

# The claimed bound leaves this part of the bracket to the checker's formulas, which may be slightly wider.
SLACK = 0.02
ROUND = 256  # boxes that are looked at together
GRID = {1: 64, 2: 16}  # points a side, by dimension, at which the search of a supremum starts
COARSE = 1 / 8  # part of an enclosure's radius that rounding may be
NEAR = 2.0**-10  # part of an enclosure's width by which a box may miss: squares that begin at 0 do so by rounding


@dataclass(frozen=True)
class Supremum(Proof):
    """``lower`` <= sup of the largest entry <= ``upper``; ``boxes`` is the number of leaves of the cover.

    Of `prove`, ``lower`` and ``upper`` enclose all entries, also where it is undecided.
    """

    boxes: int = 0


class _Tree:
    """A bisection tree over the sides of ``variables``; nodes know their children."""

    __slots__ = ("axis", "children", "sides")

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


@dataclass(frozen=True)
class _Bounds:
    """Of the entries on one box, the better of both forms; and of the values at its middle."""

    low: np.ndarray
    high: np.ndarray
    middle_low: np.ndarray
    middle_high: np.ndarray


Undecided = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of lower and upper ends: which entries


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
        self.batches = BoxProgram(program, domain, self.variables, precision)

    @staticmethod
    def _at(arrays: Mapping[str, np.ndarray], entry: Entry) -> Fraction:
        return arrays[entry[0]].reshape(-1)[entry[1]]

    def bounds(self, nodes: Sequence[_Tree], undecided: Undecided) -> list[_Bounds]:
        """Bounds on each box, in balls where ``undecided`` entries are, or may be, blurred by rounding."""
        forms = self.batches.forms([node.sides for node in nodes])
        low, high = forms.lower(), forms.upper()
        middle_low, middle_high = forms.middle.lower(), forms.middle.upper()
        with np.errstate(over="ignore", invalid="ignore"):
            blurred = ~np.isfinite(high - low) | (forms.middle.rad > COARSE * forms.centred.rad)
            near = NEAR * (high - low)
            blurred |= ~undecided(low + near, high - near)
        blurred = (blurred & undecided(low, high)).any(axis=1)
        return [
            self._enclose(node.sides) if blurred[i] else _Bounds(low[i], high[i], middle_low[i], middle_high[i])
            for i, node in enumerate(nodes)
        ]

    def lowest(self, points: Sequence[Sequence[Fraction]]) -> float:
        """A number that the largest entry reaches at one of the points."""
        return float(self.batches.at(points).lower().max())

    def box(self, sides: Sequence[Side]) -> dict[str, Any]:
        middle = {n: v.copy() for n, v in self.middle.items()}
        radius = {n: v.copy() for n, v in self.radius.items()}
        for (name, position), (m, r) in zip(self.variables, sides, strict=True):
            middle[name].reshape(-1)[position] = m
            radius[name].reshape(-1)[position] = r
        return {n: {"mid": middle[n], "rad": radius[n]} for n in middle}

    def _enclose(self, sides: Sequence[Side]) -> _Bounds:
        """The bounds on one box in balls.

        Mean value form: f(x) = f(m) + f'(ξ)(x - m) for some ξ on the segment, which lies in the box.
        """
        box = self.box(sides)
        direct = balls.evaluate(self.program, box, self.precision).reshape(-1)
        middle = balls.evaluate(self.program, self.box([(m, Fraction(0)) for m, _ in sides]), self.precision)
        centred = middle = middle.reshape(-1)
        if all(x.is_finite() for x in direct):
            slopes = balls.jacobian(self.program, box, self.precision, self.variables)
            with balls.working_precision(self.precision):
                for k, (_, radius) in enumerate(sides):
                    centred = centred + slopes[:, k] * arb(0, balls.enter(radius))
        else:
            centred = direct
        ends = [np.array([[end(x) for x in form] for form in (direct, centred)]) for end in (balls.lower, balls.upper)]
        at = [np.array([end(x) for x in middle]) for end in (balls.lower, balls.upper)]
        return _Bounds(ends[0].max(axis=0), ends[1].min(axis=0), at[0], at[1])


def _rationals(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = constant_array(value)
    exact = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        exact[index] = rational(array[index])
    return np.array(np.broadcast_to(exact, shape), dtype=object)


def _grid(sides: Sequence[Side]) -> list[tuple[Fraction, ...]]:
    points = GRID.get(len(sides), 0)
    steps = [Fraction(2 * i - points, points) for i in range(points + 1)] if points else [Fraction(0)]
    return list(itertools.product(*([m + r * s for s in steps] for m, r in sides)))


def supremum(
    program: Program,
    domain: Mapping[str, Any],
    tolerance: float = 0.01,
    most_boxes: int = 10_000,
    precision: int = 64,
    slack: float = SLACK,
) -> Supremum:
    """Bracket sup over the domain of the largest entry of the output, and prove the upper end.

    Best-first branch and bound: the boxes with the largest upper bounds are halved until the bracket is narrower than
    ``tolerance`` times its upper end, or the budget of boxes is spent (the bracket is then wider, and as sound). The
    lower end is a value at a point. The assertion is the program minus the upper end, <= 0 on every leaf of the
    bisection tree.
    """
    cover = _Cover(program, domain, precision)
    root, count = _Tree(cover.sides), 0
    best = cover.lowest(_grid(cover.sides))
    queue: list[tuple[float, int, _Tree]] = []

    def too_high(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        return ~np.isfinite(high) | (high - best > (1 - 2 * slack) * tolerance * np.abs(high))

    def first_too_high() -> bool:
        end = np.array(-queue[0][0])
        return bool(too_high(end, end))

    def measure(nodes: Sequence[_Tree]) -> None:
        nonlocal best, count
        found = cover.bounds(nodes, too_high)
        best = max([best, *(float(b.middle_low.max()) for b in found)])
        for node, bounds in zip(nodes, found, strict=True):
            count += 1
            heapq.heappush(queue, (-float(bounds.high.max()), count, node))

    measure([root])
    while first_too_high() and count < most_boxes:
        nodes: list[_Tree] = []
        while queue and len(nodes) < min(ROUND, most_boxes - count) and first_too_high():
            nodes += heapq.heappop(queue)[2].split()
        measure(nodes)
    high = -queue[0][0]
    if not math.isfinite(high):
        return Supremum(None, None, "a box has no bound", best, math.inf, len(queue))
    bound = high + slack * (high - best) + 2.0**-40 * abs(high)
    builder = Builder(program)
    shifted = builder.build(builder.apply("subtract", program.output, builder.constant(bound)))
    assertion = _assertion(shifted, domain, cover, root, "<=", precision)
    return Supremum(True, assertion, f"at most {bound:.6g} on {len(queue)} boxes", best, bound, len(queue))


# The end that decides each relation, and how.
DECIDED: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ">": lambda low, high: low > 0,
    ">=": lambda low, high: low >= 0,
    "<": lambda low, high: high < 0,
    "<=": lambda low, high: high <= 0,
}


def prove(
    program: Program, domain: Mapping[str, Any], relation: str, most_boxes: int = 10_000, precision: int = 64
) -> Supremum:
    """Try to show that every entry of the output has ``relation`` to 0 at every point of the domain.

    Boxes that do not decide it are halved along their longest side until all do, one is found to break it at
    its middle, or the budget is spent. ``lower`` and ``upper`` enclose all entries on the domain in every case.
    """
    decided, refuted = DECIDED[expected_relation(relation)], DECIDED[OPPOSITE[relation]]
    cover = _Cover(program, domain, precision)
    root = _Tree(cover.sides)
    waiting, count, done = [(root, -math.inf, math.inf)], 0, 0
    low, high = math.inf, -math.inf

    def undecided(reason: str) -> Supremum:
        ends = [min([low, *(a for _, a, _ in waiting)]), max([high, *(b for _, _, b in waiting)])]
        return Supremum(None, None, reason, ends[0], ends[1], done)

    while waiting:
        if count >= most_boxes:
            return undecided(f"'{relation} 0' is not decided within {most_boxes} boxes")
        some = waiting[: min(ROUND, most_boxes - count)]
        later = waiting[len(some) :]
        found = cover.bounds([node for node, *_ in some], lambda a, b: ~decided(a, b))
        count += len(some)
        for (node, *_), bounds in zip(some, found, strict=True):
            ends = float(bounds.low.min()), float(bounds.high.max())
            if decided(bounds.low, bounds.high).all():
                low, high, done = min(low, ends[0]), max(high, ends[1]), done + 1
                continue
            later += [(child, *ends) for child in node.split()]
        waiting = later
        if any(refuted(b.middle_low, b.middle_high).any() for b in found):
            return undecided(f"'{relation} 0' is false at a point of the domain")
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
