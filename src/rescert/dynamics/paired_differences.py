"""Medians of independent values, of paired differences above all, with exact intervals."""

from __future__ import annotations

import numpy as np

Interval = tuple[float, float]


def median_interval(values: np.ndarray) -> Interval | None:
    """An interval that contains the median of the values' law with probability 0.95 or more; None below six values.

    Of n independent values the k-th smallest and the k-th largest enclose the median except with probability
    2 P(B < k) at most, B binomial (n, 1/2).

    >>> median_interval(np.arange(9.0))
    (1.0, 7.0)
    """
    from scipy.stats import binom

    k = int(binom.ppf(0.025, len(values), 0.5))
    if k < 1:
        return None
    ordered = np.sort(values)
    return float(ordered[k - 1]), float(ordered[-k])


def side(values: np.ndarray) -> int:
    """1 or -1 if the interval of the median lies above or below 0, else 0: not decided.

    >>> side(np.arange(9.0) - 1), side(np.arange(9.0)), side(np.arange(3.0) + 1)
    (0, 1, 0)
    """
    interval = median_interval(values)
    return 0 if interval is None else int(interval[0] > 0) - int(interval[1] < 0)


def median(values: np.ndarray) -> str:
    """The median with its interval, as text.

    >>> median(np.arange(9.0))
    '4 (1 to 7)'
    """
    interval = median_interval(values)
    return f"{np.median(values):.3g}" + (f" ({interval[0]:.3g} to {interval[1]:.3g})" if interval else "")
