"""The command line: parse, call, write. One function a verb, one verb a stage.

python -m rescert VERB NAME --config JSON --input FILE… --output FILE… [--tracking off] [--log FILE]

A mistake of the user's (bad value, missing or damaged file) is one sentence and exit code 1; its traceback is
in the log. Compute verbs need neither MLflow nor Snakemake.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from rescert import record

Emit = Callable[[dict[str, float], int], None]


def need_of(path: Path) -> str:
    """The name under which a claim or a stage asks for a file: ``networks/ns_figure5``, ``datasets/mnist``."""
    if path.parent.parent.name == "networks":
        return f"networks/{path.parent.name}"
    return f"datasets/{path.stem}" if path.parent.name == "processed" else f"{path.parent.name}/{path.stem}"


def _inputs(paths: Iterable[Path]):
    from rescert.claim import Inputs

    files: dict[str, list[Path]] = {}
    for path in paths:
        files.setdefault(need_of(path), []).append(path)
    return Inputs(files)


def _output(args: argparse.Namespace, suffix: str) -> Path:
    found = [p for p in args.output if p.name.endswith(suffix)]
    if len(found) != 1:
        raise ValueError(f"expected one --output ending in {suffix} for '{args.verb}', got {len(found)}")
    return found[0]


@contextmanager
def _emitting(args: argparse.Namespace, record_name: str) -> Iterator[Emit]:
    """A callback that streams metrics to MLflow while computing; with ``--tracking off`` it drops them."""
    if args.tracking == "off":
        yield lambda metrics, step: None
        return
    from rescert import tracking

    with tracking.streaming(args.tracking, record_name, args.config, args.output) as emit:
        yield emit


def _device(args: argparse.Namespace):
    from rescert import runtime

    runtime.keep_freed_memory()
    device = runtime.device(args.config.get("device", "auto"))
    runtime.set_threads(args.config.get("threads", 1))
    return device


def prepare(args: argparse.Namespace) -> None:
    source = import_module(f"rescert.data.{args.config['source']}")
    arrays, origin = source.prepare(args.config)
    record.write_tensors(_output(args, ".safetensors"), arrays, origin)


def decompose(args: argparse.Namespace) -> None:
    from rescert import runtime
    from rescert.decomposition import factors

    table, content = factors.decompose(args.config, runtime.generator)
    record.write_parquet(_output(args, ".parquet"), table)
    record.write_json(_output(args, ".json"), {**content, **_provenance(args, "rescert.decomposition.factors")})


def _bar(description: str) -> Callable[[Iterable], Iterable]:
    """A progress bar with rate and remaining time, on a terminal only."""
    from tqdm import tqdm

    return lambda steps: tqdm(steps, desc=description, unit="step", disable=not sys.stderr.isatty())


def train(args: argparse.Namespace) -> None:
    from rescert import runtime

    device = _device(args)
    runtime.set_matmul_precision(args.config.get("matmul_precision", "highest"))
    trainer = import_module(f"rescert.dynamics.{args.config['trainer']}")
    modules = (f"rescert.networks.{args.config['architecture']}", trainer.__name__)
    with _emitting(args, f"networks/{args.name}") as emit:
        given = {"generator": runtime.generator, "progress": _bar(f"train {args.name}")}
        trained = trainer.train(args.config, _inputs(args.input), device, emit, **given)
        record.write_tensors(_output(args, "weights.safetensors"), trained.weights)
        record.write_parquet(_output(args, "history.parquet"), trained.history)
        content = {**trained.record, **_provenance(args, *modules), "device": device.type}
        record.write_json(_output(args, "record.json"), content)


def search(args: argparse.Namespace) -> None:
    from rescert import runtime
    from rescert.landscape.search import search as find

    device = _device(args)
    with _emitting(args, f"critical_points/{args.name}") as emit:
        arrays, table = find(args.config, _inputs(args.input), device, emit, generator=runtime.generator)
        modules = (f"rescert.networks.{args.config['architecture']}", "rescert.landscape.search")
        provenance = {**_provenance(args, *modules), "device": device.type}
        record.write_tensors(_output(args, ".safetensors"), arrays, provenance)
        record.write_parquet(_output(args, ".parquet"), table)


def slice(args: argparse.Namespace) -> None:
    from rescert import runtime
    from rescert.landscape import slicing

    arrays, table, content = slicing.cut(args.config, _inputs(args.input), generator=runtime.generator)
    provenance = _provenance(args, slicing.__name__)
    record.write_tensors(_output(args, ".safetensors"), arrays, provenance)
    record.write_parquet(_output(args, ".parquet"), table)
    record.write_json(_output(args, ".json"), {**content, **provenance})


def certify(args: argparse.Namespace) -> str:
    from tqdm import tqdm

    from rescert import claim, runtime
    from rescert.assessment import assess

    claim.load(args.name)
    runtime.set_threads(args.config.get("threads", 1))
    output = _output(args, ".json")
    folder = output.parent.parent / "certificates" / args.name

    def progress(items: list) -> Iterable:
        return tqdm(items, desc=f"certify {args.name}", unit="instance", disable=not sys.stderr.isatty())

    assessment = assess(args.name, args.config, _inputs(args.input), progress)
    folder.mkdir(parents=True, exist_ok=True)
    for name, certificate in assessment.certificates.items():
        if certificate.arrays is not None:
            record.write_bytes(folder / certificate.arrays_name, certificate.arrays)
        record.write_text(folder / f"{name}.json", certificate.text)
    _remove_stale(folder, assessment.certificates)
    record.write_parquet(_output(args, ".parquet"), assessment.rows)
    provenance = _provenance(args, f"rescert.claims.{args.name}")
    record.write_json(output, {**assessment.content, **provenance})
    verdicts = Counter(s["verdict"] for s in assessment.content["statements"])
    return f"{verdicts.total()} statements: " + ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())


def _remove_stale(folder: Path, certificates: dict[str, Any]) -> None:
    """Drop certificates of earlier configs, so that the folder holds what the claim file names."""
    keep = {f"{name}.json" for name in certificates} | {c.arrays_name for c in certificates.values()}
    for path in folder.glob("*"):
        if path.name not in keep:
            path.unlink()


def recheck(args: argparse.Namespace) -> str:
    from rescert.certify.check import recheck as accept

    source, output = args.input[0], _output(args, ".json")
    content = record.read_json(source)
    with redirect_stdout(args.details):
        outcome = accept(content, source.parent.parent / "certificates" / args.name, args.config)
    record.write_json(output, outcome)
    answers = [c["accepted"] for c in outcome["certificates"].values()]
    refused = f", {answers.count(False)} REFUSED" if False in answers else ""
    return f"{answers.count(True)} of {len(answers)} certificates accepted{refused}"


def draw(args: argparse.Namespace) -> None:
    from rescert.figures.drawing import draw as plot

    tables = {need_of(p): record.read_parquet(p) for p in args.input if p.suffix == ".parquet"}
    plot(args.name, tables, args.output)


def track(args: argparse.Namespace) -> None:
    from rescert import tracking

    if args.name == "store":
        tracking.create(args.tracking, args.output)
    elif args.name == "pages":
        print("\n".join(tracking.pages(args.tracking, args.config["server"])) or "no runs yet: make")
    else:
        tracking.track(args.tracking, args.input, args.output)


def report(args: argparse.Namespace) -> None:
    from rescert.report.page import build

    build(args.config, args.input, args.output)


def _provenance(args: argparse.Namespace, *modules: str) -> dict[str, Any]:
    return {
        "name": args.name,
        "stage": args.verb,
        "config": args.config,
        "config_hash": record.config_hash(args.config),
        "code_hash": record.code_hash(*modules),
    }


VERBS: dict[str, Callable[[argparse.Namespace], str | None]] = {
    f.__name__: f for f in (prepare, decompose, train, search, slice, certify, recheck, draw, track, report)
}


def _block(text: str) -> dict[str, Any]:
    try:
        block = json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"expected JSON, got {text!r} ({error})") from None
    if not isinstance(block, dict):
        raise argparse.ArgumentTypeError(f"expected a JSON object, got {text!r}")
    return block


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rescert", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("name", help="of the config's entry or figure; all for report; all, store or pages for track")
    parser.add_argument("--config", type=_block, default={}, help="the resolved config block, as JSON")
    parser.add_argument("--input", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--output", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--tracking", default="off", help="MLflow tracking URI, or 'off' (default)")
    parser.add_argument("--log", type=Path, help="also write what is said to this file")
    return parser.parse_args(arguments)


class _Tee:
    """A stream whose finished lines go to a log file as well; a progress bar's redrawn ones do not."""

    def __init__(self, stream: TextIO, log: TextIO) -> None:
        self.stream, self.log = stream, log

    def write(self, text: str) -> int:
        if "\r" not in text:
            self.log.write(text)
            self.log.flush()
        return self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def _logging(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as log, redirect_stdout(_Tee(sys.stdout, log)), redirect_stderr(_Tee(sys.stderr, log)):
        yield log


def _terminate(number: int, frame: FrameType | None) -> None:
    """SIGTERM unwinds the stack, so that part files are removed and a tracking run is marked KILLED."""
    raise SystemExit(128 + number)


def main(arguments: Sequence[str] | None = None) -> int:
    from rescert import runtime

    args = parse(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _terminate)
    with _logging(args.log) as log:
        args.details = log or sys.stdout
        started = time.monotonic()
        try:
            runtime.set_threads(args.config.get("threads", 1))
            outcome = VERBS[args.verb](args)
        except (ValueError, OSError) as error:
            if os.environ.get("RESCERT_TRACEBACK"):
                raise
            if log is not None:
                traceback.print_exc(file=log)
            print(f"rescert {args.verb} {args.name}: {_one_sentence(error)}", file=sys.stderr)
            return 1
        seconds = time.monotonic() - started
        print(f"{args.verb} {args.name}: {f'{outcome}, ' if outcome else ''}{seconds:.1f} s")
    return 0


def _one_sentence(error: ValueError | OSError) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"expected to use the file '{error.filename}', got: {error.strerror}"
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
