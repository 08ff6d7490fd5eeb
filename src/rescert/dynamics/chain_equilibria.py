r"""Equilibria of gradient descent on a scalar chain $w_L\cdots w_1$ fitted to $\lambda$, and the map near them.

With $p=\delta\sigma$ and $e=\prod_jw_j-\lambda$ each weight moves by $-pe\,q_i$, $q_i=\prod_{j\ne i}w_j$; at an
equilibrium $e=0$ and the sharpness is $\sigma S$, $S=\sum_iq_i^2$. Studied: $\kappa\ell$ ($L-1$ times) and
$\kappa^{1-L}\ell$, $\ell=|\lambda|^{1/L}$ (Nar and Sastry 2018, after Proposition 1); the last weight carries the sign
of $\lambda$.

The methods on values ``v`` are torch functions; traced, they are the programs of proofs.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import torch

from rescert.certify import balls, derivative, sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.dynamics.local_growth import Bracket, bisect

Values = Mapping[str, Any]

TINY = -200  # the runs start at w*(1 + 2^TINY)
STEPS = 8  # and are followed so far
PRECISION = 640
BORDER_START, BORDER_STEPS = Fraction(1025, 1024), 24  # at equality: runs start at w* times this
AROUND = -24  # boxes around an equilibrium reach 2^AROUND of each weight


class Equilibrium:
    """The equilibrium of ``depth`` weights with ``spread`` κ > 0; ``target`` λ, κ and ``variance`` σ are rationals.

    Raises ``ValueError`` for λ = 0, κ <= 0, σ <= 0, no weights, or one weight with κ other than 1.
    """

    def __init__(self, target: Fraction, depth: int, spread: Fraction, variance: Fraction) -> None:
        if target == 0 or variance <= 0:
            raise ValueError(f"expected a target other than 0 and a variance > 0, got {target} and {variance}")
        if depth < 1 or spread <= 0 or (depth == 1 and spread != 1):
            raise ValueError(
                f"expected a depth of at least 1 and a spread > 0, which is 1 at depth 1, got {depth} and {spread}"
            )
        self.target, self.depth, self.spread, self.variance = target, depth, spread, variance
        self.sign = 1 if target > 0 else -1
        self.constants = {"size": str(abs(target)), "spread": str(spread), "variance": str(variance)}
        self.root = float(abs(target)) ** (1 / depth)
        kappa = float(spread)
        self.weights = [kappa * self.root] * (depth - 1) + [self.sign * kappa ** (1 - depth) * self.root]
        # In units of its least value, that of equal weights: 1 for κ = 1.
        self.excess = ((depth - 1) * kappa**-2 + kappa ** (2 * depth - 2)) / depth
        self.least_sharpness = float(variance) * depth * self.root ** (2 * depth - 2)
        self.sharpness = self.excess * self.least_sharpness
        self.critical_step, self.largest_step = 2 / self.sharpness, 2 / self.least_sharpness

    def quantities(self, v: Values) -> dict[str, Any]:
        """ℓ, the two different weights, the critical step 2/(σS) from S = Σ λ²/w_i², and δ_max."""
        root = (v["size"].reshape(1).log() / self.depth).exp()
        # At L = 1 there is one weight only.
        many, last = root * v["spread"], root / v["spread"] ** (self.depth - 1) * self.sign
        squares = v["size"] ** 2 / last**2 + v["size"] ** 2 / many**2 * (self.depth - 1)
        least = root ** (2 * self.depth - 2) * self.depth
        return {
            "many": many,
            "last": last,
            "sum": squares,
            "least": least,
            "critical": 2 / (v["variance"] * squares),
            "largest": 2 / (v["variance"] * least),
        }

    def formula(self, v: Values) -> Any:
        """δ_max L/((L-1)κ^-2 + κ^(2L-2))."""
        share = (self.depth - 1) / v["spread"] ** 2 + v["spread"] ** (2 * self.depth - 2)
        return self.quantities(v)["largest"] * self.depth / share

    def advance(self, v: Values, many: Any, last: Any) -> tuple[Any, Any, Any]:
        """One step of gradient descent on the two different weights, and the error e before it."""
        error = many ** (self.depth - 1) * last - v["size"] * self.sign
        pull = v["step"] * v["variance"] * error
        after = last - pull * many ** (self.depth - 1)
        if self.depth == 1:
            return many, after, error
        return many - pull * many ** (self.depth - 2) * last, after, error

    def growth(self, v: Values) -> Any:
        """e_K² - e_0² of the run from w*(1 + 2^TINY): positive where the error has grown."""
        q = self.quantities(v)
        many, last = q["many"] * v["start"], q["last"] * v["start"]
        many, last, first = self.advance(v, many, last)
        for _ in range(STEPS):
            many, last, error = self.advance(v, many, last)
        return (error - first) * (error + first)

    def prove(self, function: Callable[[Values], Any], relation: str = ">", **constants: str) -> Proof:
        """Try to show a function of the constants to have a sign."""
        return sign.prove(trace(function, {}, {**self.constants, **constants}), {}, relation, PRECISION)

    def bracket(self) -> Bracket | str:
        """The critical step of real runs, between a step at which the error shrinks and one at which it grows."""
        program = trace(self.growth, {"step": (1,)}, {**self.constants, "start": str(1 + Fraction(2) ** TINY)})

        def growth(step: Fraction) -> tuple[bool | None, Proof]:
            box = {"step": {"mid": [str(step)], "rad": 0}}
            grows = sign.prove(program, box, ">", PRECISION)
            if grows.proved:
                return True, grows
            shrinks = sign.prove(program, box, "<", PRECISION)
            return (False if shrinks.proved else None), shrinks

        return bisect(growth, 1 / self.sharpness)

    def between(self, key: str, low: Fraction, high: Fraction) -> Proof:
        """Try to show low < x < high for one of the quantities, or for the ``formula``."""

        def inside(v: Values) -> Any:
            value = self.formula(v) if key == "formula" else self.quantities(v)[key]
            return torch.cat([value - v["low"], v["high"] - value])

        return self.prove(inside, low=str(low), high=str(high))

    def multiplier(self, v: Values) -> Any:
        """m(w) with e[k+1] = m(w[k]) e[k], for any weights ``w`` (L,) other than 0.

        e[k+1] = P∏(1 - e z_i) - λ with P = ∏w_j and z_i = pP/w_i², and the polynomial (∏(1 - e z_i) - 1)/e
        is built factor by factor.
        """
        product = v["w"][0:1]
        for i in range(1, self.depth):
            product = product * v["w"][i : i + 1]
        error = product - v["size"] * self.sign
        shifts = product * v["step"] * v["variance"] / v["w"] ** 2
        quotient = -shifts[0:1]
        for i in range(1, self.depth):
            quotient = quotient * (1 - error * shifts[i : i + 1]) - shifts[i : i + 1]
        return product * quotient + 1

    def around(self, step: Fraction, expelling: bool, reach: int = AROUND) -> Proof:
        """Try to show m < -1 (``expelling``), or else -1 < m < 1, for all weights within 2^``reach`` of w*'s."""

        def slack(v: Values) -> Any:
            m = self.multiplier(v)
            return -1 - m if expelling else torch.cat([1 - m, 1 + m])

        program = trace(slack, {"w": (self.depth,)}, {**self.constants, "step": str(step)})
        middle = self._enclosed()
        radius = [str(abs(w) * Fraction(2) ** reach) for w in middle]
        return sign.prove(program, {"w": {"mid": [str(w) for w in middle], "rad": radius}}, ">", PRECISION)

    def reach(self, step: Fraction) -> int:
        """How near to w* the multiplier is like 1 - pS, whatever p: its other terms are powers of epS."""
        ratio = float(step) * self.sharpness * self.depth
        return AROUND - math.ceil(max(0.0, math.log2(ratio)))

    def beyond_largest(self, factor: Fraction) -> dict[str, Proof]:
        """At ``factor`` > 1 times δ_max: m < -1 around w* and around equal weights, and `resting` for L >= 2."""
        step = Fraction(self.largest_step) * factor
        found = {"at the equilibrium": self.around(step, True, self.reach(step))}
        if self.spread != 1:
            balanced = Equilibrium(self.target, self.depth, Fraction(1), self.variance)
            found["at the balanced one"] = balanced.around(step, True, balanced.reach(step))
        return found | (self.resting(step) if self.depth > 1 else {})

    def describe(self) -> dict[str, Any]:
        """The critical step, δ_max and κ, and their curve in units of δ_max against κ, in floats."""
        grid = [2 ** (i / 24) for i in range(-24, 61)]
        power = 2 * self.depth - 2
        curve = [self.depth / ((self.depth - 1) * k**-2 + k**power) for k in grid]
        own = {"critical": self.critical_step, "largest": self.largest_step, "kappa": float(self.spread)}
        return {**own, "curve_kappa": grid, "curve": curve}

    def jacobian(self, step: Fraction) -> dict[str, Proof]:
        """Try to show the Jacobian of a step at w* to be I - pqq' within 2^-64: the first column and the last.

        The columns of equal weights are permutations of each other. The map minus w ↦ (I - pq(u)q(u)')w is
        differentiated in w and enclosed for all w and u in a box around w*.
        """

        def difference(v: Values) -> Any:
            rate = v["step"] * v["variance"]
            pulls, fixed = _others(v["w"], self.depth), _others(v["u"], self.depth)
            error = v["w"][0:1] * pulls[0:1] - v["size"] * self.sign
            gap = fixed * (fixed * v["w"]).sum() * rate - pulls * error * rate
            room = v["w"].sum() * v["tolerance"]  # its derivative along a unit vector is the tolerance
            return torch.cat([room - gap, room + gap])

        shape = (self.depth,)
        constants = {**self.constants, "step": str(step), "tolerance": str(Fraction(1, 2**64))}
        program = derivative.tangent(trace(difference, {"w": shape, "u": shape}, constants), ["w"])
        sides = {"mid": [str(w) for w in self._enclosed()], "rad": str(Fraction(1, 2 ** (PRECISION // 2)))}
        found = {}
        for column in sorted({0, self.depth - 1}):
            unit = [int(i == column) for i in range(self.depth)]
            box = {"w": sides, "u": sides, derivative.direction_name("w"): {"mid": unit, "rad": 0}}
            found[f"column {column + 1}"] = sign.prove(program, box, ">", PRECISION)
        return found

    def _enclosed(self) -> list[Fraction]:
        """The weights of w*, rounded to rationals far beyond double precision."""
        program = trace(
            lambda v: torch.cat([self.quantities(v)["many"], self.quantities(v)["last"]]), {}, self.constants
        )
        many, last = (_rational(x) for x in balls.evaluate(program, {}, PRECISION))
        return [many] * (self.depth - 1) + [last]

    def border(self, v: Values) -> Any:
        """A run at the step ``scale`` 2/(σS) from w* BORDER_START; positive: the falls of |z|, and room - e².

        z is the difference of the two squared weights. Room is 4e_0² for equal weights, else 2e_0² + u_0²/A with
        s = pS - 2, u = s - 2ce, c = p²λ³((Σx)² - Σx²)/2, A = p³λ⁴(Σx³ - (Σx²)²/Σx)/2 and x_i = 1/w_i².
        """
        q, n = self.quantities(v), self.depth - 1
        v = {**v, "step": q["critical"] * v["scale"]}
        p, goal, away = v["step"] * v["variance"], v["size"] * self.sign, float(BORDER_START)
        many, last = q["many"] * away, q["last"] * away
        sums = {k: 1 / q["last"] ** (2 * k) + 1 / q["many"] ** (2 * k) * n for k in (1, 2, 3)}
        product = many**n * last
        excess = p * product**2 * (1 / last**2 + 1 / many**2 * n) - 2
        squares, errors = [], []
        for _ in range(BORDER_STEPS + 1):
            squares.append(many**2 - last**2)
            many, last, error = self.advance(v, many, last)
            errors.append(error)
        room = errors[0] ** 2 * 4
        if self.spread != 1:
            bend = p**2 * goal**3 * (sums[1] ** 2 - sums[2])  # 2c
            drift = p**3 * v["size"] ** 4 * (sums[3] - sums[2] ** 2 / sums[1]) / 2
            room = errors[0] ** 2 * 2 + (excess - bend * errors[0]) ** 2 / drift
        falls = [a**2 - b**2 for a, b in itertools.pairwise(squares)] if self.spread != 1 else []
        return torch.cat([*falls, *(room - error**2 for error in errors)])

    def resting(self, step: Fraction) -> dict[str, Proof]:
        """Try to show F(0) = 0 exactly and e(0) ≠ 0: then e∘F^k is not 0 at 0, for every k (false at L = 1)."""

        def after(v: Values) -> tuple[Any, Any, Any]:
            zero = v["size"].reshape(1) * 0
            return self.advance(v, zero, zero)

        def moved(v: Values) -> Any:
            many, last, _ = after(v)
            return -(many**2 + last**2)

        return {
            "0 is at rest": self.prove(moved, ">=", step=str(step)),
            "0 has an error": self.prove(lambda v: after(v)[2] ** 2, step=str(step)),
        }


def _others(weights: Any, depth: int) -> Any:
    """The products of all entries but one, (L,), from products of the entries before and after."""
    entries = [weights[i : i + 1] for i in range(depth)]
    before = list(itertools.accumulate(entries[:-1], operator.mul, initial=weights[0:1] * 0 + 1))
    after = list(itertools.accumulate(entries[:0:-1], operator.mul, initial=weights[0:1] * 0 + 1))
    return torch.cat([a * b for a, b in zip(before, reversed(after), strict=True)])


def _rational(ball: Any) -> Fraction:
    """The midpoint of a ball, rounded to a multiple of 2^-(3/4 PRECISION)."""
    scale = PRECISION * 3 // 4
    with balls.working_precision(2 * PRECISION):
        middle = (ball.mid() * 2**scale).floor().unique_fmpz()
    return Fraction(int(middle), 2**scale)


def landing_step(depth: int) -> Fraction:
    """p ℓ^(2L-2) for which gradient descent from half of the balanced equilibrium is on it after one step.

    In units v = w/ℓ: 1/2 - P (2^-L - 1) 2^-(L-1) = 1 for P = 2^(2L-2)/(2^L - 1).

    >>> landing_step(2), landing_step(3)
    (Fraction(4, 3), Fraction(16, 7))
    """
    return Fraction(4 ** (depth - 1), 2**depth - 1)


def prove_landing(depth: int) -> tuple[dict[str, Any], ...]:
    """The identity of `landing_step`, times 2^L - 1 so that every number is a binary fraction; exactly."""

    def gap(v: Values) -> Any:
        half = v["half"]
        factor = half**depth - 1
        rest = half ** (depth - 1) if depth > 1 else half * 0 + 1
        return (half - 1) * v["divisor"] - factor * rest * v["scaled"]

    constants = {"half": "1/2", "divisor": str(2**depth - 1), "scaled": str(4 ** (depth - 1))}
    return sign.prove_zero(trace(gap, {}, constants), 64 + 8 * depth)
