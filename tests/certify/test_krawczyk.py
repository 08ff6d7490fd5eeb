"""Krawczyk: closed forms, the constructed saddles at w = 0, and what must not certify."""

import numpy as np
import pytest
from certificates import bowl, bowl_minimum, outcome, saddle_at_zero_weights, write
from programs import CASES
from regularised import saddle

from rescert.certify import balls, inertia, krawczyk
from rescert.certify.problem import trace

ARITHMETICS = ("balls", "midrad", "auto")
each_arithmetic = pytest.mark.parametrize("arithmetic", ARITHMETICS)


@each_arithmetic
def test_square_root_of_two(arithmetic) -> None:
    program = trace(lambda v: v["x"] * v["x"] - v["p"], {"x": (), "p": ()})
    zero = krawczyk.prove(program, {"x": 2**0.5, "p": 2}, [("x", 0)], "program", arithmetic=arithmetic)
    assert zero.proved
    with balls.working_precision(200):
        root = balls.enter(2).sqrt()
        middle, radius = balls.enter(float(zero.box["x"]["mid"])), balls.enter(float(zero.box["x"]["rad"]))
        assert (root - middle).abs_upper() < radius
    assert float(zero.box["x"]["rad"]) < 1e-14


@each_arithmetic
def test_a_critical_point_and_its_neighbours(arithmetic) -> None:
    program, minimum = bowl(), bowl_minimum()
    assert krawczyk.prove(program, minimum, arithmetic=arithmetic).proved
    for shift in (1e-6, -1e-6):
        moved = krawczyk.prove(program, {"x": minimum["x"] + shift}, arithmetic=arithmetic)
        assert moved.proved is None
        assert moved.assertion is None
    # Within the largest radius it may be found, but then the box contains the true point.
    near = krawczyk.prove(program, {"x": minimum["x"] + 1e-9}, arithmetic=arithmetic)
    assert near.proved
    assert (np.abs(near.box["x"]["mid"] - minimum["x"]) < near.box["x"]["rad"]).all()


@each_arithmetic
def test_gradient_flat_points_do_not_certify(arithmetic) -> None:
    flat = trace(lambda v: (v["x"] - 40).exp().sum() + v["x"].tanh().sum(), {"x": (2,)})
    assert krawczyk.prove(flat, {"x": [-30.0, -30.0]}, arithmetic=arithmetic).proved is None
    assert float(balls.gradient(flat, {"x": -30.0})[0].abs_upper()) < 1e-20


@each_arithmetic
@pytest.mark.parametrize(
    "function",
    [
        lambda v: v["x"][0] ** 2 + 0 * v["x"][1],
        lambda v: (v["x"][0] * v["x"][1]) ** 2,
        lambda v: v["x"][0] ** 4 + v["x"][1] ** 2,
        lambda v: (v["x"][0] + v["x"][1]) ** 2,
    ],
)
def test_degenerate_points_do_not_certify(function, arithmetic) -> None:
    assert krawczyk.prove(trace(function, {"x": (2,)}), {"x": [0.0, 0.0]}, arithmetic=arithmetic).proved is None


@each_arithmetic
def test_kinks_do_not_certify(arithmetic) -> None:
    program = trace(lambda v: v["x"].relu() ** 2 + v["x"] ** 2, {"x": ()})
    assert krawczyk.prove(program, {"x": 0.0}, arithmetic=arithmetic).proved is None


@each_arithmetic
def test_nan_is_refused(arithmetic) -> None:
    with pytest.raises(ValueError, match="finite"):
        krawczyk.prove(bowl(), {"x": [float("nan"), 0.0]}, arithmetic=arithmetic)


@each_arithmetic
def test_saddles_at_zero_weights(arithmetic) -> None:
    program, point, variables, equations = saddle_at_zero_weights()
    zero = krawczyk.prove(program, point, variables, "gradient", equations, arithmetic=arithmetic)
    assert zero.proved
    others = [i for i, e in enumerate(balls.all_entries(program)) if e not in equations]
    gradient = balls.gradient(program, zero.box)
    assert all(gradient[i].is_zero() for i in others)
    # The same with a weight that is not zero: the other entries are then not zero identically.
    tilted = {**point, "w": np.array([1e-30, 0, 0])}
    refused = krawczyk.prove(program, tilted, variables, "gradient", equations, arithmetic=arithmetic)
    assert refused.proved is None
    assert "not exactly zero" in refused.reason


@each_arithmetic
def test_gauge_freedom_is_not_certified(arithmetic) -> None:
    program = CASES[0].program
    point = krawczyk.polish(program, CASES[0].point(1), steps=3)
    assert krawczyk.prove(program, point, arithmetic=arithmetic).proved is None


def test_a_saddle_of_a_network_is_the_same_in_all_arithmetics() -> None:
    program, point = saddle()
    found = {arithmetic: krawczyk.prove(program, point, arithmetic=arithmetic) for arithmetic in ARITHMETICS}
    counts = {}
    for arithmetic, zero in found.items():
        assert zero.proved
        assert zero.upper < 1e-12
        counts[arithmetic] = inertia.prove_index(program, zero)[0]
    assert set(counts.values()) == {2}
    assert found["balls"].linearisation is None
    assert found["midrad"].linearisation is not None
    # Both boxes hold the one zero, so they meet.
    for name in program.inputs:
        first, second = (found[a].box[name] for a in ("balls", "midrad"))
        assert (np.abs(first["mid"] - second["mid"]) <= first["rad"] + second["rad"]).all()


@each_arithmetic
@pytest.mark.parametrize("shift", [1e-6, -1e-6])
def test_a_moved_saddle_is_not_certified(shift: float, arithmetic) -> None:
    program, point = saddle()
    moved = krawczyk.prove(program, {n: v + shift for n, v in point.items()}, arithmetic=arithmetic)
    assert moved.proved is None
    assert moved.assertion is None
    assert "farther" in moved.reason


def test_float32_weights_are_not_certified_as_a_zero_nearby() -> None:
    """Weights rounded to 24 bits are some 1e-8 away: a box may be found, but then it reaches to the true point."""
    program, point = saddle()
    rounded = {n: v.astype(np.float32).astype(np.float64) for n, v in point.items()}
    zero = krawczyk.prove(program, rounded, largest=1e-10, arithmetic="midrad")
    assert zero.proved is None
    wide = krawczyk.prove(program, rounded, arithmetic="midrad")
    assert wide.proved is None or all(
        (np.abs(wide.box[n]["mid"] - point[n]) <= wide.box[n]["rad"]).all() for n in point
    )


def test_the_checker_accepts_what_midrad_proves(tmp_path) -> None:
    program, point = saddle()
    zero = krawczyk.prove(program, point, arithmetic="midrad")
    count, index = inertia.prove_index(program, zero)
    values, vectors = np.linalg.eigh(zero.linearisation.jacobian.mid)
    assert count == (values < 0).sum() > 0
    steepest = {
        n: vectors[i : i + v.size, 0].reshape(v.shape) for (n, v), i in zip(point.items(), offsets(point), strict=True)
    }
    down = inertia.prove_negative_direction(program, zero.box, steepest, arithmetic="midrad")
    proofs = {"zero": zero, "index": index, "down": down}
    assertions = [proof.assertion | {"statement": name} for name, proof in proofs.items()]
    path, content = write(tmp_path, assertions)
    assert outcome(path, content) == (True, "every assertion was derived again")
    # Radii of a hundredth do not hold the zero's Krawczyk image, and a wrong index is no index.
    box = {n: {"mid": side["mid"], "rad": side["rad"] / 100} for n, side in zero.box.items()}
    for bad in ({**assertions[0], "box": box}, {**assertions[1], "negative": count + 1}):
        path, content = write(tmp_path, [bad])
        assert not outcome(path, content)[0]


def offsets(point) -> list[int]:
    return np.cumsum([0, *(v.size for v in point.values())])[:-1].tolist()


def test_polish_reaches_the_zero_and_keeps_singular_systems_finite() -> None:
    program, point = saddle()
    rng = np.random.default_rng(0)
    moved = {n: v + 1e-4 * rng.normal(size=v.shape) for n, v in point.items()}
    polished = krawczyk.polish(program, moved, steps=6)
    # The condition number is below 1e4.
    assert all(np.abs(polished[n] - point[n]).max() < 1e4 * 2.0**-52 for n in point)
    flat = krawczyk.polish(trace(lambda v: (v["x"][0] + v["x"][1]) ** 2, {"x": (2,)}), {"x": [0.5, 0.25]})
    assert np.isfinite(flat["x"]).all()
    assert abs(flat["x"].sum()) < 1e-15


def test_misuse() -> None:
    program, minimum = bowl(), bowl_minimum()
    with pytest.raises(ValueError, match="as many equations"):
        krawczyk.prove(program, minimum, [("x", 0)], "gradient", [("x", 0), ("x", 1)])
    with pytest.raises(ValueError, match="system"):
        krawczyk.prove(program, minimum, system="other")
    with pytest.raises(ValueError, match="arithmetic"):
        krawczyk.prove(program, minimum, arithmetic="floats")
    with pytest.raises(ValueError, match="input entries"):
        krawczyk.prove(program, minimum, [("x", 0), ("x", 2)])
