r"""Instability of the matrix chain above a critical step (Nar and Sastry 2018, Theorem 1).

The product $W_L\cdots W_1$ of $n\times n$ matrices is fitted to $R\ne0$ by gradient descent with step $\delta>0$ on
$f(W)=\tfrac12\|E\|_F^2$, $E=W_L\cdots W_1-R$; this is (4) with $\Sigma=I$. With $A_i=W_L\cdots W_{i+1}$ and
$B_i=W_{i-1}\cdots W_1$ ($A_L=B_1=I$) a step is $W_i\leftarrow W_i-\delta A_i^{\mathsf T}EB_i^{\mathsf T}$; as a map,
$F=\mathrm{id}-\delta\nabla f$. Let $\lambda(R)$ be the spectral radius, $s=\|R\|_2$ the spectral norm, $\mathcal M$ the
set of factorisations $W_L\cdots W_1=R$, all of them equilibria, and
$$\delta_\lambda=\frac2{L\,\lambda(R)^{2(L-1)/L}},\qquad\delta_s=\frac2{L\,s^{2(L-1)/L}}\le\delta_\lambda.$$
$\delta_\lambda$ is the printed threshold; for symmetric $R$ the two are equal.

## What is wrong as printed

The theorem has two conclusions, and its proof is a diagonalisation. The three are settled apart.

1. *"None of the equilibria is stable"* is true, for another reason and without most of the hypotheses: below.
2. *"The gradient descent cannot converge"* is false. Let $R=\tfrac9{16}$ (or $\tfrac9{16}I$), $L=2$, $W_i[0]=1$,
   $\delta=4>\delta_\lambda=\tfrac{16}9$. Then $W_i[1]=1-4(1-\tfrac9{16})=-\tfrac34$ and $W_2W_1=\tfrac9{16}=R$ exactly:
   an unstable equilibrium, reached in one step. The same happens without symmetry, with $W_i[0]$ and $R$ of the very
   same eigenspaces: let $P=xy^{\mathsf T}$ with $y^{\mathsf T}x=1$, $\kappa=|x|^2|y|^2$, $L=2$, $W_i[0]=P$, $R=rP$,
   $e=1-r$. Then $E=eP$, and as $P^2=P$ and $PP^{\mathsf T}P=\kappa P$, the first step leads to
   $W_2W_1-R=e\,(1-2\delta\kappa+\delta^2\kappa e)\,P$. This is $0$ for $\delta=4$, $\kappa=2$, $r=\tfrac{17}{32}$. What
   is true is that the starts from which gradient descent converges to a point of $\mathcal M$ are a null set: below.
3. *The diagonalisation.* "A common invertible $M$ can diagonalize all matrices in (5)": it does so for $R$ and $W_i$,
   not for the transposes $W_i^{\mathsf T}=M^{-\mathsf T}\Lambda M^{\mathsf T}$, which are diagonal in $M^{-\mathsf T}$.
   For $R$ that is not symmetric the steps leave the matrices that commute with $R$: an entry of $W_i[k]R-RW_i[k]$ that
   is not $0$ is exhibited, at $k\le2$.
4. Smaller things. The proof's $\lambda_r^{2(L-1)/L}$ needs $|\lambda_r|$. Proposition 1 says when an equilibrium is
   *asymptotically* stable, which none is at any step for $L\ge2$, because no point of $\mathcal M$ is isolated; it does
   not say when one is unstable. Theorem 2 uses the diagonalisation for $W_i[0]=I$, whose eigenspace is not those of
   $R$: what the proofs use is a basis of common eigenvectors, and so the hypothesis is read here.

## The least sharpness of a factorisation

**Lemma 1.** For every $R\ne0$, $L\ge1$ and $W\in\mathcal M$: $\lambda_{\max}(\nabla^2f(W))\ge L\,s^{2(L-1)/L}$.

*Proof.* At $E=0$ the quadratic form of $\nabla^2f(W)$ is $\|\sum_iA_iV_iB_i\|_F^2$, because second derivatives of the
product are multiplied by $E$. Let $Rv=su$ and $R^{\mathsf T}u=sv$ with unit vectors, $a_i=|A_i^{\mathsf T}u|$,
$b_i=|B_iv|$. As $R=A_iW_iB_i$ and $u^{\mathsf T}Rv=s>0$, all $a_i$ and $b_i$ are positive. Put
$V_i=(A_i^{\mathsf T}u)(B_iv)^{\mathsf T}$. Then $\sum_i\|V_i\|_F^2=\sum_ia_i^2b_i^2=:S$ and
$$\Bigl\|\sum_iA_iV_iB_i\Bigr\|_F\ge u^{\mathsf T}\Bigl(\sum_iA_iV_iB_i\Bigr)v=\sum_ia_i^2b_i^2=S,$$
so the Rayleigh quotient is at least $S^2/S=S$. By the inequality of the means $S\ge L\,(\prod_ia_ib_i)^{2/L}$. Now
$a_L=b_1=1$, and for $i<L$, $R=A_iB_{i+1}$ gives $s=(A_i^{\mathsf T}u)^{\mathsf T}(B_{i+1}v)\le a_ib_{i+1}$. Hence
$\prod_ia_ib_i=\prod_{i<L}a_ib_{i+1}\ge s^{L-1}$. ∎

**It is attained.** Let $R=USV^{\mathsf T}$ and $W_1=S^{1/L}V^{\mathsf T}$, $W_i=S^{1/L}$, $W_L=US^{1/L}$ ($W_1=R$ if
$L=1$). Orthogonal
changes of the variables make $U=V=I$. Then the entry $(p,q)$ of $\sum_iA_iV_iB_i$ is
$\sum_is_p^{(L-i)/L}s_q^{(i-1)/L}(V_i)_{pq}$, so $\nabla^2f$ splits into $n^2$ forms of rank at most one, with the
eigenvalues $\sum_is_p^{2(L-i)/L}s_q^{2(i-1)/L}$. The largest is $L\,s^{2(L-1)/L}$. (Mulayoff and Michaeli 2020 study
the flattest minima of linear networks.)

## Instability, and why convergence is an exception

**Lemma 2.** Let $F$ be continuously differentiable near a fixed point $W^*$, and $D=DF(W^*)$ symmetric with an
eigenvalue of modulus above $1$. Then $W^*$ is not stable, and it is the centre of a closed ball $B$ such that the set
$N$ of the points whose orbits stay in $B$ is a null set. So is it for every smaller ball.

*Proof.* Let $U$ be the sum of the eigenspaces with modulus above $1$, $\nu>1$ the least of these moduli, $P$ the
orthogonal projection to $U$, $Q=I-P$, $\eta=(\nu-1)/8$, and $B$ so small that $\|DF-D\|_2\le\eta$ on it. Let $x,y\in B$
and $d=y-x\ne0$ with $|Qd|\le|Pd|$. By the mean value theorem $d'=F(y)-F(x)=Dd+r$ with $|r|\le\eta|d|\le2\eta|Pd|$. As
$D$ commutes with $P$,
$$|Pd'|\ge(\nu-2\eta)|Pd|=(1+6\eta)|Pd|,\qquad|Qd'|\le|Qd|+2\eta|Pd|\le(1+2\eta)|Pd|\le|Pd'|.$$
So $d'$ has the property of $d$, and its part in $U$ has grown by the factor $1+6\eta$. If the orbits of $x$ and $y$
both stayed in $B$, these parts would grow without bound inside $B$: impossible. First, take $x=W^*$ and $y=W^*+tw$ with
$w\in U$: however small $t\ne0$ is, the orbit of $y$ leaves $B$, so $W^*$ is not stable. Second, two points of $N$ never
differ by an element of $U$, so each translate of $U$ meets $N$ at most once. $N$ is closed, so by Fubini's theorem it
is a null set. ∎

**Instability.** If $\delta>\delta_s$, no $W\in\mathcal M$ is stable. *Proof.* $DF=I-\delta\nabla^2f$ is symmetric and
has, by Lemma 1, an eigenvalue of at most $1-\delta L\,s^{2(L-1)/L}<-1$. Lemma 2 does the rest. ∎ As $s\ge\lambda(R)$,
every $\delta>\delta_\lambda$ is above $\delta_s$: this is the printed first conclusion, for all $R\ne0$ and whatever
the starts.

**Convergence is an exception.** If $\delta>\delta_s$, the set of starts in $(\mathbb R^{n\times n})^L$ from which
gradient descent converges to a point of $\mathcal M$ is a null set. If $R$ is symmetric with orthonormal eigenvectors
$q_r$, the set of such starts in the $nL$-dimensional space of all $W_i=\sum_rw_{ir}q_rq_r^{\mathsf T}$ is a null set of
that space.

*Proof.* $\mathcal M$ is covered by the interiors of countably many of the balls of Lemma 2. An orbit that converges to
a point of $\mathcal M$ stays from some $k$ on in one of them, so its start is in $F^{-k}(N)$ for one of countably many
null sets $N$. It remains that preimages of null sets under the polynomial map $F$ are null sets. They are if $\det DF$
is not the zero polynomial: then its zeros are a null set, and the other points are covered by countably many open sets
on which $F$ is a diffeomorphism. For $L=1$, $DF=(1-\delta)I$ and $\delta>\delta_s=2$. For $L\ge3$, $\nabla^2f(0)=0$ and
$\det DF(0)=1$. For $L=2$ the form of $\nabla^2f$ at $(W_1,W_2)=(aI,0)$ is $a^2\|V_2\|_F^2-2\langle R,V_2V_1\rangle$.
Singular vectors of $R$ split it into $n$ times the forms $a^2y^2-2s_pxy$ for each of its $n$ singular values, so
$\det DF=\prod_p(1-\delta a^2-\delta^2s_p^2)^n$, which is $0$ for finitely many $a$ only. Now let $R$ be symmetric. The
space is mapped into itself (Lemma 3), and there $f=\tfrac12\sum_r(\prod_iw_{ir}-\lambda_r)^2$, so its coordinates for
one $r$ are a chain of $1\times1$ matrices of their own. For an eigenvalue of modulus $\lambda(R)=s$ the first part
applies to this chain. A null set in the coordinates of one $r$ gives one in all coordinates. ∎

(For other $R$, the starts with the eigenvectors of $R$ are a space that is not mapped into itself. Whether the
exceptional starts in it are a null set of that space is not settled here.)

## The threshold is exact

**Theorem.** For $\delta>\delta_s$ no factorisation of $R$ is stable. If $W^*\in\mathcal M$ and
$\delta\lambda_{\max}(\nabla^2f(W^*))<2$, then $W^*$ is stable, and gradient descent from every start near it converges
to a point of $\mathcal M$. So for $\delta<\delta_s$ the factorisation by $S^{1/L}$ is stable.

*Proof.* The first part is shown. Let $\beta>\lambda_{\max}(\nabla^2f(W^*))$ with $\delta\beta<2$, and $B$ a ball about
$W^*$ on which $\nabla^2f\preceq\beta I$ and Łojasiewicz's inequality $|\nabla f|\ge c\,f^\theta$ holds, with $c>0$ and
$\tfrac12\le\theta<1$; there is one, because $f\ge0$ is a polynomial with $f(W^*)=0$. While $W$ and the next iterate
$W'$ are in $B$, $f(W')\le f(W)-\alpha\delta|\nabla f(W)|^2$ with $\alpha=1-\delta\beta/2>0$. As $t\mapsto t^{1-\theta}$
is concave, with $g=|\nabla f(W)|$ and for $f(W)>0$
$$f(W)^{1-\theta}-f(W')^{1-\theta}\ge(1-\theta)f(W)^{-\theta}\,\alpha\delta g^2\ge(1-\theta)\alpha c\,\delta g,$$
and for $f(W)=0$ nothing moves. So the steps between points of $B$ have together a length of at most
$\ell=f(W[0])^{1-\theta}/((1-\theta)\alpha c)$. Let $\Lambda$ be the maximum of $\|\nabla^2f\|_2$ on $B$ and $W[0]$ so
near $W^*$ that $\epsilon=|W[0]-W^*|+\ell$ has $(1+\delta\Lambda)\epsilon$ below the radius of $B$. If $W[0],\dots,W[k]$
are within $\epsilon$ of $W^*$, the next step is no longer than $\delta\Lambda\epsilon$, so $W[k+1]$ is in $B$; then
this step counts among those of total length $\ell$, and $W[k+1]$ is within $\epsilon$ as well. So the orbit stays
within $\epsilon$, which is as small as one likes with $|W[0]-W^*|$, has finite length and converges, to a point where
$\nabla f=0$, so $f=0$ by the inequality. The factorisation by $S^{1/L}$ has $\lambda_{\max}=L\,s^{2(L-1)/L}$. ∎

So the printed threshold is exact for symmetric $R$. For other $R$ it may be too large, by the factor
$(s/\lambda(R))^{2(L-1)/L}\ge1$, which has no bound for $L\ge2$: between the two thresholds the printed theorem is
silent and no factorisation is stable.

## What does decouple

**Lemma 3.** Let $R=\sum_r\lambda_rq_rq_r^{\mathsf T}$ be symmetric and $W_i[0]=\sum_rw_{ir}[0]\,q_rq_r^{\mathsf T}$,
with orthonormal $q_r$. Then $W_i[k]=\sum_rw_{ir}[k]\,q_rq_r^{\mathsf T}$ for all $k$, and the numbers $w_{ir}$ of each
$r$ follow the scalar chain for $\lambda_r$. *Proof.* Such matrices are symmetric, and their sums and products are such
matrices, with the sums and products of their eigenvalues. So $A_i^{\mathsf T}EB_i^{\mathsf T}$ has the eigenvalues
$\prod_{j\ne i}w_{jr}\,(\prod_jw_{jr}-\lambda_r)$. ∎
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from rescert import runtime
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics import chain_curvature
from rescert.dynamics.chain_curvature import stable, threshold
from rescert.dynamics.chain_decoupling import Descent
from rescert.dynamics.chain_target import Target
from rescert.dynamics.chain_threshold import Thresholds
from rescert.dynamics.outcome import Outcome
from rescert.statistics import clopper_pearson

if TYPE_CHECKING:
    import pandas as pd


class Case(NamedTuple):
    """One run, and how many random starts are followed how far."""

    descent: Descent
    thresholds: Thresholds
    samples: int
    steps: int
    seed: int

    @property
    def target(self) -> Target:
        return self.descent.target

    @property
    def starts(self) -> str:
        return "W_i[0] and R have the " + ("very same eigenspaces" if self.descent.strict else "same eigenvectors")


def _case(instance: Instance) -> Case:
    target = Target(instance["matrix"])
    descent = Descent(target, instance["start"], instance["step"], instance["depth"])
    if descent.step <= 0:
        raise ValueError(f"expected a step above 0, got {instance['step']}")
    samples, steps = instance["samples"], instance["steps"]
    if samples < 1 or steps < 1:
        raise ValueError(f"expected at least one sample and one step, got {samples} samples and {steps} steps")
    return Case(descent, Thresholds(descent), samples, steps, instance["seed"])


def _outside(case: Case) -> Finding | None:
    """The finding of the printed statements where the step does not exceed the printed threshold."""
    above, shown = case.thresholds.above_radius
    if above is False:
        return Finding(False, None, Evidence.EXACT, "the step does not exceed δ_λ", assertions=shown)
    return None


def _instability(case: Case) -> Finding:
    if (outside := _outside(case)) is not None:
        return outside
    above, hypotheses = case.thresholds.above_radius
    holds, shown, reason = case.thresholds.instability
    return Finding(above, holds, Evidence.ENCLOSED, reason, assertions=(*hypotheses, *shown))


def _convergence(case: Case) -> Finding:
    """The printed second conclusion: refuted where gradient descent meets R exactly."""
    if (outside := _outside(case)) is not None:
        return outside
    above, hypotheses = case.thresholds.above_radius
    arrival, common = case.descent.arrival(), case.descent.common_eigenvectors()
    shown = (*hypotheses, *common, *arrival.assertions) if common and arrival.holds else ()
    reason = f"{arrival.reason}; {case.starts}"
    return Finding(above, False if shown else None, Evidence.EXACT, reason, assertions=shown)


def _argument(case: Case) -> Finding:
    settled, spectrum, common = case.descent.decoupling(), case.thresholds.spectrum, case.descent.common_eigenvectors()
    evidence = Evidence.EXACT if settled.exact else Evidence.ENCLOSED
    shown = (*spectrum, *common, *settled.assertions) if spectrum and common and settled.assertions else ()
    conclusion = settled.holds if shown else None
    return Finding(True, conclusion, evidence, f"{settled.reason}; {case.starts}", assertions=shown)


def _decoupling(case: Case) -> Finding:
    if not case.target.symmetric:
        return Finding(False, None, Evidence.EXACT, "R is not symmetric", assertions=case.target.asymmetry())
    settled, common = case.descent.decoupling(), case.descent.common_eigenvectors()
    shown = (*case.target.symmetry(), *common, *settled.assertions) if common and settled.assertions else ()
    return Finding(True, settled.holds if shown else None, Evidence.EXACT, settled.reason, assertions=shown)


def _exception(case: Case) -> Finding:
    """Convergence from random starts: none is expected above the threshold."""
    above, shown = case.thresholds.above_norm
    if above is False:
        return Finding(False, None, Evidence.EXACT, "the step is below δ_s", assertions=shown)
    generator = runtime.generator(case.seed, "ns_theorem1 starts")
    rate = float(case.descent.step)
    outcomes = chain_curvature.sample(case.target, case.descent.depth, rate, case.samples, case.steps, generator)
    converged = outcomes.count(Outcome.CONVERGED)
    counts = ", ".join(f"{outcomes.count(o)} {o}" for o in Outcome if o in outcomes)
    _, share = clopper_pearson(converged, case.samples)
    return Finding(
        above,
        True if converged == 0 else None,
        Evidence.NUMERICAL,
        f"of {case.samples} random starts after {case.steps} steps: {counts}",
        measured=f"{converged} of {case.samples}",
        bound=f"at most {share:.2%} (95 %)",
        values={"converged": converged, "sampled": case.samples},
    )


def _threshold(case: Case) -> Finding:
    above, shown = case.thresholds.above_norm
    if above:
        conclusion, parts, reason = case.thresholds.instability
    elif above is False:
        parts = stable(case.target, case.descent.step, case.thresholds.factors["balanced"])
        conclusion = True if parts else None
        reason = "2I - δH is positive definite at the balanced factorisation"
    else:
        conclusion, parts, reason = None, (), "the step is not separated from δ_s"
    norm, radius = float(case.target.norm_squares[0]) ** 0.5, float(case.target.radius[1])
    generator = runtime.generator(case.seed, "ns_theorem1 disturbance")
    measured = chain_curvature.critical_steps(case.target, case.thresholds.factors, generator)
    exact = threshold(norm, case.descent.depth)
    values = {
        "norm": norm,
        "radius": radius,
        "norm_threshold": exact,
        "radius_threshold": threshold(radius, case.descent.depth),
        "factorisations": list(measured),
        "critical_steps": list(measured.values()),
    }
    side = "" if above is None else f"δ is {'above' if above else 'below'} δ_s = {exact:.6g}: "
    return Finding(
        True,
        conclusion,
        Evidence.ENCLOSED,
        side + reason,
        measured=f"{measured['balanced']:.5g}",
        bound=f"{exact:.5g}",
        assertions=(*shown, *parts) if conclusion else (),
        values=values,
    )


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One matrix, depth, step and start of all layers, with random starts by number and seed; nothing is read."""
    case = _case(instance)
    return {
        "instability": _instability(case),
        "convergence": _convergence(case),
        "argument": _argument(case),
        "exception": _exception(case),
        "decoupling": _decoupling(case),
        "threshold": _threshold(case),
    }


def _critical_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a factorisation, with its measured critical step."""
    drawn = rows[rows["statement"] == "threshold"].explode(["factorisations", "critical_steps"])
    return drawn.astype({"depth": int, "critical_steps": float})


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    drawn, sampled = _critical_steps(rows), rows[rows["statement"] == "exception"]
    sampled = sampled[sampled["verdict"] != "vacuous"]
    total = int(sampled["sampled"].sum()) if len(sampled) else 0
    arrived = int(sampled["converged"].sum()) if len(sampled) else 0
    ratios = drawn["critical_steps"] / drawn["norm_threshold"]
    balanced = (ratios[drawn["factorisations"] == "balanced"] - 1).abs()
    return {
        "instances": int(drawn["instance"].nunique()),
        "factorisations": len(drawn),
        "deviation": float(balanced.max()),
        "excess": max(0.0, float(ratios.max()) - 1),
        "starts": total,
        "converged": arrived,
        "share": clopper_pearson(arrived, total)[1] if total else 1.0,
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """Where factorisations turn unstable, in units of the printed threshold, against how far $R$ is from normal.

    Points: the step at which the error of gradient descent begins to grow beside a factorisation, by bisection of real
    runs ({factorisations} factorisations of {instances} instances; at most two depths are drawn). Dashed: the printed
    threshold, with the spectral radius. Line: the sharper one, with the spectral norm. The balanced factorisation turns
    unstable on the line, to within {deviation:.2%}; no measured step is above the line by more than {excess:.2%}, which
    is what the bisection leaves. Between line and dashes (grey) the printed theorem is silent and no factorisation is
    stable. Of {starts} random starts at steps above the line {converged} converged (share at most {share:.2%}, 95 %).
    """
    import matplotlib.pyplot as plt
    import numpy as np
    import seaborn as sns

    data = _critical_steps(tables["claims/ns_theorem1"])
    data["ratio"] = data["norm"] / data["radius"]
    data["scaled"] = data["critical_steps"] / data["radius_threshold"]
    columns = ["matrix", "depth", "factorisations", "ratio", "critical_steps", "scaled"]
    data = data[columns].drop_duplicates(columns[:3])
    depths = sorted(sorted(set(data["depth"]), key=lambda d: (-sum(data["depth"] == d), d))[:2])
    drawn, axes = plt.subplots(1, max(1, len(depths)), figsize=(6.8, 3.5), sharey=True, squeeze=False)
    colours = sns.color_palette()
    for axis, depth in zip(axes[0], depths, strict=False):
        shown = data[data["depth"] == depth]
        end = 1.08 * max(1.5, shown["ratio"].max())
        grid = np.geomspace(1, end, 200)
        line = grid ** (-2 * (depth - 1) / depth)
        axis.fill_between(grid, line, 1, color="0.93", linewidth=0)
        axis.plot(grid, line, color=colours[0], label=r"spectral norm, $\delta_s$")
        axis.plot([1, end], [1, 1], color="0.25", linestyle="--", label=r"spectral radius, $\delta_\lambda$ (printed)")
        others = shown[shown["factorisations"] != "balanced"]
        balanced = shown[shown["factorisations"] == "balanced"]
        axis.plot(others["ratio"], others["scaled"], "x", color=colours[1], label="other factorisations")
        axis.plot(balanced["ratio"], balanced["scaled"], "o", color=colours[0], label="balanced")
        axis.set(xscale="log", yscale="log", xlim=(0.97, end), title=f"depth $L={depth}$")
        axis.set_xlabel(r"$\|R\|_2\,/\,\lambda(R)$")
        ticks = [t for t in (1, 1.5, 2, 3, 4, 6, 8, 12) if t <= end]
        axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
        if end > 2:
            axis.text(end**0.7, 0.8, "none is stable", color="0.35", ha="center", va="center")
        axis.minorticks_off()
    lowest = data["scaled"].min() if len(data) else 0.5
    heights = [t for t in (1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01) if t >= lowest]
    axes[0][0].set_yticks(heights, [f"{t:g}" for t in heights])
    axes[0][0].set_ylabel(r"critical step $/\ \delta_\lambda$")
    axes[0][0].legend(loc="lower left")
    return Drawing(drawn, data.reset_index(drop=True))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Theorem 1",
    title="Above a critical step no factorisation of a matrix is a stable equilibrium of gradient descent",
    statements=(
        Statement(
            "instability",
            r"Let $R\ne0$ be diagonalisable with real eigenvalues, $\Sigma=I$, and let $W_i[0]$ and $R$ have the "
            r"identical eigenspaces (a common basis of eigenvectors). If $\delta>2/(L\lambda(R)^{2(L-1)/L})$, then "
            r"none of the equilibria with $W_L\cdots W_1=R$ is stable.",
            "as printed",
            proof="written",
        ),
        Statement(
            "convergence",
            r"Under the same hypotheses, the gradient descent cannot converge.",
            "as printed",
        ),
        Statement(
            "argument",
            r"(The proof.) If $R$ is diagonalisable with real eigenvalues and $W_i[0]$ and $R$ have a common basis of "
            r"eigenvectors, all matrices in (5) keep it: the update turns into $n$ independent ones for the diagonal "
            r"elements.",
            "as printed",
        ),
        Statement(
            "exception",
            r"If $\delta>2/(L\|R\|_2^{2(L-1)/L})$, the set of starts from which gradient descent converges to a point "
            r"with $W_L\cdots W_1=R$ is a null set; for symmetric $R$ it is one also among the starts with the same "
            r"orthonormal eigenvectors as $R$. (The instances try random starts of the first kind.)",
            "as corrected",
            proof="written",
        ),
        Statement(
            "decoupling",
            r"If $R$ is symmetric and $W_i[0]$ is diagonal in orthonormal eigenvectors of $R$, so is $W_i[k]$ for all "
            r"$k$, and its eigenvalues follow the scalar chains for the eigenvalues of $R$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "threshold",
            r"For every $R\ne0$ and $L\ge1$ the exact threshold is $\delta_s=2/(L\|R\|_2^{2(L-1)/L})$: for "
            r"$\delta>\delta_s$ no equilibrium with $W_L\cdots W_1=R$ is stable, for $\delta<\delta_s$ the one by "
            r"$S^{1/L}$, $R=USV^{\mathsf T}$, is. (The instances show negative curvature of $2I-\delta\nabla^2f$ at "
            r"exact factorisations above, and definiteness at one near the balanced one below.)",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={
        "matrix": "2 1; 1 2",
        "depth": 2,
        "step": "1/4",
        "start": "identity",
        "samples": 1,
        "steps": 10,
        "seed": 0,
    },
    control_statement="instability",
    figure=figure,
    validate=_case,
    summary=summary,
)
