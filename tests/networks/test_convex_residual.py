"""The network (7a)-(7c): a plain twin, its traced program, tests of convexity and order, two units in fractions."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert import runtime
from rescert.certify import balls, check, sign
from rescert.certify.problem import trace
from rescert.networks import convex_residual, convexity_case, midpoint_convexity, sign_conditions, univariate_estimate
from rescert.networks.midpoint_convexity import PRECISION
from rescert.networks.univariate_network import UnivariateNetwork


def drawn(seed=0, dimension=2, widths=(3, 4), free=False):
    return convex_residual.draw(runtime.generator(seed, "network"), dimension, widths, free)


def plain(parameters, x):
    """Equations (7a)-(7c), entry by entry, in fractions."""
    h = [Fraction(float(v)) for v in x]
    for W, V, b in zip(parameters["W"], parameters["V"], parameters["b"], strict=True):
        columns = range(len(b))
        exact = [[[Fraction(float(e)) for e in row] for row in matrix] for matrix in (W, V)]
        active = [
            max(Fraction(0), sum(exact[1][k][j] * h[k] for k in range(len(h))) - Fraction(float(b[j]))) for j in columns
        ]
        h = [h[k] + sum(exact[0][k][j] * active[j] for j in columns) for k in range(len(h))]
    return sum(Fraction(float(c)) * v for c, v in zip(parameters["c"], h, strict=True)) + Fraction(
        float(parameters["d"])
    )


@pytest.mark.parametrize(("dimension", "widths"), [(1, (2, 1)), (2, (3, 4)), (3, (1, 5, 2))])
@pytest.mark.parametrize("free", [False, True])
def test_forward_is_its_plain_twin_exactly(dimension, widths, free):
    parameters = drawn(1, dimension, widths, free)
    points = midpoint_convexity.points(runtime.generator(2, "points"), 5, 1, dimension)[:, 0]
    together = convex_residual.forward(parameters, points)
    for x, value in zip(points, together, strict=True):
        assert Fraction(float(value)) == plain(parameters, x)
        assert convex_residual.forward(parameters, x) == value


def test_program_contains_the_float_value_narrowly():
    parameters = drawn()
    constants = {name: value.numpy() for name, value in convex_residual.flat(parameters).items()}
    program = trace(lambda v: convex_residual.forward(convex_residual.gathered(v), v["x"]), {"x": (2,)}, constants)
    x = torch.tensor([0.3, 0.7], dtype=torch.float64)
    ball = balls.evaluate(program, {"x": x.numpy()}).item()
    value = float(convex_residual.forward(parameters, x))
    assert abs(float(ball.mid()) - value) < 1e-14 * max(1, abs(value))
    assert float(ball.rad()) < 1e-30


def test_stacked_parameters_and_vmap_give_the_same():
    parameters = drawn(widths=(3, 3))
    stacked = {n: torch.stack(v) if isinstance(v, list) else v for n, v in parameters.items()}
    x = torch.rand((4, 2), generator=runtime.generator(0, "x"), dtype=torch.float64)
    expected = convex_residual.forward(parameters, x)
    assert torch.equal(convex_residual.forward(stacked, x), expected)
    one = torch.func.vmap(lambda point: convex_residual.forward(stacked, point))(x)
    assert torch.allclose(one, expected, rtol=1e-14)


def test_drawn_networks_have_the_signs_they_should():
    met, broken = sign_conditions.compare(drawn(), sign_conditions.PRINTED)
    assert len(met) == 4
    assert not broken
    for seed in range(5):
        free = drawn(seed, 3, (4, 4), True)
        assert not sign_conditions.compare(free, sign_conditions.ENOUGH)[1]
        assert sign_conditions.compare(free, sign_conditions.ORDER)[1]


def test_slack_and_order_are_zero_on_linear_functions_and_negative_where_they_should():
    ends = midpoint_convexity.points(runtime.generator(0, "p"), 6, 2, 2)
    slopes = torch.tensor([2.0, -1.0], dtype=torch.float64)
    assert torch.all(midpoint_convexity.slack(lambda x: x @ slopes, ends) == 0)
    assert torch.all(midpoint_convexity.order(lambda x: x @ slopes, ends, slopes) == 0)
    corner = torch.tensor([[[0.0, 0.0], [1.0, 1.0]]], dtype=torch.float64)
    mixed = midpoint_convexity.order(lambda x: torch.relu(x[:, 0] - x[:, 1]), corner, torch.zeros(2))
    assert mixed.tolist() == [1.0, 0.0, -1.0]  # convex, but it falls in x_2 or is not supermodular


@pytest.mark.parametrize("entry", ["W1", "W2", "W3", "V2", "V3", "c"])
def test_each_counterexample_breaks_one_sign_and_bends_down(entry):
    network, segment = midpoint_convexity.counterexample(entry)
    met, broken = sign_conditions.compare(network, sign_conditions.printed_apart(network))
    assert (len(met), len(broken)) == (9, 1)  # three layers of W, V and b, and c
    assert broken[0]["relation"] == "<"
    program = midpoint_convexity.program(network, midpoint_convexity.slack, segment[None])
    proof = sign.prove(program, {}, "<", PRECISION)
    assert proof.upper == -0.125
    constants = {name: np.asarray(v).tolist() for name, v in proof.assertion["program"]["constants"].items()}
    assertion = {**proof.assertion, "program": {**proof.assertion["program"], "constants": constants}}
    check.check_sign(assertion, None)


def test_one_input_does_not_care_for_the_sign_of_a_later_V():
    """n = 1, W and b >= 0, x >= 0: a unit with V < 0 never opens."""
    parameters = drawn(0, 1, (3, 3))
    parameters["V"][1] = -parameters["V"][1]
    ends = midpoint_convexity.points(runtime.generator(1, "segments"), 50, 2, 1)
    assert torch.all(midpoint_convexity.slack(lambda x: convex_residual.forward(parameters, x), ends) >= 0)


def test_piece_is_refused_where_a_unit_switches():
    parameters = UnivariateNetwork(*map(Fraction, (1, 1, 1, 1, 1, 2))).parameters()
    assert midpoint_convexity.piece(parameters, torch.tensor([1.0], dtype=torch.float64)) is None
    program, box = midpoint_convexity.piece(parameters, torch.tensor([0.5], dtype=torch.float64))
    assert sign.prove(program, box, ">").proved
    wide = {"x": {"mid": box["x"]["mid"], "rad": 0.75}}
    assert not sign.prove(program, wide, ">").proved


@pytest.mark.parametrize(
    "numbers", ["1 1 1 5/2", "1 1/2 1 1/2", "3 8 1/4 1/2", "1 1 1 1", "1 1 1 3", "1 8 3 1", "3 1 1 2"]
)
def test_pieces_of_two_units_are_those_of_the_network(numbers):
    line = UnivariateNetwork(*map(Fraction, numbers.split()), Fraction(1), Fraction(2))
    network, value = line.parameters(), Fraction(0)
    for start, end, slope in line.pieces():
        middle = (start + end) / 2
        assert plain(network, [start]) == value
        assert plain(network, [middle]) == value + slope * (middle - start)
        value += slope * (end - start)
    assert (line.pieces()[-1][2] == line.top) == line.reaches_top
    first, exact = univariate_estimate.slopes(line)
    assert exact.conclusion is True
    assert first.hypotheses is (line.b1 < 2 and line.b2 < 2)


def test_kink_that_is_no_binary_fraction_is_undecided():
    line = UnivariateNetwork(*map(Fraction, (2, 1, "1/2", 1, 1, 2)))
    assert line.second_kink == Fraction(2, 3)
    assert univariate_estimate.slopes(line)[1].conclusion is None


def test_small_slopes_stay_below_and_large_ones_overshoot():
    small = UnivariateNetwork(*map(Fraction, ("1", "1/2", "1/2", "1", "1", "2")))
    assert [o.conclusion for o in univariate_estimate.distances(small, Fraction(8))] == [True, True]
    large = UnivariateNetwork(*map(Fraction, ("3", "8", "1/4", "1/2", "1", "2")))
    printed, below = univariate_estimate.distances(large, Fraction(1))
    assert printed.conclusion is False
    assert below.hypotheses is False


def test_limit_of_the_slope_condition_is_still_allowed():
    """(1+w_1)(1+w_2) f'(0) = f'(m), m = 1/2: f'(m) = 1 + q/2 = 4 at q = 6."""
    line = UnivariateNetwork(*map(Fraction, ("1", "1", "1/2", "1/2", "1", "2")))
    assert univariate_estimate.distances(line, Fraction(6))[1].conclusion is True
    assert univariate_estimate.distances(line, Fraction(6) - Fraction(1, 10**6))[1].hypotheses is False


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"family": "other"}, "expected a family among"),
        ({"tests": 0}, "expected at least one test segment"),
        ({"widths": "4 x"}, "expected widths such as"),
        ({"widths": "1 1"}, "three units or more"),
        ({"dimension": 0}, "expected a dimension"),
        ({"family": "changed", "entry": "V2"}, "expected an entry such as W1"),
        ({"family": "counterexample", "entry": "b"}, "expected an entry among"),
    ],
)
def test_misuse_is_one_sentence(changes, sentence):
    instance = {"family": "drawn", "dimension": 2, "widths": "2 2", "seed": 0, "tests": 3, **changes}
    with pytest.raises(ValueError, match=sentence):
        convexity_case.read(instance, runtime.generator)


def test_layers_must_match():
    parameters = drawn()
    with pytest.raises(ValueError, match="as many W as V and b"):
        convex_residual.forward({**parameters, "b": parameters["b"][:1]}, torch.zeros(2).double())
