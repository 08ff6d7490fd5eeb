"""Write the report: one page that opens offline, its table, the errata, and the runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rescert import record
from rescert.claim import Verdict
from rescert.report import markdown, provenance, table
from rescert.report.errata import errata
from rescert.report.material import ClaimMaterial, Material, gather
from rescert.report.papers import paper_of
from rescert.report.verdicts import recheck_sentence, sentence

FOLDER = Path(__file__).parent
ROLES = ("as printed", "as corrected", "sharper")
SYMBOLS = {"holds": "✓", "fails": "✗", "undecided": "?", "vacuous": "∅"}  # colour is never the only sign
COUNTS = {1: "A theory paper", 2: "Two theory papers", 3: "Three theory papers", 4: "Four theory papers"}
MOST_REASONS = 8


def build(config: Mapping[str, Any], inputs: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Write each of ``outputs`` (index.html, claims.csv, errata.html, runs.csv) from the files of a run.

    ``config`` may give ``options``, what follows "snakemake --cores 2" in the commands that the page shows.
    """
    material = gather(inputs)
    paths = {Path(p).name: Path(p) for p in outputs}
    if "index.html" not in paths:
        raise ValueError(f"expected index.html among the outputs of the report, got {sorted(paths)}")
    root = paths["index.html"].parent.parent
    benchmarks = {Path(p) for p in inputs if Path(p).suffix == ".tsv"} | set(root.glob("logs/benchmarks/*/*.tsv"))
    jobs = provenance.jobs(benchmarks)
    writers = {
        "index.html": lambda: page(material, jobs, root, config),
        "errata.html": lambda: errata_page(material),
        "claims.csv": lambda: _csv(table.claims_table(material.claims)),
        "runs.csv": lambda: _csv(provenance.runs(jobs, material.tracking)),
    }
    for name, path in paths.items():
        if name not in writers:
            raise ValueError(f"expected an output of the report among {sorted(writers)}, got '{name}'")
        record.write_text(path, writers[name]())


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def page(material: Material, jobs: pd.DataFrame, root: Path, config: Mapping[str, Any]) -> str:
    """The report as one self-contained HTML page."""
    papers = _by_paper(material.claims)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            papers=papers,
            title=f"{COUNTS.get(len(papers), 'Theory papers')} on residual networks, checked",
            verdicts=_totals(material.claims),
            errata=len(errata(material.claims)),
            slices=material.slices,
            networks={name: table.flat(content) for name, content in material.networks.items()},
            datasets=provenance.datasets(material.networks),
            tracking=material.tracking,
            stages=provenance.stages(jobs),
            commit=provenance.commit(FOLDER),
            versions=provenance.versions(),
            hardware=provenance.hardware(),
            prefix="" if str(root) == "." else f"{root.as_posix()}/",
            options=config.get("options", ""),
        )
    )


def errata_page(material: Material) -> str:
    """What is wrong as printed, as a page that can be sent to the authors."""
    found = errata(material.claims)
    grouped = [(heading, [e for e in found if e.claim in group]) for heading, group in _by_paper(material.claims)]
    return _environment().get_template("errata.html.j2").render(papers=[g for g in grouped if g[1]])


def _by_paper(claims: Iterable[ClaimMaterial]) -> list[tuple[Any, list[ClaimMaterial]]]:
    """Claims under their papers; a paper that is not listed is named by its claims."""
    keyed = ((paper_of(c.name) or c.content["paper"], c) for c in claims)
    return [(key, [c for _, c in group]) for key, group in groupby(keyed, key=lambda pair: pair[0])]


def _totals(claims: Iterable[ClaimMaterial]) -> dict[str, int]:
    verdicts = [s["verdict"] for c in claims for s in c.final.statements]
    return {str(v): verdicts.count(v) for v in Verdict if v in verdicts}


def broken(claim: ClaimMaterial) -> list[dict[str, Any]]:
    """Why statements fail, are undecided or test nothing: each reason once, with its statements and instances."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for statement in claim.final.statements:
        vacuous = statement["verdict"] == Verdict.VACUOUS
        verdicts = [Verdict.VACUOUS] if vacuous else [Verdict.FAILS, Verdict.UNDECIDED]
        rows = claim.final.rows[claim.final.rows["statement"] == statement["name"]]
        for row in rows[rows["verdict"].isin(verdicts)].to_dict("records"):
            key = (row["verdict"], row["reason"])
            entry = found.setdefault(key, {"verdict": key[0], "reason": key[1], "statements": {}, "instances": {}})
            entry["statements"][statement["name"]] = statement["role"]
            entry["instances"][row["instance"]] = None
    order = [Verdict.FAILS, Verdict.UNDECIDED, Verdict.VACUOUS]
    return sorted(found.values(), key=lambda entry: order.index(entry["verdict"]))


def _text(value: str) -> Markup:
    """A reason: plain text, unless it has mathematics."""
    return markdown.inline(value) if value.count("$") >= 2 else Markup.escape(value)


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "block": markdown.block,
        "inline": markdown.inline,
        "text": _text,
        "slug": _slug,
        "sentence": sentence,
        "recheck_sentence": recheck_sentence,
        "number": table.number,
        "run_link": provenance.run_link,
    }
    environment.globals |= {
        "style": Markup((FOLDER / "style.css").read_text()),
        "symbols": SYMBOLS,
        "roles": ROLES,
        "instance_table": table.instance_table,
        "broken": broken,
        "most_reasons": MOST_REASONS,
    }
    return environment
