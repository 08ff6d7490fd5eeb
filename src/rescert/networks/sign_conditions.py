"""Which signs a statement asks of the weights of a convex residual network, and their exact comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from rescert.certify import sign

Condition = tuple[str, slice, str]  # a parameter's name, its layers (from 0), and the relation of their entries to 0
Assertions = tuple[dict[str, Any], ...]

ALL, LATER = slice(None), slice(1, None)
PRINTED: tuple[Condition, ...] = (("W", ALL, ">="), ("V", ALL, ">="), ("b", ALL, ">="), ("c", ALL, ">"))
ENOUGH: tuple[Condition, ...] = (("W", ALL, ">="), ("V", LATER, ">="), ("c", ALL, ">="))  # for convexity
ORDER: tuple[Condition, ...] = (("W", ALL, ">="), ("V", ALL, ">="), ("c", ALL, ">="))  # for supermodularity


def printed_apart(parameters: Mapping[str, Any]) -> list[Condition]:
    """`PRINTED`, one condition for each matrix and vector: they show that just one of them has a wrong sign."""
    layers = range(len(parameters["W"]))
    return [(n, slice(i, i + 1), relation) for n, _, relation in PRINTED for i in (layers if n != "c" else [0])]


def entries(parameters: Mapping[str, Any], name: str, chosen: slice = ALL) -> np.ndarray:
    """All entries of a parameter in the chosen layers, as one vector."""
    layers = [parameters[name]] if name == "c" else parameters[name][chosen]
    return np.concatenate([np.zeros(0), *(layer.numpy().reshape(-1) for layer in layers)])


def compare(parameters: Mapping[str, Any], conditions: Iterable[Condition]) -> tuple[Assertions, Assertions]:
    """The assertions of the conditions that are met, and one for each broken condition, of its broken entries."""
    met: list[dict[str, Any]] = []
    broken: list[dict[str, Any]] = []
    for name, layers, relation in conditions:
        values = entries(parameters, name, layers)
        proof = sign.prove_array(values, relation)
        if proof.assertion is not None:
            met.append(proof.assertion)
        elif values.size:
            negative = bool((values < 0).any())
            wrong = sign.prove_array(values[values < 0] if negative else values[values <= 0], "<" if negative else "<=")
            broken += [] if wrong.assertion is None else [wrong.assertion]
    return tuple(met), tuple(broken)
