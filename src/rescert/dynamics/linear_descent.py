r"""Gradient descent on linear least squares, $w[k+1]=(I-\delta A)w[k]+\delta Xy$ with $A=XX^{\mathsf T}$, exactly.

``Descent`` keeps X, y and δ as rationals. How many eigenvalues of A are 0, and how many of I - δA are below, at or
above -1, it counts exactly: a symmetric integer matrix has a characteristic polynomial with real roots only, so
Descartes' rule of signs counts them. The methods that return a `Proof` make the certificates.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import torch
from flint import fmpq, fmpq_mat, fmpz_mat

from rescert.certify import inertia, sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof

Matrix = list[list[Fraction]]
PRECISION = 256
MARGIN = Fraction(1, 10**9)  # how far the bounds of the rate are from its float value
MOST_STEPS = 450


class Counts(NamedTuple):
    """Eigenvalues λ of A: zero, and among the positive ones δλ < 2, δλ = 2 and δλ > 2."""

    zero: int
    slow: int
    border: int
    fast: int


def product(a: Matrix, b: Matrix) -> Matrix:
    """The matrix product of rationals."""
    columns = list(zip(*b, strict=True))
    return [[sum((x * y for x, y in zip(row, c, strict=True)), Fraction(0)) for c in columns] for row in a]


def transposed(a: Matrix) -> Matrix:
    return [list(row) for row in zip(*a, strict=True)]


def solved(a: Matrix, b: Matrix) -> Matrix:
    """a^-1 b for a nonsingular a."""
    found = _flint(a).solve(_flint(b))
    return [[Fraction(int(x.p), int(x.q)) for x in row] for row in found.tolist()]


def _flint(a: Matrix) -> fmpq_mat:
    return fmpq_mat(len(a), len(a[0]), [fmpq(x.numerator, x.denominator) for row in a for x in row])


def roots(matrix: Sequence[Sequence[int]]) -> tuple[int, int, int]:
    """How many eigenvalues of a symmetric integer matrix are negative, zero and positive, exactly.

    >>> roots([[1, 2], [2, 4]]), roots([[0, 1], [1, 0]])
    ((0, 1, 1), (1, 0, 1))
    """
    coefficients = [int(c) for c in fmpz_mat([list(row) for row in matrix]).charpoly().coeffs()]
    zero = next(i for i, c in enumerate(coefficients) if c)
    signs = [c > 0 for c in coefficients if c]
    positive = sum(a != b for a, b in itertools.pairwise(signs))
    return len(matrix) - zero - positive, zero, positive


class Descent:
    """X (n, N), y (N) and δ > 0 as rationals; raises ``ValueError`` where they do not fit."""

    def __init__(self, inputs: Matrix, labels: Sequence[Fraction], step: Fraction) -> None:
        if not inputs or not inputs[0] or len({len(row) for row in inputs}) != 1:
            raise ValueError(f"expected a matrix with rows of one length, got rows of {[len(row) for row in inputs]}")
        if len(labels) != len(inputs[0]):
            raise ValueError(f"expected {len(inputs[0])} labels, one a column, got {len(labels)}")
        if not any(x for row in inputs for x in row):
            raise ValueError("expected a matrix that is not 0, got only zeros")
        if step <= 0:
            raise ValueError(f"expected a step > 0, got {step}")
        self.inputs, self.labels, self.step, self.size = inputs, list(labels), step, len(inputs)
        self.gram = product(inputs, transposed(inputs))
        scale = math.lcm(*(x.denominator for row in inputs for x in row))
        self.scaled_inputs = [[int(x * scale) for x in row] for row in inputs]
        factor = step.denominator * scale**2
        self.shifted = [
            [int(factor * (2 * (i == j) - step * x)) for j, x in enumerate(row)] for i, row in enumerate(self.gram)
        ]
        below, at, _ = roots(self.shifted)
        integer = [[int(x * scale**2) for x in row] for row in self.gram]
        zero = roots(integer)[1]
        self.counts = Counts(zero, self.size - zero - below - at, at, below)
        self.rank = self.size - zero
        reduced, _ = _flint(self.gram).rref()
        table = [[Fraction(int(x.p), int(x.q)) for x in row] for row in reduced.tolist()]
        self.pivots = [next(j for j, x in enumerate(row) if x) for row in table[: self.rank]]
        basis = [[row[j] for j in self.pivots] for row in self.gram]
        onto = solved(product(transposed(basis), basis), transposed(basis))
        within = product(basis, onto)
        self.null_projection = [[(i == j) - x for j, x in enumerate(row)] for i, row in enumerate(within)]
        right = product(inputs, [[y] for y in self.labels])
        inner = [[row[j] for j in range(self.rank)] for row in product(self.gram, basis)]
        chosen = [inner[i] for i in self.pivots], [right[i] for i in self.pivots]
        self.least_norm = [row[0] for row in product(basis, solved(*chosen))]
        self.values = np.linalg.eigvalsh(np.array(self.gram, dtype=float))[zero:]
        self.critical = 2 / float(self.values[-1])
        self.condition = float(self.values[-1] / self.values[0])
        self.rate = float(np.abs(1 - float(step) * self.values).max())
        self.best = (self.condition - 1) / (self.condition + 1)
        self.best_step = 2 / float(self.values[-1] + self.values[0])

    def limit(self, start: Sequence[Fraction]) -> list[Fraction]:
        """The minimiser nearest to a start: its part in the null space of A, plus the least solution."""
        kept = product(self.null_projection, [[x] for x in start])
        return [a[0] + b for a, b in zip(kept, self.least_norm, strict=True)]

    def null_vectors(self) -> list[list[int]]:
        """Integer vectors that span the null space of A."""
        return self._kernel(self.gram)

    def border_vectors(self) -> list[list[int]]:
        """Integer eigenvectors of A with δλ = 2."""
        return self._kernel([[Fraction(x) for x in row] for row in self.shifted])

    def _kernel(self, matrix: Matrix) -> list[list[int]]:
        reduced, rank = _flint(matrix).rref()
        table = [[Fraction(int(x.p), int(x.q)) for x in row] for row in reduced.tolist()][: int(rank)]
        leading = [next(j for j, x in enumerate(row) if x) for row in table]
        found = []
        for free in (j for j in range(len(matrix)) if j not in leading):
            vector = [Fraction(int(j == free)) for j in range(len(matrix))]
            for row, j in zip(table, leading, strict=True):
                vector[j] = -row[free]
            scale = math.lcm(*(x.denominator for x in vector))
            found.append([int(x * scale) for x in vector])
        return found

    def slow_start(self) -> list[int] | None:
        """An integer eigenvector with δλ = 1, from which one step is enough; None if there is none."""
        found = self._kernel([[(i == j) - self.step * x for j, x in enumerate(row)] for i, row in enumerate(self.gram)])
        return found[0] if found else None

    # Certificates

    def prove_null(self) -> tuple[dict[str, Any], ...]:
        """X'z = 0, exactly, for n - r independent vectors z."""
        return self._annihilated(transposed_integers(self.scaled_inputs), self.null_vectors())

    def prove_border(self) -> tuple[dict[str, Any], ...]:
        """(2I - δA)v = 0, exactly, for the independent vectors of `border_vectors`."""
        return self._annihilated(self.shifted, self.border_vectors())

    def _annihilated(self, matrix: Sequence[Sequence[int]], vectors: Sequence[Sequence[int]]) -> tuple[Any, ...]:
        constants = {"matrix": _text(matrix), "vectors": _text(transposed_integers(vectors))}
        zero = sign.prove_zero(trace(lambda v: v["matrix"] @ v["vectors"], {}, constants), PRECISION)
        exact = [[Fraction(x) for x in vector] for vector in vectors]
        independent = self._definite(product(exact, transposed(exact)))
        return (*zero, independent.assertion) if zero and independent.assertion is not None else ()

    def prove_step(self) -> Proof:
        """Try to show 2I - δA positive definite, or positive semidefinite if δλ = 2 occurs (with `prove_border`).

        With (2I-δA)v = 0, 2I-δA + Σvv' > 0 means 2I-δA > 0 on the complement of these v, which it maps to itself.
        """
        matrix = [[Fraction(x) for x in row] for row in self.shifted]
        for vector in self.border_vectors():
            matrix = [
                [m + a * b for m, b in zip(row, vector, strict=True)] for row, a in zip(matrix, vector, strict=True)
            ]
        return self._definite(matrix)

    def prove_fast(self) -> Proof:
        """Try to show that 2I - δA has exactly ``counts.fast`` negative eigenvalues, and none that is 0."""
        program, box = self._form([[Fraction(x) for x in row] for row in self.shifted])
        count, proof = inertia.prove_inertia(program, box, PRECISION)
        return proof if count == self.counts.fast else Proof(None, None, proof.reason)

    def prove_unstable(self) -> Proof:
        """Try to show v'(2I - δA)v < 0 for the last eigenvector of A in floats."""
        vector = np.linalg.eigh(np.array(self.gram, dtype=float))[1][:, -1]
        return self._negative([[Fraction(x) for x in row] for row in self.shifted], vector)

    def prove_rank(self) -> Proof:
        """Try to show that the rank is at least r: a principal part of A is positive definite."""
        return self._definite([[self.gram[i][j] for j in self.pivots] for i in self.pivots])

    def prove_rate(self) -> list[Proof]:
        """Try to show that q = ‖I - δA - Π‖ lies within `MARGIN` of its float value.

        Π is the projection on the null space of A. Two definite forms say q < q⁺, one negative direction q > q⁻.
        """
        upper, lower = (Fraction(self.rate) + s * MARGIN for s in (1, -1))
        step = [
            [(i == j) - self.step * a - z for j, (a, z) in enumerate(zip(row, kept, strict=True))]
            for i, (row, kept) in enumerate(zip(self.gram, self.null_projection, strict=True))
        ]
        proofs = [self._definite(_combined(upper, step, s)) for s in (1, -1)]
        values, vectors = np.linalg.eigh(np.array(step, dtype=float))
        worst = int(np.abs(values).argmax())
        return [*proofs, self._negative(_combined(lower, step, -1 if values[worst] > 0 else 1), vectors[:, worst])]

    def prove_condition(self) -> tuple[Fraction, Fraction, list[Proof]]:
        """Bounds of (κ-1)/(κ+1), with proofs that λ_max and λ_min lie within `MARGIN`/8 of their float values."""
        largest, smallest = Fraction(float(self.values[-1])), Fraction(float(self.values[0]))
        above, below = 1 + MARGIN / 8, 1 - MARGIN / 8
        lifted = [
            [a + largest * z for a, z in zip(row, kept, strict=True)]
            for row, kept in zip(self.gram, self.null_projection, strict=True)
        ]
        directions = np.linalg.eigh(np.array(self.gram, dtype=float))[1]
        proofs = [
            self._definite(_combined(largest * above, self.gram, -1)),
            self._negative(_combined(largest * below, self.gram, -1), directions[:, -1]),
            self._definite(_combined(-smallest * below, lifted, 1)),
            self._negative(_combined(-smallest * above, lifted, 1), directions[:, self.counts.zero]),
        ]
        ratio = largest / smallest
        low, high = ((k - 1) / (k + 1) for k in (ratio * below / above, ratio * above / below))
        return low, high, proofs

    def _form(self, matrix: Matrix) -> tuple[Any, dict[str, Any]]:
        shape = (len(matrix),)
        program = trace(lambda v: (v["x"] @ v["matrix"] @ v["x"]).reshape(1), {"x": shape}, {"matrix": _text(matrix)})
        return program, {"x": {"mid": [0] * len(matrix), "rad": 0}}

    def _definite(self, matrix: Matrix) -> Proof:
        return inertia.prove_definite(*self._form(matrix), precision=PRECISION)

    def _negative(self, matrix: Matrix, direction: np.ndarray) -> Proof:
        program, box = self._form(matrix)
        return inertia.prove_negative_direction(program, box, {"x": direction.tolist()}, PRECISION)

    # Runs

    def constants(self, **more: Any) -> dict[str, Any]:
        named = {"inputs": _text(self.inputs), "labels": _text([[y] for y in self.labels]), "step": str(self.step)}
        return named | {name: value if isinstance(value, str) else _text(value) for name, value in more.items()}

    @staticmethod
    def advance(v: Any, weights: Any) -> Any:
        """One step of gradient descent on the columns of ``weights``."""
        return weights - v["inputs"] @ (v["inputs"].T @ weights - v["labels"]) * v["step"]

    def prove_run(self) -> tuple[Proof, int, str]:
        """Try to settle from real runs of how the difference of two of them ends, whatever their starts.

        From 0 and all unit vectors, K steps give E = (I-δA)^K - Π. ‖E‖_F < 1 makes every run converge, and
        ‖E‖_F² > r shows that some do not, because E is the K-th power of I-δA-Π, which is symmetric of rank <= r.
        """
        start = [[Fraction(0), *(Fraction(int(i == j)) for j in range(self.size))] for i in range(self.size)]
        shrinks = self.rate < 1
        steps = math.ceil((math.log(self.size) + 0.5) / max(abs(math.log(self.rate)), 1e-9)) if self.rate > 0 else 1
        if not 1 <= steps <= MOST_STEPS:
            return Proof(None, None, f"{steps} steps would be needed to settle it"), steps, "neither"

        def excess(v: Any) -> Any:
            weights = v["start"]
            for _ in range(steps):
                weights = self.advance(v, weights)
            gap = weights[:, 1:] - weights[:, :1] - v["kept"]
            return 1 - (gap**2).sum() if shrinks else (gap**2).sum() - self.rank

        program = trace(excess, {}, self.constants(start=start, kept=self.null_projection))
        return sign.prove(program, {}, ">", PRECISION + 8 * steps), steps, "shrinks" if shrinks else "grows"

    def prove_bound(self, start: Sequence[Fraction], steps: int) -> Proof:
        """Try to show |w[k] - w∞| < (q⁺)^k |w[0] - w∞| for the run from ``start``, 1 <= k <= ``steps``."""
        limit = self.limit(start)

        def slack(v: Any) -> Any:
            weights, parts = v["start"], []
            bound = ((weights - v["limit"]) ** 2).sum()
            for _ in range(steps):
                weights, bound = self.advance(v, weights), bound * v["rate"] ** 2
                parts.append((bound - ((weights - v["limit"]) ** 2).sum()).reshape(1))
            return torch.cat(parts)

        rate = Fraction(self.rate) + MARGIN
        ends = {"start": [[x] for x in start], "limit": [[x] for x in limit], "rate": str(rate)}
        bits = PRECISION + steps * (16 + math.ceil(2 * max(0.0, -math.log2(rate))))
        return sign.prove(trace(slack, {}, self.constants(**ends)), {}, ">", bits)

    def path(self, start: Sequence[Fraction], steps: int) -> np.ndarray:
        """The run from ``start`` in floats, (steps+1, n)."""
        inputs, labels = np.array(self.inputs, dtype=float), np.array(self.labels, dtype=float)
        points = [np.array(start, dtype=float)]
        for _ in range(steps):
            points.append(points[-1] - float(self.step) * inputs @ (inputs.T @ points[-1] - labels))
        return np.array(points)


def measured_rates(descent: Descent, steps: np.ndarray, starts: np.ndarray, iterations: int) -> np.ndarray:
    """(|d[2h]|/|d[h]|)^(1/h), d the distance to the limit, of runs from ``starts`` (B, n) at each step, (S, B).

    h is the largest number up to ``iterations``/2 for which d[2h] is above what floats resolve next to the limit; if
    there is none the factor of the first step stands.
    """
    inputs, labels = np.array(descent.inputs, dtype=float), np.array(descent.labels, dtype=float)
    null, least = np.array(descent.null_projection, dtype=float), np.array(descent.least_norm, dtype=float)
    weights = np.broadcast_to(starts, (len(steps), *starts.shape)).copy()
    limits = starts @ null + least
    distances = [np.linalg.norm(weights - limits, axis=2)]
    for _ in range(iterations):
        weights -= steps[:, None, None] * ((weights @ inputs - labels) @ inputs.T)
        distances.append(np.linalg.norm(weights - limits, axis=2))
    found = np.array(distances)
    rates = found[1] / found[0]
    for half in range(1, iterations // 2 + 1):
        resolved = found[2 * half] > 1e-10 * found[0]
        shrinking = np.where(resolved, found[2 * half] / np.where(resolved, found[half], 1), 0)
        rates = np.where(resolved, shrinking ** (1 / half), rates)
    return rates


def _combined(shift: Fraction, matrix: Matrix, factor: int) -> Matrix:
    """shift I + factor matrix."""
    return [[shift * (i == j) + factor * x for j, x in enumerate(row)] for i, row in enumerate(matrix)]


def transposed_integers(a: Sequence[Sequence[int]]) -> list[list[int]]:
    return [list(row) for row in zip(*a, strict=True)]


def _text(matrix: Sequence[Sequence[Any]]) -> list[list[str]]:
    return [[str(x) for x in row] for row in matrix]
