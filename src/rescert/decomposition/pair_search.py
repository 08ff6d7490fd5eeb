"""Pairs of points of a ball at which a ratio is large: drawn ones, near and far, improved by gradient ascent."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

NEAR = 2.0**-10  # distance of near pairs, in radii: differences keep ten digits, and differ from slopes by a thousandth
ROUNDS = 40
FIRST_STEP, LAST_STEP = 0.5, 2.0**-30  # in radii

Ratio = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # of points (n, d) and (n, d), shape (n,)


class Pairs(NamedTuple):
    """Points x and y, (n, d) each."""

    x: torch.Tensor
    y: torch.Tensor


def draw(dimension: int, radius: float, count: int, generator: torch.Generator) -> Pairs:
    """``count`` far pairs and as many near ones, of points of the ball, a third of them on its boundary.

    The far pairs begin with the ends of the axes, each with its opposite.
    """
    axes = radius * torch.eye(dimension, dtype=torch.float64)
    x, y = (_points(dimension, radius, count, generator) for _ in range(2))
    kept = min(dimension, count)
    x[:kept], y[:kept] = axes[:kept], -axes[:kept]
    y = torch.where((x - y).norm(dim=-1, keepdim=True) > NEAR * radius, y, -x)  # both may be the end of an interval
    middle = _points(dimension, radius, count, generator)
    away = torch.randn(count, dimension, generator=generator, dtype=torch.float64)
    near = _near(middle, away, radius)
    return Pairs(torch.cat([x, near.x]), torch.cat([y, near.y]))


def _points(dimension: int, radius: float, count: int, generator: torch.Generator) -> torch.Tensor:
    normal = torch.randn(count, dimension, generator=generator, dtype=torch.float64)
    share = torch.rand(count, 1, generator=generator, dtype=torch.float64)
    inner = (1.5 * share).clamp(max=1) ** (1 / dimension)
    return radius * inner * normal / normal.norm(dim=-1, keepdim=True)


def _near(middle: torch.Tensor, away: torch.Tensor, radius: float) -> Pairs:
    """Pairs at the distance NEAR times the radius, or less where the direction is 0."""
    half = away * (NEAR * radius / 2 / away.norm(dim=-1, keepdim=True).clamp_min(1e-300))
    middle = project(middle, radius * (1 - NEAR / 2))
    return Pairs(project(middle + half, radius), project(middle - half, radius))


def project(x: torch.Tensor, radius: float) -> torch.Tensor:
    """The nearest points of the ball."""
    return x * (radius / x.norm(dim=-1, keepdim=True).clamp_min(radius))


def ascend(ratio: Ratio, pairs: Pairs, radius: float, rounds: int = ROUNDS) -> tuple[Pairs, torch.Tensor]:
    """Pairs that ascend from the given ones, and their ratios; the second half stays near.

    Steps along the gradient, of a length that is doubled after a success and quartered after a failure. A ratio that is
    not a number is no success, nor is a pair that is nearer than near pairs are: its ratio would be rounding.
    """
    far = len(pairs.x) // 2
    middle, away = (pairs.x + pairs.y) / 2, pairs.x - pairs.y

    def place(first: torch.Tensor, second: torch.Tensor) -> Pairs:
        near = _near(first[far:], second[far:], radius)
        ends = project(first[:far], radius), project(second[:far], radius)
        return Pairs(torch.cat([ends[0], near.x]), torch.cat([ends[1], near.y]))

    first, second = torch.cat([pairs.x[:far], middle[far:]]), torch.cat([pairs.y[:far], away[far:]])
    second[far:] *= radius / second[far:].norm(dim=-1, keepdim=True).clamp_min(1e-300)
    best = ratio(*place(first, second)).detach()
    length = torch.full_like(best, FIRST_STEP * radius)
    for _ in range(rounds):
        moving = [p.clone().requires_grad_() for p in (first, second)]
        # a ratio need not depend on the points, as of a linear map
        total = ratio(*place(*moving)).sum() + 0 * (moving[0] + moving[1]).sum()
        slopes = torch.autograd.grad(total, moving)
        steep = torch.cat(slopes, -1).nan_to_num(0, 0, 0)
        steep = steep * (length / steep.norm(dim=-1).clamp_min(1e-300))[:, None]
        d = first.shape[-1]
        trial = first + steep[:, :d], second + steep[:, d:]
        placed = place(*trial)
        found = ratio(*placed).detach()
        apart = (placed.x - placed.y).norm(dim=-1) > NEAR * radius / 2
        better = (found > best) & apart
        ends = project(trial[0], radius), torch.cat([project(trial[1][:far], radius), trial[1][far:]])
        first, second = (torch.where(better[:, None], t, p) for t, p in zip(ends, (first, second), strict=True))
        best = torch.where(better, found, best)
        length = torch.where(better, 2 * length, length / 4).clamp(LAST_STEP * radius, radius)
    return place(first, second), best


def climb(ratio: Ratio, pairs: Pairs, radius: float, count: int) -> tuple[Pairs, torch.Tensor]:
    """Where the ascent leads from the ``count`` best far and as many best near pairs, and the ratios there."""
    ratios = ratio(*pairs).detach().nan_to_num(-torch.inf)
    far, near = ratios.chunk(2)
    best = torch.cat([far.topk(count)[1], len(far) + near.topk(count)[1]])
    return ascend(ratio, Pairs(pairs.x[best], pairs.y[best]), radius)
