r"""Where gradient descent on a matrix chain goes from the identity: to $R^{1/L}$ for symmetric $R$, else elsewhere.

Programs for the claims on Nar and Sastry 2018, Theorem 2, where their inequalities are derived. The distinct
eigenvalues of $R$ are the input ``roots``, in intervals that are known to contain them. Then
$R^{1/L}=\sum_r\lambda_r^{1/L}P_r$ with the projections $P_r=\prod_{s\ne r}(R-\lambda_s)/(\lambda_r-\lambda_s)$.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import torch

from rescert.certify import balls, sign
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof
from rescert.dynamics.chain_decoupling import Descent
from rescert.dynamics.chain_descent import error, imbalances, norms, run, square
from rescert.dynamics.chain_target import Assertions, Constants, Target

Values = Mapping[str, Any]
BITS = (256, 512, 1024, 2048)
HALVES = 3  # a bound of the spectral norm by tr (W'W)^8
FIRST_STRICT = 2  # at k = 1 and λ > 1 the bound is an identity
BALANCED = 20  # iterations at which the balance of the layers is looked at
ESCAPE = 1e9  # of an entry in floats: nothing is followed beyond
ESCAPING = 16  # the constant of the lemma on divergence


class Limit:
    """Gradient descent from the identity for an R with positive eigenvalues, followed for a number of steps."""

    def __init__(self, descent: Descent, steps: int) -> None:
        self.descent, self.target, self.steps = descent, descent.target, steps
        self.depth, self.step = descent.depth, descent.step
        if self.depth < 2 or steps < FIRST_STRICT:
            raise ValueError(f"expected a depth and steps of 2 or more, got depth {self.depth} and {steps} steps")
        if self.target.intervals[0][0] <= 0:
            raise ValueError(f"expected positive eigenvalues, got {self.target.eigenvalues[0]:.6g}")
        above = [int(low > 1) for low, _ in self.target.intervals]
        self.constants: Constants = {**descent.constants, "above": above, "one": descent.constants["start"]}

    @cached_property
    def box(self) -> dict[str, Any]:
        """The eigenvalues in their intervals."""
        middle = [str((low + high) / 2) for low, high in self.target.intervals]
        return {"roots": {"mid": middle, "rad": [str((high - low) / 2) for low, high in self.target.intervals]}}

    def program(self, function: Callable[[Values], Any], constants: Mapping[str, Any] | None = None) -> Program:
        return trace(function, {"roots": (len(self.target.roots),)}, {**self.constants, **(constants or {})})

    def prove(
        self, function: Callable[[Values], Any], constants: Mapping[str, Any] | None = None, relation: str = ">"
    ) -> Proof:
        """Try to show all entries of a function of the eigenvalues to have the relation to 0."""
        program = self.program(function, constants)
        for bits in BITS:
            proof = sign.prove(program, self.box, relation, bits)
            if proof.proved:
                break
        return proof

    def scalars(self, v: Values) -> dict[str, Any]:
        """ℓ, the smaller and the larger of G(1) and G(ℓ), and ρ, one entry an eigenvalue; see Proposition 2."""
        root = (v["roots"].log() / self.depth).exp()
        at_one = root * 0 + 1
        for _ in range(self.depth - 1):
            at_one = at_one * root + 1
        at_root = root ** (2 * self.depth - 2) * self.depth
        above = v["above"]
        smallest = above * at_one + (1 - above) * at_root
        largest = above * at_root + (1 - above) * at_one
        return {"root": root, "largest": largest, "rho": 1 - smallest * v["step"]}

    def projections(self, v: Values) -> list[Any]:
        """P_r for each distinct eigenvalue."""
        found = []
        for r in range(len(self.target.roots)):
            part = v["one"] * 1
            for s in range(len(self.target.roots)):
                if s != r:
                    part = part @ (v["matrix"] - v["one"] * v["roots"][s]) / (v["roots"][r] - v["roots"][s])
            found.append(part)
        return found

    def combine(self, numbers: Any, projections: Sequence[Any]) -> Any:
        """Σ_r c_r P_r."""
        total = projections[0] * numbers[0]
        for r in range(1, len(projections)):
            total = total + projections[r] * numbers[r]
        return total

    def power(self, v: Values) -> Any:
        """R^(1/L)."""
        return self.combine(self.scalars(v)["root"], self.projections(v))

    @property
    def moving(self) -> list[int]:
        """The places of the eigenvalues other than 1; the bound of an eigenvalue 1 is the identity 0 = 0."""
        return [r for r, (low, high) in enumerate(self.target.intervals) if not low == high == 1]

    def bound_slack(self, v: Values) -> Any:
        """(ρ_r^k |1-ℓ_r| ‖P_r‖)² - ‖(W_i[k] - R^(1/L)) P_r‖² for `moving` r, all layers and 2 <= k <= steps: positive.

        For symmetric R, (W_i[k] - R^(1/L)) P_r is P_r times an eigenvalue's distance from ℓ_r. All k and i are in one
        product, so that the program stays short.
        """
        q, projections, limit = self.scalars(v), self.projections(v), self.power(v)
        followed = run(v, self.depth, self.steps)[FIRST_STRICT:]
        distances = torch.cat([w - limit for weights in followed for w in weights])
        shape, parts = (len(followed), self.depth, self.target.size**2), []
        for r in self.moving:
            moved = (distances @ projections[r]).reshape(shape)
            start = (1 - q["root"][r]) ** 2 * square(projections[r])
            factor = q["rho"][r] ** 2
            bounds = torch.cat([start * factor**k for k in range(FIRST_STRICT, self.steps + 1)])
            parts.append(bounds.reshape(len(followed), 1) - (moved * moved).sum(2))
        return torch.cat(parts)

    def contraction_slack(self, v: Values) -> Any:
        """1 - δ max{G(1), G(ℓ)} for each eigenvalue: not negative iff δ is at most the critical step of each."""
        return 1 - self.scalars(v)["largest"] * v["step"]

    def distance_slack(self, v: Values) -> Any:
        """‖W_1[1] - R^(1/L)‖² - ‖I - R^(1/L)‖²: positive where the first step leads away."""
        limit = self.power(v)
        return square(run(v, self.depth, 1)[1][0] - limit) - square(v["one"] - limit)

    def start_slack(self, v: Values) -> Any:
        """‖I - R^(1/L)‖²."""
        return square(v["one"] - self.power(v))

    def converse_slack(self, v: Values) -> Any:
        """1 - δβ, ‖T'T-TT'‖² - δ²‖I-R‖⁴ and δ, T = R^(1/L): positive where T is shown to be no limit.

        β grows with the constant ``square``: an upper bound of s² there can show, and a lower one refute, δβ <= 1.
        """
        limit, rate, depth = self.power(v), v["step"].reshape(1), self.depth
        start = square(v["one"] - v["matrix"])
        size, imbalance = start.sqrt(), start * rate
        product = v["square"].reshape(1).sqrt() + size
        largest = ((product.log() * 2 / depth).exp() + imbalance * (2 * depth - 2)).sqrt()
        moved = largest + rate * largest ** (depth - 1) * size
        lead = moved ** (2 * depth - 2) * depth
        curvature = lead + (depth - 1) * moved ** (depth - 2) * size * (1 + rate * lead)
        gap = square(limit.mT @ limit - limit @ limit.mT) - imbalance * imbalance
        return torch.cat([1 - rate * curvature, gap, rate])

    @property
    def balanced_steps(self) -> int:
        """How long the balance of the layers is followed; the theorem covers all k."""
        return min(self.steps, BALANCED)

    def imbalance_slack(self, v: Values) -> Any:
        """δ²‖I-R‖⁴ - ‖W_{i+1}'W_{i+1} - W_iW_i'‖² for all layers and 1 <= k <= `balanced_steps`."""
        bound = (square(v["one"] - v["matrix"]) * v["step"]) ** 2
        history = run(v, self.depth, self.balanced_steps)
        return torch.cat([bound - square(d) for weights in history[1:] for d in imbalances(weights)])

    def trap_slack(self, v: Values) -> Any:
        """The inequalities of a trap about W[K], K = steps, that does not hold R^(1/L); all positive.

        Constants: ``radius`` r, ``largest`` M, ``smallest`` m, ``inverses`` X_i of the weights.
        """
        weights, depth, rate = run(v, self.depth, self.steps)[-1], self.depth, v["step"].reshape(1)
        radius, largest, smallest = (v[n].reshape(1) for n in ("radius", "largest", "smallest"))
        size, layers = square(error(weights, v["matrix"])).sqrt(), (radius * 0 + depth).sqrt()
        parts, inner = [], largest - radius * 2
        for i, weight in enumerate(weights):
            gram = weight.mT @ weight
            for _ in range(HALVES):
                gram = gram @ gram
            parts.append(inner ** (2 ** (HALVES + 1)) - (gram * v["one"]).sum())
            inverse = v["inverses"][i]
            defect = square(inverse @ weight - v["one"]).sqrt()
            parts.append(1 - defect - (smallest + radius) * square(inverse).sqrt())
        lipschitz = layers * largest ** (depth - 1)
        wrong = size + lipschitz * radius * 2
        curvature = lipschitz * lipschitz + (depth - 1) * largest ** (depth - 2) * wrong
        share = 1 - rate * curvature / 2
        slope = layers * smallest ** (depth - 1)
        distance = square(weights[self._farthest] - self.power(v)) - radius * radius
        lengths = [share * slope * radius - size, radius - rate * lipschitz * size]
        conditions = [rate, inner, smallest, share, *lengths, distance]
        return torch.cat([*parts, *conditions])

    def escape_slack(self, v: Values, k: int) -> Any:
        """The inequalities at step k from which a chain of two layers diverges, all positive; ``square`` bounds s²."""
        weights, rate = run(v, self.depth, k)[k], v["step"].reshape(1)
        product = square(weights[1] @ weights[0]) / self.target.size
        parts = [
            rate * rate * product - ESCAPING**2,
            product - v["square"].reshape(1) * ESCAPING**2,
            rate * product / ESCAPING - square(weights[0]) - square(weights[1]),
        ]
        return torch.cat(parts)

    def escape(self, constants: Mapping[str, str]) -> tuple[Proof | None, int]:
        """Try to show that the run diverges from one of the followed steps on; for two layers only."""
        numbers = {"step": float(self.step), "square": float(Fraction(constants["square"]))}
        values = {n: torch.tensor(x, dtype=torch.float64) for n, x in numbers.items()}
        values |= {"matrix": self.target.floats, "start": torch.eye(self.target.size, dtype=torch.float64)}
        for k in range(len(self.floats)) if self.depth == 2 else ():
            if (self.escape_slack(values, k) > 0).all():
                return self.prove(partial(self.escape_slack, k=k), constants), k
        return None, 0

    @cached_property
    def _last(self) -> list[torch.Tensor]:
        return self.floats[-1]

    @cached_property
    def _farthest(self) -> int:
        gaps = [float(norms(w - self.limit)) for w in self._last]
        return gaps.index(max(gaps))

    def trap(self) -> tuple[Proof | None, float]:
        """Try to show a trap about W[K]; the second is its radius in floats."""
        if len(self.floats) <= self.steps:
            return None, math.inf
        largest = max(float((w.mT @ w).matrix_power(2**HALVES).trace()) ** 2.0 ** -(HALVES + 1) for w in self._last)
        smallest = min(float(torch.linalg.svdvals(w)[-1]) for w in self._last)
        size = float(norms(error(self._last, self.target.floats)))
        curvature = self.depth * largest ** (2 * self.depth - 2)
        share = 1 - float(self.step) * curvature / 2
        if smallest <= 0 or share <= 0:
            return None, math.inf
        # Half of this lower bound of the singular values is m; the other half is room for the radius.
        lower = min(1 / float(norms(torch.linalg.inv(w))) for w in self._last)
        slope = self.depth**0.5 * (lower / 2) ** (self.depth - 1)
        radius = 4 * max(
            size / (share * slope), float(self.step) * self.depth**0.5 * largest ** (self.depth - 1) * size
        )
        radius = max(radius, 2.0**-40)
        constants = {
            "radius": _decimal(radius),
            "largest": _decimal(largest * (1 + 1e-6) + 2.001 * radius),
            "smallest": _decimal(lower / 2),
            "inverses": [torch.linalg.inv(w).tolist() for w in self._last],
        }
        return self.prove(self.trap_slack, constants), radius

    @cached_property
    def limit(self) -> torch.Tensor:
        """R^(1/L) in floats."""
        program = self.program(self.power)
        flat = [float(x.mid()) for x in balls.evaluate(program, self.box, 128).flat]
        return torch.tensor(flat, dtype=torch.float64).reshape(self.target.size, self.target.size)

    @cached_property
    def floats(self) -> list[list[torch.Tensor]]:
        """The weights in floats at k = 0..steps, ending before the first that leaves all bounds."""
        one, matrix = torch.eye(self.target.size, dtype=torch.float64), self.target.floats
        history = run({"matrix": matrix, "step": float(self.step), "start": one}, self.depth, self.steps)
        inside = [all(bool((w.abs() < ESCAPE).all()) for w in weights) for weights in history]
        return history[: inside.index(False)] if False in inside else history

    def curves(self) -> dict[str, list[float]]:
        """The largest ‖W_i[k] - R^(1/L)‖ and ‖E[k]‖ for k = 0..steps, and the bound for symmetric R."""
        found = {
            "distance": [max(float(norms(w - self.limit)) for w in weights) for weights in self.floats],
            "error": [float(norms(error(weights, self.target.floats))) for weights in self.floats],
        }
        if self.target.symmetric and self.step > 0:
            program = self.program(lambda v: torch.cat([self.scalars(v)["rho"], 1 - self.scalars(v)["root"]]))
            numbers = [float(x.mid()) for x in balls.evaluate(program, self.box, 128).flat]
            sizes = [p.square().sum() for p in self._float_projections()]
            pairs = list(zip(numbers[: len(sizes)], numbers[len(sizes) :], sizes, strict=True))
            found["bound_curve"] = [
                math.sqrt(sum(float(s) * (rho**k * start) ** 2 for rho, start, s in pairs))
                for k in range(len(self.floats))
            ]
        return found

    def _float_projections(self) -> list[torch.Tensor]:
        roots = torch.tensor(self.target.eigenvalues, dtype=torch.float64)
        one = torch.eye(self.target.size, dtype=torch.float64)
        return self.projections({"matrix": self.target.floats, "one": one, "roots": roots})


def _decimal(value: float) -> str:
    return str(Fraction(value))


def upper_norm(target: Target) -> tuple[dict[str, str], Assertions]:
    """An upper bound of the squared spectral norm as the constant of a program, with its assertion."""
    return {"square": str(target.norm_squares[1])}, target.norm_above()


def lower_norm(target: Target) -> tuple[dict[str, str], Assertions]:
    """A lower bound of the squared spectral norm as the constant of a program, with its assertion."""
    return {"square": str(target.norm_squares[0])}, target.norm_below()
