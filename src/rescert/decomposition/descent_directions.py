"""Directions of descent in one layer: the explicit one, others, Lipschitz ones, and the printed place of Jacobians."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.decomposition.descent_case import DescentCase, Generator
from rescert.decomposition.descent_hypotheses import Outcome, assertions_of, conditions, measured, quotient, rates
from rescert.decomposition.functional_derivative import Layers, Values, lengths

STEP = 1 / 64  # of the finite step along the explicit direction


def index(known: DescentCase) -> Outcome:
    """The printed place of the Jacobians: the derivative along the explicit direction would be another number."""
    composition = known.criterion.composition
    if not isinstance(composition, Layers):
        return Outcome(True, None, False, "the printed points need inverses of the factors: not tried")
    chosen = {"directions": known.criterion.steepest(known.floats).numpy()}

    def difference(v: Values) -> Any:
        """Right less wrong for the layers 2 to m, (m-1,)."""
        wrong = torch.stack([composition.misplaced(v, i) for i in range(2, known.depth + 1)])
        apart = ((composition.pulls(v)[1:] - wrong) * v["directions"][1:]).sum(dim=2)
        return (v["p"] * apart).sum(dim=1)

    if composition.linear:
        same = sign.prove_zero(trace(difference, {}, {**known.numbers, **chosen}))
        reason = "the layers are affine: their Jacobians are the same everywhere"
        return Outcome(True, True if same else None, True, reason, assertions=same)
    if known.depth < 3:
        return Outcome(True, None, False, "layer m has no layer above it")
    proof = known.prove(lambda v: difference(v)[0] * difference(v)[0], ">", chosen)
    gap = float(difference({**known.floats, "directions": known.criterion.steepest(known.floats)})[0])
    reason = "for layer 2 the printed place gives another number than the derivative"
    shown = (*conditions(known), *assertions_of(proof)) if proof.proved and known.farthest < 1 else ()
    return Outcome(True, False if shown else None, False, reason, f"{gap:.3g}", "0", assertions=shown)


def infimum(known: DescentCase, seed: int, generator: Generator) -> Outcome:
    """The explicit direction nearly attains the formula, none beats it, and a finite step goes down."""
    criterion, composition = known.criterion, known.criterion.composition
    best = {"directions": criterion.steepest(known.floats).numpy()}
    drawn = criterion.random_directions(known.floats, generator(seed, "unit directions"))
    other = {"directions": drawn.numpy()}

    def unit(v: Values) -> Any:
        starts = composition.starts(v)
        return (starts * starts).sum(dim=2) - (v["directions"] * v["directions"]).sum(dim=2)

    def attained(v: Values) -> Any:
        return -criterion.derivatives(v) - v["nearly"] * criterion.slopes(v)

    def lower(v: Values) -> Any:
        return criterion.derivatives(v) + criterion.slopes(v)

    proofs = [known.prove(unit, ">", d) for d in (best, other)]
    proofs += [known.prove(attained, ">", {**best, "nearly": 1 - 2.0**-19}), known.prove(lower, ">", other)]
    step = "the finite step is not tried for factors of a map"
    if isinstance(composition, Layers):
        layers = composition

        def falls(v: Values) -> Any:
            moved = [layers.moved(v, i, v["step"] * v["directions"][i - 1]) for i in range(1, known.depth + 1)]
            after = torch.stack([criterion.gap_of(v, residuals) for residuals in moved])
            return criterion.gap(v) - after - v["step"] * criterion.slopes(v) / 2

        proofs.append(known.prove(falls, ">", {**best, "step": STEP}))
        step = "a step of 1/64 along it lowers Q by at least half of what the derivative says"
    if not all(p.proved for p in proofs):
        return Outcome(True, None, False, next(p.reason for p in proofs if not p.proved))
    reason = f"the explicit direction comes within one part in 2^19; {step}"
    found = Outcome(True, True, False, reason, assertions=(*conditions(known), *assertions_of(*proofs)))
    return replace(found, measured=f"{-float(known.criterion.slopes(known.floats).min()):.6g}")


def lipschitz(known: DescentCase) -> Outcome:
    """Two atoms, opposite residuals, identity layers: a 1-Lipschitz Δ gains at most half their distance."""
    if known.family != "pair":
        apart = sign.constant(abs(known.atoms - 2), ">")
        return Outcome(False, None, True, f"{known.atoms} atoms, not the pair", assertions=(apart,))
    opposite = sign.prove_zero(
        trace(lambda v: (v["p"][:, None] * known.criterion.residuals(v)).sum(), {}, dict(known.numbers))
    )
    gain = known.prove(
        lambda v: (
            quotient(known, v)
            - v["p"][0] * lengths(known.criterion.residuals(v)[:1])[0] * lengths(v["x"][:1] - v["x"][1:])[0]
        ),
        ">",
        rates(known),
    )
    shown = (*opposite, *assertions_of(gain)) if opposite and gain.proved else ()
    reason = "1-Lipschitz directions gain at most p|r||x-x'|, less than the bound says"
    x, p = known.numbers["x"], known.numbers["p"]
    residual = abs(float(known.criterion.residuals(known.floats)[0, 0]))
    most = float(p[0]) * residual * abs(float(x[0, 0] - x[1, 0]))
    found = Outcome(True, True if shown else None, False, reason, assertions=(*known.shown, *shown))
    return replace(found, **{**measured(known, 1), "measured": f"{-most:.6g}"})
