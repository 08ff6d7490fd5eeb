r"""Search for critical points of the empirical risk, all starts of an origin in one batch.

What is found are candidates: nothing here is proved, and a claim must not trust the columns ``gradient_norm`` or
``smallest_eigenvalue`` for more than a first look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rescert.landscape import constructed, descent, designed, embedding
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import parameter_shapes

ORIGINS: dict[str, Callable[[Landscape, Tensor, Tensor, int], tuple[Tensor, Tensor]]] = {
    "descent": descent.find,
    "embedding": embedding.find,
    "constructed": constructed.find,
    "designed": designed.find,
}
GRID = 256  # inputs and shared labels are multiples of 1/256, so that their exact values are short
SPREAD = 0.5  # standard deviation of the random starts
NEAR = 1e-9  # gradient norm below which a start counts as a candidate

Emit = Callable[[dict[str, float], int], None]


def search(
    config: Mapping[str, Any],
    inputs: Any,
    device: torch.device,
    emit: Emit,
    *,
    generator: Callable[[int, str], torch.Generator],
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Candidates for critical points of one landscape, start $i$ from origin $i$ modulo the number of origins.

    Returns the arrays (each parameter stacked ``starts …``, inputs ``X`` (n, d), labels ``y`` (starts, n)) and a table
    with one row a start: ``start, origin, risk, linear_risk, gradient_norm, smallest_eigenvalue, flatness, candidate``.
    ``flatness`` is $|Hg|/(|H||g|)$: near 0 where the gradient norm is stationary without the gradient being zero.
    Starts that are not a ``candidate`` ended away from any critical point.
    """
    origins = list(config["origins"])
    unknown = sorted(set(origins) - ORIGINS.keys())
    if unknown or not origins:
        raise ValueError(f"expected origins among {sorted(ORIGINS)}, got {unknown or origins}")
    seed, starts = config["seed"], config["starts"]
    points, labels = draw_data(config, generator)
    shapes = parameter_shapes(config["dimension"], config["widths"])
    landscape = Landscape(points.to(device), shapes, config["activation"])
    draws = torch.randn(starts, landscape.size, generator=generator(seed, "starts"), dtype=torch.float64).to(device)
    theta, target = SPREAD * draws, labels.to(device).expand(starts, -1).clone()
    names = [origins[i % len(origins)] for i in range(starts)]
    for step, origin in enumerate(origins):
        chosen = torch.tensor([name == origin for name in names], device=device)
        theta[chosen], target[chosen] = ORIGINS[origin](landscape, theta[chosen], target[chosen], config["iterations"])
        emit({f"points/{origin}": float(chosen.sum())}, step)
    table = describe(landscape, theta, target)
    table.insert(0, "origin", names)
    table.insert(0, "start", range(starts))
    arrays = {name: value.cpu().numpy() for name, value in landscape.unravel(theta).items()}
    return arrays | {"X": points.numpy(), "y": target.cpu().numpy()}, table


def draw_data(config: Mapping[str, Any], generator: Callable[[int, str], torch.Generator]) -> tuple[Tensor, Tensor]:
    r"""Standard normal inputs ``n d`` and labels $y=x_1+x_1x_2+\frac12\epsilon$ on a grid ($x_2=x_1$ if $d=1$)."""
    seed, samples = config["seed"], config["samples"]
    points = torch.randn(samples, config["dimension"], generator=generator(seed, "inputs"), dtype=torch.float64)
    noise = torch.randn(samples, generator=generator(seed, "noise"), dtype=torch.float64)
    labels = points[:, 0] + points[:, 0] * points[:, 1 % config["dimension"]] + noise / 2
    return (points * GRID).round() / GRID, (labels * GRID).round() / GRID


def describe(landscape: Landscape, theta: Tensor, labels: Tensor) -> pd.DataFrame:
    """The float description of points: risks, gradient norm, smallest eigenvalue, flatness. One row a point."""
    gradient, hessian = landscape.gradient(theta, labels), landscape.hessian(theta, labels)
    values = torch.linalg.eigvalsh(hessian)
    norm = gradient.norm(dim=1)
    turned = (hessian @ gradient[..., None])[..., 0].norm(dim=1)
    columns = {
        "risk": landscape.risk(theta, labels),
        "linear_risk": landscape.linear_risk(labels),
        "gradient_norm": norm,
        "smallest_eigenvalue": values[:, 0],
        "flatness": turned / (values.abs().amax(1) * norm).clamp_min(torch.finfo(norm.dtype).tiny),
    }
    table = pd.DataFrame({name: value.cpu().numpy() for name, value in columns.items()})
    return table.assign(candidate=table["gradient_norm"] < NEAR)
