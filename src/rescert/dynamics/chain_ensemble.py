"""Many runs of gradient descent on scalar chains at once, in floats, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rescert.dynamics.outcome import ESCAPE, Outcome, classify, settled

ORDER = (Outcome.CONVERGED, Outcome.SLID, Outcome.OSCILLATING, Outcome.DESCENDING, Outcome.OVERFLOWED)
DISTANCE = 1e-4  # of starts from an equilibrium, relatively
SMALL = 1e-20  # a run has converged where e²/2 <= SMALL λ²


class Runs(NamedTuple):
    """``losses`` e²/2 and ``sharpness`` S before each step and after the last (T+1, B); ends; who overflowed."""

    losses: Tensor
    sharpness: Tensor
    weights: Tensor
    overflowed: Tensor


def others(weights: Tensor) -> Tensor:
    """The products of all weights but one, (B, L) to (B, L), without a division.

    >>> others(torch.tensor([[2.0, 3.0, 5.0]])).tolist()
    [[15.0, 10.0, 6.0]]
    """
    one = torch.ones_like(weights[:, :1])
    before = torch.cat([one, weights[:, :-1]], 1).cumprod(1)
    after = torch.cat([one, weights[:, 1:].flip(1)], 1).cumprod(1).flip(1)
    return before * after


def descend(starts: Tensor, steps: Tensor, target: float, iterations: int) -> Runs:
    """Gradient descent w_i - p (∏w - λ) ∏_{j≠i} w_j from each of B ``starts`` (B, L) with its own step p, (B,).

    A run whose weights leave [-2^40, 2^40] or whose loss is not finite stays where it last was.
    """
    weights, overflowed = starts, torch.zeros(len(starts), dtype=torch.bool)
    q = others(weights)
    error = weights[:, 0] * q[:, 0] - target
    losses, sharpness = [error**2 / 2], [(q**2).sum(1)]
    for _ in range(iterations):
        moved = weights - (steps * error)[:, None] * q
        q_moved = others(moved)
        error_moved = moved[:, 0] * q_moved[:, 0] - target
        fine = (moved.abs() <= ESCAPE).all(1) & (error_moved**2).isfinite() & (q_moved**2).sum(1).isfinite()
        overflowed = overflowed | ~fine
        going = ~overflowed
        weights = torch.where(going[:, None], moved, weights)
        q = torch.where(going[:, None], q_moved, q)
        error = torch.where(going, error_moved, error)
        losses.append(error**2 / 2)
        sharpness.append((q**2).sum(1))
    return Runs(torch.stack(losses), torch.stack(sharpness), weights, overflowed)


def nearby(weights: Sequence[float], count: int, distance: float, generator: torch.Generator) -> Tensor:
    """``count`` starts whose weights are those of an equilibrium times 1 + ``distance`` times normal draws, (B, L)."""
    around = torch.tensor(weights, dtype=torch.float64)
    draws = torch.randn(count, len(weights), generator=generator, dtype=torch.float64)
    return around * (1 + distance * draws)


def outcomes(runs: Runs, target: float, before: float) -> list[Outcome]:
    """What became of each run, started beside an equilibrium with S = ``before``."""
    found = classify(runs.losses, runs.overflowed, SMALL * target**2)
    return [settled(outcome, s, before) for outcome, s in zip(found, runs.sharpness[-1].tolist(), strict=True)]


def tally(starts: Tensor, unit: float, target: float, factors: Sequence[float], iterations: int) -> dict[str, Any]:
    """How many of the ``starts`` (B, L) have each outcome at the steps ``factors`` times ``unit``, a list an outcome.

    The starts lie beside an equilibrium whose critical step is ``unit``, so that its S is 2/``unit``.
    """
    steps = unit * torch.tensor(factors, dtype=torch.float64)
    runs = descend(starts.repeat(len(factors), 1), steps.repeat_interleave(len(starts)), target, iterations)
    found = outcomes(runs, target, 2 / unit)
    groups = [found[i : i + len(starts)] for i in range(0, len(found), len(starts))]
    return {"factors": list(factors), **{str(o): [group.count(o) for group in groups] for o in Outcome}}


def followed(start: Tensor, step: float, target: float, iterations: int) -> dict[str, list[float]]:
    """Loss in units of λ² and pS along one run, from ``start`` (1, L)."""
    run = descend(start, torch.tensor([step], dtype=torch.float64), target, iterations)
    return {"loss": (run.losses[:, 0] / target**2).tolist(), "gain": (run.sharpness[:, 0] * step).tolist()}
