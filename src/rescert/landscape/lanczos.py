r"""The smallest eigenvalue of a Hessian too large to form, by the Lanczos method on Hessian-vector products.

$m$ products with a symmetric $H$ span the Krylov space of a start $q_1$ by vectors $Q=(q_1,\dots,q_m)$ with

$$HQ=QT+\beta\,q_{m+1}e_m^{\mathsf T},\qquad T=Q^{\mathsf T}HQ,$$

and an eigenpair $Ts=\theta s$ gives the Ritz vector $v=Qs$ with $|Hv-\theta v|=\beta|s_m|$. When that falls below the
tolerance, $Hv$ is formed once more: what is returned is the Rayleigh quotient $\theta=v^{\mathsf T}Hv$ of the unit
vector $v$ and the norm of its residual, whatever the rounding errors in $Q$ and $T$ were.

**What this shows.** Write $v=\sum_ic_iu_i$ in eigenvectors of $H$, $\sum c_i^2=1$. Then
$|Hv-\theta v|^2=\sum_i(\lambda_i-\theta)^2c_i^2\ge\min_i(\lambda_i-\theta)^2$: some eigenvalue lies within the residual
of $\theta$. And $\theta=\sum_i\lambda_ic_i^2\ge\lambda_{\min}$.

**What it doesn't show:** that $\theta$ *is* the smallest eigenvalue. A start orthogonal to the lowest eigenvector never
sees it, and no residual tells. For a random start misses are unlikely: `Eigenpair.likely_above` says how far below
$\theta$ the smallest may be, with which probability. All numbers are floats; a certificate for $\lambda_{\min}<0$ is
`rescert.certify.inertia.prove_negative_direction` at $v$.

Orthogonality is lost where Ritz vectors converge (Paige, 1971). A recurrence estimates the loss (Simon, 1984), and a
vector is orthogonalised against all others only where it exceeds $\sqrt\varepsilon$, so that $T$ is the projection of
$H$ up to $\varepsilon|H|$, or a tenth of the tolerance over $|H|$, so that $Qs$ is near enough to the Ritz vector. A
full basis is cut down to its lowest Ritz vectors (Wu and Simon, 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy.linalg import eigh
from scipy.optimize import brentq
from torch import Tensor

from rescert.certify.tensors import owned

if TYPE_CHECKING:
    from rescert.landscape.risk import Landscape

Product = Callable[[Tensor], Tensor]
EPS, TINY = float(np.finfo(np.float64).eps), float(np.finfo(np.float64).tiny)
DENSE = 2000  # up to so many parameters the Hessian is formed and decomposed


@dataclass(frozen=True, eq=False)
class Eigenpair:
    r"""A unit vector, its Rayleigh quotient $\theta$ and $|Hv-\theta v|$, as computed in floats.

    ``interval`` contains an eigenvalue and ``value`` is not below the smallest; that they belong together is likely
    (`likely_above`), not proved. ``converged`` says that the residual is within the tolerance asked for.
    ``products`` is what it cost. ``ritz`` are all Ritz values of the start's own Krylov space, before any restart, in
    ascending order, and ``couplings`` its $\beta_1,\dots,\beta_m$.
    """

    value: float
    vector: Tensor
    residual: float
    converged: bool
    products: int
    ritz: np.ndarray
    couplings: np.ndarray

    @property
    def interval(self) -> tuple[float, float]:
        r"""$[\theta-|Hv-\theta v|,\ \theta+|Hv-\theta v|]$, which contains an eigenvalue."""
        return self.value - self.residual, self.value + self.residual

    @property
    def norm(self) -> float:
        """The largest Ritz value in size: $|H|$ is at least that."""
        return float(max(-self.value, -self.ritz[0], self.ritz[-1]))

    def likely_above(self, risk: float = 1e-6) -> float:
        r"""A number that $\lambda_{\min}$ is not below, but for a share ``risk`` of normal random starts.

        By the three-term recurrence $q_{m+1}=\pi(H)q_1$ with $\pi(t)=\prod_i(t-\theta_i)/\prod_j\beta_j$ over the Ritz
        values. With $\gamma$ the component of $q_1$ along an eigenvector of $\lambda_{\min}$,
        $1=|q_{m+1}|\ge|\gamma\,\pi(\lambda_{\min})|$. The direction of a normal start is uniform on the sphere in
        $\mathbb R^p$; for $p\ge3$ the density of $\gamma$ is largest at 0, there
        $\Gamma(\frac p2)/\sqrt\pi\,\Gamma(\frac{p-1}2)\le\sqrt{p/2\pi}$, so that
        $P(|\gamma|<\delta)\le\delta\sqrt{2p/\pi}$ (for $p=2$ it is $\frac2\pi\arcsin\delta\le\delta$). Let this be the
        ``risk``. Then $|\pi(\lambda_{\min})|\le1/\delta$ but for that share, and because $|\pi|$ falls to 0 on
        $(-\infty,\theta_1]$, $\lambda_{\min}$ is not below the $t<\theta_1$ with $|\pi(t)|=1/\delta$
        (van Dorsselaer, Hochstenbach and van der Vorst, 2000). Exact arithmetic is assumed.
        """
        if not 0 < risk < 1:
            raise ValueError(f"expected a risk between 0 and 1, got {risk}")
        target = log(sqrt(2 * self.vector.numel() / pi) / risk) + float(np.log(self.couplings).sum())
        above = self.ritz - self.ritz[0]

        def excess(distance: float) -> float:
            return float(np.log(above + distance).sum()) - target

        high = max(float(above[-1]), abs(self.value), 1.0)
        while excess(high) < 0:
            high *= 2
        low = high
        while excess(low) > 0:
            low /= 2
            if low < TINY:
                return min(self.value, float(self.ritz[0]))
        return min(self.value, float(self.ritz[0]) - brentq(excess, low, 2 * high))

    def __str__(self) -> str:
        low, high = self.interval
        return (
            f"an eigenvalue lies in [{low:.12g}, {high:.12g}], and the smallest is at most {self.value:.12g}; "
            f"that it is the smallest is not proved"
        )


def hessian_product(risk: Tensor, parameters: Tensor | Sequence[Tensor]) -> Product:
    r"""The map $v\mapsto\nabla^2R\,v$ at one point, for a network of one's own.

    ``risk`` is a scalar computed from ``parameters``, one tensor or several (``list(module.parameters())``), which
    require gradients. The graph of $\nabla R$ is made once and kept as long as the map is; each product is one
    backward pass through it, as $\nabla(\nabla R\cdot v)$. Vectors are flat, the parameters one after the other.
    Raises ``ValueError`` where a parameter is not float64, for at single precision no residual gets small.

    With $R=x^2y$ the Hessian at $(1,2)$ is $\begin{pmatrix}4&2\\2&0\end{pmatrix}$:

    >>> x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    >>> hessian_product(x[0] ** 2 * x[1], x)(torch.tensor([1.0, 0.0], dtype=torch.float64)).tolist()
    [4.0, 2.0]
    """
    leaves = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if risk.numel() != 1 or risk.grad_fn is None:
        raise ValueError(f"expected a scalar risk computed from parameters, got shape {tuple(risk.shape)} of a leaf")
    if not leaves or any(leaf.dtype != torch.float64 or not leaf.requires_grad for leaf in leaves):
        found = sorted({f"{leaf.dtype}, requires_grad={leaf.requires_grad}" for leaf in leaves})
        raise ValueError(f"expected float64 parameters that require gradients, got {found or 'none'}")
    sizes = [leaf.numel() for leaf in leaves]
    slopes = torch.autograd.grad(risk, leaves, create_graph=True, materialize_grads=True)
    curved = [k for k, slope in enumerate(slopes) if slope.requires_grad]

    def product(vector: Tensor) -> Tensor:
        if vector.shape != (sum(sizes),):
            raise ValueError(f"expected a vector of {sum(sizes)} entries, got shape {tuple(vector.shape)}")
        if not curved:
            return torch.zeros_like(vector)
        parts = [part.view_as(leaf) for part, leaf in zip(vector.split(sizes), leaves, strict=True)]
        chosen, seeds = [slopes[k] for k in curved], [parts[k] for k in curved]
        turned = torch.autograd.grad(chosen, leaves, seeds, retain_graph=True, materialize_grads=True)
        return torch.cat([part.reshape(-1) for part in turned])

    return product


def smallest_eigenvalue(
    product: Product, start: Tensor, tolerance: float = 1e-8, basis: int = 160, limit: int = 2000
) -> Eigenpair:
    r"""The lowest Ritz pair of a symmetric ``product``, with $|Hv-\theta v|\le$ ``tolerance`` where ``converged``.

    ``start`` is a float64 vector, normal draws from a named generator; ``basis`` vectors are held at most, ``limit``
    products spent at most. See the module for what the result shows and what it doesn't.
    Raises ``ValueError`` for a zero or non-finite start, and where a product is not finite.

    >>> found = smallest_eigenvalue(lambda v: torch.tensor([3.0, -1.0, 2.0]) * v, torch.ones(3).double())
    >>> round(found.value, 12), found.converged, found.products
    (-1.0, True, 4)
    """
    if start.ndim != 1 or start.dtype != torch.float64 or not bool(start.isfinite().all()) or not bool(start.any()):
        raise ValueError(f"expected a finite float64 start other than zero, got {start.dtype} {tuple(start.shape)}")
    if tolerance <= 0 or basis < 3 or limit < 2:
        raise ValueError(f"expected tolerance > 0, basis >= 3, limit >= 2, got {tolerance}, {basis}, {limit}")
    krylov = _Krylov(product, start, min(basis, len(start)), tolerance)
    spent, wanted = 0, tolerance
    while True:
        krylov.extend()
        spent += 1
        weights = krylov.lowest()
        last = krylov.exhausted or spent + 2 > limit
        estimate, floor = krylov.coupling * abs(weights[-1]), EPS * krylov.size
        if estimate > max(wanted, floor) and not last:
            continue
        vector = krylov.combine(weights)
        turned = product(vector)
        spent += 1
        value = float(vector @ turned)
        residual = float((turned - value * vector).norm())
        if residual <= tolerance or last or estimate <= floor:
            break
        wanted /= 4  # the estimate was too good: rounding errors
    return Eigenpair(value, vector, residual, residual <= tolerance, spent, *krylov.first())


@dataclass(frozen=True)
class Smallest:
    r"""For a stack of points: $\theta$ (``batch``), $v$ (``batch p``), $|Hv-\theta v|$ (``batch``), $|H|$ (``batch``).

    ``norms`` are the largest Ritz value in size where ``dense`` is False: not more than $|H|$, up to rounding.
    """

    values: Tensor
    vectors: Tensor
    residuals: Tensor
    norms: Tensor
    dense: bool


def smallest(
    landscape: Landscape, theta: Tensor, labels: Tensor, start: Tensor, tolerance: float = 1e-8, dense: int = DENSE
) -> Smallest:
    r"""The smallest eigenvalue of the Hessian at each point, parameters ``batch p``, labels ``batch n``.

    Up to ``dense`` parameters all eigenvalues are computed. Above, it is the lowest Ritz value of `smallest_eigenvalue`
    from ``start`` (``p``), with what that shows and doesn't; a residual above ``tolerance`` says that it stopped short.
    """
    if landscape.size <= dense:
        matrices = landscape.hessian(theta, labels)
        values, vectors = torch.linalg.eigh(matrices)
        lowest, vector = values[:, 0], vectors[:, :, 0]
        residuals = ((matrices @ vector[..., None])[..., 0] - lowest[:, None] * vector).norm(dim=1)
        return Smallest(lowest, vector, residuals, values.abs().amax(1), dense=True)
    pairs = [
        smallest_eigenvalue(landscape.product(*point), start.to(theta), tolerance)
        for point in zip(theta, labels, strict=True)
    ]
    found = [(pair.value, pair.residual, pair.norm) for pair in pairs]
    values, residuals, norms = torch.tensor(found, dtype=torch.float64).to(theta).unbind(1)
    return Smallest(values, torch.stack([pair.vector for pair in pairs]), residuals, norms, dense=False)


class _Krylov:
    r"""$HQ=QT+\beta q_{m+1}e_m^{\mathsf T}$: ``length`` is $m$, ``coupling`` $\beta$; rows of ``vectors`` are $q_i$."""

    def __init__(self, product: Product, start: Tensor, capacity: int, tolerance: float) -> None:
        self.product, self.capacity, self.tolerance = product, capacity, tolerance
        self.vectors = start.new_empty(capacity + 1, len(start))
        self.vectors[0] = start / start.norm()
        self.projected = np.zeros((capacity + 1, capacity + 1))
        self.overlaps = np.eye(capacity + 1)
        self.length = 0
        self.coupling, self.size = 0.0, 0.0
        self.again = self.exhausted = False
        self.beginning: tuple[np.ndarray, np.ndarray] | None = None

    def extend(self) -> None:
        """One product more."""
        if self.length == self.capacity:
            self.restart()
        j, basis = self.length, self.vectors[: self.length + 1]
        new = self.product(basis[j])
        length = float(new.norm())
        if not isfinite(length):
            raise ValueError("expected finite Hessian-vector products, got NaN or infinity")
        self.size = max(self.size, length)
        column = self.projected[: j + 1, j]
        linked = np.flatnonzero(column).tolist()  # the vector before, or all that a restart kept
        new = new - owned(column[linked]).to(new) @ basis[linked]
        column[j] = float(basis[j] @ new)
        new -= column[j] * basis[j]
        coupling = float(new.norm())
        lost = self.estimate(coupling)
        allowed = min(sqrt(EPS), self.tolerance / (10 * self.size)) if self.size else 1.0
        if self.again or np.abs(lost).max() > allowed:
            for _ in range(2):
                new -= (basis @ new) @ basis
            coupling, lost = float(new.norm()), np.full(j + 1, EPS)
            self.again = not self.again  # the recurrence couples two vectors: clean both
        self.overlaps[j + 1, : j + 1] = self.overlaps[: j + 1, j + 1] = lost
        self.projected[j + 1, j] = self.projected[j, j + 1] = self.coupling = coupling
        self.length += 1
        self.exhausted = coupling <= EPS * sqrt(new.numel()) * self.size or self.length == new.numel()
        self.vectors[j + 1] = new / coupling if coupling > 0 else new

    def estimate(self, coupling: float) -> np.ndarray:
        r"""What $q_{m+1}^{\mathsf T}q_i$, $i\le m$, may have grown to.

        From $q_m^{\mathsf T}Hq_i=q_i^{\mathsf T}Hq_m$ and the relation, with $W=Q^{\mathsf T}Q$:
        $\beta\,q_{m+1}^{\mathsf T}q_i=(TW)_{im}-(WT)_{im}$ for $i<m$, and rounding errors of size $\varepsilon|H|$.
        """
        m = self.length + 1
        matrix, overlaps = self.projected[:m, :m], self.overlaps[:m, :m]
        grown = matrix @ overlaps[:, -1] - overlaps @ matrix[:, -1]
        grown[-1] = 0.0
        noise = EPS * sqrt(self.vectors.shape[1]) * self.size
        return (grown + np.copysign(noise, grown)) / max(coupling, EPS * self.size, TINY)

    def lowest(self) -> np.ndarray:
        """The weights of the lowest Ritz vector."""
        matrix = self.projected[: self.length, : self.length]
        return eigh(matrix, subset_by_index=[0, 0])[1][:, 0]

    def first(self) -> tuple[np.ndarray, np.ndarray]:
        """The Ritz values and the couplings of the first Krylov space, before any restart."""
        if self.beginning is None:
            matrix = self.projected[: self.length, : self.length]
            couplings = np.append(np.diag(matrix, 1), self.coupling)
            self.beginning = np.linalg.eigvalsh(matrix), np.maximum(couplings, TINY)
        return self.beginning

    def combine(self, weights: np.ndarray) -> Tensor:
        """The unit vector with these weights."""
        vector = owned(weights).to(self.vectors) @ self.vectors[: self.length]
        return vector / vector.norm()

    def restart(self) -> None:
        r"""Keep the lowest Ritz vectors $Y=QS$: $HY=Y\Theta+\beta q_{m+1}s^{\mathsf T}$, $s$ the last row of $S$."""
        self.first()
        m, kept = self.length, max(1, self.capacity // 3)
        values, weights = np.linalg.eigh(self.projected[:m, :m])
        values, weights = values[:kept], weights[:, :kept]
        following = self.vectors[m].clone()
        self.vectors[:kept] = owned(weights.T.copy()).to(following) @ self.vectors[:m]
        for _ in range(2):
            following -= (self.vectors[:kept] @ following) @ self.vectors[:kept]
        self.vectors[kept] = following / following.norm()
        self.projected[:] = 0.0
        self.projected[range(kept), range(kept)] = values
        self.projected[kept, :kept] = self.projected[:kept, kept] = self.coupling * weights[-1]
        self.overlaps[:] = np.eye(self.capacity + 1)
        self.length, self.again = kept, True
