r"""Convex decomposition and the use of Theorem 3 (Nar and Sastry 2018, Section 3.1).

Two sentences of the paper are settled here. (A) "If $f:D\to\mathbb R$ is a twice differentiable, strictly convex
function over a bounded domain $D\subset\mathbb R^n$, then its gradient $\nabla f$ satisfies all the conditions of
Theorem 3": $h=\nabla f$ is differentiable and invertible, $\|Dh(y)-Dh(x)\|\le a\|y-x\|$, $h^{-1}$ is Lipschitz, and
$\det Dh(x_0)>0$ for some $x_0$. (B) A twice differentiable $f:D=[0,M_1]\times\dots\times[0,M_n]\to\mathbb R$ is $r-s$
with strictly convex $r,s$ whose gradients at the origin are strictly positive, "e.g."
$$r(x)=\frac\alpha2x^Tx+\beta^Tx+f(x),\qquad s(x)=\frac\alpha2x^Tx+\beta^Tx,$$
with $\beta>0$ and "$\alpha$ a positive constant large enough to make the Hessian of $r$ positive definite everywhere".
(What Theorem 3 then gives, and at which rate, is the matter of `bel_theorem2`.)

## 1. (A) is false

*The inverse.* $f(x)=\frac14x^4$ is strictly convex on $[0,1]$, $h(x)=x^3$, and for every $K$ and
$\varepsilon^2<1/K$: $|\varepsilon-0|=\varepsilon>K\varepsilon^3=K|h(\varepsilon)-h(0)|$. In more dimensions:
$\frac12x_1^2+\frac14x_2^4$. *Smoothness.* $f(x)=\frac12x^2+\frac4{15}x^{5/2}$ has $f''=1+\sqrt x\ge1$ on $[0,1]$, and
$f''(\varepsilon)-f''(0)=\sqrt\varepsilon>K\varepsilon$ for $\varepsilon<K^{-2}$. ∎

*Invertible* is true on a convex $D$: the strict convexity of $t\mapsto f(x+t(y-x))$ makes
$(\nabla f(y)-\nabla f(x))\cdot(y-x)>0$ for $x\ne y$. If strict convexity is asked on the segments inside a $D$ that is
not convex, it is false even with $\nabla^2f\ge\mu I$: in polar coordinates take $f=\rho^2e^{4\omega^2/(3\pi)}$ on
$1<\rho<2$, $|\omega|<\frac78\pi$. With $\varphi=e^{4\omega^2/(3\pi)}$ and $q=\varphi'/\varphi=\frac{8\omega}{3\pi}$
the Hessian has in the orthonormal frame the entries $2\varphi$, $\varphi'$, $2\varphi+\varphi''$ and the determinant
$\varphi^2(4+\frac{16}{3\pi}+q^2)>0$. The gradient $\rho\varphi\,(2,q)$ in that frame has the direction
$\omega+\arctan\frac q2$, which at $\omega=\pm\frac34\pi$ is $\pm(\frac34\pi+\frac14\pi)=\pm\pi$: the same direction,
and the same length. So $\nabla f$ takes one value at two points. ∎

## 2. What is true

**Theorem.** Let $D$ be bounded and convex with interior points, $f$ strictly convex and twice differentiable on $D$.
Then $\nabla f$ satisfies the conditions of Theorem 3 if and only if $\nabla^2f$ is Lipschitz and $\nabla^2f\ge\mu I$
on $D$ for some $\mu>0$. The Lipschitz constant of $h^{-1}$ is then $1/\mu$ with the largest such $\mu$.

*Proof.* If $\nabla^2f\ge\mu I$, the function $t\mapsto h(x+t(y-x))\cdot(y-x)$ has a derivative $\ge\mu|y-x|^2$ on
$[0,1]$. By the mean value theorem $|h(y)-h(x)||y-x|\ge\mu|y-x|^2$, so $h$ is injective and $h^{-1}$ is
$1/\mu$-Lipschitz; $\det\nabla^2f\ge\mu^n>0$. Conversely let $h^{-1}$ be $K$-Lipschitz. For $x$ in the interior and a
unit eigenvector $v$ of $\nabla^2f(x)$, whose eigenvalue $\lambda$ is $\ge0$ by convexity, $|h(x+tv)-h(x)|\ge t/K$;
divide by $t\to0$: $\lambda=|\nabla^2f(x)v|\ge1/K$. A Lipschitz Hessian is continuous, so this holds on all of $D$. ∎

## 3. The determinant needs no condition

**Theorem.** If $f$ is strictly convex and twice differentiable on an open convex set, then $\det\nabla^2f>0$ at a point
of every ball.

*Proof.* By convexity $\nabla^2f\ge0$. Suppose $\det\nabla^2f=0$ on a closed ball $B$ of radius $R$ around $x_0$.
Subtract an affine function, so that $f(x_0)=0$ and $\nabla f(x_0)=0$; by strict convexity $m=\min_{\partial B}f>0$.
For $|p|<m/R$ the function $f(x)-p\cdot(x-x_0)$ is $0$ at $x_0$ and positive on $\partial B$, so it has a minimum
inside $B$, and there $\nabla f=p$. Hence $\nabla f(B)$ contains a ball, and has positive volume. But it has volume
$0$: let $E_k=\{x\in B:\|\nabla^2f(x)\|\le k\}$ and $0<\varepsilon<1$. At $x\in E_k$ the image of $\nabla^2f(x)$ lies
in a hyperplane, and for all small $\rho$, $|\nabla f(y)-\nabla f(x)-\nabla^2f(x)(y-x)|\le\varepsilon\rho$ for
$|y-x|\le\rho$, so $\nabla f$ maps the ball of radius $\rho$ around $x$ into a cylinder of volume at most
$C(k+1)^{n-1}\varepsilon\rho^n$ with $C$ depending on $n$ only. Choose for each $x\in E_k$ such a $\rho=5\rho_x$ with
$\rho_x\le R$. By Vitali's covering lemma countably many of the balls $B(x,\rho_x)$ are disjoint while their fivefold
enlargements cover $E_k$; they lie in a ball of radius $2R$, so $\sum\rho_x^n\le(2R)^n$, and $\nabla f(E_k)$ has outer
volume at most $C(k+1)^{n-1}\varepsilon(10R)^n$. Let $\varepsilon\to0$, then add over $k$. ∎

## 4. (B): which $\alpha$ and $\beta$

Let $\lambda=\inf_D\lambda_{\min}(\nabla^2f)$, $\alpha^*=\max\{0,-\lambda\}$, $\beta_i^*=\max\{0,-\partial_if(0)\}$.

**Theorem.** If $\lambda>-\infty$, every $\alpha>\alpha^*$ makes $\nabla^2r$ positive definite on $D$, and no positive
$\alpha<\alpha^*$ does. If $f\in C^2$, then $\lambda>-\infty$ and the valid $\alpha$ are those with $\alpha>\alpha^*$:
the infimum is not attained. The valid $\beta$ are those with $\beta_i>\beta_i^*$ for all $i$, whatever $\alpha$ is.

*Proof.* $\nabla^2r=\nabla^2f+\alpha I$ has the least eigenvalue $\lambda_{\min}(\nabla^2f)+\alpha$. For $f\in C^2$ it
is continuous on the compact $D$ and takes its minimum $\lambda+\alpha$: at $\alpha=-\lambda$ there is a point where
$\nabla^2r$ is singular. At $\alpha=0$, $s$ is affine and not strictly convex. $\frac\alpha2x^Tx$ has no gradient at
$0$, so those of $r$ and $s$ are $\beta+\nabla f(0)$ and $\beta$. ∎

## 5. If only strict convexity is needed

**Proposition.** Let $f\in C^2$ and $\alpha^*>0$. At $\alpha=\alpha^*$, $r$ and $s$ are strictly convex if and only if
there is no segment in $D$, of direction $v$ say, on which $v^T\nabla^2f\,v=-\alpha^*|v|^2$. *Proof.* $\nabla^2r\ge0$,
so $r$ is convex. A convex function that is not strictly convex has equality at an inner point of a segment, hence is
affine on it, and $v^T\nabla^2r\,v=0$ there; and conversely. ∎ Both happen:

- $\cos x$ on $[0,M]$: $\alpha^*=1$, $r''=1-\cos x$; $\frac14x^4-\frac12x^2$: $\alpha^*=1$, $r''=3x^2$. Attained.
- $x_1^2x_2-\frac13x_2^3$: $\lambda_{\min}=-2|x|$, so $\alpha^*=2|(M_1,M_2)|$, taken at one corner only. Attained.
- $-x^2$: $\alpha^*=2$ and $r=\beta x$. $x_1x_2-x_1$: $\alpha^*=1$ and $r=\frac12(x_1+x_2)^2+\dots$ is affine along
  $(1,-1)$. Not attained.

Two more values of $\alpha^*$, for the table. $x_1x_2x_3$ on $[0,1]^3$: $\alpha^*=\sqrt2$. $-\nabla^2f$ has the
characteristic polynomial $p(t)=t^3-|x|^2t+2x_1x_2x_3$, which rises for $t\ge|x|/\sqrt3$, so for $t\ge1$; and
$p(\sqrt2)=\sqrt2(2-|x|^2)+2x_1x_2x_3$ is concave in each $x_i$, hence at least its least value at the vertices, which
is $0$, at $(1,1,0)$ and its like. $\sin2x_1\cos3x_2$: with $u=\sin2x_1\cos3x_2$ and $w=\cos2x_1\sin3x_2$,
$-\nabla^2f=u\,\mathrm{diag}(4,9)+w\,P$ with $P$ having $0$ on and $6$ off the diagonal. $u\pm w=\sin(2x_1\pm3x_2)$
gives $|u|+|w|\le1$, and the largest eigenvalue is convex in $(u,w)$: it is at most $9$, with equality at $u=1$. ∎

## 6. (B) is false: twice differentiable is not enough

$f(x)=x^a\sin(x^{-2})$, $f(0)=0$, on $[0,M]$ with $a>4$. For $x>0$, $f'=ax^{a-1}\sin(x^{-2})-2x^{a-3}\cos(x^{-2})$ and
$f''=a(a-1)x^{a-2}\sin(x^{-2})-(4a-6)x^{a-4}\cos(x^{-2})-4x^{a-6}\sin(x^{-2})$; and $f'(0)=f''(0)=0$, as $f/x$ and
$f'/x$ tend to $0$. So $f$ is twice differentiable on all of $[0,M]$.

- $a\ge6$: $f''$ is bounded, and $\alpha>\alpha^*$ will do (for $a=6$, $f''$ is not continuous at $0$).
- $a<6$: where $\sin(x^{-2})=1$, $f''=a(a-1)x^{a-2}-4x^{a-6}\to-\infty$ as $x\to0$. *No* $\alpha$ is large enough.
- $5<a<6$: there is another decomposition. $f''$ is integrable, and $f'(x)=\int_0^xf''$ (integrate from $\varepsilon$,
  let $\varepsilon\to0$). With $r'=1+x+\int_0^x[f'']_+$, $s'=1+x+\int_0^x[-f'']_+$, $r(0)=s(0)=0$: $r',s'$ rise
  strictly and are $1$ at $0$, and $f=r-s$. (Twice differentiable they are not, see below.)
- $4<a\le5$: there is *none*, for the gradients of $r$ and $s$ at $0$ are to exist. At $x_k=(\pi k)^{-1/2}$,
  $f'(x_k)=-2(-1)^kx_k^{a-3}$, so $\sum_k|f'(x_{k+1})-f'(x_k)|\ge2\sum_k(\pi k)^{-(a-3)/2}=\infty$. If $f=r-s$ with
  convex $r,s$ that have a finite derivative at $0$, then the right derivatives $r_+',s_+'$ do not fall, and on $[0,x]$
  with $x<M$ the variation of $f'=r_+'-s_+'$ is at most $r_+'(x)-r'(0)+s_+'(x)-s'(0)<\infty$. ∎

*What excludes it.* With slopes $-\infty$ at $0$ allowed, every $a>4$ has continuous convex $r,s$ on $[0,M]$: take
$r'(x)=x-\int_x^M[f'']_+$ and $s'(x)=x-f'(M)-\int_x^M[-f'']_+$ for $x>0$, which are integrable, because
$\int_0^M\int_x^M|f''(t)|\,dt\,dx=\int_0^Mt|f''(t)|\,dt<\infty$. But move the point inside: $g(x)=f(|x-c|)$ with
$0<c<M$ is twice differentiable on $[0,M]$, and for $4<a\le5$ *no* difference of convex functions whatever: convex
functions have finite one-sided slopes at $c$, and the argument applies on $[c,x]$. ∎

*Twice differentiable parts.* $f=r-s$ with convex $r,s$ that are *twice* differentiable at $0$ exists for $a\ge6$ only.
By the same bound the variation of $f'$ on $[0,x]$ would be at most $Cx$ for small $x$. With
$K=\lceil1/(\pi x^2)\rceil$ the points $x_K,\dots,x_{2K}$ of $[0,x]$ alone give
$2\sum_{k=K}^{2K-1}(\pi k)^{-(a-3)/2}\ge2K(2\pi K)^{-(a-3)/2}$, which is at least $cx^{a-5}$ with $c>0$ for small $x$,
and $x^{a-5}/x\to\infty$ for $a<6$. ∎

In general, for $n=1$ and $f\in C^1$: a decomposition as in (B) exists if $f'$ has bounded variation on $[0,M]$
($f'=p-q$ with continuous $p,q$ that do not fall; take $r'=p+x+b$, $s'=q+x+b$), and only if it has bounded variation on
$[0,x]$ for all $x<M$, by the last argument. ∎

## 7. What does not follow

"Then a pair of residual networks (7a)–(7c) can be used to approximate each coordinate of $f$." For $n=1$ it can. For
$n\ge2$ not because $r$ and $s$ are strictly convex: the networks of this class are supermodular (`ns_convexity`), $s$
and the added terms leave the mixed second differences of $f$ as they are, and $r$ cannot be approximated where these
are negative. Which decompositions can be approximated is settled in `ns_approximation`.

## How the instances are checked, and what rests on the text

$\lambda$ is bracketed: the leading principal minors of $\nabla^2f-\lambda_{\rm low}I$ are positive on a cover of $D$ by
boxes, and at a point and along a direction $v^T\nabla^2f\,v<\lambda_{\rm high}|v|^2$. The checker differentiates $f$
itself for this direction, for "some $\alpha$ is large enough" (one enclosure on all of $D$), for definiteness at a
point and for $f''<-K$. In the covers, at the pairs and at the origin it evaluates gradients and Hessians as they are
written by hand; tests compare these with automatic differentiation. $x^{5/2}$ and $x^a\sin(x^{-2})$ cannot be enclosed
so at $0$: there all $\alpha$ rest on written formulas, the first as a function of $\sqrt x$, the second with a free
angle in place of $x^{-2}$ near $0$.

The rest is for the proofs. A pair $(0,y)$ with $|y|>K|h(y)-h(0)|$, or a point with $f''<-K$, refutes one constant $K$;
sections 1 and 6 refute all. A finite number of values of $f'$ varies by a finite amount; that the variation is infinite
is section 6. That $\alpha^*$ is the named number, and not only within the bracket, and that $r$ bends on all segments,
not only on those that are tried, is section 5; one segment without bend is enough for the contrary. That
$\frac14x^4$ and its like are strictly convex is plain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rescert import runtime
from rescert.certify import sign
from rescert.certify.problem import rational
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition import attainment, curvature, gradient_conditions
from rescert.decomposition.curvature import Bracket
from rescert.decomposition.grid_values import GRID, grid_values
from rescert.decomposition.oscillation import Oscillation
from rescert.decomposition.smooth_functions import SmoothFunction, function

if TYPE_CHECKING:
    import pandas as pd

SEGMENTS = 32  # on which strict convexity is tested
TITLES = {"quartic": "$x^4/4$", "root": "$x^2/2+4x^{5/2}/15$", "exponential": "$e^x$"}
OF_GRADIENTS = ("gradient", "conditions", "determinant")
OF_INFIMA = ("attained", "unattained")
UNSEEN = Finding(None, None, Evidence.ENCLOSED, "the exact α* is not looked at")


def parts(instance: Instance) -> tuple[SmoothFunction | Oscillation, list[Fraction], float, Fraction]:
    """The function, the sides of its box, the margin around λ, the constant to refute; refuses what means nothing."""
    margin, constant = rational(instance["margin"]), rational(instance["constant"])
    if not 0 < margin < 1 or constant <= 0:
        raise ValueError(f"expected a margin in (0, 1) and a positive constant, got {margin} and {constant}")
    if instance["function"] == "oscillation":
        if not isinstance(instance["points"], int) or instance["points"] < 2:
            raise ValueError(f"expected at least 2 points, got {instance['points']}")
        return Oscillation.read(instance), [], float(margin), constant
    f = function(instance["function"])
    return f, curvature.lengths(instance["box"], f.dimension), float(margin), constant


def _found(hypotheses: bool, conclusion: bool, reason: str, *assertions: dict[str, Any], **more: Any) -> Finding:
    """An enclosed finding; undecided if there is no assertion."""
    if not assertions:
        return Finding(None, None, Evidence.ENCLOSED, f"not shown: {reason}")
    return Finding(hypotheses, conclusion, Evidence.ENCLOSED, reason, assertions=assertions, **more)


def _gradient(f: SmoothFunction, sides: list[Fraction], constant: Fraction, least: Bracket) -> dict[str, Finding]:
    """Sentence (A), its correction, and the determinant."""
    if least.high < 0:
        bent = gradient_conditions.not_convex(f, least.point, least.direction)
        return dict.fromkeys(OF_GRADIENTS, _found(False, False, "f is not convex", *bent))
    positive = gradient_conditions.definite_somewhere(f, sides)
    determinant = _found(True, True, "the Hessian is positive definite in the middle of the box", *positive)
    if f.weakness:
        broken = gradient_conditions.refute(f, sides, constant)
        if broken is None:
            unknown = _found(True, False, "no pair was found")
            return {"gradient": unknown, "conditions": unknown, "determinant": determinant}
        flat = gradient_conditions.degenerate(f) if f.weakness == "inverse" else ()
        what = "the inverse" if f.weakness == "inverse" else "the Hessian"
        reason = f"{what} exceeds the Lipschitz constant {constant} at the pair 0, {broken.distance:.4g} e_n"
        every = "the Hessian is singular at 0" if flat else "section 1 has a pair for every other constant"
        refuting = (*broken.assertions, *flat)
        sizes = {"measured": f"{broken.ratio:.6g}", "bound": str(constant)}
        printed = _found(True, False, f"{reason}; {every}", *refuting, **sizes)
        if flat:
            printed = replace(printed, evidence=Evidence.EXACT)
        both = replace(printed, conclusion=True, reason=f"{reason}, and the criterion fails: {every}")
        return {"gradient": printed, "conditions": both, "determinant": determinant}
    lipschitz, smooth = gradient_conditions.hessian_lipschitz(f, sides)
    shown = (*least.assertions, *smooth, *positive) if least.proved and smooth and positive and least.low > 0 else ()
    reason = f"the Hessian is {lipschitz:.4g}-Lipschitz, and {least.reason}"
    sizes = {"measured": f"{1 / least.high:.6g}", "bound": f"{1 / least.low:.6g}"} if least.low > 0 else {}
    holds = _found(True, True, reason, *shown, **sizes)
    return {"gradient": holds, "conditions": holds, "determinant": determinant}


def _decomposed(
    least: Bracket, beta: list[float], slopes: curvature.Assertions, alpha: int = 0, whole: curvature.Assertions = ()
) -> dict[str, Finding]:
    """Sentence (B) and which α and β are valid, where the Hessian is bounded below.

    ``whole`` are the assertions that ``alpha`` serves, by differentiating f; without them the covers show an α.
    """
    valid = max(-least.low, 0.0)
    shown = least.proved and bool(slopes)
    serves = f"α = {valid:.6g} serves" if valid else "every α > 0 serves"
    one = f"α = {alpha} serves" if whole else serves
    printed = (*(whole or least.covers), *slopes) if shown else ()
    range_of_alpha, range_of_beta = f"{max(0.0, -least.high):.6g} to {valid:.6g}", ", ".join(f"{b:.4g}" for b in beta)
    reason = f"{serves}, α < {-least.high:.6g} does not" if least.high < 0 else f"{serves}, and α <= 0 is not positive"
    exact = (*least.assertions, *slopes) if shown else ()
    sizes = {"measured": range_of_alpha, "bound": f"β > {range_of_beta}"}
    bounded = _found(False, False, "the Hessian is bounded below", *least.covers)
    return {
        "decomposition": _found(True, True, one, *printed),
        "existence": _found(True, True, reason if shown else least.reason, *exact, **sizes),
        "irregular": bounded,
        "indivisible": bounded,
    }


def _attained(f: SmoothFunction, sides: list[Fraction], least: Bracket) -> dict[str, Finding]:
    """Whether α* itself serves for strict convexity."""
    if f.least is None:
        return dict.fromkeys(OF_INFIMA, UNSEEN)
    found = attainment.attainment(f, sides, runtime.generator(0, "segments"), SEGMENTS)
    if found.star <= 0:
        zero = _found(False, False, "α* = 0: s is not strictly convex", sign.constant(found.star, "<="))
        return dict.fromkeys(OF_INFIMA, replace(zero, evidence=Evidence.EXACT))
    if found.attained is None or not least.low < -float(found.star) < least.high:
        return dict.fromkeys(OF_INFIMA, Finding(True, None, Evidence.ENCLOSED, "nothing is shown at α*"))
    word = f"{SEGMENTS} segments of r bend up" if found.attained else "r is affine on a segment"
    reason = f"at α* = {found.star} the Hessian of r is singular at a point, and {word}"
    shown = (*found.assertions, *least.assertions)
    one = _found(True, found.attained, reason, *shown, measured=str(found.star))
    return {"attained": one, "unattained": replace(one, conclusion=not found.attained)}


def _oscillating(osc: Oscillation, margin: float, constant: Fraction, points: int) -> dict[str, Finding]:
    """x^a sin(x^-2): sentence (B) for functions that are twice differentiable and no more."""
    sums, bound, varied = osc.variation(points)
    if osc.bounded:
        least = osc.bracket(margin)
        # f'(0) = 0, which is a limit and shown in the text: the slopes of r and s at 0 are β.
        slope = sign.constant(Fraction(margin), ">")
        found = _decomposed(least, [0.0], (slope,))
        bent = (least.below.assertion,) if least.below.assertion and least.high < 0 else ()
    else:
        steep = osc.steep(constant)
        bent = () if steep.assertion is None else (steep.assertion,)
        reason = f"f'' < -{constant} at a point, and by section 6 f'' is unbounded below"
        divisible = osc.exponent > 5
        shown = bent if divisible else (*bent, *varied) if varied else ()
        infinite = f"{points} values of f' vary by more than {bound:.4g}, and by section 6 its variation is infinite"
        more = "f'' is integrable" if divisible else infinite
        sizes = {"measured": f"{bound:.6g}"} if not divisible else {}
        found = {
            "decomposition": _found(True, False, reason, *bent),
            "existence": _found(False, False, reason, *bent),
            "irregular": _found(True, divisible, f"{reason}; {more}", *shown),
            "indivisible": _found(True, not divisible, f"{reason}; {more}", *shown, **sizes),
        }
    vacuous = dict.fromkeys(OF_GRADIENTS, _found(False, False, "f is not convex", *bent))
    found |= {**vacuous, **dict.fromkeys(OF_INFIMA, UNSEEN)}
    return found | {"decomposition": replace(found["decomposition"], values={"variation": sums})}


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One function on a box."""
    f, sides, margin, constant = parts(instance)
    if isinstance(f, Oscillation):
        return _oscillating(f, margin, constant, instance["points"])
    least = curvature.bracket(f, sides, margin)
    decomposed = _decomposed(least, *curvature.origin(f, margin), *curvature.large_enough(f, sides))
    found = _gradient(f, sides, constant, least) | decomposed | _attained(f, sides, least)
    return found | {"decomposition": replace(found["decomposition"], values=grid_values(f, sides, least))}


def summary(rows: pd.DataFrame) -> dict[str, Scalar]:
    """Numbers for the caption."""
    found = rows[(rows["statement"] == "existence") & (rows["verdict"] == "holds")]
    refuted = rows[(rows["statement"] == "gradient") & (rows["verdict"] == "fails")]
    varied = rows[(rows["statement"] == "indivisible") & (rows["verdict"] == "holds")]
    return {
        "bracketed": len(found),
        "margin": max(found["margin"], key=rational, default="0"),
        "refuted": len(refuted),
        "constant": min(refuted["constant"], key=rational, default="0"),
        "values": int(varied["points"].iloc[0]) if len(varied) else 0,
        "variation": str(varied["measured"].iloc[0]) if len(varied) else "0",
    }


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""Top left: $f=\frac14x^4-\frac12x^2$ with $\alpha^*=1$; $r$ is convex at $\frac32\alpha^*$ and not at
    $\frac12\alpha^*$ (constants $\beta=0$). Top right: quotients that Theorem 3 wants bounded, at the pair
    $0,\ te_n$: $|y|/|h(y)-h(0)|$ for the inverse of $h=\nabla f$ (solid), $\|\nabla^2f(y)-\nabla^2f(0)\|/|y|$ for its
    derivative (dashed). They grow without bound for two strictly convex functions ({refuted} instances are certified
    to exceed {constant}) and stay bounded where $\nabla^2f\ge\mu I$ is Lipschitz. Bottom left: the least eigenvalue of
    $\nabla^2f$ over the box for $\sin2x_1\cos3x_2$, and a point where it is least; $\alpha^*$ is minus that value and
    is bracketed to within {margin} on either side, or less, for {bracketed} instances. Bottom right: variation of $f'$
    over the first points $(\pi k)^{{-1/2}}$ for $x^a\sin(x^{{-2}})$; it is unbounded for $a=5$ (above {variation} on
    {values} points), and $f$ is then no difference of convex functions with finite slopes at $0$.
    """
    import pandas as pd
    from matplotlib import pyplot as plt

    rows = tables["claims/ns_decomposition"].query("statement == 'decomposition'")
    drawing, ((curves, quotients), (least, variation)) = plt.subplots(2, 2, figsize=(6.8, 5.8))
    for _, row in rows[rows["function"] == "double_well"].head(1).iterrows():
        for key, style, label in (
            ("curve", "k-", "$f$"),
            ("more_r", "C0-", r"$r,\ \alpha=1.5\,\alpha^*$"),
            ("more_s", "C2:", r"$s,\ \alpha=1.5\,\alpha^*$"),
            ("half_r", "C1--", r"$r,\ \alpha=0.5\,\alpha^*$"),
        ):
            curves.plot(row["grid"], row[key], style, label=label)
        curves.set(xlabel="$x$", xlim=(0, 1.5), ylim=(-0.45, 1.4))
        curves.legend(loc="upper left")
    data = []
    lines = {"quartic": ("inverse", "C1-"), "root": ("smoothness", "C3--")}
    for name, kinds in {**lines, "exponential": None}.items():
        for _, row in rows[rows["function"] == name].head(1).iterrows():
            for kind, style in [kinds] if kinds else [("inverse", "C0-"), ("smoothness", "C0--")]:
                marker = "o" if kind == "inverse" else "s"
                look = {"marker": marker, "markersize": 3.5, "label": f"{TITLES[name]}, {kind}"}
                quotients.plot(row["distances"], row[kind], style, **look)
                data += [(row["instance"], kind, t, q) for t, q in zip(row["distances"], row[kind], strict=True)]
    quotients.set(xscale="log", yscale="log", ylim=(0.3, 1e10), xlabel="distance $t$", ylabel="quotient")
    if data:
        quotients.legend(loc="upper right", fontsize=7.5, handlelength=3.5)
    for _, row in rows[rows["function"] == "waves"].head(1).iterrows():
        axes = [np.linspace(0, end, GRID) for end in row["ends"]]
        shown = np.array(row["map"], dtype=float).reshape(GRID, GRID).T
        filled = least.contourf(*axes, shown, levels=12, cmap="cividis")
        drawing.colorbar(filled, ax=least, label=r"$\lambda_{\min}(\nabla^2f)$")
        least.plot(*row["least_point"], "o", color="white", markeredgecolor="0.1", clip_on=False, zorder=5)
        least.grid(False)
    least.set(xlabel="$x_1$", ylabel="$x_2$")
    sums = rows[rows["function"] == "oscillation"]
    for style, (_, row) in zip(("C1-", "C4--", "C0-.", "C2:"), sums.iterrows(), strict=False):
        k = np.arange(2, len(row["variation"]) + 2)
        variation.plot(k, row["variation"], style, label=f"$a={row['exponent']}$")
        data += [(row["instance"], "variation", int(i), v) for i, v in zip(k, row["variation"], strict=True)]
    variation.set(xscale="log", xlabel="points", ylabel="variation of the derivative")
    variation.xaxis.set_minor_formatter("")  # the labels of few points would overlap
    if len(sums):
        variation.legend()
    return Drawing(drawing, pd.DataFrame(data, columns=["instance", "quantity", "at", "value"]))


def _statement(name: str, text: str, role: Any, quantifier: Any = "every") -> Statement:
    return Statement(name, text, role, quantifier, "written")


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 3.1, convex decomposition",
    title="Strictly convex functions under Theorem 3, and functions as differences of two of them",
    statements=(
        Statement(
            "gradient",
            r"If $f$ is twice differentiable and strictly convex over a bounded $D$, then $h=\nabla f$ satisfies "
            r"all the conditions of Theorem 3: it is invertible, $Dh$ and $h^{-1}$ are Lipschitz, and $\det Dh(x_0)>0$ "
            r"somewhere.",
            "as printed",
        ),
        _statement(
            "conditions",
            r"On a bounded convex $D$ with interior points it does so if and only if $\nabla^2f$ is Lipschitz and "
            r"$\nabla^2f\ge\mu I$ for some $\mu>0$; then $h^{-1}$ is $1/\mu$-Lipschitz.",
            "as corrected",
        ),
        _statement(
            "determinant",
            r"The condition on the determinant is always met: if $f$ is twice differentiable and strictly convex, then "
            r"$\det\nabla^2f>0$ at a point of every ball in $D$, in every dimension.",
            "sharper",
        ),
        Statement(
            "decomposition",
            r"For every twice differentiable $f$ on a box there are $\alpha>0$, $\beta>0$ for which the Hessian of "
            r"$r=\frac\alpha2|x|^2+\beta^Tx+f$ is positive definite everywhere and $\nabla r(0)>0$. (So is $f=r-s$.)",
            "as printed",
        ),
        _statement(
            "existence",
            r"If $\nabla^2f$ is bounded below ($f\in C^2$ is enough), all "
            r"$\alpha>\alpha^*=\max\{0,-\inf\lambda_{\min}\}$ and $\beta_i>\beta_i^*=\max\{0,-\partial_if(0)\}$ serve "
            r"and no smaller ones; for $f\in C^2$ neither infimum is attained.",
            "as corrected",
        ),
        _statement(
            "attained",
            r"If only strict convexity of $r$ and $s$ is asked, $\alpha^*>0$ itself can serve: for some $f$ the "
            r"infimum is attained. (An instance tries segments; that $r$ bends on all of them is the proof's.)",
            "sharper",
            "some",
        ),
        _statement(
            "unattained",
            r"For other $f$ with $\alpha^*>0$ it is not: $r$ is affine on a segment.",
            "sharper",
            "some",
        ),
        _statement(
            "irregular",
            r"There is a twice differentiable $f$ for which no $\alpha$ serves, but which is $r-s$ with other strictly "
            r"convex $r,s$, though not with twice differentiable ones: $x^a\sin(x^{-2})$ with $5<a<6$. (An instance "
            r"shows one $\alpha$ that does not serve; the rest is the proof's.)",
            "sharper",
            "some",
        ),
        _statement(
            "indivisible",
            r"There is a twice differentiable $f$ that is no difference of convex functions with finite slopes at $0$, "
            r"whatever these functions are: $x^a\sin(x^{-2})$ with $4<a\le5$. (An instance shows a finite part of the "
            r"variation of $f'$; that it is infinite is the proof's.)",
            "sharper",
            "some",
        ),
    ),
    check=check,
    validate=parts,
    control={"function": "oscillation", "exponent": "5", "box": "1", "margin": "1/32", "constant": "100", "points": 10},
    control_statement="existence",
    figure=figure,
    summary=summary,
)
