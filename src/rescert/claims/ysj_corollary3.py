r"""Few inner units: the parameter coverage condition holds by architecture (Corollary 3).

The network and the notation are those of Theorem 2 (`ysj_theorem2`): $h_1=x+V_1\phi_1(x)$,
$h_l=h_{l-1}+V_l\phi_l(U_lh_{l-1})$ with $U_l\in\mathbb R^{m_l\times d}$, $f=w^{\mathsf T}h_L$, $g_l=E[\ell'\phi_l]$, a
mean over finitely many samples, and $R_{\mathrm{lin}}$ **without bias**. If $\sum_{l\ge2}m_l<d$, the rows of
$U_2,\dots,U_L$ are too few to span $\mathbb R^d$, whatever the parameters are. The printed corollary keeps the
condition (c1) that $E[\ell''h_Lh_L^{\mathsf T}]$ has full rank.

## Sharper: no condition on the point, and local minima at kinks

**Theorem.** Let $\sum_{l\ge2}m_l<d$, the loss convex and twice differentiable, and $v$ a unit vector with $U_lv=0$ for
all $l\ge2$.

1. At every twice-differentiable critical point $R\le R_{\mathrm{lin}}$, or
   $\lambda_{\min}(\nabla^2R)\le\frac12\bigl(C-\sqrt{C^2+4\sum_l|g_l|^2}\bigr)<0$ with $C=E[\ell''(v^{\mathsf
   T}h_L)^2]$.
2. At every *local minimum* $R\le R_{\mathrm{lin}}$, whether or not $R$ is differentiable there, for all functions
   $\phi_l$.

*Proof.* 1 is the sharper Theorem 2, since (c2) holds. For 2, let $\theta$ be a local minimum. The output is linear in
$w$, so $R$ is differentiable in $w$ and $E[\ell'h_L]=0$. By step 1 of that proof, replacing $w$ by $w+sv$ and $V_l$ by
$V_l+t\,va_l^{\mathsf T}$ changes the output to
$$f'=f+s\,v^{\mathsf T}h_L+t\,(v^{\mathsf T}w)\,\psi+st\,\psi,\qquad\psi=\sum_la_l^{\mathsf T}\phi_l,$$
a polynomial in $(s,t)$, because no argument of a $\phi_l$ changes. So $(s,t)\mapsto R$ is twice differentiable, with a
local minimum at 0. Its derivative in $t$, $(v^{\mathsf T}w)\sum_la_l^{\mathsf T}g_l$, is zero for all $a_l$. If all
$g_l=0$, then $E[\ell'x]=E[\ell'h_L]-\sum_lV_lg_l=0$, and convexity gives $R\le R_{\mathrm{lin}}$ as in step 3.
Otherwise $v^{\mathsf T}w=0$; with $a_l=g_l/G$, $G^2=\sum_l|g_l|^2>0$, the Hessian at 0 has rows $(C,G)$ and $(G,0)$,
hence a negative eigenvalue, and 0 is no local minimum. $\square$

## What is missing at kinks

The example after the corollary is a ReLU network, $h\mapsto h+v_l\,\mathrm{relu}(u_l^{\mathsf T}h)$. There $R$ is not
differentiable where a pre-activation vanishes at a datum, and good minima do sit there (Proposition 1 has them): the
printed corollary, on twice-differentiable points, says nothing about these. Part 2 above does: with $L\le d$ blocks
every local minimum of that network is at least as good as linear, kinks on data included. (Its proof uses only that the
rows of the $U_l$ do not span at the minimum, so it holds under (c2), too. The instances below are smooth: they do not
test it.)

## How a point is certified

As for Theorem 2: existence of a critical point in a box around the candidate, then one of the clauses over the whole
box, with the bound tested independently of its proof. The condition $\sum_{l\ge2}m_l<d$ is read off the shapes. The
logistic loss on separable data has $R_{\mathrm{lin}}=0$, which is not attained: there every critical point must be a
strict saddle.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rescert import critical_points
from rescert.claim import Claim, Drawing, Finding, Inputs, Instance, Statement
from rescert.networks.residual_blocks import depth


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """Existence of a critical point near the candidate, then one of the two clauses over the whole box."""
    examined = critical_points.examine(instance, inputs)
    point = examined.candidate.point
    few = sum(len(point[f"U{block}"]) for block in range(2, depth(point) + 1)) < len(point["w"])
    return {
        "printed": critical_points.finding(examined, lambda d: few and d.representation, critical_points.good),
        "sharper": critical_points.finding(examined, lambda d: few, critical_points.good_with_bound, True),
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """Excess risk over the best linear predictor (no bias) against the smallest eigenvalue, one dot a critical point of
    a network with fewer inner units than dimensions: {points} points from {starts} starts in {landscapes} landscapes
    ({origins}). Filled: certified ({certified}, {share}). The shaded quadrant is forbidden; {above} points lie to the
    right of 0 ({above_certified} certified). Right: the negative eigenvalue against the bound of the sharper corollary;
    no dot may lie above the diagonal.
    """
    import matplotlib.pyplot as plt

    rows = tables["claims/ysj_corollary3"]
    drawing, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.2))
    data = critical_points.scatter(left, rows)
    critical_points.bounds(right, rows)
    return Drawing(drawing, data)


CLAIM = Claim(
    paper="Yun–Sra–Jadbabaie 2019",
    label="Corollary 3",
    title="With fewer inner units than dimensions, critical points are at least as good as linear, or strict saddles",
    statements=(
        Statement(
            "printed",
            r"In the network of Theorem 2 with $U_l\in\mathbb R^{m_l\times d_x}$, if $\sum_{l\ge2}m_l<d_x$: at every "
            r"twice-differentiable critical point where $E[\ell''h_Lh_L^{\mathsf T}]$ has full rank, "
            r"$R\le R_{\mathrm{lin}}$ or $\lambda_{\min}(\nabla^2R)<0$.",
            "as printed",
        ),
        Statement(
            "sharper",
            r"If $\sum_{l\ge2}m_l<d_x$, at every twice-differentiable critical point $R\le R_{\mathrm{lin}}$ or "
            r"$\lambda_{\min}(\nabla^2R)\le\frac12\bigl(C-\sqrt{C^2+4\sum_l|g_l|^2}\bigr)<0$, with "
            r"$C=E[\ell''(v^{\mathsf T}h_L)^2]$, $g_l=E[\ell'\phi_l]$ and any unit vector $v$ orthogonal to the rows "
            r"of $U_2,\dots,U_L$; and every local minimum, differentiable or not, has $R\le R_{\mathrm{lin}}$. (The "
            r"instances are smooth: they test the first part, the second rests on its proof.)",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"landscape": "ysj_corollary3", "point": 0, "shift": "1e-6"},
    control_statement="printed",
    figure=figure,
    expand=critical_points.expand,
    summary=critical_points.summary,
    overview=critical_points.overview,
)
