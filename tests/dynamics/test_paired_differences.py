"""Intervals of medians: their level by the binomial law, and by simulation."""

import numpy as np
import pytest
from scipy.stats import binom

from draws import normal
from rescert.dynamics.paired_differences import median, median_interval, side


@pytest.mark.parametrize("n", range(1, 6))
def test_five_values_have_no_interval(n):
    assert median_interval(np.arange(float(n))) is None
    assert side(np.arange(float(n)) + 1) == 0


@pytest.mark.parametrize("n", [6, 7, 20, 50, 200])
def test_the_level_is_that_of_the_binomial_law(n):
    low, high = median_interval(np.arange(float(n)))
    k = int(low) + 1
    assert high == n - k
    assert 2 * binom.cdf(k - 1, n, 0.5) <= 0.05 < 2 * binom.cdf(k, n, 0.5)


def test_it_contains_the_median_of_the_law_as_often_as_it_says():
    samples = normal(0, "samples", (2000, 20)).numpy() ** 3
    intervals = [median_interval(row) for row in samples]
    missed = sum(not low <= 0 <= high for low, high in intervals)
    assert missed / 2000 <= 0.05 + 3 * (0.05 * 0.95 / 2000) ** 0.5


def test_sides_and_text():
    values = np.arange(10.0)
    assert (side(values - 4.5), side(values + 1), side(values - 20)) == (0, 1, -1)
    assert median(values[:3]) == "1"
    assert median(values).startswith("4.5 (")
