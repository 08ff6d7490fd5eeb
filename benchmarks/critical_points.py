"""Critical points found per second at 58 parameters (d = 4, two blocks of 3 tanh units), one thread.

All methods see the same risk (squared loss, 200 samples, unregularised) and the same random starts; the slow ones see
the first few. A point counts if the gradient, evaluated by reverse-mode differentiation for all alike, has a norm below
1e-10, and Newton's step says that it is not a descent to infinity (`rescert.landscape.outcome`). Most methods that
shrink the gradient run into w = 0, where the network is zero: such points are one linear solve away
(`rescert.landscape.constructed`), so they are counted apart, and the ratios are of the others (``>``: none was
found; the ratio had one been).

- embedding: one unit a block by `descent`, padded with idle units; descent: all 58 parameters at once.
- gradient norm: batched Levenberg-Marquardt on the gradient with the exact Hessian.
- Newton-MR: the algorithm of autocrit (Frye et al., 2021; Roosta et al., 2022), which is on no package index, written
  plainly: MINRES on H s = -g with products by double backward, at most 25 of them, and backtracking on |g|^2
  (constants of autocrit, first step length 1 instead of 0.1). SciPy's MINRES stands for MINRES-QLP; where H is singular
  and g not in its range they differ in the length of the step only.
- SciPy root (hybr and lm): gradient and jacobian as one writes them with torch.func. A second row of each has the
  closed-form Hessian of this package, so that algorithms, not derivatives, are compared.

Seconds are of the processor, one thread, so that other load on the machine distorts them less.

python benchmarks/critical_points.py [--starts 104] [--slow 4] [--iterations 120]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import root
from scipy.sparse.linalg import LinearOperator, minres
from torch import Tensor

from rescert import runtime
from rescert.landscape import descent, embedding, gradient_norm, newton, samples
from rescert.landscape.outcome import CRITICAL, describe
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import network, parameter_shapes

Single = Callable[[Tensor], Tensor]


def newton_mr(risk: Single, start: np.ndarray, iterations: int) -> np.ndarray:
    """Roosta et al.'s Newton-MR for one start."""
    theta, length = start, 1.0

    def gradient_at(point: np.ndarray) -> tuple[Tensor, Tensor]:
        leaf = torch.from_numpy(point).requires_grad_()
        (gradient,) = torch.autograd.grad(risk(leaf), leaf, create_graph=True)
        return leaf, gradient

    for _ in range(iterations):
        leaf, graph = gradient_at(theta)
        gradient = graph.detach().numpy()
        if np.linalg.norm(gradient) < CRITICAL:
            break

        def product(v: np.ndarray, leaf: Tensor = leaf, graph: Tensor = graph) -> np.ndarray:
            return torch.autograd.grad(graph, leaf, torch.from_numpy(v.ravel()), retain_graph=True)[0].numpy()

        hessian = LinearOperator((len(theta), len(theta)), matvec=product, dtype=np.float64)
        step, _ = minres(hessian, -gradient, rtol=1e-10, maxiter=25)
        slope = 2e-4 * product(step) @ gradient
        while True:
            tried = theta + length * step
            norm = np.linalg.norm(gradient_at(tried)[1].detach().numpy())
            if norm**2 <= gradient @ gradient + length * slope or length < 1e-12:
                break
            length /= 2
        if length < 1e-12:
            break
        theta, length = tried, min(1.0, 2 * length)
    return theta


def scipy_root(method: str, gradient: Single, hessian: Single) -> Callable[[np.ndarray], np.ndarray]:
    """`scipy.optimize.root` with an exact jacobian and the least tolerances; `lm` gets at most 1000 evaluations."""
    options = {"hybr": {"xtol": 1e-14}, "lm": {"xtol": 1e-14, "ftol": 1e-14, "gtol": 0.0, "maxiter": 1000}}[method]

    def solve(start: np.ndarray) -> np.ndarray:
        found = root(
            lambda t: gradient(torch.from_numpy(t)).numpy(),
            start,
            method=method,
            jac=lambda t: hessian(torch.from_numpy(t)).numpy(),
            options=options,
        )
        return found.x

    return solve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("starts", 104), ("slow", 4), ("iterations", 120), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    runtime.set_threads(1)
    config = {"samples": 200, "dimension": 4, "seed": args.seed}
    inputs, labels = samples.draw(config, None, runtime.generator)
    landscape = Landscape(inputs, parameter_shapes(4, [3, 3]))
    draws = torch.randn(args.starts, landscape.size, generator=runtime.generator(1, "starts"), dtype=torch.float64)
    starts, targets = draws / 2, labels.expand(args.starts, -1)

    def risk(theta: Tensor) -> Tensor:
        return (network(landscape.unravel(theta), inputs) - labels).square().mean() / 2

    gradient, hessian = torch.func.grad(risk), torch.func.hessian(risk)
    closed = lambda t: landscape.hessian(t[None], labels[None])[0]  # noqa: E731
    batched = {
        "embedding": lambda s, y: embedding.find(landscape, s, y, args.iterations)[0],
        "descent": lambda s, y: descent.find(landscape, s, y, args.iterations)[0],
        "gradient norm": lambda s, y: gradient_norm.find(landscape, s, y, args.iterations)[0],
    }
    single = {
        "Newton-MR": lambda s: newton_mr(risk, s, 10 * args.iterations),
        "SciPy root hybr": scipy_root("hybr", gradient, hessian),
        "SciPy root lm": scipy_root("lm", gradient, hessian),
        "SciPy root hybr, closed form": scipy_root("hybr", gradient, closed),
        "SciPy root lm, closed form": scipy_root("lm", gradient, closed),
    }
    print(f"{landscape.size} parameters, 200 samples, 1 thread; critical: |g| < {CRITICAL:g}")
    print(
        f"{'method':30} starts critical  w=0 others values  flat  infinite  largest |g|"
        "  seconds    all/s others/s   ratio"
    )
    best = None
    for name, method in batched.items():
        method(starts[:2], targets[:2])
        began = time.process_time()
        found = method(starts, targets)
        best = report(name, landscape, found, targets, time.process_time() - began, best)
    for name, one in single.items():
        began = time.process_time()
        found = torch.from_numpy(np.stack([one(start) for start in starts[: args.slow].numpy()]))
        report(name, landscape, found, targets, time.process_time() - began, best)


def report(
    name: str, landscape: Landscape, found: Tensor, targets: Tensor, seconds: float, best: float | None
) -> float:
    """Print the row of a method, and return its rate of points with w not zero."""
    targets = targets[: len(found)]
    gradient = newton.gradients(landscape, found, targets)
    hessian = landscape.hessian(found, targets)
    value = newton.risks(landscape, found, targets)
    # No norms on the way are known here: what is named escaping then is a gradient that vanishes towards infinity.
    half = torch.full((len(found),), torch.inf)
    outcome = describe(name, found, value, gradient, hessian, half, torch.zeros(len(found)))
    critical = torch.tensor([status == "critical" for status in outcome.status])
    zero = critical & (found[:, landscape.where("w")].norm(dim=1) < 1e-8)
    other = critical & ~zero
    values = len({f"{v:.7f}" for v in value[other].tolist()})
    largest = float(outcome.gradient_norm[critical].max()) if bool(critical.any()) else float("nan")
    rate = int(other.sum()) / seconds
    best = rate if best is None else best
    ratio = f"{best / rate:7.1f}" if rate else f">{best * seconds:6.0f}"
    print(
        f"{name:30} {len(found):6} {int(critical.sum()):8} {int(zero.sum()):4} {int(other.sum()):6}"
        f" {values:6}"
        f" {outcome.count('flat'):5} {outcome.count('escaping'):8} {largest:12.1e} {seconds:8.2f}"
        f" {int(critical.sum()) / seconds:8.2f} {rate:8.2f} {ratio}",
        flush=True,
    )
    return best


if __name__ == "__main__":
    main()
