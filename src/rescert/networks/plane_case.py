"""One network (7) of two inputs: what each statement about its level curves and its kinks comes to.

The statements and their derivations are in `rescert.claims.ns_figure2`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.certify.sign import constant
from rescert.decomposition.settlement import Assertions, Settlement, undecided, vacuous
from rescert.networks.level_curves import (
    Chain,
    PlaneNetwork,
    bend_assertion,
    curve_assertions,
    gradient_assertions,
    slopes,
)

ONE, ZERO = Fraction(1), Fraction(0)
UNITS = ((ONE, ZERO), (ZERO, ONE))
DRAWS, RAYS, QUANTILES = 1000, 81, (0.05, 0.5, 0.95)


def closed_form(b: Sequence[Fraction], sides: Sequence[Fraction], level: Fraction) -> Chain:
    """The vertices of a level curve of (8b), by the formulas of the theorem.

    >>> half, one = Fraction(1, 2), Fraction(1)
    >>> [tuple(map(str, p)) for p in closed_form((half, half), (one, one), Fraction(5, 4))]
    [('0', '7/8'), ('1/2', '5/8'), ('5/8', '1/2'), ('7/8', '0')]
    """

    def inverse(i: int, s: Fraction) -> Fraction:
        return min(s, (s + b[i]) / 2)

    def end(i: int) -> tuple[Fraction, Fraction]:
        """The end where x_i is 0, or the other variable at its side."""
        other = 1 - i
        t = inverse(other, level)
        if t <= sides[other]:
            return (ZERO, t) if i == 0 else (t, ZERO)
        top = sides[other] + max(ZERO, sides[other] - b[other])
        s = inverse(i, level - top)
        return (s, sides[other]) if i == 0 else (sides[other], s)

    bends = [(b[0], inverse(1, level - b[0])), (inverse(0, level - b[1]), b[1])]
    found = {end(0), end(1), *(p for p in bends if all(0 <= t <= m for t, m in zip(p, sides, strict=True)))}
    return tuple(sorted(found, key=lambda p: (p[0], -p[1])))


def _as_printed(plane: PlaneNetwork) -> Settlement | None:
    """The vacuous finding where the network is not (8a)-(8b)."""
    layer = plane.layers[0]
    if len(plane.layers) > 1:
        return vacuous("there is a second layer", (constant(len(plane.layers) - 1, ">"),))
    if layer.directions != UNITS:
        off = next(
            t - e for v, u in zip(layer.directions, UNITS, strict=True) for t, e in zip(v, u, strict=True) if t != e
        )
        return vacuous("V is not the identity", (constant(off, ">" if off > 0 else "<"),))
    return (
        vacuous("an offset is not positive", (constant(min(layer.offsets), "<="),)) if min(layer.offsets) <= 0 else None
    )


def gradient(plane: PlaneNetwork) -> Settlement:
    other = _as_printed(plane)
    if other is not None:
        return other
    found = set()
    for region in plane.regions:
        middle = [sum(t) / len(region.polygon) for t in zip(*region.polygon, strict=True)]
        expected = tuple(ONE + (t > b) for t, b in zip(middle, plane.layers[0].offsets, strict=True))
        if plane.output(region).gradient != expected:
            return undecided("the regions are not those of the statement")
        found.add(expected)
    shown = gradient_assertions(plane)
    texts = ", ".join(f"({g[0]}, {g[1]})" for g in sorted(found))
    return Settlement(True, True if shown else None, f"gradients {texts}", texts, None, shown)


def levels(plane: PlaneNetwork, levels: Sequence[Fraction]) -> Settlement:
    curves = [plane.level_curve(level) for level in levels]
    shown = curve_assertions(plane, curves, levels)
    falling = [s for curve in curves for s in slopes(curve)]
    ordered = all(a >= b for curve in curves for a, b in itertools.pairwise(slopes(curve)))
    printed = _as_printed(plane) is None
    b, sides = plane.layers[0].offsets, plane.sides
    same = not printed or all(closed_form(b, sides, t) == c for t, c in zip(levels, curves, strict=True))
    allowed = not printed or set(falling) <= {Fraction(-1, 2), Fraction(-1), Fraction(-2)}
    if not (shown and ordered and same and allowed and None not in falling):
        return undecided("the vertices are not shown exactly")
    bends = sum(len(c) - 2 for c in curves)
    word = "the closed form" if printed else "chains"
    reason = (
        f"{len(curves)} levels, {sum(map(len, curves))} vertices, {bends} of them bends: {word}, falling and concave"
    )
    measured = ", ".join(sorted({str(s) for s in falling}, key=Fraction, reverse=True))
    return Settlement(True, True, reason, f"slopes {measured}", None, shown, _table(plane, curves))


def _table(plane: PlaneNetwork, curves: Sequence[Chain]) -> dict[str, Any]:
    """The chains and the kinks as flat lists of coordinates, with the number of the curve beside each."""
    table: dict[str, Any] = {}
    units = [(i, k) for i, layer in enumerate(plane.layers) for k in range(len(layer.offsets))]
    kinks = [plane.kink(*unit) for unit in units]
    for name, chains in (("curve", curves), ("kink", kinks)):
        table[f"{name}_x"] = [float(p[0]) for c in chains for p in c]
        table[f"{name}_y"] = [float(p[1]) for c in chains for p in c]
        table[f"{name}_of"] = [i for i, c in enumerate(chains) for _ in c]
    layer = plane.layers[0]
    squares = [sum(t * t for t in v) for v in layer.directions]
    feet = [[b * t / s for t in v] for v, b, s in zip(layer.directions, layer.offsets, squares, strict=True)]
    table |= {f"foot_{name}": [float(p[i]) for p in feet] for i, name in enumerate("xy")}
    table |= {f"column_{name}": [float(v[i]) for v in layer.directions] for i, name in enumerate("xy")}
    return table | {"width": float(plane.sides[0]), "height": float(plane.sides[1]), "layers": len(plane.layers)}


def ray_sums(offsets: np.ndarray, shares: np.ndarray, level: float) -> np.ndarray:
    """x_1+x_2 where the ray of x_2/(x_1+x_2) = share meets the level curve of (8b): a row for each b, in floats.

    The output is the largest of four affine functions, one for each set of active units, so its level set is the border
    of an intersection of four half planes.

    >>> float(ray_sums(np.array([[0.5, 0.5]]), np.array([0.5]), 1.5)[0, 0])
    1.25
    """
    along = np.stack([1 - shares, shares])
    crossings = [
        (level + offsets @ np.array(active))[:, None] / (1 + np.array(active) @ along)[None]
        for active in itertools.product((0, 1), repeat=2)
    ]
    return np.min(crossings, axis=0)


def spread(plane: PlaneNetwork, levels: Sequence[Fraction], generator: torch.Generator) -> dict[str, Any]:
    """Quantiles of `ray_sums` over random b for the network (8b), at the largest level that no side cuts; or nothing.

    b is uniform on the rectangle. No level curve of (8b) up to the shorter side reaches the other two borders.
    """
    uncut = [level for level in levels if level <= min(plane.sides)]
    if _as_printed(plane) is not None or not uncut:
        return {}
    sides = np.array([float(s) for s in plane.sides])
    offsets = torch.rand((DRAWS, 2), generator=generator, dtype=torch.float64).numpy() * sides
    shares = np.linspace(0, 1, RAYS)
    found = np.quantile(ray_sums(offsets, shares, float(max(uncut))), QUANTILES, axis=0)
    names = ("low", "median", "high")
    table: dict[str, Any] = {f"spread_{name}": row.tolist() for name, row in zip(names, found, strict=True)}
    return table | {"spread_share": shares.tolist(), "spread_level": float(max(uncut)), "spread_draws": DRAWS}


def _membership(plane: PlaneNetwork) -> Assertions:
    """That all weights and offsets are nonnegative and c is positive."""
    entries = [
        float(t) for layer in plane.layers for v in (*layer.directions, *layer.outputs, layer.offsets) for t in v
    ]
    proofs = [
        sign.prove_array(np.array(entries), ">="),
        sign.prove_array(np.array([float(t) for t in plane.slope]), ">"),
    ]
    found = tuple(p.assertion for p in proofs if p.assertion is not None)
    return found if len(found) == len(proofs) else ()


def bowl(plane: PlaneNetwork) -> Settlement:
    shown = _membership(plane)
    reason = "nonnegative weights: it is the part x >= 0 of the bowl f̂(|x|), whose minimum is the corner 0"
    return Settlement(True, True if shown else None, reason, assertions=shown)


def closed(plane: PlaneNetwork) -> Settlement:
    """The centred bowl |x-m|² is missed by |m|²/2: its fall from 0 to m, halved."""
    middle = [s / 2 for s in plane.sides]
    height = sum(m * m for m in middle)
    constants: dict[str, Any] = {
        "points": [["0", "0"], list(map(str, middle))],
        "middle": list(map(str, middle)),
        "height": str(height),
    }

    def fall(v: Any) -> Any:
        away = v["points"] - v["middle"]
        return (away * away).sum(1)[0] - (away * away).sum(1)[1] - v["height"]

    exact = sign.prove_zero(trace(fall, {}, constants))
    shown = (*_membership(plane), *exact, constant(height, ">")) if exact else ()
    reason = (
        f"f̂ rises in both variables; the bowl with its minimum in the middle of D falls by {height} on the way from 0"
    )
    return Settlement(True, True if shown else None, reason, str(height / 2), "0", shown)


def normals(plane: PlaneNetwork) -> Settlement:
    kinks = {k: plane.kink(0, k) for k in range(2)}
    crossing = {k: c for k, c in kinks.items() if c}
    if not crossing:
        layer = plane.layers[0]
        lines = zip(layer.directions, layer.offsets, strict=True)
        beyond = min(b - sum(map(Fraction.__mul__, v, plane.sides)) for v, b in lines)
        return vacuous("no line crosses D", (constant(beyond, ">="),))
    shown: list[dict[str, Any]] = []
    for k, curve in crossing.items():
        line = curve_assertions(plane, [curve], [plane.layers[0].offsets[k]], (0, k))
        if not line:
            return undecided("a line is not shown exactly")
        shown += line
    gradients = gradient_assertions(plane)
    columns = ", ".join("(" + ", ".join(map(str, plane.layers[0].directions[k])) + ")" for k in crossing)
    reason = f"{len(crossing)} lines with normals {columns}, which are the increments of the gradient"
    conclusion = True if gradients else None
    return Settlement(True, conclusion, reason, None, None, (*shown, *gradients) if gradients else ())


def _squares(plane: PlaneNetwork) -> list[tuple[Fraction, Fraction]]:
    """b_k² and |v_k|²."""
    layer = plane.layers[0]
    return [(b * b, sum((t * t for t in v), ZERO)) for v, b in zip(layer.directions, layer.offsets, strict=True)]


def distances(plane: PlaneNetwork) -> Settlement:
    """Whatever V, the distance of line k is what it is for the identity, b_k: b_k²/|v_k|² = b_k²."""
    gaps = [b / v - b for b, v in _squares(plane)]
    wrong = next((g for g in gaps if g != 0), None)
    measured = ", ".join(f"{float(b / v) ** 0.5:.6g}" for b, v in _squares(plane))
    bound = ", ".join(f"{float(b):.6g}" for b in plane.layers[0].offsets)
    if wrong is None:
        shown = tuple(constant(g, relation) for g in gaps for relation in (">=", "<="))
        return Settlement(True, True, "all columns with b_k > 0 have length 1", measured, bound, shown)
    reason = f"the squared distance of a line differs from b_k² by {wrong}: its column has not length 1"
    return Settlement(True, False, reason, measured, bound, (constant(wrong, ">" if wrong > 0 else "<"),))


def corrected_distances(plane: PlaneNetwork) -> Settlement:
    """The point b v is |v|² times a point p of the line, and |p| |v| = b."""
    layer = plane.layers[0]
    constants: dict[str, Any] = {
        "columns": [list(map(str, v)) for v in layer.directions],
        "offsets": list(map(str, layer.offsets)),
    }

    def excess(v: Any) -> Any:
        squares = (v["columns"] * v["columns"]).sum(1)
        feet = v["columns"] * v["offsets"].reshape(2, 1)
        on_line = (v["columns"] * feet).sum(1) - v["offsets"] * squares
        length = (feet * feet).sum(1) - v["offsets"] * v["offsets"] * squares
        return torch.cat([on_line, length])

    shown = sign.prove_zero(trace(excess, {}, constants))
    measured = ", ".join(f"{float(b / v) ** 0.5:.6g}" for b, v in _squares(plane))
    return Settlement(True, True if shown else None, "b_k/|v_k| at the foot point", measured, None, shown)


def deeper(plane: PlaneNetwork) -> Settlement:
    if len(plane.layers) == 1:
        return vacuous("there is no second layer", (constant(2 - len(plane.layers), ">"),))
    curve = plane.kink(1, 0)
    if len(curve) < 3:
        return vacuous("its kink does not bend in D", (constant(3 - len(curve), ">"),))
    lines = curve_assertions(plane, [curve], list(plane.layers[1].offsets), (1, 0))
    bend = bend_assertion(curve)
    if not (lines and bend):
        return undecided("the kink of the second layer is not shown exactly")
    texts = ", ".join(f"({p[0]}, {p[1]})" for p in curve)
    reason = f"it bends {len(curve) - 2} times, at kinks of the first layer: {texts}"
    return Settlement(True, True, reason, f"{len(curve) - 2} bends", "0 bends", (*lines, *bend))
