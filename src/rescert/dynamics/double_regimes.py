"""Settle what becomes of the double scalar chain from the identity: see `rescert.claims.ns_double_network`."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.certify.sign import constant
from rescert.dynamics import settled
from rescert.dynamics.double_chain import DoubleChain
from rescert.dynamics.settled import Assertions, Settled, refuted, shown, vacuous

EXACT_BITS = 1024  # for powers of 2 up to those of the depth
FOLLOWED = 200  # iterations after which a float run counts as lost
RADIUS = "1/1000000"  # of the boxes in λ and δσ that show an open set
Capture = tuple[int | None, Proof | None]


def _prove(chain: DoubleChain, slack: Any, steps: int = 1, relation: str = ">") -> Proof:
    return settled.prove(chain.constants, slack, chain.precision(steps), relation)


def _one_weight(chain: DoubleChain) -> Settled:
    return vacuous("L = 1", constant(2 - chain.depth, ">"))


def hypotheses(chain: DoubleChain) -> Settled:
    """Of the statements about L >= 2 and 0 < δσ <= p_c: met, broken or not decided, with what shows it."""
    if chain.depth == 1:
        return _one_weight(chain)
    if chain.fraction is not None:
        if chain.fraction > 1:
            return vacuous("the step exceeds p_c", constant(chain.fraction - 1, ">"))
        return Settled(True, None, "", (constant(chain.fraction, ">"), constant(1 - chain.fraction, ">=")))
    large, small = (_prove(chain, chain.beyond, 1, relation) for relation in (">", "<"))
    if large.assertion is not None:
        return Settled(False, None, "the step exceeds p_c", (large.assertion,))
    if small.assertion is not None:
        return Settled(True, None, "", (small.assertion,))
    return Settled(None, None, "p = p_c is not decided")


def initially(chain: DoubleChain) -> Settled:
    """That the first step moves w down, z up and e closer to 0, for λ < 0."""
    if chain.target > 0:
        return vacuous("λ > 0", constant(chain.target, ">"))
    falls = [_prove(chain, lambda v, i=i: chain.first_step(v)[i]) for i in range(4)]
    away = _prove(chain, lambda v: -chain.first_step(v)[3], 1, ">=")
    first = chain.orbit_floats(1)[-1]
    e = first[0] ** chain.depth - first[1] ** chain.depth + float(chain.size)
    if away.assertion is None:
        found = shown(falls, "w[1] < 1 < z[1] and |e[1]| < |e[0]|")
    else:
        found = Settled(True, False, "the first step overshoots: |e[1]| >= |e[0]|", (away.assertion,))
    return found._replace(measured=f"e[1] = {e:.4g}", bound=f"e[0] = {float(chain.size):.4g}")


def origin_moves(chain: DoubleChain) -> Settled:
    """L = 1: that the origin is no equilibrium."""
    moves = _prove(chain, lambda v: chain.quantities(v)[0] * chain.quantities(v)[1])
    return shown([moves], "L = 1: the origin moves by δσ|λ| in both numbers, so it is no limit")


def origin(chain: DoubleChain) -> Settled:
    """That the origin is an equilibrium, and unstable."""
    if chain.depth == 1:
        return refuted(origin_moves(chain))
    program = trace(lambda v: v["size"] - v["z"] ** chain.depth, {"z": (1,)}, {"size": chain.constants["size"]})
    half = f"{chain.root / 4:.6g}"
    proof = sign.prove(program, {"z": {"mid": half, "rad": half}}, ">")
    return shown([proof], "from (0, z), z grows as long as 0 < z <= ℓ/2")


def twice(chain: DoubleChain) -> Assertions:
    """The assertions that (1, 1) goes to (0, 2) and (0, 0) in integers; none if the instance is another."""
    if chain.step is None or chain.size * chain.step != 1 or chain.depth < 2 or chain.size != _special(chain.depth):
        return ()
    constants = dict(zip(("numerator", "denominator"), chain.size.as_integer_ratio(), strict=True))
    first, second = (
        sign.prove_zero(trace(partial(chain.grid_image, point=point, image=image), {}, constants), EXACT_BITS)
        for point, image in (((1, 1), (0, 2)), ((0, 2), (0, 0)))
    )
    return (*first, *second) if first and second else ()


def _special(depth: int) -> Fraction:
    """4^(L-1)/(1+2^(L-2)): the |λ| from which two steps lead to the origin at δσ = 1/|λ|."""
    return Fraction(4 ** (depth - 1), 1) / (1 + Fraction(2) ** (depth - 2))


def two_steps(chain: DoubleChain) -> Settled:
    """That two steps lead exactly to the origin, at the special target and step."""
    if chain.depth == 1:
        return _one_weight(chain)
    zeros = twice(chain)
    if zeros:
        return Settled(True, True, "(1, 1), (0, 2), (0, 0)", zeros, exact=True)
    difference = abs(chain.size - _special(chain.depth))
    if difference > 0:
        return vacuous("another target", constant(difference, ">"))
    other = _prove(chain, lambda v: (chain.quantities(v)[0] * chain.quantities(v)[1] - 1) ** 2)
    parts = () if other.assertion is None else (other.assertion,)
    return Settled(False if parts else None, None, "another step", parts)


def captured(chain: DoubleChain) -> Capture:
    """When the orbit enters the basin T of the origin, with the proof for a box around λ and δσ."""
    k = chain.capture_time(FOLLOWED) if chain.depth % 2 and chain.depth > 1 and chain.step is not None else None
    if k is None:
        return None, None
    program = trace(partial(chain.captured, steps=k), {"size": (1,), "step": (1,)}, {})
    box = {name: {"mid": chain.constants[name], "rad": RADIUS} for name in ("size", "step")}
    return k, sign.prove(program, box, ">", 256)


def corrected(chain: DoubleChain, steps: int) -> Settled:
    """The corrected theorem along the first iterations; beyond p_c, that e changes its sign."""
    known = hypotheses(chain)
    if known.hypotheses is True:
        proof = _prove(chain, lambda v: chain.descent(v, steps), steps)
        return shown([proof], f"all inequalities are strict for k < {steps}", *known.assertions)
    over = _prove(chain, lambda v: -chain.orbit(v, 1)[1][2])
    if known.hypotheses is False and chain.depth > 1 and over.assertion is not None:
        return known._replace(conclusion=False, assertions=(*known.assertions, over.assertion), exact=False)
    return known


def basin(chain: DoubleChain) -> Settled:
    """That the origin attracts a box of w >= 0 >= z for odd L, and repels in z for even L."""
    if chain.depth == 1:
        return _one_weight(chain)
    r = chain.basin_radius()
    box = {name: {"mid": r / 2, "rad": r / 2} for name in ("w", "y")}
    program = trace(chain.near_origin, {"w": (1,), "y": (1,)}, chain.constants)
    if chain.depth % 2:
        reason = f"0 <= w <= {r:g} and -{r:g} <= z <= 0: the factors of w and z lie in (0, 1)"
    else:
        reason = f"|w|, |z| <= {r:g}: e > 0, so |z| grows unless it is 0"
    return shown([sign.prove(program, box, ">", chain.precision(1))], reason)


def open_set(chain: DoubleChain, capture: Capture) -> Settled:
    """That the orbit enters the basin of the origin, for all λ and δσ near by."""
    if chain.depth == 1:
        return _one_weight(chain)
    if chain.depth % 2 == 0:
        return vacuous("L is even", constant(1 - chain.depth % 2, ">"))
    k, proof = capture
    if proof is None:
        return Settled(True, None, "no float run with this step is seen to enter T")
    return shown([proof], f"in T at k = {k}, for all λ and δσ within {RADIUS} of these")


def cannot(chain: DoubleChain, theorem: Settled, capture: Capture) -> Settled:
    """That the orbit does not converge to the origin; refuted where it does."""
    zeros = twice(chain)
    if zeros:
        return Settled(True, False, "(1, 1), (0, 2), (0, 0): at the origin after two steps", zeros, exact=True)
    k, proof = capture
    if proof is not None and proof.assertion is not None:
        reason = f"the orbit is in the basin T of the origin at k = {k}, so it converges to the origin"
        return Settled(True, False, reason, (proof.assertion,))
    if chain.depth == 1:
        return origin_moves(chain)
    if theorem.hypotheses is True and theorem.conclusion is True:
        return Settled(True, True, "it converges to an optimum", theorem.assertions)
    return Settled(True, None, "nothing is shown for this step")


def limit(chain: DoubleChain, steps: int) -> Settled:
    """That the flow's invariant moves one way, and no farther than the bound."""
    known = hypotheses(chain)
    if known.hypotheses is not True:
        return known
    proof = _prove(chain, lambda v: chain.drift(v, steps), steps)
    w, z = chain.orbit_floats(FOLLOWED)[-1]
    n, a = chain.depth - 2, float(chain.size)
    invariant = w * z if n == 0 else w**-n + z**-n
    bound = 1 - chain.p * a**2 / 3 if n == 0 else 2 + chain.p * (n + 1) * n * (5 + a) * a**2 / (3 * chain.depth)
    found = shown([proof], f"it moves one way for k < {steps}, and its limit is within the bound", *known.assertions)
    return found._replace(measured=f"{invariant:.6g}", bound=f"{bound:.6g}")


def sharper_limit(chain: DoubleChain, steps: int) -> Settled:
    """That the limit is sharper than the flattest optimum of the single chain."""
    known = hypotheses(chain)
    if known.hypotheses is not True:
        return known
    proof = _prove(chain, lambda v: chain.excess_sharpness(v, steps), steps)
    return shown([proof], "S/L at the limit exceeds ℓ^(2L-2)", *known.assertions)
