r"""The residual network of Yun, Sra and Jadbabaie (2019), Section 3.2: scalar inputs, blocks of one ReLU unit.

$$h_0=x,\qquad h_l=h_{l-1}+v_l\,\mathrm{relu}(u_lh_{l-1}+b_l)\quad(1\le l\le L),\qquad f=w\,h_L+c.$$

Parameters are a mapping: ``v``, ``u``, ``b`` (each ``L``), ``w`` and ``c`` (scalars). All functions are pure and made
of the operations that `rescert.certify.problem` traces.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor


def parameter_shapes(depth: int) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter of a network of ``depth`` blocks.

    >>> parameter_shapes(2)
    {'v': (2,), 'u': (2,), 'b': (2,), 'w': (), 'c': ()}
    """
    if depth < 1:
        raise ValueError(f"expected a depth of at least 1, got {depth}")
    return {**dict.fromkeys("vub", (depth,)), "w": (), "c": ()}


def blocks(parameters: Mapping[str, Any], inputs: Any) -> list[tuple[Any, Any]]:
    r"""For each block its pre-activations $u_lh_{l-1}+b_l$ and its outputs $h_l$ at inputs ``n``: shape ``n`` each."""
    hidden, found = inputs, []
    for outer, inner, bias in zip(*(parameters[name] for name in "vub"), strict=True):
        active = inner * hidden + bias
        hidden = hidden + outer * torch.relu(active)
        found.append((active, hidden))
    return found


def network(parameters: Mapping[str, Any], inputs: Any) -> Tensor:
    r"""$f(x)$ at inputs ``n``: shape ``n``.

    >>> one, two = torch.ones(()), torch.ones(2)
    >>> network({"v": two, "u": two, "b": 0 * two, "w": one, "c": one}, torch.tensor([-1.0, 1.0])).tolist()
    [0.0, 5.0]
    """
    return parameters["w"] * blocks(parameters, inputs)[-1][1] + parameters["c"]


def risk(parameters: Mapping[str, Any], inputs: Any, labels: Any) -> Tensor:
    r"""$R(\theta)=\frac1n\sum_i(f(x_i)-y_i)^2$: the paper's mean squared error, without a factor $\frac12$."""
    error = network(parameters, inputs) - labels
    return (error * error).mean()
