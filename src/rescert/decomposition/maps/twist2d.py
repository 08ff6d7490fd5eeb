r"""A twist of the unit disc: $h(x)=\mathrm{Rot}(\tfrac12|x|^2)\,x$, $R=1$.

With $\theta=\tfrac12|x|^2$, the rotation $\mathrm{Rot}(\theta)$ and $J=\mathrm{Rot}(\pi/2)$,
$$Dh(x)=\mathrm{Rot}(\theta)\,(I+Jx\,x^{\mathsf T}),\qquad Dh(0)=I,\qquad\det Dh=1.$$
In the frame of $x/|x|$ and $Jx/|x|$ the second factor is a shear by $r^2=|x|^2$, of norm
$N(r^2)=\tfrac12(r^2+\sqrt{r^4+4})$.

- *M.* $h$ maps each circle to itself, so $h(X)=X$, and $h^{-1}(y)=\mathrm{Rot}(-\tfrac12|y|^2)\,y$ is a twist, too. $X$
  is convex: $\mathrm{Lip}(h^{-1})=N(1)=\tfrac12(1+\sqrt5)=1.6180339\ldots$, attained at the boundary; $M=1.618034$. The
  same number is $\mathrm{Lip}(h)$.
- *α.* In complex numbers $h(z)=ze^{i|z|^2/2}$ and
  $D^2h(z)[u,u]=ie^{i\theta}\,(2\langle z,u\rangle u+|u|^2z+iz\langle z,u\rangle^2)$. The largest
  $|D^2h[u,v]|$ over unit $u,v$ is attained at $u=v$ (for each unit $w$ the form $w\cdot D^2h$ is symmetric). By
  symmetry let $z=r$ and $u=(c,s)$, $s,c\ge0$: the vector is $(r(2c^2+1),\,2rcs+r^3c^2)$, whose entries grow with $r$.
  At $r=1$, with $C=\cos2\varphi$, $S=\sin2\varphi\ge0$, its squared norm is
  $(2+C)^2+(S+\tfrac12+\tfrac12C)^2=5.25+4.5C+S+SC+\tfrac14C^2\le5.5+4.5C+2S\le5.5+\sqrt{24.25}=10.4245$, as
  $C\le1$. So $\alpha\le3.229$ by hand. The maximum itself is $3.21912\ldots^2$, near $2\varphi=0.35$: $\alpha=3.2192$,
  enclosed by the claim `bel_lemma3`.

*Factors.* $g_a(x)=\mathrm{Rot}(a^2\theta)\,x$ maps $X$ to $X$, which is convex, so that $\lVert
h_i-\mathrm{Id}\rVert_L$ is the supremum of a Jacobian's norm. $h_i$ turns $y$ by $\tfrac12(a^2-b^2)|y|^2$. At $|y|=t$,
with $\tau=(a^2-b^2)t^2\in[0,1]$ and $\delta=\tau/2$, $Dh_i-I$ is, in the frame above,
$$\begin{pmatrix}\cos\delta-\tau\sin\delta-1&-\sin\delta\\\sin\delta+\tau\cos\delta&\cos\delta-1\end{pmatrix}.$$
The norm of a $2\times2$ matrix with entries $p,q;r,s$ and $ps\ge qr$ is half the sum of
$\sqrt{(p+s)^2+(q-r)^2}$ and $\sqrt{(p-s)^2+(q+r)^2}$: here
$\tfrac12(\tau+\sqrt{16\sin^2(\tau/4)+\tau^2+4\tau\sin(\tau/2)})$. It grows with $\tau$, hence with $t$, and the
supremum may be taken over $t\in[\tfrac12,1]$. It is $\tfrac32\tau$ to first order. Equal $\tau$, by $a_i=\sqrt{i/m}$,
equalises all factors: they are then the same map.
"""

from __future__ import annotations

import torch

DIMENSION = 2
RADIUS = "1"
SMOOTHNESS = "3.2192"
INVERSE_LIPSCHITZ = "1.618034"
LINE = ("1/2", "1")
AXIS = True  # h commutes with rotations


def value(x: torch.Tensor) -> torch.Tensor:
    """h(x), shape (..., 2) to (..., 2)."""
    return dilation(torch.ones(1, dtype=torch.float64), x)


def dilation(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """h(ax)/a, the rotation of x by a²|x|²/2; ``a`` (..., 1) broadcasts against ``x``."""
    first, second = x[..., 0], x[..., 1]
    angle = _angle(a[..., 0], x)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    return torch.stack([cosine * first - sine * second, sine * first + cosine * second], -1)


def jacobian(x: torch.Tensor) -> torch.Tensor:
    """Rot(θ)(I + Jx xᵀ), shape (..., 2) to (..., 2, 2)."""
    angle = _angle(1.0, x)
    return _times(torch.cos(angle), torch.sin(angle), _sheared(1.0, x))


def jacobian_change(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Dh(ax) - Dh(bx) = (Rot_a - Rot_b)(I + a²Jx xᵀ) + (a²-b²) Rot_b Jx xᵀ, shape (..., 2, 2).

    Rot_a - Rot_b = 2 sin((θ_a-θ_b)/2) J Rot((θ_a+θ_b)/2).
    """
    after, before = a[..., 0], b[..., 0]
    gap = (after - before) * (after + before)
    square = (x[..., 0] * x[..., 0] + x[..., 1] * x[..., 1]) / 2
    half, mean = gap * square / 2, (after * after + before * before) * square / 2
    size = 2 * torch.sin(half)
    turned = _times(-size * torch.sin(mean), size * torch.cos(mean), _sheared(after, x))
    below = _angle(before, x)
    return turned + _times(gap * torch.cos(below), gap * torch.sin(below), _shear(x))


def line_change(a: torch.Tensor, b: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The norm of Dh_i - I at the distance t from the origin."""
    turn = (a - b) * (a + b) * (t * t)
    quarter = torch.sin(turn / 4)
    return (turn + torch.sqrt(16 * quarter * quarter + turn * turn + 4 * turn * torch.sin(turn / 2))) / 2


def _angle(a: torch.Tensor | float, x: torch.Tensor) -> torch.Tensor:
    return a * a * ((x[..., 0] * x[..., 0] + x[..., 1] * x[..., 1]) / 2)


Entries = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def _shear(x: torch.Tensor) -> Entries:
    """The entries of Jx xᵀ, row by row."""
    first, second = x[..., 0], x[..., 1]
    return -second * first, -second * second, first * first, first * second


def _sheared(a: torch.Tensor | float, x: torch.Tensor) -> Entries:
    """The entries of I + a² Jx xᵀ."""
    entries = _shear(x)
    square = a * a
    return 1 + square * entries[0], square * entries[1], square * entries[2], 1 + square * entries[3]


def _times(cosine: torch.Tensor, sine: torch.Tensor, entries: Entries) -> torch.Tensor:
    """[[c, -s], [s, c]] times a matrix of the given entries."""
    a, b, c, d = entries
    upper = torch.stack([cosine * a - sine * c, cosine * b - sine * d], -1)
    return torch.stack([upper, torch.stack([sine * a + cosine * c, sine * b + cosine * d], -1)], -2)
