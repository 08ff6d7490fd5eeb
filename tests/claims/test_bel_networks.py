"""The remark after Theorem 1 of Bartlett, Evans and Long: closed forms, and networks that must not pass."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert.claim import Evidence, Verdict
from rescert.claims.bel_networks import CLAIM
from rescert.decomposition.dilated_factor import DilatedFactor, spread
from rescert.decomposition.factors import load_map
from rescert.dynamics.layer_fits import images
from rescert.networks import two_layer_bounds as bounds
from rescert.networks.two_layer import TwoLayer, compose, kinked

COS = load_map("cos1d")


def knots_of(depth, pieces):
    return images([DilatedFactor(COS, i, depth) for i in range(1, depth + 1)], pieces)


@pytest.mark.parametrize("depth", [2, 16])
def test_the_odd_bound_is_half_of_an_even_increment(depth):
    # N_1(v) = (m/2)(1 - cos(v/m)) is even and largest at v = 2
    exact = depth * (1 - math.cos(2 / depth)) / 4
    bound = bounds.odd_bound(COS, depth)
    assert bound.assertions
    assert 0.998 * exact < float(bound.value) < exact


def test_an_odd_increment_has_no_odd_bound_but_a_ray_bound():
    sinh = load_map("sinh1d")
    assert not bounds.odd_bound(sinh, 4).assertions
    exact = (4 * math.sinh(1 / 4) - 8 * math.sinh(1 / 8)) / 4
    bound = bounds.ray_bound(sinh, 4)
    assert bound.assertions
    assert 0.998 * exact < float(bound.value) < exact


@pytest.mark.parametrize(("activation", "bound"), [("tanh", bounds.odd_bound), ("relu", bounds.ray_bound)])
def test_no_unbiased_network_passes_its_bound(activation, bound):
    # least squares for many unbiased units: whatever they reach, the error stays above the bound
    factor, v = DilatedFactor(COS, 1, 4), spread(COS, 401)
    draws = torch.Generator().manual_seed(1)
    inner = 3 * torch.randn(60, 1, generator=draws, dtype=torch.float64)
    features = torch.cat([getattr(torch, activation)(v @ inner.mT), torch.ones_like(v)], 1)
    solution = torch.from_numpy(np.linalg.lstsq(features.numpy(), factor.increment(v).numpy(), rcond=1e-12)[0])
    layer = TwoLayer(activation, solution[:-1].mT, inner, torch.zeros(60, dtype=torch.float64), solution[-1])
    error = float((layer.increment(v) - factor.increment(v)).abs().max())
    assert float(bound(COS, 4).value) < error


def test_one_kink_bound_is_the_smaller_side():
    sinh = load_map("sinh1d")
    exact = (4 * math.sinh(1 / 4) - 8 * math.sinh(1 / 8)) / 4  # both sides are equal: the increment is odd
    bound = bounds.one_kink_bound(sinh, 4)
    assert bound.assertions
    assert 0.998 * exact < float(bound.value) < exact


@pytest.mark.parametrize("depth", [1, 3])
def test_kinked_layers_compose_to_the_interpolant(depth):
    knots = knots_of(depth, 8)
    layers = [kinked(a, b - a) for a, b in itertools.pairwise(knots)]
    v = spread(COS, 301)
    composed = compose(layers, v)[:, 0].numpy()
    grid = np.linspace(-2, 2, 9)
    expected = np.interp(v[:, 0].numpy(), grid, grid + (1 - np.cos(grid)) / 2)
    np.testing.assert_allclose(composed, expected, atol=1e-13)


def test_kinked_layers_are_certified_and_a_smaller_error_is_not():
    knots = knots_of(3, 8).numpy()
    error = Fraction(1, 2) * Fraction(1, 2) ** 2 / 8  # α Δ² / 8
    shown = bounds.kinked_bounds(COS, knots, str(error))
    assert shown.proved
    assert 0.9 < shown.share < 1
    assert not bounds.kinked_bounds(COS, knots, str(error * Fraction(9, 10))).proved


def test_knots_that_do_not_span_x_are_not_certified():
    knots = knots_of(3, 8).numpy()
    assert not bounds.kinked_bounds(COS, knots[:, 1:], "1/8").proved
    assert bounds.kinked_bounds(COS, knots, "1/8").proved


def test_a_knot_that_is_moved_is_not_certified():
    knots = knots_of(3, 8).numpy().copy()
    knots[1, 4] += 0.1  # a steeper piece in the layers on both sides
    shown = bounds.kinked_bounds(COS, knots, "1")
    assert not shown.proved
    assert shown.share > 1
    knots[1, 4] = knots[1, 5]
    with pytest.warns(RuntimeWarning):
        assert not bounds.kinked_bounds(COS, knots, "1").proved


@pytest.mark.parametrize(("slope", "proved"), [(0.51, True), (0.5, False), (0.49, False)])
def test_steeper_than_the_bound_is_strict(slope, proved):
    # two relus make the line slope * x; αRM/m = 1/2 at m = 4
    outer, inner = torch.tensor([[slope, -slope]]).double(), torch.tensor([[1.0], [-1.0]]).double()
    none = torch.zeros(2, dtype=torch.float64)
    layer = TwoLayer("relu", outer.numpy(), inner.numpy(), none.numpy(), none[:1].numpy())
    proofs = bounds.steeper(COS, 4, 1, layer, np.array([[-0.25], [0.5]]), "1/2")
    assert all(p.proved for p in proofs) is proved


@pytest.mark.parametrize(("part", "proved"), [(0.101, True), (0.099, False)])
@pytest.mark.parametrize("index", [1, 3])
def test_errors_beside_a_part_of_the_factor(index, part, proved):
    # the interpolant of 0.9 N_i at many knots: its largest error is about a tenth of N_i
    factor, v = DilatedFactor(COS, index, 4), spread(COS, 301)
    layer = kinked(factor.point(v)[:, 0], 0.9 * factor.increment(v)[:, 0])
    arrays = TwoLayer("relu", *(getattr(layer, key).numpy() for key in ("outer", "inner", "bias", "shift")))
    proofs = bounds.accurate(COS, 4, index, arrays, spread(COS, 41), part)
    assert all(p.proved for p in proofs) is proved


def test_points_outside_of_x_witness_nothing():
    layer = TwoLayer("relu", np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), np.zeros(1))
    inside, steep = bounds.steeper(COS, 4, 1, layer, np.array([[1.0], [3.0]]), "1/2")
    assert not inside.proved
    assert steep.proved


def test_the_printed_statement_fails_and_the_control_is_vacuous():
    found = CLAIM.check(CLAIM.control, None)
    assert found["printed"].verdict is Verdict.FAILS
    assert found["printed"].evidence is Evidence.ENCLOSED
    assert found["corrected"].verdict is Verdict.VACUOUS
    assert found["rays"].verdict is Verdict.HOLDS
    assert set(found) == {s.name for s in CLAIM.statements}


@pytest.mark.parametrize(
    "instance",
    [{"map": "ridge3d", "depth": 4}, {"map": "cos1d", "depth": 1}, {"map": "cos1d", "depth": 4, "bias": "x"}],
)
def test_bad_instances_are_one_sentence(instance):
    with pytest.raises(ValueError, match="expected"):
        CLAIM.validate(instance)
