r"""The best linear risk $R_{\mathrm{lin}}=\inf_t\varrho(t)$, $\varrho(t)=E[\ell(t^{\mathsf T}x;y)]$, without bias.

$E$ is a mean over finitely many samples, $\ell$ is convex. For the squared loss the infimum has a closed form
(`rescert.landscape.expressions.linear_risk`); for the logistic loss it is enclosed, or no minimum at all
(`rescert.landscape.separation`).

## Upper bound

Every predictor $t_0$ is a witness: $R_{\mathrm{lin}}\le\varrho(t_0)$, whether or not there is a minimum. So
$R(\theta)-\varrho(t_0)>0$ over a box of parameters and labels shows $R>R_{\mathrm{lin}}$ there.

## Lower bound

For the use in other bounds let a linear term be added: $\varrho_c(t)=\varrho(t)+c^{\mathsf T}t$, $c=0$ for
$R_{\mathrm{lin}}$. Write $g=\nabla\varrho_c(t_0)=E[\ell'(t_0^{\mathsf T}x;y)\,x]+c$.

**Lemma.** Let $\lambda>0$, $r>0$, and let $\varrho(t)-\frac\lambda2|t|^2$ have a positive definite Hessian for all $t$
in the cube $t_0+[-r,r]^d$. If $|g|<\frac12\lambda r$, then $\varrho_c$ has exactly one minimiser $\hat t$, with
$$|\hat t-t_0|\le\frac{|g|}\lambda<\frac r2,\qquad\varrho_c(\hat t)\ge\varrho_c(t_0)-\frac{|g|^2}{2\lambda}.$$

*Proof.* The cube contains the ball $B$ of radius $r$ around $t_0$. On $B$, by Taylor's formula,
$\varrho_c(t)\ge\varrho_c(t_0)+g^{\mathsf T}(t-t_0)+\frac\lambda2|t-t_0|^2$. With $s=|t-t_0|$ this is at least
$\varrho_c(t_0)-|g|s+\frac\lambda2s^2$, which at $s=r$ exceeds $\varrho_c(t_0)$. So the minimum of $\varrho_c$ over $B$
lies inside $B$; there the gradient is zero, and by convexity it is a global minimum. It is the only one, since
$\varrho_c$ is strictly convex on $B$ and the minimisers of a convex function form a convex set. The smallest value of
$-|g|s+\frac\lambda2s^2$ is $-|g|^2/(2\lambda)$. Strong convexity along the segment from $\hat t$ to $t_0$, which lies
in $B$, gives $g^{\mathsf T}(t_0-\hat t)\ge\lambda|t_0-\hat t|^2$, so $|t_0-\hat t|\le|g|/\lambda$. $\square$

Labels and $c$ may vary in a box: the assertions then hold for each of them, with a minimiser of its own. Krawczyk's
operator would give a box for $\hat t$, too; but over that box $\varrho$ varies by first-order terms, while
$|g|^2/(2\lambda)$ is of second order, and $\varrho(t_0)$ is taken at one exact point. So $R\le R_{\mathrm{lin}}$ over a
box follows from three assertions: definiteness of the shifted Hessian over the cube, $|g|^2-\frac14\lambda^2r^2<0$, and
$R(\theta)-\varrho(t_0)+|g|^2/(2\lambda)\le0$.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rescert.certify import balls, inertia, sign
from rescert.certify.balls import Box
from rescert.certify.problem import Program, trace
from rescert.certify.tensors import owned
from rescert.landscape import expressions
from rescert.landscape.separation import Separation, separate
from rescert.networks.losses import LOSSES, Loss, loss_of

Values = Mapping[str, Tensor]
Tilt = Callable[[Values], Tensor]
STEPS = 60  # Newton steps; on data without a minimum, steps of about one unit of the margin each
HALVINGS = 12
DRIVER = "gelsd"  # on the CPU; the last bits of the default, gelsy, change from run to run
LEAST_RADIUS = 2.0**-40
INNER = ("X", "predictor", "modulus")  # names of constants, not to be used for parameters


def minimise(inputs: Tensor, labels: Tensor, loss: str) -> tuple[Tensor, Tensor]:
    r"""Floats: a minimiser $t$ (batch d) of $\varrho$ and its value (batch), for labels (batch n), inputs (n d).

    Logistic: Newton's method, halving steps that do not descend. Where the infimum is not attained, $t$ is long and
    the value is close to the infimum, from above.
    """
    chosen = _loss(loss, labels)
    if loss == "squared":
        fit = torch.linalg.lstsq(inputs.expand(len(labels), -1, -1), labels[..., None], driver=DRIVER).solution[..., 0]
        return fit, chosen.value(fit @ inputs.mT, labels).mean(-1)
    point = torch.zeros(len(labels), inputs.shape[1], dtype=inputs.dtype, device=inputs.device)
    lengths = torch.cat([0.5 ** torch.arange(HALVINGS), torch.zeros(1)]).to(inputs)
    favour = 1 - 16 * torch.finfo(inputs.dtype).eps  # a full step may seem to ascend by the rounding of the values
    for _ in range(STEPS):
        predicted = point @ inputs.mT
        gradient = chosen.slope(predicted, labels) @ inputs / len(inputs)
        hessian = (chosen.curvature(predicted, labels)[:, None, :] * inputs.mT) @ inputs / len(inputs)
        step = torch.linalg.lstsq(hessian, -gradient[..., None], driver=DRIVER).solution[..., 0]
        tried = chosen.value((point + lengths[:, None, None] * step) @ inputs.mT, labels).mean(-1)
        tried[0] *= favour
        point = point + lengths[tried.argmin(0)][:, None] * step
        if bool((step.norm(dim=1) <= 16 * torch.finfo(inputs.dtype).eps * point.norm(dim=1)).all()):
            break
    return point, chosen.value(point @ inputs.mT, labels).mean(-1)


def _loss(name: str, labels: Tensor | np.ndarray) -> Loss:
    """The loss; raises ``ValueError`` where it has none for these labels."""
    chosen = loss_of(name)
    low, high = chosen.labels or (-torch.inf, torch.inf)
    if not bool(((labels >= low) & (labels <= high)).all()):
        raise ValueError(f"expected labels in [{low:g}, {high:g}] for the {name} loss")
    return chosen


def predictor_risk(values: Values, loss: str) -> Tensor:
    r"""$\varrho(t)$ at $t$ = ``predictor``, for inputs ``X`` and labels ``y``: an upper bound of $R_{\mathrm{lin}}$."""
    return LOSSES[loss].value(values["X"] @ values["predictor"], values["y"]).mean()


def squared_slope(values: Values, loss: str, tilt: Tilt | None = None) -> Tensor:
    r"""$|g|^2$ at the ``predictor``, with $c$ = ``tilt`` (0 without one)."""
    slopes = LOSSES[loss].slope(values["X"] @ values["predictor"], values["y"])
    gradient = slopes @ values["X"] / values["X"].shape[0]
    if tilt is not None:
        gradient = gradient + tilt(values)
    return (gradient * gradient).sum()


def lower_bound(values: Values, loss: str, tilt: Tilt | None = None) -> Tensor:
    r"""$\varrho_c(t_0)-|g|^2/(2\lambda)$ at the ``predictor`` $t_0$ with $\lambda$ = ``modulus``, $c$ = ``tilt``."""
    bound = predictor_risk(values, loss) - squared_slope(values, loss, tilt) / (2 * values["modulus"])
    return bound if tilt is None else bound + (tilt(values) * values["predictor"]).sum()


@dataclass(frozen=True)
class Minimum:
    r"""What is proved of the minimum of $\varrho_c$ near ``predictor``, for all labels and tilts of the box.

    ``attained`` True: the Lemma holds with ``modulus`` $\lambda$, and the minimiser is nearer than ``radius``
    $=\frac r2$, by ``assertions``. False: the infimum is not attained, by the recession direction of ``separation``,
    whose assertions these are. None: not decided.
    """

    predictor: np.ndarray
    modulus: float
    radius: float
    attained: bool | None
    assertions: tuple[dict[str, Any], ...]
    reason: str
    separation: Separation | None = None

    def constants(self, inputs: np.ndarray) -> dict[str, Any]:
        """The constants of `predictor_risk` and `lower_bound`."""
        return {"X": inputs, "predictor": self.predictor, "modulus": self.modulus}


def enclose(inputs: np.ndarray, labels: Any, loss: str) -> Minimum:
    """Try to show a minimum of the linear risk for inputs (n, d) and labels (n), exact or a side of a box."""
    middle, radius = side(labels)
    _loss(loss, middle)
    predictor = minimise(owned(inputs), owned(middle)[None], loss)[0][0].numpy()
    found = prove_minimum(predictor, inputs, {"y": labels}, loss)
    if found.attained is True or loss != "logistic" or radius.any():
        return found
    apart = separate(inputs, middle)
    if apart is None:
        return found
    reason = "the data are strictly separable: the infimum 0 is not attained"
    if not apart.strict:
        reason = "the data are separable up to samples on the border: the infimum is not attained"
    return Minimum(predictor, 0.0, 0.0, False, apart.assertions, reason, apart)


def prove_minimum(
    predictor: np.ndarray, inputs: np.ndarray, box: Box, loss: str, tilt: Tilt | None = None, **constants: Any
) -> Minimum:
    """Try to show the Lemma near ``predictor`` (d) for every point of ``box``, which has the labels as its side ``y``.

    ``tilt`` takes the values named in the box, inputs ``X`` and ``constants``, and is traced; without it, c = 0.
    """
    middle = side(box["y"])[0]
    shapes = {name: side(value)[0].shape for name, value in box.items()}
    X, y = owned(inputs), owned(middle)
    hessian = (LOSSES[loss].curvature(X @ owned(predictor), y)[:, None] * X).mT @ X / len(X)
    least = float(torch.linalg.eigvalsh(hessian)[0]) if bool(torch.isfinite(hessian).all()) else 0.0
    known: dict[str, Any] = {**constants, "X": inputs, "predictor": predictor}
    square = trace(partial(squared_slope, loss=loss, tilt=tilt), shapes, known)
    largest = balls.upper(balls.evaluate(square, box).item())
    if not least > 0 or not np.isfinite(largest):
        return Minimum(predictor, 0.0, 0.0, None, (), "the linear risk is flat in floats")
    modulus = least / 2
    slope = float(np.sqrt(max(largest, 0.0)))
    reach = 4 * slope / modulus + LEAST_RADIUS
    small = sign.prove(
        trace(
            lambda v: squared_slope(v, loss, tilt) - v["modulus"] * v["modulus"] * v["reach"] * v["reach"] / 4,
            shapes,
            {**known, "modulus": modulus, "reach": reach},
        ),
        box,
        "<",
    )
    shifted = trace(
        partial(_shifted, loss=loss),
        {"predictor": predictor.shape, "y": middle.shape},
        {"X": inputs, "modulus": modulus},
    )
    cube = {"predictor": {"mid": predictor, "rad": np.full(predictor.shape, reach)}, "y": box["y"]}
    convex = inertia.prove_definite(shifted, cube, variables=[("predictor", i) for i in range(len(predictor))])
    if convex.assertion is None or small.assertion is None:
        reason = convex.reason if convex.assertion is None else f"the gradient is not small: {small.reason}"
        return Minimum(predictor, modulus, 0.0, None, (), reason)
    reason = f"one minimiser within {reach / 2:.3g} of the predictor"
    return Minimum(predictor, modulus, reach / 2, True, (convex.assertion, small.assertion), reason)


def _shifted(values: Values, loss: str) -> Tensor:
    r"""$\varrho(t)-\frac\lambda2|t|^2$."""
    square = (values["predictor"] * values["predictor"]).sum()
    return predictor_risk(values, loss) - values["modulus"] * square / 2


def side(value: Any) -> tuple[np.ndarray, np.ndarray]:
    """Middle and radius of one side of a box, as arrays of the same shape."""
    middle, radius = (value["mid"], value.get("rad", 0)) if isinstance(value, Mapping) else (value, 0)
    middle = np.asarray(middle, dtype=np.float64)
    return middle, np.array(np.broadcast_to(np.asarray(radius, dtype=np.float64), middle.shape))


@dataclass(frozen=True)
class Comparison:
    r"""How a risk compares with $R_{\mathrm{lin}}$ (or another bound) all over a box of parameters and labels.

    ``below`` True: $R\le R_{\mathrm{lin}}$; False: $R>R_{\mathrm{lin}}$; None: not decided. ``assertions`` prove it.
    """

    below: bool | None
    assertions: tuple[dict[str, Any], ...]
    reason: str


def decide(risk: Callable[[Values], Tensor], box: Box, inputs: np.ndarray, loss: str) -> Comparison:
    r"""Compare ``risk`` with $R_{\mathrm{lin}}$ all over ``box``, which has the labels as its side ``y``.

    ``risk`` takes the values named in ``box`` and the inputs ``X`` (n, d), and is traced. Squared: by the closed form.
    Logistic, and where the closed form fails: by a witness, or by the Lemma. Neither asks where the labels lie, but
    their middle must be in the range of the loss (``ValueError``).
    """
    shapes = {name: side(value)[0].shape for name, value in box.items()}
    if "y" not in shapes or not set(INNER).isdisjoint(shapes):
        raise ValueError(f"expected a side 'y' and none of {INNER} in the box, got {sorted(shapes)}")

    def program(expression: Callable[[Values], Tensor], constants: Mapping[str, Any]) -> Program:
        return trace(lambda values: risk(values) - expression(values), shapes, constants)

    if loss == "squared":
        closed = program(expressions.linear_risk, {"X": inputs})
        below, proof = sign.decide(closed, box, "<=")
        if below is not None and proof.assertion is not None:
            return Comparison(below, (proof.assertion,), proof.reason)
    minimum = enclose(inputs, box["y"], loss)
    constants = minimum.constants(inputs)
    witness = program(partial(predictor_risk, loss=loss), {n: v for n, v in constants.items() if n != "modulus"})
    above = sign.prove(witness, box, ">")
    if above.assertion is not None:
        return Comparison(False, (above.assertion,), f"R > R_lin by a witness; {minimum.reason}")
    if minimum.attained is not True:
        return Comparison(None, (), f"R > R_lin is not shown, and no bound from below: {minimum.reason}")
    least = sign.prove(program(partial(lower_bound, loss=loss), constants), box, "<=")
    if least.assertion is not None:
        return Comparison(True, (*minimum.assertions, least.assertion), f"R <= R_lin; {minimum.reason}")
    return Comparison(None, (), f"R and R_lin are too close: {above.reason}; {least.reason}")
