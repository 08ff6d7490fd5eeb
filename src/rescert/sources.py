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
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """The modules of this package that a file names in import statements, at any depth."""
    found = []
    for node in ast.walk(_tree(path)):
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
    found: dict[str, str] = {}
    for name in available("claims"):
        for node in ast.walk(_tree(PACKAGE / "claims" / f"{name}.py")):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Claim":
                stated = [text for k in node.keywords if k.arg == "paper" for text in _word(k.value)]
                found |= {name.split("_")[0]: text for text in stated}
    return found


@cache
def keys(module: str) -> frozenset[str]:
    """The keys that a module and its imports ask for, as far as their text shows it.

    These are the ``a`` of ``config["a"]`` and ``instance.get("a")``, and the words of a tuple that the module
    itself defines at its top, as in ``SIZES = ("a", "b")`` for ``{key: config[key] for key in SIZES}``.
    """
    nodes = (node for path in imported_files(module) for node in ast.walk(_tree(path)))
    own = _file(module)
    tuples = [n.value for n in _tree(own).body if isinstance(n, ast.Assign)] if own else []
    words = [e for t in tuples if isinstance(t, ast.Tuple) for e in t.elts]
    return frozenset(k for keys in (*map(_asked, nodes), *map(_word, words)) for k in keys)


def _word(node: ast.AST | None) -> tuple[str, ...]:
    return (node.value,) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ()


def _asked(node: ast.AST) -> tuple[str, ...]:
    """The key of ``config["key"]`` or ``config.get("key")``, where the mapping is called config or instance."""
    if isinstance(node, ast.Subscript):
        mapping, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        mapping, key = node.func.value, node.args[0]
    else:
        return ()
    name = mapping.attr if isinstance(mapping, ast.Attribute) else getattr(mapping, "id", None)
    return _word(key) if name in ("config", "instance") else ()
