r"""Ridge maps $h(x)=x+0.8\,u\,(1-\cos x_1)$ on the ball of radius $R=2$ in $\mathbb R^d$, $|u|=1$, $u_1=\sin\tfrac12$.

$h(0)=0$ and $Dh(x)=I+k\,u\,e_1^{\mathsf T}$ with $k=0.8\sin x_1$, so that $Dh(0)=I$. The other entries of $u$ are
equal, $\cos(\tfrac12)/\sqrt{d-1}$. With $s=u_1$:

- $\lVert Dh(x)-Dh(y)\rVert=0.8\,|u|\,|\sin x_1-\sin y_1|\le0.8\,|x-y|$, the least constant (at the origin).
- $h$ is a bijection of $\mathbb R^d$: its first entry is $x_1+0.8s(1-\cos x_1)$, with derivative $1+ks\ge1-0.8s>0$, and
  the others are shifts by a function of $x_1$. The domain $\mathbb R^d$ of $h^{-1}$ is convex, so that its Lipschitz
  constant is $\sup\lVert Dh^{-1}\rVert$. By Sherman and Morrison $Dh^{-1}=I+t\,u\,e_1^{\mathsf T}$ with $t=-k/(1+ks)$,
  which falls in $k$. The norm is a convex function of $t$, so its maximum over $|k|\le0.8$ is at an end. For
  $|u|=1$ the squared norm of $I+tue_1^{\mathsf T}$ is $\tfrac12(T+\sqrt{T^2-4D})$, $T=2+2ts+t^2$, $D=(1+ts)^2$ (trace
  and determinant of the square on the plane of $u$ and $e_1$). $k=-0.8$ gives $2.07827000\ldots$ and $k=0.8$ gives
  $1.187\ldots$: $M=2.07828$, rounded up. It is attained in $X$, as $\pi/2<2$.
- $\mathrm{Lip}(h)=\lVert I+0.8\,u\,e_1^{\mathsf T}\rVert=1.6423\ldots$ likewise.

*Factors.* $h_i-\mathrm{Id}$ is $u$ times a function of the first coordinate alone: $g_a(x)=x+u\,f_a(x_1)$ with
$f_a(t)=0.8(1-\cos at)/a$, and $y=g_b(x)$ has $y_1=t+sf_b(t)=:p_b(t)$, $t=x_1$, so that $h_i(y)-y=u\,(f_a-f_b)(t)$. The
first coordinates of $g_b(X)$ fill the interval $p_b([-R,R])$. So $\lVert h_i-\mathrm{Id}\rVert_L$ is the supremum
over $|t|\le R$ of $|u|\,|f_a'-f_b'|/p_b'=0.8\,|u|\,|\sin at-\sin bt|/(1+0.8s\sin bt)$, in any dimension, whether
$g_b(X)$ is convex or not (it is not, for $b$ near 1).

The entries of $0.8u$ are floats. They change $Dh$ by less than $10^{-15}$, which the constants, rounded up, leave room
for; `line_change` is that of the map with these floats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

RADIUS = "2"
SMOOTHNESS = "0.80000000000001"
INVERSE_LIPSCHITZ = "2.07828"
LINE = ("-2", "2")
AXIS = True  # Dh(x) is that at x_1 e_1, and D²h(x)[u,u] depends on u by u_1 only
HEIGHT = 0.8


@dataclass(frozen=True)
class Ridge:
    """The ridge map of a ``dimension`` >= 2; points have shape (..., d)."""

    dimension: int

    @property
    def direction(self) -> torch.Tensor:
        """u, shape (d,)."""
        others = math.cos(0.5) / math.sqrt(self.dimension - 1)
        return torch.tensor([math.sin(0.5), *[others] * (self.dimension - 1)], dtype=torch.float64)

    @property
    def outer(self) -> torch.Tensor:
        """0.8 u e_1ᵀ, shape (d, d)."""
        matrix = torch.zeros(self.dimension, self.dimension, dtype=torch.float64)
        matrix[:, 0] = HEIGHT * self.direction
        return matrix

    def value(self, x: torch.Tensor) -> torch.Tensor:
        """h(x) with 1 - cos t written as 2 sin²(t/2), which does not cancel."""
        return x + HEIGHT * self.direction * (2 * torch.sin(x[..., :1] / 2) ** 2)

    def dilation(self, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """h(ax)/a, and x at a = 0; ``a`` (..., 1) broadcasts against ``x``."""
        first = x[..., :1]
        return x + HEIGHT * self.direction * (2 * a * (first / 2 * torch.sinc(a * first / (2 * torch.pi))) ** 2)

    def jacobian(self, x: torch.Tensor) -> torch.Tensor:
        """I + 0.8 u e_1ᵀ sin x_1, shape (..., d) to (..., d, d)."""
        return torch.eye(self.dimension, dtype=torch.float64) + self.outer * torch.sin(x[..., :1])[..., None]

    def jacobian_change(self, a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Dh(ax) - Dh(bx) = 1.6 u e_1ᵀ cos((a+b)x_1/2) sin((a-b)x_1/2): a product, where a difference cancels."""
        first = x[..., :1]
        change = 2 * torch.cos((a + b) * first / 2) * torch.sin((a - b) * first / 2)
        return self.outer * change[..., None]

    def line_change(self, a: torch.Tensor, b: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """|u| (f_a' - f_b')/p_b' at the first coordinate t: the distance of the factor from the identity, signed."""
        # h has the floats w = 0.8 u. With a traced zero a program encloses their length, which a float would round.
        entries = [w + 0 * a for w in self.outer[:, 0].tolist()]
        length = torch.sqrt(sum((w * w for w in entries), start=0 * a))
        change = 2 * torch.cos((a + b) * t / 2) * torch.sin((a - b) * t / 2)
        return length * change / (1 + entries[0] * torch.sin(b * t))
