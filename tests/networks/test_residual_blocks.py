"""The network of Yun, Sra and Jadbabaie: closed forms, a naive twin, vmap and tracing."""

import math

import numpy as np
import pytest
import torch
from torch.func import vmap

from rescert.certify import balls
from rescert.certify.problem import trace
from rescert.networks.residual_blocks import depth, features, network, parameter_shapes, risk

EPS = np.finfo(np.float64).eps


def draw(widths=(3, 2), dimension=3, samples=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = parameter_shapes(dimension, list(widths))
    parameters = {n: torch.randn(s, generator=generator, dtype=torch.float64) for n, s in shapes.items()}
    return parameters, torch.randn(samples, dimension, generator=generator, dtype=torch.float64)


def naive(parameters, x, function):
    """One sample, scalar by scalar, as the paper writes it."""
    hidden = list(x)
    for block in range(1, depth(parameters) + 1):
        outer, inner, bias = (parameters[f"{n}{block}"].tolist() for n in "VUb")
        phi = [
            function(sum(u * h for u, h in zip(row, hidden, strict=True)) + b)
            for row, b in zip(inner, bias, strict=True)
        ]
        hidden = [h + sum(v * p for v, p in zip(row, phi, strict=True)) for h, row in zip(hidden, outer, strict=True)]
    return sum(w * h for w, h in zip(parameters["w"].tolist(), hidden, strict=True))


@pytest.mark.parametrize(
    ("activation", "function"), [("tanh", math.tanh), ("softplus", lambda t: math.log1p(math.exp(t)))]
)
@pytest.mark.parametrize("widths", [(2,), (3, 2), (1, 2, 1)])
def test_the_network_equals_a_scalar_loop(activation, function, widths):
    parameters, inputs = draw(widths)
    outputs = network(parameters, inputs, activation)
    for x, found in zip(inputs.tolist(), outputs.tolist(), strict=True):
        assert found == pytest.approx(naive(parameters, x, function), rel=1e3 * EPS, abs=1e3 * EPS)


def test_zero_outer_layers_leave_a_linear_function():
    parameters, inputs = draw()
    parameters |= {n: torch.zeros_like(v) for n, v in parameters.items() if n.startswith("V")}
    assert torch.equal(network(parameters, inputs), inputs @ parameters["w"])


def test_vmap_equals_a_loop():
    points = [draw(seed=s)[0] for s in range(4)]
    inputs = draw()[1]
    stacked = {n: torch.stack([p[n] for p in points]) for n in points[0]}
    batched = vmap(lambda p: network(p, inputs))(stacked)
    single = torch.stack([network(p, inputs) for p in points])
    assert torch.allclose(batched, single, rtol=100 * EPS, atol=100 * EPS)


def test_the_traced_risk_encloses_the_float_risk_narrowly():
    parameters, inputs = draw()
    labels = inputs.sum(1)
    program = trace(
        lambda v: risk(v, v["X"], v["y"]),
        {n: tuple(v.shape) for n, v in parameters.items()},
        {"X": inputs.numpy(), "y": labels.numpy()},
    )
    ball = balls.evaluate(program, {n: v.numpy() for n, v in parameters.items()}).reshape(-1)[0]
    assert float(ball.rad()) < 1e-30
    assert float(ball.mid()) == pytest.approx(float(risk(parameters, inputs, labels)), rel=1e3 * EPS)


def test_features_are_those_that_the_blocks_add():
    parameters, inputs = draw()
    phi, hidden = features(parameters, inputs)
    rebuilt = inputs + sum(p @ parameters[f"V{k}"].T for k, p in enumerate(phi, 1))
    assert torch.allclose(hidden, rebuilt, rtol=100 * EPS, atol=100 * EPS)


@pytest.mark.parametrize(("dimension", "widths"), [(0, [1]), (2, []), (2, [1, 0])])
def test_impossible_shapes_are_refused(dimension, widths):
    with pytest.raises(ValueError, match="expected a dimension and widths of at least 1"):
        parameter_shapes(dimension, widths)


def test_an_unknown_activation_is_refused():
    parameters, inputs = draw()
    with pytest.raises(ValueError, match="expected an activation among"):
        network(parameters, inputs, "relu6")
