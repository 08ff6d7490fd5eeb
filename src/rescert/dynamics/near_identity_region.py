r"""What is provable of a state of functional descent: risk, distances from the identity, gradient, convergence.

With $K$ the matrix of $k_0$ at the inputs and $\|f_i\|^2=\lambda_{\max}(C_i^{\mathsf T}KC_i)$, the Lipschitz constant
of $h_i-\mathrm{Id}$ is at most $\|f_i\|/s$. Every bound here is a sign in balls of a program of the stored floats; the
proofs are in the docstring of the claim `bel_functional_descent`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import torch

from rescert.certify import derivative, sign
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof
from rescert.networks import kernel_layers, tanh_layers
from rescert.networks.kernel_layers import Kernel

DIGITS = 10**6  # bounds are rational numbers with this denominator
LEAST = Fraction(1, DIGITS)
MARGIN = 0.98  # of the least eigenvalue in floats, which is claimed as a lower bound
SCHATTEN = 3  # squarings: tr(G^8) <= 1 shows that λ_max(G) <= 1


def above(value: float) -> Fraction:
    """A short rational number above a float, by a thousandth at least."""
    return max(Fraction(math.ceil(value * 1.001 * DIGITS), DIGITS), LEAST)


def below(value: float | Fraction) -> Fraction:
    """A rational number of three digits or four, at most a positive number.

    >>> below(Fraction(1, 3))
    Fraction(333, 1000)
    """
    unit = Fraction(10) ** (math.floor(math.log10(value)) - 2)
    return math.floor(Fraction(value) / unit) * unit


@dataclass(frozen=True)
class State:
    """Layers with coefficients (m, n, d) on the inputs (n, d), for the targets (n, d); ``square`` is $s^2$."""

    kernel: str
    square: float
    coefficients: np.ndarray
    inputs: np.ndarray
    targets: np.ndarray

    @property
    def depth(self) -> int:
        return len(self.coefficients)

    @property
    def count(self) -> int:
        return len(self.inputs)

    @cached_property
    def constants(self) -> dict[str, Any]:
        layers = {f"layer{i}": layer for i, layer in enumerate(self.coefficients)}
        return {"inputs": self.inputs, "targets": self.targets, "square": self.square, **layers}

    def run(self, values: Any) -> tuple[Any, Any, list[Any]]:
        """Residuals, the kernel at the inputs, and $J_{1,j}^{\\mathsf T}r_j$, of traced or float values."""
        layers = [values[f"layer{i}"] for i in range(self.depth)]
        kernel = Kernel(self.kernel, values["square"])
        states, kernels = kernel_layers.forward(kernel, layers, values["inputs"], values["inputs"])
        residual = states[-1] - values["targets"]
        return residual, kernels[0].values(), [residual, kernels, layers]

    def risk(self, values: Any) -> Any:
        residual, _, _ = self.run(values)
        return (residual * residual).sum() / (2 * self.count)

    def slope(self, values: Any) -> Any:
        r"""$\|G_1\|^2=\operatorname{tr}(w^{\mathsf T}Kw)$."""
        residual, gram, (_, kernels, layers) = self.run(values)
        pulled = kernel_layers.backward(kernels, layers, residual)[0] / self.count
        return (pulled * (gram @ pulled)).sum()

    @cached_property
    def floats(self) -> dict[str, Any]:
        return {name: torch.as_tensor(value, dtype=torch.float64) for name, value in self.constants.items()}

    @cached_property
    def gram(self) -> np.ndarray:
        return self.run(self.floats)[1].numpy()

    @cached_property
    def loss(self) -> float:
        return float(self.risk(self.floats))

    @cached_property
    def distances(self) -> list[Fraction]:
        r"""Rational bounds $b_i$ above $(\operatorname{tr}G_i^8)^{1/16}/s$, one a layer."""
        found = []
        for layer in self.coefficients:
            eigenvalues = np.linalg.eigvalsh(layer.T @ self.gram @ layer / self.square)
            found.append(above(float((np.clip(eigenvalues, 0, None) ** 8).sum()) ** (1 / 16)))
        return found

    @cached_property
    def eigenvalue(self) -> Fraction:
        """What is claimed to be below the least eigenvalue of $K$."""
        return below(float(np.linalg.eigvalsh(self.gram)[0]) * MARGIN)

    def program(self, function: Any, **constants: Any) -> Program:
        return trace(function, {}, {**self.constants, **constants})

    def prove_risk(self, relation: str, bound: Fraction) -> Proof:
        return sign.prove(self.program(lambda v: self.risk(v) - v["bound"], bound=str(bound)), {}, relation)

    def prove_distances(self) -> Proof:
        r"""$\operatorname{tr}\bigl((G_i/(b_is)^2)^8\bigr)<1$ for every layer."""
        return sign.prove(self.program(self._energies, **self._bounds()), {}, "<")

    def _bounds(self) -> dict[str, str]:
        return {f"bound{i}": str(b * b) for i, b in enumerate(self.distances)}

    def _energies(self, v: Any) -> Any:
        gram = Kernel(self.kernel, v["square"]).evaluate(v["inputs"], v["inputs"]).values()
        found = []
        for i in range(self.depth):
            layer = v[f"layer{i}"]
            energy = layer.mT @ (gram @ layer) / (v["square"] * v[f"bound{i}"])
            for _ in range(SCHATTEN - 1):
                energy = energy @ energy
            found.append((energy * energy).sum() - 1)
        return torch.stack(found)

    def prove_eigenvalue(self) -> Proof:
        r"""$K-\lambda I$ is positive definite: $\|W^{\mathsf T}(K-\lambda I)W-I\|_F<1$ for a matrix $W$ of floats."""
        shifted = self.gram - float(self.eigenvalue) * np.eye(self.count)
        inverse = np.linalg.inv(np.linalg.cholesky(shifted)).T

        def error(v: Any) -> Any:
            gram = Kernel(self.kernel, v["square"]).evaluate(v["inputs"], v["inputs"]).values()
            found = v["root"].mT @ ((gram - v["eigenvalue"] * v["identity"]) @ v["root"]) - v["identity"]
            return (found * found).sum() - 1

        given: dict[str, Any] = {"root": inverse, "identity": np.eye(self.count), "eigenvalue": str(self.eigenvalue)}
        kept = {name: self.constants[name] for name in ("inputs", "square")}
        return sign.prove(trace(error, {}, {**kept, **given}), {}, "<")

    def rate(self, room: Fraction = Fraction(0)) -> Fraction:
        r"""$\mu=\frac{\lambda}n\prod_{i\ge2}(1-b_i-\delta)^2$, for $\delta$ = ``room``."""
        found = self.eigenvalue / self.count
        for distance in self.distances[1:]:
            found *= (1 - distance - room) ** 2
        return found

    def prove_slope(self) -> Proof:
        r"""$\|G_1\|^2>2\mu Q$."""
        return sign.prove(
            self.program(lambda v: self.slope(v) - self.risk(v) * v["rate"], rate=str(2 * self.rate())), {}, ">"
        )

    def slopes(self, values: Any) -> Any:
        r"""$\|G_i\|^2=\operatorname{tr}(w_i^{\mathsf T}K_iw_i)$ of all layers, (m,)."""
        residual, _, (_, kernels, layers) = self.run(values)
        kernel, pulled = Kernel(self.kernel, values["square"]), kernel_layers.backward(kernels, layers, residual)
        parts = zip(pulled, kernels, strict=True)
        return torch.stack([(w * (kernel.evaluate(k.points, k.points).values() @ w)).sum() for w, k in parts]) / (
            self.count**2
        )

    def prove_steep(self) -> Proof:
        r"""$\|G_i\|^2>0$ for every layer."""
        return sign.prove(self.program(self.slopes), {}, ">")

    @cached_property
    def room(self) -> Fraction:
        r"""$\delta$, about where $\delta^2\prod_{i\ge2}(1-b_i-\delta)^2$ is largest; 0 if a bound is not below 1."""
        largest = float(max(self.distances))
        if largest >= 1:
            return Fraction(0)
        rooms = np.linspace(0, 1 - largest, 402)[1:-1]
        others = np.array([float(b) for b in self.distances[1:]])
        with np.errstate(divide="ignore"):
            values = np.log(rooms) + np.log1p(-others[:, None] - rooms).sum(0)
        return below(float(rooms[values.argmax()]))

    @cached_property
    def reach(self) -> Fraction:
        r"""$\frac18\mu\delta^2s^2$: descent from a smaller risk goes to 0 and moves no layer by more than $\delta$."""
        found = self.rate(self.room) * self.room**2 * Fraction(self.square) / 8
        return below(found) if found > 0 else Fraction(0)

    def smoothness(self) -> float:
        r"""$L=A^2+B\sqrt{2Q}$, whose inverse is a step for which that is proved."""
        ends = 1 + np.array([float(b + self.room) for b in self.distances])
        behind = np.concatenate([np.cumprod(ends[::-1])[::-1][1:], [1.0]])
        size, curvature = math.sqrt(float((behind**2).sum())), {"gaussian": math.sqrt(3), "multiquadric": 3.0}
        bent = (behind * (curvature[self.kernel] * (ends - 1) * size + 2)).sum() * size / math.sqrt(self.square)
        return size**2 + float(bent) * math.sqrt(2 * self.loss)

    def steepest(self) -> tuple[float, int, np.ndarray, np.ndarray]:
        """The largest |Df_i(z)| found on the sample and on a grid: how large, layer, point and direction."""
        kernel, best = Kernel(self.kernel, self.square), (0.0, 0, self.inputs[0], np.ones(self.inputs.shape[1]))
        layers = [torch.as_tensor(layer) for layer in self.coefficients]
        inputs = torch.as_tensor(self.inputs)
        states, _ = kernel_layers.forward(kernel, layers, inputs, inputs)
        side = torch.linspace(-1.25, 1.25, {1: 501}.get(inputs.shape[1], 41), dtype=torch.float64)
        grid = torch.cartesian_prod(*[side] * inputs.shape[1]).reshape(-1, inputs.shape[1]) * inputs.abs().amax(0)
        for i, layer in enumerate(layers):
            points = torch.cat([states[i], grid])
            found = torch.stack(kernel_layers.jacobians(kernel.evaluate(points, inputs), layer), -2)
            norms = torch.linalg.matrix_norm(found, 2)
            at = int(norms.argmax())
            if float(norms[at]) > best[0]:
                direction = torch.linalg.svd(found[at]).Vh[0].numpy().copy()
                best = (float(norms[at]), i, points[at].numpy().copy(), direction)
        return best

    def prove_outside(self) -> Proof:
        """|Df_i(z)u|² > |u|² at a point: the Lipschitz constant of $h_i-\\mathrm{Id}$ is above 1."""
        _, i, point, direction = self.steepest()

        def excess(v: Any) -> Any:
            evaluation = Kernel(self.kernel, v["square"]).evaluate(v["point"], v["inputs"])
            rows = kernel_layers.jacobians(evaluation, v[f"layer{i}"])
            pushed = torch.stack([(row * v["direction"]).sum() for row in rows])
            return (pushed * pushed).sum() - (v["direction"] * v["direction"]).sum()

        return sign.prove(self.program(excess, point=point[None], direction=direction[None]), {}, ">")


def prove_apart(inputs: np.ndarray, targets: np.ndarray) -> Proof:
    """The risk of the identity is positive."""

    def distance(v: Any) -> Any:
        residual = v["inputs"] - v["targets"]
        return (residual * residual).sum()

    return sign.prove(trace(distance, {}, {"inputs": inputs, "targets": targets}), {}, ">")


def prove_zero_start(inputs: np.ndarray, targets: np.ndarray, depth: int, width: int) -> tuple[Proof, ...]:
    """Every derivative of the risk of the tanh network with all parameters zero is >= 0 and <= 0 in balls."""
    size = inputs.shape[1]
    shapes = {f"A{i}": (size, width) for i in range(depth)} | {f"B{i}": (width, size) for i in range(depth)}

    def risk(v: Any) -> Any:
        outer, inner = ([v[f"{name}{i}"] for i in range(depth)] for name in "AB")
        residual = tanh_layers.forward(outer, inner, v["inputs"])[0][-1] - v["targets"]
        return (residual * residual).sum() / (2 * len(inputs))

    slopes = derivative.gradient(trace(risk, shapes, {"inputs": inputs, "targets": targets}))
    zeros = {name: np.zeros(shape) for name, shape in shapes.items()}
    return tuple(sign.prove(slopes, zeros, relation) for relation in (">=", "<="))
