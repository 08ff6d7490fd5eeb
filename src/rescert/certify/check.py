"""The trusted kernel: reads certificates and accepts only what it derives again.

What it trusts: the Python interpreter and standard library, python-flint (Arb) balls, and the few hundred lines
below. It imports nothing else of this package: it reads JSON and safetensors itself, interprets programs itself,
and differentiates them itself (reverse mode over scalars that carry a forward tangent). What it does not know is
whether an assertion *means* the statement that it is labelled with: that is read in the claim's file, which
binds the certificate by its SHA-256.

An assertion is accepted if the stated inequality follows for every real point of its box. Floats are their exact
binary values, strings are the rationals that they name. Everything else is refused, in one sentence.

rescert-check FILE…    accepted or refused, the reason and the seconds of each; exit code 0 only if all are accepted
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
import os
import random
import re
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import flint
from flint import arb, arb_mat, fmpq

FORMAT = "rescert certificate 1"
PRECISIONS = range(24, 4097)
MOST_ENTRIES = 1 << 20  # of one value of a program
MOST_TOGETHER = 1 << 22  # of all values of a program
MOST_PRODUCTS = 1 << 26  # of one matrix product
WIDE = arb(2) ** -24  # beyond this radius monotone functions are enclosed by their values at the ends
NUMBER = re.compile(r"-?\d{1,4000}(\.\d{0,4000})?([eE][+-]?\d{1,3})?|-?\d{1,4000}/\d{1,4000}", re.ASCII)
DTYPES = {"F64": "d", "F32": "f", "I64": "q", "I32": "i", "I16": "h", "I8": "b", "U8": "B", "U16": "H", "U32": "I"}
# What Python raises on content of the wrong form; any of it refuses the certificate.
MALFORMED = (TypeError, ValueError, IndexError, ArithmeticError, AttributeError, RecursionError, MemoryError)


class Refused(Exception):
    """The certificate is not accepted; the message is the sentence to show."""


def require(condition: bool, sentence: str) -> None:
    if condition is not True:
        raise Refused(sentence)


def line(text: str) -> str:
    """The text as one line that can be printed, whatever a certificate put into it."""
    return "".join(c if c.isprintable() else "?" for c in text)


# Reading: JSON, numbers and stored arrays


def read_document(text: str) -> Any:
    """JSON without NaN, infinities or repeated keys."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        require(len(content) == len(pairs), "a key is repeated in the certificate")
        return content

    def finite(literal: str) -> float:
        value = float(literal)
        require(math.isfinite(value), f"the number {literal[:40]} is not finite")
        return value

    return json.loads(text, object_pairs_hook=unique, parse_float=finite, parse_constant=finite)


def rational(value: Any) -> Fraction:
    """The exact value of a JSON number (a float is its binary value) or of a decimal or p/q string."""
    if isinstance(value, str):
        require(NUMBER.fullmatch(value) is not None, f"'{value[:40]}' is not a decimal or p/q string")
        return Fraction(value)
    require(isinstance(value, int | float) and not isinstance(value, bool), f"{str(value)[:40]!r} is not a number")
    require(math.isfinite(value), f"the number {value} is not finite")
    return Fraction(value)


def ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


class Files:
    """The array files of one certificate, each read once and only with the SHA-256 that the certificate names."""

    def __init__(self, listed: Any, folder: Path, root: Path) -> None:
        require(isinstance(listed, dict), "'files' is not an object")
        self.listed, self.folder, self.root = listed, folder, root
        self._open: dict[str, tuple[dict[str, Any], memoryview]] = {}

    def _read(self, sha: str) -> tuple[dict[str, Any], memoryview]:
        name = self.listed[sha]
        require(isinstance(name, str) and not os.path.isabs(name) and "\0" not in name, "a file name is not relative")
        path = Path(os.path.normpath(self.folder / name))
        require(path.is_relative_to(self.root), f"the file {name} lies outside the results folder")
        inside = [path, *path.parents]
        links = [p for p in inside if p.is_relative_to(self.root) and p != self.root and p.is_symlink()]
        require(not links, f"the file {name} is reached through a link")
        require(path.is_file(), f"the file {name} is missing")
        content = path.read_bytes()
        require(hashlib.sha256(content).hexdigest() == sha, f"the file {name} does not have the SHA-256 {sha[:12]}…")
        size = int.from_bytes(content[:8], "little")
        require(8 + size <= len(content), f"the file {name} is damaged")
        return read_document(content[8 : 8 + size].decode()), memoryview(content)[8 + size :]

    def tensor(self, reference: Mapping[str, Any]) -> tuple[tuple[int, ...], array]:
        require(set(reference) == {"file", "tensor"}, "an array reference needs exactly 'file' and 'tensor'")
        sha, name = reference["file"], reference["tensor"]
        require(sha in self.listed, "an array refers to a file that the certificate does not list")
        if sha not in self._open:
            self._open[sha] = self._read(sha)
        header, data = self._open[sha]
        require(name in header and name != "__metadata__", f"the tensor '{name}' is missing")
        entry = header[name]
        require(entry["dtype"] in DTYPES, f"the dtype {entry['dtype']} of '{name}' is not supported")
        values = array(DTYPES[entry["dtype"]])
        start, end = entry["data_offsets"]
        shape = tuple(entry["shape"])
        whole = all(isinstance(n, int) and n >= 0 for n in (*shape, start, end)) and end <= len(data)
        require(whole and end - start == math.prod(shape) * values.itemsize, f"the tensor '{name}' is damaged")
        values.frombytes(data[start:end])
        if sys.byteorder == "big":
            values.byteswap()
        return shape, values


Shape = tuple[int, ...]
Numbers = tuple[Shape, list[Fraction]]


def numbers(value: Any, files: Files) -> Numbers:
    """The shape and the exact entries of a number, a nested list or a stored array."""
    if isinstance(value, dict):
        shape, stored = files.tensor(value)
        require(len(stored) <= MOST_ENTRIES, "an array is too large for a program")
        return shape, [rational(v) for v in stored]
    if not isinstance(value, list):
        return (), [rational(value)]
    parts = [numbers(v, files) for v in value]
    require(len({shape for shape, _ in parts}) == 1, "a nested list is empty or ragged")
    return (len(parts), *parts[0][0]), [x for _, entries in parts for x in entries]


# Arithmetic: balls, and scalars on a tape


@contextmanager
def precision(bits: Any) -> Iterator[None]:
    require(isinstance(bits, int) and bits in PRECISIONS, f"the precision {str(bits)[:20]} is not within 24 to 4096")
    before, flint.ctx.prec = flint.ctx.prec, bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def wide(x: arb) -> bool:
    return x.is_finite() and x.rad() > WIDE


def increasing(function: Callable[[arb], arb]) -> Callable[[arb], arb]:
    return lambda x: function(x.lower()).union(function(x.upper())) if wide(x) else function(x)


def product(x: arb, n: int) -> arb:
    """x multiplied by itself; python-flint's ``**`` is not a number on balls that contain 0."""
    half = product(x, n // 2) if n > 1 else arb(1)
    return half * half * x if n % 2 else half * half


def integer_power(x: arb, n: int) -> arb:
    if not wide(x) or n < 2:
        return product(x, n)
    ends = product(x.lower(), n).union(product(x.upper(), n))
    return ends if n % 2 or not x.contains(0) else arb(0).union(ends.upper())


def relu(x: arb) -> arb:
    if x >= 0:
        return x
    if x <= 0:
        return arb(0)
    return arb(0).union(x.upper()) if x.is_finite() else arb("nan")


def step(x: arb) -> arb:
    """The derivative of relu, where the sign is decided; not a number elsewhere."""
    return arb(1) if x > 0 else arb(0) if x < 0 else arb("nan")


logistic = increasing(lambda x: 1 / (1 + (-x).exp()))

# Name: the function of x, then its first and second derivative as functions of x and y = f(x).
ELEMENTARY: dict[str, tuple[Callable[[arb], arb], Callable[[arb, arb], arb], Callable[[arb, arb], arb]]] = {
    "tanh": (increasing(arb.tanh), lambda x, y: (1 - y) * (1 + y), lambda x, y: -2 * y * ((1 - y) * (1 + y))),
    "logistic": (logistic, lambda x, y: y * (1 - y), lambda x, y: y * (1 - y) * (1 - 2 * y)),
    "softplus": (
        increasing(lambda x: x.exp().log1p()),
        lambda x, y: logistic(x),
        lambda x, y: logistic(x) * logistic(-x),
    ),
    "exp": (increasing(arb.exp), lambda x, y: y, lambda x, y: y),
    # 1/x is defined where log x is not: 0 y keeps it undefined there.
    "log": (increasing(arb.log), lambda x, y: 1 / x + 0 * y, lambda x, y: -1 / integer_power(x, 2) + 0 * y),
    "sin": (arb.sin, lambda x, y: x.cos(), lambda x, y: -y),
    "cos": (arb.cos, lambda x, y: -x.sin(), lambda x, y: -y),
    "sqrt": (increasing(arb.sqrt), lambda x, y: 1 / (2 * y), lambda x, y: -1 / (4 * y * x)),
    "relu": (relu, lambda x, y: step(x), lambda x, y: 0 * step(x)),
    "step": (step, lambda x, y: 0 * y, lambda x, y: 0 * y),
    "reciprocal": (lambda x: 1 / x, lambda x, y: -integer_power(y, 2), lambda x, y: 2 * integer_power(y, 3)),
}


class Scalar:
    """A ball, how it was made, and its derivatives while a sweep sets them (None: exactly zero).

    ``parents`` lists (operand, partial derivative, source, factor): along a direction the partial derivative changes by
    the factor (None: 1) times the tangent of the source (None: it does not change).
    """

    __slots__ = ("adjoint", "parents", "tangent", "tape", "turn", "value")

    def __init__(self, tape: list[Scalar], value: arb, parents: Sequence[tuple]) -> None:
        self.tape, self.value, self.parents = tape, value, parents
        self.tangent: arb | None = None
        self.adjoint: arb | None = None
        self.turn: arb | None = None
        tape.append(self)


Element = Any  # a ball, or a Scalar on a tape


def plus(a: Any, b: Any) -> Any:
    """The sum of two balls, None being exactly zero."""
    return b if a is None else a if b is None else a + b


def times(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a * b


def value_of(x: Element) -> arb:
    return x.value if isinstance(x, Scalar) else x


def dot(left: Sequence[Element], right: Sequence[Element]) -> Element:
    """Σ left_i right_i."""
    total, parents, tape = arb(0), [], None
    for a, b in zip(left, right, strict=True):
        x, y = value_of(a), value_of(b)
        total = total + x * y
        if isinstance(a, Scalar):
            parents.append((a, y, b if isinstance(b, Scalar) else None, None))
            tape = a.tape
        if isinstance(b, Scalar):
            parents.append((b, x, a if isinstance(a, Scalar) else None, None))
            tape = b.tape
    return total if tape is None else Scalar(tape, total, parents)


def total(terms: Sequence[Element]) -> Element:
    return dot(terms, [arb(1)] * len(terms))


def elementary(name: str, x: Element, exponent: int = 0) -> Element:
    if name == "power":
        functions: Any = (
            lambda x: integer_power(x, exponent),
            lambda x, y: exponent * integer_power(x, exponent - 1) if exponent else arb(0),
            lambda x, y: exponent * (exponent - 1) * integer_power(x, exponent - 2) if exponent > 1 else arb(0),
        )
    else:
        functions = ELEMENTARY[name]
    # tanh of a ball without bounds is finite: what is not defined must not become so again.
    value = functions[0](value_of(x)) if value_of(x).is_finite() else arb("nan")
    if not isinstance(x, Scalar):
        return value
    return Scalar(x.tape, value, [(x, functions[1](x.value, value), x, functions[2](x.value, value))])


def multiply(a: Element, b: Element) -> Element:
    return dot([a], [b])


def backward(output: Scalar) -> None:
    """Set ``adjoint`` to the derivative of ``output`` on all its tape."""
    output.adjoint = arb(1)
    for scalar in reversed(output.tape):
        if scalar.adjoint is not None:
            for parent, partial, _, _ in scalar.parents:
                parent.adjoint = plus(parent.adjoint, scalar.adjoint * partial)


def dependents(tape: Sequence[Scalar], inputs: Iterable[Scalar]) -> list[Scalar]:
    """What depends on one of the inputs, in the order in which it was made, without these themselves."""
    reached, found = {id(x) for x in inputs}, []
    for scalar in tape:
        if any(id(parent) in reached for parent, *_ in scalar.parents):
            reached.add(id(scalar))
            found.append(scalar)
    return found


def forward(scalars: Sequence[Scalar]) -> None:
    """Set ``tangent`` on scalars in the order in which they were made, from those of what they depend on."""
    for scalar in scalars:
        scalar.tangent = None
        for parent, partial, _, _ in scalar.parents:
            scalar.tangent = plus(scalar.tangent, times(parent.tangent, partial))


def turned_back(scalars: Sequence[Scalar], inputs: Sequence[Scalar]) -> None:
    """Set ``turn``, the tangent of the adjoint, on ``inputs`` and on all that depends on them, ``scalars``."""
    reached = {id(x) for x in (*inputs, *scalars)}
    for scalar in (*inputs, *scalars):
        scalar.turn = None
    for scalar in reversed(scalars):
        for parent, partial, source, factor in scalar.parents:
            if id(parent) in reached:
                moved = None if source is None else source.tangent
                bend = moved if factor is None else times(moved, factor)
                parent.turn = plus(parent.turn, plus(times(scalar.turn, partial), times(scalar.adjoint, bend)))


# Programs


def strides(shape: Shape) -> Shape:
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


@lru_cache(maxsize=4096)
def broadcast_positions(shape: Shape, target: Shape) -> tuple[int, ...]:
    """The flat source position of every entry of ``target`` when ``shape`` is broadcast to it."""
    size_of(target)
    padded = (1,) * (len(target) - len(shape)) + shape
    fits = len(padded) == len(target) and all(n in (1, m) for n, m in zip(padded, target, strict=True))
    require(fits, f"shapes {shape} and {target} do not fit")
    steps = [0 if n == 1 else s for n, s in zip(padded, strides(padded), strict=True)]
    return tuple(sum(map(int.__mul__, i, steps)) for i in itertools.product(*map(range, target)))


@lru_cache(maxsize=4096)
def sliced_positions(shape: Shape, index: tuple[Any, ...]) -> tuple[Shape, tuple[int, ...]]:
    """Shape and flat positions of ``array[index]``, an entry an axis: an integer or (start, stop, step)."""
    size_of(shape)
    require(len(index) == len(shape), "an index does not have one entry an axis")
    axes, kept = [], []
    for entry, size in zip(index, shape, strict=True):
        span = range(entry, entry + 1) if isinstance(entry, int) else range(*entry)
        require(len(span) > 0 and span.step > 0 and span[0] >= 0 and span[-1] < size, "an index is out of bounds")
        axes.append(span)
        kept += [] if isinstance(entry, int) else [len(span)]
    steps = strides(shape)
    return tuple(kept), tuple(sum(map(int.__mul__, i, steps)) for i in itertools.product(*axes))


def size_of(shape: Sequence[Any]) -> int:
    """The number of entries of a shape, all of whose axes are positive."""
    whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in shape)
    require(whole and math.prod(shape) <= MOST_ENTRIES, "a shape is not one of a program")
    return math.prod(shape)


class Values:
    """An array of elements: shape and flat entries in C order."""

    __slots__ = ("entries", "shape")

    def __init__(self, shape: Sequence[int], entries: Iterable[Element]) -> None:
        self.shape, self.entries = tuple(shape), list(entries)
        require(size_of(self.shape) == len(self.entries), "a value has a wrong shape")

    def broadcast(self, target: Shape) -> list[Element]:
        if self.shape == target:
            return self.entries
        return [self.entries[i] for i in broadcast_positions(self.shape, target)]


def index_of(k: Mapping[str, Any]) -> tuple[Any, ...]:
    index = tuple(tuple(i) if isinstance(i, list) else i for i in k["index"])
    require(not any(isinstance(i, bool) for i in index), "an index is a boolean")
    return index


def binary(op: str, a: Values, b: Values) -> Values:
    longest = max(len(a.shape), len(b.shape))
    pair = [(1,) * (longest - len(v.shape)) + v.shape for v in (a, b)]
    shape = tuple(max(n, m) for n, m in zip(*pair, strict=True))
    one, minus = arb(1), arb(-1)
    combine = {
        "add": lambda x, y: dot((x, y), (one, one)),
        "subtract": lambda x, y: dot((x, y), (one, minus)),
        "multiply": multiply,
        "divide": lambda x, y: multiply(x, elementary("reciprocal", y)),
    }[op]
    return Values(shape, map(combine, a.broadcast(shape), b.broadcast(shape)))


def matmul(a: Values, b: Values) -> Values:
    require(len(a.shape) in (1, 2) and len(b.shape) in (1, 2), "matmul needs vectors or matrices")
    rows, inner = a.shape if len(a.shape) == 2 else (1, *a.shape)
    height, columns = b.shape if len(b.shape) == 2 else (*b.shape, 1)
    require(inner == height, f"shapes {a.shape} and {b.shape} do not fit in matmul")
    require(rows * inner * columns <= MOST_PRODUCTS, "a matrix product is too large")
    size_of((rows, columns))
    left = [a.entries[i * inner : (i + 1) * inner] for i in range(rows)]
    right = [b.entries[j::columns] for j in range(columns)]
    return Values(a.shape[:-1] + b.shape[1:], [dot(x, y) for x in left for y in right])


def reduce_sum(x: Values, axis: int | None, keepdims: bool) -> Values:
    if axis is None:
        return Values((1,) * len(x.shape) if keepdims else (), [total(x.entries)])
    require(0 <= axis < len(x.shape), "the axis of a sum is out of bounds")
    before, size, after = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    lines = [
        x.entries[i * size * after + j : (i + 1) * size * after : after][:size]
        for i in range(before)
        for j in range(after)
    ]
    middle = (1,) if keepdims else ()
    return Values(x.shape[:axis] + middle + x.shape[axis + 1 :], [total(line) for line in lines])


def transpose(x: Values, axes: Sequence[int]) -> Values:
    require(sorted(axes) == list(range(len(x.shape))), "the axes of a transposition are not a permutation")
    steps = [strides(x.shape)[i] for i in axes]
    shape = tuple(x.shape[i] for i in axes)
    return Values(shape, [x.entries[sum(map(int.__mul__, i, steps))] for i in itertools.product(*map(range, shape))])


def concatenate(values: Sequence[Values], axis: int) -> Values:
    shapes = [v.shape for v in values]
    require(
        all(
            0 <= axis < len(s) and s[:axis] + s[axis + 1 :] == shapes[0][:axis] + shapes[0][axis + 1 :] for s in shapes
        ),
        "the shapes of a concatenation do not fit",
    )
    shape = (*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])
    size_of(shape)
    before = math.prod(shapes[0][:axis])
    pieces = [
        v.entries[i * len(v.entries) // before : (i + 1) * len(v.entries) // before]
        for i in range(before)
        for v in values
    ]
    return Values(shape, itertools.chain.from_iterable(pieces))


def place(x: Values, shape: Shape, index: tuple[Any, ...]) -> Values:
    kept, positions = sliced_positions(shape, index)
    require(kept == x.shape, "the shape of a placed value does not fit")
    entries: list[Element] = [arb(0)] * size_of(shape)
    for position, entry in zip(positions, x.entries, strict=True):
        entries[position] = entry
    return Values(shape, entries)


def sliced(x: Values, index: tuple[Any, ...]) -> Values:
    shape, positions = sliced_positions(x.shape, index)
    return Values(shape, [x.entries[i] for i in positions])


def apply(op: str, a: Sequence[Values], k: Mapping[str, Any]) -> Values:
    """One operation of the vocabulary."""
    if op in ("add", "subtract", "multiply", "divide"):
        return binary(op, *a)
    if op == "matmul":
        return matmul(*a)
    if op == "concatenate":
        return concatenate(a, k["axis"])
    require(len(a) == 1, f"'{op}' needs one operand")
    x = a[0]
    if op == "negate":
        return Values(x.shape, [multiply(e, arb(-1)) for e in x.entries])
    if op == "power":
        n = k["exponent"]
        require(
            isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= 10**6, "an exponent is not a natural number"
        )
        return Values(x.shape, [elementary("power", e, n) for e in x.entries])
    if op in ELEMENTARY and op != "reciprocal":
        return Values(x.shape, [elementary(op, e) for e in x.entries])
    if op == "sum":
        return reduce_sum(x, k.get("axis"), k.get("keepdims", False))
    if op == "broadcast":
        return Values(k["shape"], x.broadcast(tuple(k["shape"])))
    if op == "reshape":
        return Values(k["shape"], x.entries)
    if op == "transpose":
        return transpose(x, k["axes"])
    if op == "slice":
        return sliced(x, index_of(k))
    if op == "place":
        return place(x, tuple(k["shape"]), index_of(k))
    raise Refused(f"the operation '{str(op)[:40]}' is unknown")


Interval = tuple[Fraction, Fraction]  # middle and radius, exact
Entry = tuple[str, int]  # an input and a flat position in it


class Problem:
    """A program with a box for its inputs, as an assertion states them."""

    def __init__(self, assertion: Mapping[str, Any], files: Files, key: str = "box") -> None:
        program = assertion["program"]
        self.operations, self.output = program["operations"], program["output"]
        self.constants = {n: numbers(v, files) for n, v in program["constants"].items()}
        self.box: dict[str, tuple[Shape, list[Interval]]] = {}
        require(set(assertion[key]) == set(program["inputs"]), "the box does not have exactly the program's inputs")
        for name, shape in program["inputs"].items():
            sides = assertion[key][name]
            require(set(sides) == {"mid", "rad"}, "a side of a box needs exactly 'mid' and 'rad'")
            spread = [self._spread(numbers(sides[s], files), tuple(shape)) for s in ("mid", "rad")]
            require(all(r >= 0 for r in spread[1]), "a radius is negative")
            self.box[name] = (tuple(shape), list(zip(*spread, strict=True)))
            together = sum(len(sides) for _, sides in self.box.values())
            require(together <= MOST_TOGETHER, "a program has too many inputs")

    @staticmethod
    def _spread(value: Numbers, shape: Shape) -> list[Fraction]:
        require(value[0] in ((), shape), f"a side of a box has shape {value[0]}, not {shape}")
        return value[1] * size_of(shape) if value[0] == () else value[1]

    def interval(self, entry: Entry) -> Interval:
        return self.box[entry[0]][1][entry[1]]

    def entries(self) -> list[Entry]:
        return [(name, i) for name, (_, sides) in self.box.items() for i in range(len(sides))]

    def run(
        self,
        box: Mapping[Entry, Interval] | None = None,
        tape: list[Scalar] | None = None,
    ) -> tuple[list[Element], dict[Entry, Element]]:
        """The output's entries and the inputs', over the box with some entries replaced by ``box``."""
        known: dict[str, Values] = {
            n: Values(s, [ball(v) for v in entries]) for n, (s, entries) in self.constants.items()
        }
        inputs: dict[Entry, Element] = {}
        for name, (shape, sides) in self.box.items():
            require(name not in known, f"the name '{name}' is used twice")
            for i, side in enumerate(sides):
                middle, radius = (box or {}).get((name, i), side)
                value = ball(middle) + arb(0, ball(radius)) if radius else ball(middle)
                inputs[name, i] = value if tape is None else Scalar(tape, value, ())
            known[name] = Values(shape, [inputs[name, i] for i in range(len(sides))])
        together = sum(len(v.entries) for v in known.values())
        for name, op, arguments, attributes in self.operations:
            require(name not in known, f"the name '{name}' is used twice")
            known[name] = apply(op, [known[a] for a in arguments], attributes)
            together += len(known[name].entries)
            require(together <= MOST_TOGETHER, "the values of a program are too large together")
        return known[self.output].entries, inputs

    def recorded(
        self, box: Mapping[Entry, Interval] | None = None
    ) -> tuple[list[Element], dict[Entry, Scalar], list[Scalar]]:
        """The output's entries, the inputs' and the tape, of a run that is defined all over the box."""
        tape: list[Scalar] = []
        outputs, inputs = self.run(box, tape)
        require(all(value_of(x).is_finite() for x in outputs), "the output is not defined all over the box")
        return outputs, inputs, tape

    def gradient(self, box: Mapping[Entry, Interval] | None = None) -> dict[Entry, arb]:
        """The gradient of the one-entry output."""
        return self._differentiated(box)[0]

    def _differentiated(
        self, box: Mapping[Entry, Interval] | None = None
    ) -> tuple[dict[Entry, arb], dict[Entry, Scalar], list[Scalar]]:
        outputs, inputs, tape = self.recorded(box)
        require(len(outputs) == 1, "the output does not have exactly one entry")
        if isinstance(outputs[0], Scalar):
            backward(outputs[0])
        gradient = {e: arb(0) if x.adjoint is None else x.adjoint for e, x in inputs.items()}
        require(all(x.is_finite() for x in gradient.values()), "the gradient is not decided over the box")
        return gradient, inputs, tape

    def hessian_products(self, directions: Sequence[Mapping[Entry, arb]], rows: Sequence[Entry]) -> list[list[arb]]:
        """The entries ``rows`` of the Hessian of the one-entry output times each direction, all over the box."""
        _, inputs, tape = self._differentiated()
        touched = [inputs[e] for e in {*rows, *itertools.chain(*directions)}]
        scalars, products = dependents(tape, touched), []
        for direction in directions:
            for e, v in direction.items():
                inputs[e].tangent = v
            forward(scalars)
            turned_back(scalars, touched)
            products.append([arb(0) if (turn := inputs[e].turn) is None else turn for e in rows])
            for e in direction:
                inputs[e].tangent = None
        return products

    def slopes(self, variables: Sequence[Entry], box: Mapping[Entry, Interval] | None = None) -> list[list[arb]]:
        """The derivatives in each of the variables, of every entry of the output."""
        outputs, inputs, tape = self.recorded(box)
        scalars, columns = dependents(tape, [inputs[v] for v in variables]), []
        for v in variables:
            inputs[v].tangent = arb(1)
            forward(scalars)
            found = [x.tangent if isinstance(x, Scalar) else None for x in outputs]
            columns.append([arb(0) if slope is None else slope for slope in found])
            inputs[v].tangent = None
        return columns


# What can be asserted

RELATIONS: dict[str, Callable[[Any], bool]] = {
    ">": lambda x: x > 0,
    ">=": lambda x: x >= 0,
    "<": lambda x: x < 0,
    "<=": lambda x: x <= 0,
}


def related(x: arb, relation: str) -> bool:
    """Whether every point of the ball certainly has the relation to 0."""
    return x.is_finite() and bool(RELATIONS[relation](x))


def relation_of(assertion: Mapping[str, Any]) -> str:
    require(assertion["relation"] in RELATIONS, "the relation is not one of > >= < <=")
    return assertion["relation"]


def check_sign(assertion: Mapping[str, Any], files: Files) -> None:
    """Every entry of the output has the relation to 0, for every input in the box."""
    relation = relation_of(assertion)
    with precision(assertion["precision"]):
        outputs, _ = Problem(assertion, files).run()
        for x in outputs:
            require(related(x, relation), f"the ball {x.str(8)} does not show '{relation} 0'")


def check_array_sign(assertion: Mapping[str, Any], files: Files) -> None:
    """Every entry of a stored array has the relation to 0, exactly; -0.0 is 0."""
    relation = relation_of(assertion)
    _, values = files.tensor(assertion["array"])
    require(len(values) > 0, "the array is empty")
    # A sum is not a number if an entry is not, and is cheap; only then is each entry looked at.
    if values.typecode in "fd" and not math.isfinite(sum(values)):
        require(all(map(math.isfinite, values)), "the array has an entry that is not finite")
    extreme = min(values) if relation in (">", ">=") else max(values)
    require(RELATIONS[relation](extreme), f"an entry is {extreme}, not {relation} 0")


def check_negative_direction(assertion: Mapping[str, Any], files: Files) -> None:
    """v'Hv < 0 at every point of the box, H the Hessian of the one-entry output: its least eigenvalue is negative.

    ``direction`` gives the entries of v by input; those of other inputs are zero.
    """
    with precision(assertion["precision"]):
        problem = Problem(assertion, files)
        direction: dict[Entry, arb] = {}
        for name, value in assertion["direction"].items():
            shape, entries = numbers(value, files)
            require(name in problem.box and problem.box[name][0] == shape, "the direction does not fit the inputs")
            direction |= {(name, i): ball(v) for i, v in enumerate(entries) if v}
        (turned,) = problem.hessian_products([direction], list(direction))
        curvature = sum(map(arb.__mul__, direction.values(), turned), arb(0))
        require(related(curvature, "<"), f"the curvature {curvature.str(8)} is not shown negative")


def pivots(matrix: Sequence[Sequence[arb]], columns: Sequence[arb] = ()) -> tuple[list[arb], list[arb]]:
    """The pivots D of M = LDL' (without exchanges), and z with Lz = ``columns``; refuses an undecided pivot.

    By Sylvester's law of inertia the pivots have the signs of the eigenvalues.
    """
    rows, right, signs = [list(row) for row in matrix], list(columns), []
    for k in range(len(rows)):
        pivot = rows[k][k]
        require(related(pivot, ">") or related(pivot, "<"), "a pivot of the matrix is not decided")
        signs.append(pivot)
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / pivot
            if not factor.is_zero():
                for j in range(k + 1, i + 1):
                    rows[i][j] = rows[i][j] - factor * rows[j][k]
                if right:
                    right[i] = right[i] - factor * right[k]
    return signs, right


def negative_eigenvalues(matrix: Sequence[Sequence[arb]]) -> int:
    """How many eigenvalues are negative, the others being positive, for every symmetric matrix in the ball matrix.

    With M symmetric and |H-M| <= R entrywise, the eigenvalues of H are those of M to within ρ = max row sum of R
    (Weyl), so that equal numbers of negative eigenvalues of M-ρI and M+ρI, none zero, are those of H.
    """
    size = range(len(matrix))
    require(all(x.is_finite() for row in matrix for x in row), "a second derivative is not decided")
    with precision(min(4 * flint.ctx.prec, PRECISIONS[-1])):
        middle = [[matrix[max(i, j)][min(i, j)].mid() for j in size] for i in size]
        spread = max(sum(((matrix[i][j] - middle[i][j]).abs_upper() for j in size), arb(0)).abs_upper() for i in size)
        counts = []
        for shift in (-spread, spread):
            moved = [[middle[i][j] + shift if i == j else middle[i][j] for j in size] for i in size]
            counts.append(sum(related(p, "<") for p in pivots(moved)[0]))
    require(counts[0] == counts[1], "an eigenvalue is not separated from zero")
    return counts[0]


def chosen_entries(listed: Any, problem: Problem) -> list[Entry]:
    """Distinct input entries, listed as [name, flat position]."""
    entries = [(name, position) for name, position in listed]
    known = set(problem.entries())
    require(len(set(entries)) == len(entries) > 0 and known.issuperset(entries), "the variables are not input entries")
    require(not any(isinstance(i, bool) for _, i in entries), "the variables are not input entries")
    return entries


def hessian(problem: Problem, variables: Sequence[Entry]) -> list[list[arb]]:
    """The Hessian in ``variables`` over the whole box."""
    columns = problem.hessian_products([{v: arb(1)} for v in variables], variables)
    return [list(row) for row in zip(*columns, strict=True)]


def check_definite(assertion: Mapping[str, Any], files: Files) -> None:
    """The Hessian of the output in ``variables`` is positive (negative) definite at every point of the box."""
    require(assertion["sign"] in ("positive", "negative"), "the sign is neither positive nor negative")
    with precision(assertion["precision"]):
        problem = Problem(assertion, files)
        variables = chosen_entries(assertion["variables"], problem)
        found = negative_eigenvalues(hessian(problem, variables))
    wanted = 0 if assertion["sign"] == "positive" else len(variables)
    require(found == wanted, f"the Hessian has {found} negative eigenvalues of {len(variables)}")


def check_inertia(assertion: Mapping[str, Any], files: Files) -> None:
    """The Hessian in ``variables`` has exactly ``negative`` negative eigenvalues, the others positive, on the box."""
    with precision(assertion["precision"]):
        problem = Problem(assertion, files)
        found = negative_eigenvalues(hessian(problem, chosen_entries(assertion["variables"], problem)))
    claimed = assertion["negative"]
    require(isinstance(claimed, int) and not isinstance(claimed, bool), "'negative' is not a number of eigenvalues")
    require(found == claimed, f"the Hessian has {found} negative eigenvalues, not {claimed}")


def check_krawczyk(assertion: Mapping[str, Any], files: Files) -> None:
    """One zero, and only one, of a square system in the box, for every value of the other inputs in their sides.

    ``system`` is "program" (the output's entries are the equations) or "gradient" (the entries ``equations`` of
    the gradient are; all others must be exactly zero over the whole box, so that the zero is a critical point).

    Krawczyk: with x the middle of the box X, J an enclosure of the Jacobian over X and any matrix C, if
    K = x - C F(x) + (I - C J)(X - x) lies in the interior of X, then C and all matrices in J are nonsingular and
    F has exactly one zero in X.
    """
    with precision(assertion["precision"]):
        problem = Problem(assertion, files)
        variables = chosen_entries(assertion["variables"], problem)
        require(all(problem.interval(v)[1] > 0 for v in variables), "a variable has radius zero")
        at_middle = {v: (problem.interval(v)[0], Fraction(0)) for v in variables}
        if assertion["system"] == "gradient":
            equations = chosen_entries(assertion["equations"], problem)
            everywhere = problem.gradient()
            rest = set(problem.entries()) - set(equations)
            require(all(everywhere[e].is_zero() for e in rest), "a gradient entry outside the system is not zero")
            gradient = problem.gradient(at_middle)
            value = [gradient[e] for e in equations]
            columns = problem.hessian_products([{v: arb(1)} for v in variables], equations)
        else:
            require(assertion["system"] == "program", "the system is neither 'program' nor 'gradient'")
            value = [value_of(x) for x in problem.run(at_middle)[0]]
            columns = problem.slopes(variables)
        jacobian = [list(row) for row in zip(*columns, strict=True)]
        require(len(value) == len(variables), "the system is not square")
        require(all(x.is_finite() for x in [*value, *itertools.chain(*jacobian)]), "a derivative is not decided")
        require_inclusion(value, jacobian, [problem.interval(v)[1] for v in variables])


def require_inclusion(value: Sequence[arb], jacobian: Sequence[Sequence[arb]], radii: Sequence[Fraction]) -> None:
    """|C F(x)| + |I - C J| r < r in every component."""
    size = range(len(value))
    try:
        inverse = arb_mat([[x.mid() for x in row] for row in jacobian]).inv().tolist()
    except ZeroDivisionError:
        raise Refused("the Jacobian is not shown nonsingular") from None
    columns = list(zip(*jacobian, strict=True))
    for i in size:
        row = [x.mid() for x in inverse[i]]
        moved = sum(map(arb.__mul__, row, value), arb(0)).abs_upper()
        for j in size:
            remainder = sum(map(arb.__mul__, row, columns[j]), arb(-1 if i == j else 0))
            moved = moved + remainder.abs_upper() * ball(radii[j])
        require(bool(moved < ball(radii[i])), "the Krawczyk image does not lie inside the box")


def leaves(tree: Any, sides: list[Interval]) -> Iterator[list[Interval]]:
    """The boxes of a bisection tree in preorder: "." is a leaf, a digit halves that side at its middle."""
    require(isinstance(tree, str) and len(tree) > 0, "the bisection tree is not a text")
    waiting = [sides]
    for letter in tree:
        require(len(waiting) > 0, "the bisection tree is too long")
        box = waiting.pop()
        if letter == ".":
            yield box
            continue
        require(letter in "0123456789" and int(letter) < len(box), "the bisection tree has an unknown letter")
        axis = int(letter)
        middle, radius = box[axis]
        halves = [[*box[:axis], (middle + s * radius / 2, radius / 2), *box[axis + 1 :]] for s in (1, -1)]
        waiting += halves
    require(not waiting, "the bisection tree is too short")


def check_cover(assertion: Mapping[str, Any], files: Files) -> None:
    """Every entry of the output has the relation to 0 at every point of ``domain``, shown on boxes that cover it.

    ``boxes`` halves the sides of ``variables`` again and again, so the leaves cover the domain by construction.
    On a leaf the direct enclosure decides, or the mean value form f(m) + f'(box)(x - m).
    """
    relation = relation_of(assertion)
    with precision(assertion["precision"]):
        problem = Problem(assertion, files, "domain")
        variables = chosen_entries(assertion["variables"], problem)
        for box in leaves(assertion["boxes"], [problem.interval(v) for v in variables]):
            sides = dict(zip(variables, box, strict=True))
            decided = [related(value_of(x), relation) for x in problem.run(sides)[0]]
            if not all(decided):
                centred = [value_of(x) for x in problem.run({v: (m, Fraction(0)) for v, (m, _) in sides.items()})[0]]
                for slopes, (_, radius) in zip(problem.slopes(variables, sides), box, strict=True):
                    centred = [c + s * arb(0, ball(radius)) for c, s in zip(centred, slopes, strict=True)]
                decided = [d or related(c, relation) for d, c in zip(decided, centred, strict=True)]
            require(all(decided), f"a box of the cover does not show '{relation} 0'")


def check_least_squares(assertion: Mapping[str, Any], files: Files) -> None:
    """min over t of scale |At-y|² has the relation to ``value``.

    By LDL' of A'A = G (all pivots positive: A has full column rank) the minimum is scale (y'y - b'G⁻¹b), b = A'y.
    With a witness ``point`` t, for < and <=, it is at most the value there, and no rank is needed.
    """
    relation = relation_of(assertion)
    with precision(assertion["precision"]):
        (shape, entries), (height, target) = numbers(assertion["matrix"], files), numbers(assertion["target"], files)
        require(len(shape) == 2 and height == shape[:1], "the matrix and the target do not fit")
        scale, value = rational(assertion["scale"]), ball(rational(assertion["value"]))
        require(scale > 0, "the scale is not positive")
        matrix = [list(map(ball, entries[i * shape[1] : (i + 1) * shape[1]])) for i in range(shape[0])]
        y = list(map(ball, target))
        if "point" in assertion:
            require(relation in ("<", "<="), "a witness point shows upper bounds only")
            size, point = numbers(assertion["point"], files)
            require(size == shape[1:], "the witness point does not fit")
            residuals = [
                total(list(map(arb.__mul__, row, map(ball, point)))) - v for row, v in zip(matrix, y, strict=True)
            ]
            least = ball(scale) * dot(residuals, residuals)
        else:
            columns = list(zip(*matrix, strict=True))
            normal = [[dot(a, b) for b in columns] for a in columns]
            signs, right = pivots(normal, [dot(a, y) for a in columns])
            least = ball(scale) * (dot(y, y) - sum((z * z / d for z, d in zip(right, signs, strict=True)), arb(0)))
        require(related(least - value, relation), f"the minimum {least.str(12)} is not shown {relation} the value")


# Rational enumeration: polynomials in one parameter rho, as lists of fractions from the constant up

Poly = list[Fraction]
End = tuple[Poly, Fraction, Fraction]  # the only root of the polynomial in [low, high]


def trimmed(coefficients: Iterable[Fraction]) -> Poly:
    p = list(coefficients)
    while p and p[-1] == 0:
        p.pop()
    return p


def polynomial(value: Any, degree: int = 8) -> Poly:
    require(isinstance(value, list) and len(value) <= degree + 1, f"a polynomial is no list of <= {degree + 1} numbers")
    return trimmed(rational(c) for c in value)


def poly_sum(p: Poly, q: Poly, factor: Fraction | int = 1) -> Poly:
    return trimmed(a + factor * b for a, b in itertools.zip_longest(p, q, fillvalue=Fraction(0)))


def poly_product(p: Poly, q: Poly) -> Poly:
    product = [Fraction(0)] * (len(p) + len(q))
    for (i, a), (j, b) in itertools.product(enumerate(p), enumerate(q)):
        product[i + j] += a * b
    return trimmed(product)


def divided(p: Poly, q: Poly) -> tuple[Poly, Poly]:
    quotient, rest = [Fraction(0)] * max(len(p) - len(q) + 1, 0), list(p)
    while len(rest) >= len(q):
        shift, factor = len(rest) - len(q), rest[-1] / q[-1]
        quotient[shift] = factor
        rest = poly_sum(rest, [Fraction(0)] * shift + q, -factor)
    return trimmed(quotient), rest


def common_divisor(p: Poly, q: Poly) -> Poly:
    while q:
        p, q = q, divided(p, q)[1]
    return [c / p[-1] for c in p]


def slope(p: Poly) -> Poly:
    return [k * c for k, c in enumerate(p)][1:]


def sign_at(p: Poly, x: Fraction) -> int:
    value = Fraction(0)
    for c in reversed(p):
        value = value * x + c
    return (value > 0) - (value < 0)


@lru_cache(maxsize=1024)
def sturm_chain(p: tuple[Fraction, ...]) -> list[Poly]:
    chain = [list(p), slope(list(p))]
    while chain[-1]:
        chain.append([-c for c in divided(chain[-2], chain[-1])[1]])
    return chain


def roots_in(p: Poly, low: Fraction, high: Fraction) -> int:
    """The number of roots of the square-free ``p`` in (low, high], by Sturm's theorem."""

    def changes(x: Fraction) -> int:
        signs = [s for s in (sign_at(q, x) for q in sturm_chain(tuple(p))) if s]
        return sum(a != b for a, b in itertools.pairwise(signs))

    return changes(low) - changes(high)


def coprime_factors(polynomials: Iterable[Poly]) -> list[Poly]:
    """Square-free polynomials, two by two without a common root, of which every given one has its roots."""
    waiting = [divided(p, common_divisor(p, slope(p)))[0] for p in polynomials if len(p) > 1]
    factors: list[Poly] = []
    while waiting:
        p = waiting.pop()
        p = [c / p[-1] for c in p]
        for q in factors:
            shared = common_divisor(p, q)
            if len(shared) > 1:
                factors.remove(q)
                rests = [divided(p, shared)[0], divided(q, shared)[0]]
                waiting += [f for f in [shared, *rests] if len(f) > 1]
                break
        else:
            factors.append(p)
    return factors


@lru_cache(maxsize=1024)
def separated_roots(polynomials: frozenset[tuple[Fraction, ...]]) -> list[End]:
    """All real roots in order, each alone in (low, high], with gaps between these intervals."""
    found: list[End] = []
    for p in coprime_factors(sorted(map(list, polynomials))):
        bound = 1 + max(abs(c) for c in p)  # Cauchy's; p is monic
        waiting = [(-bound, bound)]
        while waiting:
            low, high = waiting.pop()
            count, middle = roots_in(p, low, high), (low + high) / 2
            if count == 1:
                found.append((p, low, high))
            elif count > 1:
                waiting += [(low, middle), (middle, high)]
    while True:
        found.sort(key=lambda root: root[1:])
        close = {i for i, (a, b) in enumerate(itertools.pairwise(found)) if a[2] >= b[1]}
        if not close:
            return found
        found = [halved(root) if {i, i - 1} & close else root for i, root in enumerate(found)]


def halved(root: End) -> End:
    p, low, high = root
    middle = (low + high) / 2
    return (p, low, middle) if roots_in(p, low, middle) else (p, middle, high)


class Range:
    """The values of rho that an assertion speaks of: between two ends (None: infinite), each with or without."""

    def __init__(self, assertion: Mapping[str, Any]) -> None:
        (low, high), self.closed = assertion["interval"], assertion["closed"]
        require(self.closed in ([a, b] for a in (True, False) for b in (True, False)), "'closed' is not two booleans")
        self.low, self.high = self.end(low), self.end(high)

    @staticmethod
    def end(value: Any) -> End | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            point = rational(value)
            return [-point, Fraction(1)], point, point
        require(set(value) == {"root_of", "between"}, "an end is no number and no root of a polynomial")
        p, (low, high) = polynomial(value["root_of"]), map(rational, value["between"])
        require(len(p) > 1 and len(common_divisor(p, slope(p))) == 1, "an end's polynomial has a multiple root")
        require(low < high and sign_at(p, low) * sign_at(p, high) < 0, "an end's polynomial does not change sign")
        require(roots_in(p, low, high) == 1, "an end is not the only root between its bounds")
        return p, low, high

    @staticmethod
    def order(x: Fraction, end: End) -> int:
        """The sign of x minus the end."""
        p, low, high = end
        if x <= low or x >= high or low == high:
            return (x > high) - (x < low) or (0 if low == high else 1 if x == high else -1)
        return -sign_at(p, x) * sign_at(p, low)

    def contains(self, x: Fraction) -> bool:
        after = self.low is None or self.order(x, self.low) > (-1 if self.closed[0] else 0)
        return after and (self.high is None or self.order(x, self.high) < (1 if self.closed[1] else 0))

    def gaps(self, polynomials: Iterable[Poly]) -> list[tuple[Fraction, list[Poly]]]:
        """A sample of each stretch without roots, and the polynomials whose roots are its ends (of those within)."""
        ends = [end[0] for end in (self.low, self.high) if end is not None]
        roots = separated_roots(frozenset(map(tuple, [*polynomials, *ends])))
        if not roots:
            return [(Fraction(0), [])]
        samples = [roots[0][1] - 1, *((a[2] + b[1]) / 2 for a, b in itertools.pairwise(roots)), roots[-1][2] + 1]
        chosen = [i for i, x in enumerate(samples) if self.contains(x)]
        gaps = []
        for i in chosen:
            left = [roots[i - 1][0]] if i > 0 and (i > chosen[0] or self.closed[0]) else []
            right = [roots[i][0]] if i < len(roots) and (i < chosen[-1] or self.closed[1]) else []
            gaps.append((samples[i], left + right))
        return gaps


EXACT_RELATIONS: dict[str, Callable[[int], bool]] = {**RELATIONS, "=": lambda s: s == 0}


def require_least(candidates: list[tuple[Poly, list[Poly]]], bound: Poly, relation: str, where: Range) -> None:
    """For all rho in range: the least candidate that is admissible there has the relation to ``bound``.

    A candidate is (polynomial, [] or two affine forms): admissible always, or where the forms' product is <= 0.
    Between the roots of all forms and all differences from ``bound`` every sign is constant, so a sample decides;
    strictness is looked at on the ends of the stretches too; candidates that become admissible at a single rho do
    so at a root of a form, a rational, which is looked at by itself.
    """
    differences = [(poly_sum(p, bound, -1), forms) for p, forms in candidates]
    forms = [form for _, pair in candidates for form in pair]

    def decide(x: Fraction, ends: list[Poly]) -> None:
        open_here = [d for d, pair in differences if not pair or sign_at(pair[0], x) * sign_at(pair[1], x) <= 0]

        def shown(d: Poly) -> bool:
            vanishes = any(not divided(d, end)[1] for end in ends)
            return EXACT_RELATIONS[relation](sign_at(d, x)) and not (relation in ("<", ">") and vanishes)

        lower = all(map(shown, open_here)) if relation in (">", ">=") else True
        upper = any(map(shown, open_here)) if relation in ("<", "<=", "=") else True
        none_below = relation != "=" or all(sign_at(d, x) >= 0 for d in open_here)
        require(
            lower and upper and none_below, f"the minimum is not {relation} the polynomial near rho = {float(x):.6g}"
        )

    ends = [end[1] for end in (where.low, where.high) if end is not None and end[1] == end[2]]
    single = {x for x in [*(-f[0] / f[1] for f in forms if len(f) == 2), *ends] if where.contains(x)}
    gaps = where.gaps([*forms, *(d for d, _ in differences)])
    require(len(gaps) + len(single) > 0, "the range of rho is empty")
    for x in sorted(single):
        decide(x, [])
    for x, borders in gaps:
        decide(x, borders)


def fitted(columns: list[list[Fraction]], target: list[Poly]) -> list[Poly]:
    """The least-squares fit of ``target`` by the columns, by orthogonalisation; rows beyond the target ride along."""
    orthogonal: list[list[Fraction]] = []
    fit: list[Poly] = [[] for _ in columns[0]]
    for column in columns:
        for other in orthogonal:
            above = sum(map(Fraction.__mul__, column[: len(target)], other))
            factor = Fraction(above) / sum(v * v for v in other[: len(target)])
            column = [a - factor * b for a, b in zip(column, other, strict=True)]
        square = sum(v * v for v in column[: len(target)])
        if square == 0:
            continue  # it depends on the columns before it
        orthogonal.append(column)
        weight: Poly = []
        for v, y in zip(column, target, strict=False):
            weight = poly_sum(weight, y, v / square)
        fit = [poly_sum(f, weight, v) for f, v in zip(fit, column, strict=True)]
    return fit


def mean_square(fit: list[Poly], target: list[Poly]) -> Poly:
    total_square: Poly = []
    for f, y in zip(fit, target, strict=False):
        error = poly_sum(f, y, -1)
        total_square = poly_sum(total_square, poly_product(error, error))
    return [c / len(target) for c in total_square]


@lru_cache(maxsize=64)
def one_hinge(
    x: tuple[Fraction, ...], ordinates: tuple[tuple[Fraction, ...], ...], skip: bool, on_data: bool
) -> list[tuple[Poly, list[Poly]]]:
    """Candidates among which the least risk of the family is, for every rho.

    The family is two affine pieces p, q (without ``skip`` one of them constant) that meet at a kink. A minimum has
    its kink on a datum, and is then the best fit with that kink, or strictly between two neighbours, where it
    is the best fit on each side alone; that pair is continuous, and so admissible, just where D = q - p does not
    have one strict sign at both neighbours. A sloped piece over a single abscissa turns freely: always admissible.
    """
    y = [list(p) for p in ordinates]
    points = sorted(set(x))
    candidates: list[tuple[Poly, list[Poly]]] = []
    require(len(points) >= 2 and len(x) == len(y) <= 64, "the data are too few, too many or do not match")
    ones = [Fraction(1)] * len(x)
    for turn in (1,) if skip else (1, -1):
        for kink in points if on_data else ():
            columns = [ones, [max(turn * (v - kink), Fraction(0)) for v in x], *([list(x)] if skip else [])]
            candidates.append((mean_square(fitted(columns, y), y), []))
        for k, (a, b) in enumerate(itertools.pairwise(points), 1):
            left, right = [Fraction(v <= a) for v in x], [Fraction(v >= b) for v in x]
            columns = [[*left, Fraction(-1), Fraction(-1)], [*right, Fraction(1), Fraction(1)]]
            if skip or turn < 0:
                columns.append([*map(Fraction.__mul__, left, x), -a, -b])
            if skip or turn > 0:
                columns.append([*map(Fraction.__mul__, right, x), a, b])
            fit = fitted(columns, y)
            free = ((skip or turn < 0) and k == 1) or ((skip or turn > 0) and k == len(points) - 1)
            candidates.append(
                (mean_square(fit, y), [] if free else [fit[-2] or [Fraction(0)], fit[-1] or [Fraction(0)]])
            )
    return candidates


@lru_cache(maxsize=1024)
def gram_determinant(columns: tuple[tuple[tuple[Fraction, ...], ...], ...]) -> Poly:
    """det A'A for the matrix A of polynomials with these columns."""

    def entry(a: Sequence[Sequence[Fraction]], b: Sequence[Sequence[Fraction]]) -> Poly:
        value: Poly = []
        for p, q in zip(a, b, strict=True):
            value = poly_sum(value, poly_product(list(p), list(q)))
        return value

    def determinant(matrix: list[list[Poly]]) -> Poly:
        value: Poly = [] if matrix else [Fraction(1)]
        for j, head in enumerate(matrix[0] if matrix else []):
            minor = determinant([row[:j] + row[j + 1 :] for row in matrix[1:]])
            value = poly_sum(value, poly_product(head, minor), (-1) ** j)
        return value

    return determinant([[entry(a, b) for b in columns] for a in columns])


def check_rational_enumeration(assertion: Mapping[str, Any], files: Files) -> None:
    """For every rho in the range, exactly: least mean squares have the relation to a polynomial or to quotients.

    mode "minimum": of all functions with one hinge (`one_hinge`; kinks "anywhere" or, stationary, "off data"),
    on ``abscissae`` and ``ordinates`` affine in rho, over the number of data.
    mode "fit": of each of ``fits``, all combinations of ``features`` that depend on rho, over ``samples``.
    """
    relation, where = assertion["relation"], Range(assertion)
    require(relation in EXACT_RELATIONS, f"the relation '{str(relation)[:10]}' is unknown")
    require(assertion["mode"] in ("minimum", "fit"), "the mode is neither 'minimum' nor 'fit'")
    if assertion["mode"] == "fit":
        require(isinstance(assertion["fits"], list) and len(assertion["fits"]) > 0, "there are no fits")
        for fit in assertion["fits"]:
            require_fit(fit, relation, where)
        return
    x = tuple(map(rational, assertion["abscissae"]))
    y = tuple(tuple(polynomial(v, 1)) for v in assertion["ordinates"])
    require(isinstance(assertion["skip"], bool), "'skip' is not a boolean")
    require(assertion["kinks"] in ("anywhere", "off data"), "'kinks' is neither 'anywhere' nor 'off data'")
    bound = polynomial(assertion["polynomial"])
    require_least(one_hinge(x, y, assertion["skip"], assertion["kinks"] == "anywhere"), bound, relation, where)


def require_fit(fit: Mapping[str, Any], relation: str, where: Range) -> None:
    """The least error det G(A, y) / (samples det G(A)) has the relation to numerator / denominator, both defined."""
    columns = [tuple(tuple(polynomial(p)) for p in column) for column in zip(*fit["features"], strict=True)]
    target, samples = tuple(tuple(polynomial(p)) for p in fit["target"]), rational(fit["samples"])
    require(0 < len(columns) <= 6 and len(target) == len(columns[0]), "the features and the target do not fit")
    require(samples > 0, "'samples' is not positive")
    numerator, denominator = (polynomial(fit[part], 32) for part in ("numerator", "denominator"))
    inner = poly_product(gram_determinant(tuple(columns)), [samples])
    outer = gram_determinant((*columns, target))
    for positive in (inner, denominator):
        require_least([(positive, [])], [], ">", where)
    difference = poly_sum(poly_product(outer, denominator), poly_product(numerator, inner), -1)
    require_least([(difference, [])], [], relation, where)


KINDS: dict[str, Callable[[Mapping[str, Any], Files], None]] = {
    "sign": check_sign,
    "array_sign": check_array_sign,
    "negative_direction": check_negative_direction,
    "definite": check_definite,
    "inertia": check_inertia,
    "krawczyk": check_krawczyk,
    "cover": check_cover,
    "least_squares": check_least_squares,
    "rational_enumeration": check_rational_enumeration,
}


# Certificates


def belongs(instance: Mapping[str, Any], name: str) -> bool:
    """Whether ``name`` is made of the scalar keys and values of the instance, in any order (JSON sorts them)."""
    scalars = [f"{k}={v}" for k, v in instance.items() if isinstance(v, int | float | str)]
    made = re.sub(r"[^A-Za-z0-9=,.+-]", "_", ",".join(scalars)) or "only"
    return sorted(made.split(",")) == sorted(name.split(","))


def accept(
    path: Path, root: Path, claim: str | None = None, sha: str | None = None, needed: Sequence[str] = ()
) -> list[str]:
    """The statements of an accepted certificate; raises `Refused` otherwise.

    With ``claim``, the certificate must be of that claim and of the instance that its file is named after.
    """
    require(path.is_file() and not path.is_symlink(), f"the certificate {path.name} is missing")
    content = path.read_bytes()
    require(sha is None or hashlib.sha256(content).hexdigest() == sha, "its SHA-256 is not the one in the claim file")
    try:
        document = read_document(content.decode())
        require(isinstance(document, dict) and document.get("format") == FORMAT, f"it is not of format '{FORMAT}'")
        require(claim is None or document["claim"] == claim, f"it belongs to the claim '{document['claim']}'")
        own = claim is None or belongs(document["instance"], path.stem)
        require(own, "it belongs to another instance of the claim")
        assertions = document["assertions"]
        require(isinstance(assertions, list) and len(assertions) > 0, "it asserts nothing")
        files = Files(document["files"], path.parent, root)
        labels = {assertion["statement"] for assertion in assertions}
        require(all(isinstance(s, str) and s.isprintable() for s in labels), "a statement is not a name")
        missing = sorted(set(needed) - labels)
        require(not missing, f"nothing is asserted for the statement '{missing[0] if missing else ''}'")
        derived: set[str] = set()
        for number, assertion in enumerate(assertions, 1):
            # The same fact may support several statements: it is derived once.
            fact = json.dumps({key: value for key, value in assertion.items() if key != "statement"}, sort_keys=True)
            if fact in derived:
                continue
            require(assertion["kind"] in KINDS, f"the kind '{str(assertion['kind'])[:40]}' is unknown")
            broadcast_positions.cache_clear()
            sliced_positions.cache_clear()
            try:
                KINDS[assertion["kind"]](assertion, files)
            except Refused as refusal:
                raise Refused(f"assertion {number} ({assertion['kind']}): {refusal}") from None
            derived.add(fact)
    except KeyError as missing:
        raise Refused(f"it lacks {str(missing)[:80]}") from None
    except MALFORMED as error:
        raise Refused(f"it is malformed ({type(error).__name__}: {str(error)[:80]})") from None
    return sorted(labels)


def recheck(content: Mapping[str, Any], folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """Check the certificates that a claim file names; ``config``: ``sample`` (how many at most) and ``seed``.

    ``accepted`` is None for those outside the seeded sample.
    """
    folder = Path(os.path.abspath(folder))
    listed = content["certificates"]
    names = sorted(listed)
    sample = config.get("sample", len(names))
    chosen = set(names if len(names) <= sample else random.Random(config.get("seed", 0)).sample(names, sample))
    results: dict[str, Any] = {}
    for name in names:
        entry = {
            "sha256": listed[name]["sha256"],
            "accepted": None,
            "reason": "not rechecked: outside the seeded sample",
        }
        statements: list[str] = []
        if name in chosen:
            start = time.perf_counter()
            try:
                require(re.fullmatch(r"[A-Za-z0-9=,.+_-]+", name) is not None, "its name is not a file name")
                bound = isinstance(content["claim"], str) and isinstance(entry["sha256"], str)
                require(bound, "the claim file does not give its claim and its SHA-256")
                needed = list(listed[name]["statements"])
                statements = accept(
                    folder / f"{name}.json", folder.parent.parent, content["claim"], entry["sha256"], needed
                )
                entry |= {"accepted": True, "reason": "every assertion was derived again"}
            except (Refused, OSError) as refusal:
                entry |= {"accepted": False, "reason": line(str(refusal))}
            word = "accepted" if entry["accepted"] else "REFUSED"
            print(f"{word} {name} in {time.perf_counter() - start:.2f} s: {entry['reason']}", flush=True)
        results[name] = {**entry, "statements": statements}
    return {"claim": content["claim"], "certificates": results}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check certificate files, each in its place ``RESULTS/certificates/CLAIM/INSTANCE.json``."""
    parser = argparse.ArgumentParser(prog="rescert-check", description=main.__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    accepted = True
    for file in parser.parse_args(arguments).files:
        path, start = Path(os.path.abspath(file)), time.perf_counter()
        try:
            statements = accept(path, path.parent.parent.parent)
            verdict = f"accepted  {file}: {', '.join(statements)}"
        except (Refused, OSError) as refusal:
            accepted, verdict = False, f"refused   {file}: {refusal}"
        print(line(f"{verdict} ({time.perf_counter() - start:.2f} s)"), flush=True)
    return 0 if accepted else 1


if __name__ == "__main__":
    sys.exit(main())
