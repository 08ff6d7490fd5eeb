r"""Lower estimates of the empirical Rademacher complexity of residual networks, and closed forms of its bounds.

The class (Yun, Sra and Jadbabaie 2019, Section 5.2): $f(x)=w^{\mathsf T}h_L(x)$ with $h_0(x)=x$,
$h_l=h_{l-1}+V_l\,\mathrm{relu}(U_lh_{l-1})$, $|w|\le1$ and $\|V_l\|_F,\|U_l\|_F\le M$; no biases. For signs $\epsilon$
let $s(\epsilon)=\sup_f\sum_i\epsilon_if(x_i)$; the complexity is the mean of $s(\epsilon)/n$ over all signs.

`ascend` returns values $\sum_i\epsilon_if(x_i)/n$ of networks in the class: each is at most $s(\epsilon)/n$, up to the
rounding that `rounding` bounds. All sign vectors and all starts are one batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

INSIDE = 1 - 2.0**-40  # norms stay this far below their limits, so that rounding leaves none above
FIRST_STEP, LAST_STEP = 0.3, 0.003  # lengths of the steps, as parts of the norms' limits
POWERS = (1, 2, 4, 8, 16, 32, 64)  # the moments p that are tried

Weights = tuple[Tensor, list[Tensor], list[Tensor]]


def outputs(weights: Weights, inputs: Tensor) -> Tensor:
    r"""$f(x)$ for each row of ``inputs`` (``n d``), from $w$ (``d``) and the lists of $U_l$ (``m d``), $V_l$ (``d m``).

    All weights may have one leading batch axis; the result then is ``batch n``. Serves `rescert.certify.problem.trace`.

    >>> one = torch.ones(1, 1).double()
    >>> outputs((one[0], [2 * one], [3 * one]), torch.tensor([[1.0], [-1.0]]).double()).tolist()
    [7.0, -1.0]
    """
    last, inner, outer = weights
    hidden = inputs
    for u, v in zip(inner, outer, strict=True):
        hidden = hidden + torch.relu(hidden @ u.mT) @ v.mT
    return (hidden @ last[..., None])[..., 0]


def all_signs(n: int) -> Tensor:
    """The sign vectors with first sign +1, (2^(n-1), n): of a symmetric class they have the mean of all.

    >>> all_signs(2).tolist()
    [[1.0, 1.0], [1.0, -1.0]]
    """
    if not 1 <= n <= 16:
        raise ValueError(f"expected 1 to 16 samples to enumerate their signs, got {n}")
    bits = (torch.arange(2 ** (n - 1))[:, None] >> torch.arange(n - 2, -1, -1)) & 1
    return torch.cat([torch.ones(len(bits), 1), 1 - 2 * bits], dim=1).double()


def draw_signs(count: int, n: int, generator: torch.Generator) -> Tensor:
    """Independent uniform sign vectors, (count, n)."""
    return 2 * torch.randint(2, (count, n), generator=generator).double() - 1


def draw_sphere(n: int, dimension: int, generator: torch.Generator) -> Tensor:
    """Independent uniform points on the unit sphere, (n, dimension), moved inwards by less than 2^-39."""
    points = torch.randn(n, dimension, generator=generator, dtype=torch.float64)
    return INSIDE * points / points.norm(dim=1, keepdim=True)


def draw_line(n: int, generator: torch.Generator) -> Tensor:
    """Independent uniform points among ±5/8, ±6/8, ±7/8, ±1, (n, 1)."""
    size = torch.randint(5, 9, (n, 1), generator=generator).double() / 8
    return size * draw_signs(n, 1, generator)


def growth(norm: float, depth: int, factor: float = 1.0) -> float:
    """$(1+cM^2)^L$.

    >>> growth(1.0, 3)
    8.0
    """
    return (1 + factor * norm * norm) ** depth


def moment_factor(power: int) -> float:
    """$c_p=(1+2^{1/p})/2$: what stands before $M^2$ in the bound by the $p$-th moment.

    >>> moment_factor(1)
    1.5
    """
    return (1 + 2 ** (1 / power)) / 2


def moment_bound(squares: float, n: int, norm: float, depth: int, power: int) -> float:
    r"""$\frac1n K_p(\sum_i|x_i|^2)^{1/2}(1+c_pM^2)^L$ with $K_p=((p-1)!!)^{1/p}$, for $p=1$ ($K_1=1$) and even $p$.

    ``squares`` is $\sum_i|x_i|^2$.

    >>> moment_bound(4.0, 4, 0.0, 7, 2)
    0.5
    """
    if power < 1 or (power > 1 and power % 2):
        raise ValueError(f"expected a power 1 or an even one, got {power}")
    constant = math.exp(sum(math.log(k) for k in range(1, power, 2)) / power)
    return constant * math.sqrt(squares) / n * growth(norm, depth, moment_factor(power))


def rounding(inputs: Tensor, norm: float, depth: int, width: int) -> float:
    r"""A bound of the rounding error of a value $\frac1n\sum_i\epsilon_if(x_i)$.

    Sums of $k$ products of doubles are exact up to $k2^{-52}$ of the sum of their moduli; by Cauchy and Schwarz the
    moduli of one block's sums are at most $\sqrt{dm}$ times their norms, which grow as $(1+M^2)^l|x|$. Twice that.
    """
    n, d = inputs.shape
    terms = n + d + depth * (d + width + 3) * math.sqrt(d * width)
    return 2 * terms * 2.0**-52 * growth(norm, depth) * float(inputs.norm(dim=1).mean())


def ascend(
    inputs: Tensor, signs: Tensor, norm: float, depth: int, width: int, starts: int, steps: int, draw: torch.Generator
) -> Tensor:
    r"""For each row of ``signs`` (``k n``) the largest $\frac1n\sum_i\epsilon_if(x_i)$ found, (``k``): at most
    $s(\epsilon)/n$.

    Every start is a network that is aligned with one direction $e$ (the first with $\sum_i\epsilon_ix_i$, the others
    with random ones): $f(x)=(e\cdot x)+(P-1)(e\cdot x)^+$ or the same for $-e$, the best of the class on a line. The
    first is not disturbed, so that the result is never below it. Then projected gradient steps, whose lengths fall
    geometrically, in each matrix by itself; the largest value on the way counts.
    """
    if min(depth, width, starts) < 1 or steps < 0:
        raise ValueError(f"expected a depth, width and starts of at least 1, got {depth}, {width}, {starts}")
    k, n = signs.shape
    repeated = signs.repeat_interleave(starts, dim=0)
    parameters = _aligned(inputs, repeated, norm, depth, width, starts, draw)
    limits = [INSIDE] + [norm * INSIDE] * (2 * depth)
    best = torch.full((k * starts,), -math.inf, dtype=torch.float64)
    for step in range(steps + 1):
        length = FIRST_STEP * (LAST_STEP / FIRST_STEP) ** (step / max(steps, 1))
        parameters = [_projected(p, r).requires_grad_() for p, r in zip(parameters, limits, strict=True)]
        values = (repeated * outputs(_grouped(parameters), inputs)).sum(dim=1) / n
        best = torch.maximum(best, values.detach())
        slopes = torch.autograd.grad(values.sum(), parameters)
        parameters = [
            p.detach() + length * r * g / _size(g).clamp_min(1e-300)
            for p, g, r in zip(parameters, slopes, limits, strict=True)
        ]
    return best.reshape(k, starts).amax(dim=1)


def _grouped(parameters: Sequence[Tensor]) -> Weights:
    return parameters[0], list(parameters[1::2]), list(parameters[2::2])


def _size(values: Tensor) -> Tensor:
    """The Euclidean (Frobenius) norm of each member of a batch, with axes to broadcast."""
    return values.flatten(1).norm(dim=1).reshape(-1, *[1] * (values.ndim - 1))


def _projected(values: Tensor, limit: float) -> Tensor:
    """The nearest point of the ball with radius ``limit``, for each member of a batch."""
    return values.detach() * (limit / _size(values).clamp_min(limit)) if limit else torch.zeros_like(values)


def _aligned(
    inputs: Tensor, signs: Tensor, norm: float, depth: int, width: int, starts: int, draw: torch.Generator
) -> list[Tensor]:
    """``w, U_1, V_1, …, U_L, V_L`` of one start for each row of ``signs``, the first of each group undisturbed."""
    rows, d = len(signs), inputs.shape[1]
    sums = signs @ inputs
    first = torch.arange(rows) % starts == 0
    direction = torch.where(first[:, None], sums, torch.randn(rows, d, generator=draw, dtype=torch.float64))
    direction = torch.where(_size(direction) > 0, direction, torch.ones_like(direction))
    direction = direction / _size(direction)
    direction = torch.where((direction * sums).sum(dim=1, keepdim=True) < 0, -direction, direction)
    along = direction @ inputs.mT
    ahead = (signs * torch.relu(along)).sum(dim=1) >= -(signs * torch.relu(-along)).sum(dim=1)
    turned = torch.where(ahead[:, None], direction, -direction)
    disturbed = torch.where(first, 0.0, 0.3)[:, None, None]
    found = [direction]
    for _ in range(depth):
        inner, outer = torch.zeros(rows, width, d).double(), torch.zeros(rows, d, width).double()
        inner[:, 0], outer[:, :, 0] = turned, turned
        noise = [torch.randn(m.shape, generator=draw, dtype=torch.float64) for m in (inner, outer)]
        found += [norm * (m + disturbed * z) for m, z in zip((inner, outer), noise, strict=True)]
    return found
