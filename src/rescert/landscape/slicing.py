r"""Slices through a point that a search found: which point, which directions, and the table to draw.

Directions are scaled to the point's own length $|\theta|$, but for a line to another point, which ends there at 1; so a
coordinate is a distance relative to $|\theta|$, and the directions of one plane can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rescert.certify.tensors import owned
from rescert.landscape.directions import eigenvector, filter_normalised, zero_filters
from rescert.landscape.risk import Landscape
from rescert.landscape.slices import chunk_of, coordinates, line, plane
from rescert.networks import residual_stack
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import parameter_shapes

FINER = 4  # steps of a line for one of the plane's
EIGENVALUES = {"smallest": 0, "largest": -1}  # directions that are eigenvectors of the Hessian
SIDES = ("first", "second")
AXES = (r"$\alpha$", r"$\beta$")
POINT = ("origin", "candidate", "risk", "linear_risk", "gradient_norm", "smallest_eigenvalue")  # of the search's table

Generator = Callable[[int, str], torch.Generator]


@dataclass(frozen=True)
class Searched:
    """All points of a search: parameters ``starts p``, labels ``starts n``, and its table, one row a start."""

    landscape: Landscape
    theta: Tensor
    labels: Tensor
    table: pd.DataFrame

    def choose(self, wanted: str | int, origin: str | None = None) -> int:
        """The start of a point: a given one; the candidate of smallest eigenvalue (saddle) or lowest risk (lowest).

        ``origin`` asks for a candidate of one origin. Raises ``ValueError`` where there is none, or none whose
        smallest eigenvalue is negative for a saddle.
        """
        rows = self.table.set_index("start")
        if isinstance(wanted, int):
            if wanted not in rows.index:
                raise ValueError(f"expected a start of the search, 0 to {rows.index.max()}, got {wanted}")
            return wanted
        column = {"saddle": "smallest_eigenvalue", "lowest": "risk"}.get(wanted)
        if column is None:
            raise ValueError(f"expected the point saddle, lowest or the number of a start, got '{wanted}'")
        rows = rows[rows["candidate"] & ((origin is None) | (rows["origin"] == origin))]
        if rows.empty or (wanted == "saddle" and not rows[column].min() < 0):
            whose = f" of origin '{origin}'" if origin else ""
            raise ValueError(f"expected a candidate{whose} for the point '{wanted}', got none: search from more starts")
        return int(rows[column].idxmin())

    def row(self, start: int) -> pd.Series:
        return self.table.set_index("start").loc[start]

    def risk(self, start: int) -> Callable[[Tensor], Tensor]:
        """The risk that a start belongs to, of stacked points ``batch p``: values alone, shape ``batch``."""
        landscape, labels, loss = self.landscape, self.labels[start], loss_of(self.landscape.loss)

        def risk(points: Tensor) -> Tensor:
            outputs = residual_stack.network(landscape.unravel(points), landscape.inputs, landscape.activation)
            return loss.value(outputs, labels).mean(dim=1)

        return risk

    def biases(self) -> list[str]:
        """The vectors that are no weights."""
        return [name for name in self.landscape.shapes if name.startswith("b")]

    def other(self, start: int, wanted: str | int) -> int:
        """The start of another point with the same labels: else the two have different risks (``ValueError``)."""
        found = self.choose(wanted)
        if found == start or not torch.equal(self.labels[found], self.labels[start]):
            what = "the point itself" if found == start else "a point with labels of its own"
            raise ValueError(f"expected a line to another point of the same risk, got start {found}, {what}")
        return found


def read(inputs: Any, name: str) -> Searched:
    """What `rescert.landscape.search.search` left under ``critical_points/<name>``."""
    need = f"critical_points/{name}"
    arrays, searched = inputs.arrays(need), inputs.metadata(need)["config"]
    shapes = parameter_shapes(searched["dimension"], searched["widths"], searched.get("bias", True))
    points = owned(arrays["X"])
    landscape = Landscape(points, shapes, searched["activation"], searched.get("loss", "squared"))
    theta = landscape.ravel({name: owned(arrays[name]) for name in shapes})
    return Searched(landscape, theta, owned(arrays["y"]), inputs.table(need))


def cut(
    config: Mapping[str, Any], inputs: Any, *, generator: Generator
) -> tuple[dict[str, np.ndarray], pd.DataFrame, dict[str, Any]]:
    """A line through a point along each of one or two directions, and, of two, their plane.

    ``config`` has ``landscape`` (the search), ``point`` (and ``origin``: see `Searched.choose`), ``directions`` (see
    `direction`), ``extent`` (a half-width for each), ``steps`` (along an axis of the plane), ``bias`` and ``seed``.

    Returns the arrays that redo the slices (``point.NAME``, ``first.NAME``, ``second.NAME`` for each parameter, ``X``,
    ``y``); a table with the columns ``slice`` (plane, first or second), ``first, second`` (names of the directions),
    ``alpha, beta, risk, linear_risk``; and a description of point and directions, with the caption's ``summary``.
    """
    kinds, extents = list(config["directions"]), list(config["extent"])
    if not 1 <= len(kinds) == len(extents) <= len(SIDES):
        raise ValueError(f"expected one or two directions and an extent for each, got {kinds} and {extents}")
    searched = read(inputs, config["landscape"])
    start = searched.choose(config["point"], config.get("origin"))
    fixed = searched.biases() if _scaled_or_zero(config["bias"]) == "zero" else []
    named = [
        direction(searched, start, kind, fixed, generator(config["seed"], f"direction {index}"))
        for index, kind in enumerate(kinds)
    ]
    table = tabulate(searched, start, named, extents, config["steps"])
    vectors = {"point": searched.theta[start]}
    vectors |= {side: vector for side, (_, vector) in zip(SIDES, named, strict=False)}
    arrays = {
        f"{part}.{name}": value.numpy()
        for part, vector in vectors.items()
        for name, value in searched.landscape.unravel(vector).items()
    }
    arrays |= {"X": searched.landscape.inputs.numpy(), "y": searched.labels[start].numpy()}
    return arrays, table, describe(searched, start, named, fixed, table)


def _scaled_or_zero(bias: str) -> str:
    if bias not in ("scaled", "zero"):
        raise ValueError(f"expected bias scaled or zero, got '{bias}'")
    return bias


def direction(
    searched: Searched, start: int, kind: Any, fixed: Sequence[str], draws: torch.Generator
) -> tuple[str, Tensor]:
    r"""The name and the vector of a direction through a point.

    ``smallest`` and ``largest`` are eigenvectors of the Hessian: at a saddle the smallest eigenvalue's is its most
    negative direction. ``random`` is a filter-normalised Gaussian draw that leaves the ``fixed`` parameters where they
    are. ``{"to": POINT}`` is the way to another point of the search.
    """
    landscape, theta = searched.landscape, searched.theta[start]
    if isinstance(kind, Mapping):
        other = searched.other(start, kind["to"])
        return f"start {other}", searched.theta[other] - theta
    if not float(theta.norm()) > 0:
        raise ValueError(f"expected a point away from 0, because directions get its length, got start {start}")
    if kind in EIGENVALUES:
        hessian = landscape.hessian(theta[None], searched.labels[start][None])[0]
        return kind, eigenvector(hessian, EIGENVALUES[kind]) * theta.norm()
    if kind != "random":
        raise ValueError(f"expected a direction among {[*EIGENVALUES, 'random']} or {{to: POINT}}, got '{kind}'")
    draw = torch.randn(len(theta), generator=draws, dtype=theta.dtype)
    return kind, filter_normalised(draw, theta, landscape.shapes, fixed)


def tabulate(
    searched: Searched, start: int, named: Sequence[tuple[str, Tensor]], extents: Sequence[float], steps: int
) -> pd.DataFrame:
    """The table of `cut`: the plane row by row, then each line, `FINER` than the plane."""
    theta, risk = searched.theta[start], searched.risk(start)
    # a matrix's shape holds the widths of both layers beside it
    chunk = chunk_of(len(searched.landscape.inputs) * max(max(shape) for shape in searched.landscape.shapes.values()))
    parts = []
    if len(named) == len(SIDES):
        alpha, beta = (coordinates(extent, steps) for extent in extents)
        values = plane(risk, theta, named[0][1], named[1][1], alpha, beta, chunk)
        alphas, betas = alpha.repeat_interleave(steps), beta.repeat(steps)
        parts.append(pd.DataFrame({"slice": "plane", "alpha": alphas, "beta": betas, "risk": values.flatten()}))
    for side, axis, (_, vector), extent in zip(SIDES, ("alpha", "beta"), named, extents, strict=False):
        along = coordinates(extent, FINER * (steps - 1) + 1)
        values = line(risk, theta, vector, along, chunk)
        parts.append(pd.DataFrame({"slice": side, "alpha": 0.0, "beta": 0.0, axis: along, "risk": values}))
    names = [name for name, _ in named] + [""] * (len(SIDES) - len(named))
    table = pd.concat(parts, ignore_index=True).assign(**dict(zip(SIDES, names, strict=True)))
    table["linear_risk"] = float(searched.row(start)["linear_risk"])
    return table[["slice", *SIDES, "alpha", "beta", "risk", "linear_risk"]]


def describe(
    searched: Searched, start: int, named: Sequence[tuple[str, Tensor]], fixed: Sequence[str], table: pd.DataFrame
) -> dict[str, Any]:
    r"""What is known of the point, and of each direction $u$ its norm, slope $g^Tu/|u|$ and curvature $u^THu/|u|^2$."""
    theta, labels = searched.theta[start][None], searched.labels[start][None]
    gradient, hessian = searched.landscape.gradient(theta, labels)[0], searched.landscape.hessian(theta, labels)[0]
    units = [(name, vector / vector.norm(), float(vector.norm())) for name, vector in named]
    found: list[dict[str, Any]] = [
        {"name": name, "norm": norm, "slope": float(gradient @ unit), "curvature": float(unit @ hessian @ unit)}
        for name, unit, norm in units
    ]
    row = searched.row(start)
    point = {key: row[key] for key in POINT}
    summary = {
        **point,
        "start": start,
        "parameters": len(theta[0]),
        "samples": labels.shape[1],
        "norm": float(theta.norm()),
        "least": float(table["risk"].min()),
        "points": len(table),
        "along": ", ".join(f"along {axis} {_said(**each)}" for axis, each in zip(AXES, found, strict=False)),
    }
    cosine = float(units[0][1] @ units[-1][1]) if len(units) > 1 else None
    still = zero_filters(theta[0], searched.landscape.shapes)
    about = {"directions": found, "cosine": cosine, "fixed": list(fixed), "zero_filters": still}
    return {"start": start, "point": point, **about, "summary": summary}


def _said(name: str, norm: float, slope: float, curvature: float) -> str:
    """A direction in the words of a caption."""
    if name in EIGENVALUES:
        return f"the eigenvector of the {name} eigenvalue ({curvature:.4g})"
    if name == "random":
        return f"a random direction, filter-normalised (curvature {curvature:.4g})"
    return f"the way to {name} (there at 1; length {norm:.4g})"
