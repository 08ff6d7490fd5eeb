r"""Scalar residual networks at a local optimum (Nar and Sastry 2018, Section 4, before the experiment).

The networks are, with $w_l,b_l\ge0$ and $c>0$,
$$h_0=x,\qquad h_l=h_{l-1}+W_l[h_{l-1}-b_l]_+\ (1\le l\le L),\qquad \hat f=c^Th_L,$$
and a pair is $\hat f=\hat f_1-\hat f_2+d$. The risk (11) is $R=\frac12\sum_i(\hat f(x_i)-y_i)^2$ with errors
$e_i=\hat f(x_i)-y_i$; it is called the mean, but is half the sum. The numbers below are for $n=1$, the case of Figure
4, where $W_l=w_l$. Certificates are exact: all their numbers are binary fractions or rationals.

## Kinks and pieces

For $n=1$ every $h_l$ rises strictly with $x$ (its slope is a product of factors $\ge1$). So layer $l$ is active
exactly beyond one point, its kink if $w_l>0$, $x_l=h_{l-1}^{-1}(b_l)$, and
$$\hat f'(x)=c\prod_{l:\,x_l<x}(1+w_l),\qquad h_l(0)=0,\qquad x_l\ge0\text{ because }b_l\ge0.$$
A network of $L$ layers therefore has at most $L$ kinks and $L+1$ pieces; a pair at most $2L$ kinks and $2L+1$ pieces.
Conversely any $0<x_1<\dots<x_L$ and any $w_l>0$ occur: choose $b_l=h_{l-1}(x_l)$ one after the other. If the kinks of
the two networks are different all $2L$ are there, because those of the second bend downwards. ∎ So "10 layers could
have 10 segments" is true and says too little: 11 for a network, 21 for the pair that is trained.

## Errata

1. **(10c)** prints $\hat f=c^Tx$, in which no $W_l,b_l$ enters: the function is linear, and no line fits the target of
   Figure 4 (a lower bound of its mean squared error is certified). Right: $\hat f=c^Th_L(x)$. Then two layers
   suffice: $\hat f_1=2x+3[x-\frac12]_+$, $\hat f_2=x+3[x-\frac3{10}]_++2[x-\frac7{10}]_+$ is the target $f$ itself.
   *One layer does not come nearer than $\frac1{10}$*: it has one concave kink at most, which lies outside
   $(\frac1{10},\frac5{10})$ or outside $(\frac5{10},\frac9{10})$. On that interval $\hat f$ is convex, so
   $D\hat f\ge0$ for $Dg=g(u-\frac15)-2g(u)+g(u+\frac15)$, $u=\frac3{10}$ or $\frac7{10}$; but $Df\le-\frac4{10}$ at
   both, and $|D(\hat f-f)|\le4\max|\hat f-f|$. ∎
2. **$c_i^i$** stands for $c_l^i$ (the gradient with respect to $h_l$ at the sample $x_i$), and the product must run
   over the layers $k=L,\dots,l+1$, not over $k=n,\dots,i+1$ ($n$ is the dimension, $i$ the sample). With
   $\tilde W_k^i=W_k\operatorname{diag}(\mathbf 1\{h_{k-1}(x_i)>b_k\})$, indeed $0\le\tilde W_k^i\le W_k$,
   $$c_l^{i\,T}=c^T(I+\tilde W_L^i)\cdots(I+\tilde W_{l+1}^i),$$
   the chain rule for (10b). As $(I+\tilde W)\ge I$ entrywise, $c_l^i\ge c>0$. ∎
3. **"$ln^2+n$ vectors"** should be $Ln^2+n$: $l$ is the running index.
4. **(12a)** is printed as an equality for every local optimum. But $W_l\ge0$ is a constraint. Right (necessary
   conditions of first order on a box, for $R$ differentiable at the point): with
   $G_l=\sum_ic_l^ie_i(h_{l-1}(x_i)-b_l)_+^T=\partial R/\partial W_l$,
   $$G_l\ge0,\qquad W_l\ge0,\qquad G_l\circ W_l=0\ \text{ entrywise},$$
   since $R$ may not fall in the feasible directions $\pm E_{jk}$ if $(W_l)_{jk}>0$ and $+E_{jk}$ if $(W_l)_{jk}=0$. ∎
   (12b) stands as it is, because $c$ ranges over an open set; the like of (12a) holds for $b_l\ge0$.
   *Counterexample to the equality* ($n=1$, any $L$): the data $(1,3),(2,5),(3,5)$. The line $2x$ ($w=0$, $c=2$) has
   errors $e=(-1,-1,1)$. Every function of the class is $g=sx+\sum_j\gamma_j[x-t_j]_+$ with $\gamma_j,t_j\ge0$, and
   $R(g)-R(2x)\ge\sum_ie_i(g(x_i)-2x_i)=\sum_j\gamma_jH(t_j)$, because $\sum_ie_ix_i=0$, with
   $H(t)=\sum_ie_i[x_i-t]_+$. $H$ is affine between $0,1,2,3$, has the values $0,1,1,0$ there, and is $0$ beyond. So
   $2x$ is the global minimum of the constrained problem; there $\partial R/\partial w_l=2H(b_l)>0$ for $0<b_l<3$. ∎
5. **The gradient in $b_l$** is printed with $\mathbf 1\{h_{l-1}-b_l\ge0\}$. Away from ties ($h_{l-1}(x_i)\ne b_l$) it
   is right. At a tie $R$ has one-sided derivatives only: $[h-b-t]_+=0$ and $[h-b+t]_+=t$ for $t\ge0$, $h=b$. So for
   $n=1$ the printed value is the left derivative, and the right one has $\mathbf 1\{>\}$ in its place (in both cases
   also in the $\tilde W_k^i$ of later layers, whose inputs move with $h_l$). If $e_i=0$ for all samples at ties, $R$ is
   differentiable and both agree. ∎
   *Ties do occur at local minima*: $f=x+[x-2]_+$ ($c=w_1=1$, $b_1=2$, all other $w_l=0$ with $b_l=8$) and the data
   $(1,3),(2,0),(3,6),(4,5)$, with errors $e=(-2,2,-2,1)$. Parameters nearby give at the data
   $g=sx+\gamma[x-2-t]_+$ with small $t$ and $\gamma>0$, because the kinks of the other layers stay beyond $4$.
   $\sum_ie_ix_i=0$, $\sum_ie_i[x_i-2]_+=0$, $\sum_{x_i>2}e_i=-1$ and $\sum_{x_i\ge2}e_i=1$, so
   $\sum_ie_ig(x_i)=\gamma|t|$ and $R(g)-R(f)=\gamma|t|+\frac12\sum_i(g(x_i)-f(x_i))^2\ge0$. The derivatives in $b_1$
   are $1$ to the right and $-1$ to the left: there is no gradient, and the printed value $-1$ is not $0$. ∎

## Sharper: every affine piece is the line of ordinary least squares

The paper: "each affine piece is *likely* to be a solution to a *weighted* least squares problem".

Let $n=1$ and $x_i\ge0$, and let $\hat f$ be a pair with $d$ free. Let $t_1<\dots<t_m$ be the kinks in $(0,\infty)$ of
both networks: the $x_l>0$ of the layers with $w_l>0$. The pieces are $[0,t_1),(t_1,t_2),\dots,(t_m,\infty)$. (A kink at
$0$ separates no data.)

**Theorem.** Let all first-order conditions hold: the derivatives in $c_1,c_2,d$ are $0$, and $w_l,b_l\ge0$ satisfy the
conditions in 4. Assume that no datum with $e_i\ne0$ lies on one of the $t_j$. Then on every piece $I$
$$\sum_{x_i\in I}e_i=0,\qquad\sum_{x_i\in I}e_ix_i=0:$$
there $\hat f$ is the line of ordinary, unweighted least squares of the data on that piece. Conversely, if this holds
on all pieces, all derivatives of $R$ vanish, except perhaps in $w_l$ where $w_l=0$ and in $b_l$ where $b_l=0$.

*Proof.* Let $V$ be the space of functions that are affine on each piece, with jumps allowed. The derivatives of
$\hat f$ at the data are, up to sign,
$$v_d=1,\quad v_c=h_L,\quad v_{w_l}=c_l(x)[h_{l-1}(x)-b_l]_+,\quad v_{b_l}=-w_l\,c_l(x)\,\mathbf 1\{x>x_l\},$$
$c_l(x)=c\prod_{k>l}(1+w_k\mathbf 1\{x>x_k\})$. The first three are in $V$ if $w_l>0$ ($h_L$ and the $v_{w_l}$ are
continuous, and $0$ at $0$), and so is $v_{b_l}$ if $w_l,b_l>0$; if $w_l=0$ it is $0$. This is the converse. Each $t_j$
is $x_l$ for a layer with $w_l>0$ and $b_l=h_{l-1}(t_j)>0$, so the conditions are equalities for this $w_l$ and $b_l$:
$e$ is orthogonal to $v_{w_l}$ and $v_{b_l}$. By induction from $j=m$ down, $e$ is orthogonal to $\mathbf 1\{x>t_j\}$
and $x\mathbf 1\{x>t_j\}$: $v_{b_l}$ and $v_{w_l}$ vanish for $x<t_j$, are in $V$, and on $(t_j,t_{j+1})$ are a nonzero
constant and an affine function that is not constant ($h_{l-1}$ rises). Beyond $t_{j+1}$ they differ from these by
combinations of $\mathbf 1\{x>t_k\}$, $x\mathbf 1\{x>t_k\}$ with $k>j$, to which $e$ is orthogonal already. In the
same way $v_d$ and $v_c$ give $1$ and $x$, because $h_L$ rises on $(0,t_1)$. These functions span $V$, which contains
$\mathbf 1_I$ and $x\mathbf 1_I$. A datum with $e_i=0$ on a kink changes no sum: it may be counted on both sides. ∎

So neither "likely" nor "weighted" is needed away from kinks, and idle layers do no harm. A piece without data may be
any line, and one with a single datum goes through it. Where the kinks of two networks cancel, two pieces are one line,
of least squares for the data of both. Without $d$ (a single network, as in (10)) the first piece is the least squares
line through the origin, the others as above.

**Data on kinks.** A datum with $e_i\ne0$ may lie on a kink at a local minimum (5). Then "weighted" is right, and
"likely" still is not needed: *at every local minimum there are $\theta_j\in[0,1]$ such that each piece is the line of
weighted least squares, if the data on $t_j$ have the weight $\theta_j$ on the piece before and $1-\theta_j$ on the
piece after it, and all other data the weight $1$.* *Proof.* A network is determined, as a function, by its kinks in
$(0,\infty)$ and the slopes $s_0<s_1<\dots$ between them. If these move a little, $c$, the $w_l>0$ (ratios of slopes)
and the $b_l=h_{l-1}(x_l)$ can follow continuously; idle layers keep $w_l=0$, and layers with $x_l=0$ stay there. So
at a local minimum no such motion lowers $R$ to first order. (i) Adding $\epsilon[x-t_j]_+$, $\epsilon x$ or
$\epsilon$ with $\epsilon$ of either sign: $\sum_ie_i[x_i-t_j]_+=\sum_ie_ix_i=\sum_ie_i=0$. (ii) Moving one network's
kink of height $\gamma>0$ from $t_j$ to $t_j+\tau$ adds $-\gamma\tau\mathbf 1\{x>t_j\}$ at the data for small $\tau>0$,
and $\gamma|\tau|\mathbf 1\{x\ge t_j\}$ for small $\tau<0$. So $\sum_{x_i>t_j}e_i$ and $\sum_{x_i\ge t_j}e_i$ have
opposite signs (or are $0$), and $E_j+(1-\theta_j)\sum_{x_i=t_j}e_i=0$ for $E_j=\sum_{x_i>t_j}e_i$ and a
$\theta_j\in[0,1]$. With (i) the same holds for $e_ix_i=e_i(x_i-t_j)+e_it_j$ in place of $e_i$. The differences of
these equations for neighbouring $j$ say that the weighted errors on every piece are orthogonal to $1$ and $x$. ∎

**Local minima.** If no datum lies on any $x_l$ (idle layers and $x_l=0$ included), all first-order conditions hold, and
$\partial R/\partial w_l>0$ for every idle layer with data beyond $x_l$, the point is a local minimum. *Proof.* Small
changes move no kink across a datum. So they add on each piece an affine function, to which $e$ is orthogonal, and
$\pm\kappa[x-x_l']_+$, $\kappa\ge0$, for idle layers with $x_l'$ near $x_l$. Their products with $e$ are near
$\kappa$ times a positive multiple of $\partial R/\partial w_l$, so not negative; the rest of the change of $R$ is half
a sum of squares. ∎ The certified instances are of this kind.

**Slopes.** If a piece has data with two different $x_i$, its slope is the mean of the data's difference quotients on
that piece with weights $(x_i-x_j)^2$: the least squares slope is
$\sum_{i<j}(x_i-x_j)(y_i-y_j)/\sum_{i<j}(x_i-x_j)^2$ (if data are weighted, of positive weights,
with the product of both). So $|\hat f'|$ is at most the largest difference quotient there, and at most the Lipschitz
constant of the function that the data come from. This is what is true in "the Lipschitz constant of the estimate at a
certain point is either the same as or less than that of the original function": *over the piece*, not at the point,
and only for pieces with two data. ∎

**It does not extend to all pieces.** For every $L\ge2$ and every $M$ there is a global minimum, $R=0$, of data on the
line $y=x$ with $\hat f'>M$ on an interval: a tent of three kinks between two neighbouring data,
$\hat f_1=2x+k[x-\frac14]_++k[x-\frac34]_+$, $\hat f_2=x+2k[x-\frac12]_+$, has slope $1+k$ on $(\frac14,\frac12)$ and
equals $x$ outside $(\frac14,\frac34)$. Optimality alone implies no small Lipschitz constant. ∎

## Sharper: the vectors never span

The paper: if $\mathbb R^N$ is spanned by the vectors of (12a), (12b), the estimator fits all data. True, but for $n=1$
all these vectors, with those of $b$ and $d$, are affine between the points $x_l$ of the $2L$ layers, idle ones
included. Such functions have on the data a dimension of at most $2(2L+1)$. So if $N>4L+2$ they do not span
$\mathbb R^N$: 51 data and $L=10$, for example. A perfect fit is then not a consequence of these conditions, and has to
come from the positions of the kinks. ∎
"$W_l$ is expected to be very close to $0$" if $L$ is large needs care, too: if $\hat f$ is the target, the factors
$1+w_l$ of the second network at the kink $\frac3{10}$ multiply to at least $1+3/s$, with $s=\hat f_2'$ before it,
whatever $L$ is. Single weights are small only if many layers share this kink, or $s$ is large (`ns_biases`).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert.certify.sign import constant
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.landscape.first_order_conditions import Chain, ConstrainedMinimum, Stationary
from rescert.landscape.tied_minimum import TiedMinimum
from rescert.networks.scalar_instances import (
    Assertions,
    linear_fit,
    network_pieces,
    one_layer,
    pair_pieces,
    steep_fit,
    together,
    two_layers,
)

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 12  # layers: deeper exact instances have more bits than a float holds


def validate(instance: Instance) -> None:
    """Raises ``ValueError`` for what is no instance."""
    depth, samples = instance["depth"], instance["samples"]
    if not 1 <= depth <= LARGEST:
        raise ValueError(f"expected a depth from 1 to {LARGEST}, got {depth}")
    if samples < 3:
        raise ValueError(f"expected at least 3 samples, got {samples}")


def _exact(conclusion: bool, assertions: Assertions, reason: str, **shown: Any) -> Finding:
    """HOLDS or FAILS if there are assertions, else undecided."""
    decided = conclusion if assertions else None
    return Finding(True, decided, Evidence.EXACT, reason, assertions=assertions, **shown)


def _vacuous(reason: str, *assertions: dict[str, Any]) -> Finding:
    return Finding(False, None, Evidence.EXACT, reason, assertions=assertions)


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One depth and one number of data on the target; ``tilt``, of the control, breaks the first-order conditions."""
    validate(instance)
    depth, samples = instance["depth"], instance["samples"]
    return {
        **_architecture(depth, samples),
        **_gradients(depth),
        **_optimum(Stationary(depth, instance.get("tilt", 0))),
        "span": _span(depth, samples),
        "steep": _steep(depth),
    }


def _architecture(depth: int, samples: int) -> dict[str, Finding]:
    linear, bound = linear_fit(samples)
    single = network_pieces(depth)
    both = together(single, pair_pieces(depth))
    enough = depth >= 2
    fit = two_layers() if enough else one_layer()
    reason = "two layers are the target, identically" if enough else "one layer stays 1/10 away (written proof)"
    return {
        "linear": _exact(False, linear, f"every a + bx misses {samples} data", measured=f"> {bound}", bound="0"),
        "hidden": _exact(True, fit, reason),
        "segments": _exact(True, single, f"{depth} kinks, so {depth + 1} pieces", measured=depth + 1, bound=depth),
        "pieces": _exact(True, both, f"{depth} kinks, and {2 * depth} of a pair", measured=2 * depth + 1),
    }


def _gradients(depth: int) -> dict[str, Finding]:
    minimum, chain = ConstrainedMinimum(depth), Chain(depth)
    least, slopes = minimum.minimal(), minimum.derivatives()
    curve = {"hinge_b": [0.0, 1.0, 2.0, 3.0, 4.0], "hinge": [0.0, 2.0, 2.0, 0.0, 0.0]}
    equality = "2x is the least over all b, w >= 0 and c > 0, and its derivatives in w are positive"
    misprint, ties, tied = chain.misprint(), chain.ties(), TiedMinimum(depth)
    no_gradient = together(tied.minimal(), tied.one_sided())
    printed = (
        _exact(False, misprint, f"at n = i = 1 the printed product is empty; {depth - 1} factors are missing")
        if depth > 1
        else _vacuous("L = n = 1: the printed product is empty, as it should be", constant(depth - 1, "<="))
    )
    return {
        "equality": _exact(False, together(least, slopes), equality, measured="1", bound="0"),
        "kkt": _exact(
            True, together(least, slopes, minimum.others()), equality + "; those in b, c are 0", values=curve
        ),
        "indices": printed,
        "chain": _exact(True, chain.slopes(), "difference quotients of every layer, on every piece"),
        "bias gradient": _exact(
            False, no_gradient, "a local minimum with a datum on a kink: left derivative -1, as printed; right one 1"
        ),
        "one-sided": _exact(True, together(ties, no_gradient), "two ties, in the last layer and in the first"),
    }


def _optimum(point: Stationary) -> dict[str, Finding]:
    names = ("weighted", "least squares", "secants")
    if point.tilt:
        return dict.fromkeys(names, _vacuous("the derivative in d is not 0", *point.broken()))
    conditions = point.conditions()
    lines = together(conditions, point.least_squares())
    where = f"{point.pieces} pieces, one idle layer with a positive derivative"
    (x, y), ends = point.data, point.lines()
    drawn = {
        "data_x": [float(v) for v in x],
        "data_y": [float(v) for v in y],
        "line_x": [float(at) for at, *_ in ends] + [float(ends[-1][0] + 4)],
        "line_y": [float(low) for _, low, _ in ends] + [float(ends[-1][2])],
    }
    return {
        "weighted": _exact(True, lines, f"a local minimum, all weights 1: {where}"),
        "least squares": _exact(True, lines, where, values=drawn),
        "secants": _exact(True, together(conditions, point.secants()), f"an identity on each of {point.pieces} pieces"),
    }


def _span(depth: int, samples: int) -> Finding:
    dimension = 4 * depth + 2
    if samples <= dimension:
        return _vacuous(f"N = {samples} is not above 4L + 2 = {dimension}", constant(dimension - samples, ">="))
    return Finding(
        True, True, Evidence.EXACT, f"N = {samples} > 4L + 2", dimension, samples, (constant(samples - dimension, ">"),)
    )


def _steep(depth: int) -> Finding:
    if depth < 2:
        return _vacuous("one layer", constant(2 - depth, ">"))
    fit, slope = steep_fit(depth)
    return _exact(True, fit, "no error, and a steep tent between two data", measured=slope, bound=1)


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    drawn = _drawn(rows)
    return {
        "instances": int(rows["instance"].nunique()),
        "depths": ", ".join(str(d) for d in sorted(set(rows["depth"]))),
        "depth": int(drawn["depth"]),
        "pieces": len(drawn["line_x"]) - 1,
    }


def _drawn(rows: pd.DataFrame) -> pd.Series:
    """The second depth, whose pieces are few enough to be seen."""
    held = rows[(rows["statement"] == "least squares") & (rows["verdict"] == "holds")].sort_values("depth")
    return held.iloc[min(1, len(held) - 1)]


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Exact instances of the first-order conditions. Left: a pair of networks of {depth} layers at which all
    conditions hold, with its data and their errors (bars). On each of the {pieces} pieces the errors are orthogonal to
    $1$ and $x$, so the piece is the line of ordinary least squares of its own data (shades alternate). Right: the
    derivative $\partial R/\partial w_l$ in the idle weights at the constrained minimum $2x$ of three concave data
    (inset), as a function of the bias $b_l$: by (12a) as printed it would be 0; it is $\ge0$, and positive for
    $0<b_l<3$. Certificates are exact, for {instances} instances of {depths} layers.
    """
    import pandas as pd
    import seaborn as sns
    from matplotlib import pyplot as plt

    rows = tables["claims/ns_local_optima"]
    shown = _drawn(rows)
    hinge = rows[rows["statement"] == "kkt"].iloc[0]
    blue, orange, green, red = sns.color_palette()[:4]
    drawing, (left, right) = plt.subplots(1, 2, figsize=(6.8, 2.9), width_ratios=(1.25, 1))
    x, y = np.array(shown["data_x"]), np.array(shown["data_y"])
    knots, values = np.array(shown["line_x"]), np.array(shown["line_y"])
    for k, (low, high) in enumerate(pairwise(knots)):
        left.axvspan(low, high, color="0.94" if k % 2 == 0 else "1", linewidth=0)
    left.grid(visible=False)
    left.vlines(x, y, np.interp(x, knots, values), color=red, linewidth=1.2)
    kinks = list(range(1, len(knots) - 1))
    left.plot(knots, values, color=blue, marker="o", markersize=3.5, markevery=kinks, label=r"$\hat f$ and its kinks")
    left.plot(x, y, linestyle="none", marker="s", markersize=3.2, color=orange, label="data")
    left.set(xlabel="$x$", ylabel=r"$\hat f(x)$", xlim=(knots[0], knots[-1]))
    left.legend(loc="best")
    right.plot(hinge["hinge_b"], hinge["hinge"], color=green)
    right.axhline(0, color="0.3", linestyle=":", linewidth=1)
    right.set(xlabel="bias $b_l$", ylabel=r"$\partial R/\partial w_l$ at $w=0$", ylim=(-0.6, 4.6), xlim=(0, 4))
    right.annotate("0, as (12a) is printed", (2, -0.1), ha="center", va="top", fontsize=8, color="0.3")
    inset = right.inset_axes((0.56, 0.56, 0.42, 0.4))
    inset.plot([0, 3], [0, 6], color=blue, linewidth=1.2)
    inset.plot([1, 2, 3], [3, 5, 5], linestyle="none", marker="s", markersize=3.2, color=orange)
    inset.set(xlim=(0, 3.3), ylim=(0, 6.5), xticks=[1, 2, 3], yticks=[3, 5])
    inset.tick_params(labelsize=7)
    inset.grid(visible=False)
    return Drawing(drawing, pd.DataFrame({"x": x, "y": y, "estimate": np.interp(x, knots, values)}))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 4, (10)–(12)",
    title="Local optima of scalar residual networks, and the errata of Section 4",
    statements=(
        Statement(
            "linear",
            r"The estimate is $\hat f(x)=c^Tx$ (10c), and pairs of such networks can fit the target of Figure 4.",
            "as printed",
        ),
        Statement(
            "hidden",
            r"$\hat f(x)=c^Th_L(x)$. A pair of $L$ layers each can be the target of Figure 4 exactly if and only if "
            r"$L\ge2$; for $L=1$ it stays $\frac1{10}$ away somewhere.",
            "as corrected",
            proof="written",
        ),
        Statement("segments", r"A scalar network of $L$ layers could have $L$ segments.", "as printed"),
        Statement(
            "pieces",
            r"A scalar network of $L$ layers has at most $L+1$ affine pieces and a pair at most $2L+1$, and both "
            r"numbers are attained.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "equality",
            r"At every local optimum $\sum_ic_l^ie_i(h_{l-1}(x_i)-b_l)_+^T=0$ for all $l$ (12a).",
            "as printed",
        ),
        Statement(
            "kkt",
            r"At a local optimum at which $R$ is differentiable, $G_l=\sum_ic_l^ie_i(h_{l-1}(x_i)-b_l)_+^T$ satisfies "
            r"$G_l\ge0$ and $G_l\circ W_l=0$, and it need not be $0$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "indices",
            r"The gradient of $\hat f$ with respect to a layer, at the sample $x_i$, is "
            r"$c_i^{i\,T}=c^T(I+\tilde W_n^i)\cdots(I+\tilde W_{i+1}^i)$ (read with the letters as printed).",
            "as printed",
        ),
        Statement(
            "chain",
            r"$\partial\hat f/\partial h_l$ at $x_i$ is $c_l^{i\,T}=c^T(I+\tilde W_L^i)\cdots(I+\tilde W_{l+1}^i)\ge "
            r"c^T$ with $\tilde W_k^i=W_k\operatorname{diag}(\mathbf 1\{h_{k-1}(x_i)>b_k\})$; (12a) and (12b) are "
            r"$Ln^2+n$ conditions, not $ln^2+n$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "bias gradient",
            r"The gradient of $R$ with respect to $b_l$ at a local optimum is "
            r"$-\sum_i\operatorname{diag}(\mathbf 1\{h_{l-1}(x_i)-b_l\ge0\})W_l^Tc_l^ie_i$ (read: at every one).",
            "as printed",
        ),
        Statement(
            "one-sided",
            r"That is so if no $h_{l-1}(x_i)$ has an entry equal to that of $b_l$. At a tie, for $n=1$, it is the left "
            r"derivative; the right one has $\mathbf 1\{>\}$. Ties occur at local minima.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "weighted",
            r"Each affine piece of $\hat f$ at a local optimum is likely to be a solution to a weighted least squares "
            r"problem for the points of that piece (read: it is, for $n=1$, $x_i\ge0$, with weights in $[0,1]$ that "
            r"differ from $1$ on kinks only).",
            "as printed",
            proof="written",
        ),
        Statement(
            "least squares",
            r"For $n=1$ and $x_i\ge0$, if all first-order conditions hold and no datum with $e_i\ne0$ lies on a kink, "
            r"every affine piece of $\hat f=\hat f_1-\hat f_2+d$ is the line of ordinary least squares of the data on "
            r"it.",
            "sharper",
            proof="written",
        ),
        Statement(
            "secants",
            r"Then the slope of every piece with two different $x_i$ is the mean of its data's difference quotients "
            r"with weights $(x_i-x_j)^2$, so it is at most the Lipschitz constant of the function that the data come "
            r"from.",
            "sharper",
            proof="written",
        ),
        Statement(
            "steep",
            r"Optimality bounds no slope of other pieces: for $L\ge2$ even data on the line $y=x$ have global minima, "
            r"$R=0$, of arbitrarily large Lipschitz constant (here above 2046).",
            "sharper",
            proof="written",
        ),
        Statement(
            "span",
            r"For $n=1$ and $N>4L+2$ different data the vectors of (12a)–(12b) that the errors are orthogonal to, with "
            r"those of $b$ and $d$, do not span $\mathbb R^N$: a perfect fit does not follow from them.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"depth": 2, "samples": 11, "tilt": 1},
    control_statement="least squares",
    figure=figure,
    validate=validate,
    summary=summary,
)
