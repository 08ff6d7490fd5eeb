"""Programs in ball arithmetic (python-flint, Arb): every value is enclosed, every comparison three-valued.

``a < b`` and ``a >= b`` are both False where the balls overlap, so a comparison must never be negated.
Arrays are NumPy object arrays of `flint.arb`. Exact zeros stay exact: 0 times a finite ball is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import flint
import numpy as np
from flint import arb, fmpq

from rescert.certify import derivative
from rescert.certify.problem import Program, constant_array, index_key, rational

PRECISION = 128
# Beyond this radius a monotone function is enclosed by its values at the ball's ends.
WIDE = arb(2) ** -24

Box = Mapping[str, Any]


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Set Arb's global precision, and restore it."""
    if not 2 <= bits <= 1 << 16:
        raise ValueError(f"expected a precision of 2 to 65536 bits, got {bits}")
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def enter(value: Any) -> arb:
    """The ball of one number: a float or integer as its exact value, a string as the rational that it names.

    The only way by which numbers become balls. Raises ``ValueError`` for NaN, infinity and anything else.
    """
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            raise ValueError(f"expected a finite number, got {value}")
        return arb(float(value))
    number = rational(value)
    return arb(fmpq(number.numerator, number.denominator))


def enter_array(value: Any) -> np.ndarray:
    """A number or an array of numbers as an object array of balls."""
    array = constant_array(value)
    balls = np.empty(array.size, dtype=object)
    # Floats in arrays are finite, and a double is a ball as it is.
    balls[:] = [arb(x) for x in array.ravel().tolist()] if array.dtype.kind == "f" else [enter(x) for x in array.flat]
    return balls.reshape(array.shape)


def ball_box(box: Box) -> dict[str, np.ndarray]:
    """A box ``{name: {"mid": m, "rad": r}}`` (or ``{name: m}`` for an exact point) as balls containing m ± r."""
    balls = {}
    for name, value in box.items():
        middle, radius = (value["mid"], value.get("rad", 0)) if isinstance(value, Mapping) else (value, 0)
        middle, radius = enter_array(middle), enter_array(radius)
        if any((r < 0) or not (r >= 0) for r in radius.flat):
            raise ValueError(f"expected radii >= 0 for '{name}'")
        balls[name] = wrap(middle + np.vectorize(lambda r: arb(0, r), otypes=[object])(radius))
    return balls


def box_json(box: Box) -> dict[str, Any]:
    """The box in the form of a certificate: every entry ``{"mid": …, "rad": …}``."""
    return {
        n: {"mid": v["mid"], "rad": v.get("rad", 0)} if isinstance(v, Mapping) else {"mid": v, "rad": 0}
        for n, v in box.items()
    }


def wrap(value: Any) -> np.ndarray:
    """A ball, or an array of them, as an object array (NumPy unwraps arrays without axes)."""
    if isinstance(value, np.ndarray):
        return value
    array = np.empty((), dtype=object)
    array[()] = value
    return array


def lower(ball: arb) -> float:
    """A float below or at every point of the ball (minus infinity for a ball without bounds)."""
    if not ball.is_finite():
        return -math.inf
    end = ball.lower()
    nearest = float(end)
    return nearest if arb(nearest) <= end else math.nextafter(nearest, -math.inf)


def upper(ball: arb) -> float:
    """A float above or at every point of the ball (infinity for a ball without bounds)."""
    return -lower(-ball)


def _defined(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    """Keep what is not defined so: tanh of a ball without bounds would be finite again."""
    return lambda x: function(x) if x.is_finite() else arb("nan")


def _increasing(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    def enclose(x: arb) -> arb:
        if x.rad() < WIDE:
            return function(x)
        return function(x.lower()).union(function(x.upper()))

    return enclose


def _relu(x: arb) -> arb:
    if x >= 0:
        return x
    if x <= 0:
        return arb(0)
    return arb(0).union(x.upper())


def _step(x: arb) -> arb:
    if x > 0:
        return arb(1)
    return arb(0) if x < 0 else arb("nan")


def softplus(x: arb) -> arb:
    """log(1+exp x)."""
    return x.exp().log1p()


FUNCTIONS: dict[str, Callable[[arb], arb]] = {
    "tanh": _increasing(arb.tanh),
    "logistic": _increasing(lambda x: 1 / (1 + (-x).exp())),
    "softplus": _increasing(softplus),
    "exp": _increasing(arb.exp),
    "log": _increasing(arb.log),
    "sqrt": _increasing(arb.sqrt),
    "sin": arb.sin,
    "cos": arb.cos,
    "relu": _relu,
    "step": _step,
    "negate": lambda x: -x,
}
VECTORISED = {name: np.vectorize(_defined(f), otypes=[object]) for name, f in FUNCTIONS.items()}


def _place(a: Sequence[np.ndarray], k: Mapping[str, Any]) -> np.ndarray:
    result = np.full(tuple(k["shape"]), arb(0), dtype=object)
    result[index_key(k["index"])] = a[0][()]  # a ball, not an array without axes
    return result


def _power(a: Sequence[np.ndarray], k: Mapping[str, Any]) -> Any:
    exponent = k["exponent"]
    return np.vectorize(lambda x: power(x, exponent), otypes=[object])(a[0])


def power(x: arb, exponent: int) -> arb:
    """x^exponent; on a wide ball an even power is enclosed by its values at the ends and 0."""
    if not x.is_finite():
        return arb("nan")
    if exponent < 2 or x.rad() < WIDE:
        return _repeated(x, exponent)
    ends = _repeated(x.lower(), exponent).union(_repeated(x.upper(), exponent))
    return arb(0).union(ends.upper()) if exponent % 2 == 0 and x.contains(0) else ends


def _repeated(x: arb, exponent: int) -> arb:
    """By squaring: python-flint's own ``**`` is not a number on balls that contain 0."""
    result, square = arb(1), x
    while exponent:
        if exponent & 1:
            result = result * square
        exponent >>= 1
        square = square * square if exponent else square
    return result


def _on_first(function: Callable[[np.ndarray], Any], a: Sequence[np.ndarray], k: Mapping[str, Any]) -> Any:
    return function(a[0])


OPERATIONS: dict[str, Callable[[Sequence[np.ndarray], Mapping[str, Any]], Any]] = {
    "matmul": lambda a, k: a[0] @ a[1],
    "add": lambda a, k: a[0] + a[1],
    "subtract": lambda a, k: a[0] - a[1],
    "multiply": lambda a, k: a[0] * a[1],
    "divide": lambda a, k: a[0] / a[1],
    "power": _power,
    "sum": lambda a, k: a[0].sum(axis=k.get("axis"), keepdims=k.get("keepdims", False)),
    "broadcast": lambda a, k: np.broadcast_to(a[0], tuple(k["shape"])),
    "reshape": lambda a, k: a[0].reshape(tuple(k["shape"])),
    "transpose": lambda a, k: a[0].transpose(tuple(k["axes"])),
    "slice": lambda a, k: a[0][index_key(k["index"])],
    "place": _place,
    "concatenate": lambda a, k: np.concatenate(list(a), axis=k["axis"]),
    **{name: partial(_on_first, f) for name, f in VECTORISED.items()},
}


def _run(program: Program, known: dict[str, np.ndarray], skip: set[str] | None = None) -> None:
    for name, op, arguments, attributes in program.operations:
        if skip is None or name not in skip:
            known[name] = wrap(OPERATIONS[op]([known[a] for a in arguments], attributes))


def _inputs(program: Program, box: Box) -> dict[str, np.ndarray]:
    if box.keys() != program.inputs.keys():
        raise ValueError(f"expected a box of {sorted(program.inputs)}, got {sorted(box)}")
    balls = ball_box(box)
    for name, value in balls.items():
        if value.shape != program.shapes[name]:
            if value.shape != ():
                raise ValueError(f"expected shape {program.shapes[name]} for '{name}', got {value.shape}")
            balls[name] = np.broadcast_to(value, program.shapes[name])
    return balls


def _start(program: Program, box: Box) -> dict[str, np.ndarray]:
    return {**_inputs(program, box), **{n: enter_array(v) for n, v in program.constants.items()}}


def evaluate(program: Program, box: Box, precision: int = PRECISION) -> np.ndarray:
    """An object array of balls that contain the output of ``program`` for every input in ``box``."""
    with working_precision(precision):
        known = _start(program, box)
        _run(program, known)
        return known[program.output]


def gradient(
    program: Program, box: Box, precision: int = PRECISION, variables: Sequence[str] | None = None
) -> np.ndarray:
    """Balls containing the gradient at every point of ``box``, flattened over ``variables``.

    Not finite where a ``relu`` meets a kink in the box: undecided, never a convention.
    """
    return evaluate(derivative.gradient(program, variables), box, precision)


def jacobian(
    program: Program, box: Box, precision: int = PRECISION, entries: Sequence[tuple[str, int]] | None = None
) -> np.ndarray:
    """Balls containing the Jacobian of the flattened output in the input ``entries``, (outputs, entries).

    ``entries`` are pairs (input, flat index); default: all entries of all inputs. One forward pass an entry;
    what does not depend on the direction is evaluated once.
    """
    entries = all_entries(program) if entries is None else list(entries)
    positions(program, entries)
    names = list(dict.fromkeys(name for name, _ in entries))
    pushed = derivative.tangent(program, names)
    directions = {derivative.direction_name(n): n for n in names}
    moving = set(directions)
    for operation in pushed.operations:
        if moving.intersection(operation.arguments):
            moving.add(operation.name)
    columns = []
    with working_precision(precision):
        zeros = {d: np.full(program.shapes[n], arb(0), dtype=object) for d, n in directions.items()}
        fixed = {**_inputs(program, box), **{n: enter_array(v) for n, v in pushed.constants.items()}, **zeros}
        _run(pushed, fixed, skip=moving)
        for name, position in entries:
            unit = zeros[derivative.direction_name(name)].copy()
            unit.reshape(-1)[position] = arb(1)
            known = {**fixed, derivative.direction_name(name): unit}
            _run(pushed, known, skip={o.name for o in pushed.operations if o.name not in moving})
            columns.append(known[pushed.output].reshape(-1))
    return np.stack(columns, axis=1)


def all_entries(program: Program) -> list[tuple[str, int]]:
    """Every input entry as (input, flat index), in the order of the gradient."""
    return [(n, i) for n, shape in program.inputs.items() for i in range(math.prod(shape))]


def kink(program: Program, box: Box, precision: int = PRECISION) -> str | None:
    """Which kink meets the box, in words: a ``relu`` or ``step`` of the inputs whose operand is not of one sign there.

    None if there is none. Explains why derivatives are undecided; proves nothing.
    """
    with working_precision(precision):
        known = _start(program, box)
        _run(program, known)
    moving = set(program.inputs)
    for operation in program.operations:
        if not moving.intersection(operation.arguments):
            continue
        moving.add(operation.name)
        for x in known[operation.arguments[0]].flat if operation.op in ("relu", "step") else ():
            if x.is_finite() and not (x > 0 or x < 0):
                return f"a kink of {operation.op} meets the box: its operand is in [{lower(x):.3g}, {upper(x) + 0:.3g}]"
    return None


def positions(program: Program, entries: Sequence[tuple[str, int]]) -> list[int]:
    """The places of input ``entries`` in `all_entries`; raises ``ValueError`` for what is none, a negative one say."""
    place = {entry: i for i, entry in enumerate(all_entries(program))}
    unknown = [e for e in entries if e not in place]
    if unknown:
        raise ValueError(f"expected input entries, got {unknown[0]}")
    return [place[e] for e in entries]


def hessian(program: Program, box: Box, precision: int = PRECISION) -> np.ndarray:
    """Balls containing the Hessian of a one-entry program at every point of ``box``, over all inputs."""
    return jacobian(derivative.gradient(program), box, precision, all_entries(program))


def second_derivative(program: Program, box: Box, direction: Mapping[str, Any], precision: int = PRECISION) -> arb:
    """A ball containing v'H(x)v for every x in ``box``; ``direction`` maps inputs to arrays (absent: zero)."""
    names = list(direction)
    if not all(value.is_finite() for value in evaluate(program, box, precision).flat):
        return arb("nan")
    # Where a kink is met the gradient is undecided, though the direction may not move it.
    if not all(g.is_finite() for g in gradient(program, box, precision).flat):
        return arb("nan")
    pushed = derivative.second_derivative(program, names)
    lines = {derivative.direction_name(n): v for n, v in direction.items()}
    return evaluate(pushed, {**box, **lines}, precision).reshape(-1)[0]
