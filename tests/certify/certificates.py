"""One small certificate a kind, for the tests of the checker."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from programs import CASES

from rescert import record
from rescert.certify import check, inertia, krawczyk, least_squares, sign, suprema
from rescert.certify.certificate import serialise
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof


def bowl() -> Program:
    """A smooth function with one strict local minimum near (0, 0.376)."""
    import torch

    return trace(
        lambda v: ((v["x"] ** 2).sum() - v["c"]) ** 2 + v["c"] * (v["x"][0] ** 2 + torch.cos(v["x"][1] + v["s"])),
        {"x": (2,)},
        {"c": "0.1", "s": "3/10"},
    )


def bowl_minimum() -> dict[str, np.ndarray]:
    return krawczyk.polish(bowl(), {"x": np.array([0.01, 0.4])}, steps=8)


def saddle_at_zero_weights() -> tuple[Program, dict[str, np.ndarray], list, list]:
    """The residual network at w = 0, where the gradient in w is linear in V2 and all others vanish exactly."""
    case = CASES[0]
    point = {**case.point(2), "w": np.zeros(3)}
    variables, equations = [("V2", i) for i in range(3)], [("w", i) for i in range(3)]
    return case.program, krawczyk.polish(case.program, point, variables, equations, steps=8), variables, equations


@cache
def proofs() -> Mapping[str, Proof]:
    zero = krawczyk.prove(bowl(), bowl_minimum())
    program, point, variables, equations = saddle_at_zero_weights()
    saddle = krawczyk.prove(program, point, variables, "gradient", equations)
    wave = trace(lambda v: v["x"].sin() * (-v["x"] / 3).exp(), {"x": ()})
    rng = np.random.default_rng(5)
    matrix, target = rng.normal(size=(8, 3)), rng.normal(size=8)
    least = least_squares.enclose(matrix, target, "1/2")
    floor, ceiling = f"{float(least) * 0.999:.6f}", f"{float(least) * 1.001:.6f}"
    system = trace(lambda v: v["x"] * v["x"] - v["p"], {"x": (2,), "p": ()})
    return {
        "sign": sign.prove(CASES[1].program, {"w": {"mid": rng.normal(size=3), "rad": 0.01}}, ">"),
        "array_sign": sign.prove_array(rng.random((5, 7)).astype(np.float32), ">="),
        "krawczyk": zero,
        "krawczyk of a saddle": saddle,
        "krawczyk of a system": krawczyk.prove(
            system, {"x": [2**0.5, -(2**0.5)], "p": 2}, [("x", 0), ("x", 1)], "program"
        ),
        "definite": inertia.prove_definite(bowl(), zero.box),
        "inertia": inertia.prove_inertia(CASES[2].program, CASES[2].point(0))[1],
        "negative_direction": inertia.prove_negative_direction(bowl(), {"x": [0.0, 0.0]}, {"x": [0.0, 1.0]}),
        "cover": suprema.supremum(wave, {"x": {"mid": "0", "rad": "10/3"}}),
        "cover of a plane": suprema.prove(
            trace(lambda v: v["x"][0] * v["x"][1] - 1, {"x": (2,)}), {"x": {"mid": 0, "rad": "0.99"}}, "<"
        ),
        "least_squares": least_squares.prove(matrix, target, ">=", floor, "1/2"),
        "least_squares by witness": least_squares.prove_by_witness(
            matrix, target, np.linalg.lstsq(matrix, target, rcond=None)[0], "<=", ceiling, "1/2"
        ),
    }


def write(results: Path, assertions: Sequence[Mapping[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """Write a certificate under ``results`` as the pipeline does; its path, and the claim file's content."""
    certificate = serialise("some_claim", {"n": 1}, assertions, record.dump_tensors)
    folder = results / "certificates" / "some_claim"
    if certificate.arrays is not None:
        record.write_bytes(folder / certificate.arrays_name, certificate.arrays)
    record.write_text(folder / "n=1.json", certificate.text)
    statements = {a["statement"]: "holds" for a in assertions}
    listed = {"n=1": {"sha256": certificate.sha256, "statements": statements}}
    return folder / "n=1.json", {"claim": "some_claim", "certificates": listed}


def outcome(path: Path, content: Mapping[str, Any], document: Any = None) -> tuple[bool, str]:
    """Accepted or not, and why; ``document`` replaces the file's content together with the checksum."""
    if document is not None:
        record.write_text(path, json.dumps(document))
        listed = {**content["certificates"]["n=1"], "sha256": record.sha256(path)}
        content = {**content, "certificates": {"n=1": listed}}
    entry = check.recheck(content, path.parent, {"sample": 10, "seed": 0})["certificates"]["n=1"]
    return entry["accepted"], entry["reason"]
