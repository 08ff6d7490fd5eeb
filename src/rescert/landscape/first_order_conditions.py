r"""Exact instances of the first-order conditions of scalar residual networks (Nar & Sastry 2018, Section 4).

All numbers are binary fractions, so that balls of enough bits hold them without rounding and show identities. An
attempt returns the assertions that prove it, or none. The networks are those of `rescert.networks.scalar_pairs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from rescert.certify.derivative import gradient
from rescert.certify.problem import Builder, Program, trace
from rescert.certify.sign import prove
from rescert.networks.scalar_instances import (
    PRECISION,
    Assertions,
    biases,
    exact_array,
    heights,
    rational_layers,
    shown,
    together,
)
from rescert.networks.scalar_pairs import layers, network, pair

VARIABLES = ("w1", "b1", "c1", "w2", "b2", "c2", "d")

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Stationary:
    r"""A pair of L layers and data at which all first-order conditions hold, with a wrong height on every piece.

    Kinks lie at 4, 8, …, in turns of the second and of the first network; the data at the three integers between.
    The errors on piece p are $(-1)^p2^{-(p\bmod3)}(1,-2,1)$, which is orthogonal to $1$ and $x$ there. The first
    layer of the first network is idle: $w=0$, $b=5/2$, inside a piece. ``tilt`` is added to the first error.
    """

    depth: int
    tilt: int = 0

    @property
    def pieces(self) -> int:
        return 2 * self.depth

    @property
    def parameters(self) -> dict[str, np.ndarray | float]:
        active = heights(self.depth)
        idle = [Fraction(0), *active[1:]]
        second = biases(active, [Fraction(8 * k + 4) for k in range(self.depth)])
        first = biases(idle, [Fraction(5, 2), *(Fraction(8 * k + 8) for k in range(self.depth - 1))])
        arrays = {"w1": idle, "b1": first, "w2": active, "b2": second}
        return {**{name: exact_array(v) for name, v in arrays.items()}, "c1": 1.0, "c2": 0.5, "d": 0.25}

    @property
    def data(self) -> tuple[list[int], list[Fraction]]:
        """Abscissae and labels."""
        p = {k: [Fraction(float(e)) for e in np.atleast_1d(v)] for k, v in self.parameters.items()}
        x = [4 * k + j for k in range(self.pieces) for j in (1, 2, 3)]
        y = []
        for i, at in enumerate(x):
            values = [p[f"c{n}"][0] * rational_layers(p[f"w{n}"], p[f"b{n}"], Fraction(at))[-1] for n in (1, 2)]
            piece, place = divmod(i, 3)
            error = Fraction((-1) ** piece, 2 ** (piece % 3)) * (1, -2, 1)[place] + (self.tilt if i == 0 else 0)
            y.append(values[0] - values[1] + p["d"][0] - error)
        return x, y

    def _constants(self) -> dict[str, Any]:
        x, y = self.data
        return {"x": np.array(x, dtype=float), "y": exact_array(y)}

    def gradient(self) -> tuple[Program, dict[str, Any]]:
        """The gradient of half the sum of squared errors in all parameters, and the point where it is taken."""
        box = self.parameters
        shapes = {name: np.shape(value) for name, value in box.items()}
        risk = trace(lambda v: ((estimate(v) - v["y"]) ** 2).sum() * 0.5, shapes, self._constants())
        return gradient(risk, list(VARIABLES)), box

    def conditions(self) -> Assertions:
        """All derivatives are 0, but that of the idle weight, which is positive; all parameters have their signs; and
        no kink lies on a datum or between two data of a group of three."""
        program, box = self.gradient()
        others = _without_first(program)
        zero = [prove(others, box, relation, PRECISION).assertion for relation in (">=", "<=")]
        idle = prove(_first(program), box, ">", PRECISION).assertion
        if idle is None or None in zero:
            return ()
        signs = [np.atleast_1d(np.asarray(v)) for k, v in box.items() if k[0] in "wbc"]
        nonnegative = shown(lambda v: v["p"] * 1, {"p": np.concatenate(signs)}, ">=")
        return together((zero[0], zero[1], idle), nonnegative, self._groups())  # type: ignore[arg-type]

    def _groups(self) -> Assertions:
        """A layer with w > 0 is active at all three data of a group, or at none of them, and has no tie."""
        box, (x, _) = self.parameters, self.data
        chosen = [(n, k) for n in "12" for k in range(self.depth) if np.atleast_1d(box[f"w{n}"])[k] > 0]
        kinks = [8 * k + (0 if n == "1" else 4) for n, k in chosen]
        signs = np.array([np.repeat([1.0 if at > kink else -1.0 for at in x[1::3]], 3) for kink in kinks])

        def margins(v: Values) -> Any:
            hidden = {n: layers(v[f"w{n}"], v[f"b{n}"], v["x"]) for n in "12"}
            return _stacked([hidden[n][k] - v[f"b{n}"][k] for n, k in chosen]) * v["signs"]

        return shown(margins, {**box, "x": np.array(x, dtype=float), "signs": signs}, ">")

    def broken(self) -> Assertions:
        """The derivative in d is not 0."""
        program, box = self.gradient()
        last = program.output_shape[0] - 1
        sliced = _sliced(program, last, last + 1)
        proofs = [prove(sliced, box, relation, PRECISION).assertion for relation in (">", "<")]
        return tuple(a for a in proofs if a is not None)

    def least_squares(self) -> Assertions:
        """On every piece the errors are orthogonal to 1 and to x: there f is the line of ordinary least squares."""

        def orthogonality(v: Values) -> Any:
            errors = (estimate(v) - v["y"]).reshape(self.pieces, 3)
            return (errors.sum(1) ** 2).sum() + ((errors * v["x"].reshape(self.pieces, 3)).sum(1) ** 2).sum()

        return shown(orthogonality, {**self.parameters, **self._constants()}, "=")

    def secants(self) -> Assertions:
        r"""Every slope is the mean of the data's difference quotients with weights $(x_i-x_j)^2$, and below the
        largest of them in absolute value."""
        places = list(combinations(range(3), 2))

        def identity(v: Values) -> Any:
            f, x, y = (u.reshape(self.pieces, 3) for u in (estimate(v), v["x"], v["y"]))
            spread = [(x[:, j] - x[:, i], y[:, j] - y[:, i]) for i, j in places]
            slope = (f[:, 2] - f[:, 0]) * 0.5
            return ((sum(a * (slope * a - r) for a, r in spread)) ** 2).sum()

        x, y = self.data
        steepest = []
        for k in range(self.pieces):
            pairs = [(3 * k + i, 3 * k + j) for i, j in places]
            steepest.append(max(pairs, key=lambda ij: abs((y[ij[1]] - y[ij[0]]) / (x[ij[1]] - x[ij[0]]))))

        def slack(v: Values) -> Any:
            f, x, y = estimate(v), v["x"], v["y"]
            size = lambda u: u * u  # noqa: E731
            gaps = [size((y[j] - y[i]) / (x[j] - x[i])) - size((f[3 * k + 2] - f[3 * k]) * 0.5)
                    for k, (i, j) in enumerate(steepest)]  # fmt: skip
            return _stacked(gaps)

        constants = {**self.parameters, **self._constants()}
        return together(shown(identity, constants, "="), shown(slack, constants, ">"))

    def lines(self) -> list[tuple[int, Fraction, Fraction]]:
        """For the figure: the ends of every piece (x from 4p to 4p + 4) and the values of f there."""
        p = {k: [Fraction(float(e)) for e in np.atleast_1d(v)] for k, v in self.parameters.items()}

        def value(x: int) -> Fraction:
            first, second = (p[f"c{n}"][0] * rational_layers(p[f"w{n}"], p[f"b{n}"], Fraction(x))[-1] for n in (1, 2))
            return first - second + p["d"][0]

        return [(4 * k, value(4 * k), value(4 * k + 4)) for k in range(self.pieces)]


def estimate(v: Values) -> Any:
    r"""$\hat f_1-\hat f_2+d$ at ``x`` from constants or inputs named as in `VARIABLES`."""
    return pair((v["w1"], v["b1"], v["c1"]), (v["w2"], v["b2"], v["c2"]), v["d"], v["x"])


def _stacked(entries: Sequence[Any]) -> Any:
    import torch

    return torch.stack(list(entries))


def _sliced(program: Program, start: int, stop: int) -> Program:
    builder = Builder(program)
    return builder.build(builder.apply("slice", program.output, index=[[start, stop, 1]]))


def _first(program: Program) -> Program:
    return _sliced(program, 0, 1)


def _without_first(program: Program) -> Program:
    return _sliced(program, 1, program.output_shape[0])


@dataclass(frozen=True)
class ConstrainedMinimum:
    r"""The least squares problem of one network of L layers (d = 0) on the data (1, 3), (2, 5), (3, 5).

    Its minimum over $w,b\ge0$, $c>0$ is $2x$: all $w_l=0$, $c=2$; the $b_l$ do not matter and are $3/2$.
    """

    depth: int

    def _gradient(self) -> tuple[Program, dict[str, Any]]:
        box: dict[str, Any] = {"w": np.zeros(self.depth), "b": np.full(self.depth, 1.5), "c": 2.0}
        data = {"x": np.array([1.0, 2.0, 3.0]), "y": np.array([3.0, 5.0, 5.0])}
        shapes = {name: np.shape(value) for name, value in box.items()}
        risk = trace(lambda v: ((network(v["w"], v["b"], v["c"], v["x"]) - v["y"]) ** 2).sum() * 0.5, shapes, data)
        return gradient(risk, ["w", "b", "c"]), box

    def minimal(self) -> Assertions:
        r"""The errors e = (-1, -1, 1) are orthogonal to x, and $\sum_ie_i[x_i-b]_+\ge0$ at b = 0, 1, 2, 3."""
        import torch

        data = {"x": np.array([1.0, 2.0, 3.0]), "y": np.array([3.0, 5.0, 5.0])}
        orthogonal = shown(lambda v: ((2 * v["x"] - v["y"]) * v["x"]).sum(), data, "=")

        def hinges(v: Values) -> Any:
            return (torch.relu(v["x"] - v["knots"].reshape(4, 1)) * (2 * v["x"] - v["y"])).sum(1)

        return together(orthogonal, shown(hinges, {**data, "knots": np.arange(4.0)}, ">="))

    def derivatives(self) -> Assertions:
        """The derivatives in w, the left sides of (12a), are positive: not 0."""
        program, box = self._gradient()
        proof = prove(_sliced(program, 0, self.depth), box, ">", PRECISION)
        return () if proof.assertion is None else (proof.assertion,)

    def others(self) -> Assertions:
        """The derivatives in b and c are 0."""
        program, box = self._gradient()
        rest = _sliced(program, self.depth, 2 * self.depth + 1)
        proofs = [prove(rest, box, relation, PRECISION).assertion for relation in (">=", "<=")]
        return tuple(a for a in proofs if a is not None) if None not in proofs else ()


@dataclass(frozen=True)
class Chain:
    r"""One network of L layers with kinks at 4, 8, …, 4L and c = 1, seen from its layers.

    At $x$ between kinks, $\partial\hat f/\partial h_l=c\prod_{k=l+1}^L(1+w_k\mathbf 1\{x>x_k\})$.
    """

    depth: int

    def _constants(self) -> dict[str, np.ndarray]:
        w = heights(self.depth)
        return {"w": exact_array(w), "b": exact_array(biases(w, [Fraction(4 * k + 4) for k in range(self.depth)]))}

    def _difference(self, v: Values, layer: int, x: Any) -> Any:
        """The quotient (F(h_l + 1) - F(h_l)) / 1, F the part of the network above layer l: no kink is crossed."""
        below = network(v["w"][:layer], v["b"][:layer], 1, x) if layer else x
        if layer == self.depth:
            return (below + 1) - below
        above = v["w"][layer:], v["b"][layer:]
        return network(*above, 1, below + 1) - network(*above, 1, below)

    def slopes(self) -> Assertions:
        """The formula, identically, for every layer and at every 4m + 2; and every slope is positive."""
        w = heights(self.depth)
        exact = [[_product(1 + v for k, v in enumerate(w) if layer <= k < m) for m in range(self.depth + 1)]
                 for layer in range(self.depth + 1)]  # fmt: skip
        constants = {**self._constants(), "x": np.array([4.0 * m + 2 for m in range(self.depth + 1)])}
        constants["right"] = exact_array([v for row in exact for v in row]).reshape(self.depth + 1, -1)

        def errors(v: Values) -> Any:
            return _stacked([self._difference(v, k, v["x"]) for k in range(self.depth + 1)]) - v["right"]

        positive = shown(lambda v: v["right"] * 1, {"right": constants["right"]}, ">")
        return together(shown(errors, constants, "="), positive)

    def misprint(self) -> Assertions:
        r"""Beyond all kinks the slope at $h_1$ exceeds $c$: the printed product over $k=n,\dots,i+1$ at n = i = 1."""
        constants = {**self._constants(), "x": np.array([4.0 * self.depth + 2])}
        return shown(lambda v: self._difference(v, 1, v["x"]) - 1, constants, ">")

    def _tie(self, change: int) -> tuple[Any, dict[str, Any]]:
        """R at the last bias plus change/4, for the one datum x = 4L on the last kink, with error 1; and at it."""
        constants: dict[str, Any] = {**self._constants(), "x": np.array([4.0 * self.depth])}
        moved = constants["b"].copy()
        moved[-1] += change / 4
        constants["moved"] = moved

        def rise(v: Values) -> Any:
            error = network(v["w"], v["moved"], 1, v["x"]) - network(v["w"], v["b"], 1, v["x"]) + 1
            return (error * error - 1) * 0.5

        return rise, constants

    def ties(self) -> Assertions:
        r"""At the tie R(b + t) = R(b), while R(b - t) - R(b) = cwt + (cwt)²/2, t = 1/4; and -cw < 0."""
        rise, constants = self._tie(1)
        right = shown(rise, constants, "=")
        rise, constants = self._tie(-1)

        def difference(v: Values) -> Any:
            step = v["w"][-1:] * 0.25
            return rise(v) - step - step * step * 0.5

        return together(right, shown(difference, constants, "="), shown(lambda v: v["w"] * -1, constants, "<"))


def _product(factors: Any) -> Fraction:
    result = Fraction(1)
    for factor in factors:
        result *= factor
    return result
