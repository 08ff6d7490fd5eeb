r"""Realisable problems of tanh residual networks: atoms, weights, and a network whose outputs are the labels.

$$h_i(x)=x+A_i\tanh(B_ix),\qquad h=h_m\circ\dots\circ h_1,\qquad Q=\tfrac12E|h(x)-y|^2,\qquad y=h^*(x).$$

With ``parallel`` all layers see the input, $h(x)=x+\sum_iA_i\tanh(B_ix)$: what is left of $m$ layers as all $A_i$
become small together, and one layer of width $mk$. Labels are never rounded: programs compute them from the teacher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from rescert.certify.problem import Constant, Program, trace

Values = Mapping[str, Any]
Layers = Sequence[tuple[Any, Any]]


def forward(layers: Layers, points: Any, parallel: bool = False) -> Any:
    """The outputs of layers $(A_i,B_i)$ at points (n, d).

    >>> import torch
    >>> one = torch.ones(1, 1)
    >>> forward([(one, 0 * one)] * 2, one).tolist()
    [[1.0]]
    """
    import torch

    state = points
    for outer, inner in layers:
        state = state + torch.tanh((points if parallel else state) @ inner.mT) @ outer.mT
    return state


@dataclass(frozen=True)
class TanhProblem:
    """``points`` (n, d), ``weights`` (n) as rational text, the teacher's ``outer`` (m, d, k), ``inner`` (m, k, d)."""

    points: np.ndarray
    weights: tuple[str, ...]
    outer: np.ndarray
    inner: np.ndarray
    parallel: bool = False
    labels: np.ndarray | None = field(default=None)  # instead of the teacher's, exact

    def __post_init__(self) -> None:
        depth, dimension, width = self.outer.shape
        if self.inner.shape != (depth, width, dimension) or self.points.shape != (len(self.weights), dimension):
            shapes = f"{self.points.shape}, {self.outer.shape}, {self.inner.shape}"
            raise ValueError(f"expected points (n, d), n weights, A (m, d, k) and B (m, k, d), got shapes {shapes}")
        shares = [Fraction(w) for w in self.weights]
        if min(shares) <= 0 or sum(shares) != 1:
            raise ValueError(f"expected positive weights of sum 1, got {', '.join(self.weights)}")

    @property
    def depth(self) -> int:
        return int(self.outer.shape[0])

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The parameters in their order: A1, B1, A2, …"""
        _, dimension, width = self.outer.shape
        pairs = [((f"A{i}", (dimension, width)), (f"B{i}", (width, dimension))) for i in range(1, self.depth + 1)]
        return dict(entry for pair in pairs for entry in pair)

    @property
    def teacher(self) -> dict[str, np.ndarray]:
        """Its parameters."""
        return self.named(self.outer, self.inner)

    def named(self, outer: Any, inner: Any) -> dict[str, np.ndarray]:
        """Parameters by name."""
        pairs = zip(outer, inner, strict=True)
        return {f"{n}{i}": np.array(v) for i, pair in enumerate(pairs, 1) for n, v in zip("AB", pair, strict=True)}

    def zero(self) -> dict[str, np.ndarray]:
        """The network that computes the identity with all weights zero."""
        return {name: np.zeros(shape) for name, shape in self.shapes.items()}

    def layers(self, values: Values, prefix: str = "") -> Layers:
        return [(values[f"{prefix}A{i}"], values[f"{prefix}B{i}"]) for i in range(1, self.depth + 1)]

    def constants(self, given: bool = False) -> dict[str, Constant]:
        """Atoms, weights and teacher; without the weights if they are ``given`` as an input."""
        own: dict[str, Constant] = {"X": self.points}
        own |= {} if given else {"p": list(self.weights)}
        if self.labels is not None:
            return own | {"Y": self.labels}
        return own | {f"teacher {name}": value for name, value in self.teacher.items()}

    def target(self, values: Values) -> Any:
        """The labels."""
        return values["Y"] if self.labels is not None else self.output(values, "teacher ")

    def output(self, values: Values, prefix: str = "") -> Any:
        return forward(self.layers(values, prefix), values["X"], self.parallel)

    def risk(self, values: Values) -> Any:
        r"""$Q$ of the parameters among the values."""
        gap = self.output(values) - self.target(values)
        return ((gap * gap).sum(dim=1) * values["p"]).sum() * 0.5

    def moment(self, values: Values) -> Any:
        r"""$E[(x-y)x^{\mathsf T}]$, (d, d)."""
        gap = values["X"] - self.target(values)
        return (gap.mT * values["p"]) @ values["X"]

    def offset(self, values: Values) -> Any:
        r"""$Q$ at zero: $\frac12E|x-y|^2$."""
        gap = values["X"] - self.target(values)
        return ((gap * gap).sum(dim=1) * values["p"]).sum() * 0.5

    def program(self, expression: Any, given: bool = False) -> Program:
        """The program of an expression in the parameters (and the weights ``p``, if they are ``given``)."""
        inputs = self.shapes | ({"p": (len(self.weights),)} if given else {})
        return trace(expression, inputs, self.constants(given))
