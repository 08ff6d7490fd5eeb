r"""How long gradient descent stays near the zero point of one tanh layer, $h(x)=x+A\tanh(Bx)$, in batches of starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rescert.landscape.tanh_problem import TanhProblem

if TYPE_CHECKING:
    import torch


def steps_to_leave(
    problem: TanhProblem, weights: np.ndarray, starts: np.ndarray, step: float, radius: float, limit: int
) -> np.ndarray:
    r"""Steps of gradient descent until $|\theta|\ge$ ``radius``, for starts (b, 2dk); ``limit`` where it is not left.

    The first half of a start is $A$, the second $B$.
    """
    if problem.depth != 1:
        raise ValueError(f"expected one layer, got {problem.depth}")
    _, dimension, width = problem.outer.shape
    half = dimension * width
    outer = starts[:, :half].reshape(-1, dimension, width).copy()
    inner = starts[:, half:].reshape(-1, width, dimension).copy()
    points = problem.points
    gaps = np.tanh(points @ problem.inner[0].T) @ problem.outer[0].T
    left = np.full(len(starts), limit)
    alive = np.arange(len(starts))
    for count in range(limit):
        size = np.sqrt((outer**2).sum((1, 2)) + (inner**2).sum((1, 2)))
        gone = size >= radius
        if gone.any():
            left[alive[gone]] = count
            alive, outer, inner = alive[~gone], outer[~gone], inner[~gone]
            if not len(alive):
                break
        units = np.tanh(points @ inner.transpose(0, 2, 1))
        residual = (units @ outer.transpose(0, 2, 1) - gaps) * weights[:, None]
        inside = (residual @ outer) * (1 - units * units)
        outer, inner = (
            outer - step * residual.transpose(0, 2, 1) @ units,
            inner - step * inside.transpose(0, 2, 1) @ points,
        )
    return left


def draw(problem: TanhProblem, many: int, generator: torch.Generator) -> np.ndarray:
    """Random unit vectors of parameters, (many, 2dk)."""
    import torch

    size = 2 * problem.outer[0].size
    normal = torch.randn(many, size, generator=generator, dtype=torch.float64).numpy()
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


@dataclass(frozen=True)
class Runs:
    r"""``quartiles`` of the steps (3, sizes); exponents of $1/\delta$ of the starts that left from all sizes."""

    quartiles: list[list[float]]
    slopes: np.ndarray

    @property
    def mean(self) -> float:
        return float(self.slopes.mean()) if len(self.slopes) else 0.0


def exponents(
    problem: TanhProblem,
    weights: np.ndarray,
    sizes: np.ndarray,
    units: np.ndarray,
    step: float,
    radius: float,
    limit: int,
) -> Runs:
    """Runs from starts ``size * units`` of each size, and a line through the logarithms of each start's steps."""
    runs = [steps_to_leave(problem, weights, size * units, step, radius, limit) for size in sizes]
    steps = np.stack(runs)
    left = ((steps < limit) & (steps > 0)).all(axis=0)
    slopes = np.polyfit(-np.log(sizes), np.log(steps[:, left]), 1)[0] if left.any() else np.empty(0)
    return Runs(np.quantile(steps, [0.25, 0.5, 0.75], axis=1).tolist(), slopes)
