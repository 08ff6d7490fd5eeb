r"""Pairs of convex residual networks of one variable (Nar & Sastry 2018, Section 4, (10a)–(10c) with $n=1$).

$$h_0=x,\qquad h_l=h_{l-1}+w_l[h_{l-1}-b_l]_+\ (1\le l\le L),\qquad \hat f_k=c\,h_L,\qquad
  \hat f=\hat f_1-\hat f_2+d,$$

with $w_l,b_l\ge0$, $c>0$ and $d\in\mathbb R$. (The paper prints $\hat f=c^Tx$ for $c^Th_L$.)

A single network is given by ``w`` and ``b`` with the layers first and ``c``; their other axes broadcast against the
inputs, so that a batch of networks is one call, and numbers trace into a program. Parameters of pairs are a mapping:
``w`` and ``b`` (L, 2, B, 1), ``c`` (2, B, 1), ``d`` (B, 1) for B pairs; the first of the two counts positively.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

Parameters = Mapping[str, Tensor]

POSITIVE = 2.0**-20  # c > 0 is an open set; this closed part of it has a projection
LOWER_BOUNDS = {"w": 0.0, "b": 0.0, "c": POSITIVE}  # entrywise; d is free


def layers(w: Any, b: Any, inputs: Any) -> list[Any]:
    r"""$h_0,\dots,h_L$ at the inputs: a list of L + 1.

    >>> x = torch.tensor([1.0, 3.0])
    >>> [h.tolist() for h in layers(torch.tensor([2.0]), torch.tensor([2.0]), x)]
    [[1.0, 3.0], [1.0, 5.0]]
    """
    hidden = [inputs]
    for weight, bias in zip(w, b, strict=True):
        hidden.append(hidden[-1] + weight * torch.relu(hidden[-1] - bias))
    return hidden


def network(w: Any, b: Any, c: Any, inputs: Any) -> Any:
    r"""$c\,h_L(x)$ at the inputs."""
    return c * layers(w, b, inputs)[-1]


def pair(first: tuple[Any, Any, Any], second: tuple[Any, Any, Any], d: Any, inputs: Any) -> Any:
    r"""$\hat f=\hat f_1-\hat f_2+d$ of two networks, each ``(w, b, c)``.

    >>> one = torch.tensor([1.0])
    >>> pair((one, one, 1.0), (one, 2 * one, 1.0), 0.5, torch.tensor([0.0, 2.0, 4.0])).tolist()
    [0.5, 1.5, 1.5]
    """
    return network(*first, inputs) - network(*second, inputs) + d


def estimate(parameters: Parameters, inputs: Tensor) -> Tensor:
    r"""$\hat f$ of B pairs at inputs (N,): shape (B, N)."""
    values = network(parameters["w"], parameters["b"], parameters["c"], inputs)
    return values[0] - values[1] + parameters["d"]


def initial(
    generator: Callable[[str], torch.Generator], *, depth: int, bias_range: float, weight_range: float
) -> dict[str, Tensor]:
    """Float64 starting values of one pair (B = 1): w ~ U[0, weight_range], b ~ U[0, bias_range], c = 1, d = 0.

    Each tensor has a stream of its own, so that another range scales the same draws.
    """
    if depth < 1:
        raise ValueError(f"expected a depth of at least 1, got {depth}")
    if not bias_range > 0 or not weight_range > 0:
        raise ValueError(f"expected positive ranges of biases and weights, got {bias_range} and {weight_range}")

    def uniform(purpose: str) -> Tensor:
        return torch.rand((depth, 2, 1, 1), generator=generator(purpose), dtype=torch.float64)

    ones = torch.ones((2, 1, 1), dtype=torch.float64)
    return {"w": weight_range * uniform("w"), "b": bias_range * uniform("b"), "c": ones, "d": 0 * ones[0]}


def gradient(parameters: Parameters, inputs: Tensor, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    r"""$R=\frac1{2N}\sum_i(\hat f(x_i)-y_i)^2$ of B pairs, (B,), and its gradient, shaped as the parameters.

    With $e_i=(\hat f(x_i)-y_i)/N$, $a_l=[h_{l-1}-b_l]_+$ and $g_l=\partial\hat f/\partial h_l$, so that
    $g_L=\pm c$ and $g_{l-1}=g_l(1+w_l\mathbf 1\{a_l>0\})$:
    $$\partial R/\partial w_l=\sum_ie_ig_la_l,\qquad \partial R/\partial b_l=-w_l\sum_ie_ig_l\mathbf 1\{a_l>0\}.$$
    """
    w, b, c = parameters["w"], parameters["b"], parameters["c"]
    hidden = inputs.expand(*c.shape[:-1], -1)
    active = []
    for weight, bias in zip(w, b, strict=True):
        active.append((hidden - bias).clamp_(min=0))
        hidden = torch.addcmul(hidden, weight, active[-1])
    values = c * hidden
    errors = (values[0] - values[1] + parameters["d"] - labels) / len(inputs)
    signed = torch.stack([errors, -errors])
    found = {"c": (signed * hidden).sum(-1, keepdim=True), "d": errors.sum(-1, keepdim=True)}
    found |= {"w": torch.empty_like(w), "b": torch.empty_like(b)}
    flow = signed * c
    for layer in reversed(range(len(w))):
        torch.sum(flow * active[layer], -1, keepdim=True, out=found["w"][layer])
        passed = torch.where(active[layer] > 0, flow, 0.0)
        found["b"][layer] = -w[layer] * passed.sum(-1, keepdim=True)
        flow = torch.addcmul(flow, w[layer], passed)
    return 0.5 * len(inputs) * (errors * errors).sum(-1), found
