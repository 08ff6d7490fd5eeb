"""Factors of cos1d: suprema against dense sampling, composition, the lower limit, the order of the curves."""

import itertools
import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from rescert import runtime
from rescert.decomposition import ball_search, factors, schedules
from rescert.decomposition.constants import constants
from rescert.decomposition.factors import (
    Factorisation,
    decompose,
    distances,
    factorise,
    grid,
    load_map,
    lower_limit,
    maximise,
    rate,
)
from rescert.decomposition.interpolations import DerivativePower, Dilation, completed, right_quotient

EPS = torch.finfo(torch.float64).eps
COS = load_map("cos1d")
PATHS = [Dilation(COS), DerivativePower(COS)]
CONFIG = {"map": "cos1d", "depths": [2, 8, 32], "schedules": ["printed", "uniform", "equalised", "optimal"]}


@pytest.fixture(scope="module")
def decomposed():
    return decompose(CONFIG, runtime.generator)


def parameter(a):
    return torch.tensor([a], dtype=torch.float64)


@pytest.mark.parametrize("path", PATHS)
def test_path_leads_from_the_identity_to_the_map(path):
    x = grid(COS, 101)
    assert (path.value(parameter(0.0), x) - x).abs().max() <= 4 * EPS
    assert (path.value(parameter(1.0), x) - COS.value(x)).abs().max() <= 16 * EPS


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("a", [0.25, 0.9])
def test_jacobian_of_the_path_is_that_of_its_values(path, a):
    x = grid(COS, 41)
    automatic = torch.func.vmap(torch.func.jacrev(lambda v: path.value(parameter(a), v)))(x)
    assert (path.jacobian(parameter(a), x) - automatic).abs().max() <= 64 * EPS


@pytest.mark.parametrize("path", PATHS)
def test_change_is_the_jacobian_of_the_factor(path):
    x, a, b = grid(COS, 41), parameter(0.75), parameter(0.5)
    plain = path.jacobian(a, x) / path.jacobian(b, x) - 1
    assert (path.change(a, b, x) - plain).abs().max() <= 16 * EPS


def test_right_quotient_of_matrices():
    generator = torch.Generator().manual_seed(4)
    matrix, divisor = (torch.randn(5, 3, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    assert (right_quotient(matrix, divisor) @ divisor - matrix).abs().max() <= 1e4 * EPS


@pytest.mark.parametrize("depth", [2, 5, 16])
def test_distances_are_those_of_dense_sampling(depth):
    """The refined maximum is at least every sampled value, and no more than a fine grid explains."""
    a = np.concatenate([[0.0], schedules.uniform(depth)])
    v = np.linspace(-2, 2, 200_001)
    naive = [np.abs((1 + np.sin(u * v) / 2) / (1 + np.sin(b * v) / 2) - 1).max() for b, u in itertools.pairwise(a)]
    _, found = distances(Dilation(COS), a[1:], grid(COS, 2049))
    assert (found.numpy() >= np.array(naive) - 16 * EPS).all()
    assert (found.numpy() <= np.array(naive) * (1 + 1e-8)).all()


def test_maximum_inside_and_at_an_end():
    points = grid(COS, 9)
    at, found = maximise(
        lambda v: (
            torch.stack([1 - (v[0, :, 0] - 0.3) ** 2, v[-1, :, 0]])
            if len(v) > 1
            else torch.cat([1 - (v[..., 0] - 0.3) ** 2, v[..., 0]])
        ),
        points,
    )
    assert at[:, 0].tolist() == pytest.approx([0.3, 2.0], abs=1e-7)
    assert found.tolist() == pytest.approx([1.0, 2.0], abs=1e-13)


def composition_error(h, path, parameters, points):
    """The largest distance of the composed factors from h."""
    found = Factorisation(path, np.array(parameters), torch.empty(0), torch.empty(0))
    return (found.compose(points) - h.value(points)).norm(dim=-1).max()


@pytest.mark.parametrize("path", PATHS)
def test_composition_is_the_map_to_rounding(path):
    """Each factor adds at most its own rounding, a few units in the last place times the conditioning M·Lip(h)."""
    points = grid(COS, 65)
    for depth in (1, 4, 32):
        parameters = np.arange(1, depth + 1) / depth
        assert composition_error(COS, path, parameters, points) <= 3 * 32 * EPS * (1 + depth)


def test_a_schedule_that_stops_short_does_not_compose_to_the_map():
    assert composition_error(COS, Dilation(COS), [0.5, 0.9], grid(COS, 65)) > 0.01


@pytest.mark.parametrize("schedule", ["printed", "uniform", "equalised"])
def test_factors_lead_from_state_to_state_and_compose_to_the_map(schedule):
    h = load_map("shears2d")
    found = factorise(h, 4, schedule)
    x = ball_search.ball_points(2, 2.0)[::17]
    state = x
    for i, a in enumerate(found.parameters, 1):
        after = found.factor(i, state)
        expected = h.dilation(torch.tensor([a]), x)
        assert (after - expected).abs().max() <= 1e-12
        # A secant of h_i - Id is at most the distance, up to the search's error.
        apart = (state[1:] - state[:-1]).norm(dim=-1)
        moved = (after - state)[1:] - (after - state)[:-1]
        assert (moved.norm(dim=-1) / apart).max() <= 1.001 * found.distances[i - 1]
        state = after
    assert (found.compose(x) - h.value(x)).abs().max() <= 1e-12


@pytest.mark.parametrize(
    ("depth", "schedule", "message"),
    [
        (1, "uniform", "a depth of at least 2"),
        (2.5, "uniform", "a whole number as depth"),
        (4, "best", "a schedule among"),
        (4, "optimal", "dimension 1 only"),
    ],
)
def test_what_cannot_be_factorised_is_refused(depth, schedule, message):
    with pytest.raises(ValueError, match=message):
        factorise(load_map("twist2d"), depth, schedule)


@pytest.mark.parametrize("value", [lambda x: -x, lambda x: x + 0.1, lambda x: 1.001 * x, lambda x: x / 0])
def test_a_map_whose_path_does_not_start_at_the_identity_is_refused(value):
    given = SimpleNamespace(
        DIMENSION=1, RADIUS="1", SMOOTHNESS="1", INVERSE_LIPSCHITZ="1", value=value, __doc__="no identity at 0"
    )
    with pytest.raises(ValueError, match=r"expected h\(0\) = 0 and Dh\(0\) = I, got"):
        factorise(given, 4, "uniform")


@pytest.mark.parametrize("name", ["shears2d", "gradconvex3d"])
def test_the_composition_error_is_that_of_points_from_the_origin_to_the_boundary(name, monkeypatch):
    """A factor that is wrong near the origin only must show in the table."""
    seen = []
    compose = Factorisation.compose
    monkeypatch.setattr(Factorisation, "compose", lambda self, x: (seen.append(x), compose(self, x))[1])
    decompose({"map": name, "depths": [2], "schedules": ["uniform"]}, runtime.generator)
    sizes = seen[0].norm(dim=-1)
    radius = float(Fraction(load_map(name).RADIUS))
    assert sizes.min() == 0
    assert (sizes < radius / 2).sum() >= 0.3 * len(sizes)
    assert sizes.max() == pytest.approx(radius)


def test_searched_factors_are_equalised_to_one_part_in_a_hundred():
    found = factorise(load_map("shears2d"), 16, "equalised").distances
    assert found.max() / found.min() - 1 <= 0.01


def test_a_factor_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="expected a factor from 1 to 2, got 3"):
        factorise(COS, 2, "uniform").factor(3, grid(COS, 3))


def test_lower_limit_in_closed_form():
    for depth in (1, 2, 256):
        assert lower_limit(COS, depth) == pytest.approx(1 - 2 ** (-1 / depth), rel=1e-12)


def test_rate_of_a_power_law():
    depths = [2, 4, 8, 16, 32]
    assert rate(depths, [7.0 * m**-1.5 for m in depths]) == pytest.approx((-1.5, -1.5, -1.5), rel=1e-6)
    assert all(map(math.isnan, rate([2], [1.0])))
    slope, low, high = rate(depths, [m**-1.0 * (1 + 0.01 * (-1) ** k) for k, m in enumerate(depths)])
    assert low < slope < high


def test_table_has_one_row_a_depth_and_schedule(decomposed):
    table, record = decomposed
    assert len(table) == len(CONFIG["depths"]) * len(CONFIG["schedules"])
    for row in table.itertuples():
        assert len(row.parameters) == len(row.distances) == len(row.at) == row.depth
        assert row.distance == max(row.distances)
        assert row.composition_error <= 3 * 32 * EPS * (1 + row.depth)
    assert record["printed_constant"] == "12"
    assert record["near_identity_from"] == 59


def test_curves_lie_in_their_proven_order(decomposed):
    """limit = optimal <= equalised < uniform <= αRM max(a_i - a_{i-1}), and no schedule below the limit."""
    table, _ = decomposed
    known = constants(COS)
    for depth, rows in table.groupby("depth"):
        distance = rows.set_index("schedule")["distance"]
        limit = rows["limit"].iloc[0]
        assert distance["optimal"] == pytest.approx(limit, rel=1e-10)
        assert limit < distance["equalised"] < distance["uniform"] <= known.uniform_bound(depth)
        for row in rows[rows["schedule"] != "optimal"].itertuples():
            steps = np.diff(row.parameters, prepend=0.0)
            assert (np.array(row.distances) <= float(known.uniform) * steps).all()
            assert row.distance <= row.printed_bound


def test_equalised_factors_have_equal_distances(decomposed):
    table, _ = decomposed
    for row in table[table["schedule"] == "equalised"].itertuples():
        assert max(row.distances) / min(row.distances) - 1 <= 1e-10


def test_decomposing_twice_gives_equal_tables():
    config = {**CONFIG, "depths": [4]}
    assert decompose(config, runtime.generator)[0].equals(decompose(config, runtime.generator)[0])


@pytest.mark.parametrize(
    "change",
    [
        {"schedules": ["printed", "fast"]},
        {"depths": []},
        {"map": "cos2d"},
        {"depths": [1]},
        {"depths": [2.5]},
        {"schedules": []},
    ],
)
def test_misuse_is_refused(change):
    with pytest.raises(ValueError, match="expected"):
        decompose({**CONFIG, **change}, runtime.generator)


@pytest.mark.parametrize("name", ["ridge2d", "twist2d"])
def test_distances_on_a_line_are_those_of_searching_the_disc(name):
    """The derivation in the map's file against Jacobians at points of X; the supremum is attained in these."""
    h = load_map(name)
    a = torch.linspace(0, 1, 4, dtype=torch.float64)
    path = Dilation(h)
    _, found = distances(path, a[1:].tolist(), grid(h, 2049))
    points = ball_search.ball_points(2, float(Fraction(h.RADIUS)))
    for i in range(3):
        change = path.change(a[i + 1].reshape(1), a[i].reshape(1), points)
        largest = torch.linalg.matrix_norm(change, ord=2).max().item()
        assert 0.995 * found[i].item() <= largest <= found[i].item() * (1 + 1e-12)


def test_norms_of_matrices_in_closed_form_are_singular_values():
    generator = torch.Generator().manual_seed(0)
    for size in (1, 2, 3):
        matrices = torch.randn(50, size, size, generator=generator, dtype=torch.float64)
        expected = torch.linalg.svdvals(matrices)[:, 0]
        assert torch.allclose(factors._norm(matrices), expected, rtol=1e-13)


def test_a_map_of_values_alone_decomposes_like_the_full_one():
    given = SimpleNamespace(
        DIMENSION=2, RADIUS="2", SMOOTHNESS="1", INVERSE_LIPSCHITZ="2", value=load_map("shears2d").value, __doc__=""
    )
    full, plain = load_map("shears2d"), completed(given)
    points = ball_search.ball_points(2, 2.0)[::40]
    a = [0.25, 0.5, 1.0]
    ends = torch.tensor([0.0, *a], dtype=torch.float64)
    norms = [factors.change_norms(Dilation(h), ends[1:], ends[:-1], points[None]) for h in (full, plain)]
    assert torch.allclose(*norms, atol=1e-12)
    assert composition_error(plain, Dilation(plain), a, points) <= 1e-12


def test_search_of_a_ball_finds_maxima_inside_and_on_the_boundary():
    points = ball_search.ball_points(3, 2.0)
    inside = torch.tensor([0.3, -0.2, 0.9], dtype=torch.float64)

    def both(v):
        return torch.stack([-(v[0] - inside).square().sum(-1), v[-1, :, 0]])

    at, found = ball_search.maximise(both, points, 2.0)
    assert (at[0] - inside).norm() <= 1e-5
    assert at[1].tolist() == pytest.approx([2.0, 0.0, 0.0], abs=1e-6)
    assert found.tolist() == pytest.approx([0.0, 2.0], abs=1e-9)


def test_optimal_schedule_is_for_dimension_one():
    with pytest.raises(ValueError, match="expected the schedule 'optimal' for maps of dimension 1 only"):
        decompose({"map": "twist2d", "depths": [2], "schedules": ["optimal"]}, runtime.generator)
