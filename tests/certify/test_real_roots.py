"""Real algebraic numbers: order and signs against closed forms, and against floats where these are far apart."""

import math
import random

import pytest
from flint import fmpq, fmpq_poly

from rescert.certify.real_roots import Interval, Real, between, rational, real_roots


def root(square: str, side: int = 1) -> Real:
    return Interval.parse(f"{'-' if side < 0 else ''}sqrt({square})").low


def test_roots_of_a_product_are_sorted_and_counted_once() -> None:
    factors = [fmpq_poly([-2, 0, 1]), fmpq_poly([1, 1]), fmpq_poly([-2, 0, 0, 1]), fmpq_poly([1, 0, 1])]
    product = factors[0] ** 2 * factors[1] * factors[2] * factors[3]
    values = [float(r) for r in real_roots(product)]
    assert values == pytest.approx([-math.sqrt(2), -1, 2 ** (1 / 3), math.sqrt(2)], abs=1e-15)


def test_isolating_rationals_leave_out_the_other_roots() -> None:
    close = fmpq_poly([-2, 0, 1000000]) * fmpq_poly([-1, 707]) * fmpq_poly([-2000001, 0, 10**12])
    for number in real_roots(close):
        others = [r for r in real_roots(number.polynomial) if r != number]
        assert all(r < Real.of(number.low) or Real.of(number.high) < r for r in others)
        assert number.sign_of(close) == 0


def test_equal_numbers_from_different_polynomials_compare_equal() -> None:
    assert root("2") == real_roots(fmpq_poly([-2, 0, 1]) * fmpq_poly([3, 1]))[-1]
    assert hash(root("2")) == hash(root("8/4"))
    assert root("4/9") == Real.of("2/3")
    assert root("2") != root("2", -1)


def test_order_agrees_with_floats_of_distant_numbers() -> None:
    draw = random.Random(0)
    numbers = [root(f"{draw.randint(1, 400)}/{draw.randint(1, 20)}", draw.choice([-1, 1])) for _ in range(40)]
    for a, b in zip(numbers, reversed(numbers), strict=True):
        if abs(float(a) - float(b)) > 1e-9:
            assert (a < b) == (float(a) < float(b))


def test_a_number_is_told_from_a_rational_that_floats_confuse() -> None:
    convergent = Real.of("1414213562373095048801688724/1000000000000000000000000000")
    assert float(root("2")) == float(convergent)
    assert convergent < root("2")
    assert root("2").sign_of(fmpq_poly([-convergent.low, 1])) == 1


def test_sign_at_a_number() -> None:
    assert root("5/4").sign_of(fmpq_poly([-5, 0, 4])) == 0
    assert root("5/4").sign_of(fmpq_poly([rational("-1118/1000"), 1])) == 1
    assert root("5/4").sign_of(fmpq_poly([rational("-1119/1000"), 1])) == -1


def test_between_is_strictly_between() -> None:
    third = fmpq(1, 3)
    assert between(Real.of(0), Real.of(1)) == fmpq(1, 2)
    assert Real.of(third) < Real.of(between(Real.of(third), Real.of(third + fmpq(1, 10**30))))
    assert between(None, Real.of(-5)) < -5 < between(Real.of(-5), None)
    assert root("2") < Real.of(between(root("2"), root("2001/1000"))) < root("2001/1000")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("(0, sqrt(5/4)]", ["1/100", "1.118", "sqrt(5/4)"], ["0", "1.1181", "-1"]),
        ("[-sqrt(5/4), inf)", ["-sqrt(5/4)", "1000"], ["-1.1181"]),
        ("-6/5", ["-6/5"], ["-1"]),
        ("(-inf, inf)", ["0"], []),
    ],
)
def test_intervals_contain_their_numbers(text: str, inside: list[str], outside: list[str]) -> None:
    interval = Interval.parse(text)
    assert all(interval.contains(Interval.parse(number).low) for number in inside)
    assert not any(interval.contains(Interval.parse(number).low) for number in outside)


def test_intersections() -> None:
    printed = Interval.parse("(0, sqrt(5/4)]")
    assert printed.meet(Interval.parse("(sqrt(5/4), 2]")).is_empty
    assert printed.meet(Interval.parse("[sqrt(5/4), 2]")).point == root("5/4")
    assert printed.meet(Interval.parse("(-1, 1/2)")).json() == {"interval": ["0", "1/2"], "closed": [False, False]}


@pytest.mark.parametrize("text", ["", "(1, 0)", "(1, 1]", "[-inf, 0)", "inf", "(0, 1", "sqrt(-1)", "(a, b)", "1/0x"])
def test_what_is_no_interval_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Interval.parse(text)
