"""Theorem 1 of Bartlett, Evans and Long: the chain, the wrong sign, and constants that grow."""

import math

import numpy as np
import pytest

from rescert.claim import Evidence, Verdict
from rescert.claims.bel_theorem1 import CLAIM, CONSTANT, NAMES
from rescert.decomposition.matrix_proofs import many_logarithms


def check(**instance):
    CLAIM.validate(instance)
    return CLAIM.check(instance, None)


@pytest.fixture(scope="module", params=[("cos1d", "3", 4), ("twist2d", "-1 1; 0 -1", 5), ("ridge2d", "1 -2; 3 4", 8)])
def found(request):
    name, matrix, depth = request.param
    return depth, check(map=name, matrix=matrix, depth=depth)


def test_verdicts(found):
    verdicts = {name: f.verdict for name, f in found[1].items()}
    assert verdicts == dict(zip(NAMES, [Verdict.FAILS, Verdict.FAILS, Verdict.HOLDS, Verdict.HOLDS], strict=True))
    assert found[1]["translation"].evidence is Evidence.EXACT


def test_exactly_m_maps_within_their_bounds_and_one_of_them_beyond_the_limit(found):
    depth, values = found[0], found[1]["chain"].values
    assert len(values["linear"]) + len(values["nonlinear"]) == depth
    assert max(values["linear"]) <= values["linear_bound"] * (1 + 1e-12)
    assert max(values["nonlinear"]) <= values["nonlinear_bound"]
    assert values["farthest"] >= values["limit"]
    assert values["composition_error"] < 1e-13


def test_minus_identity_turns_whatever_its_lipschitz_constants():
    found = check(map="twist2d", matrix="-1 0; 0 -1", depth=8)["turn"]
    assert float(found.measured) == pytest.approx(2 * math.sin(math.pi / 16), rel=1e-5)
    assert float(found.bound) == pytest.approx(0, abs=1e-12)


def test_one_map():
    found = check(map="cos1d", matrix="3", depth=1)
    assert found["rate"].verdict is Verdict.FAILS
    assert found["rate"].evidence is Evidence.EXACT
    assert found["chain"].verdict is Verdict.VACUOUS
    assert check(matrix="1", depth=1)["rate"].verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("depth", [2, 3, 64, 256])
def test_the_constant_grows_with_alpha(depth):
    smoothness, proof = many_logarithms(depth, str(CONSTANT))
    assert proof.proved
    root = math.expm1(math.log(1 + smoothness) / depth)  # log1p would overflow
    assert root == pytest.approx(CONSTANT * math.log(depth) / depth, rel=2e-3)


def test_the_growing_family_is_what_the_proof_says():
    """h' = 1 + α max(x, 0): h' is α-Lipschitz, h' >= 1, and Lip(h) = 1 + α on [-1, 1]."""
    x = np.linspace(-1, 1, 2001)
    values = x + 7 * np.maximum(x, 0) ** 2 / 2
    slopes = np.diff(values) / np.diff(x)
    assert slopes.min() == pytest.approx(1)
    assert slopes.max() == pytest.approx(8, rel=1e-3)
    assert (np.abs(np.diff(slopes)) / np.diff(x)[1:]).max() <= 7 * (1 + 1e-6)


def test_a_negative_determinant_does_not_hold():
    assert {f.verdict for f in CLAIM.check(dict(CLAIM.control), None).values()} == {Verdict.VACUOUS}


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ({"map": "cos1d", "matrix": "1 0; 0 1", "depth": 2}, "matrix of 1 rows for the map"),
        ({"map": "nowhere", "matrix": "1", "depth": 2}, "map with a file"),
        ({"map": "cos1d", "matrix": "0", "depth": 2}, "determinant is not 0"),
        ({"map": "cos1d", "matrix": "1", "depth": 0}, "depth of at least 1"),
    ],
)
def test_bad_instances(instance, message):
    with pytest.raises(ValueError, match=message):
        CLAIM.validate(instance)
