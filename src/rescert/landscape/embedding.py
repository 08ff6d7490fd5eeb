r"""Critical points by embedding a narrower network: one unit a block is minimised, and idle units are added.

A unit $j$ of block $l$ with $V_{l,\cdot j}=0$ does nothing. If it is silent ($U_{l,j\cdot}=0$, $b_{l,j}=0$ and
$\sigma(0)=0$, as for tanh) or has the inner weights of a unit of the narrow network (any $\sigma$), a critical point of
the narrow network is one of the wide one (proof in `rescert.landscape.existence`). Its minima become saddles wherever a
silent unit could help.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rescert.landscape import descent
from rescert.landscape.risk import Landscape
from rescert.networks.activations import ACTIVATIONS


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` of which the first unit of each block is minimised and the others are idle."""
    parameters = landscape.unravel(starts)
    narrow_parameters = {n: v if n == "w" else v.narrow(_axis(n), 0, 1) for n, v in parameters.items()}
    shapes = {name: tuple(value.shape[1:]) for name, value in narrow_parameters.items()}
    narrow = Landscape(landscape.inputs, shapes, landscape.activation, landscape.loss)
    found, labels = descent.find(narrow, narrow.ravel(narrow_parameters), labels, iterations)
    silent = float(ACTIVATIONS[landscape.activation](torch.zeros(()))) == 0.0
    padded = {}
    for name, value in narrow.unravel(found).items():
        first = torch.zeros_like(parameters[name])
        if name == "w":
            first = value
        elif name[0] == "V" or silent:
            first.narrow(_axis(name), 0, 1).copy_(value)
        else:
            first = value.expand_as(parameters[name]).clone()
        padded[name] = first
    return landscape.ravel(padded), labels


def _axis(name: str) -> int:
    """The axis of the units in a stack of parameters: V is (batch, d, units), U (batch, units, d), b (batch, units)."""
    return 2 if name[0] == "V" else 1
