"""The batched descent against autograd, one run at a time; runs that end early; nothing that is not finite."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from rescert.dynamics import matrix_descent
from rescert.dynamics.matrix_descent import descend
from rescert.dynamics.outcome import ESCAPE
from rescert.networks import matrix_chain

NETWORKS = {"single": matrix_chain.single, "double": matrix_chain.double}


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def near_identity(runs: int, chains: int, depth: int, size: int) -> Tensor:
    return matrix_chain.identity(depth, size) + 0.1 * drawn(runs, chains, depth, size, size)


def plain(start: Tensor, network: str, target: Tensor, step: float, iterations: int) -> tuple[list[float], Tensor]:
    """One run by autograd."""
    parameters = start.clone().requires_grad_()
    losses = []
    for k in range(iterations + 1):
        loss = matrix_chain.risk(NETWORKS[network](parameters), target)
        losses.append(loss.item())
        if k < iterations:
            (gradient,) = torch.autograd.grad(loss, parameters)
            parameters = (parameters - step * gradient).detach().requires_grad_()
    return losses, NETWORKS[network](parameters).detach()


@pytest.mark.parametrize("network", ["single", "double"])
@pytest.mark.parametrize(("depth", "size"), [(1, 3), (2, 1), (3, 4), (6, 2)])
def test_it_equals_autograd(network: str, depth: int, size: int) -> None:
    signs = matrix_chain.SIGNS[network]
    start, targets = near_identity(5, len(signs), depth, size), drawn(5, size, size, seed=1)
    steps = torch.linspace(0.001, 0.02, 5, dtype=torch.float64)
    done = descend(start, signs, targets, steps, 12, chunk=4)  # the chunks are of different sizes
    for i in range(5):
        losses, output = plain(start[i], network, targets[i], steps[i].item(), 12)
        assert done.losses[:, i].tolist() == pytest.approx(losses, rel=1e-11)
        assert torch.allclose(done.outputs[i], output, rtol=1e-11, atol=1e-12)
    assert done.steps_made.tolist() == [12] * 5
    assert not done.overflowed.any()


def test_one_step_is_the_gradient_of_every_factor() -> None:
    start, target = near_identity(1, 2, 4, 3), drawn(1, 3, 3, seed=1)
    one = torch.ones(1, dtype=torch.float64)
    chunk = matrix_descent._Chunk(start, (1.0, -1.0), target, one, 0 * one)
    chunk.advance(chunk.outputs() - target.numpy())
    parameters = start[0].clone().requires_grad_()
    matrix_chain.risk(matrix_chain.double(parameters), target[0]).backward()
    moved = start[0] - torch.from_numpy(chunk.factors[:, :, 0]).transpose(0, 1)
    assert parameters.grad is not None
    assert torch.allclose(moved, parameters.grad, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("network", ["single", "double"])
def test_torch_and_numpy_agree(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere than on the CPU the same lines run on torch's tensors; compaction, too."""
    signs = matrix_chain.SIGNS[network]
    targets, steps = drawn(6, 3, 3), torch.tensor([0.01, 0.02, 5.0, 0.01, 9.0, 0.03], dtype=torch.float64)
    start = matrix_chain.identity(3, 3).expand(1, len(signs), 3, 3, 3)
    first = descend(start, signs, targets, steps, 30)

    class Torch(matrix_descent._Chunk):
        def _array(self, values: Tensor) -> Tensor:
            self.backend, self.kind = torch, {"dtype": torch.float64}
            return values

    monkeypatch.setattr(matrix_descent, "_Chunk", Torch)
    second = descend(start, signs, targets, steps, 30)
    assert torch.equal(first.overflowed, second.overflowed)
    assert first.overflowed.sum() == 2
    kept = ~first.overflowed
    assert torch.allclose(first.losses[:, kept], second.losses[:, kept], rtol=1e-12)
    assert torch.allclose(first.outputs[kept], second.outputs[kept], rtol=1e-12)
    assert torch.equal(first.steps_made, second.steps_made)


def test_bytes_do_not_depend_on_threads_and_chunks() -> None:
    targets, steps = drawn(9, 4, 4), torch.linspace(0.01, 0.3, 9, dtype=torch.float64)
    start = matrix_chain.identity(4, 4).expand(1, 2, 4, 4, 4)
    runs = [
        descend(start, (1.0, -1.0), targets, steps, 40, chunk=chunk, threads=threads)
        for chunk, threads in ((144, 1), (4, 1), (4, 3), (1, 2))
    ]
    for run in runs[1:]:
        assert run.losses.numpy().tobytes() == runs[0].losses.numpy().tobytes()
        assert run.outputs.numpy().tobytes() == runs[0].outputs.numpy().tobytes()


def test_overflow_is_frozen_at_the_last_bounded_state() -> None:
    """A scalar chain of one weight: w - R grows by the factor 1 - δ = -9 a step, exactly."""
    one = torch.ones(1, 1, 1, dtype=torch.float64)
    start = matrix_chain.identity(1, 1).expand(1, 1, 1, 1, 1)
    done = descend(start, (1.0,), 2 * one, 10 * one.flatten(), 100)
    assert done.overflowed.tolist() == [True]
    last = int(done.steps_made[0])
    bounded = [k for k in range(60) if abs(2 - (-9.0) ** k) <= ESCAPE]
    assert last == bounded[-1]
    assert done.outputs.item() == 2 - (-9.0) ** last
    assert done.losses.isfinite().all()
    assert done.losses[last:, 0].tolist() == [done.losses[last, 0].item()] * (101 - last)
    assert done.losses[: last + 1, 0].tolist() == [81.0**k / 2 for k in range(last + 1)]


def test_a_run_beside_one_that_overflows_is_not_touched() -> None:
    targets = drawn(2, 3, 3)
    start = matrix_chain.identity(5, 3).expand(1, 1, 5, 3, 3)
    steps = torch.tensor([0.01, 50.0], dtype=torch.float64)
    both = descend(start, (1.0,), targets, steps, 50)
    alone = descend(start, (1.0,), targets[:1], steps[:1], 50)
    assert both.overflowed.tolist() == [False, True]
    assert torch.equal(both.losses[:, 0], alone.losses[:, 0])
    assert both.losses.isfinite().all()
    assert both.outputs.isfinite().all()


def test_converged_runs_stop_at_their_floor() -> None:
    targets = 1.5 * torch.eye(2, dtype=torch.float64).repeat(2, 1, 1)
    start = matrix_chain.identity(3, 2).expand(1, 1, 3, 2, 2)
    small = torch.tensor([1e-6, 0.0], dtype=torch.float64)
    done = descend(start, (1.0,), targets, torch.full((2,), 0.05, dtype=torch.float64), 80, small=small)
    stopped, made = done.losses[:, 0], int(done.steps_made[0])
    assert made < 80
    assert stopped[made] <= 1e-6 < stopped[made - 1]
    assert torch.equal(stopped[: made + 1], done.losses[: made + 1, 1])
    assert set(stopped[made:].tolist()) == {stopped[made].item()}
    assert done.steps_made[1] == 80


GOOD = {
    "start": matrix_chain.identity(2, 3).expand(1, 1, 2, 3, 3),
    "signs": (1.0,),
    "targets": drawn(4, 3, 3),
    "steps": torch.full((4,), 0.1, dtype=torch.float64),
    "iterations": 3,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": drawn(4, 3, 2)}, "expected square targets"),
        ({"targets": drawn(0, 3, 3)}, "expected square targets"),
        ({"start": matrix_chain.identity(2, 3)}, "expected a start"),
        ({"start": GOOD["start"][:, :, :0]}, "expected a start"),
        ({"start": matrix_chain.identity(2, 4).expand(1, 1, 2, 4, 4)}, "expected factors of 3 x 3"),
        ({"iterations": 0}, "expected at least one iteration"),
        ({"steps": torch.zeros(4, dtype=torch.float64)}, "positive finite steps"),
        ({"steps": torch.full((4,), torch.inf, dtype=torch.float64)}, "positive finite steps"),
        ({"targets": drawn(4, 3, 3).float()}, "expected float64"),
        ({"targets": torch.full((4, 3, 3), torch.nan, dtype=torch.float64)}, "finite numbers"),
        ({"start": 1e200 * GOOD["start"]}, "bounded entries"),
    ],
)
def test_bad_input_is_one_sentence(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        descend(**{**GOOD, **change})
