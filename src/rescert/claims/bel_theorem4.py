r"""Near the identity, a critical layer means a global minimum (Bartlett, Evans and Long 2018, Theorem 4).

$Q(h)=\frac12E|h(X)-Y|^2$, $h^*(x)=E[Y|X=x]$, $h=h_m\circ\dots\circ h_1$ with
$\lVert h_i-\mathrm{Id}\rVert_L\le\varepsilon<1$. Norms of functions are $\lVert f\rVert=\sup_{x\ne0}|f(x)|/|x|$.
Write $r=h-h^*$, $z_i=h_i\circ\dots\circ h_1$ ($z_0=\mathrm{Id}$) and $J_i(x)=D(h_m\circ\dots\circ h_{i+1})(z_i(x))$;
$\varepsilon_j=\lVert h_j-\mathrm{Id}\rVert_L$. The printed claim is, for every $i$,
$$\inf_{\lVert\Delta\rVert\le1}D_{h_i}Q(h)(\Delta)\le-\frac{(1-\varepsilon)^{m-1}}{\lVert h-h^*\rVert}\,(Q(h)-Q(h^*)),$$
and so $Q(h)=Q(h^*)$ if all $D_{h_i}Q(h)$ vanish.

## 1. What is wrong as printed

1. *An atom at 0.* Directions have $\Delta(0)=0$ throughout: otherwise $\lVert\Delta\rVert$ is no norm, and
   differentiable layers of finite norm have $h_i(0)=0$. The hypothesis $\lVert h-h^*\rVert<\infty$ is said to imply
   that $h(0)=h^*(0)$ and that $h^*$ is differentiable at 0. It implies neither. The supremum leaves $x=0$ out, so
   $h^*(0)$ is free if $X=0$ has positive probability; and $h^*(x)=h(x)+|x|$ in $d=1$ has norm 1 of the difference and
   no derivative at 0. The first gap makes the theorem false. With $h_i=\mathrm{Id}$, $X\in\{1,2,0\}$, and $h^*=h$ at
   1 and 2, but $h^*(0)=1$, every derivative is 0, $\lVert h-h^*\rVert=0$ and $Q(h)>Q(h^*)$: a bad critical point at
   the identity. With $h^*(1)=\frac54$ as well the bound is finite, and false. What is needed: $r(0)=0$ if $P(X=0)>0$.
2. *The place of the Jacobians.* The proof writes $h=H_m\circ\dots\circ H_{i+1}\circ G_i(h_i)$, $G_i(g)=g\circ
   h_{i-1}\circ\dots\circ h_1$, $H_j(g)=h_j\circ g$, and differentiates $H_j$ at $h_{j-1}\circ\dots\circ h_i$. The
   right place is $h_{j-1}\circ\dots\circ h_1$. For $i\ge2$ and layers that are not affine the two expressions differ.
   The last formula alone can be read rightly, with $(DH_m\cdots DH_{i+1}\Delta)\circ h_{i-1}\circ\dots\circ h_1$; so
   read, the rest of the proof goes through.
3. *A derivative that need not exist.* The chain rule is applied to Fréchet derivatives of $H_j$ as a map between
   function spaces. For a differentiable $h_j$ this derivative need not exist (`bel_lemma5`). The derivative of $Q$
   does exist: section 2.
4. $E|X|^2<\infty$ and $E|Y|^2<\infty$ are used and not said. If $h=h^*$ the scalar $c$ of the proof does not exist;
   the claim is then trivial. At the end of the proof $DH_j(h_i^j)$ should be at index $j-1$.
5. $\Delta$ is a function of finite norm, and need not be Lipschitz: $h_i+t\Delta$ may leave the near-identity region
   for every $t>0$. With Lipschitz $\Delta$ the bound is false, and the conclusion on critical points true: section 5.

## 2. The derivative

**Theorem 1.** Let $E|X|^2,E|Y|^2<\infty$, $h_j(0)=0$, and let each $h_j$ be Lipschitz and, for $j>i$, differentiable.
On the Banach space of measurable $\Delta$ with $\Delta(0)=0$ and $\lVert\Delta\rVert<\infty$, $\Delta\mapsto Q$ with
$h_i+\Delta$ in place of $h_i$ is Fréchet differentiable at 0, and
$$D_{h_i}Q(h)(\Delta)=E[r(X)\cdot J_i(X)\Delta(z_{i-1}(X))].$$
*Proof.* Let $L$ be the product of the Lipschitz constants, at least 1 each, and $H=h_m\circ\dots\circ h_{i+1}$. As
$h_j(0)=0$, $|z_{i-1}(x)|\le L|x|$. Let $\Delta_n\to0$, $t_n=\lVert\Delta_n\rVert>0$, and let
$R_n=H(z_i+\Delta_n(z_{i-1}))-H(z_i)-J_i\Delta_n(z_{i-1})$ at $X$. Since $|\Delta_n(z_{i-1})|\le t_n|z_{i-1}|\to0$ and
$H$ is differentiable at $z_i(X)$, $|R_n|/t_n\to0$ for every value of $X$. Further
$|R_n|/t_n\le2L|z_{i-1}|\le2L^2|X|$. By dominated convergence $E|R_n|^2/t_n^2\to0$. With
$u_n=J_i\Delta_n(z_{i-1})+R_n$ the criterion changes by $E[(h(X)-Y)\cdot u_n]+\frac12E|u_n|^2$. The last term is at
most $\frac12(L^2t_n)^2E|X|^2$, which is $o(t_n)$, because $|u_n|\le L\,|\Delta_n(z_{i-1})|$; and
$|E[(h-Y)\cdot R_n]|=o(t_n)$ by Cauchy and Schwarz. As $J_i\Delta_n(z_{i-1})$ is a function of $X$, $Y$ may be
replaced by $h^*(X)$. ∎

So differentiability is needed only in the layers above $i$, and only at the points that occur; for $i=m$ nowhere.

## 3. The infimum

**Theorem 2.** If $z_{i-1}$ is injective,
$$\inf_{\lVert\Delta\rVert\le1}D_{h_i}Q(h)(\Delta)=-E\big[|z_{i-1}(X)|\,|J_i(X)^Tr(X)|\big],$$
and it is attained. *Proof.* $r\cdot J_i\Delta(z_{i-1})=J_i^Tr\cdot\Delta(z_{i-1})\ge-|J_i^Tr||z_{i-1}|$, for every
value of $X$ (also if $z_{i-1}=0$, as $\Delta(0)=0$). Equality holds for
$\Delta(z_{i-1}(x))=-|z_{i-1}(x)|\,J_i^Tr/|J_i^Tr|$, 0 where $J_i^Tr=0$ and outside $z_{i-1}(\mathbb R^d)$. As
$z_{i-1}$ is injective this defines $\Delta$; its norm is at most 1, and it is measurable, since a continuous
injective map takes Borel sets to Borel sets. ∎

## 4. Bounds

**Theorem 3.** Under the hypotheses of Theorem 1, let $\varepsilon_j<1$ for $j\ne i$. Then
$$-\prod_{j\ne i}(1+\varepsilon_j)\,E[|r||X|]\le\inf\le-\prod_{j\ne i}(1-\varepsilon_j)\,E[|r||X|].$$
If moreover $\lVert h-h^*\rVert<\infty$ and $r(0)=0$ in case that $P(X=0)>0$, and $r\not\equiv0$, then with
$\varepsilon=\max_j\varepsilon_j$
$$\inf\le-(1-\varepsilon)^{m-1}E[|r||X|]\le-2\,\frac{(1-\varepsilon)^{m-1}}{\lVert h-h^*\rVert}(Q(h)-Q(h^*)).$$
*Proof.* $|h_j(x)-x-(h_j(y)-y)|\le\varepsilon_j|x-y|$ gives $|h_j(x)-h_j(y)|\ge(1-\varepsilon_j)|x-y|$, so the layers
are injective, and with $y=0$: $(1-\varepsilon_j)|x|\le|h_j(x)|\le(1+\varepsilon_j)|x|$. Hence $|z_{i-1}(x)|$ is
between $\prod_{j<i}(1\mp\varepsilon_j)|x|$. A difference quotient of $h_j-\mathrm{Id}$ is at most $\varepsilon_j$, so
$\lVert Dh_j-I\rVert\le\varepsilon_j$ and $(1-\varepsilon_j)|u|\le|Dh_j^Tu|\le(1+\varepsilon_j)|u|$. Thus $|J_i^Tr|$
is between $\prod_{j>i}(1\mp\varepsilon_j)|r|$. Put both into Theorem 2. For the last inequality,
$|r|\le\lVert h-h^*\rVert|X|$ almost surely, so $E[|r||X|]\ge E|r|^2/\lVert h-h^*\rVert$; and $E|r|^2=2(Q(h)-Q(h^*))$
by the projection theorem, as $E[Y-h^*(X)|X]=0$. ∎

*Consequences.* (a) The printed bound loses a factor 2. (b) No norm of $h-h^*$ is needed. (c) One layer is enough: if
$D_{h_i}Q(h)=0$ for *one* $i$, then $E[|r||X|]=0$, so $r(X)=0$ almost surely where $X\ne0$, and $Q(h)=Q(h^*)$ if
$r(0)P(X=0)=0$. The printed theorem asks for all $i$. (d) Layer $i$ itself need not be near the identity. (e) The
constants are best possible: for $h_j(x)=(1-\varepsilon)x$ and $|r|=\lambda|x|$ all the inequalities except the
printed one are equalities.

*The hypotheses are needed.* $\varepsilon=1$: $h_j=0$ for all $j$, $m\ge2$, is critical in every layer ($z_{i-1}=0$
for $i\ge2$, $J_1=0$), whatever $Q$. $h_j(0)=0$: $h_1=x-1$, $h_2=x+1$, $X=1$, $h^*(1)=2$; then $z_1=0$ and
$D_{h_2}Q(h)=0$ while $Q(h)-Q(h^*)=\frac12$. This hypothesis is forced by the printed $\lVert h_i\rVert<\infty$.

## 5. Lipschitz directions

Let $\Delta$ be restricted to $\lVert\Delta\rVert_L\le1$, $\Delta(0)=0$, so that $h_i+t\Delta$ stays near the identity
for small $t$ (if $\varepsilon_i<1$). *The bound is then false.* $h_j=\mathrm{Id}$, $X\in\{1,\frac{17}{16}\}$ with
equal probabilities, $r=1$ and $-1$: $D_{h_i}Q(h)(\Delta)=\frac12(\Delta(1)-\Delta(\frac{17}{16}))\ge-\frac1{32}$,
while the printed bound is $-\frac12(1-\varepsilon)^{m-1}$. No bound of this form can hold, as the distance of the
atoms is arbitrary.

*The conclusion is true.* **Theorem 4.** Let the hypotheses of Theorem 3 hold. If $D_{h_i}Q(h)(\Delta)=0$ for all
Lipschitz $\Delta$ with $\Delta(0)=0$ (even: with compact support outside 0), then $Q(h)=Q(h^*)$ if $r(0)P(X=0)=0$.
*Proof.* Let $\mu$ be the vector measure $\mu(B)=E[J_i^Tr;\,z_{i-1}(X)\in B]$, which is finite.
$\int\Delta\cdot d\mu=0$ for all Lipschitz $\Delta$ with compact support in $\mathbb R^d\setminus\{0\}$, which are
dense among continuous ones; so $\mu=0$ outside 0. As $z_{i-1}$ is injective and measurable sets go to measurable
sets, $E[J_i^Tr;\,X\in C]=0$ for all Borel $C$ without 0. So $J_i^Tr=0$ almost surely where $X\ne0$, and $J_i$ is
invertible. ∎ So there are no bad critical points inside the region, but Theorem 4 of the paper says nothing about how
fast one gets down without leaving it.

## 6. What it is for

With the printed $\varepsilon=B\ln(2m)/(m-1)$, $(1-\varepsilon)^{m-1}\le e^{-\varepsilon(m-1)}=(2m)^{-B}$, or it has
no meaning because $\varepsilon\ge1$. For $h(x)=x+\frac12(1-\cos x)$ on $|x|\le2$, $B=12$ and $\varepsilon<1$ from
$m=59$ on. With the uniform schedule, $\varepsilon=c/m$ and $c=\alpha RM$, $\ln(1-t)\ge-t/(1-t)$ gives
$(1-c/m)^{m-1}\ge e^{-c(m-1)/(m-c)}$ for $m>c$, which tends to $e^{-c}$.

**Theorem 5.** For the factors $h_i=g_{a_i}\circ g_{a_{i-1}}^{-1}$, $g_a(x)=h(ax)/a$, of a map as in Theorem 2 of the
paper, and any $X$ in the ball of radius $R$, any schedule, any $m$, any $h^*$, and $r=h-h^*$,
$$\inf_{\lVert\Delta\rVert\le1}D_{h_i}Q(h)(\Delta)\le-\frac{E[|r||X|]}{M^2(1+\alpha R)}.$$
*Proof.* $g_a$ has an $M$-Lipschitz inverse and $g_a(0)=0$, so $|z_{i-1}|=|g_{a_{i-1}}(x)|\ge|x|/M$.
$J_i=Dh(x)\,Dh(a_ix)^{-1}$. The singular values of $Dh(x)$ are at least $1/M$, and
$\lVert Dh(a_ix)\rVert\le1+\alpha R$. So $|J_i^Tr|\ge|r|/(M(1+\alpha R))$. Theorem 2. ∎ The product of the distances
is the worst case of layers that all contract; what counts is the composition.

## How the instances are checked

Discrete distributions; weights, atoms, probabilities and labels are binary fractions, two labels $h^*(x)\pm n$ an
atom. The distances of $x+A\tanh(Bx)$ from the identity are bounded by $\lVert A\rVert\lVert B\rVert$, each norm by a
definite matrix; those of the factors of a map are $\alpha RM/m$ (`bel_theorem2`), or where that is not below 1, by a
bound of $|h'(a_ix)/h'(a_{i-1}x)-1|$ on pieces of $X$. $Q(h)-Q(h^*)$ is computed from the
joint distribution, not by the projection theorem. The infimum is shown from both sides: the explicit $\Delta$ has
norm at most 1 and a derivative at most $(1-2^{-19})$ times the formula, another unit $\Delta$ is not better, and the
step $h_i+\Delta/64$ lowers $Q$ by at least half of what the derivative says. On a finite set of atoms $h^*$ is free
elsewhere; $\lVert h-h^*\rVert$ is taken over the atoms, which is the smallest value and gives the strongest bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rescert import runtime
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition import descent_bounds, descent_case
from rescert.decomposition.descent_case import DescentCase

if TYPE_CHECKING:
    import pandas as pd


def case(instance: Instance) -> DescentCase:
    return descent_case.read(instance, runtime.generator)


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One composition with one discrete distribution; nothing is read."""
    found = descent_bounds.settle(case(instance), instance.get("seed", 0), runtime.generator)
    return {
        name: Finding(
            hypotheses=o.hypotheses,
            conclusion=o.conclusion,
            evidence=Evidence.EXACT if o.exact else Evidence.ENCLOSED,
            reason=o.reason,
            measured=o.measured,
            bound=o.bound,
            assertions=o.assertions,
            values=o.values,
        )
        for name, o in found.items()
    }


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    layered = rows[(rows["statement"] == "pointwise") & (rows["verdict"] == "holds")]
    factors = _factors(rows)
    shown = _deepest(rows)
    deepest = factors[factors["depth"] == factors["depth"].max()]
    gains = [e / row["printed_bound"] for _, row in layered.iterrows() for e in row["exact"]]
    return {
        "instances": int(rows["instance"].nunique()),
        "layers": sum(len(e) for e in layered["exact"]),
        "smallest_gain": min(gains, default=1.0),
        "largest_gain": max(gains, default=1.0),
        "depth": int(shown["depth"].iloc[0]) if len(shown) else 0,
        "dimension": int(shown["dimension"].iloc[0]) if len(shown) else 0,
        "deepest": int(deepest["depth"].iloc[0]) if len(deepest) else 0,
        "printed_factor": float(deepest["printed_factor"].iloc[0]) if len(deepest) else 0.0,
        "uniform_factor": float(deepest["uniform_factor"].iloc[0]) if len(deepest) else 0.0,
        "exact_factor": float(deepest["exact_factor"].iloc[0]) if len(deepest) else 0.0,
    }


def _factors(rows: pd.DataFrame) -> pd.DataFrame:
    """The factors of the map that the figure shows, a row a depth."""
    found = rows[(rows["statement"] == "composition") & (rows["family"] == "factors")]
    if "map" in found:
        found = found[found["map"] == "cos1d"]
    return found.drop_duplicates("depth").sort_values("depth")


def _deepest(rows: pd.DataFrame) -> pd.DataFrame:
    """The tanh composition with most layers (of those, most inputs): one row, or none."""
    found = rows[(rows["statement"] == "pointwise") & (rows["family"] == "tanh") & (rows["verdict"] == "holds")]
    if not len(found):
        return found
    return found.sort_values(["depth", "dimension", "instance"], ascending=[False, False, True]).head(1)


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""How steeply $Q$ falls in one layer. Left: {depth} layers $x+A\tanh(Bx)$ in dimension {dimension}; the exact
    largest descent $-\inf D_{{h_i}}Q(h)(\Delta)$ over $\lVert\Delta\rVert\le1$ in every layer (points), the range
    that the distances of the other layers leave (band), and three lower bounds of it. Over the {layers} layers of all
    compositions (n = {instances} instances, those with broken hypotheses left out) the exact value is
    {smallest_gain:.2g} to {largest_gain:.4g} times the printed bound. Right: the factors of
    $h(x)=x+\frac12(1-\cos x)$. Above: least descent of a layer as a multiple of $E[|h-h^*||X|]$, and its lower bounds
    $1/(M^2(1+\alpha R))$ and $(1-\varepsilon)^{{m-1}}$ for the uniform schedule. Below: $(1-\varepsilon)^{{m-1}}$ for
    the printed $\varepsilon$, which is 1 or more up to $m=58$. At $m={deepest}$ they are {exact_factor:.2f} (exact),
    {uniform_factor:.2f} (uniform) and {printed_factor:.0e} (printed).
    """
    import pandas as pd
    import seaborn as sns
    from matplotlib import pyplot as plt

    rows = tables["claims/bel_theorem4"]
    drawing = plt.figure(figsize=(6.8, 4.0))
    grid = drawing.add_gridspec(2, 2, width_ratios=(1, 1), height_ratios=(1.2, 1))
    left, upper = drawing.add_subplot(grid[:, 0]), drawing.add_subplot(grid[0, 1])
    lower = drawing.add_subplot(grid[1, 1], sharex=upper)
    blue, orange, green, red = sns.color_palette()[:4]
    deepest = _deepest(rows)
    for _, row in deepest.iterrows():
        left.fill_between(row["layer"], row["inward"], row["outward"], color=blue, alpha=0.18, label="range")
        left.plot(row["layer"], row["exact"], color="black", linestyle="none", marker="o", label="exact")
        lines = {
            "uniform_pointwise": (r"with $E[|h-h^*||X|]$", blue, "-"),
            "doubled_bound": ("printed, doubled", green, "--"),
            "printed_bound": ("printed", red, ":"),
        }
        for column, (label, colour, style) in lines.items():
            left.plot(row["layer"], [row[column]] * len(row["layer"]), style, color=colour, label=label)
        left.set_xticks(row["layer"])
    left.set(yscale="log", xlabel="layer $i$", ylabel="largest descent for a unit change")
    found = _factors(rows)
    curves = {
        "exact_factor": ("exact", "black", "o"),
        "uniform_factor": ("uniform", blue, "-"),
        "kept_factor": (r"$1/(M^2(1+\alpha R))$", orange, "--"),
    }
    for column, (label, colour, style) in curves.items():
        seen = found[found[column] > 0] if column in found else found.head(0)
        upper.plot(seen["depth"], seen[column], style, color=colour, label=label)
    seen = found[found["printed_factor"] > 0] if "printed_factor" in found else found.head(0)
    lower.plot(seen["depth"], seen["printed_factor"], ":", color=red, marker="s", label=r"printed $\varepsilon$")
    depths = [int(m) for m in found["depth"]]
    upper.set_xscale("log", base=2)
    upper.set_xticks(depths, [str(m) for m in depths])
    if depths:
        lower.axvspan(depths[0] / 1.2, 58, color="0.93")
        lower.text(0.03, 0.5, r"no bound: $\varepsilon\geq1$", transform=lower.transAxes, color="0.3")
        upper.set_xlim(depths[0] / 1.2, max(depths[-1], 64) * 1.2)
    upper.tick_params(labelbottom=False)
    upper.set(ylabel="relative descent", ylim=(0, None))
    lower.set(xlabel="layers $m$", yscale="log", ylabel=r"$(1-\varepsilon)^{m-1}$", ylim=(1e-80, 1))
    for panel, columns in ((left, 2), (upper, 3)):
        panel.legend(loc="lower center", bbox_to_anchor=(0.45, 1), ncols=columns, columnspacing=1, handlelength=1.5)
    data = pd.concat([deepest, found])
    shown = ["instance", "depth", "layer", "exact", "inward", "outward", "uniform_pointwise", "doubled_bound"]
    shown += ["printed_bound", *curves, "printed_factor"]
    return Drawing(drawing, data[[c for c in shown if c in data]].reset_index(drop=True))


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Theorem 4",
    title="Near the identity, a critical layer means a global minimum",
    statements=(
        Statement(
            "printed",
            r"If for some $0<\varepsilon<1$ all $h_i$ are differentiable with $\lVert h_i\rVert<\infty$ and $\lVert "
            r"h_i-\mathrm{Id}\rVert_L\le\varepsilon$, and $\lVert h-h^*\rVert<\infty$, then for all $i$, "
            r"$\inf_{\lVert\Delta\rVert\le1}D_{h_i}Q(h)(\Delta)\le-\frac{(1-\varepsilon)^{m-1}}{\lVert "
            r"h-h^*\rVert}(Q(h)-Q(h^*))$; if $D_{h_i}Q(h)=0$ for all $i$, then $Q(h)=Q(h^*)$. (Norms as defined: "
            r"suprema over $x\ne0$; $\Delta(0)=0$, without which that is no norm.)",
            "as printed",
        ),
        Statement(
            "index",
            r"$D_{h_i}Q(h)(\Delta)=E[(h-h^*)(X)\cdot DH_m(h_{m-1}\circ\dots\circ h_i)\cdots "
            r"DH_{i+1}(h_i)\,\Delta(h_{i-1}\circ\dots\circ h_1(X))]$. (Read as the chain rule before it, where the "
            r"operators act on $\Delta\circ h_{i-1}\circ\dots\circ h_1$: the Jacobians at $h_{j-1}\circ\dots\circ "
            r"h_i(X)$.)",
            "as printed",
        ),
        Statement(
            "corrected",
            r"The bound holds for all $i$ if moreover $E|X|^2,E|Y|^2<\infty$, $h_i(0)=0$, $h\ne h^*$, and "
            r"$h(0)=h^*(0)$ in case that $P(X=0)>0$; with $D_{h_i}Q(h)(\Delta)=E[r(X)\cdot "
            r"J_i(X)\Delta(z_{i-1}(X))]$, $r=h-h^*$, the Jacobian $J_i$ of $h_m\circ\dots\circ h_{i+1}$ taken at "
            r"$z_i=h_i\circ\dots\circ h_1(X)$. Then one critical layer is enough for $Q(h)=Q(h^*)$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "doubled",
            r"$\inf D_{h_i}Q(h)(\Delta)\le-2\frac{(1-\varepsilon)^{m-1}}{\lVert h-h^*\rVert}(Q(h)-Q(h^*))$, and the "
            r"factor 2 is best possible.",
            "sharper",
            proof="written",
        ),
        Statement(
            "pointwise",
            r"With $\varepsilon_j=\lVert h_j-\mathrm{Id}\rVert_L$, "
            r"$-\prod_{j\ne i}(1+\varepsilon_j)E[|r||X|]\le\inf D_{h_i}Q(h)(\Delta)\le-\prod_{j\ne i}(1-\varepsilon_j)"
            r"E[|r||X|]$, without $\lVert h-h^*\rVert<\infty$; and $E[|r||X|]\lVert "
            r"h-h^*\rVert\ge E|r|^2=2(Q(h)-Q(h^*))$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "infimum",
            r"$\inf_{\lVert\Delta\rVert\le1}D_{h_i}Q(h)(\Delta)=-E[|z_{i-1}(X)||J_i(X)^Tr(X)|]$, attained at "
            r"$\Delta(z_{i-1}(x))=-|z_{i-1}(x)|\,J_i^Tr/|J_i^Tr|$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "lipschitz",
            r"If only $\Delta$ with $\Delta(0)=0$ and $\lVert\Delta\rVert_L\le1$ are admitted, which keep the layers "
            r"near the identity, the bound is false (for two near atoms with opposite residuals, however near), but a "
            r"layer that is critical in these directions still has $Q(h)=Q(h^*)$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "composition",
            r"Only the compositions count: if $|z_{i-1}(x)|\ge\kappa|x|$ and $|J_i^Tu|\ge\kappa'|u|$, then $\inf "
            r"D_{h_i}Q(h)(\Delta)\le-\kappa\kappa'E[|r||X|]$. For the factors of a map as in Theorem 2, "
            r"$\kappa\kappa'\ge1/(M^2(1+\alpha R))$ for every $m$ and every schedule; with the printed "
            r"$\varepsilon=B\ln(2m)/(m-1)$, $(1-\varepsilon)^{m-1}\le(2m)^{-B}$ if $\varepsilon<1$, with "
            r"$\varepsilon=c/m$, $c=\alpha RM<m$, it is at least $e^{-c(m-1)/(m-c)}$.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    validate=case,
    control={"family": "zero", "depth": 3},
    control_statement="corrected",
    figure=figure,
    summary=summary,
)
