r"""Is the risk at most $\inf_tE[\ell(t^{\mathsf T}h_{k-1};y)]$, the best linear risk of an earlier representation?

The question of the sharper theorem in `rescert.claims.ysj_conjecture`, decided for all points of a box without that
theorem. For the squared loss the infimum has a closed form. For another loss the lemma of
`rescert.landscape.linear_risk` is applied to every point of the box at once: with $\varrho(t)=E[\ell(t^{\mathsf
T}h_{k-1};y)]$, $g=\nabla\varrho(t_0)$, a Hessian of $\varrho(t)-\frac\lambda2|t|^2$ that is positive definite on the
cube $t_0+[-r,r]^d$, and $|g|<\frac12\lambda r$, the infimum is at least $\varrho(t_0)-|g|^2/(2\lambda)$.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rescert.certify import inertia, sign
from rescert.certify.balls import Box
from rescert.certify.problem import trace
from rescert.certify.proof import Proof
from rescert.certify.tensors import owned
from rescert.landscape import expressions, linear_risk
from rescert.landscape.candidate import Candidate
from rescert.landscape.existence import minor_program
from rescert.landscape.expressions import Family, Values, inner_rows
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import features

SLACK = 1e-10  # above the float gradient at $t_0$; boxes of critical points are smaller


def representation(values: Values, family: Family, block: int) -> Tensor:
    """$h_l$ of the inputs ``X`` for $l$ = ``block``, shape ``n d``; $h_0$ are the inputs."""
    earlier = {name: value for name, value in values.items() if name[0] in "VUb" and 0 < int(name[1:]) <= block}
    return features(earlier, values["X"], family.activation)[1] if block else values["X"]


def prove_independent(candidate: Candidate, box: Box, k: int) -> Proof:
    r"""Try to show that $w$ is not in the span of the rows of $U_{k+1},\dots,U_L$, by a minor that does not vanish.

    Rows that are exactly zero are left out: they are zero all over the box. More rows than $d-1$ are not decided.
    """
    point = candidate.point
    vectors = np.array([point["w"], *(point[name][j] for name, j in inner_rows(point, k + 1))])
    count, dimension = vectors.shape
    if count > dimension:
        return Proof(None, None, f"{count - 1} rows may span {dimension} dimensions")
    rows = max(itertools.combinations(range(dimension), count), key=lambda c: abs(np.linalg.det(vectors[:, c])))
    minor = minor_program(point, k, rows)
    relation = ">" if float(minor.evaluate(point)) > 0 else "<"
    return sign.prove(minor, {name: box[name] for name in point}, relation)


def prove_no_worse(candidate: Candidate, box: Box, k: int) -> tuple[Proof, list[dict[str, Any]]]:
    r"""Try to show $R\le\inf_tE[\ell(t^{\mathsf T}h_{k-1};y)]$ over the box: the proof, and all its assertions.

    The proof's ``lower`` and ``upper`` enclose the difference (for the logistic loss, that to a lower bound).
    """
    if candidate.family.loss == "squared":
        program = candidate.program(lambda v, family: squared_excess(v, family, k))
        proof = sign.prove(program, box, "<=")
        return proof, [proof.assertion] if proof.assertion is not None else []
    return _by_lemma(candidate, box, k)


def squared_excess(values: Values, family: Family, k: int) -> Tensor:
    r"""$R-\min_t\frac1{2n}\sum_i(t^{\mathsf T}h_{k-1}(x_i)-y_i)^2$."""
    hidden = representation(values, family, k - 1)
    return expressions.risk(values, family) - expressions.linear_risk({"X": hidden, "y": values["y"]})


def _by_lemma(candidate: Candidate, box: Box, k: int) -> tuple[Proof, list[dict[str, Any]]]:
    loss = candidate.family.loss
    known = {name: owned(value) for name, value in candidate.point.items()}
    hidden = representation({**known, "X": owned(candidate.inputs)}, candidate.family, k - 1)
    labels = owned(candidate.labels)
    predictor = linear_risk.minimise(hidden, labels[None], loss)[0][0]
    bend = loss_of(loss).curvature(hidden @ predictor, labels)
    modulus = float(torch.linalg.eigvalsh((bend[:, None] * hidden).mT @ hidden / len(labels))[0]) / 2
    slope = float((loss_of(loss).slope(hidden @ predictor, labels) @ hidden / len(labels)).norm())
    if not modulus > 0 or not np.isfinite(slope):
        return Proof(None, None, "the linear risk of the representation is flat in floats"), []
    reach = 4 * (slope + SLACK) / modulus
    constants = {"X": candidate.inputs, "modulus": modulus, "reach": reach}

    def program(expression: Callable[[Values, Values], Tensor], free: bool = False):
        shapes = candidate.shapes() | ({"predictor": tuple(predictor.shape)} if free else {})
        fixed: dict[str, Any] = constants if free else {**constants, "predictor": predictor.numpy()}

        def traced(values: Values) -> Tensor:
            seen = {**values, "X": representation(values, candidate.family, k - 1)}
            return expression(values, seen)

        return trace(traced, shapes, fixed)

    def shifted(values: Values, seen: Values) -> Tensor:
        square = (seen["predictor"] * seen["predictor"]).sum()
        return linear_risk.predictor_risk(seen, loss) - seen["modulus"] * square / 2

    def steepness(values: Values, seen: Values) -> Tensor:
        allowed = seen["modulus"] * seen["reach"]
        return linear_risk.squared_slope(seen, loss) - allowed * allowed / 4

    def excess(values: Values, seen: Values) -> Tensor:
        least = linear_risk.predictor_risk(seen, loss) - linear_risk.squared_slope(seen, loss) / (2 * seen["modulus"])
        return expressions.risk(values, candidate.family) - least

    cube = {**box, "predictor": {"mid": predictor.numpy(), "rad": np.full(predictor.shape, reach)}}
    proofs = [
        inertia.prove_definite(
            program(shifted, True), cube, variables=[("predictor", i) for i in range(len(predictor))]
        ),
        sign.prove(program(steepness), box, "<"),
        sign.prove(program(excess), box, "<="),
    ]
    failed = [proof.reason for proof in proofs if not proof.proved]
    if failed:
        return replace(proofs[-1], proved=None, assertion=None, reason="; ".join(failed)), []
    return proofs[-1], [proof.assertion for proof in proofs if proof.assertion is not None]
