"""The sign of an expression over a box, in balls; and the entrywise sign of a stored array, exactly."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from rescert.certify import balls
from rescert.certify.certificate import StoredArray
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof

RELATIONS: dict[str, Callable[[arb], bool]] = {
    ">": lambda x: x > 0,
    ">=": lambda x: x >= 0,
    "<": lambda x: x < 0,
    "<=": lambda x: x <= 0,
}
OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def expected_relation(relation: str) -> str:
    if relation not in RELATIONS:
        raise ValueError(f"expected a relation among {sorted(RELATIONS)}, got '{relation}'")
    return relation


def prove(program: Program, box: balls.Box, relation: str, precision: int = balls.PRECISION) -> Proof:
    """Try to show that every entry of the output has ``relation`` to 0 for every input in ``box``.

    Fundamental theorem of interval arithmetic: the ball of the output contains the output at every point of
    the box, so a ball on one side of 0 shows that side for all of them. ``lower``/``upper`` enclose all entries.
    """
    expected_relation(relation)
    entries = list(balls.evaluate(program, box, precision).flat)
    low, high = min(balls.lower(e) for e in entries), max(balls.upper(e) for e in entries)
    if all(e.is_finite() and RELATIONS[relation](e) for e in entries):
        assertion = {
            "kind": "sign",
            "program": program.to_json(),
            "box": balls.box_json(box),
            "relation": relation,
            "precision": precision,
        }
        return Proof(True, assertion, f"every entry {relation} 0 in balls of {precision} bits", low, high)
    return Proof(None, None, f"the ball [{low:.6g}, {high:.6g}] does not decide '{relation} 0'", low, high)


def decide(
    program: Program, box: balls.Box, relation: str, precision: int = balls.PRECISION
) -> tuple[bool | None, Proof]:
    """True with a proof of ``relation`` on the box, False with one of its opposite on the whole box, else None."""
    proof = prove(program, box, relation, precision)
    if proof.proved:
        return True, proof
    refutation = prove(program, box, OPPOSITE[relation], precision)
    return (False, refutation) if refutation.proved else (None, proof)


def constant(value: Fraction | int, relation: str) -> dict[str, Any]:
    """The assertion that a rational number has a sign; raises ``ValueError`` if it has not."""
    proof = prove(trace(lambda v: v["number"] * 1, {}, {"number": str(value)}), {}, relation)
    if proof.assertion is None:
        raise ValueError(f"expected a number {relation} 0, got {value}")
    return proof.assertion


def prove_zero(program: Program, precision: int = balls.PRECISION) -> tuple[dict[str, Any], ...]:
    """The assertions >= 0 and <= 0 of every entry of a program of constants; empty if they are not shown.

    A ball has radius 0 only where nothing was rounded, so this takes integers and binary fractions, and a precision
    that holds all their bits.

    >>> len(prove_zero(trace(lambda v: v["x"] * v["x"] - v["y"], {}, {"x": "3/4", "y": "9/16"})))
    2
    """
    proofs = [prove(program, {}, relation, precision) for relation in (">=", "<=")]
    return tuple(p.assertion for p in proofs if p.assertion is not None) if all(p.proved for p in proofs) else ()


def prove_array(array: np.ndarray, relation: str, stored: StoredArray | None = None) -> Proof:
    """Try to show that every entry of a real array has ``relation`` to 0: exact comparison of stored values.

    ``stored`` names the tensor of an existing file that holds exactly ``array``; the certificate then refers to
    it. A NaN or an infinity proves nothing; -0.0 counts as 0.
    """
    expected_relation(relation)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"expected an array of real numbers, got dtype {array.dtype}")
    if array.size == 0 or not np.isfinite(array).all():
        return Proof(None, None, "the array is empty or has entries that are not finite")
    low, high = float(array.min()), float(array.max())
    extreme = low if relation in (">", ">=") else high
    if {">": extreme > 0, ">=": extreme >= 0, "<": extreme < 0, "<=": extreme <= 0}[relation]:
        assertion = {"kind": "array_sign", "array": array if stored is None else stored, "relation": relation}
        return Proof(True, assertion, f"all {array.size} stored entries {relation} 0", low, high)
    return Proof(None, None, f"an entry is {extreme:.6g}, not {relation} 0", low, high)
