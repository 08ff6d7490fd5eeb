"""Quadratic functions: forms, complete positivity, obstructions, and the networks that reach them or cannot."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from rescert.certify import check
from rescert.decomposition import quadratic_networks, quadratic_proofs
from rescert.decomposition.quadratic_form import (
    HORN,
    Copositive,
    Quadratic,
    completely_positive,
    copositive_forms,
    matrix,
    signed_ridges,
    trace_product,
)

F = Fraction
PENTAGON = "; ".join(
    " ".join("13/8" if i == j else "1" if (i - j) % 5 in (1, 4) else "0" for j in range(5)) for i in range(5)
)
MATRICES = ["2", "2 1; 1 1", "4 3; 3 5/2", "4 1 2; 1 2 1; 2 1 4", "2 3/2 1; 3/2 2 3/2; 1 3/2 2", "1 0; 0 0"]


def total(ridges, size):
    zero = [[F(0)] * size for _ in range(size)]
    for weight, v in ridges:
        zero = [[zero[i][j] + weight * v[i] * v[j] for j in range(size)] for i in range(size)]
    return tuple(map(tuple, zero))


@pytest.mark.parametrize("text", MATRICES)
def test_completely_positive_forms_add_up(text):
    rows = matrix(text, "h")
    found = completely_positive(rows)
    assert total(found, len(rows)) == rows
    assert all(w >= 0 and min(v) >= 0 for w, v in found)


@pytest.mark.parametrize("text", ["2 -1; -1 2", "1 2; 2 1", PENTAGON])
def test_other_matrices_have_no_such_form(text):
    assert completely_positive(matrix(text, "h")) is None


def test_every_definite_matrix_of_three_variables_without_negative_entries_is_eliminated():
    draw = np.random.Generator(np.random.PCG64(3))
    count = 0
    for _ in range(300):
        a = draw.integers(0, 8, 6)
        rows = matrix(f"{a[0] + 1} {a[1]} {a[2]}; {a[1]} {a[3] + 1} {a[4]}; {a[2]} {a[4]} {a[5] + 1}", "h")
        if min(Quadratic(rows, (F(1),) * 3).pivots()) > 0:
            count += 1
            assert completely_positive(rows) is not None
    assert count >= 40


@pytest.mark.parametrize("text", [*MATRICES, "2 -1; -1 2", PENTAGON, "0 -1; -1 0"])
def test_signed_ridges_add_up(text):
    rows = matrix(text, "h")
    assert total(signed_ridges(rows), len(rows)) == rows


def test_horn_is_copositive_on_a_grid_and_not_semidefinite():
    q = np.array(HORN, dtype=float)
    points = np.array(list(itertools.product(range(4), repeat=5)), dtype=float)
    assert (np.einsum("ki,ij,kj->k", points, q, points) >= 0).all()
    assert np.linalg.eigvalsh(q).min() < -1


def test_the_pentagon_is_found_by_horn_and_no_completely_positive_matrix_is():
    pentagon = matrix(PENTAGON, "h")
    assert F(-15, 8) in {trace_product(q.matrix, pentagon) for q in copositive_forms(pentagon)}
    dominant = "; ".join(" ".join("4" if i == j else "1" for j in range(5)) for i in range(5))
    assert copositive_forms(matrix(dominant, "h")) == []
    assert copositive_forms(matrix("2 1; 1 2", "h")) == []


def test_scaled_forms_find_what_horn_as_it_is_does_not():
    rows = matrix("1 1 0 0 1; 1 2 1 0 0; 0 1 2 1 0; 0 0 1 2 1; 1 0 0 1 6", "h")
    assert trace_product(HORN, rows) > 0
    found = quadratic_proofs.obstruction(Quadratic(rows, (F(1),) * 5))
    assert found.error > 0
    for assertion in found.assertions:
        check.check_sign(assertion, None)


def test_the_bound_by_smoothing_is_below_what_quadrature_gives():
    t = (np.arange(20000) + 0.5) / 20000
    p, slope, bend = t**2 * (1 - t) ** 2, 2 * t * (1 - t) * (1 - 2 * t), 2 - 12 * t + 12 * t**2
    diagonal, mixed = np.abs(bend).mean() / p.mean(), (np.abs(slope).mean() / p.mean()) ** 2
    factor = 1 / (5 * diagonal + 20 * mixed)
    assert 0.99 * factor < float(quadratic_proofs.smoothing_factor(Copositive((F(1),) * 5, HORN))) < factor


def test_a_scaled_and_permuted_horn_matrix_is_copositive_on_a_grid():
    points = np.array(list(itertools.product(range(4), repeat=5)), dtype=float)
    for text in (PENTAGON, "1 1 0 0 1; 1 2 1 0 0; 0 1 2 1 0; 0 0 1 2 1; 1 0 0 1 6"):
        for form in copositive_forms(matrix(text, "h")):
            q = np.array(form.matrix, dtype=float)
            assert (np.einsum("ki,ij,kj->k", points, q, points) >= 0).all()


@pytest.mark.parametrize(
    "text", ["4 -1 2; -1 3 -1; 2 -1 4", "2 -1; -1 2", "9 -2 -1 0; -2 9 -1 1; -1 -1 9 -3; 0 1 -3 9"]
)
def test_corner_bounds_are_what_all_pairs_of_corners_give(text):
    rows = matrix(text, "h")
    f = Quadratic(rows, (F(1, 4),) * len(rows))
    corners = list(itertools.product((F(0), F(1)), repeat=len(rows)))
    mixed = [f.at(tuple(map(max, x, y))) + f.at(tuple(map(min, x, y))) - f.at(x) - f.at(y)
             for x in corners for y in corners]  # fmt: skip
    falls = [f.at(x) - f.at(y) for x in corners for y in corners if all(map(F.__le__, x, y))]
    assert quadratic_networks.lower_bounds(f) == (-min(mixed) / 4, max(falls) / 2)
    if len(rows) == 3:
        assert quadratic_networks.lower_bounds(f)[0] == F(1, 2)  # twice what one entry gives


@pytest.mark.parametrize(
    ("hessian", "gradient", "error"),
    [("2 -1; -1 2", "1 1", F(1, 4)), ("1 -2; -2 8", "1/4 1", F(5, 8)), ("2 -3/2; -3/2 2", "1/2 1", F(3, 8))],
)
def test_best_error_agrees_with_the_bounds_and_with_its_network(hessian, gradient, error):
    f = Quadratic.parse(hessian, gradient)
    best = quadratic_networks.best(f, 8)
    assert best.error == error == max(quadratic_networks.lower_bounds(f)) == quadratic_proofs.obstruction(f).error
    assert best.network.in_class
    grid = [F(k, 24) for k in range(25)]
    worst = max(abs(f.at(x) - best.network.at(x)) for x in itertools.product(grid, grid))
    assert error <= worst <= best.bound
    assert best.attained == (best.bound == error)


def test_the_infimum_that_is_not_attained_is_approached():
    f = Quadratic.parse("1 -2; -2 8", "1/4 1")
    excess = [quadratic_networks.best(f, n).bound - F(5, 8) for n in (4, 8, 16)]
    assert excess[0] == 4 * excess[1] == 16 * excess[2] > 0


@pytest.mark.parametrize("hessian", ["2 1; 1 2", "1 -2; -2 1", "2"])
def test_best_is_for_definite_functions_with_a_negative_mixed_term(hessian):
    gradient = " ".join("1" for _ in hessian.split(";"))
    with pytest.raises(ValueError, match="expected a definite f"):
        quadratic_networks.best(Quadratic.parse(hessian, gradient), 4)


@pytest.mark.parametrize("cells", [1, 2, 3, 5, 16])
def test_the_chain_of_width_one_is_its_interpolant(cells):
    f = Quadratic.parse("3/2", "1/4")
    found = quadratic_proofs.narrow_parameters(f, cells)
    for k in range(4 * cells + 1):
        x = F(k, 4 * cells)
        h = x
        for w, b in zip(found["w"], found["b"], strict=True):
            h += w * max(F(0), h - b)
        low = F(k // 4, cells)
        high = min(low + F(1, cells), F(1))
        between = (
            f.at((low,)) if high == low else (f.at((low,)) * (high - x) + f.at((high,)) * (x - low)) / (high - low)
        )
        assert found["c"] * h == between
    for assertion in quadratic_proofs.narrow_chain(f, cells):
        check.check_sign(assertion, None)
    assert len(quadratic_proofs.narrow_chain(f, cells)) == (2 if cells == 1 else 3)


def test_definite_and_indefinite_are_told_apart_and_semidefinite_counts_as_indefinite():
    for text, definite in (("2 -1; -1 2", True), ("1 1; 1 1", False), ("1 2; 2 1", False), (PENTAGON, True)):
        f = Quadratic.parse(text, " ".join("1" for _ in text.split(";")))
        assert bool(quadratic_proofs.definite(f)) is definite
        assert bool(quadratic_proofs.not_definite(f)) is not definite


def test_a_wrong_form_is_not_an_identity():
    f = Quadratic.parse("2 1; 1 2", "1 1")
    wrong = [r._replace(weight=r.weight + F(1, 2**40)) for r in completely_positive(f.hessian)]
    assert quadratic_proofs.ridge_identity(f, wrong) == ()
    assert quadratic_proofs.ridge_identity(f, signed_ridges(matrix("2 -1; -1 2", "h"))) == ()


@pytest.mark.parametrize(
    ("hessian", "gradient"),
    [("2 1; 0 2", "1 1"), ("1/3", "1"), ("2 1", "1 1"), ("2", "1 1"), ("a", "1"), ("", "1"), (3, "1"), ("1; 2 3", "1")],
)
def test_misuse_is_refused(hessian, gradient):
    with pytest.raises(ValueError, match="expected"):
        Quadratic.parse(hessian, gradient)
