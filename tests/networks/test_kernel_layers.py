"""Layers that are kernel expansions: closed forms against automatic differentiation, and the bounds of their space."""

import math

import pytest
import torch

from rescert.certify import balls
from rescert.certify.problem import trace
from rescert.networks.kernel_layers import PROFILES, Kernel, backward, expected_kernel, forward, jacobians

every_kernel = pytest.mark.parametrize("name", PROFILES)
ROUNDING = 200 * torch.finfo(torch.float64).eps  # of sums of some dozens of terms of size 1


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@every_kernel
def test_values_are_the_kernel_without_its_part_at_the_origin(name):
    x, y, square = draw(3, 2), draw(4, 2, seed=1), 0.7
    profile = {"gaussian": lambda t: math.exp(-t / 2), "multiquadric": lambda t: (1 + t) ** -0.5}[name]

    def plain(a, b):
        return profile(float((a - b).square().sum()) / square)

    zero = torch.zeros(2, dtype=torch.float64)
    found = Kernel(name, square).evaluate(x, y).values()
    for j in range(3):
        for c in range(4):
            assert found[j, c].item() == pytest.approx(
                plain(x[j], y[c]) - plain(x[j], zero) * plain(zero, y[c]), abs=1e-14
            )


@every_kernel
def test_expansions_vanish_at_the_origin(name):
    origin = torch.zeros(1, 2, dtype=torch.float64)
    assert Kernel(name, 0.5).evaluate(origin, draw(4, 2)).values().abs().max() <= ROUNDING


@every_kernel
def test_gradients_are_those_of_automatic_differentiation(name):
    x, y, weights = draw(3, 2).requires_grad_(), draw(5, 2, seed=1), draw(3, 5, seed=2)
    evaluation = Kernel(name, 0.7).evaluate(x, y)
    (slope,) = torch.autograd.grad((weights * evaluation.values()).sum(), x)
    assert (slope - evaluation.gradients(weights)).abs().max() <= ROUNDING


@every_kernel
@pytest.mark.parametrize("depth", [1, 3])
def test_backward_is_that_of_automatic_differentiation(name, depth):
    x, layers, residual = draw(4, 2), list(0.3 * draw(depth, 4, 2, seed=1)), draw(4, 2, seed=2)
    kernel = Kernel(name, 0.6)
    states, kernels = forward(kernel, layers, x, x)
    for i in range(depth):
        z = states[i + 1].detach().requires_grad_()
        out = forward(kernel, layers[i + 1 :], x, z)[0][-1]
        (pulled,) = torch.autograd.grad((out * residual).sum(), z)
        assert (pulled - backward(kernels, layers, residual)[i]).abs().max() <= ROUNDING


@every_kernel
def test_jacobians_are_those_of_automatic_differentiation(name):
    x, y, layer = draw(3, 2), draw(4, 2, seed=1), draw(4, 2, seed=2)
    kernel = Kernel(name, 0.7)
    rows = torch.stack(jacobians(kernel.evaluate(x, y), layer), -2)
    for j in range(3):
        plain = torch.autograd.functional.jacobian(lambda z: (kernel.evaluate(z[None], y).values() @ layer)[0], x[j])
        assert (plain - rows[j]).abs().max() <= ROUNDING


@every_kernel
def test_the_norm_of_the_space_bounds_values_slopes_and_second_derivatives(name):
    """The Lemma: with ‖f‖ = λ_max(C'KC)^(1/2) and width s, |f| <= ‖f‖, |f(x)-f(y)| <= ‖f‖|x-y|/s, |D²f| <= κ‖f‖/s²."""
    centres, layer, width, bend = draw(5, 2), draw(5, 2, seed=1), 0.8, {"gaussian": 3**0.5, "multiquadric": 3.0}[name]
    kernel = Kernel(name, width**2)
    gram = kernel.evaluate(centres, centres).values()
    norm = torch.linalg.eigvalsh(layer.mT @ gram @ layer)[-1].sqrt()
    x, y = draw(500, 2, seed=2), draw(500, 2, seed=3)
    at_x, at_y = (kernel.evaluate(z, centres).values() @ layer for z in (x, y))
    assert (at_x.norm(dim=-1) <= norm).all()
    assert ((at_x - at_y).norm(dim=-1) <= norm / width * (x - y).norm(dim=-1)).all()
    step = 1e-3 * torch.tensor([0.6, 0.8], dtype=torch.float64)
    around = [kernel.evaluate(x + k * step, centres).values() @ layer for k in (-1, 0, 1)]
    second = (around[0] - 2 * around[1] + around[2]).norm(dim=-1) / 1e-6
    assert (second <= bend * norm / width**2 + 1e-8).all()  # of the difference quotient by rounding: 4 eps/1e-6


@every_kernel
def test_the_bound_of_the_slope_is_nearly_attained(name):
    """By k_0(·, x) - k_0(·, y) for near points, whose own difference quotient is its norm over s nearly."""
    points = torch.tensor([[2.0], [2.001]], dtype=torch.float64)
    kernel, layer = Kernel(name, 1.0), torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    gram = kernel.evaluate(points, points).values()
    slope = ((gram @ layer)[0] - (gram @ layer)[1]).abs().item() / 1e-3
    assert slope == pytest.approx((layer.mT @ gram @ layer).sqrt().item(), rel=0.05)


@every_kernel
def test_a_traced_layer_encloses_the_float_one(name):
    x, layer = draw(3, 2), 0.5 * draw(3, 2, seed=1)
    given = {"x": x.numpy(), "layer": layer.numpy(), "square": 0.7}
    program = trace(lambda v: forward(Kernel(name, v["square"]), [v["layer"]], v["x"], v["x"])[0][-1], {}, given)
    found = balls.evaluate(program, {})
    plain = forward(Kernel(name, 0.7), [layer], x, x)[0][-1]
    for ball, value in zip(found.flat, plain.flatten().tolist(), strict=True):
        assert ball.rad() < 1e-30
        assert abs(float(ball.mid()) - value) <= ROUNDING


def test_unknown_kernels_are_refused():
    with pytest.raises(ValueError, match="expected a kernel among gaussian, multiquadric, got 'linear'"):
        expected_kernel("linear")
