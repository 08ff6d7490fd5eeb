r"""Gradient descent on a scalar chain from the identity (Nar and Sastry 2018, Proposition 2).

The product $w_L\cdots w_1$ is fitted to $\lambda$ by gradient descent with step $\delta$ on
$\tfrac1{2N}\sum_i(w_L\cdots w_1x_i-\lambda x_i)^2$. With $\sigma=\tfrac1N\sum_ix_i^2>0$ and $p=\delta\sigma$,
$$w_i[k+1]=w_i[k]-p\,\Bigl(\prod_jw_j[k]-\lambda\Bigr)\prod_{j\ne i}w_j[k],$$
so only $p$ matters and the instances take $\sigma=1$. Write $\ell=|\lambda|^{1/L}$, and for $w\ge0$
$$G(w)=w^{L-1}\sum_{j=0}^{L-1}w^j\ell^{L-1-j},\qquad G(1)=\sum_{j=0}^{L-1}\ell^j,\qquad G(\ell)=L\ell^{2L-2}.$$
For $|\lambda|\ne1$, $G(1)=(|\lambda|-1)/(\ell-1)$. The printed constants are
$$\delta_c=\frac1{\sigma\max\{G(1),G(\ell)\}},\qquad\rho(\delta)=1-\delta\sigma\min\{G(1),G(\ell)\}.$$

## What is wrong as printed

1. $\delta>0$ is not said. For $\delta<0$, $0<\lambda<1$ and $L\ge2$ the inequality fails at $k=1$: there
   $|w[1]-\ell|/|1-\ell|=1+|p|G(1)>1+|p|G(\ell)=\rho$. For $\delta=0$ it holds ($\rho=1$) but nothing converges.
2. $\rho$ is not defined at $\lambda=1$ (the formula reads $0/0$, though $\delta_c$ is defined there). Both sides of
   the inequality are then $0$ for every value that one gives to $\rho$, because $w[k]=1$ for all $k$; the continuous
   value is $\rho=1-\delta\sigma L$, which $G(1)=\sum_j\ell^j$ gives without a case.
3. "The identical result holds for $\lambda<0$" with an odd number of starts $-1$: it does not. Neither $\delta_c$ nor
   $\rho$ is defined for $\lambda<0$; with $|\lambda|$ in both, $\lambda^{1/L}$ is not real for even $L$, and for odd
   $L$ the weights that start at $+1$ converge to $+\ell$, not to $\lambda^{1/L}=-\ell$. What has to be replaced:
   $\lambda$ by $|\lambda|$ everywhere, and $w_i$ by $w_i[0]\,w_i$. (If *all* starts are $-1$ and $L$ is odd the
   printed line is true, but weaker than it need be: its right-hand side has $1+\ell$ for $|1-\ell|$.)

## Proof of the corrected statement

*Signs.* Let $s_i=w_i[0]=\pm1$ with $\prod_is_i=\operatorname{sgn}\lambda=:s$, and $v_i=s_iw_i$. Then
$\prod_jw_j=s\prod_jv_j$ and $s_i\prod_{j\ne i}w_j=s_i\prod_{j\ne i}s_j\prod_{j\ne i}v_j=s\prod_{j\ne i}v_j$, so
$v_i[k+1]=v_i[k]-p\,s\,(s\prod_jv_j-s|\lambda|)\prod_{j\ne i}v_j=v_i[k]-p\,(\prod_jv_j-|\lambda|)\prod_{j\ne i}v_j$:
the recursion for $|\lambda|$, started at $v_i[0]=1$. So let $\lambda>0$ and $w_i[0]=1$.

*One weight.* By induction all $w_i[k]$ are equal to one number $w=w[k]$ with $w[k+1]=w-pw^{L-1}(w^L-\lambda)$. As
$w^L-\lambda=(w-\ell)\sum_jw^j\ell^{L-1-j}$,
$$w[k+1]-\ell=\mu(w)\,(w-\ell),\qquad\mu(w)=1-pG(w).$$

*Contraction.* $G$ is a polynomial with nonnegative coefficients, so it does not fall on $[0,\infty)$. Let $I$ be the
closed interval between $1$ and $\ell$. On $I$, $\min\{G(1),G(\ell)\}\le G\le\max\{G(1),G(\ell)\}$, so for
$0<\delta\le\delta_c$
$$0\le1-p\max\{G(1),G(\ell)\}\le\mu(w)\le1-p\min\{G(1),G(\ell)\}=\rho<1.$$
Hence $w[k]\in I$ gives $w[k+1]\in I$ (it lies between $w[k]$ and $\ell$) and $|w[k+1]-\ell|\le\rho\,|w[k]-\ell|$. As
$w[0]=1\in I$, $|w[k]-\ell|\le\rho^k|1-\ell|$ for all $k$. At $\lambda=1$, $w[k]=1=\ell$. ∎

*Where it is tight.* For $\lambda>1$, $\mu(w[0])=\mu(1)=\rho$: the bound is an identity at $k=1$, and strict from
$k=2$ on ($L\ge2$, $w[1]>1$). For $\lambda<1$ it is strict at every $k\ge1$, but $\mu(w[k])\to\rho$, so the rate
cannot be improved. At $\delta=\delta_c$, $\lambda<1$: $\mu(1)=0$ and $w[1]=\ell$, one step. Balls cannot decide an
identity: each certificate shows the strict inequalities, and the identities above account for the others.

## Sharper: the rate

Let $0<\delta\le\delta_c$, $\delta<\delta_c$ if $\lambda<1$, and $r_k=|w[k]-\ell|$. As $w[k]$ moves monotonically from
$1$ to $\ell$, the factor $\mu_k=r_{k+1}/r_k=1-pG(w[k])$ falls monotonically for $\lambda>1$ and rises for
$\lambda<1$, in both cases to $1-pG(\ell)=1-\delta\sigma L\lambda^{2(L-1)/L}$. So the second printed $\rho$ is the
true asymptotic rate for *every* $\lambda$; for $\lambda>1$ the printed one is exact in the first step only, and at
$\delta_c$ the limit is $0$: convergence is quadratic. Explicitly
$$r_k\le r_0\prod_{j<k}q_j,\qquad q_j=1-pG\bigl(\ell-\rho^j(\ell-1)\bigr)\quad(\lambda>1),$$
and for $\lambda<1$ the same with $q_0=1-pG(1)$ and $q_j=\rho$ for $j\ge1$. *Proof.* For $\lambda>1$:
$w[j]=\ell-r_j\ge\ell-\rho^jr_0$ and $G$ does not fall, so $\mu_j\le q_j$. For $\lambda<1$: $\mu_0=q_0$ and
$\mu_j\le\rho$. ∎ (For $\lambda>1$ it is an identity at $k\le2$, for $\lambda<1$ at $k=1$; strict afterwards.)

## Sharper: a larger step

The printed bound, with the printed $\rho$, survives steps beyond $\delta_c$: for all $0<\delta\le\delta^+$,
$\delta^+>\delta_c$ ($L\ge2$, $|\lambda|\ne1$). On the other hand, for $\lambda<1$ no
$\delta>\delta_o=2/(\sigma(G(1)+G(\ell)))$ will do, because $|\mu(1)|\le\rho$ is needed at $k=1$; for $\lambda>1$ the
same $\delta_o$ is the limit unless the orbit meets $\ell$ exactly, because $|\mu(w[k])|\to|1-pG(\ell)|$.

*$\lambda>1$.* Let $w^*=\ell+(pG(\ell)-1)_+(\ell-1)$ and $p\,(G(w^*)+G(1))\le2$; the left side rises with $p$ and is
below $2$ at $\delta_c$. We show $w[k]\in[1,w^*]$ and $|\mu(w[k])|\le\rho$. For $w\in[1,w^*]$,
$1-pG(w)\le1-pG(1)=\rho$ and $1-pG(w)\ge1-pG(w^*)\ge-(1-pG(1))=-\rho$, so $|\mu(w)|\le\rho$. If $w\in[1,\ell]$ and
$\mu(w)\ge0$, the next iterate lies between $w$ and $\ell$; if $\mu(w)<0$ it is $\ell+(pG(w)-1)(\ell-w)\in[\ell,w^*]$.
If $w\in(\ell,w^*]$ (so $pG(\ell)>1$), $\mu(w)\in[-\rho,0)$ and the next iterate is at most $\ell$ and at least
$\ell-\rho\,(w^*-\ell)=\ell-\rho\,(pG(\ell)-1)(\ell-1)\ge1$, as $\rho\le1$ and $pG(\ell)\le pG(w^*)\le2$. ∎

*$\lambda<1$.* Let $b=pG(1)-1>0$, $w_1=\ell-b(1-\ell)>0$, $\rho>0$, and
$$b\,\exp\!\Bigl(\frac{G'(\ell)\,b\,(1-\ell)}{\rho\,G(w_1)}\Bigr)\le\rho,\qquad G'(\ell)=\tfrac32L(L-1)\,\ell^{2L-3};$$
with growing $p$, $b$ and the left side rise and $\rho$ falls, and at $\delta_c$ the left side is $0$. Now
$w[1]=w_1<\ell$. For $w\in[w_1,\ell]$, $\mu(w)\in[\rho,1-pG(w_1)]\subset(0,1)$, so $w[k]$ rises in $[w_1,\ell]$ and
$\ell-w[k]\le(\ell-w_1)q^{k-1}$ with $q=1-pG(w_1)$. $G$ is convex on $[0,\infty)$, so
$\mu(w)=\rho+p(G(\ell)-G(w))\le\rho\,(1+\tfrac p\rho G'(\ell)(\ell-w))\le\rho\exp(\tfrac p\rho G'(\ell)(\ell-w))$, and
$$r_k=b(1-\ell)\prod_{j=1}^{k-1}\mu(w[j])$$
$$\le b(1-\ell)\,\rho^{k-1}\exp\Bigl(\tfrac p\rho G'(\ell)\tfrac{\ell-w_1}{1-q}\Bigr)\le\rho^k(1-\ell).$$ ∎
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rescert.certify.sign import constant
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics.chain_bound import Bound, prove, settle
from rescert.dynamics.scalar_chain import Chain, trajectory

if TYPE_CHECKING:
    import pandas as pd

QUADRATIC_STEPS = 6  # at δ_c and |λ| > 1 the distance is squared at each step and soon falls below any precision
RATE_STEPS = 10
SHOWN = 10  # the iteration at which the figure's table compares distance and bound


def _vacuous(reason: str, *assertions: dict[str, Any]) -> Finding:
    return Finding(False, None, Evidence.EXACT, reason, assertions=assertions)


def _step_outside(chain: Chain) -> dict[str, Any] | None:
    """The assertion that δ is not in (0, δ_c]; None if it is."""
    if chain.fraction > 1:
        return constant(chain.fraction - 1, ">")
    return constant(chain.fraction, "<=") if chain.fraction <= 0 else None


def _implication(chain: Chain, bound: Bound, broken: dict[str, Any] | None = None, reason: str = "") -> Finding:
    """The finding of "… then the bound holds"; ``broken`` shows a hypothesis to fail."""
    evidence = Evidence.EXACT if chain.unit else Evidence.ENCLOSED
    assertions = bound.assertions if broken is None else (*bound.assertions, broken)
    return Finding(broken is None, bound.holds, evidence, reason + bound.reason, assertions=assertions)


def _printed(chain: Chain, bound: Bound) -> Finding:
    if chain.target < 0:
        return _vacuous("λ < 0", constant(chain.target, "<"))
    if chain.negatives:
        return _vacuous("a start is -1, not 1", constant(chain.negatives, ">"))
    if chain.fraction > 1:
        return _implication(chain, bound, _step_outside(chain), "the step exceeds δ_c; ")
    if chain.unit:
        return _implication(chain, bound, reason="ρ is not defined at λ = 1, but for any value: ")
    if chain.fraction <= 0:
        if bound.holds:  # a finite number of steps, and no proof of the others
            bound = Bound(None, f"{bound.reason}, but nothing is shown beyond", ())
        return _implication(chain, bound, reason="δ <= 0 is 'less than δ_c': ")
    return _implication(chain, bound)


def _remark(chain: Chain, steps: int) -> Finding:
    """The printed line for λ < 0, with |λ| in δ_c and ρ and with λ^(1/L) as it stands."""
    if chain.target > 0:
        return _vacuous("λ > 0", constant(chain.target, ">"))
    if chain.negatives % 2 == 0:
        return _vacuous("the number of starts -1 is even", constant(chain.negatives % 2, "<="))
    outside = _step_outside(chain)
    if outside is not None:
        return _vacuous("the step is not in (0, δ_c]", outside)
    precision = chain.precision(steps)
    if chain.depth % 2 == 1 and chain.negatives == chain.depth:
        slack = prove(chain, lambda v: chain.literal_slack(v, steps), precision)
        shown = () if slack.assertion is None else (slack.assertion,)
        return Finding(True, slack.proved, Evidence.ENCLOSED, "all starts are -1 and L is odd", assertions=shown)
    excess = prove(chain, lambda v: chain.literal_excess(v, steps), precision)
    if excess.assertion is None:
        return Finding(True, None, Evidence.ENCLOSED, f"not refuted by k = {steps}: {excess.reason}")
    why = "λ^(1/L) is not real" if chain.depth % 2 == 0 else "weights that start at 1 tend to ℓ, not to λ^(1/L) = -ℓ"
    reason = f"{why}: the bound is broken at k = {steps}"
    return Finding(True, False, Evidence.ENCLOSED, reason, assertions=(excess.assertion,))


def _corrected(chain: Chain, bound: Bound, steps: int) -> Finding:
    outside = _step_outside(chain)
    if outside is not None:
        return _implication(chain, bound, outside, "the step is not in (0, δ_c]; ")
    if chain.unit or bound.holds is None:
        return _implication(chain, bound)
    if chain.fraction == 1 and not chain.above:
        return _implication(chain, bound, reason="w[1] = ℓ; ")
    quadratic = chain.fraction == 1
    steps = min(steps, QUADRATIC_STEPS) if quadratic else steps
    precision = chain.quadratic_precision(steps) if quadratic else chain.precision(steps)
    contraction = prove(chain, lambda v: chain.contraction_slack(v, steps), precision)
    if contraction.assertion is None:
        return _implication(chain, Bound(None, contraction.reason, ()))
    reason = f"0 < μ(w[k]) < ρ for {chain.first_strict - 1} <= k < {steps}; "
    return _implication(chain, bound._replace(assertions=(*bound.assertions, contraction.assertion)), reason=reason)


def _no_sharper(chain: Chain) -> Finding | None:
    """The finding of the sharper statements where their hypotheses fail."""
    if chain.unit:
        difference = abs(chain.target) - 1
        return _vacuous("|λ| = 1: no step moves w", constant(difference, ">="), constant(difference, "<="))
    outside = _step_outside(chain)
    return None if outside is None else _vacuous("the fraction is not in (0, 1]", outside)


def _rate(chain: Chain, steps: int) -> Finding:
    vacuous = _no_sharper(chain)
    if vacuous is not None:
        return vacuous
    if chain.fraction == 1 and not chain.above:
        return _vacuous("δ = δ_c and |λ| < 1: w[1] = ℓ, one step", constant(chain.fraction - 1, ">="))
    steps = min(steps, RATE_STEPS)
    # At δ_c the factors q_j fall like ρ^j, so the bound like ρ^(k²/2).
    precision = chain.precision(steps * steps) if chain.fraction == 1 else chain.precision(steps)
    proof = prove(chain, lambda v: chain.rate_slack(v, steps), precision)
    followed = min(steps, QUADRATIC_STEPS) if chain.fraction == 1 else steps
    precision = chain.quadratic_precision(followed + 1) if chain.fraction == 1 else chain.precision(3 * followed)
    monotone = prove(chain, lambda v: chain.monotone_slack(v, followed), precision)
    shown = proof.assertion is not None and monotone.assertion is not None
    reason = (
        f"the bound is strict for {chain.first_strict + 1} <= k <= {steps}, the factors are monotone and beyond their "
        f"limit for k < {followed}"
    )
    return Finding(
        True,
        True if shown else None,
        Evidence.ENCLOSED,
        reason if shown else f"{proof.reason}; {monotone.reason}",
        measured=f"{chain.limit_ratio():.6g}",
        bound=f"{chain.ratio():.6g}",
        assertions=tuple(p.assertion for p in (proof, monotone) if p.assertion is not None) if shown else (),
    )


def _larger_step(chain: Chain, steps: int) -> Finding:
    vacuous = _no_sharper(chain)
    if vacuous is not None:
        return vacuous
    stretch = chain.stretch()
    condition = prove(chain, chain.larger_step, chain.precision(1), stretch)
    bound = settle(chain, steps, stretch)
    larger = constant(Fraction(stretch) - 1, ">")
    shown = () if condition.assertion is None else (condition.assertion, larger, *bound.assertions)
    bound = bound._replace(assertions=shown) if shown else Bound(None, condition.reason, ())
    finding = _implication(chain, bound, reason=f"at {chain.fraction} δ⁺, δ⁺ = {stretch} δ_c: ")
    largest = 2 * chain.largest / (chain.largest + chain.smallest)
    values = {"larger_step": float(stretch), "largest_step": largest}
    return replace(finding, measured=f"{stretch} δ_c", bound=f"{largest:.4f} δ_c", values=values)


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One target, depth, fraction of δ_c, number of starts -1, and number of steps; nothing is read."""
    chain = Chain(*(instance[key] for key in ("target", "depth", "fraction", "negatives")))
    steps = instance["steps"]
    if steps < 3:
        raise ValueError(f"expected at least 3 steps, got {steps}")
    if not chain.signs_match:
        why, product = "the product of the starts has not the sign of λ", chain.target * (-1) ** chain.negatives
        bound, opposite = Bound(None, why, ()), _vacuous(why, constant(product, "<"))
        findings = {"corrected": opposite, "rate": opposite, "larger_step": opposite}
    else:
        bound = settle(chain, steps)
        findings = {
            "corrected": _corrected(chain, bound, steps),
            "rate": _rate(chain, steps),
            "larger_step": _larger_step(chain, steps),
        }
    findings |= {"printed": _printed(chain, bound), "remark": _remark(chain, steps)}
    if bound.holds and not chain.unit:
        curves = trajectory(chain, steps)
        ratios = curves.pop("ratio")
        curves |= {"shown_ratio": ratios[min(SHOWN, steps)], "worst_ratio": max(ratios[1:])}
        shown = f"{curves['worst_ratio']:.6g}"
        findings["corrected"] = replace(findings["corrected"], measured=shown, bound="1", values=curves)
    elif bound.holds is False:
        # Broken at the first step: |μ(1)| exceeds ρ.
        first = f"{abs(1 - float(chain.fraction) * chain.at_one / chain.largest):.6g}"
        findings["printed"] = replace(findings["printed"], measured=first, bound=f"{chain.ratio():.6g}")
    return findings


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    holding = rows[(rows["statement"] == "corrected") & (rows["verdict"] == "holds")]
    larger = rows[(rows["statement"] == "larger_step") & (rows["verdict"] == "holds")]
    return {
        "instances": int(rows["instance"].nunique()),
        "holding": len(holding),
        "steps": int(rows["steps"].max()),
        "shown": SHOWN,
        "smallest_gain": float(larger["larger_step"].min()) if len(larger) else 1.0,
        "largest_gain": float(larger["larger_step"].max()) if len(larger) else 1.0,
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """Distance of the weights from their limit (points) and the bound of Proposition 2 (lines).

    Left: $|w[k]-\\ell|$ against $\\rho^k|1-\\ell|$ at half the critical step. For $\\lambda>1$ the two touch at
    $k=1$ and then part; for $\\lambda<1$ they become parallel. Right: the ratio of the two after {shown} steps; 1 is
    tight. The corrected statement holds on {holding} of {instances} instances, up to {steps} iterations; the others
    break a hypothesis. The same bound was shown for steps beyond the critical one: from {smallest_gain:.2f} to
    {largest_gain:.2f} times, according to the instance.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    rows = tables["claims/ns_proposition2"]
    rows = rows[(rows["statement"] == "corrected") & (rows["verdict"] == "holds") & (rows["negatives"] == 0)]
    fractions = sorted(rows["fraction"].unique(), key=lambda f: abs(float(Fraction(f)) - 0.5))
    rows = rows[rows["fraction"] == (fractions[0] if fractions else "1/2")]
    rows = rows.assign(order=[float(Fraction(t)) for t in rows["target"]]).sort_values(["order", "depth"])
    drawn, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.8), width_ratios=[1.25, 1], layout="constrained")
    moving = rows[rows["order"] != 1]
    targets = list(dict.fromkeys(moving["target"]))
    depths = sorted(moving["depth"].unique())
    chosen = [t for t in (targets[0], targets[-1])] if targets else []
    shown = moving[moving["target"].isin(chosen) & moving["depth"].isin([depths[0], depths[-1]] if depths else [])]
    for colour, (_, row) in zip(sns.color_palette(n_colors=max(1, len(shown))), shown.iterrows(), strict=False):
        k = range(len(row["distance"]))
        visible = [y if y > 0 else math.nan for y in row["distance"]]
        left.plot(k, row["bound_curve"], color=colour, linewidth=1.2)
        label = rf"$\lambda={row['target']},\ L={row['depth']}$"
        left.plot(k, visible, color=colour, linestyle="none", marker="o", markersize=3, label=label)
    left.set(yscale="log", xlabel="iteration $k$", ylabel=r"$|w[k]-\lambda^{1/L}|$ (points), bound (line)")
    if len(shown):
        smallest = min(min(y for y in row["bound_curve"]) for _, row in shown.iterrows())
        left.set_ylim(max(smallest, 1e-30) / 100, 10)
        left.legend(fontsize="small")
    table = moving.pivot_table(index="target", columns="depth", values="shown_ratio", sort=False)
    if table.size:
        sns.heatmap(table, ax=right, annot=True, fmt=".2g", vmin=0, vmax=1, cmap="cividis", cbar_kws={"label": "ratio"})
    right.tick_params(axis="y", rotation=0)
    right.set(xlabel="depth $L$", ylabel=r"target $\lambda$")
    columns = ["target", "depth", "fraction", "distance", "bound_curve", "shown_ratio"]
    return Drawing(drawn, rows[columns].reset_index(drop=True))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Proposition 2",
    title="Gradient descent from the identity converges geometrically on a scalar chain",
    statements=(
        Statement(
            "printed",
            r"If $\lambda>0$, $w_i[0]=1$ for all $i$ and $\delta\le\delta_c$, then "
            r"$|w_i[k]-\lambda^{1/L}|\le\rho(\delta)^k\,|1-\lambda^{1/L}|$ for all $i$ and $k$.",
            "as printed",
        ),
        Statement(
            "remark",
            r"The identical result also holds for $\lambda<0$ if $|w_i[0]|=1$ for all $i$ and the number of "
            r"$w_i[0]=-1$ is odd. (Read with $|\lambda|$ in $\delta_c$ and $\rho$, which the formulas need, and "
            r"$\lambda^{1/L}$ as it stands.)",
            "as printed",
        ),
        Statement(
            "corrected",
            r"Let $\lambda\ne0$, $w_i[0]\in\{-1,1\}$ with $\prod_iw_i[0]=\operatorname{sgn}\lambda$, "
            r"$\ell=|\lambda|^{1/L}$ and $0<\delta\le\delta_c=1/(\sigma\max\{G(1),G(\ell)\})$, where "
            r"$G(1)=\sum_{j<L}\ell^j$ and $G(\ell)=L\ell^{2L-2}$. Then $|w_i[0]\,w_i[k]-\ell|\le\rho^k|1-\ell|$ with "
            r"$\rho=1-\delta\sigma\min\{G(1),G(\ell)\}\in[0,1)$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "rate",
            r"For $0<\delta\le\delta_c$ ($\delta<\delta_c$ if $|\lambda|<1$), $|\lambda|\ne1$, the factors "
            r"$|w[k+1]-\ell|/|w[k]-\ell|$ are monotone in $k$ and tend to $1-\delta\sigma L\ell^{2L-2}$, whether "
            r"$|\lambda|$ is above or below $1$; at $\delta_c$ and $|\lambda|>1$ convergence is quadratic. And "
            r"$|w[k]-\ell|\le|1-\ell|\prod_{j<k}q_j$ with the $q_j\le\rho$ of the derivation. (Here $w[k]$ is "
            r"$w_i[0]\,w_i[k]$.)",
            "sharper",
            proof="written",
        ),
        Statement(
            "larger_step",
            r"The same bound, with the same $\rho$, holds for all $0<\delta\le\delta^+$ with an explicit "
            r"$\delta^+>\delta_c$ ($|\lambda|\ne1$, $L\ge2$).",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"target": "1/2", "depth": 2, "fraction": "3", "negatives": 0, "steps": 4},
    control_statement="corrected",
    figure=figure,
    summary=summary,
)
