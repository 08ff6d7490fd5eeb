"""Proposition 3 of Nar and Sastry: regimes by parity, identities that stay identities, and what must not certify."""

import pytest

from rescert.certify import check, sign
from rescert.certify.problem import trace
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import ns_proposition3
from rescert.claims.ns_proposition3 import CLAIM
from rescert.dynamics.negative_target import Fate, NegativeChain

NOTHING = Inputs({})


def findings(**changes):
    return CLAIM.check({"target": "-1", "depth": 3, "fraction": "1/2", "steps": 10, **changes}, NOTHING)


@pytest.mark.parametrize("target", ["-1/4", "-4"])
@pytest.mark.parametrize("depth", [2, 3, 20])
@pytest.mark.parametrize("fraction", ["1/10", "9/10", "1"])
def test_weights_fall_to_zero_within_the_threshold(target, depth, fraction):
    found = findings(target=target, depth=depth, fraction=fraction)
    assert found["printed"].verdict is found["corrected"].verdict is Verdict.HOLDS
    assert found["corrected"].evidence is (Evidence.EXACT if fraction == "1" else Evidence.ENCLOSED)
    assert found["rate"].verdict is (Verdict.VACUOUS if fraction == "1" else Verdict.HOLDS)
    assert found["scan"].verdict is Verdict.HOLDS


@pytest.mark.parametrize(
    ("changes", "evidence"),
    [
        ({"depth": 1}, Evidence.EXACT),
        ({"fraction": "0"}, Evidence.EXACT),
        ({"fraction": "-1/2", "depth": 2}, Evidence.ENCLOSED),
        ({"fraction": "-1/2", "depth": 1}, Evidence.ENCLOSED),
    ],
)
def test_printed_statement_fails_for_one_weight_and_for_no_or_negative_steps(changes, evidence):
    found = findings(**changes)
    assert found["printed"].verdict is Verdict.FAILS
    assert found["printed"].evidence is evidence
    assert found["corrected"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize(("depth", "verdict"), [(1, "fails"), (2, "fails"), (3, "holds"), (4, "fails"), (21, "holds")])
def test_printed_equilibria_are_those_of_odd_depth(depth, verdict):
    assert findings(depth=depth, target="-2")["equilibria"].verdict == verdict


@pytest.mark.parametrize("depth", [2, 4, 20])
@pytest.mark.parametrize(("fraction", "evidence"), [("3/2", "enclosed"), ("2", "exact"), ("9/4", "enclosed")])
def test_even_depth_turns_at_twice_the_threshold(depth, fraction, evidence):
    found = findings(depth=depth, fraction=fraction, target="-2/3")
    assert found["even"].verdict is Verdict.HOLDS
    assert found["even"].evidence == evidence
    assert found["printed"].verdict is found["odd"].verdict is Verdict.VACUOUS


def test_period_two_is_undecided_as_an_inequality():
    """At q = 2 neither fall nor growth of |w| may be shown."""
    chain = NegativeChain("-2/3", 4, "2")
    for slack in (chain.shrinkage, chain.growth):
        program = trace(lambda v, slack=slack: slack(v, 2), {}, chain.constants)
        assert sign.prove(program, {}, ">", 512).proved is None


@pytest.mark.parametrize("fraction", ["1999999/1000000", "2000001/1000000"])
def test_a_millionth_beside_the_even_threshold_is_decided(fraction):
    assert findings(depth=2, fraction=fraction)["even"].verdict is Verdict.HOLDS


def test_larger_steps_find_the_optimum_at_odd_depth():
    found = findings(target="-1/2", fraction="11/10")
    assert found["odd"].verdict is found["beyond"].verdict is Verdict.HOLDS
    assert found["unreachable"].verdict is Verdict.VACUOUS


def test_optimum_that_repels_is_not_reached():
    found = findings(target="-2", fraction="11/10")
    assert found["odd"].verdict is Verdict.VACUOUS
    assert found["unreachable"].verdict is found["beyond"].verdict is Verdict.HOLDS


def test_rational_optimum_that_repels_may_be_met_exactly():
    found = findings(target="-1", depth=5, fraction="13/10")["unreachable"]
    assert found.verdict is Verdict.HOLDS
    assert "may still meet it exactly" in found.reason
    assert "rational while" in findings(target="-2", depth=5, fraction="13/10")["unreachable"].reason


@pytest.mark.parametrize("name", ["odd", "return", "unreachable", "rate"])
def test_hypotheses_on_the_step_are_asserted(name):
    """q - 1 > 0 or q (1-q) > 0 is an assertion of its own, so that a certificate shows them without its instance."""
    cases = {"odd": ("-1/2", "11/10"), "return": ("-4", "21/20"), "unreachable": ("-2", "11/10"), "rate": ("-1", "1/2")}
    target, fraction = cases[name]
    found = findings(target=target, fraction=fraction, steps=40)[name]
    q = NegativeChain(target, 3, fraction).fraction
    assert found.verdict is Verdict.HOLDS
    assert sign.constant(q * (1 - q) if name == "rate" else q - 1, ">") in found.assertions


def test_that_no_ceiling_serves_is_shown_by_a_place_below_the_optimum_only():
    chain = NegativeChain("-4", 3, "21/20")
    for place, proved in (("1.33", True), ("1.6", None)):
        program = trace(chain.no_ceiling, {}, {**chain.constants, "place": place})
        assert sign.prove(program, {}, ">", 256).proved is proved


def test_no_ceiling_serves_where_the_first_step_is_too_large():
    found = findings(target="-1/100", depth=5, fraction="5")["beyond"]
    assert found.verdict is Verdict.VACUOUS
    assert "q-1" in found.reason


@pytest.mark.parametrize("depth", [2, 3])
def test_scan_fails_where_runs_contradict_the_theorems(depth, monkeypatch):
    q = [0.5, 1.5, 2.5]
    seen = [Fate.ZERO, Fate.OVERFLOW, Fate.OVERFLOW]
    early = [Fate.ZERO, Fate.OPTIMUM, Fate.NEITHER]
    monkeypatch.setattr(ns_proposition3, "_runs", lambda target, depth: (q, early, seen))
    found = findings(depth=depth)["scan"]
    assert found.verdict is Verdict.FAILS
    assert found.reason.count("q = ") == 1


def test_weights_may_come_back_to_zero_beyond_the_threshold():
    found = findings(target="-4", fraction="21/20", steps=40)
    assert found["return"].verdict is Verdict.HOLDS
    assert found["beyond"].verdict is Verdict.VACUOUS
    assert findings(target="-1/2", fraction="11/10")["return"].verdict is Verdict.UNDECIDED


def test_conclusion_of_the_control_is_refuted():
    found = CLAIM.check(CLAIM.control, NOTHING)["corrected"]
    assert found.verdict is Verdict.VACUOUS
    assert found.conclusion is False


@pytest.mark.parametrize("fraction", ["5/4", "3/2"])
def test_fall_is_not_shown_beyond_the_threshold(fraction):
    chain = NegativeChain("-1", 3, fraction)
    assert sign.prove(trace(lambda v: chain.decrease(v, 4), {}, chain.constants), {}, ">", 512).proved is None


def test_faster_rates_are_refuted():
    """Neither (1-2pa)^k for L = 2 nor 1+2npak for L = 5 bounds the orbit."""
    flat, deep = (NegativeChain("-1", depth, "1/2") for depth in (2, 5))

    def geometric(v):
        size, p = flat.quantities(v)
        return (1 - p * size * 2) ** 10 - flat.orbit(v, 10)[10]

    def algebraic(v):
        size, p = deep.quantities(v)
        return 1 / deep.orbit(v, 100)[100] ** 3 - 1 - p * size * (2 * 3 * 100)

    for chain, slack in ((flat, geometric), (deep, algebraic)):
        assert sign.prove(trace(slack, {}, chain.constants), {}, "<", 1024).proved


def test_assertions_are_accepted_one_by_one():
    for changes in ({}, {"depth": 2, "fraction": "2"}, {"target": "-1/2", "fraction": "11/10"}):
        for finding in findings(**changes).values():
            for assertion in finding.assertions:
                assert assertion["kind"] in check.KINDS
                check.check_sign(assertion, None)


@pytest.mark.parametrize(
    "change", [{"target": "0"}, {"target": "1"}, {"depth": 0}, {"target": "two"}, {"fraction": ""}, {"steps": 2}]
)
def test_misuse_is_refused_before_any_work(change):
    instance = {"target": "-1", "depth": 3, "fraction": "1/2", "steps": 10, **change}
    with pytest.raises(ValueError, match="expected"):
        CLAIM.validate(instance)
