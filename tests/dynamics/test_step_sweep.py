"""The sweep over scaled steps: targets, records, outcomes that a slow loop agrees with, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from rescert import runtime
from rescert.dynamics import step_sweep
from rescert.dynamics.outcome import ROUNDING
from rescert.dynamics.trained import Trained
from rescert.networks import matrix_chain

CONFIG: dict[str, Any] = {
    "architecture": "matrix_chain",
    "eigenvectors": ["gaussian", "orthogonal"],
    "matrices": 3,
    "size": 4,
    "depth": 3,
    "eigenvalue_range": [-1.5, 1.5],
    "steps": [0.25, 0.9, 8.0],
    "iterations": 70,
    "seed": 0,
    "threads": 1,
}
RUN = ["eigenvectors", "network", "scaled_step", "matrix"]


def trained(**changes: Any) -> tuple[Trained, list[tuple[dict[str, float], int]]]:
    emitted: list[tuple[dict[str, float], int]] = []

    def emit(metrics: dict[str, float], step: int) -> None:
        emitted.append((metrics, step))

    config = {**CONFIG, **changes}
    return step_sweep.train(config, None, torch.device("cpu"), emit, generator=runtime.generator), emitted


@pytest.fixture(scope="module")
def done() -> Trained:
    return trained()[0]


def loop(target: np.ndarray, network: str, step: float, iterations: int) -> np.ndarray:
    """The losses of one run by autograd."""
    signs = matrix_chain.SIGNS[network]
    parameters = matrix_chain.identity(3, 4).repeat(len(signs), 1, 1, 1).requires_grad_()
    losses = []
    for _ in range(iterations + 1):
        output = matrix_chain.single(parameters) if len(signs) == 1 else matrix_chain.double(parameters)
        loss = matrix_chain.risk(output, torch.from_numpy(target))
        losses.append(loss.item())
        (gradient,) = torch.autograd.grad(loss, parameters)
        parameters = (parameters - step * gradient).detach().requires_grad_()
    return np.array(losses)


def test_each_run_is_what_a_plain_loop_finds(done: Trained) -> None:
    table = done.history
    compared = 0
    for (kind, network, scaled, matrix), rows in table.groupby(RUN):
        target = done.weights[f"{kind}/targets"][matrix]
        norm = np.linalg.norm(target, 2)
        step = scaled * 2 / (3 * norm ** (4 / 3))
        assert rows["step"].iloc[0] == pytest.approx(step, rel=1e-13)
        assert rows["norm"].iloc[0] == pytest.approx(norm, rel=1e-13)
        if rows["outcome"].iloc[0] in ("overflowed", "oscillating"):
            continue
        losses = loop(target, network, step, 70)
        small = 2.0**-60 * (target**2).sum() / 2
        running = rows["loss"].to_numpy() > small
        assert rows["loss"].to_numpy()[running] == pytest.approx(losses[rows["iteration"]][running], rel=1e-6)
        if (losses > small).all():
            rises = (losses[1:] > losses[:-1] * (1 + ROUNDING)).sum()
            assert rows["rises"].sum() == rises
        compared += 1
    assert compared >= 20


def test_history_has_one_finite_row_a_run_and_record(done: Trained) -> None:
    table, record = done.history, done.record
    assert len(table) == record["runs"] * len(record["records"]) == 2 * 2 * 3 * 3 * len(record["records"])
    assert table.groupby(RUN)["iteration"].apply(list).map(lambda x: x == record["records"]).all()
    assert np.isfinite(table[["loss", "step", "norm"]]).all(axis=None)
    assert (table.groupby(RUN)["outcome"].nunique() == 1).all()
    assert table.isna().sum().sum() == 0
    assert sum(row["runs"] for row in record["outcomes"]) == record["runs"]
    assert set(table[table["scaled_step"] == 8.0]["outcome"]) <= {"overflowed", "oscillating", "descending"}
    assert "overflowed" in set(table["outcome"])
    first = table[table["iteration"] == 0]
    assert not first["rises"].any()
    double = first[first["network"] == "double"]
    for kind in CONFIG["eigenvectors"]:
        start = (done.weights[f"{kind}/targets"] ** 2).sum((1, 2)) / 2
        rows = double[double["eigenvectors"] == kind]
        assert rows["loss"].to_numpy() == pytest.approx(start[rows["matrix"]], rel=1e-13)


def test_final_outputs_have_the_final_losses(done: Trained) -> None:
    last = done.history[done.history["iteration"] == CONFIG["iterations"]]
    for (kind, network), rows in last.groupby(["eigenvectors", "network"]):
        outputs, targets = done.weights[f"{kind}/{network}"], done.weights[f"{kind}/targets"]
        assert outputs.shape == (3, 3, 4, 4)
        losses = ((outputs - targets) ** 2).sum((2, 3)) / 2
        ordered = rows.sort_values(["scaled_step", "matrix"])["loss"].to_numpy()
        assert ordered == pytest.approx(losses.flatten(), rel=1e-9, abs=1e-28)


def test_targets_have_their_eigenvalues_and_eigenvectors() -> None:
    both = {
        kind: step_sweep.targets(kind, 6, 5, [-1.5, 1.5], 3, runtime.generator).numpy() for kind in step_sweep.KINDS
    }
    orthogonal = np.linalg.eigvalsh(both["orthogonal"])
    assert np.abs(both["orthogonal"] - both["orthogonal"].transpose(0, 2, 1)).max() < 1e-14
    assert np.abs(orthogonal).max() <= 1.5 + 1e-12
    gaussian = np.linalg.eigvals(both["gaussian"])
    assert np.abs(gaussian.imag).max() < 1e-7
    assert np.sort(gaussian.real, axis=1) == pytest.approx(orthogonal, abs=1e-7)  # the two kinds are paired
    assert np.abs(both["gaussian"] - both["gaussian"].transpose(0, 2, 1)).max() > 0.1
    assert (np.linalg.norm(both["gaussian"], 2, (1, 2)) >= np.abs(orthogonal).max(1) - 1e-9).all()


def test_it_repeats_to_the_byte_whatever_the_threads() -> None:
    first, second = trained(iterations=20)[0], trained(iterations=20, threads=2)[0]
    pd.testing.assert_frame_equal(first.history, second.history, check_exact=True)
    assert all(first.weights[name].tobytes() == second.weights[name].tobytes() for name in first.weights)
    other = trained(iterations=20, seed=1)[0]
    assert not np.array_equal(first.weights["gaussian/targets"], other.weights["gaussian/targets"])


def test_two_converged_runs_are_not_followed_on() -> None:
    """Which of two losses below the floor is smaller says nothing, and more iterations would not change it."""
    done, _ = trained(eigenvalue_range=[0.9, 1.1], eigenvectors=["orthogonal"], steps=[0.4], iterations=300)
    last = done.history[done.history["iteration"] == 300].pivot(index="matrix", columns="network", values="loss")
    assert set(done.history["outcome"]) == {"converged"}
    assert (last["double"] > last["single"]).any()
    assert done.record["followed"] == []


def test_pairs_with_the_double_network_behind_are_followed_on() -> None:
    """With few iterations and positive eigenvalues close to 1 the single network starts near its target."""
    done, _ = trained(eigenvalue_range=[0.9, 1.1], eigenvectors=["orthogonal"], steps=[0.01], iterations=5)
    followed = done.record["followed"]
    assert [pair["matrix"] for pair in followed] == [0, 1, 2]
    for pair in followed:
        target = done.weights["orthogonal/targets"][pair["matrix"]]
        step = 0.01 * 2 / (3 * np.linalg.norm(target, 2) ** (4 / 3))
        losses = {network: loop(target, network, step, 50) for network in ("single", "double")}
        assert pair["iterations"] == 50
        assert pair["single"] == pytest.approx(losses["single"][-1], rel=1e-9)
        assert pair["double"] == pytest.approx(losses["double"][-1], rel=1e-9)
        assert pair["overtaken"] == np.flatnonzero(losses["double"] > losses["single"]).max()


def test_it_streams_medians_not_runs() -> None:
    _, emitted = trained(iterations=20, matrices=4)
    names = {name for metrics, _ in emitted for name in metrics}
    assert "gaussian/single/step_0.25/loss" in names
    assert len(names) == 2 * 2 * 3 + 2
    assert all(np.isfinite(value) for metrics, _ in emitted for value in metrics.values())


def test_without_eigenvalues_of_two_signs_the_loss_of_both_networks_falls() -> None:
    done, _ = trained(eigenvalue_range=[0.5, 1.5], eigenvectors=["orthogonal"], steps=[0.3], iterations=200)
    assert set(done.history["outcome"]) == {"converged"}
    assert not done.history["rises"].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "expected size >= 1, got 0"),
        ({"depth": 0}, "expected depth >= 1, got 0"),
        ({"matrices": 0}, "expected matrices >= 1"),
        ({"iterations": 0}, "expected iterations >= 1"),
        ({"steps": []}, "positive and finite scaled steps"),
        ({"steps": 0.5}, "positive and finite scaled steps"),
        ({"steps": ["0.5"]}, "positive and finite scaled steps"),
        ({"eigenvalue_range": 1.5}, "two finite numbers"),
        ({"size": "20"}, "expected size >= 1, got 20"),
        ({"steps": [0.5, 0.0]}, "positive and finite scaled steps"),
        ({"steps": [0.5, -1.0]}, "positive and finite scaled steps"),
        ({"steps": [0.5, float("nan")]}, "positive and finite scaled steps"),
        ({"steps": [0.5, 0.5]}, "different"),
        ({"eigenvalue_range": [-1.5, float("inf")]}, "two finite numbers"),
        ({"eigenvalue_range": [1.5, -1.5]}, "two finite numbers"),
        ({"eigenvalue_range": [1.5]}, "two finite numbers"),
        ({"eigenvectors": []}, "expected different eigenvectors"),
        ({"eigenvectors": ["unitary"]}, "expected different eigenvectors"),
        ({"architecture": "convex_pairs"}, "expected the architecture matrix_chain"),
    ],
)
def test_bad_input_is_one_sentence_before_any_work(change: dict[str, Any], message: str) -> None:
    def no_work(seed: int, purpose: str) -> torch.Generator:
        raise AssertionError("a draw before the check")

    with pytest.raises(ValueError, match=message):
        step_sweep.train({**CONFIG, **change}, None, torch.device("cpu"), lambda *_: None, generator=no_work)
