r"""Gradient descent from the identity on a double chain $w_L\cdots w_1-z_L\cdots z_1$ fitted to $\lambda$.

All $w_i$ stay equal to one number, all $z_i$ to another: with $p=\delta\sigma$, $e=w^L-z^L-\lambda$ (Nar and Sastry
2018, equations 9a and 9b)
$$w[k+1]=w-p\,w^{L-1}e,\qquad z[k+1]=z+p\,z^{L-1}e.$$
Exchanging $w$ and $z$ turns $\lambda$ into $-\lambda$, so everything here is for $\lambda=-a<0$; for a positive target
$w$ is the paper's $z$. The step is $p$ itself, or a fraction of $p_c=1/(L(1+(1+a)^{2-2/L}))$.

The methods on values ``v`` (``size`` = a, ``fraction`` or ``step``) are torch functions of shape (n,); traced, they are
the programs of proofs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch

from rescert.certify.problem import rational
from rescert.dynamics.outcome import ESCAPE

Values = Mapping[str, Any]


class DoubleChain:
    """Two chains of ``depth`` weights from 1, a ``target`` other than 0, and one of ``fraction`` and ``step``, above 0.

    Raises ``ValueError`` for anything else.

    >>> DoubleChain("-2", 2, step="1/2").orbit_floats(2)
    [(1.0, 1.0), (0.0, 2.0), (0.0, 0.0)]
    """

    def __init__(self, target: str, depth: int, fraction: str | None = None, step: str | None = None) -> None:
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
            raise ValueError(f"expected a depth of 1 or more, got {depth!r}")
        if (fraction is None) == (step is None):
            raise ValueError(f"expected either a fraction or a step, got {fraction!r} and {step!r}")
        self.target, self.depth = rational(target), depth
        self.fraction = None if fraction is None else rational(fraction)
        self.step = None if step is None else rational(step)
        if self.target == 0:
            raise ValueError("expected a target other than 0, got 0: nothing moves")
        given = self.step if self.fraction is None else self.fraction
        if given is None or given <= 0:
            raise ValueError(f"expected a step above 0, got {given}")
        self.size = abs(self.target)
        self.root = float(self.size) ** (1 / depth)
        self.top = float(1 + self.size) ** (1 / depth)
        name = "step" if self.fraction is None else "fraction"
        self.constants = {"size": str(self.size), name: str(given)}

    @property
    def proven_step(self) -> float:
        """p_c in floats."""
        return 1 / (self.depth * (1 + self.top ** (2 * self.depth - 2)))

    @property
    def p(self) -> float:
        return float(self.step) if self.step is not None else float(self.fraction or 0) * self.proven_step

    def precision(self, steps: int) -> int:
        """Bits for ``steps`` iterations: the error falls by the factor 1-pS at each, and its square is compared."""
        slope = self.p * self.depth * (1 + self.top ** (2 * self.depth - 2))
        lost = min(8.0, -math.log2(max(1 - slope, 2.0**-8)))
        return min(4096, 256 + 64 * math.ceil(steps * (2 * lost + 4) / 64))

    def rational_power(self, size: Any, exponent: int) -> Any:
        """x^(exponent/L) for a ball x > 0, by x^m where L divides the exponent."""
        whole, rest = divmod(exponent, self.depth)
        return size**whole if rest == 0 else (size.log() * exponent / self.depth).exp()

    def quantities(self, v: Values) -> tuple[Any, Any]:
        """a and p."""
        size = v["size"].reshape(1)
        if self.step is not None:
            return size, v["step"].reshape(1)
        return size, v["fraction"] / ((self.rational_power(size + 1, 2 * self.depth - 2) + 1) * self.depth)

    def orbit(self, v: Values, steps: int) -> list[tuple[Any, Any, Any]]:
        """(w, z, e) for k = 0..``steps``, by the recursion itself."""
        size, p = self.quantities(v)
        w = z = size * 0 + 1
        history = []
        for _ in range(steps + 1):
            e = w**self.depth - z**self.depth + size
            history.append((w, z, e))
            w, z = w - p * w ** (self.depth - 1) * e, z + p * z ** (self.depth - 1) * e
        return history

    def first_step(self, v: Values) -> list[Any]:
        """1-w[1], z[1]-1, a-e[1] and a+e[1]: positive where w falls, z rises and |e| falls in the first step."""
        w, z, e = self.orbit(v, 1)[1]
        size = v["size"].reshape(1)
        return [1 - w, z - 1, size - e, size + e]

    def beyond(self, v: Values) -> Any:
        """p/p_c - 1: positive where the step is beyond the proven one."""
        size, p = self.quantities(v)
        return p * (self.rational_power(size + 1, 2 * self.depth - 2) + 1) * self.depth - 1

    def descent(self, v: Values, steps: int) -> Any:
        """w, w-w', z'-z, 1+a-z'^L, e' and (1-pL)e-e' at each of ``steps`` iterations: positive by the theorem."""
        size, p = self.quantities(v)
        parts, history = [], self.orbit(v, steps)
        for (w, z, e), (w1, z1, e1) in itertools.pairwise(history):
            rate = e - p * e * self.depth - e1
            parts += [w1, w - w1, z1 - z, size + 1 - z1**self.depth, e1, rate]
        return torch.cat(parts)

    def limit(self, v: Values, steps: int) -> tuple[Any, Any, Any, Any]:
        """Lower and upper bounds of lim w and lim z after ``steps`` iterations, by the tail of the rate (1-pL)^k.

        A caller that takes powers of the first one has to show it to be positive.
        """
        w, z, e = self.orbit(v, steps)[-1]
        high = self.rational_power(v["size"].reshape(1) + 1, self.depth - 1)
        return w - w ** (self.depth - 1) * e / self.depth, w, z, z + high * e / self.depth

    def drift(self, v: Values, steps: int) -> Any:
        """The flow's invariant along the orbit: it moves one way, and by no more than the bound; positive.

        L >= 3: I = w^(2-L)+z^(2-L) rises from 2, at most by p(L-1)(L-2)(5+a)a²/(3L). L = 2: wz falls from 1, at most by
        pa²/3. The growth is tested at each of the first ``steps`` iterations, the bound at the limit, whose lower
        bound of w is positive.
        """
        size, p = self.quantities(v)
        n, history = self.depth - 2, self.orbit(v, steps)
        low, _, lowest, _ = self.limit(v, steps)
        if n == 0:
            products = [w * z for w, z, _ in history]
            parts = [a - b for a, b in itertools.pairwise(products)]
            return torch.cat([*parts, low, low * lowest - 1 + p * size**2 / 3])
        sums = [1 / w**n + 1 / z**n for w, z, _ in history]
        bound = p * size**2 * (size + 5) * ((n + 1) * n) / (3 * self.depth)
        parts = [b - a for a, b in itertools.pairwise(sums)]
        return torch.cat([*parts, low, bound + 2 - 1 / low**n - 1 / lowest**n])

    def excess_sharpness(self, v: Values, steps: int) -> Any:
        """Lower bounds of w and of S/L - ℓ^(2L-2) at the limit, S = L(w^(2L-2)+z^(2L-2)).

        The second is one only where the first is positive.
        """
        low, _, lowest, _ = self.limit(v, steps)
        exponent = 2 * self.depth - 2
        return torch.cat([low, low**exponent + lowest**exponent - self.rational_power(v["size"].reshape(1), exponent)])

    def grid_image(self, v: Values, point: tuple[int, int], image: tuple[int, int]) -> Any:
        """The update of an integer point minus an integer image, times the numerator of a = 1/p: exact."""
        over, under = v["numerator"].reshape(1), v["denominator"].reshape(1)
        (w, z), (w1, z1), before = point, image, self.depth - 1
        error = under * (w**self.depth - z**self.depth) + over
        return torch.cat([over * (w - w1) - error * w**before, over * (z - z1) + error * z**before])

    def captured(self, v: Values, steps: int) -> Any:
        """w, -z, and 1 - pm^(L-2)e for m = w and m = -z after ``steps`` iterations: positive in the region T."""
        _, p = self.quantities(v)
        w, z, e = self.orbit(v, steps)[-1]
        return torch.cat([w, -z, *(1 - p * m ** (self.depth - 2) * e for m in (w, -z))])

    def capture_time(self, steps: int) -> int | None:
        """The first k <= ``steps`` with w > 0 > z in T in a float run, L odd; None if there is none."""
        for k, (w, z) in enumerate(self.orbit_floats(steps)):
            e = w**self.depth - z**self.depth + float(self.size)
            if w > 0 > z and self.p * max(w, -z) ** (self.depth - 2) * e < 1:
                return k
        return None

    def near_origin(self, v: Values) -> Any:
        """At inputs ``w``, ``y`` = |z|: e, and for odd L, z = -y, the factors 1-pw^(L-2)e and 1-py^(L-2)e."""
        size, p = self.quantities(v)
        w, y = v["w"].reshape(1), v["y"].reshape(1)
        odd = self.depth % 2 == 1
        e = w**self.depth + y**self.depth * (1 if odd else -1) + size
        factors = [1 - p * m ** (self.depth - 2) * e for m in (w, y)] if odd else []
        return torch.cat([e, *factors])

    def basin_radius(self) -> float:
        """A power of 2 below ℓ/2 and, for odd L, with pr^(L-2)(2r^L+a) < 1/2: the size of the box at the origin."""
        r = 2.0 ** math.floor(math.log2(self.root / 2))
        while self.depth % 2 and self.p * r ** (self.depth - 2) * (2 * r**self.depth + float(self.size)) >= 0.5:
            r /= 2
        return r

    def orbit_floats(self, steps: int) -> list[tuple[float, float]]:
        """(w, z) in floats up to ``steps`` iterations, or until one leaves [-2^40, 2^40]."""
        w = z = 1.0
        found, p, a = [(w, z)], self.p, float(self.size)
        for _ in range(steps):
            e = w**self.depth - z**self.depth + a
            w, z = w - p * w ** (self.depth - 1) * e, z + p * z ** (self.depth - 1) * e
            if max(abs(w), abs(z)) > ESCAPE:
                break
            found.append((w, z))
        return found


def sharpness(w: float, z: float, depth: int) -> float:
    """S = L(w^(2L-2)+z^(2L-2)), the largest eigenvalue of the Hessian over σ at an optimum with equal weights."""
    return depth * (w ** (2 * depth - 2) + z ** (2 * depth - 2))


@lru_cache(maxsize=1 << 12)
def flow_limit(size: float, depth: int) -> tuple[float, float]:
    """The limit of the gradient flow from (1, 1): z^L-w^L = a on w^(2-L)+z^(2-L) = 2, or on wz = 1 for L = 2.

    >>> w, z = flow_limit(1.5, 2)
    >>> round(w * z, 12), round(z**2 - w**2, 12)
    (1.0, 1.5)
    """
    n, low, high = depth - 2, 1.0, (1 + size) ** (1 / depth)

    def partner(z: float) -> float:
        return 1 / z if n == 0 else (2 - z**-n) ** (-1 / n)

    for _ in range(80):
        z = (low + high) / 2
        low, high = (z, high) if z**depth - partner(z) ** depth < size else (low, z)
    return partner(low), low


def sharpness_ratio(size: float, depth: int) -> float:
    """L ℓ^(2L-2) / S at the flow's limit: the critical step there in parts of that of the single balanced chain."""
    return depth * size ** ((2 * depth - 2) / depth) / sharpness(*flow_limit(size, depth), depth)


@lru_cache(maxsize=1 << 8)
def largest_step(size: float, depth: int, steps: int = 2000) -> float:
    """The largest p, on a grid around 2/S at the flow's limit, up to which all float runs from (1, 1) fit λ.

    The grid has the ratio 1.01, from 0.1 to 10 times 2/S. "Fit": |e| <= 1e-9 max(1, a) after ``steps`` iterations.
    """
    p = 2 / sharpness(*flow_limit(size, depth), depth) * 1.01 ** torch.arange(-231, 232, dtype=torch.float64)
    w, z = torch.ones_like(p), torch.ones_like(p)
    for _ in range(steps):
        e = w**depth - z**depth + size
        inside = (w.abs() <= ESCAPE) & (z.abs() <= ESCAPE)
        w, z = (
            torch.where(inside, w - p * w ** (depth - 1) * e, w),
            torch.where(inside, z + p * z ** (depth - 1) * e, z),
        )
    fits = (w**depth - z**depth + size).abs() <= 1e-9 * max(1.0, size)
    failing = (~fits).nonzero()
    last = int(failing[0]) - 1 if len(failing) else len(p) - 1
    return float(p[max(last, 0)])
