r"""Gradient descent from the identity on a scalar chain $w_L\cdots w_1$ whose target is negative, $\lambda=-a<0$.

All weights stay equal to one number $w$, $w[0]=1$, and with $p=\delta\sigma$
$$w[k+1]=w-p\,w^{L-1}(w^L+a).$$
The step is given as $q=\delta\sigma(1+a)$, in parts of the threshold that Nar and Sastry (2018, Proposition 3) print.

A `NegativeChain` knows one setting. Its methods on values ``v`` (``size`` = a, ``fraction`` = q) are torch functions of
shape (n,); traced, they are the programs of proofs. For odd L, u = -w, ℓ = a^(1/L) and
G(u) = u^(L-1) Σ_j u^j ℓ^(L-1-j) describe the way to the optimum: u[k+1]-ℓ = (1-pG(u)) (u-ℓ).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from rescert.certify.problem import rational
from rescert.dynamics.outcome import ESCAPE

Values = Mapping[str, Any]


class Fate(StrEnum):
    """Where a float run is bound for: a region that is proved to be attracted, or none of them."""

    ZERO = "to 0"
    OPTIMUM = "to the optimum"
    OVERFLOW = "overflow"
    NEITHER = "neither so far"


class NegativeChain:
    """``depth`` equal weights from 1, a ``target`` below 0, and the step as the ``fraction`` q; all exact.

    Raises ``ValueError`` for anything else.

    >>> NegativeChain("-3", 2, "1/2").step
    Fraction(1, 8)
    """

    def __init__(self, target: str, depth: int, fraction: str) -> None:
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
            raise ValueError(f"expected a depth of 1 or more, got {depth!r}")
        self.target, self.fraction, self.depth = rational(target), rational(fraction), depth
        if self.target >= 0:
            raise ValueError(f"expected a target below 0, got {target} (Proposition 2 is about targets above 0)")
        self.size = -self.target
        self.step = self.fraction / (1 + self.size)
        self.root = float(self.size) ** (1 / depth)
        self.constants = {"size": str(self.size), "fraction": str(self.fraction)}

    @property
    def optimum_curvature(self) -> float:
        """pG(ℓ) = pLℓ^(2L-2): below 2 the optimum attracts along equal weights, above it repels."""
        return float(self.step) * self.depth * self.root ** (2 * self.depth - 2)

    def precision(self, steps: int) -> int:
        """Bits for ``steps`` iterations: a few a step for the growth of the radius and for w that shrinks."""
        shrinking = abs(1 - float(self.step * self.size))
        lost = -math.log2(shrinking) if self.depth == 2 and 0 < shrinking < 1 else 1.0
        return 256 + 64 * math.ceil(steps * (4 * lost + 4) / 64)

    def quantities(self, v: Values) -> tuple[Any, Any]:
        """a and p."""
        size = v["size"].reshape(1)
        return size, v["fraction"] / (size + 1)

    def orbit(self, v: Values, steps: int) -> list[Any]:
        """w[0..steps], by the recursion itself."""
        size, p = self.quantities(v)
        history = [size * 0 + 1]
        for _ in range(steps):
            w = history[-1]
            history.append(w - p * w ** (self.depth - 1) * (w**self.depth + size))
        return history

    def decrease(self, v: Values, steps: int) -> Any:
        """w[k]-w[k+1] and w[k+1] for k < ``steps``: positive where w falls and stays above 0."""
        w = self.orbit(v, steps)
        return torch.cat([part for k in range(steps) for part in (w[k] - w[k + 1], w[k + 1])])

    def shrinkage(self, v: Values, steps: int) -> Any:
        """w[k]² - w[k+1]² for k < ``steps``: positive where |w| falls."""
        w = self.orbit(v, steps)
        return torch.cat([w[k] ** 2 - w[k + 1] ** 2 for k in range(steps)])

    def growth(self, v: Values, steps: int) -> Any:
        """w[1]² - 1 and w[k+1]² - (q-1)² w[k]² for 1 <= k < ``steps``: positive where |w| grows by q-1 a step."""
        w, factor = self.orbit(v, steps), v["fraction"] - 1
        return torch.cat([w[1] ** 2 - 1, *(w[k + 1] ** 2 - (w[k] * factor) ** 2 for k in range(1, steps))])

    def climb(self, v: Values, steps: int) -> Any:
        """w[k+1]-w[k] for k < ``steps``: positive where w leaves 1 upwards."""
        w = self.orbit(v, steps)
        return torch.cat([w[k + 1] - w[k] for k in range(steps)])

    def integer_image(self, v: Values, weight: int, image: int) -> Any:
        """The update of the integer ``weight`` minus the integer ``image``, times the denominators of p and a."""
        w, numerators = v["weight"].reshape(1), (v["step_numerator"], v["size_numerator"])
        descent = w ** (self.depth - 1) * (w**self.depth * v["size_denominator"] + numerators[1]) * numerators[0]
        return (w - image) * v["step_denominator"] * v["size_denominator"] - descent

    def integers(self, weight: int) -> dict[str, int]:
        """The constants of `integer_image`."""
        p, a = self.step, self.size
        names = ("step_numerator", "step_denominator", "size_numerator", "size_denominator")
        return {"weight": weight, **dict(zip(names, (*p.as_integer_ratio(), *a.as_integer_ratio()), strict=True))}

    def gain(self, root: Any, u: Any) -> Any:
        """G(u), as a sum: no quotient at u = ℓ."""
        total = root * 0
        for j in range(self.depth):
            total = total + u**j * root ** (self.depth - 1 - j)
        return u ** (self.depth - 1) * total

    def optimum_conditions(self, v: Values) -> list[Any]:
        """2ℓ-u_1 and 2-pG(u) for u = u_1, ℓ and ℓ+(pG(ℓ)-1)(ℓ-u_1), where u_1 = q-1: positive where u tends to ℓ."""
        size, p = self.quantities(v)
        root, start = (size.log() / self.depth).exp(), v["fraction"] - 1
        overshoot = root + (p * self.gain(root, root) - 1) * (root - start)
        return [root * 2 - start, *(2 - p * self.gain(root, u) for u in (start + root * 0, root, overshoot))]

    def forward(self, v: Values, u: Any) -> Any:
        """f(u) = u + pu^(L-1)(a-u^L), the update of u = -w for odd L."""
        size, p = self.quantities(v)
        return u + p * u ** (self.depth - 1) * (size - u**self.depth)

    def ceiling(self) -> tuple[str, str, list[float], float]:
        """β a little above max f on [0, ℓ] and q-1, a place near the maximum, and boxes to cover [0, ℓ].

        The boxes are their middles and one radius.
        """
        radius = 2.0 ** (math.floor(math.log2(self.root)) - 8)
        middles = [(2 * j + 1) * radius for j in range(math.floor(self.root / (2 * radius)) + 1)]
        p, a = float(self.step), float(self.size)
        values = [u + p * u ** (self.depth - 1) * (a - u**self.depth) for u in middles]
        top = max(values)
        place = middles[values.index(top)]
        return f"{max(1.02 * top, 1.001 * (float(self.fraction) - 1)):.6g}", f"{place:.6g}", middles, radius

    def below_ceiling(self, v: Values) -> Any:
        """β - f(u) at the input ``u``."""
        return v["ceiling"] - self.forward(v, v["u"])

    def trap(self, v: Values) -> Any:
        """f(β), β-u_1 and u_1: positive, with f < β on [0, ℓ], where u stays above a positive number for ever."""
        top = v["ceiling"].reshape(1)
        return torch.cat([self.forward(v, top), top - v["fraction"] + 1, v["fraction"].reshape(1) - 1])

    def no_ceiling(self, v: Values) -> Any:
        """``place``, a-``place``^L, and for its image x: x^L-a and -f(x). Positive where no β serves.

        For ``place`` is in (0, ℓ), so β >= x > ℓ; and as f rises, then falls, and f(x) < f(ℓ), f(β) <= f(x) < 0.
        """
        place, size = v["place"].reshape(1), v["size"].reshape(1)
        return torch.cat([place, size - place**self.depth, self.fall_beyond(v, self.forward(v, place))])

    def no_ceiling_for_start(self, v: Values) -> Any:
        """u_1^L-a and -f(u_1): positive where no β serves, as β >= u_1 > ℓ and f falls there."""
        return self.fall_beyond(v, v["fraction"].reshape(1) - 1)

    def fall_beyond(self, v: Values, x: Any) -> Any:
        """x^L-a and -f(x)."""
        return torch.cat([x**self.depth - v["size"].reshape(1), -self.forward(v, x)])

    def capture(self, v: Values, k: int) -> Any:
        """w[k] and 1 - pw^(L-2)(w^L+a) at w[k]: positive where w falls to 0 from there on."""
        size, p = self.quantities(v)
        w = self.orbit(v, k)[k]
        return torch.cat([w, 1 - p * w ** (self.depth - 2) * (w**self.depth + size)])

    def capture_time(self, steps: int) -> int | None:
        """The first k in 2..``steps`` at which a float run is in the region of `capture`; None if it is in none."""
        p, a, w = float(self.step), float(self.size), 1.0
        for k in range(1, steps + 1):
            w -= p * w ** (self.depth - 1) * (w**self.depth + a)
            if abs(w) > ESCAPE:
                return None
            if k > 1 and w > 0 and p * w ** (self.depth - 2) * (w**self.depth + a) < 1:
                return k
        return None

    def approach(self, v: Values, steps: int) -> Any:
        """(u[k]-ℓ)² - (u[k+1]-ℓ)² for 1 <= k < ``steps``: positive where -w comes closer to ℓ."""
        root = (self.quantities(v)[0].log() / self.depth).exp()
        gaps = [(w + root) ** 2 for w in self.orbit(v, steps)]
        return torch.cat([gaps[k] - gaps[k + 1] for k in range(1, steps)])

    def geometric_slack(self, v: Values, steps: int) -> Any:
        """L = 2, 2 <= k <= ``steps``: (1-q)ρ^(k-1) - w[k] and w[k] - c ρ^k, ρ = 1-pa, c of `geometric_constant`."""
        size, p = self.quantities(v)
        rho, parts = 1 - p * size, []
        low, power = self.geometric_constant(size, p), rho
        for k, w in enumerate(self.orbit(v, steps)):
            if k > 1:
                parts += [power * (1 - v["fraction"]) - w, w - power * rho * low]
                power = power * rho
        return torch.cat(parts)

    def geometric_constant(self, size: Any, p: Any) -> Any:
        """c = (1-q)/ρ · exp(-s/(1-x)), x = p(1-q)²/ρ, s = (1-q)²/(aρ(1+ρ)): below lim w[k]/ρ^k for L = 2."""
        rho = 1 - p * size
        first = rho - p
        x, s = p * first**2 / rho, first**2 / (size * rho * (rho + 1))
        return first / rho * (-s / (1 - x)).exp()

    def algebraic_slack(self, v: Values, steps: int) -> Any:
        """L >= 3, n = L-2, y = w^(-n): y[k]-1-npak and y[1]+(k-1)C(h)p(w[1]^L+a) - y[k], k <= ``steps``.

        The first from k = 1 on; the second is an identity at k = 1 and 2.
        """
        size, p = self.quantities(v)
        n, parts, orbit = self.depth - 2, [], self.orbit(v, steps)
        slope = self.slope(size, p, orbit[1])
        start = 1 / orbit[1] ** n
        for k, w in enumerate(orbit):
            y = 1 / w**n
            if k > 0:
                parts.append(y - 1 - p * size * (n * k))
            if k > 2:
                parts.append(start + slope * (k - 1) - y)
        return torch.cat(parts)

    def slope(self, size: Any, p: Any, w: Any) -> Any:
        """C(h) p (w^L+a) with h = pw^n(w^L+a) and C(h) = ((1-h)^(-n)-1)/h: above every later growth of w^(-n)."""
        n, error = self.depth - 2, w**self.depth + size
        h = p * w**n * error
        return (1 / (1 - h) ** n - 1) / h * p * error


def products(chain: NegativeChain, iterations: list[int]) -> dict[str, list[float]]:
    """The product w^L at ``iterations`` in floats, with its upper and lower bound; 0 < q < 1, L >= 2."""
    a, p, depth = float(chain.size), float(chain.step), chain.depth
    found: dict[str, list[float]] = {"product": [], "upper": [], "lower": []}
    w, wanted = 1.0, set(iterations)
    first = torch.tensor(1.0 - float(chain.fraction), dtype=torch.float64)
    size, step = torch.tensor(a, dtype=torch.float64), torch.tensor(p, dtype=torch.float64)
    rho, n = 1 - p * a, depth - 2
    constant = float(chain.geometric_constant(size, step)) if n == 0 else 0.0
    slope = float(chain.slope(size, step, first)) if n else 0.0
    for k in range(max(iterations) + 1):
        if k in wanted:
            if n == 0:
                upper, lower = float(first) * rho ** (k - 1), constant * rho**k
            else:
                upper = (1 + n * p * a * k) ** (-1 / n)
                lower = (float(first) ** -n + (k - 1) * slope) ** (-1 / n)
            for name, value in (("product", w), ("upper", upper), ("lower", lower)):
                found[name].append(value**depth)
        w -= p * w ** (depth - 1) * (w**depth + a)
    return found


def fates(target: float, depth: int, fractions: np.ndarray, steps: int) -> list[Fate]:
    """The `Fate` of float runs from 1 at many fractions q, ``depth`` >= 2.

    Even L: |w| is bound for 0 iff p|w|^(L-2)(w^L+a) < 2. Odd L: w >= 0 with p w^(L-2)(w^L+a) <= 1 is bound for 0, and
    u = -w in (0, 2ℓ) is bound for ℓ where the conditions of `NegativeChain.optimum_conditions` hold with u for u_1.

    >>> [str(f) for f in fates(-1.0, 4, np.array([0.5, 1.5, 2.5]), 50)]
    ['to 0', 'to 0', 'overflow']
    """
    a, p = -target, torch.as_tensor(fractions, dtype=torch.float64) / (1 - target)
    w, escaped = torch.ones_like(p), torch.zeros_like(p, dtype=torch.bool)
    for _ in range(steps):
        w = torch.where(escaped, w, w - p * w ** (depth - 1) * (w**depth + a))
        escaped |= w.abs() > ESCAPE
    pull = p * w.abs() ** (depth - 2) * (w**depth + a)
    root = a ** (1 / depth)
    if depth % 2 == 0:
        zero, optimum = pull < 2, torch.zeros_like(escaped)
    else:
        u, at_root = -w, p * depth * root ** (2 * depth - 2)
        far = torch.maximum(u, root + (at_root - 1).clamp(min=0) * (root - u).clamp(min=0))
        gain = far ** (depth - 1) * sum(far**j * root ** (depth - 1 - j) for j in range(depth))
        zero, optimum = (w >= 0) & (pull <= 1), (u > 0) & (u < 2 * root) & (p * gain < 2)
    found = []
    for out, null, best in zip(escaped.tolist(), zero.tolist(), optimum.tolist(), strict=True):
        found.append(Fate.OVERFLOW if out else Fate.ZERO if null else Fate.OPTIMUM if best else Fate.NEITHER)
    return found


def between_powers(value: Fraction, depth: int) -> tuple[int, int] | None:
    """(m, t) with m^L < t < (m+1)^L for t the numerator or denominator: value^(1/L) is irrational. None if rational.

    >>> between_powers(Fraction(2), 3), between_powers(Fraction(8, 27), 3)
    ((1, 2), None)
    """
    for term in value.as_integer_ratio():
        m = round(term ** (1 / depth))
        while m**depth > term:
            m -= 1
        while (m + 1) ** depth <= term:
            m += 1
        if m**depth != term:
            return m, term
    return None
