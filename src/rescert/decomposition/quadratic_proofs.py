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
    Copositive,
    Corner,
    Quadratic,
    Ridge,
    copositive_forms,
    ridge_matrix,
    trace_product,
)
from rescert.decomposition.quadratic_networks import lower_bounds
from rescert.decomposition.settlement import Assertions


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
    weights = _not_negative("weights", constants["weights"])
    entries = sign.prove_array(vectors, ">=")
    return (*identity, *weights, entries.assertion) if weights and entries.assertion is not None else ()


def _not_negative(name: str, numbers: Any) -> Assertions:
    return _shown(_constant(lambda v: v[name] * 1, {name: numbers}), ">=")


def no_negative_entry(f: Quadratic) -> Assertions:
    """That the Hessian has none; empty if it has one."""
    return _not_negative("hessian", f.constants()["hessian"])


def _combination(f: Quadratic, terms: Sequence[tuple[int, Corner]]) -> Program:
    """Σ number f(corner)."""
    constants = {"points": [list(map(int, x)) for _, x in terms], "numbers": [number for number, _ in terms]}
    return _constant(lambda v: (quadratic_form.value(v, v["points"]) * v["numbers"]).sum(), f.constants() | constants)


def mixed_bound(f: Quadratic) -> Obstruction | None:
    """A quarter of the most negative mixed difference over corners of the cube."""
    error = lower_bounds(f)[0]
    if error == 0:
        return None
    _, x, y = f.least_mixed
    zero, both = (Fraction(0),) * f.dimension, tuple(map(Fraction.__add__, x, y))
    program = _combination(f, [(1, both), (-1, x), (-1, y), (1, zero)])
    return Obstruction(error, "a negative mixed difference", _equals(program, -4 * error))


def fall_bound(f: Quadratic) -> Obstruction | None:
    """Half of the largest fall of f from one corner of the cube to a larger one."""
    error = lower_bounds(f)[1]
    if error == 0:
        return None
    _, low, high = f.largest_fall
    return Obstruction(
        error, "f falls between two corners", _equals(_combination(f, [(1, high), (-1, low)]), -2 * error)
    )


def _equals(program: Program, number: Fraction) -> Assertions:
    """That the program's output is this negative number, and is negative."""
    builder = Builder(program)
    excess = builder.build(builder.apply("subtract", program.output, builder.constant(str(number))))
    negative, exact = _shown(program, "<"), sign.prove_zero(excess)
    return (*negative, *exact) if negative and exact else ()


def copositive_bound(f: Quadratic) -> Obstruction | None:
    """For n = 5: tr(QH) = -κ < 0 with a copositive Q, so that no error is less than κ `smoothing_factor`."""
    forms = copositive_forms(f.hessian)
    if not forms:
        return None

    def traced(form: Copositive) -> Fraction:
        return trace_product(form.matrix, f.hessian)

    best = min(forms, key=lambda form: traced(form) * smoothing_factor(form))
    scaling = list(map(str, best.scaling))
    constants = {
        "hessian": f.constants()["hessian"],
        "horn": [list(map(int, row)) for row in best.horn],
        "scaling": scaling,
    }
    program = _constant(lambda v: v["scaling"] @ (v["hessian"] * v["horn"]) @ v["scaling"], constants)
    equal, scaled = _equals(program, traced(best)), _not_negative("scaling", scaling)
    error = -traced(best) * smoothing_factor(best)
    return Obstruction(error, "tr QH < 0 for a copositive Q", (*equal, *scaled) if equal and scaled else ())


def smoothing_factor(form: Copositive) -> Fraction:
    """1/Σ|Q_ij| m_ij with m_ii = 70/3 >= ∫|p''|/∫p and m_ij = (∫|p'|/∫p)² = 225/16 for p = t²(1-t)²."""
    sizes = (Fraction(225, 16), Fraction(70, 3))
    return 1 / sum(
        (abs(q) * sizes[i == j] for i, row in enumerate(form.matrix) for j, q in enumerate(row)), Fraction(0)
    )


def obstruction(f: Quadratic) -> Obstruction | None:
    """The one with the largest bound; None if there is none or it is not shown."""
    found = [bound for bound in (mixed_bound(f), fall_bound(f)) if bound is not None]
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

    # The sum of the first j whole slopes is what the chain must come to at node j.
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
