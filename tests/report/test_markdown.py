"""Markdown: mathematics, tables and headings are rendered; HTML is shown; nothing is fetched."""

from __future__ import annotations

import re

from rescert.report import markdown


def test_html_is_shown_and_not_obeyed():
    for render in (markdown.block, markdown.inline):
        written = render("a <script>alert(1)</script> <img src=x onerror=alert(1)> $\\text{<b>}$")
        assert not re.search(r"<(script|img|b)\b", written)
        assert "&lt;script&gt;" in written


def test_nothing_is_fetched_and_no_script_is_linked():
    written = markdown.block("![picture](http://example.org/x.png) [run](javascript:alert(1))")
    assert "<img" not in written
    assert 'href="javascript' not in written


def test_display_mathematics_in_a_paragraph_stays_in_it():
    written = markdown.block("Then\n$$x=1$$\nfollows.")
    assert written.count("<p>") == 1
    assert "<div" not in written
    assert 'display="block"' in written


def test_the_highest_heading_is_of_level_four():
    assert re.findall(r"<h(\d)>", markdown.block("## A\n\n### B\n\n## C")) == ["4", "5", "4"]
    assert re.findall(r"<h(\d)>", markdown.block("# A\n\n#### B")) == ["4", "6"]


def test_text_is_taken_as_it_stands():
    """No typographer: "(c)" is a case of a proof, not a copyright sign."""
    assert markdown.inline("(c) 'x' -- \"y\" +-1") == "(c) 'x' -- &quot;y&quot; +-1"


def test_a_formula_keeps_its_brackets_and_commas():
    written = markdown.inline("a ($x$), and $y$ b")
    assert '(\u2060<span class="math inline"><span class="together"><math' in written
    assert "</math>),</span></span> and" in written
    assert written.endswith("</math></span> b")
