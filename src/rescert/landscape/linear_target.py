r"""Minima of networks whose target is linear: $y=x_1$, so that $R_{\mathrm{lin}}=0$ and every other minimum is bad.

Starts are stretched: bad minima have a first block that folds the line, $h_1=x-v\tanh(ux)$ with $uv>1$, and small
parameters do not fold. For the logistic loss $y=1/(1+e^{-x_1})$ is the probability that the linear predictor $x_1$
gives, and no function has a smaller risk.

The descent is damped Gauss–Newton (Levenberg and Marquardt), $-(E[\ell''\nabla f\nabla f^{\mathsf T}]+\mu I)^{-1}\nabla
R$: it stays in the basin of its start. `rescert.landscape.descent` does not, because it fits $w$ or $V_L$ anew at every
step, which leads to $R=0$ from nearly everywhere.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.func import vmap

from rescert.landscape import newton
from rescert.landscape.risk import Landscape
from rescert.networks.losses import loss_of

# On starts of standard deviation 1/2: V and the first inner weights large enough to fold.
STRETCH = {"V": 6.0, "U1": 6.0}
OTHERS = 2.0
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1.0, 1e-12, 1e8
POLISHING = 15  # Newton steps


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` stretched and moved downhill; the labels ``batch n`` are replaced."""
    parameters = landscape.unravel(starts)
    stretched = {n: STRETCH.get(n, STRETCH.get(n[0], OTHERS)) * value for n, value in parameters.items()}
    target = landscape.inputs[:, 0]
    if landscape.loss == "logistic":
        target = torch.sigmoid(target)
    designed = target.expand_as(labels).clone()
    return newton.polish(
        landscape, descend(landscape, landscape.ravel(stretched), designed, iterations), designed, POLISHING
    ), designed


def descend(landscape: Landscape, theta: Tensor, labels: Tensor, iterations: int) -> Tensor:
    """``iterations`` damped Gauss–Newton steps of every point ``batch p``, each taken where it lowers the risk."""
    curvature = vmap(loss_of(landscape.loss).curvature)
    damping = torch.full((len(theta), 1), FIRST_DAMPING, dtype=theta.dtype, device=theta.device)
    unit = torch.eye(landscape.size, dtype=theta.dtype, device=theta.device)
    risk = landscape.risk(theta, labels)
    for _ in range(iterations):
        jacobian = landscape.jacobian(theta)
        bend = curvature(landscape.outputs(theta), labels) / labels.shape[1]
        normal = (bend[:, :, None] * jacobian).mT @ jacobian
        # A singular system gives a step that is not finite, and is not taken.
        step, _ = torch.linalg.solve_ex(
            normal + damping[..., None] * unit, landscape.gradient(theta, labels)[..., None]
        )
        tried = theta - step[..., 0]
        tried_risk = landscape.risk(tried, labels)
        better = tried_risk < risk
        theta, risk = torch.where(better[:, None], tried, theta), torch.where(better, tried_risk, risk)
        damping = (damping * torch.where(better, 0.3, 4.0)[:, None]).clamp(LEAST_DAMPING, MOST_DAMPING)
    return theta
