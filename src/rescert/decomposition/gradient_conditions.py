r"""What Theorem 3 of Nar and Sastry (2018) asks of $h=\nabla f$, shown or refuted for a function on a box.

The conditions: $Dh=\nabla^2f$ is Lipschitz, $h$ is injective with a Lipschitz inverse, and $\det Dh>0$ at a point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import torch

from rescert.certify import derivative, inertia, sign, slack_cover, suprema
from rescert.certify.problem import Builder, Program, trace
from rescert.decomposition.curvature import MOST_BOXES, PRECISION, Assertions, box, hessians, shifted, symmetric
from rescert.decomposition.smooth_functions import SmoothFunction

ROOM = 0.1  # by which an upper bound exceeds what it bounds, half of it for the checker
QUOTIENTS = 12  # distances 1, 1/2, 1/4, … at which quotients are looked at
SMALLEST = 200  # pairs are searched down to the distance 2^-200


class Refutation(NamedTuple):
    """A pair (0, y) at which a Lipschitz constant is exceeded; ``ratio`` is the quotient there, in floats."""

    distance: float
    ratio: float
    assertions: Assertions


def refute(f: SmoothFunction, sides: Sequence[Fraction], constant: Fraction) -> Refutation | None:
    """A pair that breaks ``constant`` as a Lipschitz constant of what the function is weak in; None if none is found.

    ``inverse``: $|y|>K\\,|h(y)-h(0)|$, by squares. ``smoothness``: $(\\nabla^2f(y)-\\nabla^2f(0))_{nn}>K|y|$. Here
    $y=2^{-k}e_n$ with the first k that serves.
    """
    last = f.dimension - 1
    for k in range(SMALLEST):
        distance = 2.0**-k
        y = [0.0] * last + [distance]
        if distance > sides[-1] or _ratio(f, distance) <= 1.01 * constant:
            continue

        def excess(v: Mapping[str, Any]) -> Any:
            if f.weakness == "smoothness":
                far, near = symmetric(f.hessian(v["y"]), last + 1), symmetric(f.hessian(v["origin"]), last + 1)
                return far[last][last] - near[last][last] - v["constant"] * v["y"][last]
            change = torch.stack(f.gradient(v["y"])) - torch.stack(f.gradient(v["origin"]))
            return (v["y"] * v["y"]).sum() - v["constant"] * v["constant"] * (change * change).sum()

        numbers: dict[str, Any] = {"y": y, "origin": [0.0] * len(y), "constant": str(constant)}
        proof = sign.prove(trace(excess, {}, numbers), {}, ">", 2048)
        if proof.assertion is not None:
            return Refutation(distance, _ratio(f, distance), (proof.assertion,))
    return None


def _ratio(f: SmoothFunction, distance: float) -> float:
    return (smoothness_quotients if f.weakness == "smoothness" else inverse_quotients)(f, [distance])[0]


def _line(f: SmoothFunction, distances: Sequence[float]) -> torch.Tensor:
    points = torch.zeros((len(distances), f.dimension), dtype=torch.float64)
    points[:, -1] = torch.tensor(distances, dtype=torch.float64)
    return points


def inverse_quotients(f: SmoothFunction, distances: Sequence[float]) -> list[float]:
    """$|y|/|h(y)-h(0)|$ at $y=te_n$ for every distance t, in floats."""
    points = _line(f, distances)
    h = torch.stack([g + 0 * points[:, 0] for g in f.gradient(points.T)], dim=1)
    origin = torch.stack([torch.as_tensor(g) for g in f.gradient(torch.zeros(f.dimension, dtype=torch.float64))])
    return (points.norm(dim=1) / (h - origin).norm(dim=1)).tolist()


def smoothness_quotients(f: SmoothFunction, distances: Sequence[float]) -> list[float]:
    """$\\|\\nabla^2f(y)-\\nabla^2f(0)\\|/|y|$ at $y=te_n$ for every distance t, in floats."""
    points = _line(f, distances)
    change = hessians(f, points) - hessians(f, torch.zeros_like(points))
    return (torch.linalg.matrix_norm(change, 2) / points.norm(dim=1)).tolist()


def hessian_lipschitz(f: SmoothFunction, sides: Sequence[Fraction]) -> tuple[float, Assertions]:
    """An upper bound of the Lipschitz constant of $\\nabla^2f$ on the box, with one cover for each input.

    $\\|\\nabla^2f(y)-\\nabla^2f(x)\\|\\le|y-x|\\sup\\|D^3f[w]\\|$ over unit w, by the mean value inequality on the
    convex box, and $\\|D^3f[w]\\|^2\\le\\sum_k\\|\\partial_k\\nabla^2f\\|_F^2$ by Cauchy and Schwarz.
    """
    n = f.dimension
    entries = trace(lambda v: torch.stack(f.hessian(v["x"])), {"x": (n,)})
    pushed = derivative.tangent(entries)
    twice = np.array([1 if i == j else 2 for i in range(n) for j in range(i, n)])
    builder = Builder(pushed)
    square = builder.apply("power", pushed.output, exponent=2)
    weighted = builder.apply("multiply", builder.constant(twice), square)
    program = builder.build(builder.apply("sum", weighted, axis=0, keepdims=True))
    total, assertions = 0.0, []
    for k in range(n):
        along = _along(program, [int(i == k) for i in range(n)])
        upper = (1 + ROOM) * suprema.supremum(along, box(sides), ROOM).upper
        if not math.isfinite(upper):
            return math.inf, ()
        builder = Builder(along)
        below = builder.build(builder.apply("subtract", builder.constant(upper), along.output))
        found = slack_cover.prove_positive(below, box(sides), MOST_BOXES, ROOM * upper / 2)
        if found.assertion is None:
            return math.inf, ()
        total += upper
        assertions.append(found.assertion)
    return math.nextafter(math.sqrt(total), math.inf), tuple(assertions)


def _along(program: Program, direction: list[int]) -> Program:
    """The program of a derivative in a fixed direction: the input that held it becomes a constant."""
    held = derivative.direction_name("x")
    operations = tuple(
        o._replace(arguments=tuple("along" if a == held else a for a in o.arguments)) for o in program.operations
    )
    inputs = {name: shape for name, shape in program.inputs.items() if name != held}
    return Program(inputs, {**program.constants, "along": np.array(direction)}, operations, program.output)


def definite_somewhere(f: SmoothFunction, sides: Sequence[Fraction]) -> Assertions:
    """The assertion that $\\nabla^2f$ is positive definite at the middle of the box: its determinant is positive."""
    middle = {"x": [float(side / 2) for side in sides]}
    proof = inertia.prove_definite(shifted(f, 0), middle, "positive", PRECISION)
    return () if proof.assertion is None else (proof.assertion,)


def degenerate(f: SmoothFunction) -> Assertions:
    """The assertions that $v^T\\nabla^2f(0)v=0$, exactly, for $v=e_n$."""
    last = f.dimension - 1

    def curvature(v: Mapping[str, Any]) -> Any:
        return symmetric(f.hessian(v["x"]), last + 1)[last][last]

    return sign.prove_zero(trace(curvature, {}, {"x": [0.0] * (last + 1)}))


def not_convex(f: SmoothFunction, point: Sequence[float], direction: Sequence[float]) -> Assertions:
    """The assertion that the Hessian has a negative eigenvalue at a point; empty if that is not shown."""
    proof = inertia.prove_negative_direction(shifted(f, 0), {"x": list(point)}, {"x": list(direction)}, PRECISION)
    return () if proof.assertion is None else (proof.assertion,)
