r"""Gradient descent on a scalar chain $w_L\cdots w_1$ fitted to $\lambda$, from starts $w_i[0]=\pm1$.

With $p=\delta\sigma$ each weight moves by $-p\,(\prod_jw_j-\lambda)\prod_{j\ne i}w_j$. Weights with equal starts stay
equal, so a chain is at most two numbers. With $\ell=|\lambda|^{1/L}$ and $G(w)=w^{L-1}\sum_jw^j\ell^{L-1-j}$, the
critical step is $\delta_c=1/(\sigma\max\{G(1),G(\ell)\})$ and the ratio $\rho=1-p\min\{G(1),G(\ell)\}$: Nar and
Sastry 2018, Proposition 2.

A `Chain` knows one setting in floats, to choose steps and precisions. Its methods on values ``v`` (``target`` = |λ|,
``fraction`` and ``stretch``, with δ = fraction · stretch · δ_c) are torch functions of shape (n,); traced, they are
the programs of proofs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import torch

from rescert.certify import balls
from rescert.certify.problem import trace

Values = Mapping[str, Any]


class Chain:
    """A chain of ``depth`` weights, ``negatives`` of which start at -1; ``target`` and ``fraction`` are rationals."""

    def __init__(self, target: str, depth: int, fraction: str, negatives: int) -> None:
        self.target, self.fraction = Fraction(target), Fraction(fraction)
        self.depth, self.negatives = depth, negatives
        if depth < 2 or not 0 <= negatives <= depth or self.target == 0:
            raise ValueError(
                "expected depth >= 2, 0 <= negatives <= depth and a target other than 0, "
                f"got depth {depth}, negatives {negatives}, target {target}"
            )
        self.constants = {"target": str(abs(self.target)), "fraction": str(self.fraction)}
        self.above, self.unit = abs(self.target) > 1, abs(self.target) == 1
        self.root = float(abs(self.target)) ** (1 / depth)
        self.at_one, at_root = sum(self.root**j for j in range(depth)), self.gain(self.root)
        self.largest, self.smallest = max(self.at_one, at_root), min(self.at_one, at_root)
        self.groups = [(s, n) for s, n in ((-1, negatives), (1, depth - negatives)) if n]
        self.signs_match = (negatives % 2 == 1) == (self.target < 0)
        # The bound is an identity at k = 1 for |λ| > 1; from here on it is strict.
        self.first_strict = 2 if self.above else 1

    def gain(self, w: float) -> float:
        """G(w) in floats."""
        return w ** (self.depth - 1) * sum(w**j * self.root ** (self.depth - 1 - j) for j in range(self.depth))

    def ratio(self, stretch: float = 1.0) -> float:
        """ρ in floats."""
        return 1 - float(self.fraction) * stretch * self.smallest / self.largest

    def limit_ratio(self) -> float:
        """1 - pG(ℓ) in floats: the factor by which the distance shrinks in the limit."""
        return 1 - float(self.fraction) * (1.0 if self.above else self.smallest / self.largest)

    def precision(self, steps: int, stretch: float = 1.0) -> int:
        """Bits that hold the smallest bound and distance, and two more a step for the growth of the radius.

        At δ_c and |λ| > 1 the distance is squared at each step instead: see `quadratic_precision`.
        """
        factors = (abs(self.ratio(stretch)), abs(1 - float(self.fraction) * stretch))
        lost = sum(max(0.0, -math.log2(f)) for f in factors if f > 0)
        return 256 + 64 * math.ceil(steps * (lost + 2) / 64)

    def quadratic_precision(self, steps: int) -> int:
        """Bits that hold r_0^(2^steps)."""
        return 256 + 2**steps * math.ceil(max(1.0, -math.log2(abs(self.root - 1))))

    def stretch(self) -> str:
        """The largest factor x, to three decimals downwards, for which `larger_step` is positive at δ = x δ_c."""
        low, high = 1.0, 2.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self._admits(middle) else (low, middle)
        return f"{math.floor(low * 1000 - 1e-6) / 1000:.3f}"

    def _admits(self, x: float) -> bool:
        p = x / self.largest
        rho = 1 - p * self.smallest
        if self.above:
            return p * (self.gain(self.root + (x - 1) * (self.root - 1)) + self.smallest) < 2
        start = self.root - (x - 1) * (1 - self.root)
        if start <= 0 or rho <= 0:
            return False
        slope = 1.5 * self.depth * (self.depth - 1) * self.root ** (2 * self.depth - 3)
        exponent = slope * (x - 1) * (1 - self.root) / (rho * self.gain(start))
        return exponent < 50 and (x - 1) * math.exp(exponent) < rho

    def quantities(self, v: Values) -> dict[str, Any]:
        """ℓ, G(1), G(ℓ), p, ρ and |1-ℓ|."""
        root = (v["target"].reshape(1).log() / self.depth).exp()
        # The quotient would read 0/0 at |λ| = 1, where the sum is L.
        at_one = root * 0 + self.depth if self.unit else (v["target"] - 1) / (root - 1)
        at_root = root ** (2 * self.depth - 2) * self.depth
        largest, smallest = (at_root, at_one) if self.above else (at_one, at_root)
        step = v["fraction"] * v["stretch"] / largest
        start = root - 1 if self.above else 1 - root
        return {"root": root, "one": at_one, "all": at_root, "p": step, "rho": 1 - step * smallest, "start": start}

    def offsets(self, v: Values, steps: int) -> list[list[Any]]:
        """s_i w_i[k] - ℓ for k = 0..steps by the recursion itself, one entry a group of weights with start s_i."""
        q = self.quantities(v)
        sign = 1 if self.target > 0 else -1
        weights = [q["root"] * 0 + s for s, _ in self.groups]
        history = [self._offset(weights, q["root"])]
        for _ in range(steps):
            product = _product([w**n for w, (_, n) in zip(weights, self.groups, strict=True)])
            error = (product - v["target"] * sign) * q["p"]
            others = [
                _product([w ** (n - (i == j)) for j, (w, (_, n)) in enumerate(zip(weights, self.groups, strict=True))])
                for i in range(len(weights))
            ]
            weights = [w - error * other for w, other in zip(weights, others, strict=True)]
            history.append(self._offset(weights, q["root"]))
        return history

    def _offset(self, weights: Sequence[Any], root: Any) -> list[Any]:
        return [(w if s > 0 else -w) - root for w, (s, _) in zip(weights, self.groups, strict=True)]

    def bound_slack(self, v: Values, steps: int) -> Any:
        """ρ^k|1-ℓ| ∓ (s_i w_i[k]-ℓ) for all k from the first strict one to ``steps``."""
        q = self.quantities(v)
        bound, parts = q["start"], []
        for k, offsets in enumerate(self.offsets(v, steps)):
            if k >= self.first_strict:
                parts += [b for y in offsets for b in (bound - y, bound + y)]
            bound = bound * q["rho"]
        return torch.cat(parts)

    def contraction_slack(self, v: Values, steps: int) -> Any:
        """r_{k+1} and ρ r_k - r_{k+1}, with r_k = |w[k]-ℓ|, where strict: positive iff 0 < μ(w[k]) < ρ."""
        q, parts = self.quantities(v), []
        history = [[-y if self.above else y for y in row] for row in self.offsets(v, steps)]
        for k in range(self.first_strict - 1, steps):
            for now, after in zip(history[k], history[k + 1], strict=True):
                parts += [after, now * q["rho"] - after]
        return torch.cat(parts)

    def excess(self, v: Values, k: int, direction: int) -> Any:
        """±(w[k]-ℓ) - ρ^k|1-ℓ|: positive where the bound is broken."""
        q = self.quantities(v)
        return self.offsets(v, k)[k][0] * direction - q["start"] * q["rho"] ** k

    def rate_slack(self, v: Values, steps: int) -> Any:
        """|1-ℓ| Π_{j<k} q_j - |w[k]-ℓ| where strict; q_j = 1 - pG(ℓ-ρ^j(ℓ-1)), but ρ for |λ| < 1 and j > 0."""
        q, parts = self.quantities(v), []
        bound, power = q["start"], q["root"] * 0 + 1
        for k, offsets in enumerate(self.offsets(v, steps)):
            if k >= self.first_strict + 1:
                parts += [bound + y if self.above else bound - y for y in offsets]
            if k == 0:
                factor = 1 - q["p"] * q["one"]
            else:
                factor = 1 - q["p"] * self._gain(v, q["root"] - power * q["start"]) if self.above else q["rho"]
            bound, power = bound * factor, power * q["rho"]
        return torch.cat(parts)

    def monotone_slack(self, v: Values, steps: int) -> Any:
        """That the factors μ_k = r_{k+1}/r_k fall (|λ| > 1) or rise (< 1) and lie beyond their limit: positive.

        r_{k+1}² - r_k r_{k+2}, by that sign, for k+2 <= ``steps``, and r_{k+1} - (1-pG(ℓ)) r_k for k+1 <= ``steps``.
        """
        q, sign = self.quantities(v), 1 if self.above else -1
        limit = 1 - q["p"] * q["all"]
        r = [torch.cat(row) * -sign for row in self.offsets(v, steps)]
        parts = [(r[k + 1] * r[k + 1] - r[k] * r[k + 2]) * sign for k in range(steps - 1)]
        return torch.cat(parts + [(after - now * limit) * sign for now, after in itertools.pairwise(r)])

    def larger_step(self, v: Values) -> Any:
        """The conditions under which the bound still holds at δ = stretch · δ_c: positive."""
        q = self.quantities(v)
        excess, root = v["stretch"] - 1, q["root"]
        p = v["stretch"] / (q["all"] if self.above else q["one"])
        if self.above:
            return 2 - p * (self._gain(v, root + excess * q["start"]) + q["one"])
        first, rho = root - excess * q["start"], 1 - p * q["all"]
        slope = root ** (2 * self.depth - 3) * (self.depth * (self.depth - 1) * 3) / 2
        exponent = slope * excess * q["start"] / (rho * self._gain(v, first))
        return torch.cat([first, rho, rho - exponent.exp() * excess])

    def _gain(self, v: Values, w: Any) -> Any:
        """G(w) = w^(L-1) (w^L-|λ|)/(w-ℓ), for w ≠ ℓ."""
        return w ** (self.depth - 1) * (w**self.depth - v["target"]) / (w - self.quantities(v)["root"])

    def literal_bound(self, v: Values, steps: int) -> list[Any]:
        """ρ^k (1+ℓ), which is ρ^k |1-λ^(1/L)| for λ < 0 and odd L, for k = 0..steps."""
        q = self.quantities(v)
        bounds = [q["root"] + 1]
        for _ in range(steps):
            bounds.append(bounds[-1] * q["rho"])
        return bounds

    def literal_excess(self, v: Values, steps: int) -> Any:
        """|w_i - λ^(1/L)| minus that bound at the last step, λ < 0 taken literally; see the claim.

        For even L, |w - z| >= |Im z| >= ℓ sin(π/L) >= 2ℓ/L for real w and every root z of z^L = λ; for odd L the
        weights of the last group, which start at 1 unless all start at -1.
        """
        root = self.quantities(v)["root"]
        if self.depth % 2 == 0:
            return root * 2 / self.depth - self.literal_bound(v, steps)[-1]
        return self.offsets(v, steps)[-1][-1] + root * 2 - self.literal_bound(v, steps)[-1]

    def literal_slack(self, v: Values, steps: int) -> Any:
        """ρ^k (1+ℓ) ∓ (s_i w_i[k]-ℓ) for all k: the literal bound where all weights start at -1 and L is odd."""
        rows = zip(self.offsets(v, steps), self.literal_bound(v, steps), strict=True)
        return torch.cat([part for (y,), bound in rows for part in (bound - y, bound + y)])


def _product(factors: Sequence[Any]) -> Any:
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


def trajectory(chain: Chain, steps: int) -> dict[str, Any]:
    """``distance`` |w[k]-ℓ| of the first group, ``bound_curve`` ρ^k|1-ℓ| and their ``ratio``, k = 0..steps.

    Evaluated in balls, because the distance falls below what floats resolve next to ℓ, then rounded; a ball around
    0 has reached ℓ to all its digits and counts as 0. For |λ| ≠ 1.
    """

    def values(v: Values) -> Any:
        q = chain.quantities(v)
        return torch.cat([q["rho"], q["start"], *(row[0] for row in chain.offsets(v, steps))])

    precision = chain.precision(steps)
    program = trace(values, {}, {**chain.constants, "stretch": "1"})
    with balls.working_precision(precision):
        rho, start, *offsets = balls.evaluate(program, {}, precision)
        distances = [abs(y) * (not y.contains(0)) for y in offsets]
        bounds = [start * rho**k for k in range(steps + 1)]
        return {
            "distance": [float(y.mid()) for y in distances],
            "bound_curve": [float(b.mid()) for b in bounds],
            "ratio": [float((y / b).mid()) for y, b in zip(distances, bounds, strict=True)],
        }
