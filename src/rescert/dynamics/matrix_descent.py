r"""Gradient descent of matrix chains: equation (5) of Nar and Sastry (2018), as a map on a batch of problems.

With $E=F-R$ the gradient of $\frac12\|E\|_F^2$ in $W_i$ is $A_i^TEB_i^T$, where $B_i=W_{i-1}\cdots W_1$ and
$A_i=W_L\cdots W_{i+1}$. The prefixes $B_i$ take $L-1$ products; $C_i=E^TA_i$ takes $L-1$ by $C_L=E^T$,
$C_{i-1}=C_iW_i$; and $A_i^TEB_i^T=C_i^TB_i^T$ takes $L-1$: together $3L-3$ products of $n\times n$ matrices a step.
A chain that is subtracted has $-E$ in place of $E$, and $\delta$ is multiplied into $E$ once.

On the CPU the products are NumPy's: it calls a kernel for small matrices, one thread each, so that every thread
follows a chunk of its own, and the result does not depend on their number. Threads wait for each other between two
calls of NumPy, so that chunks must be large enough for calls to be long. The kernel is half as fast where only the
right factor is transposed; there is no such product here. Elsewhere they are torch's, on one batch.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rescert.dynamics.outcome import ESCAPE

CHUNK = 144  # chains that one thread follows at a time, at most: their factors and prefixes stay near the cache
WORTH = 48  # chains from which on a second chunk is faster than a larger first one


@dataclass(frozen=True)
class Descent:
    """What became of B runs: ``losses`` (T+1, B) before every step and after the last, all finite.

    A run ends early where its loss is at most its ``small``, or where it overflows (see `rescert.dynamics.outcome`);
    its last bounded loss then stays. ``outputs`` (B, n, n) is F at the last bounded state, ``steps_made`` (B,) the
    number of steps up to it.
    """

    losses: Tensor
    outputs: Tensor
    overflowed: Tensor
    steps_made: Tensor


def descend(
    start: Tensor,
    signs: Sequence[float],
    targets: Tensor,
    steps: Tensor,
    iterations: int,
    *,
    small: Tensor | float = 0.0,
    threads: int = 1,
    chunk: int = CHUNK,
    watch: Callable[[Sequence[Future]], Iterable[Future]] = iter,
) -> Descent:
    """Follow B runs for ``iterations`` steps of sizes ``steps`` (B,) from ``start`` (B or 1, b, L, n, n), float64.

    A network is the sum of its b chains with ``signs``; ``targets`` is (B, n, n), ``small`` (B,) or a number.
    Raises ``ValueError`` for other shapes, dtypes, or sizes.

    >>> one = torch.ones(1, 1, 1, 1, 1, dtype=torch.float64)
    >>> run = descend(one, (1.0,), 3 * one[0, 0], 0.5 * one.reshape(1), 2)  # w := w - (w - 3) / 2
    >>> run.outputs.item(), run.losses.flatten().tolist()
    (2.5, [2.0, 0.5, 0.125])
    """
    start, small = _checked(start, signs, targets, steps, iterations, small)
    if targets.device.type == "cpu":
        parts = _parts(len(targets), len(signs), threads, chunk)
    else:
        parts, threads = [slice(0, len(targets))], 1

    def follow(part: slice) -> Descent:
        state = start[part] if len(start) > 1 else start.expand(len(targets[part]), *start.shape[1:])
        return _follow(state, signs, targets[part], steps[part], iterations, small[part])

    pool = ThreadPoolExecutor(threads)
    try:
        done = [future.result() for future in watch([pool.submit(follow, part) for part in parts])]
    finally:  # also where the process is asked to end: chunks that have not begun are dropped
        pool.shutdown(cancel_futures=True)
    return Descent(
        torch.cat([d.losses for d in done], 1),
        *(torch.cat([getattr(d, name) for d in done]) for name in ("outputs", "overflowed", "steps_made")),
    )


def _parts(runs: int, chains: int, threads: int, chunk: int) -> list[slice]:
    """Equal parts of the runs, as many for each thread, of at most ``chunk`` chains and, from two on, `WORTH` or more.

    >>> _parts(200, 1, 2, 80)
    [slice(0, 50, None), slice(50, 100, None), slice(100, 150, None), slice(150, 200, None)]
    >>> _parts(40, 1, 2, 144)
    [slice(0, 40, None)]
    """
    least = math.ceil(runs / max(1, chunk // chains))
    shared = math.ceil(least / threads) * threads
    count = min(runs, max(least, min(shared, runs * chains // WORTH)))
    edges = [math.ceil(k * runs / count) for k in range(count + 1)]
    return [slice(low, high) for low, high in itertools.pairwise(edges)]


def _checked(
    start: Tensor, signs: Sequence[float], targets: Tensor, steps: Tensor, iterations: int, small: Tensor | float
) -> tuple[Tensor, Tensor]:
    count, size = len(targets), targets.shape[-1]
    if targets.shape != (count, size, size) or targets.numel() == 0:
        raise ValueError(f"expected square targets (B, n, n), got shape {tuple(targets.shape)}")
    if start.dim() != 5 or start.shape[0] not in (1, count) or start.shape[1] != len(signs) or start.shape[2] < 1:
        shape = tuple(start.shape)
        raise ValueError(f"expected a start (1 or {count}, {len(signs)}, L >= 1, {size}, {size}), got shape {shape}")
    if start.shape[3:] != (size, size):
        raise ValueError(f"expected factors of {size} x {size}, got {start.shape[3]} x {start.shape[4]}")
    if iterations < 1:
        raise ValueError(f"expected at least one iteration, got {iterations}")
    if steps.shape != (count,) or not ((steps > 0) & steps.isfinite()).all():
        raise ValueError(f"expected {count} positive finite steps, got {steps.tolist()}")
    if {start.dtype, targets.dtype, steps.dtype} != {torch.float64}:
        raise ValueError(f"expected float64, got {start.dtype}, {targets.dtype}, {steps.dtype}")
    if not (start.isfinite().all() and targets.isfinite().all()):
        raise ValueError("expected a start and targets of finite numbers")
    return start, torch.as_tensor(small, dtype=torch.float64, device=targets.device).expand(count)


def _follow(
    start: Tensor, signs: Sequence[float], targets: Tensor, steps: Tensor, iterations: int, small: Tensor
) -> Descent:
    """One chunk of runs, with NumPy on the CPU and with torch elsewhere."""
    with np.errstate(all="ignore"):  # what overflows is looked at after every step
        return _Chunk(start, signs, targets, steps, small).run(iterations)


class _Chunk:
    """Runs that are followed together; those that have ended are dropped from all arrays.

    Arrays are NumPy's or torch's, by the device of ``targets``. Factors are (L, b, R, n, n) for R runs that go on.
    """

    def __init__(self, start: Tensor, signs: Sequence[float], targets: Tensor, steps: Tensor, small: Tensor) -> None:
        self.backend: Any = np if targets.device.type == "cpu" else torch
        self.kind = {"dtype": self.backend.float64} | ({} if self.backend is np else {"device": targets.device})
        signed = torch.tensor(signs, dtype=torch.float64, device=targets.device).reshape(-1, 1, 1, 1)
        self.signs, self.targets, self.steps, self.small = map(self._array, (signed, targets, steps, small))
        self.factors = self._array(start.permute(2, 1, 0, 3, 4).contiguous().clone())
        self.runs = self._array(torch.arange(len(targets), device=targets.device))
        self._allocate()

    def _array(self, values: Tensor) -> Any:
        return values.numpy() if self.backend is np else values

    def _allocate(self) -> None:
        self.products = self.backend.empty_like(self.factors)
        self.products_of = [self.factors[0], *self.products[1:]]  # W_i ... W_1
        self.carried = [self.backend.empty_like(self.factors[0]) for _ in range(2)]
        self.change = self.backend.empty_like(self.factors[0])

    def outputs(self) -> Any:
        """F, (R, n, n)."""
        for factor, before, after in zip(self.factors[1:], self.products_of, self.products[1:], strict=False):
            self.backend.matmul(factor, before, out=after)
        return (self.products_of[-1] * self.signs).sum(0)

    def advance(self, errors: Any) -> None:
        """W_i := W_i - δ A_i^T E B_i^T, for all factors from the same state; ``errors`` is E."""
        carried = (errors * self.steps[:, None, None]).mT * self.signs
        for i in range(len(self.factors) - 1, 0, -1):
            factor, spare = self.factors[i], self.carried[i % 2]
            self.backend.matmul(carried, factor, out=spare)
            self.backend.matmul(carried.mT, self.products_of[i - 1].mT, out=self.change)
            factor -= self.change
            carried = spare
        self.factors[0] -= carried.mT

    def bounded(self, losses: Any) -> Any:
        """Whether each run is within the bounds of `rescert.dynamics.outcome`, (R,)."""
        finite = self.backend.isfinite(losses)
        flat = self.factors.reshape(*self.factors.shape[:3], -1)
        if bool((self.backend.linalg.vecdot(flat, flat) <= ESCAPE**2).all()):  # cheap, and enough
            return finite
        return finite & (abs(flat) <= ESCAPE).all(-1).all(0).all(0)

    def keep(self, going: Any) -> None:
        """Drop the runs that have ended."""
        factors = self.backend.empty_like(self.factors[:, :, : int(going.sum())])
        factors[...] = self.factors[:, :, going]
        self.factors = factors
        self.targets, self.steps, self.small = self.targets[going], self.steps[going], self.small[going]
        self.runs = self.runs[going]
        self._allocate()

    def run(self, iterations: int) -> Descent:
        count, backend = len(self.runs), self.backend
        losses = backend.zeros((iterations + 1, count), **self.kind)
        outputs, steps_made = backend.zeros_like(self.targets), backend.zeros(count, **self.kind)
        overflowed = backend.zeros(count, **self.kind)
        for k in range(iterations + 1):
            found = self.outputs()
            errors = found - self.targets
            flat = errors.reshape(len(errors), -1)
            now = backend.linalg.vecdot(flat, flat) / 2
            bounded = self.bounded(now)
            if k == 0 and not bool(bounded.all()):
                raise ValueError("expected a start with bounded entries and a finite loss")
            inside = self.runs[bounded]
            losses[k, inside], outputs[inside], steps_made[inside] = now[bounded], found[bounded], k
            overflowed[self.runs[~bounded]] = 1
            losses[k:, self.runs[~bounded]] = losses[k - 1, self.runs[~bounded]]
            done = bounded & (now <= self.small)
            losses[k:, self.runs[done]] = now[done]
            going = bounded & ~done
            if k == iterations or not bool(going.any()):
                break
            self.advance(errors)
            if not bool(going.all()):
                self.keep(going)
        return Descent(*map(torch.as_tensor, (losses, outputs, overflowed > 0, steps_made)))
