"""The last word on a claim: its rows after the recheck, and one verdict a statement.

An instance counts as certified only if the trusted checker accepted the very certificate that the claim file
names. A certified row whose certificate was refused, is missing or is another one becomes UNDECIDED; one that
lies outside the seeded sample keeps its verdict and is labelled "not rechecked".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from rescert.assessment import summarise
from rescert.claim import Claim, Verdict


class Recheck(StrEnum):
    """What became of a row's certificate; `NONE`: the row is numerical or undecided and has none to show."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SKIPPED = "not rechecked"
    NONE = "none"


@dataclass(frozen=True)
class Final:
    """``rows``: the claim's table with the column ``recheck``; ``statements``: what the report says of each."""

    rows: pd.DataFrame
    statements: list[dict[str, Any]]


def final(claim: Claim, content: Mapping[str, Any], rows: pd.DataFrame, rechecked: Mapping[str, Any] | None) -> Final:
    """Apply the recheck to a claim file and its table, and aggregate again.

    ``rechecked`` is the content of ``results/rechecked/<claim>.json`` or None where there is none: then no
    certificate is accepted. Each statement gets its verdict, evidence and counts, and ``certified``,
    ``accepted`` and ``skipped``: how many of its rows claim a certificate, and what the recheck said.
    """
    table = rows.copy()
    outcomes = [_outcome(row, content, rechecked) for row in table.to_dict("records")]
    table["recheck"] = [str(outcome) for outcome, _ in outcomes]
    for index, (outcome, reason) in zip(table.index, outcomes, strict=True):
        if outcome is Recheck.REFUSED:
            table.loc[index, "verdict"] = str(Verdict.UNDECIDED)
            table.loc[index, "reason"] = f"certificate refused: {reason}"
    return Final(table, [_statement(claim, s.name, table) for s in claim.statements])


def _statement(claim: Claim, name: str, table: pd.DataFrame) -> dict[str, Any]:
    outcomes = table.loc[table["statement"] == name, "recheck"]
    return {
        **summarise(claim, name, table),
        "certified": int((outcomes != Recheck.NONE).sum()),
        "accepted": int((outcomes == Recheck.ACCEPTED).sum()),
        "skipped": int((outcomes == Recheck.SKIPPED).sum()),
    }


def _outcome(
    row: Mapping[Any, Any], content: Mapping[str, Any], rechecked: Mapping[str, Any] | None
) -> tuple[Recheck, str]:
    if not row["certified"]:
        return Recheck.NONE, ""
    named = content["certificates"].get(row["instance"])
    if named is None or named["sha256"] != row["certificate"]:
        return Recheck.REFUSED, "the claim file names another certificate than the table"
    if row["statement"] not in named["statements"]:
        return Recheck.REFUSED, "the claim file binds no certificate to this statement"
    if named["statements"][row["statement"]] != row["verdict"]:
        return Recheck.REFUSED, "the claim file and the table give different verdicts"
    if rechecked is None:
        return Recheck.REFUSED, "there is no result of a recheck"
    seen = rechecked["certificates"].get(row["instance"])
    if seen is None:
        return Recheck.REFUSED, "the recheck did not see it"
    if seen["sha256"] != named["sha256"]:
        return Recheck.REFUSED, "the recheck saw another certificate"
    if seen["accepted"] is None:
        return Recheck.SKIPPED, ""
    if seen["accepted"] is not True:
        return Recheck.REFUSED, seen["reason"] or "no reason given"
    if row["statement"] not in seen["statements"]:
        return Recheck.REFUSED, "the certificate asserts nothing about this statement"
    return Recheck.ACCEPTED, ""


def sentence(statement: Mapping[str, Any]) -> str:
    """What may honestly be said: never "proved" for instances.

    >>> sentence({"verdict": "holds", "evidence": "enclosed", "quantifier": "every", "instances": 9, "holding": 9,
    ...           "failing": 0, "undecided": 0, "vacuous": 0})
    'Holds on 9 of 9 instances, enclosed.'
    """
    total, verdict = statement["instances"], statement["verdict"]
    of = f"{total} instance{'s' if total != 1 else ''}"
    if verdict == Verdict.HOLDS and statement["quantifier"] == "some":
        return f"Holds by {statement['holding']} of {of} tried, {statement['evidence']}."
    if verdict == Verdict.HOLDS:
        text = f"Holds on {statement['holding']} of {of}, {statement['evidence']}"
    elif verdict == Verdict.FAILS:
        text = f"Fails on {statement['failing']} of {of}, {statement['evidence']}"
        if statement["holding"]:
            text += f"; holds on {statement['holding']}"
    elif verdict == Verdict.VACUOUS:
        text = f"Says nothing on {statement['vacuous']} of {of}: a hypothesis is not met, {statement['evidence']}"
    elif statement["quantifier"] == "some":
        return f"No witness among {of} tried; that refutes nothing."
    else:
        return f"Undecided on {statement['undecided']} of {of}; holds on {statement['holding']}."
    if verdict != Verdict.VACUOUS and statement["vacuous"]:
        text += f"; a hypothesis is not met on {statement['vacuous']}"
    if verdict == Verdict.FAILS and statement["undecided"]:
        text += f"; undecided on {statement['undecided']}"
    return text + "."


def recheck_sentence(statement: Mapping[str, Any]) -> str:
    """How many of the certificates the trusted checker re-derived.

    >>> recheck_sentence({"certified": 9, "accepted": 5, "skipped": 4})
    '5 of 9 certificates rechecked and accepted, 4 outside the sample.'
    """
    certified, accepted, skipped = (statement[key] for key in ("certified", "accepted", "skipped"))
    if not certified:
        return ""
    refused = certified - accepted - skipped
    text = f"{accepted} of {certified} certificate{'s' if certified != 1 else ''} rechecked and accepted"
    if skipped:
        text += f", {skipped} outside the sample"
    if refused:
        text += f", {refused} refused"
    return text + "."
