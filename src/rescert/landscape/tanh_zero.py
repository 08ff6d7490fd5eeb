r"""The network with all weights zero: gradient, Hessian, and what is below it, for tanh residual networks.

Near zero $h=x+\sum_iA_iB_ix+O(|\theta|^4)$ and $Q=Q(0)+\langle M,\sum_iA_iB_i\rangle+O(|\theta|^4)$ with
$M=E[(x-y)x^{\mathsf T}]$.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from rescert.certify import derivative, inertia, krawczyk, sign
from rescert.certify.problem import Builder, trace
from rescert.certify.proof import Proof
from rescert.landscape.tanh_certificates import Assertions
from rescert.landscape.tanh_problem import TanhProblem

GRID, PRECISION = 2.0**10, 512  # rounded labels, and bits that hold all products of them exactly
DIRECTIONS = 16  # of b that are tried in the plane


def shares(problem: TanhProblem) -> np.ndarray:
    """The weights in floats."""
    return np.array([float(Fraction(w)) for w in problem.weights])


def displacements(problem: TanhProblem) -> np.ndarray:
    r"""$y-x$ in floats, (n, d)."""
    state = problem.points
    for outer, inner in zip(problem.outer, problem.inner, strict=True):
        state = state + np.tanh(state @ inner.T) @ outer.T
    return state - problem.points


def moment(problem: TanhProblem) -> np.ndarray:
    r"""$M=E[(x-y)x^{\mathsf T}]$ in floats."""
    return -(displacements(problem) * shares(problem)[:, None]).T @ problem.points


@dataclass(frozen=True)
class Weighted:
    """A problem with the weights in a ``box``, or with its own (box None); ``proof`` that some weights in it do."""

    problem: TanhProblem
    box: Mapping[str, Any] | None = None
    proof: Assertions = ()

    @property
    def given(self) -> bool:
        return self.box is not None

    def at(self, point: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """The box of a point of parameters."""
        return {**point, **(self.box or {})}

    def zero(self) -> dict[str, Any]:
        return self.at(self.problem.zero())


def gradient_vanishes(known: Weighted) -> Assertions:
    """The gradient at zero is exactly zero: all terms have a factor 0."""
    problem = known.problem
    program = derivative.gradient(problem.program(problem.risk, known.given), list(problem.shapes))
    proofs = [sign.prove(program, known.zero(), relation) for relation in (">=", "<=")]
    return tuple(p.assertion for p in proofs if p.assertion is not None) if all(p.proved for p in proofs) else ()


def offset_positive(known: Weighted) -> Proof:
    r"""$Q>0$ at zero."""
    return sign.prove(known.problem.program(known.problem.risk, known.given), known.zero(), ">")


def mean_positive(known: Weighted) -> Proof:
    r"""$|E[x]|^2>0$."""
    square = known.problem.program(lambda v: ((v["p"] @ v["X"]) ** 2).sum(), known.given)
    return sign.prove(square, known.zero(), ">")


def linear_argument(problem: TanhProblem) -> Assertions:
    r"""For the atoms and their negatives $E[x]=0$, and the gradient of $\frac12E|x+Ax-y|^2$ at $A=0$ is not zero."""
    double = replace(
        problem,
        points=np.concatenate([problem.points, -problem.points]),
        weights=tuple(str(Fraction(w) / 2) for w in (*problem.weights, *problem.weights)),
    )
    mean = sign.prove_zero(trace(lambda v: v["p"] @ v["X"], {}, double.constants()), PRECISION)
    dimension = problem.points.shape[1]

    def risk(v: Any) -> Any:
        gap = v["X"] + v["X"] @ v["A"].mT - double.target(v)
        return ((gap * gap).sum(dim=1) * v["p"]).sum() * 0.5

    slope = derivative.gradient(trace(risk, {"A": (dimension, dimension)}, double.constants()), ["A"])
    builder = Builder(slope)
    square = builder.apply("sum", builder.apply("power", slope.output, exponent=2), axis=None, keepdims=False)
    moved = sign.prove(builder.build(square), {"A": np.zeros((dimension, dimension))}, ">")
    return (*mean, moved.assertion) if mean and moved.assertion is not None else ()


def rounded(problem: TanhProblem) -> TanhProblem:
    """The same inputs with labels rounded to multiples of 1/1024, so that all entries of the Hessian are exact."""
    labels = problem.points + displacements(problem)
    return replace(problem, labels=np.round(labels * GRID) / GRID)


def exact_hessian(problem: TanhProblem) -> list[list[Fraction]]:
    r"""The closed form at zero: $M_{pq}$ at $(A_i)_{pu},(B_i)_{uq}$ and the transposed place, else 0."""
    assert problem.labels is not None
    dimension, width = problem.outer.shape[1:]
    gaps = [[Fraction(v) for v in row] for row in (problem.points - problem.labels).tolist()]
    atoms = [[Fraction(v) for v in row] for row in problem.points.tolist()]
    weights = [Fraction(w) for w in problem.weights]
    square = range(dimension)
    table = zip(weights, gaps, atoms, strict=True)
    known = [(w, g, x) for w, g, x in table]
    cross = [[sum((w * g[p] * x[q] for w, g, x in known), Fraction(0)) for q in square] for p in square]
    size = 2 * problem.depth * dimension * width
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for layer in range(problem.depth):
        start = 2 * layer * dimension * width
        for unit in range(width):
            for p in square:
                for q in square:
                    first = start + p * width + unit
                    second = start + dimension * width + unit * dimension + q
                    matrix[first][second] = matrix[second][first] = cross[p][q]
    return matrix


def hessian_is(problem: TanhProblem, matrix: Sequence[Sequence[Fraction]]) -> Assertions:
    """Each column of the Hessian at zero is that of the matrix, exactly; empty if it is not shown."""
    product = derivative.hessian_product(problem.program(problem.risk), list(problem.shapes))
    found: list[dict[str, Any]] = []
    for number, column in enumerate(matrix):
        builder = Builder(product)
        expected = builder.constant([str(entry) for entry in column])
        program = builder.build(builder.apply("subtract", product.output, expected))
        box = problem.zero() | _unit(problem, number)
        proofs = [sign.prove(program, box, relation, PRECISION) for relation in (">=", "<=")]
        found += [p.assertion for p in proofs if p.assertion is not None]
    return tuple(found) if len(found) == 2 * len(matrix) else ()


def _unit(problem: TanhProblem, number: int) -> dict[str, np.ndarray]:
    """A unit direction in the parameters, as inputs of a `derivative.tangent`."""
    parts, first = {}, 0
    for name, shape in problem.shapes.items():
        size = int(np.prod(shape))
        flat = np.zeros(size)
        if first <= number < first + size:
            flat[number - first] = 1.0
        parts[derivative.direction_name(name)] = flat.reshape(shape)
        first += size
    return parts


def eigenvalues(problem: TanhProblem) -> np.ndarray:
    """Of the Hessian at zero, by automatic differentiation in floats, ascending."""
    import torch

    program = problem.program(problem.risk)

    def value(theta: Any) -> Any:
        parts = torch.split(theta, [int(np.prod(s)) for s in problem.shapes.values()])
        named = {n: p.reshape(s) for (n, s), p in zip(problem.shapes.items(), parts, strict=True)}
        return program.evaluate(named)

    size = sum(int(np.prod(s)) for s in problem.shapes.values())
    return torch.linalg.eigvalsh(torch.func.hessian(value)(torch.zeros(size, dtype=torch.float64))).numpy()


def negative_curvature(problem: TanhProblem) -> Proof:
    r"""Curvature $-2s_1$ along $A_1=ue_1^{\mathsf T}$, $B_1=-e_1v^{\mathsf T}$ with the first singular pair of $M$."""
    left, _, right = np.linalg.svd(moment(problem))
    direction = problem.zero()
    direction["A1"][:, 0], direction["B1"][0] = left[:, 0], -right[0]
    return inertia.prove_negative_direction(problem.program(problem.risk), problem.zero(), direction)


def lower_point(known: Weighted, radius: float) -> dict[str, np.ndarray]:
    r"""Parameters of size ``radius`` with less Q: $A_m=tG(b)e_1^{\mathsf T}$, $B_m=e_1b^{\mathsf T}$."""
    problem = known.problem
    best: tuple[float, dict[str, np.ndarray]] = (0.0, {})
    weights, gaps = shares(problem), displacements(problem)
    angles = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    plane = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    dimension = problem.points.shape[1]
    for direction in plane if dimension == 2 else np.eye(dimension):
        inner = radius * direction
        units = np.tanh(problem.points @ inner)
        slope = (weights * units) @ gaps
        size = float(np.linalg.norm(slope))
        if size > 0:
            step = min(radius / size, 1 / float(weights @ units**2))
            fall = step * size**2 - 0.5 * step**2 * size**2 * float(weights @ units**2)
            if fall > best[0]:
                point = problem.zero()
                point[f"A{problem.depth}"][:, 0], point[f"B{problem.depth}"][0] = step * slope, inner
                best = (fall, point)
    return best[1]


def falls(known: Weighted, radius: float) -> Proof:
    r"""$Q(0)-Q(\theta)>0$ at a point whose entries are at most ``radius``."""
    problem = known.problem

    def drop(v: Any) -> Any:
        student, target = problem.output(v), problem.target(v)
        first, second = v["X"] - target, student - target
        return (((first - second) * (first + second)).sum(dim=1) * v["p"]).sum() * 0.5

    point = lower_point(known, radius)
    if not point:
        return Proof(None, None, "no direction is found")
    return sign.prove(problem.program(drop, known.given), known.at(point), ">")


def degenerate(problem: TanhProblem) -> Weighted | None:
    r"""Weights with $M=0$ on $d^2+1$ of the atoms, by a linear programme for the largest $Q(0)$, in a proved box."""
    from scipy.optimize import linprog

    gaps, dimension = displacements(problem), problem.points.shape[1]
    rows = np.einsum("ni,nj->ijn", gaps, problem.points).reshape(dimension**2, -1)
    equations = np.vstack([rows, np.ones(len(gaps))])
    right = np.append(np.zeros(dimension**2), 1.0)
    found = linprog(-0.5 * (gaps**2).sum(axis=1), A_eq=equations, b_eq=right, bounds=(0, 1))
    if found.status != 0:
        return None
    active = np.flatnonzero(found.x > 1e-9)
    if len(active) != dimension**2 + 1:
        return None
    texts = tuple(str(Fraction(float(w))) for w in found.x[active])
    rest = str(1 - sum(Fraction(t) for t in texts[:-1]))
    chosen = replace(problem, points=problem.points[active], weights=(*texts[:-1], rest))
    return _weighted(chosen, found.x[active])


def _weighted(problem: TanhProblem, weights: np.ndarray) -> Weighted | None:
    import torch

    def system(v: Any) -> Any:
        return torch.cat([problem.moment(v).reshape(-1), (v["p"].sum() - 1).reshape(1)])

    program = trace(system, {"p": (len(weights),)}, problem.constants(given=True))
    zero = krawczyk.prove(program, {"p": weights}, system="program")
    if zero.assertion is None or zero.box is None:
        return None
    positive = sign.prove(trace(lambda v: v["p"] * 1, {"p": (len(weights),)}, {}), zero.box, ">")
    return None if positive.assertion is None else Weighted(problem, zero.box, (zero.assertion, positive.assertion))
