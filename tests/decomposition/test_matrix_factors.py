"""Near-identity factors of matrices: closed forms, naive twins, the lower limit against drawn factors, bad input."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import expm, fractional_matrix_power

from rescert.decomposition import matrix_proofs
from rescert.decomposition.affine_chain import chain, points
from rescert.decomposition.matrix_case import Case, orientation, read
from rescert.decomposition.matrix_factors import (
    CONDITION,
    displacement,
    distance_from_one,
    drawn_matrix,
    factor_matrix,
    lower_limit,
    parse,
)
from rescert.decomposition.matrix_roots import determinant_sign, polar, rotation

EVEN = ["gaussian", "rotation", "minus_identity", "negative_diagonal", "jordan", "ill_conditioned", "positive"]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator("cpu").manual_seed(seed)


@pytest.fixture(params=[(name, 4) for name in EVEN] + [("gaussian", 3), ("gaussian", 50), ("rotation", 7)], ids=str)
def matrix(request):
    return drawn_matrix(*request.param, generator())


@pytest.mark.parametrize("depth", [1, 2, 7, 32])
def test_product_norms_and_bounds(matrix, depth):
    found = factor_matrix(matrix, depth)
    product = np.eye(len(matrix))
    for factor in found.factors:
        product = product @ factor
    assert np.linalg.norm(product - matrix, 2) <= 1e-13 * np.linalg.norm(matrix, 2)
    assert found.residual <= 1e-13
    assert np.ptp(found.distances) <= 1e-12 * found.distances.max()
    assert found.limit[0] <= found.distances.max() * (1 + 1e-12) <= found.bound * (1 + 2e-12)
    assert found.distances.max() <= (math.pi + found.gamma * math.exp(found.gamma / depth)) / depth


def test_the_product_of_exponentials_is_a_naive_twin():
    """For a normal matrix without negative eigenvalues every factor is its principal root."""
    angle = expm(np.array([[0.0, -0.7, 0.2], [0.7, 0.0, -1.1], [-0.2, 1.1, 0.0]]))
    for matrix in (angle, 2.5 * angle, np.diag([0.5, 1.0, 3.0])):
        root = fractional_matrix_power(matrix, 1 / 8).real
        assert np.allclose(factor_matrix(matrix, 8).factors, root, rtol=0, atol=1e-13)


@pytest.mark.parametrize("depth", [1, 2, 3, 8])
def test_minus_identity_and_scaled_turns_are_optimal(depth):
    found = factor_matrix(-np.eye(6), depth)
    assert np.allclose(found.distances, 2 * math.sin(math.pi / (2 * depth)), rtol=1e-14)
    assert found.gamma == 0
    # two planes turned by π and scaled differently: the vectors of -1 must be paired as the eigenvalues are
    shuffled = np.linalg.qr(np.random.Generator(np.random.PCG64(1)).standard_normal((4, 4)))[0]
    found = factor_matrix(shuffled @ np.diag([-2.0, -0.25, -2.0, -0.25]) @ shuffled.T, depth)
    expected = max(abs(complex(-2) ** (1 / depth) - 1), abs(complex(-0.25) ** (1 / depth) - 1))
    assert found.distances.max() == pytest.approx(expected, rel=1e-12)
    assert found.limit[0] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("radius", [0.2, 0.9, 1.0, 1.6])
def test_no_product_of_drawn_factors_beats_the_lower_limit(radius):
    draws, closest = np.random.Generator(np.random.PCG64(3)), 0.0
    for depth in (2, 3, 5):
        for _ in range(14):
            product = np.eye(2)
            turned = radius * np.array([[0.0, -1.0], [1.0, 0.0]])
            for _ in range(depth):
                change = draws.standard_normal((2, 2)) + 2 * turned
                product = product @ (np.eye(2) + radius * change / np.linalg.norm(change, 2))
            value, at = lower_limit(product, depth)
            length, angle = displacement(product, at)
            # a whole turn and more is hidden from ψ, which is at most π
            assert value <= radius * (1 + 1e-9)
            assert value == pytest.approx(abs(length ** (1 / depth) * np.exp(1j * angle / depth) - 1), rel=1e-9)
            closest = max(closest, value / radius)
    assert closest > 0.9


def test_small_changes_do_not_cancel():
    assert distance_from_one(1.0, 1e-12, 1) == pytest.approx(1e-12, rel=1e-12)
    tiny = factor_matrix(np.eye(2) + np.array([[0.0, -1e-9], [1e-9, 0.0]]), 1000)
    assert tiny.distances.max() == pytest.approx(1e-12, rel=1e-6)


def test_the_planes_of_a_rotation_rebuild_it():
    for seed, size in ((0, 2), (1, 5), (2, 8)):
        turn = drawn_matrix("rotation", size, generator(seed))
        found = rotation(turn)
        assert np.allclose(found.power(np.array([1.0]))[0], turn, atol=1e-13)
        third = found.power(np.array([1 / 3]))[0]
        assert np.allclose(third @ third @ third, turn, atol=1e-13)
        assert math.cos(found.angle) == pytest.approx(np.linalg.eigvals(turn).real.min(), abs=1e-12)
    with pytest.raises(ValueError, match="determinant 1"):
        rotation(np.diag([1.0, 1.0, -1.0]))


def test_polar_decomposition_of_a_jordan_block():
    found = polar(drawn_matrix("jordan", 2, generator()))
    assert found.singular_values.prod() == pytest.approx(1)
    assert found.singular_values[0] == pytest.approx((1 + math.sqrt(5)) / 2)
    assert math.tan(math.pi - found.turn.angle) == pytest.approx(0.5)


def test_condition_number():
    values = np.linalg.svd(drawn_matrix("ill_conditioned", 5, generator()))[1]
    assert values[0] / values[-1] == pytest.approx(CONDITION, rel=1e-6)


@pytest.mark.parametrize(
    ("matrix", "depth", "message"),
    [
        ([[1.0, 0.0], [0.0, -1.0]], 2, "positive determinant, got a negative"),
        ([[1.0, 2.0], [2.0, 4.0]], 2, "zero or too near"),
        ([[1.0, 2.0]], 2, "square"),
        ([[math.nan]], 2, "finite"),
        ([[2.0]], 0, "depth of at least 1"),
        ([[1e200, 0.0], [0.0, 1.0]], 2, "expected singular values from 1e-150 to 1e[+]150, got 1 to 1e[+]200"),
        ([[1e-200]], 2, "singular values"),
    ],
)
def test_bad_matrices(matrix, depth, message):
    with pytest.raises(ValueError, match=message):
        factor_matrix(matrix, depth)


def test_bad_names():
    for text, message in (("1 2; 3", "square"), ("one", "such as"), ("1/0", "such as"), ("", "square")):
        with pytest.raises(ValueError, match=message):
            parse(text)
    with pytest.raises(ValueError, match="even dimension"):
        drawn_matrix("jordan", 3, generator())
    with pytest.raises(ValueError, match="matrix among"):
        drawn_matrix("cauchy", 3, generator())
    with pytest.raises(ValueError, match="dimension of at least 1"):
        read("gaussian", None, generator())


def test_the_sign_of_a_determinant_is_exact():
    nearly = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-52]])
    assert determinant_sign(nearly) == 1
    assert determinant_sign(nearly[::-1]) == -1
    assert determinant_sign(np.ones((2, 2))) == 0


def test_rationals_mean_their_exact_values():
    """In floats 1/10 is above its value, and 1/3 is below."""
    for text in ("1/10 1; 1 10", "1/3 1; 1 3"):
        matrix, _, rows = read(text, None, generator())
        assert determinant_sign(matrix) != 0
        with pytest.raises(ValueError, match="determinant is not 0"):
            orientation(matrix, rows)
    below, _, rows = read("1 1; 1 99999999999999999999999/100000000000000000000000", None, generator())
    assert orientation(below, rows) == -1
    above, _, rows = read("1 1; 1 100000000000000000000001/100000000000000000000000", None, generator())
    with pytest.raises(ValueError, match="positive determinant, got one that is zero or too near"):
        orientation(above, rows)
    with pytest.raises(ValueError, match="range of floats"):
        read("1e400", None, generator())


def case(name: str, size: int, depth: int) -> Case:
    matrix, exact, rows = read(name, size, generator())
    return Case(factor_matrix(matrix, depth), exact, rows)


@pytest.mark.parametrize("name", EVEN)
def test_proofs_hold_and_do_not_show_more(name):
    shown = case(name, 4, 6)
    found = shown.found
    assert shown.product.proved
    assert shown.norms.proved
    assert shown.limit.proved
    assert matrix_proofs.bound_above(found, shown.exact, shown.attained).proved
    norm = float(found.distances.max())
    assert not matrix_proofs.norms_below(found.changes, norm * (1 - 1e-9)).proved
    assert matrix_proofs.stretched(found.changes, norm * (1 - 1e-9)).proved
    assert not matrix_proofs.stretched(found.changes, norm * (1 + 1e-9)).proved
    assert not matrix_proofs.product_within(found, shown.exact, 1e-18).proved
    assert not matrix_proofs.limit_above(found, shown.exact, found.limit[1], found.limit[0] * (1 + 1e-9)).proved
    assert not matrix_proofs.bound_above(found, shown.exact, 1.01 * (found.bound + 4 / found.depth)).proved


def test_one_wrong_factor_is_noticed():
    shown = case("gaussian", 4, 6)
    changes = shown.found.changes.copy()
    changes[3, 0, 1] += 1e-10
    moved = type(shown.found)(shown.found.matrix, changes, shown.found.angle, shown.found.singular_values)
    assert not Case(moved, shown.exact, None).product.proved
    changes[3] *= 1.001
    assert not matrix_proofs.norms_below(changes, shown.attained).proved


def test_orthogonality_normality_and_determinants():
    turned = parse("3/5 -4/5; 4/5 3/5")
    assert len(matrix_proofs.orthogonal(turned)) == 2
    assert matrix_proofs.orthogonal(parse("3/5 -4/5; 4/5 4/5")) == ()
    assert matrix_proofs.commutator(np.eye(2), np.eye(2)).proved is None
    shear = np.array([[1.0, 1.0], [0.0, 1.0]])
    assert matrix_proofs.commutator(shear, shear).proved
    for size in (1, 2, 5, 30):
        drawn = drawn_matrix("gaussian", size, generator(4))
        for turned, relation in ((drawn, ">"), (drawn * np.r_[-1, np.ones(size - 1)], "<")):
            assert matrix_proofs.determinant(turned, turned, relation).proved
            assert not matrix_proofs.determinant(turned, turned, {">": "<", "<": ">"}[relation]).proved
    cycle = np.eye(4)[[1, 2, 3, 0]]  # an odd permutation, with pivots of 0 in its order
    assert matrix_proofs.determinant(cycle, cycle, "<").proved
    assert not matrix_proofs.determinant(np.ones((2, 2)), np.ones((2, 2)), ">").proved


def test_gamma_from_two_vectors():
    found = factor_matrix(np.diag([4.0, 0.5]), 2)
    assert found.gamma == pytest.approx(math.log(8))
    assert matrix_proofs.gamma_above(found, found.matrix, "2.0794").proved
    assert not matrix_proofs.gamma_above(found, found.matrix, "2.0795").proved
    assert matrix_proofs.gamma_above(factor_matrix(np.diag([4.0, 4.0]), 2), np.diag([4.0, 4.0]), "1.386").proved


@pytest.mark.parametrize(("name", "matrix"), [("cos1d", [[3.0]]), ("twist2d", [[-1.0, 1.0], [0.0, -1.0]])])
@pytest.mark.parametrize("depth", [2, 3, 16])
def test_the_chain_is_the_map(name, matrix, depth):
    found = chain(np.array(matrix), depth, name)
    x = points(found, 40, generator(1))
    assert found.error(x) < 1e-13
    distances = found.nonlinear_distances(x)
    assert len(distances) + found.factors.depth == depth
    assert max(distances) <= found.nonlinear_bound
    assert torch.equal(found.value(found.start[None])[0], found.shift)
    wrong = type(found)(found.factors, found.nonlinear, found.start, -found.shift, found.normalised)
    assert (wrong.composed(x) - found.value(x)).norm(dim=1).min() > 0.1


def test_chains_that_are_none():
    with pytest.raises(ValueError, match="depth of at least 2"):
        chain(np.eye(2), 1, None)
    with pytest.raises(ValueError, match="2 rows for the map 'twist2d', got 3"):
        chain(np.eye(3), 4, "twist2d")
