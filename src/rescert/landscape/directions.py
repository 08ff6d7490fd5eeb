r"""Directions in the space of parameters that a slice runs along: eigenvectors, filter-normalised draws, other points.

A vector ``p`` holds named parameters one after another, laid out as ``shapes`` says. A *filter* is an entry along the
first axis of a parameter with two or more axes (a row of a matrix: the weights into one unit); a vector or a number is
one filter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import prod

import torch
from torch import Tensor

Shapes = Mapping[str, tuple[int, ...]]


def filters(vector: Tensor, shapes: Shapes) -> Iterator[tuple[str, Tensor]]:
    """Each parameter's name and its filters, one a row. Raises ``ValueError`` if the shapes are not the vector's."""
    sizes = [prod(shape) for shape in shapes.values()]
    if not sizes or min(sizes) < 1 or vector.shape != (sum(sizes),):
        raise ValueError(f"expected a vector of {sum(sizes)} >= 1 parameters, got shape {tuple(vector.shape)}")
    for (name, shape), part in zip(shapes.items(), vector.split(sizes), strict=True):
        yield name, part.reshape(shape[0] if len(shape) > 1 else 1, -1)


def filter_normalised(direction: Tensor, point: Tensor, shapes: Shapes, fixed: Collection[str] = ()) -> Tensor:
    r"""The direction with each filter rescaled to the norm of the point's: $d_f\,|\theta_f|/|d_f|$.

    Parameters named in ``fixed`` do not move, as Li et al. leave out biases. Where $\theta_f=0$ the filter does not
    move either (see `zero_filters`). So the length is $|\theta|$ less the fixed parameters, and a step of 1 changes
    every other filter by as much as it is long: pictures of networks that differ by a scaling of units are comparable.
    Raises ``ValueError`` for sizes that differ, entries that are not finite, unknown names in ``fixed`` and a zero
    filter of the direction where the point's is none.

    Source: Li, Xu, Taylor, Studer, Goldstein 2018, Section 4.

    >>> point, shapes = torch.tensor([3.0, 4.0, 0.0, 0.0, 7.0]).double(), {"W": (2, 2), "b": (1,)}
    >>> direction = torch.tensor([0.0, -2.0, 5.0, 6.0, 1.0]).double()
    >>> filter_normalised(direction, point, shapes).tolist()
    [0.0, -5.0, 0.0, 0.0, 7.0]
    >>> filter_normalised(direction, point, shapes, fixed=["b"]).tolist()
    [0.0, -5.0, 0.0, 0.0, 0.0]
    """
    unknown = sorted(set(fixed) - shapes.keys())
    if unknown:
        raise ValueError(f"expected fixed parameters among {list(shapes)}, got {unknown}")
    expect_vectors(point, direction)
    parts = []
    for (name, rows), (_, wanted) in zip(filters(direction, shapes), filters(point, shapes), strict=True):
        length, target = rows.norm(dim=1, keepdim=True), wanted.norm(dim=1, keepdim=True)
        if name in fixed:
            target = torch.zeros_like(target)
        empty = ((length == 0) & (target > 0)).flatten()
        if bool(empty.any()):
            raise ValueError(
                f"expected a direction that moves every filter, got zero in '{name}', row {int(empty.int().argmax())}"
            )
        parts.append((rows * torch.where(target > 0, target / length, 0)).flatten())
    return torch.cat(parts)


def zero_filters(point: Tensor, shapes: Shapes) -> list[str]:
    """The filters that are zero at the point, which no filter-normalised direction moves: ``w``, or ``V1[2]``."""
    found = []
    for name, rows in filters(point, shapes):
        zero = (rows == 0).all(dim=1).tolist()
        found += [name if len(shapes[name]) < 2 else f"{name}[{row}]" for row, is_zero in enumerate(zero) if is_zero]
    return found


def eigenvector(hessian: Tensor, index: int) -> Tensor:
    """The unit eigenvector of eigenvalue number ``index`` (ascending) of ``p p``, its largest entry positive.

    Raises ``ValueError`` for a matrix that is not square or not finite.
    """
    if hessian.ndim != 2 or hessian.shape[0] != hessian.shape[1] or not bool(torch.isfinite(hessian).all()):
        raise ValueError(f"expected a finite square matrix, got shape {tuple(hessian.shape)} or entries that are not")
    vector = torch.linalg.eigh(hessian).eigenvectors[:, index]
    return vector * vector[vector.abs().argmax()].sign()


def expect_vectors(point: Tensor, *directions: Tensor) -> None:
    """Raises ``ValueError`` unless all are finite floating vectors of the same size and type."""
    if point.ndim != 1 or len(point) < 1 or not point.is_floating_point():
        raise ValueError(f"expected a point of n >= 1 floats, got shape {tuple(point.shape)} of {point.dtype}")
    for vector in directions:
        if vector.shape != point.shape or vector.dtype != point.dtype:
            expected = f"{tuple(point.shape)} of {point.dtype}"
            raise ValueError(f"expected a direction of shape {expected}, got {tuple(vector.shape)} of {vector.dtype}")
    for name, vector in [("point", point), *(("direction", d) for d in directions)]:
        if not bool(torch.isfinite(vector).all()):
            raise ValueError(f"expected a finite {name}, got NaN or infinity")
