r"""How well a map is approximated by its derivatives: the two sides of the inequalities of Lemma 3, at pairs of points.

Points are rows, (n, d). *Ratios* are floats, to be searched for large values; a pair breaks an inequality where its
ratio exceeds the constant. *Slacks* are the same inequalities between squares, as programs of named points ``x``, ``y``
and of exact constants, so that balls decide them; they hold where the slack is not negative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

from rescert.decomposition.interpolations import SmoothMap

Values = Mapping[str, Any]
Slack = Callable[[SmoothMap, Values], Any]


def change_ratio(h: SmoothMap, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """‖Dh(x) - Dh(y)‖/|x - y|; its gradient is that at the fixed singular vector, which is the same."""
    change = h.jacobian(x) - h.jacobian(y)
    with torch.no_grad():
        finite = torch.nan_to_num(change, 0, 0, 0)
        right = torch.linalg.eigh(finite.mT @ finite)[1][..., -1:]
    return (change @ right)[..., 0].norm(dim=-1) / (x - y).norm(dim=-1)


def stretch_ratio(h: SmoothMap, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """|x - y|/|h(x) - h(y)|, infinite where two points have one value."""
    return (x - y).norm(dim=-1) / (h.value(x) - h.value(y)).norm(dim=-1)


def remainder_ratio(h: SmoothMap, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """2|h(y) - h(x) - Dh(x)(y - x)|/|y - x|²: what the first inequality of Lemma 3 bounds by α."""
    step = y - x
    linear = (h.jacobian(x) @ step[..., None])[..., 0]
    return 2 * (h.value(y) - h.value(x) - linear).norm(dim=-1) / step.norm(dim=-1) ** 2


def growth_ratio(h: SmoothMap, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """|h(x) - h(y)|/|x - y|, at most 1 + αR."""
    return (h.value(x) - h.value(y)).norm(dim=-1) / (x - y).norm(dim=-1)


def nearness_ratio(h: SmoothMap, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """2|h(y) - h(x) - (y - x)|/((|x| + |y|)|y - x|), at most α."""
    left = (h.value(y) - h.value(x) - (y - x)).norm(dim=-1)
    return 2 * left / ((x.norm(dim=-1) + y.norm(dim=-1)) * (y - x).norm(dim=-1))


def middle_ratio(h: SmoothMap, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """4|h(y) - h(x) - Dh((x+y)/2)(y - x)|/|y - x|², at most α."""
    linear = (h.jacobian((x + y) / 2) @ (y - x)[..., None])[..., 0]
    return 4 * (h.value(y) - h.value(x) - linear).norm(dim=-1) / (y - x).norm(dim=-1) ** 2


def squares(x: Any) -> Any:
    return (x * x).sum(-1)


def applied(matrix: Any, step: Any) -> Any:
    """A v over the last axes, in the vocabulary of programs."""
    return (matrix * step[:, None, :]).sum(-1)


def inside(h: SmoothMap, v: Values) -> Any:
    """R² - |x|² and R² - |y|²: the points lie in the ball."""
    return torch.cat([v["radius"] ** 2 - squares(v["x"]), v["radius"] ** 2 - squares(v["y"])])


def _beyond(h: SmoothMap, v: Values, slope: Any) -> Any:
    """|h(y) - h(x) - slope (y - x)|²."""
    step = v["y"] - v["x"]
    return squares(h.value(v["y"]) - h.value(v["x"]) - applied(slope, step))


def remainder_slack(h: SmoothMap, v: Values) -> Any:
    """(α/2)²|y - x|⁴ - |h(y) - h(x) - Dh(x)(y - x)|²."""
    return (v["alpha"] / 2 * squares(v["y"] - v["x"])) ** 2 - _beyond(h, v, h.jacobian(v["x"]))


def middle_slack(h: SmoothMap, v: Values) -> Any:
    """(α/4)²|y - x|⁴ - |h(y) - h(x) - Dh((x+y)/2)(y - x)|²."""
    middle = (v["x"] + v["y"]) / 2
    return (v["alpha"] / 4 * squares(v["y"] - v["x"])) ** 2 - _beyond(h, v, h.jacobian(middle))


def mean_slack(h: SmoothMap, v: Values) -> Any:
    """The same with the mean of Dh(x) and Dh(y)."""
    mean = (h.jacobian(v["x"]) + h.jacobian(v["y"])) / 2
    return (v["alpha"] / 4 * squares(v["y"] - v["x"])) ** 2 - _beyond(h, v, mean)


def growth_slack(h: SmoothMap, v: Values) -> Any:
    """(1 + αR)²|y - x|² - |h(y) - h(x)|²."""
    change = squares(h.value(v["y"]) - h.value(v["x"]))
    return (1 + v["alpha"] * v["radius"]) ** 2 * squares(v["y"] - v["x"]) - change


def nearness_slack(h: SmoothMap, v: Values) -> Any:
    """(α(|x| + |y|)/2)²|y - x|² - |h(y) - h(x) - (y - x)|²."""
    step = v["y"] - v["x"]
    sizes = squares(v["x"]).sqrt() + squares(v["y"]).sqrt()
    moved = squares(h.value(v["y"]) - h.value(v["x"]) - step)
    return (v["alpha"] / 2 * sizes) ** 2 * squares(step) - moved


def change_slack(h: SmoothMap, v: Values) -> Any:
    """α²|y - x|²|u|² - |(Dh(x) - Dh(y))u|², of directions ``u``, (n, d)."""
    change = applied(h.jacobian(v["x"]) - h.jacobian(v["y"]), v["u"])
    return v["alpha"] ** 2 * squares(v["y"] - v["x"]) * squares(v["u"]) - squares(change)


def change_direction(h: SmoothMap, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Unit vectors that Dh(x) - Dh(y) stretches most, (n, d)."""
    change = h.jacobian(x) - h.jacobian(y)
    return torch.linalg.eigh(change.mT @ change)[1][..., -1]
