"""A candidate for a critical point, as a search leaves it: parameters, data, and what floats say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from rescert.certify.problem import Program, trace
from rescert.landscape.expressions import Values, slope_and_curvature, unseen
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import depth, parameter_shapes


@dataclass(frozen=True)
class Candidate:
    """Parameters ``point`` (by name, in the order of the parameter vector), inputs (n, d) and labels (n)."""

    point: Mapping[str, np.ndarray]
    inputs: np.ndarray
    labels: np.ndarray
    activation: str

    def moved(self, shift: float) -> Candidate:
        """The candidate with every parameter moved by ``shift``."""
        return replace(self, point={name: value + shift for name, value in self.point.items()})

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The inputs of a program of parameters and labels."""
        return {name: value.shape for name, value in self.point.items()} | {"y": self.labels.shape}

    def program(self, expression: Callable[[Values, str], torch.Tensor], **constants: np.ndarray | float) -> Program:
        """The program of an expression of `rescert.landscape.expressions` in parameters and labels."""
        return trace(lambda values: expression(values, self.activation), self.shapes(), {"X": self.inputs, **constants})

    def coverage_fails(self) -> bool:
        r"""Whether the rows of $U_2,\dots,U_L$ cannot span the space: they are too few or share a zero column."""
        return unseen(self.point) is not None

    def _landscape(self) -> tuple[Landscape, torch.Tensor, torch.Tensor]:
        shapes = {name: value.shape for name, value in self.point.items()}
        landscape = Landscape(torch.from_numpy(self.inputs), shapes, self.activation)
        theta = torch.cat([torch.from_numpy(value.reshape(-1)) for value in self.point.values()])[None]
        return landscape, theta, torch.from_numpy(self.labels)[None]

    def steepest(self) -> dict[str, np.ndarray]:
        """A float eigenvector of the smallest eigenvalue of the Hessian, by parameter."""
        landscape, theta, labels = self._landscape()
        vector = torch.linalg.eigh(landscape.hessian(theta, labels)).eigenvectors[:, :, 0]
        return {name: value[0].numpy() for name, value in landscape.unravel(vector).items()}

    def describe(self) -> dict[str, Any]:
        r"""Floats: ``risk, excess`` (over the linear risk), ``gradient_norm, smallest_eigenvalue``, ``bound_value``.

        The last is $\frac12(C-\sqrt{C^2+4\sum_l|g_l|^2})$, or None where no unseen direction is known.
        """
        landscape, theta, labels = self._landscape()
        risk = float(landscape.risk(theta, labels))
        found: dict[str, Any] = {
            "risk": risk,
            "excess": risk - float(landscape.linear_risk(labels)),
            "gradient_norm": float(landscape.gradient(theta, labels).norm()),
            "smallest_eigenvalue": float(torch.linalg.eigvalsh(landscape.hessian(theta, labels))[0, 0]),
            "bound_value": None,
        }
        direction = unseen(self.point)
        if direction is not None:
            constants, normal = direction
            arrays = {**self.point, "X": self.inputs, "y": self.labels, **constants}
            values = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
            slope, curvature, length = slope_and_curvature(values, normal(values), self.activation)
            curvature = curvature / length
            found["bound_value"] = float((curvature - (curvature**2 + 4 * slope).sqrt()) / 2)
        return found


def read(arrays: Mapping[str, np.ndarray], start: int, activation: str) -> Candidate:
    """The candidate of one start from the arrays that `rescert.landscape.search.search` returns."""
    if not 0 <= start < len(arrays["y"]):
        raise ValueError(f"expected a start below {len(arrays['y'])}, got {start}")
    widths = [arrays[f"V{block}"].shape[2] for block in range(1, depth(arrays) + 1)]
    order = parameter_shapes(arrays["w"].shape[1], widths)
    point = {name: arrays[name][start].astype(np.float64) for name in order}
    return Candidate(point, arrays["X"], arrays["y"][start], activation)
