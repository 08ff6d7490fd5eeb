"""The IDX format of MNIST: a magic number, the sizes, then unsigned bytes; here gzipped and with a checksum."""

from __future__ import annotations

import gzip
import hashlib
import math
import struct
import zlib

import numpy as np

UNSIGNED_BYTE = 8


def unpack(packed: bytes, name: str) -> bytes:
    """The bytes inside a gzip file; a truncated or damaged one raises ``ValueError`` with its name."""
    try:
        return gzip.decompress(packed)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"expected a whole gzip file in '{name}', got a truncated or damaged one ({error})") from None


def require_checksum(content: bytes, expected: str, name: str) -> None:
    """Raise ``ValueError`` unless ``content`` has the SHA-256 ``expected``."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ValueError(f"expected SHA-256 {expected} of the unpacked '{name}', got {found}: the file is corrupt")


def parse(content: bytes, name: str) -> np.ndarray:
    """The array of unsigned bytes in an IDX file.

    >>> parse(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), "two labels").tolist()
    [7, 9]
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != UNSIGNED_BYTE:
        raise ValueError(f"expected an IDX file of unsigned bytes in '{name}', got other content")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise ValueError(f"expected {dimensions} sizes in the head of '{name}', got {len(content)} bytes")
    shape = struct.unpack(f">{dimensions}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise ValueError(f"expected {math.prod(shape)} bytes of data in '{name}', got {len(content) - start}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
