"""A finished record on disk, as a tracking run shows it: parameters, tags, curves and files."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescert import record, sources

if TYPE_CHECKING:
    import pandas as pd

STAGES = {
    "decompositions": "decompose",
    "networks": "train",
    "critical_points": "search",
    "slices": "slice",
    "claims": "certify",
}
STEPS = ("step", "epoch", "iteration", "depth")  # columns that a curve is drawn over, in this order
SEEDS = ("seed", "start", "instance")  # columns over which a curve shows the median and the outer deciles
POINTS = 1000  # points of one curve; the whole table is an artifact


def primary(paths: Sequence[Path]) -> Path:
    """The file that stands for a record: its JSON, else its table."""
    return min(paths, key=lambda p: ((".json", ".parquet", ".safetensors").index(p.suffix), str(p)))


def paper(name: str) -> str:
    """The paper of a record, by its name's first word (``networks/ns_figure5`` is of the paper of ``ns``)."""
    return sources.papers().get(name.split("/")[-1].split("_")[0], "rescert")


@cache
def commit() -> str:
    """The commit of the sources, or 'none' outside a git checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"


@dataclass(frozen=True)
class Record:
    """``networks/ns_figure5`` with its files under the output root, and others that are shown beside it."""

    name: str
    files: tuple[Path, ...]
    root: Path
    beside: tuple[Path, ...] = ()

    @property
    def stage(self) -> str:
        return STAGES[self.name.split("/")[0]]

    @property
    def primary(self) -> Path:
        return primary(self.files)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The record's JSON, or the metadata of its tensors."""
        if self.primary.suffix == ".json":
            return record.read_json(self.primary)
        return record.read_tensors(next(p for p in self.files if p.suffix == ".safetensors"))[1]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all files: the same record is logged once."""
        return record.sha256("".join(f"{p.name} {record.sha256(p)}\n" for p in (*self.files, *self.beside)))

    @cached_property
    def seconds(self) -> float | None:
        """How long its job took, by Snakemake's benchmark file; None if there is none."""
        timing = self.root / "logs" / "benchmarks" / self.stage / f"{self.name.split('/')[1]}.tsv"
        if not timing.is_file():
            return None
        header, values = (line.split("\t") for line in timing.read_text().splitlines()[:2])
        seconds = dict(zip(header, values, strict=True))["s"]
        return None if seconds in ("-", "NA") else float(seconds)

    def artifacts(self) -> list[tuple[Path, str]]:
        """What people look at, each with a folder: tables, figures and the log; weights stay where they are."""
        log = self.root / "logs" / self.stage / f"{self.name.split('/')[1]}.log"
        files = [(p, "") for p in (*self.files, log) if p.suffix != ".safetensors" and p.is_file()]
        return files + [(p, p.parent.name) for p in self.beside]

    def params(self) -> dict[str, str]:
        return {key: value[:500] for key, value in flat(self.content.get("config", {})).items()}

    def tags(self) -> dict[str, str]:
        config = self.content.get("config", {})
        section, own = self.name.split("/")
        statements = self.content.get("statements", [])
        kind = {"claims": "claim", "networks": "network"}.get(section, "record_name")
        return {
            "record": self.name,
            "stage": self.stage,
            kind: own,
            "verdict": ", ".join(sorted({s["verdict"] for s in statements})) or "none",
            "evidence": ", ".join(sorted({s["evidence"] for s in statements})) or "none",
            "seed": str(config.get("seeds", config.get("seed", "none"))),
            "device": self.content.get("device", "cpu"),
            "config_hash": self.content.get("config_hash", "none"),
            "code_hash": self.content.get("code_hash", "none"),
            "git_commit": commit(),
            "snakemake_output": str(self.primary),
        }

    def curves(self) -> dict[str, list[tuple[int, float]]]:
        """The history's curves; of a claim, how many instances hold, fail and so on, a statement."""
        if self.name.startswith("claims/"):
            counts = ("instances", "holding", "failing", "undecided", "vacuous")
            return {_legal(f"{s['name']}/{c}"): [(0, float(s[c]))] for s in self.content["statements"] for c in counts}
        table = record.read_parquet(next(p for p in self.files if p.suffix == ".parquet"))
        step = next((column for column in STEPS if column in table), None)
        return {"rows": [(0, float(len(table)))]} if step is None else curves(table, step)


def find(output: Path, inputs: Sequence[Path]) -> Record:
    """The record that ``results/tracking/<section>__<name>.json`` is about, with its files among ``inputs``."""
    section, _, own = output.stem.partition("__")
    root = output.parent.parent.parent
    folder = root / "results" / section
    files = tuple(p for p in inputs if p.parent == folder / own or (p.parent == folder and p.stem == own))
    if not files:
        raise ValueError(f"expected the files of the record {section}/{own} among the inputs, got none")
    shown = [p for p in inputs if p.stem == own and p.parent.name in ("figures", "rechecked")]
    return Record(f"{section}/{own}", files, root, tuple(shown) if section in ("slices", "claims") else ())


def papers_of(records: Sequence[Record]) -> dict[str, str]:
    """The paper of every record: its own, else that of a claim that needs it, else by its name."""
    claims = [r for r in records if r.name.startswith("claims/")]
    found = {r.name: r.content["paper"] for r in claims}
    own = sources.papers()
    for claim in claims:
        for need in claim.content["config"].get("needs", []):
            if need.split("/")[1].split("_")[0] not in own:  # a streamed run has been named by `paper` already
                found.setdefault(need, claim.content["paper"])
    return {r.name: found.get(r.name) or paper(r.name) for r in records}


def flat(config: Any, prefix: str = "") -> dict[str, str]:
    """A nested mapping with dotted keys and text values; lists are JSON.

    >>> flat({"a": {"b": 1}, "c": [1, 2]})
    {'a.b': '1', 'c': '[1, 2]'}
    """
    if not isinstance(config, Mapping):
        return {prefix: config if isinstance(config, str) else json.dumps(config)}
    items = (flat(value, f"{prefix}.{key}" if prefix else str(key)) for key, value in config.items())
    return {key: value for part in items for key, value in part.items()}


def curves(table: pd.DataFrame, step: str) -> dict[str, list[tuple[int, float]]]:
    """One curve for each numeric column over ``step``, apart for each value of the text columns.

    Where a seed column makes several rows a step, the curve is the median, with ``…/p10`` and ``…/p90``
    beside it. At most `POINTS` points a curve, evenly thinned, the last one kept; no point for NaN.
    """
    found: dict[str, list[tuple[int, float]]] = {}
    texts = [c for c in table if table[c].map(lambda v: isinstance(v, str)).all()]
    numbers = [c for c in table.select_dtypes(["number", "bool"]) if c not in (step, *SEEDS)]
    parts = table.groupby(texts, sort=False) if texts else [((), table)]
    for names, part in parts:
        prefix = "".join(f"{name}/" for name in names)
        for column in numbers:
            grouped = part[column].astype(float).groupby(part[step])
            levels = {"": 0.5} if grouped.size().max() == 1 else {"": 0.5, "/p10": 0.1, "/p90": 0.9}
            for suffix, level in levels.items():
                values = grouped.quantile(level).items()
                points = [(int(at), float(value)) for at, value in values if math.isfinite(value)]
                stride = math.ceil(len(points) / POINTS)
                found[_legal(f"{prefix}{column}{suffix}")] = points[::-1][::stride][::-1] if stride else []
    return found


def _legal(key: str) -> str:
    """A metric name as MLflow takes it."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-. :/") else "_" for c in key)[:250]
