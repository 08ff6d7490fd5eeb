r"""Exact least squares with one ReLU hinge, for all values of a parameter $\rho$ at once.

The data are $x_1<\dots<x_n$ (rational; repetitions allowed) and $y_i(\rho)=y_{i0}+\rho y_{i1}$; the risk of $f$ is
$\frac1N\sum_i(f(x_i)-y_i)^2$, $N$ the number of data. Two families of functions are known here:

- without skip: $\alpha+\gamma\,\mathrm{relu}(s(x-\tau))$, $s=\pm1$: a constant piece and a linear piece;
- with skip: $\alpha+\beta x+\gamma\,\mathrm{relu}(x-\tau)$: two linear pieces.

**Cells.** Let $p$ be the left piece, $q$ the right one, $D=q-p$. A pair $(p,q)$ is continuous with a kink in
$[x_k,x_{k+1}]$ exactly if $p=q$ or $D$ has its zero there, that is $D(x_k)D(x_{k+1})\le0$ ($D$ is affine; where it
vanishes at both points, $p=q$). A kink outside the data leaves one piece on all of them, which is the case
$D(x_1)=0$, $D(x_n)=0$ or $p=q$ of a cell. So each family is, on the data, the union over $k$ (and over the two
orientations, without skip) of two polyhedral cones $\sigma D(x_k)\le0\le\sigma D(x_{k+1})$, $\sigma=\pm1$: a closed
set, on which the risk attains its minimum.

**One cone.** The risk is a convex quadratic of the coefficients $z$ of $(p,q)$. If a linear piece meets only one
data abscissa, its slope there is free, and with it the sign of $D$ at the other end of the kink interval: the cone
constraints then fall away, and the piece counts as a constant. Otherwise the quadratic is strictly convex and
$D(x_k),D(x_{k+1})$ are linearly independent functionals, so for every set $S$ of active constraints the KKT system
has one solution, affine in $\rho$. It is the minimum over the cone exactly where the inactive constraints and the
multipliers of the active ones are $\ge0$: *affine inequalities in $\rho$*. Its risk is a quadratic polynomial.
An empty $S$ means a kink strictly between data (or anywhere, if the cell has no constraints).

**All $\rho$.** Between the roots of all those affine forms and of the differences of all those polynomials, the
smallest feasible polynomial is the same one: one rational sample a gap finds the whole lower envelope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any, Literal

from flint import fmpq, fmpq_mat, fmpq_poly

from rescert.certify.real_roots import Interval, Real, between, rational, real_roots

Relation = Literal["=", "<", "<=", ">", ">="]
Kinks = Literal["anywhere", "off data"]


def polynomial(coefficients: Sequence[fmpq | Fraction | int | str]) -> fmpq_poly:
    """The polynomial in rho with these coefficients, from the constant up."""
    return fmpq_poly([rational(c) for c in coefficients])


def coefficients(poly: fmpq_poly) -> list[str]:
    """The inverse of `polynomial`, as texts for an assertion."""
    return [str(c) for c in poly.coeffs()] or ["0"]


@dataclass(frozen=True, eq=False)
class Piece:
    """A KKT point of one cone: it is that cone's minimum for exactly the rho where all ``conditions`` are >= 0.

    ``cell`` k says that the kink lies in [x_k, x_{k+1}] (from 1); ``active`` names the ends, of k and k + 1, at
    which it sits: none (strictly between), one (on that data point) or both (no kink at all).
    """

    cell: int
    left: Literal["constant", "linear"]
    right: Literal["constant", "linear"]
    active: tuple[int, ...]
    conditions: tuple[fmpq_poly, ...]
    risk: fmpq_poly
    coefficients: tuple[fmpq_poly, ...]

    def feasible(self, rho: fmpq) -> bool:
        return all(condition(rho) >= 0 for condition in self.conditions)


@dataclass(frozen=True, eq=False)
class Segment:
    """Between ``low`` and ``high`` the minimum is ``risk``, attained by ``pieces`` (None and (): no candidate)."""

    low: Real | None
    high: Real | None
    risk: fmpq_poly | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, eq=False)
class OneHinge:
    """The problem: at least two distinct ``abscissae``, ``ordinates`` (polynomials in rho of degree <= 1)."""

    abscissae: tuple[fmpq, ...]
    ordinates: tuple[fmpq_poly, ...]
    skip: bool

    def __post_init__(self) -> None:
        if len(self.abscissae) != len(self.ordinates):
            raise ValueError(f"expected as many abscissae as ordinates, got {len(self.abscissae)}")
        if len(self.points) < 2:
            raise ValueError(f"expected at least two distinct abscissae, got {len(self.points)}")
        if any(y.degree() > 1 for y in self.ordinates):
            raise ValueError("expected ordinates of degree at most 1 in rho, got a higher one")

    @cached_property
    def points(self) -> list[fmpq]:
        """The distinct abscissae, in order."""
        return sorted({Fraction(str(x)): x for x in self.abscissae}.values())

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """All KKT points of all cones of all cells."""
        shapes = [("linear", "linear")] if self.skip else [("constant", "linear"), ("linear", "constant")]
        cells = [(k, *shape) for k in range(1, len(self.points)) for shape in shapes]
        return tuple(piece for cell in cells for piece in self._cell(*cell))

    def _cell(self, k: int, left: Any, right: Any) -> list[Piece]:
        last = len(self.points) - 1
        alone = (left == "linear" and k == 1) or (right == "linear" and k == last)
        sizes = (2 if left == "linear" and k > 1 else 1, 2 if right == "linear" and k < last else 1)
        design = [
            [fmpq(1), x][: sizes[0]] + [fmpq(0)] * sizes[1]
            if x < self.points[k]
            else [fmpq(0)] * sizes[0] + [fmpq(1), x][: sizes[1]]
            for x in self.abscissae
        ]
        jumps = [[-v for v in [fmpq(1), x][: sizes[0]]] + [fmpq(1), x][: sizes[1]] for x in self.points[k - 1 : k + 1]]
        if alone:
            z, _ = self._stationary(design, [])
            return [Piece(k, left, right, (), (), self.risk(design, z), tuple(z))]
        found = []
        for active in [(), (0,), (1,), (0, 1)]:
            z, multipliers = self._stationary(design, [jumps[j] for j in active])
            values = [sum((c * v for c, v in zip(jump, z, strict=True)), fmpq_poly()) for jump in jumps]
            for orientation in (1, -1):
                # constraint 0 is -orientation D(x_k) >= 0, constraint 1 is orientation D(x_{k+1}) >= 0
                turns = (-orientation, orientation)
                slack = [turns[j] * values[j] for j in (0, 1) if j not in active]
                forces = [turns[j] * m for j, m in zip(active, multipliers, strict=True)]
                ends = tuple(k + j for j in active)
                found.append(Piece(k, left, right, ends, (*slack, *forces), self.risk(design, z), tuple(z)))
        return found

    def _stationary(
        self, design: list[list[fmpq]], active: list[list[fmpq]]
    ) -> tuple[list[fmpq_poly], list[fmpq_poly]]:
        """z and m with A'(Az-y) = sum_j m_j d_j and d_j z = 0: the KKT system, each solution affine in rho."""
        rows, size, extra = len(design), len(design[0]), len(active)
        gram = [[sum((r[a] * r[b] for r in design), fmpq(0)) for b in range(size)] for a in range(size)]
        system = [gram[a] + [-d[a] for d in active] for a in range(size)] + [d + [fmpq(0)] * extra for d in active]
        target = [
            [sum((design[i][a] * self.ordinates[i][power] for i in range(rows)), fmpq(0)) for power in (0, 1)]
            for a in range(size)
        ] + [[fmpq(0), fmpq(0)]] * extra
        matrix = fmpq_mat(size + extra, size + extra, [v for row in system for v in row])
        solved = matrix.solve(fmpq_mat(size + extra, 2, [v for row in target for v in row]))
        answer = [fmpq_poly([solved[i, 0], solved[i, 1]]) for i in range(size + extra)]
        return answer[:size], answer[size:]

    def risk(self, design: list[list[fmpq]], z: Sequence[fmpq_poly]) -> fmpq_poly:
        """(1/N)|Az - y|^2 as a polynomial in rho."""
        total = fmpq_poly()
        for row, y in zip(design, self.ordinates, strict=True):
            error = sum((c * v for c, v in zip(row, z, strict=True)), fmpq_poly()) - y
            total += error * error
        return total / len(design)

    def least(self, rho: fmpq) -> fmpq:
        """The minimum at one rational rho."""
        return min(piece.risk(rho) for piece in self.pieces if piece.feasible(rho))

    def envelope(self, interval: Interval, kinks: Kinks = "anywhere") -> list[Segment]:
        """The minimum as a piecewise polynomial of rho, over the family or over kinks strictly between data.

        With ``kinks="off data"`` only KKT points without active constraints count: the points that are
        stationary without the help of the kink's position. There may be none.
        """
        point = interval.point
        if point is not None and not point.is_rational:
            raise ValueError("expected an interval or one rational number, got one irrational number")
        pieces = [p for p in self.pieces if kinks == "anywhere" or not p.active]
        risks = {str(p.risk): p.risk for p in pieces}.values()
        borders = [c for p in pieces for c in p.conditions] + [a - b for a, b in combinations(risks, 2)]
        distinct = {str(b): b for b in borders if b.degree() > 0}.values()
        breaks = interval.inside(root for border in distinct for root in real_roots(border))
        ends: list[Real | None] = [interval.low, *breaks, interval.high]
        segments: list[Segment] = []
        for low, high in pairwise(ends):
            rho = between(low, high) if point is None else point.low
            segments = _joined(segments, self._best(pieces, rho, low, high))
        return segments

    def _best(self, pieces: list[Piece], rho: fmpq, low: Real | None, high: Real | None) -> Segment:
        feasible = [piece for piece in pieces if piece.feasible(rho)]
        if not feasible:
            return Segment(low, high, None, ())
        least = min(piece.risk(rho) for piece in feasible)
        chosen = tuple(piece for piece in feasible if piece.risk(rho) == least)
        return Segment(low, high, chosen[0].risk, chosen)

    def exception(
        self, interval: Interval, relation: Relation, bound: fmpq_poly, kinks: Kinks = "anywhere"
    ) -> Real | None:
        """A rho of the interval where "minimum `relation` bound" is false, or None: it holds for all of them.

        Where there is no candidate at all (kinks off data), every lower bound holds and nothing else does.
        A single rho at which candidates appear off data is a root of a condition and looked at by itself.
        """
        segments = self.envelope(interval, kinks)
        if kinks == "off data":
            roots = [real_roots(c) for p in self.pieces if not p.active for c in p.conditions if c.degree() > 0]
            single = [r for found in roots for r in found if interval.contains(r)]  # closed ends are among them
            segments += [s for r in single for s in self.envelope(Interval(r, r, True, True), kinks)]
        for segment in segments:
            part = Interval(segment.low, segment.high, True, True).meet(interval)
            if segment.risk is None:
                if relation not in (">", ">="):
                    return part.point or Real.of(between(part.low, part.high))
                continue
            found = sign_exception(segment.risk - bound, part, relation)
            if found is not None:
                return found
        return None

    def assertion(
        self, interval: Interval, relation: Relation, bound: fmpq_poly, kinks: Kinks = "anywhere"
    ) -> dict[str, Any]:
        """The certificate entry "minimum `relation` bound for every rho of the interval"; the checker needs no more."""
        return {
            "kind": "rational_enumeration",
            "mode": "minimum",
            "abscissae": [str(x) for x in self.abscissae],
            "ordinates": [coefficients(y) for y in self.ordinates],
            "skip": self.skip,
            "kinks": kinks,
            "relation": relation,
            "polynomial": coefficients(bound),
            **interval.json(),
        }


def _joined(segments: list[Segment], last: Segment) -> list[Segment]:
    """Add a segment; one with the same risk as the one before it prolongs that."""
    if not segments or (segments[-1].risk is None) != (last.risk is None) or segments[-1].risk != last.risk:
        return [*segments, last]
    before = segments[-1]
    common = tuple(p for p in before.pieces if p in last.pieces) or before.pieces
    return [*segments[:-1], Segment(before.low, last.high, last.risk, common)]


def sign_exception(difference: fmpq_poly, interval: Interval, relation: Relation) -> Real | None:
    """A number of the interval where "difference `relation` 0" is false, or None if there is none.

    >>> sign_exception(polynomial([0, 0, 1]), Interval.parse("(-1, 1)"), ">")
    Real(polynomial=x, low=0, high=0)
    """
    roots = interval.inside(real_roots(difference)) if difference else []
    ends: list[Real | None] = [interval.low, *roots, interval.high]
    closed = [interval.low_closed, *(True for _ in roots), interval.high_closed]
    tried = [end for end, inside in zip(ends, closed, strict=True) if end is not None and inside]
    if interval.point is None:
        tried += [Real.of(between(low, high)) for low, high in pairwise(ends)]
    for number in tried:
        order = number.sign_of(difference) if difference else 0
        if not {"=": order == 0, "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[relation]:
            return number
    return None


@dataclass(frozen=True, eq=False)
class Fit:
    """Linear least squares whose features depend on rho: the least (1/samples)|At - y|^2 over all t."""

    features: tuple[tuple[fmpq_poly, ...], ...]
    target: tuple[fmpq_poly, ...]
    samples: int

    @cached_property
    def gram(self) -> fmpq_poly:
        """det A'A: nonnegative, and zero just where the features are linearly dependent."""
        return _gram_determinant([list(row) for row in self.features])

    @cached_property
    def value(self) -> tuple[fmpq_poly, fmpq_poly]:
        """Numerator and denominator of the least error, det G(A, y) / (samples det G(A)), reduced.

        Raises ``ValueError`` if the features are linearly dependent for every rho.
        """
        if not self.gram:
            raise ValueError("expected linearly independent features, got a zero Gram determinant")
        outer = _gram_determinant([[*row, y] for row, y in zip(self.features, self.target, strict=True)])
        common = outer.gcd(self.gram) if outer else self.gram
        numerator, denominator = outer // common, self.samples * (self.gram // common)
        scale = denominator[denominator.degree()]
        integral = fmpq((denominator / scale).denom())
        return numerator * integral / scale, denominator * integral / scale

    def exception(self, interval: Interval, relation: Relation, value: tuple[fmpq_poly, fmpq_poly]) -> Real | None:
        """A rho of the interval where "least error `relation` numerator/denominator" is false, or None.

        The features must be independent and both denominators positive; a rho where that is not so is an exception.
        """
        mine, other = self.value, value
        for denominator in (self.gram, mine[1], other[1]):
            found = sign_exception(denominator, interval, ">")
            if found is not None:
                return found
        return sign_exception(mine[0] * other[1] - other[0] * mine[1], interval, relation)

    def assertion(self, interval: Interval, relation: Relation, value: tuple[fmpq_poly, fmpq_poly]) -> dict[str, Any]:
        """The certificate entry "least error `relation` numerator/denominator for every rho of the interval"."""
        return {
            "kind": "rational_enumeration",
            "mode": "fit",
            "fits": [
                {
                    "features": [[coefficients(c) for c in row] for row in self.features],
                    "target": [coefficients(y) for y in self.target],
                    "samples": self.samples,
                    "numerator": coefficients(value[0]),
                    "denominator": coefficients(value[1]),
                }
            ],
            "relation": relation,
            **interval.json(),
        }


def _gram_determinant(rows: list[list[fmpq_poly]]) -> fmpq_poly:
    size = len(rows[0])
    return _determinant([[sum((r[a] * r[b] for r in rows), fmpq_poly()) for b in range(size)] for a in range(size)])


def _determinant(matrix: list[list[fmpq_poly]]) -> fmpq_poly:
    if not matrix:
        return fmpq_poly([1])
    minors = [[row[:j] + row[j + 1 :] for row in matrix[1:]] for j in range(len(matrix))]
    return sum(((-1) ** j * matrix[0][j] * _determinant(minor) for j, minor in enumerate(minors)), fmpq_poly())
