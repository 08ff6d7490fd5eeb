"""Tables: what a row shows, how numbers read, and that the statements' table tells no time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rescert.report.table import MOST_ROWS, Cell, cell, flat, instance_table, number


def rows(count: int = 3, **more) -> pd.DataFrame:
    """A claim's rows of one statement."""
    fixed = {
        "instance": [f"depth={d},step=1_2" for d in range(count)],
        "statement": "printed",
        "role": "as printed",
        "verdict": "holds",
        "evidence": "exact",
        "certified": True,
        "reason": "it holds",
        "measured": "0.123456789",
        "bound": None,
        "certificate": "f" * 64,
        "recheck": "accepted",
        "depth": range(count),
        "step": "1/2",
    }
    return pd.DataFrame({**fixed, **more})


def heads(table) -> list[str]:
    return [column.text for column in table.columns]


def test_columns_are_parameters_then_verdict_then_values():
    table = instance_table(rows(error=[0.1, 0.2, 0.3], curve=[[1, 2], [3, 4], [5, 6]]))
    assert heads(table) == ["depth", "verdict", "evidence", "measured", "reason", "error", "recheck"]
    assert table.constants == {"step": Cell("1/2", "", "number")}


def test_arrays_are_not_shown():
    assert "curve" not in heads(instance_table(rows(curve=[np.zeros(2)] * 3)))


def test_one_row_shows_all_its_parameters():
    table = instance_table(rows(1))
    assert heads(table)[:2] == ["depth", "step"]
    assert table.constants == {}


def test_instances_without_parameters_are_named():
    frame = rows(2).assign(instance=["only", "other"]).drop(columns=["depth", "step"])
    assert heads(instance_table(frame))[0] == "instance"


def test_a_column_of_numbers_stands_right():
    table = instance_table(rows())
    assert [c.kind for c in table.columns][:2] == ["number", ""]


def test_long_tables_keep_what_needs_attention():
    count = MOST_ROWS + 50
    verdicts = ["holds"] * (count - 2) + ["undecided", "fails"]
    table = instance_table(rows(count, verdict=verdicts))
    assert len(table.rows) == MOST_ROWS
    assert table.left_out == 50
    shown = [next(c.text for c in row if c.kind == "verdict") for row in table.rows]
    assert shown[:3] == ["fails", "undecided", "holds"]


def test_numerical_rows_have_no_recheck_column():
    assert "recheck" not in heads(instance_table(rows(recheck="none")))


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT])
def test_what_is_missing_is_empty(value):
    assert cell(value).text == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "True"),
        ("0.97912345", "0.979123"),
        ("-8/15", "−8/15"),
        (-3, "−3"),
        (1e-300, "1·10⁻³⁰⁰"),
        ("inf", "inf"),
        ("1_000", "1_000"),
        ("<b>", "<b>"),
        (np.float64(0.5), "0.5"),
        (np.int64(12), "12"),
    ],
)
def test_cells_are_readable(value, text):
    assert cell(value).text == text


def test_a_shortened_number_keeps_its_full_form():
    assert cell("0.123456789") == Cell("0.123457", "0.123456789", "number")
    assert number("123456789012") == "123456789012"


def test_nested_records_are_flattened():
    assert flat({"a": {"b": {"c": 1}}, "d": None, "e": [1]}) == {"a.b.c": 1}
