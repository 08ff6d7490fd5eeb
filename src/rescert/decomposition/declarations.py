r"""What a map declares, tried at points of its ball: $h(0)=0$, $Dh(0)=I$, $\det Dh>0$, and the constants α and M.

A declaration that a sampled pair refutes is wrong, up to the rounding of that pair's numbers, which is estimated and
taken off. One that none refutes may still be wrong. The search climbs, from near and far pairs: a constant that is too
small by a tenth was caught on all maps of this package.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import torch

from rescert.decomposition import pair_search
from rescert.decomposition.interpolations import SmoothMap
from rescert.decomposition.linear_approximation import change_ratio, remainder_ratio, stretch_ratio
from rescert.decomposition.pair_search import Pairs

PAIRS = 128  # far ones, and as many near ones
CLIMBING = 12  # of each, from which the search climbs
ROUNDING = 64 * torch.finfo(torch.float64).eps  # of a value of h or Dh, in units of the largest, times the dimension
MARGIN = 1e-9  # relative, of the declared constants


def check(h: SmoothMap, generator: torch.Generator, name: str) -> None:
    """Raises ``ValueError``, in one sentence, for the first declaration of the map ``name`` that does not stand."""
    radius, alpha, inverse = (_constant(h, key, name) for key in ("RADIUS", "SMOOTHNESS", "INVERSE_LIPSCHITZ"))
    dimension = h.DIMENSION
    if not isinstance(dimension, int) or isinstance(dimension, bool) or dimension < 1:
        raise ValueError(f"expected a DIMENSION >= 1 of the map '{name}', got {dimension!r}")
    pairs = pair_search.draw(dimension, radius, PAIRS, generator)
    origin = torch.zeros(1, dimension, dtype=torch.float64)
    points = torch.cat([origin, pairs.x, pairs.y])
    values, slopes = _evaluated(h, points, name)
    _expect_orientation(h, pairs, radius, name)
    _expect_origin(values[0], slopes[0], ROUNDING * dimension * float(values.abs().max()), name)
    dust = ROUNDING * dimension
    largest, steepest = dust * float(values.abs().max()), dust * float(slopes.abs().max())
    _expect(
        lambda x, y: change_ratio(h, x, y),
        lambda x, y, size: size - steepest / (x - y).norm(dim=-1),
        _climbed(lambda x, y: change_ratio(h, x, y), pairs, radius),
        alpha,
        f"‖Dh(x) - Dh(y)‖/|x - y| <= {h.SMOOTHNESS}, the declared SMOOTHNESS of the map '{name}'",
    )
    _expect(
        lambda x, y: stretch_ratio(h, x, y),
        lambda x, y, size: (x - y).norm(dim=-1) / ((h.value(x) - h.value(y)).norm(dim=-1) + largest),
        _climbed(lambda x, y: stretch_ratio(h, x, y), pairs, radius),
        inverse,
        f"|x - y|/|h(x) - h(y)| <= {h.INVERSE_LIPSCHITZ}, the declared INVERSE_LIPSCHITZ of the map '{name}'",
    )
    # By the first inequality of Lemma 3 a Jacobian with that α is the derivative of h, or breaks this.
    _expect(
        lambda x, y: remainder_ratio(h, x, y),
        lambda x, y, size: size - 2 * (largest + radius * steepest) / (x - y).norm(dim=-1) ** 2,
        pairs,
        alpha,
        f"2|h(y) - h(x) - Dh(x)(y - x)|/|y - x|² <= {h.SMOOTHNESS}, as of the derivative of the map '{name}'",
    )


def _constant(h: SmoothMap, key: str, name: str) -> float:
    text = getattr(h, key)
    try:
        value = Fraction(text) if isinstance(text, str) else None
    except (ValueError, ZeroDivisionError):
        value = None
    if value is None or value <= 0:
        raise ValueError(f"expected a positive decimal or p/q as text for {key} of the map '{name}', got {text!r}")
    return float(value)


def _evaluated(h: SmoothMap, points: torch.Tensor, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """h and Dh at points (n, d), of the right shapes and finite."""
    count, d = points.shape
    results = []
    for part, shape in (("value", (count, d)), ("jacobian", (count, d, d))):
        result = getattr(h, part)(points)
        if tuple(result.shape) != shape:
            raise ValueError(
                f"expected {part} of the map '{name}' to have shape {shape} at points of shape {(count, d)}, got "
                f"{tuple(result.shape)}"
            )
        broken = ~result.isfinite().reshape(count, -1).all(dim=1)
        if broken.any():
            raise ValueError(
                f"expected finite numbers from {part} of the map '{name}', got others at {_shown(points[broken][0])}"
            )
        results.append(result)
    return results[0], results[1]


def _expect_orientation(h: SmoothMap, pairs: Pairs, radius: float, name: str) -> None:
    """det Dh > 0 beyond rounding at all points, and at those to which its descent leads."""
    climbed = _climbed(lambda x, y: -torch.minimum(h.jacobian(x).det(), h.jacobian(y).det()), pairs, radius)
    points = torch.cat([torch.zeros_like(pairs.x[:1]), *pairs, *climbed])
    slopes = h.jacobian(points)
    determinants = slopes.det()
    least = int(determinants.argmin())
    if determinants[least] < 0:
        raise ValueError(
            f"expected det Dh > 0 of the map '{name}', which is to preserve orientation, got "
            f"{float(determinants[least]):.6g} at x = {_shown(points[least])}"
        )
    singular = torch.linalg.svdvals(slopes)
    least = int(singular[:, -1].argmin())
    if singular[least, -1] <= ROUNDING * h.DIMENSION * singular.max():
        raise ValueError(
            f"expected an invertible Jacobian of the map '{name}', got singular values from "
            f"{float(singular[least, -1]):.3g} to {float(singular[least, 0]):.3g} at x = {_shown(points[least])}"
        )


def _expect_origin(value: torch.Tensor, slope: torch.Tensor, dust: float, name: str) -> None:
    if value.abs().max() > dust:
        raise ValueError(f"expected h(0) = 0 of the map '{name}', got {_shown(value)}")
    identity = torch.eye(len(slope), dtype=slope.dtype)
    if (slope - identity).abs().max() > ROUNDING * len(slope):
        raise ValueError(f"expected Dh(0) = I of the map '{name}', got {_shown(slope)}")


def _climbed(ratio: pair_search.Ratio, pairs: Pairs, radius: float) -> Pairs:
    return pair_search.climb(ratio, pairs, radius, CLIMBING)[0]


def _expect(
    ratio: pair_search.Ratio,
    certain: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
    pairs: Pairs,
    bound: float,
    what: str,
) -> None:
    """The ratio is at most the bound at all pairs; ``certain`` is what of it no rounding explains."""
    ratios = ratio(*pairs).detach()
    left = certain(*pairs, ratios).detach().nan_to_num(0)
    worst = int(left.argmax())
    if left[worst] > bound * (1 + MARGIN):
        x, y = pairs.x[worst], pairs.y[worst]
        raise ValueError(f"expected {what}, got {float(ratios[worst]):.6g} at x = {_shown(x)}, y = {_shown(y)}")


def _shown(numbers: torch.Tensor) -> str:
    """The numbers in short, with nine digits, so that near points differ."""
    if numbers.ndim > 1:
        return "[" + ", ".join(_shown(row) for row in numbers) + "]"
    return "[" + ", ".join(f"{x:.9g}" for x in numbers.tolist()) + "]"
