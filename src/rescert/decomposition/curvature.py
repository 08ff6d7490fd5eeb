r"""The least eigenvalue of a Hessian over a box, from both sides, and what follows for $f=r-s$.

For $f$ on $D=[0,M_1]\times\dots\times[0,M_n]$ let $\lambda=\inf_{x\in D}\lambda_{\min}(\nabla^2f(x))$. With
$r=\tfrac\alpha2|x|^2+\beta^Tx+f$, $\nabla^2r=\nabla^2f+\alpha I$ is positive definite on $D$ for $\alpha>-\lambda$, and
not for $\alpha<-\lambda$. The first is certified by the leading principal minors on a cover of $D$ by boxes, the second
by a point and a direction. The minors are those of the written Hessian; the second differentiates $f$, and so does the
enclosure of $\nabla^2f+\alpha I$ on $D$ as a whole, which shows that a large $\alpha$ serves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from rescert.certify import inertia, sign, slack_cover
from rescert.certify.problem import Program, rational, trace
from rescert.certify.proof import Proof
from rescert.decomposition.smooth_functions import SmoothFunction

PRECISION = 128
GRID = {1: 4097, 2: 129, 3: 33}  # points an axis of the search
COARSE = 17
MOST_BOXES = 4000
SHARE = 0.25  # of the least minors: left to the checker, whose slopes are wider than ours
LARGEST = 2**12  # the last α that is tried on the whole box
Assertions = tuple[dict[str, Any], ...]


def lengths(text: str, dimension: int) -> list[Fraction]:
    """The sides M_i of a box from text such as "3/4 1"; raises ``ValueError`` for another number of them."""
    sides = [rational(part) for part in str(text).split()]
    if len(sides) != dimension or any(side <= 0 or Fraction(float(side)) != side for side in sides):
        raise ValueError(f"expected {dimension} positive binary fractions as sides of the box, got '{text}'")
    return sides


def box(sides: Sequence[Fraction]) -> dict[str, Any]:
    halves = [float(side / 2) for side in sides]
    return {"x": {"mid": halves, "rad": halves}}


def symmetric(entries: Sequence[Any], dimension: int) -> list[list[Any]]:
    """The full matrix from its entries on and above the diagonal."""
    place = {pair: k for k, pair in enumerate((i, j) for i in range(dimension) for j in range(i, dimension))}
    return [[entries[place[min(i, j), max(i, j)]] for j in range(dimension)] for i in range(dimension)]


def leading_minors(matrix: Sequence[Sequence[Any]]) -> list[Any]:
    """All leading principal minors, up to three: positive if and only if the symmetric matrix is definite."""
    (a, *rest) = matrix[0]
    minors = [a]
    if len(matrix) > 1:
        minors.append(a * matrix[1][1] - rest[0] * rest[0])
    if len(matrix) > 2:
        b, c = rest
        d, e, f = matrix[1][1], matrix[1][2], matrix[2][2]
        minors.append(a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d))
    return minors


def minors_program(f: SmoothFunction, shift: float) -> Program:
    """The leading minors of $\\nabla^2f+\\text{shift}\\,I$ of the input x (n,), or of its root (`hessian_of_root`)."""

    def output(v: Mapping[str, Any]) -> Any:
        entries = f.hessian(v["x"]) if f.hessian_of_root is None else f.hessian_of_root(v["x"])
        matrix = symmetric(entries, f.dimension)
        moved = [[m + v["shift"] if i == j else m for j, m in enumerate(row)] for i, row in enumerate(matrix)]
        return torch.stack(leading_minors(moved))

    return trace(output, {"x": (f.dimension,)}, {"shift": shift})


def minors(f: SmoothFunction, shift: float, sides: Sequence[Fraction], point: Sequence[float]) -> np.ndarray:
    """The least values of the leading minors on a grid and at a point, (n,), in floats; 0 where one is negative."""
    axes = [torch.linspace(0, float(side), COARSE, dtype=torch.float64) for side in sides]
    points = torch.cartesian_prod(*axes).reshape(-1, f.dimension)
    points = torch.cat([points, torch.tensor([point], dtype=torch.float64)])
    values = torch.func.vmap(lambda x: minors_program(f, shift).evaluate({"x": x}))(points)
    return values.amin(dim=0).clamp(min=0).numpy()


def shifted(f: SmoothFunction, shift: float | str) -> Program:
    """$f+\\frac{\\text{shift}}2|x|^2$, of the input x (n,)."""
    return trace(
        lambda v: f.value(v["x"]) + v["shift"] * (v["x"] * v["x"]).sum() / 2, {"x": (f.dimension,)}, {"shift": shift}
    )


def large_enough(f: SmoothFunction, sides: Sequence[Fraction]) -> tuple[int, Assertions]:
    r"""The first α = 1, 2, 4, … for which one enclosure of $\nabla^2f$ on the whole box, by differentiating f, serves.

    No assertion if none up to `LARGEST` does, as where a derivative of f is not defined at the boundary.
    """
    alpha = 1
    while alpha <= LARGEST:
        proof = inertia.prove_definite(shifted(f, alpha), box(sides), "positive", PRECISION)
        if proof.assertion is not None:
            return alpha, (proof.assertion,)
        alpha *= 2
    return alpha, ()


def least_eigenvalue(f: SmoothFunction, sides: Sequence[Fraction]) -> tuple[float, list[float], list[float]]:
    """In floats: the least eigenvalue on a grid that closes in on it, the point, and a unit direction."""
    ends = torch.tensor([float(side) for side in sides], dtype=torch.float64)
    low, high = torch.zeros_like(ends), ends
    for _ in range(8):
        axes = [
            torch.linspace(float(a), float(b), GRID[f.dimension], dtype=torch.float64)
            for a, b in zip(low, high, strict=True)
        ]
        points = torch.cartesian_prod(*axes).reshape(-1, f.dimension)
        values, vectors = torch.linalg.eigh(hessians(f, points))
        best = int(values[:, 0].argmin())
        span = (high - low) / 8
        low, high = (points[best] - span).clamp(min=0), torch.minimum(points[best] + span, ends)
    return float(values[best, 0]), points[best].tolist(), vectors[best, :, 0].tolist()


def hessians(f: SmoothFunction, points: torch.Tensor) -> torch.Tensor:
    """Hessians at the rows of ``points``, (N, n, n), in floats."""
    rows = symmetric([e + 0 * points[:, 0] for e in f.hessian(points.T)], f.dimension)
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)


@dataclass(frozen=True)
class Bracket:
    """``low`` < λ < ``high`` if all proofs are there; ``point`` and ``direction`` are where the search found it.

    ``above`` are the covers, ``below`` is the point and direction.
    """

    low: float
    high: float
    point: list[float]
    direction: list[float]
    above: tuple[Proof, ...]
    below: Proof

    @property
    def proved(self) -> bool:
        return all(p.assertion is not None for p in (*self.above, self.below))

    @property
    def covers(self) -> Assertions:
        shown = tuple(p.assertion for p in self.above if p.assertion is not None)
        return shown if len(shown) == len(self.above) else ()

    @property
    def assertions(self) -> Assertions:
        return (*self.covers, *(() if self.below.assertion is None else (self.below.assertion,)))

    @property
    def reason(self) -> str:
        """What is missing, or the bracket in words."""
        missing = [p.reason for p in (*self.above, self.below) if p.assertion is None]
        return "; ".join(missing) or f"the least eigenvalue is between {self.low:.6g} and {self.high:.6g}"


def bracket(f: SmoothFunction, sides: Sequence[Fraction], margin: float) -> Bracket:
    """Enclose λ within ``margin`` on each side, where the searched value allows it."""
    value, point, direction = least_eigenvalue(f, sides)
    low, high = value - margin, value + margin
    domain = sides if f.hessian_of_root is None else [Fraction(math.ceil(float(side) ** 0.5)) for side in sides]
    least = minors(f, -low, domain, point)
    above = slack_cover.prove_positive(minors_program(f, -low), box(domain), MOST_BOXES, SHARE * least)
    # Off the boundary by little: a Hessian that is continuous need not be differentiable there.
    inside = [max(x, float(side) * 2.0**-30) for x, side in zip(point, sides, strict=True)]
    below = inertia.prove_negative_direction(shifted(f, -high), {"x": inside}, {"x": direction}, PRECISION)
    return Bracket(low, high, point, direction, (above,), below)


def origin(f: SmoothFunction, margin: float) -> tuple[list[float], Assertions]:
    """The least β in floats, and the assertions that β + margin serves and, where β > 0, that β - margin does not."""
    zero = torch.zeros(f.dimension, dtype=torch.float64)
    slopes = [float(g) for g in f.gradient(zero)]
    least = [max(0.0, -g) for g in slopes]

    def proof(beta: Sequence[float], entries: Sequence[int], relation: str) -> Proof:
        def output(v: Mapping[str, Any]) -> Any:
            gradient = f.gradient(v["x"])
            return torch.stack([gradient[i] + v["beta"][i] for i in entries])

        program = trace(output, {"x": (f.dimension,)}, {"beta": list(beta)})
        return sign.prove(program, {"x": zero.tolist()}, relation, PRECISION)

    proofs = [proof([b + margin for b in least], range(f.dimension), ">")]
    positive = [i for i, b in enumerate(least) if b > 0]
    if positive:
        proofs.append(proof([b - margin for b in least], positive, "<"))
    found = tuple(p.assertion for p in proofs if p.assertion is not None)
    return least, found if len(found) == len(proofs) else ()
