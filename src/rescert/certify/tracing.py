"""From an ordinary torch function to a `Program`, by torch.fx with shapes known at every step."""

from __future__ import annotations

import operator
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import fx
from torch.nn import functional

from rescert.certify.problem import Builder, Constant, Program, constant_array

ENTRYWISE: dict[Any, str] = {
    torch.tanh: "tanh",
    torch.sigmoid: "logistic",
    torch.special.expit: "logistic",
    functional.softplus: "softplus",
    torch.exp: "exp",
    torch.log: "log",
    torch.sin: "sin",
    torch.cos: "cos",
    torch.sqrt: "sqrt",
    torch.relu: "relu",
    functional.relu: "relu",
    torch.neg: "negate",
    operator.neg: "negate",
}
BINARY: dict[Any, str] = {
    operator.add: "add",
    torch.add: "add",
    operator.sub: "subtract",
    torch.sub: "subtract",
    operator.mul: "multiply",
    torch.mul: "multiply",
    operator.truediv: "divide",
    torch.div: "divide",
    operator.matmul: "matmul",
    torch.matmul: "matmul",
    torch.mv: "matmul",
    torch.mm: "matmul",
    torch.dot: "matmul",
}
METHODS = {
    **{n: n for n in ("tanh", "exp", "log", "sin", "cos", "sqrt", "relu")},
    **{"sigmoid": "logistic", "neg": "negate", "add": "add", "sub": "subtract", "mul": "multiply"},
    **{"div": "divide", "matmul": "matmul", "mv": "matmul", "mm": "matmul", "dot": "matmul"},
}


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
        options = {
            k: v for k, v in options.items() if (k, v) not in {("inplace", False), ("beta", 1), ("threshold", 20)}
        }
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
        if "torch" not in frame.filename.split("site-packages")[-1].split("/") and frame.filename != __file__:
            return f"{frame.filename}:{frame.lineno}: {frame.line}"
    return "unknown line"


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise ValueError(f"expected an axis of {ndim}, got {axis}")
    return axis % ndim


def _sum(recorder: Recorder, x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> str:
    dim = options.pop("axis", dim)
    if options:
        raise ValueError(f"expected 'sum' without options, got {sorted(options)}")
    ndim = len(recorder.shape(x))
    name = recorder.named(x)
    if dim is None:
        return recorder.builder.apply("sum", name, axis=None, keepdims=keepdim)
    for axis in sorted((_axis(d, ndim) for d in ([dim] if isinstance(dim, int) else dim)), reverse=True):
        name = recorder.builder.apply("sum", name, axis=axis, keepdims=keepdim)
    return name


def _mean(recorder: Recorder, x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> str:
    total = _sum(recorder, x, dim, keepdim, **options)
    whole, part = (int(np.prod(recorder.builder.shapes[n])) for n in (recorder.named(x), total))
    return recorder.builder.apply("divide", total, recorder.builder.constant(whole // part))


def _power(recorder: Recorder, x: Any, exponent: Any) -> str:
    if not isinstance(exponent, int) or isinstance(exponent, bool):
        raise ValueError(f"expected a non-negative integer exponent, got {exponent!r}")
    return recorder.builder.apply("power", recorder.named(x), exponent=exponent)


def _getitem(recorder: Recorder, x: Any, index: Any) -> str:
    shape = list(recorder.shape(x))
    parts = list(index) if isinstance(index, tuple) else [index]
    if any(i is Ellipsis for i in parts):
        at = next(k for k, i in enumerate(parts) if i is Ellipsis)
        missing = len(shape) - sum(i is not None for i in parts) + 1
        parts[at : at + 1] = [slice(None)] * missing
    entries: list[Any] = []
    result: list[int] = []
    axes = iter(shape)
    for part in parts:
        if part is None:
            result.append(1)
            continue
        size = next(axes, None)
        if size is None:
            raise ValueError(f"expected at most {len(shape)} indices, got {index!r}")
        if isinstance(part, slice):
            start, stop, step = part.indices(size)
            if step < 1:
                raise ValueError(f"expected a positive step, got {step}")
            entries.append([start, stop, step])
            result.append(len(range(start, stop, step)))
        elif isinstance(part, int) and -size <= part < size:
            entries.append(part % size)
        else:
            raise ValueError(f"expected an integer within {size} or a slice, got {part!r}")
    rest = list(axes)
    entries += [[0, n, 1] for n in rest]
    name = recorder.named(x)
    if entries != [[0, n, 1] for n in shape]:
        name = recorder.builder.apply("slice", name, index=entries)
    return _reshape(recorder, name, *(result + rest))


def _reshape(recorder: Recorder, x: Any, *shape: Any) -> str:
    name = x if isinstance(x, str) else recorder.named(x)
    target = list(shape[0]) if len(shape) == 1 and isinstance(shape[0], list | tuple) else list(shape)
    size = int(np.prod(recorder.builder.shapes[name]))
    if -1 in target:
        target[target.index(-1)] = size // int(np.prod([n for n in target if n != -1]))
    if tuple(target) == recorder.builder.shapes[name]:
        return name
    return recorder.builder.apply("reshape", name, shape=target)


def _transpose(recorder: Recorder, x: Any, first: int = 0, second: int = 1) -> str:
    axes = list(range(len(recorder.shape(x))))
    if len(axes) < 2:
        return recorder.named(x)
    first, second = _axis(first, len(axes)), _axis(second, len(axes))
    axes[first], axes[second] = axes[second], axes[first]
    return recorder.builder.apply("transpose", recorder.named(x), axes=axes)


def _permute(recorder: Recorder, x: Any, *axes: Any) -> str:
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], list | tuple) else axes
    return recorder.builder.apply("transpose", recorder.named(x), axes=[_axis(a, len(order)) for a in order])


def _concatenate(recorder: Recorder, values: Any, dim: int = 0) -> str:
    names = [recorder.named(v) for v in values]
    axis = _axis(dim, len(recorder.builder.shapes[names[0]]))
    return recorder.builder.apply("concatenate", *names, axis=axis)


def _stack(recorder: Recorder, values: Any, dim: int = 0) -> str:
    shape = list(recorder.shape(values[0]))
    axis = _axis(dim, len(shape) + 1)
    shape.insert(axis, 1)
    names = [_reshape(recorder, v, *shape) for v in values]
    return recorder.builder.apply("concatenate", *names, axis=axis)


def _unsqueeze(recorder: Recorder, x: Any, dim: int) -> str:
    shape = list(recorder.shape(x))
    shape.insert(_axis(dim, len(shape) + 1), 1)
    return _reshape(recorder, x, *shape)


def _outer(recorder: Recorder, x: Any, y: Any) -> str:
    return recorder.builder.apply("multiply", _unsqueeze(recorder, x, 1), recorder.named(y))


def _expand(recorder: Recorder, x: Any, *shape: Any) -> str:
    target = list(shape[0]) if len(shape) == 1 and isinstance(shape[0], list | tuple) else list(shape)
    return recorder.builder.apply("broadcast", recorder.named(x), shape=target)


SHAPED: dict[str, Callable[..., str]] = {
    "sum": _sum,
    "mean": _mean,
    "pow": _power,
    "square": lambda recorder, x: _power(recorder, x, 2),
    "getitem": _getitem,
    "reshape": _reshape,
    "view": _reshape,
    "flatten": lambda recorder, x: _reshape(recorder, x, -1),
    "ravel": lambda recorder, x: _reshape(recorder, x, -1),
    "t": _transpose,
    "transpose": _transpose,
    "permute": _permute,
    "cat": _concatenate,
    "concat": _concatenate,
    "stack": _stack,
    "unsqueeze": _unsqueeze,
    "outer": _outer,
    "expand": _expand,
    "broadcast_to": _expand,
}


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
