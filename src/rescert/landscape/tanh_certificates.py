r"""Proofs about tanh residual networks in balls: a strict local minimum, its risk, and distances from the identity.

$\|A\tanh(B\cdot)\|_L=\sup_x\|A\,\mathrm{diag}(\tanh'(Bx))B\|$ lies between $\|AB\|$, its value at 0, and
$\max_S\|A_SB_S\|$, over the sets $S$ of units: $\mathrm{diag}(s)$ with $s\in[0,1]^k$ is a convex combination of
projections on coordinates, and the norm is convex.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context
from itertools import product
from typing import Any

import numpy as np

from rescert.certify import inertia, krawczyk, sign
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof
from rescert.landscape.tanh_problem import TanhProblem

Assertions = tuple[dict[str, Any], ...]
STEPS = 6  # of Newton's method before a proof
GRID = 2.0**10  # for the direction in which the teacher's derivative is long


@dataclass(frozen=True)
class Minimum:
    """A proved strict local minimum with $Q>0$ in a box, or the reason why there is none."""

    reason: str
    box: Mapping[str, Any] | None = None
    assertions: Assertions = ()
    least: float = 0.0


def rounded_down(value: float) -> str:
    """At most ``value``, in four digits.

    >>> rounded_down(0.19996)
    '0.1999'
    """
    return f"{float(Context(prec=4, rounding=ROUND_FLOOR).create_decimal_from_float(value)):.4g}"


def prove_minimum(problem: TanhProblem, point: Mapping[str, np.ndarray]) -> Minimum:
    """Exactly one critical point near ``point``; the Hessian positive definite and $Q>0$ in a box around it."""
    program = problem.program(problem.risk)
    zero = krawczyk.prove(program, krawczyk.polish(program, point, steps=STEPS))
    if zero.assertion is None or zero.box is None:
        return Minimum(f"no critical point is proved: {zero.reason}")
    negative, bends = inertia.prove_index(program, zero)
    if bends.assertion is None or negative != 0:
        return Minimum(f"the Hessian is not positive definite: {bends.reason}")
    above = sign.prove(program, zero.box, ">")
    if above.assertion is None:
        return Minimum(f"Q > 0 is not shown: {above.reason}")
    reason = f"a strict local minimum with Q >= {rounded_down(above.lower)}; {zero.reason}"
    return Minimum(reason, zero.box, (zero.assertion, bends.assertion, above.assertion), above.lower)


def steepest_direction(matrix: np.ndarray) -> np.ndarray:
    """The first right singular vector, as integers over `GRID`.

    >>> steepest_direction(np.array([[0.0, 2.0], [0.0, 0.0]])).tolist()
    [0.0, 1.0]
    """
    vector = np.linalg.svd(matrix)[2][0]
    return np.round(vector * np.sign(vector[np.abs(vector).argmax()]) * GRID) / GRID


def below(products: Sequence[Any], square: Any) -> Any:
    r"""Numbers that are all positive if and only if $\|N\|^2<$ ``square`` for each $N$: minors of square I - N'N."""
    import torch

    numbers = []
    for matrix in products:
        if len(matrix) > 2:
            raise ValueError(f"expected a dimension of 1 or 2, got {len(matrix)}")
        gram = matrix.mT @ matrix
        numbers += [square - gram[i, i] for i in range(len(matrix))]
        if len(matrix) == 2:
            numbers.append((square - gram[0, 0]) * (square - gram[1, 1]) - gram[0, 1] * gram[1, 0])
    return torch.stack(numbers)


def subsets(outer: Any, inner: Any) -> list[Any]:
    r"""$A_SB_S$ for all sets of units but the empty one."""
    units = [outer[:, j : j + 1] @ inner[j : j + 1, :] for j in range(len(inner))]
    chosen = [
        [u for u, on in zip(units, mask, strict=True) if on] for mask in product((False, True), repeat=len(units))
    ]
    return [sum(group[1:], start=group[0]) for group in chosen if group]


def prove_nearer(problem: TanhProblem, box: Mapping[str, Any]) -> Proof:
    r"""Each student's layer in the box has $\max_S\|A_SB_S\|<|A^*B^*u|/|u|$, with one $u$ a layer."""
    import torch

    directions = [steepest_direction(a @ b) for a, b in zip(problem.outer, problem.inner, strict=True)]

    def gaps(v: Any) -> Any:
        found = []
        pairs = zip(problem.layers(v), problem.layers(v, "teacher "), strict=True)
        for i, ((outer, inner), (other, its)) in enumerate(pairs):
            image, length = other @ (its @ v[f"u{i}"]), (v[f"u{i}"] * v[f"u{i}"]).sum()
            found.append(below(subsets(outer, inner), (image * image).sum() / length))
        return torch.cat(found)

    constants = {f"teacher {n}": x for n, x in problem.teacher.items()}
    constants |= {f"u{i}": u for i, u in enumerate(directions)}
    return sign.prove(trace(gaps, problem.shapes, constants), box, ">")


def prove_within(problem: TanhProblem, radius: str) -> Proof:
    r"""Each layer of the teacher has $\max_S\|A^*_SB^*_S\|<$ ``radius``."""
    import torch

    def gaps(v: Any) -> Any:
        pairs = problem.layers(v, "teacher ")
        return torch.cat([below(subsets(outer, inner), v["radius"] * v["radius"]) for outer, inner in pairs])

    return sign.prove(_of_teacher(problem, gaps, {"radius": radius}), {}, ">")


def prove_beyond(problem: TanhProblem, radius: str) -> Proof:
    r"""Some layer of the teacher has $|A^*B^*u|^2>$ ``radius``$^2|u|^2$: it is farther from the identity."""
    norms = [np.linalg.norm(a @ b, 2) for a, b in zip(problem.outer, problem.inner, strict=True)]
    layer = int(np.argmax(norms))

    def excess(v: Any) -> Any:
        outer, inner = problem.layers(v, "teacher ")[layer]
        image = outer @ (inner @ v["u"])
        return (image * image).sum() - v["radius"] * v["radius"] * (v["u"] * v["u"]).sum()

    unit = steepest_direction(problem.outer[layer] @ problem.inner[layer])
    return sign.prove(_of_teacher(problem, excess, {"radius": radius, "u": unit}), {}, ">")


def _of_teacher(problem: TanhProblem, expression: Any, more: Mapping[str, Any]) -> Program:
    return trace(expression, {}, {f"teacher {n}": x for n, x in problem.teacher.items()} | dict(more))
