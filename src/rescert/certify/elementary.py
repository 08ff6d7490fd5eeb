r"""Functions of one number in midpoint-radius arithmetic, entry by entry, for arrays of any size.

Powers, reciprocals and kinks are bounded by arithmetic, sine and cosine by a polynomial of our own, the others by balls
of python-flint: libm is never trusted.

**Sine and cosine.** Let $|x|\le2^{20}$ be a double and $k=\mathrm{rint}(2x/\pi)$, so $|k|<2^{20}$; the rounding of
$k$'s argument moves $|x-k\pi/2|$ to at most $0.79$. With $P_1$ of 33 bits, $kP_1$ is a double, and so is
$x-kP_1$, or it is rounded once; $P_2$ is the double nearest to $\pi/2-P_1$, hence $|\pi/2-P_1-P_2|\le2^{-53}|P_2|$. The
reduced $t=\mathrm{fl}(\mathrm{fl}(x-kP_1)-\mathrm{fl}(kP_2))$ errs by at most
$u|x-kP_1|+u|kP_2|+u|t|+u|kP_2|\le3u$, as $|kP_2|<2^{20}\cdot2^{-33}$. With $z=t^2\le0.65$, Horner's scheme for the
Taylor polynomials of $\sin t/t$ in degree 16 and $\cos t$ in degree 18 has coefficients below one, so every stage is
below $1/(1-0.65)<3$ and adds less than $10u$ (two roundings, the coefficient's and that of z) to $0.65$ times the error
of the stage before: less than $29u$ in all. The remainders are below $0.8^{19}/19!<u$. With the last product, and the
error of t, by which sine and cosine change at most as much, the error stays below $34u$; `TRIGONOMETRIC` is $64u$.

On $[a,b]$, $\sin$ lies between its values at the ends, and 1 (or -1) where a peak (a trough) lies in between. Whether
it does is read off the floats $(a/\pi-1/2)/2$ and $(b/\pi-1/2)/2$, moved outwards by more than their errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rescert.certify import midrad_program
from rescert.certify.midrad import ETA, TINY, UNIT, MidRad

Function = Callable[[MidRad], MidRad]
TRIGONOMETRIC = 64 * UNIT
LARGEST = 2.0**20  # of an argument that is reduced here
HALF_PI_HIGH = float.fromhex("0x1.921fb544p+0")  # 33 bits
HALF_PI_LOW = float.fromhex("0x1.0b4611a626331p-34")
SINE = [(-1) ** j / math.factorial(2 * j + 1) for j in range(9)]
COSINE = [(-1) ** j / math.factorial(2 * j) for j in range(10)]


def _horner(coefficients: list[float], z: np.ndarray) -> np.ndarray:
    total = np.full(z.shape, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total *= z
        total += c
    return total


def sine(x: np.ndarray, shift: int = 0) -> np.ndarray:
    """sin(x + shift π/2) of doubles |x| <= `LARGEST`, within `TRIGONOMETRIC`."""
    turns = np.rint(x * (2 / math.pi))
    t = (x - turns * HALF_PI_HIGH) - turns * HALF_PI_LOW
    z = t * t
    quadrant = (turns.astype(np.int64) + shift) % 4
    value = np.where(quadrant % 2 == 0, t * _horner(SINE, z), _horner(COSINE, z))
    return np.where(quadrant >= 2, -value, value)


def _trigonometric(shift: int, name: str) -> Function:
    def enclose(x: MidRad) -> MidRad:
        low, high = x.lower(), x.upper()
        if not (np.isfinite(x.rad).all() and (np.abs(low) <= LARGEST).all() and (np.abs(high) <= LARGEST).all()):
            return midrad_program.FUNCTIONS[name](x)
        ends = [sine(low, shift), sine(high, shift)]
        bottom, top = np.minimum(*ends) - TRIGONOMETRIC, np.maximum(*ends) + TRIGONOMETRIC
        # sin(x + shift π/2) peaks where x/(2π) + shift/4 - 1/4 is an integer; |x|/(2π) < 2¹⁸ errs by less than 2⁻³⁰.
        for offset, extreme in ((-0.25, 1.0), (0.25, -1.0)):
            before = low * (0.5 / math.pi) + (shift / 4 + offset) - 2.0**-30
            after = high * (0.5 / math.pi) + (shift / 4 + offset) + 2.0**-30
            inside = np.floor(after) > np.floor(before)
            top = np.where(inside & (extreme > 0), 1.0, top)
            bottom = np.where(inside & (extreme < 0), -1.0, bottom)
        value = between(np.maximum(bottom, -1.0), np.minimum(top, 1.0))
        zero = (x.mid == 0) & (x.rad == 0) & (shift == 0)
        return MidRad(np.where(zero, 0.0, value.mid), np.where(zero, 0.0, value.rad))

    return enclose


def between(low: np.ndarray, high: np.ndarray) -> MidRad:
    """All numbers from ``low`` to ``high``; no bounds where these are not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        mid = low + (high - low) / 2
        # Both differences are rounded once; the underflow of the halving is covered by ETA.
        rad = np.nextafter(np.maximum(high - mid, mid - low), np.inf) + ETA
        rad = np.where(low == high, 0.0, rad)
        lost = ~(np.isfinite(low) & np.isfinite(high))
        return MidRad(np.where(lost | (low == high), np.where(lost, 0.0, low), mid), np.where(lost, np.inf, rad))


def reciprocal(x: MidRad) -> MidRad:
    """1/x: |1/x - fl(1/m)| <= r/(|m|(|m|-r)) + u|fl(1/m)| + η."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        size = np.abs(x.mid)
        room = np.where(size > x.rad, np.nextafter(size - x.rad, 0.0), 0.0)
        mid = 1 / x.mid
        rad = x.rad / room * (1 / size) * (1 + 16 * UNIT) + 2 * UNIT * np.abs(mid) + TINY
        exact = (x.rad == 0) & np.isin(np.frexp(size)[0], (0.5,)) & np.isfinite(mid) & (size < 2.0**1000)
        rad = np.where(exact, 0.0, rad)
        return MidRad(mid, np.where((room > 0) & np.isfinite(rad), rad, np.inf))


def _repeated(x: MidRad, exponent: int) -> MidRad:
    result, square = None, x
    while exponent:
        if exponent & 1:
            result = square if result is None else result * square
        exponent >>= 1
        square = square * square if exponent else square
    assert result is not None
    return result


def power(x: MidRad, exponent: int) -> MidRad:
    """x^n by its values at the ends, and 0 for even n where it lies between."""
    if exponent == 0:
        return MidRad(np.ones(x.shape), np.where(np.isinf(x.rad), np.inf, 0.0))
    if exponent == 1:
        return x
    low, high = x.lower(), x.upper()
    lost = ~(np.isfinite(low) & np.isfinite(high))
    ends = [_repeated(MidRad.exact(np.where(lost, 0.0, e)), exponent) for e in (low, high)]
    bottom = np.minimum(ends[0].lower(), ends[1].lower())
    top = np.maximum(ends[0].upper(), ends[1].upper())
    if exponent % 2 == 0:
        bottom = np.where((low <= 0) & (high >= 0), 0.0, np.maximum(bottom, 0.0))
    return between(np.where(lost, -np.inf, bottom), np.where(lost, np.inf, top))


def relu(x: MidRad) -> MidRad:
    low, high = x.lower(), x.upper()
    kinked = between(np.zeros(x.shape), np.maximum(high, 0.0))
    mid = np.where(low >= 0, x.mid, np.where(high <= 0, 0.0, kinked.mid))
    return MidRad(
        mid, np.where(np.isinf(x.rad), np.inf, np.where(low >= 0, x.rad, np.where(high <= 0, 0.0, kinked.rad)))
    )


def step(x: MidRad) -> MidRad:
    """The derivative of relu where the sign is decided, without bounds elsewhere."""
    up, down = x.lower() > 0, x.upper() < 0
    return MidRad(np.where(up, 1.0, 0.0), np.where(up | down, 0.0, np.inf))


FUNCTIONS: dict[str, Function] = {
    **midrad_program.FUNCTIONS,
    "sin": _trigonometric(0, "sin"),
    "cos": _trigonometric(1, "cos"),
    "relu": relu,
    "step": step,
}


def _one(x: MidRad) -> MidRad:
    return MidRad.exact(np.ones((1,) * len(x.shape)))


def _nothing(y: MidRad) -> MidRad:
    """0 y, which is undefined where y is."""
    return MidRad.exact(np.zeros((1,) * len(y.shape))) * y


# The derivatives as functions of x and y = f(x), in the checker's forms.
SLOPES: dict[str, Callable[[MidRad, MidRad], MidRad]] = {
    "tanh": lambda x, y: (_one(y) - y) * (_one(y) + y),
    "logistic": lambda x, y: y * (_one(y) - y),
    "softplus": lambda x, y: FUNCTIONS["logistic"](x),
    "exp": lambda x, y: y,
    # 1/x is defined where log x is not.
    "log": lambda x, y: reciprocal(x) + _nothing(y),
    "sin": lambda x, y: FUNCTIONS["cos"](x),
    "cos": lambda x, y: -FUNCTIONS["sin"](x),
    "sqrt": lambda x, y: reciprocal(y + y),
    "relu": lambda x, y: step(x),
    "step": lambda x, y: _nothing(y),
}
