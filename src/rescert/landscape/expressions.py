r"""What Theorem 2 of Yun, Sra and Jadbabaie is about, as expressions that `rescert.certify.problem.trace` records.

Each function takes the values (parameters, inputs ``X`` (n, d), labels ``y`` (n)) and returns a tensor made of
traceable operations, so that the same lines give floats in a search and balls in a proof. The loss is squared:
$\ell'=f-y$, $\ell''=1$.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from rescert.networks.residual_blocks import depth, features, squared_risk

Values = Mapping[str, Tensor]
Matrix = Sequence[Sequence[Tensor] | Tensor]


def risk(values: Values, activation: str) -> Tensor:
    """$R(\\theta)$, a scalar."""
    return squared_risk(values, values["X"], values["y"], activation)


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
    r"""$R_{\mathrm{lin}}=\min_t\frac1{2n}|Xt-y|^2$, without bias, by elimination on the Gram matrix of $[X,y]$.

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


def linear_excess(values: Values, activation: str) -> Tensor:
    """$R(\\theta)-R_{\\mathrm{lin}}$, a scalar."""
    return risk(values, activation) - linear_risk(values)


def unseen(point: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], Callable[[Values], Tensor]] | None:
    r"""A direction orthogonal to all rows of $U_2,\dots,U_L$: constants, and a function of the values and these.

    A coordinate direction where a column of all $U_l$ is exactly zero, else the cross product of the rows, filled up
    with coordinate rows to $d-1$, so that it is longest. None if there are $d$ rows or more: they may span the space.
    """
    dimension = len(point["w"])
    names = [(f"U{k}", j) for k in range(2, depth(point) + 1) for j in range(len(point[f"U{k}"]))]
    names = [(name, j) for name, j in names if np.any(point[name][j] != 0)]
    rows = np.array([point[name][j] for name, j in names]).reshape(-1, dimension)
    empty = np.flatnonzero(~np.any(rows != 0, axis=0))
    if len(empty):
        return {"unseen": np.eye(dimension)[empty[0]]}, lambda values: values["unseen"]
    if len(rows) >= dimension:
        return None
    fillings = [np.array(f) for f in itertools.combinations(np.eye(dimension), dimension - 1 - len(rows))]
    stacked = [np.concatenate([rows, filling.reshape(-1, dimension)]) for filling in fillings]
    filling = fillings[int(np.argmax([np.linalg.det(m @ m.T) for m in stacked]))]

    def product(values: Values) -> Tensor:
        return normal([values[name][j] for name, j in names] + [values["filling"][i] for i in range(len(filling))])

    return ({"filling": filling} if len(filling) else {}), product


def slope_and_curvature(values: Values, direction: Tensor, activation: str) -> tuple[Tensor, Tensor, Tensor]:
    r"""$\sum_l|g_l|^2$ with $g_l=E[\ell'\phi_l]$, $E[\ell''(n\cdot h_L)^2]$, and $|n|^2$, for $n$ = ``direction``."""
    samples = values["y"].shape[0]
    phi, hidden = features(values, values["X"], activation)
    residual = hidden @ values["w"] - values["y"]
    slopes = [residual @ p / samples for p in phi]
    squared = (slopes[0] * slopes[0]).sum()
    for slope in slopes[1:]:
        squared = squared + (slope * slope).sum()
    seen = hidden @ direction
    return squared, (seen * seen).mean(), (direction * direction).sum()


def bound_excess(values: Values, direction: Tensor, activation: str) -> Tensor:
    r"""$\beta^2|n|^2-\beta E[\ell''(n\cdot h_L)^2]-|n|^2\sum_l|g_l|^2$ for ``beta`` $=\beta<0$.

    It is $\ge0$ if and only if $\beta\le\frac12\bigl(C-\sqrt{C^2+4G^2}\bigr)$ with $C=E[\ell''(v\cdot h_L)^2]$,
    $v=n/|n|$ and $G^2=\sum_l|g_l|^2$: both say $\sqrt{C^2+4G^2}\le C-2\beta$, whose right side is positive, so that
    squaring is an equivalence.
    """
    slope, curvature, length = slope_and_curvature(values, direction, activation)
    beta = values["beta"]
    return beta * (beta * length - curvature) - slope * length


def bound_strictness(values: Values, direction: Tensor, activation: str) -> Tensor:
    r"""$|n|^2\sum_l|g_l|^2$: positive where $n\ne0$ is a direction and $\frac12\bigl(C-\sqrt{C^2+4G^2}\bigr)<0$."""
    slope, _, length = slope_and_curvature(values, direction, activation)
    return slope * length


def shifted_risk(values: Values, activation: str, parameters: Sequence[str]) -> Tensor:
    r"""$R(\theta)-\frac\beta2|\theta|^2$, whose Hessian is $\nabla^2R-\beta I$."""
    total = risk(values, activation)
    for name in parameters:
        total = total - values["beta"] * (values[name] * values[name]).sum() / 2
    return total
