"""Ball arithmetic on programs: containment, narrowness, exactness, and what must stay undecided."""

import math
from fractions import Fraction

import flint
import numpy as np
import pytest
import torch
from flint import arb
from programs import CASES, EPS, Case

from rescert.certify import balls
from rescert.certify.problem import trace


def inside(box: dict, seed: int) -> dict:
    """A random point of a box."""
    rng = np.random.default_rng(seed)
    return {n: v["mid"] + rng.uniform(-1, 1, size=np.shape(v["mid"])) * v["rad"] for n, v in box.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_float_value_lies_within_rounding_of_a_narrow_ball(case: Case) -> None:
    program = case.program
    for seed in range(5):
        point = case.point(seed)
        ball = balls.evaluate(program, point)[()]
        value = float(program.evaluate({n: torch.tensor(v) for n, v in point.items()}))
        assert float(ball.rad()) < 2.0**-100 * max(1, abs(value))
        # Fewer than 500 roundings of values below 100.
        assert abs(float(ball.mid()) - value) <= 500 * EPS * 100


@pytest.mark.parametrize("radius", [1e-8, 1e-3, 0.1])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_enclosures_over_a_box_contain_those_at_its_points(case: Case, radius: float) -> None:
    program = case.program
    box = {n: {"mid": v, "rad": np.full(v.shape, radius)} for n, v in case.point(3).items()}
    value, gradient, hessian = (
        balls.evaluate(program, box)[()],
        balls.gradient(program, box),
        balls.hessian(program, box),
    )
    for seed in range(4):
        point = inside(box, seed)
        assert value.contains(balls.evaluate(program, point)[()])
        pairs = [*zip(gradient, balls.gradient(program, point), strict=True)]
        pairs += zip(hessian.flat, balls.hessian(program, point).flat, strict=True)
        # Where a kink of relu may lie in the box, nothing is decided, and nothing is claimed.
        assert all(whole.contains(part) for whole, part in pairs if whole.is_finite())


@pytest.mark.parametrize("name", ["tanh", "logistic", "softplus", "exp", "log", "sqrt", "sin", "cos", "relu"])
def test_functions_on_wide_balls_contain_their_values(name: str) -> None:
    rng = np.random.default_rng(11)
    with balls.working_precision(80):
        for _ in range(200):
            radius = 10.0 ** rng.uniform(-12, 2)
            middle = rng.normal() * 10.0 ** rng.uniform(-3, 2) + (1.01 * radius if name in ("log", "sqrt") else 0)
            middle = abs(middle) + 1.01 * radius if name in ("log", "sqrt") else middle
            whole = balls.VECTORISED[name](balls.wrap(arb(middle, radius)))[()]
            part = balls.VECTORISED[name](balls.wrap(arb(middle + rng.uniform(-1, 1) * radius)))[()]
            assert whole.is_finite()
            assert whole.lower() <= part.upper()
            assert whole.upper() >= part.lower()
            assert whole.contains(part.mid()) or whole.overlaps(part)


def test_monotone_functions_do_not_overestimate() -> None:
    with balls.working_precision(80):
        for name, low, high in [("tanh", -1, 1), ("logistic", 0, 1)]:
            ball = balls.FUNCTIONS[name](arb(0, 50))
            assert float(ball.lower()) == pytest.approx(low, abs=1e-8)
            assert float(ball.upper()) == pytest.approx(high, abs=1e-8)


@pytest.mark.parametrize("value", [0.1, 5e-324, 1.7976931348623157e308, -0.0, 1 / 3])
def test_floats_enter_exactly(value: float) -> None:
    ball = balls.enter(value)
    assert ball.is_exact()
    assert float(ball) == value
    with balls.working_precision(3000):
        fraction = Fraction(value)
        assert ball * fraction.denominator == fraction.numerator


def test_decimal_strings_enter_as_rationals() -> None:
    with balls.working_precision(128):
        assert (balls.enter("0.1") * 10).contains(1)
        assert not (balls.enter(0.1) * 10).contains(1)
    for bad in (float("nan"), float("inf"), "one", None):
        with pytest.raises(ValueError, match="expected a finite number"):
            balls.enter(bad)


def test_exact_zeros_stay_exact() -> None:
    program = trace(lambda v: v["w"] @ torch.tanh(v["x"]), {"w": (2,), "x": (2,)})
    box = {"w": 0, "x": {"mid": "1/3", "rad": 2}}
    gradient = balls.gradient(program, box, variables=["x", "w"])
    assert balls.evaluate(program, box)[()].is_zero()
    assert [g.is_zero() for g in gradient] == [True, True, False, False]


def test_kinks_are_undecided_not_conventional() -> None:
    program = trace(lambda v: torch.relu(v["x"]), {"x": ()})
    assert not balls.gradient(program, {"x": 0})[0].is_finite()
    assert not balls.gradient(program, {"x": {"mid": 1, "rad": 1}})[0].is_finite()
    assert not balls.hessian(program, {"x": 0})[0, 0].is_finite()
    assert balls.gradient(program, {"x": {"mid": 1, "rad": 0.5}})[0] == 1
    assert balls.hessian(program, {"x": {"mid": 1, "rad": 0.5}})[0, 0].is_zero()
    beside = trace(lambda v: torch.relu(v["x"]) + v["z"] ** 2, {"x": (), "z": ()})
    assert not balls.second_derivative(beside, {"x": 0, "z": 0}, {"z": 1}).is_finite()


def test_undefined_values_do_not_become_defined_again() -> None:
    program = trace(lambda v: torch.tanh(1 / v["x"]), {"x": ()})
    assert not balls.evaluate(program, {"x": {"mid": 0, "rad": 1}})[()].is_finite()
    assert not balls.evaluate(trace(lambda v: torch.log(v["x"]) ** 0, {"x": ()}), {"x": 0})[()].is_finite()


def test_derivatives_exist_only_where_the_function_does() -> None:
    program = trace(lambda v: v["x"].log(), {"x": ()})
    for x in (-1, 0, {"mid": 1, "rad": 2}):
        assert not balls.gradient(program, {"x": x})[0].is_finite()
        assert not balls.hessian(program, {"x": x})[0, 0].is_finite()
    assert balls.gradient(program, {"x": 4})[0] == 0.25


def test_closed_forms() -> None:
    program = trace(lambda v: v["x"] ** 3 / v["c"], {"x": ()}, {"c": "1/2"})
    assert balls.hessian(program, {"x": 2})[0, 0] == 24
    square = balls.evaluate(trace(lambda v: v["x"] ** 2, {"x": ()}), {"x": {"mid": 0, "rad": 2}})[()]
    # The ends of a ball are as exact as its 30-bit radius.
    assert -(2.0**-24) <= float(square.lower()) <= 0
    assert 4 <= float(square.upper()) <= 4 + 2.0**-24
    assert balls.second_derivative(CASES[4].program, {"x": 0, "a": 1}, {"x": 1}).contains(0)


def test_precision_is_restored_and_bounded() -> None:
    before = flint.ctx.prec
    with pytest.raises(ValueError, match="bits"), balls.working_precision(0):
        pass
    with pytest.raises(RuntimeError), balls.working_precision(500):
        raise RuntimeError
    assert flint.ctx.prec == before


def test_float_ends_enclose() -> None:
    with balls.working_precision(300):
        for value in ("1/3", "-1/3", "1e-320", "0", "1/1024"):
            ball = balls.enter(value)
            assert arb(balls.lower(ball)) <= ball.lower()
            assert arb(balls.upper(ball)) >= ball.upper()
        assert balls.lower(arb(0)) == balls.upper(arb(0)) == 0
        assert balls.upper(arb(2) ** 5000) == math.inf
        assert balls.lower(arb(2) ** 5000) == 1.7976931348623157e308
        assert balls.upper(arb("nan")) == math.inf


def test_boxes_are_checked() -> None:
    program = trace(lambda v: v["x"].sum(), {"x": (2,)})
    for box, message in [
        ({}, "expected a box of"),
        ({"x": [1, 2, 3]}, "expected shape"),
        ({"x": {"mid": 0, "rad": -1}}, "radii >= 0"),
        ({"x": {"mid": float("nan"), "rad": 0}}, "finite"),
    ]:
        with pytest.raises(ValueError, match=message):
            balls.evaluate(program, box)
