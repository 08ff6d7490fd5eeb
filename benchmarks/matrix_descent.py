"""Iterations a second of NS-F3: one batch of prefix and suffix products against a loop over runs with autograd.

The plain loop is what its users would write: one matrix and one step size at a time, the factors as a list of tensors,
`loss.backward()`, and a step under `torch.no_grad()`; it runs as it is and as two processes with one thread each, which
is how a user would fill two cores. Both follow the same runs from the identity; final losses have to agree first. Then
all are timed in turns; an iteration is one step of one run. The time of one network's share of the whole sweep of
config/paper.yaml is extrapolated from the rates; runs that end early make the batched one faster than that.

python benchmarks/matrix_descent.py [--threads 2] [--rounds 7] [--matrices 16] [--iterations 60] [--sample 4]
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

import torch
from torch import Tensor

from rescert import runtime
from rescert.dynamics import step_sweep
from rescert.dynamics.matrix_descent import descend
from rescert.networks import matrix_chain

STEPS = (0.0625, 0.125, 0.25, 0.4, 0.6, 0.9)  # runs that reach the last iteration
PAPER = 200 * 9 * 2000  # steps of one network in the whole sweep
LARGEST_GAP = 1e-9  # of final losses, in parts of |R|²/2
Problem = tuple[Tensor, float]


def product(factors: list[Tensor]) -> Tensor:
    result = factors[0]
    for factor in factors[1:]:
        result = factor @ result
    return result


def plain_run(target: Tensor, step: float, depth: int, iterations: int, double: bool) -> float:
    """The loss after ``iterations`` steps of one run."""
    size = len(target)
    chains = [
        [torch.eye(size, dtype=torch.float64, requires_grad=True) for _ in range(depth)] for _ in range(1 + double)
    ]

    def loss() -> Tensor:
        output = product(chains[0]) - product(chains[1]) if double else product(chains[0])
        return (output - target).square().sum() / 2

    for _ in range(iterations):
        loss().backward()
        with torch.no_grad():
            for factors in chains:
                for factor in factors:
                    assert factor.grad is not None
                    factor -= step * factor.grad
                    factor.grad = None
    with torch.no_grad():
        return loss().item()


def problems(matrices: int, size: int, depth: int) -> list[Problem]:
    both = [step_sweep.targets(kind, matrices, size, (-1.5, 1.5), 0, runtime.generator) for kind in step_sweep.KINDS]
    targets = torch.cat(both)
    largest = step_sweep.largest_step(torch.linalg.matrix_norm(targets, 2), depth).tolist()
    return [(target, s * step) for s in STEPS for target, step in zip(targets, largest, strict=True)]


def plain(chosen: list[Problem], depth: int, iterations: int, double: bool) -> list[float]:
    return [plain_run(target, step, depth, iterations, double) for target, step in chosen]


def batched(chosen: list[Problem], depth: int, iterations: int, double: bool, threads: int) -> list[float]:
    targets = torch.stack([target for target, _ in chosen])
    steps = torch.tensor([step for _, step in chosen], dtype=torch.float64)
    signs = matrix_chain.SIGNS["double" if double else "single"]
    start = matrix_chain.identity(depth, targets.shape[-1]).expand(1, len(signs), -1, -1, -1)
    return descend(start, signs, targets, steps, iterations, threads=threads).losses[-1].tolist()


def work(args: argparse.Namespace, line: Connection) -> None:
    """One of the two plain processes: its share of the sample, as often as asked."""
    runtime.set_threads(1)
    mine = problems(args.matrices, args.size, args.depth)[: args.sample]
    while True:
        double = line.recv()
        if double is None:
            return
        plain(mine, args.depth, args.iterations, double)
        line.send(True)


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and seconds of this process's threads."""
    began, before = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - began, time.process_time() - before


class Contest:
    """The ways to follow runs of one network, each with the number of iterations that a call of it takes."""

    def __init__(self, args: argparse.Namespace, lines: Sequence[Connection], network: str) -> None:
        self.network, self.lines, self.threads = network, lines, args.threads
        self.setting = args.depth, args.iterations, network == "double"
        self.everything = problems(args.matrices, args.size, args.depth)
        self.few = self.everything[:: max(1, len(self.everything) // args.sample)][: args.sample]
        each = args.iterations
        self.ways: dict[str, tuple[Callable[[], object], int]] = {
            "plain loop": (lambda: plain(self.few, *self.setting), each * len(self.few)),
            "plain loop, two processes": (self.pair, each * 2 * args.sample),
            "batched": (lambda: batched(self.everything, *self.setting, self.threads), each * len(self.everything)),
        }

    def pair(self) -> None:
        for line in self.lines:
            line.send(self.setting[2])
        for line in self.lines:
            line.recv()

    def gap(self) -> float:
        """The largest difference of a final loss, in parts of |R|²/2."""
        once = zip(plain(self.few, *self.setting), batched(self.few, *self.setting, self.threads), strict=True)
        starts = [target.square().sum().item() / 2 for target, _ in self.few]
        return max(abs(a - b) / start for (a, b), start in zip(once, starts, strict=True))

    def report(self, rounds: int) -> None:
        gap = self.gap()
        if not gap < LARGEST_GAP:
            raise SystemExit(f"expected final losses within {LARGEST_GAP} |R|²/2 of each other, got {gap:.1e}")
        print(f"\n{self.network} network: final losses of {len(self.few)} runs differ by {gap:.1e} |R|²/2 at most")
        self.pair()  # once before the clock runs
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in self.ways}
        for _ in range(rounds):  # in turns, so that other load hits all alike
            for name, (call, _) in self.ways.items():
                took[name].append(timed(call))
        print(f"{'':26}{'iterations/s':>24}{'ratio':>24}{'ratio of CPU time':>24}{'whole sweep':>14}")
        for name, (_, count) in self.ways.items():
            wall, cpu = ([count / pair[k] for pair in took[name]] for k in (0, 1))
            plain_count = self.ways["plain loop"][1]
            ratios = [[rate * t[k] / plain_count for rate, t in zip(rates, took["plain loop"], strict=True)]
                      for k, rates in ((0, wall), (1, cpu))]  # fmt: skip
            of_cpu = "" if "processes" in name else spread(ratios[1], ".1f")
            print(f"{name:26}{spread(wall, '.0f'):>24}{spread(ratios[0], '.1f'):>24}{of_cpu:>24}", end="")
            print(f"{PAPER / statistics.median(wall):12.0f} s")


def spread(values: Sequence[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options = {"threads": 2, "rounds": 7, "matrices": 16, "iterations": 60, "sample": 4, "size": 20, "depth": 20}
    for name, default in options.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    lines = []
    for _ in range(2):
        line, end = spawn.Pipe()
        spawn.Process(target=work, args=(args, end), daemon=True).start()
        lines.append(line)
    runtime.set_threads(args.threads)
    runtime.keep_freed_memory()
    print(f"{args.size} x {args.size}, L = {args.depth}, {args.iterations} iterations, {args.threads} threads; medians")
    print(f"(lowest to highest) of {args.rounds} rounds in turns")
    for network in matrix_chain.SIGNS:
        Contest(args, lines, network).report(args.rounds)
    for line in lines:
        line.send(None)


if __name__ == "__main__":
    main()
