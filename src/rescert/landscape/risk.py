r"""The empirical risk of a network as a function of one parameter vector, batched over starts.

Points are stacked: parameters ``batch p``, labels ``batch n`` (each point may have labels of its own), inputs ``n d``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor
from torch.func import grad, jacfwd, vmap

from rescert.certify.problem import Program, trace
from rescert.landscape import hessian, lanczos
from rescert.networks import residual_blocks
from rescert.networks.losses import loss_of


@dataclass(frozen=True)
class Landscape:
    r"""$R(\theta)=\frac1n\sum_i\ell(f_\theta(x_i);y_i)+\frac\rho2|\theta|^2$ over vectors laid out as ``shapes`` says.

    ``inputs`` (n, d); ``loss`` is a name of `rescert.networks.losses`; ``ridge`` $=\rho$ is 0 wherever a theorem about
    the risk is meant; ``network(parameters, inputs, activation)`` gives the outputs (n). Raises ``ValueError`` for no
    samples, for entries that are not finite and for an unknown loss.
    """

    inputs: Tensor
    shapes: Mapping[str, tuple[int, ...]]
    activation: str = "tanh"
    loss: str = "squared"
    ridge: float = 0.0
    network: Callable[[Mapping[str, Tensor], Tensor, str], Tensor] = residual_blocks.network

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or min(self.inputs.shape) < 1:
            raise ValueError(f"expected inputs of shape (n, d) with n >= 1, got {tuple(self.inputs.shape)}")
        if not self.inputs.is_floating_point():
            raise ValueError(f"expected inputs of a floating-point type, got {self.inputs.dtype}")
        if not self.shapes:
            raise ValueError("expected the shape of at least one parameter, got none")
        if not bool(torch.isfinite(self.inputs).all()):
            raise ValueError("expected finite inputs, got NaN or infinity")
        if not 0 <= self.ridge < torch.inf:
            raise ValueError(f"expected a ridge >= 0, got {self.ridge}")
        loss_of(self.loss)

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
        """The named parameters of a vector ``p`` or a stack ``batch p``; raises ``ValueError`` for another length."""
        if theta.shape[-1] != self.size:
            raise ValueError(f"expected points of {self.size} parameters, got shape {tuple(theta.shape)}")
        return {n: theta[..., self.where(n)].reshape(*theta.shape[:-1], *s) for n, s in self.shapes.items()}

    def ravel(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """The vectors ``batch p`` of stacked named parameters."""
        return torch.cat([parameters[n].flatten(1) for n in self.shapes], dim=1)

    def _network(self, theta: Tensor) -> Tensor:
        return self.network(self.unravel(theta), self.inputs, self.activation)

    def _risk(self, theta: Tensor, labels: Tensor) -> Tensor:
        mean = loss_of(self.loss).value(self._network(theta), labels).mean()
        return mean + self.ridge / 2 * (theta @ theta) if self.ridge else mean

    def _fitting(self, theta: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The two, after a look at their shapes only: this is called at every step of a search."""
        if theta.ndim != 2 or labels.shape != (len(theta), len(self.inputs)):
            wanted = f"(batch, {self.size}) and (batch, {len(self.inputs)})"
            raise ValueError(f"expected points and labels of shapes {wanted}, got {theta.shape} and {labels.shape}")
        return theta, labels

    def expect_labels(self, labels: Tensor) -> Tensor:
        """The labels ``batch n``; raises ``ValueError`` if they do not fit the inputs or the loss."""
        if labels.ndim != 2 or labels.shape[1] != len(self.inputs):
            raise ValueError(f"expected labels of shape (batch, {len(self.inputs)}), got {tuple(labels.shape)}")
        low, high = loss_of(self.loss).labels or (-torch.inf, torch.inf)
        if not bool((torch.isfinite(labels) & (labels >= low) & (labels <= high)).all()):
            raise ValueError(f"expected finite labels in [{low}, {high}] for the {self.loss} loss, got others")
        return labels

    def risk(self, theta: Tensor, labels: Tensor) -> Tensor:
        """$R$ at each point: shape ``batch``."""
        return vmap(self._risk)(*self._fitting(theta, labels))

    def outputs(self, theta: Tensor) -> Tensor:
        """$f_\\theta(x_i)$: shape ``batch n``."""
        return vmap(self._network)(theta)

    def jacobian(self, theta: Tensor) -> Tensor:
        r"""$\partial f_\theta(x_i)/\partial\theta_j$: shape ``batch n p``."""
        return vmap(jacfwd(self._network))(theta)

    def gradient(self, theta: Tensor, labels: Tensor) -> Tensor:
        r"""$\nabla R$: shape ``batch p``."""
        return vmap(grad(self._risk))(*self._fitting(theta, labels))

    def hessian(self, theta: Tensor, labels: Tensor) -> Tensor:
        r"""$\nabla^2R$, symmetric to the last bit: shape ``batch p p``."""
        self._fitting(theta, labels)
        if self.network is residual_blocks.network:
            found = hessian.hessian(self.unravel(theta), self.inputs, labels, self.activation, self.loss)
            return found + self.ridge * torch.eye(self.size).to(found) if self.ridge else found
        found = vmap(jacfwd(grad(self._risk)))(theta, labels)
        return (found + found.mT) / 2

    def program(self, labels: Tensor) -> Program:
        """The risk in the named parameters for labels ``n``, to be certified by `rescert.certify`."""

        def traced(values: Mapping[str, Tensor]) -> Tensor:
            parameters = {name: values[name] for name in self.shapes}
            outputs = self.network(parameters, values["inputs"], self.activation)
            total = loss_of(self.loss).value(outputs, values["labels"]).mean()
            for value in parameters.values() if self.ridge else ():
                total = total + self.ridge / 2 * (value * value).sum()
            return total

        data = {"inputs": self.inputs.cpu().numpy(), "labels": labels.cpu().numpy()}
        return trace(traced, self.shapes, data)

    def product(self, theta: Tensor, labels: Tensor) -> lanczos.Product:
        r"""$v\mapsto\nabla^2R\,v$ at one point: parameters ``p``, labels ``n``."""
        leaf = theta.detach().clone().requires_grad_()
        return lanczos.hessian_product(self._risk(leaf, labels), leaf)
