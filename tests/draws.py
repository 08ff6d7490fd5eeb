"""Float64 draws for the tests, from the named generators of `rescert.runtime`."""

from __future__ import annotations

import torch

from rescert.runtime import generator


def uniform(seed: int, purpose: str, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    """Float64 uniform draws on [low, high)."""
    return low + (high - low) * torch.rand(shape, generator=generator(seed, purpose), dtype=torch.float64)


def normal(seed: int, purpose: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Float64 standard normal draws."""
    return torch.randn(shape, generator=generator(seed, purpose), dtype=torch.float64)
