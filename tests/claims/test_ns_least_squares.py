"""Least squares: each regime of the step, regular and singular, and text that is no problem."""

import pytest

from rescert.certify import check
from rescert.claim import Inputs, Verdict
from rescert.claims.ns_least_squares import CLAIM

NOTHING = Inputs({})
H, F, V, U = Verdict.HOLDS, Verdict.FAILS, Verdict.VACUOUS, Verdict.UNDECIDED


def instance(**changes):
    plain = {"matrix": "2 1; 1 2", "labels": "1 1", "step": "1/5", "start": "1 2", "draws": 5, "seed": 0}
    return {**plain, **changes}


SINGULAR = {"matrix": "1 1; 1 1", "labels": "1 3", "start": "2 1"}


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({"step": "1/5"}, (H, H, V, H, H, H)),
        ({"step": "2/9"}, (V, V, V, H, V, H)),
        ({"step": "1/4"}, (V, V, F, H, V, H)),
        ({"step": "3"}, (V, V, H, H, V, H)),
        ({**SINGULAR, "step": "9/20"}, (V, F, V, H, H, H)),
        ({**SINGULAR, "step": "1/2"}, (V, V, V, H, V, H)),
        ({**SINGULAR, "step": "11/20"}, (V, V, H, H, V, H)),
    ],
)
def test_verdicts_by_regime(changes, verdicts):
    found = CLAIM.check(instance(**changes), NOTHING)
    assert tuple(found[s.name].verdict for s in CLAIM.statements) == verdicts
    for finding in found.values():
        for assertion in finding.assertions:
            check.KINDS[assertion["kind"]](assertion, None)


def test_one_step_from_a_start_that_is_no_optimum():
    tall = {"matrix": "1 0; 0 1; 1 1", "labels": "1 2", "start": "1 0 0", "step": "1"}
    found = CLAIM.check(instance(**tall), NOTHING)["critical"]
    assert found.verdict is F
    assert "in one step" in found.reason


def test_a_step_too_near_to_the_critical_one_for_runs_is_undecided_and_not_wrong():
    found = CLAIM.check(instance(step="2000001/9000000"), NOTHING)
    assert found["corrected"].verdict is U
    assert found["critical"].verdict is F


def test_a_step_too_near_to_the_best_one_is_undecided_and_the_best_one_is_decided():
    near = CLAIM.check(instance(step="1999999995/10000000000"), NOTHING)["best"]
    assert near.verdict is U
    exact = CLAIM.check(instance(step="1/5"), NOTHING)["best"]
    assert exact.verdict is H
    assert "of the best step" in exact.reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"step": "0"}, "step > 0"),
        ({"step": "-1/5"}, "step > 0"),
        ({"step": "fast"}, "expected a finite number"),
        ({"matrix": "1 2; 3"}, "rows of one length"),
        ({"matrix": ""}, "rows of one length"),
        ({"matrix": "1 x; 0 1"}, "expected a finite number"),
        ({"matrix": "0 0; 0 0"}, "not 0"),
        ({"labels": "1"}, "expected 2 labels"),
        ({"labels": "1 nan"}, "expected a finite number"),
        ({"start": "1"}, "start with 2 entries"),
        ({"start": "1/3 1/3"}, "not a minimiser"),
        ({"draws": 1}, "at least 2 draws"),
    ],
)
def test_bad_input_is_one_sentence_before_any_work(changes, words):
    with pytest.raises(ValueError, match=words):
        CLAIM.validate(instance(**changes))


def test_good_input_is_kept():
    CLAIM.validate(instance())
