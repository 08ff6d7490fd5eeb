"""Panels of fits against the depth: errors on the left, Lipschitz constants on the right, one row a map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = {  # as drawn: label, colour of the palette, line
    "tanh_values": ("tanh, values", 0, "--"),
    "tanh_jacobians": ("tanh, values and Jacobians", 0, "-"),
    "relu_values": ("ReLU, values", 1, "--"),
    "relu_jacobians": ("ReLU, values and Jacobians", 1, "-"),
    "tanh_translated": ("tanh, no inner bias, translated", 2, "-"),
    "tanh_unbiased": ("tanh, no inner bias", 3, "--"),
    "relu_unbiased": ("ReLU, no inner bias", 4, "--"),
    "relu_kinked": ("ReLU, interpolation", 7, "-"),
}


def shown(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of the figure: the first map of each dimension, by depth."""
    drawn = rows[(rows["statement"] == "corrected") & rows["dimension"].notna()]
    firsts = [group["map"].iloc[0] for _, group in drawn.groupby("dimension")]
    return [drawn[drawn["map"] == name].sort_values("depth") for name in firsts]


def panels(groups: Sequence[pd.DataFrame]) -> tuple[Figure, pd.DataFrame]:
    """The figure of the groups, and its table."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    drawing, axes_grid = plt.subplots(
        max(len(groups), 1), 2, figsize=(6.8, 1.2 + 2.4 * max(len(groups), 1)), squeeze=False
    )
    colours = sns.color_palette()
    labelled: dict[str, Any] = {}
    for group, (left, right) in zip(groups, axes_grid, strict=True):
        for axes, quantity in ((left, "error"), (right, "lipschitz")):
            _draw(axes, group, quantity, colours)
            labelled |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        right.plot(group["depth"], group["true"], color="black", linewidth=1, zorder=5, label="the factors")
        labelled |= dict(zip(*reversed(right.get_legend_handles_labels()), strict=True))
        left.set_title(f"{group['map'].iloc[0]}: end-to-end error")
        right.set_title(f"{group['map'].iloc[0]}: largest Lipschitz constant")
    for axes in axes_grid[-1]:
        axes.set_xlabel("layers $m$")
    drawing.legend(labelled.values(), labelled.keys(), loc="outside lower center", ncols=3)
    names = [f"{m}_{q}" for m in METHODS for q in ("error", "lipschitz")]
    columns = ["map", "depth", "true", "uniform_bound"]
    table = pd.concat(groups) if groups else pd.DataFrame(columns=columns)
    return drawing, table[columns + [n for n in names if n in table]].reset_index(drop=True)


def _draw(axes: Axes, group: pd.DataFrame, quantity: str, colours: Any) -> None:
    for method, (label, colour, line) in METHODS.items():
        column = f"{method}_{quantity}"
        rows = group[group[column].notna()] if column in group else group[:0]
        if not len(rows):
            continue
        low, middle, high = (np.array([entry[k] for entry in rows[column]]) for k in range(3))
        axes.errorbar(
            rows["depth"],
            middle,
            yerr=[middle - low, high - middle],
            color=colours[colour],
            linestyle=line,
            marker="o",
            markersize=3,
            capsize=1.5,
            elinewidth=1,
            label=label,
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    depths = sorted(set(group["depth"]))
    axes.set_xticks(depths, [str(m) for m in depths])
