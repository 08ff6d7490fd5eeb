r"""How far biases move in training (Nar and Sastry 2018, Section 4).

The paper: if the number of layers is large, $W_l$ "is expected to be very close to 0"; the gradient of the risk in
the biases has the factor $W_l^T$, so it "is likely to vanish quickly, and consequently, the bias parameters change very
little during training", and "the final values of the bias parameters heavily depend on their initialization". Here are
the runs of `ns_figure4`: pairs of scalar networks of 10 layers, fitted to the target of Figure 4 by Nesterov's method
from $w_l\sim U[0,\frac1{10}]$, $b_l\sim U[0,\frac12]$ or $U[0,1]$ and $c=1$.

## How the printed words are read

- "Change very little": in every run $\|b-b^0\|/\|b^0\|$ is smaller than the same ratio of $w$ and of $c$.
- "Very close to 0": no weight is larger after training than the range $\frac1{10}$ on which it started. (A weight that
  stays that small changes a slope by a tenth.)
- "Heavily depend on their initialization": in the median run the final biases are ordered much as the initial ones,
  with a rank correlation (Spearman) above $\frac12$ over the $2L$ biases, at a step that keeps the units alive. (Where
  most units are dead, the biases are thrown far away in another order; that refutes nothing the paper says.)

A refutation names a run, and its certificate compares the stored numbers exactly:
$\|b-b^0\|^2\|c^0\|^2>\|c-c^0\|^2\|b^0\|^2$ in balls. Corrected statements speak of medians over runs, with exact
intervals of order statistics (95 %), and of steps at which at most half of the units of the median run are dead
(`ns_figure4`). All movements are relative to the initial values. Those of $w$ are small, so that its ratio is large; a
comparison with $w$ says little of $b$ alone, and the corrected statement has a bound of its own for $b$.

## Sharper: a fit needs a large product of weights

Let $|\hat f-f|\le\epsilon$ at the data, which contain all multiples of $\frac1{10}$. Then the second network has
$$c\prod_l(1+w_l)\ge c+5-80\epsilon,$$
so $\prod_l(1+w_l)\ge1+4.2/c$ for a fit, $\epsilon=\frac1{100}$, whatever $L$ is. *Proof.* Let $h=\frac1{10}$ and
$D_ug=g(u-h)-2g(u)+g(u+h)$. $D_uf=-3h$ at $u=\frac3{10}$ and $-2h$ at $\frac7{10}$. $\hat f_1$ is convex, so
$D_u\hat f_1\ge0$ and $D_u\hat f_2\ge-D_u\hat f\ge-D_uf-4\epsilon$. As $\hat f_2$ is convex, $D_u\hat f_2$ is at most
$h$ times the rise of its slope over $[u-h,u+h]$. The two intervals do not overlap; so its slope rises from $s_0$,
beyond $0$, to $s_1\ge s_0+\frac1h(5h-8\epsilon)$, before $1$. Finally $s_0\ge c$, and $s_1=c\prod_{x_l<1}(1+w_l)\le
c\prod_l(1+w_l)$. ∎

So ten weights near 0 do not fit with $c$ near its start: for $c=1$ one of them is at least $5.2^{1/10}-1>0.17$. The
factor $W_l^T$ does not make the gradient in the biases vanish at $L=10$. (As $L$ grows, the bound allows smaller
weights.) What can make it vanish where $\hat f_1$ does not fit is the other factor: at a first-order point the errors
on each piece are orthogonal to constants, however large they are (`ns_local_optima`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics.paired_differences import median, side
from rescert.dynamics.trained_pairs import Runs, Steps
from rescert.statistics import share

if TYPE_CHECKING:
    import pandas as pd

RANGES = (0, 1)  # of f_1 and of f_2
PARAMETERS = ("w", "b", "c")
LEAST = 0.1  # of its own length, that the biases of the corrected statement move at least
HEAVY = 0.5  # rank correlation of final with initial biases, from which they depend "heavily" on them
SHOWN = 8  # seeds whose biases the figure shows


def expand(instance: Instance, inputs: Inputs) -> list[Instance]:
    """One instance for every step size that the network was trained with."""
    return Steps.read(inputs, instance["network"]).instances(instance)


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """All runs of one step size (without one: the smallest); ``exchanged``, of the control, swaps w and b."""
    need = f"networks/{instance['network']}"
    steps = Steps.read(inputs, instance["network"])
    size = instance.get("step_size", steps.sizes[0])
    runs = steps.at(size)
    history = inputs.table(need).query("step_size == @size")
    moved = _exchanged(runs.moved) if instance.get("exchanged") else runs.moved
    return {
        "little": _little(runs),
        "movement": _movement(moved, runs.obstacle, _values(runs, history)),
        "close": _close(runs, inputs.record(need)["weight_range"]),
        "product": _product(runs),
        "initial": _initial(runs),
    }


def _little(runs: Runs) -> Finding:
    moved = runs.moved
    ratio = {other: moved["b"] / moved[other] for other in ("w", "c")}
    other = max(ratio, key=lambda name: float(ratio[name].max()))
    r, s = np.unravel_index(int(ratio[other].argmax()), ratio[other].shape)
    # The seeds are independent, the two runs of a seed are not.
    more = share(((ratio["w"] > 1) | (ratio["c"] > 1)).any(0))
    if ratio[other][r, s] <= 1:
        return Finding(True, True, Evidence.NUMERICAL, f"in all {moved['b'].size} runs")
    shown = runs.moved_more(int(r), int(s), "b", other)
    reason = f"for {more} seeds b moves more than w or c in a run; shown: f_{r + 1}, seed {s}, against {other}"
    numbers = f"{moved['b'][r, s]:.3g}", f"{moved[other][r, s]:.3g}"
    return Finding(True, False if shown else None, Evidence.ENCLOSED, reason, *numbers, assertions=shown)


def _exchanged(moved: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {**moved, "w": moved["b"], "b": moved["w"]}


def _movement(moved: Mapping[str, np.ndarray], obstacle: str, values: Mapping[str, Any]) -> Finding:
    sides = {side(moved["w"][r] - moved["b"][r]) for r in RANGES} | {side(moved["b"][r] - LEAST) for r in RANGES}
    conclusion = True if sides == {1} else False if -1 in sides else None
    each = (", ".join(f"{name} {median(moved[name][r])}" for name in PARAMETERS) for r in RANGES)
    reason = obstacle + "medians of " + "; ".join(f"f_{r + 1}: {text}" for r, text in enumerate(each))
    numbers = f"b {np.median(moved['b']):.3g}", f"w {np.median(moved['w']):.3g}"
    return Finding(not obstacle, conclusion, Evidence.NUMERICAL, reason, *numbers, values=values)


def _close(runs: Runs, weight_range: float) -> Finding:
    largest = runs.arrays["w"].max((2, 3))
    r, s = np.unravel_index(int(largest.argmax()), largest.shape)
    grown = share((largest > weight_range).any(0))
    if largest[r, s] <= weight_range:
        return Finding(True, True, Evidence.NUMERICAL, f"in all {largest.size} runs")
    shown = runs.larger_weight(int(r), int(s), str(weight_range))
    reason = (
        f"for {grown} seeds a run has a larger weight, in the median run {median(largest[1])} (f_2); shown: seed {s}"
    )
    numbers = f"{largest[r, s]:.3g}", f"{weight_range}"
    return Finding(True, False if shown else None, Evidence.ENCLOSED, reason, *numbers, assertions=shown)


def _product(runs: Runs) -> Finding:
    if (len(runs.arrays["x"]) - 1) % 10:
        return Finding(False, None, Evidence.NUMERICAL, "the data lack a multiple of 1/10")
    fits = runs.fits
    if not fits.any():
        return Finding(False, None, Evidence.NUMERICAL, f"none of {fits.size} runs fits")
    least = runs.products(fits)
    shown = runs.bent(fits)
    reason = f"all {fits.sum()} runs that fit: c(prod(1 + w) - 1) is at least {least.min():.3g}"
    numbers = f"{least.min():.3g}", "4.2"
    return Finding(True, True if shown else None, Evidence.ENCLOSED, reason, *numbers, assertions=shown)


def _initial(runs: Runs) -> Finding:
    ranks = runs.rank_correlation
    sides = {side(ranks[r] - HEAVY) for r in RANGES}
    conclusion = True if sides == {1} else False if -1 in sides else None
    reason = runs.obstacle + "medians: " + ", ".join(f"f_{r + 1} {median(ranks[r])}" for r in RANGES)
    numbers = f"{np.median(ranks):.3g}", f"{HEAVY}"
    return Finding(not runs.obstacle, conclusion, Evidence.NUMERICAL, reason, *numbers)


def _values(runs: Runs, history: pd.DataFrame) -> dict[str, Any]:
    """Medians of the movement over the iterations, and the biases of the first seeds before and after."""
    sizes = sorted(set(history["bias_range"]), key=float)
    found: dict[str, Any] = {"seeds": runs.grid[1]}
    for r, size in enumerate(sizes):
        medians = (
            history[history["bias_range"] == size].groupby("iteration")[[f"moved_{p}" for p in PARAMETERS]].median()
        )
        found["iteration"] = medians.index.tolist()
        found |= {f"moved_{p}_{r + 1}": medians[f"moved_{p}"].tolist() for p in PARAMETERS}
        found |= {f"{name}_{r + 1}": runs.arrays[name][r, :SHOWN].ravel().tolist() for name in ("b0", "b")}
        found |= {f"final_{p}_{r + 1}": float(np.median(runs.moved[p][r])) for p in PARAMETERS}
    return found


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    shown = rows[rows["statement"] == "movement"]
    first, last = shown.iloc[0], shown.iloc[-1]
    moved = {f"{p}_{k}": float(first[f"final_{p}_{k}"]) for p in PARAMETERS for k in (1, 2)}
    return {
        "seeds": int(first["seeds"]),
        "first": str(first["step_size"]),
        "last": str(last["step_size"]),
        "shown": min(SHOWN, int(first["seeds"])),
        **moved,
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Movement of biases and weights. Left and middle: $\|p-p^0\|/\|p^0\|$ of the weights $w$, the biases $b$ and the
    factors $c$ during training, medians over {seeds} seeds, at the smallest step ({first}) and the largest ({last});
    solid $\hat f_1$, dashed $\hat f_2$. At step {first} the medians end at {b_1:.2f} and {b_2:.2f} for $b$, {c_1:.2f}
    and {c_2:.2f} for $c$, and {w_1:.1f} and {w_2:.1f} for $w$. Right: biases after training at step {first} over their
    initial values, for {shown} seeds; on the line they have not moved. Blue $\hat f_1$, orange $\hat f_2$.
    """
    import pandas as pd
    import seaborn as sns
    from matplotlib import pyplot as plt

    shown = tables["claims/ns_biases"].query("statement == 'movement'")
    first, last = shown.iloc[0], shown.iloc[-1]
    palette = sns.color_palette()
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(6.8, 2.7), width_ratios=(1, 1, 1.05))
    for panel, row in ((left, first), (middle, last)):
        for name, colour in zip(PARAMETERS, palette[2:], strict=False):
            for k, line in ((1, "-"), (2, "--")):
                label = f"${name}$" if k == 1 else None
                # the start, where nothing has moved, has no place on a logarithmic axis
                x, y = row["iteration"][1:], row[f"moved_{name}_{k}"][1:]
                panel.plot(x, y, line, color=colour, label=label, linewidth=1.4)
        panel.set(xscale="log", yscale="log", xlabel="iteration")
        panel.set_title(rf"step {row['step_size']}")
    low, high = (f(p.get_ylim()[i] for p in (left, middle)) for i, f in ((0, min), (1, max)))
    for panel in (left, middle):
        panel.set_ylim(low, high)
    left.set_ylabel("relative movement")
    middle.tick_params(labelleft=False)
    left.legend(loc="upper left", handlelength=1.2)
    right.axline((0, 0), slope=1, color="0.3", linestyle=":", linewidth=1)
    for k in (2, 1):
        right.plot(
            first[f"b0_{k}"], first[f"b_{k}"], ".", color=palette[k - 1], markersize=3.5, alpha=0.6, markeredgewidth=0
        )
    right.set(xlabel="initial bias", ylabel="final bias", xlim=(0, None), ylim=(0, None))
    right.set_title(rf"step {first['step_size']}")
    columns = {f"{name}_{k}": first[f"moved_{name}_{k}"] for name in PARAMETERS for k in (1, 2)}
    return Drawing(drawing, pd.DataFrame({"iteration": first["iteration"], **columns}))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 4, biases",
    title="How far biases move in training",
    statements=(
        Statement(
            "little",
            r"The bias parameters change very little during training (read: in every run $\|b-b^0\|/\|b^0\|$ is "
            r"smaller than the same ratio of $w$ and of $c$).",
            "as printed",
        ),
        Statement(
            "movement",
            r"At a step that keeps the units alive, the biases move relatively less than the weights $w$, but by more "
            r"than a tenth of their own length (medians over runs).",
            "as corrected",
        ),
        Statement(
            "close",
            r"If the number of layers is large, $W_l$ is expected to be very close to 0 (read, for the $L$ of "
            r"these runs: in no run does a weight end above $\frac1{10}$, the end of the range on which it started).",
            "as printed",
        ),
        Statement(
            "product",
            r"Whatever $L$ is, a pair that fits the target to within $\frac1{100}$ has $\prod_l(1+w_l)\ge1+4.2/c$ in "
            r"its second network.",
            "sharper",
            proof="written",
        ),
        Statement(
            "initial",
            r"The final values of the bias parameters heavily depend on their initialization (read: at a step that "
            r"keeps the units alive, their rank correlation is above $\frac12$ in the median run).",
            "as printed",
        ),
    ),
    check=check,
    control={"network": "ns_figure4", "exchanged": True},
    control_statement="movement",
    figure=figure,
    expand=expand,
    summary=summary,
)
