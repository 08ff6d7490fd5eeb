"""One map with pairs of points of its ball, drawn and searched: what decides the inequalities of Lemma 3 on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import torch

from rescert.certify import sign
from rescert.certify.problem import rational, trace
from rescert.certify.proof import Proof
from rescert.decomposition import linear_approximation as linear
from rescert.decomposition import pair_search
from rescert.decomposition.extremal_maps import ExtremalMap
from rescert.decomposition.factors import load_map
from rescert.decomposition.pair_search import Pairs

CANDIDATES = 256  # pairs drawn, of each kind, from the best of which the search climbs
CLIMBING = 8
INWARD = 1 - 2.0**-30  # pairs are moved in by this, so that rounding leaves none outside
PRECISION = 256
STEPS = 4  # a side of 0, in the grid of points of the extremal maps
APPROACH = 20  # the pair R(1 - 2^-20), R shows the supremum

RATIOS = {
    "remainder": linear.remainder_ratio,
    "middle": linear.middle_ratio,
    "growth": linear.growth_ratio,
    "nearness": linear.nearness_ratio,
    "change": linear.change_ratio,
}


@dataclass(frozen=True)
class ApproximationCase:
    """h with an α that may be another than the declared one; ``tests`` pairs are decided in balls."""

    h: Any  # a SmoothMap or an ExtremalMap
    alpha: Fraction
    tests: int

    @property
    def radius(self) -> Fraction:
        return Fraction(self.h.RADIUS)

    @property
    def extremal(self) -> bool:
        return isinstance(self.h, ExtremalMap)

    def prove(self, slack: linear.Slack, pairs: Pairs, relation: str, **extra: Any) -> Proof:
        """Try to show the relation of a slack to 0 at all pairs."""
        numbers = {"alpha": str(self.alpha), "radius": str(self.radius), **_arrays(pairs), **extra}
        return sign.prove(trace(lambda v: slack(self.h, v), {}, numbers), {}, relation, PRECISION)

    def prove_zero(self, slack: linear.Slack, pairs: Pairs, **extra: Any) -> tuple[dict[str, Any], ...]:
        numbers = {"alpha": str(self.alpha), "radius": str(self.radius), **_arrays(pairs), **extra}
        return sign.prove_zero(trace(lambda v: slack(self.h, v), {}, numbers), PRECISION)

    def pairs(self, generator: torch.Generator) -> Pairs:
        """Pairs of X at which the inequalities are decided; a grid for extremal maps.

        Half of them are drawn one by one, the others at distances R 2^-t, t uniform up to 10.
        """
        if self.extremal:
            return self.grid()
        radius, kept = float(self.radius), self.tests - self.tests // 2
        drawn = pair_search.draw(self.h.DIMENSION, radius, self.tests, generator)
        x, y = drawn.x[:kept], drawn.y[:kept]
        near = Pairs(drawn.x[self.tests + kept :], drawn.y[self.tests + kept :])
        scale = 2.0 ** (-10 * torch.rand(len(near.x), 1, generator=generator, dtype=torch.float64))
        middle, half = (near.x + near.y) / 2, (near.x - near.y) / 2
        half = half * (radius * scale / 2 / half.norm(dim=-1, keepdim=True))
        first, second = (pair_search.project(middle + side * half, radius) for side in (1, -1))
        return Pairs(INWARD * torch.cat([x, first]), INWARD * torch.cat([y, second]))

    def grid(self) -> Pairs:
        """All pairs of the points kR/4, as exact numbers."""
        line = float(self.radius) * torch.arange(-STEPS, STEPS + 1, dtype=torch.float64) / STEPS
        return Pairs(*(torch.combinations(line).T[:, :, None]))

    def worst(self, generator: torch.Generator) -> dict[str, tuple[Pairs, float]]:
        """For each ratio the pair at which the search found it largest, and the ratio."""
        radius = float(self.radius)
        if self.extremal:
            found = {name: _best(ratio(self.h, *self.grid()), self.grid()) for name, ratio in RATIOS.items()}
            return {**found, "growth": _best(linear.growth_ratio(self.h, *self.approach()), self.approach())}
        drawn = pair_search.draw(self.h.DIMENSION, radius, CANDIDATES, generator)
        searched = {}
        for name, ratio in RATIOS.items():
            climbed, _ = pair_search.climb(partial(ratio, self.h), drawn, radius, CLIMBING)
            moved = Pairs(INWARD * climbed.x, INWARD * climbed.y)
            searched[name] = _best(ratio(self.h, *moved), moved)
        return searched

    def approach(self) -> Pairs:
        """The pair R(1 - 2^-20), R of the line."""
        end = float(self.radius)
        return Pairs(*(torch.tensor([[v]], dtype=torch.float64) for v in (end * (1 - 2.0**-APPROACH), end)))


def read(instance: Mapping[str, Any]) -> ApproximationCase:
    """The case of an instance: a ``map``, or a ``family`` with ``smoothness`` and ``radius``.

    With a map, ``smoothness`` is another α than the declared one.
    """
    given, tests = instance.get("smoothness"), instance.get("tests", 1)
    if (instance.get("map") is None) == (instance.get("family") is None):
        raise ValueError(f"expected either a map or a family, got {dict(instance)}")
    if not isinstance(tests, int) or tests < 1:
        raise ValueError(f"expected at least one pair in 'tests', got {tests!r}")
    if instance.get("map") is None:
        radius = instance.get("radius")
        if given is None or radius is None:
            raise ValueError(
                f"expected smoothness and radius of the family '{instance['family']}', got {dict(instance)}"
            )
        return ApproximationCase(ExtremalMap(instance["family"], given, radius), rational(given), tests)
    h = load_map(instance["map"])
    alpha = rational(h.SMOOTHNESS if given is None else given)
    if alpha <= 0:
        raise ValueError(f"expected a positive smoothness, got '{given}'")
    return ApproximationCase(h, alpha, tests)


def joined(*pairs: Pairs) -> Pairs:
    return Pairs(torch.cat([p.x for p in pairs]), torch.cat([p.y for p in pairs]))


def _best(ratios: torch.Tensor, pairs: Pairs) -> tuple[Pairs, float]:
    index = int(ratios.nan_to_num(-torch.inf).argmax())
    return Pairs(pairs.x[index : index + 1], pairs.y[index : index + 1]), float(ratios[index])


def _arrays(pairs: Pairs) -> dict[str, np.ndarray]:
    return {"x": pairs.x.numpy(), "y": pairs.y.numpy()}
