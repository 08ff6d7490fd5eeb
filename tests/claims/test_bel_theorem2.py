"""Theorem 2 of Bartlett, Evans and Long: enclosures against dense sampling, and constants that must not certify."""

import numpy as np
import pandas as pd
import pytest

from rescert.certify import balls, suprema
from rescert.claim import Evidence, Verdict
from rescert.claims.bel_theorem2 import CLAIM, Case
from rescert.decomposition.enclosures import change_program, root_program
from rescert.decomposition.factors import decompose, load_map

DEPTHS = [2, 8, 64]
COS = load_map("cos1d")


class Tables:
    """Inputs with one table."""

    def __init__(self, table):
        self.content = table

    def table(self, need):
        assert need == "decompositions/cos1d"
        return self.content


@pytest.fixture(scope="module")
def inputs():
    schedules = ["printed", "uniform", "equalised", "optimal"]
    return Tables(decompose({"map": "cos1d", "depths": DEPTHS, "schedules": schedules})[0])


@pytest.fixture(scope="module", params=DEPTHS)
def found(request, inputs):
    return CLAIM.check({"map": "cos1d", "depth": request.param}, inputs)


def test_all_statements_hold_enclosed(found):
    assert {f.verdict for f in found.values()} == {Verdict.HOLDS}
    assert {f.evidence for f in found.values()} == {Evidence.ENCLOSED}


def test_enclosure_is_above_the_sampled_supremum_and_near_it(found):
    for finding in found.values():
        values = finding.values
        assert values["sampled"] <= values["enclosed"] <= 1.02 * values["sampled"]


def test_program_is_the_change_of_the_jacobian(inputs):
    parameters = Case({"map": "cos1d", "depth": 8}, inputs).parameters("equalised")
    ends = np.concatenate([[0.0], parameters])
    program = change_program(COS, parameters)
    for v in np.linspace(-2, 2, 41):
        plain = (1 + np.sin(ends[1:] * v) / 2) / (1 + np.sin(ends[:-1] * v) / 2) - 1
        enclosed = balls.evaluate(program, {"point": [v]})
        # Ten roundings of the plain form, none of which exceeds one unit of 1.
        for ball, value in zip(enclosed, [*plain, *(-plain)], strict=True):
            assert abs(float(ball.mid()) - value) <= 10 * np.finfo(float).eps


def test_program_of_the_optimal_path_has_the_limit_as_supremum():
    bracket = suprema.supremum(root_program(COS, 4), {"point": {"mid": ["0"], "rad": ["2"]}}, 1e-6, precision=128)
    assert bracket.lower <= 1 - 0.5**0.25 <= bracket.upper <= (1 - 0.5**0.25) * (1 + 1e-5)


def test_a_bound_below_the_true_distance_is_not_shown(inputs):
    """M = 3/4 is no Lipschitz constant, and αRM/m is then below the distance of a factor."""
    found = CLAIM.check(CLAIM.control, inputs)["uniform"]
    assert found.verdict is Verdict.VACUOUS
    assert (found.hypotheses, found.conclusion) == (False, False)
    assert "no Lipschitz constant" in found.reason


def test_true_constant_given_as_another_is_not_taken_for_proved(inputs):
    """A given M that no point refutes leaves the hypothesis open; what is shown of the conclusion still counts."""
    found = CLAIM.check({"map": "cos1d", "depth": 2, "inverse_lipschitz": "2"}, inputs)["uniform"]
    assert found.hypotheses is None
    assert found.verdict is Verdict.HOLDS


def test_printed_bound_is_near_the_identity_only_from_59_factors_on(inputs):
    reasons = {m: CLAIM.check({"map": "cos1d", "depth": m}, inputs)["corrected"].reason for m in (8, 64)}
    assert "above 1" in reasons[8]
    assert "below 1" in reasons[64]


@pytest.mark.parametrize(
    "spoil", [lambda a: a[::-1], lambda a: a * 0.5, lambda a: a[1:], lambda a: np.concatenate([a[:1], a[:-1]])]
)
def test_numbers_that_are_no_schedule_are_refused(inputs, spoil):
    table = inputs.content.copy()
    table["parameters"] = [spoil(np.array(a)).tolist() for a in table["parameters"]]
    with pytest.raises(ValueError, match="rising numbers"):
        CLAIM.check({"map": "cos1d", "depth": 8}, Tables(table))


def test_depth_that_was_not_decomposed_is_refused(inputs):
    with pytest.raises(ValueError, match="expected depth 3"):
        CLAIM.check({"map": "cos1d", "depth": 3}, inputs)


def test_summary_compares_at_the_largest_depth(found, inputs):
    rows = pd.DataFrame([{"statement": n, "depth": 8, "bound": f.bound, **f.values} for n, f in found.items()])
    summary = CLAIM.summary(rows)
    assert 1 < summary["equalised_over_limit"] < summary["uniform_over_limit"] < summary["printed_over_limit"]
    assert summary["near_identity_from"] == 59
