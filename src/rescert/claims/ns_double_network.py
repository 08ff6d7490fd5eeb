r"""Gradient descent from the identity on the double scalar network (Nar and Sastry 2018, Section 3.2, 9a and 9b).

$w_L\cdots w_1-z_L\cdots z_1$ is fitted to $\lambda\ne0$ from $w_i[0]=z_i[0]=1$. With $p=\delta\sigma>0$ and
$e=\prod_iw_i-\prod_iz_i-\lambda$ all $w_i$ stay equal, all $z_i$ too, and
$$w[k+1]=w-p\,w^{L-1}e,\qquad z[k+1]=z+p\,z^{L-1}e,\qquad e[0]=-\lambda.$$
Exchanging $w$ and $z$ turns $\lambda$ into $-\lambda$. So let $\lambda=-a<0$ throughout; for $\lambda>0$ read $z$ for
$w$. Write $\ell=a^{1/L}$, $Z=(1+a)^{1/L}$, $r=2-2/L$.

## What is wrong as printed

1. "$w$ decreases and $z$ increases initially, bringing $e$ closer to zero" lacks a bound on the step.
   $w[1]=1-pa<1<1+pa=z[1]$, but $e[1]=a-((1+pa)^L-(1-pa)^L)$ is closer to zero if and only if $(1+pa)^L-(1-pa)^L<2a$:
   for $L=2$, $p<\tfrac12$; for every $L$ and $a$ it fails for large $p$.
2. The origin is an equilibrium for $L\ge2$ only; for $L=1$ it moves by $(-pa,pa)$. Where it is one, it is unstable:
   from $(0,z)$ with $0<z<\ell$ the first weight stays $0$ and $z[k+1]=z(1+p\,z^{L-2}(a-z^L))>z$, and as long as
   $z\le\ell/2$ the increments are at least $p\,z[0]^{L-1}(a-(\ell/2)^L)>0$: $z$ passes $\ell/2$. ∎ For $L=2$ this shows
   in the Jacobian (eigenvalue $1+pa$), for $L\ge3$ the Jacobian at the origin is the identity matrix.
3. "$(w[k],z[k])$ cannot converge to it" does not follow from instability, and is false, for every $L\ge2$, and from the
   paper's own start (*two steps* below). For odd $L\ge3$ it fails on open sets of starts, and of $\lambda$ and
   $\delta$.

## Proof of the corrected statement

Let $L\ge2$ and $0<p\le p_c=1/(L(1+Z^{2L-2}))$; $Z^{2L-2}=(1+a)^r\ge1+a$. By induction: $0\le e\le a$, $0<w\le1$,
$z\ge1$. As $z^L=w^L+a-e\le1+a$, also $z\le Z$. If $e=0$ nothing moves; let $e>0$, and $(w',z',e')$ the next iterate.

*Signs.* $p\,w^{L-2}e\le pa\le a/(L(2+a))<1$, so $0<w'<w$; and $z'>z$.

*No overshoot.* For a step $s\in[0,p]$ from the same point, with $w'(s),z'(s),e'(s)$: by the mean value theorem
$w^L-w'^L\le Lw^{L-1}(w-w')=sLw^{2L-2}e\le sLe$ and $z'^L-z^L\le sL\,z'^{L-1}z^{L-1}e$. Suppose $e'(p)<0$. $e'(s)$ is
continuous and $e'(0)=e>0$, so $e'(s)=0$ for some $s<p$. There $z'^L=w'^L+a\le1+a$, so $z'\le Z$ and
$e'(s)\ge e\,(1-sL(1+Z^{2L-2}))>0$, as $s<p_c$: a contradiction. So $e'\ge0$.

*Rate.* $e-e'\ge z'^L-z^L\ge Lz^{L-1}(z'-z)=pLz^{2L-2}e\ge pLe$. So $0\le e[k]\le(1-pL)^ka$.

*Limit.* $\sum_ke[k]\le1/(pL)\cdot a$ is finite, so $w$ and $z$ converge, to $w_\infty,z_\infty$ with
$w_\infty^L-z_\infty^L=\lambda$ and $z_\infty\ge1$: not the origin. $w_\infty=\prod_k(1-p\,w^{L-2}e)>0$. ∎

*Where they are after $K$ steps.* $\sum_{k\ge K}e[k]\le e[K]/(pL)$, so $w_\infty\ge w[K]-w[K]^{L-1}e[K]/L$ and
$z_\infty\le z[K]+Z^{L-1}e[K]/L$: the certificates enclose the limit by this.

## Two steps to the origin

Let $L\ge2$, $a=4^{L-1}/(1+2^{L-2})$ and $p=1/a$. From $(1,1)$: $pe=1$, so $(w,z)[1]=(0,2)$. There
$pe=1-2^L/a=1-(1+2^{L-2})2^{2-L}=-2^{2-L}$, so $z[2]=2-2^{L-1}2^{2-L}=0$ and $w[2]=0$. ∎ The paper's start, $L=2$:
$\lambda=-2$, $\delta\sigma=\tfrac12$.

## The basin of the origin

*Odd $L\ge3$.* Let $T$ be the set of all $(w,z)$ with $w\ge0\ge z$ and $p\,m^{L-2}(w^L+|z|^L+a)<1$, $m=\max\{w,|z|\}$.
With $y=-z$: $z^{L-2}=-y^{L-2}$, so $w[k+1]=w(1-p\,w^{L-2}e)$, $y[k+1]=y(1-p\,y^{L-2}e)$ with $e=w^L+y^L+a>0$: both
factors lie in $(0,1]$, both numbers fall, and the next point is in $T$ again. The limit has $w^{L-1}e=y^{L-1}e=0$,
$e\ge a$: it is the origin. So $T$, which has inner points at any distance from the origin below some radius, is
attracted: the origin is unstable, and yet attracts an open set of starts. ∎ Near the two steps above, with $pa$
slightly below $1$ and $p$ so that $z[2]$ is slightly below $0$, the paper's start enters the interior of $T$, and by
continuity it does so for all $(\lambda,\delta)$ near by. It happens for small $|\lambda|$ as well: $L=3$,
$\lambda=-0.1$, $\delta\sigma=0.62$.

*Even $L$.* Near the origin $e=w^L-z^L+a>0$ and $|z[k+1]|=|z|(1+p\,|z|^{L-2}e)>|z|$ unless $z=0$. So an orbit that
converges to the origin has $z[k]=0$ for some $k$. For given $k$, $z[k]$ is a polynomial of the start, not zero (at the
optimum $(0,\ell)$ it is $\ell$), so its zeros have measure $0$, and so has their union. ∎

## Limits

The gradient flow $\dot w=-w^{L-1}e$, $\dot z=z^{L-1}e$ keeps $I=w^{2-L}+z^{2-L}=2$ for $L\ge3$ and $wz=1$ for $L=2$, as
$\tfrac{d}{dt}w^{2-L}=(L-2)e=-\tfrac{d}{dt}z^{2-L}$. Under the conditions of the corrected statement gradient descent
moves them one way: with $n=L-2$
$$0\le I-2\le p\,\frac{(L-1)(L-2)(5+a)a^2}{3L}\quad(L\ge3),\qquad1-\tfrac13pa^2\le wz\le1\quad(L=2).$$
*Proof.* $L\ge3$: with $x=p\,w^ne\in[0,\tfrac1L)$ and $y=p\,z^ne$, $I'-I=w^{-n}((1-x)^{-n}-1)+z^{-n}((1+y)^{-n}-1)$, and
by Taylor $nx\le(1-x)^{-n}-1\le nx+\tfrac12n(n+1)x^2(1-x)^{-n-2}$, $-ny\le(1+y)^{-n}-1\le-ny+\tfrac12n(n+1)y^2$. The
linear terms cancel, so $0\le I'-I\le\tfrac12n(n+1)p^2e^2(4w^n+z^n)\le\tfrac12n(n+1)(5+a)p^2e^2$, because
$(1-\tfrac1L)^{-L}\le4$, $w\le1$, $z^n\le Z^L$. And $\sum_ke[k]^2\le a^2/(1-(1-pL)^2)=a^2/(pL(2-pL))\le2a^2/(3pL)$, as
$pL\le\tfrac12$. $L=2$: $w'z'=wz(1-p^2e^2)$, and $\prod_k(1-p^2e[k]^2)\ge1-p^2\sum_ke[k]^2\ge1-\tfrac13pa^2$. ∎

## Sharpness

At an optimum $e=0$, so the Hessian of the loss is $\sigma gg^\top$ with $g$ the gradient of $e$, and its only nonzero
eigenvalue is $\sigma S$, $S=\sum_i\prod_{j\ne i}w_j^2+\sum_i\prod_{j\ne i}z_j^2$. Above $\delta=2/(\sigma S)$ it is
unstable. For the single chain the flattest optimum has $S=L\ell^{2L-2}=La^r$ (Proposition 1).

*The limit from the identity is sharper than that.* There $S_\infty=L(w_\infty^{2L-2}+z_\infty^{2L-2})$ with
$w_\infty>0$ and $z_\infty^L=a+w_\infty^L>a$, so $S_\infty>La^r$. ∎ So the double network ends faster at the same small
step (factor $1-pS_\infty$ of the error, for the single chain $1-pLa^r$ at its flattest optimum), but it needs a smaller
step. For even $L$ every optimum with equal $w_i$ and equal $z_i$ has $S\ge La^r$ (since $z^L=w^L+a\ge a$): at a step at
which the single network's flattest optimum is unstable, so are all that the double network can reach from the identity,
and it converges to none of them unless it meets one exactly. So for even $L$ and $\lambda>0$, where the single network
converges to its flattest optimum (Proposition 2), the scalar problem does not explain a stable double beside an
unstable single network; for $\lambda<0$ the single network does not reach an optimum at all for even $L$ (Proposition
3).

*For $L\ge3$ the flattest optimum of the double network is flatter.* With $W=\prod w_i$ and $V=\prod z_i$,
$W-V=\lambda$, the inequality of the means gives $S\ge L(|W|^r+|V|^r)$, and convexity ($r\ge1$ for $L\ge2$)
$|W|^r+|V|^r\ge2^{1-r}(|W|+|V|)^r\ge2^{1-r}a^r$, with equality for $W=-V=\lambda/2$ and equal absolute values of the
factors. So the least sharpness is $2^{2/L-1}La^r$: that of the single chain for $L=2$, nearly half of it for deep
networks. For $L\ge3$ the corrected statement does not lead there: then $r>1$, and only $W$ and $V$ of opposite signs
attain the bound. ∎
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics import double_regimes as regimes
from rescert.dynamics.double_chain import DoubleChain, flow_limit, largest_step, sharpness, sharpness_ratio
from rescert.dynamics.settled import Settled

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 60  # iterations of a path in the figure
CURVE = [0.05 * 1.16**i for i in range(36)]  # the |λ| of the figure's curves


def _picture(chain: DoubleChain) -> dict[str, Any]:
    """The path, the flow's curve and the optima in the plane, as the paper names the axes."""
    depth, size = chain.depth, float(chain.size)
    curve = [flow_limit(size * i / 24, depth) for i in range(1, 25)]
    flow = [[1.0, *(point[i] for point in curve)] for i in (0, 1)]
    optima_w = [0.1 * i for i in range(15)]
    optima = [optima_w, [(w**depth + size) ** (1 / depth) for w in optima_w]]
    if chain.target > 0:
        for axes in (flow, optima):
            axes.reverse()
    named = {"flow": flow, "optima": optima}
    return _path(chain) | {f"{name}_{axis}": axes[i] for name, axes in named.items() for i, axis in enumerate("wz")}


def _finding(case: Settled, values: Mapping[str, Any] | None = None) -> Finding:
    evidence = Evidence.EXACT if case.exact else Evidence.ENCLOSED
    known = case.hypotheses, case.conclusion, evidence, case.reason, case.measured, case.bound, case.assertions
    return Finding(*known, values or {})


def _sharpness(chain: DoubleChain, steps: int) -> Finding:
    found = _finding(regimes.sharper_limit(chain, steps))
    if found.hypotheses is not True:
        return found
    depth, a = chain.depth, float(chain.size)
    double = 2 / sharpness(*chain.orbit_floats(regimes.FOLLOWED)[-1], depth)
    single = 2 / (depth * chain.root ** (2 * depth - 2))
    values = {
        "double_step": double,
        "single_step": single,
        "largest_step": largest_step(a, depth),
        "curve_size": CURVE,
        "curve_ratio": [sharpness_ratio(size, depth) for size in CURVE],
    }
    return replace(found, measured=f"2/S = {double:.4g}", bound=f"2/(Lℓ^(2L-2)) = {single:.4g}", values=values)


def _path(chain: DoubleChain) -> dict[str, list[float]]:
    path = [list(axis) for axis in zip(*chain.orbit_floats(SHOWN), strict=True)]
    if chain.target > 0:
        path.reverse()
    return {"path_w": path[0], "path_z": path[1]}


def _setting(instance: Instance) -> tuple[DoubleChain, int]:
    chain = DoubleChain(instance["target"], instance["depth"], instance.get("fraction"), instance.get("step"))
    steps = instance["steps"]
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 3:
        raise ValueError(f"expected at least 3 steps, got {steps!r}")
    return chain, steps


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One target, depth, step (δσ, or a fraction of p_c) and number of iterations."""
    chain, steps = _setting(instance)
    corrected, capture = regimes.corrected(chain, steps), regimes.captured(chain)
    cannot = regimes.cannot(chain, corrected, capture)
    settled = {
        "initially": regimes.initially(chain),
        "origin": regimes.origin(chain),
        "two steps": regimes.two_steps(chain),
        "basin": regimes.basin(chain),
        "open set": regimes.open_set(chain, capture),
        "limit": regimes.limit(chain, steps),
    }
    return {name: _finding(case) for name, case in settled.items()} | {
        "cannot": _finding(cannot, _path(chain) if cannot.conclusion is False else None),
        "corrected": _finding(corrected, _picture(chain) if corrected.conclusion else None),
        "sharpness": _sharpness(chain, steps),
    }


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    failing = rows[(rows["statement"] == "cannot") & (rows["verdict"] == "fails")]
    holding = rows[(rows["statement"] == "corrected") & (rows["verdict"] == "holds")]
    sharp = rows[(rows["statement"] == "sharpness") & (rows["verdict"] == "holds")]
    return {
        "instances": int(rows["instance"].nunique()),
        "holding": len(holding),
        "lost": len(failing),
        "depth": _shown_depth(rows),
        "sharper": len(sharp),
        "smallest": float((sharp["double_step"] / sharp["single_step"]).min()) if len(sharp) else 1.0,
        "largest": float((sharp["double_step"] / sharp["single_step"]).max()) if len(sharp) else 1.0,
    }


def _shown_depth(rows: pd.DataFrame) -> int:
    """The smallest depth of an orbit that ends at the origin through T, else the smallest of all."""
    lost = rows[(rows["statement"] == "cannot") & (rows["verdict"] == "fails") & (rows["depth"] % 2 == 1)]
    return int((lost if len(lost) else rows)["depth"].min())


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Left: gradient descent from $(1,1)$ in the plane of $w$ and $z$, $L={depth}$: paths (points), the curve that the
    gradient flow keeps (thin), and the optima $w^L-z^L=\lambda$ (dashed). Crosses: an orbit that overshoots, enters the
    basin of the origin, which lies in the shaded quadrant, and creeps to $(0,0)$. Right: the critical step
    $2/(\sigma S)$ of the limit from the identity, in parts of that of the single chain's flattest optimum, against
    $|\lambda|$: the flow's limit (lines), and the largest step on a grid up to which float runs fit $\lambda$ (points).
    1 would be as stable as the single chain; at the limits of descent the ratio is {smallest:.2g} to {largest:.2g} on
    {sharper} instances. The corrected statement holds on {holding} of {instances} instances; {lost} converge to the
    origin.
    """
    import matplotlib.pyplot as plt
    import pandas as pd
    import seaborn as sns

    rows = tables["claims/ns_double_network"]
    drawn, (left, right) = plt.subplots(1, 2, figsize=(6.8, 3.5), width_ratios=[1.1, 1])
    depth = _shown_depth(rows)
    paths = rows[(rows["statement"] == "corrected") & (rows["verdict"] == "holds") & (rows["depth"] == depth)]
    paths = paths.assign(value=[float(Fraction(t)) for t in paths["target"]]).sort_values("value")
    paths = paths.drop_duplicates("target")
    paths = paths.iloc[:: max(1, (len(paths) - 1) // 3)]  # no more than fit side by side
    left.axhline(0, color="0.6", linewidth=0.8)
    left.axvline(0, color="0.6", linewidth=0.8)
    palette = sns.color_palette("colorblind")
    for colour, (_, row) in zip(palette, paths.iterrows(), strict=False):
        left.plot(row["optima_w"], row["optima_z"], color=colour, linewidth=0.9, linestyle="--")
        left.plot(row["flow_w"], row["flow_z"], color="0.4", linewidth=0.8)
        label = rf"$\lambda={row['target']}$"
        left.plot(row["path_w"], row["path_z"], color=colour, linestyle="none", marker="o", markersize=3, label=label)
    lost = rows[(rows["statement"] == "cannot") & (rows["verdict"] == "fails") & (rows["depth"] == depth)]
    lost = lost[lost["depth"] % 2 == 1]  # for even depth the origin has no quadrant to shade
    lost = lost.assign(value=[float(Fraction(t)) for t in lost["target"]]).query("value < 0")
    lost = lost.sort_values("value", ascending=False).head(1)
    for _, row in lost.iterrows():
        left.fill_between([0, 2], -0.5, 0, color="0.92", zorder=0)
        left.plot(row["path_w"], row["path_z"], color="black", linewidth=0.7)
        label = rf"$\lambda={row['target']}$, to $(0,0)$"
        left.plot(row["path_w"], row["path_z"], color="black", linestyle="none", marker="x", markersize=4, label=label)
    left.set(xlim=(-0.1, 1.6), ylim=(-0.3, 1.75), xlabel="$w$", ylabel="$z$")
    if len(paths) + len(lost):
        left.legend(loc="lower center", bbox_to_anchor=(0.45, 1), ncols=3, columnspacing=0.6, handletextpad=0)
    sharp = rows[(rows["statement"] == "sharpness") & (rows["verdict"] == "holds")]
    sharp = sharp.assign(absolute=[abs(float(Fraction(t))) for t in sharp["target"]])
    for colour, marker, (d, group) in zip(palette, "osD^v", sharp.groupby("depth"), strict=False):
        first = group.iloc[0]
        right.plot(first["curve_size"], first["curve_ratio"], color=colour, label=f"$L={d}$")
        ratio = group["largest_step"] / group["single_step"]
        right.plot(group["absolute"], ratio, color=colour, linestyle="none", marker=marker, markersize=4)
    right.axhline(1, color="black", linewidth=1)
    right.set(xscale="log", yscale="log", xlabel=r"$|\lambda|$", ylabel="critical step, single chain = 1")
    if len(sharp):
        right.legend(loc="lower right")
    shown = ["instance", "path_w", "path_z", "flow_w", "flow_z"]
    steps = ["instance", "double_step", "single_step", "largest_step"]
    data = pd.concat([paths[shown], lost[["instance", "path_w", "path_z"]], sharp[steps]])
    return Drawing(drawn, data.reset_index(drop=True))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 3.2, (9a)–(9b)",
    title="The double network from the identity reaches targets of either sign, but may end at the origin",
    statements=(
        Statement(
            "initially",
            r"If $\lambda<0$, $w[k]$ decreases and $z[k]$ increases initially, bringing $e[k]$ closer to zero. (Read "
            r"for the first step.)",
            "as printed",
        ),
        Statement(
            "origin",
            r"The origin $w^*=z^*=0$ is still an equilibrium, and it is unstable.",
            "as printed",
        ),
        Statement(
            "cannot",
            r"From $w[0]=z[0]=1$, $(w[k],z[k])$ cannot converge to the origin.",
            "as printed",
        ),
        Statement(
            "corrected",
            r"Let $\lambda<0$ (for $\lambda>0$ exchange $w$ and $z$), $L\ge2$ and "
            r"$0<\delta\sigma\le p_c=1/(L(1+(1+|\lambda|)^{2-2/L}))$. From $w[0]=z[0]=1$, $w[k]$ does not rise and "
            r"stays in $(0,1]$, $z[k]$ does not fall and stays in $[1,(1+|\lambda|)^{1/L}]$, "
            r"$0\le e[k]\le(1-\delta\sigma L)^k|\lambda|$, and $(w[k],z[k])$ converges to an optimum with $w,z>0$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "two steps",
            r"For every $L\ge2$, $|\lambda|=4^{L-1}/(1+2^{L-2})$ and $\delta\sigma=1/|\lambda|$, two steps lead from "
            r"$(1,1)$ exactly to the origin.",
            "sharper",
            proof="written",
        ),
        Statement(
            "basin",
            r"For odd $L\ge3$ the origin, although unstable, attracts an open set of starts: the interior of $T$ in "
            r"the derivation. For even $L$ the starts that it attracts have measure $0$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "open set",
            r"For odd $L\ge3$ there is an open set of $(\lambda,\delta\sigma)$ for which gradient descent from $(1,1)$ "
            r"converges to the origin.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
        Statement(
            "limit",
            r"Under the conditions of the corrected statement the limit lies near the gradient flow's: "
            r"$0\le w^{2-L}+z^{2-L}-2\le\delta\sigma(L-1)(L-2)(5+|\lambda|)\lambda^2/(3L)$ if $L\ge3$, "
            r"$1-\tfrac13\delta\sigma\lambda^2\le wz\le1$ if $L=2$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "sharpness",
            r"Under the same conditions the limit is sharper than the single chain's flattest optimum: "
            r"$S_\infty>L|\lambda|^{2-2/L}$, so it loses stability at a smaller step; while the double network's own "
            r"flattest optimum has $S=2^{2/L-1}L|\lambda|^{2-2/L}$, which is less for $L\ge3$.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    validate=_setting,
    control={"target": "-1", "depth": 3, "fraction": "4", "steps": 4},
    control_statement="corrected",
    figure=figure,
    summary=summary,
)
