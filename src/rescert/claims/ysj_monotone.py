r"""Two residual blocks need not improve a representation one after the other: the example, and one without escape.

## Setting

$h_1=x+v_1\,\mathrm{relu}(u_1x+b_1)$, $h_2=h_1+v_2\,\mathrm{relu}(u_2h_1+b_2)$, $f=wh_2+c$, all scalars;
$\theta=(v_1,u_1,b_1,v_2,u_2,b_2,w,c)$ and $R(\theta)=\frac1n\sum_i(f(x_i)-y_i)^2$. $H_l$ are the outputs of block $l$
on the data, and $\mathrm{err}(H,Y)=\min_{a,b}\frac1n\sum_i(ah_i+b-y_i)^2$: the linear model *with* bias, the mean
*without* a factor $\frac12$. These are the conventions under which the printed numbers are right. The paper's example:
$X=(1,\frac52,3)$, $Y=(1,3,2)$, and the printed parameters

$$\theta^\circ=\Bigl(1,\,1,\,-2,\ -4,\,1,\,-\frac72,\ 1,\,0\Bigr),\qquad H_1=(1,3,4),\qquad H_2=(1,3,2)=Y.$$

Exactly, $\mathrm{err}(X,Y)=\frac{25}{78}$, $\mathrm{err}(H_1,Y)=\frac8{21}$, $\mathrm{err}(H_2,Y)=0$, and so
$R(\theta^\circ)=0$: a global minimum at which the first block makes the representation worse.

## 1. What does hold at every local minimum

*For every data set, at every local minimum of $R$, kinks included: $R(\theta)=\mathrm{err}(H_2,Y)\le
\mathrm{err}(H_1,Y)$.* Proof. Let $w\ne0$. With $(v_1,u_1,b_1,u_2,b_2)$ held, $(w,wv_2,c)$ are free coordinates near
$\theta$ and $R$ is a convex quadratic of them, so $\theta$ minimises over all of them: over $(w',w'v_2,c')$, which
gives $R(\theta)=\mathrm{err}(H_2,Y)$, and over $(w',0,c')$, which gives $R(\theta)\le\mathrm{err}(H_1,Y)$. Let $w=0$.
Then $c=\bar y$ and $R=\mathrm{Var}(y)$. Move $w$ to $\varepsilon$, $v_2$ to $v$ near it: $R$ changes by
$-2\varepsilon\,\mathrm{Cov}(y,h_1+v\phi_2)+O(\varepsilon^2)$ with $\phi_2=\mathrm{relu}(u_2h_1+b_2)$, and
$\varepsilon$ has either sign, so this covariance vanishes for all $v$ near $v_2$. Hence
$\mathrm{Cov}(y,h_1)=\mathrm{Cov}(y,\phi_2)=0$ and both errors are $\mathrm{Var}(y)=R(\theta)$. $\square$ So the one
inequality that can fail at a minimum is $\mathrm{err}(H_1,Y)\le\mathrm{err}(X,Y)$.

## 2. Smooth, and not isolated

The pre-activations on the data are $(-1,\frac12,1)$ and $(-\frac52,-\frac12,\frac12)$: none is zero, so $R$ is a
polynomial near $\theta^\circ$. *Wherever $R(\theta)=0$ and no pre-activation vanishes on a datum,
$\nabla^2R=\frac2nJ^{\mathsf T}J$ with $J=\partial f(x_i)/\partial\theta_j$, and at least $8-\min(n,6)$ of its
eigenvalues are exactly zero.* Proof. The other part of the Hessian is $\frac2n\sum_i(f(x_i)-y_i)\nabla^2f(x_i)=0$, and
$J$ has $n$ rows. For $t>0$, $(v_l,u_l,b_l)\mapsto(v_l/t,tu_l,tb_l)$ changes no output; the two velocities
$(-v_l,u_l,b_l)$ at $t=1$ lie in the kernel, are not zero (otherwise the pre-activation would be) and are
independent. $\square$ *So no smooth minimum of risk zero is isolated, whatever the data.* At $\theta^\circ$

$$J=\begin{pmatrix}0&0&0&0&0&0&1&1\\ \frac12&\frac52&1&0&0&0&3&1\\ -3&-9&-3&\frac12&-16&-4&2&1\end{pmatrix},\qquad
\frac23JJ^{\mathsf T}=\frac23\begin{pmatrix}2&4&3\\4&\frac{35}2&-20\\3&-20&\frac{1505}4\end{pmatrix}.$$

The rank is 3 (the columns of $b_1$, $b_2$, $c$ have determinant $-4$). So there are *exactly five zero eigenvalues*,
and three positive ones, near $0.576$, $11.67$, $251.6$, each enclosed by the inertia of $\nabla^2R-\beta I$ at two
numbers $\beta$. The kernel is spanned by the two scalings $(-1,1,-2,0,0,0,0,0)$, $(0,0,0,4,1,-\frac72,0,0)$ and by
$(0,0,0,8,0,1,0,0)$, $(2,0,-1,6,0,0,0,0)$, $(0,0,-2,-14,0,0,1,-1)$, which change $f$ between the data. It is the
tangent space of the next part: in the other three directions $R$ grows quadratically.

## 3. The minima around the printed one

Let $s=1+v_1u_1$, $t_1=-b_1/u_1$, $t_2=-b_2/u_2$ be the slope after the first kink, that kink, and the second one on the
scale of $h_1$. *The component $M$ of $\theta^\circ$ in the set of zero risk with the same signs of all six
pre-activations is the graph*

$$w=\frac2{H-1},\qquad c=1-w,\qquad v_2=\frac{\frac12(H+1)-K}{u_2K+b_2},\qquad H=h_1\bigl(\tfrac52\bigr),\ K=h_1(3),$$

*over $u_1>0$, $1<t_1<\frac52$, $s>0$, $u_2>0$, $H<t_2<K$, which is $\mathbb R^5$. On $M$,*
$\mathrm{err}(H_1,Y)>\mathrm{err}(X,Y)$ *exactly if $v_1>0$, with equality exactly if $v_1=0$, and
$\mathrm{err}(H_1,Y)$ takes exactly the values in $(\frac16,\frac23)$.*

Proof. Signs $(-,+,+)$ in block 1 say $u_1>0$, $1<t_1<\frac52$; then $h_1(1)=1$, $H-1=t_1-1+s(\frac52-t_1)$,
$K-H=\frac s2$. With the signs $(-,-,+)$ of block 2, $f=y$ reads $w+c=1$, $wH+c=3$, $w(K+v_2(u_2K+b_2))+c=2$. This
forces $H\ne1$ and the formulas, and asks nothing else; it is the graph. Since $t_2$ separates $K$ from $1$ and $H$,
either $K>\max(1,H)$ or $K<\min(1,H)$. These cases and the sign of $H-1$ are constant on components. At
$\theta^\circ$, $1<H<K$; this says $s>0$ and, with the signs of block 2, $u_2>0$ and $H<t_2<K$. All of these are
intervals that depend continuously on the coordinates before them: connected, and $\mathbb R^5$. Put $r=(K-1)/(H-1)$.
By the formula of part 4, $\mathrm{err}(H_1,Y)=e(r)$, increasing in $r\ge\frac12$, with
$\mathrm{err}(X,Y)=e(\frac43)$. Here $r=1+1/\bigl(\frac{2(t_1-1)}s+5-2t_1\bigr)$, which is $>$, $=$ or $<\frac43$ as
$s>$, $=$ or $<1$, that is $v_1>0$, $=0$, $<0$. For fixed $t_1$ it fills $(1,1+\frac1{5-2t_1})$ as $s$ runs through
$(0,\infty)$, so $(1,\infty)$ in all; $e(1)=\frac16$ and $e(\infty)=\frac23$. $\square$

So the smooth component of the printed minimum itself contains global minima that are strictly monotone:
$(-\frac12,1,-\frac32,\,-6,1,-\frac{17}8,\,2,-1)$ has $H_1=(1,2,\frac94)$ and errors $\frac{25}{78}>\frac27>0$.

## 4. All global minima on the three points

*The set of $\mathrm{err}(H_1,Y)$ over all global minima, kinks included, is $[0,\frac23)$ without $\frac16$.* So
$\mathrm{err}(H_1,Y)$ may be zero and may be as near as one likes to $\mathrm{Var}(Y)=\frac23$, the worst of all
representations, which is not attained.

Proof. Let $z_1\ne z_2$, $r=(z_3-z_1)/(z_2-z_1)$. The error of $z$ is that of $(0,1,r)$, whose squared deviations sum to
$\frac23(1-r+r^2)$; the deviations of $y$ are $(-1,1,0)$, and the product sum is $1$. So
$\mathrm{err}=\frac13\bigl(2-\frac3{2(1-r+r^2)}\bigr)=e(r)$ with

$$e(r)=\frac23-\frac1{2(1-r+r^2)},\qquad e\Bigl(\frac12\Bigr)=0,\qquad e(0)=e(1)=\frac16,\qquad
e(\pm\infty)=\frac23.$$

At a global minimum ($R=0$) the three $h_1(x_i)$ are distinct, because the labels are: $r$ is a number other than 0
and 1, and $e(r)\ne\frac16$, since $e(r)=\frac16$ only for $r^2=r$. Every such $r$ occurs. A kink at $t$ in
$(1,\frac52)$ with slope $s$ behind it has $r=1+s/(2(t-1)+s(5-2t))$: for $t=2$ this is $1+\frac s{2+s}$, every number
but $2$, and $t=\frac94$, $s=5$ gives $2$. And for distinct $h_1(x_i)$ a continuous function with two affine pieces
through the points $(h_1(x_i),y_i)$ exists; with $w$ its slope on a piece where that is not zero, it is
$w(h+v_2\,\mathrm{relu}(u_2h+b_2))+c$. $\square$

The order of the $h_1(x_i)$ is constant on components, and all six orders occur (slope $1$ on one side of the first kink
and any slope on the other), so the set of global minima has at least six components.

*The failure is not even a property of the function $f$.* Exchange the kinks: let
$\theta'=(-4,1,-\frac{11}4,\,1,1,-2,\,1,0)$. On $[1,3]$ both networks compute
$x+\mathrm{relu}(x-2)-8\,\mathrm{relu}(x-\frac{11}4)$: for $\theta^\circ$ because
$h_1-\frac72=2(x-\frac{11}4)$ for $x\ge2$ (and $h_1<\frac72$ before); for $\theta'$ because
$2\le h_1=x-4\,\mathrm{relu}(x-\frac{11}4)$ for $2\le x\le3$. But $\theta'$ has $H_1=(1,\frac52,2)$ and errors
$\frac{25}{78}>\frac1{42}>0$. (Its second pre-activation is zero at $x=3$: this one is a kink.)

## 5. Nine points without escape

On the paper's three points one could choose among the global minima a monotone one. In general one cannot. For
$0<\varepsilon<\frac32$ let

$$X=(-5,-4,-3,\,-\varepsilon,0,\varepsilon,\,3,4,5),\qquad y_i=F(x_i),$$

with $F(x)=2x$ for $|x|\le2\varepsilon$ and $F(x)=x\pm2\varepsilon$ beyond ($\varepsilon=1$:
$Y=(-7,-6,-5,-2,0,2,5,6,7)$). *The least risk is 0, and at every global minimum, kinks included,*

$$\mathrm{err}(H_1,Y)=E(\varepsilon)=\frac{2(28\varepsilon^4-64\varepsilon^3+4\varepsilon^2+16\varepsilon+225)}
{9(8\varepsilon^2+32\varepsilon+117)},\qquad
\mathrm{err}(X,Y)=\frac{4\varepsilon^2(6\varepsilon^2-24\varepsilon+37)}{9(50+\varepsilon^2)}.$$

*The first is larger exactly for $\varepsilon<\varepsilon^*\approx1.3445$, the root in $(1,\frac32)$ of
$68\varepsilon^6+64\varepsilon^5-944\varepsilon^4-64\varepsilon^3+8233\varepsilon^2-800\varepsilon-11250$.* For
$\varepsilon=1$: $\frac{418}{1413}>\frac{76}{459}$. For $\varepsilon\to0$, $\mathrm{err}(X,Y)\to0$ while
$\mathrm{err}(H_1,Y)\to\frac{50}{117}$: no inequality $\mathrm{err}(H_1,Y)\le C\,\mathrm{err}(X,Y)$ holds, and no choice
among global minima rescues one.

Proof. *Attained.* $\theta_A=(1,1,2\varepsilon,\,-\frac12,1,-6\varepsilon,\,1,-2\varepsilon)$ and
$\theta_B=(-\frac12,1,-2\varepsilon,\,1,1,2\varepsilon,\,1,-2\varepsilon)$ have $f=F$ on the data. So $f(x_i)=y_i$ at
every global minimum. Write $f=g\circ h_1$ with $g(z)=w(z+v_2\,\mathrm{relu}(u_2z+b_2))+c$; each of $g$ and $h_1$ is
affine or has one kink, at $z=t$ and at $x=\tau$.

(a) *Kinks of $f$ in $(-5,5)$.* Away from $\tau$ a kink needs $h_1(x)=t$ and a slope of $h_1$ that is not zero: at
most one on each side of $\tau$ (one in all, if $h_1$ is affine on the interval). So $f$ has at most three; if three,
$\tau$ is the middle one and $h_1=t$ at the outer two.

(b) *Where they are.* Call three neighbouring data straight if they lie on a line. The open interval that they span
contains, if straight, no kink or at least two; if not straight, at least one. The triples $(1,2,3)$, $(4,5,6)$,
$(7,8,9)$ are straight; $(2,3,4)$, $(3,4,5)$, $(5,6,7)$, $(6,7,8)$ are not, because the slopes $1$,
$3/(3-\varepsilon)$, $2$ differ for $\varepsilon\ne\frac32$. Two kinks in $(x_1,x_3)$ with one each in $(x_3,x_5)$ and
$(x_5,x_7)$ would be four; two in $(x_4,x_6)$ with one each in $(x_2,x_4)$, $(x_6,x_8)$ as well; $(x_7,x_9)$ is like
$(x_1,x_3)$. So all kinks lie in $[x_3,x_4]$ and $[x_6,x_7]$, and $f=F$ on $[x_1,x_3]$, $[x_4,x_6]$ and $[x_7,x_9]$;
in each of the two gaps there is at least one kink, and a single one can only be that of $F$.

(c) *Three kinks do not occur.* Say $a<\tau<a'$ with $h_1(a)=h_1(a')=t$. Then $h_1$ has slopes $p$, $q$ of opposite
signs beside $\tau$, and before $a$ and after $a'$ it is on the same side of $t$, where $g$ has one slope $G$. So $f$
has slopes $Gp$ and $Gq$ on the first and last three data: not both $1$.

(d) *Two kinks.* Then $f=F$ on $[-5,5]$, with kinks $\pm2\varepsilon$. If $\tau$ were none of them, they would be on
different sides of it, at the same height $t$; $h_1$ would have slopes of opposite signs $p$, $q$ beside $\tau$, and
near $\tau$ it is on one side of $t$, where $f$ has slopes $Gp\ne Gq$ ($G\ne0$ as $F$ is nowhere constant): a kink of
$F$ at $\tau$ after all. So $\tau=-2\varepsilon$ or $\tau=2\varepsilon$. In the first case $h_1=t$ at $2\varepsilon$,
and at no point of $(-5,2\varepsilon)$: from $\tau$ on because $h_1$ is affine and not constant there; left of $\tau$
because that would be one more kink of $F$, or, were $h_1$ constant there, $h_1(\tau)=t$. So $h_1$ stays on one side
of $t$, where $g$ is affine, and its slopes beside $\tau$ have the ratio $1:2$ of those of $F$: up to an affine map,
$H_1$ is $x+\mathrm{relu}(x+2\varepsilon)$, as for $\theta_A$. In the second case the same argument from the right
gives slopes $2:1$ beside $2\varepsilon$, as for $\theta_B$. The map $(x,y)\mapsto(-x,-y)$ exchanges the two cases and
keeps the data, so the errors agree: $E(\varepsilon)$, which is a quotient of Gram determinants. $\square$

At $\theta_A$ and $\theta_B$ the derivatives of $f$ in the eight parameters span all functions that are affine on each
of the three parts, with jumps ($u,b$ of the two blocks give the two parts where a unit is active, $w,c$ the other).
Each part has three data, so that $J$ has rank 6, the most that part 2 allows: *exactly two zero eigenvalues, those of
the scalings.* The failure needs neither flat directions of other kinds nor fewer data than parameters.

## Errors and gaps of the paper

None of the numbers of Section 3.2 is wrong, and its conclusion, "does not necessarily hold", is right.

1. What the example leaves open: it refutes "at *every* global minimum", not "at *some* one for every data set".
   On its three points monotone global minima exist, in the same smooth component and even with the same function $f$
   on $[1,3]$ (parts 3 and 4). The heading, "do not improve monotonically", and the remark that an induction over the
   blocks "will never be able to prove" $\mathrm{err}(H_2,Y)\le\mathrm{err}(X,Y)$ need the stronger fact: an induction
   might first pass to a better minimum of the same value. Part 5 shows it: on those nine points there is none.
2. $\mathrm{err}(H_2,Y)\le\mathrm{err}(H_1,Y)$ at local minima is cited, not shown; part 1 proves it, kinks and $w=0$
   included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from flint import fmpq

from rescert.certify.comparison import EVERYWHERE, Comparison
from rescert.certify.piecewise import Relation, polynomial
from rescert.certify.proof import Proof
from rescert.certify.real_roots import Interval, Real, rational, real_roots
from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.landscape.representations import SIZE, THREE, Point, nine, nine_fits, three_point_error

if TYPE_CHECKING:
    import pandas as pd

PRINTED = ("1", "1", "-2", "-4", "1", "-7/2", "1", "0")
PRINTED_ERRORS = ("0.3205", "0.3810", "0")
HALF_UNIT = rational("0.00005")  # of the last printed digit
SIGNS = (-1, 1, 1, -1, -1, 1)  # of the printed pre-activations
DATA = {**dict.fromkeys(("printed", "component", "values", "avoidable"), "three"), "unavoidable": "nine"}
THRESHOLD = real_roots(polynomial([-11250, -800, 8233, -64, -944, 64, 68]))[-1]
DRAWN = "last_block"  # the statement whose rows carry what the figure shows


@dataclass(frozen=True)
class Facts:
    """What is known exactly of one point: representations, their errors, whether it fits the data, and kinks."""

    point: Point
    data: str
    inner: str  # ε of the nine points
    hidden: list[list[fmpq]]
    preactivations: list[fmpq]
    fits_data: bool

    @property
    def text(self) -> str:
        return ", ".join(f"err({n}, Y) = {e}" for n, e in zip(("X", "H₁", "H₂"), self.point.errors, strict=True))

    @cached_property
    def shown(self) -> list[Any]:
        """Proofs of what all statements build on: the representations, their errors, and zero or positive risk."""
        fits = [self.point.compare(block, "=", error) for block, error in enumerate(self.point.errors)]
        risk = self.point.show_zero_risk() if self.fits_data else self.point.show_positive_risk()
        return [*self.point.show_representations(), *risk, *fits]

    def finding(
        self, holds: bool | None, reason: str, *shown: Any, hypothesis: bool | None = True, **more: Any
    ) -> Finding:
        """The finding with its assertions; undecided where a proof did not succeed.

        A false conclusion needs no more than `shown`: the exact errors contradict it.
        """
        extra = [p for p in shown if p is not None] if holds is False else shown
        entries = [p.assertion if isinstance(p, Proof) else p for p in (*self.shown, *extra)]
        given = tuple(entry for entry in entries if entry is not None)
        evidence = more.pop("evidence", Evidence.EXACT)
        if len(given) < len(entries):
            return Finding(hypothesis, None, Evidence.NUMERICAL, f"not shown: {reason}", self.text, **more)
        return Finding(hypothesis, holds, evidence, reason, self.text, assertions=given, **more)

    def vacuous(self, reason: str, *shown: Any) -> Finding:
        return self.finding(None, reason, *shown, hypothesis=False)


def check(instance: Instance, inputs: Inputs) -> Mapping[str, Finding]:
    """Settle every statement at the point ``theta`` ("v1 u1 b1 v2 u2 b2 w c") on the data "three" or "nine"."""
    facts = _facts(instance)
    if facts is None:
        reason = "the parameters or data are no dyadic rationals: balls decide no equality there"
        return {s.name: Finding(None, None, Evidence.NUMERICAL, reason) for s in STATEMENTS}
    return {s.name: _settle(s.name, facts) for s in STATEMENTS}


def _facts(instance: Instance) -> Facts | None:
    if instance["data"] not in ("three", "nine"):
        raise ValueError(f"expected the data 'three' or 'nine', got '{instance['data']}'")
    inner = str(instance.get("inner", 1)) if instance["data"] == "nine" else ""
    point = Point(*(nine(inner) if inner else THREE), tuple(str(instance["theta"]).split()))
    hidden, preactivations, residuals = point.representations, point.preactivations, point.residuals
    if hidden is None or preactivations is None or residuals is None:
        return None
    return Facts(point, str(instance["data"]), inner, hidden, preactivations, not any(residuals))


def _settle(name: str, facts: Facts) -> Finding:
    if DATA.get(name, facts.data) != facts.data:
        return facts.vacuous("other data")
    if not facts.fits_data and name not in ("printed", "last_block"):
        return facts.vacuous("the risk is positive here")
    return SETTLE[name](facts)


def _printed(facts: Facts) -> Finding:
    if [rational(v) for v in facts.point.theta] != [rational(v) for v in PRINTED]:
        return facts.vacuous("these are not the printed parameters")
    rounded, true = [], True
    for block, (error, told) in enumerate(zip(facts.point.errors, map(rational, PRINTED_ERRORS), strict=True)):
        slack = HALF_UNIT if told else rational(0)
        true = true and abs(error - told) <= slack
        rounded += [facts.point.compare(block, ">=", told - slack), facts.point.compare(block, "<=", told + slack)]
    true = true and facts.hidden[1:] == [[1, 3, 4], [1, 3, 2]] and facts.fits_data
    return facts.finding(true, "exact; they round to the printed digits", *rounded, bound=", ".join(PRINTED_ERRORS))


def _not_monotone(facts: Facts) -> Finding:
    first, second, _ = facts.point.errors
    worse = second > first
    shown = facts.point.compare(1, ">" if worse else "<=", first)
    reason = "the first block makes the representation worse" if worse else "not here: monotone"
    return facts.finding(worse, reason, shown)


def _last_block(facts: Facts) -> Finding:
    _, second, third = facts.point.errors
    shown = facts.point.compare(2, "<=", second)
    values = facts.point.drawn()
    if not facts.fits_data:  # it may or may not be a local minimum
        return facts.finding(None, "not known to be a local minimum", hypothesis=None, values=values)
    return facts.finding(third == 0 <= second, "risk = err(H₂, Y) = 0", shown, values=values)


def _smooth(facts: Facts) -> Finding:
    kinks = [k for k, p in enumerate(facts.preactivations) if p == 0]
    if kinks:
        datum = kinks[0] % len(facts.point.inputs)
        reason = f"a kink of block {kinks[0] // len(facts.point.inputs) + 1} on x = {facts.point.inputs[datum]}"
        return facts.vacuous(reason, *facts.point.show_kink(kinks[0]))
    rank = min(len(facts.point.inputs), SIZE - 2)
    enclosed, proofs = facts.point.eigenvalues(rank)
    zeros = f"{'exactly' if enclosed else 'at least'} {SIZE - rank} zero eigenvalues"
    values = {"zero_eigenvalues": SIZE - rank if enclosed else None, "eigenvalues": [low for low, _ in enclosed]}
    pattern = facts.point.show_pattern()
    positive = ", ".join(f"{low:.6g}" for low, _ in enclosed)
    reason = f"{zeros}; positive: {positive}" if enclosed else zeros
    return facts.finding(True, reason, *pattern, *proofs, evidence=Evidence.ENCLOSED, values=values)


def _component(facts: Facts) -> Finding:
    signs = [(p > 0) - (p < 0) for p in facts.preactivations]
    inside = signs == list(SIGNS) and 1 < facts.hidden[1][1] < facts.hidden[1][2]
    if not inside:
        return facts.vacuous("not in the component of the printed minimum")
    outer, gap = rational(facts.point.theta[0]), facts.point.errors[1] - facts.point.errors[0]
    true = (outer > 0) - (outer < 0) == (gap > 0) - (gap < 0) and fmpq(1, 6) < facts.point.errors[1] < fmpq(2, 3)
    relation: Relation = ">" if gap > 0 else "<" if gap < 0 else "="
    shown = [
        facts.point.compare(1, *c) for c in ((relation, facts.point.errors[0]), (">", fmpq(1, 6)), ("<", fmpq(2, 3)))
    ]
    reason = f"v₁ = {facts.point.theta[0]}, err(H₁, Y) {relation} err(X, Y)"
    return facts.finding(true, reason, *facts.point.show_pattern(), *shown)


def _values(facts: Facts) -> Finding:
    error, hidden = facts.point.errors[1], facts.hidden[1]
    true = len({str(h) for h in hidden}) == 3 and error == three_point_error(hidden) and error != fmpq(1, 6)
    apart: Relation = ">" if error > fmpq(1, 6) else "<"
    return facts.finding(
        true and 0 <= error < fmpq(2, 3),
        "as the formula in r says",
        facts.point.compare(1, "=", three_point_error(hidden)),
        *(facts.point.compare(1, *c) for c in ((">=", fmpq(0)), ("<", fmpq(2, 3)), (apart, fmpq(1, 6)))),
    )


def _avoidable(facts: Facts) -> Finding:
    first, second, third = facts.point.errors
    monotone = third < second < first
    if not monotone:
        shown = facts.point.compare(1, ">=" if second >= first else "=", first if second >= first else second)
        return facts.finding(False, "not strictly monotone here", shown)
    both = facts.point.compare(1, "<", first), facts.point.compare(1, ">", third)
    return facts.finding(True, "strictly monotone", *both)


def _unavoidable(facts: Facts) -> Finding:
    number, (first, second) = rational(facts.inner), nine_fits()
    told = [fit.value[0](number) / fit.value[1](number) for fit in (first, second)]
    worse = Real.of(number) < THRESHOLD
    true = facts.point.errors[:2] == told and (facts.point.errors[1] > facts.point.errors[0]) == worse
    # For every ε at once: the error of H_1 is above that of X before the threshold and below it behind.
    before = Comparison(second, ">", first.value, Interval(Real.of(0), THRESHOLD))
    behind = Comparison(second, "<", first.value, Interval(THRESHOLD, Real.of("3/2")))
    whole = [comparison.on(EVERYWHERE) for comparison in (before, behind)]
    shown = [answer[1][0] if answer is not None and answer[0] else None for answer in whole]
    here = facts.point.compare(1, ">" if worse else "<", facts.point.errors[0])
    return facts.finding(true, "the errors that every global minimum has", here, *shown)


SETTLE = {
    "printed": _printed,
    "not_monotone": _not_monotone,
    "last_block": _last_block,
    "smooth": _smooth,
    "component": _component,
    "values": _values,
    "avoidable": _avoidable,
    "unavoidable": _unavoidable,
}


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    r"""The labels against the inputs and against the output of each block at a global minimum of risk 0, with the best
    line (with bias) and its mean squared error. Top: the paper's three points and printed parameters,
    $\frac{{25}}{{78}}\approx{first:.4f}$ and $\frac8{{21}}\approx{second:.4f}$, then 0. Other global minima of the same
    three points are monotone. Bottom: nine points ($\varepsilon={inner}$) on which *every* global minimum has exactly
    these errors, {ratio:.4g} times the input's after the first block. Certified at {instances} points, exactly.
    """
    import matplotlib.pyplot as plt
    import pandas as pd

    rows = tables["claims/ysj_monotone"].query("statement == @DRAWN")
    shown = [row for row in (_row(rows, "three"), _row(rows, "nine")) if row is not None]
    canvas, panels = plt.subplots(len(shown), 3, figsize=(6.8, 2.35 * len(shown)), sharey="row", squeeze=False)
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    drawn = []
    for row, line in zip(shown, panels, strict=True):
        for block, (axes, name) in enumerate(zip(line, ("x", "h_1(x)", "h_2(x)"), strict=True)):
            table = pd.DataFrame(
                {"hidden": row[f"hidden_{block}"], "label": row["labels"], "line": row[f"line_{block}"]}
            ).sort_values("hidden")
            worse = block == 1 and row["error_1"] > row["error_0"]
            colour = colours[3] if worse else colours[0]
            axes.vlines(table["hidden"], table["line"], table["label"], color=colour, lw=1.2, alpha=0.75)
            axes.plot(table["hidden"], table["line"], color=colour, lw=1.4)
            axes.plot(table["hidden"], table["label"], "o", color="0.1", ms=4.5, zorder=3)
            axes.margins(x=0.1, y=0.14)
            axes.locator_params(nbins=5, integer=True)
            axes.set_title(f"err = {row['error_text'][block]}", color=colour if worse else "0.15")
            axes.set_xlabel(f"${name}$")
            drawn.append(table.assign(instance=row["instance"], block=block, error=row[f"error_{block}"]))
        line[0].set_ylabel("$y$")
    return Drawing(canvas, pd.concat(drawn, ignore_index=True))


def _row(rows: pd.DataFrame, data: str) -> pd.Series | None:
    """The instance that is drawn: of that data set, the first three points or the nine that lose most."""
    found = rows[rows["data"] == data]
    if data == "nine":
        found = found.assign(loss=found["error_1"] / found["error_0"]).sort_values(
            "loss", ascending=False, kind="stable"
        )
    return found.iloc[0] if len(found) else None


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    rows = rows[rows["statement"] == DRAWN]
    three, nine_points = _row(rows, "three"), _row(rows, "nine")
    return {
        "instances": int(rows["certified"].sum()),
        "first": float("nan") if three is None else float(three["error_0"]),
        "second": float("nan") if three is None else float(three["error_1"]),
        "inner": "none" if nine_points is None else str(nine_points["inner"]),
        "ratio": float("nan") if nine_points is None else float(nine_points["error_1"] / nine_points["error_0"]),
    }


TEXTS: dict[Literal["as printed", "as corrected", "sharper"], dict[str, str]] = {
    "as printed": {
        "printed": r"Section 3.2: with the printed parameters $H_1=(1,3,4)$, $H_2=(1,3,2)$, $R=0$, "
        r"$\mathrm{err}(H_2,Y)=0$, and to four decimals $\mathrm{err}(X,Y)=0.3205$ and $\mathrm{err}(H_1,Y)=0.3810$ "
        r"(exactly $\frac{25}{78}$ and $\frac8{21}$).",
        "not_monotone": r"Section 3.2: some global minimum has $\mathrm{err}(H_1,Y)>\mathrm{err}(X,Y)$.",
        "last_block": r"Section 3.2, for two blocks: at every local minimum "
        r"$R=\mathrm{err}(H_2,Y)\le\mathrm{err}(H_1,Y)$ (kinks and $w=0$ included).",
    },
    "sharper": {
        "smooth": r"Where $R=0$ and no pre-activation vanishes on a datum, $\nabla^2R=\frac2nJ^{\mathsf T}J$ with "
        r"$J=\partial f(x_i)/\partial\theta_j$ has at least $8-\min(n,6)$ exact zero eigenvalues, and no such minimum "
        r"is isolated; at the printed parameters there are exactly five.",
        "component": r"The global minima connected with the printed one through the same signs of all pre-activations "
        r"are an explicit graph over $\mathbb R^5$, on which $\mathrm{err}(H_1,Y)>\mathrm{err}(X,Y)$ exactly if "
        r"$v_1>0$, and $\mathrm{err}(H_1,Y)$ takes exactly the values in $(\frac16,\frac23)$.",
        "values": r"On the paper's three points, over all global minima, kinks included: $\mathrm{err}(H_1,Y)$ takes "
        r"exactly the values in $[0,\frac23)$ other than $\frac16$; $\mathrm{Var}(Y)=\frac23$ is not attained.",
        "avoidable": r"On the paper's three points some global minimum is strictly monotone, "
        r"$\mathrm{err}(H_2,Y)<\mathrm{err}(H_1,Y)<\mathrm{err}(X,Y)$: one in the printed one's smooth component, and "
        r"one that computes the same function on $[1,3]$, with the kinks of the two blocks exchanged.",
        "unavoidable": r"For $0<\varepsilon<\frac32$, $X=(-5,-4,-3,-\varepsilon,0,\varepsilon,3,4,5)$ and $y_i=2x_i$ "
        r"at the inner three, $y_i=x_i\pm2\varepsilon$ at the others, *every* global minimum, kinks included, has the "
        r"same $\mathrm{err}(H_1,Y)$: above $\mathrm{err}(X,Y)$ for every $\varepsilon<\varepsilon^*\approx1.3445$ and "
        r"below it beyond; as $\varepsilon\to0$ their quotient is unbounded.",
    },
}
WITNESSED = ("not_monotone", "avoidable")  # "some"; the other statements say "every"
STATEMENTS = tuple(
    Statement(
        name,
        text,
        role,
        quantifier="some" if name in WITNESSED else "every",
        proof="none" if name in ("printed", "not_monotone") else "written",
    )
    for role, texts in TEXTS.items()
    for name, text in texts.items()
)

CLAIM = Claim(
    paper="Yun–Sra–Jadbabaie 2019",
    label="Section 3.2",
    title="Representations need not improve block by block",
    statements=STATEMENTS,
    check=check,
    control={"data": "three", "theta": "1 1 -2 -3 1 -3.5 1 0"},
    control_statement="not_monotone",
    figure=figure,
    summary=summary,
)
