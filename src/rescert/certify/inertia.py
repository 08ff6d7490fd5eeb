"""Definiteness and inertia of Hessians, in balls or at BLAS speed, and negative curvature along a given direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from flint import arb

from rescert.certify import balls, contraction, derivative, krawczyk, midrad_derivative, midrad_program
from rescert.certify.krawczyk import BALLS_TO, MIDRAD_FROM, Arithmetic, Zero
from rescert.certify.midrad import MidRad
from rescert.certify.problem import Program, constant_array
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
    program: Program,
    box: balls.Box,
    precision: int = balls.PRECISION,
    variables: Entries | None = None,
    arithmetic: Arithmetic = "auto",
) -> tuple[int | None, Proof]:
    """The number of negative eigenvalues of the Hessian in ``variables`` (default: all), the same all over the box.

    The others are then positive. None, and no assertion, if an eigenvalue is not separated from zero. The
    ``arithmetic`` is chosen as in `krawczyk.prove`.
    """
    krawczyk.expect_arithmetic(arithmetic)
    variables = balls.all_entries(program) if variables is None else [(n, i) for n, i in variables]
    size, count = len(variables), None
    if arithmetic == "midrad" or (arithmetic == "auto" and size >= MIDRAD_FROM):
        _, enclosure = midrad_derivative.hessian(program, box, variables)
        count = contraction.inertia(enclosure)
        if arithmetic == "auto" and size <= BALLS_TO and count is not None and not _plainly_separated(enclosure):
            count = None
    if count is None and (arithmetic == "balls" or (arithmetic == "auto" and size <= BALLS_TO)):
        count = _count_in_balls(program, box, precision, variables)
    return _proof(program, box, precision, variables, count)


def prove_index(program: Program, zero: Zero) -> tuple[int | None, Proof]:
    """The number of negative eigenvalues of the Hessian in the variables of a proved zero of the gradient.

    The inclusion has made every matrix of the interval Hessian nonsingular, so that one matrix in it tells the index
    (see `contraction`), all over the box. Without a linearisation the Hessian is enclosed anew.
    """
    if zero.assertion is None or zero.assertion["system"] != "gradient":
        raise ValueError("expected a proved zero of a gradient")
    if not _same(program.to_json(), zero.assertion["program"]):
        raise ValueError("expected the program of the zero, got another one")
    variables = [(name, position) for name, position in zero.assertion["variables"]]
    if zero.assertion["equations"] != zero.assertion["variables"]:
        raise ValueError("expected the gradient entries of the variables as equations")
    box, precision = zero.assertion["box"], zero.assertion["precision"]
    found = zero.linearisation
    if found is None or (len(variables) <= BALLS_TO and not _plainly_separated(found.jacobian)):
        return prove_inertia(program, box, precision, variables)
    return _proof(program, box, precision, variables, contraction.inertia(found.jacobian, found.contraction))


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two programs in the form of an assertion are equal, constants by their exact values."""
    if any(one[part] != other[part] for part in ("inputs", "operations", "output")):
        return False
    pairs = [(value, other["constants"].get(name)) for name, value in one["constants"].items()]
    return all(a is b or (b is not None and np.array_equal(constant_array(a), constant_array(b))) for a, b in pairs)


def _plainly_separated(hessian: MidRad) -> bool:
    """Whether floats expect the checker's inequality, which is a coarser one, to hold with room to spare.

    The checker eliminates without exchanges, and comes to an end at a pivot that is zero.
    """
    if not np.isfinite(hessian.rad).all():
        return False
    apart = bool(np.abs(np.linalg.eigvalsh(hessian.mid)).min() > 2 * hessian.rad.sum(axis=1).max())
    return apart and _pivots_are_not_zero(hessian.mid)


def _pivots_are_not_zero(matrix: np.ndarray) -> bool:
    """Whether floats expect pivots without exchanges that are more than what cancellation leaves of zeros."""
    remaining, terms = matrix.copy(), np.abs(np.diagonal(matrix))
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for k in range(len(matrix)):
            pivot, column = remaining[k, k], remaining[k + 1 :, k].copy()
            if not abs(pivot) > 2.0**-40 * terms[k]:
                return False
            remaining[k + 1 :, k + 1 :] -= np.outer(column / pivot, column)
            terms[k + 1 :] += column * column / abs(pivot)
    return True


def _count_in_balls(program: Program, box: balls.Box, precision: int, variables: Entries) -> int | None:
    decided = (balls.evaluate(program, box, precision), balls.gradient(program, box, precision))
    if not all(x.is_finite() for part in decided for x in part.flat):
        return None
    return negative_count(hessian(program, box, precision, variables), precision)


def _proof(
    program: Program, box: balls.Box, precision: int, variables: Entries, count: int | None
) -> tuple[int | None, Proof]:
    if count is None:
        reason = "an eigenvalue of the Hessian is not separated from zero over the box"
        return None, Proof(None, None, balls.kink(program, box, precision) or reason)
    assertion = _assertion("inertia", program, box, precision)
    assertion |= {"variables": [list(v) for v in variables], "negative": count}
    return count, Proof(True, assertion, f"{count} of {len(variables)} eigenvalues negative, the others positive")


def prove_definite(
    program: Program,
    box: balls.Box,
    sign: Literal["positive", "negative"] = "positive",
    precision: int = balls.PRECISION,
    variables: Entries | None = None,
    arithmetic: Arithmetic = "auto",
) -> Proof:
    """Try to show the Hessian in ``variables`` (default: all) positive (negative) definite all over the box."""
    if sign not in ("positive", "negative"):
        raise ValueError(f"expected 'positive' or 'negative', got '{sign}'")
    variables = balls.all_entries(program) if variables is None else [(n, i) for n, i in variables]
    count, proof = prove_inertia(program, box, precision, variables, arithmetic)
    if count is None or count != (0 if sign == "positive" else len(variables)):
        return Proof(None, None, f"the Hessian is not shown {sign} definite: {proof.reason}")
    assertion = _assertion("definite", program, box, precision)
    assertion |= {"variables": [list(v) for v in variables], "sign": sign}
    return Proof(True, assertion, f"the Hessian is {sign} definite over the box")


def prove_negative_direction(
    program: Program,
    box: balls.Box,
    direction: Mapping[str, Any],
    precision: int = balls.PRECISION,
    arithmetic: Arithmetic = "auto",
) -> Proof:
    """Try to show v'H(x)v < 0 for every x in the box; ``direction`` maps inputs to their part of v (absent: 0).

    By the Rayleigh quotient, λ_min(H(x)) <= v'H(x)v / v'v < 0; ``lower`` and ``upper`` enclose that quotient. The
    ``arithmetic`` is chosen by the number of entries of v as in `krawczyk.prove`.
    """
    if not direction:
        raise ValueError("expected a direction in at least one input, got none")
    krawczyk.expect_arithmetic(arithmetic)
    for name, part in direction.items():
        if name not in program.inputs or constant_array(part).shape != program.shapes[name]:
            wanted = {n: list(s) for n, s in program.inputs.items()}
            raise ValueError(f"expected parts of the direction of the shapes {wanted}, got '{name}' of another")
    size = sum(int(np.size(part)) for part in direction.values())
    curvature = arb("nan")
    if arithmetic == "midrad" or (arithmetic == "auto" and size >= MIDRAD_FROM):
        curvature = _curvature_at_speed(program, box, direction)
    # Room to spare, because the checker encloses it by formulas of its own.
    plain = bool(curvature + curvature.rad() < 0)
    if arithmetic == "balls" or (arithmetic == "auto" and not plain and size <= BALLS_TO):
        curvature = balls.second_derivative(program, box, direction, precision)
    with balls.working_precision(precision):
        square = sum((v * v for part in direction.values() for v in balls.enter_array(part).flat), arb(0))
        quotient = curvature / square
    low, high = balls.lower(quotient), balls.upper(quotient)
    if not curvature.is_finite():
        reason = balls.kink(program, box, precision) or "the curvature is not decided over the box"
        return Proof(None, None, reason, low, high)
    if not curvature < 0:
        return Proof(None, None, f"the curvature [{low:.6g}, {high:.6g}] is not shown negative", low, high)
    assertion = _assertion("negative_direction", program, box, precision) | {"direction": dict(direction)}
    return Proof(True, assertion, f"the Rayleigh quotient is at most {high:.6g}", low, high)


def _curvature_at_speed(program: Program, box: balls.Box, direction: Mapping[str, Any]) -> arb:
    # Where a kink is met the gradient is undecided, though the direction may not move it.
    slopes = derivative.gradient(program)
    values = midrad_program.Values(slopes, box)
    if not all(np.isfinite(part.rad).all() for part in (values[slopes.output], values.of(program))):
        return arb("nan")
    lines = {derivative.direction_name(n): v for n, v in direction.items()}
    pushed = derivative.second_derivative(program, list(direction))
    return midrad_program.to_balls(midrad_program.evaluate(pushed, {**box, **lines})).reshape(-1)[0]


def _assertion(kind: str, program: Program, box: balls.Box, precision: int) -> dict[str, Any]:
    return {"kind": kind, "program": program.to_json(), "box": balls.box_json(box), "precision": precision}
