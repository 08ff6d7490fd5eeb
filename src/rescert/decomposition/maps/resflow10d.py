r"""Three contractive tanh blocks in ten dimensions, $h=F_3\circ F_2\circ F_1$ on the unit ball.

$$F_k(x)=x+\tfrac14S_k\,(\tanh(Q_kx)-Q_kx),\qquad(Q_kx)_j=\tfrac12(x_j+x_{j+k}),\qquad(S_kx)_j=x_{j-3k},$$
indices modulo 10. The linear part is taken off, so that $F_k(0)=0$ and $DF_k(0)=I$ exactly. $S_k$ is orthogonal and
$\lVert Q_k\rVert\le1$, the mean of two orthogonal matrices. $DF_k(x)=I-\tfrac14S_k\,\mathrm{diag}(\tanh^2Q_kx)\,Q_k$.

*Radii.* $(t-\tanh t)/t$ grows with $t>0$, so $|\tanh q-q|\le\rho-\tanh\rho$ for $|q|\le\rho$. The states stay in the
balls of radius $\rho_1=1$, $\rho_2=\rho_1+\tfrac14(\rho_1-\tanh\rho_1)=1.0597$ and $\rho_3=1.1282$. On them
$\lVert DF_k-I\rVert\le\tfrac14\tanh^2\rho_k=:\kappa_k$.

- *M.* $|F_k(x)-F_k(y)|\ge(1-\kappa_k)|x-y|$, the balls being convex: $M=\prod_k(1-\kappa_k)^{-1}=1.65457$, rounded up
  to $1.655$.
- *α.* With $L_k=1+\kappa_k$ and $\beta=\tfrac14\cdot\tfrac4{3\sqrt3}$, the Lipschitz constant of $DF_k$ (the derivative
  of $\tanh^2$ is at most $\tfrac4{3\sqrt3}$),
  $\lVert Dh(x)-Dh(y)\rVert\le\beta(L_2L_3+L_1^2L_3+L_1^2L_2^2)\,|x-y|$ by changing one factor at a time: $0.88850$,
  rounded up to $\alpha=0.889$. An upper bound and not the least one; so is $M$.
"""

from __future__ import annotations

import torch

DIMENSION = 10
RADIUS = "1"
SMOOTHNESS = "0.889"
INVERSE_LIPSCHITZ = "1.655"

_BLOCKS = (1, 2, 3)


def value(x: torch.Tensor) -> torch.Tensor:
    """h(x), shape (..., 10) to (..., 10)."""
    return dilation(torch.ones(1, dtype=x.dtype), x)


def dilation(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """h(ax)/a, block by block, and x at a = 0; ``a`` (..., 1) broadcasts against ``x``."""
    for k in _BLOCKS:
        inner = _mixed(k, x)
        t = a * inner
        quotient = torch.where(t == 0, torch.ones_like(t), torch.tanh(t) / torch.where(t == 0, torch.ones_like(t), t))
        x = x + torch.roll(inner * (quotient - 1), 3 * k, -1) / 4
    return x


def jacobian(x: torch.Tensor) -> torch.Tensor:
    """DF_3 DF_2 DF_1, shape (..., 10) to (..., 10, 10)."""
    product = torch.eye(10, dtype=x.dtype).expand(*x.shape[:-1], 10, 10)
    for k in _BLOCKS:
        inner = torch.tanh(_mixed(k, x))
        product = product - _applied(k, inner * inner, product)
        x = x + torch.roll(inner - _mixed(k, x), 3 * k, -1) / 4
    return product


def jacobian_change(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Dh(ax) - Dh(bx), shape (..., 10, 10), by differences that are carried from block to block.

    With states p and q = p - δ: tanh p - tanh q = tanh(δ)(1 - tanh p tanh q), and the difference of the products
    changes by -S(diag(tanh²p)QΔ + diag(tanh²p - tanh²q)QP)/4, where Δ is the difference so far and P the second
    product.
    """
    after, before, gap = a * x, b * x, (a - b) * x
    second = torch.eye(10, dtype=x.dtype).expand(*gap.shape[:-1], 10, 10)
    change = torch.zeros_like(second)
    for k in _BLOCKS:
        up, down = torch.tanh(_mixed(k, after)), torch.tanh(_mixed(k, before))
        apart = torch.tanh(_mixed(k, gap)) * (1 - up * down)
        change = change - _applied(k, up * up, change) - _applied(k, apart * (up + down), second)
        second = second - _applied(k, down * down, second)
        after = after + torch.roll(up - _mixed(k, after), 3 * k, -1) / 4
        before = before + torch.roll(down - _mixed(k, before), 3 * k, -1) / 4
        gap = gap + torch.roll(apart - _mixed(k, gap), 3 * k, -1) / 4
    return change


def _mixed(k: int, x: torch.Tensor) -> torch.Tensor:
    """Q_k x along the last axis."""
    return (x + torch.roll(x, -k, -1)) / 2


def _applied(k: int, diagonal: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """S_k diag(v) Q_k A / 4, along the last axis but one of A."""
    mixed = (matrix + torch.roll(matrix, -k, -2)) / 2
    return torch.roll(diagonal[..., None] * mixed, 3 * k, -2) / 4
