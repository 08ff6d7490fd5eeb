r"""The gradient of a strictly convex function of three variables, on the ball of radius $R=\tfrac32$.

$$h(x)=x+\tfrac14\sum_{k=1}^3w_k\,(1-\cos w_k\cdot x)=\nabla\Bigl(\tfrac12|x|^2+\tfrac14\sum_k(w_k\cdot x-\sin w_k\cdot
x)\Bigr),$$
$w_1=(1,\tfrac12,0)$, $w_2=(0,1,\tfrac12)$, $w_3=(\tfrac12,0,1)$. No rotation of coordinates separates it: the $w_k$ are
not orthogonal. $h(0)=0$ and $Dh(x)=I+\tfrac14\sum_k\sin(w_k\cdot x)\,w_kw_k^{\mathsf T}$, so $Dh(0)=I$.
$W=\tfrac14\sum_kw_kw_k^{\mathsf T}$ has $\tfrac5{16}$ on the diagonal and $\tfrac18$ elsewhere, and the eigenvalues
$\tfrac9{16},\tfrac3{16},\tfrac3{16}$.

- *M.* $I-W\preceq Dh\preceq I+W$, so $(h(x)-h(y))\cdot(x-y)\ge\tfrac7{16}|x-y|^2$ and $|h(x)-h(y)|\ge\tfrac7{16}|x-y|$
  on the whole space: $M=\tfrac{16}7$. Also $\mathrm{Lip}(h)\le\tfrac{25}{16}$.
- *α.* $D^2h(x)[u,u]=\tfrac14\sum_kc_k\,(w_k\cdot u)^2w_k$ with $c_k=\cos w_k\cdot x\in[-1,1]$, and the norm of $D^2h$
  is the largest norm of such a vector, $|u|=1$ (for each $w$ the form $w\cdot D^2h$ is symmetric). It is convex in $c$,
  so the largest is at some $c\in\{-1,1\}^3$. At $c=(1,1,1)$, which is $x=0$, and $u=(1,1,1)/\sqrt3$ it is
  $9\sqrt3/32=0.48714$. That no other $c$ and $u$ give more is enclosed by the claim `bel_lemma3` ($\alpha=0.4872$) over
  a face of the cube, $u\parallel(1,a,b)$, $|a|,|b|\le1$: cyclic permutations of the entries permute the $w_k$, and
  $\pm u$ give the same. (By hand: $\sum_kc_kw_kw_k^{\mathsf T}$ with $|c_k|\le c$ has a norm of at most
  $c\,\lVert\sum_kw_kw_k^{\mathsf T}\rVert$, which gives $\tfrac9{16}\sqrt{5/4}=0.6289$.)
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

DIMENSION = 3
RADIUS = "3/2"
SMOOTHNESS = "0.4872"
INVERSE_LIPSCHITZ = "16/7"
CURVATURE = {"a": ("-1", "1"), "b": ("-1", "1")}

_ROWS = ((1.0, 0.5, 0.0), (0.0, 1.0, 0.5), (0.5, 0.0, 1.0))


def value(x: torch.Tensor) -> torch.Tensor:
    """h(x), shape (..., 3) to (..., 3), with 1 - cos t as 2 sin²(t/2)."""
    heights = [torch.sin(_along(row, x) / 2) ** 2 / 2 for row in _ROWS]
    first, second, third = heights
    return x + torch.stack([first + third / 2, first / 2 + second, second / 2 + third], -1)


def dilation(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """h(ax)/a, with 1 - cos t as 2 sin²(t/2), and x at a = 0; ``a`` (..., 1) broadcasts against ``x``."""
    rows = torch.tensor(_ROWS, dtype=torch.float64)
    along = x @ rows.T
    heights = a / 2 * (along / 2 * torch.sinc(a * along / (2 * torch.pi))) ** 2
    return x + heights @ rows


def jacobian(x: torch.Tensor) -> torch.Tensor:
    """I + Σ sin(w_k·x) w_k w_kᵀ/4, shape (..., 3) to (..., 3, 3)."""
    return torch.eye(3, dtype=torch.float64) + _combined([torch.sin(_along(row, x)) for row in _ROWS])


def jacobian_change(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Dh(ax) - Dh(bx) = Σ cos((a+b)w_k·x/2) sin((a-b)w_k·x/2) w_k w_kᵀ/2, shape (..., 3, 3)."""
    after, before = a[..., 0], b[..., 0]
    halves = [(_along(row, x) / 2) for row in _ROWS]
    return _combined([2 * torch.cos((after + before) * t) * torch.sin((after - before) * t) for t in halves])


def curvature(v: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Σ c_k (w_k·u)² w_k/4 over |u|² at u = (1, a, b), for the four c up to sign, shape (4, 3): at most α."""
    a, b = v["a"], v["b"]
    squares = [(row[0] + row[1] * a + row[2] * b) ** 2 / (4 * (1 + a * a + b * b)) for row in _ROWS]
    vectors = []
    for signs in ((1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)):
        terms = [[s * row[i] * t for s, row, t in zip(signs, _ROWS, squares, strict=True)] for i in range(3)]
        vectors.append(torch.stack([x + y + z for x, y, z in terms]))
    return torch.stack(vectors)


def _along(row: tuple[float, ...], x: torch.Tensor) -> torch.Tensor:
    return sum((w * x[..., i] for i, w in enumerate(row) if w), start=0 * x[..., 0])


def _combined(factors: list[torch.Tensor]) -> torch.Tensor:
    """Σ c_k w_k w_kᵀ / 4."""
    vectors = [torch.tensor(row, dtype=torch.float64) for row in _ROWS]
    first, second, third = (
        factor[..., None, None] * (w[:, None] * w / 4) for factor, w in zip(factors, vectors, strict=True)
    )
    return first + second + third
