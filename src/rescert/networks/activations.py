r"""Activation functions $\sigma$ by name: smooth, monotone, and made of operations that can be traced."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

# PyTorch takes softplus(x) = x beyond its threshold. At its own, 20, that is off by e^-20 = 2e-9; at 40 by less than
# the rounding of x.
THRESHOLD = 40


def softplus(x: Tensor) -> Tensor:
    r"""$\log(1+e^x)$, to rounding errors.

    >>> float(softplus(torch.tensor(25.0, dtype=torch.float64))) - 25 > 1e-11
    True
    """
    return torch.nn.functional.softplus(x, threshold=THRESHOLD)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "softplus": softplus}
