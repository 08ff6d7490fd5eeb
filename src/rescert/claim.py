"""What is claimed, and how it is known: statements, findings, and their aggregation.

A claim file (``rescert/claims/<name>.py``) defines one module-level ``CLAIM``. Its instances come from
the config; ``check`` turns each into one `Finding` a statement. Nothing here knows a particular claim.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rescert import record

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

Scalar = bool | int | float | str
Instance = dict[str, Any]


class Verdict(StrEnum):
    """Whether a statement holds; `VACUOUS`: a hypothesis is provably not met."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"
    VACUOUS = "vacuous"


class Evidence(StrEnum):
    """How a verdict is known, from strongest to weakest."""

    EXACT = "exact"
    ENCLOSED = "enclosed"
    NUMERICAL = "numerical"


STRENGTH = {Evidence.EXACT: 0, Evidence.ENCLOSED: 1, Evidence.NUMERICAL: 2}


@dataclass(frozen=True)
class Statement:
    """One published or sharpened statement; ``text`` is Markdown with ``$…$`` mathematics."""

    name: str
    text: str
    role: Literal["as printed", "as corrected", "sharper"]
    quantifier: Literal["every", "some"] = "every"
    proof: Literal["none", "written"] = "none"


@dataclass(frozen=True)
class Finding:
    """What one instance says of one statement "hypotheses imply conclusion".

    Both parts are three-valued (``None``: not decided). The implication is true as soon as its conclusion
    is, so an undecided hypothesis beside a true conclusion still HOLDS; a false conclusion FAILS only
    under proven hypotheses. ``assertions`` are the certificate entries (see `rescert.certify.check`) that
    prove it; EXACT and ENCLOSED findings that are decided need at least one.
    """

    hypotheses: bool | None
    conclusion: bool | None
    evidence: Evidence
    reason: str
    measured: float | str | None = None
    bound: float | str | None = None
    assertions: tuple[dict[str, Any], ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        if self.hypotheses is False:
            return Verdict.VACUOUS
        if self.conclusion is True:
            return Verdict.HOLDS
        if self.conclusion is False and self.hypotheses is True:
            return Verdict.FAILS
        return Verdict.UNDECIDED

    @property
    def certified(self) -> bool:
        """Exact or enclosed, decided, and therefore in need of a rechecked certificate."""
        return self.evidence is not Evidence.NUMERICAL and self.verdict is not Verdict.UNDECIDED


@dataclass(frozen=True)
class Inputs:
    """The files that a claim needs, by name (``networks/ns_figure5``): read on demand, never written."""

    files: Mapping[str, Sequence[Path]]

    def _one(self, need: str, suffix: str) -> Path:
        found = [Path(p) for p in self.files.get(need, ()) if str(p).endswith(suffix)]
        if len(found) != 1:
            raise ValueError(f"expected one *{suffix} file for '{need}', got {[str(p) for p in found]}")
        return found[0]

    def table(self, need: str, suffix: str = ".parquet") -> pd.DataFrame:
        return record.read_parquet(self._one(need, suffix))

    def arrays(self, need: str) -> dict[str, np.ndarray]:
        return record.read_tensors(self._one(need, ".safetensors"))[0]

    def metadata(self, need: str) -> dict[str, Any]:
        return record.read_tensors(self._one(need, ".safetensors"))[1]

    def record(self, need: str) -> dict[str, Any]:
        return record.read_json(self._one(need, ".json"))

    def path(self, need: str, suffix: str) -> Path:
        return self._one(need, suffix)


@dataclass(frozen=True)
class Drawing:
    """A finished figure and the table that it shows (written beside it as CSV)."""

    figure: Figure
    data: pd.DataFrame


@dataclass(frozen=True)
class Claim:
    """A published claim: its statements, how to check one instance, a control, and its figure.

    ``check(instance, inputs)`` returns one `Finding` for each statement name. ``control`` is an instance
    that breaks a hypothesis; ``control_statement`` must then NOT hold on it. ``expand`` turns one
    configured instance into several (one a critical point, one a trained network); the default keeps it.
    ``validate(instance)`` raises ``ValueError`` for what is no instance; it sees all of them before the first check.
    ``summary(rows)`` gives the numbers that the caption (the docstring of ``figure``) names in braces;
    ``overview(rows)``, for claims with many instances, a small table of them for the report.
    """

    paper: str
    label: str
    title: str
    statements: tuple[Statement, ...]
    check: Callable[[Instance, Inputs], Mapping[str, Finding]]
    control: Instance
    control_statement: str
    figure: Callable[[Mapping[str, pd.DataFrame]], Drawing]
    expand: Callable[[Instance, Inputs], Iterable[Instance]] = lambda instance, inputs: [instance]
    validate: Callable[[Instance], object] = lambda instance: None
    summary: Callable[[pd.DataFrame], Mapping[str, Scalar]] = lambda rows: {}
    overview: Callable[[pd.DataFrame], pd.DataFrame] | None = None

    def statement(self, name: str) -> Statement:
        for statement in self.statements:
            if statement.name == name:
                return statement
        raise ValueError(f"expected a statement among {[s.name for s in self.statements]}, got '{name}'")


def load(claim_id: str) -> Claim:
    """Import ``rescert.claims.<claim_id>`` and return its `CLAIM`."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", claim_id):
        raise ValueError(f"expected a claim name of lower-case letters, digits and '_', got '{claim_id}'")
    try:
        module = importlib.import_module(f"rescert.claims.{claim_id}")
    except ModuleNotFoundError as missing:
        if missing.name != f"rescert.claims.{claim_id}":
            raise
        raise ValueError(
            f"expected a claim with a file in src/rescert/claims, got '{claim_id}'; available: {', '.join(available())}"
        ) from None
    return module.CLAIM


def available() -> list[str]:
    """The names of all claims, which are the names of their files."""
    folder = Path(__file__).parent / "claims"
    return sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")


def docstring(claim_id: str) -> str:
    """The derivation and the proofs: the module docstring of the claim's file."""
    return inspect.getdoc(importlib.import_module(f"rescert.claims.{claim_id}")) or ""


def product(instances: Sequence[Mapping[str, Any]]) -> list[Instance]:
    """Configured instances, each list value expanded: ``{a: [1, 2], b: 3}`` is two instances.

    >>> product([{"a": [1, 2], "b": 3}])
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]
    """
    expanded = []
    for entry in instances:
        axes = [value if isinstance(value, list) else [value] for value in entry.values()]
        expanded += [dict(zip(entry, point, strict=True)) for point in itertools.product(*axes)]
    return expanded


def instance_id(instance: Instance) -> str:
    """A file name for an instance: its scalar keys and values, in order.

    >>> instance_id({"target": "1/2", "depth": 5})
    'target=1_2,depth=5'
    """
    parts = [f"{k}={v}" for k, v in instance.items() if isinstance(v, bool | int | float | str)]
    return re.sub(r"[^A-Za-z0-9=,.+-]", "_", ",".join(parts)) or "only"


def strongest(evidence: Sequence[Evidence]) -> Evidence:
    return min(evidence, key=STRENGTH.__getitem__)


def weakest(evidence: Sequence[Evidence]) -> Evidence:
    return max(evidence, key=STRENGTH.__getitem__)


def aggregate(statement: Statement, rows: Sequence[tuple[Verdict, Evidence]]) -> tuple[Verdict, Evidence]:
    """The verdict of a statement over its instances, with its evidence.

    ``every``: FAILS if one instance fails (with the strongest evidence among those), HOLDS if some hold and
    none fails or is undecided (with the weakest evidence), VACUOUS if all are. ``some``: HOLDS by its best
    witness, otherwise UNDECIDED: a search that finds nothing refutes nothing.
    """
    if not rows:
        return Verdict.UNDECIDED, Evidence.NUMERICAL
    by: dict[Verdict, list[Evidence]] = {v: [e for w, e in rows if w is v] for v in Verdict}
    if statement.quantifier == "some":
        if by[Verdict.HOLDS]:
            return Verdict.HOLDS, strongest(by[Verdict.HOLDS])
        return Verdict.UNDECIDED, weakest([e for _, e in rows])
    if by[Verdict.FAILS]:
        return Verdict.FAILS, strongest(by[Verdict.FAILS])
    if by[Verdict.UNDECIDED]:
        return Verdict.UNDECIDED, weakest(by[Verdict.UNDECIDED])
    if by[Verdict.HOLDS]:
        return Verdict.HOLDS, weakest(by[Verdict.HOLDS])
    return Verdict.VACUOUS, weakest(by[Verdict.VACUOUS])
