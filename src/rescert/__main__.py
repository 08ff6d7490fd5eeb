"""The command line: parse, call, write. One function a verb, one verb a stage.

python -m rescert VERB NAME --config JSON --input FILE… --output FILE… [--tracking off]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

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

    runtime.set_threads(args.config.get("threads", 1))
    return runtime.device(args.config.get("device", "auto"))


def prepare(args: argparse.Namespace) -> None:
    source = import_module(f"rescert.data.{args.config['source']}")
    arrays, origin = source.prepare(args.config)
    record.write_tensors(_output(args, ".safetensors"), arrays, origin)


def decompose(args: argparse.Namespace) -> None:
    from rescert.decomposition.factors import decompose as factorise

    table, content = factorise(args.config)
    record.write_parquet(_output(args, ".parquet"), table)
    record.write_json(_output(args, ".json"), {**content, **_provenance(args, "rescert.decomposition.factors")})


def train(args: argparse.Namespace) -> None:
    device = _device(args)
    trainer = import_module(f"rescert.dynamics.{args.config['trainer']}")
    with _emitting(args, f"networks/{args.name}") as emit:
        trained = trainer.train(args.config, _inputs(args.input), device, emit)
    record.write_tensors(_output(args, "weights.safetensors"), trained.weights)
    record.write_parquet(_output(args, "history.parquet"), trained.history)
    module = f"rescert.networks.{args.config['architecture']}"
    record.write_json(
        _output(args, "record.json"), {**trained.record, **_provenance(args, module), "device": device.type}
    )


def search(args: argparse.Namespace) -> None:
    from rescert.landscape.search import search as find

    device = _device(args)
    with _emitting(args, f"critical_points/{args.name}") as emit:
        arrays, table = find(args.config, _inputs(args.input), device, emit)
    record.write_tensors(_output(args, ".safetensors"), arrays, {"config_hash": record.config_hash(args.config)})
    record.write_parquet(_output(args, ".parquet"), table)


def certify(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from rescert import runtime
    from rescert.assessment import assess

    runtime.set_threads(args.config.get("threads", 1))
    output = _output(args, ".json")
    folder = output.parent.parent / "certificates" / args.name

    def progress(items: list) -> Iterable:
        return tqdm(items, desc=f"certify {args.name}", unit="instance", disable=not sys.stderr.isatty())

    assessment = assess(args.name, args.config, _inputs(args.input), progress)
    for name, certificate in assessment.certificates.items():
        if certificate.arrays is not None:
            record.write_bytes(folder / certificate.arrays_name, certificate.arrays)
        record.write_text(folder / f"{name}.json", certificate.text)
    _remove_stale(folder, assessment.certificates)
    record.write_parquet(_output(args, ".parquet"), assessment.rows)
    provenance = _provenance(args, f"rescert.claims.{args.name}")
    record.write_json(output, {**assessment.content, **provenance})


def _remove_stale(folder: Path, certificates: dict[str, Any]) -> None:
    """Drop certificates of earlier configs, so that the folder holds what the claim file names."""
    keep = {f"{name}.json" for name in certificates} | {c.arrays_name for c in certificates.values()}
    for path in folder.glob("*"):
        if path.name not in keep:
            path.unlink()


def recheck(args: argparse.Namespace) -> None:
    from rescert.certify.check import recheck as accept

    source, output = args.input[0], _output(args, ".json")
    content = record.read_json(source)
    record.write_json(output, accept(content, source.parent.parent / "certificates" / args.name, args.config))


def draw(args: argparse.Namespace) -> None:
    from rescert.figures.drawing import draw as plot

    tables = {need_of(p): record.read_parquet(p) for p in args.input if p.suffix == ".parquet"}
    plot(args.name, tables, args.output)


def track(args: argparse.Namespace) -> None:
    from rescert import tracking

    tracking.track(args.tracking, args.config, args.input, args.output)


def report(args: argparse.Namespace) -> None:
    from rescert.report.page import build

    build(args.config, args.input, args.output)


def _provenance(args: argparse.Namespace, module: str) -> dict[str, Any]:
    return {
        "name": args.name,
        "stage": args.verb,
        "config": args.config,
        "config_hash": record.config_hash(args.config),
        "code_hash": record.code_hash(module),
    }


VERBS = {f.__name__: f for f in (prepare, decompose, train, search, certify, recheck, draw, track, report)}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rescert", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("name", help="the dataset, map, network, search, claim or figure; 'all' for track and report")
    parser.add_argument("--config", type=json.loads, default={}, help="the resolved config block, as JSON")
    parser.add_argument("--input", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--output", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--tracking", default="off", help="MLflow tracking URI, or 'off' (default)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    args = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        VERBS[args.verb](args)
    except (ValueError, FileNotFoundError) as error:
        if os.environ.get("RESCERT_TRACEBACK"):
            raise
        print(f"rescert {args.verb} {args.name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
