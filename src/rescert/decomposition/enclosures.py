"""The programs by which distances of factors from the identity are enclosed and compared with bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from rescert.certify import sign
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof
from rescert.decomposition.interpolations import Dilation, SmoothMap

Expression = Callable[[Mapping[str, Any]], Any]


def change_program(h: SmoothMap, parameters: np.ndarray) -> Program:
    """±(Dg_a(v)Dg_b(v)⁻¹ - 1) for all m factors at once, shape (2m,), of the input v, shape (1,)."""
    ends = np.concatenate([[0.0], parameters])[:, None]
    path = Dilation(h)

    def output(v: Mapping[str, Any]) -> Any:
        change = path.change(v["after"], v["before"], v["point"]).reshape(-1)
        return torch.cat([change, -change])

    return trace(output, {"point": (1,)}, {"after": ends[1:], "before": ends[:-1]})


def root_program(h: SmoothMap, depth: int) -> Program:
    """±(h'(v)^(1/m) - 1), shape (2,): the factors of the path that attains the lower limit."""

    def output(v: Mapping[str, Any]) -> Any:
        change = (h.jacobian(v["point"]).reshape(-1).log() / depth).exp() - 1
        return torch.cat([change, -change])

    return trace(output, {"point": (1,)})


def compare(function: Expression, numbers: Mapping[str, Any], **point: float) -> Proof:
    """Try to show that an expression in exact numbers, and in h' at an exact point, is positive."""
    return sign.prove(trace(function, dict.fromkeys(point, (1,)), numbers), {n: [v] for n, v in point.items()}, ">")


def compare_magnitude(change: Expression, bound: Expression, numbers: Mapping[str, Any], **point: float) -> Proof:
    """Try to show |change| > bound, by either sign of the change."""
    above = compare(lambda v: change(v) - bound(v), numbers, **point)
    return above if above.proved else compare(lambda v: -change(v) - bound(v), numbers, **point)
