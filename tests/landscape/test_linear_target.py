"""Linear labels: what they are, that the descent descends, and a bad minimum that it finds."""

import itertools

import pytest
import torch

from draws import normal
from rescert import runtime
from rescert.landscape import linear_target, newton
from rescert.landscape.linear_risk import minimise
from rescert.landscape.risk import Landscape
from rescert.landscape.search import search
from rescert.networks.residual_blocks import parameter_shapes

EPS = torch.finfo(torch.float64).eps
CONFIG = {
    "architecture": "residual_blocks",
    "activation": "tanh",
    "dimension": 1,
    "widths": [1, 1],
    "samples": 12,
    "origins": ["linear_target"],
    "starts": 3,
    "iterations": 150,
    "seed": 5,
}


def landscape(loss="squared"):
    return Landscape(normal(1, "test inputs", (10, 2)), parameter_shapes(2, [1, 2]), loss=loss)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_the_first_coordinate_is_the_best_linear_predictor(loss):
    found = landscape(loss)
    starts = normal(2, "test starts", (2, found.size)) / 2
    _, labels = linear_target.find(found, starts, torch.zeros(2, 10, dtype=torch.float64), 1)
    predictor, _ = minimise(found.inputs, labels, loss)
    assert torch.allclose(predictor, torch.tensor([[1.0, 0.0]]).double().expand(2, -1), atol=1e5 * EPS)
    assert (loss != "squared") or torch.equal(labels[0], found.inputs[:, 0])


@pytest.mark.parametrize("loss", ["squared", "logistic"])
def test_no_step_raises_the_risk_and_a_batch_equals_its_parts(loss):
    found = landscape(loss)
    theta = normal(3, "test starts", (4, found.size))
    labels = torch.sigmoid(found.inputs[:, 0]).expand(4, -1)
    risks = [found.risk(linear_target.descend(found, theta, labels, k), labels) for k in (0, 1, 2, 5, 20)]
    assert all(bool((later <= earlier).all()) for earlier, later in itertools.pairwise(risks))
    assert bool((risks[-1] < risks[0]).all())
    alone = linear_target.descend(found, theta[2:3], labels[2:3], 5)
    assert torch.allclose(alone, linear_target.descend(found, theta, labels, 5)[2:3], rtol=1e-6)


def test_a_step_is_the_damped_gauss_newton_step():
    """At zero residual Gauss–Newton is Newton: the curvature that it leaves out has the factor $\\ell'$."""
    found = landscape("logistic")
    theta = normal(4, "test starts", (1, found.size)) / 4
    labels = torch.sigmoid(found.outputs(theta))
    moved = theta + 1e-4 * normal(5, "test starts", (1, found.size))
    damped = found.hessian(theta, labels) + torch.eye(found.size, dtype=torch.float64)
    expected = moved - torch.linalg.solve(damped, found.gradient(moved, labels)[..., None])[..., 0]
    assert torch.allclose(linear_target.descend(found, moved, labels, 1), expected, atol=1e-7)


def test_saturated_and_singular_starts_stay_finite():
    found = landscape()
    theta = 1e200 * normal(6, "test starts", (3, found.size))
    labels = found.inputs[:, 0].expand(3, -1)
    assert bool(torch.isfinite(linear_target.descend(found, theta, labels, 3)).all())


def test_a_search_ends_at_a_bad_minimum():
    arrays, table = search(CONFIG, None, torch.device("cpu"), lambda m, s: None, generator=runtime.generator)
    first = table.iloc[0]
    assert first["candidate"]
    assert first["linear_risk"] < 1e3 * EPS**2
    assert first["risk"] > 1e-3
    assert first["smallest_eigenvalue"] > 1e-5
    assert (arrays["y"] == arrays["X"][:, 0]).all()


def test_around_it_the_risk_is_larger():
    """Without derivatives: every point at a distance of 1e-3 to 1e-2 in random directions, and both ways along axes."""
    arrays, table = search(CONFIG, None, torch.device("cpu"), lambda m, s: None, generator=runtime.generator)
    found = Landscape(torch.from_numpy(arrays["X"]), parameter_shapes(1, [1, 1]))
    theta = found.ravel({name: torch.from_numpy(arrays[name][:1]) for name in found.shapes})
    directions = torch.cat([normal(7, "test directions", (500, 7)), torch.eye(7).double(), -torch.eye(7).double()])
    directions = directions / directions.norm(dim=1, keepdim=True)
    labels = torch.from_numpy(arrays["y"][:1])
    for length in (1e-3, 3e-3):
        around = theta + length * directions
        rise = newton.risks(found, around, labels.expand(len(around), -1)) - float(table["risk"][0])
        # The least eigenvalue is 1.7e-4; third derivatives are of order 10.
        assert float(rise.min()) > 0
