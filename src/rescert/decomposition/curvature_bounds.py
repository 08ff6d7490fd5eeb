r"""Enclosures, over the whole ball, of what the constants of a map bound: $D^2h$, $Dh-I$ and $Dh^{-1}$.

A *chart* gives the points $x$ of the ball and the unit directions $u$ by a few numbers: in dimension one $x=r$; in the
plane $x=r(\cos\theta,\sin\theta)$, $u=(\cos\varphi,\sin\varphi)$; and for a map with ``AXIS``, whose derivatives at $x$
have the same norms as those at a point of the first axis, $x=re_1$ in any dimension. $X$ is convex, so that

- $\lVert Dh(x)-Dh(y)\rVert\le\alpha|x-y|$ for all pairs if and only if $|D^2h(x)[u,u]|\le\alpha$ for all unit $u$ (for
  each $w$ the form $w\cdot D^2h$ is symmetric, and its norm is attained on the diagonal);
- $\lVert Dh-I\rVert\le\alpha R$ gives $\lVert h-\mathrm{Id}\rVert_L\le\alpha R$.

$\lVert Dh^{-1}\rVert\le M$ is necessary for $|x-y|\le M|h(x)-h(y)|$, and not sufficient: $h(X)$ need not be convex. The
argument for all pairs stands in the map's file.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import torch

from rescert.certify import suprema
from rescert.certify.derivative import direction_name, second_derivative
from rescert.certify.problem import Builder, Program, trace
from rescert.decomposition.interpolations import SmoothMap

PRECISION = 128
MOST_BOXES = 60_000
# A constant that is attained inside the ball is enclosed up to this part of it only.
ROOM = Fraction(1, 10**6)
HALF_TURN, TURN = ("0", "3.2"), ("0", "6.4")  # a little more than π and 2π
Values = Mapping[str, Any]


def _axis(h: SmoothMap) -> bool:
    return h.DIMENSION == 1 or getattr(h, "AXIS", False)


def chart(h: SmoothMap) -> dict[str, tuple[str, str]] | None:
    """The numbers that give the points of the ball, with their ranges; None where there are too many of them."""
    if _axis(h):
        return {"r": (f"-{h.RADIUS}", h.RADIUS)}
    return {"r": ("0", h.RADIUS), "angle": TURN} if h.DIMENSION == 2 else None


def point(h: SmoothMap, v: Values) -> Any:
    """x of the chart, (d,)."""
    r = v["r"]
    if _axis(h):
        return torch.stack([r, *[0 * r] * (h.DIMENSION - 1)])
    return torch.stack([r * torch.cos(v["angle"]), r * torch.sin(v["angle"])])


def direction(h: SmoothMap, v: Values) -> list[Any]:
    """The entries of u."""
    turn = v["turn"]
    return [torch.cos(turn), torch.sin(turn), *[0 * turn] * (h.DIMENSION - 2)]


def _domain(ranges: Mapping[str, tuple[str, str]], **fixed: int) -> dict[str, Any]:
    sides = {n: (Fraction(low), Fraction(high)) for n, (low, high) in ranges.items()}
    box = {n: {"mid": str((a + b) / 2), "rad": str((b - a) / 2)} for n, (a, b) in sides.items()}
    return {**box, **{n: {"mid": value, "rad": 0} for n, value in fixed.items()}}


def _prove(program: Program, domain: Mapping[str, Any], relation: str) -> suprema.Supremum:
    return suprema.prove(program, domain, relation, MOST_BOXES, PRECISION)


def _roomy(bound: Fraction) -> str:
    return str((bound * (1 + ROOM)) ** 2)


def _squares_below(program: Program, bound: Fraction) -> Program:
    """Σ y_i² - bound² over the last axis of the program's output, with `ROOM`."""
    builder = Builder(program)
    square = builder.apply("multiply", program.output, program.output)
    total = builder.apply("sum", square, axis=len(program.output_shape) - 1, keepdims=False)
    return builder.build(builder.apply("subtract", total, builder.constant(_roomy(bound))))


def prove_smoothness(h: SmoothMap, alpha: Fraction) -> suprema.Supremum | None:
    """Try to show |D²h(x)[u,u]| <= α (1 + ROOM) for all x of the ball and all unit u; None where there is no chart.

    By second derivatives of the traced ``value`` along x + tu at t = 0, or by the map's own ``curvature``.
    """
    own = getattr(h, "curvature", None)
    if own is not None:
        sides: dict[str, tuple[str, str]] = vars(h)["CURVATURE"]
        return _prove(_squares_below(trace(own, dict.fromkeys(sides, ())), alpha), _domain(sides), "<=")
    ranges = chart(h)
    if ranges is None:
        return None
    if h.DIMENSION > 1:
        ranges = {**ranges, "turn": HALF_TURN}

    def along(v: Values) -> Any:
        if h.DIMENSION == 1:
            return h.value(point(h, v) + v["t"])
        return h.value(point(h, v) + torch.stack([v["t"] * u for u in direction(h, v)]))

    program = second_derivative(trace(along, dict.fromkeys((*ranges, "t"), ())), ["t"])
    return _prove(_squares_below(program, alpha), _domain(ranges, **{"t": 0, direction_name("t"): 1}), "<=")


def prove_nearness(h: SmoothMap, bound: Fraction) -> suprema.Supremum | None:
    """Try to show ‖Dh(x) - I‖ <= bound (1 + ROOM) on the ball, by the Frobenius norm; None above three dimensions."""
    ranges, d = chart(h), h.DIMENSION
    if ranges is None and d > 3:
        return None
    inputs: dict[str, Any] = {"x": (d,)} if ranges is None else dict.fromkeys(ranges, ())
    ranges_or_cube = {"x": (f"-{h.RADIUS}", h.RADIUS)} if ranges is None else ranges

    def change(v: Values) -> Any:
        x = v["x"] if ranges is None else point(h, v)
        return (h.jacobian(x) - torch.eye(d, dtype=torch.float64)).reshape(-1)

    domain = _domain(ranges_or_cube)
    if ranges is None:
        domain = {"x": {"mid": [0] * d, "rad": [domain["x"]["rad"]] * d}}
    return _prove(_squares_below(trace(change, inputs), bound), domain, "<=")


def prove_inverse(h: SmoothMap, inverse: Fraction) -> suprema.Supremum | None:
    """Try to show ‖Dh(x)⁻¹‖ <= M (1 + ROOM) on the ball, in one and two dimensions; None above.

    With s = 1/M², T = ‖Dh‖_F² and D = det Dh: both squares of singular values are at least s if D² - sT + s² >= 0 and
    T >= 2s, that is (σ₁² - s)(σ₂² - s) >= 0 and not both factors are negative.
    """
    ranges = chart(h)
    if ranges is None or h.DIMENSION > 2:
        return None

    def slack(v: Values) -> Any:
        matrix = h.jacobian(point(h, v)).reshape(-1)
        if h.DIMENSION == 1:
            return matrix * v["inverse"] - 1
        a, b, c, d = (matrix[i] for i in range(4))
        total, determinant = a * a + b * b + c * c + d * d, a * d - b * c
        return torch.stack(
            [determinant * determinant - v["least"] * total + v["least"] * v["least"], total - 2 * v["least"]]
        )

    enlarged = inverse * (1 + ROOM)
    names = {"inverse": str(enlarged)} if h.DIMENSION == 1 else {"least": str(1 / enlarged**2)}
    return _prove(trace(slack, dict.fromkeys(ranges, ()), names), _domain(ranges), ">=")
