"""Inverses of smooth maps, point by point in one batch."""

from __future__ import annotations

from collections.abc import Callable

import torch

STEPS = 200


def invert(
    value: Callable[[torch.Tensor], torch.Tensor],
    jacobian: Callable[[torch.Tensor], torch.Tensor],
    y: torch.Tensor,
    start: torch.Tensor,
) -> torch.Tensor:
    """Solve value(x) = y by Newton's method, each point with its own step halving; shapes (..., d).

    A step is taken only where it lowers the residual norm |value(x) - y|, and halved where it does not, so
    the residual never rises. A point is finished when a whole Newton step no longer lowers its residual and
    that residual is of the size of rounding, 16 ε (1 + |y|). Raises ``ArithmeticError`` if a point has not
    finished after 200 steps.
    """
    if y.shape != start.shape:
        raise ValueError(f"expected a start of shape {tuple(y.shape)}, got {tuple(start.shape)}")
    x, scale = start.clone(), torch.ones_like(start[..., :1])
    residual = value(x) - y
    size = residual.norm(dim=-1, keepdim=True)
    rounding = 16 * torch.finfo(y.dtype).eps * (1 + y.norm(dim=-1, keepdim=True))
    for _ in range(STEPS):
        slope = jacobian(x)
        newton = residual / slope[..., 0] if y.shape[-1] == 1 else torch.linalg.solve(slope, residual)
        trial = x - scale * newton
        trial_residual = value(trial) - y
        trial_size = trial_residual.norm(dim=-1, keepdim=True)
        better = trial_size < size
        if bool((~better & (size <= rounding)).all()):
            return x
        x = torch.where(better, trial, x)
        residual = torch.where(better, trial_residual, residual)
        size = torch.where(better, trial_size, size)
        scale = torch.where(better, torch.clamp(2 * scale, max=1.0), torch.where(size <= rounding, scale, scale / 2))
    raise ArithmeticError(f"expected Newton's method to end within {STEPS} steps, got residual {float(size.max()):.1e}")
