r"""Gradient descent on a matrix chain from the identity (Nar and Sastry 2018, Theorem 2).

The product $W_L\cdots W_1$ of $n\times n$ matrices, $L\ge2$, is fitted to $R$ by gradient descent with step $\delta$ on
$f(W)=\tfrac12\|E\|_F^2$, $E=W_L\cdots W_1-R$ (this is (4) with $\Sigma=I$), from $W_i[0]=I$. With
$A_i=W_L\cdots W_{i+1}$, $B_i=W_{i-1}\cdots W_1$ and $X_i=A_i^{\mathsf T}EB_i^{\mathsf T}$, a step is
$W_i\leftarrow W_i-\delta X_i$. Write $f_k=f(W[k])$ and $g_k=|\nabla f(W[k])|$, so $g_k^2=\sum_i\|X_i[k]\|_F^2$. $R$ is
diagonalisable with positive eigenvalues $\lambda_r$. $T=R^{1/L}$ is the root with positive eigenvalues
$\ell_r=\lambda_r^{1/L}$, a polynomial in $R$. As in Proposition 2, $G(w)=w^{L-1}\sum_{j<L}w^j\ell^{L-1-j}$, so
$G(1)=\sum_{j<L}\ell^j$ and $G(\ell)=L\ell^{2L-2}$; with the index $r$ for $\ell=\ell_r$.

## What is wrong as printed

1. $\delta>0$ is not said. For $\delta=0$ nothing moves. For $\delta<0$, symmetric $R$ and all $\lambda_r<1$, each
   eigenvalue obeys $w[k+1]-\ell=(1+|\delta|G(w[k]))(w[k]-\ell)$: its distance to $\ell$ never falls.
2. For $R$ that is not symmetric *the conclusion is false*. Gradient descent from the identity finds a factorisation of
   $R$ in which the layers are nearly balanced, $W_{i+1}^{\mathsf T}W_{i+1}\approx W_iW_i^{\mathsf T}$; the
   factorisation by $T$ is not balanced, because $T^{\mathsf T}T\ne TT^{\mathsf T}$. The instances show limits that are
   not $T$, also at the largest step that is printed, and below it is proved for every such $R$ at all small steps.
   Where $R$ is far from normal, gradient descent even diverges at the printed step: last section.
3. *The argument* fails there as well: $W_i[k]$ does not stay a polynomial in $R$. It is one at $k=1$, and an entry of
   $W_i[2]R-RW_i[2]$ that is not $0$ is exhibited (see Theorem 1 for the reason, the transposes in (5)).
4. For such $R$ the printed step need not even be small enough for any factorisation to be stable: last section.

## The corrected statement

**Theorem.** Let $R$ be symmetric with eigenvalues $\lambda_r>0$, and
$0<\delta\le\frac1L\min\{1,\lambda(R)^{-2(L-1)/L}\}$. Then
$$\|W_i[k]-R^{1/L}\|_2\le\max_r\,\rho_r^k\,|1-\ell_r|,\qquad\rho_r=1-\delta\min\{G_r(1),G_r(\ell_r)\}\in[0,1).$$

*Proof.* With orthonormal eigenvectors $q_r$ of $R$, $W_i[0]=I=\sum_rq_rq_r^{\mathsf T}$. By Lemma 3 of Theorem 1,
$W_i[k]=\sum_rw_r[k]\,q_rq_r^{\mathsf T}$, and $w_r$ is the scalar chain for $\lambda_r$ from $1$. Proposition 2 gives
$|w_r[k]-\ell_r|\le\rho_r^k|1-\ell_r|$ if $\delta\max\{G_r(1),G_r(\ell_r)\}\le1$. Both $G_r(1)$ and $G_r(\ell_r)$ grow
with $\ell_r$. For $\ell_r\le1$ the maximum is at most $L$, for $\ell_r\ge1$ it is
$L\lambda_r^{2(L-1)/L}\le L\lambda(R)^{2(L-1)/L}$; so the condition holds for every $r$. The eigenvalues of
$W_i[k]-R^{1/L}$ are $w_r[k]-\ell_r$. ∎

**Sharper: a larger step.** The same bound holds for all $0<\delta\le1/\max_r\max\{G_r(1),G_r(\ell_r)\}$, by the same
proof. For $\lambda(R)\ge1$ this is the printed step. For $\lambda(R)<1$ it is the larger
$1/\sum_{j<L}\lambda(R)^{j/L}$. It is the least of the critical steps $\delta_c(\lambda_r)$.

The certificates follow the recursion of the matrices, in balls. With the projection $P_r$ to the eigenspace of
$\lambda_r$, $(W_i[k]-T)P_r=(w_r[k]-\ell_r)P_r$, and $\|(W_i[k]-T)P_r\|_F<\rho_r^k|1-\ell_r|\,\|P_r\|_F$ is shown for
$2\le k\le K$ and each $\lambda_r\ne1$; at $k\le1$, and for $\lambda_r=1$, there may be identities. That it goes on for
all $k$ is the proof above, and its hypothesis is shown: the printed step, or $\delta\max\{G_r(1),G_r(\ell_r)\}\le1$.

## Sharper: for all other matrices the conclusion is false at every small step

**Theorem.** Let $F=\|I-R\|_F$, $s=\|R\|_2$, $M^2=(s+F)^{2/L}+2(L-1)\delta F^2$, $M_+=M+\delta M^{L-1}F$ and
$$\beta(\delta)=LM_+^{2L-2}+(L-1)M_+^{L-2}F\,\bigl(1+\delta LM_+^{2L-2}\bigr).$$
If $0<\delta\beta(\delta)\le1$, then for all $k$ the loss does not rise and
$\|W_{i+1}^{\mathsf T}W_{i+1}-W_iW_i^{\mathsf T}\|_F\le\delta F^2$. If moreover
$\|T^{\mathsf T}T-TT^{\mathsf T}\|_F>\delta F^2$, then not all $W_i[k]$ tend to $T$. For every $R$ that is not symmetric
both hold for all small $\delta>0$. So Theorem 2 is true for all small steps if and only if $R$ is symmetric.

*Proof.* Let $D_i=W_{i+1}^{\mathsf T}W_{i+1}-W_iW_i^{\mathsf T}$. As $W_{i+1}^{\mathsf T}X_{i+1}=X_iW_i^{\mathsf T}$
(both are $A_i^{\mathsf T}EB_{i+1}^{\mathsf T}$), the terms with $\delta$ cancel in a step:
$$D_i[k+1]-D_i[k]=\delta^2\bigl(X_{i+1}^{\mathsf T}X_{i+1}-X_iX_i^{\mathsf T}\bigr),$$
whose norm is at most $\delta^2g_k^2$. Suppose $f_j-f_{j+1}\ge\frac\delta2g_j^2$ for all $j<k$. Then
$\|E[k]\|_F\le\|E[0]\|_F=F$, and as $D_i[0]=0$, $\|D_i[k]\|_F\le\sum_{j<k}\delta^2g_j^2\le2\delta f_0=\delta F^2=:\eta$.

*The weights are bounded.* Let $a_i=\|W_i[k]\|_2^2$. From $D_i$, $a_{i+1}\le a_i+\eta$. Let $u_0$ be a unit vector with
$|W_1u_0|^2=a_1$, $u_j=W_ju_{j-1}$, and $r_j=|u_j|^2/|u_{j-1}|^2$, so $r_1=a_1$. As
$|W_j^{\mathsf T}u_j|\,|u_{j-1}|\ge u_j^{\mathsf T}W_ju_{j-1}=|u_j|^2$,
$$|u_{j+1}|^2=u_j^{\mathsf T}(W_jW_j^{\mathsf T}+D_j)u_j\ge|W_j^{\mathsf T}u_j|^2-\eta|u_j|^2\ge(r_j-\eta)|u_j|^2.$$
So $r_{j+1}\ge r_j-\eta$. If $a_1>(L-1)\eta$, all $r_j$ are at least $a_1-(L-1)\eta>0$, and
$\|W_L\cdots W_1\|_2^2\ge|u_L|^2\ge(a_1-(L-1)\eta)^L$. As $\|W_L\cdots W_1\|_2\le s+F$, in any case
$a_1\le(s+F)^{2/L}+(L-1)\eta$ and $a_i\le M^2$.

*The next step.* $g_k\le\sqrt LM^{L-1}F$ and $\|X_i\|_F\le M^{L-1}F$, so all matrices on the segment from $W[k]$ to
$W[k+1]$ have norm at most $M_+$. The product changes along it by at most $\sqrt LM_+^{L-1}\delta g_k$ in $\|\cdot\|_F$,
so there $\|E\|_F\le F(1+\delta LM_+^{2L-2})$. The quadratic form of $\nabla^2f$ is
$\|\sum_iA_iV_iB_i\|_F^2+2\sum_{i<j}\langle E,\cdot\rangle$, the dots being the product with $W_i,W_j$ replaced by
$V_i,V_j$. It is at most $LM_+^{2L-2}|V|^2+(L-1)M_+^{L-2}\|E\|_F|V|^2\le\beta|V|^2$, because
$2\sum_{i<j}x_ix_j\le(L-1)\sum_ix_i^2$. Hence $f_{k+1}\le f_k-\delta(1-\delta\beta/2)g_k^2$, which is the supposition
for $j=k$: by induction it holds for all $k$, and so does the bound of $D_i$. If all $W_i[k]$ tended to $T$, $D_i[k]$
would tend to $T^{\mathsf T}T-TT^{\mathsf T}$, whose norm exceeds $\delta F^2$.

*Small steps.* As $\delta\to0$, $\beta$ has a limit, so $\delta\beta\to0$, and $\delta F^2\to0$. $T$ is normal iff $R$
is: $R=T^L$, and $T$ is a polynomial in $R$. A normal matrix with real eigenvalues is symmetric. So
$\|T^{\mathsf T}T-TT^{\mathsf T}\|_F>0$ unless $R$ is symmetric. ∎

## Where it goes instead

**Trap.** Let $\|W_i[K]\|_2\le M-2r$ and $\sigma_{\min}(W_i[K])\ge m+r$ with $r,m>0$, $F_K=\|E[K]\|_F$,
$$\beta=LM^{2L-2}+(L-1)M^{L-2}\bigl(F_K+2r\sqrt LM^{L-1}\bigr),\quad\alpha=1-\tfrac12\delta\beta>0,\quad\mu=Lm^{2L-2},$$
$F_K\le\alpha\sqrt\mu\,r$ and $\delta\sqrt LM^{L-1}F_K\le r$. Then $W[k]$ converges, exponentially fast, to a
factorisation $W^*$ of $R$ with $|W^*-W[K]|\le r$. If $\|W_i[K]-T\|_F>r$ for some $i$, then $W_i^*\ne T$.

*Proof.* Let $k\ge K$, all iterates from $W[K]$ to $W[k]$ within $r$ of $W[K]$, and $f_k\le f_K$. As
$g_k\le\sqrt LM^{L-1}F_K$, the segment to $W[k+1]$ stays within $2r$, where $\|W_i\|_2\le M$ and
$\|E\|_F\le F_K+2r\sqrt LM^{L-1}$; as above $f_{k+1}\le f_k-\alpha\delta g_k^2$. Within $r$, $\sigma_{\min}(W_i)\ge m$,
so $g_k^2=\sum_i\|A_i^{\mathsf T}EB_i^{\mathsf T}\|_F^2\ge Lm^{2L-2}\|E\|_F^2=2\mu f_k$. Therefore
$f_{k+1}\le(1-2\alpha\delta\mu)f_k$ and
$$\sqrt{f_k}-\sqrt{f_{k+1}}\ge\frac{\alpha\delta g_k^2}{2\sqrt{f_k}}\ge\alpha\sqrt{\mu/2}\;\delta g_k$$
(if $f_k=0$, nothing moves any more). So the steps from $K$ to $k+1$ have together at most the length
$\sqrt{f_K}/(\alpha\sqrt{\mu/2})=F_K/(\alpha\sqrt\mu)\le r$: by induction no iterate leaves the ball. $f_k$ falls
geometrically, and so do the lengths of the steps from $k$ on: $W[k]$ converges exponentially, to a point with $f=0$. ∎

In the certificates $\|W\|_2$ is bounded by $(\operatorname{tr}(W^{\mathsf T}W)^8)^{1/16}$ and $\sigma_{\min}(W)$ by
$(1-\|XW-I\|_F)/\|X\|_F$ with a matrix $X$ near $W^{-1}$.

## The printed step can be too large for any equilibrium

By Theorem 1 (sharper), no factorisation is stable if $\delta>2/(Ls^{2(L-1)/L})$. If
$s>2^{L/(2L-2)}\max\{1,\lambda(R)\}$, which happens for matrices with any given positive eigenvalues that are not all
equal, the largest printed step exceeds this threshold. Then no $W$ with $W_L\cdots W_1=R$ is a stable equilibrium,
$R^{1/L}$ least of all.

**Divergence.** Let $L=2$, $P=W_2W_1$, $\pi=\|P\|_2$ and $\omega=\|W_1\|_F^2+\|W_2\|_F^2$. If at some $k$
$\delta\pi\ge16$, $\pi\ge16s$ and $\omega\le\delta\pi^2/16$, then $\pi\to\infty$.

*Proof.* With $E=P-R$, the next product is
$P'=P-\delta(W_2W_2^{\mathsf T}E+EW_1^{\mathsf T}W_1)+\delta^2EP^{\mathsf T}E$. Now
$\|EP^{\mathsf T}E\|_2\ge\|PP^{\mathsf T}P\|_2-2s\pi^2-s^2\pi\ge(1-\frac2{16}-\frac1{256})\pi^3$, and the bracket is at
most $\omega(\pi+s)\le\frac1{16}\cdot\frac{17}{16}\delta\pi^3$. So
$\pi'\ge\delta^2\pi^3(1-\frac2{16}-\frac1{256}-\frac{17}{256}-\frac1{256})\ge\frac12\delta^2\pi^3\ge128\pi$. The
gradients are $W_2^{\mathsf T}E$ and $EW_1^{\mathsf T}$, so $\|W_1'\|_F\le\|W_1\|_F+t\|W_2\|_F$ and
$\|W_2'\|_F\le\|W_2\|_F+t\|W_1\|_F$ with $t=\delta(\pi+s)$; hence
$\omega'\le(1+t)^2\omega\le(\frac{18}{16}\delta\pi)^2\omega\le\frac{1.3}{16}\delta^3\pi^4$. As
$\frac1{16}\delta\pi'^2\ge\frac1{64}\delta^5\pi^6\ge\frac{256}{64}\delta^3\pi^4$, the third inequality holds again, and
so do the others. ∎
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rescert.certify.sign import constant
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics.chain_convergence import Convergence
from rescert.dynamics.chain_decoupling import Descent
from rescert.dynamics.chain_limit import Limit
from rescert.dynamics.chain_target import Assertions, Target

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 1e-15  # smaller distances are rounding errors of floats and are not drawn
DRAWN = 3  # curves a panel


def _case(instance: Instance) -> Convergence:
    descent = Descent(Target(instance["matrix"]), "identity", instance["step"], instance["depth"])
    return Convergence(Limit(descent, instance["steps"]))


def _outside(case: Convergence) -> Finding | None:
    """The finding of statements on the printed step where δ is above it."""
    within, shown = case.within
    if within is not False:
        return None
    return Finding(False, None, Evidence.EXACT, "the step exceeds the printed one", assertions=shown)


def _uncovered(case: Convergence, symmetric: bool) -> Finding | None:
    """The finding of statements on symmetric R, or on all others, and positive δ, where they do not apply."""
    if case.target.symmetric is not symmetric:
        reason = "R is not symmetric" if symmetric else "R is symmetric"
        return Finding(False, None, Evidence.EXACT, reason, assertions=case.symmetry)
    if case.step <= 0:
        return Finding(False, None, Evidence.EXACT, "δ <= 0", assertions=(constant(case.step, "<="),))
    return None


def _printed(case: Convergence) -> Finding:
    if (outside := _outside(case)) is not None:
        return outside
    within, hypotheses = case.within

    def finding(conclusion: bool | None, reason: str, shown: Assertions) -> Finding:
        known = conclusion if shown and within else None
        return Finding(within, known, Evidence.ENCLOSED, reason, assertions=(*hypotheses, *shown) if shown else ())

    if case.step <= 0:
        shown, reason = case.never_arrives
        return finding(False, reason, shown)
    if case.target.symmetric:
        bounded, shown = case.bounded
        if not bounded:
            return finding(None, "the bound is not shown", ())
        return finding(True, f"the bound holds up to k = {case.limit.steps}", (*case.symmetry, *shown))
    shown, radius, reason = case.trapped
    if shown:
        reason = f"the run converges within {radius:.3g} of W[{case.limit.steps}], to another factorisation"
    elif case.excluded[0]:
        shown, reason = case.excluded[1], "R^(1/L) is not balanced enough to be the limit"
    elif case.escaped[0]:
        shown, reason = case.escaped
    return finding(False, reason, shown)


def _argument(case: Convergence) -> Finding:
    settled = case.limit.descent.decoupling()
    evidence = Evidence.EXACT if settled.exact else Evidence.ENCLOSED
    shown = (*case.spectrum, *settled.assertions) if case.spectrum and settled.assertions else ()
    return Finding(True, settled.holds if shown else None, evidence, settled.reason, assertions=shown)


def _corrected(case: Convergence) -> Finding:
    return _uncovered(case, True) or _outside(case) or _printed(case)


def _larger_step(case: Convergence) -> Finding:
    if (uncovered := _uncovered(case, True)) is not None:
        return uncovered
    (contracts, contraction), (bounded, bound) = case.contracts, case.bounded
    hypotheses = (*case.symmetry, *case.spectrum, *contraction)
    if contracts is False:
        return Finding(False, None, Evidence.ENCLOSED, "the step exceeds a critical step", assertions=hypotheses)
    if not (contracts and bounded):
        return Finding(contracts, None, Evidence.ENCLOSED, "the bound, or that the step is small enough, is not shown")
    side = "beyond" if case.within[0] is False else "within"
    reason = f"the bound holds up to k = {case.limit.steps}, {side} the printed step"
    return Finding(True, True, Evidence.ENCLOSED, reason, assertions=(*hypotheses, *bound))


def _converse(case: Convergence) -> Finding:
    if (uncovered := _uncovered(case, False)) is not None:
        return uncovered
    excluded, shown = case.excluded
    if excluded is False:
        shown = (*case.spectrum, *shown)
        return Finding(False, None, Evidence.ENCLOSED, "the step is too large for the theorem", assertions=shown)
    reason = f"δβ < 1, and the layers are balanced to within δ‖I-R‖² up to k = {case.limit.balanced_steps}"
    shown = (*case.spectrum, *shown) if excluded else ()
    return Finding(excluded, excluded, Evidence.ENCLOSED, reason, assertions=shown)


def _witness(case: Convergence, evidence: Evidence, shown: Assertions, reason: str, **more: Any) -> Finding:
    """The finding of a statement "for some R and δ that satisfy all hypotheses": nothing without these."""
    if (outside := _outside(case)) is not None:
        return outside
    within, hypotheses = case.within
    if not (within and shown):
        return Finding(within, None, evidence, reason if within else "the step is not shown to be small enough")
    return Finding(True, True, evidence, reason, assertions=(*hypotheses, *shown), **more)


def _other_limit(case: Convergence) -> Finding:
    if (uncovered := _uncovered(case, False)) is not None:
        return uncovered
    shown, radius, reason = case.trapped
    if not shown:
        return _witness(case, Evidence.ENCLOSED, (), reason)
    distance, error = (case.limit.curves()[name][-1] for name in ("distance", "error"))
    return _witness(
        case,
        Evidence.ENCLOSED,
        shown,
        f"trapped within {radius:.3g} of W[{case.limit.steps}], where ‖E‖ is {error:.3g}",
        measured=f"{distance:.4g}",
        bound=f"{radius:.3g}",
        values={"left": distance, "radius": radius},
    )


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One matrix, depth, step and number of steps; nothing is read."""
    case = _case(instance)
    findings = {
        "printed": _printed(case),
        "argument": _argument(case),
        "corrected": _corrected(case),
        "larger_step": _larger_step(case),
        "converse": _converse(case),
        "other_limit": _other_limit(case),
        "unstable": _witness(case, Evidence.EXACT, *case.unstable),
        "divergence": _witness(case, Evidence.ENCLOSED, *case.escaped),
    }
    values = {**case.limit.curves(), "symmetric": case.target.symmetric}
    findings["argument"] = replace(findings["argument"], values=values)
    return findings


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    bounded = rows[(rows["statement"] == "larger_step") & (rows["verdict"] == "holds")]
    other = rows[(rows["statement"] == "other_limit") & (rows["verdict"] == "holds")]
    failing = rows[(rows["statement"] == "printed") & (rows["verdict"] == "fails")]
    diverging = rows[(rows["statement"] == "divergence") & (rows["verdict"] == "holds")]
    return {
        "instances": int(rows["instance"].nunique()),
        "bounded": len(bounded),
        "other": len(other),
        "failing": len(failing),
        "diverging": len(diverging),
        "least": float((other["left"] - other["radius"]).min()) if len(other) else 0.0,
        "most": float((other["left"] + other["radius"]).max()) if len(other) else 0.0,
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Distance of the layers from $R^{{1/L}}$ under gradient descent from the identity.

    Up to three matrices a panel. Left: symmetric $R$. Points: the largest $\|W_i[k]-R^{{1/L}}\|_F$; lines: the bound of
    the corrected theorem, added up over the eigenvalues, which was shown in balls on {bounded} of {instances}
    instances. Right: $R$ with positive eigenvalues that is not symmetric. The error $\|E[k]\|_F$ (dashed) falls
    exponentially, so a factorisation of $R$ is found, but the distance (solid) stays: on {other} instances the limit
    was shown to be another one than by $R^{{1/L}}$, and its farthest layer is {least:.2g} to {most:.2g} away. On
    {diverging} more gradient descent was shown to diverge. The printed theorem fails on {failing} instances in all.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    rows = tables["claims/ns_theorem2"]
    rows = rows[rows["statement"] == "argument"]
    rows = rows[[Fraction(text) > 0 for text in rows["step"]]]
    drawn, (left, right) = plt.subplots(1, 2, figsize=(6.8, 3.9))
    colours = sns.color_palette()
    for axis, symmetric in ((left, True), (right, False)):
        chosen = _chosen(rows[rows["symmetric"] == symmetric])
        for colour, (_, row) in zip(colours, chosen.iterrows(), strict=False):
            label = f"{row['matrix']}  ($L={row['depth']}$, $\\delta={row['step']}$)"
            distance = [(k, y) for k, y in enumerate(row["distance"]) if y > SHOWN]
            if symmetric:
                bound = [(k, y) for k, y in enumerate(row["bound_curve"]) if y > SHOWN]
                axis.plot(*zip(*bound, strict=True), color=colour, linewidth=1.2)
                thin = distance[:: max(1, len(distance) // 20)]
                axis.plot(
                    *zip(*thin, strict=True), color=colour, linestyle="none", marker="o", markersize=3, label=label
                )
            else:
                error = [(k, y) for k, y in enumerate(row["error"]) if y > SHOWN]
                axis.plot(*zip(*distance, strict=True), color=colour, label=label)
                axis.plot(*zip(*error, strict=True), color=colour, linestyle="--", linewidth=1.2)
        axis.set(yscale="log", xlabel="iteration $k$", title="$R$ symmetric" if symmetric else "$R$ not symmetric")
        if len(chosen):
            axis.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    left.set_ylabel(r"$\|W_i[k]-R^{1/L}\|_F$")
    right.set_ylabel(r"$\|W_i[k]-R^{1/L}\|_F$, $\|E[k]\|_F$ (dashed)")
    columns = ["matrix", "depth", "step", "symmetric", "distance", "error", "bound_curve"]
    return Drawing(drawn, rows[[c for c in columns if c in rows]].reset_index(drop=True))


def _chosen(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of different matrices first; runs that left all bounds have nothing to show."""
    ended = rows[rows["distance"].map(len) > rows["steps"]]
    return ended.drop_duplicates("matrix").head(DRAWN)


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Theorem 2",
    title="Gradient descent from the identity finds the root of symmetric matrices, and at small steps of no others",
    statements=(
        Statement(
            "printed",
            r"Let $R$ be diagonalisable with positive real eigenvalues, $\Sigma=I$ and $W_i[0]=I$. If "
            r"$\delta\le\frac1L\min\{1,\lambda(R)^{-2(L-1)/L}\}$, then each $W_i$ converges to $R^{1/L}$ exponentially "
            r"fast.",
            "as printed",
        ),
        Statement(
            "argument",
            r"(The proof, its first step.) From $W_i[0]=I$ the update (5) has diagonal form in the eigenvectors of $R$ "
            r"for all $k$.",
            "as printed",
        ),
        Statement(
            "corrected",
            r"Let $R$ be symmetric with eigenvalues $\lambda_r>0$, $\ell_r=\lambda_r^{1/L}$, $\Sigma=I$, $W_i[0]=I$ "
            r"and $0<\delta\le\frac1L\min\{1,\lambda(R)^{-2(L-1)/L}\}$. Then "
            r"$\|W_i[k]-R^{1/L}\|_2\le\max_r\rho_r^k|1-\ell_r|$ for all $k$, with "
            r"$\rho_r=1-\delta\min\{\sum_{j<L}\ell_r^j,\,L\ell_r^{2L-2}\}\in[0,1)$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "larger_step",
            r"The same holds for $0<\delta\le\min_r1/\max\{\sum_{j<L}\ell_r^j,\,L\ell_r^{2L-2}\}$, which is more "
            r"than the printed step if and only if $\lambda(R)<1$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "converse",
            r"For every $R$ that is diagonalisable with positive eigenvalues and *not* symmetric, the conclusion is "
            r"false for all small $\delta>0$: if $\delta\beta(\delta)\le1$ (with the explicit $\beta$ of the "
            r"derivation) and $\|T^{\mathsf T}T-TT^{\mathsf T}\|_F>\delta\|I-R\|_F^2$, $T=R^{1/L}$, then the "
            r"$W_i[k]$ do not all tend to $T$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "other_limit",
            r"For some $R$ and $\delta$ that satisfy all hypotheses of Theorem 2, gradient descent from the identity "
            r"converges exponentially fast to a factorisation $W_L^*\cdots W_1^*=R$ with $W_i^*\ne R^{1/L}$ for some "
            r"$i$.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
        Statement(
            "unstable",
            r"For some $R$ and $\delta$ that satisfy all hypotheses of Theorem 2, no equilibrium with "
            r"$W_L\cdots W_1=R$ is stable.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
        Statement(
            "divergence",
            r"For some $R$ and $\delta$ that satisfy all hypotheses of Theorem 2, gradient descent from the identity "
            r"diverges: $\|W_L[k]\cdots W_1[k]\|_2\to\infty$.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
    ),
    check=check,
    control={"matrix": "1 1; 0 1/2", "depth": 2, "step": "1/4", "steps": 20},
    control_statement="corrected",
    figure=figure,
    validate=_case,
    summary=summary,
)
