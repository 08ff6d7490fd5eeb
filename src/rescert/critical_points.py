"""Instances that are critical points: from a candidate of a search to findings, for every claim about such points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from rescert.claim import Evidence, Finding, Inputs, Instance, Scalar
from rescert.landscape.candidate import NEAR, Candidate, read
from rescert.landscape.dichotomy import Decision, decide
from rescert.statistics import clopper_pearson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = ["instance", "origin", "excess", "smallest_eigenvalue", "smallest_eigenvalue_sign", "bound_value", "certified"]
HEADINGS = {"good": "R ≤ R_lin", "saddle": "strict saddle", "above": "with R > R_lin", "blocks": "L", "dimension": "d"}


@dataclass(frozen=True)
class Examined:
    """A candidate, what floats say of it (``values``), and what is proved; no decision far from critical points."""

    candidate: Candidate
    values: dict[str, Any]
    decision: Decision | None


def expand(instance: Instance, inputs: Inputs) -> Iterable[Instance]:
    """One instance for each candidate of the search."""
    table = inputs.table(f"critical_points/{instance['landscape']}")
    return [{**instance, "point": int(start)} for start in table.loc[table["candidate"], "start"]]


def examine(instance: Instance, inputs: Inputs) -> Examined:
    """The candidate that an instance names (moved by ``shift``, in a control), and the decision about it."""
    need = f"critical_points/{instance['landscape']}"
    table, settings = inputs.table(need).set_index("start"), inputs.metadata(need)["config"]
    candidate = read(inputs.arrays(need), instance["point"], settings)
    if "shift" in instance:
        candidate = candidate.moved(float(instance["shift"]))
    values = {
        **candidate.describe(),
        "origin": table.loc[instance["point"], "origin"],
        "starts": len(table),
        "activation": candidate.family.activation,
        "loss": candidate.family.loss,
        "blocks": len(settings["widths"]),
        "dimension": settings["dimension"],
        "parameters": sum(value.size for value in candidate.point.values()),
        "exists": False,
        "data": "MNIST" if "digits" in settings else "Gaussian, separable" if "separable" in settings else "Gaussian",
    }
    if values["gradient_norm"] > NEAR:
        return Examined(candidate, values, None)
    decision = decide(candidate, free_labels=values["origin"] == "designed")
    return Examined(candidate, values | _described(decision), decision)


def _described(decision: Decision) -> dict[str, Any]:
    answer = {True: "holds", False: "fails", None: "undecided"}
    return {
        "exists": decision.exists,
        "clause": decision.clause,
        "representation_coverage": answer[decision.representation],
        "parameter_coverage": answer[decision.coverage],
        "output_layer": {True: "not zero", False: "zero", None: "undecided"}[decision.output_layer],
        "smallest_eigenvalue_sign": decision.eigenvalue,
    }


def finding(
    examined: Examined,
    hypotheses: Callable[[Decision], bool | None],
    conclusion: Callable[[Decision], bool | None],
    bounded: bool = False,
) -> Finding:
    """The finding of one statement; ``bounded``: the statement is about the bound of the smallest eigenvalue, too."""
    decision, values = examined.decision, examined.values
    if decision is None:
        reason = f"not a critical point: the gradient norm is {values['gradient_norm']:.3g}"
        return Finding(None, None, Evidence.NUMERICAL, reason, values=values)
    measured = f"R - R_lin = {values['excess']:.6g}, lambda_min = {values['smallest_eigenvalue']:.6g}"
    if not decision.assertions:
        return Finding(
            None, None, Evidence.NUMERICAL, f"existence not proved: {decision.reason}", measured, values=values
        )
    shown, reason, bound = conclusion(decision), f"{decision.clause}; {decision.reason}", "0"
    if bounded and decision.bound_reason:
        reason = f"{decision.clause}; {decision.bound_reason}"
        bound = "none" if values["bound_value"] is None else f"{values['bound_value']:.6g}"
    if shown is None:
        reason = f"{reason}; {decision.comparison}"
    if not decision.exists:
        shown = shown or None  # a point that may not exist refutes nothing
        reason = f"existence not proved; of any critical point near the candidate: {reason}"
    assertions = (*decision.assertions, *(decision.bound_assertions if bounded else ()))
    return Finding(hypotheses(decision), shown, Evidence.ENCLOSED, reason, measured, bound, assertions, values)


def good(decision: Decision) -> bool | None:
    r"""The conclusion of Theorem 2: $R\le R_{\mathrm{lin}}$ or $\lambda_{\min}<0$."""
    if decision.below is True or decision.eigenvalue == "negative":
        return True
    return False if decision.below is False and decision.eigenvalue in ("zero", "positive") else None


def good_with_bound(decision: Decision) -> bool | None:
    r"""The sharper conclusion: $R\le R_{\mathrm{lin}}$ or $\lambda_{\min}$ at most the bound, which is negative."""
    return True if decision.below is True or decision.bounded is True else None


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """The numbers of a caption."""
    printed = rows[rows["statement"] == "printed"]
    above, shown = printed["excess"] > 0, proved(printed)
    low, high = clopper_pearson(int(shown.sum()), len(printed))
    counts = printed["origin"].value_counts().sort_index()
    searched = printed.drop_duplicates("landscape") if "landscape" in printed else printed
    return {
        "points": len(printed),
        "starts": int(searched["starts"].sum()),
        "landscapes": len(searched),
        "certified": int(shown.sum()),
        "share": f"{100 * shown.mean():.1f} %, 95 % interval {100 * low:.1f} to {100 * high:.1f} %",
        "distinct": len(printed[["excess", "smallest_eigenvalue"]].round(9).drop_duplicates()),
        "above": int(above.sum()),
        "above_certified": int((above & shown).sum()),
        "origins": ", ".join(f"{count} {origin}" for origin, count in counts.items()),
    }


def proved(rows: pd.DataFrame) -> pd.Series:
    """Whether a row has a certificate that shows that its critical point exists."""
    return rows["certified"].astype(bool) & rows["exists"].eq(True)


def overview(rows: pd.DataFrame) -> pd.DataFrame:
    """Which clause holds, by activation, loss, number of blocks and data: counts, and how many are certified."""
    printed = rows[rows["statement"] == "printed"]
    keys = ["data", "activation", "loss", "blocks", "dimension"]
    table = printed.assign(
        points=1,
        good=printed["clause"] == "R <= R_lin",
        saddle=printed["clause"].str.contains("negative curvature", na=False),
        above=printed["excess"] > 0,
        certified=proved(printed),
    )
    counted = table.groupby(keys, sort=True)[["points", "good", "saddle", "above", "certified"]].sum().reset_index()
    return counted.rename(columns=HEADINGS)


def _colours(rows: pd.DataFrame) -> dict[str, Any]:
    """One colour an origin."""
    import seaborn as sns

    return dict(zip(sorted(rows["origin"].unique()), sns.color_palette(), strict=False))


def bounds(axes: Axes, rows: pd.DataFrame) -> None:
    r"""$-\lambda_{\min}$ against minus the bound of the sharper theorem at points above $R_{\mathrm{lin}}$."""
    colours = _colours(rows)
    rows = rows[(rows["statement"] == "sharper") & (rows["excess"] > 0) & rows["bound_value"].notna()]
    for origin, group in rows.groupby("origin", sort=True):
        axes.scatter(-group["smallest_eigenvalue"], -group["bound_value"], s=14, color=colours[origin], label=origin)
    ends = [(-rows["bound_value"]).min() / 2, (-rows["smallest_eigenvalue"]).max() * 2] if len(rows) else [0.1, 1]
    axes.plot(ends, ends, color="0.4", linewidth=0.8)
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel(r"$-\lambda_{\min}(\nabla^2R(\theta))$")
    axes.set_ylabel(r"$\frac{1}{2}(\sqrt{C^2+4\sum_l|g_l|^2}-C)$")


def scatter(axes: Axes, rows: pd.DataFrame, size: float = 18) -> pd.DataFrame:
    """Excess risk against the smallest eigenvalue, a dot a point, certified ones filled; returns what is shown."""
    rows = rows[rows["statement"] == "printed"]
    for origin, group in rows.groupby("origin", sort=True):
        colour = _colours(rows)[origin]
        for filled, part in group.groupby(proved(group)):
            axes.scatter(
                part["excess"],
                part["smallest_eigenvalue"],
                s=size,
                linewidth=0.7,
                edgecolors=[colour],
                facecolors=[colour] if filled else "none",
                label=f"{origin}{'' if filled else ', not certified'}",
            )
    axes.set_yscale("symlog", linthresh=1e-4)
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    right, high = max(right, 0.1), max(high, 1e-3)
    axes.fill_between([0, right], 0, high, color="0.85", linewidth=0, zorder=0)
    axes.set(xlim=(left, right), ylim=(low, high))
    axes.axhline(0, color="0.4", linewidth=0.8)
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.set_xlabel(r"$R(\theta)-R_{\mathrm{lin}}$")
    axes.set_ylabel(r"$\lambda_{\min}(\nabla^2R(\theta))$")
    axes.legend()
    return rows[SHOWN].reset_index(drop=True)
