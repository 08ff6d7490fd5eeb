"""The figure of a slice: drawn from its table alone, the same bytes twice, bands that part at the linear risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescert.figures import drawing, landscape, style
from sample_report import slice_table


def plane_only(table):
    return table[table["slice"] == "plane"]


def test_the_figure_of_a_slice_repeats_to_the_byte(tmp_path):
    paths = {name: [tmp_path / name / f"x{suffix}" for suffix in drawing.FORMATS] for name in ("one", "two")}
    for each in paths.values():
        drawing.draw("x", {"slices/x": slice_table()}, each)
    for one, two in zip(*paths.values(), strict=True):
        assert one.stat().st_size > 0
        assert one.read_bytes() == two.read_bytes(), one.suffix
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "one" / "x.csv"), slice_table())


@pytest.mark.parametrize(("slices", "axes"), [(["plane", "first", "second"], 4), (["first"], 1)])
def test_there_is_a_panel_for_each_slice_and_a_scale_of_the_plane(slices, axes):
    import matplotlib.pyplot as plt

    table = slice_table()
    with style.applied():
        drawn = landscape.figure({"slices/x": table[table["slice"].isin(slices)]})
        assert len(drawn.figure.axes) == axes
        plt.close(drawn.figure)


def test_a_curve_shows_the_numbers_of_the_table_and_the_level_of_the_linear_risk():
    import matplotlib.pyplot as plt

    table = slice_table()
    with style.applied():
        drawn = landscape.figure({"slices/x": table[table["slice"] == "first"]})
        level, curve, point = drawn.figure.axes[0].lines
        assert set(level.get_ydata()) == {0.9}
        assert curve.get_xydata().tolist() == [[-1, 1.5], [-0.5, 1.125], [0, 1], [0.5, 1.125], [1, 1.5]]
        assert point.get_xydata().tolist() == [[0, 1]]
        plt.close(drawn.figure)


@pytest.mark.parametrize(
    ("least", "greatest", "middle", "below"),
    [(0, 8, 1, landscape.BANDS), (2, 8, 1, 0), (0, 8, 9, landscape.BANDS), (0, 8, 8, landscape.BANDS), (1, 8, 1, 0)],
)
def test_bands_cover_all_values_and_part_at_the_linear_risk(least, greatest, middle, below):
    edges, count = landscape.levels(least, greatest, middle)
    assert (edges[0], edges[-1]) == (least, greatest)
    assert (np.diff(edges) > 0).all()
    assert count == below
    if least < middle < greatest:
        assert edges[below] == middle


@pytest.mark.parametrize("risk", [0.9, 1.0])
def test_a_constant_risk_is_drawn_without_bands(risk, tmp_path):
    drawing.draw("x", {"slices/x": slice_table().assign(risk=risk)}, [tmp_path / "x.svg"])
    assert (tmp_path / "x.svg").stat().st_size
