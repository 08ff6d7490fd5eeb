r"""Gradient descent of one small matrix chain as programs: what becomes of it is certified, not observed.

`Trajectory` follows a single or a double network from the identity for a rational target $R$ and step $\delta$;
its methods on values ``v`` (``target``, ``identity``, ``step``) are torch functions; traced, they are the programs of
proofs, in balls whose radius stays far below the differences that matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import torch

from rescert.certify import sign
from rescert.certify.problem import rational, trace
from rescert.certify.proof import Proof
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

    def losses(self, v: Values, last: int) -> list[Any]:
        """The loss before step k = 0..last, one (1,) each."""
        chains = [[v["identity"]] * self.depth for _ in self.signs]
        found = []
        for k in range(last + 1):
            prefixes = [_prefixes(chain) for chain in chains]
            output = prefixes[0][-1] if len(chains) == 1 else prefixes[0][-1] - prefixes[1][-1]
            error = output - v["target"]
            found.append((error * error).sum().reshape(1) / 2)
            if k < last:
                chains = [
                    _stepped(chain, before, error * v["step"] if s > 0 else -(error * v["step"]))
                    for chain, before, s in zip(chains, prefixes, self.signs, strict=True)
                ]
        return found

    def floats(self) -> list[float]:
        """The losses in float64, to choose what to prove."""
        constants = {
            name: torch.tensor([[float(Fraction(x)) for x in row] for row in value] if isinstance(value, list) else
                               float(Fraction(value)), dtype=torch.float64)
            for name, value in self.constants.items()
        }  # fmt: skip
        return [loss.item() for loss in self.losses(constants, self.iterations)]

    def prove(self, slack: Callable[[Values], Any]) -> Proof:
        """Try to show that ``slack`` > 0, a function of the constants."""
        return sign.prove(trace(slack, {}, self.constants), {}, ">", self.precision)

    def prove_converged(self) -> Proof:
        """That the last loss is below 2^-60 |R|²/2."""
        return self.prove(lambda v: self._small(v) - self.losses(v, self.iterations)[-1])

    def prove_oscillating(self) -> Proof:
        """That the last loss is above it, and the loss rises late: the outcome is oscillating, or overflowed."""
        floats, factor = self.floats(), 1 + ROUNDING
        half = self.iterations // 2
        k = max(range(half, self.iterations), key=lambda i: floats[i + 1] / floats[i] if floats[i] else 0.0)

        def slack(v: Values) -> Any:
            losses = self.losses(v, self.iterations)
            return torch.cat([losses[-1] - self._small(v), losses[k + 1] - losses[k] * factor])

        return self.prove(slack)

    def prove_above(self, floor: Callable[[Values], Any]) -> Proof:
        """That every loss is above ``floor``."""
        return self.prove(lambda v: torch.cat([loss - floor(v) for loss in self.losses(v, self.iterations)]))

    def prove_below(self, floor: Callable[[Values], Any]) -> Proof:
        """That the last loss is below ``floor``."""
        return self.prove(lambda v: floor(v) - self.losses(v, self.iterations)[-1])

    def _small(self, v: Values) -> Any:
        return (v["target"] * v["target"]).sum().reshape(1) * SMALL / 2


def _prefixes(chain: Sequence[Any]) -> list[Any]:
    products = [chain[0]]
    for factor in chain[1:]:
        products.append(factor @ products[-1])
    return products


def _stepped(chain: Sequence[Any], prefixes: Sequence[Any], error: Any) -> list[Any]:
    """The factors after a step; ``error`` is $\\pm\\delta E$."""
    stepped, carried = [], error
    for i in range(len(chain) - 1, 0, -1):
        stepped.append(chain[i] - carried @ prefixes[i - 1].mT)
        carried = chain[i].mT @ carried
    return [chain[0] - carried, *reversed(stepped)]
