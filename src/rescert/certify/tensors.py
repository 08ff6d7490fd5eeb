"""Programs in float tensors: torch decides dtype and device, nothing is proved here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from rescert.certify.problem import Program, constant_array, index_key, rational


def owned(array: Any) -> torch.Tensor:
    """A tensor with the entries of an array, in memory of its own.

    A view of NumPy's memory begins wherever that happens to lie, and the BLAS may order its sums by the alignment:
    PyTorch aligns its own memory alike from run to run.
    """
    return torch.from_numpy(np.array(array, order="C")).clone()


def _place(a: Sequence[torch.Tensor], k: Mapping[str, Any]) -> torch.Tensor:
    # Built from zeros by index arithmetic, so that vmap can batch it.
    positions = torch.arange(int(np.prod(k["shape"]))).reshape(tuple(k["shape"]))[index_key(k["index"])]
    zeros = a[0].new_zeros(int(np.prod(k["shape"])))
    flat = zeros.index_put((positions.reshape(-1).to(a[0].device),), a[0].reshape(-1))
    return flat.reshape(tuple(k["shape"]))


def _sum(a: Sequence[torch.Tensor], k: Mapping[str, Any]) -> torch.Tensor:
    axes = tuple(range(a[0].ndim)) if k.get("axis") is None else (k["axis"],)
    return a[0].sum(dim=axes, keepdim=k.get("keepdims", False)) if axes else a[0]


OPERATIONS: dict[str, Callable[[Sequence[torch.Tensor], Mapping[str, Any]], torch.Tensor]] = {
    "matmul": lambda a, k: a[0] @ a[1],
    "add": lambda a, k: a[0] + a[1],
    "subtract": lambda a, k: a[0] - a[1],
    "multiply": lambda a, k: a[0] * a[1],
    "divide": lambda a, k: a[0] / a[1],
    "negate": lambda a, k: -a[0],
    "power": lambda a, k: a[0] ** k["exponent"],
    "sum": _sum,
    "broadcast": lambda a, k: a[0].broadcast_to(tuple(k["shape"])),
    "reshape": lambda a, k: a[0].reshape(tuple(k["shape"])),
    "transpose": lambda a, k: a[0].permute(tuple(k["axes"])),
    "slice": lambda a, k: a[0][index_key(k["index"])],
    "place": _place,
    "concatenate": lambda a, k: torch.cat(list(a), dim=k["axis"]),
    "tanh": lambda a, k: torch.tanh(a[0]),
    "logistic": lambda a, k: torch.sigmoid(a[0]),
    "softplus": lambda a, k: functional.softplus(a[0], threshold=40),
    "exp": lambda a, k: torch.exp(a[0]),
    "log": lambda a, k: torch.log(a[0]),
    "sin": lambda a, k: torch.sin(a[0]),
    "cos": lambda a, k: torch.cos(a[0]),
    "sqrt": lambda a, k: torch.sqrt(a[0]),
    "relu": lambda a, k: torch.relu(a[0]),
    "step": lambda a, k: torch.heaviside(a[0], a[0].new_zeros(())),
}


def float_array(value: Any) -> np.ndarray:
    """A constant rounded to float64, entry by entry."""
    array = constant_array(value)
    if array.dtype.kind != "O":
        return array.astype(np.float64)
    return np.array([float(rational(v)) for v in array.flat], dtype=np.float64).reshape(array.shape)


def evaluate(program: Program, values: Mapping[str, Any]) -> torch.Tensor:
    """The output of ``program`` at ``values`` (name: tensor of the input's shape)."""
    if values.keys() != program.inputs.keys():
        raise ValueError(f"expected values for {sorted(program.inputs)}, got {sorted(values)}")
    known = {n: v if isinstance(v, torch.Tensor) else owned(v) for n, v in values.items()}
    for name, value in known.items():
        if tuple(value.shape) != program.shapes[name]:
            raise ValueError(f"expected shape {program.shapes[name]} for '{name}', got {tuple(value.shape)}")
    like = next((v for v in known.values() if v.is_floating_point()), torch.zeros((), dtype=torch.float64))
    for name, constant in program.constants.items():
        known[name] = owned(float_array(constant)).to(like)
    for name, op, arguments, attributes in program.operations:
        known[name] = OPERATIONS[op]([known[a] for a in arguments], attributes)
    return known[program.output]
