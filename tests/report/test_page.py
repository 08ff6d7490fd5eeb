"""The written report: complete, escaped, equal bytes where that is promised, honest where a recheck refused."""

from __future__ import annotations

import csv
import html
import re
import shutil
from pathlib import Path

import pytest

import sample_report
from rescert import record
from rescert.report.page import build
from rescert.report.table import COLUMNS

NAMES = ("index.html", "errata.html", "claims.csv", "runs.csv")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run, written once."""
    root = tmp_path_factory.mktemp("finished")
    sample_report.install()
    sample_report.write(root)
    yield root
    sample_report.remove()


@pytest.fixture
def tree(finished, tmp_path):
    """A copy of it."""
    return Path(shutil.copytree(finished, tmp_path / "tree"))


def built(root: Path, files: list[Path] | None = None, config: dict | None = None) -> dict[str, str]:
    outputs = [root / "reports" / name for name in NAMES]
    build(config or {}, sample_report.files(root) if files is None else files, outputs)
    return {path.name: path.read_text() for path in outputs}


def test_the_page_has_everything_and_needs_nothing(tree):
    page = built(tree)["index.html"]
    for name in sample_report.CLAIMS:
        assert f'data-claim="{name}"' in page
        assert f'<article class="claim" id="{name}">' in page
        assert f"snakemake --cores 2 {tree.as_posix()}/results/claims/{name}.json" in page
    assert page.count("data:image/svg+xml;base64,") == len([*sample_report.CLAIMS, sample_report.SLICE])
    assert not re.findall(r'(?:src|srcset)="(?!data:)', page)
    assert not re.findall(r'<link[^>]+href="(?!data:)', page)
    assert "url(" not in page
    assert "@import" not in page
    assert "Error over depth for 4 networks" in page
    assert "Fails on 2 of 4 instances, exact; holds on 2." in page
    assert "Holds on 4 of 4 instances, enclosed." in page
    assert "Holds by 3 of 4 instances tried, numerical." in page
    assert sample_report.RUN in page
    assert "12.5" in page


def test_a_slice_has_its_figure_caption_seed_and_command(tree):
    page = built(tree)["index.html"]
    article = page[page.index(f'<article class="claim" id="{sample_report.SLICE}">') :]
    article = article[: article.index("</article>")]
    assert (
        article.index("data:image/svg+xml") < article.index("around start 7") < article.index("The least of 35 values")
    )
    assert "Seed 12." in article
    assert f"snakemake --cores 2 {tree.as_posix()}/reports/figures/{sample_report.SLICE}.svg" in article
    assert '<a href="#landscapes">' in page


def test_names_and_texts_with_markup_are_shown(tree):
    for name, content in built(tree).items():
        if name.endswith(".html"):
            assert sample_report.MARKUP not in content
            assert html.escape("<script>document.title=", quote=False) in content


def test_a_dataset_in_place_of_mnist_is_named_at_the_top(tree):
    page = built(tree)["index.html"]
    assert "had no MNIST" in page[: page.index("All claims</h2>")]
    record.write_json(next(tree.glob("results/networks/*/record.json")), {"dataset": "mnist"})
    page = built(tree)["index.html"]
    assert "had no MNIST" not in page
    assert ">mnist</strong>" in page[: page.index("All claims</h2>")]


def test_the_statements_table_has_the_agreed_columns_and_repeats_to_the_byte(tree):
    first = built(tree)["claims.csv"]
    for path in sample_report.files(tree):
        if path.suffix == ".tsv":
            path.write_text(path.read_text().replace("12.5", "99.9"))
        elif path.parent.name == "tracking":
            path.write_text(path.read_text().replace(sample_report.RUN, "fedcba9876543210"))
    written = built(tree)
    assert written["claims.csv"] == first
    rows = list(csv.DictReader(first.splitlines()))
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert len(rows) == 6
    printed = rows[0]
    assert (printed["claim"], printed["verdict"], printed["evidence"]) == ("bel_example", "fails", "exact")
    assert (printed["measured"], printed["bound"]) == ("2/75", "1/1048576")
    assert "fedcba9876543210" in written["runs.csv"]
    assert "99.9" in written["runs.csv"]


def test_a_refused_recheck_is_told_and_refutes_nothing(tree):
    sample_report.recheck(tree, False)
    pages = built(tree)
    assert "certificate refused: the sign is not positive" in pages["index.html"]
    assert "0 of 4 certificates rechecked and accepted, 4 refused." in pages["index.html"]
    assert "fails" not in {row["verdict"] for row in csv.DictReader(pages["claims.csv"].splitlines())}
    assert "Nothing in this run is wrong as printed." in pages["errata.html"]


def test_certificates_outside_the_sample_are_labelled(tree):
    sample_report.recheck(tree, None)
    page = built(tree)["index.html"]
    assert "0 of 4 certificates rechecked and accepted, 4 outside the sample." in page
    assert "4/4, 0 rechecked" in page
    assert "not rechecked" in page


def test_errata_give_statement_reason_correction_and_certificate(tree):
    errata = built(tree)["errata.html"]
    claim = record.read_json(tree / "results/claims/bel_example.json")
    checksum = claim["certificates"]["depth=20"]["sha256"]
    assert errata.count(f'<code class="checksum">{checksum}</code>, accepted by the independent checker') == 1
    assert "at depth 20 the bound" in errata
    assert errata.count('<span class="role">as corrected</span>') == 2
    assert "arXiv:1804.05012" in errata


def test_the_command_names_the_config_of_the_run(tree):
    page = built(tree, None, {"options": "--configfile config/quick.yaml"})["index.html"]
    assert "results/claims/ns_example.json --configfile config/quick.yaml</code>" in page


def test_what_is_absent_is_left_out(tree):
    files = [p for p in sample_report.files(tree) if p.parent.name in ("claims", "rechecked")]
    for path in tree.rglob("*.tsv"):
        path.unlink()
    page = built(tree, files)["index.html"]
    assert "not tracked" in page
    assert "Landscapes" not in page
    assert "<img" not in page
    assert "Seconds per stage" not in page


def test_mistakes_of_the_caller_are_named(tree):
    files = sample_report.files(tree)
    with pytest.raises(ValueError, match=r"expected at least one results/claims/<claim>\.json"):
        built(tree, [])
    with pytest.raises(ValueError, match=r"expected index\.html among the outputs"):
        build({}, files, [tree / "claims.csv"])
    with pytest.raises(ValueError, match=r"among \['claims.csv', .* got 'other.txt'"):
        build({}, files, [tree / "reports/index.html", tree / "reports/other.txt"])
    with pytest.raises(ValueError, match=r"expected results/claims/bel_example.parquet"):
        built(tree, [p for p in files if p.suffix != ".parquet"])


def test_a_caption_that_names_a_missing_number_stops_the_report(tree):
    path = tree / "results/claims/ns_example.json"
    record.write_json(path, {**record.read_json(path), "summary": {}})
    with pytest.raises(ValueError, match=r"expected '\{count\}' of the caption of 'ns_example'"):
        built(tree)
