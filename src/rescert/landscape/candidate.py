"""A candidate for a critical point, as a search leaves it: parameters, data, and what floats say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch

from rescert.certify.problem import Program, trace
from rescert.certify.tensors import owned
from rescert.landscape.expressions import Family, Values, feature_slopes, slope_and_curvature, unseen
from rescert.landscape.linear_risk import minimise
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import parameter_shapes

NEAR = 1e-8  # gradient norm above which no proof is tried: such a point is no candidate


class _Unseen(NamedTuple):
    r"""A unit vector $v$ that the blocks do not see, the $g_l$, $\sum_l|g_l|^2$ and $E[\ell''(v\cdot h_L)^2]$."""

    unit: np.ndarray
    slopes: list[np.ndarray]
    slope: float
    curvature: float


@dataclass(frozen=True)
class Candidate:
    """Parameters ``point`` (by name, in the order of the vector), inputs (n, d), labels (n), and the family."""

    point: Mapping[str, np.ndarray]
    inputs: np.ndarray
    labels: np.ndarray
    family: Family

    def moved(self, shift: float) -> Candidate:
        """The candidate with every parameter moved by ``shift``."""
        return replace(self, point={name: value + shift for name, value in self.point.items()})

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The inputs of a program of parameters and labels."""
        return {name: value.shape for name, value in self.point.items()} | {"y": self.labels.shape}

    def program(self, expression: Callable[[Values, Family], torch.Tensor], **constants: np.ndarray | float) -> Program:
        """The program of an expression of `rescert.landscape.expressions` in parameters and labels."""
        return trace(lambda values: expression(values, self.family), self.shapes(), {"X": self.inputs, **constants})

    def _landscape(self) -> tuple[Landscape, torch.Tensor, torch.Tensor]:
        shapes = {name: value.shape for name, value in self.point.items()}
        landscape = Landscape(owned(self.inputs), shapes, *self.family)
        theta = torch.cat([owned(value.reshape(-1)) for value in self.point.values()])[None]
        return landscape, theta, owned(self.labels)[None]

    def steepest(self) -> dict[str, np.ndarray]:
        """A float eigenvector of the smallest eigenvalue of the Hessian, by parameter."""
        landscape, theta, labels = self._landscape()
        vector = torch.linalg.eigh(landscape.hessian(theta, labels)).eigenvectors[:, :, 0]
        return {name: value[0].numpy() for name, value in landscape.unravel(vector).items()}

    def descending(self) -> dict[str, np.ndarray] | None:
        r"""The direction of the sharper Theorem 2: $sv$ in $w$, $t\,vg_l^{\mathsf T}/G$ in $V_l$; None without one.

        $(s,t)$ is an eigenvector of the smaller eigenvalue of the matrix with rows $(C,G)$ and $(G,0)$.
        """
        found = self._slope_and_curvature()
        if found is None or found.slope == 0:
            return None
        size = np.sqrt(found.slope)
        s, t = np.linalg.eigh(np.array([[found.curvature, size], [size, 0.0]]))[1][:, 0]
        direction = {name: np.zeros_like(value) for name, value in self.point.items()}
        direction["w"] = s * found.unit
        for block, slope in enumerate(found.slopes, 1):
            direction[f"V{block}"] = t * np.outer(found.unit, slope / size)
        return direction

    def _slope_and_curvature(self) -> _Unseen | None:
        direction = unseen(self.point)
        if direction is None:
            return None
        constants, normal = direction
        arrays = {**self.point, "X": self.inputs, "y": self.labels, **constants}
        values = {name: owned(value) for name, value in arrays.items()}
        vector = normal(values)
        squared, curvature, length = slope_and_curvature(values, vector, self.family)
        slopes = [slope.numpy() for slope in feature_slopes(values, self.family)]
        return _Unseen((vector / length.sqrt()).numpy(), slopes, float(squared), float(curvature / length))

    def describe(self) -> dict[str, Any]:
        r"""Floats: ``risk, excess`` (over the linear risk), ``gradient_norm, smallest_eigenvalue``, ``bound_value``.

        The last is $\frac12(C-\sqrt{C^2+4\sum_l|g_l|^2})$, or None where no unseen direction is known.
        """
        landscape, theta, labels = self._landscape()
        risk = float(landscape.risk(theta, labels))
        found = self._slope_and_curvature()
        bound = None if found is None else (found.curvature - np.sqrt(found.curvature**2 + 4 * found.slope)) / 2
        return {
            "risk": risk,
            "excess": risk - float(minimise(landscape.inputs, labels, self.family.loss)[1]),
            "gradient_norm": float(landscape.gradient(theta, labels).norm()),
            "smallest_eigenvalue": float(torch.linalg.eigvalsh(landscape.hessian(theta, labels))[0, 0]),
            "bound_value": None if bound is None else float(bound),
        }


def read(arrays: Mapping[str, np.ndarray], start: int, config: Mapping[str, Any]) -> Candidate:
    """The candidate of one start from the arrays and the config of `rescert.landscape.search.search`."""
    if not 0 <= start < len(arrays["y"]):
        raise ValueError(f"expected a start below {len(arrays['y'])}, got {start}")
    order = parameter_shapes(config["dimension"], config["widths"], config.get("bias", True))
    point = {name: arrays[name][start].astype(np.float64) for name in order}
    family = Family(config["activation"], config.get("loss", "squared"))
    return Candidate(point, arrays["X"], arrays["y"][start], family)
