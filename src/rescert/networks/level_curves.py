r"""Level curves and kinks of a convex residual network (7) in the plane: exact vertices, and their assertions.

On the rectangle $[0,M_1]\times[0,M_2]$ the output is affine on each region, so a level curve is a chain of segments
whose ends are rational. $h_l(qx)$ with offsets $qb$ is $q$ times $h_l(x)$ with offsets $b$, because the ReLU is
homogeneous: all points are enlarged by one $q$ to whole numbers, so that balls evaluate the network at them without
rounding.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import torch

from rescert.certify import derivative, sign
from rescert.certify.problem import Builder, Program, trace
from rescert.decomposition.settlement import Assertions
from rescert.networks import convex_residual
from rescert.networks.linear_regions import Affine, Layer, Point, Polygon, Region, combination, level_segment, regions

Chain = tuple[Point, ...]  # vertices from left to right


@dataclass(frozen=True)
class PlaneNetwork:
    """A network of two inputs, c and d = 0, on a rectangle; all numbers rational."""

    layers: tuple[Layer, ...]
    slope: tuple[Fraction, Fraction]
    sides: tuple[Fraction, Fraction]

    @property
    def rectangle(self) -> Polygon:
        (a, b), zero = self.sides, Fraction(0)
        return ((zero, zero), (a, zero), (a, b), (zero, b))

    @cached_property
    def regions(self) -> list[Region]:
        return regions(self.layers, self.rectangle)

    def output(self, region: Region) -> Affine:
        return combination(self.slope, region.hidden)

    def level_curve(self, level: Fraction) -> Chain:
        """The vertices of {f̂ = level}, without those at which it does not bend; empty outside the range."""
        return chain((r.polygon, self.output(r)) for r in self.regions)(level)

    def kink(self, layer: int, unit: int) -> Chain:
        """The vertices of {v·h = b} of one unit, by the regions of the layers before it."""
        before = regions(self.layers[:layer], self.rectangle)
        direction, offset = self.layers[layer].directions[unit], self.layers[layer].offsets[unit]
        return chain((r.polygon, combination(direction, r.hidden)) for r in before)(offset)

    def up_to(self, layers: int) -> PlaneNetwork:
        return PlaneNetwork(self.layers[:layers], self.slope, self.sides)

    def constants(self, scale: int = 1) -> dict[str, Any]:
        """The constants of a program by the names of `convex_residual.flat`, offsets enlarged."""
        found: dict[str, Any] = {"c": list(map(str, self.slope)), "d": 0}
        for i, layer in enumerate(self.layers, 1):
            found[f"V{i}"] = [list(map(str, row)) for row in zip(*layer.directions, strict=True)]
            found[f"W{i}"] = [list(map(str, row)) for row in zip(*layer.outputs, strict=True)]
            found[f"b{i}"] = [str(scale * b) for b in layer.offsets]
        return found


def chain(pieces: Any) -> Any:
    """A function of the level: the segments of all pieces, joined from left to right where the output rises in both."""
    found = list(pieces)

    def at(level: Fraction) -> Chain:
        segments = [s for polygon, function in found if (s := level_segment(polygon, function, level)) is not None]
        points = sorted({p for s in segments for p in s}, key=lambda p: (p[0], -p[1]))
        kept = points[:1]
        for p, q in itertools.pairwise(points[1:]):
            if _turn(kept[-1], p, q) != 0:
                kept.append(p)
        return (*kept, *points[-1:]) if len(points) > 1 else ()

    return at


def _turn(p: Point, q: Point, r: Point) -> Fraction:
    """Twice the signed area of a triangle: 0 if the points lie on a line."""
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


def slopes(curve: Chain) -> list[Fraction]:
    """Of each segment of a level curve, none of which is vertical."""
    return [(q[1] - p[1]) / (q[0] - p[0]) for p, q in itertools.pairwise(curve)]


def _denominator(curves: Sequence[Chain], numbers: Sequence[Fraction]) -> int:
    return math.lcm(*(t.denominator for c in curves for p in c for t in p), *(t.denominator for t in numbers))


def curve_assertions(
    network: PlaneNetwork, curves: Sequence[Chain], levels: Sequence[Fraction], unit: tuple[int, int] | None = None
) -> Assertions:
    """That each chain is the whole curve of its level in the rectangle; empty if balls do not show it.

    The output has the level at both ends of every segment; no argument of a ReLU has two signs at them, so it is affine
    between; all points lie in the rectangle, and the two ends of a chain on its border, left or above, and right or
    below. With ``unit`` (layer, number) the curve is the kink of that unit: layers from its own on do not count.
    """
    seen = network if unit is None else network.up_to(unit[0])
    numbers = [*levels, *network.sides, *(b for layer in network.layers for b in layer.offsets)]
    scale = _denominator(curves, numbers)
    pairs = [(p, q, level) for c, level in zip(curves, levels, strict=True) for p, q in itertools.pairwise(c)]

    def whole(points: Sequence[Point]) -> list[list[int]]:
        return [[int(scale * t) for t in p] for p in points]

    constants = {
        **seen.constants(scale),
        "starts": whole([p for p, _, _ in pairs]),
        "ends": whole([q for _, q, _ in pairs]),
        "levels": [str(scale * level) for _, _, level in pairs],
        "first": whole([c[0] for c in curves]),
        "last": whole([c[-1] for c in curves]),
        "sides": [str(scale * s) for s in network.sides],
    }
    if unit is not None:
        constants["c"] = list(map(str, network.layers[unit[0]].directions[unit[1]]))

    def excess(v: Any) -> Any:
        own = convex_residual.gathered(v)
        return torch.cat([convex_residual.forward(own, v[name]) - v["levels"] for name in ("starts", "ends")])

    def borders(v: Any) -> Any:
        left = v["first"][:, 0] * (v["sides"][1] - v["first"][:, 1])
        return torch.cat([left, v["last"][:, 1] * (v["sides"][0] - v["last"][:, 0])])

    def inside(v: Any) -> Any:
        points = torch.cat([v["starts"], v["ends"]])
        return torch.cat([points, v["sides"] - points])

    found = [*sign.prove_zero(trace(excess, {}, constants)), *sign.prove_zero(trace(borders, {}, constants))]
    proofs = [sign.prove(trace(inside, {}, constants), {}, ">=")]
    if seen.layers:
        proofs.append(sign.prove(trace(_unbroken, {}, constants), {}, ">="))
    found += [p.assertion for p in proofs if p.assertion is not None]
    return tuple(found) if len(found) == 4 + len(proofs) else ()


def _unbroken(v: Any) -> Any:
    """Products of every argument of a ReLU at the two ends of each segment."""
    own = convex_residual.gathered(v)
    states = [convex_residual.hidden(own, v[name]) for name in ("starts", "ends")]
    products = []
    for layer in range(convex_residual.depth(own)):
        z, w = (s[layer] @ own["V"][layer] - own["b"][layer] for s in states)
        products.append((z * w).reshape(-1))
    return torch.cat(products)


def bend_assertion(curve: Chain) -> Assertions:
    """That the vertices of a chain do not lie on a line: the area of one triangle of three successive ones."""
    turn = next((t for t in itertools.starmap(_turn, zip(curve, curve[1:], curve[2:], strict=False)) if t != 0), None)
    return () if turn is None else (sign.constant(turn, ">" if turn > 0 else "<"),)


def gradient_assertions(network: PlaneNetwork) -> Assertions:
    """That in every region the gradient is that of `PlaneNetwork.output`, on a box inside it; empty if not shown."""
    program = trace(
        lambda v: convex_residual.forward(convex_residual.gathered(v), v["x"]), {"x": (2,)}, network.constants()
    )
    slope = derivative.gradient(program, ["x"])
    found: list[dict[str, Any]] = []
    for region in network.regions:
        centre, radius = inner_box(region.polygon)
        box = {"x": {"mid": list(map(str, centre)), "rad": str(radius)}}
        expected = network.output(region).gradient
        shifted = _minus(slope, expected)
        proofs = [sign.prove(shifted, box, relation) for relation in (">=", "<=")]
        found += [p.assertion for p in proofs if p.assertion is not None]
    return tuple(found) if len(found) == 2 * len(network.regions) else ()


def _minus(program: Program, numbers: Sequence[Fraction]) -> Program:
    builder = Builder(program)
    return builder.build(builder.apply("subtract", program.output, builder.constant(list(map(str, numbers)))))


def inner_box(polygon: Polygon) -> tuple[tuple[Fraction, ...], Fraction]:
    """A square inside a convex polygon: its middle near the centroid, and half its side, both binary fractions."""
    centre = tuple(sum(t) / len(polygon) for t in zip(*polygon, strict=True))
    for bits in range(4, 40, 4):
        step = Fraction(1, 2**bits)
        middle = tuple(step * round(t / step) for t in centre)
        corners = [(middle[0] + i * step, middle[1] + j * step) for i in (-1, 1) for j in (-1, 1)]
        edges = list(itertools.pairwise([*polygon, polygon[0]]))
        if all(_turn(p, q, corner) > 0 for p, q in edges for corner in corners):
            return middle, step
    raise ValueError(f"expected a polygon with an inside, in counter-clockwise order, got {polygon}")
