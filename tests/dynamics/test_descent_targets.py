"""Samples and targets of functional descent."""

import pytest
import torch

from rescert.dynamics.descent_targets import line, spiral, task, tasks


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("points", [line(24, 2.0), spiral(24, 1.5)])
def test_inputs_are_distinct_within_the_radius_and_no_two_are_opposite(points):
    radius = {1: 2.0, 2: 1.5}[points.shape[1]]
    assert points.norm(dim=-1).max() <= radius
    assert points.norm(dim=-1).min() > 0.04 * radius
    assert torch.pdist(points).min() > 0.05 * radius
    assert torch.cdist(points, -points).min() > 0.01 * radius


def test_maps_and_their_dilations():
    whole, near = (task(name, 2, 6, 3, generator()) for name in ("cos1d", "cos1d 1/64"))
    assert torch.equal(whole.inputs, near.inputs)
    x = whole.inputs[:, 0]
    assert torch.allclose(whole.targets[:, 0], x + torch.sin(x / 2) ** 2, rtol=0, atol=1e-15)
    assert torch.allclose(near.targets[:, 0], x + 64 * torch.sin(x / 128) ** 2, rtol=0, atol=1e-14)
    assert torch.equal(whole.targets[:, 1], torch.zeros(6, dtype=torch.float64))


def test_the_mirror_turns_the_line():
    one = task("mirror", 1, 6, 3, generator())
    assert torch.equal(one.targets, -one.inputs)
    assert one.dimension == 1


def test_teachers_are_drawn_again_for_every_name_and_depth():
    found = tasks(["teacher", "teacher 2"], [1, 2], 6, 3, generator())
    assert [(one.name, one.depth) for one in found] == [
        ("teacher", 1),
        ("teacher", 2),
        ("teacher 2", 1),
        ("teacher 2", 2),
    ]
    assert all(not torch.equal(a.targets, b.targets) for a in found for b in found if a is not b)
    again = tasks(["teacher", "teacher 2"], [1, 2], 6, 3, generator())
    assert all(torch.equal(a.targets, b.targets) for a, b in zip(found, again, strict=True))


@pytest.mark.parametrize(
    ("name", "expected"), [("nothing", "expected a map with a file"), ("cos1d 2", "expected a dilation in")]
)
def test_unknown_targets_are_refused(name, expected):
    with pytest.raises(ValueError, match=expected):
        task(name, 1, 6, 3, generator())
