"""MLflow, where people browse the records: the only file that imports it. No number is read back from it.

A run is keyed by (record, config hash, attempt). `streaming` opens it while a job computes and sends points
every few seconds; `track` finds it by its key once the record is on disk, resumes after the last step, adds
parameters, tags and files, and closes it. A server that is away stops nothing: the record is complete on
disk, and the next run of Snakemake tracks it.
"""

from __future__ import annotations

import logging
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rescert import record, runtime
from rescert.finished import STAGES, Record, find, paper, papers_of, primary

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Run

BATCH = 1000  # metric points that MLflow takes in one call; also the most that we stream of one metric
FLUSH_SECONDS = 3.0
TRAINING = "?workflowType=machine_learning"  # else the pages open in MLflow's mode for language models


class TrackingError(ValueError):
    """MLflow is not installed, or its store does not answer."""


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what MLflow and its database raise when they are away into `TrackingError`, one sentence."""
    try:
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ModuleNotFoundError as error:
        raise TrackingError(f"expected MLflow to be installed, but Python has no module '{error.name}'") from None
    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise TrackingError(f"expected MLflow to answer, got: {str(error).splitlines()[0]}") from error


@dataclass(frozen=True)
class Store:
    """An MLflow store; ``artifacts`` is the folder beside a sqlite file, None for a server that keeps its own."""

    uri: str
    client: MlflowClient
    artifacts: Path | None

    def experiment(self, name: str) -> str:
        """The id of an experiment, made if it is not there; ends what dead processes left RUNNING in it."""
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(name)
        if found is not None:
            sweep(self, found.experiment_id)
            return found.experiment_id
        # Local artifact paths would be stored as absolute ones; under this scheme the server maps them to
        # ./mlartifacts beside the database, so that a checkout can be moved.
        slug = "".join(c if c.isascii() and c.isalnum() else "-" for c in name).strip("-").lower()
        location = f"mlflow-artifacts:/{slug}" if self.artifacts is not None else None
        try:
            return self.client.create_experiment(name, artifact_location=location)
        except MlflowException:  # a job beside this one was quicker
            found = self.client.get_experiment_by_name(name)
            if found is None:
                raise
            return found.experiment_id

    def runs(self, experiment: str, **tags: str) -> list[Run]:
        """The runs with these tags, the latest attempt first."""
        query = " and ".join(f"tags.{key} = '{value}'" for key, value in tags.items())
        runs = list(self.client.search_runs([experiment], query, max_results=1000))
        return sorted(runs, key=lambda run: -int(run.data.tags.get("attempt", 0)))

    def attach(self, run: Run, path: Path, folder: str) -> None:
        if self.artifacts is None:
            self.client.log_artifact(run.info.run_id, str(path), folder or None)
            return
        place = self.artifacts / run.info.artifact_uri.partition(":")[2].lstrip("/")
        record.write_bytes(place / folder / path.name, path.read_bytes())


def connect(uri: str) -> Store:
    """Open the store of a tracking URI, and create a sqlite one that is not there; raises `TrackingError`."""
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
    # MLflow's own seven retries with growing pauses would hold a job up for minutes
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    with _answering():
        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        database = Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None
        # several processes that create a fresh sqlite store at once fail
        with nullcontext() if database is None else record.alone(Path(f"{database}.lock")):
            client = MlflowClient(uri)
            client.search_experiments(max_results=1)
        return Store(uri, client, None if database is None else database.parent / "mlartifacts")


def create(uri: str, outputs: Sequence[Path]) -> None:
    """Create the store before any job streams to it; a server that is away is only a warning."""
    try:
        connect(uri)
    except TrackingError as error:
        _warn(error)
    record.write_json(outputs[0], {"uri": uri})


def _warn(error: TrackingError) -> None:
    print(f"tracking: {error}; the job goes on and its record is tracked by a later run", file=sys.stderr)


def pages(uri: str, server: str) -> list[str]:
    """A line for each experiment that has runs: its name and the address of its runs (not the start page)."""
    store = connect(uri)
    with _answering():
        found = [e for e in store.client.search_experiments() if store.client.search_runs([e.experiment_id])]
        return [f"{e.name}: {server}/#/experiments/{e.experiment_id}/runs{TRAINING}" for e in found]


@contextmanager
def streaming(
    uri: str, name: str, config: Mapping[str, Any], outputs: Sequence[Path]
) -> Iterator[Callable[[dict[str, float], int], None]]:
    """A callback ``emit(metrics, step)`` that sends points to a new run of record ``name`` every few seconds.

    The run ends FINISHED, FAILED after an exception, or KILLED after SIGTERM or an interrupt (as
    ``SystemExit`` and ``KeyboardInterrupt``). A store that is away, now or later, is one warning.
    """
    tags = {"record": name, "config_hash": record.config_hash(config), "snakemake_output": str(primary(outputs))}
    tags |= {"paper": paper(name), "stage": STAGES[name.split("/")[0]]}
    try:
        store = connect(uri)
        with _answering():
            run = _open(store, store.experiment(paper(name)), tags, int(time.time() * 1000))
        stream: _Stream | None = _Stream(store, run.info.run_id)
    except TrackingError as error:
        _warn(error)
        stream = None
    status = "FAILED"
    try:
        yield stream.emit if stream else lambda metrics, step: None
        status = "FINISHED"
    except (SystemExit, KeyboardInterrupt):
        status = "KILLED"
        raise
    finally:
        if stream is not None:
            stream.close(status)


@dataclass
class _Stream:
    """Points of one run on their way to MLflow; goes silent, with one warning, if the store does."""

    store: Store
    run_id: str
    points: list[Metric] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    silent: bool = False
    flushed: float = field(default_factory=time.monotonic)

    def emit(self, metrics: dict[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        for key, value in metrics.items():
            self.counts[key] += 1
            if self.counts[key] <= BATCH:
                self.points.append(Metric(key, float(value), now, step))
        if time.monotonic() - self.flushed > FLUSH_SECONDS:
            self._call(self._flush)

    def _flush(self) -> None:
        self.flushed = time.monotonic()
        points, self.points = self.points, []
        _send(self.store, self.run_id, points)

    def _call(self, action: Callable[[], None]) -> None:
        if self.silent:
            return
        try:
            with _answering():
                action()
        except TrackingError as error:
            self.silent = True
            _warn(error)

    def close(self, status: str) -> None:
        self._call(self._flush)
        self._call(lambda: self.store.client.set_terminated(self.run_id, status))


def _send(store: Store, run_id: str, points: Sequence[Any]) -> None:
    for start in range(0, len(points), BATCH):
        store.client.log_batch(run_id, metrics=points[start : start + BATCH])


def _open(store: Store, experiment: str, tags: Mapping[str, str], started: int) -> Run:
    """A new run; its attempt is one more than the last of the same output."""
    earlier = store.runs(experiment, snakemake_output=tags["snakemake_output"])
    attempt = 1 + max((int(run.data.tags.get("attempt", 0)) for run in earlier), default=0)
    own = {**tags, "attempt": str(attempt), "superseded": "false", **runtime.process()}
    # the section is part of the name: a network and the claim about it are runs of one experiment
    return store.client.create_run(experiment, start_time=started, tags=own, run_name=tags["record"])


def sweep(store: Store, experiment: str) -> None:
    """End the RUNNING runs whose process on this host is dead: SIGKILL leaves them so."""
    for run in store.runs(experiment, host=platform.node()):
        if run.info.status == "RUNNING" and not runtime.alive(run.data.tags):
            store.client.set_terminated(run.info.run_id, "KILLED")


def track(uri: str, inputs: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Log every finished record among ``inputs`` once; ``outputs`` are named by record (``claims__x.json``).

    Writes to each the id of its run, or, where the store is away, that there is none and why.
    """
    records = [find(output, inputs) for output in outputs]
    papers = papers_of(records)
    try:
        store: Store | None = connect(uri)
        reason = ""
    except TrackingError as error:
        _warn(error)
        store, reason = None, str(error)
    experiments: dict[str, str] = {}
    for finished, output in zip(records, outputs, strict=True):
        about: dict[str, Any] = {"record": finished.name, "uri": uri, "run_id": None, "reason": reason}
        if store is not None:
            try:
                with _answering():
                    name = papers[finished.name]
                    experiments[name] = experiments.get(name) or store.experiment(name)
                    about |= _log(store, finished, name, experiments[name])
            except TrackingError as error:
                _warn(error)
                about["reason"] = str(error)
                store, reason = None, str(error)
        about |= {"seconds": finished.seconds, "host": platform.node()}
        record.write_json(output, {**about, "date": datetime.now(UTC).isoformat(timespec="seconds")})


def _log(store: Store, finished: Record, paper_name: str, experiment: str) -> dict[str, Any]:
    """Find or open the run of a record, complete it, and supersede the earlier ones of the same output."""
    tags = {**finished.tags(), "paper": paper_name}
    current = store.runs(experiment, **{key: tags[key] for key in ("snakemake_output", "config_hash")})
    run = next((r for r in current if r.data.tags.get("record_sha256") == finished.digest), None)
    if run is None:
        # a streamed run waits for its record; any other attempt of this config was about another record
        awaits = current and "record_sha256" not in current[0].data.tags and current[0].info.status == "FINISHED"
        started = int((finished.primary.stat().st_mtime - (finished.seconds or 0)) * 1000)
        run = current[0] if awaits else _open(store, experiment, tags, started)
        _complete(store, run, finished, tags)
    _supersede(store, experiment, run, tags["snakemake_output"])
    return {
        "run_id": run.info.run_id,
        "experiment_id": experiment,
        "experiment": paper_name,
        "page": f"#/experiments/{experiment}/runs/{run.info.run_id}{TRAINING}",
        "record_sha256": finished.digest,
    }


def _complete(store: Store, run: Run, finished: Record, tags: Mapping[str, str]) -> None:
    from mlflow.entities import Metric, Param, RunTag

    run_id = run.info.run_id
    params = [Param(key, value) for key, value in finished.params().items()]
    for start in range(0, len(params), 100):
        store.client.log_batch(run_id, params=params[start : start + 100])
    ended = int(finished.primary.stat().st_mtime * 1000)
    points = []
    for key, curve in finished.curves().items():
        last = max((m.step for m in store.client.get_metric_history(run_id, key)), default=-1)
        points += [Metric(key, value, ended, step) for step, value in curve if step > last]
    if finished.seconds is not None:
        points.append(Metric("seconds", finished.seconds, ended, 0))
    _send(store, run_id, points)
    for path, folder in finished.artifacts():
        store.attach(run, path, folder)
    # last, so that a run with a record's checksum has all of it
    store.client.log_batch(run_id, tags=[RunTag(k, v) for k, v in {**tags, "record_sha256": finished.digest}.items()])
    if run.info.status != "FINISHED":
        store.client.set_terminated(run_id, "FINISHED", ended)


def _supersede(store: Store, experiment: str, run: Run, output: str) -> None:
    for earlier in store.runs(experiment, snakemake_output=output, superseded="false"):
        if earlier.info.run_id != run.info.run_id:
            store.client.set_tag(earlier.info.run_id, "superseded", "true")
    if run.data.tags.get("superseded") == "true":  # a record that came back, as when a config change is undone
        store.client.set_tag(run.info.run_id, "superseded", "false")
