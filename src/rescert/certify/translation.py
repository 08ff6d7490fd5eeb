"""How torch operations are written in the vocabulary of a `Program`: the tables that `tracing` looks in."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from rescert.certify.tracing import Recorder

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
    whole, part = (math.prod(recorder.builder.shapes[n]) for n in (recorder.named(x), total))
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
    size = math.prod(recorder.builder.shapes[name])
    if -1 in target:
        target[target.index(-1)] = size // math.prod([n for n in target if n != -1])
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
