"""Products of matrix chains, and what the two networks compute."""

import numpy as np
import pytest
import torch

from rescert.networks import matrix_chain


def drawn(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).standard_normal(shape))


def test_the_product_multiplies_later_factors_from_the_left() -> None:
    factors = drawn(2, 3, 4, 5, 5)
    product = matrix_chain.product(factors)
    for a in range(2):
        for b in range(3):
            one, two, three, four = factors[a, b]
            assert torch.allclose(product[a, b], four @ three @ two @ one, rtol=1e-13, atol=1e-13)


def test_a_double_network_is_the_difference_of_its_chains() -> None:
    parameters = drawn(6, 2, 3, 4, 4)
    difference = matrix_chain.single(parameters[:, :1]) - matrix_chain.single(parameters[:, 1:])
    assert torch.equal(matrix_chain.double(parameters), difference)


def test_it_is_linear_in_each_factor() -> None:
    factors, change = drawn(3, 4, 4), drawn(4, 4)
    moved = [factors.clone() for _ in range(2)]
    moved[0][1] += change
    moved[1][1] = change
    total = matrix_chain.product(factors) + matrix_chain.product(moved[1])
    assert torch.allclose(matrix_chain.product(moved[0]), total, rtol=1e-12, atol=1e-12)


def test_at_the_identity_the_single_network_computes_it_and_the_double_one_zero() -> None:
    start = matrix_chain.identity(5, 3)
    assert torch.equal(matrix_chain.single(start[None]), torch.eye(3, dtype=torch.float64))
    assert not matrix_chain.double(torch.stack([start, start])).any()
    target = drawn(3, 3)
    assert matrix_chain.risk(matrix_chain.double(torch.stack([start, start])), target) == target.square().sum() / 2


@pytest.mark.parametrize(("depth", "size"), [(0, 3), (2, 0)])
def test_empty_networks_are_refused(depth: int, size: int) -> None:
    with pytest.raises(ValueError, match="expected a depth and a size of at least 1"):
        matrix_chain.identity(depth, size)
