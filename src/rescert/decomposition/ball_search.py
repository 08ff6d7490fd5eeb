"""Where functions on a ball are largest: lower estimates of suprema, the same from run to run."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

RADII = {2: 33, 3: 6}  # circles or spheres of the grid, by dimension
ANGLES = 96
DIRECTIONS = 192  # quasi-random ones, in three dimensions and more
SHELLS = 2
ROUNDS, SHRINK = 60, 0.75  # of the pattern search: 0.75^60 of a cell is 3e-8 of it


def ball_points(dimension: int, radius: float) -> torch.Tensor:
    """Points of the ball, its boundary included, shape (n, d): a polar grid in the plane, else shells of directions."""
    if dimension == 2:
        angles = torch.arange(ANGLES, dtype=torch.float64) * (2 * math.pi / ANGLES)
        directions = torch.stack([angles.cos(), angles.sin()], -1)
    else:
        # The first two points of a Sobol sequence, 0 and the middle of the cube, give no direction.
        uniform = torch.quasirandom.SobolEngine(dimension).draw(DIRECTIONS + 2, dtype=torch.float64)[2:]
        normal = torch.special.ndtri(uniform)
        directions = torch.cat([normal / normal.norm(dim=-1, keepdim=True), torch.eye(dimension, dtype=torch.float64)])
    shells = RADII.get(dimension, SHELLS)
    radii = torch.linspace(0, radius, shells + 1, dtype=torch.float64)[1:]
    return torch.cat([torch.zeros(1, dimension, dtype=torch.float64), *(r * directions for r in radii)])


def maximise(
    function: Callable[[torch.Tensor], torch.Tensor], points: torch.Tensor, radius: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where (k, d) and how large (k,): maxima over the ball of k functions at once.

    ``function`` maps points (k or 1, n, d) to values (k, n). The best point of the grid is improved by a pattern
    search: steps along the axes, both ways, projected to the ball, and shrunk.
    """
    values = function(points[None])
    largest, index = values.max(dim=1)
    at, dimension = points[index], points.shape[1]
    steps = torch.cat([torch.eye(dimension, dtype=torch.float64), -torch.eye(dimension, dtype=torch.float64)])
    scale = radius / RADII.get(dimension, SHELLS)
    for _ in range(ROUNDS):
        trial = at[:, None] + scale * steps
        trial = trial * (radius / trial.norm(dim=-1, keepdim=True).clamp_min(radius))
        found, chosen = function(trial).max(dim=1)
        better = found > largest
        at = torch.where(better[:, None], trial[torch.arange(len(at)), chosen], at)
        largest = torch.maximum(found, largest)
        scale *= SHRINK
    return at, largest
