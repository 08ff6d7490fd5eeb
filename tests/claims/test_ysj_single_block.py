"""One block, and few inner units: what is certified at small searches, and what the two claims refuse."""

import torch

from rescert import assessment, record, runtime
from rescert.claim import Inputs, Verdict
from rescert.landscape.search import search

SEARCH = {
    "architecture": "residual_blocks",
    "activation": "softplus",
    "loss": "logistic",
    "dimension": 3,
    "samples": 48,
    "starts": 4,
    "origins": ["constructed", "designed"],
    "iterations": 5,
    "seed": 0,
}


def searched(folder, name, **changes):
    config = {**SEARCH, **changes}
    arrays, table = search(config, None, torch.device("cpu"), lambda m, s: None, generator=runtime.generator)
    files = [folder / "critical_points" / f"{name}.safetensors", folder / "critical_points" / f"{name}.parquet"]
    record.write_tensors(files[0], arrays, {"config": config})
    record.write_parquet(files[1], table)
    return Inputs({f"critical_points/{name}": files})


def assess(claim, inputs):
    return assessment.assess(claim, {"instances": [{"landscape": claim}]}, inputs)


def test_one_block_is_as_good_as_linear_where_its_output_layer_is_not_zero(tmp_path):
    rows = assess("ysj_single_block", searched(tmp_path, "ysj_single_block", widths=[2])).rows
    printed = rows[rows["statement"] == "printed"].set_index("origin")
    assert (printed.loc["constructed", "verdict"] == Verdict.VACUOUS).all()
    assert (printed.loc["constructed", "output_layer"] == "zero").all()
    assert (printed.loc["designed", "verdict"] == Verdict.HOLDS).all()
    assert (printed.loc["designed", "clause"] == "R <= R_lin").all()
    assert (rows.loc[rows["statement"] == "sharper", "verdict"] == Verdict.HOLDS).all()


def test_few_inner_units_need_no_rank(tmp_path):
    found = assess("ysj_corollary3", searched(tmp_path, "ysj_corollary3", widths=[2, 1], separable=True))
    assert [s["verdict"] for s in found.content["statements"]] == [Verdict.HOLDS, Verdict.HOLDS]
    assert (found.rows["parameter_coverage"] == "holds").all()
    assert found.content["control"]["verdict"] != Verdict.HOLDS


def test_many_inner_units_leave_the_hypothesis_open(tmp_path):
    found = assess("ysj_corollary3", searched(tmp_path, "ysj_corollary3", widths=[2, 3]))
    assert set(found.rows["verdict"]) <= {Verdict.VACUOUS, Verdict.UNDECIDED}
