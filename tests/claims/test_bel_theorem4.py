"""Theorem 4 of Bartlett, Evans and Long: derivatives against differences, closed forms, and broken hypotheses."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from rescert import runtime
from rescert.certify import balls
from rescert.certify.problem import trace
from rescert.claim import Evidence, Verdict
from rescert.claims.bel_theorem4 import CLAIM, case
from rescert.decomposition import descent_case, descent_hypotheses
from rescert.decomposition.factors import load_map
from rescert.decomposition.functional_derivative import lengths, tensors

TANH = {"family": "tanh", "dimension": 2, "depth": 4, "atoms": 5, "lipschitz": "1/2", "seed": 3}
FACTORS = {"family": "factors", "map": "cos1d", "depth": 8, "atoms": 5, "seed": 0}
BROKEN = [{"family": f, "depth": 2} for f in ("origin", "critical", "zero")] + [{"family": "shift"}]


def gap_after(known, i, step, directions):
    """Q(h) - Q(h*) when layer i is h_i + step Δ."""
    v = known.floats
    return float(known.criterion.gap_of(v, known.criterion.composition.moved(v, i, step * directions[i - 1])))


@pytest.mark.parametrize("choice", ["steepest", "random"])
def test_derivative_is_that_of_finite_differences_in_every_layer(choice):
    known = case(TANH)
    v, criterion = known.floats, known.criterion
    directions = criterion.steepest(v)
    if choice == "random":
        directions = criterion.random_directions(v, torch.Generator().manual_seed(1))
    derivatives = criterion.derivatives({**v, "directions": directions}).tolist()
    step = 2.0**-14
    for i, derivative in enumerate(derivatives, 1):
        difference = (gap_after(known, i, step, directions) - gap_after(known, i, -step, directions)) / (2 * step)
        # The third derivative of Q along Δ is of order 1 here, rounding is eps/step.
        assert abs(difference - derivative) < 100 * step**2


def test_pulls_are_the_transposed_jacobians_of_autograd():
    known = case(TANH)
    v, layers = known.floats, known.criterion.composition
    states, residuals, pulled = layers.states(v), layers.residuals(v), layers.pulls(v)

    def above(i, z):
        for j in range(i + 1, layers.depth + 1):
            z = layers.layer(v, j, z)
        return z

    for i in range(1, layers.depth + 1):
        for k in range(known.atoms):
            jacobian = torch.autograd.functional.jacobian(lambda z, i=i: above(i, z[None])[0], states[i][k])
            torch.testing.assert_close(pulled[i - 1, k], jacobian.T @ residuals[k], rtol=1e-12, atol=1e-14)


def test_factors_compose_to_the_map_and_have_its_jacobians():
    """Naive twin: h_j = g_j∘g_{j-1}^{-1} by bisection, J_i as a product of difference quotients."""
    known, h = case(FACTORS), load_map("cos1d")
    v, ends = known.floats, np.arange(9) / 8

    def path(a, x):
        return x if a == 0 else float(h.value(torch.tensor([a * x], dtype=torch.float64))) / a

    def inverse(a, y):
        low, high = -4.0, 4.0
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if path(a, middle) < y else (low, middle)
        return low

    x, i = float(v["x"][0, 0]), 3
    z = float(known.criterion.composition.starts(v)[i, 0, 0])
    assert z == pytest.approx(path(ends[i], x), abs=1e-14)

    def above(y):
        for j in range(i + 1, 9):
            y = path(ends[j], inverse(ends[j - 1], y))
        return y

    slope = (above(z + 1e-5) - above(z - 1e-5)) / 2e-5
    pulled = float(known.criterion.composition.pulls(v)[i - 1, 0, 0])
    assert pulled == pytest.approx(slope * float(v["residual"][0, 0]), rel=1e-7)


def test_no_random_unit_direction_beats_the_explicit_one():
    known = case(TANH)
    v, criterion = known.floats, known.criterion
    slopes = criterion.slopes(v)
    nearly = criterion.derivatives({**v, "directions": criterion.steepest(v)})
    torch.testing.assert_close(nearly, -slopes, rtol=2e-6, atol=0)
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        directions = criterion.random_directions(v, generator)
        assert bool((lengths(directions) <= lengths(criterion.composition.starts(v))).all())
        assert bool((criterion.derivatives({**v, "directions": directions}) > -slopes).all())


def test_projection_identity():
    known = case(TANH)
    assert float(known.criterion.square(known.floats)) == pytest.approx(
        2 * float(known.criterion.gap(known.floats)), rel=1e-13
    )


@pytest.mark.parametrize(("factor", "depth"), [("1/4", 2), ("1/2", 4)])
def test_scaled_layers_attain_the_doubled_and_the_pointwise_bound(factor, depth):
    """h = (1-ε)^m x, r = -x/4: the infimum is -(1-ε)^(m-1) E|x|²/4 and the printed bound half of it."""
    known = case({"family": "scaled", "dimension": 2, "depth": depth, "lipschitz": factor})
    v = known.floats
    kept = (1 - float(descent_case.rational(factor))) ** (depth - 1)
    expected = kept * float((v["p"] * (v["x"] ** 2).sum(dim=1)).sum()) / 4
    assert known.criterion.slopes(v).tolist() == [expected] * depth
    found = CLAIM.check({"family": "scaled", "dimension": 2, "depth": depth, "lipschitz": factor}, None)
    assert found["doubled"].verdict is Verdict.HOLDS
    assert found["doubled"].bound == found["doubled"].measured == f"{-expected:.6g}"
    assert found["pointwise"].values["inward"] == [expected] * depth
    # No room: a bound larger by one part in 2^40 is not shown.
    proof = known.prove(lambda w: criterion_slack(known, w), ">=", {"more": kept * (1 + 2.0**-40)})
    assert proof.proved is None


def criterion_slack(known, v):
    return known.criterion.slopes(v) - v["more"] * known.criterion.weight(v)


@pytest.mark.parametrize("instance", [TANH, FACTORS], ids=lambda i: i["family"])
def test_bounds_hold_in_their_order(instance):
    found = CLAIM.check(instance, None)
    for name in ("printed", "corrected", "doubled", "pointwise", "infimum", "composition"):
        assert found[name].verdict is Verdict.HOLDS, name
        assert found[name].evidence is Evidence.ENCLOSED
    values = found["pointwise"].values
    for inward, exact, outward in zip(values["inward"], values["exact"], values["outward"], strict=True):
        assert values["printed_bound"] < values["doubled_bound"] <= values["uniform_pointwise"]
        assert values["uniform_pointwise"] <= inward * (1 + 1e-14)
        assert inward < exact < outward


def test_balls_contain_the_float_slopes_and_are_narrow():
    known = case(TANH)
    enclosed = balls.evaluate(trace(known.criterion.slopes, {}, dict(known.numbers)), {})
    for ball, value in zip(enclosed, known.criterion.slopes(known.floats).tolist(), strict=True):
        assert abs(float(ball.mid()) - value) < 1e-13
        assert float(ball.rad()) < 1e-30


def test_atom_at_zero_refutes_the_literal_statement_exactly():
    for family, held in (("origin", "infimum of every layer"), ("critical", "all derivatives are 0")):
        found = CLAIM.check({"family": family, "depth": 3}, None)
        assert found["printed"].verdict is Verdict.FAILS
        assert found["printed"].evidence is Evidence.EXACT
        assert held in found["printed"].reason
        assert found["corrected"].verdict is Verdict.VACUOUS


@pytest.mark.parametrize("instance", BROKEN, ids=lambda i: i["family"])
def test_broken_hypotheses_do_not_hold(instance):
    found = CLAIM.check(instance, None)
    for name in ("corrected", "doubled", "pointwise", "infimum", "composition"):
        assert found[name].verdict is Verdict.VACUOUS
        assert found[name].assertions
    known = case(instance)
    slopes, gap = known.criterion.slopes(known.floats), float(known.criterion.gap(known.floats))
    assert gap > 0
    if instance["family"] in ("critical", "zero"):
        assert not slopes.any()
    if instance["family"] == "shift":
        assert slopes.tolist() == [1.0, 0.0]


def test_factors_are_near_though_the_bound_of_their_distance_is_one(monkeypatch):
    """cos1d with two factors: αRM/m = 1, and the distances are sin(1)/2 and less."""
    two = {**FACTORS, "depth": 2}
    assert math.sin(1) / 2 < case(two).farthest < 1 / 2
    found = CLAIM.check(two, None)
    names = ("corrected", "doubled", "pointwise", "infimum", "composition")
    assert {found[n].verdict for n in names} == {Verdict.HOLDS}
    monkeypatch.setattr(descent_case, "PIECES", 2)  # too wide for the balls
    assert case(two).farthest == 1
    found = CLAIM.check(two, None)
    assert {found[n].verdict for n in ("printed", *names[:3])} == {Verdict.UNDECIDED}
    assert {found[n].verdict for n in names[3:]} == {Verdict.HOLDS}


def test_drawn_atoms_are_distinct():
    """Among these draws are some that are equal before they are moved: two within 1/16 of 0, relative to the ball."""
    for seed in range(4):
        x = case({**FACTORS, "atoms": 16, "seed": seed}).numbers["x"]
        assert len(np.unique(x)) == 16
        assert 0.1 < np.abs(x).min() <= np.abs(x).max() <= 2
    assert descent_case._distinct(np.array([[0.5, 1], [0.5, 1], [-0.5, 1]])).tolist() == [
        [0.5, 1], [0.5 - 2.0**-10, 1], [-0.5, 1]
    ]  # fmt: skip


def test_an_atom_that_is_drawn_twice_is_refused():
    known = case(TANH)
    x = known.numbers["x"].copy()
    x[1] = x[0]
    with pytest.raises(ArithmeticError, match="expected distinct atoms"):
        descent_hypotheses.conditions(replace(known, numbers={**known.numbers, "x": x}))


def test_printed_index_gives_another_derivative_only_where_layers_bend():
    assert CLAIM.check(TANH, None)["index"].verdict is Verdict.FAILS
    assert CLAIM.check({"family": "pair", "depth": 3}, None)["index"].verdict is Verdict.HOLDS
    assert CLAIM.check({**TANH, "depth": 2}, None)["index"].verdict is Verdict.UNDECIDED


def test_lipschitz_directions_gain_less_than_the_bound():
    found = CLAIM.check({"family": "pair", "depth": 2}, None)["lipschitz"]
    assert found.verdict is Verdict.HOLDS
    assert float(found.measured) == -1 / 32
    assert float(found.bound) == pytest.approx(-15 / 32)  # (1 - 1/16) / 2


def test_factor_of_the_printed_schedule():
    values = CLAIM.check({**FACTORS, "depth": 64}, None)["composition"].values
    assert values["printed_factor"] < 128.0**-12 < 1e-25
    assert values["uniform_factor"] >= math.exp(-2 * 63 / 62)
    assert values["exact_factor"] > values["kept_factor"] == 1 / 8


@pytest.mark.parametrize("matrix", [np.diag([0.5, -0.25]), np.array([[3.0, 1.0], [-2.0, 0.5]]), np.ones((2, 3)) / 8])
def test_norm_bound_is_above_the_norm_and_near_it(matrix):
    bound, shown = descent_case.norm_bound(matrix)
    assert np.linalg.norm(matrix, 2) * (1 - 1e-15) <= float(bound) <= np.linalg.norm(matrix, 2) + 3 / 65536
    assert shown


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "relu"}, "expected a family among"),
        ({"lipschitz": "1"}, "expected a lipschitz between 0 and 1"),
        ({"depth": 1}, "expected 'depth' to be an integer of at least 2"),
        ({"atoms": 2}, "expected 'atoms' to be an integer of at least 3"),
        ({"family": "scaled", "lipschitz": "1/3"}, "expected a binary fraction"),
        ({"family": "factors", "map": "nothing"}, "expected a map with a file"),
        ({"family": "factors", "map": "ridge2d"}, "expected a map of dimension 1"),
    ],
)
def test_bad_instances_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        CLAIM.validate({**TANH, **change})


def test_named_numbers_become_tensors():
    assert tensors({"a": "1/4", "b": [["1/2"], ["3"]]})["b"].tolist() == [[0.5], [3.0]]
    assert runtime.generator(0, "functional derivative").initial_seed() > 0
