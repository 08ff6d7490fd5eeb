"""Critical points of small networks with a ridge: isolated, of any index, for the tests of proofs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import torch

from rescert.certify import krawczyk, midrad_derivative
from rescert.certify.problem import Program, trace

Point = dict[str, np.ndarray]


def network_risk(dimension: int, width: int, blocks: int, samples: int, ridge: str = "1/50") -> Program:
    """h_l = h_{l-1} + V_l tanh(U_l h_{l-1} + b_l), f = w.h_L; mean squared error over 2, and ridge/2 |θ|²."""
    shapes: dict[str, tuple[int, ...]] = {"w": (dimension,)}
    for k in range(1, blocks + 1):
        shapes |= {f"V{k}": (dimension, width), f"U{k}": (width, dimension), f"b{k}": (width,)}
    rng = np.random.default_rng(3)
    inputs = rng.integers(-512, 512, size=(samples, dimension)) / 256
    labels = inputs[:, 0] * (1 + inputs[:, -1])

    def risk(v: Mapping[str, Any]) -> torch.Tensor:
        h = v["X"]
        for k in range(1, blocks + 1):
            h = h + torch.tanh(h @ v[f"U{k}"].T + v[f"b{k}"]) @ v[f"V{k}"].T
        residual = h @ v["w"] - v["y"]
        return (residual * residual).mean() / 2 + v["ridge"] / 2 * sum((v[n] ** 2).sum() for n in shapes)

    return trace(risk, shapes, {"X": inputs, "y": labels, "ridge": ridge})


@cache
def saddle(dimension: int = 3, width: int = 2, blocks: int = 2, samples: int = 12) -> tuple[Program, Point]:
    """A critical point at which the last unit of every block is silent: a minimum among those, a saddle beyond them."""
    program = network_risk(dimension, width, blocks, samples)
    rng, free, start = np.random.default_rng(0), [], []
    for name, shape in program.inputs.items():
        silent = np.zeros(shape, dtype=bool)
        silent[(..., -1) if name[0] == "V" else (-1, ...) if name[0] in "Ub" else ()] = name[0] != "w"
        free.append(~silent.reshape(-1))
        start.append(np.where(silent, 0.0, rng.normal(size=shape)).reshape(-1))
    mask, theta = np.concatenate(free), np.concatenate(start)

    def unravel(vector: np.ndarray) -> Point:
        parts = np.split(vector, np.cumsum([part.size for part in start])[:-1])
        return {n: part.reshape(s) for part, (n, s) in zip(parts, program.inputs.items(), strict=True)}

    for _ in range(200):
        gradient, hessian = midrad_derivative.hessian(program, unravel(theta))
        values, vectors = np.linalg.eigh(hessian.mid[np.ix_(mask, mask)])
        step = vectors @ ((vectors.T @ gradient.mid[mask]) / np.maximum(np.abs(values), 1e-3))
        theta[mask] -= step * min(1.0, 0.5 / np.abs(step).max())
        if np.abs(step).max() < 1e-14:
            break
    return program, krawczyk.polish(program, unravel(theta))
