r"""Units of residual blocks that do nothing, and the smaller network without them.

Idle units are sound to take out: let unit $j$ of block $l$ have $V_{l,\cdot j}=0$. It does not change $h_l$, so the
network, its risk and the gradient entries of the other units are those of the network without it. Its entries of
$\partial R/\partial U_l$ and $\partial R/\partial b_l$ carry the factor $V_{l,\cdot j}$ and vanish. That of
$V_{l,\cdot j}$ is $E[\ell'q_l\phi_{l,j}]$, zero if $\phi_{l,j}=0$, and equal to that of $V_{l,\cdot k}$ if unit $j$ has
the inner weights of unit $k$. So a critical point of the smaller network is one of the larger, and there the equal
weights are equal exactly: the box, where they are separate, contains it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from rescert.networks.activations import ACTIVATIONS
from rescert.networks.residual_blocks import depth

Point = Mapping[str, np.ndarray]


def idle_units(point: Point, activation: str) -> dict[int, dict[int, int | None]]:
    """The idle units of each block, and the kept unit of equal inner weights, or None for silent ones.

    A block keeps at least one unit.
    """
    silent = float(ACTIVATIONS[activation](torch.zeros(()))) == 0.0
    found: dict[int, dict[int, int | None]] = {}
    for block in range(1, depth(point) + 1):
        inner = point[f"U{block}"]
        if f"b{block}" in point:
            inner = np.column_stack([inner, point[f"b{block}"]])
        useless = ~np.any(point[f"V{block}"] != 0, axis=0)
        kept = [int(j) for j in np.flatnonzero(~useless)] or [0]
        for j in (int(j) for j in np.flatnonzero(useless) if j not in kept):
            twins = [k for k in kept if np.array_equal(inner[k], inner[j])]
            if twins:
                found.setdefault(block, {})[j] = twins[0]
            elif silent and not np.any(inner[j]):
                found.setdefault(block, {})[j] = None
    return found


def _units(point: Point, idle: Mapping[int, Mapping[int, int | None]], name: str) -> np.ndarray:
    """The units of a parameter's block that are kept."""
    return np.array([j for j in range(point[f"U{name[1:]}"].shape[0]) if j not in idle.get(int(name[1:]), {})])


def without(point: Point, idle: Mapping[int, Mapping[int, int | None]]) -> dict[str, np.ndarray]:
    """The parameters of the network without its idle units."""
    return {
        name: value if name == "w" else np.take(value, _units(point, idle, name), axis=int(name[0] == "V"))
        for name, value in point.items()
    }


def widened(box: Mapping[str, Any], point: Point, idle: Mapping[int, Mapping[int, int | None]]) -> dict[str, Any]:
    """The box of all parameters from that of the kept units: idle outer columns are zero, inner weights as above."""
    wide = dict(box)
    for name, value in point.items():
        units = idle.get(int(name[1:]), {}) if name != "w" else {}
        if not units:
            continue
        kept, axis = list(_units(point, idle, name)), int(name[0] == "V")
        sides = {}
        for side in ("mid", "rad"):
            narrow = np.broadcast_to(np.asarray(box[name][side], dtype=np.float64), without(point, idle)[name].shape)
            full = np.zeros(value.shape)
            columns, source = np.moveaxis(full, axis, 0), np.moveaxis(narrow, axis, 0)
            columns[kept] = source
            for unit, twin in units.items():
                if twin is not None and name[0] != "V":
                    columns[unit] = source[kept.index(twin)]
            sides[side] = full
        wide[name] = sides
    return wide
