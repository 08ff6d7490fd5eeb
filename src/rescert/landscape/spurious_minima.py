r"""Strict local minima above the best linear risk, by designing the labels (squared loss).

For any $\theta$ and any $r$ with $J^{\mathsf T}r=0$, $J=\partial f/\partial\theta$, the labels $y=f-sr$ make $\theta$
critical, with $n\nabla^2R=J^{\mathsf T}J+sS$, $S=\sum_ir_i\nabla^2f_i$, and $2nR=s^2|r|^2$. Let $J$ have full rank but
for the gauge of $V_L$, and let $P$ project on the span of the inputs.

- *A minimum* modulo gauge: $J^{\mathsf T}J+sS$ is positive definite on the range of $J^{\mathsf T}J$ if and only if
  $s<s_{\max}=-1/\lambda$, with $\lambda<0$ the least eigenvalue of $W^{\mathsf T}SW$, $W^{\mathsf T}J^{\mathsf T}JW=I$
  (no bound if $\lambda\ge0$).
- *Bad*: $f\perp r$, since $f=w^{\mathsf T}\partial f/\partial w$, so $|y|^2=|f|^2+s^2|r|^2$, and the least squares
  $2nR_{\mathrm{lin}}=|y|^2-|Py|^2$ are below $2nR$ if and only if $|Pf-sPr|^2>|f|^2$: from the root $s_{\min}$ of
  $|Pr|^2s^2-2s\,Pf\cdot Pr+|Pf|^2-|f|^2=0$ on.

$r$ is minus the projection of $Pf$ on the null space of $J^{\mathsf T}$. Both bounds are scaled like $w$, so that their
ratio is a matter of the representation alone. Each start climbs the logarithm of $s_{\max}/s_{\min}$ by random steps
of its own, kept where they improve; above 0 it is a bad minimum, with $s$ between the bounds. The labels are then
rounded, so that they are short, and Newton's method moves $\theta$ to the critical point of the rounded labels.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import grad, jacfwd, vmap

from rescert.landscape import newton
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import depth

STRETCH = 3.0  # of the starts: the bad minima are far from linear networks
STEPS = (1.0, 0.3, 0.1, 0.03, 0.01)  # relative lengths of the random steps, in turn
LARGEST = 1e3  # where there is no upper bound
INSIDE = 0.8  # of the upper bound, where the bounds exclude each other
RANK = 1e-6  # ratio of singular values of J below which a point is given up: its proof would be too hard
GRID = 2.0**16


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` after ``iterations`` random steps, with the labels ``batch n`` designed for them.

    The random numbers of a step are the starts of others, so the given labels and no generator are needed. Raises
    ``ValueError`` for another loss than the squared one and for too few samples.
    """
    if landscape.loss != "squared":
        raise ValueError(f"expected the squared loss, whose labels can be designed, got '{landscape.loss}'")
    if len(landscape.inputs) <= landscape.size:
        raise ValueError(f"expected more than {landscape.size} samples, got {len(landscape.inputs)}")
    theta, residual, least, largest = climb(landscape, STRETCH * starts, starts, iterations)
    strength = torch.where(largest > least, (least * largest).sqrt(), INSIDE * largest)
    designed = landscape.outputs(theta) - strength[:, None] * residual
    designed = (designed * GRID).round() / GRID
    return newton.polish(landscape, theta, designed), designed


def climb(landscape: Landscape, theta: Tensor, draws: Tensor, iterations: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    r"""Points ``batch p`` after random steps that raise $s_{\max}/s_{\min}$, with their `bounds`.

    The ``draws`` ``batch p``, shifted along both axes, are the steps.
    """
    residual, least, largest = bounds(landscape, theta)
    for step in range(iterations):
        chosen = draws.roll((2 * step + 1, step), (0, 1)) > 0
        moved = draws.roll((step + 1, 3 * step + 1), (0, 1)) * chosen
        tried = theta + STEPS[step % len(STEPS)] * moved * (0.5 + theta.abs())
        found = bounds(landscape, tried)
        better = found[2] * least > largest * found[1]
        theta = torch.where(better[:, None], tried, theta)
        residual = torch.where(better[:, None], found[0], residual)
        least, largest = torch.where(better, found[1], least), torch.where(better, found[2], largest)
    return theta, residual, least, largest


def bounds(landscape: Landscape, theta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r"""$r$ (batch n) with $|r|=|f|$, and $s_{\min}$, $s_{\max}$ (batch): 1 and 0 where $J$ lacks rank.

    Nothing is proved: these are floats.
    """
    outputs, jacobian = landscape.outputs(theta), landscape.jacobian(theta)
    rank = landscape.size - gauge(landscape)
    left, singular, right = torch.linalg.svd(jacobian, full_matrices=False)
    left = left[:, :, :rank]
    span = torch.linalg.qr(landscape.inputs).Q
    residual = -(outputs @ span) @ span.mT
    for _ in range(2):  # the second projection removes the rounding errors of the first
        residual = residual - (left @ (left.mT @ residual[..., None]))[..., 0]
    residual = residual / residual.norm(dim=1, keepdim=True) * outputs.norm(dim=1, keepdim=True)

    def weighted(point: Tensor, weights: Tensor) -> Tensor:
        return (landscape.outputs(point[None])[0] * weights).sum()

    bend = vmap(jacfwd(grad(weighted)))(theta, residual)
    whitened = right[:, :rank].mT / singular[:, None, :rank]
    compressed = torch.nan_to_num(whitened.mT @ bend @ whitened, 0.0, 0.0, 0.0)
    lowest = torch.linalg.eigvalsh((compressed + compressed.mT) / 2)[:, 0]
    largest = torch.where(lowest < -1 / LARGEST, -1 / lowest, LARGEST)
    seen, hidden = outputs @ span, residual @ span
    square, product = hidden.square().sum(1), (seen * hidden).sum(1)
    rest = outputs.square().sum(1) - seen.square().sum(1)
    least = (product + (product.square() + square * rest.clamp_min(0)).sqrt()) / square
    sound = (singular[:, rank - 1] > RANK * singular[:, 0]) & torch.isfinite(least) & (least > 0)
    return residual, torch.where(sound, least, 1.0), torch.where(sound, largest, 0.0)


def gauge(landscape: Landscape) -> int:
    r"""$(d-1)n_L$: changes of $V_L$ that $w^{\mathsf T}V_L$ does not see."""
    rows, columns = landscape.shapes[f"V{depth(landscape.shapes)}"]
    return (rows - 1) * columns
