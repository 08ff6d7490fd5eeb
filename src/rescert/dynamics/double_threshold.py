r"""Sharpness of a double network $W_L\cdots W_1-Z_L\cdots Z_1=R$ (Nar and Sastry 2018, Section 3.2).

At zero loss the Hessian of $\frac12\|F-R\|_F^2$ is $J^TJ$, and $JJ^T$ maps $X$ to $\sum_iA_iA_i^TXB_i^TB_i$, summed
over both chains. With $\alpha=2(L-1)/L$ its largest eigenvalue is at least $2^{1-\alpha}L\|R\|_2^\alpha$; balanced
factorisations of $R/2$ and $-R/2$ attain it. So the largest stable scaled step is $2^{\alpha-1}$ at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.dynamics.double_chain import sharpness_ratio

Matrix = list[list[str]]
PRECISION = 256
NEAR = 1 / 64  # distance of the near-balanced points from the balanced ones, in parts of (|R|/2)^(1/L)
GRID = 2**20  # their entries are multiples of its inverse


def gain(depth: int) -> float:
    """The largest scaled step at which a zero-loss point of the double network can be stable, $2^{1-2/L}$.

    >>> gain(2), gain(1)
    (1.0, 0.5)
    """
    return 2 ** (1 - 2 / depth)


def critical_step(target: Matrix, depth: int) -> float:
    """The step 2/(L|R|^α) that is scaled to 1, in floats."""
    norm = torch.linalg.matrix_norm(torch.tensor(_floats(target), dtype=torch.float64), 2)
    return 2 / (depth * float(norm) ** (2 * (depth - 1) / depth))


def flow_threshold(norm: float, depth: int) -> float:
    r"""The critical scaled step where gradient flow takes the double network from the identity, R symmetric.

    An eigenvalue of size ``norm`` ends at $p-q$ with $p^{-\beta}+q^{-\beta}=2$, $\beta=1-2/L$ ($pq=1$ for $L=2$), which
    the flow conserves; the critical step is then norm^α / (p^α + q^α) of the single network's.

    >>> round(flow_threshold(1.5, 2), 10)  # p = 2, q = 1/2
    0.6
    """
    return sharpness_ratio(norm, depth)


def zero_loss_factors(target: Matrix, depth: int, generator: torch.Generator) -> dict[str, list[Matrix]]:
    """A random rational double network that computes R exactly: small integers, but for the first factor of Z."""
    size = len(target)

    def entries(low: int, high: int) -> list[list[Fraction]]:
        drawn = torch.randint(low, high + 1, (size, size), generator=generator)
        return [[Fraction(int(x)) for x in row] for row in drawn]

    def unimodular() -> list[list[Fraction]]:
        lower, upper = entries(-1, 1), entries(-1, 1)
        for i in range(size):
            for j in range(size):
                lower[i][j] = Fraction(int(i == j)) if i <= j else lower[i][j]
                upper[i][j] = Fraction(int(i == j)) if i >= j else upper[i][j]
        return _times(lower, upper)

    chain = [entries(-2, 2) for _ in range(depth)]
    others = [unimodular() for _ in range(depth - 1)]
    product = _product(chain)
    rest = [[p - Fraction(r) for p, r in zip(a, b, strict=True)] for a, b in zip(product, target, strict=True)]
    for factor in reversed(others):
        rest = _solved(factor, rest)
    return {"W": [_text(m) for m in chain], "Z": [_text(m) for m in (rest, *others)]}


def near_balanced_factors(target: Matrix, depth: int, generator: torch.Generator) -> dict[str, list[Matrix]]:
    """Binary fractions near the balanced factorisations of R/2 and -R/2, where the bound is attained.

    What the network computes is near R only; it is a zero-loss point of its own output.
    """
    half = torch.tensor(_floats(target), dtype=torch.float64) / 2
    left, values, right = torch.linalg.svd(half)
    root = torch.diag(values ** (1 / depth))
    factors = {}
    for name, last in (("W", left @ root), ("Z", -left @ root)):
        chain = torch.stack([root @ right, *[root] * (depth - 2), last])
        chain += NEAR * root.max() * torch.randn(chain.shape, generator=generator, dtype=torch.float64)
        factors[name] = [_text([[Fraction(round(x * GRID), GRID) for x in row] for row in m]) for m in chain.tolist()]
    return factors


def prove_sharper(target: Matrix, factors: Mapping[str, Sequence[Matrix]]) -> tuple[Proof, tuple[dict[str, Any], ...]]:
    """That a point is sharper than the bound for what it computes, by one direction $uv^T$; and that this is R.

    ``lower`` of the proof is a lower bound of the ratio to it, minus 1. For matrices of at most two rows, whose
    spectral norm has a formula. Equality with R is shown for binary fractions.
    """
    if len(target) > 2:
        raise ValueError(f"expected a matrix of at most two rows, got {len(target)}")
    depth = len(factors["W"])
    exact = {
        name: _product([[[Fraction(x) for x in row] for row in m] for m in chain]) for name, chain in factors.items()
    }
    computed = [[a - b for a, b in zip(p, q, strict=True)] for p, q in zip(exact["W"], exact["Z"], strict=True)]
    left, _, right = torch.linalg.svd(torch.tensor(_floats(computed), dtype=torch.float64))
    constants: dict[str, Any] = {"target": target, "u": left[:, 0].tolist(), "v": right[0].tolist()}
    constants |= {f"{name}{i}": matrix for name, chain in factors.items() for i, matrix in enumerate(chain)}
    chains = [[f"{name}{i}" for i in range(depth)] for name in ("W", "Z")]

    def slack(v: Mapping[str, Any]) -> Any:
        bound = ((_squared_norm(output(v)) / 4).log() * (depth - 1) / depth).exp() * (2 * depth)
        quotient = sum(_quotient([v[name] for name in chain], v["u"], v["v"]) for chain in chains)
        return quotient / (bound * _square(v["u"]) * _square(v["v"])) - 1

    def output(v: Mapping[str, Any]) -> Any:
        first, second = (_product([v[name] for name in chain]) for chain in chains)
        return first - second

    at_point = {name: value for name, value in constants.items() if name != "target"}
    named = {name: value for name, value in constants.items() if name not in ("u", "v")}
    zero = sign.prove_zero(trace(lambda v: output(v) - v["target"], {}, named), PRECISION)
    return sign.prove(trace(slack, {}, at_point), {}, ">", PRECISION), zero


def _squared_norm(matrix: Any) -> Any:
    """$\\|R\\|_2^2$, of shape (1,), the larger eigenvalue of $R^TR$."""
    total = (matrix * matrix).sum().reshape(1)
    if len(matrix) == 1:
        return total
    determinant = (matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]).reshape(1)
    return (total + (total * total - determinant * determinant * 4).sqrt()) / 2


def _quotient(chain: Sequence[Any], u: Any, v: Any) -> Any:
    """$\\sum_i|A_i^Tu|^2|B_iv|^2$."""
    before, after = [v], [u]
    for factor in chain[:-1]:
        before.append(factor @ before[-1])
    for factor in chain[:0:-1]:
        after.append(factor.mT @ after[-1])
    return sum(_square(a) * _square(b) for a, b in zip(reversed(after), before, strict=True))


def _square(vector: Any) -> Any:
    return (vector * vector).sum().reshape(1)


def _times(a: Sequence[Sequence[Fraction]], b: Sequence[Sequence[Fraction]]) -> list[list[Fraction]]:
    columns = list(zip(*b, strict=True))
    return [[sum((x * y for x, y in zip(row, column, strict=True)), Fraction(0)) for column in columns] for row in a]


def _product(factors: Sequence[Any]) -> Any:
    result = factors[0]
    for factor in factors[1:]:
        result = _times(factor, result) if isinstance(factor, list) else factor @ result
    return result


def _solved(matrix: list[list[Fraction]], right: list[list[Fraction]]) -> list[list[Fraction]]:
    """The exact solution X of MX = B, by Gauss-Jordan elimination; M is regular."""
    size = len(matrix)
    rows = [[*a, *b] for a, b in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = next(j for j in range(i, size) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(size):
            if j != i:
                rows[j] = [x - rows[j][i] * y for x, y in zip(rows[j], rows[i], strict=True)]
    return [row[size:] for row in rows]


def _floats(matrix: Sequence[Sequence[str | Fraction]]) -> list[list[float]]:
    return [[float(Fraction(x)) for x in row] for row in matrix]


def _text(matrix: Sequence[Sequence[Fraction]]) -> Matrix:
    return [[str(x) for x in row] for row in matrix]
