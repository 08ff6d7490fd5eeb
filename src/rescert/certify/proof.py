"""What an attempt at a proof returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Proof:
    """``proved`` is True, or None: not shown (which refutes nothing).

    ``assertion`` is the certificate entry, for the checker to derive again; None where nothing was proved.
    ``lower`` and ``upper`` are floats that enclose the deciding quantity (infinite where it has no bound).
    """

    proved: Literal[True] | None
    assertion: dict[str, Any] | None = field(repr=False)
    reason: str
    lower: float = float("-inf")
    upper: float = float("inf")
