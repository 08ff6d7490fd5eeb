"""Section 4 of Nar and Sastry before its experiment: verdicts at every depth, the control, and bad input."""

import pytest

from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_local_optima import CLAIM

NOTHING = Inputs({})
FAILING = {"linear", "equality", "indices", "bias gradient"}


def findings(**changes):
    return CLAIM.check({"depth": 2, "samples": 11, **changes}, NOTHING)


@pytest.mark.parametrize("depth", [2, 3, 12])
def test_errata_fail_and_all_else_holds(depth):
    found = findings(depth=depth, samples=51)
    assert {name for name, f in found.items() if f.verdict is Verdict.FAILS} == FAILING
    assert {f.verdict for name, f in found.items() if name not in FAILING} == {Verdict.HOLDS}
    assert {f.evidence for f in found.values()} == {Evidence.EXACT}
    assert all(f.assertions for f in found.values())


def test_one_layer_is_too_few_for_the_target_for_the_misprint_and_for_a_tent():
    found = findings(depth=1)
    assert found["hidden"].verdict is Verdict.HOLDS
    assert "1/10" in found["hidden"].reason
    assert found["indices"].verdict is found["steep"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize(("samples", "verdict"), [(10, Verdict.VACUOUS), (11, Verdict.HOLDS)])
def test_span_begins_above_its_dimension(samples, verdict):
    assert findings(samples=samples)["span"].verdict is verdict


@pytest.mark.parametrize("tilt", [1, -1, 3])
def test_broken_conditions_are_vacuous(tilt):
    found = findings(tilt=tilt)
    for name in ("weighted", "least squares", "secants"):
        assert found[name].verdict is Verdict.VACUOUS
        assert found[name].assertions


def test_pieces_are_counted():
    found = findings(depth=10, samples=51)
    assert found["segments"].measured == 11
    assert found["pieces"].measured == 21


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": 0}, "expected a depth from 1 to 12, got 0"),
        ({"depth": 13}, "expected a depth from 1 to 12, got 13"),
        ({"samples": 2}, "expected at least 3 samples, got 2"),
    ],
)
def test_bad_instances_are_one_sentence_before_any_work(changes, message):
    with pytest.raises(ValueError, match=message):
        CLAIM.validate({"depth": 2, "samples": 11, **changes})
