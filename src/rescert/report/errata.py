"""What is wrong as printed, paper by paper: the statement, why it fails, what is right, and the certificate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from rescert.assessment import deciding
from rescert.claim import Verdict
from rescert.report.verdicts import Recheck

if TYPE_CHECKING:
    from rescert.report.material import ClaimMaterial

_HEADING = re.compile(r"(?m)^(#+)\s+(.*)$")
_ABOUT_ERRORS = re.compile(r"(?i)\b(wrong|errors?|errat\w+|slips?|gaps?|missing|unsaid)\b")


@dataclass(frozen=True)
class Witness:
    """The instance that decides a statement, with the certificate that shows it (None if it is numerical)."""

    instance: str
    reason: str
    certificate: str | None
    rechecked: bool


@dataclass(frozen=True)
class Erratum:
    """One claim: its printed statements, what its derivation says is wrong or missing, and what is right.

    ``printed`` are the statements that fail, or all of them where the remarks are about something else.
    """

    claim: ClaimMaterial
    printed: list[tuple[dict[str, Any], Witness | None]]
    remarks: str
    better: list[tuple[dict[str, Any], Witness | None]]


def errata(claims: Iterable[ClaimMaterial]) -> list[Erratum]:
    """Every claim with a statement "as printed" that fails after the recheck, or with a section about errors."""
    found = []
    for claim in claims:
        rows, statements = claim.final.rows, claim.final.statements
        decided = [(s, _witness(rows, s)) for s in statements]
        printed = [(s, w) for s, w in decided if s["role"] == "as printed"]
        failing = [(s, w) for s, w in printed if s["verdict"] == Verdict.FAILS]
        remarks = section_about_errors(claim.derivation)
        if failing or remarks:
            better = [(s, w) for s, w in decided if s["role"] != "as printed"]
            found.append(Erratum(claim, failing or printed, remarks, better))
    return found


def section_about_errors(text: str) -> str:
    """The sections of a derivation whose heading speaks of errors, without the heading.

    >>> section_about_errors("Intro.\\n\\n## What is wrong as printed\\n\\nThe sign.\\n\\n## Proof\\n\\nTrivial.")
    'The sign.'
    """
    headings = list(_HEADING.finditer(text))
    parts = []
    for index, heading in enumerate(headings):
        if _ABOUT_ERRORS.search(heading[2]):
            following = (h for h in headings[index + 1 :] if len(h[1]) <= len(heading[1]))
            end = next(following, None)
            parts.append(text[heading.end() : end.start() if end else len(text)].strip())
    return "\n\n".join(parts)


def _witness(rows: pd.DataFrame, statement: dict[str, Any]) -> Witness | None:
    row = deciding(rows[rows["statement"] == statement["name"]], statement)
    if row is None:
        return None
    certificate = row["certificate"] if isinstance(row["certificate"], str) and row["certified"] else None
    return Witness(row["instance"], row["reason"], certificate, row["recheck"] == Recheck.ACCEPTED)
