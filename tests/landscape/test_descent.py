"""Descent: closed forms, saddles left and kept, starts that run off, and a batch against a loop."""

import pytest
import torch

from draws import normal
from landscape.surfaces import double_well, labels, network_case, slope, surface, valley_to_infinity, vectors
from rescert.landscape import descent, newton, outcome
from rescert.landscape.linear_step import fit
from rescert.landscape.risk import Landscape

EPS = torch.finfo(torch.float64).eps


def test_one_newton_step_solves_a_quadratic():
    inputs, theta = normal(1, "test inputs", (20, 3)), normal(1, "test starts", (5, 3))
    target = normal(1, "test labels", (5, 20))
    landscape = Landscape(inputs, {"w": (3,)}, network=lambda p, x, _: x @ p["w"])
    fitted = torch.linalg.lstsq(inputs.expand(5, -1, -1), target[..., None]).solution[..., 0]
    polished = newton.polish(landscape, theta, target, steps=1)
    condition = float(torch.linalg.cond(inputs)) ** 2
    assert torch.allclose(polished, fitted, rtol=20 * condition * EPS, atol=20 * condition * EPS)


def test_descent_leaves_a_saddle_and_the_polish_stays_there():
    landscape, starts = surface(double_well), vectors([0.3, 1e-3], [-0.2, -1e-3])
    found = descent.descend(landscape, starts, labels(starts), 60)
    assert found.status == ["critical"] * 2
    # an error of the gradient below 1e-10 over curvatures 1 and 2
    assert torch.allclose(found.theta, vectors([0, 1], [0, -1]), rtol=0, atol=outcome.CRITICAL)
    assert torch.allclose(found.value, torch.full((2,), 9.75, dtype=torch.float64), rtol=10 * EPS)
    kept = newton.polish(landscape, starts, labels(starts))
    assert float(kept.abs().max()) < outcome.CRITICAL
    close = vectors([0.0, descent.NEAR / 2])  # the gradient is so small that descent takes Newton's step, too
    assert float(descent.find(landscape, close, labels(close), 5)[0].norm()) < outcome.CRITICAL


def test_a_step_along_a_null_direction_is_not_taken():
    hessian = torch.diag(vectors([2.0, 0.0])[0])[None]
    step = newton.step(vectors([4.0, 3.0]), *torch.linalg.eigh(hessian))
    assert torch.equal(step, vectors([-2.0, 0.0]))


def test_points_with_a_gradient_above_the_threshold_are_not_counted():
    landscape, theta, target = network_case(batch=6)
    early = descent.descend(landscape, theta, target, 2)
    assert early.count("critical") == 0
    late = descent.descend(landscape, theta, target, 150)
    assert late.count("critical") >= 1
    norms = landscape.gradient(late.theta, target).norm(dim=1)
    for status, norm in zip(late.status, norms.tolist(), strict=True):
        assert status != "critical" or norm < 2 * outcome.CRITICAL


def test_a_gradient_that_vanishes_at_infinity_is_not_critical():
    landscape, starts = surface(valley_to_infinity), vectors([1.0, 1.0], [25.0, 0.0])
    found = descent.descend(landscape, starts, labels(starts), 100)
    assert float(found.gradient_norm.max()) < outcome.CRITICAL
    assert found.status == ["escaping", "escaping"]


def test_separable_classes_send_the_logistic_risk_to_infinity():
    landscape, theta, target = network_case(loss="logistic", separable=True, samples=40)
    found = descent.descend(landscape, theta, target, 40)
    assert found.count("critical") == 0
    assert found.count("escaping") >= 1


def test_a_slope_without_critical_points_is_followed_downwards():
    start = vectors([0.5, 1.0])
    found = descent.descend(surface(slope), start, labels(start), 5)
    assert float(found.value) < 10
    assert found.status != ["critical"]


@pytest.mark.parametrize(("loss", "activation"), [("squared", "tanh"), ("squared", "softplus"), ("logistic", "tanh")])
def test_descent_lowers_every_risk_and_a_batch_equals_its_parts(loss, activation):
    landscape, theta, target = network_case(3, (2, 1), loss, activation)
    before = landscape.risk(theta, target)
    found = descent.descend(landscape, theta, target, 1)
    assert bool((found.value < before).all())
    for k in range(3):
        alone = descent.descend(landscape, theta[k : k + 1], target[k : k + 1], 1)
        assert torch.allclose(found.value[k : k + 1], alone.value, rtol=1e-8)  # STEPS steps amplify rounding errors


def test_the_starts_are_left_as_they_were():
    landscape, theta, target = network_case()
    copy = theta.clone()
    descent.find(landscape, theta, target, 2)
    assert torch.equal(theta, copy)


def test_the_fit_of_the_linear_parameters_solves_the_least_squares_problem():
    landscape, theta, target = network_case(3, (2, 2))
    fitted, risk = fit(landscape, theta, target)
    gradient = landscape.gradient(fitted, target)
    named = landscape.unravel(gradient)
    scale = float(landscape.gradient(theta, target).norm(dim=1).max())
    assert float(named["w"].abs().max()) < 1e-9 * scale  # normal equations: eps times a condition below 1e6
    assert float(named["V2"].abs().max()) < 1e-9 * scale * float(landscape.unravel(fitted)["w"].norm(dim=1).max())
    assert torch.allclose(risk, landscape.risk(fitted, target), rtol=1e-9)
    inner = [name for name in landscape.shapes if name not in ("w", "V2")]
    assert all(torch.equal(landscape.unravel(fitted)[name], landscape.unravel(theta)[name]) for name in inner)
