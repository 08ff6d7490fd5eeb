"""Exact one-hinge least squares: naive twins, the checker as a second method, and certificates that must not pass."""

import copy
import random
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_poly

from rescert.certify.check import Refused, check_rational_enumeration
from rescert.certify.piecewise import Fit, OneHinge, Relation, coefficients, polynomial, sign_exception
from rescert.certify.real_roots import Interval, Real, rational

LINE = Interval(None, None)
NOISE = (-1, -1, 1, -1, 1, 1)
SIX = {
    skip: OneHinge(
        tuple(rational(i) for i in range(6)), tuple(polynomial([i, r]) for i, r in enumerate(NOISE)), skip=skip
    )
    for skip in (False, True)
}
LINEAR = polynomial([0, 0, "8/15"])


def drawn(seed: int, skip: bool) -> OneHinge:
    """Data of two to seven points, repetitions and few distinct abscissae included."""
    draw = random.Random(seed)
    size = draw.randint(2, 7)
    x = [fmpq(draw.randint(-4, 4), draw.randint(1, 3)) for _ in range(size)]
    x[1] = x[0] + 1
    y = [polynomial([draw.randint(-5, 5), draw.randint(-3, 3)]) for _ in x]
    return OneHinge(tuple(x), tuple(y), skip)


def number(value: fmpq) -> float:
    return float(Fraction(str(value)))


def squared(columns: list[np.ndarray], y: np.ndarray) -> float:
    a = np.stack(columns, axis=1)
    return float(np.mean((a @ np.linalg.lstsq(a, y, rcond=None)[0] - y) ** 2))


def brute(problem: OneHinge, rho: fmpq, kinks: np.ndarray) -> float:
    """The least risk over a grid of kinks: float least squares, an upper bound of the minimum up to rounding."""
    x, y = (np.array(list(map(number, v))) for v in (problem.abscissae, [p(rho) for p in problem.ordinates]))
    extra = [x] if problem.skip else []
    return min(squared([np.ones_like(x), *extra, np.maximum(s * (x - t), 0)], y) for t in kinks for s in (1, -1))


def kink(problem: OneHinge, rho: fmpq) -> float | None:
    """The kink of a minimiser with coefficients known on both sides, None where its place is free."""
    least = problem.least(rho)
    piece = next(p for p in problem.pieces if p.feasible(rho) and p.risk(rho) == least)
    if not piece.conditions or len(piece.active) == 2:
        return None
    if piece.active:
        return number(problem.points[piece.active[0] - 1])
    size = 1 if piece.left == "constant" else 2
    p, q = ([*piece.coefficients[:size], fmpq_poly()][:2], [*piece.coefficients[size:], fmpq_poly()][:2])
    jump, turn = (number(b(rho) - a(rho)) for a, b in zip(p, q, strict=True))
    return -jump / turn if turn else None


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_minimum_is_below_a_grid_and_is_met_at_its_own_kink(seed: int, skip: bool) -> None:
    problem, rho = drawn(seed, skip), fmpq(random.Random(seed).randint(-12, 12), 5)
    exact = number(problem.least(rho))
    x = sorted(map(number, problem.abscissae))
    grid = np.linspace(x[0] - 0.5, x[-1] + 0.5, 301)
    scale = 1e-12 * (1 + max(number(y(rho)) ** 2 for y in problem.ordinates))
    found = brute(problem, rho, np.concatenate([grid, x]))
    assert exact <= found + scale
    place = kink(problem, rho)
    if place is not None:
        assert brute(problem, rho, np.array([place])) == pytest.approx(exact, abs=100 * scale)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_envelope_is_the_minimum_and_the_checker_agrees_by_another_method(seed: int, skip: bool) -> None:
    problem = drawn(seed, skip)
    for segment in problem.envelope(LINE):
        part = Interval(segment.low, segment.high, segment.low is not None, segment.high is not None)
        check_rational_enumeration(problem.assertion(part, "=", segment.risk), None)
        higher = segment.risk + polynomial([fmpq(1, 10**9)])
        with pytest.raises(Refused):
            check_rational_enumeration(problem.assertion(part, "=", higher), None)


@pytest.mark.parametrize("relation", ["<", "<=", "=", ">=", ">"])
@pytest.mark.parametrize("kinks", ["anywhere", "off data"])
@pytest.mark.parametrize("skip", [False, True])
def test_certifier_and_checker_decide_alike(skip: bool, kinks: str, relation: Relation) -> None:
    draw = random.Random(f"{skip}{kinks}{relation}")
    ends = ["(-11, -sqrt(5/4))", "[-sqrt(5/4), inf)", "(0, sqrt(5/4)]", "(-inf, inf)", "-6/5", "[-5/4, -1]", "(0, 6)"]
    bounds = [LINEAR, polynomial([0, 0, "29/57"]), polynomial(["1/12", 0, "7/15"]), polynomial([0, 0, "1/2"])]
    answers = set()
    for _ in range(10):
        interval, bound = Interval.parse(draw.choice(ends)), draw.choice(bounds)
        true = SIX[skip].exception(interval, relation, bound, kinks) is None
        assertion = SIX[skip].assertion(interval, relation, bound, kinks)
        if true:
            check_rational_enumeration(assertion, None)
        else:
            with pytest.raises(Refused):
                check_rational_enumeration(assertion, None)
        answers.add(true)
    assert answers == {True, False} or relation in ("=", ">") or kinks == "off data"


@pytest.mark.parametrize("ends", ["[-3/2, -5/4]", "(-3/2, -5/4]", "-5/4", "[-3/2, -1]"])
def test_a_candidate_off_data_at_a_closed_end_alone_is_seen(ends: str) -> None:
    """At rho = -5/4 the kink between 1 and 2 becomes admissible, with less than the best line's risk."""
    interval = Interval.parse(ends)
    assert SIX[False].exception(interval, ">=", LINEAR, "off data") == Real.of("-5/4")
    with pytest.raises(Refused):
        check_rational_enumeration(SIX[False].assertion(interval, ">=", LINEAR, "off data"), None)
    assert SIX[False].exception(Interval.parse("[-3/2, -5/4)"), ">=", LINEAR, "off data") is None


def test_two_points_are_fitted_exactly() -> None:
    for skip in (False, True):
        problem = OneHinge((fmpq(0), fmpq(1)), (polynomial([1, 2]), polynomial([3, -1])), skip)
        assert [s.risk for s in problem.envelope(LINE)] == [polynomial([0])]


@pytest.mark.parametrize(
    ("x", "y", "named"),
    [((0, 1), ([0],), "abscissae"), ((2, 2), ([0], [1]), "distinct"), ((0, 1), ([0], [0, 0, 1]), "degree")],
)
def test_misuse_is_named(x: tuple[int, ...], y: tuple[list[int], ...], named: str) -> None:
    with pytest.raises(ValueError, match=f"expected.*{named}"):
        OneHinge(tuple(map(rational, x)), tuple(map(polynomial, y)), skip=False)


def test_one_irrational_number_is_no_instance() -> None:
    with pytest.raises(ValueError, match="expected an interval or one rational"):
        SIX[False].envelope(Interval.parse("sqrt(2)"))


@pytest.mark.parametrize("seed", range(5))
def test_fit_with_features_that_depend_on_rho(seed: int) -> None:
    draw = random.Random(seed)
    features = tuple(
        tuple(polynomial([draw.randint(-3, 3) for _ in range(draw.randint(1, 3))]) for _ in range(2)) for _ in range(5)
    )
    fit = Fit(features, tuple(polynomial([draw.randint(-3, 3), 1]) for _ in range(5)), 5)
    numerator, denominator = fit.value
    rho = fmpq(draw.randint(1, 9), 7)
    columns = [np.array([number(row[j](rho)) for row in features]) for j in range(2)]
    target = np.array([number(y(rho)) for y in fit.target])
    assert number(numerator(rho) / denominator(rho)) == pytest.approx(squared(columns, target), rel=1e-10)
    here = Interval.parse(str(rho))
    assert fit.exception(here, "=", fit.value) is None
    check_rational_enumeration(fit.assertion(here, "=", fit.value), None)
    with pytest.raises(Refused):
        check_rational_enumeration(fit.assertion(here, "<", fit.value), None)


def test_dependent_features_are_refused() -> None:
    one = polynomial([1])
    with pytest.raises(ValueError, match="independent"):
        _ = Fit(((one, one), (one, one)), (one, one), 2).value
    dependent_at_zero = Fit(((one, one), (one, polynomial([1, 1]))), (one, polynomial([2])), 2)
    assert dependent_at_zero.exception(Interval.parse("[0, 1]"), "=", dependent_at_zero.value) == Real.of(0)
    with pytest.raises(Refused):
        check_rational_enumeration(
            dependent_at_zero.assertion(Interval.parse("[0, 1]"), "=", dependent_at_zero.value), None
        )


def test_strictness_is_lost_exactly_at_a_touching_point() -> None:
    touching = polynomial([2, 0, -2, 0, "1/2"])  # (rho^2 - 2)^2 / 2
    assert sign_exception(touching, Interval.parse("(1, 2)"), ">=") is None
    assert sign_exception(touching, Interval.parse("(1, 2)"), ">") == Interval.parse("sqrt(2)").low
    assert sign_exception(touching, Interval.parse("(sqrt(2), 2)"), ">") is None
    assert sign_exception(touching, Interval.parse("[sqrt(2), 2)"), ">") is not None


GOOD = {
    "line": SIX[True].assertion(LINE, "=", polynomial([0, 0, "29/57"])),
    "range": SIX[False].assertion(Interval.parse("[-sqrt(5/4), inf)"), ">=", LINEAR),
    "strict": SIX[True].assertion(Interval.parse("(0, inf)"), "<", LINEAR),
    "smooth": SIX[True].assertion(LINE, ">=", LINEAR, "off data"),
}
FIT = Fit(
    tuple((polynomial([1]), polynomial([i, 1])) for i in range(4)), tuple(polynomial([i * i]) for i in range(4)), 4
)
GOOD["fit"] = FIT.assertion(LINE, "=", FIT.value)
NEGATIVE_ROOT = {"root_of": ["-5", "0", "4"], "between": ["-2", "-1"]}
MUTATIONS = [
    ("line", {"polynomial": ["0", "0", "28/57"]}),
    ("line", {"polynomial": ["0", "0", "29/57", "1/1000000000000"]}),
    ("line", {"skip": False}),
    ("line", {"kinks": "off data"}),
    ("line", {"relation": "<"}),
    ("line", {"relation": "!="}),
    ("line", {"mode": "trust"}),
    ("line", {"abscissae": ["0", "1", "2", "3", "4", "11/2"]}),
    ("line", {"ordinates": GOOD["line"]["ordinates"][:-1]}),
    ("line", {"ordinates": [*GOOD["line"]["ordinates"][:-1], ["5", "2"]]}),
    ("line", {"ordinates": [*GOOD["line"]["ordinates"][:-1], ["5", "1", "1"]]}),
    ("line", {"abscissae": ["0", "0", "0", "0", "0", "0"]}),
    ("range", {"relation": ">"}),
    ("range", {"interval": ["-9/8", None]}),
    ("range", {"interval": [None, None]}),
    ("range", {"interval": ["1", "-1"]}),
    ("range", {"interval": [NEGATIVE_ROOT, NEGATIVE_ROOT]}),
    ("range", {"interval": [{**NEGATIVE_ROOT, "between": ["-2", "2"]}, None]}),
    ("range", {"interval": [{**NEGATIVE_ROOT, "between": ["1", "0"]}, None]}),
    ("range", {"interval": [{**NEGATIVE_ROOT, "between": ["-1", "1"]}, None]}),
    ("range", {"interval": [{"root_of": ["-2", "0", "1"], "between": ["-2", "-1"]}, None]}),
    ("range", {"interval": [{"root_of": ["25", "0", "-40", "0", "16"], "between": ["-2", "-1"]}, None]}),
    ("range", {"closed": [True]}),
    ("strict", {"closed": [True, False]}),
    ("strict", {"interval": ["-1", None]}),
    ("strict", {"relation": "="}),
    ("smooth", {"relation": ">"}),
    ("smooth", {"skip": False}),
    ("fit", {"relation": "<"}),
    ("fit", {"fits": []}),
    ("fit", {"fits": [GOOD["fit"]["fits"][0] | {"numerator": ["2"]}]}),
    ("fit", {"fits": [*GOOD["fit"]["fits"], GOOD["fit"]["fits"][0] | {"samples": 5}]}),
    ("fit", {"fits": [GOOD["fit"]["fits"][0] | {"samples": -4}]}),
    ("fit", {"fits": [GOOD["fit"]["fits"][0] | {"denominator": ["0"]}]}),
    ("fit", {"fits": [GOOD["fit"]["fits"][0] | {"target": [["0"]] * 3}]}),
]


def test_the_certificates_that_are_mutated_pass() -> None:
    for assertion in GOOD.values():
        check_rational_enumeration(assertion, None)


@pytest.mark.parametrize(("name", "change"), MUTATIONS, ids=str)
def test_a_mutated_certificate_is_refused(name: str, change: dict) -> None:
    assertion = {**copy.deepcopy(GOOD[name]), **change}
    with pytest.raises((Refused, ValueError, TypeError)):
        check_rational_enumeration(assertion, None)


def test_different_ends_between_the_same_rationals_still_span_an_interval() -> None:
    low, high = ({"root_of": [f"-{n}", "0", "1"], "between": ["-2", "-1"]} for n in ("3", "2"))
    inside = GOOD["range"] | {"interval": [low, high], "closed": [True, True]}
    with pytest.raises(Refused):
        check_rational_enumeration(inside, None)
    check_rational_enumeration(inside | {"relation": "<="}, None)


def test_a_missing_cell_would_show() -> None:
    """Without the cell (1, 2) the minimum at -6/5 would be another; no certificate can leave the cell out."""
    point = Interval.parse("-6/5")
    others = min(p.risk(fmpq(-6, 5)) for p in SIX[False].pieces if p.feasible(fmpq(-6, 5)) and p.cell not in (2, 4))
    assert others > SIX[False].least(fmpq(-6, 5))
    with pytest.raises(Refused):
        check_rational_enumeration(SIX[False].assertion(point, "=", polynomial([others])), None)


def test_coefficients_are_read_back() -> None:
    for poly in (polynomial([]), polynomial(["1/3", 0, "-2"])):
        assert polynomial(coefficients(poly)) == poly
