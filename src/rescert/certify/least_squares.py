"""The minimum of scale |At - y|² over t, enclosed in balls."""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import arb

from rescert.certify import balls
from rescert.certify.proof import Proof
from rescert.certify.sign import RELATIONS, expected_relation


def enclose(matrix: Any, target: Any, scale: Any = "1", precision: int = balls.PRECISION) -> arb | None:
    """A ball containing min over t of scale |At - y|², A (n, k) and y (n,) exact; None if full rank is not shown.

    G = A'A is factored as LDL' in balls. If all pivots are positive, G is positive definite, so A has full column
    rank, the minimiser is t = G⁻¹b with b = A'y, and the minimum is scale (y'y - Σ z_i²/d_i) with Lz = b.
    """
    a, y = balls.enter_array(matrix), balls.enter_array(target)
    if a.ndim != 2 or y.shape != a.shape[:1]:
        raise ValueError(f"expected a matrix (n, k) and a target (n,), got {a.shape} and {y.shape}")
    with balls.working_precision(precision):
        factor = balls.enter(scale)
        if not factor > 0:
            raise ValueError(f"expected a positive scale, got {scale}")
        bordered = np.concatenate([a, y[:, None]], axis=1)
        # The last pivot of the bordered Gram matrix is the Schur complement y'y - b'G⁻¹b.
        gram = bordered.T @ bordered
        for k in range(a.shape[1]):
            pivot = gram[k, k]
            if not pivot.is_finite() or not pivot > 0:
                return None
            gram[k + 1 :, k + 1 :] = gram[k + 1 :, k + 1 :] - (gram[k + 1 :, k] / pivot)[:, None] * gram[k, k + 1 :]
        return factor * gram[-1, -1]


def prove(
    matrix: Any, target: Any, relation: str, value: Any, scale: Any = "1", precision: int = balls.PRECISION
) -> Proof:
    """Try to show min over t of scale |At - y|² ``relation`` ``value``; ``lower``/``upper`` enclose the minimum."""
    expected_relation(relation)
    least = enclose(matrix, target, scale, precision)
    if least is None:
        return Proof(None, None, "full column rank of the matrix is not shown")
    low, high = balls.lower(least), balls.upper(least)
    with balls.working_precision(precision):
        shown = least.is_finite() and RELATIONS[relation](least - balls.enter(value))
    if not shown:
        return Proof(None, None, f"the minimum [{low:.17g}, {high:.17g}] is not shown {relation} {value}", low, high)
    assertion = {"matrix": matrix, "target": target, "scale": scale, "relation": relation, "value": value}
    assertion |= {"kind": "least_squares", "precision": precision}
    return Proof(True, assertion, f"the minimum [{low:.17g}, {high:.17g}] is {relation} {value}", low, high)


def prove_by_witness(
    matrix: Any, target: Any, point: Any, relation: str, value: Any, scale: Any = "1", precision: int = balls.PRECISION
) -> Proof:
    """Try to show min over t of scale |At - y|² < or <= ``value`` by its value at ``point``; needs no rank."""
    if relation not in ("<", "<="):
        raise ValueError(f"expected the relation < or <=, got '{relation}'")
    with balls.working_precision(precision):
        residual = balls.enter_array(matrix) @ balls.enter_array(point) - balls.enter_array(target)
        there = balls.enter(scale) * (residual @ residual)
        shown = RELATIONS[relation](there - balls.enter(value))
    high = balls.upper(there)
    if not shown:
        return Proof(None, None, f"the value at the witness, up to {high:.17g}, is not {relation} {value}", 0.0, high)
    assertion = {"matrix": matrix, "target": target, "scale": scale, "relation": relation, "value": value}
    assertion |= {"kind": "least_squares", "precision": precision, "point": point}
    return Proof(True, assertion, f"the value at the witness is at most {high:.17g}", 0.0, high)
