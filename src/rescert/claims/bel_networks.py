r"""Two-layer networks in place of the factors (Bartlett, Evans and Long 2018, the remark after Theorem 1).

The factors are $h_i=g_a\circ g_b^{-1}$ on $D_{i-1}=g_b(X)$, with $a=i/m$, $b=(i-1)/m$, $g_a(x)=h(ax)/a$ and $X$ the
ball of radius $R$ in $\mathbb R^d$; $h(0)=0$, $Dh(0)=I$, $Dh$ is $\alpha$-Lipschitz on $X$, and $h^{-1}$ is
$M$-Lipschitz. $N_i=h_i-\mathrm{Id}$ has a Lipschitz constant of at most $\alpha RM/m$ (`bel_theorem2`). The remark:
"Think of the functions $h_i$ as near-identity maps that might be computed as $h_i(x)=x+A\sigma(Bx)+b$ [...] each could
[...] be approximated to arbitrary accuracy on the compact $X$ using a single layer of ReLUs [...] (Theorem 1 in
(Hornik, 1991) [...]). In that case, the conclusion of the theorem implies that $x\mapsto A\sigma(Bx)$ can be $O(\log
m/m)$-Lipschitz."

## What is wrong as printed

1. *There is no inner bias.* Hornik's networks are $A\sigma(Bx+\beta)+c$. Without $\beta$ they are not dense:

   **Lemma 1.** Let $N(x)=A\sigma(Bx)+c$, with any number of units, be within $\delta$ of $N_1$ on $X$. If
   $\sigma(t)+\sigma(-t)$ is constant (tanh, logistic), then $\delta\ge\frac14|N_1(v)+N_1(-v)|$ for all $v\in X$. If
   $\sigma=\mathrm{relu}$, then $\delta\ge\frac14|N_1(v)-2N_1(v/2)|$ for all $v\in X$.

   *Proof.* Let $e=N-N_1$; $N_1(0)=0$ because $h(0)=0$. In the first case $N(v)+N(-v)=2N(0)$, so that
   $e(v)+e(-v)-2e(0)=-(N_1(v)+N_1(-v))$, and the left side is at most $4\delta$. In the second case
   $N(v)-c=2(N(v/2)-c)$ by homogeneity, so that $e(v)-2e(v/2)+e(0)=-(N_1(v)-2N_1(v/2))$. ∎

   The two bounds see different parts. For `sinh1d` and `twist2d`, which are odd, the first is 0, and unbiased tanh
   networks do fit them; for `cos1d` and `ridge2d` $N_1$ is even, and the first bound is half of $\sup|N_1|$: the
   constant $c$ alone does as well, and all units together are worth nothing. The second is positive for every map here.

2. *Accuracy does not carry the Lipschitz constant.* Theorem 1 of Hornik is about values. If $N$ is within $\delta$ of
   $N_i$, then $N+\delta\,\tanh(\lambda u\cdot x)\,u$ with $|u|=1$ is a two-layer network within $2\delta$, and its
   slope at $0$ along $u$ is at least $\lambda\delta-\lVert DN(0)\rVert$: as large as one likes. This is no
   curiosity: least squares on values with ReLU units does it (see the table). Density in $C^1$ is needed (Hornik's
   Theorem 3, for smooth $\sigma$), and ReLU is not $C^1$.

## As corrected

**Lemma 2.** Let $F:\mathbb R^d\to\mathbb R^d$ be $C^1$ with compact support, $K$ a ball and $\delta>0$. There is a
network $N(x)=A\tanh(Bx+\beta)+c$ with $|N-F|\le\delta$ and $\lVert DN-DF\rVert\le\delta$ on $K$. If $F$ is odd, there
is one with $\beta=0$, $c=0$. And there is one with relu in place of tanh, for which the second inequality reads
$\mathrm{Lip}(N-F)\le\delta$ on $K$.

*Proof.* Convolution with a narrow Gaussian changes $F$ and $DF$ by little, and makes $F$ an entire function, whose
Taylor polynomials converge with their derivatives on $K$; if $F$ is odd, so is the convolution, and only odd degrees
occur. It remains to approximate monomials. $x\mapsto\tanh(w\cdot x+\beta)$ depends smoothly on $(w,x)$, so its
difference quotients in $w$, which are networks, converge in $C^1(K)$ to its derivatives in $w$; those at $w=0$ are
$x^\kappa\tanh^{(|\kappa|)}(\beta)$. For each $|\kappa|$ some $\beta$ has $\tanh^{(|\kappa|)}(\beta)\ne0$, because tanh
is no polynomial; for odd $|\kappa|$, $\beta=0$ has it, because the odd Taylor coefficients of $\tan$ are positive and
those of tanh are the same up to sign. Finally replace $\tanh$ on an interval that contains all $w\cdot x+\beta$,
$x\in K$, by its interpolant $p$ at knots of spacing $\eta$, which is a sum of relus and a constant. There
$|p-\tanh|\le\eta^2/8$ and $\mathrm{Lip}(p-\tanh)\le\eta$, as $|\tanh''|\le1$; the network changes by at most
$\eta\sum_k|A_k|(1+|w_k|)$ in both senses, if $\eta\le1$. ∎

**Lemma 3.** $N_i$ is on $D_{i-1}$ the restriction of a $C^1$ map $F_i$ of $\mathbb R^d$ with compact support.

*Proof.* $h$ extends to a $C^1$ map $H$ of $\mathbb R^d$ (Whitney: $Dh$ is Lipschitz on a ball). For $b>0$ let
$G_b(x)=H(bx)/b$, and $G_0=\mathrm{Id}$. On $X$, $DG_b(v)=Dh(bv)$ is invertible and $G_b=g_b$ is injective, because
$|x-y|\le M|g_b(x)-g_b(y)|$. $G_b$ is injective on a neighbourhood of $X$, too: otherwise there are $u_n\ne v_n$ with
$G_b(u_n)=G_b(v_n)$ whose distances to $X$ tend to 0. Of a subsequence, $u_n\to u\in X$ and $v_n\to v\in X$ with
$g_b(u)=g_b(v)$, so $u=v$; near $u$, $G_b$ is injective by the inverse function theorem, a contradiction. So $G_b$ is a
$C^1$ diffeomorphism of a neighbourhood of $X$ onto one, $U$, of the compact set $D_{i-1}$, and
$(G_a-G_b)\circ G_b^{-1}$ is $C^1$ on $U$. Multiply it by a smooth function with compact support in $U$ that is 1 near
$D_{i-1}$. ∎

**Theorem A.** Let $\sigma$ be tanh or relu. For every $m$ and $\delta>0$ there are networks
$\tilde h_i(x)=x+A_i\sigma(B_ix+\beta_i)+c_i$ with $|\tilde h_i-h_i|\le\delta$ and
$\lVert\tilde h_i-\mathrm{Id}\rVert_L\le\lVert h_i-\mathrm{Id}\rVert_L+\delta$ on $D_{i-1}$ and
$|\tilde h_m\circ\dots\circ\tilde h_1-h|\le\delta$ on $X$.

*Proof.* Let $F_i$ be as in Lemma 3, $\Lambda\ge1+\max_i\mathrm{Lip}(F_i)$, and $K$ a ball that contains the
1-neighbourhood of all $D_i$. Take $N$ from Lemma 2 for $F_i$, $K$ and $\delta'\le\delta$. On $D_{i-1}\subset K$,
$\mathrm{Lip}(N)\le\mathrm{Lip}(N_i)+\mathrm{Lip}(N-F_i)\le\mathrm{Lip}(N_i)+\delta'$ ($K$ is convex). Let $z_i$ and
$\tilde z_i$ be the states of the factors and of the networks from one $x$, and $e_i=|\tilde z_i-z_i|$. While
$e_{i-1}\le1$, $\tilde z_{i-1}$ lies in $K$, and
$$e_i\le|(\mathrm{Id}+N)(\tilde z_{i-1})-(\mathrm{Id}+F_i)(\tilde z_{i-1})|+
|(\mathrm{Id}+F_i)(\tilde z_{i-1})-(\mathrm{Id}+F_i)(z_{i-1})|\le\delta'+\Lambda e_{i-1}.$$
So $e_m\le\delta'(1+\Lambda+\dots+\Lambda^{m-1})$, which is at most $\min(1,\delta)$ for small $\delta'$. ∎

## Sharper: for tanh one translation makes up for all inner biases

**Theorem B.** For every $m$ and $\delta>0$ there are $m+1$ layers *of the printed form*
$x+A\tanh(Bx)+b$, the first of them a translation ($A=0$, constant 0), whose composition is within $\delta$ of $h$ on
$X$, and the others have constants of at most $\lVert h_i-\mathrm{Id}\rVert_L+\delta$ where the factors' states are.

*Proof.* Let all $F_i$ of Lemma 3 have their supports in the ball of radius $r$ about $0$, and let $|t|>r$. The first
layer is $x+t$. The map $E_i(z)=F_i(z-t)-F_i(-z-t)$ is odd, $C^1$, with compact support, and for $|z-t|\le r$ it is
$F_i(z-t)$, because then $|-z-t|=|2t+(z-t)|\ge2|t|-r>r$. By Lemma 2 it has approximations without bias, in the same
sense as in the proof of Theorem A, which applies to the translated factors $z\mapsto h_i(z-t)+t$; the last layer's
$b$ is $-t$. ∎

So the paper's picture is right for tanh, with one more layer. For relu it is not:

**Lemma 4.** Let $d=1$, $t$ any number, and $N(x)=A\,\mathrm{relu}(B(x+t))+c$, with any number of units, within
$\delta$ of $N_1$ on $X=[-R,R]$. Then $\delta\ge\frac14\min_\pm|N_1(\pm R)-2N_1(\pm R/2)|$.

*Proof.* $N$ is affine on both sides of $-t$, so it is affine on $[-R,0]$ or on $[0,R]$. On that half
$N(\pm R)-2N(\pm R/2)+N(0)=0$; go on as in Lemma 1. ∎

## Sharper: interpolation in dimension one loses nothing

**Theorem C.** Let $d=1$, $-R=v_0<\dots<v_k=R$ and $\Delta=\max_j(v_j-v_{j-1})$. Let $\tilde N_i$ be piecewise linear
with the knots $y_{ij}=g_b(v_j)$ and the values $N_i(y_{ij})$, and constant outside: a relu network with $k+1$ units.
Then $\mathrm{Lip}(\tilde N_i)\le\lVert h_i-\mathrm{Id}\rVert_L$ on all of $\mathbb R$, and
$\tilde h_m\circ\dots\circ\tilde h_1$ is on $X$ *exactly* the interpolant $p$ of $h$ at the $v_j$: its error is at most
$\alpha\Delta^2/8$, whatever $m$.

*Proof.* The network is $\tilde N_i(x)=N_i(y_{i0})+\sum_j(s_{j+1}-s_j)\,\mathrm{relu}(x-y_{ij})$ with the slopes
$s_1,\dots,s_k$ and $s_0=s_{k+1}=0$. Each $s_j$ is a difference quotient of $N_i$ between two points of $D_{i-1}$, so
$|s_j|\le\lVert N_i\rVert_L$; a continuous function with pieces of such slopes has this Lipschitz constant. $\tilde h_i$
maps $y_{ij}$ to $h_i(g_b(v_j))=g_a(v_j)=y_{i+1,j}$, and the piece between two knots linearly onto the next layer's,
because $g_a$ increases. So the composition is linear on $[v_{j-1},v_j]$ and equals $g_1=h$ at the ends. *The error.*
Let $x=(1-\theta)v_{j-1}+\theta v_j$ and $D=v_j-v_{j-1}$. As $h'$ is $\alpha$-Lipschitz,
$|h(v_{j-1})-h(x)+h'(x)\theta D|\le\frac\alpha2\theta^2D^2$ and
$|h(v_j)-h(x)-h'(x)(1-\theta)D|\le\frac\alpha2(1-\theta)^2D^2$. The mean with weights $1-\theta$ and $\theta$ gives
$|p(x)-h(x)|\le\frac\alpha2D^2\theta(1-\theta)\le\frac\alpha8D^2$. ∎

The function is the same for every $m$, that of one layer included: depth buys small Lipschitz constants here, and no
accuracy. In two dimensions no such construction is known to us: piecewise linear maps on triangles are no two-layer
networks.

## What fits do

A fit of $N_i$ draws $k$ units $\sigma(w\cdot(y-p))$, solves least squares for $A$ and $c$ (singular values below
$10^{-12}$ of the largest are dropped), and is measured at other points. "With Jacobians" means rows for
$R\,(DN-DN_i)$ at the same points, of the same weight as the values. The Lipschitz constants of fits are largest
Jacobian norms found by search, which are lower estimates; for relu and $d=1$ they are slopes of pieces, exact to
rounding (pieces narrower than $10^{-9}$ of the domain, which rounding makes at its ends, do not count). That a fit is
steeper than $\alpha RM/m$, which all factors obey, is shown in balls for the steepest layer (of the fits to values:
among those with errors of at most $\frac1{10}\sup|N_i|$ at the points tried): two points $v,v'$ of $X$ are named with
$|N(y)-N(y')|>\frac{\alpha RM}m|y-y'|$, $y=g_b(v)$, $y'=g_b(v')$, and of a fit to values the errors at all points
tried are enclosed beside $\frac1{10}|N_i|$ at one point. In $d=1$ the fit's distance from $N_i$ is enclosed,
too, on a cover of $X$. In these runs ReLU fits to values lose the constant although they are accurate, and tanh fits to
values do not; with Jacobians ReLU fits come nearer to the factors' constants, but do not keep them.

The kinked layers are certified as they are stored: the knots $y_{ij}$ are floats, rounded from $g_{i/m}(v_j)$, and the
network is the one through them. The certificate shows that they increase and span $X$, that every slope of layer $i$
is smaller than $|h_i'-1|$ at one point of $D_{i-1}$, and $|h-p|\le\alpha\Delta^2/8$ on all pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition.constants import constants
from rescert.decomposition.factors import load_map
from rescert.dynamics import fit_panels, layer_fits
from rescert.dynamics.fit_panels import METHODS
from rescert.networks import two_layer_bounds as bounds
from rescert.networks.two_layer import TwoLayer
from rescert.statistics import share, student

KEPT = 1.1  # times the largest constant of a factor
ESTIMATE = 1.01  # the factors' constants are found by search, from below
ACCURATE = 0.05  # parts of sup |h - Id|


class Case:
    """One map at one depth, and what the network's table says of it; without a network, of nothing."""

    def __init__(self, instance: Instance, inputs: Inputs) -> None:
        self.name, self.depth = instance["map"], int(instance["depth"])
        self.h, self.inputs = load_map(self.name), inputs
        self.known = constants(self.h)
        self.odd, self.ray = bounds.odd_bound(self.h, self.depth), bounds.ray_bound(self.h, self.depth)
        self.need = f"networks/{instance['network']}" if "network" in instance else None
        self.table = pd.DataFrame()
        if self.need is not None:
            table = inputs.table(self.need)
            self.table = table[(table["target"] == self.name) & (table["depth"] == self.depth)]

    def rows(self, method: str) -> pd.DataFrame:
        return self.table[self.table["method"] == method]

    def array(self, key: str) -> np.ndarray:
        return self.inputs.arrays(str(self.need))[f"{self.name}/{self.depth}/{key}"]


def validate(instance: Instance) -> None:
    if load_map(instance["map"]).DIMENSION > 2 or int(instance["depth"]) < 2:
        raise ValueError(f"expected a map of dimension 1 or 2 and a depth of at least 2, got {instance}")
    if instance.get("bias", "inner") not in ("inner", "none"):
        raise ValueError(f"expected the bias 'inner' or 'none', got '{instance['bias']}'")


def expand(instance: Instance, inputs: Inputs) -> list[Instance]:
    """One instance a map and depth of the network."""
    if "network" not in instance:
        return [instance]
    table = inputs.table(f"networks/{instance['network']}")
    found = table[["target", "depth"]].drop_duplicates()
    return [{**instance, "map": str(t), "depth": int(m)} for t, m in zip(found["target"], found["depth"], strict=True)]


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One map at one depth; without a network, only what holds for all networks."""
    case = Case(instance, inputs)
    printed = _printed(case)
    found = {"printed": printed, "rays": _rays(case)}
    if instance.get("bias", "inner") == "none" or not len(case.table):
        reason = f"without inner biases: {printed.reason}"
        missing = Finding(False, None, Evidence.ENCLOSED, reason, assertions=printed.assertions)
        none = Finding(True, None, Evidence.NUMERICAL, "no network is given")
        rest = ("translated", "interpolation", "accuracy", "smooth", "kinks")
        return {**found, "corrected": missing, **dict.fromkeys(rest, none)}
    interpolation = _interpolation(case)
    return {
        **found,
        "corrected": _corrected(case, interpolation),
        "translated": _best(case, ["tanh_translated"]),
        "interpolation": interpolation,
        "accuracy": _accuracy(case),
        "smooth": _kept(case, ["tanh_values", "tanh_jacobians"]),
        "kinks": _kept(case, ["relu_jacobians"]),
    }


def _printed(case: Case) -> Finding:
    """Every unbiased network misses h_1 by a bound: that of tanh or that of relu, or both."""
    odd, ray = case.odd, case.ray
    assertions = odd.assertions + ray.assertions
    shown = [f"{name} misses h_1 by {b.value}" for name, b in (("tanh", odd), ("ReLU", ray)) if b.assertions]
    reason = f"{' and '.join(shown) or 'no bound is positive'}, at any width; |h_1(x) - x| <= {odd.size:.4g}"
    values = {"odd_bound": float(odd.value), "ray_bound": float(ray.value), "first": odd.size}
    least = max(float(odd.value), float(ray.value))
    false = False if assertions else None
    return Finding(True, false, Evidence.ENCLOSED, reason, f">= {least:.4g}", "0", assertions, values)


def _rays(case: Case) -> Finding:
    if case.h.DIMENSION > 1:
        return Finding(False, None, Evidence.NUMERICAL, "the statement is about d = 1")
    bound = bounds.one_kink_bound(case.h, case.depth)
    reason = f"whatever the translation and the width; |h_1(x) - x| <= {bound.size:.4g}"
    true = True if bound.assertions else None
    return Finding(True, true, Evidence.ENCLOSED, reason, f">= {bound.value}", "0", bound.assertions)


def _best(case: Case, methods: list[str]) -> Finding:
    """The run with the smallest error among those that keep the Lipschitz constant."""
    rows = pd.concat([case.rows(m) for m in methods])
    true = float(rows["true"].iloc[0])
    kept = rows[rows["lipschitz"] <= KEPT * true]
    best = (kept if len(kept) else rows).sort_values("error").iloc[0]
    limit = ACCURATE * bounds.first_size(case.h, 1)
    reached = len(kept) > 0 and best["error"] <= limit
    reason = (
        f"best of {len(rows)} fits: constant {best['lipschitz']:.4g}, of the factors {true:.4g}; "
        f"end-to-end error {best['error']:.2g}"
    )
    return Finding(True, True if reached else None, Evidence.NUMERICAL, reason, f"{best['error']:.3g}", f"{limit:.3g}")


def _interval(values: np.ndarray) -> list[float]:
    """Student's interval of the mean of the logarithms, as numbers: low, geometric mean, high."""
    logs = np.log(np.maximum(values, 1e-300))
    half = student(logs) if len(logs) > 1 else 0.0
    return [float(np.exp(logs.mean() + side * half)) for side in (-1, 0, 1)]


def _drawn(case: Case) -> dict[str, Any]:
    """The columns of the figure."""
    columns: dict[str, Any] = {
        "dimension": case.h.DIMENSION,
        "true": float(case.table["true"].iloc[0]),
        "uniform_bound": case.known.uniform_bound(case.depth),
        "runs": int(case.table["seed"].max()) + 1,
    }
    for method in METHODS:
        rows = case.rows(method)
        if len(rows):
            columns[f"{method}_error"] = _interval(rows["error"].to_numpy())
            columns[f"{method}_lipschitz"] = _interval(rows["lipschitz"].to_numpy())
    return columns


def _corrected(case: Case, interpolation: Finding) -> Finding:
    """In one dimension the kinked layers are such networks, enclosed; in two the best fit."""
    values = _drawn(case)
    if interpolation.conclusion is True:
        reason = f"the layers of Theorem C: {interpolation.reason}"
        shown = interpolation.assertions
        return Finding(
            True, True, Evidence.ENCLOSED, reason, interpolation.measured, interpolation.bound, shown, values
        )
    best = _best(case, ["tanh_values", "tanh_jacobians", "relu_values", "relu_jacobians"])
    return Finding(True, best.conclusion, best.evidence, best.reason, best.measured, best.bound, (), values)


def _interpolation(case: Case) -> Finding:
    if case.h.DIMENSION > 1:
        return Finding(False, None, Evidence.NUMERICAL, "the statement is about d = 1")
    knots = case.array("knots")
    largest = max(Fraction(float(b)) - Fraction(float(a)) for a, b in zip(knots[0, :-1], knots[0, 1:], strict=True))
    shown = bounds.kinked_bounds(case.h, knots, str(case.known.smoothness * largest**2 / 8))
    error = float(case.rows("relu_kinked")["error"].iloc[0])
    reason = f"{knots.shape[1]} units a layer; constants at most {shown.share:.4f} of the factors'"
    if not shown.proved:
        reason = "; ".join(proof.reason for proof in shown.proofs if not proof.proved)
    assertions = tuple(p.assertion for p in shown.proofs if p.assertion is not None) if shown.proved else ()
    true = True if shown.proved else None
    return Finding(True, true, Evidence.ENCLOSED, reason, f"{error:.4g}", f"{shown.bound:.4g}", assertions)


def _steep(case: Case, kind: str, factor: Fraction) -> tuple[dict[str, Any], TwoLayer, list[Proof]]:
    """The steepest layer of a kind of fits, and the proofs that its constant is above ``factor`` times αRM/m."""
    witnesses = case.inputs.record(str(case.need))["witnesses"]
    found = next(w for w in witnesses if (w["target"], w["depth"], w["kind"]) == (case.name, case.depth, kind))
    *arrays, points = (case.array(f"steep/{kind}/{key}") for key in ("outer", "inner", "bias", "shift", "points"))
    layer = TwoLayer(found["activation"], *arrays)
    limit = str(factor * case.known.uniform / case.depth)
    return found, layer, bounds.steeper(case.h, case.depth, found["index"], layer, points, limit)


def _accuracy(case: Case) -> Finding:
    """The steepest layer that was fitted to values alone: steeper than every factor may be, or not."""
    found, layer, proofs = _steep(case, "values", Fraction(1))
    where = f"layer {found['index']} of run {found['seed']}, {METHODS[found['method']][0]}"
    near = f"errors of at most {found['layer_error']:.2g} at the points tried"
    numbers = f"{found['slope']:.4g}", f"{case.known.uniform_bound(case.depth):.4g}"
    if not bounds.proven(proofs):
        return Finding(True, None, Evidence.ENCLOSED, f"{where}: not steeper; {near}", *numbers)
    proofs += bounds.accurate(case.h, case.depth, found["index"], layer, layer_fits.tried(case.h), layer_fits.ACCURATE)
    if not bounds.proven(proofs):
        return Finding(True, None, Evidence.ENCLOSED, f"{where}: steeper, but not accurate; {near}", *numbers)
    if case.h.DIMENSION == 1:
        error = f"{1.1 * found['layer_error']:.3g}"
        cover = bounds.near(case.h, case.depth, found["index"], layer, error)
        if cover.proved:
            proofs, near = [*proofs, cover], f"within {error} of the factor"
    return Finding(True, True, Evidence.ENCLOSED, f"{where}: {near}", *numbers, bounds.proven(proofs))


def _kept(case: Case, methods: Sequence[str]) -> Finding:
    """Whether all runs are within 1.1 times the factors' constant; where one is not, in balls if they show it."""
    rows = pd.concat([case.rows(method) for method in methods])
    ratios = (rows["lipschitz"] / rows["true"]).to_numpy()
    kept = ratios <= KEPT
    conclusion = True if kept.all() else False if (ratios > KEPT * ESTIMATE).any() else None
    reason = f"{share(kept)} of the runs are within {KEPT:g} times"
    numbers, values = (f"{ratios.max():.4g}", f"{KEPT:g}"), {"ratio": float(ratios.max())}
    if conclusion is False:
        found, _, proofs = _steep(case, "jacobians", Fraction(str(KEPT)))
        if found["method"] in methods and bounds.proven(proofs):
            reason += f"; layer {found['index']} of run {found['seed']} is above {KEPT:g} alpha R M / m"
            return Finding(True, False, Evidence.ENCLOSED, reason, *numbers, bounds.proven(proofs), values)
    return Finding(True, conclusion, Evidence.NUMERICAL, reason, *numbers, (), values)


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """The numbers of the caption."""
    shown = fit_panels.shown(rows)
    kept = {s: rows[rows["statement"] == s] for s in ("smooth", "kinks")}
    accuracy = rows[(rows["statement"] == "accuracy") & (rows["verdict"] == "holds")]
    steep = accuracy["measured"].astype(float) / accuracy["bound"].astype(float)
    return {
        "maps": " and ".join(f"`{group['map'].iloc[0]}`" for group in shown),
        "runs": int(max((group["runs"].max() for group in shown), default=0)),
        "smooth": float(kept["smooth"]["ratio"].max()) if "ratio" in rows else 1.0,
        "kinks": float(kept["kinks"]["ratio"].max()) if "ratio" in rows else 1.0,
        "steep_median": float(steep.median()) if len(steep) else 1.0,
        "steep_instances": f"{len(accuracy)} of {int((rows['statement'] == 'accuracy').sum())}",
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Networks in place of the factors, for {maps}: the largest end-to-end error over $X$ (left) and the largest
    Lipschitz constant of the layers' increments (right, from below; exact for ReLU with $d=1$) against the number $m$
    of layers. Geometric means over {runs} draws of the units with 95 % Student intervals; interpolation ($d=1$ only)
    draws nothing at random. Black: the largest constant of the factors $h_i-\mathrm{{Id}}$. Without an inner bias the
    error stays, whatever the depth, where the factors are even (tanh) and for ReLU; one translation in front removes
    it for tanh. Some accurate layers fitted to values alone are too steep: in {steep_instances} cases the steepest
    exceeds $\alpha RM/m$, which every factor obeys; certified, {steep_median:.2g} times in the median. Over all maps,
    depths and draws the constants are at most {smooth:.3g} times the factors' for tanh with inner biases, and up to
    {kinks:.3g} times for ReLU with Jacobians in the fit.
    """
    return Drawing(*fit_panels.panels(fit_panels.shown(tables["claims/bel_networks"])))


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Remark after Theorem 1",
    title="Two-layer networks in place of the factors",
    statements=(
        Statement(
            "printed",
            r"Each $h_i$ can be approximated to arbitrary accuracy by $x+A\sigma(Bx)+b$, for $\sigma$ a sigmoidal or "
            r"piecewise linear function, such as tanh and ReLU.",
            "as printed",
        ),
        Statement(
            "corrected",
            r"With an inner bias it is so: for $\sigma$ tanh or ReLU and every $\delta>0$ there are "
            r"$\tilde h_i(x)=x+A\sigma(Bx+\beta)+c$ with $|\tilde h_i-h_i|\le\delta$ and "
            r"$\lVert\tilde h_i-\mathrm{Id}\rVert_L\le\lVert h_i-\mathrm{Id}\rVert_L+\delta$ on "
            r"$h_{i-1}\circ\dots\circ h_1(X)$, and $|\tilde h_m\circ\dots\circ\tilde h_1-h|\le\delta$ on $X$. "
            r"(Shown by an example: for $d=1$ interpolating ReLU layers, in balls; for $d=2$ a fit within 5 % of "
            r"$\sup|h-\mathrm{Id}|$ with a constant of at most 1.1 times the factors'.)",
            "as corrected",
            proof="written",
        ),
        Statement(
            "translated",
            r"For tanh no inner bias is needed, if the data are translated first: $m+1$ layers of the printed form, of "
            r"which the first is $x+t$, do the same. (Shown by a fit, as above.)",
            "sharper",
            proof="written",
        ),
        Statement(
            "rays",
            r"For ReLU and $d=1$ no translation helps: $x+A\,\mathrm{relu}(B(x+t))+b$ misses $h_1$ by at least "
            r"$\frac14\min_\pm|N_1(\pm R)-2N_1(\pm R/2)|>0$, $N_1=h_1-\mathrm{Id}$, for every $t$ and every width.",
            "sharper",
            proof="written",
        ),
        Statement(
            "interpolation",
            r"For $d=1$ the ReLU layers that interpolate $h_i-\mathrm{Id}$ at the images of $v_0<\dots<v_k$ have "
            r"Lipschitz constants of at most $\lVert h_i-\mathrm{Id}\rVert_L$, and for every $m$ their composition is "
            r"the interpolant of $h$ itself: its error is at most $\alpha\Delta^2/8$, $\Delta=\max_j(v_j-v_{j-1})$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "accuracy",
            r"Accuracy does not carry the Lipschitz constant: a layer fitted to the values of $h_i$ by least "
            r"squares, with errors of at most a tenth of $\sup|h_i-\mathrm{Id}|$ at the points tried, has a constant "
            r"above $\alpha RM/m$, which every $h_i-\mathrm{Id}$ obeys.",
            "sharper",
            "some",
            proof="written",
        ),
        Statement(
            "smooth",
            r"Least squares with random tanh units keeps the constants, on values alone and with Jacobians, too: in "
            r"every run all layers are within 1.1 times the largest constant of the factors.",
            "sharper",
        ),
        Statement(
            "kinks",
            r"Least squares on values and Jacobians with random ReLU units keeps them, too. (A run counts against it "
            r"above 1.111 times, as the factors' constants are found by search, or above $1.1\,\alpha RM/m$ in balls.)",
            "sharper",
        ),
    ),
    check=check,
    control={"map": "cos1d", "depth": 4, "bias": "none"},
    control_statement="corrected",
    figure=figure,
    expand=expand,
    validate=validate,
    summary=summary,
)
