"""One run of the whole pipeline at its smallest, shared by all tests that look at a finished tree."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from running import ROOT, environment, snakemake_command

# Before torch is imported: threads that wait by spinning starve each other where other jobs share the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
Snakemake = Callable[..., subprocess.CompletedProcess]


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
