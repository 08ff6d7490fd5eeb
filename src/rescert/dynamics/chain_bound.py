"""Settle the bound of Nar and Sastry (2018), Proposition 2, on one scalar chain: shown, refuted or undecided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.dynamics.scalar_chain import Chain


class Bound(NamedTuple):
    """Whether |s_i w_i[k]-ℓ| <= ρ^k|1-ℓ| for all k up to the last: shown, refuted at one k, or undecided."""

    holds: bool | None
    reason: str
    assertions: tuple[dict[str, Any], ...]


def prove(
    chain: Chain, slack: Callable[[Mapping[str, Any]], Any], precision: int, stretch: str = "1", relation: str = ">"
) -> Proof:
    """Try to show ``slack`` > 0 in balls, a function of the chain's constants and of ``stretch`` (a factor of δ)."""
    program = trace(slack, {}, {**chain.constants, "stretch": stretch})
    return sign.prove(program, {}, relation, precision)


def settle(chain: Chain, steps: int, stretch: str = "1") -> Bound:
    """Follow the chain for ``steps`` iterations at the step ``stretch`` δ and compare it with the bound at each.

    A broken bound is looked for at the first few k only: elsewhere the answer stays undecided.
    """
    precision = chain.precision(steps, float(stretch))
    relation = ">=" if chain.unit else ">"
    proof = prove(chain, lambda v: chain.bound_slack(v, steps), precision, stretch, relation)
    if proof.assertion is not None:
        reason = "w[k] = 1: both sides are 0" if chain.unit else f"strict for {chain.first_strict} <= k <= {steps}"
        return Bound(True, reason, (proof.assertion,))
    for k in range(1, min(4, steps) + 1):
        for direction in (1, -1):
            broken = prove(chain, partial(chain.excess, k=k, direction=direction), precision, stretch)
            if broken.assertion is not None:
                return Bound(False, f"the bound is broken at k = {k}", (broken.assertion,))
    return Bound(None, proof.reason, ())
