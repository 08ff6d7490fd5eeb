"""Branch and bound: brackets around closed forms, sound at every budget."""

import math

import numpy as np
import pytest

from rescert.certify import inertia, suprema
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
    import torch

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
