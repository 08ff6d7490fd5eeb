r"""Tests of convexity and order on residual networks (7a)-(7c), which a network that has neither cannot pass.

For a function $f$, points $x,y$ and numbers $s,t\ge0$:

- slack of midpoint convexity, $\tfrac12(f(x)+f(y))-f(\tfrac12(x+y))$: $\ge0$ everywhere if and only if the continuous
  $f$ is convex;
- mixed second difference, $f(x+se_i+te_j)-f(x+se_i)-f(x+te_j)+f(x)$ for $i\ne j$: $\ge0$ everywhere if and only if
  $f$ is supermodular;
- excess of the slope, $f(x+te_i)-f(x)-c_it$.

Points are binary fractions of few digits, so that balls of high precision hold the values exactly and an equality is
seen as one. Networks are given as in `rescert.networks.convex_residual`, ``d`` as a tensor.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from rescert.certify.problem import Program, trace
from rescert.networks import convex_residual
from rescert.networks.convex_residual import Parameters

PRECISION = 512  # bits: holds every value of a drawn network with up to about 20 layers
STEPS = 64  # points are multiples of 1/64

Network = Callable[[Tensor], Tensor]


def points(generator: torch.Generator, count: int, together: int, dimension: int) -> Tensor:
    """``count`` groups of ``together`` points of [0, 1]^n, uniform on a grid: shape (count, together, n)."""
    drawn = torch.rand((count, together, dimension), generator=generator, dtype=torch.float64)
    return torch.round(STEPS * drawn) / STEPS


def slack(network: Network, ends: Tensor) -> Tensor:
    """Slack of midpoint convexity for pairs of points, (N, 2, n) to (N,).

    >>> slack(lambda x: (x * x).sum(-1), torch.tensor([[[0.0], [2.0]]])).tolist()
    [1.0]
    """
    x, y = ends[:, 0], ends[:, 1]
    return (network(x) + network(y)) / 2 - network((x + y) / 2)


def order(network: Network, ends: Tensor, slopes: Tensor) -> Tensor:
    """Excess of slopes in every input, and mixed second differences in every pair, of rectangles: (N, 2, n) to (M,).

    A rectangle has the lower corner ``ends[:, 0]`` and the sides ``ends[:, 1]``; M = N (n + n (n-1) / 2).

    >>> order(lambda x: x[:, 0] * x[:, 1], torch.tensor([[[0.0, 0.0], [1.0, 2.0]]]), torch.zeros(2)).tolist()
    [0.0, 0.0, 2.0]
    """
    corner, sides, dimension = ends[:, 0], ends[:, 1], ends.shape[2]
    units = torch.eye(dimension, dtype=torch.float64)
    steps = [sides * units[i] for i in range(dimension)]
    base, alone = network(corner), [network(corner + step) for step in steps]
    parts = [alone[i] - base - sides[:, i] * slopes[i] for i in range(dimension)]
    for i, j in itertools.combinations(range(dimension), 2):
        parts.append(network(corner + steps[i] + steps[j]) - alone[i] - alone[j] + base)
    return torch.cat(parts)


def program(parameters: Parameters, expression: Callable[[Network, Tensor], Tensor], at: Tensor) -> Program:
    """The program of an expression in the network and in fixed points; it has no inputs."""

    def output(v: Mapping[str, Any]) -> Any:
        known = convex_residual.gathered(v)
        return expression(lambda x: convex_residual.forward(known, x), v["at"])

    return trace(output, {}, {**_arrays(parameters), "at": at.numpy()})


def activations(parameters: Parameters, x: Tensor) -> Tensor:
    """$V_i^Th_{i-1}(x)-b_i$ of all units at a point (n,), layer by layer: shape (m_1 + … + m_L,)."""
    states = convex_residual.hidden(parameters, x)
    layers = range(convex_residual.depth(parameters))
    return torch.cat([states[i] @ parameters["V"][i] - parameters["b"][i] for i in layers])


def piece(parameters: Parameters, centre: Tensor) -> tuple[Program, dict[str, Any]] | None:
    """A program that is positive where no unit has another sign than at ``centre``, and a small box around it.

    Its entries are the activations times their signs at the centre: where it is positive, the network is affine. That
    it is so on the whole box remains to be proved. None if a unit is at its kink in the centre.
    """
    signs = torch.sign(activations(parameters, centre))
    if bool((signs == 0).any()):
        return None

    def output(v: Mapping[str, Any]) -> Any:
        return activations(convex_residual.gathered(v), v["x"]) * v["signs"]

    found = trace(output, {"x": (len(centre),)}, {**_arrays(parameters), "signs": signs.numpy()})
    return found, {"x": {"mid": centre.numpy(), "rad": 2.0**-10}}


def worst(
    parameters: Parameters, name: str, layer: int, size: float, ends: Tensor
) -> tuple[dict[str, Any], int, float]:
    """The network with one entry replaced by ``-size``: that entry for which a segment has the least slack.

    Returns the network, the number of the segment in ``ends`` and its slack, in floats: a search, not a proof.
    """
    entries = parameters["c"] if name == "c" else parameters[name][layer]
    found: list[tuple[float, int, dict[str, Any]]] = []
    for position in range(entries.numel()):
        changed = entries.clone()
        changed.reshape(-1)[position] = -size
        layers = [changed if i == layer else old for i, old in enumerate(parameters[name])]
        network = {**parameters, name: changed if name == "c" else layers}
        slacks = slack(partial(convex_residual.forward, network), ends)
        least = int(slacks.argmin())
        found.append((float(slacks[least]), least, network))
    value, least, network = min(found, key=lambda f: f[0])
    return network, least, value


def counterexample(entry: str) -> tuple[dict[str, Any], Tensor]:
    r"""A network of three layers with n = 2 in which only one sign is wrong, and a segment with negative slack.

    ``entry`` names it: W1, W2, W3, V2, V3 or c. With $b=\tfrac12(1,1)$, the others as printed:

    - $W_i=-I$, $V_i=I$, $b_i=b$, the other V and W 0: $\hat f=\sum_j x_j-(x_j-\tfrac12)_+$;
    - $W_1=V_1=I$, $b_1=b$, $c=(-1,1)$: $-x_1-(x_1-\tfrac12)_+$ and a function of $x_2$;
    - $W_1=V_1=I$, $b_1=b$ and $V_i=(-1,1)^T$, $b_i=0$, $W_i=(0,2)^T$ for one $i\ge2$:
      $\hat f=h_{11}+h_{12}+2[h_{12}-h_{11}]_+$ with $h_{1j}=x_j+(x_j-\tfrac12)_+$, which is $3h_{12}-h_{11}$ where
      $h_{11}\le h_{12}$.

    On the line $x_2=\tfrac34$, $x_1\le\tfrac34$, each is concave, with a kink at $x_1=\tfrac12$.

    >>> network, segment = counterexample("V2")
    >>> slack(lambda x: convex_residual.forward(network, x), segment[None]).tolist()
    [-0.125]
    """
    if entry not in ("W1", "W2", "W3", "V2", "V3", "c"):
        raise ValueError(f"expected an entry among W1, W2, W3, V2, V3 and c, got '{entry}'")
    eye, zero = torch.eye(2, dtype=torch.float64), torch.zeros((2, 2), dtype=torch.float64)
    half, none = torch.full((2,), 0.5, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    network: dict[str, Any] = {"W": [zero] * 3, "V": [zero] * 3, "b": [half] * 3, "c": 2 * half, "d": none[0]}
    first = int(entry[1]) - 1 if entry[0] == "W" else 0
    network["W"][first] = -eye if entry[0] == "W" else eye
    network["V"][first] = eye
    if entry == "c":
        network["c"] = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    elif entry[0] == "V":
        layer = int(entry[1]) - 1
        network["V"][layer] = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
        network["W"][layer] = torch.tensor([[0.0], [2.0]], dtype=torch.float64)
        network["b"][layer] = none[:1]
    return network, torch.tensor([[0.25, 0.75], [0.75, 0.75]], dtype=torch.float64)


def _arrays(parameters: Parameters) -> dict[str, Any]:
    return {name: value.numpy() for name, value in convex_residual.flat(parameters).items()}
