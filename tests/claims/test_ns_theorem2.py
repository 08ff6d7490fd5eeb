"""Theorem 2 of Nar and Sastry: true for symmetric matrices, false for all others, and how it is false."""

import pytest

from rescert.certify import check
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_theorem2 import CLAIM

NOTHING = Inputs({})


def findings(matrix, step, steps=12, depth=2):
    instance = {"matrix": matrix, "depth": depth, "step": step, "steps": steps}
    CLAIM.validate(instance)
    return CLAIM.check(instance, NOTHING)


@pytest.mark.parametrize(
    ("matrix", "step", "depth"),
    [
        ("2 1; 1 2", "1/8", 2),
        ("2 1; 1 2", "1/32", 5),
        ("5/4 1/4 0; 1/4 1 1/4; 0 1/4 3/4", "1/8", 3),
        ("1 0; 0 1", "1/4", 2),
        ("1 0; 0 1/2", "1/4", 2),
    ],
)
def test_symmetric_matrices_obey_the_bound(matrix, step, depth):
    found = findings(matrix, step, depth=depth)
    for name in ("printed", "argument", "corrected", "larger_step"):
        assert found[name].verdict is Verdict.HOLDS, name
    for name in ("converse", "other_limit"):
        assert found[name].verdict is Verdict.VACUOUS, name


def test_largest_printed_step_above_one_is_covered():
    found = findings("3/2 1/2; 1/2 3/2", "1/4")
    for name in ("printed", "corrected", "larger_step"):
        assert found[name].verdict is Verdict.HOLDS, name


def test_no_witness_without_its_hypotheses():
    # λ = 2 + √(3/2), and δλ is a thousandth above 1/2: neither side of the printed step is shown.
    found = findings("1 40; 1/80 3", "1552/10000", 4)
    assert found["printed"].hypotheses is None
    for name in ("unstable", "divergence", "other_limit"):
        assert found[name].verdict is Verdict.UNDECIDED, name
        assert not found[name].assertions
    assert findings("1 40; 1/80 3", "1550/10000", 4)["unstable"].verdict is Verdict.HOLDS


def test_larger_step_is_larger_below_one_only():
    found = findings("1/2 1/8; 1/8 1/4", "9/16")
    assert found["corrected"].verdict is found["printed"].verdict is Verdict.VACUOUS
    assert found["larger_step"].verdict is Verdict.HOLDS
    assert "beyond the printed step" in found["larger_step"].reason
    assert findings("1/2 1/8; 1/8 1/4", "5/8")["larger_step"].verdict is Verdict.VACUOUS
    assert findings("2 1; 1 2", "3/8")["larger_step"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize(("step", "steps"), [("1/2", 24), ("1/4", 40)])
def test_other_matrices_go_to_another_factorisation(step, steps):
    found = findings("1 1; 0 1/2", step, steps)
    assert found["printed"].verdict is Verdict.FAILS
    assert found["printed"].evidence is Evidence.ENCLOSED
    assert found["other_limit"].verdict is Verdict.HOLDS
    assert found["argument"].verdict is Verdict.FAILS
    assert found["argument"].evidence is Evidence.EXACT
    assert found["corrected"].verdict is found["larger_step"].verdict is Verdict.VACUOUS
    for assertion in found["other_limit"].assertions:
        check.check_sign(assertion, None)


def test_small_steps_need_no_trap():
    found = findings("1 1; 0 1/2", "1/16", 4)
    assert found["other_limit"].verdict is Verdict.UNDECIDED
    assert found["converse"].verdict is Verdict.HOLDS
    assert found["printed"].verdict is Verdict.FAILS
    assert "not balanced" in found["printed"].reason


def test_matrices_far_from_normal_diverge_within_the_printed_step():
    found = findings("1 4; 0 1/2", "1/2", 8)
    assert found["unstable"].verdict is Verdict.HOLDS
    assert found["divergence"].verdict is Verdict.HOLDS
    assert found["printed"].verdict is Verdict.FAILS


def test_nothing_is_said_of_a_run_that_has_shown_nothing():
    found = findings("1 1; 0 1/2", "1/4", 2)
    assert found["printed"].verdict is Verdict.UNDECIDED
    assert not found["printed"].assertions


@pytest.mark.parametrize("step", ["0", "-1/4"])
def test_steps_that_are_not_positive_break_the_printed_statement(step):
    found = findings("1/2 1/8; 1/8 1/4", step)
    assert found["printed"].verdict is Verdict.FAILS
    assert found["corrected"].verdict is found["larger_step"].verdict is Verdict.VACUOUS
    assert findings("2 1; 1 2", "-1/8")["printed"].verdict is Verdict.UNDECIDED


def test_largest_printed_step_is_within_and_a_millionth_more_is_not():
    # λ = 2 exactly, so that δ = 1/(Lλ) is decided in rational arithmetic.
    assert findings("3/2 1/2; 1/2 3/2", "1/4")["unstable"].verdict is Verdict.UNDECIDED
    assert findings("3/2 1/2; 1/2 3/2", "250001/1000000")["unstable"].verdict is Verdict.VACUOUS


def test_control_does_not_hold():
    assert CLAIM.check(CLAIM.control, NOTHING)[CLAIM.control_statement].verdict is not Verdict.HOLDS


@pytest.mark.parametrize(
    "change", [{"matrix": "-1 0; 0 1"}, {"matrix": "1 1; 0 1"}, {"depth": 1}, {"depth": 0}, {"steps": 1}, {"step": "x"}]
)
def test_misuse_is_refused_before_any_work(change):
    instance = {"matrix": "1 1; 0 1/2", "depth": 2, "step": "1/4", "steps": 4, **change}
    with pytest.raises(ValueError, match="expected"):
        CLAIM.validate(instance)
