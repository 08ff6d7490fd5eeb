r"""Curvature of $\tfrac12\|W_L\cdots W_1-R\|_F^2$ at exact factorisations of $R$, and when these turn unstable.

With $f$ the loss, the quadratic form of $2I-\delta\nabla^2f$ is the curvature of $\sum_i\|W_i\|_F^2-\delta f$. It is
positive definite iff $\delta\lambda_{\max}<2$, and negative along a direction only if $\delta\lambda_{\max}>2$. The
direction of the proof is $V_i=(A_i^{\mathsf T}u)(B_iv)^{\mathsf T}$, with $Rv=su$ the first singular pair of $R$.

A factorisation is a list $W_1,\dots,W_L$ of rational matrices whose product is $R$ exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
import torch

from rescert.certify.inertia import prove_definite, prove_negative_direction
from rescert.certify.problem import Program, trace
from rescert.dynamics.chain_descent import error, norms, partial_products, risk, step
from rescert.dynamics.chain_target import Assertions, Constants, Rows, Target, prove_zero, texts
from rescert.dynamics.outcome import ESCAPE, Outcome, classify

ROUNDING = 2**16  # denominators of the layers of the balanced factorisation, all but the first
NOISE = 1e-7  # how far from an equilibrium its stability is measured
FOLLOWED, HALVINGS = 120, 14  # steps of such a run, and bisections of the step
FADED = 1e-4  # of the first error: what is below it has not grown
SPREAD = 0.25  # standard deviation of the random starts about the balanced factorisation
CONVERGED = 1e-20  # the loss at which a sampled run has converged


def _object(rows: Rows) -> np.ndarray:
    return np.array(rows, dtype=object)


def factorisations(target: Target, depth: int) -> dict[str, list[Rows]]:
    """Exact factorisations of R by name: nearly balanced, all in one layer, sheared and scaled against each other."""
    one = _object([[Fraction(int(i == j)) for j in range(target.size)] for i in range(target.size)])
    matrix = _object(target.rows)
    shear = one + np.eye(target.size, k=1, dtype=int) if target.size > 1 else one * 2
    inverse = _inverse(shear)
    found = {"balanced": _balanced(target, depth)}
    if depth > 1:
        rest = [one] * (depth - 2)
        found |= {
            "first layer": [matrix, *rest, one],
            "last layer": [one, *rest, matrix],
            "sheared": [shear @ matrix, *rest, inverse],
            "scaled": [matrix * Fraction(3, 2), *rest, one * Fraction(2, 3)],
        }
    return {name: [w.tolist() for w in weights] for name, weights in found.items()}


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a rational matrix, by Gauss-Jordan elimination."""
    size = len(matrix)
    rows = [[Fraction(x) for x in row] + [Fraction(int(i == j)) for j in range(size)] for i, row in enumerate(matrix)]
    for k in range(size):
        swap = max(range(k, size), key=lambda i: abs(rows[i][k]))
        rows[k], rows[swap] = rows[swap], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(size):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return _object([row[size:] for row in rows])


def _balanced(target: Target, depth: int) -> list[np.ndarray]:
    """Powers S^(1/L) of the singular values, rounded in all layers but the first, which makes the product exact.

    Where a singular value is 0 the layers but the first have half the largest one's root in its place.
    """
    left, values, _ = np.linalg.svd(target.floats.numpy())
    largest = values[0] ** (1 / depth)
    roots = np.where(values > 1e-12 * values[0], values ** (1 / depth), largest / 2)
    layers = [np.diag(roots) for _ in range(depth - 1)]
    if layers:
        layers[-1] = left * roots
    exact = [_object([[Fraction(round(x * ROUNDING), ROUNDING) for x in row] for row in w.tolist()]) for w in layers]
    rest = _object([[Fraction(int(i == j)) for j in range(target.size)] for i in range(target.size)])
    for weight in exact:
        rest = weight @ rest
    return [_inverse(rest) @ _object(target.rows), *exact]


def floats(weights: Sequence[Rows]) -> list[torch.Tensor]:
    return [torch.tensor([[float(x) for x in row] for row in w], dtype=torch.float64) for w in weights]


def threshold(norm: float, depth: int) -> float:
    """2/(L s^(2(L-1)/L)) in floats."""
    return 2 / (depth * norm ** (2 * (depth - 1) / depth))


def excess(step_size: Fraction, depth: int, norm_square: Fraction) -> Fraction:
    """(δL/2)^L s^(2(L-1)) - 1, which has the sign of δ - 2/(L s^(2(L-1)/L)).

    >>> excess(Fraction(4), 2, Fraction(81, 256))
    Fraction(65, 16)
    """
    return (step_size * depth / 2) ** depth * norm_square ** (depth - 1) - 1


def _names(depth: int) -> list[str]:
    return [f"weight{i}" for i in range(1, depth + 1)]


def stability(target: Target, step_size: Fraction, depth: int) -> Program:
    """Σ‖W_i‖² - δ ½‖W_L…W_1 - R‖², a program of the weights: its Hessian is 2I - δH."""
    names = _names(depth)

    def form(v: Mapping[str, Any]) -> Any:
        weights = [v[n] for n in names]
        total = risk(weights, v["matrix"]) * v["step"] * -1
        for w in weights:
            total = total + (w * w).sum()
        return total

    constants: Constants = {"matrix": texts(target.rows), "step": str(step_size)}
    return trace(form, {n: (target.size, target.size) for n in names}, constants)


def product_identity(target: Target, weights: Sequence[Rows]) -> Assertions:
    """That the product of the weights is R, in integers: each weight is one over its common denominator."""
    scales = [lcm(*(x.denominator for row in w for x in row)) for w in weights]
    whole = {
        name: [[str(x * scale) for x in row] for row in w]
        for name, w, scale in zip(_names(len(weights)), weights, scales, strict=True)
    }
    names = list(whole)
    total = Fraction(1)
    for scale in scales:
        total *= scale
    constants: Constants = {**whole, "matrix": [[str(x) for x in row] for row in target.whole]}
    constants |= {"one": str(target.denominator), "all": str(total)}
    return prove_zero(lambda v: error([v[n] for n in names], 0) * v["one"] - v["matrix"] * v["all"], constants)


def _point(weights: Sequence[Rows]) -> dict[str, Any]:
    return {name: {"mid": texts(w), "rad": 0} for name, w in zip(_names(len(weights)), weights, strict=True)}


def unstable(target: Target, step_size: Fraction, weights: Sequence[Rows]) -> Assertions:
    """That a factorisation is one, and 2I - δH has negative curvature at it; empty if it is not shown."""
    left, _, right = np.linalg.svd(target.floats.numpy())
    u, v = torch.from_numpy(left[:, 0].copy()), torch.from_numpy(right[0].copy())
    above, below, _ = partial_products(floats(weights))
    parts = [
        torch.outer(u if a is None else a.mT @ u, v if b is None else b @ v) for a, b in zip(above, below, strict=True)
    ]
    direction = dict(zip(_names(len(weights)), (p.tolist() for p in parts), strict=True))
    program = stability(target, step_size, len(weights))
    proof = prove_negative_direction(program, _point(weights), direction, arithmetic="balls")
    identity = product_identity(target, weights)
    return (*identity, proof.assertion) if identity and proof.assertion is not None else ()


def stable(target: Target, step_size: Fraction, weights: Sequence[Rows]) -> Assertions:
    """That a factorisation is one, and 2I - δH is positive definite at it; empty if it is not shown."""
    proof = prove_definite(stability(target, step_size, len(weights)), _point(weights))
    identity = product_identity(target, weights)
    return (*identity, proof.assertion) if identity and proof.assertion is not None else ()


def critical_steps(target: Target, found: Mapping[str, list[Rows]], generator: torch.Generator) -> dict[str, float]:
    """The step from which the error of gradient descent grows beside each factorisation, by bisection of real runs.

    A run grows if its error has risen a thousandfold, or is larger at its end than at half-time and has not faded:
    where it goes afterwards does not count.
    """
    layers = [torch.stack(w) for w in zip(*(floats(weights) for weights in found.values()), strict=True)]
    matrix, count = target.floats, len(found)
    moved = [w + NOISE * torch.randn(w.shape, generator=generator, dtype=torch.float64) for w in layers]
    low = torch.zeros(count, dtype=torch.float64)
    high = torch.full_like(low, 2 * threshold(float(target.radius[1]), len(layers)))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        grows = _grows(moved, matrix, middle)
        low, high = torch.where(grows, low, middle), torch.where(grows, middle, high)
    return dict(zip(found, ((low + high) / 2).tolist(), strict=True))


def _grows(weights: list[torch.Tensor], matrix: torch.Tensor, rates: torch.Tensor) -> torch.Tensor:
    first = norms(error(weights, matrix))
    half, escaped = first, torch.zeros_like(first, dtype=torch.bool)
    for k in range(FOLLOWED):
        moved = step(weights, matrix, rates.reshape(-1, 1, 1))
        size = norms(error(moved, matrix))
        escaped |= ~(size < 1000 * first)
        weights = [torch.where(escaped.reshape(-1, 1, 1), w, m) for w, m in zip(weights, moved, strict=True)]
        half = size if k + 1 == FOLLOWED // 2 else half
    last = norms(error(weights, matrix))
    # Far below the critical step both are rounding errors.
    return escaped | ((last > half) & (last > FADED * first))


def sample(
    target: Target, depth: int, rate: float, count: int, steps: int, generator: torch.Generator
) -> list[Outcome]:
    """What becomes of gradient descent from random starts about the balanced factorisation."""
    balanced = floats([w.tolist() for w in _balanced(target, depth)])
    shape = (count, target.size, target.size)
    weights = [w + SPREAD * torch.randn(shape, generator=generator, dtype=torch.float64) for w in balanced]
    overflowed = torch.zeros(count, dtype=torch.bool)
    losses = [norms(error(weights, target.floats)).square() / 2]
    for _ in range(steps):
        moved = step(weights, target.floats, rate)
        sizes = torch.stack([m.abs().amax((-2, -1)) for m in moved]).amax(0)
        overflowed |= ~(sizes < ESCAPE)
        weights = [torch.where(overflowed.reshape(-1, 1, 1), w, m) for w, m in zip(weights, moved, strict=True)]
        losses.append(norms(error(weights, target.floats)).square() / 2)
    return classify(torch.stack(losses), overflowed, CONVERGED)
