r"""Networks near the identity, $h_l=h_{l-1}+V_l\tanh(U_lh_{l-1})$, and bounds on their risk where $w$ is stationary.

`point` makes the networks, of four origins: ``drawn`` blocks and ``adverse`` ones (that make the least risk over $w$
large), both with $w$ a minimiser for these blocks; ``zero``: $w=0$ and the last $V_L$ such that all derivatives vanish;
``designed``: drawn parameters, and labels in $[0,1]$ for which all derivatives vanish. The other functions are the
terms of the bounds of `rescert.claims.ysj_theorem4`, traceable, of the values of parameters, inputs ``X`` (n, d) and
labels ``y`` (n).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy.optimize
import torch
from torch import Tensor

from rescert.certify.tensors import owned
from rescert.landscape import constructed, samples
from rescert.landscape.linear_risk import Values, minimise
from rescert.landscape.risk import Landscape
from rescert.networks.losses import LOSSES
from rescert.networks.residual_blocks import depth, features, parameter_shapes

LOSS = "logistic"
ORIGINS = ("drawn", "adverse", "zero", "designed")
ROOM = 0.9  # share of [0, 1] that designed labels take
ASCENTS = 60  # steps towards adverse blocks
ASCENT = 0.2  # the first of them, relative to the length of each matrix; later ones fall linearly to 0
Arrays = dict[str, np.ndarray]


def point(
    config: Mapping[str, Any], generator: Callable[[int, str], torch.Generator]
) -> tuple[Arrays, np.ndarray, np.ndarray]:
    r"""Parameters, inputs (n, d) and labels (n) of one network; class labels, unless it is ``designed``.

    Keys: ``origin``, ``depth``, ``lipschitz`` ($\|V_l\|\|U_l\|$ of each block), ``width``, ``dimension``, ``samples``,
    ``seed``, ``activation``, ``separable`` where the labels are to be the sign of $x_1$, and ``output``, the length of
    $w$ at ``designed`` points (the shorter, the less the nonlinearity of $f$ helps against $R_{\mathrm{lin}}$).
    """
    if config["origin"] not in ORIGINS:
        raise ValueError(f"expected an origin among {ORIGINS}, got '{config['origin']}'")
    scale = float(config["lipschitz"])
    if not scale > 0 or config["depth"] < 1:
        raise ValueError(f"expected a depth of 1 or more and a positive Lipschitz constant, got {dict(config)}")
    inputs, labels = samples.draw({**config, "loss": LOSS}, None, generator)
    shapes = parameter_shapes(config["dimension"], [config["width"]] * config["depth"], bias=False)
    draws = {
        name: torch.randn(shape, generator=generator(config["seed"], name), dtype=torch.float64)
        for name, shape in shapes.items()
    }
    parameters = _scaled(draws, scale)
    activation = config["activation"]
    if config["origin"] == "zero":
        landscape = Landscape(inputs, shapes, activation, LOSS)
        stacked = {name: value[None] for name, value in parameters.items()}
        theta, _ = constructed.find(landscape, landscape.ravel(stacked), labels[None], 0)
        parameters = {name: value[0] for name, value in landscape.unravel(theta).items()}
    elif config["origin"] == "designed":
        parameters["w"] = float(config["output"]) * parameters["w"] / parameters["w"].norm()
        labels = _designed(Landscape(inputs, shapes, activation, LOSS), parameters)
    else:
        if config["origin"] == "adverse":
            parameters = _adverse(parameters, inputs, labels, activation, scale)
        parameters["w"] = _fit(parameters, inputs, labels, activation)
    return {name: value.numpy() for name, value in parameters.items()}, inputs.numpy(), labels.numpy()


def _scaled(parameters: Mapping[str, Tensor], scale: float) -> dict[str, Tensor]:
    r"""Every $V_l$ multiplied so that $\|V_l\|_2\|U_l\|_2$ = ``scale``."""
    result = dict(parameters)
    for block in range(1, depth(parameters) + 1):
        outer, inner = (torch.linalg.matrix_norm(parameters[f"{n}{block}"], 2) for n in "VU")
        result[f"V{block}"] = parameters[f"V{block}"] * (scale / (outer * inner))
    return result


def _fit(parameters: Mapping[str, Tensor], inputs: Tensor, labels: Tensor, activation: str) -> Tensor:
    """The minimiser $w$ of the risk for these blocks: a linear model on the representations."""
    return minimise(features(parameters, inputs, activation)[1], labels[None], LOSS)[0][0]


def _designed(landscape: Landscape, parameters: Mapping[str, Tensor]) -> Tensor:
    r"""Labels $\sigma(f)-r$ with $J^{\mathsf T}r=0$, where $J=\partial f/\partial\theta$: then the gradient is 0.

    $r$ is the projection of $x_1$, so that it correlates with the inputs as far as the equations allow.
    """
    theta = landscape.ravel({name: value[None] for name, value in parameters.items()})
    if landscape.size >= len(landscape.inputs):
        raise ValueError(f"expected more than {landscape.size} samples to design labels, got {len(landscape.inputs)}")
    left, singular, _ = torch.linalg.svd(landscape.jacobian(theta)[0], full_matrices=False)
    left = left * (singular > 1e-12 * singular[0])
    residual = landscape.inputs[:, 0]
    for _ in range(2):  # the second projection removes the rounding errors of the first
        residual = residual - left @ (left.mT @ residual)
    probability = torch.sigmoid(landscape.outputs(theta)[0])
    room = torch.where(residual > 0, probability, 1 - probability) / residual.abs().clamp_min(1e-300)
    return probability - ROOM * room.min() * residual


def _adverse(
    parameters: Mapping[str, Tensor], inputs: Tensor, labels: Tensor, activation: str, scale: float
) -> dict[str, Tensor]:
    r"""Gradient ascent in the blocks of $\min_wR$, whose gradient is that of $R$ at the minimiser $w$."""
    current = dict(parameters)
    for step in range(ASCENTS):
        current["w"] = _fit(current, inputs, labels, activation)
        blocks = {n: value.clone().requires_grad_() for n, value in current.items() if n != "w"}
        hidden = features({**blocks, "w": current["w"]}, inputs, activation)[1]
        risk = LOSSES[LOSS].value(hidden @ current["w"], labels).mean()
        slopes = torch.autograd.grad(risk, list(blocks.values()))
        rate = ASCENT * (1 - step / ASCENTS)
        for (name, value), slope in zip(blocks.items(), slopes, strict=True):
            length = slope.norm().clamp_min(torch.finfo(slope.dtype).tiny)
            current[name] = value.detach() + rate * value.detach().norm() * slope / length
        current = _scaled(current, scale)
    return current


def linear_value(inputs: np.ndarray, labels: np.ndarray, predictor: np.ndarray) -> float:
    r"""$\varrho(t)$ in floats."""
    X, y, t = (owned(a) for a in (inputs, labels, predictor))
    return float(LOSSES[LOSS].value(X @ t, y).mean())


def linear_slope(inputs: np.ndarray, labels: np.ndarray, predictor: np.ndarray) -> np.ndarray:
    r"""$\nabla\varrho(t)$ (d) in floats."""
    X, y, t = (owned(a) for a in (inputs, labels, predictor))
    return (LOSSES[LOSS].slope(X @ t, y) @ X / len(X)).numpy()


def shrunk(inputs: np.ndarray, labels: np.ndarray, weight: float) -> np.ndarray:
    r"""A float minimiser of $\varrho(t)+\kappa|t|$ with $\kappa$ = ``weight``: 0 if $|\nabla\varrho(0)|\le\kappa$."""

    def value_and_slope(t: np.ndarray) -> tuple[float, np.ndarray]:
        length = float(np.linalg.norm(t))
        direction = t / max(length, np.finfo(float).tiny)
        return linear_value(inputs, labels, t) + weight * length, linear_slope(inputs, labels, t) + weight * direction

    at_zero = linear_slope(inputs, labels, np.zeros(inputs.shape[1]))
    excess = np.linalg.norm(at_zero) - weight
    if excess <= 0:
        return np.zeros(inputs.shape[1])
    # the function has a kink at 0; a step down from there leaves it for good, and the rest is smooth
    start = -at_zero / np.linalg.norm(at_zero) * excess / np.square(inputs).sum(1).mean()
    return scipy.optimize.minimize(value_and_slope, start, jac=True, method="BFGS", options={"gtol": 1e-13}).x


def hidden(values: Values, activation: str) -> Tensor:
    """$h_L$ (n, d)."""
    return features(values, values["X"], activation)[1]


def slopes(values: Values, activation: str) -> Tensor:
    r"""$\ell'(f(x);y)$ (n)."""
    return LOSSES[LOSS].slope(hidden(values, activation) @ values["w"], values["y"])


def risk(values: Values, activation: str) -> Tensor:
    """$R$."""
    return LOSSES[LOSS].value(hidden(values, activation) @ values["w"], values["y"]).mean()


def zero_risk(values: Values) -> Tensor:
    r"""$E[\ell(0;y)]$, the risk of the predictor 0."""
    return LOSSES[LOSS].value(0 * values["y"], values["y"]).mean()


def zero_slope(values: Values) -> Tensor:
    r"""$\nabla\varrho(0)=E[\ell'(0;y)\,x]$ (d)."""
    return LOSSES[LOSS].slope(0 * values["y"], values["y"]) @ values["X"] / values["X"].shape[0]


def last_slope(values: Values, activation: str) -> Tensor:
    r"""$|E[\ell'\phi_L]|^2$: $\partial R/\partial V_L=w\,E[\ell'\phi_L]^{\mathsf T}$."""
    slope = slopes(values, activation) @ features(values, values["X"], activation)[0][-1]
    return (slope * slope).sum()


def radial_slope(values: Values, activation: str) -> Tensor:
    r"""$E[\ell'(f;y)f]$, which is at least $R-E[\ell(0;y)]$ by convexity."""
    return (slopes(values, activation) * (hidden(values, activation) @ values["w"])).mean()


def correlation(values: Values, activation: str) -> Tensor:
    r"""$E[\ell'(f;y)(h_L-x)]$ (d)."""
    moved = hidden(values, activation) - values["X"]
    return slopes(values, activation) @ moved / values["X"].shape[0]


def displacement(values: Values, activation: str) -> Tensor:
    r"""$\mu E|h_L-x|$; $\mu=1$."""
    moved = hidden(values, activation) - values["X"]
    return (moved * moved).sum(1).sqrt().mean()


def size(values: Values) -> Tensor:
    """$E|x|$."""
    return (values["X"] * values["X"]).sum(1).sqrt().mean()


def directions(parameters: Mapping[str, np.ndarray]) -> Arrays:
    r"""For each block a float vector ``turn{l}`` that $V_lU_l$ stretches most: the constants of `least_growth`."""
    return {
        f"turn{block}": np.linalg.svd(parameters[f"V{block}"] @ parameters[f"U{block}"])[2][0]
        for block in range(1, depth(parameters) + 1)
    }


def least_growth(values: Values) -> Tensor:
    r"""$\prod_l(1+\rho_l)-1$ with $\rho_l=|V_lU_lu|/|u|\le\|V_lU_l\|_2$, for vectors $u$ = ``turn{l}``.

    The derivative of $V_l\tanh(U_lh)$ at $h=0$ is $V_lU_l$, so no Lipschitz constant of the block is smaller.
    """
    return _growth(_least_constants(values))


def least_second_growth(values: Values) -> Tensor:
    r"""$\sum_l\rho_l\prod_{k<l}(1+\rho_k)\bigl(\prod_{k>l}(1+\rho_k)-1\bigr)$ with the $\rho_l$ of `least_growth`.

    0 for one block; it rises in every $\rho_l$.
    """
    constants = _least_constants(values)
    total = 0 * constants[0]
    for block in range(len(constants) - 1):
        term = constants[block] * _growth(constants[block + 1 :])
        total = total + (term * (1 + _growth(constants[:block])) if block else term)
    return total


def _least_constants(values: Values) -> list[Tensor]:
    return [
        norm(values[f"V{k}"] @ (values[f"U{k}"] @ values[f"turn{k}"])) / norm(values[f"turn{k}"])
        for k in range(1, depth(values) + 1)
    ]


def most_growth(values: Values) -> Tensor:
    r"""$\prod_l(1+\rho_l)-1$ with $\rho_l=\|V_l\|_F\|U_l\|_F$, Lipschitz constants since tanh has slopes in $[0,1]$."""
    return _growth([norm(values[f"V{k}"]) * norm(values[f"U{k}"]) for k in range(1, depth(values) + 1)])


def norm(array: Tensor) -> Tensor:
    """The square root of the sum of squares of all entries."""
    return (array * array).sum().sqrt()


def _growth(constants: list[Tensor]) -> Tensor:
    product = 1 + constants[0]
    for constant in constants[1:]:
        product = product * (1 + constant)
    return product - 1
