"""Compositions with a discrete distribution, as instances describe them, and certified distances of their layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import torch

from rescert.certify import inertia, sign
from rescert.certify.problem import rational, trace
from rescert.certify.proof import Proof
from rescert.decomposition.constants import Constants, constants
from rescert.decomposition.factors import load_map
from rescert.decomposition.functional_derivative import Criterion, Factors, Layers, Values, tensors
from rescert.decomposition.interpolations import SmoothMap

Generator = Callable[[int, str], torch.Generator]
Assertions = tuple[dict[str, Any], ...]
GRAIN = 2.0**-10  # drawn numbers are multiples of it
ROOM = 2**16  # bounds of norms are multiples of 1/ROOM
PIECES = 256  # of X, on which the distances of factors are bounded


@dataclass(frozen=True)
class DescentCase:
    """A composition, atoms and labels; ``distances`` bound the Lipschitz constants of h_i - Id, with assertions."""

    family: str
    criterion: Criterion
    numbers: Mapping[str, Any]
    distances: tuple[Fraction, ...]
    shown: Assertions
    known: Constants | None = None

    @property
    def depth(self) -> int:
        return self.criterion.composition.depth

    @property
    def atoms(self) -> int:
        return len(self.numbers["p"])

    @property
    def farthest(self) -> Fraction:
        """ε: the largest of the distances."""
        return max(self.distances)

    @property
    def near(self) -> Fraction:
        """(1-ε)^(m-1)."""
        return (1 - self.farthest) ** (self.depth - 1)

    def others(self, outward: int) -> list[str]:
        """The product of 1-ε_j (1+ε_j if ``outward`` is 1) over j ≠ i, for every i."""
        factors = [1 + outward * e for e in self.distances]
        return [str(math.prod(factors[:i] + factors[i + 1 :])) for i in range(self.depth)]

    @cached_property
    def floats(self) -> dict[str, torch.Tensor]:
        return tensors(self.numbers)

    def prove(self, expression: Callable[[Values], Any], relation: str, extra: Values | None = None) -> Proof:
        """Try to show the relation to 0 of every entry of an expression in the numbers and the ``extra`` ones."""
        return sign.prove(trace(expression, {}, {**self.numbers, **(extra or {})}), {}, relation)


def norm_bound(matrix: np.ndarray) -> tuple[Fraction, Assertions]:
    """A number that is at least the spectral norm, with the assertions that show it.

    For a diagonal matrix the norm itself; otherwise a multiple s of 1/65536 above it for which s²|x|² - |Mx|² is
    positive definite.

    >>> norm_bound(np.diag([0.5, -0.25]))[0]
    Fraction(1, 2)
    """
    largest = float(np.abs(matrix).max())
    if matrix.shape[0] == matrix.shape[1] and not (matrix - np.diag(np.diagonal(matrix))).any():
        program = trace(
            lambda v: torch.cat([v["bound"] - v["diagonal"], v["bound"] + v["diagonal"]]),
            {},
            {"bound": largest, "diagonal": np.diagonal(matrix).copy()},
        )
        proof = sign.prove(program, {}, ">=")
        bound = Fraction(largest)
    else:
        norm = float(np.linalg.norm(matrix, 2))
        bound = Fraction(math.ceil(norm * (1 + 2.0**-30) * ROOM) + 1, ROOM)
        size = matrix.shape[1]
        program = trace(
            lambda v: v["square"] * (v["x"] * v["x"]).sum() - ((v["matrix"] @ v["x"]) * (v["matrix"] @ v["x"])).sum(),
            {"x": (size,)},
            {"square": str(bound**2), "matrix": matrix},
        )
        proof = inertia.prove_definite(program, {"x": np.zeros(size)})
    if proof.assertion is None:
        raise ArithmeticError(f"expected a bound of the norm of {matrix.tolist()}: {proof.reason}")
    return bound, (proof.assertion,)


def _layer_distances(layers: Layers) -> tuple[tuple[Fraction, ...], Assertions]:
    """‖A_i‖‖B_i‖, which bounds the Lipschitz constant of h_i - Id because tanh and Id have the constant 1."""
    bounds: dict[bytes, tuple[Fraction, Assertions]] = {}
    for matrix in (*layers.outer, *layers.inner):
        key = repr(matrix.shape).encode() + matrix.tobytes()
        if key not in bounds:
            bounds[key] = norm_bound(matrix)
    of = {k: bound for k, (bound, _) in bounds.items()}
    keys = [
        tuple(repr(m.shape).encode() + m.tobytes() for m in pair)
        for pair in zip(layers.outer, layers.inner, strict=True)
    ]
    distances = tuple(of[a] * of[b] for a, b in keys)
    return distances, tuple(a for _, shown in bounds.values() for a in shown)


def _grained(values: torch.Tensor) -> np.ndarray:
    return (torch.round(values / GRAIN) * GRAIN).numpy()


def _distinct(points: np.ndarray) -> np.ndarray:
    """The rows, each that is there already moved by grains towards 0 in the first coordinate: $h^*$ is a function."""
    found: list[list[float]] = []
    for row in points.tolist():
        while row in found:
            row = [row[0] - math.copysign(GRAIN, row[0]), *row[1:]]
        found.append(row)
    return np.array(found)


def _positive(key: str, value: Any, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"expected '{key}' to be an integer of at least {least}, got {value!r}")
    return value


def _probabilities(atoms: int, generator: torch.Generator) -> np.ndarray:
    """Multiples of 1/1024 that are positive and sum to 1."""
    cuts = torch.randperm(1023, generator=generator)[: atoms - 1].sort().values + 1
    ends = torch.cat([torch.zeros(1, dtype=torch.int64), cuts, torch.full((1,), 1024)])
    return (torch.diff(ends).double() / 1024).numpy()


def _drawn(instance: Mapping[str, Any], generator: Generator) -> DescentCase:
    """tanh layers with square A and B, drawn; the largest bound ‖A‖‖B‖ is about ``lipschitz``."""
    depth, dimension = _positive("depth", instance["depth"], 2), _positive("dimension", instance["dimension"], 1)
    atoms, lipschitz = _positive("atoms", instance["atoms"], 3), float(rational(instance["lipschitz"]))
    if not 0 < lipschitz < 1:
        raise ValueError(f"expected a lipschitz between 0 and 1, got {instance['lipschitz']}")
    draw = generator(instance["seed"], "functional derivative")
    outer, inner = [], []
    for j in range(depth):
        a, b = (torch.randn(dimension, dimension, generator=draw, dtype=torch.float64) for _ in range(2))
        part = lipschitz * (0.98 - 0.5 * j / depth)
        outer.append(_grained(part * a / torch.linalg.matrix_norm(a, ord=2)))
        inner.append(_grained(0.99 * b / torch.linalg.matrix_norm(b, ord=2)))
    layers = Layers(tuple(outer), tuple(inner), (np.zeros(dimension),) * depth)
    x = torch.randn(atoms, dimension, generator=draw, dtype=torch.float64)
    places = _distinct(_grained(torch.where(x >= 0, x + 0.125, x - 0.125)))
    target = places + _grained(torch.randn(atoms, dimension, generator=draw, dtype=torch.float64) / 2)
    noise = _grained(torch.randn(atoms, dimension, generator=draw, dtype=torch.float64) / 4)
    numbers = {"x": places, "p": _probabilities(atoms, draw), "target": target, "noise": noise}
    return _with_layers("tanh", layers, numbers, atoms)


def _with_layers(family: str, layers: Layers, numbers: Mapping[str, Any], nonzero: int) -> DescentCase:
    distances, shown = _layer_distances(layers)
    return DescentCase(family, Criterion(layers, nonzero), {**numbers, **layers.numbers()}, distances, shown)


def _scaling(family: str, factor: float, dimension: int, depth: int, points: Mapping[str, Any]) -> DescentCase:
    """Layers (1 - factor) x; ``points`` are rows x, h* and p."""
    identity = np.eye(dimension)
    layers = Layers((-factor * identity,) * depth, (identity,) * depth, (np.zeros(dimension),) * depth, linear=True)
    numbers: dict[str, Any] = {k: np.asarray(value, dtype=np.float64) for k, value in points.items()}
    numbers["noise"] = np.full_like(numbers["x"], 0.25)
    return _with_layers(family, layers, numbers, int(numbers["x"].any(axis=1).sum()))


def _scaled(instance: Mapping[str, Any], generator: Generator) -> DescentCase:
    """Layers (1-ε)x and h* = h + x/4, atoms of powers of two on the axes: all bounds but the printed one are equal."""
    factor, depth = rational(instance["lipschitz"]), _positive("depth", instance["depth"], 2)
    if not 0 < factor < 1 or factor.denominator & (factor.denominator - 1):
        raise ValueError(f"expected a binary fraction between 0 and 1 as lipschitz, got {instance['lipschitz']}")
    dimension = _positive("dimension", instance["dimension"], 1)
    x = np.array([s * e for e in np.eye(dimension) for s in (0.5, -1.0, 2.0, -4.0)])
    p = np.full(len(x), 1 / len(x)) if dimension in (1, 2, 4) else None
    if p is None:
        p = np.full(len(x), 1 / 16)
        p[-1] = 1 - p[:-1].sum()
    whole = float((1 - factor) ** depth)
    return _scaling("scaled", float(factor), dimension, depth, {"x": x, "p": p, "target": (whole + 0.25) * x})


def _identity(instance: Mapping[str, Any], generator: Generator) -> DescentCase:
    """Identity layers. origin: a residual at an atom 0 and one at 1; critical: only at 0; pair: ±1 at 1 and 17/16."""
    depth = _positive("depth", instance["depth"], 2)
    rows: dict[str, tuple[list[float], list[float], list[float]]] = {
        "origin": ([1, 2, 0], [1.25, 2, 1], [0.25, 0.25, 0.5]),
        "critical": ([1, 2, 0], [1, 2, 1], [0.25, 0.25, 0.5]),
        "pair": ([1, 1.0625], [0, 2.0625], [0.5, 0.5]),
    }
    x, target, p = rows[instance["family"]]
    points = {"x": np.array(x)[:, None], "target": np.array(target)[:, None], "p": p}
    case = _scaling(instance["family"], 0.0, 1, depth, points)
    return replace(case, distances=(Fraction(1, 16),) * depth)  # the theorem asks for an ε > 0


def _zero(instance: Mapping[str, Any], generator: Generator) -> DescentCase:
    """All layers are 0: ε = 1."""
    x = np.array([[1.0], [-2.0], [0.5], [3.0]])
    return _scaling(
        "zero", 1.0, 1, _positive("depth", instance["depth"], 2), {"x": x, "target": x, "p": np.full(4, 0.25)}
    )


def _shift(instance: Mapping[str, Any], generator: Generator) -> DescentCase:
    """h_1 = x - 1, h_2 = x + 1, one atom 1, which h_1 takes to 0, and h*(1) = 2."""
    nought, one = np.zeros((1, 1)), np.ones((1, 1))
    layers = Layers((nought, nought), (one, one), (-np.ones(1), np.ones(1)), linear=True)
    numbers = {"x": one, "target": 2 * one, "p": np.ones(1), "noise": one / 4}
    return _with_layers("shift", layers, numbers, 1)


def _factors(instance: Mapping[str, Any], generator: Generator) -> DescentCase:
    """The factors of a map, a_i = i/m, with drawn atoms in X and drawn residuals; ε = αRM/m (Theorem 2)."""
    h = load_map(instance["map"])
    if h.DIMENSION != 1:
        raise ValueError(f"expected a map of dimension 1, got '{instance['map']}' of dimension {h.DIMENSION}")
    trace(lambda v: h.value(v["x"]) + h.jacobian(v["x"])[..., 0], {"x": (1, 1)})  # refuses what no program can hold
    depth, atoms, known = (
        _positive("depth", instance["depth"], 2),
        _positive("atoms", instance["atoms"], 3),
        constants(h),
    )
    draw = generator(instance["seed"], "functional derivative")
    places = torch.rand(atoms, 1, generator=draw, dtype=torch.float64) * 2 - 1
    x = float(known.radius) * torch.where(places >= 0, places.clamp(min=0.0625), places.clamp(max=-0.0625))
    errors = torch.randn(atoms, 1, generator=draw, dtype=torch.float64)
    residual = _grained(torch.where(errors >= 0, errors + 0.125, errors - 0.125))
    noise = np.full((atoms, 1), 0.25)
    composition = Factors(h, depth)
    numbers: dict[str, Any] = {"p": _probabilities(atoms, draw), "residual": residual, "noise": noise}
    numbers |= {"x": _distinct(_grained(x)), **composition.numbers()}
    near = known.uniform < depth
    distance, shown = (known.uniform / depth, ()) if near else _factor_distance(h, depth, known)
    return DescentCase("factors", Criterion(composition, atoms), numbers, (distance,) * depth, shown, known)


def _factor_distance(h: SmoothMap, depth: int, known: Constants) -> tuple[Fraction, Assertions]:
    """A bound of |h'(a_i x)/h'(a_{i-1} x) - 1| for all i and x in X, in balls; αRM/m if no bound below 1 is shown."""

    def room(v: Values) -> Any:
        slopes = h.jacobian(v["a"] * v["x"])[..., 0]
        apart, most = slopes[1:] - slopes[:-1], v["bound"] * slopes[:-1]
        return torch.cat([most - apart, most + apart])

    half = float(known.radius) / PIECES
    pieces = half * (2 * np.arange(PIECES)[:, None] + 1 - PIECES)
    schedule = [[[str(Fraction(i, depth))]] for i in range(depth + 1)]
    floats = tensors({"a": schedule, "x": pieces})
    slopes = h.jacobian(floats["a"] * floats["x"])[..., 0]
    bound = Fraction(math.ceil(64 * float((slopes[1:] / slopes[:-1] - 1).abs().max())) + 2, 64)
    box = {"x": {"mid": pieces, "rad": np.full_like(pieces, half * (1 + 2.0**-20))}}  # they overlap
    proof = sign.prove(trace(room, {"x": pieces.shape}, {"a": schedule, "bound": str(bound)}), box, ">=")
    return (known.uniform / depth, ()) if proof.assertion is None or bound >= 1 else (bound, (proof.assertion,))


FAMILIES: dict[str, Callable[[Mapping[str, Any], Generator], DescentCase]] = {
    "tanh": _drawn,
    "scaled": _scaled,
    "factors": _factors,
    "origin": _identity,
    "critical": _identity,
    "pair": _identity,
    "zero": _zero,
    "shift": _shift,
}


def read(instance: Mapping[str, Any], generator: Generator) -> DescentCase:
    """The case of an instance; ``generator(seed, purpose)`` gives the stream. Raises ``ValueError`` for no case."""
    if instance["family"] not in FAMILIES:
        raise ValueError(f"expected a family among {', '.join(FAMILIES)}, got '{instance['family']}'")
    return FAMILIES[instance["family"]](instance, generator)
