"""Midpoint-radius arithmetic: containment in every regime of floats, against balls of 2500 bits (exact here)."""

import numpy as np
import pytest
from flint import arb

from rescert.certify import balls, midrad
from rescert.certify.midrad import MidRad

BITS = 5000  # holds every sum of products of doubles exactly


def draw(rng: np.random.Generator, shape: tuple[int, ...], regime: str) -> np.ndarray:
    value = rng.normal(size=shape)
    if regime == "wide":
        value = value * 2.0 ** rng.integers(-300, 300, size=shape)
    elif regime == "subnormal":
        value = value * 2.0 ** rng.integers(-1074, -980, size=shape)
    elif regime == "huge":
        value = value * 2.0 ** rng.integers(400, 520, size=shape)
    elif regime == "mixed":
        value = value * 2.0 ** rng.integers(-1060, 1000, size=shape).astype(float)
    return np.where(rng.random(shape) < 0.2, 0.0, value)


def random_midrad(rng: np.random.Generator, shape: tuple[int, ...], regime: str) -> tuple[MidRad, np.ndarray]:
    """An enclosure and the balls of one point within."""
    mid = draw(rng, shape, regime)
    rad = np.abs(mid) * rng.choice([0.0, 2.0**-50, 0.1], size=shape)
    inside = np.clip(mid + rng.uniform(-0.9, 0.9, size=shape) * rad, mid - rad, mid + rad)
    return MidRad(mid, rad), balls.enter_array(np.where(rad == 0, mid, inside))


def contains(enclosure: MidRad, exact: np.ndarray) -> bool:
    pairs = zip(enclosure.mid.flat, enclosure.rad.flat, balls.wrap(exact).flat, strict=True)
    return all(r == np.inf or (arb(float(m)) - x).abs_upper() <= arb(float(r)) for m, r, x in pairs)


@pytest.mark.parametrize("regime", ["plain", "wide", "subnormal", "huge", "mixed"])
def test_containment(regime: str) -> None:
    rng = np.random.default_rng(3)
    with balls.working_precision(BITS), np.errstate(over="ignore", invalid="ignore"):
        for _ in range(60):
            n, k, m = rng.integers(1, 7, size=3)
            (a, x), (b, y) = random_midrad(rng, (n, k), regime), random_midrad(rng, (k, m), regime)
            assert contains(a @ b, x @ y)
            (c, z) = random_midrad(rng, (n, k), regime)
            assert contains(a + c, x + z)
            assert contains(a - c, x - z)
            assert contains(a * c, x * z)
            assert contains(a.sum(), x.sum())
            assert contains(a.sum(axis=0), x.sum(axis=0))


def test_cancellation() -> None:
    rng = np.random.default_rng(4)
    with balls.working_precision(BITS):
        for scale in (1.0, 2.0**-1000, 2.0**400):
            a = rng.normal(size=(5, 8)) * scale
            rows = MidRad.exact(np.concatenate([a, -a * (1 + 2.0**-40)], axis=1))
            ones = MidRad.exact(np.ones((16, 3)))
            assert contains(rows @ ones, balls.enter_array(rows.mid) @ balls.enter_array(ones.mid))


def test_products_of_every_length_are_narrow() -> None:
    rng = np.random.default_rng(5)
    for k in (1, 10, 500):
        a, b = rng.normal(size=(3, k)), rng.normal(size=(k, 3))
        product = MidRad.exact(a) @ MidRad.exact(b)
        # Twice the a-priori bound, plus what rounds it upwards.
        assert (product.rad <= 2.1 * midrad.gamma(k) * (np.abs(a) @ np.abs(b))).all()


def test_exact_zeros_stay_exact() -> None:
    zero = MidRad.exact(np.zeros((2, 2)))
    wide = MidRad(np.full((2, 2), 1e300), np.full((2, 2), 1e300))
    for product in (zero @ wide, wide @ zero, zero * wide, zero + zero, zero.sum(axis=0)):
        assert not product.mid.any()
        assert not product.rad.any()


def test_tiny_products_keep_an_underflow_term() -> None:
    tiny = MidRad.exact(np.full((1, 1), 2.0**-600))
    assert (tiny @ tiny).rad > 0
    assert (tiny * tiny).rad > 0
    # 1e300 times a subnormal is normal: its rounding error must not be lost with γ times the subnormal.
    with balls.working_precision(BITS):
        a, b = np.array([[1.1e300, 1.3e300]]), np.array([[3e-310], [7e-310]])
        assert contains(MidRad.exact(a) @ MidRad.exact(b), balls.enter_array(a) @ balls.enter_array(b))


def test_overflow_and_nan_prove_nothing() -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        huge = MidRad.exact(np.full((2, 2), 1e200))
        assert np.isinf((huge @ huge).rad).all()
        assert np.isinf((huge * huge).rad).all()
        assert np.isinf(((huge @ huge) @ MidRad.exact(np.zeros((2, 2)))).rad).all()
        assert np.isinf(MidRad(np.array([np.nan]), np.array([0.0])).rad).all()
    with pytest.raises(ValueError, match="finite"):
        MidRad.exact([np.nan])
    with pytest.raises(ValueError, match="radii"):
        MidRad(np.zeros(1), -np.ones(1))
    with pytest.raises(ValueError, match="float64 holds exactly"):
        MidRad.exact(np.array([2**53 + 1]))


def test_of_balls_encloses() -> None:
    with balls.working_precision(200):
        exact = balls.enter_array(["1/3", "-1e-400", "1e300", "0"])
        assert contains(MidRad.of_balls(exact), exact)
        assert np.isinf(MidRad.of_balls(balls.wrap(arb("nan"))).rad)


@pytest.mark.parametrize("seed", range(10))
def test_smallest_eigenvalue(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    root = rng.normal(size=(n, n))
    matrix = root @ root.T / n + 1e-6 * np.eye(n)
    matrix = (matrix + matrix.T) / 2
    true = np.linalg.eigvalsh(matrix)[0]
    bound = midrad.smallest_eigenvalue_above(MidRad.exact(matrix))
    assert bound is not None
    assert 0 < bound <= true + n * 2.0**-52 * np.linalg.norm(matrix)
    assert midrad.positive_definite(MidRad(matrix, np.full((n, n), true / (8 * n))))
    assert not midrad.positive_definite(MidRad(matrix, np.full((n, n), 2 * true)))
    assert not midrad.positive_definite(MidRad.exact(matrix - 2 * true * np.eye(n)))


def test_singular_matrices_are_not_positive_definite() -> None:
    for n in (1, 2, 5):
        assert not midrad.positive_definite(MidRad.exact(np.zeros((n, n))))
        assert not midrad.positive_definite(MidRad.exact(np.ones((n, n)) * (n > 1)))


@pytest.mark.parametrize("seed", range(10))
def test_quadratic_form(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 50))
    matrix = rng.normal(size=(n, n))
    matrix = (matrix + matrix.T) / 2
    values, vectors = np.linalg.eigh(matrix)
    assert (midrad.quadratic_form(MidRad.exact(matrix), vectors[:, 0]).upper() < 0) == (values[0] < 0)


def test_integers_are_exact_or_refused() -> None:
    assert MidRad.exact(np.array([2**53, -(2**63)])).mid.tolist() == [2.0**53, -(2.0**63)]
    for value in (2**53 + 1, 2**63 - 1, 2**64 - 1):
        with pytest.raises(ValueError, match="expected integers that float64 holds exactly"):
            MidRad.exact(np.array([value]))
