"""Definiteness and inertia of Hessians in balls, and negative curvature along a given direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from flint import arb

from rescert.certify import balls, derivative
from rescert.certify.problem import Program
from rescert.certify.proof import Proof

Entries = Sequence[tuple[str, int]]


def ldl_signs(matrix: np.ndarray) -> list[int] | None:
    """The signs of the pivots of a symmetric ball matrix (n, n) in LDL' without exchanges; None if undecided.

    Sylvester: M = LDL' with unit lower triangular L is a congruence, so D has the inertia of M.
    """
    remaining, signs = matrix.copy(), []
    for k in range(len(matrix)):
        pivot = remaining[k, k]
        if not pivot.is_finite() or not (pivot > 0 or pivot < 0):
            return None
        signs.append(1 if pivot > 0 else -1)
        factors = remaining[k + 1 :, k] / pivot
        remaining[k + 1 :, k + 1 :] = remaining[k + 1 :, k + 1 :] - factors[:, None] * remaining[k, k + 1 :]
    return signs


def negative_count(matrix: np.ndarray, precision: int = balls.PRECISION) -> int | None:
    """The number of negative eigenvalues of every symmetric matrix in a ball matrix, if none has eigenvalue 0.

    Let M be the midpoints and ρ an upper bound of the row sums of the radii. For symmetric H within the balls,
    ‖H-M‖₂ <= ‖H-M‖_∞ <= ρ, and Weyl's inequality puts the k-th eigenvalue of H between those of M-ρI and M+ρI.
    If these two have no zero eigenvalue and the same number of negative ones, so has H. Returns None otherwise.
    """
    n = len(matrix)
    with balls.working_precision(4 * precision):
        middle = np.empty((n, n), dtype=object)
        for i in range(n):
            for j in range(n):
                middle[i, j] = matrix[max(i, j), min(i, j)].mid()
        sums = [
            sum(((matrix[i, j] - middle[i, j]).abs_upper() for j in range(n)), arb(0)).abs_upper() for i in range(n)
        ]
        if not all(s.is_finite() for s in sums):
            return None
        spread = max(sums)
        counts = set()
        for shift in (-spread, spread):
            moved = middle.copy()
            for i in range(n):
                moved[i, i] = moved[i, i] + shift
            signs = ldl_signs(moved)
            if signs is None:
                return None
            counts.add(signs.count(-1))
    return counts.pop() if len(counts) == 1 else None


def hessian(program: Program, box: balls.Box, precision: int, variables: Entries) -> np.ndarray:
    """The Hessian of a one-entry program in ``variables``, (k, k) balls, over the box."""
    order = balls.all_entries(program)
    full = balls.jacobian(derivative.gradient(program), box, precision, variables)
    return full[np.array([order.index((n, i)) for n, i in variables])]


def prove_inertia(
    program: Program, box: balls.Box, precision: int = balls.PRECISION, variables: Entries | None = None
) -> tuple[int | None, Proof]:
    """The number of negative eigenvalues of the Hessian in ``variables`` (default: all), the same all over the box.

    The others are then positive. None, and no assertion, if an eigenvalue is not separated from zero.
    """
    variables = balls.all_entries(program) if variables is None else [(n, i) for n, i in variables]
    count = None
    if all(g.is_finite() for g in balls.gradient(program, box, precision).flat):
        count = negative_count(hessian(program, box, precision, variables), precision)
    if count is None:
        return None, Proof(None, None, "an eigenvalue of the Hessian is not separated from zero over the box")
    assertion = _assertion("inertia", program, box, precision)
    assertion |= {"variables": [list(v) for v in variables], "negative": count}
    return count, Proof(True, assertion, f"{count} of {len(variables)} eigenvalues negative, the others positive")


def prove_definite(
    program: Program,
    box: balls.Box,
    sign: Literal["positive", "negative"] = "positive",
    precision: int = balls.PRECISION,
    variables: Entries | None = None,
) -> Proof:
    """Try to show the Hessian in ``variables`` (default: all) positive (negative) definite all over the box."""
    if sign not in ("positive", "negative"):
        raise ValueError(f"expected 'positive' or 'negative', got '{sign}'")
    variables = balls.all_entries(program) if variables is None else [(n, i) for n, i in variables]
    count, proof = prove_inertia(program, box, precision, variables)
    if count is None or count != (0 if sign == "positive" else len(variables)):
        return Proof(None, None, f"the Hessian is not shown {sign} definite: {proof.reason}")
    assertion = _assertion("definite", program, box, precision)
    assertion |= {"variables": [list(v) for v in variables], "sign": sign}
    return Proof(True, assertion, f"the Hessian is {sign} definite over the box")


def prove_negative_direction(
    program: Program, box: balls.Box, direction: Mapping[str, Any], precision: int = balls.PRECISION
) -> Proof:
    """Try to show v'H(x)v < 0 for every x in the box; ``direction`` maps inputs to their part of v (absent: 0).

    By the Rayleigh quotient, λ_min(H(x)) <= v'H(x)v / v'v < 0; ``lower`` and ``upper`` enclose that quotient.
    """
    if not direction:
        raise ValueError("expected a direction in at least one input, got none")
    curvature = balls.second_derivative(program, box, direction, precision)
    with balls.working_precision(precision):
        square = sum((v * v for part in direction.values() for v in balls.enter_array(part).flat), arb(0))
        quotient = curvature / square
    low, high = balls.lower(quotient), balls.upper(quotient)
    if not curvature.is_finite() or not curvature < 0:
        return Proof(None, None, f"the curvature [{low:.6g}, {high:.6g}] is not shown negative", low, high)
    assertion = _assertion("negative_direction", program, box, precision) | {"direction": dict(direction)}
    return Proof(True, assertion, f"the Rayleigh quotient is at most {high:.6g}", low, high)


def _assertion(kind: str, program: Program, box: balls.Box, precision: int) -> dict[str, Any]:
    return {"kind": kind, "program": program.to_json(), "box": balls.box_json(box), "precision": precision}
