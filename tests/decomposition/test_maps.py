"""Every benchmark map: what it must satisfy, and that its constants are true and not slack."""

import math
from fractions import Fraction
from importlib import import_module

import numpy as np
import pytest
import torch
from flint import arb

from rescert.certify import balls
from rescert.certify.problem import trace
from rescert.sources import available

MAPS = available("decomposition.maps")
EPS = torch.finfo(torch.float64).eps


@pytest.fixture(params=MAPS)
def h(request):
    return import_module(f"rescert.decomposition.maps.{request.param}")


def points(h, count=400):
    draws = torch.randn(count, h.DIMENSION, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    radii = torch.rand(count, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return float(Fraction(h.RADIUS)) * radii * draws / draws.norm(dim=-1, keepdim=True)


def norm(matrices):
    return torch.linalg.matrix_norm(matrices, ord=2)


def test_fixes_the_origin_to_first_order(h):
    origin = torch.zeros(h.DIMENSION, dtype=torch.float64)
    assert torch.equal(h.value(origin), origin)
    assert torch.equal(h.jacobian(origin), torch.eye(h.DIMENSION, dtype=torch.float64))


def test_jacobian_is_that_of_automatic_differentiation(h):
    x = points(h)
    automatic = torch.func.vmap(torch.func.jacrev(h.value))(x)
    assert (h.jacobian(x) - automatic).abs().max() <= 16 * EPS * automatic.abs().max()


def test_change_of_the_jacobian_is_a_difference(h):
    x, a, b = points(h), torch.tensor([0.7], dtype=torch.float64), torch.tensor([0.3], dtype=torch.float64)
    difference = h.jacobian(a * x) - h.jacobian(b * x)
    assert (h.jacobian_change(a, b, x) - difference).abs().max() <= 16 * EPS * h.jacobian(x).abs().max()


def test_dilation_is_the_quotient_where_that_does_not_cancel(h):
    x, a = points(h), torch.tensor([0.5], dtype=torch.float64)
    assert (h.dilation(a, x) - h.value(a * x) / a).abs().max() <= 16 * EPS * x.abs().max()
    assert torch.equal(h.dilation(torch.zeros(1, dtype=torch.float64), x), x)
    assert torch.equal(
        h.dilation(torch.ones(1, dtype=torch.float64), x).round(decimals=12), h.value(x).round(decimals=12)
    )


def test_constants_bound_all_sampled_ratios(h):
    alpha, inverse = float(Fraction(h.SMOOTHNESS)), float(Fraction(h.INVERSE_LIPSCHITZ))
    x, y = points(h), points(h).flip(0)
    distance = (x - y).norm(dim=-1)
    apart = distance > 1e-6
    smoothness = (norm(h.jacobian(x) - h.jacobian(y)) / distance)[apart].max()
    stretch = (distance / (h.value(x) - h.value(y)).norm(dim=-1))[apart].max()
    assert smoothness <= alpha * (1 + 1e-9)
    assert stretch <= inverse * (1 + 1e-9)
    assert inverse >= 1


def test_value_is_a_program(h):
    point = points(h, 1)[0]
    program = trace(lambda v: h.value(v["point"]), {"point": (h.DIMENSION,)})
    enclosed = balls.evaluate(program, {"point": {"mid": point.numpy(), "rad": np.zeros(h.DIMENSION)}})
    for ball, value in zip(enclosed.reshape(-1), h.value(point).tolist(), strict=True):
        assert abs(float(ball.mid()) - value) <= 16 * EPS * float(point.abs().max())


@pytest.mark.parametrize("after", [1e-9, 0.4, 1.0])
def test_change_of_the_jacobian_does_not_cancel(h, after):
    """Against the plain difference with 200 bits: relative to the largest entry, at parameters that nearly agree."""
    point, before = points(h, 1)[0], after * (1 - 2.0**-30)
    ends = {"after": [after], "before": [before]}
    program = trace(
        lambda v: h.jacobian(v["after"] * v["point"]) - h.jacobian(v["before"] * v["point"]),
        {},
        {**ends, "point": point.numpy()},
    )
    enclosed = balls.evaluate(program, {}, 200).reshape(-1)
    expected = torch.tensor([float(ball.mid()) for ball in enclosed], dtype=torch.float64)
    computed = h.jacobian_change(*(torch.tensor(v, dtype=torch.float64) for v in ends.values()), point).reshape(-1)
    assert (computed - expected).abs().max() <= 64 * EPS * expected.abs().max()


def test_parameters_and_points_broadcast(h):
    x, d = points(h, 5), h.DIMENSION
    a, b = (
        torch.tensor([[0.2], [0.5], [1.0]], dtype=torch.float64),
        torch.tensor([[0.0], [0.2], [0.5]], dtype=torch.float64),
    )
    assert h.jacobian_change(a, b, x[0]).shape == (3, d, d)
    together = h.jacobian_change(a[:, None], b[:, None], x)
    assert together.shape == (3, 5, d, d)
    assert h.dilation(a[:, None], x).shape == (3, 5, d)
    for i in range(3):
        torch.testing.assert_close(together[i], h.jacobian_change(a[i], b[i], x), rtol=0, atol=16 * EPS)
        torch.testing.assert_close(h.dilation(a[:, None], x)[i], h.dilation(a[i], x), rtol=0, atol=16 * EPS)


def test_dilation_by_little_is_nearly_the_identity(h):
    """|h(ax)/a - x| <= α a |x|²/2, without the noise of a quotient."""
    x, alpha = points(h), float(Fraction(h.SMOOTHNESS))
    for a in (1e-300, 1e-12, 1e-6):
        gap = (h.dilation(torch.tensor([a], dtype=torch.float64), x) - x).norm(dim=-1)
        assert bool((gap <= alpha * a / 2 * x.norm(dim=-1) ** 2 + 4 * EPS * x.norm(dim=-1)).all())


@pytest.mark.parametrize("name", MAPS)
def test_jacobian_and_its_change_are_programs(name):
    """In balls and in floats the same numbers, for a batch of parameters."""
    h = import_module(f"rescert.decomposition.maps.{name}")
    ends = torch.linspace(0, 1, 4, dtype=torch.float64)[:, None]
    point = points(h, 1)[0]

    def output(v):
        change = h.jacobian_change(v["after"], v["before"], v["point"])
        return torch.cat([change.reshape(-1), h.jacobian(v["point"]).reshape(-1)])

    program = trace(output, {"point": (h.DIMENSION,)}, {"after": ends[1:].numpy(), "before": ends[:-1].numpy()})
    enclosed = balls.evaluate(program, {"point": {"mid": point.numpy(), "rad": np.zeros(h.DIMENSION)}})
    expected = torch.cat([h.jacobian_change(ends[1:], ends[:-1], point).reshape(-1), h.jacobian(point).reshape(-1)])
    scale = float(expected.abs().max())
    assert len(enclosed) == len(expected)
    for ball, value in zip(enclosed, expected.tolist(), strict=True):
        assert abs(float(ball.mid()) - value) <= 16 * EPS * scale


@pytest.mark.parametrize(
    ("name", "point", "inverse", "stretch"),
    [
        ("sinh1d", [1.0], None, math.cosh(1)),
        ("ridge2d", [-math.pi / 2, 0.3], 2.0782700064680826, None),
        ("ridge3d", [math.pi / 2, 0.0, 1.0], None, 1.6423930259315538),
        ("ridge10d", [-math.pi / 2, *[0.1] * 9], 2.0782700064680826, None),
        ("twist2d", [0.6, 0.8], (1 + math.sqrt(5)) / 2, (1 + math.sqrt(5)) / 2),
    ],
)
def test_constants_are_attained(name, point, inverse, stretch):
    h = import_module(f"rescert.decomposition.maps.{name}")
    singular = torch.linalg.svdvals(h.jacobian(torch.tensor(point, dtype=torch.float64)))
    if inverse is not None:
        assert 1 / singular[-1].item() == pytest.approx(inverse, rel=16 * EPS)
        assert inverse <= Fraction(h.INVERSE_LIPSCHITZ) <= inverse * (1 + 1e-5)
    if stretch is not None:
        assert singular[0].item() == pytest.approx(stretch, rel=16 * EPS)


@pytest.mark.parametrize(
    ("name", "point", "direction", "least"),
    [
        ("twist2d", [1.0, 0.0], [math.cos(0.17501), math.sin(0.17501)], 3.2191286),
        ("shears2d", [0.0, 2.0], [1.0, 0.0], 3 / 8 * math.hypot(1, (1 - math.cos(2)) / 4)),
        ("gradconvex3d", [0.0, 0.0, 0.0], [1 / math.sqrt(3)] * 3, 9 * math.sqrt(3) / 32),
        ("sinh1d", [1.0], [1.0], math.sinh(1)),
    ],
)
def test_smoothness_is_nearly_attained(name, point, direction, least):
    """The second derivative at a point and in a direction, where the docstring says that it is largest."""
    h = import_module(f"rescert.decomposition.maps.{name}")
    x, u = (torch.tensor(v, dtype=torch.float64) for v in (point, direction))
    twice = torch.func.jacfwd(torch.func.jacfwd(h.value))(x)
    second = torch.einsum("ijk,j,k->i", twice, u, u).norm().item()
    assert second == pytest.approx(least, rel=1e-6)
    assert second < float(Fraction(h.SMOOTHNESS)) < 1.0003 * second


@pytest.mark.parametrize(("name", "at"), [("gradconvex3d", {"a": 0.3, "b": -0.7}), ("resflow10d", {"radius": 1.0})])
def test_derived_bounds_of_second_derivatives_hold_at_points(name, at):
    h = import_module(f"rescert.decomposition.maps.{name}")
    bounds = h.curvature({key: torch.tensor(v, dtype=torch.float64) for key, v in at.items()}).norm(dim=-1)
    assert bounds.max() <= float(Fraction(h.SMOOTHNESS)) * (1 + 1e-12)
    if name == "resflow10d":
        assert bounds.max() == pytest.approx(0.539417, rel=1e-5)
        bound, directions = bounds.max(), torch.randn(4, 10, generator=torch.Generator().manual_seed(3)).double()
    else:
        bound, directions = bounds.max(), torch.tensor([[1.0, 0.3, -0.7]], dtype=torch.float64)
    for u in directions / directions.norm(dim=-1, keepdim=True):
        for x in points(h, 6):
            along = torch.func.jvp(lambda z, u=u: torch.func.jvp(h.value, (z,), (u,))[1], (x,), (u,))[1]
            assert along.norm() <= bound * (1 + 1e-12)


def test_cos1d_constants_are_attained():
    h = import_module("rescert.decomposition.maps.cos1d")
    x = torch.tensor([[-torch.pi / 2], [0.0], [torch.pi / 2]], dtype=torch.float64)
    slopes = h.jacobian(x)[:, 0, 0]
    assert 1 / slopes[0] == pytest.approx(float(Fraction(h.INVERSE_LIPSCHITZ)), rel=4 * EPS)
    assert slopes[2] == pytest.approx(1.5, rel=4 * EPS)
    nearby = torch.tensor([1e-5], dtype=torch.float64)
    secant = (h.jacobian(nearby) - h.jacobian(-nearby)).item() / 2e-5
    assert secant == pytest.approx(float(Fraction(h.SMOOTHNESS)), rel=1e-9)


@pytest.mark.parametrize("a", [1e-300, 1e-12, 1e-6, 0.3])
def test_cos1d_dilation_does_not_cancel(a):
    h = import_module("rescert.decomposition.maps.cos1d")
    x = 1.7
    beyond = arb(a) * (arb(x) / 2) ** 2 * (arb(a) * arb(x) / 2).sinc() ** 2
    change = (arb(a) * arb(x)).sin() / 2
    parameter, zero, point = (torch.tensor([v], dtype=torch.float64) for v in (a, 0.0, x))
    # The part beyond x is computed on its own: exact where it is not lost against x.
    assert h.dilation(parameter, point).item() == pytest.approx(float((arb(x) + beyond).mid()), rel=4 * EPS, abs=0)
    computed = h.jacobian_change(parameter, zero, point).item()
    assert computed == pytest.approx(float(change.mid()), rel=8 * EPS, abs=0)
