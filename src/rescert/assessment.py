"""Assess a claim over its instances: findings, certificates, and one verdict a statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rescert import claim as claims
from rescert import record
from rescert.certify.certificate import Serialised, serialise
from rescert.claim import Claim, Evidence, Finding, Inputs, Verdict


@dataclass(frozen=True)
class Assessment:
    """The claim file's content, one row an instance and statement, and a certificate an instance."""

    content: dict[str, Any]
    rows: pd.DataFrame
    certificates: dict[str, Serialised]


def assess(claim_id: str, config: Mapping[str, Any], inputs: Inputs, progress=lambda items: items) -> Assessment:
    """Check every configured instance of a claim, and its control.

    Raises ``ValueError`` if a certified finding carries no assertion, or if a check skips a statement:
    both are mistakes of the claim's author, not results.
    """
    claim = claims.load(claim_id)
    rows: list[dict[str, Any]] = []
    certificates: dict[str, Serialised] = {}
    instances = list(_instances(claim, config, inputs))
    for name, instance in progress(instances):
        findings = _findings(claim, claim_id, instance, inputs)
        assertions = [{"statement": s, **a} for s, f in findings.items() for a in f.assertions]
        if assertions:
            certificates[name] = serialise(claim_id, instance, assertions, record.dump_tensors)
        rows += [_row(claim, name, instance, s, f, certificates.get(name)) for s, f in findings.items()]
    table = pd.DataFrame(rows)
    control = _findings(claim, claim_id, {**claim.control}, inputs)[claim.control_statement]
    content = {
        "claim": claim_id,
        "paper": claim.paper,
        "label": claim.label,
        "title": claim.title,
        "statements": [summarise(claim, s.name, table) for s in claim.statements],
        "control": {
            "instance": dict(claim.control),
            "statement": claim.control_statement,
            "verdict": control.verdict,
            "reason": control.reason,
        },
        "certificates": {
            name: {
                "sha256": certificate.sha256,
                "statements": {r["statement"]: r["verdict"] for r in rows if r["instance"] == name and r["certified"]},
            }
            for name, certificate in certificates.items()
        },
        "summary": {k: v for k, v in claim.summary(table).items()},
    }
    return Assessment(content, table, certificates)


def _instances(claim: Claim, config: Mapping[str, Any], inputs: Inputs) -> Iterator[tuple[str, dict[str, Any]]]:
    seen: set[str] = set()
    for configured in claims.product(config["instances"]):
        for instance in claim.expand(configured, inputs):
            claim.validate(instance)
            name = claims.instance_id(instance)
            if name in seen:
                raise ValueError(f"expected instances with different names, got '{name}' twice")
            seen.add(name)
            yield name, instance


def _findings(claim: Claim, claim_id: str, instance: dict[str, Any], inputs: Inputs) -> dict[str, Finding]:
    findings = dict(claim.check(instance, inputs))
    expected = {s.name for s in claim.statements}
    if findings.keys() != expected:
        raise ValueError(f"expected one finding for each of {sorted(expected)} in {claim_id}, got {sorted(findings)}")
    for name, finding in findings.items():
        if finding.certified and not finding.assertions:
            raise ValueError(f"expected assertions for the certified finding '{name}' of {claim_id}, got none")
    return findings


def _row(
    claim: Claim, name: str, instance: dict[str, Any], statement: str, finding: Finding, certificate: Serialised | None
) -> dict[str, Any]:
    plain = {k: v for k, v in instance.items() if isinstance(v, bool | int | float | str)}
    return {
        "instance": name,
        "statement": statement,
        "role": claim.statement(statement).role,
        "verdict": str(finding.verdict),
        "evidence": str(finding.evidence),
        "certified": finding.certified,
        "reason": finding.reason,
        "measured": None if finding.measured is None else str(finding.measured),
        "bound": None if finding.bound is None else str(finding.bound),
        "certificate": certificate.sha256 if certificate and finding.assertions else None,
        **plain,
        **finding.values,
    }


def summarise(claim: Claim, name: str, table: pd.DataFrame) -> dict[str, Any]:
    """A statement with its verdict, counts and deciding numbers; the report calls it again after the recheck."""
    statement = claim.statement(name)
    rows = table[table["statement"] == name]
    verdicts = [(Verdict(v), Evidence(e)) for v, e in zip(rows["verdict"], rows["evidence"], strict=True)]
    tallied = tally(claim, name, verdicts)
    row = deciding(rows, tallied)
    return {
        "name": name,
        "text": statement.text,
        "role": statement.role,
        "quantifier": statement.quantifier,
        "proof": statement.proof,
        **tallied,
        **{key: row[key] if row is not None and isinstance(row[key], str) else None for key in ("measured", "bound")},
    }


def tally(claim: Claim, name: str, rows: list[tuple[Verdict, Evidence]]) -> dict[str, Any]:
    """Verdict, evidence and counts of a statement over its instances."""
    verdict, evidence = claims.aggregate(claim.statement(name), rows)
    count = {v: sum(w is v for w, _ in rows) for v in Verdict}
    return {
        "verdict": str(verdict),
        "evidence": str(evidence),
        "instances": len(rows),
        "holding": count[Verdict.HOLDS],
        "failing": count[Verdict.FAILS],
        "undecided": count[Verdict.UNDECIDED],
        "vacuous": count[Verdict.VACUOUS],
    }


def deciding(rows: pd.DataFrame, tallied: Mapping[str, Any]) -> pd.Series | None:
    """The first instance with the statement's own verdict and evidence: the one that its row shows numbers of."""
    matching = rows[(rows["verdict"] == tallied["verdict"]) & (rows["evidence"] == tallied["evidence"])]
    chosen = matching if len(matching) else rows
    return chosen.iloc[0] if len(chosen) else None
