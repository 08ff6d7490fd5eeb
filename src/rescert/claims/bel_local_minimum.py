r"""Bad local minima near the identity: what Theorem 6 of Bartlett, Evans and Long (2018) leaves open.

A $(m,d,k)$ tanh residual network is $h=h_m\circ\dots\circ h_1$ with $h_i(x)=x+A_i\tanh(B_ix)$, $A_i\in\mathbb
R^{d\times k}$, $B_i\in\mathbb R^{k\times d}$, and $Q=\frac12E|h(x)-y|^2$. Theorem 6 shows a bad *critical point* in
the realisable case, $y=h^*(x)$ with probability 1: the network with all weights zero. That point is a saddle
(`bel_theorem6`), and its layers are the identity, so descent leaves it. The question is whether there are bad *local
minima* with layers near the identity. There are, for every $\epsilon$, with one layer and with several. On a line with
one unit there are none.

## Distances from the identity

**Lemma.** $\|AB\|\le\|A\tanh(B\,\cdot)\|_L\le\max_S\|A_SB_S\|$, the maximum over the sets $S$ of units, $A_S$, $B_S$
their columns and rows. With one unit there is equality: $|a||b|$.

*Proof.* The Lipschitz constant of a differentiable map on $\mathbb R^d$ is the supremum of the norm of its derivative,
here $A\,\mathrm{diag}(s)B$ with $s_j=1-\tanh^2(B_jx)\in(0,1]$. At $x=0$ it is $AB$. The norm of $A\,\mathrm{diag}(s)B$
is convex in $s$, so on $[0,1]^k$ it is largest at a corner. ∎

## One layer: one minimum is enough

**Proposition 1.** Let $m=1$, and let $(A,B)$ be a strict local minimum with $Q>0$ for the teacher $(A^*,B^*)$ and the
inputs $x$. For every $s>0$, $(sA,B)$ is one for the teacher $(sA^*,B^*)$ and the same inputs, with $s^2$ times the
risk, and both distances from the identity are $s$ times what they were.

*Proof.* $h(x)-y=A\tanh(Bx)-A^*\tanh(B^*x)$ is linear in $(A,A^*)$, so $Q$ of $(sA,B)$ with the new labels is $s^2$
times $Q$ of $(A,B)$ with the old ones, and $(A,B)\mapsto(sA,B)$ is a linear bijection of the parameters. ∎

So one certified example gives one for *every* $\epsilon>0$.

**Proposition 2.** If $(A,B)$ is such a minimum in dimension $d$, then with zeros appended it is a local minimum with
the same $Q>0$ in every dimension $d'>d$, for the same data with zeros appended. (It is not strict: the new columns of
$B$ are not seen.)

*Proof.* Near it let $(A',B')$ be any parameters, and $(A'_1,B'_1)$ their first $d$ rows, respectively columns. The new
coordinates of $x$ and $y$ are 0, so $Q(A',B')=Q(A'_1,B'_1)+\frac12E|A'_2\tanh(B'_1x)|^2\ge Q(A,B)$. ∎

## Several layers: the limit of small layers

**Theorem.** Let all layers see the input, $g_\theta(x)=\sum_{i=1}^mA_i\tanh(B_ix)$, and
$F_0(\theta)=\frac12E|g_\theta-g_{\theta^*}|^2$ for a distribution of $x$ on a bounded set. Let $\theta$ be a critical
point of $F_0$ with a positive definite Hessian, $F_0(\theta)>0$, and $\max_S\|A_{i,S}B_{i,S}\|<\|A^*_iB^*_i\|$ for
$i=1,\dots,m$. Then for every $\epsilon>0$ there is a teacher, realising the labels of the same inputs, with $m$ layers
*in series* and $\|h^*_i-\mathrm{Id}\|_L<\epsilon$, and a strict local minimum with positive definite Hessian, $Q>0$,
and $\|h_i-\mathrm{Id}\|_L<\|h^*_i-\mathrm{Id}\|_L$ for all $i$.

*Proof.*

1. *Scale.* Write $h_{s,\theta}$ for the network in series with the parameters $(sA_i,B_i)$. It is real-analytic in
   $(s,\theta,x)$ and the identity for $s=0$, so $h_{s,\theta}(x)=x+s\,r(s,\theta,x)$ with $r$ analytic. The states of
   all layers are $x+O(s)$, so $r(0,\theta,x)=g_\theta(x)$.
2. *One function.* For the teacher $(sA^*_i,B^*_i)$ let $Q_s$ be the risk as a function of the parameters. Then
   $Q_s(sA,B)=s^2F(s,\theta)$ with $F(s,\theta)=\frac12E|r(s,\theta,x)-r(s,\theta^*,x)|^2$, which is smooth in
   $(s,\theta)$ because the inputs are bounded, and $F(0,\cdot)=F_0$.
3. *Continuation.* $\nabla_\theta F(0,\theta)=0$ with an invertible Hessian: by the implicit function theorem there are
   $\theta(s)\to\theta$ with $\nabla_\theta F(s,\theta(s))=0$ for small $s$, and by continuity the Hessian is positive
   definite and $F(s,\theta(s))>0$. For $s>0$, $(A,B)\mapsto(sA,B)$ is a linear bijection, so $(sA(s),B(s))$ is a
   strict local minimum of $Q_s$ with positive definite Hessian and $Q_s>0$. The teacher has $Q_s=0$.
4. *Distances.* By the lemma $\|h_i-\mathrm{Id}\|_L\le s\max_S\|A_{i,S}(s)B_{i,S}(s)\|$, which for small $s$ is below
   $s\|A^*_iB^*_i\|\le\|h^*_i-\mathrm{Id}\|_L$, by continuity; and $\|h^*_i-\mathrm{Id}\|_L\le
   s\max_S\|A^*_{i,S}B^*_{i,S}\|<\epsilon$ for small $s$. ∎

The $m$ layers in parallel are one layer of width $mk$, except that distances count layer by layer. So the theorem
reduces every depth to one layer, where minima are found in seconds. It is tested as it says: the minimum in parallel is
certified, and so is the one of the layers in series at $s=2^{-10}$, to which Newton's method goes from the limit.

## One unit on a line has no bad critical point but zero

**Proposition 3.** Let $m=d=k=1$, $y=x+a^*\tanh(b^*x)$ with $a^*b^*\ne0$, and let $x$ be bounded and not 0 almost
surely. Every critical point has $Q=0$ or is $a=b=0$. (That one is a strict saddle: $E[(y-x)x]\ne0$.)

*Proof.* Let $g(x)=a\tanh(bx)-a^*\tanh(b^*x)$. All functions here are odd in $x$ and enter in products of two, so $x$
may be replaced by $|x|$, and atoms at 0 do not matter: let $x>0$. Changing the signs of $a,b$, or of $a^*,b^*$,
together changes nothing: let $b^*>0$ and $b\ge0$. Critical means $E[g\tanh(bx)]=0$ and $aE[g\,x(1-\tanh^2(bx))]=0$.

1. *$a=0$.* Then $a^*E[\tanh(b^*x)\tanh(bx)]=0$, and the product is positive if $b>0$. So $b=0$.
2. *$a\ne0$, $b=0$.* The second equation is $-aa^*E[\tanh(b^*x)x]=0$, which is false.
3. *$a\ne0$, $b>0$, $b\ne b^*$.* The derivative of $\log(\tanh(bx)/\tanh(b^*x))$ is
   $\frac1x(\varphi(2bx)-\varphi(2b^*x))$ with $\varphi(t)=t/\sinh t$, which falls strictly: the quotient is strictly
   monotone. So $g$ has at most one zero $x_0>0$, and changes its sign there. Without a zero $g\tanh(bx)$ has one strict
   sign, against the first equation. With one, let $\rho(x)=x(1-\tanh^2(bx))/\tanh(bx)=2x/\sinh(2bx)$, which falls
   strictly. Both equations give $E[g\tanh(bx)(\rho(x)-\rho(x_0))]=0$, and the integrand has one strict sign for
   $x\ne x_0$. So $x=x_0$ almost surely, hence $g=0$ almost surely and $Q=0$.
4. *$b=b^*$.* Then $g=(a-a^*)\tanh(bx)$, and the first equation gives $a=a^*$. ∎

In the plane one unit is enough for a bad minimum. With more units on a line none was met, and none is excluded: the
proof needs functions that have no more zeros than terms, and $\tanh(bx)$ is not known here to be of that kind.

## How minima are found and certified

Problems are random: few normal atoms, random weights in multiples of 1/64, a teacher with normal entries, all short
binary fractions. Levenberg and Marquardt's method runs from random starts; what ends at a critical point in floats,
with $Q>0$ and positive eigenvalues, is a candidate, and the best conditioned whose layers are nearer than the
teacher's is certified: in balls, exactly one critical point in a box (Krawczyk's operator), a positive definite
Hessian and $Q>0$ all over the box, and $\max_S\|A_SB_S\|^2<|A^*B^*u|^2/|u|^2$ for every layer, with a vector $u$.
Labels are not rounded: the programs compute them from the teacher, whose $Q$ is therefore 0. Distances are those on
all of $\mathbb R^d$, as in the paper. Shares of problems are those of the stated distribution, a lower estimate of the
share that *has* a bad minimum. The stored problem was chosen for a clear
minimum, by random changes of one that the search had met; it is in no share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rescert import runtime
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.landscape import tanh_case, tanh_instances, tanh_minima
from rescert.landscape.tanh_certificates import rounded_down
from rescert.landscape.tanh_instances import Case
from rescert.statistics import clopper_pearson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL = 61  # points an axis of the level curves
MAGNIFIED = 8  # y - x in the figure


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """One family of problems, searched, or one stored problem."""
    known = tanh_instances.read(instance, runtime.generator)
    single = known.depth == 1
    findings = {
        "one_layer": _series(known, single, "more than one layer"),
        "layers": _series(known, not single, "one layer"),
        "every_scale": _every_scale(known),
        "line": _line(known),
    }
    findings["one_layer"] = replace(findings["one_layer"], values={**_counts(known), **_shown(known)})
    return findings


def _series(known: Case, asked: bool, otherwise: str) -> Finding:
    if not asked or known.parallel:
        reason = "the limit of small layers, not layers in series" if known.parallel else otherwise
        return Finding(False, None, Evidence.NUMERICAL, reason)
    proved = True if known.bad.assertions else None
    measured = f"Q >= {rounded_down(known.bad.least)}" if proved else None
    return Finding(
        proved,
        proved,
        Evidence.ENCLOSED,
        known.bad.reason,
        measured,
        f"radius {known.radius}",
        known.bad.assertions,
    )


def _every_scale(known: Case) -> Finding:
    """The minimum of the layers in parallel, and the one of the layers in series at a small scale."""
    if known.depth > 1 and not known.parallel:
        return Finding(False, None, Evidence.NUMERICAL, "layers in series at one scale")
    if not known.bad.assertions or known.problem is None or known.bad.point is None:
        return Finding(None, None, Evidence.ENCLOSED, known.bad.reason)
    series = tanh_case.small(known.problem, known.bad.point, known.radius)
    if not series.assertions:
        return Finding(True, None, Evidence.ENCLOSED, series.reason)
    reason = f"m = {known.depth}, k = {known.width}: in parallel {known.bad.reason}; {series.reason}"
    return Finding(
        True, True, Evidence.ENCLOSED, reason, f"Q >= {rounded_down(series.least)}", "every radius > 0",
        (*known.bad.assertions, *series.assertions),
    )  # fmt: skip


def _line(known: Case) -> Finding:
    if (known.depth, known.dimension, known.width) != (1, 1, 1) or known.found is None:
        return Finding(False, None, Evidence.NUMERICAL, "not one unit on a line")
    found = known.found
    reason = f"of {found.starts} starts {found.solved} ended with Q = 0, {found.idle} at zero, {found.other} at other "
    reason += "critical points with a Hessian that is not singular, the rest at none or where units saturate; Q counts "
    reason += f"as positive from {tanh_minima.POSITIVE} times the scale on"
    return Finding(True, found.other == 0, Evidence.NUMERICAL, reason, float(found.other), 0.0)


def _counts(known: Case) -> dict[str, Any]:
    """What was tried, for the table and the figure."""
    values: dict[str, Any] = {"m": known.depth, "d": known.dimension, "k": known.width, "limit": known.parallel}
    found = known.found
    names = ("starts", "solved", "critical", "idle", "strict", "problems", "nearer")
    return values | {f"found_{name}": getattr(found, name) if found else None for name in names}


def _shown(known: Case) -> dict[str, Any]:
    """Level curves and data of one unit in the plane."""
    names = ("atoms", "sizes", "teacher_a", "teacher_b", "student_a", "student_b", "student_risk")
    drawn = ("levels", "reach", "near", "near_reach")
    plane = (known.depth, known.dimension, known.width) == (1, 2, 1)
    if not plane or known.problem is None or known.bad.point is None:
        return dict.fromkeys((*names, *drawn))
    problem, point = known.problem, known.bad.point
    own = point["B1"].reshape(-1)
    reach, near = 1.35 * float(max(np.abs(problem.inner).max(), np.abs(own).max())), float(0.35 * np.linalg.norm(own))
    arrays = (
        problem.points, np.array([float(Fraction(w)) for w in problem.weights]), problem.outer, problem.inner,
        point["A1"], own,
    )  # fmt: skip
    lists = [array.reshape(-1).tolist() for array in arrays]
    wide, close = np.linspace(-reach, reach, PANEL), np.linspace(-near, near, PANEL)
    surfaces = [tanh_case.reduced(problem, wide, wide), tanh_case.reduced(problem, own[0] + close, own[1] + close)]
    levels = [surface.reshape(-1).tolist() for surface in surfaces]
    values = [*lists, known.bad.least, levels[0], reach, levels[1], near]
    return dict(zip((*names, *drawn), values, strict=True))


def _searches(rows: pd.DataFrame) -> pd.DataFrame:
    shown = rows[(rows["statement"] == "one_layer") & rows["found_starts"].notna()]
    return shown.sort_values(["limit", "m", "k", "d"], kind="stable")


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """The numbers of the caption."""
    certified = rows[rows["certified"] & (rows["verdict"] == "holds")]
    searched = _searches(rows)
    one = searched[(searched["d"] == 1)]
    tried, bad = int(one["problems"].sum()), int(one["found_problems"].sum())
    low, high = clopper_pearson(bad, tried) if tried else (0.0, 1.0)
    deepest = certified.loc[certified["statement"] == "layers", "depth"]
    return {
        "problems": int(searched["problems"].sum()),
        "starts": int(searched["found_starts"].sum()),
        "certified": int(certified["instance"].nunique()),
        "deepest": int(deepest.max()) if len(deepest) else 1,
        "line_problems": tried,
        "line_bad": bad,
        "line_share": f"{100 * low:.1f} to {100 * high:.1f} %",
        "magnified": MAGNIFIED,
        "risk": _portrayed(rows)["measured"] if _portrayed(rows) is not None else "not certified",
    }


def _portrayed(rows: pd.DataFrame) -> Any:
    """The first certified minimum of one unit in the plane."""
    shown = rows[(rows["statement"] == "one_layer") & rows["certified"] & rows["levels"].notna()]
    return None if shown.empty else shown.iloc[0]


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""A certified bad local minimum of one unit, $h(x)=x+a\tanh(b\cdot x)$ in the plane ({risk}); the labels are those
    of a teacher $a^*,b^*$. Top left: the atoms (area: weight), and what is added to them, magnified {magnified} times,
    by the teacher (solid) and by the student at the minimum (dashed). Bottom: level curves of $\min_aQ$ over $b$, all
    of it (logarithmic, three decades) and around the student; teacher (star) and student (disc) appear twice, because
    $(a,b)$ and $(-a,-b)$ are one network. Top right: share of random realisable problems on which the search met a
    strict local minimum with $Q>0$, in floats (disc; bar: 95 % interval), by $(m,d,k)$, depth, dimension and width; p:
    layers in parallel, the limit of small layers. In all {problems} problems and {starts} starts; {certified} instances
    are certified, up to depth {deepest}. On the line ($d=1$): {line_bad} of {line_problems} problems (95 % interval
    {line_share}).
    """
    import matplotlib.pyplot as plt

    rows = tables["claims/bel_local_minimum"]
    drawing, ((data, shares), (whole, near)) = plt.subplots(2, 2, figsize=(6.8, 6.2))
    portrayed = _portrayed(rows)
    if portrayed is not None:
        _data(data, portrayed)
        _levels(whole, portrayed, "levels", portrayed["reach"])
        _levels(near, portrayed, "near", portrayed["near_reach"])
    data.set(xlabel="$x_1$", ylabel="$x_2$", title="atoms and labels")
    whole.set(xlabel="$b_1$", ylabel="$b_2$", title=r"$\min_a\,Q$")
    near.set(xlabel="$b_1$", ylabel="$b_2$", title=r"$\min_a\,Q$, around the student")
    return Drawing(drawing, _shares(shares, _searches(rows)))


def _data(axes: Axes, row: pd.Series) -> None:
    """From the atoms to the labels, magnified."""
    import seaborn as sns

    colour = sns.color_palette()
    atoms, sizes = np.array(row["atoms"]).reshape(-1, 2), np.array(row["sizes"])
    axes.scatter(atoms[:, 0], atoms[:, 1], s=20 + 220 * sizes, color="0.87", edgecolor="0.4", linewidth=0.6, zorder=2)
    for name, tone, style, width in (("teacher", colour[0], "-", 2.6), ("student", colour[1], "--", 1.5)):
        a, b = np.array(row[f"{name}_a"]), np.array(row[f"{name}_b"])
        ends = atoms + MAGNIFIED * np.tanh(atoms @ b)[:, None] * a
        for start, end in zip(atoms, ends, strict=True):
            axes.plot([start[0], end[0]], [start[1], end[1]], color=tone, linestyle=style, linewidth=width, zorder=3)
        axes.plot(*ends.T, color=tone, marker="o" if name == "teacher" else "D", markersize=4, linestyle="none",
                  label=name, zorder=4)  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.12)
    axes.legend()


def _levels(axes: Axes, row: pd.Series, name: str, reach: float) -> None:
    """The reduced risk over b: all of it on a logarithmic scale, and around the student."""
    import seaborn as sns

    student, teacher = np.array(row["student_b"]), np.array(row["teacher_b"])
    grid = np.linspace(-reach, reach, PANEL)
    values = np.array(row[name]).reshape(PANEL, PANEL)
    if name == "levels":
        values, first, second = np.log10(np.maximum(values, 1e-12)), grid, grid
        edges = np.linspace(values.max() - 3, values.max(), 19)
    else:
        first, second = student[0] + grid, student[1] + grid
        edges = row["student_risk"] * np.linspace(0.94, 1.15, 22)
    shades = sns.color_palette("blend:#08306b,#4f90c4,#f4f8fb", as_cmap=True)
    bands = axes.contourf(first, second, values, levels=edges, cmap=shades, extend="both")
    bands.set_edgecolor("face")
    axes.contour(first, second, values, levels=edges, colors="0.25", linewidths=0.4, linestyles="solid")
    for own, marker, size, fill in ((teacher, "*", 11, "#f0e442"), (student, "o", 6, "#de8f05")):
        both = np.array([own, -own])
        inside = both[(both > [first[0], second[0]]).all(1) & (both < [first[-1], second[-1]]).all(1)]
        label = "student" if own is student else "teacher"
        axes.plot(*inside.T, linestyle="none", marker=marker, markersize=size, markerfacecolor=fill,
                  markeredgecolor="black", label=label)  # fmt: skip
    axes.set(xlim=(first[0], first[-1]), ylim=(second[0], second[-1]))
    axes.set_aspect("equal")
    axes.grid(False)
    if name == "levels":
        axes.legend(loc="upper right", frameon=True, framealpha=0.9)


def _shares(axes: Axes, searched: pd.DataFrame) -> pd.DataFrame:
    """The share of problems with a bad minimum, and its interval."""
    import seaborn as sns

    colour = sns.color_palette()
    table: list[dict[str, Any]] = []
    for place, (_, row) in enumerate(searched.iterrows()):
        tried, bad = int(row["problems"]), int(row["found_problems"])
        low, high = clopper_pearson(bad, tried)
        label = "({}, {}, {})".format(*(int(row[n]) for n in ("m", "d", "k"))) + (" p" if row["limit"] else "")
        table.append({"family": label, "problems": tried, "bad": bad, "low": low, "high": high})
        axes.plot([100 * low, 100 * high], [place, place], color=colour[0], linewidth=2)
        axes.plot(100 * bad / tried, place, marker="o", color=colour[0])
    axes.set_yticks(range(len(table)), [str(entry["family"]) for entry in table])
    axes.invert_yaxis()
    axes.set_xlim(left=-1)
    axes.set(xlabel="% of problems", title="bad minima met")
    axes.grid(axis="y", visible=False)
    return pd.DataFrame(table, columns=["family", "problems", "bad", "low", "high"])


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Theorem 6, local minima",
    title="Bad local minima of realisable tanh residual networks, as near to the identity as one likes",
    statements=(
        Statement(
            "one_layer",
            r"For one layer there are a realisable distribution on a bounded set and a strict local minimum of $Q$ "
            r"with positive definite Hessian and $Q>0$, whose layer is nearer to the identity than the teacher's, "
            r"$\|h-\mathrm{Id}\|_L<\|h^*-\mathrm{Id}\|_L<\epsilon$, with a stated $\epsilon$ (`radius`).",
            "sharper",
            quantifier="some",
        ),
        Statement(
            "layers",
            r"The same for two layers or more, layer by layer.",
            "sharper",
            quantifier="some",
        ),
        Statement(
            "every_scale",
            r"There are $m$, $d$, $k$ such that this is so for every $\epsilon>0$: it is enough that the $m$ layers "
            r"*in parallel*, $x+\sum_iA_i\tanh(B_ix)$, have one such minimum with "
            r"$\max_S\|A_{i,S}B_{i,S}\|<\|A^*_iB^*_i\|$ for every $i$, $S$ the sets of units.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
        Statement(
            "line",
            r"One layer with one unit on a line ($m=d=k=1$): every critical point has $Q=0$ or is the zero point.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={
        "family": "stored", "points": "512 0; 0 512", "weights": "1 1", "outer": "256; 0", "inner": "512 512",
        "start": "0 0 0 0", "radius": "2",
    },
    control_statement="one_layer",
    figure=figure,
    summary=summary,
    validate=tanh_instances.validate,
)  # fmt: skip
