"""Theorem 2 of Bartlett, Evans and Long: enclosures against dense sampling, and constants that must not certify."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from flint import arb

from rescert import runtime
from rescert.certify import balls, suprema
from rescert.certify.problem import trace
from rescert.claim import Evidence, Verdict
from rescert.claims.bel_theorem2 import CLAIM
from rescert.decomposition.enclosures import change_program, root_program
from rescert.decomposition.factor_case import Case
from rescert.decomposition.factors import decompose, load_map
from rescert.decomposition.ridge import Ridge

DEPTHS = [2, 8, 64]
COS = load_map("cos1d")


class Tables:
    """Inputs with one table."""

    def __init__(self, table):
        self.content = table

    def table(self, need):
        assert need == "decompositions/cos1d"
        return self.content


class AnyTables(Tables):
    """The same for any map."""

    def table(self, need):
        return self.content


SHEARS = {"map": "shears2d", "depths": [2], "schedules": ["printed", "uniform", "equalised"]}


@pytest.fixture(scope="module")
def inputs():
    schedules = ["printed", "uniform", "equalised", "optimal"]
    return Tables(decompose({"map": "cos1d", "depths": DEPTHS, "schedules": schedules}, runtime.generator)[0])


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
    parameters = Case(COS, 8, inputs.content).parameters("equalised")
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
    rows = pd.DataFrame(
        [{"statement": n, "map": "cos1d", "depth": 8, "bound": f.bound, **f.values} for n, f in found.items()]
    )
    summary = CLAIM.summary(rows)
    assert 1 < summary["equalised_least"] < summary["uniform_most"] < summary["printed_least"]
    assert summary["near_first"] == summary["near_last"] == 59
    assert 0 < summary["gap"] <= 2


@pytest.mark.parametrize(("name", "depth"), [("twist2d", 4), ("ridge10d", 4), ("shears2d", 2)])
def test_several_dimensions_are_enclosed_within_two_parts_in_a_hundred(name, depth):
    table = decompose(
        {"map": name, "depths": [depth], "schedules": ["printed", "uniform", "equalised"]}, runtime.generator
    )[0]
    found = CLAIM.check({"map": name, "depth": depth}, AnyTables(table))
    assert found.pop("limit").verdict is Verdict.VACUOUS
    for finding in found.values():
        assert (finding.verdict, finding.evidence) == (Verdict.HOLDS, Evidence.ENCLOSED)
        assert finding.values["sampled"] <= finding.values["enclosed"] <= 1.02 * finding.values["sampled"]


def test_images_of_a_ridge_map_are_not_shown_to_be_convex():
    """g_1(X) has a dent: above x_1 = 0 the boundary turns the other way."""
    case = Case(load_map("shears2d"), 2, decompose(SHEARS, runtime.generator)[0])
    assert case.convex.proved
    case.__dict__.pop("convex")
    case.h = load_map("ridge2d")
    assert not case.convex.proved
    assert "false at a point" in case.convex.reason


def test_a_bound_below_a_jacobian_of_the_plane_is_refuted_and_not_covered():
    case = Case(load_map("shears2d"), 2, decompose(SHEARS, runtime.generator)[0])
    sampled = float(case.rows["uniform"]["distance"])
    below = {"bound": str(0.999 * sampled)}
    assert case.excess("uniform", lambda v: v["bound"], below).proved
    assert not case.excess("uniform", lambda v: v["bound"], {"bound": str(1.001 * sampled)}).proved
    case.rows["uniform"]["distance"] = 0.98 * sampled
    assert case.enclose("uniform").assertions == ()


@pytest.mark.parametrize(("name", "stretch"), [("shears2d", 1 + 1e-6), ("sinh1d", 1 + 1e-6), ("ridge2d", 1.5)])
def test_a_point_outside_the_ball_shows_nothing(name, stretch):
    """The search leaves points of the boundary outside X by rounding, where nothing is claimed."""
    schedules = [*SHEARS["schedules"], *(["optimal"] if name == "sinh1d" else [])]
    case = Case(load_map(name), 2, decompose({**SHEARS, "map": name, "schedules": schedules}, runtime.generator)[0])
    below = {"bound": str(0.5 * float(case.rows["uniform"]["distance"]))}
    point = case.farthest("uniform")[1]
    assert sum(Fraction(x) ** 2 for x in point) < Fraction(case.h.RADIUS) ** 2
    assert case.excess("uniform", lambda v: v["bound"], below).proved
    case.rows["uniform"]["at"] = (stretch * np.array(case.rows["uniform"]["at"])).tolist()
    assert not case.excess("uniform", lambda v: v["bound"], below).proved


@pytest.mark.parametrize("name", ["ridge2d", "ridge10d"])
def test_program_of_a_ridge_map_has_the_length_of_its_floats(name):
    """At a = 1, b = 0, t = 1 it is |w| sin 1, of the floats w that h has, and not of a rounded length."""
    h = load_map(name)
    numbers = {"a": np.array([[1.0]]), "b": np.array([[0.0]]), "t": np.array([[1.0]])}
    (ball,) = balls.evaluate(trace(lambda v: h.line_change(v["a"], v["b"], v["t"]), {}, numbers), {}).flat
    square = sum(Fraction(w) ** 2 for w in Ridge(h.DIMENSION).outer[:, 0].tolist())
    with balls.working_precision(256):
        assert (ball**2 / arb(1).sin() ** 2).overlaps(balls.enter(square))
    assert ball.rad() < 1e-30


@pytest.mark.parametrize("name", ["gradconvex3d", "resflow10d"])
def test_maps_that_no_box_bounds_are_refused(name):
    with pytest.raises(ValueError, match="expected a map of dimension 1 or 2, or with a LINE"):
        CLAIM.validate({"map": name, "depth": 2})
