"""Training steps a second of NS-F5: the batched low-rank form against the same model written plainly.

The plain one is what its users would write: a module a network with its own tensors, the hidden state of n = 1600
numbers, a Python loop over the 20 networks, `torch.optim.Adam` as it comes, and `clamp_` after each step. Both start
from the same numbers; first their losses over 20 steps are compared, then steps are timed in turns.

OMP_WAIT_POLICY=passive python benchmarks/training_step.py [--threads 2] [--batch 100] [--rounds 8]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from rescert import runtime
from rescert.dynamics import minibatch
from rescert.networks import convex_pairs

Step = Callable[[Tensor, Tensor], Tensor]
STEPS = 20


class ConvexResidual(nn.Module):
    """One function of (7a)-(7c)."""

    def __init__(self, V: Tensor, W: Tensor, b: Tensor, c: Tensor) -> None:
        super().__init__()
        self.V, self.W, self.b = (nn.ParameterList([layer.clone() for layer in each]) for each in (V.mT, W.mT, b))
        self.c = nn.Parameter(c.clone())

    def forward(self, x: Tensor) -> Tensor:
        h = x
        for V, W, b in zip(self.V, self.W, self.b, strict=True):
            h = h + functional.relu(h @ V - b) @ W.T
        return h @ self.c


class Plain(nn.Module):
    """Convolution, pooling, and ten differences of convex networks."""

    def __init__(self, start: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, len(start["filters"]), start["filters"].shape[-1])
        self.convolution.weight.data.copy_(start["filters"])
        self.convolution.bias.data.copy_(start["offsets"])
        networks = [
            ConvexResidual(start["V"][:, k], start["W"][:, k], start["b"][:, k], start["c"][k])
            for k in range(len(start["c"]))
        ]
        half = len(networks) // 2
        self.r, self.s = nn.ModuleList(networks[:half]), nn.ModuleList(networks[half:])
        self.d = nn.Parameter(start["d"].clone())

    def forward(self, images: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.convolution(images[:, None])), 4).flatten(1)
        return torch.stack([r(x) - s(x) for r, s in zip(self.r, self.s, strict=True)], dim=1) + self.d


def plain_step(start: Mapping[str, Tensor], fused: bool) -> Step:
    model = Plain(start)
    networks = [*model.r, *model.s]
    matrices = [p for network in networks for p in (*network.V, *network.W, network.c)]
    rest = [*model.convolution.parameters(), model.d, *(b for network in networks for b in network.b)]
    groups = [{"params": matrices, "lr": 2e-4}, {"params": rest, "lr": 1e-3}]
    optimiser = torch.optim.Adam(groups, fused=fused or None)

    def step(images: Tensor, labels: Tensor) -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(model(images), labels)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for network in networks:
                for p in (*network.V, *network.W, *network.b):
                    p.clamp_(min=0)
                network.c.clamp_(min=convex_pairs.POSITIVE)
        return loss.detach()

    return step


def low_rank_step(start: Mapping[str, Tensor]) -> Step:
    parameters = {name: value.clone().requires_grad_() for name, value in start.items()}
    optimiser = minibatch.adam(parameters, convex_pairs.MATRICES, 1e-3, 2e-4)
    return partial(minibatch.training_step, convex_pairs, parameters, optimiser)


def seconds(step: Step, images: Tensor, labels: Tensor, count: int = 10) -> float:
    began = time.perf_counter()
    for _ in range(count):
        step(images, labels)
    return (time.perf_counter() - began) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("threads", 2), ("batch", 100), ("rounds", 8), ("width", 32)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    runtime.set_threads(args.threads)
    torch.set_num_threads(args.threads)
    start = convex_pairs.initial(partial(runtime.generator, 0), width=args.width)
    start = {name: value.float() for name, value in start.items()}
    images = runtime.uniform(0, "images", (STEPS, args.batch, 28, 28)).float()
    labels = torch.randint(0, 10, (STEPS, args.batch), generator=runtime.generator(0, "labels"))

    print("model                          samples/s   ratio   (median of the rounds; batches taken in turns)")
    default_memory = plain_step(start, fused=False)
    default_memory(images[0], labels[0])
    before = statistics.median(seconds(default_memory, images[0], labels[0]) for _ in range(args.rounds))
    runtime.keep_freed_memory()  # from here on for every model, so that the ratio below is of the models
    models = {
        "plain": plain_step(start, fused=False),
        "plain, fused Adam": plain_step(start, fused=True),
        "low rank, batched": low_rank_step(start),
    }
    losses = {
        name: [step(*batch).item() for batch in zip(images, labels, strict=True)] for name, step in models.items()
    }
    times: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(args.rounds):
        for name, step in models.items():
            times[name].append(seconds(step, images[0], labels[0]))
    medians = {"plain, system's allocator": before, **{name: statistics.median(t) for name, t in times.items()}}
    for name, each in medians.items():
        print(f"{name:30} {args.batch / each:9.0f} {medians['plain'] / each:7.2f}")
    first, last = losses["plain"], losses["low rank, batched"]
    gaps = [abs(a - b) for a, b in zip(first, last, strict=True)]
    print(
        f"loss after {STEPS} steps: {first[-1]:.7f} plain, {last[-1]:.7f} low rank; largest difference {max(gaps):.1e}"
    )


if __name__ == "__main__":
    main()
