"""The conjecture is refuted on a small search, by certificates that the checker accepts and forgers cannot move."""

import json

import numpy as np
import pytest
import torch

from rescert import assessment, record, runtime
from rescert.certify import check as checker
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import ysj_conjecture
from rescert.landscape import search as searching
from rescert.landscape import spurious_minima
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import parameter_shapes

LINE = {
    "architecture": "residual_blocks",
    "activation": "tanh",
    "loss": "squared",
    "dimension": 1,
    "widths": [1, 1],
    "samples": 12,
    "origins": ["linear_target"],
    "starts": 3,
    "iterations": 150,
    "seed": 5,
}
PLANE = {
    **LINE,
    "bias": False,
    "dimension": 2,
    "widths": [1, 1, 1],
    "samples": 24,
    "origins": ["spurious_minima"],
    "seed": 0,
}
# A point of a longer search of that landscape, rounded: entries in the order of the parameter vector.
POINTS = [
    [-1.298, -0.185, 0.636, -0.249, -9.336, -0.174, 1.076, -0.486, -2.982, 1.212, 0.599, 1.804, -1.343, -0.534],
]
NAMES = ["ysj_conjecture", "ysj_conjecture_logistic", "ysj_conjecture_plane"]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def designed():
    """The point with labels designed for it, as a search would write them."""
    inputs, _ = searching.samples.draw(PLANE, None, runtime.generator)
    landscape = Landscape(inputs, parameter_shapes(2, [1, 1, 1], bias=False))
    starts = torch.tensor(POINTS, dtype=torch.float64) / spurious_minima.STRETCH
    theta, labels = spurious_minima.find(landscape, starts, torch.zeros(1, 24, dtype=torch.float64), 0)
    table = searching.describe(landscape, theta, labels, torch.ones(landscape.size, dtype=torch.float64))
    table.insert(0, "origin", "spurious_minima")
    table.insert(0, "start", range(1))
    arrays = {name: value.numpy() for name, value in landscape.unravel(theta).items()}
    return arrays | {"X": inputs.numpy(), "y": labels.numpy()}, table


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("critical_points")
    configs = dict(zip(NAMES, (LINE, {**LINE, "loss": "logistic"}, PLANE), strict=True))
    files = {}
    for name, config in configs.items():
        if config is PLANE:
            arrays, table = designed()
        else:
            arrays, table = searching.search(
                config, None, torch.device("cpu"), lambda m, s: None, generator=runtime.generator
            )
        files[f"critical_points/{name}"] = [folder / f"{name}.safetensors", folder / f"{name}.parquet"]
        record.write_tensors(files[f"critical_points/{name}"][0], arrays, {"config": config})
        record.write_parquet(files[f"critical_points/{name}"][1], table)
    return Inputs(files)


@pytest.fixture(scope="module")
def assessed(inputs):
    return assessment.assess("ysj_conjecture", {"instances": [{"landscape": NAMES, "others": 1}]}, inputs)


def statement(assessed, name):
    return next(s for s in assessed.content["statements"] if s["name"] == name)


def test_the_conjecture_fails_with_certificates(assessed):
    printed = statement(assessed, "printed")
    assert (printed["verdict"], printed["evidence"]) == (Verdict.FAILS, Evidence.ENCLOSED)
    rows = assessed.rows[assessed.rows["statement"] == "printed"]
    for name in NAMES:
        assert (rows.loc[rows["landscape"] == name, "verdict"] == "fails").any(), name
    failing = rows[rows["verdict"] == "fails"]
    assert (failing["excess"] > 0).all()
    assert (failing["parameter_coverage"] == "fails").all()
    assert (failing["representation_coverage"] == "holds").all()


def test_examples_are_linear_only_where_the_labels_are(assessed):
    for name in ("minimum", "linear_labels"):
        assert statement(assessed, name)["verdict"] == Verdict.HOLDS
    rows = assessed.rows[assessed.rows["statement"] == "linear_labels"].set_index("landscape")
    assert rows.loc["ysj_conjecture", "verdict"] == "holds"
    assert (rows.loc[["ysj_conjecture_logistic", "ysj_conjecture_plane"], "verdict"] == "vacuous").all()


def test_no_example_is_worse_than_its_own_representation(assessed):
    rows = assessed.rows[assessed.rows["statement"] == "block"]
    assert (rows["verdict"] == "holds").all()
    failing = rows["instance"].isin(assessed.rows.loc[assessed.rows["verdict"] == "fails", "instance"])
    assert not rows.loc[failing, "reason"].str.startswith("k = 1").any()


def test_the_hessian_in_the_slice_is_positive_definite_by_another_route(inputs):
    """Central differences of the gradient at the plane's minimum, without the frozen row of V_3."""
    arrays = inputs.arrays("critical_points/ysj_conjecture_plane")
    landscape = Landscape(torch.from_numpy(arrays["X"]), parameter_shapes(2, [1, 1, 1], bias=False))
    theta = landscape.ravel({name: torch.from_numpy(arrays[name]) for name in landscape.shapes})
    labels = torch.from_numpy(arrays["y"])
    step = 1e-5 * torch.eye(14, dtype=torch.float64)
    many = labels.expand(14, -1)
    columns = landscape.gradient(theta + step, many) - landscape.gradient(theta - step, many)
    hessian = (columns + columns.mT) / 4e-5
    frozen = landscape.where("V3").start + int(np.abs(arrays["w"][0]).argmin())
    free = [i for i in range(14) if i != frozen]
    values = torch.linalg.eigvalsh(hessian[free][:, free])
    # Differences err by step^2 times fourth derivatives and by rounding over the step, 1e-11 each relative to the top.
    assert float(values[0]) > 1e-7 * float(values[-1])


def test_the_checker_accepts_each_certificate_and_refuses_a_moved_box(assessed, tmp_path):
    folder = tmp_path / "results" / "certificates" / "ysj_conjecture"
    for name, certificate in assessed.certificates.items():
        record.write_bytes(folder / certificate.arrays_name, certificate.arrays)
        record.write_text(folder / f"{name}.json", certificate.text)
        accepted = checker.accept(folder / f"{name}.json", tmp_path / "results", "ysj_conjecture", certificate.sha256)
        linear = ["linear_labels"] if name.startswith("landscape=ysj_conjecture,") else []
        assert accepted == ["block", *linear, "minimum", "printed"]
    document = json.loads(assessed.certificates["landscape=ysj_conjecture,point=0"].text)
    document["assertions"][0]["box"]["w"]["mid"] = [2.4]
    record.write_text(folder / "moved.json", json.dumps(document))
    with pytest.raises(checker.Refused):
        checker.accept(folder / "moved.json", tmp_path / "results")


def test_the_control_is_no_example(inputs):
    finding = ysj_conjecture.check(ysj_conjecture.CLAIM.control, inputs)["minimum"]
    assert finding.verdict is Verdict.UNDECIDED
    assert "not a critical point" in finding.reason


def test_a_point_moved_by_less_than_the_search_sees_refutes_nothing(inputs):
    """Moved by 1e-10 the minimum passes for critical in floats: Krawczyk finds the true one beside it, or nothing."""
    instance = {"landscape": "ysj_conjecture", "point": 0, "shift": "1e-10"}
    moved = ysj_conjecture.check(instance, inputs)["printed"]
    still = ysj_conjecture.check({"landscape": "ysj_conjecture", "point": 0}, inputs)["printed"]
    assert moved.verdict in (Verdict.UNDECIDED, Verdict.FAILS)
    if moved.verdict is Verdict.FAILS:
        boxes = [next(a for a in f.assertions if a["kind"] == "krawczyk")["box"] for f in (moved, still)]
        for name in ("w", "V1", "U1", "b1"):
            gap = np.abs(np.asarray(boxes[0][name]["mid"]) - boxes[1][name]["mid"])
            assert (gap <= np.asarray(boxes[0][name]["rad"]) + boxes[1][name]["rad"]).all()


def test_good_points_are_no_instances_unless_asked_for(inputs, tmp_path):
    need = "critical_points/ysj_conjecture"
    table = inputs.table(need)
    table.loc[1, ["risk", "linear_risk", "candidate"]] = [0.0, 1.0, True]
    table.loc[2, ["risk", "linear_risk", "smallest_eigenvalue", "candidate"]] = [1.0, 0.0, -1e-3, True]
    path = tmp_path / "ysj_conjecture.parquet"
    record.write_parquet(path, table)
    changed = Inputs({need: [inputs.path(need, ".safetensors"), path]})
    for others, points in ((0, [0]), (5, [0, 1])):
        found = ysj_conjecture.expand({"landscape": "ysj_conjecture", "others": others}, changed)
        assert [instance["point"] for instance in found] == points
        assert all("others" not in instance for instance in found)
    table.loc[0, "candidate"] = False
    record.write_parquet(path, table)
    found = ysj_conjecture.expand({"landscape": "ysj_conjecture", "others": 0}, changed)
    assert [instance["point"] for instance in found] == [1], "a search without bad minima is counted, too"


def test_the_figure_shows_a_fold_and_a_way_that_rises(assessed):
    rows = assessed.rows
    drawing = ysj_conjecture.figure({"claims/ysj_conjecture": rows})
    path = drawing.data["path_risk"]
    assert path.max() > 2 * path.iloc[0] > 0
    assert abs(path.iloc[-1]) < 1e-25
    shown = rows[rows["statement"] == "linear_labels"].iloc[0]
    slopes = np.diff(shown["folded"])
    assert slopes.min() < 0 < slopes.max()
    caption = ysj_conjecture.figure.__doc__.format(**ysj_conjecture.summary(rows))
    assert "1 of 3 starts ended" in caption
    assert "1 of 1 (100.00%" in " ".join(caption.split())
