r"""MNIST with 10 pairs of convex residual networks (Nar and Sastry 2018, Section 5 and Figure 5).

One convolution (64 filters $6\times6$) and the maximum over non-overlapping $4\times4$ windows turn an image into
$n=64\cdot5\cdot5=1600$ features $x$; the score of class $k$ is $r_k(x)-s_k(x)+d_k$, where each of the twenty
functions $r_k,s_k$ is a residual network of three layers by (7a)–(7c),
$$h_0=x,\qquad h_l=h_{l-1}+W_l[V_l^Th_{l-1}-b_l]_+\ (l=1,2,3),\qquad r=c^Th_3,$$
with entrywise $V_l,W_l\in\mathbb R^{n\times m}$, $b_l\in\mathbb R^m$ nonnegative and $c\in\mathbb R^n$ positive.

## Why each network is convex

Call a vector-valued function convex if each coordinate is. Let $g$ be convex on $\mathbb R^n$, $x,y\in\mathbb R^n$,
$0\le t\le1$ and $z=tx+(1-t)y$.

1. If $A\ge0$ entrywise and $b$ is any vector, $Ag-b$ is convex: $\sum_jA_{ij}g_j(z)-b_i\le
   t(\sum_jA_{ij}g_j(x)-b_i)+(1-t)(\sum_jA_{ij}g_j(y)-b_i)$, because each $A_{ij}\ge0$ keeps the inequality of $g_j$.
2. $[g]_+$ is convex: $[u]_+=\max\{0,u\}$ does not fall, so $[g_i(z)]_+\le[tg_i(x)+(1-t)g_i(y)]_+$, and it is convex,
   so this is at most $t[g_i(x)]_++(1-t)[g_i(y)]_+$. (A negative entry
   of $V_l$ or $W_{l-1}$ would break this step.)
3. Sums of convex functions are convex.

$h_0=x$ is linear, hence convex. If $h_{l-1}$ is convex, so are $V_l^Th_{l-1}-b_l$ by 1 ($A=V_l^T$), its positive part
by 2, $W_l[\cdot]_+$ by 1 ($A=W_l$, $b=0$), and $h_l$ by 3. Finally $r=c^Th_3$ is convex by 1. ∎

Nonnegative $V_l,W_l,c$ are all that is used: the signs of $b_l$ do not matter, and the domain may be all of
$\mathbb R^n$. The certificate is the sign of every stored weight, on its exact binary value; it speaks of the function
with these real weights, which training evaluates by an identity of real arithmetic (`networks/convex_pairs.py`).

## Sharper: slopes, and convexity in the pixels

With the same signs every coordinate of $h_l-x$ does not fall in any $x_i$ (sums, nonnegative multiples and hinges of
functions that do not fall). Hence $r(x+te_i)-r(x)\ge c_it$ for $t\ge0$: $r$ is convex *and* rises in every feature
with slope at least $c_i$.

The induction needs of $h_0$ only that its coordinates are convex. As functions of the image they are, for any filters
and offsets: a convolution is linear, a maximum of linear functions is convex, an offset changes nothing, and the ReLU
preserves convexity by step 2. So $r_k$ and $s_k$ are convex functions of the *pixels*, not only of the features. ∎

## What the paper leaves unsaid

A ReLU after the convolution (we take one: without it features can leave the domain $[0,M]^n$ of Section 3.1); the
widths (we take $m=32$, and $64$ at the paper's scale; $m=n$ means 307 million parameters); the loss (cross-entropy),
optimiser (Adam with falling rates, then projection), batches and rates; the initial values, although Section 6 says
that the final biases depend on them heavily; the number of runs; on which images accuracy was taken (here on all 60000
and 10000). "Positive $c$" is an open set, on which there is no projection: we project on $c\ge2^{-20}$.

## How the printed numbers are read

We ask whether the printed *procedure*, as far as it is determined, reaches 97.91 % and 97.58 %: the training accuracy
is a count over the whole set; of the test accuracy the lower end of the 95 % Clopper–Pearson interval must reach the
printed number, in every seed. "Remarkably close" is read as: at most the printed 0.33 points apart. The interval of the
difference is Student's over seeds; with one seed there is none, and the Clopper–Pearson interval of the test accuracy
takes its place. The two differ in kind: Student's interval speaks of further seeds on these 10000 test images and
leaves out that the images are a sample (about 0.3 points either way); Clopper–Pearson's speaks of further images for
this one network. "Throughout the training" is not put to a test: the figure shows all epochs. On fewer images, on
`mnist-5k`, or with fewer than 12 epochs these statements are vacuous, and so is the next.
"Change very little" is read as: in every seed $\|b-b^0\|_F/\|b^0\|_F$ ends smaller than the same ratio of $V$, of $W$
and of $c$. The paper derives it from small gradients; Adam divides a gradient by its own size, so small gradients
alone do not keep a bias in place here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert import record
from rescert.certify.certificate import StoredArray
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.statistics import Interval, clopper_pearson, student

if TYPE_CHECKING:
    import pandas as pd

PRINTED = {"train": 0.9791, "test": 0.9758}
PRINTED_GAP = 0.0033
EPOCHS = 12
SIZES = {"train_size": 60000, "test_size": 10000}
CURVES = ("train", "test", "test_low", "test_high", "gap_mean", "gap_lower", "gap_upper")  # in points, per epoch
SIGNS = {"V": ">=", "W": ">=", "b": ">=", "c": ">"}  # what (7b) and (7c) ask for


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """Signs of the stored weights, and the history, of one trained architecture (all its seeds)."""
    need = f"networks/{instance['network']}"
    weights, table, trained = inputs.arrays(need), inputs.table(need), inputs.record(need)
    first = f"{trained['seeds'][0]}/V"
    if "entry" in instance:  # the control: one weight replaced by a negative number
        weights[first] = weights[first].copy()
        weights[first][0, 0, 0, 0] = float(instance["entry"])
    file = f"../../{need}/weights.safetensors", record.sha256(inputs.path(need, ".safetensors"))
    stored = partial(StoredArray, *file)  # as seen from results/certificates/<claim>
    obstacle = _obstacle(trained)
    return {
        "convexity": _signs(weights, SIGNS, stored),
        "pixels": _signs(weights, {"V": ">=", "W": ">=", "c": ">"}, stored),
        "accuracy": _accuracy(table, trained | {"width": weights[first].shape[2]}, obstacle),
        "gap": _gap(table[table["epoch"] == EPOCHS], obstacle, f"after epoch {EPOCHS}"),
        "early gap": _early_gap(table, obstacle),
        "biases": _biases(table, obstacle),
    }


def _obstacle(trained: Mapping[str, Any]) -> str:
    """Why the printed accuracies do not speak of this network; empty if they do."""
    if trained["dataset"] != "mnist" or any(trained[key] != size for key, size in SIZES.items()):
        sizes = f"{trained['train_size']} + {trained['test_size']}"
        return f"trained on {sizes} images of {trained['dataset']}, not on the 60000 + 10000 of MNIST"
    return "" if trained["epochs"] >= EPOCHS else f"trained for {trained['epochs']} epochs, not for {EPOCHS}"


def _signs(
    weights: Mapping[str, np.ndarray], signs: Mapping[str, str], stored: Callable[[str], StoredArray]
) -> Finding:
    """HOLDS: every entry has its sign, exactly. VACUOUS: one has not. UNDECIDED: an entry is not a number."""
    least = dict.fromkeys(signs, np.inf)
    assertions: list[dict[str, Any]] = []
    for tensor in sorted(key for key in weights if key.split("/")[1] in signs):
        name = tensor.split("/")[1]
        if not np.isfinite(weights[tensor]).all():
            return Finding(None, None, Evidence.EXACT, f"an entry of {tensor} is not a number")
        low = float(weights[tensor].min())
        if low < 0 or (low == 0 and signs[name] == ">"):
            wrong = {"kind": "array_sign", "array": np.array([low]), "relation": "<" if low < 0 else "<="}
            reason = f"an entry of {tensor} is {low:.6g}: not of the form (7a)–(7c)"
            return Finding(False, None, Evidence.EXACT, reason, low, f"{signs[name]} 0", (wrong,))
        least[name] = min(low, least[name])
        assertions.append({"kind": "array_sign", "array": stored(tensor), "relation": signs[name]})
    networks = sum(len(values) for tensor, values in weights.items() if tensor.endswith("/c"))
    reason = f"every stored weight of all {networks} networks has its sign"
    measured = ", ".join(f"min {name} = {value:.3g}" for name, value in least.items())
    bound = ", ".join(f"{name} {relation} 0" for name, relation in signs.items())
    return Finding(True, True, Evidence.EXACT, reason, measured, bound, tuple(assertions), {"networks": networks})


def _accuracy(table: pd.DataFrame, trained: Mapping[str, Any], obstacle: str) -> Finding:
    curves = _curves(table, trained)
    if obstacle:
        return Finding(False, None, Evidence.NUMERICAL, obstacle, values=curves)
    final = table[table["epoch"] == EPOCHS]
    intervals = [clopper_pearson(int(k), trained["test_size"]) for k in final["test_correct"]]
    train, test = final["train_accuracy"], final["test_accuracy"]
    reached = bool((train >= PRINTED["train"]).all()) and min(low for low, _ in intervals) >= PRINTED["test"]
    missed = bool((train < PRINTED["train"]).any()) or min(high for _, high in intervals) < PRINTED["test"]
    reason = (
        f"after epoch {EPOCHS}, {len(final)} seed(s): training at least {_percent(train.min())}, test at least "
        f"{_percent(test.min())} (95 % Clopper–Pearson {_percent(*min(intervals))}, n = {trained['test_size']})"
    )
    conclusion = True if reached else False if missed else None
    measured, bound = (f"{_percent(a)} / {_percent(b)}" for a, b in ((train.mean(), test.mean()), PRINTED.values()))
    return Finding(True, conclusion, Evidence.NUMERICAL, reason, measured, bound, values=curves)


def _gap(rows: pd.DataFrame, obstacle: str, when: str) -> Finding:
    """HOLDS or FAILS if the whole interval of the difference is on one side of the printed 0.33 points."""
    if obstacle:
        return Finding(False, None, Evidence.NUMERICAL, obstacle)
    mean, (low, high), kind = gap_interval(rows, SIZES["test_size"])
    conclusion = True if high <= PRINTED_GAP else False if low > PRINTED_GAP else None
    reason = f"{when}: training minus test accuracy {_percent(mean)}, 95 % interval {_percent(low, high)} ({kind})"
    values = {"gap": mean, "gap_low": low, "gap_high": high}
    return Finding(True, conclusion, Evidence.NUMERICAL, reason, _percent(mean), _percent(PRINTED_GAP), values=values)


def _early_gap(table: pd.DataFrame, obstacle: str) -> Finding:
    """The gap of each seed after its first epoch with the printed training accuracy."""
    first = table[table["train_accuracy"] >= PRINTED["train"]].groupby("seed").head(1)
    if not obstacle and set(first["seed"]) != set(table["seed"]):
        obstacle = "a seed never reaches the printed training accuracy"
    epochs = ", ".join(str(epoch) for epoch in sorted(set(first["epoch"])))
    return _gap(first, obstacle, f"after epoch {epochs}, the first with {_percent(PRINTED['train'])} in training")


def _biases(table: pd.DataFrame, obstacle: str) -> Finding:
    last = table[table["epoch"] == table["epoch"].max()]
    moved = {name: last[f"moved_{name}"] for name in ("b", "V", "W", "c")}
    conclusion = bool(all((moved["b"] < moved[name]).all() for name in ("V", "W", "c")))
    shown = ", ".join(f"{name} {values.mean():.3f}" for name, values in moved.items())
    reason = f"mean relative movement over {len(last)} seed(s): {shown}"
    bound = min(moved[name].min() for name in ("V", "W", "c"))
    measured, least = f"{moved['b'].max():.3f}", f"{bound:.3f}"
    if obstacle:
        return Finding(False, conclusion, Evidence.NUMERICAL, f"{obstacle}; {reason}", measured, least)
    return Finding(True, conclusion, Evidence.NUMERICAL, reason, measured, least)


def gap_interval(rows: pd.DataFrame, test_size: int) -> tuple[float, Interval, str]:
    """Mean of training minus test accuracy, its 95 % interval, and the kind of interval.

    Student's interval over seeds; with one seed, the training accuracy minus the Clopper–Pearson interval of
    the test accuracy (the training accuracy is a count over the whole training set).
    """
    gaps = (rows["train_accuracy"] - rows["test_accuracy"]).to_numpy()
    mean = float(gaps.mean())
    if len(gaps) > 1:
        return mean, (mean - student(gaps), mean + student(gaps)), f"Student, {len(gaps)} seeds"
    low, high = clopper_pearson(int(rows["test_correct"].iloc[0]), test_size)
    train = float(rows["train_accuracy"].iloc[0])
    return mean, (train - high, train - low), "Clopper–Pearson, one seed"


def _curves(table: pd.DataFrame, trained: Mapping[str, Any]) -> dict[str, Any]:
    """Per epoch: accuracies and gap in points with their intervals, and relative movements, means over seeds."""
    shown = ("dataset", "train_size", "test_size", "width", "learning_rate")
    curves: dict[str, Any] = {key: trained[key] for key in shown}
    last = table[table["epoch"] == table["epoch"].max()]
    for key, finals in (("final_test", last["test_accuracy"]), ("final_train", last["train_accuracy"])):
        curves[key] = (100 * finals).tolist()  # one a seed
    curves |= {"parameters": trained["parameters"]["total"], "seeds": len(trained["seeds"])}
    curves["epochs_run"] = trained["epochs"]
    curves |= {"epochs": sorted(set(table["epoch"])), **{key: [] for key in CURVES}}
    for _, rows in table.groupby("epoch"):
        test = rows["test_accuracy"].to_numpy()
        if len(test) == 1:
            bounds = clopper_pearson(int(rows["test_correct"].iloc[0]), trained["test_size"])
        else:
            bounds = (test.mean() - student(test), test.mean() + student(test))
        mean, gap, _ = gap_interval(rows, trained["test_size"])
        for key, value in zip(CURVES, (rows["train_accuracy"].mean(), test.mean(), *bounds, mean, *gap), strict=True):
            curves[key].append(100 * float(value))
    return curves | {f"moved_{p}": table.groupby("epoch")[f"moved_{p}"].mean().tolist() for p in ("b", "V", "W", "c")}


def _percent(*shares: float) -> str:
    return " to ".join(f"{100 * share:.2f}" for share in shares) + " %"


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Top left: accuracy after each epoch on the {train_size} training and the {test_size} test images of {dataset},
    $m={width}$, {parameters:,} parameters, {seeds} seed(s), with the 95 % interval of the test accuracy ({interval});
    dotted, what the paper prints for the 12th epoch. Top right: their difference with its 95 % interval, after the last
    epoch {gap:.2f} points ({gap_low:.2f} to {gap_high:.2f}); dotted, the printed 0.33. Bottom left: relative movement
    $\|p-p^0\|/\|p^0\|$ of the biases $b$ and of the weights. Bottom right, which the paper lacks: the same difference
    after the last epoch of every trained network against the learning rate, a symbol a seed: {others}.
    """
    import pandas as pd
    import seaborn as sns
    from matplotlib import pyplot as plt

    rows = tables["claims/ns_figure5"].query("statement == 'accuracy'")
    shown = rows.iloc[0]
    blue, orange, green, red = sns.color_palette()[:4]
    drawing, ((left, middle), (right, spread)) = plt.subplots(2, 2, figsize=(6.8, 5.2))
    epochs = shown["epochs"]
    for part, colour, marker in (("train", blue, "o"), ("test", orange, "s")):
        left.plot(epochs, shown[part], color=colour, marker=marker, markersize=3, label=part)
        left.axhline(100 * PRINTED[part], color=colour, linestyle=":", linewidth=1)
    middle.plot(epochs, shown["gap_mean"], color=green, marker="o", markersize=3)
    for panel in (middle, spread):
        panel.axhline(100 * PRINTED_GAP, color="0.3", linestyle=":", linewidth=1)
    for panel, low, high, colour in ((left, *CURVES[2:4], orange), (middle, *CURVES[5:], green)):
        panel.fill_between(epochs, shown[low], shown[high], color=colour, alpha=0.2, linewidth=0)
    for name, colour, line in (("b", red, "-"), ("V", blue, "--"), ("W", orange, "-."), ("c", green, ":")):
        right.plot(epochs, shown[f"moved_{name}"], line, color=colour, marker=".", label=f"${name}$")
    right.set_yscale("log")
    for index, (sizes, group) in enumerate(rows.groupby(["train_size", "width", "epochs_run"], sort=False)):
        points = [
            (row["learning_rate"], train - test)
            for _, row in group.iterrows()
            for train, test in zip(row["final_train"], row["final_test"], strict=True)
        ]
        label = "{:.0f} images, $m={:.0f}$, {:.0f} epochs".format(*sizes)
        spread.plot(*zip(*points, strict=True), "osD^v"[index % 5], color=sns.color_palette()[index], label=label)
    rates = sorted(set(rows["learning_rate"]))
    spread.set_xscale("log")
    spread.set_xticks(rates, [f"{rate:g}" for rate in rates])
    spread.minorticks_off()
    spread.margins(x=0.15)
    for panel in (left, right, spread):
        columns = 1 if panel is spread else 4
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=columns, columnspacing=0.8, handlelength=1.3)
    gap = "train minus test, points"
    for panel, label in {left: "accuracy, %", middle: gap, right: "relative movement", spread: gap}.items():
        panel.set(xlabel="learning rate of filters and biases" if panel is spread else "epoch", ylabel=label)
        if panel is not spread:
            panel.xaxis.get_major_locator().set_params(integer=True)
    data = {key: list(shown[key]) for key in (*CURVES, "moved_b", "moved_V", "moved_W", "moved_c")}
    return Drawing(drawing, pd.DataFrame({"instance": shown["instance"], "epoch": list(epochs), **data}))


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    shown = rows[rows["statement"] == "accuracy"].iloc[0]
    others = rows[rows["statement"] == "accuracy"].iloc[1:]
    runs = [f"{int(row['seeds'])} seed(s) at {row['learning_rate']:g}" for _, row in others.iterrows()]
    return {
        "others": ", ".join(runs) or "one setting only",
        **{key: int(shown[key]) for key in ("train_size", "test_size", "width", "parameters", "seeds")},
        "dataset": {"mnist": "MNIST"}.get(shown["dataset"], shown["dataset"]),
        "interval": "Clopper–Pearson" if shown["seeds"] == 1 else "Student's, over seeds",
        **{
            key: float(shown[curve][-1]) for key, curve in zip(("gap", "gap_low", "gap_high"), CURVES[-3:], strict=True)
        },
    }


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 5, Figure 5",
    title="MNIST with pairs of convex residual networks",
    statements=(
        Statement(
            "convexity",
            "Each of the 20 trained networks (7a)–(7c), with nonnegative $V_l,W_l,b_l$ and positive $c$, is convex.",
            "as printed",
            proof="written",
        ),
        Statement(
            "pixels",
            "Whatever the signs of $b_l$ and of the filters, each trained network is a convex function of the image's "
            "pixels, and rises in every feature with slope at least $c_i>0$.",
            "sharper",
            proof="written",
        ),
        Statement("accuracy", "After epoch 12 training and test accuracy reach 97.91 % and 97.58 %.", "as printed"),
        Statement(
            "gap",
            "They are remarkably close, read as: after epoch 12 at most the printed 0.33 points apart.",
            "as printed",
        ),
        Statement(
            "early gap",
            "They are at most 0.33 points apart after the first epoch that reaches the printed training accuracy.",
            "as corrected",
        ),
        Statement(
            "biases",
            r"The biases change little: $\|b-b^0\|/\|b^0\|$ is smaller than the same ratio of $V$, $W$ and $c$.",
            "as printed",
        ),
    ),
    check=check,
    control={"network": "ns_figure5", "entry": "-1e-6"},
    control_statement="convexity",
    figure=figure,
    summary=summary,
)
