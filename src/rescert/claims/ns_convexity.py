r"""The residual network with nonnegative weights is convex (Nar and Sastry 2018, Section 3.1, equations (7a)–(7c)).

$$h_0(x)=x,\qquad h_i(x)=h_{i-1}(x)+W_i[V_i^Th_{i-1}(x)-b_i]_+\quad(i=1,\dots,L),\qquad\hat f(x)=c^Th_L(x)+d,$$
with $W_i,V_i\in\mathbb R^{n\times m_i}$ and $b_i\in\mathbb R^{m_i}$ nonnegative and $c\in\mathbb R^n$ positive. All
inequalities between vectors and matrices are meant entry by entry. The paper's domain is a box
$[0,M_1]\times\dots\times[0,M_n]$; where nothing else is said, what follows is true on $\mathbb R^n$.

## 1. The printed statement is true, and it needs less

**Theorem.** If $W_i\ge0$ for all $i$, $V_i\ge0$ for $i\ge2$ and $c\ge0$, then $\hat f$ is convex on $\mathbb R^n$, and
every coordinate of every $h_i$ is. $V_1$, all $b_i$ and $d$ may have any signs.

*Proof.* By induction over $i$. The coordinates of $h_0$ are linear. Let those of $h_{i-1}$ be convex, and let
$u=V_i^Th_{i-1}-b_i$. For $i=1$ every coordinate of $u$ is an affine function of $x$, whatever $V_1$ is. For $i\ge2$ it
is a nonnegative combination of convex functions plus a number, hence convex. For $0\le t\le1$ and $z=tx+(1-t)y$,
$u_j(z)\le tu_j(x)+(1-t)u_j(y)$; the function $[\cdot]_+$ does not fall and is convex, so
$[u_j(z)]_+\le[tu_j(x)+(1-t)u_j(y)]_+\le t[u_j(x)]_++(1-t)[u_j(y)]_+$. So $[u_j]_+$ is convex, and a coordinate of
$h_i$ is one of $h_{i-1}$ plus a nonnegative combination of the $[u_j]_+$. Finally $c\ge0$ makes $c^Th_L+d$ convex. ∎

## 2. Each of these conditions is needed

For every $L$, each condition by itself: there is a network in which only the sign of that one matrix (or of $c$) is
wrong, everything else is as printed (so $b_i\ge0$ and $V_1\ge0$ too), and $\hat f$ is not convex on $[0,1]^n$. Write
$b=\frac12(1,\dots,1)^T$; $W$ and $V$ that are not named are zero, and $c=(1,\dots,1)^T$.

- $W_i\ge0$, any $i$, any $n$: $V_i=I$, $b_i=b$, $W_i=-I$ give $\hat f(x)=\sum_j(x_j-(x_j-\frac12)_+)$.
- $c\ge0$, any $n$: $W_1=V_1=I$, $b_1=b$, $c=(-1,1,\dots,1)^T$ give $-x_1-(x_1-\frac12)_+$ plus a function of the other
  inputs.
- $V_i\ge0$, any $i\ge2$, $n\ge2$: $W_1=V_1=I$, $b_1=b$, and one unit in layer $i$ with $V_i=(-1,1,0,\dots)^T$, $b_i=0$,
  $W_i=(0,2,0,\dots)^T$. With $g(t)=t+(t-\frac12)_+$, $\hat f=g(x_1)+g(x_2)+2[g(x_2)-g(x_1)]_++\dots$, which is
  $3g(x_2)-g(x_1)+\dots$ where $g(x_1)\le g(x_2)$.

In each case let $x_1$ go from $\frac14$ to $\frac34$ with the other inputs at $\frac34$: $\hat f$ is there a concave
function with a kink at $\frac12$, so the value at the middle exceeds the mean of the ends. ∎

For $n=1$ the sign of $V_i$ does not matter on the printed domain: if $W_i\ge0$ and $b_i\ge0$ and $x\ge0$, then
$h_{i-1}(x)\ge x\ge0$, and a unit whose entry of $V_i$ is negative never opens. It can be left out, and the theorem
applies to the rest. ∎

## 3. More than convex: monotone and supermodular

**Lemma.** Let $W_i,V_i\ge0$ for all $i$ and $c\ge0$. Then for $t\ge0$, $\hat f(x+te_k)-\hat f(x)\ge c_kt$ for every
input $k$, and $\hat f$ is supermodular, $\hat f(x\vee y)+\hat f(x\wedge y)\ge\hat f(x)+\hat f(y)$ with the maximum and
the minimum taken entry by entry. So is every coordinate of every $h_i$, and none falls in any input.

*Proof.* The coordinates of $h_0$ do not fall and are supermodular, with equality. Both properties pass to sums, to
nonnegative multiples and to functions plus a number. It remains that they pass from $u$ to $[u]_+$. Let
$p=u(x\wedge y)$, $q=u(x)$, $r=u(y)$, $s=u(x\vee y)$: $p\le q$, $p\le r$ and $s-q\ge r-p\ge0$. As
$\varphi=[\cdot]_+$ does not fall and is convex, $\varphi(s)\ge\varphi(q+(r-p))$ and
$\varphi(q+(r-p))-\varphi(q)\ge\varphi(p+(r-p))-\varphi(p)$: a convex function gains more over a step of the same length
that starts further right. Together $\varphi(s)+\varphi(p)\ge\varphi(q)+\varphi(r)$. Finally $h_L-x$ is a sum of terms
that do not fall, which gives the slope. ∎

These are obstructions: a convex function that falls somewhere, or with a negative mixed second difference, is at a
distance from *all* networks of the class, and for $n\ge2$ a positive gradient at the origin does not exclude it
(`ns_approximation`). Without $V_1\ge0$ the lemma is false, though $\hat f$ stays convex: $[x_1-x_2]_+$.

## 4. Never strictly convex

**Proposition.** Whatever the signs of the parameters, every open ball contains an open ball on which $\hat f$ is
affine. So $\hat f$ is strictly convex on no open set. *Proof.* Go through the layers. On the ball found so far
$h_{i-1}$ is affine, so each coordinate of $u=V_i^Th_{i-1}-b_i$ is, and its zeros are no points, all points, or those
of a hyperplane. Finitely many hyperplanes do not cover the ball; on a smaller ball around a point outside them no
coordinate changes its sign, and $h_i$ is affine. ∎ The paper introduces the network "to approximate strictly convex
functions", which is correct; "represent" would not be.

## 5. One input and two units

After (6): $h_1=x+w_1(x-b_1)_+$, $h_2=h_1+w_2(h_1-b_2)_+$, $\hat f=f(0)+f'(0)h_2$ on $[0,M]$, all numbers positive, is
said to be strictly increasing with a derivative that "gradually increases to $(1+w_2)(1+w_1)f'(0)$, provided that
$b_1$ and $b_2$ are not too large", and to be, "as a result", a better estimate of the strictly convex $f$ than the line
$\ell(x)=f(0)+f'(0)x$.

*Slopes, settled.* $h_1$ rises strictly, so $h_1(x)>b_2$ means $x>k$, where $h_1(k)=b_2$: $k=b_2$ if $b_2\le b_1$, else
$k=(b_2+w_1b_1)/(1+w_1)>b_1$. Away from the kinks
$$\hat f'(x)=f'(0)\,(1+w_1[x>b_1])\,(1+w_2[x>k]).$$
The slopes are $1,1+w_1,(1+w_1)(1+w_2)$ times $f'(0)$ with kinks $b_1<k$ if $b_2>b_1$; they are
$1,1+w_2,(1+w_1)(1+w_2)$ with kinks $b_2<b_1$ if $b_2<b_1$; if $b_1=b_2$ there is one kink and nothing is gradual. The
last value is taken on an interval of $[0,M]$ if and only if $b_1<M$ and $k<M$, that is, $b_1<M$ and
$b_2<h_1(M)=M+w_1(M-b_1)$. So $b_1,b_2<M$ is enough, and $b_2$ may be larger than $M$. ∎

*Better, settled.* With large $w_1,w_2$ the network overshoots, and the line is better: the printed "as a result" is not
true for all positive parameters. **Proposition.** Let $f$ be differentiable and strictly convex on $[0,M]$,
$m=\min\{b_1,b_2\}<M$, and $(1+w_1)(1+w_2)f'(0)\le f'(m)$. Then $\ell<\hat f<f$ on $(m,M]$, and $\ell=\hat f<f$ on
$(0,m]$. *Proof.* On $[0,m]$ no unit is open ($k\ge m$), and $\ell<f$ for $x>0$ is strict convexity. For $x>m$ the
slopes of $\hat f$ are more than $f'(0)$ and at most $f'(m)$, so
$\ell(x)<\hat f(x)\le\ell(m)+f'(m)(x-m)<f(m)+f'(m)(x-m)<f(x)$. ∎ Such parameters exist for every such $f$, because
$f'(m)>f'(0)$.

## How the instances are checked

Drawn networks have binary fractions for weights and test points, so that balls of 512 bits hold all values exactly and
the smallest violation, or an equality, is seen as what it is. The class is certified by the sign of every weight, an
exact comparison; to this comes a test that a network without the property can fail: midpoint convexity on random
segments of $[0,1]^n$, slopes and mixed second differences on random rectangles. Networks with one wrong sign carry an
exact violation, and the sign of every matrix, so that just one is wrong. An affine piece is a box on which no unit
changes its sign, and an equality inside it; that every ball has one is section 4. Two units are compared with
$f(x)=f'(0)x+\frac q2x^2$: $\hat f<f$ is shown on a cover of $[m,M]$, and $\ell<\hat f$ on $(m,M]$ follows from the
signs of the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rescert import runtime
from rescert.certify import sign
from rescert.certify.problem import rational
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.networks import convexity_case, midpoint_convexity, sign_conditions, univariate_estimate
from rescert.networks.convexity_case import ConvexityCase
from rescert.networks.midpoint_convexity import PRECISION
from rescert.networks.sign_conditions import ENOUGH, ORDER, PRINTED, Condition
from rescert.networks.univariate_network import UnivariateNetwork

if TYPE_CHECKING:
    import pandas as pd

GRID = 41  # points an axis of what the figure shows


def case(instance: Instance) -> ConvexityCase:
    return convexity_case.read(instance, runtime.generator)


def _test(known: ConvexityCase, expression: Any, at: torch.Tensor, relation: str = ">=") -> sign.Proof:
    return sign.prove(midpoint_convexity.program(known.parameters, expression, at), {}, relation, PRECISION)


def _structure(known: ConvexityCase, conditions: Iterable[Condition], test: sign.Proof, what: str) -> Finding:
    """The finding of "with these signs the network has the property", with a test of the property."""
    met, broken = sign_conditions.compare(known.parameters, conditions)
    if broken:
        return Finding(False, None, Evidence.EXACT, "a weight has the wrong sign", assertions=broken)
    if test.assertion is None:
        return Finding(True, None, Evidence.EXACT, f"the signs are right, but the test is not passed: {test.reason}")
    reason = f"every weight has its sign, and {what}"
    return Finding(True, True, Evidence.EXACT, reason, f"{test.lower:.3g}", "0", (*met, test.assertion))


def _needed(known: ConvexityCase) -> Finding:
    """A network in which just one matrix, or c, has a wrong sign bends down on a segment, exactly."""
    met, broken = sign_conditions.compare(known.parameters, sign_conditions.printed_apart(known.parameters))
    if known.bent is None or len(broken) != 1:
        return Finding(False, None, Evidence.EXACT, "not a network with one wrong sign", assertions=broken or met)
    bend = _test(known, midpoint_convexity.slack, known.bent, "<")
    if bend.assertion is None:
        return Finding(True, None, Evidence.EXACT, f"no segment is seen to bend down: {bend.reason}")
    reason = f"{known.wrong} has a negative entry, all else is as printed, and a segment has negative slack"
    return Finding(True, True, Evidence.EXACT, reason, f"{bend.upper:.6g}", "0", (*met, *broken, bend.assertion))


def _affine(known: ConvexityCase) -> Finding:
    """A box without a kink, and equality at the middle of a segment in it."""
    for centre in known.segments[:, 0]:
        found = midpoint_convexity.piece(known.parameters, centre)
        if found is None:
            continue
        program, box = found
        constant = sign.prove(program, box, ">", PRECISION)
        shift = torch.full_like(centre, box["x"]["rad"])
        segment = torch.stack([centre - shift, centre + shift])[None]
        equal = sign.prove_zero(
            midpoint_convexity.program(known.parameters, midpoint_convexity.slack, segment), PRECISION
        )
        if constant.assertion is not None and equal:
            reason = f"no unit changes its sign within {box['x']['rad']:.2g} of a point: affine there, slack 0"
            return Finding(True, True, Evidence.ENCLOSED, reason, "0", "0", (constant.assertion, *equal))
    return Finding(True, None, Evidence.ENCLOSED, "no box without a kink is found at the test points")


def _not_univariate(known: ConvexityCase) -> Finding:
    more = sign.constant(known.units - 2, ">")
    return Finding(False, None, Evidence.EXACT, f"{known.units} units, not the two of h_1, h_2", assertions=(more,))


def _estimates(line: UnivariateNetwork, curvature: str) -> dict[str, Finding]:
    first, exact = univariate_estimate.slopes(line)
    nearer, below = univariate_estimate.distances(line, rational(curvature))
    found = {"slopes": first, "reach": exact, "better": nearer, "below": below}
    findings = {
        name: Finding(o.hypotheses, o.conclusion, Evidence.ENCLOSED, o.reason, assertions=o.assertions)
        for name, o in found.items()
    }
    last, top = str(line.pieces()[-1][2]), str(line.top)
    for name in ("slopes", "reach"):
        findings[name] = replace(findings[name], evidence=Evidence.EXACT, measured=last, bound=top)
    return findings


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One network: drawn (of the class), free (all that is not needed given up), or with a wrong sign."""
    known = case(instance)
    convex = _test(known, midpoint_convexity.slack, known.segments)
    slopes = known.parameters["c"]
    order = _test(known, lambda f, at: midpoint_convexity.order(f, at, slopes), known.rectangles)
    tested = f"midpoint convexity holds on {len(known.segments)} random segments"
    ordered = f"slopes and mixed differences are right on {len(known.rectangles)} random rectangles"
    findings = {
        "printed": _structure(known, PRINTED, convex, tested),
        "signs": _structure(known, ENOUGH, convex, tested),
        "needed": _needed(known),
        "order": _structure(known, ORDER, order, ordered),
        "affine": _affine(known),
    }
    if known.line is None:
        findings |= dict.fromkeys(("slopes", "reach", "better", "below"), _not_univariate(known))
    else:
        findings |= _estimates(known.line, instance["curvature"])
    return findings | {"affine": replace(findings["affine"], values=_shown(known))}


def _shown(known: ConvexityCase) -> dict[str, Any]:
    """Values on a grid, relative slacks and the segment that bends down, for the figure."""
    dimension = known.segments.shape[2]
    lengths = (known.segments[:, 0] - known.segments[:, 1]).norm(dim=1)
    slacks = midpoint_convexity.slack(known.network, known.segments)[lengths > 0] / lengths[lengths > 0]
    values: dict[str, Any] = {"inputs": dimension, "slacks": slacks.tolist()}
    if dimension <= 2:
        axes = torch.meshgrid(*[torch.linspace(0, 1, GRID, dtype=torch.float64)] * dimension, indexing="xy")
        values["surface"] = known.network(torch.stack(axes, dim=-1).reshape(-1, dimension)).tolist()
    if known.bent is not None:
        values |= {"bent": known.bent.flatten().tolist(), "bent_values": known.network(known.bent[0]).tolist()}
    return values


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    shown = rows[rows["statement"] == "affine"]
    whole = shown[shown["family"].isin(["drawn", "free"])]
    wrong = shown[shown["family"].isin(["changed", "counterexample"])]
    slacks = [s for values in whole["slacks"] for s in values]
    return {
        "networks": len(whole),
        "segments": len(slacks),
        "wrong": len(wrong),
        "wrong_segments": sum(len(values) for values in wrong["slacks"]),
        "bent": sum(s < 0 for values in wrong["slacks"] for s in values),
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Networks of the class, and networks with one wrong sign. Top left: one input, a network with
    $W_i,V_i,b_i\ge0$, $c>0$, and the same with one entry of $W_1$ negative; the chord lies below the graph, which a
    convex function excludes. Bottom left: a network of the class with two inputs; where it is below any level it is so
    on a convex set. Bottom right: the network of section 2 with $V_2=(-1,1)^T$; on the marked segment the value at the
    middle exceeds the mean of the ends. Top right: slack of midpoint convexity on random segments, divided by their
    length: never negative for the {networks} networks with right signs ({segments} segments), negative on {bent} of
    {wrong_segments} segments for the {wrong} networks with a wrong sign.
    """
    import pandas as pd
    import seaborn as sns
    from matplotlib import pyplot as plt

    rows = tables["claims/ns_convexity"].query("statement == 'affine'")
    drawing = plt.figure(figsize=(6.8, 5.6))
    upper, lower = np.asarray(drawing.subfigures(2, 1, height_ratios=(1, 1.1)))
    (graph, slacks), (bowl, broken) = upper.subplots(1, 2), lower.subplots(1, 2)
    blue, orange = sns.color_palette()[:2]
    _draw_graphs(graph, rows[rows["inputs"] == 1], (blue, orange))
    two = rows[rows["inputs"] == 2]
    _draw_levels(lower, bowl, two[two["family"] == "drawn"], "right signs")
    entries = two["entry"] if "entry" in two else pd.Series("", index=two.index)
    _draw_levels(
        drawing, broken, two[(two["family"] == "counterexample") & (entries == "V2")], "$V_2$ with a wrong sign"
    )
    groups = {"right signs": (["drawn", "free"], blue), "a wrong sign": (["changed", "counterexample"], orange)}
    chosen = {k: [s for v in rows[rows["family"].isin(f)]["slacks"] for s in v] for k, (f, _) in groups.items()}
    everything = [s for values in chosen.values() for s in values]
    width = max([1e-3, *map(abs, everything)]) / 24
    bins = width * np.arange(-25, 26)  # 0 is an edge, so that no bar holds both signs
    for label, values in chosen.items():
        weights = np.full(len(values), 100 / max(1, len(values)))
        look = {"color": groups[label][1], "alpha": 0.5, "label": label, "histtype": "stepfilled"}
        slacks.hist(values, bins=bins, weights=weights, **look)
    slacks.axvline(0, color="0.2", linewidth=1)
    slacks.set(yscale="log", xlabel="slack / length of the segment", ylabel="share of segments, %")
    slacks.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    data = pd.DataFrame([{"instance": r["instance"], "slack": s} for _, r in rows.iterrows() for s in r["slacks"]])
    return Drawing(drawing, data)


def _draw_graphs(panel: Any, rows: pd.DataFrame, colours: tuple[Any, Any]) -> None:
    """A network with one input, and one with a wrong sign and its chord."""
    line = [i / (GRID - 1) for i in range(GRID)]
    styles = {"drawn": ("-", colours[0], "right signs"), "changed": ("--", colours[1], "a wrong sign")}
    for family, (style, colour, label) in styles.items():
        for _, row in rows[rows["family"] == family].head(1).iterrows():
            panel.plot(line, row["surface"], style, color=colour, label=label)
            if family == "changed":
                panel.plot(row["bent"], row["bent_values"], color="0.15", marker="o", label="chord")
    panel.set(xlabel="$x$", ylabel=r"$\hat f(x)$")
    if panel.lines:
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, columnspacing=1, handlelength=1.5)


def _draw_levels(drawing: Any, panel: Any, rows: pd.DataFrame, title: str) -> None:
    """Level sets of the first network, and its segment with negative slack if it has one."""
    line = [i / (GRID - 1) for i in range(GRID)]
    for _, row in rows.head(1).iterrows():
        surface = np.array(row["surface"], dtype=float).reshape(GRID, GRID)
        filled = panel.contourf(line, line, surface, levels=12, cmap="cividis")
        panel.contour(line, line, surface, levels=filled.levels, colors="white", linewidths=0.6)
        drawing.colorbar(filled, ax=panel, label=r"$\hat f(x)$")
        if row["family"] != "drawn":
            ends = np.array(row["bent"], dtype=float).reshape(2, 2)
            panel.plot(*ends.T, color="white", linewidth=4.5)
            panel.plot(*ends.T, color="0.05", linewidth=2, marker="o")
    panel.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(0, 1), ylim=(0, 1), title=title)
    panel.grid(False)


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 3.1, equations (7a)–(7c)",
    title="Residual networks with nonnegative weights are convex",
    statements=(
        Statement(
            "printed",
            r"The function (7a)–(7c) with $W_i,V_i,b_i\ge0$ and $c>0$ is convex.",
            "as printed",
            proof="written",
        ),
        Statement(
            "signs",
            r"It is convex as soon as $W_i\ge0$ for all $i$, $V_i\ge0$ for $i\ge2$ and $c\ge0$, whatever the signs of "
            r"$V_1$, $b_i$ and $d$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "needed",
            r"Each of the conditions $W_i\ge0$, $V_i\ge0$ ($i\ge2$, $n\ge2$) and $c\ge0$ is needed: a network that "
            r"breaks just this one, with all else as printed, need not be convex on $[0,1]^n$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "order",
            r"If $W_i,V_i\ge0$ and $c\ge0$, then $\hat f$ rises in every $x_k$ with slope at least $c_k$, and it is "
            r"supermodular: mixed second differences are $\ge0$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "affine",
            r"Every ball contains a ball on which $\hat f$ is affine, whatever the signs: it is never strictly convex.",
            "sharper",
            proof="written",
        ),
        Statement(
            "slopes",
            r"For $n=1$, $h_1=x+w_1(x-b_1)_+$, $h_2=h_1+w_2(h_1-b_2)_+$: $\hat f=f(0)+f'(0)h_2$ is strictly "
            r"increasing, and its derivative rises to $(1+w_2)(1+w_1)f'(0)$ if $b_1,b_2$ are not too large. "
            r"(Read as: $b_1,b_2<M$.)",
            "as printed",
            proof="written",
        ),
        Statement(
            "reach",
            r"That value is reached on $[0,M]$ if and only if $b_1<M$ and $b_2<M+w_1(M-b_1)$; the kinks are $b_1$ and "
            r"$b_2$ if $b_2\le b_1$, else $b_1$ and $(b_2+w_1b_1)/(1+w_1)$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "better",
            r"As a result $\hat f$ is a better estimate of the strictly convex $f$ than the line $f(0)+f'(0)x$. "
            r"(Read for all positive $w_i,b_i$ with $\min\{b_1,b_2\}<M$, at every point.)",
            "as printed",
        ),
        Statement(
            "below",
            r"If $m=\min\{b_1,b_2\}<M$ and $(1+w_1)(1+w_2)f'(0)\le f'(m)$, then $\hat f$ lies strictly between the "
            r"line and $f$ on $(m,M]$.",
            "as corrected",
            proof="written",
        ),
    ),
    check=check,
    validate=case,
    control={"family": "changed", "dimension": 2, "widths": "4 4", "seed": 1, "entry": "W1", "tests": 16},
    control_statement="printed",
    figure=figure,
    summary=summary,
)
