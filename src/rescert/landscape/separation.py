r"""Where the best linear risk of the logistic loss is no minimum: directions along which it falls for ever.

Let $\varrho(t)=E[\log(1+e^{t^{\mathsf T}x})-y\,t^{\mathsf T}x]$, a mean over finitely many samples with labels
$y\in[0,1]$. A **recession direction** is a $t$ with $t^{\mathsf T}x\ge0$ where $y=1$, $t^{\mathsf T}x\le0$ where $y=0$,
$t^{\mathsf T}x=0$ where $0<y<1$, and $t^{\mathsf T}x\ne0$ for some sample.

**Lemma.** $\varrho$ attains its infimum if and only if there is no recession direction. If one has $t^{\mathsf T}x\ne0$
at every sample, all labels are 0 or 1 and $\inf\varrho=0$: the data are *strictly separable*.

*Proof.* Along a recession direction every summand falls or stays, and one falls strictly (for $y=1$ it is
$\log(1+e^{-p})$, for $y=0$ it is $\log(1+e^{p})$), from any start: no point is a minimum. If $t^{\mathsf T}x\ne0$
everywhere, all summands of $\varrho(kt)$ tend to 0, and $\varrho>0$. Conversely, let there be none. $\varrho$ depends
on the values $(t^{\mathsf T}x_i)_i$ only, so it may be restricted to a complement of $\{t:t^{\mathsf T}x_i=0\ \forall
i\}$. There, for every $t\ne0$, some sample has $y=1$, $t^{\mathsf T}x<0$, or $y=0$, $t^{\mathsf T}x>0$, or $0<y<1$,
$t^{\mathsf T}x\ne0$; its summand tends to infinity along $t$, while no summand is negative. A convex function that
tends to infinity along every ray is coercive, and attains its minimum. $\square$

A direction is found by a linear program in floats and proved by signs, on exact numbers: entries that must vanish do so
exactly, because the direction is then an integer vector computed in rational arithmetic. That there is *no* recession
direction follows from the proof of a minimum (`rescert.landscape.linear_risk.enclose`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.optimize
import scipy.sparse
from flint import fmpq, fmpq_mat

from rescert.certify import sign
from rescert.certify.problem import Program, trace

PRECISIONS = (128, 1024)  # bits; sums of exact zero need all bits of the direction and of the data
FREE_BITS = 20  # after the point, of a direction's entries that equations leave free


@dataclass(frozen=True)
class Separation:
    """A recession direction (exact numbers), with the assertions that prove it to be one.

    ``strict``: every sample lies strictly on its side, so that the infimum is 0.
    """

    direction: np.ndarray
    strict: bool
    assertions: tuple[dict[str, Any], ...]


def separate(inputs: np.ndarray, labels: np.ndarray) -> Separation | None:
    """A proved recession direction for inputs (n, d) and exact labels (n) in [0, 1]; None: none was proved.

    None does not say that there is none. Raises ``ValueError`` for labels outside [0, 1].
    """
    if inputs.ndim != 2 or labels.shape != inputs.shape[:1]:
        raise ValueError(f"expected inputs (n, d) and labels (n), got {inputs.shape} and {labels.shape}")
    if not ((labels >= 0) & (labels <= 1)).all():
        raise ValueError("expected labels in [0, 1] for the logistic loss")
    found = _linear_program(inputs, labels)
    if found is None:
        return None
    direction, apart = found
    hard = (labels == 0) | (labels == 1)
    if apart.all() and hard.all():
        proof = sign.prove(_margins(inputs, labels, direction), {}, ">")
        return Separation(direction, True, (proof.assertion,)) if proof.assertion is not None else None
    exact = _in_null_space(inputs[~apart], direction)
    return None if exact is None else _prove(inputs, labels, exact)


def _prove(inputs: np.ndarray, labels: np.ndarray, direction: np.ndarray) -> Separation | None:
    """Every sample on its side or on the border, and one of them off the border."""
    margins = _margins(inputs, labels, direction)
    total = _margins(inputs, labels, direction, total=True)
    for precision in PRECISIONS:
        proofs = sign.prove(margins, {}, ">=", precision), sign.prove(total, {}, ">", precision)
        if proofs[0].assertion is not None and proofs[1].assertion is not None:
            return Separation(direction, False, (proofs[0].assertion, proofs[1].assertion))
    return None


def _margins(inputs: np.ndarray, labels: np.ndarray, direction: np.ndarray, total: bool = False) -> Program:
    r"""$(2y-1)t^{\mathsf T}x$ where $y\in\{0,1\}$, then $\pm t^{\mathsf T}x$ elsewhere; or the sum over the former."""
    hard = (labels == 0) | (labels == 1)
    signed = (2 * labels[hard] - 1)[:, None] * inputs[hard]
    rows = signed if total else np.concatenate([signed, inputs[~hard], -inputs[~hard]])
    constants: dict[str, Any] = {
        "rows": rows,
        "direction": direction if direction.dtype.kind == "f" else list(direction),
    }
    return trace(lambda v: (v["rows"] @ v["direction"]).sum() if total else v["rows"] @ v["direction"], {}, constants)


def _linear_program(inputs: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    r"""A float direction, and which samples it puts strictly on their side: as many as can be.

    Maximise $\sum_is_i$ subject to $0\le s_i\le1$, $(2y_i-1)t^{\mathsf T}x_i\ge s_i$ where $y_i\in\{0,1\}$, and
    $t^{\mathsf T}x_i=0$ elsewhere. At a maximum every $s_i$ is 0 or 1, since $t$ may be lengthened.
    """
    samples, size = inputs.shape
    hard = (labels == 0) | (labels == 1)
    if not hard.any():
        return None
    count = int(hard.sum())
    signed = (2 * labels[hard] - 1)[:, None] * inputs[hard]
    gains = np.concatenate([np.zeros(size), -np.ones(count)])
    above = scipy.sparse.hstack([scipy.sparse.csr_array(-signed), scipy.sparse.eye_array(count)])
    level: dict[str, Any] = {}
    if count < samples:
        level = {"A_eq": np.concatenate([inputs[~hard], np.zeros((samples - count, count))], axis=1)}
        level["b_eq"] = np.zeros(samples - count)
    bounds = [(None, None)] * size + [(0, 1)] * count
    solved = scipy.optimize.linprog(gains, A_ub=above, b_ub=np.zeros(count), bounds=bounds, **level)
    if solved.status != 0 or -solved.fun < 0.5:
        return None
    apart = np.zeros(samples, dtype=bool)
    apart[hard] = solved.x[size:] > 0.5
    return solved.x[:size], apart


def _in_null_space(rows: np.ndarray, near: np.ndarray) -> np.ndarray | None:
    """An integer vector orthogonal to all ``rows`` exactly, close to a multiple of ``near``; None if only 0 is."""
    size = len(near)
    echelon, rank = fmpq_mat([[_rational(x) for x in row] for row in rows.tolist()]).rref()
    pivots = [next(j for j in range(size) if echelon[i, j] != 0) for i in range(rank)]
    free = [j for j in range(size) if j not in pivots]
    if not free:
        return None
    scale = 2**FREE_BITS / max(abs(near[free]).max(), math.ulp(0))
    entries = [fmpq(0)] * size
    for j in free:
        entries[j] = fmpq(round(near[j] * scale))
    for i, j in enumerate(pivots):
        entries[j] = -sum((echelon[i, k] * entries[k] for k in free), fmpq(0))
    denominator = math.lcm(*(int(e.q) for e in entries))
    numbers = [int((e * denominator).p) for e in entries]
    divisor = math.gcd(*numbers)
    return np.array([str(n // divisor) for n in numbers], dtype=object) if divisor else None


def _rational(value: float) -> fmpq:
    exact = Fraction(value)
    return fmpq(exact.numerator, exact.denominator)
