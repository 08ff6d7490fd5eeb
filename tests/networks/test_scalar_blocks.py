"""Scalar ReLU blocks: against a plain loop, and as a traced program."""

import numpy as np
import pytest
import torch

from draws import normal
from rescert.certify.problem import trace
from rescert.networks import scalar_blocks


def parameters(depth: int) -> dict[str, torch.Tensor]:
    return {n: normal(depth, f"scalar blocks {n}", s) for n, s in scalar_blocks.parameter_shapes(depth).items()}


def plain(theta: dict[str, torch.Tensor], x: float) -> list[float]:
    """h_1, ..., h_L and f of one input."""
    found, hidden = [], x
    for v, u, b in zip(theta["v"].tolist(), theta["u"].tolist(), theta["b"].tolist(), strict=True):
        hidden = hidden + v * max(u * hidden + b, 0.0)
        found.append(hidden)
    return [*found, float(theta["w"]) * hidden + float(theta["c"])]


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_blocks_and_network_are_the_plain_loop(depth: int) -> None:
    theta, inputs = parameters(depth), normal(1, "inputs", (7,))
    expected = np.array([plain(theta, x) for x in inputs.tolist()]).T
    found = [hidden.numpy() for _, hidden in scalar_blocks.blocks(theta, inputs)]
    np.testing.assert_allclose(found, expected[:-1], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(scalar_blocks.network(theta, inputs).numpy(), expected[-1], rtol=1e-13, atol=1e-13)


def test_risk_is_the_mean_of_squares_without_a_half() -> None:
    theta, inputs, labels = parameters(2), normal(1, "inputs", (7,)), normal(1, "labels", (7,))
    residuals = np.array([plain(theta, x)[-1] for x in inputs.tolist()]) - labels.numpy()
    assert float(scalar_blocks.risk(theta, inputs, labels)) == pytest.approx((residuals**2).sum() / 7, rel=1e-13)


def test_traced_program_has_the_same_values() -> None:
    theta, inputs, labels = parameters(3), normal(1, "inputs", (7,)), normal(1, "labels", (7,))
    constants = {"x": inputs.numpy(), "y": labels.numpy()}
    program = trace(lambda v: scalar_blocks.risk(v, v["x"], v["y"]), scalar_blocks.parameter_shapes(3), constants)
    assert float(program.evaluate(theta)) == pytest.approx(float(scalar_blocks.risk(theta, inputs, labels)), rel=1e-14)


def test_a_network_has_blocks() -> None:
    with pytest.raises(ValueError, match="expected a depth of at least 1, got 0"):
        scalar_blocks.parameter_shapes(0)
    with pytest.raises(ValueError, match="argument"):
        scalar_blocks.blocks({"v": torch.ones(2), "u": torch.ones(1), "b": torch.ones(2)}, torch.ones(3))
