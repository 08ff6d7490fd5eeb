"""First-order conditions: exact instances, the theorem on random critical points, and broken hypotheses."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from draws import uniform
from rescert.landscape import first_order_conditions as conditions
from rescert.landscape.first_order_conditions import Chain, ConstrainedMinimum, Stationary
from rescert.networks import scalar_pairs


@pytest.mark.parametrize("depth", [1, 2, 5, 10])
def test_stationary_points_have_least_squares_pieces(depth):
    point = Stationary(depth)
    assert len(point.conditions()) == 5
    assert len(point.least_squares()) == 2
    assert len(point.secants()) == 3
    assert point.broken() == ()


@pytest.mark.parametrize("tilt", [1, -1])
def test_a_tilted_datum_breaks_conditions_and_pieces(tilt):
    point = Stationary(3, tilt)
    assert point.conditions() == ()
    assert point.least_squares() == ()
    assert len(point.broken()) == 1


@pytest.mark.parametrize("depth", [1, 4])
def test_the_exact_gradient_is_that_of_automatic_differentiation(depth):
    point = Stationary(depth, 1)
    program, box = point.gradient()
    values = {name: torch.tensor(np.asarray(v), dtype=torch.float64) for name, v in box.items()}
    x, y = point.data
    parameters = {
        "w": torch.stack([values["w1"], values["w2"]], 1)[..., None, None],
        "b": torch.stack([values["b1"], values["b2"]], 1)[..., None, None],
        "c": torch.stack([values["c1"], values["c2"]])[:, None, None],
        "d": values["d"].reshape(1, 1),
    }
    data = (torch.tensor([float(v) for v in values]) for values in (x, y))
    x, y = (v.double() for v in data)
    _, slope = scalar_pairs.gradient(parameters, x, y)
    expected = torch.cat(
        [slope[n][:, k].ravel() if n != "c" else slope[n][k].ravel() for k in (0, 1) for n in ("w", "b", "c")]
        + [slope["d"].ravel()]
    )
    torch.testing.assert_close(program.evaluate(values), expected * len(x), rtol=1e-12, atol=1e-12)


def test_least_squares_lines_of_numpy_are_the_pieces():
    point = Stationary(4)
    x, y = (np.array([float(v) for v in values]) for values in point.data)
    for k, (at, low, high) in enumerate(point.lines()):
        chosen = slice(3 * k, 3 * k + 3)
        slope, intercept = np.polyfit(x[chosen], y[chosen], 1)
        np.testing.assert_allclose([intercept + slope * at, intercept + slope * (at + 4)], [float(low), float(high)])


def test_every_derivative_is_affine_on_pieces_and_together_they_span_all_such():
    """The lemma of the theorem: with d, the 4L + 3 derivatives have rank 2m at data with two points a piece."""
    depth = 3
    point = Stationary(depth)
    box = point.parameters
    x = np.array([4 * k + j for k in range(point.pieces) for j in (1, 2, 3)], dtype=float)
    columns = []
    for c, w, b in (("c1", "w1", "b1"), ("c2", "w2", "b2")):
        hidden = [x]
        for weight, bias in zip(box[w], box[b], strict=True):
            hidden.append(hidden[-1] + weight * np.maximum(hidden[-1] - bias, 0))
        columns.append(hidden[-1])
        flow = np.full_like(x, box[c])
        for layer in reversed(range(depth)):
            active = hidden[layer] > box[b][layer]
            if box[w][layer] > 0:
                columns += [flow * np.maximum(hidden[layer] - box[b][layer], 0), -box[w][layer] * flow * active]
            flow = flow * (1 + box[w][layer] * active)
    columns.append(np.ones_like(x))
    matrix = np.array(columns)
    second = matrix.reshape(len(matrix), point.pieces, 3) @ [1, -2, 1]
    assert np.abs(second).max() < 1e-9 * np.abs(matrix).max()
    assert np.linalg.matrix_rank(matrix / np.abs(matrix).max(1, keepdims=True), tol=1e-9) == 2 * point.pieces


@pytest.mark.parametrize("depth", [1, 2, 10])
def test_the_constrained_minimum_has_positive_derivatives(depth):
    minimum = ConstrainedMinimum(depth)
    assert [len(part) for part in (minimum.minimal(), minimum.derivatives(), minimum.others())] == [3, 1, 2]


def test_no_feasible_network_is_below_the_constrained_minimum():
    x, y = np.array([1.0, 2, 3]), np.array([3.0, 5, 5])
    least = ((2 * x - y) ** 2).sum() / 2
    grid = np.linspace(0, 4, 9)
    for c, w, b in np.stack(np.meshgrid(np.linspace(0.1, 4, 40), grid, grid), -1).reshape(-1, 3):
        assert ((c * (x + w * np.maximum(x - b, 0)) - y) ** 2).sum() / 2 >= least - 1e-12


@pytest.mark.parametrize("depth", [1, 2, 10])
def test_chain_rule_and_ties(depth):
    chain = Chain(depth)
    assert len(chain.slopes()) == 3
    assert len(chain.ties()) == 5
    assert len(chain.misprint()) == (1 if depth > 1 else 0)


def test_a_wrong_product_is_not_shown(monkeypatch):
    monkeypatch.setattr(conditions, "_product", lambda factors: 2 * Fraction(1))
    assert Chain(3).slopes() == ()


def test_a_kink_between_the_data_of_a_group_is_refused(monkeypatch):
    point = Stationary(3)
    assert len(point._groups()) == 1
    moved = point.parameters
    moved["b2"] = moved["b2"] + 1.5
    monkeypatch.setattr(Stationary, "parameters", moved)
    assert point._groups() == ()


@pytest.mark.parametrize("depth", [1, 3])
def test_stationary_points_are_local_minima(depth):
    """Random small feasible changes never lower the risk, and an idle weight of the wrong sign does."""
    point = Stationary(depth)
    x, y = (torch.tensor([float(v) for v in values], dtype=torch.float64) for values in point.data)
    box = {name: torch.tensor(np.asarray(v), dtype=torch.float64) for name, v in point.parameters.items()}

    def risk(parameters):
        return 0.5 * ((conditions.estimate({**parameters, "x": x}) - y) ** 2).sum().item()

    least = risk(box)
    for seed in range(200):
        noise = {n: uniform(seed, n, tuple(v.shape), -1, 1) * 1e-4 for n, v in box.items()}
        moved = {n: (v + noise[n]).clamp(min=0) if n[0] in "wb" else v + noise[n] for n, v in box.items()}
        assert risk(moved) >= least - 1e-12
    idle = torch.zeros_like(box["w1"])
    idle[0] = -1e-4
    assert risk({**box, "w1": box["w1"] + idle}) < least - 1e-6
