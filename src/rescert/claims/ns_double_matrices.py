r"""Critical steps and stalls of single and double networks of matrices (Nar and Sastry 2018, Section 3.2).

The risk is $\frac12\|F-R\|_F^2$ with $F=W_L\cdots W_1$ (single) or $F=W_L\cdots W_1-Z_L\cdots Z_1$ (double), $R$ is
$n\times n$, and all factors take gradient steps $\delta$. With $\alpha=2(L-1)/L$, the *scaled* step is $s=\delta
L\|R\|_2^\alpha/2$. The paper observes, for random matrices, that the single network "became unstable for some of the
matrices, while the algorithm remained stable for the double network". Here this is settled for exact small matrices,
followed in balls, and theorems say what is behind it. (The random matrices are in `ns_figure3`, scalars in
`ns_double_network`.) A loss is *small* if it is below $2^{-60}\|R\|_F^2/2$. A finite number of iterations shows that
a loss is small, or that it still rises; it is no proof of a limit. Divergence is proved for all time (Theorem C).

## Sharper: the double network's critical step is $2^{1-2/L}$ times the single one's

*Theorem A. Let $F=R\ne0$ at a point of the double network, $L\ge1$. The largest eigenvalue of the Hessian is at least
$2^{1-\alpha}L\|R\|_2^\alpha$, and the point is unstable for every scaled step $s>2^{\alpha-1}=2^{1-2/L}$. Some point
with $F=R$ attains the bound. For the single network the bound is $L\|R\|_2^\alpha$, and $s>1$.*

*Proof.* At $F=R$ the Hessian is $J^TJ$, where $J$ is the derivative of $F$, and $J^TJ$ has the nonzero eigenvalues of
$JJ^T$. With $A_i=W_L\cdots W_{i+1}$ and $B_i=W_{i-1}\cdots W_1$ a change $D$ of $W_i$ changes $F$ by $A_iDB_i$, so one
chain contributes $X\mapsto\sum_iA_iA_i^TXB_i^TB_i$ to $JJ^T$, and a chain that is subtracted contributes the same of
its own factors. Let $u,v$ be unit vectors with $u^TRv=\|R\|_2$, $a_i=|A_i^Tu|$ and $b_i=|B_iv|$. The quotient of
$JJ^T$ at $uv^T$ is $\sum_ia_i^2b_i^2$ for one chain with product $P$. As $a_L=b_1=1$ and, for $1\le i<L$,
$a_ib_{i+1}\ge|(A_i^Tu)^TB_{i+1}v|=|u^TPv|$, the product of all $a_ib_i$ is at least $|u^TPv|^{L-1}$, and the
inequality of the means gives $\sum_ia_i^2b_i^2\ge L|u^TPv|^\alpha$. For the single network $P=R$. For the double one
let $p=u^TPv$, $q=u^TQv$ for the products $P,Q$ of its chains: $p-q=\|R\|_2$. For $L\ge2$, $\alpha\ge1$ and $t\mapsto
t^\alpha$ is convex, so
$$L(|p|^\alpha+|q|^\alpha)\ge2L\Bigl(\frac{|p|+|q|}2\Bigr)^\alpha\ge2L\Bigl(\frac{\|R\|_2}2\Bigr)^\alpha
=2^{1-\alpha}L\|R\|_2^\alpha.$$
For $L=1$ each chain gives $1$, and the bound is $2$. The Jacobian of the gradient step is $I-\delta J^TJ$ there; it
has an eigenvalue below $-1$ if $\delta2^{1-\alpha}L\|R\|_2^\alpha>2$, so the point is unstable. Equality: let
$R=U\Sigma V^T$, $S=(\Sigma/2)^{1/L}$, and take $SV^T,S,\dots,S,US$ for the first chain, the same with $-U$ for the
second ($L\ge2$; for $L=1$, $R/2$ and $-R/2$). Then $P=R/2=-Q$, and $JJ^T$ has the eigenvalues
$2\sum_i(\sigma_j/2)^{2(L-i)/L}(\sigma_k/2)^{2(i-1)/L}\le2L(\|R\|_2/2)^\alpha$ on $u_jv_k^T$. ∎

So the room is there: steps between $1$ and $2^{1-2/L}$ ($1.87$ for $L=20$) leave a double network stable points, and a
single one none. (Stable: take $P=R/2+\varepsilon M$, $Q=\varepsilon M-R/2$, invertible, and balanced factorisations of
them, as above. By continuity their sharpness is as close to the bound as wanted. Their factors are invertible, so
$J$ is onto, the points with $F=R$ are a manifold nearby, and the gradient step contracts across it.)

Whether descent from the identity finds them depends on the eigenvectors. Let $R=\sigma e_1e_2^T$, $2\times2$, which a
matrix of large norm with bounded eigenvalues often resembles (its leading singular vectors are nearly orthogonal). With
$D=\operatorname{diag}(1,-1)$ the map $(W_i,Z_i)\mapsto(DZ_iD,DW_iD)$ leaves the double risk and the start unchanged, as
$DRD=-R$. So $Z_i=DW_iD$ at every step, $F=P-DPD$ is twice the part of $P$ off the diagonal, and where a run ends at
$F=R$ each chain has taken over exactly one half: $p=-q=\sigma/2$, the case of equality for the last step of the proof.

For symmetric $R$ it is the other way round. The factors stay polynomials in $R$, so that every eigenvalue has its own
pair (9a), (9b) of scalars. For small steps they follow the gradient flow, which conserves $w^{2-L}+z^{2-L}$; it ends at
$\lambda=p-q$ with $p,q>0$ and $p^{-\beta}+q^{-\beta}=2$, $\beta=1-2/L$ ($pq=1$ for $L=2$), so at $p>\lambda$ for
$\lambda>0$ and with the sharpness $L(p^\alpha+q^\alpha)>L\lambda^\alpha$: the double network lands at a *sharper*
point than the single one, and its critical scaled step is $\lambda^\alpha/(p^\alpha+q^\alpha)$, which is $0.46$ at
$\lambda=1.5$, $L=20$.
Above it a run need not diverge: the loss can rise for hundreds of iterations, and the run still leave for a flatter
point. So a late rise is no counterexample in this direction; a run that diverges is one (Theorem C).

## Sharper: a floor under the single network

*Theorem B. Let $R$ be symmetric, $L\ge2$, all factors $I$ at the start, $\sigma=1$, and $0<\delta\le1/(1-\lambda)$ for
its smallest eigenvalue $\lambda<0$. Then in exact arithmetic the single network's loss is at least
$\frac12\sum_{\lambda_j<0}\lambda_j^2$ at every iteration.*

*Proof.* If all factors equal one symmetric $W$ that commutes with $R$, all gradients are $W^{L-1}(W^L-R)$, symmetric
and commuting with $R$: this stays so, and each eigenvalue $w$ of $W$ follows $w[k+1]=w\,(1-\delta
w^{L-2}(w^L-\lambda_j))$ for one eigenvalue $\lambda_j$ of $R$. For $\lambda_j<0$ and $w\in[0,1]$ the bracket lies in
$[1-\delta(1-\lambda_j),1]\subset[0,1]$, so $w$ stays in $[0,1]$ from $w=1$ on, and $|w^L-\lambda_j|\ge|\lambda_j|$.
The loss is half the sum of the squares over all $j$. ∎

## Sharper: divergence below the single network's critical step

Let $R$ be diagonal; each of its entries has a pair (9a), (9b).

*Theorem C. Let $L\ge4$ be even and follow (9a), (9b) with $\sigma=1$ for a target $\lambda$. Let $m$ be the larger of
$|w|,|z|$ at some iteration. If $m$ is at least twice the other one and $\delta
m^{L-2}((1-2^{-L})m^L-|\lambda|)\ge3$, then $m$ at least doubles at each later step, and the loss tends to infinity.*

*Proof.* Let $x$ be the variable of size $m$, $y$ the other one, and $e=w^L-z^L-\lambda$. As $|y|\le m/2$, $|e|\ge
(1-2^{-L})m^L-|\lambda|$, with $e>0$ if $x=w$ and $e<0$ if $x=z$; so $g=\delta m^{L-2}|e|\ge3$. As $L$ is even, both
cases read $x\leftarrow x(1-g)$ and $y\leftarrow y(1+\delta|y|^{L-2}|e|)$. Hence the new sizes are $m(g-1)\ge2m$, and at
most $\frac m2(1+2^{2-L}g)\le\frac m2(1+\frac g4)$. The first is at least twice the second, as $g-1\ge1+\frac g4$. The
left side of the condition grows with $m$ where it is positive, so the condition holds again. ∎

Two statements test the theorems: at a random rational point of zero loss, and at one near a balanced factorisation
(where there is little room: a few parts in a thousand), the Hessian is bounded from below by one direction $uv^T$; and
every iterate of a symmetric matrix is bounded from below, with the double network beside it, whose loss falls below the
floor. Two give witnesses: $R=4e_1e_2^T$ at $s=1.12$, where the single network keeps rising and the double one's loss
becomes small, and $R=\operatorname{diag}(\frac34,\frac12)$ at $s=0.65$, where the double network diverges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rescert import runtime
from rescert.certify import sign
from rescert.certify.problem import rational, trace
from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.dynamics import double_threshold
from rescert.dynamics.matrix_trajectory import Trajectory, parsed
from rescert.dynamics.paired_runs import NETWORKS

if TYPE_CHECKING:
    import pandas as pd


def _trajectories(instance: Instance) -> dict[str, Trajectory]:
    target = parsed(instance["matrix"])
    if len(target) > 2 or not any(rational(x) for row in target for x in row):
        raise ValueError(f"expected a matrix other than 0 of at most two rows, got '{instance['matrix']}'")
    setting = (int(instance["depth"]), str(instance["step"]), int(instance["steps"]))
    return {network: Trajectory(target, *setting, network) for network in NETWORKS}


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One small matrix, depth and step, both networks followed in balls; nothing is read."""
    single, double = (_trajectories(instance)[network] for network in NETWORKS)
    draw = runtime.generator(int(instance.get("seed", 0)), "points of zero loss")
    setting = (double.target, double.depth, draw)
    sharper, zero = double_threshold.prove_sharper(double.target, double_threshold.zero_loss_factors(*setting))
    close, _ = double_threshold.prove_sharper(double.target, double_threshold.near_balanced_factors(*setting))
    known = bool(zero) and bool(sharper.proved and close.proved)
    reason = (
        f"{1 + sharper.lower:.3g} times as sharp as the bound at a random rational point with F = R, "
        f"{1 + close.lower:.7g} times near a balanced one"
    )
    floor = _floor(single, double)
    scaled = float(rational(instance["step"])) / double_threshold.critical_step(single.target, single.depth)
    values = {
        "scaled": scaled,
        "gain": double_threshold.gain(single.depth),
        **{network: _curve(run) for network, run in zip(NETWORKS, (single, double), strict=True)},
    }
    values |= {"floor": float(floor.bound or 0) if floor.conclusion else 0.0, "random": 1 + sharper.lower}
    values["balanced"] = 1 + close.lower
    return {
        "threshold": Finding(
            True if zero else None,
            True if sharper.proved and close.proved else None,
            Evidence.ENCLOSED,
            reason if known else f"not shown: {sharper.reason}; {close.reason}",
            f"{1 + min(sharper.lower, close.lower):.7g}",
            "1",
            (*zero, *_given(sharper, close)) if known else (),
            values,
        ),
        "floor": floor,
        "witness": _witness(single, double),
        "counterexample": _counterexample(single, double),
    }


def _witness(single: Trajectory, double: Trajectory) -> Finding:
    """The single network's loss is not small and rises late, the double one's is small."""
    wanted = single.prove_oscillating(), double.prove_converged()
    against = {
        "the single network's last loss is small": single.prove_converged(),
        "the double network's last loss is not small": double.prove_large(),
    }
    return _fates(wanted, against, "the single network's loss is not small and rises late, the double one's is small")


def _counterexample(single: Trajectory, double: Trajectory) -> Finding:
    """The double network diverges, the single one's loss is small."""
    wanted = double.prove_diverging(), single.prove_converged()
    against = {"the single network's last loss is not small": single.prove_large()}
    return _fates(wanted, against, "the double network diverges, the single one's last loss is small")


def _fates(wanted: Sequence[Proof], against: Mapping[str, Proof], both: str) -> Finding:
    """HOLDS if all that is wanted is shown, FAILS if something against it is."""
    if all(proof.proved for proof in wanted):
        return Finding(True, True, Evidence.ENCLOSED, both, assertions=_given(*wanted))
    for reason, proof in against.items():
        if proof.proved:
            return Finding(True, False, Evidence.ENCLOSED, reason, assertions=_given(proof))
    missing = "; ".join(proof.reason for proof in wanted if not proof.proved)
    return Finding(True, None, Evidence.ENCLOSED, f"not shown within the iterations followed: {missing}")


def _floor(single: Trajectory, double: Trajectory) -> Finding:
    target = [[rational(x) for x in row] for row in single.target]
    if len(target) == 2 and target[0][1] != target[1][0]:
        shown = sign.constant((target[0][1] - target[1][0]) ** 2, ">")
        return Finding(False, None, Evidence.EXACT, "R is not symmetric", assertions=(shown,))
    negative = single.prove(lambda v: -_smallest(v["target"]))
    if not negative.proved:
        definite = sign.prove(trace(lambda v: _smallest(v["target"]), {}, single.constants), {}, ">=")
        return Finding(
            False if definite.proved else None,
            None,
            Evidence.ENCLOSED,
            "no negative eigenvalue" if definite.proved else definite.reason,
            assertions=_given(definite),
        )
    small = single.prove(lambda v: 1 - v["step"] * (1 - _smallest(v["target"])))
    if not small.proved:
        large = single.prove(lambda v: v["step"] * (1 - _smallest(v["target"])) - 1)
        hypotheses, reason = (False, "the step is too large") if large.proved else (None, "the step is not shown small")
        return Finding(hypotheses, None, Evidence.ENCLOSED, reason, assertions=_given(large))
    above = single.prove_above(lambda v: _floor_under(v["target"]))
    below = double.prove_below(lambda v: _floor_under(v["target"]))
    beside = "below it" if below.proved else "not shown below it"
    reason = f"above the floor for all k <= {single.iterations}; the double network's last loss is {beside}"
    assertions = _given(negative, small, above, below) if above.proved else ()
    floor = _floor_in_floats(single) / (float(single.small) * 2.0**60)
    return Finding(
        True,
        above.proved,
        Evidence.ENCLOSED,
        reason if above.proved else above.reason,
        bound=f"{floor:.6g}",
        assertions=assertions,
    )


def _floor_in_floats(run: Trajectory) -> float:
    import torch

    matrix = torch.tensor([[float(rational(x)) for x in row] for row in run.target], dtype=torch.float64)
    return float(_floor_under(matrix))


def _floor_under(matrix: Any) -> Any:
    """Half the sum of the squares of the negative eigenvalues of a symmetric matrix of one or two rows."""
    low = _smallest(matrix)
    total = (-low).relu() ** 2
    if len(matrix) == 2:
        high = (matrix[0, 0] + matrix[1, 1]).reshape(1) - low
        total = total + (-high).relu() ** 2
    return total / 2


def _smallest(matrix: Any) -> Any:
    """The smaller eigenvalue of a symmetric matrix of one or two rows, of shape (1,)."""
    if len(matrix) == 1:
        return matrix[0, 0].reshape(1) * 1
    a, b, d = matrix[0, 0].reshape(1), matrix[0, 1].reshape(1), matrix[1, 1].reshape(1)
    return (a + d - ((a - d) * (a - d) + b * b * 4).sqrt()) / 2


def _given(*proofs: Proof) -> tuple[dict[str, Any], ...]:
    return tuple(proof.assertion for proof in proofs if proof.assertion is not None)


def _curve(run: Trajectory) -> list[float]:
    """Losses in parts of |R|²/2; those that are not finite are left out, as is what follows them."""
    first = float(run.small) * 2.0**60
    kept = []
    for loss in run.floats():
        if not loss < 1e300:
            break
        kept.append(loss / first)
    return kept


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """Numbers for the caption."""
    shown = rows[rows["statement"] == "threshold"]
    found: dict[str, Scalar] = {"matrices": len(shown)}
    for name in ("random", "balanced"):
        found |= {f"{name}_low": float(shown[name].min()), f"{name}_high": float(shown[name].max())}
    return found


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Loss of the single and of the double network, in parts of $\|R\|_F^2/2$, for {matrices} exact
    settings, from the identity; $s$ is the step in parts of the single network's critical one, and $s_2=2^{{1-2/L}}$
    that of the best double network. Dashed: the floor of Theorem B, where its hypotheses hold. Curves are floats; what
    the statements say of them is certified for the exact matrix and step, in balls. A curve that leaves the panel at
    the top diverges. (Random points with $F=R$ were {random_low:.3g} to {random_high:.3g} times as sharp as the bound
    of Theorem A, points near balanced factorisations {balanced_low:.6f} to {balanced_high:.6f} times.)
    """
    import pandas as pd
    from matplotlib import pyplot as plt

    rows = tables["claims/ns_double_matrices"].query("statement == 'threshold'")
    drawing, panels = plt.subplots(1, max(1, len(rows)), figsize=(6.8, 2.9), sharey=True, squeeze=False)
    table = []
    for axes, (_, row) in zip(panels[0], rows.iterrows(), strict=False):
        for network, marker in zip(NETWORKS, ("o", "s"), strict=True):
            curve = list(row[network])
            axes.plot(range(len(curve)), curve, marker=marker, markersize=2, linewidth=1, label=network)
            table += [
                {"instance": row["instance"], "network": network, "iteration": k, "loss": loss}
                for k, loss in enumerate(curve)
            ]
        if row["floor"] > 0:
            axes.axhline(row["floor"], color="0.1", linestyle="--", linewidth=1, zorder=4)
        matrix = row["matrix"].replace(";", ",")
        axes.set_title(f"$R$ = [{matrix}]\n$L={row['depth']}$, $s={row['scaled']:.2f}$, $s_2={row['gain']:.2f}$")
        axes.set(xlabel="iteration", yscale="log")
    panels[0, 0].set_ylim(1e-20, 1e3)
    panels[0, 0].set_ylabel(r"$\|F-R\|^2\,/\,\|R\|^2$")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    drawing.legend(handles, labels, loc="outside lower center", ncols=2)
    return Drawing(drawing, pd.DataFrame(table, columns=["instance", "network", "iteration", "loss"]))


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 3.2, matrices",
    title="Critical steps of single and double networks of matrices",
    statements=(
        Statement(
            "witness",
            r"There is a matrix and a step for which, from the identity, the double network's loss falls below "
            r"$2^{-60}\|R\|_F^2/2$, while the single network's has not and still rises in the last half of the "
            r"iterations followed.",
            "as corrected",
            quantifier="some",
        ),
        Statement(
            "counterexample",
            r"There is a matrix and a step for which, from the identity, the double network diverges (its loss tends "
            r"to infinity), while the single network's loss falls below $2^{-60}\|R\|_F^2/2$.",
            "as corrected",
            quantifier="some",
        ),
        Statement(
            "threshold",
            r"At every point of a double network with $W_L\cdots W_1-Z_L\cdots Z_1=R\ne0$ the Hessian has an "
            r"eigenvalue of at least $2^{1-\alpha}L\|R\|_2^\alpha$, $\alpha=2(L-1)/L$, and balanced factorisations of "
            r"$\pm R/2$ attain it: such points are stable up to $2^{1-2/L}$ times the largest such step of the single "
            r"network.",
            "sharper",
            proof="written",
        ),
        Statement(
            "floor",
            r"Let $R$ be symmetric with smallest eigenvalue $\lambda<0$, $L\ge2$ and $0<\delta\le1/(1-\lambda)$. From "
            r"the identity the single network's loss is at least $\frac12\sum_{\lambda_j<0}\lambda_j^2$ at every "
            r"iteration, in exact arithmetic.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"matrix": "-1/2 1; 1 -1/2", "depth": 2, "step": "3/2", "steps": 4},
    control_statement="floor",
    validate=_trajectories,
    figure=figure,
    summary=summary,
)
