"""The Lanczos method: closed forms, naive twins, and what a small residual does not show."""

import numpy as np
import pytest
import torch
from torch import nn

from draws import normal
from rescert.certify import inertia
from rescert.certify.problem import trace
from rescert.landscape import lanczos
from rescert.landscape.lanczos import hessian_product, smallest, smallest_eigenvalue
from rescert.landscape.risk import Landscape
from rescert.networks import residual_blocks
from rescert.networks.residual_blocks import parameter_shapes

EPS = np.finfo(np.float64).eps
POWERS = 10 ** torch.linspace(-6, 2, 150, dtype=torch.float64)
SPECTRA = {
    "dense at the end": torch.linspace(-1, 1, 200, dtype=torch.float64),
    "isolated among zeros": torch.cat([torch.tensor([-1.0]).double(), torch.zeros(150).double(), POWERS]),
    "two nearly equal": torch.cat([torch.tensor([-1.0, -1.0 + 1e-7]).double(), POWERS]),
    "multiple": torch.cat([-torch.ones(5), torch.ones(40)]).double(),
    "definite": torch.linspace(1, 30, 150, dtype=torch.float64),
    "negative": -POWERS,
    "zero": torch.zeros(7, dtype=torch.float64),
    "one entry": torch.tensor([-3.0], dtype=torch.float64),
}
TOLERANCE = 1e-9


def matrix(name):
    """A symmetric matrix with these eigenvalues in a random basis."""
    values = SPECTRA[name]
    basis, _ = torch.linalg.qr(normal(1, f"test basis {name}", (len(values), len(values))))
    full = (basis * values) @ basis.T
    return (full + full.T) / 2


def rounding(full):
    """The backward error of a product and of a computed spectrum."""
    return 10 * len(full) * EPS * float(full.abs().sum(1).max())


@pytest.mark.parametrize("basis", [200, 40, 12])
@pytest.mark.parametrize("name", SPECTRA)
def test_the_smallest_eigenvalue_of_a_known_spectrum(name, basis):
    full, values = matrix(name), SPECTRA[name]
    found = smallest_eigenvalue(lambda v: full @ v, normal(1, "test start", (len(values),)), TOLERANCE, basis)
    slack = rounding(full)
    assert found.converged
    assert found.residual <= TOLERANCE
    assert float((full @ found.vector - found.value * found.vector).norm()) == pytest.approx(found.residual, abs=slack)
    assert float(found.vector.norm()) == pytest.approx(1, abs=len(values) * EPS)
    low, high = found.interval
    assert bool(((values >= low - slack) & (values <= high + slack)).any())
    assert float(values.min()) - slack <= found.value <= float(values.min()) + TOLERANCE + slack
    assert found.likely_above() <= float(values.min()) + slack
    assert found.norm <= float(values.abs().max()) + slack


def test_a_start_that_misses_the_lowest_eigenvector_converges_elsewhere():
    """What is not proved: the residual is tiny and the value is not the smallest."""
    values = torch.cat([torch.tensor([-5.0]).double(), torch.linspace(-1, 1, 50).double()])
    start = normal(1, "test start", (51,))
    start[0] = 0
    found = smallest_eigenvalue(lambda v: values * v, start, TOLERANCE)
    assert found.converged
    assert found.value == pytest.approx(-1, abs=TOLERANCE)
    assert "not proved" in str(found)


def test_it_stops_short_honestly():
    full = matrix("dense at the end")
    found = smallest_eigenvalue(lambda v: full @ v, normal(1, "test start", (200,)), TOLERANCE, limit=8)
    assert not found.converged
    assert found.products == 8
    assert found.residual > 1e-3
    assert found.likely_above() < -1.001
    low, high = found.interval
    assert bool(((SPECTRA["dense at the end"] >= low) & (SPECTRA["dense at the end"] <= high)).any())


def test_an_unreachable_tolerance_is_not_claimed():
    full = matrix("dense at the end")
    found = smallest_eigenvalue(lambda v: full @ v, normal(1, "test start", (200,)), 1e-30, limit=400)
    assert not found.converged
    assert found.residual > 1e-30
    assert found.value == pytest.approx(-1, abs=rounding(full))


def krylov_space(steps, tolerance=TOLERANCE):
    full = matrix("isolated among zeros")
    space = lanczos._Krylov(lambda v: full @ v, normal(1, "test start", (len(full),)), 120, tolerance)
    for _ in range(steps):
        space.extend()
    return full, space


def test_the_basis_stays_orthogonal_and_the_projection_true():
    full, space = krylov_space(90)
    rows = space.vectors[:90]
    lost = float((rows @ rows.T - torch.eye(90).double()).abs().max())
    assert lost < TOLERANCE / 10
    projected = torch.from_numpy(space.projected[:90, :90])
    assert float((rows @ full @ rows.T - projected).abs().max()) < 10 * lost * 100 + rounding(full)


def test_without_the_estimate_orthogonality_would_be_lost(monkeypatch):
    monkeypatch.setattr(lanczos._Krylov, "estimate", lambda self, coupling: np.zeros(self.length + 1))
    _, space = krylov_space(90)
    rows = space.vectors[:90]
    assert float((rows @ rows.T - torch.eye(90).double()).abs().max()) > 1e-3


@pytest.mark.parametrize("steps", [10, 12, 14])
def test_at_most_the_stated_share_of_random_starts_misses(steps):
    """At an outlier that a few steps may overlook, with a risk of 1 in 5 over 400 starts: at most 80, deviation 8."""
    values = torch.cat([torch.tensor([-1.1]).double(), torch.linspace(-1, 1, 400).double()])
    starts = normal(1, "test starts", (400, 401))
    found = [smallest_eigenvalue(lambda v: values * v, start, TOLERANCE, limit=steps + 1) for start in starts]
    missed = sum(each.likely_above(0.2) > -1.1 for each in found)
    assert 0 < missed <= 80 + 4 * 8, "none missed: the bound would not be put to a test"
    assert not any(each.likely_above(1e-9) > -1.1 for each in found)


def test_the_product_is_that_of_the_hessian():
    def function(x):
        return (x.sin() * x.roll(1)).sum() ** 2 + x.exp().prod()

    x, directions = normal(1, "test point", (6,)).requires_grad_(), normal(1, "test directions", (3, 6))
    product = hessian_product(function(x), x)
    full = torch.func.hessian(function)(x.detach())
    for vector in directions:  # the graph is kept
        assert torch.allclose(product(vector), full @ vector, rtol=1e3 * EPS, atol=1e3 * EPS * float(full.abs().max()))
    assert x.grad is None


def test_the_product_of_a_module_of_ones_own():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    for name, value in model.named_parameters():
        value.data = normal(1, f"test {name}", tuple(value.shape))
    inputs, labels = normal(1, "test inputs", (9, 3)), normal(1, "test labels", (9, 1))
    leaves = dict(model.named_parameters())

    def risk(flat):
        parts = flat.split([leaf.numel() for leaf in leaves.values()])
        named = {name: part.view_as(leaf) for (name, leaf), part in zip(leaves.items(), parts, strict=True)}
        return (torch.func.functional_call(model, named, (inputs,)) - labels).square().mean()

    product = hessian_product((model(inputs) - labels).square().mean(), list(model.parameters()))
    full = torch.func.hessian(risk)(torch.cat([leaf.detach().reshape(-1) for leaf in leaves.values()]))
    columns = torch.stack([product(row) for row in torch.eye(len(full)).double()])
    assert torch.allclose(columns, full, rtol=1e3 * EPS, atol=1e3 * EPS * float(full.abs().max()))
    found = smallest_eigenvalue(product, normal(1, "test start", (len(full),)))
    assert found.value == pytest.approx(float(torch.linalg.eigvalsh(full)[0]), abs=1e-8)


def test_parameters_without_curvature_get_zeros():
    x, idle = (normal(1, f"test {name}", (2,)).requires_grad_() for name in ("x", "idle"))
    vector = normal(1, "test vector", (4,))
    product = hessian_product((x**2).sum() / 2 + idle[0], [x, idle])
    assert product(vector).tolist() == [*vector[:2].tolist(), 0.0, 0.0]
    assert not hessian_product(3 * x.sum(), x)(vector[:2]).any()


def landscape_points(ridge=0.0):
    shapes = parameter_shapes(4, [3, 2])
    landscape = Landscape(normal(1, "test inputs", (30, 4)), shapes, ridge=ridge)
    theta, labels = normal(1, "test points", (3, landscape.size)) / 2, normal(1, "test labels", (3, 30))
    return landscape, theta, labels


@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_both_ways_to_the_smallest_eigenvalue_agree(ridge):
    landscape, theta, labels = landscape_points(ridge)
    start = normal(1, "test start", (landscape.size,))
    formed, product = (smallest(landscape, theta, labels, start, TOLERANCE, dense) for dense in (10**6, 0))
    assert (formed.dense, product.dense) == (True, False)
    assert torch.allclose(formed.values, product.values, rtol=0, atol=2 * TOLERANCE)
    assert float(product.residuals.max()) <= TOLERANCE
    assert float(formed.residuals.max()) <= 1e3 * EPS * float(formed.norms.max())
    assert bool((product.norms <= formed.norms * (1 + 1e3 * EPS)).all())
    assert torch.allclose(formed.norms, product.norms, rtol=1e-3)
    turned = (landscape.hessian(theta, labels) @ product.vectors[..., None])[..., 0]
    assert float((turned - product.values[:, None] * product.vectors).norm(dim=1).max()) < 2 * TOLERANCE


def test_the_direction_found_is_certified_to_be_one_of_negative_curvature():
    """Lanczos says where; balls prove that the Rayleigh quotient there is negative, and what it is."""
    landscape, theta, labels = landscape_points()
    start = normal(1, "test start", (landscape.size,))
    found = smallest_eigenvalue(landscape.product(theta[0], labels[0]), start, TOLERANCE)
    program = trace(
        lambda v: residual_blocks.risk(v, v["X"], v["y"]),
        landscape.shapes,
        {"X": landscape.inputs.numpy(), "y": labels[0].numpy()},
    )
    point = {name: value.numpy() for name, value in landscape.unravel(theta[0]).items()}
    direction = {name: value.numpy() for name, value in landscape.unravel(found.vector).items()}
    proof = inertia.prove_negative_direction(program, point, direction)
    assert found.value < -1e-3
    assert proof.proved
    assert proof.lower - 1e-12 <= found.value <= proof.upper + 1e-12
    lifted = {name: value + (0.1 if name == "V1" else 0.0) for name, value in direction.items()}
    other = inertia.prove_negative_direction(program, point, lifted)
    assert other.lower > proof.upper, "another direction is not the lowest"


def test_two_steps_may_not_even_see_the_sign():
    """As many as a peer's default takes for one eigenvalue: positive, and said not to have converged."""
    landscape = Landscape(normal(1, "test inputs", (60, 6)), parameter_shapes(6, [5, 5]))
    theta, start = normal(1, "test points", (1, landscape.size)) / 3, normal(1, "test start", (landscape.size,))
    labels = landscape.outputs(theta) + normal(1, "test labels", (1, 60)) / 10
    product = landscape.product(theta[0], labels[0])
    short, full = smallest_eigenvalue(product, start, limit=3), smallest_eigenvalue(product, start)
    assert short.value > 0.01 > -0.02 > full.value
    assert full.value == pytest.approx(float(torch.linalg.eigvalsh(landscape.hessian(theta, labels))[0, 0]), abs=1e-8)
    assert not short.converged
    assert short.likely_above() < full.value


def test_the_same_start_gives_the_same_bits():
    full, start = matrix("two nearly equal"), normal(1, "test start", (152,))
    first, second = (smallest_eigenvalue(lambda v: full @ v, start, TOLERANCE, 40) for _ in range(2))
    assert (first.value, first.residual, first.products) == (second.value, second.residual, second.products)
    assert torch.equal(first.vector, second.vector)


def test_misuse_is_refused():
    start = torch.ones(3, dtype=torch.float64)
    for bad in (start.float(), 0 * start, start * torch.nan, start[None]):
        with pytest.raises(ValueError, match="expected a finite float64 start other than zero"):
            smallest_eigenvalue(lambda v: v, bad)
    for options in ({"tolerance": 0.0}, {"basis": 2}, {"limit": 1}):
        with pytest.raises(ValueError, match="expected tolerance > 0, basis >= 3, limit >= 2"):
            smallest_eigenvalue(lambda v: v, start, **options)
    with pytest.raises(ValueError, match="expected finite Hessian-vector products"):
        smallest_eigenvalue(lambda v: v * torch.inf, start)
    with pytest.raises(ValueError, match="expected a risk between 0 and 1, got 1"):
        smallest_eigenvalue(lambda v: v, start).likely_above(1)
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(ValueError, match=r"expected float64 parameters that require gradients, got .*float32"):
        hessian_product((x**2).sum(), x)
    double = start.clone().requires_grad_()
    with pytest.raises(ValueError, match="expected a scalar risk computed from parameters"):
        hessian_product(double**2, double)
    with pytest.raises(ValueError, match=r"expected a vector of 3 entries, got shape \(4,\)"):
        hessian_product((double**2).sum(), double)(torch.ones(4).double())
