r"""Gradient descent on the matrix chain $W_L\cdots W_1$ fitted to $R$ with $\Sigma=I$, to be traced for balls.

The loss is $f=\tfrac12\|E\|_F^2$, $E=W_L\cdots W_1-R$, and with $A_i=W_L\cdots W_{i+1}$, $B_i=W_{i-1}\cdots W_1$ a step
is $W_i\leftarrow W_i-\delta A_i^{\mathsf T}EB_i^{\mathsf T}$ (Nar and Sastry 2018, equation 5).

Weights are lists $W_1,\dots,W_L$ of matrices; values ``v`` hold ``matrix`` = R, ``step`` = δ and ``start`` = every
W_i[0]. All functions take float tensors as well (with leading axes for batches) and then compute in floats.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import torch

Values = Mapping[str, Any]
Weights = Sequence[Any]


def partial_products(weights: Weights) -> tuple[list[Any], list[Any], Any]:
    """A_i and B_i for each layer (None: the identity), and the whole product."""
    below: list[Any] = [None]
    for weight in weights:
        below.append(weight if below[-1] is None else weight @ below[-1])
    above: list[Any] = [None]
    for weight in reversed(weights[1:]):
        above.append(weight if above[-1] is None else above[-1] @ weight)
    return above[::-1], below[:-1], below[-1]


def between(above: Any, inner: Any, below: Any) -> Any:
    """above @ inner @ below, None being the identity."""
    left = inner if above is None else above @ inner
    return left if below is None else left @ below


def transposed(matrix: Any) -> Any:
    return None if matrix is None else matrix.mT


def error(weights: Weights, matrix: Any) -> Any:
    """E = W_L…W_1 - R."""
    return partial_products(weights)[2] - matrix


def gradients(weights: Weights, matrix: Any) -> list[Any]:
    """The gradient of ½‖W_L…W_1 - R‖² in each W_i.

    >>> w = [torch.tensor([[2.0]]), torch.tensor([[3.0]])]
    >>> [float(g) for g in gradients(w, torch.tensor([[5.0]]))]
    [3.0, 2.0]
    """
    above, below, product = partial_products(weights)
    wrong = product - matrix
    return [between(transposed(a), wrong, transposed(b)) for a, b in zip(above, below, strict=True)]


def step(weights: Weights, matrix: Any, rate: Any) -> list[Any]:
    """The weights after one step."""
    return [w - g * rate for w, g in zip(weights, gradients(weights, matrix), strict=True)]


def run(v: Values, depth: int, steps: int) -> list[list[Any]]:
    """The weights at k = 0..steps, from ``depth`` equal starts."""
    history = [[v["start"] * 1] * depth]
    for _ in range(steps):
        history.append(step(history[-1], v["matrix"], v["step"]))
    return history


def risk(weights: Weights, matrix: Any) -> Any:
    """½‖W_L…W_1 - R‖²."""
    wrong = error(weights, matrix)
    return (wrong * wrong).sum() / 2


def square(matrix: Any) -> Any:
    """‖X‖_F² as an array of one entry."""
    return (matrix * matrix).sum().reshape(1)


def commutator(weight: Any, matrix: Any) -> Any:
    """WR - RW."""
    return weight @ matrix - matrix @ weight


def imbalances(weights: Weights) -> list[Any]:
    """W_{i+1}'W_{i+1} - W_iW_i', which a gradient flow keeps."""
    return [after.mT @ after - before @ before.mT for before, after in itertools.pairwise(weights)]


def norms(matrix: torch.Tensor) -> torch.Tensor:
    """The Frobenius norms of a batch of float matrices."""
    return matrix.square().sum((-2, -1)).sqrt()
