"""Curves of a sweep: in parts of the target's size, with deciles over matrices."""

from __future__ import annotations

import pandas as pd
import pytest

from rescert.dynamics import paired_runs


def sweep(sizes: list[float]) -> pd.DataFrame:
    """Matrix i has |R|²/2 = its size; the single loss falls from it to a half, the double one to (i+1) hundredths."""
    rows = []
    for matrix, size in enumerate(sizes):
        for network, last in (("single", 0.5), ("double", (matrix + 1) / 100)):
            for iteration, part in ((0, 1.0), (7, last)):
                run = {"matrix": matrix, "network": network, "norm": size, "outcome": "descending", "rises": 0}
                rows.append({**run, "iteration": iteration, "loss": part * size})
    return pd.DataFrame(rows)


def test_losses_are_scaled_by_the_target_and_the_typical_matrix_has_the_median_norm() -> None:
    found = paired_runs.curves(sweep([5.0, 1.0, 3.0, 2.0, 4.0]))
    assert found["iteration"] == [0, 7]
    assert found["single_median"] == [1.0, 0.5]
    assert found["double_median"] == pytest.approx([1.0, 0.03])
    assert found["double_low"][1] == pytest.approx(0.014)
    assert found["double_high"][1] == pytest.approx(0.046)
    assert found["typical_norm"] == 3.0
    assert found["double_typical"][1] == pytest.approx(0.03)


def test_counts_do_not_depend_on_the_order_of_rows() -> None:
    rows = sweep([5.0, 1.0, 3.0])
    assert paired_runs.counts(rows.sample(frac=1, random_state=0)) == paired_runs.counts(rows)
    assert paired_runs.counts(rows)["better"] == 3
