r"""Maps near the identity: bounds, inverses, composition from the left (Bartlett, Evans and Long 2018, Lemma 5).

Let $\lVert f-\mathrm{Id}\rVert_L\le a<1$. The paper says: (1) $(1-a)|x-y|\le|f(x)-f(y)|\le(1+a)|x-y|$; (2) $f$ is
invertible and $\lVert f^{-1}-\mathrm{Id}\rVert_L\le a/(1-a)$; (3) for $F(g)=f\circ g$,
$\lVert DF(g)-\mathrm{Id}\rVert\le a$, norms of functions and operators being
$\lVert\Delta\rVert=\sup_{x\ne0}|\Delta(x)|/|x|$ and the one induced by it. Write $w=x-y$ and $u=f(x)-f(y)$; the
hypothesis is $|u-w|\le a|w|$ for all pairs.

## 1. Two-sided bounds

**Theorem 1.** (1) is true, and $u\cdot w\ge(1-a)|w|^2$, $|u|\ge(1-a)|w|$ are attained by $f(x)=(1-a)x$,
$|u|\le(1+a)|w|$ by $f(x)=(1+a)x$. *Proof.* $\big||u|-|w|\big|\le|u-w|\le a|w|$, and $u\cdot w=|w|^2+(u-w)\cdot w$. ∎

## 2. The inverse

The printed proof says that (1) "shows that $f$ is invertible". It shows that $f$ is injective. Onto needs another
argument, and the whole space.

**Theorem 2.** On $\mathbb R^d$ (or any complete normed space) $f$ is a bijection, and
$\lVert f^{-1}-\mathrm{Id}\rVert_L\le a/(1-a)$. *Proof.* For given $y$, $T(x)=y-(f(x)-x)$ satisfies
$|T(x)-T(x')|\le a|x-x'|$; by Banach it has exactly one fixed point, and $T(x)=x$ means $f(x)=y$. Further
$|w-u|\le a|w|\le\frac a{1-a}|u|$. ∎

**Theorem 3.** Let $f$ be defined on the closed ball $X$ of radius $R$ about $x_0$ only. Then $f$ is injective, $f(X)$
contains the closed ball of radius $(1-a)R$ about $f(x_0)$, and for $f(x)=(1-a)x$, $x_0=0$, it is that ball. *Proof.*
If $|y-f(x_0)|\le(1-a)R$ and $x\in X$, then $T(x)-x_0=y-f(x_0)-[(f(x)-x)-(f(x_0)-x_0)]$ has norm at most $(1-a)R+aR$.
So $T$ maps $X$ into itself, and Banach applies. ∎ So $f:X\to X$, as $x/2$ on $[-1,1]$ shows, need not be onto, and
$f^{-1}$ is a map of $f(X)$. Completeness is needed, too: the paper speaks of normed spaces. On finite sequences with
the Euclidean norm let $S$ shift by one place to the right; $f=\mathrm{Id}-aS$ has $\lVert f-\mathrm{Id}\rVert_L=a$,
and $f(x)=(1,0,0,\dots)$ has only the solution $(1,a,a^2,\dots)$, which is not finite.

**Theorem 4** (sharper; Euclidean norm). $\lVert f-\mathrm{Id}\rVert_L\le a$ if and only if $f$ is injective and
$$\Big\lVert f^{-1}-\frac1{1-a^2}\,\mathrm{Id}\Big\rVert_L\le\frac a{1-a^2}\quad\text{on }f(X).$$
*Proof.* Each line is equivalent to the next: $|u-w|^2\le a^2|w|^2$; $(1-a^2)|w|^2-2u\cdot w+|u|^2\le0$; $|w-\frac
u{1-a^2}|^2\le\frac{|u|^2}{(1-a^2)^2}-\frac{|u|^2}{1-a^2}=\frac{a^2|u|^2}{(1-a^2)^2}$. (Injective: $u=0$ gives $w=0$.)
∎ So for given $u$, $w$ lies in a ball with the diameter from $u/(1+a)$ to $u/(1-a)$. The printed ball about $u$ of
radius $\frac a{1-a}|u|$ contains it, touches it at $u/(1-a)$, and is larger by the factor $1+a$: the printed constant
is attained by $(1-a)x$, but never on the other side. In $d=1$: $\frac1{1+a}\le(f^{-1})'\le\frac1{1-a}$. As the
theorem is an equivalence, nothing sharper can be said of $f^{-1}$.

## 3. Composition from the left

**Theorem 5.** For all $g,\Delta$ with $\lVert\Delta\rVert<\infty$, $\lVert F(g+\Delta)-F(g)-\Delta\rVert\le
a\lVert\Delta\rVert$: $F-\mathrm{Id}$ is $a$-Lipschitz. If $f$ is differentiable at $g(x)$ for all $x\ne0$ and $F$ has
a Fréchet (or Gateaux) derivative at $g$, then $(DF(g)\Delta)(x)=Df(g(x))\Delta(x)$ and $\lVert
DF(g)-\mathrm{Id}\rVert=\sup_{x\ne0}\lVert Df(g(x))-I\rVert\le a$. *Proof.* The first claim is the hypothesis at
$g(x)+\Delta(x)$ and $g(x)$, divided by $|x|$. Evaluation at $x$ is continuous, so $(DF(g)\Delta)(x)$ is the limit of
$(f(g(x)+t\Delta(x))-f(g(x)))/t$. Hence $|(DF(g)\Delta-\Delta)(x)|/|x|\le\lVert Df(g(x))-I\rVert\lVert\Delta\rVert$,
with equality in the supremum for $\Delta=0$ except at one $x$. And difference quotients of $f-\mathrm{Id}$ are at
most $a$. ∎

*The derivative need not exist.* The printed part presupposes it. For differentiable $f$ and $g=\mathrm{Id}$:

- **ray**, the paper's own kind of layer: $f(x)=x+a\,(\tanh x_1,0)$ on $\mathbb R^2$, $\Delta(x)=|x|(1,0)$. At
  $x=(0,k)$, $t=1/k$: $|f(x+t\Delta)-f(x)-tDf(x)\Delta|=a(1-\tanh1)$, and divided by $t|x|=1$ it is the same number
  for all $k$. So the quotient is at least $0.238a$ for arbitrarily small $t$, along one fixed direction.
- **sine**: $f(x)=x+a\sin x$ on $\mathbb R$, $\Delta(x)=x$, $x=2\pi k$, $t=3/x$: the quotient is $a(3-\sin3)/3$ for
  all $k$.
- **wild**, on a bounded domain: $f(x)=x+\frac a3s^2\sin(1/s)$, $s=x-1$. As $|2s\sin(1/s)-\cos(1/s)|\le3$,
  $\lVert f-\mathrm{Id}\rVert_L\le a$, and $f$ is differentiable (with $f'(1)=1$). At $s=1/(2\pi k)$, with a step to
  $1/(2\pi k+\pi)$, the sines vanish and the derivative of $s^2\sin(1/s)$ is $-1$: the quotient is $\frac a3$ for all
  $k$. $\Delta(x)=x$ will do, with $t\to0$.

In each case the remainder is not $o(t)$ in the norm, although it is at every single $x$. So $F$ is not Fréchet
differentiable at $\mathrm{Id}$, and not Gateaux differentiable either: the directions are fixed. Only the evaluations
$g\mapsto f(g(x))$ are differentiable. ∎ For Theorem 4 of the paper that is enough: $Q$ averages over $X$, and
dominated convergence does the rest (`bel_theorem4`).

**Theorem 6.** Let $X$ be bounded, $|x|\le R$, $f$ of class $C^1$ and $\lVert g\rVert<\infty$. Then $F$ is Fréchet
differentiable at $g$. On any $X$ it is enough that
$$\lim_{t\to0}\ \sup_{x\ne0,\,|v|\le t|x|}\lVert Df(g(x)+v)-Df(g(x))\rVert=0.$$
*Proof.* Let $\omega(t)$ be that supremum. By the mean value inequality the remainder at $x$ is at most
$|\Delta(x)|\,\omega(\lVert\Delta\rVert)$, and divided by $|x|$ at most
$\lVert\Delta\rVert\omega(\lVert\Delta\rVert)$. If $X$ is bounded, all points $g(x)+v$, $|v|\le|x|$, lie in a compact
ball, where $Df$ is uniformly continuous; so $\omega(t)\to0$. If $|D^2f|\le C$, the remainder is at most
$\frac C2|\Delta(x)|^2$, and the quotient at most $\frac C2R\lVert\Delta\rVert$: on an unbounded domain this bound is
lost. ∎ In $d=1$ a tanh layer meets the condition on all of $\mathbb R$ at $g=\mathrm{Id}$, since $|x||f''(x)|$ is
bounded; in $d\ge2$ it need not.

The last line of the printed part calls $DF(g)-\mathrm{Id}$ a linear functional; it is an operator.

## How the instances are checked

Inequalities are checked as polynomials in the squares of norms, at drawn pairs of binary fractions; for $(1\pm a)x$
and for $x+aRx$ with a rotation $R$ they are equalities, and exact. A preimage is enclosed by Krawczyk's theorem; on
the ball $X$ of radius 2 it is shown to lie in $X$. $\lVert A\rVert\lVert B\rVert$ bounds the distance of
$x+A\tanh(Bx)$. The quotients that do not vanish are enclosed for steps down to $2^{-16}$; that they do not for
smaller ones is the calculation above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from rescert import runtime
from rescert.certify import sign
from rescert.certify.problem import Program, trace
from rescert.certify.proof import Proof
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition import perturbed_identity as near
from rescert.decomposition.perturbed_identity import RADIUS, Perturbation

if TYPE_CHECKING:
    import pandas as pd

LEAST = {"ray": "1/5", "sine": "1/2", "wild": "1/4"}  # times a: below the quotients of section 3
GRID = 81


def case(instance: Instance) -> Perturbation:
    return near.read(instance, runtime.generator)


def _shown(*proofs: Proof) -> tuple[dict[str, Any], ...]:
    return tuple(p.assertion for p in proofs if p.assertion is not None)


def _far(f: Perturbation) -> Finding:
    """a >= 1; the map (1-a)x with a = 1 is not even injective."""
    reason, shown = f"a = {f.distance} is not below 1", (*f.shown, sign.constant(f.distance - 1, ">="))
    if f.family == "shrink" and f.distance == 1:
        points = {"x": np.ones((1, 1)), "y": np.zeros((1, 1))}
        same = trace(lambda v: f.value(v, v["x"]) - f.value(v, v["y"]), {}, {**f.named(), **points})
        reason, shown = reason + ", and f(1) = f(0)", (*shown, *sign.prove_zero(same))
    return Finding(False, None, Evidence.EXACT, reason, assertions=shown)


def _checked(f: Perturbation, what: str, *proofs: Proof) -> Finding:
    """Holds if all proofs succeed; exact for linear maps, whose values no ball rounds."""
    evidence = Evidence.EXACT if f.linear else Evidence.ENCLOSED
    failed = [p.reason for p in proofs if not p.proved]
    if failed:
        return Finding(True, None, evidence, failed[0])
    below = sign.constant(1 - f.distance, ">")
    return Finding(True, True, evidence, what, assertions=(*f.shown, below, *_shown(*proofs)))


def _images(f: Perturbation) -> np.ndarray:
    """A point at nine tenths of the way to the edge of the ball that must be covered."""
    middle = f.value(f.floats({}), torch.zeros(1, f.dimension, dtype=torch.float64))[0].numpy()
    direction = np.arange(1, f.dimension + 1) / np.linalg.norm(np.arange(1, f.dimension + 1))
    return middle + 0.9 * float(1 - f.distance) * RADIUS * direction


def _ball(f: Perturbation) -> Finding:
    """A preimage in X, or for (1-a)x a point of X without one."""
    if f.family == "shrink":
        outside = f.prove(
            lambda v: (1 - v["a"] / 2) * v["radius"] - (1 - v["a"]) * v["radius"], ">", {"radius": RADIUS}
        )
        reason = f"f(X) is the ball of radius (1-a)R = {(1 - f.distance) * RADIUS}: points of X beyond it are no values"
        return _checked(f, reason, outside)
    zero = near.preimage(f, _images(f))
    if zero.box is None:
        return Finding(True, None, Evidence.ENCLOSED, zero.reason)
    inside = sign.prove(_slack_in_ball(f), {"point": zero.box["point"]}, ">")
    found = _checked(f, "a value at 9/10 of (1-a)R from f(0) has its preimage in X", zero, inside)
    return replace(found, evidence=Evidence.ENCLOSED)


def _slack_in_ball(f: Perturbation) -> Program:
    return trace(
        lambda v: v["square"] - (v["point"] * v["point"]).sum(), {"point": (f.dimension,)}, {"square": RADIUS**2}
    )


def _inverse(f: Perturbation, points: Mapping[str, Any]) -> Finding:
    """The bound at pairs, and a preimage of a drawn point."""
    slack = f.prove(lambda v: near.inverse_slack(f, v), ">=", points)
    if f.linear:
        return _checked(f, "at all pairs", slack)
    return _checked(f, "at all pairs; a drawn point has a preimage", slack, near.preimage(f, points["y"][0]))


def _derivative(f: Perturbation, points: Mapping[str, Any]) -> Finding:
    """Remainders that are no o(‖Δ‖): no derivative. Otherwise |Df(x)u - u| <= a|u|."""
    far = near.far_steps(f)
    if far is None:
        return _checked(f, "at all points, if DF exists", f.prove(lambda v: near.derivative_slack(f, v), ">=", points))
    above = f.prove(
        lambda v: near.squares(near.remainder(f, v)) - (v["least"] * v["a"]) ** 2 * near.squares(v["u"]),
        ">",
        {**far, "least": LEAST[f.family]},
    )
    values = f.floats(far)
    sizes = torch.linalg.vector_norm(values["u"], dim=1)
    steps = (sizes / torch.linalg.vector_norm(values["x"], dim=1)).tolist()
    quotients = (torch.linalg.vector_norm(near.remainder(f, values), dim=1) / sizes).tolist()
    below = sign.constant(1 - f.distance, ">")
    return Finding(
        True,
        False if above.proved else None,
        Evidence.ENCLOSED,
        f"DF(Id) does not exist: the remainder stays above {LEAST[f.family]} a ‖Δ‖ for ‖Δ‖ down to {min(steps):.1e}",
        measured=f"{min(quotients):.6g}",
        bound="0",
        assertions=(*f.shown, below, *_shown(above)),
        values={"steps": steps, "quotients": quotients},
    )


def _superposition(f: Perturbation, points: Mapping[str, Any], tests: int, seed: int, derivative: Finding) -> Finding:
    """F - Id is a-Lipschitz, and on the ball X the remainder is at most C/2 R ‖Δ‖²."""
    if f.curvature is None:
        return Finding(False, None, Evidence.ENCLOSED, "f is not of class C^1", assertions=derivative.assertions)
    steps = near.near_steps(f, min(tests, 8), runtime.generator(seed, "steps in the ball"))
    numbers = {**steps, "half": str(f.curvature * RADIUS / 2)}

    def slack(v: Mapping[str, Any]) -> Any:
        return (v["half"] * v["t"] * v["t"]) ** 2 * near.squares(v["x"]) - near.squares(near.remainder(f, v))

    lipschitz = f.prove(lambda v: near.distance_slack(f, v), ">=", points)
    found = _checked(
        f, "F - Id is a-Lipschitz; on X the quotient is at most CR‖Δ‖/2", lipschitz, f.prove(slack, ">=", numbers)
    )
    values = f.floats(steps)
    sizes = torch.linalg.vector_norm(near.remainder(f, values), dim=1)
    quotients = sizes / torch.linalg.vector_norm(values["x"], dim=1) / values["t"]
    worst = quotients.reshape(near.LONGEST, -1).amax(dim=1).tolist()
    return replace(found, values={"steps": values["t"].reshape(near.LONGEST, -1)[:, 0].tolist(), "quotients": worst})


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One map with drawn pairs of points; nothing is read."""
    f, tests, seed = case(instance), instance["tests"], instance.get("seed", 0)
    names = ("bounds", "inverse", "derivative", "ball", "disc", "superposition")
    if f.distance >= 1:
        return dict.fromkeys(names, _far(f))
    points = near.pairs(f, tests, runtime.generator(seed, "pairs of points"))
    derivative = _derivative(f, points)
    disc = _checked(f, "at all pairs", f.prove(lambda v: near.disc_slack(f, v), ">=", points))
    return {
        "bounds": _checked(f, "at all pairs", f.prove(lambda v: near.two_sided(f, v), ">=", points)),
        "inverse": _inverse(f, points),
        "derivative": derivative,
        "ball": _ball(f),
        "disc": replace(disc, values=_seen(f, points)),
        "superposition": _superposition(f, points, tests, seed, derivative),
    }


def _seen(f: Perturbation, points: Mapping[str, Any]) -> dict[str, Any]:
    """w in the frame of u, in units of |u|, and the graph of f if it has one input: for the figure."""
    v = f.floats(points)
    plain, images = v["x"] - v["y"], f.value(v, v["x"]) - f.value(v, v["y"])
    square = (images * images).sum(dim=1)
    along = (plain * images).sum(dim=1) / square
    across = ((plain * plain).sum(dim=1) / square - along * along).clamp(min=0).sqrt()
    values: dict[str, Any] = {"a": float(f.distance), "along": along.tolist(), "across": across.tolist()}
    if f.dimension == 1:
        x = torch.linspace(-6, 6, GRID, dtype=torch.float64)[:, None]
        values |= {"grid": x[:, 0].tolist(), "graph": f.value(v, x)[:, 0].tolist()}
    return values


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    seen = rows[(rows["statement"] == "disc") & (rows["verdict"] == "holds")]
    quotients = rows[(rows["statement"] == "derivative") & (rows["verdict"] == "fails")]
    return {
        "maps": len(seen),
        "pairs": sum(len(values) for values in seen["along"]),
        "without": len(quotients),
        "smallest_step": min((min(steps) for steps in quotients["steps"]), default=1.0),
        "a": _common_distance(seen),
    }


def _common_distance(seen: pd.DataFrame) -> str:
    """The declared a that most maps with pairs in the plane share: the one of the middle panel."""
    plane = seen[seen["family"].isin(["tanh", "turn", "ray"])]
    counts = plane["lipschitz"].value_counts()
    return str(sorted(counts.index, key=lambda a: (-counts[a], a))[0]) if len(counts) else "1/2"


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Left: $f(x)=x+a\sin x$ and its inverse, with the cones $(1\pm a)x$ (blue) and $x/(1\pm a)$ (orange).
    Middle: where $f^{{-1}}(u_1)-f^{{-1}}(u_2)$ can lie, along and across $u_1-u_2$ and in units of its length, for
    $a={a}$: the disc of section 2 (line), the printed one (dashed), and drawn pairs of points for maps of two and
    three inputs. Rotations (orange) lie on the line. All {pairs} pairs of the {maps} maps are in their discs. Right:
    remainders
    $\lVert F(\mathrm{{Id}}+\Delta)-F(\mathrm{{Id}})-Df\cdot\Delta\rVert/(a\lVert\Delta\rVert)$, from below.
    For the {without} maps without a derivative they do not fall, for steps down to {smallest_step:.0e}; for a tanh
    layer on a ball they fall in proportion.
    """
    import pandas as pd
    import seaborn as sns
    from matplotlib import pyplot as plt

    rows = tables["claims/bel_lemma5"]
    drawing, (graphs, disc, quotients) = plt.subplots(1, 3, figsize=(6.8, 2.75))
    for panel in (graphs, disc, quotients):
        panel.set_box_aspect(1)
    blue, orange, green, red, violet = sns.color_palette()[:5]
    seen = rows[(rows["statement"] == "disc") & (rows["verdict"] == "holds")]
    for _, row in seen[seen["family"] == "sine"].tail(1).iterrows():
        x, y, a = np.array(row["grid"]), np.array(row["graph"]), row["a"]
        graphs.fill_between(x, (1 - a) * x, (1 + a) * x, color=blue, alpha=0.15, linewidth=0)
        graphs.fill_between(x, x / (1 - a), x / (1 + a), color=orange, alpha=0.15, linewidth=0)
        graphs.plot(x, y, color=blue, label="$f$")
        graphs.plot(y, x, "--", color=orange, label="$f^{-1}$")
        graphs.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, handlelength=1.5)
    graphs.set(xlim=(-6, 6), ylim=(-6, 6), xlabel="$x$")
    chosen = _common_distance(seen)
    angle = np.linspace(0, 2 * np.pi, 181)
    plane = seen[(seen["lipschitz"] == chosen) & seen["graph"].isna()] if "graph" in seen else seen.head(0)
    for _, row in plane.iterrows():
        across = np.array(row["across"]) * (-1.0) ** np.arange(len(row["across"]))
        disc.plot(row["along"], across, ".", color=_colour(row["family"], (blue, green, orange)), markersize=4)
    a = float(Fraction(chosen))
    circles = ((1 / (1 - a * a), a / (1 - a * a), "-", "sharp"), (1, a / (1 - a), "--", "printed"))
    for centre, radius, style, label in circles:
        x, y = centre + radius * np.cos(angle), radius * np.sin(angle)
        disc.plot(x, y, style, color="0.2", linewidth=1.1, label=label)
    reach = 1.15 * a / (1 - a)
    disc.set(xlabel="along $u_1-u_2$", ylabel="across", xlim=(1 - reach, 1 + reach), ylim=(-reach, reach))
    disc.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, handlelength=1.5)
    looks = {"ray": ("ray", red, "o"), "sine": ("sine", violet, "s"), "wild": ("wild", green, "^")}
    derivative = rows[rows["statement"] == "derivative"].drop_duplicates("family", keep="last")
    for family, (label, colour, marker) in looks.items():
        for _, row in derivative[(derivative["family"] == family) & (derivative["verdict"] == "fails")].iterrows():
            scale = np.array(row["quotients"]) / float(Fraction(row["lipschitz"]))
            quotients.plot(row["steps"], scale, color=colour, marker=marker, markersize=3, linewidth=0.8, label=label)
    smooth = rows[(rows["statement"] == "superposition") & (rows["verdict"] == "holds") & (rows["family"] == "tanh")]
    for _, row in smooth.tail(1).iterrows():
        scale = np.array(row["quotients"]) / float(Fraction(row["lipschitz"]))
        quotients.plot(row["steps"], scale, color=blue, marker=".", linewidth=0.8, label="tanh, ball")
    quotients.set(xscale="log", yscale="log", xlabel=r"$||\Delta||$", ylabel="remainder quotient", ylim=(1e-7, 3))
    if quotients.lines:
        quotients.legend(loc="lower left", handlelength=1.2)
    data = pd.concat([derivative, smooth])
    columns = [c for c in ("instance", "statement", "family", "lipschitz", "steps", "quotients") if c in data]
    return Drawing(drawing, data[columns].reset_index(drop=True))


def _colour(family: str, colours: tuple[Any, Any, Any]) -> Any:
    return {"tanh": colours[0], "turn": colours[2]}.get(family, colours[1])


CLAIM = Claim(
    paper="Bartlett–Evans–Long 2018",
    label="Lemma 5",
    title="Maps near the identity: bounds, inverse, composition",
    statements=(
        Statement(
            "bounds",
            r"(1) If $\lVert f-\mathrm{Id}\rVert_L\le a<1$, then $(1-a)|x-y|\le|f(x)-f(y)|\le(1+a)|x-y|$.",
            "as printed",
            proof="written",
        ),
        Statement(
            "inverse",
            r"(2) $f$ is invertible and $\lVert f^{-1}-\mathrm{Id}\rVert_L\le a/(1-a)$. (Read for $f:\mathbb "
            r"R^d\to\mathbb R^d$; the printed proof shows that $f$ is injective.)",
            "as printed",
            proof="written",
        ),
        Statement(
            "derivative",
            r"(3) For $F(g)=f\circ g$, $\lVert DF(g)-\mathrm{Id}\rVert\le a$. (Read: for a differentiable $f$ the "
            r"Fréchet derivative $DF(g)$ exists in the norm $\sup_{x\ne0}|\Delta(x)|/|x|$, and this holds.)",
            "as printed",
        ),
        Statement(
            "ball",
            r"(2) On a ball $X$ of radius $R$ about $x_0$, $f$ is injective and $f(X)$ contains the ball of radius "
            r"$(1-a)R$ about $f(x_0)$, and no larger one in general: $f:X\to X$ need not be onto. On a complete space "
            r"$f$ is onto.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "disc",
            r"$\lVert f-\mathrm{Id}\rVert_L\le a$ if and only if $f$ is injective and $\lVert "
            r"f^{-1}-\frac1{1-a^2}\mathrm{Id}\rVert_L\le\frac a{1-a^2}$; the printed $a/(1-a)$ is a consequence.",
            "sharper",
            proof="written",
        ),
        Statement(
            "superposition",
            r"(3) $F-\mathrm{Id}$ is $a$-Lipschitz for every $f$. If $f$ is of class $C^1$, $X$ bounded and $\lVert "
            r"g\rVert<\infty$, then $F$ is Fréchet differentiable at $g$, $DF(g)\Delta=Df(g)\Delta$ and $\lVert "
            r"DF(g)-\mathrm{Id}\rVert=\sup_{x\ne0}\lVert Df(g(x))-I\rVert\le a$.",
            "as corrected",
            proof="written",
        ),
    ),
    check=check,
    validate=case,
    control={"family": "shrink", "lipschitz": "1", "tests": 4},
    control_statement="inverse",
    figure=figure,
    summary=summary,
)
