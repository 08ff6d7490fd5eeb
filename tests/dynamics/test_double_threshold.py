"""The sharpness of double networks: the bound, where it is attained, and exact points of zero loss."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert import runtime
from rescert.certify import check
from rescert.dynamics import double_threshold
from rescert.dynamics.matrix_trajectory import parsed
from rescert.networks import matrix_chain


def hessian_norm(W: torch.Tensor, Z: torch.Tensor, target: torch.Tensor) -> float:
    """The largest eigenvalue of the Hessian of the double risk, by autograd."""
    start = torch.stack([W, Z])

    def risk(flat: torch.Tensor) -> torch.Tensor:
        return matrix_chain.risk(matrix_chain.double(flat.reshape(start.shape)), target)

    hessian = torch.autograd.functional.hessian(risk, start.flatten())
    return float(torch.linalg.eigvalsh(hessian)[-1])


def numbers(matrices: list) -> torch.Tensor:
    return torch.tensor([[[float(Fraction(x)) for x in row] for row in m] for m in matrices], dtype=torch.float64)


def bound(target: torch.Tensor, depth: int) -> float:
    alpha = 2 * (depth - 1) / depth
    return 2 ** (1 - alpha) * depth * float(torch.linalg.matrix_norm(target, 2)) ** alpha


@pytest.mark.parametrize("text", ["0 4; 0 0", "1 2; -3 1/2", "3/2"])
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_random_points_have_zero_loss_and_are_sharper_than_the_bound(text: str, depth: int) -> None:
    target = parsed(text)
    factors = double_threshold.zero_loss_factors(target, depth, runtime.generator(depth, text))
    W, Z, R = numbers(factors["W"]), numbers(factors["Z"]), numbers([target])[0]
    assert matrix_chain.double(torch.stack([W, Z])).numpy() == pytest.approx(R.numpy(), abs=1e-9)
    proof, zero = double_threshold.prove_sharper(target, factors)
    assert proof.proved
    assert len(zero) == 2
    sharpness = hessian_norm(W, Z, R)
    assert bound(R, depth) < (1 + proof.lower) * bound(R, depth) <= sharpness * (1 + 1e-9)
    for assertion in (*zero, proof.assertion):
        check.KINDS[assertion["kind"]](assertion, {})


@pytest.mark.parametrize("text", ["0 4; 0 0", "1 2; -3 1/2", "3/2"])
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_near_balanced_points_are_little_sharper_than_the_bound(text: str, depth: int) -> None:
    factors = double_threshold.near_balanced_factors(parsed(text), depth, runtime.generator(depth, text))
    W, Z = numbers(factors["W"]), numbers(factors["Z"])
    computed = matrix_chain.double(torch.stack([W, Z]))
    proof, _ = double_threshold.prove_sharper(parsed(text), factors)
    assert proof.proved
    assert 0 < proof.lower < 0.02
    assert hessian_norm(W, Z, computed) >= (1 + proof.lower) * bound(computed, depth) * (1 - 1e-12)


def test_a_point_that_is_not_of_zero_loss_is_not_shown_to_be() -> None:
    factors = double_threshold.zero_loss_factors(parsed("0 4; 0 0"), 3, runtime.generator(0, "x"))
    _, zero = double_threshold.prove_sharper(parsed("0 4; 1 0"), factors)
    assert zero == ()


@pytest.mark.parametrize("depth", [2, 3, 4, 7])
def test_balanced_halves_attain_the_bound(depth: int) -> None:
    target = torch.from_numpy(np.random.default_rng(depth).standard_normal((3, 3)))
    left, values, right = torch.linalg.svd(target)
    root = torch.diag((values / 2) ** (1 / depth))
    W = root.repeat(depth, 1, 1)
    W[0], W[-1] = root @ right, left @ root
    Z = W.clone()
    Z[-1] = -W[-1]
    assert torch.allclose(matrix_chain.double(torch.stack([W, Z])), target, atol=1e-12)
    assert hessian_norm(W, Z, target) == pytest.approx(bound(target, depth), rel=1e-9)


def test_no_random_point_is_below_the_bound() -> None:
    draw = np.random.default_rng(0)
    for _ in range(30):
        depth = int(draw.integers(1, 5))
        W, Z = torch.from_numpy(draw.standard_normal((2, depth, 2, 2)))
        target = matrix_chain.double(torch.stack([W, Z]))
        assert hessian_norm(W, Z, target) >= bound(target, depth) * (1 - 1e-9)


@pytest.mark.parametrize(("norm", "depth"), [(1.5, 3), (1.5, 20), (4.0, 4), (0.5, 2)])
def test_the_flow_limit_is_where_small_steps_end(norm: float, depth: int) -> None:
    w = z = 1.0
    step = 2e-3 / depth / max(1, norm) ** 2
    for _ in range(200_000):
        error = w**depth - z**depth - norm
        w, z = w - step * error * w ** (depth - 1), z + step * error * z ** (depth - 1)
        if abs(error) < 1e-12:
            break
    sharpness = w ** (2 * depth - 2) + z ** (2 * depth - 2)
    single = norm ** (2 - 2 / depth)
    assert double_threshold.flow_threshold(norm, depth) == pytest.approx(single / sharpness, rel=5e-3)


def test_larger_matrices_are_refused() -> None:
    with pytest.raises(ValueError, match="at most two rows, got 3"):
        double_threshold.prove_sharper(parsed("1 0 0; 0 1 0; 0 0 1"), {"W": [], "Z": []})
