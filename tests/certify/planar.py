"""Covers of a disc in polar coordinates for the factors of a map of the plane: what branch and bound is measured on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from rescert.certify.problem import Program, trace

DISC = {"r": {"mid": 1, "rad": 1}, "angle": {"mid": 0, "rad": "3.2"}}
RIDGE = {"scale": "4/5", "w": ["4/5", "3/5"], "u": ["3/5", "4/5"]}


def ridge(depth: int, bound: str) -> Program:
    """B²C'C - D'D for the factors of x + scale u (1 - cos w'x): their traces and determinants, shape (2 depth,).

    C = I + c u w', D = d u w' with c = scale sin(bs), d = 2 scale cos((a+b)s/2) sin((a-b)s/2) and s = w'x.
    """
    ends = np.arange(depth + 1) / depth

    def output(v: Mapping[str, Any]) -> Any:
        s = v["r"] * (v["w"][0] * torch.cos(v["angle"]) + v["w"][1] * torch.sin(v["angle"]))
        change = 2 * v["scale"] * torch.cos(v["middle"] * s) * torch.sin(v["half"] * s)
        here = v["scale"] * torch.sin(v["before"] * s)
        outer = [[v["u"][i] * v["w"][j] for j in (0, 1)] for i in (0, 1)]
        d = [[change * outer[i][j] for j in (0, 1)] for i in (0, 1)]
        c = [[here * outer[i][j] + int(i == j) for j in (0, 1)] for i in (0, 1)]
        gram = [
            v["bound"] ** 2 * (c[0][i] * c[0][j] + c[1][i] * c[1][j]) - (d[0][i] * d[0][j] + d[1][i] * d[1][j])
            for i, j in ((0, 0), (0, 1), (1, 1))
        ]
        return torch.cat([gram[0] + gram[2], gram[0] * gram[2] - gram[1] ** 2])

    after, before = ends[1:], ends[:-1]
    factors = {"middle": (after + before) / 2, "half": (after - before) / 2, "before": before}
    return trace(output, {"r": (), "angle": ()}, {**RIDGE, **factors, "bound": bound})


def sampled(depth: int) -> float:
    """The largest ‖D C⁻¹‖ over the factors and a grid of the disc: |d| |C'⁻¹w| of the ridge, since |u| = 1."""
    ends = np.arange(depth + 1)[:, None] / depth
    s = np.linspace(-2, 2, 4001)
    w, u = np.array([0.8, 0.6]), np.array([0.6, 0.8])
    change = 0.8 * (np.sin(ends[1:] * s) - np.sin(ends[:-1] * s))
    # w'C⁻¹ = w'/(1 + c w'u) by Sherman and Morrison.
    return float(np.abs(change / (1 + 0.8 * np.sin(ends[:-1] * s) * (w @ u))).max())
