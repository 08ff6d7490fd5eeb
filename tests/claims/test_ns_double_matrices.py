"""Exact matrices of known fate, the floor, and settings that must be undecided, vacuous or refused."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib import pyplot as plt

from rescert.assessment import assess
from rescert.certify import check as checker
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import ns_double_matrices

NOTHING = Inputs({})
NILPOTENT = {"matrix": "0 4; 0 0", "depth": 4, "step": "9/128", "steps": 70}


def test_a_nilpotent_matrix_is_a_witness_and_no_counterexample() -> None:
    exact = ns_double_matrices.check(NILPOTENT, NOTHING)
    assert (exact["witness"].verdict, exact["witness"].evidence) == (Verdict.HOLDS, Evidence.ENCLOSED)
    assert exact["counterexample"].verdict is Verdict.FAILS
    assert exact["threshold"].verdict is Verdict.HOLDS
    assert (exact["floor"].verdict, exact["floor"].evidence) == (Verdict.VACUOUS, Evidence.EXACT)
    for assertion in exact["witness"].assertions:
        checker.KINDS["sign"](assertion, {})


DIAGONAL = {"matrix": "3/4 0; 0 1/2", "depth": 4, "step": "1/2", "steps": 30}


def test_a_diagonal_matrix_is_a_counterexample_and_no_witness() -> None:
    exact = ns_double_matrices.check(DIAGONAL, NOTHING)
    assert (exact["counterexample"].verdict, exact["counterexample"].evidence) == (Verdict.HOLDS, Evidence.ENCLOSED)
    assert exact["witness"].verdict is Verdict.FAILS
    assert exact["floor"].verdict is Verdict.VACUOUS
    for assertion in exact["counterexample"].assertions:
        checker.KINDS["sign"](assertion, {})


def test_a_loss_that_rises_late_is_no_divergence() -> None:
    """R = 2 at 32 iterations: the double network's loss still rises, and yet it is small after a thousand."""
    exact = ns_double_matrices.check({"matrix": "2", "depth": 6, "step": "5/64", "steps": 32}, NOTHING)
    assert exact["counterexample"].verdict is Verdict.UNDECIDED


def test_fates_that_are_not_shown_are_not_claimed() -> None:
    exact = ns_double_matrices.check({**NILPOTENT, "step": "1/32", "steps": 4}, NOTHING)
    assert exact["counterexample"].verdict is Verdict.FAILS  # it says that the single network's loss is small
    early = ns_double_matrices.check({**DIAGONAL, "matrix": "3/4", "step": "1/4", "steps": 60}, NOTHING)
    assert early["counterexample"].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("matrix", "step", "verdict"),
    [
        ("-1/2 1; 1 -1/2", "3/8", Verdict.HOLDS),
        ("-1/2 1; 1 -1/2", "3/2", Verdict.VACUOUS),  # the step is too large
        ("-1/2 1; 1 -1/2", "2/5", Verdict.UNDECIDED),  # exactly 1/(1-λ), in a decimal fraction that balls round
        ("2 1; 1 2", "1/8", Verdict.VACUOUS),  # positive definite
        ("-1", "1/4", Verdict.HOLDS),
        ("1 1; 0 -1", "1/8", Verdict.VACUOUS),  # not symmetric
    ],
)
def test_the_floor(matrix: str, step: str, verdict: Verdict) -> None:
    finding = ns_double_matrices.check({"matrix": matrix, "depth": 3, "step": step, "steps": 6}, NOTHING)["floor"]
    assert finding.verdict is verdict, finding.reason


def test_all_negative_eigenvalues_are_in_the_floor() -> None:
    setting = {"matrix": "-1 1/2; 1/2 -1", "depth": 3, "step": "1/4", "steps": 6}
    finding = ns_double_matrices.check(setting, NOTHING)["floor"]
    assert finding.verdict is Verdict.HOLDS
    assert finding.bound == "1"  # eigenvalues -1/2 and -3/2: the whole of |R|²/2


def test_the_control_does_not_hold() -> None:
    findings = ns_double_matrices.check(dict(ns_double_matrices.CLAIM.control), NOTHING)
    assert findings[ns_double_matrices.CLAIM.control_statement].verdict is Verdict.VACUOUS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"matrix": "1 2; 3"}, "expected a square matrix"),
        ({"matrix": "0 0; 0 0"}, "other than 0"),
        ({"matrix": "1 0 0; 0 1 0; 0 0 1"}, "at most two rows"),
        ({"depth": 1}, "expected a depth >= 2"),
        ({"step": "-1"}, "a step > 0"),
        ({"steps": 1}, "2 to 240 iterations"),
    ],
)
def test_bad_instances_are_refused_before_any_check(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ns_double_matrices.CLAIM.validate({**NILPOTENT, **change})


def test_the_figure_is_drawn_from_the_rows() -> None:
    instances = [{"matrix": "-1", "depth": 2, "step": "1/4", "steps": 6}, {**NILPOTENT, "step": "3", "steps": 5}]
    assessed = assess("ns_double_matrices", {"instances": instances}, NOTHING)
    drawing = ns_double_matrices.figure({"claims/ns_double_matrices": assessed.rows})
    lengths = drawing.data.groupby(["instance", "network"]).size()
    assert lengths.iloc[-2:].tolist() == [7, 7] or lengths.iloc[:2].tolist() == [7, 7]
    assert lengths.min() < 6  # what overflows is cut off, not drawn
    plt.close(drawing.figure)
