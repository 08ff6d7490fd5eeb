"""Check a config before the first job: types, ranges and unknown keys by JSON schema, then names.

A block of the config belongs to files of this package: a network's to its architecture and its trainer, a
claim's instances to the claim. The schema types the common keys; besides them, a block may carry the keys
that those files ask for by name (``config["rate"]``), so that adding a file and an entry is enough, and a
misspelt key is still refused. Read with `ast`: nothing is imported, since this runs at every start of Snakemake.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match

from rescert import sources

SECTIONS = ("datasets", "decompositions", "networks", "critical_points", "slices", "claims")
KIND = {"array": "a list", "boolean": "true or false", "integer": "an integer", "null": "nothing",
        "number": "a number", "object": "a mapping", "string": "a string"}  # fmt: skip
COMPARISON = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}


def modules(section: str, name: str, block: Mapping[str, Any]) -> tuple[str, ...]:
    """The modules that the job of a config block runs: their files are its inputs."""
    if section == "datasets":
        return (f"rescert.data.{block['source']}",)
    if section == "decompositions":
        return ("rescert.decomposition.factors", f"rescert.decomposition.maps.{block['map']}")
    if section == "networks":
        return (f"rescert.networks.{block['architecture']}", f"rescert.dynamics.{block['trainer']}")
    if section == "critical_points":
        return ("rescert.landscape.search", f"rescert.networks.{block['architecture']}")
    if section == "slices":
        return ("rescert.landscape.slicing",)
    return ("rescert.assessment", f"rescert.claims.{name}")


def checked(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The config with empty sections as mappings; raises ``ValueError``, one sentence, if it is wrong."""
    resolved = copy.deepcopy(dict(config))
    for section in SECTIONS:
        resolved[section] = resolved.get(section) or {}
    for name in resolved["claims"] if isinstance(resolved["claims"], dict) else ():
        if str(name).isidentifier():
            _check_modules("claims", name, {})  # first, because a claim's file says which keys it takes
    error = best_match(e for e in Draft202012Validator(schema).iter_errors(resolved) if not _known(e, resolved))
    if error is not None:
        raise ValueError(_sentence(error, resolved))
    for section in SECTIONS:
        for name, block in resolved[section].items():
            _check_modules(section, name, block)
            _check_needs(resolved, section, name, block)
    for name in resolved["slices"]:
        if name in resolved["claims"]:
            raise ValueError(f"expected 'slices.{name}' to have a name of its own, got a claim's: both have a figure")
    return resolved


def _known(error: ValidationError, config: Mapping[str, Any]) -> bool:
    """Whether an unknown-key error names only keys that the block's own files know."""
    return error.validator == "additionalProperties" and not _unknown(error, config)


def _unknown(error: ValidationError, config: Mapping[str, Any]) -> list[str]:
    extra = [key for key in error.instance if key not in error.schema.get("properties", {})]
    path = list(error.absolute_path)
    if len(path) < 2 or path[0] not in SECTIONS:
        return extra
    try:
        block = modules(str(path[0]), str(path[1]), config[path[0]][path[1]])
        named = frozenset[str]().union(*map(sources.keys, block))
    except (KeyError, TypeError, ValueError):  # the block lacks its module's name, which is an error of its own
        return extra
    return [key for key in extra if key not in named or isinstance(error.instance[key], dict | None)]


def _sentence(error: ValidationError, config: Mapping[str, Any]) -> str:
    where = ".".join(map(str, error.absolute_path)) or "the config"
    rule, value = error.validator, error.validator_value
    if rule == "additionalProperties":
        key = _unknown(error, config)[0]
        near = difflib.get_close_matches(str(key), error.schema.get("properties", {}), 1)
        hint = f"did you mean '{near[0]}'?" if near else "remove it or correct its name"
        return f"expected known keys in '{where}', got '{key}': {hint}"
    if rule == "required":
        missing = [key for key in value if key not in error.instance]
        return f"expected the key '{missing[0]}' in '{where}', got only {sorted(error.instance)}"
    if rule == "type":
        kinds = " or ".join(KIND[k] for k in ([value] if isinstance(value, str) else value))
        return f"expected {kinds} for '{where}', got {error.instance!r}"
    if rule in COMPARISON:
        return f"expected a number {COMPARISON[rule]} {value} for '{where}', got {error.instance!r}"
    if rule == "enum":
        return f"expected one of {', '.join(map(str, value))} for '{where}', got {error.instance!r}"
    if rule == "minItems":
        return f"expected at least {value} in the list '{where}', got {len(error.instance)}"
    described = error.schema.get("description", "a value that fits the schema")
    return f"expected {described} for '{where}', got {error.instance!r}"


def _check_modules(section: str, name: str, block: Mapping[str, Any]) -> None:
    for module in modules(section, name, block):
        if not sources.exists(module):
            folder, _, wanted = module.removeprefix("rescert.").rpartition(".")
            there = ", ".join(sources.available(folder)) or "none"
            raise ValueError(
                f"expected '{section}.{name}' to name a file of src/rescert/{folder.replace('.', '/')}, "
                f"got '{wanted}'; available: {there}"
            )


def _check_needs(config: Mapping[str, Any], section: str, name: str, block: Mapping[str, Any]) -> None:
    for need in block.get("needs", []):
        kind, _, wanted = need.partition("/")
        if wanted not in config[kind]:
            there = ", ".join(f"{kind}/{n}" for n in config[kind]) or "none"
            raise ValueError(f"expected '{section}.{name}' to need entries of the config, got '{need}'; there: {there}")
        if need == f"{section}/{name}":
            raise ValueError(f"expected '{section}.{name}' to need other entries, got '{need}', which is itself")
