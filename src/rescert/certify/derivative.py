"""Derivatives of a program as programs: reverse mode for gradients, forward mode along a direction.

The derivative of a program uses the same vocabulary, so that every arithmetic that evaluates a program also
encloses its derivatives. ``relu`` differentiates to ``step``, which no arithmetic decides at 0; where every
``step`` is decided on a box, the program is smooth in a neighbourhood of it and the formulas are its derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

from rescert.certify.problem import Builder, Operation, Program, Shape

Derivation = Callable[..., Program]


def _remembered(derive: Derivation) -> Derivation:
    """Keep a derived program with the one that it comes from: boxes are many, programs few."""

    @wraps(derive)
    def remember(program: Program, variables: Sequence[str] | None = None) -> Program:
        key = (derive.__name__, None if variables is None else tuple(variables))
        if key not in program.derived:
            program.derived[key] = derive(program, variables)
        return program.derived[key]

    return remember


@_remembered
def gradient(program: Program, variables: Sequence[str] | None = None) -> Program:
    """The program of the gradient of a one-entry ``program``, flattened and concatenated over ``variables``.

    The order is that of ``variables`` (default: all inputs), each in C order.

    >>> from rescert.certify.problem import trace
    >>> gradient(trace(lambda v: v["x"] * v["x"], {"x": ()})).output_shape
    (1,)
    """
    names = _variables(program, variables)
    if program.output_shape not in ((), (1,)):
        raise ValueError(f"expected a program with one entry of output, got shape {program.output_shape}")
    builder = Builder(program)
    active = _active(program, names)
    adjoints = {program.output: builder.apply("broadcast", builder.constant(1), shape=list(program.output_shape))}
    for operation in reversed(program.operations):
        adjoint = adjoints.get(operation.name)
        if adjoint is None or operation.name not in active:
            continue
        for position, argument in enumerate(operation.arguments):
            if argument in active:
                part = _pull(builder, operation, position, adjoint)
                known = adjoints.get(argument)
                adjoints[argument] = part if known is None else builder.apply("add", known, part)
    entries = []
    for name in names:
        shape = program.shapes[name]
        part = adjoints.get(name) or builder.apply("broadcast", builder.constant(0), shape=list(shape))
        entries.append(_reshape(builder, part, (_size(shape),)))
    return builder.build(entries[0] if len(entries) == 1 else builder.apply("concatenate", *entries, axis=0))


def direction_name(variable: str) -> str:
    """The input of a `tangent` program that holds the direction in ``variable``."""
    return f"{variable}'"


@_remembered
def tangent(program: Program, variables: Sequence[str] | None = None) -> Program:
    """The program of the directional derivative of ``program``, of its output's shape.

    It has the additional inputs `direction_name` (v) for v in ``variables`` (default: all inputs). Raises
    ``ValueError`` where an input has such a name already.
    """
    names = _variables(program, variables)
    taken = [n for n in names if direction_name(n) in program.inputs]
    if taken:
        raise ValueError(f"expected no input of the name of a direction, got '{direction_name(taken[0])}'")
    return _tangent(program, names)


def _tangent(program: Program, names: Sequence[str]) -> Program:
    rooted = Program(
        {**program.inputs, **{direction_name(n): program.shapes[n] for n in names}},
        program.constants,
        program.operations,
        program.output,
    )
    builder = Builder(rooted)
    tangents = {name: direction_name(name) for name in names}
    for operation in program.operations:
        moving = [tangents.get(a) for a in operation.arguments]
        if any(m is not None for m in moving):
            tangents[operation.name] = _push(builder, operation, moving)
    output = tangents.get(program.output)
    if output is None:
        output = builder.apply("broadcast", builder.constant(0), shape=list(program.output_shape))
    return builder.build(output)


@_remembered
def second_derivative(program: Program, variables: Sequence[str] | None = None) -> Program:
    """The program of v'H(x)v for a one-entry ``program``; inputs as in `tangent`."""
    names = _variables(program, variables)
    # Both derivatives are in the same direction, which is one input used twice.
    return _tangent(tangent(program, names), names)


def hessian_product(program: Program, variables: Sequence[str] | None = None) -> Program:
    """The program of H(x)v, flattened over ``variables``; inputs as in `tangent`."""
    names = _variables(program, variables)
    return tangent(gradient(program, names), names)


def _variables(program: Program, variables: Sequence[str] | None) -> list[str]:
    names = list(program.inputs if variables is None else variables)
    unknown = [n for n in names if n not in program.inputs]
    if unknown or not names:
        raise ValueError(f"expected variables among the inputs {sorted(program.inputs)}, got {unknown or names}")
    return names


def _active(program: Program, names: Sequence[str]) -> set[str]:
    active = set(names)
    for operation in program.operations:
        if active.intersection(operation.arguments):
            active.add(operation.name)
    return active


def _size(shape: Shape) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


def _reshape(b: Builder, name: str, shape: Shape) -> str:
    return name if b.shapes[name] == tuple(shape) else b.apply("reshape", name, shape=list(shape))


def _broadcast(b: Builder, name: str, shape: Shape) -> str:
    return name if b.shapes[name] == tuple(shape) else b.apply("broadcast", name, shape=list(shape))


def _unbroadcast(b: Builder, name: str, shape: Shape) -> str:
    """The adjoint of broadcasting ``shape`` to the shape of ``name``: sums over the repeated axes."""
    while len(b.shapes[name]) > len(shape):
        name = b.apply("sum", name, axis=0, keepdims=False)
    for axis, size in enumerate(shape):
        if size == 1 and b.shapes[name][axis] != 1:
            name = b.apply("sum", name, axis=axis, keepdims=True)
    return name


def _scaled(b: Builder, factor: int, name: str) -> str:
    return name if factor == 1 else b.apply("multiply", b.constant(factor), name)


def _slope(b: Builder, operation: Operation) -> str:
    """The derivative of an entrywise function at its operand, by way of its value where that is cheaper."""
    x, y = operation.arguments[0], operation.name
    return SLOPES[operation.op](b, x, y)


def _one_minus_square(b: Builder, y: str) -> str:
    # (1-y)(1+y) is narrower than 1-y*y on wide balls and does not cancel near saturation.
    one = b.constant(1)
    return b.apply("multiply", b.apply("subtract", one, y), b.apply("add", one, y))


SLOPES: dict[str, Callable[[Builder, str, str], str]] = {
    "tanh": lambda b, x, y: _one_minus_square(b, y),
    "logistic": lambda b, x, y: b.apply("multiply", y, b.apply("subtract", b.constant(1), y)),
    "softplus": lambda b, x, y: b.apply("logistic", x),
    "exp": lambda b, x, y: y,
    # 1/x is defined where log x is not: the factor 0 y keeps it undefined there.
    "log": lambda b, x, y: b.apply("add", b.apply("divide", b.constant(1), x), b.apply("multiply", b.constant(0), y)),
    "sin": lambda b, x, y: b.apply("cos", x),
    "cos": lambda b, x, y: b.apply("negate", b.apply("sin", x)),
    "sqrt": lambda b, x, y: b.apply("divide", b.constant(1), _scaled(b, 2, y)),
    "relu": lambda b, x, y: b.apply("step", x),
    # Zero where step is decided; the factor keeps an undecided step undecided.
    "step": lambda b, x, y: b.apply("multiply", b.constant(0), y),
}


def _power_slope(b: Builder, x: str, exponent: int) -> str:
    if exponent == 0:  # zero, but undefined where x is
        return b.apply("multiply", b.constant(0), x)
    if exponent == 1:
        return b.apply("broadcast", b.constant(1), shape=list(b.shapes[x]))
    reduced = x if exponent == 2 else b.apply("power", x, exponent=exponent - 1)
    return _scaled(b, exponent, reduced)


def _zeros(b: Builder, shape: Shape) -> str:
    return b.apply("broadcast", b.constant(0), shape=list(shape))


def _pull(b: Builder, operation: Operation, position: int, g: str) -> str:
    """The contribution of the adjoint ``g`` of a result to the adjoint of its operand at ``position``."""
    _, op, arguments, k = operation
    x = arguments[position]
    shape = b.shapes[x]
    if op in ("add", "subtract", "negate"):
        sign = op == "negate" or (op == "subtract" and position == 1)
        part = b.apply("negate", g) if sign else g
        return _unbroadcast(b, part, shape)
    if op == "multiply":
        return _unbroadcast(b, b.apply("multiply", g, arguments[1 - position]), shape)
    if op == "divide":
        quotient = b.apply("divide", g, arguments[1])
        if position == 1:
            quotient = b.apply("negate", b.apply("multiply", quotient, operation.name))
        return _unbroadcast(b, quotient, shape)
    if op == "power":
        return b.apply("multiply", g, _power_slope(b, x, k["exponent"]))
    if op in SLOPES:
        return b.apply("multiply", g, _slope(b, operation))
    if op == "matmul":
        return _pull_matmul(b, arguments, position, g)
    if op == "sum":
        if k.get("axis") is not None and not k.get("keepdims", False):
            kept = list(shape)
            kept[k["axis"]] = 1
            g = _reshape(b, g, tuple(kept))
        return _broadcast(b, g, shape)
    if op == "broadcast":
        return _unbroadcast(b, g, shape)
    if op == "reshape":
        return _reshape(b, g, shape)
    if op == "transpose":
        inverse = sorted(range(len(k["axes"])), key=lambda i: k["axes"][i])
        return b.apply("transpose", g, axes=inverse)
    if op == "slice":
        return b.apply("place", g, shape=list(shape), index=k["index"])
    if op == "place":
        return b.apply("slice", g, index=k["index"])
    start = sum(b.shapes[a][k["axis"]] for a in arguments[:position])
    index = [[0, n, 1] for n in b.shapes[operation.name]]
    index[k["axis"]] = [start, start + shape[k["axis"]], 1]
    return b.apply("slice", g, index=index)


def _transposed(b: Builder, name: str) -> str:
    return name if len(b.shapes[name]) < 2 else b.apply("transpose", name, axes=[1, 0])


def _pull_matmul(b: Builder, arguments: Sequence[str], position: int, g: str) -> str:
    left, right = arguments
    if len(b.shapes[left]) == 1 and len(b.shapes[right]) == 1:
        return b.apply("multiply", g, arguments[1 - position])
    if position == 0:
        if len(b.shapes[left]) == 1:
            return b.apply("matmul", right, g)
        if len(b.shapes[right]) == 1:
            return b.apply("multiply", _reshape(b, g, (*b.shapes[g], 1)), right)
        return b.apply("matmul", g, _transposed(b, right))
    if len(b.shapes[right]) == 1:
        return b.apply("matmul", g, left)
    if len(b.shapes[left]) == 1:
        return b.apply("multiply", _reshape(b, left, (*b.shapes[left], 1)), g)
    return b.apply("matmul", _transposed(b, left), g)


def _push(b: Builder, operation: Operation, moving: Sequence[str | None]) -> str:
    """The tangent of a result from the tangents of its operands (None: the operand does not move)."""
    name, op, arguments, k = operation
    shape = b.shapes[name]
    parts: list[str] = []
    if op in ("multiply", "matmul"):
        for position, part in enumerate(moving):
            if part is not None:
                pair = [part if i == position else a for i, a in enumerate(arguments)]
                parts.append(b.apply(op, *pair))
    elif op in ("add", "subtract"):
        first, second = moving
        if first is not None and second is not None:
            return b.apply(op, first, second)
        if first is not None:
            return _broadcast(b, first, shape)
        return _broadcast(b, b.apply("negate", str(second)) if op == "subtract" else str(second), shape)
    elif op == "divide":
        first, second = moving
        if first is not None:
            parts.append(b.apply("divide", first, arguments[1]))
        if second is not None:
            parts.append(b.apply("negate", b.apply("multiply", name, b.apply("divide", second, arguments[1]))))
    elif op == "power":
        return b.apply("multiply", _power_slope(b, arguments[0], k["exponent"]), str(moving[0]))
    elif op in SLOPES:
        return b.apply("multiply", _slope(b, operation), str(moving[0]))
    else:
        still = [_zeros(b, b.shapes[a]) if m is None else m for a, m in zip(arguments, moving, strict=True)]
        return b.apply(op, *still, **k)
    return parts[0] if len(parts) == 1 else b.apply("add", *parts)
