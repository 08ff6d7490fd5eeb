"""A local minimum with a datum on its kink: what is asserted, a search around it, and near misses."""

import numpy as np
import pytest

from rescert.landscape import tied_minimum
from rescert.landscape.tied_minimum import DATA, TiedMinimum

X, Y = DATA["x"], DATA["y"]


def risk(c, w, b):
    return ((c * (X + w * np.maximum(X - b, 0)) - Y) ** 2).sum(-1) / 2


@pytest.mark.parametrize("depth", [1, 2, 10])
def test_the_minimum_and_its_one_sided_derivatives_are_shown(depth):
    tied = TiedMinimum(depth)
    assert [len(tied.minimal()), len(tied.one_sided())] == [3, 2]


def test_no_network_nearby_is_below_it():
    around = np.linspace(-0.05, 0.05, 21)
    c, w, b = (v.reshape(-1, 1) for v in np.meshgrid(1 + around, 1 + around, 2 + around))
    assert (risk(c, w, b) >= risk(1.0, 1.0, 2.0)).all()


def test_difference_quotients_have_different_signs():
    t = 2.0**-20
    right, left = ((risk(1.0, 1.0, 2 + s) - risk(1.0, 1.0, 2.0)) / s for s in (t, -t))
    np.testing.assert_allclose([right, left], [1, -1], rtol=1e-5)


@pytest.mark.parametrize("changed", [[3.0, 0.0, 6.0, 5.5], [3.0, 2.0, 6.0, 5.0]])
def test_other_labels_are_refused(monkeypatch, changed):
    monkeypatch.setattr(tied_minimum, "DATA", {"x": X, "y": np.array(changed)})
    assert TiedMinimum(2).minimal() == ()
    assert TiedMinimum(2).one_sided() == ()
