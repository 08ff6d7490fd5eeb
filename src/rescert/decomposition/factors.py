r"""Near-identity factors of a smooth map: $h=h_m\circ\dots\circ h_1$ with $h_i=g_{a_i}\circ g_{a_{i-1}}^{-1}$.

The factor $h_i$ lives on $g_{a_{i-1}}(X)$. Its distance from the identity is the Lipschitz constant of
$h_i-\mathrm{Id}$. That is at least $\sup_{v\in X}\|Dg_{a_i}(v)\,Dg_{a_{i-1}}(v)^{-1}-I\|$, since $g_{a_{i-1}}(X)$ is
the closure of its interior, and equal to it where $g_{a_{i-1}}(X)$ is convex, as every interval is. Source: Bartlett,
Evans and Long 2018, Theorem 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from importlib import import_module
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from scipy import stats

from rescert.decomposition import ball_search, declarations, schedules
from rescert.decomposition.constants import constants
from rescert.decomposition.interpolations import DerivativePower, Dilation, LineMap, Path, SmoothMap, completed
from rescert.decomposition.inversion import invert

GRID = 2049  # points of an interval on which a supremum is located before it is refined
COMPOSED = 257  # points of X on which the composition is compared with h
REFINEMENTS = 60  # steps of golden section: 0.618^60 of a grid cell is below rounding
GOLDEN = (math.sqrt(5) - 1) / 2
TOGETHER = 1 << 21  # entries of matrices that are formed at a time
EQUALISED = 64  # points on which a schedule is equalised where X is searched, at most
NORMALISED = 1e-10  # what h(0) and Dh(0) - I may be, for the rounding of a map and its derivative

SCHEDULES: dict[str, tuple[type[Dilation] | type[DerivativePower], Callable[..., np.ndarray]]] = {
    "printed": (Dilation, lambda depth, distances: schedules.printed(depth)),
    "uniform": (Dilation, lambda depth, distances: schedules.uniform(depth)),
    "equalised": (Dilation, schedules.equalised),
    "optimal": (DerivativePower, lambda depth, distances: schedules.uniform(depth)),
}


def load_map(name: str) -> SmoothMap:
    """The map of the module ``rescert.decomposition.maps.<name>``, completed where it leaves something out."""
    module = f"rescert.decomposition.maps.{name}"
    try:
        return completed(import_module(module))
    except ModuleNotFoundError as missing:
        if missing.name != module:
            raise
        raise ValueError(f"expected a map with a file in src/rescert/decomposition/maps, got '{name}'") from None


def interval(h: SmoothMap) -> tuple[float, float] | None:
    """Where the distances of the factors are searched: X in dimension one, else the map's ``LINE``, if it has one."""
    if h.DIMENSION == 1:
        radius = float(Fraction(h.RADIUS))
        return -radius, radius
    line = getattr(h, "LINE", None)
    return None if line is None else (float(Fraction(line[0])), float(Fraction(line[1])))


def grid(h: SmoothMap, points: int) -> torch.Tensor:
    """Equally spaced points of the map's `interval` with its ends, shape (points, 1)."""
    ends = interval(h)
    if ends is None:
        raise ValueError(f"expected a map of dimension 1 or with a LINE, got dimension {h.DIMENSION}")
    return torch.linspace(*ends, points, dtype=torch.float64)[:, None]


def domain_points(h: SmoothMap) -> torch.Tensor:
    """Points of X, shape (n, d): a grid of an interval, else those of `ball_search.ball_points`."""
    radius = float(Fraction(h.RADIUS))
    if h.DIMENSION == 1:
        return torch.linspace(-radius, radius, COMPOSED, dtype=torch.float64)[:, None]
    return ball_search.ball_points(h.DIMENSION, radius)


def _norm(matrices: torch.Tensor) -> torch.Tensor:
    """Spectral norm over the last two axes."""
    if matrices.shape[-1] == 1:
        return matrices[..., 0, 0].abs()
    if matrices.shape[-1] == 2:
        (p, q), (r, s) = (matrices[..., i, :].unbind(-1) for i in range(2))
        return (torch.hypot(p + s, q - r) + torch.hypot(p - s, q + r)) / 2
    return torch.linalg.eigvalsh(matrices.mT @ matrices)[..., -1].clamp_min(0).sqrt()


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


def change_norms(path: Path, after: torch.Tensor, before: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """‖Dg_a(v)Dg_b(v)⁻¹ - I‖, (m, n), of parameters (m,) and points (m or 1, n, d), or positions on the line (…, 1)."""
    h = path.h
    if h.DIMENSION > 1 and interval(h) is not None:
        line = cast(LineMap, h).line_change
        return line(after[:, None, None], before[:, None, None], points)[..., 0].abs()
    rows = max(1, TOGETHER // (points.shape[1] * h.DIMENSION**2))
    parts = []
    for low in range(0, len(after), rows):
        a, b = (p[low : low + rows, None, None] for p in (after, before))
        parts.append(_norm(path.change(a, b, points if len(points) == 1 else points[low : low + rows])))
    return torch.cat(parts)


def distances(path: Path, parameters: Sequence[float] | np.ndarray, points: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """sup over v in X of ‖Dg_a(v)Dg_b(v)⁻¹ - I‖ for consecutive a, b: where (m, d) or (m, 1), and how large (m,).

    Lower estimates, exact to rounding in one dimension and on a line.
    """
    a = torch.tensor([0.0, *parameters], dtype=torch.float64)

    def norms(v: torch.Tensor) -> torch.Tensor:
        return change_norms(path, a[1:], a[:-1], v)

    if interval(path.h) is not None:
        return maximise(norms, points)
    return ball_search.maximise(norms, points, float(Fraction(path.h.RADIUS)))


def _distances(path: Path, points: torch.Tensor, parameters: np.ndarray) -> np.ndarray:
    """The distances that `schedules.equalised` makes equal; on fixed points, where X is searched."""
    if interval(path.h) is not None:
        return distances(path, parameters, points)[1].numpy()
    a = torch.tensor([0.0, *parameters], dtype=torch.float64)
    return change_norms(path, a[1:], a[:-1], points[None]).amax(1).numpy()


def _equalising_points(path: Path, depth: int, points: torch.Tensor) -> torch.Tensor:
    """Where `_distances` looks: an interval's points, else where the factors of the uniform schedule are farthest."""
    if interval(path.h) is not None:
        return points
    at, _ = distances(path, schedules.uniform(depth), points)
    return at[:: math.ceil(depth / EQUALISED)]


@dataclass(frozen=True)
class Factorisation:
    """h = h_m∘…∘h_1 on X, h_i = g_{a_i}∘g_{a_{i-1}}⁻¹, along a ``path`` at the ``parameters`` a_1 < … < a_m = 1.

    ``distances`` (m,) are the suprema that `distances` finds, and ``at`` is where: the Lipschitz constants of h_i - Id
    where the images of the ball are convex, else lower estimates of them.
    """

    path: Path
    parameters: np.ndarray
    distances: torch.Tensor
    at: torch.Tensor

    def factor(self, i: int, y: torch.Tensor) -> torch.Tensor:
        """h_i(y), i = 1..m, at points (n, d) of g_{a_{i-1}}(X); g_{a_{i-1}}⁻¹ by Newton's method."""
        if not 1 <= i <= len(self.parameters):
            raise ValueError(f"expected a factor from 1 to {len(self.parameters)}, got {i}")
        ends = torch.tensor([0.0, *self.parameters], dtype=torch.float64)
        before = ends[i - 1 : i]
        back = y if i == 1 else invert(partial(self.path.value, before), partial(self.path.jacobian, before), y, y)
        return self.path.value(ends[i : i + 1], back)

    def compose(self, x: torch.Tensor) -> torch.Tensor:
        """h_m(…h_1(x)…) at points (n, d) of X: h(x) up to rounding, because the factors telescope exactly."""
        for i in range(1, len(self.parameters) + 1):
            x = self.factor(i, x)
        return x


def factorise(h: SmoothMap, depth: int, schedule: str) -> Factorisation:
    """The factors of a map at a depth m >= 2 by a schedule of `SCHEDULES`; "optimal" is for dimension one.

    ``h`` is a map of `load_map`, or any object with its attributes; see `rescert.decomposition.interpolations`.
    That h(0) = 0 and Dh(0) = I is checked; `rescert.decomposition.declarations.check` tries the constants, too.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"expected a schedule among {', '.join(SCHEDULES)}, got '{schedule}'")
    if schedule == "optimal" and h.DIMENSION > 1:
        raise ValueError(f"expected the schedule 'optimal' for maps of dimension 1 only, got dimension {h.DIMENSION}")
    h = completed(h)
    _expect_normalised(h)
    family, places = SCHEDULES[schedule]
    path, points = family(h), domain_points(h) if interval(h) is None else grid(h, GRID)
    chosen = _equalising_points(path, depth, points) if schedule == "equalised" else points
    parameters = places(depth, partial(_distances, path, chosen))
    at, found = distances(path, parameters, points)
    return Factorisation(path, parameters, found, at)


def _expect_normalised(h: SmoothMap) -> None:
    """The path starts at the identity only if h(0) = 0 and Dh(0) = I, up to rounding."""
    origin = torch.zeros(1, h.DIMENSION, dtype=torch.float64)
    value, slope = h.value(origin)[0], h.jacobian(origin)[0]
    off = max(float(value.norm()), float((slope - torch.eye(h.DIMENSION, dtype=torch.float64)).norm()))
    if not off <= NORMALISED:
        raise ValueError(f"expected h(0) = 0 and Dh(0) = I, got h(0) = {value.tolist()}, Dh(0) = {slope.tolist()}")


def lower_limit(h: SmoothMap, depth: int) -> float:
    """max{Lip(h)^(1/m) - 1, 1 - Lip(h⁻¹)^(-1/m)}: no factorisation into m maps comes nearer to the identity.

    The constants are largest values of ‖Dh‖ and ‖Dh⁻¹‖ at points of X, so the limit is a lower estimate of itself.
    """
    stretch = _largest(h, lambda v: _norm(h.jacobian(v)))
    shrink = _largest(h, lambda v: _norm(torch.linalg.inv(h.jacobian(v))))
    return max(math.expm1(math.log(stretch) / depth), -math.expm1(-math.log(shrink) / depth))


def _largest(h: SmoothMap, function: Callable[[torch.Tensor], torch.Tensor]) -> float:
    if h.DIMENSION == 1:
        return float(maximise(function, grid(h, GRID))[1])
    return float(ball_search.maximise(function, domain_points(h), float(Fraction(h.RADIUS)))[1])


def rate(depths: Sequence[int], values: Sequence[float]) -> tuple[float, float, float]:
    """The least-squares slope of ln(value) against ln(depth) over depths >= 8, and its 95 % Student interval.

    Over all depths if fewer than two are that large; NaN where there are too few points. The values are no random
    sample: the interval says how well a power of the depth describes them.

    >>> [round(x, 5) for x in rate([8, 16, 32], [1.0, 0.5, 0.25])]
    [-1.0, -1.0, -1.0]
    """
    chosen = [(m, v) for m, v in zip(depths, values, strict=True) if m >= 8]
    if len(chosen) < 2:
        chosen = list(zip(depths, values, strict=True))
    if len(chosen) < 2:
        return math.nan, math.nan, math.nan
    x, y = np.log(np.array(chosen, dtype=np.float64)).T
    fit = stats.linregress(x, y)
    half = stats.t.ppf(0.975, len(x) - 2) * fit.stderr if len(x) > 2 else math.nan
    return float(fit.slope), float(fit.slope - half), float(fit.slope + half)


def decompose(
    config: Mapping[str, Any], generator: Callable[[int, str], torch.Generator]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Factor ``config["map"]`` at each of ``depths`` by each of ``schedules``, once its declarations are tried.

    One row a depth and schedule: ``parameters`` a_1..a_m, ``distances`` of the m factors from the identity with
    the points ``at`` that attain them (lower estimates of suprema), the largest ``distance``,
    ``composition_error``, and the bounds. ``*_rate`` are fitted log-log slopes over the depths.
    """
    h = load_map(config["map"])
    depths = sorted(set(config["depths"]))
    unknown = [s for s in config["schedules"] if s not in SCHEDULES]
    if unknown or not depths or depths[0] < 2 or not config["schedules"]:
        raise ValueError(f"expected depths >= 2 and schedules among {sorted(SCHEDULES)}, got {unknown or config}")
    declarations.check(h, generator(0, "declarations"), config["map"])
    points, known = domain_points(h), constants(h)
    composed = points[:: math.ceil(len(points) / COMPOSED)]  # from the origin to the boundary
    limits = {depth: lower_limit(h, depth) for depth in depths}
    rows = []
    for name in config["schedules"]:
        for depth in depths:
            found = factorise(h, depth, name)
            rows.append(
                {
                    "map": config["map"],
                    "dimension": h.DIMENSION,
                    "depth": depth,
                    "schedule": name,
                    "parameters": found.parameters.tolist(),
                    "distances": found.distances.tolist(),
                    "at": found.at.flatten().tolist(),
                    "distance": float(found.distances.max()),
                    "composition_error": float((found.compose(composed) - h.value(composed)).norm(dim=-1).max()),
                    "printed_bound": known.printed_bound(depth),
                    "uniform_bound": known.uniform_bound(depth),
                    "limit": limits[depth],
                }
            )
    table = pd.DataFrame(rows)
    rates = {}
    for name, group in table.groupby("schedule", sort=False):
        rates[name] = rate(group["depth"].tolist(), group["distance"].tolist())
        for column in ("printed_bound", "uniform_bound", "limit"):
            rates[column] = rate(group["depth"].tolist(), group[column].tolist())
    for k, suffix in enumerate(("", "_low", "_high")):
        table[f"rate{suffix}"] = table["schedule"].map({name: found[k] for name, found in rates.items()})
        for column in ("printed_bound", "uniform_bound", "limit"):
            table[f"{column}_rate{suffix}"] = rates[column][k]
    record = {
        "map": config["map"],
        "derivation": h.__doc__,
        "dimension": h.DIMENSION,
        "radius": h.RADIUS,
        "smoothness": h.SMOOTHNESS,
        "inverse_lipschitz": h.INVERSE_LIPSCHITZ,
        "printed_constant": str(known.printed),
        "near_identity_from": known.near_identity_from(),
        "rates": {k: [None if math.isnan(x) else x for x in v] for k, v in rates.items()},
        "largest_composition_error": float(table["composition_error"].max()),
    }
    return table, record
