r"""A smooth bi-Lipschitz map as a composition of near-identity maps (Bartlett, Evans and Long 2018, Theorem 2).

$X$ is the closed ball of radius $R$ in $\mathbb R^d$ with the Euclidean norm, $h$ is invertible with $h(0)=0$,
$Dh(0)=I$, $\lVert Dh(x)-Dh(y)\rVert\le\alpha\lVert x-y\rVert$ on $X$, and $h^{-1}$ is $M$-Lipschitz on $h(X)$. For
$0\le a\le1$ let $g_a(x)=h(ax)/a$ and $g_0=\mathrm{Id}$, so that $Dg_a(x)=Dh(ax)$. A schedule $0=a_0<a_1<\dots<a_m=1$
gives the factors
$$h_i=g_{a_i}\circ g_{a_{i-1}}^{-1}:\ g_{a_{i-1}}(X)\to\mathbb R^d,\qquad h_m\circ\dots\circ h_1=g_{a_m}=h:$$
the composition telescopes exactly for *any* numbers $a_i$, those of a computer included. The printed schedule is
$a_i=(1-c)^{m-i}$, and $B=\max\{\alpha M(R+M),\,M(L+1+2R\alpha)+\alpha R^2\}$ with $L=1+\alpha R$.

## What is wrong or missing as printed

1. "For all $m$": the bound $B\ln(2m)/(m-1)$ divides by zero at $m=1$.
2. $c$ is left open. The proof needs $0<c<1$ and $1-(\varepsilon/(2\alpha R))^{1/(m-1)}\le c\le\varepsilon/B$. For
   $m\ge3$ take $c=\ln(2m)/(m-1)<1$: at $\varepsilon=B\ln(2m)/(m-1)$ the right side is an equality, and
   $(1-c)^{m-1}\le e^{-\ln(2m)}=\frac1{2m}\le\frac{\ln(2m)}{2(m-1)}\le\frac{B\ln(2m)}{2\alpha R(m-1)}$, because
   $B\ge2R\alpha M\ge\alpha R$. At $m=2$ that $c$ is $\ln4>1$: there take $c=\frac12$, for
   $\varepsilon/B=\ln4>\frac12$ and $\varepsilon/(2\alpha R)\ge\frac12\ln4>\frac12$.
3. $M\ge1$ is used (for $B\ge\alpha R$) and not said. It is true: $h(tx)/t\to x$ as $t\to0$, so
   $\lVert tx\rVert\le M\lVert h(tx)\rVert$ gives $M\ge1$.
4. The $h_i$ are said to be maps of $\mathbb R^d$. They are constructed on $g_{a_{i-1}}(X)$ only, which is where they
   are claimed to be near the identity.
5. Nothing makes $\varepsilon<1$, which "near the identity" (and the later Theorem 4) needs. For small $m$ the bound
   is far above 1; the table says from which $m$ on it is below.
6. The logarithm comes from the geometric schedule, not from the problem: see below. The abstract's "decreases
   inversely with $m$" is true, but only with another schedule than the printed one.

*Proof of the corrected statement*, from the theorem below. For $i>1$, $\alpha RM(a_i-a_{i-1})=\alpha RMc\,a_i\le Bc$,
as $B\ge\alpha M(R+M)$; for $m\ge3$ that is $B\ln(2m)/(m-1)$, and for $m=2$ it is $B/2<B\ln4$. For $i=1$,
$\alpha RMa_1\le\alpha RM/(2m)\le B\ln(2m)/(m-1)$ if $m\ge3$, and $\alpha RM/2<B\ln4$ if $m=2$. ∎

## Sharper: no logarithm

**Theorem.** For every schedule, $\lVert h_i-\mathrm{Id}\rVert_L\le\alpha RM\,(a_i-a_{i-1})$ on $g_{a_{i-1}}(X)$. With
$a_i=i/m$: $\alpha RM/m$.

*Proof.* Write $a=a_i$, $b=a_{i-1}$ and $\varphi=g_a-g_b$ on $X$. $D\varphi(v)=Dh(av)-Dh(bv)$ (for $b=0$ too, as
$Dh(0)=I$); $av$ and $bv$ lie in $X$, so $\lVert D\varphi(v)\rVert\le\alpha(a-b)\lVert v\rVert\le\alpha R(a-b)$. $X$
is convex and $D\varphi$ continuous, so $\varphi(v)-\varphi(u)=\int_0^1D\varphi(u+t(v-u))(v-u)\,dt$ has norm at most
$\alpha R(a-b)\lVert v-u\rVert$. Now let $x=g_b(u)$, $y=g_b(v)$ be any two points of $g_b(X)$. Then
$(h_i-\mathrm{Id})(y)-(h_i-\mathrm{Id})(x)=\varphi(v)-\varphi(u)$. If $b>0$,
$b\lVert v-u\rVert=\lVert h^{-1}(h(bv))-h^{-1}(h(bu))\rVert\le M\lVert h(bv)-h(bu)\rVert=Mb\lVert y-x\rVert$; if
$b=0$, $\lVert v-u\rVert=\lVert y-x\rVert\le M\lVert y-x\rVert$. Together
$\lVert(h_i-\mathrm{Id})(y)-(h_i-\mathrm{Id})(x)\rVert\le\alpha RM(a-b)\lVert y-x\rVert$. ∎

The mean value inequality is used on $X$, never on $g_b(X)$, which need not be convex: on a set that is not convex the
supremum of a Jacobian's norm does not bound a Lipschitz constant. (The printed bounds are $2\alpha Ra_1$ for $i=1$
and $B(a_i-a_{i-1})/a_i$ for $i>1$. The division by $a_i$ is what forces a geometric schedule, and it is not needed.)

## Sharper: the least distance that any factorisation can have

**Theorem.** Let $h=h_m\circ\dots\circ h_1$ on $X$ with $\lVert h_i-\mathrm{Id}\rVert_L\le\varepsilon$ on
$h_{i-1}\circ\dots\circ h_1(X)$. Then
$$\varepsilon\ge\max\{\mathrm{Lip}(h)^{1/m}-1,\ 1-\mathrm{Lip}(h^{-1})^{-1/m}\},$$
with the true Lipschitz constants on $X$ and $h(X)$. If $d=1$ this is attained, by the factors of
$$G_a(x)=\int_0^xh'(t)^a\,dt,\qquad a_i=\tfrac im.$$

*Proof.* $(1-\varepsilon)\lVert x-y\rVert\le\lVert h_i(x)-h_i(y)\rVert\le(1+\varepsilon)\lVert x-y\rVert$. Multiplied
over $i$ the right sides give $\mathrm{Lip}(h)\le(1+\varepsilon)^m$, and the left sides, if $\varepsilon<1$,
$\mathrm{Lip}(h^{-1})\le(1-\varepsilon)^{-m}$; if $\varepsilon\ge1$ there is nothing to show for the second. For
$d=1$: $h'$ is continuous, and positive because $h'(0)=1$ and $h^{-1}$ is Lipschitz. So $G_0=\mathrm{Id}$, $G_1=h$,
and each $G_a$ is a $C^1$ map with $G_a'=(h')^a>0$. The factor $h_i=G_{i/m}\circ G_{(i-1)/m}^{-1}$ has, at
$y=G_{(i-1)/m}(v)$, the derivative $h'(v)^{i/m}/h'(v)^{(i-1)/m}=h'(v)^{1/m}$. On the interval $G_{(i-1)/m}(X)$,
$\lVert h_i-\mathrm{Id}\rVert_L=\sup_{v\in X}|h'(v)^{1/m}-1|$, which is the larger of $(\sup h')^{1/m}-1$ and
$1-(\inf h')^{1/m}$; and $\sup h'=\mathrm{Lip}(h)$, $1/\inf h'=\mathrm{Lip}(h^{-1})$. ∎

## How the instances are checked

In $d=1$, $g_b(X)$ is an interval, so $\lVert h_i-\mathrm{Id}\rVert_L=\sup_{v\in X}|Dh_i(g_b(v))-1|$ with
$Dh_i(g_b(v))=Dh(av)/Dh(bv)$. The numerator of $(Dh(av)-Dh(bv))/Dh(bv)$ is written as a product, so that nothing
cancels, and the supremum over $X$ of all $m$ factors at once is enclosed from above on a cover of $X$ by intervals.
The numbers $a_i$ are taken as the exact values of the floats in `results/decompositions`, so that the certificates
speak of the schedules rounded to floats (for the exact ones there is the proof above). The constants $\alpha$,
$M$, $R$ are derived in the map's file. For the lower limit, $\mathrm{Lip}(h^{-1})\ge1/h'(v)$ and
$\mathrm{Lip}(h)\ge h'(v)$ at any one point $v$.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert.certify import suprema
from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition.constants import Constants, constants
from rescert.decomposition.enclosures import Expression, change_program, compare, compare_magnitude, root_program
from rescert.decomposition.factors import SCHEDULES, grid, load_map
from rescert.decomposition.interpolations import Dilation

if TYPE_CHECKING:
    import pandas as pd

TOLERANCE = 0.01  # relative width of the bracket of a supremum
LIMIT_TOLERANCE = 1e-6  # the same where it is compared with the lower limit


class Case:
    """One map at one depth: its constants, and the schedules that the decompose stage wrote."""

    def __init__(self, instance: Instance, inputs: Inputs) -> None:
        need = f"decompositions/{instance['map']}"
        self.h, self.depth = load_map(instance["map"]), int(instance["depth"])
        self.given = instance.get("inverse_lipschitz")
        self.constants: Constants = constants(self.h, self.given)
        table = inputs.table(need)
        rows = table[table["depth"] == self.depth]
        self.rows: dict[str, dict[Any, Any]] = {row["schedule"]: row for row in rows.to_dict("records")}
        missing = sorted(set(SCHEDULES) - set(self.rows))
        if missing or self.depth < 2:
            raise ValueError(f"expected depth {self.depth} >= 2 in {need}, found none with schedules {missing}")
        self.domain = {"point": {"mid": ["0"], "rad": [self.h.RADIUS]}}

    def parameters(self, schedule: str) -> np.ndarray:
        """a_1..a_m, checked to be a schedule."""
        parameters = np.array(self.rows[schedule]["parameters"], dtype=np.float64)
        rises = bool((np.diff(parameters, prepend=0.0) > 0).all())
        if len(parameters) != self.depth or not rises or parameters[-1] != 1.0:
            raise ValueError(f"expected {self.depth} rising numbers up to 1 in schedule '{schedule}', got {parameters}")
        return parameters

    def supremum(self, schedule: str) -> suprema.Supremum:
        """The largest distance of the schedule's factors from the identity, bracketed."""
        return suprema.supremum(change_program(self.h, self.parameters(schedule)), self.domain, TOLERANCE)

    def farthest(self, schedule: str) -> tuple[int, float]:
        """The factor, and the point of X, where the decompose stage found that distance: a candidate."""
        row = self.rows[schedule]
        factor = int(np.argmax(row["distances"]))
        return factor, float(row["at"][factor])

    def excess(self, schedule: str, bound: Expression, numbers: Mapping[str, Any]) -> Proof:
        """Try to show that the schedule's distance exceeds a bound, at the candidate factor and point."""
        factor, point = self.farthest(schedule)
        ends = np.concatenate([[0.0], self.parameters(schedule)])
        numbers = {**numbers, "after": float(ends[factor + 1]), "before": float(ends[factor])}
        path = Dilation(self.h)
        return compare_magnitude(
            lambda v: path.change(v["after"], v["before"], v["point"]).reshape(-1), bound, numbers, point=point
        )

    def broken_constant(self) -> Proof | None:
        """A proof that the M of the instance is no Lipschitz constant of the inverse: M h'(v) < 1 at one point."""
        if self.given is None:
            return None
        points = grid(self.h, 4001)
        point = float(points[self.h.jacobian(points).reshape(-1).argmin()])
        proof = compare(
            lambda v: 1 - v["inverse"] * self.h.jacobian(v["point"]).reshape(-1), {"inverse": self.given}, point=point
        )
        return proof if proof.proved else None

    def values(self, schedule: str, found: suprema.Supremum) -> dict[str, Any]:
        """The columns that the table and the figure show."""
        row = self.rows[schedule]
        return {
            "schedule": schedule,
            "enclosed": found.upper,
            "sampled": float(row["distance"]),
            "boxes": found.boxes,
            "composition_error": float(row["composition_error"]),
        }


def _printed_bound(v: Mapping[str, Any]) -> Any:
    return v["constant"] * v["doubled"].log() / v["others"]


def _within(
    case: Case, schedule: str, found: suprema.Supremum, bound: Expression, numbers: Mapping[str, Any], shown: float
) -> Finding:
    """The finding of "all factors of the schedule are within the bound of the identity"."""
    broken = case.broken_constant()
    hypotheses = True if case.given is None else None if broken is None else False
    proof = compare(lambda v: bound(v) - v["supremum"], {**numbers, "supremum": found.upper})
    conclusion: bool | None = None
    assertions: list[dict[str, Any]] = []
    if found.assertion is not None and proof.assertion is not None:
        conclusion, assertions = True, [found.assertion, proof.assertion]
        reason = f"all {case.depth} factors, X covered by {found.boxes} intervals"
    else:
        reason, excess = proof.reason, case.excess(schedule, bound, numbers)
        if excess.assertion is not None:
            conclusion, assertions = False, [excess.assertion]
            reason = f"factor {case.farthest(schedule)[0] + 1} exceeds the bound"
    if broken is not None and broken.assertion is not None:
        reason = f"M = {case.given} is no Lipschitz constant of the inverse; {reason}"
        assertions.append(broken.assertion)
    return Finding(
        hypotheses,
        conclusion,
        Evidence.ENCLOSED,
        reason,
        measured=f"{found.upper:.6g}",
        bound=f"{shown:.6g}",
        assertions=tuple(assertions),
        values=case.values(schedule, found),
    )


def _corrected(case: Case, printed: Finding, numbers: Mapping[str, Any]) -> Finding:
    """The printed finding, and on which side of 1 its bound lies."""
    first = case.constants.near_identity_from()
    near = case.depth >= first
    side = compare(lambda v: (1 - _printed_bound(v)) * (1 if near else -1), numbers)
    if side.assertion is None:
        return replace(printed, conclusion=None, reason=side.reason, assertions=())
    return replace(
        printed,
        reason=f"{printed.reason}; the bound is {'below' if near else 'above'} 1",
        assertions=(*printed.assertions, side.assertion),
        values={**printed.values, "near_identity_from": first},
    )


def _compared(case: Case, schedule: str, found: suprema.Supremum, proof: Proof, reason: str, bound: float) -> Finding:
    """The finding of a statement shown by a cover and one comparison at a point."""
    shown = () if found.assertion is None or proof.assertion is None else (found.assertion, proof.assertion)
    return Finding(
        True,
        True if shown else None,
        Evidence.ENCLOSED,
        f"X covered by {found.boxes} intervals; {reason}" if shown else proof.reason,
        measured=f"{found.upper:.6g}",
        bound=f"{bound:.6g}",
        assertions=shown,
        values=case.values(schedule, found),
    )


def _equalised(case: Case, found: suprema.Supremum) -> Finding:
    excess = case.excess("uniform", lambda v: v["supremum"], {"supremum": found.upper})
    factor, point = case.farthest("uniform")
    reason = f"factor {factor + 1} of the uniform schedule is farther, at v = {point:.6g}"
    return _compared(case, "equalised", found, excess, reason, float(case.rows["uniform"]["distance"]))


def _limit(case: Case) -> Finding:
    """The limit from one point of X, and the path that comes within one part in 100000 of it."""
    found = suprema.supremum(root_program(case.h, case.depth), case.domain, LIMIT_TOLERANCE, precision=128)
    point = float(case.rows["optimal"]["at"][0])
    excess = compare_magnitude(
        lambda v: ((case.h.jacobian(v["point"]).reshape(-1).log() / case.depth).exp() - 1) * v["factor"],
        lambda v: v["supremum"],
        {"supremum": found.upper, "factor": "1.00001"},
        point=point,
    )
    reason = f"the limit to five digits, from h' at v = {point:.6g}"
    return _compared(case, "optimal", found, excess, reason, float(case.rows["optimal"]["limit"]))


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One map at one depth; reads the schedules of ``decompositions/<map>``."""
    case = Case(instance, inputs)
    known, depth = case.constants, case.depth
    numbers = {"constant": str(known.printed), "doubled": str(2 * depth), "others": str(depth - 1)}
    uniform = {"bound": str(known.uniform / depth)}
    found = {s: case.supremum(s) for s in ("printed", "uniform", "equalised")}
    printed = _within(case, "printed", found["printed"], _printed_bound, numbers, known.printed_bound(depth))
    return {
        "printed": printed,
        "corrected": _corrected(case, printed, numbers),
        "uniform": _within(
            case, "uniform", found["uniform"], lambda v: v["bound"], uniform, known.uniform_bound(depth)
        ),
        "equalised": _equalised(case, found["equalised"]),
        "limit": _limit(case),
    }


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    deepest = rows[rows["depth"] == rows["depth"].max()].set_index("statement").to_dict()
    corrected = rows[(rows["statement"] == "corrected") & rows["near_identity_from"].notna()]
    return {
        "depths": int(rows["depth"].nunique()),
        "deepest": int(rows["depth"].max()),
        "near_identity_from": int(corrected["near_identity_from"].max()) if len(corrected) else 0,
        "printed_over_limit": float(deepest["bound"]["printed"]) / float(deepest["bound"]["limit"]),
        "uniform_over_limit": float(deepest["enclosed"]["uniform"]) / float(deepest["bound"]["limit"]),
        "equalised_over_limit": float(deepest["enclosed"]["equalised"]) / float(deepest["bound"]["limit"]),
        "composition_error": float(rows["composition_error"].max()),
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """How far the factors of $h(x)=x+\\tfrac12(1-\\cos x)$, $|x|\\le2$, are from the identity.

    The largest Lipschitz constant of $h_i-\\mathrm{{Id}}$ against the number $m$ of factors: bounds dashed, measured
    values as lines, upper bounds certified by interval covers as points. The numbers are fitted slopes for $m\\ge8$.
    No factorisation can lie below the lower limit; the path of derivative powers lies on it. At $m={deepest}$ the
    printed bound is {printed_over_limit:.0f} times the limit, the uniform schedule {uniform_over_limit:.2f} times,
    the equalised one {equalised_over_limit:.2f} times. The printed bound is below 1 only from
    $m={near_identity_from}$ on. All compositions agree with $h$ to {composition_error:.0e}.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns

    found = tables["claims/bel_theorem2"]
    measured = tables[f"decompositions/{found['map'].iloc[0]}"].sort_values("depth")
    colour = sns.color_palette()
    drawn, axes = plt.subplots(figsize=(6.8, 4.4))
    first = measured[measured["schedule"] == "uniform"]
    bounds = {"printed_bound": ("printed bound", 3), "uniform_bound": ("uniform bound", 0)}
    for column, (label, shade) in bounds.items():
        name = f"{label} ({first[f'{column}_rate'].iloc[0]:.2f})"
        axes.plot(first["depth"], first[column], color=colour[shade], linestyle="--", label=name)
    for schedule, shade in (("printed", 3), ("uniform", 0), ("equalised", 2)):
        rows = measured[measured["schedule"] == schedule]
        name = f"{schedule} schedule ({rows['rate'].iloc[0]:.2f})"
        axes.plot(rows["depth"], rows["distance"], color=colour[shade], label=name)
        points = found[found["statement"] == schedule]
        axes.plot(points["depth"], points["enclosed"], color=colour[shade], linestyle="none", marker="o", markersize=4)
    name = f"lower limit ({first['limit_rate'].iloc[0]:.2f})"
    axes.plot(first["depth"], first["limit"], color="black", linestyle=":", label=name)
    points = found[found["statement"] == "limit"]
    axes.plot(
        points["depth"],
        points["enclosed"],
        color="black",
        linestyle="none",
        marker="x",
        markersize=5,
        label="derivative powers",
    )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.axhline(1, color="0.6", linewidth=0.8)
    axes.set(xlabel="number of factors $m$", ylabel=r"largest Lipschitz constant of $h_i-\mathrm{Id}$")
    axes.set_xticks(first["depth"].tolist(), [str(m) for m in first["depth"]])
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="(fitted slope)")
    columns = ["map", "depth", "schedule", "distance", "printed_bound", "uniform_bound", "limit", "rate"]
    return Drawing(drawn, measured[columns].reset_index(drop=True))


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Theorem 2",
    title="Smooth bi-Lipschitz maps as compositions of near-identity maps",
    statements=(
        Statement(
            "printed",
            r"Let $h$ satisfy $h(0)=0$, $Dh(0)=I$, $\lVert Dh(x)-Dh(y)\rVert\le\alpha\lVert x-y\rVert$ on the ball "
            r"$X$ of radius $R$ and $\lVert h^{-1}\rVert_L\le M$. Then for all $m$ there are $h_1,\dots,h_m:\mathbb "
            r"R^d\to\mathbb R^d$ with $h_m\circ\dots\circ h_1=h$ on $X$ and $\lVert "
            r"h_i-\mathrm{Id}\rVert_L\le\varepsilon$ on $h_{i-1}\circ\dots\circ h_1(X)$, provided $\varepsilon\ge "
            r"B\ln(2m)/(m-1)$. (Schedule $a_i=(1-c)^{m-i}$.)",
            "as printed",
        ),
        Statement(
            "corrected",
            r"For every $m\ge2$, with $c=\ln(2m)/(m-1)$ for $m\ge3$ and $c=\frac12$ for $m=2$, the maps "
            r"$h_i=g_{a_i}\circ g_{a_{i-1}}^{-1}$ on $g_{a_{i-1}}(X)$ satisfy $\lVert h_i-\mathrm{Id}\rVert_L\le "
            r"B\ln(2m)/(m-1)$. This is below 1, as 'near the identity' needs, only from an $m$ on that depends on "
            r"$B$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "uniform",
            r"For every schedule $\lVert h_i-\mathrm{Id}\rVert_L\le\alpha RM(a_i-a_{i-1})$; with $a_i=i/m$ it is at "
            r"most $\alpha RM/m$, without the logarithm.",
            "sharper",
            proof="written",
        ),
        Statement(
            "equalised",
            r"The uniform schedule is not the best of the path $h(ax)/a$: a schedule found by bringing all factors to "
            r"the same distance from the identity (in floats, up to rounding) has a smaller largest distance.",
            "sharper",
        ),
        Statement(
            "limit",
            r"Every factorisation of $h$ into $m$ maps has $\max_i\lVert "
            r"h_i-\mathrm{Id}\rVert_L\ge\max\{\mathrm{Lip}(h)^{1/m}-1,1-\mathrm{Lip}(h^{-1})^{-1/m}\}$. In dimension "
            r"one the path $G_a(x)=\int_0^xh'(t)^a\,dt$ attains it.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    control={"map": "cos1d", "depth": 2, "inverse_lipschitz": "3/4"},
    control_statement="uniform",
    figure=figure,
    summary=summary,
)
