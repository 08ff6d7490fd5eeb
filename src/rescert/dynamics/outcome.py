"""What became of a run of gradient descent, told from its recorded losses by definition.

In this order, with the loss recorded before every step and after the last:

``overflowed``   an entry of the state left [-2^40, 2^40], or the loss was not finite: the run ends there, and its last
                 recorded loss stays
``converged``    the last loss is at most ``small``
``oscillating``  the loss rose in the last half of the recorded steps
``descending``   none of these: it falls still, or has stalled

A converged run has ``slid`` if it was started beside an equilibrium and ends at one whose sharpness is lower by more
than a hundredth. A loss rises from one record to the next if it grows by more than 2^-40 of itself.
"""

from __future__ import annotations

from enum import StrEnum

from torch import Tensor

ESCAPE = 2.0**40
ROUNDING = 2.0**-40
SLIDE = 0.01


class Outcome(StrEnum):
    CONVERGED = "converged"
    SLID = "slid"
    OSCILLATING = "oscillating"
    DESCENDING = "descending"
    OVERFLOWED = "overflowed"


def rises(losses: Tensor) -> Tensor:
    """Whether the loss of each run rose from one record to the next: (T, B) to (T-1, B), booleans."""
    return losses[1:] > losses[:-1] * (1 + ROUNDING)


def classify(losses: Tensor, overflowed: Tensor, small: Tensor | float) -> list[Outcome]:
    """The outcome of each of B runs: ``losses`` (T, B) all finite, ``overflowed`` (B,) booleans.

    Raises ``ValueError`` for fewer than two records or a loss that is not finite.

    >>> import torch
    >>> losses = torch.tensor([[1.0, 1.0, 1.0, 1.0], [0.1, 0.9, 2.0, 9.0], [0.0, 0.8, 1.0, 9.0], [0.0, 0.7, 2.0, 9.0]])
    >>> [str(o) for o in classify(losses, torch.tensor([False, False, False, True]), 1e-9)]
    ['converged', 'descending', 'oscillating', 'overflowed']
    """
    if len(losses) < 2 or not losses.isfinite().all():
        raise ValueError(f"expected finite losses of two records or more, got shape {tuple(losses.shape)}")
    late = rises(losses[(len(losses) - 1) // 2 :]).any(0)
    found = []
    for escaped, ended, rising in zip(overflowed.tolist(), (losses[-1] <= small).tolist(), late.tolist(), strict=True):
        if escaped:
            found.append(Outcome.OVERFLOWED)
        elif ended:
            found.append(Outcome.CONVERGED)
        else:
            found.append(Outcome.OSCILLATING if rising else Outcome.DESCENDING)
    return found


def settled(outcome: Outcome, sharpness: float, before: float) -> Outcome:
    """`Outcome.SLID` for a converged run whose sharpness ends below the equilibrium's that it started beside."""
    slid = outcome is Outcome.CONVERGED and sharpness < (1 - SLIDE) * before
    return Outcome.SLID if slid else outcome
