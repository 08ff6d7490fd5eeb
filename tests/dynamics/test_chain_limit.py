"""The limit of a chain from the identity: roots, bounds, traps that hold, and divergence that happens."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from rescert.certify import balls, check
from rescert.dynamics.chain_convergence import Convergence
from rescert.dynamics.chain_decoupling import Descent
from rescert.dynamics.chain_descent import error, imbalances, norms, run
from rescert.dynamics.chain_limit import Limit, lower_norm, upper_norm
from rescert.dynamics.chain_target import Target

SKEW = "1 1; 0 1/2"


def limit(text=SKEW, step="1/4", depth=2, steps=40):
    return Limit(Descent(Target(text), "identity", step, depth), steps)


def continued(found, steps):
    one = torch.eye(found.target.size, dtype=torch.float64)
    return run({"matrix": found.target.floats, "step": float(found.step), "start": one}, found.depth, steps)[-1]


@pytest.mark.parametrize("text", [SKEW, "2 1; 1 2", "1/3 1; 0 2", "5/4 1/4 0; 1/4 1 1/4; 0 1/4 3/4", "2 0; 0 2"])
@pytest.mark.parametrize("depth", [2, 5])
def test_power_is_the_root(text, depth):
    found = limit(text, depth=depth)
    root = found.limit.numpy()
    assert np.allclose(np.linalg.matrix_power(root, depth), found.target.floats.numpy(), rtol=1e-12, atol=1e-12)
    assert (np.linalg.eigvals(root).real > 0).all()


@pytest.mark.parametrize(
    ("text", "step", "depth"), [("2 1; 1 2", "1/8", 2), ("2 1; 1 2", "1/32", 5), ("1/2 1/8; 1/8 1/4", "9/16", 2)]
)
def test_symmetric_run_obeys_the_bound_in_balls_and_floats(text, step, depth):
    found = limit(text, step, depth, 12)
    proof = found.prove(found.bound_slack)
    assert proof.proved
    check.check_sign(proof.assertion, None)
    curves = found.curves()
    assert all(d <= b * (1 + 1e-12) for d, b in zip(curves["distance"], curves["bound_curve"], strict=True))
    assert found.prove(found.contraction_slack).proved


def test_bound_is_that_of_each_eigenvalue_by_a_plain_loop():
    found = limit("5/4 1/4 0; 1/4 1 1/4; 0 1/4 3/4", "1/8", 3, 6)
    slack = [float(x.mid()) for x in balls.evaluate(found.program(found.bound_slack), found.box, 128).flat]
    values, vectors = np.linalg.eigh(found.target.floats.numpy())
    expected = []
    assert len(found.moving) == 2  # the third eigenvalue is 1
    for r in found.moving:
        value, vector = values[r], vectors[:, r]
        root = value ** (1 / 3)
        rho = 1 - 0.125 * min(1 + root + root**2, 3 * root**4)
        for k in range(2, 7):
            for weight in found.floats[k]:
                distance = float(vector @ weight.numpy() @ vector) - root
                expected.append((rho**k * (1 - root)) ** 2 - distance**2)
    assert np.allclose(slack, expected, rtol=1e-9, atol=1e-13)


def test_bound_does_not_hold_beyond_the_critical_step():
    found = limit("1/2 1/8; 1/8 1/4", "3/2", 2, 6)
    assert not found.prove(found.contraction_slack).proved
    assert not found.prove(found.bound_slack).proved


@pytest.mark.parametrize(("step", "depth", "steps"), [("1/2", 2, 24), ("1/4", 2, 40), ("1/8", 3, 60)])
def test_trap_holds_the_run_for_ever_and_away_from_the_root(step, depth, steps):
    found = limit(step=step, depth=depth, steps=steps)
    proof, radius = found.trap()
    assert proof.proved
    check.check_sign(proof.assertion, None)
    late = continued(found, 2000)
    moved = sum(float(norms(a - b)) ** 2 for a, b in zip(late, found.floats[-1], strict=True)) ** 0.5
    assert moved <= radius
    assert float(norms(error(late, found.target.floats))) < 1e-13
    assert max(float(norms(w - found.limit)) for w in late) > 0.03


@pytest.mark.parametrize("steps", [2, 4])
def test_trap_is_not_shown_too_early(steps):
    proof, _ = limit(steps=steps).trap()
    assert proof is None or not proof.proved


def test_no_trap_and_no_exclusion_for_negative_steps():
    backwards = limit(step="-1/64", steps=4)
    assert not backwards.prove(backwards.converse_slack, upper_norm(backwards.target)[0]).proved
    proof, _ = backwards.trap()
    assert proof is None or not proof.proved


def test_trap_about_the_root_itself_is_not_shown():
    proof, _ = limit("2 1; 1 2", "1/8", 2, 40).trap()
    assert proof is None or not proof.proved


def test_converse_covers_small_steps_only_and_its_law_holds():
    small, large = limit(step="1/16", steps=20), limit(step="1/2", steps=20)
    for found, covered in ((small, True), (large, False)):
        constants, shown = upper_norm(found.target)
        assert len(shown) == 1
        assert bool(found.prove(found.converse_slack, constants).proved) is covered
    assert small.prove(small.imbalance_slack).proved
    bound = float(small.step) * float(norms(torch.eye(2) - small.target.floats)) ** 2
    late = continued(small, 500)
    assert all(float(norms(d)) <= bound for d in imbalances(late))
    root = small.limit
    assert float(norms(root.mT @ root - root @ root.mT)) > bound


def test_converse_is_refuted_with_a_lower_bound_of_the_norm_only():
    target = limit(step="1/2").target
    below, above = lower_norm(target), upper_norm(target)
    for constants, shown in (below, above):
        assert len(shown) == 1
        check.KINDS[shown[0]["kind"]](shown[0], None)
        assert float(Fraction(constants["square"])) == pytest.approx(np.linalg.norm(target.floats.numpy(), 2) ** 2)
    assert Fraction(below[0]["square"]) < Fraction(above[0]["square"])
    excluded, assertions = Convergence(limit(step="1/2")).excluded
    assert excluded is False
    assert assertions[-1]["program"]["constants"]["square"] == below[0]["square"]


def test_symmetric_root_is_balanced_so_that_nothing_is_excluded():
    found = limit("2 1; 1 2", "1/64", 2, 10)
    constants, _ = upper_norm(found.target)
    assert not found.prove(found.converse_slack, constants).proved


def test_divergence_is_shown_where_it_happens_and_nowhere_else():
    wild = limit("1 4; 0 1/2", "1/2", 2, 8)
    proof, k = wild.escape(upper_norm(wild.target)[0])
    assert proof.proved
    check.check_sign(proof.assertion, None)
    sizes = [float(norms(error(continued(wild, j), wild.target.floats))) for j in range(k, k + 3)]
    assert sizes[1] > 100 * sizes[0]
    assert sizes[2] > 100 * sizes[1]
    calm = limit()
    assert calm.escape(upper_norm(calm.target)[0]) == (None, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"text": "-1 0; 0 1"}, "positive eigenvalues"), ({"depth": 1}, "2 or more"), ({"steps": 1}, "2 or more")],
)
def test_misuse_is_refused(changes, reason):
    with pytest.raises(ValueError, match=f"expected.*{reason}"):
        limit(**changes)
