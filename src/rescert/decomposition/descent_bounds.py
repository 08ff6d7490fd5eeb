"""What a discrete distribution and a composition say of Theorem 4 of Bartlett, Evans and Long: bounds, with proofs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch

from rescert.decomposition.descent_case import DescentCase, Generator
from rescert.decomposition.descent_directions import index, infimum, lipschitz
from rescert.decomposition.descent_hypotheses import (
    Outcome,
    assertions_of,
    broken,
    conditions,
    critical,
    far,
    measured,
    quotient,
    rates,
    vacuous,
)
from rescert.decomposition.functional_derivative import Values


def _printed(known: DescentCase) -> Outcome:
    """The literal statement: the norm of h - h* does not see an atom at 0."""
    if known.family in ("zero", "shift"):
        return vacuous(known)
    if (undecided := far(known)) is not None:
        return undecided
    if known.family == "critical":
        shown = critical(known)
        reason = "all derivatives are 0 and Q(h) > Q(h*): the residual is at the atom 0, which ‖h-h*‖ leaves out"
        return Outcome(True, False if shown else None, True, reason, assertions=(*known.shown, *shown))
    if known.family == "origin":
        proof = known.prove(lambda v: known.criterion.slopes(v) - quotient(known, v), "<", rates(known))
        reason = "the infimum of every layer is above the bound: ‖h-h*‖ leaves the atom 0 out"
        found = Outcome(True, False if proof.proved else None, True, reason)
        return replace(found, assertions=(*known.shown, *assertions_of(proof)), **measured(known, 1))
    return _bound(known, lambda v: known.criterion.slopes(v) - quotient(known, v), ">", 1, "for every layer")


def _bound(
    known: DescentCase,
    slack: Callable[[Values], Any],
    relation: str,
    factor: int,
    what: str,
    extra: Values | None = None,
) -> Outcome:
    """The finding of a bound whose slack, an array, has the relation to 0."""
    proof = known.prove(slack, relation, {**rates(known), **(extra or {})})
    if proof.assertion is None:
        return Outcome(True, None, False, proof.reason, **measured(known, factor))
    shown = (*conditions(known), proof.assertion)
    return Outcome(True, True, False, what, assertions=shown, **measured(known, factor))


def _composition(known: DescentCase) -> Outcome:
    """Theorem 5, and the factor (1-ε)^(m-1) of the printed and of the uniform schedule."""
    constants, depth = known.known, known.depth
    if constants is None:
        extra = {"products": known.others(-1)}
        return _bound(known, lambda v: _pointwise(known, v)[: 2 * depth], ">=", 1, "as layers", _outer(known, extra))
    kept = 1 / (constants.inverse**2 * (1 + constants.smoothness * constants.radius))
    proofs = [
        known.prove(
            lambda v: known.criterion.slopes(v) - v["kept"] * known.criterion.weight(v), ">", {"kept": str(kept)}
        )
    ]
    numbers = {"B": str(constants.printed), "c": str(constants.uniform), "m": str(depth)}
    if constants.printed_bound(depth) >= 1:
        proofs.append(known.prove(lambda v: v["B"] * (2 * v["m"]).log() - (v["m"] - 1), ">=", numbers))
        printed = "the printed ε is not below 1"
    else:
        proofs.append(
            known.prove(
                lambda v: (
                    (-v["B"] * (2 * v["m"]).log()).exp()
                    - (1 - v["B"] * (2 * v["m"]).log() / (v["m"] - 1)) ** (depth - 1)
                ),
                ">",
                numbers,
            )
        )
        printed = "with the printed ε the factor is below (2m)^(-B)"
    uniform = ""
    if depth > constants.uniform:
        proofs.append(
            known.prove(
                lambda v: (1 - v["c"] / v["m"]) ** (depth - 1) - (-v["c"] * (v["m"] - 1) / (v["m"] - v["c"])).exp(),
                ">=" if constants.uniform == 1 else ">",
                numbers,
            )
        )
        uniform = ", with the uniform one it is above exp(-c(m-1)/(m-c))"
    if not all(p.proved for p in proofs):
        return Outcome(True, None, False, next(p.reason for p in proofs if not p.proved))
    found = Outcome(True, True, False, printed + uniform, assertions=(*conditions(known), *assertions_of(*proofs)))
    smallest, weight = float(known.criterion.slopes(known.floats).min()), float(known.criterion.weight(known.floats))
    near = 1 - constants.printed_bound(depth)
    values = {
        "printed_factor": max(near, 0.0) ** (depth - 1),
        "uniform_factor": max(float(1 - constants.uniform / depth), 0.0) ** (depth - 1),
        "kept_factor": float(kept),
        "exact_factor": smallest / weight,
    }
    return replace(found, measured=f"{-smallest:.6g}", bound=f"{-float(kept) * weight:.6g}", values=values)


def _outer(known: DescentCase, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {**extra, "outward": known.others(1)}


def _pointwise(known: DescentCase, v: Values) -> Any:
    """Slacks of the pointwise bound, of the one from the other side, and of its order to the doubled bound."""
    weight, slopes = known.criterion.weight(v), known.criterion.slopes(v)
    order = weight * known.criterion.induced(v) - known.criterion.square(v)
    return torch.cat([slopes - v["products"] * weight, v["outward"] * weight - slopes, order.reshape(1)])


def settle(known: DescentCase, seed: int, generator: Generator) -> dict[str, Outcome]:
    """What a case says of every statement, by name; ``generator`` draws the directions that are compared."""
    findings = {"printed": _printed(known), "index": index(known), "lipschitz": lipschitz(known)}
    if (undecided := far(known)) is not None:
        findings |= dict.fromkeys(("corrected", "doubled", "pointwise", "infimum", "composition"), undecided)
        if known.family == "factors":  # these are injective all the same
            findings |= {"infimum": infimum(known, seed, generator), "composition": _composition(known)}
    elif broken(known) is not None:
        findings |= dict.fromkeys(("corrected", "doubled", "pointwise", "infimum", "composition"), vacuous(known))
    else:
        layered = _outer(known, {"products": known.others(-1)})
        what = "both sides, and in order with the doubled bound, for every layer"
        findings |= {
            "corrected": _bound(
                known, lambda v: known.criterion.slopes(v) - quotient(known, v), ">", 1, "for every layer"
            ),
            "doubled": _bound(
                known, lambda v: known.criterion.slopes(v) - 2 * quotient(known, v), ">=", 2, "for every layer"
            ),
            "pointwise": _bound(known, lambda v: _pointwise(known, v), ">=", 2, what, layered),
            "infimum": infimum(known, seed, generator),
            "composition": _composition(known),
        }
    if findings["pointwise"].conclusion:
        findings["pointwise"] = replace(findings["pointwise"], values=_shown(known))
    return findings


def _shown(known: DescentCase) -> dict[str, Any]:
    """The bounds layer by layer, for the figure (as positive numbers)."""
    v = {**known.floats, "near": torch.tensor(float(known.near), dtype=torch.float64)}
    weight, printed = float(known.criterion.weight(v)), float(quotient(known, v))
    inward, outward = ([float(Fraction(x)) * weight for x in known.others(s)] for s in (-1, 1))
    return {
        "layer": list(range(1, known.depth + 1)),
        "exact": known.criterion.slopes(v).tolist(),
        "printed_bound": printed,
        "doubled_bound": 2 * printed,
        "uniform_pointwise": float(known.near) * weight,
        "inward": inward,
        "outward": outward,
    }
