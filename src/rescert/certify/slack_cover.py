"""Covers that leave room for the checker's own formulas, which may be wider on a box than those of the search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rescert.certify import suprema
from rescert.certify.problem import Builder, Program


def prove_positive(
    program: Program, domain: Mapping[str, Any], most_boxes: int, slack: float | np.ndarray
) -> suprema.Supremum:
    """As `suprema.prove` with ``>``, on boxes on which the entries exceed those of ``slack``, each halved once more.

    Halving every side of a box brings the error of the mean value form down to a quarter.

    >>> from rescert.certify.problem import trace
    >>> found = prove_positive(trace(lambda v: v["x"] + 2, {"x": ()}), {"x": {"mid": 0.0, "rad": 1.0}}, 10, 0.1)
    >>> found.boxes, found.assertion["boxes"]
    (2, '0..')
    """
    builder = Builder(program)
    lowered = builder.build(builder.apply("subtract", program.output, builder.constant(slack)))
    found = suprema.prove(lowered, domain, ">", most_boxes)
    if found.assertion is None:
        return found
    leaf = "."
    for side in reversed(range(len(found.assertion["variables"]))):
        leaf = f"{side}{leaf}{leaf}"
    boxes = found.assertion["boxes"].replace(".", leaf)
    assertion = {**found.assertion, "program": program.to_json(), "boxes": boxes}
    return replace(found, assertion=assertion, boxes=boxes.count("."))
