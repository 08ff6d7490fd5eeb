r"""The constants of a smooth map on a ball and the bounds on near-identity factors that follow from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from rescert.decomposition.interpolations import SmoothMap


@dataclass(frozen=True)
class Constants:
    """Exact R, α and M: X is the ball of radius R, Dh is α-Lipschitz on X, the inverse of h is M-Lipschitz on h(X)."""

    radius: Fraction
    smoothness: Fraction
    inverse: Fraction

    def __post_init__(self) -> None:
        if min(self.radius, self.smoothness, self.inverse) <= 0:
            raise ValueError(f"expected positive constants, got {self}")

    @property
    def printed(self) -> Fraction:
        """B = max{αM(R+M), M(L+1+2Rα) + αR²} with L = 1+αR (Bartlett, Evans and Long 2018, proof of Theorem 2)."""
        alpha, inverse, radius = self.smoothness, self.inverse, self.radius
        return max(
            alpha * inverse * (radius + inverse),
            inverse * (2 + alpha * radius + 2 * radius * alpha) + alpha * radius**2,
        )

    @property
    def uniform(self) -> Fraction:
        """αRM: a factor from g_b to g_a is within αRM(a-b) of the identity."""
        return self.smoothness * self.radius * self.inverse

    def printed_bound(self, depth: int) -> float:
        """B ln(2m)/(m-1)."""
        return float(self.printed) * math.log(2 * depth) / (depth - 1)

    def uniform_bound(self, depth: int) -> float:
        """αRM/m."""
        return float(self.uniform) / depth

    def near_identity_from(self) -> int:
        """The least m >= 2 with B ln(2m)/(m-1) < 1; the bound falls with m, so it is below 1 from there on."""
        depth = 2
        while self.printed_bound(depth) >= 1:
            depth += 1
        return depth


def constants(h: SmoothMap, inverse: str | None = None) -> Constants:
    """The constants that a map carries; ``inverse`` puts another M in place of its own."""
    return Constants(Fraction(h.RADIUS), Fraction(h.SMOOTHNESS), Fraction(inverse or h.INVERSE_LIPSCHITZ))
