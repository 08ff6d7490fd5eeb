"""On which side of its two thresholds the step of a matrix chain is, settled in rational arithmetic.

They are 2/(L r^(2(L-1)/L)), with the spectral radius or the spectral norm of R for r: see the claim on Nar and Sastry
2018, Theorem 1.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from rescert.certify.sign import constant
from rescert.dynamics.chain_curvature import excess, factorisations, unstable
from rescert.dynamics.chain_decoupling import Descent
from rescert.dynamics.chain_target import Assertions


class Thresholds:
    """The thresholds of one run of gradient descent, and the factorisations of its R that are looked at."""

    def __init__(self, descent: Descent) -> None:
        self.target, self.step, self.depth = descent.target, descent.step, descent.depth

    @cached_property
    def spectrum(self) -> Assertions:
        return self.target.spectrum()

    @cached_property
    def above_radius(self) -> tuple[bool | None, Assertions]:
        """Whether δ exceeds the printed threshold, with the assertions (the hypotheses on R among them)."""
        bound, shown = self.target.radius_below()
        value = excess(self.step, self.depth, bound**2)
        if value > 0 and shown and self.spectrum:
            return True, (*self.spectrum, *shown, constant(value, ">"))
        value = excess(self.step, self.depth, self.target.radius[1] ** 2)
        return (False, (*self.spectrum, constant(value, "<="))) if value <= 0 and self.spectrum else (None, ())

    @cached_property
    def above_norm(self) -> tuple[bool | None, Assertions]:
        """Whether δ exceeds the threshold with the spectral norm, False if it is below, with the assertions."""
        low, high = self.target.norm_squares
        if (value := excess(self.step, self.depth, low)) > 0:
            shown = self.target.norm_below()
            return (True, (*shown, constant(value, ">"))) if shown else (None, ())
        if (value := excess(self.step, self.depth, high)) < 0:
            shown = self.target.norm_above()
            return (False, (*shown, constant(value, "<"))) if shown else (None, ())
        return None, ()

    @cached_property
    def factors(self) -> dict[str, Any]:
        return factorisations(self.target, self.depth)

    @cached_property
    def instability(self) -> tuple[bool | None, Assertions, str]:
        """Whether all sampled factorisations are unstable."""
        shown = [unstable(self.target, self.step, weights) for weights in self.factors.values()]
        if not all(shown):
            return None, (), "negative curvature is not shown at every sampled factorisation"
        return (
            True,
            tuple(a for part in shown for a in part),
            f"2I - δH has negative curvature at {len(shown)} of {len(shown)} sampled factorisations",
        )
