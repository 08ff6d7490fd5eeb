r"""The map $h(x)=\sinh x$ on $X=[-1,1]$, with $h(0)=0$ and $h'(0)=1$.

*Constants.* $h'(x)=\cosh x\ge1$ and $h''(x)=\sinh x$.

- $\alpha=\sinh1=1.17520119\ldots$ is the least Lipschitz constant of $h'$ on $X$, attained at $\pm1$; rounded up.
- $M=1$ is the least Lipschitz constant of $h^{-1}$: $(h^{-1})'=1/\cosh(h^{-1})\le1$, with equality at $0$.
- The least Lipschitz constant of $h$ on $X$ is $\cosh1=1.543\ldots$

Points have shape ``(..., 1)``.
"""

from __future__ import annotations

import torch

DIMENSION = 1
RADIUS = "1"
SMOOTHNESS = "1.1752012"
INVERSE_LIPSCHITZ = "1"


def value(x: torch.Tensor) -> torch.Tensor:
    """sinh x; shape (..., 1) to (..., 1)."""
    return _sinh(x)


def dilation(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """sinh(ax)/a, and x at a = 0; ``a`` broadcasts against ``x``."""
    t = a * x
    return torch.where(t == 0, x, x * (torch.sinh(t) / torch.where(t == 0, torch.ones_like(t), t)))


def jacobian(x: torch.Tensor) -> torch.Tensor:
    """cosh x, shape (..., 1) to (..., 1, 1)."""
    return ((torch.exp(x) + torch.exp(-x)) / 2)[..., None]


def jacobian_change(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """cosh(ax) - cosh(bx) = 2 sinh((a+b)x/2) sinh((a-b)x/2), shape (..., 1, 1)."""
    return (2 * _sinh((a + b) * x / 2) * _sinh((a - b) * x / 2))[..., None]


def _sinh(t: torch.Tensor) -> torch.Tensor:
    """tanh t · cosh t: a product, and in the vocabulary of programs."""
    return torch.tanh(t) * (torch.exp(t) + torch.exp(-t)) / 2
