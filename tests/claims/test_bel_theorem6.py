"""The zero network: exact gradient and Hessian, what lies below it, and the controls."""

from fractions import Fraction

import numpy as np
import pytest

from rescert import runtime
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims import bel_theorem6 as claim
from rescert.dynamics import zero_escape
from rescert.landscape import tanh_zero

RANDOM = {
    "family": "random", "depth": 2, "dimension": 2, "width": 1, "samples": 4, "outer": "1/4", "steepness": "1",
    "radius": "8", "seed": 0,
}  # fmt: skip


def checked(instance):
    return claim.check(instance, Inputs({}))


@pytest.fixture(scope="module")
def random():
    return checked(RANDOM)


def test_a_random_problem(random):
    expected = dict.fromkeys(("printed", "corrected", "spectrum", "saddle", "never"), Verdict.HOLDS)
    expected |= {"argument": Verdict.FAILS, "degenerate": Verdict.VACUOUS, "slow": Verdict.VACUOUS}
    assert {name: finding.verdict for name, finding in random.items()} == expected
    assert random["spectrum"].evidence is Evidence.EXACT


def test_the_quantifiers_are_refuted_by_a_far_teacher():
    found = checked({**RANDOM, "radius": "1/64"})
    assert found["printed"].verdict is Verdict.FAILS
    assert found["corrected"].verdict is Verdict.VACUOUS


def test_a_teacher_at_the_radius_is_undecided():
    problem = claim.example()
    assert claim.tanh_certificates.prove_beyond(problem, "2").proved is None, "|AB| = 2 at zero"
    assert claim.tanh_certificates.prove_within(problem, "6").proved is None, "the largest bound is 6"
    assert claim.tanh_certificates.prove_beyond(problem, "1.999").proved is True
    assert claim.tanh_certificates.prove_within(problem, "6.001").proved is True


def test_a_wrong_hessian_is_not_shown():
    rounded = tanh_zero.rounded(claim.problem(RANDOM).problem)
    matrix = tanh_zero.exact_hessian(rounded)
    assert tanh_zero.hessian_is(rounded, matrix)
    matrix[0][0] += Fraction(1, 10**9)
    assert not tanh_zero.hessian_is(rounded, matrix)


def test_closed_form_of_the_spectrum(random):
    values = random["spectrum"].values
    assert values["eigenvalues"] == pytest.approx(values["closed_form"], abs=1e-14)
    assert max(values["eigenvalues"]) > 1e-3


def test_the_degenerate_weights():
    known = claim.problem({"family": "degenerate"})
    assert np.abs(tanh_zero.moment(known.problem)).max() < 1e-15
    assert np.abs(tanh_zero.eigenvalues(known.problem)).max() < 1e-14
    assert tanh_zero.offset_positive(known).lower > 0.01
    assert tanh_zero.falls(known, 2.0**-10).proved is True
    assert np.abs(tanh_zero.moment(claim.example())).max() > 0.1


def test_one_unit_is_never_degenerate():
    from dataclasses import replace

    example = claim.example()
    assert tanh_zero.degenerate(replace(example, outer=example.outer[..., :1], inner=example.inner[:, :1])) is None


def test_leaving_takes_the_square_of_the_distance():
    known = claim.problem({"family": "degenerate"})
    starts = np.array([[0.5, -0.5, 0.5, 0.5]])
    weights = tanh_zero.shares(known.problem)
    steps = [zero_escape.steps_to_leave(known.problem, weights, s * starts, 0.1, 1.0, 40000)[0] for s in (0.25, 0.125)]
    assert max(steps) < 40000
    assert 3 < steps[1] / steps[0] < 5
    stopped = zero_escape.steps_to_leave(known.problem, weights, 0 * starts, 0.1, 1.0, 10)
    assert stopped.tolist() == [10], "zero is critical: descent from it never moves"


def test_starts_are_unit_vectors():
    draw = zero_escape.draw(claim.example(), 5, runtime.generator(0, "test"))
    assert np.linalg.norm(draw, axis=1) == pytest.approx(np.ones(5))


def test_the_identity_is_no_instance():
    found = checked(claim.CLAIM.control)
    assert {f.verdict for name, f in found.items() if name != "spectrum"} == {Verdict.VACUOUS}
    assert found["corrected"].assertions


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "hope"}, "a family"),
        ({"radius": "-1"}, "positive radius"),
        ({"dimension": 3}, "dimension of 1 or 2"),
    ],
)
def test_bad_instances_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        claim.CLAIM.validate({**RANDOM, **change})
