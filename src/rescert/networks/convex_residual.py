r"""The convex residual network of Nar and Sastry (2018), Section 3.1, equations (7a)-(7c).

$$h_0(x)=x,\qquad h_i(x)=h_{i-1}(x)+W_i[V_i^Th_{i-1}(x)-b_i]_+\ (i=1,\dots,L),\qquad \hat f(x)=c^Th_L(x)+d,$$

with $W_i,V_i\in\mathbb R^{n\times m_i}$, $b_i\in\mathbb R^{m_i}$, $c\in\mathbb R^n$, $d\in\mathbb R$. The paper asks
for $W_i,V_i,b_i\ge0$ and $c>0$ entrywise; nothing here enforces it.

Parameters are a mapping: ``W`` and ``V`` are the L matrices (n, m_i), ``b`` the L vectors (m_i,), each a list or, for
equal widths, one stacked tensor; ``c`` is (n,) and ``d`` a number or a tensor without axes. A program has flat names
instead, ``W1``, ``V1``, ``b1``, …, ``c``, ``d``: `flat` and `gathered` go from one to the other. All functions are pure
and made of the operations that `rescert.certify.problem` traces, and they serve under vmap. (For many large networks
at once, on features that they share, see `rescert.networks.convex_pairs`.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

Parameters = Mapping[str, Any]

LAYERED = ("W", "V", "b")
STEPS = 16  # drawn numbers are multiples of 1/16, times a power of two: few bits, so that all sums are exact


def depth(parameters: Parameters) -> int:
    """The number of layers $L$; raises ``ValueError`` where ``W``, ``V`` and ``b`` have not equally many."""
    counts = {name: len(parameters[name]) for name in LAYERED}
    if len(set(counts.values())) != 1:
        raise ValueError(f"expected as many W as V and b, got {counts}")
    return counts["W"]


def hidden(parameters: Parameters, x: Tensor) -> list[Tensor]:
    r"""$h_0,\dots,h_L$ at a point (n,) or at the rows of ``x`` (N, n), each of the shape of ``x``."""
    states = [x]
    for layer in range(depth(parameters)):
        active = torch.relu(states[-1] @ parameters["V"][layer] - parameters["b"][layer])
        states.append(states[-1] + active @ parameters["W"][layer].mT)
    return states


def forward(parameters: Parameters, x: Tensor) -> Tensor:
    r"""$\hat f$ at a point (n,): a tensor without axes; at the rows of ``x`` (N, n): shape (N,).

    The network (8a)-(8b) with $b=(1,2)$:

    >>> eye = torch.eye(2, dtype=torch.float64)
    >>> bowl = {"W": [eye], "V": [eye], "b": [torch.tensor([1.0, 2.0]).double()], "c": torch.ones(2).double(), "d": 0.0}
    >>> forward(bowl, torch.tensor([[1.0, 1.0], [3.0, 3.0]]).double()).tolist()
    [2.0, 9.0]
    """
    return hidden(parameters, x)[-1] @ parameters["c"] + parameters["d"]


def flat(parameters: Parameters) -> dict[str, Any]:
    """The parameters by the names of a program's constants or inputs: ``W1``, ``V1``, ``b1``, …, ``c``, ``d``."""
    layered = {f"{name}{i + 1}": parameters[name][i] for i in range(depth(parameters)) for name in LAYERED}
    return {**layered, "c": parameters["c"], "d": parameters["d"]}


def gathered(values: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `flat`, on traced values too; other names in ``values`` are left out.

    >>> gathered({"W1": 1, "V1": 2, "b1": 3, "c": 4, "d": 5, "x": 6})
    {'W': [1], 'V': [2], 'b': [3], 'c': 4, 'd': 5}
    """
    layers = sum(name[0] == "W" and name[1:].isdigit() for name in values)
    found = {name: [values[f"{name}{i + 1}"] for i in range(layers)] for name in LAYERED}
    return {**found, "c": values["c"], "d": values["d"]}


def draw(generator: torch.Generator, dimension: int, widths: Sequence[int], free: bool = False) -> dict[str, Any]:
    """A network of the class, with small binary fractions for parameters, for inputs of the order of 1.

    V is uniform on [0, 4/n) with half of its entries 0, W on [0, 2/m_i) (n and m_i rounded up to powers of two, so that
    deep networks do not explode), b and c on (0, 1], and d = 0. With ``free`` the entries of V_1 and all b get random
    signs, with negative ones in the first unit, and half of the entries of c, but the last, are 0.
    """
    if dimension < 1 or not widths or min(widths) < 1:
        raise ValueError(f"expected a dimension and widths of at least 1, got {dimension} and {list(widths)}")

    def uniform(*shape: int) -> Tensor:
        return torch.floor(STEPS * torch.rand(shape, generator=generator, dtype=torch.float64)) / STEPS

    parameters: dict[str, Any] = {name: [] for name in LAYERED}
    for width in widths:
        kept = uniform(dimension, width) < 0.5
        parameters["V"].append(uniform(dimension, width) * kept * 4 / _power_of_two(dimension))
        parameters["W"].append(uniform(dimension, width) * 2 / _power_of_two(width))
        parameters["b"].append(1 - uniform(width))
    c = 1 - uniform(dimension)
    if free:
        for entries in (parameters["V"][0], *parameters["b"]):
            entries *= 1 - 2.0 * (uniform(*entries.shape) < 0.5)
        parameters["V"][0][0, 0] = -1
        parameters["b"][0][0] = -0.25
        c[: dimension - 1] *= uniform(dimension - 1) < 0.5
    return {**parameters, "c": c, "d": torch.zeros((), dtype=torch.float64)}


def _power_of_two(count: int) -> int:
    """The least one that is not below ``count``."""
    return 1 << (count - 1).bit_length()
