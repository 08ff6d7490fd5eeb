r"""Critical points of residual networks near the identity: how far above the best linear risk (Theorem 4).

The network is $h_0=x$, $h_l=h_{l-1}+\Phi_l(h_{l-1})$ for $1\le l\le L$, $f=w^{\mathsf T}h_L$; the risk is
$R=E[\ell(f;y)]$, $\varrho(t)=E[\ell(t^{\mathsf T}x;y)]$, and $R_{\mathrm{lin}}=\inf_t\varrho(t)$ **without bias**. $E$
is a mean over finitely many samples. $\ell$ is convex and differentiable in its first argument, $\ell'$ means
$\ell'(f;y)$. The theorem assumes $|\ell'|\le\mu$, each $\Phi_l$ to be $\rho_l$-Lipschitz with $\Phi_l(0)=0$, and a
$\hat t$ with $\varrho(\hat t)=R_{\mathrm{lin}}$; it says that at every critical point $R\le R_{\mathrm{lin}}+\mu|\hat
t|\bigl(\prod_l(1+\rho_l)-1\bigr)E|x|$.

## Proof, and what is sharper

Let only the derivative in $w$ vanish: $E[\ell'h_L]=0$ (just two components of it are used: along $w$ and along one
$t$). Nothing about the derivatives of $\Phi_l$ is used, not even that they exist. Write $D(p;q)=\ell(p)-\ell(q)-
\ell'(q)(p-q)\ge0$ for the gap of convexity.

1. *An identity.* For every $t$, $\varrho(t)-R=E[D(t^{\mathsf T}x;f)]+E[\ell'(t^{\mathsf T}x-f)]$. Here
   $E[\ell'f]=w^{\mathsf T}E[\ell'h_L]=0$ and $E[\ell'x]=E[\ell'h_L]-E[\ell'(h_L-x)]=-E[\ell'(h_L-x)]$. So,
   for every $t$,
   $$R=\varrho(t)+t^{\mathsf T}E[\ell'(h_L-x)]-E[D(t^{\mathsf T}x;f)].$$
2. *Sharpest.* $D\ge0$, so $R\le\inf_t\{\varrho(t)+t^{\mathsf T}E[\ell'(h_L-x)]\}$. The difference is
   $\inf_tE[D(t^{\mathsf T}x;f)]$. If $\ell$ is strictly convex and the infimum is attained, equality holds exactly if
   the network is linear on the samples, $f=t^{\mathsf T}x$; so it holds at every critical point with $w=0$ (there
   $f=0$, and $t=0$ attains it).
3. *Without* $\ell'$. $|E[\ell'(h_L-x)]|\le\mu E|h_L-x|$ gives $R\le\inf_t\{\varrho(t)+\mu|t|\,E|h_L-x|\}$.
4. *Printed.* $|h_l|\le|h_{l-1}|+|\Phi_l(h_{l-1})|\le(1+\rho_l)|h_{l-1}|$, because $|\Phi_l(h)|=|\Phi_l(h)-\Phi_l(0)|\le
   \rho_l|h|$. So $|h_L-x|\le\sum_l|\Phi_l(h_{l-1})|\le\sum_l\rho_l\prod_{k<l}(1+\rho_k)|x|
   =\bigl(\prod_l(1+\rho_l)-1\bigr)|x|$; the sum telescopes. With $t=\hat t$ in 3 this is the printed bound. $\square$

3 needs neither $\rho_l$ nor $\Phi_l(0)=0$ nor $\hat t$, 2 not even $\mu$: it holds for the squared loss. For the
logistic loss $\ell=\log(1+e^f)-yf$, $\sigma=1/(1+e^{-f})$, both have a meaning: a stationary $R=E[\ell-\ell'f]$ is the
mean entropy of the predicted probabilities $\sigma(f)$, the bound in 2 is the best linear risk for the labels
$\sigma(f)$ in place of $y$, and $D$ is the relative entropy of $\sigma(f)$ to $\sigma(t^{\mathsf T}x)$. These labels
are never separable, so that the infimum in 2 is always attained.

Another way to 3: a stationary $w$ minimises the convex function $w\mapsto E[\ell(w^{\mathsf T}h_L)]$, so
$R\le E[\ell(t^{\mathsf T}h_L)]$ for every $t$. For class labels this gives a one-sided bound,
$R\le\inf_t\{\varrho(t)+E[\max(0,(1-2y)\,t^{\mathsf T}(h_L-x))]\}$, as $\ell$ falls in $(2y-1)f$ with slope at most 1.

## Second order at critical points of all parameters

Let $\Phi_l=V_l\phi_l$ with $V_l$ among the parameters, differentiable and $\rho_l$-Lipschitz, $\Phi_l(0)=0$.

**Theorem.** If the derivatives in $w$ and in $V_1,\dots,V_L$ vanish and $w\ne0$, then
$$R\le\inf_t\{\varrho(t)+\mu|t|\,S\,E|x|\},\qquad
S=\sum_{l=1}^L\rho_l\prod_{k<l}(1+\rho_k)\Bigl(\prod_{k>l}(1+\rho_k)-1\Bigr).$$

*Proof.* With $q_L=w$ and $q_{l-1}=q_l+(D\Phi_l)^{\mathsf T}q_l$ (at $h_{l-1}$), the chain rule gives
$\partial R/\partial V_l=E[\ell'q_l\phi_l^{\mathsf T}]$. Multiplied by $w^{\mathsf T}$ from the left and by
$V_l^{\mathsf T}$ from the right it is $0=E[\ell'\,(w^{\mathsf T}q_l)\,\Phi_l^{\mathsf T}]$, so
$|w|^2E[\ell'\Phi_l]=-E[\ell'\,w^{\mathsf T}(q_l-w)\,\Phi_l]$. Since $\|D\Phi_k\|\le\rho_k$, as in step 4
$|q_l-w|\le\bigl(\prod_{k>l}(1+\rho_k)-1\bigr)|w|$; and $|\Phi_l(h_{l-1})|\le\rho_l\prod_{k<l}(1+\rho_k)|x|$. Hence
$|E[\ell'\Phi_l]|\le\mu\,\rho_l\prod_{k<l}(1+\rho_k)\bigl(\prod_{k>l}(1+\rho_k)-1\bigr)E|x|$. The sum over $l$ bounds
$|E[\ell'(h_L-x)]|$, and step 2 ends the proof. $\square$

$S$ is of second order: its leading term is $\sum_{k<l}\rho_k\rho_l$, where the printed factor starts with
$\sum_l\rho_l$; for $\rho_l=c/L$ it tends to $1+(c-1)e^c\approx\frac12c^2$, against $e^c-1$. For one block it is 0: then
$R\le R_{\mathrm{lin}}$ at every critical point with $w\ne0$, which is the known theorem for one block. And near enough
to the identity there are no others, as the next section shows, if $E[\ell'(0;y)x]\ne0$ (otherwise
$R=R_{\mathrm{lin}}$ at $w=0$).

## When the printed bound says nothing

The choice $t=0$ in 2 gives $R\le E[\ell(0;y)]$ at *every* point stationary in $w$, of any architecture, with equality
at $w=0$. This bound, too, is independent of depth and width. For $\hat t\ne0$ (and some $x\ne0$) the printed one is
below it if and only if
$\prod_l(1+\rho_l)-1<\bigl(E[\ell(0;y)]-R_{\mathrm{lin}}\bigr)/(\mu|\hat t|E|x|)$; for $\hat t=0$ it is never below.

**Proposition.** If $\prod_l(1+\rho_l)-1\ge|E[\ell'(0;y)x]|/(\mu E|x|)$, then the printed bound is at least
$E[\ell(0;y)]$. This is so on all data if $\prod_l(1+\rho_l)\ge2$; for the logistic loss, if
$\prod_l(1+\rho_l)\ge\frac32$.

*Proof.* By convexity $E[\ell(0;y)]-R_{\mathrm{lin}}=\varrho(0)-\varrho(\hat t)\le-\nabla\varrho(0)^{\mathsf T}\hat t\le
|\nabla\varrho(0)||\hat t|$, and $\nabla\varrho(0)=E[\ell'(0;y)x]$ is at most $\mu E|x|$ long, since $|\ell'|\le\mu$.
For the logistic loss $|\ell'(0;y)|=|\frac12-y|\le\frac12$ and $\mu=1$. $\square$

- Since $\prod_l(1+\rho_l)\ge1+\sum_l\rho_l$, the bound says nothing as soon as $\sum_l\rho_l\ge1$ ($\frac12$ for the
  logistic loss). So a term that "becomes size-independent" for $\rho_l=O(1/L)$ is of use only if $\rho_l\approx c/L$
  with $c<1$ (in the limit of depth, $e^c<2$; for the logistic loss, $e^c<\frac32$).
- At a critical point with $w=0$ it never says anything: there $0=E[\ell'(0;y)h_L]$, so
  $|\nabla\varrho(0)|=|E[\ell'(0;y)(h_L-x)]|\le\mu\bigl(\prod_l(1+\rho_l)-1\bigr)E|x|$. Read the other way: nearer to
  the identity than that there are no critical points with $w=0$.
- The bound of step 3 is below $E[\ell(0;y)]$ exactly if $\mu E|h_L-x|<|E[\ell'(0;y)x]|$: by convexity $t=0$ minimises
  $\varrho(t)+\kappa|t|$ if and only if $|\nabla\varrho(0)|\le\kappa$.

## What an instance shows

The blocks are $V_l\tanh(U_lh)$ (or softplus), the loss is logistic, $\mu=1$ (the least one for class labels). *Drawn*
and *adverse* blocks are fixed functions, without parameters of their own, so that a critical point is one of $w$: the
minimiser for these blocks. Adverse blocks were chosen to make this minimum large. At *zero* points ($w=0$, $V_L$ from a
linear system) the derivatives in all parameters vanish. At *designed* points they do, too, with $w\ne0$: the labels, in
$[0,1]$, are chosen for the parameters. Krawczyk's inclusion proves a stationary point in a box; all inequalities are
shown all over the box, $R_{\mathrm{lin}}$ and $|\hat t|$ are enclosed by strong convexity (`landscape/linear_risk.py`).

*Which* $\rho_l$. The derivative of $V_l\tanh(U_lh)$ at 0 is $V_lU_l$, so every Lipschitz constant is at least
$|V_lU_lu|/|u|$, for any $u$. The printed inequality is shown with these least values: then it holds for every $\rho_l$
that satisfies its hypothesis. Where an upper bound is needed (is the printed bound below $E[\ell(0;y)]$?)
$\rho_l=\|V_l\|_F\|U_l\|_F$ is taken; tanh has slopes in $[0,1]$.

*The infimum in 3* from below: for a vector $c$ with $|c|\le\kappa=\mu E|h_L-x|$,
$\inf_t\{\varrho(t)+\kappa|t|\}\ge\inf_t\{\varrho(t)+c^{\mathsf T}t\}$, and the right side is enclosed as
$R_{\mathrm{lin}}$ is. Where $|\nabla\varrho(0)|\le\kappa$ the infimum is $E[\ell(0;y)]$. At $w=0$ this is a tie, which
no enclosure decides: there $R-E[\ell(0;y)]\le E[\ell'f]$, by convexity, which is exactly 0.

## Errors and gaps of the paper

- $\hat t$ need not exist: on separable data the logistic loss has no best linear predictor, and the theorem is silent.
  With the infimum over $t$ (step 3) it speaks of them, too.
- "The bound could be way above $R_{\mathrm{lin}}$": from $\prod_l(1+\rho_l)=2$ on it is at least $E[\ell(0;y)]$, which
  no critical point of any network exceeds. Size-independence alone is no merit of a bound.
- The hypotheses exclude the squared loss ($\ell'$ is unbounded) and softplus blocks ($\Phi_l(0)\ne0$); steps 2 and 3
  include them (3 only the second).
- Full criticality is not needed, only that of $w$. With that of the $V_l$ the excess over $R_{\mathrm{lin}}$ is of
  second order in the distance from the identity, not of first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.landscape import linear_risk, near_identity, near_identity_bounds
from rescert.landscape.linear_risk import Comparison, Minimum
from rescert.landscape.near_identity_bounds import Case
from rescert.runtime import generator

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

NAMES = ("printed", "sharper", "exact", "second_order", "trivial", "informative")


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One network; nothing is read. A ``shift`` moves $w$ away from its minimiser."""
    parameters, X, y = near_identity.point(instance, generator)
    if "shift" in instance:
        parameters["w"] = parameters["w"] + float(instance["shift"])
    designed = instance["origin"] == "designed"
    enclose = near_identity_bounds.enclose_designed if designed else near_identity_bounds.enclose
    case = enclose(parameters, X, y, instance["activation"])
    minimum = linear_risk.enclose(X, case.box["y"], near_identity.LOSS)
    values = near_identity_bounds.describe(case, minimum)
    if not case.existence:
        moved = near_identity_bounds.gradient_differs(case)
        absent = _vacuous("w is not stationary", moved) if moved.assertion is not None else _undecided(case.reason)
        findings = dict.fromkeys(NAMES, absent)
    else:
        findings = {
            "sharper": _compared(case, near_identity_bounds.below_infimum(case, case.displacement)),
            "exact": _compared(case, near_identity_bounds.below_exact(case)),
            **_with_best_predictor(case, minimum),
            "second_order": _second_order(case, designed),
        }
    return {name: _shown(findings[name], name, values) for name in NAMES}


def _undecided(reason: str) -> Finding:
    return Finding(None, None, Evidence.NUMERICAL, reason)


def _vacuous(reason: str, *shown: Proof) -> Finding:
    """A hypothesis does not hold, by the proofs ``shown``; undecided if one of them failed."""
    failed = [proof.reason for proof in shown if proof.assertion is None]
    if failed:
        return _undecided(f"{reason}? {failed[0]}")
    return Finding(False, None, Evidence.ENCLOSED, reason, assertions=tuple(p.assertion for p in shown if p.assertion))


def _compared(case: Case, found: Comparison) -> Finding:
    """Stationarity is proved; the risk lies below the bound, above it, or this is not decided."""
    if found.below is None:
        return _undecided(found.reason)
    reason = f"{found.reason}; {case.reason}"
    return Finding(True, found.below, Evidence.ENCLOSED, reason, assertions=(*case.existence, *found.assertions))


def _with_best_predictor(case: Case, minimum: Minimum) -> dict[str, Finding]:
    r"""The statements that speak of $\hat t$ and of blocks that are 0 at 0."""
    names = ("printed", "trivial", "informative")
    if case.activation != "tanh":
        absent = _vacuous("a block is not 0 at 0", near_identity_bounds.origin_moves(case))
        return dict.fromkeys(names, absent)
    if minimum.attained is False:
        absent = Finding(False, None, Evidence.ENCLOSED, minimum.reason, assertions=minimum.assertions)
        return dict.fromkeys(names, absent)
    if minimum.attained is None:
        return dict.fromkeys(names, _undecided(minimum.reason))
    return {
        "printed": _compared(case, near_identity_bounds.below_printed(case, minimum)),
        "trivial": _trivial(case, minimum),
        "informative": _informative(case, minimum),
    }


def _second_order(case: Case, all_vanish: bool) -> Finding:
    r"""The statement on critical points with $w\ne0$; where only $w$ is stationary, or is 0, it says nothing."""
    if case.activation != "tanh":
        return _vacuous("a block is not 0 at 0", near_identity_bounds.origin_moves(case))
    if not case.parameters["w"].any():
        return _vacuous("w = 0", *near_identity_bounds.output_vanishes(case))
    if not all_vanish:
        return _vacuous("not stationary in V_L", *near_identity_bounds.outer_layers_move(case))
    return _compared(case, near_identity_bounds.below_second_order(case))


def _trivial(case: Case, minimum: Minimum) -> Finding:
    r"""Whether $\prod_l(1+\rho_l)-1$ reaches the Proposition's threshold, and the printed bound then $E[\ell(0;y)]$."""
    known = near_identity_bounds.constants(case, minimum)

    def excess(values: linear_risk.Values, growth: Any) -> Any:
        return growth(values) * near_identity.size(values) - near_identity.norm(near_identity.zero_slope(values))

    far = case.prove(lambda v: excess(v, near_identity.least_growth), ">=", **known)
    near = case.prove(lambda v: excess(v, near_identity.most_growth), "<")
    if near.assertion is not None:
        return _vacuous("nearer to the identity than the condition", near)
    bound = case.prove(lambda v: near_identity_bounds.printed_least(v) - near_identity.zero_risk(v), ">=", **known)
    risk = near_identity_bounds.below_zero_risk(case)
    if bound.assertion is None or risk.assertion is None:
        return _undecided(f"{bound.reason}; {risk.reason}")
    shown = (*case.existence, *minimum.assertions, bound.assertion, risk.assertion)
    if far.assertion is not None:
        return Finding(
            True, True, Evidence.ENCLOSED, "R <= E[loss(0)] <= the bound", assertions=(*shown, far.assertion)
        )
    reason = "R <= E[loss(0)] <= the bound, although the condition is not shown"
    return Finding(None, True, Evidence.ENCLOSED, reason, assertions=shown)


def _informative(case: Case, minimum: Minimum) -> Finding:
    r"""Whether the printed bound is below $E[\ell(0;y)]$."""
    known = near_identity_bounds.constants(case, minimum)
    below = case.prove(lambda v: near_identity_bounds.printed_most(v) - near_identity.zero_risk(v), "<", **known)
    if below.assertion is not None:
        shown = (*case.existence, *minimum.assertions, below.assertion)
        return Finding(True, True, Evidence.ENCLOSED, "the bound is below E[loss(0)]", assertions=shown)
    above = case.prove(lambda v: near_identity_bounds.printed_least(v) - near_identity.zero_risk(v), ">=", **known)
    if above.assertion is None:
        return _undecided("the bound depends on how the Lipschitz constants are bounded")
    shown = (*case.existence, *minimum.assertions, above.assertion)
    return Finding(True, False, Evidence.ENCLOSED, "the bound is E[loss(0)] or more", assertions=shown)


def _shown(finding: Finding, name: str, values: Mapping[str, Any]) -> Finding:
    """The finding with its numbers; the bound of a statement about the printed one is E[loss(0)] beside it."""
    bound = values[f"{name}_bound" if name in ("printed", "sharper", "exact", "second_order") else "zero_risk"]
    printed = values["printed_bound"]
    measured = f"R = {values['risk']:.6g}"
    if name in ("trivial", "informative"):
        measured = "no printed bound" if printed is None else f"printed bound = {printed:.6g}"
    text = None if bound is None else f"{bound:.6g}"
    return replace(finding, measured=measured, bound=text, values=values)


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """The numbers of the caption."""
    printed = rows[rows["statement"] == "printed"]
    informative = rows[(rows["statement"] == "informative") & (rows["verdict"] == "holds")]
    return {
        "points": len(printed),
        "certified": int(rows[rows["statement"] == "sharper"]["certified"].sum()),
        "standing": int(printed["printed_bound"].notna().sum()),
        "informative": len(informative),
        "farthest": float(informative["growth"].max()) if len(informative) else 0.0,
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""How far the risk lies above the best linear risk, and what the bounds allow, at {points} stationary points
    ({certified} certified; logistic loss). Left: adverse blocks over the depth, coloured by $|V_l||U_l|$ (spectral
    norms, a Lipschitz constant of each block): risk (dots), the bound with $E|h_L-x|$ and the infimum over $t$ (solid),
    the printed bound with the least possible Lipschitz constants (dashed). Grey: $E[\ell(0;y)]$, which no critical
    point exceeds; a bound above it says nothing. Right: points that are critical in all parameters, over the distance
    from the identity, $\prod_l(1+\rho_l)-1$: with $w=0$, where the risk is $E[\ell(0;y)]$ (grey), and with designed
    labels (those of the longest $w$), where the second-order bound applies (0 for one block). The printed bound is
    below $E[\ell(0;y)]$ at {informative} of {standing} points that have one, none of them farther than {farthest:.3g};
    the sharper ones never exceed it.
    """
    import matplotlib.pyplot as plt

    rows = tables["claims/ysj_theorem4"]
    rows = rows[(rows["statement"] == "printed") & rows["printed_bound"].notna()]
    levels = ["risk", "printed_bound", "sharper_bound", "second_order_bound", "zero_risk"]
    excess = rows.assign(**{name: rows[name] - rows["linear_risk"] for name in levels})
    drawn, (left, right) = plt.subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
    _draw_depths(left, excess[excess["origin"] == "adverse"])
    _draw_critical(right, excess[excess["origin"].isin(["zero", "designed"])])
    columns = ["instance", "origin", "depth", "lipschitz", "growth", "linear_risk", *levels]
    return Drawing(drawn, excess[columns].reset_index(drop=True))


def _draw_depths(axes: Axes, rows: pd.DataFrame) -> None:
    import seaborn as sns

    scales = sorted(rows["lipschitz"].unique(), key=float)
    for colour, scale in zip(sns.color_palette("viridis", max(1, len(scales))), scales, strict=False):
        part = rows[rows["lipschitz"] == scale].sort_values("depth")
        axes.plot(part["depth"], part["printed_bound"], color=colour, linestyle="--", linewidth=1.1)
        axes.plot(part["depth"], part["sharper_bound"], color=colour, linewidth=1.4)
        axes.plot(part["depth"], part["risk"], color=colour, linestyle="none", marker="o", label=scale)
    for level in rows["zero_risk"].unique():
        axes.axhline(level, color="0.6", linewidth=1.5, zorder=0)
    axes.set_xscale("log", base=2)
    axes.set(yscale="log", xlabel="depth $L$", ylabel=r"excess over $R_{\mathrm{lin}}$")
    if len(scales):
        axes.legend(title=r"$|V_l||U_l|$", fontsize="small", ncols=2)


def _draw_critical(axes: Axes, rows: pd.DataFrame) -> None:
    import seaborn as sns

    designed = rows[rows["origin"] == "designed"]
    if len(designed):  # those of the longest w: at the others all differences are small
        designed = designed[designed["output"].map(float) == designed["output"].map(float).max()]
    rows = rows[(rows["origin"] == "zero") | rows.index.isin(designed.index)]
    red, blue, green, orange = (sns.color_palette()[i] for i in (3, 0, 2, 1))
    axes.plot(rows["growth"], rows["zero_risk"], color="0.6", linestyle="none", marker="_", label=r"$E[\ell(0;y)]$")
    axes.plot(rows["growth"], rows["printed_bound"], color=red, linestyle="none", marker="x", label="printed bound")
    for name, colour, mark, label in (
        ("sharper_bound", blue, "s", r"with $E|h_L-x|$"),
        ("second_order_bound", green, "^", "second order"),
        ("risk", orange, "o", "risk, designed labels"),
    ):
        axes.plot(designed["growth"], designed[name], color=colour, linestyle="none", marker=mark, label=label)
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=1e-6)
    axes.axhline(0, color="0.4", linewidth=0.8)
    axes.set(xlabel=r"distance from the identity $\Pi(1+\rho_l)-1$")
    axes.legend(fontsize="small", loc="lower left")


CLAIM = Claim(
    paper="Yun–Sra–Jadbabaie 2019",
    label="Theorem 4",
    title="Near the identity, critical points are not far above the best linear risk",
    statements=(
        Statement(
            "printed",
            r"Let $f=w^{\mathsf T}h_L$, $h_0=x$, $h_l=h_{l-1}+\Phi_l(h_{l-1})$, $\ell$ be convex, differentiable and "
            r"$\mu$-Lipschitz, every $\Phi_l$ be $\rho_l$-Lipschitz with $\Phi_l(0)=0$, and $\hat t$ attain "
            r"$R_{\mathrm{lin}}$. At every critical point "
            r"$R\le R_{\mathrm{lin}}+\mu|\hat t|\bigl(\prod_l(1+\rho_l)-1\bigr)E|x|$.",
            "as printed",
        ),
        Statement(
            "sharper",
            r"If the derivative in $w$ vanishes, $R\le\inf_t\{\varrho(t)+\mu|t|\,E|h_L-x|\}$ with "
            r"$\varrho(t)=E[\ell(t^{\mathsf T}x;y)]$, whether or not $\hat t$ exists, $\Phi_l(0)=0$ or the $\Phi_l$ "
            r"are Lipschitz. This is never above $E[\ell(0;y)]$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "exact",
            r"If the derivative in $w$ vanishes, $R\le\inf_t\{\varrho(t)+t^{\mathsf T}E[\ell'(h_L-x)]\}$ for every "
            r"convex differentiable loss, with equality at $w=0$; for strictly convex losses, where the infimum is "
            r"attained, equality holds only if the network is linear on the samples.",
            "sharper",
            proof="written",
        ),
        Statement(
            "second_order",
            r"If $\Phi_l=V_l\phi_l$ is differentiable, $\rho_l$-Lipschitz, $\Phi_l(0)=0$, and the derivatives in $w$ "
            r"and all $V_l$ vanish, $w\ne0$, then $R\le\inf_t\{\varrho(t)+\mu|t|\,S\,E|x|\}$ with "
            r"$S=\sum_l\rho_l\prod_{k<l}(1+\rho_k)\bigl(\prod_{k>l}(1+\rho_k)-1\bigr)$, of second order in the "
            r"$\rho_l$ and 0 for one block.",
            "sharper",
            proof="written",
        ),
        Statement(
            "trivial",
            r"At every point stationary in $w$, $R\le E[\ell(0;y)]$; and the printed bound is not below that if "
            r"$\prod_l(1+\rho_l)-1\ge|E[\ell'(0;y)x]|/(\mu E|x|)$, so always if $\prod_l(1+\rho_l)\ge2$ ($\frac32$ for "
            r"the logistic loss).",
            "sharper",
            proof="written",
        ),
        Statement(
            "informative",
            r"At some critical points the printed bound is below $E[\ell(0;y)]$, the bound that $t=0$ gives.",
            "sharper",
            quantifier="some",
        ),
    ),
    check=check,
    control={
        "origin": "drawn",
        "depth": 2,
        "lipschitz": "0.03",
        "activation": "tanh",
        "width": 2,
        "dimension": 3,
        "samples": 32,
        "seed": 0,
        "shift": "4",
    },
    control_statement="printed",
    figure=figure,
    summary=summary,
)
