r"""Critical points of any index by minimising $\frac12|\nabla R|^2$ with Levenberg–Marquardt and the exact Hessian.

$\nabla\frac12|g|^2=Hg$ and the Gauss–Newton matrix is $H^2$, so with $H=Q\Lambda Q^{\mathsf T}$ the steps are
$-Q\,\Lambda(\Lambda^2+\mu|\lambda|^2_{\max}I)^{-1}Q^{\mathsf T}g$; of `DAMPINGS` values of $\mu$ the best is taken, and
a decomposition serves `STEPS` times. $\mu\to0$ gives Newton's method.

Mostly such a search stalls where $g\ne0$ is in the kernel of $H$ (Frye et al., 2021): `minimise` names such points
``flat``. It is kept to be compared with, and to polish.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rescert.landscape import newton, outcome
from rescert.landscape.risk import Landscape

DAMPINGS = tuple(10.0**k for k in range(-3, 4))  # factors on each point's last damping
STEPS = 2  # of one decomposition
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-3, 1e-22, 1e8


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` moved to smaller gradient norms; labels are kept."""
    return minimise(landscape, starts, labels, iterations).theta, labels


def minimise(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> outcome.Outcome:
    """At most ``iterations`` Hessians a start, and the outcome; finished starts cost nothing more."""
    theta = starts.clone()
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
        theta[active], damping[active] = _steps(
            landscape, theta[active], labels[active], gradient[active], hessian[active], damping[active]
        )
        gradient[active], hessian[active] = newton.derivatives(landscape, theta[active], labels[active])
    done = torch.nonzero(gradient.norm(dim=1) < outcome.CRITICAL)[:, 0]
    theta[done] = newton.polish(landscape, theta[done], labels[done], steps=1)  # from the threshold to rounding errors
    gradient, hessian = newton.derivatives(landscape, theta, labels)
    value = newton.risks(landscape, theta, labels)
    return outcome.describe("gradient_norm", theta, value, gradient, hessian, half, used)


def _steps(
    landscape: Landscape, theta: Tensor, labels: Tensor, gradient: Tensor, hessian: Tensor, damping: Tensor
) -> tuple[Tensor, Tensor]:
    """`STEPS` damped steps with one decomposition of the Hessian, and the damping that the first of them chose."""
    values, vectors = torch.linalg.eigh(hessian)
    batch, size = theta.shape
    rows = torch.arange(batch, device=theta.device)
    factors = torch.tensor(DAMPINGS, dtype=theta.dtype, device=theta.device)
    tried_damping = (damping[:, None] * factors).clamp(LEAST_DAMPING, MOST_DAMPING)
    largest = values.abs().amax(1)[:, None, None]
    inverse = values[:, None] / (values.square()[:, None] + tried_damping[..., None] * largest**2)
    targets = labels[:, None].expand(-1, len(factors), -1).flatten(0, 1)
    for count in range(STEPS):
        tried = theta[:, None] - ((gradient[:, None] @ vectors) * inverse.nan_to_num()) @ vectors.mT
        found = newton.gradients(landscape, tried.reshape(-1, size), targets).view(batch, -1, size)
        norms = found.norm(dim=2).nan_to_num(torch.inf)
        lowest, best = norms.min(1)
        better = lowest < gradient.norm(dim=1)
        theta = torch.where(better[:, None], tried[rows, best], theta)
        gradient = torch.where(better[:, None], found[rows, best], gradient)
        if not count:
            kept = tried_damping.gather(1, best[:, None])[:, 0]
            damping = torch.where(better, kept, 10 * tried_damping[:, -1]).clamp(LEAST_DAMPING, MOST_DAMPING)
    return theta, damping
