"""What every trainer takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import torch

Emit = Callable[[dict[str, float], int], None]  # metrics and their step, for whoever watches
Generator = Callable[[int, str], "torch.Generator"]  # of a seed and a purpose
Progress = Callable[[Iterable], Iterable]

RECORDS = 60  # iterations that a history of full-batch descent keeps, at most


@dataclass(frozen=True)
class Trained:
    """Final weights (``<seed>/<parameter>``), one history row a seed and epoch, and the record's content."""

    weights: Mapping[str, np.ndarray]
    history: pd.DataFrame
    record: Mapping[str, Any]


def recorded(iterations: int) -> list[int]:
    """The iterations that a history keeps: 0, the last, and between them about evenly spaced logarithms.

    >>> recorded(5)
    [0, 1, 2, 3, 4, 5]
    """
    return sorted({0, *np.geomspace(1, iterations, RECORDS - 1).round().astype(int).tolist()})
