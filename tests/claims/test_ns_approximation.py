"""Approximation by networks (7): known verdicts, exact errors, a linear program as a naive twin, and bad input."""

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from rescert.certify import check
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_approximation import CLAIM
from rescert.decomposition import quadratic_networks
from rescert.decomposition.quadratic_form import Quadratic

NOTHING = Inputs({})
EXAMPLE = {"hessian": "2 -1; -1 2", "gradient": "1 1", "width": 2}
PENTAGON = {
    "hessian": "13/8 1 0 0 1; 1 13/8 1 0 0; 0 1 13/8 1 0; 0 0 1 13/8 1; 1 0 0 1 13/8",
    "gradient": "1 1 1 1 1",
    "width": 2,
}


def findings(**changes):
    return CLAIM.check({**EXAMPLE, **changes}, NOTHING)


def verdicts(found):
    return {name: finding.verdict for name, finding in found.items()}


def test_the_printed_statements_fail_at_the_example_and_the_others_hold():
    found = findings()
    assert verdicts(found) == {
        "scalar": Verdict.VACUOUS,
        "narrow": Verdict.VACUOUS,
        "single": Verdict.FAILS,
        "corrected": Verdict.HOLDS,
        "exact": Verdict.HOLDS,
        "not enough": Verdict.VACUOUS,
        "route": Verdict.FAILS,
        "route corrected": Verdict.HOLDS,
        "pair": Verdict.HOLDS,
        "rate": Verdict.HOLDS,
    }
    assert {f.evidence for f in found.values()} == {Evidence.EXACT}
    assert found["exact"].measured == "[0.25, 0.25]"
    assert found["rate"].values["pair_error"] == 7 / 64


def test_one_variable_holds_as_printed():
    found = findings(hessian="2", gradient="1", width=4)
    assert found["scalar"].verdict is found["narrow"].verdict is found["single"].verdict is Verdict.HOLDS
    assert found["scalar"].measured.startswith("1/128")


def test_supermodular_is_not_enough():
    found = CLAIM.check(PENTAGON, NOTHING)
    assert found["not enough"].verdict is found["corrected"].verdict is Verdict.HOLDS
    assert found["single"].verdict is Verdict.FAILS
    assert "9/1910" in found["single"].measured


@pytest.mark.parametrize("hessian", ["2 1; 1 2", "4 3; 3 5/2"])
def test_completely_positive_functions_are_limits(hessian):
    found = findings(hessian=hessian)
    assert found["single"].verdict is found["corrected"].verdict is found["route"].verdict is Verdict.HOLDS
    assert found["exact"].measured == "0"


def test_functions_that_are_not_convex_are_differences_all_the_same():
    found = findings(hessian="0 -1; -1 0", gradient="0 0")
    assert found["single"].verdict is found["exact"].verdict is Verdict.VACUOUS
    assert found["pair"].verdict is found["rate"].verdict is found["route corrected"].verdict is Verdict.HOLDS
    assert found["route"].verdict is Verdict.FAILS


@pytest.mark.parametrize("change", [{"gradient": "0 1"}, {"hessian": "1 1; 1 1"}, {"hessian": "1 2; 2 1"}])
def test_broken_hypotheses_are_vacuous_with_an_assertion(change):
    found = findings(**change)["corrected"]
    assert found.verdict is Verdict.VACUOUS
    assert found.assertions


def test_a_form_that_is_not_found_is_undecided():
    """Definite, without negative entries, four variables, and no order of elimination serves: nothing is claimed."""
    found = findings(hessian="2 3 0 1; 3 6 1 0; 0 1 5 1; 1 0 1 4", gradient="1 1 1 1")
    for name in ("single", "corrected", "not enough"):
        assert found[name].verdict is Verdict.UNDECIDED
        assert not found[name].assertions
    assert found["pair"].verdict is Verdict.HOLDS


def least_error(f, steps):
    """Best error on a grid of all networks of depth one with kinks at multiples of 1/steps in five directions."""
    t = np.arange(steps + 1) / steps
    points = np.array(list(itertools.product(t, t)))
    columns = [points[:, 0], points[:, 1]]
    for v in ((1, 0), (0, 1), (1, 1), (1, 2), (2, 1)):
        columns += [np.maximum(points @ v - b, 0) for b in np.arange(steps * sum(v)) / steps]
    matrix = np.stack([*columns, np.ones(len(points)), -np.ones(len(points))], axis=1)
    target = np.array([float(f.at([Fraction(x) for x in p])) for p in points.tolist()])
    size = np.ones((len(points), 1))
    above, below = np.hstack([matrix, -size]), np.hstack([-matrix, -size])
    cost = np.zeros(above.shape[1])
    cost[-1] = 1
    found = linprog(cost, np.vstack([above, below]), np.concatenate([target, -target]))
    assert found.status == 0
    return found.fun


@pytest.mark.parametrize(
    ("hessian", "gradient"), [("2 -1; -1 2", "1 1"), ("4 -1; -1 2", "1/2 1"), ("1 -2; -2 8", "1/4 1")]
)
def test_a_linear_program_comes_to_the_exact_error_and_not_below(hessian, gradient):
    f = Quadratic.parse(hessian, gradient)
    best = quadratic_networks.best(f, 8)
    # On a grid that holds the corners the bound is one for the grid's error too.
    assert float(best.error) - 1e-9 <= least_error(f, 8) <= float(best.bound) + 1e-9


def test_a_linear_program_has_no_lower_bound_to_keep_to_with_a_positive_mixed_term():
    assert least_error(Quadratic.parse("2 1; 1 2", "1 1"), 8) < 1e-9


def test_a_separable_network_out_of_the_class_has_no_error_to_show():
    """With a positive gradient below half of the mixed term the first slope of many cells is negative."""
    few, many = (findings(hessian="2 -3/2; -3/2 2", gradient="1/2 1", width=n)["exact"] for n in (2, 8))
    assert few.verdict is many.verdict is Verdict.HOLDS
    assert few.values["separable_error"] == 3 / 8
    assert "separable_error" not in many.values


def test_functions_are_told_apart_by_their_gradients_too():
    rows = pd.DataFrame(
        [{**EXAMPLE, "gradient": g, "width": n, "statement": s, "verdict": findings(gradient=g, width=n)[s].verdict,
          **findings(gradient=g, width=n)[s].values}
         for g in ("1 1", "1 2") for n in (1, 2) for s in ("single", "exact")]
    )  # fmt: skip
    found = CLAIM.summary(rows)
    assert (found["functions"], found["failing"], found["widths"]) == (2, 2, 2)
    assert found["function"] == "x^2+y^2-xy+x+y"


def test_three_variables_are_missed_by_what_two_of_them_do_together():
    """x_2 against x_1 and x_3: twice the bound of one entry."""
    found = findings(hessian="4 -1 2; -1 3 -1; 2 -1 4", gradient="1 1 1")["single"]
    assert found.verdict is Verdict.FAILS
    assert found.measured.startswith(">= 1/2")


def test_pairs_get_four_times_better():
    errors = [findings(width=n)["rate"].values["pair_error"] for n in (1, 2, 4)]
    assert errors == [7 / 16, 7 / 64, 7 / 256]


def test_assertions_are_of_the_fixed_vocabulary():
    for finding in findings(width=1).values():
        assert all(a["kind"] in check.KINDS for a in finding.assertions)


@pytest.mark.parametrize(
    "change",
    [
        {"hessian": "2 1; 0 2"},
        {"hessian": "1/3 0; 0 1"},
        {"gradient": "1"},
        {"gradient": "1 x"},
        {"width": 0},
        {"width": 65},
        {"width": "2"},
        {"hessian": "; ".join(" ".join(["1"] * 9) for _ in range(9)), "gradient": " ".join(["1"] * 9)},
    ],
)
def test_misuse_is_refused(change):
    with pytest.raises(ValueError, match="expected"):
        CLAIM.validate({**EXAMPLE, **change})
