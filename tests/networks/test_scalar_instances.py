"""Exact instances: what they assert, and near misses that must not be shown."""

from fractions import Fraction

import numpy as np
import pytest

from rescert.certify.check import KINDS, Files
from rescert.networks import scalar_instances as instances


def test_floats_that_do_not_hold_a_number_are_refused():
    with pytest.raises(ValueError, match="binary fractions"):
        instances.exact_array([Fraction(1, 3)])


def test_biases_put_the_kinks_where_they_are_asked():
    w, kinks = instances.heights(4), [Fraction(k) for k in (3, 1, 5, 2)]
    b = instances.biases(w, kinks)
    assert [instances.rational_layers(w[:k], b[:k], x)[-1] for k, x in enumerate(kinks)] == b


@pytest.mark.parametrize("depth", [1, 2, 5, 10])
def test_numbers_of_pieces_are_attained(depth):
    assert len(instances.network_pieces(depth)) == 1
    assert len(instances.pair_pieces(depth)) == 1


def test_a_network_without_kinks_shows_no_pieces(monkeypatch):
    monkeypatch.setattr(instances, "HEIGHTS", (Fraction(0),))
    assert instances.network_pieces(3) == ()


def test_two_layers_are_the_target_and_one_misses_it(monkeypatch):
    assert len(instances.two_layers()) == 2
    assert len(instances.one_layer()) == 1
    target = instances._target
    monkeypatch.setattr(instances, "_target", lambda x: target(x) + 0 * x + 2**-40)
    assert instances.two_layers() == ()


@pytest.mark.parametrize("samples", [11, 51, 101])
def test_linear_fit_is_bounded_below_by_numpy_s_least_squares(samples):
    assertions, bound = instances.linear_fit(samples)
    x = np.linspace(0, 1, samples)
    y = np.interp(x, [0, 0.3, 0.5, 0.7, 1], [0, 0.3, -0.1, 0.1, -0.2])
    _, residual, *_ = np.linalg.lstsq(np.stack([np.ones(samples), x], 1), y, rcond=None)
    assert len(assertions) == 1
    assert 0.99 * residual[0] / samples < bound < residual[0] / samples


def test_steep_fit_has_no_error_and_needs_two_layers():
    assertions, slope = instances.steep_fit(3)
    assert len(assertions) == 3
    assert slope == 2047
    with pytest.raises(ValueError, match="two layers or more, got 1"):
        instances.steep_fit(1)


def test_together_is_all_or_nothing():
    part = ({"kind": "sign"},)
    assert instances.together(part, part) == part + part
    assert instances.together(part, ()) == ()


def test_what_is_not_zero_is_not_shown_zero():
    assert instances.shown(lambda v: v["x"] - 1, {"x": 1 + 2**-52}, "=") == ()
    assert instances.shown(lambda v: v["x"] - v["third"] * 3, {"x": 1.0, "third": "1/3"}, "=") == ()


def test_the_checker_accepts_them(tmp_path):
    for assertion in (*instances.two_layers(), *instances.one_layer()):
        plain = {**assertion, "program": _listed(assertion["program"])}
        KINDS[assertion["kind"]](plain, Files({}, tmp_path, tmp_path))


def _listed(program):
    return {
        **program,
        "constants": {n: v.tolist() if isinstance(v, np.ndarray) else v for n, v in program["constants"].items()},
    }
