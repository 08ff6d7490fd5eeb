r"""Local minima by Levenberg–Marquardt descent, saddle-free Newton steps, and Newton's method on the gradient.

With $J=\partial f/\partial\theta$ and $r=f-y$, the first steps are $-(J^{\mathsf T}J/n+\mu I)^{-1}J^{\mathsf T}r/n$,
the next $-(|H|+\mu I)^{-1}\nabla R$ with $|H|$ the Hessian with its eigenvalues replaced by their absolute values
(Dauphin et al., 2014), which turns away from saddles. $\mu$ shrinks after a success and grows after a failure, each
start on its own. The last steps are Newton steps by the pseudo-inverse, because gauge directions make the Hessian
singular.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from rescert.landscape.risk import Landscape

NULL = (
    1e-10  # relative size below which an eigenvalue counts as a gauge zero in a Newton step: a heuristic of the search
)
NEWTON_STEPS = 40
POLISHING_STEPS = 10


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` moved to points of small gradient; labels are kept."""

    def levenberg_marquardt(theta: Tensor, damping: Tensor) -> Tensor:
        jacobian = landscape.jacobian(theta)
        gradient = jacobian.mT @ (landscape.outputs(theta) - labels)[..., None] / labels.shape[1]
        normal = jacobian.mT @ jacobian / labels.shape[1]
        return torch.linalg.solve(normal + damping[..., None] * torch.eye(landscape.size).to(normal), gradient)[..., 0]

    def saddle_free_newton(theta: Tensor, damping: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh(landscape.hessian(theta, labels))
        slope = vectors.mT @ landscape.gradient(theta, labels)[..., None]
        return (vectors @ (slope / (values.abs() + damping)[..., None]))[..., 0]

    theta = descend(landscape, starts, labels, levenberg_marquardt, 1.0, iterations)
    theta = descend(landscape, theta, labels, saddle_free_newton, 1e-3, NEWTON_STEPS)
    return polish(landscape, theta, labels), labels


def descend(
    landscape: Landscape,
    theta: Tensor,
    labels: Tensor,
    step: Callable[[Tensor, Tensor], Tensor],
    damping: float,
    iterations: int,
) -> Tensor:
    """``iterations`` damped steps of every point, each taken where it lowers the risk."""
    strength = torch.full((len(theta), 1), damping, dtype=theta.dtype, device=theta.device)
    risk = landscape.risk(theta, labels)
    for _ in range(iterations):
        tried = theta - step(theta, strength)
        tried_risk = landscape.risk(tried, labels)
        better = tried_risk < risk
        theta, risk = torch.where(better[:, None], tried, theta), torch.where(better, tried_risk, risk)
        strength = (strength * torch.where(better, 0.3, 4.0)[:, None]).clamp(1e-12, 1e8)
    return theta


def polish(landscape: Landscape, theta: Tensor, labels: Tensor) -> Tensor:
    """Newton steps $-H^+\\nabla R$, each taken where it shrinks the norm of the gradient."""
    gradient = landscape.gradient(theta, labels)
    for _ in range(POLISHING_STEPS):
        values, vectors = torch.linalg.eigh(landscape.hessian(theta, labels))
        inverse = torch.where(values.abs() > NULL * values.abs().amax(1, keepdim=True), 1 / values, 0.0)
        tried = theta - (vectors @ (inverse[..., None] * (vectors.mT @ gradient[..., None])))[..., 0]
        tried_gradient = landscape.gradient(tried, labels)
        better = (tried_gradient.norm(dim=1) < gradient.norm(dim=1))[:, None]
        theta, gradient = torch.where(better, tried, theta), torch.where(better, tried_gradient, gradient)
    return theta
