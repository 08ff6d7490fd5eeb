"""Figure 3: counts of a made-up sweep, and statements that must not hold on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib import pyplot as plt

from rescert import record, runtime
from rescert.assessment import assess
from rescert.claim import Finding, Inputs, Verdict
from rescert.claims import ns_figure3
from rescert.dynamics import step_sweep

RECORDS = [0, 1, 10, 100]
# final loss and outcome of the single and of the double network, and how often each loss rose
Pair = tuple[float, str, int, float, str, int]
AHEAD: Pair = (1.0, "descending", 0, 0.5, "descending", 0)
BEHIND: Pair = (1.0, "descending", 0, 2.0, "descending", 0)
TIED: Pair = (1e-20, "converged", 0, 2e-20, "converged", 0)
SHAKEN: Pair = (3.0, "oscillating", 5, 1e-20, "converged", 0)
LOST: Pair = (3.0, "oscillating", 5, 1e200, "overflowed", 3)
BOTH_LOST: Pair = (1e300, "overflowed", 2, 1e200, "overflowed", 3)
LATE: Pair = (1.0, "descending", 0, 1e-20, "converged", 4)
Store = Callable[..., Inputs]


def history(pairs: list[Pair], kind: str, step: float) -> pd.DataFrame:
    rows = []
    for matrix, pair in enumerate(pairs):
        for network, (loss, outcome, rises) in zip(("single", "double"), (pair[:3], pair[3:]), strict=True):
            for iteration in RECORDS:
                last = iteration == RECORDS[-1]
                value = loss if last else 8.0
                run = {"eigenvectors": kind, "matrix": matrix, "network": network, "scaled_step": step}
                row = {"iteration": iteration, "loss": value, "rises": rises if last else 0, "outcome": outcome}
                rows.append({**run, **row, "step": 0.01, "norm": 4.0})
    return pd.DataFrame(rows)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Writes a sweep of one kind and step as `train` does, and gives the claim's inputs."""

    def write(
        pairs: list[Pair],
        kind: str = "gaussian",
        step: float = 0.5,
        followed: list[dict[str, Any]] | None = None,
        targets: np.ndarray | None = None,
    ) -> Inputs:
        paths = [tmp_path / name for name in ("weights.safetensors", "history.parquet", "record.json")]
        shape = (len(pairs), 2, 2)
        record.write_tensors(paths[0], {f"{kind}/targets": np.ones(shape) if targets is None else targets})
        record.write_parquet(paths[1], history(pairs, kind, step))
        content = {"eigenvectors": [kind], "steps": [step], "depth": 20, "size": 2, "iterations": RECORDS[-1]}
        record.write_json(paths[2], {**content, "followed": followed or []})
        return Inputs({"networks/sweep": paths})

    return write


def found(inputs: Inputs) -> dict[str, Finding]:
    (instance,) = ns_figure3.expand({"network": "sweep"}, inputs)
    return ns_figure3.check(instance, inputs)


def verdicts(inputs: Inputs) -> dict[str, str]:
    return {name: str(finding.verdict) for name, finding in found(inputs).items()}


def test_counts_by_definition(store: Store) -> None:
    pairs = [AHEAD, BEHIND, TIED, SHAKEN, LOST, BOTH_LOST, LATE]
    counted = found(store(pairs))["rate"].values
    assert counted["n"] == 7
    assert counted["better"] == 3  # ahead, shaken, late
    assert counted["worse"] == 2  # behind, lost; two converged or two overflowed runs are tied
    assert counted["unstable"] == [3, 2]
    assert counted["overflowed"] == [1, 2]
    assert counted["rising"] == [3, 3]
    assert counted["open"] == [1, 2, 4, 5]
    assert counted["behind"] == [1, 4]
    assert counted["converged"] == [1, 3]
    assert counted["apart"] == 2.0
    vanished: Pair = (0.0, "converged", 0, 1.0, "descending", 0)
    assert found(store([vanished]))["rate"].values["apart"] == 1e300


def test_a_loss_that_is_larger_by_rounding_only_is_not_counted_as_behind(store: Store) -> None:
    close: Pair = (1.0, "descending", 0, 1.001, "descending", 0)
    counted = found(store([close]))["rate"].values
    assert (counted["better"], counted["worse"]) == (0, 0)
    assert verdicts(store([close]))["every step"] == verdicts(store([close]))["rate"] == "undecided"
    other: Pair = (1.001, "descending", 0, 1.0, "descending", 0)  # the same margin in the other direction
    assert found(store([other]))["rate"].values["better"] == 0


def test_the_printed_observations_hold_where_all_matrices_show_them(store: Store) -> None:
    every = verdicts(store([SHAKEN] * 4, step=1.2))
    assert every["rate"] == every["stability"] == every["window"] == "holds"
    assert every["every step"] == every["most"] == "vacuous"  # not below the critical step
    one_out = verdicts(store([SHAKEN] * 30 + [LOST], step=1.2))
    assert one_out["rate"] == one_out["stability"] == "fails"
    assert verdicts(store([SHAKEN] * 30 + [BEHIND], step=1.2))["stability"] == "fails"  # stable, but not ahead for all


def test_most_is_decided_by_the_whole_interval(store: Store) -> None:
    assert verdicts(store([AHEAD] * 20 + [BEHIND]))["most"] == "holds"
    assert verdicts(store([AHEAD] * 3))["most"] == "undecided"
    assert verdicts(store([AHEAD] * 10 + [BEHIND] * 10))["most"] == "undecided"
    assert verdicts(store([AHEAD] + [BEHIND] * 20))["most"] == "fails"


@pytest.mark.parametrize(
    ("pair", "step", "verdict"),
    [
        (AHEAD, 0.9, "holds"),
        (SHAKEN, 0.9, "fails"),  # the single network unstable below its critical step
        (SHAKEN, 1.2, "holds"),
        (TIED, 1.2, "fails"),  # it converges above
        (AHEAD, 1.2, "undecided"),  # it is calm above so far
        (SHAKEN, 1.8, "holds"),
        (SHAKEN, 1.9, "fails"),  # the double network converges above 2^(1-2/L) = 1.866
        (LOST, 1.9, "holds"),
        (AHEAD, 1.0, "vacuous"),
    ],
)
def test_the_window_of_steps(store: Store, pair: Pair, step: float, verdict: str) -> None:
    assert verdicts(store([pair] * 3, step=step))["window"] == verdict


def test_orthogonal_eigenvectors_are_judged_by_their_own_statements(store: Store) -> None:
    every = verdicts(store([AHEAD, LATE], kind="orthogonal"))
    assert every["reversed"] == "holds"
    assert every["rate"] == every["stability"] == every["every step"] == "vacuous"
    assert verdicts(store([AHEAD, SHAKEN], kind="orthogonal"))["reversed"] == "fails"


def test_rounding_compares_with_the_floor_of_symmetric_targets(store: Store) -> None:
    targets = np.array([np.diag([1.0, -2.0]), np.diag([1.0, -1.0]), np.diag([1.0, 2.0])])  # floors 2, 1/2, none
    below: Pair = (1.0, "descending", 0, 0.1, "descending", 0)
    finding = found(store([below] * 3, kind="orthogonal", targets=targets))["rounding"]
    assert finding.verdict is Verdict.HOLDS
    assert "1 of 2 matrices" in finding.reason
    above: Pair = (2.1, "descending", 0, 0.1, "descending", 0)
    assert verdicts(store([above] * 3, kind="orthogonal", targets=targets))["rounding"] == "fails"
    assert verdicts(store([above] * 3, kind="orthogonal", targets=abs(targets)))["rounding"] == "vacuous"


def test_overtaking_looks_at_the_pairs_that_were_followed_on(store: Store) -> None:
    pair = {"eigenvectors": "gaussian", "scaled_step": 0.5, "matrix": 1, "overtaken": 400, "iterations": 1000}
    assert verdicts(store([AHEAD]))["overtaking"] == "vacuous"
    won = {**pair, "single": 1.0, "double": 0.5}
    lost = {**pair, "single": 1.0, "double": 0.999}
    assert verdicts(store([AHEAD, BEHIND], followed=[won]))["overtaking"] == "holds"
    assert verdicts(store([AHEAD, BEHIND], followed=[won, lost]))["overtaking"] == "fails"
    elsewhere = {**lost, "scaled_step": 0.25}
    assert verdicts(store([AHEAD, BEHIND], followed=[won, elsewhere]))["overtaking"] == "holds"
    assert verdicts(store([AHEAD, BEHIND]))["overtaking"] == "undecided"  # a pair that nobody followed


def test_exchanged_networks_do_not_hold(store: Store) -> None:
    inputs = store([AHEAD] * 20, kind="orthogonal")
    control = {**ns_figure3.CLAIM.control, "network": "sweep"}
    finding = ns_figure3.check(control, inputs)[ns_figure3.CLAIM.control_statement]
    assert finding.verdict is Verdict.FAILS
    assert verdicts(inputs)["most"] == "holds"


def test_a_trained_sweep_is_checked_and_drawn(tmp_path: Path) -> None:
    config = {
        "architecture": "matrix_chain",
        "eigenvectors": ["gaussian", "orthogonal"],
        "matrices": 2,
        "size": 3,
        "depth": 3,
        "eigenvalue_range": [-1.5, 1.5],
        "steps": [0.5, 4.0],
        "iterations": 20,
        "seed": 0,
    }
    done = step_sweep.train(config, None, torch.device("cpu"), lambda *_: None, generator=runtime.generator)
    paths = [tmp_path / name for name in ("weights.safetensors", "history.parquet", "record.json")]
    record.write_tensors(paths[0], done.weights)
    record.write_parquet(paths[1], done.history)
    record.write_json(paths[2], done.record)
    inputs = Inputs({"networks/ns_figure3": paths})
    assessed = assess("ns_figure3", {"instances": [{"network": "ns_figure3"}]}, inputs)
    assert len(assessed.rows) == 4 * len(ns_figure3.CLAIM.statements)
    assert assessed.content["control"]["verdict"] != "holds"
    drawing = ns_figure3.figure({"claims/ns_figure3": assessed.rows})
    assert len(drawing.data) == 4
    assert np.isfinite(drawing.data.drop(columns="eigenvectors").to_numpy(dtype=float)).all()
    plt.close(drawing.figure)
