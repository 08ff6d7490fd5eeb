r"""What Theorem 2 of Yun, Sra and Jadbabaie is about, as expressions that `rescert.certify.problem.trace` records.

Each function takes the values (parameters, inputs ``X`` (n, d), labels ``y`` (n)) and returns a tensor made of
traceable operations, so that the same lines give floats in a search and balls in a proof. A `Family` names the
activation and the loss.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from rescert.networks import residual_blocks
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import depth, features

Values = Mapping[str, Tensor]
Matrix = Sequence[Sequence[Tensor] | Tensor]


class Family(NamedTuple):
    """Which networks and which loss: names of `ACTIVATIONS` and `losses.LOSSES`."""

    activation: str = "tanh"
    loss: str = "squared"


def risk(values: Values, family: Family) -> Tensor:
    """$R(\\theta)$, a scalar."""
    return residual_blocks.risk(values, values["X"], values["y"], *family)


def determinant(matrix: Matrix) -> Tensor:
    """Laplace expansion along the first row: for the 1 to 4 rows that occur here.

    >>> determinant([[torch.tensor(1.0), torch.tensor(2.0)], [torch.tensor(3.0), torch.tensor(4.0)]]).item()
    -2.0
    """
    first, *rest = matrix
    if not rest:
        return first[0]
    total = first[0] * determinant([row[1:] for row in rest])
    for k in range(1, len(first)):
        term = first[k] * determinant([[*row[:k], *row[k + 1 :]] for row in rest])
        total = total - term if k % 2 else total + term
    return total


def normal(rows: Matrix) -> Tensor:
    r"""The generalised cross product of $d-1$ rows in $\mathbb R^d$: orthogonal to each, zero only for dependent rows.

    >>> e1, e2 = torch.eye(3)[:2]
    >>> normal([e1, e2]).tolist()
    [0.0, -0.0, 1.0]
    """
    size = len(rows[0])
    minors = [determinant([[row[j] for j in range(size) if j != k] for row in rows]) for k in range(size)]
    return torch.stack([-minor if k % 2 else minor for k, minor in enumerate(minors)])


def linear_risk(values: Values) -> Tensor:
    r"""Squared loss, no bias: $R_{\mathrm{lin}}=\min_t\frac1{2n}|Xt-y|^2$, eliminating in the Gram matrix of $[X,y]$.

    The last pivot is a Schur complement, $y^{\mathsf T}y-b^{\mathsf T}G^{-1}b$ with $G=X^{\mathsf T}X$,
    $b=X^{\mathsf T}y$, and exists if $G$ is regular; in balls a singular $G$ shows as a division by a ball with 0.
    """
    samples, size = values["X"].shape
    columns = [values["X"][:, i] for i in range(size)] + [values["y"]]
    matrix = [[(a * b).sum() for b in columns] for a in columns]
    for k in range(size):
        for i in range(k + 1, size + 1):
            ratio = matrix[i][k] / matrix[k][k]
            matrix[i] = [matrix[i][j] - ratio * matrix[k][j] if j > k else matrix[i][j] for j in range(size + 1)]
    return matrix[size][size] / (2 * samples)


def linear_excess(values: Values, family: Family) -> Tensor:
    """$R(\\theta)-R_{\\mathrm{lin}}$ for the squared loss, a scalar."""
    return risk(values, family) - linear_risk(values)


def unseen(point: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], Callable[[Values], Tensor]] | None:
    r"""A direction orthogonal to all rows of $U_2,\dots,U_L$: constants, and a function of the values and these.

    A coordinate direction where a column of all $U_l$ is exactly zero. Else, for $k<d$ rows, the cross product of the
    rows cut to those $k+1$ coordinates where it is longest, and zero elsewhere. None if there are $d$ rows or more,
    which may span the space, and for dependent rows, whose cross product is zero.
    """
    dimension, empty = len(point["w"]), _empty_columns(point)
    names = inner_rows(point, 2)
    if len(empty):
        return {"unseen": np.eye(dimension)[empty[0]]}, lambda values: values["unseen"]
    if len(names) >= dimension:
        return None
    rows = np.array([point[name][j] for name, j in names])
    if np.linalg.matrix_rank(rows) < len(rows):
        return None
    choices = itertools.combinations(range(dimension), len(rows) + 1)
    # By Cauchy and Binet the squared length of the cross product is the Gram determinant of the cut rows.
    chosen = max(choices, key=lambda c: np.linalg.det(rows[:, c] @ rows[:, c].T))

    def product(values: Values) -> Tensor:
        return normal([[values[name][j][i] for i in chosen] for name, j in names]) @ values["chosen"]

    return {"chosen": np.eye(dimension)[list(chosen)]}, product


def rows_cannot_span(point: Mapping[str, np.ndarray]) -> bool:
    r"""(c2) by structure: the rows of $U_2,\dots,U_L$ that are not zero are too few, or share a zero column."""
    return len(inner_rows(point, 2)) < len(point["w"]) or len(_empty_columns(point)) > 0


def _empty_columns(point: Mapping[str, np.ndarray]) -> np.ndarray:
    rows = np.array([point[name][j] for name, j in inner_rows(point, 2)]).reshape(-1, len(point["w"]))
    return np.flatnonzero(~np.any(rows != 0, axis=0))


def inner_rows(point: Mapping[str, np.ndarray], first: int) -> list[tuple[str, int]]:
    """The rows, by name and index, of $U_l$ for $l$ from ``first`` on that are not exactly zero."""
    rows = [(f"U{k}", j) for k in range(first, depth(point) + 1) for j in range(len(point[f"U{k}"]))]
    return [(name, j) for name, j in rows if np.any(point[name][j] != 0)]


def spanning_rows(point: Mapping[str, np.ndarray]) -> tuple[list[tuple[str, int]], Callable[[Values], Tensor]] | None:
    r"""$d$ rows of $U_2,\dots,U_L$ whose determinant is largest, and that determinant; None if there are fewer."""
    names, dimension = inner_rows(point, 2), len(point["w"])
    if len(names) < dimension:
        return None
    rows = np.array([point[name][j] for name, j in names])
    choices = itertools.combinations(range(len(names)), dimension)
    chosen = [names[i] for i in max(choices, key=lambda c: abs(np.linalg.det(rows[list(c)])))]
    return chosen, lambda values: determinant([[values[name][j][i] for i in range(dimension)] for name, j in chosen])


def feature_slopes(values: Values, family: Family) -> list[Tensor]:
    r"""The vectors $g_l=E[\ell'\phi_l]$."""
    phi, hidden = features(values, values["X"], family.activation)
    residual = loss_of(family.loss).slope(hidden @ values["w"], values["y"])
    return [residual @ p / values["y"].shape[0] for p in phi]


def slope_and_curvature(values: Values, direction: Tensor, family: Family) -> tuple[Tensor, Tensor, Tensor]:
    r"""$\sum_l|g_l|^2$ with $g_l=E[\ell'\phi_l]$, $E[\ell''(n\cdot h_L)^2]$, and $|n|^2$, for $n$ = ``direction``."""
    first, *rest = [(slope * slope).sum() for slope in feature_slopes(values, family)]
    squared = first
    for term in rest:
        squared = squared + term
    hidden = features(values, values["X"], family.activation)[1]
    bend = loss_of(family.loss).curvature(hidden @ values["w"], values["y"])
    seen = hidden @ direction
    return squared, (bend * seen * seen).mean(), (direction * direction).sum()


def bound_excess(values: Values, direction: Tensor, family: Family) -> Tensor:
    r"""$\beta^2|n|^2-\beta E[\ell''(n\cdot h_L)^2]-|n|^2\sum_l|g_l|^2$ for ``beta`` $=\beta<0$.

    It is $\ge0$ if and only if $\beta\le\frac12\bigl(C-\sqrt{C^2+4G^2}\bigr)$ with $C=E[\ell''(v\cdot h_L)^2]$,
    $v=n/|n|$ and $G^2=\sum_l|g_l|^2$: both say $\sqrt{C^2+4G^2}\le C-2\beta$, whose right side is positive, so that
    squaring is an equivalence.
    """
    slope, curvature, length = slope_and_curvature(values, direction, family)
    beta = values["beta"]
    return beta * (beta * length - curvature) - slope * length


def bound_strictness(values: Values, direction: Tensor, family: Family) -> Tensor:
    r"""$|n|^2\sum_l|g_l|^2$: positive where $n\ne0$ is a direction and $\frac12\bigl(C-\sqrt{C^2+4G^2}\bigr)<0$."""
    slope, _, length = slope_and_curvature(values, direction, family)
    return slope * length


def shifted_risk(values: Values, family: Family, parameters: Sequence[str]) -> Tensor:
    r"""$R(\theta)-\frac\beta2|\theta|^2$, whose Hessian is $\nabla^2R-\beta I$."""
    total = risk(values, family)
    for name in parameters:
        total = total - values["beta"] * (values[name] * values[name]).sum() / 2
    return total
