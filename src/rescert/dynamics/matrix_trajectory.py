r"""Gradient descent of one small matrix chain as programs: what becomes of it is certified, not observed.

`Trajectory` follows a single or a double network from the identity for a rational target $R$ and step $\delta$;
its methods on values ``v`` (``target``, ``identity``, ``step``) are torch functions; traced, they are the programs of
proofs, in balls whose radius stays far below the differences that matter. The steps are `chain_descent`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import torch

from rescert.certify import sign
from rescert.certify.problem import rational, trace
from rescert.certify.proof import Proof
from rescert.dynamics.chain_descent import between, partial_products, square, transposed
from rescert.dynamics.outcome import ROUNDING
from rescert.dynamics.step_sweep import SMALL
from rescert.networks.matrix_chain import SIGNS

LONGEST = 240  # iterations: the checker takes at most 4096 bits
Values = Mapping[str, Any]
Matrix = list[list[str]]


def parsed(text: str) -> Matrix:
    """A square matrix of rational numbers from its rows.

    >>> parsed("0 4; 1/2 -1")
    [['0', '4'], ['1/2', '-1']]
    """
    rows = [row.split() for row in str(text).split(";")]
    if not all(len(row) == len(rows) for row in rows):
        raise ValueError(f"expected a square matrix with rows like '0 4; 0 0', got '{text}'")
    return [[str(rational(entry)) for entry in row] for row in rows]


class Trajectory:
    """A network (``single`` or ``double``) of ``depth`` factors a chain, followed for ``iterations`` steps."""

    def __init__(self, target: Matrix, depth: int, step: str, iterations: int, network: str) -> None:
        if depth < 2 or not 2 <= iterations <= LONGEST or rational(step) <= 0:
            raise ValueError(
                f"expected a depth >= 2, a step > 0 and 2 to {LONGEST} iterations, "
                f"got depth {depth}, step {step}, {iterations} iterations"
            )
        self.target, self.depth, self.iterations, self.signs = target, depth, iterations, SIGNS[network]
        size = len(target)
        identity = [[int(i == j) for j in range(size)] for i in range(size)]
        self.constants: dict[str, Any] = {"target": target, "identity": identity, "step": str(rational(step))}
        self.small = Fraction(SMALL) * sum(Fraction(x) ** 2 for row in target for x in row) / 2
        # a ball may grow by the Jacobian's norm a step: a few bits
        self.precision = 256 + 16 * iterations

    def history(self, v: Values, last: int) -> list[tuple[list[list[Any]], Any]]:
        """The factors of each chain, and the error F - R, before step k = 0..last."""
        chains = [[v["identity"]] * self.depth for _ in self.signs]
        found = []
        for k in range(last + 1):
            parts = [partial_products(chain) for chain in chains]
            error = parts[0][2] - v["target"] if len(parts) == 1 else parts[0][2] - parts[1][2] - v["target"]
            found.append((chains, error))
            if k < last:
                change = error * v["step"]
                chains = [
                    [
                        w - between(transposed(a), change if sign > 0 else -change, transposed(b))
                        for w, a, b in zip(chain, above, below, strict=True)
                    ]
                    for chain, (above, below, _), sign in zip(chains, parts, self.signs, strict=True)
                ]
        return found

    def losses(self, v: Values, last: int) -> list[Any]:
        """The loss before step k = 0..last, one (1,) each."""
        return [square(error) / 2 for _, error in self.history(v, last)]

    def floats(self) -> list[float]:
        """The losses in float64, to choose what to prove."""
        return [loss.item() for loss in self.losses(self._numbers(), self.iterations)]

    def _numbers(self) -> dict[str, torch.Tensor]:
        def number(value: Any) -> Any:
            return [number(x) for x in value] if isinstance(value, list) else float(Fraction(value))

        return {name: torch.tensor(number(value), dtype=torch.float64) for name, value in self.constants.items()}

    def prove(self, slack: Callable[[Values], Any]) -> Proof:
        """Try to show that ``slack`` > 0, a function of the constants."""
        return sign.prove(trace(slack, {}, self.constants), {}, ">", self.precision)

    def prove_converged(self) -> Proof:
        """That the last loss is below 2^-60 |R|²/2."""
        return self.prove(lambda v: self._small(v) - self.losses(v, self.iterations)[-1])

    def prove_large(self) -> Proof:
        """That the last loss is above it."""
        return self.prove(lambda v: self.losses(v, self.iterations)[-1] - self._small(v))

    def prove_oscillating(self) -> Proof:
        """That the last loss is above it, and the loss rises late: the outcome is oscillating, or overflowed."""
        floats, factor = self.floats(), 1 + ROUNDING
        half = self.iterations // 2
        k = max(range(half, self.iterations), key=lambda i: floats[i + 1] / floats[i] if floats[i] else 0.0)

        def slack(v: Values) -> Any:
            losses = self.losses(v, self.iterations)
            return torch.cat([losses[-1] - self._small(v), losses[k + 1] - losses[k] * factor])

        return self.prove(slack)

    def prove_diverging(self) -> Proof:
        r"""That the factors of a double network of even depth L >= 4 grow beyond all bounds, R being diagonal.

        The first entries of R and of the factors are one target $\lambda$ and one pair (w, z). If the larger size m of
        the two is at least twice the other, and $\delta m^{L-2}((1-2^{-L})m^L-|\lambda|)\ge3$, so it is for ever, and m
        at least doubles at each step (proof: `rescert.claims.ns_double_matrices`).
        """
        diagonal = not any(rational(x) for i, row in enumerate(self.target) for j, x in enumerate(row) if i != j)
        if len(self.signs) != 2 or self.depth % 2 or self.depth < 4 or not diagonal:
            return Proof(None, None, "the criterion is for double networks of even depth >= 4 and diagonal matrices")

        numbers = self._numbers()
        for k, (chains, _) in enumerate(self.history(numbers, self.iterations)):
            w, z = (float(chain[0][0, 0]) for chain in chains)
            larger = 0 if abs(w) > abs(z) else 1
            negative = (w, z)[larger] < 0
            if bool((self._escape(numbers, k, larger, negative) > 0).all()):
                return self.prove(lambda v, k=k, i=larger, n=negative: self._escape(v, k, i, n))  # type: ignore[misc]
        return Proof(None, None, "the region of divergence is not entered within the iterations followed")

    def _escape(self, v: Values, k: int, larger: int, negative: bool) -> Any:
        """m-2|other| and the third inequality of `prove_diverging` at step k: positive in the region of divergence."""
        chains, _ = self.history(v, k)[-1]
        w, z = (chain[0][0, 0].reshape(1) for chain in chains)
        m, other = (w, z) if larger == 0 else (z, w)
        m = -m if negative else m
        target = v["target"][0, 0].reshape(1)
        size = -target if rational(self.target[0][0]) < 0 else target
        push = v["step"] * m ** (self.depth - 2) * (m**self.depth * (1 - 2.0**-self.depth) - size)
        return torch.cat([m - other * 2, m + other * 2, push - 3])

    def prove_above(self, floor: Callable[[Values], Any]) -> Proof:
        """That every loss is above ``floor``."""
        return self.prove(lambda v: torch.cat([loss - floor(v) for loss in self.losses(v, self.iterations)]))

    def prove_below(self, floor: Callable[[Values], Any]) -> Proof:
        """That the last loss is below ``floor``."""
        return self.prove(lambda v: floor(v) - self.losses(v, self.iterations)[-1])

    def _small(self, v: Values) -> Any:
        return (v["target"] * v["target"]).sum().reshape(1) * SMALL / 2
