r"""How well a smooth map is approximated by its derivative (Bartlett, Evans and Long 2018, Lemma 3).

$X$ is the closed ball of radius $R$ in $\mathbb R^d$, Euclidean norms, $h:\mathbb R^d\to\mathbb R^d$ is differentiable
and invertible with $h(0)=0$, $Dh(0)=I$,
$$\lVert Dh(x)-Dh(y)\rVert\le\alpha|x-y|\quad(x,y\in X),\qquad(1)$$
and $\lVert h^{-1}\rVert_L\le M$. The paper says: for $x,y\in X$
$$|h(y)-h(x)-Dh(x)(y-x)|\le\tfrac\alpha2|y-x|^2,\qquad(2)$$
and $\lVert h\rVert_L\le1+\alpha R$. Write $s=y-x$ and $z_t=x+ts$.

## What is wrong or missing as printed

1. $\lVert h\rVert_L$ is defined in the paper as a supremum over the *domain* of $h$, which is $\mathbb R^d$. There the
   second inequality is false: $h(x)=x+\frac\alpha2x|x|$ on $\mathbb R$ meets every hypothesis with any $R$ and $M=1$
   (theorem 5), and $|h(3R)-h(R)|=(1+2\alpha R)\cdot2R$. (1) says nothing about $h$ outside $X$. On $X$ it is true
   (theorem 2), and only there Theorem 2 of the paper uses it.
2. The lemma asks for all conditions of Theorem 2. (2) needs (1) and the convexity of $X$ alone, not $h(0)$, $Dh(0)$
   or an inverse. The second inequality needs $Dh(0)=I$, and (1) for pairs $z,0$ only. Convexity cannot be dropped:
   on $X=[-2,-1]\cup[1,2]$ let $h(x)=x$ on the left part and $h(x)=x+1$ on the right part, joined to a smooth and
   increasing bijection of $\mathbb R$. $Dh=1$ on $X$, so (1) holds with every $\alpha>0$, and the left side of (2) is
   1 at $x=-1$, $y=1$.

## The inequalities

**Theorem 1.** Let $X$ be convex, $h$ differentiable, and (1). Then (2). *Proof.* By (1) $Dh$ is continuous on $X$,
which holds the segment. So $t\mapsto h(z_t)$ is of class $C^1$, and the left side of (2) is the norm of
$\int_0^1(Dh(z_t)-Dh(x))s\,dt$, at most $\int_0^1\alpha t|s|^2dt=\frac\alpha2|s|^2$. ∎

**Theorem 2.** Let $Dh(0)=I$ and $\lVert Dh(z)-I\rVert\le\alpha|z|$ on $X$. Then for all $x,y\in X$
$$|h(y)-h(x)-(y-x)|\le\tfrac\alpha2(|x|+|y|)\,|y-x|,\qquad(3)$$
so $\lVert h-\mathrm{Id}\rVert_L\le\alpha R$ on $X$, and
$(1-\frac\alpha2(|x|+|y|))|s|\le|h(y)-h(x)|\le(1+\frac\alpha2(|x|+|y|))|s|$. In particular $\lVert h\rVert_L\le1+\alpha
R$ on $X$, and *no pair attains it*; if $\alpha R<1$, then $h$ is injective on $X$, and $M=1/(1-\alpha R)$ serves: the
hypothesis on the inverse is then a consequence. *Proof.* $h(y)-h(x)-s=\int_0^1(Dh(z_t)-I)s\,dt$ and $|z_t|\le
(1-t)|x|+t|y|$, whose integral is $\frac12(|x|+|y|)$. If $x\ne y$, then $\int_0^1|z_t|dt<R$: all $z_t$ with $0<t<1$ lie
inside the ball, which is strictly convex. ∎

**Theorem 3.** Let (1) hold on a convex $X$. With $Dh$ in the middle, or the mean of both ends, the constant halves:
$$\Bigl|h(y)-h(x)-Dh\bigl(\tfrac{x+y}2\bigr)s\Bigr|\le\tfrac\alpha4|s|^2,\qquad
\Bigl|h(y)-h(x)-\tfrac12(Dh(x)+Dh(y))s\Bigr|\le\tfrac\alpha4|s|^2.$$
*Proof.* The first is the norm of $\int_0^1(Dh(z_t)-Dh(z_{1/2}))s\,dt$, and $\int_0^1|t-\frac12|dt=\frac14$. The
second is that of $\int_0^{1/2}(Dh(x)-Dh(z_t)+Dh(y)-Dh(z_{1-t}))s\,dt$, at most $\int_0^{1/2}2\alpha
t\,|s|^2dt=\frac\alpha4|s|^2$. ∎

**Theorem 4** (the converse). If $h$ is differentiable and (2) holds for all $x,y\in X$, then (1) holds with the same
$\alpha$. So the least constant of (2) is the least constant of (1), and nothing better than (2) can be said for all
maps with (1). *Proof.* Let $w$ be a unit vector, $f=w\cdot h$. First let $x,y$ be such that the ball about
$m=\frac12(x+y)$ of radius $|\delta|$, $\delta=\frac12(y-x)$, lies in $X$, and let $|v|=|\delta|$. (2) bounds $f(m+v)$
from above from $x$, from below from $y$, and $f(m-v)$ the other way round:
$$f(m+v)-f(x)-\nabla f(x)\cdot(\delta+v)\le\tfrac\alpha2|\delta+v|^2,\quad
-f(m+v)+f(y)+\nabla f(y)\cdot(v-\delta)\le\tfrac\alpha2|v-\delta|^2,$$
$$-f(m-v)+f(x)+\nabla f(x)\cdot(\delta-v)\le\tfrac\alpha2|\delta-v|^2,\quad
f(m-v)-f(y)+\nabla f(y)\cdot(\delta+v)\le\tfrac\alpha2|\delta+v|^2.$$
The sum is $2(\nabla f(y)-\nabla f(x))\cdot v\le2\alpha(|\delta|^2+|v|^2)=4\alpha|\delta|^2$. With $v$ along
$\nabla f(y)-\nabla f(x)$: $|\nabla f(y)-\nabla f(x)|\le2\alpha|\delta|=\alpha|x-y|$. Any two points inside $X$ are
joined by a segment that falls into parts as short as the first case needs, and the bounds add up. As $w$ is any
unit vector, $\lVert Dh(y)-Dh(x)\rVert\le\alpha|x-y|$ inside $X$. At a point $x$ of the boundary let $x_n\to x$ from
inside. $Dh(x_n)$ is a Cauchy sequence with a limit $P$, and (2) at $x_n$ gives
$|h(y)-h(x)-P(y-x)|\le\frac\alpha2|y-x|^2$ for all $y\in X$. So $P$ and $Dh(x)$ agree in the directions $y-x$, which
span $\mathbb R^d$, and (1) extends to the boundary by continuity. ∎

**Theorem 5** (all constants are attained). For all $\alpha,R>0$ and $d$, $h(x)=x+\frac\alpha2x_1|x_1|\,e_1$ has
$Dh(x)=I+\alpha|x_1|e_1e_1^{\mathsf T}$: (1) is true on $\mathbb R^d$, $h$ is onto, and $M=1$, as $Dh\succeq I$. On the
line through $e_1$: (2) and (3) are equalities for all $x,y\ge0$; both of theorem 3 are at $y=-x$; and the pair
$R-s,\,R$ has $|h(y)-h(x)|=(1+\alpha R-\frac\alpha2s)|s|$, so that $\lVert h\rVert_L=1+\alpha R$ on $X$. *Proof.* For
$x,y\ge0$, $h(y)-h(x)=s\,(1+\frac\alpha2(x+y))$ and $h'(x)=1+\alpha x$. For $y=-x$, $h(y)-h(x)=s+\frac\alpha4s|s|$,
$h'(0)=1$ and $h'(x)=h'(y)=1+\frac\alpha2|s|$. ∎ A map that is not only $C^1$ but a polynomial does it if
$\alpha R<1$: for $h(x)=x+\frac\alpha2x^2$, (2) is an equality at *all* pairs. (Its middle error is 0. If
$\alpha R\ge1$, it has no inverse on $X$, and it never has one on $\mathbb R$.)

## How the instances are checked

*All pairs.* (1) is certified on the whole ball: $X$ is convex, so that it says $|D^2h(x)[u,u]|\le\alpha$ for unit
$u$. In one and two dimensions and for the ridge maps, which depend on one coordinate, this is enclosed on a cover of
the points and directions by boxes, with the second derivatives of the map's program. For `gradconvex3d` and
`resflow10d` the map's file derives a bound with fewer numbers, and that is enclosed; for `resflow10d` it is
far from the least constant, and for no other. A constant that is attained inside a box cannot be told from a larger
one by a cover, so a part in $10^6$ is added. (2) and theorem 3 follow by the proofs. $\lVert Dh-I\rVert\le\alpha R$
is certified likewise up to three dimensions and for the ridge maps, and gives
$\lVert h-\mathrm{Id}\rVert_L\le\alpha R$ on its own.

*Pairs.* The inequalities are decided in balls at drawn pairs and at those where a search, a gradient ascent from near
and far pairs, found the largest ratios. The ratios are numbers of a search: nothing says that there are no larger
ones, except where (1) is enclosed. Pairs of binary fractions of the extremal maps are decided exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert import runtime
from rescert.certify import sign
from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition import approximation_case, curvature_bounds
from rescert.decomposition import approximation_proofs as proofs
from rescert.decomposition import linear_approximation as linear
from rescert.decomposition.approximation_case import ApproximationCase, joined

if TYPE_CHECKING:
    import pandas as pd

NAMES = ("remainder", "everywhere", "lipschitz", "near", "middle", "converse", "constants", "attained")


def _shown(*found: Proof | None) -> tuple[dict[str, Any], ...]:
    return tuple(p.assertion for p in found if p is not None and p.assertion is not None)


def _finding(case: ApproximationCase, what: str, *shown: Proof | None, **more: Any) -> Finding:
    """Holds if all proofs that there are succeed; exact for the extremal maps, whose values no ball rounds."""
    evidence = Evidence.EXACT if case.extremal else Evidence.ENCLOSED
    failed = [p.reason for p in shown if p is not None and not p.proved]
    if failed:
        return Finding(True, None, evidence, failed[0], **more)
    return Finding(True, True, evidence, what, assertions=_shown(*shown), **more)


def _smaller(case: ApproximationCase, worst: proofs.Worst) -> dict[str, Finding]:
    """With an α that one pair shows to be too small: the hypothesis is broken, and (2) with it."""
    found = proofs.too_small(case, worst)
    failed = [p.reason for p in found if not p.proved]
    if failed:
        return dict.fromkeys(NAMES, Finding(None, None, Evidence.ENCLOSED, f"α = {case.alpha}: {failed[0]}"))
    pairs, ratio = worst["remainder"]
    x, y = (float(p[0, 0]) for p in pairs)
    reason = f"α = {case.alpha} is too small for (1), and (2) is broken at x = {x:.6g}, y = {y:.6g} (first entries)"
    shown = f"{ratio / float(case.alpha):.6g}"
    broken = Finding(False, False, Evidence.ENCLOSED, reason, shown, "1", _shown(*found))
    # Of the other conclusions the pairs decide nothing.
    return {n: broken if n in ("remainder", "constants") else replace(broken, conclusion=None) for n in NAMES}


def _no_inverse(case: ApproximationCase) -> dict[str, Finding]:
    """The quadratic with αR >= 1: h'(-R) <= 0."""
    reason, shown = f"αR = {case.h.slope}: h has no inverse on X", sign.constant(case.h.slope - 1, ">=")
    return dict.fromkeys(NAMES, Finding(False, None, Evidence.EXACT, reason, assertions=(shown,)))


def _everywhere(case: ApproximationCase) -> Finding:
    """The printed Lipschitz bound on all of ℝ^d."""
    if not case.extremal:
        return Finding(True, None, Evidence.NUMERICAL, "pairs outside X were not looked at")
    if case.h.family == "quadratic":
        shown = _shown(*proofs.turning_back(case))
        return Finding(False, None, Evidence.EXACT, "h has no inverse on the line: h' < 0", assertions=shown)
    beyond = proofs.outside(case)
    return Finding(
        True,
        False if beyond.proved else None,
        Evidence.EXACT,
        "|h(3R) - h(R)| = (1 + 2αR) 2R: outside X nothing bounds Dh",
        measured=str(1 + 2 * case.alpha * case.radius),
        bound=str(1 + case.alpha * case.radius),
        assertions=_shown(beyond),
    )


def _equal(case: ApproximationCase) -> Finding:
    """Equality in (2), in theorem 3 for the odd map, and the supremum 1 + αR, exactly."""
    if not case.extremal:
        return Finding(True, None, Evidence.NUMERICAL, "attained in the limit at best, as h'' is continuous")
    (many, few), shown = proofs.equalities(case)
    reason = f"(2) is an equality at {many} pairs of a grid, (3) at {few}"
    reason += ", both halves of theorem 3 at y = -x" if case.h.family == "odd" else ""
    return Finding(
        True,
        True if all(shown) else None,
        Evidence.EXACT,
        f"{reason}; slopes rise to 1 + αR",
        measured="1",
        bound="1",
        assertions=tuple(a for part in shown for a in part) if all(shown) else (),
    )


def _converse(case: ApproximationCase, worst: proofs.Worst, smooth: Proof | None) -> Finding:
    """One pair needs c in (1), another 99 % of it in (2); where there is a cover, no pair needs more than α."""
    least, found = proofs.least_constants(case, worst)
    what = f"(1) needs at least {float(least):.6g}, (2) at least {float(least * proofs.SHARE):.6g}"
    if smooth is not None and smooth.proved:
        what += f"; neither needs more than α = {float(case.alpha):.6g} (1 + 10⁻⁶)"
    measured, bound = (f"{worst[name][1]:.6g}" for name in ("remainder", "change"))
    return _finding(case, what, *found, smooth, measured=measured, bound=bound)


def _constants(case: ApproximationCase, worst: proofs.Worst, smooth: Proof | None) -> Finding:
    """The declared α, and in one and two dimensions M, all over the ball."""
    c = worst["change"][1]
    if case.extremal:
        pairs = case.grid()
        exact = case.prove(linear.change_slack, pairs, ">=", u=np.ones((len(pairs.x), 1)))
        found = _finding(case, "h' has the slope α or -α on either side of 0", exact)
    elif smooth is None:
        reason = "α and M are as declared; the search found no pair that needs more"
        found = Finding(True, c <= float(case.alpha) or None, Evidence.NUMERICAL, reason)
    else:
        inverse = curvature_bounds.prove_inverse(case.h, Fraction(case.h.INVERSE_LIPSCHITZ))
        what = f"|D²h| <= α on {getattr(smooth, 'boxes', 0)} boxes"
        what += "; M is derived by hand" if inverse is None else f", |Dh⁻¹| <= M on {inverse.boxes}"
        found = _finding(case, what, smooth, inverse)
    return replace(
        found, measured=f"{c:.6g}", bound=f"{float(case.alpha):.6g}", values={"boxes": getattr(smooth, "boxes", 0)}
    )


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One map, with drawn and searched pairs; nothing is read."""
    case = approximation_case.read(instance)
    seed = instance.get("seed", 0)
    if case.extremal and case.h.family == "quadratic" and case.h.slope >= 1:
        return _no_inverse(case)
    worst = case.worst(runtime.generator(seed, "search of pairs"))
    if instance.get("map") is not None and case.alpha < Fraction(case.h.SMOOTHNESS):
        return _smaller(case, worst)
    drawn = case.pairs(runtime.generator(seed, "pairs of points"))
    pairs = joined(drawn, *(p for p, _ in worst.values()))
    inside = case.prove(linear.inside, pairs, ">=")
    smooth = nearness = None
    if not case.extremal:
        smooth = curvature_bounds.prove_smoothness(case.h, case.alpha)
        nearness = curvature_bounds.prove_nearness(case.h, case.alpha * case.radius)
    whole = "" if case.extremal or smooth is None else ", and (1) on the whole ball"
    covered = "" if case.extremal or nearness is None else ", and |Dh - I| <= αR on the whole ball"
    units = {"growth": 1 + float(case.alpha * case.radius)}

    def decided(slack: linear.Slack, more: str, ratio: str, *extra: Proof | None) -> Finding:
        measured = f"{worst[ratio][1] / units.get(ratio, float(case.alpha)):.6g}"
        shown = (inside, case.prove(slack, pairs, ">="), *extra)
        return _finding(case, f"at {len(pairs.x)} pairs{more}", *shown, measured=measured, bound="1")

    mean = case.prove(linear.mean_slack, pairs, ">=")
    findings = {
        "remainder": decided(linear.remainder_slack, whole, "remainder", smooth),
        "everywhere": _everywhere(case),
        "lipschitz": decided(linear.growth_slack, covered, "growth", nearness),
        "near": decided(linear.nearness_slack, covered, "nearness", nearness),
        "middle": decided(linear.middle_slack, whole, "middle", mean, smooth),
        "converse": _converse(case, worst, smooth),
        "constants": _constants(case, worst, smooth),
        "attained": _equal(case),
    }
    for name, columns in proofs.columns(case, drawn, worst).items():
        findings[name] = replace(findings[name], values=columns)
    return findings


def _maps(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of (2) on benchmark maps, one a map."""
    kept = rows[(rows["statement"] == "remainder") & (rows["verdict"] == "holds")]
    return kept[kept["map"].notna()].drop_duplicates("map") if "map" in kept else kept.head(0)


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    seen = _maps(rows)
    constants = rows[(rows["statement"] == "constants") & (rows["verdict"] == "holds")]
    enclosed = constants[(constants["evidence"] == "enclosed")]
    return {
        "maps": len(seen),
        "pairs": sum(len(values) for values in seen["ratios"]) if len(seen) else 0,
        "enclosed": len(enclosed),
        "boxes": int(enclosed["boxes"].sum()) if len(enclosed) else 0,
        "largest": float(seen["worst_remainder"].max()) if len(seen) else 0.0,
        "largest_middle": float(seen["worst_middle"].max()) if len(seen) else 0.0,
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Left: the remainder of (2) in units of $\frac\alpha2|y-x|^2$ at {pairs} drawn pairs of {maps} benchmark maps,
    near and far; the lemma says that no point lies above 1. Middle: what a search found largest, for the remainder
    (the largest is {largest:.4f}), for the remainder with $Dh$ in the middle in units of $\frac\alpha4|y-x|^2$ (at
    most {largest_middle:.2f} on smooth maps), and for the part of $\alpha R$ by which distances grow; for
    $x+\frac\alpha2x|x|$ all are reached, the last one as a supremum. The declared $\alpha$ is certified for {enclosed}
    maps, on {boxes} boxes. Right: how distances change, against the mean of $|x|$ and $|y|$, for the maps of one and
    two dimensions with the largest and the least $\alpha R$: between the lines of theorem 2, and below the printed
    bound (dashed).
    """
    import pandas as pd
    import seaborn as sns
    from matplotlib import pyplot as plt

    rows = tables["claims/bel_lemma3"]
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(6.8, 3.3), width_ratios=[1, 1.15, 1])
    seen = _maps(rows)
    names = list(seen["map"]) if len(seen) else []
    colours = dict(zip(names, sns.color_palette("colorblind", max(1, len(names))), strict=False))
    for _, row in seen.iterrows():
        left.plot(row["distance"], row["ratios"], ".", markersize=2.5, color=colours[row["map"]], alpha=0.7)
    left.axhline(1, color="0.2", linewidth=1.1)
    left.set(xscale="log", xlabel="$|y-x|/R$", ylabel=r"remainder / ($\frac{\alpha}{2}|y-x|^2$)", ylim=(0, 1.08))
    kinds = (("worst_remainder", "o", "remainder"), ("worst_middle", "D", "middle"), ("worst_growth", "s", "growth"))
    for column, marker, label in kinds:
        for k, (_, row) in enumerate(seen.iterrows()):
            filled = colours[row["map"]] if column == "worst_remainder" else "white"
            middle.plot(row[column], k, marker, color=colours[row["map"]], markerfacecolor=filled, markersize=5)
        middle.plot([], [], marker, color="0.3", markerfacecolor="0.3" if marker == "o" else "white", label=label)
    odd = rows[(rows["statement"] == "remainder") & (rows["family"] == "odd")] if "family" in rows else rows.head(0)
    for _, row in odd.head(1).iterrows():
        for column, marker, _ in kinds:
            fill = "0.2" if column == "worst_remainder" else "none"
            middle.plot(row[column], len(names), marker, color="0.2", markerfacecolor=fill, markersize=5, clip_on=False)
    middle.axvline(1, color="0.2", linewidth=1.1)
    labels = [*names, *[r"$x+\frac{\alpha}{2}x|x|$"] * len(odd.head(1))]
    middle.set_yticks(range(len(labels)), labels)
    middle.set(xlim=(0, 1.06), ylim=(max(1, len(labels)) - 0.5, -0.5), xlabel="largest found / bound")
    middle.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=3, handletextpad=0, columnspacing=0.6)
    near = rows[(rows["statement"] == "near") & (rows["verdict"] == "holds")]
    near = near[near["map"].isin([n for n in names if n.endswith(("1d", "2d"))])] if names else near.head(0)
    near = near.sort_values("slope")
    for _, row in pd.concat([near.head(1), near.tail(1) if len(near) > 1 else near.head(0)]).iterrows():
        colour, slope = colours[row["map"]], row["slope"]
        right.plot(row["size"], row["growth"], ".", markersize=2.5, color=colour, label=row["map"])
        for sign_ in (1, -1):
            right.plot([0, 1], [1, 1 + sign_ * slope], color=colour, linewidth=1)
        right.plot([0, 1], [1 + slope] * 2, "--", color=colour, linewidth=0.9)
    right.set(xlabel=r"$(|x|+|y|)/(2R)$", ylabel="$|h(y)-h(x)|/|y-x|$", xlim=(0, 1.02))
    right.set_ylim(bottom=0)
    if right.lines:
        right.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, handlelength=1, columnspacing=0.8)
    columns = ["map", "worst_remainder", "worst_middle", "worst_growth", "distance", "ratios"]
    return Drawing(drawing, seen[[c for c in columns if c in seen]].reset_index(drop=True))


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Lemma 3",
    title="A smooth map and its derivative: remainder and Lipschitz constant",
    statements=(
        Statement(
            "remainder",
            r"For $x,y\in X$, $|h(y)-h(x)-Dh(x)(y-x)|\le\frac\alpha2|y-x|^2$.",
            "as printed",
            proof="written",
        ),
        Statement(
            "everywhere",
            r"$\lVert h\rVert_L\le1+\alpha R$, with $\lVert h\rVert_L$ as the paper defines it: over the domain of "
            r"$h$, which is $\mathbb R^d$.",
            "as printed",
        ),
        Statement(
            "lipschitz",
            r"On $X$, $|h(y)-h(x)|\le(1+\alpha R)|y-x|$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "near",
            r"If $\lVert Dh(z)-I\rVert\le\alpha|z|$ on $X$, then $|h(y)-h(x)-(y-x)|\le\frac\alpha2(|x|+|y|)|y-x|$: "
            r"$\lVert h-\mathrm{Id}\rVert_L\le\alpha R$ on $X$, no pair attains $1+\alpha R$, and $h$ is injective on "
            r"$X$ if $\alpha R<1$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "middle",
            r"With $Dh(\frac{x+y}2)$, or with $\frac12(Dh(x)+Dh(y))$, in place of $Dh(x)$ the remainder is at most "
            r"$\frac\alpha4|y-x|^2$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "converse",
            r"If the first inequality holds for all $x,y\in X$, then $\lVert Dh(x)-Dh(y)\rVert\le\alpha|x-y|$: both "
            r"have the same least constant.",
            "sharper",
            proof="written",
        ),
        Statement(
            "constants",
            r"The maps meet the hypothesis: $\lVert Dh(x)-Dh(y)\rVert\le\alpha|x-y|$ on $X$ with the declared "
            r"$\alpha$, and for $d\le2$ $\lVert Dh^{-1}\rVert\le M$ on $X$ (enclosed to a part in $10^6$).",
            "sharper",
        ),
        Statement(
            "attained",
            r"For all $\alpha,R>0$ there is a map for which the first inequality is an equality at all $x,y\ge0$ of a "
            r"line, and $\lVert h\rVert_L=1+\alpha R$ on $X$.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
    ),
    check=check,
    validate=approximation_case.read,
    control={"map": "cos1d", "smoothness": "1/4", "tests": 4},
    control_statement="remainder",
    figure=figure,
    summary=summary,
)
