r"""Exact pieces of scalar residual networks: kinks in floats (batched), and kinks and slopes in rational numbers.

The network is $h_0=x$, $h_l=h_{l-1}+w_l[h_{l-1}-b_l]_+$, $\hat f=c\,h_L$ with $w_l\ge0$, $c>0$. Every $h_l$ rises
strictly with $x$, so layer $l$ has one kink $x_l=h_{l-1}^{-1}(b_l)$ and is active exactly for $x>x_l$:
$$\hat f'(x)=c\prod_{l:\,x_l<x}(1+w_l).$$
$h_{l-1}^{-1}(b_l)$ undoes one layer after the other: $h_k=z$ with $z>b_k$ comes from
$h_{k-1}=(z+w_kb_k)/(1+w_k)$, $z\le b_k$ from $h_{k-1}=z$.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from flint import fmpq
from torch import Tensor

Network = tuple[Sequence[fmpq], Sequence[fmpq], fmpq]


def kinks(w: Tensor, b: Tensor) -> Tensor:
    r"""$x_l$ of a batch of networks, layers first: shaped as ``w``. A layer with $w_l=0$ has a kink of no height.

    >>> two = torch.tensor([1.0, 1.0], dtype=torch.float64)
    >>> kinks(two, torch.tensor([1.0, 3.0], dtype=torch.float64)).tolist()
    [1.0, 2.0]
    """
    found = []
    for layer in range(len(w)):
        at = b[layer]
        for below in reversed(range(layer)):
            at = torch.where(at > b[below], (at + w[below] * b[below]) / (1 + w[below]), at)
        found.append(at)
    return torch.stack(found)


def exact(value: Any) -> fmpq:
    """The binary value of a float, as a rational."""
    numerator, denominator = float(value).as_integer_ratio()
    return fmpq(numerator, denominator)


def exact_network(w: np.ndarray, b: np.ndarray, c: Any) -> Network:
    """A network of rational numbers from its stored floats."""
    return [exact(v) for v in w], [exact(v) for v in b], exact(c)


def exact_kinks(w: Sequence[fmpq], b: Sequence[fmpq]) -> list[fmpq]:
    """$x_l$ for every layer, in rational numbers."""
    found = []
    for layer, at in enumerate(b):
        for below in reversed(range(layer)):
            if at > b[below]:
                at = (at + w[below] * b[below]) / (1 + w[below])
        found.append(at)
    return found


@dataclass(frozen=True)
class Piece:
    """A function is affine with ``slope`` on [low, high], low < high."""

    low: fmpq
    high: fmpq
    slope: fmpq


@dataclass(frozen=True)
class Pair:
    """A pair of networks in rational numbers; the constant d does not matter here."""

    first: Network
    second: Network

    @cached_property
    def pieces(self) -> list[Piece]:
        r"""The maximal affine pieces of $\hat f_1-\hat f_2$ on [0, 1], from left to right.

        >>> one, half = [fmpq(1)], [fmpq(1, 2)]
        >>> [(str(p.high), str(p.slope)) for p in Pair((one, half, fmpq(1)), ([fmpq(0)], half, fmpq(3))).pieces]
        [('1/2', '-2'), ('1', '-1')]
        """
        factors = [
            (at, sign, 1 + w)
            for sign, (ws, bs, _) in ((0, self.first), (1, self.second))
            for at, w in zip(exact_kinks(ws, bs), ws, strict=True)
        ]
        inner = sorted({(at.p, at.q): at for at, _, _ in factors if 0 < at < 1}.values())
        rates = [self.first[2], self.second[2]]
        for at, network, factor in factors:
            if at <= 0:
                rates[network] *= factor
        found: list[Piece] = []
        for low, high in pairwise([fmpq(0), *inner, fmpq(1)]):
            for at, network, factor in factors:
                if low > 0 and at == low:
                    rates[network] *= factor
            slope = rates[0] - rates[1]
            if found and found[-1].slope == slope:
                found[-1] = Piece(found[-1].low, high, slope)
            else:
                found.append(Piece(low, high, slope))
        return found


def steepest(pieces: Sequence[Piece]) -> Piece:
    """The first of the pieces with the largest |slope|."""
    return max(pieces, key=lambda piece: abs(piece.slope))


def overlaps(pieces: Sequence[Piece], others: Sequence[Piece]) -> list[tuple[Piece, fmpq]]:
    """The pieces cut at the ends of the ``others``, each with the other's slope there."""
    cut = []
    for piece in pieces:
        for other in others:
            low, high = max(piece.low, other.low), min(piece.high, other.high)
            if low < high:
                cut.append((Piece(low, high, piece.slope), other.slope))
    return cut


def supported(pieces: Sequence[Piece], data: Sequence[fmpq], least: int = 2) -> list[Piece]:
    """The pieces with at least ``least`` data; a datum at a kink counts on both sides."""
    enough: Callable[[Piece], bool] = lambda p: sum(p.low <= x <= p.high for x in data) >= least  # noqa: E731
    return [piece for piece in pieces if enough(piece)]
