r"""Samples and targets for functional and parametric descent.

Tanh layers without biases are odd, so no input is the negative of another: the parametric network is not shut out by
a symmetry of the sample. In dimension one the inputs are $h,2h,\dots,R$ and $-\frac12h,-\frac32h,\dots$ with the
``spacing`` $h=2R/n$; in dimension two they lie on a golden spiral that fills the disc of radius $R$ evenly, and the
spacing is $R\sqrt{\pi/n}$.

A target is a map of `rescert.decomposition.maps`; ``MAP a`` is the nearer one $g_a(x)=h(ax)/a$; ``teacher`` (also
``teacher 2`` and so on: other draws) is a tanh residual network of the student's depth and width with Gaussian weights,
and so can be realised; ``mirror`` is $h^*(x)=-x$ on the line, which no composition of increasing maps can reach.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from rescert.decomposition.factors import load_map
from rescert.networks import tanh_layers

PLANE = 2  # points on a line are put into the plane, with second coordinate 0
STRENGTH = 0.5  # over m: the standard deviation of a teacher's outer weights times the root of its width


@dataclass(frozen=True)
class Task:
    """Inputs and targets (n, 2) of a name and depth, the dimension that they use, and the spacing of the inputs."""

    name: str
    depth: int
    dimension: int
    inputs: Tensor
    targets: Tensor
    spacing: float


def line(count: int, radius: float) -> Tensor:
    """
    >>> line(4, 2.0).flatten().tolist()
    [-1.5, -0.5, 1.0, 2.0]
    """
    half = torch.arange(count // 2, dtype=torch.float64)
    return torch.cat([-(half.flip(0) + 0.5), half + 1])[:, None] * (2 * radius / count)


def spiral(count: int, radius: float) -> Tensor:
    """Point j at the radius R√((j+½)/n), turned by the golden angle from the one before; (n, 2)."""
    j = torch.arange(count, dtype=torch.float64)
    angle, distance = j * math.pi * (3 - math.sqrt(5)), radius * torch.sqrt((j + 0.5) / count)
    return torch.stack([distance * torch.cos(angle), distance * torch.sin(angle)], -1)


def task(name: str, depth: int, count: int, width: int, draw: torch.Generator) -> Task:
    """Raises ``ValueError`` for an unknown name, and for maps of more than two dimensions."""
    known, _, dilation = name.partition(" ")
    if name == "mirror":
        inputs = line(count, 1.0)
        return _task(name, depth, inputs, -inputs, 2.0 / count)
    if known == "teacher":
        inputs = spiral(count, 1.0)
        return _task(name, depth, inputs, teacher(inputs, depth, width, draw), math.sqrt(math.pi / count))
    h = load_map(known)
    radius = float(Fraction(h.RADIUS))
    if h.DIMENSION > PLANE:
        raise ValueError(f"expected maps of one or two dimensions, got {known} of {h.DIMENSION}")
    inputs = line(count, radius) if h.DIMENSION == 1 else spiral(count, radius)
    scale = torch.tensor([float(Fraction(dilation or "1"))], dtype=torch.float64)
    if not 0 < scale <= 1:
        raise ValueError(f"expected a dilation in (0, 1] after the map's name, got '{dilation}'")
    near = getattr(h, "dilation", lambda a, x: h.value(a * x) / a)(scale, inputs)
    spacing = 2 * radius / count if h.DIMENSION == 1 else radius * math.sqrt(math.pi / count)
    return _task(name, depth, inputs, near, spacing)


def teacher(inputs: Tensor, depth: int, width: int, draw: torch.Generator) -> Tensor:
    """The outputs of a tanh residual network whose layers are about 1/m from the identity."""
    size = inputs.shape[1]
    outer = torch.randn(depth, size, width, generator=draw, dtype=torch.float64) * STRENGTH / (depth * math.sqrt(width))
    inner = torch.randn(depth, width, size, generator=draw, dtype=torch.float64)
    return tanh_layers.forward(outer, inner, inputs)[0][-1]


def _task(name: str, depth: int, inputs: Tensor, targets: Tensor, spacing: float) -> Task:
    size = inputs.shape[1]
    more = (0, PLANE - size)
    pad = torch.nn.functional.pad
    return Task(name, depth, size, pad(inputs, more), pad(targets, more), spacing)


def tasks(names: Sequence[str], depths: Sequence[int], count: int, width: int, draw: torch.Generator) -> list[Task]:
    return [task(name, depth, count, width, draw) for name in names for depth in depths]
