r"""Gradient descent from the identity towards a negative target (Nar and Sastry 2018, Proposition 3).

The product $w_L\cdots w_1$ is fitted to $\lambda=-a<0$ from $w_i[0]=1$ with step $\delta$;
$\sigma=\tfrac1N\sum_ix_i^2>0$ and $p=\delta\sigma$. By induction all weights stay equal to one number $w$, and
$$w[k+1]=w\,(1-h(w)),\qquad h(w)=p\,w^{L-2}(w^L+a).$$
Write $q=\delta\sigma(1-\lambda)=p(1+a)=h(1)$: the step in parts of the printed threshold $1/(\sigma(1-\lambda))$. Only
$q$, $a$ and $L$ matter, so the instances take $\sigma=1$. And $\ell=a^{1/L}$,
$G(u)=u^{L-1}\sum_{j=0}^{L-1}u^j\ell^{L-1-j}$, so that $G(\ell)=L\ell^{2L-2}$.

## What is wrong as printed

1. $L=1$: $w[k]-\lambda=(1+a)(1-p)^k$, so $w$ converges to $\lambda\ne0$ for every $0<p<2$, and $q\le1$ gives $p<1$.
   (The printed factor then has the exponent $L-2=-1$.)
2. $\delta>0$ is missing, although the printed proof uses it. For $\delta=0$ the weights stay at $1$; for $\delta<0$
   they grow for ever, since $1-h(w)>1$ for $w\ge1$.
3. The equilibrium $\lambda^{1/L}$ of the printed proof is not real for even $L$: $w^L+a\ge a>0$. For $L=1$ the origin
   is no equilibrium.
4. "$0\le1-h(w[k])<1$ for all $k$, as a result $w[k]$ converges to $0$" is a gap: for $L\ge3$ the factors tend to $1$,
   so the inequality alone does not give it. The limit has to be identified, as below.
5. The threshold is sufficient, not sharp. For even $L$ it can be doubled; for odd $L$ it depends on $\lambda$ whether
   anything changes there (below). The words "converges to $0$" hide that the convergence is geometric for $L=2$ only.

## Proof of the corrected statement

Let $L\ge2$ and $0<q\le1$. $h$ does not fall on $[0,1]$ and $h(1)=q$, so $0\le h(w)\le1$ there and
$w[k+1]=w(1-h(w))\in[0,w]$: $w[k]$ falls within $[0,1]$ to a limit $w_\infty$. By continuity
$w_\infty h(w_\infty)=p\,w_\infty^{L-1}(w_\infty^L+a)=0$, so $w_\infty=0$. For $q<1$ all $w[k]>0$ and the fall is
strict; for $q=1$, $w[1]=0$ already. ∎

## Sharper, even $L$: the exact threshold is twice the printed one

$h(w)=h(|w|)$, so $v=|w|$ obeys $v[k+1]=v\,|1-h(v)|$, $v[0]=1$, and $h$ rises strictly on $(0,\infty)$. If $0<q<2$ then
for $v\in(0,1]$: $0<h(v)\le q<2$ and $|1-h(v)|<1$, so $v$ falls to a limit $v_\infty$ with
$v_\infty|1-h(v_\infty)|=v_\infty$, which leaves $v_\infty=0$. If $q=2$ then $w[1]=-1$ and $w[2]=1$: period $2$. If
$q>2$ then for $v\ge1$: $h(v)\ge q$, so $v[k+1]\ge(q-1)\,v[k]$ with $q-1>1$: $|w|$ grows without bound. So $w\to0$ if
and only if $0<\delta<2/(\sigma(1-\lambda))$. ∎

## Sharper, odd $L$: a larger step finds the optimum

Let $L\ge3$ be odd. $u=-w$ obeys $u[k+1]=f(u)$, $f(u)=u+p\,u^{L-1}(a-u^L)$, and
$$u[k+1]-\ell=(1-pG(u))\,(u-\ell).$$
For $q>1$, $u_1:=u[1]=q-1>0$: the first step crosses the origin. *If $u_1<2\ell$ and $pG(M)<2$ with
$M=\max\{u_1,\ \ell+(pG(\ell)-1)_+(\ell-u_1)_+\}$, then $w[k]\to-\ell$ geometrically, the global minimum.*

*Proof.* $G$ rises on $[0,\infty)$, and $M\ge\ell$, so $g=pG(\ell)<2$. Let $u_1\le\ell$. For $u\in[u_1,\ell]$: if
$pG(u)\le1$ the next iterate lies in $[u,\ell]$; else it is $\ell+(pG(u)-1)(\ell-u)\le\ell+(g-1)(\ell-u_1)\le M$. For
$u\in[\ell,M]$: $|1-pG(u)|<1$, and if the next iterate is below $\ell$, it is above
$\ell-(u-\ell)\ge\ell-(M-\ell)\ge\ell-(\ell-u_1)=u_1$, as $(g-1)_+<1$. So $[u_1,M]$ is invariant and $|1-pG(u)|<1$ on
it. Let $u_1>\ell$. Then $M=u_1$, and as long as $|u-\ell|\le u_1-\ell<\ell$, $u\in[2\ell-u_1,u_1]$ is positive,
$pG(u)<2$, and $|u-\ell|$ falls: this interval is invariant. In both cases $|1-pG|$ has a maximum below $1$ on a compact
interval of positive numbers, which is the rate. ∎ (`optimum_conditions` also tests $\ell+(g-1)(\ell-u_1)$ where $g<1$
or $u_1>\ell$; it then lies between $0$ and $\max\{u_1,\ell\}$ and adds nothing, as $|g-1|<1$.)

As $q\to1$, $u_1\to0$, and the conditions hold if $L\,a^{2-2/L}\le1+a$ (then $pG(\ell)\le1+o(1)$ and $M\to\ell$): for
small $|\lambda|$ gradient descent with a step just above the threshold finds the optimum that no step below it can
find.

*Where it cannot.* If $pG(\ell)>2$, the optimum repels: near $\ell$, $|1-pG(u)|>1$, so $u[k]\to\ell$ only if $u[k]=\ell$
for some $k$. For given $k$ this is a polynomial equation in $p$ that $p=0$ does not solve ($w=1\ne-\ell$), so it has
finitely many solutions: at most countably many $\delta$ lead to the optimum; and none with rational $p$ and $a$ if
$\ell$ is irrational, as all $w[k]$ are rational. If $L\,a^{2-2/L}\ge2(1+a)$, then $pG(\ell)=q\,G(\ell)/(1+a)\ge2q>2$
for every $q>1$, and $q\le1$ leads to $0$ (or for $q\le0$ nowhere): no step at all, but for that countable set. ∎

*When a step beyond the threshold does not lead to $0$.* Let $q>1$, $\beta\ge\max\{u_1,\max_{[0,\ell]}f\}$ and
$f(\beta)>0$. Then $u[k]\ge\min\{u_1,\ell,f(\beta)\}>0$ for all $k\ge1$, so $w$ does not converge to $0$. *Proof.*
$f(u)\le u\le\beta$ for $u\in[\ell,\beta]$, so $f\le\beta$ on $[0,\beta]$. $f(u)\ge u$ on $[0,\ell]$. The coefficients
of $f'(u)=1+(L-1)pa\,u^{L-2}-(2L-1)p\,u^{2L-2}$ change sign once, so by Descartes $f$ rises and then falls: on
$[\ell,\beta]$ it is at least $\min\{f(\ell),f(\beta)\}=\min\{\ell,f(\beta)\}$. ∎ If $L\,a^{2-2/L}\le1+a$, this is so
for all $q$ slightly above $1$ ($u_1\to0$ and $\max_{[0,\ell]}f\to\ell$, so a $\beta$ near $\ell$ serves): then the
printed threshold cannot be raised. But not always: for $\lambda=-4$, $L=3$ and $q=\tfrac{21}{20}$ the orbit leaves $0$,
jumps over $-\ell$ so far that it comes back to some $w[k]>0$ with $h(w[k])\le1$, and from there the corrected proof
applies: $w\to0$ after all. (That $h$ does not fall on $[0,w[k]]$ is all that it used.)

## Sharper: the rate

Let $0<q<1$. *$L=2$.* $w[k+1]=w(1-pa-pw^2)$; with $\rho=1-pa$, $w[1]=1-q=\rho-p$, for $k\ge1$
$$c\,\rho^k\le w[k]\le(1-q)\,\rho^{k-1},\qquad c=\tfrac{1-q}{\rho}\,e^{-s/(1-x)},\quad
x=\tfrac{p(1-q)^2}{\rho},\ s=\tfrac{(1-q)^2}{a\rho(1+\rho)},$$
so the limit factor is exactly $1-\delta\sigma|\lambda|$. *Proof.* The upper bound is $w[k+1]\le\rho w[k]$. With it, for
$j\ge1$, $w[j+1]=\rho w[j](1-x_j)$ and $x_j=pw[j]^2/\rho\le x\rho^{2(j-1)}$, where $x<1$ because $p<\rho$. As
$\log(1-t)\ge-t/(1-t)$, $\prod_{j\ge1}(1-x_j)\ge\exp(-\tfrac1{1-x}\sum_jx_j)$, and
$\sum_jx_j\le x/(1-\rho^2)=x/(pa(1+\rho))=s$. ∎

*$L\ge3$.* Let $n=L-2$, $y=w^{-n}$, so $h=p(w^L+a)/y$. For $k\ge1$, with $C(h)=((1-h)^{-n}-1)/h$,
$$1+npa\,k\ \le\ w[k]^{-n}\ \le\ w[1]^{-n}+(k-1)\,C(h(w[1]))\,p\,(w[1]^L+a),$$
and $k^{1/n}w[k]\to(npa)^{-1/n}$. *Proof.* $y[k+1]-y[k]=y((1-h)^{-n}-1)=C(h)\,p\,(w^L+a)$. By convexity of $(1-h)^{-n}$,
$C(h)$ rises with $h$ from $C(0)=n$ (Bernoulli: $C\ge n$); $h(w[k])$ and $w[k]$ fall. So each growth is at least $npa$
and, from $k=1$ on, at most that at $k=1$; and it tends to $npa$, so $y[k]/k\to npa$ (Cesàro). ∎

The network is the product: $\prod_iw_i=w^L$ falls like $(npa\,k)^{-L/(L-2)}$, nearly $1/k$ for deep networks, although
a single weight falls like $k^{-1/(L-2)}$ only: by the upper bound on $w[k]^{-n}$, to halve after the first step it
takes at least $(2^n-1)\,w[1]^{-n}/(C(h(w[1]))\,p\,(w[1]^L+a))$ steps, exponentially many in $L$ for fixed $q<1$. So
"each $w_i$ converges to $0$" is then hardly seen in a run of a deep chain; test the product. The loss tends to
$\sigma\lambda^2/2$ from $\sigma(1-\lambda)^2/2$ and is above its floor by $\sigma(a\,w^L+\tfrac12w^{2L})$.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rescert.certify.sign import constant
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics import negative_regimes as regimes
from rescert.dynamics.negative_target import Fate, NegativeChain, fates, products
from rescert.dynamics.settled import Settled, vacuous

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SCANNED, SCAN_STEPS = 150, 2000
DECADES = 4  # of iterations that the figure shows


def _finding(case: Settled) -> Finding:
    evidence = Evidence.EXACT if case.exact else Evidence.ENCLOSED
    return Finding(case.hypotheses, case.conclusion, evidence, case.reason, case.measured, case.bound, case.assertions)


def _rate(chain: NegativeChain, steps: int) -> Finding:
    found = _finding(regimes.rate(chain, steps))
    if found.hypotheses is False:
        return found
    iterations = sorted({round(10 ** (j / 8)) for j in range(8 * DECADES + 1)})
    return replace(found, values={"iterations": iterations, **products(chain, iterations)})


def _scan(chain: NegativeChain) -> Finding:
    """Float runs at many steps against the proved regimes; sees every regime, also those without a theorem."""
    if chain.depth == 1:
        return _finding(vacuous("L = 1", constant(2 - chain.depth, ">")))
    q, first, last = _runs(float(chain.target), chain.depth)
    runs = list(zip(q, first, last, strict=True))
    wrong = [f"q = {x:.2f}: {f}" for x, early, f in runs if f is not _expected(chain.depth, x, early, f)]
    beyond = [f for x, _, f in runs if x > 1]
    counts = {f: beyond.count(f) for f in Fate}
    reason = f"of {len(beyond)} steps with 1 < q < 3: " + ", ".join(f"{n} {f}" for f, n in counts.items() if n)
    values = {"scanned": q, "fates": [str(f) for f in last]}
    return Finding(True, not wrong, Evidence.NUMERICAL, "; ".join([reason, *wrong[:3]]), values=values)


@lru_cache(maxsize=1 << 8)  # instances that differ in their own step share the runs
def _runs(target: float, depth: int) -> tuple[list[float], list[Fate], list[Fate]]:
    """The scanned q, and the fates of the runs after one iteration and at the end."""
    import numpy as np

    # between the thresholds 1 and 2, never on them: a float run cannot tell on which side it is
    q = (np.arange(SCANNED) + 0.5) * 3 / SCANNED
    return q.tolist(), fates(target, depth, q, 1), fates(target, depth, q, SCAN_STEPS)


def _expected(depth: int, q: float, early: Fate, seen: Fate) -> Fate:
    """What the theorems say of a run, by q or by its first iterate; what is ``seen`` where they say nothing."""
    if depth % 2 == 0:
        return Fate.ZERO if q < 2 else Fate.OVERFLOW
    if q < 1:
        return Fate.ZERO
    return Fate.OPTIMUM if early is Fate.OPTIMUM else seen


def _setting(instance: Instance) -> tuple[NegativeChain, int]:
    chain = NegativeChain(instance["target"], instance["depth"], instance["fraction"])
    steps = instance["steps"]
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 3:
        raise ValueError(f"expected at least 3 steps, got {steps!r}")
    return chain, steps


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One target below 0, depth, step as the fraction q of the printed threshold, and number of iterations."""
    chain, steps = _setting(instance)
    falling = regimes.fall(chain, steps) if chain.depth > 1 and 0 < chain.fraction <= 1 else regimes.OTHER
    settled = {
        "printed": regimes.printed(chain, falling),
        "equilibria": regimes.equilibria(chain),
        "corrected": regimes.corrected(chain, falling),
        "even": regimes.even(chain, steps),
        "odd": regimes.odd(chain, steps),
        "beyond": regimes.beyond(chain),
        "return": regimes.returning(chain, steps),
        "unreachable": regimes.unreachable(chain),
    }
    found = {name: _finding(case) for name, case in settled.items()}
    return found | {"rate": _rate(chain, steps), "scan": _scan(chain)}


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    holding = {s: int(((rows["statement"] == s) & (rows["verdict"] == "holds")).sum()) for s in ("corrected", "rate")}
    scans = rows[(rows["statement"] == "scan") & (rows["verdict"] == "holds")].drop_duplicates(["target", "depth"])
    return {**holding, "instances": int(rows["instance"].nunique()), "scans": len(scans), "scanned": SCANNED}


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Left: the product $w^L$ of the weights for the target nearest $-1$, at most five depths and a step within the
    threshold: float runs (points) with the upper (line) and the lower (dashed) bound; geometric for $L=2$, else in the
    limit a power of $k$. Right: what becomes of float runs at {scanned} steps $q=\delta\sigma(1-\lambda)$, for each of
    {scans} pairs of depth and target: a run counts for the region that it is in at the end, which is proved to be
    attracted. Black: the printed threshold $q=1$; grey: $q=2$, the exact one for even $L$. For odd $L$ and small
    $|\lambda|$ a step above $1$ finds the optimum.
    The corrected statement holds on {corrected} of {instances} instances, the rate on {rate}; the others break a
    hypothesis.
    """
    import matplotlib.pyplot as plt
    import pandas as pd
    import seaborn as sns
    from matplotlib.colors import ListedColormap
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    rows = tables["claims/ns_proposition3"]
    drawn, (left, right) = plt.subplots(1, 2, figsize=(6.8, 3.7), width_ratios=[1, 1.25])
    rates = rows[(rows["statement"] == "rate") & (rows["verdict"] == "holds")].copy()
    rates["value"] = [float(Fraction(t)) for t in rates["target"]]
    rates["distance"] = (rates["value"] + 1).abs()
    shown = rates.sort_values(["distance", "fraction"]).drop_duplicates("depth").sort_values("depth")
    palette, markers = sns.color_palette("colorblind"), "osD^v"
    for colour, marker, (_, row) in zip(palette, markers, shown.iterrows(), strict=False):
        k = row["iterations"]
        left.plot(k, row["upper"], color=colour, linewidth=1)
        left.plot(k, row["lower"], color=colour, linewidth=1, linestyle="--")
        points = {"linestyle": "none", "marker": marker, "markersize": 3, "color": colour}
        left.plot(k, row["product"], **points, label=f"$L={row['depth']}$")
    left.set(xscale="log", yscale="log", ylim=(1e-8, 2), xlabel="iteration $k$", ylabel="product $w^L$")
    if len(shown):
        left.legend(loc="upper right", handletextpad=0.2, bbox_to_anchor=(1.04, 1.02))
    scans = rows[(rows["statement"] == "scan") & (rows["verdict"] != "vacuous")]
    scans = scans.drop_duplicates(["target", "depth"]).copy()
    scans["value"] = [float(Fraction(t)) for t in scans["target"]]
    scans = scans.sort_values(["depth", "value"], ascending=[True, False])
    colours = dict(zip(Fate, ("#8fb8de", "#029e73", "#d55e00", "#e8e0c8"), strict=True))
    if len(scans):
        order = [str(f) for f in Fate]
        codes: np.ndarray = pd.DataFrame([[order.index(f) for f in fate] for fate in scans["fates"]]).to_numpy()
        cells = {"cmap": ListedColormap(list(colours.values())), "vmin": -0.5, "vmax": 3.5, "interpolation": "nearest"}
        right.imshow(codes, aspect="auto", extent=(0, 3, len(scans) - 0.5, -0.5), **cells)
        depths = scans["depth"].tolist()
        right.hlines([i + 0.5 for i in range(len(depths) - 1)], 0, 3, color="white", linewidth=0.8)
        ends = [i + 0.5 for i in range(len(depths) - 1) if depths[i] != depths[i + 1]]
        right.hlines(ends, 0, 3, color="0.2", linewidth=1)
        labels = [rf"${d}$,  ${t}$" for d, t in zip(scans["depth"], scans["target"], strict=True)]
        right.set_yticks(range(len(scans)), labels)
    right.axvline(1, color="black", linewidth=1.4)
    right.axvline(2, color="0.4", linewidth=1.4)
    right.grid(visible=False)
    right.set(xlabel=r"step $q=\delta\sigma(1-\lambda)$", ylabel=r"$L$,  $\lambda$")
    handles: list[Any] = [Patch(facecolor=c, label=str(f)) for f, c in colours.items()]
    right.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.45, 1), ncols=2, columnspacing=1)
    grey: dict[str, Any] = {"color": "0.3", "linewidth": 1}
    lines = [Line2D([], [], **grey, label="upper bound"), Line2D([], [], **grey, linestyle="--", label="lower bound")]
    drawn.legend(handles=lines, loc="upper left", bbox_to_anchor=(0.06, 1), ncols=2, columnspacing=1)
    curves = ["instance", "iterations", "product", "upper", "lower"]
    data = pd.concat([shown[curves], scans[["instance", "scanned", "fates"]]])
    return Drawing(drawn, data.reset_index(drop=True))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Proposition 3",
    title="From the identity, a negative target is missed: the weights fall to 0",
    statements=(
        Statement(
            "printed",
            r"If $\lambda<0$ and $w_i[0]=1$ for all $i$, each $w_i$ converges to $0$ unless "
            r"$\delta>\frac1{\sigma(1-\lambda)}$.",
            "as printed",
        ),
        Statement(
            "equilibria",
            r"(In the proof.) The update of $w$ has one equilibrium at $w^*=\lambda^{1/L}$ and another at $w^*=0$.",
            "as printed",
        ),
        Statement(
            "corrected",
            r"Let $\lambda<0$, $L\ge2$, $w_i[0]=1$ and $0<\delta\le\frac1{\sigma(1-\lambda)}$. Then all $w_i[k]$ are "
            r"equal, lie in $[0,1]$, do not rise, and converge to $0$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "even",
            r"For even $L$ and $\delta>0$ the exact threshold is $\frac2{\sigma(1-\lambda)}$: below it $|w[k]|$ falls "
            r"to $0$, at it $w=1,-1,1,\dots$, above it $|w[k]|$ grows without bound.",
            "sharper",
            proof="written",
        ),
        Statement(
            "odd",
            r"For odd $L\ge3$ and $q=\delta\sigma(1-\lambda)>1$ with $q-1<2\ell$, $\ell=|\lambda|^{1/L}$, and "
            r"$\delta\sigma G(M)<2$ ($G$ and $M$ as in the derivation), $w[k]\to-\ell=\lambda^{1/L}$ geometrically: "
            r"a step beyond the threshold finds the global minimum.",
            "sharper",
            proof="written",
        ),
        Statement(
            "beyond",
            r"For odd $L\ge3$ and $q>1$: if $f(\beta)>0$ for some $\beta\ge\max\{q-1,\max_{[0,\ell]}f\}$, with $f$ the "
            r"update of $-w$, then $w$ does not converge to $0$ at this step beyond the printed threshold.",
            "sharper",
            proof="written",
        ),
        Statement(
            "return",
            r"But not for every $\lambda$: for some odd $L\ge3$, $\lambda<0$ and $q>1$ the weights cross $0$, come "
            r"back and converge to $0$.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
        Statement(
            "unreachable",
            r"For odd $L\ge3$, $q>1$ and $\delta\sigma L\ell^{2L-2}>2$, $w[k]$ does not converge to the optimum "
            r"$-\ell$, unless it meets it exactly: at most countably many $\delta$, and none if $\ell$ is irrational "
            r"and $\lambda$, $\delta\sigma$ rational. If $L\ell^{2L-2}\ge2(1-\lambda)$, this is so for every $q>1$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "rate",
            r"For $0<q<1$: if $L=2$, $c\rho^k\le w[k]\le(1-q)\rho^{k-1}$ with $\rho=1-\delta\sigma|\lambda|$; if "
            r"$L\ge3$, $n=L-2$, $w[k]^{-n}$ lies between $1+n\delta\sigma|\lambda|k$ and an explicit linear function "
            r"of $k$, and $\prod_iw_i[k]\sim(n\delta\sigma|\lambda|k)^{-L/n}$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "scan",
            r"In float runs at many steps $0<q<3$ the proved regimes are seen: the region of $0$ for $q<1$ (odd $L$) "
            r"and $q<2$ (even $L$), overflow for $q>2$ and even $L$, and the region of the optimum for odd $L$ if "
            r"$q>1$ meets the conditions under which it is found.",
            "sharper",
        ),
    ),
    check=check,
    validate=_setting,
    control={"target": "-1", "depth": 2, "fraction": "5/2", "steps": 4},
    control_statement="corrected",
    figure=figure,
    summary=summary,
)
