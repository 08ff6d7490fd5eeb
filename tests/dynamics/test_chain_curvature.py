"""Curvature at factorisations: a law over random ones, its equality, certificates on both sides, real runs."""

from fractions import Fraction

import pytest
import torch

from rescert.certify import check
from rescert.dynamics import chain_curvature as curvature
from rescert.dynamics.chain_descent import partial_products, risk
from rescert.dynamics.chain_target import Target
from rescert.dynamics.outcome import Outcome

CASES = [("1 1; 0 1/2", 2), ("1 1; 0 1/2", 5), ("1/3 1; 0 2", 3), ("17/32 17/32; 0 0", 3), ("9/16", 4), ("2 1; 1 2", 1)]


def sharpness(weights):
    """The largest eigenvalue of the Hessian where the loss is 0, by the Jacobian of the product."""
    above, below, _ = partial_products(weights)
    one = torch.eye(len(weights[0]), dtype=torch.float64)
    blocks = [
        torch.kron(one if a is None else a, (one if b is None else b).mT.contiguous())
        for a, b in zip(above, below, strict=True)
    ]
    return float(torch.linalg.matrix_norm(torch.cat(blocks, 1), 2)) ** 2


def norm(target):
    return float(torch.linalg.matrix_norm(target.floats, 2))


@pytest.mark.parametrize(("text", "depth"), CASES)
def test_factorisations_have_the_product_exactly(text, depth):
    target = Target(text)
    found = curvature.factorisations(target, depth)
    assert len(found) == (5 if depth > 1 else 1)
    for weights in found.values():
        assert len(weights) == depth
        shown = curvature.product_identity(target, weights)
        assert len(shown) == 2
        for assertion in shown:
            check.check_sign(assertion, None)


def test_wrong_product_is_not_shown():
    target = Target("1 1; 0 1/2")
    weights = curvature.factorisations(target, 2)["sheared"]
    weights[0][0][0] += Fraction(1, 10**9)
    assert not curvature.product_identity(target, weights)
    assert not curvature.unstable(target, Fraction(3), weights)


def test_sharpness_is_the_largest_eigenvalue_of_the_hessian():
    target = Target("1 1; 0 1/2")
    for weights in curvature.factorisations(target, 3).values():
        flat = torch.stack(curvature.floats(weights))
        hessian = torch.autograd.functional.hessian(lambda w: risk(list(w), target.floats), flat).reshape(12, 12)
        assert sharpness(list(flat)) == pytest.approx(float(torch.linalg.eigvalsh(hessian)[-1]), rel=1e-9)


@pytest.mark.parametrize(("size", "depth"), [(1, 3), (2, 2), (3, 2), (3, 5)])
def test_no_factorisation_is_flatter_than_the_lemma_says(size, depth):
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        weights = [torch.randn((size, size), generator=generator, dtype=torch.float64) for _ in range(depth)]
        product = weights[0]
        for w in weights[1:]:
            product = w @ product
        least = depth * float(torch.linalg.matrix_norm(product, 2)) ** (2 * (depth - 1) / depth)
        assert sharpness(weights) >= least * (1 - 1e-12)


@pytest.mark.parametrize(("text", "depth"), CASES)
def test_balanced_factorisation_attains_it(text, depth):
    target = Target(text)
    balanced = curvature.floats(curvature.factorisations(target, depth)["balanced"])
    least = depth * norm(target) ** (2 * (depth - 1) / depth)
    assert sharpness(balanced) == pytest.approx(least, rel=1e-3)


@pytest.mark.parametrize(("text", "depth"), [("1 1; 0 1/2", 2), ("1/3 1; 0 2", 3), ("17/32 17/32; 0 0", 3)])
@pytest.mark.parametrize("share", ["99/100", "101/100"])
def test_a_hundredth_on_either_side_is_certified_and_never_both(text, depth, share):
    target = Target(text)
    step = Fraction(curvature.threshold(norm(target), depth)) * Fraction(share)
    found = curvature.factorisations(target, depth)
    above = Fraction(share) > 1
    assert bool(curvature.stable(target, step, found["balanced"])) is not above
    assert bool(curvature.unstable(target, step, found["balanced"])) is above
    if above:
        assert all(curvature.unstable(target, step, weights) for weights in found.values())
    for low in (target.norm_squares[0], target.norm_squares[1]):
        assert (curvature.excess(step, depth, low) > 0) is above


@pytest.mark.parametrize("text", ["1 1; 0 1/2", "2 1; 1 2"])
def test_measured_critical_steps_are_two_over_the_sharpness(text):
    target = Target(text)
    found = curvature.factorisations(target, 2)
    measured = curvature.critical_steps(target, found, torch.Generator().manual_seed(0))
    for name, weights in found.items():
        assert measured[name] == pytest.approx(2 / sharpness(curvature.floats(weights)), rel=2e-3)


@pytest.mark.parametrize(("share", "arrives"), [(0.5, True), (1.3, False)])
def test_random_starts_arrive_below_the_threshold_and_not_above(share, arrives):
    target = Target("1 1; 0 1/2")
    rate = share * curvature.threshold(norm(target), 2)
    outcomes = curvature.sample(target, 2, rate, 20, 400, torch.Generator().manual_seed(0))
    assert outcomes.count(Outcome.CONVERGED) == (20 if arrives else 0)
