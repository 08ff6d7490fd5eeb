r"""The $(m,d,k)$ tanh residual networks of Bartlett, Evans and Long: $h_i(x)=x+A_i\tanh(B_ix)$, in closed form.

$A$ is (m, …, d, k) and $B$ (m, …, k, d); points are (…, n, d).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

Layers = Sequence[Any] | torch.Tensor


def forward(outer: Layers, inner: Layers, points: Any) -> tuple[list[Any], list[Any]]:
    r"""$z_0,\dots,z_m$ of the points, and the units $\tanh(B_iz_{i-1})$, (…, n, k), of the layers.

    >>> states, _ = forward(torch.ones(2, 1, 1), torch.zeros(2, 1, 1), torch.ones(1, 1))
    >>> states[-1].tolist()
    [[1.0]]
    """
    states, units = [points], []
    for a, b in zip(outer, inner, strict=True):
        units.append(torch.tanh(states[-1] @ b.mT))
        states.append(states[-1] + units[-1] @ a.mT)
    return states, units


def gradients(
    outer: Layers, inner: Layers, states: Sequence[Any], units: Sequence[Any], residual: Any
) -> tuple[list[Any], list[Any]]:
    r"""The gradients in $A_i$ and $B_i$ of a loss with derivative ``residual`` (…, n, d) in $z_m$."""
    vectors, of_outer, of_inner = residual, [], []
    for i in reversed(range(len(outer))):
        inside = vectors @ outer[i] * (1 - units[i] * units[i])
        of_outer.append(vectors.mT @ units[i])
        of_inner.append(inside.mT @ states[i])
        vectors = vectors + inside @ inner[i]
    return of_outer[::-1], of_inner[::-1]
