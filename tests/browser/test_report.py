"""The report in a browser without a network: nothing asked for, nothing broken, all to be seen, on a phone too."""

from __future__ import annotations

import csv

import pytest

import sample_report
from rescert.report.page import build

pytestmark = pytest.mark.browser

SHOWN = "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())"
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true; })"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The reports of the sample run, whose names and texts are markup."""
    root = tmp_path_factory.mktemp("sample")
    sample_report.install()
    sample_report.write(root)
    names = ("index.html", "errata.html", "claims.csv", "runs.csv")
    build({}, sample_report.files(root), [root / "reports" / name for name in names])
    yield root / "reports"
    sample_report.remove()


@pytest.fixture(params=["sample", "tiny_run"])
def reports(request):
    """The folder of reports of the sample, and of a real run of the whole pipeline."""
    if request.param == "sample":
        return request.getfixturevalue("sample")
    return request.getfixturevalue("tiny_run") / "reports"


@pytest.fixture
def page(browser, reports):
    browser.open((reports / "index.html").as_uri())
    return browser


def test_nothing_is_asked_for_and_nothing_complains(page, reports):
    page.run(OPEN_ALL)
    assert page.messages() == []
    asked = [address for address in page.requests() if not address.startswith("data:")]
    assert asked == [(reports / "index.html").as_uri()]


def test_every_claim_is_in_the_table_and_has_its_section(page, reports):
    with (reports / "claims.csv").open() as file:
        rows = list(csv.DictReader(file))
    listed = page.run("return [...document.querySelectorAll('[data-claim]')].map(e => e.dataset.claim)")
    assert set(listed) == {row["claim"] for row in rows}
    words = page.run("return [...document.querySelectorAll('.overview .entry .verdict')].map(e => e.textContent)")
    assert sorted(word.split()[-1] for word in words) == sorted(row["verdict"] for row in rows)
    for name in listed:
        assert page.run("return document.getElementById(arguments[0]).tagName", name) == "ARTICLE"


def test_every_figure_is_drawn(page):
    page.wait(lambda: page.run("return [...document.images].every(i => i.complete)"), "all images")
    images = page.run("return [...document.images].map(i => [i.naturalWidth, i.getBoundingClientRect().width])")
    claims = page.run("return document.querySelectorAll('[data-claim]').length")
    slices = page.run("return document.querySelectorAll('#landscapes article').length")
    assert len(images) == claims + slices
    assert all(natural > 0 and drawn > 200 for natural, drawn in images)


def test_mathematics_is_rendered_and_no_tex_is_left(page):
    page.run(OPEN_ALL)
    boxes = "return [...document.querySelectorAll('math')].map(m => m.getBoundingClientRect())"
    sizes = page.run(f"{boxes}.map(box => [box.width, box.height])")
    assert sizes
    assert all(width > 0 and height > 0 for width, height in sizes)
    text = page.run(
        "const copy = document.body.cloneNode(true);"
        "copy.querySelectorAll('code, script, style').forEach(e => e.remove());"
        "return copy.textContent"
    )
    assert "$" not in text
    assert "\\" not in text


def test_mathematics_is_set_and_not_written_in_a_row(page):
    """A browser that did not know MathML would draw a fraction or an exponent on the line."""
    page.run(OPEN_ALL)
    heights = page.run("return [...document.querySelectorAll('mfrac')].map(m => m.getBoundingClientRect().height)")
    line = page.run("return document.querySelector('math mi').getBoundingClientRect().height")
    assert heights
    assert max(heights) > 1.3 * line


@pytest.mark.parametrize("name", ["index.html", "errata.html"])
def test_a_phone_never_scrolls_sideways(browser, reports, name):
    browser.open((reports / name).as_uri(), width=390)
    browser.run(OPEN_ALL)
    assert browser.run("return [document.documentElement.scrollWidth, innerWidth]") == [390, 390]
    size = browser.run("return parseFloat(getComputedStyle(document.body).fontSize)")
    assert size >= 16
    tables = browser.run("return [...document.querySelectorAll('.scroll')].map(e => e.getBoundingClientRect().right)")
    assert all(right <= 390 for right in tables)


def test_on_paper_all_is_open(page):
    page.driver.execute_cdp_cmd("Page.printToPDF", {})
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run("return document.querySelectorAll('details:not([open])').length") == 0
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run("return document.querySelectorAll('details:not([open])').length") > 0


def test_errata_open_alone(browser, reports):
    browser.open((reports / "errata.html").as_uri())
    assert browser.messages() == []
    assert [a for a in browser.requests() if not a.startswith("data:")] == [(reports / "errata.html").as_uri()]
    browser.sees("wrong or missing as printed")


def test_markup_in_names_is_text(browser, sample):
    for name in ("index.html", "errata.html"):
        browser.open((sample / name).as_uri())
        assert browser.driver.title != "obeyed"
        browser.run(OPEN_ALL)
        browser.sees("<script>document.title='obeyed'</script>")
