"""Existence and uniqueness of a zero of a square system in a box, by Krawczyk's operator, in balls or at BLAS speed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.linalg
from flint import arb

from rescert.certify import balls, derivative, midrad_derivative
from rescert.certify.contraction import Known, approximate_inverse, contraction, solution_bound, times
from rescert.certify.midrad import MidRad
from rescert.certify.problem import Program
from rescert.certify.proof import Proof

Entry = tuple[str, int]
Arithmetic = Literal["balls", "midrad", "auto"]
# The image must be inside by this factor, so that a checker with other formulas finds it inside, too.
MARGIN = 0.75
INFLATIONS = 6
# Radii relative to max(1, |x|): the least that balls and midrad try, and that of the box over which midrad first
# encloses J.
SMALLEST, LEAST, FIRST = 2.0**-50, 2.0**-80, 2.0**-46
# Midrad is the faster one from here on, and balls take minutes beyond the second size.
MIDRAD_FROM, BALLS_TO = 3, 100
FARTHER = "the zero, if there is one, is farther from the point than the largest radius"
# A Newton step this small keeps the Jacobian; a reciprocal condition below the second calls for least squares.
STEADY, NEARLY_SINGULAR = 1e-6, 1e-13


@dataclass(frozen=True)
class Linearisation:
    """The enclosure ``jacobian`` of a system's Jacobian over a box that contains the zero's, and its contraction."""

    jacobian: MidRad
    contraction: Known


@dataclass(frozen=True)
class Zero(Proof):
    """A `Proof` with the ``box`` of the zero; ``lower`` and ``upper`` enclose the largest radius.

    ``linearisation`` is there if the proof is one in midpoint-radius arithmetic; see `inertia.prove_index`.
    """

    box: Mapping[str, Any] | None = None
    linearisation: Linearisation | None = None


@dataclass(frozen=True)
class _System:
    """F = the entries ``rows`` of ``equations`` (a program, or the gradient of one), in the ``variables``."""

    program: Program
    kind: str
    equations: Program
    rows: list[int]
    variables: list[Entry]
    precision: int

    def undecided(self, box: balls.Box, what: str) -> str:
        """Why a derivative is not decided over a box: a kink by its name, or ``what`` in general."""
        return balls.kink(self.program, box, self.precision) or what

    def value(self, box: balls.Box) -> np.ndarray:
        return balls.evaluate(self.equations, box, self.precision).reshape(-1)[self.rows]

    def jacobian(self, box: balls.Box) -> np.ndarray:
        return balls.jacobian(self.equations, box, self.precision, self.variables)[self.rows, :]

    def enclosure(self, box: balls.Box) -> tuple[MidRad | None, MidRad]:
        """The gradient in all entries, if the system is one, and the Jacobian, both in midpoint-radius arithmetic."""
        if self.kind == "program":
            return None, midrad_derivative.jacobian(self.program, box, self.variables)
        order = balls.all_entries(self.program)
        chosen = list(dict.fromkeys([*self.variables, *(order[i] for i in self.rows)]))
        gradient, hessian = midrad_derivative.hessian(self.program, box, chosen)
        place = {entry: i for i, entry in enumerate(chosen)}
        rows, columns = [place[order[i]] for i in self.rows], [place[v] for v in self.variables]
        return gradient, hessian if rows == columns == list(range(len(chosen))) else hessian[np.ix_(rows, columns)]


def prove(
    program: Program,
    point: Mapping[str, Any],
    variables: Sequence[Entry] | None = None,
    system: Literal["gradient", "program"] = "gradient",
    equations: Sequence[Entry] | None = None,
    precision: int = balls.PRECISION,
    largest: float = 1e-7,
    arithmetic: Arithmetic = "auto",
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

    ``arithmetic``: "balls" for everything, or "midrad" for J and |I - CJ| r, with F(x) in balls, since the radius of
    F(x) is what the box cannot be smaller than. "auto" tries midrad from `MIDRAD_FROM` variables on, and balls up to
    `BALLS_TO` variables where midrad does not succeed.
    """
    expect_arithmetic(arithmetic)
    middle = {
        n: np.array(np.broadcast_to(np.asarray(v, dtype=np.float64), program.shapes[n])) for n, v in point.items()
    }
    variables = balls.all_entries(program) if variables is None else [(n, int(i)) for n, i in variables]
    balls.positions(program, variables)
    described: dict[str, Any] = {"system": system, "variables": [list(v) for v in variables]}
    if system == "gradient":
        order = balls.all_entries(program)
        chosen = list(variables) if equations is None else [(n, int(i)) for n, i in equations]
        described["equations"] = [list(e) for e in chosen]
        problem = _System(
            program, system, derivative.gradient(program), balls.positions(program, chosen), variables, precision
        )
        used = set(problem.rows)
        rest = [i for i in range(len(order)) if i not in used]
    elif system == "program":
        rows = list(range(math.prod(program.output_shape)))
        problem = _System(program, system, program, rows, variables, precision)
        rest = []
    else:
        raise ValueError(f"expected the system 'gradient' or 'program', got '{system}'")
    if len(problem.rows) != len(variables):
        raise ValueError(f"expected as many equations as variables, got {len(problem.rows)} and {len(variables)}")
    found = _attempt(problem, middle, largest, arithmetic)
    if isinstance(found, str):
        return Zero(None, None, found)
    box = _box(middle, variables, found.radii)
    if system == "gradient" and found.linearisation is None:
        values = balls.evaluate(program, box, precision)
        if not all(value.is_finite() for value in values.flat):
            return Zero(None, None, "the program is not defined all over the box")
    if not _vanish(problem, found, box, rest):
        return Zero(None, None, "a gradient entry outside the system is not exactly zero over the box")
    assertion = {"kind": "krawczyk", "program": program.to_json(), "box": box, "precision": precision, **described}
    widest = float(found.radii.max())
    reason = f"one zero within {widest:.3g} of the point in every entry"
    return Zero(True, assertion, reason, 0.0, widest, box, found.linearisation)


def expect_arithmetic(arithmetic: str) -> None:
    """Raises ``ValueError`` for an arithmetic that is none."""
    if arithmetic not in ("balls", "midrad", "auto"):
        raise ValueError(f"expected the arithmetic 'balls', 'midrad' or 'auto', got '{arithmetic}'")


@dataclass(frozen=True)
class _Inclusion:
    """Radii of a box that Krawczyk's operator maps into itself, and the gradient over it or a wider box."""

    radii: np.ndarray
    linearisation: Linearisation | None = None
    gradient: MidRad | None = None


def _attempt(
    problem: _System, middle: Mapping[str, np.ndarray], largest: float, arithmetic: Arithmetic
) -> _Inclusion | str:
    """An inclusion, or the reason why there is none."""
    size = len(problem.variables)
    if arithmetic == "balls" or (arithmetic == "auto" and size < MIDRAD_FROM):
        return _inflate(problem, middle, largest)
    found = _inflate_midrad(problem, middle, largest)
    # How far the zero is does not depend on the arithmetic of the Jacobian.
    if arithmetic == "auto" and isinstance(found, str) and found != FARTHER and size <= BALLS_TO:
        return _inflate(problem, middle, largest)
    return found


def _vanish(problem: _System, found: _Inclusion, box: balls.Box, rest: Sequence[int]) -> bool:
    """Whether the entries ``rest`` of the gradient are exactly zero over the box."""
    if rest and found.gradient is not None:
        outside = found.gradient[rest]
        if not (outside.mid.any() or outside.rad.any()):
            return True
    values = balls.evaluate(problem.equations, box, problem.precision).reshape(-1) if rest else np.empty(0)
    return all(values[i].is_zero() for i in rest)


def _box(middle: Mapping[str, np.ndarray], variables: Sequence[Entry], radii: np.ndarray) -> dict[str, Any]:
    box = {name: {"mid": value, "rad": np.zeros(value.shape)} for name, value in middle.items()}
    for (name, position), radius in zip(variables, radii, strict=True):
        box[name]["rad"].reshape(-1)[position] = radius
    return box


def _inflate(problem: _System, middle: Mapping[str, np.ndarray], largest: float) -> _Inclusion | str:
    value = problem.value(middle)
    at_point = problem.jacobian(middle)
    if not all(x.is_finite() for x in [*value, *at_point.flat]):
        return problem.undecided(middle, "a derivative is not decided at the point")
    try:
        inverse = np.linalg.inv(np.vectorize(lambda x: float(x.mid()), otypes=[float])(at_point))
    except np.linalg.LinAlgError:
        return "the Jacobian is singular in floats"
    if not np.isfinite(inverse).all():
        return "the Jacobian is singular in floats"
    preconditioner = balls.enter_array(inverse)
    scale = _scale(problem, middle)
    with balls.working_precision(problem.precision):
        step = [x.abs_upper() for x in preconditioner @ value]
    radii = np.array([2 * balls.upper(s) for s in step]) + SMALLEST * scale
    for _ in range(INFLATIONS):
        if not (radii <= largest * scale).all():
            return FARTHER
        box = _box(middle, problem.variables, radii)
        over_box = problem.jacobian(box)
        with balls.working_precision(problem.precision):
            contraction = preconditioner @ over_box - balls.enter_array(np.eye(len(radii)))
            image = [
                s + sum((c.abs_upper() * arb(float(r)) for c, r in zip(row, radii, strict=True)), arb(0))
                for s, row in zip(step, contraction, strict=True)
            ]
            if all(m.is_finite() and m < arb(MARGIN) * arb(float(r)) for m, r in zip(image, radii, strict=True)):
                return _Inclusion(radii)
        if not all(m.is_finite() for m in image):
            return problem.undecided(box, "the Jacobian is not decided over the box")
        radii = np.maximum(radii, np.array([2 * balls.upper(m) for m in image]))
    return "the Krawczyk image does not lie inside the box"


def _scale(problem: _System, middle: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.array([max(1.0, abs(float(middle[n].reshape(-1)[i]))) for n, i in problem.variables])


def _inflate_midrad(problem: _System, middle: Mapping[str, np.ndarray], largest: float) -> _Inclusion | str:
    """The Jacobian is enclosed over a box that is wide enough for most zeros, so that once is enough for these.

    An enclosure J over a box that contains X serves for X, and so does any C, for all boxes.
    """
    value = MidRad.of_balls(problem.value(middle))
    if not np.isfinite(value.rad).all():
        return problem.undecided(middle, "a derivative is not decided at the point")
    scale = _scale(problem, middle)
    wide, radii, inverse = FIRST * scale, np.zeros(len(scale)), None
    for attempt in range(INFLATIONS):
        box = _box(middle, problem.variables, wide)
        gradient, jacobian = problem.enclosure(box)
        if not np.isfinite(jacobian.rad).all():
            if attempt:
                return problem.undecided(box, "the Jacobian is not decided over the box")
            wide = 4 * SMALLEST * scale  # a kink or a pole may be near
            continue
        if inverse is None:
            inverse = approximate_inverse(jacobian.mid)
            if inverse is None:
                return "the Jacobian is singular in floats"
            step = solution_bound(inverse, value)
            # No component is much smaller than the others, or its row could not contract.
            radii = 2 * step + np.clip((step / scale).max(), LEAST, SMALLEST) * scale
        if not (radii <= largest * scale).all():
            return FARTHER
        if (radii <= wide).all():
            image = step + times(np.abs(inverse), times(jacobian.rad, radii))  # a part of it, for little
            if (image < MARGIN * radii).all():
                bound = contraction(inverse, jacobian, radii)
                image = (step + bound) * (1 + 2.0**-50)
                if (image < MARGIN * radii).all():
                    return _Inclusion(radii, Linearisation(jacobian, Known(inverse, radii, bound)), gradient)
            if not np.isfinite(image).all():
                return "the Jacobian is not decided over the box"
            if (wide <= 2 * radii).all():
                radii = np.maximum(radii, 2 * image)
        wide = 2 * radii
    return "the Krawczyk image does not lie inside the box"


def polish(
    program: Program,
    point: Mapping[str, Any],
    variables: Sequence[Entry] | None = None,
    equations: Sequence[Entry] | None = None,
    steps: int = 3,
    precision: int = balls.PRECISION,
) -> dict[str, np.ndarray]:
    """Newton steps for a zero of the gradient system of `prove`, residuals in balls, rounded to float64.

    Proves nothing: the result may be as wrong as any float. The Jacobian is a float's, and is kept for the next step
    where a step is small.
    """
    current = {n: np.array(np.broadcast_to(np.asarray(v, float), program.shapes[n])) for n, v in point.items()}
    order = balls.all_entries(program)
    variables = order if variables is None else [(n, int(i)) for n, i in variables]
    chosen = variables if equations is None else [(n, int(i)) for n, i in equations]
    rows = balls.positions(program, chosen)
    problem = _System(program, "gradient", derivative.gradient(program), rows, list(variables), precision)
    solve: Callable[[np.ndarray], np.ndarray] | None = None
    for _ in range(steps):
        value = np.array([float(x.mid()) for x in problem.value(current)])
        if solve is None:
            solve = _solver(problem.enclosure(current)[1].mid)
        step = solve(value)
        for (name, position), s in zip(variables, step, strict=True):
            current[name].reshape(-1)[position] -= s
        if not (np.abs(step) <= STEADY * _scale(problem, current)).all():
            solve = None
    return current


def _solver(jacobian: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Solutions by LU, or least-squares ones where the Jacobian is not square or nearly singular."""
    if jacobian.shape[0] == jacobian.shape[1]:
        factors, pivots, _ = scipy.linalg.lapack.dgetrf(jacobian)
        reciprocal_condition, _ = scipy.linalg.lapack.dgecon(factors, float(np.abs(jacobian).sum(axis=0).max()))
        if reciprocal_condition > NEARLY_SINGULAR:
            return lambda value: scipy.linalg.lu_solve((factors, pivots), value)
    return lambda value: np.linalg.lstsq(jacobian, value, rcond=None)[0]
