r"""What a search by steps leaves of each start: how far it came, and why it did not come further.

Every name here is a float heuristic of the search, never a certificate.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CRITICAL = 1e-10  # gradient norm below which a point is handed on to be certified
FLAT = 1e-6  # |Hg| against |H||g| below which the gradient norm counts as stationary
GROWTH = 1.2  # growth of |theta| over the last half of the iterations that counts as running off
REACH = 1e-3  # of 1 + |theta|: a Newton step beyond it says that no critical point is near


@dataclass(frozen=True)
class Outcome:
    """Points ``theta`` (batch p) by ``method`` with risk, gradient norm, flatness, iterations and status (batch).

    ``status`` is one of ``critical``, ``flat``, ``escaping``, ``unfinished`` (see `statuses`).
    """

    method: str
    theta: Tensor
    value: Tensor
    gradient_norm: Tensor
    flatness: Tensor
    iterations: Tensor
    status: list[str]

    def count(self, status: str) -> int:
        """The number of starts of that status."""
        return self.status.count(status)


def flatness(gradient: Tensor, hessian: Tensor) -> Tensor:
    r"""$|Hg|/(|H|_F|g|)$ in [0, 1], and 1 where $g=0$: shape ``batch``.

    $Hg=\nabla\frac12|g|^2$: near 0 the gradient norm is stationary although the gradient is not zero. The scale of
    $\theta$'s units and of the risk drops out. A minimum of condition $\kappa$ is approached at about
    $1/\kappa$, so that only far smaller values say that a point is flat.

    >>> g, h = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.diag(torch.tensor([0.0, 2.0])).expand(2, 2, 2)
    >>> flatness(g, h).tolist()
    [0.0, 1.0]
    """
    size = torch.linalg.matrix_norm(hessian) * gradient.norm(dim=1)
    turned = (hessian @ gradient[..., None])[..., 0].norm(dim=1)
    return torch.where(size > 0, turned / size, 1.0)


def newton_distance(gradient: Tensor, hessian: Tensor, size: Tensor) -> Tensor:
    r"""The length of the Newton step, without components of the gradient that are rounding errors: shape ``batch``.

    A component along an eigenvector counts from $16\,\mathrm{eps}\,|H|(1+|\theta|)$ on; ``size`` is $|\theta|$. Where
    the gradient vanishes only at infinity ($e^{-t}$), the step stays of order 1 however small the gradient is.
    """
    values, vectors = torch.linalg.eigh(hessian)
    along = (vectors.mT @ gradient[..., None])[..., 0]
    noise = 16 * torch.finfo(gradient.dtype).eps * values.abs().amax(1) * (1 + size)
    step = torch.where(along.abs() > noise[:, None], along / values, 0.0)
    return step.norm(dim=1)


def describe(
    method: str, theta: Tensor, value: Tensor, gradient: Tensor, hessian: Tensor, half: Tensor, iterations: Tensor
) -> Outcome:
    """The outcome at points ``theta`` whose norms were ``half`` when half of their iterations were done."""
    norm, size = gradient.norm(dim=1), theta.norm(dim=1)
    flat = flatness(gradient, hessian)
    near = newton_distance(gradient, hessian, size) <= REACH * (1 + size)
    return Outcome(method, theta, value, norm, flat, iterations, statuses(norm, flat, near, size > GROWTH * half))


def statuses(norm: Tensor, flat: Tensor, near: Tensor, grown: Tensor) -> list[str]:
    """``critical``: gradient norm below `CRITICAL` and a critical point ``near`` by Newton's step.

    ``escaping``: the gradient is that small, but Newton's step is not, so that it vanishes at infinity; or the
    gradient is not small and the norm of the point has ``grown`` to the end. ``flat``: the gradient is not small, and
    its norm is stationary. ``unfinished``: none of these.
    """
    small = norm < CRITICAL
    named = []
    for is_small, is_flat, is_near, has_grown in zip(
        small.tolist(), (flat < FLAT).tolist(), near.tolist(), grown.tolist(), strict=True
    ):
        if is_small:
            named.append("critical" if is_near else "escaping")
        else:
            named.append("escaping" if has_grown else "flat" if is_flat else "unfinished")
    return named
