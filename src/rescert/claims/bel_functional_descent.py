r"""Functional gradient descent cannot be stuck near the identity, parametric descent can (Bartlett, Evans, Long 2018).

Section 6 draws a consequence of Theorem 4 for algorithms. Let $x_1,\dots,x_n$ be distinct inputs other than $0$,
$Q(h)=\frac1{2n}\sum_j|h(x_j)-y_j|^2$ with $h=h_m\circ\dots\circ h_1$ (so $Q^*=0$), and $h_i=\mathrm{Id}+f_i$ with every
component of $f_i$ in a space $H$ of functions with reproducing kernel $k_0$, $f_i(0)=0$. Write $z_{0,j}=x_j$,
$z_{i,j}=h_i(z_{i-1,j})$, $r_j=h(x_j)-y_j$, and $J_{i,j}$ for the Jacobian of $h_m\circ\dots\circ h_{i+1}$ at $z_{i,j}$.

## The functional gradient

$H$ consists of the functions of a larger space, with kernel $k(x,y)=\varphi(|x-y|^2/s^2)$, that vanish at $0$. That
hypothesis is Theorem 4's ($\lVert h_i\rVert<\infty$ forces $h_i(0)=0$), and $H$ is the orthogonal complement of
$k(\cdot,0)$, so its kernel is $k_0(x,y)=k(x,y)-k(x,0)k(0,y)$, as $k(0,0)=1$. Two kernels are used: the Gaussian
$\varphi(t)=e^{-t/2}$ and the inverse multiquadric $\varphi(t)=(1+t)^{-1/2}$. Both are strictly positive definite: the
matrix of $k$ at distinct points is positive definite (the Fourier transform of a Gaussian is positive, and
$(1+t)^{-1/2}$ is a mean of Gaussians, $\pi^{-1/2}\int_0^\infty u^{-1/2}e^{-u}e^{-ut}\,du$). Then so is that of $k_0$ at
distinct points other than $0$: it is the Schur complement of the entry at $0$.

The derivative of $Q$ in $f_i$ along $\Delta$ is $\frac1n\sum_j\langle J_{i,j}^{\mathsf T}r_j,\Delta(z_{i-1,j})\rangle$,
so the gradient in $H^d$ is
$$G_i=\sum_jk_0(\cdot,z_{i-1,j})\,w_{i,j},\qquad w_{i,j}=\tfrac1nJ_{i,j}^{\mathsf T}r_j,\qquad
\lVert G_i\rVert^2=\sum_{j,l}k_0(z_{i-1,j},z_{i-1,l})\langle w_{i,j},w_{i,l}\rangle.$$

## Distances from the identity

For $f\in H^d$ let $\lVert f\rVert_*$ be the largest norm of $u\cdot f$ over unit vectors $u$. For
$f=\sum_ck_0(\cdot,x_c)C_c$ that is $\lambda_{\max}(C^{\mathsf T}KC)^{1/2}$ with $K=(k_0(x_c,x_{c'}))$, and
$\lVert f\rVert_*\le\lVert f\rVert$ in $H^d$.

**Lemma.** $|f(x)|\le\lVert f\rVert_*$, $\lVert f\rVert_L\le\lVert f\rVert_*/s$ and
$|D^2f(x)[v,v]|\le\kappa\lVert f\rVert_*|v|^2/s^2$, with $\kappa=\sqrt3$ for the Gaussian and $3$ for the multiquadric.

*Proof.* Let $u$ be a unit vector and $g=u\cdot f$; $H$ is a subspace of the larger space, so $g(x)=\langle
g,k(\cdot,x)\rangle$ there, and $k(x,x)=1$ gives the first part. With $t=|x-y|^2/s^2$,
$\lVert k(\cdot,x)-k(\cdot,y)\rVert^2=2-2\varphi(t)\le t$, because $\varphi(t)\ge1-\frac t2$: both are convex with
$\varphi(0)=1$, $\varphi'(0)=-\frac12$. Hence $|g(x)-g(y)|\le\lVert g\rVert|x-y|/s$; take $u$ along $f(x)-f(y)$. For
a unit vector $v$, $\partial_v^2g(x)=\langle g,\partial_v^2k(\cdot,x)\rangle$, and
$\lVert\partial_v^2k(\cdot,x)\rVert^2$ is the fourth derivative of $r\mapsto\varphi(r^2/s^2)$ at $0$, which is
$12\varphi''(0)/s^4$: $3/s^4$ and $9/s^4$. ∎

So $\lVert f_i\rVert_*<s$ certifies that layer $i$ is near the identity *on all of* $\mathbb R^d$, from a matrix of
size $d$. The certificates use $\lambda_{\max}(G)\le(\operatorname{tr}G^8)^{1/8}$, which is an equality for $d=1$ and
loses at most the factor $2^{1/16}$ in the distance for $d=2$.

## No bad critical points near the identity

**Theorem A.** Let $\lVert h_l-\mathrm{Id}\rVert_L\le\varepsilon_l<1$ for all $l$. For every $i$, with $K_i$ the matrix
of $k_0$ at the $z_{i-1,j}$,
$$\lVert G_i\rVert^2\ge2\mu_iQ,\qquad\mu_i=\tfrac1n\lambda_{\min}(K_i)\prod_{l>i}(1-\varepsilon_l)^2>0.$$
So one vanishing $G_i$ suffices for $h=h^*$ on the sample.

*Proof.* $\lVert G_i\rVert^2=\operatorname{tr}(w_i^{\mathsf T}K_iw_i)\ge\lambda_{\min}(K_i)\sum_j|w_{i,j}|^2$. The
Jacobian $I+Df_l$ of a layer has $|(I+Df_l)^{\mathsf T}v|\ge(1-\varepsilon_l)|v|$, because
$\lVert Df_l\rVert\le\varepsilon_l$; so $|w_{i,j}|\ge\frac1n\prod_{l>i}(1-\varepsilon_l)|r_j|$, and
$\sum_j|r_j|^2=2nQ$. Finally $|h_l(x)-h_l(y)|\ge(1-\varepsilon_l)|x-y|$ and $h_l(0)=0$: the $z_{i-1,j}$ are distinct and
not $0$, so $K_i$ is positive definite. ∎

For weights $p_j$ in place of $\frac1n$ replace $\frac1n\lambda_{\min}(K_i)$ by $\min_jp_j\cdot\lambda_{\min}(K_i)$;
where inputs repeat, $y_j$ by the conditional mean and $Q$ by $Q-Q^*$. In contrast to Theorem 4 the bound is a
Polyak–Łojasiewicz inequality in a norm in which one can descend; it costs the factor $\lambda_{\min}(K_i)$. Descent
ends along the least eigenvector of $K$, and there the bound is nearly attained (the table shows ratios near 1).

## Descent converges, if it starts low enough

For $i=1$ the matrix $K_1=K$ belongs to the inputs $x_j$: **it does not change during training**. That makes $\mu_1$
uniform in the region. It also justifies what is computed here. A functional step adds to layer $i$ an expansion with
centres at its present inputs $z_{i-1,j}$, which move, so that the number of centres grows with the steps. Here the
centres stay at the $x_j$, where the identity has all its inputs, and the step follows the *projection* of $G_i$ on the
span $V$ of the $k_0(\cdot,x_c)$, in the metric of $H$ (not of the coefficients). $G_1$ lies in $V$ at all times. What
is lost is a part of $G_i$ for $i\ge2$, hence speed (the table says how much is kept; in deep runs with the narrow
Gaussian at times less than 1 % of $\sum_i\lVert G_i\rVert^2$); Theorems A and B lose nothing.

**Theorem B.** Let $\lVert f_i^0\rVert_*\le b_is$ for the layers of a state with risk $Q_0$, let $\delta>0$ with
$b_i+\delta<1$ for all $i$, and
$$8Q_0<\mu\,\delta^2s^2,\qquad\mu=\tfrac1n\lambda_{\min}(K)\prod_{i\ge2}(1-b_i-\delta)^2.$$
Then gradient descent from there with Armijo's rule, in $H^d$ or in $V$, or with any constant step $\eta\le1/L$, never
moves a layer by $\delta s$ or more, so that all layers stay within $b_i+\delta<1$ of the identity, and $Q\to0$. A step
$\eta$ multiplies $Q$ by $1-\mu\eta$ at most. Here, with $\varepsilon_i=b_i+\delta$,
$e_i=\prod_{l>i}(1+\varepsilon_l)$ and $A^2=\sum_ie_i^2$,
$$L=A^2+\frac As\sum_ie_i(\kappa\varepsilon_iA+2)\sqrt{2Q_0}.$$
From the identity ($b=0$), with $\delta=\frac1m$ (a little less if $m=1$):
$Q_0<\frac{\lambda_{\min}(K)s^2}{8nm^2}(1-\frac1m)^{2(m-1)}$ suffices.

*Proof.* Let $G=(G_1,\dots,G_m)$, or its projection; $\lVert G\rVert^2\ge\lVert G_1\rVert^2\ge2\mu Q$ as long as the
layers have moved by less than $\delta s$ each (Theorem A and the Lemma). *Length.* A step that satisfies Armijo's rule,
$Q^+\le Q-\frac12\eta\lVert G\rVert^2$, has
$$\sqrt Q-\sqrt{Q^+}\ge\frac{Q-Q^+}{2\sqrt Q}\ge\frac{\eta\lVert G\rVert^2}{4\sqrt Q}
\ge\frac{\sqrt{2\mu}}4\,\eta\lVert G\rVert.$$
By induction the steps so far have together a length of at most $\sqrt{8/\mu}\,(\sqrt{Q_0}-\sqrt{Q^+})
\le\sqrt{8Q_0/\mu}<\delta s$, so that the next state is within $\delta s$, too. *Short steps satisfy the rule.* Let
$f^\tau=f-\tau G$, and let $Q\le Q_0$ and $f^\tau$ be within $\delta s$ for $\tau\in[0,\tau^*]$. Differentiate
$z_i=z_{i-1}+f_i^\tau(z_{i-1})$ along a unit direction $\Delta$: $\dot z_i=Dh_i\dot z_{i-1}+\Delta_i(z_{i-1})$ gives
$|\dot z_i|\le A$ for all $i$ (Lemma, Cauchy–Schwarz), and
$\ddot z_i=Dh_i\ddot z_{i-1}+D^2f_i^\tau[\dot z_{i-1},\dot z_{i-1}]+2D\Delta_i\dot z_{i-1}$ gives
$|\ddot z_m|\le\sum_ie_i(\kappa\varepsilon_iA^2+2A)/s$. So the second derivative of $Q$ is at most
$\frac1n\sum_j(|\dot z_m|^2+|r_j||\ddot z_m|)\le L$, and
$Q(f^\tau)\le Q-\tau(1-\frac12L\tau)\lVert G\rVert^2\le Q-\frac12\tau\lVert G\rVert^2$ for $\tau\le\min\{\tau^*,1/L\}$.
The length at $\tau$ is, as above, less than $\delta s$ and $Q(f^\tau)\le Q_0$, strictly less if $G\ne0$ and $\tau>0$.
So $\tau^*<1/L$ cannot be the last such number: the rule holds up to $1/L$. *Convergence.* $Q^+\le Q-\frac12\eta\lVert
G\rVert^2\le(1-\mu\eta)Q$, and halving refused steps keeps $\eta$ above half of $1/L$ or at its first value. ∎

The condition is met by runs that are already low. Their last state then *certifies* that the descent ends at $Q=0$ with
all layers near the identity: not only that $Q$ is small. It is sufficient and far from necessary.

## Does descent stay near the identity? Not by itself

"If near-identity behavior on each layer is maintained, for example through regularization or early stopping" is a
hypothesis, and it matters. For $h^*(x)=-x$ on the line descent must leave: maps with $\varepsilon_i<1$ on the line
increase, and so does their composition. But descent leaves in milder cases, too: for `cos1d`, where $h^*-\mathrm{Id}$
itself has the Lipschitz constant $\frac12$, with the narrow Gaussian at every depth tried and with the wider
multiquadric at $m=2$, because expansions on the sample swing between its points. The certificate is a point at which
the Jacobian of $f_i$ stretches a vector; it is one of the state that a run in floats has reached. Outside nothing is
implied, and in these runs nothing bad happens, either: the risk falls on.

## The hypotheses are needed

Three exact critical points with $Q>Q^*$ (`stuck_points`). *Linear kernel*: $k_0(x,y)=xy$ on the sample $\pm1,\pm2$,
$y=x+\frac14x^2$: the identity has $G_i=\frac1n\sum_jx_jr_j\,(\cdot)=-\frac1{4n}\sum_jx_j^3\,(\cdot)=0$. *Distance 1*:
$h_1=h_2=0$ is critical in every space $H$: $k_0(\cdot,0)=0$ makes $G_2=0$, and $Dh_2(0)=0$ makes $G_1=0$. *The origin*:
a datum at $0$ with $h^*(0)\ne0$ is seen by no $f_i$.

## Parametric descent

**Theorem C.** For every depth, width, target and sample, the $(m,d,k)$ tanh network with all parameters zero has
gradient zero. So gradient descent from it never moves, though it is at distance 0 from the identity.

*Proof.* The network is the identity and $J_{i,j}=I$. The derivative in $A_i$ is $\frac1n\sum_jr_j\tanh(B_ix_j)^{\mathsf
T}=0$ as $B_i=0$, and the one in $B_i$ has the factor $A_i^{\mathsf T}=0$. ∎

This contradicts the printed sentence that "for residual networks for which the nonlinear components are computed by
standard architectures with a variable size [...] every critical point (with this parameterization) satisfying the
Lipschitz constraint is a global optimum": Theorem C holds for every width $k$. The sentence becomes true where
"critical" means that the derivatives vanish in the outer weights of *every* possible unit, present or not, if those
units span a dense set. Units $\tanh(b\cdot x)$ without biases do not: they are odd, and for a residual that is even on
a symmetric sample all these derivatives vanish. (The samples here have no two opposite inputs.)

From a small random start parametric descent is near this point, and at first only the matrix
$\frac1n\sum_j(y_j-x_j)x_j^{\mathsf T}$ moves it: it lingers the longer the smaller the start and this matrix are.
Starts are Gaussian, both methods obey the same rule for steps, and each run is compared with functional descent after
as many iterations. For `cos1d` the matrix nearly vanishes, as $h-\mathrm{Id}$ is even and the network odd.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics.descent_runs import Assertions, Run, drawn, given, runs
from rescert.dynamics.near_identity_region import below
from rescert.dynamics.stuck_points import STUCK
from rescert.statistics import clopper_pearson, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = ("parameters", "functional", "zero", "slope", "converges", "descent", "leaves", "needed", "random")
FRACTION = "1/1000"  # of the first risk, where an instance says nothing else


def validate(instance: Instance) -> None:
    example, fraction = instance.get("example"), Fraction(str(instance.get("fraction", FRACTION)))
    if "example" in instance and example not in STUCK:
        raise ValueError(f"expected an example among {', '.join(STUCK)}, got '{example}'")
    if not 0 < fraction < 1:
        raise ValueError(f"expected a fraction between 0 and 1, got {fraction}")


def expand(instance: Instance, inputs: Inputs) -> list[Instance]:
    """One instance a target, depth and kernel of the network; an example is one by itself."""
    if "example" in instance:
        return [instance]
    return [{**instance, **run} for run in runs(inputs.table(f"networks/{instance['network']}"))]


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """An exact example, or a run of functional descent with the parametric runs on the same target and depth."""
    if "example" in instance:
        return _example(instance["example"])
    run = Run.read(inputs, *(instance[name] for name in ("network", "target", "kernel", "depth")))
    return {
        **_zero(run),
        **_inside(run),
        "converges": _converges(run),
        "descent": _descent(run, Fraction(str(instance.get("fraction", FRACTION)))),
        "leaves": _leaves(run),
        "needed": Finding(True, None, Evidence.NUMERICAL, "this run has all hypotheses"),
        "random": _random(run),
    }


def _enclosed(assertions: Assertions, reason: str, measured: str, bound: str) -> Finding:
    reason = reason if assertions else f"not shown: {reason}"
    return Finding(True, True if assertions else None, Evidence.ENCLOSED, reason, measured, bound, assertions)


def _zero(run: Run) -> dict[str, Finding]:
    """The zero network of the width of the parametric runs: the gradient in balls of radius zero."""
    still, apart = run.zero_start()
    both = still + apart if still and apart else ()
    reason = f"the zero network of width {run.width} is critical, at distance 0, and Q > 0"
    printed = Finding(True, False if both else None, Evidence.EXACT, reason, f"{run.first:.3g}", "0", both)
    moved = f"{run.parametric['bound'].get(-1, 0.0):g}"
    zero = Finding(True, bool(still) or None, Evidence.EXACT, "all derivatives are exactly 0", moved, "0", still)
    return {"parameters": printed, "zero": zero}


def _inside(run: Run) -> dict[str, Finding]:
    """Theorem A at the start and, where its layers are shown near the identity, at the end."""
    where = "at the start and at the end" if run.near else "at the start; the end is not shown near the identity"
    shown, ratio = run.slopes()
    critical = f"Q > 0 and |G_i| > 0 for all i {where}"
    rates = ", ".join(f"{float(s.rate()):.3g}" for s in run.inside)
    return {
        "functional": _enclosed(run.critical(), critical, f"{run.inside[-1].loss:.3g}", "0"),
        "slope": _enclosed(shown, f"{where}; mu = {rates}", f"{ratio:.3g} times the bound", "1 times the bound"),
    }


def _converges(run: Run) -> Finding:
    end, start, values = run.end, run.start, {"from_identity": run.from_identity}
    numbers = f"{end.loss:.3g}", f"{float(end.reach):.3g}"
    if not run.near or end.loss >= end.reach:
        why = "the risk is not below the bound" if run.near else "a layer is not shown near the identity"
        return Finding(False, None, Evidence.NUMERICAL, why, *numbers, (), values)
    reason = f"Q -> 0 with every layer within {float(max(end.distances) + end.room):.5g}, at steps up to "
    reason += f"{float(below(1 / end.smoothness())):.3g}; from the identity Q < {float(start.reach):.3g} is enough, "
    reason += f"{'and it is' if run.from_identity else 'but it is'} {start.loss:.3g}"
    return replace(_enclosed(run.limit(), reason, *numbers), values=values)


def _descent(run: Run, fraction: Fraction) -> Finding:
    """Whether the risk has fallen to the fraction; a run that is shown outside and has not is vacuous."""
    first = Fraction(run.start.loss) * (1 - Fraction(1, 2**40))  # shown to be below the risk of the identity
    bound, values, near = fraction * first, run.measured(), run.near or None
    numbers = f"{run.end.loss:.3g}", f"{float(bound):.3g}"
    reason = "Q fell all the time" if run.functional["loss"].is_monotonic_decreasing else "Q did not always fall"
    reason += f"; distances at the end at most {values['distance']:.3g}, sampled {values['sampled']:.3g}; at least "
    reason += f"{100 * values['kept']:.3g} % of the squared gradient kept"
    shown = given(run.start.prove_risk(">", first), run.end.prove_risk("<", bound), run.end.prove_distances())
    if shown:
        return Finding(near, True, Evidence.ENCLOSED, reason, *numbers, shown, values)
    left = given(run.outside.prove_outside()) if run.outside is not None else ()
    if left:
        return Finding(False, None, Evidence.ENCLOSED, f"it left the region; {reason}", *numbers, left, values)
    return Finding(near, None, Evidence.NUMERICAL, reason, *numbers, (), values)


def _leaves(run: Run) -> Finding:
    if run.outside is None:
        reason = f"no sampled Jacobian is above 1; {run.left()}"
        return Finding(True, None, Evidence.NUMERICAL, reason, f"{run.functional['sampled'].max():.4g}", "1")
    largest, layer, _, _ = run.outside.steepest()
    when = run.functional.loc[run.functional["sampled"] > 1, "iteration"].min()
    reason = f"iteration {when}, Q = {run.outside.loss:.3g}: layer {layer + 1} of {run.depth} stretches a vector; "
    return _enclosed(given(run.outside.prove_outside()), reason + run.left(), f"{largest:.4g}", "1")


def _random(run: Run) -> Finding:
    drawn_losses = run.parametric.loc[run.parametric.index >= 0, "loss"].to_numpy()
    hits = drawn_losses > run.end.loss
    low, high = clopper_pearson(int(hits.sum()), len(hits))
    conclusion = True if low > 0.5 else False if high < 0.5 else None
    near = True if run.near else None if run.outside is None else False
    reason = f"the parametric risk is larger in {share(hits)} starts; "
    reason += f"it has halved in {share(drawn_losses < run.first / 2)}"
    numbers = f"{np.median(drawn_losses):.3g}", f"{run.end.loss:.3g}"
    return Finding(near, conclusion, Evidence.NUMERICAL, reason, *numbers, (), {"starts": len(hits)})


def _example(name: str) -> dict[str, Finding]:
    """A critical point with Q > 0 where one hypothesis is broken; of the other statements it says nothing."""
    stuck = STUCK[name]
    broken, critical = stuck.prove_missing(), stuck.prove_stuck()
    both = broken + critical if broken and critical else ()
    reason = f"{stuck.missing}: the gradient is exactly 0 and Q > 0"
    no = False if both else None
    return {
        **dict.fromkeys(NAMES, Finding(False, None, Evidence.NUMERICAL, "an exact example, no run")),
        "functional": Finding(no, no, Evidence.EXACT, reason, "0", "0", both),
        "needed": Finding(True, bool(both) or None, Evidence.EXACT, reason, "0", "0", both),
    }


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """Numbers for the caption."""
    numbers = ("first", "iterations", "distance", "starts", "from_identity")
    rows = rows.assign(**{name: np.nan for name in numbers if name not in rows})
    found = rows[(rows["statement"] == "descent") & rows["first"].notna()]
    held = rows[(rows["verdict"] == "holds") & rows["certified"]]["statement"].value_counts()
    return {
        "runs": len(found),
        "iterations": int(found["iterations"].max()) if len(found) else 0,
        "seeds": int(rows["starts"].fillna(0).max()),
        "reached": int(held.get("descent", 0)),
        "converging": int(held.get("converges", 0)),
        "outside": int(held.get("leaves", 0)),
        "inside": int((found["distance"] < 1).sum()),
        "started": int(rows["from_identity"].eq(True).sum()),
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Functional against parametric descent from the identity. Top: $Q$ over its first value. Colours: functional
    descent of $m$ layers; black, broken: the parametric network from zero, which never moves; grey: the median, the
    middle half and the whole range of {seeds} small random starts of the deepest network. Bottom: the layer farthest
    from the identity; dashed the bound of its Lipschitz constant, solid the largest Jacobian found, a lower estimate.
    A circle marks the iteration at which the bound first reaches 1 (dotted), where Theorem 4's hypothesis is no longer
    certain. Of {runs} runs over all targets, depths and kernels {reached} are certified to have reached the wanted
    fraction of $Q$ after {iterations} iterations, and {inside} to have every layer near the identity then;
    {converging} are certified to converge to $Q=0$ within the region ({started} of them from the identity on), and
    {outside} to have left it.
    """
    import matplotlib.pyplot as plt

    history = next(table for name, table in tables.items() if name.startswith("networks/"))
    names, kernel = drawn(history)
    drawing, panels = plt.subplots(2, len(names), figsize=(6.8, 4.8), sharex=True, sharey="row", squeeze=False)
    for (top, bottom), name in zip(panels.T, names, strict=True):
        _draw(top, bottom, history[history["target"] == name], kernel)
        top.set_title({"mirror": "$h^*(x)=-x$", "teacher": "tanh teacher"}.get(name, name))
        bottom.set_xlabel("iteration + 1")
    panels[0, 0].set_ylabel("$Q$ over its first value")
    panels[1, 0].set_ylabel("largest distance of\na layer from the identity")
    panels[1, 0].set_ylim(bottom=1e-2)
    labelled: dict[str, Any] = {}
    for axes in panels.flat:
        labelled |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    drawing.legend(labelled.values(), labelled.keys(), loc="outside lower center", ncols=3)
    shown = history[history["target"].isin(names) & history["kernel"].isin([kernel, "none"])]
    return Drawing(drawing, shown.reset_index(drop=True))


def _draw(top: Axes, bottom: Axes, rows: pd.DataFrame, kernel: str) -> None:
    import seaborn as sns

    rows = rows.assign(at=rows["iteration"] + 1)
    starts = rows[(rows["method"] == "parametric") & (rows["depth"] == rows["depth"].max())]
    first, zero = starts["loss"].max(), starts[starts["seed"] < 0]
    random = starts[starts["seed"] >= 0].groupby("at")["loss"]
    low, quarter, median, most, high = (random.quantile(q) / first for q in (0, 0.25, 0.5, 0.75, 1))
    top.fill_between(low.index, low, high, color="0.85", linewidth=0)
    top.fill_between(low.index, quarter, most, color="0.65", linewidth=0)
    top.plot(median.index, median, color="0.45", linewidth=2.2, label="parametric, random starts")
    top.plot(zero["at"], zero["loss"] / first, color="black", linestyle=(0, (3, 2)), label="parametric, from zero")
    depths = sorted(rows["depth"].unique())
    for colour, depth in zip(sns.color_palette(n_colors=len(depths)), depths, strict=True):
        run = rows[(rows["kernel"] == kernel) & (rows["depth"] == depth)].sort_values("iteration")
        top.plot(run["at"], run["loss"] / run["loss"].iloc[0], color=colour, label=f"functional, $m={depth}$")
        moved = run[run["iteration"] > 0]
        bottom.plot(moved["at"], moved["bound"], color=colour, linestyle="--", linewidth=1.2)
        bottom.plot(moved["at"], moved["sampled"], color=colour)
        if (left := run["left"].iloc[-1]) >= 0:
            size = 3.5 + 2.5 * (len(depths) - 1 - depths.index(depth))  # circles at one place are rings
            bottom.plot(
                [left + 1],
                [1],
                "o",
                color=colour,
                markeredgecolor="black",
                markeredgewidth=0.6,
                markersize=size,
                zorder=4,
            )
    bottom.axhline(1, color="0.3", linestyle=":", linewidth=1.0)
    for axes in (top, bottom):
        axes.set(xscale="log", yscale="log")


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Section 6",
    title="Functional and parametric gradient descent near the identity",
    statements=(
        Statement(
            "parameters",
            r"For residual networks whose nonlinear components are computed by standard architectures with a variable "
            r"size, every critical point (with this parameterization) satisfying the Lipschitz constraint is a global "
            r"optimum.",
            "as printed",
        ),
        Statement(
            "functional",
            r"Functional gradient methods cannot get stuck at suboptimal critical points in the near-identity region: "
            r"let $k_0$ be strictly positive definite on distinct points other than $0$, and $h_i(0)=0$, "
            r"$\lVert h_i-\mathrm{Id}\rVert_L<1$ for all $i$. If the gradient of $Q$ in one layer, in the space of "
            r"$k_0$, is zero, then $h=h^*$ on the sample.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "zero",
            r"Parametric gradient descent of an $(m,d,k)$ tanh residual network never moves from the zero network: its "
            r"gradient is exactly zero, for every target, depth and width.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "slope",
            r"With $\lVert h_l-\mathrm{Id}\rVert_L\le\varepsilon_l<1$: $\lVert G_i\rVert^2\ge\frac2n\lambda_{\min}(K_i)"
            r"\prod_{l>i}(1-\varepsilon_l)^2\,(Q-Q^*)$. (Checked for $i=1$, whose matrix $K_1$ is constant, "
            r"with lower bounds of $\lambda_{\min}$ and $1-\varepsilon_l$ that are certified.)",
            "sharper",
            proof="written",
        ),
        Statement(
            "converges",
            r"If $8Q_0<\frac1n\lambda_{\min}(K)\prod_{i\ge2}(1-b_i-\delta)^2\,\delta^2s^2$ for a state whose layers "
            r"are within $b_i$ of the identity in the norm of the space of $k_0$, $b_i+\delta<1$, then functional "
            r"gradient descent from it (by Armijo's rule, or with a constant step of at most $1/L$) converges to $Q=0$ "
            r"with every layer within $b_i+\delta<1$ of the identity.",
            "sharper",
            proof="written",
        ),
        Statement(
            "descent",
            r"While its layers stay near the identity, functional gradient descent from the identity reaches the "
            r"global minimum of $Q$ on the sample (here: a given fraction of the first $Q$ in so many iterations; "
            r"the run is one in floats, and what is certified is the risk of its last state).",
            "as corrected",
        ),
        Statement(
            "leaves",
            r"Nothing keeps functional gradient descent near the identity: started at the identity, it leaves the "
            r"region $\lVert h_i-\mathrm{Id}\rVert_L\le1$. (The run is one in floats; that the state which it reached "
            r"is outside is certified.)",
            "sharper",
            quantifier="some",
        ),
        Statement(
            "needed",
            r"The hypotheses are needed: there is a point with $Q>Q^*$ at which the functional gradient of every layer "
            r"is exactly zero, if the kernel is not strictly positive definite, if a layer is at distance 1 from the "
            r"identity, or if $0$ is in the sample and $h^*(0)\ne0$.",
            "sharper",
            quantifier="some",
        ),
        Statement(
            "random",
            r"Where functional gradient descent stays near the identity, parametric gradient descent has, from most "
            r"small random starts and after as many iterations, the larger $Q$.",
            "sharper",
        ),
    ),
    check=check,
    control={"example": "linear"},
    control_statement="functional",
    figure=figure,
    expand=expand,
    validate=validate,
    summary=summary,
)
