r"""Slices of a risk: its values on a line or a plane through a point of the space of parameters.

`line` and `plane` take any function ``risk(theta)`` that maps stacked points ``batch p`` to values ``batch``:
`rescert.landscape.risk.Landscape` with its labels, or a network of one's own under `torch.func.vmap`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from rescert.landscape.directions import expect_vectors

CHUNK = 256  # points in one batch; small networks gain nothing from more
CACHED = 2**18  # numbers in an array of which an evaluation keeps several in the cache: 2 MiB in float64

Risk = Callable[[Tensor], Tensor]


def coordinates(extent: float, steps: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Evenly spaced from ``-extent`` to ``extent``; ``steps`` is odd, so that 0, the point itself, is one of them.

    >>> coordinates(0.5, 5).tolist()
    [-0.5, -0.25, 0.0, 0.25, 0.5]
    """
    if steps < 3 or steps % 2 == 0:
        raise ValueError(f"expected an odd number of steps of at least 3, got {steps}")
    if not 0 < extent < float("inf"):
        raise ValueError(f"expected a finite extent > 0, got {extent}")
    return extent * torch.arange(1 - steps, steps, 2, dtype=dtype) / (steps - 1)


def chunk_of(numbers: int) -> int:
    """How many points a batch should have if one evaluation holds arrays of so many numbers: data times widest layer.

    Batches are then large enough to amortise the cost of a call and small enough to stay in the cache, beyond which
    they are slower than a loop.

    >>> chunk_of(64 * 10), chunk_of(256 * 10), chunk_of(10**6)
    (256, 102, 1)
    """
    if numbers < 1:
        raise ValueError(f"expected an evaluation of at least 1 number, got {numbers}")
    return min(CHUNK, max(1, CACHED // numbers))


def line(risk: Risk, point: Tensor, direction: Tensor, alpha: Tensor, chunk: int = CHUNK) -> Tensor:
    r"""$R(\theta+\alpha_iu)$ at each coordinate $\alpha_i$: shape ``len(alpha)``. Raises as `plane` does.

    >>> line(lambda t: (t * t).sum(1), torch.zeros(2), torch.tensor([3.0, 4.0]), torch.tensor([-1.0, 0.0, 2.0]))
    tensor([ 25.,   0., 100.])
    """
    expect_vectors(point, direction)
    _expect_coordinates(point, alpha)
    return _values(risk, (point + a[:, None] * direction for a in _chunks(alpha, chunk)))


def plane(
    risk: Risk, point: Tensor, first: Tensor, second: Tensor, alpha: Tensor, beta: Tensor, chunk: int = CHUNK
) -> Tensor:
    r"""$R(\theta+\alpha_iu+\beta_jv)$: shape ``len(alpha) len(beta)``.

    Points go to ``risk`` in batches of ``chunk`` (see `chunk_of`), whatever the size of the plane; which points share a
    batch changes values by rounding only. The directions $u,v$ are used as they are given, neither normalised nor made
    orthogonal. Nothing is differentiated. Raises ``ValueError`` for sizes that do not fit, entries that are not finite,
    and a risk that is not finite (a smaller extent helps).

    >>> risk = lambda t: t[:, 0] * t[:, 1]
    >>> axes = torch.eye(2).double()
    >>> plane(risk, torch.zeros(2).double(), *axes, coordinates(1, 3), coordinates(2, 3)).tolist()
    [[2.0, -0.0, -2.0], [-0.0, 0.0, 0.0], [-2.0, 0.0, 2.0]]
    """
    expect_vectors(point, first, second)
    _expect_coordinates(point, alpha)
    _expect_coordinates(point, beta)
    chunks = _chunks(torch.cartesian_prod(alpha, beta), chunk)
    points = (point + pairs[:, :1] * first + pairs[:, 1:] * second for pairs in chunks)
    return _values(risk, points).reshape(len(alpha), len(beta))


def _expect_coordinates(point: Tensor, alpha: Tensor) -> None:
    if alpha.ndim != 1 or len(alpha) < 1 or alpha.dtype != point.dtype or not bool(torch.isfinite(alpha).all()):
        shown = f"{tuple(alpha.shape)} of {alpha.dtype}"
        raise ValueError(f"expected n >= 1 finite coordinates of {point.dtype}, got {shown} or entries that are not")


def _chunks(coordinate: Tensor, chunk: int) -> tuple[Tensor, ...]:
    if chunk < 1:
        raise ValueError(f"expected a chunk of at least 1 point, got {chunk}")
    return coordinate.split(chunk)


@torch.no_grad()
def _values(risk: Risk, batches: Iterable[Tensor]) -> Tensor:
    found = []
    for theta in batches:
        values = risk(theta)
        if values.shape != (len(theta),):
            raise ValueError(f"expected a risk of shape ({len(theta)},), got {tuple(values.shape)}")
        if not bool(torch.isfinite(values).all()):
            raise ValueError("expected a finite risk all over the slice, got NaN or infinity: try a smaller extent")
        found.append(values)
    return torch.cat(found)
