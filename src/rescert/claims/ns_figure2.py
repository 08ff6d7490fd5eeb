r"""Level curves of a convex residual network in the plane (Nar and Sastry 2018, Figure 2), with exact vertices.

The network (8a)–(8b) is $h_1(x)=x+W(V^{\mathsf T}x-b)_+$, $\hat f=(1\ \ 1)\,h_1$ on $D=[0,M_1]\times[0,M_2]$ with
$V=W=I$ and $b_1,b_2>0$; an instance may have another $V\ge0$. Its columns are $v_k$, so
$\hat f(x)=x_1+x_2+\sum_k(v_k\cdot x-b_k)_+$.

## What is wrong as printed

1. *The gradient.* It gets the increment $v_k$ where $v_k\cdot x>b_k$, not "when $\ge0$ holds": on the line itself
   $\hat f$ has no gradient (the slope along $v_k$ is larger by $|v_k|^2$ on one side). The statement is read with
   "$>$".
2. *"The elements of $b$ determine the distance of these lines to the origin."* The distance of $\{v_k\cdot x=b_k\}$
   is $b_k/|v_k|$: with another $V$, the same $b$ gives another distance, unless the columns have length 1, as those of
   the identity. So $b$ alone does not determine it; $b$ and the lengths of the columns do.
3. *Bowls.* "Level curves coincide with a bowl-shaped function" is true of one part of a bowl, the part above and to
   the right of its minimum: $\hat f$ rises in both variables, so no level curve is closed, and a bowl with its
   minimum inside $D$ is neither represented nor approximated.
4. "The columns of $V$ determine the normals of the lines": of the first layer. From the second layer on the gradient
   changes on bent curves.

## Level curves

**Theorem.** Let $\hat f$ be a network (7) of two inputs and any depth. For $\hat f(0)<\ell<\hat f(M)$ the set
$\{\hat f=\ell\}\cap D$ is the graph of a falling, concave, piecewise affine function of $x_1$ on an interval. It
starts at $x_1=0$ or $x_2=M_2$, ends at $x_2=0$ or $x_1=M_1$, and bends only where an argument of a ReLU is 0: for depth
one on the lines $v_k\cdot x=b_k$. For $V=I$ let $P_i(s)=\min\{s,\frac12(s+b_i)\}$, the inverse of $p_i(t)=t+(t-b_i)_+$.
The bends are
$$(b_1,\,P_2(\ell-b_1)),\qquad(P_1(\ell-b_2),\,b_2)$$
where these lie in $D$; the ends are $(0,P_2(\ell))$, or $(P_1(\ell-p_2(M_2)),M_2)$ if $P_2(\ell)>M_2$, and the same
with the variables exchanged; and the slopes are, from left to right, some of $-\frac12$, $-1$, $-2$, in this order.

*Proof.* $\hat f-c\cdot x$ does not fall in either variable and $c>0$, so $\hat f$ rises strictly in both, and the
curve is the graph of a strictly falling function. $\{\hat f\le\ell\}$ is convex, and it is the part of $D$ below the
graph: the function is concave. $\hat f$ is affine on each piece that the kinks cut out of $D$, so the graph is
straight there. A point of the curve on the left end of the interval has $x_1=0$, or else $x_2=M_2$: otherwise one
could go on to the left, by continuity. For $V=I$, $\hat f=p_1(x_1)+p_2(x_2)$, which gives the points. The gradient is
$(1,1)$, $(2,1)$ for $x_1>b_1$ only, $(1,2)$ for $x_2>b_2$ only, $(2,2)$ for both, so the slopes are
$-1,-2,-\frac12,-1$; concave means that they fall. ∎

If $\ell<b_1+b_2$ the middle segment of slope $-1$ lies where no unit is active, if $\ell>b_1+b_2$ where both are, and
at $\ell=b_1+b_2$ the two bends are one, the point $b$.

**For every $b$.** $x_1+x_2\le\hat f\le2(x_1+x_2)$ for (8b), so its curve of level $\ell$ lies in the strip
$\frac12\ell\le x_1+x_2\le\ell$, and is the outer line where $b_1,b_2\ge\ell$ and tends to the inner one as
$b\to0$. ∎ The last panel of the figure shows how it spreads between the two for random $b$.

## Bowls

**Lemma.** For every network (7) with any numbers of inputs, layers and units, $B(x)=\hat f(|x_1|,\dots,|x_n|)$ is
convex on $[-M_1,M_1]\times\dots\times[-M_n,M_n]$, has its only minimum at 0, bounded level sets, and equals $\hat f$
on $D$. *Proof.* $\hat f$ is convex and nondecreasing in each variable and $|x_i|$ is convex, so $B$ is convex;
$\hat f(x)-\hat f(0)\ge c\cdot x$ for $x\ge0$. ∎ For (8b), $B=\sum_i\max\{|x_i|,2|x_i|-b_i\}$. In this sense the
printed sentence holds, with the minimum of the bowl at the corner 0 of $D$.

**No other bowls.** Let $f$ be continuous on $D$, and $x\le y$ entrywise. Every network has $\hat f(x)\le\hat f(y)$,
so its largest error is at least $\frac12(f(x)-f(y))$. For the bowl $f=|x-m|^2$ with $m=\frac12M$ in the middle of $D$
and $x=0$, $y=m$ this is $\frac12|m|^2$, and *that is the infimum*: $g=\sum_i(x_i-m_i)_+^2+\frac12|m|^2$ is a sum of
convex nondecreasing functions of one variable, hence (after adding $\tau\sum_ix_i$) a limit of networks (7), and
$f-g=\sum_i(m_i-x_i)_+^2-\frac12|m|^2$ lies between $-\frac12|m|^2$ and $\frac12|m|^2$. ∎

## Lines and curves of the kinks

In the first layer the gradient changes on $v_k\cdot x=b_k$, a line with normal $v_k$; its foot point is
$b_kv_k/|v_k|^2$, at distance $b_k/|v_k|$ (Cauchy–Schwarz: $b_k=v_k\cdot x\le|v_k||x|$ on the line, with equality
there). ∎

**Deeper layers.** A unit of layer $l$ with column $v\ge0$, $v\ne0$, changes the gradient on $\{v\cdot h_{l-1}=b\}$.
It bounds the *convex* set $\{v\cdot h_{l-1}\le b\}$, and where no unit of the layers before changes sign it is
straight with the normal $\nabla(v\cdot h_{l-1})\ge0$. *Proof.* $v\cdot h_{l-1}$ is convex, nondecreasing, and affine
on these pieces. ∎ It bends where it crosses a kink of an earlier layer, if that unit feeds into $v$: for a unit of
layer 1 with column $v_k$ and output column $w_k$ the normal changes from $q$ to $q+(v\cdot w_k)v_k$, another
direction unless $v_k$ is parallel to $q$. So neither $V$ nor $b$ alone says where the gradient of a deep network
changes.

## How it is tested

Regions are found in rational arithmetic. Because $(\cdot)_+$ is homogeneous, the network with offsets $qb$ at $qx$ is
$q$ times that with $b$ at $x$; with a common denominator $q$ all numbers are whole, and balls have no radius. A
certificate shows that the output equals the level at both ends of every segment; that no argument of a ReLU has two
signs at them, so that the output is affine between; that the points lie in $D$; and that the chain ends on the border
as said. With the monotonicity above this is the whole curve. The gradient is shown on a square inside each region. The
quantiles over random $b$ are computed in floats and show no statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert import runtime
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition.quadratic_form import matrix
from rescert.networks import plane_case
from rescert.networks.level_curves import PlaneNetwork
from rescert.networks.linear_regions import Layer
from rescert.networks.plane_case import ONE, UNITS

if TYPE_CHECKING:
    import pandas as pd


def network(instance: Instance) -> PlaneNetwork:
    """The network of an instance; raises ``ValueError`` where a text is not of the form that is asked for."""
    directions = tuple(zip(*_matrix(instance["vectors"], "vectors", 2, 2), strict=True))
    layers = [Layer(directions, UNITS, _vector(instance["offsets"], "offsets"))]
    second = instance.get("second")
    if second is not None:
        column = _vector(second, "second")
        offset = _matrix(instance["second_offset"], "second_offset", 1, 1)[0]
        layers.append(Layer((column,), ((Fraction(1, 2), Fraction(1, 2)),), offset))
    sides = _vector(instance["sides"], "sides")
    if any(sum(v) == 0 for layer in layers for v in layer.directions) or min(sides) <= 0:
        raise ValueError(f"expected columns other than 0 and positive sides, got {instance}")
    return PlaneNetwork(tuple(layers), (ONE, ONE), sides)


def _vector(text: str, name: str) -> tuple[Fraction, Fraction]:
    first, second = _matrix(text, name, 1, 2)[0]
    return first, second


def _matrix(text: str, name: str, rows: int, columns: int) -> tuple[tuple[Fraction, ...], ...]:
    found = matrix(text, name)
    if (len(found), len(found[0])) != (rows, columns) or min(t for row in found for t in row) < 0:
        raise ValueError(f"expected {rows} row(s) of {columns} nonnegative numbers for '{name}', got '{text}'")
    return found


def levels_of(instance: Instance, plane: PlaneNetwork) -> list[Fraction]:
    """The configured levels; each must be taken inside the rectangle."""
    found = matrix(instance["levels"], "levels")[0]
    top = max(plane.output(r).at(p) for r in plane.regions for p in r.polygon)
    if not all(0 < level < top for level in found):
        raise ValueError(f"expected levels between 0 and {top} for 'levels', got '{instance['levels']}'")
    return list(found)


def validate(instance: Instance) -> None:
    """Raises ``ValueError`` for what is no instance."""
    levels_of(instance, network(instance))


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One network, its levels, and perhaps one unit of a second layer; nothing is read."""
    plane = network(instance)
    first = plane.up_to(1)
    levels = levels_of(instance, plane)
    settled = {
        "gradient": plane_case.gradient(plane),
        "levels": plane_case.levels(plane, levels),
        "bowl": plane_case.bowl(plane),
        "closed": plane_case.closed(plane),
        "normals": plane_case.normals(first),
        "distances": plane_case.distances(first),
        "corrected distances": plane_case.corrected_distances(first),
        "deeper": plane_case.deeper(plane),
    }
    draw = runtime.generator(0, "ns_figure2 offsets")
    shown = settled["levels"]
    settled["levels"] = shown._replace(values={**shown.values, **plane_case.spread(plane, levels, draw)})
    return {name: Finding(**s._asdict(), evidence=Evidence.EXACT) for name, s in settled.items()}


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """Numbers for the caption."""
    shown = _panels(rows)
    curves = rows[(rows["statement"] == "levels") & (rows["verdict"] == "holds")]
    return {
        "networks": int(rows["instance"].nunique()),
        "vertices": sum(len(x) for x in curves["curve_x"]),
        "offsets": "none" if shown[0] is None else str(shown[0]["offsets"]).replace(" ", ", "),
        "columns": "none" if shown[1] is None else str(shown[1]["vectors"]),
        "distances": "none" if shown[1] is None else ", ".join(f"{d:.3g}" for d in _lengths(shown[1])),
        **_spread_summary(shown[0]),
    }


def _spread_summary(row: pd.Series | None) -> dict[str, Scalar]:
    if row is None or not _has_spread(row):
        return {"draws": 0, "level": 0.0, "narrowest": 0.0, "widest": 0.0}
    middle = len(row["spread_share"]) // 2  # the ray of the diagonal
    return {
        "draws": int(row["spread_draws"]),
        "level": float(row["spread_level"]),
        "narrowest": float(row["spread_low"][middle]),
        "widest": float(row["spread_high"][middle]),
    }


def _has_spread(row: pd.Series) -> bool:
    return isinstance(row.get("spread_share"), list | np.ndarray)


def _lengths(row: pd.Series) -> list[float]:
    return [float(np.hypot(x, y)) for x, y in zip(row["foot_x"], row["foot_y"], strict=True)]


def _panels(rows: pd.DataFrame) -> list[pd.Series | None]:
    """The rows of the printed network, of one with another V, and of one with a second layer: the first of each."""
    found = rows[(rows["statement"] == "levels") & (rows["verdict"] == "holds")]
    identity, deep = found["vectors"] == "1 0; 0 1", found["layers"] > 1
    parts = [found[identity & ~deep], found[~identity & ~deep], found[deep]]
    return [part.iloc[0] if len(part) else None for part in parts]


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """Level curves with their exact vertices (dots), and kinks (dotted). Top left: the paper's Figure 2, with
    $b=({offsets})$; the gradient, written in each region, is $(1,1)$ near the origin. Top right: another
    $V=({columns})$; arrows: the normals $v_k$ at the points of the lines that are nearest to the origin, at distances
    $b_k/|v_k|$ of {distances}. Bottom left: one unit in a second layer; its kink (red) bends at the kinks of the first.
    No curve is closed. {vertices} vertices in {networks} networks are shown exactly. Bottom right: not in the
    paper, the curve of level {level:.4g} of the first network for {draws} random $b$, uniform on $D$: median (line)
    and the middle 90 % (band; on the diagonal $x_1+x_2$ from {narrowest:.3g} to {widest:.3g}), inside the strip
    that holds it for every $b$, $\\frac12\\ell\\le x_1+x_2\\le\\ell$ (dashed).
    """
    import pandas as pd
    from matplotlib import pyplot as plt

    titles = ("Figure 2: $V=I$", "another $V$", "second layer")
    drawing, grid = plt.subplots(2, 2, figsize=(6.8, 6.4))
    *panels, last = grid.flat
    tables_shown = []
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    for panel in grid.flat:
        panel.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
        panel.grid(visible=False)
    rows = _panels(tables["claims/ns_figure2"])
    for number, (panel, row, title) in enumerate(zip(panels, rows, titles, strict=True)):
        panel.set(title=title)
        if row is None:
            continue
        _draw_kinks(panel, row, number == 1, colours)
        for curve in sorted(set(row["curve_of"])):
            x, y = _of(row, "curve", curve)
            panel.plot(x, y, color=colours[0], marker="o", markersize=2.6, linewidth=1.2, clip_on=False)
            table = {"instance": row["instance"], "curve": curve, "x": x, "y": y}
            tables_shown.append(pd.DataFrame(table))
        panel.set(xlim=(0, row["width"]), ylim=(0, row["height"]))
        panel.locator_params(nbins=4)
        if number == 0:
            _write_gradients(panel, row)
    last.set(title="$V=I$, random $b$")
    if rows[0] is not None and _has_spread(rows[0]):
        tables_shown.append(_draw_spread(last, rows[0], colours))
    return Drawing(drawing, pd.concat(tables_shown) if tables_shown else pd.DataFrame({"x": []}))


def _of(row: pd.Series, name: str, number: int) -> tuple[list[float], list[float]]:
    chosen = [i for i, k in enumerate(row[f"{name}_of"]) if k == number]
    return [row[f"{name}_x"][i] for i in chosen], [row[f"{name}_y"][i] for i in chosen]


def _draw_spread(panel: Any, row: pd.Series, colours: Sequence[str]) -> pd.DataFrame:
    """The quantiles in the plane, and the strip; returns what is shown."""
    import pandas as pd

    share, level = np.asarray(row["spread_share"], dtype=float), row["spread_level"]
    low, median, high = (np.asarray(row[f"spread_{name}"], dtype=float) for name in ("low", "median", "high"))
    border, back = np.concatenate([low, high[::-1]]), np.concatenate([share, share[::-1]])
    panel.fill(border * (1 - back), border * back, color=colours[0], alpha=0.25, linewidth=0, label="middle 90 %")
    panel.plot(median * (1 - share), median * share, color=colours[0], label="median")
    for k, end in enumerate((level, level / 2)):
        panel.plot([0, end], [end, 0], color="0.3", linestyle="--", linewidth=1, label=None if k else "for every $b$")
    panel.set(xlim=(0, 1.05 * level), ylim=(0, 1.05 * level))
    panel.locator_params(nbins=4)
    panel.legend(loc="upper right")
    table = {"low": low, "median": median, "high": high}
    found = {"instance": row["instance"], "share": share} | {f"{k} x_1+x_2": v for k, v in table.items()}
    return pd.DataFrame(found)


def _draw_kinks(panel: Any, row: pd.Series, arrows: bool, colours: Sequence[str]) -> None:
    for kink in sorted(set(row["kink_of"])):
        deep = kink >= len(row["foot_x"])
        style = {"color": colours[3], "linewidth": 2} if deep else {"color": "0.35", "linewidth": 1, "linestyle": ":"}
        panel.plot(*_of(row, "kink", kink), **style, zorder=3)
        if arrows and not deep:
            x, y, u, v = (row[key][kink] for key in ("foot_x", "foot_y", "column_x", "column_y"))
            share = 0.2 * row["width"] / (u * u + v * v) ** 0.5
            panel.annotate(
                "",
                (x + share * u, y + share * v),
                (x, y),
                arrowprops={"arrowstyle": "-|>", "color": colours[1], "lw": 1.4},
            )
            panel.plot([0, x], [0, y], color=colours[1], linewidth=0.9, linestyle="--")


def _write_gradients(panel: Any, row: pd.Series) -> None:
    b = (row["foot_x"][0], row["foot_y"][1])
    for i, x in enumerate((b[0] / 2, (b[0] + row["width"]) / 2)):
        for j, y in enumerate((b[1] / 2, (b[1] + row["height"]) / 2)):
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.85}
            panel.text(x, y, f"({1 + i}, {1 + j})", ha="center", va="center", fontsize=7.5, bbox=box)


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 3.1, Figure 2",
    title="Level curves of a convex residual network",
    statements=(
        Statement(
            "gradient",
            r"The gradient of (8b) near the origin is $(1,1)$; where $x_1>b_1$ or $x_2>b_2$ it gets an increment of "
            r"$(1,0)$ or $(0,1)$ (printed with $\ge$; on the lines themselves there is no gradient).",
            "as printed",
            proof="written",
        ),
        Statement(
            "levels",
            r"For $\hat f(0)<\ell<\hat f(M)$ the level curve in $D$ is a falling concave polygonal chain from the left "
            r"or upper border to the right or lower, with bends on the kinks only. For (8b) the bends are "
            r"$(b_1,P_2(\ell-b_1))$ and $(P_1(\ell-b_2),b_2)$, where in $D$, with $P_i(s)=\min\{s,\frac12(s+b_i)\}$, "
            r"and the slopes some of $-\frac12,-1,-2$ in this order.",
            "sharper",
            proof="written",
        ),
        Statement(
            "bowl",
            r"The level curves coincide with those of a bowl-shaped function, read as: with the part in $D$ of those "
            r"of a convex function with a single minimum and bounded level sets.",
            "as printed",
            proof="written",
        ),
        Statement(
            "closed",
            r"No level curve is closed. A bowl with its minimum in the middle $m$ of $D$, $f=|x-m|^2$, is missed by "
            r"every network (7) by at least $\frac12|m|^2$ somewhere on $D$, and this is the infimum.",
            "sharper",
            proof="written",
        ),
        Statement(
            "normals",
            "The columns of $V$ determine the normals of the lines beyond which the gradient is incremented.",
            "as printed",
            proof="written",
        ),
        Statement(
            "distances",
            "The elements of $b$ determine the distance of these lines to the origin, read as: they alone do, whatever "
            "the columns of $V$, so that it is $b_k$ as for $V=I$.",
            "as printed",
        ),
        Statement(
            "corrected distances",
            r"The distance of the line of column $v_k$ to the origin is $b_k/|v_k|$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "deeper",
            r"From the second layer on the gradient may change on a curve $\{v\cdot h_{l-1}=b\}$ that lies in no "
            r"line: it bounds a convex set and bends at the kinks of earlier layers.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
    ),
    check=check,
    # The first offset is 0: near the origin the gradient is (2, 1) already.
    control={"vectors": "1 0; 0 1", "offsets": "0 1/2", "sides": "1 1", "levels": "1"},
    control_statement="gradient",
    figure=figure,
    validate=validate,
    summary=summary,
)
