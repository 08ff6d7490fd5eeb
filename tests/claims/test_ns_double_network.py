"""The double scalar network: where it converges, its two ways to the origin, and what must not certify."""

import pytest
import torch

from rescert.certify import check, sign
from rescert.certify.problem import trace
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_double_network import CLAIM
from rescert.dynamics.double_chain import DoubleChain, largest_step
from rescert.dynamics.double_regimes import hypotheses

NOTHING = Inputs({})
TWO_STEPS = [("-2", 2, "1/2"), ("-16/3", 3, "3/16"), ("-64/5", 4, "5/64"), ("-256/9", 5, "9/256"), ("2", 2, "1/2")]


def findings(**changes):
    instance = {"target": "-1", "depth": 3, "steps": 24, **changes}
    return CLAIM.check(instance if "step" in changes else {"fraction": "1/2", **instance}, NOTHING)


@pytest.mark.parametrize("target", ["-1/4", "-4", "3/2"])
@pytest.mark.parametrize("depth", [2, 3, 20])
@pytest.mark.parametrize("fraction", ["1/10", "1"])
def test_small_steps_converge_to_an_optimum(target, depth, fraction):
    found = findings(target=target, depth=depth, fraction=fraction, steps=60)
    for name in ("corrected", "cannot", "basin", "origin"):
        assert found[name].verdict is Verdict.HOLDS, name
    slow = fraction == "1/10"  # the tail after 60 steps may be too wide
    assert found["limit"].verdict in ((Verdict.HOLDS, Verdict.UNDECIDED) if slow else (Verdict.HOLDS,))
    assert found["sharpness"].verdict in ((Verdict.HOLDS, Verdict.UNDECIDED) if slow else (Verdict.HOLDS,))
    assert found["initially"].verdict is (Verdict.VACUOUS if target == "3/2" else Verdict.HOLDS)


@pytest.mark.parametrize(("target", "depth", "step"), TWO_STEPS)
def test_two_steps_lead_exactly_to_the_origin(target, depth, step):
    found = findings(target=target, depth=depth, step=step)
    assert found["two steps"].verdict is Verdict.HOLDS
    assert found["cannot"].verdict is Verdict.FAILS
    assert found["two steps"].evidence is found["cannot"].evidence is Evidence.EXACT


@pytest.mark.parametrize("change", [{"step": "51/100"}, {"target": "-201/100"}, {"depth": 3}])
def test_beside_these_the_origin_is_not_reached_in_two_steps(change):
    found = findings(**{"target": "-2", "depth": 2, "step": "1/2", **change})
    assert found["two steps"].verdict is Verdict.VACUOUS


def test_a_wrong_image_is_not_shown():
    chain = DoubleChain("-2", 2, step="1/2")
    constants = {"numerator": 2, "denominator": 1}
    for image in ((0, 1), (1, 2)):
        program = trace(lambda v, image=image: chain.grid_image(v, (1, 1), image), {}, constants)
        assert sign.prove_zero(program, 256) == ()


@pytest.mark.parametrize(("target", "depth", "step"), [("-5.2", 3, "0.19"), ("0.1", 3, "0.62"), ("-0.05", 5, "0.47")])
def test_an_open_set_of_settings_ends_at_the_origin(target, depth, step):
    found = findings(target=target, depth=depth, step=step)
    assert found["open set"].verdict is Verdict.HOLDS
    assert found["cannot"].verdict is Verdict.FAILS
    path = DoubleChain(target, depth, step=step).orbit_floats(20000)
    assert max(abs(x) for x in path[-1]) < max(abs(x) for x in path[100]) / 3


def test_even_depth_has_no_open_set():
    found = findings(depth=4, step="1/10")
    assert found["open set"].verdict is Verdict.VACUOUS
    assert "grows" in found["basin"].reason


def test_one_weight_has_no_equilibrium_at_the_origin():
    found = findings(depth=1)
    assert found["origin"].verdict is Verdict.FAILS
    assert found["cannot"].verdict is Verdict.HOLDS
    assert found["corrected"].verdict is found["basin"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize(
    ("step", "verdict"), [("49/100", "holds"), ("1/2", "fails"), ("51/100", "fails"), ("1", "fails")]
)
def test_first_step_brings_the_error_closer_below_one_half(step, verdict):
    assert findings(depth=2, step=step)["initially"].verdict == verdict


def test_proven_step_itself_is_undecided_in_balls_where_it_is_rational():
    """L = 3, λ = -7: p_c = 1/(3 (1+16)) = 1/51, and neither side of it may be certified."""
    found = findings(target="-7", depth=3, step="1/51")["corrected"]
    assert found.verdict is Verdict.UNDECIDED
    assert findings(target="-7", depth=3, step="1/52")["corrected"].verdict is Verdict.HOLDS
    assert findings(target="-7", depth=3, step="1/50")["corrected"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize("setting", [{"fraction": "1"}, {"step": "1/52", "target": "-7"}])
@pytest.mark.parametrize("name", ["corrected", "limit", "sharpness"])
def test_bound_on_the_step_is_asserted(name, setting):
    found = findings(**setting)[name]
    assert found.verdict is Verdict.HOLDS
    chain = DoubleChain(setting.get("target", "-1"), 3, setting.get("fraction"), setting.get("step"))
    assert set(map(str, hypotheses(chain).assertions)) <= set(map(str, found.assertions))
    assert hypotheses(chain).assertions


def test_limit_is_not_shown_while_the_bound_of_w_is_negative():
    """L = 3, λ = -40: after no step the bound w - w²e/L is below 0; its odd power would pass for a small one."""
    chain = DoubleChain("-40", 3, "1")
    v = {k: torch.tensor(float(x), dtype=torch.float64) for k, x in chain.constants.items()}
    low, *_ = chain.limit(v, 0)
    assert float(low) < 0
    for bounds in (chain.drift, chain.excess_sharpness):
        program = trace(lambda v, bounds=bounds: bounds(v, 0), {}, chain.constants)
        assert sign.prove(program, {}, ">", 256).proved is None


def test_conclusion_of_the_control_is_refuted():
    found = CLAIM.check(CLAIM.control, NOTHING)["corrected"]
    assert found.verdict is Verdict.VACUOUS
    assert found.conclusion is False


def test_a_faster_rate_is_not_shown():
    chain = DoubleChain("-1", 3, "1/2")

    def faster(v):
        _, p = chain.quantities(v)
        _, _, e = chain.orbit(v, 1)[1]
        return v["size"] * (1 - p * 9) - e  # S = 6 at the start

    program = trace(faster, {}, chain.constants)
    assert sign.prove(program, {}, "<", 256).proved


@pytest.mark.parametrize("depth", [2, 4])
def test_at_even_depth_no_run_fits_beyond_the_single_chains_critical_step(depth):
    for size in (0.5, 1.0, 4.0):
        assert largest_step(size, depth) < 2 / (depth * size ** (2 - 2 / depth)) * 1.01


def test_assertions_are_accepted_one_by_one():
    for changes in ({}, {"target": "-2", "depth": 2, "step": "1/2"}, {"target": "-0.1", "step": "0.62"}):
        for finding in findings(**changes).values():
            for assertion in finding.assertions:
                assert assertion["kind"] in check.KINDS
                check.check_sign(assertion, None)


@pytest.mark.parametrize(
    "change",
    [
        {"target": "0"},
        {"depth": 0},
        {"fraction": "-1"},
        {"step": "1"},
        {"steps": 1},
        {"target": "x"},
        {"fraction": "1/0"},
    ],
)
def test_misuse_is_refused_before_any_work(change):
    with pytest.raises(ValueError, match="expected"):
        CLAIM.validate({"target": "-1", "depth": 3, "fraction": "1/2", "steps": 24, **change})
