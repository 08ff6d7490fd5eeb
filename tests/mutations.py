"""Mutations of certificates with a known effect: every mutant asserts what is false or unproved, or is damaged.

`mutants` changes the content of a certificate as a forger would, who can also write the new checksum into the
claim file. `damages` changes bytes under an unchanged checksum. The checker must refuse every one of them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

STRICT_OPPOSITE = {">": "<", ">=": "<", "<": ">", "<=": ">", "=": "<"}
# Keys whose loss leaves a complete assertion of the same fact.
OPTIONAL = {"point"}


@dataclass(frozen=True)
class Mutation:
    """Changes one assertion (a deep copy of it); returns False where it does not apply."""

    name: str
    kinds: frozenset[str]
    change: Callable[[dict[str, Any]], bool | None]


def _set(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda assertion: assertion.__setitem__(key, value)


def _flip_relation(assertion: dict[str, Any]) -> None:
    assertion["relation"] = STRICT_OPPOSITE[assertion["relation"]]


def _flip_sign(assertion: dict[str, Any]) -> None:
    assertion["sign"] = {"positive": "negative", "negative": "positive"}[assertion["sign"]]


def _one_more_eigenvalue(assertion: dict[str, Any]) -> None:
    assertion["negative"] += 1


def _zero_direction(assertion: dict[str, Any]) -> None:
    shapes = assertion["program"]["inputs"]
    assertion["direction"] = {name: _filled(shapes[name], 0.0) for name in assertion["direction"]}


def _filled(shape: list[int], value: Any) -> Any:
    return [_filled(shape[1:], value) for _ in range(shape[0])] if shape else value


def _move_variable_out(assertion: dict[str, Any]) -> None:
    """Shift the box of the first variable by a constant far above its radius: the zero is not in it any more."""
    name, _ = assertion["variables"][0]
    middle = assertion["box"][name]["mid"]
    shape = assertion["program"]["inputs"][name]
    # The middle is a stored array, out of reach here: a plain constant is as far from it as need be.
    assertion["box"][name]["mid"] = _filled(shape, 1234.5) if isinstance(middle, dict) else _shifted(middle)


def _shifted(value: Any) -> Any:
    return [_shifted(v) for v in value] if isinstance(value, list) else f"{value}e3" if value == "1" else 1234.5


def _drop_variable(assertion: dict[str, Any]) -> bool | None:
    assertion["variables"] = assertion["variables"][1:]


def _repeat_variable(assertion: dict[str, Any]) -> None:
    assertion["variables"] = [assertion["variables"][0], *assertion["variables"]]


def _point_box(assertion: dict[str, Any]) -> None:
    for side in assertion["box"].values():
        side["rad"] = 0


def _negative_radius(assertion: dict[str, Any]) -> bool | None:
    for side in _box(assertion).values():
        side["rad"] = -1.0
        return None
    return False


def _box(assertion: dict[str, Any]) -> dict[str, Any]:
    return assertion["box" if "box" in assertion else "domain"]


def _negative_error(assertion: dict[str, Any]) -> bool | None:
    """Claim a least error to be, or to be at most, -1."""
    if assertion["relation"] not in ("=", "<", "<="):
        return False
    if assertion["mode"] == "minimum":
        assertion["polynomial"] = ["-1"]
    for fit in assertion.get("fits", ()):
        fit["numerator"], fit["denominator"] = ["-1"], ["1"]
    return None


def _wrong_value(assertion: dict[str, Any]) -> None:
    assertion["value"] = "-1" if assertion["relation"] in ("<", "<=") else "1e300"


def _unknown_operation(assertion: dict[str, Any]) -> bool | None:
    operations = assertion["program"]["operations"]
    if not operations:
        return False
    operations[-1][1] = "reciprocal_of_zero"
    return None


def _nan_relation(assertion: dict[str, Any]) -> bool | None:
    """Make the output 0/0."""
    program = assertion["program"]
    shape = "forged zero"
    program["constants"][shape] = 0
    program["operations"].append(["forged", "divide", [program["output"], shape], {}])
    program["output"] = "forged"


def _without_input(assertion: dict[str, Any]) -> bool | None:
    box = _box(assertion)
    if not box:
        return False
    box.pop(next(iter(box)))
    return None


def _renamed_output(assertion: dict[str, Any]) -> None:
    assertion["program"]["output"] = "nowhere"


WITH_PROGRAM = frozenset({"sign", "krawczyk", "definite", "inertia", "negative_direction", "cover"})
WITH_RELATION = frozenset({"sign", "array_sign", "cover", "least_squares", "rational_enumeration"})
MUTATIONS = [
    Mutation("flipped relation", WITH_RELATION, _flip_relation),
    Mutation("no relation", WITH_RELATION, _set("relation", "~")),
    Mutation("negative error", frozenset({"rational_enumeration"}), _negative_error),
    Mutation("unknown mode", frozenset({"rational_enumeration"}), _set("mode", "hope")),
    Mutation("flipped sign", frozenset({"definite"}), _flip_sign),
    Mutation("one more negative eigenvalue", frozenset({"inertia"}), _one_more_eigenvalue),
    Mutation("zero direction", frozenset({"negative_direction"}), _zero_direction),
    Mutation("no direction", frozenset({"negative_direction"}), _set("direction", {})),
    Mutation("moved box", frozenset({"krawczyk"}), _move_variable_out),
    Mutation("dropped variable", frozenset({"krawczyk"}), _drop_variable),
    Mutation("repeated variable", frozenset({"krawczyk", "cover", "definite", "inertia"}), _repeat_variable),
    Mutation("no radius", frozenset({"krawczyk"}), _point_box),
    Mutation("unknown system", frozenset({"krawczyk"}), _set("system", "hope")),
    Mutation("negative radius", WITH_PROGRAM, _negative_radius),
    Mutation("missing input", WITH_PROGRAM, _without_input),
    Mutation("unknown operation", WITH_PROGRAM, _unknown_operation),
    Mutation("undefined output", WITH_PROGRAM, _nan_relation),
    Mutation("unknown output", WITH_PROGRAM, _renamed_output),
    Mutation("wrong value", frozenset({"least_squares"}), _wrong_value),
    Mutation("negative scale", frozenset({"least_squares"}), _set("scale", "-1")),
    Mutation("cover too short", frozenset({"cover"}), lambda a: a.__setitem__("boxes", a["boxes"][:-1])),
    Mutation("cover too long", frozenset({"cover"}), lambda a: a.__setitem__("boxes", a["boxes"] + ".")),
    Mutation("no cover", frozenset({"cover"}), _set("boxes", "")),
    Mutation("huge precision", WITH_PROGRAM | {"least_squares"}, _set("precision", 10**9)),
    Mutation("tiny precision", WITH_PROGRAM | {"least_squares"}, _set("precision", 1)),
    Mutation("precision as text", WITH_PROGRAM | {"least_squares"}, _set("precision", "128")),
]


def singles(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The certificate cut down to one assertion, one for each kind in it: acceptable, and quick to check."""
    seen: set[tuple[str, Any]] = set()
    for assertion in document["assertions"]:
        kind = (assertion["kind"], assertion.get("mode"))
        if kind not in seen:
            seen.add(kind)
            yield assertion["kind"], {**copy.deepcopy(dict(document)), "assertions": [copy.deepcopy(assertion)]}


def mutants(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mutant of a certificate of one assertion, with a name; to be refused although its checksum is right."""
    (assertion,) = document["assertions"]
    for mutation in MUTATIONS:
        if assertion["kind"] in mutation.kinds:
            forged = copy.deepcopy(dict(document))
            if mutation.change(forged["assertions"][0]) is not False:
                yield mutation.name, forged
    for key in sorted(assertion.keys() - OPTIONAL):
        kept = {k: v for k, v in assertion.items() if k != key}
        yield f"without '{key}'", {**document, "assertions": [kept]}
    yield "unknown kind", {**document, "assertions": [{**assertion, "kind": "trust me"}]}
    yield "other statement", {**document, "assertions": [{**assertion, "statement": "another"}]}
    yield "not an object", {**document, "assertions": ["true"]}
    changes = {"format": "rescert certificate 0", "claim": "another_claim", "instance": {"of": "another"}}
    for key, value in {**changes, "assertions": []}.items():
        yield f"changed '{key}'", {**document, key: value}
    for key in ("format", "claim", "instance", "files", "assertions"):
        yield f"without '{key}'", {k: v for k, v in document.items() if k != key}
    if '"file"' in json.dumps(assertion):
        for name in ("/etc/passwd", "../../../../../etc/passwd", "nowhere.safetensors", "", 7):
            yield f"file {name}", {**document, "files": dict.fromkeys(document["files"], name)}


def damages(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Damaged bytes of a certificate or array file, none of them the original."""
    yield "empty", b""
    yield "truncated", content[: len(content) // 2]
    yield "one byte short", content[:-1]
    yield "one byte more", content + b"\n"
    middle = len(content) // 2
    yield "one bit flipped", content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
