"""Training steps a second of NS-F5: the batched low-rank form against the same model written plainly.

The plain one is what its users would write: a module a network with its own tensors, the hidden state of n = 1600
numbers, a Python loop over the 20 networks, `torch.optim.Adam` as it comes, and `clamp_` after each step. All start
from the same numbers, each in a process of its own; losses are compared over 20 steps, then steps are timed in turns.
For the batched form it says the arithmetic of the networks a second and its share of what one large matrix product
reaches there, and on a GPU the most memory that tensors take.

python benchmarks/training_step.py [--threads 2] [--batch 100] [--rounds 8] [--width 32]
python benchmarks/training_step.py --device cuda --precision high --width 1600     # the square networks
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection

import torch
from torch import Tensor, nn
from torch.nn import functional

from rescert import runtime
from rescert.dynamics import minibatch
from rescert.networks import convex_pairs

Step = Callable[[Tensor, Tensor], Tensor]


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


def batched_step(start: Mapping[str, Tensor]) -> Step:
    parameters = {name: value.clone().requires_grad_() for name, value in start.items()}
    optimiser = minibatch.adam(parameters, convex_pairs.MATRICES, 1e-3, 2e-4)
    return partial(minibatch.training_step, convex_pairs, parameters, optimiser)


MODELS: dict[str, Callable[[Mapping[str, Tensor]], Step]] = {
    "plain": partial(plain_step, fused=False),
    "plain, fused Adam": partial(plain_step, fused=True),
    "batched": batched_step,
}
LARGE = {"cuda": 8192, "cpu": 2048}  # the side of the large product


def work(name: str, args: argparse.Namespace, line: Connection) -> None:
    """Send the losses of the first steps, then, as often as asked, the seconds of a step."""
    torch.set_num_threads(args.threads)
    runtime.set_matmul_precision(args.precision)
    device = runtime.device(args.device)
    if name == "batched":
        runtime.keep_freed_memory()  # as the trainer does; the others keep the system's allocator as it is
    start = convex_pairs.initial(partial(runtime.generator, 0), width=args.width)
    step = MODELS[name]({key: value.to(device, torch.float32) for key, value in start.items()})
    images = torch.rand(args.steps, args.batch, 28, 28, generator=runtime.generator(0, "images")).to(device)
    labels = torch.randint(0, 10, (args.steps, args.batch), generator=runtime.generator(0, "labels")).to(device)
    line.send([step(*batch).item() for batch in zip(images, labels, strict=True)])
    while line.recv():
        line.send(seconds(lambda: [step(*batch) for batch in zip(images, labels, strict=True)], device) / args.steps)
    large = torch.ones(LARGE[device.type], LARGE[device.type], device=device)
    peak = 2 * len(large) ** 3 / min(seconds(lambda: large @ large, device) for _ in range(5))
    memory = torch.cuda.max_memory_allocated(device) / 1e9 if device.type == "cuda" else None
    line.send((products(start, args.batch), peak, memory))


def seconds(task: Callable[[], object], device: torch.device) -> float:
    """The time of a task, all that it has put into a GPU's queue included."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    wait()
    began = time.perf_counter()
    task()
    wait()
    return time.perf_counter() - began


def products(start: Mapping[str, Tensor], batch: int) -> int:
    """Multiplications of a training step in V and W: forward, and twice as many backward."""
    depth, networks, width, n = start["V"].shape
    if convex_pairs.thin(depth, width, n, batch):
        pairs = depth * (depth - 1) // 2
        return 3 * networks * (depth * n * width * batch + pairs * width**2 * (n + batch))
    return 3 * networks * 2 * depth * n * width * batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("threads", 2), ("batch", 100), ("rounds", 8), ("width", 32), ("steps", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--precision", default="highest", choices=["highest", "high", "medium"])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    args = parser.parse_args()
    runtime.set_threads(args.threads)  # the children inherit it, and that waiting threads sleep
    spawn = multiprocessing.get_context("spawn")
    lines: dict[str, Connection] = {}
    for name in args.models:
        lines[name], end = spawn.Pipe()
        spawn.Process(target=work, args=(name, args, end), daemon=True).start()
    losses = {name: line.recv() for name, line in lines.items()}
    times: dict[str, list[float]] = {name: [] for name in args.models}
    for _ in range(args.rounds):
        for name, line in lines.items():  # one at a time, in turns, so that other load hits all alike
            line.send(True)
            times[name].append(line.recv())
    for line in lines.values():
        line.send(False)
    arithmetic = {name: line.recv() for name, line in lines.items()}
    first = args.models[0]
    print(f"{args.device}, width {args.width}, batch {args.batch}, {args.threads} threads, medians of {args.rounds}")
    print(f"rounds of {args.steps} steps, in turns; differences of a loss to that of '{first}' over {args.steps} steps")
    print(f"{'model':22} samples/s   ratio   largest difference")
    for name, each in times.items():
        gap = max(abs(a - b) for a, b in zip(losses[first], losses[name], strict=True))
        median = statistics.median(each)
        print(f"{name:22} {args.batch / median:9.0f} {statistics.median(times[first]) / median:7.2f}   {gap:.1e}")
    if "batched" in times:
        count, peak, memory = arithmetic["batched"]
        rate = 2 * count / statistics.median(times["batched"])
        print(f"batched: {rate / 1e9:.0f} GFLOP/s, {rate / peak:.0%} of one large product's {peak / 1e9:.0f} GFLOP/s")
        if memory is not None:
            print(f"batched: {memory:.2f} GB of tensors at most")


if __name__ == "__main__":
    main()
