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

from rescert.landscape import (
    constructed,
    descent,
    designed,
    embedding,
    gradient_norm,
    lanczos,
    linear_target,
    samples,
    spurious_minima,
)
from rescert.landscape.linear_risk import minimise
from rescert.landscape.outcome import REACH, newton_distance
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import parameter_shapes

ORIGINS: dict[str, Callable[[Landscape, Tensor, Tensor, int], tuple[Tensor, Tensor]]] = {
    "descent": descent.find,
    "gradient_norm": gradient_norm.find,
    "embedding": embedding.find,
    "constructed": constructed.find,
    "designed": designed.find,
    "linear_target": linear_target.find,
    "spurious_minima": spurious_minima.find,
}
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
    with one row a start: ``start, origin, risk, linear_risk, gradient_norm, smallest_eigenvalue, residual, flatness,
    candidate``.
    ``flatness`` is $|Hg|/(|H||g|)$: near 0 where the gradient norm is stationary without the gradient being zero.
    Starts that are not a ``candidate`` ended away from any critical point, or ran off to where the gradient vanishes
    at infinity.
    """
    origins = list(config["origins"])
    unknown = sorted(set(origins) - ORIGINS.keys())
    if unknown or not origins:
        raise ValueError(f"expected origins among {sorted(ORIGINS)}, got {unknown or origins}")
    seed, starts = config["seed"], config["starts"]
    points, labels = samples.draw(config, inputs.arrays("datasets/mnist") if "digits" in config else None, generator)
    shapes = parameter_shapes(config["dimension"], config["widths"], config.get("bias", True))
    landscape = Landscape(points.to(device), shapes, config["activation"], config.get("loss", "squared"))
    draws = torch.randn(starts, landscape.size, generator=generator(seed, "starts"), dtype=torch.float64).to(device)
    theta, target = SPREAD * draws, landscape.expect_labels(labels.to(device).expand(starts, -1).clone())
    names = [origins[i % len(origins)] for i in range(starts)]
    for step, origin in enumerate(origins):
        chosen = torch.tensor([name == origin for name in names], device=device)
        theta[chosen], target[chosen] = ORIGINS[origin](landscape, theta[chosen], target[chosen], config["iterations"])
        emit({f"points/{origin}": float(chosen.sum())}, step)
    lanczos_start = torch.randn(landscape.size, generator=generator(seed, "lanczos"), dtype=torch.float64)
    table = describe(landscape, theta, target, lanczos_start.to(device))
    table.insert(0, "origin", names)
    table.insert(0, "start", range(starts))
    arrays = {name: value.cpu().numpy() for name, value in landscape.unravel(theta).items()}
    return arrays | {"X": points.numpy(), "y": target.cpu().numpy()}, table


def describe(landscape: Landscape, theta: Tensor, labels: Tensor, start: Tensor) -> pd.DataFrame:
    """The float description of points: risks, gradient norm, smallest eigenvalue, flatness. One row a point.

    The eigenvalue has a ``residual``: some eigenvalue is as near to it as that. Above `lanczos.DENSE` parameters it is
    the lowest Ritz value from ``start`` (``p``).
    """
    gradient, found = landscape.gradient(theta, labels), lanczos.smallest(landscape, theta, labels, start)
    norm = gradient.norm(dim=1)
    near = torch.ones_like(norm, dtype=torch.bool)
    if found.dense:
        hessian, size = landscape.hessian(theta, labels), theta.norm(dim=1)
        turned = (hessian @ gradient[..., None])[..., 0].norm(dim=1)
        # Where the gradient vanishes at infinity only, it is small and Newton's step is not.
        near = newton_distance(gradient, hessian, size) <= REACH * (1 + size)
    else:
        products = [landscape.product(*point)(g) for *point, g in zip(theta, labels, gradient, strict=True)]
        turned = torch.stack(products).norm(dim=1)
    columns = {
        "risk": landscape.risk(theta, labels),
        "linear_risk": minimise(landscape.inputs.cpu(), labels.cpu(), landscape.loss)[1],
        "gradient_norm": norm,
        "smallest_eigenvalue": found.values,
        "residual": found.residuals,
        "flatness": turned / (found.norms * norm).clamp_min(torch.finfo(norm.dtype).tiny),
    }
    columns["candidate"] = (norm < NEAR) & near
    return pd.DataFrame({name: value.cpu().numpy() for name, value in columns.items()})
