"""Tanh residual networks: the closed-form gradient, and the symmetry that they have without biases."""

import torch

from rescert.networks.tanh_layers import forward, gradients


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_gradients_are_those_of_automatic_differentiation():
    outer, inner = draw(3, 2, 4).requires_grad_(), draw(3, 4, 2, seed=1).requires_grad_()
    x, y = draw(5, 2, seed=2), draw(5, 2, seed=3)
    states, units = forward(outer, inner, x)
    plain = torch.autograd.grad((states[-1] - y).square().sum() / 2, (outer, inner))
    found = gradients(outer, inner, states, units, states[-1] - y)
    for one, other in zip(plain, found, strict=True):
        assert (one - torch.stack(other)).abs().max() <= 1e-12 * one.abs().max()


def test_networks_without_biases_are_odd():
    outer, inner, x = draw(3, 2, 4), draw(3, 4, 2, seed=1), draw(5, 2, seed=2)
    assert torch.equal(forward(outer, inner, -x)[0][-1], -forward(outer, inner, x)[0][-1])
