r"""Networks (7) of depth one as sums of ridge functions: $\hat f(x)=d+c\cdot x+\sum_kw_k(v_k\cdot x-b_k)_+$.

With $v_k,b_k,w_k\ge0$ and $c>0$ this is (7a)-(7c) for $L=1$: $V=[v_1\,v_2\dots]$ and
$W=\mathbf 1w^{\mathsf T}/(c_1+\dots+c_n)$, because then $c^{\mathsf T}W=w^{\mathsf T}$. Conversely every network of
depth one has this form. The form needs no division, so that it stays exact where its numbers are.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import torch

from rescert.networks.linear_regions import Affine, Layer, Point, Polygon, combination, regions

Vector = tuple[Fraction, ...]


@dataclass(frozen=True)
class RidgeSum:
    """d + slope·x + Σ weights_k (directions_k·x - offsets_k)_+, all numbers rational."""

    slope: Vector
    constant: Fraction = Fraction(0)
    directions: tuple[Vector, ...] = ()
    offsets: Vector = ()
    weights: Vector = ()

    @property
    def in_class(self) -> bool:
        """Whether it is a network (7): nonnegative directions, offsets and weights, and a positive slope."""
        entries = [*self.offsets, *self.weights, *(t for v in self.directions for t in v)]
        return all(t >= 0 for t in entries) and all(t > 0 for t in self.slope)

    def at(self, x: Sequence[Fraction]) -> Fraction:
        value = Affine(self.slope, self.constant).at(x)
        for v, b, w in zip(self.directions, self.offsets, self.weights, strict=True):
            value += w * max(Fraction(0), Affine(v, -b).at(x))
        return value

    def raised(self, constant: Fraction) -> RidgeSum:
        return replace(self, constant=self.constant + constant)

    def with_ridge(self, curvature: Fraction, direction: Vector, nodes: Sequence[Fraction]) -> RidgeSum:
        """Plus the piecewise linear interpolant of curvature·t²/2, t = direction·x, at nodes 0 = t_0 < t_1 < ….

        It lies above the parabola, by curvature·(t-t_j)(t_{j+1}-t)/2 between two nodes.

        >>> parabola = RidgeSum((Fraction(0),)).with_ridge(Fraction(2), (Fraction(1),), [Fraction(t) for t in range(4)])
        >>> [str(parabola.at((Fraction(t),))) for t in range(4)]
        ['0', '1', '4', '9']
        """
        first = curvature * (nodes[0] + nodes[1]) / 2
        if nodes[0] != 0 or any(a >= b for a, b in itertools.pairwise(nodes)):
            raise ValueError(f"expected rising nodes from 0 on, got {[str(t) for t in nodes]}")
        inner = list(nodes[1:-1])
        return RidgeSum(
            tuple(c + first * v for c, v in zip(self.slope, direction, strict=True)),
            self.constant,
            (*self.directions, *[direction] * len(inner)),
            (*self.offsets, *inner),
            (*self.weights, *(curvature * (b - a) / 2 for a, b in zip(nodes, nodes[2:], strict=False))),
        )

    def enlarged(self, scale: int) -> RidgeSum:
        """x -> scale² f̂(x/scale)."""
        return RidgeSum(
            tuple(scale * c for c in self.slope),
            scale * scale * self.constant,
            self.directions,
            tuple(scale * b for b in self.offsets),
            tuple(scale * w for w in self.weights),
        )

    def parameters(self) -> dict[str, Any]:
        """As `rescert.networks.convex_residual` takes them, rounded to floats."""
        total = sum(self.slope)
        weights = self.weights or (Fraction(0),)
        directions = self.directions or (self.slope,)
        return {
            "W": [_tensor([[w / total for w in weights]] * len(self.slope))],
            "V": [_tensor(directions).mT],
            "b": [_tensor(self.offsets or (Fraction(0),))],
            "c": _tensor(self.slope),
            "d": _tensor(self.constant),
        }

    def constants(self, name: str) -> dict[str, Any]:
        """The constants of a program that calls `value` with this name."""
        found: dict[str, Any] = {f"{name}_slope": list(map(str, self.slope)), f"{name}_constant": str(self.constant)}
        if self.weights:
            found[f"{name}_directions"] = [list(map(str, column)) for column in zip(*self.directions, strict=True)]
            found[f"{name}_offsets"] = list(map(str, self.offsets))
            found[f"{name}_weights"] = list(map(str, self.weights))
        return found

    def denominator(self) -> int:
        """The least positive integer whose multiples of all offsets and directions are integers."""
        return math.lcm(*(t.denominator for t in (*self.offsets, *(e for v in self.directions for e in v))))


def _tensor(value: Any) -> torch.Tensor:
    def floats(entry: Any) -> Any:
        return float(entry) if isinstance(entry, Fraction) else [floats(e) for e in entry]

    return torch.tensor(floats(value), dtype=torch.float64)


def value(v: Mapping[str, Any], name: str, x: Any) -> Any:
    """The sum of that name at the rows of ``x`` (N, n), from its `RidgeSum.constants`: shape (N,)."""
    result = x @ v[f"{name}_slope"] + v[f"{name}_constant"]
    if f"{name}_weights" in v:
        result = result + torch.relu(arguments(v, name, x)) @ v[f"{name}_weights"]
    return result


def arguments(v: Mapping[str, Any], name: str, x: Any) -> Any:
    """v_k·x - b_k at the rows of ``x``: (N, K)."""
    return x @ v[f"{name}_directions"] - v[f"{name}_offsets"]


def pieces(sums: Sequence[tuple[int, RidgeSum]], dimension: int) -> list[tuple[Polygon, Affine]]:
    """Σ sign·f̂ over pairs (sign, f̂) on the unit cube, as simplices with an affine function each; dimension 1 or 2."""
    if dimension == 1:
        cut = {Fraction(0), Fraction(1)}
        for _, f in sums:
            cut |= {b / v for (v,), b in zip(f.directions, f.offsets, strict=True) if v > 0 and 0 < b < v}
        points = sorted(cut)
        return [(((a,), (b,)), _affine(sums, ((a,), (b,)))) for a, b in itertools.pairwise(points)]
    zero, one = Fraction(0), Fraction(1)
    square = ((zero, zero), (one, zero), (one, one), (zero, one))
    lines = dict.fromkeys((v, b) for _, f in sums for v, b in zip(f.directions, f.offsets, strict=True))
    layer = Layer(tuple(v for v, _ in lines), ((zero, zero),) * len(lines), tuple(b for _, b in lines))
    found: list[tuple[Polygon, Affine]] = []
    for region in regions([layer], square):
        # From the lowest corner, so that rectangles are cut along their rising diagonal.
        start = region.polygon.index(min(region.polygon))
        corners = region.polygon[start:] + region.polygon[:start]
        function = _affine(sums, corners)
        found += [((corners[0], p, q), function) for p, q in itertools.pairwise(corners[1:])]
    return found


def _affine(sums: Sequence[tuple[int, RidgeSum]], corners: Sequence[Point]) -> Affine:
    """The affine function that the sums are on a region without kinks inside."""
    middle = tuple(sum(t) / len(corners) for t in zip(*corners, strict=True))
    terms: list[Affine] = []
    signs: list[Fraction] = []
    for sign, f in sums:
        active = [
            (w, Affine(v, -b))
            for v, b, w in zip(f.directions, f.offsets, f.weights, strict=True)
            if Affine(v, -b).at(middle) > 0
        ]
        terms += [Affine(f.slope, f.constant), *(a for _, a in active)]
        signs += [Fraction(sign), *(sign * w for w, _ in active)]
    return combination(signs, terms)
