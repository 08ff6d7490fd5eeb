r"""Bounds on two-layer networks beside the factors of a map, in balls; derivations in `rescert.claims.bel_networks`.

$N_1=h_1-\mathrm{Id}$ is the increment of the first factor, $N_1(v)=m\,h(v/m)-v$.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, cast

import numpy as np
import torch

from rescert.certify import sign, suprema
from rescert.certify.problem import Constant, trace
from rescert.certify.proof import Proof
from rescert.decomposition.dilated_factor import DilatedFactor, largest, radius, spread
from rescert.decomposition.interpolations import Dilation, SmoothMap
from rescert.networks.two_layer import TwoLayer

PRECISION = 128
SEEN = 0.999  # part of a bound found in floats that is certified
POINTS = 400  # at which the search for a bound starts
VANISHES = 1e-9  # of the size: what rounding may leave of a form that vanishes
INSIDE = 1 - 2.0**-40  # keeps points on the boundary, as rounded, in X


@cache
def _by_value(h: SmoothMap) -> bool:
    """Whether the value of a map can be traced; the dilation can, where not."""
    try:
        trace(lambda v: h.value(v["x"]), {"x": (h.DIMENSION,)})
    except ValueError:
        return False
    return True


def carried(h: SmoothMap, a: Any, v: Any) -> Any:
    """g_a(v) = h(av)/a, traceable, for a > 0 of shape (1,)."""
    return h.value(v * a) / a if _by_value(cast(Any, h)) else h.dilation(a, v)


@dataclass(frozen=True)
class Bound:
    """A lower bound ``value`` (decimal text) of an error beside ``size``, sup |N_1|; no proofs where it is 0."""

    value: str
    size: float
    proofs: Sequence[Proof] = ()

    @property
    def assertions(self) -> tuple[dict[str, Any], ...]:
        return proven(self.proofs)


def proven(proofs: Sequence[Proof]) -> tuple[dict[str, Any], ...]:
    """The assertions of all proofs, or none if one is missing."""
    found = tuple(proof.assertion for proof in proofs if proof.assertion is not None)
    return found if len(found) == len(proofs) else ()


def first_size(h: SmoothMap, depth: int) -> float:
    """sup |N_1| over X, from below."""
    factor = DilatedFactor(h, 1, depth)
    return float(largest(lambda v: factor.increment(v).norm(dim=-1), h, spread(h, POINTS))[1])


def odd_bound(h: SmoothMap, depth: int) -> Bound:
    r"""$\max_v|N_1(v)+N_1(-v)|/4$: no $A\sigma(By)+c$ with $\sigma$ odd up to a constant is nearer to N_1."""
    return _first_bound(h, depth, lambda increment, v: (increment(v) + increment(-v)) / 4)


def ray_bound(h: SmoothMap, depth: int) -> Bound:
    r"""$\max_v|N_1(v)-2N_1(v/2)|/4$: no $A\,\mathrm{relu}(By)+c$ is nearer to N_1."""
    return _first_bound(h, depth, lambda increment, v: (increment(v) - 2 * increment(v / 2)) / 4)


def _first_bound(h: SmoothMap, depth: int, form: Any) -> Bound:
    factor, size = DilatedFactor(h, 1, depth), first_size(h, depth)
    where, found = largest(lambda v: form(factor.increment, v).norm(dim=-1), h, spread(h, POINTS))
    if float(found) < VANISHES * size:
        return Bound("0", size)
    bound = f"{SEEN * float(found):.4g}"
    point = (where * INSIDE)[None].tolist()

    def output(v: Mapping[str, Any]) -> Any:
        gap = form(lambda x: carried(h, 1 / v["depth"], x) - x, v["point"])
        return (gap * gap).sum() - v["bound"] * v["bound"]

    numbers: dict[str, Constant] = {"depth": [str(depth)], "bound": bound, "point": point}
    return Bound(bound, size, [inside(h, point), sign.prove(trace(output, {}, numbers), {}, ">", PRECISION)])


def one_kink_bound(h: SmoothMap, depth: int) -> Bound:
    r"""The smaller of $|N_1(\pm R)-2N_1(\pm R/2)|/4$, d = 1: no function with at most one kink is nearer to N_1."""
    factor = DilatedFactor(h, 1, depth)
    ends = torch.tensor([[-radius(h)], [radius(h)]], dtype=torch.float64)
    found = (factor.increment(ends) - 2 * factor.increment(ends / 2)).abs() / 4
    bound = f"{SEEN * float(found.min()):.4g}"

    def output(v: Mapping[str, Any]) -> Any:
        def increment(x: Any) -> Any:
            return carried(h, 1 / v["depth"], x) - x

        gap = (increment(v["radius"] * v["side"]) - 2 * increment(v["radius"] * v["side"] / 2)) / 4
        return gap * gap - v["bound"] * v["bound"]

    numbers: dict[str, Constant] = {"depth": [str(depth)], "bound": bound, "radius": h.RADIUS, "side": [[-1], [1]]}
    return Bound(bound, first_size(h, depth), [sign.prove(trace(output, {}, numbers), {}, ">", PRECISION)])


def inside(h: SmoothMap, points: Any) -> Proof:
    """Try to show that points (n, d) lie in X."""
    numbers = {"points": points, "radius": h.RADIUS}
    square = trace(lambda v: v["radius"] * v["radius"] - (v["points"] * v["points"]).sum(-1), {}, numbers)
    return sign.prove(square, {}, ">=")


def steeper(h: SmoothMap, depth: int, index: int, layer: TwoLayer, points: Any, bound: str) -> list[Proof]:
    """Try to show that the increment stretches the images of two points of X by more than ``bound``."""
    constants = {"outer": layer.outer, "inner": layer.inner, "bias": layer.bias, "shift": layer.shift}
    numbers = {**constants, "points": points, "bound": bound, "index": [str(index - 1)], "depth": [str(depth)]}

    def output(v: Mapping[str, Any]) -> Any:
        network = TwoLayer(layer.activation, v["outer"], v["inner"], v["bias"], v["shift"])
        images = v["points"] if index == 1 else carried(h, v["index"] / v["depth"], v["points"])
        values = network.increment(images)
        gap, apart = values[0] - values[1], (images[0] - images[1]) * v["bound"]
        return (gap * gap).sum() - (apart * apart).sum()

    return [inside(h, points), sign.prove(trace(output, {}, numbers), {}, ">", PRECISION)]


def accurate(h: SmoothMap, depth: int, index: int, layer: TwoLayer, points: Any, part: float) -> list[Proof]:
    """Try to show that the errors at the images of points (n, d) are at most a part of |h_i - Id| at a point of X."""
    factor = DilatedFactor(h, index, depth)
    place = largest(lambda v: factor.increment(v).norm(dim=-1), h, spread(h, POINTS))[0] * INSIDE
    constants = {"outer": layer.outer, "inner": layer.inner, "bias": layer.bias, "shift": layer.shift}
    numbers = {**constants, "points": np.asarray(points), "place": place[None].tolist(), "part": str(part)}
    numbers |= {"before": [str(index - 1)], "after": [str(index)], "depth": [str(depth)]}

    def output(v: Mapping[str, Any]) -> Any:
        network = TwoLayer(layer.activation, v["outer"], v["inner"], v["bias"], v["shift"])

        def ends(x: Any) -> tuple[Any, Any]:
            image = x if index == 1 else carried(h, v["before"] / v["depth"], x)
            return image, carried(h, v["after"] / v["depth"], x) - image

        (image, increment), (_, largest) = ends(v["points"]), ends(v["place"])
        gap, size = network.increment(image) - increment, largest * v["part"]
        return (size * size).sum() - (gap * gap).sum(-1)

    return [inside(h, numbers["place"]), sign.prove(trace(output, {}, numbers), {}, ">=", PRECISION)]


def near(h: SmoothMap, depth: int, index: int, layer: TwoLayer, bound: str) -> suprema.Supremum:
    """Try to show that the network is within ``bound`` of the factor on all of g_b(X), for d = 1."""
    constants = {"outer": layer.outer, "inner": layer.inner, "bias": layer.bias, "shift": layer.shift}
    numbers: dict[str, Any] = {
        **constants,
        "bound": bound,
        "before": [str(index - 1)],
        "after": [str(index)],
        "depth": [str(depth)],
    }

    def output(v: Mapping[str, Any]) -> Any:
        network = TwoLayer(layer.activation, v["outer"], v["inner"], v["bias"], v["shift"])
        point = v["point"].reshape(1, 1)
        image = point if index == 1 else carried(h, v["before"] / v["depth"], point)
        gap = (network.increment(image) + image - carried(h, v["after"] / v["depth"], point)).reshape(1)
        return torch.cat([gap, -gap]) - v["bound"]

    return suprema.prove(trace(output, {"point": (1,)}, numbers), _line(h), "<=")


def _line(h: SmoothMap) -> dict[str, Any]:
    return {"point": {"mid": ["0"], "rad": [h.RADIUS]}}


@dataclass(frozen=True)
class Kinked:
    """Kinked layers through ``knots`` (m + 1, k + 1): what is shown, the bound, and how near to it they come."""

    proofs: Sequence[Proof]
    bound: float
    share: float

    @property
    def proved(self) -> bool:
        return all(proof.proved for proof in self.proofs)


def _steepness(factor: DilatedFactor) -> Callable[[torch.Tensor], torch.Tensor]:
    """|h_i' - 1| in dimension one, of v."""
    return lambda v: factor.jacobian(v)[..., 0, 0].abs()


def kinked_bounds(h: SmoothMap, knots: np.ndarray, bound: str) -> Kinked:
    r"""Try to show that the knots rise and span X, that no layer is steeper than its factor, and the error's bound.

    Each slope $s_{ij}$ of an increment is compared with $|h_i'(g_b(v))-1|$ at one point v for each layer, and the error
    with ``bound`` on all pieces at once. ``share`` is the largest $|s_{ij}|$, in parts of that, over all layers.
    """
    depth = len(knots) - 1
    rises = sign.prove(trace(lambda v: v["knots"][:, 1:] - v["knots"][:, :-1], {}, {"knots": knots}), {}, ">")
    ends_of_x: dict[str, Any] = {"ends": knots[0, [0, -1]], "side": ["-1", "1"], "radius": h.RADIUS}
    covers = sign.prove(trace(lambda v: v["ends"] * v["side"] - v["radius"], {}, ends_of_x), {}, ">=")
    points = spread(h, POINTS + 1)
    factors = [DilatedFactor(h, i, depth) for i in range(1, depth + 1)]
    where = torch.stack([largest(_steepness(f), h, points)[0] for f in factors]) * INSIDE
    slopes = [float(f.jacobian(v)[0, 0]) for f, v in zip(factors, where, strict=True)]
    ends = [[f"{i}/{depth}"] for i in range(depth + 1)]
    numbers: dict[str, Any] = {"after": ends[1:], "before": ends[:-1], "point": where.tolist(), "knots": knots}
    numbers["sign"] = [[1 if slope > 0 else -1] for slope in slopes]
    path = Dilation(h)

    def flatter(v: Mapping[str, Any]) -> Any:
        steep = path.change(v["after"], v["before"], v["point"]).reshape(depth, 1) * v["sign"]
        step = v["knots"][:, 1:] - v["knots"][:, :-1]
        slope = step[1:] / step[:-1] - 1
        return torch.cat([steep - slope, steep + slope])

    steps = np.diff(knots, axis=1)
    share = float((np.abs(steps[1:] / steps[:-1] - 1) / np.abs(slopes)[:, None]).max())
    steep = sign.prove(trace(flatter, {}, numbers), {}, ">", PRECISION)
    return Kinked(
        [rises, covers, inside(h, where.tolist()), steep, _interpolation(h, knots[0], knots[-1], bound)],
        float(Fraction(bound)),
        share,
    )


def _interpolation(h: SmoothMap, knots: np.ndarray, values: np.ndarray, bound: str) -> suprema.Supremum:
    """|h - p| <= bound on all pieces of p, seen from one variable in [-1, 1]."""
    columns = {"left": knots[:-1, None], "right": knots[1:, None], "low": values[:-1, None], "high": values[1:, None]}

    def output(v: Mapping[str, Any]) -> Any:
        point = (v["left"] + v["right"] + (v["right"] - v["left"]) * v["place"]) / 2
        joined = (v["low"] + v["high"] + (v["high"] - v["low"]) * v["place"]) / 2
        gap = (h.value(point) - joined).reshape(-1)
        return torch.cat([gap, -gap]) - v["bound"]

    program = trace(output, {"place": (1,)}, {**columns, "bound": bound})
    return suprema.prove(program, {"place": {"mid": ["0"], "rad": ["1"]}}, "<=")
