"""Tracking against a real sqlite store: complete histories, one run a record, and stores that are away."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rescert import finished, record, tracking

CONFIG = {"architecture": "convex_pairs", "trainer": "minibatch", "seeds": [0], "learning_rate": 0.5, "threads": 1}
NAME = "networks/ns_figure5"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    """An empty store, which takes seconds to create and is copied for each test."""
    folder = tmp_path_factory.mktemp("store")
    tracking.create(f"sqlite:///{folder}/mlflow.db", [folder / "store.json"])
    return folder / "mlflow.db"


@pytest.fixture
def uri(fresh, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(fresh, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


def outputs(root: Path) -> list[Path]:
    folder = root / "results" / NAME
    return [folder / "weights.safetensors", folder / "history.parquet", folder / "record.json"]


def write(root: Path, steps: int = 5, config: dict = CONFIG) -> list[Path]:
    """A finished training record of ``steps`` epochs."""
    weights, history, content = outputs(root)
    record.write_tensors(weights, {"w": np.ones(2)})
    record.write_parquet(history, pd.DataFrame({"epoch": range(steps), "loss": [1 / (s + 1) for s in range(steps)]}))
    record.write_json(content, {"config": config, "config_hash": record.config_hash(config), "code_hash": "0" * 16})
    return [weights, history, content]


def track(uri: str, root: Path) -> dict:
    output = root / "results" / "tracking" / "networks__ns_figure5.json"
    tracking.track(uri, outputs(root), [output])
    return record.read_json(output)


def loss(uri: str, run_id: str) -> list[tuple[int, float]]:
    return sorted((m.step, m.value) for m in tracking.connect(uri).client.get_metric_history(run_id, "loss"))


def runs(uri: str) -> list:
    store = tracking.connect(uri)
    experiments = [e.experiment_id for e in store.client.search_experiments()]
    return sorted(store.client.search_runs(experiments), key=lambda run: int(run.data.tags["attempt"]))


def test_a_record_is_logged_whole(uri, tmp_path):
    write(tmp_path)
    about = track(uri, tmp_path)
    (run,) = runs(uri)
    assert about["run_id"] == run.info.run_id
    assert run.info.status == "FINISHED"
    assert run.data.params["learning_rate"] == "0.5"
    wanted = {"stage": "train", "network": "ns_figure5", "superseded": "false", "attempt": "1", "seed": "[0]"}
    assert wanted.items() <= run.data.tags.items()
    named = {"paper", "verdict", "evidence", "device", "config_hash", "code_hash", "git_commit", "snakemake_output"}
    assert named <= run.data.tags.keys()
    assert loss(uri, run.info.run_id) == [(s, 1 / (s + 1)) for s in range(5)]
    folder = tmp_path / "mlartifacts" / run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
    assert {p.name for p in folder.iterdir()} == {"history.parquet", "record.json"}


def test_the_same_record_is_logged_once(uri, tmp_path):
    write(tmp_path)
    assert track(uri, tmp_path)["run_id"] == track(uri, tmp_path)["run_id"]
    assert len(runs(uri)) == 1
    assert len(loss(uri, runs(uri)[0].info.run_id)) == 5


def test_a_long_history_is_sent_in_batches_and_thinned_evenly(uri, tmp_path):
    write(tmp_path, steps=4001)
    points = loss(uri, track(uri, tmp_path)["run_id"])
    assert len(points) <= 1000
    assert points[-1][0] == 4000
    assert {b[0] - a[0] for a, b in itertools.pairwise(points)} == {5}


def test_a_streamed_run_is_resumed_after_its_last_step(uri, tmp_path):
    with tracking.streaming(uri, NAME, CONFIG, outputs(tmp_path)) as emit:
        for step in range(3):
            emit({"loss": 100.0}, step)  # not what the history says, so that a second point would show
        write(tmp_path)
    (streamed,) = runs(uri)
    assert streamed.info.status == "FINISHED"
    assert track(uri, tmp_path)["run_id"] == streamed.info.run_id
    assert loss(uri, streamed.info.run_id) == [(0, 100.0), (1, 100.0), (2, 100.0), (3, 1 / 4), (4, 1 / 5)]


def test_a_repeated_job_supersedes_its_earlier_run(uri, tmp_path):
    write(tmp_path)
    first = track(uri, tmp_path)["run_id"]
    write(tmp_path, config={**CONFIG, "learning_rate": 0.25})
    second = track(uri, tmp_path)["run_id"]
    tags = {run.info.run_id: run.data.tags for run in runs(uri)}
    assert tags[first]["superseded"] == "true"
    assert tags[second]["superseded"] == "false"
    assert tags[second]["attempt"] == "2"
    write(tmp_path)  # the change is undone: the first record is back, and so is its run
    assert track(uri, tmp_path)["run_id"] == first
    tags = {run.info.run_id: run.data.tags for run in runs(uri)}
    assert (tags[first]["superseded"], tags[second]["superseded"]) == ("false", "true")


def test_a_failed_job_leaves_a_failed_run(uri, tmp_path):
    with pytest.raises(RuntimeError, match="bug"), tracking.streaming(uri, NAME, CONFIG, outputs(tmp_path)):
        raise RuntimeError("bug")
    assert [run.info.status for run in runs(uri)] == ["FAILED"]
    write(tmp_path)
    track(uri, tmp_path)
    assert [run.info.status for run in runs(uri)] == ["FAILED", "FINISHED"]


STREAM = """
import signal, sys, time
from pathlib import Path
from rescert import __main__, tracking
signal.signal(signal.SIGTERM, __main__._terminate)
with tracking.streaming(sys.argv[1], "networks/ns_figure5", {}, [Path(sys.argv[2])]):
    print("started", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(("number", "left"), [(signal.SIGTERM, "KILLED"), (signal.SIGKILL, "RUNNING")])
def test_a_killed_job_is_marked_at_once_or_swept_later(uri, tmp_path, number, left):
    process = subprocess.Popen(
        [sys.executable, "-c", STREAM, uri, str(outputs(tmp_path)[2])], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "started\n"
        process.send_signal(number)
        process.wait()
    assert [run.info.status for run in runs(uri)] == [left]
    write(tmp_path)
    track(uri, tmp_path)
    assert [run.info.status for run in runs(uri)] == ["KILLED", "FINISHED"]


def test_the_sweep_leaves_living_runs_and_those_of_other_hosts(uri, tmp_path):
    store = tracking.connect(uri)
    experiment = store.experiment("some paper")
    tags = {"record": NAME, "snakemake_output": "x"}
    mine = tracking._open(store, experiment, tags, int(time.time() * 1000))
    theirs = tracking._open(store, experiment, tags, int(time.time() * 1000))
    store.client.set_tag(theirs.info.run_id, "host", "elsewhere")
    store.client.set_tag(theirs.info.run_id, "pid", "999999999")
    reused = tracking._open(store, experiment, tags, int(time.time() * 1000))
    store.client.set_tag(reused.info.run_id, "process_start", "1")  # this process id, of another process
    tracking.sweep(store, experiment)
    assert [run.info.status for run in runs(uri)] == ["RUNNING", "RUNNING", "KILLED"]
    assert os.getpid() == int(mine.data.tags["pid"])


@pytest.mark.parametrize("away", ["http://127.0.0.1:9", "sqlite:////proc/no/mlflow.db"])
def test_a_store_that_is_away_stops_nothing(away, uri, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with tracking.streaming(away, NAME, CONFIG, outputs(tmp_path)) as emit:
        emit({"loss": 1.0}, 0)
        write(tmp_path)
    about = track(away, tmp_path)
    assert about["run_id"] is None
    assert about["reason"].startswith("expected MLflow to answer")
    said = capsys.readouterr().err
    assert said.count("\n") == 2
    assert "later run" in said
    assert track(uri, tmp_path)["run_id"] is not None  # the store is back


def test_where_mlflow_is_not_installed_the_job_goes_on(uri, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mlflow.exceptions", None)
    with tracking.streaming(uri, NAME, CONFIG, outputs(tmp_path)) as emit:
        emit({"loss": 1.0}, 0)
    assert "expected MLflow to be installed" in capsys.readouterr().err


def test_artifacts_are_found_in_a_checkout_that_moved(uri, tmp_path):
    """The server joins its own folder and the path in the run's address, so nothing absolute may be stored."""
    write(tmp_path)
    track(uri, tmp_path)
    (run,) = runs(uri)
    assert str(tmp_path) not in run.info.artifact_uri
    assert str(tmp_path) not in json.dumps(run.data.params)


def test_a_slice_is_tracked_with_its_figure(tmp_path):
    files = [tmp_path / "results" / "slices" / f"ysj_plane.{kind}" for kind in ("safetensors", "parquet", "json")]
    figure = tmp_path / "reports" / "figures" / "ysj_plane.svg"
    record.write_json(files[2], {"config": {"seed": 5}, "config_hash": "0" * 16})
    record.write_parquet(files[1], pd.DataFrame({"slice": ["plane"], "risk": [1.0]}))
    others = [tmp_path / "reports" / "figures" / "another.svg", tmp_path / "results" / "slices" / "another.json"]
    found = finished.find(tmp_path / "results" / "tracking" / "slices__ysj_plane.json", [*files, figure, *others])
    assert set(found.files) == set(files)
    assert found.artifacts() == [(files[1], ""), (files[2], ""), (figure, "figures")]
    assert (found.primary, found.stage) == (files[2], "slice")
    assert (found.tags()["seed"], found.curves()) == ("5", {"rows": [(0, 1.0)]})
