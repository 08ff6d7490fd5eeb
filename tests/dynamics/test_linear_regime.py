"""The regime of a step: what is certified of it, and rates of runs beside the predicted ones."""

from fractions import Fraction

import numpy as np
import pytest

from rescert.certify import check
from rescert.dynamics.linear_descent import Descent
from rescert.dynamics.linear_regime import GRID, Facts, rate_curves

REGULAR = [[2, 1], [1, 2]], [1, 1]  # λ = 9 and 1
SINGULAR = [[1, 1], [1, 1]], [1, 3]  # λ = 4 and 0


def descent(problem, step):
    rows, labels = ([[Fraction(x) for x in row] for row in problem[0]], [Fraction(x) for x in problem[1]])
    return Descent(rows, labels, Fraction(step))


@pytest.mark.parametrize(
    ("problem", "step", "regime", "ends"),
    [
        (REGULAR, "1/5", "below", "every run converges"),
        (REGULAR, "2/9", "at", "not settled"),
        (REGULAR, "1/4", "above", "some runs do not"),
        (SINGULAR, "9/20", "below", "every run converges"),
        (SINGULAR, "1/2", "at", "not settled"),
        (SINGULAR, "11/20", "above", "some runs do not"),
    ],
)
def test_regime_and_what_runs_say_of_it(problem, step, regime, ends):
    facts = Facts(descent(problem, step))
    assert (facts.regime, facts.ends) == (regime, ends)
    assert facts.singular is (problem is SINGULAR) is bool(facts.null)
    assert bool(facts.run) is (regime != "at")
    assert bool(facts.border) is (regime == "at")
    assert facts.behaviour() is (facts.border if regime == "at" else facts.run)
    for assertion in (*facts.step, *facts.behaviour(), *facts.rank, *facts.null):
        check.KINDS[assertion["kind"]](assertion, None)


def test_a_run_that_settles_nothing_shows_nothing():
    facts = Facts(descent(REGULAR, "1999999/9000000"))
    assert facts.regime == "below"
    assert facts.step
    assert facts.run == ()


def test_curves_are_below_the_predicted_rate_and_meet_one_at_the_critical_step():
    starts = np.random.Generator(np.random.PCG64(0)).normal(size=(30, 2))
    found = rate_curves(descent(REGULAR, "1/5"), starts)
    predicted = np.array(found["predicted"])
    assert predicted == pytest.approx(np.maximum(1 - GRID * 2 / 9, GRID * 2 - 1))
    assert (np.array(found["rate_high"]) <= predicted + 1e-9).all()
    assert (np.array(found["rate_low"]) <= found["rate_median"]).all()
    assert found["best"] == pytest.approx(0.9)
    assert (found["draws_shown"], found["rank"]) == (30, 2)
