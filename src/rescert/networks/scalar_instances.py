r"""Exact instances of scalar residual networks: numbers of pieces, fits of the target of Figure 4, steep fits.

All numbers are binary fractions, so that balls of enough bits hold them without rounding and show identities. An
attempt returns the assertions that prove it, or none. The networks are those of `rescert.networks.scalar_pairs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from rescert.certify import least_squares
from rescert.certify.problem import trace
from rescert.certify.sign import prove, prove_zero
from rescert.networks.scalar_pairs import layers, network, pair

PRECISION = 512
HEIGHTS = (Fraction(1), Fraction(1, 2), Fraction(1, 4))  # of the weights of exact instances, in turns
STEEP = 10  # the steep fit has slope 2^11 - 1

Assertions = tuple[dict[str, Any], ...]
Values = Mapping[str, Any]


def exact_array(values: Sequence[Fraction]) -> np.ndarray:
    """Binary fractions as floats; raises ``ValueError`` where a float does not hold one exactly."""
    floats = np.array([float(v) for v in values])
    if any(Fraction(f) != v for f, v in zip(floats.tolist(), values, strict=True)):
        raise ValueError(f"expected binary fractions of 53 bits, got {[str(v) for v in values]}")
    return floats


def shown(function: Callable[[Values], Any], constants: Mapping[str, Any], relation: str) -> Assertions:
    """The assertion that every entry of a function of constants has ``relation`` to 0 (``=``: two of them)."""
    program = trace(function, {}, constants)
    if relation == "=":
        return prove_zero(program, PRECISION)
    proof = prove(program, {}, relation, PRECISION)
    return () if proof.assertion is None else (proof.assertion,)


def together(*parts: Assertions) -> Assertions:
    """All assertions, or none if a part has none."""
    return tuple(a for part in parts for a in part) if all(parts) else ()


def rational_layers(w: Sequence[Fraction], b: Sequence[Fraction], x: Fraction) -> list[Fraction]:
    r"""$h_0(x),\dots,h_L(x)$ in rational numbers.

    >>> [str(h) for h in rational_layers([Fraction(1, 2)], [Fraction(1)], Fraction(3))]
    ['3', '4']
    """
    found = [Fraction(x)]
    for weight, bias in zip(w, b, strict=True):
        found.append(found[-1] + weight * max(Fraction(0), found[-1] - bias))
    return found


def heights(depth: int) -> list[Fraction]:
    """The weights of an exact instance."""
    return [HEIGHTS[k % len(HEIGHTS)] for k in range(depth)]


def biases(w: Sequence[Fraction], kinks: Sequence[Fraction]) -> list[Fraction]:
    r"""The biases $b_l=h_{l-1}(x_l)$ that put the kinks at $x_l$.

    >>> [str(b) for b in biases([Fraction(1), Fraction(1)], [Fraction(1), Fraction(2)])]
    ['1', '3']
    """
    found: list[Fraction] = []
    for layer, kink in enumerate(kinks):
        found.append(rational_layers(w[:layer], found, kink)[-1])
    return found


def _network(depth: int, kinks: Sequence[Fraction], name: str = "") -> dict[str, np.ndarray]:
    w = heights(depth)
    return {f"w{name}": exact_array(w), f"b{name}": exact_array(biases(w, kinks))}


def _second_difference(f: Any) -> Any:
    """f(k - 1/2) - 2f(k) + f(k + 1/2) from the values at the three points of each k, in a row."""
    return f[:, 0] - 2 * f[:, 1] + f[:, 2]


def _around(kinks: int) -> np.ndarray:
    return np.array([[k - 0.5, k, k + 0.5] for k in range(1, kinks + 1)])


def network_pieces(depth: int) -> Assertions:
    """A network of L layers has a kink at each of 1, …, L: its second differences there are positive."""
    constants = {**_network(depth, [Fraction(k) for k in range(1, depth + 1)]), "x": _around(depth)}
    return shown(lambda v: _second_difference(network(v["w"], v["b"], 1, v["x"])), constants, ">")


def pair_pieces(depth: int) -> Assertions:
    """A pair of L layers each has a kink at each of 1, …, 2L: positive and negative second differences in turns."""
    odd, even = ([Fraction(2 * k + shift) for k in range(depth)] for shift in (1, 2))
    constants = {**_network(depth, odd, "1"), **_network(depth, even, "2"), "x": _around(2 * depth)}
    turns = np.array([float((-1) ** k) for k in range(2 * depth)])

    def differences(v: Values) -> Any:
        return _second_difference(pair((v["w1"], v["b1"], 1), (v["w2"], v["b2"], 1), 0, v["x"])) * v["turns"]

    return shown(differences, {**constants, "turns": turns}, ">")


def _target(x: Any) -> Any:
    """Ten times the target of Figure 4 at a tenth of x: integers at integers."""
    import torch

    return x - 3 * torch.relu(x - 3) + 3 * torch.relu(x - 5) - 2 * torch.relu(x - 7)


def two_layers() -> Assertions:
    """The pair f_1 = 2x + 3[x-5]_+, f_2 = x + 3[x-3]_+ + 2[x-7]_+ is the target, by two layers each."""
    constants = {
        "w1": np.array([1.5, 0.0]),
        "b1": np.array([5.0, 0.0]),
        "w2": np.array([3.0, 0.5]),
        "b2": np.array([3.0, 19.0]),
        "x": np.array([0.0, 3.0, 5.0, 7.0, 10.0]),
    }

    def errors(v: Values) -> Any:
        """Between these points target and pair are affine: the kink of the second layer is h_1(7) = 19."""
        import torch

        values = pair((v["w1"], v["b1"], 2), (v["w2"], v["b2"], 1), 0, v["x"]) - _target(v["x"])
        return torch.cat([values, layers(v["w2"], v["b2"], v["x"])[1][3:4] - v["b2"][1:2]])

    return shown(errors, constants, "=")


def one_layer() -> Assertions:
    """The target bends down by 4 or more over (1, 5) and over (5, 9): second differences at most -4."""
    points = np.array([[1.0, 3.0, 5.0], [5.0, 7.0, 9.0]])
    return shown(lambda v: -_second_difference(_target(v["x"])) - 4, {"x": points}, ">=")


def linear_fit(samples: int) -> tuple[Assertions, float]:
    """A lower bound of the mean squared error of every a + bx on the target at i/(samples - 1), and its assertion."""
    at = [Fraction(i, samples - 1) for i in range(samples)]
    jumps = ((Fraction(3, 10), -3), (Fraction(1, 2), 3), (Fraction(7, 10), -2))
    y = [x + sum(j * max(Fraction(0), x - k) for k, j in jumps) for x in at]
    matrix, target = [["1", str(x)] for x in at], [str(v) for v in y]
    scale = f"1/{samples}"
    least = least_squares.enclose(matrix, target, scale)
    if least is None:
        return (), 0.0
    bound = f"{0.999 * float(least.mid()):.4g}"
    proof = least_squares.prove(matrix, target, ">", bound, scale)
    return (() if proof.assertion is None else (proof.assertion,)), float(bound)


def steep_fit(depth: int) -> tuple[Assertions, int]:
    """A pair that fits y = x at 0, …, 4 without error and has slope at least 2^(STEEP+1) - 1 on (1/4, 1/2).

    A tent of kinks 1/4 and 3/4 (up, of the first network) and 1/2 (down, of the second) lies between two data.
    """
    if depth < 2:
        raise ValueError(f"expected two layers or more, got {depth}")
    rise = Fraction(2 ** (STEEP + 1) - 2)
    quarter = [Fraction(k, 4) for k in (1, 2, 3)]
    w1, w2 = [rise / 2, rise / (2 + rise)], [2 * rise]
    rest = [Fraction(0)] * (depth - 2)
    constants: dict[str, Any] = {
        "w1": exact_array([*w1, *rest]),
        "b1": exact_array([*biases(w1, [quarter[0], quarter[2]]), *rest]),
        "w2": exact_array([*w2, Fraction(0), *rest]),
        "b2": exact_array([*biases(w2, [quarter[1]]), Fraction(0), *rest]),
    }
    slope = 1 + int(rise)

    def value(v: Values) -> Any:
        return pair((v["w1"], v["b1"], 2), (v["w2"], v["b2"], 1), 0, v["x"])

    fit = shown(lambda v: value(v) - v["x"], {**constants, "x": np.arange(5.0)}, "=")
    steep = {**constants, "x": np.array([0.25, 0.5])}
    rising = shown(lambda v: 4 * (value(v)[1] - value(v)[0]) - (slope - 1), steep, ">")
    return together(fit, rising), slope
