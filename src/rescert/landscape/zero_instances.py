r"""The distributions on which the zero point of tanh residual networks is studied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert.landscape import tanh_minima, tanh_zero
from rescert.landscape.tanh_problem import TanhProblem
from rescert.landscape.tanh_zero import Weighted

if TYPE_CHECKING:
    import torch

Instance = Mapping[str, Any]

FAMILIES = ("random", "degenerate", "identity")
ATOMS = np.array([[0.25], [0.5], [1.0], [2.0], [3.0]])  # of the degenerate example


def validate(instance: Instance) -> None:
    """Raises ``ValueError`` for what is no instance."""
    if instance["family"] not in FAMILIES:
        raise ValueError(f"expected a family among {', '.join(FAMILIES)}, got '{instance['family']}'")
    if Fraction(instance["radius"]) <= 0:
        raise ValueError(f"expected a positive radius, got '{instance['radius']}'")
    if instance["family"] == "random":
        counts = (instance["depth"], instance["dimension"], instance["width"], instance["samples"])
        scales = Fraction(instance["outer"]), Fraction(instance["steepness"])
        if min(counts) < 1 or instance["dimension"] > 2 or min(scales) <= 0:
            raise ValueError(f"expected counts >= 1, a dimension of 1 or 2 and positive scales, got {dict(instance)}")
    if (
        instance["family"] == "degenerate"
        and min(instance["starts"] - 1, instance["limit"], instance["halvings"] - 1) < 1
    ):
        raise ValueError(f"expected at least 2 starts, 2 halvings and a limit of 1, got {dict(instance)}")


def example(outer: str = "3 -4") -> TanhProblem:
    r"""$f(x)=3\tanh(2x)-4\tanh(x)$ on a line, with weights that are not degenerate."""
    factors = np.array([[[float(t) for t in outer.split()]]])
    return TanhProblem(ATOMS, ("1/8", "1/8", "1/4", "1/4", "1/4"), factors, np.array([[[2.0], [1.0]]]))


def read(instance: Instance, generator: Callable[[int, str], torch.Generator]) -> Weighted:
    """The problem of an instance, with weights in a proved box where they make the Hessian vanish."""
    if instance["family"] == "degenerate":
        known = tanh_zero.degenerate(example())
        if known is None:
            raise ValueError("expected weights with M = 0 on the atoms of the example, found none")
        return known
    if instance["family"] == "identity":
        return Weighted(example("0 0"))
    outer, steepness = float(Fraction(instance["outer"])), float(Fraction(instance["steepness"]))
    family = tanh_minima.Family(instance["depth"], instance["dimension"], instance["width"], outer, steepness)
    draw = generator(instance["seed"], "bel_theorem6")
    return Weighted(tanh_minima.draw(family, 1, instance["samples"], draw).problem(0))
