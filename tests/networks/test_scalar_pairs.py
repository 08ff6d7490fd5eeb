"""Scalar pairs: closed forms, a plain twin of the batched gradient, and what they keep."""

from functools import partial

import pytest
import torch

from draws import uniform
from rescert.networks import scalar_pairs
from rescert.runtime import generator


def batch(pairs=4, depth=5, seed=0):
    """Pairs with kinks spread over [0, 1], and data off the kinks."""
    shapes = {"w": (depth, 2, pairs, 1), "b": (depth, 2, pairs, 1), "c": (2, pairs, 1), "d": (pairs, 1)}
    parameters = {name: uniform(seed, name, shape) for name, shape in shapes.items()}
    parameters["c"] += 0.5
    return parameters, uniform(seed, "x", (17,)), uniform(seed, "y", (17,))


def plain(parameters, index, x):
    """One pair at one point, in Python floats."""
    value = parameters["d"][index, 0].item()
    for sign, k in ((1, 0), (-1, 1)):
        hidden = x
        for w, b in zip(
            parameters["w"][:, k, index, 0].tolist(), parameters["b"][:, k, index, 0].tolist(), strict=True
        ):
            hidden += w * max(hidden - b, 0.0)
        value += sign * parameters["c"][k, index, 0].item() * hidden
    return value


def test_estimate_is_the_plain_recursion():
    parameters, x, _ = batch()
    expected = [[plain(parameters, i, at) for at in x.tolist()] for i in range(4)]
    torch.testing.assert_close(scalar_pairs.estimate(parameters, x), torch.tensor(expected, dtype=torch.float64))


def test_gradient_is_that_of_automatic_differentiation():
    parameters, x, y = batch()
    leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
    loss = 0.5 * ((scalar_pairs.estimate(leaves, x) - y) ** 2).mean(1)
    loss.sum().backward()
    found, gradient = scalar_pairs.gradient(parameters, x, y)
    torch.testing.assert_close(found, loss.detach())
    for name, leaf in leaves.items():
        torch.testing.assert_close(gradient[name], leaf.grad, rtol=1e-12, atol=1e-13)


def test_pairs_of_a_batch_do_not_see_each_other():
    parameters, x, y = batch()
    one = {name: value[..., 1:2, :] for name, value in parameters.items()}
    loss, gradient = scalar_pairs.gradient(parameters, x, y)
    alone, its = scalar_pairs.gradient(one, x, y)
    assert alone[0] == loss[1]
    assert all(torch.equal(its[name], gradient[name][..., 1:2, :]) for name in its)


def test_each_network_is_convex_rises_and_vanishes_at_zero():
    parameters, _, _ = batch(depth=9)
    x = torch.linspace(0, 1, 101, dtype=torch.float64)
    values = scalar_pairs.network(parameters["w"], parameters["b"], parameters["c"], x)
    assert (values[..., 0] == 0).all()
    assert (values.diff(dim=-1) > 0).all()
    assert (values.diff(dim=-1).diff(dim=-1) > -1e-13).all()


def test_another_range_scales_the_same_draws():
    small, large = (
        scalar_pairs.initial(partial(generator, 3), depth=4, bias_range=r, weight_range=0.1) for r in (0.5, 1.0)
    )
    assert torch.equal(2 * small["b"], large["b"])
    assert torch.equal(small["w"], large["w"])
    assert small["w"].max() <= 0.1
    assert (small["c"] == 1).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"depth": 0}, "depth of at least 1"),
        ({"bias_range": 0.0}, "positive ranges"),
        ({"weight_range": -1}, "got 1.0 and"),
    ],
)
def test_bad_sizes_are_one_sentence(changes, message):
    with pytest.raises(ValueError, match=message):
        scalar_pairs.initial(partial(generator, 0), **{"depth": 2, "bias_range": 1.0, "weight_range": 0.1, **changes})
