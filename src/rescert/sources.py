"""Which files of this package a module imports, transitively; read with `ast`, importing nothing.

Snakemake does not see Python imports. Each job lists these files as its inputs, so that editing one
claim or one network reruns that one and what hangs on it. Runs at parse time, so it must be fast.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def _file(module: str) -> Path | None:
    """The file of ``rescert.a.b``, or None if there is no such module."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file() and (candidate.name != "__init__.py" or path.is_dir()):
            return candidate
    return None


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """The modules of this package that a file names in import statements, at any depth."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in found if name == "rescert" or name.startswith("rescert."))


@cache
def imported_files(module: str) -> tuple[Path, ...]:
    """The file of ``module`` and of all that it imports from this package, sorted, without empty ones."""
    seen: set[Path] = set()
    waiting = [module]
    while waiting:
        path = _file(waiting.pop())
        if path is not None and path not in seen:
            seen.add(path)
            waiting += _imports(path)
    if not seen:
        raise ValueError(f"expected a module of this package, got '{module}'")
    return tuple(sorted(p for p in seen if p.stat().st_size))


def exists(module: str) -> bool:
    return _file(module) is not None


def available(folder: str) -> list[str]:
    """The modules of a subpackage (``claims``, ``decomposition.maps``), which are the names of its files."""
    return sorted(p.stem for p in PACKAGE.joinpath(*folder.split(".")).glob("*.py") if p.stem != "__init__")


def papers() -> dict[str, str]:
    """The paper of each claim prefix, as the claims' files state it: ``{"ns": "…", "ysj": "…"}``."""
    found = {}
    for name in available("claims"):
        for node in ast.walk(ast.parse((PACKAGE / "claims" / f"{name}.py").read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Claim":
                stated = [k.value for k in node.keywords if k.arg == "paper"]
                found |= {name.split("_")[0]: v.value for v in stated if isinstance(v, ast.Constant)}
    return found


@cache
def keys(module: str) -> frozenset[str]:
    """The keys that a module and its imports ask for: the ``a`` of ``config["a"]`` and of ``instance.get("a")``."""
    found = set()
    for path in imported_files(module):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Subscript):
                asked, key = node.value, node.slice
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                asked, key = node.func.value, next(iter(node.args), None)
            else:
                continue
            name = asked.attr if isinstance(asked, ast.Attribute) else getattr(asked, "id", None)
            if name in ("config", "instance") and isinstance(key, ast.Constant) and isinstance(key.value, str):
                found.add(key.value)
    return frozenset(found)
