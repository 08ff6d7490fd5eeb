r"""At least as good as linear, or a strict saddle: what is proved of the critical point near one candidate.

Every decision is about all points of the box in which `rescert.landscape.existence.enclose` proved a critical point,
and so about that point. The theorem itself, in the docstring of `rescert.claims.ysj_theorem2`, is not assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from rescert.certify import derivative, inertia, sign
from rescert.certify.balls import Box
from rescert.certify.problem import Builder
from rescert.certify.proof import Proof
from rescert.landscape import expressions, linear_risk
from rescert.landscape.candidate import Candidate
from rescert.landscape.existence import Enclosure, enclose

NEARBY = 2.0**-27  # relative half-width of the box of level A
SMALL = 1e-7  # norm below which a gradient is said to be small, at level A
Assertion = dict[str, Any]


@dataclass(frozen=True)
class Decision:
    r"""Three-valued answers, each True or False only if it is proved by ``assertions``.

    ``below``: $R\le R_{\mathrm{lin}}$. ``eigenvalue``: the sign of $\lambda_{\min}$. ``representation``: (c1).
    ``coverage``: (c2), the rows of $U_2,\dots,U_L$ do not span. ``output_layer``: $w\ne0$. ``bounded``:
    $\lambda_{\min}$ is below the bound of the sharper theorem, and that is negative; None also where it is not needed.
    ``exists`` is False where no critical point was shown to exist (level A): then the answers are about every critical
    point within `NEARBY` of the candidate, if there is one, and the gradient at the candidate is shown to be small.
    """

    exists: bool
    reason: str
    below: bool | None = None
    eigenvalue: Literal["negative", "zero", "positive", "undecided"] = "undecided"
    representation: bool | None = None
    coverage: bool | None = None
    output_layer: bool | None = None
    bounded: bool | None = None
    comparison: str = ""
    bound_reason: str = ""
    assertions: tuple[Assertion, ...] = ()
    bound_assertions: tuple[Assertion, ...] = ()

    @property
    def clause(self) -> str:
        """The clause of Theorem 2 that holds, in words."""
        if self.below is True:
            return "R <= R_lin"
        if self.eigenvalue == "negative":
            return "R > R_lin, negative curvature" if self.below is False else "negative curvature"
        return "neither clause is decided"


def decide(candidate: Candidate, free_labels: bool) -> Decision:
    """Existence near the candidate, then everything that can be decided over the whole box."""
    found = enclose(candidate.point, candidate.inputs, candidate.labels, candidate.family, free_labels)
    exists, reason = found.box is not None, found.reason
    if found.box is None:
        small = _small_gradient(candidate)
        if small.assertion is None:
            return Decision(False, f"{reason}; {small.reason}")
        reason = f"{reason}; {small.reason}"
        found = replace(found, box=_nearby(candidate), assertions=(small.assertion,))
    assert found.box is not None
    comparison = linear_risk.decide(
        lambda values: expressions.risk(values, candidate.family), found.box, candidate.inputs, candidate.family.loss
    )
    representation = inertia.prove_definite(
        candidate.program(expressions.risk), found.box, variables=[("w", i) for i in range(len(candidate.point["w"]))]
    )
    coverage, spanning = _coverage(candidate, found.box)
    output_layer, output = _output_layer(candidate, found.box)
    eigenvalue, curvature = _least_eigenvalue(candidate, found, exists)
    assertions = [
        *found.assertions,
        *comparison.assertions,
        *([representation.assertion] if representation.assertion else []),
        *spanning,
        *output,
        *curvature,
    ]
    decision = Decision(
        exists,
        reason,
        comparison.below,
        eigenvalue,
        True if representation.proved else None,
        coverage,
        output_layer,
        comparison=comparison.reason,
        assertions=tuple(assertions),
    )
    return decision if comparison.below is True else _bounded(candidate, found.box, decision)


def _nearby(candidate: Candidate) -> dict[str, Any]:
    """A box around the candidate; entries that are exactly zero, and labels, stay as they are."""
    box = {
        name: {"mid": value, "rad": np.where(value == 0, 0.0, NEARBY * np.maximum(1.0, np.abs(value)))}
        for name, value in candidate.point.items()
    }
    return {**box, "y": {"mid": candidate.labels, "rad": 0}}


def _small_gradient(candidate: Candidate) -> Proof:
    r"""$|\nabla R|<$ `SMALL` at the candidate, in the parameters."""
    gradient = derivative.gradient(candidate.program(expressions.risk), list(candidate.point))
    builder = Builder(gradient)
    square = builder.apply("matmul", gradient.output, gradient.output)
    program = builder.build(builder.apply("subtract", square, builder.constant(SMALL**2)))
    proof = sign.prove(program, {**candidate.point, "y": candidate.labels}, "<")
    return replace(proof, reason=f"the gradient is {'' if proof.proved else 'not '}shown to be below {SMALL:g}")


def _coverage(candidate: Candidate, box: Box) -> tuple[bool | None, list[Assertion]]:
    """True by structure: too few rows, or a column of zeros. False by a determinant of $d$ rows that is not zero."""
    if expressions.rows_cannot_span(candidate.point):
        return True, []
    spanning = expressions.spanning_rows(candidate.point)
    if spanning is None:
        return None, []
    program = candidate.program(lambda values, family: spanning[1](values))
    relation = ">" if float(program.evaluate({**candidate.point, "y": candidate.labels})) > 0 else "<"
    proof = sign.prove(program, box, relation)
    return (False, [proof.assertion]) if proof.assertion is not None else (None, [])


def _output_layer(candidate: Candidate, box: Box) -> tuple[bool | None, list[Assertion]]:
    """False where w is exactly zero (and no variable); True by an entry whose sign is the same all over the box."""
    middle = candidate.point["w"]
    if not np.any(middle) and not np.any(box["w"]["rad"] if isinstance(box["w"], Mapping) else 0.0):
        return False, []
    largest = int(np.abs(middle).argmax())
    program = candidate.program(lambda values, family: values["w"][largest])
    proof = sign.prove(program, box, ">" if middle[largest] > 0 else "<")
    return (True, [proof.assertion]) if proof.assertion is not None else (None, [])


def _least_eigenvalue(
    candidate: Candidate, found: Enclosure, exists: bool
) -> tuple[Literal["negative", "zero", "positive", "undecided"], list[Assertion]]:
    """The sign of the smallest eigenvalue: by the theorem's own direction, by a float eigenvector, or by a gauge."""
    assert found.box is not None
    program = candidate.program(expressions.risk)
    for direction in filter(None, (candidate.descending(), candidate.steepest())):
        curvature = inertia.prove_negative_direction(program, found.box, direction)
        if curvature.assertion is not None:
            return "negative", [curvature.assertion]
    definite = found.zero_eigenvalue() if exists else []
    # Without frozen rows there is no gauge: the Hessian itself is definite.
    return ("zero" if found.rows else "positive", definite) if definite else ("undecided", [])


def _bounded(candidate: Candidate, box: Box, decision: Decision) -> Decision:
    r"""$\lambda_{\min}<\beta\le\frac12(C-\sqrt{C^2+4G^2})<0$ for one number $\beta$ between the two."""
    values = candidate.describe()
    least, bound = values["smallest_eigenvalue"], values["bound_value"]
    direction = expressions.unseen(candidate.point)
    if direction is None or bound is None or not least < bound < 0:
        return _with(decision, None, "the bound does not lie above the smallest eigenvalue in floats")
    constants, normal = direction
    beta = (least + bound) / 2
    shifted = candidate.program(partial(expressions.shifted_risk, parameters=list(candidate.point)), beta=beta)
    proofs = [
        inertia.prove_negative_direction(shifted, box, candidate.steepest()),
        sign.prove(
            candidate.program(lambda v, family: expressions.bound_excess(v, normal(v), family), beta=beta, **constants),
            box,
            ">=",
        ),
        sign.prove(
            candidate.program(lambda v, family: expressions.bound_strictness(v, normal(v), family), **constants),
            box,
            ">",
        ),
    ]
    if not all(proof.proved for proof in proofs):
        return _with(decision, None, "the bound is not shown: " + "; ".join(p.reason for p in proofs if not p.proved))
    assertions = tuple(proof.assertion for proof in proofs if proof.assertion is not None)
    return _with(decision, True, f"lambda_min < {beta:.6g} <= the bound < 0", assertions)


def _with(decision: Decision, bounded: bool | None, reason: str, assertions: tuple[Assertion, ...] = ()) -> Decision:
    return replace(decision, bounded=bounded, bound_reason=reason, bound_assertions=assertions)
