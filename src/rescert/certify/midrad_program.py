"""Programs, and with them their derivatives, in midpoint-radius arithmetic: BLAS for products, balls for functions.

Wider than balls of many bits, and faster from matrices of some hundred rows on. The rounding model is that of
`rescert.certify.midrad`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from flint import arb

from rescert.certify import balls, derivative
from rescert.certify.midrad import MidRad
from rescert.certify.problem import Program, index_key

BITS = 64  # enough for values that are then rounded to doubles
Structure = Callable[[np.ndarray, Mapping[str, Any]], np.ndarray]


def to_balls(value: MidRad) -> np.ndarray:
    """Balls that contain the same points."""
    result = np.empty(value.shape, dtype=object)
    for index in np.ndindex(value.shape):
        radius = float(value.rad[index])
        result[index] = arb(float(value.mid[index]), radius) if np.isfinite(radius) else arb("nan")
    return result


def _entrywise(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[MidRad], MidRad]:
    def enclose(value: MidRad) -> MidRad:
        with balls.working_precision(BITS):
            return MidRad.of_balls(balls.wrap(function(to_balls(value))))

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
ARITHMETIC: dict[str, Callable[[MidRad, MidRad], MidRad]] = {
    "matmul": lambda a, b: a @ b,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a * _entrywise(lambda x: 1 / x)(b),
}
FUNCTIONS = {name: _entrywise(function) for name, function in balls.VECTORISED.items() if name != "negate"}


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
        return _entrywise(np.vectorize(lambda x: balls.power(x, k["exponent"]), otypes=[object]))(first)
    return FUNCTIONS[op](first)


def evaluate(program: Program, box: balls.Box) -> MidRad:
    """An enclosure of the output of ``program`` for every input in ``box``."""
    if box.keys() != program.inputs.keys():
        raise ValueError(f"expected a box of {sorted(program.inputs)}, got {sorted(box)}")
    with balls.working_precision(BITS):
        known = {n: MidRad.of_balls(v) for n, v in balls.ball_box(box).items()}
        known |= {n: MidRad.of_balls(balls.enter_array(v)) for n, v in program.constants.items()}
    for name in program.inputs:
        value, shape = known[name], program.shapes[name]
        known[name] = MidRad(np.broadcast_to(value.mid, shape), np.broadcast_to(value.rad, shape))
    for name, op, arguments, attributes in program.operations:
        known[name] = apply(op, [known[a] for a in arguments], attributes)
    return known[program.output]


def gradient(program: Program, box: balls.Box) -> MidRad:
    """An enclosure of the gradient all over ``box``, flattened over the inputs."""
    return evaluate(derivative.gradient(program), box)


def hessian(program: Program, box: balls.Box) -> MidRad:
    """An enclosure of the Hessian all over ``box``, a forward pass a column."""
    pushed = derivative.hessian_product(program)
    entries = balls.all_entries(program)
    columns = []
    for name, position in entries:
        lines = {derivative.direction_name(n): np.zeros(program.shapes[n]) for n in program.inputs}
        lines[derivative.direction_name(name)].reshape(-1)[position] = 1.0
        columns.append(evaluate(pushed, {**box, **lines}))
    return MidRad(np.stack([c.mid for c in columns], axis=1), np.stack([c.rad for c in columns], axis=1))
