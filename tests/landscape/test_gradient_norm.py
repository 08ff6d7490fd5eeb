"""Gradient-norm minimisation: saddles in a step or two, flat points named flat, a batch against a loop."""

import torch

from landscape.surfaces import double_well, labels, network_case, slope, surface, vectors
from rescert.landscape import gradient_norm, outcome
from rescert.landscape.outcome import flatness

EPS = torch.finfo(torch.float64).eps


def test_a_saddle_is_found_from_near_it():
    landscape, starts = surface(double_well), vectors([0.3, 0.1], [-0.2, -0.2])
    found = gradient_norm.minimise(landscape, starts, labels(starts), 30)
    assert found.status == ["critical"] * 2
    assert float(found.theta.abs().max()) < 2 * outcome.CRITICAL


def test_a_point_where_the_gradient_norm_is_stationary_is_named_flat():
    landscape, starts = surface(slope), vectors([0.4, 1.0], [-0.3, 0.2])
    found = gradient_norm.minimise(landscape, starts, labels(starts), 200)
    assert found.status == ["flat"] * 2
    assert torch.allclose(found.gradient_norm, torch.ones(2, dtype=torch.float64), rtol=1e-6)
    assert float(found.flatness.max()) < outcome.FLAT


def test_flatness_is_free_of_units_and_separates_the_kernel_from_the_rest():
    hessian = torch.diag(vectors([0.0, 3.0, -4.0])[0]).expand(3, 3, 3)
    gradient = vectors([1, 0, 0], [0, 1, 0], [0, 0, 0])
    expected = torch.tensor([0.0, 3 / 5, 1.0], dtype=torch.float64)  # |H|_F = 5
    assert torch.allclose(flatness(gradient, hessian), expected, rtol=4 * EPS)
    assert torch.allclose(flatness(1e-7 * gradient, 1e3 * hessian), expected, rtol=4 * EPS)


def test_a_stationary_norm_at_a_small_gradient_is_critical_and_growth_is_escape():
    true, false = torch.tensor([True]), torch.tensor([False])
    small, large = torch.tensor([1e-11]), torch.tensor([1e-3])
    flat, steep = torch.tensor([1e-9]), torch.tensor([1e-2])
    assert outcome.statuses(small, flat, true, false) == ["critical"]
    assert outcome.statuses(small, steep, false, false) == ["escaping"]
    assert outcome.statuses(large, flat, true, false) == ["flat"]
    assert outcome.statuses(large, flat, true, true) == ["escaping"]
    assert outcome.statuses(large, steep, true, false) == ["unfinished"]


def test_gradient_norms_fall_and_a_batch_equals_its_parts():
    landscape, theta, target = network_case(3, (2, 1))
    before = landscape.gradient(theta, target).norm(dim=1)
    found = gradient_norm.minimise(landscape, theta, target, 1)
    assert bool((found.gradient_norm < before).all())
    for k in range(3):
        alone = gradient_norm.minimise(landscape, theta[k : k + 1], target[k : k + 1], 1)
        assert torch.allclose(found.theta[k : k + 1], alone.theta, rtol=1e-8, atol=1e-8)  # |H| eps over 1e-6 |H|


def test_points_above_the_threshold_are_not_counted():
    landscape, theta, target = network_case(6, (2, 1))
    found = gradient_norm.minimise(landscape, theta, target, 1)
    assert found.count("critical") == 0
    assert float(found.gradient_norm.min()) >= outcome.CRITICAL
