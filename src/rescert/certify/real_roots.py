"""Real algebraic numbers and intervals between them, exactly: signs of rational polynomials decide everything.

A number is the only root of an irreducible polynomial between two rationals. Two such numbers are equal only
if their polynomials are, so that comparing them by bisection always ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_poly


def rational(value: fmpq | Fraction | int | str) -> fmpq:
    """The exact rational of an integer, a fraction, or a text such as ``"-3/4"`` or ``"0.1"``."""
    if isinstance(value, fmpq):
        return value
    fraction = Fraction(value)
    return fmpq(fraction.numerator, fraction.denominator)


def sign(value: fmpq) -> int:
    return (value > 0) - (value < 0)


@dataclass(frozen=True)
class Real:
    """The root of the irreducible ``polynomial`` in (low, high), or the rational low = high of a linear one."""

    polynomial: fmpq_poly
    low: fmpq
    high: fmpq

    @classmethod
    def of(cls, value: fmpq | Fraction | int | str) -> Real:
        point = rational(value)
        return cls(fmpq_poly([-point, 1]), point, point)

    @property
    def is_rational(self) -> bool:
        return self.low == self.high

    def narrow(self) -> Real:
        """The same number with half the width; bisection never hits it, because the polynomial is irreducible."""
        if self.is_rational:
            return self
        middle = (self.low + self.high) / 2
        if sign(self.polynomial(middle)) == sign(self.polynomial(self.low)):
            return Real(self.polynomial, middle, self.high)
        return Real(self.polynomial, self.low, middle)

    def sign_of(self, polynomial: fmpq_poly) -> int:
        """The sign of a rational polynomial at this number."""
        if self.is_rational:
            return sign(polynomial(self.low))
        if not polynomial % self.polynomial:
            return 0
        others, here = real_roots(polynomial), self
        while any(r.low <= here.high and here.low <= r.high for r in others):
            others, here = [r.narrow() for r in others], here.narrow()
        return sign(polynomial(here.low))

    def compare(self, other: Real) -> int:
        """-1, 0 or 1 as this number is below, equal to or above the other."""
        mine, its = self, other
        while not (mine.high < its.low or its.high < mine.low):
            low, high = max(mine.low, its.low), min(mine.high, its.high)
            if mine.is_rational and its.is_rational:
                return 0
            if mine.polynomial == its.polynomial and sign(mine.polynomial(low)) != sign(mine.polynomial(high)):
                return 0  # the common part holds the one root that each of the two isolates
            mine, its = mine.narrow(), its.narrow()
        return -1 if mine.high < its.low else 1

    def __lt__(self, other: Real) -> bool:
        return self.compare(other) < 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Real) and self.compare(other) == 0

    def __hash__(self) -> int:
        return hash(str(self.polynomial))

    def __float__(self) -> float:
        here = self
        while here.high - here.low > fmpq(1, 10**17):
            here = here.narrow()
        return float(Fraction(str(here.low)))

    def json(self) -> str | dict[str, object]:
        """``"p/q"``, or the polynomial's coefficients from the constant up and the rationals around the root."""
        if self.is_rational:
            return str(self.low)
        return {"root_of": [str(c) for c in self.polynomial.coeffs()], "between": [str(self.low), str(self.high)]}


def real_roots(polynomial: fmpq_poly) -> list[Real]:
    """The distinct real roots of a nonzero rational polynomial, in order.

    >>> [round(float(r), 6) for r in real_roots(fmpq_poly([0, -2, 0, 1]))]
    [-1.414214, 0.0, 1.414214]
    """
    if not polynomial:
        raise ValueError("expected a nonzero polynomial, got 0")
    found = []
    for factor, _ in polynomial.numer().factor()[1]:
        irreducible = fmpq_poly(factor)
        if factor.degree() == 1:
            found.append(Real.of(-irreducible[0] / irreducible[1]))
            continue
        balls = []
        pairs: Any = factor.complex_roots()  # its stub forgets the multiplicities
        for root, _ in pairs:
            if root.imag == 0:  # the isolating ball of a real root is exactly real
                middle, error = (_dyadic(*part.man_exp()) for part in (root.real.mid(), root.real.rad()))
                balls.append((middle - error, middle + error))
        found += [_rounded(irreducible, ball, [b for b in balls if b is not ball]) for ball in balls]
    return sorted(found)


def _rounded(irreducible: fmpq_poly, ball: tuple[fmpq, fmpq], others: list[tuple[fmpq, fmpq]]) -> Real:
    """The root in ``ball`` with short rationals around it that still leave out the other roots."""
    scale = fmpq(1)
    while True:
        low, high = fmpq((ball[0] * scale).floor()) / scale, fmpq((ball[1] * scale).ceil()) / scale
        if all(other[1] < low or high < other[0] for other in others):
            return Real(irreducible, low, high)
        scale *= 8


def _dyadic(mantissa: int, exponent: int) -> fmpq:
    power = fmpq(2) ** abs(int(exponent))
    return fmpq(int(mantissa)) * (power if exponent >= 0 else 1 / power)


def between(low: Real | None, high: Real | None) -> fmpq:
    """A rational of small denominator strictly between two numbers (None: infinity)."""
    if low is None:
        return fmpq(0) if high is None else fmpq(high.low.floor() - 1)
    if high is None:
        return fmpq(low.high.ceil() + 1)
    while not low.high < high.low:
        low, high = low.narrow(), high.narrow()
    middle, size = Fraction(str((low.high + high.low) / 2)), 1
    while True:
        candidate = rational(middle.limit_denominator(size))
        if low.high < candidate < high.low:
            return candidate
        size *= 2


@dataclass(frozen=True)
class Interval:
    """The numbers between ``low`` and ``high`` (None: infinite), each end with or without."""

    low: Real | None
    high: Real | None
    low_closed: bool = False
    high_closed: bool = False

    @classmethod
    def parse(cls, text: str) -> Interval:
        """An interval such as ``(0, sqrt(5/4)]`` or ``(-inf, -11]``, or one number such as ``-6/5``.

        Raises ``ValueError`` if the text is neither, or if the interval is empty.
        """
        shape = re.fullmatch(r"([\[(])\s*(\S+)\s*,\s*(\S+?)\s*([])])", text)
        if shape is None:
            point = _end(text)
            if point is None:
                raise ValueError(f"expected a number or an interval such as '(0, inf)', got '{text}'")
            return cls(point, point, True, True)
        low, high = _end(shape[2]), _end(shape[3])
        interval = cls(low, high, shape[1] == "[", shape[4] == "]")
        if interval.is_empty or (low is None and interval.low_closed) or (high is None and interval.high_closed):
            raise ValueError(f"expected a non-empty interval such as '(0, sqrt(5/4)]', got '{text}'")
        return interval

    @property
    def point(self) -> Real | None:
        """The number, if the interval is one number."""
        return self.low if self.low is not None and self.low == self.high else None

    @property
    def is_empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        order = self.low.compare(self.high)
        return order > 0 or (order == 0 and not (self.low_closed and self.high_closed))

    def meet(self, other: Interval) -> Interval:
        """The intersection, which may be empty."""
        low, low_closed = _inner(self.low, self.low_closed, other.low, other.low_closed, 1)
        high, high_closed = _inner(self.high, self.high_closed, other.high, other.high_closed, -1)
        return Interval(low, high, low_closed, high_closed)

    def contains(self, number: Real) -> bool:
        return not self.meet(Interval(number, number, True, True)).is_empty

    def inside(self, numbers: Iterable[Real]) -> list[Real]:
        """Those of the numbers that lie strictly between the ends, sorted, each once."""
        found: list[Real] = []
        opened = Interval(self.low, self.high)
        for number in sorted(number for number in numbers if opened.contains(number)):
            if not found or found[-1] != number:
                found.append(number)
        return found

    def json(self) -> dict[str, object]:
        """The entries ``interval`` and ``closed`` of an assertion."""
        return {
            "interval": [None if end is None else end.json() for end in (self.low, self.high)],
            "closed": [self.low_closed, self.high_closed],
        }


def _inner(a: Real | None, a_closed: bool, b: Real | None, b_closed: bool, side: int) -> tuple[Real | None, bool]:
    """The inner of two ends: the larger of two lower ends (side 1), the smaller of two upper ends (side -1)."""
    if a is None or b is None:
        return (b, b_closed) if a is None else (a, a_closed)
    order = a.compare(b) * side
    return (a, a_closed and b_closed) if order == 0 else (a, a_closed) if order > 0 else (b, b_closed)


def _end(text: str) -> Real | None:
    shape = re.fullmatch(r"([+-]?)(inf|sqrt\((\d+(?:/\d+)?)\)|\d+(?:/\d+|\.\d+)?)", text.strip())
    if shape is None:
        raise ValueError(f"expected a rational, 'sqrt(p/q)' or 'inf' as the end of an interval, got '{text}'")
    if shape[2] == "inf":
        return None
    if shape[3] is None:
        return Real.of(shape[1] + shape[2])
    roots = real_roots(fmpq_poly([-rational(shape[3]), 0, 1]))
    return roots[0] if shape[1] == "-" else roots[-1]
