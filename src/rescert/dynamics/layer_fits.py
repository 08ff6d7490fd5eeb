r"""Two-layer networks fitted to the factors of a map: random units, and linear least squares for the outer weights.

The factors $h_i=g_{i/m}\circ g_{(i-1)/m}^{-1}$ are those of the uniform schedule. A fit of $h_i-\mathrm{Id}$ draws the
units $\sigma(w\cdot(y-p))$, with p at the image of a random point and w in a random direction, and solves for A and c:
from the values at sample points, for some methods from the Jacobians there as well. The methods share the draws of a
seed. *Unbiased* units are $\sigma(w\cdot y)$; *translated* ones $\sigma(w\cdot(y+t))$, which are unbiased units on a
domain moved by t. *Kinked* layers (d = 1) join the images of equally spaced knots by straight lines: nothing is fitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from rescert.decomposition.dilated_factor import DilatedFactor, largest, norms, radius, spread
from rescert.decomposition.factors import load_map
from rescert.decomposition.interpolations import SmoothMap
from rescert.dynamics.trained import Emit, Generator, Progress, Trained
from rescert.networks.two_layer import ACTIVATIONS, TwoLayer, compose, kinked


@dataclass(frozen=True)
class Method:
    """``bias``: "inner", "none", or "translated"."""

    activation: str
    jacobians: bool
    bias: str = "inner"


METHODS = {
    "tanh_values": Method("tanh", False),
    "tanh_jacobians": Method("tanh", True),
    "relu_values": Method("relu", False),
    "relu_jacobians": Method("relu", True),
    "tanh_unbiased": Method("tanh", True, "none"),
    "relu_unbiased": Method("relu", True, "none"),
    "tanh_translated": Method("tanh", True, "translated"),
}
KINKED = "relu_kinked"
COUNTS = ("runs", "width", "samples")
FRESH = {1: 1001, 2: 1200}  # points for measurements, by dimension
TURN = 0.3  # that puts them between the sample points
GAINS = (0.5, 2.0)  # of |w|, times the size of the domain
AWAY = 1.25  # |t|, in sizes of the domain
CUT = 1e-12  # singular values below this part of the largest are dropped
NARROW = 1e-9  # parts of the domain: narrower pieces do not count
NEWTON = 4
ACCURATE = 0.1  # parts of sup |h_i - Id|: fits of values with a larger error are no examples
PAIR = 2.0**-36  # half the distance of the two points that show a slope, in radii


@dataclass(frozen=True)
class Fitted:
    """All layers of one method and their steepest points: each a batch of runs."""

    layers: Sequence[TwoLayer]
    places: Tensor  # (m, s, d), in X
    slopes: Tensor  # (m, s)
    errors: Tensor  # (m, s)


def train(
    config: Mapping[str, Any],
    inputs: Any,
    device: torch.device,
    emit: Emit,
    *,
    generator: Generator,
    progress: Progress = iter,
) -> Trained:
    r"""Fit every map of ``targets`` at every depth by every method.

    History, one row a fit of all m factors: ``error``, the largest end-to-end error over X; ``layer_error``, of one
    layer; ``lipschitz``, the largest Jacobian norm of a layer's increment, and ``true``, that of the factors; both are
    estimates from below, exact to rounding for ReLU with d = 1. Kinked rows have the seed -1. Weights: the knots of the
    kinked layers (m + 1, k + 1), and of each map and depth the steepest layers fitted to values alone and to Jacobians
    as well, with two points v and v' in X between whose images they are steep.

    Everything is solved on the CPU, in float64. Raises ``ValueError``, before any work, for keys that make no sense.
    """
    _check(config)
    rows: list[dict[str, Any]] = []
    weights: dict[str, np.ndarray] = {}
    witnesses = []
    todo = [(name, depth) for name in config["targets"] for depth in config["depths"]]
    for number, (name, depth) in enumerate(progress(todo), 1):
        draws = generator(config["seed"], f"units of {name} {depth}")
        for found in fit(name, depth, config, draws):
            rows += found.rows
            weights |= {f"{name}/{depth}/{key}": array for key, array in found.arrays.items()}
            witnesses += found.witnesses
        emit({f"{name}/error": min(r["error"] for r in rows if r["target"] == name and r["depth"] == depth)}, number)
    record = {
        **{key: config[key] for key in (*COUNTS, "seed")},
        "targets": list(config["targets"]),
        "depths": list(config["depths"]),
        "methods": [*METHODS, KINKED],
        "witnesses": witnesses,
    }
    return Trained(weights, pd.DataFrame(rows), record)


@dataclass(frozen=True)
class Part:
    """Rows of the history, arrays of the weights, and what the record says of the steepest layers."""

    rows: list[dict[str, Any]]
    arrays: dict[str, np.ndarray]
    witnesses: list[dict[str, Any]]


def tried(h: SmoothMap) -> Tensor:
    """The points of X at which fits are measured."""
    return spread(h, FRESH[h.DIMENSION], TURN)


def fit(name: str, depth: int, config: Mapping[str, Any], draws: torch.Generator) -> Iterator[Part]:
    """All methods on one map at one depth; the last parts hold the steepest layers."""
    h = load_map(name)
    sample, fresh = spread(h, config["samples"]), tried(h)
    factors = [DilatedFactor(h, i, depth) for i in range(1, depth + 1)]
    drawn = [draw(config["runs"], config["width"], h.DIMENSION, len(sample), draws) for _ in factors]
    true = [_largest_constant(f, fresh) for f in factors]
    common = {"target": name, "dimension": h.DIMENSION, "depth": depth, "true": max(true)}
    sizes = ACCURATE * torch.stack([f.increment(fresh).norm(dim=-1).max() for f in factors])[:, None]
    steepest_fits: dict[str, tuple[str, Fitted, Tensor]] = {}
    for label, method in METHODS.items():
        fitted = measure([_fit(f, method, sample, d) for f, d in zip(factors, drawn, strict=True)], factors, fresh)
        yield Part(_rows(fitted, h, fresh, {**common, "method": label}), {}, [])
        if method.bias == "inner":
            kind = "jacobians" if method.jacobians else "values"
            counted = fitted.slopes if method.jacobians else fitted.slopes.where(fitted.errors <= sizes, 0.0)
            known = steepest_fits.get(kind)
            if known is None or counted.max() > known[2].max():
                steepest_fits[kind] = label, fitted, counted
    if h.DIMENSION == 1:
        knots = images(factors, config["width"])
        layers = [kinked(a, b - a) for a, b in zip(knots[:-1, None], knots[1:, None], strict=True)]
        fitted = measure(layers, factors, fresh)
        rows = _rows(fitted, h, fresh, {**common, "method": KINKED})
        yield Part([{**row, "seed": -1} for row in rows], {"knots": knots.numpy()}, [])
    for kind, (label, fitted, counted) in steepest_fits.items():
        place = divmod(int(counted.argmax()), config["runs"])
        yield _witness(kind, label, fitted, place, factors, name)


def _largest_constant(factor: DilatedFactor, points: Tensor) -> float:
    return float(largest(lambda v: norms(factor.jacobian(v)), factor.h, points)[1])


def draw(runs: int, width: int, size: int, points: int, draws: torch.Generator) -> dict[str, Tensor]:
    """Directions (s, k, d), gains (s, k) and places (s, k): numbers of sample points."""
    directions = torch.randn(runs, width, size, generator=draws, dtype=torch.float64)
    low, high = GAINS
    return {
        "directions": directions / directions.norm(dim=-1, keepdim=True),
        "gains": low + (high - low) * torch.rand(runs, width, generator=draws, dtype=torch.float64),
        "places": torch.randint(points, (runs, width), generator=draws),
    }


def images(factors: Sequence[DilatedFactor], pieces: int) -> Tensor:
    r"""$g_{i/m}(v_j)$ of equally spaced knots $v_0,\dots,v_k$ of X, (m + 1, k + 1)."""
    h = factors[0].h
    knots = radius(h) * torch.linspace(-1, 1, pieces + 1, dtype=torch.float64)[:, None]
    return torch.stack([f.point(knots)[:, 0] for f in factors] + [h.value(knots)[:, 0]])


def _fit(factor: DilatedFactor, method: Method, sample: Tensor, drawn: Mapping[str, Tensor]) -> TwoLayer:
    y = factor.point(sample)
    jacobians = factor.jacobian(sample) if method.jacobians else None
    return solve(units(method, y, drawn), y, factor.increment(sample), jacobians, radius(factor.h))


def units(method: Method, y: Tensor, drawn: Mapping[str, Tensor]) -> TwoLayer:
    r"""The units of a layer on the points y (n, d), before A and c are known."""
    size = float(y.norm(dim=-1).max())
    inner = drawn["directions"] * drawn["gains"][..., None] / size
    if method.bias == "inner":
        bias = -(inner * y[drawn["places"]]).sum(-1)
    else:
        bias = inner[..., 0] * (AWAY * size if method.bias == "translated" else 0.0)
    return TwoLayer(method.activation, inner[..., :0].mT, inner, bias, inner[:, 0, :] * 0)


def solve(layer: TwoLayer, y: Tensor, values: Tensor, jacobians: Tensor | None, weight: float) -> TwoLayer:
    """A and c of least squares for given units (s, k, d): values (n, d), and Jacobians (n, d, d) times ``weight``."""
    function, slope = ACTIVATIONS[layer.activation]
    inside = y @ layer.inner.mT + layer.bias[:, None, :]
    left, right = torch.cat([function(inside), torch.ones_like(inside[..., :1])], -1), values
    if jacobians is not None:
        slopes = weight * slope(inside)
        # the derivative of unit k along e_j is σ' B_kj
        rows = [torch.cat([slopes * b[:, None, :], 0 * slopes[..., :1]], -1) for b in layer.inner.unbind(-1)]
        left = torch.cat([left, *rows], -2)
        right = torch.cat([right, *(weight * jacobians[..., j] for j in range(y.shape[-1]))])
    solution = torch.linalg.lstsq(left, right.expand(len(left), -1, -1), rcond=CUT, driver="gelsd").solution
    return TwoLayer(layer.activation, solution[:, :-1].mT, layer.inner, layer.bias, solution[:, -1])


def measure(layers: Sequence[TwoLayer], factors: Sequence[DilatedFactor], fresh: Tensor) -> Fitted:
    """The errors and the steepest points of layers fitted to the factors."""
    places, slopes, errors = [], [], []
    for layer, factor in zip(layers, factors, strict=True):
        place, slope = steepest(layer, factor, fresh)
        places.append(place)
        slopes.append(slope)
        difference = layer.increment(factor.point(fresh)) - factor.increment(fresh)
        errors.append(difference.norm(dim=-1).amax(-1))
    return Fitted(layers, torch.stack(places), torch.stack(slopes), torch.stack(errors))


def steepest(layer: TwoLayer, factor: DilatedFactor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Where, as a v in X (s, d), and how large (s,) the Jacobian of the increment is on g_b(X)."""
    if layer.activation == "relu" and factor.h.DIMENSION == 1:
        return _steepest_piece(layer, factor, points)
    return largest(lambda v: norms(layer.jacobian(factor.point(v))), factor.h, points)


def _steepest_piece(layer: TwoLayer, factor: DilatedFactor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Exact, up to rounding: the slopes of all pieces but those that rounding made, taken at their middles."""
    images = factor.point(points)[:, 0].contiguous()
    # a unit of weight 0 has no kink
    kinks = torch.where(layer.inner[..., 0] == 0, images[0], -layer.bias / layer.inner[..., 0])
    edges = torch.cat([kinks.clamp(images[0], images[-1]), images[[0, -1]].expand(len(kinks), 2)], -1).sort(-1).values
    middles = (edges[:, 1:] + edges[:, :-1]) / 2
    # kinks are drawn at the ends, too, where rounding leaves pieces inside
    wide = edges.diff(dim=-1) > NARROW * (images[-1] - images[0])
    slopes = torch.where(wide, norms(layer.jacobian(middles[..., None])), 0.0)
    best, at = slopes.max(-1)
    middle = middles.gather(-1, at[:, None])
    # v by linear interpolation between the points, and Newton's method
    place = torch.searchsorted(images, middle).clamp(1, len(points) - 1)
    share = (middle - images[place - 1]) / (images[place] - images[place - 1])
    v = points[place - 1, 0] * (1 - share) + points[place, 0] * share
    for _ in range(NEWTON):  # pieces may be much narrower than the spacing of the points
        v = v - (factor.point(v) - middle) / factor.jacobian_of_point(v)[..., 0]
    return v.clamp(points[0, 0], points[-1, 0]), best


def _rows(fitted: Fitted, h: Any, fresh: Tensor, common: Mapping[str, Any]) -> list[dict[str, Any]]:
    runs = fitted.slopes.shape[-1]
    errors = (compose(fitted.layers, fresh.expand(runs, -1, -1)) - h.value(fresh)).norm(dim=-1).amax(-1)
    return [
        {
            **common,
            "seed": run,
            "error": float(errors[run]),
            "layer_error": float(fitted.errors[:, run].max()),
            "lipschitz": float(fitted.slopes[:, run].max()),
        }
        for run in range(runs)
    ]


def _witness(
    kind: str, label: str, fitted: Fitted, place: tuple[int, int], factors: Sequence[DilatedFactor], name: str
) -> Part:
    """A layer of a run, and two points of X whose images lie along the direction that it stretches most."""
    index, run = place
    factor, layer, v = factors[index], fitted.layers[index], fitted.places[index, run] * (1 - 4 * PAIR)
    jacobian = layer.jacobian(factor.point(v[None]))[run, 0]
    along = torch.linalg.solve(factor.jacobian_of_point(v), torch.linalg.svd(jacobian).Vh[0])
    step = PAIR * radius(factor.h) * along / along.norm()
    arrays = {
        "outer": layer.outer[run],
        "inner": layer.inner[run],
        "bias": layer.bias[run],
        "shift": layer.shift[run],
        "points": torch.stack([v - step, v + step]),
    }
    found = {
        "target": name,
        "depth": factor.depth,
        "kind": kind,
        "method": label,
        "activation": layer.activation,
        "index": index + 1,
        "seed": run,
        "slope": float(fitted.slopes[index, run]),
        "layer_error": float(fitted.errors[index, run]),
    }
    return Part([], {f"steep/{kind}/{key}": array.contiguous().numpy() for key, array in arrays.items()}, [found])


def _check(config: Mapping[str, Any]) -> None:
    if config["architecture"] != "two_layer":
        raise ValueError(f"expected the architecture two_layer for layer fits, got '{config['architecture']}'")
    for key, least in zip(COUNTS, (2, 2, 16), strict=True):
        if isinstance(config[key], bool) or not isinstance(config[key], int) or config[key] < least:
            raise ValueError(f"expected {key} >= {least}, got {config[key]}")
    depths, targets = config["depths"], config["targets"]
    if not depths or not all(isinstance(m, int) and m >= 2 for m in depths) or len(set(depths)) < len(depths):
        raise ValueError(f"expected different depths of at least 2, got {depths}")
    if not targets or len(set(targets)) < len(targets):
        raise ValueError(f"expected different targets, got {targets}")
    for name in targets:
        size = load_map(name).DIMENSION
        if size not in FRESH:
            raise ValueError(f"expected targets of dimension 1 or 2, got '{name}' of dimension {size}")
    if config["width"] > config["samples"] or not math.isfinite(config["seed"]):
        raise ValueError(f"expected at least as many samples as units, got {config['samples']} and {config['width']}")
