r"""Local minima by damped Newton steps that leave saddles, and by Newton's method on the gradient once it is small.

With the Hessian's eigenvalues $\lambda$ and $\lambda^-=\min(\lambda_1,0)$ the steps are
$-(H+(\mu-\lambda^-)I)^{-1}\nabla R$: descent directions, long where the curvature is most negative, as those of
saddle-free Newton, whose $|H|$ in place of $H-\lambda^-I$ was slower here. A Hessian costs many risks, so every
decomposition is used for several damped steps: each time the best of `DAMPINGS` values of $\mu$ is taken, and the
gradient is renewed. Where the network is linear in some parameters, they are fitted anew at every point tried
(`rescert.landscape.linear_step`).

From a gradient norm of `NEAR` on, Newton steps are taken as long as they shrink it fourfold: differences of risks are
lost in rounding there.

Starts need not have a minimum to go to: a network may fit best with infinite parameters, for example where a sum of
units tends to a derivative of one, where a unit saturates, or with the logistic loss on separable labels. `descend`
names such starts ``escaping``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rescert.landscape import newton, outcome
from rescert.landscape.chunks import chunk_size, in_chunks
from rescert.landscape.linear_step import fit, fits
from rescert.landscape.risk import Landscape

DAMPINGS = tuple(10.0 ** (k - 1.5) for k in range(4))  # factors on each point's last damping
STEPS = 4  # of one decomposition
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 0.1, 1e-14, 1e8
NEAR = 1e-4


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` moved to points of small gradient; labels are kept."""
    return descend(landscape, starts, labels, iterations).theta, labels


def descend(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> outcome.Outcome:
    """At most ``iterations`` Hessians a start, and the outcome; finished starts cost nothing more."""
    theta, _ = _fitted(landscape, starts, labels)
    damping = torch.full((len(theta),), FIRST_DAMPING, dtype=theta.dtype, device=theta.device)
    used = torch.zeros(len(theta), dtype=torch.int64, device=theta.device)
    half = theta.norm(dim=1)
    gradient, hessian = newton.derivatives(landscape, theta, labels)
    for iteration in range(iterations):
        active = torch.nonzero(gradient.norm(dim=1) >= outcome.CRITICAL)[:, 0]
        if not len(active):
            break
        if iteration == iterations // 2:
            half = theta.norm(dim=1)
        used[active] += 1
        now, target = theta[active], labels[active]
        values, vectors = torch.linalg.eigh(hessian[active])
        near = _newton(landscape, now, target, gradient[active], values, vectors)
        rest = torch.nonzero((near == now).all(1))[:, 0]
        if len(rest):
            chosen = active[rest]
            near[rest], damping[chosen] = _descent(
                landscape, now[rest], target[rest], gradient[chosen], (values[rest], vectors[rest]), damping[chosen]
            )
        theta[active] = near
        gradient[active], hessian[active] = newton.derivatives(landscape, near, target)
    done = torch.nonzero(gradient.norm(dim=1) < outcome.CRITICAL)[:, 0]
    theta[done] = newton.polish(landscape, theta[done], labels[done], steps=1)  # from the threshold to rounding errors
    gradient, hessian = newton.derivatives(landscape, theta, labels)
    value = newton.risks(landscape, theta, labels)
    return outcome.describe("descent", theta, value, gradient, hessian, half, used)


def _newton(
    landscape: Landscape, theta: Tensor, labels: Tensor, gradient: Tensor, values: Tensor, vectors: Tensor
) -> Tensor:
    """The Newton step of points of small gradient, where it shrinks the gradient fourfold; the others as they are."""
    moved, norm = theta.clone(), gradient.norm(dim=1)
    near = torch.nonzero(norm < NEAR)[:, 0]
    if len(near):
        tried = theta[near] + newton.step(gradient[near], values[near], vectors[near])
        better = newton.gradients(landscape, tried, labels[near]).norm(dim=1) < norm[near] / 4
        moved[near[better]] = tried[better]
    return moved


def _descent(
    landscape: Landscape,
    theta: Tensor,
    labels: Tensor,
    gradient: Tensor,
    decomposition: tuple[Tensor, Tensor],
    damping: Tensor,
) -> tuple[Tensor, Tensor]:
    """`STEPS` damped steps with one decomposition of the Hessian, and the damping that the first of them chose."""
    values, vectors = decomposition
    batch, size = theta.shape
    risk = newton.risks(landscape, theta, labels)
    factors = torch.tensor(DAMPINGS, dtype=theta.dtype, device=theta.device)
    tried_damping = (damping[:, None] * factors).clamp(LEAST_DAMPING, MOST_DAMPING)
    convex = values - values[:, :1].clamp_max(0)
    targets = labels[:, None].expand(-1, len(factors), -1).flatten(0, 1)
    for count in range(STEPS):
        if count:
            gradient = newton.gradients(landscape, theta, labels)
        slope = (gradient[:, None] @ vectors) / (convex[:, None] + tried_damping[..., None])
        tried = (theta[:, None] - slope @ vectors.mT).reshape(-1, size)
        tried, tried_risk = _fitted(landscape, tried, targets)
        lowest, best = tried_risk.view(batch, -1).min(1)
        better = lowest < risk
        chosen = tried.view(batch, -1, size)[torch.arange(batch, device=theta.device), best]
        theta, risk = torch.where(better[:, None], chosen, theta), torch.where(better, lowest, risk)
        if not count:
            kept = tried_damping.gather(1, best[:, None])[:, 0]
            damping = torch.where(better, kept, 10 * tried_damping[:, -1]).clamp(LEAST_DAMPING, MOST_DAMPING)
    return theta, damping


def _fitted(landscape: Landscape, theta: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Points with their linear parameters fitted where that lowers the risk, and their risks; never NaN."""
    risk = None
    if fits(landscape) and not landscape.ridge:
        size = chunk_size(landscape, tangents=False)
        fitted, risk = in_chunks(size, lambda t, y: fit(landscape, t, y), theta, labels)
        if landscape.loss == "squared" and bool(risk.isfinite().all()):
            return fitted, risk
    plain = newton.risks(landscape, theta, labels).nan_to_num(torch.inf, torch.inf)
    if risk is None:
        return theta.clone(), plain
    better = risk < plain
    return torch.where(better[:, None], fitted, theta), torch.where(better, risk, plain)
