"""What the engine is given by mistake: named and refused, never certified, least of all by autograd's convention."""

import re

import numpy as np
import pytest
import torch
from flint import arb

from draws import normal
from rescert.certify import balls, inertia, krawczyk
from rescert.certify.problem import trace
from rescert.landscape.representations import THREE, Point
from rescert.landscape.risk import Landscape
from rescert.networks import scalar_blocks
from rescert.networks.residual_blocks import network, parameter_shapes

SHAPES = parameter_shapes(2, [2, 1])
# A global minimum with the kink of its second block on the datum x = 3.
KINKED = Point(*THREE, ("-4", "1", "-11/4", "1", "1", "-2", "1", "0"))


def data() -> torch.Tensor:
    return normal(0, "bad input", (6, 2))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (data()[:0], r"expected inputs of shape \(n, d\) with n >= 1, got \(0, 2\)"),
        (data()[:, 0], r"expected inputs of shape \(n, d\) with n >= 1, got \(6,\)"),
        (data().log(), "expected finite inputs, got NaN or infinity"),
        (data() / 0, "expected finite inputs, got NaN or infinity"),
    ],
)
def test_inputs(inputs: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Landscape(inputs, SHAPES)


@pytest.mark.parametrize("loss", ["hinge", "absolute", "Squared", ""])
def test_a_loss_that_is_not_smooth_and_convex_is_no_loss(loss: str) -> None:
    with pytest.raises(ValueError, match="expected a loss among"):
        Landscape(data(), SHAPES, loss=loss)


@pytest.mark.parametrize("ridge", [-1e-3, float("nan")])
def test_ridge(ridge: float) -> None:
    with pytest.raises(ValueError, match="expected a ridge >= 0"):
        Landscape(data(), SHAPES, ridge=ridge)


@pytest.mark.parametrize("activation", ["relu", "abs", "Tanh"])
def test_an_activation_with_a_kink_is_no_activation(activation: str) -> None:
    parameters = {name: torch.ones(shape).double() for name, shape in SHAPES.items()}
    with pytest.raises(ValueError, match="expected an activation among"):
        network(parameters, data(), activation)


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        ("squared", torch.zeros(3, 5), r"expected labels of shape \(batch, 6\), got \(3, 5\)"),
        ("squared", torch.zeros(3, 1), r"expected labels of shape \(batch, 6\), got \(3, 1\)"),
        ("squared", torch.zeros(6), r"expected labels of shape \(batch, 6\), got \(6,\)"),
        ("squared", torch.full((3, 6), torch.nan), "expected finite labels"),
        ("squared", torch.full((3, 6), torch.inf), "expected finite labels"),
        ("logistic", torch.full((3, 6), -1.0), r"expected finite labels in \[0.0, 1.0\] for the logistic loss"),
        ("logistic", torch.full((3, 6), torch.nan), r"expected finite labels in \[0.0, 1.0\] for the logistic loss"),
    ],
)
def test_labels(loss: str, labels: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Landscape(data(), SHAPES, loss=loss).expect_labels(labels)


def test_inputs_must_be_of_a_floating_point_type_and_have_columns() -> None:
    with pytest.raises(ValueError, match="expected inputs of a floating-point type"):
        Landscape(torch.ones(6, 2, dtype=torch.int64), SHAPES)
    with pytest.raises(ValueError, match=r"got \(6, 0\)"):
        Landscape(data()[:, :0], SHAPES)
    with pytest.raises(ValueError, match="at least one parameter"):
        Landscape(data(), {})


@pytest.mark.parametrize("quantity", ["risk", "gradient", "hessian"])
@pytest.mark.parametrize(
    ("points", "labels"), [((3, -1), (3, 0)), ((3, 1), (3, 0)), ((3, 0), (3, -5)), ((3, 0), (2, 0))]
)
def test_points_and_labels_of_wrong_shapes(quantity: str, points: tuple[int, int], labels: tuple[int, int]) -> None:
    landscape = Landscape(data(), SHAPES)
    theta = torch.zeros(points[0], landscape.size + points[1], dtype=torch.float64)
    with pytest.raises(ValueError, match="expected points"):
        getattr(landscape, quantity)(theta, torch.zeros(labels[0], 6 + labels[1], dtype=torch.float64))


# A kink on a data point


def test_autograd_calls_a_kink_smooth() -> None:
    """What would be certified by its convention: gradient zero, Hessian finite and positive semidefinite."""
    theta = torch.tensor([-4, 1, -2.75, 1, 1, -2, 1, 0], dtype=torch.float64)
    x, y = (torch.tensor([float(v) for v in values], dtype=torch.float64) for values in ((1, 2.5, 3), (1, 3, 2)))

    def value(t: torch.Tensor) -> torch.Tensor:
        return scalar_blocks.risk({"v": t[[0, 3]], "u": t[[1, 4]], "b": t[[2, 5]], "w": t[6], "c": t[7]}, x, y)

    assert not torch.func.grad(value)(theta).any()
    assert torch.linalg.eigvalsh(torch.func.hessian(value)(theta)).min() > -1e-12


def test_no_derivative_at_a_kink_is_certified() -> None:
    program = KINKED.program(lambda v: scalar_blocks.risk(v, v["x"], v["y"]))
    assert not all(g.is_finite() for g in balls.gradient(program, KINKED.box))
    rest = [("w", 0), ("c", 0)]  # they do not move the kink
    kink = r"a kink of relu meets the box: its operand is in \[0, 0\]"
    for arithmetic in ("balls", "midrad", "auto"):
        definite = inertia.prove_definite(program, KINKED.box, variables=rest, arithmetic=arithmetic)
        assert definite.proved is None
        assert re.search(kink, definite.reason)
        count, proof = inertia.prove_inertia(program, KINKED.box, variables=rest, arithmetic=arithmetic)
        assert count is None
        assert re.match(kink, proof.reason)
    direction = {"w": np.array(1.0), "c": np.array(-3.0)}
    negative = KINKED.program(lambda v: -scalar_blocks.risk(v, v["x"], v["y"]))
    for arithmetic in ("balls", "midrad", "auto"):
        found = inertia.prove_negative_direction(negative, KINKED.box, direction, arithmetic=arithmetic)
        assert found.proved is None
        assert re.match(kink, found.reason)


@pytest.mark.parametrize("shift", [0.0, 2.0**-60, -(2.0**-60), 2.0**-45])
@pytest.mark.parametrize("arithmetic", ["balls", "midrad"])
def test_a_minimum_at_a_kink_is_not_enclosed(shift: float, arithmetic: krawczyk.Arithmetic) -> None:
    """(x + relu x)²/2 has its one minimum at its kink; beside it, every box that could hold the zero holds the kink."""
    program = trace(lambda v: (v["x"] + torch.relu(v["x"])) ** 2 / 2, {"x": ()}, {})
    found = krawczyk.prove(program, {"x": np.array(shift)}, arithmetic=arithmetic)
    assert found.proved is None
    # From 2⁻⁴⁵ away the zero would be that of a smooth piece, which lies at the kink and in a box around it.
    assert found.reason.startswith("a kink of relu meets the box: its operand is in [")


@pytest.mark.parametrize("arithmetic", ["balls", "midrad", "auto"])
def test_a_system_at_a_kink_names_it(arithmetic: krawczyk.Arithmetic) -> None:
    program = trace(lambda v: torch.relu(v["x"]) + v["x"] - v["p"], {"x": (3,), "p": (3,)})
    at = {"x": np.array([1.0, 0.0, 2.0]), "p": np.array([2.0, 0.0, 4.0])}
    variables = [("x", i) for i in range(3)]
    found = krawczyk.prove(program, at, variables, "program", arithmetic=arithmetic)
    assert found.proved is None
    assert found.reason.startswith("a kink of relu meets the box")
    beside = {"x": np.array([1.0, -1.0, 2.0]), "p": np.array([2.0, -1.0, 4.0])}
    assert krawczyk.prove(program, beside, variables, "program", arithmetic=arithmetic).proved is True


def test_a_pole_or_a_flat_direction_is_not_called_a_kink() -> None:
    pole = trace(lambda v: (1 / v["x"]).sum() + torch.relu(v["x"] + 1).sum(), {"x": (3,)})
    box = {"x": {"mid": np.zeros(3), "rad": 0.1}}
    flat = trace(lambda v: torch.relu(v["x"] + 1).sum() + torch.relu(v["c"]), {"x": (3,)}, {"c": 0})
    for program in (pole, flat):  # the second has a kink, which does not depend on x
        assert "kink" not in inertia.prove_definite(program, box).reason
    assert "kink" not in krawczyk.prove(flat, {"x": np.zeros(3)}).reason


@pytest.mark.parametrize("arithmetic", ["balls", "midrad"])
def test_a_smooth_minimum_beside_a_kink_is_enclosed(arithmetic: krawczyk.Arithmetic) -> None:
    program = trace(lambda v: (v["x"] + torch.relu(v["x"]) - 1) ** 2 / 2, {"x": ()}, {})
    found = krawczyk.prove(program, {"x": np.array(0.5)}, arithmetic=arithmetic)
    assert found.proved is True
    assert found.box is not None
    assert arb(balls.ball_box(found.box)["x"].item()).contains(arb("0.5"))


@pytest.mark.parametrize("side", [0.0, 2.0**-30])
def test_a_box_across_a_kink_certifies_no_curvature(side: float) -> None:
    program = trace(lambda v: v["x"] ** 2 + torch.relu(v["x"] - v["k"]), {"x": ()}, {"k": side})
    box = {"x": {"mid": 0.0, "rad": 2.0**-29}}
    proof = inertia.prove_definite(program, box)
    assert proof.proved is None
    assert "a kink of relu meets the box" in proof.reason
    smooth = {"x": {"mid": 1.0, "rad": 2.0**-29}}
    assert inertia.prove_definite(program, smooth).proved is True
