r"""A smooth bi-Lipschitz map as a composition of near-identity maps (Bartlett, Evans and Long 2018, Theorem 2).

$X$ is the closed ball of radius $R$ in $\mathbb R^d$ with the Euclidean norm, $h$ is invertible with $h(0)=0$,
$Dh(0)=I$, $\lVert Dh(x)-Dh(y)\rVert\le\alpha\lVert x-y\rVert$ on $X$, and $h^{-1}$ is $M$-Lipschitz on $h(X)$. For
$0\le a\le1$ let $g_a(x)=h(ax)/a$ and $g_0=\mathrm{Id}$, so that $Dg_a(x)=Dh(ax)$. A schedule $0=a_0<a_1<\dots<a_m=1$
gives the factors
$$h_i=g_{a_i}\circ g_{a_{i-1}}^{-1}:\ g_{a_{i-1}}(X)\to\mathbb R^d,\qquad h_m\circ\dots\circ h_1=g_{a_m}=h:$$
the composition telescopes exactly for *any* numbers $a_i$, those of a computer included. The printed schedule is
$a_i=(1-c)^{m-i}$, and $B=\max\{\alpha M(R+M),\,M(L+1+2R\alpha)+\alpha R^2\}$ with $L=1+\alpha R$.

## What is wrong or missing as printed

1. "For all $m$": the bound $B\ln(2m)/(m-1)$ divides by zero at $m=1$.
2. $c$ is left open. The proof needs $0<c<1$ and $1-(\varepsilon/(2\alpha R))^{1/(m-1)}\le c\le\varepsilon/B$. For
   $m\ge3$ take $c=\ln(2m)/(m-1)<1$: at $\varepsilon=B\ln(2m)/(m-1)$ the right side is an equality, and
   $(1-c)^{m-1}\le e^{-\ln(2m)}=\frac1{2m}\le\frac{\ln(2m)}{2(m-1)}\le\frac{B\ln(2m)}{2\alpha R(m-1)}$, because
   $B\ge2R\alpha M\ge\alpha R$. At $m=2$ that $c$ is $\ln4>1$: there take $c=\frac12$, for
   $\varepsilon/B=\ln4>\frac12$ and $\varepsilon/(2\alpha R)\ge\frac12\ln4>\frac12$.
3. $M\ge1$ is used (for $B\ge\alpha R$) and not said. It is true: $h(tx)/t\to x$ as $t\to0$, so
   $\lVert tx\rVert\le M\lVert h(tx)\rVert$ gives $M\ge1$.
4. The $h_i$ are said to be maps of $\mathbb R^d$. They are constructed on $g_{a_{i-1}}(X)$ only, which is where they
   are claimed to be near the identity.
5. Nothing makes $\varepsilon<1$, which "near the identity" (and the later Theorem 4) needs. For small $m$ the bound
   is far above 1; the table says from which $m$ on it is below.
6. The logarithm comes from the geometric schedule, not from the problem: see below. The abstract's "decreases
   inversely with $m$" is true, but only with another schedule than the printed one.

*Proof of the corrected statement*, from the theorem below. For $i>1$, $\alpha RM(a_i-a_{i-1})=\alpha RMc\,a_i\le Bc$,
as $B\ge\alpha M(R+M)$; for $m\ge3$ that is $B\ln(2m)/(m-1)$, and for $m=2$ it is $B/2<B\ln4$. For $i=1$,
$\alpha RMa_1\le\alpha RM/(2m)\le B\ln(2m)/(m-1)$ if $m\ge3$, and $\alpha RM/2<B\ln4$ if $m=2$. ∎

## Sharper: no logarithm

**Theorem.** For every schedule, $\lVert h_i-\mathrm{Id}\rVert_L\le\alpha RM\,(a_i-a_{i-1})$ on $g_{a_{i-1}}(X)$. With
$a_i=i/m$: $\alpha RM/m$.

*Proof.* Write $a=a_i$, $b=a_{i-1}$ and $\varphi=g_a-g_b$ on $X$. $D\varphi(v)=Dh(av)-Dh(bv)$ (for $b=0$ too, as
$Dh(0)=I$); $av$ and $bv$ lie in $X$, so $\lVert D\varphi(v)\rVert\le\alpha(a-b)\lVert v\rVert\le\alpha R(a-b)$. $X$
is convex and $D\varphi$ continuous, so $\varphi(v)-\varphi(u)=\int_0^1D\varphi(u+t(v-u))(v-u)\,dt$ has norm at most
$\alpha R(a-b)\lVert v-u\rVert$. Now let $x=g_b(u)$, $y=g_b(v)$ be any two points of $g_b(X)$. Then
$(h_i-\mathrm{Id})(y)-(h_i-\mathrm{Id})(x)=\varphi(v)-\varphi(u)$. If $b>0$,
$b\lVert v-u\rVert=\lVert h^{-1}(h(bv))-h^{-1}(h(bu))\rVert\le M\lVert h(bv)-h(bu)\rVert=Mb\lVert y-x\rVert$; if
$b=0$, $\lVert v-u\rVert=\lVert y-x\rVert\le M\lVert y-x\rVert$. Together
$\lVert(h_i-\mathrm{Id})(y)-(h_i-\mathrm{Id})(x)\rVert\le\alpha RM(a-b)\lVert y-x\rVert$. ∎

The mean value inequality is used on $X$, never on $g_b(X)$, which need not be convex: on a set that is not convex the
supremum of a Jacobian's norm does not bound a Lipschitz constant. (The printed bounds are $2\alpha Ra_1$ for $i=1$
and $B(a_i-a_{i-1})/a_i$ for $i>1$. The division by $a_i$ is what forces a geometric schedule, and it is not needed.)

## Sharper: the least distance that any factorisation can have

**Theorem.** Let $h=h_m\circ\dots\circ h_1$ on $X$ with $\lVert h_i-\mathrm{Id}\rVert_L\le\varepsilon$ on
$h_{i-1}\circ\dots\circ h_1(X)$. Then
$$\varepsilon\ge\max\{\mathrm{Lip}(h)^{1/m}-1,\ 1-\mathrm{Lip}(h^{-1})^{-1/m}\},$$
with the true Lipschitz constants on $X$ and $h(X)$. If $d=1$ this is attained, by the factors of
$$G_a(x)=\int_0^xh'(t)^a\,dt,\qquad a_i=\tfrac im.$$

*Proof.* $(1-\varepsilon)\lVert x-y\rVert\le\lVert h_i(x)-h_i(y)\rVert\le(1+\varepsilon)\lVert x-y\rVert$. Multiplied
over $i$ the right sides give $\mathrm{Lip}(h)\le(1+\varepsilon)^m$, and the left sides, if $\varepsilon<1$,
$\mathrm{Lip}(h^{-1})\le(1-\varepsilon)^{-m}$; if $\varepsilon\ge1$ there is nothing to show for the second. For
$d=1$: $h'$ is continuous, and positive because $h'(0)=1$ and $h^{-1}$ is Lipschitz. So $G_0=\mathrm{Id}$, $G_1=h$,
and each $G_a$ is a $C^1$ map with $G_a'=(h')^a>0$. The factor $h_i=G_{i/m}\circ G_{(i-1)/m}^{-1}$ has, at
$y=G_{(i-1)/m}(v)$, the derivative $h'(v)^{i/m}/h'(v)^{(i-1)/m}=h'(v)^{1/m}$. On the interval $G_{(i-1)/m}(X)$,
$\lVert h_i-\mathrm{Id}\rVert_L=\sup_{v\in X}|h'(v)^{1/m}-1|$, which is the larger of $(\sup h')^{1/m}-1$ and
$1-(\inf h')^{1/m}$; and $\sup h'=\mathrm{Lip}(h)$, $1/\inf h'=\mathrm{Lip}(h^{-1})$. ∎

*When the path $h(ax)/a$ attains it.* In dimension one let $h''$ and $x$ have one sign on $X=[-R,R]$, as for
$h=\sinh$, and let $h'$ be even. Then $h'(av)/h'(bv)$ is largest at $v=R$ if $h'(at)/h'(bt)$ grows with $t$, the product
of these over the factors is $h'(R)=\mathrm{Lip}(h)$, and $h'\ge1$. The equalised schedule makes all equal to
$h'(R)^{1/m}$, the limit. (The table shows it for `sinh1d`.)

## From Jacobians to Lipschitz constants

**Lemma.** Let $J(v)=Dg_a(v)\,Dg_b(v)^{-1}-I$. (i) $\lVert h_i-\mathrm{Id}\rVert_L\ge\sup_{v\in X}\lVert J(v)\rVert$.
(ii) If $g_b(X)$ is convex, there is equality. (iii) If $d=2$, and the curve
$\gamma(\varphi)=g_b(R\cos\varphi,R\sin\varphi)$ has $\gamma'\times\gamma''>0$ for all $\varphi$, $g_b(X)$ is convex.

*Proof.* $D(h_i-\mathrm{Id})(y)=J(v)$ at $y=g_b(v)$, by the chain rule. (i) $g_b$ is a $C^1$ injection with invertible
derivative, so the image of the open ball is open. At a point of an open set the norm of the derivative is at most the
Lipschitz constant, and $J$ is continuous up to the boundary of $X$. (ii) On a convex set the mean value inequality
gives the other direction, as $J$ is continuous. (iii) $\gamma$ is closed, simple because $g_b$ is injective, and
regular; its curvature has one sign. Such a curve bounds a convex set (do Carmo, *Differential Geometry of Curves and
Surfaces*, Section 5-7, Proposition 1). $g_b$ is a homeomorphism of $X$ onto $g_b(X)$, and by invariance of domain it
maps the interior of $X$ onto the bounded component of the complement of $\gamma$. ∎

Without convexity, (ii) is false: on a set that is not convex the supremum of a Jacobian's norm may be below the
Lipschitz constant. The ridge maps have such images, for $b$ near 1, and are treated by hand: see their file.

## How the instances are checked

- *Dimension one.* $g_b(X)$ is an interval, $J(v)=(h'(av)-h'(bv))/h'(bv)$. The numerator is written as a product, so
  that nothing cancels, and the supremum over $X$ of all $m$ factors at once is enclosed from above on a cover by
  intervals.
- *Ridge maps, in any dimension, and the twist.* The map's file derives that the distance is the supremum of a function
  of one number, $v=t$ on a line, which is covered by intervals.
- *The plane.* With $D=Dg_a-Dg_b$ and $C=Dg_b$, $\lVert DC^{-1}\rVert\le B$ means that $S=B^2C^{\mathsf T}C-D^{\mathsf
  T}D$ is positive semidefinite: $\operatorname{tr}S\ge0$ and $\det S\ge0$, shown in polar coordinates on a cover of
  $[0,R]\times[-3.2,3.2]$, with a $B$ that is 1 % above the largest sampled value. A second cover, of
  $(b,\varphi)\in[0,1]\times[-3.2,3.2]$, shows $\gamma'\times\gamma''>0$ for all $b$ at once. Here that is enough for
  `shears2d`.
- *Three dimensions and more.* `gradconvex3d` and `resflow10d` are measured (lower estimates, by search) and drawn; what
  is known from above is the theorem's $\alpha RM(a_i-a_{i-1})$. They are no instances.

The numbers $a_i$ are taken as the exact values of the floats in `results/decompositions`, so that the certificates
speak of the schedules rounded to floats (for the exact ones there is the proof above). The constants $\alpha$,
$M$, $R$ are derived in the map's file. For the lower limit, $\mathrm{Lip}(h^{-1})\ge1/h'(v)$ and
$\mathrm{Lip}(h)\ge h'(v)$ at any one point $v$.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rescert.certify import suprema
from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition.enclosures import (
    Expression,
    compare,
    compare_magnitude,
    root_program,
)
from rescert.decomposition.factor_case import Case, Enclosed
from rescert.decomposition.factors import SCHEDULES, interval, load_map

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LIMIT_TOLERANCE = 1e-6  # relative width of a supremum that is compared with the lower limit
ORDER = ["cos1d", "sinh1d", "twist2d", "shears2d", "ridge2d", "ridge3d", "ridge10d", "gradconvex3d", "resflow10d"]


def _printed_bound(v: Mapping[str, Any]) -> Any:
    return v["constant"] * v["doubled"].log() / v["others"]


def _within(
    case: Case, schedule: str, found: Enclosed, bound: Expression, numbers: Mapping[str, Any], shown: float
) -> Finding:
    """The finding of "all factors of the schedule are within the bound of the identity"."""
    broken = case.broken_constant()
    hypotheses = True if case.given is None else None if broken is None else False
    proof = compare(lambda v: bound(v) - v["supremum"], {**numbers, "supremum": found.upper})
    conclusion: bool | None = None
    assertions: list[dict[str, Any]] = []
    if found.assertions and proof.assertion is not None:
        conclusion, assertions = True, [*found.assertions, proof.assertion]
        reason = f"all {case.depth} factors, {found.boxes} boxes"
    else:
        reason, excess = proof.reason if found.assertions else found.reason, case.excess(schedule, bound, numbers)
        if excess.assertion is not None:
            conclusion, assertions = False, [excess.assertion]
            reason = f"factor {case.farthest(schedule)[0] + 1} exceeds the bound"
    if broken is not None and broken.assertion is not None:
        reason = f"M = {case.given} is no Lipschitz constant of the inverse; {reason}"
        assertions.append(broken.assertion)
    return Finding(
        hypotheses,
        conclusion,
        Evidence.ENCLOSED,
        reason,
        measured=f"{found.upper:.6g}",
        bound=f"{shown:.6g}",
        assertions=tuple(assertions),
        values=case.values(schedule, found),
    )


def _corrected(case: Case, printed: Finding, numbers: Mapping[str, Any]) -> Finding:
    """The printed finding, and on which side of 1 its bound lies."""
    first = case.constants.near_identity_from()
    near = case.depth >= first
    side = compare(lambda v: (1 - _printed_bound(v)) * (1 if near else -1), numbers)
    if side.assertion is None:
        return replace(printed, conclusion=None, reason=side.reason, assertions=())
    return replace(
        printed,
        reason=f"{printed.reason}; the bound is {'below' if near else 'above'} 1",
        assertions=(*printed.assertions, side.assertion),
        values={
            **printed.values,
            "near_identity_from": first,
            "over": case.constants.printed_bound(case.depth) / float(case.rows["uniform"]["limit"]),
        },
    )


def _compared(case: Case, schedule: str, found: Enclosed, proof: Proof, reason: str, bound: float) -> Finding:
    """The finding of a statement shown by a cover and one comparison at a point."""
    shown = (*found.assertions, proof.assertion) if found.assertions and proof.assertion is not None else ()
    return Finding(
        True,
        True if shown else None,
        Evidence.ENCLOSED,
        f"{found.boxes} boxes; {reason}" if shown else proof.reason if found.assertions else found.reason,
        measured=f"{found.upper:.6g}",
        bound=f"{bound:.6g}",
        assertions=shown,
        values=case.values(schedule, found),
    )


def _equalised(case: Case, found: Enclosed) -> Finding:
    excess = case.excess("uniform", lambda v: v["supremum"], {"supremum": found.upper})
    factor, point = case.farthest("uniform")
    place = ", ".join(f"{x:.6g}" for x in point)
    reason = f"factor {factor + 1} of the uniform schedule is farther, at {place}"
    return _compared(case, "equalised", found, excess, reason, float(case.rows["uniform"]["distance"]))


def _limit(case: Case) -> Finding:
    """The limit from one point of X, and the path that comes within one part in 100000 of it."""
    if case.h.DIMENSION > 1:
        reason = f"the map has dimension {case.h.DIMENSION}; its factors are above the limit"
        return Finding(False, None, Evidence.NUMERICAL, reason)
    found = suprema.supremum(root_program(case.h, case.depth), case.line(), LIMIT_TOLERANCE, precision=128)
    shown = (found.assertion,) if found.assertion is not None else ()
    row = case.rows["optimal"]
    point = case.farthest("optimal")[1][0]
    excess = compare_magnitude(
        lambda v: ((case.h.jacobian(v["point"]).reshape(-1).log() / case.depth).exp() - 1) * v["factor"],
        lambda v: v["supremum"],
        {"supremum": found.upper, "factor": "1.00001", "radius": case.h.RADIUS},
        point=[point],
    )
    reason = f"the limit to five digits, from h' at v = {point:.6g}"
    enclosed = Enclosed(found.upper, shown, found.boxes, found.reason)
    return _compared(case, "optimal", enclosed, excess, reason, float(row["limit"]))


def validate(instance: Instance) -> None:
    """Raises ``ValueError`` for a depth below 2 and for a map whose distances no box bounds."""
    h = load_map(instance["map"])
    if interval(h) is None and h.DIMENSION != 2:
        raise ValueError(
            f"expected a map of dimension 1 or 2, or with a LINE, got '{instance['map']}' of dimension {h.DIMENSION}"
        )
    if instance["depth"] < 2:
        raise ValueError(f"expected a depth of at least 2, got {instance['depth']}")


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One map at one depth; reads the schedules of ``decompositions/<map>``."""
    table = inputs.table(f"decompositions/{instance['map']}")
    case = Case(load_map(instance["map"]), instance["depth"], table, instance.get("inverse_lipschitz"))
    known, depth = case.constants, case.depth
    numbers = {"constant": str(known.printed), "doubled": str(2 * depth), "others": str(depth - 1)}
    uniform = {"bound": str(known.uniform / depth)}
    found = {s: case.enclose(s) for s in ("printed", "uniform", "equalised")}
    printed = _within(case, "printed", found["printed"], _printed_bound, numbers, known.printed_bound(depth))
    return {
        "printed": printed,
        "corrected": _corrected(case, printed, numbers),
        "uniform": _within(
            case, "uniform", found["uniform"], lambda v: v["bound"], uniform, known.uniform_bound(depth)
        ),
        "equalised": _equalised(case, found["equalised"]),
        "limit": _limit(case),
    }


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    corrected = rows[(rows["statement"] == "corrected") & rows["near_identity_from"].notna()]
    near = corrected["near_identity_from"].astype(int) if len(corrected) else [0]
    shown = rows[rows["enclosed"].notna()]
    deepest = shown[shown["depth"] == shown["depth"].max()].pivot_table(index="map", columns="statement", values="over")
    gaps = shown["enclosed"] / shown["sampled"] - 1
    return {
        "maps": int(rows["map"].nunique()),
        "deepest": int(rows["depth"].max()),
        "near_first": int(min(near)),
        "near_last": int(max(near)),
        "printed_least": float(deepest["corrected"].min()),
        "printed_most": float(deepest["corrected"].max()),
        "uniform_most": float(deepest["uniform"].max()),
        "equalised_least": float(deepest["equalised"].min()),
        "equalised_most": float(deepest["equalised"].max()),
        "gap": 100 * float(gaps.max()),
        "composition_error": float(rows["composition_error"].max()),
    }


# What a curve shows: label, colour of the palette, line style, and the column or schedule that it takes.
CURVES = (
    ("printed bound", 3, "--", "printed_bound"),
    ("printed schedule", 3, "-", "printed"),
    ("uniform bound", 0, "--", "uniform_bound"),
    ("uniform schedule", 0, "-", "uniform"),
    ("equalised schedule", 2, "-", "equalised"),
    ("lower limit", None, ":", "limit"),
)


def _curve(measured: pd.DataFrame, name: str) -> tuple[pd.DataFrame, str, str]:
    """The rows of a curve, the column of its values, and the prefix of its slope's columns."""
    if name in SCHEDULES:
        return measured[measured["schedule"] == name], "distance", "rate"
    return measured[measured["schedule"] == "uniform"], name, f"{name}_rate"


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""How far the factors of nine maps are from the identity: the largest Lipschitz constant of $h_i-\mathrm{{Id}}$
    against the number $m$ of factors. Dashed: what the constants of the map guarantee. Lines: measured on the map.
    Points: upper bounds certified by covers, of {maps} maps, at most {gap:.1f} % above what was measured. Crosses: the
    path of derivative powers, which in dimension one lies on the limit that no factorisation can pass (dotted). The
    numbers are slopes in $m$ for $m\ge8$, in the order of the legend; their intervals are in the table. At
    $m={deepest}$ the printed bound is {printed_least:.0f} to {printed_most:.0f} times the limit, the uniform schedule
    at most {uniform_most:.1f} times, the equalised one {equalised_least:.2f} to {equalised_most:.1f} times. The printed
    bound is below 1 only from $m={near_first}$ to $m={near_last}$ on, by map. All compositions agree with $h$ to
    {composition_error:.0e} where they are certified.
    """
    import matplotlib.pyplot as plt
    import pandas as pd
    import seaborn as sns

    found = tables["claims/bel_theorem2"]
    measured = {n.split("/")[1]: t.sort_values("depth") for n, t in tables.items() if n.startswith("decompositions/")}
    names = [name for name in ORDER if name in measured] + sorted(set(measured) - set(ORDER))
    columns = 2 if len(names) == 4 else min(3, len(names))
    lines = -(-len(names) // columns)
    drawn, grid_of_axes = plt.subplots(
        lines, columns, figsize=(6.8, 0.9 + 2.15 * lines), sharex=True, sharey=True, squeeze=False
    )
    for axes in grid_of_axes.flat[len(names) :]:
        axes.remove()
    for axes, name in zip(grid_of_axes.flat, names, strict=False):
        _panel(axes, measured[name], found[found["map"] == name])
        axes.set_title(f"{name}, $d={int(measured[name]['dimension'].iloc[0])}$")
    depths = sorted({m for table in measured.values() for m in table["depth"]})
    grid_of_axes[0, 0].set_xticks(depths[:: 1 + len(depths) // 5], [str(m) for m in depths[:: 1 + len(depths) // 5]])
    grid_of_axes[0, 0].set_ylim(bottom=2e-5)  # room for the slopes
    for axes in grid_of_axes[:, 0]:
        axes.set_ylabel(r"distance from $\mathrm{Id}$")
    for k in range(columns):
        last = max(i for i in range(lines) if i * columns + k < len(names))
        grid_of_axes[last, k].set_xlabel("factors $m$")
        grid_of_axes[last, k].tick_params(labelbottom=True)
    handles, labels = grid_of_axes[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside upper center", ncols=3)
    sns.despine(drawn)
    kept = ["map", "depth", "schedule", "distance", "printed_bound", "uniform_bound", "limit"]
    kept += [f"rate{suffix}" for suffix in ("", "_low", "_high")]
    return Drawing(drawn, pd.concat([measured[name][kept] for name in names], ignore_index=True))


def _panel(axes: Axes, measured: pd.DataFrame, found: pd.DataFrame) -> None:
    import seaborn as sns

    palette = sns.color_palette()
    for row, (label, shade, style, name) in enumerate(CURVES):
        colour = "black" if shade is None else palette[shade]
        rows, column, slope = _curve(measured, name)
        axes.plot(rows["depth"], rows[column], color=colour, linestyle=style, linewidth=1, label=label)
        if len(rows) and rows[slope].notna().all():
            axes.text(
                0.03, 0.03 + 0.075 * (5 - row), f"{rows[slope].iloc[0]:.2f}", color=colour, fontsize=6,
                transform=axes.transAxes, style="italic" if style == "--" else "normal",
            )  # fmt: skip
        points = found[(found["statement"] == name) & found["enclosed"].notna()]
        if name in SCHEDULES:
            axes.plot(points["depth"], points["enclosed"], color=colour, linestyle="none", marker="o", markersize=2.5)
    points = found[(found["statement"] == "limit") & found["enclosed"].notna()]
    axes.plot(points["depth"], points["enclosed"], color="black", linestyle="none", marker="x", markersize=3.5)
    axes.axhline(1, color="0.6", linewidth=0.6)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Theorem 2",
    title="Smooth bi-Lipschitz maps as compositions of near-identity maps",
    statements=(
        Statement(
            "printed",
            r"Let $h$ satisfy $h(0)=0$, $Dh(0)=I$, $\lVert Dh(x)-Dh(y)\rVert\le\alpha\lVert x-y\rVert$ on the ball "
            r"$X$ of radius $R$ and $\lVert h^{-1}\rVert_L\le M$. Then for all $m$ there are $h_1,\dots,h_m:\mathbb "
            r"R^d\to\mathbb R^d$ with $h_m\circ\dots\circ h_1=h$ on $X$ and $\lVert "
            r"h_i-\mathrm{Id}\rVert_L\le\varepsilon$ on $h_{i-1}\circ\dots\circ h_1(X)$, provided $\varepsilon\ge "
            r"B\ln(2m)/(m-1)$. (Schedule $a_i=(1-c)^{m-i}$.)",
            "as printed",
        ),
        Statement(
            "corrected",
            r"For every $m\ge2$, with $c=\ln(2m)/(m-1)$ for $m\ge3$ and $c=\frac12$ for $m=2$, the maps "
            r"$h_i=g_{a_i}\circ g_{a_{i-1}}^{-1}$ on $g_{a_{i-1}}(X)$ satisfy $\lVert h_i-\mathrm{Id}\rVert_L\le "
            r"B\ln(2m)/(m-1)$. This is below 1, as 'near the identity' needs, only from an $m$ on that depends on "
            r"$B$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "uniform",
            r"For every schedule $\lVert h_i-\mathrm{Id}\rVert_L\le\alpha RM(a_i-a_{i-1})$; with $a_i=i/m$ it is at "
            r"most $\alpha RM/m$, without the logarithm.",
            "sharper",
            proof="written",
        ),
        Statement(
            "equalised",
            r"The uniform schedule is not the best of the path $h(ax)/a$: a schedule found by bringing all factors to "
            r"nearly the same distance from the identity (in floats; to rounding on an interval or a line, to less "
            r"than 1 % where the ball is searched) has a smaller largest distance.",
            "sharper",
        ),
        Statement(
            "limit",
            r"Every factorisation of $h$ into $m$ maps has $\max_i\lVert "
            r"h_i-\mathrm{Id}\rVert_L\ge\max\{\mathrm{Lip}(h)^{1/m}-1,1-\mathrm{Lip}(h^{-1})^{-1/m}\}$. In dimension "
            r"one the path $G_a(x)=\int_0^xh'(t)^a\,dt$ attains it.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    validate=validate,
    control={"map": "cos1d", "depth": 2, "inverse_lipschitz": "3/4"},
    control_statement="uniform",
    figure=figure,
    summary=summary,
)
