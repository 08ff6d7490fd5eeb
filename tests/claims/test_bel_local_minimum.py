"""Bad local minima near the identity: certified where there is one, and nowhere else."""

import pytest

from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import bel_local_minimum as claim

STORED = {
    "family": "stored", "points": "1520 -1904; 560 1304; 384 384; 128 72", "weights": "8 3 24 29", "outer": "24; -48",
    "inner": "-1208 2552", "start": "-29 58 -243 -367", "radius": "9/10",
}  # fmt: skip
SEARCH = {
    "family": "series", "depth": 1, "dimension": 1, "width": 1, "samples": 5, "problems": 20, "starts": 5,
    "iterations": 60, "outer": "1/8", "steepness": "3", "radius": "9/10", "seed": 0,
}  # fmt: skip


def checked(instance):
    return claim.check(instance, Inputs({}))


def test_the_stored_minimum_is_certified_at_every_scale():
    found = checked(STORED)
    for name in ("one_layer", "every_scale"):
        assert (found[name].verdict, found[name].evidence) == (Verdict.HOLDS, Evidence.ENCLOSED)
    assert found["layers"].verdict is Verdict.VACUOUS


def test_the_teacher_itself_is_no_bad_minimum():
    assert checked({**STORED, "start": "24 -48 -1208 2552"})["one_layer"].verdict is Verdict.UNDECIDED


def test_a_radius_that_the_teacher_exceeds_is_not_certified():
    assert checked({**STORED, "radius": "1/2"})["one_layer"].verdict is Verdict.UNDECIDED


def test_the_zero_point_is_no_minimum():
    assert checked(claim.CLAIM.control)["one_layer"].verdict is not Verdict.HOLDS


def test_a_line_has_no_other_critical_points():
    found = checked(SEARCH)
    assert found["line"].verdict is Verdict.HOLDS
    assert found["one_layer"].verdict is Verdict.UNDECIDED


def test_two_layers_in_parallel_lead_to_two_in_series():
    parallel = {"family": "parallel", "depth": 2, "dimension": 2, "samples": 8, "problems": 60, "starts": 10}
    found = checked({**SEARCH, **parallel, "iterations": 80, "outer": "1", "steepness": "2", "radius": "1/64"})
    assert found["every_scale"].verdict is Verdict.HOLDS
    assert "from the limit" in found["every_scale"].reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "hope"}, "expected a family"),
        ({"radius": "0"}, "positive radius"),
        ({"dimension": 3}, "dimension of 1 or 2"),
        ({"problems": 0}, "counts >= 1"),
    ],
)
def test_bad_instances_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        claim.CLAIM.validate({**SEARCH, **change})


@pytest.mark.parametrize(("key", "value"), [("start", "1 2"), ("outer", "24; x"), ("points", "1 2; 3")])
def test_bad_stored_problems_are_named(key, value):
    with pytest.raises(ValueError, match="expected"):
        claim.CLAIM.validate({**STORED, key: value})
