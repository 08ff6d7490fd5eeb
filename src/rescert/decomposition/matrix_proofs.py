"""Programs that show in balls what is said of matrix factors: product, norms, bounds, and the lower limit.

Each gives a `Proof`. Floats mean their exact values, so the proofs speak of the factors as they are stored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.linalg import lu

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.decomposition.matrix_factors import MatrixFactorisation, displacement

PI = ("3.14159265358979323846264338327950288", "3.14159265358979323846264338327950289")  # below and above π
SLACK = 1e-9  # relative room that floats need for bounds which are attained


def product_within(found: MatrixFactorisation, matrix: Any, residual: float) -> Proof:
    """Every entry of (I + A_1)⋯(I + A_m) - R is within ``residual`` of 0."""
    depth, size = found.depth, len(found.matrix)

    def slack(v: Mapping[str, Any]) -> Any:
        product = v["changes"][depth - 1] + v["identity"]
        for i in range(depth - 2, -1, -1):
            product = product + v["changes"][i] @ product
        gap = product - v["matrix"]
        return v["residual"] * v["residual"] - gap * gap

    constants = {"changes": found.changes, "identity": np.eye(size), "matrix": matrix, "residual": residual}
    return sign.prove(trace(slack, {}, constants), {}, ">")


def norms_below(changes: np.ndarray, bound: float) -> Proof:
    """‖A_i‖ < b for all i: with M = b²I - AᵀA and some S, ‖SᵀMS - I‖_F < 1.

    Then SᵀMS is positive definite; so S is nonsingular and M is positive definite.
    """
    depth, size, _ = changes.shape
    values, vectors = np.linalg.eigh(bound**2 * np.eye(size) - changes.transpose(0, 2, 1) @ changes)
    if values.min() <= 0:
        return Proof(None, None, f"a norm is not below {bound:.6g}")
    frames = vectors / np.sqrt(values)[:, None, :]

    def slack(v: Mapping[str, Any]) -> Any:
        total = []
        for i in range(depth):
            frame = v["frames"][i]
            image = v["changes"][i] @ frame
            gap = v["bound"] * v["bound"] * (frame.T @ frame) - image.T @ image - v["identity"]
            total.append((1 - (gap * gap).sum()).reshape(1))
        return _joined(total)

    constants = {"changes": changes, "frames": frames, "bound": bound, "identity": np.eye(size)}
    return sign.prove(trace(slack, {}, constants), {}, ">")


def _joined(parts: list[Any]) -> Any:
    import torch

    return torch.cat(parts) if len(parts) > 1 else parts[0]


def _square(x: Any) -> Any:
    return (x * x).sum().reshape(1)


def bound_above(found: MatrixFactorisation, matrix: Any, attained: float) -> Proof:
    """attained < (1 + 1e-9) (2 sin(π/2m) + max{σ_max^(1/m) - 1, 1 - σ_min^(1/m)}), by one vector x.

    σ_max >= |Rx|/|x| >= σ_min, so either term of the maximum is at least what x gives.
    """
    depth = found.depth
    _, values, right = np.linalg.svd(found.matrix)
    change = np.expm1(np.log(values) / depth)
    chosen = int(np.argmax(np.abs(change)))
    sense = 1 if change[chosen] >= 0 else -1

    def slack(v: Mapping[str, Any]) -> Any:
        root = ((_square(v["matrix"] @ v["x"]) / _square(v["x"])).log() / (2 * depth)).exp()
        turn = 2 * (v["pi"] / (2 * depth)).sin()
        return (1 + v["slack"]) * (turn + sense * (root - 1)) - v["attained"]

    constants = {"matrix": matrix, "x": right[chosen], "pi": PI[0], "slack": repr(SLACK), "attained": attained}
    return sign.prove(trace(slack, {}, constants), {}, ">")


def limit_above(found: MatrixFactorisation, matrix: Any, point: np.ndarray, least: float) -> Proof:
    """|ρ^(1/m) e^(iψ/m) - 1| > ``least`` at x: by an angle φ <= ψ, for which cos φ > cos ψ is shown."""
    angle = max(displacement(found.matrix, point)[1] * (1 - 1e-8) - 1e-10, 0.0)
    above = angle > 0

    def slack(v: Mapping[str, Any]) -> Any:
        image = v["matrix"] @ v["x"]
        before, after = _square(v["x"]), _square(image)
        root = ((after / before).log() / (2 * found.depth)).exp()
        gap = root * root - 2 * root * (v["angle"] / found.depth).cos() + 1 - v["least"] * v["least"]
        if not above:  # every angle is at least 0
            return gap
        inner = (v["x"] * image).sum().reshape(1)
        return _joined([gap, v["angle"].cos() * (before * after).sqrt() - inner, v["pi"] - v["angle"].reshape(1)])

    constants = {"matrix": matrix, "x": point, "angle": angle, "least": least, "pi": [PI[0]]}
    return sign.prove(trace(slack, {}, constants), {}, ">")


def stretched(changes: np.ndarray, least: float) -> Proof:
    """max ‖A_i‖ > ``least``: at one vector."""
    norms = np.linalg.norm(changes, ord=2, axis=(1, 2))
    change = changes[int(norms.argmax())]
    x = np.linalg.svd(change)[2][0]

    def slack(v: Mapping[str, Any]) -> Any:
        return _square(v["change"] @ v["x"]) - v["least"] * v["least"] * _square(v["x"])

    return sign.prove(trace(slack, {}, {"change": change, "x": x, "least": least}), {}, ">")


def nearly_orthogonal(matrix: Any, size: int, distance: float) -> Proof:
    """‖RᵀR - I‖_F < η <= 1/2, so that |log σ| <= η for all singular values, and γ <= 2η."""

    def slack(v: Mapping[str, Any]) -> Any:
        gap = v["matrix"].T @ v["matrix"] - v["identity"]
        return v["distance"] * v["distance"] - (gap * gap).sum()

    constants = {"matrix": matrix, "identity": np.eye(size), "distance": distance}
    return sign.prove(trace(slack, {}, constants), {}, ">")


def gamma_above(found: MatrixFactorisation, matrix: Any, least: str) -> Proof:
    """γ exceeds ``least``: γ is at least log σ_max, -log σ_min and their sum, each shown at one vector."""
    values, right = np.linalg.svd(found.matrix)[1:]
    use_long, use_short = values[0] > 1, values[-1] < 1

    def logarithm(v: Mapping[str, Any], x: str) -> Any:
        return (_square(v["matrix"] @ v[x]) / _square(v[x])).log() / 2

    def excess(v: Mapping[str, Any]) -> Any:
        total = logarithm(v, "long") if use_long else 0
        return (total - logarithm(v, "short") if use_short else total) - v["least"]

    if not use_long and not use_short:
        return Proof(None, None, "all singular values are 1")
    constants = {"matrix": matrix, "long": right[0], "short": right[-1], "least": least}
    return sign.prove(trace(excess, {}, constants), {}, ">")


def whole(rows: list[list[Fraction]]) -> tuple[list[list[int]], int]:
    """A rational matrix times its common denominator, and that denominator: exact in balls."""
    scale = math.lcm(*(entry.denominator for row in rows for entry in row))
    return [[int(entry * scale) for entry in row] for row in rows], scale


def orthogonal(rows: list[list[Fraction]]) -> tuple[dict[str, Any], ...]:
    """The assertions that RᵀR = I, exactly; empty if not shown."""
    entries, scale = whole(rows)
    identity = np.eye(len(rows), dtype=np.int64).tolist()
    program = trace(
        lambda v: v["matrix"].T @ v["matrix"] - v["square"] * v["identity"],
        {},
        {"matrix": np.array(entries), "identity": np.array(identity), "square": scale * scale},
    )
    return sign.prove_zero(program)


def commutator(matrix: Any, values: np.ndarray) -> Proof:
    """RRᵀ ≠ RᵀR: one entry of the difference is not 0."""
    gap = values @ values.T - values.T @ values
    row, column = np.unravel_index(int(np.abs(gap).argmax()), gap.shape)
    sense = 1 if gap[row, column] > 0 else -1

    def entry(v: Mapping[str, Any]) -> Any:
        difference = v["matrix"] @ v["matrix"].T - v["matrix"].T @ v["matrix"]
        return sense * difference[int(row), int(column)]

    return sign.prove(trace(entry, {}, {"matrix": matrix}), {}, ">")


def determinant(matrix: Any, values: np.ndarray, relation: str) -> Proof:
    """The sign of a determinant: the product of the pivots of Gaussian elimination, on rows in the order of floats."""
    size, order = len(values), np.argsort(lu(values, p_indices=True)[0])
    rows = np.eye(size, dtype=np.int64)[order]
    parity = round(float(np.linalg.det(rows)))

    def product(v: Mapping[str, Any]) -> Any:
        rest, total = v["rows"] @ v["matrix"], parity
        for _ in range(size - 1):
            pivot = rest[:1, :1]
            total = total * pivot
            rest = rest[1:, 1:] - rest[1:, :1] @ (rest[:1, 1:] / pivot)
        return (total * rest).reshape(1)

    return sign.prove(trace(product, {}, {"matrix": matrix, "rows": rows}), {}, relation, 256)


def many_logarithms(depth: int, constant: str) -> tuple[int, Proof]:
    """An integer α with (1+α)^(1/m) - 1 > C ln(m)/m, and the proof."""
    root = 1 + 1.001 * float(Fraction(constant)) * math.log(depth) / depth
    smoothness = math.ceil(Fraction(math.ceil(1000 * root), 1000) ** depth)  # beyond floats at some depths

    def slack(v: Mapping[str, Any]) -> Any:
        root = ((1 + v["smoothness"]).log() / v["depth"]).exp()
        return root - 1 - v["constant"] * v["depth"].log() / v["depth"]

    constants = {"smoothness": str(smoothness), "depth": str(depth), "constant": constant}
    return smoothness, sign.prove(trace(slack, {}, constants), {}, ">", 512)
