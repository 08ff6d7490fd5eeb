"""Section 3.2: the verdicts, and the written proofs against plain rational arithmetic and against optimisation."""

import random
from fractions import Fraction as F
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.optimize import least_squares

from rescert.claim import Inputs, Verdict
from rescert.claims import ysj_monotone as claim
from rescert.claims.ysj_monotone import CLAIM, check
from rescert.landscape.representations import nine
from rescert.networks import scalar_blocks

NOTHING = Inputs({})
X, Y = [F(1), F(5, 2), F(3)], [F(1), F(3), F(2)]
INSTANCES = {
    "printed": {"data": "three", "theta": "1 1 -2 -4 1 -3.5 1 0"},
    "monotone": {"data": "three", "theta": "-1/2 1 -3/2 -6 1 -17/8 2 -1"},
    "exchanged": {"data": "three", "theta": "-4 1 -11/4 1 1 -2 1 0"},
    "first kink first": {"data": "nine", "inner": "1", "theta": "1 1 2 -1/2 1 -6 1 -2"},
    "second kink first": {"data": "nine", "inner": "1", "theta": "-1/2 1 -2 1 1 2 1 -2"},
    "beyond": {"data": "nine", "inner": "11/8", "theta": "1 1 11/4 -1/2 1 -33/4 1 -11/4"},
}
HOLDING = {
    "printed": {"printed", "not_monotone", "last_block", "smooth", "component", "values"},
    "monotone": {"last_block", "smooth", "component", "values", "avoidable"},
    "exchanged": {"last_block", "values", "avoidable"},
    "first kink first": {"not_monotone", "last_block", "smooth", "unavoidable"},
    "second kink first": {"not_monotone", "last_block", "smooth", "unavoidable"},
    "beyond": {"last_block", "smooth", "unavoidable"},
}
WITNESSED = {s.name for s in CLAIM.statements if s.quantifier == "some"}


def blocks(theta: tuple, x: F) -> tuple[F, F, F]:
    """h_1, h_2 and f, in the arithmetic of the arguments."""
    v1, u1, b1, v2, u2, b2, w, c = theta
    first = x + v1 * max(u1 * x + b1, 0)
    second = first + v2 * max(u2 * first + b2, 0)
    return first, second, w * second + c


def error(hidden: list, labels: list) -> F:
    """Mean squared error of the best line, by sums."""
    n = len(labels)
    a, b = sum(hidden) / F(n), sum(labels) / F(n)
    spread = sum((h - a) ** 2 for h in hidden)
    product = sum((h - a) * (y - b) for h, y in zip(hidden, labels, strict=True))
    return (sum((y - b) ** 2 for y in labels) - (product**2 / spread if spread else 0)) / n


def of_ratio(r: F) -> F:
    return F(2, 3) - 1 / (2 * (1 - r + r * r))


def rational(draw: random.Random, low: F, high: F) -> F:
    """Strictly between the two."""
    return low + (high - low) * F(draw.randint(1, 999), 1000)


@pytest.mark.parametrize("name", INSTANCES)
def test_verdicts(name: str) -> None:
    findings = check(INSTANCES[name], NOTHING)
    assert findings.keys() == {s.name for s in CLAIM.statements}
    assert {n for n, f in findings.items() if f.verdict is Verdict.HOLDS} == HOLDING[name]
    assert {n for n, f in findings.items() if f.verdict is Verdict.FAILS} <= WITNESSED
    assert not [n for n, f in findings.items() if f.verdict is Verdict.UNDECIDED]
    assert all(f.assertions for f in findings.values())


def test_zero_eigenvalues() -> None:
    printed, nine_points = (check(INSTANCES[n], NOTHING)["smooth"] for n in ("printed", "first kink first"))
    assert printed.values["zero_eigenvalues"] == 5
    assert len(printed.values["eigenvalues"]) == 3
    assert nine_points.values["zero_eigenvalues"] == 2
    assert len(nine_points.values["eigenvalues"]) == 6


def test_a_kink_on_a_datum_is_named() -> None:
    assert check(INSTANCES["exchanged"], NOTHING)["smooth"].reason == "a kink of block 2 on x = 3"


def test_the_control_and_a_point_beside_a_minimum_show_nothing_about_minima() -> None:
    moved = {"data": "three", "theta": f"1 1 -2 -4 1 -3.5 1 1/{2**30}"}
    for instance in (CLAIM.control, moved):
        findings = check(instance, NOTHING)
        assert findings[CLAIM.control_statement].verdict is Verdict.VACUOUS
        assert findings["last_block"].verdict is Verdict.UNDECIDED
        assert not [n for n, f in findings.items() if f.verdict is Verdict.HOLDS]


def test_parameters_that_are_not_dyadic_are_undecided() -> None:
    findings = check({"data": "three", "theta": "1/3 3 -6 -4 1 -3.5 1 0"}, NOTHING)
    assert {f.verdict for f in findings.values()} == {Verdict.UNDECIDED}


@pytest.mark.parametrize(
    "instance", [{"data": "four", "theta": "1 1 -2 -4 1 -3.5 1 0"}, {"data": "three", "theta": "1"}]
)
def test_misuse_is_refused(instance: dict) -> None:
    with pytest.raises(ValueError, match="expected"):
        check(instance, NOTHING)


def test_false_statements_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "PRINTED_ERRORS", ("0.3206", "0.3810", "0"))
    assert check(INSTANCES["printed"], NOTHING)["printed"].verdict is Verdict.FAILS
    monkeypatch.setattr(claim, "three_point_error", lambda hidden: claim.fmpq(1, 3))
    assert check(INSTANCES["printed"], NOTHING)["values"].verdict is Verdict.FAILS
    monkeypatch.setattr(claim, "THRESHOLD", claim.Real.of("7/5"))
    assert check(INSTANCES["beyond"], NOTHING)["unavoidable"].verdict is Verdict.FAILS
    assert check(INSTANCES["first kink first"], NOTHING)["unavoidable"].verdict is Verdict.UNDECIDED


def test_the_threshold() -> None:
    first, second = claim.nine_fits()
    difference = second.value[0] * first.value[1] - first.value[0] * second.value[1]
    assert not difference % claim.THRESHOLD.polynomial
    assert float(claim.THRESHOLD) == pytest.approx(1.3445, abs=5e-5)


# Part 2


def test_jacobian_and_kernel_of_the_printed_minimum() -> None:
    theta = torch.tensor([1, 1, -2, -4, 1, -3.5, 1, 0], dtype=torch.float64)

    def outputs(t: torch.Tensor) -> torch.Tensor:
        parameters = {"v": t[[0, 3]], "u": t[[1, 4]], "b": t[[2, 5]], "w": t[6], "c": t[7]}
        return scalar_blocks.network(parameters, torch.tensor([1, 2.5, 3], dtype=torch.float64))

    jacobian = torch.func.jacfwd(outputs)(theta)
    told = [[0, 0, 0, 0, 0, 0, 1, 1], [0.5, 2.5, 1, 0, 0, 0, 3, 1], [-3, -9, -3, 0.5, -16, -4, 2, 1]]
    assert jacobian.tolist() == told
    kernel = [
        [-1, 1, -2, 0, 0, 0, 0, 0],
        [0, 0, 0, 4, 1, -3.5, 0, 0],
        [0, 0, 0, 8, 0, 1, 0, 0],
        [2, 0, -1, 6, 0, 0, 0, 0],
        [0, 0, -2, -14, 0, 0, 1, -1],
    ]
    assert not (jacobian @ torch.tensor(kernel, dtype=torch.float64).T).any()
    assert np.linalg.matrix_rank(kernel) == 5
    assert (jacobian @ jacobian.T).tolist() == [[2, 4, 3], [4, 17.5, -20], [3, -20, 376.25]]


# Part 3


@pytest.mark.parametrize("seed", range(40))
def test_the_component_is_the_graph(seed: int) -> None:
    draw = random.Random(seed)
    u1, u2 = (F(draw.randint(1, 40), 10) for _ in range(2))
    kink, slope = rational(draw, F(1), F(5, 2)), F(draw.randint(1, 400), 100)
    v1, b1 = (slope - 1) / u1, -kink * u1
    middle, last = (blocks((v1, u1, b1, 0, 0, 0, 0, 0), x)[0] for x in X[1:])
    b2 = -u2 * rational(draw, middle, last)
    w = 2 / (middle - 1)
    theta = (v1, u1, b1, ((middle + 1) / 2 - last) / (u2 * last + b2), u2, b2, w, 1 - w)
    rows = [blocks(theta, x) for x in X]
    assert [f for _, _, f in rows] == Y
    assert [np.sign(float(u1 * x + b1)) for x in X] == [-1, 1, 1]
    assert [np.sign(float(u2 * h + b2)) for h, _, _ in rows] == [-1, -1, 1]
    first, second = error(X, Y), error([h for h, _, _ in rows], Y)
    ratio = 1 + 1 / (2 * (kink - 1) / slope + 5 - 2 * kink)
    assert second == of_ratio(ratio)
    assert (second > first) == (v1 > 0)
    assert (second == first) == (v1 == 0)
    assert F(1, 6) < second < F(2, 3)


# Part 4


def minimum_with(kink: F, slope: F, side: int) -> tuple:
    """A global minimum on the three points whose first block has ``slope`` on the right (side 1) or left (-1) of it."""
    first = (slope - 1, F(1), -kink) if side > 0 else (1 - slope, F(-1), kink)
    hidden = [blocks((*first, 0, 0, 0, 0, 0), x)[0] for x in X]
    (a, fa), (b, fb), (c, fc) = sorted(zip(hidden, Y, strict=True))
    left, right = (fb - fa) / (b - a), (fc - fb) / (c - b)
    w = left
    return (*first, (right - left) / left, F(1), -b, w, fa - w * a)


@pytest.mark.parametrize("seed", range(30))
def test_every_ratio_occurs_and_has_its_error(seed: int) -> None:
    draw = random.Random(seed)
    theta = minimum_with(
        rational(draw, F(1), F(5, 2)), F(draw.randint(-500, 500), 100) + F(1, 999), draw.choice([1, -1])
    )
    rows = [blocks(theta, x) for x in X]
    hidden = [h for h, _, _ in rows]
    assert [f for _, _, f in rows] == Y
    assert len(set(hidden)) == 3
    ratio = (hidden[2] - hidden[0]) / (hidden[1] - hidden[0])
    assert error(hidden, Y) == of_ratio(ratio) != F(1, 6)


def test_the_values_fill_the_interval() -> None:
    for ratio in [F(1, 2), F(2), F(-1000), F(1000), F(1, 100), F(101, 100), F(-1, 7)]:
        kink = F(9, 4) if ratio == 2 else F(2)
        # ratio = 1 + s / (2 (t - 1) + s (5 - 2 t)), solved for s
        slope = (ratio - 1) * 2 * (kink - 1) / (1 - (ratio - 1) * (5 - 2 * kink))
        theta = minimum_with(kink, slope, 1) if ratio != F(1, 2) else minimum_with(F(2), slope, 1)
        rows = [blocks(theta, x) for x in X]
        assert [f for _, _, f in rows] == Y
        assert error([h for h, _, _ in rows], Y) == of_ratio(ratio)


def test_all_six_orders_of_the_first_representation_occur() -> None:
    slopes = [F(s, 4) + F(1, 9) for s in range(-60, 60)]
    orders = set()
    for slope in slopes:
        for side in (1, -1):
            hidden = [blocks(minimum_with(F(2), slope, side), x)[0] for x in X]
            orders.add(tuple(sorted(range(3), key=hidden.__getitem__)))
    assert orders == set(permutations(range(3)))


def test_exchanging_the_kinks_keeps_the_function_on_the_data_interval() -> None:
    printed = (F(1), F(1), F(-2), F(-4), F(1), F(-7, 2), F(1), F(0))
    exchanged = (F(-4), F(1), F(-11, 4), F(1), F(1), F(-2), F(1), F(0))
    for k in range(401):
        x = 1 + F(k, 200)
        both = [blocks(theta, x)[2] for theta in (printed, exchanged)]
        assert both == [x + max(x - 2, 0) - 8 * max(x - F(11, 4), 0)] * 2
    assert blocks(printed, F(4))[2] != blocks(exchanged, F(4))[2]


# Part 5


def nine_data(inner: str) -> tuple[np.ndarray, np.ndarray]:
    inputs, labels = nine(inner)
    return np.array([float(F(x)) for x in inputs]), np.array([float(F(y)) for y in labels])


@pytest.mark.parametrize(("inner", "expected"), [("1", 418 / 1413), ("1/4", None)])
def test_every_fit_found_by_optimisation_has_the_same_first_error(inner: str, expected: float | None) -> None:
    """From starts everywhere: a twin of the written proof, which must not know it."""
    inputs, labels = nine_data(inner)
    e = float(F(inner))
    formula = 2 * (28 * e**4 - 64 * e**3 + 4 * e**2 + 16 * e + 225) / (9 * (8 * e**2 + 32 * e + 117))
    assert expected is None or formula == pytest.approx(expected, rel=1e-14)
    draw = np.random.default_rng(0)

    def hidden(t: np.ndarray) -> np.ndarray:
        return inputs + t[0] * np.maximum(t[1] * inputs + t[2], 0)

    def residuals(t: np.ndarray) -> np.ndarray:
        first = hidden(t)
        return t[6] * (first + t[3] * np.maximum(t[4] * first + t[5], 0)) + t[7] - labels

    errors = []
    for _ in range(150):
        start = draw.standard_normal(8) * draw.choice([0.5, 1, 2])
        start[[2, 5]] *= 4 if inner == "1" else 1
        found = least_squares(residuals, start, max_nfev=200, xtol=1e-15, ftol=1e-15, gtol=1e-15)
        if found.cost < 1e-20:
            first = hidden(found.x)
            errors.append(np.mean((np.polyval(np.polyfit(first, labels, 1), first) - labels) ** 2))
    assert len(errors) >= 5
    np.testing.assert_allclose(errors, formula, rtol=1e-6)


@pytest.mark.parametrize("inner", ["1/64", "1/2", "1", "11/8"])
def test_both_kinds_of_minima_fit_the_nine_points(inner: str) -> None:
    e = F(inner)
    inputs, labels = ([F(v) for v in values] for values in nine(inner))
    one = F(1)
    first = (one, one, 2 * e, F(-1, 2), one, -6 * e, one, -2 * e)
    second = (F(-1, 2), one, -2 * e, one, one, 2 * e, one, -2 * e)
    errors = []
    for theta in (first, second):
        rows = [blocks(theta, x) for x in inputs]
        assert [f for _, _, f in rows] == labels
        errors.append(error([h for h, _, _ in rows], labels))
    assert errors[0] == errors[1]
    assert (errors[0] > error(inputs, labels)) == (e < F(13445, 10000))


# Part 1


def test_with_a_zero_output_weight_a_covariance_lets_the_risk_fall() -> None:
    """The case w = 0 of part 1: no local minimum while h_1 is correlated with the labels."""
    draw = np.random.default_rng(0)
    x, y = np.array([1, 2.5, 3]), np.array([1.0, 3, 2])

    def risk(t: np.ndarray) -> float:
        return float(np.mean((np.array([blocks(tuple(t), v)[2] for v in x]) - y) ** 2))

    for _ in range(20):
        theta = np.append(draw.standard_normal(6), [0.0, 2.0])
        assert risk(theta) == pytest.approx(2 / 3, rel=1e-14)
        steps = [np.array([0, 0, 0, dv, 0, 0, dw, 0]) for dw in (1e-4, -1e-4) for dv in (0.0, 1e-3, -1e-3)]
        assert min(risk(theta + step) for step in steps) < 2 / 3
