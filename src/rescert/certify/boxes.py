r"""A program and its first derivatives over many boxes at once, in midpoint-radius arithmetic.

All boxes differ in the same few entries of the inputs, the *variables*. Every value carries an axis of boxes, every
tangent an axis of variables before it; what does not depend on the variables is enclosed once, in balls.

**The forms** of an output $f$ on a box with middle $m$ and radii $\rho_k$: directly, $f(\text{box})$; and in mean value
form, $f(m)+\sum_k\partial_kf(\text{box})[-\rho_k,\rho_k]$, which holds since the segment from $m$ to a point of the box
lies in the box. The derivatives are formed as the checker forms them, operation by operation, so that what is decided
here is decided there. Midpoints and radii are rounded differently there, so radii are enlarged by `ROOM` at the end.

The rounding model is that of `rescert.certify.midrad`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rescert.certify import balls
from rescert.certify.elementary import FUNCTIONS, SLOPES, power, reciprocal
from rescert.certify.midrad import UNIT, MidRad, expect_gradual_underflow
from rescert.certify.problem import Operation, Program, Shape, index_key

Entry = tuple[str, int]
Side = tuple[Fraction, Fraction]  # middle and radius
ROOM = 2.0**-16  # the checker's radii have 30 bits, and are rounded up in every operation
CHUNK = 1 << 14  # entries of the largest value that is evaluated at once


@dataclass(frozen=True)
class Forms:
    """Enclosures of the output on each box, (boxes, outputs), and of its slopes there, (variables, boxes, outputs)."""

    direct: MidRad
    centred: MidRad
    middle: MidRad
    slopes: MidRad

    def lower(self) -> np.ndarray:
        """At or below the output all over each box."""
        return np.maximum(self.direct.lower(), self.centred.lower())

    def upper(self) -> np.ndarray:
        return np.minimum(self.direct.upper(), self.centred.upper())


class BoxProgram:
    """``program`` on sub-boxes of ``domain`` in its ``variables``; ``precision`` of what does not depend on them."""

    def __init__(
        self, program: Program, domain: Mapping[str, Any], variables: Sequence[Entry], precision: int = 64
    ) -> None:
        expect_gradual_underflow()
        self.program, self.variables = program, list(variables)
        self.size = math.prod(program.output_shape)
        still, self._starts, self._steps = _split(program, domain, {n for n, _ in variables}, precision)
        used = {a for step in self._steps for a in step.arguments} | {program.output, *self._starts}
        self._still = {n: _of_balls(v) for n, v in still.items() if n in used}
        moving = [program.shapes[n] for n in (*self._starts, *(s.name for s in self._steps))]
        self.batch = max(1, CHUNK // max((math.prod(s) for s in moving), default=1))

    def at(self, points: Sequence[Sequence[Fraction]]) -> MidRad:
        """The output at points, (points, outputs)."""
        parts = (points[i : i + self.batch] for i in range(0, len(points), self.batch))
        return _joined([self._run(_thin(part), False)[0] for part in parts], 0)

    def forms(self, boxes: Sequence[Sequence[Side]]) -> Forms:
        """All forms on every box."""
        parts = [self._forms(boxes[i : i + self.batch]) for i in range(0, len(boxes), self.batch)]
        return Forms(
            _joined([p.direct for p in parts], 0),
            _joined([p.centred for p in parts], 0),
            _joined([p.middle for p in parts], 0),
            _joined([p.slopes for p in parts], 1),
        )

    def _forms(self, boxes: Sequence[Sequence[Side]]) -> Forms:
        middles = _thin([[m for m, _ in sides] for sides in boxes])
        radii = np.array([[_above(r) for _, r in sides] for sides in boxes])
        direct, slopes = self._run(middles + MidRad(np.zeros(radii.shape), radii), True)
        middle, _ = self._run(middles, False)
        # Where an entry of the output is undecided, the checker takes no derivatives.
        lost = np.isinf(direct.rad).any(axis=1)[None, :, None]
        slopes = MidRad(slopes.mid, np.where(lost, np.inf, slopes.rad))
        spread = MidRad(np.zeros((len(self.variables), len(boxes), 1)), radii.T[:, :, None])
        centred = middle + (slopes * spread).sum(axis=0)
        return Forms(_roomy(direct), _roomy(centred), middle, slopes)

    def _run(self, points: MidRad, sloped: bool) -> tuple[MidRad, MidRad]:
        count, number = points.shape
        values = dict(self._still)
        tangents: dict[str, MidRad] = {}
        for name, start in self._starts.items():
            mid, rad = (np.repeat(side[None], count, axis=0) for side in (start.mid, start.rad))
            flat = (mid.reshape(count, -1), rad.reshape(count, -1))
            units = np.zeros((number, 1, math.prod(start.shape)))
            for k, (owner, position) in enumerate(self.variables):
                if owner == name:
                    flat[0][:, position], flat[1][:, position] = points.mid[:, k], points.rad[:, k]
                    units[k, 0, position] = 1.0
            values[name] = MidRad(mid, rad)
            if sloped:
                tangents[name] = MidRad.exact(units.reshape(number, 1, *start.shape))
        for step in self._steps:
            operands = [values[a] for a in step.arguments]
            moving = [tangents.get(a) for a in step.arguments]
            value = _value(step, operands)
            values[step.name] = value
            if any(t is not None for t in moving):
                tangents[step.name] = _tangent(step, operands, moving, value)
        output = _reshape(values[self.program.output], 1, (self.size,))
        slopes = tangents.get(self.program.output)
        lines = MidRad.exact(np.zeros((1, 1, self.size))) if slopes is None else _reshape(slopes, 2, (self.size,))
        return _spread(output, (count, self.size)), _spread(lines, (number, count, self.size))


def _split(
    program: Program, domain: Mapping[str, Any], moving: set[str], precision: int
) -> tuple[dict[str, np.ndarray], dict[str, MidRad], list[Operation]]:
    """Values without the variables as balls, the inputs with variables, and the operations that depend on these."""
    moving, steps = set(moving), []
    boxes = balls.box_json(domain)
    if boxes.keys() != program.inputs.keys():
        raise ValueError(f"expected a domain of {sorted(program.inputs)}, got {sorted(boxes)}")
    with balls.working_precision(precision):
        entered = balls.ball_box(boxes)
        for name, value in entered.items():
            if value.shape not in ((), program.shapes[name]):
                raise ValueError(f"expected shape {program.shapes[name]} for '{name}', got {value.shape}")
        still = {n: np.broadcast_to(v, program.shapes[n]) for n, v in entered.items()}
        starts = {n: MidRad.of_balls(still.pop(n)) for n in program.inputs if n in moving}
        still |= {n: balls.enter_array(v) for n, v in program.constants.items()}
        for operation in program.operations:
            if moving.intersection(operation.arguments):
                moving.add(operation.name)
                steps.append(operation)
            else:
                operands = [still[a] for a in operation.arguments]
                still[operation.name] = balls.wrap(balls.OPERATIONS[operation.op](operands, operation.attributes))
    return still, starts, steps


def _of_balls(value: np.ndarray) -> MidRad:
    return MidRad.of_balls(value)[None]


def _above(value: Fraction) -> float:
    nearest = float(value)
    return nearest if Fraction(nearest) >= value else math.nextafter(nearest, math.inf)


def _thin(points: Sequence[Sequence[Fraction]]) -> MidRad:
    """The floats nearest to exact numbers, and what they miss these by."""
    mid = np.array([[float(x) for x in point] for point in points])
    exact = [
        [Fraction(m) == x for m, x in zip(row, point, strict=True)]
        for row, point in zip(mid.tolist(), points, strict=True)
    ]
    return MidRad(mid, np.where(exact, 0.0, np.nextafter(2 * UNIT * np.abs(mid), np.inf)))


def _roomy(value: MidRad) -> MidRad:
    return MidRad(value.mid, value.rad * (1 + ROOM))


def _joined(parts: Sequence[MidRad], axis: int) -> MidRad:
    if len(parts) == 1:
        return parts[0]
    return MidRad(np.concatenate([p.mid for p in parts], axis), np.concatenate([p.rad for p in parts], axis))


def _both(move: Callable[[np.ndarray], np.ndarray], value: MidRad) -> MidRad:
    """Entries moved alike: what is valid stays so, and is not looked through again."""
    moved = object.__new__(MidRad)
    object.__setattr__(moved, "mid", move(value.mid))
    object.__setattr__(moved, "rad", move(value.rad))
    return moved


def _spread(value: MidRad, shape: Shape) -> MidRad:
    return value if value.shape == shape else _both(lambda x: np.broadcast_to(x, shape), value)


def _reshape(value: MidRad, lead: int, shape: Shape) -> MidRad:
    return _both(lambda x: x.reshape(*x.shape[:lead], *shape), value)


def _padded(value: MidRad, lead: int, wanted: int, rank: int) -> MidRad:
    """With ``wanted`` leading axes instead of ``lead``, and ``rank`` axes after them."""
    shape = value.shape
    if lead == wanted and len(shape) == lead + rank:
        return value
    ones = (1,) * (wanted - lead)
    fill = (1,) * (rank - (len(shape) - lead))
    return _both(lambda x: x.reshape(*ones, *shape[:lead], *fill, *shape[lead:]), value)


def _matmul(left: MidRad, right: MidRad, leads: tuple[int, int]) -> MidRad:
    """The product over the axes behind the leading ones, of which there are ``leads``."""
    lead = max(leads)
    vectors = [len(v.shape) - n == 1 for v, n in zip((left, right), leads, strict=True)]
    first = _reshape(left, leads[0], (1, left.shape[-1])) if vectors[0] else left
    second = _reshape(right, leads[1], (right.shape[-1], 1)) if vectors[1] else right
    product = _padded(first, leads[0], lead, 2) @ _padded(second, leads[1], lead, 2)
    kept = (() if vectors[0] else product.shape[-2:-1]) + (() if vectors[1] else product.shape[-1:])
    return _reshape(product, lead, kept)


def _binary(op: str, left: MidRad, right: MidRad, leads: tuple[int, int] = (1, 1)) -> MidRad:
    if op == "matmul":
        return _matmul(left, right, leads)
    lead, rank = max(leads), max(len(left.shape) - leads[0], len(right.shape) - leads[1])
    first, second = _padded(left, leads[0], lead, rank), _padded(right, leads[1], lead, rank)
    return first * second if op == "multiply" else first + second if op == "add" else first - second


def _moved(op: str, operands: Sequence[MidRad], k: Mapping[str, Any], lead: int) -> MidRad:
    """Operations that act alike on values (one leading axis) and on tangents (two)."""
    first = operands[0]
    shape = first.shape
    everything = (slice(None),) * lead
    if op == "negate":
        return -first
    if op == "sum":
        axis = k.get("axis")
        total = _reshape(first, lead, (-1,)).sum(axis=lead) if axis is None else first.sum(axis=axis + lead)
        kept = [1 if axis in (None, i) else n for i, n in enumerate(shape[lead:])]
        return _reshape(total, lead, tuple(kept)) if k.get("keepdims", False) else total
    if op == "broadcast":
        target = tuple(k["shape"])
        return _spread(_padded(first, lead, lead, len(target)), (*shape[:lead], *target))
    if op == "reshape":
        return _reshape(first, lead, tuple(k["shape"]))
    if op == "transpose":
        return _both(lambda x: x.transpose(*range(lead), *(a + lead for a in k["axes"])), first)
    if op == "slice":
        return _both(lambda x: x[(*everything, *index_key(k["index"]))], first)
    if op == "place":
        key = (*everything, *index_key(k["index"]))

        def place(x: np.ndarray) -> np.ndarray:
            result = np.zeros((*shape[:lead], *k["shape"]))
            result[key] = x
            return result

        return _both(place, first)
    leads = np.broadcast_shapes(*(o.shape[:lead] for o in operands))
    return _joined([_spread(o, (*leads, *o.shape[lead:])) for o in operands], k["axis"] + lead)


def _value(step: Operation, operands: Sequence[MidRad]) -> MidRad:
    op, first = step.op, operands[0]
    if op in ("add", "subtract", "multiply", "matmul"):
        return _binary(op, first, operands[1])
    if op == "divide":
        return _binary("multiply", first, reciprocal(operands[1]))
    if op == "power":
        return power(first, step.attributes["exponent"])
    if op in FUNCTIONS:
        return FUNCTIONS[op](first)
    return _moved(op, operands, step.attributes, 1)


def _tangent(step: Operation, operands: Sequence[MidRad], moving: Sequence[MidRad | None], value: MidRad) -> MidRad:
    """The derivatives of a result in all variables, from those of its operands (None: zero)."""
    _, op, _, k = step
    rank = len(value.shape) - 1
    parts: list[MidRad] = []
    if op in ("multiply", "matmul"):
        if moving[0] is not None:
            parts.append(_binary(op, moving[0], operands[1], (2, 1)))
        if moving[1] is not None:
            parts.append(_binary(op, operands[0], moving[1], (1, 2)))
    elif op in ("add", "subtract"):
        if moving[0] is not None:
            parts.append(moving[0])
        if moving[1] is not None:
            parts.append(-moving[1] if op == "subtract" else moving[1])
    elif op == "divide":
        inverse = reciprocal(operands[1])
        if moving[0] is not None:
            parts.append(_binary("multiply", moving[0], inverse, (2, 1)))
        if moving[1] is not None:
            turned = _binary("multiply", -power(inverse, 2), moving[1], (1, 2))
            parts.append(_binary("multiply", operands[0], turned, (1, 2)))
    elif op == "power" or op in SLOPES:
        n = k.get("exponent", 0)
        factor = _power_slope(operands[0], n) if op == "power" else SLOPES[op](operands[0], value)
        parts.append(_binary("multiply", factor, _given(moving[0]), (1, 2)))
    else:
        number = next(t.shape[0] for t in moving if t is not None)
        still = [
            MidRad.exact(np.zeros((number, 1, *o.shape[1:]))) if t is None else t
            for o, t in zip(operands, moving, strict=True)
        ]
        return _moved(op, still, k, 2)
    total = parts[0] if len(parts) == 1 else _binary("add", parts[0], parts[1], (2, 2))
    # An operand that was broadcast has a narrower tangent.
    padded = _padded(total, 2, 2, rank)
    return _spread(padded, (*padded.shape[:2], *value.shape[1:]))


def _given(value: MidRad | None) -> MidRad:
    assert value is not None
    return value


def _power_slope(x: MidRad, exponent: int) -> MidRad:
    if exponent == 0:
        return MidRad.exact(np.zeros(x.shape))
    return power(x, exponent - 1) * MidRad.exact(np.full((1,) * len(x.shape), float(exponent)))
