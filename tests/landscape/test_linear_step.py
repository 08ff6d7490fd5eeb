"""Variable projection: the fitted parameters are the best ones, and only networks that fit are fitted."""

import pytest
import torch

from draws import normal
from rescert.landscape.chunks import chunk_size, in_chunks
from rescert.landscape.linear_step import fit, fits
from rescert.landscape.risk import Landscape
from rescert.networks.residual_blocks import features, parameter_shapes

EPS = torch.finfo(torch.float64).eps


def draw(widths=(2, 2), samples=30, batch=3):
    landscape = Landscape(normal(0, "inputs", (samples, 3)), parameter_shapes(3, list(widths)))
    return landscape, normal(1, "points", (batch, landscape.size)), normal(2, "labels", (batch, samples))


@pytest.mark.parametrize("widths", [(2,), (2, 1), (1, 2, 1)])
def test_the_fit_is_least_squares_in_the_representation_and_the_last_features(widths):
    landscape, theta, labels = draw(widths)
    fitted, risks = fit(landscape, theta, labels)
    for k in range(len(theta)):
        phi, hidden = features(landscape.unravel(theta[k]), landscape.inputs)
        before = hidden - phi[-1] @ landscape.unravel(theta[k])[f"V{len(widths)}"].T
        design = torch.cat([before, phi[-1]], dim=1)
        solution = torch.linalg.lstsq(design, labels[k]).solution
        least = (design @ solution - labels[k]).square().mean() / 2
        # The ridge of 1e-13 raises the risk by that share at most, times the condition of the design.
        assert float(risks[k]) == pytest.approx(float(least), rel=1e-9)
    assert torch.allclose(landscape.risk(fitted, labels), risks, rtol=1e-9)
    kept = [n for n in landscape.shapes if n not in ("w", f"V{len(widths)}")]
    assert all(torch.equal(landscape.unravel(fitted)[n], landscape.unravel(theta)[n]) for n in kept)


def test_another_network_or_order_does_not_fit():
    landscape, _, _ = draw()
    assert fits(landscape)
    assert not fits(Landscape(landscape.inputs, dict(reversed(landscape.shapes.items()))))
    assert not fits(Landscape(landscape.inputs, {"w": (3,)}, network=lambda p, x, _: x @ p["w"]))


def test_chunks_give_what_the_whole_gives():
    landscape, theta, labels = draw(batch=7)
    whole = landscape.risk(theta, labels)
    for size in (1, 3, 7, 100):
        (found,) = in_chunks(size, lambda t, y: (landscape.risk(t, y),), theta, labels)
        assert torch.allclose(found, whole, rtol=100 * EPS)
    assert chunk_size(landscape, tangents=True) >= 1
    assert chunk_size(landscape, tangents=False) > chunk_size(landscape, tangents=True)
    with pytest.raises(ValueError, match="expected chunks of at least one"):
        in_chunks(0, lambda t: (t,), theta)
