"""A matrix of positive determinant with its factors and what is shown of them: the case of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import torch
from flint import fmpq, fmpq_mat

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.decomposition import matrix_factors, matrix_proofs, matrix_roots

ROOM = 1e-10  # a norm is shown to be below (1 + this) times what floats say
LOWERED = 1e-7  # the same for limits, from below
SMALLEST = 1e-30  # the same where all A_i are 0
RESIDUAL = 1e-12  # of a product, relative to the largest entry

Entries = list[list[Fraction]]


def read(text: str, dimension: int | None, generator: torch.Generator) -> tuple[np.ndarray, Any, Entries | None]:
    """A matrix by name or as rows: in floats, as a constant of programs, and its rationals if these are short."""
    if text not in matrix_factors.NAMES:
        rows = matrix_factors.parse(text)
        try:
            floats = np.array(rows, dtype=np.float64)
        except OverflowError:
            raise ValueError(f"expected entries within the range of floats, got '{text}'") from None
        return floats, [[str(x) for x in row] for row in rows], rows
    if not isinstance(dimension, int) or dimension < 1:
        raise ValueError(f"expected a dimension of at least 1 for the matrix '{text}', got {dimension}")
    drawn = matrix_factors.drawn_matrix(text, dimension, generator)
    whole = bool((drawn == np.round(drawn)).all())
    return drawn, drawn, [[Fraction(x) for x in row] for row in drawn.tolist()] if whole else None


def orientation(matrix: np.ndarray, rows: Entries | None) -> int:
    """1 or -1, the sign of det R; 0 is refused, and what cannot be factorised in floats although det R > 0.

    Rationals mean their exact values: floats may be singular where these are not, and the other way round.
    """
    if rows is None:
        found = matrix_roots.determinant_sign(matrix)
    else:
        determinant = fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row] for row in rows]).det()
        found = int(determinant > 0) - int(determinant < 0)
    if found == 0:
        raise ValueError("expected a matrix whose determinant is not 0, got one that is singular or too near to it")
    if found > 0:
        matrix_roots.expected_matrix(matrix)
    return found


@dataclass(frozen=True)
class Case:
    """A factorised matrix; ``exact`` is the constant of programs that means it, ``rows`` its rationals if known."""

    found: matrix_factors.MatrixFactorisation
    exact: Any
    rows: Entries | None

    @property
    def depth(self) -> int:
        return self.found.depth

    @cached_property
    def attained(self) -> float:
        """A number above all ‖A_i‖, shown by `norms`."""
        return float(self.found.distances.max()) * (1 + ROOM) + SMALLEST

    @cached_property
    def norms(self) -> Proof:
        return matrix_proofs.norms_below(self.found.changes, self.attained)

    @property
    def residual(self) -> float:
        """What the entries of the product are shown to be within."""
        return float(RESIDUAL * np.abs(self.found.matrix).max())

    @cached_property
    def product(self) -> Proof:
        return matrix_proofs.product_within(self.found, self.exact, self.residual)

    def oriented(self) -> Proof:
        """det R > 0."""
        return matrix_proofs.determinant(self.exact, self.found.matrix, ">")

    @cached_property
    def least(self) -> float:
        """What no factorisation goes below: less than |ρ^(1/m) e^(iψ/m) - 1| at a vector, shown by `limit`."""
        return self.found.limit[0] * (1 - LOWERED)

    @cached_property
    def limit(self) -> Proof:
        return matrix_proofs.limit_above(self.found, self.exact, self.found.limit[1], self.least)

    def orthogonal(self) -> tuple[dict[str, Any], ...]:
        """The assertions that RᵀR = I exactly; empty if not shown."""
        return () if self.rows is None else matrix_proofs.orthogonal(self.rows)

    def not_identity(self) -> Proof:
        """One entry of R - I is not 0."""
        gap = self.found.matrix - np.eye(len(self.found.matrix))
        row, column = (int(i) for i in np.unravel_index(int(np.abs(gap).argmax()), gap.shape))
        sense, unit = 1 if gap[row, column] > 0 else -1, int(row == column)
        return self._prove(lambda v: sense * (v["matrix"][row, column] - unit), ">")

    def not_positive(self) -> tuple[str, Proof] | None:
        """Why R is not symmetric and positive; None if it is."""
        gap = self.found.matrix - self.found.matrix.T
        if gap.any():
            row, column = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
            proof = self._prove(lambda v: v["matrix"][row, column] - v["matrix"][column, row], ">")
            return "R is not symmetric", proof
        values, vectors = np.linalg.eigh(self.found.matrix)
        if values[0] > 0:
            return None
        proof = self._prove(lambda v: (v["x"] * (v["matrix"] @ v["x"])).sum(), "<", x=vectors[:, 0])
        return "R has a negative eigenvalue", proof

    def nearly_normal(self) -> bool:
        """Whether R commutes with its transpose up to rounding, in floats."""
        matrix = self.found.matrix
        gap = matrix @ matrix.T - matrix.T @ matrix
        return float(np.abs(gap).max()) <= RESIDUAL * float(np.abs(matrix).max()) ** 2

    def unpaired(self) -> bool:
        """Whether negative eigenvalues do not come in equal pairs, in floats."""
        eigenvalues = np.sort(np.linalg.eigvals(self.found.matrix).real)
        negative = eigenvalues[eigenvalues < 0]
        return len(negative) % 2 == 0 and bool(np.abs(negative[::2] - negative[1::2]).max(initial=0) > 1e-6)

    def moved(self, value: np.ndarray) -> Proof:
        """The printed chain takes x0 to T·0 - b, below h(x0) = b in every entry, for a positive b."""
        start = np.zeros(len(value))
        return self._prove(lambda v: v["matrix"] @ v["start"] - v["value"] - v["value"], "<", start=start, value=value)

    def _prove(self, function: Any, relation: str, **constants: Any) -> Proof:
        names: Mapping[str, Any] = {"matrix": self.exact, **constants}
        return sign.prove(trace(function, {}, names), {}, relation)
