"""The papers: the report and the citation file name the same ones, and every claim belongs to one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rescert import claim as claims
from rescert.report.papers import PAPERS, order, paper_of

ROOT = Path(__file__).parents[2]


def test_the_citation_file_names_the_same_papers():
    cited = {
        (
            " ".join(reference["title"].split()),
            ", ".join(f"{a['given-names']} {a['family-names']}" for a in reference["authors"]),
            reference["year"],
            reference["url"],
        )
        for reference in yaml.safe_load((ROOT / "CITATION.cff").read_text())["references"]
    }
    assert cited == {(p.title, p.authors, p.year, p.link) for p in PAPERS}


@pytest.mark.parametrize("name", claims.available())
def test_every_claim_belongs_to_a_paper(name):
    assert paper_of(name) is not None


def test_claims_stand_paper_by_paper():
    assert sorted(["zz_other", "ns_b", "bel_b", "ns_a", "bel_a"], key=order) == [
        "bel_a",
        "bel_b",
        "ns_a",
        "ns_b",
        "zz_other",
    ]
