"""Matrix factors of Theorem 1 of Bartlett, Evans and Long: verdicts that are known in closed form."""

import math

import pytest

from rescert.claim import Evidence, Verdict
from rescert.claims.bel_matrix_factors import CLAIM, NAMES


def check(**instance):
    CLAIM.validate(instance)
    return CLAIM.check(instance, None)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_an_exact_rotation_refutes_gamma(depth):
    found = check(matrix="3/5 -4/5; 4/5 3/5", depth=depth)
    assert found["gamma"].verdict is Verdict.FAILS
    assert found["gamma"].evidence is Evidence.EXACT
    assert found["optimal"].verdict is Verdict.HOLDS
    assert found["positive"].verdict is Verdict.VACUOUS
    distance = 2 * math.sin(math.acos(3 / 5) / (2 * depth))
    assert found["factors"].values["distance"] == pytest.approx(distance, rel=1e-13)


def test_a_rotation_of_floats_refutes_gamma_enclosed():
    found = check(matrix="rotation", dimension=5, seed=1, depth=3)["gamma"]
    assert found.verdict is Verdict.FAILS
    assert found.evidence is Evidence.ENCLOSED


def test_the_identity_refutes_nothing():
    found = check(matrix="1 0; 0 1", depth=2)
    assert found["gamma"].verdict is not Verdict.FAILS
    assert found["factors"].verdict is Verdict.HOLDS


@pytest.mark.parametrize("name", ["gaussian", "ill_conditioned", "jordan", "negative_diagonal"])
def test_corrected_and_sharper_hold(name):
    found = check(matrix=name, dimension=4, seed=2, depth=6)
    for statement in ("factors", "angle", "limit"):
        assert found[statement].verdict is Verdict.HOLDS, statement
    assert found["gamma"].verdict is Verdict.HOLDS  # γ is not small
    assert found["optimal"].verdict is Verdict.VACUOUS
    assert not {Verdict.UNDECIDED} & {f.verdict for f in found.values()}


@pytest.mark.parametrize("matrix", ["1 -2; 3 4", "1 1; 0 1"])
def test_one_factor_of_a_matrix_that_is_not_normal_is_not_called_optimal(matrix):
    # at m = 1 every matrix attains its limit, but not max |lambda - 1|
    assert check(matrix=matrix, depth=1)["optimal"].verdict is Verdict.VACUOUS


def test_rounding_does_not_make_a_rotation_abnormal():
    assert check(matrix="rotation", dimension=5, seed=1, depth=3)["optimal"].verdict is Verdict.HOLDS


def test_refuted_for_a_matrix_whose_determinant_is_shown():
    found = check(matrix="rotation", dimension=10, seed=0, depth=2)["gamma"]
    assert found.verdict is Verdict.FAILS
    assert len(found.assertions) == 4


def test_symmetric_positive_matrices():
    found = check(matrix="2 1; 1 2", depth=4)
    assert found["positive"].verdict is Verdict.HOLDS
    assert found["optimal"].verdict is Verdict.HOLDS
    few = check(matrix="2000 0; 0 1", depth=4)["positive"]
    assert few.verdict is Verdict.VACUOUS
    assert few.reason == "m < γ"


def test_a_negative_determinant_does_not_hold():
    found = check(matrix="0 1; 1 0", depth=4)
    assert set(found) == set(NAMES)
    assert {f.verdict for f in found.values()} == {Verdict.VACUOUS}
    assert {f.verdict for f in CLAIM.check(dict(CLAIM.control), None).values()} == {Verdict.VACUOUS}


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ({"matrix": "1 2; 2 4", "depth": 2}, "determinant is not 0"),
        ({"matrix": "1 2; 3", "depth": 2}, "square"),
        ({"matrix": "nonsense", "depth": 2}, "such as"),
        ({"matrix": "1", "depth": 0}, "depth of at least 1"),
        ({"matrix": "gaussian", "depth": 2}, "dimension"),
        ({"matrix": "jordan", "dimension": 3, "depth": 2}, "even"),
    ],
)
def test_bad_instances(instance, message):
    with pytest.raises(ValueError, match=message):
        CLAIM.validate(instance)
