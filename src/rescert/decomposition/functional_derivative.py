r"""The derivative of the quadratic criterion in one layer of a composition, as a function; on discrete distributions.

$h=h_m\circ\dots\circ h_1$, atoms $x_k$ with probabilities $p_k$, residuals $r_k=(h-h^*)(x_k)$. With
$z_{j,k}=h_j\circ\dots\circ h_1(x_k)$ and $J_{i,k}=D(h_m\circ\dots\circ h_{i+1})(z_{i,k})$,
$$D_{h_i}Q(h)(\Delta)=\sum_kp_k\,r_k\cdot J_{i,k}\,\Delta(z_{i-1,k}).$$
All functions here are plain torch functions of a mapping of named values, so that they evaluate in floats and are
traced into programs. Points are rows: shape (n, d).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import torch

from rescert.decomposition.interpolations import SmoothMap

Values = Mapping[str, Any]


class Composition(Protocol):
    """What the criterion needs of a composition of layers: arrays of shape (m, n, d), layer by layer."""

    @property
    def depth(self) -> int: ...
    def numbers(self) -> dict[str, Any]: ...
    def residuals(self, v: Values) -> Any: ...
    def starts(self, v: Values) -> Any: ...
    def pulls(self, v: Values) -> Any: ...


@dataclass(frozen=True)
class Layers:
    """Layers x + A φ(Bx) + c with φ = tanh, or φ = Id if ``linear``; matrices (d, k), (k, d), vectors (d,)."""

    outer: tuple[np.ndarray, ...]
    inner: tuple[np.ndarray, ...]
    shifts: tuple[np.ndarray, ...]
    linear: bool = False

    @property
    def depth(self) -> int:
        return len(self.outer)

    def numbers(self) -> dict[str, Any]:
        """The parameters by name: A1, B1, c1, A2, …"""
        parts = {"A": self.outer, "B": self.inner, "c": self.shifts}
        return {f"{name}{j + 1}": value for name, values in parts.items() for j, value in enumerate(values)}

    def layer(self, v: Values, j: int, z: Any) -> Any:
        """h_j of points (n, d); j counts from 1."""
        hidden = z @ v[f"B{j}"].T
        return z + (hidden if self.linear else hidden.tanh()) @ v[f"A{j}"].T + v[f"c{j}"]

    def transposed(self, v: Values, j: int, z: Any, u: Any) -> Any:
        """Dh_j(z)ᵀu row by row."""
        back = u @ v[f"A{j}"]
        if not self.linear:
            hidden = (z @ v[f"B{j}"].T).tanh()
            back = back * (1 - hidden * hidden)
        return u + back @ v[f"B{j}"]

    def states(self, v: Values) -> list[Any]:
        """z_0, …, z_m."""
        states = [v["x"]]
        for j in range(1, self.depth + 1):
            states.append(self.layer(v, j, states[-1]))
        return states

    def residuals(self, v: Values) -> Any:
        """h(x) - h*(x), (n, d)."""
        return self.states(v)[-1] - v["target"]

    def starts(self, v: Values) -> Any:
        """z_0, …, z_{m-1}, (m, n, d)."""
        return torch.stack(self.states(v)[:-1])

    def pulls(self, v: Values) -> Any:
        """J_iᵀr for i = 1, …, m, (m, n, d)."""
        states, pulled = self.states(v), [self.residuals(v)]
        for j in range(self.depth, 1, -1):
            pulled.append(self.transposed(v, j, states[j - 1], pulled[-1]))
        return torch.stack(pulled[::-1])

    def misplaced(self, v: Values, i: int) -> Any:
        """J_iᵀr with Dh_j at h_{j-1}∘…∘h_i(x) in place of h_{j-1}∘…∘h_1(x), as in the printed proof; (n, d)."""
        z, points, residuals = v["x"], {}, self.residuals(v)
        for j in range(i, self.depth):
            z = self.layer(v, j, z)
            points[j + 1] = z
        for j in range(self.depth, i, -1):
            residuals = self.transposed(v, j, points[j], residuals)
        return residuals

    def moved(self, v: Values, i: int, change: Any) -> Any:
        """The residuals when layer i is h_i + Δ, where ``change`` holds Δ(z_{i-1}), (n, d)."""
        z = self.states(v)[i] + change
        for j in range(i + 1, self.depth + 1):
            z = self.layer(v, j, z)
        return z - v["target"]


@dataclass(frozen=True)
class Factors:
    """The factors of a map of one dimension along h(ax)/a with a_i = i/m: z_i = h(a_i x)/a_i, J_i = h'(x)/h'(a_i x).

    The residuals are given: the target is h less them.
    """

    h: SmoothMap
    depth: int

    def numbers(self) -> dict[str, Any]:
        """The schedule a_1, …, a_m, (m, 1, 1)."""
        return {"a": [[[str(Fraction(i, self.depth))]] for i in range(1, self.depth + 1)]}

    def residuals(self, v: Values) -> Any:
        return v["residual"] * 1

    def starts(self, v: Values) -> Any:
        later = v["a"][: self.depth - 1]
        return torch.cat([v["x"][None], self.h.value(later * v["x"]) / later])

    def pulls(self, v: Values) -> Any:
        return v["residual"] * self.h.jacobian(v["x"])[..., 0] / self.h.jacobian(v["a"] * v["x"])[..., 0]


def lengths(points: Any) -> Any:
    """Euclidean norms over the last axis."""
    return (points * points).sum(dim=-1).sqrt()


@dataclass(frozen=True)
class Criterion:
    """Q(h) = ½E|h(X)-Y|² of a composition; Y is h*(x_k) ± n_k, each with half of p_k.

    Values: ``x`` (n, d), ``p`` (n,), ``noise`` (n, d), and ``target`` (n, d) of `Layers` or ``residual`` of `Factors`.
    The first ``nonzero`` atoms are not 0.
    """

    composition: Composition
    nonzero: int

    def residuals(self, v: Values) -> Any:
        return self.composition.residuals(v)

    def gap(self, v: Values) -> Any:
        """Q(h) - Q(h*) from the joint distribution of (X, Y)."""
        return self.gap_of(v, self.residuals(v))

    def gap_of(self, v: Values, residuals: Any) -> Any:
        """½E|h-Y|² - ½E|h*-Y|² with the residuals h - h*; by the definition, not by the projection identity."""
        above, below, noise = residuals - v["noise"], residuals + v["noise"], v["noise"]
        return (v["p"][:, None] * (above * above + below * below - 2 * noise * noise)).sum() / 4

    def square(self, v: Values) -> Any:
        """E|h-h*|²."""
        residuals = self.residuals(v)
        return (v["p"][:, None] * residuals * residuals).sum()

    def weight(self, v: Values) -> Any:
        """E|h(X)-h*(X)||X|."""
        return (v["p"] * lengths(self.residuals(v)) * lengths(v["x"])).sum()

    def induced(self, v: Values) -> Any:
        """‖h-h*‖: the largest |r_k|/|x_k| over the atoms that are not 0."""
        ratios = lengths(self.residuals(v)[: self.nonzero]) / lengths(v["x"][: self.nonzero])
        largest = ratios[0]
        for k in range(1, self.nonzero):
            largest = largest + (ratios[k] - largest).relu()
        return largest

    def slopes(self, v: Values) -> Any:
        """E[|z_{i-1}||J_iᵀr|], (m,): the infimum of the derivative over unit Δ is minus that.

        Two layers 3x/4 and the target x/2 at one atom 1: z_1 = 3/4, h = 9/16, r = 1/16.

        >>> half = Layers((-np.eye(1) / 4,) * 2, (np.eye(1),) * 2, (np.zeros(1),) * 2, linear=True)
        >>> Criterion(half, 1).slopes(tensors({"x": [[1.0]], "p": [1.0], "target": [[0.5]], **half.numbers()})).tolist()
        [0.046875, 0.046875]
        """
        return (v["p"] * lengths(self.composition.starts(v)) * lengths(self.composition.pulls(v))).sum(dim=1)

    def derivatives(self, v: Values) -> Any:
        """D_{h_i}Q(h)(Δ_i), (m,), where ``directions`` holds Δ_i(z_{i-1}), (m, n, d)."""
        return (v["p"] * (self.composition.pulls(v) * v["directions"]).sum(dim=2)).sum(dim=1)

    def steepest(self, v: Values) -> torch.Tensor:
        """Δ_i(z_{i-1}) = -|z_{i-1}| J_iᵀr/|J_iᵀr| in floats, shortened by a part in 2^20 so that rounding fits in."""
        pulled = self.composition.pulls(v)
        sizes = lengths(pulled)
        parts = lengths(self.composition.starts(v)) / torch.where(sizes > 0, sizes, torch.ones_like(sizes))
        return -(1 - 2.0**-20) * parts[..., None] * pulled

    def random_directions(self, v: Values, generator: torch.Generator) -> torch.Tensor:
        """Δ_i(z_{i-1}) of norm below |z_{i-1}|, in random directions."""
        starts = self.composition.starts(v)
        drawn = torch.randn(starts.shape, generator=generator, dtype=torch.float64)
        return 0.999 * (lengths(starts) / lengths(drawn))[..., None] * drawn


def tensors(numbers: Values) -> dict[str, torch.Tensor]:
    """Named numbers (arrays, and decimal or p/q strings, alone or in lists) as float64 tensors."""
    return {name: torch.tensor(_floats(value), dtype=torch.float64) for name, value in numbers.items()}


def _floats(value: Any) -> Any:
    if isinstance(value, list):
        return [_floats(entry) for entry in value]
    return float(Fraction(value)) if isinstance(value, str) else np.asarray(value, dtype=np.float64).tolist()
