"""The recheck decides what counts: every way in which a certificate may not fit makes its row undecided."""

from __future__ import annotations

import copy

import pytest

import sample_report
from rescert import assessment
from rescert import claim as claims
from rescert.report.verdicts import Recheck, final, recheck_sentence, sentence

NAME = "ns_example"


@pytest.fixture
def run():
    """The sample claim on depths 2 and 30: its claim file, its table, and a recheck that accepts all."""
    sample_report.install()
    result = assessment.assess(NAME, {"instances": [{"depth": [2, 30]}]}, claims.Inputs({}))
    certificates = {
        name: {"sha256": c["sha256"], "accepted": True, "reason": "", "statements": ["corrected", "printed"]}
        for name, c in result.content["certificates"].items()
    }
    yield sample_report.CLAIMS[NAME], result.content, result.rows, {"claim": NAME, "certificates": certificates}
    sample_report.remove()


def statement(result, name):
    return next(s for s in result.statements if s["name"] == name)


def test_accepted_certificates_leave_verdicts_as_they_are(run):
    claim, content, rows, rechecked = run
    result = final(claim, content, rows, rechecked)
    assert list(result.rows["verdict"]) == list(rows["verdict"])
    for written, seen in zip(content["statements"], result.statements, strict=True):
        assert {key: seen[key] for key in written} == written
    assert statement(result, "printed")["accepted"] == statement(result, "printed")["certified"] == 2
    assert statement(result, "sharper")["certified"] == 0  # numerical: nothing to recheck
    assert set(result.rows.loc[result.rows["statement"] == "sharper", "recheck"]) == {Recheck.NONE}


def refused(entry):
    entry.update(accepted=False, reason="the sign is not positive")


def another(entry):
    entry.update(sha256="0" * 64)


def silent(entry):
    entry.update(statements=["corrected"])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [(refused, "the sign is not positive"), (another, "saw another certificate"), (silent, "asserts nothing about")],
)
def test_a_refused_counterexample_no_longer_refutes(run, damage, reason):
    claim, content, rows, rechecked = run
    damage(rechecked["certificates"]["depth=30"])
    result = final(claim, content, rows, rechecked)
    printed = statement(result, "printed")
    assert (printed["verdict"], printed["failing"], printed["undecided"], printed["accepted"]) == ("undecided", 0, 1, 1)
    row = result.rows[(result.rows["statement"] == "printed") & (result.rows["instance"] == "depth=30")].iloc[0]
    assert row["recheck"] == Recheck.REFUSED
    assert row["reason"].startswith("certificate refused: ")
    assert reason in row["reason"]


def test_a_missing_entry_and_a_missing_recheck_certify_nothing(run):
    claim, content, rows, rechecked = run
    del rechecked["certificates"]["depth=30"]
    assert statement(final(claim, content, rows, rechecked), "corrected")["verdict"] == "undecided"
    result = final(claim, content, rows, None)
    assert {s["name"]: s["verdict"] for s in result.statements} == {
        "printed": "undecided",
        "corrected": "undecided",
        "sharper": "holds",
    }
    assert statement(result, "corrected")["accepted"] == 0


def test_a_table_that_the_claim_file_does_not_bind_certifies_nothing(run):
    claim, content, rows, rechecked = run
    altered = rows.assign(certificate="f" * 64)
    assert statement(final(claim, content, altered, rechecked), "corrected")["verdict"] == "undecided"
    altered = rows.assign(verdict=rows["verdict"].replace("fails", "holds"))
    assert statement(final(claim, content, altered, rechecked), "printed")["undecided"] == 1
    unbound = copy.deepcopy(content)
    del unbound["certificates"]["depth=30"]["statements"]["printed"]
    assert statement(final(claim, unbound, rows, rechecked), "printed")["undecided"] == 1


def test_outside_the_sample_is_labelled_and_keeps_its_evidence(run):
    claim, content, rows, rechecked = run
    rechecked["certificates"]["depth=30"].update(accepted=None, reason="outside the sample", statements=[])
    corrected = statement(final(claim, content, rows, rechecked), "corrected")
    assert (corrected["verdict"], corrected["evidence"]) == ("holds", "enclosed")
    assert (corrected["certified"], corrected["accepted"], corrected["skipped"]) == (2, 1, 1)
    assert recheck_sentence(corrected) == "1 of 2 certificates rechecked and accepted, 1 outside the sample."


def test_the_rows_given_are_not_changed(run):
    claim, content, rows, rechecked = run
    before = rows.copy(deep=True)
    refused(rechecked["certificates"]["depth=30"])
    final(claim, content, rows, rechecked)
    assert rows.equals(before)


def counts(verdict, quantifier="every", **given):
    zero = dict.fromkeys(("holding", "failing", "undecided", "vacuous"), 0)
    return {"verdict": verdict, "evidence": "exact", "quantifier": quantifier, **zero, **given}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (counts("holds", instances=9, holding=9), "Holds on 9 of 9 instances, exact."),
        (counts("holds", instances=1, holding=1), "Holds on 1 of 1 instance, exact."),
        (
            counts("holds", instances=9, holding=7, vacuous=2),
            "Holds on 7 of 9 instances, exact; a hypothesis is not met on 2.",
        ),
        (
            counts("fails", instances=9, failing=1, holding=6, undecided=2),
            "Fails on 1 of 9 instances, exact; holds on 6; undecided on 2.",
        ),
        (counts("undecided", instances=3, undecided=1, holding=2), "Undecided on 1 of 3 instances; holds on 2."),
        (
            counts("vacuous", instances=2, vacuous=2),
            "Says nothing on 2 of 2 instances: a hypothesis is not met, exact.",
        ),
        (counts("holds", "some", instances=64, holding=3), "Holds by 3 of 64 instances tried, exact."),
        (counts("undecided", "some", instances=64), "No witness among 64 instances tried; that refutes nothing."),
    ],
)
def test_sentences_say_what_was_seen_and_never_that_it_is_proved(given, expected):
    assert sentence(given) == expected
    assert "prove" not in sentence(given)


def test_refused_certificates_are_counted():
    given = {"certified": 9, "accepted": 5, "skipped": 1}
    assert recheck_sentence(given) == "5 of 9 certificates rechecked and accepted, 1 outside the sample, 3 refused."
    assert recheck_sentence({"certified": 0, "accepted": 0, "skipped": 0}) == ""
