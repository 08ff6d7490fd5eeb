"""The hypotheses of Theorem 4 of Bartlett, Evans and Long on a case: met or broken, with assertions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.decomposition.descent_case import DescentCase
from rescert.decomposition.functional_derivative import Values

BROKEN = {
    "origin": "the residual at an atom 0 is not 0",
    "critical": "the residual at an atom 0 is not 0",
    "zero": "h_1 = 0 is at distance 1 from the identity",
    "shift": "h_1(0) is not 0",
}


@dataclass(frozen=True)
class Outcome:
    """ "Hypotheses imply conclusion" on one case, both three-valued; ``exact`` if no ball was rounded."""

    hypotheses: bool | None
    conclusion: bool | None
    exact: bool
    reason: str
    measured: str | None = None
    bound: str | None = None
    assertions: tuple[dict[str, Any], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def broken(known: DescentCase) -> tuple[str, tuple[dict[str, Any], ...]] | None:
    """Which hypothesis of the corrected theorem an instance breaks, with the assertions; None if it breaks none."""
    criterion, last = known.criterion, known.criterion.nonzero
    if known.family in ("origin", "critical"):
        nought = sign.prove_zero(trace(lambda v: v["x"][last], {}, dict(known.numbers)))
        residual = known.prove(lambda v: (criterion.residuals(v)[last] ** 2).sum() * v["p"][last], ">")
        shown = (*nought, *assertions_of(residual))
    elif known.family == "zero":
        shown = assertions_of(known.prove(lambda v: -1 - v["A1"], ">="))
    elif known.family == "shift":
        shown = assertions_of(known.prove(lambda v: v["c1"] * v["c1"], ">"))
    else:
        return None
    return BROKEN[known.family], shown


def far(known: DescentCase) -> Outcome | None:
    """Undecided, where the distances are only known to be at most a number that is not below 1."""
    if known.family in BROKEN or known.farthest < 1:
        return None
    return Outcome(None, None, False, f"the distances are at most {known.farthest}, which is not below 1")


def assertions_of(*proofs: sign.Proof) -> tuple[dict[str, Any], ...]:
    return tuple(p.assertion for p in proofs if p.assertion is not None)


def conditions(known: DescentCase) -> tuple[dict[str, Any], ...]:
    """The distances of the layers, below 1 (factors are injective without that); atoms that are not 0 and distinct."""
    first, second = torch.triu_indices(known.atoms, known.atoms, 1).tolist()

    def between(v: Values) -> Any:
        steps = torch.stack([v["x"][i] - v["x"][j] for i, j in zip(first, second, strict=True)])
        return (steps * steps).sum(dim=1)

    apart = [known.prove(lambda v: (v["x"] * v["x"]).sum(dim=1), ">"), known.prove(between, ">")]
    if known.known is not None:  # the constants of the map are those on its ball
        radius = {"square": str(known.known.radius**2)}
        apart.append(known.prove(lambda v: v["square"] - (v["x"] * v["x"]).sum(dim=1), ">=", radius))
    failed = [p.reason for p in apart if not p.proved]
    if failed:
        raise ArithmeticError(f"expected distinct atoms that are not 0, in the ball of the map: {failed[0]}")
    near = (sign.constant(1 - known.farthest, ">"),) if known.farthest < 1 else ()
    return (*known.shown, *near, *assertions_of(*apart))


def quotient(known: DescentCase, v: Values) -> Any:
    """(1-ε)^(m-1) (Q(h)-Q(h*)) / ‖h-h*‖."""
    return v["near"] * known.criterion.gap(v) / known.criterion.induced(v)


def rates(known: DescentCase) -> dict[str, str]:
    return {"near": str(known.near), "rate": str(2 * known.near)}


def critical(known: DescentCase) -> tuple[dict[str, Any], ...]:
    """All derivatives are exactly 0, and Q(h) > Q(h*)."""
    zero = sign.prove_zero(trace(lambda v: known.criterion.slopes(v), {}, dict(known.numbers)))
    above = known.prove(lambda v: known.criterion.gap(v), ">")
    return (*zero, *assertions_of(above)) if zero and above.proved else ()


def measured(known: DescentCase, factor: int) -> dict[str, Any]:
    """The infimum nearest to 0, and the bound, for the table."""
    v = {**known.floats, "near": torch.tensor(float(known.near), dtype=torch.float64)}
    return {
        "measured": f"{-float(known.criterion.slopes(v).min()):.6g}",
        "bound": f"{-factor * float(quotient(known, v)):.6g}",
    }


def vacuous(known: DescentCase) -> Outcome:
    found = broken(known)
    if found is None:
        raise ValueError("expected an instance that breaks a hypothesis")
    reason, shown = found
    more = critical(known) if known.family in ("critical", "zero") else ()
    if more:
        reason += ", and h is critical in every layer with Q(h) > Q(h*)"
    if known.family == "shift":
        flat = sign.prove_zero(trace(lambda v: known.criterion.slopes(v)[1], {}, dict(known.numbers)))
        above = known.prove(lambda v: known.criterion.gap(v), ">")
        more = (*flat, *assertions_of(above))
        reason += ", and the derivative in h_2 is 0 with Q(h) > Q(h*)"
    return Outcome(False, None, True, reason, assertions=(*shown, *more))
