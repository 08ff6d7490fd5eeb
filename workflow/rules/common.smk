"""What all rules share: the checked config, where files lie, and what a job depends on."""

import fcntl
import json
import os

import yaml
from snakemake_interface_logger_plugins.common import LogEvent

from rescert import config as settings
from rescert.sources import imported_files

try:
    schema = yaml.safe_load((Path(workflow.basedir) / "workflow/schemas/config.schema.yaml").read_text())
    config = settings.checked(config, schema)
except ValueError as error:
    sys.exit(f"config: {error}")

# Jobs start the Python that runs Snakemake, whether or not its environment is activated.
os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])

# Not in `params`: where runs are shown must not decide whether results are computed again.
TRACKING = os.environ.get("MLFLOW_TRACKING_URI") or config["tracking"]
GPU = int(config["device"] == "cuda")
# What follows "snakemake --cores 2" in the commands that the report shows.
OPTIONS = " ".join(f"--configfile {os.path.relpath(path)}" for path in workflow.overwrite_configfiles)
FILES = {
    "datasets": ["data/processed/{}.safetensors"],
    "decompositions": [
        "results/decompositions/{}.parquet",
        "results/decompositions/{}.json",
    ],
    "networks": [f"results/networks/{{}}/{name}" for name in ("weights.safetensors", "history.parquet", "record.json")],
    "critical_points": [
        "results/critical_points/{}.safetensors",
        "results/critical_points/{}.parquet",
    ],
    "slices": [f"results/slices/{{}}.{kind}" for kind in ("safetensors", "parquet", "json")],
    "claims": ["results/claims/{}.json", "results/claims/{}.parquet"],
}
RECORDS = [f"{section}/{name}" for section in settings.SECTIONS if section != "datasets" for name in config[section]]
# What has a figure, and the section of its tables.
FIGURES = {name: section for section in ("slices", "claims") for name in config[section]}


wildcard_constraints:
    **{section: "|".join(map(re.escape, config[section])) or "(?!)" for section in settings.SECTIONS},
    figures="|".join(map(re.escape, FIGURES)) or "(?!)",


def out(path):
    """A path under the config's own root."""
    return os.path.normpath(os.path.join(config["output"], path))


def files(need):
    """The files of a need such as `networks/ns_figure5`."""
    section, _, name = need.partition("/")
    return [out(path.format(name)) for path in FILES[section]]


def needed(section):
    """Input function: the files that a block of a section needs."""
    return lambda wildcards: [f for need in block(section, wildcards).get("needs", []) for f in files(need)]


def block(section, wildcards):
    return config[section][wildcards[section]]


def resolved(section, *globals):
    """Params function: the config block as JSON, with the global settings that it depends on."""

    def text(wildcards):
        content = {key: value for key, value in block(section, wildcards).items() if key != "memory_mb"}
        return json.dumps({**content, **{key: config[key] for key in globals}})

    return text


def drawn_from(wildcards):
    """Input function: the tables of a figure, its own and those that a claim's file asks for."""
    section, name = FIGURES[wildcards.figures], wildcards.figures
    needs = config[section][name].get("needs", []) if section == "claims" else []
    return [path for need in (f"{section}/{name}", *needs) for path in files(need) if path.endswith(".parquet")]


def drawn_by(wildcards):
    """Input function: the source files that a figure is drawn by."""
    of_claims = FIGURES[wildcards.figures] == "claims"
    own = f"rescert.claims.{wildcards.figures}" if of_claims else "rescert.figures.landscape"
    return sources("rescert.figures.drawing", own)


def sources(*modules):
    """The files of this package that a job runs, as seen from here, so that the checkout can move."""
    return sorted({os.path.relpath(path) for module in modules for path in imported_files(module)})


def code(section, *more):
    """Input function: the source files of a block's own modules and of what they import."""
    return lambda wildcards: sources(*more, *settings.modules(section, wildcards[section], block(section, wildcards)))


def threads_of(section):
    return lambda wildcards: block(section, wildcards).get("threads", 1)


def memory_of(section):
    return lambda wildcards: block(section, wildcards).get("memory_mb", 1000)


def store():
    """The mark that the MLflow store is there: created once before jobs stream to it, then left alone."""
    return [] if TRACKING == "off" else [ancient(out("logs/store.json"))]


def tracked():
    """The run of every record; a record that found the server away is taken as not tracked yet."""
    paths = [] if TRACKING == "off" else [Path(out(f"results/tracking/{n.replace('/', '__')}.json")) for n in RECORDS]
    for path in paths:
        if workflow.is_main_process and path.is_file() and '"run_id": null' in path.read_text():
            path.unlink()
    return [str(path) for path in paths]


def templates():
    """What the report is laid out with."""
    return sorted(str(path) for kind in ("j2", "css") for path in Path("src/rescert/report").glob(f"*.{kind}"))


def guard():
    """Hold an OS lock on the output root while this process lives: a killed run leaves nothing to unlock."""
    global lock
    path = Path(out("logs/.lock"))
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"expected to be alone in '{config['output']}', but another run is writing there; wait for it to end")


def worth_saying(message):
    """One line a finished job, which it says itself, as it says what is wrong: not Snakemake's rounds and echoes."""
    text, event = str(message.msg), getattr(message, "event", None)
    if event in (LogEvent.JOB_FINISHED, LogEvent.PROGRESS, LogEvent.RESOURCES_INFO):
        return False
    return (
        not text.startswith(("Select jobs to execute", "Execute ")) and "returned non-zero exit status 1." not in text
    )


logger.addFilter(worth_saying)
