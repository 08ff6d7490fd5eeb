"""Exact errors of representations: closed forms, plain least squares, and what is not exact or not smooth."""

import numpy as np
import pytest
from flint import fmpq

from draws import normal
from rescert.certify.piecewise import sign_exception
from rescert.certify.real_roots import Interval
from rescert.landscape.representations import (
    THREE,
    Point,
    best_line,
    floats,
    linear_fit,
    nine,
    nine_fits,
    numbers,
    three_point_error,
    value,
)

PRINTED = Point(*THREE, ("1", "1", "-2", "-4", "1", "-7/2", "1", "0"))
EXCHANGED = Point(*THREE, ("-4", "1", "-11/4", "1", "1", "-2", "1", "0"))


def plain_error(hidden: list[float], labels: list[float]) -> float:
    design = np.stack([np.ones(len(hidden)), hidden], axis=1)
    fitted = design @ np.linalg.lstsq(design, np.array(labels), rcond=None)[0]
    return float(np.mean((fitted - labels) ** 2))


def dyadic(seed: int, purpose: str, size: int) -> list[fmpq]:
    return [fmpq(round(16 * x), 16) for x in normal(seed, purpose, (size,)).tolist()]


def test_the_printed_point() -> None:
    assert PRINTED.representations == [[1, fmpq(5, 2), 3], [1, 3, 4], [1, 3, 2]]
    assert PRINTED.preactivations == [-1, fmpq(1, 2), 1, fmpq(-5, 2), fmpq(-1, 2), fmpq(1, 2)]
    assert PRINTED.residuals == [0, 0, 0]
    assert PRINTED.errors == [fmpq(25, 78), fmpq(8, 21), 0]


@pytest.mark.parametrize("seed", range(5))
def test_errors_and_best_lines_are_those_of_plain_least_squares(seed: int) -> None:
    hidden, labels = dyadic(seed, "hidden", 8), dyadic(seed, "labels", 8)
    found = value(linear_fit(hidden, labels))
    assert floats([found])[0] == pytest.approx(plain_error(floats(hidden), floats(labels)), rel=1e-12)
    line = best_line(hidden, labels)
    assert sum((a - b) ** 2 for a, b in zip(line, labels, strict=True)) / 8 == found


def test_a_constant_representation_has_the_variance() -> None:
    hidden, labels = [fmpq(3)] * 3, [fmpq(1), fmpq(3), fmpq(2)]
    assert value(linear_fit(hidden, labels)) == fmpq(2, 3)
    assert best_line(hidden, labels) == [2, 2, 2]


@pytest.mark.parametrize("seed", range(5))
def test_the_formula_for_three_points(seed: int) -> None:
    hidden = dyadic(seed, "three points", 3)
    assert value(linear_fit(hidden, numbers(THREE[1]))) == three_point_error(hidden)


@pytest.mark.parametrize("inner", ["1/64", "1/3", "1", "7/5"])
def test_nine_points(inner: str) -> None:
    inputs, labels = map(numbers, nine(inner))
    distance = numbers([inner])[0]
    slopes = [1 if abs(x) > 2 * distance else 2 for x in inputs]
    assert labels == [
        s * x + (0 if s == 2 else 2 * distance * (1 if x > 0 else -1)) for s, x in zip(slopes, inputs, strict=True)
    ]
    assert slopes == [1, 1, 1, 2, 2, 2, 1, 1, 1]
    hidden = [x + max(x + 2 * distance, fmpq(0)) for x in inputs]
    expected = [value(linear_fit(h, labels)) for h in (inputs, hidden)]
    assert [f.value[0](distance) / f.value[1](distance) for f in nine_fits()] == expected
    e = distance
    printed = [
        4 * e**2 * (6 * e**2 - 24 * e + 37) / (9 * (50 + e**2)),
        2 * (28 * e**4 - 64 * e**3 + 4 * e**2 + 16 * e + 225) / (9 * (8 * e**2 + 32 * e + 117)),
    ]
    assert printed == expected


@pytest.mark.parametrize("inner", ["0", "3/2", "-1", "2"])
def test_nine_points_need_kinks_between_data(inner: str) -> None:
    with pytest.raises(ValueError, match="expected an inner distance between 0 and 3/2"):
        nine(inner)


def test_the_denominators_are_positive_on_the_range() -> None:
    whole = Interval.parse("(0, 3/2)")
    for fit in nine_fits():
        assert sign_exception(fit.value[1], whole, ">") is None


def test_proofs_succeed_where_true_and_only_there() -> None:
    assert all(p.proved for p in [*PRINTED.show_zero_risk(), *PRINTED.show_pattern(), *PRINTED.show_representations()])
    assert not any(p.proved for p in PRINTED.show_positive_risk())
    moved = Point(*THREE, ("1", "1", "-2", "-4", "1", "-3.5", "1", str(fmpq(1, 2**40))))
    assert not all(p.proved for p in moved.show_zero_risk())
    assert all(p.proved for p in moved.show_positive_risk())


def test_a_kink_on_a_datum_is_named_and_never_smooth() -> None:
    assert EXCHANGED.preactivations is not None
    assert EXCHANGED.preactivations.index(0) == 5
    assert all(p.proved for p in EXCHANGED.show_kink(5))
    assert not all(p.proved for p in PRINTED.show_kink(5))
    assert not any(p.proved for p in EXCHANGED.show_pattern())
    assert EXCHANGED.eigenvalues(3) == ([], [])


def test_eigenvalues_are_enclosed_and_counted() -> None:
    jacobian = np.array([[0, 0, 0, 0, 0, 0, 1, 1], [0.5, 2.5, 1, 0, 0, 0, 3, 1], [-3, -9, -3, 0.5, -16, -4, 2, 1]])
    found, proofs = PRINTED.eigenvalues(3)
    assert len(proofs) == 6
    for (low, high), expected in zip(found, np.linalg.eigvalsh(2 / 3 * jacobian @ jacobian.T), strict=True):
        assert low < expected < high < low * (1 + 3e-9)


@pytest.mark.parametrize("too_many", [4, 8])
def test_a_zero_eigenvalue_is_not_enclosed_as_positive(too_many: int) -> None:
    assert PRINTED.eigenvalues(too_many) == ([], [])


def test_what_balls_cannot_decide_has_no_exact_value() -> None:
    thirds = Point(*THREE, ("1/3", "3", "-6", "-4", "1", "-3.5", "1", "0"))
    assert thirds.representations is None
    assert thirds.fits == []
    assert thirds.errors == []


def test_a_false_comparison_has_no_assertion() -> None:
    assert PRINTED.compare(1, ">", fmpq(25, 78)) is not None
    assert PRINTED.compare(1, "<", fmpq(25, 78)) is None
    assert PRINTED.compare(0, ">", fmpq(25, 78)) is None


@pytest.mark.parametrize(
    ("inputs", "labels", "theta", "message"),
    [
        (*THREE, ("1",) * 7, "expected 8 parameters v1 u1 b1 v2 u2 b2 w c, got 7"),
        (THREE[0], ("1", "3"), ("1",) * 8, "expected as many labels as inputs, got 2 and 3"),
        ((), (), ("1",) * 8, "expected as many labels as inputs, got 0 and 0"),
        (*THREE, ("nan",) * 8, "expected a finite number or a decimal"),
        (("1", "inf", "3"), THREE[1], ("1",) * 8, "expected a finite number or a decimal"),
    ],
)
def test_misuse_is_refused(inputs: tuple, labels: tuple, theta: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Point(inputs, labels, theta)
