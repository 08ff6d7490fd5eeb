r"""Maps f with $\lVert f-\mathrm{Id}\rVert_L\le a$: pairs of points, inverses, and remainders of $g\mapsto f\circ g$.

Everything is a plain torch function of named values, which evaluates in floats and is traced into programs. Points are
rows, (n, d); inequalities between norms are those between their squares, so that balls can be exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from rescert.certify import krawczyk, sign
from rescert.certify.problem import rational, trace
from rescert.decomposition.descent_case import norm_bound
from rescert.decomposition.functional_derivative import Values, tensors

GRAIN = 2.0**-10
RADIUS = 2  # of the ball X where the domain is bounded
LONGEST = 16  # the remainders go to arguments of size 2^16
FAMILIES = ("tanh", "shrink", "stretch", "turn", "ray", "sine", "wild")
ROTATIONS = ((3.0, 4.0), (4.0, 3.0), (-3.0, 4.0), (-4.0, 3.0), (0.0, 5.0))  # 5 times cosine and sine
BENT = 0.77  # |tanh''| <= 4/(3√3) < 0.77


@dataclass(frozen=True)
class Perturbation:
    """f and u -> Df(x)u on rows of points; a, with assertions that ‖f-Id‖_L <= a; C with |D²f| <= C if there is one."""

    family: str
    dimension: int
    value: Callable[[Values, Any], Any]
    change: Callable[[Values, Any, Any], Any]
    numbers: Mapping[str, Any]
    distance: Fraction
    shown: tuple[dict[str, Any], ...] = ()
    curvature: Fraction | None = None

    @property
    def linear(self) -> bool:
        return self.family in ("shrink", "stretch", "turn")

    def named(self) -> dict[str, Any]:
        """The parameters, and a."""
        return {**self.numbers, "a": str(self.distance)}

    def prove(self, expression: Callable[[Values], Any], relation: str, extra: Mapping[str, Any]) -> sign.Proof:
        return sign.prove(trace(expression, {}, {**self.named(), **extra}), {}, relation)

    def floats(self, extra: Mapping[str, Any]) -> dict[str, torch.Tensor]:
        return tensors({**self.named(), **extra})


def _layer(outer: np.ndarray, inner: np.ndarray, family: str, linear: bool = False) -> Perturbation:
    """x + A tanh(Bx), or x + ABx."""

    def value(v: Values, x: Any) -> Any:
        hidden = x @ v["B"].T
        return x + (hidden if linear else hidden.tanh()) @ v["A"].T

    def change(v: Values, x: Any, u: Any) -> Any:
        moved = u @ v["B"].T
        if not linear:
            hidden = (x @ v["B"].T).tanh()
            moved = moved * (1 - hidden * hidden)
        return u + moved @ v["A"].T

    (above, first), (within, second) = norm_bound(outer), norm_bound(inner)
    if family == "turn":
        above, first = _scaled_rotation(outer)
    curvature = Fraction(0) if linear else above * within**2 * Fraction(str(BENT))
    shown = (*first, *second)
    return Perturbation(family, len(outer), value, change, {"A": outer, "B": inner}, above * within, shown, curvature)


def _scaled_rotation(matrix: np.ndarray) -> tuple[Fraction, tuple[dict[str, Any], ...]]:
    """The norm of a matrix with A'A = s²I, exactly."""
    size = Fraction(matrix[0, 0]) ** 2 + Fraction(matrix[1, 0]) ** 2
    program = trace(
        lambda v: v["A"].T @ v["A"] - v["square"] * v["I"], {}, {"A": matrix, "square": float(size), "I": np.eye(2)}
    )
    return Fraction(math.isqrt(size.numerator), math.isqrt(size.denominator)), sign.prove_zero(program)


def _drawn(instance: Mapping[str, Any], draw: torch.Generator) -> Perturbation:
    """A tanh layer with square A and B and ‖A‖‖B‖ just below ``lipschitz``."""
    dimension = instance["dimension"]
    if not isinstance(dimension, int) or dimension < 1:
        raise ValueError(f"expected a dimension of at least 1, got {dimension!r}")
    target = float(rational(instance["lipschitz"]))
    matrices = []
    for size in (target, 0.99):
        drawn = torch.randn(dimension, dimension, generator=draw, dtype=torch.float64)
        matrices.append((torch.round(size * drawn / torch.linalg.matrix_norm(drawn, ord=2) / GRAIN) * GRAIN).numpy())
    return _layer(matrices[0], matrices[1], "tanh")


def _sine(distance: Fraction) -> Perturbation:
    """x + a sin x."""
    return Perturbation(
        "sine",
        1,
        lambda v, x: x + v["a"] * x.sin(),
        lambda v, x, u: u + v["a"] * x.cos() * u,
        {},
        distance,
        curvature=distance,
    )


def _wild(distance: Fraction) -> Perturbation:
    """x + (a/3)s² sin(1/s), s = x-1: differentiable, and f' has no limit at 1."""
    return Perturbation(
        "wild",
        1,
        lambda v, x: x + v["a"] / 3 * (x - 1) * (x - 1) * (1 / (x - 1)).sin(),
        lambda v, x, u: u + v["a"] / 3 * (2 * (x - 1) * (1 / (x - 1)).sin() - (1 / (x - 1)).cos()) * u,
        {},
        distance,
    )


def read(instance: Mapping[str, Any], generator: Callable[[int, str], torch.Generator]) -> Perturbation:
    """The map of an instance; raises ``ValueError`` for one that means nothing."""
    family, distance = instance["family"], rational(instance["lipschitz"])
    if family not in FAMILIES:
        raise ValueError(f"expected a family among {', '.join(FAMILIES)}, got '{family}'")
    if distance <= 0:
        raise ValueError(f"expected a positive lipschitz, got {instance['lipschitz']}")
    tests = instance["tests"]
    if not isinstance(tests, int) or tests < 1:
        raise ValueError(f"expected at least one pair of points, got {tests!r}")
    if family == "tanh":
        return _drawn(instance, generator(instance["seed"], "perturbed identity"))
    if family == "sine":
        return _sine(distance)
    if family == "wild":
        return _wild(distance)
    part = distance / 5 if family == "turn" else distance
    if part.denominator & (part.denominator - 1):
        raise ValueError(f"expected a binary fraction (for turn, 5 times one), got {instance['lipschitz']}")
    size, one = float(part), np.eye(1)
    if family == "turn":
        cosine, sine = ROTATIONS[instance.get("seed", 0) % len(ROTATIONS)]
        return _layer(size * np.array([[cosine, -sine], [sine, cosine]]), np.eye(2), "turn", linear=True)
    if family == "ray":
        return _layer(size * np.diag([1.0, 0.0]), np.diag([1.0, 0.0]), "ray")
    return _layer((-size if family == "shrink" else size) * one, one, family, linear=True)


def pairs(f: Perturbation, tests: int, draw: torch.Generator) -> dict[str, np.ndarray]:
    """Drawn points ``x`` and ``y``, distinct and not 1, and unit-size directions ``u``; (n, d)."""
    drawn = torch.randn(3, tests, f.dimension, generator=draw, dtype=torch.float64)
    x, y, u = (torch.round(drawn / GRAIN) * GRAIN).numpy() + GRAIN / 2
    return {"x": x, "y": y + GRAIN / 4, "u": u}


def squares(rows: Any) -> Any:
    """Squared lengths of rows, (n,)."""
    return (rows * rows).sum(dim=1)


def two_sided(f: Perturbation, v: Values) -> Any:
    """|f(x)-f(y)|² - (1-a)²|x-y|² and (1+a)²|x-y|² - |f(x)-f(y)|², (2n,)."""
    image, plain = squares(f.value(v, v["x"]) - f.value(v, v["y"])), squares(v["x"] - v["y"])
    return torch.cat([image - (1 - v["a"]) ** 2 * plain, (1 + v["a"]) ** 2 * plain - image])


def inverse_slack(f: Perturbation, v: Values) -> Any:
    """a²|u|² - (1-a)²|w-u|² with w = x-y and u = f(x)-f(y): ‖f⁻¹-Id‖_L <= a/(1-a)."""
    images, plain = f.value(v, v["x"]) - f.value(v, v["y"]), v["x"] - v["y"]
    return v["a"] ** 2 * squares(images) - (1 - v["a"]) ** 2 * squares(plain - images)


def disc_slack(f: Perturbation, v: Values) -> Any:
    """a²|u|² - |(1-a²)w - u|²: f⁻¹ - Id/(1-a²) has the Lipschitz constant a/(1-a²)."""
    images, plain = f.value(v, v["x"]) - f.value(v, v["y"]), v["x"] - v["y"]
    return v["a"] ** 2 * squares(images) - squares((1 - v["a"] ** 2) * plain - images)


def distance_slack(f: Perturbation, v: Values) -> Any:
    """a²|w|² - |u-w|²: what is assumed, and what F-Id inherits at every point."""
    images, plain = f.value(v, v["x"]) - f.value(v, v["y"]), v["x"] - v["y"]
    return v["a"] ** 2 * squares(plain) - squares(images - plain)


def derivative_slack(f: Perturbation, v: Values) -> Any:
    """a²|u|² - |Df(x)u - u|²."""
    return v["a"] ** 2 * squares(v["u"]) - squares(f.change(v, v["x"], v["u"]) - v["u"])


def remainder(f: Perturbation, v: Values) -> Any:
    """f(x+u) - f(x) - Df(x)u, (n, d)."""
    return f.value(v, v["x"] + v["u"]) - f.value(v, v["x"]) - f.change(v, v["x"], v["u"])


def far_steps(f: Perturbation) -> dict[str, np.ndarray] | None:
    """Points x and steps u = Δ(x), g = Id, along which the remainder is no o(‖Δ‖), ‖Δ‖ = |u|/|x| → 0; None if unknown.

    ray: x = (0, k), u = (1, 0). sine: x near 2πk, u = 3. wild: x near 1 + 1/(2πk), u to 1 + 1/(2πk+π).
    """
    sizes = 2.0 ** np.arange(LONGEST + 1)
    if f.family == "ray":
        return {"x": np.stack([0 * sizes, sizes], axis=1), "u": np.stack([0 * sizes + 1, 0 * sizes], axis=1)}
    if f.family == "sine":
        return {"x": 2 * np.pi * sizes[:, None], "u": np.full((len(sizes), 1), 3.0)}
    if f.family == "wild":
        x = 1 + 1 / (2 * np.pi * sizes[:, None])
        return {"x": x, "u": 1 + 1 / (2 * np.pi * sizes[:, None] + np.pi) - x}
    return None


def near_steps(f: Perturbation, tests: int, draw: torch.Generator) -> dict[str, np.ndarray]:
    """Points x of the ball X and steps u with |u| <= t|x|, t = 1/2, …, 2^-16 in turn, for every point."""
    drawn = torch.randn(2, tests, f.dimension, generator=draw, dtype=torch.float64)
    lengths = drawn.norm(dim=2, keepdim=True)
    x = drawn[0] / lengths[0] * RADIUS * torch.rand(tests, 1, generator=draw, dtype=torch.float64).clamp(0.1, 0.99)
    t = 2.0 ** -torch.arange(1, LONGEST + 1, dtype=torch.float64)[:, None, None]
    u = 0.99 * t * x.norm(dim=1, keepdim=True) * drawn[1] / lengths[1]
    return {
        "x": x.expand(LONGEST, -1, -1).reshape(-1, f.dimension).numpy().copy(),
        "u": u.reshape(-1, f.dimension).numpy(),
        "t": t.expand(-1, tests, 1).reshape(-1).numpy().copy(),
    }


def preimage(f: Perturbation, target: np.ndarray) -> krawczyk.Zero:
    """A proof of exactly one zero of f - target near a fixed point of x -> target - (f(x) - x), iterated from it."""
    v, goal = f.floats({}), torch.from_numpy(target)[None]
    x = goal
    # The error falls by a factor a a step; 2^-60 is below the rounding of floats.
    for _ in range(math.ceil(-60 * math.log(2) / math.log(min(float(f.distance), 0.99)))):
        x = goal - (f.value(v, x) - x)
    program = trace(
        lambda w: (f.value(w, w["point"].reshape(1, f.dimension)) - w["target"]).reshape(f.dimension),
        {"point": (f.dimension,)},
        {**f.named(), "target": target},
    )
    return krawczyk.prove(program, {"point": x[0].numpy()}, system="program")
