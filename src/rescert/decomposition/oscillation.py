r"""$f(x)=x^a\sin(x^{-2})$, $f(0)=0$, on $[0,M]$: twice differentiable for $a>4$, with $f''(0)=0$.

For $x>0$
$$f'=ax^{a-1}\sin(x^{-2})-2x^{a-3}\cos(x^{-2}),$$
$$f''=a(a-1)x^{a-2}\sin(x^{-2})-(4a-6)x^{a-4}\cos(x^{-2})-4x^{a-6}\sin(x^{-2}).$$
$f''$ is unbounded below for $a<6$, and $f'$ is not of bounded variation for $a\le5$.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch

from rescert.certify import inertia, sign, slack_cover
from rescert.certify.problem import Program, rational, trace
from rescert.certify.proof import Proof
from rescert.decomposition.curvature import PRECISION, Assertions, Bracket

NEAR = Fraction(1, 8)  # below it the angle 1/x² is taken as free
MOST_BOXES = 20000
CANDIDATES = 32


def power(x: Any, exponent: Fraction) -> Any:
    """x to an integer or half-integer exponent >= 0."""
    whole = math.floor(exponent)
    result = x**whole if whole else 1 + 0 * x
    return result if exponent == whole else result * torch.sqrt(x)


@dataclass(frozen=True)
class Oscillation:
    exponent: Fraction
    length: Fraction

    @staticmethod
    def read(instance: Mapping[str, Any]) -> Oscillation:
        exponent, length = rational(instance["exponent"]), rational(instance["box"])
        if exponent.denominator > 2 or not 4 < exponent <= 12:
            raise ValueError(f"expected an exponent above 4 and up to 12, in halves, got '{instance['exponent']}'")
        if not NEAR < length <= 4 or Fraction(float(length)) != length:
            raise ValueError(f"expected a binary fraction above {NEAR} and up to 4 as box, got '{instance['box']}'")
        return Oscillation(exponent, length)

    @property
    def bounded(self) -> bool:
        """Whether f'' is bounded."""
        return self.exponent >= 6

    def value(self, x: Any) -> Any:
        return power(x, self.exponent) * torch.sin(1 / (x * x))

    def slope(self, x: Any) -> Any:
        angle, a = 1 / (x * x), self.exponent
        return _number(a) * power(x, a - 1) * torch.sin(angle) - 2 * power(x, a - 3) * torch.cos(angle)

    def curvature(self, x: Any, sine: Any, cosine: Any) -> Any:
        """f'' with the sine and cosine of the angle apart; for a >= 6 it has no division."""
        a = self.exponent
        fast = power(x, a - 6) if a >= 6 else power(x, a - 4) / (x * x)
        return (_number(a * (a - 1)) * power(x, a - 2) - 4 * fast) * sine - _number(4 * a - 6) * power(
            x, a - 4
        ) * cosine

    def second_derivative(self, x: Any) -> Any:
        return self.curvature(x, torch.sin(1 / (x * x)), torch.cos(1 / (x * x)))

    def shifted(self, shift: float | str) -> Program:
        """$f+\\frac{\\text{shift}}2x^2$, of the input x (1,)."""
        return trace(
            lambda v: (self.value(v["x"]) + v["shift"] * v["x"] * v["x"] / 2).sum(), {"x": (1,)}, {"shift": shift}
        )

    def below(self, point: float, shift: float | str) -> Proof:
        """Try to show f''(point) + shift < 0, by differentiating f."""
        return inertia.prove_negative_direction(self.shifted(shift), {"x": [point]}, {"x": [1.0]}, PRECISION)

    def steep(self, constant: Fraction) -> Proof:
        """Try to show f'' < -constant at a point, for a < 6: where $\\sin(x^{-2})$ is about 1 and $4x^{a-6}$ is large.

        Far inside, neighbouring floats are many turns of the angle apart; then several are tried.
        """
        largest = (2 * float(constant) / 4) ** (1 / float(self.exponent - 6))
        turns = math.ceil(min(largest, float(self.length)) ** -2 / (2 * math.pi))
        point = (math.pi / 2 + 2 * math.pi * turns) ** -0.5
        for _ in range(CANDIDATES):
            proof = self.below(point, str(constant))
            if proof.assertion is not None:
                return proof
            point = math.nextafter(point, 0)
        return proof

    def bracket(self, margin: float) -> Bracket:
        """λ = inf f'' from both sides, for a >= 6: at a point, and on two covers, of (0, 1/8] and of [1/8, M].

        Near 0 the angle is free in [-4, 4], more than a whole turn, which only makes the claim stronger.
        """
        grid = torch.linspace(float(NEAR), float(self.length), 1 << 18, dtype=torch.float64)
        values = self.second_derivative(grid)
        point, least = float(grid[values.argmin()]), float(values.min())
        low, high = least - margin, least + margin
        near = trace(
            lambda v: self.curvature(v["x"], torch.sin(v["angle"]), torch.cos(v["angle"])) - v["low"],
            {"x": (1,), "angle": (1,)},
            {"low": low},
        )
        far = trace(lambda v: self.second_derivative(v["x"]) - v["low"], {"x": (1,)}, {"low": low})
        half = float(NEAR / 2)
        first = {"x": {"mid": [half], "rad": [half]}, "angle": {"mid": [0.0], "rad": [4.0]}}
        middle, radius = (self.length + NEAR) / 2, (self.length - NEAR) / 2
        second = {"x": {"mid": [float(middle)], "rad": [float(radius)]}}
        covers = tuple(
            slack_cover.prove_positive(p, d, MOST_BOXES, margin / 4) for p, d in ((near, first), (far, second))
        )
        return Bracket(low, high, [point], [1.0], covers, self.below(point, -high))

    def turning_points(self, count: int) -> list[float]:
        """Points with $x^{-2}=\\pi k$, k rising, as floats: there $f'$ is about $\\mp2x^{a-3}$."""
        first = math.ceil(1 / (math.pi * float(self.length) ** 2))
        return [(math.pi * (first + i)) ** -0.5 for i in range(count)]

    def variation(self, count: int) -> tuple[list[float], float, Assertions]:
        """Partial sums of $|f'(x_{k+1})-f'(x_k)|$ in floats, a lower bound of the last, and the assertion of it."""
        points = torch.tensor(self.turning_points(count), dtype=torch.float64)
        slopes = self.slope(points)
        changes = (slopes[1:] - slopes[:-1]).abs()
        bound = 0.999 * float(changes.sum())
        signs = torch.sign(slopes[1:] - slopes[:-1])

        def output(v: Mapping[str, Any]) -> Any:
            slope = self.slope(v["points"])
            return ((slope[1:] - slope[:-1]) * v["signs"]).sum() - v["bound"]

        numbers: dict[str, Any] = {"points": points.numpy(), "signs": signs.numpy(), "bound": bound}
        proof = sign.prove(trace(output, {}, numbers), {}, ">", PRECISION)
        shown = () if proof.assertion is None else (proof.assertion,)
        return torch.cumsum(changes, 0).tolist(), bound, shown


def _number(value: Fraction) -> float:
    """Multiples of 1/4, which are floats."""
    return float(value)
