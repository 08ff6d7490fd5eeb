"""The closed-form Hessian: equal to differentiation, for every loss, activation, depth and division of the work."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.func import grad, jacfwd, vmap

from draws import normal, uniform
from rescert.landscape import hessian
from rescert.landscape.risk import Landscape
from rescert.networks import residual_blocks
from rescert.networks.residual_blocks import parameter_shapes

EPS = np.finfo(np.float64).eps
# dimension, widths, samples, points; the draws keep arguments of softplus below 20, where torch's becomes linear
SIZES = [(3, [3, 2], 20, 4), (1, [1], 1, 1), (4, [2], 5, 3), (2, [3, 1, 2, 4, 2], 7, 2)]


def draw(dimension, widths, samples, points, bias=True):
    shapes = parameter_shapes(dimension, widths, bias)
    parameters = {name: normal(1, f"test {name}", (points, *shape)) / 2 for name, shape in shapes.items()}
    return parameters, normal(1, "test inputs", (samples, dimension)), uniform(1, "test labels", (points, samples))


def differentiated(parameters, inputs, labels, activation, loss):
    """The naive twin: a tangent a parameter, point by point."""
    landscape = Landscape(inputs, {name: value.shape[1:] for name, value in parameters.items()}, activation, loss)
    return vmap(jacfwd(grad(landscape._risk)))(landscape.ravel(parameters), labels)


def gap(found, wanted):
    return float((found - wanted).abs().max() / wanted.abs().max())


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("activation", "loss", "bias"),
    list(itertools.product(("tanh", "softplus"), ("squared", "logistic"), (True, False))),
)
def test_it_equals_differentiation(size, activation, loss, bias):
    point = draw(*size, bias=bias)
    found = hessian.hessian(*point, activation, loss)
    assert gap(found, differentiated(*point, activation, loss)) < 1e-12
    assert torch.equal(found, found.mT)


@pytest.mark.parametrize("entries", [1, 700, 5000])
def test_parts_of_points_and_samples_add_up(entries, monkeypatch):
    point = draw(3, [3, 2], 20, 4)
    whole = hessian.hessian(*point, "softplus", "logistic")
    monkeypatch.setattr(hessian, "ENTRIES", entries)
    found = hessian.hessian(*point, "softplus", "logistic")
    assert gap(found, whole) < 100 * EPS
    assert torch.equal(found, found.mT)


def test_rows_follow_the_order_of_the_parameters():
    parameters, inputs, labels = draw(3, [3, 2], 20, 1)
    mixed = {name: parameters[name] for name in sorted(parameters)}
    places, start = {}, 0
    for name, value in parameters.items():
        places[name] = range(start, start + value.numel())
        start += value.numel()
    order = torch.tensor([k for name in mixed for k in places[name]])
    found = hessian.hessian(parameters, inputs, labels)[:, order[:, None], order]
    assert torch.equal(hessian.hessian(mixed, inputs, labels), found)


def test_one_unit_by_hand_where_softplus_is_nearly_linear():
    r"""With $x=w=V=1$ and $f-y=r$, the entry of U is $\sigma'(U)^2+r\sigma''(U)$; $\sigma''(25)=1.4\cdot10^{-11}$.

    Torch's softplus is linear above 20, so that differentiating it gives 0 for the second term.
    """
    ones = {"w": torch.ones(1, 1), "V1": torch.ones(1, 1, 1), "U1": torch.full((1, 1, 1), 25.0)}
    point = {name: value.double() for name, value in ones.items()}
    far = 1e11
    labels = torch.full((1, 1), 26.0 - far, dtype=torch.float64)
    found = hessian.hessian(point, torch.ones(1, 1, dtype=torch.float64), labels, "softplus")[0, 2, 2]
    small = math.exp(-25) / (1 + math.exp(-25)) ** 2
    assert float(found) == pytest.approx(1 / (1 + math.exp(-25)) ** 2 + far * small, rel=1e-10)


@pytest.mark.parametrize("ridge", [0.0, 0.25])
def test_a_landscape_has_it_for_this_network_and_differentiates_any_other(ridge):
    parameters, inputs, labels = draw(3, [3, 2], 20, 3)
    shapes = parameter_shapes(3, [3, 2])

    def other(values, points, activation):
        return residual_blocks.network(values, points, activation)

    known, unknown = (
        Landscape(inputs, shapes, ridge=ridge, network=network) for network in (residual_blocks.network, other)
    )
    theta = known.ravel(parameters)
    assert gap(known.hessian(theta, labels), unknown.hessian(theta, labels)) < 1e-12
    plain = hessian.hessian(parameters, inputs, labels)
    assert torch.equal(known.hessian(theta, labels), plain + ridge * torch.eye(known.size).double())


def test_no_points_give_no_matrices():
    parameters, inputs, labels = draw(3, [2], 5, 2)
    none = {name: value[:0] for name, value in parameters.items()}
    assert hessian.hessian(none, inputs, labels[:0]).shape == (0, 17, 17)


def test_what_does_not_fit_is_refused():
    parameters, inputs, labels = draw(3, [2], 5, 2)
    with pytest.raises(ValueError, match="expected an activation among"):
        hessian.hessian(parameters, inputs, labels, "relu")
    with pytest.raises(ValueError, match="expected a loss among"):
        hessian.hessian(parameters, inputs, labels, "tanh", "hinge")
    with pytest.raises(ValueError, match=r"expected labels of shape \(batch, 5\), got \(2, 4\)"):
        hessian.hessian(parameters, inputs, labels[:, :4])
