r"""Gradient descent on linear least squares: its critical step (Nar and Sastry 2018, Section 2 and Figure 1).

With $X\in\mathbb R^{n\times N}$, $X\ne0$, $A=XX^{\mathsf T}$ and $\delta>0$, gradient descent on
$\frac12\|X^{\mathsf T}w-y\|^2$ is
$$w[k+1]=(I-\delta A)w[k]+\delta Xy.$$
$Xy$ lies in the range of $X$, which is that of $A$, so there are minimisers: $Aw=Xy$, an affine space parallel to
$\ker A$. These are the equilibria. Let $r\ge1$ be the rank of $A$, $\Pi$ the orthogonal projection on $\ker A$,
$w^\dagger$ the minimiser without a part in $\ker A$, and $\lambda$ run through the *positive* eigenvalues of $A$, from
$\lambda_{\min}$ to $\lambda_{\max}$. Write $q(\delta)=\max_\lambda|1-\delta\lambda|$ and
$w_\infty=\Pi w[0]+w^\dagger$, the minimiser nearest to the start.

## How the printed sentence is read

"Every equilibrium of this system is asymptotically stable and the gradient descent converges to any of them only if all
eigenvalues of $I-\delta XX^{\mathsf T}$ have magnitude less than 1." Two conclusions share one condition; we take them
one by one, "converges" meaning: from every start. (Taken as one conjunction it is true, as its first half alone implies
the condition.) The next one, that above "a critical value for the step size" gradient descent "becomes unstable and the
iterations cannot converge to a local optimum", is read with the value at which it becomes unstable, $2/\lambda_{\max}$.
(Above $2/\lambda_{\min}$ it is true.)

## What is wrong as printed

1. If $A$ is singular ($n>N$, or dependent rows) $I-\delta A$ has the eigenvalue 1 for every step, and the condition
   is never met. Yet for $0<\delta<2/\lambda_{\max}$ gradient descent converges from every start. So the second "only
   if" is false; what matters are the eigenvalues on the range of $X$. The first is then vacuous: no equilibrium is
   asymptotically stable, because others lie beside it.
2. "The iterations cannot converge to a local optimum": for $\delta>2/\lambda_{\max}$ they still converge from every
   start whose part in the eigenspaces with $\delta\lambda\ge2$ is that of the optima. These starts are a proper
   affine subspace: a null set, but more than the optima themselves as soon as some $\delta\lambda<2$.
3. At $\delta=2/\lambda_{\max}$ exactly, the equilibria are stable, but most runs oscillate for ever. So losing
   convergence and losing stability are not the same.

## Proofs

*Solution.* $A$ is symmetric and $A\Pi=0$. From $Aw_\infty=Xy$,
$w[k]-w_\infty=(I-\delta A)^k(w[0]-w_\infty)$, and $w[0]-w_\infty=(I-\Pi)w[0]-w^\dagger$ lies in the range of $A$. Let
$d_\lambda$ be its part in the eigenspace of $\lambda>0$. Then
$$w[k]-w_\infty=\sum_\lambda(1-\delta\lambda)^kd_\lambda,\qquad
\|w[k]-w_\infty\|^2=\sum_\lambda(1-\delta\lambda)^{2k}\|d_\lambda\|^2.$$

*Convergence.* $(1-\delta\lambda)^k$ tends to $0$ iff $\delta\lambda<2$ (as $\delta\lambda>0$), and has no limit
otherwise. So gradient descent converges iff $d_\lambda=0$ whenever $\delta\lambda\ge2$, and then to $w_\infty$; from
every start iff $\delta<2/\lambda_{\max}$. If $\delta\lambda=2$, that part alternates between $d_\lambda$ and
$-d_\lambda$; if $\delta\lambda>2$, it grows without bound. ∎

*Stability.* Let $w^*$ be an equilibrium; $w[k]-w^*=(I-\delta A)^k(w[0]-w^*)$. If $\delta\le2/\lambda_{\max}$ all
eigenvalues of $I-\delta A$ lie in $[-1,1]$, so the distance to $w^*$ never grows: stable (with the same ball inside and
outside). If $\delta>2/\lambda_{\max}$, a start $w^*+\epsilon v$ with $Av=\lambda_{\max}v$ leaves every ball. If
$\delta<2/\lambda_{\max}$ and $A$ is nonsingular there is one equilibrium, and all runs converge to it: asymptotically
stable. If $A$ is singular, equilibria beside $w^*$ do not move, and at $\delta=2/\lambda_{\max}$ runs beside it
oscillate: not asymptotically stable. ∎

*Rate.* The solution gives $\|w[k]-w_\infty\|\le q^k\|w[0]-w_\infty\|$ for every $\delta$, with equality for a start
along an eigenvector of the $\lambda$ that attains $q$; and $q<1$ iff $0<\delta<2/\lambda_{\max}$. ∎

*Best step.* $q(\delta)\ge\max(1-\delta\lambda_{\min},\delta\lambda_{\max}-1)$. With the weights
$\lambda_{\max}$ and $\lambda_{\min}$ over their sum, the mean of these two is $(\kappa-1)/(\kappa+1)$ with
$\kappa=\lambda_{\max}/\lambda_{\min}$. So $q\ge(\kappa-1)/(\kappa+1)$. Equality needs both to be equal, which is at
$\delta^*=2/(\lambda_{\max}+\lambda_{\min})$; there $|1-\delta\lambda|$ is no larger for the eigenvalues between. ∎ (For
large $\kappa$ the best step is just below the critical one.)

## How it is tested

$X$, $y$ and $\delta$ are rationals. That $\delta\lambda<2$ for all $\lambda$ is certified by the definiteness of
$2I-\delta A$; that some $\delta\lambda>2$ by a direction in which it is negative; $\delta\lambda=2$ by
integer eigenvectors $v$ with $(2I-\delta A)v=0$, exactly, and the definiteness of $2I-\delta A+\sum vv^{\mathsf T}$;
singularity by integer $z\ne0$ with $X^{\mathsf T}z=0$, exactly. Independently of eigenvalues, *real runs*
from $0$ and from all unit vectors give $E=(I-\delta A)^K-\Pi$ in balls: the differences of their ends, less the known
$\Pi$. $E$ is the $K$-th power of $I-\delta A-\Pi$, which is symmetric with rank at most $r$. So $\|E\|_F<1$ says that
every run converges, and $\|E\|_F^2>r$ that some do not. The rate $q=\|I-\delta A-\Pi\|$ is bracketed to $10^{-9}$ by
two definite forms and a negative direction, and a run is compared with powers of the upper bracket at each step. So are
$\lambda_{\max}$ and $\lambda_{\min}$, for the best step.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rescert import runtime
from rescert.certify.problem import rational
from rescert.certify.sign import constant
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics.linear_descent import MARGIN, Descent
from rescert.dynamics.linear_regime import MEASURED_STEPS, Facts, rate_curves, shown

if TYPE_CHECKING:
    import pandas as pd

BOUND_STEPS = 20  # iterations of the run that is compared with the rate
PATH_STEPS = 14  # iterations that the figure shows
REGIMES = ("asymptotically stable", "stable", "unstable")


def _descent(instance: Instance) -> tuple[Descent, list[Fraction]]:
    """The problem and the start; raises ``ValueError`` for text that is no matrix or does not fit."""
    rows = [[rational(x) for x in row.split()] for row in str(instance["matrix"]).split(";")]
    labels, start = ([rational(x) for x in str(text).split()] for text in (instance["labels"], instance["start"]))
    descent = Descent(rows, labels, rational(instance["step"]))
    if len(start) != descent.size:
        raise ValueError(f"expected a start with {descent.size} entries, got '{instance['start']}'")
    if start == descent.limit(start):
        raise ValueError(f"expected a start that is not a minimiser already, got '{instance['start']}'")
    if instance["draws"] < 2:
        raise ValueError(f"expected at least 2 draws, got {instance['draws']}")
    return descent, start


def _settled(
    hypotheses: bool, conclusion: bool | None, reason: str, *groups: tuple[dict[str, Any], ...], **named: Any
) -> Finding:
    """The finding if every group of assertions was shown, else an undecided one."""
    if not all(groups):
        return Finding(None, None, Evidence.ENCLOSED, f"not shown: {reason}")
    listed = tuple(assertion for group in groups for assertion in group)
    return Finding(hypotheses, conclusion, Evidence.ENCLOSED, reason, assertions=listed, **named)


WORDS = {"below": "δλ < 2 for all λ", "at": "δλ = 2 for the largest λ", "above": "δλ > 2 for some λ"}


def _stability(facts: Facts) -> Finding:
    if facts.singular:
        return _settled(False, None, "A is singular: equilibria lie beside each other", facts.null)
    if facts.regime == "below":
        return _settled(True, True, "A is nonsingular and all |1-δλ| < 1", facts.step, facts.rank)
    return _settled(False, None, f"{WORDS[facts.regime]}: not asymptotically stable", facts.step)


def _convergence(facts: Facts) -> Finding:
    if facts.regime != "below":
        return _settled(False, None, f"{WORDS[facts.regime]}: some runs do not converge", facts.behaviour())
    if facts.singular:
        reason = f"{facts.ends} (seen after {facts.steps} steps), though I-δA has the eigenvalue 1"
        return _settled(True, False, reason, facts.run, facts.step, facts.null)
    return _settled(True, True, "every run converges, and all |1-δλ| < 1", facts.run, facts.step, facts.rank)


def _critical(descent: Descent, facts: Facts) -> Finding:
    if facts.regime != "above":
        return _settled(False, None, f"{WORDS[facts.regime]}: the step is not above the critical one", facts.step)
    counts, split = descent.counts, shown(descent.prove_fast())
    if counts.border:
        return Finding(True, None, Evidence.ENCLOSED, "δλ = 2 occurs below the largest eigenvalue")
    if counts.slow == 0:
        reason = "δλ > 2 for every positive eigenvalue: only starts that are optima converge"
        return _settled(True, True, reason, split, facts.null or facts.rank)
    reason = (
        f"unstable, but {counts.slow} of {descent.rank} positive eigenvalues have δλ < 2: starts along them converge"
    )
    start = descent.slow_start()
    if start is not None:
        reason += f"; from an optimum plus {tuple(start)} in one step"
    return _settled(True, False, reason, split, facts.rank, facts.step)


def _corrected(descent: Descent, facts: Facts, path: np.ndarray) -> Finding:
    """The regime, known from the eigenvalues, and how runs end, known from runs."""
    kind = REGIMES[2] if facts.regime == "above" else REGIMES[int(facts.singular or facts.regime == "at")]
    reason = f"{WORDS[facts.regime]}, A is {'singular' if facts.singular else 'nonsingular'}: {kind}; "
    reason += "runs alternate for ever" if facts.regime == "at" else f"{facts.ends} ({facts.steps} steps)"
    values: dict[str, Any] = {"regime": facts.regime, "kind": kind, "size": descent.size}
    values |= {"critical": descent.critical, "relative": float(descent.step) / descent.critical}
    if descent.size == 2:
        values |= {"path_x": path[:, 0].tolist(), "path_y": path[:, 1].tolist(), "at": _floats(descent.least_norm)}
        values["lines"] = [float(x) for x in descent.null_vectors()[0]] if facts.singular else [0.0, 0.0]
    groups = (facts.step, facts.behaviour(), facts.null if facts.singular else facts.rank)
    measured, bound = f"δ = {descent.step}", f"2/λ_max = {descent.critical:.9g}"
    return _settled(True, True, reason, *groups, measured=measured, bound=bound, values=values)


def _rate(descent: Descent, facts: Facts, start: list[Fraction], rates: Mapping[str, Any]) -> Finding:
    if facts.regime != "below":
        return _settled(False, None, f"{WORDS[facts.regime]}: q is not below 1", facts.step, values=rates)
    bracket, run = [shown(p) for p in descent.prove_rate()], shown(descent.prove_bound(start, BOUND_STEPS))
    reason = f"q is bracketed to {float(MARGIN):.0e}, and a run stays below q⁺^k, its upper end, for k <= {BOUND_STEPS}"
    return _settled(True, True, reason, *bracket, run, measured=f"{descent.rate:.9f}", bound="1", values=rates)


def _best(descent: Descent) -> Finding:
    """Whether the rate exceeds the best one, or, where δ is the best step to `MARGIN`, equals it to 3 `MARGIN`."""
    low, high, proofs = descent.prove_condition()
    groups = [shown(p) for p in (*proofs, *descent.prove_rate())]
    gap = Fraction(descent.rate) - MARGIN - high
    named: dict[str, Any] = {"measured": f"{descent.rate:.9f}", "bound": f"{descent.best:.9f}"}
    if gap > 0:
        return _settled(True, True, "the rate exceeds the best one", *groups, (constant(gap, ">"),), **named)
    if abs(float(descent.step) - descent.best_step) < float(MARGIN) * descent.best_step:
        reason = f"δ is within {float(MARGIN):.0e} of the best step, and the rate within {float(3 * MARGIN):.0e} of its"
        least, most = gap, Fraction(descent.rate) + MARGIN - low  # of the rate less the best one
        near = constant(least + 3 * MARGIN, ">"), constant(3 * MARGIN - most, ">")
        return _settled(True, True, reason, *groups, near, **named)
    return Finding(True, None, Evidence.ENCLOSED, "too near to the best step to be decided", **named)


def _floats(values: list[Fraction]) -> list[float]:
    return [float(x) for x in values]


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One matrix, labels, step and start; eigenvalues by exact certificates, and runs in balls beside them."""
    descent, start = _descent(instance)
    facts = Facts(descent)
    draw = runtime.generator(instance["seed"], "ns_least_squares starts")
    starts = torch.randn(instance["draws"], descent.size, generator=draw, dtype=torch.float64).numpy()
    return {
        "stability": _stability(facts),
        "convergence": _convergence(facts),
        "critical": _critical(descent, facts),
        "corrected": _corrected(descent, facts, descent.path(start, PATH_STEPS)),
        "rate": _rate(descent, facts, start, rate_curves(descent, starts)),
        "best": _best(descent),
    }


def _panels(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """The first instance with two weights of each kind; of the stable ones a singular one, if there is one."""
    planar = rows[(rows["statement"] == "corrected") & (rows["verdict"] == "holds") & (rows["size"] == 2)]
    if not len(planar):
        return {}
    kinds = zip(planar["kind"], planar["lines"], strict=True)
    lined = planar.assign(single=[kind == REGIMES[1] and not any(line) for kind, line in kinds])
    return {kind: group.iloc[0] for kind, group in lined.sort_values("single", kind="stable").groupby("kind")}


def _rated(rows: pd.DataFrame) -> pd.Series:
    """The instance of the last panel: the one whose condition is nearest to 9, where the curve's two branches show."""
    rated = rows[rows["statement"] == "rate"]
    return rated.loc[np.abs(np.log(rated["kappa"] / 9)).idxmin()]


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    panels, rated = _panels(rows), _rated(rows)
    relative = {kind: f"{panels[kind]['relative']:.3g}" if kind in panels else "none" for kind in REGIMES}
    return {
        "first": relative[REGIMES[0]],
        "second": relative[REGIMES[1]],
        "third": relative[REGIMES[2]],
        "draws": int(rated["draws_shown"]),
        "steps": MEASURED_STEPS,
        "kappa": float(rated["kappa"]),
        "matrix": str(rated["matrix"]),
        "instances": int(rows["instance"].nunique()),
        "holding": int(((rows["statement"] == "corrected") & (rows["verdict"] == "holds")).sum()),
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Figure 1 of the paper, on least squares with two weights: a run (dots, from the ring) that starts on a ball
    around an equilibrium (cross; solid circle, the paper's $\delta$-ball), and a ball that it may not leave (dashed,
    its $\epsilon$-ball; for this linear system both may be the same). First: asymptotically stable, step {first} times
    the critical one: the run stays and tends to the equilibrium. Second: $XX^{{\mathsf T}}$ is singular or the step
    critical (here {second} times it): the run stays, but need not tend to the equilibrium (grey: the line of
    equilibria). Third: unstable ({third} times it): the run leaves every ball. Right: factor by which a step shrinks
    the distance to the limit, over {draws} random starts (dots: median; bars: central 95 % of the starts; up to {steps}
    iterations), and the predicted $q=\max|1-\delta\lambda|$ (line), for the matrix with rows {matrix},
    $\kappa={kappa:.3g}$; dashed, the critical step; dotted, the best one. The corrected statement was certified on
    {holding} of {instances} instances.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    rows = tables["claims/ns_least_squares"]
    colours = sns.color_palette()
    drawing, axes = plt.subplots(1, 4, figsize=(6.8, 2.0), width_ratios=(1, 1, 1, 1.3))
    panels = _panels(rows)
    for place, (panel, kind) in enumerate(zip(axes, REGIMES, strict=False)):
        panel.set_title("asympt. stable" if place == 0 else kind)
        panel.set(xticks=[], yticks=[], aspect="equal", xlabel="$w_1$", ylabel="$w_2$" if place == 0 else "")
        if kind in panels:
            _draw_path(panel, panels[kind], colours[(0, 2, 3)[place]])
    _draw_rates(axes[3], _rated(rows), colours)
    columns = ["instance", "statement", "matrix", "labels", "step", "kind", "relative", "path_x", "path_y", "grid"]
    columns += ["rate_low", "rate_median", "rate_high", "predicted"]
    shown = rows[rows["statement"].isin(["corrected", "rate"])]
    return Drawing(drawing, shown[[c for c in columns if c in shown]].reset_index(drop=True))


def _draw_path(panel: Any, row: pd.Series, colour: Any) -> None:
    centre, xs, ys = row["at"], np.array(row["path_x"]), np.array(row["path_y"])
    radius = float(np.hypot(xs[0] - centre[0], ys[0] - centre[1]))
    reach = 1.6 * radius
    if any(row["lines"]):
        length = np.hypot(*row["lines"])
        ends = [
            [c - 9 * radius * d / length, c + 9 * radius * d / length]
            for c, d in zip(centre, row["lines"], strict=True)
        ]
        panel.plot(*ends, color="0.75", linewidth=3, zorder=0)
    angles = np.linspace(0, 2 * np.pi, 200)
    for size, style in ((1.0, "-"), (1.4, "--")):
        circle = centre[0] + size * radius * np.cos(angles), centre[1] + size * radius * np.sin(angles)
        panel.plot(*circle, style, color="0.3", linewidth=1)
    panel.plot(xs, ys, color=colour, marker="o", markersize=2.6, linewidth=0.9)
    panel.plot(xs[:1], ys[:1], "o", markersize=6, markerfacecolor="none", markeredgecolor=colour)
    panel.plot(*centre, "+", color="black", markersize=8, markeredgewidth=1.4)
    panel.set_xlim(centre[0] - reach, centre[0] + reach)
    panel.set_ylim(centre[1] - reach, centre[1] + reach)


def _draw_rates(panel: Any, row: pd.Series, colours: Any) -> None:
    grid, middle = np.array(row["grid"]), np.array(row["rate_median"])
    spread = [np.maximum(middle - row["rate_low"], 0), np.maximum(row["rate_high"] - middle, 0)]
    panel.plot(grid, row["predicted"], color=colours[0], linewidth=1.3)
    panel.errorbar(grid, middle, yerr=spread, fmt="o", color=colours[1], markersize=2.4, linewidth=0.9)
    panel.axhline(1, color="0.6", linewidth=0.8)
    panel.axvline(1, color="0.2", linestyle="--", linewidth=1)
    panel.axvline(row["best"], color="0.2", linestyle=":", linewidth=1)
    panel.set(xlabel="step / critical step", ylabel="factor per step", ylim=(0, None), xlim=(0, 1.35))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 2, Figure 1",
    title="The critical step of gradient descent on linear least squares",
    statements=(
        Statement(
            "stability",
            r"Every equilibrium is asymptotically stable only if all eigenvalues of $I-\delta XX^{\mathsf T}$ have "
            r"magnitude less than 1. (First half of the printed sentence.)",
            "as printed",
            proof="written",
        ),
        Statement(
            "convergence",
            r"Gradient descent converges (from every start) only if all eigenvalues of $I-\delta XX^{\mathsf T}$ have "
            r"magnitude less than 1. (Second half, read by itself; both halves together are true.)",
            "as printed",
        ),
        Statement(
            "critical",
            r"Above the critical value of the step, where gradient descent becomes unstable, the iterations cannot "
            r"converge to a local optimum (read: from a start that is none).",
            "as printed",
        ),
        Statement(
            "corrected",
            r"Let $\delta>0$, $X\ne0$, $A=XX^{\mathsf T}$. Gradient descent converges from every start if and only if "
            r"$\delta<2/\lambda_{\max}(A)$, and then to the minimiser nearest to the start. Each equilibrium is stable "
            r"in the sense of Lyapunov if and only if $\delta\le2/\lambda_{\max}$, and asymptotically stable if and "
            r"only if moreover $\delta<2/\lambda_{\max}$ and $A$ is nonsingular. For any $\delta>0$ the starts that "
            r"converge are those whose part in each eigenspace with $\delta\lambda\ge2$ is that of the optima.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "rate",
            r"For $0<\delta<2/\lambda_{\max}$: $\|w[k]-w_\infty\|\le q^k\|w[0]-w_\infty\|$ with "
            r"$q=\max_{\lambda>0}|1-\delta\lambda|<1$, and no smaller $q$ will do for all starts.",
            "sharper",
            proof="written",
        ),
        Statement(
            "best",
            r"For every step $q\ge(\kappa-1)/(\kappa+1)$, $\kappa=\lambda_{\max}/\lambda_{\min}$ with the least "
            r"*positive* eigenvalue, with equality only at $\delta=2/(\lambda_{\max}+\lambda_{\min})$.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"matrix": "2 0; 0 1", "labels": "1 1", "step": "1", "start": "1 2", "draws": 2, "seed": 0},
    control_statement="rate",
    figure=figure,
    validate=_descent,
    summary=summary,
)
