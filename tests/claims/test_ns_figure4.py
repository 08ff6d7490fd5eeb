"""Figure 4 and the biases: verdicts on runs that are known, on small trained ones, and what must stay undecided."""

import numpy as np
import pytest
import torch

from rescert import record
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import ns_biases, ns_figure4
from rescert.dynamics.projected_nesterov import train
from rescert.dynamics.trained_pairs import Steps
from rescert.runtime import generator

NEED = "networks/ns_figure4"
INSTANCE = {"network": "ns_figure4"}
CONFIG = {
    "architecture": "scalar_pairs",
    "runs": 12,
    "bias_ranges": [0.5, 1.0],
    "step_sizes": [0.005, 0.3],
    "depth": 5,
    "weight_range": 0.1,
    "samples": 11,
    "iterations": 2000,
}


def written(folder, trained, **changes):
    folder.mkdir(exist_ok=True)
    record.write_tensors(folder / "weights.safetensors", {**trained.weights, **changes})
    record.write_parquet(folder / "history.parquet", trained.history)
    record.write_json(folder / "record.json", dict(trained.record))
    return Inputs({NEED: [folder / n for n in ("weights.safetensors", "history.parquet", "record.json")]})


@pytest.fixture(scope="module")
def trained():
    return train(CONFIG, None, torch.device("cpu"), lambda m, s: None, generator=generator)


@pytest.fixture(scope="module")
def inputs(trained, tmp_path_factory):
    return written(tmp_path_factory.mktemp("ns_figure4"), trained)


@pytest.fixture(scope="module")
def found(inputs):
    return {i["step_size"]: ns_figure4.check(i, inputs) for i in ns_figure4.expand(INSTANCE, inputs)}


def test_one_instance_a_step(inputs):
    expected = [{**INSTANCE, "step_size": "0.005"}, {**INSTANCE, "step_size": "0.3"}]
    assert ns_figure4.expand(INSTANCE, inputs) == ns_biases.expand(INSTANCE, inputs) == expected


def test_a_step_that_is_too_large_kills_the_units_and_fakes_a_low_constant(found):
    last = found["0.3"]
    assert last["step"].verdict is Verdict.HOLDS
    assert last["range"].verdict is Verdict.VACUOUS
    assert "dead units" in last["range"].reason
    assert found["0.005"]["step"].verdict is Verdict.VACUOUS


def test_the_rule_is_refuted_by_a_certificate(found):
    for findings in found.values():
        assert findings["rule"].verdict is Verdict.FAILS
        assert findings["rule"].evidence is Evidence.ENCLOSED
        assert findings["rule"].assertions


def test_every_decided_certified_finding_has_assertions(found):
    for findings in found.values():
        assert all(f.assertions for f in findings.values() if f.certified)


def test_the_control_swaps_the_ranges(found, inputs):
    assert found["0.005"]["range"].verdict is Verdict.HOLDS
    control = ns_figure4.check(ns_figure4.CLAIM.control, inputs)
    assert control["range"].verdict is Verdict.FAILS


def replaced(trained, tmp_path, pairs):
    """The trained arrays with the weights of the smallest step replaced by hand: (range, seed): (w, b, c)."""
    changed = {name: trained.weights[name].copy() for name in ("w", "b", "c", "d")}
    for (r, s), (w, b, c) in pairs.items():
        for name, value in (("w", w), ("b", b)):
            changed[name][0, r, s] = 0
            changed[name][0, r, s, :, :2] = value
        changed["c"][0, r, s], changed["d"][0, r, s] = c, 0
    return written(tmp_path / "changed", trained, **changed)


TARGET = ([[1.5, 0], [3, 0.5]], [[0.5, 0], [0.3, 1.9]], [2, 1])
STEEP = ([[99, 0], [0, 0]], [[0.5, 0], [0, 0]], [1, 1])


def test_a_pair_as_printed_is_certified(trained, tmp_path):
    inputs = replaced(trained, tmp_path, {(1, 3): TARGET, (0, 3): STEEP})
    findings = ns_figure4.check({**INSTANCE, "step_size": "0.005"}, inputs)
    assert findings["pair"].verdict is Verdict.HOLDS
    assert findings["pair"].evidence is Evidence.ENCLOSED
    assert len(findings["pair"].assertions) == 2
    assert findings["low"].verdict is Verdict.FAILS
    assert findings["pointwise"].verdict is Verdict.FAILS
    assert "seed 3" in findings["low"].reason


def test_a_perfect_network_meets_every_printed_line(trained, tmp_path):
    line = ([[0, 0], [0, 0]], [[0, 0], [0, 0]], [1, 1.25])
    inputs = replaced(trained, tmp_path, {(r, s): TARGET if r else line for r in (0, 1) for s in range(12)})
    findings = ns_figure4.check({**INSTANCE, "step_size": "0.005"}, inputs)
    for name in ("rule", "pair", "pointwise", "low"):
        assert findings[name].verdict is Verdict.HOLDS, name
    for name in ("usual", "region"):
        assert findings[name].verdict is Verdict.VACUOUS, name  # a line is made of dead units
    steps = Steps.of(inputs.arrays(NEED), inputs.record(NEED))
    assert (steps.runs[0].fits == np.array([[False] * 12, [True] * 12])).all()


@pytest.mark.parametrize("share", [[1] * 3, [1, 1, 1, 1, 1, 0, 0, 0]])
def test_a_majority_of_few_is_undecided(share):
    assert ns_figure4._majority("", "", np.array(share, dtype=bool)).verdict is Verdict.UNDECIDED


def test_a_majority_of_many_is_decided():
    many = np.arange(50) < 40
    assert ns_figure4._majority("", "", many).verdict is Verdict.HOLDS
    assert ns_figure4._majority("", "", ~many).verdict is Verdict.FAILS
    assert ns_figure4._majority("all dead; ", "", many).verdict is Verdict.VACUOUS


def test_a_majority_of_two_samples_needs_both():
    many, few = np.arange(50) < 40, np.arange(4) < 4
    assert ns_figure4._majority("", "", many, few).verdict is Verdict.UNDECIDED
    assert ns_figure4._majority("", "", many, ~many).verdict is Verdict.FAILS
    assert ns_figure4._majority("", "", many, many).verdict is Verdict.HOLDS


def test_biases_are_refuted_and_controlled(inputs):
    findings = ns_biases.check({**INSTANCE, "step_size": "0.005"}, inputs)
    assert findings["little"].verdict is Verdict.FAILS
    assert findings["close"].verdict is Verdict.FAILS
    assert findings["movement"].verdict is Verdict.HOLDS
    assert ns_biases.check({**INSTANCE, "step_size": "0.3"}, inputs)["initial"].verdict is Verdict.VACUOUS
    exchanged = ns_biases.check(ns_biases.CLAIM.control, inputs)
    assert exchanged["movement"].verdict is Verdict.FAILS


def test_the_product_of_a_fit_is_certified(trained, tmp_path):
    inputs = replaced(trained, tmp_path, {(1, 3): TARGET})
    findings = ns_biases.check({**INSTANCE, "step_size": "0.005"}, inputs)
    assert findings["product"].verdict is Verdict.HOLDS
    assert findings["product"].evidence is Evidence.ENCLOSED


@pytest.mark.parametrize("claim", [ns_figure4, ns_biases])
def test_bad_instances_are_one_sentence(claim, inputs, trained, tmp_path):
    with pytest.raises(ValueError, match=r"step size among 0.005, 0.3, got '7'"):
        claim.check({**INSTANCE, "step_size": "7"}, inputs)
    record.write_json(tmp_path / "record.json", {**trained.record, "bias_ranges": [1.0]})
    files = [*list(inputs.files[NEED])[:2], tmp_path / "record.json"]
    with pytest.raises(ValueError, match="two ranges of initial biases"):
        claim.expand(INSTANCE, Inputs({NEED: files}))
