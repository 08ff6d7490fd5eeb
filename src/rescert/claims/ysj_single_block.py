r"""One residual block: every critical point with $w\ne0$ is at least as good as linear (Section 4.2, after Shamir).

With $L=1$ the network is $f=w^{\mathsf T}(x+V\phi_z(x))$, with any function $\phi_z$ of parameters $z$. $E$ is a mean
over finitely many samples, $\ell'$ and $\ell''$ are derivatives of the convex loss in $f$, $g=E[\ell'\phi_z]$, and
$R_{\mathrm{lin}}=\inf_tE[\ell(t^{\mathsf T}x;y)]$, **without bias**.

## Sharper: first derivatives in the outer layers suffice, and the case w = 0

**Theorem.** Let the loss be convex and differentiable and the derivatives of $R$ in $w$ and $V$ vanish.

1. If $w\ne0$, then $R=\min_{t,s}E[\ell(t^{\mathsf T}x+s^{\mathsf T}\phi_z(x);y)]\le R_{\mathrm{lin}}$: the network is
   as good as the best linear predictor from the inputs *and its own features*.
2. If $w=0$, then $R=E[\ell(0;y)]$, and either $R=R_{\mathrm{lin}}$, or $g\ne0$ and, for a twice differentiable loss,
   every unit vector $v$, and where $\nabla^2R$ exists,
   $$\lambda_{\min}(\nabla^2R)\le\frac12\Bigl(C-\sqrt{C^2+4|g|^2}\Bigr)<0,\qquad C=E[\ell''(v^{\mathsf T}h_1)^2].$$

*Proof.* The derivatives are $\partial R/\partial w=E[\ell'h_1]$ with $h_1=x+V\phi_z$, and
$\partial R/\partial V=wg^{\mathsf T}$. If $w\ne0$, then $g=0$, so $E[\ell'x]=E[\ell'h_1]-Vg=0$. For all $t,s$ convexity
gives
$$E[\ell(t^{\mathsf T}x+s^{\mathsf T}\phi_z)]\ge
E[\ell(f)]+t^{\mathsf T}E[\ell'x]+s^{\mathsf T}E[\ell'\phi_z]-E[\ell'f]=R,$$
because $E[\ell'f]=w^{\mathsf T}E[\ell'h_1]=0$. The value $R$ is taken at $t=w$, $s=V^{\mathsf T}w$. Taking $s=0$ gives
$R\le R_{\mathrm{lin}}$. If $w=0$, then $f=0$. If $g=0$, the same inequality with $s=0$ shows $R\le R_{\mathrm{lin}}$,
and $t=0$ shows $R\ge R_{\mathrm{lin}}$. If $g\ne0$, the direction $w\to w+\sigma v$, $V\to V+\tau vg^{\mathsf T}/|g|$
changes $f$ to $\sigma v^{\mathsf T}h_1+\sigma\tau\,g^{\mathsf T}\phi_z/|g|$, with second derivatives
$R_{\sigma\sigma}=C$, $R_{\sigma\tau}=|g|$, $R_{\tau\tau}=0$, and has squared length $\sigma^2+\tau^2$. $\square$

So $w=0$ is never a bad local minimum, and $R>R_{\mathrm{lin}}$ happens at strict saddles only. No second derivative of
the loss, no condition (c1), and no derivative in $z$ is used for part 1; the loss of the paper's own remark is twice
differentiable.

## How a point is certified

Existence of a critical point in a box around the candidate by a Krawczyk inclusion, as for Theorem 2 (`ysj_theorem2`);
whether $w\ne0$ is an exact comparison, because entries of a candidate that are exactly zero are zero over the whole
box, and others have boxes that are shown not to contain zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from rescert import critical_points
from rescert.claim import Claim, Drawing, Finding, Inputs, Instance, Statement
from rescert.landscape.dichotomy import Decision
from rescert.networks.residual_blocks import depth


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """Existence of a critical point, then R <= R_lin where w is not zero, and one of two clauses where it is."""
    examined = critical_points.examine(instance, inputs)
    if (blocks := depth(examined.candidate.point)) != 1:
        raise ValueError(f"expected a landscape of one block, got {blocks} blocks in '{instance['landscape']}'")
    return {
        "printed": critical_points.finding(examined, lambda d: d.output_layer, lambda d: d.below),
        "sharper": critical_points.finding(examined, lambda d: True, _dichotomy, True),
    }


def _dichotomy(decision: Decision) -> bool | None:
    if decision.output_layer is True:
        return decision.below
    return critical_points.good_with_bound(decision) if decision.output_layer is False else None


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """Excess risk over the best linear predictor (no bias) against the smallest eigenvalue of the Hessian for networks
    of one residual block, one dot a critical point: {points} points from {starts} starts in {landscapes} landscapes
    ({origins}). Filled: certified ({certified}, {share}). Points to the right of 0 ({above}) all have $w=0$ and are
    strict saddles; with $w\\ne0$ no point may lie to the right of 0.
    """
    import matplotlib.pyplot as plt

    drawing, axes = plt.subplots(figsize=(6.4, 4.2))
    return Drawing(drawing, critical_points.scatter(axes, tables["claims/ysj_single_block"]))


CLAIM = Claim(
    paper="Yun–Sra–Jadbabaie 2019",
    label="Section 4.2, one block",
    title="With one residual block every critical point with w ≠ 0 is at least as good as linear",
    statements=(
        Statement(
            "printed",
            r"For one block, $f=w^{\mathsf T}(x+V\phi(x))$, and a convex, twice differentiable loss, every critical "
            r"point with $w\ne0$ has $R\le R_{\mathrm{lin}}$, without the first condition of Theorem 2.",
            "as printed",
        ),
        Statement(
            "sharper",
            r"For $L=1$ and a point that is stationary in $w$ and $V$: if $w\ne0$, then "
            r"$R=\min_{t,s}E[\ell(t^{\mathsf T}x+s^{\mathsf T}\phi(x);y)]\le R_{\mathrm{lin}}$; if $w=0$, then "
            r"$R=R_{\mathrm{lin}}$ or $\lambda_{\min}(\nabla^2R)\le\frac12\bigl(C-\sqrt{C^2+4|g|^2}\bigr)<0$ with "
            r"$g=E[\ell'\phi]$, $C=E[\ell''(v^{\mathsf T}h_1)^2]$ and any unit vector $v$. (The instances test "
            r"$R\le R_{\mathrm{lin}}$ and the bound; the equality rests on its proof.)",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"landscape": "ysj_single_block", "point": 0, "shift": "1e-6"},
    control_statement="printed",
    figure=figure,
    expand=critical_points.expand,
    summary=critical_points.summary,
    overview=critical_points.overview,
)
