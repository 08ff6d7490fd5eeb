"""Enclosures of linear least squares against exact rational solutions."""

from fractions import Fraction

import numpy as np
import pytest

from rescert.certify import balls, least_squares


def test_closed_form() -> None:
    # The line through 0 closest to (1, 2, 3): t = 14/14 is exact; through (1, 2, 4): min = 21 - 17²/14.
    assert least_squares.enclose([[1], [2], [3]], [1, 2, 3]).contains(0)
    least = least_squares.enclose([[1], [2], [3]], [1, 2, 4], "1/6")
    with balls.working_precision(128):
        assert least.overlaps(balls.enter(Fraction(21 * 14 - 289, 14 * 6)))
    assert float(least.rad()) < 1e-30


@pytest.mark.parametrize("seed", range(10))
def test_agrees_with_lapack(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, target = rng.normal(size=(12, 4)), rng.normal(size=12)
    residual = np.linalg.lstsq(matrix, target, rcond=None)[1][0]
    # Residual sums of squares are accurate to a few hundred roundings for matrices of condition below 10.
    assert float(least_squares.enclose(matrix, target)) == pytest.approx(residual, rel=300 * 2.0**-52)


def test_rank_is_decided_or_left_open() -> None:
    assert least_squares.enclose(np.ones((4, 2)), np.ones(4)) is None
    near = np.ones((4, 2))
    near[0, 1] += 2.0**-50
    assert least_squares.enclose(near, np.arange(4.0), precision=400) is not None
    assert least_squares.enclose(near, np.arange(4.0), precision=53) is None
    assert least_squares.prove(np.ones((4, 2)), np.ones(4), ">=", "0").proved is None


def test_prove_both_sides_and_not_the_border() -> None:
    data = [[1], [2], [3]], [1, 2, 4]
    assert least_squares.prove(*data, ">=", "5/14").proved is None
    assert least_squares.prove(*data, "<=", "5/14").proved is None
    assert least_squares.prove(*data, ">", "0.357").proved
    assert least_squares.prove(*data, "<", "0.358").proved
    assert least_squares.prove(*data, ">", "0.358").proved is None


def test_witness_needs_no_rank() -> None:
    proof = least_squares.prove_by_witness(np.ones((4, 2)), np.ones(4), [0.5, 0.5], "<=", "0")
    assert proof.proved
    assert least_squares.prove_by_witness(np.ones((4, 2)), np.ones(4), [0.5, 0.4], "<=", "0").proved is None
    with pytest.raises(ValueError, match="relation"):
        least_squares.prove_by_witness(np.ones((4, 2)), np.ones(4), [0.5, 0.5], ">=", "0")


def test_misuse() -> None:
    with pytest.raises(ValueError, match="matrix"):
        least_squares.enclose([1, 2], [1, 2])
    with pytest.raises(ValueError, match="scale"):
        least_squares.enclose([[1], [2]], [1, 2], "-1")
