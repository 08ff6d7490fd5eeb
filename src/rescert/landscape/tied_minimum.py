r"""A local minimum of one scalar residual network with a datum on a kink (Nar & Sastry 2018, Section 4).

The risk has no gradient in the bias there: its left and right derivatives differ in sign. All numbers are integers or
binary fractions, so that balls show identities; an attempt returns the assertions that prove it, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescert.networks.scalar_instances import Assertions, shown, together
from rescert.networks.scalar_pairs import network

Values = Mapping[str, Any]

DATA = {"x": np.array([1.0, 2.0, 3.0, 4.0]), "y": np.array([3.0, 0.0, 6.0, 5.0])}
SHIFTS = np.array([1 / 4, 1 / 8, 1 / 16])


@dataclass(frozen=True)
class TiedMinimum:
    r"""The network $x+[x-2]_+$ of L layers, $c=1$, and four data with errors (-2, 2, -2, 1); the second is at the kink.

    The first layer has $w=1$, $b=2$; the others are idle, with $b=8$ beyond all hidden values.
    """

    depth: int

    def _constants(self) -> dict[str, Any]:
        rest = self.depth - 1
        return {**DATA, "w": np.array([1.0] + [0.0] * rest), "b": np.array([2.0] + [8.0] * rest)}

    def minimal(self) -> Assertions:
        r"""The errors are orthogonal to $x$ and $[x-2]_+$; their sums over x > 2 and x >= 2 are -1 and 1."""
        import torch

        def errors(v: Values) -> Any:
            return network(v["w"], v["b"], 1, v["x"]) - v["y"]

        def orthogonal(v: Values) -> Any:
            return torch.stack([(errors(v) * v["x"]).sum(), (errors(v) * torch.relu(v["x"] - 2)).sum()])

        def sides(v: Values) -> Any:
            return torch.stack([-errors(v)[2:].sum(), errors(v)[1:].sum()])

        constants = self._constants()
        return together(shown(orthogonal, constants, "="), shown(sides, constants, ">"))

    def one_sided(self) -> Assertions:
        r"""$R(b_1+t)-R(b_1)=t+t^2$ and $R(b_1-t)-R(b_1)=t+\frac32t^2$ at three t.

        For 0 <= t < 1 both are polynomials of degree two in t that are 0 at 0, so two t > 0 determine them.
        """
        import torch

        def rises(v: Values) -> Any:
            def risk(b: Any) -> Any:
                return ((network(v["w"], b, 1, v["x"]) - v["y"]) ** 2).sum() * 0.5

            right = [risk(v["b"] + v["first"] * t) - risk(v["b"]) - t - t * t for t in SHIFTS.tolist()]
            left = [risk(v["b"] - v["first"] * t) - risk(v["b"]) - t - 1.5 * t * t for t in SHIFTS.tolist()]
            return torch.stack(right + left)

        first = np.array([1.0] + [0.0] * (self.depth - 1))
        return shown(rises, {**self._constants(), "first": first}, "=")
