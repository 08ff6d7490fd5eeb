r"""The parameters in which the network is linear, fitted with the others held fixed (variable projection).

$f=w^{\mathsf T}h_{L-1}+(V_L^{\mathsf T}w)^{\mathsf T}\phi_L$ is linear in $w$ and $a=V_L^{\mathsf T}w$. One Newton step
on the convex problem in $(w,a)$, which for the squared loss is its solution, moves both;
$V_L\leftarrow V_L+w(a-V_L^{\mathsf T}w)^{\mathsf T}/|w|^2$ with the new $w$ is the nearest $V_L$ that has the new $a$.
Golub and Pereyra (1973): the curved valleys that come from the product of linear and inner parameters disappear.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rescert.landscape.risk import Landscape
from rescert.networks import residual_blocks
from rescert.networks.activations import ACTIVATIONS
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import depth

RELATIVE_RIDGE = 1e-13  # on the normal equations, against the mean of their diagonal


def fits(landscape: Landscape) -> bool:
    """Whether the landscape is one of the network of `rescert.networks.residual_blocks`, laid out in its order."""
    if landscape.network is not residual_blocks.network or "V1" not in landscape.shapes:
        return False
    blocks = range(1, residual_blocks.depth(landscape.shapes) + 1)
    expected = residual_blocks.parameter_shapes(
        landscape.inputs.shape[1], [landscape.shapes[f"V{block}"][1] for block in blocks], "b1" in landscape.shapes
    )
    return list(expected.items()) == [(name, tuple(shape)) for name, shape in landscape.shapes.items()]


def fit(landscape: Landscape, theta: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Points ``batch p`` with new $w$ and $V_L$, and their risks ``batch`` (infinite where no fit was found).

    The risk falls for the squared loss up to rounding; for another loss a caller must compare it. The landscape must
    be one of `rescert.networks.residual_blocks` without a ridge.
    """
    parameters = landscape.unravel(theta)
    last = depth(parameters)
    outer, weight = parameters[f"V{last}"], parameters["w"]
    hidden = landscape.inputs.mT.expand(len(theta), -1, -1)
    for block in range(1, last + 1):
        before = parameters[f"U{block}"] @ hidden
        if f"b{block}" in parameters:
            before = before + parameters[f"b{block}"][..., None]
        unit = ACTIVATIONS[landscape.activation](before)
        if block < last:
            hidden = hidden + parameters[f"V{block}"] @ unit
    design = torch.cat([hidden, unit], dim=1)  # batch (d + m) n
    now = torch.cat([weight, (weight[:, None] @ outer)[:, 0]], dim=1)
    loss, samples = loss_of(landscape.loss), len(landscape.inputs)
    outputs = (now[:, None] @ design)[:, 0]
    slope = design @ loss.slope(outputs, labels)[..., None] / samples
    normal = design @ (loss.curvature(outputs, labels)[:, None] * design).mT / samples
    normal.diagonal(dim1=1, dim2=2).add_(RELATIVE_RIDGE * normal.diagonal(dim1=1, dim2=2).mean(1, keepdim=True))
    factor, failed = torch.linalg.cholesky_ex(normal)
    solution = now - torch.cholesky_solve(slope, factor)[..., 0]
    risk = loss.value((solution[:, None] @ design)[:, 0], labels).mean(1)
    weight, seen = solution.split([weight.shape[1], unit.shape[1]], dim=1)
    missing = seen - (weight[:, None] @ outer)[:, 0]
    outer = outer + weight[:, :, None] * missing[:, None] / weight.square().sum(1)[:, None, None]
    fitted = landscape.ravel({**parameters, "w": weight, f"V{last}": outer})
    solved = (failed == 0) & fitted.isfinite().all(1) & risk.isfinite()
    return torch.where(solved[:, None], fitted, theta), torch.where(solved, risk, torch.inf)
