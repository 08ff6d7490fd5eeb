r"""Critical points with $w\ne0$ above the best linear risk, by designing the labels.

The losses here have $\ell'(p;y)=\ell'(p;0)-y$, and $\nabla R=\frac1nJ^{\mathsf T}\ell'$ with the Jacobian
$J=\partial f/\partial\theta$: for *any* $\theta$ and any $r$ with $J^{\mathsf T}r=0$ the labels $y=\ell'(f;0)-r$ make
$\theta$ critical; with the squared loss $y=f-r$ and the risk is $|r|^2/2n$. With the logistic loss $r$ is scaled so
that $0<y<1$. By the proof of Theorem 2 the risk of such a point exceeds $R_{\mathrm{lin}}$ only if
$v^{\mathsf T}w=0$ for every unit $v$ orthogonal to the rows of $U_2,\dots,U_L$. So $\theta$ is drawn with $w_1=0$, the
first column of every $U_l$, $l\ge2$, zero ($v=e_1$), and only the first row of $V_1$ not zero: the network does not see
the first coordinate of $h_1,\dots,h_L$, nor the first block, which shapes $h_L$ alone. With one block nothing is
hidden: there $w\ne0$ implies $R\le R_{\mathrm{lin}}$. $J$ loses the columns of $U_1$, $b_1$ and of the first rows of
all $V_l$, and $r$ may correlate with $x$: it is the projection of the hidden coordinate $x_1$ on the null space of
$J^{\mathsf T}$.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rescert.landscape.risk import Landscape
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import depth

INSIDE = 0.9  # share of the room that the labels of the logistic loss take within [0, 1]
OUTPUT = 0.1  # root mean square of f, against that of r, which is 1
# Factors on the drawn first block (V, U, b) and on the later ones: r correlates with the hidden coordinate only if the
# first block is far from linear and the later ones dominate w. V of the later ones is shared among these.
FIRST, LATER = {"V": 8.0, "U": 2.0, "b": 2.0}, {"V": 20.0, "U": 4.0, "b": 2.0}


def find(landscape: Landscape, starts: Tensor, labels: Tensor, iterations: int) -> tuple[Tensor, Tensor]:
    """Starts ``batch p`` with the first coordinate hidden, and labels ``batch n`` that make them critical.

    The given labels are not used. Raises ``ValueError`` if there are not more samples than parameters.
    """
    samples = len(landscape.inputs)
    if samples <= landscape.size:
        raise ValueError(f"expected more than {landscape.size} samples to design labels, got {samples}")
    theta = _hidden(landscape, starts) if depth(landscape.shapes) > 1 else starts
    outputs, jacobian = landscape.outputs(theta), landscape.jacobian(theta)
    left, singular, _ = torch.linalg.svd(jacobian, full_matrices=False)
    # The zero columns of J make it rank deficient: their left vectors are no constraint.
    left = left * (singular > 1e-12 * singular[:, :1])[:, None, :]
    residual = landscape.inputs[:, 0].expand(len(theta), -1)
    for _ in range(2):  # the second projection removes the rounding errors of the first
        residual = residual - (left @ (left.mT @ residual[..., None]))[..., 0]
    residual = residual / residual.square().mean(1, keepdim=True).sqrt()
    loss = loss_of(landscape.loss)
    middle = loss.slope(outputs, torch.zeros_like(outputs))
    if loss.labels is not None:
        low, high = loss.labels
        room = torch.where(residual > 0, middle - low, high - middle) / residual.abs().clamp_min(1e-300)
        residual = INSIDE * room.amin(1, keepdim=True) * residual
    return theta, middle - residual


def _hidden(landscape: Landscape, starts: Tensor) -> Tensor:
    """The starts changed so that the network sees neither the first coordinate nor the first block."""
    parameters = {name: value.clone() for name, value in landscape.unravel(starts).items()}
    later = LATER | {"V": LATER["V"] ** (1 / (depth(parameters) - 1))}
    for name in parameters:
        if name != "w":
            parameters[name] *= (FIRST if name[1:] == "1" else later)[name[0]]
    parameters["w"][:, 0] = 0
    parameters["V1"][:, 1:] = 0
    for block in range(2, depth(parameters) + 1):
        parameters[f"U{block}"][:, :, 0] = 0
    outputs = landscape.outputs(landscape.ravel(parameters))
    parameters["w"] *= OUTPUT / outputs.square().mean(1, keepdim=True).sqrt()
    return landscape.ravel(parameters)
