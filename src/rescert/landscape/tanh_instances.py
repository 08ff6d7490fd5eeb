r"""The instances of a search for bad local minima: families of random problems, and single stored problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert.landscape import tanh_case, tanh_minima
from rescert.landscape.tanh_case import Bad
from rescert.landscape.tanh_minima import Family, Found
from rescert.landscape.tanh_problem import TanhProblem

if TYPE_CHECKING:
    import torch

Instance = Mapping[str, Any]

FAMILIES = ("series", "parallel", "stored")
TRIED = 4  # candidates of a search that are tried for a certificate
UNIT = 512  # stored numbers are multiples of 1/512


@dataclass(frozen=True)
class Case:
    """How a search ended (None if nothing was searched), the best candidate, and what is proved of it."""

    depth: int
    dimension: int
    width: int
    parallel: bool
    radius: str
    found: Found | None
    problem: TanhProblem | None
    bad: Bad


def stored(instance: Instance) -> tuple[TanhProblem, dict[str, np.ndarray]]:
    """The problem and the start of a ``stored`` instance, in multiples of 1/512, of one layer; weights are relative."""
    points, relative = _matrix(instance["points"]), _matrix(instance["weights"])
    dimension = points.shape[1]
    inner = _matrix(instance["inner"]).reshape(1, -1, dimension)
    width = inner.shape[1]
    shares = [round(UNIT * w) for w in relative.reshape(-1).tolist()]
    weights = tuple(f"{share}/{sum(shares)}" for share in shares)
    problem = TanhProblem(points, weights, _matrix(instance["outer"]).reshape(1, dimension, width), inner)
    start = _matrix(instance["start"]).reshape(-1)
    if start.size != 2 * dimension * width:
        raise ValueError(f"expected {2 * dimension * width} numbers in a start, got {start.size}")
    outer, own = start[: dimension * width], start[dimension * width :]
    return problem, {"A1": outer.reshape(dimension, width), "B1": own.reshape(width, dimension)}


def _matrix(text: str) -> np.ndarray:
    try:
        return np.array([[int(t) for t in row.split()] for row in text.split(";")], dtype=np.float64) / UNIT
    except ValueError:
        raise ValueError(f"expected integers in rows of one length, separated by ';', got '{text}'") from None


def family_of(instance: Instance) -> Family:
    """The family of a search. Raises ``ValueError`` for numbers out of range."""
    outer, steepness = Fraction(instance["outer"]), Fraction(instance["steepness"])
    depth, dimension, width = instance["depth"], instance["dimension"], instance["width"]
    counts = (depth, dimension, width, instance["problems"], instance["starts"], instance["iterations"])
    if min(counts) < 1 or dimension > 2 or min(outer, steepness) <= 0:
        raise ValueError(f"expected counts >= 1, a dimension of 1 or 2 and positive scales, got {dict(instance)}")
    parallel = instance["family"] == "parallel"
    return Family(depth, dimension, width, float(outer), float(steepness), parallel)


def validate(instance: Instance) -> None:
    """Raises ``ValueError`` for what is no instance."""
    if instance["family"] not in FAMILIES:
        raise ValueError(f"expected a family among {', '.join(FAMILIES)}, got '{instance['family']}'")
    if Fraction(instance["radius"]) <= 0:
        raise ValueError(f"expected a positive radius, got '{instance['radius']}'")
    if instance["family"] == "stored":
        stored(instance)
    else:
        family_of(instance)


def read(instance: Instance, generator: Callable[[int, str], torch.Generator]) -> Case:
    """Search, and certify the first candidate that can be certified."""
    radius = instance["radius"]
    if instance["family"] == "stored":
        problem, start = stored(instance)
        bad = tanh_case.bad_minimum(problem, start, radius)
        return Case(1, problem.points.shape[1], problem.inner.shape[1], False, radius, None, problem, bad)
    family = family_of(instance)
    # The summary pools all families on the line: they must not share their atoms.
    line = f" line {family.depth} {family.width} {instance['family']}" if family.dimension == 1 else ""
    draw = generator(instance["seed"], f"bel_local_minimum{line}")
    problems = tanh_minima.draw(family, instance["problems"], instance["samples"], draw)
    found = tanh_minima.search(problems, instance["starts"], instance["iterations"], draw)
    bad, best = Bad("no start ended at a candidate"), None
    for number, theta in found.candidates[:TRIED]:
        best = problems.problem(number)
        point = best.named(*(part.numpy() for part in family.split(theta)))
        bad = tanh_case.bad_minimum(best, point, None if family.parallel else radius)
        if bad.assertions:
            break
    return Case(family.depth, family.dimension, family.width, family.parallel, radius, found, best, bad)
