"""Figure 5: signs are certified on the stored weights, accuracies only where the printed setting is met."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rescert import record
from rescert.assessment import assess
from rescert.certify.certificate import StoredArray
from rescert.claim import Evidence, Finding, Inputs, Verdict
from rescert.claims import ns_figure5

INSTANCE = {"network": "ns_figure5"}
PRINTED_RUN = (0.9791, 0.9758)
Store = Callable[..., Inputs]


def history(
    seeds: list[int], last: list[tuple[float, float]], epochs: int = 12, sizes: tuple[int, int] = (60000, 10000)
) -> pd.DataFrame:
    """Accuracies that rise linearly from (0.9, 0.9) to ``last`` of each seed."""
    rows = []
    for seed, (train, test) in zip(seeds, last, strict=True):
        for epoch in range(1, epochs + 1):
            share = epoch / epochs
            accuracy = {"train": 0.9 + share * (train - 0.9), "test": 0.9 + share * (test - 0.9)}
            moved = {"moved_b": 0.1 * share, "moved_V": share, "moved_W": share, "moved_c": 0.2 * share}
            row: dict[str, Any] = {"seed": seed, "epoch": epoch, **moved}
            for part, size in zip(("train", "test"), sizes, strict=True):
                correct = round(accuracy[part] * size)
                row |= {f"{part}_correct": correct, f"{part}_accuracy": correct / size}
            rows.append(row)
    return pd.DataFrame(rows)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Writes a trained network as `train` does, and gives the claim's inputs."""

    def write(
        last: list[tuple[float, float]],
        dataset: str = "mnist",
        sizes: tuple[int, int] = (60000, 10000),
        epochs: int = 12,
        change: Callable[[dict[str, np.ndarray]], object] = lambda weights: None,
    ) -> Inputs:
        seeds = list(range(len(last)))
        draw = np.random.default_rng(0)
        shapes = {"V": (3, 4, 2, 5), "W": (3, 4, 2, 5), "b": (3, 4, 2), "c": (4, 5), "d": (2,)}
        weights = {
            f"{s}/{n}": draw.uniform(0.1, 1, shape).astype(np.float32) for s in seeds for n, shape in shapes.items()
        }
        weights["0/V"][0, 0, 0, :2] = 0.0
        change(weights)
        folder = tmp_path / "results" / "networks" / "ns_figure5"
        paths = [folder / name for name in ("weights.safetensors", "history.parquet", "record.json")]
        record.write_tensors(paths[0], weights)
        record.write_parquet(paths[1], history(seeds, last, epochs, sizes))
        content = {"dataset": dataset, "train_size": sizes[0], "test_size": sizes[1], "seeds": seeds, "epochs": epochs}
        record.write_json(paths[2], {**content, "learning_rate": 0.001, "parameters": {"total": 256}})
        return Inputs({"networks/ns_figure5": paths})

    return write


def found(inputs: Inputs, statement: str) -> Finding:
    return ns_figure5.check(INSTANCE, inputs)[statement]


def test_signs_are_certified_on_the_stored_file(store: Store) -> None:
    inputs = store([PRINTED_RUN, PRINTED_RUN])
    finding = found(inputs, "convexity")
    assert (finding.verdict, finding.evidence) == (Verdict.HOLDS, Evidence.EXACT)
    named = [(a["array"].tensor, a["relation"]) for a in finding.assertions]
    signs = [("V", ">="), ("W", ">="), ("b", ">="), ("c", ">")]
    assert sorted(named) == [(f"{seed}/{name}", relation) for seed in (0, 1) for name, relation in signs]
    weights = inputs.path("networks/ns_figure5", ".safetensors")
    certificates = weights.parents[2] / "certificates" / "ns_figure5"
    for assertion in finding.assertions:
        array = assertion["array"]
        assert isinstance(array, StoredArray)
        assert (certificates / array.path).resolve() == weights.resolve()
        assert array.sha256 == record.sha256(weights)
    assert finding.values["networks"] == 8


def entry(name: str, value: float) -> Callable[[dict[str, np.ndarray]], object]:
    def change(weights: dict[str, np.ndarray]) -> None:
        weights[name].flat[-1] = value

    return change


@pytest.mark.parametrize(
    ("name", "value", "convexity", "pixels"),
    [
        ("1/V", -1e-30, Verdict.VACUOUS, Verdict.VACUOUS),
        ("0/W", -1.0, Verdict.VACUOUS, Verdict.VACUOUS),
        ("1/b", -0.5, Verdict.VACUOUS, Verdict.HOLDS),  # the sign of a bias is asked for, not needed
        ("0/c", 0.0, Verdict.VACUOUS, Verdict.VACUOUS),
        ("0/c", 1e-30, Verdict.HOLDS, Verdict.HOLDS),
        ("0/V", -0.0, Verdict.HOLDS, Verdict.HOLDS),
        ("1/W", float("nan"), Verdict.UNDECIDED, Verdict.UNDECIDED),
        ("1/W", float("inf"), Verdict.UNDECIDED, Verdict.UNDECIDED),
    ],
)
def test_one_wrong_entry_is_never_certified(
    store: Store, name: str, value: float, convexity: Verdict, pixels: Verdict
) -> None:
    inputs = store([PRINTED_RUN, PRINTED_RUN], change=entry(name, value))
    assert found(inputs, "convexity").verdict is convexity
    assert found(inputs, "pixels").verdict is pixels


def test_control_breaks_the_signs(store: Store) -> None:
    inputs = store([PRINTED_RUN])
    control = ns_figure5.check(ns_figure5.CLAIM.control, inputs)[ns_figure5.CLAIM.control_statement]
    assert control.verdict is Verdict.VACUOUS
    assert control.assertions[0]["array"][0] == np.float32(-1e-6)
    assert found(inputs, "convexity").verdict is Verdict.HOLDS  # the stored weights are left alone


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        ((0.997, 0.988), Verdict.HOLDS),
        ((0.9791, 0.9758), Verdict.UNDECIDED),  # the interval holds the printed number
        ((0.9791, 0.9700), Verdict.FAILS),
        ((0.9780, 0.9780), Verdict.FAILS),
    ],
)
def test_accuracy_needs_its_whole_interval(store: Store, last: tuple[float, float], verdict: Verdict) -> None:
    assert found(store([last]), "accuracy").verdict is verdict


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        ([(0.9791, 0.9791)], Verdict.HOLDS),
        ([(0.9791, 0.9758)], Verdict.UNDECIDED),
        ([(0.9970, 0.9880)], Verdict.FAILS),
        ([(0.9800, 0.9790), (0.9801, 0.9790), (0.9800, 0.9789)], Verdict.HOLDS),
        ([(0.9970, 0.9880), (0.9971, 0.9879), (0.9970, 0.9881)], Verdict.FAILS),
    ],
)
def test_gap_needs_its_whole_interval(store: Store, last: list[tuple[float, float]], verdict: Verdict) -> None:
    assert found(store(last), "gap").verdict is verdict


def test_gap_interval_is_students_over_seeds() -> None:
    rows = history([0, 1, 2], [(0.99, 0.98), (0.99, 0.981), (0.99, 0.982)]).query("epoch == 12")
    mean, (low, high), _ = ns_figure5.gap_interval(rows, 10000)
    half = 4.302652729696142 * 0.001 / 3**0.5  # t(0.975, 2), deviation 0.001
    assert mean == pytest.approx(0.009, abs=1e-12)
    assert (low, high) == pytest.approx((0.009 - half, 0.009 + half), abs=1e-12)


def test_early_gap_is_taken_where_the_printed_training_accuracy_is_reached(store: Store) -> None:
    finding = found(store([(0.9970, 0.9940)]), "early gap")
    assert "after epoch 10, the first" in finding.reason  # 0.9 + 10/12 * 0.097 = 0.9808
    assert finding.values["gap"] == pytest.approx(10 / 12 * 0.003, abs=2e-4)
    assert found(store([(0.97, 0.97)]), "early gap").verdict is Verdict.VACUOUS


@pytest.mark.parametrize(
    "setting",
    [{"dataset": "mnist-5k", "sizes": (4000, 1000)}, {"sizes": (4000, 1000)}, {"epochs": 11}],
)
def test_other_settings_are_vacuous_and_say_why(store: Store, setting: dict[str, Any]) -> None:
    findings = ns_figure5.check(INSTANCE, store([(0.997, 0.988)], **setting))
    for statement in ("accuracy", "gap", "early gap", "biases"):
        assert findings[statement].verdict is Verdict.VACUOUS
        assert findings[statement].reason.startswith("trained ")
    assert findings["convexity"].verdict is Verdict.HOLDS


def test_biases_are_compared_with_every_weight(store: Store) -> None:
    inputs = store([PRINTED_RUN])
    assert found(inputs, "biases").verdict is Verdict.HOLDS
    table = inputs.table("networks/ns_figure5")
    record.write_parquet(inputs.path("networks/ns_figure5", ".parquet"), table.assign(moved_c=0.05))
    assert found(inputs, "biases").verdict is Verdict.FAILS


def test_assessment_figure_and_caption(store: Store) -> None:
    from rescert.figures.drawing import fill

    inputs = store([(0.997, 0.988), (0.996, 0.987)])
    assessment = assess("ns_figure5", {"instances": [{"network": ["ns_figure5"]}]}, inputs)
    assert assessment.content["control"]["verdict"] == "vacuous"
    drawing = ns_figure5.figure({"claims/ns_figure5": assessment.rows})
    assert list(drawing.data["epoch"]) == list(range(1, 13))
    assert drawing.data["gap_mean"].iloc[-1] == pytest.approx(0.9)
    assert [len(points) for points in assessment.rows["final_test"].dropna()] == [2]  # a point a seed
    assert len(drawing.figure.axes[3].get_lines()[1].get_xdata()) == 2
    caption = fill(ns_figure5.figure.__doc__ or "", assessment.content["summary"])
    assert "60000 training and the 10000 test images of MNIST" in caption
