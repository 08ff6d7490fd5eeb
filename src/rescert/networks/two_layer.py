r"""Residual layers $x+A\sigma(Bx+\beta)+c$ computed by two-layer networks, with the Jacobians of their increments.

$A$ is (…, d, k), $B$ (…, k, d), $\beta$ (…, k) and $c$ (…, d); points are (…, n, d). The leading axes are a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


def _tanh_slope(t: Any) -> Any:
    value = torch.tanh(t)
    return 1 - value * value


# σ and σ'; the slope of the ReLU at 0 is taken as 0
ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "tanh": (torch.tanh, _tanh_slope),
    "relu": (torch.relu, lambda t: (t > 0).to(t.dtype)),
}


@dataclass(frozen=True)
class TwoLayer:
    r"""The increment $N(x)=A\sigma(Bx+\beta)+c$ of a layer.

    >>> one = torch.ones(1, 1)
    >>> layer = TwoLayer("relu", 2 * one, one, torch.tensor([-1.0]), torch.tensor([5.0]))
    >>> layer.increment(torch.tensor([[0.0], [3.0]])).flatten().tolist()
    [5.0, 9.0]
    >>> layer.jacobian(torch.tensor([[0.0], [3.0]])).flatten().tolist()
    [0.0, 2.0]
    """

    activation: str
    outer: Any
    inner: Any
    bias: Any
    shift: Any

    def increment(self, x: Any) -> Any:
        """N(x), (…, n, d)."""
        return (
            ACTIVATIONS[self.activation][0](x @ self.inner.mT + self.bias[..., None, :]) @ self.outer.mT
            + self.shift[..., None, :]
        )

    def jacobian(self, x: Tensor) -> Tensor:
        r"""$A\,\mathrm{diag}(\sigma')\,B$, (…, n, d, d)."""
        slopes = ACTIVATIONS[self.activation][1](x @ self.inner.mT + self.bias[..., None, :])
        count, size = self.inner.shape[-1], self.inner.shape[-2]
        products = self.outer.mT[..., :, :, None] * self.inner[..., :, None, :]  # (…, k, d, d)
        flat = slopes @ products.reshape(*products.shape[:-3], size, count * count)
        return flat.reshape(*flat.shape[:-1], count, count)


def kinked(knots: Tensor, values: Tensor) -> TwoLayer:
    r"""The ReLU layer that joins (knot, value) by straight pieces and is constant outside, for d = 1.

    With slopes $s_1,\dots,s_k$ of the pieces and $s_0=s_{k+1}=0$ it is
    $N(x)=N(y_0)+\sum_{j=0}^k(s_{j+1}-s_j)\,\mathrm{relu}(x-y_j)$: one unit a knot. Knots (…, k+1) increase.

    >>> layer = kinked(torch.tensor([0.0, 1.0, 3.0]), torch.tensor([0.0, 1.0, 0.0]))
    >>> layer.increment(torch.tensor([[-1.0], [0.5], [2.0], [4.0]])).flatten().tolist()
    [0.0, 0.5, 0.5, 0.0]
    """
    slopes = values.diff(dim=-1) / knots.diff(dim=-1)
    none = torch.zeros_like(slopes[..., :1])
    change = torch.cat([none, slopes, none], -1).diff(dim=-1)
    return TwoLayer("relu", change[..., None, :], torch.ones_like(knots)[..., None], -knots, values[..., :1])


def compose(layers: Sequence[TwoLayer], x: Tensor) -> Tensor:
    r"""$h_m\circ\dots\circ h_1$ at the points, with $h_i=\mathrm{Id}+N_i$."""
    for layer in layers:
        x = x + layer.increment(x)
    return x
