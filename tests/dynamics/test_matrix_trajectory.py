"""One small chain in balls: the fate that floats see, and none that they do not."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from rescert.certify import balls, check
from rescert.certify.problem import trace
from rescert.dynamics.matrix_descent import descend
from rescert.dynamics.matrix_trajectory import Trajectory, parsed
from rescert.networks import matrix_chain


@pytest.mark.parametrize("network", ["single", "double"])
@pytest.mark.parametrize("text", ["3/4", "1/2 1; -1 1/4"])
def test_the_losses_are_those_of_the_engine(network: str, text: str) -> None:
    target = parsed(text)
    run = Trajectory(target, 3, "1/16", 9, network)
    R = torch.tensor([[float(Fraction(x)) for x in row] for row in target], dtype=torch.float64)
    signs, size = matrix_chain.SIGNS[network], len(target)
    start = matrix_chain.identity(3, size).expand(1, len(signs), 3, size, size)
    done = descend(start, signs, R[None], torch.tensor([1 / 16], dtype=torch.float64), 9)
    assert run.floats() == pytest.approx(done.losses[:, 0].tolist(), rel=1e-12)
    program = trace(lambda v: torch.cat(run.losses(v, 9)), {}, run.constants)
    for ball, value in zip(balls.evaluate(program, {}, run.precision).flat, run.floats(), strict=True):
        assert float(ball.mid()) == pytest.approx(value, rel=1e-12)
        assert float(ball.rad()) < 1e-50


@pytest.mark.parametrize(
    ("step", "converged", "oscillating"), [("1/4", True, False), ("2/5", False, False), ("3", False, True)]
)
def test_fates_of_one_weight_are_told_apart(step: str, converged: bool, oscillating: bool) -> None:
    """w1 w2 = 2 from 1: the critical step is 1/2; close below it the loss falls, but is not small after 30 steps."""
    run = Trajectory(parsed("2"), 2, step, 30 if step != "3" else 6, "single")
    assert run.prove_converged().proved is (True if converged else None)
    assert run.prove_oscillating().proved is (True if oscillating else None)


def scalar_pair(target: float, depth: int, step: float, iterations: int) -> list[tuple[float, float]]:
    w = z = 1.0
    found = [(w, z)]
    for _ in range(iterations):
        error = w**depth - z**depth - target
        w, z = w - step * w ** (depth - 1) * error, z + step * z ** (depth - 1) * error
        found.append((w, z))
    return found


@pytest.mark.parametrize(("target", "text"), [(0.75, "3/4"), (-0.75, "-3/4"), (0.75, "3/4 0; 0 1/2")])
def test_divergence_is_shown_where_the_larger_variable_grows(target: float, text: str) -> None:
    """The larger of |w|, |z| doubles at least from the second iteration on; -λ exchanges w and z."""
    proof = Trajectory(parsed(text), 4, "1/2", 8, "double").prove_diverging()
    assert proof.proved
    assert proof.assertion is not None
    check.KINDS["sign"](proof.assertion, {})
    sizes = [max(map(abs, pair)) for pair in scalar_pair(target, 4, 0.5, 4)]
    assert sizes[3] >= 2 * sizes[2]
    assert sizes[4] >= 2 * sizes[3]


@pytest.mark.parametrize(
    ("text", "depth", "step", "network"),
    [
        ("3/4", 4, "1/8", "double"),  # it converges
        ("3/4", 4, "1/2", "single"),
        ("3/4", 3, "1", "double"),  # odd
        ("0 4; 0 0", 4, "1", "double"),  # not diagonal
        ("2", 6, "5/64", "double"),  # the loss rises late, and becomes small after hundreds of iterations
    ],
)
def test_divergence_is_not_shown_elsewhere(text: str, depth: int, step: str, network: str) -> None:
    assert Trajectory(parsed(text), depth, step, 40, network).prove_diverging().proved is None


def test_assertions_are_accepted_by_the_checker() -> None:
    run = Trajectory(parsed("2"), 2, "1/4", 30, "single")
    for proof in (run.prove_converged(), run.prove_below(lambda v: v["target"].reshape(1))):
        assert proof.assertion is not None
        check.KINDS["sign"](proof.assertion, {})


def test_a_floor_that_the_loss_touches_is_undecided() -> None:
    run = Trajectory(parsed("0"), 2, "1/4", 5, "single")
    first = run.floats()[0]
    assert run.prove_above(lambda v: v["identity"].reshape(1) * 0).proved
    assert run.prove_above(lambda v: v["identity"].reshape(1) * first).proved is None


@pytest.mark.parametrize(
    "change", [{"depth": 1}, {"step": "0"}, {"step": "-1/2"}, {"iterations": 1}, {"iterations": 1000}]
)
def test_settings_without_sense_are_refused(change: dict) -> None:
    setting = {"target": parsed("2"), "depth": 2, "step": "1/4", "iterations": 5, "network": "single", **change}
    with pytest.raises(ValueError, match="expected a depth >= 2"):
        Trajectory(**setting)


@pytest.mark.parametrize(
    ("text", "message"), [("1 2; 3", "square"), ("1 2", "square"), ("x", "number"), ("nan", "num")]
)
def test_matrices_that_are_none_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parsed(text)
