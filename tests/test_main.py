"""The command line: errors in one sentence, logs, and names of files."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rescert import __main__ as command
from rescert import record, runtime


@pytest.mark.parametrize(
    ("path", "need"),
    [
        ("runs/tiny/results/networks/ns_figure5/weights.safetensors", "networks/ns_figure5"),
        ("results/networks/ns_figure5/record.json", "networks/ns_figure5"),
        ("data/processed/mnist.safetensors", "datasets/mnist"),
        ("results/decompositions/cos1d.parquet", "decompositions/cos1d"),
        ("results/critical_points/ysj_theorem2.safetensors", "critical_points/ysj_theorem2"),
        ("results/slices/ysj_saddle_plane.parquet", "slices/ysj_saddle_plane"),
        ("results/claims/ns_proposition2.parquet", "claims/ns_proposition2"),
    ],
)
def test_files_are_needed_by_the_name_of_their_record(path, need):
    assert command.need_of(Path(path)) == need


@pytest.fixture
def arguments(tmp_path, monkeypatch):
    """Arguments of a recheck whose claim file the test damages; the thread setting is put back."""
    for name in (*runtime.THREAD_VARIABLES, "MKL_CBWR"):
        monkeypatch.setenv(name, "1")
    claim = tmp_path / "results" / "claims" / "some_claim.json"
    output = tmp_path / "results" / "rechecked" / "some_claim.json"
    log = tmp_path / "logs" / "recheck.log"
    config = json.dumps({"sample": 1, "seed": 0})
    words = ["recheck", "some_claim", "--config", config, "--input", str(claim), "--output", str(output)]
    return claim, output, log, [*words, "--log", str(log)]


def test_a_missing_file_is_one_sentence_and_no_traceback(arguments, capsys):
    _, output, log, words = arguments
    assert command.main(words) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("rescert recheck some_claim: expected to use the file")
    assert not output.exists()
    assert "Traceback" in log.read_text()
    assert said.err in log.read_text()


def test_a_damaged_file_is_one_sentence(arguments, capsys):
    claim, output, _, words = arguments
    record.write_text(claim, '{"claim": "some_')
    assert command.main(words) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(claim) in said
    assert "delete it and run again" in said
    assert not output.exists()


def test_a_traceback_is_raised_when_asked_for(arguments, monkeypatch):
    monkeypatch.setenv("RESCERT_TRACEBACK", "1")
    with pytest.raises(FileNotFoundError):
        command.main(arguments[3])


@pytest.mark.parametrize("config", ["{", "[1]", "3"])
def test_a_config_that_is_no_json_object_is_refused(config, capsys):
    with pytest.raises(SystemExit) as exit_:
        command.main(["certify", "some_claim", "--config", config])
    assert exit_.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_a_finished_stage_says_one_line_and_logs_it(arguments, capsys):
    claim, output, log, words = arguments
    record.write_json(claim, {"claim": "some_claim", "certificates": {}})
    (claim.parent.parent / "certificates" / "some_claim").mkdir(parents=True)
    assert command.main(words) == 0
    said = capsys.readouterr()
    assert said.out.startswith("recheck some_claim: 0 of 0 certificates accepted, ")
    assert said.out.count("\n") == 1
    assert said.err == ""
    assert said.out in log.read_text()
    assert record.read_json(output)["claim"] == "some_claim"


def test_redrawn_lines_stay_out_of_the_log(tmp_path, capsys):
    with command._logging(tmp_path / "log"):
        sys.stderr.write("\r 10%")
        sys.stderr.write("a warning\n")
    assert (tmp_path / "log").read_text() == "a warning\n"
    assert capsys.readouterr().err == "\r 10%a warning\n"


WRITER = """
import signal, sys, time
from rescert import __main__, record
signal.signal(signal.SIGTERM, __main__._terminate)
with record.replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_sigterm_leaves_no_part_of_a_file(tmp_path):
    target = tmp_path / "whole.json"
    target.write_text("old")
    started = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 128 + signal.SIGTERM
    assert time.monotonic() - started < 60  # it did not sleep to its end
    assert [p.name for p in tmp_path.iterdir()] == ["whole.json"]
    assert target.read_text() == "old"


THREADS = """
import os
from rescert import runtime
runtime.set_threads(3)
import torch
runtime.set_threads(3)
print(torch.get_num_threads(), os.environ["OPENBLAS_NUM_THREADS"])
"""


def test_threads_come_from_the_config_not_from_the_environment_or_the_cores(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    answer = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["3", "3"]
    with pytest.raises(ValueError, match="expected at least one thread, got 0"):
        runtime.set_threads(0)
