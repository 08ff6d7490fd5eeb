"""Theorem 4: certified points of every origin, broken hypotheses, ties, and violations that are seen."""

import numpy as np
import pytest
import torch

from rescert import assessment
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import ysj_theorem4
from rescert.figures.drawing import caption
from rescert.landscape import linear_risk, near_identity, near_identity_bounds
from rescert.runtime import generator

NONE = Inputs({})
BASE = {"activation": "tanh", "width": 1, "dimension": 2, "samples": 32, "seed": 0}


def instance(origin: str, depth: int, lipschitz: str, **changes) -> dict:
    return {"origin": origin, "depth": depth, "lipschitz": lipschitz, **BASE, **changes}


def verdicts(origin: str, depth: int, lipschitz: str, **changes) -> dict[str, str]:
    findings = ysj_theorem4.check(instance(origin, depth, lipschitz, **changes), NONE)
    for finding in findings.values():
        if finding.verdict is not Verdict.UNDECIDED:
            assert finding.evidence is Evidence.ENCLOSED
            assert finding.assertions
    return {name: str(finding.verdict) for name, finding in findings.items()}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(origin: str, depth: int, lipschitz: str, move: float = 0.0, **changes):
    """A case, its linear risk; ``move`` is added to w."""
    parameters, X, y = near_identity.point(instance(origin, depth, lipschitz, **changes), generator)
    parameters["w"] = parameters["w"] + move
    return near_identity_bounds.enclose(parameters, X, y, "tanh"), linear_risk.enclose(X, y, "logistic")


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize("origin", ["drawn", "adverse"])
def test_fixed_blocks_near_the_identity(origin, depth):
    assert verdicts(origin, depth, "0.01") == {
        "printed": "holds",
        "sharper": "holds",
        "exact": "holds",
        "second_order": "vacuous",
        "trivial": "vacuous",
        "informative": "holds",
    }


def test_far_from_the_identity_the_printed_bound_says_nothing():
    found = verdicts("adverse", 4, "0.3")
    assert found["printed"] == found["sharper"] == found["exact"] == found["trivial"] == "holds"
    assert found["informative"] == "fails"


def test_at_zero_all_bounds_are_ties_or_above():
    found = verdicts("zero", 2, "0.1")
    assert found["printed"] == found["sharper"] == found["exact"] == found["trivial"] == "holds"
    assert found["second_order"] == "vacuous"
    assert found["informative"] == "fails"


@pytest.mark.parametrize("depth", [1, 2])
def test_designed_points_obey_the_second_order_bound(depth):
    finding = ysj_theorem4.check(instance("designed", depth, "0.01", output="1", samples=24), NONE)["second_order"]
    assert finding.verdict is Verdict.HOLDS
    values = finding.values
    gain = (values["printed_bound"] - values["linear_risk"]) * 0.02
    assert values["second_order_bound"] - values["linear_risk"] <= gain
    assert values["second_order_bound"] < values["sharper_bound"] < values["printed_bound"] < values["zero_risk"]
    if depth == 1:
        assert values["second_order_bound"] == pytest.approx(values["linear_risk"], abs=1e-12)


def test_separable_data_have_no_best_predictor_but_a_bound():
    changes = {"samples": 64, "separable": True, "dimension": 3, "width": 2}
    findings = ysj_theorem4.check(instance("adverse", 2, "0.3", **changes), NONE)
    for name in ("printed", "trivial", "informative"):
        assert findings[name].verdict is Verdict.VACUOUS
        assert "separable" in findings[name].reason
    assert findings["sharper"].verdict is findings["exact"].verdict is Verdict.HOLDS
    assert findings["sharper"].values["sharper_bound"] < np.log(2) - 0.1


def test_softplus_blocks_are_not_zero_at_zero():
    findings = ysj_theorem4.check(instance("drawn", 2, "0.03", activation="softplus"), NONE)
    assert findings["printed"].verdict is Verdict.VACUOUS
    assert "not 0 at 0" in findings["printed"].reason
    assert findings["sharper"].verdict is findings["exact"].verdict is Verdict.HOLDS


def test_the_control_breaks_the_bound_because_w_is_not_stationary():
    for finding in ysj_theorem4.check(ysj_theorem4.CLAIM.control, NONE).values():
        assert finding.verdict is Verdict.VACUOUS
        assert finding.reason == "w is not stationary"
    case, minimum = made("drawn", 2, "0.03", move=4.0)
    assert not case.existence
    assert near_identity_bounds.below_printed(case, minimum).below is False
    assert near_identity_bounds.below_infimum(case, case.displacement).below is False
    assert near_identity_bounds.below_exact(case).below is None


def test_understated_lipschitz_constants_do_not_hold(monkeypatch):
    """With constants 0 the printed bound is R_lin, and adverse blocks are above it."""
    case, minimum = made("adverse", 4, "0.1")
    assert near_identity_bounds.below_printed(case, minimum).below is True
    monkeypatch.setattr(near_identity, "least_growth", lambda values: 0 * near_identity.size(values))
    assert near_identity_bounds.below_printed(case, minimum).below is None


def test_the_second_order_bound_needs_the_outer_layers_stationary():
    """One adverse block is above R_lin, which is the second-order bound of one block."""
    case, _ = made("adverse", 1, "0.1", dimension=3, width=2)
    assert near_identity_bounds.below_second_order(case).below is False
    assert all(proof.proved for proof in near_identity_bounds.outer_layers_move(case))


def test_a_tie_is_decided_at_zero_only():
    case, minimum = made("zero", 2, "0.1")
    direct = case.prove(lambda v: case.risk(v) - near_identity.zero_risk(v), "<=")
    assert not direct.proved
    assert near_identity_bounds.below_zero_risk(case).proved
    # the same, with w no longer zero: nothing is decided
    box = {**case.box, "w": {"mid": case.parameters["w"], "rad": np.full(2, 1e-9)}}
    moved = near_identity_bounds.Case(case.parameters, case.inputs, case.labels, "tanh", box, (), "")
    assert not near_identity_bounds.below_zero_risk(moved).proved
    assert minimum.attained is True


@pytest.mark.parametrize(("origin", "depth"), [("drawn", 1), ("adverse", 4), ("zero", 2), ("designed", 2)])
def test_the_bounds_are_ordered(origin, depth):
    values = ysj_theorem4.check(instance(origin, depth, "0.03", output="1"), NONE)["printed"].values
    slack = 64 * np.finfo(float).eps
    assert values["risk"] <= values["exact_bound"] + slack
    assert values["exact_bound"] <= values["sharper_bound"] + slack
    assert values["sharper_bound"] <= min(values["printed_bound"], values["zero_risk"]) + slack


def test_half_a_unit_of_growth_makes_the_printed_bound_trivial():
    r"""$\prod(1+\rho_l)\ge\frac32$: whatever the data are, as $|\ell'(0;y)|\le\frac12$."""
    for seed in range(3):
        case, minimum = made("drawn", 4, "0.12", seed=seed, samples=24)
        known = near_identity_bounds.constants(case, minimum)
        enough = case.prove(lambda v: near_identity.least_growth(v) - 0.5, ">", **known)
        trivial = case.prove(lambda v: near_identity_bounds.printed_least(v) - near_identity.zero_risk(v), ">", **known)
        assert enough.proved
        assert trivial.proved


def test_certified_findings_prove_existence_first():
    findings = ysj_theorem4.check(instance("zero", 1, "0.1"), NONE)
    assert [findings[name].assertions[0]["kind"] for name in ("printed", "sharper", "exact")] == ["krawczyk"] * 3
    assert {a["kind"] for a in findings["exact"].assertions} == {"krawczyk", "array_sign"}


def test_the_figure_and_its_caption():
    instances = [instance("adverse", [1, 2], "0.01"), instance("zero", 1, "0.1")]
    found = assessment.assess("ysj_theorem4", {"instances": instances}, NONE)
    drawing = ysj_theorem4.figure({"claims/ysj_theorem4": found.rows})
    assert len(drawing.data) == 3
    text = " ".join(caption("ysj_theorem4", found.content["summary"]).split())
    assert "at 3 stationary points" in text
    assert "at 2 of 3 points" in text


def test_the_linear_risk_of_data_on_the_border_of_separability_is_not_0():
    """The datum 0 costs log 2 whatever t is, and the infimum over the other two is 0, not attained."""
    X, y = np.array([[1.0], [2.0], [0.0]]), np.array([1.0, 1.0, 0.0])
    parameters = {"w": np.ones(1), "V1": np.full((1, 1), 0.1), "U1": np.full((1, 1), 0.1)}
    minimum = linear_risk.enclose(X, y, "logistic")
    assert minimum.attained is False
    case = near_identity_bounds.enclose(parameters, X, y, "tanh")
    assert near_identity_bounds.describe(case, minimum)["linear_risk"] == pytest.approx(np.log(2) / 3, abs=1e-9)
