"""Ridge sums: the network (7) that they are, interpolation, and pieces without kinks inside."""

import itertools
from fractions import Fraction

import pytest
import torch

from rescert.networks import convex_residual
from rescert.networks.ridge_sum import RidgeSum, pieces

F = Fraction
BOWL = RidgeSum((F(1), F(1)), F(1, 4), ((F(1), F(0)), (F(0), F(1))), (F(1, 2), F(1, 2)), (F(1), F(1)))
TILTED = RidgeSum((F(2), F(1, 3)), F(-1), ((F(1), F(3, 4)), (F(1, 5), F(1))), (F(1, 2), F(2, 7)), (F(1), F(5, 3)))


@pytest.mark.parametrize("network", [BOWL, TILTED, RidgeSum((F(1), F(2)))])
def test_it_is_the_network_of_its_parameters(network):
    points = torch.rand((40, 2), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = convex_residual.forward(network.parameters(), points)
    exact = [float(network.at([F(t) for t in p])) for p in points.tolist()]
    # A dozen operations on numbers of the order of 1.
    assert found.tolist() == pytest.approx(exact, abs=50 * 2.0**-52)
    assert network.in_class


def test_negative_parts_are_out_of_the_class():
    assert not RidgeSum((F(0), F(1))).in_class
    assert not RidgeSum((F(1),), F(0), ((F(1),),), (F(-1, 9),), (F(1),)).in_class
    assert not RidgeSum((F(1),), F(0), ((F(1),),), (F(1, 9),), (F(-1),)).in_class


def test_interpolant_touches_the_parabola_at_its_nodes_and_is_above_between():
    nodes = [F(0), F(1, 3), F(1), F(5, 2)]
    f = RidgeSum((F(1), F(1))).with_ridge(F(3), (F(1), F(2)), nodes)
    for t in [F(k, 12) for k in range(31)]:
        x = (t / 5, t * 2 / 5)  # (1, 2)·x = t
        gap = f.at(x) - sum(x) - F(3, 2) * t * t
        cell = next((a, b) for a, b in itertools.pairwise(nodes) if a <= t <= b)
        assert gap == F(3, 2) * (t - cell[0]) * (cell[1] - t)


@pytest.mark.parametrize("nodes", [[F(1), F(2)], [F(0), F(1), F(1)], [F(0), F(2), F(1)]])
def test_nodes_that_do_not_rise_from_zero_are_refused(nodes):
    with pytest.raises(ValueError, match="expected rising nodes"):
        RidgeSum((F(1),)).with_ridge(F(1), (F(1),), nodes)


def test_enlargement_is_homogeneous():
    x = (F(1, 3), F(3, 4))
    assert TILTED.enlarged(12).at([12 * t for t in x]) == 144 * TILTED.at(x)


@pytest.mark.parametrize("dimension", [1, 2])
def test_pieces_cover_the_cube_and_are_affine(dimension):
    f = BOWL if dimension == 2 else RidgeSum((F(1),), F(0), ((F(2),), (F(1),)), (F(1), F(1, 3)), (F(1), F(4)))
    found = pieces([(1, f), (-1, f.raised(F(1)))] if dimension == 2 else [(1, f)], dimension)
    size = F(0)
    for corners, function in found:
        rows = [[b - a for a, b in zip(corners[0], c, strict=True)] for c in corners[1:]]
        size += rows[0][0] if dimension == 1 else abs(rows[0][0] * rows[1][1] - rows[0][1] * rows[1][0]) / 2
        middle = [sum(t) / len(corners) for t in zip(*corners, strict=True)]
        assert function.at(middle) == (f.at(middle) if dimension == 1 else -1)
    assert size == 1
