"""The chain with a negative target: its one number against the recursion of all weights, closed forms, and fates."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert.certify import sign
from rescert.certify.problem import trace
from rescert.dynamics.negative_target import Fate, NegativeChain, between_powers, fates, products

CASES = [("-1/2", 3, "1/2"), ("-2", 4, "3/2"), ("-1", 2, "9/10"), ("-1/4", 5, "6/5"), ("-1/2", 1, "1/2")]


def values(chain):
    return {k: torch.tensor(float(Fraction(x)), dtype=torch.float64) for k, x in chain.constants.items()}


def all_weights(target, depth, step, steps):
    """Gradient descent on all weights, as it is written."""
    w, history = np.ones(depth), [1.0]
    for _ in range(steps):
        error = w.prod() - target
        w = w - step * error * np.array([np.delete(w, i).prod() for i in range(depth)])
        assert np.ptp(w) == 0
        history.append(w[0])
    return np.array(history)


@pytest.mark.parametrize("case", CASES)
def test_orbit_is_that_of_all_weights(case):
    chain = NegativeChain(*case)
    found = torch.cat(chain.orbit(values(chain), 8)).numpy()
    expected = all_weights(float(chain.target), chain.depth, float(chain.step), 8)
    assert np.allclose(found, expected, rtol=0, atol=200 * np.finfo(float).eps * np.abs(expected).max())


def test_orbit_in_balls_contains_exact_rationals():
    chain = NegativeChain("-3", 3, "1/2")
    w, p, a = Fraction(1), chain.step, chain.size
    for _ in range(4):
        w -= p * w**2 * (w**3 + a)
    inside = trace(lambda v: (chain.orbit(v, 4)[4] - v["exact"]) ** 2 - v["small"], {}, {
        **chain.constants, "exact": str(w), "small": "1e-120"
    })  # fmt: skip
    assert sign.prove(inside, {}, "<", 512).proved


@pytest.mark.parametrize(("depth", "fraction"), [(3, "11/10"), (5, "3/2"), (3, "2")])
def test_reflected_update_contracts_by_the_gain(depth, fraction):
    """u[k+1]-ℓ = (1-pG(u)) (u-ℓ) for u = -w and odd L."""
    chain = NegativeChain("-1/2", depth, fraction)
    v = values(chain)
    _, p = chain.quantities(v)
    root = torch.tensor([chain.root], dtype=torch.float64)
    for u in (0.1, 0.7, 1.3):
        u = torch.tensor([u], dtype=torch.float64)
        left, right = chain.forward(v, u) - root, (1 - p * chain.gain(root, u)) * (u - root)
        assert torch.allclose(left, right, rtol=0, atol=1e-13)


@pytest.mark.parametrize("depth", [2, 3, 5, 12])
@pytest.mark.parametrize("fraction", ["1/10", "1/2", "19/20"])
@pytest.mark.parametrize("target", ["-1/4", "-3"])
def test_products_lie_between_their_bounds(depth, fraction, target):
    found = products(NegativeChain(target, depth, fraction), [3, 10, 40, 160])
    for product, upper, lower in zip(found["product"], found["upper"], found["lower"], strict=True):
        assert lower * (1 - 1e-9) <= product <= upper * (1 + 1e-9)


@pytest.mark.parametrize("depth", [3, 4, 6])
def test_product_has_the_stated_constant_in_the_limit(depth):
    chain, k = NegativeChain("-1", depth, "1/2"), 30000
    n = depth - 2
    predicted = (n * float(chain.step) * k) ** (-depth / n)
    assert products(chain, [k])["product"][0] == pytest.approx(predicted, rel=0.02)


def test_upper_bound_is_within_a_tenth_of_the_product():
    chain = NegativeChain("-1", 4, "1/2")
    found = products(chain, [2000])
    assert found["product"][0] < found["upper"][0] < 1.1 * found["product"][0]


def test_fates_of_even_depth_turn_at_two():
    q = np.array([0.1, 0.99, 1.5, 1.999, 2.001, 3.0])
    assert fates(-0.7, 6, q, 3000) == [Fate.ZERO] * 4 + [Fate.OVERFLOW] * 2


def test_fates_of_odd_depth():
    found = fates(-0.5, 3, np.array([0.9, 1.1, 2.9]), 3000)
    assert found == [Fate.ZERO, Fate.OPTIMUM, Fate.OVERFLOW]
    assert fates(-2.0, 3, np.array([1.1]), 3000) == [Fate.NEITHER]
    assert fates(-4.0, 3, np.array([1.05]), 3000) == [Fate.ZERO]


@pytest.mark.parametrize("target", [-0.25, -0.5, -1.0])
def test_runs_bound_for_the_optimum_get_there(target):
    q = np.linspace(1.05, 2.5, 30)
    bound = np.array([f is Fate.OPTIMUM for f in fates(target, 3, q, 100)])
    w, p = np.ones_like(q), np.where(bound, q, 0.5) / (1 - target)
    for _ in range(20000):
        w -= p * w**2 * (w**3 - target)
    assert bound.sum() > 4
    assert np.allclose(w[bound] ** 3, target, rtol=1e-6)


@pytest.mark.parametrize("value", [Fraction(2), Fraction(1, 3), Fraction(27, 10)])
def test_irrational_roots_are_between_powers(value):
    m, term = between_powers(value, 3)
    assert m**3 < term < (m + 1) ** 3


@pytest.mark.parametrize("value", [Fraction(1), Fraction(8, 27), Fraction(10**18)])
def test_rational_roots_are_not(value):
    assert between_powers(value, 3) is None


@pytest.mark.parametrize(
    "case", [("0", 2, "1"), ("1", 2, "1"), ("-1", 0, "1"), ("x", 2, "1"), ("-1", 2, "1/0"), ("-1", 2.0, "1")]
)
def test_misuse_is_refused(case):
    with pytest.raises(ValueError, match="expected"):
        NegativeChain(*case)
