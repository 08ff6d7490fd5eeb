"""Both forms equal the network as the paper writes it; their gradients equal autograd's; convexity."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.nn import functional

from draws import uniform
from rescert import runtime
from rescert.networks import convex_pairs

EPS = torch.finfo(torch.float64).eps


def parameters(width: int = 3, depth: int = 3, filters: int = 2, classes: int = 4, seed: int = 0):
    generator = partial(runtime.generator, seed)
    start = convex_pairs.initial(generator, width=width, depth=depth, filters=filters, side=17, classes=classes)
    return {name: value.requires_grad_() for name, value in start.items()}


def images(count: int = 6) -> torch.Tensor:
    return uniform(1, "images", (count, 17, 17))


def plain_features(p, pictures: torch.Tensor) -> torch.Tensor:
    maps = functional.relu(functional.conv2d(pictures[:, None], p["filters"], p["offsets"]))
    return functional.max_pool2d(maps, 4).flatten(1)


def plain_functions(p, x: torch.Tensor) -> torch.Tensor:
    """(7a)-(7c), one network after the other, with the hidden state."""
    values = []
    for k in range(p["c"].shape[0]):
        h = x
        for V, W, b in zip(p["V"][:, k], p["W"][:, k], p["b"][:, k], strict=True):
            h = h + functional.relu(h @ V.T - b) @ W
        values.append(h @ p["c"][k])
    return torch.stack(values)


def plain_forward(p, pictures: torch.Tensor) -> torch.Tensor:
    r, s = plain_functions(p, plain_features(p, pictures)).chunk(2)
    return (r - s).T + p["d"]


def roundings(p) -> int:
    """More than the length of any sum in a forward or backward pass: all terms are nonnegative but the last two."""
    depth, _, width, n = p["V"].shape
    return 4 * depth * (n + width) + 100


forms = pytest.mark.parametrize("form", [convex_pairs.LowRank, convex_pairs.HiddenState])
MATRICES = ("V", "W", "b", "c")


@forms
@pytest.mark.parametrize(("width", "depth"), [(1, 1), (3, 1), (3, 2), (3, 3), (5, 4)])
def test_either_form_equals_the_plain_network(form, width: int, depth: int) -> None:
    p = parameters(width, depth)
    x = plain_features(p, images())
    fast, plain = form.apply(x, *(p[name] for name in MATRICES)), plain_functions(p, x)
    assert (x @ p["V"][0].flatten(0, 1).T > p["b"][0].flatten()).any()  # the hinges matter
    assert torch.all((fast - plain).abs() <= roundings(p) * EPS * plain)


def test_pooling_before_the_hinge_changes_nothing() -> None:
    p = parameters(filters=16)
    fast, plain = convex_pairs.features(p, images()), plain_features(p, images())
    assert fast.shape == (6, 16 * 3 * 3)
    assert (plain == 0).any()
    assert (plain > 0).any()
    assert torch.all((fast - plain).abs() <= 100 * EPS)  # 36 products of numbers below 1


def test_sizes_of_the_paper() -> None:
    start = convex_pairs.initial(partial(runtime.generator, 0), width=32)
    assert convex_pairs.features(start, torch.zeros(1, 28, 28, dtype=torch.float64)).shape == (1, 1600)
    assert convex_pairs.parameter_counts(start) == {
        "filters": 64 * 36,
        "offsets": 64,
        "V": 20 * 3 * 32 * 1600,
        "W": 20 * 3 * 32 * 1600,
        "b": 20 * 3 * 32,
        "c": 20 * 1600,
        "d": 10,
        "total": 6_178_298 + 20 * 100,
    }


@pytest.mark.parametrize(("width", "wide"), [(3, False), (18, True)])
def test_gradient_equals_autograd_on_the_plain_form(width: int, wide: bool) -> None:
    p = parameters(width)
    assert convex_pairs.thin(*(p["V"].shape[i] for i in (0, 2, 3)), 6) is not wide
    labels = torch.tensor([0, 1, 2, 3, 0, 1])
    gradients = []
    for forward in (convex_pairs.forward, plain_forward):
        loss = functional.cross_entropy(forward(p, images()), labels)
        gradients.append(torch.autograd.grad(loss, list(p.values())))
    for name, fast, plain in zip(p, *gradients, strict=True):
        scale = plain.abs().max()
        assert scale > 0, name
        assert torch.all((fast - plain).abs() <= roundings(p) * 100 * EPS * scale), name


@forms
def test_gradient_equals_differences(form) -> None:
    p = {name: value.detach().clone().requires_grad_() for name, value in parameters(2, 3, 1, 2).items()}
    x = plain_features(p, images(3)).detach().requires_grad_()
    assert torch.autograd.gradcheck(form.apply, (x, *(p[name] for name in MATRICES)))


def test_functions_are_convex_and_rise_with_slope_c() -> None:
    p = parameters(8)
    x, y = uniform(2, "x", (50, 18)), uniform(2, "y", (50, 18))
    t = uniform(2, "t", (50, 1))
    f = partial(convex_pairs.convex_functions, p)
    chord = t[:, 0] * f(x) + (1 - t[:, 0]) * f(y)
    assert torch.all(f(t * x + (1 - t) * y) <= chord * (1 + roundings(p) * EPS))
    assert (f(t * x + (1 - t) * y) < chord * (1 - 1e-6)).any()  # not affine
    step = torch.zeros(18, dtype=torch.float64)
    step[3] = 0.5
    rise = f(x + step) - f(x)
    assert torch.all(rise >= 0.5 * p["c"][:, 3:4] - roundings(p) * EPS * f(x + step))


def test_functions_are_convex_in_the_pixels() -> None:
    p = parameters(8)
    first, second = uniform(3, "first", (40, 17, 17)), uniform(3, "second", (40, 17, 17))

    def f(pictures: torch.Tensor) -> torch.Tensor:
        return convex_pairs.convex_functions(p, convex_pairs.features(p, pictures))

    chord = (f(first) + f(second)) / 2
    assert torch.all(f((first + second) / 2) <= chord * (1 + 2 * roundings(p) * EPS))


def test_a_negative_entry_breaks_convexity() -> None:
    """W_1 = -1 and one hinge: h_1 = x - [x]_+ = min(x, 0)."""
    one = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    p = {"V": one, "W": -one, "b": torch.zeros(1, 1, 1, dtype=torch.float64), "c": one[0, 0]}
    values = convex_pairs.convex_functions(p, torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64))[0]
    assert values.tolist() == [-1.0, 0.0, 0.0]
    assert values[1] > (values[0] + values[2]) / 2


def test_start_respects_the_bounds_and_the_seed() -> None:
    start, again, other = parameters(), parameters(), parameters(seed=1)
    for name, bound in convex_pairs.LOWER_BOUNDS.items():
        assert torch.all(start[name] >= bound)
    assert all(torch.equal(start[name], again[name]) for name in start)
    assert not torch.equal(start["V"], other["V"])
    n = start["V"].shape[-1]
    assert abs(start["V"].mean().item() * n - 1) < 6 * (2 / (0.1 * start["V"].numel())) ** 0.5  # six standard errors


@pytest.mark.parametrize("sizes", [{"width": 0}, {"width": 3, "depth": 0}, {"width": 3, "side": 8}])
def test_impossible_sizes_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"expected .*, got"):
        convex_pairs.initial(partial(runtime.generator, 0), **sizes)
