"""Section 3.1 of Nar and Sastry: which networks are convex, which signs are needed, and the network of two units."""

import pytest

from rescert.certify import check
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_convexity import CLAIM

NOTHING = Inputs({})
HOLDS, FAILS, VACUOUS = Verdict.HOLDS, Verdict.FAILS, Verdict.VACUOUS


def findings(**changes):
    instance = {"family": "drawn", "dimension": 2, "widths": "4 4", "seed": 0, "tests": 12, **changes}
    CLAIM.validate(instance)
    return CLAIM.check(instance, NOTHING)


def verdicts(found, *names):
    return [found[name].verdict for name in names]


def test_network_of_the_class_has_all_properties():
    found = findings()
    assert verdicts(found, "printed", "signs", "order", "affine") == [HOLDS] * 4
    assert found["printed"].evidence is Evidence.EXACT
    assert verdicts(found, "needed", "slopes", "reach", "better", "below") == [VACUOUS] * 5


def test_free_network_is_convex_without_the_printed_signs_and_without_order():
    found = findings(family="free")
    assert verdicts(found, "printed", "signs", "order", "affine") == [VACUOUS, HOLDS, VACUOUS, HOLDS]


@pytest.mark.parametrize("entry", ["W1", "W2", "W3", "V2", "V3", "c"])
def test_each_sign_is_needed(entry):
    found = findings(family="counterexample", entry=entry)
    assert verdicts(found, "printed", "signs", "needed", "order", "affine") == [VACUOUS, VACUOUS, HOLDS, VACUOUS, HOLDS]
    assert found["needed"].measured == "-0.125"


def test_changed_network_without_a_segment_that_bends_is_undecided():
    """One test segment is too few to see the kink."""
    found = findings(family="changed", dimension=1, seed=2, entry="W1", tests=1)
    assert found["needed"].verdict is Verdict.UNDECIDED
    assert findings(family="changed", dimension=1, seed=2, entry="W1", tests=40)["needed"].verdict is HOLDS


TWO = {"family": "univariate", "w1": "1", "w2": "1", "slope": "1", "curvature": "1", "length": "2", "tests": 4}


@pytest.mark.parametrize(
    ("b1", "b2", "printed", "measured"),
    [("1", "1/2", HOLDS, "4"), ("1", "5/2", VACUOUS, "4"), ("1", "3", VACUOUS, "2"), ("3", "1", VACUOUS, "2")],
)
def test_top_slope_is_reached_under_the_exact_condition(b1, b2, printed, measured):
    found = findings(**TWO, b1=b1, b2=b2)
    assert verdicts(found, "printed", "slopes", "reach") == [HOLDS, printed, HOLDS]
    assert found["reach"].measured == measured
    assert found["reach"].bound == "4"


def test_estimate_can_be_worse_than_the_line():
    found = findings(**{**TWO, "w1": "3", "w2": "8"}, b1="1/4", b2="1/2")
    assert verdicts(found, "better", "below") == [FAILS, VACUOUS]
    better = findings(**{**TWO, "curvature": "8"}, b1="1/2", b2="1")
    assert verdicts(better, "better", "below") == [HOLDS, HOLDS]


def test_assertions_are_accepted_by_the_checker():
    for found in (findings(tests=3), findings(**TWO, b1="1/2", b2="1")):
        for finding in found.values():
            for assertion in finding.assertions:
                if assertion["kind"] != "array_sign":
                    check.KINDS[assertion["kind"]](plain(assertion), None)


def plain(value):
    """Arrays as nested lists, as a certificate may also hold them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list | tuple) else value


def test_control_is_not_of_the_class():
    assert CLAIM.check(CLAIM.control, NOTHING)[CLAIM.control_statement].verdict is VACUOUS


@pytest.mark.parametrize("change", [{"w1": "1/3"}, {"b1": "0"}, {"curvature": "-1"}])
def test_misuse_of_two_units_is_refused_before_any_work(change):
    with pytest.raises(ValueError, match="expected a positive"):
        findings(**{**TWO, "b1": "1", "b2": "1", **change})
