"""Candidates: gradients against autograd, closed forms, zero gradients by construction, and the same bytes twice."""

import numpy as np
import pytest
import torch

from draws import normal
from rescert import record, runtime
from rescert.landscape import constructed, designed, embedding
from rescert.landscape.risk import Landscape
from rescert.landscape.samples import draw
from rescert.landscape.search import search
from rescert.networks.residual_blocks import parameter_shapes

EPS = np.finfo(np.float64).eps
CONFIG = {
    "architecture": "residual_blocks",
    "activation": "tanh",
    "dimension": 3,
    "widths": [3, 2],
    "samples": 48,
    "starts": 6,
    "origins": ["constructed", "embedding", "designed"],
    "iterations": 5,
    "seed": 0,
}


def prepare(batch=4, activation="tanh"):
    points, labels = draw(CONFIG, None, runtime.generator)
    landscape = Landscape(points, parameter_shapes(3, [3, 2]), activation)
    theta = normal(1, "test starts", (batch, landscape.size)) / 2
    return landscape, theta, labels.expand(batch, -1).clone()


def run(**changes):
    return search({**CONFIG, **changes}, None, torch.device("cpu"), lambda m, s: None, generator=runtime.generator)


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
def test_gradient_and_hessian_agree_with_reverse_mode_point_by_point(activation):
    landscape, theta, labels = prepare(activation=activation)
    gradient, hessian = landscape.gradient(theta, labels), landscape.hessian(theta, labels)
    for k in range(len(theta)):
        point = theta[k].clone().requires_grad_()
        risk = lambda t, k=k: landscape.risk(t[None], labels[k][None])[0]  # noqa: E731
        (single,) = torch.autograd.grad(risk(point), point)
        assert torch.allclose(gradient[k], single, rtol=1e4 * EPS, atol=1e4 * EPS)
        naive = torch.autograd.functional.hessian(risk, theta[k])
        assert torch.allclose(hessian[k], naive, rtol=1e4 * EPS, atol=1e4 * EPS)


def test_the_gradient_is_the_jacobian_times_the_residual():
    landscape, theta, labels = prepare()
    residual = landscape.outputs(theta) - labels
    product = (landscape.jacobian(theta).mT @ residual[..., None])[..., 0] / labels.shape[1]
    assert torch.allclose(landscape.gradient(theta, labels), product, rtol=1e4 * EPS, atol=1e4 * EPS)


def test_constructed_points_have_zero_gradient_and_the_risk_of_the_zero_function():
    landscape, theta, labels = prepare()
    theta, labels = constructed.find(landscape, theta, labels, 0)
    assert not theta[:, landscape.where("w")].any()
    assert float(landscape.gradient(theta, labels).norm(dim=1).max()) < 1e3 * EPS
    others = landscape.gradient(theta, labels).clone()
    others[:, landscape.where("w")] = 0
    assert not others.any()
    assert torch.allclose(landscape.risk(theta, labels), labels.square().mean(1) / 2, rtol=10 * EPS)


def test_designed_labels_make_any_parameters_critical():
    landscape, theta, labels = prepare()
    theta, designed_labels = designed.find(landscape, theta, labels, 0)
    assert float(landscape.gradient(theta, designed_labels).norm(dim=1).max()) < 1e4 * EPS
    assert float(landscape.gradient(theta, labels).norm(dim=1).min()) > 1e-3
    assert not landscape.unravel(theta)["U2"][:, :, 0].any()


def test_designing_labels_needs_more_samples_than_parameters():
    landscape, theta, labels = prepare()
    few = Landscape(landscape.inputs[:38], landscape.shapes)
    with pytest.raises(ValueError, match="expected more than 38 samples"):
        designed.find(few, theta, labels[:, :38], 0)


def rounding(landscape, theta, labels):
    """A bound of what rounding does to the norm of each gradient: a mean over the samples, and some 50 operations."""
    each = [
        Landscape(landscape.inputs[[i]], landscape.shapes, landscape.activation).gradient(theta, labels[:, [i]])
        for i in range(len(landscape.inputs))
    ]
    return (len(each) + 50) * EPS * torch.stack(each).abs().mean(0).norm(dim=1)


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
def test_embedded_points_are_critical_where_the_narrow_ones_are(activation):
    landscape, theta, labels = prepare(batch=8, activation=activation)
    theta, labels = embedding.find(landscape, theta, labels, 200)
    parameters = landscape.unravel(theta)
    narrow = Landscape(landscape.inputs, parameter_shapes(3, [1, 1]), activation)
    cut = narrow.ravel({n: parameters[n][(slice(None), *(slice(0, k) for k in s))] for n, s in narrow.shapes.items()})
    wide_norm = landscape.gradient(theta, labels).norm(dim=1)
    narrow_norm = narrow.gradient(cut, labels).norm(dim=1)
    # The gradient in the outer column of a unit of equal inner weights is that of its twin; there are up to 3 of them.
    most = 1 if activation == "tanh" else 3**0.5
    margin = rounding(landscape, theta, labels) + most * rounding(narrow, cut, labels)
    assert margin.median() < 1e-11  # far below the gradients of points that are not critical
    assert (wide_norm <= most * narrow_norm + margin).all()
    assert (wide_norm >= narrow_norm - margin).all()
    assert int((wide_norm < 1e-9).sum()) >= 4


def test_the_same_config_gives_the_same_bytes():
    first, table = run()
    second, again = run()
    assert record.dump_tensors(first) == record.dump_tensors(second)
    assert table.equals(again)


def test_another_seed_gives_other_points_and_the_table_describes_them():
    arrays, table = run()
    other, _ = run(seed=1)
    assert not np.array_equal(arrays["V2"], other["V2"])
    assert table["origin"].tolist() == ["constructed", "embedding", "designed"] * 2
    assert table.loc[table["origin"] != "embedding", "candidate"].all()
    assert (table.loc[table["origin"] == "constructed", "smallest_eigenvalue"] < 0).all()


def test_unknown_origins_are_refused():
    with pytest.raises(ValueError, match="expected origins among"):
        run(origins=["luck"])
