r"""A true critical point near a candidate: which equations to solve, in which variables, on which box.

Critical points of these networks are never isolated: $V_l$ enters through fewer numbers than it has, and zero weights
make whole groups of parameters idle. A square system with one zero is found by these steps, each of them sound:

- *idle units*: those whose outer column of $V_l$ is exactly zero and that are silent (zero inner weights, with an
  activation that vanishes at 0) or equal a unit that is kept are taken out (`idle_units`) and put back into the box;
- *gauge*: rows of $V_l$ are frozen whose gradient vanishes as soon as that of the other rows does (`independent_rows`);
- *exact zeros* of the candidate stay zero; where they make gradient entries vanish identically, these are no equations;
- *surplus variables* stay at the candidate's value: a zero of the system is one, whichever parameters are varied.

Idle units are sound to take out: let unit $j$ of block $l$ have $V_{l,\cdot j}=0$. It does not change $h_l$, so the
network, its risk and the gradient entries of the other units are those of the network without it. Its entries of
$\partial R/\partial U_l$ and $\partial R/\partial b_l$ carry the factor $V_{l,\cdot j}$ and vanish. That of
$V_{l,\cdot j}$ is $E[\ell'q_l\phi_{l,j}]$, zero if $\phi_{l,j}=0$, and equal to that of $V_{l,\cdot k}$ if unit $j$ has
the inner weights of unit $k$. So a critical point of the smaller network is one of the larger, and there the equal
weights are equal exactly: the box, where they are separate, contains it.

The proof is the Krawczyk inclusion of `rescert.certify.krawczyk` on the remaining equations, with all other gradient
entries exactly zero over the whole box.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.linalg
import torch

from rescert.certify import balls, derivative, inertia, krawczyk
from rescert.certify.krawczyk import Zero
from rescert.certify.problem import Builder, Program, trace
from rescert.certify.proof import Proof
from rescert.certify.sign import prove as prove_sign
from rescert.certify.tensors import owned
from rescert.landscape.expressions import Family, Values, determinant, inner_rows, risk
from rescert.networks.activations import ACTIVATIONS
from rescert.networks.losses import loss_of
from rescert.networks.residual_blocks import depth

Point = Mapping[str, np.ndarray]
Entry = tuple[str, int]


@dataclass(frozen=True)
class Enclosure:
    """A ``box`` of parameters and labels in which there is a critical point, with the assertions that prove it.

    ``box`` is None where nothing is shown; the ``reason`` says why. ``program`` is the risk with frozen rows and
    without ``idle`` units (block: unit: the unit that it equals, or None), and ``rows`` maps each block with frozen
    rows to the rows that are kept.
    """

    box: Mapping[str, Any] | None
    assertions: tuple[dict[str, Any], ...]
    reason: str
    program: Program
    rows: Mapping[int, Sequence[int]]
    idle: Mapping[int, Mapping[int, int | None]] = field(default_factory=dict)

    def zero_eigenvalue(self) -> list[dict[str, Any]]:
        r"""The assertion behind $\lambda_{\min}\ge0$, exactly 0 with frozen rows: definiteness in the free entries.

        Empty if that is not shown, or if more than rows of $V_L$ are frozen (see the claim for why these are harmless),
        or if idle units were taken out.
        """
        if self.box is None or self.idle or "y" in self.program.inputs or set(self.rows) - {depth(self.program.inputs)}:
            return []
        box = {name: self.box[name] for name in self.program.inputs}
        frozen = frozen_entries(self.program)
        proof = inertia.prove_definite(
            self.program, box, variables=[e for e in balls.all_entries(self.program) if e not in frozen]
        )
        return [proof.assertion] if proof.assertion is not None else []


def independent_rows(point: Point, block: int) -> tuple[int, ...] | None:
    r"""Rows $I$ on which $M_l$ is square, and as far from singular as can be.

    $M_l=[w,U_{l+1}^{\mathsf T},\dots,U_L^{\mathsf T}]$ without its zero columns. $\partial R/\partial V_l=M_lK$ for a
    matrix $K$ (see the claim), so if its rows $I$ vanish and $\det M_l[I]\ne0$, then $K=0$ and all rows vanish. None if
    there is nothing to freeze: $w=0$, or as many columns as rows or more.
    """
    matrix = _columns(point, block)
    rows, count = matrix.shape
    if not np.any(point["w"]) or count >= rows:
        return None
    choices = list(itertools.combinations(range(rows), count))
    return max(choices, key=lambda chosen: abs(np.linalg.det(matrix[list(chosen)])))


def _columns(point: Point, block: int) -> np.ndarray:
    rows = [point["w"], *(point[name][j] for name, j in inner_rows(point, block + 1))]
    columns = np.stack(rows, axis=1)
    return columns[:, np.any(columns != 0, axis=0)]


def minor_program(point: Point, block: int, rows: Sequence[int]) -> Program:
    """The program of $\\det M_l[I]$ in the parameters."""
    shapes = {name: value.shape for name, value in point.items()}

    def minor(values: Values):
        vectors = [values["w"], *(values[name][j] for name, j in inner_rows(point, block + 1))]
        return determinant([[vector[i] for i in rows] for vector in vectors])

    return trace(minor, shapes)


def idle_units(point: Point, activation: str) -> dict[int, dict[int, int | None]]:
    """The idle units of each block, and the kept unit of equal inner weights, or None for silent ones.

    A block keeps at least one unit.
    """
    silent = float(ACTIVATIONS[activation](torch.zeros(()))) == 0.0
    found: dict[int, dict[int, int | None]] = {}
    for block in range(1, depth(point) + 1):
        inner = point[f"U{block}"]
        if f"b{block}" in point:
            inner = np.column_stack([inner, point[f"b{block}"]])
        useless = ~np.any(point[f"V{block}"] != 0, axis=0)
        kept = [int(j) for j in np.flatnonzero(~useless)] or [0]
        for j in (int(j) for j in np.flatnonzero(useless) if j not in kept):
            twins = [k for k in kept if np.array_equal(inner[k], inner[j])]
            if twins:
                found.setdefault(block, {})[j] = twins[0]
            elif silent and not np.any(inner[j]):
                found.setdefault(block, {})[j] = None
    return found


def _units(point: Point, idle: Mapping[int, Mapping[int, int | None]], name: str) -> np.ndarray:
    """The units of a parameter's block that are kept."""
    return np.array([j for j in range(point[f"U{name[1:]}"].shape[0]) if j not in idle.get(int(name[1:]), {})])


def without(point: Point, idle: Mapping[int, Mapping[int, int | None]]) -> dict[str, np.ndarray]:
    """The parameters of the network without its idle units."""
    return {
        name: value if name == "w" else np.take(value, _units(point, idle, name), axis=int(name[0] == "V"))
        for name, value in point.items()
    }


def _widened(box: Mapping[str, Any], point: Point, idle: Mapping[int, Mapping[int, int | None]]) -> dict[str, Any]:
    """The box of all parameters from that of the kept units: idle outer columns are zero, inner weights as above."""
    wide = dict(box)
    for name, value in point.items():
        units = idle.get(int(name[1:]), {}) if name != "w" else {}
        if not units:
            continue
        kept, axis = list(_units(point, idle, name)), int(name[0] == "V")
        sides = {}
        for side in ("mid", "rad"):
            narrow = np.broadcast_to(np.asarray(box[name][side], dtype=np.float64), without(point, idle)[name].shape)
            full = np.zeros(value.shape)
            columns, source = np.moveaxis(full, axis, 0), np.moveaxis(narrow, axis, 0)
            columns[kept] = source
            for unit, twin in units.items():
                if twin is not None and name[0] != "V":
                    columns[unit] = source[kept.index(twin)]
            sides[side] = full
        wide[name] = sides
    return wide


def enclose(point: Point, inputs: np.ndarray, labels: np.ndarray, family: Family, free_labels: bool) -> Enclosure:
    """Try to show that a box around the candidate holds a critical point.

    With ``free_labels`` the parameters are held and the labels are varied (gradients are affine in them): the box
    then holds labels for which ``point`` is critical. Otherwise the labels are held and parameters are varied.
    """
    idle = {} if free_labels else idle_units(point, family.activation)
    if idle:
        found = enclose(without(point, idle), inputs, labels, family, free_labels)
        box = None if found.box is None else _widened(found.box, point, idle)
        return replace(found, box=box, idle=idle)
    choices = {block: independent_rows(point, block) for block in range(1, depth(point) + 1)}
    rows = {block: kept for block, kept in choices.items() if kept is not None}
    program = _frozen_risk(point, rows, inputs, labels, family, free_labels)
    zero, extra = (_vary_labels if free_labels else _vary_parameters)(program, point, labels)
    if zero.box is None:
        return Enclosure(None, (), zero.reason, program, rows)
    if free_labels and not _within(zero.box["y"], loss_of(family.loss).labels):
        return Enclosure(None, (), "the labels are not all shown to be labels of the loss", program, rows)
    box = {**zero.box} if free_labels else {**zero.box, "y": {"mid": labels, "rad": 0}}
    proofs = [zero, *extra]
    for block, kept in rows.items():
        minor = minor_program(point, block, kept)
        sign = ">" if float(minor.evaluate(point)) > 0 else "<"
        proofs.append(prove_sign(minor, {name: box[name] for name in point}, sign))
    if not all(proof.proved for proof in proofs):
        reason = next(proof.reason for proof in proofs if not proof.proved)
        return Enclosure(None, (), reason, program, rows)
    return Enclosure(box, tuple(p.assertion for p in proofs if p.assertion), zero.reason, program, rows)


def _within(side: Mapping[str, Any], labels: tuple[float, float] | None) -> bool:
    """Whether a side of the box lies inside the range of labels, with room for the rounding of this comparison."""
    if labels is None:
        return True
    low, high = np.asarray(side["mid"]) - 2 * np.asarray(side["rad"]), side["mid"] + 2 * np.asarray(side["rad"])
    return bool((low > labels[0]).all() and (high < labels[1]).all())


def frozen_entries(program: Program) -> set[Entry]:
    """The entries of $V_l$ that the program takes from its constants."""
    moving = {name: value for name, value in program.constants.items() if name.startswith("moving")}
    return {(f"V{n[6:]}", int(i)) for n, v in moving.items() for i in np.flatnonzero(np.asarray(v) == 0)}


def _frozen_risk(
    point: Point,
    rows: Mapping[int, Sequence[int]],
    inputs: np.ndarray,
    labels: np.ndarray,
    family: Family,
    free_labels: bool,
) -> Program:
    """The risk with the rows of $V_l$ outside ``rows`` held at the candidate's value, whatever the input says."""
    constants: dict[str, np.ndarray] = {"X": inputs}
    for block, kept in rows.items():
        moving = np.isin(np.arange(len(point["w"])), kept)[:, None]
        constants[f"moving{block}"] = np.broadcast_to(moving, point[f"V{block}"].shape).astype(np.float64)
        constants[f"held{block}"] = np.where(moving, 0.0, point[f"V{block}"])
    shapes = {name: value.shape for name, value in point.items()}
    if free_labels:
        shapes["y"] = labels.shape
    else:
        constants["y"] = labels

    def frozen_risk(values: Values):
        held = {f"V{k}": values[f"V{k}"] * values[f"moving{k}"] + values[f"held{k}"] for k in rows}
        return risk({n: v for n, v in values.items() if not n.startswith(("moving", "held"))} | held, family)

    return trace(frozen_risk, shapes, constants)


def _vary_parameters(program: Program, point: Point, labels: np.ndarray) -> tuple[Zero, list[Proof]]:
    """Parameters that are not zero vary; as many of them as there are gradient entries not identically zero."""
    frozen = frozen_entries(program)
    free = [e for e in balls.all_entries(program) if point[e[0]].flat[e[1]] != 0 and e not in frozen]
    gradient = balls.gradient(program, _around(point, free), precision=53)
    equations = [e for e, g in zip(balls.all_entries(program), gradient, strict=True) if not g.is_zero()]
    if len(equations) > len(free):
        return Zero(None, None, f"{len(equations)} equations in {len(free)} variables that are not zero"), []
    jacobian = _float_jacobian(derivative.gradient(program), point, free)
    rows = [balls.all_entries(program).index(e) for e in equations]
    variables = _best_columns(jacobian[rows], free)
    refined = krawczyk.polish(program, point, variables, equations)
    return krawczyk.prove(program, refined, variables, "gradient", equations), []


def _vary_labels(program: Program, point: Point, labels: np.ndarray) -> tuple[Zero, list[Proof]]:
    """As many labels vary as there are gradient entries that do not vanish for all labels."""
    names, middle = list(point), {**point, "y": labels}
    gradient = derivative.gradient(program, names)
    free = [("y", i) for i in range(len(labels))]
    values = balls.evaluate(gradient, _around(middle, free), precision=53)
    chosen = [not g.is_zero() for g in values]
    active = _selected(gradient, np.flatnonzero(chosen))
    variables = _best_columns(_float_jacobian(active, middle, free), free)
    zero = krawczyk.prove(active, middle, variables, "program")
    if zero.box is None or all(chosen):
        return zero, []
    silent = _selected(gradient, np.flatnonzero(np.logical_not(chosen)))
    return zero, [prove_sign(silent, zero.box, relation) for relation in ("<=", ">=")]


def _around(middle: Point, entries: Sequence[Entry]) -> dict[str, Any]:
    """A box wide enough that what is exactly zero on it vanishes identically."""
    box = {name: {"mid": value, "rad": np.zeros(value.shape)} for name, value in middle.items()}
    for name, position in entries:
        box[name]["rad"].flat[position] = 1e-3
    return box


def _selected(program: Program, entries: np.ndarray) -> Program:
    """The program of some entries of a one-axis output."""
    builder = Builder(program)
    selection = np.eye(program.output_shape[0])[entries]
    return builder.build(builder.apply("matmul", builder.constant(selection), program.output))


def _best_columns(jacobian: np.ndarray, free: Sequence[Entry]) -> list[Entry]:
    """As many variables as equations, by QR with column pivoting, so that the Jacobian is well conditioned."""
    if jacobian.shape[0] == len(free):
        return list(free)
    _, order = scipy.linalg.qr(jacobian, mode="r", pivoting=True)
    return [free[i] for i in sorted(order[: jacobian.shape[0]])]


def _float_jacobian(program: Program, point: Point, entries: Sequence[Entry]) -> np.ndarray:
    """The Jacobian of the output in some input entries, (outputs, entries), in floats."""
    jacobians = torch.func.jacrev(program.evaluate)({n: owned(v) for n, v in point.items()})
    size = program.output_shape[0]
    full = {name: value.reshape(size, -1).numpy() for name, value in jacobians.items()}
    return np.stack([full[name][:, position] for name, position in entries], axis=1)
