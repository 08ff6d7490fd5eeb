"""Bisection on local growth: known critical steps, and answers that must not be given."""

from fractions import Fraction

import pytest

from rescert.certify import check, sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.dynamics.local_growth import bisect


def linear(critical: Fraction):
    """Growth of a run whose error is multiplied by 1 - 2 step/critical."""

    def growth(step):
        program = trace(lambda v: (1 - v["x"]) ** 2 - 1, {}, {"x": str(2 * step / critical)})
        return sign.decide(program, {}, ">", 128)

    return growth


@pytest.mark.parametrize("critical", [Fraction(2, 3), Fraction(10**9, 7), Fraction(1, 3**40)])
@pytest.mark.parametrize("near", [1e-3, 1.0, 1e4])
def test_the_bracket_contains_the_critical_step_and_is_narrow(critical, near):
    found = bisect(linear(critical), near)
    assert found.low < critical < found.high
    assert found.width <= Fraction(1, 2**30)
    for proof, relation in ((found.shrinks, "<="), (found.grows, ">")):
        assert proof.assertion["relation"] == relation
        check.check_sign(proof.assertion, None)


def test_an_end_that_is_not_decided_is_a_sentence_and_no_bracket():
    found = bisect(lambda step: (None, Proof(None, None, "too wide")), 1.0)
    assert isinstance(found, str)
    assert "not decided: too wide" in found


def test_growth_at_every_step_ends_the_search():
    assert "no change of growth" in bisect(lambda step: (True, Proof(True, {}, "")), 1.0)


@pytest.mark.parametrize("near", [0.0, -1.0])
def test_misuse_is_refused(near):
    with pytest.raises(ValueError, match="expected a step > 0"):
        bisect(linear(Fraction(1)), near)
