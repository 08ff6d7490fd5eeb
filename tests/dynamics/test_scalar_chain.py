"""The scalar chain: its two numbers against the full recursion of all weights, and its closed forms."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert.dynamics.scalar_chain import Chain

CASES = [("2", 3, "1/2", 0), ("0.1", 5, "1", 0), ("-2", 5, "1/2", 3), ("-1/2", 4, "1", 1), ("5", 20, "1/2", 2)]


def values(chain, stretch=1.0):
    """The values of a chain as float tensors."""
    return {
        name: torch.tensor(float(Fraction(number)), dtype=torch.float64)
        for name, number in {**chain.constants, "stretch": str(stretch)}.items()
    }


def full_recursion(target, depth, step, negatives, steps):
    """Gradient descent on all L weights, as it is written."""
    w = np.array([-1.0] * negatives + [1.0] * (depth - negatives))
    history = [w]
    for _ in range(steps):
        error = w.prod() - target
        w = w - step * error * np.array([np.delete(w, i).prod() for i in range(depth)])
        history.append(w)
    return np.array(history)


@pytest.mark.parametrize("case", CASES)
def test_groups_follow_the_recursion_of_all_weights(case):
    chain, steps = Chain(*case), 12
    target, depth, negatives = float(chain.target), chain.depth, chain.negatives
    step = float(chain.fraction) / chain.largest
    history = full_recursion(target, depth, step, negatives, steps)
    signs = np.array([-1.0] * negatives + [1.0] * (depth - negatives))
    expected = history * signs - chain.root
    for k, row in enumerate(chain.offsets(values(chain), steps)):
        found = np.repeat([float(y) for y in row], [n for _, n in chain.groups])
        # The map contracts, so rounding of each of the steps adds up at most.
        assert np.allclose(found, expected[k], rtol=0, atol=4 * steps * depth * np.finfo(float).eps)


@pytest.mark.parametrize("case", CASES)
def test_constants_are_the_printed_ones(case):
    chain = Chain(*case)
    size, depth = abs(float(chain.target)), chain.depth
    root = size ** (1 / depth)
    critical = 1 / (depth * size ** (2 * (depth - 1) / depth)) if size >= 1 else (1 - root) / (1 - size)
    assert 1 / chain.largest == pytest.approx(critical, rel=1e-12)
    delta = float(chain.fraction) * critical
    rho = 1 - delta * ((size - 1) / (root - 1) if size > 1 else depth * size ** (2 * (depth - 1) / depth))
    assert chain.ratio() == pytest.approx(rho, rel=1e-12)
    q = chain.quantities(values(chain))
    assert float(q["rho"]) == pytest.approx(rho, rel=1e-11)
    assert float(q["p"]) == pytest.approx(delta, rel=1e-12)


def test_one_step_at_the_critical_step_below_one():
    """δ = δ_c, λ < 1: 1 - (1-λ)(1-ℓ)/(1-λ) = ℓ."""
    chain = Chain("0.3", 7, "1", 0)
    assert abs(float(chain.offsets(values(chain), 1)[1][0])) <= 4 * np.finfo(float).eps


def test_at_target_one_nothing_moves():
    chain = Chain("1", 5, "1", 0)
    assert all(float(y) == 0 for row in chain.offsets(values(chain), 5) for y in row)
    assert float(chain.quantities(values(chain))["one"]) == 5


@pytest.mark.parametrize("target", ["0.1", "0.5", "0.9", "1.1", "2", "5"])
@pytest.mark.parametrize("depth", [2, 5, 20, 100])
def test_larger_step_is_the_largest_that_its_condition_admits(target, depth):
    chain = Chain(target, depth, "1", 0)
    stretch = float(chain.stretch())
    limit = 2 * chain.largest / (chain.largest + chain.smallest)
    assert 1 < stretch < limit
    assert (chain.larger_step(values(chain, stretch)) > 0).all()
    assert not (chain.larger_step(values(chain, stretch + 0.002)) > 0).all()


@pytest.mark.parametrize(
    "case", [("0", 2, "1", 0), ("2", 1, "1", 0), ("2", 3, "1", 4), ("2", 3, "1", -1), ("x", 3, "1", 0)]
)
def test_misuse_is_refused(case):
    with pytest.raises(ValueError, match=r"expected|Invalid"):
        Chain(*case)
