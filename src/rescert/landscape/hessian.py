r"""The Hessian of the risk of `rescert.networks.residual_blocks` in closed form, for a stack of points.

Every weight matrix acts on the network through a product with features: $z_{U_l}=U_lh_{l-1}+b_l$,
$z_{V_l}=V_l\phi_l$, $z_w=w^{\mathsf T}h_L$. Number these groups $g=1,\dots,2L+1$ in the order
$U_1,V_1,\dots,U_L,V_L,w$, with matrices $\Theta_g$, features $u_g$ ($b_l$ is a last column of $U_l$, with feature 1)
and $z_g=\Theta_gu_g$; $u_g$ depends on $z_{g'}$ for $g'<g$ alone. Let $e_g=\partial f/\partial z_g$ (the later $z$
follow):

$$e_w=1,\quad e_{V_l}=\delta_l,\quad e_{U_l}=\sigma'(z_{U_l})\circ V_l^{\mathsf T}\delta_l,\qquad
\delta_L=w,\quad\delta_{l-1}=\delta_l+U_l^{\mathsf T}e_{U_l},$$

so that the gradient of one output is $\partial f/\partial\Theta_g=e_gu_g^{\mathsf T}$. A direction $\dot\Theta$ changes
$z$ by $\dot z_g=\dot\Theta_gu_g+\Theta_g\dot u_g$, and the second derivative of $f$ along it is that of each elementary
step, weighted by the derivative of $f$ in its result:

$$\ddot f=\sum_lV_l^{\mathsf T}\delta_l\circ\sigma''(z_{U_l})\cdot\dot z_{U_l}^{\,2}
+2\sum_ge_g^{\mathsf T}\dot\Theta_g\dot u_g .$$

Both $\dot z_{U_l}=Q_l\zeta$ and $\dot u_g=D_g\zeta$ are linear in the stack $\zeta$ of all $\zeta_g=\dot\Theta_gu_g$.
With $P_0=0$ and $I_g$ the rows of the identity that pick $\zeta_g$, $Q_l=U_lP_{l-1}+I_{U_l}$ and
$P_l=P_{l-1}+V_l\,\mathrm{diag}(\sigma')Q_l+I_{V_l}$; $D_{U_l}=P_{l-1}$ (the feature 1 does not change),
$D_{V_l}=\mathrm{diag}(\sigma')Q_l$, $D_w=P_L$. With $\ddot\ell=\ell''\dot f^2+\ell'\ddot f$ and
$S=\ell''ee^{\mathsf T}+\ell'\sum_lQ_l^{\mathsf T}\mathrm{diag}(V_l^{\mathsf T}\delta_l\circ\sigma'')Q_l$, the entry of
the Hessian in $(\Theta_g)_{\alpha j}$ and $(\Theta_{g'})_{\beta k}$, $g'\le g$, is the mean over the samples of

$$S_{\alpha\beta}\,u_{g,j}\,u_{g',k}+\ell'\,e_{g,\alpha}\,(D_g)_{j\beta}\,u_{g',k},$$

the second term for $g'<g$ alone. A block of it is two matrix products over the samples: of $S$ with $u_gu_{g'}$, and of
$e_gu_{g'}$ with $D_g$. All of them cost about $2np^2$ operations, where one tangent a parameter costs about $12np^2$.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor
from torch.nn import functional

from rescert.networks.activations import ACTIVATIONS
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import depth

ENTRIES = 2**21  # of the largest intermediate: points, then samples, are taken in parts that stay in the cache

# sigma' and sigma'' from the argument and the value
DERIVATIVES: dict[str, Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    "tanh": lambda z, phi: (1 - phi * phi, -2 * phi * (1 - phi * phi)),
    "softplus": lambda z, phi: (torch.sigmoid(z), torch.sigmoid(z) * torch.sigmoid(-z)),
}


def hessian(
    parameters: Mapping[str, Tensor], inputs: Tensor, labels: Tensor, activation: str = "tanh", loss: str = "squared"
) -> Tensor:
    r"""$\nabla^2R$ at stacked parameters (``batch …`` each), inputs ``n d``, labels ``batch n``: ``batch p p``.

    Rows and columns follow the order of ``parameters``, each laid out row by row. Symmetric to the last bit.

    With $V=0$, $w=1$, $x=y=1$ and the loss $\frac12(w(x+V\tanh(Ux))-y)^2$ the residual is 0, and what is left is the
    square of the gradient $(1,\tanh U,0)$ of the output:

    >>> point = {"w": torch.ones(1, 1), "V1": torch.zeros(1, 1, 1), "U1": torch.full((1, 1, 1), 20.0)}
    >>> hessian(point, torch.ones(1, 1), torch.ones(1, 1)).int().tolist()
    [[[1, 1, 0], [1, 1, 0], [0, 0, 0]]]
    """
    if activation not in DERIVATIVES:
        raise ValueError(f"expected an activation among {sorted(DERIVATIVES)}, got '{activation}'")
    if labels.ndim != 2 or labels.shape[1] != len(inputs) or not len(inputs):
        raise ValueError(f"expected labels of shape (batch, {len(inputs)}), got {tuple(labels.shape)}")
    batch, samples = labels.shape
    rows = 1 + sum(value.shape[1] for name, value in parameters.items() if name[0] in "UV")
    each = max(1, ENTRIES // rows**2)  # samples of one part
    points = max(1, each // samples)
    parts = []
    for first in range(0, max(batch, 1), points):
        chosen = {name: value[first : first + points] for name, value in parameters.items()}
        total = torch.zeros(()).to(labels)
        for a, b in pairwise([*range(0, samples, each), samples]):
            part = _summed(chosen, inputs[a:b], labels[first : first + points, a:b], activation, loss)
            total = total + part
        parts.append(total / samples)
    return torch.cat(parts)


@dataclass(frozen=True)
class _Group:
    r"""$\Theta_g$: its parameters (matrix, and bias if it has one), $u_g$, $e_g$, $D_g$ and the place of $\zeta_g$.

    Shapes: ``features`` batch in n, ``adjoint`` batch out n, ``moves`` batch in rows n, the bias's feature left out:
    samples are the last axis of everything here, so that all products run along it.
    """

    names: tuple[str, ...]
    features: Tensor
    adjoint: Tensor
    moves: Tensor
    rows: slice

    @property
    def size(self) -> int:
        return self.adjoint.shape[1] * self.features.shape[1]


def _summed(parameters: Mapping[str, Tensor], inputs: Tensor, labels: Tensor, activation: str, loss: str) -> Tensor:
    """The Hessian summed over the samples."""
    groups, bends, output = _sweep(parameters, inputs, activation)
    slope = loss_of(loss).slope(output, labels)[:, None]
    adjoint = torch.cat([group.adjoint for group in groups], dim=1)
    pairs = _outer(loss_of(loss).curvature(output, labels)[:, None] * adjoint, adjoint)
    for turned, bend in bends:
        met = turned.shape[2]
        of_sample = turned.permute(0, 3, 1, 2)
        pairs[:, :met, :met] += (of_sample.mT @ ((slope * bend).mT[..., None] * of_sample)).permute(0, 2, 3, 1)
    starts = [0, *accumulate(group.size for group in groups)]
    found = adjoint.new_empty(len(labels), starts[-1], starts[-1])
    for g, group in enumerate(groups):
        here, weighted = slice(*starts[g : g + 2]), slope * group.adjoint
        for h, other in enumerate(groups[: g + 1]):
            there = slice(*starts[h : h + 2])
            # axes: point, then out and in of the row's parameter, out and in of the column's
            block = _contract(pairs[:, group.rows, other.rows], _outer(group.features, other.features))
            block = block.transpose(2, 3)
            if h < g:
                mixed = _contract(_outer(weighted, other.features), group.moves[:, :, other.rows])
                block[:, :, : mixed.shape[3]] += mixed.permute(0, 1, 3, 4, 2)
            square = block.reshape(len(block), group.size, other.size)
            if h == g:
                square = (square + square.mT) / 2
            found[:, here, there] = square
            found[:, there, here] = square.mT
    order = _order(parameters, groups)
    return found[:, order[:, None], order]


def _sweep(
    parameters: Mapping[str, Tensor], inputs: Tensor, activation: str
) -> tuple[list[_Group], list[tuple[Tensor, Tensor]], Tensor]:
    r"""The groups; for each block $Q_l$ and $V_l^{\mathsf T}\delta_l\circ\sigma''$; and the outputs ``batch n``."""
    hidden = inputs.mT.expand(len(parameters["w"]), *inputs.mT.shape)
    moved = hidden.new_zeros(*hidden.shape[:2], 0, hidden.shape[2])  # P_l
    numbers = range(1, depth(parameters) + 1)
    blocks = []
    for number in numbers:
        argument = parameters[f"U{number}"] @ hidden
        if f"b{number}" in parameters:
            argument = argument + parameters[f"b{number}"][..., None]
        phi = ACTIVATIONS[activation](argument)
        slope, curvature = DERIVATIVES[activation](argument, phi)
        turned = _with_identity(_apply(parameters[f"U{number}"], moved))
        bent = slope[:, :, None] * turned
        blocks.append((hidden, moved, phi, bent, turned, slope, curvature))
        grown = functional.pad(moved, (0, 0, 0, phi.shape[1])) + _apply(parameters[f"V{number}"], bent)
        moved = _with_identity(grown)
        hidden = hidden + parameters[f"V{number}"] @ phi
    output = (parameters["w"][:, None] @ hidden)[:, 0]
    groups = [_group(("w",), hidden, torch.ones_like(output)[:, None], moved)]
    bends = []
    delta = parameters["w"][..., None].expand_as(hidden)
    for number in reversed(numbers):
        hidden, moved, phi, bent, turned, slope, curvature = blocks.pop()
        pulled = parameters[f"V{number}"].mT @ delta
        groups.append(_group((f"V{number}",), phi, delta, bent))
        if f"b{number}" in parameters:
            hidden = torch.cat([hidden, torch.ones_like(hidden[:, :1])], dim=1)
            groups.append(_group((f"U{number}", f"b{number}"), hidden, slope * pulled, moved))
        else:
            groups.append(_group((f"U{number}",), hidden, slope * pulled, moved))
        bends.append((turned, curvature * pulled))
        delta = delta + parameters[f"U{number}"].mT @ (slope * pulled)
    return groups[::-1], bends, output


def _group(names: tuple[str, ...], features: Tensor, adjoint: Tensor, moves: Tensor) -> _Group:
    """A group whose rows of zeta follow those that move its features."""
    start = moves.shape[2]
    return _Group(names, features, adjoint, moves, slice(start, start + adjoint.shape[1]))


def _order(parameters: Mapping[str, Tensor], groups: list[_Group]) -> Tensor:
    """Where each entry of the parameter vector stands among the groups, where a bias is the last column of its $U$."""
    places: dict[str, Tensor] = {}
    start = 0
    for group in groups:
        table = torch.arange(start, start + group.size).view(-1, group.features.shape[1])
        columns = group.features.shape[1] - (len(group.names) - 1)
        places |= dict(zip(group.names, (table[:, :columns], table[:, columns:]), strict=False))
        start += group.size
    return torch.cat([places[name].reshape(-1) for name in parameters]).to(groups[0].features.device)


def _apply(matrix: Tensor, columns: Tensor) -> Tensor:
    """Matrices ``batch k m`` on the second axis of ``batch m rows n``."""
    return (matrix @ columns.flatten(2)).view(*matrix.shape[:2], *columns.shape[2:])


def _with_identity(found: Tensor) -> Tensor:
    """``batch k rows n`` with the identity in $k$ rows more."""
    batch, size, _, samples = found.shape
    identity = torch.eye(size, dtype=found.dtype, device=found.device)[..., None]
    return torch.cat([found, identity.expand(batch, size, size, samples)], dim=2)


def _outer(left: Tensor, right: Tensor) -> Tensor:
    """Products of entries, sample by sample: ``batch i n`` and ``batch j n`` to ``batch i j n``."""
    return left[:, :, None] * right[:, None]


def _contract(left: Tensor, right: Tensor) -> Tensor:
    """Summed over the samples: ``batch i j n`` and ``batch k l n`` to ``batch i j k l``."""
    found = left.flatten(1, 2) @ right.flatten(1, 2).mT
    return found.view(len(left), *left.shape[1:3], *right.shape[1:3])
