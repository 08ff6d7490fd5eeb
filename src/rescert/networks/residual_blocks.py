r"""The deep residual network of Yun, Sra and Jadbabaie (2019), Section 4.

$$h_1=x+V_1\,\phi_1(x),\qquad h_l=h_{l-1}+V_l\,\phi_l(U_lh_{l-1})\quad(2\le l\le L),\qquad f=w^{\mathsf T}h_L.$$

The paper leaves the functions $\phi_l$ open, with parameters $z$. Here $\phi_1(t)=\sigma(U_1 t+b_1)$ and
$\phi_l(t)=\sigma(t+b_l)$ for $l\ge2$, with $\sigma$ = tanh or softplus, so $z=(U_1,b_1,\dots,b_L)$. The first block has
no *outer* linear layer $U_1$ in the paper's sense (ours belongs to $z$): its rows do not count in Theorem 2.

Parameters are a mapping: ``w`` (d,), and for each block $l$: ``Vl`` (d, n_l), ``Ul`` (n_l, d), ``bl`` (n_l,). Without
biases ``bl`` is absent; with tanh the residual parts then vanish at 0, as Section 5.1 asks.
All functions are pure and made of the operations that `rescert.certify.problem` traces, and they serve under vmap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from rescert.networks.activations import ACTIVATIONS
from rescert.networks.losses import loss_of

Parameters = Mapping[str, Tensor]


def parameter_shapes(dimension: int, widths: Sequence[int], bias: bool = True) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter, in the order in which they are laid out in one vector.

    >>> parameter_shapes(3, [2])
    {'w': (3,), 'V1': (3, 2), 'U1': (2, 3), 'b1': (2,)}
    """
    if dimension < 1 or not widths or min(widths) < 1:
        raise ValueError(f"expected a dimension and widths of at least 1, got {dimension} and {list(widths)}")
    shapes: dict[str, tuple[int, ...]] = {"w": (dimension,)}
    for block, width in enumerate(widths, start=1):
        shapes |= {f"V{block}": (dimension, width), f"U{block}": (width, dimension)}
        if bias:
            shapes[f"b{block}"] = (width,)
    return shapes


def depth(parameters: Mapping[str, Any]) -> int:
    """The number of residual blocks $L$."""
    return sum(name.startswith("V") for name in parameters)


def features(parameters: Parameters, inputs: Tensor, activation: str = "tanh") -> tuple[list[Tensor], Tensor]:
    r"""$\phi_1,\dots,\phi_L$ (each ``n n_l``) and the representation $h_L$ (``n d``) at inputs ``n d``."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"expected an activation among {sorted(ACTIVATIONS)}, got '{activation}'")
    hidden, found = inputs, []
    for block in range(1, depth(parameters) + 1):
        before = hidden @ parameters[f"U{block}"].mT
        if f"b{block}" in parameters:
            before = before + parameters[f"b{block}"]
        phi = ACTIVATIONS[activation](before)
        found.append(phi)
        hidden = hidden + phi @ parameters[f"V{block}"].mT
    return found, hidden


def network(parameters: Parameters, inputs: Tensor, activation: str = "tanh") -> Tensor:
    r"""$f(x)=w^{\mathsf T}h_L(x)$ at each row of ``inputs`` (``n d``): shape ``n``.

    With $V_l=0$ for all $l$ the network is linear:

    >>> import torch
    >>> zero = {k: torch.zeros(s, dtype=torch.float64) for k, s in parameter_shapes(2, [1]).items()}
    >>> network({**zero, "w": torch.tensor([1.0, 2.0]).double()}, torch.tensor([[3.0, 4.0]]).double()).tolist()
    [11.0]
    """
    return features(parameters, inputs, activation)[1] @ parameters["w"]


def risk(
    parameters: Parameters, inputs: Tensor, labels: Tensor, activation: str = "tanh", loss: str = "squared"
) -> Tensor:
    r"""$R(\theta)=\frac1n\sum_i\ell(f(x_i);y_i)$ with a loss of `rescert.networks.losses`, a scalar."""
    return loss_of(loss).value(network(parameters, inputs, activation), labels).mean()
