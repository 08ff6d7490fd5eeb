"""One map at one depth: upper bounds of its factors' distances from the identity, and what exceeds a bound.

The lemmas are in the docstring of `rescert.claims.bel_theorem2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, cast

import numpy as np
import pandas as pd

from rescert.certify import suprema
from rescert.certify.proof import Proof
from rescert.decomposition.approximation_case import INWARD
from rescert.decomposition.constants import Constants, constants
from rescert.decomposition.enclosures import (
    Expression,
    change_program,
    compare,
    compare_magnitude,
    curvature_program,
    factor_change,
    polar_program,
    singular_pair,
    stretched,
)
from rescert.decomposition.factors import SCHEDULES, grid, interval
from rescert.decomposition.interpolations import LineMap, SmoothMap

TOLERANCE = 0.01  # relative width of the bracket of a supremum
TURN = "3.2"  # more than half a turn, so that angles of either sign cover the circle


@dataclass(frozen=True)
class Enclosed:
    """An upper bound of a schedule's largest distance and what proves it; ``boxes`` is the number of leaves."""

    upper: float
    assertions: tuple[dict[str, Any], ...]
    boxes: int
    reason: str


class Case:
    """One map at one depth: its constants, and the schedules that the decompose stage wrote."""

    def __init__(self, h: SmoothMap, depth: int, table: pd.DataFrame, given: str | None = None) -> None:
        """``given`` stands in place of the map's own M."""
        self.h, self.depth, self.given = h, depth, given
        self.constants: Constants = constants(h, given)
        self.schedules = [s for s in SCHEDULES if s != "optimal" or self.h.DIMENSION == 1]
        rows = table[table["depth"] == self.depth]
        self.rows: dict[str, dict[Any, Any]] = {row["schedule"]: row for row in rows.to_dict("records")}
        missing = sorted(set(self.schedules) - set(self.rows))
        if missing or self.depth < 2:
            raise ValueError(f"expected depth {depth} >= 2 with all schedules, found none with schedules {missing}")

    @property
    def planar(self) -> bool:
        """Whether the disc itself is covered, in polar coordinates."""
        return interval(self.h) is None

    def parameters(self, schedule: str) -> np.ndarray:
        """a_1..a_m, checked to be a schedule."""
        parameters = np.array(self.rows[schedule]["parameters"], dtype=np.float64)
        rises = bool((np.diff(parameters, prepend=0.0) > 0).all())
        if len(parameters) != self.depth or not rises or parameters[-1] != 1.0:
            raise ValueError(f"expected {self.depth} rising numbers up to 1 in schedule '{schedule}', got {parameters}")
        return parameters

    def line(self) -> dict[str, Any]:
        """The interval over which the supremum is taken, as a box."""
        ends = (f"-{self.h.RADIUS}", self.h.RADIUS) if self.h.DIMENSION == 1 else cast(LineMap, self.h).LINE
        low, high = map(Fraction, ends)
        return {"point": {"mid": [str((low + high) / 2)], "rad": [str((high - low) / 2)]}}

    def enclose(self, schedule: str) -> Enclosed:
        """An upper bound of the largest distance of the schedule's factors from the identity."""
        if not self.planar:
            found = suprema.supremum(change_program(self.h, self.parameters(schedule)), self.line(), TOLERANCE)
            shown = (found.assertion,) if found.assertion is not None else ()
            return Enclosed(found.upper, shown, found.boxes, found.reason)
        bound = (1 + TOLERANCE) * float(self.rows[schedule]["distance"])
        half = str(Fraction(self.h.RADIUS) / 2)
        disc = {"radius": {"mid": [half], "rad": [half]}, "angle": {"mid": ["0"], "rad": [TURN]}}
        cover = suprema.prove(polar_program(self.h, self.parameters(schedule), bound), disc, ">=")
        convex = self.convex
        if cover.assertion is None or convex.assertion is None:
            return Enclosed(bound, (), 0, cover.reason if cover.assertion is None else f"convexity: {convex.reason}")
        return Enclosed(bound, (convex.assertion, cover.assertion), cover.boxes, cover.reason)

    @cached_property
    def convex(self) -> suprema.Supremum:
        """A proof that all g_b(X) are convex: the boundary curves turn one way."""
        sizes = {"size": {"mid": ["1/2"], "rad": ["1/2"]}, "angle": {"mid": ["0"], "rad": [TURN]}}
        return suprema.prove(curvature_program(self.h), sizes, ">")

    def farthest(self, schedule: str) -> tuple[int, list[float]]:
        """The factor, and the point of X or of the line, where the decompose stage found that distance: a candidate.

        Rounding left some points of the boundary outside X, so they are moved in.
        """
        row = self.rows[schedule]
        factor, size = int(np.argmax(row["distances"])), self.h.DIMENSION if self.planar else 1
        return factor, [INWARD * float(x) for x in row["at"][size * factor : size * (factor + 1)]]

    def excess(self, schedule: str, bound: Expression, numbers: Mapping[str, Any]) -> Proof:
        """Try to show that the schedule's distance exceeds a bound, at the candidate factor and point."""
        factor, point = self.farthest(schedule)
        ends = np.concatenate([[0.0], self.parameters(schedule)])
        numbers = {**numbers, "after": float(ends[factor + 1]), "before": float(ends[factor]), "radius": self.h.RADIUS}
        if not self.planar:
            return compare_magnitude(lambda v: factor_change(self.h, v), bound, numbers, point=point)
        pair = singular_pair(self.h, numbers["after"], numbers["before"], point)
        return compare_magnitude(lambda v: stretched(self.h, v), bound, {**numbers, **pair}, point=point)

    def broken_constant(self) -> Proof | None:
        """A proof that the M of the instance is no Lipschitz constant of the inverse: M h'(v) < 1 at one point."""
        if self.given is None:
            return None
        points = grid(self.h, 4001)
        point = float(points[self.h.jacobian(points).reshape(-1).argmin()])
        proof = compare(
            lambda v: 1 - v["inverse"] * self.h.jacobian(v["point"]).reshape(-1), {"inverse": self.given}, point=[point]
        )
        return proof if proof.proved else None

    def values(self, schedule: str, found: Enclosed) -> dict[str, Any]:
        """The columns that the table and the figure show."""
        row = self.rows[schedule]
        return {
            "schedule": schedule,
            "dimension": self.h.DIMENSION,
            "enclosed": found.upper,
            "sampled": float(row["distance"]),
            "boxes": found.boxes,
            "composition_error": float(row["composition_error"]),
            "over": found.upper / float(row["limit"]),
        }
