"""Krawczyk: closed forms, the constructed saddles at w = 0, and what must not certify."""

import numpy as np
import pytest
from certificates import bowl, bowl_minimum, saddle_at_zero_weights
from programs import CASES

from rescert.certify import balls, krawczyk
from rescert.certify.problem import trace


def test_square_root_of_two() -> None:
    program = trace(lambda v: v["x"] * v["x"] - v["p"], {"x": (), "p": ()})
    zero = krawczyk.prove(program, {"x": 2**0.5, "p": 2}, [("x", 0)], "program")
    assert zero.proved
    with balls.working_precision(200):
        root = balls.enter(2).sqrt()
        middle, radius = balls.enter(float(zero.box["x"]["mid"])), balls.enter(float(zero.box["x"]["rad"]))
        assert (root - middle).abs_upper() < radius
    assert float(zero.box["x"]["rad"]) < 1e-14


def test_a_critical_point_and_its_neighbours() -> None:
    program, minimum = bowl(), bowl_minimum()
    assert krawczyk.prove(program, minimum).proved
    for shift in (1e-6, -1e-6):
        moved = krawczyk.prove(program, {"x": minimum["x"] + shift})
        assert moved.proved is None
        assert moved.assertion is None
    # Within the largest radius it may be found, but then the box contains the true point.
    near = krawczyk.prove(program, {"x": minimum["x"] + 1e-9})
    assert near.proved
    assert (np.abs(near.box["x"]["mid"] - minimum["x"]) < near.box["x"]["rad"]).all()


def test_gradient_flat_points_do_not_certify() -> None:
    flat = trace(lambda v: (v["x"] - 40).exp().sum() + v["x"].tanh().sum(), {"x": (2,)})
    assert krawczyk.prove(flat, {"x": [-30.0, -30.0]}).proved is None
    assert float(balls.gradient(flat, {"x": -30.0})[0].abs_upper()) < 1e-20


@pytest.mark.parametrize(
    "function",
    [
        lambda v: v["x"][0] ** 2 + 0 * v["x"][1],
        lambda v: (v["x"][0] * v["x"][1]) ** 2,
        lambda v: v["x"][0] ** 4 + v["x"][1] ** 2,
        lambda v: (v["x"][0] + v["x"][1]) ** 2,
    ],
)
def test_degenerate_points_do_not_certify(function) -> None:
    assert krawczyk.prove(trace(function, {"x": (2,)}), {"x": [0.0, 0.0]}).proved is None


def test_kinks_do_not_certify() -> None:
    program = trace(lambda v: v["x"].relu() ** 2 + v["x"] ** 2, {"x": ()})
    assert krawczyk.prove(program, {"x": 0.0}).proved is None


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        krawczyk.prove(bowl(), {"x": [float("nan"), 0.0]})


def test_saddles_at_zero_weights() -> None:
    program, point, variables, equations = saddle_at_zero_weights()
    zero = krawczyk.prove(program, point, variables, "gradient", equations)
    assert zero.proved
    others = [i for i, e in enumerate(balls.all_entries(program)) if e not in equations]
    gradient = balls.gradient(program, zero.box)
    assert all(gradient[i].is_zero() for i in others)
    # The same with a weight that is not zero: the other entries are then not zero identically.
    tilted = {**point, "w": np.array([1e-30, 0, 0])}
    refused = krawczyk.prove(program, tilted, variables, "gradient", equations)
    assert refused.proved is None
    assert "not exactly zero" in refused.reason


def test_gauge_freedom_is_not_certified() -> None:
    program = CASES[0].program
    point = krawczyk.polish(program, CASES[0].point(1), steps=3)
    assert krawczyk.prove(program, point).proved is None


def test_misuse() -> None:
    program, minimum = bowl(), bowl_minimum()
    with pytest.raises(ValueError, match="as many equations"):
        krawczyk.prove(program, minimum, [("x", 0)], "gradient", [("x", 0), ("x", 1)])
    with pytest.raises(ValueError, match="system"):
        krawczyk.prove(program, minimum, system="other")
