"""Where a report comes from: commit, versions, hardware, data sets, seconds per stage, and runs."""

from __future__ import annotations

import csv
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from rescert import finished
from rescert.report.table import flat

PACKAGES = [
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "python-flint",
    "safetensors",
    "matplotlib",
    "seaborn",
    "mlflow",
    "snakemake",
    "latex2mathml",
    "markdown-it-py",
    "jinja2",
    "jsonschema",
    "mlxtend",
]
STAGES = ("prepare", "decompose", "train", "search", "slice", "certify", "recheck", "draw", "track")
_SIZES = {"train_size": "train", "test_size": "test"}
LOCAL_SERVER = "http://127.0.0.1:5000"

# A job's record in results/tracking: certify of ns_figure5 is claims/ns_figure5.
_RECORDS = {stage: folder for folder, stage in finished.STAGES.items()}


def commit(folder: Path) -> str:
    """The checked-out commit, with "and local changes" where files differ from it; "unknown" without git."""
    try:
        head = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (FileNotFoundError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head} and local changes" if changed else head


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def versions() -> dict[str, str]:
    """Python and the packages that a result may depend on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, str]:
    """The machine that wrote the report (records of stages name the device that they ran on)."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        named = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), re.MULTILINE)
        processor = named[1] if named else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor,
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
    }


def jobs(benchmarks: Iterable[Path]) -> pd.DataFrame:
    """Snakemake's benchmark files ``<stage>/<name>.tsv`` as rows ``stage, name, seconds, peak_mb``."""
    rows = []
    for path in sorted(benchmarks):
        with path.open() as file:
            for line in csv.DictReader(file, delimiter="\t"):
                rows.append(
                    {
                        "stage": path.parent.name,
                        "name": path.stem,
                        "seconds": _measured(line.get("s")),
                        "peak_mb": _measured(line.get("max_rss")),
                    }
                )
    table = pd.DataFrame(rows, columns=["stage", "name", "seconds", "peak_mb"])
    return table.astype({"seconds": float, "peak_mb": float})


def _measured(text: str | None) -> float | None:
    """Snakemake writes "-" or "NA" for a job too short to be measured."""
    return float(text) if text and re.fullmatch(r"[0-9.]+(e[+-]?[0-9]+)?", text) else None


def stages(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Per stage, in the order of the pipeline: number of jobs, seconds in all, the longest, the largest."""
    known = [s for s in STAGES if s in set(table["stage"])]
    summary = []
    for stage in [*known, *sorted(set(table["stage"]) - set(known))]:
        rows = table[table["stage"] == stage].sort_values("seconds", ascending=False, kind="stable")
        longest = rows.iloc[0]
        summary.append(
            {
                "stage": stage,
                "jobs": len(rows),
                "seconds": float(rows["seconds"].sum()),
                "longest": longest["name"] + (f" ({longest['seconds']:.1f} s)" if longest["seconds"] > 0 else ""),
                "peak_mb": float(rows["peak_mb"].max()),
            }
        )
    return summary


def runs(table: pd.DataFrame, tracking: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """``reports/runs.csv``: every job with its seconds and memory, and what MLflow knows of its record."""
    rows = [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
    for row in rows:
        row["record"] = f"{_RECORDS[row['stage']]}/{row['name']}" if row["stage"] in _RECORDS else ""
    seen = {row["record"] for row in rows}
    rows += [{"record": name} for name in tracking if name not in seen]
    for row in rows:
        row |= {k: v for k, v in flat(tracking.get(row["record"], {})).items() if k not in row}
    fixed = ["record", "stage", "name", "seconds", "peak_mb"]
    more = sorted({key for row in rows for key in row} - set(fixed))
    return pd.DataFrame(rows, columns=[*fixed, *more]).sort_values(["record", "stage", "name"], kind="stable")


def run_link(known: Mapping[str, Any]) -> str:
    """The address of a run: on its tracking server, or where ``make ui`` serves a local store.

    >>> run_link({"uri": "sqlite:///mlflow.db", "page": "#/experiments/1/runs/abc"})
    'http://127.0.0.1:5000/#/experiments/1/runs/abc'
    """
    server = known["uri"].rstrip("/") if known.get("uri", "").startswith("http") else LOCAL_SERVER
    return f"{server}/{known['page']}"


def datasets(networks: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The honest name of each data set that a network was trained on, with the networks and how much they saw."""
    found: dict[str, list[str]] = {}
    for name, content in sorted(networks.items()):
        dataset = content.get("dataset")
        if isinstance(dataset, str):
            sizes = [f"{content[key]} to {word}" for key, word in _SIZES.items() if key in content]
            found.setdefault(dataset, []).append(": ".join([name, *filter(None, [", ".join(sizes)])]))
    return found
