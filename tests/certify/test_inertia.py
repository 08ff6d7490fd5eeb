"""Inertia and definiteness of Hessians, and negative curvature."""

import numpy as np
import pytest
from certificates import bowl, bowl_minimum, saddle_at_zero_weights
from flint import arb
from programs import CASES

from rescert.certify import balls, inertia, krawczyk
from rescert.certify.problem import Program, trace


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


def test_a_direction_has_the_shape_of_its_input() -> None:
    """A number for an input of four entries would make the Rayleigh quotient four times too large."""
    program = trace(lambda v: -(v["x"] ** 2).sum() / 2, {"x": (4,)})
    for direction in ({"x": 1.0}, {"x": np.ones(3)}, {"y": np.ones(4)}):
        with pytest.raises(ValueError, match="expected parts of the direction of the shapes"):
            inertia.prove_negative_direction(program, {"x": 0.0}, direction)
    assert inertia.prove_negative_direction(program, {"x": 0.0}, {"x": np.ones(4)}).upper == pytest.approx(-1)


@pytest.mark.parametrize("arithmetic", ["balls", "midrad", "auto"])
def test_what_is_not_an_entry_is_refused(arithmetic) -> None:
    program = trace(lambda v: (v["y"] ** 2).sum() * (1 + v["x"][2] ** 2) + (v["x"] ** 2).sum(), {"y": (2,), "x": (3,)})
    point = {"x": np.array([1.0, 2.0, 3.0]), "y": np.array([1.0, 2.0])}
    for wrong in (("x", -1), ("x", 3), ("z", 0)):
        with pytest.raises(ValueError, match="expected input entries"):
            inertia.prove_inertia(program, point, variables=[wrong, ("y", 0), ("x", 0)], arithmetic=arithmetic)
        variables, equations = [wrong, ("y", 0)], [("y", 0), ("y", 1)]
        with pytest.raises(ValueError, match="expected input entries"):
            krawczyk.prove(program, point, variables, "gradient", equations, arithmetic=arithmetic)


def undefined(sign: int) -> Program:
    """A quadratic form plus the logarithm of -1: its derivatives do not show that it is not defined."""
    return trace(lambda v: sign * (v["x"] ** 2).sum() + v["c"].log(), {"x": (3,)}, {"c": -1.0})


@pytest.mark.parametrize("arithmetic", ["balls", "midrad", "auto"])
def test_nothing_is_proved_of_a_program_that_is_not_defined(arithmetic) -> None:
    point = {"x": np.zeros(3)}
    assert inertia.prove_definite(undefined(1), point, arithmetic=arithmetic).proved is None
    assert krawczyk.prove(undefined(1), point, arithmetic=arithmetic).proved is None
    direction = {"x": np.ones(3)}
    assert inertia.prove_negative_direction(undefined(-1), point, direction, arithmetic=arithmetic).proved is None


@pytest.mark.parametrize("sign", [1, -1])
def test_the_index_of_a_zero_is_that_of_its_own_program(sign: int) -> None:
    def form(v):
        return sign * v["c"] @ v["x"] ** 2

    program, c = trace(form, {"x": (3,)}, {"c": np.array([1.0, 2.0, 3.0])}), np.array([1.0, 2.0, -3.0])
    zero = krawczyk.prove(program, {"x": np.zeros(3)})
    assert inertia.prove_index(Program.from_json(program.to_json()), zero)[0] == (0 if sign > 0 else 3)
    for other in (trace(form, {"x": (3,)}, {"c": c}), trace(lambda v: -form(v), {"x": (3,)}, {"c": -c})):
        with pytest.raises(ValueError, match="expected the program of the zero"):
            inertia.prove_index(other, zero)


@pytest.mark.parametrize("size", [1, 2])
def test_a_zero_pivot_is_left_to_the_checkers_algorithm(size: int) -> None:
    """x'y has as many negative eigenvalues as positive ones, but the checker eliminates without exchanges."""
    program = trace(lambda v: 2 * (v["x"] * v["y"]).sum() + v["z"] ** 2, {"x": (size,), "y": (size,), "z": ()})
    point = {"x": np.zeros(size), "y": np.zeros(size), "z": 0.0}
    assert inertia.prove_inertia(program, point, arithmetic="midrad")[0] == size
    assert inertia.prove_inertia(program, point)[0] is None
    assert inertia.prove_index(program, krawczyk.prove(program, point, arithmetic="midrad"))[0] is None
    apart = [*[("x", i) for i in range(size)], ("z", 0)]
    assert inertia.prove_inertia(program, point, variables=apart)[0] is None  # a zero block: singular
