"""Projected minibatch training of a classifier by Adam and cross-entropy, one seed after another.

The architecture is any module of `rescert.networks` with ``initial``, ``forward``, ``parameter_counts`` and
``LOWER_BOUNDS`` (for the projection), ``MATRICES`` (parameters with a learning rate of their own) and ``SIZES``
(config keys that ``initial`` takes).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from rescert.dynamics.projection import project_
from rescert.dynamics.trained import Emit, Generator, Progress, Trained

STREAMED = 20  # training steps a streamed loss value; on a GPU one an epoch, because reading it would wait
EVALUATED = 500  # images a batch of an evaluation, about 80 MB of convolution maps
PARTS = ("train", "test")


def train(
    config: Mapping[str, Any],
    inputs: Any,
    device: torch.device,
    emit: Emit,
    *,
    generator: Generator,
    progress: Progress = iter,
) -> Trained:
    """Train ``config["architecture"]`` on the one dataset that the config needs, once a seed.

    Step t of T uses the learning rates times $1-(1-q)t/T$ with ``final_rate`` q: with constant ones, Adam's rare
    large steps late in training cost up to half a point of accuracy.
    ``generator(seed, purpose)`` gives every random stream, drawn on the CPU. History, one row a seed and
    epoch, evaluated on the full training and test sets after the epoch: loss, accuracy, correct answers,
    and ``moved_<p> = |p - p0| / |p0|`` (Frobenius) for each parameter with p0 != 0.

    Raises ``ValueError`` for a batch that does not divide the training set, and for a loss that is not finite.
    """
    network = import_module(f"rescert.networks.{config['architecture']}")
    need = _dataset(config["needs"])
    sizes = {name: config[name] for name in network.SIZES if name in config}
    data = {name: torch.from_numpy(np.array(a)).to(device) for name, a in inputs.arrays(need).items()}
    origin = inputs.metadata(need)
    weights: dict[str, np.ndarray] = {}
    rows: list[dict[str, float]] = []
    counts: dict[str, int] = {}
    for seed in config["seeds"]:
        start = network.initial(partial(generator, seed), **sizes)
        parameters = {name: value.to(device, torch.float32).requires_grad_() for name, value in start.items()}
        order = partial(_order, len(data["train_labels"]), config["batch"], partial(generator, seed))
        prefix = f"seed_{seed}/" if len(config["seeds"]) > 1 else ""
        stream = partial(_prefixed, emit, prefix)
        rows += [{"seed": seed, **row} for row in _epochs(network, parameters, data, order, config, stream, progress)]
        weights |= {f"{seed}/{name}": p.detach().cpu().numpy() for name, p in parameters.items()}
        counts = network.parameter_counts(parameters)
    history = pd.DataFrame(rows)
    record = {
        "dataset": origin["dataset"],
        "train_size": len(data["train_labels"]),
        "test_size": len(data["test_labels"]),
        "seeds": list(config["seeds"]),
        "epochs": config["epochs"],
        "learning_rate": config["learning_rate"],
        "parameters": counts,
        "final": history.groupby("seed").tail(1).to_dict("records"),
    }
    return Trained(weights, history, record)


def _dataset(needs: Iterable[str]) -> str:
    found = [need for need in needs if need.startswith("datasets/")]
    if len(found) != 1:
        raise ValueError(f"expected exactly one need 'datasets/…' of a trained network, got {found}")
    return found[0]


def _prefixed(emit: Emit, prefix: str, metrics: Mapping[str, float], step: int) -> None:
    emit({prefix + name: value for name, value in metrics.items()}, step)


def _order(size: int, batch: int, generator: Callable[[str], torch.Generator], epoch: int) -> Tensor:
    """A fresh order of the training set, as (steps, batch) indices."""
    if size % batch:
        raise ValueError(f"expected a batch that divides the {size} training images, got {batch}")
    return torch.randperm(size, generator=generator(f"order {epoch}")).view(-1, batch)


def _epochs(
    network: ModuleType,
    parameters: Mapping[str, Tensor],
    data: Mapping[str, Tensor],
    order: Callable[[int], Tensor],
    config: Mapping[str, Any],
    emit: Emit,
    progress: Progress,
) -> Iterator[dict[str, float]]:
    """Train, and give one history row an epoch."""
    start = {name: value.detach().clone() for name, value in parameters.items()}
    optimiser = adam(parameters, network.MATRICES, config["learning_rate"], config["matrix_learning_rate"])
    device = data["train_labels"].device
    steps = len(order(0))
    total = config["epochs"] * steps
    losses = torch.empty(steps, device=device)
    window = steps if device.type == "cuda" else STREAMED
    began = time.perf_counter()
    batches = order(0)
    for count in progress(range(total)):
        epoch, step = divmod(count, steps)
        if step == 0:
            batches = order(epoch).to(device)
            began = time.perf_counter()
        set_share(optimiser, 1 - (1 - config["final_rate"]) * count / total)
        chosen = batches[step]
        images = data["train_images"][chosen].float().div_(255)
        losses[step] = training_step(network, parameters, optimiser, images, data["train_labels"][chosen])
        if (step + 1) % window == 0 or step + 1 == steps:
            emit({"batch_loss": losses[step - step % window : step + 1].mean().item()}, count + 1)
        if step + 1 == steps:
            rate = steps / (time.perf_counter() - began)
            row = {"epoch": epoch + 1, **evaluate(network, parameters, data), **movement(parameters, start)}
            _require_finite(row)
            emit(
                {**{k: v for k, v in row.items() if k != "epoch"}, "steps_per_second": rate, **_memory(device)},
                epoch + 1,
            )
            yield row


def _memory(device: torch.device) -> dict[str, float]:
    """The most memory that tensors have taken on a GPU so far, in GB."""
    return {"peak_memory_gb": torch.cuda.max_memory_allocated(device) / 1e9} if device.type == "cuda" else {}


def adam(
    parameters: Mapping[str, Tensor], matrices: Collection[str], rate: float, matrix_rate: float
) -> torch.optim.Adam:
    """Adam with one learning rate for the large nonnegative matrices and one for the rest, in one pass over memory."""
    groups = [
        {"params": [value for name, value in parameters.items() if name in matrices], "lr": matrix_rate},
        {"params": [value for name, value in parameters.items() if name not in matrices], "lr": rate},
    ]
    optimiser = torch.optim.Adam(groups, fused=True)
    for group in optimiser.param_groups:
        group["full_rate"] = group["lr"]
    return optimiser


def set_share(optimiser: torch.optim.Optimizer, share: float) -> None:
    """Set every learning rate to ``share`` of its full value."""
    for group in optimiser.param_groups:
        group["lr"] = share * group["full_rate"]


def training_step(
    network: ModuleType,
    parameters: Mapping[str, Tensor],
    optimiser: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
) -> Tensor:
    """One projected step on a batch; the mean cross-entropy before it, a scalar on the device."""
    optimiser.zero_grad(set_to_none=True)
    loss = functional.cross_entropy(network.forward(parameters, images), labels)
    loss.backward()
    optimiser.step()
    project_(parameters, network.LOWER_BOUNDS)
    return loss.detach()


@torch.no_grad()
def evaluate(network: ModuleType, parameters: Mapping[str, Tensor], data: Mapping[str, Tensor]) -> dict[str, float]:
    """Mean cross-entropy, accuracy and number of correct answers on the whole training and test set."""
    values: dict[str, float] = {}
    for part in PARTS:
        images, labels = data[f"{part}_images"], data[f"{part}_labels"]
        loss = torch.zeros((), dtype=torch.float64, device=labels.device)
        correct = torch.zeros((), dtype=torch.int64, device=labels.device)
        for pixels, answers in zip(images.split(EVALUATED), labels.split(EVALUATED), strict=True):
            scores = network.forward(parameters, pixels.float().div_(255))
            loss += functional.cross_entropy(scores, answers, reduction="sum")
            correct += (scores.argmax(1) == answers).sum()
        values[f"{part}_loss"] = loss.item() / len(labels)
        values[f"{part}_accuracy"] = correct.item() / len(labels)
        values[f"{part}_correct"] = int(correct.item())
    return values


@torch.no_grad()
def movement(parameters: Mapping[str, Tensor], start: Mapping[str, Tensor]) -> dict[str, float]:
    """``moved_<p> = |p - p0| / |p0|`` for every parameter that did not start at 0."""
    return {
        f"moved_{name}": ((value - start[name]).norm() / start[name].norm()).item()
        for name, value in parameters.items()
        if start[name].any()
    }


def _require_finite(row: Mapping[str, float]) -> None:
    bad = [name for name, value in row.items() if not math.isfinite(value)]
    if bad:
        raise ValueError(f"expected finite numbers after epoch {row['epoch']}, got {bad}; lower the learning rates")
