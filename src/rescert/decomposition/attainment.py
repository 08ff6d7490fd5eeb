r"""Whether $r=\tfrac{\alpha^*}2|x|^2+\beta^Tx+f$ is strictly convex at the infimum $\alpha^*$ itself.

$\nabla^2r$ is then singular somewhere, and $r$ fails to be strictly convex if and only if it is affine on a segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.decomposition.curvature import PRECISION, Assertions, symmetric
from rescert.decomposition.smooth_functions import SmoothFunction

STEPS = 64


class Attainment(NamedTuple):
    """``star`` is α*; ``attained`` is None if the assertions do not show it."""

    star: Fraction
    attained: bool | None
    assertions: Assertions


def least_point(f: SmoothFunction, sides: Sequence[Fraction]) -> tuple[list[float], tuple[int, ...]]:
    if f.least is None:
        raise ValueError("expected a function whose least curvature is known exactly")
    place, direction = f.least
    return [float(side) * part for side, part in zip(sides, place, strict=True)], direction


def star(f: SmoothFunction, sides: Sequence[Fraction]) -> Fraction:
    """$-v^T\\nabla^2f(x)v/|v|^2$ at the known point and direction, with the Hessian's exact float there."""
    point, v = least_point(f, sides)
    entries = [torch.as_tensor(e, dtype=torch.float64) for e in f.hessian(torch.tensor(point, dtype=torch.float64))]
    matrix = symmetric([Fraction(float(e)) for e in entries], f.dimension)
    curvature = sum(v[i] * matrix[i][j] * v[j] for i in range(f.dimension) for j in range(f.dimension))
    return -curvature / sum(c * c for c in v)


def attainment(f: SmoothFunction, sides: Sequence[Fraction], generator: torch.Generator, count: int) -> Attainment:
    """At α*, exactly: no curvature at the known point along v; and r affine on a segment, or bent on ``count`` others.

    The segments of the second test are random pairs of points of the box, and pairs with the known point. An equality
    on one segment refutes strict convexity; that ``count`` segments bend is a test, and no more.
    """
    least, (point, v) = star(f, sides), least_point(f, sides)

    def curvature(values: Mapping[str, Any]) -> Any:
        matrix = symmetric(f.hessian(values["x"]), f.dimension)
        total = sum(v[i] * v[j] * matrix[i][j] for i in range(f.dimension) for j in range(f.dimension) if v[i] * v[j])
        return total + sum(c * c for c in v) * values["star"]

    numbers = {"star": str(least)}
    singular = sign.prove_zero(trace(curvature, {}, {**numbers, "x": point}), PRECISION)
    extent = torch.tensor([float(side) for side in sides], dtype=torch.float64)
    if f.flat:
        start = torch.tensor(point, dtype=torch.float64)
        ends = torch.stack([start, start + extent.min() / 8 * torch.tensor(v, dtype=torch.float64)])[None]
    else:
        drawn = torch.rand((count, 2, f.dimension), generator=generator, dtype=torch.float64)
        ends = torch.round(STEPS * drawn) / STEPS * extent
        ends[: count // 2, 0] = torch.tensor(point, dtype=torch.float64)
        ends = ends[(ends[:, 0] != ends[:, 1]).any(dim=1)]

    def slack(values: Mapping[str, Any]) -> Any:
        x, y = values["ends"][:, 0].T, values["ends"][:, 1].T
        square = ((x - y) * (x - y)).sum(0) * values["star"] / 8
        return (f.value(x) + f.value(y)) / 2 - f.value((x + y) / 2) + square

    program = trace(slack, {}, {**numbers, "ends": ends.numpy()})
    if f.flat:
        shown = sign.prove_zero(program, PRECISION)
    else:
        bent = sign.prove(program, {}, ">", PRECISION)
        shown = () if bent.assertion is None else (bent.assertion,)
    if not singular or not shown:
        return Attainment(least, None, ())
    return Attainment(least, not f.flat, (*singular, *shown))
