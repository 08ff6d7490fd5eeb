r"""A smooth bi-Lipschitz map with any value and derivative at a point (Bartlett, Evans and Long 2018, Theorem 1).

$X$ is the closed ball of radius $R$ about 0, $h$ is invertible, $Dh$ is $\alpha$-Lipschitz on $X$, $h^{-1}$ is
$M$-Lipschitz, and $\det Dh(x_0)>0$ for some $x_0\in X$. The paper writes $T=Dh(x_0)$, $b=h(x_0)$ and $\tilde
h(v)=T^{-1}(h(x_0+v)-b)$, factors $\tilde h$ by its Theorem 2 (here `bel_theorem2`) and $T$ by Hardt and Ma (here
`bel_matrix_factors`): $T=(I+A_1)\cdots(I+A_k)$.

## What is wrong or missing as printed

1. *The last translation has the wrong sign.* With $t_{h(x_0)}(x)=x-h(x_0)$ the chain takes $x_0$ to $T\tilde
   h(0)-b=-b$, not to $h(x_0)=b$. It must be $x\mapsto x+h(x_0)$.
2. *"Constants polynomial in $1/\alpha$, $R$, $M$, …".* Such constants stay bounded as $\alpha\to\infty$. But let
   $d=1$, $R=1$, $h(0)=0$, $h'(x)=1+\alpha\max\{x,0\}$ on $X$ and $h$ affine outside: $h'\ge1$, so $M=1$, $T=1$,
   $\gamma=0$, and $\mathrm{Lip}(h)=1+\alpha$. Every factorisation has $\varepsilon\ge(1+\alpha)^{1/m}-1$
   (`bel_theorem2`), which for every $m$ is unbounded in $\alpha$. The constants must grow with $\alpha$: at $m=2$ like
   $\sqrt\alpha$. True is a polynomial in $\alpha$, $R$, $M$ and $\lVert T\rVert$ (Theorem D). ∎
3. *"For all $m$".* At $m=1$ the bound $\log m/m$ is $0$: it would make $h-\mathrm{Id}$ constant.
4. *"$m$ functions"* counts neither the matrix factors nor the translations. They can be counted: Theorem D.
5. *Smoothness.* $\tilde h$ lives on $X-x_0$, which is no ball about 0. Theorem 2 as printed needs $h$ to be smooth on
   the ball of radius $R+|x_0|$ about $x_0$. Its proof does not: it uses only that the domain is convex and contains 0.
   Besides, one may take $x_0=0$: $Dh$ is invertible on $X$ and $X$ is connected, so that $\det Dh$ has one sign on
   $X$.
6. *The matrix.* $\lVert A_i\rVert=O(\gamma/m)$ fails for rotations; see `bel_matrix_factors`, which has a bound with
   the rotation angle and the factors used here.

## The whole chain

**Theorem D.** Let $x_0\in X$, $r=\sup_{x\in X}|x-x_0|\le R+|x_0|$, and $k,n\ge1$. Then $h$ on $X$ is a composition
of $k+n$ maps, the translations included, whose distances from the identity are at most
$$\frac{\alpha\,r\,M\,\lVert T\rVert\,\lVert T^{-1}\rVert}n\ (n\text{ maps}),\qquad
2\sin\frac\theta{2k}+\max\{\sigma_{\max}^{1/k}-1,1-\sigma_{\min}^{1/k}\}\ (k\text{ maps}),$$
with $\theta,\sigma$ those of $T=Dh(x_0)$, and $\lVert T^{-1}\rVert\le M$. For $m\ge2$, $k=\lfloor m/2\rfloor$ and
$n=m-k$, all are $O(1/m)$: no logarithm, and smoothness on $X$ suffices.

*Proof.* $K=X-x_0$ is convex and contains 0. On $K$, $\tilde h(0)=0$, $D\tilde h(0)=I$, $D\tilde h$ is $\alpha\lVert
T^{-1}\rVert$-Lipschitz, and $\tilde h^{-1}(y)=h^{-1}(Ty+b)-x_0$ is $M\lVert T\rVert$-Lipschitz on $\tilde h(K)$; as
$h^{-1}$ is $M$-Lipschitz, $|Tu|\ge|u|/M$. Let $g_a(v)=\tilde h(av)/a$, $g_0=\mathrm{Id}$, $a=i/n$, $c=(i-1)/n$ and
$h_i=g_a\circ g_c^{-1}$ on $g_c(K)$. For $v\in K$ the points $av$, $cv$ lie in $K$, so the derivative of
$\varphi=g_a-g_c$ there has norm at most $\alpha\lVert T^{-1}\rVert(a-c)|v|\le\alpha\lVert T^{-1}\rVert r/n$, and on
the convex $K$, $\varphi$ is Lipschitz with this constant. For $y=g_c(v)$, $y'=g_c(v')$: $|v-v'|\le M\lVert
T\rVert|y-y'|$ (if $c>0$ because $cv=\tilde h^{-1}(cy)$; if $c=0$ because $M\lVert T\rVert\ge1$, the limit of $|cv|\le
M\lVert T\rVert|\tilde h(cv)|$ for $c\to0$). Hence $h_i-\mathrm{Id}$, which takes $y$ to $\varphi(v)$, has the first
constant, and $h_n\circ\dots\circ h_1=\tilde h$. Then $h=t_b\circ(I+A_1)\circ\dots\circ(I+A_k)\circ h_n\circ\dots\circ
h_1\circ t_{-x_0}$ with $t_b(x)=x+b$ and the factors of `bel_matrix_factors` for $T$. Translations cost nothing:
$t_b\circ f-\mathrm{Id}$ and $f\circ t_{-x_0}-\mathrm{Id}$ differ from $f-\mathrm{Id}$, at $x$ and at $x-x_0$, by a
constant. So $t_b$ is made part of $I+A_1$, and $t_{-x_0}$ of $h_1$. ∎

## Sharper: no factorisation of $h$ is nearer

**Theorem E.** If $h=h_m\circ\dots\circ h_1$ on $X$ with $\lVert h_i-\mathrm{Id}\rVert_L\le\varepsilon$ on
$h_{i-1}\circ\dots\circ h_1(X)$, then for every $x_0$ in the interior of $X$ and every unit vector $u$, with
$\rho=|Dh(x_0)u|$ and $\psi$ the angle between $u$ and $Dh(x_0)u$,
$$\varepsilon\ge|\rho^{1/m}e^{i\psi/m}-1|.$$

*Proof.* Theorem B of `bel_matrix_factors` says this of each pair $x_0$, $x_0+tu$, with the ratio and the angle of the
differences. For $t\to0$ these tend to $\rho>0$ and $\psi$. ∎ It contains the limit of `bel_theorem2`,
$\max\{\mathrm{Lip}(h)^{1/m}-1,1-\mathrm{Lip}(h^{-1})^{-1/m}\}$ (where these constants are suprema of $\lVert Dh\rVert$
and $\lVert Dh^{-1}\rVert$), and more: it sees that $h$ turns. A map with $Dh(x_0)=-I$ has
$\varepsilon\ge2\sin(\pi/2m)$, whatever its Lipschitz constants.

## How the instances are checked

$h(x)=T\tilde h(x-x_0)+b$ with a map $\tilde h$ of `bel_theorem2` (without one, $\tilde h=\mathrm{Id}$ and $h$ is
affine), $x_0=(\tfrac12,-\tfrac14,\dots)$ and $b=(\tfrac14,\dots)$, so that $h(x_0)=b$ and $Dh(x_0)=T$ exactly, on the
ball about $x_0$ on which $\tilde h(x-x_0)$ is given. $m$ maps: $k=\lfloor m/2\rfloor$ linear and $n=m-k$ nonlinear
ones, with the inverses $g_c^{-1}$ by Newton's method. The composition and the distances of the layers are computed in
floats at drawn points; for the linear layers the distances are certified in `bel_matrix_factors`. A constant that the
paper leaves open is read as "at most 1000"; the proof in 2 above holds for any other number. The limit is certified by
one vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert import runtime
from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition import affine_chain, matrix_case, matrix_factors, matrix_proofs
from rescert.decomposition.factors import load_map
from rescert.decomposition.matrix_case import RESIDUAL, Case

if TYPE_CHECKING:
    import pandas as pd

CONSTANT = 1000  # what an unspecified constant is read as
POINTS = 100  # of each map, at which the chain is composed
NAMES = ("translation", "rate", "chain", "turn")


def _matrix(instance: Instance) -> tuple[np.ndarray, Any, matrix_case.Entries | None]:
    name = instance["matrix"]
    generator = runtime.generator(instance.get("seed", 0), f"matrix {name}")
    return matrix_case.read(name, instance.get("dimension"), generator)


def validate(instance: Instance) -> None:
    """A square matrix with a determinant that is not 0, of the map's size, and at least one map."""
    (matrix, _, rows), depth = _matrix(instance), instance["depth"]
    if depth < 1:
        raise ValueError(f"expected a depth of at least 1, got {depth}")
    if matrix_case.orientation(matrix, rows) > 0 and depth > 1:
        affine_chain.chain(matrix, depth, instance.get("map"))


def _both(conclusion: Proof, hypothesis: Proof) -> tuple[dict[str, Any], ...]:
    """The assertions of a counterexample and of det Dh(x0) > 0; none if one is missing."""
    return tuple(
        p.assertion for p in (conclusion, hypothesis) if conclusion.proved and hypothesis.proved and p.assertion
    )


def _translation(case: Case) -> Finding:
    """The printed chain at x0 gives -b; h(x0) = b = (1/4, …)."""
    shown = _both(case.moved(np.full(len(case.found.matrix), 0.25)), case.oriented())
    reason = "at x0 every entry of the printed chain is below that of h(x0)"
    return Finding(True, False if shown else None, Evidence.EXACT, reason, "-1/4", "1/4", assertions=shown)


def _rate(case: Case) -> Finding:
    depth = case.depth
    if depth == 1:
        shown = _both(case.not_identity(), case.oriented())
        reason = "log 1 = 0, and h - Id is not constant: Dh(x0) is not I"
        return Finding(True, False if shown else None, Evidence.EXACT, reason, bound="0", assertions=shown)
    smoothness, proof = matrix_proofs.many_logarithms(depth, str(CONSTANT))
    shown = () if proof.assertion is None else (proof.assertion,)
    reason = f"h' = 1 + α max(x, 0), R = M = 1, α = {Decimal(smoothness):.3g}: every ε is above {CONSTANT} ln(m)/m"
    return Finding(True, False if shown else None, Evidence.ENCLOSED, reason, assertions=shown)


def _chain(case: Case, instance: Instance) -> Finding:
    if case.depth == 1:
        return Finding(False, None, Evidence.NUMERICAL, "m = 1")
    chain = affine_chain.chain(case.found.matrix, case.depth, instance.get("map"))
    x = affine_chain.points(chain, POINTS, runtime.generator(instance.get("seed", 0), "points of the chain"))
    error, nonlinear = chain.error(x), chain.nonlinear_distances(x)
    linear = chain.factors.distances.tolist()
    bounds = chain.nonlinear_bound, chain.factors.bound
    room = 1 + matrix_proofs.SLACK
    holds = error < RESIDUAL and max(nonlinear, default=0.0) <= bounds[0] * room and max(linear) <= bounds[1] * room
    farthest = max(*nonlinear, *linear)
    reason = (
        f"{len(nonlinear)} nonlinear and {len(linear)} linear maps; relative error {error:.1e} of the composition at "
        f"{POINTS} points; compared in floats"
    )
    values = {
        "composition_error": error,
        "nonlinear": nonlinear,
        "linear": linear,
        "nonlinear_bound": bounds[0],
        "linear_bound": bounds[1],
        "farthest": farthest,
        "limit": case.least,
    }
    return Finding(
        True, holds or None, Evidence.NUMERICAL, reason, f"{farthest:.6g}", f"{max(bounds):.6g}", values=values
    )


def _turn(case: Case) -> Finding:
    """One vector; Dh(x0) = T."""
    shown = () if case.limit.assertion is None else (case.limit.assertion,)
    length, angle = matrix_factors.displacement(case.found.matrix, case.found.limit[1])
    reason = f"ρ = {length:.4g} and ψ = {angle:.4g}: every factorisation has ε >= {case.least:.6g}"
    stretched = matrix_factors.stretch_bound(case.found.singular_values, case.depth)
    return Finding(
        True, True if shown else None, Evidence.ENCLOSED, reason, f"{case.least:.6g}", f"{stretched:.6g}", shown
    )


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """h(x) = T h~(x - x0) + b in m maps; nothing is read."""
    matrix, exact, rows = _matrix(instance)
    if matrix_case.orientation(matrix, rows) < 0:
        proof = matrix_proofs.determinant(exact, matrix, "<")
        shown = () if proof.assertion is None else (proof.assertion,)
        broken = Finding(False if shown else None, None, Evidence.ENCLOSED, "det Dh(x0) < 0", assertions=shown)
        return dict.fromkeys(NAMES, broken)
    case = Case(matrix_factors.factor_matrix(matrix, instance["depth"]), exact, rows)
    return {
        "translation": _translation(case),
        "rate": _rate(case),
        "chain": _chain(case, instance),
        "turn": _turn(case),
    }


def _chains(rows: pd.DataFrame) -> pd.DataFrame:
    """The chains with a map."""
    found = rows[rows["statement"] == "chain"]
    if "nonlinear_bound" not in found:
        return found.head(0)
    return found[found["nonlinear_bound"].fillna(0) > 0]


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    found = _chains(rows)
    if not len(found):
        return {"maps": 0, "chains": 0, "deepest": 0, "composition_error": 0.0, "farthest": 0.0, "ratio": 0.0}
    deepest = found[found["depth"] == found["depth"].max()]
    return {
        "maps": int(found["map"].nunique()),
        "chains": len(found),
        "deepest": int(found["depth"].max()),
        "composition_error": float(found["composition_error"].max()),
        "farthest": float((deepest["depth"] * deepest["farthest"]).max()),
        "ratio": float((deepest["farthest"] / deepest["limit"]).max()),
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""The layers of $h(x)=T\tilde h(x-x_0)+b$, one panel a map $\tilde h$ of $d$ inputs.

    $m$ times the distance of each layer from the identity against the layer's place in the chain, for several $m$ (from
    light to dark; nonlinear layers first, then matrix factors behind the vertical line). Dashed, for the largest $m$:
    the bounds. Dotted, also for that $m$: what no factorisation of $h$ goes below (certified). The curves of larger
    $m$ nearly coincide: all distances are of order $1/m$. All {chains} compositions with {maps} maps agree with $h$ to
    {composition_error:.0e}, relative. At $m={deepest}$ the farthest layer is at most {farthest:.1f}$/m$ from the
    identity, and at most {ratio:.1f} times the limit.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    found = _chains(tables["claims/bel_theorem1"])
    names = sorted(found["map"].unique(), key=lambda name: (load_map(name).DIMENSION, name))
    blue, orange = sns.color_palette()[:2]
    columns = min(max(len(names), 1), 3)
    lines = max(-(-len(names) // columns), 1)
    drawing, grid = plt.subplots(lines, columns, figsize=(6.8, 0.75 + 1.75 * lines), squeeze=False, sharex=True)
    for panel, name in zip(grid.flat, names, strict=False):
        rows = found[found["map"] == name].sort_values("depth")
        for number, row in enumerate(rows.to_dict("records"), 1):
            depth, shade = row["depth"], number / len(rows)
            for part, start, colour in (("nonlinear", 0.0, blue), ("linear", 0.5, orange)):
                distances = depth * np.array(row[part])
                place = start + (np.arange(len(distances)) + 0.5) / (2 * len(distances))
                label = {"nonlinear": "nonlinear layers", "linear": "matrix factors"}[part] if shade == 1 else None
                panel.plot(place, distances, ".-", color=colour, alpha=0.25 + 0.75 * shade, markersize=3, label=label)
                if shade == 1:
                    ends = (start, start + 0.5)
                    panel.plot(ends, [depth * row[f"{part}_bound"]] * 2, "--", color=colour, linewidth=1)
            if shade == 1:
                panel.axhline(depth * row["limit"], color="black", linestyle=":", linewidth=1, label="lower limit")
        panel.axvline(0.5, color="0.7", linewidth=0.8)
        panel.set_title(name, fontsize=8.5)
        panel.set(ylim=(0, None), xlim=(0, 1))
        panel.set_xticks([0, 0.5, 1], ["first", "", "last"])
        panel.grid(False, axis="x")
    for panel in grid.flat[len(names) :]:
        panel.set_axis_off()
    for panel in grid[:, 0]:
        panel.set_ylabel(r"$m\cdot$distance")
    handles, labels = grid.flat[0].get_legend_handles_labels()
    if names:
        drawing.legend(handles, labels, loc="outside upper center", ncols=3)
    shown = ["map", "matrix", "depth", "composition_error", "farthest", "nonlinear_bound", "linear_bound", "limit"]
    return Drawing(drawing, found[[k for k in shown if k in found]].reset_index(drop=True))


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Theorem 1",
    title="General smooth bi-Lipschitz maps as compositions of near-identity maps",
    statements=(
        Statement(
            "translation",
            r"$h(x)=Dh(x_0)\,\tilde h(x-x_0)+h(x_0)$ is the composition of $t_{x_0}(x)=x-x_0$, the factors of "
            r"$\tilde h$ and of $Dh(x_0)$, and $t_{h(x_0)}(x):=x-h(x_0)$. (Here with $h(x_0)\ne0$.)",
            "as printed",
        ),
        Statement(
            "rate",
            r"For all $m$, $h$ is a composition of $m$ maps with $\lVert h_i-\mathrm{Id}\rVert_L=O(\log m/m)$, with "
            r"constants polynomial in $1/\alpha$, $R$, $M$, $|\log\sigma_{\max}|$ and $|\log\sigma_{\min}|$, hence "
            r"bounded for $\alpha\ge1$, $R=M=\sigma=1$. (The bound is read as 1000; any other fails likewise.)",
            "as printed",
        ),
        Statement(
            "chain",
            r"For $m\ge2$, $h$ on $X$ is the composition of exactly $m$ maps, matrix factors and translations "
            r"included, all within $O(1/m)$ of the identity; smoothness on $X$ suffices. With $k$ linear and $n$ "
            r"nonlinear ones: $\alpha rM\lVert T\rVert\lVert T^{-1}\rVert/n$, $r=\sup_X|x-x_0|$, and the bound for the "
            r"matrix $T=Dh(x_0)$ in $k$ factors.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "turn",
            r"Every factorisation of $h$ into $m$ maps within $\varepsilon$ of the identity has "
            r"$\varepsilon\ge|\rho^{1/m}e^{i\psi/m}-1|$, with $\rho=|Dh(x_0)u|$ and $\psi$ the angle between "
            r"$u$ and $Dh(x_0)u$, for every unit vector $u$ and every $x_0$ inside $X$.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    validate=validate,
    control={"map": "twist2d", "matrix": "1 0; 0 -1", "depth": 4},
    control_statement="chain",
    figure=figure,
    summary=summary,
)
