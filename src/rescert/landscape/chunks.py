"""Batches of points cut into chunks that fit the cache.

The points of a batch share their matrix products, which pays as long as what is worked on stays in the processor's
cache; beyond that a larger batch is slower.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from rescert.landscape.risk import Landscape

BYTES = 2**23  # aimed at for the tangents of one chunk


def chunk_size(landscape: Landscape, tangents: bool) -> int:
    r"""The number of points of a chunk, at least 1.

    A point takes about $8n(d+m)$ bytes for its values, and for its ``tangents`` $p$ times as much ($m$: units of all
    blocks).
    """
    units = sum(shape[1] for name, shape in landscape.shapes.items() if name.startswith("V"))
    point = 8 * len(landscape.inputs) * (landscape.inputs.shape[1] + units) * (landscape.size if tangents else 1)
    return max(1, BYTES // point)


def in_chunks(size: int, function: Callable[..., tuple[Tensor, ...]], *stacks: Tensor) -> tuple[Tensor, ...]:
    """``function`` of ``size`` rows of the stacks at a time, its results put together again.

    >>> in_chunks(2, lambda x: (x + 1, x * x), torch.arange(3))
    (tensor([1, 2, 3]), tensor([0, 1, 4]))
    """
    if size < 1:
        raise ValueError(f"expected chunks of at least one point, got {size}")
    if len(stacks[0]) <= size:
        return function(*stacks)
    parts = [function(*(stack[first : first + size] for stack in stacks)) for first in range(0, len(stacks[0]), size)]
    return tuple(torch.cat(list(column)) for column in zip(*parts, strict=True))
