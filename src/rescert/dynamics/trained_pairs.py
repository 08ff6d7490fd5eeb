r"""What became of trained pairs of scalar networks: errors, exact slopes, dead units, movement, and witnesses.

A run is refuted or confirmed on its stored floats: pieces and slopes are rational numbers, certificates balls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import torch
from flint import fmpq
from scipy.stats import rankdata

from rescert.certify.problem import trace
from rescert.certify.sign import prove
from rescert.networks import piecewise_linear
from rescert.networks.piecewise_linear import Pair, Piece, overlaps, steepest, supported
from rescert.networks.scalar_instances import Assertions
from rescert.networks.scalar_pairs import pair

PRECISION = 320
TOLERANCE = Fraction(1, 100)  # of a fit
LIPSCHITZ = 2  # the Lipschitz constant of the target
BEND = Fraction(21, 5)  # the least rise of the slope of the second network of a fit
NARROW = fmpq(1, 1000)  # a kink misplaced by less is no excess of the slope
TARGET = tuple(
    Piece(fmpq(low, 10), fmpq(high, 10), fmpq(slope))
    for low, high, slope in ((0, 3, 1), (3, 5, -2), (5, 7, 1), (7, 10, -1))
)
CURVE = 201  # points of a curve, besides its kinks


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of one step size: ``w``, ``b``, ``w0``, ``b0`` (ranges, seeds, 2, L), ``c``, ``c0`` and ``d`` likewise.

    ``x`` and ``y`` (N,) are the data. All results are arrays (ranges, seeds).
    """

    arrays: Mapping[str, np.ndarray]

    @property
    def grid(self) -> tuple[int, int]:
        ranges, seeds = self.arrays["d"].shape
        return ranges, seeds

    def exchanged(self) -> Runs:
        """The same runs with the two ranges swapped."""
        return Runs({n: v if n in ("x", "y") else v[::-1] for n, v in self.arrays.items()})

    @cached_property
    def error(self) -> np.ndarray:
        """The largest |f(x_i) - y_i|."""
        return np.abs(self.values(self.arrays["x"]) - self.arrays["y"]).max(-1)

    @property
    def fits(self) -> np.ndarray:
        """Whether the largest error is within the tolerance."""
        return self.error <= float(TOLERANCE)

    @property
    def separated(self) -> np.ndarray:
        """Whether, of the two runs of a seed, the first does not fit and the second does: (seeds,)."""
        return self.fits[1] & ~self.fits[0]

    def values(self, x: np.ndarray) -> np.ndarray:
        """All estimates at all points: (ranges, seeds, points)."""
        # Layers first and the points last, as the network wants them.
        w, b = (torch.from_numpy(np.moveaxis(self.arrays[n], (3, 2), (0, 1))[..., None].copy()) for n in ("w", "b"))
        c = torch.from_numpy(np.moveaxis(self.arrays["c"], 2, 0)[..., None].copy())
        d = torch.from_numpy(self.arrays["d"][..., None].copy())
        return pair((w[:, 0], b[:, 0], c[0]), (w[:, 1], b[:, 1], c[1]), d, torch.from_numpy(x.copy())).numpy()

    @cached_property
    def pieces(self) -> list[list[list[Piece]]]:
        """The exact affine pieces of every estimate on [0, 1]."""
        ranges, seeds = self.grid
        return [[self._pieces(r, s) for s in range(seeds)] for r in range(ranges)]

    def _pieces(self, r: int, s: int) -> list[Piece]:
        w, b, c = (self.arrays[name][r, s] for name in ("w", "b", "c"))
        return Pair(*(piecewise_linear.exact_network(w[k], b[k], c[k]) for k in (0, 1))).pieces

    def _each(self, measure: Any) -> np.ndarray:
        return np.array([[float(measure(pieces)) for pieces in row] for row in self.pieces])

    @cached_property
    def lipschitz(self) -> np.ndarray:
        """The largest |slope|, rounded to a float."""
        return self._each(lambda pieces: abs(steepest(pieces).slope))

    @cached_property
    def supported(self) -> np.ndarray:
        """The largest |slope| on a piece with two data or more (0 without such a piece)."""
        data = [piecewise_linear.exact(x) for x in self.arrays["x"]]
        return self._each(lambda pieces: max((abs(p.slope) for p in supported(pieces, data)), default=fmpq(0)))

    @cached_property
    def excess(self) -> np.ndarray:
        r"""The largest $|\hat f'|-|f'|$ on an interval of length 1/1000 or more."""
        return self._each(lambda pieces: abs((cut := _exceeding(pieces))[0].slope) - abs(cut[1]))

    @cached_property
    def dead(self) -> np.ndarray:
        """The share of the 2L units whose weight is 0 or whose kink is not below 1."""
        w, b = (torch.from_numpy(np.moveaxis(self.arrays[name], 3, 0).copy()) for name in ("w", "b"))
        return ((w == 0) | (piecewise_linear.kinks(w, b) >= 1)).double().mean((0, 3)).numpy()

    @property
    def obstacle(self) -> str:
        """Why these runs say nothing of working networks: the dead units, if they are most of those of the median run.

        (Empty, if they are not.)
        """
        dead = float(np.median(self.dead))
        return f"the median run has {100 * dead:.0f} % dead units; " if dead > 0.5 else ""

    @cached_property
    def distance_to_line(self) -> np.ndarray:
        """The largest distance, over its data, of the piece with the largest error from their least squares line.

        Of the pieces that hold this datum it is the one with the most data. With fewer than three data there is no
        such distance, and the largest error stands for it.
        """
        x, y = self.arrays["x"], self.arrays["y"]
        values, found = self.values(x), self.error.copy()
        for r, s in np.ndindex(*self.grid):
            worst = x[np.abs(values[r, s] - y).argmax()]
            held = [(float(p.low) <= x) & (x <= float(p.high)) for p in self.pieces[r][s]
                    if float(p.low) <= worst <= float(p.high)]  # fmt: skip
            own = max(held, key=np.sum)
            if own.sum() > 2:
                line = np.polynomial.Polynomial.fit(x[own], y[own], 1)
                found[r, s] = np.abs(values[r, s][own] - line(x[own])).max()
        return found

    @cached_property
    def largest_bias(self) -> np.ndarray:
        return self.arrays["b"].max((2, 3))

    @cached_property
    def moved(self) -> dict[str, np.ndarray]:
        """|p - p0| / |p0| for w, b and c."""

        def length(values: np.ndarray) -> np.ndarray:
            return np.sqrt((values.reshape(*self.grid, -1) ** 2).sum(-1))

        return {
            n: length(self.arrays[n] - self.arrays[f"{n}0"]) / length(self.arrays[f"{n}0"]) for n in ("w", "b", "c")
        }

    def curve(self, r: int, s: int) -> tuple[list[float], list[float], list[float]]:
        """The kinks of an estimate, and points of its graph with the kinks among them."""
        kinks = [float(piece.high) for piece in self.pieces[r][s][:-1]]
        x = np.unique(np.concatenate([np.linspace(0, 1, CURVE), kinks]))
        return kinks, x.tolist(), self.values(x)[r, s].tolist()

    def table(self, quantities: Sequence[str], seed: int) -> dict[str, list[float]]:
        """Quantities of all runs, and the `curve` of one seed, each named with 1 or 2 for its range."""
        found: dict[str, list[float]] = {}
        for r in range(self.grid[0]):
            found |= {f"{name}_{r + 1}": getattr(self, name)[r].tolist() for name in quantities}
            found |= {f"{name}_{r + 1}": v for name, v in zip(("kinks", "x", "y"), self.curve(r, seed), strict=True)}
        return found

    def _constants(self, r: int, s: int) -> dict[str, Any]:
        w, b, c = (self.arrays[name][r, s] for name in ("w", "b", "c"))
        found = {f"{name}{k + 1}": value[k] for name, value in (("w", w), ("b", b), ("c", c)) for k in (0, 1)}
        return {**found, "d": self.arrays["d"][r, s]}

    def _shown(self, function: Any, constants: Mapping[str, Any]) -> Assertions:
        plain = {name: float(v) if np.ndim(v) == 0 and not isinstance(v, str) else v for name, v in constants.items()}
        proof = prove(trace(function, {}, plain), {}, ">", PRECISION)
        return () if proof.assertion is None else (proof.assertion,)

    def fit(self, r: int, s: int) -> Assertions:
        """The assertion that every |f(x_i) - y_i| is below the tolerance."""

        def slack(v: Mapping[str, Any]) -> Any:
            errors = _estimate(v) - v["y"]
            return v["tolerance"] * v["tolerance"] - errors * errors

        return self._shown(slack, self._constants(r, s) | self._data(slice(None)))

    def misfit(self, r: int, s: int) -> Assertions:
        """The assertion that one |f(x_i) - y_i| is above the tolerance."""
        worst = int(np.abs(self.values(self.arrays["x"])[r, s] - self.arrays["y"]).argmax())

        def excess(v: Mapping[str, Any]) -> Any:
            errors = _estimate(v) - v["y"]
            return errors * errors - v["tolerance"] * v["tolerance"]

        return self._shown(excess, self._constants(r, s) | self._data(slice(worst, worst + 1)))

    def _data(self, chosen: slice) -> dict[str, Any]:
        return {"x": self.arrays["x"][chosen], "y": self.arrays["y"][chosen], "tolerance": str(TOLERANCE)}

    def steeper(self, r: int, s: int) -> Assertions:
        """The assertion that the Lipschitz constant exceeds that of the target."""
        piece = steepest(self.pieces[r][s])
        return self._quotient(r, s, piece, Fraction(LIPSCHITZ), (Fraction(0), Fraction(1)))

    def pointwise(self, r: int, s: int) -> Assertions:
        """The assertion that |f'| exceeds that of the target somewhere on one of the target's pieces."""
        piece, slope = _exceeding(self.pieces[r][s])
        ends = next((t.low, t.high) for t in TARGET if t.low <= piece.low and piece.high <= t.high)
        return self._quotient(r, s, piece, _fraction(abs(slope)), (_fraction(ends[0]), _fraction(ends[1])))

    def _quotient(self, r: int, s: int, piece: Piece, bound: Fraction, within: tuple[Fraction, Fraction]) -> Any:
        """|f(q) - f(p)| > bound (q - p) for two points p < q of the piece, which lie inside ``within``."""
        p, q = between(_fraction(piece.low), _fraction(piece.high))
        constants = self._constants(r, s) | {"x": [str(p), str(q)], "bound": str(bound)}
        constants["within"] = [str(v) for v in within]
        sign = 1 if piece.slope > 0 else -1

        def excess(v: Mapping[str, Any]) -> Any:
            f, x = _estimate(v), v["x"]
            inside = torch.stack([x[0] - v["within"][0], v["within"][1] - x[1], x[1] - x[0]])
            return torch.cat([sign * (f[1:] - f[:1]) - v["bound"] * (x[1:] - x[:1]), inside])

        return self._shown(excess, constants)

    def moved_more(self, r: int, s: int, name: str, other: str) -> Assertions:
        """The assertion that |p - p0| / |p0| of one parameter exceeds that of the other."""
        constants: dict[str, Any] = {}
        for key, parameter in (("p", name), ("q", other)):
            constants |= {key + end: self.arrays[parameter + end][r, s].ravel() for end in ("", "0")}

        def excess(v: Mapping[str, Any]) -> Any:
            def square(u: Any) -> Any:
                return (u * u).sum()

            return square(v["p"] - v["p0"]) * square(v["q0"]) - square(v["q"] - v["q0"]) * square(v["p0"])

        return self._shown(excess, constants)

    def larger_weight(self, r: int, s: int, bound: str) -> Assertions:
        """The assertion that the largest weight exceeds a decimal bound."""
        return self._shown(lambda v: v["w"] - v["bound"], {"w": self.arrays["w"][r, s].max(), "bound": bound})

    def products(self, chosen: np.ndarray) -> np.ndarray:
        r"""$c(\prod_l(1+w_l)-1)$ of the second network of the chosen runs."""
        return self.arrays["c"][chosen][:, 1] * ((1 + self.arrays["w"][chosen][:, 1]).prod(-1) - 1)

    def bent(self, chosen: np.ndarray) -> Assertions:
        """The assertion that `products` are at least 4.2."""

        def excess(v: Mapping[str, Any]) -> Any:
            product = v["c"]
            for weights in v["w"]:
                product = product * (1 + weights)
            return product - v["c"] - v["bound"]

        constants = {"w": self.arrays["w"][chosen][:, 1].T.copy(), "c": self.arrays["c"][chosen][:, 1].copy()}
        return self._shown(excess, {**constants, "bound": str(BEND)})

    @cached_property
    def rank_correlation(self) -> np.ndarray:
        """Spearman's rank correlation of the 2L biases before and after training."""
        before, after = (self.arrays[name].reshape(*self.grid, -1) for name in ("b0", "b"))
        ranks = [rankdata(values, axis=-1) for values in (before, after)]
        ranks = [values - values.mean(-1, keepdims=True) for values in ranks]
        lengths = [np.sqrt((values**2).sum(-1)) for values in ranks]
        return (ranks[0] * ranks[1]).sum(-1) / np.maximum(lengths[0] * lengths[1], 1e-300)


@dataclass(frozen=True, eq=False)
class Steps:
    """The runs of every step size, the smallest first; of the two ranges the smaller one is the first."""

    sizes: tuple[str, ...]
    runs: tuple[Runs, ...]

    @staticmethod
    def of(weights: Mapping[str, np.ndarray], trained: Mapping[str, Any]) -> Steps:
        """From the stored weights and the record of all runs; raises ``ValueError`` if there are not two ranges."""
        step_sizes, bias_ranges = trained["step_sizes"], trained["bias_ranges"]
        if len(bias_ranges) != 2:
            raise ValueError(f"expected two ranges of initial biases, got {list(bias_ranges)}")
        order, ranges = sorted(range(len(step_sizes)), key=step_sizes.__getitem__), np.argsort(bias_ranges)
        return Steps(
            tuple(str(step_sizes[k]) for k in order),
            tuple(Runs({n: v if n in ("x", "y") else v[k][ranges] for n, v in weights.items()}) for k in order),
        )

    @staticmethod
    def read(inputs: Any, network: str) -> Steps:
        """The runs of a trained network, from the files that a claim is given."""
        need = f"networks/{network}"
        return Steps.of(inputs.arrays(need), inputs.record(need))

    def instances(self, instance: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The instance once for every step size."""
        return [{**instance, "step_size": size} for size in self.sizes]

    def at(self, size: str | None) -> Runs:
        """The runs of one step size (None: the smallest); raises ``ValueError`` for another."""
        if size is not None and size not in self.sizes:
            raise ValueError(f"expected a step size among {', '.join(self.sizes)}, got '{size}'")
        return self.runs[0 if size is None else self.sizes.index(size)]


def _exceeding(pieces: Sequence[Piece]) -> tuple[Piece, fmpq]:
    """Where the slope exceeds the target's most: a part of a piece, and the target's slope there."""
    cut = [found for found in overlaps(pieces, TARGET) if found[0].high - found[0].low >= NARROW]
    return max(cut, key=lambda found: abs(found[0].slope) - abs(found[1]))


def _estimate(v: Mapping[str, Any]) -> Any:
    return pair((v["w1"], v["b1"], v["c1"]), (v["w2"], v["b2"], v["c2"]), v["d"], v["x"])


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def between(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """Two binary fractions low < p < q < high, near a quarter and three quarters of the way.

    >>> [str(p) for p in between(Fraction(0), Fraction(1, 3))]
    ['5/64', '1/4']
    """
    width = high - low
    if width <= 0:
        raise ValueError(f"expected low < high, got {low} and {high}")
    unit = Fraction(1, 2 ** (4 + (width.denominator // width.numerator).bit_length()))
    p, q = ((low + share * width) // unit * unit for share in (Fraction(1, 4), Fraction(3, 4)))
    return p, q
