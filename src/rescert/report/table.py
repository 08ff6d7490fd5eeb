"""Tables: one row per statement for claims.csv, one row per instance for the page, numbers made readable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from rescert.claim import Verdict
from rescert.report.papers import paper_of

if TYPE_CHECKING:
    from rescert.report.material import ClaimMaterial

COLUMNS = [
    "claim",
    "paper",
    "label",
    "role",
    "quantifier",
    "statement",
    "verdict",
    "evidence",
    "instances",
    "holding",
    "failing",
    "undecided",
    "vacuous",
    "measured",
    "bound",
    "figure",
]
MOST_ROWS = 200  # a page with thousands of table rows is slow on a phone; the parquet file has them all

# What every claim's table has; the rest are the instance's own parameters and values.
_FIXED = [
    "instance",
    "statement",
    "role",
    "verdict",
    "evidence",
    "certified",
    "reason",
    "measured",
    "bound",
    "certificate",
    "recheck",
]
_URGENCY = {Verdict.FAILS: 0, Verdict.UNDECIDED: 1, Verdict.HOLDS: 2, Verdict.VACUOUS: 3}


def claims_table(claims: Iterable[ClaimMaterial]) -> pd.DataFrame:
    """``reports/claims.csv``: one row per statement, no ids, times, hosts or dates."""
    rows = [
        {
            **{key: statement[key] for key in COLUMNS if key in statement},
            "claim": claim.name,
            "paper": paper.short if (paper := paper_of(claim.name)) else claim.content["paper"],
            "label": claim.content["label"],
            "statement": " ".join(statement["text"].split()),
            "figure": f"reports/figures/{claim.name}.svg" if claim.image else "",
        }
        for claim in claims
        for statement in claim.final.statements
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


_DECIMAL = re.compile(r"-?\d+(\.\d*)?(e[+-]?\d+)?")
_FRACTION = re.compile(r"-?\d+/\d+")


@dataclass(frozen=True)
class Cell:
    """What is shown, and the full value where that is more."""

    text: str
    full: str = ""
    kind: str = ""


@dataclass(frozen=True)
class InstanceTable:
    """The instances of one statement: ``constants`` are the columns that are equal in all rows."""

    columns: list[Cell]
    rows: list[list[Cell]]
    constants: dict[str, Cell]
    left_out: int


def instance_table(rows: pd.DataFrame) -> InstanceTable:
    """The rows of one statement with their parameters, verdict, numbers and reason."""
    own = [c for c in rows.columns if c not in _FIXED and _scalar(rows[c])]
    varying = [c for c in own if rows[c].map(str).nunique() > 1 or len(rows) == 1]
    parameters = [c for c in varying if rows["instance"].str.contains(rf"(?:^|,){re.escape(c)}=", regex=True).any()]
    values = [c for c in varying if c not in parameters]
    order = [*(parameters or ["instance"]), "verdict", "evidence", "measured", "bound", "reason", *values, "recheck"]
    columns = [c for c in order if rows[c].notna().any() and not (c == "recheck" and (rows[c] == "none").all())]
    constants = {c: cell(rows[c].iloc[0]) for c in own if c not in varying}
    shown = rows
    if len(rows) > MOST_ROWS:  # then what needs attention comes first
        urgency = rows["verdict"].map(lambda v: _URGENCY[Verdict(v)])
        shown = rows.loc[urgency.sort_values(kind="stable").index].head(MOST_ROWS)
    cells = [
        [cell(row[c], c if c in ("verdict", "evidence", "recheck", "reason") else "") for c in columns]
        for row in shown.to_dict("records")
    ]
    kinds = [{row[index].kind for row in cells if row[index].text} for index in range(len(columns))]
    heads = [Cell(c, "", "number" if k == {"number"} else "") for c, k in zip(columns, kinds, strict=True)]
    return InstanceTable(heads, cells, constants, len(rows) - len(shown))


def _scalar(column: pd.Series) -> bool:
    present = column.dropna()
    return len(present) > 0 and all(pd.api.types.is_scalar(value) for value in present)


def cell(value: Any, kind: str = "") -> Cell:
    """A value as the page shows it; a number that is shortened keeps its full form for the tooltip."""
    if value is None or pd.isna(value):
        return Cell("", "", kind)
    if kind or isinstance(value, bool):
        return Cell(str(value), "", kind)
    text, written = number(value), str(value)
    numeric = _DECIMAL.fullmatch(written) or _FRACTION.fullmatch(written)
    return Cell(text, written if text.replace("−", "-") != written else "", "number" if numeric else "")


def number(value: Any) -> str:
    """Six significant digits at most, powers of ten written out; other text, integers and fractions as they are.

    >>> [number(v) for v in (20, "-8/15", 0.1, "0.97912345678", 1.5e-12, "-2e30", 123456789, 0.0, "1_2")]
    ['20', '−8/15', '0.1', '0.979123', '1.5·10⁻¹²', '−2·10³⁰', '123456789', '0', '1_2']
    """
    text = str(value)
    if _FRACTION.fullmatch(text) or re.fullmatch(r"-?\d{1,12}", text):
        return text.replace("-", "−")
    if not _DECIMAL.fullmatch(text):
        return text
    digits, _, exponent = f"{float(text):.6g}".partition("e")
    if exponent:
        digits += "·10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return digits.replace("-", "−")


def flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The scalars of nested mappings under dotted names.

    >>> flat({"a": {"b": 1, "c": [1, 2]}, "d": "x"})
    {'a.b': 1, 'd': 'x'}
    """
    found: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        elif isinstance(value, bool | int | float | str):
            found[f"{prefix}{key}"] = value
    return found
