r"""Three contractive tanh blocks in ten dimensions, $h=F_3\circ F_2\circ F_1$ on the unit ball.

$$F_k(x)=x+\tfrac14S_k\,(\tanh(Q_kx)-Q_kx),\qquad(Q_kx)_j=\tfrac12(x_j+x_{j+k}),\qquad(S_kx)_j=x_{j-3k},$$
indices modulo 10. The linear part is taken off, so that $F_k(0)=0$ and $DF_k(0)=I$ exactly. $S_k$ is orthogonal and
$\lVert Q_k\rVert\le1$, the mean of two orthogonal matrices. $DF_k(x)=I-\tfrac14S_k\,\mathrm{diag}(\tanh^2Q_kx)\,Q_k$.

The rows of $Q_k$ have the norm $1/\sqrt2$: for $|x|\le\rho$ each entry of $Q_kx$ is at most $\rho/\sqrt2$.

*Radii.* $\varphi(t)=1-\tanh t/t$ grows with $t>0$, so $|\tanh q-q|\le\varphi(\rho/\sqrt2)\,|q|$ for $q=Q_kx$,
$|x|\le\rho$. The states stay in the balls of radius $\rho_1=1$,
$\rho_2=\rho_1(1+\tfrac14\varphi(\rho_1/\sqrt2))=1.0348$ and $\rho_3=1.0728$. On them
$\lVert DF_k-I\rVert\le\tfrac14\tanh^2(\rho_k/\sqrt2)=:\kappa_k$, at most $0.1025$.

- *M.* $|F_k(x)-F_k(y)|\ge(1-\kappa_k)|x-y|$, the balls being convex: $M=\prod_k(1-\kappa_k)^{-1}=1.36045$, rounded up
  to $1.3605$.
- *α.* With $L_k=1+\kappa_k$ and $\beta=\tfrac14\cdot\tfrac4{3\sqrt3}\cdot\tfrac1{\sqrt2}$, the Lipschitz constant of
  $DF_k$ (the derivative of $\tanh^2$ is at most $\tfrac4{3\sqrt3}$, and an entry of $Q_k(x-y)$ at most
  $|x-y|/\sqrt2$), $\lVert Dh(x)-Dh(y)\rVert\le\beta(L_2L_3+L_1^2L_3+L_1^2L_2^2)\,|x-y|$ by changing one factor at a
  time: $0.53942$, rounded up to $\alpha=0.5395$. An upper bound and not the least one (pairs were found that need
  $0.158$); so is $M$.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

DIMENSION = 10
RADIUS = "1"
SMOOTHNESS = "0.5395"
INVERSE_LIPSCHITZ = "1.3605"

CURVATURE = {"radius": ("1/64", "1")}

_BLOCKS = (1, 2, 3)


def value(x: torch.Tensor) -> torch.Tensor:
    """h(x), shape (..., 10) to (..., 10)."""
    for k in _BLOCKS:
        inner = _mixed(k, x)
        x = x + _rolled(torch.tanh(inner) - inner, 3 * k) / 4
    return x


def dilation(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """h(ax)/a, block by block, and x at a = 0; ``a`` (..., 1) broadcasts against ``x``."""
    for k in _BLOCKS:
        inner = _mixed(k, x)
        t = a * inner
        quotient = torch.where(t == 0, torch.ones_like(t), torch.tanh(t) / torch.where(t == 0, torch.ones_like(t), t))
        x = x + _rolled(inner * (quotient - 1), 3 * k) / 4
    return x


def jacobian(x: torch.Tensor) -> torch.Tensor:
    """DF_3 DF_2 DF_1, shape (..., 10) to (..., 10, 10)."""
    product = torch.eye(10, dtype=torch.float64).expand(*x.shape[:-1], 10, 10)
    for k in _BLOCKS:
        inner = torch.tanh(_mixed(k, x))
        product = product - _applied(k, inner * inner, product)
        x = x + _rolled(inner - _mixed(k, x), 3 * k) / 4
    return product


def jacobian_change(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Dh(ax) - Dh(bx), shape (..., 10, 10), by differences that are carried from block to block.

    With states p and q = p - δ: tanh p - tanh q = tanh(δ)(1 - tanh p tanh q), and the difference of the products
    changes by -S(diag(tanh²p)QΔ + diag(tanh²p - tanh²q)QP)/4, where Δ is the difference so far and P the second
    product.
    """
    after, before, gap = a * x, b * x, (a - b) * x
    second = torch.eye(10, dtype=torch.float64).expand(*gap.shape[:-1], 10, 10)
    change = torch.zeros_like(second)
    for k in _BLOCKS:
        up, down = torch.tanh(_mixed(k, after)), torch.tanh(_mixed(k, before))
        apart = torch.tanh(_mixed(k, gap)) * (1 - up * down)
        change = change - _applied(k, up * up, change) - _applied(k, apart * (up + down), second)
        second = second - _applied(k, down * down, second)
        after = after + _rolled(up - _mixed(k, after), 3 * k) / 4
        before = before + _rolled(down - _mixed(k, before), 3 * k) / 4
        gap = gap + _rolled(apart - _mixed(k, gap), 3 * k) / 4
    return change


def curvature(v: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The bound β(L_2 L_3 + L_1² L_3 + L_1² L_2²) on ‖D²h‖ for the ball of a radius, shape (1,); α at the radius 1."""
    radius, stretch = v["radius"], []
    zero = 0 * radius  # traced, so that a program encloses the roots, which floats would round
    for _ in _BLOCKS:
        entry = radius * torch.sqrt(0.5 + zero)
        inner = torch.tanh(entry)
        stretch.append(1 + inner * inner / 4)
        radius = radius * (1 + (1 - inner / entry) / 4)
    first, second, third = stretch
    factors = second * third + first * first * third + first * first * second * second
    return torch.stack([factors / (3 * torch.sqrt(6 + zero))])


def _rolled(x: torch.Tensor, places: int) -> torch.Tensor:
    """Entries of the last axis moved on by so many places, in the vocabulary of programs."""
    cut = 10 - places
    return torch.cat([x[..., cut:], x[..., :cut]], -1)


def _mixed(k: int, x: torch.Tensor) -> torch.Tensor:
    """Q_k x along the last axis."""
    return (x + _rolled(x, 10 - k)) / 2


def _applied(k: int, diagonal: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """S_k diag(v) Q_k A / 4, along the last axis but one of A."""
    mixed = (matrix + torch.cat([matrix[..., k:, :], matrix[..., :k, :]], -2)) / 2
    product, cut = diagonal[..., None] * mixed, 10 - 3 * k
    return torch.cat([product[..., cut:, :], product[..., :cut, :]], -2) / 4
