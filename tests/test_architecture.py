"""The order of the house: which way dependencies point, and what only one file may do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "rescert"
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p.stat().st_size)
IDS = [str(p.relative_to(PACKAGE)) for p in FILES]

MATHEMATICS = {"networks", "decomposition", "dynamics", "landscape", "certify"}
# The parts of the package that a part may import, besides itself.
ALLOWED = {
    **dict.fromkeys(MATHEMATICS, MATHEMATICS),
    "data": {"record"},
    "sources": set(),
    "record": {"sources"},
    "runtime": set(),
    "statistics": set(),
    "config": {"sources"},
    "claim": {"record"},
    "assessment": {"claim", "record", "certify"},
    "critical_points": {*MATHEMATICS, "claim", "statistics"},
    "claims": {*MATHEMATICS, "critical_points", "claim", "record", "runtime", "statistics"},
    "figures": {"claim", "record"},
    "report": {"claim", "record", "assessment", "figures", "finished"},
    "finished": {"record", "sources"},
    "tracking": {"record", "runtime", "finished"},
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
SEEDS = {
    "manual_seed",
    "seed",
    "set_default_dtype",
    "set_default_device",
    "set_num_threads",
    "use_deterministic_algorithms",
}
LONGEST = 300
LONG = {"certify/check.py"}  # one file on its own, so that it can be read and trusted alone


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"expected absolute imports in {path}"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_imported(path: Path) -> set[str]:
    names = (name.split(".") for name in imports(path) if name.startswith("rescert."))
    return {name[1] for name in names}


def calls(path: Path) -> Iterator[str]:
    """The dotted names that a file calls: ``torch.manual_seed``, ``json.loads``."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_dependencies_point_one_way(path):
    if part(path) == "__main__":
        return
    outside = parts_imported(path) - {part(path)} - ALLOWED[part(path)]
    assert not outside, f"{part(path)} may not import {sorted(outside)}"


def test_the_trusted_checker_stands_on_its_own():
    """It imports the standard library and python-flint only: nothing that it is there to doubt."""
    import sys

    found = {name.split(".")[0] for name in imports(PACKAGE / "certify" / "check.py")}
    assert found <= {*sys.stdlib_module_names, "flint"}


@pytest.mark.parametrize(
    ("library", "owners"),
    [
        ("mlflow", {"tracking.py"}),
        ("safetensors", {"record.py"}),
        ("pyarrow", {"record.py"}),
        ("jsonschema", {"config.py"}),
    ],
)
def test_one_file_knows_a_library(library, owners):
    users = {name for name, path in zip(IDS, FILES, strict=True) if library in {i.split(".")[0] for i in imports(path)}}
    assert users <= owners


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_only_the_runtime_sets_seeds_dtypes_threads_and_devices(path):
    if path.name == "runtime.py":
        return
    bad = [name for name in calls(path) if name.split(".")[-1] in SEEDS]
    bad += [name for name in calls(path) if name.endswith((".cuda", "default_rng", "RandomState"))]
    assert not bad


@pytest.mark.parametrize("path", [p for p in FILES if part(p) in MATHEMATICS], ids=lambda p: p.stem)
def test_mathematics_reads_no_files_and_logs_nothing(path):
    if path.name == "check.py":  # a program of its own, `rescert-check FILE…`
        return
    top = {name.split(".")[0] for name in imports(path)}
    assert not top & {"logging", "os", "tqdm", "argparse", "yaml", "pathlib", "shutil", "tempfile"}
    bad = [name for name in calls(path) if name in ("open", "print", "input") or name.endswith((".to_csv", ".save"))]
    assert not bad


def documentation(path: Path) -> int:
    """Lines of docstrings: a claim's proofs and captions are not its code."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef
    texts = (ast.get_docstring(n, clean=False) for n in ast.walk(tree(path)) if isinstance(n, documented))
    return sum(len(text.splitlines()) for text in texts if text)


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_modules_are_short_and_say_what_they_are(path):
    name = str(path.relative_to(PACKAGE))
    assert ast.get_docstring(tree(path)), f"expected a docstring at the head of {name}"
    lines = len(path.read_text().splitlines()) - documentation(path)
    assert lines <= LONGEST or name in LONG, f"{name} has {lines} lines"
    assert not FORBIDDEN_NAMES & set(path.relative_to(PACKAGE).with_suffix("").parts)


def broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException")


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_nothing_is_caught_broadly(path):
    found = [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler) and broad(node)]
    assert not found


def written() -> list[Path]:
    """The files that people write: nothing generated, and no environment."""
    folders = ("src", "tests", "benchmarks", "workflow", "config", "profiles", ".ci")
    inside = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    kinds = {".py", ".smk", ".yaml", ".toml", ".md", ".rst", ".j2", ".css", ".yml", ".cff", ".lock", ""}
    files = [path for path in (*inside, *ROOT.iterdir()) if path.is_file() and path.suffix in kinds]
    return [path for path in files if "__pycache__" not in path.parts and path.name != ".git"]


def test_nothing_unfinished_or_local_is_left():
    """No reminders, no skipped tests, and no path of the machine that something was written on."""
    unfinished = re.compile("TO" + "DO|FIX" + "ME|XX" + r"X\b|NotImplemented" + r"Error|pytest\.mark\.sk" + "ip")
    local = re.compile("/wo" + r"rk/|/ho" + r"me/\w|/ro" + "ot/")
    bad = []
    for path in written():
        text = path.read_text()
        bad += [f"{path.relative_to(ROOT)}: {m.group()}" for p in (unfinished, local) for m in p.finditer(text)]
        if ".." + "/shared" in text and path.relative_to(ROOT) != Path(".ci/run"):
            bad.append(f"{path.relative_to(ROOT)}: a folder beside the checkout")
    assert not bad


RULE = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)+)", re.MULTILINE)


@pytest.mark.parametrize("path", sorted((ROOT / "workflow" / "rules").glob("*.smk")), ids=lambda p: p.stem)
def test_every_rule_says_what_it_takes(path):
    for name, body in RULE.findall(path.read_text()):
        keys = set(re.findall(r"^    (\w+):", body, re.MULTILINE))
        wanted = {"output", "log", "benchmark", "threads", "resources", "shell"}
        assert wanted <= keys, f"rule {name} lacks {sorted(wanted - keys)}"
        assert "mem_mb" in body
        assert "gpu" in body
