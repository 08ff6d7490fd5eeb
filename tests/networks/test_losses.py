"""Losses: closed forms, derivatives, bounds."""

import math

import pytest
import torch

from draws import normal, uniform
from rescert.networks.losses import LOSSES, loss_of

EPS = torch.finfo(torch.float64).eps
every_loss = pytest.mark.parametrize("name", sorted(LOSSES))


@every_loss
def test_slope_and_curvature_are_derivatives(name):
    loss = LOSSES[name]
    p = normal(0, "outputs", (20,)).requires_grad_()
    y = uniform(0, "labels", (20,))
    (slope,) = torch.autograd.grad(loss.value(p, y).sum(), p, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), p)
    assert torch.allclose(slope, loss.slope(p, y), rtol=0, atol=20 * EPS)
    assert torch.allclose(curvature, loss.curvature(p.detach(), y), rtol=0, atol=20 * EPS)
    assert (curvature > 0).all()


def test_the_logistic_loss_of_class_labels():
    value = LOSSES["logistic"].value
    for p in (-3.0, 0.0, 2.5):
        for label, sign in ((0.0, -1), (1.0, 1)):
            found = float(value(torch.tensor(p).double(), torch.tensor(label).double()))
            assert found == pytest.approx(math.log1p(math.exp(-sign * p)), rel=20 * EPS)


def test_the_lipschitz_constant_bounds_the_slope_and_is_approached():
    loss = LOSSES["logistic"]
    p = torch.linspace(-30, 30, 601, dtype=torch.float64)
    largest = max(float(loss.slope(p, torch.full_like(p, y)).abs().max()) for y in (0.0, 0.5, 1.0))
    assert 0.999 < largest <= loss.lipschitz
    assert LOSSES["squared"].lipschitz is None


def test_an_unknown_loss_is_refused():
    with pytest.raises(ValueError, match="expected a loss among"):
        loss_of("hinge")
