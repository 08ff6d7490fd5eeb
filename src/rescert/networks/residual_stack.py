r"""`rescert.networks.residual_blocks` at many parameter vectors at once, for values alone.

The same function with data along the last axis and sums accumulated in place: two to four times as fast as
`torch.func.vmap` of it, which takes the data row by row. Not to be differentiated, and not what is certified.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rescert.networks.activations import ACTIVATIONS
from rescert.networks.residual_blocks import Parameters, depth


def network(parameters: Parameters, inputs: Tensor, activation: str = "tanh") -> Tensor:
    r"""$f(x_i)$ for each of the stacked parameters (``batch …`` each) at each row of ``inputs`` (``n d``): ``batch n``.

    >>> stacked = {"w": torch.ones(2, 1), "V1": torch.tensor([[[0.0]], [[2.0]]]), "U1": torch.ones(2, 1, 1)}
    >>> network(stacked, torch.tensor([[0.0], [100.0]]))
    tensor([[  0., 100.],
            [  0., 102.]])
    """
    hidden = inputs.mT
    for block in range(1, depth(parameters) + 1):
        before = parameters[f"U{block}"] @ hidden
        if f"b{block}" in parameters:
            before += parameters[f"b{block}"][..., None]
        added = (parameters[f"V{block}"], ACTIVATIONS[activation](before))
        # in place, but for the inputs
        hidden = hidden.baddbmm_(*added) if block > 1 else torch.baddbmm(hidden, *added)
    return (parameters["w"][:, None] @ hidden)[:, 0]
