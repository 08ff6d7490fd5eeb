r"""Residual layers $h_i(z)=z+\sum_ck_0(z,x_c)\,C_{i,c}$ whose increments are kernel expansions on fixed centres.

The kernel is $k(x,y)=\varphi(|x-y|^2/s^2)$ with $\varphi(t)=e^{-t/2}$ (``gaussian``) or $\varphi(t)=(1+t)^{-1/2}$
(``multiquadric``, the inverse one), and $k_0(x,y)=k(x,y)-k(x,0)k(0,y)$, the kernel of the functions of its space that
vanish at 0. Both have $\varphi'=-\frac12\varphi^p$, $p=1$ or $3$, hence
$$\nabla_xk(x,y)=-\tfrac1{s^2}k(x,y)^p\,(x-y).$$

Points are (…, n, d), centres and coefficients (…, c, d), and $s^2$ broadcasts against (…, n, c). Only sums, products
and $\varphi$ are used, so that every function can be traced as well as batched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

# φ of t = |x-y|²/s², and the power p
PROFILES: dict[str, tuple[Callable[[Any], Any], int]] = {
    "gaussian": (lambda t: torch.exp(t * -0.5), 1),
    "multiquadric": (lambda t: 1 / torch.sqrt(t + 1), 3),
}


def expected_kernel(name: str) -> str:
    if name not in PROFILES:
        raise ValueError(f"expected a kernel among {', '.join(PROFILES)}, got '{name}'")
    return name


@dataclass(frozen=True)
class Evaluation:
    """$k_0$ at points and centres: ``plain`` is $k(x_j,y_c)$, ``at_points`` $k(x_j,0)$, ``at_centres`` $k(y_c,0)$."""

    square: Any
    exponent: int
    points: Any
    centres: Any
    plain: Any
    at_points: Any
    at_centres: Any

    def values(self) -> Any:
        """$k_0(x_j,y_c)$, (…, n, c)."""
        return self.plain - self.at_points * self.at_centres.mT

    def gradients(self, weights: Any) -> Any:
        r"""$\sum_cw_{jc}\nabla_xk_0(x_j,y_c)$, (…, n, d), for weights (…, n, c)."""
        inner = weights * self.plain**self.exponent
        outer = (weights @ self.at_centres) * self.at_points**self.exponent
        return (inner @ self.centres + (outer - inner.sum(-1, keepdim=True)) * self.points) / self.square


@dataclass(frozen=True)
class Kernel:
    """$k_0$ with ``square`` $s^2$, a number or a tensor that broadcasts against (…, n, c)."""

    name: str
    square: Any

    def evaluate(self, x: Any, y: Any) -> Evaluation:
        """
        >>> point = torch.tensor([[1.0], [0.0]])
        >>> found = Kernel("gaussian", 1.0).evaluate(point, point).values()
        >>> [round(k, 3) for k in found.flatten().tolist()]
        [0.632, 0.0, 0.0, 0.0]
        """
        profile, exponent = PROFILES[self.name]
        of_points, of_centres = ((z * z).sum(-1, keepdim=True) for z in (x, y))
        plain = profile((of_points + of_centres.mT - x @ y.mT * 2) / self.square)
        at_points, at_centres = profile(of_points / self.square), profile(of_centres / self.square)
        return Evaluation(self.square, exponent, x, y, plain, at_points, at_centres)


def forward(kernel: Kernel, coefficients: Sequence[Any], centres: Any, points: Any) -> tuple[list[Any], list[Any]]:
    r"""$z_0,\dots,z_m$ of the points, and the kernel at $z_0,\dots,z_{m-1}$ and the centres."""
    states, kernels = [points], []
    for layer in coefficients:
        kernels.append(kernel.evaluate(states[-1], centres))
        states.append(states[-1] + kernels[-1].values() @ layer)
    return states, kernels


def backward(kernels: Sequence[Any], coefficients: Sequence[Any], residual: Any) -> list[Any]:
    r"""$J_{i,j}^{\mathsf T}r_j$ for $i=1,\dots,m$, with $J_{i,j}$ the Jacobian of $h_m\circ\dots\circ h_{i+1}$."""
    vectors = [residual]
    for i in range(len(coefficients) - 1, 0, -1):
        vectors.append(vectors[-1] + kernels[i].gradients(vectors[-1] @ coefficients[i].mT))
    return vectors[::-1]


def jacobians(evaluation: Evaluation, layer: Any) -> list[Any]:
    """The rows of $Df_i(z_j)$ of an increment: one gradient (…, n, d) a component."""
    flat = layer.mT
    return [evaluation.gradients(flat[..., a, :][..., None, :] + evaluation.plain * 0) for a in range(layer.shape[-1])]
