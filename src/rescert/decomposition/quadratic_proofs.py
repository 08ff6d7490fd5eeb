r"""Assertions about a quadratic function on the unit cube: convexity, ridge forms, and what keeps networks (7) away
from it.

Each function returns the assertions, or none where balls do not show it. The derivations are in the docstring of
`rescert.claims.ns_approximation`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import torch

from rescert.certify import inertia, sign
from rescert.certify.problem import Builder, Program, trace
from rescert.decomposition import quadratic_form
from rescert.decomposition.quadratic_form import (
    Matrix,
    Quadratic,
    Ridge,
    copositive_forms,
    ridge_matrix,
    trace_product,
)
from rescert.decomposition.quadratic_networks import lower_bounds

Assertions = tuple[dict[str, Any], ...]


class Obstruction(NamedTuple):
    """No network (7) of any depth and width comes nearer to the function than ``error`` > 0."""

    error: Fraction
    kind: str
    assertions: Assertions


def _constant(function: Callable[[Mapping[str, Any]], Any], constants: Mapping[str, Any]) -> Program:
    return trace(function, {}, constants)


def definite(f: Quadratic) -> Assertions:
    """That the Hessian of f is positive definite on the cube."""
    program = trace(
        lambda v: quadratic_form.value(v, v["x"].reshape(1, f.dimension)).sum(), {"x": (f.dimension,)}, f.constants()
    )
    proof = inertia.prove_definite(program, {"x": {"mid": 0.5, "rad": 0.5}})
    return () if proof.assertion is None else (proof.assertion,)


def not_definite(f: Quadratic) -> Assertions:
    """That v'Hv <= 0 for a whole vector v other than 0; none if H is definite."""
    pivots = f.pivots()
    if min(pivots) > 0:
        return ()
    k = next(i for i, p in enumerate(pivots) if p <= 0)
    # v = (-A⁻¹h, 1, 0, …) with the definite leading block A and h beside it: v'Hv is the pivot.
    rows = [[Fraction(t) for t in f.hessian[i][: k + 1]] for i in range(k)]
    v = [*(-t for t in _solved(rows)), Fraction(1), *[Fraction(0)] * (f.dimension - k - 1)]
    scale = math.lcm(*(t.denominator for t in v))
    constants = {"hessian": f.constants()["hessian"], "direction": [str(scale * t) for t in v]}
    return _shown(_constant(lambda c: c["direction"] @ c["hessian"] @ c["direction"], constants), "<=")


def _solved(rows: list[list[Fraction]]) -> list[Fraction]:
    """The solution of a definite system, its right side being the last column."""
    for i, row in enumerate(rows):
        rows[i] = [t / row[i] for t in row]
        for j, other in enumerate(rows):
            if j != i:
                rows[j] = [a - other[i] * b for a, b in zip(other, rows[i], strict=True)]
    return [row[-1] for row in rows]


def _shown(program: Program, relation: str, precision: int = 128) -> Assertions:
    proof = sign.prove(program, {}, relation, precision)
    return () if proof.assertion is None else (proof.assertion,)


def gradient(f: Quadratic) -> tuple[bool, Assertions]:
    """Whether the gradient at the origin is positive, and the assertion of the one or of the other."""
    least = min(f.gradient)
    return least > 0, (sign.constant(least, ">" if least > 0 else "<="),)


def ridge_identity(f: Quadratic, ridges: Sequence[Ridge], signed: bool = False) -> Assertions:
    """H = Σ weight v v'; and, unless ``signed``, that no weight and no entry of a v is negative."""
    scale = math.lcm(*(r.weight.denominator for r in ridges))
    vectors = ridge_matrix(ridges)
    constants = {
        "hessian": f.constants()["hessian"],
        "vectors": vectors,
        "weights": [[int(scale * r.weight)] for r in ridges],
        "scale": scale,
    }
    program = _constant(
        lambda v: v["hessian"] * v["scale"] - v["vectors"].mT @ (v["vectors"] * v["weights"]), constants
    )
    identity = sign.prove_zero(program)
    if signed or not identity:
        return identity
    weights = _shown(_constant(lambda v: v["weights"] * 1, {"weights": constants["weights"]}), ">=")
    entries = sign.prove_array(vectors, ">=")
    return (*identity, *weights, entries.assertion) if weights and entries.assertion is not None else ()


def difference(f: Quadratic, i: int, j: int) -> Program:
    """f(e_i+e_j) - f(e_i) - f(e_j) + f(0)."""
    rows = [[int(k in where) for k in range(f.dimension)] for where in ((i, j), (i,), (j,), ())]

    def mixed(v: Any) -> Any:
        at = quadratic_form.value(v, v["points"])
        return at[0] - at[1] - at[2] + at[3]

    return trace(mixed, {}, {**f.constants(), "points": rows})


def mixed_bound(f: Quadratic) -> Obstruction | None:
    """A quarter of the most negative mixed difference over the squares of the corners of the cube."""
    error = lower_bounds(f)[0]
    if error == 0:
        return None
    i, j = min(f.pairs(), key=lambda pair: f.hessian[pair[0]][pair[1]])
    program = difference(f, i, j)
    exact = _plus(program, 4 * error)
    return Obstruction(error, "a negative mixed difference", (*_shown(program, "<"), *sign.prove_zero(exact)))


def drop_bound(f: Quadratic) -> Obstruction | None:
    """Half of the largest fall of f along an edge of the cube."""
    error = lower_bounds(f)[1]
    if error == 0:
        return None
    i = max(range(f.dimension), key=lambda k: f.drop(k)[0])
    low = f.drop(i)[1]
    high = [Fraction(k == i) + t for k, t in enumerate(low)]

    def fall(v: Any) -> Any:
        at = quadratic_form.value(v, v["points"])
        return at[1] - at[0]

    program = trace(fall, {}, {**f.constants(), "points": [list(map(int, low)), list(map(int, high))]})
    exact = _plus(program, 2 * error)
    return Obstruction(error, "it falls along an edge", (*_shown(program, "<"), *sign.prove_zero(exact)))


def _plus(program: Program, number: Fraction) -> Program:
    builder = Builder(program)
    return builder.build(builder.apply("add", program.output, builder.constant(str(number))))


def copositive_bound(f: Quadratic) -> Obstruction | None:
    """For n = 5: tr(QH) = -κ < 0 with a copositive Q, so that no error is less than κ `smoothing_factor`."""
    forms = copositive_forms(f.hessian)
    if not forms:
        return None
    best = max(forms, key=lambda q: -trace_product(q, f.hessian) * smoothing_factor(q))
    error = -trace_product(best, f.hessian) * smoothing_factor(best)
    constants = {"hessian": f.constants()["hessian"], "copositive": [list(map(str, row)) for row in best]}
    program = _constant(lambda v: (v["hessian"] * v["copositive"]).sum(), constants)
    exact = sign.prove_zero(_plus(program, error / smoothing_factor(best)))
    shown = (*_shown(program, "<"), *exact) if exact else ()
    return Obstruction(error, "tr QH < 0 for a copositive Q", shown)


def smoothing_factor(form: Matrix) -> Fraction:
    """1/Σ|Q_ij| m_ij with m_ii = 70/3 >= ∫|p''|/∫p and m_ij = (∫|p'|/∫p)² = 225/16 for p = t²(1-t)²."""
    sizes = (Fraction(225, 16), Fraction(70, 3))
    return 1 / sum((abs(q) * sizes[i == j] for i, row in enumerate(form) for j, q in enumerate(row)), Fraction(0))


def obstruction(f: Quadratic) -> Obstruction | None:
    """The one with the largest bound; None if there is none or it is not shown."""
    found = [bound for bound in (mixed_bound(f), drop_bound(f)) if bound is not None]
    if not found:
        horn = copositive_bound(f)
        found = [] if horn is None else [horn]
    best = max(found, key=lambda bound: bound.error, default=None)
    return best if best is not None and best.assertions else None


def narrow_chain(f: Quadratic, cells: int) -> Assertions:
    r"""That the deep network of width one meets the interpolant of f (n = 1) at all nodes, and bends at these only.

    With whole slopes $s_i$ (f enlarged until they are) and $S_i=s_0s_0s_1\cdots s_{i-1}$ the numbers $G_i=S_ih_i$ obey
    $G_i=s_{i-1}G_{i-1}+(s_i-s_{i-1})(G_{i-1}-S_{i-1}b_i)_+$, without a division.
    """
    (a,), (beta,) = f.hessian[0], f.gradient
    slopes = [beta + a * (2 * i + 1) / (2 * cells) for i in range(cells)]
    scale = math.lcm(*(s.denominator for s in slopes))
    whole = [int(scale * s) for s in slopes]
    heights = list(itertools.accumulate(whole, initial=0))  # at the whole nodes 0, …, cells
    products = list(itertools.accumulate(whole, lambda p, s: p * s, initial=1))  # s_0 … s_{i-1}
    thresholds = [products[i - 1] * heights[i] for i in range(1, cells)]  # S_{i-1} b_i

    def chain(v: Any) -> tuple[Any, list[Any]]:
        state, arguments = v["nodes"] * whole[0], []
        for i, threshold in enumerate(thresholds, 1):
            arguments.append(state - threshold)
            state = state * whole[i - 1] + torch.relu(arguments[-1]) * (whole[i] - whole[i - 1])
        return state, arguments

    # In lattice units f is 2·scale·f̃ with f̃ at whole nodes, so that its values there are whole.
    values = [str(scale * cells * f.at((Fraction(j, cells),))) for j in range(cells + 1)]
    constants = {"nodes": list(map(str, range(cells + 1))), "values": values}
    precision = 64 * math.ceil((128 + products[-1].bit_length() + heights[-1].bit_length()) / 64)
    if precision > 4096:
        return ()
    same = trace(lambda v: chain(v)[0] - v["values"] * products[cells - 1], {}, constants)
    found = sign.prove_zero(same, precision)
    if not thresholds:
        return found
    unbroken = trace(lambda v: torch.cat([z[:-1] * z[1:] for z in chain(v)[1]]), {}, {"nodes": constants["nodes"]})
    bends = _shown(unbroken, ">=", precision)
    return (*found, *bends) if found and bends else ()


def narrow_parameters(f: Quadratic, cells: int) -> dict[str, Any]:
    """w_i and b_i of the deep network of width one, c and d = 0, rational."""
    (a,), (beta,) = f.hessian[0], f.gradient
    slopes = [beta + a * (2 * i + 1) / (2 * cells) for i in range(cells)]
    return {
        "w": [t / s - 1 for s, t in itertools.pairwise(slopes)],
        "b": [f.at((Fraction(i, cells),)) / slopes[0] for i in range(1, cells)],
        "c": slopes[0],
    }


def grid_values(f: Quadratic, steps: int) -> np.ndarray:
    """f on the (steps+1)² points of a grid of the unit square, in floats: rows are x_2, columns x_1."""
    t = np.linspace(0, 1, steps + 1)
    x, y = np.meshgrid(t, t)
    (a, b), (_, c) = ([float(h) for h in row] for row in f.hessian)
    return a * x * x / 2 + b * x * y + c * y * y / 2 + float(f.gradient[0]) * x + float(f.gradient[1]) * y
