"""Existence and uniqueness of a zero of a square system in a box, by Krawczyk's operator in balls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from flint import arb

from rescert.certify import balls, derivative
from rescert.certify.problem import Program
from rescert.certify.proof import Proof

Entry = tuple[str, int]
# The image must be inside by this factor, so that a checker with other formulas finds it inside, too.
MARGIN = 0.75
INFLATIONS = 6


@dataclass(frozen=True)
class Zero(Proof):
    """A `Proof` with the ``box`` of the zero; ``lower`` and ``upper`` enclose the largest radius."""

    box: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class _System:
    """The equations, the Jacobian's program of which is differentiated in the variables."""

    equations: Program
    rows: list[int]
    variables: list[Entry]
    precision: int

    def value(self, box: balls.Box) -> np.ndarray:
        return balls.evaluate(self.equations, box, self.precision).reshape(-1)[self.rows]

    def jacobian(self, box: balls.Box) -> np.ndarray:
        return balls.jacobian(self.equations, box, self.precision, self.variables)[self.rows, :]


def prove(
    program: Program,
    point: Mapping[str, Any],
    variables: Sequence[Entry] | None = None,
    system: Literal["gradient", "program"] = "gradient",
    equations: Sequence[Entry] | None = None,
    precision: int = balls.PRECISION,
    largest: float = 1e-7,
) -> Zero:
    """Try to show exactly one zero of a square system near ``point``, the other inputs held at it.

    ``system`` "gradient": the gradient entries ``equations`` (default: those of the variables) of a one-entry
    program, as functions of the ``variables`` (default: all entries). Every other gradient entry must be exactly
    zero over the whole box, so that the zero is a critical point of the program. (At w = 0 all gradient entries
    but those of w vanish, and the unknowns are entries of the last layer.) "program": the output's entries.

    Theorem (Krawczyk; Moore; Rump). Let F be C¹ on a box X with middle x and radius r, J an interval matrix that
    contains F' on X, C any matrix. If |C F(x)| + |I - C J| r < r in every component, then C and every matrix in J
    are nonsingular and F has exactly one zero in X. *Proof.* |I - CJ| r < r bounds the spectral radius of I - CA by
    a weighted maximum norm below 1 for each A in J, so C and A are nonsingular. g(y) = y - C F(y) maps X into
    x - C F(x) + (I - CJ)(X - x), inside X, by the mean value theorem, and contracts in that norm: one fixed
    point, and g(y) = y exactly if F(y) = 0.

    The radius starts at the Newton correction and is inflated; it never exceeds ``largest`` (relative to
    max(1, |x|)), so that a point that is not close to a zero is not certified as if it were one. Degenerate zeros
    are never certified.
    """
    middle = {
        n: np.array(np.broadcast_to(np.asarray(v, dtype=np.float64), program.shapes[n])) for n, v in point.items()
    }
    variables = balls.all_entries(program) if variables is None else [(n, int(i)) for n, i in variables]
    described: dict[str, Any] = {"system": system, "variables": [list(v) for v in variables]}
    if system == "gradient":
        order = balls.all_entries(program)
        chosen = list(variables) if equations is None else [(n, int(i)) for n, i in equations]
        described["equations"] = [list(e) for e in chosen]
        problem = _System(derivative.gradient(program), [order.index(e) for e in chosen], variables, precision)
        rest = [i for i in range(len(order)) if i not in set(problem.rows)]
    elif system == "program":
        problem = _System(program, list(range(int(np.prod(program.output_shape)))), variables, precision)
        rest = []
    else:
        raise ValueError(f"expected the system 'gradient' or 'program', got '{system}'")
    if len(problem.rows) != len(variables):
        raise ValueError(f"expected as many equations as variables, got {len(problem.rows)} and {len(variables)}")
    radii, reason = _inflate(problem, middle, largest)
    if radii is None:
        return Zero(None, None, reason)
    box = _box(middle, variables, radii)
    if rest:
        gradient = balls.evaluate(problem.equations, box, precision).reshape(-1)
        if not all(gradient[i].is_zero() for i in rest):
            return Zero(None, None, "a gradient entry outside the system is not exactly zero over the box")
    assertion = {"kind": "krawczyk", "program": program.to_json(), "box": box, "precision": precision, **described}
    widest = float(radii.max())
    return Zero(True, assertion, f"one zero within {widest:.3g} of the point in every entry", 0.0, widest, box)


def _box(middle: Mapping[str, np.ndarray], variables: Sequence[Entry], radii: np.ndarray) -> dict[str, Any]:
    box = {name: {"mid": value, "rad": np.zeros(value.shape)} for name, value in middle.items()}
    for (name, position), radius in zip(variables, radii, strict=True):
        box[name]["rad"].reshape(-1)[position] = radius
    return box


def _inflate(problem: _System, middle: Mapping[str, np.ndarray], largest: float) -> tuple[np.ndarray | None, str]:
    value = problem.value(middle)
    at_point = problem.jacobian(middle)
    if not all(x.is_finite() for x in [*value, *at_point.flat]):
        return None, "a derivative is not decided at the point"
    try:
        inverse = np.linalg.inv(np.vectorize(lambda x: float(x.mid()), otypes=[float])(at_point))
    except np.linalg.LinAlgError:
        return None, "the Jacobian is singular in floats"
    if not np.isfinite(inverse).all():
        return None, "the Jacobian is singular in floats"
    preconditioner = balls.enter_array(inverse)
    scale = np.array([max(1.0, abs(float(middle[n].reshape(-1)[i]))) for n, i in problem.variables])
    with balls.working_precision(problem.precision):
        step = [x.abs_upper() for x in preconditioner @ value]
    radii = np.array([2 * balls.upper(s) for s in step]) + 2.0**-50 * scale
    for _ in range(INFLATIONS):
        if not (radii <= largest * scale).all():
            return None, "the zero, if there is one, is farther from the point than the largest radius"
        over_box = problem.jacobian(_box(middle, problem.variables, radii))
        with balls.working_precision(problem.precision):
            contraction = preconditioner @ over_box - balls.enter_array(np.eye(len(radii)))
            image = [
                s + sum((c.abs_upper() * arb(float(r)) for c, r in zip(row, radii, strict=True)), arb(0))
                for s, row in zip(step, contraction, strict=True)
            ]
            if all(m.is_finite() and m < arb(MARGIN) * arb(float(r)) for m, r in zip(image, radii, strict=True)):
                return radii, ""
        if not all(m.is_finite() for m in image):
            return None, "the Jacobian is not decided over the box"
        radii = np.maximum(radii, np.array([2 * balls.upper(m) for m in image]))
    return None, "the Krawczyk image does not lie inside the box"


def polish(
    program: Program,
    point: Mapping[str, Any],
    variables: Sequence[Entry] | None = None,
    equations: Sequence[Entry] | None = None,
    steps: int = 3,
    precision: int = balls.PRECISION,
) -> dict[str, np.ndarray]:
    """Newton steps for a zero of the gradient system of `prove`, residuals in balls, rounded to float64.

    Proves nothing: the result may be as wrong as any float.
    """
    current = {n: np.array(np.broadcast_to(np.asarray(v, float), program.shapes[n])) for n, v in point.items()}
    order = balls.all_entries(program)
    variables = order if variables is None else [(n, int(i)) for n, i in variables]
    chosen = variables if equations is None else [(n, int(i)) for n, i in equations]
    problem = _System(derivative.gradient(program), [order.index(e) for e in chosen], list(variables), precision)
    floats = np.vectorize(lambda x: float(x.mid()), otypes=[float])
    for _ in range(steps):
        step = np.linalg.lstsq(floats(problem.jacobian(current)), floats(problem.value(current)), rcond=None)[0]
        for (name, position), s in zip(variables, step, strict=True):
            current[name].reshape(-1)[position] -= s
    return current
