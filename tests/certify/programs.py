"""The table of programs that drives the tests of the arithmetics: torch functions and points to try them at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from rescert.certify.problem import Program, trace

EPS = 2.0**-52


@dataclass(frozen=True)
class Case:
    """A one-entry function of named inputs; ``domain`` is the interval from which the inputs are drawn."""

    name: str
    function: Callable[[Mapping[str, Any]], Any]
    inputs: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, Any]
    domain: tuple[float, float] = (-1.5, 1.5)

    @property
    def program(self) -> Program:
        return trace(self.function, self.inputs, self.constants)

    def point(self, seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        return {n: rng.uniform(*self.domain, size=s) for n, s in self.inputs.items()}


DATA = np.random.default_rng(7).normal(size=(5, 3))


def residual_risk(v: Mapping[str, Any]) -> Any:
    """A residual network of two blocks, one of tanh and one of softplus, under the squared loss."""
    h = v["X"] + torch.tanh(v["X"] @ v["U1"].T + v["b"]) @ v["V1"].T
    h = h + functional.softplus(h @ v["U2"].T) @ v["V2"].T
    r = h @ v["w"] - v["y"]
    return (r * r).sum() / (2 * 5)


def logistic_risk(v: Mapping[str, Any]) -> Any:
    return functional.softplus(-v["y"] * (v["X"] @ v["w"])).mean() + v["ridge"] * (v["w"] ** 2).sum()


def shapes_and_slices(v: Mapping[str, Any]) -> Any:
    x, a = v["x"], v["A"]
    table = torch.stack([x, x * x / (2 + torch.sin(x)), torch.cos(x) - v["c"]])
    table = torch.cat([table, table[:, :1]], dim=1)
    total = (table.T @ table)[0, 1:].sum() + table.mean() ** 3 - table.sum(dim=0)[None].reshape(-1)[2]
    for i in range(x.shape[0]):
        total = total + x[i] * a[i, 0] - torch.outer(x, x)[i, -1]
    return total + x @ a @ (a @ x) + table[1:, ::2].sum() - table.transpose(0, 1).reshape(-1)[5:9].sum() ** 0


def every_function(v: Mapping[str, Any]) -> Any:
    x = v["x"]
    smooth = torch.exp(-x) + torch.log(2 + x) * torch.sqrt(3 + x) - torch.sigmoid(2 * x) / (1 + x**4)
    return (smooth + torch.relu(x) * torch.tanh(x) + torch.sin(x).square()).sum()


CASES = [
    Case("residual_risk", residual_risk, {"U1": (2, 3), "b": (2,), "V1": (3, 2), "U2": (1, 3), "V2": (3, 1), "w": (3,)},
         {"X": DATA, "y": DATA[:, 0] * DATA[:, 1]}),
    Case("logistic_risk", logistic_risk, {"w": (3,)}, {"X": DATA, "y": [1, -1, 1, 1, -1], "ridge": "1/10"}),
    Case("shapes_and_slices", shapes_and_slices, {"x": (3,)}, {"A": DATA[:3], "c": "0.1"}),
    Case("every_function", every_function, {"x": (4,)}, {}),
    Case("scalar", lambda v: torch.tanh(v["a"] * v["x"]) / v["a"] - v["x"] ** 3, {"x": (), "a": ()}, {}, (0.5, 1.0)),
]  # fmt: skip
