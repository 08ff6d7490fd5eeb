"""The MLflow UI on the store of a finished run: the MNIST run is listed, and its curve is drawn."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from rescert import record
from rescert.tracking import TRAINING

pytestmark = pytest.mark.browser

PATIENCE = 180  # seconds until a server that does not answer is a failure


@pytest.fixture(scope="module")
def server(tiny_run, tmp_path_factory):
    """The address of an MLflow server on loopback, as `make ui` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", address.rpartition(":")[2]]
    command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{tiny_run}/mlflow.db"]
    command += ["--artifacts-destination", str(tiny_run / "mlartifacts")]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    log = tmp_path_factory.mktemp("mlflow") / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env={**os.environ, **quiet}, stdout=output, stderr=output)
    try:
        end = time.monotonic() + PATIENCE
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"expected an MLflow server at {address}, got:\n{log.read_text()}")
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as reply:
            return reply.status == 200
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


@pytest.fixture(scope="module")
def tracked(tiny_run):
    """What the pipeline wrote down of the MNIST run."""
    return record.read_json(tiny_run / "results/tracking/networks__ns_figure5.json")


def test_the_runs_page_lists_the_mnist_run(browser, server, tracked):
    browser.open(f"{server}/#/experiments/{tracked['experiment_id']}/runs{TRAINING}")
    link = "return document.querySelector(`a[href*='${arguments[0]}']`)?.innerText ?? ''"
    browser.wait(lambda: "ns_figure5" in browser.run(link, tracked["run_id"]), "a link to the run of ns_figure5")


def test_the_run_shows_its_accuracy(browser, server, tracked):
    browser.open(f"{server}/{tracked['page']}")
    browser.sees("ns_figure5")
    browser.sees("test_accuracy")


def test_the_run_draws_its_curves(browser, server, tracked):
    browser.open(f"{server}/{tracked['page'].replace('?', '/model-metrics?')}")
    lines = "return document.querySelectorAll('.js-plotly-plot .scatterlayer path').length"
    browser.wait(lambda: browser.run(lines), "a metric's curve")
    browser.sees("ns_figure5 (")
