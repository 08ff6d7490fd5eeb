"""Programs that enumerate signs: against naive sums, against brute force over networks, and borderline cases."""

import itertools
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import torch

from rescert.certify import balls, sign
from rescert.landscape import sign_enumeration as enumeration
from rescert.landscape.rademacher import draw_line, outputs
from rescert.runtime import generator

HALVES = {"one": torch.tensor(1.0).double(), "two": torch.tensor(2.0).double(), "half": torch.tensor(0.5).double()}


def point(data, norm, square=1.0):
    return {**HALVES, "x": data, "norm": torch.tensor(norm).double(), "square": torch.tensor(square).double()}


def naive_suprema(data, norm, depth):
    """Over all corners of the blocks' (alpha, beta) one after the other, signs that turn included."""
    reached = {(1.0, -1.0)}
    corners = [(s * norm * norm, 0.0) for s in (1, -1)] + [(0.0, s * norm * norm) for s in (1, -1)]
    for _ in range(depth):
        reached |= {
            tuple(h + a * max(h, 0) + b * max(-h, 0) for h in pair) for pair in reached for a, b in [*corners, (0, 0)]
        }
    values = []
    for signs in itertools.product((1, -1), repeat=len(data)):
        ahead = sum(e * x for e, x in zip(signs, data, strict=True) if x > 0)
        behind = sum(-e * x for e, x in zip(signs, data, strict=True) if x < 0)
        values.append(max(abs(p * ahead + q * behind) for p, q in reached))
    return values


@pytest.mark.parametrize(("norm", "depth"), [(0.5, 1), (0.5, 3), (1.5, 2), (2.0, 3)])
def test_suprema_are_those_of_all_corners(norm, depth):
    data = draw_line(4, generator(1, "line"))
    suprema = enumeration.suprema(point(data, norm), depth)
    naive = naive_suprema(data.flatten().tolist(), norm, depth)
    assert sorted(2 * suprema.tolist()) == pytest.approx(sorted(naive), rel=1e-13)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_no_network_on_a_line_exceeds_the_suprema(width):
    data, draw = draw_line(5, generator(2, "line")), np.random.default_rng(0)
    norm, depth = 1.2, 3
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=5)))
    suprema = np.array(naive_suprema(data.flatten().tolist(), norm, depth))
    for _ in range(300):
        inner, outer = (draw.standard_normal((depth, width)) for _ in range(2))
        inner, outer = (norm * m / np.linalg.norm(m, axis=1, keepdims=True) for m in (inner, outer))
        columns = [[torch.tensor(m[i]) for i in range(depth)] for m in (inner, outer)]
        weights = torch.ones(1).double(), [u[:, None] for u in columns[0]], [v[None] for v in columns[1]]
        sums = np.abs(signs @ outputs(weights, data).numpy())
        assert (sums <= suprema * (1 + 1e-12)).all()


def test_signed_sums_are_all_sums():
    columns = torch.tensor([[1.0, 5.0], [2.0, 7.0], [4.0, 11.0]])
    expected = sorted([1 + b * 2 + c * 4, 5 + b * 7 + c * 11] for b in (1, -1) for c in (1, -1))
    assert sorted(enumeration.signed_sums(columns).tolist()) == expected


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_equality_on_a_line_is_exact_for_binary_fractions(depth):
    data = draw_line(6, generator(0, "line"))
    program = enumeration.program(partial(enumeration.line_excess, depth=depth), data)
    (value,) = balls.evaluate(program, enumeration.box(data, "3/4")).flat
    assert value == 0
    networks = partial(enumeration.witnessed_excess, depth=depth, witnesses=enumeration.LINE)
    (value,) = balls.evaluate(enumeration.program(networks, data), enumeration.box(data, "3/4")).flat
    assert value == 0


def test_equality_is_undecided_where_the_norm_is_no_binary_fraction():
    data = draw_line(6, generator(0, "line"))
    program = enumeration.program(partial(enumeration.line_excess, depth=2), data)
    assert sign.decide(program, enumeration.box(data, "1/3"), ">=")[0] is None


def test_one_network_alone_does_not_attain_the_mean():
    data = draw_line(6, generator(0, "line"))
    networks = partial(enumeration.witnessed_excess, depth=2, witnesses=enumeration.LINE[:1])
    proof = sign.prove(enumeration.program(networks, data), enumeration.box(data, "1/2"), "<")
    assert proof.proved


def test_printed_excess_is_exact():
    """One datum 1/2 and B = 1: B^2 (1+2M^2)^2 - (1+M^2)^2/4 at M = 1/2."""
    data = torch.tensor([[0.5]]).double()
    program = enumeration.program(partial(enumeration.printed_excess, depth=1), data, True)
    (value,) = balls.evaluate(program, enumeration.box(data, "1/2", "1")).flat
    assert value == balls.enter(Fraction(9, 4) - Fraction(25, 64))
    # equality: M = 0 and one datum of length B
    (value,) = balls.evaluate(program, enumeration.box(data, "0", "1/4")).flat
    assert value == 0


@pytest.mark.parametrize("halvings", [0, 1, 3])
def test_moment_excess_is_that_of_floats(halvings):
    data = draw_line(5, generator(0, "line"))
    power, norm, depth = 2**halvings, 0.75, 2
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=5)))
    moment = (np.abs(signs @ data.flatten().numpy()) ** power).mean()
    mean = np.mean(naive_suprema(data.flatten().tolist(), norm, depth))
    expected = moment * (1 + (1 + 2 ** (1 / power)) / 2 * norm**2) ** (power * depth) - mean**power
    program = enumeration.program(partial(enumeration.moment_excess, depth=depth, halvings=halvings), data)
    (value,) = balls.evaluate(program, enumeration.box(data, "3/4")).flat
    assert float(value.mid()) == pytest.approx(expected, rel=1e-12)
    assert value.rad() < abs(value) / 2**100


def test_the_corner_exceeds_by_its_closed_form():
    networks = partial(enumeration.witnessed_excess, depth=1, witnesses=enumeration.CORNER_WITNESSES)
    program = enumeration.program(networks, enumeration.CORNER)
    for norm in ("1/4", "1", "7"):
        (value,) = balls.evaluate(program, enumeration.box(enumeration.CORNER, norm)).flat
        square = balls.enter(norm) ** 2
        assert (value - square * balls.enter(2).sqrt() / 8).contains(0)
        assert value.rad() < value.mid() / 2**100


def test_the_corner_suprema_are_those_of_all_directions():
    angles = np.linspace(0, 2 * np.pi, 72001)
    active = np.maximum(np.stack([np.cos(angles), np.sin(angles)], 1) @ enumeration.CORNER.numpy().T, 0)
    for signs, supremum in {(1, 1, 1): 8**0.5, (1, 1, -1): 0.5**0.5, (1, -1, 1): 2, (1, -1, -1): 2}.items():
        assert np.abs(active @ signs).max() == pytest.approx(supremum, abs=1e-8)


def test_longest_datum():
    program = enumeration.program(enumeration.longest_excess, enumeration.CORNER, True)
    for square, relation in (("2", None), ("199/100", ">"), ("201/100", "<")):
        box = enumeration.box(enumeration.CORNER, "1", square)
        assert sign.prove(program, box, ">").proved is (True if relation == ">" else None)
        assert sign.prove(program, box, "<").proved is (True if relation == "<" else None)


def test_too_many_samples_are_refused():
    with pytest.raises(ValueError, match="expected at most 12 samples"):
        enumeration.program(partial(enumeration.line_excess, depth=1), torch.ones(13, 1).double())
