r"""Matrix chains at steps scaled to their target: a trainer for Figure 3 of Nar and Sastry (2018).

Targets $R=M\Lambda M^{-1}$ with eigenvalues uniform on a range and $M$ Gaussian, or its orthogonal factor: the same
eigenvalues and draws, so that the two kinds are paired matrix by matrix. Every factor starts at the identity. A scaled
step $s$ is $\delta=s\cdot2/(L\|R\|_2^{2(L-1)/L})$; at $s>1$ no factorisation $W_L\cdots W_1=R$ is stable.

A run has converged where the error of $F$ is at most $2^{-30}$ of $R$ in the Frobenius norm, and is not followed
further. Runs over kinds, matrices and steps are one batch for each network. Pairs at
$s<1$ in which the double network ends with the larger loss, not both converged, are followed on, `LONGER` times as many
iterations.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rescert.dynamics.matrix_descent import Descent, descend
from rescert.dynamics.outcome import classify, rises
from rescert.dynamics.trained import Emit, Generator, Progress, Trained, recorded
from rescert.networks import matrix_chain

KINDS = ("gaussian", "orthogonal")
SIZES = ("matrices", "size", "depth", "iterations")
SMALL = 2.0**-60  # of |R|²/2: the loss of a run that has converged
LONGER = 10


def train(
    config: Mapping[str, Any],
    inputs: Any,
    device: torch.device,
    emit: Emit,
    *,
    generator: Generator,
    progress: Progress = iter,
) -> Trained:
    """Follow both networks for every kind of eigenvectors, matrix and scaled step of the config.

    History, one row a run and recorded iteration: ``loss``, and ``rises``, the number of iterations since the record
    before in which the loss rose; with each run's ``outcome`` (`rescert.dynamics.outcome`), counted over all
    iterations. A run that has ended keeps its last loss. Weights: the targets and, in place of the factors, what the
    networks compute at the end, (steps, matrices, n, n).

    Raises ``ValueError``, before any work, for a size, depth, count, step or range that makes no sense.
    """
    _check(config)
    kinds, scaled = list(config["eigenvectors"]), torch.tensor(config["steps"], dtype=torch.float64)
    count, size, depth, iterations = (config[key] for key in SIZES)
    drawn = {kind: targets(kind, count, size, config["eigenvalue_range"], config["seed"], generator) for kind in kinds}
    each = torch.cat([drawn[kind] for kind in kinds])
    norms = torch.linalg.matrix_norm(each, 2)
    problems = each.repeat(len(scaled), 1, 1)
    steps = (scaled[:, None] * largest_step(norms, depth)).flatten()
    small = SMALL * problems.square().sum((1, 2)) / 2
    records = torch.tensor(recorded(iterations))
    runs: dict[str, np.ndarray] = {
        "eigenvectors": np.tile(np.repeat(kinds, count), len(scaled)),
        "matrix": np.tile(np.arange(count), len(scaled) * len(kinds)),
        "scaled_step": np.repeat(scaled.numpy(), len(each)),
        "step": steps.numpy(),
        "norm": norms.repeat(len(scaled)).numpy(),
    }
    weights = {f"{kind}/targets": matrices.numpy() for kind, matrices in drawn.items()}
    tables, finished = [], {}
    for network, signs in matrix_chain.SIGNS.items():
        done = descend(
            matrix_chain.identity(depth, size).expand(1, len(signs), -1, -1, -1).to(device),
            signs,
            problems.to(device),
            steps.to(device),
            iterations,
            small=small.to(device),
            threads=config.get("threads", 1),
            watch=_watch(network, emit, progress),
        )
        finished[network] = done
        table = history(done, small, records, {**runs, "network": np.repeat(network, len(problems))})
        tables.append(table)
        _emit_medians(table, emit)
        outputs = done.outputs.cpu().reshape(len(scaled), len(kinds), count, size, size)
        weights |= {f"{kind}/{network}": outputs[:, j].contiguous().numpy() for j, kind in enumerate(kinds)}
    behind = _behind(finished, torch.from_numpy(runs["scaled_step"]), small)
    longer = _follow_on(problems[behind], steps[behind], small[behind], config, device)
    names = ("eigenvectors", "matrix", "scaled_step")
    which = pd.DataFrame({name: runs[name][behind.numpy()] for name in names}).to_dict("records")
    table = pd.concat(tables, ignore_index=True)
    record = {
        **{key: config[key] for key in (*SIZES, "seed")},
        "eigenvectors": kinds,
        "steps": scaled.tolist(),
        "eigenvalue_range": list(config["eigenvalue_range"]),
        "records": records.tolist(),
        "runs": 2 * len(problems),
        "chain_steps": sum(float(d.steps_made.sum()) * len(matrix_chain.SIGNS[n]) for n, d in finished.items()),
        "outcomes": _outcomes(table),
        "followed": [{**pair, **later} for pair, later in zip(which, longer, strict=True)],
    }
    return Trained(weights, table, record)


def targets(kind: str, count: int, size: int, span: Sequence[float], seed: int, generator: Generator) -> Tensor:
    """``count`` random matrices (count, n, n) with real eigenvalues, uniform on ``span``.

    Eigenvectors are the columns of a Gaussian matrix, or of its orthogonal factor, which is uniform (Haar).
    """
    low, high = span
    values = torch.rand(count, 1, size, generator=generator(seed, "eigenvalues"), dtype=torch.float64)
    values = low + (high - low) * values
    vectors = torch.randn(count, size, size, generator=generator(seed, "eigenvectors"), dtype=torch.float64)
    if kind == "gaussian":
        return torch.linalg.solve(vectors, vectors * values, left=False)
    orthogonal, triangular = torch.linalg.qr(vectors)
    orthogonal = orthogonal * triangular.diagonal(dim1=-2, dim2=-1).sign()[:, None, :]
    return orthogonal * values @ orthogonal.mT


def largest_step(norms: Tensor, depth: int) -> Tensor:
    r"""$2/(L\|R\|_2^{2(L-1)/L})$, the critical step of the balanced factorisations.

    >>> largest_step(torch.tensor([4.0]), 2).tolist()
    [0.25]
    """
    return 2 / (depth * norms ** (2 * (depth - 1) / depth))


def history(done: Descent, small: Tensor, records: Tensor, runs: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One row a run and record, run by run; ``runs`` gives the columns that say which run it is."""
    losses, overflowed = done.losses.cpu(), done.overflowed.cpu()
    counted = torch.cat([torch.zeros(1, losses.shape[1], dtype=torch.long), rises(losses).long().cumsum(0)])[records]
    between = torch.cat([counted[:1], counted.diff(dim=0)])
    outcomes = np.array([str(outcome) for outcome in classify(losses, overflowed, small)])
    table = {name: np.repeat(column, len(records)) for name, column in {**runs, "outcome": outcomes}.items()}
    table["iteration"] = np.tile(records.numpy(), losses.shape[1])
    table["loss"] = losses[records].mT.flatten().numpy()
    table["rises"] = between.mT.flatten().numpy()
    return pd.DataFrame(table)


def _behind(finished: Mapping[str, Descent], scaled: Tensor, small: Tensor) -> Tensor:
    """The runs below the critical step in which the double network ends with the larger loss, not both converged."""
    single, double = (finished[network].losses[-1].cpu() for network in ("single", "double"))
    return ((scaled < 1) & (double > single) & (double > small)).nonzero().flatten()


def _follow_on(
    targets: Tensor, steps: Tensor, small: Tensor, config: Mapping[str, Any], device: torch.device
) -> list[dict[str, Any]]:
    """Last losses after `LONGER` times the iterations, and the last one at which the double network was behind."""
    if not len(targets):
        return []
    iterations = LONGER * config["iterations"]
    losses = {}
    for network, signs in matrix_chain.SIGNS.items():
        start = matrix_chain.identity(config["depth"], config["size"]).expand(1, len(signs), -1, -1, -1)
        losses[network] = descend(
            start.to(device),
            signs,
            targets.to(device),
            steps.to(device),
            iterations,
            small=small.to(device),
            threads=config.get("threads", 1),
        ).losses.cpu()
    return [
        {
            "single": losses["single"][-1, i].item(),
            "double": losses["double"][-1, i].item(),
            "overtaken": int((losses["double"][:, i] > losses["single"][:, i]).nonzero().max()),
            "iterations": iterations,
        }
        for i in range(len(targets))
    ]


def _watch(network: str, emit: Emit, progress: Progress) -> Callable[[Sequence[Future]], Iterator[Future]]:
    """Show a bar over the chunks of a batch, and stream their rate."""

    def watch(chunks: Sequence[Future]) -> Iterator[Future]:
        began = time.perf_counter()
        for count, chunk in enumerate(progress(chunks), 1):
            chunk.result()
            emit({f"{network}/chunks_per_second": count / (time.perf_counter() - began)}, count)
            yield chunk

    return watch


def _emit_medians(table: pd.DataFrame, emit: Emit) -> None:
    """The median loss of each kind, network and scaled step at every recorded iteration."""
    keys = ["eigenvectors", "network", "scaled_step"]
    for iteration, rows in table.groupby("iteration"):
        medians = rows.groupby(keys)["loss"].median()
        emit({f"{k}/{n}/step_{s:g}/loss": float(value) for (k, n, s), value in medians.items()}, int(iteration))


def _outcomes(table: pd.DataFrame) -> list[dict[str, Any]]:
    """How many runs ended in each outcome, by kind, network and scaled step."""
    keys = ["eigenvectors", "network", "scaled_step", "outcome"]
    last = table[table["iteration"] == table["iteration"].max()]
    return last.groupby(keys).size().rename("runs").reset_index().to_dict("records")


def _check(config: Mapping[str, Any]) -> None:
    if config["architecture"] != "matrix_chain":
        raise ValueError(f"expected the architecture matrix_chain for a step sweep, got '{config['architecture']}'")
    for key in SIZES:
        if not isinstance(config[key], int) or config[key] < 1:
            raise ValueError(f"expected {key} >= 1, got {config[key]}")
    kinds, steps, span = config["eigenvectors"], config["steps"], config["eigenvalue_range"]
    if not kinds or set(kinds) - set(KINDS) or len(set(kinds)) < len(kinds):
        raise ValueError(f"expected different eigenvectors among {', '.join(KINDS)}, got {kinds}")
    if not _numbers(steps) or not all(0 < s < math.inf for s in steps) or len(set(steps)) < len(steps):
        raise ValueError(f"expected a list of different, positive and finite scaled steps, got {steps}")
    if not _numbers(span) or len(span) != 2 or not all(map(math.isfinite, span)) or not span[0] < span[1]:
        raise ValueError(f"expected an eigenvalue_range of two finite numbers, the lower first, got {span}")


def _numbers(values: Any) -> bool:
    return isinstance(values, list | tuple) and len(values) > 0 and all(isinstance(x, int | float) for x in values)
