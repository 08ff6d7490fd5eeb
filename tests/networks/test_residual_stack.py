"""The stacked network against `residual_blocks`, one parameter vector at a time."""

import numpy as np
import pytest
import torch

from draws import normal
from rescert.networks import residual_blocks, residual_stack

EPS = np.finfo(np.float64).eps


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("widths", [[1], [3, 2], [2, 4, 3]])
def test_it_is_the_network_of_each_point(activation, bias, widths):
    shapes = residual_blocks.parameter_shapes(3, widths, bias)
    stacked = {name: normal(0, f"stack {name}", (5, *shape)) / 2 for name, shape in shapes.items()}
    inputs = normal(0, "stack inputs", (17, 3))
    before = inputs.clone()
    found = residual_stack.network(stacked, inputs, activation)
    assert found.shape == (5, 17)
    assert torch.equal(inputs, before)
    for k in range(5):
        point = {name: value[k] for name, value in stacked.items()}
        # magnitudes: what the network gives with all signs positive and activations that grow like 1 + |t|
        size = np.abs(inputs.numpy())
        for block in range(1, len(widths) + 1):
            inner = size @ np.abs(point[f"U{block}"].numpy()).T + np.abs(point.get(f"b{block}", torch.zeros(1)).numpy())
            size = size + (1 + inner) @ np.abs(point[f"V{block}"].numpy()).T
        bound = size @ np.abs(point["w"].numpy())
        # 2 evaluations, at most 4 roundings more than terms in each of 2 sums a block and one beside
        allowed = 2 * (2 * len(widths) + 1) * (4 + 4) * EPS * bound
        single = residual_blocks.network(point, inputs, activation).numpy()
        assert (np.abs(found[k].numpy() - single) <= allowed).all()
