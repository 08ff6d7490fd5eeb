r"""The matrix $R$ that a chain is fitted to: its spectrum and its spectral norm, exactly or between rationals.

With $d$ the common denominator, $N=dR$ is an integer matrix and its minimal polynomial $q$ has integer coefficients.
$R$ is diagonalisable with real eigenvalues iff $q$ has as many distinct real roots as its degree. A certificate says:
$q(N)=0$, in integers, and $q$ has a root in each of $\deg q$ disjoint intervals (it changes sign there, or the interval
is one integer at which $q$ is 0). Then these are all roots of $q$, so all eigenvalues of $N$ are among them, and $N$
is diagonalisable. The spectral norm is bounded below by a rational vector, above by a positive definite matrix.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

import numpy as np
import torch
from flint import fmpq, fmpq_mat, fmpq_poly, fmpz_mat, fmpz_poly

from rescert.certify import sign
from rescert.certify.inertia import prove_definite
from rescert.certify.problem import trace
from rescert.certify.real_roots import Real, real_roots

Assertions = tuple[dict[str, Any], ...]
Rows = list[list[Fraction]]
Constants = dict[str, Any]
EXACT_BITS = (256, 1024, 4096)  # precisions at which an identity is tried
ROOT_BITS = 120  # of the intervals around irrational eigenvalues
NORM_BITS = 24  # of the bounds of the squared spectral norm


def parse(text: str) -> Rows:
    """A square matrix from text: rows between semicolons, entries (decimals or fractions) between blanks.

    >>> parse("1 1/2; 0 2")[0]
    [Fraction(1, 1), Fraction(1, 2)]
    """
    try:
        rows = [[Fraction(entry) for entry in row.split()] for row in text.split(";")]
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"expected a matrix such as '1 1/2; 0 2', got '{text}'") from None
    if any(len(row) != len(rows) for row in rows):
        raise ValueError(f"expected a square matrix, got rows of {[len(row) for row in rows]} entries in '{text}'")
    return rows


def texts(rows: Rows) -> list[list[str]]:
    """A rational matrix as the constant of a program."""
    return [[str(entry) for entry in row] for row in rows]


def polynomial(one: Rows, other: Rows) -> list[Fraction] | None:
    """Coefficients c of one = Σ_j c_j other^j, as few as can be; None if it is no polynomial in the other.

    >>> polynomial(parse("2 1; 0 3/2"), parse("1 1; 0 1/2"))
    [Fraction(1, 1), Fraction(1, 1)]
    """
    size = len(other)
    scale = lcm(*(x.denominator for row in other for x in row))
    degree = fmpz_mat([[int(x * scale) for x in row] for row in other]).minpoly().degree()
    powers = [[[Fraction(int(i == j)) for j in range(size)] for i in range(size)]]
    while len(powers) < degree:
        powers.append(_product(powers[-1], other))
    independent = fmpq_mat([_flat(power) for power in powers])
    wanted = fmpq_mat([[x] for x in _flat(one)])
    found = (independent * independent.transpose()).solve(independent * wanted)
    return [_fraction(found[j, 0]) for j in range(degree)] if independent.transpose() * found == wanted else None


def prove_polynomial(one: Rows, other: Rows) -> Assertions:
    """The assertions, in integers, that a matrix is a polynomial in another: it then has all its eigenvectors."""
    found = polynomial(one, other)
    if found is None:
        return ()
    inner = lcm(*(x.denominator for row in other for x in row))
    scaled = [c / inner**j for j, c in enumerate(found)]
    outer = lcm(*(x.denominator for x in scaled), *(x.denominator for row in one for x in row))
    coefficients = [int(c * outer) for c in scaled]
    constants = {
        "whole": [[int(x * inner) for x in row] for row in other],
        "wanted": [[int(x * outer) for x in row] for row in one],
        "one": _identity(len(other)),
    }
    return prove_zero(lambda v: _matrix_horner(coefficients, v["whole"], v["one"]) - v["wanted"], constants)


def prove_zero(function: Any, constants: Constants) -> Assertions:
    """The assertions that a program of integers and binary fractions is 0; empty if no precision shows it."""
    program = trace(function, {}, constants)
    return next(filter(None, (sign.prove_zero(program, bits) for bits in EXACT_BITS)), ())


class Target:
    """A nonzero rational matrix that is diagonalisable with real eigenvalues; anything else raises ``ValueError``."""

    def __init__(self, text: str) -> None:
        self.rows = parse(text)
        self.size = len(self.rows)
        self.denominator = lcm(*(x.denominator for row in self.rows for x in row))
        self.whole = [[int(x * self.denominator) for x in row] for row in self.rows]
        if not any(any(row) for row in self.whole):
            raise ValueError(f"expected a matrix other than 0, got '{text}'")
        self.minimal: fmpz_poly = fmpz_mat(self.whole).minpoly()
        degree = self.minimal.degree()
        if self.minimal.gcd(self.minimal.derivative()).degree() > 0:
            raise ValueError(
                f"expected a diagonalisable matrix, got '{text}': its minimal polynomial has a double root"
            )
        self.roots: list[Real] = real_roots(fmpq_poly(self.minimal))
        if len(self.roots) < degree:
            raise ValueError(
                f"expected real eigenvalues only, got '{text}' with {degree - len(self.roots)} complex ones"
            )

    @cached_property
    def floats(self) -> torch.Tensor:
        return torch.tensor([[float(x) for x in row] for row in self.rows], dtype=torch.float64)

    @property
    def symmetric(self) -> bool:
        return all(self.whole[i][j] == self.whole[j][i] for i in range(self.size) for j in range(i))

    @property
    def simple(self) -> bool:
        """Whether all eigenvalues are distinct: then what commutes with R is a polynomial in it."""
        return self.minimal.degree() == self.size

    @property
    def scalar(self) -> bool:
        """Whether it is a multiple of the identity."""
        return self.minimal.degree() == 1

    @property
    def dyadic(self) -> bool:
        """Whether all entries are binary fractions, so that balls multiply them without rounding."""
        return self.denominator & (self.denominator - 1) == 0

    @cached_property
    def intervals(self) -> list[tuple[Fraction, Fraction]]:
        """Rationals around each distinct eigenvalue of R, in order; both are the eigenvalue where it is rational."""
        found = []
        for root in self.roots:
            while root.high - root.low > fmpq(1, 1 << ROOT_BITS):
                root = root.narrow()
            found.append((_fraction(root.low) / self.denominator, _fraction(root.high) / self.denominator))
        return found

    @property
    def eigenvalues(self) -> list[float]:
        """The distinct eigenvalues in floats, in order."""
        return [float((low + high) / 2) for low, high in self.intervals]

    @property
    def radius(self) -> tuple[Fraction, Fraction]:
        """A lower and an upper bound of the spectral radius, equal where it is rational; see `radius_below`."""
        ends = [sorted((abs(low), abs(high))) for low, high in self.intervals]
        return max(low for low, _ in ends), max(high for _, high in ends)

    def spectrum(self) -> Assertions:
        """That R is diagonalisable with real eigenvalues, one in each of `intervals` and none elsewhere.

        Empty if a part of it is not shown.
        """
        coefficients = [int(c) for c in self.minimal.coeffs()]

        constants = {"whole": self.whole, "one": _identity(self.size)}
        parts = [prove_zero(lambda v: _matrix_horner(coefficients, v["whole"], v["one"]), constants)]
        exact = [int(low * self.denominator) for low, high in self.intervals if low == high]
        if exact:
            parts.append(prove_zero(lambda v: _horner(coefficients, v["roots"]), {"roots": exact}))
        ends, signs = [], []
        for i, (low, high) in enumerate(self.intervals):
            if low != high:
                below = (-1) ** (len(self.intervals) - i)
                ends += [str(low * self.denominator), str(high * self.denominator)]
                signs += [below, -below]
        if ends:
            program = trace(lambda v: _horner(coefficients, v["ends"]) * v["signs"], {}, {"ends": ends, "signs": signs})
            parts.append(_shown(sign.prove(program, {}, ">", 1024)))
        return tuple(a for part in parts for a in part) if all(parts) else ()

    def asymmetry(self) -> Assertions:
        """That R is not symmetric: an entry of N - N' that is not 0."""
        return _shown(sign.prove(trace(_asymmetry, {}, {"whole": self.whole}), {}, ">"))

    def symmetry(self) -> Assertions:
        """That R is symmetric."""
        return prove_zero(lambda v: v["whole"] - v["whole"].T, {"whole": self.whole})

    def radius_below(self) -> tuple[Fraction, Assertions]:
        """A rational that is at most the spectral radius, with the assertions that it is.

        Where the extreme eigenvalue is rational an integer eigenvector shows it. Otherwise tr N^(2m) <= n λ(N)^(2m),
        because all eigenvalues are real.
        """
        low, high = self.radius
        if low == high:
            value = next(x for x, y in self.intervals if x == y and abs(x) == low)
            vector = self.eigenvectors(value)[0]
            constants = {"whole": self.whole, "vector": vector, "value": int(value * self.denominator)}
            size = sign.constant(sum(x * x for x in vector), ">")
            return low, (*prove_zero(lambda v: v["whole"] @ v["vector"] - v["vector"] * v["value"], constants), size)
        squarings = 9
        bound = Fraction(int(low * self.denominator * 1000 * Fraction(997, 1000)), 1000)

        def excess(v: Any) -> Any:
            power, least = v["whole"], v["bound"]
            for _ in range(squarings):
                power, least = power @ power, least * least
            return (power * v["one"]).sum() - least * self.size

        program = trace(excess, {}, {"whole": self.whole, "one": _identity(self.size), "bound": str(bound)})
        return bound / self.denominator, _shown(sign.prove(program, {}, ">", 1024))

    def eigenvectors(self, value: Fraction) -> list[list[int]]:
        """A basis, in integers, of the eigenspace of a rational eigenvalue."""
        shift = int(value * self.denominator)
        shifted = fmpz_mat([[x - shift * (i == j) for j, x in enumerate(row)] for i, row in enumerate(self.whole)])
        space, nullity = shifted.nullspace()
        return [[int(space[i, j]) for i in range(self.size)] for j in range(nullity)]

    @cached_property
    def _direction(self) -> list[int]:
        """The first right singular vector, in integers."""
        _, _, right = np.linalg.svd(np.array(self.whole, dtype=float))
        return [round(x * 2**20) for x in right[0].tolist()]

    @cached_property
    def norm_squares(self) -> tuple[Fraction, Fraction]:
        """A lower and an upper bound of the squared spectral norm of R, both with short numerators."""
        moved = [sum(x * y for x, y in zip(row, self._direction, strict=True)) for row in self.whole]
        low = Fraction(sum(x * x for x in moved), sum(x * x for x in self._direction)) / self.denominator**2
        scale = 1 << max(0, NORM_BITS - low.numerator.bit_length() + low.denominator.bit_length())
        return Fraction(int(low * scale), scale), Fraction(int(low * scale) + 8, scale)

    def norm_below(self) -> Assertions:
        """That the squared spectral norm is at least the first of `norm_squares`."""

        def excess(v: Any) -> Any:
            moved = v["matrix"] @ v["direction"]
            return (moved * moved).sum() - v["square"] * (v["direction"] * v["direction"]).sum()

        square = str(self.norm_squares[0])
        constants: Constants = {"matrix": texts(self.rows), "direction": self._direction, "square": square}
        return _shown(sign.prove(trace(excess, {}, constants), {}, ">=" if self.dyadic else ">", 256))

    def norm_above(self) -> Assertions:
        """That the squared spectral norm is below the second of `norm_squares`."""

        def form(v: Any) -> Any:
            moved = v["matrix"] @ v["x"]
            return v["square"] * (v["x"] * v["x"]).sum() - (moved * moved).sum()

        constants: Constants = {"matrix": texts(self.rows), "square": str(self.norm_squares[1])}
        program = trace(form, {"x": (self.size,)}, constants)
        return _shown(prove_definite(program, {"x": {"mid": [0] * self.size}}, arithmetic="balls"))


def _identity(size: int) -> list[list[int]]:
    return [[int(i == j) for j in range(size)] for i in range(size)]


def _flat(rows: Rows) -> list[fmpq]:
    return [fmpq(x.numerator, x.denominator) for row in rows for x in row]


def _product(a: Rows, b: Rows) -> Rows:
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), Fraction(0)) for column in zip(*b, strict=True)]
        for row in a
    ]


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _horner(coefficients: list[int], x: Any) -> Any:
    total = x * 0 + coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total


def _matrix_horner(coefficients: list[int], matrix: Any, one: Any) -> Any:
    total = one * coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = total @ matrix + one * c
    return total


def _asymmetry(v: Any) -> Any:
    difference = v["whole"] - v["whole"].T
    return (difference * difference).sum()


def _shown(proof: Any) -> Assertions:
    return () if proof.assertion is None else (proof.assertion,)
