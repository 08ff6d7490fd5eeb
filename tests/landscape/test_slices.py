"""Slices against a plain loop and closed forms; directions against their definitions; what is saved redoes them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.func import functional_call

from draws import normal, uniform
from rescert import runtime
from rescert.landscape import directions, slices, slicing
from rescert.landscape.risk import Landscape
from rescert.landscape.search import search
from rescert.networks import residual_blocks
from rescert.networks.residual_blocks import parameter_shapes

EPS = np.finfo(np.float64).eps
SEARCH = {
    "architecture": "residual_blocks",
    "activation": "tanh",
    "dimension": 3,
    "widths": [3, 2],
    "samples": 48,
    "starts": 9,
    "origins": ["constructed", "embedding", "designed"],
    "iterations": 60,
    "seed": 0,
}
SLICE = {
    "landscape": "some",
    "point": "saddle",
    "directions": ["smallest", "random"],
    "extent": [0.25, 0.5],
    "steps": 5,
    "bias": "scaled",
    "seed": 3,
}


@pytest.fixture(scope="module")
def searched():
    """The record of a small search, as a stage reads it."""
    generator, device = runtime.generator, torch.device("cpu")
    arrays, table = search(SEARCH, None, device, lambda metrics, step: None, generator=generator)
    read = {"arrays": arrays, "table": table, "metadata": {"config": SEARCH}}
    return SimpleNamespace(**{name: lambda need, value=value: value for name, value in read.items()})


def cut(searched, **changes):
    return slicing.cut({**SLICE, **changes}, searched, generator=runtime.generator)


def problem(activation="tanh", loss="squared"):
    landscape = Landscape(normal(0, "slice inputs", (40, 3)), parameter_shapes(3, [3, 2]), activation, loss)
    theta = normal(0, "slice point", (landscape.size,)) / 2
    labels = uniform(0, "slice labels", (40,))
    return landscape, theta, labels, lambda t: landscape.risk(t, labels.expand(len(t), -1))


def rounding(landscape, theta, labels):
    r"""How far two evaluations of $R$ in floats, in any order of their sums, can lie apart.

    A sum of k products is wrong by at most k eps times the sum of their magnitudes. With |phi(t)| <= 1 + |t|, entrywise
    (tanh, softplus) and sqrt(n_l) <= 2, layers hold numbers of at most S G, where S = |x| + sum_l |V_l| (2 + |b_l|) and
    G = prod_l (1 + |V_l||U_l|); activations are 1-Lipschitz, so that an error grows by at most |w| G on its way to the
    output. With k terms a sum, 4 further operations a layer and two evaluations, outputs differ by at most
    e = 2 (2L + 1)(k + 4) eps S G^2 |w|, and risks by e times the largest slope, plus n + 4 operations on the losses.
    """
    parts = landscape.unravel(theta)
    blocks = range(1, 1 + sum(name.startswith("V") for name in parts))
    norm = {name: float(value.norm()) for name, value in parts.items()}
    gain = float(np.prod([1 + norm[f"V{b}"] * norm[f"U{b}"] for b in blocks]))
    size = float(landscape.inputs.norm(dim=1).max()) + sum(norm[f"V{b}"] * (2 + norm[f"b{b}"]) for b in blocks)
    terms = max(max(shape) for shape in landscape.shapes.values())
    output = 2 * (2 * len(blocks) + 1) * (terms + 4) * EPS * size * gain**2 * norm["w"]
    furthest = float(landscape.outputs(theta[None]).abs().max() + labels.abs().max()) + 1
    return furthest * output + (len(labels) + 4) * EPS * furthest**2


@pytest.mark.parametrize(("activation", "loss"), [("tanh", "squared"), ("softplus", "logistic")])
def test_a_plane_equals_a_plain_loop(activation, loss):
    landscape, theta, labels, risk = problem(activation, loss)
    first, second = normal(1, "slice directions", (2, landscape.size)) / 4
    alpha, beta = slices.coordinates(1, 7), slices.coordinates(0.5, 5)
    found = slices.plane(risk, theta, first, second, alpha, beta, chunk=8)
    assert found.shape == (7, 5)
    for i, a in enumerate(alpha.tolist()):
        for j, b in enumerate(beta.tolist()):
            point = theta + a * first + b * second
            single = residual_blocks.risk(landscape.unravel(point), landscape.inputs, labels, activation, loss)
            allowed = rounding(landscape, point, labels)
            assert abs(float(found[i, j] - single)) <= allowed
            assert allowed < 1e-9 * float(single)  # else the comparison says nothing


def test_lines_are_the_middle_of_a_plane():
    landscape, theta, labels, risk = problem()
    first, second = normal(1, "slice directions", (2, landscape.size)) / 4
    alpha, beta = slices.coordinates(1, 9), slices.coordinates(2, 5)
    whole = slices.plane(risk, theta, first, second, alpha, beta)
    allowed = max(rounding(landscape, theta + a * first + b * second, labels) for a in alpha for b in beta)
    assert float((slices.line(risk, theta, first, alpha) - whole[:, 2]).abs().max()) <= allowed
    assert float((slices.line(risk, theta, second, beta) - whole[4]).abs().max()) <= allowed
    assert abs(float(whole[4, 2] - risk(theta[None])[0])) <= allowed


@pytest.mark.parametrize("chunk", [1, 3, 32, 1000])
def test_a_quadratic_is_exact_in_chunks_of_any_size(chunk):
    """Integers and dyadic coordinates: floats make no error, so that the closed form holds to the last bit."""
    matrix = torch.tensor([[2.0, 1.0, 0.0], [1.0, -4.0, 3.0], [0.0, 3.0, 6.0]], dtype=torch.float64)
    point, u, v = torch.tensor([[1.0, -2.0, 3.0], [4.0, 0.0, -1.0], [0.0, 8.0, 2.0]], dtype=torch.float64)
    alpha, beta = slices.coordinates(2, 9), slices.coordinates(1, 5)
    found = slices.plane(lambda t: (t @ matrix * t).sum(1) / 2, point, u, v, alpha, beta, chunk)
    form = lambda x, y: float(x @ matrix @ y)  # noqa: E731
    for i, a in enumerate(alpha.tolist()):
        for j, b in enumerate(beta.tolist()):
            linear = a * form(point, u) + b * form(point, v)
            square = a * a * form(u, u) / 2 + a * b * form(u, v) + b * b * form(v, v) / 2
            assert found[i, j] == form(point, point) / 2 + linear + square


@pytest.mark.parametrize("chunk", [1, 5, 24, 4096])
def test_chunks_change_values_by_rounding_only(chunk):
    landscape, theta, labels, risk = problem()
    first, second = normal(1, "slice directions", (2, landscape.size)) / 4
    alpha = slices.coordinates(1, 7)
    whole, parts = (slices.plane(risk, theta, first, second, alpha, alpha, c) for c in (49, chunk))
    allowed = max(rounding(landscape, theta + a * first + b * second, labels) for a in alpha for b in alpha)
    assert float((whole - parts).abs().max()) <= allowed


def test_no_batch_is_larger_than_the_chunk_and_nothing_is_differentiated():
    seen = []

    def risk(theta):
        seen.append((len(theta), torch.is_grad_enabled()))
        return theta.sum(1)

    zero = torch.zeros(2, dtype=torch.float64)
    slices.plane(risk, zero, zero, zero, slices.coordinates(1, 5), slices.coordinates(1, 3), chunk=4)
    assert seen == [(4, False), (4, False), (4, False), (3, False)]


def test_a_network_of_ones_own_serves_under_vmap():
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)).double()
    model.requires_grad_(False)
    inputs, labels = normal(0, "own inputs", (20, 3)), normal(0, "own labels", (20, 1))
    shapes = {name: tuple(value.shape) for name, value in model.named_parameters()}
    ravelled = Landscape(inputs, shapes)
    theta = normal(0, "own parameters", (ravelled.size,)) / 2

    def risk(points):
        single = lambda t: (functional_call(model, ravelled.unravel(t), (inputs,)) - labels).square().mean()  # noqa: E731
        return torch.func.vmap(single)(points)

    draw = normal(0, "own direction", (len(theta),))
    direction = directions.filter_normalised(draw, theta, shapes)
    alpha = slices.coordinates(1, 5)
    found = slices.line(risk, theta, direction, alpha)
    for a, value in zip(alpha, found, strict=True):
        torch.nn.utils.vector_to_parameters(theta + a * direction, model.parameters())
        # three sums of at most 20 terms of size at most 10, and 10 operations beside them
        assert abs(float(value - (model(inputs) - labels).square().mean())) <= (3 * 20 + 10) * 10 * EPS


def test_filters_get_the_norms_of_the_point():
    shapes = {"W": (4, 3), "kernel": (2, 3, 2, 2), "b": (4,), "scale": ()}
    size = 12 + 24 + 4 + 1
    point, draw = normal(0, "filters", (2, size))
    found = directions.filter_normalised(draw, point, shapes)
    spans = [range(3 * i, 3 * i + 3) for i in range(4)] + [range(12 + 12 * i, 24 + 12 * i) for i in range(2)]
    spans += [range(36, 40), range(40, 41)]
    assert sorted(i for span in spans for i in span) == list(range(size))
    for span in map(list, spans):
        length = float(point[span].norm())
        # two norms of at most 12 squares, a quotient, a product
        assert float(found[span].norm()) == pytest.approx(length, rel=(2 * 12 + 4) * EPS)
        cosine = found[span] @ draw[span] / (found[span].norm() * draw[span].norm())
        assert float(cosine) == pytest.approx(1, rel=(4 * 12 + 8) * EPS)
    assert float(found.norm()) == pytest.approx(float(point.norm()), rel=(2 * size + 4) * EPS)


def test_fixed_parameters_and_zero_filters_do_not_move():
    shapes = {"w": (2,), "V1": (3, 2), "b1": (2,)}
    point = torch.tensor([0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0, 5.0, 6.0], dtype=torch.float64)
    draw = normal(0, "fixed", (10,))
    found = directions.filter_normalised(draw, point, shapes, fixed=["b1"])
    assert [bool(value) for value in found] == [False] * 2 + [True] * 2 + [False] * 2 + [True] * 2 + [False] * 2
    assert directions.zero_filters(point, shapes) == ["w", "V1[1]"]
    assert directions.filter_normalised(draw, point, shapes)[8:].norm() > 0


def test_a_direction_must_move_what_the_point_has():
    shapes = {"W": (2, 2)}
    point, draw = torch.ones(4).double(), torch.tensor([1.0, 1.0, 0.0, 0.0]).double()
    with pytest.raises(ValueError, match=r"expected a direction that moves every filter, got zero in 'W', row 1"):
        directions.filter_normalised(draw, point, shapes)
    with pytest.raises(ValueError, match=r"expected fixed parameters among \['W'\], got \['b'\]"):
        directions.filter_normalised(draw, point, shapes, fixed=["b"])
    with pytest.raises(ValueError, match=r"expected a vector of 6 >= 1 parameters, got shape \(4,\)"):
        directions.filter_normalised(point, point, {"W": (3, 2)})
    with pytest.raises(ValueError, match="expected a vector of 0 >= 1 parameters"):
        directions.zero_filters(point, {})


def test_eigenvectors_have_a_sign():
    matrix = torch.diag(torch.tensor([3.0, -2.0, 1.0]).double())
    assert directions.eigenvector(matrix, 0).tolist() == [0, 1, 0]
    assert directions.eigenvector(matrix, -1).tolist() == [1, 0, 0]
    with pytest.raises(ValueError, match="expected a finite square matrix"):
        directions.eigenvector(torch.full((2, 2), torch.nan), 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"point": torch.zeros(0).double()}, "expected a point of n >= 1 floats"),
        ({"point": torch.zeros(3, dtype=torch.int64)}, "expected a point of n >= 1 floats"),
        ({"first": torch.zeros(2).double()}, r"expected a direction of shape \(3,\) of torch.float64, got \(2,\)"),
        ({"first": torch.zeros(3)}, "got .* of torch.float32"),
        ({"second": torch.tensor([0, torch.nan, 0]).double()}, "expected a finite direction, got NaN or infinity"),
        ({"point": torch.tensor([0, torch.inf, 0]).double()}, "expected a finite point, got NaN or infinity"),
        ({"alpha": torch.zeros(0).double()}, "expected n >= 1 finite coordinates"),
        ({"beta": torch.full((2,), torch.inf).double()}, "expected n >= 1 finite coordinates"),
        ({"chunk": 0}, "expected a chunk of at least 1 point, got 0"),
        ({"risk": lambda t: t}, r"expected a risk of shape \(1,\), got \(1, 3\)"),
        ({"risk": lambda t: 1 / t[:, 0]}, "expected a finite risk all over the slice.*smaller extent"),
    ],
)
def test_bad_input_is_one_sentence(change, message):
    one, zero = torch.ones(3).double(), torch.zeros(1).double()
    given = {"risk": lambda t: t.sum(1), "point": 0 * one, "first": one, "second": one, "alpha": zero, "beta": zero}
    with pytest.raises(ValueError, match=message):
        slices.plane(**{**given, **change})


@pytest.mark.parametrize(("extent", "steps"), [(1, 1), (1, 4), (0, 5), (-1, 5), (float("inf"), 5), (float("nan"), 5)])
def test_coordinates_have_the_point_in_their_middle(extent, steps):
    assert slices.coordinates(0.3, 81)[40] == 0
    assert slices.coordinates(0.3, 81)[0] == -0.3
    with pytest.raises(ValueError, match="expected"):
        slices.coordinates(extent, steps)


def test_what_is_saved_redoes_the_slice(searched):
    arrays, table, about = cut(searched)
    shapes = parameter_shapes(3, [3, 2])
    landscape = Landscape(torch.from_numpy(arrays["X"]), shapes)
    labels = torch.from_numpy(arrays["y"])
    point, first, second = (
        torch.cat([torch.from_numpy(arrays[f"{part}.{name}"]).flatten() for name in shapes])
        for part in ("point", "first", "second")
    )
    assert table["slice"].value_counts().to_dict() == {"plane": 25, "first": 17, "second": 17}
    for row in table.itertuples():
        theta = point + row.alpha * first + row.beta * second
        single = residual_blocks.risk(landscape.unravel(theta), landscape.inputs, labels)
        assert abs(row.risk - float(single)) <= rounding(landscape, theta, labels)
    assert about["point"]["risk"] == searched.table("")["risk"][about["start"]]
    assert [each["norm"] for each in about["directions"]] == pytest.approx([float(point.norm())] * 2, rel=1e2 * EPS)


def test_the_smallest_direction_has_the_curvature_of_the_smallest_eigenvalue(searched):
    _, table, about = cut(searched, directions=["smallest", "largest"], extent=[0.01, 0.01])
    assert about["point"]["smallest_eigenvalue"] == searched.table("")["smallest_eigenvalue"].min() < 0
    least, largest = about["directions"]
    scale = 100 * len(searched.arrays("")) * EPS * largest["curvature"]
    assert least["curvature"] == pytest.approx(about["point"]["smallest_eigenvalue"], abs=scale)
    assert abs(about["cosine"]) <= 1e3 * EPS
    for side, sign in (("first", -1), ("second", 1)):
        values = table.loc[table["slice"] == side, "risk"].to_numpy()
        assert np.sign(np.diff(values, 2)[len(values) // 2 - 1]) == sign


def test_seeds_repeat_and_differ(searched):
    kinds = {"directions": ["random", "random"]}
    same, again, other = (cut(searched, **kinds, seed=seed)[0] for seed in (3, 3, 4))
    assert all(np.array_equal(same[name], again[name]) for name in same)
    assert not np.array_equal(same["first.U1"], other["first.U1"])
    assert not np.array_equal(same["first.U1"], same["second.U1"])


def test_biases_are_scaled_or_stay(searched):
    scaled, stay = (cut(searched, origin="designed", bias=bias) for bias in ("scaled", "zero"))
    assert not stay[0]["second.b1"].any()
    assert stay[2]["fixed"] == ["b1", "b2"]
    norms = [np.linalg.norm(scaled[0][f"{part}.b1"]) for part in ("second", "point")]
    assert norms[0] == pytest.approx(norms[1], rel=1e2 * EPS)
    assert scaled[2]["fixed"] == []


def test_zero_filters_are_named(searched):
    arrays, _, about = cut(searched, origin="constructed")
    assert about["zero_filters"] == ["w"]
    assert not arrays["second.w"].any()


def test_a_line_to_another_point_is_there_at_one(searched):
    table = searched.table("")
    start = int(table.index[table["origin"] == "constructed"][0])
    _, cells, about = cut(searched, point=start, directions=[{"to": 1}], extent=[1])
    assert set(cells["slice"]) == {"first"}
    assert set(cells["first"]) == {"start 1"}
    assert about["cosine"] is None
    ends = cells.set_index("alpha")["risk"]
    assert ends[1.0] == pytest.approx(table["risk"][1], rel=1e4 * EPS)
    assert ends[0.0] == pytest.approx(table["risk"][start], rel=1e4 * EPS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"point": 99}, "expected a start of the search, 0 to 8, got 99"),
        ({"point": "minimum"}, "expected the point saddle, lowest or the number of a start, got 'minimum'"),
        ({"origin": "descent"}, "expected a candidate of origin 'descent' for the point 'saddle', got none"),
        ({"directions": ["gradient", "random"]}, "expected a direction among .* got 'gradient'"),
        ({"directions": ["random"] * 3, "extent": [1] * 3}, "expected one or two directions and an extent for each"),
        ({"extent": [1]}, "expected one or two directions and an extent for each"),
        ({"steps": 6}, "expected an odd number of steps"),
        ({"bias": "none"}, "expected bias scaled or zero, got 'none'"),
        ({"point": 0, "directions": [{"to": 0}], "extent": [1]}, "got start 0, the point itself"),
        ({"point": 0, "directions": [{"to": 2}], "extent": [1]}, "got start 2, a point with labels of its own"),
    ],
)
def test_a_bad_block_is_one_sentence(searched, change, message):
    with pytest.raises(ValueError, match=message):
        cut(searched, **change)


def test_a_saddle_needs_a_negative_eigenvalue(searched):
    table = searched.table("").assign(smallest_eigenvalue=0.0)
    flat = SimpleNamespace(arrays=searched.arrays, metadata=searched.metadata, table=lambda need: table)
    with pytest.raises(ValueError, match="expected a candidate for the point 'saddle', got none"):
        cut(flat)
    assert cut(flat, point="lowest")[2]["start"] == table.loc[table["candidate"], "risk"].idxmin()
