"""Designed bad minima: both bounds change what they should, steps only improve, and refusals."""

import pytest
import torch

from draws import normal
from rescert.landscape import spurious_minima
from rescert.landscape.linear_risk import minimise
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import parameter_shapes

EPS = torch.finfo(torch.float64).eps
# A point of the paper's example with tanh (d = 2, L = 3), as a search left it, rounded.
FOUND = {
    "w": [1.136, -0.613],
    "V1": [[0.259], [-1.001]],
    "U1": [[0.702, 5.198]],
    "V2": [[-0.291], [-0.786]],
    "U2": [[0.467, 1.312]],
    "V3": [[0.307], [-1.76]],
    "U3": [[0.337, 4.658]],
}


def landscape(samples=24):
    return Landscape(normal(1, "test inputs", (samples, 2)), parameter_shapes(2, [1, 1, 1], bias=False))


def points(found, batch=6):
    drawn = spurious_minima.STRETCH * normal(2, "test starts", (batch, found.size)) / 2
    known = found.ravel({name: torch.tensor([value]).double() for name, value in FOUND.items()})
    return torch.cat([known, drawn])


def test_the_residual_is_orthogonal_to_the_jacobian():
    found = landscape()
    theta = points(found)
    residual, _, _ = spurious_minima.bounds(found, theta)
    jacobian = found.jacobian(theta)
    product = (jacobian.mT @ residual[..., None]).norm(dim=(1, 2))
    assert bool((product < 1e3 * EPS * jacobian.norm(dim=(1, 2)) * residual.norm(dim=1)).all())
    assert torch.allclose(residual.norm(dim=1), found.outputs(theta).norm(dim=1))


def test_below_the_upper_bound_is_a_minimum_modulo_gauge_and_above_it_a_saddle():
    found = landscape()
    theta = points(found)
    residual, _, largest = spurious_minima.bounds(found, theta)
    chosen = (largest > 0) & (largest < spurious_minima.LARGEST)
    assert int(chosen.sum()) >= 3
    gauge = spurious_minima.gauge(found)
    assert gauge == 1
    for factor in (0.98, 1.02):
        labels = found.outputs(theta) - factor * largest[:, None] * residual
        values = torch.linalg.eigvalsh(found.hessian(theta, labels))[chosen]
        zero = 1e3 * EPS * values[:, -1]
        if factor < 1:
            assert bool((values[:, 0].abs() < zero).all())
            assert bool((values[:, gauge] > zero).all())
        else:
            assert bool((values[:, 0] < -zero).all())


def test_the_lower_bound_is_where_the_risk_meets_the_linear_risk():
    found = landscape()
    theta = points(found)
    residual, least, largest = spurious_minima.bounds(found, theta)
    chosen = largest > 0
    for factor in (0.99, 1.01):
        labels = found.outputs(theta) - factor * least[:, None] * residual
        excess = found.risk(theta, labels) - minimise(found.inputs, labels, "squared")[1]
        assert bool(((excess > 0) == (factor > 1))[chosen].all())


def test_points_whose_jacobian_lacks_rank_are_given_up():
    found = landscape()
    theta = points(found)[:1]
    theta[:, found.where("V2")] = 0  # the second block is idle, so that its inner weights do nothing
    _, least, largest = spurious_minima.bounds(found, theta)
    assert (float(least), float(largest)) == (1.0, 0.0)


def test_steps_never_lower_the_ratio():
    found = landscape()
    starts = normal(3, "test starts", (5, found.size)) / 2
    ratios = []
    for iterations in (0, 10, 40):
        _, _, least, largest = spurious_minima.climb(found, 3 * starts, starts, iterations)
        ratios.append(largest / least)
    assert bool((ratios[1] >= ratios[0]).all())
    assert bool((ratios[2] >= ratios[1]).all())
    assert bool((ratios[2] > ratios[0]).any())


def test_what_is_returned_is_critical_for_short_labels():
    found = landscape()
    starts = normal(3, "test starts", (4, found.size)) / 2
    theta, labels = spurious_minima.find(found, starts, torch.zeros(4, 24, dtype=torch.float64), 20)
    assert torch.equal((labels * spurious_minima.GRID).round(), labels * spurious_minima.GRID)
    assert int((found.gradient(theta, labels).norm(dim=1) < 1e-9).sum()) >= 3


def test_other_losses_and_few_samples_are_refused():
    found = Landscape(normal(1, "test inputs", (24, 2)), parameter_shapes(2, [1]), loss="logistic")
    with pytest.raises(ValueError, match="expected the squared loss"):
        spurious_minima.find(found, points(landscape()), torch.zeros(7, 24), 1)
    with pytest.raises(ValueError, match="expected more than 14 samples, got 14"):
        spurious_minima.find(landscape(14), points(landscape()), torch.zeros(7, 14), 1)
