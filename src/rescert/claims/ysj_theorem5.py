r"""The Rademacher complexity of deep residual networks (Theorem 5): each block costs $1+M^2$, not $1+2M^2$.

The network is $h_0=x$, $h_l=h_{l-1}+V_l\sigma(U_lh_{l-1})$ for $1\le l\le L$, $f=w^{\mathsf T}h_L$, with $\sigma$ the
ReLU and no biases. $F_L$ is the class with $|w|\le1$ and $\|V_l\|_F,\|U_l\|_F\le M_l$, for any fixed widths
$\ge1$. Let $\epsilon_i$ be independent uniform signs, $E$ the mean over them, $T=\sum_i\epsilon_ix_i$, and
$$s_l(\epsilon)=\sup_{f\in F_l}\sum_i\epsilon_if(x_i),\qquad \hat R_n=\frac1nE\,s_L,\qquad P=\prod_l(1+M_l^2).$$
The parameters form a compact set on which $f(x_i)$ is continuous, so all suprema are attained. $F_l$ is symmetric
($w\to-w$) and contains 0. $|X|_p=(E|X|^p)^{1/p}$.

## 1. Sharper: a bound by the p-th moment of T

**Theorem A.** For every $p\ge1$, with $c_p=\frac12(1+2^{1/p})$:
$$\hat R_n\le\frac1n\,|T|_p\prod_l(1+c_pM_l^2).$$

$c_1=\frac32$, $c_2\approx1.2071$, $c_p\to1$. *Proof.*

1. *Contraction.* Let $Z\subset\mathbb R^n$ be compact and $\Phi$ not decreasing. Then
   $$E\,\Phi\Bigl(\sup_{z\in Z}\sum_i\epsilon_i|z_i|\Bigr)\le E\,\Phi\Bigl(\sup_{z\in Z}\sum_i\epsilon_iz_i\Bigr).$$
   Replace $|z_i|$ by $z_i$ one coordinate after the other. With the other signs fixed the supremum is that of
   $A(z)+\epsilon_i|z_i|$ for some function $A$. Let $z$ attain it for $\epsilon_i=1$ and $y$ for $\epsilon_i=-1$. It is
   enough that $\Phi(A(z)+|z_i|)+\Phi(A(y)-|y_i|)$ is at most $\Phi(A(z)+z_i)+\Phi(A(y)-y_i)$ or at most
   $\Phi(A(y)+y_i)+\Phi(A(z)-z_i)$, since each term is at most $\Phi$ of the supremum of $A(z)+z_i$ or of
   $A(z)-z_i$. If $z_i\ge0$, the first holds because $-|y_i|\le-y_i$; if $z_i<0$, the second, because $|z_i|=-z_i$ and
   $-|y_i|\le y_i$.
2. *Absolute values.* Let $Z$ be symmetric and contain 0; $a=\sup_Z\sum\epsilon_i|z_i|$ and
   $b=\sup_Z\sum(-\epsilon_i)|z_i|$ have the same law and are $\ge0$. So
   $|\max(a,b)|_p^p\le E(a^p+b^p)=2E\,a^p$, and by 1 with $\Phi(t)=\max(t,0)^p$ this is at most
   $2\,E(\sup_Z\sum\epsilon_iz_i)^p$. With $\sigma(t)=\frac12(t+|t|)$ and the triangle inequality,
   $$\Bigl|\sup_Z\bigl|\sum\epsilon_i\sigma(z_i)\bigr|\Bigr|_p\le
   \tfrac12\Bigl|\sup_Z\bigl|\sum\epsilon_iz_i\bigr|\Bigr|_p+\tfrac12|\max(a,b)|_p
   \le c_p\,\Bigl|\sup_Z\sum\epsilon_iz_i\Bigr|_p.$$
3. *Homogeneity.* For given lower blocks let $g=\sum_i\epsilon_i\sigma(U_lh_{l-1}(x_i))$. Its coordinates are
   $|u_j|\,q(u_j/|u_j|)$ with $u_j$ the rows of $U_l$ and $q(u)=\sum_i\epsilon_i\sigma(u\cdot h_{l-1}(x_i))$, so
   $|g|^2\le\|U_l\|_F^2\sup_{|u|=1}q(u)^2$, and $|w^{\mathsf T}V_lg|\le M_l|g|\le M_l^2\sup_{|u|\le1}|q(u)|$.
4. *Peeling.* $\sum\epsilon_if=w\cdot\sum\epsilon_ih_{l-1}(x_i)+w^{\mathsf T}V_lg$. The functions $w\cdot h_{l-1}$, and
   also the $u\cdot h_{l-1}$ of 3, are $F_{l-1}$. So $s_l\le s_{l-1}+M_l^2\sup_{F_{l-1}}|\sum\epsilon_i\sigma(f(x_i))|$
   for each $\epsilon$, and by the triangle inequality and 2, $|s_l|_p\le(1+c_pM_l^2)\,|s_{l-1}|_p$. Finally
   $s_0=|T|$, and $E\,s_L\le|s_L|_p$. ∎

**Theorem 5 holds as printed.** Take $p=1$: $c_1<2$ and
$E|T|\le(E|T|^2)^{1/2}=(\sum_i|x_i|^2)^{1/2}\le B\sqrt n$. ∎ (The printed factor 2 is $|\max(a,b)|_1\le2|a|_1$ used for
$\sigma$ as a whole; halving $\sigma$ first pays it for the half only.)

**Moments from norms.** For even $p$: $|T|_p\le K_p(\sum_i|x_i|^2)^{1/2}$ with
$K_p=((p-1)!!)^{1/p}\le\sqrt{p-1}$, $K_2=1$. *Proof.* Let $p=2k$. For numbers $a_i$ the terms of
$E(\sum\epsilon_ia_i)^{2k}$ are
$\frac{(2k)!}{\prod(2m_i)!}\prod a_i^{2m_i}$ with $\sum m_i=k$; from $(2m)!=2^mm!(2m-1)!!\ge2^mm!$ they are at most
$(2k-1)!!\frac{k!}{\prod m_i!}\prod a_i^{2m_i}$, the terms of $(2k-1)!!(\sum a_i^2)^k$. For a standard normal
vector $G$, $E_G(G\cdot T)^{2k}=(2k-1)!!\,|T|^{2k}$. So $E|T|^{2k}\le E_G(\sum_i(G\cdot x_i)^2)^k$. The sum
is $\sum_j\lambda_jg_j^2$ with independent standard normal $g_j$ and $\sum\lambda_j=\sum|x_i|^2$, and by the triangle
inequality $|\sum\lambda_jg_j^2|_k\le\sum\lambda_j|g_j^2|_k=K_p^2\sum|x_i|^2$. ∎

**Depth.** $1+c_pM^2\le c_p(1+M^2)$ and $c_p\le2^{1/p}$. With $p\le L+1$ the least even number $\ge L$:
$$\hat R_n\le2\sqrt L\,\prod_l(1+M_l^2)\,\frac{(\sum_i|x_i|^2)^{1/2}}n.$$

## 2. Sharper: on a line the complexity is known, and it bounds every other from below

**Theorem B.** If $d=1$, then for every depth and all widths
$$\hat R_n=\prod_l(1+M_l^2)\cdot\frac1nE\Bigl|\sum_i\epsilon_ix_i\Bigr|.$$
In every dimension, $\hat R_n\ge\prod_l(1+M_l^2)\cdot\frac1nE|\sum_i\epsilon_i\,e\cdot x_i|$ for each unit vector $e$.

*Proof.* Write $t^+=\max(t,0)$ and $t^-=\max(-t,0)$.

1. *A block.* For $d=1$ a block maps $h$ to $h+\alpha h^++\beta h^-$ with $\alpha=\sum_jv_ju_j^+$,
   $\beta=\sum_jv_ju_j^-$, and $|\alpha|+|\beta|\le\sum_j|v_j||u_j|\le M_l^2$. (With width $\ge2$ all these pairs are
   reached, with width 1 those with $\alpha\beta=0$; only the corners are used.)
2. *All blocks.* $f(x)=f(1)x^++f(-1)x^-$, so that $\sum\epsilon_if(x_i)=f(1)S_++f(-1)S_-$, where $S_+$, $S_-$ are the
   sums of $\epsilon_i|x_i|$ over the positive and over the negative $x_i$. Let $p=h_l(1)$, $q=h_l(-1)$. Then, with
   $P=\prod_{k\le l}(1+M_k^2)$,
   $$|p|\le P,\quad|q|\le P,\quad|p+q|\le P-1,\quad|p-q|\le P+1.$$
   At $l=0$, $p=1$ and $q=-1$. A block gives $|p'|\le|p|+M^2|p|$, and
   $|p'+q'|\le|p+q|+M^2\max(p^++q^+,p^-+q^-)\le P-1+M^2P$: the sum $p^++q^+$ is $|p+q|$, or 0, or one of $|p|$, $|q|$.
   And $|p'-q'|\le|p-q|+M^2\max(|p^+-q^+|,|p^--q^-|)\le P+1+M^2P$.
3. *The supremum.* It is
   $$s(\epsilon)=|S_+-S_-|+(P-1)\max(|S_+|,|S_-|).$$
   Let $|S_+|\ge|S_-|$; the conditions on $(p,q)$ are symmetric. With $s=|S_+|$, $t=|S_-|$: if both have one
   sign, $|pS_++qS_-|\le|p|(s-t)+|p+q|t\le Ps-t$; if not, $|pS_++qS_-|\le|p|(s-t)+|p-q|t\le Ps+t$. Both are attained by
   $(p,q)=(P,-1)$, that is $u_l=v_l=M_l$, and $w=\pm1$. (For $|S_-|>|S_+|$: $(1,-P)$, $u_l=v_l=-M_l$.)
4. *The mean.* $T=S_+-S_-$, and $(S_+,S_-)$ has the law of $(S_+,-S_-)$. From
   $|a-b|+|a+b|=2\max(|a|,|b|)$ follows $E\max(|S_+|,|S_-|)=E|T|$. So $E\,s=E|T|+(P-1)E|T|$.
5. *Every dimension.* If the rows of $U_l$, the columns of $V_l$ and $w$ are multiples of $e$, then
   $f(x)=g(e\cdot x)$, and $g$ runs through the class for $d=1$. ∎

So the factor $1+M_l^2$ is necessary for *all* data and depths, and by the last line of part 1 it is sufficient up to
$2\sqrt L$ and a factor of the data alone: it is the true growth. By Khintchine's inequality with Szarek's constant
$E|\sum\epsilon_ie\cdot x_i|\ge(\frac12\sum(e\cdot x_i)^2)^{1/2}$; hence a size-independent bound needs $\sum_lM_l^2$
bounded, and $M_l=O(1/\sqrt L)$ is not only sufficient but, for equal $M_l$, necessary. At $M_l=c/\sqrt L$ the growth is
$e^{c^2}$, the printed one $e^{2c^2}$. For one datum, $\hat R_1=P|x|$ in every dimension ($|h_l|\le(1+M_l^2)|h_{l-1}|$).

## 3. Not sharper: $1+M^2$ with $E|T|$ is too small in the plane

For $L=1$, in every dimension, $w^{\mathsf T}V$ runs through a ball of radius $M|w|$ and both terms of part 1, step 4,
are largest at once: $\hat R_n=\frac1n(E|T|+M^2E\sup_{|u|\le1}|\sum\epsilon_i\sigma(u\cdot x_i)|)$. Let $x_1=(1,0)$,
$x_2=(0,1)$, $x_3=(1,1)$.

| signs | length of $T$ | $\sup_u$ | attained at |
|---|---|---|---|
| $+++$ | $2\sqrt2$ | $2\sqrt2$ | $u=(1,1)/\sqrt2$ |
| $++-$ | $0$ | $1/\sqrt2$ | $u=(1,-1)/\sqrt2$ |
| $+-+$ | $2$ | $2$ | $u=(1,0)$ |
| $+--$ | $2$ | $2$ | $u=(0,1)$ |

Hence $E|T|=1+\frac12\sqrt2$, and $\hat R_3\ge\frac13\bigl((1+M^2)E|T|+\frac18\sqrt2M^2\bigr)>\frac13(1+M^2)E|T|$ for
$M>0$. (The suprema are exact, but only "at least" is used: the certificate evaluates these four networks.) So the
equality of Theorem B is not an upper bound for $d\ge2$, and in Theorem A with $p=1$ the constant is between 1.103 and
1.5. Whether $\hat R_n\le\frac1n(\sum|x_i|^2)^{1/2}\prod(1+M_l^2)$ holds is open here; it is an equality at $n=1$.

## 4. How it is tested

*On a line* ($n\le12$) a program enumerates all signs on the data. Its value of $E\,s$, by the formula of part 2, is
compared with the printed bound and with Theorem A in balls; equality with $P\,E|T|$ is exact for binary fractions; and
two networks, evaluated layer by layer, attain it. *Elsewhere* projected gradient ascent gives networks of the class:
**lower estimates, which may refute and never certify**. For $n\le8$ the ascent runs for all signs, and the mean is at
most $\hat R_n$ up to the stated rounding. For larger $n$ signs are drawn, and the mean over the draws is *no* lower
bound of $\hat R_n$: its 95 % Student interval must be added. "Holds" means there that the upper end of
the interval is below the bound.

## Errors and gaps of the paper

1. None in the statement. The factor $1+2M_l^2$ can be replaced by $1+\frac32M_l^2$ with the same proof, by
   $1+1.2071M_l^2$ with the same $B/\sqrt n$, and the true growth is $1+M_l^2$.
2. The comparison with fully-connected networks is not fair: their $2^L$ is the same artefact. Steps 1 to 3 of part 1
   give $\frac1n|T|_p\,c_p^{L-1}\prod_lC_l$ for them, which with $p\approx L$ is $O(B\sqrt L\prod_lC_l/\sqrt n)$: no
   exponential factor, and $n^{-1/2}$. Golowich, Rakhlin and Shamir [4] prove such a bound, too, not only the one with
   $n^{-1/4}$ that is quoted.
3. "Size-independent" hides the constant $e^{2c^2}$ at $M_l=c/\sqrt L$.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import torch

from rescert import runtime
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.landscape import rademacher
from rescert.landscape import sign_enumeration as enumeration
from rescert.landscape.rademacher_case import Case
from rescert.statistics import student

ENUMERATED = 8  # samples up to which the ascent runs for all signs
ASCENT = {"width": 4, "draws": 32, "starts": 2, "steps": 60}  # where an instance says nothing else
POINTS = ("line", "sphere", "corner")


def _case(instance: Instance) -> Case:
    points, depth, seed = instance["points"], int(instance["depth"]), int(instance.get("seed", 0))
    if points not in POINTS or depth < 1 or Fraction(str(instance["norm"])) < 0:
        raise ValueError(f"expected points among {POINTS}, a depth >= 1 and a norm >= 0, got {instance}")
    n = 3 if points == "corner" else int(instance["samples"])
    draw = runtime.generator(seed, f"ysj_theorem5 points {n}")
    if points == "line":
        inputs = rademacher.draw_line(n, draw)
    elif points == "sphere":
        if int(instance["dimension"]) < 2:
            raise ValueError(f"expected a dimension of at least 2 on the sphere, got {instance['dimension']}")
        inputs = rademacher.draw_sphere(n, int(instance["dimension"]), draw)
    else:
        inputs = enumeration.CORNER
    square = Fraction(str(instance["bound"])) ** 2 if "bound" in instance else Fraction(2 if points == "corner" else 1)
    norm = float(Fraction(str(instance["norm"]))) / (math.sqrt(depth) if instance["scaled"] else 1)
    if points != "sphere" or n <= ENUMERATED:
        return Case(inputs, depth, norm, square, rademacher.all_signs(n), True)
    draws, draw = int(instance.get("draws", ASCENT["draws"])), runtime.generator(seed, "ysj_theorem5 signs")
    return Case(inputs, depth, norm, square, rademacher.draw_signs(draws, n, draw), False)


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """On a line all signs enumerated in balls; elsewhere lower estimates by ascent, and the corner's networks."""
    case = _case(instance)
    findings = _on_line(case, instance) if instance["points"] == "line" else _by_ascent(case, instance)
    outside = _outside(case)
    return findings if outside is None else {**findings, "printed": outside}


def _outside(case: Case) -> Finding | None:
    """VACUOUS where a datum is provably longer than $B$; None where none is, by exact arithmetic."""
    if case.within:
        return None
    proof = enumeration.prove_longer(case.inputs, str(case.square))
    hypotheses, reason = (False, "a datum is longer than B") if proof.proved else (None, proof.reason)
    return Finding(hypotheses, None, Evidence.ENCLOSED, reason, assertions=_given(proof))


def _given(*proofs: Any) -> tuple[dict[str, Any], ...]:
    return tuple(proof.assertion for proof in proofs if proof.proved)


def _norm_text(instance: Instance) -> str:
    """$M$ as a rational number. Raises ``ValueError`` where it has none."""
    norm, depth = Fraction(str(instance["norm"])), int(instance["depth"])
    root = math.isqrt(depth)
    if instance["scaled"] and root * root != depth:
        raise ValueError(f"expected a depth that is a square where M = norm/sqrt(depth) on a line, got {depth}")
    return str(norm / root if instance["scaled"] else norm)


def _on_line(case: Case, instance: Instance) -> dict[str, Finding]:
    power, moment = case.moment()
    value = case.growth * float((case.signs @ case.inputs).abs().mean()) / len(case.inputs)
    proofs = enumeration.prove_line(case.inputs, _norm_text(instance), str(case.square), case.depth, power)
    kept = {**case.describe(), "estimate": value, "half": 0.0, "exact": True, "moment": moment, "line": value}

    def finding(name: str, bound: float, reason: str) -> Finding:
        shown = all(proof.proved for proof in proofs[name])
        text = f"all {2 ** len(case.inputs)} sign vectors enumerated; {reason}"
        text = text if shown else "; ".join(proof.reason for proof in proofs[name] if not proof.proved)
        return Finding(True, shown or None, Evidence.ENCLOSED, text, value, bound, _given(*proofs[name]), kept)

    return {
        "printed": finding("printed", case.printed, "the mean supremum compared with the bound"),
        "moment": finding("moment", moment, f"p = {power}"),
        "line": finding("line", value, "the mean supremum is P E|T| exactly"),
        "below": finding("below", value, "two networks of the class attain it"),
        "plane": Finding(False, None, Evidence.NUMERICAL, "the data are on a line"),
    }


def _by_ascent(case: Case, instance: Instance) -> dict[str, Finding]:
    width, starts, steps = (int(instance.get(key, ASCENT[key])) for key in ("width", "starts", "steps"))
    draw = runtime.generator(int(instance.get("seed", 0)), "ysj_theorem5 starts")
    found = rademacher.ascend(case.inputs, case.signs, case.norm, case.depth, width, starts, steps, draw).numpy()
    margin = rademacher.rounding(case.inputs, case.norm, case.depth, width)
    mean, half, moment = float(found.mean()), 0.0 if case.complete else student(found), case.moment()[1]
    sums = (case.signs @ case.inputs).numpy() / len(case.inputs)
    axis = torch.linalg.svd(case.inputs).Vh[0].numpy()
    line = case.growth * np.abs(sums @ axis)
    above = found - case.growth * np.linalg.norm(sums, axis=1)
    kept = {**case.describe(), "estimate": mean, "half": half, "moment": moment, "line": float(line.mean())}
    what = (
        f"lower estimates for all {2 ** len(case.inputs)} sign vectors"
        if case.complete
        else f"lower estimates for {len(found)} drawn sign vectors, mean {mean:.6g} ± {half:.3g} (95 % Student)"
    )

    def upper(bound: float) -> Finding:
        below = True if mean + half + margin <= bound else False if mean - half - margin > bound else None
        text = f"{what}: may refute, never certify"
        return Finding(True, below, Evidence.NUMERICAL, text, mean, bound, values=kept)

    def lower(differences: np.ndarray, bound: float) -> Finding:
        room = float(differences.mean()) - (0.0 if case.complete else student(differences))
        above_it = True if room - margin > 0 else None
        return Finding(True, above_it, Evidence.NUMERICAL, f"{what}, paired by sign vector", mean, bound, values=kept)

    bound = mean - float(above.mean())
    return {
        "printed": upper(case.printed),
        "moment": upper(moment),
        "line": Finding(False, None, Evidence.NUMERICAL, "the data are not on a line"),
        "below": lower(found - line, float(line.mean())),
        "plane": _corner(case, instance, bound) if instance["points"] == "corner" else lower(above, bound),
    }


def _corner(case: Case, instance: Instance, bound: float) -> Finding:
    """HOLDS: four networks of one block, evaluated in balls for all signs, have a mean above the bound."""
    if case.depth != 1:
        raise ValueError(f"expected depth 1 for the corner's points, got {case.depth}")
    proof = enumeration.prove_corner(_norm_text(instance))
    value = bound + math.sqrt(2) / 24 * case.norm**2
    reason = "four networks evaluated for all 8 sign vectors" if proof.proved else proof.reason
    return Finding(True, proof.proved, Evidence.ENCLOSED, reason, value, bound, assertions=_given(proof))


def _shown(rows: pd.DataFrame, scaled: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of one panel, on the sphere and on a line: the commonest norm and dimension; on a line the largest n."""
    rows = rows[(rows["statement"] == "printed") & rows["estimate"].notna() & (rows["scaled"] == scaled)]
    rows = rows[rows["norm"].isin(rows["norm"].mode().head(1))].sort_values(["n", "depth"])
    rows = rows.assign(unit=np.sqrt(rows["n"] / rows["square"]))
    sphere, line = (rows[rows["points"] == points] for points in ("sphere", "line"))
    return sphere[sphere["d"].isin(sphere["d"].mode().head(1))], line[line["n"] == line["n"].max()]


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """The numbers of the caption."""
    panels = [_shown(rows, scaled) for scaled in (False, True)]
    sphere, line = (pd.concat(part) for part in zip(*panels, strict=True))
    drawn, deepest = sphere[sphere["drawn"] > 0], panels[0][0].tail(1)
    return {
        "dimension": ", ".join(str(int(d)) for d in sorted(set(sphere["d"]))),
        "sizes": ", ".join(str(int(n)) for n in sorted(set(sphere["n"]))),
        "draws": ", ".join(str(int(n)) for n in sorted(set(drawn["drawn"]))),
        "line": ", ".join(str(int(n)) for n in sorted(set(line["n"]))),
        "enumerated": ENUMERATED,
        "depth": int(deepest["depth"].max()) if len(deepest) else 0,
        "times": float((deepest["printed"] / deepest["estimate"]).max()) if len(deepest) else 1.0,
        "sharper_times": float((deepest["moment"] / deepest["estimate"]).max()) if len(deepest) else 1.0,
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Complexity times $\sqrt n/B$ against depth; left with $M$ fixed (logarithmic), right with $M\propto1/\sqrt L$.
    Circles: lower estimates by gradient ascent for random data on the unit sphere, $d={dimension}$, $n$ = {sizes}; for
    $n\le{enumerated}$ a mean over all sign vectors, for larger $n$ over {draws} drawn ones, with its 95 % Student
    interval. Diamonds: exact values for data on a line, $n={line}$, all signs enumerated and certified. The
    complexity of any data on that sphere lies in the shaded band, by Theorems A and B of the derivation. At depth
    {depth} and fixed $M$ the printed bound is {times:.3g} times the estimate, Theorem A's {sharper_times:.2g} times.
    Dotted: the bound $2^L\prod C_l$ that the paper quotes for fully-connected networks, with $C_l=1$; on the right it
    leaves the panel. (On the right, symbols of one depth stand beside each other.)
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    rows = tables["claims/ysj_theorem5"]
    drawing, panels = plt.subplots(1, 2, figsize=(6.8, 3.9))
    shown = [part for scaled in (False, True) for part in _shown(rows, scaled)]
    sizes = sorted({*shown[0]["n"], *shown[2]["n"]})
    colours = dict(zip(sizes, sns.color_palette(n_colors=len(sizes)), strict=True))
    labelled: dict[str, Any] = {}
    for axes, scaled in zip(panels, (False, True), strict=True):
        sphere, line = shown[2:] if scaled else shown[:2]
        if len(sphere):
            _draw_bounds(axes, sphere.drop_duplicates("depth").sort_values("depth"))
        _draw_values(axes, sphere, line, colours, 0.17 if scaled else 0.0)
        norm = next(iter([*sphere["norm"], *line["norm"]]), "?")
        axes.set_title(rf"$M={norm}\,/\,\sqrt{{L}}$" if scaled else f"$M={norm}$")
        axes.set_xscale("log", base=2)
        depths = sorted({*sphere["depth"], *line["depth"]})
        axes.set_xticks(depths, [str(depth) for depth in depths])
        axes.set_xlabel("depth $L$")
        labelled |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    panels[0].set_yscale("log")
    if len(shown[2]):
        panels[1].set_ylim(0, 1.15 * float((shown[2]["printed"] * shown[2]["unit"]).max()))
    panels[0].set_ylabel(r"$\hat R_n\,\sqrt{n}\,/\,B$")
    drawing.legend(labelled.values(), labelled.keys(), loc="outside lower center", ncols=3)
    columns = [
        "instance",
        "n",
        "d",
        "depth",
        "norm",
        "scaled",
        "estimate",
        "half",
        "drawn",
        "exact",
        "printed",
        "moment",
    ]
    return Drawing(drawing, pd.concat(shown)[columns].reset_index(drop=True))


def _draw_bounds(axes: Any, rows: pd.DataFrame) -> None:
    r"""Curves in units of $B/\sqrt n$ for data of length $B$: the same for all n. One row a depth."""
    depths, limits = rows["depth"].tolist(), rows["limit"].tolist()
    upper = [
        min(rademacher.moment_bound(1, 1, limit, depth, power) for power in rademacher.POWERS[1:])
        for limit, depth in zip(limits, depths, strict=True)
    ]
    lower = (1 + rows["limit"] ** 2) ** rows["depth"] / np.sqrt(2 * rows["d"])  # an axis has 1/d of the squares or more
    axes.fill_between(depths, lower, upper, color="0.87", linewidth=0, label="between Theorems A and B")
    axes.plot(depths, rows["connected"], color="0.45", linestyle=":", label="fully-connected, quoted")
    axes.plot(depths, rows["printed"] * rows["unit"], color="black", linestyle="--", label="Theorem 5 as printed")
    axes.plot(depths, upper, color="0.35", linewidth=1.2, label="Theorem A (sharper)")


def _draw_values(
    axes: Any, sphere: pd.DataFrame, line: pd.DataFrame, colours: Mapping[float, Any], apart: float
) -> None:
    """Estimates and exact values; those of one depth are ``apart`` (in octaves)."""
    groups = list(sphere.groupby("n", sort=True))
    style = {"marker": "o", "linestyle": "none", "capsize": 1.5, "elinewidth": 1}
    for place, (n, group) in enumerate(groups):
        axes.errorbar(
            group["depth"] * 2 ** (apart * (place + 1 - len(groups) / 2)),
            group["estimate"] * group["unit"],
            yerr=group["half"] * group["unit"],
            color=colours[n],
            label=f"lower estimate, $n={int(n)}$",
            **style,
        )
    beside = line["depth"] * 2 ** (-apart * len(groups) / 2)
    label = f"exact, on a line, $n={int(line['n'].max())}$" if len(line) else None
    axes.plot(beside, line["estimate"] * line["unit"], "D", color="black", markersize=3, zorder=3, label=label)


CLAIM = Claim(
    paper="Yun–Sra–Jadbabaie 2019",
    label="Theorem 5",
    title="The Rademacher complexity of deep residual networks",
    statements=(
        Statement(
            "printed",
            r"For the networks $f=w^{\mathsf T}h_L$, $h_0=x$, $h_l=h_{l-1}+V_l\,\mathrm{relu}(U_lh_{l-1})$ with "
            r"$|w|\le1$ and $\|V_l\|_F,\|U_l\|_F\le M_l$: if $|x_i|\le B$, then "
            r"$\hat R_n=\frac1nE\sup_f\sum_i\epsilon_if(x_i)\le B\prod_l(1+2M_l^2)/\sqrt n$ ($E$: the mean over all "
            r"signs $\epsilon_i=\pm1$).",
            "as printed",
            proof="written",
        ),
        Statement(
            "moment",
            r"For every $p\ge1$, with $c_p=\frac12(1+2^{1/p})$: "
            r"$\hat R_n\le\frac1n\bigl(E|\sum_i\epsilon_ix_i|^p\bigr)^{1/p}\prod_l(1+c_pM_l^2)$. So, with $p=2$, "
            r"$\hat R_n\le\frac1n(\sum_i|x_i|^2)^{1/2}\prod_l\bigl(1+\frac{1+\sqrt2}2M_l^2\bigr)$, and "
            r"$\hat R_n\le2\sqrt L\,\frac1n(\sum_i|x_i|^2)^{1/2}\prod_l(1+M_l^2)$. (Tested with the best $p$ among "
            r"$1,2,4,\dots,64$.)",
            "sharper",
            proof="written",
        ),
        Statement(
            "line",
            r"On a line ($d=1$), for every depth and width: "
            r"$\hat R_n=\prod_l(1+M_l^2)\cdot\frac1nE|\sum_i\epsilon_ix_i|$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "below",
            r"In every dimension, for every unit vector $e$: "
            r"$\hat R_n\ge\prod_l(1+M_l^2)\cdot\frac1nE|\sum_i\epsilon_i\,e\cdot x_i|$; so $M_l=O(1/\sqrt L)$ is "
            r"necessary, too, for a bound that does not grow with the depth. (Tested with the first principal axis.)",
            "sharper",
            proof="written",
        ),
        Statement(
            "plane",
            r"In dimension $d\ge2$ and for one block some data have "
            r"$\hat R_n>(1+M_1^2)\cdot\frac1nE|\sum_i\epsilon_ix_i|$: what is an equality on a line is no upper bound "
            r"elsewhere.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
    ),
    check=check,
    control={"points": "line", "samples": 4, "depth": 1, "norm": "1/2", "scaled": False, "bound": "1/16"},
    control_statement="printed",
    figure=figure,
    summary=summary,
)
