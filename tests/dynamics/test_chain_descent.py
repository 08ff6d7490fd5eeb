"""Gradient descent of a matrix chain: against automatic differentiation, a plain loop, and in balls."""

import numpy as np
import pytest
import torch

from rescert.certify import balls
from rescert.certify.problem import trace
from rescert.dynamics import chain_descent as descent


def weights(depth, size=3, seed=0, batch=()):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn((*batch, size, size), generator=generator, dtype=torch.float64) for _ in range(depth + 1)]


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_gradients_are_those_of_the_risk(depth):
    *layers, matrix = weights(depth)
    expected = torch.autograd.grad(descent.risk([w.requires_grad_() for w in layers], matrix), layers)
    for ours, theirs in zip(descent.gradients(layers, matrix), expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_step_is_the_printed_one():
    w1, w2, w3, matrix = (w.numpy() for w in weights(3))
    wrong = w3 @ w2 @ w1 - matrix
    expected = [
        w1 - 0.1 * w2.T @ w3.T @ wrong,
        w2 - 0.1 * w3.T @ wrong @ w1.T,
        w3 - 0.1 * wrong @ w1.T @ w2.T,
    ]
    moved = descent.step([torch.from_numpy(w) for w in (w1, w2, w3)], torch.from_numpy(matrix), 0.1)
    for ours, theirs in zip(moved, expected, strict=True):
        assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_batch_is_its_members():
    *layers, matrix = weights(3, batch=(4,))
    moved = descent.step(layers, matrix, 0.1)
    for b in range(4):
        alone = descent.step([w[b] for w in layers], matrix[b], 0.1)
        assert all(torch.allclose(m[b], a, rtol=1e-13, atol=1e-13) for m, a in zip(moved, alone, strict=True))


def test_balls_contain_the_run_of_floats_and_are_narrow():
    constants = {"matrix": [["1", "1"], ["0", "1/2"]], "step": "1/8", "start": [[1, 0], [0, 1]]}
    program = trace(lambda v: torch.cat(descent.run(v, 3, 20)[-1]), {}, constants)
    found = balls.evaluate(program, {}, 256)
    matrix = torch.tensor([[1, 1], [0, 0.5]], dtype=torch.float64)
    exact = {"matrix": matrix, "step": 0.125, "start": torch.eye(2, dtype=torch.float64)}
    floats = torch.cat(descent.run(exact, 3, 20)[-1]).numpy()
    for ball, value in zip(found.flat, floats.flat, strict=True):
        assert float(ball.mid()) == pytest.approx(value, abs=1e-13)
        assert float(ball.rad()) < 1e-40


def test_imbalance_changes_by_the_square_of_the_step_only():
    *layers, matrix = weights(3)
    slopes = descent.gradients(layers, matrix)
    moved = descent.step(layers, matrix, 0.01)
    for i, (before, after) in enumerate(zip(descent.imbalances(layers), descent.imbalances(moved), strict=True)):
        expected = 1e-4 * (slopes[i + 1].mT @ slopes[i + 1] - slopes[i] @ slopes[i].mT)
        assert torch.allclose(after - before, expected, rtol=1e-9, atol=1e-10)
