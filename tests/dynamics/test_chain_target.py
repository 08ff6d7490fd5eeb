"""Targets of a chain: spectra and norms against floats, accepted certificates, and matrices that are refused."""

import copy
from fractions import Fraction

import numpy as np
import pytest

from rescert.certify import check
from rescert.dynamics.chain_target import Target, parse, polynomial, prove_polynomial

MATRICES = [
    "1 1; 0 1/2",
    "2 1; 1 2",
    "1/3 1; 0 2",
    "17/32 17/32; 0 0",
    "5/4 1/4 0; 1/4 1 1/4; 0 1/4 3/4",
    "-1 2 0; 0 1 1; 0 0 1/2",
    "9/16",
    "1 0 0; 0 1 0; 0 0 2",
]


def accepted(assertions) -> bool:
    for assertion in assertions:
        check.KINDS[assertion["kind"]](assertion, None)
    return len(assertions) > 0


@pytest.mark.parametrize("text", MATRICES)
def test_intervals_contain_the_eigenvalues_of_floats(text):
    target = Target(text)
    eigenvalues = np.unique(np.round(np.linalg.eigvals(target.floats.numpy()).real, 9))
    assert len(eigenvalues) == len(target.intervals)
    for value, (low, high) in zip(eigenvalues, target.intervals, strict=True):
        assert low <= high < low + Fraction(1, 10**30)
        assert float(low) == pytest.approx(value, abs=1e-8)


@pytest.mark.parametrize("text", MATRICES)
def test_bounds_enclose_norm_and_radius_and_are_accepted(text):
    target = Target(text)
    norm = np.linalg.norm(target.floats.numpy(), 2) ** 2
    low, high = target.norm_squares
    assert low <= norm * (1 + 1e-12)
    assert high >= norm * (1 - 1e-12)
    assert high - low < 1e-5 * norm
    assert accepted(target.norm_below())
    assert accepted(target.norm_above())
    bound, shown = target.radius_below()
    radius = np.abs(np.linalg.eigvals(target.floats.numpy())).max()
    assert 0.996 * radius <= bound <= radius * (1 + 1e-12)
    assert accepted(shown)
    assert accepted(target.spectrum())
    assert accepted(target.symmetry() if target.symmetric else target.asymmetry())


def test_intervals_that_miss_an_eigenvalue_are_not_accepted():
    target = Target("5/4 1/4 0; 1/4 1 1/4; 0 1/4 3/4")
    forged = copy.deepcopy(target.spectrum()[-1])
    forged["program"]["constants"]["ends"] = [str(Fraction(e) + 1) for e in forged["program"]["constants"]["ends"]]
    with pytest.raises(check.Refused):
        check.check_sign(forged, None)


@pytest.mark.parametrize("relation", [">=", "<="])
def test_polynomial_that_does_not_annihilate_is_not_accepted(relation):
    forged = copy.deepcopy(Target("1 1; 0 1/2").spectrum()[0])
    # (N-1)(N-2) has entries of both signs for this N.
    forged["program"]["constants"]["whole"] = [[0, 2], [1, 2]]
    with pytest.raises(check.Refused):
        check.check_sign({**forged, "relation": relation}, None)


def test_symmetry_and_its_opposite_exclude_each_other():
    assert not Target("1 1; 0 1/2").symmetry()
    assert not Target("2 1; 1 2").asymmetry()


@pytest.mark.parametrize(
    ("text", "start", "commutes", "same"),
    [
        ("1 1; 0 1/2", "1 0; 0 1", True, False),
        ("1 1; 0 1/2", "2 1; 0 3/2", True, True),
        ("1 1; 0 1/2", "1 0; 0 2", False, False),
        ("9/16 0; 0 9/16", "1 0; 0 1", True, True),
        ("17/32 17/32; 0 0", "1 1; 0 0", True, True),
    ],
)
def test_eigenspaces_in_common(text, start, commutes, same):
    target, other = Target(text), parse(start)
    assert (polynomial(other, target.rows) is not None) is commutes
    assert (polynomial(target.rows, other) is not None) is same
    assert bool(prove_polynomial(other, target.rows)) is commutes


def test_polynomial_of_a_defective_identity_block_is_no_polynomial():
    # It commutes with R, and yet R and it need not have a basis of eigenvectors in common.
    matrix, nilpotent = parse("2 0 0; 0 2 0; 0 0 1"), parse("0 1 0; 0 0 0; 0 0 0")
    assert polynomial(nilpotent, matrix) is None
    assert not prove_polynomial(nilpotent, matrix)


def test_polynomial_is_shown_in_integers():
    matrix = parse("1/3 1 0; 0 2 1/5; 0 0 1")
    square = [[sum(x * y for x, y in zip(r, c, strict=True)) for c in zip(*matrix, strict=True)] for r in matrix]
    wanted = [[3 * square[i][j] / 7 - matrix[i][j] for j in range(3)] for i in range(3)]
    assert polynomial(wanted, matrix) == [0, -1, Fraction(3, 7)]
    shown = prove_polynomial(wanted, matrix)
    assert accepted(shown)
    forged = copy.deepcopy(shown[0])
    forged["program"]["constants"]["wanted"][0][0] += 1
    with pytest.raises(check.Refused):
        check.check_sign(forged, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 1; 0 1", "diagonalisable"),
        ("0 1; -1 0", "real eigenvalues"),
        ("1 2", "square"),
        ("1 2; 3", "square"),
        ("0 0; 0 0", "other than 0"),
        ("1 x; 0 1", "such as"),
        ("1/0", "such as"),
        ("", "square"),
    ],
)
def test_matrices_that_are_no_targets_are_refused(text, reason):
    with pytest.raises(ValueError, match=f"expected.*{reason}"):
        Target(text)
