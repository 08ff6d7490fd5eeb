r"""Local minima of tanh residual networks on random small realisable problems: many at once, in floats.

Levenberg and Marquardt's method from random starts; what it ends at may be a minimum with $Q=0$, a flat region, or a
strict local minimum with $Q>0$. Nothing is proved here.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import hessian, jacfwd, vmap

from rescert.landscape.tanh_problem import TanhProblem, forward

GRID, SHARES = 2.0**10, 64  # atoms and teachers are multiples of 1/1024, weights of 1/64
FLAT, SOLVED, FAR = 1e-9, 1e-12, 50.0  # gradient of a critical point, risk of a global one, parameters given up
POSITIVE, STRICT = 1e-5, 1e-6  # least risk, and least ratio of eigenvalues, of a candidate; less is singular
IDLE = 1e-4  # parameters below which a point counts as the zero point
LOW, HIGH = 1e-12, 1e6  # bounds of the damping


@dataclass(frozen=True)
class Family:
    r"""Depth $m$, dimension $d$, width $k$; ``outer`` and ``steepness`` scale the entries of $A$ and $B$."""

    depth: int
    dimension: int
    width: int
    outer: float
    steepness: float
    parallel: bool = False

    @property
    def half(self) -> int:
        return self.depth * self.dimension * self.width

    def split(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        r"""$A$ (…, m, d, k) and $B$ (…, m, k, d)."""
        lead = theta.shape[:-1]
        outer = theta[..., : self.half].reshape(*lead, self.depth, self.dimension, self.width)
        return outer, theta[..., self.half :].reshape(*lead, self.depth, self.width, self.dimension)

    def draw(self, many: int, generator: torch.Generator) -> Tensor:
        """Normal parameters, (many, 2mdk)."""
        normal = torch.randn(many, 2 * self.half, generator=generator, dtype=torch.float64)
        return normal * torch.tensor([self.outer, self.steepness]).double().repeat_interleave(self.half)

    def output(self, theta: Tensor, points: Tensor) -> Tensor:
        outer, inner = self.split(theta)
        return forward(list(zip(outer, inner, strict=True)), points, self.parallel)

    def residual(self, theta: Tensor, points: Tensor, weights: Tensor, labels: Tensor) -> Tensor:
        r"""$\sqrt{p_j}(h(x_j)-y_j)$, flat."""
        return ((self.output(theta, points) - labels) * weights.sqrt()[:, None]).reshape(-1)

    def risk(self, theta: Tensor, points: Tensor, weights: Tensor, labels: Tensor) -> Tensor:
        return self.residual(theta, points, weights, labels).square().sum() / 2


@dataclass(frozen=True)
class Problems:
    """``points`` (b, n, d), ``weights`` (b, n) and ``teachers`` (b, 2mdk) of a family."""

    family: Family
    points: Tensor
    weights: Tensor
    teachers: Tensor

    @property
    def labels(self) -> Tensor:
        return vmap(self.family.output)(self.teachers, self.points)

    def problem(self, number: int) -> TanhProblem:
        outer, inner = (part.numpy() for part in self.family.split(self.teachers[number]))
        weights = tuple(f"{round(w * SHARES)}/{SHARES}" for w in self.weights[number].tolist())
        return TanhProblem(self.points[number].numpy(), weights, outer, inner, self.family.parallel)


def draw(family: Family, many: int, atoms: int, generator: torch.Generator) -> Problems:
    """Problems with normal atoms of variance 9/4, random weights, normal teachers: all short binary fractions."""
    if not 1 <= atoms <= SHARES:
        raise ValueError(f"expected 1 to {SHARES} atoms, got {atoms}")
    points = 1.5 * torch.randn(many, atoms, family.dimension, generator=generator, dtype=torch.float64)
    boxes = torch.randint(atoms, (many, SHARES - atoms), generator=generator)
    weights = 1 + torch.zeros(many, atoms).double().scatter_add(1, boxes, torch.ones(boxes.shape).double())
    teachers = family.draw(many, generator)
    return Problems(family, (points * GRID).round() / GRID, weights / SHARES, (teachers * GRID).round() / GRID)


def descend(problems: Problems, owners: Tensor, theta: Tensor, iterations: int) -> Tensor:
    """Parameters (b, 2mdk) after damped Gauss-Newton steps on the problems ``owners`` (b), taken where $Q$ falls."""
    family = problems.family
    data = (problems.points[owners], problems.weights[owners], problems.labels[owners])
    value, slope = vmap(family.residual), vmap(jacfwd(family.residual))
    identity = torch.eye(theta.shape[1], dtype=theta.dtype)
    damping = torch.full((len(theta),), 1e-2, dtype=theta.dtype)
    found = value(theta, *data)
    for _ in range(iterations):
        jacobian = slope(theta, *data)
        normal = jacobian.mT @ jacobian + damping[:, None, None] * identity
        tried = theta - torch.linalg.solve(normal, (jacobian.mT @ found[..., None])[..., 0])
        other = value(tried, *data)
        better = other.square().sum(1) <= found.square().sum(1)
        theta, found = torch.where(better[:, None], tried, theta), torch.where(better[:, None], other, found)
        damping = torch.where(better, damping / 3, damping * 4).clamp(LOW, HIGH)
    return theta


def upper_lipschitz(outer: Tensor, inner: Tensor) -> Tensor:
    r"""$\max_S\|A_SB_S\|$ over the sets of units: a bound of $\|A\tanh(B\cdot)\|_L$, layer by layer."""
    width = outer.shape[-1]
    chosen = [torch.tensor([float(s >> j & 1) for j in range(width)]).double() for s in range(1, 2**width)]
    norms = [torch.linalg.matrix_norm((outer * mask) @ inner, 2) for mask in chosen]
    return torch.stack(norms).amax(0)


def lower_lipschitz(outer: Tensor, inner: Tensor) -> Tensor:
    r"""$\|AB\|$, the derivative at 0."""
    return torch.linalg.matrix_norm(outer @ inner, 2)


@dataclass(frozen=True)
class Found:
    """How the starts ended, and the best ``candidates``: (problem, parameters), best conditioned first.

    ``solved``: with Q = 0 in floats. Of the ``critical`` points those with Q > 0 are ``idle`` at zero or ``other``, if
    the Hessian is not singular (where it is, units may just saturate: the gradient is small, and not 0). Some of the
    others are ``strict`` minima, on so many ``problems``, and on ``nearer`` of them with layers that are nearer.
    """

    starts: int
    solved: int
    critical: int
    idle: int
    other: int
    strict: int
    problems: int
    nearer: int
    candidates: list[tuple[int, Tensor]]


def search(problems: Problems, starts: int, iterations: int, generator: torch.Generator) -> Found:
    """Minima from ``starts`` starts a problem.

    Candidates are strict local minima with $Q>0$ whose layers are all nearer to the identity than the teacher's.
    """
    family, many = problems.family, len(problems.points)
    owners = torch.arange(many).repeat_interleave(starts)
    theta = descend(problems, owners, family.draw(many * starts, generator), iterations)
    data = (problems.points[owners], problems.weights[owners], problems.labels[owners])
    risk = vmap(family.risk)(theta, *data)
    gradient = vmap(jacfwd(family.risk))(theta, *data).norm(dim=1)
    scale = family.outer**2
    critical = (gradient < FLAT * scale) & (theta.abs().amax(1) < FAR)
    above = torch.nonzero(critical & (risk > POSITIVE * scale))[:, 0]
    moved = theta[above].abs().amax(1) > IDLE if len(above) else torch.zeros(0, dtype=torch.bool)
    regular = moved
    strict: list[tuple[float, int]] = []
    if len(above):
        bends = vmap(hessian(family.risk))(theta[above], *(part[above] for part in data))
        values = torch.linalg.eigvalsh(bends)
        regular = values.abs().amin(1) > STRICT * values.abs().amax(1)
        ratios = (values[:, 0] / values[:, -1]).tolist()
        strict = [(r, i) for r, i in zip(ratios, above.tolist(), strict=True) if r > STRICT]
    near = [(r, i) for r, i in strict if _nearer(family, theta[i], problems.teachers[owners[i]])]
    best: dict[int, Tensor] = {}
    for _, i in sorted(near, key=lambda entry: (-entry[0], entry[1])):
        best.setdefault(int(owners[i]), theta[i])
    return Found(
        starts=len(theta),
        solved=int((risk < SOLVED * scale).sum()),
        critical=int(critical.sum()),
        idle=len(above) - int(moved.sum()),
        other=int((moved & regular).sum()),
        strict=len(strict),
        problems=len({int(owners[i]) for _, i in strict}),
        nearer=len(best),
        candidates=list(best.items()),
    )


def _nearer(family: Family, student: Tensor, teacher: Tensor) -> bool:
    return bool((upper_lipschitz(*family.split(student)) < lower_lipschitz(*family.split(teacher))).all())
