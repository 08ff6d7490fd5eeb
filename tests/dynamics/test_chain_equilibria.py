"""Equilibria of scalar chains: closed forms, naive twins of the programs, and boxes that must not certify."""

from fractions import Fraction
from math import prod

import mpmath
import pytest
import torch

from rescert.certify import balls
from rescert.certify.problem import trace
from rescert.dynamics.chain_equilibria import Equilibrium, landing_step, prove_landing

CASES = [("2", 1, "1"), ("1/2", 2, "4"), ("-2", 2, "1"), ("-2", 3, "3/2"), ("2", 5, "2/3"), ("3", 20, "4")]
every_case = pytest.mark.parametrize(("target", "depth", "spread"), CASES)


def chain(target, depth, spread, variance="3"):
    return Equilibrium(*(Fraction(target), depth, Fraction(spread), Fraction(variance)))


def step_of(weights, target, p):
    """One step of gradient descent, from the definition."""
    error = prod(weights) - target
    return [w - p * error * prod(weights[:i] + weights[i + 1 :]) for i, w in enumerate(weights)]


@every_case
def test_it_is_an_equilibrium_with_the_sharpness_of_the_definition(target, depth, spread):
    found = chain(target, depth, spread)
    w = found.weights
    assert prod(w) == pytest.approx(float(Fraction(target)), rel=1e-13)
    assert found.sharpness == pytest.approx(3 * sum(prod(w[:i] + w[i + 1 :]) ** 2 for i in range(depth)), rel=1e-12)
    assert found.critical_step * found.excess == pytest.approx(found.largest_step, rel=1e-12)


@every_case
def test_the_float_critical_step_lies_in_the_balls_of_both_formulas(target, depth, spread):
    found = chain(target, depth, spread)
    for function in (lambda v: found.quantities(v)["critical"], found.formula):
        (ball,) = balls.evaluate(trace(function, {}, found.constants), {}, 256)
        assert float(ball.mid()) == pytest.approx(found.critical_step, rel=1e-12)
        assert float(ball.rad()) < 1e-60 * found.critical_step


@every_case
def test_the_two_weight_recursion_is_gradient_descent(target, depth, spread):
    found, p = chain(target, depth, spread), 0.1
    w = [1.01 * x for x in found.weights]
    values = {k: torch.tensor([float(Fraction(v))], dtype=torch.float64) for k, v in found.constants.items()}
    values["step"] = torch.tensor([p / 3 / found.sharpness], dtype=torch.float64)
    start = torch.tensor(w, dtype=torch.float64)
    many, last, _ = found.advance(values, start[:1], start[-1:])
    after = step_of(w, float(Fraction(target)), p / found.sharpness)
    assert last.item() == pytest.approx(after[-1], rel=1e-12)
    if depth > 1:
        assert many.item() == pytest.approx(after[0], rel=1e-12)


@every_case
def test_the_multiplier_is_the_ratio_of_errors(target, depth, spread):
    found = chain(target, depth, spread)
    p = 1.7 / found.sharpness
    w = [x * (1 + 0.01 * (i + 1) / depth) for i, x in enumerate(found.weights)]
    goal = float(Fraction(target))
    constants = {**found.constants, "step": str(Fraction(p))}
    program = trace(found.multiplier, {"w": (depth,)}, constants)
    (ball,) = balls.evaluate(program, {"w": torch.tensor(w, dtype=torch.float64).numpy()}, 256)
    naive = (prod(step_of(w, goal, 3 * p)) - goal) / (prod(w) - goal)
    assert float(ball.mid()) == pytest.approx(naive, rel=1e-9)


@pytest.mark.parametrize(("target", "depth", "spread"), CASES[1::2])
def test_the_bracket_of_real_runs_contains_the_critical_step(target, depth, spread):
    found = chain(target, depth, spread)
    bracket = found.bracket()
    assert float(bracket.low) < found.critical_step < float(bracket.high)
    assert bracket.width <= Fraction(1, 2**30)


@every_case
def test_boxes_expel_above_and_attract_below_and_nothing_is_shown_at_equality(target, depth, spread):
    found = chain(target, depth, spread)
    step = Fraction(found.critical_step)
    assert found.around(step * Fraction(17, 16), True).proved
    assert found.around(step * Fraction(15, 16), False).proved
    for wrong in (found.around(step, True), found.around(step, False), found.around(step * Fraction(15, 16), True)):
        assert wrong.proved is None


def test_jacobian_is_that_of_the_formula_and_of_no_other_step():
    found = chain("2", 3, "3/2")
    step = Fraction(found.critical_step)
    columns = found.jacobian(step)
    assert list(columns) == ["column 1", "column 3"]
    assert all(proof.proved for proof in columns.values())
    # The formula holds at equilibria only.
    other = chain("2", 3, "3/2")
    other._enclosed = lambda: [2 * w for w in Equilibrium._enclosed(found)]
    assert all(proof.proved is None for proof in other.jacobian(step).values())


def test_zero_is_at_rest_from_two_weights_on_only():
    for proof in chain("-1/3", 2, "3/2").resting(Fraction(7, 3)).values():
        assert proof.proved
    assert [p.proved for p in chain("2", 1, "1").resting(Fraction(1)).values()] == [None, True]
    assert len(chain("2", 1, "1").beyond_largest(Fraction(17, 16))) == 1


@pytest.mark.parametrize("depth", [2, 3, 7, 20])
def test_the_landing_is_exact_and_beyond_the_largest_step(depth):
    p = landing_step(depth)
    half = [Fraction(1, 2)] * depth
    assert step_of(half, 1, p) == [1] * depth
    assert p > Fraction(2, depth)
    assert len(prove_landing(depth)) == 2


def test_the_landing_in_plain_numbers():
    weights = step_of([Fraction(1), Fraction(1)], Fraction(9, 16), Fraction(4))
    assert weights == [Fraction(-3, 4)] * 2
    assert prod(weights) == Fraction(9, 16)
    assert Fraction(4) > 2 / (2 * Fraction(9, 16))


@pytest.mark.parametrize("spread", ["1", "2/3", "4"])
@pytest.mark.parametrize(("target", "depth"), [("1/2", 2), ("-3", 2), ("2", 5)])
def test_at_equality_runs_stay(target, depth, spread):
    found = chain(target, depth, spread)
    assert found.prove(found.border, scale="1").proved
    # Above it a balanced equilibrium is left: the same is not shown.
    if spread == "1":
        assert found.prove(found.border, scale="5/4").proved is None


def on_minima(z, power):
    """S at the minimum w_1 … w_L = 1 with w_i² = t + z_i, all w_i > 0, and that t."""
    t = mpmath.findroot(lambda t: mpmath.fprod(t + x for x in z) - 1, power)
    return mpmath.fsum(1 / (t + x) for x in z), t


@pytest.mark.parametrize("squares", [(4, "1/4"), (4, 1, "1/4"), (9, "1/2", "1/3", "2/3")])
def test_drift_of_the_sharpness_at_equality_is_the_formula_of_the_proof(squares):
    """Two steps change v by -e²D_0 up to higher orders, D_0 = 2p³(Σx³ - (Σx²)²/Σx), λ = 1."""
    mpmath.mp.dps = 60
    w = [mpmath.sqrt(mpmath.mpf(Fraction(s).numerator) / Fraction(s).denominator) for s in squares]
    x = [1 / v**2 for v in w]
    p = 2 / mpmath.fsum(x)
    expected = 2 * p**3 * (mpmath.fsum(v**3 for v in x) - mpmath.fsum(v**2 for v in x) ** 2 / mpmath.fsum(x))
    start = [v * (1 + mpmath.mpf(10) ** -12) for v in w]
    # Back onto the differences of squares of w itself, so that v starts at 0.
    shift = start[0] ** 2 - w[0] ** 2
    start = [mpmath.sqrt(v**2 + shift) for v in w]
    error = mpmath.fprod(start) - 1
    after = step_of(step_of(start, 1, p), 1, p)
    differences = [v**2 - after[0] ** 2 for v in after]
    drift = p * on_minima(differences, w[0] ** 2)[0] - 2
    assert float(drift / -(error**2)) == pytest.approx(float(expected), rel=1e-6)


def test_differences_of_squares_shrink_by_the_law_of_the_proof():
    w, p = [Fraction(3, 2), Fraction(-1, 3), Fraction(2)], Fraction(1, 5)
    after, error = step_of(w, 2, p), prod(w) - 2
    for i, j in ((0, 1), (0, 2), (1, 2)):
        rest = prod(w) / (w[i] * w[j])
        assert after[i] ** 2 - after[j] ** 2 == (w[i] ** 2 - w[j] ** 2) * (1 - (p * error * rest) ** 2)


@pytest.mark.parametrize("depth", [2, 3, 8])
def test_two_balanced_steps_contract_in_the_third_order(depth):
    """The third derivative of f∘f at 1 is -16 (L-1)(5L-4) for f(t) = t - 2/L (t^(2L-1) - t^(L-1))."""
    mpmath.mp.dps = 60

    def f(t):
        return t - mpmath.mpf(2) / depth * (t ** (2 * depth - 1) - t ** (depth - 1))

    small = mpmath.mpf(10) ** -12
    odd = (f(f(1 + small)) - f(f(1 - small))) / 2 - small
    assert float(6 * odd / small**3) == pytest.approx(-16 * (depth - 1) * (5 * depth - 4), rel=1e-9)
