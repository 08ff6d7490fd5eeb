"""What single pairs show of Lemma 3: that a constant is too small, that it is attained, or that it fails outside X."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch

from rescert.certify.proof import Proof
from rescert.decomposition import linear_approximation as linear
from rescert.decomposition.approximation_case import ApproximationCase, joined
from rescert.decomposition.pair_search import Pairs

SHARE = Fraction(99, 100)  # of the least constant of the smoothness that the remainder of a pair must reach
TOUCH = Fraction(999, 1000)  # of the ratio that the search found, to be certified
Worst = Mapping[str, tuple[Pairs, float]]
Assertions = tuple[dict[str, Any], ...]


def too_small(case: ApproximationCase, worst: Worst) -> tuple[Proof, ...]:
    """Pairs in X at which α is too small for the remainder, and for the change of Dh."""
    pairs, changed = worst["remainder"][0], worst["change"][0]
    direction = linear.change_direction(case.h, *changed).numpy()
    return (
        case.prove(linear.inside, joined(pairs, changed), ">="),
        case.prove(linear.remainder_slack, pairs, "<"),
        case.prove(linear.change_slack, changed, "<", u=direction),
    )


def least_constants(case: ApproximationCase, worst: Worst) -> tuple[Fraction, tuple[Proof, ...]]:
    """A constant c that the change of Dh needs at one pair; and another pair needs `SHARE` of it for the remainder."""
    (changed, ratio), pairs = worst["change"], worst["remainder"][0]
    least = Fraction(ratio) * (1 if case.extremal else TOUCH)
    direction = linear.change_direction(case.h, *changed).numpy()
    return least, (
        replace(case, alpha=least).prove(linear.change_slack, changed, "<=", u=direction),
        replace(case, alpha=least * SHARE).prove(linear.remainder_slack, pairs, "<"),
        case.prove(linear.inside, joined(pairs, changed), ">="),
    )


def turning_back(case: ApproximationCase) -> tuple[Proof, ...]:
    """Of the quadratic: h' < 0 at a point of the line, while h'(0) = 1."""
    point = torch.tensor([[-float(3 / case.alpha // 1 + 1)]], dtype=torch.float64)
    return (case.prove(lambda h, v: h.jacobian(v["y"])[:, 0, 0], Pairs(0 * point, point), "<"),)


def outside(case: ApproximationCase) -> Proof:
    """|h(3R) - h(R)| > (1 + αR) 2R."""
    ends = Pairs(*(torch.tensor([[k * float(case.radius)]], dtype=torch.float64) for k in (1, 3)))
    return case.prove(linear.growth_slack, ends, "<")


def equalities(case: ApproximationCase) -> tuple[tuple[int, int], tuple[Assertions, ...]]:
    """Of an extremal map, exactly: the inequalities that are equalities, with the numbers of pairs of two of them.

    The remainder (at pairs of one sign for the odd map), the distance from the identity (at pairs x, y >= 0), for the
    odd map the remainders with the slope of the middle and the mean slope (at y = -x), and the slope of the last pair.
    """
    pairs, odd = case.grid(), case.h.family == "odd"
    both = (pairs.x[:, 0] >= 0) & (pairs.y[:, 0] >= 0)
    same = Pairs(pairs.x[both], pairs.y[both])
    attained = same if odd else pairs
    shown = [case.prove_zero(linear.remainder_slack, attained), case.prove_zero(linear.nearness_slack, same)]
    if odd:
        opposite = pairs.x[:, 0] == -pairs.y[:, 0]
        mirrored = Pairs(pairs.x[opposite], pairs.y[opposite])
        shown += [case.prove_zero(slack, mirrored) for slack in (linear.middle_slack, linear.mean_slack)]

    def gap(h: Any, v: Mapping[str, Any]) -> Any:
        step = v["y"] - v["x"]
        return h.value(v["y"]) - h.value(v["x"]) - step * (1 + v["alpha"] * v["radius"] - v["alpha"] / 2 * step)

    return (len(attained.x), len(same.x)), (*shown, case.prove_zero(gap, case.approach()))


def columns(case: ApproximationCase, drawn: Pairs, worst: Worst) -> dict[str, dict[str, Any]]:
    """What the figure shows: ratios of the drawn pairs, over distances and over sizes, and the largest found."""
    alpha, radius = float(case.alpha), float(case.radius)
    sizes = (drawn.x.norm(dim=-1) + drawn.y.norm(dim=-1)) / (2 * radius)
    return {
        "remainder": {
            "distance": ((drawn.y - drawn.x).norm(dim=-1) / radius).tolist(),
            "ratios": (linear.remainder_ratio(case.h, *drawn) / alpha).tolist(),
            "worst_remainder": worst["remainder"][1] / alpha,
            "worst_middle": worst["middle"][1] / alpha,
            "worst_growth": (worst["growth"][1] - 1) / (alpha * radius),
        },
        "lipschitz": {"largest": worst["growth"][1], "limit": 1 + alpha * radius},
        "near": {
            "size": sizes.tolist(),
            "growth": linear.growth_ratio(case.h, *drawn).tolist(),
            "slope": alpha * radius,
        },
    }
