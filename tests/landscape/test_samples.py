"""Data of landscapes: on the grid, of the right kind, and refused where they can't be."""

import numpy as np
import pytest
import torch

from draws import uniform
from rescert import runtime
from rescert.landscape.samples import GRID, draw

CONFIG = {"seed": 0, "samples": 40, "dimension": 3}


def images(count=60, seed=0):
    pixels = (255 * uniform(seed, "pixels", (count, 28, 28))).to(torch.uint8).numpy()
    return {"train_images": pixels, "train_labels": np.arange(count) % 3}


@pytest.mark.parametrize("changes", [{}, {"loss": "logistic"}, {"loss": "logistic", "separable": True}])
def test_gaussian_data_lie_on_the_grid(changes):
    points, labels = draw({**CONFIG, **changes}, None, runtime.generator)
    assert points.shape == (40, 3)
    assert torch.equal(points * GRID, (points * GRID).round())
    assert torch.equal(labels * GRID, (labels * GRID).round())
    if "loss" in changes:
        assert set(labels.tolist()) == {0.0, 1.0}
    if "separable" in changes:
        assert torch.equal(labels == 1, points[:, 0] > 0)


def test_image_features_are_principal_components():
    points, labels = draw({**CONFIG, "digits": [0, 2], "samples": 30}, images(), runtime.generator)
    assert set(labels.tolist()) == {-1.0, 1.0}
    covariance = (points.T @ points / 30).numpy()
    off = covariance - np.diag(np.diagonal(covariance))
    # Each entry was rounded to the grid: products err by at most 2 * largest / (2 * GRID).
    assert np.abs(off).max() <= points.abs().max().item() / GRID
    assert covariance[0, 0] == pytest.approx(1, abs=points.abs().max().item() / GRID)
    assert (np.diff(np.diagonal(covariance)) < 0.02).all()
    again, _ = draw({**CONFIG, "digits": [0, 2], "samples": 30}, images(), runtime.generator)
    assert torch.equal(points, again)


def test_class_labels_are_0_and_1_for_the_logistic_loss():
    _, labels = draw({**CONFIG, "digits": [0, 2], "samples": 30, "loss": "logistic"}, images(), runtime.generator)
    assert labels.tolist() == [float(c == 2) for c in images()["train_labels"] if c != 1][:30]


def test_impossible_data_are_refused():
    with pytest.raises(ValueError, match="expected at least one sample"):
        draw({**CONFIG, "samples": 0}, None, runtime.generator)
    with pytest.raises(ValueError, match="expected 50 images of 0 and 2"):
        draw({**CONFIG, "digits": [0, 2], "samples": 50}, images(), runtime.generator)
