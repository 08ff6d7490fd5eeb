"""The workflow as a person meets it: plans, bad configs, kills, two runs at once, pasted commands."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from rescert import record
from running import ROOT, environment, snakemake_command


def plan(finished: subprocess.CompletedProcess) -> dict[str, int]:
    """How many jobs of each rule a dry run counts."""
    assert finished.returncode == 0, finished.stderr
    table = re.search(r"^job +count\n[- ]+\n((?:\w+ +\d+\n)+)", finished.stdout + finished.stderr, re.MULTILINE)
    return {} if table is None else {name: int(n) for name, n in (row.split() for row in table[1].splitlines())}


@pytest.fixture
def override(tmp_path):
    """A config file with the given content, to be merged over the tiny one."""

    def write(content: dict) -> Path:
        path = tmp_path / "override.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return write


def tables(root: Path) -> dict[str, bytes]:
    """All that must be the same from run to run: everything but dates, seconds, ids and the pages that show them."""
    paths = [*root.glob("results/**/*"), *root.glob("reports/**/*"), *root.glob("data/processed/*")]
    varying = {"runs.csv", "index.html"}
    return {
        str(p.relative_to(root)): p.read_bytes()
        for p in paths
        if p.is_file() and p.name not in varying and p.parent.name != "tracking"
    }


def test_a_finished_tree_has_every_stage_of_every_entry(tiny_run):
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    for claim in config["claims"]:
        for path in (f"results/claims/{claim}.json", f"results/rechecked/{claim}.json", f"reports/figures/{claim}.svg"):
            assert (tiny_run / path).stat().st_size
        assert record.read_json(tiny_run / f"results/tracking/claims__{claim}.json")["run_id"]
    for name in config["slices"]:
        for path in (f"results/slices/{name}.safetensors", f"reports/figures/{name}.svg"):
            assert (tiny_run / path).stat().st_size
        assert record.read_json(tiny_run / f"results/tracking/slices__{name}.json")["run_id"]
    for network in config["networks"]:
        assert record.read_json(tiny_run / f"results/tracking/networks__{network}.json")["run_id"]
    assert (tiny_run / "reports" / "index.html").stat().st_size


def test_the_embedded_digits_are_never_called_mnist(tiny_run):
    _, origin = record.read_tensors(tiny_run / "data" / "processed" / "mnist.safetensors")
    assert origin["dataset"] in ("mnist", "mnist-5k")
    if not (ROOT / "data" / "raw" / "mnist").exists():
        assert origin["dataset"] == "mnist-5k"


def test_a_finished_tree_has_nothing_to_do(tiny_run, snakemake):
    finished = snakemake(tiny_run)
    assert finished.returncode == 0
    assert "Nothing to be done" in finished.stdout + finished.stderr


def test_one_learning_rate_reruns_that_network_and_what_hangs_on_it(tiny_run, snakemake, override):
    config = override({"networks": {"ns_figure5": {"learning_rate": 0.002}}})
    hanging = {"train": 1, "certify": 1, "recheck": 1, "draw": 1, "track": 1, "report": 1, "all": 1, "total": 7}
    assert plan(snakemake(tiny_run, "--dry-run", configfiles=[config])) == hanging


def test_one_seed_of_a_slice_reruns_that_slice_and_what_shows_it(tiny_run, snakemake, override):
    config = override({"slices": {"ysj_saddle_plane": {"seed": 1}}})
    hanging = {"slice": 1, "draw": 1, "track": 1, "report": 1, "all": 1, "total": 5}
    assert plan(snakemake(tiny_run, "--dry-run", configfiles=[config])) == hanging


def test_where_runs_are_shown_does_not_decide_what_is_computed(tiny_run, snakemake):
    finished = snakemake(tiny_run, "tracking=sqlite:///elsewhere.db", "--dry-run")
    assert plan(finished) == {}


def test_a_claim_can_be_asked_for_alone(tmp_path, snakemake):
    target = str(tmp_path / "results" / "claims" / "ysj_proposition1.json")
    assert plan(snakemake(tmp_path, "--dry-run", "--", target)) == {"certify": 1, "total": 1}


def test_a_slice_can_be_asked_for_alone(tmp_path, snakemake):
    target = str(tmp_path / "reports" / "figures" / "ysj_saddle_plane.svg")
    wanted = {"store": 1, "search": 1, "slice": 1, "draw": 1, "total": 4}
    assert plan(snakemake(tmp_path, "--dry-run", "--", target)) == wanted


def test_the_figures_need_neither_recheck_nor_report(tmp_path, snakemake):
    planned = plan(snakemake(tmp_path, "--dry-run", "--", "figures"))
    assert "draw" in planned
    assert not {"recheck", "report", "track"} & planned.keys()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"networks": {"ns_figure5": {"learning_rat": 1}}}, "expected known keys in 'networks.ns_figure5'"),
        ({"networks": {"ns_figure5": {"depth": -1}}}, "expected a number >= 1 for 'networks.ns_figure5.depth', got -1"),
        ({"claims": {"ns_no_such": {"instances": [{"depth": 1}]}}}, "expected 'claims.ns_no_such' to name a file"),
    ],
)
def test_a_bad_config_is_one_sentence_before_any_job(tmp_path, snakemake, override, content, sentence):
    output = tmp_path / "out"
    finished = snakemake(output, configfiles=[override(content)])
    assert finished.returncode != 0
    said = finished.stdout + finished.stderr
    assert said.splitlines()[-1].startswith(f"config: {sentence}")
    assert "Traceback" not in said
    assert not output.exists()


def test_a_failing_job_says_one_sentence(tmp_path, snakemake, override):
    config = override({"datasets": {"mnist": {"folder": str(tmp_path / "nowhere")}}})
    target = str(tmp_path / "data" / "processed" / "mnist.safetensors")
    finished = snakemake(tmp_path, "--", target, configfiles=[config])
    assert finished.returncode != 0
    said = finished.stdout + finished.stderr
    assert f"rescert prepare mnist: expected a folder with the four MNIST files, got '{tmp_path / 'nowhere'}'" in said
    assert "Traceback" not in said
    assert not Path(target).exists()


def test_a_second_run_in_the_same_folder_waits_outside(tmp_path, snakemake):
    target = str(tmp_path / "data" / "processed" / "mnist.safetensors")
    lock = tmp_path / "logs" / ".lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        finished = snakemake(tmp_path, "--", target)
        assert finished.returncode != 0
        said = finished.stdout + finished.stderr
        assert said.splitlines()[-1].startswith(f"expected to be alone in '{tmp_path}'")
        assert "Traceback" not in said
        assert plan(snakemake(tmp_path, "--dry-run", "--", target)) == {"prepare": 1, "total": 1}
    assert not Path(target).exists()


def test_a_printed_command_can_be_pasted_into_a_shell(tmp_path, snakemake):
    target = tmp_path / "results" / "claims" / "ns_proposition2.json"
    printed = snakemake(tmp_path, "--dry-run", "--quiet", "host", "--", str(target))
    (command,) = re.findall(r"(python -m rescert .*)", printed.stdout + printed.stderr)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(["bash", "-c", command], cwd=ROOT, env={**environment(), "PATH": path}, check=True)
    assert record.read_json(target)["claim"] == "ns_proposition2"


def test_killed_in_the_middle_the_next_run_ends_with_the_same_tables(tiny_run, snakemake, tmp_path_factory):
    """SIGKILL to the whole group, while something is finished and something is not; the rest on one core."""
    root = tmp_path_factory.mktemp("killed")
    command = snakemake_command(root)
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not list(root.glob("results/claims/*.json")):
            assert process.poll() is None, "the run ended before it could be killed"
            time.sleep(0.2)
        os.killpg(process.pid, signal.SIGKILL)
    assert not (root / "reports" / "index.html").exists()
    finished = snakemake(root, "--cores", "1")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    found, wanted = tables(root), tables(tiny_run)
    assert not [name for name in found if name.endswith(".part")]
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if found[name] != wanted[name]] == []
