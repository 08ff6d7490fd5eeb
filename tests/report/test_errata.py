"""Errata: failing printed statements with their witness, and the derivation's own sections about errors."""

from __future__ import annotations

import pytest

from rescert.report.errata import section_about_errors

TEXT = """Intro about an error.

## What is wrong as printed

1. The sign.

### In detail

More.

## Proof

Right.

# Errors of the appendix

A slip."""


def test_sections_about_errors_are_taken_with_their_subsections():
    assert section_about_errors(TEXT) == "1. The sign.\n\n### In detail\n\nMore.\n\nA slip."


@pytest.mark.parametrize(
    "heading", ["## Proof", "## Terrors of notation", "Errors without a heading", "## Sharper bound"]
)
def test_other_sections_are_not(heading):
    assert section_about_errors(f"{heading}\n\nText.") == ""


@pytest.mark.parametrize("heading", ["# Errata", "## Errors and gaps of the paper", "### What the paper leaves unsaid"])
def test_the_headings_that_speak_of_errors(heading):
    assert section_about_errors(f"{heading}\n\nText.") == "Text."
