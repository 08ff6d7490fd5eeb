"""Wrong declarations of maps are named; the benchmark maps' are not."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
import torch

from rescert.decomposition import declarations, pair_search
from rescert.decomposition.factors import load_map
from rescert.decomposition.interpolations import completed
from rescert.decomposition.linear_approximation import change_ratio, stretch_ratio
from rescert.sources import available

MAPS = available("decomposition.maps")


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def check(h, seed=0):
    declarations.check(h, generator(seed), "tried")


def changed(name, **parts):
    """A benchmark map with other parts, as a user would write it."""
    h = load_map(name)
    kept = {key: getattr(h, key) for key in dir(h) if not key.startswith("_")}
    return SimpleNamespace(**{**kept, **parts}, __doc__="changed")


def given(value, dimension=1, radius="1", smoothness="1", inverse="2"):
    """A map with nothing but its value."""
    parts = {"RADIUS": radius, "SMOOTHNESS": smoothness, "INVERSE_LIPSCHITZ": inverse}
    return completed(SimpleNamespace(value=value, DIMENSION=dimension, **parts, __doc__="given"))


@pytest.mark.parametrize("name", MAPS)
def test_benchmark_maps_pass(name):
    check(load_map(name))


@pytest.mark.parametrize("name", ["cos1d", "twist2d"])
def test_maps_without_a_jacobian_of_their_own_pass(name):
    h = load_map(name)
    check(given(h.value, h.DIMENSION, h.RADIUS, h.SMOOTHNESS, h.INVERSE_LIPSCHITZ))


def largest(ratio, h, seed):
    radius = float(Fraction(h.RADIUS))
    drawn = pair_search.draw(h.DIMENSION, radius, declarations.PAIRS, generator(seed))
    return float(pair_search.climb(lambda x, y: ratio(h, x, y), drawn, radius, declarations.CLIMBING)[1].max())


@pytest.mark.parametrize("name", ["cos1d", "ridge10d", "twist2d", "gradconvex3d"])
def test_a_constant_too_small_by_a_tenth_is_caught(name):
    """Less than the least constant by a tenth, whatever the declared one is; the α of these maps are the least ones."""
    h = load_map(name)
    alpha = f"{0.9 * float(Fraction(h.SMOOTHNESS)):.12f}"
    with pytest.raises(ValueError, match=r"the declared SMOOTHNESS of the map 'tried', got .* at x = .*, y = "):
        check(changed(name, SMOOTHNESS=alpha), 1)
    inverse = f"{0.9 * largest(stretch_ratio, h, 5):.12f}"
    with pytest.raises(ValueError, match=r"the declared INVERSE_LIPSCHITZ of the map 'tried', got .* at x = "):
        check(changed(name, INVERSE_LIPSCHITZ=inverse), 1)


@pytest.mark.parametrize(("name", "least"), [("gradconvex3d", 0.487139), ("shears2d", 0.397808), ("twist2d", 3.219128)])
def test_the_search_comes_within_a_thousandth_of_known_suprema(name, least):
    found = largest(change_ratio, load_map(name), 3)
    assert 0.999 * least <= found <= least * (1 + 1e-6)


def test_equal_values_of_distant_points_are_caught():
    """(z/1.2)⁴ about z = 1.2: its Jacobian is invertible on the disc, but points at ±45° have the same value."""

    def wound(x):
        z = torch.view_as_complex(x.contiguous()) + 1.2
        return torch.view_as_real(0.3 * (z / 1.2) ** 4 - 0.3)

    h = given(wound, 2, "1", "50", "1000")
    with pytest.raises(ValueError, match="INVERSE_LIPSCHITZ"):
        check(h)


REFLECTION = torch.tensor([[1.0, 0.0], [0.0, -1.0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("h", "message"),
    [
        (given(lambda x: x + 0.25), r"expected h\(0\) = 0 of the map 'tried', got \[0.25\]"),
        (given(lambda x: 1.5 * x), r"expected Dh\(0\) = I of the map 'tried', got \[\[1.5\]\]"),
        (given(lambda x: x @ REFLECTION, 2), r"expected det Dh > 0 of the map 'tried'.* got -1 at x = \[0, 0\]"),
        (given(lambda x: x - x**2, radius="1"), r"expected det Dh > 0 .* got -1 at x = \[1\]"),
        (given(lambda x: x + x**2 / 2), r"expected an invertible Jacobian .* from 0 to 0 at x = \[-1\]"),
        (given(lambda x: x[:, :1], 2), r"expected value of the map 'tried' to have shape \(\d+, 2\).*got \(\d+, 1\)"),
        (given(lambda x: x.log1p()), "expected finite numbers from value of the map 'tried', got others at"),
        (changed("cos1d", jacobian=lambda x: x), r"expected jacobian of the map 'tried' to have shape \(\d+, 1, 1\)"),
        (changed("cos1d", jacobian=lambda x: (1 + torch.sin(x) / 4)[..., None]), "as of the derivative of the map"),
        (changed("cos1d", SMOOTHNESS="0"), "expected a positive decimal or p/q as text for SMOOTHNESS .* got '0'"),
        (changed("cos1d", RADIUS="1/0"), "expected a positive decimal or p/q as text for RADIUS .* got '1/0'"),
        (changed("cos1d", INVERSE_LIPSCHITZ=2.0), "for INVERSE_LIPSCHITZ of the map 'tried', got 2.0"),
        (changed("cos1d", SMOOTHNESS="nan"), "for SMOOTHNESS of the map 'tried', got 'nan'"),
        (changed("cos1d", DIMENSION=0), "expected a DIMENSION >= 1 of the map 'tried', got 0"),
    ],
)
def test_wrong_declarations_are_named_in_a_sentence(h, message):
    with pytest.raises(ValueError, match=message) as error:
        check(h)
    assert "\n" not in str(error.value)


def test_rounding_is_no_violation():
    """A rotation by a tiny multiple of the square: all differences of its Jacobian are near rounding."""
    check(given(lambda x: x + 1e-13 * torch.sin(x) ** 2, smoothness="0.0000000000002", inverse="1.000000001"))


def test_pairs_lie_in_the_ball_and_near_pairs_are_near():
    for dimension in (1, 2, 10):
        x, y = pair_search.draw(dimension, 3.0, 100, generator())
        assert max(float(x.norm(dim=-1).max()), float(y.norm(dim=-1).max())) <= 3 * (1 + 1e-15)
        apart = (x - y).norm(dim=-1)
        assert bool((apart > 0).all())
        assert float(apart[100:].max()) <= 3 * pair_search.NEAR * (1 + 1e-9)


def test_ascent_never_falls_and_ends_in_the_ball():
    h = load_map("shears2d")
    drawn = pair_search.draw(2, 2.0, 50, generator())
    before = change_ratio(h, *drawn)
    moved, after = pair_search.ascend(lambda x, y: change_ratio(h, x, y), drawn, 2.0)
    assert bool((after >= before - 1e-9).all())
    assert float(torch.cat(list(moved)).norm(dim=-1).max()) <= 2 * (1 + 1e-15)
    torch.testing.assert_close(change_ratio(h, *moved), after, rtol=1e-9, atol=0)
