"""Values a second of a plane through a network's parameters: in batches, against loss-landscapes and a plain loop.

"vmap" is any network's risk under `torch.func.vmap`; "stack" is `rescert.networks.residual_stack`, as `slice` runs it.

The peer is `loss_landscapes.random_plane` of the package loss-landscapes (3.0.6), used as its own manual does: a
`torch.nn.Module`, `metrics.Loss`, filter normalisation. It draws its two directions itself; the same draws go into
`rescert.landscape.slices.plane`, and all values are compared before anything is timed. In its matrix every second row
lies one step along the second direction before the others (it walks there and back), so values are compared where they
were computed. Each time includes drawing and normalising the directions; it is the processor's, of one thread.

pip install --no-deps loss-landscapes
python benchmarks/slices.py [--steps 41] [--rounds 7]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import loss_landscapes
import numpy as np
import torch
from loss_landscapes import metrics
from loss_landscapes.model_interface.model_parameters import orthogonal_to, rand_u_like
from loss_landscapes.model_interface.model_wrapper import wrap_model
from torch import Tensor, nn

from rescert import runtime
from rescert.landscape.directions import filter_normalised
from rescert.landscape.risk import Landscape
from rescert.landscape.slices import chunk_of, coordinates, plane
from rescert.networks import residual_blocks, residual_stack
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import parameter_shapes

DISTANCE = 1
# dimension, widths, samples: 58 and 220 parameters, few data and more than parameters; one where arithmetic is all
PROBLEMS = ((4, (3, 2, 1), 64), (10, (4, 3, 3), 64), (10, (4, 3, 3), 256), (40, (30, 30), 1000))


class Residual(nn.Module):
    """The network of `rescert.networks.residual_blocks`, as one writes it in torch."""

    def __init__(self, dimension: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.U = nn.ModuleList([nn.Linear(dimension, width) for width in widths])
        self.V = nn.ModuleList([nn.Linear(width, dimension, bias=False) for width in widths])
        self.w = nn.Linear(dimension, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        for U, V in zip(self.U, self.V, strict=True):
            x = x + V(torch.tanh(U(x)))
        return self.w(x)[:, 0]

    def flattened(self, values: list[Tensor], landscape: Landscape) -> Tensor:
        """The vector of our layout whose entries are the module's parameters, in the module's order, as given."""
        named = dict(zip((name for name, _ in self.named_parameters()), values, strict=True))
        parts = {"w": named["w.weight"]}
        for block in range(len(self.U)):
            parts[f"U{block + 1}"], parts[f"b{block + 1}"] = named[f"U.{block}.weight"], named[f"U.{block}.bias"]
            parts[f"V{block + 1}"] = named[f"V.{block}.weight"]
        return landscape.ravel({name: value[None] for name, value in parts.items()})[0]


def peer_directions(model: Residual, landscape: Landscape, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """The corner and the two steps of the peer's plane after `torch.manual_seed(0)`, by the peer's own functions."""
    torch.manual_seed(0)
    start = wrap_model(model).get_module_parameters()
    first = rand_u_like(start)
    second = orthogonal_to(first)
    for direction in (first, second):
        direction.filter_normalize_(start)
        direction.mul_(start.model_norm() / DISTANCE / steps / direction.model_norm())
    theta, u, v = (model.flattened(list(vector.parameters), landscape) for vector in (start, first, second))
    return theta - (u + v) * (steps / 2), u, v


def difference(values: np.ndarray, risk: Callable[[Tensor], Tensor], corner: Tensor, u: Tensor, v: Tensor) -> float:
    """The largest relative difference of the peer's values to ours (half its mean squares) at its own points."""
    steps = torch.arange(len(values) + 1, dtype=torch.float64)
    ours = plane(risk, corner, u, v, steps[:-1], steps).numpy()
    there = np.stack([row[:-1] if number % 2 else row[1:] for number, row in enumerate(ours)])
    return float(np.abs(values / 2 - there).max() / np.abs(there).max())


def contestants(model: Residual, landscape: Landscape, labels: Tensor, steps: int) -> dict[str, Callable[[], object]]:
    theta = model.flattened(list(model.parameters()), landscape)
    width = max(max(shape) for shape in landscape.shapes.values())
    loss = metrics.Loss(nn.MSELoss(), landscape.inputs, labels)

    def directions() -> tuple[Tensor, Tensor]:
        draws = torch.randn(2, len(theta), generator=runtime.generator(0, "directions"), dtype=torch.float64)
        return tuple(filter_normalised(draw, theta, landscape.shapes) for draw in draws)

    def batched(risk: Callable[[Tensor], Tensor]) -> Tensor:
        axis = coordinates(0.5, steps)
        return plane(risk, theta, *directions(), axis, axis, chunk_of(len(labels) * width))

    def stacked(points: Tensor) -> Tensor:
        outputs = residual_stack.network(landscape.unravel(points), landscape.inputs)
        return loss_of("squared").value(outputs, labels).mean(dim=1)

    def vmapped(points: Tensor) -> Tensor:
        return landscape.risk(points, labels.expand(len(points), -1))

    def loop() -> Tensor:
        axis, (u, v) = coordinates(0.5, steps), directions()
        points = (theta + a * u + b * v for a in axis for b in axis)
        found = [residual_blocks.risk(landscape.unravel(p), landscape.inputs, labels) for p in points]
        return torch.stack(found).reshape(steps, steps)

    def peer() -> np.ndarray:
        return loss_landscapes.random_plane(model, loss, DISTANCE, steps, "filter", deepcopy_model=True)

    ours = {"vmap": partial(batched, vmapped), "stack": partial(batched, stacked)}
    return {"loss-landscapes": peer, "plain loop": loop, **ours}


def compare(dimension: int, widths: tuple[int, ...], samples: int, steps: int, rounds: int) -> None:
    """Show that all contestants find the same values, then time them in turns, so that other load hits all alike."""
    torch.manual_seed(0)
    model = Residual(dimension, widths).double().requires_grad_(False)
    inputs = torch.randn(samples, dimension, generator=runtime.generator(0, "inputs"), dtype=torch.float64)
    labels = torch.randn(samples, generator=runtime.generator(0, "labels"), dtype=torch.float64)
    landscape = Landscape(inputs, parameter_shapes(dimension, widths))
    runs = contestants(model, landscape, labels, steps)
    corner, u, v = peer_directions(model, landscape, steps)
    torch.manual_seed(0)
    peer = runs["loss-landscapes"]()
    values = {name: run().numpy() for name, run in runs.items() if name != "loss-landscapes"}
    plain = values["plain loop"]
    gaps = {name: float(np.abs(found - plain).max() / plain.max()) for name, found in values.items()}
    gaps["loss-landscapes"] = difference(
        peer, lambda points: landscape.risk(points, labels.expand(len(points), -1)), corner, u, v
    )
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            began = time.process_time()
            run()
            times[name].append(time.process_time() - began)
    medians = {name: statistics.median(each) for name, each in times.items()}
    for name, median in medians.items():
        speed, ratio = steps**2 / median, medians["loss-landscapes"] / median
        print(f"{landscape.size:10} {samples:5}  {name:15} {speed:9.0f} {ratio:7.2f}   {gaps[name]:.1e}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=41)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    runtime.set_threads(1)
    print(f"a plane of {args.steps} x {args.steps} points, float64; medians of {args.rounds} rounds, one thread's time")
    print(
        "parameters  data  contestant       values/s   ratio   largest difference of a value from another's, relative"
    )
    for problem in PROBLEMS:
        compare(*problem, args.steps, args.rounds)


if __name__ == "__main__":
    main()
