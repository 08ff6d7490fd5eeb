"""One quadratic function and a number of cells: what each statement about its approximation by networks (7) comes to.

The statements and their derivations are in `rescert.claims.ns_approximation`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from rescert.certify.sign import constant
from rescert.decomposition import quadratic_networks, quadratic_proofs
from rescert.decomposition.quadratic_form import Quadratic, Ridge, completely_positive, signed_ridges
from rescert.decomposition.quadratic_proofs import Obstruction
from rescert.decomposition.settlement import Assertions, Settlement, undecided, vacuous
from rescert.networks import simplex_bounds

GRID = 32  # cells a side of the surfaces that a figure shows


@dataclass(frozen=True)
class Case:
    """One quadratic function and a number of cells, with what several statements need."""

    f: Quadratic
    cells: int

    @cached_property
    def definite(self) -> Assertions:
        return quadratic_proofs.definite(self.f)

    @cached_property
    def gradient(self) -> tuple[bool, Assertions]:
        return quadratic_proofs.gradient(self.f)

    @cached_property
    def obstruction(self) -> Obstruction | None:
        return quadratic_proofs.obstruction(self.f)

    @cached_property
    def ridges(self) -> tuple[Ridge, ...] | None:
        return completely_positive(self.f.hessian)

    @cached_property
    def reached(self) -> Assertions:
        """That H is completely positive; none if that is not shown."""
        return () if self.ridges is None else quadratic_proofs.ridge_identity(self.f, self.ridges)

    def outside(self, dimension: int | None = None) -> Settlement | None:
        """The finding of a statement about definite f of that dimension with a positive gradient, if f is none."""
        if dimension is not None and self.f.dimension != dimension:
            off = constant(abs(self.f.dimension - dimension), ">")
            return vacuous(f"n = {self.f.dimension}, not {dimension}", (off,))
        indefinite = quadratic_proofs.not_definite(self.f)
        if indefinite:
            return vacuous("f is not strictly convex", indefinite)
        positive, shown = self.gradient
        if not positive:
            return vacuous("the gradient at 0 is not positive", shown)
        return None if self.definite else undecided("f is not shown strictly convex")

    @property
    def hypotheses(self) -> Assertions:
        return (*self.definite, *self.gradient[1])

    def plus(self, alpha: Fraction, gamma: Fraction) -> Case:
        """f + α|x|²/2 + γ(Σx)²/2 + β·x with β such that the gradient at 0 is positive."""
        size = range(self.f.dimension)
        added = tuple(tuple(gamma + alpha * (i == j) for j in size) for i in size)
        beta = tuple(max(-g, Fraction(0)) + 1 for g in self.f.gradient)
        return Case(self.f.plus(Quadratic(added, beta)), self.cells)


def _number(value: Fraction) -> str:
    return f"{value} = {float(value):.6g}" if value.denominator > 1 else str(value)


def _network(case: Case) -> tuple[Fraction, Assertions]:
    """The error of the network of part 3, and for one variable the assertions that bound it."""
    found = quadratic_networks.single(case.f, case.cells)
    if found is None or case.f.dimension != 1:
        return (found.bound if found else Fraction(0)), ()
    simplices = simplex_bounds.within(case.f, found.sums, found.bound)
    shown = simplex_bounds.assertions(case.f, found.sums, found.bound, simplices) if simplices else ()
    return found.bound, shown


def scalar(case: Case) -> Settlement:
    outside = case.outside(1)
    if outside is not None:
        return outside
    error, shown = _network(case)
    if not (shown and case.reached):
        return undecided("the error of the network is not shown")
    reason = f"{case.cells} pieces: the error is at most {error}, and a quarter of that for twice as many"
    return Settlement(True, True, reason, _number(error), assertions=(*case.hypotheses, *case.reached, *shown))


def narrow(case: Case) -> Settlement:
    outside = case.outside(1)
    if outside is not None:
        return outside
    error, shown = _network(case)
    chain = quadratic_proofs.narrow_chain(case.f, case.cells)
    if not (shown and chain):
        return undecided("the chain of width one is not followed exactly")
    numbers = quadratic_proofs.narrow_parameters(case.f, case.cells)
    values = {f"chain_{name}": list(map(float, numbers[name])) for name in ("w", "b")}
    reason = (
        f"depth {case.cells - 1}, width 1 meets the interpolant at all {case.cells + 1} nodes and bends nowhere else"
    )
    return Settlement(True, True, reason, _number(error), _number(error), (*shown, *chain), values)


def single(case: Case) -> Settlement:
    outside = case.outside()
    if outside is not None:
        return outside
    if case.obstruction is not None:
        reason = f"{case.obstruction.kind}: every network, of any depth and width, misses f by {case.obstruction.error}"
        assertions = (*case.hypotheses, *case.obstruction.assertions)
        least = f">= {_number(case.obstruction.error)}"
        return Settlement(True, False, reason, least, "0", assertions)
    if not case.reached:
        return undecided("neither a completely positive form nor an obstruction was found")
    error = _network(case)[0]
    reason = f"H is completely positive with {len(case.ridges or ())} ridges; {case.cells} cells a unit: {error}"
    return Settlement(True, True, reason, f"<= {_number(error)}", "0", (*case.hypotheses, *case.reached))


def corrected(case: Case) -> Settlement:
    found = single(case)
    if found.conclusion is None:
        return found
    word = "completely positive, a limit" if found.conclusion else "not completely positive, no limit"
    return Settlement(True, True, f"H is {word}: {found.reason}", found.measured, found.bound, found.assertions)


def exact(case: Case) -> Settlement:
    outside = case.outside(2)
    if outside is not None:
        return outside
    if case.f.hessian[0][1] >= 0:
        if not case.reached:
            return undecided("no completely positive form was found")
        assertions = (*case.hypotheses, *case.reached)
        return Settlement(True, True, "no negative mixed term: the infimum is 0", "0", "0", assertions)
    best = quadratic_networks.best(case.f, case.cells)
    signed = [(1, best.network)]
    simplices = simplex_bounds.within(case.f, signed, best.bound)
    above = simplex_bounds.assertions(case.f, signed, best.bound, simplices) if simplices else ()
    below = case.obstruction
    if below is None or below.error != best.error or not above or not best.network.in_class:
        return undecided("the error of the network is not shown")
    kinks = sum(w > 0 for w in best.network.weights)
    if best.attained:
        reason = f"attained by depth 1 with {kinks} hinges, slopes {_texts(best.network.slope)}"
    else:
        reason = f"the infimum lies between {best.error} and {best.bound}, the bound of a network with {kinks} hinges"
    surface = quadratic_proofs.grid_values(case.f, GRID)
    points = [(Fraction(j, GRID), Fraction(i, GRID)) for i in range(GRID + 1) for j in range(GRID + 1)]
    values = {
        "error": float(best.error),
        "surface": surface.reshape(-1).tolist(),
        "network_surface": [float(best.network.at(p)) for p in points],
        "kinks_x": _kinks(best, 0),
        "kinks_y": _kinks(best, 1),
        **_separable_error(case),
    }
    measured = f"[{float(best.error):.6g}, {float(best.bound):.6g}]"
    assertions = (*case.hypotheses, *below.assertions, *above)
    return Settlement(True, True, reason, measured, _number(best.error), assertions, values)


def _texts(numbers: tuple[Fraction, ...]) -> str:
    return ", ".join(map(str, numbers))


def _kinks(best: quadratic_networks.Best, axis: int) -> list[float]:
    lines = zip(best.network.directions, best.network.offsets, best.network.weights, strict=True)
    return [float(b / v[axis]) for v, b, w in lines if v[axis] > 0 and w > 0]


def _separable_error(case: Case) -> dict[str, float]:
    """The largest |f - f̂| for N equal cells a variable; nothing where that is no network (7) or not found exactly."""
    network = quadratic_networks.separable(case.f, case.cells)
    if not network.in_class:
        return {}
    found = simplex_bounds.error_range(case.f, [(1, network)])
    error = max(found.low, found.high, key=abs)
    at_corners = (simplex_bounds.coefficients(case.f, s)[: case.f.dimension + 1] for s in found.simplices)
    return {"separable_error": float(abs(error))} if any(error in values for values in at_corners) else {}


def not_enough(case: Case) -> Settlement:
    outside = case.outside()
    if outside is not None:
        return outside
    entries = quadratic_proofs.no_negative_entry(case.f)
    if not entries:
        least = min(t for row in case.f.hessian for t in row)
        return vacuous("H has a negative entry", (constant(least, "<"),))
    if case.reached:
        return vacuous("H is completely positive", case.reached)
    if case.obstruction is None:
        return undecided("neither a completely positive form nor an obstruction was found")
    reason = f"{case.obstruction.kind}, though f is strictly convex, increasing and supermodular"
    assertions = (*case.hypotheses, *entries, *case.obstruction.assertions)
    return Settlement(True, True, reason, f">= {_number(case.obstruction.error)}", "0", assertions)


def route(case: Case) -> Settlement:
    rows = case.f.hessian
    dominant = max(sum(map(abs, row)) - abs(row[i]) - row[i] for i, row in enumerate(rows))
    alpha = max(Fraction(0), dominant) + 1
    r = case.plus(alpha, Fraction(0))
    if not r.definite:
        return undecided("r is not shown strictly convex")
    mixed = quadratic_proofs.mixed_bound(r.f)
    if mixed is not None:
        reason = f"α = {alpha}: r keeps the mixed differences of f, and every network misses r by {mixed.error}"
        assertions = (*r.hypotheses, *mixed.assertions) if mixed.assertions else ()
        conclusion = False if assertions else None
        return Settlement(True, conclusion, reason, f">= {_number(mixed.error)}", "0", assertions)
    if not r.reached:
        return undecided("no completely positive form of r was found")
    reason = f"α = {alpha}: no negative mixed term, r is completely positive"
    return Settlement(True, True, reason, "0", "0", (*r.hypotheses, *r.reached))


def route_corrected(case: Case) -> Settlement:
    rows, size = case.f.hessian, range(case.f.dimension)
    gamma = max([Fraction(0), *(-rows[i][j] for i, j in case.f.pairs())])
    excess = max(sum(rows[i][j] + gamma for j in size if j != i) - rows[i][i] - gamma for i in size)
    alpha = max(Fraction(0), excess) + 1
    r = case.plus(alpha, gamma)
    if not (r.definite and r.reached):
        return undecided("r is not shown to be a limit of networks")
    bound = quadratic_networks.single(r.f, case.cells)
    reason = f"α = {alpha}, γ = {gamma}: r is completely positive"
    measured = None if bound is None else f"<= {_number(bound.bound)}"
    added = (constant(alpha, ">"), constant(gamma, ">="))
    return Settlement(True, True, reason, measured, "0", (*r.hypotheses, *r.reached, *added))


def pair(case: Case) -> Settlement:
    ridges = signed_ridges(case.f.hessian)
    identity = quadratic_proofs.ridge_identity(case.f, ridges, signed=True) if ridges else ()
    networks = quadratic_networks.pair(case.f, case.cells)
    if not identity or not all(n.in_class for _, n in networks.sums):
        return undecided("f is not shown to be a difference of ridge sums")
    negative = sum(r.weight < 0 for r in ridges)
    reason = f"{len(ridges) - negative} ridges in r, {negative} in s"
    return Settlement(True, True, reason, f"<= {_number(networks.bound)}", "0", identity)


def rate(case: Case) -> Settlement:
    difference = pair(case)
    networks = quadratic_networks.pair(case.f, case.cells)
    values = {"pair_bound": float(networks.bound)}
    if difference.conclusion is None:
        return difference
    if case.f.dimension > 2:
        reason = "by the formula: no simplices for n >= 3"
        return Settlement(True, True, reason, None, _number(networks.bound), difference.assertions, values)
    found = simplex_bounds.error_range(case.f, networks.sums)
    error = max(abs(found.low), abs(found.high))
    shown = simplex_bounds.assertions(case.f, networks.sums, error, found.simplices)
    if not shown or error > networks.bound:
        return undecided(f"the error is not shown to be at most {networks.bound}")
    word = "exactly" if found.reached else "at most"
    reason = f"the error is {word} {error} on {len(found.simplices)} simplices"
    values["pair_error"] = float(error)
    assertions = (*difference.assertions, *shown, constant(networks.bound - error, ">="))
    return Settlement(True, True, reason, _number(error), _number(networks.bound), assertions, values)


STATEMENTS: dict[str, Callable[[Case], Settlement]] = {
    "scalar": scalar,
    "narrow": narrow,
    "single": single,
    "corrected": corrected,
    "exact": exact,
    "not enough": not_enough,
    "route": route,
    "route corrected": route_corrected,
    "pair": pair,
    "rate": rate,
}
