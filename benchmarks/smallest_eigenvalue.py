"""The smallest Hessian eigenvalue at 50000 parameters: against curvlinops with SciPy, and hessian-eigenthings.

One residual network, an `nn.Module` as users write it, at a random point, with the loss `nn.MSELoss()` on all samples.
Its Hessian's smallest eigenvalue is asked for by

- curvlinops: `eigsh(HessianLinearOperator(...).to_scipy(), k=1, which="SA")`, as it comes (to working precision) and
  with `tol=1e-8` (ARPACK's tolerance is relative to the eigenvalue);
- hessian-eigenthings: `lanczos(operator, k=1, which="SA")`, as it comes: two steps;
- this package: `smallest_eigenvalue(hessian_product(loss, parameters), start)`, residual at most 1e-8, making the graph
  included.

First what each reports, beside |Hv - value v| from one common product, then the times: one thread, each method once a
round, medians over the rounds; the ratio is that to this package. `--scale` is the size of the weights: the smaller,
the nearer the lowest eigenvalues are to each other.

python benchmarks/smallest_eigenvalue.py [--rounds 3] [--scale 1.0 0.5] [--samples 256] [--blocks 4] (needs .[peers])
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from curvlinops import HessianLinearOperator
from hessian_eigenthings import HessianOperator, lanczos, supervised_loss
from scipy.sparse.linalg import eigsh
from torch import Tensor, nn

from rescert import runtime
from rescert.landscape.lanczos import hessian_product, smallest_eigenvalue

DIMENSION, WIDTH = 64, 97
TOLERANCE = 1e-8
OURS = "retained graph and Lanczos"
Method = Callable[[], tuple[float, Tensor]]


class Block(nn.Module):
    """h + V tanh(U h + b)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(DIMENSION, WIDTH)
        self.outer = nn.Linear(WIDTH, DIMENSION, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden + self.outer(torch.tanh(self.inner(hidden)))


def problem(scale: float, samples: int, blocks: int) -> tuple[nn.Module, Tensor, Tensor]:
    """A network with random weights, inputs and labels, in float64."""
    model = nn.Sequential(*(Block() for _ in range(blocks)), nn.Linear(DIMENSION, 1, bias=False)).double()
    with torch.no_grad():
        for name, value in model.named_parameters():
            draws = torch.randn(value.shape, generator=runtime.generator(0, name), dtype=torch.float64)
            value.copy_(scale * draws / value.shape[-1] ** 0.5)
    inputs = torch.randn(samples, DIMENSION, generator=runtime.generator(0, "inputs"), dtype=torch.float64)
    noise = torch.randn(samples, 1, generator=runtime.generator(0, "noise"), dtype=torch.float64)
    return model, inputs, inputs[:, :1] + inputs[:, :1] * inputs[:, 1:2] + noise / 2


def methods(model: nn.Module, inputs: Tensor, labels: Tensor, start: Tensor) -> dict[str, Method]:
    parameters, loss = list(model.parameters()), nn.MSELoss()

    def curvlinops(tolerance: float) -> tuple[float, Tensor]:
        operator = HessianLinearOperator(model, loss, parameters, [(inputs, labels)], check_deterministic=False)
        values, vectors = eigsh(operator.to_scipy(dtype=np.float64), k=1, which="SA", tol=tolerance, v0=start.numpy())
        return float(values[0]), torch.from_numpy(vectors[:, 0])

    def eigenthings() -> tuple[float, Tensor]:
        found = lanczos(HessianOperator(model, [(inputs, labels)], supervised_loss(loss)), k=1, which="SA", seed=0)
        return float(found.eigenvalues[0]), found.eigenvectors[0]

    def ours() -> tuple[float, Tensor]:
        found = smallest_eigenvalue(hessian_product(loss(model(inputs), labels), parameters), start, TOLERANCE)
        return found.value, found.vector

    return {
        "curvlinops, eigsh": lambda: curvlinops(0),
        f"curvlinops, eigsh tol={TOLERANCE:g}": lambda: curvlinops(TOLERANCE),
        "hessian-eigenthings, lanczos": eigenthings,
        OURS: ours,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, nargs="+", default=[1.0, 0.5])
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=4)
    args = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # torch's own
    runtime.set_threads(1)
    for scale in args.scale:
        model, inputs, labels = problem(scale, args.samples, args.blocks)
        size = sum(value.numel() for value in model.parameters())
        start = torch.randn(size, generator=runtime.generator(0, "start"), dtype=torch.float64)
        product = hessian_product(nn.MSELoss()(model(inputs), labels), list(model.parameters()))
        compared = methods(model, inputs, labels, start)
        print(f"\n{size} parameters, {args.samples} samples, weights of size {scale}")
        print(f"{'method':32} {'value':>22} {'|Hv - value v|':>15}")
        for name, method in compared.items():
            value, vector = method()
            print(f"{name:32} {value:22.15g} {float((product(vector) - value * vector).norm()):15.1e}")
        reported = smallest_eigenvalue(product, start, TOLERANCE)
        print(f"{OURS}: {reported.products} products; {reported}")
        print(f"but for one random start in 10^6 it is not below {reported.likely_above():.9g}")
        times: dict[str, list[float]] = {name: [] for name in compared}
        for _ in range(args.rounds):
            for name, method in compared.items():
                began = time.perf_counter()
                method()
                times[name].append(time.perf_counter() - began)
        print(f"{'method':32} {'seconds':>9} {'ratio':>7}")
        for name, each in times.items():
            median = statistics.median(each)
            print(f"{name:32} {median:9.3f} {median / statistics.median(times[OURS]):7.2f}")


if __name__ == "__main__":
    main()
