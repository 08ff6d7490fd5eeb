"""Theorem 1 of Nar and Sastry: each conclusion on both sides of both thresholds, the argument, and what is refused."""

import pytest

from rescert.certify import check
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_theorem1 import CLAIM

NOTHING = Inputs({})
BASE = {"depth": 2, "start": "identity", "samples": 5, "steps": 50, "seed": 0}


def findings(matrix, step, **changes):
    instance = {**BASE, "matrix": matrix, "step": step, **changes}
    CLAIM.validate(instance)
    return CLAIM.check(instance, NOTHING)


def verdicts(*arguments, **changes):
    return {name: finding.verdict for name, finding in findings(*arguments, **changes).items()}


def test_between_the_thresholds_only_the_sharper_statement_speaks():
    found = findings("1 1; 0 1/2", "15/16")
    assert found["instability"].verdict is Verdict.VACUOUS
    assert found["convergence"].verdict is Verdict.VACUOUS
    assert found["threshold"].verdict is Verdict.HOLDS
    assert "above δ_s = 0.684742" in found["threshold"].reason
    assert "at 5 of 5 sampled" in found["threshold"].reason


def test_below_both_the_balanced_factorisation_is_stable():
    found = findings("1 1/4; 0 1/2", "15/16")
    assert found["threshold"].verdict is Verdict.HOLDS
    assert "below δ_s" in found["threshold"].reason
    assert found["exception"].verdict is Verdict.VACUOUS
    assert {a["kind"] for a in found["threshold"].assertions} == {"sign", "definite"}


def test_above_both_nothing_is_stable_whatever_the_starts():
    for start in ("identity", "2 1; 0 3/2"):
        found = verdicts("1 1; 0 1/2", "5/4", start=start)
        assert found["instability"] is found["threshold"] is Verdict.HOLDS
        assert found["convergence"] is Verdict.UNDECIDED
        assert found["argument"] is Verdict.FAILS


@pytest.mark.parametrize(
    ("matrix", "start", "same"),
    [("9/16", "identity", True), ("17/32 17/32; 0 0", "1 1; 0 0", True), ("9/16 -7/16; 0 1", "identity", False)],
)
def test_convergence_is_refuted_exactly(matrix, start, same):
    found = findings(matrix, "4", start=start)
    assert found["convergence"].verdict is Verdict.FAILS
    assert found["convergence"].evidence is Evidence.EXACT
    assert ("very same eigenspaces" in found["convergence"].reason) is same
    assert found["instability"].verdict is Verdict.HOLDS


def test_argument_holds_for_symmetric_matrices_and_fails_for_others():
    symmetric, skew = verdicts("2 1; 1 2", "3/4"), findings("1 1; 0 1/2", "1/16")
    assert symmetric["argument"] is symmetric["decoupling"] is Verdict.HOLDS
    assert skew["argument"].verdict is Verdict.FAILS
    assert skew["argument"].evidence is Evidence.EXACT
    assert skew["decoupling"].verdict is Verdict.VACUOUS


def test_early_arrival_keeps_the_diagonal_form_with_the_equilibrium_shown():
    found = findings("9/16 -7/16; 0 1", "4")["argument"]
    assert found.verdict is Verdict.HOLDS
    assert "W_L…W_1 = R exactly at k = 1" in found.reason
    # Two each of the spectrum's two identities, of the start, of the arrival and of the commutators.
    assert len(found.assertions) == 10


def test_step_at_the_threshold_is_decided_for_neither_side():
    found = findings("1 0; 0 1", "1")
    assert found["instability"].verdict is Verdict.VACUOUS  # "δ > δ_λ" fails exactly
    assert found["threshold"].verdict is Verdict.UNDECIDED
    assert not found["threshold"].assertions


def test_depth_one_has_the_threshold_two():
    assert "above δ_s = 2" in findings("1 1; 0 1/2", "9/4", depth=1)["threshold"].reason
    assert "below δ_s = 2" in findings("1 1; 0 1/2", "7/4", depth=1)["threshold"].reason


def test_negative_eigenvalues_count_by_their_modulus():
    found = verdicts("-2 0; 0 1", "5/8")
    assert found["instability"] is Verdict.HOLDS


def test_assertions_are_accepted():
    found = findings("17/32 17/32; 0 0", "4", start="1 1; 0 0")
    for finding in found.values():
        for assertion in finding.assertions:
            check.KINDS[assertion["kind"]](assertion, None)


def test_control_does_not_hold():
    assert CLAIM.check(CLAIM.control, NOTHING)[CLAIM.control_statement].verdict is not Verdict.HOLDS


@pytest.mark.parametrize(
    "change",
    [{"step": "0"}, {"step": "-1"}, {"samples": 0}, {"steps": 0}, {"depth": 0}, {"start": "1 0; 0 2"}, {"matrix": "0"}],
)
def test_misuse_is_refused_before_any_work(change):
    with pytest.raises(ValueError, match="expected"):
        CLAIM.validate({**BASE, "matrix": "1 1; 0 1/2", "step": "1", **change})
