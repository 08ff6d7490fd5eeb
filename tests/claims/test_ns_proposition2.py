"""Proposition 2 of Nar and Sastry: known cases, identities that stay identities, and steps that must not certify."""

from fractions import Fraction

import numpy as np
import pytest

from rescert.certify import balls, check, sign
from rescert.certify.problem import trace
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_proposition2 import CLAIM
from rescert.dynamics.scalar_chain import Chain

NOTHING = Inputs({})


def findings(**changes):
    instance = {"target": "2", "depth": 3, "fraction": "1/2", "negatives": 0, "steps": 8, **changes}
    return CLAIM.check(instance, NOTHING)


@pytest.mark.parametrize("target", ["0.1", "0.9", "1.1", "5"])
@pytest.mark.parametrize("depth", [2, 20])
@pytest.mark.parametrize("fraction", ["1/10", "1/2", "1"])
def test_all_but_the_remark_hold_within_the_critical_step(target, depth, fraction):
    found = findings(target=target, depth=depth, fraction=fraction)
    assert found["printed"].verdict is found["corrected"].verdict is Verdict.HOLDS
    assert found["larger_step"].verdict is Verdict.HOLDS
    one_step = fraction == "1" and float(target) < 1
    assert found["rate"].verdict is (Verdict.VACUOUS if one_step else Verdict.HOLDS)
    assert found["remark"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize("depth", [2, 5])
def test_negative_step_breaks_the_printed_statement_below_one(depth):
    found = findings(target="1/2", depth=depth, fraction="-1")
    assert found["printed"].verdict is Verdict.FAILS
    assert found["printed"].evidence is Evidence.ENCLOSED
    assert found["corrected"].verdict is Verdict.VACUOUS


def test_negative_step_above_one_is_undecided_because_only_some_steps_are_seen():
    found = findings(target="2", fraction="-1/10")["printed"]
    assert found.verdict is Verdict.UNDECIDED
    assert "strict for 2 <= k <= 8" in found.reason


def test_target_one_is_an_identity():
    found = findings(target="1", fraction="1")
    assert found["corrected"].verdict is Verdict.HOLDS
    assert found["corrected"].evidence is Evidence.EXACT
    assert "not defined" in found["printed"].reason
    assert found["rate"].verdict is found["larger_step"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize(("depth", "negatives"), [(2, 1), (5, 1), (5, 3), (4, 3)])
def test_remark_fails_as_printed_and_holds_as_corrected(depth, negatives):
    found = findings(target="-2", depth=depth, negatives=negatives, steps=40)
    assert found["remark"].verdict is Verdict.FAILS
    assert found["corrected"].verdict is Verdict.HOLDS
    assert found["printed"].verdict is Verdict.VACUOUS


def test_remark_holds_where_all_starts_are_negative_and_the_depth_is_odd():
    assert findings(target="-2", depth=5, negatives=5)["remark"].verdict is Verdict.HOLDS


def test_even_number_of_negative_starts_is_no_case_of_the_remark():
    found = findings(target="-2", depth=4, negatives=2)
    assert {f.verdict for f in found.values()} == {Verdict.VACUOUS}


def test_even_number_of_negative_starts_serves_positive_targets():
    found = findings(target="2", depth=4, negatives=2)
    assert found["corrected"].verdict is Verdict.HOLDS
    assert found["printed"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize("fraction", ["2", "3"])
def test_step_beyond_the_limit_does_not_hold_and_is_seen_to_break_the_bound(fraction):
    found = findings(target="1/2", depth=2, fraction=fraction)
    assert found["corrected"].verdict is Verdict.VACUOUS
    assert found["corrected"].conclusion is False
    assert "broken at k = 1" in found["corrected"].reason


def test_identity_of_the_first_step_is_undecided_in_balls():
    """For λ > 1 the bound is an identity at k = 1: neither it nor its opposite may be certified."""
    chain = Chain("2", 3, "1/2", 0)
    for s in (1, -1):
        first = trace(lambda v, s=s: chain.excess(v, 1, -1) * s, {}, {**chain.constants, "stretch": "1"})
        for relation in (">", "<"):
            assert sign.prove(first, {}, relation, 256).proved is None
        assert balls.evaluate(first, {}, 256)[0].contains(0)


@pytest.mark.parametrize("excess", ["1/1000000", "-1/1000000"])
def test_step_at_which_the_first_bound_turns_is_decided_on_both_sides(excess):
    """λ < 1: at k = 1 the bound holds iff p (G(1)+G(ℓ)) <= 2; a millionth to either side is decided."""
    chain = Chain("1/2", 2, "1", 0)
    # For L = 2: G(1) = 1 + ℓ and G(ℓ) = 2ℓ² = 1, so the limit in parts of δ_c is 2(1+ℓ)/(2+ℓ) with ℓ² = 1/2.
    limit = Fraction(2 * (1 + 0.5**0.5) / (2 + 0.5**0.5)).limit_denominator(10**12)
    chain = Chain("1/2", 2, str(limit + Fraction(excess)), 0)
    program = trace(lambda v: chain.excess(v, 1, -1), {}, {**chain.constants, "stretch": "1"})
    assert sign.prove(program, {}, ">" if Fraction(excess) > 0 else "<", 256).proved


def test_measured_ratio_is_that_of_floats():
    found = findings(target="0.5", depth=5, fraction="1/2", steps=10)["corrected"].values
    root, w, p = 0.5**0.2, 1.0, 0.5 * (1 - 0.5**0.2) / 0.5
    rho = 1 - p * 5 * root**8
    for k in range(11):
        assert found["distance"][k] == pytest.approx(abs(w - root), rel=1e-10)
        assert found["bound_curve"][k] == pytest.approx(rho**k * (1 - root), rel=1e-10)
        w -= p * w**4 * (w**5 - 0.5)
    ratios = np.array(found["distance"][1:]) / found["bound_curve"][1:]
    assert found["worst_ratio"] == pytest.approx(ratios.max(), rel=1e-10)


@pytest.mark.parametrize(("target", "fraction"), [("5", "1"), ("5", "1/2"), ("1/2", "9/10"), ("-2", "1/2")])
def test_rate_is_shown_with_the_monotony_of_the_factors(target, fraction):
    found = findings(target=target, fraction=fraction, negatives=int(target[0] == "-"))["rate"]
    assert found.verdict is Verdict.HOLDS
    assert len(found.assertions) == 2
    for assertion in found.assertions:
        check.check_sign(assertion, None)


def test_factors_that_move_the_other_way_are_not_shown_monotone():
    """Above δ_c the orbit steps over ℓ, so the same expressions are not positive."""
    chain = Chain("2", 3, "3/2", 0)
    program = trace(lambda v: chain.monotone_slack(v, 4), {}, {**chain.constants, "stretch": "1"})
    assert not sign.prove(program, {}, ">", 512).proved


def test_assertions_are_of_the_fixed_vocabulary():
    for finding in findings().values():
        assert all(a["kind"] in check.KINDS for a in finding.assertions)


@pytest.mark.parametrize("change", [{"steps": 2}, {"depth": 1}, {"target": "0"}, {"negatives": 9}])
def test_misuse_is_refused(change):
    with pytest.raises(ValueError, match="expected"):
        findings(**change)
