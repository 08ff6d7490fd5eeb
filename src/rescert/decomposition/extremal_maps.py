r"""Maps of the line for which the inequalities of Lemma 3 are equalities, in the interface of the benchmark maps.

- ``odd``: $h(x)=x+\tfrac\alpha2x|x|$, $h'(x)=1+\alpha|x|$. It maps $\mathbb R$ onto $\mathbb R$, and $h'\ge1$: $M=1$.
- ``quadratic``: $h(x)=x+\tfrac\alpha2x^2$, $h'(x)=1+\alpha x\ge1-\alpha R$ on $[-R,R]$: $M=1/(1-\alpha R)$ if
  $\alpha R<1$, and no inverse at all otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import torch

FAMILIES = ("odd", "quadratic")


@dataclass(frozen=True)
class ExtremalMap:
    """One of the `FAMILIES`; α and R are positive binary fractions as text, so that floats hold them exactly."""

    family: str
    SMOOTHNESS: str
    RADIUS: str
    DIMENSION: int = 1

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"expected a family among {list(FAMILIES)}, got '{self.family}'")
        for number in (self.SMOOTHNESS, self.RADIUS):
            value = Fraction(number)
            if value <= 0 or Fraction(float(value)) != value:
                raise ValueError(f"expected positive binary fractions as smoothness and radius, got '{number}'")

    @property
    def slope(self) -> Fraction:
        """α R, which must be below 1 for the quadratic to be invertible on X."""
        return Fraction(self.SMOOTHNESS) * Fraction(self.RADIUS)

    @property
    def INVERSE_LIPSCHITZ(self) -> str:
        return "1" if self.family == "odd" else str(1 / (1 - self.slope))

    def _size(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x) + torch.relu(-x) if self.family == "odd" else x

    def value(self, x: torch.Tensor) -> torch.Tensor:
        """h(x), shape (..., 1) to (..., 1).

        >>> ExtremalMap("odd", "1", "2").value(torch.tensor([[-2.0]], dtype=torch.float64)).item()
        -4.0
        """
        return x + float(Fraction(self.SMOOTHNESS)) / 2 * x * self._size(x)

    def jacobian(self, x: torch.Tensor) -> torch.Tensor:
        """h'(x), shape (..., 1) to (..., 1, 1)."""
        return (1 + float(Fraction(self.SMOOTHNESS)) * self._size(x))[..., None]
