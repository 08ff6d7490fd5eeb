"""What is shown of one run of gradient descent on a matrix chain from the identity, with the assertions.

Each property is an inequality, or a conclusion, of the claim on Nar and Sastry 2018, Theorem 2; empty assertions, or
None, say that it is not shown.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

from rescert.certify.sign import constant
from rescert.dynamics.chain_curvature import excess
from rescert.dynamics.chain_limit import Limit, lower_norm, upper_norm
from rescert.dynamics.chain_target import Assertions


class Convergence:
    """One run, followed for a number of steps."""

    def __init__(self, limit: Limit) -> None:
        self.limit, self.target, self.step = limit, limit.target, limit.step

    @cached_property
    def spectrum(self) -> Assertions:
        """That R is diagonalisable with positive eigenvalues, which are in the box of `Limit`."""
        shown = self.target.spectrum()
        return (*shown, constant(self.target.intervals[0][0], ">")) if shown else ()

    @cached_property
    def symmetry(self) -> Assertions:
        return self.target.symmetry() if self.target.symmetric else self.target.asymmetry()

    @cached_property
    def within(self) -> tuple[bool | None, Assertions]:
        """Whether δ is at most the printed step, with the assertions (those on R among them)."""
        depth, low, high = self.limit.depth, *self.target.radius
        product = self.step * depth
        slacks = (1 - product, 1 - max(product, Fraction(0)) ** depth * high ** (2 * depth - 2))
        if min(slacks) >= 0 and self.spectrum:
            return True, (*self.spectrum, *(constant(slack, ">=") for slack in slacks))
        if slacks[0] < 0:
            return False, (constant(slacks[0], "<"),)
        low, shown = self.target.radius_below()
        slack = 1 - product**depth * low ** (2 * depth - 2)
        return (
            (False, (*self.spectrum, *shown, constant(slack, "<")))
            if slack < 0 and shown and self.spectrum
            else (None, ())
        )

    @cached_property
    def contracts(self) -> tuple[bool | None, Assertions]:
        """Whether δ is at most the critical step of every eigenvalue; within the printed step it is."""
        if self.within[0]:
            return self.within
        proof = self.limit.prove(self.limit.contraction_slack)
        if proof.assertion is not None:
            return True, (proof.assertion,)
        # The largest eigenvalue has the smallest critical step.
        against = self.limit.prove(lambda v: self.limit.contraction_slack(v)[-1:], relation="<")
        return (False, (against.assertion,)) if against.assertion is not None else (None, ())

    @cached_property
    def bounded(self) -> tuple[bool, Assertions]:
        """Whether all weights obey the bound up to the last step (symmetric R)."""
        if not self.limit.moving:
            shown = self.limit.prove(self.limit.start_slack, relation="<=").assertion
        else:
            shown = self.limit.prove(self.limit.bound_slack).assertion
        return shown is not None, () if shown is None else (shown,)

    @cached_property
    def trapped(self) -> tuple[Assertions, float, str]:
        """That the run converges to a factorisation other than by R^(1/L)."""
        proof, radius = self.limit.trap()
        if proof is None:
            return (), radius, "the run is not near a factorisation that could hold it"
        return (() if proof.assertion is None else (proof.assertion,)), radius, proof.reason

    @cached_property
    def excluded(self) -> tuple[bool | None, Assertions]:
        """Whether R^(1/L) is shown to be no limit by the imbalance of the layers; False where it is not covered."""
        slack = self.limit.converse_slack
        constants, above = upper_norm(self.target)
        proof = self.limit.prove(slack, constants)
        imbalance = self.limit.prove(self.limit.imbalance_slack) if proof.proved else proof
        if above and proof.assertion is not None and imbalance.assertion is not None:
            return True, (*above, proof.assertion, imbalance.assertion)
        constants, below = lower_norm(self.target)
        for i in range(2) if below else ():
            against = self.limit.prove(partial(_entry, slack, i), constants, "<")
            if against.assertion is not None:
                return False, (*below, against.assertion)
        return None, ()

    @cached_property
    def escaped(self) -> tuple[Assertions, str]:
        """That the run diverges to infinity."""
        constants, above = upper_norm(self.target)
        proof, k = self.limit.escape(constants)
        if not above or proof is None or proof.assertion is None:
            return (), "the run is not seen to diverge"
        return (*above, proof.assertion), f"the run diverges: the product of the layers escapes from k = {k} on"

    @cached_property
    def unstable(self) -> tuple[Assertions, str]:
        """That the step exceeds the threshold with the spectral norm: by Theorem 1 no factorisation is stable."""
        square = self.target.norm_squares[0]
        value = excess(max(self.step, Fraction(0)), self.limit.depth, square)
        norm = f"‖R‖₂ = {float(square) ** 0.5:.4g}"
        if value <= 0:
            return (), f"{norm}: a factorisation may be stable"
        below = self.target.norm_below()
        return (*below, constant(value, ">")) if below else (), f"{norm}: the step exceeds δ_s"

    @cached_property
    def never_arrives(self) -> tuple[Assertions, str]:
        """That a step that is not positive does not lead to R^(1/L): it is none or leads away (eigenvalues below 1)."""
        if self.step == 0:
            proof = self.limit.prove(self.limit.start_slack)
            start = () if proof.assertion is None else (proof.assertion,)
            return start, "δ = 0 is 'less than' the bound, and W_i[k] = I for all k"
        if self.target.symmetric and self.target.radius[1] < 1:
            proof = self.limit.prove(self.limit.distance_slack)
            shown = () if proof.assertion is None else (*self.symmetry, proof.assertion)
            return shown, "δ < 0: no eigenvalue ever comes closer to its limit"
        return (), "δ < 0, and nothing is shown beyond the first steps"


def _entry(slack: Callable[[Any], Any], place: int, values: Any) -> Any:
    return slack(values)[place : place + 1]
