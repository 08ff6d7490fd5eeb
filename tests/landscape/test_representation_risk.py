"""The best linear risk of a representation: against least squares and Newton, and what must stay undecided."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from draws import normal
from rescert.landscape import representation_risk
from rescert.landscape.candidate import Candidate
from rescert.landscape.expressions import Family
from rescert.landscape.linear_risk import minimise
from rescert.networks.residual_blocks import features, parameter_shapes

EPS = np.finfo(np.float64).eps


def candidate(loss="squared", widths=(2, 1, 1), dimension=3, offset=0.0):
    shapes = parameter_shapes(dimension, list(widths))
    point = {name: normal(1, f"test {name}", shape).numpy() for name, shape in shapes.items()}
    inputs = normal(2, "test inputs", (20, dimension))
    values = {name: torch.from_numpy(value) for name, value in point.items()}
    outputs = features(values, inputs)[1] @ values["w"]
    labels = outputs + normal(3, "test noise", (20,)) + offset
    return Candidate(
        point, inputs.numpy(), (torch.sigmoid(labels) if loss == "logistic" else labels).numpy(), Family("tanh", loss)
    )


def box(found):
    return {name: {"mid": value, "rad": 1e-13} for name, value in found.point.items()} | {
        "y": {"mid": found.labels, "rad": 0}
    }


def hidden(found, block):
    """A naive twin: h_l by a loop over the blocks, sample by sample."""
    rows = []
    for x in found.inputs:
        for number in range(1, block + 1):
            inner, bias, outer = (found.point[f"{name}{number}"] for name in "UbV")
            x = x + outer @ np.tanh(inner @ x + bias)
        rows.append(x)
    return np.array(rows)


@pytest.mark.parametrize("block", [0, 1, 2])
def test_the_representation_is_that_of_the_first_blocks(block):
    found = candidate()
    values = {n: torch.from_numpy(v) for n, v in {**found.point, "X": found.inputs}.items()}
    assert np.allclose(
        representation_risk.representation(values, found.family, block), hidden(found, block), rtol=100 * EPS
    )


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_sign_is_that_of_the_naive_difference(loss, k):
    for offset in (0.0, 3.0):
        found = candidate(loss, offset=offset)
        landscape, theta, labels = found._landscape()
        least = float(minimise(torch.from_numpy(hidden(found, k - 1)), labels, loss)[1])
        difference = float(landscape.risk(theta, labels)) - least
        assert abs(difference) > 1e-4
        proof, assertions = representation_risk.prove_no_worse(found, box(found), k)
        assert (proof.proved is True) is (difference < 0), offset
        assert bool(assertions) is (difference < 0)
        assert proof.lower <= difference + 1e-9
        assert difference <= proof.upper + 1e-9


def test_a_linear_network_is_a_borderline_case():
    """V = 0 and w the best predictor of x: R is the infimum for k = 1, and no box decides."""
    found = candidate()
    fit, *_ = np.linalg.lstsq(found.inputs, found.labels, rcond=None)
    point = {n: fit if n == "w" else np.zeros_like(v) if n[0] == "V" else v for n, v in found.point.items()}
    flat = replace(found, point=point)
    assert representation_risk.prove_no_worse(flat, box(flat), 1)[0].proved is None


def test_dependent_inputs_are_undecided():
    for loss in ("squared", "logistic"):
        found = candidate(loss)
        twice = replace(found, inputs=np.column_stack([found.inputs[:, :2], found.inputs[:, 0]]))
        assert representation_risk.prove_no_worse(twice, box(twice), 1)[0].proved is None


def test_independence_is_decided_by_a_minor_where_there_are_few_rows():
    found = candidate(widths=(2, 1, 1))
    assert representation_risk.prove_independent(found, box(found), 1).proved
    crowded = candidate(widths=(2, 2, 1))
    assert representation_risk.prove_independent(crowded, box(crowded), 1).proved is None
    assert representation_risk.prove_independent(crowded, box(crowded), 2).proved
    spanned = {**found.point, "w": found.point["U2"][0] - 2 * found.point["U3"][0]}
    inside = replace(found, point=spanned)
    assert representation_risk.prove_independent(inside, box(inside), 1).proved is None
    assert representation_risk.prove_independent(inside, box(inside), 3).proved
