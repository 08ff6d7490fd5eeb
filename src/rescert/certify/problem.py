"""A problem as a straight-line program over tensors: the one form that every arithmetic evaluates.

A `Program` is a list of operations of a fixed vocabulary, in single assignment. It is traced from an
ordinary torch function (`trace`), evaluated in floats (`Program.evaluate`), in balls (`rescert.certify.balls`)
and in midpoint-radius arithmetic (`midrad_program`), differentiated into another program
(`rescert.certify.derivative`), and interpreted by the checker with code of its own. Broadcasting is NumPy's.

Operations, with their attributes:

====================  =========================================================================
``matmul``            vectors and matrices, at most two axes each
``add subtract multiply divide``  entrywise with broadcasting
``negate``            entrywise
``power``             ``exponent``: an integer >= 0
``sum``               ``axis``: an integer or null (all), ``keepdims``
``broadcast reshape``  ``shape``
``transpose``         ``axes``
``slice``             ``index``: an entry an axis, an integer or ``[start, stop, step]`` with step > 0
``place``             ``shape``, ``index``: zeros of ``shape`` with the operand at ``index`` (adjoint of slice)
``concatenate``       ``axis``
``tanh logistic softplus exp log sin cos sqrt relu``  entrywise
``step``              derivative of relu: 1 where positive, 0 where negative, undefined at 0
====================  =========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch

Shape = tuple[int, ...]
Constant = int | float | str | list | np.ndarray

ENTRYWISE = ("tanh", "logistic", "softplus", "exp", "log", "sin", "cos", "sqrt", "relu", "step", "negate")
BINARY = ("add", "subtract", "multiply", "divide")


class Operation(NamedTuple):
    """``name = op(*arguments, **attributes)``."""

    name: str
    op: str
    arguments: tuple[str, ...]
    attributes: Mapping[str, Any]


def constant_array(value: Constant) -> np.ndarray:
    """A constant as an array: float64 or integer where it is numeric, object (strings kept) otherwise."""
    array = value if isinstance(value, np.ndarray) else np.array(value, dtype=None if _numeric(value) else object)
    if array.dtype.kind == "f":
        if array.dtype.itemsize > 8:
            raise ValueError(f"expected floats of at most 64 bits, got {array.dtype}")
        if not np.isfinite(array).all():
            raise ValueError("expected finite constants, got NaN or infinity")
    elif array.dtype.kind == "O":
        for entry in array.flat:
            rational(entry)
    elif array.dtype.kind not in "iu":
        raise ValueError(f"expected constants of numbers or decimal strings, got dtype {array.dtype}")
    return array


def _numeric(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_numeric(v) for v in value)
    return isinstance(value, float)


def rational(value: Any) -> Fraction:
    """The exact value of a number, a float, or a decimal or ``p/q`` string.

    >>> rational("0.1")
    Fraction(1, 10)
    """
    if isinstance(value, str | int | float | Fraction | np.integer | np.floating) and not isinstance(value, bool):
        try:
            return Fraction(value if isinstance(value, str) else value.item() if hasattr(value, "item") else value)
        except (ValueError, OverflowError, ZeroDivisionError):
            pass
    raise ValueError(f"expected a finite number or a decimal or p/q string, got {value!r}")


def index_key(index: Sequence[Any]) -> tuple[int | slice, ...]:
    """The NumPy index of a ``slice`` or ``place`` operation."""
    return tuple(i if isinstance(i, int) else slice(*i) for i in index)


@lru_cache(maxsize=1 << 12)
def _stand_in(shape: Shape) -> np.ndarray:
    """A zero-stride array of a shape: NumPy itself applies its shape rules to it."""
    return np.broadcast_to(np.zeros(()), shape)


def _infer(op: str, shapes: Sequence[Shape], attributes: Mapping[str, Any]) -> Shape:
    """The shape of a result; raises ``ValueError`` where the operands do not fit."""
    if op in ENTRYWISE:
        return shapes[0]
    if op in BINARY:
        return np.broadcast_shapes(*shapes)
    if op == "power":
        if not isinstance(attributes["exponent"], int) or attributes["exponent"] < 0:
            raise ValueError(f"expected a non-negative integer exponent, got {attributes['exponent']!r}")
        return shapes[0]
    if op in ("slice", "place"):
        _expect_bounds(attributes["index"], shapes[0] if op == "slice" else attributes["shape"])
    _expect_axes(attributes, len(shapes[0]))
    operands = [_stand_in(shape) for shape in shapes]
    if op == "matmul" and any(len(shape) not in (1, 2) for shape in shapes):
        raise ValueError(f"expected vectors or matrices in matmul, got shapes {list(shapes)}")
    if op == "place":
        target = np.broadcast_to(np.zeros(()), tuple(attributes["shape"]))[index_key(attributes["index"])]
        if target.shape != shapes[0]:
            raise ValueError(f"expected an operand of shape {target.shape} in place, got {shapes[0]}")
        return tuple(attributes["shape"])
    structural = STRUCTURAL.get(op)
    if structural is None:
        raise ValueError(f"expected an operation of the vocabulary, got '{op}'")
    return structural(operands, attributes).shape


def _expect_bounds(index: Sequence[Any], shape: Sequence[int]) -> None:
    """An index has one entry an axis, within bounds and counted from the start: no wrapping, no clipping."""
    spans = [range(i, i + 1) if isinstance(i, int) else range(*i) for i in index]
    if len(spans) != len(shape) or not all(
        len(s) and s.step > 0 and s[0] >= 0 and s[-1] < n for s, n in zip(spans, shape, strict=True)
    ):
        raise ValueError(f"expected an index within shape {tuple(shape)}, got {list(index)}")


def _expect_axes(attributes: Mapping[str, Any], rank: int) -> None:
    """Axes exist and are counted from the start: evaluations with a leading axis of their own shift them."""
    axes = [a for a in (attributes.get("axis"), *attributes.get("axes", ())) if a is not None]
    if not all(isinstance(a, int) and 0 <= a < rank for a in axes):
        raise ValueError(f"expected axes from 0 to {rank - 1}, got {axes}")


STRUCTURAL: dict[str, Callable[[Sequence[np.ndarray], Mapping[str, Any]], np.ndarray]] = {
    "matmul": lambda a, k: np.asarray(a[0] @ a[1]),
    "sum": lambda a, k: np.asarray(a[0].sum(axis=k.get("axis"), keepdims=k.get("keepdims", False))),
    "broadcast": lambda a, k: np.broadcast_to(a[0], tuple(k["shape"])),
    "reshape": lambda a, k: a[0].reshape(tuple(k["shape"])),
    "transpose": lambda a, k: a[0].transpose(tuple(k["axes"])),
    "slice": lambda a, k: np.asarray(a[0][index_key(k["index"])]),
    "concatenate": lambda a, k: np.concatenate(list(a), axis=k["axis"]),
}


@dataclass(frozen=True)
class Program:
    """``operations`` on named ``inputs`` (name: shape) and ``constants``; ``output`` names the result.

    Shapes are inferred when it is made (``shapes``, name: shape), so a program that exists is well formed.
    Constants are exact: an integer or float means itself, a string such as ``"0.1"`` or ``"1/3"`` the rational.
    """

    inputs: Mapping[str, Shape]
    constants: Mapping[str, Constant]
    operations: tuple[Operation, ...]
    output: str
    shapes: Mapping[str, Shape] = field(init=False, repr=False, compare=False)
    # Derivatives of this program by what they are in; see `rescert.certify.derivative`.
    derived: dict[Any, Program] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        shapes: dict[str, Shape] = {n: tuple(s) for n, s in self.inputs.items()}
        for name, value in self.constants.items():
            if name in shapes:
                raise ValueError(f"expected distinct names, got '{name}' twice")
            shapes[name] = constant_array(value).shape
        for name, op, arguments, attributes in self.operations:
            missing = [a for a in arguments if a not in shapes]
            if missing or name in shapes:
                raise ValueError(f"expected '{name}' new and its operands known, got {missing or name}")
            shapes[name] = _infer(op, [shapes[a] for a in arguments], attributes)
        if self.output not in shapes:
            raise ValueError(f"expected the output among the values, got '{self.output}'")
        if any(0 in shape for shape in shapes.values()):
            raise ValueError("expected values with at least one entry, got an empty axis")
        object.__setattr__(self, "shapes", shapes)

    @property
    def output_shape(self) -> Shape:
        return self.shapes[self.output]

    def to_json(self) -> dict[str, Any]:
        """The content of a certificate's ``program`` (arrays stay arrays; `certificate.serialise` stores them)."""
        return {
            "inputs": {name: list(shape) for name, shape in self.inputs.items()},
            "constants": dict(self.constants),
            "operations": [[o.name, o.op, list(o.arguments), dict(o.attributes)] for o in self.operations],
            "output": self.output,
        }

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> Program:
        return Program(
            {name: tuple(shape) for name, shape in content["inputs"].items()},
            dict(content["constants"]),
            tuple(Operation(name, op, tuple(args), dict(k)) for name, op, args, k in content["operations"]),
            content["output"],
        )

    def evaluate(self, values: Mapping[str, Any]) -> torch.Tensor:
        """The output in float tensors, in the dtype and on the device of ``values``; batched by `torch.func.vmap`."""
        from rescert.certify.tensors import evaluate

        return evaluate(self, values)


class Builder:
    """Appends operations one by one, reusing the name of an equal operation, and knows all shapes."""

    def __init__(self, program: Program) -> None:
        self.inputs = dict(program.inputs)
        self.constants = dict(program.constants)
        self.operations = list(program.operations)
        self.shapes = dict(program.shapes)
        self._known = {_key(o.op, o.arguments, o.attributes): o.name for o in self.operations}
        self._count = 0

    def _fresh(self) -> str:
        self._count += 1
        while f"t{self._count}" in self.shapes:
            self._count += 1
        return f"t{self._count}"

    def apply(self, op: str, *arguments: str, **attributes: Any) -> str:
        key = _key(op, arguments, attributes)
        if key not in self._known:
            shape = _infer(op, [self.shapes[a] for a in arguments], attributes)
            name = self._fresh()
            self.operations.append(Operation(name, op, tuple(arguments), attributes))
            self.shapes[name] = shape
            self._known[key] = name
        return self._known[key]

    def constant(self, value: Constant) -> str:
        if not isinstance(value, np.ndarray | list):
            for name, known in self.constants.items():
                if type(known) is type(value) and known == value:
                    return name
        name = self._fresh()
        self.constants[name] = value
        self.shapes[name] = constant_array(value).shape
        return name

    def build(self, output: str) -> Program:
        """The program of ``output``, without the operations and constants that it does not use."""
        used = {output}
        for operation in reversed(self.operations):
            if operation.name in used:
                used.update(operation.arguments)
        return Program(
            self.inputs,
            {n: v for n, v in self.constants.items() if n in used},
            tuple(o for o in self.operations if o.name in used),
            output,
        )


def _key(op: str, arguments: Sequence[str], attributes: Mapping[str, Any]) -> tuple[Any, ...]:
    return op, tuple(arguments), repr(sorted(attributes.items()))


def trace(
    function: Callable[[Mapping[str, Any]], Any],
    inputs: Mapping[str, Sequence[int]],
    constants: Mapping[str, Constant] | None = None,
) -> Program:
    """The program of a torch function ``function(values) -> tensor`` of named inputs and constants.

    ``function`` uses ordinary torch operations and operators; Python loops unroll. A Python float in it means
    its exact binary value, so write decimal constants of mathematics as named ``constants`` in strings.
    Raises ``ValueError`` naming the operation and its line where it is outside the vocabulary.

    >>> program = trace(lambda v: (v["x"] * v["x"]).sum() - v["c"], {"x": (2,)}, {"c": "1/3"})
    >>> [o.op for o in program.operations]
    ['multiply', 'sum', 'subtract']
    """
    from rescert.certify.tracing import trace as symbolic

    return symbolic(function, inputs, constants or {})
