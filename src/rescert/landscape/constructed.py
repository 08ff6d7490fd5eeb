r"""Critical points with $w=0$, by one linear solve.

At $w=0$ the network is zero, so $\ell'=\ell'(0;y)=:s$; every gradient entry but $\partial R/\partial w=E[s\,h_L]$
carries the factor $w$ and vanishes. What is left, $E[s\,h_L]=0$ with $h_L=h_{L-1}+V_L\phi_L$, is linear in $V_L$:

$$V_L\,a=-E[s\,h_{L-1}],\qquad a=E[s\,\phi_L].$$

One column solves it: where $|a_j|$ is largest, $V_{L,\cdot j}$ is set to
$-(E[s\,h_{L-1}]+\sum_{k\ne j}a_kV_{L,\cdot k})/a_j$. Everything else is random, but for this: if $U_2,\dots,U_L$ have
$d$ rows or more, their first column is zero, so that condition (c2) of Theorem 2 holds. All such points have $f=0$ and
$R=E[\ell(0;y)]$.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import vmap

from rescert.landscape.risk import Landscape
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import depth, features


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` moved to critical points with $w=0$; ``iterations`` is not needed. Labels are kept."""
    parameters = {name: value.clone() for name, value in landscape.unravel(starts).items()}
    last = f"V{depth(parameters)}"
    parameters["w"].zero_()
    inner = [parameters[f"U{block}"] for block in range(2, depth(parameters) + 1)]
    if sum(rows.shape[1] for rows in inner) >= landscape.inputs.shape[1]:
        for rows in inner:
            rows[:, :, 0] = 0
    slope = loss_of(landscape.loss).slope(torch.zeros_like(labels), labels)
    phi, hidden = vmap(lambda p: features(p, landscape.inputs, landscape.activation))(parameters)
    weight = (slope[..., None] * phi[-1]).mean(1)
    chosen = weight.abs().argmax(1)
    # E[s h_L] with the chosen column as it is; what it lacks to zero is spread over that column.
    missing = (slope[..., None] * hidden).mean(1)
    step = -missing / weight.gather(1, chosen[:, None])
    parameters[last] += step[:, :, None] * torch.nn.functional.one_hot(chosen, weight.shape[1])[:, None, :]
    return landscape.ravel(parameters), labels
