"""One run of the whole pipeline at its smallest, shared by all tests that look at a finished tree."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

# Before torch is imported: threads that wait by spinning starve each other where other jobs share the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
ROOT = Path(__file__).parent.parent
Snakemake = Callable[..., subprocess.CompletedProcess]


def snakemake_command(output: Path, *arguments: str, configfiles: Sequence[Path] = ()) -> list[str]:
    configs = [str(ROOT / "config" / "tiny.yaml"), str(ROOT / "tests" / "offline.yaml"), *map(str, configfiles)]
    store = f"sqlite:///{output}/mlflow.db"
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", *configs]
    return [*command, "--config", f"output={output}", f"tracking={store}", *arguments]


def environment() -> dict[str, str]:
    """Without what would lead a run elsewhere than to its own store and the embedded digits."""
    dropped = ("MLFLOW_TRACKING_URI", "RESCERT_MNIST_DIR", "RESCERT_TRACEBACK")
    return {key: value for key, value in os.environ.items() if key not in dropped}


@pytest.fixture(scope="session")
def snakemake() -> Snakemake:
    """Run Snakemake with the tiny config into a folder: ``snakemake(output, *arguments, configfiles=[…])``."""

    def run(output: Path, *arguments: str, configfiles: Sequence[Path] = ()) -> subprocess.CompletedProcess:
        command = snakemake_command(output, *arguments, configfiles=configfiles)
        return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)

    return run


@pytest.fixture(scope="session")
def tiny_run(snakemake: Snakemake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output root of one finished run of the tiny config. Read it; copy it before changing it."""
    output = tmp_path_factory.mktemp("tiny")
    finished = snakemake(output)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return output
