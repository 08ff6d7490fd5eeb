r"""The network with all weights zero: a bad critical point, never a local minimum (Bartlett, Evans and Long 2018).

A $(m,d,k)$ tanh residual network with parameters $\theta=(A_1,B_1,\dots,A_m,B_m)$ computes $h=h_m\circ\dots\circ h_1$,
$h_i(x)=x+A_i\tanh(B_ix)$; $Q(\theta)=\frac12E|h(x)-y|^2$, the support of $x$ is bounded by $R$, and the labels are
those of a network $N^*$, $y=h^*(x)$ with probability 1 (*realisable*). Let $f=y-x$ and $M=E[(x-y)x^{\mathsf T}]$.

## 1. As printed

Theorem 6 begins: for any $\epsilon>0$, $d$, $k$, $m$, for all $N^*$ that do not compute the identity, there is a $P$
such that the layers of $N^*$ satisfy $\|h^*_i-\mathrm{Id}\|_L\le\epsilon$ (and more). But $N^*$ and with it the
distance is given before $P$: the sentence is false for every $N^*$ with $\|h^*_i-\mathrm{Id}\|_L>\epsilon$. Distances
are enclosed by $\|AB\|\le\|A\tanh(B\,\cdot)\|_L\le\max_S\|A_SB_S\|$, $S$ the sets of units (`bel_local_minimum` has
the proof); the lower bound, the derivative at 0, refutes the sentence exactly. It should read: for all $N^*$ that do
not compute the identity and whose layers satisfy $\|h^*_i-\mathrm{Id}\|_L\le\epsilon$.

**Theorem (corrected).** For every $P$ with $y=h^*(x)$ and $E|f|^2>0$ the zero network is a critical point with
$Q(0)=\frac12E|f|^2>0=Q(\theta^*)$, and its layers are the identity. $E[x]=0$ is not needed. Such a $P$ exists if $h^*$
is not the identity: an atom at a point that is moved.

*Proof.* $\partial Q/\partial\theta_j=E[(h-y)\cdot\partial h/\partial\theta_j]$. At zero every $h_i$ is the identity
and its derivative in $x$ is $I$, so $\partial h/\partial\theta_j$ is the derivative of $A_i\tanh(B_ix)$ at $A_i=0$,
$B_i=0$: in $(A_i)_{pu}$ it is $e_p\tanh(0)=0$, and in $(B_i)_{uq}$ it has the factor $A_i=0$. ∎

## 2. The printed argument proves too much

It says that $\partial Q_{(x,y)}/\partial v$ and $\partial v/\partial\mathrm{net}$ do not depend on the example, so that
$\partial Q/\partial w$ is proportional to $E[u]$, a mean of a component of $x$, and therefore 0. But
$\partial Q_{(x,y)}/\partial v$ is a component of $2(x-y)$, which does depend on it. Nothing of tanh is used, and the
same sentence would hold for layers $x+Ax$, where it is false: $\partial Q/\partial A=E[(x-y)x^{\mathsf T}]=M$ at $A=0$,
which is not 0 in general when $E[x]=0$. The instances show it on the atoms $\pm x_j$: $E[x]=0$ exactly, $M\ne0$. What
makes the gradient vanish is the *product* of two factors that both vanish, not the mean of $x$.

## 3. The Hessian at zero

**Proposition 1.** $h(x)=x+\sum_iA_iB_ix+O(|\theta|^4)$ for bounded $x$, hence
$$Q(\theta)=Q(0)+\langle M,\sum_iA_iB_i\rangle+O(|\theta|^4),$$
and $|\nabla Q(\theta)|\le\|M\||\theta|+O(|\theta|^3)$. In the Hessian only $(A_i)_{pu}$ and $(B_i)_{uq}$ couple, with
$M_{pq}$. Its eigenvalues are $\pm s_j(M)$, $j=1,\dots,d$, each with multiplicity $mk$. This holds for any labels, not
only realisable ones.

*Proof.* $\tanh t=t+O(t^3)$ gives $A_i\tanh(B_iz)=A_iB_iz+O(|\theta|^4)$, and $z=x+O(|\theta|^2)$. Insert this in $Q$;
it is analytic, so derivatives may be taken term by term. For each layer and unit the $2d$ coordinates, a column of
$A_i$ and a row of $B_i$, form a block of the Hessian, zero but for $M$ and $M^{\mathsf T}$ off the diagonal; with
$M=\sum_js_ju_jv_j^{\mathsf T}$ its eigenvectors are $(u_j,\pm v_j)/\sqrt2$. There are $mk$ blocks, and no others. ∎

So zero is a strict saddle (the smallest eigenvalue is negative) if and only if $M\ne0$, and then the curvature is
$-s_1$. For one layer with one unit and $E|f|^2>0$ this is always so: $Mb^*=-a^*E[\tanh(b^*\cdot x)\,b^*\cdot x]$,
whose mean is positive.

## 4. Degenerate distributions

With two units $M$ can vanish although $f\ne0$: on a line $f(x)=3\tanh(2x)-4\tanh(x)$ is positive at $x=\frac12$ and
negative at $x=2$, and with suitable weights $p$ on the two atoms $E[f(x)x]=0$. A linear programme finds them for any
atoms: the weights with $M=0$ that make $Q(0)$ largest, a vertex with $d^2+1$ atoms if there is one. Weights with $M=0$
are then proved to exist, exactly one vector in a box (Krawczyk's operator on $M(p)=0$, $\sum p=1$), and $Q(0)>0$ all
over the box. By Proposition 1 the Hessian is then zero. With $sA^*$ instead of $A^*$, $f$ is multiplied by $s$ and the
same $p$ serves: such distributions exist for every $\epsilon$; with zeros appended, in every dimension.

**Proposition 2.** If $M=0$ there are $c,\rho>0$ such that for every step $\eta$ gradient descent from any start of size
$\delta<\rho$ needs at least $c(\delta^{-2}-\rho^{-2})/\eta$ steps to come to size $\rho$.

*Proof.* By Proposition 1 $|\nabla Q(\theta)|\le C|\theta|^3$ for $|\theta|\le\rho$. Let $u_t=|\theta_t|^{-2}$. As long
as $|\theta_t|\le\rho$, $|\theta_{t+1}|\le|\theta_t|(1+\eta C/u_t)$, and $(1+z)^{-2}\ge1-2z$ gives $u_{t+1}\ge
u_t-2\eta C$. Now $u_0=\delta^{-2}$, and size $\rho$ means $u=\rho^{-2}$: $c=1/(2C)$. ∎

**Proposition 3.** Let $M\ne0$, $\eta>0$, and let $\omega$ be a unit vector with a part $\kappa>0$ in the eigenspace $E$
of $-s_1$: almost every direction. There is $\rho>0$ such that gradient descent from $\delta\omega$ comes to size $\rho$
in $O(\log(1/\delta))$ steps.

*Proof.* Let $\lambda=1+\eta s_1$, the norm of $I-\eta H$, which is $\lambda$ on $E$. By Proposition 1 the gradient is
$H\theta$ up to $C|\theta|^3$ near zero. Let $r_t=|\theta_t|/\lambda^t$ and $q_t=|P\theta_t|/\lambda^t$ with the
projection $P$ on $E$: $r_{t+1}\le r_t+z_tr_t$, $q_{t+1}\ge q_t-z_tr_t$ with $z_t=\eta C|\theta_t|^2/\lambda$. As long
as $\lambda^t\delta\le\sigma$ and $r\le2\delta$ so far, $\sum z_t\le4\eta C\sigma^2\lambda/(\lambda^2-1)\le\kappa/4$
for small $\sigma$, hence $r_t\le e^{1/4}\delta<2\delta$ (so this goes on) and
$q_t\ge\kappa\delta-\frac\kappa4\cdot2\delta=\frac12\kappa\delta$. At the last such
$t\le\log(\sigma/\delta)/\log\lambda$ the size is at least $\rho=\kappa\sigma/(2\lambda)$. ∎

The instances measure both.

## 5. Zero is never a local minimum

**Theorem.** Let $y=h^*(x)$ with a continuous odd $h^*$ (every tanh residual network is), $x$ bounded, and $Q(0)>0$. In
every neighbourhood of zero there are $\theta$ with $Q(\theta)<Q(0)$, for all $m,k\ge1$, also if $M=0$.

*Proof.*

1. *One unit.* Let $G(b)=E[f\tanh(b\cdot x)]$. With $A_m=tG(b)e_1^{\mathsf T}$, $B_m=e_1b^{\mathsf T}$ and all else
   zero, $h(x)=x+tG(b)\tanh(b\cdot x)$ and
   $$Q=Q(0)-t|G(b)|^2+\tfrac12t^2|G(b)|^2E[\tanh^2(b\cdot x)],$$
   which is below $Q(0)$ for small $t>0$ if $G(b)\ne0$. It remains that $G\ne0$ at arbitrarily small $b$.
2. *Moments.* Suppose $G=0$ for $|b|<r$. For $|b|R<\pi/2$ the series $\tanh u=\sum_jc_ju^{2j+1}$ converges uniformly,
   and $G(sb)=\sum_jc_js^{2j+1}E[f(b\cdot x)^{2j+1}]$ vanishes for all small $s$. No $c_j$ is zero (they are Bernoulli
   numbers $B_{2j+2}$ times positive factors, up to the sign). So $E[f(b\cdot x)^n]=0$ for every odd $n$ and small $b$,
   by homogeneity for all $b$. The powers $(b\cdot x)^n$ span the homogeneous polynomials of degree $n$: $E[f\,q(x)]=0$
   for all odd polynomials $q$.
3. *Density.* Each component $f_i=h^*_i-x_i$ is odd and continuous on the ball of radius $R$. By Weierstrass' theorem
   polynomials converge to it uniformly; so do their odd parts, since $f_i$ is odd. Hence $E[f_i^2]=0$ for all $i$, and
   $Q(0)=\frac12E|f|^2=0$, a contradiction. ∎

$P$ need not be symmetric. So descent from near zero gets away from this bad critical point, slowly if $M=0$; that
there are bad local *minima* as near to the identity as one likes is shown in `bel_local_minimum`.

## How the instances are checked

Atoms, weights and teachers are short binary fractions. The gradient at zero is exactly 0 in balls, for any weights.
The closed form of the Hessian is compared column by column with the one that is derived automatically from the program
of $Q$, for labels rounded to multiples of $2^{-10}$, so that all numbers are exact; all other statements use the
labels of the teacher. That zero is not a minimum is shown by points of size $2^{-2}$ to $2^{-20}$ with $Q<Q(0)$."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rescert import runtime
from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics import zero_escape
from rescert.landscape import tanh_certificates, tanh_zero, zero_instances
from rescert.landscape.tanh_zero import Weighted
from rescert.landscape.zero_instances import example
from rescert.statistics import student

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RADII = tuple(2.0**-j for j in (2, 5, 10, 20))  # sizes of the points below zero
STEP, LEAVING = 0.1, 1.0  # of gradient descent, and the size at which a start has left
STEEP, FLAT = 1.5, 0.5  # exponents that count as a power of 1/δ, and as none


def problem(instance: Instance) -> Weighted:
    return zero_instances.read(instance, runtime.generator)


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """One realisable distribution: its zero point."""
    known = problem(instance)
    offset = tanh_zero.offset_positive(known)
    if offset.assertion is None:
        return _identity(known)
    given = (*known.proof, offset.assertion)
    return {
        "argument": _argument(known, given),
        "spectrum": _spectrum(known),
        "saddle": _saddle(known, given),
        "degenerate": _degenerate(known, given),
        "never": _never(known, given),
        "slow": _slow(known, instance),
        **_printed(known, instance["radius"], given),
    }


def _identity(known: Weighted) -> dict[str, Finding]:
    """No statement but that of the Hessian says anything if the teacher computes the identity on the data."""
    zero = sign.prove_zero(trace(known.problem.offset, {}, known.problem.constants()))
    why = "the teacher is the identity on the data: Q = 0 at zero"
    broken = Finding(
        False if zero else None, None, Evidence.EXACT, why if zero else "Q at zero is not decided", assertions=zero
    )
    names = [s.name for s in CLAIM.statements if s.name != "spectrum"]
    return {**dict.fromkeys(names, broken), "spectrum": _spectrum(known)}


def _printed(known: Weighted, radius: str, given: tuple[dict[str, Any], ...]) -> dict[str, Finding]:
    within = tanh_certificates.prove_within(known.problem, radius)
    beyond = tanh_certificates.prove_beyond(known.problem, radius)
    gradient = tanh_zero.gradient_vanishes(known)
    bound = f"epsilon = {radius}"
    if beyond.assertion is not None:
        reason = f"the teacher is given and is not within {radius} of the identity, whatever P is"
        refuted = Finding(True, False, Evidence.ENCLOSED, reason, None, bound, (*given, beyond.assertion))
        outside = Finding(False, None, Evidence.ENCLOSED, reason, None, bound, (beyond.assertion,))
        return {"printed": refuted, "corrected": outside}
    shown = within.assertion is not None and bool(gradient)
    reason = "the gradient at zero is exactly 0, and Q > 0 there" if shown else f"not decided: {within.reason}"
    assertions = [*given, *gradient, *([] if within.assertion is None else [within.assertion])]
    note = ""
    if shown:
        mean = tanh_zero.mean_positive(known)
        assertions += [] if mean.assertion is None else [mean.assertion]
        note = "" if mean.assertion is None else "; E[x] is not 0"
    found = Finding(
        True, True if shown else None, Evidence.ENCLOSED, reason + note, None, bound, tuple(assertions) if shown else ()
    )
    return {"printed": found, "corrected": found}


def _argument(known: Weighted, given: tuple[dict[str, Any], ...]) -> Finding:
    if known.given:
        mean = tanh_zero.mean_positive(known)
        met = None if mean.assertion is None else False
        reason = "E[x] is not 0 (and M = 0: linear layers are critical, too)"
        proof = () if mean.assertion is None else (*known.proof, mean.assertion)
        return Finding(met, None, Evidence.ENCLOSED, reason, assertions=proof)
    refuted = tanh_zero.linear_argument(known.problem)
    reason = "E[x] = 0 exactly, and the gradient of layers x + Ax at A = 0 is not 0" if refuted else "not decided"
    return Finding(
        True, False if refuted else None, Evidence.ENCLOSED, reason, assertions=(*given, *refuted) if refuted else ()
    )


def _spectrum(known: Weighted) -> Finding:
    rounded = tanh_zero.rounded(known.problem)
    matrix = tanh_zero.exact_hessian(rounded)
    shown = tanh_zero.hessian_is(rounded, matrix)
    closed = np.linalg.svd(tanh_zero.moment(known.problem), compute_uv=False)
    many = known.problem.depth * known.problem.outer.shape[2]
    own = tanh_zero.eigenvalues(known.problem)
    formula = np.sort(np.concatenate([closed, -closed]).repeat(many))
    values = {"eigenvalues": own.tolist(), "closed_form": formula.tolist()}
    reason = f"all {len(matrix)} columns of the Hessian at zero are exactly those of the closed form"
    reason, gap = reason if shown else "a column is not shown", f"{float(np.abs(own - formula).max()):.1g}"
    return Finding(True, True if shown else None, Evidence.EXACT, reason, gap, "0", shown, values)


def _saddle(known: Weighted, given: tuple[dict[str, Any], ...]) -> Finding:
    if known.given:
        return Finding(
            True, True, Evidence.ENCLOSED, "M = 0 for weights in the box, and the Hessian is 0", assertions=given
        )
    curved = tanh_zero.negative_curvature(known.problem)
    assertions = (*given, curved.assertion) if curved.assertion is not None else ()
    return Finding(
        True, curved.proved, Evidence.ENCLOSED, f"M is not 0; {curved.reason}", f"{curved.upper:.4g}", "0", assertions
    )


def _degenerate(known: Weighted, given: tuple[dict[str, Any], ...]) -> Finding:
    if not known.given:
        curved = tanh_zero.negative_curvature(known.problem)
        shown = () if curved.assertion is None else (curved.assertion,)
        return Finding(
            False if shown else None, None, Evidence.ENCLOSED, "the Hessian at zero is not 0", assertions=shown
        )
    weights = ", ".join(f"{w:.6f}" for w in tanh_zero.shares(known.problem))
    return Finding(
        True, True, Evidence.ENCLOSED, f"weights {weights}: the Hessian at zero is 0, and Q > 0", assertions=given
    )


def _never(known: Weighted, given: tuple[dict[str, Any], ...]) -> Finding:
    proofs = [tanh_zero.falls(known, radius) for radius in RADII]
    shown = tuple(p.assertion for p in proofs if p.assertion is not None)
    values = {"radii": list(RADII), "falls": [p.lower for p in proofs]}
    if len(shown) < len(RADII):
        return Finding(True, None, Evidence.ENCLOSED, "a point below zero is not shown", values=values)
    reason = f"Q < Q(0) at points of size {', '.join(f'{r:.2g}' for r in RADII)}"
    fall = f"{proofs[-1].lower:.3g}"
    return Finding(True, True, Evidence.ENCLOSED, reason, fall, "0", (*given, *shown), values)


def _slow(known: Weighted, instance: Instance) -> Finding:
    """Steps until starts at distance δ have left, degenerate and with the weights of the example."""
    if not known.given:
        return Finding(False, None, Evidence.NUMERICAL, "the Hessian at zero is not 0")
    starts, limit, sizes = instance["starts"], instance["limit"], 2.0 ** -np.arange(1, instance["halvings"] + 1)
    normal = zero_escape.draw(known.problem, starts, runtime.generator(instance["seed"], "bel_theorem6 starts"))
    values: dict[str, Any] = {"sizes": sizes.tolist(), "starts": starts, "limit": limit}
    slopes = {}
    for name, own in (("degenerate", known.problem), ("generic", example())):
        runs = zero_escape.exponents(own, tanh_zero.shares(own), sizes, normal, STEP, LEAVING, limit)
        values |= {f"{name}_{q}": v for q, v in zip(("low", "median", "high"), runs.quartiles, strict=True)}
        slopes[name] = (runs.mean, student(runs.slopes) if len(runs.slopes) > 1 else float("inf"), len(runs.slopes))
    (slow, slow_half, slow_n), (fast, fast_half, fast_n) = slopes["degenerate"], slopes["generic"]
    clear = slow - slow_half > STEEP and fast + fast_half < FLAT
    measured = (
        f"{slow:.2f} ± {slow_half:.2f} (n = {slow_n} of {starts}), generic {fast:.2f} ± {fast_half:.2f} (n = {fast_n})"
    )
    values["exponents"] = measured
    return Finding(
        True, True if clear else None, Evidence.NUMERICAL, f"exponent of 1/δ: {measured}", measured, "2", values=values
    )


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """The numbers of the caption."""
    shown = rows[rows["statement"] == "spectrum"]
    gaps = [np.abs(np.subtract(r["eigenvalues"], r["closed_form"])).max() for _, r in shown.iterrows()]
    slow = rows[(rows["statement"] == "slow") & (rows["verdict"] != "vacuous")]
    return {
        "instances": len(shown),
        "gap": f"{max(gaps):.0e}" if gaps else "nothing",
        "exponents": slow.iloc[0]["exponents"] if len(slow) else "not measured",
        "starts": int(slow.iloc[0]["starts"]) if len(slow) else 0,
        "limit": int(slow.iloc[0]["limit"]) if len(slow) else 0,
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""The zero point on {instances} realisable distributions. Left: the eigenvalues of the Hessian at zero, by
    automatic differentiation, against the closed form $\pm s_j(E[(x-y)x^{{\mathsf T}}])$ (largest difference {gap}).
    Middle: how far $Q$ falls below $Q(0)$ at a certified point of size $\delta$; like $\delta^2$ at a strict saddle,
    like $\delta^4$ where the Hessian vanishes, but it always falls. Right: steps of gradient descent (step 0.1) from
    {starts} random starts of size $\delta$ until size 1, medians and quartiles (runs end after {limit} steps), with
    degenerate weights and with others on the same teacher. Exponent of $1/\delta$, mean over the starts that left
    from all sizes with 95 % interval: {exponents}. Dashed: $\delta^{{-2}}$.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    rows, colour = tables["claims/bel_theorem6"], sns.color_palette()
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(6.8, 2.7))
    table = []
    for _, row in rows[rows["statement"] == "spectrum"].iterrows():
        left.plot(row["closed_form"], row["eigenvalues"], linestyle="none", marker="o", color=colour[0], markersize=4)
        pairs = zip(row["closed_form"], row["eigenvalues"], strict=True)
        table += [{"instance": row["instance"], "closed_form": c, "eigenvalue": e} for c, e in pairs]
    left.axline((0, 0), slope=1, color="0.5", linewidth=0.8)
    left.set(xlabel=r"$\pm s_j$", ylabel="eigenvalue at zero")
    falls = rows[(rows["statement"] == "never") & (rows["verdict"] == "holds")]
    for _, row in falls.iterrows():
        tone = colour[1] if row["family"] == "degenerate" else colour[0]
        middle.plot(row["radii"], row["falls"], marker="o", markersize=3, linewidth=1, color=tone)
    middle.set(xscale="log", yscale="log", xlabel=r"$\delta$", ylabel=r"$Q(0)-Q(\theta)$")
    slow = rows[(rows["statement"] == "slow") & (rows["verdict"] != "vacuous")]
    if len(slow):
        _steps(right, slow.iloc[0])
    right.set(xlabel=r"$\delta$", ylabel="steps")
    return Drawing(drawing, pd.DataFrame(table, columns=["instance", "closed_form", "eigenvalue"]))


def _steps(axes: Axes, row: pd.Series) -> None:
    """Medians and quartiles of the steps until a start has left."""
    import seaborn as sns

    colour, sizes = sns.color_palette(), np.array(row["sizes"])
    for name, label, tone in (("degenerate", "Hessian 0", colour[1]), ("generic", "strict saddle", colour[0])):
        low, median, high = (np.array(row[f"{name}_{q}"]) for q in ("low", "median", "high"))
        axes.fill_between(sizes, low, high, color=tone, alpha=0.25, linewidth=0)
        axes.plot(sizes, median, marker="o", color=tone, label=label)
    axes.plot(sizes, row["degenerate_median"][0] * (sizes[0] / sizes) ** 2, color="0.4", linestyle="--", linewidth=0.9)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.14))


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Theorem 6",
    title="The zero network is a bad critical point, and never a local minimum",
    statements=(
        Statement(
            "printed",
            r"For any $\epsilon>0$, for all tanh residual networks $N^*$ that do not compute the identity, there is a "
            r"distribution with $y=h^*(x)$ for which the layers of $N^*$ satisfy "
            r"$\|h^*_i-\mathrm{Id}\|_L\le\epsilon$ and there is a tanh residual network that is critical for $Q$ with "
            r"$\|h_i-\mathrm{Id}\|_L\le\|h^*_i-\mathrm{Id}\|_L$ and $Q(\theta)>Q(\theta^*)$.",
            "as printed",
        ),
        Statement(
            "argument",
            r"The printed argument: with $E[x]=0$ and all weights zero each derivative of $Q$ is a constant times "
            r"the mean "
            r"of a component of $x$, hence 0; nothing of tanh is used, so the same holds for layers $x+Ax$.",
            "as printed",
        ),
        Statement(
            "corrected",
            r"For $N^*$ with $\|h^*_i-\mathrm{Id}\|_L\le\epsilon$ and $y=h^*(x)$, $E|x-y|^2>0$, the zero network "
            r"is a critical "
            r"point with $Q(0)>0=Q(\theta^*)$. $E[x]=0$ is not needed.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "spectrum",
            r"At zero only $A_i$ and $B_i$ couple, and the eigenvalues of the Hessian are $\pm "
            r"s_j(E[(x-y)x^{\mathsf T}])$, "
            r"each $mk$ times, for any labels.",
            "sharper",
            proof="written",
        ),
        Statement(
            "saddle",
            r"Zero is a strict saddle if and only if $E[(x-y)x^{\mathsf T}]\ne0$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "degenerate",
            r"There are realisable distributions with $Q(0)>0$ for which the Hessian at zero vanishes, for every "
            r"$\epsilon$.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
        Statement(
            "never",
            r"If the labels are realisable, $x$ bounded and $Q(0)>0$, zero is never a local minimum, not even "
            r"where the "
            r"Hessian vanishes.",
            "sharper",
            proof="written",
        ),
        Statement(
            "slow",
            r"Where the Hessian at zero vanishes, gradient descent from starts of size $\delta$ needs at least "
            r"$c\,\delta^{-2}$ steps to leave; at a strict saddle $O(\log(1/\delta))$ from almost every direction.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"family": "identity", "radius": "8"},
    control_statement="corrected",
    figure=figure,
    summary=summary,
    validate=zero_instances.validate,
)
