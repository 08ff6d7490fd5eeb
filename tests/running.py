"""How the tests run the whole pipeline at its smallest: command and environment."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent


def snakemake_command(output: Path, *arguments: str, configfiles: Sequence[Path] = ()) -> list[str]:
    configs = [str(ROOT / "config" / "tiny.yaml"), str(ROOT / "tests" / "offline.yaml"), *map(str, configfiles)]
    store = f"sqlite:///{output}/mlflow.db"
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", *configs]
    return [*command, "--config", f"output={output}", f"tracking={store}", *arguments]


def environment() -> dict[str, str]:
    """Without what would lead a run elsewhere than to its own store and the embedded digits."""
    dropped = ("MLFLOW_TRACKING_URI", "RESCERT_MNIST_DIR", "RESCERT_TRACEBACK")
    return {key: value for key, value in os.environ.items() if key not in dropped}
