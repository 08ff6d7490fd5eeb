"""Safeguarded Newton against closed forms, where plain Newton fails, and where there is no solution."""

import pytest
import torch

from rescert.decomposition.inversion import invert

EPS = torch.finfo(torch.float64).eps


def test_inverts_a_map_on_which_plain_newton_diverges():
    """Newton's method for arctan diverges from |x| > 1.392; step halving mends it."""
    y = torch.linspace(-1.4, 1.4, 57, dtype=torch.float64)[:, None]
    x = invert(torch.atan, lambda x: (1 / (1 + x**2))[..., None], y, torch.full_like(y, 3.0))
    # The residual is of the size of rounding; it is amplified by dx/dy = 1 + x².
    assert ((x - torch.tan(y)).abs() <= 64 * EPS * (1 + torch.tan(y) ** 2)).all()


def test_inverts_a_plane_map():
    twist = torch.tensor([[2.0, 1.0], [-1.0, 1.0]], dtype=torch.float64)

    def value(x):
        return x @ twist.T + torch.tanh(x)

    def jacobian(x):
        return twist + torch.diag_embed(1 - torch.tanh(x) ** 2)

    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = invert(value, jacobian, value(x), torch.zeros_like(x))
    assert (found - x).abs().max() <= 200 * EPS


def test_says_when_there_is_no_solution():
    y = torch.full((1, 1), -1.0, dtype=torch.float64)
    with pytest.raises(ArithmeticError, match="Newton"):
        invert(lambda x: x**2, lambda x: (2 * x)[..., None], y, torch.ones_like(y))


def test_refuses_a_start_of_another_shape():
    with pytest.raises(ValueError, match="shape"):
        invert(torch.atan, lambda x: x[..., None], torch.zeros(3, 1), torch.zeros(2, 1))
