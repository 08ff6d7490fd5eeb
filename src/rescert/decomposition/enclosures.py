"""The programs by which distances of factors from the identity are enclosed and compared with bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch

from rescert.certify import sign
from rescert.certify.derivative import gradient
from rescert.certify.problem import Constant, Program, trace
from rescert.certify.proof import Proof
from rescert.decomposition.interpolations import Dilation, LineMap, SmoothMap

Expression = Callable[[Mapping[str, Any]], Any]


def change_program(h: SmoothMap, parameters: np.ndarray) -> Program:
    """±(Dg_a(v)Dg_b(v)⁻¹ - 1), or ±line_change(a, b, v), for all m factors at once, shape (2m,), of v, shape (1,)."""
    ends = np.concatenate([[0.0], parameters])[:, None]

    def output(v: Mapping[str, Any]) -> Any:
        change = factor_change(h, v)
        return torch.cat([change, -change])

    return trace(output, {"point": (1,)}, {"after": ends[1:], "before": ends[:-1]})


def polar_program(h: SmoothMap, parameters: np.ndarray, bound: float) -> Program:
    r"""Where it is nonnegative, shape (2m,), ‖Dg_a(v)Dg_b(v)⁻¹‖ at v = r(cos φ, sin φ) is at most ``bound``; d = 2.

    With D = Dg_a - Dg_b and C = Dg_b, and B the bound: ‖DC⁻¹‖ <= B if and only if S = B²CᵀC - DᵀD is positive
    semidefinite, that is, tr S >= 0 and det S >= 0. There is neither a root nor a quotient in these.
    """
    ends = np.concatenate([[0.0], parameters])[:, None]

    def output(v: Mapping[str, Any]) -> Any:
        point = torch.cat([v["radius"] * torch.cos(v["angle"]), v["radius"] * torch.sin(v["angle"])])
        change, slope = (
            _gram(h.jacobian_change(v["after"], v["before"], point)),
            _gram(h.jacobian(v["before"] * point)),
        )
        square = v["bound"] * v["bound"]
        p, q, r = (square * s - c for s, c in zip(slope, change, strict=True))
        return torch.cat([p + r, p * r - q * q])

    numbers: dict[str, Constant] = {"after": ends[1:], "before": ends[:-1], "bound": bound}
    return trace(output, {"radius": (1,), "angle": (1,)}, numbers)


def _gram(matrix: Any) -> tuple[Any, Any, Any]:
    """The entries of AᵀA, (m,) each: first, off the diagonal, second."""
    p, q, r, s = matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 1, 0], matrix[..., 1, 1]
    return p * p + r * r, p * q + r * s, q * q + s * s


def curvature_program(h: SmoothMap) -> Program:
    """γ' × γ'' of the curve γ(φ) = g_b(R(cos φ, sin φ))/R, shape (1,), of b ("size") and φ ("angle"), (1,) each; d = 2.

    It is the derivative in φ of γ'(ψ) × γ'(φ), at ψ = φ.
    """

    def velocity(v: Mapping[str, Any], name: str) -> list[Any]:
        cosine, sine = torch.cos(v[name]), torch.sin(v[name])
        slope = h.jacobian(v["size"] * v["radius"] * torch.cat([cosine, sine]))
        return [slope[i, 1] * cosine - slope[i, 0] * sine for i in range(2)]

    def cross(v: Mapping[str, Any]) -> Any:
        (x, y), (u, w) = velocity(v, "still"), velocity(v, "angle")
        return x * w - y * u

    inputs = {"size": (1,), "angle": (1,), "still": (1,)}
    slope = gradient(trace(cross, inputs, {"radius": h.RADIUS}), ["angle"])
    operations = tuple(
        o._replace(arguments=tuple("angle" if a == "still" else a for a in o.arguments)) for o in slope.operations
    )
    return Program({"size": (1,), "angle": (1,)}, slope.constants, operations, slope.output)


def root_program(h: SmoothMap, depth: int) -> Program:
    """±(h'(v)^(1/m) - 1), shape (2,): the factors of the path that attains the lower limit."""

    def output(v: Mapping[str, Any]) -> Any:
        change = (h.jacobian(v["point"]).reshape(-1).log() / depth).exp() - 1
        return torch.cat([change, -change])

    return trace(output, {"point": (1,)})


def factor_change(h: SmoothMap, v: Mapping[str, Any]) -> Any:
    """The signed distance of one factor, (1,), at the "point", (1,), of an interval or a line."""
    if h.DIMENSION == 1:
        return Dilation(h).change(v["after"], v["before"], v["point"]).reshape(-1)
    return cast(LineMap, h).line_change(v["after"], v["before"], v["point"]).reshape(-1)


def singular_pair(h: SmoothMap, after: float, before: float, point: Sequence[float]) -> dict[str, list[float]]:
    """Float approximations of the unit vectors ("left", "right") with the largest left · DC⁻¹ right at a point."""
    a, b, x = (torch.tensor(value, dtype=torch.float64) for value in ([after], [before], list(point)))
    left, _, right = torch.linalg.svd(Dilation(h).change(a, b, x))
    return {"left": left[:, 0].tolist(), "right": right[0].tolist()}


def stretched(h: SmoothMap, v: Mapping[str, Any]) -> Any:
    """left · DC⁻¹ right / (|left| |right|), at most ‖DC⁻¹‖ for any two vectors, (1,); D and C as above, d = 2."""
    change = h.jacobian_change(v["after"].reshape(1), v["before"].reshape(1), v["point"])
    slope = h.jacobian(v["before"] * v["point"])
    (p, q), (r, s), (x, y) = slope[0], slope[1], v["right"]
    determinant = p * s - q * r
    solved = (s * x - q * y) / determinant, (p * y - r * x) / determinant
    product = sum(v["left"][i] * (change[i, 0] * solved[0] + change[i, 1] * solved[1]) for i in range(2))
    length = torch.sqrt((v["left"] * v["left"]).sum() * (v["right"] * v["right"]).sum())
    return (product / length).reshape(-1)


def compare(function: Expression, numbers: Mapping[str, Any], **point: Sequence[float]) -> Proof:
    """Try to show that an expression in exact numbers, and in h' at an exact point, is positive."""
    program = trace(function, {name: (len(value),) for name, value in point.items()}, numbers)
    return sign.prove(program, {name: list(value) for name, value in point.items()}, ">")


def compare_magnitude(
    change: Expression, bound: Expression, numbers: Mapping[str, Any], **point: Sequence[float]
) -> Proof:
    """Try to show |change| > bound, by either sign, and that the "point" lies inside the ball of the "radius"."""

    def shown(sign: int) -> Proof:
        def output(v: Mapping[str, Any]) -> Any:
            inside = v["radius"] * v["radius"] - (v["point"] * v["point"]).sum()
            return torch.cat([sign * change(v) - bound(v), inside.reshape(1)])

        return compare(output, numbers, **point)

    above = shown(1)
    return above if above.proved else shown(-1)
