"""Existence of critical points: what is proved, and what must not be."""

import numpy as np
import pytest
import torch

from draws import normal
from rescert import runtime
from rescert.certify import sign
from rescert.landscape import constructed, designed, expressions
from rescert.landscape.candidate import Candidate
from rescert.landscape.existence import enclose, independent_rows
from rescert.landscape.expressions import Family
from rescert.landscape.risk import Landscape
from rescert.landscape.samples import draw
from rescert.networks.residual_blocks import features, parameter_shapes

EPS = np.finfo(np.float64).eps
DATA = {"seed": 3, "samples": 48, "dimension": 3}


def candidate(find, widths=(3, 2)):
    points, labels = draw(DATA, None, runtime.generator)
    landscape = Landscape(points, parameter_shapes(3, list(widths)))
    theta, labels = find(landscape, normal(2, "test starts", (1, landscape.size)) / 2, labels[None], 0)
    point = {name: value[0].numpy() for name, value in landscape.unravel(theta).items()}
    return Candidate(point, points.numpy(), labels[0].numpy(), Family())


def proved(found, free_labels=False):
    return enclose(found.point, found.inputs, found.labels, found.family, free_labels)


@pytest.mark.parametrize(("find", "free_labels"), [(constructed.find, False), (designed.find, True)])
def test_critical_points_exist_in_small_boxes(find, free_labels):
    found = proved(candidate(find), free_labels)
    assert found.box is not None, found.reason
    radii = {name: np.max(side["rad"]) for name, side in found.box.items()}
    assert 0 < max(radii.values()) < 1e-9
    assert bool(radii["y"] > 0) is free_labels
    assert {a["kind"] for a in found.assertions} >= {"krawczyk"}


def test_a_moved_point_is_not_certified():
    found = candidate(constructed.find)
    assert proved(found.moved(1e-6)).box is None


def test_a_degenerate_point_is_not_certified():
    """At theta = 0 the stationarity in w cannot be solved: no parameter is free."""
    found = candidate(constructed.find)
    flat = Candidate({n: np.zeros_like(v) for n, v in found.point.items()}, found.inputs, found.labels, Family())
    result = proved(flat)
    assert result.box is None
    assert "equations in 0 variables" in result.reason


def test_another_data_set_is_not_certified():
    found = candidate(constructed.find)
    other = Candidate(found.point, found.inputs, found.labels[::-1].copy(), Family())
    assert proved(other).box is None


def test_the_kept_rows_determine_the_gradient_of_the_outer_layers():
    """The lemma in floats: the gradient in V_l lies in the column space of M_l."""
    landscape = Landscape(draw(DATA, None, runtime.generator)[0], parameter_shapes(3, [3, 1]))
    theta = normal(5, "test starts", (1, landscape.size))
    labels = normal(5, "test labels", (1, 48))
    point = {name: value[0].numpy() for name, value in landscape.unravel(theta).items()}
    gradient = {n: v[0].numpy() for n, v in landscape.unravel(landscape.gradient(theta, labels)).items()}
    columns = np.stack([point["w"], point["U2"][0]], axis=1)
    assert np.linalg.matrix_rank(np.concatenate([columns, gradient["V1"]], axis=1), tol=1e-10) == 2
    assert np.linalg.matrix_rank(np.concatenate([columns[:, :1], gradient["V2"]], axis=1), tol=1e-10) == 1
    assert len(independent_rows(point, 1)) == 2
    assert independent_rows(point, 2) == (int(np.abs(point["w"]).argmax()),)


def test_the_bound_is_the_least_eigenvalue_of_the_two_by_two_compression():
    r"""With v'w = 0: second differences of R in the directions (v in w) and (v a_l' in V_l) give (C, G; G, 0)."""
    found = candidate(designed.find)
    landscape, theta, labels = found._landscape()
    hessian = landscape.hessian(theta, labels)[0]
    values = {n: torch.from_numpy(v) for n, v in {**found.point, "X": found.inputs, "y": found.labels}.items()}
    residual = landscape.outputs(theta)[0] - labels[0]
    phi, _ = features(values, values["X"], "tanh")
    slopes = [residual @ p / len(residual) for p in phi]
    size = torch.cat(slopes).norm()
    unit = torch.eye(3, dtype=torch.float64)[0]
    first = {n: torch.zeros_like(v) for n, v in values.items() if n in found.point}
    second = {n: torch.zeros_like(v) for n, v in first.items()}
    first["w"] = unit
    for block, slope in enumerate(slopes, 1):
        second[f"V{block}"] = torch.outer(unit, slope / size)
    plane = torch.stack([torch.cat([v.reshape(-1) for v in d.values()]) for d in (first, second)])
    compression = plane @ hessian @ plane.T
    assert torch.allclose(plane @ plane.T, torch.eye(2, dtype=torch.float64), atol=10 * EPS)
    assert abs(float(compression[1, 1])) < 1e4 * EPS
    assert float(compression[0, 1]) == pytest.approx(float(size), rel=1e6 * EPS)
    bound = found.describe()["bound_value"]
    assert float(torch.linalg.eigvalsh(compression)[0]) == pytest.approx(bound, rel=1e6 * EPS)
    assert found.describe()["smallest_eigenvalue"] <= bound


def test_the_bound_excess_changes_sign_at_the_bound():
    found = candidate(constructed.find)
    constants, normal = expressions.unseen(found.point)
    bound = found.describe()["bound_value"]
    for beta, relation in ((bound * (1 + 1e-6), ">"), (bound * (1 - 1e-6), "<")):
        program = found.program(
            lambda v, family: expressions.bound_excess(v, normal(v), family), beta=beta, **constants
        )
        assert sign.prove(program, {**found.point, "y": found.labels}, relation).proved


def test_the_unseen_direction_is_orthogonal_to_the_inner_rows():
    for found in (candidate(constructed.find), candidate(constructed.find, (3, 1)), candidate(designed.find)):
        constants, normal = expressions.unseen(found.point)
        arrays = {**found.point, **constants}
        direction = normal({n: torch.from_numpy(np.ascontiguousarray(v)) for n, v in arrays.items()}).numpy()
        assert np.linalg.norm(direction) > 1e-3
        assert np.abs(found.point["U2"] @ direction).max() < 100 * EPS * np.linalg.norm(direction)


def test_no_unseen_direction_is_promised_where_rows_may_span():
    point = {name: normal(7, name, shape).numpy() for name, shape in parameter_shapes(3, [3, 3]).items()}
    assert expressions.unseen(point) is None
    rows, product = expressions.spanning_rows(point)
    values = {name: torch.from_numpy(value) for name, value in point.items()}
    assert float(product(values)) == pytest.approx(np.linalg.det(point["U2"]), rel=1e3 * EPS)
    assert [name for name, _ in rows] == ["U2"] * 3
    assert expressions.spanning_rows({**point, "U2": point["U2"][:2], "V2": point["V2"][:, :2]}) is None
