"""A batch of scalar chains in floats: the slow twin, conserved things, and every outcome."""

from math import prod

import pytest
import torch

from rescert.dynamics import chain_ensemble as ensemble
from rescert.dynamics.outcome import Outcome
from rescert.runtime import generator


def test_it_is_the_plain_loop():
    starts = ensemble.nearby([1.5, -0.5, 2.0], 4, 0.1, generator(0, "test"))
    steps = torch.tensor([0.01, 0.02, 0.05, 0.1], dtype=torch.float64)
    runs = ensemble.descend(starts, steps, -1.2, 30)
    for b, p in enumerate(steps.tolist()):
        w = starts[b].tolist()
        for k in range(31):
            error = prod(w) + 1.2
            # The error cancels to some 1e-7 of its terms, so it keeps half of their digits.
            others = [prod(w[:i] + w[i + 1 :]) for i in range(3)]
            assert runs.losses[k, b].item() == pytest.approx(error**2 / 2, rel=1e-6, abs=1e-22)
            assert runs.sharpness[k, b].item() == pytest.approx(sum(q * q for q in others), rel=1e-9)
            if k < 30:
                w = [x - p * error * q for x, q in zip(w, others, strict=True)]
        assert runs.weights[b].tolist() == pytest.approx(w, rel=1e-9)


def test_difference_of_squares_shrinks_by_the_law_of_two_weights():
    """w_1² - w_2² is multiplied by 1 - p²e² in each step."""
    starts = torch.tensor([[2.0, 0.3]], dtype=torch.float64)
    runs = ensemble.descend(starts, torch.tensor([0.2], dtype=torch.float64), 1.0, 1)
    error, p = 2.0 * 0.3 - 1.0, 0.2
    before, after = (float(w[0, 0] ** 2 - w[0, 1] ** 2) for w in (starts, runs.weights))
    assert after == pytest.approx(before * (1 - (p * error) ** 2), rel=1e-14)


@pytest.mark.parametrize(
    ("factor", "spread", "expected"),
    [
        (0.5, 4.0, Outcome.CONVERGED),
        (1.25, 4.0, Outcome.SLID),
        (1.25, 1.0, Outcome.OSCILLATING),
        (4.0, 4.0, Outcome.OVERFLOWED),
    ],
)
def test_outcomes_of_two_weights(factor, spread, expected):
    weights = [spread, 1 / spread]
    sharpness = spread**2 + spread**-2
    starts = ensemble.nearby(weights, 5, 1e-4, generator(0, "test"))
    runs = ensemble.descend(starts, torch.full((5,), factor * 2 / sharpness, dtype=torch.float64), 1.0, 600)
    assert set(ensemble.outcomes(runs, 1.0, sharpness)) == {expected}


def test_a_run_that_overflows_stays_finite_and_where_it_was():
    runs = ensemble.descend(torch.full((1, 20), 3.0).double(), torch.ones(1).double(), 1.0, 10)
    assert runs.overflowed.all()
    assert runs.losses.isfinite().all()
    assert (runs.losses[-1] == runs.losses[-2]).all()


def test_it_does_not_depend_on_the_scale_of_the_target():
    """In units of ℓ = λ^(1/L) and of the critical step all targets are the same."""
    found = []
    for target in (1.0, 3.0):
        root = target ** (1 / 3)
        weights = [1.5 * root, 1.5 * root, root / 2.25]
        sharpness = sum((target / w) ** 2 for w in weights)
        starts = ensemble.nearby(weights, 8, 1e-4, generator(0, "test"))
        runs = ensemble.descend(starts, torch.full((8,), 2.6 / sharpness, dtype=torch.float64), target, 20)
        found.append(runs.losses / target**2)
    assert torch.allclose(found[0], found[1], rtol=1e-6, atol=0)
