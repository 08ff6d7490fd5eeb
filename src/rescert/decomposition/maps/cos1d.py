r"""The map $h(x)=x+\tfrac12(1-\cos x)$ on $X=[-2,2]$, with $h(0)=0$ and $h'(0)=1$.

*Constants.* $h'(x)=1+\tfrac12\sin x$ and $h''(x)=\tfrac12\cos x$.

- $\alpha=\tfrac12$ is the least Lipschitz constant of $h'$ on $X$: $|h''|\le\tfrac12$, with equality at $0\in X$.
- $M=2$ is the least Lipschitz constant of $h^{-1}$ on $h(X)$: $h'\ge\tfrac12>0$, so $h$ is invertible (on the whole
  line even) and $(h^{-1})'=1/h'(h^{-1})\le2$, with equality at $-\pi/2\in X$.
- The least Lipschitz constant of $h$ on $X$ is $\tfrac32$, attained at $\pi/2\in X$.

Points have shape ``(..., 1)``: the last axis of a map is its dimension.
"""

from __future__ import annotations

import torch

DIMENSION = 1
RADIUS = "2"
SMOOTHNESS = "1/2"
INVERSE_LIPSCHITZ = "2"


def value(x: torch.Tensor) -> torch.Tensor:
    """h(x) with 1 - cos x written as 2 sin²(x/2), which does not cancel; shape (..., 1) to (..., 1)."""
    return x + torch.sin(x / 2) ** 2


def dilation(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """h(ax)/a = x + sin²(ax/2)/a, and x at a = 0; ``a`` broadcasts against ``x``."""
    return x + a * (x / 2 * torch.sinc(a * x / (2 * torch.pi))) ** 2


def jacobian(x: torch.Tensor) -> torch.Tensor:
    """Dh(x) = 1 + sin(x)/2, shape (..., 1) to (..., 1, 1)."""
    return (1 + torch.sin(x) / 2)[..., None]


def jacobian_change(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Dh(ax) - Dh(bx) = cos((a+b)x/2) sin((a-b)x/2), shape (..., 1, 1): a product, where a difference cancels."""
    return (torch.cos((a + b) * x / 2) * torch.sin((a - b) * x / 2))[..., None]
