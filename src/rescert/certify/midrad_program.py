"""Programs in midpoint-radius arithmetic: BLAS for products, balls for functions.

Wider than balls of many bits, and faster from some ten entries on. The rounding model is that of
`rescert.certify.midrad`. Hessians are in `rescert.certify.midrad_derivative`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from flint import arb

from rescert.certify import balls, derivative
from rescert.certify.midrad import TINY, MidRad, expect_gradual_underflow
from rescert.certify.problem import Operation, Program, constant_array, index_key

BITS = 64  # enough for values that are then rounded to doubles
Structure = Callable[[np.ndarray, Mapping[str, Any]], np.ndarray]


def to_balls(value: MidRad) -> np.ndarray:
    """Balls that contain the same points."""
    result = np.empty(value.shape, dtype=object)
    for index in np.ndindex(value.shape):
        radius = float(value.rad[index])
        result[index] = arb(float(value.mid[index]), radius) if np.isfinite(radius) else arb("nan")
    return result


def _entrywise(function: Callable[[arb], arb]) -> Callable[[MidRad], MidRad]:
    """A function of one number, enclosed by balls of `BITS` bits, entry by entry.

    A double near the middle y of a ball, whichever way it was rounded, is within 2⁻⁵²|y| + 2⁻¹⁰⁷⁴ of it, and the
    radius of a ball, of 30 bits, is a double unless it underflows.
    """

    def enclose(value: MidRad) -> MidRad:
        mids, rads, exact = np.empty(value.mid.size), np.empty(value.mid.size), np.zeros(value.mid.size, dtype=bool)
        with balls.working_precision(BITS):
            for i, (m, r) in enumerate(zip(value.mid.ravel().tolist(), value.rad.ravel().tolist(), strict=True)):
                image = function(arb(m, r)) if r < math.inf else arb("nan")
                mids[i], rads[i] = float(image.mid()), float(image.rad())
                # What is exactly a double, such as 0 and the values of a step, stays so.
                exact[i] = rads[i] == 0 and bool(image == arb(mids[i]))
        inexact = 2.0**-51 * np.abs(mids) + rads * (1 + 2.0**-50) + TINY
        return MidRad(mids.reshape(value.shape), np.where(exact, 0.0, inexact).reshape(value.shape))

    return enclose


def _place(array: np.ndarray, k: Mapping[str, Any]) -> np.ndarray:
    result = np.zeros(tuple(k["shape"]))
    result[index_key(k["index"])] = array
    return result


STRUCTURAL: dict[str, Structure] = {
    "broadcast": lambda x, k: np.broadcast_to(x, tuple(k["shape"])),
    "reshape": lambda x, k: x.reshape(tuple(k["shape"])),
    "transpose": lambda x, k: x.transpose(tuple(k["axes"])),
    "slice": lambda x, k: x[index_key(k["index"])],
    "place": _place,
}
reciprocal = _entrywise(lambda x: 1 / x)
ARITHMETIC: dict[str, Callable[[MidRad, MidRad], MidRad]] = {
    "matmul": lambda a, b: a @ b,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a * reciprocal(b),
}
FUNCTIONS = {name: _entrywise(function) for name, function in balls.FUNCTIONS.items() if name != "negate"}


def apply(op: str, operands: Sequence[MidRad], k: Mapping[str, Any]) -> MidRad:
    first = operands[0]
    if op in ARITHMETIC:
        return ARITHMETIC[op](*operands)
    if op in STRUCTURAL:
        return MidRad(STRUCTURAL[op](first.mid, k), STRUCTURAL[op](first.rad, k))
    if op == "negate":
        return -first
    if op == "sum":
        axis, keepdims = k.get("axis"), k.get("keepdims", False)
        total = first.sum(axis=axis)
        shape = tuple(1 if axis in (None, i) else n for i, n in enumerate(first.shape)) if keepdims else total.shape
        return MidRad(total.mid.reshape(shape), total.rad.reshape(shape))
    if op == "concatenate":
        parts = [np.concatenate([getattr(o, side) for o in operands], axis=k["axis"]) for side in ("mid", "rad")]
        return MidRad(*parts)
    if op == "power":
        return _entrywise(lambda x: balls.power(x, k["exponent"]))(first)
    return FUNCTIONS[op](first)


class Values:
    """Enclosures of all values of a program over a box, by name."""

    def __init__(self, program: Program, box: balls.Box) -> None:
        if box.keys() != program.inputs.keys():
            raise ValueError(f"expected a box of {sorted(program.inputs)}, got {sorted(box)}")
        expect_gradual_underflow()
        self.program = program
        self._known = {name: _side(box[name], program.shapes[name], name) for name in program.inputs}
        self._known |= {name: enter(value) for name, value in program.constants.items()}
        self._operations: Mapping[str, Operation] = {}
        self._common: Mapping[str, MidRad] = {}
        for operation in program.operations:
            self.apply(operation)

    def __getitem__(self, name: str) -> MidRad:
        return self._known[name]

    def extended(self, program: Program) -> Values:
        """The inputs and constants of a ``program`` derived from this one; `apply` finds what both have in common."""
        other = object.__new__(Values)
        other.program, constants = program, self.program.constants
        other._operations = {o.name: o for o in self.program.operations}
        other._common = self._known
        other._known = {name: self[name] for name in program.inputs if name in self.program.inputs}
        for name, value in program.constants.items():
            other._known[name] = self[name] if constants.get(name) is value else enter(value)
        return other

    def of(self, program: Program) -> MidRad:
        """The output of a ``program`` of the same inputs, sharing what it has in common with this one."""
        other = self.extended(program)
        for operation in program.operations:
            other.apply(operation)
        return other[program.output]

    def apply(self, operation: Operation) -> None:
        name, op, arguments, attributes = operation
        # A name may stand for something else in the other program, so the operands must be the same objects.
        shared = self._operations.get(name) == operation
        if shared and all(self[a] is self._common.get(a) for a in arguments):
            self._known[name] = self._common[name]
        else:
            self._known[name] = apply(op, [self[a] for a in arguments], attributes)


def enter(value: Any) -> MidRad:
    """An enclosure of an array of numbers: itself where float64 holds it, else by way of balls."""
    array = constant_array(value)
    if array.dtype == np.float64 or (array.dtype.kind in "iu" and (np.abs(array) < 1 << 53).all()):
        return MidRad.exact(array)
    with balls.working_precision(BITS):
        return MidRad.of_balls(balls.enter_array(array))


def _side(value: Any, shape: tuple[int, ...], name: str) -> MidRad:
    middle, radius = (value["mid"], value.get("rad", 0)) if isinstance(value, Mapping) else (value, 0.0)
    side, spread = enter(middle), enter(radius).upper()
    if (spread < 0).any():
        raise ValueError(f"expected radii >= 0 for '{name}'")
    if spread.any():
        wider = (MidRad(np.zeros(side.shape), side.rad) + MidRad(np.zeros(spread.shape), spread)).rad
        side = MidRad(np.broadcast_to(side.mid, wider.shape), wider if side.rad.any() else spread + 0 * side.rad)
    if side.shape not in ((), shape):
        raise ValueError(f"expected shape {shape} for '{name}', got {side.shape}")
    return MidRad(np.broadcast_to(side.mid, shape), np.broadcast_to(side.rad, shape))


def evaluate(program: Program, box: balls.Box) -> MidRad:
    """An enclosure of the output of ``program`` for every input in ``box``."""
    return Values(program, box)[program.output]


def gradient(program: Program, box: balls.Box) -> MidRad:
    """An enclosure of the gradient all over ``box``, flattened over the inputs."""
    return evaluate(derivative.gradient(program), box)
