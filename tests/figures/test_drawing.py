"""Figures: equal tables give equal bytes, nothing in them tells the time, captions miss no number."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from rescert import claim as claims
from rescert.figures import drawing, style

TABLES = {"claims/example": pd.DataFrame({"depth": [2, 5, 20], "error": [0.5, 0.25, 0.125]})}


def figure(tables) -> claims.Drawing:
    """Error $e_{{L}}$ of {count} networks."""
    import matplotlib.pyplot as plt

    table = tables["claims/example"]
    fig, axes = plt.subplots()
    axes.plot(table["depth"], table["error"], marker="o", label="measured")
    axes.fill_between(table["depth"], 0, table["error"], alpha=0.2)
    axes.set(xlabel="depth $L$", ylabel="error", xscale="log")
    axes.legend()
    return claims.Drawing(fig, table)


EXAMPLE = claims.Claim(
    paper="A paper",
    label="Lemma 1",
    title="An example",
    statements=(claims.Statement("s", "$x$", "as printed"),),
    check=lambda instance, inputs: {},
    control={},
    control_statement="s",
    figure=figure,
)


@pytest.fixture
def example(monkeypatch):
    monkeypatch.setattr(claims, "load", lambda name: EXAMPLE)
    return EXAMPLE


def paths(folder: Path) -> list[Path]:
    return [folder / f"example{suffix}" for suffix in drawing.FORMATS]


def test_every_format_is_written_and_repeats_to_the_byte(example, tmp_path):
    for folder in ("first", "second"):
        drawing.draw("example", TABLES, paths(tmp_path / folder))
    for first, second in zip(paths(tmp_path / "first"), paths(tmp_path / "second"), strict=True):
        assert first.stat().st_size > 0
        assert first.read_bytes() == second.read_bytes(), first.suffix
    assert not list(tmp_path.rglob("*.part"))
    assert pd.read_csv(tmp_path / "first/example.csv").equals(TABLES["claims/example"])


def test_bytes_do_not_follow_the_last_bit_of_a_layout(monkeypatch, tmp_path):
    """Matplotlib's own names of clip paths do: a layout engine may place the axes an ulp elsewhere."""
    drawn = []
    for nudge in (0.0, 2.0**-50):

        def nudged(tables, nudge=nudge):
            found = figure(tables)
            box = found.figure.axes[0].get_position()
            found.figure.set_layout_engine("none")
            found.figure.axes[0].set_position([box.x0 + nudge, box.y0, box.width, box.height])
            return found

        moved = dataclasses.replace(EXAMPLE, figure=nudged)
        monkeypatch.setattr(claims, "load", lambda name, moved=moved: moved)
        drawing.draw("example", TABLES, [tmp_path / "example.svg"])
        drawn.append((tmp_path / "example.svg").read_text())
    assert drawn[0] == drawn[1]
    assert 'clip-path="url(#p' in drawn[0]
    assert drawn[0].count("<clipPath id=") == len(set(re.findall(r'<clipPath id="(\w+)"', drawn[0])))


def test_bytes_do_not_follow_the_process(tmp_path):
    """Other hash seeds, another time of day and another working folder: the same files."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "import test_drawing as t\n"
        "t.claims.load = lambda name: t.EXAMPLE\n"
        "t.drawing.draw('example', t.TABLES, t.paths(Path(sys.argv[2])))\n"
    )
    source = Path(drawing.__file__).parents[2]
    for seed, epoch in (("1", "0"), ("2", "1700000000")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(source), "SOURCE_DATE_EPOCH": epoch}
        command = [sys.executable, "-c", program, str(Path(__file__).parent), str(tmp_path / seed)]
        subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    for first, second in zip(paths(tmp_path / "1"), paths(tmp_path / "2"), strict=True):
        assert first.read_bytes() == second.read_bytes(), first.suffix


def test_files_hold_no_date_and_no_version(example, tmp_path):
    drawing.draw("example", TABLES, paths(tmp_path))
    for path in paths(tmp_path)[:3]:
        content = path.read_bytes()
        for word in (b"dc:date", b"CreationDate", b"matplotlib.org", b"Software"):
            assert word not in content, (path.suffix, word)


def test_style_is_left_as_it_was():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with style.applied():
        assert matplotlib.rcParams["svg.hashsalt"] == "rescert"
    after = dict(matplotlib.rcParams)
    assert {k for k in before if before[k] != after[k]} <= {"backend", "backend_fallback"}


def test_an_unknown_suffix_is_refused_before_drawing(example, tmp_path):
    with pytest.raises(ValueError, match=r"expected a figure file ending in \.svg.*got '.*\.gif'"):
        drawing.draw("example", TABLES, [tmp_path / "example.gif"])


def test_a_figure_that_is_no_drawing_is_refused(monkeypatch, tmp_path):
    broken = dataclasses.replace(EXAMPLE, figure=lambda tables: None)
    monkeypatch.setattr(claims, "load", lambda name: broken)
    with pytest.raises(ValueError, match="expected a Drawing from the figure of 'example', got NoneType"):
        drawing.draw("example", TABLES, paths(tmp_path))


def test_caption_is_the_docstring_with_the_numbers(example):
    assert drawing.caption("example", {"count": 3}) == "Error $e_{L}$ of 3 networks."


def test_a_missing_placeholder_is_named(example):
    with pytest.raises(ValueError, match=r"'\{count\}' of the caption of 'example'.*got only: other"):
        drawing.caption("example", {"other": 1})


def test_a_number_that_does_not_fit_its_format_is_named():
    with pytest.raises(ValueError, match=r"'\{share:\.2f\}' of the text to fit 'high'"):
        drawing.fill("{share:.2f}", {"share": "high"})


def test_unbalanced_braces_are_refused():
    with pytest.raises(ValueError, match="balanced braces"):
        drawing.fill("{count", {"count": 1})
