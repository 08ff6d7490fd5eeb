r"""Which equilibria of a scalar chain gradient descent can reach (Nar and Sastry 2018, Proposition 1).

The product $w_L\cdots w_1$ is fitted to $\lambda\ne0$ by gradient descent with step $\delta>0$ on
$\tfrac1{2N}\sum_i(w_L\cdots w_1x_i-\lambda x_i)^2$. With $\sigma=\tfrac1N\sum_ix_i^2>0$, $p=\delta\sigma$,
$q_i=\prod_{j\ne i}w_j$ (so $q_1=1$ at $L=1$), $S=\sum_iq_i^2$ and $e=\prod_jw_j-\lambda$,
$$w_i[k+1]=w_i[k]-p\,e[k]\,q_i[k].$$
$F$ is this map. The points with $e=0$ are the global minima; there $S=\lambda^2\sum_iw_i^{-2}$ and the Hessian of the
loss is $\sigma qq^{\mathsf T}$, so $\sigma S$ is the sharpness. The other critical points have two zero weights or
more. There $e=-\lambda$, and moving the zero weights gives the product either sign, so the loss falls on one side:
they are no local minima. *Local optima are the points with $e=0$.* Write $\ell=|\lambda|^{1/L}$.

*Scale and signs.* With signs $s_i$, $\prod_is_i=\operatorname{sgn}\lambda$, and $w_i=s_i\ell v_i$, the $v_i$ follow
the same recursion with $\lambda=1$ and $P=p\,\ell^{2L-2}$ in place of $p$.

## What is wrong as printed

1. For $L\ge2$ the minima form a hypersurface: with $w$, $(tw_1,w_2/t,w_3,\dots)$ is one, too. Near each there are
   others, which do not move. So *none* of them is asymptotically stable, for any step, and the printed sentence is
   true only because its premise never is: vacuous. What its proof means is "stable, and $e\to0$ nearby".
2. At $L=1$ it is true but not sharp: $e[k]=(1-p)^ke[0]$, so the equilibrium is asymptotically stable for $p<2$, and
   at $p=2$ only stable.
3. "If the step size is even larger than $\delta_{\max}$, then gradient descent cannot converge to any of the local
   optima" is false for every $L\ge2$ and every $\lambda$: some starts that are no optima land on one in finitely many
   steps. It is true for almost all starts.
4. The $o(e)$ of the proof is not uniform in $w$, and linearisation alone does not settle the case of equality
   (where the equilibrium is stable).
5. $\delta_{\max}$ needs $|\lambda|$, or $(\lambda^2)^{(L-1)/L}$, for $\lambda<0$; so do the weights $\lambda^{1/L}$
   of the disproportionate equilibrium.

## The factor of the error

$e[k+1]=m(w[k])\,e[k]$ with a polynomial $m$, and $m=1-pS$ where $e=0$. *Proof.* Expand
$\prod_i(w_i-peq_i)=\prod_iw_i-pe\sum_iq_i\prod_{j\ne i}w_j+e^2(\dots)=e+\lambda-peS+e^2(\dots)$. ∎

The Jacobian of $F$ where $e=0$ is $I-p\,qq^{\mathsf T}$, because $\nabla e=q$: its eigenvalues are $1$ ($L-1$ times)
and $1-pS$.

## Proof of the corrected statement

Let $w^*$ have $e=0$ and let $B_r$ be the closed ball of radius $r$ around it.

*Unstable if $pS(w^*)>2$.* By continuity $|m|\ge c>1$ on some $B_r$. Starts with $e\ne0$ are as near to $w^*$ as we
like. While such a run is in $B_r$, $|e|$ grows by $c$ at each step. But $|e|$ is bounded on $B_r$: the run leaves.

*Stable if $0<pS(w^*)<2$.* Now $|m|\le c<1$ and $|q|\le Q$ on some $B_r$. Start in $B_{r/2}$ with
$pQ|e[0]|/(1-c)\le r/2$, which holds on a whole neighbourhood. As long as the run is in $B_r$,
$|e[k]|\le c^k|e[0]|$ and $|w[k+1]-w[k]|=p|e[k]||q[k]|\le pQc^k|e[0]|$. The sum of all these is at most $r/2$, so the
run never leaves $B_r$, $w[k]$ is a Cauchy sequence, and its limit has $e=0$. The same with a smaller $r$ gives
stability. ∎

## At equality

**Every equilibrium with $pS=2$ is stable.** So stability is equivalent to $\delta\sigma S\le2$. *Proof.* At $L=1$,
$p=2$ the error alternates. Let $L\ge2$.

*Coordinates.* Let $z_i=w_i^2-w_1^2$ and $q_{1i}=\prod_{j\ne1,i}w_j$ for $i\ge2$. As $w_iq_i=w_1q_1$, $q_i=w_1q_{1i}$
and $q_1=w_iq_{1i}$, exactly
$$z_i[k+1]=z_i[k]\,\bigl(1-p^2e[k]^2q_{1i}[k]^2\bigr).$$
Near $w^*$, which has no zero weight, $(e,z)$ are coordinates: the $\nabla z_i$ are independent and orthogonal to
$\nabla e=q$. Let $v(z)$ be the value of $pS-2$ at the minimum ($e=0$) with these $z$; $v(z^*)=0$.

*Two steps.* $m=-(1+v)+m_1e+O(e^2)$ with $v$ and $m_1$ functions of $z$, and $z$ moves by $O(e^2)$. So two steps
multiply $e$ by
$$M=(1+v)^2+m_1v(1+v)\,e+M_2(z)\,e^2+O(e^3)=1+2v+O(v^2+e^2),$$
and $e[k+1]^2=e[k]^2(1+O(|v|+|e|))$. Hence two steps change $v$ by $-e^2D$ with $D=D_0(z)+O(|e|+|v|)$, where $D_0$ is
$-2$ times the derivative of $v$ along $\dot z_i=-p^2q_{1i}^2z_i=p^2(q_i^2-q_1^2)$ at $e=0$. There, with $x_i=w_i^{-2}$,
$\dot z_i=p^2\lambda^2(x_i-x_1)$. A motion along the minima with these $\dot z$ has
$w_i\dot w_i=\frac12(\dot z_i+\tau)$ for a common $\tau$ and $\sum_i\dot w_i/w_i=0$, so
$\dot z_i+\tau=p^2\lambda^2(x_i-\bar x)$ with $\bar x=\sum x_i^2/\sum x_i$. From $S=\lambda^2\sum x_i$,
$\dot S=-\lambda^2\sum_i(\dot z_i+\tau)x_i^2$, and
$$D_0=-2p\,\dot S=2p^3\lambda^4\Bigl(\sum x_i^3-\frac{(\sum x_i^2)^2}{\sum x_i}\Bigr)\ge0$$
by the inequality of Cauchy and Schwarz, with equality iff all $x_i$ are equal. Write $D_0=4A(z)$.

*Unbalanced, $A(z^*)>0$.* Let $V=e^2+v^2/(2A(z))$. In two steps it changes by
$$e^2\bigl(4v+O(v^2+e^2)\bigr)+\frac{-2ve^2D+e^4D^2}{2A}+v^2\,O(e^2)=e^2\,O(V),$$
because the terms $4ve^2$ cancel. Take a neighbourhood $|e|,|v|,|z-z^*|\le\rho$ in which $D\ge a>0$ and this $O(V)$ is
at most $KV$ in size, with $K\rho^2\le\frac12$. In it $e^2\le(v-v'')/a$, so $V''\le V\exp(K(v-v'')/a)$. As long as the
run is in it, therefore, $V\le V[0]\exp(2K\rho/a)$ (at every second step), and $z$ has moved by at most
$C\sum e^2\le C(v[0]-v[k])/a$, which is of the order of $\sqrt{V[0]}$. So if $V[0]$ and $z[0]-z^*$ are small it never
leaves. The steps between follow by continuity of $F$. Moreover $\sum e^2$ is finite, so the run converges to an
equilibrium. If $e$ never vanishes its limit has $v<0$: $V''\ge V(1-Ke^2)$ gives $V\ge V[0]\exp(-4K\rho/a)>0$, which
excludes $v=0$, and $v>0$ would make $|e|$ grow. So the limit is flatter than $w^*$.

*Balanced, $z^*=0$.* Here $v\ge0$, because $S$ is smallest, and so $v=O(|z|^2)$. On $z=0$ all $|w_i|$ are equal, in
units of $\ell$ to $t$, and
$$t[k+1]=f(t[k]),\qquad f(t)=t-\frac2L\,(t^{2L-1}-t^{L-1}).$$
$f(1)=1$, $f'(1)=-1$, $f''(1)=-6(L-1)$, $f'''(1)=-2(L-1)(7L-11)$, so the second derivative of $f\circ f$ at $1$ is $0$
and the third is $-2f'''-3(f'')^2=-16(L-1)(5L-4)<0$. Hence $M_2(0)<0$, and near $w^*$
$0<M\le1+Cv$. By the law of $z$, $|z''|^2\le|z|^2(1-ce^2)$ with $c>0$. Together
$(e'')^2\le e^2+C'e^2|z|^2\le e^2+\frac{C'}c(|z|^2-|z''|^2)$. Summed: $e[k]^2\le e[0]^2+\frac{C'}c|z[0]|^2$ at every
second step, and $|z|$ does not grow. ∎

The law of $z$ holds everywhere: as long as $|peq_{1i}|<\sqrt2$, gradient descent makes the weights more equal.

## The largest step

By the inequality of the means, $S=\lambda^2\sum_iw_i^{-2}\ge\lambda^2L\,(\prod_iw_i^2)^{-1/L}=L\,\ell^{2L-2}$, with
equality iff all $|w_i|$ are equal. So the balanced equilibria, and only they, have the largest critical step
$\delta_{\max}=2/(\sigma L\ell^{2L-2})$: they are the last to lose stability. For $\kappa\ell$ ($L-1$ times) and
$\kappa^{1-L}\ell$, inserting gives
$$\frac2{\sigma S}=\delta_{\max}\,\frac L{(L-1)\kappa^{-2}+\kappa^{2L-2}}.$$ ∎

## Convergence beyond the largest step

*It happens.* In units of $\ell$, start at $v_i=\tfrac12$ with $P=4^{L-1}/(2^L-1)$: then
$v_i[1]=\tfrac12-P(2^{-L}-1)2^{1-L}=1$. This $P$ exceeds $2/L$, which belongs to $\delta_{\max}$, for each $L\ge2$. (In
plain numbers: $L=2$, $\lambda=9/16$, $\sigma=1$, $\delta=4>\delta_{\max}=16/9$, start $(1,1)$: $e=7/16$ and both
weights become $-3/4$.)

*It happens for almost no start.* Let $\delta>0$ be any step. **The starts from which gradient descent converges to a
minimum with $pS>2$ lie in $\bigcup_k\{e\circ F^k=0\}$, a countable union of zero sets of polynomials, none of which is
the zero polynomial ($L\ge2$): a set of measure zero and of first category.** For $\delta>\delta_{\max}$ all minima have
$pS>2$, and the set of starts from which gradient descent converges to a local optimum *is* this union.
*Proof.* If $w[k]\to\bar w$ with $pS(\bar w)>2$, then $m(w[k])\to1-pS(\bar w)<-1$. If all $e[k]\ne0$, then $|e[k]|$
would grow from some $k$ on, and not tend to $0$. So $e[k]=0$ for some $k$. Conversely a run with $e[k]=0$ rests. For
$L\ge2$, $F(0)=0$ and $e(F^k(0))=-\lambda\ne0$. The zero set of a polynomial that is not zero is closed, without inner
points and of measure zero. ∎ (At $L=1$, $e[k]=(1-p)^ke[0]$: only the optimum itself.)

The same theorem with any $\delta$ says what "cannot reach the disproportionate equilibria" means: almost no start
does.

## What happens instead

Above its own critical step, but below $\delta_{\max}$, an equilibrium pushes gradient descent away, and nearly all runs
slide along the minima to a flatter one and converge there: so final errors tell nothing about a critical step. (For
$\kappa<1$, $L\ge3$ they do so slowly, in a cycle of two that drifts: the $L-1$ small weights are balanced among
themselves.) This is counted, not proved, with exact 95 % intervals. Outcomes, in this order: *overflowed*, an entry
left $[-2^{40},2^{40}]$; *converged*, $e^2/2\le10^{-20}\lambda^2$ at the end; *slid*, converged with $S$ more than 1 %
below that of the start's equilibrium; *oscillating*, the loss rose in the last half; *descending*, none of these.

## How the critical step is measured

A run starts at $w^*(1+2^{-200})$ and is followed for 9 errors in balls of 640 bits. Its error has grown if
$e[8]^2>e[0]^2$, and shrunk if it is smaller; a third answer ends the search. Bisection gives two steps, at most
$2^{-30}$ apart relatively, with a certificate of contraction at the lower and of growth at the upper; a third
certificate says that $2/(\sigma S)$ lies between. (At distance $\tau$ the run grows from where
$|m|=1$, which is $2/(\sigma S)$ up to a relative $O(L^2\tau)$, far below the bracket's width.) Besides,
$m<-1$ at $\frac{17}{16}$ and $|m|<1$ at $\frac{15}{16}$ of it, for all weights in a box around $w^*$, each within
$2^{-24}$: these are the hypotheses of the proofs above, on a whole neighbourhood. The Jacobian is compared with
$I-pqq^{\mathsf T}$ entry by entry (one column of equal weights stands for all), to within $2^{-64}$.
For the null set, $F(0)=0$ exactly and $e(0)\ne0$: so no $e\circ F^k$ is the zero polynomial.
At equality 24 steps from $w^*(1+2^{-10})$ at the enclosed step $2/(\sigma S)$ are compared with the room of the proof:
$e^2<4e[0]^2$ for equal weights, else $e^2<2e[0]^2+u^2/A$, where $u=pS-2-2ce$ with
$c=\frac12p^2\lambda^3((\sum x_i)^2-\sum x_i^2)$ is $v$ up to the second order, at the start.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rescert import runtime
from rescert.certify.problem import rational
from rescert.certify.proof import Proof
from rescert.certify.sign import constant
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics import chain_ensemble as ensemble
from rescert.dynamics.chain_equilibria import Equilibrium, landing_step, prove_landing
from rescert.dynamics.local_growth import Bracket
from rescert.statistics import clopper_pearson

if TYPE_CHECKING:
    import pandas as pd

FACTORS = (0.8, 0.9, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)  # steps of the runs in units of the critical one
SLIDING = (1.1, 1.5)  # between these, and below δ_max, runs are expected to slide
SHOWN = 150  # iterations of the run that the figure follows
BELOW, ABOVE = Fraction(15, 16), Fraction(17, 16)


def _equilibrium(instance: Instance) -> Equilibrium:
    """The instance's equilibrium; raises ``ValueError`` for one that is none."""
    data = [rational(x) for x in str(instance["data"]).split()]
    if not any(data):
        raise ValueError(f"expected data that are not all 0, got '{instance['data']}'")
    starts, steps = instance["starts"], instance["steps"]
    if starts < 1 or steps < 2:
        raise ValueError(f"expected at least 1 start and 2 steps, got {starts} starts and {steps} steps")
    variance = sum(x * x for x in data) / Fraction(len(data))
    return Equilibrium(rational(instance["target"]), instance["depth"], rational(instance["spread"]), variance)


def _finding(proofs: Mapping[str, Proof], reason: str, **named: Any) -> Finding:
    """HOLDS if all proofs are; otherwise undecided, with the reason of the first that is not."""
    missing = [f"{name}: {proof.reason}" for name, proof in proofs.items() if proof.assertion is None]
    assertions = tuple(proof.assertion for proof in proofs.values() if proof.assertion is not None)
    if missing:
        return Finding(True, None, Evidence.ENCLOSED, missing[0])
    return Finding(True, True, Evidence.ENCLOSED, reason, assertions=assertions, **named)


def _ends(chain: Equilibrium, found: Bracket, key: str) -> dict[str, Proof]:
    """The proofs of the two ends, and that a quantity lies strictly between them."""
    return {"shrinks": found.shrinks, "grows": found.grows, key: chain.between(key, found.low, found.high)}


def _largest(chain: Equilibrium, found: Bracket) -> Finding:
    if chain.spread == 1:
        return _finding(_ends(chain, found, "largest"), "all |w_i| are equal: δ_max lies in the measured bracket")
    beyond = chain.prove(lambda v: chain.quantities(v)["largest"] - v["high"], high=str(found.high))
    sharper = chain.prove(lambda v: chain.quantities(v)["sum"] - chain.quantities(v)["least"])
    proofs = {"grows": found.grows, "beyond": beyond, "sharper": sharper}
    return _finding(proofs, "unequal weights: the error grows already at a step below δ_max")


def _cannot(chain: Equilibrium) -> Finding:
    if chain.depth == 1:
        reason = "L = 1, 17/16 of δ_max: e[k] = (1-p)^k e[0] with |1-p| > 1"
        return Finding(True, True, Evidence.EXACT, reason, assertions=(constant(2 * ABOVE - 2, ">"),))
    step, limit = landing_step(chain.depth), Fraction(2, chain.depth)
    reason = f"from w = w*/2, balanced, one step of {float(step / limit):.4g} δ_max leads to w* exactly"
    shown = (*prove_landing(chain.depth), constant(step - limit, ">"))
    return Finding(True, False, Evidence.EXACT, reason, f"{float(step / limit):.6g} δ_max", "δ_max", shown)


def _border(chain: Equilibrium) -> Finding:
    room = "4e_0²" if chain.spread == 1 else "2e_0² + u_0²/A, and |z| falls at each step"
    reason = f"for 24 steps at δσS = 2 from w*(1 + 2^-10) e² stays below {room}"
    return _finding({"run": chain.prove(chain.border, scale="1")}, reason)


def _slide(chain: Equilibrium, instance: Instance) -> Finding:
    """Runs from starts near the equilibrium at every factor of its critical step, and what became of them."""
    draw = runtime.generator(instance["seed"], "ns_proposition1 starts")
    starts = ensemble.nearby(chain.weights, instance["starts"], ensemble.DISTANCE, draw)
    unit, target, count = chain.critical_step * float(chain.variance), float(chain.target), instance["starts"]
    values = ensemble.tally(starts, unit, target, FACTORS, instance["steps"])
    values |= {"draws": count, "ratio": chain.excess, "iterations": instance["steps"]}
    beyond = [i for i, f in enumerate(FACTORS) if f > chain.excess * 1.01]
    reached = (values["converged"][i] + values["slid"][i] for i in beyond)
    values |= {"beyond": count * len(beyond), "beyond_converged": sum(reached)}
    low, high = zip(*(clopper_pearson(slid, count) for slid in values["slid"]), strict=True)
    values |= {"slid_low": list(low), "slid_high": list(high)}
    chosen = [i for i, f in enumerate(FACTORS) if SLIDING[0] <= f <= min(SLIDING[1], chain.excess * 0.99)]
    if not chosen:
        reason = "no step of the list lies between the critical step and δ_max"
        return Finding(False, None, Evidence.NUMERICAL, reason, values=values)
    values |= ensemble.followed(starts[:1], unit * FACTORS[chosen[0]], target, SHOWN)
    lowest = min(low[i] for i in chosen)
    blown = max(clopper_pearson(values["overflowed"][i], count)[0] for i in chosen)
    # A run that still moves may slide later; only one that has overflowed cannot.
    conclusion = True if lowest > 0.5 else False if blown > 0.5 else None
    counts = ", ".join(f"{values['slid'][i]} at {FACTORS[i]:g}" for i in chosen)
    reason = f"of {count} starts slid: {counts} times the critical step; lower end of the 95 % intervals {lowest:.3f}"
    return Finding(True, conclusion, Evidence.NUMERICAL, reason, f"{lowest:.3f}", "0.5", values=values)


def _critical(chain: Equilibrium, found: Bracket) -> Finding:
    step = Fraction(chain.critical_step)
    proofs = _ends(chain, found, "critical")
    proofs |= {"stable around": chain.around(step * BELOW, False), "unstable around": chain.around(step * ABOVE, True)}
    proofs |= chain.jacobian(step * BELOW)
    reason = f"bracketed by {found.evaluations} runs to a relative {float(found.width):.2g}"
    values = {"low": float(found.low), "high": float(found.high), **chain.describe()}
    shown = f"{float(found.low):.12g} to {float(found.high):.12g}"
    return _finding(proofs, reason, measured=shown, bound=f"{chain.critical_step:.12g}", values=values)


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One target, depth, spread κ and data: real runs in balls for critical steps, and a batch in floats."""
    chain = _equilibrium(instance)
    rests = ", and 0 is at rest with e ≠ 0: no e∘F^k is the zero polynomial" if chain.depth > 1 else ""
    steep = _finding(chain.beyond_largest(ABOVE), f"17/16 of δ_max: m < -1 around minima{rests}")
    slide = _slide(chain, instance)
    findings = {"cannot": _cannot(chain), "steep": steep, "border": _border(chain), "slide": slide}
    found = chain.bracket()
    if isinstance(found, str):
        undecided = Finding(None, None, Evidence.ENCLOSED, found)
        return findings | dict.fromkeys(("printed", "critical", "largest", "spread"), undecided)
    inside = _finding(_ends(chain, found, "formula"), "the formula lies in the measured bracket")
    findings |= {"critical": _critical(chain, found), "largest": _largest(chain, found), "spread": inside}
    if chain.depth > 1:
        reason = "L >= 2: the minima form a hypersurface, so that none is asymptotically stable"
        deep = (constant(chain.depth - 1, ">"),)
        return findings | {"printed": Finding(False, None, Evidence.EXACT, reason, assertions=deep)}
    return findings | {"printed": _finding(_ends(chain, found, "critical"), "L = 1: shrinks below 2/σ, grows above")}


def _drawn(rows: pd.DataFrame) -> pd.Series | None:
    """The instance of the middle panels: the one whose δ_max is nearest to 2 times its critical step."""
    sliding = rows[(rows["statement"] == "slide") & rows["loss"].notna()] if "loss" in rows else rows[:0]
    if not len(sliding):
        return None
    return sliding.loc[(sliding["ratio"].map(math.log) - math.log(2)).abs().idxmin()]


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    critical = rows[(rows["statement"] == "critical") & (rows["verdict"] == "holds")]
    slide, drawn = rows[rows["statement"] == "slide"], _drawn(rows)
    named = ("iterations", "draws", "depth", "spread", "ratio", "interval")
    found: dict[str, Scalar] = dict.fromkeys(named, "none")
    if drawn is not None:
        found = {key: int(drawn[key]) for key in ("iterations", "draws", "depth")}
        widths = [high - low for low, high in zip(drawn["slid_low"], drawn["slid_high"], strict=True)]
        found |= {"spread": str(drawn["spread"]), "ratio": f"{drawn['ratio']:.3g}", "interval": f"{max(widths):.3f}"}
    return found | {
        "brackets": len(critical),
        "width": float((critical["high"] / critical["low"] - 1).max()) if len(critical) else 0.0,
        "beyond": int(slide["beyond"].sum()),
        "beyond_converged": int(slide["beyond_converged"].sum()),
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Left: critical steps measured on gradient descent by bisection on the growth of the error (circles; the
    {brackets} certified brackets have a relative width of at most {width:.1g}; those of $L=1$ and those below the axis
    are not drawn), against the spread $\kappa$ of the weights, and $2/(\sigma S)$ (lines); both in units of
    $\delta_{{\max}}$ (dashed), which only equal weights reach.
    Middle: what became of {draws} starts near the equilibrium with $L={depth}$, $\kappa={spread}$ after {iterations}
    iterations at each of some steps; dashed, the critical step and $\delta_{{\max}}$, {ratio} times as large. The
    95 % Clopper–Pearson intervals of the share that slid (bars) are at most {interval} wide. Right: one run there at
    the first step above the critical one. The loss grows until $\delta\sigma S$ has fallen below 2, then the run
    converges to a flatter minimum. Over all instances {beyond_converged} of {beyond} runs beyond $\delta_{{\max}}$
    converged.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    rows = tables["claims/ns_proposition1"]
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(6.8, 3.0), width_ratios=(1.1, 1.2, 1))
    colours = sns.color_palette()
    _draw_steps(left, rows, sns.color_palette("viridis", 4))
    drawn = _drawn(rows)
    if drawn is not None:
        _draw_outcomes(middle, drawn, colours)
        _draw_run(right, drawn, colours)
        kinds = middle.get_legend_handles_labels()
        drawing.legend(*kinds, loc="outside upper center", ncols=len(ensemble.ORDER), handlelength=1.2)
    columns = ["instance", "statement", "low", "high", "critical", "largest", "factors", *map(str, ensemble.ORDER)]
    return Drawing(drawing, rows[rows["statement"].isin(["critical", "slide"])][columns].reset_index(drop=True))


def _draw_steps(axes: Any, rows: pd.DataFrame, colours: Any) -> None:
    measured = rows[(rows["statement"] == "critical") & (rows["verdict"] == "holds") & (rows["depth"] > 1)]
    for colour, (depth, group) in zip(itertools.cycle(colours), measured.groupby("depth"), strict=False):
        axes.plot(*group.iloc[0][["curve_kappa", "curve"]], color=colour, linewidth=1.1)
        axes.plot(group["kappa"], group["low"] / group["largest"], "o", color=colour, label=f"{depth}")
    axes.axhline(1, color="0.3", linestyle="--", linewidth=1)
    axes.set(xscale="log", yscale="log", xlabel=r"spread $\kappa$", ylabel=r"critical step$\,/\,\delta_{\max}$")
    axes.set(ylim=(1e-6, 4), title="critical steps")
    axes.set_xticks([0.5, 1, 2, 4], ["½", "1", "2", "4"])
    axes.minorticks_off()
    axes.legend(title="$L$", loc="lower left", handletextpad=0.1, labelspacing=0.3)


def _draw_outcomes(axes: Any, drawn: pd.Series, colours: Any) -> None:
    places, below = range(len(drawn["factors"])), [0.0] * len(drawn["factors"])
    shades = dict(zip(ensemble.ORDER, (colours[2], colours[0], colours[1], "0.75", "0.25"), strict=True))
    for outcome in ensemble.ORDER:
        shares = [n / drawn["draws"] for n in drawn[str(outcome)]]
        axes.bar(places, shares, 0.8, below, color=shades[outcome], label=str(outcome), linewidth=0)
        below = [a + b for a, b in zip(below, shares, strict=True)]
    start = [n / drawn["draws"] for n in drawn["converged"]]
    for place, base, low, high in zip(places, start, drawn["slid_low"], drawn["slid_high"], strict=True):
        if low:
            axes.plot([place] * 2, [base + low, base + high], color="black", linewidth=1)
    for mark in (1.0, drawn["ratio"]):
        axes.axvline(sum(f <= mark for f in drawn["factors"]) - 0.5, color="black", linestyle="--", linewidth=1)
    axes.set_xticks(places, [f"{f:g}" for f in drawn["factors"]], rotation=90)
    axes.set(xlabel="step / critical step", ylabel="share of the starts", ylim=(0, 1))
    axes.set_title(rf"$L={drawn['depth']},\ \kappa={drawn['spread']}$")
    axes.grid(False)


def _draw_run(axes: Any, drawn: pd.Series, colours: Any) -> None:
    axes.plot(drawn["loss"], color=colours[0])
    axes.set(yscale="log", xlabel="iteration", ylim=(1e-18, 10))
    axes.set_ylabel(r"loss $e^2/(2\lambda^2)$", color=colours[0])
    axes.grid(False)
    twin = axes.twinx()
    twin.plot(drawn["gain"], color=colours[3], linewidth=0.9)
    twin.axhline(2, color="0.3", linestyle=":", linewidth=1)
    twin.set_ylabel(r"$\delta\sigma S$", color=colours[3])
    twin.grid(False)
    twin.spines["right"].set_visible(True)


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Proposition 1",
    title="The step sizes at which equilibria of a scalar chain lose stability",
    statements=(
        Statement(
            "printed",
            r"An equilibrium with $w_L\cdots w_1=\lambda\ne0$ is asymptotically stable only if "
            r"$\delta\le2/(\sigma\sum_i\prod_{j\ne i}w_j^2)$.",
            "as printed",
            proof="written",
        ),
        Statement(
            "largest",
            r"The bound attains its largest value $\delta_{\max}=2/(\sigma L\lambda^{2(L-1)/L})$ for the equilibria "
            r"with $|w_i|=|\lambda|^{1/L}$ for all $i$ (read with $|\lambda|$).",
            "as printed",
            proof="written",
        ),
        Statement(
            "cannot",
            r"If the step is larger than $\delta_{\max}$, gradient descent cannot converge to any of the local optima "
            r"(read: from a start that is none).",
            "as printed",
        ),
        Statement(
            "critical",
            r"Let $\delta>0$, $q_i=\prod_{j\ne i}w_j$ and $S=\sum_iq_i^2$ at an equilibrium with "
            r"$w_L\cdots w_1=\lambda\ne0$. The Jacobian of a step is $I-\delta\sigma\,qq^{\mathsf T}$, with "
            r"eigenvalues $1$ ($L-1$ times) and $1-\delta\sigma S$. If $\delta\sigma S>2$ the equilibrium is unstable. "
            r"If $\delta\sigma S<2$ it is stable in the sense of Lyapunov, and from all starts near it the error tends "
            r"to $0$ geometrically and the weights to an equilibrium nearby.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "steep",
            r"For every step the starts from which gradient descent converges to a minimum with $\delta\sigma S>2$ "
            r"have an error of exactly $0$ after finitely many steps; for $L\ge2$ they lie in a countable union of "
            r"zero sets of nonzero polynomials, of measure zero. For $\delta>\delta_{\max}$ this is so for all local "
            r"optima.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "spread",
            r"At $\{\kappa\ell,\dots,\kappa\ell,\kappa^{1-L}\ell\}$, $\ell=|\lambda|^{1/L}$, the critical step is "
            r"$\delta_{\max}\,L/((L-1)\kappa^{-2}+\kappa^{2L-2})$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "border",
            r"Equilibria are stable at equality, too: one with $w_L\cdots w_1=\lambda\ne0$ is stable in the sense of "
            r"Lyapunov if and only if $\delta\sigma S\le2$. At equality and with unequal $|w_i|$, runs beside it with "
            r"an error that never vanishes converge to flatter minima.",
            "sharper",
            proof="written",
        ),
        Statement(
            "slide",
            r"From random starts near an equilibrium, at steps from 1.1 to 1.5 times its critical one and below "
            r"$\delta_{\max}$, most runs of gradient descent do not blow up: they slide to a flatter minimum and "
            r"converge.",
            "sharper",
        ),
    ),
    check=check,
    control={"target": "2", "depth": 2, "spread": "4", "data": "1", "starts": 5, "steps": 100, "seed": 0},
    control_statement="printed",
    figure=figure,
    validate=_equilibrium,
    summary=summary,
)
