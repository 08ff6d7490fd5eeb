r"""Near-identity factors of a smooth map: $h=h_m\circ\dots\circ h_1$ with $h_i=g_{a_i}\circ g_{a_{i-1}}^{-1}$.

The factor $h_i$ lives on $g_{a_{i-1}}(X)$. Its distance from the identity is the Lipschitz constant of
$h_i-\mathrm{Id}$; where $g_{a_{i-1}}(X)$ is convex, as every interval is, that is
$\sup_{v\in X}\|Dg_{a_i}(v)\,Dg_{a_{i-1}}(v)^{-1}-I\|$. Source: Bartlett, Evans and Long 2018, Theorem 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import torch

from rescert.decomposition import schedules
from rescert.decomposition.constants import constants
from rescert.decomposition.interpolations import DerivativePower, Dilation, Path, SmoothMap
from rescert.decomposition.inversion import invert

GRID = 2049  # points of X on which a supremum is located before it is refined
COMPOSED = 257  # points of X on which the composition is compared with h
REFINEMENTS = 60  # steps of golden section: 0.618^60 of a grid cell is below rounding
GOLDEN = (math.sqrt(5) - 1) / 2

SCHEDULES: dict[str, tuple[type[Dilation] | type[DerivativePower], Callable[..., np.ndarray]]] = {
    "printed": (Dilation, lambda depth, distances: schedules.printed(depth)),
    "uniform": (Dilation, lambda depth, distances: schedules.uniform(depth)),
    "equalised": (Dilation, schedules.equalised),
    "optimal": (DerivativePower, lambda depth, distances: schedules.uniform(depth)),
}


def load_map(name: str) -> SmoothMap:
    """The module ``rescert.decomposition.maps.<name>``."""
    module = f"rescert.decomposition.maps.{name}"
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name != module:
            raise
        raise ValueError(f"expected a map with a file in src/rescert/decomposition/maps, got '{name}'") from None


def grid(h: SmoothMap, points: int) -> torch.Tensor:
    """Equally spaced points of X with its ends, shape (points, 1)."""
    if h.DIMENSION != 1:
        raise ValueError(f"expected a map of dimension 1, got dimension {h.DIMENSION}")
    radius = float(Fraction(h.RADIUS))
    return torch.linspace(-radius, radius, points, dtype=torch.float64)[:, None]


def _norm(matrices: torch.Tensor) -> torch.Tensor:
    """Spectral norm over the last two axes."""
    if matrices.shape[-1] == 1:
        return matrices[..., 0, 0].abs()
    return torch.linalg.matrix_norm(matrices, ord=2)


def maximise(function: Callable[[torch.Tensor], torch.Tensor], points: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Where and how large: maxima over an interval of k functions at once, a lower estimate of the suprema.

    ``function`` maps points (k or 1, n, 1) to values (k, n). The best grid cell is refined by golden section,
    and the grid value is kept if that is no better. Returns points (k, 1) and values (k,).
    """
    values = function(points[None])
    largest, at = values.max(dim=1)
    low, high = points[(at - 1).clamp(min=0)], points[(at + 1).clamp(max=len(points) - 1)]
    for _ in range(REFINEMENTS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        rises = function(left[:, None]) < function(right[:, None])
        low, high = torch.where(rises, left, low), torch.where(rises, high, right)
    middle = (low + high) / 2
    refined = function(middle[:, None])[:, 0]
    return torch.where((refined > largest)[:, None], middle, points[at]), torch.maximum(refined, largest)


def distances(path: Path, parameters: Sequence[float] | np.ndarray, points: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """sup over v in X of ‖Dg_a(v)Dg_b(v)⁻¹ - I‖ for consecutive a, b: where (m, 1), and how large (m,)."""
    a = torch.tensor([0.0, *parameters], dtype=torch.float64)[:, None, None]
    return maximise(lambda v: _norm(path.change(a[1:], a[:-1], v)), points)


def _distances(path: Path, points: torch.Tensor, parameters: np.ndarray) -> np.ndarray:
    return distances(path, parameters, points)[1].numpy()


def composition_error(
    h: SmoothMap, path: Path, parameters: Sequence[float] | np.ndarray, points: torch.Tensor
) -> float:
    """The largest |h_m∘…∘h_1(x) - h(x)| over the points; only rounding, because the factors telescope exactly."""
    x, before = points, torch.zeros(1, dtype=torch.float64)
    for parameter in parameters:
        after = torch.tensor([parameter], dtype=torch.float64)
        back = x
        if bool(before > 0):
            back = invert(partial(path.value, before), partial(path.jacobian, before), x, x)
        x, before = path.value(after, back), after
    return float((x - h.value(points)).norm(dim=-1).max())


def lower_limit(h: SmoothMap, depth: int, points: torch.Tensor) -> float:
    """max{Lip(h)^(1/m) - 1, 1 - Lip(h⁻¹)^(-1/m)}: no factorisation into m maps comes nearer to the identity."""
    _, stretch = maximise(lambda v: _norm(h.jacobian(v)), points)
    _, shrink = maximise(lambda v: _norm(torch.linalg.inv(h.jacobian(v))), points)
    return max(math.expm1(math.log(float(stretch)) / depth), -math.expm1(-math.log(float(shrink)) / depth))


def rate(depths: Sequence[int], values: Sequence[float]) -> float:
    """The least-squares slope of ln(value) against ln(depth) over depths >= 8 (over all if fewer than two are)."""
    chosen = [(m, v) for m, v in zip(depths, values, strict=True) if m >= 8]
    if len(chosen) < 2:
        chosen = list(zip(depths, values, strict=True))
    if len(chosen) < 2:
        return math.nan
    x, y = np.log(np.array(chosen, dtype=np.float64)).T
    return float(np.polyfit(x, y, 1)[0])


def decompose(config: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Factor ``config["map"]`` at each of ``depths`` by each of ``schedules``.

    One row a depth and schedule: ``parameters`` a_1..a_m, ``distances`` of the m factors from the identity with
    the points ``at`` that attain them (lower estimates of suprema), the largest ``distance``,
    ``composition_error``, and the bounds. ``*_rate`` are fitted log-log slopes over the depths.
    """
    h = load_map(config["map"])
    depths = sorted({int(m) for m in config["depths"]})
    unknown = [s for s in config["schedules"] if s not in SCHEDULES]
    if unknown or not depths or not config["schedules"]:
        raise ValueError(f"expected depths and schedules among {sorted(SCHEDULES)}, got {unknown or config}")
    points, composed, known = grid(h, GRID), grid(h, COMPOSED), constants(h)
    rows = []
    for name in config["schedules"]:
        family, schedule = SCHEDULES[name]
        path = family(h)
        for depth in depths:
            parameters = schedule(depth, partial(_distances, path, points))
            at, distance = distances(path, parameters, points)
            rows.append(
                {
                    "map": config["map"],
                    "depth": depth,
                    "schedule": name,
                    "parameters": parameters.tolist(),
                    "distances": distance.tolist(),
                    "at": at[:, 0].tolist(),
                    "distance": float(distance.max()),
                    "composition_error": composition_error(h, path, parameters, composed),
                    "printed_bound": known.printed_bound(depth),
                    "uniform_bound": known.uniform_bound(depth),
                    "limit": lower_limit(h, depth, points),
                }
            )
    table = pd.DataFrame(rows)
    rates = {}
    for name, group in table.groupby("schedule", sort=False):
        rates[name] = rate(group["depth"].tolist(), group["distance"].tolist())
        for column in ("printed_bound", "uniform_bound", "limit"):
            rates[column] = rate(group["depth"].tolist(), group[column].tolist())
    table["rate"] = table["schedule"].map(rates)
    for column in ("printed_bound", "uniform_bound", "limit"):
        table[f"{column}_rate"] = rates[column]
    record = {
        "map": config["map"],
        "derivation": import_module(h.__name__).__doc__,  # type: ignore[attr-defined]
        "dimension": h.DIMENSION,
        "radius": h.RADIUS,
        "smoothness": h.SMOOTHNESS,
        "inverse_lipschitz": h.INVERSE_LIPSCHITZ,
        "printed_constant": str(known.printed),
        "near_identity_from": known.near_identity_from(),
        "rates": {k: None if math.isnan(v) else v for k, v in rates.items()},
        "largest_composition_error": float(table["composition_error"].max()),
    }
    return table, record
