r"""Exact bounds of a quadratic function minus networks of depth one, on simplices without kinks inside.

On a simplex with corners $v_0,\dots,v_n$ a polynomial $p$ of degree two is $\sum_{i,j}\lambda_i\lambda_jB(v_i,v_j)$
in the barycentric coordinates $\lambda\ge0$, $\sum\lambda_i=1$, with its polar form $B(v_i,v_i)=p(v_i)$ and
$$B(v_i,v_j)=2p\bigl(\tfrac{v_i+v_j}2\bigr)-\tfrac12\bigl(p(v_i)+p(v_j)\bigr).$$
The $\lambda_i\lambda_j$ sum to 1, so the least and the largest of these numbers bound $p$. They are found from values
of $p$ alone, and a simplex that they do not decide is cut into smaller ones. Everything is enlarged until all points
are whole, so that balls have no radius: a bound may be reached.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.decomposition import quadratic_form
from rescert.decomposition.quadratic_form import Quadratic
from rescert.networks import ridge_sum
from rescert.networks.linear_regions import Affine, Polygon
from rescert.networks.ridge_sum import RidgeSum

Signed = Sequence[tuple[int, RidgeSum]]
Simplex = tuple[Polygon, Affine]
DEEPEST = 6
MOST_VALUES = 1 << 17  # of one operation: an eighth of what the checker takes


@dataclass(frozen=True)
class Range:
    """low <= f - f̂ <= high on the unit cube; ``reached``: both are values of f - f̂ at corners of the simplices."""

    low: Fraction
    high: Fraction
    reached: bool
    simplices: tuple[Simplex, ...]


def coefficients(f: Quadratic, simplex: Simplex) -> list[Fraction]:
    """The polar form of f minus the affine function at all pairs of corners, the corners themselves first."""
    corners, function = simplex
    at = [function.at(v) for v in corners]
    own = [f.bilinear(v, v) - a for v, a in zip(corners, at, strict=True)]
    return own + [f.bilinear(corners[i], corners[j]) - (at[i] + at[j]) / 2 for i, j in _edges(len(corners))]


def _edges(corners: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(corners), 2))


def divided(simplex: Simplex) -> list[Simplex]:
    """An interval in two, a triangle in four."""
    corners, function = simplex
    middle = {
        e: tuple((a + b) / 2 for a, b in zip(corners[e[0]], corners[e[1]], strict=True)) for e in _edges(len(corners))
    }
    if len(corners) == 2:
        return [((corners[0], middle[0, 1]), function), ((middle[0, 1], corners[1]), function)]
    ab, ac, bc = middle[0, 1], middle[0, 2], middle[1, 2]
    a, b, c = corners
    return [((a, ab, ac), function), ((ab, b, bc), function), ((ac, bc, c), function), ((ab, bc, ac), function)]


def error_range(f: Quadratic, networks: Signed) -> Range:
    """Bounds of f - Σ sign f̂ from all pieces, each divided once; exact where `Range.reached`."""
    whole = ridge_sum.pieces(networks, f.dimension)
    simplices = tuple(part for piece in whole for part in divided(piece))
    found = [coefficients(f, s) for s in simplices]
    low, high = min(map(min, found)), max(map(max, found))
    corners = [t for c in found for t in c[: f.dimension + 1]]
    return Range(low, high, low in corners and high in corners, simplices)


def within(f: Quadratic, networks: Signed, bound: Fraction) -> tuple[Simplex, ...] | None:
    """Simplices on which the coefficients show |f - Σ sign f̂| <= bound; None if `DEEPEST` divisions do not."""
    waiting, shown = [(0, piece) for piece in ridge_sum.pieces(networks, f.dimension)], []
    while waiting:
        level, simplex = waiting.pop()
        if max(map(abs, coefficients(f, simplex))) <= bound:
            shown.append(simplex)
        elif level < DEEPEST:
            waiting += [(level + 1, part) for part in divided(simplex)]
        else:
            return None
    return tuple(shown)


def assertions(
    f: Quadratic, networks: Signed, bound: Fraction, simplices: Sequence[Simplex]
) -> tuple[dict[str, Any], ...]:
    """That |f - Σ sign f̂| <= bound on the simplices, which have no kink inside; empty if balls do not show it.

    In parts that the checker is willing to evaluate, each with two assertions: first the coefficients, from values of
    f and of the networks at corners and midpoints; then that no argument of a ReLU changes its sign between two corners
    of a simplex, left out where there is no ReLU.
    """
    units = max(1, *(len(n.weights) for _, n in networks))
    size = max(1, MOST_VALUES // (units * (f.dimension + 1)))
    found: list[dict[str, Any]] = []
    for start in range(0, len(simplices), size):
        shown = _part(f, networks, bound, simplices[start : start + size])
        if not shown:
            return ()
        found += shown
    return tuple(found)


def _part(f: Quadratic, networks: Signed, bound: Fraction, simplices: Sequence[Simplex]) -> tuple[dict[str, Any], ...]:
    corners = [s for s, _ in simplices]
    count, edges = f.dimension + 1, _edges(f.dimension + 1)
    scale = (
        math.lcm(*(t.denominator for s in corners for v in s for t in v), *(n.denominator() for _, n in networks)) * 2
    )
    points = np.array([[[int(scale * t) for t in v] for v in s] for s in corners], dtype=np.int64)
    middles = np.stack([(points[:, i] + points[:, j]) // 2 for i, j in edges], axis=1)
    enlarged = [(sgn, n.enlarged(scale)) for sgn, n in networks]
    names = [f"network{i + 1}" for i in range(len(enlarged))]
    constants = f.enlarged(scale).constants()
    for name, (_, n) in zip(names, enlarged, strict=True):
        constants |= n.constants(name)
    constants |= {"corners": points.reshape(-1, f.dimension), "bound": str(scale * scale * bound)}

    def error(v: Any, x: Any) -> Any:
        rest = quadratic_form.value(v, x)
        for name, (sgn, _) in zip(names, enlarged, strict=True):
            rest = rest - ridge_sum.value(v, name, x) * sgn
        return rest

    def slack(v: Any) -> Any:
        own = error(v, v["corners"]).reshape(len(corners), count)
        edge = error(v, v["middles"]).reshape(len(corners), len(edges))
        found = [own[:, i] for i in range(count)]
        found += [edge[:, e] * 2 - (own[:, i] + own[:, j]) / 2 for e, (i, j) in enumerate(edges)]
        everything = torch.cat(found)
        return torch.cat([v["bound"] - everything, v["bound"] + everything])

    def unbroken(v: Any) -> Any:
        products = []
        for name, (_, n) in zip(names, enlarged, strict=True):
            if n.weights:
                z = ridge_sum.arguments(v, name, v["corners"]).reshape(len(corners), count, len(n.weights))
                products += [(z[:, i, :] * z[:, j, :]).reshape(-1) for i, j in edges]
        return torch.cat(products)

    proofs = [sign.prove(trace(slack, {}, {**constants, "middles": middles.reshape(-1, f.dimension)}), {}, ">=")]
    if any(n.weights for _, n in networks):
        proofs.append(sign.prove(trace(unbroken, {}, constants), {}, ">="))
    shown = tuple(p.assertion for p in proofs if p.assertion is not None)
    return shown if len(shown) == len(proofs) else ()
