"""Seconds to certify a regularised critical point: existence and uniqueness, exact index, risk, and R_lin.

The network is h_l = h_{l-1} + V_l tanh(U_l h_{l-1} + b_l), f = w.h_L with d features and as many units in each of L
blocks, under half the mean squared error of n samples and ridge/2 |θ|². The point is a minimum of the network of
which the last unit of every block is silent, which is a critical point of the whole one, mostly a saddle. It is found
beforehand (not timed: descent, then Newton); above 1060 parameters it is a random point, made critical by the centre of
the ridge. Certified, on one thread:

- existence and uniqueness in a box (Krawczyk; the gradient at the point in balls of 128 bits, the Hessian over the
  box in midpoint-radius arithmetic), the number of negative eigenvalues all over the box, and, if there are any, one
  enclosed Rayleigh quotient below 0;
- a bracket of the risk over the box, and of the least risk R_lin of linear predictors, and which is larger.

Beside it, up to ``--balls`` parameters, the same by balls alone. Both answers are printed before the seconds: best of
``--rounds`` on the wall, and of the processor where other work shares it.

python benchmarks/certificate.py [--sizes 58 220 850 1060] [--balls 58] [--rounds 3] [--samples 100]
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from rescert import runtime

# Parameters: (features d, units m, blocks L); d + L(2dm + m) of them.
SHAPES = {
    58: (4, 3, 2),
    220: (10, 10, 1),
    850: (10, 10, 4),
    1060: (10, 10, 5),
    2044: (14, 14, 5),
    3300: (20, 20, 4),
    4940: (20, 20, 6),
    5760: (20, 20, 7),
    6580: (20, 20, 8),
}
RIDGE = "1/100"
SEARCHED = 1060  # up to here points are found by descent
Point = dict[str, np.ndarray]
Stages = dict[str, list[tuple[float, float]]]


def problem(size: int, samples: int, centre: Mapping[str, np.ndarray] | None = None) -> Any:
    """The program of the risk; ``centre``: the ridge is ridge/2 |θ - centre|² (a Gaussian prior's mean)."""
    import torch

    from rescert.certify.problem import trace

    dimension, width, blocks = SHAPES[size]
    shapes: dict[str, tuple[int, ...]] = {"w": (dimension,)}
    for k in range(1, blocks + 1):
        shapes |= {f"V{k}": (dimension, width), f"U{k}": (width, dimension), f"b{k}": (width,)}
    inputs = torch.randn(samples, dimension, generator=runtime.generator(0, "inputs"), dtype=torch.float64)
    noise = torch.randn(samples, generator=runtime.generator(0, "noise"), dtype=torch.float64)
    inputs, noise = (inputs * 256).round() / 256, (noise * 256).round() / 256
    labels = ((inputs[:, 0] + inputs[:, 0] * inputs[:, 1] + noise / 2) * 256).round() / 256

    def risk(v: Mapping[str, Any]) -> torch.Tensor:
        hidden = v["X"]
        for k in range(1, blocks + 1):
            hidden = hidden + torch.tanh(hidden @ v[f"U{k}"].T + v[f"b{k}"]) @ v[f"V{k}"].T
        residual = hidden @ v["w"] - v["y"]
        moved = {name: v[name] - v[f"{name}0"] if centre else v[name] for name in shapes}
        return (residual * residual).mean() / 2 + v["ridge"] / 2 * sum((value**2).sum() for value in moved.values())

    middles = {f"{name}0": value for name, value in (centre or {}).items()}
    return trace(risk, shapes, {"X": inputs.numpy(), "y": labels.numpy(), "ridge": RIDGE, **middles})


def constructed(size: int, samples: int) -> tuple[Any, Point]:
    """A random point, and a ridge around the centre that makes it critical: for sizes at which descent is too slow."""
    import torch

    from rescert.certify import krawczyk

    program = problem(size, samples)
    draws = runtime.generator(0, "start")
    point = {n: 0.08 * torch.randn(s, generator=draws, dtype=torch.float64) for n, s in program.inputs.items()}
    values = {n: v.clone().requires_grad_() for n, v in point.items()}
    slopes = torch.autograd.grad(program.evaluate(values), list(values.values()))
    centre = {n: (slope * 100).numpy() for n, slope in zip(values, slopes, strict=True)}
    program = problem(size, samples, centre)
    return program, krawczyk.polish(program, {n: v.numpy() for n, v in point.items()}, steps=1)


def find(program: Any) -> Point:
    """A minimum with silent last units, by L-BFGS and damped Newton steps in floats."""
    import scipy.linalg
    import scipy.optimize
    import torch

    from rescert.certify import krawczyk, midrad_derivative

    names, shapes = list(program.inputs), program.inputs
    active = {n: np.ones(s, dtype=bool) for n, s in shapes.items()}
    for name, mask in active.items():
        if name[0] == "V":
            mask[:, -1] = False
        elif name[0] in "Ub":
            mask[-1] = False
    free = np.concatenate([active[n].reshape(-1) for n in names])
    ends = np.cumsum([active[n].size for n in names])[:-1]

    def unravel(theta: np.ndarray) -> Point:
        return {n: part.reshape(shapes[n]) for n, part in zip(names, np.split(theta, ends), strict=True)}

    def risk(theta: np.ndarray) -> tuple[float, np.ndarray]:
        values = {n: torch.tensor(v, requires_grad=True) for n, v in unravel(theta).items()}
        value = program.evaluate(values)
        slopes = torch.autograd.grad(value, list(values.values()))
        return value.item(), np.concatenate([s.numpy().reshape(-1) for s in slopes]) * free

    draws = torch.randn(len(free), generator=runtime.generator(0, "start"), dtype=torch.float64).numpy()
    options = {"maxiter": 3000, "maxfun": 4000, "ftol": 0, "gtol": 1e-7, "maxcor": 30}
    theta = scipy.optimize.minimize(risk, 0.3 * draws * free, jac=True, method="L-BFGS-B", options=options).x
    value, slope = risk(theta)
    for _ in range(60):
        hessian = midrad_derivative.hessian(program, unravel(theta))[1].mid[np.ix_(free, free)]
        damping = float(np.abs(slope).max())
        while True:
            try:
                factor = scipy.linalg.cho_factor(hessian + damping * np.eye(len(hessian)))
                moved = theta.copy()
                moved[free] -= scipy.linalg.cho_solve(factor, slope[free])
                lower, next_slope = risk(moved)
                if lower <= value + 1e-14:
                    break
            except np.linalg.LinAlgError:
                pass
            damping *= 4
        done = np.abs(moved - theta).max() < 1e-11
        theta, value, slope = moved, lower, next_slope
        if done:
            break
    return krawczyk.polish(program, unravel(theta), steps=2)


def lowest(program: Any, point: Point) -> Point:
    """A float eigenvector of the smallest eigenvalue of the Hessian."""
    import scipy.sparse.linalg

    from rescert.certify import midrad_derivative

    matrix = midrad_derivative.hessian(program, point)[1].mid
    vector = scipy.sparse.linalg.eigsh(matrix, k=1, which="SA", v0=np.ones(len(matrix)))[1][:, 0]
    parts = np.split(vector, np.cumsum([v.size for v in point.values()])[:-1])
    return {name: part.reshape(value.shape) for part, (name, value) in zip(parts, point.items(), strict=True)}


def timed(stages: Stages, name: str, compute: Callable[[], Any]) -> Any:
    wall, processor = time.perf_counter(), time.process_time()
    result = compute()
    spent = time.perf_counter() - wall, time.process_time() - processor
    stages.setdefault(name, []).append(spent)
    return result


def certify(program: Any, point: Point, steepest: Point, arithmetic: Any, stages: Stages) -> dict[str, Any]:
    """What is certified, or why nothing is."""
    from rescert.certify import balls, inertia, krawczyk, least_squares, midrad_program

    zero = timed(stages, "existence", lambda: krawczyk.prove(program, point, arithmetic=arithmetic))
    if not zero.proved:
        return {"exists": None, "reason": zero.reason}
    index, _ = timed(stages, "index", lambda: inertia.prove_index(program, zero))
    down = timed(
        stages,
        "direction",
        lambda: inertia.prove_negative_direction(program, zero.box, steepest, arithmetic=arithmetic) if index else None,
    )

    def risk() -> tuple[float, float]:
        if arithmetic == "balls":
            ball = balls.evaluate(program, zero.box).item()
            return balls.lower(ball), balls.upper(ball)
        value = midrad_program.evaluate(program, zero.box)
        return float(value.lower()), float(value.upper())

    low, high = timed(stages, "risk", risk)
    samples = len(program.constants["y"])
    scale = f"1/{2 * samples}"
    linear = timed(
        stages, "linear risk", lambda: least_squares.enclose(program.constants["X"], program.constants["y"], scale)
    )
    compared = "<" if high < balls.lower(linear) else ">" if low > balls.upper(linear) else "undecided"
    return {
        "exists": True,
        "radius": zero.upper,
        "index": index,
        "curvature": None if down is None else down.upper,
        "risk": (low, high),
        "linear risk": float(linear.mid()),
        "compared": compared,
    }


def describe(found: Mapping[str, Any]) -> str:
    if not found["exists"]:
        return f"not shown: {found['reason']}"
    low, high = found["risk"]
    curvature = "" if found["curvature"] is None else f", lambda_min <= {found['curvature']:.6g}"
    return (
        f"one zero within {found['radius']:.2g}, index {found['index']}{curvature}, "
        f"risk {low:.13g} + {high - low:.1g} {found['compared']} R_lin {found['linear risk']:.6g}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", choices=SHAPES, default=[58, 220, 850, 1060])
    parser.add_argument("--balls", type=int, default=58, help="the largest size at which balls are timed, too")
    for name, default in (("rounds", 3), ("samples", 100)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    runtime.set_threads(1)
    rows = []
    for size in args.sizes:
        began = time.perf_counter()
        if size > SEARCHED:
            program, point = constructed(size, args.samples)
        else:
            program = problem(size, args.samples)
            point = find(program)
        print(f"{size} parameters, {args.samples} samples, point found in {time.perf_counter() - began:.1f} s")
        steepest = lowest(program, point)
        for arithmetic in ("midrad", "balls") if size <= args.balls else ("midrad",):
            stages: Stages = {}
            for _ in range(args.rounds if arithmetic == "midrad" else 1):
                found = certify(program, point, steepest, arithmetic, stages)
            print(f"  {arithmetic:7}{describe(found)}")
            rows.append((size, arithmetic, stages))
    print("best seconds, wall (processor)")
    names = ("existence", "index", "direction", "risk", "linear risk")
    print(f"{'size':>5} {'by':7}" + "".join(f"{name:>17}" for name in (*names, "total")))
    for size, arithmetic, stages in rows:
        best = [tuple(min(each) for each in zip(*stages.get(n, [(math.nan,) * 2]), strict=True)) for n in names]
        best.append(tuple(sum(each) for each in zip(*best, strict=True)))
        print(f"{size:5} {arithmetic:7}" + "".join(f"{f'{wall:.3f} ({cpu:.3f})':>17}" for wall, cpu in best))


if __name__ == "__main__":
    main()
