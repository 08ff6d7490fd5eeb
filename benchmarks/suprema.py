"""A bound for all factors of a map of the plane at once, on a cover of the disc, and the same by a plain loop.

The bound is ‖D C⁻¹‖ <= B for the m factors of x + 4/5 u (1 - cos w'x) on |x| <= 2, with B two per cent above the
largest value on a grid: 2m polynomial entries in sines and cosines of polar coordinates that have to be >= 0. The same
branch and bound, with direct and mean value forms, runs

- in batches of boxes (`rescert.certify.suprema`),
- one box at a time in python-flint's balls (the naive twin of the tests: this function as it was before),
- one box and factor at a time in mpmath's intervals `iv`, as one would write it by hand; with the depth first.

Shown first are the verdicts and the numbers of boxes, then the seconds of one run of each on one thread, the ratios to
the batches, and the seconds that the checker takes for the certificate (that of the batches).

python benchmarks/suprema.py [--depths 1 8 64] [--slowest 8]
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mpmath import iv

from rescert import runtime
from rescert.certify import check, suprema

sys.path.append(str(Path(__file__).parent.parent / "tests" / "certify"))
import naive_suprema
import planar


class Dual:
    """An interval with its derivatives in r and the angle."""

    def __init__(self, value: Any, slopes: tuple[Any, Any] = (0, 0)) -> None:
        self.value, self.slopes = value, slopes

    def __add__(self, other: Any) -> Dual:
        o = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value + o.value, (self.slopes[0] + o.slopes[0], self.slopes[1] + o.slopes[1]))

    def __mul__(self, other: Any) -> Dual:
        o = other if isinstance(other, Dual) else Dual(other)
        return Dual(
            self.value * o.value,
            tuple(self.value * b + a * o.value for a, b in zip(self.slopes, o.slopes, strict=True)),
        )

    __radd__, __rmul__ = __add__, __mul__

    def sin(self) -> Dual:
        turn = iv.cos(self.value)
        return Dual(iv.sin(self.value), tuple(turn * a for a in self.slopes))

    def cos(self) -> Dual:
        turn = -iv.sin(self.value)
        return Dual(iv.cos(self.value), tuple(turn * a for a in self.slopes))


def rational(text: str) -> Any:
    above, _, below = text.partition("/")
    return iv.mpf(above) / iv.mpf(below or "1")


def factor(before: float, after: float, bound: str, r: Dual, angle: Dual) -> tuple[Dual, Dual]:
    """The trace and the determinant of `planar.ridge` for one factor."""
    scale = Dual(rational(planar.RIDGE["scale"]))
    w, u = ([Dual(rational(x)) for x in planar.RIDGE[n]] for n in "wu")
    s = r * (w[0] * angle.cos() + w[1] * angle.sin())
    change = 2 * scale * ((before + after) / 2 * s).cos() * ((after - before) / 2 * s).sin()
    here = scale * (before * s).sin()
    d = [[change * (u[i] * w[j]) for j in (0, 1)] for i in (0, 1)]
    c = [[here * (u[i] * w[j]) + int(i == j) for j in (0, 1)] for i in (0, 1)]
    square = Dual(iv.mpf(bound) ** 2)
    gram = [
        square * (c[0][i] * c[0][j] + c[1][i] * c[1][j]) + -1 * (d[0][i] * d[0][j] + d[1][i] * d[1][j])
        for i, j in ((0, 0), (0, 1), (1, 1))
    ]
    return gram[0] + gram[2], gram[0] * gram[2] + -1 * gram[1] * gram[1]


def by_intervals(depth: int, bound: str) -> tuple[bool, int]:
    ends = np.arange(depth + 1) / depth
    waiting, leaves = [naive_suprema.sides_of(planar.DISC)], 0
    while waiting:
        sides = waiting.pop()
        exact = [(rational(str(m)), rational(str(r))) for m, r in sides]
        spans = [iv.mpf([(m - r).a, (m + r).b]) for m, r in exact]
        box = [Dual(x, (int(k == 0), int(k == 1))) for k, x in enumerate(spans)]
        point = [Dual(m) for m, _ in exact]
        for before, after in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            pairs = zip(
                factor(before, after, bound, *box), factor(before, after, bound, *point), strict=True
            )  # fmt: skip
            if not all(holds(over, at, [r for _, r in exact]) for over, at in pairs):
                waiting += naive_suprema.halves(sides)
                break
        else:
            leaves += 1
    return True, leaves


def holds(over: Dual, at: Dual, radii: list[Any]) -> bool:
    if over.value.a >= 0:
        return True
    centred = at.value
    for slope, radius in zip(over.slopes, radii, strict=True):
        centred = centred + slope * iv.mpf([-radius.b, radius.b])
    return bool(centred.a >= 0)


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    found = function(*arguments)
    return found, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depths", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--slowest", type=int, default=8, help="the largest depth for mpmath")
    args = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # torch's own
    runtime.set_threads(1)
    print("factors  verdicts          boxes  batches   balls  mpmath   balls/batches  mpmath/batches  checker")
    for depth in args.depths:
        bound = f"{1.02 * planar.sampled(depth):.12f}"
        program = planar.ridge(depth, bound)
        found, batches = timed(suprema.prove, program, planar.DISC, ">=")
        twin, one = timed(naive_suprema.naive_proof, program, planar.DISC, ">=", 10_000)
        verdicts = [found.proved, twin]
        hand = None
        if depth <= args.slowest:
            (verdict, _), hand = timed(by_intervals, depth, bound)
            verdicts.append(verdict)
        _, checked = timed(check.KINDS["cover"], plain(found.assertion), check.Files({}, Path(), Path()))
        shown = "     -" if hand is None else f"{hand:6.1f}"
        ratio = "             -" if hand is None else f"{hand / batches:14.1f}"
        print(
            f"{depth:7}  {' '.join(map(str, verdicts)):15} {found.boxes:7} {batches:7.2f}s {one:6.1f}s {shown}s "
            f"{one / batches:14.1f}  {ratio}  {checked:6.1f}s"
        )


def plain(value: Any) -> Any:
    """An assertion as JSON gives it back."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


if __name__ == "__main__":
    main()
