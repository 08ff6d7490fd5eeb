r"""One factor $h_i=g_a\circ g_b^{-1}$, $g_a(x)=h(ax)/a$, $a=i/m$, $b=(i-1)/m$, through v in X: no inverse is needed.

Points of X, the ball of radius R, have shape (…, d), d = 1 or 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from rescert.decomposition.interpolations import Dilation, SmoothMap

ROUNDS = 24  # of the pattern search that refines a largest value
SHRINK = 0.6


@dataclass(frozen=True)
class DilatedFactor:
    """The factor number ``index`` of ``depth``, from 1."""

    h: SmoothMap
    index: int
    depth: int

    @property
    def ends(self) -> tuple[Tensor, Tensor]:
        """b and a, (1,)."""
        before, after = (torch.tensor([i / self.depth], dtype=torch.float64) for i in (self.index - 1, self.index))
        return before, after

    def point(self, v: Tensor) -> Tensor:
        """y = g_b(v)."""
        return v if self.index == 1 else self.h.dilation(self.ends[0], v)

    def increment(self, v: Tensor) -> Tensor:
        """(h_i - Id)(y)."""
        return self.h.dilation(self.ends[1], v) - self.point(v)

    def jacobian(self, v: Tensor) -> Tensor:
        """The Jacobian of h_i - Id at y, (…, d, d)."""
        before, after = self.ends
        return Dilation(self.h).change(after, before, v)

    def jacobian_of_point(self, v: Tensor) -> Tensor:
        """Dg_b(v)."""
        return self.h.jacobian(self.ends[0] * v)


def radius(h: SmoothMap) -> float:
    return float(Fraction(h.RADIUS))


def spread(h: SmoothMap, count: int, turn: float = 0.0) -> Tensor:
    """Evenly spread points of X and its boundary, (count, d): on a line, or on a sunflower and the circle.

    ``turn`` moves the inner points: a part of the spacing, or an angle.
    """
    if h.DIMENSION not in (1, 2):
        raise ValueError(f"expected a map of dimension 1 or 2, got dimension {h.DIMENSION}")
    if h.DIMENSION == 1:
        inner = 2 * (torch.arange(count - 2, dtype=torch.float64) + 0.5 + turn) / (count - 2) - 1
        return radius(h) * torch.cat([inner.new_tensor([-1.0]), inner, inner.new_tensor([1.0])])[:, None]
    ring = max(count // 10, 4)
    inner = torch.arange(count - ring, dtype=torch.float64)
    outer = torch.arange(ring, dtype=torch.float64)
    angles = turn + torch.cat([torch.pi * (3 - 5**0.5) * inner, 2 * torch.pi / ring * outer])
    radii = torch.cat([torch.sqrt((inner + 0.5) / (count - ring)), torch.ones_like(outer)])
    return radius(h) * radii[:, None] * torch.stack([torch.cos(angles), torch.sin(angles)], -1)


def norms(matrices: Tensor) -> Tensor:
    """Spectral norms of matrices of size 1 or 2, in closed form.

    >>> norms(torch.tensor([[3.0, 0.0], [0.0, -4.0]])).item()
    4.0
    """
    if matrices.shape[-1] == 1:
        return matrices[..., 0, 0].abs()
    a, b, c, d = matrices.flatten(-2).unbind(-1)
    return (torch.hypot(a + d, c - b) + torch.hypot(a - d, b + c)) / 2


def largest(values: Callable[[Tensor], Tensor], h: SmoothMap, points: Tensor) -> tuple[Tensor, Tensor]:
    """Where in X, (…, d), and how large, (…,), a function (…, n, d) to (…, n) is at most: an estimate from below.

    The best of the points (n, d) is refined by a pattern search.
    """
    best, at = values(points).max(-1)
    where = points[at][..., None, :]
    size, limit = h.DIMENSION, radius(h)
    one = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    pattern = torch.cartesian_prod(*[one] * size).reshape(-1, size)
    step = 2 * limit / len(points) ** (1 / size)
    for _ in range(ROUNDS):
        trial = where + step * pattern
        trial = trial * (limit / trial.norm(dim=-1, keepdim=True).clamp(min=limit))
        found, at = values(trial).max(-1)
        chosen = trial.gather(-2, at[..., None, None].expand(*at.shape, 1, size))
        where = torch.where((found > best)[..., None, None], chosen, where)
        best = torch.maximum(best, found)
        step *= SHRINK
    return where[..., 0, :], best
