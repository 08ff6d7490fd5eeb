"""Proposition 1: vacuous, refuted and corrected, by depth and spread, and text that is no instance."""

import pytest

from rescert.certify import check
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import ns_proposition1
from rescert.claims.ns_proposition1 import CLAIM
from rescert.dynamics.chain_ensemble import ORDER

NOTHING = Inputs({})


def instance(**changes):
    plain = {"target": "2", "depth": 3, "spread": "3/2", "data": "1 -2 2", "starts": 20, "steps": 400, "seed": 0}
    return {**plain, **changes}


@pytest.fixture(scope="module")
def found():
    return CLAIM.check(instance(), NOTHING)


def test_deep_chain(found):
    assert found["printed"].verdict is Verdict.VACUOUS
    assert found["cannot"].verdict is Verdict.FAILS
    assert found["cannot"].evidence is Evidence.EXACT
    for name in ("largest", "critical", "steep", "spread", "border", "slide"):
        assert found[name].verdict is Verdict.HOLDS, name


def test_every_assertion_is_accepted(found):
    for finding in found.values():
        for assertion in finding.assertions:
            check.KINDS[assertion["kind"]](assertion, None)


def test_counts_are_of_all_starts_and_finite(found):
    values = found["slide"].values
    totals = [sum(counts) for counts in zip(*(values[str(o)] for o in ORDER), strict=True)]
    assert totals == [20] * len(values["factors"])
    assert values["beyond_converged"] == 0
    assert values["gain"][0] > 2 > values["gain"][-1]


def test_one_weight_is_the_case_in_which_the_printed_sentence_says_something():
    one = CLAIM.check(instance(depth=1, spread="1"), NOTHING)
    assert one["printed"].verdict is Verdict.HOLDS
    assert one["cannot"].verdict is Verdict.HOLDS
    assert one["slide"].verdict is Verdict.VACUOUS


def test_two_weights_are_stable_at_equality():
    two = CLAIM.check(instance(depth=2, target="-1/2", spread="1", starts=2, steps=10), NOTHING)
    assert two["border"].verdict is Verdict.HOLDS
    assert two["largest"].verdict is Verdict.HOLDS
    assert two["slide"].verdict is Verdict.VACUOUS


def test_runs_that_still_move_refute_nothing():
    slow = CLAIM.check(instance(spread="2/3"), NOTHING)["slide"]
    assert slow.verdict is Verdict.UNDECIDED


def test_a_bracket_that_is_not_found_leaves_all_that_needs_it_undecided(monkeypatch):
    monkeypatch.setattr(ns_proposition1.Equilibrium, "bracket", lambda self: "nothing was decided")
    lost = CLAIM.check(instance(starts=2, steps=10), NOTHING)
    for name in ("printed", "critical", "largest", "spread"):
        assert lost[name].verdict is Verdict.UNDECIDED
        assert not lost[name].assertions
    assert lost["cannot"].verdict is Verdict.FAILS


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "0"}, "target other than 0"),
        ({"target": "two"}, "expected a finite number"),
        ({"depth": 0}, "depth of at least 1"),
        ({"depth": 1, "spread": "2"}, "which is 1 at depth 1"),
        ({"spread": "0"}, "spread > 0"),
        ({"spread": "-1"}, "spread > 0"),
        ({"data": "0 0"}, "not all 0"),
        ({"data": ""}, "not all 0"),
        ({"data": "1 inf"}, "expected a finite number"),
        ({"starts": 0}, "at least 1 start"),
        ({"steps": 1}, "2 steps"),
    ],
)
def test_bad_input_is_one_sentence_before_any_work(changes, words):
    with pytest.raises(ValueError, match=words):
        CLAIM.validate(instance(**changes))
