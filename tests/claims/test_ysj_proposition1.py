"""Proposition 1: the verdicts on sets of rho, and the written proofs against the networks themselves in floats."""

import random
from collections.abc import Callable

import numpy as np
import pytest

from rescert.certify.check import check_rational_enumeration
from rescert.certify.real_roots import Interval
from rescert.claim import Inputs, Verdict
from rescert.claims.ysj_proposition1 import CLAIM, WITHOUT_3, check
from rescert.landscape import six_points

NOTHING = Inputs({})
X, NOISE = np.arange(6.0), np.array(six_points.NOISE, float)
SETS = ["(0, sqrt(5/4)]", "(sqrt(5/4), inf)", "[-sqrt(5/4), 0]", "(-11, -sqrt(5/4))", "(-inf, inf)", "1", "-6/5"]


def fully_connected(theta: np.ndarray, rho: float) -> float:
    w1, w2, b1, b2 = theta
    return float(np.mean((w2 * np.maximum(w1 * X + b1, 0) + b2 - X - rho * NOISE) ** 2))


def residual(theta: np.ndarray, rho: float) -> float:
    w, v, u, b, c = theta
    return float(np.mean((w * (X + v * np.maximum(u * X + b, 0)) + c - X - rho * NOISE) ** 2))


def theta2(rho: float) -> np.ndarray:
    h = X + rho / 2 * np.maximum(X - 3, 0)
    w, c = np.polyfit(h, X + rho * NOISE, 1)
    return np.array([w, rho / 2, 1.0, -3.0, c])


def lowest_nearby(risk: Callable[[np.ndarray, float], float], theta: np.ndarray, rho: float) -> float:
    draw = np.random.default_rng(0)
    return min(
        risk(theta + scale * draw.standard_normal(theta.size), rho) for scale in (1e-2, 1e-4) for _ in range(2000)
    )


@pytest.mark.parametrize("rho", SETS)
def test_no_statement_fails_and_every_assertion_is_derived_again(rho: str) -> None:
    findings = check({"rho": rho}, NOTHING)
    assert set(findings) == {s.name for s in CLAIM.statements}
    for finding in findings.values():
        assert finding.verdict in (Verdict.HOLDS, Verdict.VACUOUS)
        assert finding.assertions
        for assertion in finding.assertions:
            check_rational_enumeration(assertion, None)


def test_hypotheses_select_the_sets() -> None:
    verdicts = {rho: check({"rho": rho}, NOTHING)["fully_connected"].verdict for rho in SETS}
    holding = {"(0, sqrt(5/4)]", "(-inf, inf)", "1"}
    assert {rho for rho, verdict in verdicts.items() if verdict is Verdict.HOLDS} == holding


def test_beyond_the_true_threshold_the_conclusion_is_false() -> None:
    finding = check(CLAIM.control, NOTHING)[CLAIM.control_statement]
    assert finding.verdict is Verdict.VACUOUS
    here = Interval.parse("-6/5")
    assert six_points.FULLY_CONNECTED.exception(here, "<", six_points.LINEAR) is None
    just_below = Interval.parse("(-1.1181, -sqrt(5/4))")
    assert six_points.FULLY_CONNECTED.exception(just_below, "<", six_points.LINEAR) is None


def test_a_set_that_meets_the_hypothesis_in_one_irrational_number_is_undecided() -> None:
    finding = check({"rho": "[sqrt(5/4), 2]"}, NOTHING)["fully_connected"]
    assert finding.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("seed", range(4))
def test_no_parameters_go_below_the_exact_minima(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rho = float(draw.uniform(0.1, 4))
    for _ in range(3000):
        kink, turn, slope = draw.uniform(-1, 6), draw.choice([-1.0, 1.0]), draw.uniform(0.1, 3)
        hinge = np.maximum(turn * slope * (X - kink), 0)
        w2, b2 = np.linalg.lstsq(np.stack([hinge, np.ones(6)], 1), X + rho * NOISE, rcond=None)[0]
        theta = np.array([turn * slope, w2, -turn * slope * kink, b2])
        assert fully_connected(theta, rho) >= 8 / 15 * rho**2 * (1 - 1e-12)
        w, wv, c = np.linalg.lstsq(np.stack([X, hinge, np.ones(6)], 1), X + rho * NOISE, rcond=None)[0]
        theta = np.array([w, wv / w, turn * slope, -turn * slope * kink, c])
        assert residual(theta, rho) >= 29 / 57 * rho**2 * (1 - 1e-9)


@pytest.mark.parametrize("kink", [2, 3])
def test_both_residual_minima_are_attained_and_local(kink: int) -> None:
    rho = 0.7
    features = np.stack([X, np.maximum(X - kink, 0), np.ones(6)], 1)
    w, wv, c = np.linalg.lstsq(features, X + rho * NOISE, rcond=None)[0]
    theta = np.array([w, wv / w, 1.0, -kink, c])
    assert residual(theta, rho) == pytest.approx(29 / 57 * rho**2, rel=1e-12)
    assert lowest_nearby(residual, theta, rho) >= 29 / 57 * rho**2 * (1 - 1e-12)


def test_theta2_has_the_printed_risk_and_is_no_critical_point() -> None:
    for rho in (0.3, 1.0, 4.0):
        theta, step = theta2(rho), 1e-6
        printed = rho**2 * (12 * rho**2 + 82 * rho + 215) / (21 * rho**2 + 156 * rho + 420)
        assert residual(theta, rho) == pytest.approx(printed, rel=1e-12)
        at = residual(theta, rho)
        along_v, along_b = np.eye(5)[1], np.eye(5)[3]
        slope_v = (residual(theta + step * along_v, rho) - residual(theta - step * along_v, rho)) / (2 * step)
        assert abs(slope_v) > 1e-3 * rho
        forward = (residual(theta + step * along_b, rho) - at) / step
        backward = (at - residual(theta - step * along_b, rho)) / step
        error = 6 * rho * (2 * rho**2 + 17 * rho + 60) / (21 * rho**2 + 156 * rho + 420)
        assert forward - backward == pytest.approx(theta[0] * theta[1] * error / 3, rel=1e-3)


def test_the_residual_at_the_kink_of_theta2_is_shown_by_leaving_out_that_datum() -> None:
    """The five-point error it is compared with is asserted itself, not only computed."""
    finding = check({"rho": "1"}, NOTHING)["theta2_nature"]
    fits = [(a["relation"], f["target"]) for a in finding.assertions if "fits" in a for f in a["fits"]]
    assert [relation for relation, target in fits if len(target) == 5] == ["="]
    h = np.array([0, 1, 2, 4.5, 6])  # at rho = 1
    y = (X + NOISE)[[0, 1, 2, 4, 5]]
    slope, offset = np.polyfit(h, y, 1)
    numerator, denominator = (float(p(1)) for p in WITHOUT_3.value)
    assert numerator / denominator == pytest.approx(((slope * h + offset - y) ** 2).sum() / 6, rel=1e-12)


def test_local_minima_at_and_above_the_best_line() -> None:
    rho = 1.0
    y = X + rho * NOISE
    slope, offset = np.polyfit(X, y, 1)
    line = np.array([1.0, slope, 1.0, offset - slope])
    assert fully_connected(line, rho) == pytest.approx(8 / 15, rel=1e-12)
    assert lowest_nearby(fully_connected, line, rho) >= 8 / 15 * (1 - 1e-12)
    dead = np.array([0.0, 1.0, -1.0, y.mean()])
    assert fully_connected(dead, rho) == pytest.approx(rho**2 + 7 / 3 * rho + 35 / 12, rel=1e-12)
    assert lowest_nearby(fully_connected, dead, rho) >= fully_connected(dead, rho) * (1 - 1e-12)
    # the live one: 1 - rho/3 up to the kink, the best line of the last three data beyond it
    level, slope, at4 = 1 - rho / 3, 1 + rho, 4 + rho / 3
    kink = 4 + (level - at4) / slope
    live = np.array([1.0, slope, -kink, level])
    assert 2 < kink < 3
    assert fully_connected(live, rho) == pytest.approx(5 / 9 + 2 / 3 + 1 / 3, rel=1e-12)
    assert lowest_nearby(fully_connected, live, rho) >= fully_connected(live, rho) * (1 - 1e-12)


def test_a_false_formula_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from rescert.certify.comparison import Comparison
    from rescert.certify.piecewise import polynomial
    from rescert.claims import ysj_proposition1 as claim

    wrong = [Comparison(six_points.RESIDUAL, "=", polynomial([0, 0, "1/2"]))]
    content = {**claim.CONTENT}
    old = content["residual_minimum"]
    content["residual_minimum"] = claim.Content(old.scope, wrong, old.reason, old.measured, truth=claim.MINIMUM_2)
    monkeypatch.setattr(claim, "CONTENT", content)
    finding = check({"rho": str(random.Random(0).randint(1, 9))}, NOTHING)["residual_minimum"]
    assert finding.verdict is Verdict.FAILS
    assert finding.assertions
