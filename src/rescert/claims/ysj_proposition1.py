r"""The six-point data set: a fully-connected network against a residual one, in exact rational arithmetic.

## Setting

Six points $x_i=0,\dots,5$, $y_i=x_i+\rho r_i$ with $r=(-1,-1,1,-1,1,1)$; the paper fixes $\rho>0$.
$f_1=w_2\,\mathrm{relu}(w_1x+b_1)+b_2$, $f_2=w\,(x+v\,\mathrm{relu}(ux+b))+c$, and $R_j$ (Fraktur in the paper) is the
mean squared error (factor $\frac16$). $R_{\rm lin}=8\rho^2/15$ is the best error of $x\mapsto wx+b$, *with* bias.

## 1. The functions on the data

$f_1$ runs through all $\alpha+\gamma\,\mathrm{relu}(s(x-\tau))$, $s=\pm1$ (for $w_1=0$: constants). $f_2$ runs
through all functions with two affine pieces that meet at a kink $\tau$: let the slopes be $a$ (left) and $a'$
(right). If $a\ne0$ take $u=1$, $w=a$, $v=(a'-a)/a$; if $a=0\ne a'$ take $u=-1$, $w=a'$, $v=1$; if both vanish, $w=0$.
Restricted to the data, both families are finite unions of closed polyhedral cones (`rescert.certify.piecewise`, where
the cells are enumerated). *So both risks attain their minimum.* The printed proof needs this ("its global minimum
will be strictly smaller") and does not show it; the parameter sets are unbounded and the risks are not coercive.
Therefore "every local minimum of $R_1$ has risk $\ge R_{\rm lin}$" says exactly $\min R_1\ge R_{\rm lin}$, and since
$f_1$ contains all linear functions on the data ($\tau<0$), exactly $\min R_1=R_{\rm lin}$.

## 2. Table 1

Every entry is a least-squares error, a quadratic polynomial in $\rho$; all are right, as identities in $\rho$. The
reflection $x\mapsto5-x$, $y\mapsto5-y$ maps the data set to itself because $r$ reversed is $-r$; so the rows for
$w_1<0$ are the same ones, with the kink in $(5-k-1,5-k]$ for $[k,k+1)$. The range $\rho\le\sqrt{5/4}$ comes from one
row alone, $[1,2)$: $\frac7{15}\rho^2+\frac1{12}\ge\frac8{15}\rho^2$. That row drops the continuity of $f_1$, and for
$\rho>0$ loses by it.

## 3. The minimum of $R_1$

A minimum has its kink on a datum (then it is the best fit with that kink), or strictly between $k-1$ and $k$ (then
each side is its own best fit, $p$ and $q$, and $D=q-p$ has $D(k-1)D(k)\le0$). By the reflection $s=1$ suffices. The
candidates, each an exact least-squares fit:

| kink | risk | admissible |
|---|---|---|
| $\le 0$, and in $[0,1]$ | $\frac8{15}\rho^2$ | always |
| $1$ | $\frac{11}{20}\rho^2+\frac1{12}\rho+\frac5{48}$ | always |
| $2$ | $\frac23\rho^2+\frac12\rho+\frac{19}{48}$ | always |
| $3$ | $\frac47\rho^2+\frac{10}{21}\rho+\frac{19}{21}$ | always |
| $4$, and in $[4,5]$ | $\frac45\rho^2+\frac43\rho+\frac53$ | always |
| $\ge 5$ | $\rho^2+\frac73\rho+\frac{35}{12}$ | always |
| in $(1,2)$ | $\frac7{15}\rho^2+\frac1{12}$ | $(\frac12+\rho)(\frac32+\frac65\rho)\le0$: $-\frac54\le\rho\le-\frac12$ |
| in $(2,3)$ | $\frac59\rho^2+\frac23\rho+\frac13$ | $(1-\frac43\rho)(2-\frac13\rho)\le0$: $\frac34\le\rho\le6$ |
| in $(3,4)$ | $\frac12\rho^2+\frac13\rho+\frac56$ | $(1+\rho)(\frac52+\frac32\rho)\le0$: $-\frac53\le\rho\le-1$ |

For $\rho\ge0$ every admissible polynomial has coefficients at least those of $\frac8{15}\rho^2$. *So the first half
of Proposition 1 holds for every $\rho>0$: the printed range is a matter of its proof.* Over all real $\rho$ the
smallest is

$$\min R_1=\begin{cases}
\frac8{15}\rho^2&\rho\le t_1=-\frac{25+7\sqrt5}4 \\
\frac47\rho^2+\frac{10}{21}\rho+\frac{19}{21}&t_1\le\rho\le t_2=-\frac{1+7\sqrt7}{8} \\
\frac23\rho^2+\frac12\rho+\frac{19}{48}&t_2\le\rho\le-\frac54 \\
\frac7{15}\rho^2+\frac1{12}&-\frac54\le\rho\le-\sqrt{5/4} \\
\frac8{15}\rho^2&\rho\ge-\sqrt{5/4}
\end{cases}$$

($t_1$: $4\rho^2+50\rho+95=0$; $t_2$: $32\rho^2+8\rho-171=0$). On the second and third pieces the kink sits on a
datum, on the fourth strictly between data. So $\sqrt{5/4}$ *is* a true threshold, but on the other side: the
inequality holds for $\rho\ge-\sqrt{5/4}$ and fails just below. The proposition's own words "if $\rho\le\sqrt{5/4}$"
need the $\rho>0$ of the text before it.

## 4. The minimum of $R_2$

The skip connection absorbs $x$, so that $\min R_2=\rho^2\min\frac16\sum(g(x_i)-r_i)^2$ over all two-piece $g$. Kink
on $0,1,4,5$ or in $[0,1]$, $[4,5]$: $\frac8{15}$. Kink on $2$ or on $3$: $\frac{29}{57}$. Strictly between otherwise:
the best fits of the two sides differ at the two neighbours by $(1,\frac65)$, $(-\frac73,-\frac73)$, $(\frac65,1)$:
same sign, not admissible. Hence $\min R_2=\frac{29}{57}\rho^2<\frac8{15}\rho^2$ for *every* real $\rho\ne0$, attained
just with a kink on the datum $x=2$ or $x=3$. The second half of Proposition 1 holds for every $\rho\ne0$.

## 5. No smooth one

*No local minimum of $R_2$ below $R_{\rm lin}$ is a point where $R_2$ is differentiable.* Let $\theta$ be one where it
is. Then $wvu\ne0$ (otherwise $f_2$ is affine on the data). Let $\tau=-b/u$, and $e_i$ the residuals. If $\tau$ is no
datum, $\nabla R_2=0$ in $(w,c,u,b)$ gives $\sum e_i=\sum e_ix_i=0$ over the active and over the inactive data. If
$\tau=x_k$, the one-sided derivatives in $b$ differ by $\frac13wve_k$, so $e_k=0$ and the same sums vanish with $x_k$
counted on either side. Both times each side is its own best fit and the pair is admissible; by 4. such a pair has
risk $\frac8{15}\rho^2$. (For $\tau$ outside the data $f_2$ is affine there.) Theorems about differentiable critical
points say nothing about the minima that this example is about.

## 6. Proof that every local minimum of $R_2$ is at most $R_{\rm lin}$

The claim of Section 3.1, for *every* data set, kinks included. Let $\theta$ be a local minimum. If $w\ne0$: with
$(u,b)$ held, $(w,wv,c)$ are free coordinates near $\theta$ and $R_2$ is a convex quadratic of them, so $\theta$
minimises over all of them, the affine functions ($wv=0$) included. If $w=0$: $c=\bar y$ and $R_2=\mathrm{Var}(y)$.
Move $w$ to $\varepsilon$ and $v$ to $v'$: $R_2$ changes by
$-2\varepsilon\,\mathrm{Cov}(y,x+v'\mathrm{relu}(ux+b))+O(\varepsilon^2)$; a nonzero covariance at any $v'$ near $v$
would let some small $\varepsilon$ lower the risk. It is affine in $v'$, so that $\mathrm{Cov}(y,x)=0$, hence
$R_{\rm lin}=\mathrm{Var}(y)=R_2(\theta)$. Here $\mathrm{Var}(y)-R_{\rm lin}=\frac7{60}(2\rho+5)^2$: for
$\rho\ne-\frac52$ there is no local minimum with $w=0$.

## 7. "Worse" means "no better"

$R_1$ has local minima with risk exactly $R_{\rm lin}$: let the unit be active, $w_1x_i+b_1>0$, on all data and $f_1$
the best line; near it $f_1$ stays affine on the data. So the heading of Section 3.1 ("all local minima … can be
worse") is true with "no better" only. It also has worse ones: a dead unit ($w_1x_i+b_1<0$ on all data, $b_2=\bar y$)
has $\mathrm{Var}(y)=\rho^2+\frac73\rho+\frac{35}{12}$; and for $\frac34<\rho<6$ the row "in $(2,3)$" of the table
above is attained by a live kink strictly between data, where $R_1$ is locally a convex function of the two pieces.
$R_2$ with a dead unit and the best line has local minima at exactly $R_{\rm lin}$.

## 8. The printed $\theta_2$

$\theta_2$ ($v=\rho/2$, $u=1$, $b=-3$, best $w$, $c$) has the printed risk, below $R_{\rm lin}$ exactly for
$0<\rho<\frac{3+3\sqrt{21}}4\approx4.19$ among $\rho>0$ ($4\rho^2-6\rho-45<0$). It is only a comparison point: its
kink lies on the datum $x=3$, where the residual is $6\rho(2\rho^2+17\rho+60)/(21\rho^2+156\rho+420)\ne0$, so that
$R_2$ is not differentiable there; and
$R_2(\theta_2)-\frac{29}{57}\rho^2=\frac{25\rho^2(\rho+1)^2}{19(21\rho^2+156\rho+420)}>0$, where $\frac{29}{57}\rho^2$
is the best error over $(w,v,c)$ with this very kink; as $w\ne0$, the risk is a convex quadratic of $(w,wv,c)$ near
$\theta_2$ that is not at its minimum: not a critical point.

## Errors and gaps of the paper

1. The range $\rho\le\sqrt{5/4}$ is a matter of the proof: the first half of Proposition 1 holds for every $\rho>0$,
   even for $\rho\ge-\sqrt{5/4}$, the second half for every $\rho\ne0$.
2. Proposition 1 says only "if $\rho\le\sqrt{5/4}$". Without the $\rho>0$ of the text before it, it is false: for
   $-\frac{25+7\sqrt5}4<\rho<-\sqrt{5/4}$ the global minimum of $R_1$ is below $R_{\rm lin}$.
3. The step from "some $\theta_2$ has $R_2(\theta_2)<R_{\rm lin}$" to "some local minimum has" needs that the minimum is
   attained on the unbounded parameter set; that is true (1.) and not shown.
4. "All local minima … can be worse than a linear predictor" (heading of Section 3.1): no better; equality occurs (7.).
5. The better minima of the residual network all sit at kinks, where $R_2$ is not differentiable (5.), which the paper
   does not say: results about twice differentiable points, such as its Theorem 2, are silent about them.
6. "Piece-wise continuous" (proof) should read "continuous and piecewise affine". Table 1 is right in every entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from flint import fmpq_poly

from rescert.certify.comparison import EVERYWHERE, Comparison, error, gathered
from rescert.certify.real_roots import Interval, Real
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.landscape import six_points
from rescert.landscape.six_points import (
    BEST_RESIDUAL,
    CONSTANT,
    FORMULA,
    FULLY_CONNECTED,
    LINE,
    LINEAR,
    PRINTED,
    PRINTED_END,
    RESIDUAL,
    T1,
    T4,
    TABLE,
    THETA2,
    THETA2_LIMIT,
    TRUE_RANGE,
    VARIANCE,
    apart,
    fit,
    hinge,
)

if TYPE_CHECKING:
    import pandas as pd

DRAWN = "fully_connected_minimum"  # the statement whose rows carry the figure's curves

TEXTS: dict[Literal["as printed", "as corrected", "sharper"], dict[str, str]] = {
    "as printed": {
        "fully_connected": r"Proposition 1: for $0<\rho\le\sqrt{5/4}$ every local minimum of $R_1$ has "
        r"$R_1\ge R_{\rm lin}$.",
        "residual": r"Proposition 1: for $0<\rho\le\sqrt{5/4}$ some local minimum of $R_2$ has $R_2<R_{\rm lin}$.",
        "table": r"$R_{\rm lin}=8\rho^2/15$ and all seven rows and three columns of Table 1, for $w_1>0$ and "
        r"(reflected) for $w_1<0$, as identities in $\rho$.",
        "table_bounds": r"For $0<\rho\le\sqrt{5/4}$ no lower bound of Table 1 is below $8\rho^2/15$.",
        "theta2": r"$R_2(\theta_2)=\frac{\rho^2(12\rho^2+82\rho+215)}{21\rho^2+156\rho+420}$, and for "
        r"$0<\rho\le\sqrt{5/4}$ it is below $8\rho^2/15$.",
        "residual_local_minima": r"Section 3.1: every local minimum of $R_2$ has $R_2\le R_{\rm lin}$ (kinks "
        r"and $w=0$ included).",
    },
    "as corrected": {
        "no_better": r"Heading of Section 3.1, with 'no better' for 'worse': $R_1$ has a local minimum with "
        r"$R_1=R_{\rm lin}$ exactly, beside dead ones with $R_1=\mathrm{Var}(y)\ge R_{\rm lin}$ and, for "
        r"$\frac34<\rho<6$, a live one with $R_1=\frac59\rho^2+\frac23\rho+\frac13>R_{\rm lin}$.",
    },
    "sharper": {
        "fully_connected_sharp": r"For every $\rho\ge-\sqrt{5/4}$, so for every $\rho>0$: $\min R_1=R_{\rm lin}$.",
        "fully_connected_minimum": r"For every real $\rho$ the piecewise polynomial of part 3 of the "
        r"derivation is $\min R_1$; it is below $R_{\rm lin}$ exactly for $-\frac{25+7\sqrt5}4<\rho<-\sqrt{5/4}$.",
        "residual_minimum": r"For every real $\rho$: $\min R_2=\frac{29}{57}\rho^2$, attained with the kink "
        r"on $x=2$ and on $x=3$.",
        "residual_smooth": r"For every real $\rho$: $R_2$ is not differentiable at any of its local minima "
        r"below $R_{\rm lin}$.",
        "theta2_nature": r"For every $\rho>0$: $\theta_2$ is no critical point, $R_2$ is not differentiable there, "
        r"$R_2(\theta_2)>\frac{29}{57}\rho^2$; and $R_2(\theta_2)<R_{\rm lin}$ exactly for "
        r"$\rho<\frac{3+3\sqrt{21}}4$.",
    },
}
STATEMENTS = tuple(
    Statement(name, text, role, proof="written") for role, texts in TEXTS.items() for name, text in texts.items()
)


def text(poly: fmpq_poly) -> str:
    """A polynomial in rho for people.

    >>> text(FORMULA[3][1])
    '7/15 ρ² + 1/12'
    """
    pairs = [(c, symbol) for c, symbol in zip(poly.coeffs(), ("", "ρ", "ρ²"), strict=False) if c != 0]
    terms = [symbol if c == 1 and symbol else f"{c} {symbol}".strip() for c, symbol in pairs]
    return " + ".join(reversed(terms)).replace("+ -", "- ") or "0"


def _minimum_text(where: Interval) -> str:
    return "min R₁ = " + "; ".join(text(risk) for scope, risk in FORMULA if not scope.meet(where).is_empty)


@dataclass(frozen=True)
class Content:
    """What a statement says: for rho in ``scope`` the comparisons hold. ``truth`` is shown where rho is not in it."""

    scope: Interval
    comparisons: Sequence[Comparison]
    reason: str
    measured: str | Callable[[Interval], str]
    bound: str | None = None
    truth: Sequence[Comparison] = ()


R_LIN = f"R_lin = {text(LINEAR)}"
LINE_FIT = error(fit([CONSTANT, LINE]), "=", LINEAR, always=True)
CONSTANT_FIT = error(fit([CONSTANT]), "=", VARIANCE, always=True)
IDENTITIES = [LINE_FIT, *(error(f, "=", entry, always=True) for f, entry in six_points.table_entries())]
MINIMUM_1 = [Comparison(FULLY_CONNECTED, "=", risk, scope) for scope, risk in FORMULA]
MINIMUM_2 = [Comparison(RESIDUAL, "=", BEST_RESIDUAL)]
KINKED = {k: error(fit([CONSTANT, LINE, hinge(k)]), "=", BEST_RESIDUAL, always=True) for k in (2, 3)}
THETA2_VALUE = Comparison(THETA2, "=", six_points.THETA2_RISK, always=True)
WITHOUT_3 = fit([CONSTANT, six_points.BLOCK], [0, 1, 2, 4, 5])  # as small as THETA2 only if its residual at 3 is 0
LIVE = apart(3, 1)  # for 3/4 < rho < 6 its two pieces meet between the data, see part 7

CONTENT = {
    "fully_connected": Content(
        PRINTED,
        [Comparison(FULLY_CONNECTED, ">=", LINEAR)],
        "no cell of the family has a smaller risk",
        _minimum_text,
        R_LIN,
        MINIMUM_1,
    ),
    "residual": Content(
        PRINTED,
        [Comparison(RESIDUAL, "<", LINEAR)],
        "the minimum is attained and lies below",
        f"min R₂ = {text(BEST_RESIDUAL)}",
        R_LIN,
        MINIMUM_2,
    ),
    "table": Content(
        EVERYWHERE, IDENTITIES, "least-squares errors compared as polynomials in ρ", f"{len(IDENTITIES)} identities"
    ),
    "table_bounds": Content(
        PRINTED,
        [error(apart(constants, turn), ">=", LINEAR) for turn in (1, -1) for constants in range(7)],
        "every row's polynomial compared with 8/15 ρ²",
        f"rows 1, 2: {text(LINEAR)}; row 3: {text(TABLE[2][0] + TABLE[2][1])}",
        R_LIN,
        IDENTITIES,
    ),
    "theta2": Content(
        PRINTED,
        [THETA2_VALUE, error(THETA2, "<", LINEAR)],
        "Gram determinants compared as polynomials; sign on the range",
        "R₂(θ₂) = ρ²(12ρ² + 82ρ + 215)/(21ρ² + 156ρ + 420)",
        R_LIN,
        [THETA2_VALUE],
    ),
    "residual_local_minima": Content(
        EVERYWHERE,
        [LINE_FIT, CONSTANT_FIT, Comparison(RESIDUAL, "<=", LINEAR)],
        "w ≠ 0: convex in (w, wv, c); w = 0: a local minimum only if Cov(x, y) = 0, where Var(y) = R_lin",
        "Var(y) − R_lin = 7/60 (2ρ + 5)²",
        R_LIN,
    ),
    "no_better": Content(
        EVERYWHERE,
        [
            LINE_FIT,
            CONSTANT_FIT,
            error(fit([CONSTANT]), ">=", LINEAR),
            error(LIVE, "=", TABLE[3][0] + TABLE[3][1], always=True),
            error(LIVE, ">", LINEAR, scope=Interval.parse("(3/4, 6)"), always=True),
        ],
        "near it the network stays affine on the data",
        f"{text(LINEAR)}; dead unit: {text(VARIANCE)}",
        R_LIN,
    ),
    "fully_connected_sharp": Content(
        TRUE_RANGE,
        [Comparison(FULLY_CONNECTED, "=", LINEAR)],
        "no cell has a smaller risk; the best line attains it",
        _minimum_text,
        R_LIN,
        MINIMUM_1,
    ),
    "fully_connected_minimum": Content(
        EVERYWHERE,
        [*MINIMUM_1, Comparison(FULLY_CONNECTED, "<", LINEAR, scope=Interval(T1, T4))],
        "all cells enumerated",
        _minimum_text,
    ),
    "residual_minimum": Content(
        EVERYWHERE, [*MINIMUM_2, *KINKED.values()], "all cells enumerated", f"min R₂ = {text(BEST_RESIDUAL)}"
    ),
    "residual_smooth": Content(
        EVERYWHERE,
        [Comparison(RESIDUAL, ">=", LINEAR, kinks="off data")],
        "the admissible pairs of one-sided best fits enumerated",
        f"least with one-sided best fits: {text(LINEAR)}",
        R_LIN,
    ),
    "theta2_nature": Content(
        Interval.parse("(0, inf)"),
        [
            KINKED[3],
            error(THETA2, ">", BEST_RESIDUAL),
            Comparison(WITHOUT_3, "=", WITHOUT_3.value),
            Comparison(THETA2, ">", WITHOUT_3.value),  # a residual at x = 3
            error(THETA2, "<", VARIANCE),  # w is not 0
            error(THETA2, "<", LINEAR, scope=Interval(Real.of(0), THETA2_LIMIT)),
            error(THETA2, ">=", LINEAR, scope=Interval(THETA2_LIMIT, None, True, False)),
        ],
        "not optimal in (w, v, c); nonzero residual on its kink",
        "R₂(θ₂) − 29/57 ρ² = 25ρ²(ρ + 1)²/(19(21ρ² + 156ρ + 420))",
        truth=[THETA2_VALUE],
    ),
}


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """Settle every statement for all rho of ``instance["rho"]``: one number, or an interval such as ``(0, 1]``."""
    where = Interval.parse(str(instance["rho"]))
    findings = {name: _settle(content, where) for name, content in CONTENT.items()}
    drawn = {f"curve_{name}": curve for name, curve in six_points.curves(where).items()}
    drawn |= {f"fit_{name}": values for name, values in six_points.best_fits(where).items()}
    return findings | {DRAWN: replace(findings[DRAWN], values=drawn)}


def _settle(content: Content, where: Interval) -> Finding:
    met = where.meet(content.scope)
    told: dict[str, Any] = {
        "measured": content.measured if isinstance(content.measured, str) else content.measured(where),
        "bound": content.bound,
    }
    if met.is_empty:
        shown, reason = _shown(content.truth, where), "no ρ of the instance meets the hypothesis"
        return Finding(False, None, Evidence.EXACT, reason, assertions=shown, **told)
    if met.point is not None and not met.point.is_rational:
        return Finding(None, None, Evidence.EXACT, "the hypothesis leaves one irrational ρ only", **told)
    if all(answer[0] for answer in (c.on(met) for c in content.comparisons) if answer is not None):
        return Finding(True, True, Evidence.EXACT, content.reason, assertions=_shown(content.comparisons, met), **told)
    shown = _shown(content.truth or content.comparisons, where)
    return Finding(True, False, Evidence.EXACT, "a comparison is false", assertions=shown, **told)


def _shown(comparisons: Iterable[Comparison], where: Interval) -> tuple[dict[str, Any], ...]:
    answers = [c.on(where) for c in comparisons]
    return gathered(assertion for answer in answers if answer is not None for assertion in answer[1])


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Left: exact minima over all parameters, divided by $\rho^2$, from {instances} certified sets of $\rho$ (curves
    at {samples} rationals). The residual network's is $\frac{{29}}{{57}}\rho^2$ for every $\rho$; the fully-connected
    network's is the best line's for all $\rho\ge-\sqrt{{5/4}}\approx{threshold:.3f}$ (bar, the true range) and dips
    below it only between {lower_threshold:.2f} and there. In the printed range $0<\rho\le\sqrt{{5/4}}$ (shaded) the
    lower bound of Table 1 (dotted) suffices; beyond, it falls below the line although the minimum does not. The
    printed $\theta_2$ is never optimal, and better than the line up to $\rho\approx{theta2_limit:.2f}$. Right: the data
    at $\rho={rho:g}$ with $x$ subtracted, the best line (also the best fully-connected network wherever the bar is),
    and the two global minima of the residual network, whose kinks sit on data.
    """
    import matplotlib.pyplot as plt
    import pandas as pd

    rows = tables["claims/ysj_proposition1"].query("statement == @DRAWN")
    curves = pd.concat([pd.DataFrame(dict(row)) for _, row in rows.filter(like="curve_").iterrows()])
    curves = curves.drop_duplicates("curve_rho").sort_values("curve_rho").rename(columns=lambda n: n[6:])
    canvas, (left, right) = plt.subplots(1, 2, width_ratios=(1.75, 1))
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    left.axvspan(0, float(PRINTED_END), color="0.88", lw=0)
    left.text(float(PRINTED_END) / 2, 0.486, "printed range", rotation=90, ha="center", va="top")
    positive = curves[curves["rho"] > 0]
    left.plot(curves["rho"], curves["fully_connected"], color=colours[0], lw=2.2, label="fully-connected, minimum")
    left.plot(positive["rho"], positive["table"], color=colours[0], ls=":", label="its lower bound by Table 1")
    left.plot(curves["rho"], curves["residual"], color=colours[3], label="residual, minimum")
    left.plot(positive["rho"], positive["theta2"], color=colours[1], ls="-.", label=r"residual, printed $\theta_2$")
    left.axhline(8 / 15, color="0.2", lw=1, ls="--", label="best line")
    left.set(xlabel=r"$\rho$", ylabel=r"risk $/\ \rho^2$", ylim=(0.44, 0.56), xlim=(-12, 6))
    left.plot([float(T4), 6], [0.5445, 0.5445], color=colours[2], lw=4, solid_capstyle="butt")
    left.text((float(T4) + 6) / 2, 0.548, "true range", ha="center")
    left.legend(loc="lower left", handlelength=2.4)
    row = _shown_row(rows)
    x = range(len(row["fit_data"]))
    for name, label, style in (
        ("line", "best line", {"color": "0.2", "ls": "--", "lw": 1}),
        ("kink3", "best residual, kink on 3", {"color": colours[3]}),
        ("kink2", "best residual, kink on 2", {"color": colours[3], "ls": (0, (1, 1))}),
        ("data", "data", {"color": "black", "marker": "o", "ls": "none"}),
    ):
        right.plot(x, [value - at for value, at in zip(row[f"fit_{name}"], x, strict=True)], label=label, **style)
    right.set(xlabel="$x$", ylabel=rf"$y-x$ at $\rho={row['fit_rho']:g}$")
    right.set_ylim(top=right.get_ylim()[1] + 0.45 * (right.get_ylim()[1] - right.get_ylim()[0]))
    right.legend(loc="upper left", handlelength=1.8)
    return Drawing(canvas, curves)


def _shown_row(rows: pd.DataFrame) -> pd.Series:
    """The instance whose data the right panel shows: at rho = 1 or nearest to it."""
    return rows.iloc[int((rows["fit_rho"] - 1).abs().argmin())]


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    rows = rows[rows["statement"] == DRAWN]
    return {
        "instances": len(rows),
        "samples": int(sum(len(r) for r in rows["curve_rho"])),
        "threshold": float(T4),
        "lower_threshold": float(T1),
        "theta2_limit": float(THETA2_LIMIT),
        "rho": float(_shown_row(rows)["fit_rho"]),
    }


CLAIM = Claim(
    paper="Yun–Sra–Jadbabaie 2019",
    label="Proposition 1, Table 1",
    title="Six points: a fully-connected network against a residual one",
    statements=STATEMENTS,
    check=check,
    control={"rho": "-6/5"},
    control_statement="fully_connected_sharp",
    figure=figure,
    summary=summary,
)
