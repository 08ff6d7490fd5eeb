"""Exact comparisons of least squared errors with polynomials, for all values of a parameter in an interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flint import fmpq_poly

from rescert.certify.piecewise import Fit, Kinks, OneHinge, Relation, polynomial
from rescert.certify.real_roots import Interval

EVERYWHERE = Interval(None, None)
ONE = polynomial([1])


@dataclass(frozen=True)
class Comparison:
    """A least error `relation` bound, for every rho of ``scope`` (and of the instance, unless ``always``)."""

    problem: OneHinge | Fit
    relation: Relation
    bound: Any
    scope: Interval = EVERYWHERE
    always: bool = False
    kinks: Kinks = "anywhere"

    def on(self, where: Interval) -> tuple[bool, tuple[dict[str, Any], ...]] | None:
        """Whether it is true there, with the assertion if so; None where it says nothing or only of one irrational."""
        part = self.scope if self.always else self.scope.meet(where)
        if part.is_empty or (part.point is not None and not part.point.is_rational):
            return None
        extra = (self.kinks,) if isinstance(self.problem, OneHinge) else ()
        if self.problem.exception(part, self.relation, self.bound, *extra) is not None:
            return False, ()
        return True, (self.problem.assertion(part, self.relation, self.bound, *extra),)


def error(fit: Fit, relation: Relation, bound: fmpq_poly, **more: Any) -> Comparison:
    """The fit's least error compared with a polynomial."""
    return Comparison(fit, relation, (bound, ONE), **more)


def gathered(assertions: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The same assertions, with all fits of one relation on one interval in one entry."""
    found: list[dict[str, Any]] = []
    for assertion in assertions:
        rest = {key: value for key, value in assertion.items() if key != "fits"}
        same = [a for a in found if "fits" in assertion and rest == {k: v for k, v in a.items() if k != "fits"}]
        if same:
            same[0]["fits"] = [*same[0]["fits"], *assertion["fits"]]
        else:
            found.append(dict(assertion))
    return tuple(found)
