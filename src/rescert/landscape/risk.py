r"""The empirical squared risk of a network as a function of one parameter vector, batched over starts.

Points are stacked: parameters ``batch p``, labels ``batch n`` (each point may have labels of its own), inputs ``n d``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor
from torch.func import grad, jacfwd, vmap

from rescert.networks import residual_blocks


@dataclass(frozen=True)
class Landscape:
    r"""$R(\theta)=\frac1{2n}\sum_i(f_\theta(x_i)-y_i)^2$ over parameter vectors laid out as ``shapes`` says."""

    inputs: Tensor
    shapes: Mapping[str, tuple[int, ...]]
    activation: str = "tanh"

    @property
    def size(self) -> int:
        """The number of parameters $p$."""
        return sum(prod(shape) for shape in self.shapes.values())

    def where(self, name: str) -> slice:
        """The entries of one parameter in the vector."""
        start = 0
        for key, shape in self.shapes.items():
            if key == name:
                return slice(start, start + prod(shape))
            start += prod(shape)
        raise ValueError(f"expected a parameter among {list(self.shapes)}, got '{name}'")

    def unravel(self, theta: Tensor) -> dict[str, Tensor]:
        """The named parameters of a vector ``p`` or a stack ``batch p``."""
        return {n: theta[..., self.where(n)].reshape(*theta.shape[:-1], *s) for n, s in self.shapes.items()}

    def ravel(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """The vectors ``batch p`` of stacked named parameters."""
        return torch.cat([parameters[n].flatten(1) for n in self.shapes], dim=1)

    def _risk(self, theta: Tensor, labels: Tensor) -> Tensor:
        return residual_blocks.squared_risk(self.unravel(theta), self.inputs, labels, self.activation)

    def _network(self, theta: Tensor) -> Tensor:
        return residual_blocks.network(self.unravel(theta), self.inputs, self.activation)

    def risk(self, theta: Tensor, labels: Tensor) -> Tensor:
        """$R$ at each point: shape ``batch``."""
        return vmap(self._risk)(theta, labels)

    def outputs(self, theta: Tensor) -> Tensor:
        """$f_\\theta(x_i)$: shape ``batch n``."""
        return vmap(self._network)(theta)

    def jacobian(self, theta: Tensor) -> Tensor:
        r"""$\partial f_\theta(x_i)/\partial\theta_j$: shape ``batch n p``."""
        return vmap(jacfwd(self._network))(theta)

    def gradient(self, theta: Tensor, labels: Tensor) -> Tensor:
        r"""$\nabla R$: shape ``batch p``."""
        return vmap(grad(self._risk))(theta, labels)

    def hessian(self, theta: Tensor, labels: Tensor) -> Tensor:
        r"""$\nabla^2R$, symmetric to the last bit: shape ``batch p p``."""
        found = vmap(jacfwd(grad(self._risk)))(theta, labels)
        return (found + found.mT) / 2

    def linear_risk(self, labels: Tensor) -> Tensor:
        r"""$R_{\mathrm{lin}}=\min_t\frac1{2n}\sum_i(t^{\mathsf T}x_i-y_i)^2$, no bias: shape ``batch``."""
        fit = torch.linalg.lstsq(self.inputs.expand(len(labels), -1, -1), labels[..., None]).solution
        return ((self.inputs @ fit)[..., 0] - labels).square().mean(-1) / 2
