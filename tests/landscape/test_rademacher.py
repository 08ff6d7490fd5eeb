"""Signs, bounds and the ascent: closed forms, a naive twin, and values that stay below what is proved."""

import itertools
import math

import numpy as np
import pytest
import torch

from draws import normal
from rescert.landscape import rademacher
from rescert.landscape.rademacher import ascend, growth, moment_bound, moment_factor, outputs
from rescert.runtime import generator

EPS = 2.0**-52


def weights(seed, width, d, depth, norm):
    """Weights with the largest norms that are allowed."""
    last = normal(seed, "w", (d,))
    inner = [normal(seed, f"U{i}", (width, d)) for i in range(depth)]
    outer = [normal(seed, f"V{i}", (d, width)) for i in range(depth)]
    return last / last.norm(), [norm * u / u.norm() for u in inner], [norm * v / v.norm() for v in outer]


def test_outputs_are_those_of_a_loop_over_samples():
    last, inner, outer = weights(0, 4, 3, 5, 0.7)
    data = normal(1, "data", (6, 3))
    for x, value in zip(data, outputs((last, inner, outer), data), strict=True):
        hidden = x.numpy()
        for u, v in zip(inner, outer, strict=True):
            hidden = hidden + v.numpy() @ np.maximum(u.numpy() @ hidden, 0)
        assert abs(float(value) - last.numpy() @ hidden) <= 100 * EPS * growth(0.7, 5) * float(x.norm())


def test_no_network_grows_faster_than_the_product():
    for seed in range(20):
        data = normal(seed, "data", (8, 3))
        values = outputs(weights(seed, 4, 3, 6, 0.9), data).abs()
        assert (values <= (1 + 1e-12) * growth(0.9, 6) * data.norm(dim=1)).all()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_enumerated_signs_and_their_negatives_are_all(n):
    half = [tuple(row) for row in rademacher.all_signs(n).tolist()]
    assert {*half, *(tuple(-e for e in row) for row in half)} == set(itertools.product((1.0, -1.0), repeat=n))
    assert len(half) == 2 ** (n - 1)


def test_data_stay_within_the_unit_ball():
    draw = generator(0, "sphere")
    assert (rademacher.draw_sphere(1000, 3, draw).norm(dim=1) < 1).all()
    line = rademacher.draw_line(1000, draw)
    assert set((8 * line.abs()).flatten().tolist()) == {5.0, 6.0, 7.0, 8.0}
    assert line.min() < 0 < line.max()


@pytest.mark.parametrize("power", [1, 2, 4, 8])
def test_moment_bound_is_above_the_moments(power):
    data = normal(power, "data", (7, 2))
    moment = float((rademacher.all_signs(7) @ data).norm(dim=1).pow(power).mean()) ** (1 / power) / 7
    bound = moment_bound(float(data.square().sum()), 7, 0.0, 3, power)
    assert moment <= bound * (1 + 20 * EPS)
    if power == 2:  # equality: the mean square is the sum of the squares
        assert moment == pytest.approx(bound, rel=20 * EPS)


def test_moment_factors():
    assert moment_factor(1) == 1.5
    assert moment_factor(2) == pytest.approx((1 + math.sqrt(2)) / 2, rel=EPS)
    # K_4 = 3^(1/4), and the product
    assert moment_bound(9.0, 3, 2.0, 2, 4) == pytest.approx(3**0.25 * (1 + 4 * moment_factor(4)) ** 2, rel=10 * EPS)
    with pytest.raises(ValueError, match="expected a power 1 or an even one, got 3"):
        moment_bound(1.0, 1, 1.0, 1, 3)


@pytest.mark.parametrize(("norm", "depth"), [(0.5, 1), (0.5, 4), (1.5, 3)])
def test_ascent_finds_the_supremum_of_one_datum(norm, depth):
    """n = 1: the supremum is the product times |x|, and the aligned start has it."""
    data = normal(0, "one", (1, 3))
    found = ascend(data, torch.ones(1, 1).double(), norm, depth, 2, 1, 0, generator(0, "starts"))
    supremum = growth(norm, depth) * float(data.norm())
    assert found.item() <= supremum
    assert found.item() == pytest.approx(supremum, rel=4 * depth * 2.0**-40 + 100 * EPS)


@pytest.mark.parametrize(("norm", "depth"), [(0.5, 1), (0.8, 3), (1.5, 2)])
def test_ascent_on_a_line_has_the_closed_form_and_never_more(norm, depth):
    data = rademacher.draw_line(5, generator(3, "line"))
    signs = rademacher.all_signs(5)
    ahead, behind = (signs @ part for part in (torch.relu(data), torch.relu(-data)))
    supremum = (ahead - behind).abs() + (growth(norm, depth) - 1) * torch.maximum(ahead.abs(), behind.abs())
    supremum = supremum.flatten() / 5
    found = ascend(data, signs, norm, depth, 3, 4, 40, generator(0, "starts"))
    margin = rademacher.rounding(data, norm, depth, 3)
    assert (found <= supremum + margin).all()
    assert torch.allclose(found, supremum, rtol=10 * depth * 2.0**-40, atol=margin)


def test_more_steps_never_lower_the_estimate_of_the_aligned_start():
    data = rademacher.draw_sphere(10, 3, generator(0, "data"))
    signs = rademacher.draw_signs(8, 10, generator(0, "signs"))
    start = ascend(data, signs, 0.7, 3, 4, 1, 0, generator(0, "starts"))
    after = ascend(data, signs, 0.7, 3, 4, 1, 30, generator(0, "starts"))
    assert (after >= start).all()
    assert after.mean() > start.mean() * 1.005


def test_estimates_for_different_signs_do_not_mix():
    data = rademacher.draw_sphere(6, 2, generator(0, "data"))
    signs = rademacher.all_signs(6)[:4]
    together = ascend(data, signs, 0.7, 2, 3, 1, 20, generator(0, "starts"))
    alone = [ascend(data, row[None], 0.7, 2, 3, 1, 20, generator(0, "starts")).item() for row in signs]
    # one undisturbed start a row: the draws do not enter, but batched products may sum in another order
    assert together.tolist() == pytest.approx(alone, rel=1e-9)


def test_rounding_bounds_the_difference_to_higher_precision():
    last, inner, outer = weights(4, 4, 3, 8, 0.9)
    data, signs = normal(4, "data", (16, 3)), rademacher.draw_signs(1, 16, generator(4, "signs"))[0]
    value = float((signs * outputs((last, inner, outer), data)).sum() / 16)
    exact = [[np.longdouble(t) for t in row] for row in data.tolist()]
    total = np.longdouble(0)
    for sign, row in zip(signs.tolist(), exact, strict=True):
        hidden = np.array(row, dtype=np.longdouble)
        for u, v in zip(inner, outer, strict=True):
            hidden = hidden + v.numpy().astype(np.longdouble) @ np.maximum(
                u.numpy().astype(np.longdouble) @ hidden, np.longdouble(0)
            )
        total += sign * (last.numpy().astype(np.longdouble) @ hidden)
    assert abs(value - total / 16) <= rademacher.rounding(data, 0.9, 8, 4)


@pytest.mark.parametrize("change", [{"depth": 0}, {"width": 0}, {"starts": 0}])
def test_misuse_is_refused(change):
    settings = {"depth": 1, "width": 1, "starts": 1} | change
    with pytest.raises(ValueError, match="expected a depth, width and starts of at least 1"):
        ascend(torch.ones(1, 1).double(), torch.ones(1, 1).double(), 1.0, **settings, steps=1, draw=generator(0, "s"))
    with pytest.raises(ValueError, match="expected 1 to 16 samples"):
        rademacher.all_signs(17)
