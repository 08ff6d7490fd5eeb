r"""Whether gradient descent on a matrix chain stays among the polynomials in $R$, settled in rational arithmetic.

If $W_i[k]$ commutes with a symmetric $R$, it is diagonal in the eigenvectors of $R$ and its eigenvalues follow the
scalar chain. For other $R$ the transposes in the gradient leave the polynomials in $R$: a commutator that is not 0 is
the counterexample. Two steps are followed exactly, from equal starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

import numpy as np
import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.dynamics.chain_descent import commutator, error, run
from rescert.dynamics.chain_target import (
    EXACT_BITS,
    Assertions,
    Constants,
    Rows,
    Target,
    parse,
    polynomial,
    prove_polynomial,
    prove_zero,
    texts,
)

STEPS = 2  # followed exactly


class Settled(NamedTuple):
    """Shown, refuted or undecided, with the assertions, and whether these are identities of rationals."""

    holds: bool | None
    reason: str
    assertions: Assertions
    exact: bool = True


class Descent:
    """Gradient descent for R from ``depth`` equal starts, a polynomial in R ('identity' or a matrix as text)."""

    def __init__(self, target: Target, start: str, step: str, depth: int) -> None:
        try:
            self.target, self.depth, self.step = target, depth, Fraction(step)
        except (ValueError, ZeroDivisionError):
            raise ValueError(f"expected a step such as '1/8', got '{step}'") from None
        one = "; ".join(" ".join(str(int(i == j)) for j in range(target.size)) for i in range(target.size))
        self.start: Rows = parse(one if start == "identity" else start)
        if depth < 1:
            raise ValueError(f"expected a depth of 1 or more, got {depth}")
        if len(self.start) != target.size or polynomial(self.start, target.rows) is None:
            raise ValueError(f"expected a start that is a polynomial in the matrix, got '{start}'")
        self.constants: Constants = {"matrix": texts(target.rows), "step": str(self.step), "start": texts(self.start)}

    @property
    def dyadic(self) -> bool:
        """Whether all that enters is a binary fraction."""
        entries = [self.step, *(x for row in self.start for x in row)]
        scale = lcm(*(x.denominator for x in entries))
        return self.target.dyadic and scale & (scale - 1) == 0

    @property
    def strict(self) -> bool:
        """Whether the start has the very same eigenspaces as R, not only a basis of eigenvectors in common.

        Each is then a polynomial in the other.
        """
        return polynomial(self.target.rows, self.start) is not None

    def exact(self) -> list[list[np.ndarray]]:
        """The weights at k = 0, 1, 2 in fractions."""
        matrix, start = (np.array(rows, dtype=object) for rows in (self.target.rows, self.start))
        return run({"matrix": matrix, "step": self.step, "start": start}, self.depth, STEPS)

    def common_eigenvectors(self) -> Assertions:
        """That the start is a polynomial in R, and R one in the start where the eigenspaces are the very same."""
        shown = prove_polynomial(self.start, self.target.rows)
        back = prove_polynomial(self.target.rows, self.start)
        return (*shown, *back) if shown and (back or not self.strict) else ()

    def arrival(self) -> Settled:
        """Whether gradient descent meets R exactly within two steps; anything else is undecided."""
        matrix = np.array(self.target.rows, dtype=object)
        for k, weights in enumerate(self.exact()):
            if not (error(weights, matrix) != 0).any():
                shown = prove_zero(lambda v, k=k: error(run(v, self.depth, k)[k], v["matrix"]), self.constants)
                return Settled(True if shown else None, f"W_L…W_1 = R exactly at k = {k}, where it stays", shown)
        return Settled(None, f"no exact arrival by k = {STEPS}, and nothing is shown of later steps", ())

    def decoupling(self) -> Settled:
        """Whether the weights stay polynomials in R: refuted by a commutator at k <= 2, shown for symmetric R."""
        matrix = np.array(self.target.rows, dtype=object)
        history = self.exact()
        for k, weights in enumerate(history):
            for i, weight in enumerate(weights):
                wrong = commutator(weight, matrix)
                places = [(int(r), int(c)) for r, c in np.argwhere(wrong != 0)]
                if places:
                    return self._refuted(k, i, max(places, key=lambda p: abs(wrong[p])), wrong)
        if self.target.symmetric:
            shown = self._commuting(transposes=True) + self._eigenvalues()
            return Settled(
                True if shown else None, f"all W_i[k], k <= {STEPS}, are symmetric and commute with R", shown
            )
        arrival = self.arrival()
        if arrival.holds and self.target.simple:
            shown = self._commuting(transposes=False)
            reason = f"{arrival.reason}, and all W_i[k] commute with R, which has distinct eigenvalues"
            return Settled(True if shown else None, reason, (*arrival.assertions, *shown) if shown else ())
        return Settled(None, f"all W_i[k], k <= {STEPS}, commute with R, and nothing is shown of later steps", ())

    def _refuted(self, k: int, i: int, place: tuple[int, int], wrong: np.ndarray) -> Settled:
        def entry(v: Mapping[str, Any]) -> Any:
            return commutator(run(v, self.depth, k)[k][i], v["matrix"])[place]

        program = trace(entry, {}, self.constants)
        relation = ">" if wrong[place] > 0 else "<"
        proofs = (sign.prove(program, {}, relation, bits) for bits in EXACT_BITS)
        shown = next(((p.assertion,) for p in proofs if p.assertion is not None), ())
        value = f"{float(wrong[place]):.4g}"
        reason = f"W_{i + 1}[{k}]R - RW_{i + 1}[{k}] has the entry {value}"
        return Settled(False if shown else None, reason, shown, self.dyadic)

    def _commuting(self, transposes: bool) -> Assertions:
        def wrong(v: Mapping[str, Any]) -> Any:
            weights = [w for later in run(v, self.depth, STEPS)[1:] for w in later]
            parts = [commutator(w, v["matrix"]) for w in weights]
            return torch.cat(parts + [w - w.mT for w in weights] if transposes else parts)

        return prove_zero(wrong, self.constants) if self.dyadic else ()

    def _eigenvalues(self) -> Assertions:
        """That W_i[k]x = w[k]x for all eigenvectors x, where the eigenvalues are rational and w the scalar chain's."""
        pairs = [(low, x) for low, high in self.target.intervals if low == high for x in self.target.eigenvectors(low)]
        if len(pairs) < self.target.size or not self.dyadic:
            return ()
        starts = [self._start_on(x) for _, x in pairs]

        def wrong(v: Mapping[str, Any]) -> Any:
            vectors, scalar, parts = v["vectors"].mT, v["starts"] * 1, []
            for weights in run(v, self.depth, STEPS)[1:]:
                wide = scalar ** (self.depth - 1)
                scalar = scalar - wide * (wide * scalar - v["values"]) * v["step"]
                parts += [w @ vectors - vectors * scalar for w in weights]
            return torch.cat(parts)

        constants = {"vectors": [x for _, x in pairs], "values": [str(value) for value, _ in pairs], "starts": starts}
        return prove_zero(wrong, {**self.constants, **constants})

    def _start_on(self, vector: list[int]) -> str:
        place = next(i for i, x in enumerate(vector) if x)
        return str(sum(x * y for x, y in zip(self.start[place], vector, strict=True)) / vector[place])
