"""One network of equations (7a)-(7c) and the points at which it is tested, as an instance describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rescert.certify.problem import rational
from rescert.networks import convex_residual, midpoint_convexity
from rescert.networks.univariate_network import UnivariateNetwork

FAMILIES = ("drawn", "free", "changed", "counterexample", "univariate")
Generator = Callable[[int, str], torch.Generator]


@dataclass(frozen=True)
class ConvexityCase:
    """A network, random segments and rectangles, and, if it has a ``wrong`` sign, a segment where it bends down."""

    parameters: Mapping[str, Any]
    segments: Tensor
    rectangles: Tensor
    bent: Tensor | None = None
    wrong: str = ""
    line: UnivariateNetwork | None = None

    @property
    def units(self) -> int:
        return sum(len(b) for b in self.parameters["b"])

    def network(self, x: Tensor) -> Tensor:
        return convex_residual.forward(self.parameters, x)


def read(instance: Mapping[str, Any], generator: Generator) -> ConvexityCase:
    """The network of an instance; ``generator(seed, purpose)`` gives each part a stream of its own.

    Families: ``drawn`` and ``free`` of `convex_residual.draw`; ``changed``, a drawn one with one entry -1;
    ``counterexample`` of `midpoint_convexity`; ``univariate``. Raises ``ValueError`` for one that means nothing.
    """
    family, tests = instance["family"], instance["tests"]
    if family not in FAMILIES:
        raise ValueError(f"expected a family among {', '.join(FAMILIES)}, got '{family}'")
    if not isinstance(tests, int) or tests < 1:
        raise ValueError(f"expected at least one test segment, got {tests}")
    bent, wrong, line = None, "", None
    if family == "univariate":
        line = UnivariateNetwork.read(instance)
        if rational(instance["curvature"]) <= 0:
            raise ValueError(f"expected a positive curvature, got {instance['curvature']}")
        parameters = line.parameters()
    elif family == "counterexample":
        wrong = instance["entry"]
        parameters, segment = midpoint_convexity.counterexample(wrong)
        bent = segment[None]
    else:
        parameters = _drawn(instance, generator)
    dimension, seed = len(parameters["c"]), instance.get("seed", 0)
    segments, rectangles = (
        midpoint_convexity.points(generator(seed, purpose), tests, 2, dimension)
        for purpose in ("segments", "rectangles")
    )
    if family == "changed":
        wrong = instance["entry"]
        if wrong not in (*(f"W{i + 1}" for i in range(len(parameters["W"]))), "c"):
            raise ValueError(f"expected an entry such as W1 or c of this network, got '{wrong}'")
        layer = int(wrong[1:] or 1) - 1
        parameters, least, _ = midpoint_convexity.worst(parameters, wrong[0], layer, 1.0, segments)
        bent = segments[least][None]
    return ConvexityCase(parameters, segments, rectangles, bent, wrong, line)


def _drawn(instance: Mapping[str, Any], generator: Generator) -> dict[str, Any]:
    dimension, widths = instance["dimension"], str(instance["widths"]).split()
    if not all(width.isdigit() for width in widths) or sum(map(int, widths)) < 3:
        raise ValueError(f"expected widths such as '4 4', three units or more, got '{instance['widths']}'")
    free = instance["family"] == "free"
    return convex_residual.draw(generator(instance["seed"], "network"), dimension, [*map(int, widths)], free)
