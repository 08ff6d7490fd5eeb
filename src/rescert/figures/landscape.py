r"""The figure of a slice: the plane as contours about the risk of the best linear predictor, the lines beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert.claim import Drawing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BANDS = 8  # filled bands on each side of the linear risk
COORDINATES = {"first": ("alpha", r"\alpha"), "second": ("beta", r"\beta")}
DIRECTIONS = {
    "smallest": r"eigenvector of $\lambda_{\min}$",
    "largest": r"eigenvector of $\lambda_{\max}$",
    "random": "random direction",
}
STEEP = 30  # a ratio of risks above which lines are drawn over a logarithmic axis
POINT: dict[str, Any] = {"marker": "o", "markersize": 6, "markerfacecolor": "white", "markeredgecolor": "black"}
LINEAR = r"$R_{\mathrm{lin}}$"


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""The risk $R$ around start {start} of `{landscape}` (origin: {origin}), where $R={risk:.6g}$, the gradient has
    norm {gradient_norm:.2g} and the smallest eigenvalue of the Hessian is {smallest_eigenvalue:.4g}; {parameters}
    parameters, {samples} data. Coordinates are in units of $\lvert\theta\rvert={norm:.4g}$: {along}. Dashed: the risk
    of the best linear predictor (no bias), $R_{{\mathrm{{lin}}}}={linear_risk:.6g}$; on a plane, blue lies below it
    and brown above. The least of {points} values is {least:.6g}. They are floats on a grid and certify nothing.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    (table,) = (table for name, table in tables.items() if name.startswith("slices/"))
    sides = [side for side in COORDINATES if (table["slice"] == side).any()]
    whole = table[table["slice"] == "plane"]
    if whole.empty:
        drawing, lines = plt.subplots(len(sides), 1, figsize=(5.0, 3.0), squeeze=False)
    else:
        drawing = plt.figure(figsize=(6.8, 3.2))
        grid = drawing.add_gridspec(len(sides), 2, width_ratios=[1.35, 1])
        _plane(drawing.add_subplot(grid[:, 0]), whole)
        lines = np.array([[drawing.add_subplot(grid[row, 1])] for row in range(len(sides))])
    for axes, side, colour in zip(lines[:, 0], sides, sns.color_palette(), strict=False):
        _line(axes, table[table["slice"] == side], side, colour)
    return Drawing(drawing, table)


def _label(side: str, table: pd.DataFrame) -> str:
    name = str(table[side].iloc[0])
    return f"${COORDINATES[side][1]}$, {DIRECTIONS.get(name, f'to {name}')}"


def levels(least: float, greatest: float, middle: float) -> tuple[np.ndarray, int]:
    r"""Edges of the bands from the least to the greatest value, and how many bands lie below ``middle``.

    They are evenly spaced below it, and in cubes above it, where a risk grows without bound. Needs least < greatest.
    """
    steps = np.linspace(0, 1, BANDS + 1)
    low, high = min(middle, greatest), max(middle, least)
    below = least + (low - least) * steps if least < low else np.array([least])
    above = high + (greatest - high) * steps**3 if high < greatest else np.array([greatest])
    edges = np.unique(np.concatenate([below, above]))
    return edges, int((edges[1:] <= middle).sum())


def _plane(axes: Axes, table: pd.DataFrame) -> None:
    """Filled bands, the level of the linear risk, and the point itself."""
    import seaborn as sns

    grid = table.pivot(index="beta", columns="alpha", values="risk")
    values, middle = grid.to_numpy(), float(table["linear_risk"].iloc[0])
    if values.min() < values.max():
        edges, below = levels(float(values.min()), float(values.max()), middle)
        blue = sns.color_palette("blend:#08306b,#4f90c4,#e9f1f7", BANDS)[BANDS - below :]
        red = sns.color_palette("blend:#fbeee6,#d98a5b,#7a2a06", BANDS)[: len(edges) - 1 - below]
        bands = axes.contourf(grid.columns, grid.index, values, levels=edges, colors=[*blue, *red])
        bands.set_edgecolor("face")  # else viewers of vector files show seams between the bands
        bar = axes.figure.colorbar(bands, ax=axes, spacing="uniform", pad=0.03, aspect=28)
        ticks = [edges[0], *([middle] if edges[0] < middle < edges[-1] else []), edges[-1]]
        bar.set_ticks(ticks, labels=[LINEAR if tick == middle else f"{tick:.3g}" for tick in ticks])
        bar.outline.set_visible(False)
        bar.ax.set_title("$R$", pad=6)
    if values.min() < middle < values.max():
        axes.contour(grid.columns, grid.index, values, levels=[middle], colors="0.1", linestyles="--", linewidths=1.3)
    axes.plot(0, 0, **POINT)
    axes.set(xlabel=_label("first", table), ylabel=_label("second", table))
    axes.grid(False)


def _line(axes: Axes, table: pd.DataFrame, side: str, colour: tuple[float, float, float]) -> None:
    """The risk along one direction, the level of the linear risk, and the point itself."""
    along, middle = table[COORDINATES[side][0]], table["linear_risk"].iloc[0]
    axes.axhline(middle, color="0.1", linestyle="--", linewidth=1.1)
    axes.annotate(LINEAR, (1, middle), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
                  va="center", annotation_clip=False)  # fmt: skip
    axes.plot(along, table["risk"], color=colour)
    axes.plot(0, table.loc[along == 0, "risk"].iloc[0], **POINT)
    if table["risk"].min() > 0 and table["risk"].max() > STEEP * table["risk"].min():
        axes.set_yscale("log")
    axes.locator_params(axis="x", nbins=4)
    axes.set(xlabel=_label(side, table), ylabel="$R$", xlim=(along.min(), along.max()))
