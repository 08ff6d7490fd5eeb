"""Exact critical points: each breaks one hypothesis, and is no critical point any more when moved or mended."""

from dataclasses import replace

import pytest

from rescert.dynamics.stuck_points import STUCK

every = pytest.mark.parametrize("name", STUCK)


@every
def test_the_point_is_critical_its_risk_positive_and_its_hypothesis_broken(name):
    assert len(STUCK[name].prove_stuck()) == 3
    assert len(STUCK[name].prove_missing()) == 2


@every
def test_other_targets_are_not_stuck(name):
    targets = STUCK[name].targets
    moved = replace(STUCK[name], targets=(*targets[:-1], targets[-1] + 0.25))
    assert moved.prove_stuck() == () or name == "contraction"  # which is critical for all targets


@every
def test_the_first_two_are_not_stuck_with_their_hypothesis(name):
    """With the term x²y² in the kernel; away from distance 1; without a datum at the origin."""
    changes = {"linear": {"square": True}, "contraction": {"slope": -0.5}, "origin": {"inputs": (0.5, 1.0)}}[name]
    assert replace(STUCK[name], **changes).prove_stuck() == ()


def test_hypotheses_that_hold_are_not_shown_broken():
    assert replace(STUCK["contraction"], slope=-0.5).prove_missing() == ()
    assert replace(STUCK["origin"], inputs=(0.5, 1.0)).prove_missing() == ()


def test_a_global_minimum_is_not_called_stuck():
    assert replace(STUCK["linear"], targets=STUCK["linear"].inputs).prove_stuck() == ()
