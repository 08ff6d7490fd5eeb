r"""Quadratic functions $f(x)=\frac12x^{\mathsf T}Hx+\beta\cdot x$ on the unit cube, and what decides whether networks
reach them.

All numbers are rational. A symmetric matrix is *completely positive* if $H=\sum_kd_kv_kv_k^{\mathsf T}$ with
$d_k,v_k\ge0$, and $Q$ is *copositive* if $x^{\mathsf T}Qx\ge0$ for all $x\ge0$; then
$\operatorname{tr}(QH)=\sum_kd_kv_k^{\mathsf T}Qv_k\ge0$.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from rescert.certify.problem import rational

Matrix = tuple[tuple[Fraction, ...], ...]
Corner = tuple[Fraction, ...]  # of the unit cube

# Horn's matrix: copositive, not a sum of a positive semidefinite matrix and one without negative entries.
HORN = tuple(tuple(Fraction(-1 if (i - j) % 5 in (1, 4) else 1) for j in range(5)) for i in range(5))


class Ridge(NamedTuple):
    """weight (vector·x)²/2 with a whole vector."""

    weight: Fraction
    vector: tuple[Fraction, ...]


def matrix(text: str, name: str) -> Matrix:
    """Rows separated by ';', entries by spaces; all rows of one length.

    >>> matrix("2 -1; -1 1/2", "hessian")[1]
    (Fraction(-1, 1), Fraction(1, 2))
    """
    if not isinstance(text, str):
        raise ValueError(f"expected the text of a matrix such as '2 -1; -1 2' for '{name}', got {text!r}")
    rows = tuple(tuple(rational(entry) for entry in row.split()) for row in text.split(";"))
    if not rows[0] or len({len(row) for row in rows}) != 1:
        raise ValueError(f"expected rows of one length for '{name}', got '{text}'")
    if any(t.denominator & (t.denominator - 1) for row in rows for t in row):
        raise ValueError(f"expected integers or binary fractions for '{name}', got '{text}'")
    return rows


@dataclass(frozen=True)
class Quadratic:
    """f(x) = x'Hx/2 + gradient·x."""

    hessian: Matrix
    gradient: tuple[Fraction, ...]

    @staticmethod
    def parse(hessian: str, gradient: str) -> Quadratic:
        """Raises ``ValueError`` unless the matrix is symmetric, its entries binary fractions, and the sizes fit."""
        rows, lines = matrix(hessian, "hessian"), matrix(gradient, "gradient")
        if tuple(zip(*rows, strict=True)) != rows:
            raise ValueError(f"expected a symmetric matrix for 'hessian', got '{re.sub(' +', ' ', hessian)}'")
        if len(lines) != 1 or len(lines[0]) != len(rows):
            raise ValueError(f"expected {len(rows)} numbers in one row for 'gradient', got '{gradient}'")
        return Quadratic(rows, lines[0])

    @property
    def dimension(self) -> int:
        return len(self.gradient)

    def bilinear(self, x: Sequence[Fraction], y: Sequence[Fraction]) -> Fraction:
        """The polar form: f(x) = bilinear(x, x)."""
        curved = sum((x[i] * h * y[j] for i, row in enumerate(self.hessian) for j, h in enumerate(row)), Fraction(0))
        return (curved + sum((g * (a + b) for g, a, b in zip(self.gradient, x, y, strict=True)), Fraction(0))) / 2

    def at(self, x: Sequence[Fraction]) -> Fraction:
        return self.bilinear(x, x)

    def plus(self, other: Quadratic) -> Quadratic:
        return Quadratic(
            tuple(tuple(map(Fraction.__add__, a, b)) for a, b in zip(self.hessian, other.hessian, strict=True)),
            tuple(map(Fraction.__add__, self.gradient, other.gradient)),
        )

    def enlarged(self, scale: int) -> Quadratic:
        """x -> scale² f(x/scale)."""
        return Quadratic(self.hessian, tuple(scale * g for g in self.gradient))

    def constants(self) -> dict[str, Any]:
        """The constants of a program that calls `value`."""
        return {"hessian": [list(map(str, row)) for row in self.hessian], "gradient": list(map(str, self.gradient))}

    def pairs(self) -> list[tuple[int, int]]:
        return list(itertools.combinations(range(self.dimension), 2))

    def pivots(self) -> list[Fraction]:
        """Those of LDL' without exchanges, up to the first that is not positive: the matrix is definite iff all are."""
        return list(_eliminated(self.hessian)[0])

    @cached_property
    def least_mixed(self) -> tuple[Fraction, Corner, Corner]:
        """The least f(x∨y) + f(x∧y) - f(x) - f(y) over corners x, y without a common 1, and these; 0 at most.

        >>> [str(t) for t in Quadratic.parse("2 -1; -1 2", "1 1").least_mixed[1]]
        ['1', '0']
        """
        found = []
        for part in itertools.product(range(3), repeat=self.dimension):
            x, y = (tuple(Fraction(p == k) for p in part) for k in (1, 2))
            curved = sum((h for h_row, s in zip(self.hessian, x, strict=True) if s
                          for h, t in zip(h_row, y, strict=True) if t), Fraction(0))  # fmt: skip
            found.append((curved, x, y))
        return min(found, key=lambda entry: entry[0])

    @cached_property
    def largest_fall(self) -> tuple[Fraction, Corner, Corner]:
        """The largest f(x) - f(y) over corners x <= y, and these; 0 at least.

        >>> str(Quadratic.parse("1 -2; -2 8", "1/4 1").largest_fall[0])
        '5/4'
        """
        corners = [tuple(map(Fraction, x)) for x in itertools.product((0, 1), repeat=self.dimension)]
        values = {x: self.at(x) for x in corners}
        rising = [(x, y) for x in corners for y in corners if all(map(Fraction.__le__, x, y))]
        x, y = max(rising, key=lambda pair: values[pair[0]] - values[pair[1]])
        return values[x] - values[y], x, y


def value(v: Any, x: Any) -> Any:
    """f at the rows of ``x`` (N, n), from `Quadratic.constants`: shape (N,)."""
    return ((x @ v["hessian"]) * x).sum(1) / 2 + x @ v["gradient"]


def _eliminated(rows: Matrix) -> tuple[list[Fraction], list[tuple[Fraction, ...]]]:
    """Pivots and columns of L; stops at a pivot that is not positive, unless its whole row is zero."""
    remaining = [list(row) for row in rows]
    size, diagonal, columns = len(rows), [], []
    for k in range(size):
        pivot = remaining[k][k]
        diagonal.append(pivot)
        if pivot < 0 or (pivot == 0 and any(remaining[k])):
            break
        column = tuple(Fraction(i == k) if pivot == 0 or i < k else remaining[i][k] / pivot for i in range(size))
        columns.append(column)
        for i in range(k, size):
            for j in range(k, size):
                remaining[i][j] -= pivot * column[i] * column[j]
    return diagonal, columns


def completely_positive(rows: Matrix) -> tuple[Ridge, ...] | None:
    """Ridges whose sum is x'Hx/2, with nonnegative weights and vectors; None if none was found.

    Looked for first as pairs (diagonal dominance: e_i+e_j and e_i), then by elimination in every order of the
    variables. Up to n = 3 an order serves every positive definite matrix without negative entries.

    >>> [[str(t) for t in (weight, *vector)] for weight, vector in completely_positive(matrix("2 1; 1 1", ""))]
    [['1', '1', '1'], ['1', '1', '0']]
    >>> completely_positive(matrix("2 -1; -1 2", "")) is None
    True
    """
    pairs = signed_ridges(rows)
    if all(r.weight >= 0 for r in pairs):
        return pairs
    if any(t < 0 for row in rows for t in row):
        return None
    for order in itertools.permutations(range(len(rows))):
        pivots, columns = _eliminated(tuple(tuple(rows[i][j] for j in order) for i in order))
        if len(columns) == len(rows) and all(t >= 0 for column in columns for t in column):
            ridges = []
            for pivot, column in zip(pivots, columns, strict=True):
                scale = math.lcm(*(t.denominator for t in column))
                vector = tuple(scale * column[order.index(i)] for i in range(len(rows)))
                ridges.append(Ridge(pivot / scale**2, vector))
            return tuple(r for r in ridges if r.weight)
    return None


def signed_ridges(rows: Matrix) -> tuple[Ridge, ...]:
    """x'Hx/2 as Σ_{i<j} h_ij (x_i+x_j)²/2 + Σ_i (h_ii - Σ_{j≠i} h_ij) x_i²/2, zero weights left out."""
    size = range(len(rows))

    def unit(*where: int) -> tuple[Fraction, ...]:
        return tuple(Fraction(k in where) for k in size)

    ridges = [Ridge(rows[i][j], unit(i, j)) for i, j in itertools.combinations(size, 2)]
    ridges += [Ridge(2 * rows[i][i] - sum(rows[i]), unit(i)) for i in size]
    return tuple(r for r in ridges if r.weight)


class Copositive(NamedTuple):
    """diag(scaling) horn diag(scaling), with Horn's matrix after a permutation of the variables; scaling >= 0."""

    scaling: tuple[Fraction, ...]
    horn: Matrix

    @property
    def matrix(self) -> Matrix:
        d = self.scaling
        return tuple(tuple(d[i] * q * d[j] for j, q in enumerate(row)) for i, row in enumerate(self.horn))


def copositive_forms(rows: Matrix) -> list[Copositive]:
    """Copositive matrices with tr(QH) < 0, as DQD with Horn's matrix, its variables permuted; only for n = 5.

    tr(DQDH) = d'(Q∘H)d with the entrywise product: d is a rounded eigenvector of it, where that has one sign.
    """
    found: list[Copositive] = []
    if len(rows) != 5:
        return found
    for order in sorted({tuple(tuple(HORN[i][j] for j in p) for i in p) for p in itertools.permutations(range(5))}):
        product = np.array(
            [[float(q * h) for q, h in zip(*pair, strict=True)] for pair in zip(order, rows, strict=True)]
        )
        values, vectors = np.linalg.eigh(product)
        weights = vectors[:, 0] * np.sign(vectors[:, 0].sum())
        d = [Fraction(round(float(t)), 16) for t in 16 * weights / weights.max()]
        form = Copositive(tuple(d), order)
        if values[0] < 0 and min(d) >= 0 and trace_product(form.matrix, rows) < 0:
            found.append(form)
    return found


def trace_product(a: Matrix, b: Matrix) -> Fraction:
    """tr(AB) of symmetric matrices."""
    return sum((q * h for x, y in zip(a, b, strict=True) for q, h in zip(x, y, strict=True)), Fraction(0))


def ridge_matrix(ridges: Sequence[Ridge]) -> np.ndarray:
    """The whole vectors as an integer array (K, n)."""
    return np.array([[int(t) for t in r.vector] for r in ridges], dtype=np.int64)
