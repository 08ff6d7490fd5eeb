"""What every trainer returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Trained:
    """Final weights (``<seed>/<parameter>``), one history row a seed and epoch, and the record's content."""

    weights: Mapping[str, np.ndarray]
    history: pd.DataFrame
    record: Mapping[str, Any]
