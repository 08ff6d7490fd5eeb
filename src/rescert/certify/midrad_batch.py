r"""Linear operations on a batch of enclosures, with coefficients that are enclosures and have no axis of the batch.

A batch (`Lines`) is a pair of arrays (m, r) with a leading axis, and stands for every x with |x - m| <= r.

**Bounds**, in the rounding model of `rescert.certify.midrad`; $\hat c$, $\rho$ are midpoint and radius of a
coefficient, $u=2^{-53}$. For $\Sigma$ = fl$(\sum_t\hat c_tm_t)$ over $k$ products (of the terms of a sum, or of the
inner index of a matrix product), in any order, $|\Sigma-\sum_t\hat c_tm_t|\le\gamma_k\sum_t|\hat c_t||m_t|+k\eta$,
and for points $c_t$, $x_t$ of the operands $|c_tx_t-\hat c_tm_t|\le(|\hat c_t|+\rho_t)r_t+\rho_t|m_t|$. Hence

$$\Bigl|\sum_tc_tx_t-\Sigma\Bigr|\le\sum_t(A_tr_t+B_t|m_t|)+k\eta,\quad A=|\hat c|+\rho,\ B=\rho+\gamma_k|\hat c|.$$

The right-hand side is a sum of $2k$ products of non-negative floats, so computing it loses a factor of at most
$1-\gamma_{2k+3}$ (with the roundings of $A$ and $B$) and $2k\eta$ by underflow; $A$ and $B$ are enlarged by
$1+(8k+32)u>1/(1-\gamma_{2k+3})^2$ beforehand, both after $2^{-1000}$ was added, because $\gamma_k|\hat c|$ may
underflow and a denormal number cannot be enlarged by so little, and $2^{-1000}\ge4k\eta$ is added afterwards. A sum
of $k$ entries is the case $A=1$, $B=\gamma_k$. Operations that only move entries are exact.

Nothing that is not finite passes: a coefficient or a batch with an entry that is NaN or infinite ends the evaluation
(`Unbounded`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rescert.certify.midrad import TINY, UNIT, MidRad, gamma
from rescert.certify.problem import Shape, index_key

Lines = tuple[np.ndarray, np.ndarray]
Step = Callable[[Sequence[Lines]], Lines]


class Unbounded(Exception):
    """A coefficient or a batch without bounds."""


@dataclass
class Sum:
    """Σ c ⊙ x of ``shape``, as {number of the batch x: coefficient c (None: 1)}; all shapes broadcast to ``shape``."""

    shape: Shape
    terms: dict[int, MidRad | None]


def finite(lines: Lines) -> Lines:
    """The same, if every entry is finite; raises `Unbounded` otherwise."""
    # A sum is finite only if every entry is.
    if not (math.isfinite(lines[0].sum()) and math.isfinite(lines[1].sum())):
        raise Unbounded
    return lines


def _sides(factor: MidRad, k: int) -> tuple[np.ndarray, np.ndarray]:
    """A and B of the bounds above, for sums of k products."""
    if not np.isfinite(factor.rad).all():
        raise Unbounded
    size, slack = np.abs(factor.mid), 1 + (8 * k + 32) * UNIT
    # Below the normal range the slack would be lost to rounding, so A is lifted out of it, too.
    return (size + factor.rad + TINY) * slack, (factor.rad + gamma(k) * size + TINY) * slack


def weighted(value: Sum, shapes: Sequence[Shape]) -> Step:
    """The step that evaluates a sum; ``shapes`` are those of the batches."""
    k, rank = len(value.terms), len(value.shape)
    prepared = []
    for number, factor in value.terms.items():
        padded = (1,) * (rank - len(shapes[number])) + shapes[number]
        prepared.append((number, padded, None if factor is None else (factor.mid, *_sides(factor, k))))
    slack = 1 + (8 * k + 32) * UNIT

    def step(batches: Sequence[Lines]) -> Lines:
        mid: np.ndarray | None = None
        rad: np.ndarray | None = None
        for number, padded, factor in prepared:
            m, r = (side.reshape(-1, *padded) for side in batches[number])
            if factor is None and k == 1:
                part, spread = m, r
            elif factor is None:
                part, spread = m, np.abs(m) * (gamma(k) * slack)
                spread += r * slack
            else:
                part, spread = factor[0] * m, factor[2] * np.abs(m)
                spread += factor[1] * r
            mid, rad = (part, spread) if mid is None or rad is None else (mid + part, rad + spread)
        assert mid is not None
        assert rad is not None
        shape = (len(mid), *value.shape)
        return np.broadcast_to(mid, shape), np.broadcast_to(rad + TINY, shape)

    return step


def product(number: int, factor: MidRad, position: int, shape: Shape) -> Step:
    """The matrix product of a batch (at ``position`` 0 or 1) with a coefficient, one BLAS call where that can be."""
    inner = factor.shape[0 if position == 0 else -1]
    outer, rounding = _sides(factor, inner)
    middle = factor.mid
    if position == 1 and factor.mid.ndim == 2:
        middle, outer, rounding = (np.ascontiguousarray(a) for a in (middle, outer, rounding))

    def multiplied(x: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        if position == 1 and x.ndim == 3:
            return matrix @ x
        matrix = matrix.T if position == 1 else matrix
        return x.reshape(-1, inner) @ matrix

    def step(batches: Sequence[Lines]) -> Lines:
        m, r = finite(batches[number])
        rad = multiplied(r, outer)
        rad += multiplied(np.abs(m), rounding)
        rad += TINY
        return multiplied(m, middle).reshape(-1, *shape), rad.reshape(-1, *shape)

    return step


def moved(op: str, k: Mapping[str, Any], number: int, before: Shape, after: Shape) -> Step:
    """Sums, and what only moves entries: exact, and alike for midpoints and radii."""
    if op == "sum":
        axes = tuple(range(1, len(before) + 1)) if k.get("axis") is None else (k["axis"] + 1,)
        length = math.prod(before[a - 1] for a in axes)
        slack = 1 + (8 * length + 32) * UNIT

        def total(batches: Sequence[Lines]) -> Lines:
            m, r = batches[number]
            rad = (r.sum(axis=axes) + gamma(length) * np.abs(m).sum(axis=axes)) * slack + TINY
            return m.sum(axis=axes).reshape(-1, *after), rad.reshape(-1, *after)

        return total
    move: Callable[[np.ndarray], np.ndarray]
    if op == "reshape":
        move = lambda x: x.reshape(-1, *after)  # noqa: E731
    elif op == "transpose":
        move = lambda x: x.transpose(0, *(a + 1 for a in k["axes"]))  # noqa: E731
    elif op == "slice":
        move = lambda x: x[(slice(None), *index_key(k["index"]))]  # noqa: E731
    elif op == "place":

        def move(x: np.ndarray) -> np.ndarray:
            result = np.zeros((len(x), *after))
            result[(slice(None), *index_key(k["index"]))] = x
            return result

    else:
        raise ValueError(f"expected an operation linear in the direction, got '{op}'")
    return lambda batches: (move(batches[number][0]), move(batches[number][1]))
