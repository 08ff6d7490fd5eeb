"""Programs in midpoint-radius arithmetic against balls, on points and on boxes."""

import numpy as np
import pytest
import torch
from programs import CASES, EPS, Case

from rescert.certify import balls, midrad_derivative, midrad_program
from rescert.certify.problem import trace


def contains(enclosure, exact: np.ndarray) -> bool:
    outer = midrad_program.to_balls(enclosure)
    pairs = zip(outer.flat, balls.wrap(exact).flat, strict=True)
    return all(o.contains(x.mid()) for o, x in pairs if o.is_finite())


@pytest.mark.parametrize("radius", [0.0, 1e-6, 0.05])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_values_and_derivatives_contain_those_of_points(case: Case, radius: float) -> None:
    program, middle = case.program, case.point(6)
    box = {n: {"mid": v, "rad": np.full(v.shape, radius)} for n, v in middle.items()}
    enclosures = [midrad_program.evaluate(program, box), midrad_program.gradient(program, box)]
    enclosures.append(midrad_derivative.hessian(program, box)[1])
    rng = np.random.default_rng(0)
    for _ in range(3):
        point = {n: v + rng.uniform(-1, 1, size=v.shape) * radius for n, v in middle.items()}
        exact = [f(program, point) for f in (balls.evaluate, balls.gradient, balls.hessian)]
        assert all(contains(e, x) for e, x in zip(enclosures, exact, strict=True))
    if radius == 0.0:
        # Fewer than 1000 roundings of values below 100, each with the length of its sum in the bound.
        assert all((e.rad < 1000 * EPS * 100).all() for e in enclosures)


def test_kinks_and_poles_prove_nothing() -> None:
    kink = trace(lambda v: v["x"].relu(), {"x": ()})
    pole = trace(lambda v: (1 / v["x"]).tanh(), {"x": ()})
    box = {"x": {"mid": 0, "rad": 1}}
    assert np.isinf(midrad_program.gradient(kink, box).rad).all()
    assert np.isinf(midrad_program.evaluate(pole, box).rad).all()


def test_exact_zeros_stay_exact() -> None:
    program = trace(lambda v: v["w"] @ v["x"].tanh(), {"w": (2,), "x": (2,)})
    gradient = midrad_program.gradient(program, {"w": 0, "x": {"mid": "1/3", "rad": 2}})
    assert not gradient.mid[2:].any()
    assert not gradient.rad[2:].any()
    assert (gradient.rad[:2] > 0).all()


@pytest.mark.parametrize("size", [1, 2, 5, 17])
def test_zero_times_what_is_not_defined_is_not_defined(size: int) -> None:
    program = trace(lambda v: v["z"] @ v["x"].log(), {"z": (size, size), "x": (size, size)})
    box = {"z": 0, "x": np.where(np.eye(size), -1.0, 1.0)}
    assert np.isinf(midrad_program.evaluate(program, box).rad).all()


def test_flushing_to_zero_is_refused() -> None:
    """The product of 1e-200 with itself would be called exactly zero."""
    program = trace(lambda v: v["x"] * v["x"], {"x": ()})
    assert midrad_program.evaluate(program, {"x": 1e-200}).rad > 0
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor does not flush denormal numbers")
    try:
        with pytest.raises(ValueError, match="expected gradual underflow"):
            midrad_program.evaluate(program, {"x": 1e-200})
    finally:
        torch.set_flush_denormal(False)
