r"""Nesterov's accelerated gradient method with projection, on all pairs of scalar networks at once.

With $t_0=1$ and the projection $P$ on $w,b\ge0$, $c\ge2^{-20}$ (Nesterov 1983, with a constant step $\delta$):
$$x_{k+1}=P(y_k-\delta\nabla R(y_k)),\quad t_{k+1}=\tfrac12\bigl(1+\sqrt{1+4t_k^2}\bigr),\quad
  y_{k+1}=x_{k+1}+\frac{t_k-1}{t_{k+1}}(x_{k+1}-x_k).$$

$R=\frac1{2N}\sum_i(\hat f(x_i)-y_i)^2$ is (11) over $N$, so the step on (11) is $\delta/N$. The batch axis runs over
seeds, ranges of the initial biases, and step sizes. A seed starts from the same draws in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rescert.dynamics.outcome import ESCAPE, classify
from rescert.dynamics.projection import project_
from rescert.dynamics.trained import Emit, Generator, Progress, Trained, recorded

State = dict[str, Tensor]

SMALL = 5e-5  # a run has converged if R <= 0.01²/2


def target(inputs: Tensor) -> Tensor:
    r"""The function of Figure 4 with $f(0)=0$: slopes 1, -2, 1, -1 and kinks at 0.3, 0.5, 0.7.

    >>> [round(y, 9) for y in target(torch.tensor([0.0, 0.3, 0.5, 0.7, 1.0], dtype=torch.float64)).tolist()]
    [0.0, 0.3, -0.1, 0.1, -0.2]
    """
    hinges = [jump * (inputs - kink).clamp(min=0) for kink, jump in ((0.3, -3.0), (0.5, 3.0), (0.7, -2.0))]
    return inputs + sum(hinges)


def train(
    config: Mapping[str, Any],
    inputs: Any,
    device: torch.device,
    emit: Emit,
    *,
    generator: Generator,
    progress: Progress = iter,
) -> Trained:
    """Train ``runs`` seeds from every range in ``bias_ranges`` with every step in ``step_sizes``.

    Weights: ``x`` (N,) and ``y`` (N,), the parameters ``w`` and ``b`` (steps, ranges, seeds, 2, L), ``c`` (steps,
    ranges, seeds, 2) and ``d`` (steps, ranges, seeds), their initial values ``w0`` …, and ``overflowed``. A run whose
    state leaves [-2^40, 2^40] stops at its last state within. History: one row a recorded iteration, step, range and
    seed. Raises ``ValueError`` for a bad value of the config, before any work.
    """
    _expect(config)
    network = import_module(f"rescert.networks.{config['architecture']}")
    steps, ranges, seeds = config["step_sizes"], config["bias_ranges"], config["runs"]
    grid = (len(steps), len(ranges), seeds)
    one = partial(network.initial, depth=config["depth"], weight_range=config["weight_range"])
    starts = [one(partial(generator, s), bias_range=r) for r in ranges for s in range(seeds)]
    axis = {"w": 2, "b": 2, "c": 1, "d": 0}
    start = {name: torch.cat([s[name] for s in starts] * len(steps), at).to(device) for name, at in axis.items()}
    x = torch.linspace(0, 1, config["samples"], dtype=torch.float64, device=device)
    y = target(x)
    rates = torch.tensor(steps, dtype=torch.float64, device=device).repeat_interleave(len(ranges) * seeds)[:, None]
    kept = recorded(config["iterations"])
    rows: list[pd.DataFrame] = []
    losses: list[Tensor] = []
    gradient = partial(network.gradient, inputs=x, labels=y)
    state, overflowed = start, torch.zeros(math.prod(grid), dtype=torch.bool, device=device)
    for k, (state, overflowed) in zip(
        progress(range(config["iterations"] + 1)),
        iterates(start, gradient, rates, network.LOWER_BOUNDS),
        strict=False,
    ):
        if k in kept:
            loss = gradient(state)[0]
            losses.append(loss.cpu())
            rows.append(_row(k, grid, steps, ranges, {"loss": loss, **movement(state, start)}))
            emit({"median_loss": loss.median().item(), "overflowed": float(overflowed.sum())}, k)
    outcomes = [str(o) for o in classify(torch.stack(losses), overflowed.cpu(), SMALL)]
    weights = {name: _unbatched(value, grid) for name, value in state.items()}
    weights |= {f"{name}0": _unbatched(value, grid) for name, value in start.items()}
    weights |= {"x": x.cpu().numpy(), "y": y.cpu().numpy()}
    weights["overflowed"] = overflowed.view(grid).to(torch.uint8).cpu().numpy()
    keys = ("step_sizes", "bias_ranges", "runs", "samples", "depth", "iterations", "weight_range")
    record = {key: config[key] for key in keys} | {"outcomes": np.reshape(outcomes, grid).tolist()}
    return Trained(weights, pd.concat(rows, ignore_index=True), record)


def _expect(config: Mapping[str, Any]) -> None:
    for key in ("step_sizes", "bias_ranges"):
        values = config[key]
        positive = isinstance(values, list) and all(isinstance(v, int | float) and v > 0 for v in values)
        if not positive or not values or len(set(values)) < len(values):
            raise ValueError(f"expected a list of different positive numbers for '{key}', got {values!r}")
    if not isinstance(config["weight_range"], int | float) or not config["weight_range"] > 0:
        raise ValueError(f"expected a positive number for 'weight_range', got {config['weight_range']!r}")
    for key, least in (("runs", 1), ("samples", 2), ("iterations", 2), ("depth", 1)):
        if not isinstance(config[key], int) or config[key] < least:
            raise ValueError(f"expected an integer >= {least} for '{key}', got {config[key]!r}")


def iterates(
    start: State,
    gradient: Callable[[State], tuple[Tensor, State]],
    rates: Tensor,
    lower_bounds: Mapping[str, float],
) -> Iterable[tuple[State, Tensor]]:
    """x_0, x_1, … without end, each with the booleans (B,) of the runs that have left [-2^40, 2^40] by then.

    ``rates`` (B, 1) are the steps; all parameters end in axes that broadcast with it.
    """
    state = {name: value.clone() for name, value in start.items()}
    ahead, t = state, 1.0
    stopped = torch.zeros(len(rates), dtype=torch.bool, device=rates.device)
    while True:
        yield state, stopped
        _, slope = gradient(ahead)
        moved = {name: value - rates * slope[name] for name, value in ahead.items()}
        project_(moved, lower_bounds)
        # NaN compares as False, and so stops a run like an entry that is too large
        inside = [(v.abs() <= ESCAPE).flatten(0, -3).all(0)[:, 0] if v.ndim > 2 else v.abs()[:, 0] <= ESCAPE
                  for v in moved.values()]  # fmt: skip
        stopped = stopped | ~torch.stack(inside).all(0)
        later = (1 + math.sqrt(1 + 4 * t * t)) / 2
        if stopped.any():
            moved = {name: torch.where(stopped[:, None], state[name], value) for name, value in moved.items()}
        ahead = {name: torch.lerp(state[name], value, 1 + (t - 1) / later) for name, value in moved.items()}
        state, t = moved, later


def movement(state: State, start: State) -> State:
    r"""``moved_<p>`` = |p - p0| / |p0| for w, b and c of every run, and its largest bias: each (B,)."""

    def length(value: Tensor) -> Tensor:
        return value.flatten(0, -3).square().sum(0)[:, 0].sqrt()

    found = {f"moved_{name}": length(state[name] - start[name]) / length(start[name]) for name in ("w", "b", "c")}
    return found | {"largest_bias": state["b"].flatten(0, -3).amax(0)[:, 0]}


def _row(k: int, grid: tuple[int, ...], steps: Sequence[float], ranges: Sequence[float], values: State) -> pd.DataFrame:
    index = pd.MultiIndex.from_product(
        [[str(s) for s in steps], [str(r) for r in ranges], range(grid[2])], names=["step_size", "bias_range", "seed"]
    )
    return pd.DataFrame({"iteration": k, **{n: v.cpu().numpy() for n, v in values.items()}}, index=index).reset_index()


def _unbatched(value: Tensor, grid: tuple[int, ...]) -> np.ndarray:
    """(…, B, 1), layers and networks first, as (steps, ranges, seeds, networks, layers)."""
    moved = value[..., 0].cpu().numpy().T
    return np.ascontiguousarray(moved.reshape(*grid, *moved.shape[1:]))
