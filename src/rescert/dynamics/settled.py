"""What one setting says of a statement "hypotheses imply conclusion", with the assertions that prove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rescert.certify import sign
from rescert.certify.problem import Constant, trace
from rescert.certify.proof import Proof

Assertions = tuple[dict[str, Any], ...]


class Settled(NamedTuple):
    """Both parts are three-valued, None where nothing is shown; ``exact``: without rounding, else enclosed in balls."""

    hypotheses: bool | None
    conclusion: bool | None
    reason: str
    assertions: Assertions = ()
    exact: bool = False
    measured: str | None = None
    bound: str | None = None


def vacuous(reason: str, *assertions: dict[str, Any]) -> Settled:
    """A hypothesis fails, exactly."""
    return Settled(False, None, reason, assertions, exact=True)


def prove(
    constants: Mapping[str, Constant], slack: Callable[[Mapping[str, Any]], Any], precision: int, relation: str = ">"
) -> Proof:
    """Try to show ``slack``, a function of constants, to have ``relation`` to 0 in balls."""
    return sign.prove(trace(slack, {}, constants), {}, relation, precision)


def shown(proofs: list[Proof], reason: str, *others: dict[str, Any]) -> Settled:
    """Holds if all proofs are there, else undecided with what is missing."""
    missing = [p.reason for p in proofs if p.assertion is None]
    if missing:
        return Settled(True, None, "; ".join(missing))
    return Settled(True, True, reason, (*(p.assertion for p in proofs if p.assertion is not None), *others))


def refuted(settled: Settled) -> Settled:
    """The opposite conclusion of what was shown."""
    return settled._replace(conclusion=False if settled.conclusion else None)
