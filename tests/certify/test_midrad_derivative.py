"""Gradients and Hessians at BLAS speed: containment at 256 bits, the naive twin, and what must not be bounded."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from flint import arb
from programs import CASES, Case
from regularised import network_risk

from rescert.certify import balls, derivative, midrad_derivative, midrad_program
from rescert.certify.midrad import MidRad
from rescert.certify.midrad_program import Values
from rescert.certify.problem import Operation, Program, trace

BITS = 256
CUBES = trace(lambda v: (v["x"] ** 3).sum() + v["x"][0] * v["x"][1] ** 2, {"x": (3,)})


def around(middle: dict[str, np.ndarray], radius: float) -> dict[str, dict[str, np.ndarray]]:
    return {n: {"mid": v, "rad": np.full(v.shape, radius)} for n, v in middle.items()}


def drawn(rng: np.random.Generator, box: dict[str, dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """A point of the box, with about half of its coordinates on the boundary."""
    point = {}
    for name, side in box.items():
        shape = side["mid"].shape
        turn = np.where(rng.random(shape) < 0.5, rng.choice([-1.0, 1.0], size=shape), rng.uniform(-1, 1, size=shape))
        moved = side["mid"] + turn * side["rad"]
        triples = zip(moved.flat, side["mid"].flat, side["rad"].flat, strict=True)
        inside = [abs(Fraction(float(x)) - Fraction(float(m))) <= Fraction(float(r)) for x, m, r in triples]
        # A sum that was rounded to the outside steps back to the middle.
        point[name] = np.where(np.reshape(inside, shape), moved, side["mid"])
    return point


def contains(enclosure: MidRad, exact: np.ndarray) -> bool:
    with balls.working_precision(BITS):
        triples = zip(enclosure.mid.flat, enclosure.rad.flat, exact.flat, strict=True)
        return all(r == np.inf or (x - arb(float(m))).abs_upper() <= arb(float(r)) for m, r, x in triples)


@pytest.mark.parametrize("radius", [0.0, 1e-9, 1e-3, 0.05])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_derivatives_of_points_lie_inside(case: Case, radius: float) -> None:
    program, rng = case.program, np.random.default_rng(1)
    for seed in range(2):
        box = around(case.point(seed), radius)
        gradient, hessian = midrad_derivative.hessian(program, box)
        for _ in range(1 if radius == 0 else 30):
            point = drawn(rng, box)
            assert contains(gradient, balls.gradient(program, point, BITS))
            assert contains(hessian, balls.hessian(program, point, BITS))
            assert contains(midrad_program.evaluate(program, box), balls.evaluate(program, point, BITS))
        assert (hessian.mid == hessian.mid.T).all()
        assert (hessian.rad == hessian.rad.T).all()
        if radius <= 1e-9:
            assert np.isfinite(hessian.rad).all()
            assert hessian.rad.max() < 1e-5


def test_thousands_of_points() -> None:
    rng = np.random.default_rng(2)
    for _ in range(100):
        middle = {"x": rng.normal(size=3) * 10.0 ** rng.integers(-3, 4)}
        box = around(middle, float(10.0 ** rng.integers(-17, 1)))
        gradient, hessian = midrad_derivative.hessian(CUBES, box)
        for _ in range(40):
            point = drawn(rng, box)
            assert contains(gradient, balls.gradient(CUBES, point, BITS))
            assert contains(hessian, balls.hessian(CUBES, point, BITS))


def test_half_of_the_radii_is_too_little() -> None:
    """The Hessian of a sum of cubes fills its enclosure: a tampered one does not contain the corners."""
    box = around({"x": np.array([0.5, -0.25, 2.0])}, 0.125)
    gradient, hessian = midrad_derivative.hessian(CUBES, box)
    corner = {"x": np.array([0.625, -0.125, 2.125])}
    exact = balls.hessian(CUBES, corner, BITS)
    assert contains(hessian, exact)
    assert not contains(MidRad(hessian.mid, hessian.rad / 2), exact)
    assert not contains(MidRad(gradient.mid, gradient.rad / 2), balls.gradient(CUBES, corner, BITS))


def column_by_column(program: Program, box: dict[str, dict[str, np.ndarray]]) -> MidRad:
    """The naive twin: one evaluation of the program of Hv for each unit vector v."""
    pushed = derivative.hessian_product(program)
    columns = []
    for name, position in balls.all_entries(program):
        lines = {derivative.direction_name(n): np.zeros(program.shapes[n]) for n in program.inputs}
        lines[derivative.direction_name(name)].reshape(-1)[position] = 1.0
        columns.append(midrad_program.evaluate(pushed, {**box, **lines}))
    return MidRad(np.stack([c.mid for c in columns], axis=1), np.stack([c.rad for c in columns], axis=1))


def overlap(a: MidRad, b: MidRad) -> bool:
    return bool((np.abs(a.mid - b.mid) <= (a.rad + b.rad) * (1 + 1e-15)).all())


@pytest.mark.parametrize("radius", [0.0, 1e-10])
def test_naive_twin(radius: float, monkeypatch: pytest.MonkeyPatch) -> None:
    program = network_risk(4, 3, 3, 15)
    rng = np.random.default_rng(4)
    box = around({n: rng.normal(size=s) / 2 for n, s in program.inputs.items()}, radius)
    naive = column_by_column(program, box)
    gradient, found = midrad_derivative.hessian(program, box)
    assert overlap(found, naive)
    assert overlap(gradient, midrad_program.gradient(program, box))
    if radius:
        # One of two symmetric entries, by the same sums: no wider but for roundings, far below the radius of the box.
        assert (found.rad <= np.maximum(naive.rad, naive.rad.T) * 1.01).all()
    # Neither the chunks nor the choice of entries matter.
    monkeypatch.setattr(midrad_derivative, "CHUNK", 200)
    assert overlap(midrad_derivative.hessian(program, box)[1], naive)
    order = balls.all_entries(program)
    chosen = [order[i] for i in (70, 3, 41, 12)]
    part = midrad_derivative.hessian(program, box, chosen)[1]
    assert overlap(part, naive[np.ix_((70, 3, 41, 12), (70, 3, 41, 12))])


def test_jacobians_of_arrays() -> None:
    def function(v):
        return (v["A"] @ v["x"]).tanh() * v["x"] - torch.cat([v["x"][1:], v["x"][:1]]) / (2 + v["x"] ** 2)

    program = trace(function, {"A": (3, 3), "x": (3,)})
    rng = np.random.default_rng(5)
    box = around({n: rng.normal(size=s) for n, s in program.inputs.items()}, 1e-4)
    entries = [("x", 2), ("A", 4), ("x", 0)]
    full, part = midrad_derivative.jacobian(program, box), midrad_derivative.jacobian(program, box, entries)
    for _ in range(20):
        point = drawn(rng, box)
        assert contains(full, balls.jacobian(program, point, BITS))
        assert contains(part, balls.jacobian(program, point, BITS, entries))
    assert full.rad.max() < 0.1


def test_functions_that_do_not_bend_or_do_not_depend() -> None:
    program = trace(lambda v: 3 * v["x"].sum() + v["y"] ** 2, {"x": (2,), "y": (), "z": (2,)})
    gradient, hessian = midrad_derivative.hessian(program, {"x": 0.0, "y": 1.5, "z": 0.0})
    assert contains(gradient, balls.enter_array([3, 3, 3, 0, 0]))
    assert contains(hessian, balls.enter_array(np.diag([0.0, 0.0, 2.0, 0.0, 0.0])))


def test_kinks_poles_and_overflow_have_no_bounds() -> None:
    kink = trace(lambda v: v["x"].relu().sum() + (v["x"] ** 2).sum(), {"x": (2,)})
    assert np.isinf(midrad_derivative.hessian(kink, {"x": np.array([0.0, 1.0])})[1].rad).all()
    assert np.isfinite(midrad_derivative.hessian(kink, {"x": np.array([-1.0, 1.0])})[1].rad).all()
    pole = trace(lambda v: (1 / v["x"]).sum(), {"x": (2,)})
    assert np.isinf(midrad_derivative.hessian(pole, around({"x": np.array([0.5, 1.0])}, 0.5))[1].rad).all()
    assert np.isinf(midrad_derivative.jacobian(pole, around({"x": np.array([0.5, 1.0])}, 0.5)).rad).all()
    # The gradient is a float, its derivative is beyond them.
    steep = trace(lambda v: (v["x"] ** 2 * v["c"] * v["c"]).sum(), {"x": (2,)}, {"c": 1e200})
    assert np.isinf(midrad_derivative.hessian(steep, {"x": np.zeros(2)})[1].rad).all()
    with pytest.raises(ValueError, match="finite"):
        midrad_derivative.hessian(kink, {"x": np.array([np.nan, 1.0])})


@pytest.mark.parametrize("scale", [1e-200, 1e-300, 1e150])
def test_underflow_is_accounted_for(scale: float) -> None:
    program = trace(
        lambda v: ((v["x"] * v["c"]) @ v["x"]) * v["x"].sum() * v["c"][0],
        {"x": (3,)},
        {"c": np.array([scale, 3 * scale, 7e-160])},
    )
    box = around({"x": np.array([1e-3, -2e-5, 1.0])}, 1e-9)
    rng = np.random.default_rng(6)
    gradient, hessian = midrad_derivative.hessian(program, box)
    for _ in range(20):
        point = drawn(rng, box)
        assert contains(gradient, balls.gradient(program, point, BITS))
        assert contains(hessian, balls.hessian(program, point, BITS))


def test_a_shared_name_is_not_a_shared_value() -> None:
    """Derived programs reuse names that elimination has set free."""
    base = Program({"x": ()}, {}, (Operation("a", "exp", ("x",), {}), Operation("b", "negate", ("a",), {})), "b")
    other = Program({"x": ()}, {}, (Operation("a", "tanh", ("x",), {}), Operation("b", "negate", ("a",), {})), "b")
    values = Values(base, {"x": 1.0}).extended(other)
    for operation in other.operations:
        values.apply(operation)
    assert abs(values["b"].mid + np.tanh(1.0)) < 1e-15
