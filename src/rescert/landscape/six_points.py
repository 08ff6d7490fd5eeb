r"""Six points on which one hinge is exactly solvable: $x_i=0..5$, $y_i=x_i+\rho r_i$, $r=(-1,-1,1,-1,1,1)$.

The data set of Yun, Sra, Jadbabaie 2019, Section 3.1, with its two families (`FULLY_CONNECTED`:
$\alpha+\gamma\,\mathrm{relu}(s(x-\tau))$; `RESIDUAL`: that plus $\beta x$), their exact minima as polynomials in
$\rho$ (`FORMULA`, `BEST_RESIDUAL`; to be certified, not trusted), and what the paper prints (`TABLE`, `THETA2_RISK`).
"""

from __future__ import annotations

from typing import Any

from flint import fmpq, fmpq_poly

from rescert.certify.piecewise import Fit, OneHinge, polynomial
from rescert.certify.real_roots import Interval, Real, between, rational, real_roots

X = tuple(rational(i) for i in range(6))
NOISE = (-1, -1, 1, -1, 1, 1)
Y = tuple(polynomial([i, r]) for i, r in enumerate(NOISE))
FULLY_CONNECTED = OneHinge(X, Y, skip=False)
RESIDUAL = OneHinge(X, Y, skip=True)

LINEAR, BEST_RESIDUAL = polynomial([0, 0, "8/15"]), polynomial([0, 0, "29/57"])
T4, PRINTED_END = real_roots(polynomial([-5, 0, 4]))
PRINTED, TRUE_RANGE = Interval(Real.of(0), PRINTED_END, False, True), Interval(T4, None, True, False)

WINDOW = Interval.parse("[-12, 6]")  # of the figure

T1, T2 = real_roots(polynomial([95, 50, 4]))[0], real_roots(polynomial([-171, 8, 32]))[0]
T3 = Real.of("-5/4")
FORMULA = (
    (Interval(None, T1, False, True), LINEAR),
    (Interval(T1, T2, True, True), polynomial(["19/21", "10/21", "4/7"])),
    (Interval(T2, T3, True, True), polynomial(["19/48", "1/2", "2/3"])),
    (Interval(T3, T4, True, True), polynomial(["1/12", 0, "7/15"])),
    (Interval(T4, None, True, False), LINEAR),
)

# Table 1 by the number of data in the constant part: error of that part, error of the linear part.
TABLE = (
    (polynomial([0]), LINEAR),
    (polynomial([0]), LINEAR),
    (polynomial(["1/12"]), polynomial([0, 0, "7/15"])),
    (polynomial(["1/3", "2/3", "4/9"]), polynomial([0, 0, "1/9"])),
    (polynomial(["5/6", "1/3", "1/2"]), polynomial([0])),
    (polynomial(["5/3", "4/3", "4/5"]), polynomial([0])),
    (polynomial(["35/12", "7/3", 1]), polynomial([0])),
)
THETA2_RISK = (polynomial([0, 0, 215, 82, 12]), polynomial([420, 156, 21]))
THETA2_LIMIT = real_roots(polynomial([-45, -6, 4]))[-1]
VARIANCE = TABLE[6][0]


def hinge(kink: int) -> list[fmpq_poly]:
    """The feature relu(x - kink) on the data."""
    return [polynomial([max(x - kink, fmpq(0))]) for x in X]


def fit(columns: list[list[fmpq_poly]], chosen: list[int] | None = None) -> Fit:
    """Least squares of the chosen data (default: all) by the columns, each with an entry for every datum."""
    rows = range(6) if chosen is None else chosen
    return Fit(tuple(tuple(column[i] for column in columns) for i in rows), tuple(Y[i] for i in rows), 6)


CONSTANT = [polynomial([1])] * 6
LINE = [polynomial([x]) for x in X]
BLOCK = [x + polynomial([0, "1/2"]) * h for x, h in zip(LINE, hinge(3), strict=True)]  # of theta_2
THETA2 = fit([CONSTANT, BLOCK])


def parts(constants: int, turn: int) -> tuple[list[int], list[int]]:
    """The data of the constant and of the linear part; turn -1 (w1 < 0) has the constant on the right."""
    order = list(range(6))[::turn]
    return sorted(order[:constants]), sorted(order[constants:])


def apart(constants: int, turn: int) -> Fit:
    """The fit of both parts at once without continuity: its error is the third column of Table 1."""
    flat, sloped = parts(constants, turn)
    pairs = [(flat, CONSTANT), (sloped, CONSTANT), (sloped if len(sloped) > 1 else [], LINE)]
    return fit([[column[i] if i in part else polynomial([0]) for i in range(6)] for part, column in pairs if part])


def table_entries() -> list[tuple[Fit, fmpq_poly]]:
    """Every entry of Table 1 for both signs of w1: the fit whose least error it is, and the printed polynomial."""
    found = []
    for turn in (1, -1):
        for constants, (flat_error, sloped_error) in enumerate(TABLE):
            flat, sloped = parts(constants, turn)
            if flat:
                found.append((fit([CONSTANT], flat), flat_error))
            if sloped:
                found.append((fit([CONSTANT, LINE] if len(sloped) > 1 else [CONSTANT], sloped), sloped_error))
            found.append((apart(constants, turn), flat_error + sloped_error))
    return found


def curves(where: Interval) -> dict[str, list[float]]:
    """Risks over rho^2 at multiples of 1/40 in ``where`` and in the figure's window; no points for a single rho."""
    shown = where.meet(WINDOW)
    grid = (rational(i) / 40 for i in range(-480, 241) if i)
    rho = [] if shown.is_empty or shown.point is not None else [r for r in grid if shown.contains(Real.of(r))]
    risks = {
        "fully_connected": [FULLY_CONNECTED.least(r) for r in rho],
        "residual": [RESIDUAL.least(r) for r in rho],
        "table": [min(flat(r) + sloped(r) for flat, sloped in TABLE) for r in rho],
        "theta2": [THETA2_RISK[0](r) / THETA2_RISK[1](r) for r in rho],
    }
    ratios = {name: [number(v / r**2) for v, r in zip(values, rho, strict=True)] for name, values in risks.items()}
    return {"rho": [number(r) for r in rho], **ratios}


def best_fits(where: Interval) -> dict[str, Any]:
    """At one rho of ``where`` (1 if it can be): the data, the best line, and the two best residual networks."""
    inner = between(where.low, where.high) if where.point is None else where.point.low
    rho = fmpq(1) if where.contains(Real.of(1)) else inner
    fits: dict[str, Any] = {"rho": number(rho), "data": [number(y(rho)) for y in Y]}
    for name, ends in {"line": (3, 4), "kink2": (3,), "kink3": (4,)}.items():
        piece = next(piece for piece in RESIDUAL.pieces if piece.active == ends)
        sides = [piece.coefficients[:2] if x < ends[0] else piece.coefficients[2:] for x in range(6)]
        fits[name] = [number(a(rho) + b(rho) * x) for (a, b), x in zip(sides, X, strict=True)]
    return fits


def number(value: fmpq) -> float:
    return int(value.p) / int(value.q)
