"""What is proved of a state: containment, bounds that must not be shown, and the theorem of convergence at work."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch

from rescert.certify import balls
from rescert.certify.problem import Program
from rescert.dynamics import near_identity_region as region
from rescert.dynamics.descent_targets import task
from rescert.dynamics.functional_descent import Functional
from rescert.dynamics.near_identity_region import State, above, below, prove_apart, prove_zero_start
from rescert.networks import kernel_layers
from rescert.networks.kernel_layers import Kernel


def state(name="teacher", depth=2, kernel="multiquadric", scale=0.0, seed=0, count=6):
    """Layers with random coefficients of a scale, on the sample and targets of a task."""
    draw = torch.Generator().manual_seed(seed)
    one = task(name, depth, count, 3, draw)
    layers = scale * torch.randn(depth, count, one.dimension, generator=draw, dtype=torch.float64)
    points = (points[:, : one.dimension].numpy().copy() for points in (one.inputs, one.targets))
    return State(kernel, (1.5 * one.spacing) ** 2, layers.numpy(), *points)


every = pytest.mark.parametrize(
    "found",
    [state(kernel=k, depth=m, scale=s) for k in ("gaussian", "multiquadric") for m, s in ((1, 0.1), (3, 0.02))],
    ids=lambda s: f"{s.kernel}-{s.depth}",
)


@every
def test_programs_enclose_the_float_values(found):
    for function in (found.risk, found.slope):
        (ball,) = balls.evaluate(found.program(function), {}).flat
        assert float(ball.mid()) == pytest.approx(float(function(found.floats)), rel=1e-10)
        assert ball.rad() < 1e-25 * abs(ball)


@every
def test_slope_is_the_squared_norm_of_the_gradient(found):
    """Against automatic differentiation in orthonormal coordinates of the span, C = L'⁻¹ θ with K = LL'."""
    root = torch.linalg.cholesky(torch.as_tensor(found.gram))
    theta = (root.mT @ torch.as_tensor(found.coefficients[0])).requires_grad_()
    first = torch.linalg.solve_triangular(root.mT, theta, upper=True)
    risk = found.risk({**found.floats, "layer0": first})
    (gradient,) = torch.autograd.grad(risk, theta)
    assert float(found.slope(found.floats)) == pytest.approx(gradient.square().sum().item(), rel=1e-8)


@every
def test_slopes_of_all_layers_are_the_derivatives_along_their_gradients(found):
    """|G_i|² is the derivative of Q when G_i is added to layer i, by differences."""
    slopes, centres = found.slopes(found.floats), torch.as_tensor(found.inputs)
    assert slopes[0].item() == pytest.approx(float(found.slope(found.floats)), rel=1e-12)
    kernel, layers = Kernel(found.kernel, found.square), [torch.as_tensor(c) for c in found.coefficients]
    states, kernels = kernel_layers.forward(kernel, layers, centres, centres)
    pulled = kernel_layers.backward(kernels, layers, states[-1] - torch.as_tensor(found.targets))

    def risk(i, step):
        z = centres
        for j, layer in enumerate(layers):
            move = kernel.evaluate(z, states[i]).values() @ pulled[i] * step / found.count if j == i else 0
            z = z + kernel.evaluate(z, centres).values() @ layer + move
        return (z - torch.as_tensor(found.targets)).square().sum().item() / (2 * found.count)

    for i, slope in enumerate(slopes.tolist()):
        assert (risk(i, 1e-4) - risk(i, -1e-4)) / 2e-4 == pytest.approx(slope, rel=1e-5)


@every
def test_distances_are_bounds_and_are_shown(found):
    assert found.prove_distances().proved
    for bound, layer in zip(found.distances, found.coefficients, strict=True):
        largest = np.linalg.eigvalsh(layer.T @ found.gram @ layer)[-1]
        distance = (largest / found.square) ** 0.5
        assert distance < bound < 1.05 * distance + 2e-6
    largest, i, point, direction = found.steepest()
    assert largest <= found.distances[i]
    assert np.linalg.norm(direction) == pytest.approx(1)
    assert point.shape == direction.shape == found.inputs[0].shape


def test_distances_below_the_true_ones_are_not_shown(monkeypatch):
    found = state(scale=0.1)
    monkeypatch.setattr(region, "above", lambda value: Fraction(value * 0.999))
    assert found.prove_distances().proved is None


@every
def test_eigenvalue_is_shown_and_a_larger_one_is_not(found):
    least = np.linalg.eigvalsh(found.gram)[0]
    assert 0.95 * least < found.eigenvalue < least
    assert found.prove_eigenvalue().proved
    proof = found.prove_eigenvalue()
    program = Program.from_json(proof.assertion["program"])
    constants = {**program.constants, "eigenvalue": str(above(1.01 * least))}
    (value,) = balls.evaluate(Program(program.inputs, constants, program.operations, program.output), {}).flat
    assert not value < 0


@every
def test_theorem_a_at_random_states(found):
    assert max(found.distances) < 1
    assert found.prove_slope().proved
    assert found.prove_steep().proved


def test_an_inequality_that_is_too_strong_is_not_shown(monkeypatch):
    found = state(scale=0.02)
    ratio = float(found.slope(found.floats)) / (2 * float(found.rate()) * found.loss)
    rate = found.rate() * Fraction(ratio * 1.01)
    monkeypatch.setattr(State, "rate", lambda self, room=Fraction(0): rate)
    assert found.prove_slope().proved is None


def test_risk_is_decided_on_both_sides_and_undecided_within_the_balls():
    found = state(scale=0.02)
    assert found.prove_risk("<", above(found.loss)).proved
    assert found.prove_risk("<", below(found.loss * 0.999)).proved is None
    assert found.prove_risk(">", Fraction(0)).proved
    # no bound that is equal up to the last bit of 128
    value = balls.evaluate(found.program(found.risk), {}).flat[0]
    number = Fraction(int(value.mid().man_exp()[0])) * Fraction(2) ** int(value.mid().man_exp()[1])
    assert found.prove_risk("<", number).proved is None
    assert found.prove_risk(">", number).proved is None


def test_only_a_stretching_layer_is_shown_outside():
    assert state(scale=0.02).prove_outside().proved is None
    steep = state(scale=3.0)
    assert steep.prove_outside().proved
    assert steep.reach == 0


def test_short_numbers_lie_on_their_side():
    for value in (1 / 3, 1e-12, 0.9999, 123.456):
        assert value < above(value) < 1.0011 * value + 1.1e-6
        assert 0.98 * value < below(value) <= Fraction(value)
    assert below(Fraction(1, 1000)) == Fraction(1, 1000)


@pytest.mark.parametrize("kernel", ["gaussian", "multiquadric"])
@pytest.mark.parametrize("depth", [1, 3])
def test_descent_from_below_the_bound_stays_and_converges(kernel, depth):
    """Theorem B with the constant step 1/L: Q falls by 1 - μ/L a step at least, and no layer moves by δs."""
    whole = task("cos1d 1/16384", depth, 6, 3, torch.Generator())
    run = Functional([whole], kernel, 1.2, 0.5, torch.device("cpu"))
    start = State(
        kernel, float(run.square[0]), np.zeros((depth, 6, 1)), whole.inputs[:, :1].numpy(), whole.targets[:, :1].numpy()
    )
    assert start.loss < start.reach
    step, rate = 1 / start.smoothness(), float(start.rate(start.room))
    parameters, losses = run.start, []
    for _ in range(200):
        found = run.evaluate(parameters)
        losses.append(found.loss.item())
        parameters = (parameters[0] - step * found.change[0],)
    assert all(b <= (1 - rate * step) * a for a, b in pairwise(losses))
    assert run.bounds(parameters[0]).item() < float(start.room)


def test_the_bound_is_not_met_from_far_away():
    far = state("mirror", depth=2)
    assert far.loss > far.reach > 0


@pytest.mark.parametrize("depth", [1, 3])
def test_the_zero_network_is_critical(depth):
    found = state(depth=depth)
    assert all(p.proved for p in prove_zero_start(found.inputs, found.targets, depth, 2))
    assert prove_apart(found.inputs, found.targets).proved
    assert prove_apart(found.inputs, found.inputs).proved is None
