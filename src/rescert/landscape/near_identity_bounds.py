r"""What is proved of a network near the identity: a point stationary in $w$, and how its risk compares with bounds.

Every answer is about all points of a box in which Krawczyk's inclusion proves the stationary point. The derivations are
in `rescert.claims.ysj_theorem4`; $\mu=1$, labels in $[0,1]$, logistic loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from rescert.certify import krawczyk, sign
from rescert.certify.balls import Box
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof
from rescert.certify.tensors import owned
from rescert.landscape import existence, near_identity
from rescert.landscape.expressions import Family
from rescert.landscape.linear_risk import (
    Comparison,
    Minimum,
    Values,
    lower_bound,
    minimise,
    predictor_risk,
    prove_minimum,
    side,
)
from rescert.landscape.near_identity import LOSS, norm
from rescert.networks.residual_blocks import depth, features

Expression = Callable[[Values], Tensor]
INSIDE = 1 - 1e-9  # of the vector c's length in its bound, so that its being shorter is decided


@dataclass(frozen=True)
class Case:
    """A network, and a ``box`` of the labels and of all parameters that are not exact.

    ``existence`` proves that the box holds a point stationary in w; it is empty where that was not shown, and the box
    is then the given point. ``reason`` says which.
    """

    parameters: near_identity.Arrays
    inputs: np.ndarray
    labels: np.ndarray
    activation: str
    box: Box
    existence: tuple[dict[str, Any], ...]
    reason: str

    def program(self, expression: Expression, **constants: Any) -> Program:
        """The program of an expression of `near_identity`, in the parameters and labels of the box."""
        shapes = {name: side(value)[0].shape for name, value in self.box.items()}
        return trace(expression, shapes, {"X": self.inputs, **self.exact(), **constants})

    def exact(self) -> near_identity.Arrays:
        """The parameters that the box does not name."""
        return {name: value for name, value in self.parameters.items() if name not in self.box}

    def prove(self, expression: Expression, relation: str, **constants: Any) -> Proof:
        return sign.prove(self.program(expression, **constants), self.box, relation)

    def middle(self) -> dict[str, Tensor]:
        """All values as tensors: parameters and labels at the middle of the box, and the inputs."""
        known = {**self.parameters, **{n: side(v)[0] for n, v in self.box.items()}, "X": self.inputs}
        return {name: owned(value) for name, value in known.items()}

    def risk(self, values: Values) -> Tensor:
        return near_identity.risk(values, self.activation)

    def displacement(self, values: Values) -> Tensor:
        return near_identity.displacement(values, self.activation)

    def correlation(self, values: Values) -> Tensor:
        return near_identity.correlation(values, self.activation)


def enclose(parameters: near_identity.Arrays, inputs: np.ndarray, labels: np.ndarray, activation: str) -> Case:
    r"""Try to show a stationary point near the parameters: of $w$ for these blocks, or of all parameters if $w=0$.

    At $w=0$ all derivatives but the one in $w$ vanish identically, and that one is solved for a column of $V_L$.
    """
    moving = ["w"] if parameters["w"].any() else list(parameters)
    constants = {"X": inputs, "y": labels, **{n: v for n, v in parameters.items() if n not in moving}}
    shapes = {name: parameters[name].shape for name in moving}
    program = trace(lambda v: near_identity.risk(v, activation), shapes, constants)
    point = {name: parameters[name] for name in moving}
    side_of_labels = {"y": {"mid": labels, "rad": 0}}
    given = Case(parameters, inputs, labels, activation, side_of_labels, (), "")
    if parameters["w"].any():
        zero = krawczyk.prove(program, krawczyk.polish(program, point))
    else:
        entries = [("w", i) for i in range(len(parameters["w"]))]
        zero = krawczyk.prove(program, point, _column(given), "gradient", entries)
    if zero.box is None or zero.assertion is None:
        box = {**{name: {"mid": value, "rad": 0} for name, value in point.items()}, **side_of_labels}
        return Case(parameters, inputs, labels, activation, box, (), zero.reason)
    return Case(parameters, inputs, labels, activation, {**zero.box, **side_of_labels}, (zero.assertion,), zero.reason)


def enclose_designed(parameters: near_identity.Arrays, inputs: np.ndarray, labels: np.ndarray, activation: str) -> Case:
    """Try to show labels near the given ones for which all derivatives vanish at exactly these parameters."""
    found = existence.enclose(parameters, inputs, labels, Family(activation, LOSS), free_labels=True)
    exact = {name: {"mid": value, "rad": 0} for name, value in {**parameters, "y": labels}.items()}
    box, shown = (exact, ()) if found.box is None else (found.box, found.assertions)
    # the parameters are exact: constants, where the box need not name them
    return Case(parameters, inputs, labels, activation, {"y": box["y"]}, shown, found.reason)


def _column(case: Case) -> list[tuple[str, int]]:
    r"""The entries of the column of $V_L$ that moves $E[\ell'h_L]$ most."""
    values, last = case.middle(), f"V{depth(case.parameters)}"
    phi = features(values, values["X"], case.activation)[0][-1]
    column = int((near_identity.slopes(values, case.activation) @ phi).abs().argmax())
    rows, width = case.parameters[last].shape
    return [(last, i * width + column) for i in range(rows)]


def gradient_differs(case: Case) -> Proof:
    """Try to show that the derivative in w is not zero anywhere in the box."""

    def square(values: Values) -> Tensor:
        gradient = near_identity.slopes(values, case.activation) @ near_identity.hidden(values, case.activation)
        return (gradient * gradient).sum()

    return case.prove(square, ">")


def origin_moves(case: Case) -> Proof:
    r"""Try to show $h_L(0)\ne0$, so that some block is not 0 at 0."""
    origin = np.zeros((1, case.inputs.shape[1]))
    return case.prove(lambda v: norm(near_identity.hidden(v, case.activation)), ">", X=origin)


def describe(case: Case, minimum: Minimum) -> dict[str, Any]:
    """Floats: the risks, the distance from the identity, and the bounds (None: there is no such bound)."""
    values, X, y = case.middle(), case.inputs, case.labels
    displacement = float(case.displacement(values))
    shrunk, tilted = near_identity.shrunk(X, y, displacement), _tilted(case)
    turns = {name: owned(value) for name, value in near_identity.directions(case.parameters).items()}
    growth = float(near_identity.least_growth({**values, **turns}))
    weight = float(near_identity.least_second_growth({**values, **turns}) * near_identity.size(values))
    second = near_identity.shrunk(X, y, weight)
    linear = near_identity.linear_value(X, y, minimum.predictor)
    printed = linear + float(np.linalg.norm(minimum.predictor)) * growth * float(near_identity.size(values))
    stands = minimum.attained is True and case.activation == "tanh"
    return {
        "risk": float(case.risk(values)),
        "linear_risk": 0.0 if minimum.separation is not None and minimum.separation.strict else linear,
        "zero_risk": float(near_identity.zero_risk(values)),
        "growth": growth,
        "displacement": displacement,
        "printed_bound": printed if stands else None,
        "sharper_bound": near_identity.linear_value(X, y, shrunk) + displacement * float(np.linalg.norm(shrunk)),
        "second_order_bound": near_identity.linear_value(X, y, second) + weight * float(np.linalg.norm(second)),
        "exact_bound": near_identity.linear_value(X, y, tilted) + float(case.correlation(values).numpy() @ tilted),
    }


def _tilted(case: Case) -> np.ndarray:
    r"""A float minimiser of $\varrho(t)+t^{\mathsf T}E[\ell'(h_L-x)]$: of the linear risk for the labels $y+\ell'$."""
    values = case.middle()
    labels = values["y"] + near_identity.slopes(values, case.activation)
    return minimise(values["X"], labels[None], LOSS)[0][0].numpy()


def printed_least(values: Values) -> Tensor:
    r"""The printed bound from below: $R_{\mathrm{lin}}$ and $|\hat t|$ by the Lemma, the least possible $\rho_l$."""
    length = norm(values["predictor"]) - values["radius"]
    return lower_bound(values, LOSS) + length * near_identity.least_growth(values) * near_identity.size(values)


def printed_most(values: Values) -> Tensor:
    r"""The printed bound from above: $\varrho(t_0)$, $|t_0|+\frac r2$ and Frobenius norms."""
    length = norm(values["predictor"]) + values["radius"]
    return predictor_risk(values, LOSS) + length * near_identity.most_growth(values) * near_identity.size(values)


def constants(case: Case, minimum: Minimum) -> dict[str, Any]:
    """The constants of `printed_least` and `printed_most`."""
    turns = near_identity.directions(case.parameters)
    return {"predictor": minimum.predictor, "modulus": minimum.modulus, "radius": minimum.radius, **turns}


def below_printed(case: Case, minimum: Minimum) -> Comparison:
    r"""$R$ against the printed bound: True for every admissible $\rho_l$, False for the Frobenius norms."""
    known = constants(case, minimum)
    below = case.prove(lambda v: case.risk(v) - printed_least(v), "<=", **known)
    if below.assertion is not None:
        reason = f"with the least possible Lipschitz constants; {minimum.reason}"
        return Comparison(True, (*minimum.assertions, below.assertion), reason)
    above = case.prove(lambda v: case.risk(v) - printed_most(v), ">", **known)
    if above.assertion is not None:
        return Comparison(False, (*minimum.assertions, above.assertion), "above the bound with Frobenius norms")
    return Comparison(None, (), below.reason)


def below_infimum(case: Case, weight: Expression, **turns: Any) -> Comparison:
    r"""$R$ against $\inf_t\{\varrho(t)+\kappa|t|\}$ with $\kappa$ = ``weight``, in which ``turns`` are constants."""
    kappa = float(case.program(weight, **turns).evaluate({n: side(v)[0] for n, v in case.box.items()}))
    point = near_identity.shrunk(case.inputs, case.labels, kappa)
    if not point.any():
        return _below_zero(case, weight, **turns)
    slope = near_identity.linear_slope(case.inputs, case.labels, point)
    pull = -slope * min(1.0, INSIDE * kappa / float(np.linalg.norm(slope)))
    minimum = prove_minimum(point, case.inputs, {"y": case.box["y"]}, LOSS, lambda v: v["pull"], pull=pull)
    short = case.prove(lambda v: weight(v) - norm(v["pull"]), ">=", pull=pull, **turns)
    if minimum.attained is True and short.assertion is not None:
        known = {"predictor": point, "modulus": minimum.modulus, "pull": pull}
        below = case.prove(lambda v: case.risk(v) - lower_bound(v, LOSS, lambda u: u["pull"]), "<=", **known)
        if below.assertion is not None:
            shown = (*minimum.assertions, short.assertion, below.assertion)
            return Comparison(True, shown, f"below the infimum; {minimum.reason}")
    witness = case.prove(
        lambda v: case.risk(v) - predictor_risk(v, LOSS) - weight(v) * norm(v["predictor"]),
        ">",
        predictor=point,
        **turns,
    )
    if witness.assertion is not None:
        return Comparison(False, (witness.assertion,), "above the bound at one t")
    return Comparison(None, (), f"{minimum.reason}; {short.reason}; {witness.reason}")


def _below_zero(case: Case, weight: Expression, **turns: Any) -> Comparison:
    r"""Where $|\nabla\varrho(0)|\le\kappa$, the infimum is $E[\ell(0;y)]$; and $R-E[\ell(0;y)]\le E[\ell'f]$."""
    short = case.prove(lambda v: weight(v) - norm(near_identity.zero_slope(v)), ">=", **turns)
    least = below_zero_risk(case)
    if short.assertion is None or least.assertion is None:
        return Comparison(None, (), f"{short.reason}; {least.reason}")
    return Comparison(True, (short.assertion, least.assertion), "the infimum is E[loss(0)], at t = 0")


def below_zero_risk(case: Case) -> Proof:
    r"""Try to show $R\le E[\ell(0;y)]$: directly, or by $E[\ell'f]\le0$, which decides the tie at $w=0$."""
    direct = case.prove(lambda v: case.risk(v) - near_identity.zero_risk(v), "<=")
    if direct.assertion is not None:
        return direct
    return case.prove(lambda v: near_identity.radial_slope(v, case.activation), "<=")


def below_second_order(case: Case) -> Comparison:
    r"""$R$ against $\inf_t\{\varrho(t)+\mu|t|SE|x|\}$ with $S$ from the least possible $\rho_l$."""

    def weight(values: Values) -> Tensor:
        return near_identity.least_second_growth(values) * near_identity.size(values)

    return below_infimum(case, weight, **near_identity.directions(case.parameters))


def outer_layers_move(case: Case) -> list[Proof]:
    r"""Try to show $\partial R/\partial V_L=wE[\ell'\phi_L]^{\mathsf T}\ne0$."""
    slope = case.prove(lambda v: near_identity.last_slope(v, case.activation), ">")
    return [slope, case.prove(lambda v: (v["w"] * v["w"]).sum(), ">")]


def output_vanishes(case: Case) -> list[Proof]:
    """The assertions that w = 0, exactly."""
    return [sign.prove_array(case.parameters["w"], relation) for relation in ("<=", ">=")]


def below_exact(case: Case) -> Comparison:
    r"""$R$ against $\inf_t\{\varrho(t)+t^{\mathsf T}E[\ell'(h_L-x)]\}$; at $w=0$ they are equal by the derivation."""
    if not case.parameters["w"].any():
        shown = tuple(p.assertion for p in output_vanishes(case) if p.assertion is not None)
        return Comparison(True, shown, "w = 0: equality, by the derivation")
    point = _tilted(case)
    minimum = prove_minimum(point, case.inputs, case.box, LOSS, case.correlation, **case.exact())
    if minimum.attained is not True:
        return Comparison(None, (), minimum.reason)
    known = {"predictor": point, "modulus": minimum.modulus}
    below = case.prove(lambda v: case.risk(v) - lower_bound(v, LOSS, case.correlation), "<=", **known)
    if below.assertion is None:
        return Comparison(None, (), below.reason)
    return Comparison(True, (*minimum.assertions, below.assertion), f"below the infimum; {minimum.reason}")
