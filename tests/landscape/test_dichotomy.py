"""Decisions about critical points: every family, every origin, and what must stay undecided."""

import numpy as np
import pytest
import torch

from draws import normal
from rescert import runtime
from rescert.landscape import constructed, designed, embedding
from rescert.landscape.candidate import Candidate
from rescert.landscape.dichotomy import decide
from rescert.landscape.existence import enclose, idle_units, without
from rescert.landscape.expressions import Family
from rescert.landscape.risk import Landscape
from rescert.landscape.samples import draw
from rescert.networks.residual_blocks import network, parameter_shapes

FAMILIES = [Family(a, loss) for a in ("tanh", "softplus") for loss in ("squared", "logistic")]
WIDTHS = [(2,), (2, 1), (1, 1, 1)]
every_family = pytest.mark.parametrize("family", FAMILIES, ids="-".join)
every_depth = pytest.mark.parametrize("widths", WIDTHS, ids=len)


def found(find, family, widths, iterations=0, bias=True, **data):
    config = {"seed": 3, "samples": 48, "dimension": 3, "loss": family.loss, **data}
    points, labels = draw(config, None, runtime.generator)
    landscape = Landscape(points, parameter_shapes(3, list(widths), bias), *family)
    theta, labels = find(landscape, normal(2, "test starts", (1, landscape.size)) / 2, labels[None], iterations)
    point = {name: value[0].numpy() for name, value in landscape.unravel(theta).items()}
    return Candidate(point, points.numpy(), labels[0].numpy(), family)


@every_family
@every_depth
def test_constructed_points_are_strict_saddles_above_the_linear_risk(family, widths):
    decision = decide(found(constructed.find, family, widths), free_labels=False)
    assert decision.exists
    assert decision.below is False
    assert decision.eigenvalue == "negative"
    assert decision.bounded is True
    assert decision.representation is True
    assert decision.coverage is True
    assert decision.output_layer is False
    assert decision.clause == "R > R_lin, negative curvature"


@every_family
def test_one_block_with_designed_labels_is_at_least_as_good_as_linear(family):
    decision = decide(found(designed.find, family, (2,)), free_labels=True)
    assert decision.exists
    assert decision.output_layer is True
    assert decision.below is True
    assert decision.clause == "R <= R_lin"


@pytest.mark.parametrize("family", FAMILIES[:2], ids="-".join)
def test_two_blocks_with_designed_labels_can_be_above_it_with_an_output_layer(family):
    decision = decide(found(designed.find, family, (3, 2)), free_labels=True)
    assert decision.output_layer is True
    assert decision.below is False
    assert decision.bounded is True


def test_without_biases_a_point_is_decided_as_well():
    candidate = found(constructed.find, FAMILIES[0], (2, 1), bias=False)
    assert "b1" not in candidate.point
    assert decide(candidate, free_labels=False).bounded is True


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
def test_idle_units_are_taken_out_and_put_back(activation):
    candidate = found(embedding.find, Family(activation, "squared"), (3, 2), iterations=300)
    idle = idle_units(candidate.point, activation)
    twin = None if activation == "tanh" else 0
    assert idle == {1: {1: twin, 2: twin}, 2: {1: twin}}
    assert {n: v.shape for n, v in without(candidate.point, idle).items()} == parameter_shapes(3, [1, 1])
    result = enclose(candidate.point, candidate.inputs, candidate.labels, candidate.family, False)
    assert result.box is not None, result.reason
    middle = {name: np.asarray(side["mid"]) for name, side in result.box.items()}
    for name, value in candidate.point.items():
        assert middle[name].shape == value.shape
        assert np.abs(middle[name] - value).max() < 1e-7
    assert not middle["V1"][:, 1:].any()
    assert not np.asarray(result.box["V1"]["rad"])[:, 1:].any()
    if twin == 0:
        assert np.array_equal(middle["U1"][2], middle["U1"][0])
        assert np.array_equal(result.box["b2"]["rad"][1], result.box["b2"]["rad"][0])
    decision = decide(candidate, free_labels=False)
    assert decision.below is True


def test_units_of_almost_equal_weights_are_not_idle():
    candidate = found(embedding.find, Family("softplus", "squared"), (3, 2), iterations=2)
    candidate.point["U2"][1, 0] += 1e-12
    assert 2 not in idle_units(candidate.point, "softplus")
    candidate.point["V1"][0, 1] = 1e-300
    assert idle_units(candidate.point, "softplus") == {1: {2: 0}}


def test_a_silent_unit_is_not_idle_where_the_activation_does_not_vanish():
    point = {name: np.zeros(shape) for name, shape in parameter_shapes(3, [2]).items()}
    point["V1"][:, 0], point["U1"][0] = 1.0, 1.0
    assert idle_units(point, "tanh") == {1: {1: None}}
    assert idle_units(point, "softplus") == {}


def test_on_separable_data_the_infimum_is_named_as_not_attained():
    decision = decide(found(constructed.find, Family("tanh", "logistic"), (2, 1), separable=True), free_labels=False)
    assert decision.below is False
    assert decision.bounded is True
    assert "not attained" in decision.comparison


def test_a_risk_equal_to_the_linear_one_is_undecided():
    """Two data fitted exactly by the linear part: R = R_lin = 0, and no ball can tell."""
    shapes = parameter_shapes(2, [1])
    point = {name: np.zeros(shape) for name, shape in shapes.items()} | {"w": np.array([1.0, -2.0])}
    candidate = Candidate(point, np.eye(2), np.array([1.0, -2.0]), Family())
    decision = decide(candidate, free_labels=False)
    assert decision.exists
    assert decision.below is None
    assert decision.clause == "neither clause is decided"


def test_rows_that_span_are_shown_to_and_dependent_ones_are_not():
    candidate = found(designed.find, FAMILIES[0], (2, 3))
    assert decide(candidate, free_labels=True).coverage is True  # its first column is zero
    points, labels = draw({"seed": 3, "samples": 48, "dimension": 2}, None, runtime.generator)
    landscape = Landscape(points, parameter_shapes(2, [1, 2]))
    theta = normal(4, "test starts", (1, landscape.size))
    residual = normal(4, "residual", (48,))
    left, singular, _ = torch.linalg.svd(landscape.jacobian(theta)[0], full_matrices=False)
    left = left[:, singular > 1e-12 * singular[0]]  # V_1 enters through fewer numbers than it has: the rank is 15
    assert left.shape[1] == 15
    for _ in range(2):  # the second projection removes the rounding errors of the first
        residual = residual - left @ (left.T @ residual)
    point = {name: value[0].numpy() for name, value in landscape.unravel(theta).items()}
    labels = (landscape.outputs(theta)[0] - residual).numpy()
    spanning = decide(Candidate(point, points.numpy(), labels, Family()), free_labels=True)
    assert spanning.exists
    assert spanning.coverage is False


def test_a_point_moved_by_a_millionth_is_not_decided():
    decision = decide(found(constructed.find, FAMILIES[1], (2, 1)).moved(1e-6), free_labels=False)
    assert not decision.exists
    assert decision.assertions == ()
    assert decision.below is None
    assert "not shown to be below" in decision.reason


def test_without_existence_the_answers_are_about_the_neighbourhood():
    """Moved by 1e-9 the gradient is small, and w is no longer exactly zero: level A."""
    decision = decide(found(constructed.find, FAMILIES[1], (2, 1)).moved(1e-9), free_labels=False)
    assert not decision.exists
    assert decision.eigenvalue == "negative"
    assert decision.output_layer is None
    assert {a["kind"] for a in decision.assertions} == {"sign", "definite", "negative_direction"}


def test_labels_outside_the_range_of_the_loss_are_not_accepted():
    candidate = found(designed.find, FAMILIES[1], (2,))
    point = {name: torch.from_numpy(value) for name, value in candidate.point.items()}
    middle = torch.sigmoid(network(point, torch.from_numpy(candidate.inputs))).numpy()
    outside = middle + 40 * (candidate.labels - middle)
    assert outside.min() < 0
    result = enclose(candidate.point, candidate.inputs, outside, candidate.family, True)
    assert result.box is None
    assert result.reason == "the labels are not all shown to be labels of the loss"
