"""What the report is made of: the files of a finished run, found by their place in the tree."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from rescert import claim as claims
from rescert import record
from rescert.figures.drawing import caption
from rescert.report.papers import order
from rescert.report.verdicts import Final, final

LARGEST_SVG = 1_500_000  # bytes; a figure with more points than that is shown as its PNG


@dataclass(frozen=True)
class ClaimMaterial:
    """One claim after the recheck: its claim file, its texts in Markdown, and its figure as a data URI."""

    name: str
    content: Mapping[str, Any]
    final: Final
    caption: str
    derivation: str
    image: str | None
    figures: Mapping[str, Path] = field(default_factory=dict)
    overview: pd.DataFrame | None = None


@dataclass(frozen=True)
class SliceMaterial:
    """One slice of a landscape: its record, its caption in Markdown, and its figure as a data URI."""

    name: str
    content: Mapping[str, Any]
    caption: str
    image: str | None
    figures: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Material:
    """All claims in the order of the report, slices of landscapes, the trained networks' records, and where MLflow has
    each record.
    """

    claims: tuple[ClaimMaterial, ...]
    slices: tuple[SliceMaterial, ...]
    networks: Mapping[str, Mapping[str, Any]]
    tracking: Mapping[str, Mapping[str, Any]]


def gather(inputs: Iterable[Path]) -> Material:
    """Read a run's files. Only claim files with their tables are required; what else is there is shown.

    Raises ``ValueError`` where there is no claim file, or a claim file without its table.
    """
    paths = [Path(p) for p in inputs]
    found = {p.stem: p for p in paths if p.parent.name == "claims" and p.suffix == ".json"}
    if not found:
        raise ValueError("expected at least one results/claims/<claim>.json among the inputs, got none")
    return Material(
        tuple(_claim(name, found[name], paths) for name in sorted(found, key=order)),
        tuple(_slice(p, paths) for p in sorted(paths) if p.parent.name == "slices" and p.suffix == ".json"),
        {p.parent.name: record.read_json(p) for p in sorted(paths) if p.name == "record.json"},
        {p.stem.replace("__", "/"): record.read_json(p) for p in sorted(paths) if p.parent.name == "tracking"},
    )


def _one(paths: Iterable[Path], folder: str, name: str) -> Path | None:
    return next((p for p in paths if p.parent.name == folder and p.name == name), None)


def _claim(name: str, file: Path, paths: list[Path]) -> ClaimMaterial:
    content = record.read_json(file)
    table = _one(paths, "claims", f"{name}.parquet")
    if table is None:
        raise ValueError(f"expected results/claims/{name}.parquet beside the claim file, got none")
    recheck = _one(paths, "rechecked", f"{name}.json")
    figures = _figures(name, paths)
    claim = claims.load(name)
    last = final(claim, content, record.read_parquet(table), record.read_json(recheck) if recheck else None)
    return ClaimMaterial(
        name,
        content,
        last,
        caption(name, content["summary"]),
        claims.docstring(name),
        image(figures),
        figures,
        None if claim.overview is None else claim.overview(last.rows),
    )


def _slice(file: Path, paths: list[Path]) -> SliceMaterial:
    content, figures = record.read_json(file), _figures(file.stem, paths)
    numbers = {**content["config"], **content["summary"]}
    return SliceMaterial(file.stem, content, caption(file.stem, numbers, "slices"), image(figures), figures)


def _figures(name: str, paths: list[Path]) -> dict[str, Path]:
    return {p.suffix: p for p in paths if p.parent.name == "figures" and p.stem == name}


def image(figures: Mapping[str, Path]) -> str | None:
    """A data URI, so that the page needs no other file: the SVG, or the PNG where the SVG is large or missing."""
    svg, png = figures.get(".svg"), figures.get(".png")
    chosen = svg if svg and (png is None or svg.stat().st_size <= LARGEST_SVG) else png
    if chosen is None:
        return None
    kind = "svg+xml" if chosen.suffix == ".svg" else "png"
    return f"data:image/{kind};base64,{base64.b64encode(chosen.read_bytes()).decode()}"
