"""Projected gradient steps: the nearest point of a box of lower bounds."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


@torch.no_grad()
def project_(parameters: Mapping[str, Tensor], lower_bounds: Mapping[str, float]) -> None:
    """Replace each named parameter by its Euclidean projection on ``{p : p >= lower bound}``, in place.

    >>> w = torch.tensor([-1.0, 2.0])
    >>> project_({"W": w}, {"W": 0.0})
    >>> w.tolist()
    [0.0, 2.0]
    """
    for name, bound in lower_bounds.items():
        parameters[name].clamp_(min=bound)
