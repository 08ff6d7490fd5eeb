"""Values of a function on a box, of r and s, of the least eigenvalue of its Hessian and of quotients, on grids."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import torch

from rescert.decomposition.curvature import Bracket, hessians
from rescert.decomposition.gradient_conditions import QUOTIENTS, inverse_quotients, smoothness_quotients
from rescert.decomposition.smooth_functions import SmoothFunction

GRID = 61  # points an axis


def grid_values(f: SmoothFunction, sides: Sequence[Fraction], least: Bracket) -> dict[str, Any]:
    """Curves, quotients and a map of the least eigenvalue, as they are drawn, in floats."""
    values: dict[str, Any] = {"inputs": f.dimension, "lambda_low": least.low, "lambda_high": least.high}
    axes = [torch.linspace(0, float(side), GRID, dtype=torch.float64) for side in sides]
    if f.dimension == 1:
        x, alpha = axes[0], max(0.0, -(least.low + least.high) / 2)
        values |= {"grid": x.tolist(), "curve": f.value(x[None]).tolist()}
        for name, factor in (("half", 0.5), ("more", 1.5)):
            values |= {f"{name}_r": (f.value(x[None]) + factor * alpha * x * x / 2).tolist()}
            values |= {f"{name}_s": (factor * alpha * x * x / 2).tolist()}
    elif f.dimension == 2:
        points = torch.cartesian_prod(*axes)
        eigenvalues = torch.linalg.eigvalsh(hessians(f, points))[:, 0]
        values |= {"map": eigenvalues.tolist(), "least_point": least.point, "ends": [float(side) for side in sides]}
    if least.high >= 0:
        distances = [float(sides[-1]) * 2.0**-k for k in range(QUOTIENTS)]
        values |= {"distances": distances, "inverse": inverse_quotients(f, distances)}
        values |= {"smoothness": smoothness_quotients(f, distances)}
    return values
