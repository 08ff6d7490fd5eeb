r"""One set of data with one class of residual networks, and what is known of its Rademacher complexity beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from torch import Tensor

from rescert.landscape.rademacher import POWERS, growth, moment_bound, moment_factor


@dataclass(frozen=True)
class Case:
    """Data ``inputs`` (``n d``), $L$ blocks with norms at most $M$ = ``norm``, and $B^2$ = ``square``.

    ``signs`` (``k n``) are all sign vectors with first sign +1 if the case is ``complete``, else drawn ones.
    """

    inputs: Tensor
    depth: int
    norm: float
    square: Fraction
    signs: Tensor
    complete: bool

    @property
    def within(self) -> bool:
        r"""Whether $|x_i|\le B$ for all data, exactly."""
        rows = self.inputs.tolist()
        return max(sum(Fraction(entry) ** 2 for entry in row) for row in rows) <= self.square

    @property
    def growth(self) -> float:
        """$P=(1+M^2)^L$."""
        return growth(self.norm, self.depth)

    @property
    def printed(self) -> float:
        r"""The printed bound, $B(1+2M^2)^L/\sqrt n$."""
        return math.sqrt(self.square / len(self.inputs)) * growth(self.norm, self.depth, 2.0)

    def moment(self) -> tuple[int, float]:
        r"""$p$ and value of the least bound $\frac1n(E|T|^p)^{1/p}(1+c_pM^2)^L$ among `rademacher.POWERS`.

        Where the signs are not all there, $E|T|^p$ is replaced by its bound by $\sum_i|x_i|^2$, and $p\ge2$.
        """
        n, squares = len(self.inputs), float(self.inputs.square().sum())
        if not self.complete:
            known = {p: moment_bound(squares, n, self.norm, self.depth, p) for p in POWERS[1:]}
        else:
            lengths = (self.signs @ self.inputs).norm(dim=1) / n
            longest = float(lengths.max())
            moments = {p: longest * float((lengths / longest).pow(p).mean()) ** (1 / p) for p in POWERS}
            known = {p: m * growth(self.norm, self.depth, moment_factor(p)) for p, m in moments.items()}
        power = min(known, key=known.__getitem__)
        return power, known[power]

    def describe(self) -> dict[str, Any]:
        """The numbers of the case for a table; ``connected`` is $2^L$, ``drawn`` 0 where all signs are there."""
        n, d = self.inputs.shape
        return {
            "n": n,
            "d": d,
            "square": float(self.square),
            "limit": self.norm,
            "printed": self.printed,
            "connected": 2.0**self.depth,
            "drawn": 0 if self.complete else len(self.signs),
            "exact": False,
        }
