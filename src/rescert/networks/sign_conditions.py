"""Which signs a statement asks of the weights of a convex residual network, and their exact comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rescert.certify import sign

Condition = tuple[str, int, str]  # a parameter's name, its first layer (from 0), and the relation of its entries to 0
Assertions = tuple[dict[str, Any], ...]

PRINTED: tuple[Condition, ...] = (("W", 0, ">="), ("V", 0, ">="), ("b", 0, ">="), ("c", 0, ">"))
ENOUGH: tuple[Condition, ...] = (("W", 0, ">="), ("V", 1, ">="), ("c", 0, ">="))  # for convexity
ORDER: tuple[Condition, ...] = (("W", 0, ">="), ("V", 0, ">="), ("c", 0, ">="))  # for supermodularity


def entries(parameters: Mapping[str, Any], name: str, first: int = 0) -> np.ndarray:
    """All entries of a parameter in the layers from ``first`` on, as one vector."""
    layers = [parameters[name]] if name == "c" else parameters[name][first:]
    return np.concatenate([np.zeros(0), *(layer.numpy().reshape(-1) for layer in layers)])


def compare(parameters: Mapping[str, Any], conditions: Iterable[Condition]) -> tuple[Assertions, Assertions]:
    """The assertions of the conditions that are met, and one for each broken condition, of its broken entries."""
    met: list[dict[str, Any]] = []
    broken: list[dict[str, Any]] = []
    for name, first, relation in conditions:
        values = entries(parameters, name, first)
        proof = sign.prove_array(values, relation)
        if proof.assertion is not None:
            met.append(proof.assertion)
        elif values.size:
            negative = bool((values < 0).any())
            wrong = sign.prove_array(values[values < 0] if negative else values[values <= 0], "<" if negative else "<=")
            broken += [] if wrong.assertion is None else [wrong.assertion]
    return tuple(met), tuple(broken)
