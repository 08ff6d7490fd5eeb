"""Device, dtype, threads and seeds: the only file that sets them.

Every random draw is made on the CPU in float64 from a generator named by (seed, purpose), then cast and
moved, so that a CPU and a GPU start from the same numbers.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of mallopt(3)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def device(name: str = "auto") -> torch.device:
    """The torch device for ``auto``, ``cpu`` or ``cuda``; ``auto`` takes a GPU where there is one."""
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"expected device auto, cpu or cuda, got '{name}'")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("expected a CUDA device because the config says 'device: cuda', found none; say auto or cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def set_threads(count: int) -> None:
    """Fix the number of compute threads, and the order of MKL's sums: results follow the split of a sum.

    Call it before NumPy is imported: Snakemake sets the same variables to what ``--cores`` leaves, and the linear
    algebra libraries read them once. Call it again when torch is there, which else takes no more than the cores.
    """
    if count < 1:
        raise ValueError(f"expected at least one thread, got {count}")
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(count)))
    # else waiting threads spin, and where other jobs share the cores a training step takes ten times as long
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # but a wait of less than a millisecond is not worth a sleep: a fifth of a step on cores that are free
    os.environ.setdefault("GOMP_SPINCOUNT", "30000")
    # else MKL's LAPACK splits sums by where the heap happens to put its buffers, and the last bit varies by run
    os.environ["MKL_CBWR"] = "AUTO,STRICT"
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)


def set_matmul_precision(name: str) -> None:
    """How a GPU multiplies float32 matrices and convolves: ``highest`` in float32, ``high`` in TF32, or ``medium``.

    TF32 keeps 10 bits of each factor and adds in float32; ``medium`` lets the library go down to bfloat16 inside.
    """
    import torch

    if name not in ("highest", "high", "medium"):
        raise ValueError(f"expected a matmul_precision highest, high or medium, got '{name}'")
    torch.set_float32_matmul_precision(name)
    torch.backends.cudnn.allow_tf32 = name != "highest"


def keep_freed_memory() -> None:
    """Let the C library reuse freed blocks of any size, where it is glibc; elsewhere nothing happens.

    By default large blocks go back to the system at once, and every training step pays for clearing the pages of
    the same tensors again: on a CPU that is up to half of its time.
    """
    import ctypes

    adjust = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if adjust is not None:
        adjust(_MMAP_THRESHOLD, 1 << 30)
        adjust(_TRIM_THRESHOLD, (1 << 31) - 1)


def generator(seed: int, purpose: str) -> torch.Generator:
    """The CPU generator of one purpose: different purposes of one seed are independent streams."""
    import torch

    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def process() -> dict[str, str]:
    """What names this process for good: host, process id, and its start in seconds, since ids come back."""
    import psutil

    return {"host": platform.node(), "pid": str(os.getpid()), "process_start": f"{psutil.Process().create_time():.0f}"}


def alive(named: Mapping[str, str]) -> bool:
    """Whether the process of this host that `process` named still runs."""
    import psutil

    try:
        return abs(psutil.Process(int(named["pid"])).create_time() - float(named["process_start"])) <= 1
    except psutil.NoSuchProcess:
        return False
