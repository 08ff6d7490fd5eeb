"""Theorem 2 on a small search: certified points, controls, and the recheck of their certificates."""

import json
from dataclasses import replace

import pandas as pd
import pytest
import torch

from rescert import assessment, critical_points, record, runtime
from rescert.certify import check as checker
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import ysj_single_block, ysj_theorem2
from rescert.landscape.dichotomy import Decision
from rescert.landscape.search import search

SEARCH = {
    "architecture": "residual_blocks",
    "activation": "tanh",
    "dimension": 3,
    "widths": [3, 2],
    "samples": 48,
    "starts": 6,
    "origins": ["constructed", "embedding", "designed"],
    "iterations": 150,
    "seed": 0,
}
NEED = "critical_points/ysj_theorem2"


def emit(metrics, step):
    return None


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("critical_points")
    arrays, table = search(SEARCH, None, torch.device("cpu"), emit, generator=runtime.generator)
    files = [folder / "ysj_theorem2.safetensors", folder / "ysj_theorem2.parquet"]
    record.write_tensors(files[0], arrays, {"config": SEARCH})
    record.write_parquet(files[1], table)
    return Inputs({NEED: files})


@pytest.fixture(scope="module")
def assessed(inputs):
    return assessment.assess("ysj_theorem2", {"instances": [{"landscape": "ysj_theorem2"}]}, inputs)


def test_every_candidate_is_certified(inputs, assessed):
    table = inputs.table(NEED)
    assert table["candidate"].sum() >= 5
    assert len(assessed.certificates) == table["candidate"].sum()
    for statement in assessed.content["statements"]:
        assert statement["verdict"] == Verdict.HOLDS
        assert statement["evidence"] == Evidence.ENCLOSED


def test_points_above_the_linear_risk_are_strict_saddles_with_the_bound(assessed):
    rows = assessed.rows[assessed.rows["statement"] == "sharper"]
    above = rows[rows["excess"] > 0]
    assert set(above["origin"]) >= {"constructed"}
    assert (above["smallest_eigenvalue"] <= above["bound_value"]).all()
    assert (above["bound_value"] < 0).all()
    assert (above["smallest_eigenvalue_sign"] == "negative").all()
    assert above["reason"].str.endswith("<= the bound < 0").all()


def test_the_checker_accepts_each_certificate_and_refuses_a_moved_box(assessed, tmp_path):
    folder = tmp_path / "results" / "certificates" / "ysj_theorem2"
    for name, certificate in assessed.certificates.items():
        record.write_bytes(folder / certificate.arrays_name, certificate.arrays)
        record.write_text(folder / f"{name}.json", certificate.text)
        accepted = checker.accept(folder / f"{name}.json", tmp_path / "results", "ysj_theorem2", certificate.sha256)
        assert accepted == ["printed", "sharper"]
    document = json.loads(assessed.certificates["landscape=ysj_theorem2,point=0"].text)
    document["assertions"][0]["box"]["w"]["mid"] = [1e-6, 0, 0]
    moved = folder / "moved.json"
    record.write_text(moved, json.dumps(document))
    with pytest.raises(checker.Refused):
        checker.accept(moved, tmp_path / "results")


def test_the_overview_counts_every_point_once(assessed):
    printed = assessed.rows[assessed.rows["statement"] == "printed"]
    (row,) = ysj_theorem2.CLAIM.overview(assessed.rows).to_dict("records")
    assert row["points"] == row["certified"] == len(printed)
    assert row["with R > R_lin"] == (printed["excess"] > 0).sum()
    assert row["R ≤ R_lin"] + row["strict saddle"] == row["points"]
    assert (row["activation"], row["loss"], row["L"], row["d"]) == ("tanh", "squared", 2, 3)


def test_the_control_does_not_hold(inputs):
    finding = ysj_theorem2.check(ysj_theorem2.CLAIM.control, inputs)["printed"]
    assert finding.verdict is Verdict.UNDECIDED
    assert "not a critical point" in finding.reason


def test_a_point_whose_existence_is_not_proved_says_so(inputs):
    """Moved by 1e-9 the constructed point passes for critical in floats, but w is no longer exactly zero."""
    instance = {"landscape": "ysj_theorem2", "point": 0, "shift": "1e-9"}
    for finding in ysj_theorem2.check(instance, inputs).values():
        assert finding.values["exists"] is False
        assert finding.reason.startswith("existence not proved")


def test_a_point_that_may_not_exist_refutes_nothing():
    """Above the linear risk with w not zero: one block would be refuted, if only the point were there."""
    decision = Decision(False, "not shown", below=False, output_layer=True, assertions=({"kind": "sign"},))
    examined = critical_points.Examined(None, {"excess": 1.0, "smallest_eigenvalue": 0.0}, decision)
    finding = critical_points.finding(examined, lambda d: d.output_layer, lambda d: d.below)
    assert finding.verdict is Verdict.UNDECIDED
    exists = critical_points.Examined(None, examined.values, replace(decision, exists=True))
    assert critical_points.finding(exists, lambda d: d.output_layer, lambda d: d.below).verdict is Verdict.FAILS


def test_points_of_two_blocks_are_no_instances_of_the_claim_for_one(inputs):
    point = int(inputs.table(NEED)["start"].iloc[0])
    with pytest.raises(ValueError, match="expected a landscape of one block, got 2"):
        ysj_single_block.check({"landscape": "ysj_theorem2", "point": point}, inputs)


def test_only_candidates_become_instances(inputs, tmp_path):
    table = inputs.table(NEED)
    table.loc[0, "candidate"] = False
    path = tmp_path / "ysj_theorem2.parquet"
    record.write_parquet(path, table)
    changed = Inputs({NEED: [inputs.path(NEED, ".safetensors"), path]})
    points = [instance["point"] for instance in ysj_theorem2.CLAIM.expand({"landscape": "ysj_theorem2"}, changed)]
    assert 0 not in points
    assert points


def test_the_figure_shows_every_point_and_the_caption_counts_them(assessed):
    rows = assessed.rows
    drawing = ysj_theorem2.figure({"claims/ysj_theorem2": rows})
    assert len(drawing.data) == (rows["statement"] == "printed").sum()
    caption = ysj_theorem2.figure.__doc__.format(**ysj_theorem2.CLAIM.summary(rows))
    assert f"{len(drawing.data)} points, from\n    6 starts in 1 landscapes" in caption
    assert not pd.isna(drawing.data["excess"]).any()
