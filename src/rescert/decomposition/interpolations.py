r"""Paths $g_a$, $0\le a\le1$, of maps from $g_0=\mathrm{Id}$ to $g_1=h$; the factors are $g_{a}\circ g_{b}^{-1}$.

A path gives the map ``value(a, x)``, its Jacobian ``jacobian(a, x)``, and ``change(a, b, x)``, which is
$Dg_a(x)\,Dg_b(x)^{-1}-I$, the Jacobian of $g_a\circ g_b^{-1}-\mathrm{Id}$ at $y=g_b(x)$. Points have shape
``(..., d)``, matrices ``(..., d, d)``, and the parameters ``a``, ``b`` broadcast against points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np
import torch


class SmoothMap(Protocol):
    """A module of `rescert.decomposition.maps`: h with h(0) = 0 and Dh(0) = I on the ball of radius R.

    The constants are exact: rationals or decimals in strings, derived in the module's docstring. A module gives
    ``value``; what else it does not give is derived from that by `completed`. It may also be a `LineMap`.
    """

    DIMENSION: int
    RADIUS: str
    SMOOTHNESS: str
    INVERSE_LIPSCHITZ: str

    def value(self, x: torch.Tensor) -> torch.Tensor: ...
    def dilation(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor: ...
    def jacobian(self, x: torch.Tensor) -> torch.Tensor: ...
    def jacobian_change(self, a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor: ...


class LineMap(SmoothMap, Protocol):
    """A map whose factors are known from one number: its docstring derives that the Lipschitz constant of

    g_a∘g_b⁻¹ - Id on g_b(X) is the supremum of |line_change(a, b, t)| over low <= t <= high, ``LINE`` = (low, high).
    """

    LINE: tuple[str, str]

    def line_change(self, a: torch.Tensor, b: torch.Tensor, t: torch.Tensor) -> torch.Tensor: ...


def completed(h: Any) -> SmoothMap:
    """The map with what its module does not give: a Jacobian by automatic differentiation, and plain quotients.

    >>> given = SimpleNamespace(DIMENSION=1, value=torch.sinh, __doc__="sinh")
    >>> completed(given).jacobian(torch.zeros(2, 1)).flatten().tolist()
    [1.0, 1.0]
    """
    parts = {name: getattr(h, name) for name in dir(h) if not name.startswith("_")}
    if {"jacobian", "dilation", "jacobian_change"} <= parts.keys():
        return h

    def jacobian(x: torch.Tensor) -> torch.Tensor:
        flat = torch.func.vmap(torch.func.jacrev(h.value))(x.reshape(-1, h.DIMENSION))
        return flat.reshape(*x.shape, h.DIMENSION)

    slope = parts.setdefault("jacobian", jacobian)

    def dilation(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        divisor = torch.where(a == 0, torch.ones_like(a), a)
        return torch.where(a == 0, x, h.value(divisor * x) / divisor)

    def jacobian_change(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return slope(a * x) - slope(b * x)

    parts.setdefault("dilation", dilation)
    parts.setdefault("jacobian_change", jacobian_change)
    return SimpleNamespace(**parts, __doc__=h.__doc__)


class Path(Protocol):
    """The interface above."""

    @property
    def h(self) -> SmoothMap: ...

    def value(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor: ...
    def jacobian(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor: ...
    def change(self, a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor: ...


def right_quotient(matrix: torch.Tensor, divisor: torch.Tensor) -> torch.Tensor:
    """A C⁻¹ over the last two axes; a plain quotient in dimension one."""
    if divisor.shape[-1] == 1:
        return matrix / divisor
    return torch.linalg.solve(divisor, matrix, left=False)


@dataclass(frozen=True)
class Dilation:
    """g_a(x) = h(ax)/a, g_0 = Id: the path of Bartlett, Evans and Long, with Dg_a(x) = Dh(ax)."""

    h: SmoothMap

    def value(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return self.h.dilation(a, x)

    def jacobian(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return self.h.jacobian(a * x)

    def change(self, a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return right_quotient(self.h.jacobian_change(a, b, x), self.h.jacobian(b * x))


@cache
def _legendre(nodes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Nodes and weights of the Gauss rule on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return torch.from_numpy((points + 1) / 2), torch.from_numpy(weights / 2)


@dataclass(frozen=True)
class DerivativePower:
    """g_a(x) = ∫₀ˣ h'(t)ᵃ dt in dimension one: every factor has the derivative h'(v)^(1/m) at g_b(v).

    The integral is a Gauss rule, exact to rounding for an h' that is analytic near X.
    """

    h: SmoothMap
    nodes: int = 64

    def value(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        points, weights = _legendre(self.nodes)
        slopes = self.h.jacobian((x * points)[..., None])[..., 0, 0]
        return x * (slopes**a * weights).sum(-1, keepdim=True)

    def jacobian(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return self.h.jacobian(x) ** a[..., None]

    def change(self, a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return torch.expm1((a - b)[..., None] * torch.log(self.h.jacobian(x)))
