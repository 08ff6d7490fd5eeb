"""Device, dtype, threads and seeds: the only file that sets them.

Every random draw is made on the CPU in float64 from a generator named by (seed, purpose), then cast and
moved, so that a CPU and a GPU start from the same numbers.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def device(name: str = "auto") -> torch.device:
    """The torch device for ``auto``, ``cpu`` or ``cuda``; ``auto`` takes a GPU where there is one."""
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"expected device auto, cpu or cuda, got '{name}'")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("expected a CUDA device because the config says 'device: cuda', found none; say auto or cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def set_threads(count: int) -> None:
    """Fix the number of compute threads; sums are split by thread, so results follow this number."""
    import torch

    if count < 1:
        raise ValueError(f"expected at least one thread, got {count}")
    torch.set_num_threads(count)


def generator(seed: int, purpose: str) -> torch.Generator:
    """The CPU generator of one purpose: different purposes of one seed are independent streams."""
    import torch

    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def uniform(seed: int, purpose: str, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    """Float64 uniform draws on [low, high)."""
    import torch

    return low + (high - low) * torch.rand(shape, generator=generator(seed, purpose), dtype=torch.float64)


def normal(seed: int, purpose: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Float64 standard normal draws."""
    import torch

    return torch.randn(shape, generator=generator(seed, purpose), dtype=torch.float64)
