"""Schedules: shape, the two printed conditions, and the equalised one against its definition."""

import math
from fractions import Fraction

import numpy as np
import pytest

from rescert.decomposition import schedules
from rescert.decomposition.constants import Constants, constants
from rescert.decomposition.factors import load_map

DEPTHS = [2, 3, 4, 7, 64, 256]


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("schedule", [schedules.printed, schedules.uniform])
def test_rises_from_above_zero_to_one(schedule, depth):
    a = schedule(depth)
    assert a.shape == (depth,)
    assert (np.diff(a, prepend=0.0) > 0).all()
    assert a[-1] == 1.0


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("numbers", [("2", "1/2", "2"), ("1", "3", "1"), ("1/10", "1/100", "1")])
def test_printed_ratio_meets_both_printed_conditions(depth, numbers):
    known = Constants(*(Fraction(n) for n in numbers))
    epsilon, c = known.printed_bound(depth), schedules.printed_ratio(depth)
    assert 0 < c < 1
    # At m >= 3 the upper condition is an equality, to rounding.
    assert c <= epsilon / float(known.printed) * (1 + 4e-16)
    assert 1 - (epsilon / float(2 * known.smoothness * known.radius)) ** (1 / (depth - 1)) <= c


def test_the_printed_formula_for_the_ratio_exceeds_one_at_two_factors():
    assert math.log(4) > 1
    assert schedules.printed_ratio(2) == 0.5
    assert schedules.printed(3)[1] == pytest.approx(1 - math.log(6) / 2, rel=1e-15)


@pytest.mark.parametrize("depth", [1, 0, -3])
def test_fewer_than_two_factors_are_refused(depth):
    for schedule in (schedules.printed, schedules.uniform):
        with pytest.raises(ValueError, match="at least 2"):
            schedule(depth)


@pytest.mark.parametrize("depth", [2, 5, 40])
def test_equalised_where_the_answer_is_known(depth):
    """Distances a_i² - a_{i-1}² are equal for a_i = √(i/m)."""
    a = schedules.equalised(depth, lambda a: np.diff(a**2, prepend=0.0))
    assert np.allclose(a, np.sqrt(np.arange(1, depth + 1) / depth), rtol=1e-9, atol=0)


def test_equalised_says_when_distances_cannot_be_equal():
    with pytest.raises(ArithmeticError, match="spread"):
        schedules.equalised(3, lambda a: np.array([1.0, 2.0, 3.0]))


def test_constants_of_cos1d_by_hand():
    known = constants(load_map("cos1d"))
    assert known.printed == 12  # max{½·2·4, 2(2+1+2)+2}
    assert known.uniform == 2
    assert known.near_identity_from() == 59
    assert known.printed_bound(59) < 1 <= known.printed_bound(58)


def test_constants_must_be_positive():
    with pytest.raises(ValueError, match="positive"):
        Constants(Fraction(1), Fraction(0), Fraction(1))
