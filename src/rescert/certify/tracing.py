"""From an ordinary torch function to a `Program`, by torch.fx with shapes known at every step."""

from __future__ import annotations

import operator
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import fx

from rescert.certify import translation
from rescert.certify.problem import Builder, Constant, Program, constant_array
from rescert.certify.translation import BINARY, ENTRYWISE, METHODS, SHAPED

OWN = (__file__, translation.__file__)  # frames that are not the user's


class Value(fx.Proxy):
    """A traced value that knows its shape, so that Python code may loop over it."""

    @property
    def shape(self) -> torch.Size:
        return torch.Size(self.node.meta["shape"])

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def T(self) -> fx.Proxy:
        return self.tracer.create_proxy("call_method", "t", (self,), {})

    mT = T

    def size(self, axis: int | None = None) -> Any:
        return self.shape if axis is None else self.shape[axis]

    def dim(self) -> int:
        return self.ndim

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[fx.Proxy]:
        return (operator.getitem(self, i) for i in range(self.shape[0]))


class Recorder(fx.Tracer):
    """Turns each torch.fx node into an operation of the vocabulary as soon as it is created."""

    def __init__(self, inputs: Mapping[str, Sequence[int]], constants: Mapping[str, Constant]) -> None:
        super().__init__()
        self.root = torch.nn.Module()
        self.graph = fx.Graph(tracer_cls=Recorder)
        # fx puts tensors of the function's own (closures) into nodes by this table.
        self.tensor_attrs: dict[Any, str] = {}
        first = next(iter(inputs), None) or next(iter(constants))
        self.builder = Builder(Program({n: tuple(s) for n, s in inputs.items()}, dict(constants), (), first))

    def proxy(self, node: fx.Node) -> Value:
        return Value(node, self)

    def create_node(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **named: Any) -> fx.Node:
        node = super().create_node(kind, target, args, kwargs, *rest, **named)
        try:
            name = self._record(kind, target, args, dict(kwargs))
        except ValueError as error:
            raise ValueError(f"{error} ({_line()})") from None
        node.meta["value"], node.meta["shape"] = name, self.builder.shapes[name]
        return node

    def _record(self, kind: str, target: Any, args: Sequence[Any], options: dict[str, Any]) -> str:
        if kind == "placeholder":
            return target
        if kind == "get_attr":
            tensor = getattr(self.root, target)
            return self.builder.constant(tensor.detach().cpu().numpy().copy())
        label = target if isinstance(target, str) else getattr(target, "__name__", str(target))
        if kind == "call_method" and target in METHODS:
            op = METHODS[target]
            return self._plain(op, args, options, label)
        if kind == "call_function" and target in ENTRYWISE:
            return self._plain(ENTRYWISE[target], args, options, label)
        if kind == "call_function" and target in BINARY:
            return self._plain(BINARY[target], args, options, label)
        shaped = SHAPED.get(label.removeprefix("__"))
        if shaped is None:
            raise ValueError(f"expected an operation of the vocabulary, got '{label}'")
        return shaped(self, *args, **options)

    def _plain(self, op: str, args: Sequence[Any], options: dict[str, Any], label: str) -> str:
        # A threshold of softplus belongs to its floating-point form; the program means the function.
        harmless = {("inplace", False), ("beta", 1), ("threshold", 20), ("threshold", 40)}
        options = {k: v for k, v in options.items() if (k, v) not in harmless}
        if options:
            raise ValueError(f"expected '{label}' without options, got {sorted(options)}")
        return self.builder.apply(op, *(self.named(a) for a in args))

    def named(self, value: Any) -> str:
        """The name of an operand: a traced value, or a Python number or tensor as a constant."""
        if isinstance(value, fx.Node):
            return value.meta["value"]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"expected a tensor or a number as operand, got {value!r}")
        return self.builder.constant(value)

    def shape(self, value: Any) -> tuple[int, ...]:
        return self.builder.shapes[self.named(value)]


def _line() -> str:
    """Where the user's function called the operation that failed."""
    for frame in reversed(traceback.extract_stack()):
        if "torch" not in frame.filename.split("site-packages")[-1].split("/") and frame.filename not in OWN:
            return f"{frame.filename}:{frame.lineno}: {frame.line}"
    return "unknown line"


def trace(
    function: Callable[[Mapping[str, Any]], Any],
    inputs: Mapping[str, Sequence[int]],
    constants: Mapping[str, Constant],
) -> Program:
    """See `rescert.certify.problem.trace`."""
    for value in constants.values():
        constant_array(value)
    recorder = Recorder(inputs, constants)
    values = {n: recorder.create_proxy("placeholder", n, (), {}) for n in (*inputs, *constants)}
    result = function(values)
    if not isinstance(result, Value):
        raise ValueError(f"expected the function to return a traced tensor, got {type(result).__name__}")
    return recorder.builder.build(result.node.meta["value"])
