"""Exact first steps: arrivals, commutators, eigenvalues of the scalar chain, and starts that are none."""

import numpy as np
import pytest

from rescert.certify import check
from rescert.dynamics.chain_decoupling import Descent
from rescert.dynamics.chain_target import Target


def descent(text, start="identity", step="1/8", depth=2):
    return Descent(Target(text), start, step, depth)


def accepted(assertions):
    for assertion in assertions:
        check.check_sign(assertion, None)
    return len(assertions) > 0


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("9/16", "identity"),
        ("9/16 0; 0 9/16", "identity"),
        ("9/16 -7/16; 0 1", "identity"),
        ("17/32 17/32; 0 0", "1 1; 0 0"),
    ],
)
def test_unstable_equilibrium_is_reached_in_one_step(text, start):
    settled = descent(text, start, "4").arrival()
    assert settled.holds is True
    assert "k = 1" in settled.reason
    assert accepted(settled.assertions)


@pytest.mark.parametrize("step", ["4000001/1000000", "1/8"])
def test_no_arrival_is_undecided(step):
    settled = descent("9/16", step=step).arrival()
    assert settled.holds is None
    assert not settled.assertions


@pytest.mark.parametrize(("depth", "start"), [(2, "identity"), (5, "identity"), (2, "2 1; 0 3/2")])
def test_commutator_refutes_the_diagonal_form(depth, start):
    found = descent("1 1; 0 1/2", start, "1/16", depth)
    settled = found.decoupling()
    assert settled.holds is False
    assert settled.exact
    assert accepted(settled.assertions)
    matrix = np.array([[1, 1], [0, 0.5]])
    weights = [np.array(w, dtype=float) for w in found.exact()[2]]
    assert max(np.abs(w @ matrix - matrix @ w).max() for w in weights) > 1e-4


def test_symmetric_matrix_keeps_its_eigenvectors_and_the_scalar_chain():
    settled = descent("2 1; 1 2", "3 1; 1 3", "1/32", 3).decoupling()
    assert settled.holds is True
    assert len(settled.assertions) == 4  # symmetry and commutators, eigenvalues: >= 0 and <= 0 of each
    assert accepted(settled.assertions)


def test_another_scalar_chain_is_not_shown(monkeypatch):
    found = descent("2 1; 1 2", "3 1; 1 3", "1/32", 3)
    monkeypatch.setattr(found, "_start_on", lambda vector: "4")
    assert not found._eigenvalues()


def test_irrational_eigenvalues_are_shown_by_commutators():
    settled = descent("5/4 1/4 0; 1/4 1 1/4; 0 1/4 3/4").decoupling()
    assert settled.holds is True
    assert len(settled.assertions) == 2


def test_thirds_are_enclosed_for_inequalities_and_undecided_for_identities():
    refuted = descent("1/3 1; 0 2").decoupling()
    assert refuted.holds is False
    assert not refuted.exact
    assert descent("1/3 1; 1 1/3").decoupling().holds is None


@pytest.mark.parametrize("start", ["1 0; 0 2", "1", "1 x; 0 1"])
def test_starts_that_are_no_polynomials_are_refused(start):
    with pytest.raises(ValueError, match="expected"):
        descent("1 1; 0 1/2", start)


def test_depth_zero_is_refused():
    with pytest.raises(ValueError, match="expected a depth of 1 or more, got 0"):
        descent("9/16", depth=0)
