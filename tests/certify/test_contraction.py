"""Bounds by an approximate inverse: against exact arithmetic, with known inertia, and what must not be shown."""

from fractions import Fraction

import numpy as np
import pytest

from rescert.certify import contraction
from rescert.certify.contraction import Known, approximate_inverse
from rescert.certify.midrad import MidRad

Exact = list[list[Fraction]]


def exact(matrix: np.ndarray) -> Exact:
    return [[Fraction(float(x)) for x in row] for row in np.atleast_2d(matrix)]


def remainder(inverse: np.ndarray, matrix: np.ndarray, weights: np.ndarray) -> list[Fraction]:
    """|I - CA| r in rational arithmetic."""
    c, a, (r,) = exact(inverse), exact(matrix), exact(weights)
    n = range(len(r))
    return [sum(abs((i == j) - sum(c[i][k] * a[k][j] for k in n)) * r[j] for j in n) for i in n]


def within(rng: np.random.Generator, matrix: MidRad) -> np.ndarray:
    """A matrix of the interval, at its ends where that is a float within."""
    corner = matrix.mid + rng.choice([-1.0, 0.0, 1.0], size=matrix.shape) * matrix.rad
    return np.where(np.abs(corner - matrix.mid) <= matrix.rad, corner, matrix.mid)


@pytest.mark.parametrize("scale", [1.0, 2.0**-520, 2.0**500])
@pytest.mark.parametrize("spread", [0.0, 2.0**-50, 0.1])
def test_contraction_bounds_every_matrix(scale: float, spread: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        n = int(rng.integers(1, 6))
        middle = rng.normal(size=(n, n)) * scale
        matrix, inverse = MidRad(middle, spread * np.abs(middle)), np.linalg.inv(middle)
        weights = 2.0 ** rng.integers(-60, 3, size=n)
        bound = contraction.contraction(inverse, matrix, weights)
        for _ in range(4):
            true = remainder(inverse, within(rng, matrix), weights)
            assert all(Fraction(float(b)) >= t for b, t in zip(bound, true, strict=True))


def test_half_of_the_bound_is_too_little() -> None:
    matrix = MidRad(np.eye(3), np.full((3, 3), 0.25))
    bound = contraction.contraction(np.eye(3), matrix, np.ones(3))
    true = remainder(np.eye(3), matrix.mid + matrix.rad, np.ones(3))
    assert all(Fraction(float(b)) >= t > Fraction(float(b / 2)) for b, t in zip(bound, true, strict=True))


def test_solution_bound() -> None:
    rng = np.random.default_rng(2)
    for scale in (1.0, 2.0**-1060, 2.0**900):
        c, f = rng.normal(size=(6, 6)), MidRad(rng.normal(size=6) * scale, rng.random(6) * scale / 8)
        bound = contraction.solution_bound(c, f)
        for _ in range(50):
            (point,) = exact(within(rng, f))
            true = [abs(sum(x * y for x, y in zip(row, point, strict=True))) for row in exact(c)]
            assert all(Fraction(float(b)) >= t for b, t in zip(bound, true, strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_inertia_of_matrices_with_known_inertia(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    # L D L' with small integers is exact in floats, and D has its inertia.
    lower = np.tril(rng.integers(-3, 4, size=(n, n)) * (rng.random((n, n)) < 2 / n), -1) + np.eye(n)
    diagonal = rng.choice([-5, -2, 1, 4], size=n)
    matrix = (lower * diagonal) @ lower.T
    smallest = np.abs(np.linalg.eigvalsh(matrix)).min()
    assert contraction.inertia(MidRad.exact(matrix)) == (diagonal < 0).sum()
    # ‖H - M‖₂ <= n ε leaves every eigenvalue on its side, and the bound needs |C|R1 < 1 with ‖C‖_∞ <= √n/smallest.
    assert contraction.inertia(MidRad(matrix, np.full((n, n), smallest / (4 * n**1.5)))) == (diagonal < 0).sum()
    # M - λvv' is singular for |λ| = smallest, and |λvv'| <= smallest entrywise.
    assert contraction.inertia(MidRad(matrix, np.full((n, n), 2 * smallest))) is None


def test_blocks_of_two_rows_are_counted() -> None:
    # No pivot on the diagonal: Bunch and Kaufman take two rows at once.
    matrix = np.kron(np.eye(3), np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert contraction.inertia(MidRad.exact(matrix)) == 3
    assert contraction._negative(np.array([[-2.0, 1.0], [1.0, -2.0]])) == 2
    assert contraction._negative(np.array([[1.0, 1.0], [1.0, 1.0]])) is None
    assert contraction._negative(np.zeros((1, 1))) is None


def test_singular_unbounded_and_huge_matrices_prove_nothing() -> None:
    for matrix in (np.zeros((1, 1)), np.ones((3, 3)), np.full((2, 2), 1e308), np.diag([1.0, 0.0])):
        assert contraction.inertia(MidRad.exact(matrix)) is None
    assert contraction.inertia(MidRad(np.eye(2), np.array([[0.0, np.inf], [np.inf, 0.0]]))) is None
    assert approximate_inverse(np.full((2, 2), np.nan)) is None
    assert approximate_inverse(np.full((1, 1), 1e-320)) is None
    huge = contraction.contraction(np.full((2, 2), 1e200), MidRad.exact(np.full((2, 2), 1e200)), np.ones(2))
    assert not np.isfinite(huge).any()
    with pytest.raises(ValueError, match="symmetric"):
        contraction.inertia(MidRad.exact(np.array([[1.0, 2.0], [3.0, 1.0]])))


def test_wrong_contractions_do_not_serve() -> None:
    matrix = MidRad.exact(np.diag([1.0, -1.0]))
    weights = np.ones(2)
    for inverse in (np.zeros((2, 2)), -np.diag([1.0, -1.0]), np.full((2, 2), np.nan)):
        bound = contraction.contraction(inverse, matrix, weights)
        assert contraction.inertia(matrix, Known(inverse, weights, bound)) is None


def test_blocks_that_overlap_are_no_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Off-diagonal entries whose product underflows are still not zero, and D is then not a matrix of blocks."""
    tiny = 2.0**-600
    band = np.diag([0.0, 1.0, 1.0]) + tiny * (np.eye(3, k=1) + np.eye(3, k=-1))
    monkeypatch.setattr(contraction.scipy.linalg, "ldl", lambda *a, **k: (np.eye(3), band, np.arange(3)))
    assert contraction._factors(band) is None
