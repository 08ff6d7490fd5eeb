"""Measures of trained pairs: known networks, naive twins, witnesses that hold and near misses that must not."""

from fractions import Fraction

import numpy as np
import pytest

from draws import uniform
from rescert.certify import check
from rescert.dynamics.trained_pairs import TOLERANCE, Runs, Steps, between

KINKS, VALUES = [0, 0.3, 0.5, 0.7, 1], [0, 0.3, -0.1, 0.1, -0.2]


def stacked(runs):
    """(ranges, seeds, 2, L) and so on from a list of ranges of runs, each a (w, b, c, d)."""
    arrays = [np.array([[np.array(run[k], dtype=float) for run in row] for row in runs]) for k in range(4)]
    return dict(zip(("w", "b", "c", "d"), arrays, strict=True))


def runs_of(*ranges, samples=11, start=None):
    arrays = stacked(ranges)
    start = stacked(start) if start else {n: v + 1 for n, v in arrays.items()}
    x = np.linspace(0, 1, samples)
    return Runs({**arrays, **{f"{n}0": v for n, v in start.items()}, "x": x, "y": np.interp(x, KINKS, VALUES)})


# The target itself (one weight of 1.5 is exact, the kinks of the second network are rounded), and a line.
FIT = ([[1.5, 0], [3, 0.5]], [[0.5, 0], [0.3, 1.9]], [2, 1], 0)
LINE = ([[0, 1], [0, 1]], [[0.2, 1.5], [0.2, 1]], [1, 1.25], 0.1)
STEEP = ([[4, 0], [0, 0]], [[0.98, 0.1], [0.1, 0.1]], [1, 1], 0)


@pytest.fixture(scope="module")
def known():
    return runs_of([LINE, STEEP], [FIT, FIT])


def test_errors_and_fits(known):
    x = known.arrays["x"]
    expected = np.abs(-0.25 * x + 0.1 - np.interp(x, KINKS, VALUES)).max()
    assert known.error[0, 0] == pytest.approx(expected)
    assert (known.error[1] < 1e-15).all()
    assert known.fits.tolist() == [[False, False], [True, True]]
    assert known.separated.tolist() == [True, True]


def test_slopes_are_exact(known):
    np.testing.assert_allclose(known.lipschitz, [[0.25, 4], [2, 2]], rtol=1e-14)
    assert known.lipschitz[0, 0] == 0.25
    np.testing.assert_allclose(known.excess, [[-0.75, 3], [0, 0]], atol=1e-14)


def test_a_kink_misplaced_by_a_rounding_error_is_no_excess(known):
    first = known.pieces[1][0][0]
    assert Fraction(int(first.high.p), int(first.high.q)) != Fraction(3, 10)
    assert known.excess[1, 0] < 1e-14


def test_slopes_on_pieces_with_two_data_leave_out_the_last_one(known):
    assert known.supported[0, 1] == 0
    assert known.supported[0, 0] == 0.25


def test_dead_units_and_largest_bias(known):
    assert known.dead.tolist() == [[1.0, 0.75], [0.25, 0.25]]
    assert known.largest_bias.tolist() == [[1.5, 0.98], [1.9, 1.9]]


def test_distance_to_the_least_squares_line_of_the_worst_piece(known):
    x, y = known.arrays["x"], known.arrays["y"]
    off = -0.25 * x + 0.1 - np.polyval(np.polyfit(x, y, 1), x)
    assert known.distance_to_line[0, 0] == pytest.approx(np.abs(off).max())
    assert known.distance_to_line[1, 0] < 1e-14  # every piece is its line
    alone = runs_of([STEEP], [STEEP], samples=2)
    assert alone.distance_to_line[0, 0] == alone.error[0, 0]
    best = ([[0, 0], [0, 0]], [[0, 0], [0, 0]], [1, 1 - np.polyfit(x, y, 1)[0]], np.polyfit(x, y, 1)[1])
    assert runs_of([best], [best]).distance_to_line[0, 0] < 1e-14


def test_most_units_dead_are_an_obstacle(known):
    assert known.obstacle == ""
    assert runs_of([LINE], [LINE]).obstacle.startswith("the median run has 100 % dead units")


def test_movement_is_relative():
    run = ([[1, 0], [0, 0]], [[2, 0], [0, 0]], [1, 1], 0)
    start = ([[3, 0], [0, 4]], [[1, 0], [0, 0]], [1, 1], 0)
    moved = runs_of([run], [run], start=([start], [start])).moved
    assert moved["w"][0, 0] == pytest.approx((4 + 16) ** 0.5 / 5)
    assert moved["b"][0, 0] == 1
    assert moved["c"][0, 0] == 0


def accepted(assertions):
    """Whether the checker accepts them; arrays inside programs are lists here."""

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [plain(v) for v in value]
        return value.tolist() if isinstance(value, np.ndarray | np.generic) else value

    for assertion in assertions:
        check.KINDS[assertion["kind"]](plain(assertion), None)
    return len(assertions) > 0


def test_witnesses_are_shown_and_rechecked(known):
    assert accepted(known.fit(1, 0))
    assert accepted(known.misfit(0, 0))
    assert accepted(known.steeper(0, 1))
    assert accepted(known.pointwise(0, 1))


def test_what_is_false_is_not_shown(known):
    assert known.misfit(1, 0) == ()
    assert known.fit(0, 0) == ()
    assert known.steeper(0, 0) == ()
    assert known.pointwise(0, 0) == ()


def test_the_borderline_is_undecided():
    """A network whose slope is 2 exactly: neither above 2 nor shown to be at most 2."""
    slope = ([[0, 0], [0, 0]], [[0, 0], [0, 0]], [4, 2], 0)
    runs = runs_of([slope], [slope])
    assert runs.lipschitz[0, 0] == 2
    assert runs.steeper(0, 0) == ()


def test_a_bias_that_moved_more_is_shown_exactly():
    start = ([[1, 0], [0, 0]], [[1, 0], [0, 0]], [1, 0], 0)
    moved = ([[1.5, 0], [0, 0]], [[1.5 + 2**-50, 0], [0, 0]], [1.5, 0], 0)
    runs = runs_of([moved], [moved], start=([start], [start]))
    assert accepted(runs.moved_more(0, 0, "b", "w"))
    assert runs.moved_more(0, 0, "w", "b") == ()
    assert runs.moved_more(0, 0, "w", "c") == ()


def test_products_of_a_fit(known):
    chosen = known.fits
    np.testing.assert_allclose(known.products(chosen), [5, 5])
    assert accepted(known.bent(chosen))
    assert known.bent(np.array([[True, False], [False, False]])) == ()


def test_a_larger_weight(known):
    assert accepted(known.larger_weight(1, 0, "2.9"))
    assert known.larger_weight(1, 0, "3") == ()


def test_values_are_those_of_a_plain_loop():
    w, b = (uniform(0, name, (2, 3, 2, 4)).numpy() for name in ("w", "b"))
    c, d = uniform(0, "c", (2, 3, 2)).numpy(), uniform(0, "d", (2, 3)).numpy()
    x = np.linspace(0, 1, 5)
    runs = Runs({"w": w, "b": b, "c": c, "d": d, "x": x, "y": x})
    for r, s in np.ndindex(2, 3):
        hidden = [x, x]
        for k in (0, 1):
            for weight, bias in zip(w[r, s, k], b[r, s, k], strict=True):
                hidden[k] = hidden[k] + weight * np.maximum(hidden[k] - bias, 0)
        expected = c[r, s, 0] * hidden[0] - c[r, s, 1] * hidden[1] + d[r, s]
        np.testing.assert_allclose(runs.values(x)[r, s], expected, rtol=1e-13)


def test_rank_correlation_is_scipy_s():
    from scipy.stats import spearmanr

    b, b0 = (uniform(1, name, (2, 2, 2, 5)).numpy() for name in ("b", "b0"))
    runs = Runs({"b": b, "b0": b0, "d": np.zeros((2, 2))})
    for r, s in np.ndindex(2, 2):
        assert runs.rank_correlation[r, s] == pytest.approx(spearmanr(b[r, s].ravel(), b0[r, s].ravel()).statistic)


def test_curve_has_the_kinks_among_its_points(known):
    kinks, x, y = known.curve(1, 0)
    np.testing.assert_allclose(kinks, [0.3, 0.5, 0.7], rtol=1e-12)
    assert set(kinks) <= set(x)
    np.testing.assert_allclose(y, np.interp(x, KINKS, VALUES), atol=1e-14)


@pytest.mark.parametrize(("low", "high"), [("0", "1"), ("1/3", "1/3000000"), ("-1/7", "1/7"), ("5/7", "6/7")])
def test_points_between_are_strictly_between(low, high):
    low, high = sorted(map(Fraction, (low, high)))
    p, q = between(low, high)
    assert low < p < q < high
    assert p.denominator & (p.denominator - 1) == 0


def test_no_points_in_an_empty_interval():
    with pytest.raises(ValueError, match="low < high"):
        between(Fraction(1), Fraction(1))


def test_steps_are_sorted_and_so_are_ranges():
    first, second = (runs_of([LINE], [FIT]).arrays, runs_of([FIT], [FIT]).arrays)
    weights = {n: v if n in ("x", "y") else np.stack([second[n], v]) for n, v in first.items()}
    steps = Steps.of(weights, {"step_sizes": [0.1, 0.01], "bias_ranges": [1.0, 0.5]})
    assert steps.sizes == ("0.01", "0.1")
    assert steps.at("0.01").error[1, 0] > float(TOLERANCE) > steps.at("0.01").error[0, 0]
    assert steps.at(None) is steps.runs[0]
    with pytest.raises(ValueError, match=r"step size among 0.01, 0.1, got '3'"):
        steps.at("3")
    with pytest.raises(ValueError, match=r"two ranges of initial biases, got \[1.0\]"):
        Steps.of(weights, {"step_sizes": [0.1], "bias_ranges": [1.0]})
