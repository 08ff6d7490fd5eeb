r"""Near-identity factors of a matrix of positive determinant (Bartlett, Evans and Long 2018, proof of Theorem 1).

$R$ is a real matrix with $\det R>0$ and singular values $\sigma$, $R=QP$ its polar decomposition ($Q$ a rotation,
$P=(R^{\mathsf T}R)^{1/2}$), $\theta\le\pi$ the largest angle by which $Q$ turns a vector, and
$\gamma=|\log\sigma_{\max}|+|\log\sigma_{\min}|$. The paper uses $R=(I+A_1)\cdots(I+A_m)$ with $\lVert
A_i\rVert=O(\gamma/m)$, from Hardt and Ma (2017, Theorem 2.1), for $R=Dh(x_0)$.

## What is wrong as printed

1. *$\gamma$ has no rotation term.* A rotation $R\ne I$ has $\gamma=0$, so $\lVert A_i\rVert=O(\gamma/m)$ would make
   all $A_i=0$ and $R=I$. By Theorem B below $\max_i\lVert A_i\rVert\ge2\sin(\theta/2m)$ for rotations. (Hardt and Ma
   have a term $4\pi$ beside $3\gamma$; it was lost.) For small $m$ there is no constant even for $R=sI$: $\sqrt[m]s-1$
   is not at most $C\log s/m$ for all $s>1$.
2. *$\lVert A_i\rVert$ is the Lipschitz constant* of $A_i$ by definition; Lemma 5 (3), which is cited, is about
   something else. And $\det Dh>0$ is needed for $\varepsilon<1$ only: $\det(I+A)>0$ if $\lVert A\rVert<1$ (the
   determinant has no zero on $I+tA$), so no product of such matrices has a negative determinant.

## Matrix factors

**Theorem A.** Let $q=Q^{1/m}$ and $p=P^{1/m}$ be the roots of the plane rotations and of the singular values, and
$I+A_i=q^{m-i}(qp)q^{-(m-i)}$. Then $R=(I+A_1)\cdots(I+A_m)$ and all $\lVert A_i\rVert$ are equal, with
$$\lVert A_i\rVert=\lVert qp-I\rVert\le2\sin\tfrac\theta{2m}+\max\{\sigma_{\max}^{1/m}-1,\,1-\sigma_{\min}^{1/m}\}.$$
So, as $\theta\le\pi$, $\lVert A_i\rVert\le(\pi+\gamma e^{\gamma/m})/m$ for *every* $m\ge1$.

*Proof.* $Q$ is orthogonal and $\det Q=1$. Its real Schur form is block diagonal with plane rotations, ones, and an
even number of entries $-1$; two of these are a plane rotation by $\pi$. So $Q$ rotates orthogonal planes by angles
$\theta_k\in[-\pi,\pi]$; $q$ rotates them by $\theta_k/m$, and $q^m=Q$. The product telescopes:
$I+A_i=q^{m-i+1}p\,q^{-(m-i)}$, so $(I+A_1)\cdots(I+A_m)=q^mp\cdots p=q^mp^m=R$. $A_i=q^{m-i}(qp-I)q^{-(m-i)}$ has the
norm of $qp-I=q(p-I)+(q-I)$. $p$ is symmetric with eigenvalues $\sigma^{1/m}$, and $q-I$ is normal with eigenvalues
$e^{\pm i\theta_k/m}-1$ and $0$, of modulus at most $2\sin(\theta/2m)$. Last, $2\sin(\theta/2m)\le\pi/m$, and with
$t=\gamma/m$: $\sigma_{\max}^{1/m}-1\le e^t-1\le te^t$ and $1-\sigma_{\min}^{1/m}\le1-e^{-t}\le t$. ∎

**Corollary.** For symmetric positive $R$ ($Q=I$) and $m\ge\gamma$ the printed line is true, with constant $e-1$:
$\lVert A_i\rVert\le e^t-1\le(e-1)t$ for $t=\gamma/m\le1$, because $e^t$ is convex. ∎

**Theorem B** (no factorisation is nearer). Let $h=h_m\circ\dots\circ h_1$ on $X\subset\mathbb R^d$ with $\lVert
h_i-\mathrm{Id}\rVert_L\le\varepsilon$ on $h_{i-1}\circ\dots\circ h_1(X)$. For $x\ne y$ in $X$ let
$\rho=|h(x)-h(y)|/|x-y|>0$, and let $\psi\in[0,\pi]$ be the angle between $x-y$ and $h(x)-h(y)$. Then
$$\varepsilon\ge\bigl|\rho^{1/m}e^{i\psi/m}-1\bigr|.$$
For $h(x)=Rx$: every unit vector $x$ gives a limit, with $\rho=|Rx|$ and $\psi$ the angle between $x$ and $Rx$.

*Proof.* Let $w_0=x-y$ and $w_i$ be the difference of the images under $h_i\circ\dots\circ h_1$:
$|w_i-w_{i-1}|\le\varepsilon|w_{i-1}|$, and no $w_i$ is 0, because $w_m$ is not. With $r_i=|w_i|/|w_{i-1}|$ and
$\varphi_i\in[0,\pi]$ the angle between $w_{i-1}$ and $w_i$, plane geometry gives
$|r_ie^{i\varphi_i}-1|\le\varepsilon$. Further $\prod_ir_i=\rho$, and $\sum_i\varphi_i\ge\psi$ by the triangle
inequality of angles. Let $l_+(\varphi)=\log(\cos\varphi+\sqrt{\varepsilon^2-\sin^2\varphi})$; its derivative is
$-\sin\varphi/\sqrt{\varepsilon^2-\sin^2\varphi}$.

Let $\varepsilon<1$. Then $\varphi_i\le\arcsin\varepsilon$, and $(\log r_i,\varphi_i)$ lies in
$D=\{(l,\varphi):|e^{l+i\varphi}-1|\le\varepsilon,\ |\varphi|\le\arcsin\varepsilon\}$, which says $l_-(\varphi)\le l\le
l_+(\varphi)$ with $l_-=\log(1-\varepsilon^2)-l_+$. The derivative of $l_+$ falls, so $l_+$ is concave and $D$ is
convex. The mean of the $m$ points, $(\tfrac1m\log\rho,\bar\varphi)$, lies in $D$, and $\bar\varphi\ge\psi/m$. $D$ is
symmetric in $\varphi$ and convex: it contains $(\tfrac1m\log\rho,\psi/m)$.

Let $\varepsilon\ge1$; by continuity let $\varepsilon>1$. Now $|re^{i\varphi}-1|\le\varepsilon$ is $\log r\le
l_+(\varphi)$ for all $\varphi\in[0,\pi]$, where $l_+$ falls. Make the $\varphi_i$ smaller until their sum is $\psi$:
still $\log\rho\le\sum_il_+(\varphi_i)$. To replace two of them by their mean does not make this sum smaller: for
$\varphi\le s-\varphi$, $s\le\pi$, the derivative $l_+'(\varphi)-l_+'(s-\varphi)$ of $l_+(\varphi)+l_+(s-\varphi)$ is
not negative, as $\sin\varphi\le\sin(s-\varphi)$ and $-t/\sqrt{\varepsilon^2-t^2}$ falls. So among the largest sums the
one with the least $\sum_i\varphi_i^2$ has equal angles, and $\log\rho\le ml_+(\psi/m)$. ∎

So $\varepsilon\ge\sin(\min\{\psi/m,\frac\pi2\})$ and, with singular vectors,
$\varepsilon\ge\max\{\sigma_{\max}^{1/m}-1,1-\sigma_{\min}^{1/m}\}$. For smooth maps in $d\ge2$ this is sharper than
the limit by Lipschitz constants of `bel_theorem2`, which it contains: that does not see that $h$ turns.

**Theorem C** (optimal). Let $R$ be normal with $\det R>0$ and let its negative eigenvalues come in equal pairs. Then
$\lVert A_i\rVert=\max_\lambda|\lambda^{1/m}-1|$ over its eigenvalues (principal root), and no
factorisation into $m$ matrices, or maps, is nearer to the identity.

*Proof.* $R$ is orthogonally similar to a block diagonal matrix of numbers $\rho>0$ and planes on which it is $\rho$
times a rotation by $\psi\in(0,\pi]$, $\lambda=\rho e^{\pm i\psi}$. Then $Q$ and $P$ have the same blocks; with the
vectors of $\lambda<0$ paired as they are there, $q$ and $p$ commute, $qp$ is normal with eigenvalues $\lambda^{1/m}$,
and $\lVert qp-I\rVert$ is as said. A vector $x$ of the plane of the largest has exactly this $\rho$ and $\psi$ in
Theorem B. ∎ So the right $\gamma$ for normal matrices is $\max_\lambda|\log\lambda|$: it is the limit of $m\lVert
A_i\rVert$. For $-I$: $2\sin(\pi/2m)$.

## How the instances are checked

Floats and rationals mean their exact values. The certificates speak of the factors *as stored in floats*: their
product is $R$ up to an enclosed residual, and their norms are below $(1+10^{-9})$ times the bound, where the bound is
enclosed with $\theta\le\pi$ by one vector ($|Rx|/|x|$ lies between the extreme singular values). That there are exact
factors is Theorem A. Norms: with a frame $S$, $\lVert S^{\mathsf T}(b^2I-A^{\mathsf T}A)S-I\rVert_F<1$ makes
$b^2I-A^{\mathsf T}A$ positive definite. The constant that the paper leaves open is read as "at most 1000"; for
rotations the proof holds for any other. The bound with the true $\theta$ is compared in floats. Limits: one vector
$x$, and an angle $\varphi$ with $\cos\varphi>\cos\psi$.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert import runtime
from rescert.certify import sign
from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition import matrix_case, matrix_factors, matrix_proofs
from rescert.decomposition.matrix_case import LOWERED, RESIDUAL, Case

if TYPE_CHECKING:
    import pandas as pd

CONSTANT = 1000  # what an unspecified constant is read as
NAMES = ("gamma", "factors", "positive", "angle", "limit", "optimal")


def _matrix(instance: Instance) -> tuple[np.ndarray, Any, matrix_case.Entries | None]:
    name = instance["matrix"]
    generator = runtime.generator(instance.get("seed", 0), f"matrix {name}")
    return matrix_case.read(name, instance.get("dimension"), generator)


def validate(instance: Instance) -> None:
    """A square matrix with a determinant that is not 0, and a depth of at least 1."""
    if instance["depth"] < 1:
        raise ValueError(f"expected a depth of at least 1, got {instance['depth']}")
    matrix, _, rows = _matrix(instance)
    matrix_case.orientation(matrix, rows)


def _all(proofs: list[Proof], reason: str, **shown: Any) -> Finding:
    """Holds if all proofs are there."""
    missing = "; ".join(p.reason for p in proofs if p.assertion is None)
    assertions = () if missing else tuple(p.assertion for p in proofs if p.assertion is not None)
    conclusion = None if missing else True
    return Finding(True, conclusion, Evidence.ENCLOSED, missing or reason, assertions=assertions, **shown)


def _gamma(case: Case) -> Finding:
    found, exact, depth = case.found, case.exact, case.depth
    orthogonal, moved, oriented = case.orthogonal(), case.not_identity(), case.oriented()
    positive = () if oriented.assertion is None else (oriented.assertion,)
    met = True if positive else None
    if orthogonal and moved.assertion is not None:
        reason = "all singular values are 1, so γ = 0 and the bound is 0; R is not I"
        shown = (*orthogonal, moved.assertion, *positive)
        return Finding(met, False, Evidence.EXACT, reason, f"{found.distances.max():.6g}", "0", shown)
    nearly = matrix_proofs.nearly_orthogonal(exact, len(found.matrix), RESIDUAL)
    bound = f"{CONSTANT * found.gamma / depth:.6g}"
    beyond = Fraction(case.least) - CONSTANT * 2 * Fraction(RESIDUAL) / depth
    if nearly.assertion is not None and case.limit.assertion is not None and beyond > 0:
        above = sign.constant(beyond, ">")
        reason = f"γ < {2 * RESIDUAL:.0e}, and every factorisation has max ‖A_i‖ > {case.least:.6g}"
        shown = (nearly.assertion, case.limit.assertion, above, *positive)
        return Finding(met, False, Evidence.ENCLOSED, reason, f"{case.least:.6g}", bound, shown)
    size = matrix_proofs.gamma_above(found, exact, repr(case.attained * depth / CONSTANT))
    reason = f"γ = {found.gamma:.3g} is not small: m max ‖A_i‖ = {found.distances.max() * depth:.3g}"
    return _all([case.product, case.norms, size], reason, measured=f"{found.distances.max():.6g}", bound=bound)


def _factors(case: Case) -> Finding:
    found = case.found
    above = matrix_proofs.bound_above(found, case.exact, case.attained)
    bound = 2 * math.sin(math.pi / (2 * found.depth)) + found.stretch_bound
    return _all(
        [case.product, case.norms, above],
        f"{found.depth} factors: product within {case.residual:.1e}, norms below (1 + 1e-9) times the bound",
        measured=f"{case.attained:.9g}",
        bound=f"{bound:.9g}",
        values={**matrix_factors.summary(found), "pi_bound": bound, "limit": case.least / (1 - LOWERED)},
    )


def _positive(case: Case) -> Finding:
    broken = case.not_positive()
    if broken is not None:
        return _broken(broken[1], broken[0])
    large = matrix_proofs.gamma_above(case.found, case.exact, str(case.depth))
    if large.assertion is not None:
        return _broken(large, "m < γ")
    # 1.718 < e - 1
    least = matrix_proofs.gamma_above(case.found, case.exact, repr(case.attained * case.depth / 1.718))
    shown = {"measured": f"{case.attained:.6g}", "bound": f"{math.expm1(1) * case.found.gamma / case.depth:.6g}"}
    return _all([case.product, case.norms, least], "symmetric and positive, m >= γ", **shown)


def _broken(proof: Proof, reason: str) -> Finding:
    shown = () if proof.assertion is None else (proof.assertion,)
    return Finding(False if shown else None, None, Evidence.ENCLOSED, reason, assertions=shown)


def _angle(case: Case) -> Finding:
    found = case.found
    attained = float(found.distances.max())
    holds = attained <= found.bound * (1 + matrix_proofs.SLACK) and found.residual < RESIDUAL
    reason = f"θ = {found.angle:.6g}, residual {found.residual:.1e}; compared in floats, to 1e-9"
    return Finding(True, holds or None, Evidence.NUMERICAL, reason, f"{attained:.9g}", f"{found.bound:.9g}")


def _limit(case: Case) -> Finding:
    """The vector that gives the limit; and that the factors found do not go below it."""
    above = matrix_proofs.stretched(case.found.changes, case.least * (1 - LOWERED))
    reason = f"no factorisation has max ‖A_i‖ < {case.least:.6g}, and this one has not"
    shown = {"measured": f"{case.found.distances.max():.6g}", "bound": f"{case.least:.6g}"}
    return _all([case.limit, above], reason, **shown)


def _optimal(case: Case) -> Finding:
    """A hypothesis that is broken by more than rounding, or attained within 1e-6 of the limit.

    At m = 1 the limit is attained by every matrix: what it attains is not the distance of eigenvalues.
    """
    shown: dict[str, Any] = {"measured": f"{case.attained:.9g}", "bound": f"{case.least:.9g}"}
    commutes = matrix_proofs.commutator(case.exact, case.found.matrix)
    if commutes.assertion is not None and not case.nearly_normal():
        return _broken(commutes, "R is not normal")
    if case.unpaired():
        return Finding(False, None, Evidence.NUMERICAL, "negative eigenvalues are not in equal pairs", **shown)
    if case.attained <= case.least * (1 + 1e-6) and case.norms.proved and case.limit.proved:
        close = sign.constant(Fraction(case.least) * (1 + Fraction(1, 10**6)) - Fraction(case.attained), ">=")
        proofs = [case.product, case.norms, case.limit, Proof(True, close, "")]
        return _all(proofs, "within one part in a million of the limit", **shown)
    return Finding(None, None, Evidence.NUMERICAL, "not shown", **shown)


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One matrix and one depth; nothing is read."""
    matrix, exact, rows = _matrix(instance)
    if matrix_case.orientation(matrix, rows) < 0:
        return dict.fromkeys(NAMES, _broken(matrix_proofs.determinant(exact, matrix, "<"), "det R < 0"))
    case = Case(matrix_factors.factor_matrix(matrix, instance["depth"]), exact, rows)
    return {
        "gamma": _gamma(case),
        "factors": _factors(case),
        "positive": _positive(case),
        "angle": _angle(case),
        "limit": _limit(case),
        "optimal": _optimal(case),
    }


def _factorised(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a factorisation: one an instance."""
    found = rows[rows["statement"] == "factors"]
    return found[found["distance"].notna()] if "distance" in found else found.head(0)


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    found = _factorised(rows)
    ratio = found["distance"] / found["limit"]
    return {
        "matrices": len(found.groupby(["matrix", *[k for k in ("dimension", "seed") if k in found]], dropna=False)),
        "factorisations": len(found),
        "residual": float(found["residual"].max()),
        "largest_ratio": float(ratio.max()),
        "optimal": int(((rows["statement"] == "optimal") & (rows["verdict"] == "holds")).sum()),
    }


TITLES = {
    "gaussian": "Gaussian",
    "rotation": "rotation",
    "minus_identity": "$-I$",
    "negative_diagonal": r"$-\mathrm{diag}(1,2,\dots)$",
    "jordan": "Jordan block",
    "ill_conditioned": "condition $10^8$",
    "positive": "positive",
}


def _panels(found: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """For each kind of matrix the one with the most depths, and of these the largest of at most five rows."""
    chosen = []
    for kind, title in TITLES.items():
        rows = found[found["matrix"] == kind]
        keys = [k for k in ("dimension", "seed") if k in rows]
        groups = [group.sort_values("depth") for _, group in rows.groupby(keys, dropna=False)]
        groups.sort(key=lambda g: (len(g), g["dimension"].iloc[0] <= 5, g["dimension"].iloc[0]), reverse=True)
        if groups:
            chosen.append((f"{title}, $d={int(groups[0]['dimension'].iloc[0])}$", groups[0]))
    return chosen


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""How near to the identity the $m$ factors of a matrix are: $m\max_i\lVert A_i\rVert$ against $m$.

    Points: attained, certified. Dashed: the bound with the rotation angle. Grey: what no factorisation goes below
    (certified). Red: the printed $\gamma$, which is 0 for rotations and $-I$. The attained distances are at most
    {largest_ratio:.2f} times the limit; {optimal} of {factorisations} factorisations are shown to be optimal to six
    digits. Last panel: the relative residual of the product for all {matrices} matrices, at most {residual:.0e}.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    found = _factorised(tables["claims/bel_matrix_factors"])
    colour = sns.color_palette()
    panels = _panels(found)
    columns = 4 if len(panels) > 2 else 3
    lines = -(-(len(panels) + 1) // columns)
    drawing, grid = plt.subplots(lines, columns, figsize=(6.8, 0.7 + 1.85 * lines), squeeze=False)
    axes = list(grid.flat)
    for number, (panel, (title, rows)) in enumerate(zip(axes, panels, strict=False)):
        depth = rows["depth"]
        panel.axhline(float(rows["gamma"].iloc[0]), color=colour[3], linewidth=1.2, label=r"printed $\gamma$")
        panel.plot(depth, depth * rows["limit"], color="0.55", linewidth=2.4, label="lower limit")
        panel.plot(depth, depth * rows["angle_bound"], "--", color=colour[0], linewidth=1.2, label="bound")
        panel.plot(depth, depth * rows["distance"], "o", color=colour[2], markersize=3.5, label="attained")
        panel.set_title(title, fontsize=8.5)
        panel.set_xscale("log", base=2)
        panel.set_xticks([1, 4, 16, 64], ["1", "4", "16", "64"])
        panel.set_xticks([], minor=True)
        panel.set_ylim(bottom=-0.15)
        if number % columns == 0:
            panel.set_ylabel(r"$m\,\max_i\Vert A_i\Vert$")
    last = axes[len(panels)]
    sizes = found["matrix"].map(lambda text: text.count(";") + 1)
    sizes = found["dimension"].fillna(sizes) if "dimension" in found else sizes
    shade = last.scatter(
        found["depth"], found["residual"].clip(lower=1e-17), c=np.log2(sizes.astype(float)), s=9, cmap="viridis"
    )
    last.set_xscale("log", base=2)
    last.set_yscale("log")
    last.set_xticks([1, 4, 16, 64], ["1", "4", "16", "64"])
    last.set_xticks([], minor=True)
    last.set_title("residual", fontsize=8.5)
    shown = sorted({int(n) for n in sizes})
    ticks = [shown[0], *shown[len(shown) // 2 : -1][:1], shown[-1]] if len(shown) > 1 else shown
    bar = drawing.colorbar(shade, ax=last, ticks=[math.log2(n) for n in ticks], pad=0.04)
    bar.ax.set_yticklabels([str(n) for n in ticks])
    bar.set_label("$d$", labelpad=0)
    for panel in axes[len(panels) + 1 :]:
        panel.set_axis_off()
    for panel in axes[max(len(panels) + 1 - columns, 0) : len(panels) + 1]:
        panel.set_xlabel("$m$")
    handles, labels = axes[0].get_legend_handles_labels()
    if panels:
        drawing.legend(handles, labels, loc="outside upper center", ncols=4)
    keys = ["matrix", "dimension", "seed", "depth"]
    columns_shown = [k for k in keys if k in found] + [
        "distance",
        "angle_bound",
        "pi_bound",
        "limit",
        "gamma",
        "angle",
        "residual",
    ]
    return Drawing(drawing, found[columns_shown].reset_index(drop=True))


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Theorem 1, matrix factors",
    title="Matrices of positive determinant as products of near-identity matrices",
    statements=(
        Statement(
            "gamma",
            r"Every real matrix of positive determinant is $(I+A_1)\cdots(I+A_m)$ with $\lVert A_i\rVert=O(\gamma/m)$, "
            r"$\gamma=|\log\sigma_{\max}|+|\log\sigma_{\min}|$. (The constant is read as 1000; for rotations any other "
            r"fails likewise.)",
            "as printed",
        ),
        Statement(
            "factors",
            r"Every real matrix of positive determinant is $(I+A_1)\cdots(I+A_m)$, for every $m\ge1$, with $\lVert "
            r"A_i\rVert\le2\sin\frac\pi{2m}+\max\{\sigma_{\max}^{1/m}-1,1-\sigma_{\min}^{1/m}\}\le(\pi+\gamma "
            r"e^{\gamma/m})/m$. (Checked for the factors as floats, to $10^{-9}$.)",
            "as corrected",
            proof="written",
        ),
        Statement(
            "positive",
            r"If the matrix is symmetric and positive and $m\ge\gamma$, the printed bound is true, with constant "
            r"$e-1$: $\lVert A_i\rVert\le(e-1)\gamma/m$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "angle",
            r"$\lVert A_i\rVert\le2\sin\frac\theta{2m}+\max\{\sigma_{\max}^{1/m}-1,1-\sigma_{\min}^{1/m}\}$ with "
            r"$\theta$ the largest angle of the rotation $Q$ of the polar decomposition $R=QP$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "limit",
            r"Every factorisation into $m$ maps within $\varepsilon$ of the identity has "
            r"$\varepsilon\ge|\rho^{1/m}e^{i\psi/m}-1|$ for every vector $x$, with $\rho=|Rx|/|x|$ and "
            r"$\psi$ the angle between $x$ and $Rx$ (for maps: for every pair of points).",
            "sharper",
            proof="written",
        ),
        Statement(
            "optimal",
            r"If $R$ is normal and its negative eigenvalues come in equal pairs, $\max_i\lVert "
            r"A_i\rVert=\max_\lambda|\lambda^{1/m}-1|$, and no factorisation into $m$ maps is nearer to the "
            r"identity. (Checked to $10^{-6}$.)",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    validate=validate,
    control={"matrix": "1 0; 0 -1", "depth": 4},
    control_statement="factors",
    figure=figure,
    summary=summary,
)
