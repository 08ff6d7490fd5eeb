"""Files: the only code that knows a format. JSON, parquet and safetensors, written whole or not at all.

Every writer is deterministic (same content, same bytes) and atomic: a reader, or a run that is killed at
any moment, sees the old file or the new one, never a part.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

METADATA_KEY = "rescert"  # one key only: safetensors writes several in hash order, which is not deterministic


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when the block ends without an error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def alone(path: str | Path) -> Iterator[None]:
    """Wait for the OS lock on a file and hold it; it ends with the process, so no lock outlives a kill."""
    import fcntl

    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_bytes(path: str | Path, content: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, content: str) -> None:
    write_bytes(path, content.encode())


def dump_json(content: Any) -> str:
    """Canonical JSON: sorted keys, no NaN or infinity, floats in shortest form that reads back exactly."""
    return json.dumps(content, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: Any) -> Any:
    """JSON of NumPy scalars and arrays; anything else is a mistake of ours."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"expected a JSON value, got {type(value).__name__}")


def write_json(path: str | Path, content: Any) -> None:
    write_text(path, dump_json(content))


def read_json(path: str | Path) -> Any:
    try:
        return json.loads(Path(path).read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"expected JSON in '{path}', got a damaged file ({error}); delete it and run again") from None


def write_parquet(path: str | Path, table: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        table.to_parquet(temporary, engine="pyarrow", compression="zstd", index=False)


def read_parquet(path: str | Path) -> pd.DataFrame:
    import pandas as pd
    import pyarrow

    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise ValueError(
            f"expected parquet in '{path}', got a damaged file ({error}); delete it and run again"
        ) from None


def dump_tensors(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any] | None = None) -> bytes:
    """The safetensors bytes of ``arrays`` (C order, little-endian), with JSON ``metadata``."""
    import numpy as np
    from safetensors.numpy import save

    header = {METADATA_KEY: json.dumps(metadata, sort_keys=True, allow_nan=False)} if metadata else None
    return save({name: np.asarray(a, order="C") for name, a in arrays.items()}, metadata=header)


def write_tensors(
    path: str | Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any] | None = None
) -> None:
    write_bytes(path, dump_tensors(arrays, metadata))


def read_tensors(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the metadata of a safetensors file."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = json.loads((file.metadata() or {}).get(METADATA_KEY, "{}"))
            return {name: file.get_tensor(name) for name in sorted(file.keys())}, metadata
    except SafetensorError as error:
        raise ValueError(
            f"expected safetensors in '{path}', got a damaged file ({error}); delete it and run again"
        ) from None


def sha256(content: bytes | str | Path) -> str:
    """SHA-256 in hexadecimal of bytes, of a text in UTF-8, or of the file at a path."""
    if isinstance(content, Path):
        with content.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def config_hash(config: Any) -> str:
    """Sixteen hexadecimal digits that name a resolved config block."""
    return sha256(dump_json(config))[:16]


def code_hash(*modules: str) -> str:
    """Sixteen hexadecimal digits that name the sources that modules run on: their files and their imports."""
    from rescert.sources import imported_files

    files = sorted({p for module in modules for p in imported_files(module)})
    return sha256("".join(f"{p.name} {sha256(p)}\n" for p in files))[:16]
