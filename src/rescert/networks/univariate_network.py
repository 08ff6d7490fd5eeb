r"""The network of two units on an interval (Nar and Sastry 2018, after equation (6)), in rational numbers.

$$h_1(x)=x+w_1(x-b_1)_+,\qquad h_2(x)=h_1(x)+w_2(h_1(x)-b_2)_+,\qquad\hat f(x)=f(0)+f'(0)\,h_2(x)$$

on $[0,M]$ with $w_1,w_2,b_1,b_2,f'(0)>0$. Since $h_1$ rises strictly, the units switch at the kinks $b_1$ and $k$ with
$h_1(k)=b_2$: $k=b_2$ if $b_2\le b_1$, else $k=(b_2+w_1b_1)/(1+w_1)$.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch

from rescert.certify.problem import Program, rational, trace
from rescert.networks import convex_residual


@dataclass(frozen=True)
class UnivariateNetwork:
    """``slope`` is f'(0), ``length`` is M; f(0) = 0. All numbers are positive."""

    w1: Fraction
    w2: Fraction
    b1: Fraction
    b2: Fraction
    slope: Fraction
    length: Fraction

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0 or Fraction(float(value)) != value:
                raise ValueError(f"expected a positive binary fraction for '{name}', got {value}")

    @staticmethod
    def read(instance: Mapping[str, Any]) -> UnivariateNetwork:
        """From decimals or fractions in text; other keys are left out."""
        weights = instance["w1"], instance["w2"], instance["b1"], instance["b2"]
        return UnivariateNetwork(*map(rational, (*weights, instance["slope"], instance["length"])))

    @property
    def second_kink(self) -> Fraction:
        """Where the second unit switches: $h_1(k)=b_2$."""
        return self.b2 if self.b2 <= self.b1 else (self.b2 + self.w1 * self.b1) / (1 + self.w1)

    @property
    def first_kink(self) -> Fraction:
        return min(self.b1, self.b2)

    @property
    def top(self) -> Fraction:
        """$(1+w_1)(1+w_2)f'(0)$."""
        return (1 + self.w1) * (1 + self.w2) * self.slope

    @property
    def reaches_top(self) -> bool:
        """Whether the slope is `top` on an interval of positive length: b_1 < M and b_2 < h_1(M)."""
        return self.b1 < self.length and self.b2 < self.length + self.w1 * (self.length - self.b1)

    def pieces(self) -> list[tuple[Fraction, Fraction, Fraction]]:
        """(start, end, slope) of the affine pieces of $\\hat f$ on [0, M], from the left.

        >>> one = Fraction(1)
        >>> [[str(x) for x in p] for p in UnivariateNetwork(one, one, one, 2 * one, one, 3 * one).pieces()]
        [['0', '1', '1'], ['1', '3/2', '2'], ['3/2', '3', '4']]
        """
        inside = sorted({k for k in (self.b1, self.second_kink) if k < self.length})
        ends = [Fraction(0), *inside, self.length]
        found = []
        for start, end in itertools.pairwise(ends):
            first, second = start >= self.b1, start >= self.second_kink
            found.append((start, end, self.slope * (1 + self.w1 * first) * (1 + self.w2 * second)))
        return found

    def parameters(self) -> dict[str, Any]:
        """As a network (7a)-(7c): n = 1, two layers of one unit, V = 1."""

        def number(value: Fraction, *shape: int) -> torch.Tensor:
            return torch.full(shape, float(value), dtype=torch.float64)

        return {
            "W": [number(self.w1, 1, 1), number(self.w2, 1, 1)],
            "V": [number(Fraction(1), 1, 1), number(Fraction(1), 1, 1)],
            "b": [number(self.b1, 1), number(self.b2, 1)],
            "c": number(self.slope, 1),
            "d": number(Fraction(0)),
        }

    def piece_error(self) -> Program | None:
        """Zero if the pieces are right: $\\hat f$ minus the affine function at the middle and at the end of each piece.

        $\\hat f$ is convex, so with its values at the start, the middle and the end it is affine in between. None if a
        kink is not a binary fraction: then no ball is exact.
        """
        pieces = self.pieces()
        points = [(start, (start + end) / 2, end) for start, end, _ in pieces]
        if any(Fraction(float(p)) != p for row in points for p in row):
            return None
        at = torch.tensor([[[float(p)] for p in row] for row in points], dtype=torch.float64)
        slopes = torch.tensor([float(slope) for *_, slope in pieces], dtype=torch.float64)

        def output(v: Mapping[str, Any]) -> Any:
            known = convex_residual.gathered(v)
            start, middle, end = (v["at"][:, i] for i in range(3))
            base = convex_residual.forward(known, start)
            errors = [convex_residual.forward(known, x) - base - v["slopes"] * (x - start)[:, 0] for x in (middle, end)]
            return torch.cat(errors)

        return trace(output, {}, {**self.constants(), "at": at.numpy(), "slopes": slopes.numpy()})

    def constants(self) -> dict[str, Any]:
        return {name: value.numpy() for name, value in convex_residual.flat(self.parameters()).items()}

    def compared(self, curvature: Fraction, relation: str) -> Program:
        r"""With $f(x)=f'(0)x+\frac q2x^2$ and the line (6) $\ell(x)=f'(0)x$, a program of the input ``x`` (1,).

        ``"below"``: $f-\hat f$; ``"nearer"``: $(f-\ell)-(\hat f-f)$, which is $\ge0$ where $|\hat f-f|\le|\ell-f|$,
        because $\ell\le\hat f$ and $\ell\le f$ for $x\ge0$.
        """
        factor = {"below": 1, "nearer": 2}[relation]

        def output(v: Mapping[str, Any]) -> Any:
            x = v["x"]
            line, estimate = v["slope"] * x, convex_residual.forward(convex_residual.gathered(v), x)
            return factor * (line + v["half"] * x * x) - (factor - 1) * line - estimate

        numbers = {"slope": str(self.slope), "half": str(curvature / 2)}
        return trace(output, {"x": (1,)}, {**self.constants(), **numbers})
