"""Fits of two-layer networks to factors: naive twins, exact recovery, and bad input."""

import pytest
import torch

from rescert import runtime
from rescert.decomposition.dilated_factor import DilatedFactor, norms, spread
from rescert.decomposition.factors import load_map
from rescert.dynamics import layer_fits
from rescert.dynamics.layer_fits import METHODS, draw, solve, steepest, train, units
from rescert.networks.two_layer import TwoLayer

CONFIG = {
    "architecture": "two_layer", "trainer": "layer_fits", "targets": ["cos1d", "twist2d"], "depths": [2],
    "runs": 2, "width": 8, "samples": 40, "seed": 0,
}  # fmt: skip


def fitted(config):
    return train(config, None, torch.device("cpu"), lambda *a, **k: None, generator=runtime.generator)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_jacobian_is_that_of_automatic_differentiation(activation):
    draws = torch.Generator().manual_seed(2)
    shapes = (2, 5), (5, 2), (5,), (2,)
    layer = TwoLayer(activation, *(torch.randn(*s, generator=draws, dtype=torch.float64) for s in shapes))
    x = torch.randn(7, 2, generator=draws, dtype=torch.float64)
    naive = torch.func.vmap(torch.func.jacrev(lambda p: layer.increment(p[None])[0]))(x)
    torch.testing.assert_close(layer.jacobian(x), naive, rtol=0, atol=1e-13)


@pytest.mark.parametrize("jacobians", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_network_is_found_again(activation, jacobians):
    # data of a network with the drawn units: least squares must reproduce it
    draws = torch.Generator().manual_seed(3)
    y = spread(load_map("twist2d"), 80)
    layer = units(METHODS[f"{activation}_values"], y, draw(2, 6, 2, len(y), draws))
    true = TwoLayer(
        activation, torch.randn(2, 2, 6, generator=draws, dtype=torch.float64), layer.inner, layer.bias, layer.shift + 1
    )
    for run in range(2):
        one = TwoLayer(activation, true.outer[run], true.inner[run], true.bias[run], true.shift[run])
        data = one.jacobian(y) if jacobians else None
        found = solve(layer, y, one.increment(y), data, 1.0)
        torch.testing.assert_close(found.increment(y)[run], one.increment(y), rtol=0, atol=1e-9)
        torch.testing.assert_close(found.jacobian(y)[run], one.jacobian(y), rtol=0, atol=1e-7)


def test_the_slopes_of_relu_pieces_are_not_missed_by_the_search():
    # a naive search on a fine grid finds the same slopes
    h, draws = load_map("cos1d"), torch.Generator().manual_seed(4)
    factor, y = DilatedFactor(h, 1, 2), spread(h, 60)
    layer = units(METHODS["relu_values"], y, draw(3, 10, 1, len(y), draws))
    layer = solve(layer, y, factor.increment(y), None, 1.0)
    _, slopes = steepest(layer, factor, spread(h, 101))
    # no point of the grid is a kink: there σ'(0) = 0 would mix the slopes of both sides
    grid = 4 * (torch.arange(100000, dtype=torch.float64) + 0.3141592653) / 100000 - 2
    naive = norms(layer.jacobian(grid[:, None])).amax(-1)
    assert bool((naive <= slopes + 1e-12).all())
    torch.testing.assert_close(naive, slopes, rtol=0, atol=1e-9)


def test_the_same_seed_draws_the_same_fits():
    first, second = fitted(CONFIG), fitted(CONFIG)
    assert first.history.equals(second.history)
    assert not first.history.equals(fitted({**CONFIG, "seed": 1}).history)
    assert set(first.history["method"]) == {*METHODS, layer_fits.KINKED}


@pytest.mark.parametrize(
    "change",
    [{"runs": 1}, {"width": True}, {"depths": [1]}, {"depths": [2, 2]}, {"targets": []}, {"targets": ["ridge3d"]},
     {"samples": 16, "width": 17}, {"architecture": "other"}],
)  # fmt: skip
def test_bad_configs_are_one_sentence(change):
    with pytest.raises(ValueError, match="expected"):
        fitted({**CONFIG, **change})
