"""Figure 2: vertices in closed form, what is true of V and b, bowls, bent kinks, and bad input."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert.certify import check
from rescert.claim import Evidence, Inputs, Verdict
from rescert.claims.ns_figure2 import CLAIM, network
from rescert.networks.plane_case import closed_form, ray_sums, spread

F = Fraction
NOTHING = Inputs({})
PRINTED = {"vectors": "1 0; 0 1", "offsets": "1/2 3/4", "sides": "1 1", "levels": "1/4 1 5/4 3/2"}
DEEP = {**PRINTED, "second": "1/4 1", "second_offset": "1"}


def findings(**changes):
    return CLAIM.check({**PRINTED, **changes}, NOTHING)


def value(x, b):
    return sum(t + max(F(0), t - k) for t, k in zip(x, b, strict=True))


@pytest.mark.parametrize("b", [(F(1, 2), F(1, 2)), (F(1, 4), F(3, 4)), (F(3, 2), F(1, 8)), (F(2), F(2))])
@pytest.mark.parametrize("sides", [(F(1), F(1)), (F(3, 2), F(1, 2))])
def test_regions_give_the_closed_form_of_every_level(b, sides):
    plane = network({**PRINTED, "offsets": f"{b[0]} {b[1]}", "sides": f"{sides[0]} {sides[1]}"})
    top = value(sides, b)
    for level in [top * F(k, 16) for k in range(1, 16)] + [t for t in (*b, sum(b)) if t < top]:
        curve = closed_form(b, sides, level)
        assert all(value(p, b) == level for p in curve)
        kept = [p for i, p in enumerate(curve) if not 0 < i < len(curve) - 1 or not straight(*curve[i - 1 : i + 2])]
        assert plane.level_curve(level) == tuple(kept)


def straight(p, q, r):
    return (q[0] - p[0]) * (r[1] - p[1]) == (q[1] - p[1]) * (r[0] - p[0])


def test_known_vertices_below_at_and_above_the_kinks():
    half = (F(1, 2), F(1, 2))
    unit = (F(1), F(1))
    assert closed_form(half, unit, F(1, 4)) == ((F(0), F(1, 4)), (F(1, 4), F(0)))
    assert closed_form(half, unit, F(1)) == ((F(0), F(3, 4)), (F(1, 2), F(1, 2)), (F(3, 4), F(0)))
    assert closed_form(half, unit, F(5, 2)) == ((F(3, 4), F(1)), (F(1), F(3, 4)))


def test_the_printed_network_has_all_but_the_second_layer():
    found = findings()
    assert found.pop("deeper").verdict is Verdict.VACUOUS
    assert {f.verdict for f in found.values()} == {Verdict.HOLDS}
    assert {f.evidence for f in found.values()} == {Evidence.EXACT}
    assert found["levels"].measured == "slopes -1/2, -1, -2"
    assert found["gradient"].measured == "(1, 1), (1, 2), (2, 1), (2, 2)"


def test_offsets_are_distances_for_unit_columns_only():
    found = findings(vectors="1 3/4; 0 1", sides="2 2")
    assert found["distances"].verdict is Verdict.FAILS
    assert found["distances"].measured == "0.5, 0.6"
    assert found["corrected distances"].verdict is found["normals"].verdict is Verdict.HOLDS
    assert found["gradient"].verdict is Verdict.VACUOUS


def test_an_offset_of_zero_is_a_distance_whatever_the_column():
    assert findings(vectors="2 0; 1 1", offsets="0 1/2")["distances"].verdict is Verdict.HOLDS


def test_an_offset_of_zero_breaks_the_hypothesis_of_the_gradient():
    found = CLAIM.check(CLAIM.control, NOTHING)["gradient"]
    assert found.verdict is Verdict.VACUOUS
    assert found.assertions


def test_the_kink_of_a_second_layer_is_bent():
    found = CLAIM.check(DEEP, NOTHING)
    assert found["deeper"].verdict is found["levels"].verdict is Verdict.HOLDS
    assert found["deeper"].measured.endswith("bends")
    assert found["gradient"].verdict is Verdict.VACUOUS


def test_a_second_kink_that_does_not_bend_or_is_not_there_proves_nothing():
    assert CLAIM.check({**DEEP, "second_offset": "1/8"}, NOTHING)["deeper"].verdict is Verdict.VACUOUS
    assert CLAIM.check({**DEEP, "second_offset": "100"}, NOTHING)["deeper"].verdict is Verdict.VACUOUS


def test_lines_beyond_the_rectangle_are_vacuous():
    found = findings(offsets="2 2", levels="1")["normals"]
    assert found.verdict is Verdict.VACUOUS
    assert found.assertions


def test_no_monotone_function_on_a_grid_is_nearer_to_the_centred_bowl():
    """The best nondecreasing fit on a chain misses by half of its largest fall: here on the diagonal."""
    found = findings(sides="1 1")["closed"]
    diagonal = [2 * (F(k, 16) - F(1, 2)) ** 2 for k in range(17)]
    fall = max(a - b for i, a in enumerate(diagonal) for b in diagonal[i:])
    assert F(found.measured) == fall / 2 == F(1, 4)


def test_rays_meet_the_level_curve_where_bisection_finds_it():
    draw = np.random.Generator(np.random.PCG64(2))
    offsets, shares = draw.uniform(0, 1.5, (30, 2)), np.linspace(0, 1, 9)
    for level in (0.25, 1.0, 2.5):
        found = ray_sums(offsets, shares, level)
        for b, row in zip(offsets, found, strict=True):
            for share, total in zip(shares, row, strict=True):
                low, high = 0.0, level
                for _ in range(60):
                    middle = (low + high) / 2
                    point = middle * np.array([1 - share, share])
                    below = point.sum() + np.maximum(point - b, 0).sum() < level
                    low, high = (middle, high) if below else (low, middle)
                assert total == pytest.approx(low, abs=1e-12)


def test_the_spread_lies_in_the_strip_and_has_the_median_of_its_law():
    """On an axis the curve is at (level+b)/2 with b uniform on [0, 3/2]: at 3/2 the median is 9/8."""
    plane = network({**PRINTED, "sides": "3/2 3/2"})
    found = spread(plane, [F(1), F(3, 2), F(2)], torch.Generator().manual_seed(4))
    assert found["spread_level"] == 1.5
    low, median, high = (np.array(found[f"spread_{name}"]) for name in ("low", "median", "high"))
    assert (low >= 0.75).all()
    assert (high <= 1.5).all()
    assert (low < median).all()
    # The sample median of 1000 values of density 4/3 has the standard deviation 0.012.
    assert median[0] == pytest.approx(9 / 8, abs=0.06)


def test_there_is_no_spread_for_another_network_or_for_levels_that_a_side_cuts():
    generator = torch.Generator().manual_seed(4)
    assert spread(network({**PRINTED, "vectors": "1 3/4; 0 1"}), [F(1)], generator) == {}
    assert spread(network(DEEP), [F(1)], generator) == {}
    assert spread(network(PRINTED), [F(5, 4)], generator) == {}


def test_assertions_are_of_the_fixed_vocabulary_and_accepted():
    for finding in CLAIM.check(DEEP, NOTHING).values():
        assert all(a["kind"] in check.KINDS for a in finding.assertions)
        for assertion in finding.assertions:
            if assertion["kind"] == "sign":
                check.check_sign(assertion, None)


@pytest.mark.parametrize(
    "change",
    [
        {"vectors": "1 0"},
        {"vectors": "0 0; 0 1"},
        {"vectors": "-1 0; 0 1"},
        {"offsets": "1"},
        {"offsets": "1/3 1"},
        {"sides": "0 1"},
        {"levels": "0 1"},
        {"levels": "100"},
        {"levels": 1},
        {"second": "1", "second_offset": "1"},
        {"second": "1 1", "second_offset": "1 2"},
        {"second": "0 0", "second_offset": "1"},
    ],
)
def test_misuse_is_refused(change):
    with pytest.raises(ValueError, match="expected"):
        CLAIM.validate({**PRINTED, **change})
