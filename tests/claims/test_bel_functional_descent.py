"""Functional against parametric descent: verdicts of small runs, and what must not hold."""

import numpy as np
import pandas as pd
import pytest
import torch

from rescert import runtime
from rescert.claim import Evidence, Verdict
from rescert.claims.bel_functional_descent import CLAIM
from rescert.dynamics import functional_descent

CONFIG = {
    "architecture": "kernel_layers",
    "targets": ["cos1d", "cos1d 1/16384", "mirror"],
    "depths": [1, 2],
    "kernels": ["multiquadric"],
    "kernel_widths": [1.5],
    "samples": 6,
    "iterations": 150,
    "width": 2,
    "runs": 8,
    "seed": 0,
    "start": 0.01,
    "step": 0.5,
    "parametric_step": 1.0,
}


class Files:
    """Inputs with one trained network, parts of which a test may replace."""

    def __init__(self, trained, arrays=None):
        self.trained, self.weights = trained, arrays or trained.weights

    def table(self, need):
        assert need == "networks/small"
        return self.trained.history

    def arrays(self, need):
        return dict(self.weights)

    def record(self, need):
        return dict(self.trained.record)


@pytest.fixture(scope="module")
def files():
    cpu = torch.device("cpu")
    return Files(functional_descent.train(CONFIG, None, cpu, lambda *_: None, generator=runtime.generator))


@pytest.fixture(scope="module")
def found(files):
    instances = CLAIM.expand({"network": "small"}, files)
    return {(i["target"], i["depth"]): CLAIM.check(i, files) for i in instances}


def test_every_run_is_an_instance(found):
    assert set(found) == {(t, m) for t in CONFIG["targets"] for m in CONFIG["depths"]}
    assert all(set(f) == {s.name for s in CLAIM.statements} for f in found.values())


def test_the_printed_sentence_fails_exactly_and_the_zero_network_never_moves(found):
    for findings in found.values():
        assert (findings["parameters"].verdict, findings["parameters"].evidence) == (Verdict.FAILS, Evidence.EXACT)
        assert (findings["zero"].verdict, findings["zero"].evidence) == (Verdict.HOLDS, Evidence.EXACT)


@pytest.mark.parametrize("name", ["functional", "slope"])
def test_theorem_a_holds_enclosed(found, name):
    for findings in found.values():
        assert (findings[name].verdict, findings[name].evidence) == (Verdict.HOLDS, Evidence.ENCLOSED)
        assert len(findings[name].assertions) in (3, 6)


def test_near_targets_are_certified_to_converge_from_the_identity_on(found):
    for depth in CONFIG["depths"]:
        finding = found["cos1d 1/16384", depth]["converges"]
        assert finding.verdict is Verdict.HOLDS
        assert finding.values["from_identity"]
        assert len(finding.assertions) == 6
        assert found["mirror", depth]["converges"].verdict is Verdict.VACUOUS


def test_the_mirror_leaves_the_region_and_near_targets_do_not(found):
    for depth in CONFIG["depths"]:
        assert found["mirror", depth]["leaves"].verdict is Verdict.HOLDS
        assert float(found["mirror", depth]["leaves"].measured) > 1
        assert found["cos1d 1/16384", depth]["leaves"].verdict is Verdict.UNDECIDED


def test_descent_reaches_the_fraction(found):
    for findings in found.values():
        assert findings["descent"].verdict is Verdict.HOLDS
        assert findings["descent"].evidence is Evidence.ENCLOSED


def spoiled(files, factor):
    changed = {k: v * factor if k.endswith("coefficients") else v for k, v in files.weights.items()}
    return Files(files.trained, changed)


def test_runs_that_have_not_arrived_are_not_said_to(files):
    """Half the coefficients are no minimum: out of the region it is vacuous, within it undecided."""
    half = spoiled(files, 0.5)
    within, left = (
        {"network": "small", "target": t, "kernel": "multiquadric", "depth": 2} for t in CONFIG["targets"][1:]
    )
    assert CLAIM.check(within, half)["descent"].verdict is Verdict.UNDECIDED
    finding = CLAIM.check(left, half)["descent"]
    assert (finding.verdict, finding.evidence) == (Verdict.VACUOUS, Evidence.ENCLOSED)
    assert finding.assertions


def test_a_large_risk_is_not_certified_to_converge(files):
    instance = {"network": "small", "target": "cos1d 1/16384", "kernel": "multiquadric", "depth": 2}
    assert CLAIM.check(instance, spoiled(files, 300.0))["converges"].verdict is Verdict.VACUOUS


def test_random_starts_are_compared_near_the_identity_only(found):
    assert found["cos1d 1/16384", 2]["random"].verdict is Verdict.HOLDS
    assert found["mirror", 2]["random"].verdict is Verdict.VACUOUS
    assert found["mirror", 2]["random"].evidence is Evidence.NUMERICAL


@pytest.mark.parametrize("example", ["linear", "contraction", "origin"])
def test_without_a_hypothesis_descent_is_stuck_exactly(example, files):
    assert CLAIM.expand({"example": example}, files) == [{"example": example}]
    findings = CLAIM.check({"example": example}, files)
    assert (findings["needed"].verdict, findings["needed"].evidence) == (Verdict.HOLDS, Evidence.EXACT)
    # neither hypothesis nor conclusion: the theorem must not hold here
    assert (findings["functional"].hypotheses, findings["functional"].conclusion) == (False, False)
    assert {f.verdict for name, f in findings.items() if name != "needed"} == {Verdict.VACUOUS}


def test_summary_counts(found):
    rows = [
        {"statement": s, "verdict": str(f.verdict), "certified": f.certified, **f.values}
        for findings in found.values()
        for s, f in findings.items()
    ]
    summary = CLAIM.summary(pd.DataFrame(rows))
    assert (summary["runs"], summary["reached"], summary["seeds"], summary["iterations"]) == (6, 6, 8, 150)
    assert summary["started"] == 2
    assert summary["started"] <= summary["converging"] <= summary["inside"] <= 4
    assert 2 <= summary["outside"] <= 4
    assert CLAIM.summary(pd.DataFrame([{"statement": "needed", "verdict": "holds", "certified": True}]))["runs"] == 0


def test_a_run_that_is_not_there_is_refused(files):
    instance = {"network": "small", "target": "nothing", "kernel": "multiquadric", "depth": 1}
    with pytest.raises(ValueError, match="expected a stored run for nothing"):
        CLAIM.check(instance, Files(files.trained, {}))


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ({"example": "nothing"}, "expected an example among linear, contraction, origin"),
        ({"network": "small", "fraction": "1"}, "expected a fraction between 0 and 1"),
        ({"network": "small", "fraction": "0"}, "expected a fraction between 0 and 1"),
    ],
)
def test_instances_without_sense_are_refused(instance, expected):
    with pytest.raises(ValueError, match=expected):
        CLAIM.validate(instance)


def test_nan_weights_prove_nothing(files):
    instance = {"network": "small", "target": "cos1d", "kernel": "multiquadric", "depth": 1}
    broken = {k: np.full_like(v, np.nan) if k.endswith("coefficients") else v for k, v in files.weights.items()}
    with pytest.raises(ValueError, match="expected finite coefficients for cos1d"):
        CLAIM.check(instance, Files(files.trained, broken))
