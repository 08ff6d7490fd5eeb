"""What a sweep's history says of single and double networks, paired by matrix, at one step.

Rows are those of `rescert.dynamics.step_sweep`, of one kind of eigenvectors and one scaled step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

NETWORKS = ("single", "double")
APART = 1.01  # losses differ, by more than rounding, from this factor on; closer ones are tied
LARGEST = 1e300  # ratios of losses are capped here: a converged loss can be 0


def counts(rows: pd.DataFrame) -> dict[str, Any]:
    """Numbers of matrices; what is counted for each network is a pair (single, double).

    ``open`` and ``behind`` list the matrices for which the double network is not ahead, and for which it is behind.
    """
    final = rows[rows["iteration"] == rows["iteration"].max()].set_index(["matrix", "network"])
    loss, outcome = final["loss"].unstack(), final["outcome"].unstack()
    rising = rows.groupby(["matrix", "network"])["rises"].sum().unstack() > 0
    rising |= outcome == "overflowed"  # the step that is not recorded
    tied = (outcome["single"] == outcome["double"]) & outcome["single"].isin(["converged", "overflowed"])
    lost = outcome == "overflowed"
    ahead = ((APART * loss["double"] < loss["single"]) & ~lost["double"] | lost["single"]) & ~tied
    behind = ((loss["double"] > APART * loss["single"]) & ~lost["single"] | lost["double"]) & ~tied
    apart = (loss["double"] / loss["single"])[behind & ~lost["double"]].clip(upper=LARGEST)
    return {
        "n": len(loss),
        "norms": [float(norm) for norm in rows.groupby("matrix")["norm"].first()],
        "better": int(ahead.sum()),
        "worse": int(behind.sum()),
        "open": [int(matrix) for matrix in loss.index[~ahead]],
        "behind": [int(matrix) for matrix in loss.index[behind]],
        "apart": float(apart.max()) if len(apart) else 1.0,
        "unstable": [int(outcome[x].isin(["overflowed", "oscillating"]).sum()) for x in NETWORKS],
        "overflowed": [int(lost[x].sum()) for x in NETWORKS],
        "rising": [int(rising[x].sum()) for x in NETWORKS],
        "converged": [int((outcome[x] == "converged").sum()) for x in NETWORKS],
    }


def floor_ratios(rows: pd.DataFrame, targets: np.ndarray) -> np.ndarray:
    r"""Final losses of the single network over the floor $\frac12\sum_{\lambda_j<0}\lambda_j^2$, symmetric targets.

    Only where there is a floor: some $\lambda_j<0$, and a step of at most $1/(1-\lambda_{\min})$.
    """
    eigenvalues = np.linalg.eigvalsh(targets)
    floors = (np.minimum(eigenvalues, 0) ** 2).sum(1) / 2
    last = rows[(rows["iteration"] == rows["iteration"].max()) & (rows["network"] == "single")].sort_values("matrix")
    within = (last["step"].to_numpy() * (1 - eigenvalues[:, 0]) <= 1) & (eigenvalues[:, 0] < 0)
    return last["loss"].to_numpy()[within] / floors[within]


def curves(rows: pd.DataFrame) -> dict[str, Any]:
    """Losses in parts of |R|²/2, which is the double network's first: deciles, and the matrix of median norm."""
    first = rows[(rows["iteration"] == 0) & (rows["network"] == "double")].set_index("matrix")["loss"]
    norms = rows.groupby("matrix")["norm"].first().sort_values()
    typical = norms.index[(len(norms) - 1) // 2]
    found: dict[str, Any] = {"iteration": sorted(int(k) for k in set(rows["iteration"]))}
    for network in NETWORKS:
        each = rows[rows["network"] == network].pivot_table(index="iteration", columns="matrix", values="loss") / first
        for name, share in (("low", 0.1), ("median", 0.5), ("high", 0.9)):
            found[f"{network}_{name}"] = [float(x) for x in each.quantile(share, axis=1)]
        found[f"{network}_typical"] = [float(x) for x in each[typical]]
    return found | {"typical_norm": float(norms[typical])}


def shares(sweep: pd.DataFrame, pairs: Iterable[str]) -> pd.DataFrame:
    """One row a kind and step of the `counts`, with a column for each network in place of each pair."""
    table = sweep[["eigenvectors", "scaled_step", "n", "better", "worse"]].reset_index(drop=True)
    columns = {f"{key}_{name}": [int(p[i]) for p in sweep[key]] for key in pairs for i, name in enumerate(NETWORKS)}
    return table.assign(**columns)


def window(
    step: float, gain: float, count: int, unstable: Mapping[str, int], converged: Mapping[str, int]
) -> bool | None:
    """Whether no single run of ``count`` is unstable at a step below 1, and every one that must be is above.

    The single network's must be above 1, the double one's above ``gain``. None where one of them is calm, but has not
    converged: more iterations may still show it.
    """
    obliged = [name for name, limit in (("single", 1.0), ("double", gain)) if step > limit]
    if not obliged:
        return not unstable["single"]
    if all(unstable[name] == count for name in obliged):
        return True
    return False if any(converged[name] for name in obliged) else None
