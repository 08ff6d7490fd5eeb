"""Every claim, by being there: statements, control, certificates and their forgeries, caption and figure."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from mutations import damages, mutants, singles
from rescert import claim as claims
from rescert import record
from rescert.certify import check
from rescert.figures.drawing import caption
from rescert.report import markdown

ROOT = Path(__file__).parent.parent
ROLES = {"as printed", "as corrected", "sharper"}


def merged(base: dict, over: dict) -> dict:
    """The config as Snakemake merges it: mappings deeply, everything else replaced."""
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        result[key] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result


def config() -> dict:
    default, tiny = (yaml.safe_load((ROOT / "config" / f"{n}.yaml").read_text()) for n in ("config", "tiny"))
    return merged(default, tiny)


CLAIMS = sorted({*claims.available(), *(config()["claims"] or {})})
every_claim = pytest.mark.parametrize("name", CLAIMS)


def content(run: Path, name: str) -> dict:
    return record.read_json(run / "results" / "claims" / f"{name}.json")


def certificates(run: Path, name: str) -> Path:
    return run / "results" / "certificates" / name


@every_claim
def test_is_configured_and_has_a_file(name: str) -> None:
    assert name in claims.available(), f"the config names '{name}', and src/rescert/claims/{name}.py is missing"
    assert name in (config()["claims"] or {}), f"'{name}' has no entry under 'claims' in config/config.yaml"


@every_claim
def test_statements_are_well_formed(name: str) -> None:
    claim = claims.load(name)
    names = [s.name for s in claim.statements]
    assert names
    assert len(names) == len(set(names))
    assert {s.role for s in claim.statements} <= ROLES
    for statement in claim.statements:
        assert statement.text.strip()
        assert statement.text.count("$") % 2 == 0, f"unpaired $ in '{statement.name}'"
    assert claim.paper
    assert claim.label
    assert claim.title
    assert claim.statement(claim.control_statement)
    assert claim.control


@every_claim
def test_docstring_derives(name: str) -> None:
    text = claims.docstring(name)
    claim = claims.load(name)
    assert len(text) > 500
    assert text.count("$") > 4
    if any(s.proof == "written" for s in claim.statements):
        assert "proof" in text.lower() or "∎" in text, (
            f"a statement of '{name}' says that its proof is written; none is"
        )


@every_claim
def test_its_mathematics_can_be_set(name: str) -> None:
    claim = claims.load(name)
    for text in (claims.docstring(name), claim.title, *(s.text for s in claim.statements)):
        assert "<math" in markdown.block(text) or "$" not in text


@every_claim
def test_claim_file_covers_its_statements(name: str, tiny_run: Path) -> None:
    found, claim = content(tiny_run, name), claims.load(name)
    assert [s["name"] for s in found["statements"]] == [s.name for s in claim.statements]
    table = record.read_parquet(tiny_run / "results" / "claims" / f"{name}.parquet")
    for statement in found["statements"]:
        rows = table[table["statement"] == statement["name"]]
        counts = [statement[k] for k in ("holding", "failing", "undecided", "vacuous")]
        assert sum(counts) == statement["instances"] == len(rows) > 0
    decided = table[table["certified"]]
    assert decided["certificate"].notna().all()


@every_claim
def test_control_does_not_hold(name: str, tiny_run: Path) -> None:
    control = content(tiny_run, name)["control"]
    assert control["verdict"] != "holds", control["reason"]


@every_claim
def test_every_certificate_is_accepted(name: str, tiny_run: Path) -> None:
    found = content(tiny_run, name)
    again = check.recheck(found, certificates(tiny_run, name), {})
    assert again["certificates"].keys() == found["certificates"].keys()
    refused = {k: v["reason"] for k, v in again["certificates"].items() if v["accepted"] is not True}
    assert not refused
    assert record.read_json(tiny_run / "results" / "rechecked" / f"{name}.json")["claim"] == name


def samples(run: Path, name: str) -> list[str]:
    """The smallest certificate for each set of kinds that the claim's certificates contain."""
    chosen: dict[tuple[str, ...], Path] = {}
    for path in sorted(certificates(run, name).glob("*.json"), key=lambda p: (p.stat().st_size, p.name)):
        kinds = tuple(sorted({a["kind"] for a in record.read_json(path)["assertions"]}))
        chosen.setdefault(kinds, path)
    return [p.stem for p in chosen.values()]


@pytest.fixture
def copied(tiny_run: Path, tmp_path: Path) -> Path:
    """The results that a forger may write to."""
    shutil.copytree(tiny_run / "results", tmp_path / "results")
    return tmp_path


def verdict(found: dict, path: Path, document: dict) -> dict:
    """What the checker says of a certificate that a forger wrote, and whose checksum is in the claim file."""
    statements = {a["statement"]: "holds" for a in document["assertions"]}
    entry = {"sha256": record.sha256(path), "statements": statements}
    return check.recheck({**found, "certificates": {path.stem: entry}}, path.parent, {})["certificates"][path.stem]


@every_claim
def test_every_mutant_is_refused(name: str, copied: Path) -> None:
    found = content(copied, name)
    for instance in samples(copied, name):
        path = certificates(copied, name) / f"{instance}.json"
        for kind, single in singles(record.read_json(path)):
            record.write_text(path, json.dumps(single))
            assert verdict(found, path, single)["accepted"] is True, kind
            for label, forged in mutants(single):
                record.write_text(path, json.dumps(forged))
                result = verdict(found, path, single)
                assert result["accepted"] is False, f"accepted: {kind} {label}"
                assert result["reason"]
                assert "\n" not in result["reason"]


@every_claim
def test_a_statement_without_assertion_is_refused(name: str, copied: Path) -> None:
    found = content(copied, name)
    for instance in samples(copied, name):
        path = certificates(copied, name) / f"{instance}.json"
        document = record.read_json(path)
        for statement in found["certificates"][instance]["statements"]:
            kept = [a for a in document["assertions"] if a["statement"] != statement]
            record.write_text(path, json.dumps({**document, "assertions": kept}))
            assert verdict(found, path, document)["accepted"] is False


@every_claim
def test_every_damage_is_refused(name: str, copied: Path) -> None:
    found = content(copied, name)
    for instance in samples(copied, name):
        path = certificates(copied, name) / f"{instance}.json"
        one = {**found, "certificates": {instance: found["certificates"][instance]}}
        named = [path.parent / f for f in record.read_json(path)["files"].values()]
        for file in [path, *named]:
            original = file.read_bytes()
            for label, damaged in damages(original):
                file.write_bytes(damaged)
                result = check.recheck(one, path.parent, {})["certificates"][instance]
                assert result["accepted"] is False, f"accepted: {file.name} {label}"
            file.write_bytes(original)


@every_claim
def test_certificates_of_other_instances_are_refused(name: str, tiny_run: Path) -> None:
    found = content(tiny_run, name)
    entries = found["certificates"]
    if len(entries) > 1:
        first, second = sorted(entries)[:2]
        swapped = {**found, "certificates": {first: {**entries[first], "sha256": entries[second]["sha256"]}}}
        result = check.recheck(swapped, certificates(tiny_run, name), {})["certificates"][first]
        assert (result["accepted"] is False) == (entries[first]["sha256"] != entries[second]["sha256"])


@every_claim
def test_caption_is_filled(name: str, tiny_run: Path) -> None:
    text = caption(name, content(tiny_run, name)["summary"])
    assert len(text) > 80
    assert "nan" not in text.lower().split()


@every_claim
def test_figure_is_drawn_in_every_format(name: str, tiny_run: Path) -> None:
    starts = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG", "csv": b""}
    for suffix, start in starts.items():
        drawn = (tiny_run / "reports" / "figures" / f"{name}.{suffix}").read_bytes()
        assert drawn.startswith(start)
        assert len(drawn) > 10
