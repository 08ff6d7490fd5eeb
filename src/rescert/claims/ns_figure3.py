r"""Single against double networks for random matrices (Nar and Sastry 2018, Section 3.2 and Figure 3).

The risk is $\frac12\|F-R\|_F^2$ with $F=W_L\cdots W_1$ (single) or $F=W_L\cdots W_1-Z_L\cdots Z_1$ (double), $R$ is
$n\times n$, all factors start at $I$, and all take gradient steps $\delta$. The paper draws $R=M\Lambda M^{-1}$,
$n=L=20$, with Gaussian $M$ and eigenvalues uniform on $[-1.5,1.5]$. It states neither the step, nor the number of
matrices, nor that of the iterations, and reports: the double network converged faster for all matrices; the single one
became unstable for some, the double one never.

## How the printed observations are read

Norms of $M\Lambda M^{-1}$ differ a thousandfold, and with them the critical step. So each matrix has its own step
$\delta=s\cdot2/(L\|R\|_2^\alpha)$, $\alpha=2(L-1)/L$, with the *scaled* step $s$ common to all; $s=1$ is the critical
step of the single network (below). "The convergence rate was better" is read as: the loss after the last iteration is
smaller, by a hundredth at least; closer losses are tied. A run that overflowed loses to one that did not; two runs that
both converged (an error of $F$ below $2^{-30}$ of $R$), or both overflowed, are tied. All of this is about a finite
number of iterations, and says nothing of limits: with Gaussian eigenvectors no single network, and only some of the
double ones, converged in this sense in 2000 iterations. "Unstable" is read as: the run overflowed (an entry left
$[-2^{40},2^{40}]$, or the loss was not finite), or it is oscillating: not converged, and the loss rose in the last half
of the iterations. Apart from it we count the runs whose loss rose at any iteration, or that overflowed.

The paper names no step. The weakest reading is: at *some* step all matrices show what is printed; as its two sentences
tell of one experiment, the second is read at a step at which the first holds too. The strongest reading, *every* step
below the critical one, is a statement of its own. (There some pairs of runs break the printed order. These are followed
on, for ten times as many iterations, to see whether the double network is slower or only late.) With one scaled step
for all, the single network is unstable for all matrices or for none; "for some" fits a step $\delta$ that all matrices
share.

The matrices are $n$ independent draws, and a share at one step is one of $n$ independent trials: it carries a 95 %
Clopper–Pearson interval. The steps use the same $n$ matrices, so that runs at different steps are *not* independent;
no interval is given for sums over steps, but one for the share of the matrices that show the printed order at all steps
below $1$. Orthogonal eigenvectors are the orthogonal factors of the same $M$, with the same eigenvalues: the two kinds
are paired, too. "All of $n$ matrices" is an observation on $n$ matrices, and no theorem.

## What is behind it

Three facts, of which `ns_double_matrices` has the proofs. (A) No point with $F=R$ of the single network is stable at
$s>1$, and none of the double one at $s>2^{1-2/L}$, which is $1.87$ for $L=20$; both bounds are attained. So there is
room above $s=1$ for the double network. (B) Descent from the identity can use it where $R$ is dominated by one singular
pair with nearly orthogonal $u,v$, as many a matrix of large norm with bounded eigenvalues is: each chain then takes
over about one half of $R$. (Proved for rank one and $u\perp v$; seen for the random matrices.) With orthogonal
eigenvectors it finds the opposite, for small steps: each positive eigenvalue $\lambda$ ends as $p-q$ with $p>\lambda$,
$q>0$, at a *sharper* point than the single network's; its critical scaled step is $0.46$ for $\lambda=1.5$, $L=20$.
Above it a run need not diverge: the loss rises, and the run leaves for a flatter point (seen, not proved). For $L=4$
some runs do diverge below $s=1$ (Theorem C there), so that what is said of most matrices can fail at small depth. (C)
For symmetric $R$, and steps $\delta\le1/(1-\lambda_{\min})$, the single network's loss never falls below
$\frac12\sum_{\lambda_j<0}\lambda_j^2$ in exact arithmetic.

(C) is Proposition 3 for matrices, and the reason for Figure 3 where eigenvectors are orthogonal. But the stall is not
stable: a perturbation that does not commute with $R$ lets two negative eigenvalues go together, as a rotation by $\pi$
does without leaving the invertible matrices. Rounding, of $R$ and of the products, is such a perturbation: in float64
the loss ends below the floor at the larger steps. With Gaussian eigenvectors there is no floor of this kind; what lasts
is the sign of the determinant, positive at the start: if $\det R<0$, every continuous path of the product to $R$ passes
a singular matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics import double_threshold, paired_runs
from rescert.dynamics.paired_runs import APART, NETWORKS
from rescert.statistics import clopper_pearson

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("gaussian", "orthogonal")
PAIRS = ("unstable", "overflowed", "rising")  # counted for the single and for the double network


def expand(instance: Instance, inputs: Inputs) -> Iterable[Instance]:
    """One instance a kind of eigenvectors and scaled step of a trained sweep."""
    sweep = inputs.record(f"networks/{instance['network']}")
    return [
        {**instance, "eigenvectors": kind, "scaled_step": float(step)}
        for kind in sweep["eigenvectors"]
        for step in sweep["steps"]
    ]


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """All runs of one kind of eigenvectors at one scaled step."""
    need = f"networks/{instance['network']}"
    sweep, table = inputs.record(need), inputs.table(need)
    kind = instance.get("eigenvectors", sweep["eigenvectors"][-1])
    step = instance.get("scaled_step", sweep["steps"][0])
    if instance.get("exchanged"):  # the control: each network under the other's name
        table = table.assign(network=table["network"].map({"single": "double", "double": "single"}))
    rows = table[(table["eigenvectors"] == kind) & (table["scaled_step"] == step)]
    values = paired_runs.counts(rows) | paired_runs.curves(rows) | {"depth": sweep["depth"], "size": sweep["size"]}
    values |= {"iterations": sweep["iterations"], "gain": double_threshold.gain(sweep["depth"])}
    values["flow_step"] = float(np.mean([double_threshold.flow_threshold(x, sweep["depth"]) for x in values["norms"]]))
    n, better, worse, apart = (values[key] for key in ("n", "better", "worse", "apart"))
    unstable, rising, converged = (
        dict(zip(NETWORKS, values[k], strict=True)) for k in ("unstable", "rising", "converged")
    )
    gaussian, other = kind == "gaussian", "the paper's eigenvectors are Gaussian"

    def finding(applies: bool, conclusion: bool | None, reason: str, measured: str, why_not: str = other) -> Finding:
        reason = reason if applies else why_not
        return Finding(applies, conclusion, Evidence.NUMERICAL, reason, measured, f"n = {n}")

    wins = f"the double network's final loss is smaller for {_share(better, n)}, larger for {_share(worse, n)}"
    printed = True if better == n else False if worse else None  # undecided: some pairs are tied
    lost = f"{wins}; where it is larger, by {apart:.3g} times at most" if worse else wins
    lasts = f"unstable: single for {_share(unstable['single'], n)}, double for {_share(unstable['double'], n)}"
    rises = f"the loss rises: single for {_share(rising['single'], n)}, double for {_share(rising['double'], n)}"
    ends = f"{lasts}; converged: single {converged['single']}, double {converged['double']}"
    low, high = clopper_pearson(better, n)
    most = True if low > 0.5 else False if high < 0.5 else None
    window = paired_runs.window(step, values["gain"], n, unstable, converged)
    pair = f"{unstable['single']} single, {unstable['double']} double"
    return {
        "rate": replace(finding(gaussian, printed, wins, f"{better} ahead"), values=values),
        "every step": finding(gaussian and step < 1, printed, lost, f"{worse} behind", "not Gaussian, or s >= 1"),
        "most": finding(step < 1, most, wins, f"{better} ahead", "s >= 1"),
        "overtaking": _overtaking(kind, step, sweep, values["behind"]),
        "stability": finding(
            gaussian, bool(unstable["single"] and not unstable["double"] and better == n), f"{lasts}; {wins}", pair
        ),
        "reversed": finding(
            not gaussian,
            bool(rising["double"] and not rising["single"]),
            f"{rises}; {lasts}",
            f"{rising['single']} single, {rising['double']} double",
            "the eigenvectors are not orthogonal",
        ),
        "window": finding(step != 1, window, ends, pair, "exactly critical"),
        "rounding": _rounding(kind, rows, sweep, lambda: inputs.arrays(need)[f"{kind}/targets"]),
    }


def _overtaking(kind: str, step: float, sweep: Mapping[str, Any], behind: Iterable[int]) -> Finding:
    """The pairs of runs that were followed on because the double network was behind."""
    pairs = [pair for pair in sweep["followed"] if (pair["eigenvectors"], pair["scaled_step"]) == (kind, step)]
    if kind != "gaussian" or step >= 1:
        return Finding(False, None, Evidence.NUMERICAL, "not Gaussian, or s >= 1")
    missing = set(behind) - {pair["matrix"] for pair in pairs}
    if missing:
        return Finding(True, None, Evidence.NUMERICAL, f"{len(missing)} pairs were not followed on")
    if not pairs:
        return Finding(False, None, Evidence.NUMERICAL, "the double network is ahead for all matrices")
    ahead = sum(pair["double"] * APART < pair["single"] for pair in pairs)
    last, whole = max(pair["overtaken"] for pair in pairs), max(pair["iterations"] for pair in pairs)
    reason = f"ahead after {whole} iterations in {ahead} of {len(pairs)} pairs; behind for the last time at {last}"
    return Finding(True, ahead == len(pairs), Evidence.NUMERICAL, reason, str(last), str(whole))


def _rounding(kind: str, rows: pd.DataFrame, sweep: Mapping[str, Any], targets: Callable[[], np.ndarray]) -> Finding:
    """Final losses of the single network against the floor, where $R$ is symmetric and the step small enough."""
    if kind != "orthogonal":
        return Finding(False, None, Evidence.NUMERICAL, "not symmetric")
    ratios = paired_runs.floor_ratios(rows, targets())
    if not len(ratios) or sweep["depth"] < 2:
        return Finding(False, None, Evidence.NUMERICAL, "no matrix with a negative eigenvalue and a step small enough")
    below, n = int((ratios < 1 / APART).sum()), len(ratios)
    reason = f"the final loss is below the floor for {_share(below, n)}; median ratio {np.median(ratios):.3g}"
    return Finding(True, below > 0, Evidence.NUMERICAL, reason, f"{ratios.min():.3g}", "1")


def _share(count: int, n: int) -> str:
    low, high = clopper_pearson(count, n)
    return f"{count} of {n} matrices (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"


def _step_of_curves(sweep: pd.DataFrame) -> float:
    return min(set(sweep["scaled_step"]), key=lambda s: (abs(s - 0.5), s))


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    sweep = rows[rows["statement"] == "rate"]
    first = sweep.iloc[0]
    found: dict[str, Scalar] = {"step": _step_of_curves(sweep), "runs": int(2 * sweep["n"].sum())}
    found |= {key: int(first[key]) for key in ("n", "size", "depth", "iterations")}
    found |= {"gain": float(first["gain"]), "flow": float(sweep["flow_step"].iloc[-1])}
    for kind in KINDS:
        below = sweep[(sweep["eigenvectors"] == kind) & (sweep["scaled_step"] < 1)]
        found |= {f"{kind}_better": int(below["better"].sum()), f"{kind}_pairs": int(below["n"].sum())}
        always = int(first["n"]) - len({matrix for row in below["open"] for matrix in row})
        percent = [100 * bound for bound in clopper_pearson(always, int(first["n"]))]
        found |= {f"{kind}_always": always, f"{kind}_low": percent[0], f"{kind}_high": percent[1]}
    return found


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Left: {n} random ${size}\times{size}$ matrices with Gaussian eigenvectors; right: the same eigenvalues with
    orthogonal eigenvectors. $L={depth}$, {iterations} iterations, {runs} runs. Top: $\|F-R\|^2/\|R\|^2$ at the scaled
    step $s={step:g}$; thick: median; shaded: first to last decile; dashed: the matrix of median norm. Middle: share of
    the matrices for which the double network ends with the smaller loss, by a hundredth at least. (At all steps below
    $s=1$: {gaussian_always} of {n} matrices on the left, interval {gaussian_low:.0f} to {gaussian_high:.0f} %,
    {orthogonal_always} of {n} on the right, {orthogonal_low:.0f} to {orthogonal_high:.0f} %; {gaussian_better} of
    {gaussian_pairs} and {orthogonal_better} of {orthogonal_pairs} pairs of runs, which are not independent.) Bottom:
    share of unstable runs (filled; crosses: those that overflowed), and of runs whose loss rose at any iteration
    (open). Bars: 95 % Clopper–Pearson intervals, $n={n}$ at each step. Lines: the critical steps of the single network
    ($s=1$), of the best double network ($s=2^{{1-2/L}}={gain:.2f}$) and, on the right, of the double network's limit
    under small steps ($s={flow:.2f}$ in the mean).
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    sweep = tables["claims/ns_figure3"].query("statement == 'rate'").sort_values(["eigenvectors", "scaled_step"])
    blue, orange, green = sns.color_palette()[:3]
    colours = dict(zip(NETWORKS, (blue, orange), strict=True))
    drawing, panels = plt.subplots(3, 2, figsize=(6.8, 6.9), sharex="row", sharey="row", height_ratios=(1.35, 0.8, 1))
    for column, kind in enumerate(KINDS):
        rows = sweep[sweep["eigenvectors"] == kind]
        curves, shares, fates = panels[:, column]
        curves.set_title(f"{'Gaussian' if kind == 'gaussian' else 'orthogonal'} eigenvectors")
        if not len(rows):
            continue
        _draw_curves(curves, rows[rows["scaled_step"] == _step_of_curves(sweep)].iloc[0], colours)
        _draw_share(shares, rows["scaled_step"], rows["better"].astype(int), rows["n"].astype(int), green, "o")
        for place, network in enumerate(NETWORKS):
            _draw_fates(fates, rows, place, colours[network])
        for panel in (shares, fates):
            _draw_steps(panel, rows.iloc[0], kind, list(rows["scaled_step"]))
    for panel, label in zip(panels[:, 0], (r"$\|F-R\|^2\,/\,\|R\|^2$", "double better", "share of runs"), strict=True):
        panel.set_ylabel(label)
    panels[0, 0].set_yscale("log")
    panels[0, 0].set_xscale("symlog", linthresh=1)
    panels[0, 0].set_xlim(0, float(sweep["iterations"].max()))
    for panel in panels[0]:
        panel.set_xlabel("iteration")
    _label_steps(panels, sweep)
    _draw_legend(drawing, panels)
    return Drawing(drawing, paired_runs.shares(sweep, PAIRS))


def _draw_curves(axes: Any, row: pd.Series, colours: Mapping[str, Any]) -> None:
    for network in NETWORKS:
        k, colour = row["iteration"], colours[network]
        axes.fill_between(k, row[f"{network}_low"], row[f"{network}_high"], color=colour, alpha=0.22, linewidth=0)
        axes.plot(k, row[f"{network}_median"], color=colour, linewidth=2.2, label=network)
        axes.plot(k, row[f"{network}_typical"], color="0.1", linewidth=0.8, linestyle="--", zorder=4)


def _draw_share(
    axes: Any, x: pd.Series, counts: Iterable[int], trials: Iterable[int], colour: Any, marker: str
) -> None:
    """Shares with their intervals."""
    shares = [k / n for k, n in zip(counts, trials, strict=True)]
    bounds = [clopper_pearson(k, n) for k, n in zip(counts, trials, strict=True)]
    bars = [[abs(s - b[side]) for s, b in zip(shares, bounds, strict=True)] for side in (0, 1)]
    style = {"elinewidth": 0.9, "capsize": 1.5}
    axes.errorbar(x, shares, yerr=bars, color=colour, marker=marker, **style)


def _draw_fates(axes: Any, rows: pd.DataFrame, place: int, colour: Any) -> None:
    """What became of the runs of one network; those of the two networks stand beside each other."""
    x, marker, trials = rows["scaled_step"] * (1 / 1.03, 1.03)[place], "os"[place], [int(n) for n in rows["n"]]
    counts = {key: [int(pair[place]) for pair in rows[key]] for key in PAIRS}
    _draw_share(axes, x, counts["unstable"], trials, colour, marker)
    rising, lost = ([k / n for k, n in zip(counts[key], trials, strict=True)] for key in ("rising", "overflowed"))
    axes.plot(x, rising, f"{marker}:", markersize=7, fillstyle="none", linewidth=1, color=colour)
    axes.plot(x, [share or None for share in lost], "x", color="black", markersize=5, zorder=4)


def _draw_steps(axes: Any, row: pd.Series, kind: str, steps: list[float]) -> None:
    axes.axvline(1, color="0.35", linewidth=0.9, linestyle="-", zorder=1)
    axes.axvline(row["gain"], color="0.35", linewidth=0.9, linestyle="--", zorder=1)
    if kind == "orthogonal":
        axes.axvline(row["flow_step"], color="0.35", linewidth=0.9, linestyle=":", zorder=1)
    axes.set_xscale("log", base=2)
    axes.set_xlim(steps[0] / 1.15, steps[-1] * 1.15)
    axes.set_ylim(-0.05, 1.08)


def _label_steps(panels: Any, sweep: pd.DataFrame) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    steps = sorted(set(sweep["scaled_step"]))
    for panel in panels[1:].flat:
        panel.xaxis.set_major_locator(FixedLocator(steps))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xticklabels([f"{s:.3g}".removeprefix("0") for s in steps])
    for panel in panels[1]:
        panel.tick_params(labelbottom=False)
    for panel in panels[2]:
        panel.set_xlabel("scaled step $s$")
        panel.tick_params(axis="x", labelsize=7.5)


def _draw_legend(drawing: Any, panels: Any) -> None:
    from matplotlib.lines import Line2D

    handles, labels = panels[0, 0].get_legend_handles_labels()
    grey: dict[str, Any] = {"color": "0.35", "linestyle": "none"}
    handles += [
        Line2D([], [], color="0.1", linestyle="--", linewidth=0.8),
        Line2D([], [], marker="o", **grey),
        Line2D([], [], marker="o", markersize=7, fillstyle="none", **grey),
        Line2D([], [], marker="x", color="black", linestyle="none"),
    ]
    labels += ["typical matrix", "unstable", "loss rose", "overflowed"]
    drawing.legend(handles, labels, loc="outside lower center", ncols=6, columnspacing=1.1, handlelength=1.6)


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 3.2, Figure 3",
    title="Single and double networks for random matrices",
    statements=(
        Statement(
            "rate",
            "The convergence rate of the double network was consistently better than that of the single network for "
            "all the matrices generated. (Read: at some step, with Gaussian eigenvectors, its loss after the last "
            "iteration is smaller for all.)",
            "as printed",
            quantifier="some",
        ),
        Statement(
            "stability",
            "The gradient descent for the single network became unstable for some of the matrices, while the "
            "algorithm remained stable for the double network. (Read: at some step at which, with Gaussian "
            "eigenvectors, the double network's loss is the smaller one for all, too.)",
            "as printed",
            quantifier="some",
        ),
        Statement(
            "every step",
            "The same without a choice of the step: with Gaussian eigenvectors, at every scaled step $s<1$ the double "
            "network's final loss is smaller for all matrices.",
            "as printed",
        ),
        Statement(
            "most",
            "With either kind of eigenvectors, at every scaled step $s<1$ the double network's final loss is smaller "
            "for most matrices (the whole interval of the share is above one half).",
            "as corrected",
        ),
        Statement(
            "overtaking",
            "Where its final loss is larger at $s<1$, with Gaussian eigenvectors, the double network is late: with ten "
            "times as many iterations it ends with the smaller loss.",
            "as corrected",
        ),
        Statement(
            "window",
            "No run of the single network is unstable at $s<1$, every one is at $s>1$, and every one of the double "
            "network at $s>2^{1-2/L}$.",
            "as corrected",
        ),
        Statement(
            "reversed",
            "With orthogonal eigenvectors the double network is the less steady one: at some step its loss rises for "
            "some matrices, that of the single network for none. (A rise is not yet instability: such runs can still "
            "converge.)",
            "as corrected",
            quantifier="some",
        ),
        Statement(
            "rounding",
            r"For symmetric $R$ and $\delta\le1/(1-\lambda_{\min})$ the single network's loss cannot fall below "
            r"$\frac12\sum_{\lambda_j<0}\lambda_j^2$ in exact arithmetic. In float64 it does: with orthogonal "
            r"eigenvectors it ends below this floor for some matrix at some step.",
            "sharper",
            quantifier="some",
        ),
    ),
    check=check,
    control={"network": "ns_figure3", "exchanged": True},
    control_statement="most",
    expand=expand,
    figure=figure,
    summary=summary,
)
