"""Functional descent: naive twins, what projection keeps, batches against single runs, and risks that never rise."""

import numpy as np
import pytest
import torch

from rescert import runtime
from rescert.dynamics import functional_descent
from rescert.dynamics.descent_targets import task, tasks
from rescert.dynamics.functional_descent import Functional, Parametric
from rescert.networks.kernel_layers import Kernel

CONFIG = {
    "architecture": "kernel_layers",
    "targets": ["cos1d", "teacher"],
    "depths": [1, 3],
    "kernels": ["gaussian", "multiquadric"],
    "kernel_widths": [1.0, 2.0],
    "samples": 6,
    "iterations": 60,
    "width": 3,
    "runs": 2,
    "seed": 0,
    "start": 0.01,
    "step": 0.5,
    "parametric_step": 1.0,
}
CPU = torch.device("cpu")


def train(**changes):
    return functional_descent.train({**CONFIG, **changes}, None, CPU, lambda *_: None, generator=runtime.generator)


@pytest.fixture(scope="module")
def trained():
    return train()


@pytest.fixture
def runs():
    given = tasks(["cos1d", "teacher"], [1, 3], 6, 3, torch.Generator().manual_seed(0))
    return Functional(given, "multiquadric", 2.0, 0.5, CPU)


def test_history_has_every_run_and_record(trained):
    counts = trained.history.groupby(["method", "target", "depth", "kernel", "seed"]).size()
    assert len(counts) == trained.record["followed"] == 2 * 2 * 2 + 2 * 2 * 3
    assert set(counts) == {len(trained.record["records"])}
    assert np.isfinite(trained.history.select_dtypes("number")).all().all()


def test_risks_never_rise(trained):
    for _, rows in trained.history.groupby(["method", "target", "depth", "kernel", "seed"]):
        assert (rows.sort_values("iteration")["loss"].diff().dropna() <= 0).all()


def test_functional_descent_falls_and_the_zero_network_never_moves(trained):
    last = trained.history[trained.history["iteration"] == CONFIG["iterations"]]
    first = trained.history[trained.history["iteration"] == 0]["loss"]
    assert last[last["method"] == "functional"]["loss"].max() < 1e-2 * first.min()
    zero = trained.history[(trained.history["method"] == "parametric") & (trained.history["seed"] < 0)]
    assert (zero.groupby(["target", "depth"])["loss"].nunique() == 1).all()
    assert (zero["bound"] == 0).all()


def test_sampled_distances_are_below_the_bounds(trained):
    assert (trained.history["sampled"] <= trained.history["bound"] * (1 + 1e-12)).all()


def test_left_is_the_first_iteration_with_a_bound_of_one(trained):
    functional = trained.history[trained.history["method"] == "functional"]
    for _, rows in functional.groupby(["target", "depth", "kernel"]):
        beyond = rows[rows["bound"] >= 1]["iteration"]
        left = rows["left"].iloc[0]
        assert (left == -1) == beyond.empty
        assert beyond.empty or 0 < left <= beyond.min()
    assert (functional["left"] >= 0).any()


def test_a_single_run_equals_its_part_of_the_batch(trained):
    alone = train(targets=["cos1d"], depths=[3], kernels=["gaussian"], kernel_widths=[1.0])
    one = trained.weights["cos1d/3/gaussian/coefficients"]
    assert np.allclose(alone.weights["cos1d/3/gaussian/coefficients"], one, rtol=1e-6, atol=1e-9 * np.abs(one).max())


def test_padding_stays_zero(runs):
    found = runs.evaluate(runs.start)
    assert (found.change[0][1:, 0] == 0).all()  # a run of one layer
    assert (found.change[0][:, 0, :, 1] == 0).all()  # on the line


def test_the_first_step_is_the_functional_gradient(runs):
    """At the identity the gradient of every layer is Σ_j k_0(·, x_j) r_j / n, and nothing is cut."""
    found = runs.evaluate(runs.start)
    residual = (runs.inputs - runs.targets) / 6
    for i in range(3):
        assert torch.allclose(found.change[0][i, 1], residual[1], rtol=0, atol=1e-12)
    whole = 3 * (residual[1] * (runs.gram[1] @ residual[1])).sum()
    assert found.square[1].item() == pytest.approx(whole.item(), rel=1e-12)


def naive_gradients(run: Functional, index: int, layers: torch.Tensor):
    """Centres z_{i-1} and weights w_i of G_i = Σ_j k_0(·, z_{i-1,j}) w_{i,j}, by automatic differentiation."""
    x, y, kernel = run.inputs[index], run.targets[index], Kernel(run.name, run.square[index])
    states, moved = [x], []
    for layer in layers:
        # what is added to the layer's values: its derivative is w
        moved.append(torch.zeros_like(x, requires_grad=True))
        states.append(states[-1] + kernel.evaluate(states[-1], x).values() @ layer + moved[-1])
    risk = (states[-1] - y).square().sum() / (2 * len(x))
    return [z.detach() for z in states[:-1]], torch.autograd.grad(risk, moved), kernel


def test_the_step_is_the_projection_of_the_functional_gradient(runs):
    """G - PG is orthogonal to every k_0(·, x_c), so it vanishes at the x_c; for the first layer it is zero."""
    layers = 0.2 * torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    layers = layers[:, None].repeat(1, 4, 1, 1) * runs.mask
    found = runs.evaluate((layers,))
    centres, weights, kernel = naive_gradients(runs, 3, layers[:, 3])
    x = runs.inputs[3]
    for i in range(3):
        whole = kernel.evaluate(x, centres[i]).values() @ weights[i]
        assert torch.allclose(whole, runs.gram[3] @ found.change[0][i, 3], rtol=0, atol=1e-10)
    assert torch.allclose(found.change[0][0, 3], weights[0], rtol=0, atol=1e-10)
    table = runs.record((layers,), found)
    squares = [(w * (kernel.evaluate(z, z).values() @ w)).sum() for z, w in zip(centres, weights, strict=True)]
    assert table["kept"][3] == pytest.approx((found.square[3] / sum(squares)).item(), rel=1e-9)
    assert table["kept"][0] == pytest.approx(1, abs=1e-9)  # one layer: nothing is ever cut


def test_moving_centres_and_fixed_ones_agree_near_the_identity():
    """The naive twin: centres are added at every step where the inputs of the layer are."""
    run = Functional([task("cos1d 1/64", 2, 6, 3, torch.Generator())], "gaussian", 1.0, 0.5, CPU)
    x, y, kernel, rate = run.inputs[0], run.targets[0], Kernel("gaussian", run.square[0]), run.rate[0].item()
    expansions = [[], []]
    for _ in range(5):
        z, states = x, [x]
        for terms in expansions:
            z = z + sum((kernel.evaluate(z, c).values() @ w for c, w in terms), torch.zeros_like(z))
            states.append(z)
        pulled = z - y
        for i in (1, 0):
            expansion = (states[i], -rate * pulled / 6)
            jacobian = pulled.clone()
            for c, w in expansions[i]:
                jacobian = jacobian + kernel.evaluate(states[i], c).gradients(pulled @ w.mT)
            expansions[i].append(expansion)
            pulled = jacobian
    parameters = run.start
    for _ in range(5):
        parameters = (parameters[0] - rate * run.evaluate(parameters).change[0],)
    moving = (z - y).square().sum() / 12  # before the fifth step
    fixed = run.evaluate(parameters).loss[0]
    assert fixed < moving < run.evaluate(run.start).loss[0]
    four = run.start
    for _ in range(4):
        four = (four[0] - rate * run.evaluate(four).change[0],)
    assert run.evaluate(four).loss[0].item() == pytest.approx(moving.item(), rel=0.01)


def test_norms_of_two_by_two_matrices():
    matrices = torch.randn(50, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = functional_descent._norms([matrices[:, 0], matrices[:, 1]])
    assert torch.allclose(found, torch.linalg.matrix_norm(matrices, 2), rtol=1e-12, atol=0)


def test_parametric_starts_on_the_line_use_one_coordinate():
    given = [task("cos1d", 2, 6, 3, torch.Generator())]
    run = Parametric(given, {"scale": 0.1, "seeds": 2, "width": 3}, 1.0, CPU, torch.Generator().manual_seed(0))
    outer, inner = run.start
    assert (outer[:, :, 1] == 0).all()
    assert (inner[..., 1] == 0).all()
    assert (outer[:, 0] == 0).all()  # seed -1
    assert (outer[:, 1:, 0] != 0).all()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"architecture": "matrix_chain"}, "expected the architecture kernel_layers"),
        ({"samples": 5}, "expected an even number of samples"),
        ({"iterations": 0}, "expected iterations >= 1, got 0"),
        ({"depths": [0]}, "expected different depths of at least 1"),
        ({"depths": [2, 2]}, "expected different depths of at least 1"),
        ({"targets": []}, "expected different targets"),
        ({"kernels": ["gaussian", "linear"]}, "expected a kernel among"),
        ({"kernel_widths": [1.0]}, "expected different kernels and a width for each"),
        ({"kernel_widths": [1.0, 9.0]}, "expected a width of at most 4 spacings"),
        ({"step": 0.0}, "expected step > 0"),
        ({"start": -1.0}, "expected start > 0"),
    ],
)
def test_configs_without_sense_are_refused(changes, expected):
    with pytest.raises(ValueError, match=expected):
        train(**changes)
