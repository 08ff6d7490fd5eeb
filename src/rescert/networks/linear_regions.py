r"""The regions of the plane on which a convex residual network (7) is affine, exactly, in rational arithmetic.

A convex polygon is cut by the kinks of one layer after the other: on a region all $h_j$ are affine, so each unit's
$v\cdot h_{l-1}-b$ is, and its zero line cuts the region into at most two convex ones. On each of the new regions
$h_l$ is affine again. The regions cover the polygon, and two of them share at most a part of their borders.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

Point = tuple[Fraction, ...]
Polygon = tuple[Point, ...]  # the vertices of a convex polygon in order


class Affine(NamedTuple):
    """x -> gradient·x + constant."""

    gradient: tuple[Fraction, ...]
    constant: Fraction

    def at(self, x: Sequence[Fraction]) -> Fraction:
        return sum((g * t for g, t in zip(self.gradient, x, strict=True)), self.constant)


class Layer(NamedTuple):
    """h -> h + W[V'h - b]_+ : ``directions`` are the columns of V, ``outputs`` those of W."""

    directions: tuple[tuple[Fraction, ...], ...]
    outputs: tuple[tuple[Fraction, ...], ...]
    offsets: tuple[Fraction, ...]


class Region(NamedTuple):
    """A polygon, the coordinates of h on it, and which unit of the last layer looked at is active."""

    polygon: Polygon
    hidden: tuple[Affine, ...]
    active: tuple[bool, ...] = ()


def combination(weights: Sequence[Fraction], terms: Sequence[Affine], constant: Fraction = Fraction(0)) -> Affine:
    """Σ weights_j terms_j + constant."""
    gradient = tuple(
        sum((w * t.gradient[i] for w, t in zip(weights, terms, strict=True)), Fraction(0))
        for i in range(len(terms[0].gradient))
    )
    return Affine(gradient, sum((w * t.constant for w, t in zip(weights, terms, strict=True)), constant))


def halves(polygon: Polygon, line: Affine) -> tuple[Polygon | None, Polygon | None]:
    """The parts of a convex polygon where ``line`` is <= 0 and where it is >= 0; None for a part without an inside.

    >>> square = tuple((Fraction(x), Fraction(y)) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1)))
    >>> [len(part) for part in halves(square, Affine((Fraction(1), Fraction(1)), Fraction(-1, 2)))]
    [3, 5]
    """
    values = [line.at(p) for p in polygon]
    if all(v <= 0 for v in values):
        return polygon, None
    if all(v >= 0 for v in values):
        return None, polygon
    parts: tuple[list[Point], list[Point]] = ([], [])
    for (p, u), (q, w) in itertools.pairwise([*zip(polygon, values, strict=True), (polygon[0], values[0])]):
        if u <= 0:
            parts[0].append(p)
        if u >= 0:
            parts[1].append(p)
        if (u < 0 < w) or (w < 0 < u):
            share = u / (u - w)
            crossing = tuple(a + share * (b - a) for a, b in zip(p, q, strict=True))
            parts[0].append(crossing)
            parts[1].append(crossing)
    return tuple(parts[0]), tuple(parts[1])


def regions(layers: Sequence[Layer], polygon: Polygon) -> list[Region]:
    """All regions of a network on a convex polygon, with the coordinates of $h_L$ on each."""
    zero, one = Fraction(0), Fraction(1)
    found = [Region(polygon, (Affine((one, zero), zero), Affine((zero, one), zero)))]
    for layer in layers:
        for direction, offset in zip(layer.directions, layer.offsets, strict=True):
            cut = []
            for region in found:
                parts = halves(region.polygon, combination(direction, region.hidden, -offset))
                cut += [
                    region._replace(polygon=part, active=(*region.active, active))
                    for part, active in zip(parts, (False, True), strict=True)
                    if part is not None
                ]
            found = cut
        found = [_advanced(region, layer) for region in found]
    return found


def _advanced(region: Region, layer: Layer) -> Region:
    units = [
        combination(direction, region.hidden, -offset)
        for direction, offset, active in zip(layer.directions, layer.offsets, region.active, strict=True)
        if active
    ]
    outputs = [o for o, active in zip(layer.outputs, region.active, strict=True) if active]
    hidden = tuple(
        combination([Fraction(1), *(o[j] for o in outputs)], [h, *units]) for j, h in enumerate(region.hidden)
    )
    return Region(region.polygon, hidden)


def level_segment(polygon: Polygon, function: Affine, level: Fraction) -> tuple[Point, Point] | None:
    """The two ends of {function = level} in a convex polygon; None where it is empty, a point, or has an inside."""
    values = [function.at(p) - level for p in polygon]
    ends: list[Point] = []
    for (p, u), (q, w) in itertools.pairwise([*zip(polygon, values, strict=True), (polygon[0], values[0])]):
        if u == 0:
            ends.append(p)
        elif u * w < 0:
            share = u / (u - w)
            ends.append(tuple(a + share * (b - a) for a, b in zip(p, q, strict=True)))
    ends = sorted(set(ends))
    return (ends[0], ends[1]) if len(ends) == 2 else None
