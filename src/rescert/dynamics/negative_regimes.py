"""Settle what becomes of a scalar chain with a negative target, regime by regime (Nar and Sastry 2018, Proposition 3).

`rescert.claims.ns_proposition3` states and proves what is tested here.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.certify.sign import constant
from rescert.dynamics import settled
from rescert.dynamics.negative_target import NegativeChain, between_powers
from rescert.dynamics.settled import Assertions, Settled, refuted, shown, vacuous

EXACT_BITS = 1024  # for products of the denominators of a step and a target
FAST = 4  # a growing weight has 2L-1 times as many digits after each step
MOST = 400  # iterations that the precision of a capture is made for
OTHER = Settled(None, None, "another case")


def _prove(chain: NegativeChain, slack: Any, steps: int, extra: Mapping[str, str] | None = None) -> Proof:
    """Try to show ``slack`` > 0, a function of the chain's constants and of ``extra`` ones."""
    return settled.prove({**chain.constants, **(extra or {})}, slack, chain.precision(steps))


def _image(chain: NegativeChain, weight: int, image: int) -> Assertions:
    """The two assertions that the integer ``weight`` is mapped to the integer ``image``, in integers."""
    program = trace(partial(chain.integer_image, weight=weight, image=image), {}, chain.integers(weight))
    return sign.prove_zero(program, EXACT_BITS)


def fall(chain: NegativeChain, steps: int) -> Settled:
    """L >= 2, 0 < q <= 1: w falls to 0."""
    within = (constant(chain.fraction, ">"), constant(1 - chain.fraction, ">="))
    if chain.fraction == 1:
        return Settled(True, True, "w[1] = 0", (*_image(chain, 1, 0), *within), exact=True)
    proof = _prove(chain, lambda v: chain.decrease(v, steps), steps)
    return shown([proof], f"0 < w[k+1] < w[k] for k < {steps}", *within)


def printed(chain: NegativeChain, falling: Settled) -> Settled:
    """The printed statement: w converges to 0 for δ <= 1/(σ(1-λ))."""
    q = chain.fraction
    if q > 1:
        return vacuous("the step exceeds the threshold", constant(q - 1, ">"))
    if q == 0:
        return Settled(True, False, "δ = 0: w stays at 1", _image(chain, 1, 1), exact=True)
    if q < 0:
        proof = _prove(chain, lambda v: chain.climb(v, FAST), FAST)
        return refuted(shown([proof], "δ < 0: w grows from 1 for ever", constant(q, "<")))
    if chain.depth == 1:
        signs = (constant(chain.step, ">"), constant(1 - chain.step, ">"), constant(chain.target, "<"))
        reason = "L = 1: w[k]-λ = (1-λ)(1-p)^k with 0 < p < 1, so w converges to λ"
        return Settled(True, False, reason, signs, True, measured=f"w to {float(chain.target):g}", bound="w to 0")
    return falling


def corrected(chain: NegativeChain, falling: Settled) -> Settled:
    """The same for L >= 2 and 0 < q <= 1; beyond, for even L, that it does not hold."""
    q = chain.fraction
    if chain.depth == 1:
        return vacuous("L = 1", constant(2 - chain.depth, ">"))
    if q <= 0:
        return vacuous("δ <= 0", constant(q, "<="))
    if q > 2 and chain.depth % 2 == 0:
        grown = _prove(chain, lambda v: chain.growth(v, 2), 2)
        if grown.assertion is not None:
            reason = "the step exceeds the threshold: |w| grows"
            return Settled(False, False, reason, (grown.assertion, constant(q - 2, ">")))
    return vacuous("the step exceeds the threshold", constant(q - 1, ">")) if q > 1 else falling


def equilibria(chain: NegativeChain) -> Settled:
    """That λ^(1/L) and 0 are real equilibria."""
    depth, a = chain.depth, chain.size
    if depth % 2 == 0:
        radius = f"{1.01 * chain.root:.6g}"  # beyond it, w^L > a
        program = trace(lambda v: v["w"] ** depth + v["size"], {"w": (1,)}, {"size": str(a)})
        proof = sign.prove(program, {"w": {"mid": 0, "rad": radius}}, ">")
        parts = () if proof.assertion is None else (proof.assertion, constant(a, ">"))
        reason = "L is even: w^L - λ > 0 for all real w, so λ^(1/L) is not real"
        return Settled(True, False if parts else None, reason, parts)
    if depth == 1 and chain.step != 0:
        reason = "L = 1: the origin moves to δσλ"
        return Settled(True, False, reason, (constant(abs(chain.step) * a, ">"),), exact=True)
    constants = {"size": str(a), "low": f"{0.999 * chain.root:.9g}", "high": f"{1.001 * chain.root:.9g}"}
    program = trace(
        lambda v: torch.cat([(v[n] ** depth - v["size"]).reshape(1) * s for n, s in (("low", -1), ("high", 1))]),
        {},
        constants,
    )
    proof = sign.prove(program, {}, ">")
    return shown([proof], "w^L - λ changes its sign at -ℓ = λ^(1/L), and 0 stays where it is")


def even(chain: NegativeChain, steps: int) -> Settled:
    """Even L, q > 0: the regimes below, at and above q = 2."""
    q = chain.fraction
    if chain.depth % 2:
        return vacuous("L is odd", constant(chain.depth % 2, ">"))
    if q <= 0:
        return vacuous("δ <= 0", constant(q, "<="))
    if q == 2:
        cycle = (*_image(chain, 1, -1), *_image(chain, -1, 1))
        return Settled(True, True, "w = 1, -1, 1, …: period 2", cycle, exact=True)
    if q > 2:
        proof = _prove(chain, lambda v: chain.growth(v, FAST), 32 * FAST)
        return shown([proof], f"|w| grows by q-1 = {float(q - 1):.4g} or more for k < {FAST}", constant(q - 2, ">"))
    if q == 1:
        return Settled(True, True, "w[1] = 0", _image(chain, 1, 0), exact=True)
    steps = FAST if chain.depth == 2 and chain.step * chain.size == 1 else steps  # there |w| is cubed at each step
    proof = _prove(chain, lambda v: chain.shrinkage(v, steps), steps)
    return shown([proof], f"|w[k+1]| < |w[k]| for k < {steps}", constant(q, ">"), constant(2 - q, ">"))


def _not_beyond(chain: NegativeChain) -> Settled | None:
    """The finding of the statements about odd L >= 3 and q > 1 where these fail."""
    if chain.depth % 2 == 0:
        return vacuous("L is even", constant(1 - chain.depth % 2, ">"))
    if chain.depth == 1:
        return vacuous("L = 1", constant(2 - chain.depth, ">"))
    within = "the step is within the threshold"
    return vacuous(within, constant(chain.fraction - 1, "<=")) if chain.fraction <= 1 else None


def odd(chain: NegativeChain, steps: int) -> Settled:
    """Odd L >= 3, q > 1: w tends to the optimum -ℓ."""
    outside = _not_beyond(chain)
    if outside is not None:
        return outside
    conditions = [_prove(chain, lambda v, i=i: chain.optimum_conditions(v)[i], 1) for i in range(4)]
    measured = f"pG(ℓ) = {chain.optimum_curvature:.4g}"
    if all(c.assertion is not None for c in conditions):
        proof = _prove(chain, lambda v: chain.approach(v, steps), steps)
        reason = f"-w[k] comes closer to ℓ at each 1 <= k < {steps}"
        found = shown([*conditions, proof], reason, constant(chain.fraction - 1, ">"))
        return found._replace(measured=measured, bound="2")
    for i in range(4):
        broken = _prove(chain, lambda v, i=i: -chain.optimum_conditions(v)[i], 1)
        if broken.assertion is not None:
            return Settled(False, None, "a condition fails", (broken.assertion,), measured=measured, bound="2")
    return Settled(None, None, "the conditions are not decided")


def unreachable(chain: NegativeChain) -> Settled:
    """Odd L >= 3, q > 1: w does not tend to the optimum unless it meets it exactly, since it repels."""
    outside = _not_beyond(chain)
    if outside is not None:
        return outside
    repelled = _prove(chain, lambda v: -chain.optimum_conditions(v)[2], 1)
    measured = f"pG(ℓ) = {chain.optimum_curvature:.4g}"
    if repelled.assertion is None:
        attracted = _prove(chain, lambda v: chain.optimum_conditions(v)[2], 1)
        parts = () if attracted.assertion is None else (attracted.assertion,)
        hypotheses = False if parts else None
        return Settled(hypotheses, None, "the optimum attracts", parts, measured=measured, bound="2")
    shows = (repelled.assertion, constant(chain.fraction - 1, ">"))
    powers = between_powers(chain.size, chain.depth)
    if powers is None:
        reason = "the optimum repels; ℓ is rational, so w may still meet it exactly"
        return Settled(True, True, reason, shows, measured=measured, bound="2")
    m, term = powers
    between = (constant(term - m**chain.depth, ">"), constant((m + 1) ** chain.depth - term, ">"))
    reason = "the optimum repels, and w[k] is rational while ℓ is not"
    return Settled(True, True, reason, (*shows, *between), measured=measured, bound="2")


def beyond(chain: NegativeChain) -> Settled:
    """Odd L >= 3, q > 1: w does not tend to 0, since -w stays in an interval of positive numbers."""
    outside = _not_beyond(chain)
    if outside is not None:
        return outside
    ceiling, place, middles, radius = chain.ceiling()
    below = trace(chain.below_ceiling, {"u": (len(middles),)}, {**chain.constants, "ceiling": ceiling})
    boxed = sign.prove(below, {"u": {"mid": middles, "rad": [radius] * len(middles)}}, ">")
    cover = str(Fraction(radius) * 2 * len(middles))  # exact: the decimals of a float are not
    covered = _prove(chain, lambda v: v["cover"] ** chain.depth - v["size"], 1, {"cover": cover})
    trap = _prove(chain, chain.trap, 1, {"ceiling": ceiling})
    if trap.assertion is not None:
        reason = f"-w[k] stays between a positive number and β = {float(ceiling):.4g} for ever"
        return shown([boxed, covered, trap], reason)
    for least, slack in (("a value of f on [0, ℓ]", chain.no_ceiling), ("q-1", chain.no_ceiling_for_start)):
        fallen = _prove(chain, slack, 1, {"place": place})
        if fallen.assertion is not None:
            return Settled(False, None, f"no β serves: f < 0 at and beyond {least}", (fallen.assertion,))
    return Settled(None, None, f"not decided by β = {float(ceiling):.4g}")


def returning(chain: NegativeChain, steps: int) -> Settled:
    """Odd L >= 3, q > 1: w comes back to the region from which it falls to 0."""
    outside = _not_beyond(chain)
    if outside is not None:
        return outside
    k = chain.capture_time(steps)
    if k is None:
        return Settled(True, None, f"no float run is back in the region of 0 by k = {steps}")
    proof = _prove(chain, lambda v: chain.capture(v, k), min(8 * k, MOST))
    reason = f"w[{k}] > 0 with a factor in (0, 1): from there on w falls to 0"
    return shown([proof], reason, constant(chain.fraction - 1, ">"))


def rate(chain: NegativeChain, steps: int) -> Settled:
    """L >= 2, 0 < q < 1: the two bounds of w."""
    q = chain.fraction
    if chain.depth == 1:
        return vacuous("L = 1", constant(2 - chain.depth, ">"))
    if not 0 < q < 1:
        return vacuous("q is not in (0, 1)", constant(q * (q - 1), ">="))
    slack = chain.geometric_slack if chain.depth == 2 else chain.algebraic_slack
    proof = _prove(chain, lambda v: slack(v, steps), steps)
    found = shown([proof], f"both bounds are strict for 3 <= k <= {steps}", constant(q * (1 - q), ">"))
    limit = float(1 - chain.step * chain.size)
    law = f"{limit**2:.6g}^k" if chain.depth == 2 else f"k^(-{chain.depth}/{chain.depth - 2})"
    return found._replace(measured=f"product like {law}")
