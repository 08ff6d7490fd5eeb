r"""Three exact critical points of a functional gradient with $Q>Q^*$, each without one hypothesis of the theorem.

Layers are $h_i(x)=x+a_ix+b_ix^2$ on the line (the kernel $xy+x^2y^2$, of which $x$ and $x^2$ are an orthonormal basis,
so that the functional gradient of layer $i$ is the gradient in $(a_i,b_i)$) or $h_i(x)=x+a_ix$ (the kernel $xy$).

- ``linear``: the kernel $xy$ at the identity, for $y=x+\frac14x^2$ on the sample $\pm1,\pm2$. Its matrix is singular.
- ``contraction``: $h_1=h_2=0$, at distance 1 from the identity, for $y=x+\frac12x^2$ on the sample $\pm1$.
- ``origin``: the identity on the sample $0,1$ with $h^*(0)=1\ne0$, $h^*(1)=1$.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rescert.certify import derivative, sign
from rescert.certify.problem import Program, trace

Assertions = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Stuck:
    """All numbers are binary fractions, so that balls show the identities exactly."""

    name: str
    missing: str  # the hypothesis that is broken, in words
    inputs: tuple[float, ...]
    targets: tuple[float, ...]
    slope: float  # a_i of both layers; b_i = 0
    square: bool  # whether the kernel has the term x²y²

    def risk(self) -> Program:
        """$2nQ$ as a function of the coefficients of two layers."""

        def total(v: Any) -> Any:
            z = v["inputs"]
            for i in (1, 2):
                z = z + v[f"a{i}"] * z + (v[f"b{i}"] * (z * z) if self.square else 0)
            return ((z - v["targets"]) * (z - v["targets"])).sum()

        names = [f"{name}{i}" for i in (1, 2) for name in ("ab" if self.square else "a")]
        given = {"inputs": np.array(self.inputs), "targets": np.array(self.targets)}
        return trace(total, {name: (1,) for name in names}, given)

    def point(self) -> dict[str, list[float]]:
        return {name: [self.slope if name[0] == "a" else 0.0] for name in self.risk().inputs}

    def prove_stuck(self) -> Assertions:
        """The gradient is exactly zero and the risk positive; empty if that is not shown."""
        program = self.risk()
        slopes = derivative.gradient(program)
        proofs = [sign.prove(slopes, self.point(), relation) for relation in (">=", "<=")]
        return _all(*proofs, sign.prove(program, self.point(), ">"))

    def prove_missing(self) -> Assertions:
        """That the hypothesis is broken, as an exact identity."""
        programs = {
            "linear": lambda v: (v["x"][0] * v["x"][0]) * (v["x"][1] * v["x"][1]) - (v["x"][0] * v["x"][1]) ** 2,
            # |f(1) - f(-1)| = |a| |1 - (-1)|
            "contraction": lambda v: (v["slope"] * (v["x"][0] - v["x"][1])) ** 2 - (v["x"][0] - v["x"][1]) ** 2,
            "origin": lambda v: v["x"][0] * 1,
        }
        constants: dict[str, Any] = {"x": np.array(self.inputs), "slope": self.slope}
        return sign.prove_zero(trace(programs[self.name], {}, constants))


def _all(*proofs: Any) -> Assertions:
    return tuple(p.assertion for p in proofs) if all(p.proved for p in proofs) else ()


STUCK = {
    "linear": Stuck(
        "linear",
        "the kernel xy is not strictly positive definite on the sample",
        (-2.0, -1.0, 1.0, 2.0),
        (-1.0, -0.75, 1.25, 3.0),
        0.0,
        False,
    ),
    "contraction": Stuck(
        "contraction", "the layers are at distance 1 from the identity", (1.0, -1.0), (1.5, -0.5), -1.0, True
    ),
    "origin": Stuck("origin", "0 is in the sample and h*(0) is not 0", (0.0, 1.0), (1.0, 1.0), 0.0, True),
}
