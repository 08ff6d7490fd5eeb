r"""Newton's method on the gradient, by the pseudo-inverse of the Hessian because gauge directions make it singular."""

from __future__ import annotations

import torch
from torch import Tensor

from rescert.landscape.chunks import chunk_size, in_chunks
from rescert.landscape.risk import Landscape

NULL = 1e-10  # relative size below which an eigenvalue counts as a gauge zero: a heuristic of the search


def derivatives(landscape: Landscape, theta: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient and Hessian in chunks that fit the cache."""
    size = chunk_size(landscape, tangents=True)
    found = in_chunks(size, lambda t, y: (landscape.gradient(t, y), landscape.hessian(t, y)), theta, labels)
    return found[0], found[1]


def gradients(landscape: Landscape, theta: Tensor, labels: Tensor) -> Tensor:
    """Gradients in chunks that fit the cache."""
    size = chunk_size(landscape, tangents=False)
    return in_chunks(size, lambda t, y: (landscape.gradient(t, y),), theta, labels)[0]


def risks(landscape: Landscape, theta: Tensor, labels: Tensor) -> Tensor:
    """Risks in chunks that fit the cache."""
    size = chunk_size(landscape, tangents=False)
    return in_chunks(size, lambda t, y: (landscape.risk(t, y),), theta, labels)[0]


def step(gradient: Tensor, values: Tensor, vectors: Tensor) -> Tensor:
    r"""$-H^+\nabla R$ from the eigenvalues and eigenvectors of $H$; relative eigenvalues below `NULL` count as zero."""
    kept = values.abs() > NULL * values.abs().amax(1, keepdim=True)
    slope = (vectors.mT @ gradient[..., None])[..., 0]
    return -(vectors @ torch.where(kept, slope / values, 0.0)[..., None])[..., 0]


def polish(landscape: Landscape, theta: Tensor, labels: Tensor, steps: int = 10) -> Tensor:
    """Newton steps, each taken where it shrinks the norm of the gradient; no points are no work."""
    if not len(theta):
        return theta
    gradient, hessian = derivatives(landscape, theta, labels)
    for _ in range(steps):
        tried = theta + step(gradient, *torch.linalg.eigh(hessian))
        tried_gradient, tried_hessian = derivatives(landscape, tried, labels)
        better = tried_gradient.norm(dim=1) < gradient.norm(dim=1)
        theta = torch.where(better[:, None], tried, theta)
        gradient = torch.where(better[:, None], tried_gradient, gradient)
        hessian = torch.where(better[:, None, None], tried_hessian, hessian)
    return theta
