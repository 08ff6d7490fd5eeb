"""Landscapes whose risk is a given function of the parameters, and one of a network with its starts."""

import torch

from draws import normal
from rescert import runtime
from rescert.landscape import samples
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import parameter_shapes


def surface(function, size=2):
    """R(theta) = function(theta), positive near the points used: one sample, label 0, output sqrt(2 function)."""
    shapes = {"t": (size,)}
    network = lambda p, x, _: (2 * function(p["t"])).sqrt()[None]  # noqa: E731
    return Landscape(torch.zeros(1, 1, dtype=torch.float64), shapes, network=network)


def double_well(t):
    """A saddle at 0 of risk 10 between the minima (0, 1) and (0, -1) of risk 9.75."""
    return 10 + t[0] ** 2 / 2 - t[1] ** 2 / 2 + t[1] ** 4 / 4


def slope(t):
    """No critical point; the gradient norm has its minimum 1 at 0, where H = diag(0, 1)."""
    return 10 + t[0] + t[0] ** 3 + t[1] ** 2 / 2


def valley_to_infinity(t):
    """The gradient vanishes for t0 to infinity only."""
    return torch.exp(-t[0]) + t[1] ** 2 / 2


def labels(points):
    return torch.zeros(len(points), 1, dtype=torch.float64)


def vectors(*points):
    return torch.tensor(points, dtype=torch.float64)


def network_case(batch=4, widths=(1, 1), loss="squared", activation="tanh", **config):
    config = {"samples": 100, "dimension": 4, "seed": 0, "loss": loss, **config}
    inputs, target = samples.draw(config, None, runtime.generator)
    landscape = Landscape(inputs, parameter_shapes(config["dimension"], widths), activation, loss)
    theta = normal(1, "test starts", (batch, landscape.size)) / 2
    return landscape, theta, target.expand(batch, -1).clone()
