"""Provenance: benchmark files become seconds per stage, tracking records become runs."""

from __future__ import annotations

import platform

import pandas as pd

from rescert.report import provenance

HEADER = "s\th:m:s\tmax_rss\tmean_load\n"


def benchmark(folder, stage, name, line):
    path = folder / stage / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + line)
    return path


def test_stages_add_up_in_the_order_of_the_pipeline(tmp_path):
    paths = [
        benchmark(tmp_path, "certify", "a", "10.0\t0:00:10\t100.0\t1\n"),
        benchmark(tmp_path, "certify", "b", "2.5\t0:00:02\t300.0\t1\n"),
        benchmark(tmp_path, "prepare", "mnist", "1.0\t0:00:01\t50.0\t1\n"),
        benchmark(tmp_path, "another", "x", "0.5\t0:00:00\t-\t-\n"),
    ]
    stages = provenance.stages(provenance.jobs(paths))
    assert [s["stage"] for s in stages] == ["prepare", "certify", "another"]
    assert (stages[1]["jobs"], stages[1]["seconds"], stages[1]["peak_mb"]) == (2, 12.5, 300.0)
    assert stages[1]["longest"] == "a (10.0 s)"


def test_a_job_too_short_to_measure_has_no_number(tmp_path):
    table = provenance.jobs([benchmark(tmp_path, "draw", "x", "-\t-\tNA\t-\n")])
    assert table[["seconds", "peak_mb"]].isna().all(axis=None)
    assert provenance.stages(table)[0]["longest"] == "x"


def test_no_benchmarks_no_stages():
    assert provenance.stages(provenance.jobs([])) == []


def test_runs_join_jobs_with_what_mlflow_knows(tmp_path):
    jobs = provenance.jobs([benchmark(tmp_path, "certify", "x", "3.0\t0:00:03\t10.0\t1\n")])
    tracking = {
        "claims/x": {"run_id": "abc", "host": "h", "seconds": 3.1},
        "networks/y": {"run_id": None, "reason": "away", "seconds": 7.0},
    }
    table = provenance.runs(jobs, tracking).set_index("record")
    assert table.loc["claims/x", "seconds"] == 3.0
    assert table.loc["claims/x", "run_id"] == "abc"
    assert table.loc["networks/y", "seconds"] == 7.0
    assert table.loc["networks/y", "reason"] == "away"


def test_a_run_is_linked_on_its_server():
    page = "#/experiments/1/runs/abc"
    assert provenance.run_link({"uri": "http://tracking:8080/", "page": page}) == f"http://tracking:8080/{page}"
    assert provenance.run_link({"uri": "sqlite:///mlflow.db", "page": page}).startswith("http://127.0.0.1:")


def test_versions_and_hardware_are_of_this_process():
    assert provenance.versions()["python"] == platform.python_version()
    assert provenance.versions()["pandas"] == pd.__version__
    assert int(provenance.hardware()["cores"]) >= 1


def test_a_folder_without_git_has_no_commit(tmp_path):
    assert provenance.commit(tmp_path) == "unknown"


def test_datasets_have_the_names_that_records_state():
    part = {"dataset": "mnist", "train_size": 4000, "test_size": 1000}
    networks = {"b": {"dataset": "mnist-5k"}, "a": part, "c": {"dataset": "mnist"}, "d": {}}
    assert provenance.datasets(networks) == {"mnist": ["a: 4000 to train, 1000 to test", "c"], "mnist-5k": ["b"]}
