"""Regions of the plane: areas add up, the output is that of the network, and level curves have known vertices."""

from fractions import Fraction

import pytest
import torch

from rescert.certify import check
from rescert.networks import convex_residual
from rescert.networks.level_curves import (
    PlaneNetwork,
    bend_assertion,
    curve_assertions,
    gradient_assertions,
    inner_box,
    slopes,
)
from rescert.networks.linear_regions import Affine, Layer, halves, level_segment

F = Fraction
UNITS = ((F(1), F(0)), (F(0), F(1)))
FIRST = Layer(((F(1), F(1, 4)), (F(3, 4), F(1))), UNITS, (F(3, 4), F(5, 4)))
SECOND = Layer(((F(1, 2), F(2)),), ((F(1, 2), F(1, 2)),), (F(5, 2),))
DEEP = PlaneNetwork((FIRST, SECOND), (F(1), F(1)), (F(3, 2), F(3, 2)))


def area(polygon):
    ends = zip(polygon, (*polygon[1:], polygon[0]), strict=True)
    return sum(p[0] * q[1] - p[1] * q[0] for p, q in ends) / 2


def parameters(network):
    flat = network.constants()
    numbers = {k: torch.tensor([[float(F(t)) for t in row] if isinstance(row, list) else float(F(row)) for row in v],
                               dtype=torch.float64) for k, v in flat.items() if k != "d"}  # fmt: skip
    return convex_residual.gathered({**numbers, "d": 0.0})


def test_regions_cover_the_rectangle_once_and_know_the_output():
    assert sum(area(r.polygon) for r in DEEP.regions) == F(9, 4)
    assert all(area(r.polygon) > 0 for r in DEEP.regions)
    for region in DEEP.regions:
        middle = [sum(t) / len(region.polygon) for t in zip(*region.polygon, strict=True)]
        value = convex_residual.forward(parameters(DEEP), torch.tensor([float(t) for t in middle], dtype=torch.float64))
        assert float(value) == pytest.approx(float(DEEP.output(region).at(middle)), abs=100 * 2.0**-52)


def test_a_line_along_a_side_cuts_nothing():
    square = ((F(0), F(0)), (F(1), F(0)), (F(1), F(1)), (F(0), F(1)))
    assert halves(square, Affine((F(1), F(0)), F(0))) == (None, square)
    assert halves(square, Affine((F(1), F(0)), F(-1))) == (square, None)


def test_a_level_that_touches_a_corner_only_has_no_segment():
    triangle = ((F(0), F(0)), (F(1), F(0)), (F(0), F(1)))
    plane = Affine((F(1), F(1)), F(0))
    assert level_segment(triangle, plane, F(0)) is None
    assert level_segment(triangle, plane, F(1)) == ((F(0), F(1)), (F(1), F(0)))


def test_curves_are_concave_and_end_on_the_border():
    for level in (F(1, 2), F(3, 2), F(5, 2), F(5)):
        curve = DEEP.level_curve(level)
        falling = slopes(curve)
        assert falling == sorted(falling, reverse=True)
        assert curve[0][0] == 0 or curve[0][1] == DEEP.sides[1]
        assert curve[-1][1] == 0 or curve[-1][0] == DEEP.sides[0]
        for x, y in curve:
            value = convex_residual.forward(parameters(DEEP), torch.tensor([float(x), float(y)], dtype=torch.float64))
            assert float(value) == pytest.approx(float(level), abs=100 * 2.0**-52)


def test_certificates_of_curves_and_gradients_are_accepted():
    levels = [F(1, 2), F(2), F(4)]
    found = curve_assertions(DEEP, [DEEP.level_curve(t) for t in levels], levels)
    assert len(found) == 6
    gradients = gradient_assertions(DEEP)
    assert len(gradients) == 2 * len(DEEP.regions)
    for assertion in (*found, *gradients):
        check.check_sign(assertion, None)


def test_a_wrong_vertex_or_level_is_not_shown():
    curve = DEEP.level_curve(F(2))
    moved = (curve[0], (curve[1][0] + F(1, 64), curve[1][1]), *curve[2:])
    assert curve_assertions(DEEP, [moved], [F(2)]) == ()
    assert curve_assertions(DEEP, [curve], [F(2) + F(1, 2**40)]) == ()


def test_a_chain_without_a_bend_or_short_of_the_border_is_not_shown():
    curve = DEEP.level_curve(F(2))
    assert len(curve) > 2
    assert curve_assertions(DEEP, [(curve[0], curve[-1])], [F(2)]) == ()
    assert curve_assertions(DEEP, [curve[:-1]], [F(2)]) == ()


def test_the_kink_of_a_second_layer_bends_and_that_of_a_first_does_not():
    bent, straight = DEEP.kink(1, 0), DEEP.kink(0, 1)
    assert bend_assertion(straight) == ()
    assert len(bend_assertion(bent)) == 1
    assert curve_assertions(DEEP, [bent], [F(5, 2)], (1, 0))
    assert len(curve_assertions(DEEP, [straight], [F(5, 4)], (0, 1))) == 5


def test_the_inner_box_lies_inside_a_thin_triangle():
    thin = ((F(0), F(0)), (F(1), F(0)), (F(1), F(1, 1000)))
    middle, radius = inner_box(thin)
    assert 0 < middle[1] - radius < middle[1] + radius < (middle[0] - radius) / 1000
