"""Linear steps on batches of enclosures: the bounds where numbers are denormal."""

from fractions import Fraction

import numpy as np
import pytest

from rescert.certify import midrad_batch
from rescert.certify.midrad import ETA, MidRad
from rescert.certify.midrad_batch import Sum


@pytest.mark.parametrize("factor", [3 * ETA, 5 * ETA, 2.0**-1022, 0.0, 3.0])
def test_a_denormal_coefficient_does_not_lose_the_slack(factor: float) -> None:
    for mantissa in range(1, 40):
        radius = (1 + mantissa * 2.0**-52) * 2.0**400
        zero, spread = np.zeros(1), np.array([radius])
        weighted = midrad_batch.weighted(Sum((), {0: MidRad.exact(factor)}), [()])
        product = midrad_batch.product(0, MidRad.exact(np.array([factor])), 0, ())
        for rad in (weighted([(zero, spread)])[1], product([(zero[None], spread[None])])[1]):
            assert Fraction(float(rad.item())) >= Fraction(factor) * Fraction(radius)
