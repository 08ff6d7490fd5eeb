r"""Functions on a box $[0,M_1]\times\dots\times[0,M_n]$ with their gradients and Hessians, by name.

Each is a pure torch function of a point (n,), made of the operations that `rescert.certify.problem` traces. What is
known of the Hessian in closed form on the box named in the docstring of `TABLE` is proved in
`rescert.claims.ns_decomposition`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch

Entries = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class SmoothFunction:
    r"""``hessian`` gives the entries on and above the diagonal, row by row.

    ``weakness`` of a strictly convex function: what its gradient lacks at the origin along the last input, a Lipschitz
    inverse or a Lipschitz derivative. ``least`` says where, in parts of the box, and along which integer direction v
    the least of $v^T\nabla^2fv/|v|^2$ is taken, if that is known exactly; ``flat`` says whether it is so on a whole
    segment along v. ``hessian_of_root`` is the Hessian as a function of $\sqrt x$, where it has no derivative at 0 and
    no ball around 0 will do.
    """

    dimension: int
    value: Callable[[Any], Any]
    gradient: Entries
    hessian: Entries
    weakness: Literal["", "inverse", "smoothness"] = ""
    least: tuple[tuple[float, ...], tuple[int, ...]] | None = None
    flat: bool = False
    hessian_of_root: Entries | None = None


def _log_sum(x: Any) -> tuple[Any, Any, Any]:
    """1 + e^a + e^b, and the shares of e^a and e^b in it."""
    first, second = torch.exp(x[0]), torch.exp(x[1])
    total = 1 + first + second
    return total, first / total, second / total


def _waves(x: Any) -> tuple[Any, Any, Any, Any]:
    return torch.sin(2 * x[0]), torch.cos(2 * x[0]), torch.sin(3 * x[1]), torch.cos(3 * x[1])


def _bowl_hessian(x: Any) -> list[Any]:
    _, p, q = _log_sum(x)
    return [1 + p * (1 - p), -p * q, 1 + q * (1 - q)]


def _waves_gradient(x: Any) -> list[Any]:
    s, c, t, d = _waves(x)
    return [2 * c * d, -3 * s * t]


def _waves_hessian(x: Any) -> list[Any]:
    s, c, t, d = _waves(x)
    return [-4 * s * d, -6 * c * t, -9 * s * d]


TABLE: dict[str, SmoothFunction] = {
    "exponential": SmoothFunction(
        1, lambda x: torch.exp(x[0]), lambda x: [torch.exp(x[0])], lambda x: [torch.exp(x[0])]
    ),
    "bowl": SmoothFunction(
        2,
        lambda x: (x[0] * x[0] + x[1] * x[1]) / 2 + torch.log(_log_sum(x)[0]),
        lambda x: [x[0] + _log_sum(x)[1], x[1] + _log_sum(x)[2]],
        _bowl_hessian,
    ),
    "quartic": SmoothFunction(
        1, lambda x: x[0] ** 4 / 4, lambda x: [x[0] ** 3], lambda x: [3 * x[0] * x[0]], "inverse", ((0.0,), (1,))
    ),
    "ridge": SmoothFunction(
        2,
        lambda x: x[0] * x[0] / 2 + x[1] ** 4 / 4,
        lambda x: [1 * x[0], x[1] ** 3],
        lambda x: [1 + 0 * x[0], 0 * x[0], 3 * x[1] * x[1]],
        "inverse",
        ((0.0, 0.0), (0, 1)),
    ),
    "root": SmoothFunction(
        1,
        lambda x: x[0] * x[0] / 2 + x[0] * x[0] * torch.sqrt(x[0]) * 4 / 15,
        lambda x: [x[0] + x[0] * torch.sqrt(x[0]) * 2 / 3],
        lambda x: [1 + torch.sqrt(x[0])],
        "smoothness",
        hessian_of_root=lambda root: [1 + root[0]],
    ),
    "cosine": SmoothFunction(
        1,
        lambda x: torch.cos(x[0]),
        lambda x: [-torch.sin(x[0])],
        lambda x: [-torch.cos(x[0])],
        least=((0.0,), (1,)),
    ),
    "double_well": SmoothFunction(
        1,
        lambda x: x[0] ** 4 / 4 - x[0] * x[0] / 2,
        lambda x: [x[0] ** 3 - x[0]],
        lambda x: [3 * x[0] * x[0] - 1],
        least=((0.0,), (1,)),
    ),
    "parabola": SmoothFunction(
        1,
        lambda x: -x[0] * x[0],
        lambda x: [-2 * x[0]],
        lambda x: [0 * x[0] - 2],
        least=((0.25,), (1,)),
        flat=True,
    ),
    "saddle": SmoothFunction(
        2,
        lambda x: x[0] * x[1] - x[0],
        lambda x: [x[1] - 1, 1 * x[0]],
        lambda x: [0 * x[0], 1 + 0 * x[0], 0 * x[0]],
        least=((0.25, 0.75), (1, -1)),
        flat=True,
    ),
    "monkey": SmoothFunction(
        2,
        lambda x: x[0] * x[0] * x[1] - x[1] ** 3 / 3,
        lambda x: [2 * x[0] * x[1], x[0] * x[0] - x[1] * x[1]],
        lambda x: [2 * x[1], 2 * x[0], -2 * x[1]],
        least=((1.0, 1.0), (1, -3)),
    ),
    "waves": SmoothFunction(2, lambda x: _waves(x)[0] * _waves(x)[3], _waves_gradient, _waves_hessian),
    "product": SmoothFunction(
        3,
        lambda x: x[0] * x[1] * x[2],
        lambda x: [x[1] * x[2], x[0] * x[2], x[0] * x[1]],
        lambda x: [0 * x[0], 1 * x[2], 1 * x[1], 0 * x[0], 1 * x[0], 0 * x[0]],
    ),
}
"""Closed forms of $\\alpha^*=\\max\\{0,-\\min\\lambda_{\\min}\\}$: cosine on [0, M] 1, double_well 1, parabola 2,
saddle 1, monkey on [0, 3/4] × [0, 1] 5/2 (in general $2|M|$; the named direction is that of this box), product on the
unit cube $\\sqrt2$, the strictly convex ones 0."""


def function(name: str) -> SmoothFunction:
    if name not in TABLE:
        raise ValueError(f"expected a function among {', '.join(TABLE)}, got '{name}'")
    return TABLE[name]
