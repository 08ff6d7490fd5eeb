r"""Without parameter coverage there are bad strict local minima: the conjecture after Corollary 3, made precise, fails.

The network is $h_1=x+V_1\phi_1(x)$, $h_l=h_{l-1}+V_l\phi_l(U_lh_{l-1})$ for $2\le l\le L$, $f=w^{\mathsf T}h_L$; the
risk is $R(\theta)=E[\ell(f(x);y)]$, $E$ a mean over finitely many samples, and
$R_{\mathrm{lin}}=\inf_tE[\ell(t^{\mathsf T}x;y)]$, **without bias**. Theorem 2 needs that the rows of $U_2,\dots,U_L$
do not span $\mathbb R^{d_x}$ (c2). Where they do, the paper conjectures "that since the parameters already cover the
full feature space, the critical point should be of 'good' quality". It does not say what *good* means; here it is read
as the conclusion of Theorem 2, $R\le R_{\mathrm{lin}}$ or $\lambda_{\min}(\nabla^2R)<0$. (Nor is there, for the squared
loss, a $C$ independent of the data with $R\le C\,R_{\mathrm{lin}}$ or $R\le R_{\mathrm{lin}}+C$ at all local minima:
below, $R>R_{\mathrm{lin}}=0$, and with labels $cy$ and weights $cw$, $c>0$, a minimum stays one, with the risk $c^2R$.
Other readings, say "with few exceptions", are not refuted.)

## What is wrong: strict local minima above the best linear risk

Each counterexample is a data set of exact numbers and a box of parameters, in which the rows of $V_L$ but one are
points: they are gauge (`ysj_theorem2` has the lemma). Proved are: exactly one critical point in the box (Krawczyk's
operator), $R>R_{\mathrm{lin}}$ over the box, a positive definite Hessian in all other parameters, a determinant of
$d_x$ rows of $U_2,\dots,U_L$ that is not zero, and (c1), that $E[\ell''h_Lh_L^{\mathsf T}]$ is positive definite. So
all hypotheses of Theorem 2 but (c2) hold, and its conclusion fails: (c2) cannot be dropped, and it fails at a
*minimum*, the worst kind of point.

*With linear labels* (`linear_target`): $d_x=1$, $L=2$, one tanh unit with bias a block, and $y=x$. The linear predictor
is exact, $R_{\mathrm{lin}}=0$, and the network contains it ($w=1$, $V_1=V_2=0$). In one dimension nothing is gauge: the
minimum is isolated and strict. With the logistic loss and $y=1/(1+e^{-x})$, rounded, there are such minima, too,
although the linear predictor $x$ then has the least risk of all functions, up to the rounding. *With designed labels*
(`spurious_minima`): $d_x=2$, $L=3$, $\phi_l=\tanh$ and no bias, which is the paper's own example
$h\mapsto h+v_l\sigma(u_l^{\mathsf T}h)$ with tanh for ReLU, at the first depth that Corollary 3 does not cover,
$L=d_x+1$.

*Why they exist.* With linear labels the first block folds: $h_1=x+V_1\tanh(U_1x+b_1)$ is not monotone, because
$V_1U_1<-1$. The output sees $x$ only through $h_1$, two inputs with the same $h_1$ get the same output, and on the
straight way to the linear predictor the risk rises first. That $V_1$ has come to rest although $E[\ell'\phi_1]\ne0$ is
possible only with $w$ in the span of the rows of $U_2,\dots,U_L$ (step 1 below): spanning permits bad minima.

*Minimum modulo gauge.* $V_L$ enters $R$ through $w^{\mathsf T}V_L$ only. **Lemma.** Let $\theta^*$ be critical,
$w_k\ne0$, and let $R$, restricted to the slice $S$ where the rows $i\ne k$ of $V_L$ have their values at $\theta^*$,
have a positive definite Hessian there. Then $\theta^*$ is a local minimum of $R$, and near it $R(\theta)=R(\theta^*)$
only where $\theta$ differs from $\theta^*$ by a change of $V_L$ with the same $w^{\mathsf T}V_L$. *Proof.* Near
$\theta^*$ let $\pi(\theta)$ be $\theta$ with the rows $i\ne k$ of $V_L$ replaced by their values $V^*_{L,i}$ and row
$k$ by $(w^{\mathsf T}V_L-\sum_{i\ne k}w_iV^*_{L,i})/w_k$. This keeps $w^{\mathsf T}V_L$ and hence $R$, is continuous,
lies in $S$, and $\pi(\theta^*)=\theta^*$. By the second-order condition in $S$, $R(\theta)=R(\pi(\theta))\ge
R(\theta^*)$ near $\theta^*$, with equality only if $\pi(\theta)=\theta^*$. $\square$ There $\lambda_{\min}=0$ exactly
if $d_x\ge2$, and $\lambda_{\min}>0$ if $d_x=1$.

## Sharper: what holds without coverage

**Theorem.** Let $\ell$ be convex and differentiable in $f$, let the derivatives of $R$ in $w$ and in $V_k,\dots,V_L$
vanish, and let $w$ not lie in the span of the rows of $U_{k+1},\dots,U_L$. Then
$$R(\theta)\le\inf_tE[\ell(t^{\mathsf T}h_{k-1}(x);y)],\qquad h_0=x.$$
So with $w\ne0$ the last block never harms ($k=L$), and $R\le R_{\mathrm{lin}}$ ($k=1$) if $w$ is not in the span of the
rows of $U_2,\dots,U_L$: a bad critical point has $w$ in that span. Neither second derivatives nor (c1) are used.

*Proof.*

1. *A change that no later block sees.* Since $w$ is not in the span, there is a $v$ orthogonal to the rows of
   $U_{k+1},\dots,U_L$ with $v^{\mathsf T}w=1$. For $l\ge k$ replace $V_l$ by $V_l+t\,va^{\mathsf T}$. This adds
   $t(a^{\mathsf T}\phi_l)v$ to $h_l$ and to all later representations, because $U_jv=0$ for $j>l$, so that every
   $\phi_j$ keeps its value. So $f$ changes by $t\,a^{\mathsf T}\phi_l$, and the derivative of $R$ in $t$ is
   $0=a^{\mathsf T}E[\ell'\phi_l]$, for every $a$: $g_l=E[\ell'\phi_l]=0$ for $l\ge k$.
2. *Convexity.* $h_{k-1}=h_L-\sum_{l\ge k}V_l\phi_l$ and $0=\partial R/\partial w=E[\ell'h_L]$ give
   $E[\ell'h_{k-1}]=-\sum_{l\ge k}V_lg_l=0$. For every $t$,
   $\ell(t^{\mathsf T}h_{k-1})\ge\ell(f)+\ell'(f)(t^{\mathsf T}h_{k-1}-f)$; in the mean the last term is
   $t^{\mathsf T}E[\ell'h_{k-1}]-w^{\mathsf T}E[\ell'h_L]=0$. $\square$

No derivative of any $\phi_l$ is used, and the derivatives of $R$ that are used always exist: the theorem holds at local
minima of ReLU networks, kinks on data included (the instances are smooth and do not test that). If the rows span,
$k=1$ is out of reach, and the counterexamples show that its conclusion may then be false: they are no worse than the
best linear predictor of $h_{k-1}$, but $h_{k-1}$ is worse than $x$. Each instance is tested with the
least $k$ for which a minor of $[w,U_{k+1}^{\mathsf T},\dots,U_L^{\mathsf T}]$ is shown not to vanish.

## How many starts

Starts of `linear_target` go downhill from random parameters, stretched so that the first block may fold. The data set
of the default configuration was chosen: it is one of six with a bad minimum among fourteen (seeds 0 to 13, 12 inputs,
300 starts each, of which 13 of 4200 ended at bad minima in floats). These counts and the next ones were made once; they
are in no table. With softplus units none was found (1800 starts, 6 data sets, $d_x=1$), nor with linear labels in two
dimensions (900 starts, 3 data sets, widths 1 and 2). Starts of `spurious_minima` climb towards bad minima first, so
that their share says how easy these are to find on purpose, not how often descent ends there. The figure's caption
counts all starts, those that ended at critical points, and the certified bad minima, many of which differ by a symmetry
only (signs of a unit).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from rescert import critical_points
from rescert.certify.tensors import owned
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.landscape import expressions, representation_risk
from rescert.landscape.candidate import Candidate
from rescert.landscape.dichotomy import Decision
from rescert.landscape.existence import enclose
from rescert.networks.residual_blocks import depth, features, network
from rescert.statistics import clopper_pearson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 1e-7  # by which floats must be on one side for a candidate to be chosen as an instance; no verdict uses it
FLAT = 1e-9  # negative eigenvalues up to this size count as rounding errors in that choice


def expand(instance: Instance, inputs: Inputs) -> Iterable[Instance]:
    """The candidates that are bad minima in floats, and the first ``others`` that are clearly below the linear risk.

    Where there are none of these, the first candidate stands for the search, so that its starts are counted.
    """
    table = inputs.table(f"critical_points/{instance['landscape']}")
    excess = table["risk"] - table["linear_risk"]
    below = table.loc[table["candidate"] & (excess < -MARGIN), "start"][: instance.get("others", 0)]
    named = {key: value for key, value in instance.items() if key != "others"}
    chosen = sorted([*_bad(table), *below]) or table.loc[table["candidate"], "start"][:1]
    return [{**named, "point": int(start)} for start in chosen]


def _bad(table: pd.DataFrame) -> list[int]:
    above = table["risk"] - table["linear_risk"] > MARGIN
    return table.loc[table["candidate"] & above & (table["smallest_eigenvalue"] > -FLAT), "start"].tolist()


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """Existence of a critical point near the candidate, and whether it is a strict minimum with R > R_lin.

    ``rank`` instead of ``point`` names a bad minimum by its place among those of the search.
    """
    table = inputs.table(f"critical_points/{instance['landscape']}")
    bad = _bad(table)
    point = instance["point"] if "point" in instance else bad[instance["rank"]]
    examined = critical_points.examine({**instance, "point": point}, inputs)
    examined.values.update(candidates=int(table["candidate"].sum()), spurious=len(bad))
    decision = examined.decision
    found = {
        "printed": critical_points.finding(examined, _spans, critical_points.good),
        "minimum": critical_points.finding(examined, _no_good, _bad_minimum),
        "linear_labels": critical_points.finding(examined, _no_good, _bad_minimum),
        "block": _block(examined),
    }
    if decision is not None and critical_points.good(decision) is False:
        reason = f"a strict local minimum modulo gauge, R > R_lin; {decision.reason}"
        found |= {name: replace(found[name], reason=reason) for name in ("printed", "minimum", "linear_labels")}
    if not np.array_equal(examined.candidate.labels, examined.candidate.inputs[:, 0]):
        other = "the labels are not the first coordinate of the inputs"
        found["linear_labels"] = Finding(False, None, Evidence.NUMERICAL, other, values=examined.values)
    examined.values.update(_curves(examined.candidate))
    return found


def _spans(decision: Decision) -> bool | None:
    return None if decision.coverage is None else not decision.coverage


def _no_good(decision: Decision) -> bool:
    """A point that is shown to be good is no example."""
    return critical_points.good(decision) is not True


def _bad_minimum(decision: Decision) -> bool | None:
    bad = critical_points.good(decision) is False
    return True if bad and decision.coverage is False and decision.representation is True else None


def _block(examined: critical_points.Examined) -> Finding:
    r"""$R\le\inf_tE[\ell(t^{\mathsf T}h_{k-1})]$ with the least $k$ for which $w$ is shown not to be in the span."""
    candidate, values, decision = examined.candidate, examined.values, examined.decision
    if decision is None or not decision.exists:
        return Finding(None, None, Evidence.NUMERICAL, "existence of a critical point is not proved", values=values)
    found = enclose(candidate.point, candidate.inputs, candidate.labels, candidate.family, False)
    assert found.box is not None
    for k in range(1, depth(candidate.point) + 1):
        independent = representation_risk.prove_independent(candidate, found.box, k).assertion
        if independent is not None:
            break
    else:
        return Finding(None, None, Evidence.NUMERICAL, "w is not shown to be outside of any span", values=values)
    proof, assertions = representation_risk.prove_no_worse(candidate, found.box, k)
    return Finding(
        True,
        proof.proved,
        Evidence.ENCLOSED,
        f"k = {k}: {proof.reason}",
        f"R - inf <= {proof.upper:.6g}",
        "0",
        (*found.assertions, independent, *assertions) if proof.proved else (),
        values,
    )


def _curves(candidate: Candidate) -> dict[str, Any]:
    """For the figure, in one dimension: the data, the network, its first representation, and the way to a line."""
    names = ("data_x", "data_y", "grid", "output", "folded", "path", "path_risk")
    if candidate.inputs.shape[1] != 1 or candidate.family.loss != "squared":
        return dict.fromkeys(names)
    point = {name: owned(value) for name, value in candidate.point.items()}
    inputs, labels = owned(candidate.inputs), owned(candidate.labels)
    reach = 1.15 * float(inputs.abs().max())
    grid = torch.linspace(-reach, reach, 181, dtype=torch.float64)
    first = {name: value for name, value in point.items() if name[1:] == "1"}
    slope = (inputs[:, 0] @ labels) / (inputs[:, 0] @ inputs[:, 0])
    line = {n: slope.reshape(1) if n == "w" else torch.zeros_like(v) for n, v in point.items()}
    path = torch.linspace(0, 1, 101, dtype=torch.float64)
    ways = [{n: (1 - t) * point[n] + t * line[n] if n[0] in "wV" else point[n] for n in point} for t in path]
    family = candidate.family
    risks = [expressions.risk({**way, "X": inputs, "y": labels}, family) for way in ways]
    series: list[torch.Tensor] = [
        inputs[:, 0],
        labels,
        grid,
        network(point, grid[:, None], family.activation),
        features(first, grid[:, None], family.activation)[1][:, 0],
        path,
        torch.stack(risks),
    ]
    return {name: values.tolist() for name, values in zip(names, series, strict=True)}


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """The numbers of the caption."""
    searches = rows.drop_duplicates("landscape")
    minima = rows[(rows["statement"] == "minimum") & (rows["verdict"] == "holds") & rows["certified"]]
    numbers: dict[str, Scalar] = {"searches": len(searches), "certified": len(minima)}
    kinds = {"line": ("linear_target", "squared"), "logistic": ("linear_target", "logistic")}
    for name, kind in (kinds | {"designed": ("spurious_minima", "squared")}).items():
        own, searched = (t[(t["origin"] == kind[0]) & (t["loss"] == kind[1])] for t in (minima, searches))
        starts = int(searched["starts"].sum())
        low, high = clopper_pearson(len(own), starts) if starts else (0.0, 1.0)
        numbers |= {
            f"{name}_starts": starts,
            f"{name}_critical": int(searched["candidates"].sum()),
            f"{name}_minima": len(own),
            f"{name}_distinct": len(own["risk"].round(9).drop_duplicates()),
            f"{name}_share": f"{len(own) / max(starts, 1):.2%}, 95 % interval {low:.2%} to {high:.2%}",
        }
    return numbers | {"risk": float(_shown(rows)["risk"]) if len(rows) else 0.0}


def _shown(rows: pd.DataFrame) -> pd.Series:
    """The certified minimum with linear labels of largest risk; without one, the first instance."""
    best = rows[(rows["statement"] == "linear_labels") & (rows["verdict"] == "holds") & rows["certified"]]
    return rows.iloc[0] if best.empty else best.sort_values(["risk", "instance"], ascending=[False, True]).iloc[0]


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """A certified strict local minimum of a network with two blocks on the labels $y=x$. Left: the data, which a line
    through 0 fits exactly ($R_{{\\mathrm{{lin}}}}=0$), the network $f$ at the minimum ($R={risk:.4g}$), and its first
    representation $h_1$, which folds. Right: the risk on the straight way from there ($t=0$) to the linear predictor
    ($t=1$; $w$, $V_1$, $V_2$ move): it has to rise first. On labels $y=x$, {line_minima} of {line_starts} starts ended
    at certified bad minima ({line_share}; {line_distinct} distinct values of the risk; {line_critical} starts ended
    near critical points; data and starts were chosen so that there are such minima); with the logistic loss
    {logistic_minima} of {logistic_starts} ({logistic_share}; {logistic_distinct} distinct; {logistic_critical}
    critical); with designed labels in two dimensions {designed_minima} of {designed_starts} ({designed_share};
    {designed_distinct} distinct, {designed_critical} critical).
    """
    import matplotlib.pyplot as plt

    shown = _shown(tables["claims/ysj_conjecture"])
    drawing, (left, right) = plt.subplots(1, 2, figsize=(6.8, 3.2))
    if shown["grid"] is not None:
        _draw(left, right, shown)
    left.set(xlabel="$x$", ylabel="$f(x)$, $h_1(x)$")
    right.set(xlabel="$t$", ylabel="$R$")
    right.set_yscale("symlog", linthresh=1e-2)
    curves = ("path", "path_risk")
    return Drawing(drawing, pd.DataFrame({n: [] if shown[n] is None else list(shown[n]) for n in curves}))


def _draw(left: Axes, right: Axes, shown: pd.Series) -> None:
    import seaborn as sns

    colour = sns.color_palette()
    data = list(shown["data_x"])
    left.plot(shown["grid"], shown["grid"], color="0.6", linestyle=":", label="best line")
    left.plot(shown["grid"], shown["folded"], color=colour[1], linestyle="--", label="$h_1$")
    left.plot(shown["grid"], shown["output"], color=colour[0], label="$f$")
    left.plot(data, shown["data_y"], color="black", linestyle="none", marker="o", markersize=3.5, label="data")
    left.legend()
    right.plot(shown["path"], shown["path_risk"], color=colour[0])
    right.axhline(shown["risk"], color="0.6", linewidth=0.8)
    right.plot([0, 1], [shown["path_risk"][0], shown["path_risk"][-1]], color="black", linestyle="none", marker="o")


CLAIM = Claim(
    paper="Yun–Sra–Jadbabaie 2019",
    label="Conjecture after Corollary 3",
    title="Without parameter coverage there are bad strict local minima",
    statements=(
        Statement(
            "printed",
            r"If the rows of $U_2,\dots,U_L$ span $\mathbb R^{d_x}$, a critical point is of good quality, in the sense "
            r"of Theorem 2: $R\le R_{\mathrm{lin}}$ or $\lambda_{\min}(\nabla^2R)<0$. (A conjecture, with 'good' made "
            r"precise.)",
            "as printed",
        ),
        Statement(
            "minimum",
            r"(c2) cannot be dropped from Theorem 2: there are a data set and a strict local minimum (modulo the gauge "
            r"of $V_L$) with $R>R_{\mathrm{lin}}$, $E[\ell''h_Lh_L^{\mathsf T}]$ of full rank, and rows of "
            r"$U_2,\dots,U_L$ that span $\mathbb R^{d_x}$.",
            "sharper",
            quantifier="some",
        ),
        Statement(
            "linear_labels",
            r"The same with labels that are linear, $y=x_1$, so that $R_{\mathrm{lin}}=0$ and the network contains an "
            r"exact fit.",
            "sharper",
            quantifier="some",
        ),
        Statement(
            "block",
            r"Where the derivatives in $w$ and $V_k,\dots,V_L$ vanish and $w$ is not in the span of the rows of "
            r"$U_{k+1},\dots,U_L$: $R\le\inf_tE[\ell(t^{\mathsf T}h_{k-1};y)]$. With $k=1$, $R\le R_{\mathrm{lin}}$: a "
            r"bad critical point has $w$ in the span of the rows of $U_2,\dots,U_L$.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"landscape": "ysj_conjecture", "rank": 0, "shift": "1e-6"},
    control_statement="minimum",
    figure=figure,
    expand=expand,
    summary=summary,
)
