r"""A run of functional descent as it was stored, with the parametric runs on the same target and depth, and its proofs.

See `rescert.dynamics.functional_descent` for what is stored, and the claim `bel_functional_descent` for the theorems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from rescert.certify.proof import Proof
from rescert.dynamics.near_identity_region import State, prove_apart, prove_zero_start

Assertions = tuple[dict[str, Any], ...]


def given(*proofs: Proof) -> Assertions:
    """The assertions of all proofs, or none if one is missing."""
    found = tuple(p.assertion for p in proofs if p.assertion is not None)
    return found if len(found) == len(proofs) else ()


def runs(history: pd.DataFrame) -> list[dict[str, Any]]:
    """Target, kernel and depth of every run of functional descent."""
    keys = ["target", "kernel", "depth"]
    found = history[history["method"] == "functional"].drop_duplicates(keys)
    return [{"target": t, "kernel": k, "depth": int(m)} for t, k, m in zip(*(found[key] for key in keys), strict=True)]


def drawn(history: pd.DataFrame) -> tuple[list[str], str]:
    """What is drawn: a map, a teacher and the mirror or a near map, as far as there are, and one kernel."""
    kinds: dict[str, str] = {}
    for name in dict.fromkeys(history["target"]):
        known, _, dilation = name.partition(" ")
        kind = known if known in ("teacher", "mirror") else "near" if dilation else "map"
        kinds.setdefault(kind, name)
    chosen = [kinds[kind] for kind in ("map", "teacher", "mirror", "near") if kind in kinds][:3]
    kernels = [kernel for kernel in history["kernel"].unique() if kernel != "none"]
    return chosen, "multiquadric" if "multiquadric" in kernels else kernels[0]


@dataclass(frozen=True)
class Run:
    """``history`` has the rows of this target and depth, of all methods; ``width`` is that of the tanh networks."""

    target: str
    kernel: str
    depth: int
    width: int
    history: pd.DataFrame
    arrays: Mapping[str, np.ndarray]

    @staticmethod
    def read(inputs: Any, network: str, target: str, kernel: str, depth: int) -> Run:
        need = f"networks/{network}"
        table = inputs.table(need)
        rows = table[(table["target"] == target) & (table["depth"] == depth)]
        return Run(target, kernel, depth, int(inputs.record(need)["width"]), rows, inputs.arrays(need))

    @cached_property
    def functional(self) -> pd.DataFrame:
        return self.history[self.history["kernel"] == self.kernel].sort_values("iteration")

    @cached_property
    def parametric(self) -> pd.DataFrame:
        """The last record of every seed; seed -1 is the zero start."""
        found = self.history[self.history["method"] == "parametric"]
        return found[found["iteration"] == found["iteration"].max()].set_index("seed").sort_index()

    @property
    def first(self) -> float:
        return float(self.functional["loss"].iloc[0])

    def state(self, name: str) -> State | None:
        """The state ``coefficients`` or ``outside``, None if it was not stored."""
        found = self.arrays.get(f"{self.target}/{self.depth}/{self.kernel}/{name}")
        if found is None:
            return None
        inputs, targets = (self.arrays[f"{self.target}/{self.depth}/{part}"] for part in ("inputs", "targets"))
        square = float(self.arrays[f"{self.target}/{self.depth}/{self.kernel}/square"][0])
        return State(self.kernel, square, found, inputs, targets)

    @cached_property
    def end(self) -> State:
        found = self.state("coefficients")
        if found is None:
            raise ValueError(f"expected a stored run for {self.target}, {self.kernel}, depth {self.depth}, got none")
        if not np.isfinite(found.coefficients).all():
            raise ValueError(f"expected finite coefficients for {self.target}, {self.kernel}, depth {self.depth}")
        return found

    @cached_property
    def start(self) -> State:
        end = self.end
        return State(end.kernel, end.square, np.zeros_like(end.coefficients), end.inputs, end.targets)

    @cached_property
    def outside(self) -> State | None:
        """The first recorded state with a layer of which a Jacobian larger than 1 was found."""
        return self.state("outside")

    @cached_property
    def near(self) -> bool:
        """Whether the bounds of the last state are below 1."""
        return max(self.end.distances) < 1

    def left(self) -> str:
        """When the bound first reached 1, in words."""
        at = int(self.functional["left"].iloc[-1])
        return f"the bound of the distance reaches 1 at iteration {at}" if at >= 0 else "the bound stays below 1"

    def zero_start(self) -> tuple[Assertions, Assertions]:
        """That the zero network has gradient zero, and that its risk is positive."""
        end = self.end
        zero = given(*prove_zero_start(end.inputs, end.targets, self.depth, self.width))
        return zero, given(prove_apart(end.inputs, end.targets))

    @cached_property
    def inside(self) -> list[State]:
        """The states that are shown near the identity: the start, and the end if it is."""
        return [self.start, *([self.end] if self.near else [])]

    def critical(self) -> Assertions:
        """That the inside states have positive risk and in no layer a gradient that is zero."""
        return given(
            *(p for s in self.inside for p in (s.prove_distances(), s.prove_risk(">", Fraction(0)), s.prove_steep()))
        )

    def slopes(self) -> tuple[Assertions, float]:
        """Theorem A at the inside states, and the least ratio of its two sides."""
        ratios = [float(s.slope(s.floats)) / (2 * float(s.rate()) * s.loss) for s in self.inside]
        proofs = (p for s in self.inside for p in (s.prove_distances(), s.prove_eigenvalue(), s.prove_slope()))
        return given(*proofs), min(ratios)

    @cached_property
    def from_identity(self) -> bool:
        """Whether floats expect Theorem B to hold from the identity on."""
        return self.start.loss < self.start.reach

    def limit(self) -> Assertions:
        """Theorem B at the last state, and at the identity where that will do."""
        states = [self.end, *([self.start] if self.from_identity else [])]
        return given(
            *(p for s in states for p in (s.prove_distances(), s.prove_eigenvalue(), s.prove_risk("<", s.reach)))
        )

    def measured(self) -> dict[str, Any]:
        """What the table and the caption show of the last state."""
        last = self.functional.iloc[-1]
        return {
            "first": self.first,
            "last": self.end.loss,
            "sampled": float(last["sampled"]),
            "distance": float(max(self.end.distances)),
            "kept": float(self.functional["kept"].min()),
            "left": int(last["left"]),
            "iterations": int(last["iteration"]),
        }
