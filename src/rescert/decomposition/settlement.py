"""What is known of one statement at one instance: exactly, with the assertions that show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Assertions = tuple[dict[str, Any], ...]


class Settlement(NamedTuple):
    """Three-valued hypotheses and conclusion, and why; ``assertions`` as in `rescert.certify.check`.

    In the order of `rescert.claim.Finding`, without its evidence.
    """

    hypotheses: bool | None
    conclusion: bool | None
    reason: str
    measured: str | None = None
    bound: str | None = None
    assertions: Assertions = ()
    values: Mapping[str, Any] = {}


def vacuous(reason: str, assertions: Assertions) -> Settlement:
    """A hypothesis is not met, as the assertions show."""
    return Settlement(False, None, reason, assertions=assertions)


def undecided(reason: str) -> Settlement:
    return Settlement(True, None, reason)
