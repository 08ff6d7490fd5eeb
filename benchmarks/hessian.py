"""Dense Hessians of a residual network's risk: the closed form against `torch.func.hessian`.

The baseline is what its users would write: the risk as a function of one parameter vector,
`torch.func.hessian(risk)`, and `torch.func.vmap` over the points where there are several. Shown first is the largest
difference of an entry, relative to the largest entry; then one thread, in turns, the best of the rounds, and the ratio.
With softplus the difference may reach 1e-9, torch's error: it calls softplus linear above 20, the closed form does not.

python benchmarks/hessian.py [--rounds 5] [--activation tanh] [--loss squared]
"""

from __future__ import annotations

import argparse
import time
import warnings
from math import prod

import torch
from torch import Tensor

from rescert import runtime
from rescert.landscape.hessian import hessian
from rescert.networks import residual_blocks
from rescert.networks.residual_blocks import parameter_shapes

# points, dimension, widths, samples
CASES = [
    (1, 5, [3, 2], 48),
    (100, 3, [3, 2], 48),
    (1, 10, [10], 400),
    (20, 10, [4, 4], 200),
    (1, 20, [20], 1000),
    (1, 10, [10, 10, 10, 10, 10], 400),
]


def differentiated(theta: Tensor, inputs: Tensor, labels: Tensor, shapes: dict, activation: str, loss: str) -> Tensor:
    """The Hessians at stacked vectors ``batch p``, by forward over reverse differentiation."""

    def risk(vector: Tensor, label: Tensor) -> Tensor:
        parts = vector.split([prod(shape) for shape in shapes.values()])
        parameters = {name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)}
        return residual_blocks.risk(parameters, inputs, label, activation, loss)

    if len(theta) == 1:
        return torch.func.hessian(risk)(theta[0], labels[0])[None]
    return torch.func.vmap(torch.func.hessian(risk))(theta, labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--activation", choices=["tanh", "softplus"], default="tanh")
    parser.add_argument("--loss", choices=["squared", "logistic"], default="squared")
    args = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # torch's own
    runtime.set_threads(1)
    print("points  parameters  samples   difference   torch.func   closed form   ratio")
    for points, dimension, widths, samples in CASES:
        shapes = parameter_shapes(dimension, widths)
        draws = {
            name: torch.randn(points, *shape, generator=runtime.generator(0, name), dtype=torch.float64) / 2
            for name, shape in shapes.items()
        }
        theta = torch.cat([value.flatten(1) for value in draws.values()], dim=1)
        inputs = torch.randn(samples, dimension, generator=runtime.generator(0, "inputs"), dtype=torch.float64)
        labels = torch.rand(points, samples, generator=runtime.generator(0, "labels"), dtype=torch.float64)
        best = [float("inf"), float("inf")]
        for _ in range(args.rounds):
            began = time.perf_counter()
            wanted = differentiated(theta, inputs, labels, shapes, args.activation, args.loss)
            between = time.perf_counter()
            found = hessian(draws, inputs, labels, args.activation, args.loss)
            best = [min(best[0], between - began), min(best[1], time.perf_counter() - between)]
        gap = float((found - wanted).abs().max() / wanted.abs().max())
        print(
            f"{points:6}  {theta.shape[1]:10}  {samples:7}   {gap:10.1e}   {best[0] * 1e3:7.1f} ms   "
            f"{best[1] * 1e3:8.1f} ms   {best[0] / best[1]:5.1f}"
        )


if __name__ == "__main__":
    main()
