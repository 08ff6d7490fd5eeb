"""Exact bounds on simplices: ranges against dense sampling, bounds that are reached, and those that are too small."""

from fractions import Fraction

import pytest

from rescert.decomposition import quadratic_networks
from rescert.decomposition.quadratic_form import Quadratic
from rescert.networks import simplex_bounds
from rescert.networks.ridge_sum import RidgeSum

F = Fraction
EXAMPLE = Quadratic.parse("2 -1; -1 2", "1 1")
BOWL = RidgeSum((F(1), F(1)), F(1, 4), ((F(1), F(0)), (F(0), F(1))), (F(1, 2), F(1, 2)), (F(1), F(1)))


def gap(f, networks, x):
    return f.at(x) - sum(sign * n.at(x) for sign, n in networks)


@pytest.mark.parametrize("cells", [1, 2, 3])
def test_the_range_contains_all_values_and_is_reached(cells):
    networks = quadratic_networks.pair(EXAMPLE, cells).sums
    found = simplex_bounds.error_range(EXAMPLE, networks)
    values = [gap(EXAMPLE, networks, (F(i, 12 * cells), F(j, 12 * cells))) for i in range(12 * cells + 1)
              for j in range(12 * cells + 1)]  # fmt: skip
    assert found.reached
    assert found.low == min(values)
    assert found.high == max(values)


def test_the_bowl_of_figure_2_misses_the_example_by_exactly_a_quarter():
    simplices = simplex_bounds.within(EXAMPLE, [(1, BOWL)], F(1, 4))
    assert simplices is not None
    assert len(simplex_bounds.assertions(EXAMPLE, [(1, BOWL)], F(1, 4), simplices)) == 2
    assert gap(EXAMPLE, [(1, BOWL)], (F(1), F(0))) == F(1, 4)


def test_a_smaller_bound_is_neither_found_nor_asserted():
    below = F(1, 4) - F(1, 2**30)
    assert simplex_bounds.within(EXAMPLE, [(1, BOWL)], below) is None
    simplices = simplex_bounds.within(EXAMPLE, [(1, BOWL)], F(1, 4))
    assert simplex_bounds.assertions(EXAMPLE, [(1, BOWL)], below, simplices) == ()


def test_a_kink_inside_a_simplex_is_not_asserted():
    zero, one = F(0), F(1)
    corners = ((zero, zero), (one, zero), (zero, one))
    function = simplex_bounds.ridge_sum.pieces([(1, RidgeSum((one, one)))], 2)[0][1]
    assert simplex_bounds.assertions(EXAMPLE, [(1, BOWL)], F(100), [(corners, function)]) == ()


def test_division_keeps_the_whole():
    def size(corners):
        (a, b), (c, d) = ([q - p for p, q in zip(corners[0], corner, strict=True)] for corner in corners[1:])
        return abs(a * d - b * c)

    whole = simplex_bounds.ridge_sum.pieces([(1, BOWL)], 2)[0]
    parts = simplex_bounds.divided(whole)
    assert sum(size(c) for c, _ in parts) == size(whole[0])
    assert len({size(c) for c, _ in parts}) == 1


def test_many_simplices_are_shown_in_parts_that_cover_all(monkeypatch):
    networks = quadratic_networks.pair(EXAMPLE, 3)
    found = simplex_bounds.error_range(EXAMPLE, networks.sums)
    whole = simplex_bounds.assertions(EXAMPLE, networks.sums, networks.bound, found.simplices)
    monkeypatch.setattr(simplex_bounds, "MOST_VALUES", 150)
    parts = simplex_bounds.assertions(EXAMPLE, networks.sums, networks.bound, found.simplices)
    assert len(whole) == 2
    counts = [len(a["program"]["constants"]["corners"]) // 3 for a in parts[::2]]
    assert len(counts) > 5
    assert sum(counts) == len(found.simplices)
