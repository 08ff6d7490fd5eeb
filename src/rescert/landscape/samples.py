r"""The data of a landscape: inputs (n, d) and labels (n), on a grid, so that their exact values are short.

``gaussian``: standard normal inputs and the target $x_1+x_1x_2+\frac12\epsilon$ ($x_2=x_1$ if $d=1$); the labels are
its values (squared loss) or whether it is positive (logistic loss). With ``separable`` the logistic labels say whether
$x_1>0$: then $R_{\mathrm{lin}}=0$ is not attained.

``mnist``: images of two digits, projected on their $d$ principal axes and divided by the root mean square of the first;
labels are $\pm1$ (squared) or $0,1$ (logistic).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rescert.certify.tensors import owned

GRID = 256  # inputs and shared labels are multiples of 1/256


def draw(
    config: Mapping[str, Any], images: Mapping[str, np.ndarray] | None, generator: Callable[[int, str], torch.Generator]
) -> tuple[Tensor, Tensor]:
    """Inputs ``n d`` and labels ``n`` in float64, of ``images`` where they are given, else Gaussian.

    Keys: ``samples``, ``dimension``, ``seed``, and where they are wanted ``loss``, ``separable`` and ``digits``.
    """
    if images is not None:
        return _mnist(config, images)
    seed, samples, dimension = config["seed"], config["samples"], config["dimension"]
    if samples < 1:
        raise ValueError(f"expected at least one sample, got {samples}")
    points = torch.randn(samples, dimension, generator=generator(seed, "inputs"), dtype=torch.float64)
    noise = torch.randn(samples, generator=generator(seed, "noise"), dtype=torch.float64)
    points = _on_grid(points)
    target = points[:, 0] + points[:, 0] * points[:, 1 % dimension] + noise / 2
    if config.get("loss", "squared") == "squared":
        return points, _on_grid(target)
    return points, ((points[:, 0] if config.get("separable", False) else target) > 0).to(torch.float64)


def _mnist(config: Mapping[str, Any], images: Mapping[str, np.ndarray]) -> tuple[Tensor, Tensor]:
    first, second = config["digits"]
    labels = images["train_labels"]
    chosen = np.flatnonzero((labels == first) | (labels == second))[: config["samples"]]
    if len(chosen) < max(config["samples"], config["dimension"]):
        raise ValueError(f"expected {config['samples']} images of {first} and {second}, got {len(chosen)}")
    pixels = images["train_images"][chosen].reshape(len(chosen), -1) / 255.0
    pixels = pixels - pixels.mean(axis=0)
    axes = np.linalg.svd(pixels, full_matrices=False)[2][: config["dimension"]]
    # The sign of a principal axis is free: its entry of largest size is made positive.
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    features = pixels @ axes.T
    features = owned(features / np.sqrt(np.mean(features[:, 0] ** 2)))
    classes = owned((labels[chosen] == second).astype(np.float64))
    return _on_grid(features), 2 * classes - 1 if config.get("loss", "squared") == "squared" else classes


def _on_grid(values: Tensor) -> Tensor:
    return (values * GRID).round() / GRID
