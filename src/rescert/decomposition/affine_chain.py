r"""The whole chain of near-identity maps for a map with $h(0)\ne0$ and $Dh(0)\ne I$.

$h(x)=T\,\tilde h(x-x_0)+b$ with a normalised map $\tilde h$ of `rescert.decomposition.maps`: $n$ nonlinear factors of
$\tilde h$, the first with a translation before it, then $k$ matrix factors of $T$, the last with a translation after
it. Without a map, $\tilde h=\mathrm{Id}$.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
import torch

from rescert.decomposition import schedules
from rescert.decomposition.constants import constants
from rescert.decomposition.factors import load_map
from rescert.decomposition.interpolations import Dilation, SmoothMap
from rescert.decomposition.inversion import invert
from rescert.decomposition.matrix_factors import MatrixFactorisation, factor_matrix


@dataclass(frozen=True)
class Chain:
    """h(x) = T h~(x - x0) + b, of linear ``factors`` of T and ``nonlinear`` many of h~."""

    factors: MatrixFactorisation
    nonlinear: int
    start: torch.Tensor
    shift: torch.Tensor
    normalised: SmoothMap | None

    @property
    def matrix(self) -> torch.Tensor:
        return torch.from_numpy(self.factors.matrix)

    @property
    def parameters(self) -> np.ndarray:
        """The uniform schedule."""
        return schedules.uniform(self.nonlinear) if self.nonlinear > 1 else np.ones(1)

    def value(self, x: torch.Tensor) -> torch.Tensor:
        """h itself, shape (n, d)."""
        moved = x - self.start
        inner = moved if self.normalised is None else self.normalised.value(moved)
        return inner @ self.matrix.T + self.shift

    def composed(self, x: torch.Tensor) -> torch.Tensor:
        """All layers, one after the other: each nonlinear factor inverts g_(i-1) at its input."""
        x = x - self.start
        if self.normalised is not None:
            path, before = Dilation(self.normalised), torch.zeros(1, dtype=torch.float64)
            for parameter in self.parameters:
                after, back = torch.tensor([parameter], dtype=torch.float64), x
                if bool(before > 0):
                    back = invert(partial(path.value, before), partial(path.jacobian, before), x, x)
                x, before = path.value(after, back), after
        for change in torch.from_numpy(self.factors.changes).flip(0):
            x = x + x @ change.T
        return x + self.shift

    def error(self, x: torch.Tensor) -> float:
        """The largest |composed - h|, over the largest |h|."""
        expected = self.value(x)
        return float((self.composed(x) - expected).norm(dim=1).max() / expected.norm(dim=1).max())

    def nonlinear_distances(self, x: torch.Tensor) -> list[float]:
        """For each nonlinear factor the largest norm of its derivative minus I at the points: from below."""
        if self.normalised is None:
            return []
        ends = torch.tensor([0.0, *self.parameters], dtype=torch.float64)[:, None, None]
        change = Dilation(self.normalised).change(ends[1:], ends[:-1], (x - self.start)[None])
        return torch.linalg.matrix_norm(change, ord=2).amax(dim=1).tolist()

    @property
    def nonlinear_bound(self) -> float:
        """αRM/n of the normalised map."""
        return 0.0 if self.normalised is None else float(constants(self.normalised).uniform) / self.nonlinear


def chain(matrix: np.ndarray, depth: int, name: str | None) -> Chain:
    """The chain of ``depth`` >= 2 maps, half of them linear, with x0 = (1/2, -1/4, 1/8, …) and b = (1/4, …)."""
    if depth < 2:
        raise ValueError(f"expected a depth of at least 2, got {depth}")
    factors, size = factor_matrix(matrix, depth // 2), len(matrix)
    normalised = None if name is None else load_map(name)
    if normalised is not None and size != normalised.DIMENSION:
        raise ValueError(f"expected a matrix of {normalised.DIMENSION} rows for the map '{name}', got {size}")
    start = torch.tensor([(-1.0) ** i * 0.5 ** (i + 1) for i in range(size)], dtype=torch.float64)
    return Chain(factors, depth - depth // 2, start, torch.full((size,), 0.25, dtype=torch.float64), normalised)


def points(case: Chain, count: int, generator: torch.Generator) -> torch.Tensor:
    """Random points of the ball around x0 on which the normalised map lives, half of them on its boundary."""
    radius = 1.0 if case.normalised is None else float(Fraction(case.normalised.RADIUS))
    size = len(case.start)
    directions = torch.randn(count, size, generator=generator, dtype=torch.float64)
    lengths = torch.rand(count, 1, generator=generator, dtype=torch.float64) ** (1 / size)
    lengths[::2] = 1.0
    return case.start + radius * lengths * directions / directions.norm(dim=1, keepdim=True)
