"""Networks near the identity: the points, the terms of the bounds, and the identity behind them."""

import numpy as np
import pytest
import torch

from draws import normal, uniform
from rescert.landscape import near_identity
from rescert.landscape.risk import Landscape
from rescert.networks.losses import LOSSES
from rescert.runtime import generator

EPS = np.finfo(float).eps
LOGISTIC = LOSSES["logistic"]


def config(origin: str, **changes) -> dict:
    base = {"depth": 3, "lipschitz": "0.1", "activation": "tanh", "width": 2, "dimension": 3, "samples": 48, "seed": 0}
    return {"origin": origin, "output": "1", **base, **changes}


def tensors(origin: str, **changes) -> dict[str, torch.Tensor]:
    parameters, inputs, labels = near_identity.point(config(origin, **changes), generator)
    arrays = {**parameters, **near_identity.directions(parameters), "X": inputs, "y": labels}
    return {name: torch.from_numpy(value) for name, value in arrays.items()}


def gradient(values: dict[str, torch.Tensor], activation: str = "tanh") -> dict[str, float]:
    """The largest entry of each parameter's derivative."""
    names = [name for name in values if name[0] in "wVU"]
    landscape = Landscape(values["X"], {n: tuple(values[n].shape) for n in names}, activation, "logistic")
    theta = landscape.ravel({n: values[n][None] for n in names})
    parts = landscape.unravel(landscape.gradient(theta, values["y"][None]))
    return {name: float(part.abs().max()) for name, part in parts.items()}


@pytest.mark.parametrize("origin", ["drawn", "adverse"])
def test_fixed_blocks_have_their_best_output_layer(origin):
    values = tensors(origin)
    assert gradient(values)["w"] <= 48 * 8 * EPS
    assert set(values["y"].tolist()) == {0.0, 1.0}
    for block in (1, 2, 3):
        norms = [float(torch.linalg.matrix_norm(values[f"{name}{block}"], 2)) for name in "VU"]
        assert norms[0] * norms[1] == pytest.approx(0.1, rel=32 * EPS)


def test_adverse_blocks_are_worse_than_drawn_ones():
    drawn, adverse = (float(near_identity.risk(tensors(origin), "tanh")) for origin in ("drawn", "adverse"))
    assert adverse > drawn + 1e-3


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
@pytest.mark.parametrize("origin", ["zero", "designed"])
def test_all_derivatives_vanish_where_they_should(origin, activation):
    values = tensors(origin, activation=activation)
    size = max(float(v.abs().max()) for v in values.values())
    assert max(gradient(values, activation).values()) <= 48 * 64 * EPS * size
    assert bool(values["w"].any()) == (origin == "designed")
    assert bool(((values["y"] >= 0) & (values["y"] <= 1)).all())


def test_the_risk_at_zero_is_log_2():
    values = tensors("zero")
    assert float(near_identity.risk(values, "tanh")) == pytest.approx(np.log(2), abs=4 * EPS)
    assert float(near_identity.zero_risk(values)) == pytest.approx(np.log(2), abs=4 * EPS)
    assert float(near_identity.radial_slope(values, "tanh")) == 0


@pytest.mark.parametrize("origin", near_identity.ORIGINS)
def test_the_identity_holds_for_every_predictor(origin):
    r"""$R=\varrho(t)+t'E[\ell'(h_L-x)]-E[D(t'x;f)]$ where $w$ is stationary."""
    values = tensors(origin)
    slope, outputs = near_identity.slopes(values, "tanh"), near_identity.hidden(values, "tanh") @ values["w"]
    for t in normal(1, "predictors", (5, 3)):
        linear = values["X"] @ t
        gap = LOGISTIC.value(linear, values["y"]) - LOGISTIC.value(outputs, values["y"]) - slope * (linear - outputs)
        assert bool((gap >= -8 * EPS).all())
        right = LOGISTIC.value(linear, values["y"]).mean() + t @ near_identity.correlation(values, "tanh") - gap.mean()
        assert float(right - near_identity.risk(values, "tanh")) == pytest.approx(0, abs=48 * 64 * EPS)


@pytest.mark.parametrize("origin", near_identity.ORIGINS)
def test_the_displacement_lies_below_the_growth_times_the_size(origin):
    values = tensors(origin)
    product, least = 1.0, 1.0
    for block in (1, 2, 3):
        outer, inner = values[f"V{block}"], values[f"U{block}"]
        product *= 1 + float(torch.linalg.matrix_norm(outer, 2) * torch.linalg.matrix_norm(inner, 2))
        least *= 1 + float(torch.linalg.matrix_norm(outer @ inner, 2))
    size = float(near_identity.size(values))
    assert float(near_identity.displacement(values, "tanh")) <= (product - 1) * size
    assert float(near_identity.least_growth(values)) == pytest.approx(least - 1, rel=256 * EPS)
    assert least <= product <= 1 + float(near_identity.most_growth(values)) + 64 * EPS


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_second_growth_has_its_closed_form(depth):
    r"""$\prod(1+\rho)\sum\rho/(1+\rho)-\prod(1+\rho)+1$; 0 for one block, $\rho_1\rho_2$ for two."""
    values = tensors("drawn", depth=depth)
    names = range(1, depth + 1)
    rho = np.array([float(torch.linalg.matrix_norm(values[f"V{k}"] @ values[f"U{k}"], 2)) for k in names])
    product = np.prod(1 + rho)
    found = float(near_identity.least_second_growth(values))
    assert found == pytest.approx(product * np.sum(rho / (1 + rho)) - product + 1, abs=64 * EPS)
    if depth == 1:
        assert found == 0
    if depth == 2:
        assert found == pytest.approx(rho[0] * rho[1], rel=256 * EPS)


@pytest.mark.parametrize("weight", [0.0, 0.01, 0.1])
def test_the_shrunk_predictor_is_stationary(weight):
    inputs, labels = normal(2, "inputs", (40, 3)).numpy(), uniform(2, "labels", (40,)).round().numpy()
    inputs[:, 0] += 2 * labels - 1
    t = near_identity.shrunk(inputs, labels, weight)
    slope = near_identity.linear_slope(inputs, labels, t) + weight * t / np.linalg.norm(t)
    assert np.linalg.norm(slope) <= 1e-7  # BFGS stops where the value is flat to rounding: the root of EPS
    for other in np.concatenate([1e-3 * np.eye(3), -1e-3 * np.eye(3)]):
        moved = near_identity.linear_value(inputs, labels, t + other) + weight * np.linalg.norm(t + other)
        assert moved > near_identity.linear_value(inputs, labels, t) + weight * np.linalg.norm(t)


def test_the_shrunk_predictor_is_zero_exactly_from_the_slope_at_zero_on():
    inputs, labels = normal(2, "inputs", (40, 3)).numpy(), uniform(2, "labels", (40,)).round().numpy()
    edge = float(np.linalg.norm(near_identity.linear_slope(inputs, labels, np.zeros(3))))
    assert not near_identity.shrunk(inputs, labels, edge * (1 + 1e-12)).any()
    assert near_identity.shrunk(inputs, labels, edge * (1 - 1e-3)).any()


def test_misuse_is_named():
    with pytest.raises(ValueError, match="expected an origin among"):
        near_identity.point(config("found"), generator)
    with pytest.raises(ValueError, match="positive Lipschitz constant"):
        near_identity.point(config("drawn", lipschitz="0"), generator)
    with pytest.raises(ValueError, match="expected more than 39 samples"):
        near_identity.point(config("designed", samples=39), generator)
