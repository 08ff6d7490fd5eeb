"""The double chain: its two numbers against the recursion of all weights, invariants, limits and sharpness."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert.dynamics.double_chain import DoubleChain, flow_limit, largest_step, sharpness, sharpness_ratio

CASES = [("-1/2", 3, "1/2"), ("-2", 2, "1"), ("-1", 4, "1/4"), ("-3/2", 5, "2"), ("-1", 1, "1/2")]


def values(chain):
    return {k: torch.tensor(float(Fraction(x)), dtype=torch.float64) for k, x in chain.constants.items()}


def all_weights(target, depth, step, steps):
    """Gradient descent on all 2L weights of the network as the paper writes it."""
    w, z = np.ones(depth), np.ones(depth)
    for _ in range(steps):
        error = w.prod() - z.prod() - target
        others = [np.array([np.delete(x, i).prod() for i in range(depth)]) for x in (w, z)]
        w, z = w - step * error * others[0], z + step * error * others[1]
    return w, z


@pytest.mark.parametrize("case", CASES)
def test_orbit_is_that_of_all_weights(case):
    chain = DoubleChain(*case)
    w, z = all_weights(float(chain.target), chain.depth, chain.p, 6)
    for found in (chain.orbit(values(chain), 6)[-1][:2], chain.orbit_floats(6)[-1]):
        assert np.allclose([float(x) for x in found], [w[0], z[0]], rtol=0, atol=1e-13)
    assert np.ptp(w) == np.ptp(z) == 0


@pytest.mark.parametrize("depth", [2, 3, 6])
def test_exchange_of_the_chains_is_a_change_of_the_sign_of_the_target(depth):
    chain = DoubleChain("7/10", depth, "1/2")
    w, z = all_weights(0.7, depth, chain.p, 20)
    assert np.allclose([z[0], w[0]], chain.orbit_floats(20)[-1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("depth", [2, 3, 7, 20])
@pytest.mark.parametrize("size", [0.1, 1.5, 6.0])
def test_flow_limit_is_on_both_curves_and_that_of_small_steps(depth, size):
    w, z = flow_limit(size, depth)
    assert z**depth - w**depth == pytest.approx(size, rel=1e-9)
    assert (w * z if depth == 2 else (w ** (2 - depth) + z ** (2 - depth)) / 2) == pytest.approx(1, rel=1e-12)
    chain = DoubleChain(str(-size), depth, "1/200")
    assert chain.orbit_floats(6000)[-1] == pytest.approx((w, z), rel=2e-3)


def test_sharpness_is_the_largest_eigenvalue_of_the_hessian():
    w, z = flow_limit(1.5, 3)

    def loss(x):
        return (x[:3].prod() - x[3:].prod() + 1.5) ** 2 / 2

    point = torch.tensor([w] * 3 + [z] * 3, dtype=torch.float64)
    eigenvalues = torch.linalg.eigvalsh(torch.func.hessian(loss)(point))
    assert float(eigenvalues[-1]) == pytest.approx(sharpness(w, z, 3), rel=1e-9)
    assert float(eigenvalues[:-1].abs().max()) < 1e-9


@pytest.mark.parametrize("depth", [2, 3, 5, 20])
def test_flattest_optimum_is_at_opposite_products(depth):
    """No factorisation of W - V = -1 is flatter than 2^(2/L-1) L, and the limit from the identity is sharper than L."""
    products = np.linspace(-2, 2, 4001)
    least = (np.abs(products) ** (2 - 2 / depth) + np.abs(products + 1) ** (2 - 2 / depth)).min()
    assert least == pytest.approx(2 ** (2 / depth - 1), rel=1e-9)
    assert sharpness_ratio(1.0, depth) < 1


@pytest.mark.parametrize("depth", [2, 3])
def test_largest_step_is_bracketed_by_runs(depth):
    p = largest_step(1.0, depth)
    for factor, fits in ((1.0, True), (1.0201, False)):
        w = z = 1.0
        for _ in range(2000):
            e = w**depth - z**depth + 1
            w, z = w - factor * p * w ** (depth - 1) * e, z + factor * p * z ** (depth - 1) * e
            if max(abs(w), abs(z)) > 1e9:
                break
        assert (abs(w**depth - z**depth + 1) < 1e-8) == fits


@pytest.mark.parametrize("depth", [3, 5])
def test_region_at_the_origin_is_attracted(depth):
    """Random starts in the box of the certificate shrink for ever; one outside of the quadrant leaves the box."""
    chain = DoubleChain("-1", depth, "1/2")
    generator = torch.Generator().manual_seed(5)
    w, y = torch.rand(2, 200, generator=generator, dtype=torch.float64) * chain.basin_radius()
    first = torch.maximum(w, y)
    for _ in range(500):
        e = w**depth + y**depth + 1
        w, y = w - chain.p * w ** (depth - 1) * e, y - chain.p * y ** (depth - 1) * e
        assert bool((torch.minimum(w, y) >= 0).all())
    assert bool((torch.maximum(w, y) < first).all())
    w, z = 0.0, chain.basin_radius() / 2
    for _ in range(5000):
        z += chain.p * z ** (depth - 1) * (1 - z**depth)
    assert z > chain.basin_radius()


@pytest.mark.parametrize(
    "arguments",
    [
        ("0", 2, "1"),
        ("-1", 0, "1"),
        ("-1", 2, "0"),
        ("-1", 2, None, "-1"),
        ("-1", 2, "1", "1"),
        ("-1", 2),
        ("one", 2, "1"),
        ("-1", True, "1"),
    ],
)
def test_misuse_is_refused(arguments):
    with pytest.raises(ValueError, match="expected"):
        DoubleChain(*arguments)
