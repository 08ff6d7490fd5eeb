"""The regime of a step of gradient descent on least squares: what is certified of it, and the rates that runs have."""

from __future__ import annotations

from typing import Any

import numpy as np

from rescert.certify.proof import Proof
from rescert.dynamics.linear_descent import Descent, measured_rates

MEASURED_STEPS = 24
GRID = np.linspace(0.05, 1.3, 26)  # steps at which rates are measured, in units of the critical one


def shown(proof: Proof) -> tuple[dict[str, Any], ...]:
    """The assertion of a proof; empty where nothing was proved."""
    return () if proof.assertion is None else (proof.assertion,)


class Facts:
    """What is certified about a problem, each a tuple of assertions that is empty where it was not shown."""

    def __init__(self, descent: Descent) -> None:
        counts = descent.counts
        self.regime = "above" if counts.fast else "at" if counts.border else "below"
        self.singular = counts.zero > 0
        self.null = descent.prove_null() if self.singular else ()
        self.border = descent.prove_border() if counts.border else ()
        run, self.steps, word = descent.prove_run()
        self.run = shown(run)
        if self.regime == "below":
            self.step = shown(descent.prove_step())
        elif self.regime == "at":
            self.step = (*shown(descent.prove_step()), *self.border) if self.border else ()
        else:
            self.step = shown(descent.prove_unstable())
        self.rank = shown(descent.prove_rank())
        self.ends = {"shrinks": "every run converges", "grows": "some runs do not", "neither": "not settled"}[word]

    def behaviour(self) -> tuple[dict[str, Any], ...]:
        """How runs end, shown by runs; at equality by the eigenvectors along which they alternate."""
        return self.border if self.regime == "at" else self.run


def rate_curves(descent: Descent, starts: np.ndarray) -> dict[str, Any]:
    """Rates of runs from ``starts`` (B, n) over a grid of steps: quantiles over the starts, and the predicted one."""
    steps = GRID * descent.critical
    rates = measured_rates(descent, steps, starts, MEASURED_STEPS)
    low, middle, high = np.quantile(rates, (0.025, 0.5, 0.975), axis=1)
    predicted = np.abs(1 - steps[:, None] * descent.values).max(1)
    curves = {"grid": GRID, "rate_low": low, "rate_median": middle, "rate_high": high, "predicted": predicted}
    found: dict[str, Any] = {key: value.tolist() for key, value in curves.items()}
    best = descent.best_step / descent.critical
    return found | {"draws_shown": len(starts), "kappa": descent.condition, "best": best, "rank": descent.rank}
