"""Search and proofs of local minima of tanh residual networks, beside slow and independent computations."""

import numpy as np
import pytest
import torch

from rescert import runtime
from rescert.landscape import tanh_case, tanh_certificates, tanh_minima
from rescert.landscape.tanh_problem import TanhProblem, forward

FAMILY = tanh_minima.Family(2, 2, 1, 0.125, 2.0)


@pytest.fixture(scope="module")
def searched():
    draw = runtime.generator(0, "test")
    problems = tanh_minima.draw(FAMILY, 60, 8, draw)
    return problems, tanh_minima.search(problems, 10, 80, draw)


@pytest.fixture(scope="module")
def certified(searched):
    problems, found = searched
    number, theta = found.candidates[0]
    problem = problems.problem(number)
    point = problem.named(*(part.numpy() for part in FAMILY.split(theta)))
    return problem, point, tanh_certificates.prove_minimum(problem, point)


def naive_risk(problem, outer, inner):
    """Loops over atoms, layers and units."""
    from fractions import Fraction

    total = 0.0
    for x, weight in zip(problem.points, problem.weights, strict=True):
        states = []
        for layers in ((outer, inner), (problem.outer, problem.inner)):
            z = np.array(x)
            for a, b in zip(*layers, strict=True):
                z = z + sum(a[:, j] * np.tanh(b[j] @ z) for j in range(len(b)))
            states.append(z)
        total += float(Fraction(weight)) * ((states[0] - states[1]) ** 2).sum() / 2
    return total


def test_program_batch_and_loops_agree(searched):
    problems, _ = searched
    problem, theta = problems.problem(3), FAMILY.draw(1, runtime.generator(1, "test"))[0]
    outer, inner = (part.numpy() for part in FAMILY.split(theta))
    expected = naive_risk(problem, outer, inner)
    program = problem.program(problem.risk)
    assert float(program.evaluate(problem.named(outer, inner))) == pytest.approx(expected, rel=1e-12)
    batch = FAMILY.risk(theta, problems.points[3], problems.weights[3], problems.labels[3])
    assert float(batch) == pytest.approx(expected, rel=1e-12)
    assert float(program.evaluate(problem.teacher)) == 0.0


def test_a_minimum_is_one(certified):
    """Random steps of several sizes never go down, and the risk is above zero."""
    problem, _, found = certified
    assert found.box is not None
    assert found.least > 0
    program = problem.program(problem.risk)
    middle = {name: np.asarray(entry["mid"]) for name, entry in found.box.items()}
    least = float(program.evaluate(middle))
    draw = np.random.default_rng(0)
    for size in (1e-2, 1e-3):
        for _ in range(50):
            moved = {n: v + size * draw.normal(size=v.shape) * (0.1 if n[0] == "A" else 1) for n, v in middle.items()}
            assert float(program.evaluate(moved)) > least


def test_other_points_are_no_minima(certified):
    problem, _, _ = certified
    zero = tanh_certificates.prove_minimum(problem, problem.zero())
    assert zero.box is None
    assert not zero.assertions
    teacher = tanh_certificates.prove_minimum(problem, problem.teacher)
    assert "Q > 0 is not shown" in teacher.reason or teacher.box is None


def test_a_student_farther_than_the_teacher_is_not_bad(certified):
    from dataclasses import replace

    problem, point, _ = certified
    assert tanh_case.bad_minimum(problem, point, "9").assertions
    assert not tanh_case.bad_minimum(problem, point, "1/1000").assertions
    box = {n: {"mid": v, "rad": np.zeros(v.shape)} for n, v in problem.teacher.items()}
    same = tanh_certificates.prove_nearer(problem, box)
    assert same.proved is None, "a teacher is not nearer than itself"
    assert tanh_certificates.prove_nearer(replace(problem, outer=2 * problem.outer), box).proved is True


def test_a_saturated_unit_is_no_critical_point(monkeypatch):
    """The gradient is smaller than any tolerance, but by Proposition 3 there is no critical point there."""
    line, atoms = tanh_minima.Family(1, 1, 1, 1.0, 1.0), torch.tensor([[[1.5], [2.0], [3.0]]]).double()
    weights, teacher = torch.tensor([[0.5, 0.25, 0.25]]).double(), torch.tensor([[1.0, 0.5]]).double()
    problems = tanh_minima.Problems(line, atoms, weights, teacher)
    mean = float((weights[0] * torch.tanh(atoms[0, :, 0] / 2)).sum())
    best = torch.tensor([[mean, 10.0]], dtype=torch.float64)
    monkeypatch.setattr(tanh_minima, "descend", lambda *_: best)
    found = tanh_minima.search(problems, 1, 1, runtime.generator(0, "test"))
    assert (found.critical, found.solved, found.idle, found.other) == (1, 0, 0, 0)


def test_lipschitz_bounds_contain_sampled_slopes():
    draw = np.random.default_rng(2)
    for _ in range(20):
        outer, inner = draw.normal(size=(2, 3)), draw.normal(size=(3, 2))
        a, b = torch.from_numpy(outer), torch.from_numpy(inner)
        low, high = float(tanh_minima.lower_lipschitz(a, b)), float(tanh_minima.upper_lipschitz(a, b))
        points = draw.normal(size=(200, 2))
        slopes = 1 - np.tanh(points @ inner.T) ** 2
        norms = np.linalg.norm(np.einsum("dk,nk,ke->nde", outer, slopes, inner), 2, axis=(1, 2))
        assert norms.max() <= high
        assert low <= high


def test_one_unit_has_equal_bounds():
    a, b = torch.tensor([[3.0], [4.0]]).double(), torch.tensor([[0.0, 2.0]]).double()
    assert float(tanh_minima.upper_lipschitz(a, b)) == pytest.approx(10)
    assert float(tanh_minima.lower_lipschitz(a, b)) == pytest.approx(10)


def test_parallel_layers_are_one_wide_layer():
    draw = np.random.default_rng(3)
    points = torch.from_numpy(draw.normal(size=(5, 2)))
    pairs = [(torch.from_numpy(draw.normal(size=(2, 1))), torch.from_numpy(draw.normal(size=(1, 2)))) for _ in range(3)]
    wide = [(torch.cat([a for a, _ in pairs], 1), torch.cat([b for _, b in pairs], 0))]
    assert torch.allclose(forward(pairs, points, True), forward(wide, points))
    assert not torch.allclose(forward(pairs, points), forward(wide, points))


@pytest.mark.parametrize("weights", [("1/2", "1/4"), ("3/2", "-1/2")])
def test_weights_must_be_a_distribution(weights):
    with pytest.raises(ValueError, match="positive weights of sum 1"):
        TanhProblem(np.zeros((2, 1)), weights, np.ones((1, 1, 1)), np.ones((1, 1, 1)))
