r"""What is certified of one candidate: a strict local minimum with $Q>0$, nearer to the identity than the teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from rescert.certify import krawczyk
from rescert.landscape import tanh_certificates
from rescert.landscape.tanh_certificates import Assertions
from rescert.landscape.tanh_problem import TanhProblem

SMALL = 2.0**-10  # the scale of A at which the theorem about small scales is tested
PULLS = 12  # Newton steps from the limit to that scale


@dataclass(frozen=True)
class Bad:
    """A certified bad minimum (``assertions`` not empty), or the reason why it is none."""

    reason: str
    assertions: Assertions = ()
    least: float = 0.0
    point: Mapping[str, np.ndarray] | None = None


def bad_minimum(problem: TanhProblem, point: Mapping[str, np.ndarray], radius: str | None) -> Bad:
    """The proofs that make ``point`` a bad minimum; the teacher's layers within ``radius``, if there is one."""
    found = tanh_certificates.prove_minimum(problem, point)
    if found.box is None:
        return Bad(found.reason)
    proofs = [tanh_certificates.prove_nearer(problem, found.box)]
    proofs += [] if radius is None else [tanh_certificates.prove_within(problem, radius)]
    lacking = [p.reason for p in proofs if p.assertion is None]
    if lacking:
        return Bad(f"a strict local minimum, but its layers are not shown to be nearer: {lacking[0]}")
    assertions = (*found.assertions, *(p.assertion for p in proofs if p.assertion is not None))
    middle = {name: np.asarray(entry["mid"]) for name, entry in found.box.items()}
    return Bad(f"{found.reason}; every layer is nearer than the teacher's", assertions, found.least, middle)


def scaled(point: Mapping[str, np.ndarray], factor: float) -> dict[str, np.ndarray]:
    r"""The parameters $(sA,B)$."""
    return {name: value * factor if name[0] == "A" else value for name, value in point.items()}


def small(problem: TanhProblem, limit: Mapping[str, np.ndarray], radius: str, factor: float = SMALL) -> Bad:
    r"""The bad minimum of the layers in series with the teacher $(sA^*,B^*)$, by Newton's method from the limit's."""
    series = replace(problem, outer=factor * problem.outer, parallel=False)
    program = series.program(series.risk)
    near = krawczyk.polish(program, scaled(limit, factor), steps=PULLS)
    distance = max(float(np.abs(near[n] / (factor if n[0] == "A" else 1) - v).max()) for n, v in limit.items())
    found = bad_minimum(series, near, radius)
    return replace(found, reason=f"at scale {factor:.4g}, {distance:.2g} from the limit: {found.reason}")


def reduced(problem: TanhProblem, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    r"""$\min_aQ(a,b)$ of one unit in the plane for $b$ on a grid ``second`` x ``first``, (rows: $b_2$), in floats."""
    weights = np.array([float(Fraction(w)) for w in problem.weights])
    teacher = np.tanh(problem.points @ problem.inner[0, 0])
    units = np.tanh(first[None, :, None] * problem.points[:, 0] + second[:, None, None] * problem.points[:, 1])
    square = np.maximum((units * units) @ weights, 1e-300)
    explained = ((units * teacher) @ weights) ** 2 / square
    return 0.5 * float((problem.outer[0] ** 2).sum()) * (teacher * teacher @ weights - explained)
