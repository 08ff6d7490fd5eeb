r"""How the network of two units estimates a strictly convex function: its slopes, and its distance from the function.

For `rescert.networks.univariate_network.UnivariateNetwork`, the line $\ell(x)=f'(0)x$ of equation (6), and
$f(x)=f'(0)x+\tfrac q2x^2$ on $[0,M]$ with $q>0$.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from rescert.certify import sign, slack_cover
from rescert.networks.midpoint_convexity import PRECISION
from rescert.networks.univariate_network import UnivariateNetwork

MOST_BOXES = 4000
SLACK = 2.0**-20


class Outcome(NamedTuple):
    """Three-valued hypotheses and conclusion of a statement, why, and the assertions that show it."""

    hypotheses: bool
    conclusion: bool | None
    reason: str
    assertions: tuple[dict[str, Any], ...]


def _compared(value: Fraction, strict: str, weak: str) -> dict[str, Any]:
    """The assertion of ``value`` ``strict`` 0 if that is so, and of its opposite ``weak`` otherwise."""
    return sign.constant(value, strict if (value > 0 if strict == ">" else value < 0) else weak)


def slopes(line: UnivariateNetwork) -> tuple[Outcome, Outcome]:
    """ "The top slope is reached if b_1, b_2 < M", and "… if and only if b_1 < M and b_2 < h_1(M)"; both exact."""
    error = line.piece_error()
    pieces = line.pieces()
    last = pieces[-1][2]
    text = "slopes " + ", ".join(f"{slope} on [{start}, {end}]" for start, end, slope in pieces)
    shown = () if error is None else sign.prove_zero(error, PRECISION)
    if not shown:
        unknown = Outcome(True, None, "a kink is not a binary fraction: nothing is exact", ())
        return unknown, unknown
    gap = _compared(line.top - last, ">", "<=")
    beyond = max(line.b1, line.b2) - line.length
    reached = last == line.top
    if beyond >= 0:
        first = Outcome(False, None, "b_1 or b_2 is not below M", (sign.constant(beyond, ">="),))
    else:
        assertions = (*shown, gap, sign.constant(line.slope, ">"), sign.constant(beyond, "<"))
        first = Outcome(True, reached, text, assertions)
    room = min(line.length - line.b1, line.length + line.w1 * max(line.length - line.b1, Fraction(0)) - line.b2)
    agree = (room > 0) == reached
    reason = f"{text}: the top {line.top} is {'' if reached else 'not '}reached"
    return first, Outcome(True, agree, reason, (*shown, gap, _compared(room, ">", "<=")))


def distances(line: UnivariateNetwork, curvature: Fraction) -> tuple[Outcome, Outcome]:
    """ "The network is nearer to f than the line is", and "… strictly between them if its slopes stay below f'(m)"."""
    first, length = line.first_kink, line.length
    if first >= length:
        none = Outcome(False, None, "no unit opens on [0, M]", (sign.constant(first - length, ">="),))
        return none, none
    domain = {"x": {"mid": [str((first + length) / 2)], "rad": [str((length - first) / 2)]}}
    nearer = line.compared(curvature, "nearer")
    better = slack_cover.prove_positive(nearer, domain, MOST_BOXES, SLACK)
    overshoot = sign.prove(nearer, {"x": [str(length)]}, "<")
    if overshoot.assertion is not None:
        reason = f"at x = M the network is farther from f than the line is, by {-overshoot.upper:.4g} at least"
        printed = Outcome(True, False, reason, (overshoot.assertion,))
    elif better.assertion is not None:
        printed = Outcome(True, True, better.reason, (better.assertion,))
    else:
        printed = Outcome(True, None, better.reason, ())
    room = line.slope + curvature * first - line.top
    if room < 0:
        return printed, Outcome(False, None, "the top slope is above f'(m)", (sign.constant(room, "<"),))
    under = slack_cover.prove_positive(line.compared(curvature, "below"), domain, MOST_BOXES, SLACK)
    if under.assertion is None:
        return printed, Outcome(True, None, under.reason, ())
    # Beyond m a unit is open, and each adds a positive amount to the line: its weight, what goes in, and the slope are.
    opens = sign.constant(min(line.w1, line.w2, line.slope), ">")
    return printed, Outcome(True, True, under.reason, (sign.constant(room, ">="), opens, under.assertion))
