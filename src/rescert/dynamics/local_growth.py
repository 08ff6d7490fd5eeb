"""Bisection of a critical step on the local growth of the error, never on what a run ends with.

A run is started beside an equilibrium and followed for a few iterations. Whether its error has grown is decided
in balls, so the answer is three-valued, and the two ends of the bracket come with proofs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from rescert.certify.proof import Proof

# A prime over a power of two: no end of a bracket is then a critical step that is a simple fraction.
OFF_CENTRE = Fraction(65537, 65536)
BITS = 30
DOUBLINGS = 200


@dataclass(frozen=True)
class Bracket:
    """The error shrinks at the step ``low`` and grows at ``high``, both with a proof."""

    low: Fraction
    high: Fraction
    shrinks: Proof
    grows: Proof
    evaluations: int

    @property
    def width(self) -> Fraction:
        """The relative width, (high - low)/low."""
        return self.high / self.low - 1


Growth = Callable[[Fraction], tuple[bool | None, Proof]]


def bisect(growth: Growth, near: float, bits: int = BITS) -> Bracket | str:
    """A bracket of relative width at most 2^-``bits`` between a step that shrinks the error and one that grows it.

    ``growth`` decides one step: True for growth, False for contraction, each with its proof, or None. ``near`` > 0
    only says where to look first. Returns a sentence where a step was not decided or no change was found.

    >>> from rescert.certify.sign import decide
    >>> from rescert.certify.problem import trace
    >>> def growth(step):  # |1 - 3 step| against 1
    ...     return decide(trace(lambda v: v["step"] * 3 - 2, {}, {"step": str(step)}), {}, ">")
    >>> found = bisect(growth, 10.0)
    >>> found.low < Fraction(2, 3) < found.high, found.width <= Fraction(1, 2**30)
    (True, True)
    """
    if not near > 0:
        raise ValueError(f"expected a step > 0 to look near, got {near}")
    proofs: dict[bool, tuple[Fraction, Proof]] = {}
    step = OFF_CENTRE * Fraction(2) ** math.frexp(near)[1]
    for count in range(1, DOUBLINGS + bits):
        grown, proof = growth(step)
        if grown is None:
            return f"the growth at the step {float(step):.12g} is not decided: {proof.reason}"
        proofs[grown] = step, proof
        if len(proofs) < 2:
            step = step / 2 if grown else step * 2
            continue
        (low, shrinks), (high, grows) = proofs[False], proofs[True]
        if high - low <= low / 2**bits:
            return Bracket(low, high, shrinks, grows, count)
        step = (low + high) / 2
    return f"no change of growth was found near the step {near:.12g}"
