r"""Losses $\ell(p;y)$ of a scalar output $p$ and a label $y$, convex and twice differentiable in $p$.

``value``, ``slope`` $=\partial\ell/\partial p$ and ``curvature`` $=\partial^2\ell/\partial p^2$ take tensors that
broadcast and are made of the operations that `rescert.certify.problem` traces.

- ``squared``: $\frac12(p-y)^2$, any real $y$.
- ``logistic``: $\log(1+e^p)-yp$ with $y\in[0,1]$; for class labels $y\in\{0,1\}$ it is $\log(1+e^{-(2y-1)p})$.
  $|\ell'|\le1$.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from rescert.networks.activations import softplus

Pointwise = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Loss:
    r"""$\ell,\ell',\ell''$, an upper bound ``lipschitz`` of $|\ell'|$ (None: there is none), and the labels' range."""

    value: Pointwise
    slope: Pointwise
    curvature: Pointwise
    lipschitz: float | None = None
    labels: tuple[float, float] | None = None


LOSSES = {
    "squared": Loss(
        value=lambda p, y: (p - y) * (p - y) / 2,
        slope=lambda p, y: p - y,
        curvature=lambda p, y: 1 + 0 * p,
    ),
    "logistic": Loss(
        value=lambda p, y: softplus(p) - y * p,
        slope=lambda p, y: torch.sigmoid(p) - y,
        curvature=lambda p, y: torch.sigmoid(p) * torch.sigmoid(-p),
        lipschitz=1.0,
        labels=(0.0, 1.0),
    ),
}


def loss_of(name: str) -> Loss:
    """The loss of that name; raises ``ValueError`` for another."""
    if name not in LOSSES:
        raise ValueError(f"expected a loss among {sorted(LOSSES)}, got '{name}'")
    return LOSSES[name]
