"""Lemma 3 of Bartlett, Evans and Long: equalities, enclosed constants, pairs, and an α that is too small."""

import math
from fractions import Fraction

import pytest
import torch

from rescert.certify import suprema
from rescert.certify.problem import Program, trace
from rescert.claim import Evidence, Verdict
from rescert.claims.bel_lemma3 import CLAIM
from rescert.decomposition import approximation_case, curvature_bounds
from rescert.decomposition import linear_approximation as linear
from rescert.decomposition.extremal_maps import ExtremalMap
from rescert.decomposition.factors import load_map
from rescert.decomposition.pair_search import Pairs

ODD = {"family": "odd", "smoothness": "3", "radius": "2"}
QUADRATIC = {"family": "quadratic", "smoothness": "1", "radius": "3/4"}
ENCLOSED = ("cos1d", "shears2d", "twist2d", "ridge10d", "gradconvex3d", "resflow10d")
HELD = ("remainder", "lipschitz", "near", "middle", "converse", "constants")


def pairs(*points):
    return Pairs(*torch.tensor(points, dtype=torch.float64)[:, :, None])


@pytest.fixture(scope="module", params=["cos1d", "twist2d", "resflow10d"])
def found(request):
    return CLAIM.check({"map": request.param, "tests": 10, "seed": 1}, None)


def test_inequalities_hold_on_maps(found):
    for name in HELD:
        assert found[name].verdict is Verdict.HOLDS, (name, found[name].reason)
        assert found[name].evidence is Evidence.ENCLOSED
        assert found[name].assertions
    assert found["everywhere"].verdict is found["attained"].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("instance", [ODD, {**ODD, "smoothness": "1/8"}, QUADRATIC], ids=str)
def test_equalities_are_exact(instance):
    found = CLAIM.check(instance, None)
    for name in (*HELD, "attained"):
        assert found[name].verdict is Verdict.HOLDS, (name, found[name].reason)
        assert found[name].evidence is Evidence.EXACT
    relations = [a["relation"] for a in found["attained"].assertions]
    assert relations.count(">=") == relations.count("<=") == (5 if instance["family"] == "odd" else 3)


def test_lipschitz_bound_fails_outside_the_ball():
    """In rationals: h(x) = x + 3x|x|/2, R = 2, so h(2) = 8 and h(6) = 60."""
    h = ExtremalMap("odd", "3", "2")
    assert h.value(torch.tensor([[2.0], [6.0]], dtype=torch.float64))[:, 0].tolist() == [8, 60]
    found = CLAIM.check(ODD, None)["everywhere"]
    assert found.verdict is Verdict.FAILS
    assert found.evidence is Evidence.EXACT
    assert Fraction(found.measured) == Fraction(60 - 8, 4) > Fraction(found.bound) == 7


def test_quadratic_has_no_inverse_on_the_line_nor_on_large_balls():
    assert CLAIM.check(QUADRATIC, None)["everywhere"].verdict is Verdict.VACUOUS
    for radius in ("1", "2"):
        found = CLAIM.check({**QUADRATIC, "radius": radius}, None)
        assert {f.verdict for f in found.values()} == {Verdict.VACUOUS}
        assert all(f.assertions for f in found.values())


@pytest.mark.parametrize("name", ["cos1d", "twist2d"])
def test_half_of_alpha_is_refuted_by_a_pair(name):
    half = str(Fraction(load_map(name).SMOOTHNESS) / 2)
    findings = CLAIM.check({"map": name, "smoothness": half, "tests": 4}, None)
    # With α = 1/4 and R = 2, Lip(h) = 3/2 = 1 + αR of cos1d is as large as it may be.
    assert findings["lipschitz"].conclusion is None
    found = findings["remainder"]
    assert found.verdict is Verdict.VACUOUS
    assert found.conclusion is False
    assert [a["relation"] for a in found.assertions] == [">=", "<", "<"]
    assert 1.99 < float(found.measured) <= 2.001


def test_an_alpha_too_small_by_little_is_refuted_and_one_that_only_seems_so_is_undecided():
    found = CLAIM.check({"map": "cos1d", "smoothness": "0.4999", "tests": 4}, None)["remainder"]
    assert found.conclusion is False
    slack = CLAIM.check({"map": "resflow10d", "smoothness": "0.5", "tests": 4}, None)
    assert {f.verdict for f in slack.values()} == {Verdict.UNDECIDED}


@pytest.mark.parametrize("name", ENCLOSED)
def test_declared_constants_are_enclosed_and_smaller_ones_are_not(name):
    h = load_map(name)
    alpha, inverse = Fraction(h.SMOOTHNESS), Fraction(h.INVERSE_LIPSCHITZ)
    assert curvature_bounds.prove_smoothness(h, alpha).proved
    assert curvature_bounds.prove_smoothness(h, alpha * Fraction(999, 1000)).proved is None
    near, stretch = (
        curvature_bounds.prove_nearness(h, alpha * Fraction(h.RADIUS)),
        curvature_bounds.prove_inverse(h, inverse),
    )
    assert near is None if name == "resflow10d" else near.proved
    assert stretch is None if h.DIMENSION > 2 else stretch.proved
    if name in ("cos1d", "twist2d"):  # where M is the least constant
        assert curvature_bounds.prove_inverse(h, inverse * Fraction(999, 1000)).proved is None


@pytest.mark.parametrize("name", ["cos1d", "shears2d", "ridge3d", "twist2d"])
def test_second_derivatives_of_the_cover_are_those_of_the_map(name):
    """The program of the cover at a point of its chart, against automatic differentiation."""
    h = load_map(name)
    proof = curvature_bounds.prove_smoothness(h, Fraction(h.SMOOTHNESS))
    program = Program.from_json(proof.assertion["program"])
    at = {"r": 0.7, "angle": 0.4, "turn": 1.1, "t": 0.0, "t'": 1.0}
    v = {key: torch.tensor(at[key], dtype=torch.float64) for key in program.inputs}
    x = curvature_bounds.point(h, v)
    u = torch.stack(curvature_bounds.direction(h, v)) if h.DIMENSION > 1 else torch.ones(1, dtype=torch.float64)
    twice = torch.func.jacfwd(torch.func.jacfwd(h.value))(x)
    second = torch.einsum("ijk,j,k->i", twice, u, u)
    bound = Fraction(h.SMOOTHNESS) * (1 + curvature_bounds.ROOM)
    assert float(program.evaluate(v)) == pytest.approx(float(second @ second - float(bound) ** 2), rel=1e-12)


def test_symmetric_maps_have_the_norms_of_the_axis():
    """‖D²h‖ at random points is that at the point of the axis to which the chart refers."""

    def norm(h, x):
        angle = torch.linspace(0, math.pi, 721, dtype=torch.float64)
        u = torch.stack([angle.cos(), angle.sin()], -1)
        return torch.einsum("ijk,nj,nk->ni", torch.func.jacfwd(torch.func.jacfwd(h.value))(x), u, u).norm(dim=-1).max()

    for name in ("twist2d", "ridge2d"):
        h = load_map(name)
        for x in 0.7 * torch.randn(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64):
            along = x.norm() if name == "twist2d" else x[0]
            on_axis = torch.stack([along, 0 * along])
            torch.testing.assert_close(norm(h, x), norm(h, on_axis), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize(
    "instance", [{"map": "shears2d", "tests": 50}, {"map": "gradconvex3d", "tests": 50}, ODD], ids=str
)
def test_slacks_and_ratios_are_the_same_inequalities(instance):
    case = approximation_case.read(instance)
    drawn = case.pairs(torch.Generator().manual_seed(0))
    alpha, radius = float(case.alpha), float(case.radius)
    v = {"alpha": alpha, "radius": radius, "x": drawn.x, "y": drawn.y}
    square = (drawn.y - drawn.x).norm(dim=-1) ** 2
    sizes = drawn.x.norm(dim=-1) + drawn.y.norm(dim=-1)
    for slack, ratio, unit, least in (
        (linear.remainder_slack, linear.remainder_ratio, square / 2, alpha),
        (linear.middle_slack, linear.middle_ratio, square / 4, alpha),
        (linear.growth_slack, linear.growth_ratio, square**0.5, 1 + alpha * radius),
        (linear.nearness_slack, linear.nearness_ratio, square**0.5 * sizes / 2, alpha),
    ):
        expected = unit**2 * (least**2 - ratio(case.h, *drawn) ** 2)
        torch.testing.assert_close(slack(case.h, v), expected, rtol=1e-6, atol=1e-13)
    assert bool((linear.inside(case.h, v) >= 0).all())


def test_mean_of_the_ends_has_half_the_constant_too():
    """x + α x|x|/2 at y = -x: the mean of h' is 1 + α|x|, the mean slope 1 + α|x|/2."""
    h, ends = ExtremalMap("odd", "1", "2"), pairs([-2.0], [2.0])
    v = {"alpha": 1.0, "radius": 2.0, "x": ends.x, "y": ends.y}
    assert linear.mean_slack(h, v).item() == linear.middle_slack(h, v).item() == 0
    assert linear.remainder_slack(h, v).item() == 8**2 - 4**2  # h(2) - h(-2) = 8, and 8 - 4 h'(-2) = -4
    smaller = {**v, "alpha": 0.99}
    assert linear.mean_slack(h, smaller).item() < 0


def test_converse_constants_agree():
    """The four-point inequality of theorem 4: what the remainder of near pairs needs, differences of Dh need."""
    for name in ("cos1d", "shears2d"):
        case = approximation_case.read({"map": name, "tests": 4})
        worst = case.worst(torch.Generator().manual_seed(2))
        assert worst["remainder"][1] == pytest.approx(worst["change"][1], rel=2e-3)


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ({"tests": 3}, "expected either a map or a family"),
        ({"map": "cos1d", **ODD}, "expected either a map or a family"),
        ({"family": "odd", "smoothness": "1"}, "expected smoothness and radius"),
        ({"family": "even", "smoothness": "1", "radius": "1"}, "expected a family among"),
        ({"family": "odd", "smoothness": "1/3", "radius": "1"}, "expected positive binary fractions"),
        ({"family": "odd", "smoothness": "1", "radius": "0"}, "expected positive binary fractions"),
        ({"map": "cos1d", "smoothness": "-1", "tests": 3}, "expected a positive smoothness"),
        ({"map": "cos1d", "tests": 0}, "expected at least one pair"),
        ({"map": "cos4d", "tests": 3}, "expected a map with a file"),
    ],
)
def test_bad_instances_are_refused_in_a_sentence(instance, message):
    with pytest.raises(ValueError, match=message):
        CLAIM.validate(instance)


def test_cover_of_a_touching_bound_needs_room():
    """h'' of cos1d reaches its bound inside the interval: without room no cover ends."""
    h = load_map("cos1d")
    program = trace(lambda v: v["x"] * 0 + h.jacobian(v["x"])[0] - 1.5, {"x": (1,)})
    assert suprema.prove(program, {"x": {"mid": ["0"], "rad": ["2"]}}, "<=", 300).proved is None
