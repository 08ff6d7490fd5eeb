"""Lemma 5 of Bartlett, Evans and Long: equalities, drawn pairs, and maps whose composition has no derivative."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert import runtime
from rescert.certify import balls
from rescert.certify.problem import trace
from rescert.claim import Evidence, Verdict
from rescert.claims.bel_lemma5 import CLAIM, case
from rescert.decomposition import perturbed_identity as near

TANH = {"family": "tanh", "dimension": 2, "lipschitz": "5/8", "seed": 0, "tests": 8}
PLAIN = [{"family": f, "lipschitz": "5/8", "tests": 8} for f in ("shrink", "stretch", "turn", "ray", "sine", "wild")]
ALL = [TANH, *PLAIN]
ids = {"ids": lambda i: i["family"]}


@pytest.mark.parametrize("instance", ALL, **ids)
def test_bounds_inverse_ball_and_disc_hold(instance):
    found = CLAIM.check(instance, None)
    for name in ("bounds", "inverse", "ball", "disc"):
        assert found[name].verdict is Verdict.HOLDS, (name, found[name].reason)
        assert found[name].assertions


@pytest.mark.parametrize("instance", ALL, **ids)
def test_pairs_keep_the_declared_distance(instance):
    f = case(instance)
    v = f.floats(near.pairs(f, 2000, torch.Generator().manual_seed(1)))
    assert bool((near.distance_slack(f, v) >= -1e-12).all())
    assert bool((near.disc_slack(f, v) >= -1e-12).all())


@pytest.mark.parametrize("instance", ALL, **ids)
def test_directional_derivative_is_that_of_differences(instance):
    f = case(instance)
    v = f.floats(near.pairs(f, 50, torch.Generator().manual_seed(2)))
    keep = (v["x"] - 1).abs().amax(dim=1) > 0.25  # wild oscillates at 1
    x, u = v["x"][keep], v["u"][keep]
    difference = (f.value(v, x + 1e-6 * u) - f.value(v, x - 1e-6 * u)) / 2e-6
    torch.testing.assert_close(f.change(v, x, u), difference, rtol=1e-6, atol=1e-6)


def test_disc_is_an_equality_for_rotations_and_multiples_of_the_identity():
    for seed in range(5):
        f = case({"family": "turn", "lipschitz": "5/16", "tests": 4, "seed": seed})
        points = near.pairs(f, 4, torch.Generator().manual_seed(seed))
        enclosed = balls.evaluate(trace(lambda v, f=f: near.disc_slack(f, v), {}, {**f.named(), **points}), {})
        assert all(ball == 0 for ball in enclosed)
    for family in ("shrink", "stretch"):
        f = case({"family": family, "lipschitz": "1/4", "tests": 4})
        points = near.pairs(f, 4, torch.Generator().manual_seed(0))
        enclosed = balls.evaluate(trace(lambda v, f=f: near.disc_slack(f, v), {}, {**f.named(), **points}), {})
        assert all(ball == 0 for ball in enclosed)


def test_a_distance_that_is_too_small_by_a_part_in_a_million_is_not_shown():
    f = case({"family": "turn", "lipschitz": "5/8", "tests": 4})
    points = near.pairs(f, 4, torch.Generator().manual_seed(0))
    for slack in (near.disc_slack, near.inverse_slack, near.distance_slack):
        smaller = {**points, "a": str(Fraction(5, 8) * Fraction(999999, 1000000))}
        assert f.prove(lambda v, slack=slack: slack(f, v), ">=", points).proved
        if slack is not near.inverse_slack:  # of a rotation by less than a half turn, the printed disc has room
            assert f.prove(lambda v, slack=slack: slack(f, v), ">=", smaller).proved is None


def test_disc_implies_the_printed_disc_and_touches_it_once():
    """In complex numbers: |w - 1/(1-a²)| = a/(1-a²) implies |w - 1| <= a/(1-a), with equality at 1/(1-a) only."""
    a = 0.625
    w = 1 / (1 - a * a) + a / (1 - a * a) * np.exp(1j * np.linspace(0, 2 * np.pi, 1000, endpoint=False))
    far = np.abs(w - 1)
    assert far.max() == pytest.approx(a / (1 - a), rel=1e-14)
    assert far.argmax() == 0
    assert (far[1:] < far[0]).all()


@pytest.mark.parametrize(
    ("family", "expected"), [("ray", 1 - math.tanh(1)), ("sine", (3 - math.sin(3)) / 3), ("wild", 1 / 3)]
)
def test_remainder_quotients_have_the_closed_form_for_all_steps(family, expected):
    found = CLAIM.check({"family": family, "lipschitz": "1/4", "tests": 4}, None)["derivative"]
    assert found.verdict is Verdict.FAILS
    assert found.evidence is Evidence.ENCLOSED
    steps, quotients = found.values["steps"], found.values["quotients"]
    assert max(steps) / min(steps) >= 2**16
    # Floats cannot hold 1 + 1/(2πk) to more than an ulp of 1, which the largest k magnifies by (2πk)².
    assert quotients[:8] == pytest.approx([expected / 4] * 8, rel=1e-6)
    assert quotients == pytest.approx([expected / 4] * len(quotients), rel=0.01)


def test_remainder_on_a_ball_falls_in_proportion_for_a_tanh_layer():
    found = CLAIM.check(TANH, None)["superposition"]
    assert found.verdict is Verdict.HOLDS
    first, last = found.values["quotients"][4], found.values["quotients"][-5]
    slope = math.log(first / last) / math.log(found.values["steps"][4] / found.values["steps"][-5])
    assert 0.9 < slope < 1.1


def test_smooth_ray_and_sine_are_differentiable_on_the_ball_and_wild_is_not():
    verdicts = {f: CLAIM.check({"family": f, "lipschitz": "1/4", "tests": 4}, None)["superposition"].verdict
                for f in ("ray", "sine", "wild")}  # fmt: skip
    assert verdicts == {"ray": Verdict.HOLDS, "sine": Verdict.HOLDS, "wild": Verdict.VACUOUS}


def test_half_of_the_identity_does_not_map_a_ball_onto_itself():
    found = CLAIM.check({"family": "shrink", "lipschitz": "1/2", "tests": 4}, None)["ball"]
    assert found.verdict is Verdict.HOLDS
    assert found.evidence is Evidence.EXACT
    assert "(1-a)R = 1:" in found.reason


@pytest.mark.parametrize("instance", ALL, **ids)
def test_preimage_is_one(instance):
    f = case(instance)
    target = np.full(f.dimension, 0.3)
    zero = near.preimage(f, target)
    assert zero.proved
    point = torch.from_numpy(np.asarray(zero.box["point"]["mid"]))[None]
    torch.testing.assert_close(f.value(f.floats({}), point)[0], torch.from_numpy(target), rtol=0, atol=1e-12)


def test_distance_one_is_vacuous_and_not_injective():
    found = CLAIM.check(CLAIM.control, None)
    assert {f.verdict for f in found.values()} == {Verdict.VACUOUS}
    assert "f(1) = f(0)" in found["inverse"].reason
    assert CLAIM.check({"family": "stretch", "lipschitz": "2", "tests": 2}, None)["bounds"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "fold"}, "expected a family among"),
        ({"lipschitz": "0"}, "expected a positive lipschitz"),
        ({"family": "shrink", "lipschitz": "1/3"}, "expected a binary fraction"),
        ({"family": "turn", "lipschitz": "1/4"}, "expected a binary fraction"),
        ({"dimension": 0}, "expected a dimension of at least 1"),
        ({"tests": 0}, "expected at least one pair"),
    ],
)
def test_bad_instances_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        CLAIM.validate({**TANH, **change})


def test_drawn_layers_are_within_the_declared_distance():
    for dimension in (1, 2, 3):
        f = near.read({**TANH, "dimension": dimension}, runtime.generator)
        norms = [np.linalg.norm(f.numbers[n], 2) for n in ("A", "B")]
        assert norms[0] * norms[1] <= float(f.distance) <= 0.63
