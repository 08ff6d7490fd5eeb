"""Branch and bound: brackets around closed forms, sound at every budget."""

import math

import numpy as np
import planar
import pytest
import torch
from naive_suprema import naive_proof, naive_supremum
from test_random_programs import accepted, box_of, program

from rescert.certify import boxes, inertia, suprema
from rescert.certify.midrad import MidRad
from rescert.certify.problem import trace

SINE = trace(lambda v: v["x"].sin() * v["s"], {"x": ()}, {"s": "1/2"})
TABLE = [
    (SINE, {"x": {"mid": "1", "rad": "2"}}, 0.5),
    (SINE, {"x": {"mid": "0", "rad": "1"}}, math.sin(1) / 2),
    (trace(lambda v: v["x"] * (-v["x"]).exp(), {"x": ()}), {"x": {"mid": 5, "rad": 5}}, math.exp(-1)),
    (trace(lambda v: v["x"][0] * v["x"][1], {"x": (2,)}), {"x": {"mid": 0, "rad": "3/2"}}, 2.25),
    (trace(lambda v: (v["x"] - v["x"] ** 2).relu(), {"x": ()}), {"x": {"mid": 0, "rad": 2}}, 0.25),
]


@pytest.mark.parametrize(("program", "domain", "supremum"), TABLE)
@pytest.mark.parametrize("budget", [1, 5, 2000])
def test_brackets_contain_the_closed_form(program, domain, supremum: float, budget: int) -> None:
    found = suprema.supremum(program, domain, 0.01, budget)
    # One rounding of the closed form itself.
    assert found.proved
    assert found.lower <= supremum * (1 + 2**-50)
    assert found.upper >= supremum * (1 - 2**-50)
    if budget == 2000:
        assert found.upper - found.lower <= 0.01 * found.upper


def test_samples_never_exceed_the_bound() -> None:
    program = trace(lambda v: (3 * v["x"]).cos() + v["x"] * v["x"].sin() - v["y"] * v["x"], {"x": (), "y": ()})
    found = suprema.supremum(program, {"x": {"mid": 0, "rad": 3}, "y": {"mid": 1, "rad": "0.25"}}, 0.05)
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-3, 3, 10_000), rng.uniform(0.75, 1.25, 10_000)
    assert (np.cos(3 * x) + x * np.sin(x) - y * x).max() <= found.upper


def test_the_largest_entry_counts() -> None:
    both = trace(lambda v: torch.stack([v["x"], -2 * v["x"]]), {"x": ()})
    found = suprema.supremum(both, {"x": {"mid": 0, "rad": 1}})
    assert found.lower <= 2 <= found.upper


def test_prove_and_undecided() -> None:
    domain = {"x": {"mid": 0, "rad": 3}}
    above = trace(lambda v: v["x"] ** 2 - 2 * v["x"] + v["c"], {"x": ()}, {"c": "1.01"})
    touching = trace(lambda v: v["x"] ** 2 - 2 * v["x"] + v["c"], {"x": ()}, {"c": "1"})
    assert suprema.prove(above, domain, ">").proved
    assert suprema.prove(above, domain, "<").proved is None
    assert suprema.prove(touching, domain, ">", most_boxes=300).proved is None
    assert suprema.prove(trace(lambda v: 1 / v["x"], {"x": ()}), domain, ">", 100).proved is None


def test_tree_text_lists_the_lower_half_first() -> None:
    steps = trace(lambda v: (v["x"] - 1).relu() * 1000 - 1, {"x": ()})
    proof = suprema.prove(steps, {"x": {"mid": "0.5005", "rad": "0.5"}}, "<")
    text = proof.assertion["boxes"]
    assert text.count(".") == text.count("0") + 1 == proof.boxes


def test_a_domain_needs_an_extent() -> None:
    with pytest.raises(ValueError, match="with a radius"):
        suprema.supremum(SINE, {"x": 1})


@pytest.mark.parametrize("relation", [">", ">="])
def test_nothing_is_shown_where_the_function_is_undefined(relation: str) -> None:
    program = trace(lambda v: v["x"].log() ** 0 + v["x"] ** 2, {"x": ()})
    assert suprema.prove(program, {"x": {"mid": "2/5", "rad": 10}}, relation, 40).proved is None
    assert inertia.prove_definite(program, {"x": {"mid": "2/5", "rad": 10}}).proved is None
    assert suprema.prove(program, {"x": {"mid": 2, "rad": 1}}, relation, 40).proved
    assert inertia.prove_definite(program, {"x": {"mid": 2, "rad": 1}}).proved


SUM = trace(lambda v: (v["x"] * v["y"]).sin() + v["x"] ** 2 - v["y"].cos(), {"x": (), "y": ()})
PLANE = {"x": {"mid": 0, "rad": 1}, "y": {"mid": "1/3", "rad": "3/2"}}


@pytest.mark.parametrize(("relation", "offset"), [(">", "3/2"), (">=", "9/8"), ("<", "-2"), ("<=", "0"), (">", "1")])
def test_the_naive_twin_gives_the_same_verdict(relation: str, offset: str) -> None:
    shifted = trace(lambda v: (v["x"] * v["y"]).sin() + v["x"] ** 2 - v["y"].cos() + v["c"], SUM.inputs, {"c": offset})
    found = suprema.prove(shifted, PLANE, relation, 1000)
    assert found.proved == naive_proof(shifted, PLANE, relation, 1000)
    if found.assertion is not None:
        assert accepted(found.assertion)


def test_the_naive_twin_gives_an_overlapping_bracket() -> None:
    found, (low, high) = suprema.supremum(SUM, PLANE, 0.01), naive_supremum(SUM, PLANE, 0.01, 3000)
    assert found.lower <= high
    assert low <= found.upper
    assert accepted(found.assertion)


def test_random_programs_are_bounded_as_the_checker_accepts() -> None:
    proved = 0
    for number in range(60):
        rng = np.random.default_rng([7, number])
        chosen = program(rng, False)
        domain = box_of(rng, chosen, False)
        if 1 <= sum(int((side["rad"] > 0).sum()) for side in domain.values()) <= 10:
            found = suprema.supremum(chosen, domain, 0.05, 40)
            proved += found.assertion is not None
            assert found.assertion is None or accepted(found.assertion)
            assert found.lower <= found.upper
    assert proved > 20


@pytest.mark.parametrize("depth", [1, 8])
def test_all_factors_of_a_map_of_the_plane(depth: int) -> None:
    largest = planar.sampled(depth)
    found = suprema.prove(planar.ridge(depth, f"{1.02 * largest:.12f}"), planar.DISC, ">=")
    assert found.proved
    assert accepted(found.assertion)
    below = suprema.prove(planar.ridge(depth, f"{0.98 * largest:.12f}"), planar.DISC, ">=")
    assert below.proved is None
    assert "false at a point" in below.reason
    assert below.lower < 0 < below.upper


def test_a_lower_bound_is_refused_by_the_checker() -> None:
    """The tree that shows a bound does not show one below the supremum."""
    found = suprema.supremum(SUM, PLANE, 0.01)
    (bound,) = (n for n, v in found.assertion["program"]["constants"].items() if v == found.upper)
    for lowered in (found.lower - 1e-9, found.upper - 2 * (found.upper - found.lower)):
        constants = {**found.assertion["program"]["constants"], bound: lowered}
        assert not accepted({**found.assertion, "program": {**found.assertion["program"], "constants": constants}})
    assert not accepted({**found.assertion, "boxes": "."})


def test_unsound_slopes_are_caught_by_the_checker(monkeypatch: pytest.MonkeyPatch) -> None:
    """With slopes of zero the value at the middle decides a box; no cover that rests on it is accepted."""
    wave, domain = trace(lambda v: v["x"].sin() - v["c"], {"x": ()}, {"c": "0.9"}), {"x": {"mid": "0.2", "rad": "1.2"}}
    assert suprema.prove(wave, domain, "<", 50).proved is None
    monkeypatch.setitem(boxes.SLOPES, "sin", lambda x, y: MidRad.exact(np.zeros(x.shape)))
    wrong = suprema.prove(wave, domain, "<", 50)
    assert wrong.proved
    assert not accepted(wrong.assertion)


def test_a_bound_equal_to_the_supremum_is_undecided_with_a_bracket() -> None:
    peak = trace(lambda v: v["x"] * (2 - v["x"]) - 1, {"x": ()})
    found = suprema.prove(peak, {"x": {"mid": "1/3", "rad": 3}}, "<", 300)
    assert found.proved is None
    assert found.assertion is None
    assert found.lower <= -9
    assert 0 <= found.upper < 0.01
    short = suprema.prove(peak, {"x": {"mid": "1/3", "rad": 3}}, "<", 1)
    assert (short.proved, short.boxes) == (None, 0)
    assert math.isfinite(short.lower)
    assert short.upper > found.upper


def test_what_begins_at_zero_is_decided_in_balls() -> None:
    """Midpoints and radii of squares and kinks end a rounding beyond 0."""
    domain = {"x": {"mid": "1/3", "rad": 1}, "y": {"mid": 0, "rad": 1}}
    for function in (lambda v: v["x"] ** 2 * v["y"] ** 2, lambda v: v["x"].relu() + v["y"] ** 4):
        found = suprema.prove(trace(function, {"x": (), "y": ()}), domain, ">=", 50)
        assert found.proved == naive_proof(trace(function, {"x": (), "y": ()}), domain, ">=", 50)


def test_balls_decide_what_floats_blur() -> None:
    """A bracket of width 1e-20 below a maximum of 1."""
    margin = trace(lambda v: 1 - v["x"] ** 2 + v["c"], {"x": ()}, {"c": "1e-20"})
    domain = {"x": {"mid": 0, "rad": "1e-3"}}
    minus = trace(lambda v: (v["x"] + 1) ** 2 - v["x"] ** 2 - 2 * v["x"] - 1 + v["c"], {"x": ()}, {"c": "1e-12"})
    assert suprema.prove(margin, domain, ">").proved
    found = suprema.prove(minus, {"x": {"mid": "1/3", "rad": "1e-13"}}, ">", 200, 128)
    assert found.proved
    assert accepted(found.assertion)


def test_two_runs_give_the_same_tree() -> None:
    trees = [suprema.supremum(SUM, PLANE, 0.003, 500).assertion["boxes"] for _ in range(2)]
    assert trees[0] == trees[1]


def test_a_bound_is_found_where_the_whole_domain_has_none() -> None:
    """The denominator x² - x + 1/2 >= 1/4 contains 0 on wide boxes."""
    quotient = trace(lambda v: 1 / (v["x"] * v["x"] - v["x"] + 0.5), {"x": ()})
    domain = {"x": {"mid": 0, "rad": 3}}
    found = suprema.supremum(quotient, domain, 0.01)
    assert found.lower <= 4 <= found.upper <= 4.05
    assert accepted(found.assertion)
    short = suprema.supremum(quotient, domain, 0.01, 1)
    assert (short.proved, short.assertion, short.upper) == (None, None, math.inf)
    assert short.lower <= 4


def test_a_pole_has_no_supremum() -> None:
    found = suprema.supremum(trace(lambda v: 1 / v["x"], {"x": ()}), {"x": {"mid": "1/3", "rad": 1}}, 0.01, 300)
    assert (found.proved, found.upper) == (None, math.inf)
