r"""Functional against parametric gradient descent of compositions of near-identity layers, from the identity.

The risk on $n$ inputs is $Q=\frac1{2n}\sum_j|h(x_j)-y_j|^2$, $h=h_m\circ\dots\circ h_1$. With $z_{i-1,j}$ the inputs of
layer $i$, $J_{i,j}$ the Jacobian of the layers after it and $r_j=h(x_j)-y_j$, the gradient in layer $i$ in the space
of $k_0$ is $G_i=\frac1n\sum_jk_0(\cdot,z_{i-1,j})J_{i,j}^{\mathsf T}r_j$.

The layers keep the centres $x_c$ of the start, $h_i=\mathrm{Id}+\sum_ck_0(\cdot,x_c)C_{i,c}$, and a step follows the
projection of $G_i$ on the span $V$ of the $k_0(\cdot,x_c)$, $C_i\gets C_i-\eta K^{-1}K_0(x,z_{i-1})w_i$, with
$w_{i,j}=\frac1nJ_{i,j}^{\mathsf T}r_j$ and $K=(k_0(x_c,x_{c'}))$. Layer 1 has the inputs $x_j$ at all times, so its
gradient is never cut, and at the start none is. ``kept`` is what share of $\sum_i\|G_i\|^2$ lies in $V$. The first
step is ``step`` over $m\lambda_{\max}(K)/n$, the largest eigenvalue of the Hessian of $Q$ at the identity. Armijo's
rule takes a step $\eta$ if $Q$ falls by $\frac12\eta\|G\|^2$ at least, and halves it otherwise.

Parametric descent is that of $(m,d,k)$ tanh networks, from zero and from Gaussian starts, by the same rule; its first
step is ``parametric_step`` over $m$. All targets, depths and seeds are one batch: a network of fewer layers than the
deepest has layers behind it that stay the identity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor

from rescert.dynamics.descent_targets import PLANE, Task, tasks
from rescert.dynamics.trained import Emit, Generator, Progress, Trained, recorded
from rescert.networks import kernel_layers, tanh_layers
from rescert.networks.kernel_layers import Kernel

LARGEST = 1e6  # a bound beyond it is recorded as this one
FASTER, FASTEST = 1.1, 100.0  # a step is longer by this after one that was taken, and at most so many times the first
GRID = 9  # points a side of the square on which layers are measured, besides the sample
COUNTS = ("samples", "iterations", "width", "runs")


def train(
    config: Mapping[str, Any],
    inputs: Any,
    device: torch.device,
    emit: Emit,
    *,
    generator: Generator,
    progress: Progress = iter,
) -> Trained:
    """Both methods on every target and depth of the config.

    History, one row a run and recorded iteration: ``loss``, and of the layer farthest from the identity the Lipschitz
    constant of $h_i-\\mathrm{Id}$: ``sampled``, the largest Jacobian on the sample and a grid, which is a lower
    estimate, and ``bound``, an upper one. ``kept``: see above. ``left``: the first iteration (any) with bound >= 1, or
    -1. Weights: ``<target>/<depth>/inputs`` and ``targets`` (n, d), ``…/<kernel>/coefficients`` (m, n, d), and
    ``…/<kernel>/outside``, the coefficients when first a layer was sampled beyond 1, if ever.

    Raises ``ValueError``, before any work, for counts, depths, steps or names that make no sense.
    """
    _check(config)
    given = tasks(
        config["targets"], config["depths"], config["samples"], config["width"], generator(config["seed"], "teachers")
    )
    records, iterations = recorded(config["iterations"]), config["iterations"]
    tables, weights = [], {}
    for one in given:
        weights[f"{one.name}/{one.depth}/inputs"] = one.inputs[:, : one.dimension].contiguous().numpy()
        weights[f"{one.name}/{one.depth}/targets"] = one.targets[:, : one.dimension].contiguous().numpy()
    for name, factor in zip(config["kernels"], config["kernel_widths"], strict=True):
        kernels = Functional(given, name, float(factor), config["step"], device)
        last, table = _follow(kernels, iterations, records, emit, progress)
        tables.append(table)
        weights |= kernels.weights(last)
    start = {"scale": config["start"], "seeds": config["runs"], "width": config["width"]}
    runs = Parametric(given, start, config["parametric_step"], device, generator(config["seed"], "starts"))
    tables.append(_follow(runs, iterations, records, emit, progress)[1])
    table = pd.concat(tables, ignore_index=True)
    record = {
        **{key: config[key] for key in (*COUNTS, "seed", "start", "step", "parametric_step")},
        **{key: list(config[key]) for key in ("targets", "depths", "kernels", "kernel_widths")},
        "records": records,
        "followed": int(table.groupby(["method", "target", "depth", "kernel", "seed"]).ngroups),
    }
    return Trained(weights, table, record)


class Slopes(NamedTuple):
    """Of every run: the risk, the direction of a step, and the squared norm of the gradient, (b,), (…, b, …), (b,)."""

    loss: Tensor
    change: tuple[Tensor, ...]
    square: Tensor


def _follow(
    runs: Any, iterations: int, records: Sequence[int], emit: Emit, progress: Progress
) -> tuple[tuple[Tensor, ...], pd.DataFrame]:
    """Descend with Armijo's rule, run by run; a refused trial counts as an iteration."""
    wanted, tables = set(records), []
    parameters, rate, most = runs.start, runs.rate, runs.rate * FASTEST
    found = runs.evaluate(parameters)
    for iteration in progress(range(iterations + 1)):
        runs.watch(iteration, parameters)
        if iteration in wanted:
            tables.append(runs.record(parameters, found).assign(iteration=iteration))
            medians = tables[-1].groupby(["method", "target", "depth"])["loss"].median()
            emit({f"{method}/{t}/{m}/loss": float(v) for (method, t, m), v in medians.items()}, iteration)
        trial = tuple(p - rate[:, None, None] * c for p, c in zip(parameters, found.change, strict=True))
        tried = runs.evaluate(trial)
        taken = tried.loss <= found.loss - rate * found.square / 2  # not so for NaN
        parameters = _chosen(taken, trial, parameters)
        found = Slopes(*(_chosen(taken, new, old) for new, old in zip(tried, found, strict=True)))
        rate = torch.where(taken, torch.minimum(rate * FASTER, most), rate / 2)
    table = pd.concat(tables, ignore_index=True)
    keys = ["method", "target", "depth", "kernel", "seed"]
    table["left"] = table.groupby(keys, sort=False)["left"].transform("last")
    return parameters, table.sort_values([*keys, "iteration"], kind="stable", ignore_index=True)


def _chosen(taken: Tensor, new: Any, old: Any) -> Any:
    """``new`` for the runs that have taken the step; the runs are the axis before the last two, or the only one."""
    if isinstance(new, tuple):
        return tuple(_chosen(taken, one, other) for one, other in zip(new, old, strict=True))
    return torch.where(taken if new.ndim == 1 else taken[:, None, None], new, old)


def _stack(given: Sequence[Task], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs and targets (b, n, 2), and the mask (m, b, 1, 1) of the layers that a run has."""
    inputs, targets = (torch.stack([getattr(one, name) for one in given]).to(device) for name in ("inputs", "targets"))
    depths = torch.tensor([one.depth for one in given], device=device)
    mask = torch.arange(int(depths.max()), device=device)[:, None] < depths
    return inputs, targets, mask.to(torch.float64)[:, :, None, None]


def _square(inputs: Tensor) -> Tensor:
    """A grid over a square a quarter larger than the inputs, (b, GRID², 2); on a line the points of the line."""
    side = torch.linspace(-1.25, 1.25, GRID, dtype=inputs.dtype, device=inputs.device)
    return torch.cartesian_prod(side, side) * inputs.abs().amax(1, keepdim=True)


class Functional:
    """The runs of one kernel over all tasks."""

    def __init__(self, given: Sequence[Task], name: str, factor: float, step: float, device: torch.device) -> None:
        self.tasks, self.name = given, name
        self.inputs, self.targets, self.mask = _stack(given, device)
        widths = [factor * one.spacing for one in given]
        self.square = torch.tensor(widths, dtype=torch.float64, device=device).square()[:, None, None]
        self.kernel = Kernel(name, self.square)
        self.gram = self.kernel.evaluate(self.inputs, self.inputs).values()
        self.inverse = torch.cholesky_inverse(torch.linalg.cholesky(self.gram))
        largest = torch.linalg.eigvalsh(self.gram)[:, -1]
        self.rate = step * self.inputs.shape[1] / (self.mask.sum((0, 2, 3)) * largest)
        self.start = (torch.zeros(len(self.mask), *self.inputs.shape, dtype=torch.float64, device=device),)
        self.left = torch.full((len(given),), -1, device=device)
        self.grid = _square(self.inputs)
        self.outside: dict[int, Tensor] = {}

    def evaluate(self, parameters: Sequence[Tensor]) -> Slopes:
        """The squared norm is that of the projected gradient in the spaces of $k_0$."""
        (layers,) = parameters
        states, kernels = kernel_layers.forward(self.kernel, list(layers), self.inputs, self.inputs)
        residual = states[-1] - self.targets
        pulled = torch.stack(kernel_layers.backward(kernels, list(layers), residual)) / residual.shape[1]
        slopes = torch.stack([k.values().mT for k in kernels]) @ pulled * self.mask
        change = self.inverse @ slopes
        return Slopes(_loss(residual), (change,), (slopes * change).sum((0, 2, 3)))

    def watch(self, iteration: int, parameters: Sequence[Tensor]) -> None:
        """Note when a layer's bound first reaches 1."""
        self.left = torch.where((self.bounds(parameters[0]) >= 1) & (self.left < 0), iteration, self.left)

    def bounds(self, layers: Tensor) -> Tensor:
        r"""$\max_i\lambda_{\max}(C_i^{\mathsf T}KC_i)^{1/2}/s$, (b,)."""
        energy = layers.mT @ self.gram @ layers
        # the largest eigenvalue of 2 x 2 matrices
        half, part = (energy[..., 0, 0] + energy[..., 1, 1]) / 2, (energy[..., 0, 0] - energy[..., 1, 1]) / 2
        largest = half + torch.hypot(part, energy[..., 0, 1])
        return largest.clamp(min=0).amax(0).div(self.square[:, 0, 0]).sqrt()

    def record(self, parameters: Sequence[Tensor], found: Slopes) -> pd.DataFrame:
        (layers,) = parameters
        states, kernels = kernel_layers.forward(self.kernel, list(layers), self.inputs, self.inputs)
        residual = states[-1] - self.targets
        pulled = torch.stack(kernel_layers.backward(kernels, list(layers), residual)) / residual.shape[1]
        whole = torch.stack([self.kernel.evaluate(z, z).values() for z in states[:-1]]) @ pulled
        whole = (pulled * whole * self.mask).sum((0, 2, 3))  # |G_1|² + … + |G_m|², nothing projected
        # a gradient that is exactly 0 lies in V
        share = torch.where(whole > 0, found.square / whole.clamp(min=torch.finfo(whole.dtype).tiny), 1.0)
        sampled, grid = torch.zeros_like(share), self.kernel.evaluate(self.grid, self.inputs)
        for layer, sample in zip(layers, kernels, strict=True):
            for evaluation in (sample, grid):
                sampled = torch.maximum(sampled, _norms(kernel_layers.jacobians(evaluation, layer)).amax(-1))
        for i in (sampled > 1).nonzero().flatten().tolist():
            self.outside.setdefault(i, layers[:, i].clone())
        columns = {"sampled": sampled, "bound": self.bounds(layers), "kept": share.clamp(0, 1)}
        return _rows("functional", self.tasks, found.loss, columns, self.name, -1, self.left.tolist())

    def weights(self, parameters: Sequence[Tensor]) -> dict[str, Any]:
        found = {}
        for i, one in enumerate(self.tasks):
            states = {"coefficients": parameters[0][:, i]}
            states |= {"outside": self.outside[i]} if i in self.outside else {}
            for key, value in states.items():
                kept = value[: one.depth, :, : one.dimension].cpu().contiguous()
                found[f"{one.name}/{one.depth}/{self.name}/{key}"] = kept.numpy()
            found[f"{one.name}/{one.depth}/{self.name}/square"] = self.square[i].cpu().reshape(1).numpy()
        return found


def _norms(rows: Sequence[Tensor]) -> Tensor:
    """The spectral norms of 2 x 2 matrices with these rows, (…, n)."""
    (a, b), (c, d) = (row.unbind(-1) for row in rows)
    return (torch.hypot(a + d, c - b) + torch.hypot(a - d, b + c)) / 2


def _loss(residual: Tensor) -> Tensor:
    return residual.square().sum((-2, -1)) / (2 * residual.shape[-2])


def _rows(
    method: str, given: Sequence[Task], loss: Tensor, columns: Mapping[str, Tensor], kernel: str, seed: Any, left: Any
) -> pd.DataFrame:
    measured = {name: value.clamp(max=LARGEST).cpu().tolist() for name, value in {"loss": loss, **columns}.items()}
    labels = {"target": [one.name for one in given], "depth": [one.depth for one in given]}
    return pd.DataFrame({"method": method, **labels, "kernel": kernel, "seed": seed, **measured, "left": left})


class Parametric:
    """Tanh networks: the zero start is seed -1, the Gaussian ones of standard deviation ``scale`` are 0, 1, …"""

    def __init__(
        self, given: Sequence[Task], start: Mapping[str, Any], step: float, device: torch.device, draw: torch.Generator
    ) -> None:
        seeds = range(-1, start["seeds"])
        self.tasks = [one for one in given for _ in seeds]
        self.seeds = [seed for _ in given for seed in seeds]
        self.inputs, self.targets, self.mask = _stack(self.tasks, device)
        shape = (len(self.mask), len(self.tasks), PLANE, start["width"])
        moving = torch.tensor([seed >= 0 for seed in self.seeds], dtype=torch.float64)[:, None, None]
        # what a network on the line does not have stays zero
        used = torch.tensor([[float(a < one.dimension) for a in range(PLANE)] for one in self.tasks])[:, :, None]
        drawn = (torch.randn(shape, generator=draw, dtype=torch.float64) for _ in range(2))
        outer, inner = (start["scale"] * moving * used * part for part in drawn)
        self.start = outer.to(device) * self.mask, inner.mT.contiguous().to(device) * self.mask
        self.rate = step / self.mask.sum((0, 2, 3))

    def evaluate(self, parameters: Sequence[Tensor]) -> Slopes:
        outer, inner = parameters
        states, units = tanh_layers.forward(outer, inner, self.inputs)
        residual = states[-1] - self.targets
        found = tanh_layers.gradients(outer, inner, states, units, residual / residual.shape[1])
        change = tuple(torch.stack(part) * self.mask for part in found)
        return Slopes(_loss(residual), change, torch.stack([p.square().sum((0, 2, 3)) for p in change]).sum(0))

    def watch(self, iteration: int, parameters: Sequence[Tensor]) -> None:
        """Nothing to note."""

    def record(self, parameters: Sequence[Tensor], found: Slopes) -> pd.DataFrame:
        outer, inner = parameters
        _, units = tanh_layers.forward(outer, inner, self.inputs)
        # the rows of A diag(1 - tanh²) B at the inputs of every layer
        slopes = 1 - torch.stack(units).square()
        sampled = _norms([(outer[:, :, None, a, :] * slopes) @ inner for a in range(PLANE)]).amax((0, -1))
        bound = (torch.linalg.matrix_norm(outer, 2) * torch.linalg.matrix_norm(inner, 2)).amax(0)
        columns = {"sampled": sampled, "bound": bound, "kept": torch.ones_like(bound)}
        return _rows("parametric", self.tasks, found.loss, columns, "none", self.seeds, -1)


def _check(config: Mapping[str, Any]) -> None:
    if config["architecture"] != "kernel_layers":
        raise ValueError(
            f"expected the architecture kernel_layers for functional descent, got '{config['architecture']}'"
        )
    for key in COUNTS:
        if isinstance(config[key], bool) or not isinstance(config[key], int) or config[key] < 1:
            raise ValueError(f"expected {key} >= 1, got {config[key]}")
    if config["samples"] % 2:
        raise ValueError(f"expected an even number of samples, so that 0 is none of them, got {config['samples']}")
    depths = config["depths"]
    if not depths or not all(isinstance(m, int) and m >= 1 for m in depths) or len(set(depths)) < len(depths):
        raise ValueError(f"expected different depths of at least 1, got {depths}")
    if not config["targets"] or len(set(config["targets"])) < len(config["targets"]):
        raise ValueError(f"expected different targets, got {config['targets']}")
    names, widths = config["kernels"], config["kernel_widths"]
    if not names or len(set(names)) < len(names) or len(widths) != len(names):
        raise ValueError(f"expected different kernels and a width for each, got {names} and {widths}")
    for name, factor in zip(names, widths, strict=True):
        kernel_layers.expected_kernel(name)
        if not 0 < factor <= 4:
            raise ValueError(f"expected a width of at most 4 spacings, got {factor} for {name}")
    for key in ("step", "parametric_step", "start"):
        if not 0 < config[key] < math.inf:
            raise ValueError(f"expected {key} > 0, got {config[key]}")
