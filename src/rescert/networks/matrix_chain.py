r"""Deep linear networks of square matrices (Nar and Sastry 2018, Sections 2 and 3.2).

The factors $W_1,\dots,W_L$ of a chain are one tensor (…, L, n, n), first factor first. With inputs of covariance
$\Sigma=I$ the risk of a network that computes $F$ is $\frac12\|F-R\|_F^2$; $F=W_L\cdots W_1$ for a single network,
$F=W_L\cdots W_1-Z_L\cdots Z_1$ for a double one. A network is a stack (…, b, L, n, n) of b chains with `SIGNS`.
"""

from __future__ import annotations

import torch
from torch import Tensor

SIGNS = {"single": (1.0,), "double": (1.0, -1.0)}  # of the chains that a network sums


def identity(depth: int, size: int) -> Tensor:
    """The start (L, n, n) of every chain: all factors the identity."""
    if depth < 1 or size < 1:
        raise ValueError(f"expected a depth and a size of at least 1, got depth {depth} and size {size}")
    return torch.eye(size, dtype=torch.float64).repeat(depth, 1, 1)


def product(factors: Tensor) -> Tensor:
    """$W_L\\cdots W_1$, (…, L, n, n) to (…, n, n).

    >>> product(torch.tensor([[[1.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]]])).tolist()
    [[1.0, 1.0], [1.0, 2.0]]
    """
    result = factors[..., 0, :, :]
    for factor in factors.unbind(-3)[1:]:
        result = factor @ result
    return result


def single(parameters: Tensor) -> Tensor:
    """What the single network (…, 1, L, n, n) computes, (…, n, n)."""
    return product(parameters[..., 0, :, :, :])


def double(parameters: Tensor) -> Tensor:
    """What the double network (…, 2, L, n, n) computes, (…, n, n)."""
    return product(parameters[..., 0, :, :, :]) - product(parameters[..., 1, :, :, :])


def risk(output: Tensor, target: Tensor) -> Tensor:
    r"""$\frac12\|F-R\|_F^2$, (…, n, n) to (…)."""
    return (output - target).square().sum((-2, -1)) / 2
