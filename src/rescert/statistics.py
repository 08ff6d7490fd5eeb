"""Confidence intervals, at 95 %."""

from __future__ import annotations

import numpy as np

CONFIDENCE = 0.95
Interval = tuple[float, float]


def clopper_pearson(successes: int, trials: int) -> Interval:
    """The exact interval of a share: whatever the true share, it is missed with probability 0.05 at most.

    >>> clopper_pearson(0, 1)
    (0.0, 0.975)
    """
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(CONFIDENCE, "exact")
    return float(interval.low), float(interval.high)


def share(hits: np.ndarray) -> str:
    """How many of some independent booleans are true, with the exact interval of the share, as text.

    >>> share(np.array([True, True, False]))
    '2 of 3 (9 to 99 %)'
    """
    low, high = clopper_pearson(int(hits.sum()), hits.size)
    return f"{hits.sum()} of {hits.size} ({100 * low:.0f} to {100 * high:.0f} %)"


def student(values: np.ndarray) -> float:
    """Half the width of Student's interval of the mean of two or more independent normal values."""
    from scipy.stats import t

    if len(values) < 2:
        raise ValueError(f"expected two values or more for an interval of their mean, got {len(values)}")
    return float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)
