r"""Jacobians and Hessians of programs over a box in midpoint-radius arithmetic, many directions at once.

The tangent of a program (`rescert.certify.derivative.tangent`) is linear in its direction: each of its operations
either does not depend on the direction, or is linear in one operand that does. What does not depend on it is enclosed
once (`Values`); what does gets a leading axis of directions, in chunks that stay in the cache.

**Lines.** A batch of tangents is a pair of arrays (m, r) with |x - m| <= r. It is kept as an unevaluated sum
$\sum_tc_t\odot x_t$ of coefficients times earlier batches: products with coefficients, signs and sums (the derivatives
of the activations, say) are carried out on the coefficients, which have no axis of directions, and evaluated in one
go when a matrix product or another operation needs the entries.

How they are bounded is in `rescert.certify.midrad_batch`.

**Hessians.** For the inputs in their order of first use, the directions in input $k$ are pushed through the gradient
in the inputs $k, k+1,\dots$ only. The other half of the Hessian is the transpose, since it is symmetric.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rescert.certify import balls, derivative, midrad_program
from rescert.certify.midrad import MidRad
from rescert.certify.midrad_batch import Lines, Step, Sum, Unbounded, finite, moved, product, weighted
from rescert.certify.midrad_program import Values
from rescert.certify.problem import Builder, Operation, Program, Shape

Entry = tuple[str, int]
ONE, MINUS = MidRad.exact(1.0), MidRad.exact(-1.0)
CHUNK = 1 << 15  # entries of the largest batch: the few in use, of eight bytes an entry, fit into a core's cache


def jacobian(program: Program, box: balls.Box, entries: Sequence[Entry] | None = None) -> MidRad:
    """An enclosure of the Jacobian of the flattened output in the input ``entries`` (outputs, entries) over the box."""
    values = Values(program, box)
    entries = balls.all_entries(program) if entries is None else list(entries)
    balls.positions(program, entries)
    shape = (math.prod(program.output_shape), len(entries))
    lost = MidRad(np.zeros(shape), np.full(shape, np.inf))
    if not _bounded(values[program.output]):
        return lost
    mid, rad = np.empty(shape), np.empty(shape)
    for name in dict.fromkeys(n for n, _ in entries):
        columns = [j for j, (n, _) in enumerate(entries) if n == name]
        try:
            lines = _push(derivative.tangent(program, [name]), name, [entries[j][1] for j in columns], values)
        except Unbounded:
            return lost
        mid[:, columns], rad[:, columns] = lines[0].T, lines[1].T
    return MidRad(mid, rad)


def hessian(program: Program, box: balls.Box, entries: Sequence[Entry] | None = None) -> tuple[MidRad, MidRad]:
    """Enclosures of the gradient (all entries) and of the Hessian in ``entries`` (k, k) over the box.

    Midpoints and radii of the Hessian are symmetric. Its radius is infinite if the value or an entry of the gradient is
    undecided.
    """
    entries = balls.all_entries(program) if entries is None else list(entries)
    balls.positions(program, entries)
    order = _by_first_use(program)
    slopes = derivative.gradient(program, order)
    values = Values(slopes, box)
    size = len(entries)
    lost = MidRad(np.zeros((size, size)), np.full((size, size), np.inf))
    gradient = _reordered(values[slopes.output], program, order)
    if not (_bounded(gradient) and _bounded(values.of(program))):
        return gradient, lost
    mid, rad = np.zeros((size, size)), np.zeros((size, size))
    try:
        for k, name in enumerate(order):
            columns = [j for j, (n, _) in enumerate(entries) if n == name]
            later = _starts(program, order[k:])
            rows = [i for i, (n, _) in enumerate(entries) if n in later]
            if not columns:
                continue
            product = _partial_product(program, tuple(order), k)
            lines = _push(product, name, [entries[j][1] for j in columns], values)
            chosen = [later[entries[i][0]] + entries[i][1] for i in rows]
            for full, part in ((mid, lines[0]), (rad, lines[1])):
                block = part[:, chosen]
                full[np.ix_(columns, rows)] = block
                full[np.ix_(rows, columns)] = block.T
    except Unbounded:
        return gradient, lost
    # Within the block of an input both halves were computed; one of them serves for both.
    lower, spread = (np.tril(full) + np.tril(full, -1).T for full in (mid, rad))
    return gradient, MidRad(lower, spread)


def _by_first_use(program: Program) -> list[str]:
    order = [a for o in program.operations for a in o.arguments if a in program.inputs]
    return list(dict.fromkeys([*order, *program.inputs]))


def _starts(program: Program, names: Sequence[str]) -> dict[str, int]:
    sizes = [math.prod(program.shapes[n]) for n in names]
    return dict(zip(names, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))


def _reordered(gradient: MidRad, program: Program, order: Sequence[str]) -> MidRad:
    starts = _starts(program, order)
    positions = [starts[n] + i for n, i in balls.all_entries(program)]
    return gradient[positions]


def _partial_product(program: Program, order: tuple[str, ...], k: int) -> Program:
    """The tangent along input k of the gradient in the inputs k, k+1, …, whose common values keep their names."""
    key = ("partial_product", order, k)
    if key not in program.derived:
        slopes = derivative.gradient(program, order)
        if len(order) > 1:
            builder = Builder(slopes)
            parts = slopes.operations[-1].arguments[k:]
            slopes = builder.build(parts[0] if len(parts) == 1 else builder.apply("concatenate", *parts, axis=0))
        program.derived[key] = derivative.tangent(slopes, [order[k]])
    return program.derived[key]


def _push(tangent: Program, name: str, positions: Sequence[int], values: Values) -> Lines:
    """The tangents along the unit vectors of input ``name`` at ``positions``, (positions, outputs)."""
    plan = _Plan(tangent, name, values)
    shape = tangent.shapes[name]
    size = math.prod(shape)
    chunk = max(1, CHUNK // plan.largest)
    parts = []
    for start in range(0, len(positions), chunk):
        some = list(positions[start : start + chunk])
        units = np.zeros((len(some), size))
        units[np.arange(len(some)), some] = 1.0
        parts.append(plan.run(units.reshape(-1, *shape)))
    return np.concatenate([m for m, _ in parts]), np.concatenate([r for _, r in parts])


class _Plan:
    """The steps that take a batch of directions through a tangent program, with all coefficients enclosed."""

    def __init__(self, program: Program, name: str, values: Values) -> None:
        self.steps: list[Step] = []
        self.shapes: list[Shape] = [program.shapes[derivative.direction_name(name)]]  # of each batch, from the first
        self.size = math.prod(program.output_shape)
        self._known = values.extended(program)
        moving = {derivative.direction_name(name): Sum(self.shapes[0], {0: None})}
        for operation in program.operations:
            if any(a in moving for a in operation.arguments):
                moving[operation.name] = self._pushed(operation, program.shapes[operation.name], moving)
            else:
                self._known.apply(operation)
        output = moving.get(program.output)
        self.output = None if output is None else self._number(output)
        self.largest = max(map(math.prod, self.shapes))

    def run(self, units: np.ndarray) -> Lines:
        if self.output is None:
            return np.zeros((len(units), self.size)), np.zeros((len(units), self.size))
        batches: list[Lines] = [(units, np.zeros(units.shape))]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for step in self.steps:
                batches.append(step(batches))
        mid, rad = finite(batches[self.output])
        return mid.reshape(len(units), -1), rad.reshape(len(units), -1)

    def _batch(self, step: Step, shape: Shape) -> Sum:
        self.steps.append(step)
        self.shapes.append(tuple(shape))
        return Sum(tuple(shape), {len(self.shapes) - 1: None})

    def _number(self, value: Sum) -> int:
        """The number of the batch that ``value`` is, evaluated only once."""
        (number, factor), *others = value.terms.items()
        if others or factor is not None or self.shapes[number] != value.shape:
            value.terms = self._batch(weighted(value, self.shapes), value.shape).terms
        return next(iter(value.terms))

    def _pushed(self, operation: Operation, shape: Shape, moving: Mapping[str, Sum]) -> Sum:
        _, op, arguments, k = operation
        operands = [moving.get(a) for a in arguments]
        if op in ("add", "subtract"):
            return self._added(operands, op, shape)
        if op in ("multiply", "divide", "matmul"):
            position = next(i for i, o in enumerate(operands) if o is not None)
            value = operands[position]
            if value is None or arguments[1 - position] in moving or (op, position) == ("divide", 1):
                raise ValueError(f"expected '{op}' linear in the direction")
            factor = self._known[arguments[1 - position]]
            if op == "matmul":
                return self._batch(product(self._number(value), factor, position, shape), shape)
            return _scaled(value, midrad_program.reciprocal(factor) if op == "divide" else factor, shape)
        if op == "concatenate":
            return self._batch(self._concatenated(arguments, operands, k["axis"]), shape)
        (value,) = operands
        assert value is not None
        if op == "negate":
            return _scaled(value, MINUS, shape)
        if op == "broadcast":
            return Sum(shape, value.terms)
        return self._batch(moved(op, k, self._number(value), value.shape, shape), shape)

    def _added(self, operands: Sequence[Sum | None], op: str, shape: Shape) -> Sum:
        terms: dict[int, MidRad | None] = {}
        for position, value in enumerate(operands):
            if value is None:
                raise ValueError(f"expected '{op}' linear in the direction")
            signed = _scaled(value, MINUS, shape) if (op, position) == ("subtract", 1) else value
            for number, factor in signed.terms.items():
                if number in terms:
                    factor = (terms[number] or ONE) + (factor or ONE)
                terms[number] = factor
        return Sum(shape, terms)

    def _concatenated(self, arguments: Sequence[str], operands: Sequence[Sum | None], axis: int) -> Step:
        numbers = [None if o is None else self._number(o) for o in operands]
        still = [self._known[a] if o is None else ONE for a, o in zip(arguments, operands, strict=True)]
        if any(o is None and (c.mid.any() or c.rad.any()) for c, o in zip(still, operands, strict=True)):
            raise ValueError("expected 'concatenate' linear in the direction")

        def step(batches: Sequence[Lines]) -> Lines:
            zeros = [np.broadcast_to(c.mid, (len(batches[0][0]), *c.shape)) for c in still]
            sides = [[z if n is None else batches[n][i] for n, z in zip(numbers, zeros, strict=True)] for i in (0, 1)]
            return np.concatenate(sides[0], axis=axis + 1), np.concatenate(sides[1], axis=axis + 1)

        return step


def _bounded(value: MidRad) -> bool:
    return bool(np.isfinite(value.rad).all())


def _scaled(value: Sum, factor: MidRad, shape: Shape) -> Sum:
    return Sum(shape, {n: factor if c is None else c * factor for n, c in value.terms.items()})
