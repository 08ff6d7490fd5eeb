"""Inertia and definiteness of Hessians, and negative curvature."""

import numpy as np
import pytest
from certificates import bowl, bowl_minimum, saddle_at_zero_weights
from flint import arb
from programs import CASES

from rescert.certify import balls, inertia, krawczyk
from rescert.certify.problem import trace


def ball_matrix(matrix: np.ndarray, radius: float = 0.0) -> np.ndarray:
    with balls.working_precision(128):
        return np.vectorize(lambda x: arb(float(x), radius), otypes=[object])(matrix)


@pytest.mark.parametrize("seed", range(20))
def test_count_of_random_matrices_with_known_inertia(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 12))
    # L D L' with small integers is exact in floats, and D has its inertia.
    lower = np.tril(rng.integers(-3, 4, size=(n, n)), -1) + np.eye(n)
    diagonal = rng.choice([-5, -2, 1, 4], size=n)
    matrix = (lower * diagonal) @ lower.T
    assert inertia.negative_count(ball_matrix(matrix)) == (diagonal < 0).sum()
    smallest = np.abs(np.linalg.eigvalsh(matrix)).min()
    assert inertia.negative_count(ball_matrix(matrix, smallest / (4 * n))) == (diagonal < 0).sum()
    assert inertia.negative_count(ball_matrix(matrix, 2 * smallest)) is None


def test_singular_and_unbounded_matrices_are_undecided() -> None:
    assert inertia.negative_count(ball_matrix(np.ones((2, 2)))) is None
    assert inertia.negative_count(ball_matrix(np.zeros((1, 1)))) is None
    for bad in (arb("nan"), arb(0, "inf")):
        matrix = ball_matrix(np.eye(2))
        matrix[0, 1] = matrix[1, 0] = bad
        assert inertia.negative_count(matrix) is None


@pytest.mark.parametrize("case", [c for c in CASES if c.name != "residual_risk"], ids=lambda c: c.name)
@pytest.mark.parametrize("arithmetic", ["balls", "midrad", "auto"])
def test_inertia_agrees_with_floating_eigenvalues(case, arithmetic) -> None:
    point = case.point(6)
    count, proof = inertia.prove_inertia(case.program, point, arithmetic=arithmetic)
    hessian = np.vectorize(lambda x: float(x.mid()), otypes=[float])(balls.hessian(case.program, point))
    assert count == (np.linalg.eigvalsh(hessian) < 0).sum()
    assert proof.assertion["negative"] == count


def test_definite_at_the_minimum_only() -> None:
    assert inertia.prove_definite(bowl(), bowl_minimum()).proved
    assert inertia.prove_definite(bowl(), bowl_minimum(), "negative").proved is None
    assert inertia.prove_definite(bowl(), {"x": [0.0, 0.0]}).proved is None
    flipped = trace(lambda v: -(v["x"] ** 2).sum(), {"x": (3,)})
    assert inertia.prove_definite(flipped, {"x": {"mid": 0, "rad": 100}}, "negative").proved


@pytest.mark.parametrize("arithmetic", ["balls", "midrad"])
def test_definite_in_either_arithmetic(arithmetic) -> None:
    assert inertia.prove_definite(bowl(), bowl_minimum(), arithmetic=arithmetic).proved
    assert inertia.prove_definite(bowl(), {"x": [0.0, 0.0]}, arithmetic=arithmetic).proved is None
    kink = trace(lambda v: (v["x"] ** 2).sum() + v["x"][0].relu() ** 2, {"x": (2,)})
    assert inertia.prove_definite(kink, {"x": [0.0, 1.0]}, arithmetic=arithmetic).proved is None
    degenerate = trace(lambda v: (v["x"][0] + v["x"][1]) ** 2, {"x": (2,)})
    assert inertia.prove_inertia(degenerate, {"x": [0.5, 0.0]}, arithmetic=arithmetic)[0] is None


def test_index_asks_for_a_proved_zero_of_a_gradient() -> None:
    system = trace(lambda v: v["x"] * v["x"] - 2, {"x": (1,)})
    zero = krawczyk.prove(system, {"x": [2**0.5]}, system="program")
    assert zero.proved
    with pytest.raises(ValueError, match="gradient"):
        inertia.prove_index(system, zero)
    with pytest.raises(ValueError, match="proved zero"):
        inertia.prove_index(bowl(), krawczyk.prove(bowl(), {"x": [1.0, 1.0]}))
    program, point, variables, equations = saddle_at_zero_weights()
    skew = krawczyk.prove(program, point, variables, "gradient", equations)
    with pytest.raises(ValueError, match="as equations"):
        inertia.prove_index(program, skew)


@pytest.mark.parametrize("arithmetic", ["balls", "midrad"])
def test_the_curvature_of_a_kink_is_undecided(arithmetic) -> None:
    program = trace(lambda v: -(v["x"][0] ** 2) + v["x"][1].relu(), {"x": (2,)})
    down = {"x": [1.0, 0.0]}
    assert inertia.prove_negative_direction(program, {"x": [0.0, -1.0]}, down, arithmetic=arithmetic).proved
    assert inertia.prove_negative_direction(program, {"x": [0.0, 0.0]}, down, arithmetic=arithmetic).proved is None


def test_a_gauge_direction_is_an_exact_zero_eigenvalue_and_undecided() -> None:
    program = trace(lambda v: (v["a"] * v["b"] - 1) ** 2, {"a": (), "b": ()})
    assert inertia.prove_inertia(program, {"a": 2.0, "b": 0.5})[0] is None
    assert inertia.prove_inertia(program, {"a": 2.0, "b": 0.5}, variables=[("a", 0)])[0] == 0


def test_negative_direction_gives_the_rayleigh_quotient() -> None:
    program = trace(lambda v: v["x"][0] ** 2 - 3 * v["x"][1] ** 2, {"x": (2,)})
    proof = inertia.prove_negative_direction(program, {"x": 0}, {"x": [0.0, 2.0]})
    assert proof.proved
    assert proof.lower <= -6 <= proof.upper
    assert proof.upper - proof.lower < 1e-14
    assert inertia.prove_negative_direction(program, {"x": 0}, {"x": [1.0, 0.0]}).proved is None
    assert inertia.prove_negative_direction(program, {"x": 0}, {"x": [0.0, 0.0]}).proved is None
    with pytest.raises(ValueError, match="direction"):
        inertia.prove_negative_direction(program, {"x": 0}, {})
