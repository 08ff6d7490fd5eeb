"""Data and class of one case: the hypothesis decided exactly, and the bound that is chosen."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from draws import normal
from rescert.landscape.rademacher import all_signs, draw_signs, moment_bound
from rescert.landscape.rademacher_case import Case
from rescert.runtime import generator

DATA = normal(0, "case", (6, 2))
CASE = Case(DATA, 3, 0.5, Fraction(100), all_signs(6), True)


def test_within_is_exact():
    third = Case(torch.tensor([[1 / 3]], dtype=torch.float64), 1, 1.0, Fraction(1, 9), all_signs(1), True)
    assert third.within == (Fraction(1 / 3) <= Fraction(1, 3))
    assert not replace(third, square=Fraction(1 / 3) ** 2 - Fraction(1, 2**200)).within
    assert replace(third, square=Fraction(1 / 3) ** 2).within


def test_the_chosen_moment_is_the_least_and_above_no_norm_bound():
    power, value = CASE.moment()
    squares = float(DATA.square().sum())
    for other in (2, 4, 8):
        assert value <= moment_bound(squares, 6, 0.5, 3, other) * (1 + 1e-13)
    mean = float((all_signs(6) @ DATA).norm(dim=1).mean()) / 6
    assert mean * 1.25**3 < value <= mean * 1.375**3 * (1 + 1e-13)
    assert power in (1, 2, 4, 8, 16, 32, 64)


def test_drawn_signs_do_not_enter_the_bound():
    drawn = [replace(CASE, signs=draw_signs(4, 6, generator(s, "signs")), complete=False).moment() for s in (0, 1)]
    assert drawn[0] == drawn[1]
    assert drawn[0][1] == min(moment_bound(float(DATA.square().sum()), 6, 0.5, 3, p) for p in (2, 4, 8, 16, 32, 64))


def test_deep_networks_take_higher_moments():
    powers = [replace(CASE, depth=depth, complete=False).moment()[0] for depth in (1, 10, 100, 1000)]
    assert powers == sorted(powers)
    assert powers[0] == 2
    assert powers[-1] == 64


def test_growth_and_the_printed_bound():
    assert CASE.growth == pytest.approx(1.25**3)
    assert CASE.printed == pytest.approx(10 / 6**0.5 * 1.5**3)
