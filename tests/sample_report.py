"""A small finished run, written with the project's own code: two claims, a slice, a network, each verdict.

The claims live only in memory; their names and texts contain markup, which a page must show and not obey.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from rescert import assessment, record
from rescert import claim as claims
from rescert.claim import Evidence, Finding, Statement
from rescert.figures.drawing import FORMATS, draw

SLICE = "ns_slice"
RUN = "0123456789abcdef"
MARKUP = "<script>document.title='obeyed'</script>"

DERIVATION = rf"""
The error $e_k$ of the example obeys, for every step {MARKUP}

$$
\begin{{aligned}} e_{{k+1}} &= \tfrac12\, e_k \\ \lVert e_k\rVert_2 &\le 2^{{-k}}, \qquad k\in\mathbb N. \end{{aligned}}
$$

## Proof

By induction over $k$; the list `x < y` is only here to be seen.

1. $\sum_{{i=1}}^n w_i^2 \ge 0$.
2. A table:

| depth | $\ell = \lambda^{{1/L}}$ |
|------:|:-----|
| 2 | $\sqrt{{\lambda}}$ |
"""


def _check(instance, inputs) -> dict[str, Finding]:
    depth = instance["depth"]
    measured = Fraction(8, 15) / depth
    assertion = {"kind": "array_sign", "array": np.array([float(depth)]), "relation": ">"}
    return {
        "printed": Finding(
            True,
            depth < 20,
            Evidence.EXACT,
            "the bound holds" if depth < 20 else f"at depth {depth} the bound $2^{{-L}}$ is below 8/(15 L) {MARKUP}",
            str(measured),
            str(Fraction(1, 2**depth)),
            (assertion,),
            {"error": 2.0**-depth, "curve": [1.0, 0.5], "start": "identity"},
        ),
        "corrected": Finding(True, True, Evidence.ENCLOSED, "ball is positive", 0.123456789, 0.25, (assertion,)),
        "sharper": Finding(None, None if depth == 5 else True, Evidence.NUMERICAL, "sampled", values={"error": depth}),
    }


def _figure(tables) -> claims.Drawing:
    """Error over depth for {count} networks; the line is $2^{{-L}}$."""
    import matplotlib.pyplot as plt

    table = next(t for name, t in tables.items() if name.startswith("claims/"))
    rows = table[table["statement"] == "printed"]
    figure, axes = plt.subplots()
    axes.plot(rows["depth"], rows["error"], marker="o", label="printed")
    axes.set(xlabel="depth $L$", ylabel="error", yscale="log")
    axes.legend()
    return claims.Drawing(figure, rows[["depth", "error"]])


def _claim(paper: str, title: str) -> claims.Claim:
    return claims.Claim(
        paper=paper,
        label="Proposition 2",
        title=title,
        statements=(
            Statement("printed", r"For every $L$: $\lVert e_L\rVert\le 2^{-L}$ & more.", "as printed"),
            Statement("corrected", r"$\lVert e_L\rVert \le \frac14$", "as corrected", proof="written"),
            Statement("sharper", r"Some $L$ has $\sup_x |e_L(x)| < 1$.", "sharper", quantifier="some"),
        ),
        check=_check,
        control={"depth": 40},
        control_statement="printed",
        figure=_figure,
        summary=lambda rows: {"count": rows["instance"].nunique()},
    )


CLAIMS = {
    "bel_example": _claim("Bartlett, Evans, Long 2018", f"A bound that fails {MARKUP}"),
    "ns_example": _claim("Nar, Sastry 2018", r"Contraction by $\rho(\delta)$ a step"),
}


def install() -> None:
    """Make the sample claims importable as files of the package would be."""
    for name, claim in CLAIMS.items():
        module = ModuleType(f"rescert.claims.{name}", DERIVATION)
        module.CLAIM = claim
        sys.modules[module.__name__] = module


def remove() -> None:
    for name in CLAIMS:
        sys.modules.pop(f"rescert.claims.{name}", None)


def write(root: Path) -> list[Path]:
    """The files of a finished run under ``root``, all certificates accepted."""
    for name in CLAIMS:
        result = assessment.assess(name, {"instances": [{"depth": [2, 5, 20, 30]}]}, claims.Inputs({}))
        base = root / "results/claims" / name
        record.write_json(base.with_suffix(".json"), result.content)
        record.write_parquet(base.with_suffix(".parquet"), result.rows)
        draw(name, {f"claims/{name}": result.rows}, [root / f"reports/figures/{name}{s}" for s in FORMATS])
        tracked = {"uri": "sqlite:///mlflow.db", "run_id": RUN, "page": f"#/experiments/1/runs/{RUN}", "host": "here"}
        record.write_json(root / f"results/tracking/claims__{name}.json", tracked)
        benchmark = "s\th:m:s\tmax_rss\tmean_load\n12.5\t0:00:12\t345.6\t98.0\n"
        record.write_text(root / f"logs/benchmarks/certify/{name}.tsv", benchmark)
    network = root / f"results/networks/{MARKUP.replace('/', ' ')}"
    record.write_json(network / "record.json", {"dataset": "mnist-5k", "accuracy": {"test": 0.9758}, "epochs": 12})
    record.write_parquet(network / "history.parquet", pd.DataFrame({"epoch": [1], "test": [0.9758]}))
    write_slice(root)
    recheck(root, True)
    return files(root)


def slice_table(steps: int = 5) -> pd.DataFrame:
    """The plane and the lines of R = (a^2 - b^2)/2 + 1 through its saddle, and a linear risk of 0.9."""
    axis = np.linspace(-1, 1, steps)
    plane = [("plane", a, b) for a in axis for b in axis]
    lines = [("first", a, 0.0) for a in axis] + [("second", 0.0, b) for b in axis]
    table = pd.DataFrame([*plane, *lines], columns=["slice", "alpha", "beta"])
    table = table.assign(first="largest", second="smallest", linear_risk=0.9)
    return table.assign(risk=(table["alpha"] ** 2 - table["beta"] ** 2) / 2 + 1)


def write_slice(root: Path) -> None:
    """The record and the figure of a slice whose landscape is named by markup."""
    numbers = {"risk": 1.0, "linear_risk": 0.9, "smallest_eigenvalue": -1.0, "gradient_norm": 0.0, "norm": 1.0}
    summary = {**numbers, "least": 0.5, "start": 7, "origin": "embedding", "parameters": 2, "samples": 3, "points": 35}
    content = {"config": {"landscape": MARKUP, "seed": 12}, "summary": {**summary, "along": "along $\\alpha$ a line"}}
    base = root / "results/slices" / SLICE
    record.write_json(base.with_suffix(".json"), content)
    record.write_parquet(base.with_suffix(".parquet"), slice_table())
    draw(SLICE, {f"slices/{SLICE}": slice_table()}, [root / f"reports/figures/{SLICE}{s}" for s in FORMATS])


def recheck(root: Path, accepted: bool | None) -> None:
    """Write what a recheck that accepts, refuses (False) or skips (None) every certificate leaves."""
    for name in CLAIMS:
        content = record.read_json(root / f"results/claims/{name}.json")
        seen = {
            instance: {
                "sha256": bound["sha256"],
                "accepted": accepted,
                "reason": "" if accepted else "the sign is not positive",
                "statements": sorted(bound["statements"]) if accepted else [],
            }
            for instance, bound in content["certificates"].items()
        }
        record.write_json(root / f"results/rechecked/{name}.json", {"claim": name, "certificates": seen})


def files(root: Path) -> list[Path]:
    """All that a run leaves but the report's own files."""
    found = (p for folder in ("results", "reports", "logs") for p in (root / folder).rglob("*.*"))
    return sorted(p for p in found if p.is_file() and p.parent.name != "reports")
