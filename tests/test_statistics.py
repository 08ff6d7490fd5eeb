"""Confidence intervals in closed form."""

import numpy as np
import pytest

from rescert.statistics import clopper_pearson, share, student


def test_clopper_pearson_of_ten_in_ten() -> None:
    assert clopper_pearson(10, 10) == (pytest.approx(0.025**0.1, rel=1e-9), 1.0)


def test_clopper_pearson_is_symmetric() -> None:
    low, high = clopper_pearson(3, 20)
    assert clopper_pearson(17, 20) == pytest.approx((1 - high, 1 - low), rel=1e-9)


def test_share_says_the_count_and_its_interval() -> None:
    assert share(np.arange(50) < 49) == "49 of 50 (89 to 100 %)"


def test_student_of_two_values() -> None:
    half = np.tan(0.95 * np.pi / 2)  # with one degree of freedom t is a Cauchy variable; deviation sqrt 2 of -1, 1
    assert student(np.array([-1.0, 1.0])) == pytest.approx(half, rel=1e-9)


def test_one_value_has_no_interval() -> None:
    with pytest.raises(ValueError, match="expected two values or more"):
        student(np.array([1.0]))
