r"""Two shears, $h=S_2\circ S_1$ on the disc of radius $R=2$.

$$S_1(x,y)=(x,\;y+\tfrac38(1-\cos x)),\qquad S_2(x,y)=(x+\tfrac14(y-\sin y),\;y).$$
$h(0)=0$; with $y'=y+\tfrac38(1-\cos x)$, $q=\tfrac14(1-\cos y')\in[0,\tfrac12]$ and $p=\tfrac38\sin x$,
$$Dh=\begin{pmatrix}1&q\\0&1\end{pmatrix}\begin{pmatrix}1&0\\p&1\end{pmatrix}
=\begin{pmatrix}1+qp&q\\p&1\end{pmatrix},\qquad Dh(0)=I,\qquad\det Dh=1.$$
The norm of a shear by $t$ is $N(t)=\tfrac12(|t|+\sqrt{t^2+4})$: $N(\tfrac38)=1.20493$, $N(\tfrac12)=1.28078$.

- *M.* Both shears are bijections of the plane, and the inverse of a shear by $t$ is one by $-t$. So $h^{-1}$ is
  Lipschitz on the plane with $N(\tfrac38)N(\tfrac12)=1.54325$: $M=1.5433$. The same number bounds $\mathrm{Lip}(h)$.
- *α.* With $v=pu_1+u_2$ the second derivative is
  $D^2h[u,u]=(\tfrac14\sin y'\,v^2+\tfrac38q\cos x\,u_1^2,\ \tfrac38\cos x\,u_1^2)$. At the point $(0,2)$ and $u=(1,0)$
  its norm is $\tfrac38\sqrt{1+q^2}$, $q=\tfrac14(1-\cos2)$, that is $0.397808\ldots$ That it is nowhere larger is
  enclosed over the disc by the claim `bel_lemma3`: $\alpha=0.3979$. (By hand, with $Dh=UL$: $\lVert UL-\tilde U\tilde
  L\rVert\le|q-\tilde q|\,\lVert L\rVert+\lVert\tilde U\rVert\,|p-\tilde p|$, and $|q-\tilde
  q|\le\tfrac14\sqrt{1+\tfrac9{64}}\,\delta$, $|p-\tilde p|\le\tfrac38\delta$ for points at distance $\delta$, as the
  gradient of $y'$ is $(p,1)$. Together $\tfrac14\sqrt{73/64}\,N(\tfrac38)+\tfrac38N(\tfrac12)=0.80201$.)
"""

from __future__ import annotations

import torch

DIMENSION = 2
RADIUS = "2"
SMOOTHNESS = "0.3979"
INVERSE_LIPSCHITZ = "1.5433"


def value(x: torch.Tensor) -> torch.Tensor:
    """h(x), shape (..., 2) to (..., 2)."""
    first, second = x[..., 0], _sheared(1.0, x)
    return torch.stack([first + (second - torch.sin(second)) / 4, second], -1)


def dilation(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """h(ax)/a, and x at a = 0; ``a`` (..., 1) broadcasts against ``x``."""
    parameter, first = a[..., 0], x[..., 0]
    # (y' at ax)/a, with 1 - cos t as 2 sin²(t/2).
    second = x[..., 1] + 0.75 * parameter * (first / 2 * torch.sinc(parameter * first / (2 * torch.pi))) ** 2
    excess = second * (1 - torch.sinc(parameter * second / torch.pi)) / 4
    return torch.stack([first + excess, second.expand(excess.shape)], -1)


def jacobian(x: torch.Tensor) -> torch.Tensor:
    """Dh(x), shape (..., 2) to (..., 2, 2)."""
    p, q = 0.375 * torch.sin(x[..., 0]), torch.sin(_sheared(1.0, x) / 2) ** 2 / 2
    return _matrix(1 + q * p, q, p, 1 + 0 * p)


def jacobian_change(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Dh(ax) - Dh(bx) by sums of products in which the small factors are sines, shape (..., 2, 2)."""
    after, before, first = a[..., 0], b[..., 0], x[..., 0]
    mean, half = (after + before) * first / 2, (after - before) * first / 2
    up, down = _sheared(after, x), _sheared(before, x)
    lift = (after - before) * x[..., 1] + 0.75 * torch.sin(mean) * torch.sin(half)  # up - down
    p_change = 0.75 * torch.cos(mean) * torch.sin(half)
    q_change = torch.sin((up + down) / 2) * torch.sin(lift / 2) / 2
    q_before = torch.sin(down / 2) ** 2 / 2
    return _matrix(q_change * 0.375 * torch.sin(after * first) + q_before * p_change, q_change, p_change, 0 * p_change)


def _sheared(a: torch.Tensor | float, x: torch.Tensor) -> torch.Tensor:
    """y' at ax: ay + 3(1 - cos(ax))/8."""
    return a * x[..., 1] + 0.75 * torch.sin(a * x[..., 0] / 2) ** 2


def _matrix(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    return torch.stack([torch.stack([a, b], -1), torch.stack([c, d], -1)], -2)
