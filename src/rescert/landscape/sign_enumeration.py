r"""Expectations over all signs as programs: the Rademacher complexity on a line, and below by named networks.

Every program has the inputs ``x`` (``n d``, the data), ``norm`` ($M$) and, where $B$ is needed, ``square`` ($B^2$).
It enumerates the $2^{n-1}$ sign vectors with first sign +1 by itself: sums over $i+1$ samples are those over $i$
samples plus and minus the next one. So a checker who runs it on the data derives the expectation again. With data and
norm in binary fractions of few digits, sums, products and halves are exact in balls, so that equalities are decided.

Notation: $T=\sum_i\epsilon_ix_i$; $s(\epsilon)$ the supremum of $\sum_i\epsilon_if(x_i)$ over the class of
`rescert.landscape.rademacher`; $P=(1+M^2)^L$; $E$ the mean over all signs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from rescert.certify import sign
from rescert.certify.balls import Box
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof
from rescert.landscape.rademacher import outputs

Values = Mapping[str, Any]
Witness = tuple[Sequence[int], Sequence[int], Sequence[int]]
MOST = 12  # samples whose signs are enumerated
PRECISION = 512  # bits: (1+M^2)^L is exact for M = 1/2 and 64 blocks, and much beyond


def box(inputs: torch.Tensor, norm: str, square: str | None = None) -> Box:
    """The data and the constants as the point at which a program is evaluated."""
    point: dict[str, Any] = {"x": inputs.numpy(), "norm": norm}
    return point if square is None else {**point, "square": square}


def program(function: Callable[[Values], Any], inputs: torch.Tensor, with_square: bool = False) -> Program:
    """The program of a function of this file for data of this shape."""
    shapes: dict[str, tuple[int, ...]] = {"x": tuple(inputs.shape), "norm": ()}
    return trace(function, {**shapes, "square": ()} if with_square else shapes, {"one": 1, "two": 2, "half": "1/2"})


def signed_sums(columns: Any) -> Any:
    r"""$\sum_i\epsilon_ic_i$ for the rows $c_i$ of ``columns`` (``n k``) and all signs with $\epsilon_1=1$.

    >>> signed_sums(torch.tensor([[4.0], [1.0]])).tolist()
    [[5.0], [3.0]]
    """
    if columns.shape[0] > MOST:
        raise ValueError(f"expected at most {MOST} samples to enumerate their signs, got {columns.shape[0]}")
    sums = columns[0:1]
    for i in range(1, columns.shape[0]):
        sums = torch.cat([sums + columns[i : i + 1], sums - columns[i : i + 1]])
    return sums


def _modulus(x: Any) -> Any:
    return torch.relu(x) + torch.relu(-x)


def _larger(x: Any, y: Any) -> Any:
    return y + torch.relu(x - y)


def suprema(v: Values, depth: int) -> Any:
    r"""$s(\epsilon)=|S_+-S_-|+(P-1)\max(|S_+|,|S_-|)$ for data on a line, (``2^(n-1)``).

    $S_+$ and $S_-$ are the sums of $\epsilon_i|x_i|$ over the positive and over the negative data.
    """
    sums = signed_sums(torch.cat([torch.relu(v["x"]), torch.relu(-v["x"])], dim=1))
    ahead, behind = sums[:, 0], sums[:, 1]
    growth = (v["one"] + v["norm"] * v["norm"]) ** depth
    return _modulus(ahead - behind) + (growth - v["one"]) * _larger(_modulus(ahead), _modulus(behind))


def printed_excess(v: Values, depth: int) -> Any:
    """$B^2(1+2M^2)^{2L}n-(Es)^2$ on a line: not negative exactly if the printed bound holds."""
    factor = (v["one"] + v["two"] * v["norm"] * v["norm"]) ** (2 * depth)
    return v["square"] * factor * (v["one"] * len(v["x"])) - suprema(v, depth).mean() ** 2


def moment_excess(v: Values, depth: int, halvings: int) -> Any:
    r"""$E|T|^p\,(1+c_pM^2)^{pL}-(Es)^p$ on a line for $p=2^{\mathrm{halvings}}$, $c_p=(1+2^{1/p})/2$."""
    root = v["two"]
    for _ in range(halvings):
        root = torch.sqrt(root)
    power = 2**halvings
    bound = (v["one"] + (v["one"] + root) * v["half"] * v["norm"] * v["norm"]) ** (power * depth)
    return (_modulus(signed_sums(v["x"])) ** power).mean() * bound - suprema(v, depth).mean() ** power


def line_excess(v: Values, depth: int) -> Any:
    """$Es-P\\,E|T|$ on a line."""
    growth = (v["one"] + v["norm"] * v["norm"]) ** depth
    return suprema(v, depth).mean() - growth * _modulus(signed_sums(v["x"])).mean()


def witnessed_excess(v: Values, depth: int, witnesses: Sequence[Witness]) -> Any:
    r"""$E\max_k|\sum_i\epsilon_if_k(x_i)|-P\,E|T|$ for named networks $f_k$ of the class: at most $Es-P\,E|T|$.

    A witness is three integer vectors with numbers of equal norm, divided by it here: $w$, $u$ and $v$. Its network
    has one unit a block, $U_l=Mu^{\mathsf T}$ and $V_l=Mv$, so that all norms are the largest allowed.
    """
    columns = []
    for witness in witnesses:
        last, inner, outer = (_unit(vector, v) for vector in witness)
        weights = last, [v["norm"] * inner.reshape(1, -1)] * depth, [v["norm"] * outer.reshape(-1, 1)] * depth
        columns.append(outputs(weights, v["x"]))
    sums = _modulus(signed_sums(torch.stack(columns, dim=1)))
    best = sums[:, 0]
    for k in range(1, len(witnesses)):
        best = _larger(best, sums[:, k])
    growth = (v["one"] + v["norm"] * v["norm"]) ** depth
    squares = (signed_sums(v["x"]) ** 2).sum(dim=1)
    lengths = torch.sqrt(squares) if v["x"].shape[1] > 1 else _modulus(signed_sums(v["x"]))[:, 0]
    return best.mean() - growth * lengths.mean()


def _unit(vector: Sequence[int], v: Values) -> Any:
    """The vector divided by its norm, exactly where the norm is 1."""
    entries = torch.stack([v["one"] * k for k in vector])
    squares = sum(k * k for k in vector)
    return entries if squares == 1 else entries / torch.sqrt(v["one"] * squares)


LINE: tuple[Witness, ...] = (([1], [1], [1]), ([1], [-1], [-1]))  # f(1) = P, f(-1) = -1; f(1) = 1, f(-1) = -P

# Three points of the plane, and for L = 1 the networks that attain the supremum for each of their signs.
CORNER = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
CORNER_WITNESSES: tuple[Witness, ...] = (
    ([1, 1], [1, 1], [1, 1]),
    ([1, 0], [1, -1], [1, 0]),
    ([1, 0], [1, 0], [1, 0]),
    ([0, 1], [0, 1], [0, 1]),
)


def longest_excess(v: Values) -> Any:
    r"""$|x_i|^2-B^2$ of the longest datum."""
    squares = (v["x"] ** 2).sum(dim=1)
    longest = squares[0]
    for i in range(1, len(v["x"])):
        longest = _larger(longest, squares[i])
    return longest - v["square"]


def prove_line(inputs: torch.Tensor, norm: str, square: str, depth: int, power: int) -> dict[str, list[Proof]]:
    """What is tried on a line: the printed bound, the one by the ``power``-th moment (a power of 2), equality with
    $P\\,E|T|$ from both sides, and that two networks attain it. Equality is decided for binary fractions only."""

    def tried(function: Callable[..., Any], relation: str, **settings: Any) -> Proof:
        made = program(partial(function, depth=depth, **settings), inputs, function is printed_excess)
        point = box(inputs, norm, square if function is printed_excess else None)
        return sign.prove(made, point, relation, PRECISION)

    return {
        "printed": [tried(printed_excess, ">=")],
        "moment": [tried(moment_excess, ">=", halvings=power.bit_length() - 1)],
        "line": [tried(line_excess, relation) for relation in (">=", "<=")],
        "below": [tried(witnessed_excess, ">=", witnesses=LINE)],
    }


def prove_corner(norm: str) -> Proof:
    """That the mean over the corner's four networks is above $P\\,E|T|$, for one block."""
    networks = partial(witnessed_excess, depth=1, witnesses=CORNER_WITNESSES)
    return sign.prove(program(networks, CORNER), box(CORNER, norm), ">")


def prove_longer(inputs: torch.Tensor, square: str) -> Proof:
    """That a datum is longer than $B$."""
    return sign.prove(program(longest_excess, inputs, True), box(inputs, "0", square), ">")
