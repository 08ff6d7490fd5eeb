r"""Fitting a piecewise affine function by pairs of scalar networks (Nar and Sastry 2018, Section 4, Figure 4).

The target on $[0,1]$ has $f(0)=0$ (our choice; only $f'$ is given) and slopes $1,-2,1,-1$ with kinks at
$\frac3{10},\frac12,\frac7{10}$. The estimate is $\hat f=c_1h_L^{(1)}-c_2h_L^{(2)}+d$ with two networks
$h_l=h_{l-1}+w_l[h_{l-1}-b_l]_+$, $h_0=x$, of $L=10$ layers, $w,b\ge0$, $c>0$; biases start uniformly on
$[0,\frac12]$ in $\hat f_1$ and on $[0,1]$ in $\hat f_2$. Conditions at a local optimum, and the errata of Section 4,
are the subject of `ns_local_optima`; the movement of the biases is that of `ns_biases`.

## What the paper leaves unsaid, and what is chosen here

The data ($N$ evenly spaced points of $[0,1]$; the target's kinks are among them for $N=11,51,101$), the step, the
number of iterations, the initial weights and the number of runs. Here $w_l\sim U[0,\frac1{10}]$, $c=1$, $d=0$.
Training minimises $R=\frac1{2N}\sum_i(\hat f(x_i)-y_i)^2$, which is (11) over $N$, by Nesterov's method of 1983 with
a constant step $\delta$ (so $\delta/N$ for (11)) and projection on $w,b\ge0$, $c\ge2^{-20}$ after each step. A *pair
of runs* has one seed: the same draws, scaled by the two ranges. All seeds, ranges and steps are trained as one batch.

## How the printed words are read

- "Fits all the data points": $|\hat f(x_i)-y_i|\le\frac1{100}$ for all $i$ ($f$ itself ranges over half a unit). The
  figure shows the whole distribution of the largest error.
- "The Lipschitz constant of the estimate at a certain point": $|\hat f'(x)|$, wherever $\hat f$ and $f$ are
  differentiable; parts shorter than $\frac1{1000}$ are left out, so that a kink need not be met exactly. "Low": at
  most that of $f$, which is $2$. Many runs are above $2$ by little; the refutation shows the largest.
- "Over the region where it fails to fit": the piece with the largest error. "A linear estimate of the points" of it:
  the least squares line of its data; "close": within $\frac1{100}$ at these data. A piece with fewer than three data
  is no region, and its run counts as not close.
- A unit is *dead* if its weight is $0$ or its kink is not below $1$: it does nothing on $[0,1]$. If
  more than half of the units of a step's median run are dead, the statements that suppose working networks are vacuous
  for this step.

## How slopes are found: exactly

Each $h_l$ rises strictly, so layer $l$ is active exactly beyond $x_l=h_{l-1}^{-1}(b_l)$ and
$$\hat f'(x)=c_1\prod_{x_l^{(1)}<x}\bigl(1+w_l^{(1)}\bigr)-c_2\prod_{x_l^{(2)}<x}\bigl(1+w_l^{(2)}\bigr).$$
All kinks are computed in rational numbers from the stored floats, and with them all pieces and slopes: no sampling,
no rounding. The certificate of a slope above a bound $m$ on an interval is a difference quotient between two rational
points $p<q$ of it: $|\hat f(q)-\hat f(p)|>m(q-p)$, in balls. By the mean value theorem for piecewise affine functions
there is then a point between them with $|\hat f'|>m$. The printed statements on Lipschitz constants are refuted by
such certificates.

## Why the excess sits where no data are

At a local minimum every piece is a line of least squares of its data, so on pieces with two data $|\hat f'|\le2$, and
on the others nothing follows (`ns_local_optima`, with proofs). Trained networks are not exact critical points: training
stops before, so the theorem explains and does not prove what is measured here. On pieces with two data the largest
slope is near $2$; constants well above $2$ come from pieces with fewer. It explains, too, why $\hat f_1$ stays close to
a line where it does not fit: no kink is left there, and the errors of a least squares line pull at no kink elsewhere.

## The step

With a step that is too large the kinks are thrown beyond the data, where no gradient brings them back. In the extreme
$\hat f$ is one line on all data: then $\hat f'$ is the least squares slope of all of them (0.28 for $N=51$), a low
Lipschitz constant that says nothing about generalisation: it is the constant of a line that does not fit.

## Statistics

A pair of runs gives a difference; the interval of the median difference is that of order statistics (exact for
independent pairs, at least 95 %; it needs six pairs). Shares have Clopper–Pearson intervals. No statement about all
runs is proved by a sample; it can only be refuted by one, and then the certificate names the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics.paired_differences import median, side
from rescert.dynamics.trained_pairs import LIPSCHITZ, TOLERANCE, Runs, Steps
from rescert.networks.scalar_instances import Assertions, together
from rescert.statistics import clopper_pearson, share

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SMALL, LARGE = 0, 1  # the ranges of f_1 and of f_2
QUANTITIES = ("error", "lipschitz", "supported", "dead", "largest_bias")
CHANGES = {"lipschitz": -1, "error": 1, "dead": 1, "largest_bias": 1}  # signs, with a step that is too large
EXCESS = 2.2  # a Lipschitz constant well above the target's


def expand(instance: Instance, inputs: Inputs) -> list[Instance]:
    """One instance for every step size that the network was trained with."""
    return Steps.read(inputs, instance["network"]).instances(instance)


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """All runs of one step size, for ``step`` against the smallest; ``exchanged``, of the control, swaps the ranges."""
    steps = Steps.read(inputs, instance["network"])
    runs = steps.at(instance.get("step_size"))
    runs = runs.exchanged() if instance.get("exchanged") else runs
    # for the figure: the first seed with the printed behaviour, at the smallest step that has one
    seed = next((int(s) for at in steps.runs for s in np.flatnonzero(at.separated)), 0)
    return {
        "pair": _pair(runs),
        "rule": _rule(runs),
        "usual": _majority(runs.obstacle, f"in {share(runs.separated)} pairs of runs", runs.separated),
        "range": _range(runs, seed),
        "region": _region(runs),
        "pointwise": _pointwise(runs),
        "low": _low(runs),
        "unsupported": _unsupported(runs),
        "step": _step(runs, steps.runs[0]),
    }


def _certified(conclusion: bool, assertions: Assertions, reason: str, measured: str, bound: str) -> Finding:
    return Finding(True, conclusion if assertions else None, Evidence.ENCLOSED, reason, measured, bound, assertions)


def _majority(obstacle: str, reason: str, *samples: np.ndarray) -> Finding:
    """HOLDS if the Clopper–Pearson intervals of all shares are above one half, FAILS if one is below it."""
    intervals = [clopper_pearson(int(hits.sum()), len(hits)) for hits in samples]
    conclusion = False if any(high < 0.5 for _, high in intervals) else min(low for low, _ in intervals) > 0.5 or None
    measured = ", ".join(f"{100 * hits.mean():.0f} %" for hits in samples)
    return Finding(not obstacle, conclusion, Evidence.NUMERICAL, obstacle + reason, measured, "50 %")


def _pair(runs: Runs) -> Finding:
    found = np.flatnonzero(runs.separated)
    reason = f"in {share(runs.separated)} pairs of runs"
    if not len(found):
        return Finding(True, None, Evidence.NUMERICAL, reason)
    seed = int(found[0])
    errors = " / ".join(f"{error:.3g}" for error in runs.error[:, seed])
    shown = together(runs.fit(LARGE, seed), runs.misfit(SMALL, seed))
    return _certified(True, shown, f"{reason}; shown for seed {seed}", errors, str(TOLERANCE))


def _rule(runs: Runs) -> Finding:
    others = np.flatnonzero(~runs.separated)
    if not len(others):
        return Finding(True, True, Evidence.NUMERICAL, f"in all {len(runs.separated)} pairs of runs")
    seed = int(others[0])
    missed = not runs.fits[LARGE, seed]
    shown = runs.misfit(LARGE, seed) if missed else runs.fit(SMALL, seed)
    reason = f"not in {share(~runs.separated)} pairs; seed {seed}: {'f_2 does not fit' if missed else 'f_1 fits, too'}"
    return _certified(False, shown, reason, f"{runs.error[int(missed), seed]:.3g}", str(TOLERANCE))


def _region(runs: Runs) -> Finding:
    failing = ~runs.fits[SMALL]
    if not failing.any():
        return Finding(False, None, Evidence.NUMERICAL, "every f_1 fits")
    near = (distances := runs.distance_to_line[SMALL][failing]) <= float(TOLERANCE)
    reason = f"within {TOLERANCE} in {share(near)} of the f_1 that fail; median of the distances {median(distances)}"
    return _majority(runs.obstacle, reason, near)


def _range(runs: Runs, seed: int) -> Finding:
    shown = {"seed": seed, "pairs": runs.grid[1], "data": len(runs.arrays["x"])}
    difference = runs.error[LARGE] - runs.error[SMALL]
    conclusion = {1: False, -1: True}.get(side(difference))
    fits = ", ".join(f"f_{r + 1} fits in {share(runs.fits[r])} runs" for r in (SMALL, LARGE))
    reason = f"{fits}; median difference of the errors {median(difference)}, {len(difference)} pairs"
    numbers = median(difference), "0", (), shown | runs.table(QUANTITIES, seed)
    return Finding(not runs.obstacle, conclusion, Evidence.NUMERICAL, runs.obstacle + reason, *numbers)


def _pointwise(runs: Runs) -> Finding:
    excess = runs.excess[SMALL]
    seed = int(excess.argmax())
    if excess[seed] <= 0:
        return Finding(True, True, Evidence.NUMERICAL, f"every piece of {len(excess)} runs, exactly enumerated")
    reason = f"f_1 exceeds |f'| somewhere in {share(excess > 0)} runs, by {excess[seed]:.3g} for seed {seed}"
    return _certified(False, runs.pointwise(SMALL, seed), reason, f"{excess[seed]:.3g}", "0")


def _low(runs: Runs) -> Finding:
    failing = ~runs.fits[SMALL]
    if not failing.any():
        return Finding(False, None, Evidence.NUMERICAL, "every f_1 fits")
    constants = np.where(failing, runs.lipschitz[SMALL], 0.0)
    seed = int(constants.argmax())
    if constants[seed] <= LIPSCHITZ:
        return Finding(True, True, Evidence.NUMERICAL, f"in all {failing.sum()} runs that fail to fit")
    medians = median(constants[failing]), median(runs.lipschitz[SMALL] - runs.lipschitz[LARGE])
    reason = f"{share(constants[failing] > LIPSCHITZ)} of the f_1 that fail exceed {LIPSCHITZ}, their median is "
    reason += f"{medians[0]}; median of Lip f_1 - Lip f_2 {medians[1]}; shown: seed {seed}"
    assertions = together(runs.misfit(SMALL, seed), runs.steeper(SMALL, seed))
    return _certified(False, assertions, reason, f"{constants[seed]:.4g}", str(LIPSCHITZ))


def _unsupported(runs: Runs) -> Finding:
    high = runs.lipschitz > EXCESS
    found = {r: (runs.supported[r] <= EXCESS)[high[r]] for r in (SMALL, LARGE) if high[r].any()}
    if not found:
        return Finding(False, None, Evidence.NUMERICAL, f"no Lipschitz constant is above {EXCESS}")
    reason = "; ".join(
        f"f_{r + 1}: in {share(bare)} of the runs above {EXCESS}, median of the largest slope on pieces with two data "
        f"{np.median(runs.supported[r]):.3f}, on all {np.median(runs.lipschitz[r]):.3f}"
        for r, bare in found.items()
    )
    # The two runs of a seed are not independent, so each range is a sample of its own.
    return _majority(runs.obstacle, reason, *found.values())


def _step(runs: Runs, least: Runs) -> Finding:
    if runs is least:
        return Finding(False, None, Evidence.NUMERICAL, "the step is the smallest")
    sides, texts = set(), []
    for name, r in [(name, r) for name in CHANGES for r in (SMALL, LARGE)]:
        there, here = getattr(runs, name)[r], getattr(least, name)[r]
        sides.add(CHANGES[name] * side(there - here))
        medians = f"{np.median(here):.3g} to {np.median(there):.3g}"
        texts.append(f"{name.replace('_', ' ')} of f_{r + 1}: from {medians}, median difference {median(there - here)}")
    numbers = f"{np.median(runs.lipschitz):.3g}", f"{np.median(least.lipschitz):.3g}"
    return Finding(True, True if sides == {1} else None, Evidence.NUMERICAL, "; ".join(texts), *numbers)


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    shown, drawn = rows[rows["statement"] == "range"], _drawn(rows)
    first, last = shown.iloc[0], shown.iloc[-1]
    fits = {f"fit_{k}": np.mean(np.array(first[f"error_{k}"]) <= float(TOLERANCE)) for k in (1, 2)}
    return {
        **{name: int(first[name]) for name in ("pairs", "data")},
        **{name: f"{100 * fraction:.0f} %" for name, fraction in fits.items()},
        **{name: str(row["step_size"]) for name, row in (("first", first), ("drawn", drawn), ("largest", last))},
        "steps": ", ".join(shown["step_size"]),
        "seed": int(drawn["seed"]),
        "low": float(np.median([last[f"lipschitz_{k}"] for k in (1, 2)])),
        "dead": f"{100 * np.median([last[f'dead_{k}'] for k in (1, 2)]):.0f} %",
    }


def _drawn(rows: pd.DataFrame) -> pd.Series:
    """The step whose estimates are drawn: the first at which a pair behaves as printed, else the first."""
    held = rows[(rows["statement"] == "pair") & (rows["verdict"] == "holds")]["step_size"]
    shown = rows[rows["statement"] == "range"]
    return shown[shown["step_size"].isin(held)].iloc[0] if len(held) else shown.iloc[0]


def _strips(panel: Axes, shown: pd.DataFrame, quantity: str, top: float = np.inf) -> None:
    """All runs of every step and range, side by side, with their medians."""
    import seaborn as sns

    for at, (_, row) in enumerate(shown.iterrows()):
        for k, colour in zip((1, 2), sns.color_palette(), strict=False):
            values = np.minimum(row[f"{quantity}_{k}"], top)
            middle = at + 0.4 * (k - 1.5)
            spread = 0.26 * ((np.arange(len(values)) * 0.618) % 1 - 0.5)
            panel.plot(middle + spread, values, ".", color=colour, markersize=3.8, alpha=0.6, markeredgewidth=0)
            panel.hlines(np.median(values), middle - 0.17, middle + 0.17, color="0.1", linewidth=1.3, zorder=3)
    panel.set(xlim=(-0.5, len(shown) - 0.5), xticks=range(len(shown)), xticklabels=shown["step_size"])
    panel.grid(visible=False, axis="x")


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Top, the paper's Figure 4: the target and two estimates of one seed ({seed}) at step {drawn}, whose biases start
    on $[0,\frac12]$ ($\hat f_1$) and on $[0,1]$ ($\hat f_2$), with their kinks (ticks below), and $\hat f_2$ of the
    same seed at step {largest} (dashed). Bottom: {pairs} pairs of runs at each of the steps {steps}, {data} data; blue
    $\hat f_1$, orange $\hat f_2$, black their medians. Left: the largest error, and the bound for a fit (dotted); at
    step {first} $\hat f_1$ fits in {fit_1} and $\hat f_2$ in {fit_2} of the runs. Middle: the exact Lipschitz
    constant (above 6 drawn at 6); dotted, the target's; diamonds, the median of the largest slope on pieces with two
    data or more. Right: the largest bias, and the median share of dead units; at step {largest} the median Lipschitz
    constant is {low:.2f} and the median share {dead}.
    """
    import seaborn as sns
    from matplotlib import pyplot as plt

    rows = tables["claims/ns_figure4"]
    shown, drawn = rows[rows["statement"] == "range"], _drawn(rows)
    last = shown.iloc[-1]
    drawing, panels = plt.subplot_mosaic("AAA;BCD", figsize=(6.8, 5.3), height_ratios=(1.1, 1))
    curves, errors, slopes, biases = (panels[name] for name in "ABCD")
    curves.plot([0, 0.3, 0.5, 0.7, 1], [0, 0.3, -0.1, 0.1, -0.2], color="0.78", linewidth=4.5, label="target $f$")
    for k, colour in zip((1, 2), sns.color_palette(), strict=False):
        label = rf"$\hat f_{k}$, biases from {'$[0,0.5]$' if k == 1 else '$[0,1]$'}"
        curves.plot(drawn[f"x_{k}"], drawn[f"y_{k}"], color=colour, linewidth=1.5, label=label)
        kinks = np.array(drawn[f"kinks_{k}"])
        curves.plot(kinks, np.full(len(kinks), -0.25 - 0.035 * k), "|", color=colour, markersize=7, markeredgewidth=0.9)
    if (size := last["step_size"]) != drawn["step_size"]:
        curves.plot(last["x_2"], last["y_2"], "--", color="0.35", linewidth=1.2, label=rf"$\hat f_2$ with step {size}")
    curves.set(xlabel="$x$", xlim=(0, 1), ylim=(-0.36, 0.54), yticks=[-0.2, 0, 0.2])
    curves.legend(loc="upper center", handlelength=1.8, ncols=2, columnspacing=2.5)
    _strips(errors, shown, "error")
    errors.set(yscale="log", xlabel=r"step $\delta$", ylabel="largest error")
    _strips(slopes, shown, "lipschitz", 6.0)
    for panel, bound in ((errors, float(TOLERANCE)), (slopes, LIPSCHITZ)):
        panel.axhline(bound, color="0.3", linestyle=":", linewidth=1)
    for at, (_, row) in enumerate(shown.iterrows()):
        both = [np.median(row[f"supported_{k}"]) for k in (1, 2)]
        slopes.plot([at - 0.2, at + 0.2], both, "D", color="white", markeredgecolor="0.1", markersize=3.6, zorder=4)
    slopes.set(xlabel=r"step $\delta$", ylabel="Lipschitz constant", ylim=(0, None))
    _strips(biases, shown, "largest_bias")
    dead = [np.median(np.concatenate([row["dead_1"], row["dead_2"]])) for _, row in shown.iterrows()]
    labels = [f"{size}\n{100 * dead_share:.0f} %" for size, dead_share in zip(shown["step_size"], dead, strict=True)]
    biases.set(yscale="log", xlabel=r"step $\delta$ and dead units", ylabel="largest bias", xticklabels=labels)
    columns = ["step_size", *(f"{name}_{k}" for name in QUANTITIES for k in (1, 2))]
    return Drawing(drawing, shown[columns].explode(columns[1:], ignore_index=True))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 4, Figure 4",
    title="Fitting a piecewise affine function with two ranges of initial biases",
    statements=(
        Statement(
            "pair",
            r"Initialised with the larger range of biases $\hat f_2$ fits all data points, and $\hat f_1$ fails to: "
            r"there is such a pair of runs.",
            "as printed",
            "some",
        ),
        Statement(
            "rule",
            r"This depends only on the initialisation of the biases (read as a rule: in every pair of runs $\hat f_2$ "
            r"fits and $\hat f_1$ does not).",
            "as printed",
        ),
        Statement(
            "usual",
            r"At a step that keeps the units alive, in most pairs of runs $\hat f_2$ fits all data points and "
            r"$\hat f_1$ does not.",
            "as corrected",
        ),
        Statement(
            "range",
            r"At a step that keeps the units alive, the larger range lowers the largest error: the median difference "
            r"over pairs of runs is negative.",
            "as corrected",
        ),
        Statement(
            "region",
            r"Over the region where it fails to fit the data, $\hat f_1$ is close to a linear estimate of the points "
            r"of that region (read, at a step that keeps the units alive: in most $\hat f_1$ that fail, the piece with "
            r"the largest error is at its data within $\frac1{100}$ of their least squares line).",
            "as printed",
        ),
        Statement(
            "pointwise",
            r"The Lipschitz constant of the estimate $\hat f_1$ at a certain point is either the same as or less than "
            r"that of the original function (read: in every run, wherever both have a derivative, "
            r"$|\hat f_1'(x)|\le|f'(x)|$).",
            "as printed",
        ),
        Statement(
            "low",
            r"$\hat f_1$ fails to fit the data perfectly, in which case it provides an estimate with a low "
            r"Lipschitz constant (read: in every run that fails, at most $2$, that of $f$).",
            "as printed",
        ),
        Statement(
            "unsupported",
            r"At a step that keeps the units alive, most estimates with a Lipschitz constant above $2.2$ owe it to a "
            r"piece with fewer than two data, about which local optimality says nothing: elsewhere $|\hat f'|\le2.2$.",
            "as corrected",
        ),
        Statement(
            "step",
            r"A low Lipschitz constant can be an artefact of the step: there is a step at which, for both ranges, it "
            r"is smaller than at the smallest step, but largest error, share of dead units and largest bias are larger "
            r"(medians of the differences over seeds).",
            "as corrected",
            "some",
        ),
    ),
    check=check,
    control={"network": "ns_figure4", "exchanged": True},
    control_statement="range",
    figure=figure,
    expand=expand,
    summary=summary,
)
