r"""What each block's output is worth to a linear model: exact errors of a ReLU network of two scalar blocks.

$\mathrm{err}(H,Y)=\min_{a,b}\frac1n\sum_i(ah_i+b-y_i)^2$, a linear model *with* bias. The data sets: `THREE`, of Yun,
Sra and Jadbabaie (2019), Section 3.2, and `nine`, where no global minimum improves the representation in its first
block. Values are exact where the parameters are dyadic, because balls then have radius zero; otherwise there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import torch
from flint import fmpq

from rescert.certify import balls, inertia, sign
from rescert.certify.comparison import EVERYWHERE, ONE, Comparison
from rescert.certify.piecewise import Fit, Relation, polynomial
from rescert.certify.problem import Program, rational, trace
from rescert.certify.proof import Proof
from rescert.networks import scalar_blocks

Labelled = tuple[tuple[str, ...], tuple[str, ...]]
Values = Mapping[str, Any]

THREE: Labelled = (("1", "5/2", "3"), ("1", "3", "2"))
SIZE = 8  # parameters
TIGHT = 1e-9  # relative half-width of the enclosures of eigenvalues
INNER = (-1, 0, 1)  # inner inputs of `nine` over ε
OUTER = (3, 4, 5)


def numbers(texts: Sequence[str]) -> list[fmpq]:
    return [fmpq(number.numerator, number.denominator) for number in map(rational, texts)]


def floats(exact: Sequence[fmpq]) -> list[float]:
    return [int(number.p) / int(number.q) for number in exact]


def told(exact: fmpq) -> str:
    """An exact error for people.

    >>> told(fmpq(8, 21)), told(fmpq(0)), told(fmpq(1, 99999))
    ('8/21 ≈ 0.3810', '0', '1/99999 ≈ 0.000010')
    """
    digits = f"{floats([exact])[0]:.{4 if exact > fmpq(1, 100) else 6}f}"
    return "0" if exact == 0 else f"{exact} ≈ {digits}" if len(str(exact)) < 10 else digits


def nine(inner: str) -> Labelled:
    """Inputs ±5, ±4, ±3, ±ε, 0; labels 2x at the inner three, x ± 2ε at the others, with ε = ``inner``.

    The slopes are 1, 2, 1 with kinks at ±2ε, strictly between data for 0 < ε < 3/2; other ε raise ``ValueError``.
    """
    distance = rational(inner)
    if not 0 < distance < Fraction(3, 2):
        raise ValueError(f"expected an inner distance between 0 and 3/2, got {inner}")
    inputs = [*(Fraction(-x) for x in reversed(OUTER)), *(distance * i for i in INNER), *map(Fraction, OUTER)]
    labels = [2 * x if abs(x) < 3 else x + (2 if x > 0 else -2) * distance for x in inputs]
    return tuple(map(str, inputs)), tuple(map(str, labels))


def nine_fits() -> tuple[Fit, Fit]:
    """The best linear fits of `nine` by x and by x + relu(x + 2ε), as functions of ε."""
    inputs = [*([-x] for x in reversed(OUTER)), *([0, i] for i in INNER), *([x] for x in OUTER)]
    hidden = [*([-x] for x in reversed(OUTER)), *([0, 2 * i + 2] for i in INNER), *([2 * x, 2] for x in OUTER)]
    labels = [*([-x, -2] for x in reversed(OUTER)), *([0, 2 * i] for i in INNER), *([x, 2] for x in OUTER)]
    target = tuple(polynomial(y) for y in labels)
    first, second = (
        Fit(tuple((polynomial([1]), polynomial(h)) for h in column), target, 9) for column in (inputs, hidden)
    )
    return first, second


def linear_fit(hidden: Sequence[fmpq], labels: Sequence[fmpq]) -> Fit:
    """Whose least error is err(H, Y); a constant representation is fitted by a constant."""
    constant = polynomial([1])
    varies = any(h != hidden[0] for h in hidden)
    rows = [(constant, polynomial([h])) if varies else (constant,) for h in hidden]
    return Fit(tuple(rows), tuple(polynomial([y]) for y in labels), len(labels))


def three_point_error(hidden: Sequence[fmpq]) -> fmpq:
    """2/3 - 1/(2(1 - r + r²)), r = (h₃ - h₁)/(h₂ - h₁): err(H, Y) for Y = (1, 3, 2) and h₁ ≠ h₂.

    >>> str(three_point_error([fmpq(1), fmpq(3), fmpq(4)]))
    '8/21'
    """
    ratio = (hidden[2] - hidden[0]) / (hidden[1] - hidden[0])
    return fmpq(2, 3) - 1 / (2 * (1 - ratio + ratio * ratio))


def best_line(abscissae: Sequence[fmpq], labels: Sequence[fmpq]) -> list[fmpq]:
    """Values at the abscissae of the best line (of the mean, where the abscissae do not vary).

    >>> [str(v) for v in best_line([fmpq(0), fmpq(1), fmpq(2)], [fmpq(0), fmpq(0), fmpq(3)])]
    ['-1/2', '1', '5/2']
    """
    middle, level = (sum(v, fmpq(0)) / len(v) for v in (abscissae, labels))
    spread = sum(((a - middle) ** 2 for a in abscissae), fmpq(0))
    product = sum(((a - middle) * b for a, b in zip(abscissae, labels, strict=True)), fmpq(0))
    return [level + (product / spread * (a - middle) if spread else 0) for a in abscissae]


def value(fit: Fit) -> fmpq:
    """The least error of a fit that depends on no parameter."""
    return fit.value[0][0] / fit.value[1][0]


@dataclass(frozen=True)
class Point:
    """Parameters ``(v1, u1, b1, v2, u2, b2, w, c)`` of two blocks, and data; decimals or fractions."""

    inputs: tuple[str, ...]
    labels: tuple[str, ...]
    theta: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.theta) != SIZE:
            raise ValueError(f"expected {SIZE} parameters v1 u1 b1 v2 u2 b2 w c, got {len(self.theta)}")
        if not self.inputs or len(self.inputs) != len(self.labels):
            raise ValueError(f"expected as many labels as inputs, got {len(self.labels)} and {len(self.inputs)}")
        for number in (*self.inputs, *self.labels, *self.theta):
            rational(number)

    @property
    def box(self) -> balls.Box:
        v1, u1, b1, v2, u2, b2, w, c = self.theta
        return {"v": [v1, v2], "u": [u1, u2], "b": [b1, b2], "w": w, "c": c}

    def program(self, function: Callable[[Values], Any], **constants: Any) -> Program:
        data = {"x": list(self.inputs), "y": list(self.labels)}
        return trace(function, scalar_blocks.parameter_shapes(2), {**data, **constants})

    def exact(self, function: Callable[[Values], Any]) -> list[fmpq] | None:
        """The value of a traced function, if balls give it with radius zero."""
        entries = list(balls.evaluate(self.program(function), self.box).flat)
        return [entry.fmpq() for entry in entries] if all(entry.is_exact() for entry in entries) else None

    @cached_property
    def representations(self) -> list[list[fmpq]] | None:
        """X, H_1 and H_2, or None where they are not exact."""
        first, second = self.exact(_first), self.exact(_second)
        return None if first is None or second is None else [numbers(self.inputs), first, second]

    @cached_property
    def preactivations(self) -> list[fmpq] | None:
        """Of the first block on all data, then of the second."""
        return self.exact(_preactivations)

    @cached_property
    def residuals(self) -> list[fmpq] | None:
        return self.exact(_residuals)

    @cached_property
    def fits(self) -> list[Fit]:
        """Whose least errors are err(X, Y), err(H_1, Y) and err(H_2, Y)."""
        return [linear_fit(h, numbers(self.labels)) for h in self.representations or ()]

    @cached_property
    def errors(self) -> list[fmpq]:
        """err(X, Y), err(H_1, Y) and err(H_2, Y)."""
        return [value(fit) for fit in self.fits]

    def drawn(self) -> dict[str, Any]:
        """For a plot, in floats: labels, and of each block its outputs, the values of the best line, and the error."""
        labels = numbers(self.labels)
        values: dict[str, Any] = {"labels": floats(labels), "error_text": [told(e) for e in self.errors]}
        for block, (hidden, error) in enumerate(zip(self.representations or (), self.errors, strict=True)):
            values |= {f"hidden_{block}": floats(hidden), f"line_{block}": floats(best_line(hidden, labels))}
            values[f"error_{block}"] = floats([error])[0]
        return values

    def compare(self, block: int, relation: Relation, bound: fmpq) -> dict[str, Any] | None:
        """The assertion "err(H_block, Y) `relation` bound" (H_0 = X), or None if it is false."""
        answer = Comparison(self.fits[block], relation, (polynomial([bound]), ONE)).on(EVERYWHERE)
        return answer[1][0] if answer is not None and answer[0] else None

    def show(self, function: Callable[[Values], Any], relation: str, **constants: Any) -> list[Proof]:
        """Proofs that every entry has the ``relation`` to 0; two of them for "="."""
        program = self.program(function, **constants)
        return [sign.prove(program, self.box, each) for each in (("<=", ">=") if relation == "=" else (relation,))]

    def show_representations(self) -> list[Proof]:
        """That the outputs of the blocks are what `representations` says."""
        known = [[str(h) for h in hidden] for hidden in self.representations or ()]
        first = self.show(lambda v: _first(v) - v["known"], "=", known=known[1])
        return [*first, *self.show(lambda v: _second(v) - v["known"], "=", known=known[2])]

    def show_zero_risk(self) -> list[Proof]:
        return self.show(_residuals, "=")

    def show_positive_risk(self) -> list[Proof]:
        return self.show(lambda v: scalar_blocks.risk(v, v["x"], v["y"]), ">")

    def show_pattern(self) -> list[Proof]:
        """The sign of every pre-activation; not shown where one is zero."""
        signs = [1 if p > 0 else -1 for p in self.preactivations or ()]
        return self.show(lambda v: _preactivations(v) * v["signs"], ">", signs=np.array(signs))

    def show_kink(self, entry: int) -> list[Proof]:
        """That one entry of `preactivations` is zero."""
        return self.show(lambda v: _preactivations(v)[entry], "=")

    def eigenvalues(self, positive: int) -> tuple[list[tuple[float, float]], list[Proof]]:
        r"""Intervals with exactly one eigenvalue of $\nabla^2R$ each, for the ``positive`` largest; and the proofs.

        $\nabla^2R-\beta I$ is the Hessian of $R-\frac\beta2|\theta|^2$; its number of negative eigenvalues at both
        ends of an interval counts the eigenvalues inside. Nothing is returned where that does not succeed.
        """
        hessian = balls.hessian(self.program(lambda v: scalar_blocks.risk(v, v["x"], v["y"])), self.box)
        middles = np.vectorize(lambda entry: float(entry.mid()), otypes=[float])(hessian)
        if not np.isfinite(middles).all():
            return [], []
        largest = np.linalg.eigvalsh((middles + middles.T) / 2)[SIZE - positive :].tolist()
        found = [(e * (1 - TIGHT), e * (1 + TIGHT)) for e in largest]
        proofs = []
        for index, ends in enumerate(found):
            for extra, end in enumerate(ends):
                program = self.program(_shifted_risk, half=end / 2)
                count, proof = inertia.prove_inertia(program, self.box)
                if count != SIZE - positive + index + extra:
                    return [], []
                proofs.append(proof)
        return found, proofs


def _first(v: Values) -> Any:
    return scalar_blocks.blocks(v, v["x"])[0][1]


def _second(v: Values) -> Any:
    return scalar_blocks.blocks(v, v["x"])[1][1]


def _preactivations(v: Values) -> Any:
    return torch.cat([active for active, _ in scalar_blocks.blocks(v, v["x"])])


def _residuals(v: Values) -> Any:
    return scalar_blocks.network(v, v["x"]) - v["y"]


def _shifted_risk(v: Values) -> Any:
    square = sum((v[name] * v[name]).sum() for name in "vub") + v["w"] * v["w"] + v["c"] * v["c"]
    return scalar_blocks.risk(v, v["x"], v["y"]) - v["half"] * square
