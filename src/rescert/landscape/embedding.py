r"""Saddles by embedding a narrower network: a critical point with one unit a block, padded with zero units.

A unit $j$ of block $l$ with $V_{l,\cdot j}=0$, $U_{l,j\cdot}=0$ and $b_{l,j}=0$ does nothing, and with $\sigma(0)=0$
(tanh) every gradient entry that belongs to it is zero: that of $U_{l,j\cdot}$ and $b_{l,j}$ carries the factor
$V_{l,\cdot j}$, that of $V_{l,\cdot j}$ the factor $\phi_{l,j}=0$. A critical point of the narrow network is thus one
of the wide network, and its minima become saddles wherever a new unit could help.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rescert.landscape import descent
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import depth, parameter_shapes


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` of which the first unit of each block is minimised and the others are zero units.

    Raises ``ValueError`` for an activation that does not vanish at 0.
    """
    if landscape.activation != "tanh":
        raise ValueError(f"expected tanh, whose zero units are silent, got '{landscape.activation}'")
    parameters = landscape.unravel(starts)
    blocks = depth(parameters)
    narrow_shapes = parameter_shapes(landscape.inputs.shape[1], [1] * blocks)
    narrow = Landscape(landscape.inputs, narrow_shapes, landscape.activation)
    first = {n: parameters[n][(slice(None), *(slice(0, k) for k in s))] for n, s in narrow_shapes.items()}
    found, labels = descent.find(narrow, narrow.ravel(first), labels, iterations)
    padded = {name: torch.zeros_like(value) for name, value in parameters.items()}
    for name, value in narrow.unravel(found).items():
        padded[name][(slice(None), *(slice(0, k) for k in value.shape[1:]))] = value
    return landscape.ravel(padded), labels
