"""The best linear risk: closed forms, SciPy as naive twin, data without a minimum, and what must stay undecided."""

import json
import math

import numpy as np
import pytest
import scipy.optimize
import torch

from draws import normal, uniform
from rescert.certify import balls, check
from rescert.certify.certificate import serialise
from rescert.certify.problem import trace
from rescert.landscape import expressions, linear_risk
from rescert.landscape.linear_risk import decide, enclose, minimise
from rescert.landscape.separation import separate
from rescert.networks.losses import LOSSES
from rescert.record import dump_tensors, write_bytes, write_text

EPS = np.finfo(float).eps


def data(seed: int, samples: int = 24, size: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian inputs and soft labels inside (0, 1)."""
    return normal(seed, "inputs", (samples, size)).numpy(), uniform(seed, "labels", (samples,), 0.1, 0.9).numpy()


def flipped(seed: int, samples: int = 40, size: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Class labels by a hyperplane, a quarter of them flipped: no direction separates."""
    inputs = normal(seed, "inputs", (samples, size)).numpy()
    labels = (inputs[:, 0] > 0).astype(float)
    labels[::4] = 1 - labels[::4]
    return inputs, labels


def constant(value: float):
    """The risk that is ``value`` whatever the parameters ``w`` are."""
    return lambda values: 0 * values["w"].sum() + value


def box(labels: np.ndarray, radius: float = 0.0) -> dict:
    return {"w": {"mid": np.zeros(2), "rad": 0}, "y": {"mid": labels, "rad": np.full(labels.shape, radius)}}


def accepted(assertions, folder) -> bool:
    labelled = [{"statement": "shown", **a} for a in assertions]
    certificate = serialise("claim", {}, labelled, dump_tensors)
    if certificate.arrays is not None:
        write_bytes(folder / certificate.arrays_name, certificate.arrays)
    write_text(folder / "only.json", certificate.text)
    return check.accept(folder / "only.json", folder) == ["shown"]


def naive(inputs: np.ndarray, labels: np.ndarray) -> float:
    def risk(t):
        return np.mean(np.logaddexp(0, inputs @ t) - labels * (inputs @ t))

    return scipy.optimize.minimize(risk, np.zeros(inputs.shape[1]), method="BFGS", options={"gtol": 1e-9}).fun


@pytest.mark.parametrize("seed", range(5))
def test_the_batched_minimum_agrees_with_scipy(seed):
    inputs, labels = data(seed)
    point, value = minimise(torch.from_numpy(inputs), torch.from_numpy(labels)[None], "logistic")
    # BFGS stops at |g| <= 1e-9, where the value is within |g|²/(2λ), with λ above 0.02 here
    assert abs(float(value[0]) - naive(inputs, labels)) <= 1e-15 + len(labels) * EPS
    predicted = inputs @ point[0].numpy()
    gradient = inputs.T @ (1 / (1 + np.exp(-predicted)) - labels) / len(labels)
    assert np.abs(gradient).max() <= 4 * len(labels) * EPS


def test_a_batch_is_its_rows_and_least_squares_is_numpys():
    inputs = normal(0, "inputs", (20, 3))
    labels = uniform(0, "labels", (4, 20))
    for loss in LOSSES:
        points, values = minimise(inputs, labels, loss)
        assert points.shape == (4, 3)
        assert values.shape == (4,)
        for row in range(4):
            assert torch.allclose(minimise(inputs, labels[row : row + 1], loss)[1][0], values[row], rtol=20 * 20 * EPS)
    fit = np.linalg.lstsq(inputs.numpy(), labels[0].numpy(), rcond=None)[0]
    expected = ((inputs.numpy() @ fit - labels[0].numpy()) ** 2).mean() / 2
    assert float(minimise(inputs, labels[:1], "squared")[1][0]) == pytest.approx(expected, rel=20 * 20 * EPS)


@pytest.mark.parametrize("label", [0.5, 0.25, 0.9])
def test_one_sample_has_the_entropy_of_its_label(label, tmp_path):
    r"""$\inf_t\log(1+e^{tx})-ytx$ is the entropy of $y$, at $tx=\log(y/(1-y))$."""
    inputs, labels = np.array([[1.5]]), np.array([label])
    found = enclose(inputs, labels, "logistic")
    assert found.attained is True
    assert found.predictor[0] * 1.5 == pytest.approx(math.log(label / (1 - label)), abs=1e-14)
    entropy = -label * math.log(label) - (1 - label) * math.log(1 - label)
    above, below = (decide(constant(entropy + s), box(labels), inputs, "logistic") for s in (1e-12, -1e-12))
    assert above.below is False
    assert below.below is True
    assert accepted(above.assertions, tmp_path)
    assert accepted(below.assertions, tmp_path)
    # a float is not the entropy: which side it lies on is decided, and rightly
    with balls.working_precision(128):
        y = balls.enter(label)
        smaller = bool(balls.enter(entropy) < -y * y.log() - (1 - y) * (1 - y).log())
    assert decide(constant(entropy), box(labels), inputs, "logistic").below is smaller


def test_a_tie_is_not_decided():
    """w = 0 and t = 0 have the same risk, log 2, and t = 0 is the best predictor for labels 1/2."""
    inputs, labels = data(0)[0], np.full(24, 0.5)

    def risk(values):
        return LOSSES["logistic"].value(0 * values["w"].sum() + 0 * values["y"], values["y"]).mean()

    assert enclose(inputs, labels, "logistic").attained is True
    assert decide(risk, box(labels), inputs, "logistic").below is None


@pytest.mark.parametrize("tilt", [0.25, -0.5])
def test_a_linear_term_is_a_change_of_the_label(tilt, tmp_path):
    r"""$\inf_t\log(1+e^{tx})-ytx+ct$ is the entropy of $y-c/x$."""
    inputs, labels, label = np.array([[2.0]]), np.array([0.5]), 0.5 - tilt / 2
    box = {"y": labels, "c": {"mid": np.array([tilt]), "rad": 1e-12}}
    predictor = np.array([math.log(label / (1 - label)) / 2])
    found = linear_risk.prove_minimum(predictor, inputs, box, "logistic", lambda v: v["c"])
    assert found.attained is True
    assert accepted(found.assertions, tmp_path)
    shapes = {"y": (1,), "c": (1,)}
    bound = trace(lambda v: linear_risk.lower_bound(v, "logistic", lambda u: u["c"]), shapes, found.constants(inputs))
    entropy = -label * math.log(label) - (1 - label) * math.log(1 - label)
    least = balls.evaluate(bound, box).item()
    assert balls.lower(least) <= entropy + 8 * EPS
    assert balls.upper(least) >= entropy - 8 * EPS
    assert balls.upper(least) - balls.lower(least) <= 4e-12 * abs(predictor[0]) + 1e-20
    far = linear_risk.prove_minimum(predictor + 5, inputs, box, "logistic", lambda v: v["c"])
    assert far.attained is None


def test_symmetric_data_have_log_2():
    """With x and -x under the same label every gradient at t = 0 cancels, if the labels are class labels."""
    half = normal(0, "half", (6, 2)).numpy()
    inputs, labels = np.concatenate([half, -half]), np.tile([0.0, 1.0, 1.0], 4)
    assert float(minimise(torch.from_numpy(inputs), torch.from_numpy(labels)[None], "logistic")[1][0]) == pytest.approx(
        math.log(2), abs=4 * EPS
    )
    found = enclose(inputs, labels, "logistic")
    assert found.attained is True
    assert np.abs(found.predictor).max() <= 12 * EPS
    assert decide(constant(math.log(2) - 1e-14), box(labels), inputs, "logistic").below is True
    assert decide(constant(math.log(2) + 1e-14), box(labels), inputs, "logistic").below is False


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("seed", range(3))
def test_both_bounds_enclose_the_float_minimum_narrowly(seed, loss):
    inputs, labels = data(seed)
    found = enclose(inputs, labels, loss)
    assert found.attained is True
    value = float(minimise(torch.from_numpy(inputs), torch.from_numpy(labels)[None], loss)[1][0])
    constants, shapes = found.constants(inputs), {"y": labels.shape}
    above, below = (
        balls.evaluate(trace(lambda v, f=f: f(v, loss), shapes, constants), {"y": labels}).item()
        for f in (linear_risk.predictor_risk, linear_risk.lower_bound)
    )
    slack = 4 * len(labels) * EPS  # of the float value
    assert balls.lower(below) - slack <= value <= balls.upper(above) + slack
    assert balls.upper(above - below) <= 1e-20


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_a_box_of_labels_is_compared_as_a_whole(loss, tmp_path):
    inputs, labels = data(1)
    value = float(minimise(torch.from_numpy(inputs), torch.from_numpy(labels)[None], loss)[1][0])
    radius = 1e-9
    moved = radius * float(np.abs(inputs @ enclose(inputs, labels, loss).predictor).sum())  # what labels can change
    for shift, expected in ((1.0, False), (-1.0, True)):
        found = decide(constant(value + shift * (2 * moved + 1e-7)), box(labels, radius), inputs, loss)
        assert found.below is expected, found.reason
        assert accepted(found.assertions, tmp_path)
    assert decide(constant(value), box(labels, radius), inputs, loss).below is None


def test_the_squared_loss_keeps_its_closed_form():
    inputs, labels = data(2)
    found = decide(constant(0.0), box(labels), inputs, "squared")
    assert found.below is True
    assert len(found.assertions) == 1
    closed = trace(lambda v: expressions.linear_risk(v), {"y": labels.shape}, {"X": inputs})
    least = balls.evaluate(closed, {"y": labels}).item()
    assert decide(constant(balls.upper(least) + 1e-15), box(labels), inputs, "squared").below is False


def test_squared_inputs_without_full_rank_are_decided_from_above_only():
    inputs = np.ones((4, 2))
    labels = np.array([0.0, 1.0, 2.0, 3.0])
    assert decide(constant(10.0), box(labels), inputs, "squared").below is False
    assert decide(constant(-10.0), box(labels), inputs, "squared").below is None


@pytest.mark.parametrize("seed", range(3))
def test_class_labels_that_no_direction_separates_have_a_minimum(seed):
    inputs, labels = flipped(seed)
    assert separate(inputs, labels) is None
    assert enclose(inputs, labels, "logistic").attained is True


def test_separable_data_have_no_minimum_and_every_risk_is_above(tmp_path):
    inputs = normal(3, "inputs", (30, 3)).numpy()
    labels = (inputs @ [1.0, -2.0, 0.5] > 0).astype(float)
    found = enclose(inputs, labels, "logistic")
    assert found.attained is False
    assert found.separation.strict
    assert "not attained" in found.reason
    assert ((2 * labels - 1) * (inputs @ found.separation.direction) > 0).all()
    assert accepted(found.assertions, tmp_path)
    compared = decide(constant(1e-6), box(labels), inputs, "logistic")
    assert compared.below is False
    assert accepted(compared.assertions, tmp_path)


def quasi_separable() -> tuple[np.ndarray, np.ndarray]:
    """The line x_2 = 3 x_1 carries both classes, the rest lies on its own side: exact zeros are needed."""
    border = np.array([[0.25, 0.75], [0.5, 1.5], [-1.0, -3.0]])
    inputs = np.concatenate([border, [[1.0, -1.0], [0.0, -0.5], [-1.0, 1.0]]])
    return inputs, np.array([1.0, 0.0, 1.0, 1.0, 1.0, 0.0])


def test_samples_on_the_border_are_exactly_there(tmp_path):
    inputs, labels = quasi_separable()
    found = enclose(inputs, labels, "logistic")
    assert found.attained is False
    assert not found.separation.strict
    assert [int(e) for e in found.separation.direction] == [3, -1]
    assert accepted(found.assertions, tmp_path)
    # the infimum is that of the three samples on the line, so it is positive
    assert decide(constant(1.0), box(labels), inputs, "logistic").below is False
    assert decide(constant(0.01), box(labels), inputs, "logistic").below is None


def test_a_border_sample_moved_by_one_unit_of_rounding_is_not_separated():
    """The direction that the linear program finds is still good to 1e-16, but no exact one exists."""
    inputs, labels = quasi_separable()
    inputs[0, 1] = np.nextafter(inputs[0, 1], 1)
    assert separate(inputs, labels) is None


def test_soft_labels_are_separated_by_directions_that_do_not_see_them():
    inputs = np.array([[1.0, 0.0], [-1.0, 0.0], [0.5, 1.0], [0.0, -2.0]])
    found = separate(inputs, np.array([0.5, 0.25, 1.0, 0.0]))
    assert found is not None
    assert not found.strict
    assert int(found.direction[0]) == 0
    assert int(found.direction[1]) > 0
    assert separate(inputs, np.array([0.5, 0.25, 0.5, 0.0])) is None
    assert separate(inputs, np.full(4, 0.5)) is None


@pytest.mark.parametrize("seed", range(4))
def test_integer_directions_are_found_in_more_dimensions(seed):
    """Hidden direction e_1: eight samples in its plane with both classes, the others on their side."""
    inputs = (normal(seed, "inputs", (20, 4)) * 256).round().numpy() / 256
    labels = uniform(seed, "labels", (20,)).round().numpy()
    turn = np.array([[1, 2, -1, 3], [0, 1, 4, -1], [0, 0, 1, 2], [0, 0, 0, 1]], dtype=float)
    inputs[:12, 0] = 0
    labels[:12] = (np.arange(12) % 2).astype(float)
    inputs[12:, 0] = np.abs(inputs[12:, 0]) * (2 * labels[12:] - 1)
    found = separate(inputs @ turn, labels)
    assert found is not None
    exact = (inputs @ turn) @ found.direction.astype(float)
    assert ((2 * labels - 1) * exact >= 0).all()
    assert (exact[:12] == 0).all() or found.strict


def test_a_forged_direction_and_a_forged_minimum_are_refused(tmp_path):
    inputs, labels = quasi_separable()
    assertions = json.loads(json.dumps(separate(inputs, labels).assertions, default=lambda a: a.tolist()))
    assertions[0]["program"]["constants"]["direction"] = ["3", "1"]
    with pytest.raises(check.Refused):
        accepted(assertions, tmp_path)
    inputs, labels = data(0)
    value = float(minimise(torch.from_numpy(inputs), torch.from_numpy(labels)[None], "logistic")[1][0])
    definite, small, sign = decide(constant(value - 1e-9), box(labels), inputs, "logistic").assertions
    forgeries = [
        {**definite, "box": {**definite["box"], "predictor": {"mid": 0.0, "rad": 100.0}}},
        {**small, "box": {"y": {"mid": labels + 0.1, "rad": 0}}},
        {**sign, "box": {**sign["box"], "y": {"mid": 0.0, "rad": 0}}},
    ]
    assert accepted([definite, small, sign], tmp_path)
    for forged in forgeries:
        with pytest.raises(check.Refused):
            accepted([forged], tmp_path)


def test_misuse_is_named():
    inputs, labels = data(0)
    with pytest.raises(ValueError, match=r"expected labels in \[0, 1\]"):
        enclose(inputs, labels + 1, "logistic")
    with pytest.raises(ValueError, match="expected labels in"):
        separate(inputs, labels - 1)
    with pytest.raises(ValueError, match=r"expected inputs \(n, d\)"):
        separate(inputs, labels[:-1])
    with pytest.raises(ValueError, match="expected a loss among"):
        minimise(torch.from_numpy(inputs), torch.from_numpy(labels)[None], "hinge")
    with pytest.raises(ValueError, match="expected a side 'y'"):
        decide(constant(0.0), {"w": np.zeros(2)}, inputs, "logistic")
