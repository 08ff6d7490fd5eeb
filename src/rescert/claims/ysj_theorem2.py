r"""Critical points of deep residual networks: at least as good as linear, or strict saddles (Theorem 2).

The network is $h_1=x+V_1\phi_1(x)$, $h_l=h_{l-1}+V_l\phi_l(U_lh_{l-1})$ for $2\le l\le L$, $f=w^{\mathsf T}h_L$; the
risk is $R(\theta)=E[\ell(f(x);y)]$ with $\ell$ convex and twice differentiable in $f$, and
$R_{\mathrm{lin}}=\inf_tE[\ell(t^{\mathsf T}x;y)]$, **without bias**. $E$ is a mean over finitely many samples.
Below, $\phi_l$ means its value at the point,
$g_l=E[\ell'\phi_l]$ (a vector), and $G^2=\sum_{l=1}^L|g_l|^2$. The printed conditions are (c1):
$E[\ell''h_Lh_L^{\mathsf T}]$ has full rank, and (c2): the rows of $U_2,\dots,U_L$ do not span $\mathbb R^{d}$. (c2)
holds always if $\sum_{l\ge2}m_l<d$ (Corollary 3).

## Sharper: (c1) is not needed, and the negative eigenvalue has a bound

**Theorem.** Let (c2) hold with a unit vector $v$, $U_lv=0$ for $l\ge2$. Let the derivatives of $R$ in $w$ and in
$V_1,\dots,V_L$ vanish (those in $U_l$ and in the $\phi_l$ need not). If $R>R_{\mathrm{lin}}$, then $G>0$,
$v^{\mathsf T}w=0$, and, where the second derivative exists,

$$\lambda_{\min}(\nabla^2R)\le\frac12\Bigl(C-\sqrt{C^2+4G^2}\Bigr)<0,\qquad C=E[\ell''\,(v^{\mathsf T}h_L)^2].$$

*Proof.*

1. *A perturbation that the blocks do not see.* For vectors $a_1,\dots,a_L$ and numbers $s,t$ replace $w$ by $w+sv$ and
   every $V_l$ by $V_l+t\,va_l^{\mathsf T}$. Let $h_l'$ be the new representations and
   $\psi_l=\sum_{k\le l}a_k^{\mathsf T}\phi_k$. Then $h_l'=h_l+t\psi_lv$, by induction:
   $h_1'=x+V_1\phi_1+t(a_1^{\mathsf T}\phi_1)v$; and if $h_{l-1}'=h_{l-1}+t\psi_{l-1}v$, then
   $U_lh_{l-1}'=U_lh_{l-1}$ because $U_lv=0$, so $\phi_l$ keeps its value and
   $h_l'=h_{l-1}+t\psi_{l-1}v+V_l\phi_l+t(a_l^{\mathsf T}\phi_l)v=h_l+t\psi_lv$. With $\psi=\psi_L$, and $|v|=1$,
   $$f'=(w+sv)^{\mathsf T}(h_L+t\psi v)=f+s\,v^{\mathsf T}h_L+t\,(v^{\mathsf T}w)\,\psi+st\,\psi.$$
   No derivative of any $\phi_l$ was used.
2. *First derivative in $t$.* At $s=t=0$ it is
   $(v^{\mathsf T}w)E[\ell'\psi]=(v^{\mathsf T}w)\sum_la_l^{\mathsf T}g_l$, and it is zero for all $a_l$,
   because it is a derivative of $R$ in the $V_l$. So $v^{\mathsf T}w=0$, or all $g_l=0$.
3. *All $g_l=0$ gives $R\le R_{\mathrm{lin}}$.* From $h_L=x+\sum_lV_l\phi_l$ and
   $0=\partial R/\partial w=E[\ell'h_L]$ follows $E[\ell'x]=E[\ell'h_L]-\sum_lV_lg_l=0$. For every $t$, convexity gives
   $\ell(t^{\mathsf T}x)\ge\ell(f)+\ell'(f)\,(t^{\mathsf T}x-f)$. In the mean, $E[\ell't^{\mathsf T}x]=0$ and
   $E[\ell'f]=w^{\mathsf T}E[\ell'h_L]=0$, so $E[\ell(t^{\mathsf T}x)]\ge R$, for every $t$.
4. *Second derivatives.* So let $R>R_{\mathrm{lin}}$. Then some $g_l\ne0$ by 3, and $v^{\mathsf T}w=0$ by 2. Choose
   $a_l=g_l/G$. By 1, $R(s,t)=E[\ell(f+s\,v^{\mathsf T}h_L+st\,\psi)]$, with second derivatives at $s=t=0$
   $$R_{ss}=E[\ell''(v^{\mathsf T}h_L)^2]=C,\qquad R_{st}=E[\ell'\psi]=\sum_la_l^{\mathsf T}g_l=G,\qquad R_{tt}=0.$$
   The direction has squared length $s^2+t^2\sum_l|va_l^{\mathsf T}|_F^2=s^2+t^2$. So the least eigenvalue of the
   $2\times2$ matrix with rows $(C,G)$ and $(G,0)$ is a Rayleigh quotient of $\nabla^2R$. It is
   $\frac12(C-\sqrt{C^2+4G^2})$, negative because $G>0$. $\square$

All $V_l$ are moved at once, so $\sum_l|g_l|^2$ may stand where a single $|g_l|^2$ would; the choice of $a_l$ is the
best one by Cauchy and Schwarz. If (c1) fails along $v$, then $C=0$ and the bound is $-G$: failing (c1) makes the saddle
*steeper*. Corollary 3 needs no further condition. Steps 1 to 4 take no derivative of $\phi_l$: at a kink of a ReLU
network the derivatives in $w$ and $V_l$ along the directions used still exist, and so does the negative curvature.

## How a point is certified

*Which points.* `constructed`: $w=0$, found by one linear solve. `embedding`: a critical point of a narrower network,
with idle units added. `descent`: damped Newton steps, mostly to local minima. `designed`: any parameters with
$v^{\mathsf T}w=0$, and labels that make them critical. Starts that end away from a critical point are no instances. The
losses are squared, $\ell=\frac12(p-y)^2$, and logistic, $\ell=\log(1+e^p)-yp$ with $0\le y\le1$. Networks with
$\sum_{l\ge2}m_l<d$ are instances of Corollary 3 and stand under that claim, networks with one block under Section 4.2;
the figure shows all.

*Existence.* A small gradient proves nothing; a certificate shows a true critical point in a box around the found one.
(Where that fails, the assertions are about every critical point in a box around the candidate, if there is one: these
candidates are not counted as certified in the figure, and refute nothing.) For $d\ge2$ and $w\ne0$ a critical point is
never isolated, so rows of $V_l$ are frozen by this lemma. **Lemma.** Let $M_l$ be the matrix with columns
$w$ and the rows of $U_{l+1},\dots,U_L$ that are not zero, and let $I$ be rows such that $M_l[I]$ is square with
$\det M_l[I]\ne0$. If the rows $I$ of $\partial R/\partial V_l$ vanish, all rows do. *Proof.* With $q_L=w$ and
$q_{k-1}=q_k+U_k^{\mathsf T}\phi_k'(U_kh_{k-1})^{\mathsf T}V_k^{\mathsf T}q_k$, the chain rule gives
$\partial R/\partial V_l=E[\ell'q_l\phi_l^{\mathsf T}]$, and every $q_l$ is a combination of the columns of $M_l$, with
coefficients that depend on the sample. So $\partial R/\partial V_l=M_lK$ with a constant matrix $K$; $M_l[I]K=0$ gives
$K=0$. $\square$ For $l=L$ this is $\partial R/\partial V_L=wg_L^{\mathsf T}$: one row with $w_k\ne0$ is enough. A
Krawczyk inclusion then shows a zero of the remaining gradient entries, and all that are not equations are exactly zero
over the whole box. For `designed` points the unknowns are labels: the box holds labels $y$ for which the given
parameters are exactly critical, and the theorem is about those.

*Conclusion.* Over the whole box either $R\le R_{\mathrm{lin}}$, or $R>R_{\mathrm{lin}}$ and one explicit direction has
negative curvature. Where $R>R_{\mathrm{lin}}$, the bound is tested independently of its proof: a number $\beta$ is
chosen with $\lambda_{\min}<\beta$, shown by a direction of negative curvature of $R-\frac\beta2|\theta|^2$, and
$\beta\le\frac12(C-\sqrt{C^2+4G^2})<0$, shown by the signs of two polynomials. (c1) is shown by the definiteness of
$E[\ell''h_Lh_L^{\mathsf T}]=\partial^2R/\partial w^2$. An assertion stands under every statement that it supports, and
the checker derives it once.

*The sign of* $\lambda_{\min}$ *at minima.* Where $d\ge2$ and $w\ne0$, moving $V_L$ by $u\nu^{\mathsf T}$ with
$u^{\mathsf T}w=0$ leaves $f$ unchanged: at a local minimum $\lambda_{\min}=0$. If the Hessian in the
parameters that are not frozen is positive definite and only rows of $V_L$ are frozen, then $\lambda_{\min}=0$ exactly:
$R(\theta)=R(\pi(\theta))$, where $\pi$ puts $w^{\mathsf T}V_L$ into the kept row and resets the others, so at a
critical point $\nabla^2R=D^{\mathsf T}\nabla^2R_{\mathrm{kept}}D\succeq0$ with $D$ the derivative of $\pi$, and the
gauge directions are in the kernel.

## Errors and gaps of the paper

None in the statement. (c1) is superfluous. "Twice-differentiable critical point" need not mean differentiable blocks,
as the example after Corollary 3 with ReLU requires. That example needs $L\le d_x$, as printed.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rescert import critical_points
from rescert.claim import Claim, Drawing, Finding, Inputs, Instance, Statement
from rescert.landscape.dichotomy import Decision


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """Existence of a critical point near the candidate, then one of the two clauses over the whole box."""
    examined = critical_points.examine(instance, inputs)

    def both(decision: Decision) -> bool | None:
        return False if decision.coverage is False else (decision.coverage and decision.representation)

    return {
        "printed": critical_points.finding(examined, both, critical_points.good),
        "sharper": critical_points.finding(examined, lambda d: d.coverage, critical_points.good_with_bound, True),
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """Excess risk over the best linear predictor (no bias) against the smallest eigenvalue of the Hessian, one dot a
    critical point of Theorem 2, of Corollary 3 or of a single block. Under Theorem 2 itself stand {points} points, from
    {starts} starts in {landscapes} landscapes ({origins}); other starts ended away from critical points and are no
    instances. Filled: certified, with a proof that the critical point exists ({certified} of these points, {share}).
    The shaded quadrant is forbidden; only points to the right of 0 test it ({above} of these, {above_certified}
    certified).
    """
    import matplotlib.pyplot as plt

    rows = pd.concat([table for name, table in sorted(tables.items()) if name.startswith("claims/")])
    drawing, axes = plt.subplots(figsize=(6.4, 4.2))
    return Drawing(drawing, critical_points.scatter(axes, rows))


CLAIM = Claim(
    paper="Yun–Sra–Jadbabaie 2019",
    label="Theorem 2",
    title="Critical points of deep residual networks are at least as good as linear, or strict saddles",
    statements=(
        Statement(
            "printed",
            r"Let the loss be convex and twice differentiable, and $f=w^{\mathsf T}h_L$ with $h_1=x+V_1\phi_1(x)$, "
            r"$h_l=h_{l-1}+V_l\phi_l(U_lh_{l-1})$. At a twice-differentiable critical point with (c1) "
            r"$E[\ell''h_Lh_L^{\mathsf T}]$ of full rank and (c2) the rows of $U_2,\dots,U_L$ not spanning "
            r"$\mathbb R^{d_x}$: $R\le R_{\mathrm{lin}}$ or $\lambda_{\min}(\nabla^2R)<0$.",
            "as printed",
        ),
        Statement(
            "sharper",
            r"(c2) alone suffices, and the stationarity of $R$ in $w$ and the $V_l$: $R\le R_{\mathrm{lin}}$, or "
            r"$\lambda_{\min}(\nabla^2R)\le\frac12\bigl(C-\sqrt{C^2+4\sum_l|g_l|^2}\bigr)<0$ with "
            r"$C=E[\ell''(v^{\mathsf T}h_L)^2]$, $g_l=E[\ell'\phi_l]$ and any unit vector $v$ orthogonal to the rows "
            r"of $U_2,\dots,U_L$.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"landscape": "ysj_theorem2", "point": 0, "shift": "1e-6"},
    control_statement="printed",
    figure=figure,
    expand=critical_points.expand,
    summary=critical_points.summary,
    overview=critical_points.overview,
)
