"""The trainer: Nesterov's rate on a known problem, a plain twin, paired starts, overflow as data, bad input."""

import math

import numpy as np
import pytest
import torch

from rescert.dynamics.projected_nesterov import iterates, target, train
from rescert.dynamics.trained import recorded
from rescert.networks import scalar_pairs
from rescert.runtime import generator

CONFIG = {
    "architecture": "scalar_pairs",
    "runs": 2,
    "bias_ranges": [0.5, 1.0],
    "step_sizes": [0.01, 0.1],
    "depth": 3,
    "weight_range": 0.1,
    "samples": 11,
    "iterations": 30,
}


def trained(**changes):
    steps = []
    config = {**CONFIG, **changes}
    result = train(config, None, torch.device("cpu"), lambda m, s: steps.append((s, m)), generator=generator)
    return result, steps


@pytest.fixture(scope="module")
def small():
    return trained()


def plain(start, x, y, step, iterations):
    """Nesterov's method of 1983 with projection, one run, by automatic differentiation and lists."""
    now = {k: v.clone() for k, v in start.items()}
    ahead, t = now, 1.0
    for _ in range(iterations):
        leaves = {k: v.clone().requires_grad_() for k, v in ahead.items()}
        (0.5 * ((scalar_pairs.estimate(leaves, x) - y) ** 2).mean()).backward()
        new = {k: (v - step * v.grad).detach() for k, v in leaves.items()}
        for name, bound in scalar_pairs.LOWER_BOUNDS.items():
            new[name] = torch.maximum(new[name], torch.tensor(bound, dtype=torch.float64))
        later = (1 + math.sqrt(1 + 4 * t * t)) / 2
        ahead = {k: new[k] + (t - 1) / later * (new[k] - now[k]) for k in new}
        now, t = new, later
    return now


@pytest.mark.parametrize(("step", "size"), [(0, 0.01), (1, 0.1)])
def test_a_run_is_the_plain_method(small, step, size):
    weights = small[0].weights
    start = {name: torch.tensor(weights[f"{name}0"][step, 1, 1]) for name in ("w", "b", "c", "d")}
    shaped = {
        "w": start["w"].T[:, :, None, None],
        "b": start["b"].T[:, :, None, None],
        "c": start["c"][:, None, None],
        "d": start["d"].reshape(1, 1),
    }
    found = plain(shaped, torch.from_numpy(weights["x"]), torch.from_numpy(weights["y"]), size, 30)
    np.testing.assert_allclose(weights["w"][step, 1, 1], found["w"][..., 0, 0].T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(weights["b"][step, 1, 1], found["b"][..., 0, 0].T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(weights["d"][step, 1, 1], found["d"].item(), rtol=1e-9)


def test_seeds_are_paired(small):
    weights = small[0].weights
    for name in ("w0", "c0", "d0"):
        assert (weights[name] == weights[name][:1, :1]).all()
    np.testing.assert_array_equal(weights["b0"][:, 1], 2 * weights["b0"][:, 0])
    assert not np.array_equal(weights["w0"][0, 0, 0], weights["w0"][0, 0, 1])


def test_constraints_hold_and_the_loss_falls(small):
    weights, history = small[0].weights, small[0].history
    assert weights["w"].min() >= 0
    assert weights["b"].min() >= 0
    assert weights["c"].min() >= scalar_pairs.POSITIVE
    first, last = (history[history["iteration"] == k].set_index(["step_size", "bias_range", "seed"]) for k in (0, 30))
    assert (last["loss"] < first["loss"]).all()
    assert (first[["moved_w", "moved_b", "moved_c"]] == 0).all(axis=None)
    assert (last["moved_w"] > 0).all()


def test_history_has_a_row_a_run_and_recorded_iteration(small):
    result, steps = small
    assert len(result.history) == 8 * len(recorded(30)) == 8 * len(steps)
    assert [s for s, _ in steps] == recorded(30)
    assert result.record["runs"] == 2
    assert np.shape(result.record["outcomes"]) == (2, 2, 2)


def test_momentum_has_nesterov_s_rate_on_a_quadratic():
    """f(x_k) - f* <= 2 |x_0 - x*|² / (δ (k+1)²) for a step δ <= 1/λ_max, which plain descent breaks here."""
    curvature = torch.logspace(-6, 0, 40, dtype=torch.float64)[:, None]

    def slope(state):
        x = state["d"]
        return (curvature * x * x).sum(0) / 2, {"d": curvature * x}

    runs = iterates({"d": torch.ones(40, 1, dtype=torch.float64)}, slope, torch.ones(40, 1, dtype=torch.float64), {})
    losses = [slope(state)[0].item() for _, (state, _) in zip(range(1001), runs, strict=False)]
    assert all(loss <= 2 * 40 / (k + 1) ** 2 for k, loss in enumerate(losses))
    descent = (curvature * (1 - curvature) ** 2000 / 2).sum().item()
    assert losses[1000] < descent / 10


def test_overflow_is_an_outcome_and_leaves_the_last_state():
    result, _ = trained(step_sizes=[0.01, 1e6], runs=1, iterations=40)
    overflowed = result.weights["overflowed"].astype(bool)
    assert overflowed[1].all()
    assert not overflowed[0].any()
    assert all(np.isfinite(value).all() for value in result.weights.values())
    assert np.isfinite(result.history.select_dtypes("number")).all(axis=None)
    assert set(np.ravel(result.record["outcomes"][1])) == {"overflowed"}


def test_another_run_of_the_batch_changes_nothing(small):
    alone, _ = trained(step_sizes=[0.1], bias_ranges=[1.0])
    np.testing.assert_allclose(alone.weights["b"][0, 0], small[0].weights["b"][1, 1], rtol=1e-12)


def test_target_is_that_of_figure_4():
    x = torch.linspace(0, 1, 1001, dtype=torch.float64)
    slopes = target(x).diff() / x.diff()
    for low, high, slope in ((0, 300, 1), (300, 500, -2), (500, 700, 1), (700, 1000, -1)):
        torch.testing.assert_close(slopes[low:high], torch.full((high - low,), float(slope), dtype=torch.float64))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step_sizes": []}, "positive numbers for 'step_sizes', got \\[\\]"),
        ({"step_sizes": [0.1, -1]}, "'step_sizes', got \\[0.1, -1\\]"),
        ({"bias_ranges": [0.5, 0.5]}, "different positive numbers for 'bias_ranges'"),
        ({"bias_ranges": 0.5}, "a list of"),
        ({"weight_range": 0}, "positive number for 'weight_range', got 0"),
        ({"runs": 0}, "an integer >= 1 for 'runs', got 0"),
        ({"samples": 1}, "an integer >= 2 for 'samples', got 1"),
        ({"iterations": 1.5}, "an integer >= 2 for 'iterations', got 1.5"),
        ({"depth": 0}, "an integer >= 1 for 'depth', got 0"),
    ],
)
def test_bad_values_are_one_sentence(changes, message):
    with pytest.raises(ValueError, match=message):
        trained(**changes)
