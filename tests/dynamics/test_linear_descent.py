"""Least squares by gradient descent: numpy beside exact arithmetic, counts of eigenvalues, and controls."""

from fractions import Fraction

import numpy as np
import pytest

from rescert.certify import check
from rescert.dynamics.linear_descent import MARGIN, Descent, measured_rates, roots

PROBLEMS = {
    "plain": ("2 1; 1 2", "1 1"),
    "singular": ("1 1; 1 1", "1 3"),
    "tall": ("1 0; 0 1; 1 1", "1 2"),
    "wide": ("2 -1 3", "1 0 2"),
    "square": ("1 2 0; 3 4 1; 0 1 1", "1 0 2"),
    "decimal": ("0.5 1.5; 1 0.25", "1 -1"),
}
every_problem = pytest.mark.parametrize("name", PROBLEMS)


def descent(name, step="1/100"):
    matrix, labels = PROBLEMS[name]
    rows = [[Fraction(x) for x in row.split()] for row in matrix.split(";")]
    return Descent(rows, [Fraction(x) for x in labels.split()], Fraction(step))


def arrays(found):
    return np.array(found.inputs, dtype=float), np.array(found.labels, dtype=float)


@every_problem
def test_limit_and_projection_are_those_of_numpy(name):
    found = descent(name)
    x, y = arrays(found)
    assert np.array(found.least_norm, dtype=float) == pytest.approx(np.linalg.pinv(x.T) @ y, abs=1e-12)
    null = np.eye(found.size) - x @ np.linalg.pinv(x)
    assert np.array(found.null_projection, dtype=float) == pytest.approx(null, abs=1e-12)
    assert len(found.null_vectors()) == found.counts.zero == found.size - np.linalg.matrix_rank(x)


@every_problem
def test_a_long_run_ends_at_the_limit(name):
    found = descent(name, str(Fraction(descent(name).critical * 0.9).limit_denominator(1000)))
    start = [Fraction(i + 1) for i in range(found.size)]
    end = found.path(start, 6000)[-1]
    assert end == pytest.approx(np.array(found.limit(start), dtype=float), abs=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_counts_of_eigenvalues_are_those_of_numpy(seed):
    a = np.random.Generator(np.random.PCG64(seed)).integers(-3, 4, (5, 3))
    matrix = a @ a.T - 2 * np.diag([0, 0, 1, 1, 0])
    values = np.linalg.eigvalsh(matrix)
    assert roots(matrix.tolist()) == tuple(
        int(n) for n in ((values < -1e-9).sum(), (abs(values) <= 1e-9).sum(), (values > 1e-9).sum())
    )


@pytest.mark.parametrize(
    ("name", "step", "counts"),
    [("plain", "1/5", (0, 2, 0, 0)), ("plain", "2/9", (0, 1, 1, 0)), ("plain", "1/4", (0, 1, 0, 1)),
     ("plain", "3", (0, 0, 0, 2)), ("singular", "1/2", (1, 0, 1, 0)), ("tall", "1", (1, 1, 0, 1))],
)  # fmt: skip
def test_counts_around_the_critical_step(name, step, counts):
    assert descent(name, step).counts == counts


@every_problem
def test_a_step_below_the_critical_one_is_certified_and_none_above(name):
    critical = descent(name).critical
    below, above = (descent(name, str(Fraction(critical * f).limit_denominator(10**6))) for f in (0.999, 1.001))
    assert below.prove_step().proved
    assert below.prove_unstable().proved is None
    assert above.prove_unstable().proved
    assert above.prove_step().proved is None
    assert above.prove_fast().proved


@pytest.mark.parametrize(("factor", "word"), [(0.8, "shrinks"), (1.25, "grows")])
@every_problem
def test_runs_settle_the_same_without_eigenvalues(name, factor, word):
    found = descent(name, str(Fraction(descent(name).critical * factor).limit_denominator(10**4)))
    proof, _, end = found.prove_run()
    assert end == word
    check.check_sign(proof.assertion, None)


@pytest.mark.parametrize(("name", "step"), [("plain", "2/9"), ("singular", "1/2"), ("tall", "2/3")])
def test_at_equality_runs_settle_nothing_and_eigenvectors_alternate(name, step):
    found = descent(name, step)
    assert found.prove_run()[0].proved is None
    assert len(found.prove_border()) == 3
    assert found.prove_step().proved
    (vector,) = found.border_vectors()
    start = [a + b for a, b in zip(found.least_norm, vector, strict=True)]
    path = found.path(start, 3)
    assert path[2] == pytest.approx(path[0])
    assert path[1] == pytest.approx(2 * np.array(found.least_norm, dtype=float) - path[0])


@every_problem
def test_rate_is_bracketed_and_a_smaller_one_is_not_shown(name):
    found = descent(name, str(Fraction(descent(name).critical * 0.6).limit_denominator(1000)))
    assert all(p.proved for p in found.prove_rate())
    assert found.prove_bound([Fraction(i + 2) for i in range(found.size)], 15).proved
    found.rate -= 1e-6
    assert not all(p.proved for p in found.prove_rate())


def test_a_start_in_a_fast_part_breaks_a_smaller_bound():
    found = descent("plain", "1/10")
    slowest = [a + b for a, b in zip(found.least_norm, (1, -1), strict=True)]
    assert found.prove_bound(slowest, 10).proved
    found.rate -= 1e-3
    assert found.prove_bound(slowest, 10).proved is None


def test_a_fast_step_can_be_right_for_some_starts():
    found = descent("tall", "1")
    vector = found.slow_start()
    start = [a + b for a, b in zip(found.least_norm, vector, strict=True)]
    assert found.path(start, 1)[-1].tolist() == [float(x) for x in found.least_norm]
    assert descent("plain", "1/4").slow_start() is None


@every_problem
def test_measured_rates_are_those_of_the_slowest_part(name):
    found = descent(name)
    starts = np.random.Generator(np.random.PCG64(0)).normal(size=(20, found.size))
    steps = np.array([0.3, 0.9, 1.2]) * found.critical
    rates = measured_rates(found, steps, starts, 24)
    predicted = np.abs(1 - steps[:, None] * found.values).max(1)
    assert np.isfinite(rates).all()
    assert (rates <= predicted[:, None] * (1 + 1e-6)).all()
    if name not in ("plain", "square"):  # within 24 iterations the slowest part prevails for a small condition only
        assert rates.max(1) == pytest.approx(predicted, rel=0.02)


@every_problem
def test_the_best_rate_lies_between_its_bounds(name):
    found = descent(name)
    low, high, proofs = found.prove_condition()
    assert all(p.proved for p in proofs)
    assert float(low) - 1e-15 < found.best < float(high) + 1e-15
    assert 0 < high - low < MARGIN
    found.values = found.values * (1 + 1e-9)
    assert not all(p.proved for p in found.prove_condition()[2])


def test_null_vectors_must_be_independent(monkeypatch):
    found = Descent([[Fraction(1)], [Fraction(2)], [Fraction(3)]], [Fraction(1)], Fraction(1, 100))
    assert len(found.null_vectors()) == 2
    assert len(found.prove_null()) == 3
    monkeypatch.setattr(found, "null_vectors", lambda: [[2, -1, 0], [2, -1, 0]])
    assert found.prove_null() == ()


@pytest.mark.parametrize(
    ("rows", "labels", "step", "words"),
    [
        ([], [], 1, "rows of one length"),
        ([[]], [], 1, "rows of one length"),
        ([[1, 2], [3]], [1, 1], 1, "rows of one length"),
        ([[1, 2]], [1], 1, "expected 2 labels"),
        ([[0, 0]], [1, 1], 1, "not 0"),
        ([[1, 2]], [1, 1], 0, "step > 0"),
        ([[1, 2]], [1, 1], -1, "step > 0"),
    ],
)
def test_misuse_is_refused(rows, labels, step, words):
    exact = [[Fraction(x) for x in row] for row in rows]
    with pytest.raises(ValueError, match=words):
        Descent(exact, [Fraction(x) for x in labels], Fraction(step))
