"""Convex decomposition: known infima, twins of the derivatives, functions without a decomposition, and misuse."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from rescert import runtime
from rescert.certify import balls, check, inertia, suprema
from rescert.certify.problem import trace
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_decomposition import CLAIM
from rescert.decomposition import attainment, curvature, gradient_conditions
from rescert.decomposition.oscillation import Oscillation
from rescert.decomposition.smooth_functions import TABLE

NOTHING = Inputs({})
HOLDS, FAILS, VACUOUS, UNDECIDED = Verdict.HOLDS, Verdict.FAILS, Verdict.VACUOUS, Verdict.UNDECIDED
BOXES = {1: "1", 2: "1 1", 3: "1 1 1"}


def findings(function, **changes):
    box = BOXES[TABLE[function].dimension] if function in TABLE else "1"
    instance = {"function": function, "box": box, "margin": "1/16", "constant": "50", **changes}
    CLAIM.validate(instance)
    return CLAIM.check(instance, NOTHING)


def verdicts(found, *names):
    return [found[name].verdict for name in names]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_written_derivatives_are_those_of_the_function(name):
    f = TABLE[name]
    point = torch.rand(f.dimension, generator=runtime.generator(0, name), dtype=torch.float64) + 0.1
    gradient = torch.func.grad(lambda x: f.value(x))(point)
    assert torch.allclose(torch.stack(list(f.gradient(point))), gradient, rtol=1e-12, atol=1e-14)
    hessian = torch.func.hessian(lambda x: f.value(x))(point)
    assert torch.allclose(curvature.hessians(f, point[None])[0], hessian, rtol=1e-12, atol=1e-13)
    program = trace(lambda v: torch.stack(list(f.hessian(v["x"]))), {"x": (f.dimension,)})
    exact = balls.evaluate(program, {"x": point.numpy()})
    rows, columns = torch.triu_indices(f.dimension, f.dimension)
    for ball, value in zip(exact, hessian[rows, columns].tolist(), strict=True):
        assert abs(float(ball.mid()) - value) < 1e-12


def test_hessian_as_a_function_of_the_root_is_the_hessian():
    """Covers of such a function see nothing but this form of its Hessian."""
    x = torch.tensor([0.25, 0.7], dtype=torch.float64)
    given = [f for f in TABLE.values() if f.hessian_of_root is not None]
    assert given
    for f in given:
        assert torch.allclose(
            torch.stack(f.hessian_of_root(x.sqrt()[None])), torch.stack(f.hessian(x[None])), rtol=1e-15
        )


def test_leading_minors_are_determinants():
    matrix = torch.tensor([[4.0, 1.0, -2.0], [1.0, 3.0, 0.5], [-2.0, 0.5, 5.0]], dtype=torch.float64)
    minors = curvature.leading_minors(matrix.tolist())
    assert minors == pytest.approx([float(torch.linalg.det(matrix[:k, :k])) for k in (1, 2, 3)])


@pytest.mark.parametrize(
    ("name", "box", "least"),
    [
        ("cosine", "3", -1),
        ("double_well", "2", -1),
        ("parabola", "1", -2),
        ("saddle", "1 1", -1),
        ("monkey", "3/4 1", -2.5),
        ("waves", "2 2", -9),
        ("product", "1 1 1", -math.sqrt(2)),
        ("exponential", "1", 1),
        ("root", "1", 1),
    ],
)
def test_bracket_contains_the_closed_form(name, box, least):
    f = TABLE[name]
    found = curvature.bracket(f, curvature.lengths(box, f.dimension), 1 / 16)
    assert found.proved
    assert found.low < least < found.high
    assert found.high - found.low < 0.126


def test_shift_beyond_the_bracket_is_not_proved():
    f, sides = TABLE["double_well"], [Fraction(2)]
    program = curvature.minors_program(f, 1 - 1 / 64)  # below α* = 1
    assert not suprema.prove(program, curvature.box(sides), ">", 500).proved
    assert not inertia.prove_negative_direction(curvature.shifted(f, "1"), {"x": [0.0]}, {"x": [1.0]}).proved  # at α*


@pytest.mark.parametrize(
    ("name", "star", "attained"), [("cosine", 1, True), ("parabola", 2, False), ("saddle", 1, False)]
)
def test_attainment_at_the_infimum(name, star, attained):
    f = TABLE[name]
    found = attainment.attainment(f, curvature.lengths(BOXES[f.dimension], f.dimension), runtime.generator(0, "s"), 12)
    assert (found.star, found.attained) == (star, attained)


def test_least_curvature_at_another_point_than_the_known_one_is_undecided():
    """On the unit square the known direction of x²y - y³/3 is not that of the corner (1, 1)."""
    assert verdicts(findings("monkey", box="1 1"), "attained", "unattained") == [UNDECIDED, UNDECIDED]


def test_nothing_is_said_of_attainment_where_an_equality_is_not_shown():
    """At 0, cos has the least curvature, but r bends on the segment beside it."""
    flat = replace(TABLE["cosine"], flat=True)
    found = attainment.attainment(flat, [Fraction(1)], runtime.generator(0, "s"), 4)
    assert (found.attained, found.assertions) == (None, ())


@pytest.mark.parametrize(("name", "least"), [("double_well", -1), ("parabola", -2), ("waves", -9), ("product", -1.42)])
def test_one_alpha_is_shown_on_the_whole_box(name, least):
    f = TABLE[name]
    alpha, shown = curvature.large_enough(f, curvature.lengths(BOXES[f.dimension], f.dimension))
    assert alpha + least > 0
    assert [a["kind"] for a in shown] == ["definite"]
    check.check_definite(_plain(shown[0]), None)


def test_no_alpha_is_shown_where_the_function_has_a_root_at_the_boundary():
    assert curvature.large_enough(TABLE["root"], [Fraction(1)])[1] == ()
    assert findings("root")["decomposition"].verdict is HOLDS  # by the covers


def test_claim_on_functions_with_and_without_attainment():
    well, saddle = findings("double_well"), findings("saddle")
    assert verdicts(well, "attained", "unattained") == [HOLDS, FAILS]
    assert verdicts(saddle, "attained", "unattained") == [FAILS, HOLDS]
    assert verdicts(saddle, "decomposition", "existence", "gradient", "determinant") == [HOLDS, HOLDS, VACUOUS, VACUOUS]
    assert saddle["existence"].bound == "β > 1, 0"
    assert verdicts(findings("quartic"), "attained", "unattained") == [VACUOUS, VACUOUS]


@pytest.mark.parametrize(("name", "evidence"), [("quartic", "exact"), ("ridge", "exact"), ("root", "enclosed")])
def test_strictly_convex_functions_that_break_theorem_3(name, evidence):
    found = findings(name, constant="1000000")
    assert verdicts(found, "gradient", "conditions", "determinant") == [FAILS, HOLDS, HOLDS]
    assert found["gradient"].evidence is Evidence(evidence)
    assert float(found["gradient"].measured) > 10**6


@pytest.mark.parametrize(("name", "box"), [("exponential", "1"), ("bowl", "1/4 1/4")])
def test_functions_with_a_hessian_away_from_zero_meet_its_conditions(name, box):
    found = findings(name, box=box)
    assert verdicts(found, "gradient", "conditions", "determinant", "existence") == [HOLDS] * 4
    assert float(found["conditions"].measured) < float(found["conditions"].bound)


def test_lipschitz_bound_of_the_hessian_is_above_the_truth_and_near():
    bound, assertions = gradient_conditions.hessian_lipschitz(TABLE["exponential"], [Fraction(1)])
    assert math.e < bound < 1.1 * math.e
    assert len(assertions) == 1


def test_quotients_of_the_quartic_are_inverse_squares():
    assert gradient_conditions.inverse_quotients(TABLE["quartic"], [1.0, 0.5]) == [1.0, 4.0]
    assert gradient_conditions.refute(TABLE["quartic"], [Fraction(1)], Fraction(10**6)).distance == 2.0**-10


@pytest.mark.parametrize("exponent", ["5", "11/2", "6", "7"])
def test_derivatives_of_the_oscillation(exponent):
    osc = Oscillation(Fraction(exponent), Fraction(1))
    x = torch.tensor([0.31, 0.77], dtype=torch.float64)
    for order, written in ((1, osc.slope), (2, osc.second_derivative)):
        function = lambda t: osc.value(t)  # noqa: E731
        for _ in range(order):
            function = torch.func.grad(function)
        expected = torch.stack([function(t) for t in x])
        assert torch.allclose(written(x), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("exponent", "decomposition", "existence", "irregular", "indivisible"),
    [
        ("9/2", FAILS, VACUOUS, FAILS, HOLDS),
        ("5", FAILS, VACUOUS, FAILS, HOLDS),
        ("11/2", FAILS, VACUOUS, HOLDS, FAILS),
        ("6", HOLDS, HOLDS, VACUOUS, VACUOUS),
        ("7", HOLDS, HOLDS, VACUOUS, VACUOUS),
    ],
)
def test_oscillations_by_exponent(exponent, decomposition, existence, irregular, indivisible):
    found = findings("oscillation", exponent=exponent, points=20)
    names = ("decomposition", "existence", "irregular", "indivisible")
    assert verdicts(found, *names) == [decomposition, existence, irregular, indivisible]
    assert verdicts(found, "gradient", "attained") == [VACUOUS, UNDECIDED]


def test_variation_that_is_not_shown_decides_nothing(monkeypatch):
    monkeypatch.setattr(Oscillation, "variation", lambda self, count: ([1.0], 1.0, ()))
    found = findings("oscillation", exponent="5", points=20)
    assert verdicts(found, "decomposition", "irregular", "indivisible") == [FAILS, UNDECIDED, UNDECIDED]


def test_bracket_of_an_oscillation_is_about_the_sampled_least_value():
    osc = Oscillation(Fraction(6), Fraction(1))
    found = osc.bracket(1 / 16)
    sampled = float(osc.second_derivative(torch.linspace(0.01, 1, 200001, dtype=torch.float64)).min())
    assert found.proved
    assert found.low < sampled < found.high


def test_variation_grows_like_the_harmonic_sum():
    """a = 5: f'(x_k) = ∓2/(πk), so the variation over k = 1..N is Σ 2/(πk) + 2/(π(k+1))."""
    sums, bound, shown = Oscillation(Fraction(5), Fraction(1)).variation(50)
    expected = sum(2 / (math.pi * k) + 2 / (math.pi * (k + 1)) for k in range(1, 50))
    assert sums[-1] == pytest.approx(expected, rel=1e-9)
    assert bound < sums[-1]
    check.check_sign(_plain(shown[0]), None)


def _plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(("name", "box"), [("bowl", "1/4 1/4"), ("double_well", "1"), ("ridge", "1 1")])
def test_assertions_are_accepted_by_the_checker(name, box):
    for finding in findings(name, box=box, margin="1/64").values():
        for assertion in finding.assertions:
            check.KINDS[assertion["kind"]](_plain(assertion), None)


def test_gradient_of_a_locally_convex_function_on_a_bent_domain_is_not_injective():
    """ρ² exp(4ω²/(3π)) at ω = ±3π/4: positive definite Hessian, one gradient at two points."""

    def f(x):
        angle = torch.atan2(x[1], x[0])
        return (x * x).sum() * torch.exp(4 * angle * angle / (3 * torch.pi))

    points = [torch.tensor([-1.0, s], dtype=torch.float64) for s in (1.0, -1.0)]
    one, other = (torch.func.grad(f)(p) for p in points)
    assert torch.allclose(one, other, rtol=1e-12)
    for rho, omega in ((1.1, -2.7), (1.5, 0.0), (1.9, 2.2)):
        x = torch.tensor([rho * math.cos(omega), rho * math.sin(omega)], dtype=torch.float64)
        assert torch.linalg.eigvalsh(torch.func.hessian(f)(x)).min() > 0


def test_control_breaks_the_hypothesis():
    assert CLAIM.check(CLAIM.control, NOTHING)[CLAIM.control_statement].verdict is VACUOUS


@pytest.mark.parametrize(
    ("function", "changes"),
    [
        ("nothing", {}),
        ("cosine", {"box": "1 1"}),
        ("cosine", {"box": "1/3"}),
        ("cosine", {"margin": "0"}),
        ("cosine", {"constant": "-1"}),
        ("oscillation", {"exponent": "4", "points": 5}),
        ("oscillation", {"exponent": "5", "points": 1}),
        ("oscillation", {"exponent": "5", "points": 5, "box": "1/16"}),
    ],
)
def test_misuse_is_one_sentence(function, changes):
    with pytest.raises(ValueError, match=r"^expected"):
        findings(function, **changes)
