"""Certificates as files: canonical JSON whose arrays lie in safetensors files named by their SHA-256.

An assertion is a JSON object ``{"kind": …, …}`` from the fixed vocabulary of `rescert.certify.check`. In
memory it may hold NumPy arrays anywhere, or `StoredArray` references to a tensor of a file that exists
already (trained weights are referred to, not copied); on file both are ``{"file": sha256, "tensor": name}``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FORMAT = "rescert certificate 1"


@dataclass(frozen=True)
class StoredArray:
    """A tensor of an existing safetensors file; ``path`` is relative to the certificate's folder."""

    path: str
    sha256: str
    tensor: str


@dataclass(frozen=True)
class Serialised:
    """The bytes of a certificate, and of the array file that it names (None if it has no own arrays)."""

    text: str
    arrays: bytes | None
    arrays_name: str | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def serialise(
    claim: str,
    instance: Mapping[str, Any],
    assertions: Sequence[Mapping[str, Any]],
    dump_tensors: Callable[[Mapping[str, np.ndarray]], bytes],
) -> Serialised:
    """The certificate of one instance. Equal arrays are stored once; tensors are named by their content."""
    arrays: dict[str, np.ndarray] = {}
    files: dict[str, str] = {}

    def refer(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                raise ValueError("expected finite arrays in a certificate, got NaN or infinity")
            name = hashlib.sha256(f"{value.dtype}{value.shape}".encode() + value.tobytes()).hexdigest()[:16]
            arrays[name] = value
            return {"file": None, "tensor": name}
        if isinstance(value, StoredArray):
            files[value.sha256] = value.path
            return {"file": value.sha256, "tensor": value.tensor}
        if isinstance(value, Mapping):
            return {key: refer(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [refer(item) for item in value]
        return value.item() if isinstance(value, np.generic) else value

    entries = refer(list(assertions))
    content = dump_tensors(arrays) if arrays else None
    name = f"{hashlib.sha256(content).hexdigest()}.safetensors" if content is not None else None
    if name is not None:
        own = name.removesuffix(".safetensors")
        files[own] = name
        entries = _bind(entries, own)
    document = {
        "format": FORMAT,
        "claim": claim,
        "instance": refer(dict(instance)),
        "files": files,
        "assertions": entries,
    }
    text = json.dumps(document, sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    return Serialised(text, content, name)


def _bind(value: Any, own: str) -> Any:
    """Put the hash of the certificate's own array file where a reference says ``file: None``."""
    if isinstance(value, dict):
        if value.keys() == {"file", "tensor"} and value["file"] is None:
            return {**value, "file": own}
        return {key: _bind(item, own) for key, item in value.items()}
    return [_bind(item, own) for item in value] if isinstance(value, list) else value
