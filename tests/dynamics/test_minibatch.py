"""Training: projection, learning, determinism, history, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rescert import runtime
from rescert.dynamics import minibatch
from rescert.dynamics.projection import project_
from rescert.networks import convex_pairs

CONFIG: dict[str, Any] = {
    "architecture": "convex_pairs",
    "needs": ["datasets/mnist"],
    "seeds": [0, 3],
    "epochs": 3,
    "batch": 20,
    "width": 2,
    "filters": 4,
    "learning_rate": 0.01,
    "matrix_learning_rate": 0.002,
    "final_rate": 0.1,
}


class Digits:
    """Ten easy classes: a bright row of pixels at a height that is the label."""

    def arrays(self, need: str) -> dict[str, np.ndarray]:
        assert need == "datasets/mnist"
        draw = np.random.default_rng(0)
        arrays: dict[str, np.ndarray] = {}
        for part, size in (("train", 200), ("test", 50)):
            labels = np.arange(size) % 10
            images = draw.integers(0, 60, (size, 28, 28), dtype=np.uint8)
            images[np.arange(size)[:, None], 2 * labels[:, None] + np.arange(3)] = 255
            arrays |= {f"{part}_images": images, f"{part}_labels": labels}
        return arrays

    def metadata(self, need: str) -> dict[str, Any]:
        return {"dataset": "rows"}


def trained(**changes: Any) -> tuple[Any, list[tuple[dict[str, float], int]]]:
    emitted: list[tuple[dict[str, float], int]] = []

    def emit(metrics: dict[str, float], step: int) -> None:
        emitted.append((metrics, step))

    config = {**CONFIG, **changes}
    done = minibatch.train(config, Digits(), torch.device("cpu"), emit, generator=runtime.generator)
    return done, emitted


def test_it_learns_and_keeps_the_signs() -> None:
    done, _ = trained(epochs=8)
    last = done.history[done.history["epoch"] == 8]
    assert (last["train_accuracy"] > 0.5).all()  # chance is 0.1
    assert (last["train_correct"] == (last["train_accuracy"] * 200).round()).all()
    for name, values in done.weights.items():
        assert values.dtype == np.float32
        bound = convex_pairs.LOWER_BOUNDS.get(name.split("/")[1], -np.inf)
        assert values.min() >= bound
    assert any((values == 0).any() for name, values in done.weights.items() if name.endswith("V"))


def test_a_square_network_learns() -> None:
    """As wide as it has features, like the 1600 x 1600 networks of config/gpu.yaml: the form with the hidden state."""
    done, _ = trained(seeds=[0], epochs=6, width=100)
    depth, _, width, n = done.weights["0/V"].shape
    assert width == n == 100
    assert not convex_pairs.thin(depth, width, n, CONFIG["batch"])
    assert done.history["train_accuracy"].iloc[-1] > 0.5
    assert done.weights["0/W"].min() == 0.0  # the projection was at work


def test_history_and_record() -> None:
    done, _ = trained()
    assert list(zip(done.history["seed"], done.history["epoch"], strict=True)) == [
        (0, 1), (0, 2), (0, 3), (3, 1), (3, 2), (3, 3)
    ]  # fmt: skip
    moved = [column for column in done.history if column.startswith("moved_")]
    assert moved == ["moved_filters", "moved_offsets", "moved_V", "moved_W", "moved_b", "moved_c"]  # d starts at 0
    assert (done.history[moved] > 0).all(axis=None)
    assert done.record["dataset"] == "rows"
    assert (done.record["train_size"], done.record["test_size"], done.record["epochs"]) == (200, 50, 3)
    assert done.record["parameters"]["total"] == sum(v.size for n, v in done.weights.items() if n.startswith("0/"))
    assert [row["seed"] for row in done.record["final"]] == [0, 3]


def test_same_config_same_bytes_and_seeds_are_independent() -> None:
    first, again, alone = trained()[0], trained()[0], trained(seeds=[3])[0]
    assert first.history.equals(again.history)
    assert all(np.array_equal(first.weights[name], again.weights[name]) for name in first.weights)
    assert all(np.array_equal(first.weights[name], alone.weights[name]) for name in alone.weights)
    assert not np.array_equal(first.weights["0/V"], first.weights["3/V"])


def test_stream_has_losses_by_step_and_the_history_by_epoch() -> None:
    done, emitted = trained(seeds=[0])
    losses = [step for metrics, step in emitted if "batch_loss" in metrics]
    assert losses == [10, 20, 30]  # ten steps an epoch, fewer than a window
    rows = [(metrics, step) for metrics, step in emitted if "train_loss" in metrics]
    assert [step for _, step in rows] == [1, 2, 3]
    assert rows[-1][0]["test_accuracy"] == done.history["test_accuracy"].iloc[-1]
    assert rows[-1][0]["steps_per_second"] > 0
    several = {name for metrics, _ in trained()[1] for name in metrics}
    assert {"seed_0/batch_loss", "seed_3/train_accuracy"} <= several


def test_step_is_gradient_then_adam_then_projection() -> None:
    start = convex_pairs.initial(lambda purpose: runtime.generator(0, purpose), width=2, filters=4)
    parameters = {name: value.requires_grad_() for name, value in start.items()}
    before = {name: value.detach().clone() for name, value in parameters.items()}
    optimiser = minibatch.adam(parameters, convex_pairs.MATRICES, 0.01, 0.002)
    arrays = Digits().arrays("datasets/mnist")
    images, labels = torch.tensor(arrays["train_images"][:20]) / 255.0, torch.tensor(arrays["train_labels"][:20])
    loss = minibatch.training_step(convex_pairs, parameters, optimiser, images.double(), labels)
    assert loss.item() > 0
    for name, value in parameters.items():
        rate = 0.002 if name in convex_pairs.MATRICES else 0.01
        gradient = value.grad
        assert gradient is not None
        expected = before[name] - rate * gradient / (gradient.abs() + 1e-8)  # Adam's first step
        expected = expected.clamp(min=convex_pairs.LOWER_BOUNDS.get(name, -torch.inf))
        assert torch.all((value - expected).abs() <= 1e-12), name  # 1 - 0.999 loses three digits


def test_rates_fall_linearly_to_their_final_share(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []

    def note(optimiser: torch.optim.Optimizer, share: float) -> None:
        set_share(optimiser, share)
        shares.append(optimiser.param_groups[0]["lr"] / 0.002)  # the group of the matrices

    set_share = minibatch.set_share
    monkeypatch.setattr(minibatch, "set_share", note)
    trained(seeds=[0])
    assert shares == pytest.approx([1 - 0.9 * t / 30 for t in range(30)])


def test_projection_is_the_nearest_point() -> None:
    values = {"W": torch.tensor([-1.0, 0.0, 2.0]), "d": torch.tensor([-1.0])}
    project_(values, {"W": 0.5})
    assert values["W"].tolist() == [0.5, 0.5, 2.0]
    assert values["d"].tolist() == [-1.0]


def test_evaluation_counts_everything_once(monkeypatch: pytest.MonkeyPatch) -> None:
    start = convex_pairs.initial(lambda purpose: runtime.generator(0, purpose), width=2, filters=4)
    parameters = {name: value.float() for name, value in start.items()}
    data = {name: torch.from_numpy(a) for name, a in Digits().arrays("datasets/mnist").items()}
    whole = minibatch.evaluate(convex_pairs, parameters, data)
    monkeypatch.setattr(minibatch, "EVALUATED", 30)
    parts = minibatch.evaluate(convex_pairs, parameters, data)
    assert parts["train_correct"] == whole["train_correct"]
    # float32 scores of a 30 and of a 200 image product may differ by the roundings of 1600 sums
    assert parts["test_loss"] == pytest.approx(whole["test_loss"], rel=1600 * torch.finfo(torch.float32).eps)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"batch": 30}, "expected a batch that divides the 200 training images, got 30"),
        ({"needs": []}, "expected exactly one need 'datasets/…'"),
        ({"learning_rate": 1e38}, r"expected finite numbers after epoch 1, got .*; lower the learning rates"),
    ],
)
def test_misuse_is_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        trained(**changes)
