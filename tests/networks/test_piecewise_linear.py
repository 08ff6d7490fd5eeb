"""Exact pieces: known networks, the float twin, and difference quotients of the network itself."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from flint import fmpq

from draws import uniform
from rescert.networks import piecewise_linear as pieces_of
from rescert.networks import scalar_pairs
from rescert.networks.piecewise_linear import Pair, Piece
from rescert.networks.scalar_instances import rational_layers


def random_pair(seed, depth=6):
    w, b = (uniform(seed, name, (depth, 2, 1, 1)) for name in ("w", "b"))
    c = uniform(seed, "c", (2, 1, 1), 0.5, 1.5)
    exact = [pieces_of.exact_network(w[:, k, 0, 0].numpy(), b[:, k, 0, 0].numpy(), c[k, 0, 0]) for k in (0, 1)]
    return w, b, c, Pair(*exact)


def value(network, x):
    w, b, c = ([Fraction(int(v.p), int(v.q)) for v in part] for part in (network[0], network[1], [network[2]]))
    return c[0] * rational_layers(w, b, x)[-1]


@pytest.mark.parametrize("seed", range(6))
def test_slopes_are_exact_difference_quotients(seed):
    *_, pair = random_pair(seed)
    assert pair.pieces[0].low == 0
    assert pair.pieces[-1].high == 1
    for piece in pair.pieces:
        low, high, slope = (Fraction(int(v.p), int(v.q)) for v in (piece.low, piece.high, piece.slope))
        points = [low + t * (high - low) for t in (0, Fraction(1, 3), 1)]
        values = [value(pair.first, x) - value(pair.second, x) for x in points]
        assert values[1] - values[0] == slope * (points[1] - points[0])
        assert values[2] - values[1] == slope * (points[2] - points[1])


@pytest.mark.parametrize("seed", range(6))
def test_neighbouring_pieces_differ_and_meet(seed):
    *_, pair = random_pair(seed)
    for left, right in zip(pair.pieces[:-1], pair.pieces[1:], strict=True):
        assert left.high == right.low
        assert left.slope != right.slope


@pytest.mark.parametrize("seed", range(6))
def test_floats_agree_with_rationals(seed):
    w, b, _, pair = random_pair(seed)
    exact = [float(x) for k in (0, 1) for x in pieces_of.exact_kinks(*(pair.first, pair.second)[k][:2])]
    np.testing.assert_allclose(pieces_of.kinks(w, b)[:, :, 0, 0].T.ravel().tolist(), exact, rtol=1e-13)


def test_no_sampling_is_needed_for_a_piece_between_all_grid_points():
    tent = [fmpq(1), fmpq(1)], [fmpq(1, 1000), fmpq(3, 1000) + fmpq(2, 1000)], fmpq(1)
    line = [fmpq(3), fmpq(0)], [fmpq(2, 1000), fmpq(0)], fmpq(1)
    pair = Pair(tent, line)
    x = torch.linspace(0, 1, 11, dtype=torch.float64)[1:]
    w, b = torch.tensor([1.0, 1.0], dtype=torch.float64), torch.tensor([0.001, 0.005], dtype=torch.float64)
    sampled = scalar_pairs.network(w, b, 1.0, x) - x - 3 * torch.relu(x - 0.002)
    assert abs(pieces_of.steepest(pair.pieces).slope) == 2
    assert sampled.diff().abs().max() < 1e-14


def test_idle_layers_make_no_pieces():
    flat = [fmpq(0)] * 2, [fmpq(1, 4), fmpq(1, 2)], fmpq(2)
    assert Pair(flat, flat).pieces == [Piece(fmpq(0), fmpq(1), fmpq(0))]


def test_kinks_at_and_outside_the_ends_count_from_the_left():
    at_zero = [fmpq(1)], [fmpq(0)], fmpq(1)
    beyond = [fmpq(5)], [fmpq(1)], fmpq(1)
    assert Pair(at_zero, beyond).pieces == [Piece(fmpq(0), fmpq(1), fmpq(1))]


def test_overlaps_and_support():
    two = [Piece(fmpq(0), fmpq(1, 2), fmpq(1)), Piece(fmpq(1, 2), fmpq(1), fmpq(-3))]
    cut = pieces_of.overlaps(two, [Piece(fmpq(0), fmpq(3, 4), fmpq(2)), Piece(fmpq(3, 4), fmpq(1), fmpq(0))])
    assert [(p.high, float(p.slope), float(s)) for p, s in cut] == [
        (fmpq(1, 2), 1.0, 2.0),
        (fmpq(3, 4), -3.0, 2.0),
        (fmpq(1), -3.0, 0.0),
    ]
    assert pieces_of.supported(two, [fmpq(1, 8), fmpq(3, 8), fmpq(7, 8)]) == two[:1]
    assert pieces_of.steepest(two) == two[1]
