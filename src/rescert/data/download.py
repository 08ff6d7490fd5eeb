"""Fetch a file from one of several mirrors: resumable, checked, and never half-written under its own name."""

from __future__ import annotations

import http.client
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

TIMEOUT = 8.0  # seconds without a byte, connecting included: a machine with no network must not wait long
CHUNK = 1 << 16
SUCCESS, PARTIAL, RANGE_NOT_SATISFIABLE = 200, 206, 416
# What urllib raises when the line is away, slow or cut; an HTTP status is a `URLError` too.
BROKEN = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)


class Unreachable(Exception):
    """No mirror answered at all: there is no network, or every mirror is down."""


def fetch(name: str, mirrors: Sequence[str], folder: Path, check: Callable[[bytes, str], object]) -> Path:
    """``folder/name``, fetched from the first mirror (a URL ending in '/') whose content passes ``check``.

    A broken transfer leaves ``name.part``, which the next mirror or the next call continues by a Range request.
    ``check(content, name)`` raises ``ValueError`` for bad content, which is then thrown away.

    Raises `Unreachable` if no mirror answers, ``ValueError`` (the last mirror's sentence) if none gives good content.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / name, folder / f"{name}.part"
    answers: list[str] = []
    for mirror in mirrors:
        try:
            _transfer(mirror + name, part, name)
        except BROKEN as error:
            if part.exists() or isinstance(error, urllib.error.HTTPError):
                answers.append(f"expected '{name}' from {mirror}, got a broken transfer ({error})")
            continue
        try:
            check(part.read_bytes(), name)
        except ValueError as refusal:
            part.unlink()
            answers.append(f"{refusal}; it came from {mirror}")
            continue
        part.replace(target)
        return target
    if not answers:
        raise Unreachable(f"no mirror of '{name}' answers (asked: {', '.join(mirrors) or 'none'})")
    raise ValueError(f"{answers[-1]}; run again to try again, or name a folder with the files in RESCERT_MNIST_DIR")


def _transfer(url: str, part: Path, name: str) -> None:
    """Append what is missing to ``part``; a server that knows no ranges sends it all again."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == RANGE_NOT_SATISFIABLE and have:
            return  # nothing is missing; the check decides whether what we have is right
        raise
    with response:
        resumed = response.status == PARTIAL
        length = response.headers.get("Content-Length")
        done = have if resumed else 0
        total = done + int(length) if length else None
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(
                total=total, initial=done, unit="B", unit_scale=True, desc=name, disable=not sys.stderr.isatty()
            ) as bar,
        ):
            while chunk := response.read(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
                done += len(chunk)
    if total is not None and done < total:
        raise http.client.IncompleteRead(b"", total - done)
