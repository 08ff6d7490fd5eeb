r"""Which functions networks (7) approximate (Nar and Sastry 2018, Section 3.1): not every convex one.

A network (7) is $h_0=x$, $h_i=h_{i-1}+W_i[V_i^{\mathsf T}h_{i-1}-b_i]_+$ for $1\le i\le L$,
$\hat f=c^{\mathsf T}h_L+d$, with $W_i,V_i,b_i\ge0$ and $c>0$ entrywise. "Can be approximated" is read as:
for every $\varepsilon>0$ some network, of any depth and width, has $|f-\hat f|\le\varepsilon$ on all of $D$. The
*error* of a network is the maximum of $|f-\hat f|$ on $D$, and a *limit of networks* is a uniform limit. We take
$D=[0,1]^n$: for $D=\prod_i[0,M_i]$ put $x=Mu$ with $M=\operatorname{diag}(M_i)$; the network of $f(Mu)$ with
$M^{-1}W_i$, $MV_i$, $b_i$, $Mc$ is again of the class. An instance is a quadratic
$f(x)=\frac12x^{\mathsf T}Hx+\beta\cdot x$. A matrix is *completely positive* if it is a sum of
$d_kv_kv_k^{\mathsf T}$ with numbers $d_k\ge0$ and vectors $v_k\ge0$. These matrices form a closed convex cone; its
dual is the cone of *copositive* $Q$: $x^{\mathsf T}Qx\ge0$ for all $x\ge0$.

## What is wrong as printed

1. "Given a strictly convex, twice differentiable function with a gradient with positive coordinates at the origin, we
   can approximate it with (7a)–(7c)": true for $n=1$, false for $n\ge2$. Every network is supermodular and
   nondecreasing (part 1). For $f=x^2+y^2-xy+x+y$ on $[0,1]^2$ (definite Hessian, gradient $(1,1)$ at 0) no
   network of any depth and width has a smaller error than $\frac14$. The best one is the paper's own (8a)–(8b) with
   $b=(\frac12,\frac12)$ and $d=\frac14$: its error is exactly $\frac14$ (part 4).
2. A positive gradient at 0 does not even make a strictly convex $f$ nondecreasing: $\frac12x^2-2xy+4y^2+\frac14x+y$
   falls by $\frac54$ from $(0,1)$ to $(1,1)$.
3. The decomposition $f=r-s$ with $r=\frac\alpha2|x|^2+\beta^{\mathsf T}x+f$ does not help: $\alpha|x|^2$ has no mixed
   terms, so $r$ has the negative mixed differences of $f$ for every $\alpha$ and $\beta$, and every network misses $r$
   by as much as before. The sentence that follows, "a pair of residual networks can approximate each
   coordinate of $f$", is true all the same, by other decompositions (parts 5 and 6).

## 1. What every network is

**Lemma.** Each coordinate of each $h_i$, and $\hat f$, is convex, nondecreasing in every variable, and supermodular:
$g(x\vee y)+g(x\wedge y)\ge g(x)+g(y)$ with the entrywise maximum and minimum.

*Proof.* A coordinate $x_j$ is all three (supermodular with equality), and sums with nonnegative weights keep all
three, as do constants. So it is enough that $\varphi\circ g$ is all three if $g$ is and $\varphi$ is convex and
nondecreasing on $\mathbb R$, applied to $\varphi(t)=(t)_+$. Convex and nondecreasing are plain. Let $a=g(x\wedge y)$,
$p=g(x)$, $q=g(y)$, $z=g(x\vee y)$; as $g$ does not fall, $a\le p,q\le z$, and $a+z\ge p+q$. Put $z'=p+q-a$, so
$p,q\in[a,z']$ and $z'\le z$. If $z'>a$, write $p=(1-t)a+tz'$; then $q=ta+(1-t)z'$, and convexity gives
$\varphi(p)+\varphi(q)\le\varphi(a)+\varphi(z')$; if $z'=a$ all are equal. As $\varphi$ does not fall,
$\varphi(z')\le\varphi(z)$. ∎

**Bounds for every depth and width.** If $|f-\hat f|\le\varepsilon$ on four points, then
$0\le\hat f(x\vee y)+\hat f(x\wedge y)-\hat f(x)-\hat f(y)\le\Delta f+4\varepsilon$ with $\Delta f$ the same
expression for $f$: $\varepsilon\ge-\frac14\Delta f$. If $x\le y$, then
$0\le\hat f(y)-\hat f(x)\le f(y)-f(x)+2\varepsilon$: $\varepsilon\ge\frac12(f(x)-f(y))$. For a quadratic we take
$$e_1=\tfrac14\max_{S\cap T=\emptyset}\ \sum_{i\in S,\,j\in T}(-h_{ij}),\qquad e_2=\tfrac12\max_{x\le y}\,(f(x)-f(y)),$$
over sets $S,T$ of variables and over corners $x,y$ of the cube. For $n=2$, $H$ definite and $\beta>0$ they are
$\frac14(-h_{12})$ and the larger of $\frac12(-h_{12}-\beta_i-\frac12h_{ii})$, where these are positive. (Other points
$x,y$ of the cube give no larger $-\frac14\Delta f$ than $e_1$: with $u=x-x\wedge y$ and $w=y-x\wedge y$, which have no
variable in common, $\Delta f=u^{\mathsf T}Hw$ is affine in each entry, so that the corners are the worst.) ∎

## 2. Hessians are completely positive

**Theorem.** Let $f\in C^2(D)$ be a uniform limit of networks (7). Then $\nabla f(x)\ge0$ and $\nabla^2f(x)$ is
completely positive for every $x\in D$.

*Proof.* (The networks have no second derivatives, so they are smoothed first and tested against $\psi$ then.) The
limit of nondecreasing functions is nondecreasing, so $\nabla f\ge0$. Put
$\varphi_\eta(t)=\frac12(t+\sqrt{t^2+\eta^2})$, a convex nondecreasing $C^\infty$ function with
$0\le\varphi_\eta(t)-(t)_+\le\frac\eta2$. A network with $\varphi_\eta$ for $(\cdot)_+$ tends uniformly on $D$ to the
network as $\eta\to0$ (induction over the layers, which are Lipschitz). So $f$ is a uniform limit of such smooth
functions $g_k$. For them $\nabla^2g_k$ is completely positive at each point: it is 0 for coordinates, sums with
nonnegative weights keep it, and
$$\nabla^2(\varphi\circ g)=\varphi''(g)\,\nabla g\,\nabla g^{\mathsf T}+\varphi'(g)\,\nabla^2g$$
with $\varphi',\varphi''\ge0$ and $\nabla g\ge0$. Let $\psi\ge0$ be smooth with compact support inside $D$. Then
$\int\psi\nabla^2g_k=\int g_k\nabla^2\psi\to\int f\nabla^2\psi=\int\psi\nabla^2f$; the left sides lie in the cone,
which is closed, so the right side does. Let $\psi$ concentrate at a point; on the border of $D$ use continuity. ∎

**A bound for $n=5$.** A completely positive matrix is positive semidefinite without negative entries ("doubly
nonnegative"). For $n\le4$ the converse is true (Maxfield and Minc 1962), for $n\ge5$ not. Let $Q$ be Horn's matrix,
$Q_{ij}=-1$ for $i-j\equiv\pm1$ modulo 5 and 1 elsewhere. It is copositive, since
$$x^{\mathsf T}Qx=(x_1-x_2+x_3+x_4-x_5)^2+4x_2x_4+4x_3(x_5-x_4)$$
$$=(x_1-x_2+x_3-x_4+x_5)^2+4x_2x_5+4x_1(x_4-x_5),$$
of which the first shows it for $x\ge0$, $x_5\ge x_4$, and the second for $x_4\ge x_5$. So is $DQD$ for every diagonal
matrix $D\ge0$; write $Q$ for it again. Let $\operatorname{tr}QH=-\kappa<0$ and $\psi(x)=\prod_ip(x_i)$,
$p(t)=t^2(1-t)^2$, which vanishes on the border with its first derivatives. For a smooth network $g$ as above,
$\operatorname{tr}Q\nabla^2g\ge0$ by complete positivity and copositivity, so
$0\le\int\psi\operatorname{tr}Q\nabla^2g=\int g\operatorname{tr}Q\nabla^2\psi$, and in the limit for every network,
while $\int f\operatorname{tr}Q\nabla^2\psi=-\kappa\int\psi$. Hence
$$\kappa\int\psi\le\int(\hat f-f)\operatorname{tr}Q\nabla^2\psi$$
$$\le\varepsilon\sum_{i,j}|Q_{ij}|\int|\partial_i\partial_j\psi|.$$
$\int p=\frac1{30}$, $\int|p'|=2p(\frac12)=\frac18$, and $\int|p''|=4\max|p'|=\frac4{3\sqrt3}\le\frac79$. So
$\int|\partial_i^2\psi|\le\frac{70}3\int\psi$ and $\int|\partial_i\partial_j\psi|=\frac{225}{16}\int\psi$, and
$$\varepsilon\ge\kappa\,\Bigl(\tfrac{70}3\sum_iQ_{ii}+\tfrac{225}{16}\sum_{i\ne j}|Q_{ij}|\Bigr)^{-1},$$
which is $\frac{12}{4775}\kappa$ for Horn's matrix itself. ∎ The matrix with $\frac{13}8$
on the diagonal, 1 for $i-j\equiv\pm1$ and 0 elsewhere is positive definite (its smallest eigenvalue is
$\frac{13}8-\frac{1+\sqrt5}2>0$) and has $\operatorname{tr}QH=\frac{65}8-10=-\frac{15}8$. So a function can be
strictly convex, increasing and supermodular, and still no network comes nearer than $\frac9{1910}$. For $n>5$ add
$\frac12x_j^2+x_j$ for every other variable: where these are 0, the smoothed networks have completely positive
Hessians in $x_1,\dots,x_5$ all the same, so the bound stands.

## 3. What networks reach

**Theorem.** Let $f(x)=\sum_k\varphi_k(v_k\cdot x)+\gamma\cdot x$ be a finite sum, $v_k\ge0$, $\varphi_k$ convex on
$[0,T_k]$, $T_k=\sum_jv_{kj}$, $\varphi_k$ Lipschitz, with slopes such that $\gamma+\sum_k\varphi_k'(0+)v_k\ge0$
entrywise. Then $f$ is a uniform limit of networks (7) of depth one. If $\varphi_k\in C^2$, $\varphi_k''\le A_k$, then
$N$ equal cells for each $k$ give an error of at most $\sum_kA_kT_k^2/(16N^2)$, or, if an entry of that vector is 0, as
little more as one likes. Uniform limits of such sums are limits of networks, too.

*Proof.* Interpolate $\varphi_k$ at $t_j=jT_k/N$. The interpolant is
$\varphi_k(0)+s_0t+\sum_{j=1}^{N-1}(s_j-s_{j-1})(t-t_j)_+$ with rising slopes $s_j\ge\varphi_k'(0+)$, all thresholds
$t_j>0$. The sum over $k$ is $d+c\cdot x+\sum_mw_m(v_m\cdot x-b_m)_+$ with $v_m,b_m,w_m\ge0$ and
$c=\gamma+\sum_ks_0^{(k)}v_k\ge0$; add $\tau\sum_jx_j$ with a small $\tau>0$ where an entry of $c$ is 0. It is a
network (7) of depth one: $V$ has the columns $v_m$, and $W=\mathbf 1w^{\mathsf T}/\sum_jc_j$ gives
$c^{\mathsf T}W=w^{\mathsf T}$. On a cell of length $h$ the interpolant lies above $\varphi_k$, by at most $A_kh^2/8$
(for $\varphi_k=\frac12at^2$ by $\frac12a(t-t_j)(t_{j+1}-t)$), and uniformly by $o(1)$ if $\varphi_k$ is only
continuous. Half of the sum of these bounds is subtracted from $d$. ∎

**Quadratics.** A strictly convex quadratic $f$ with $\beta>0$ is a uniform limit of networks (7) if and only if $H$
is completely positive; for $n\le4$: if and only if $H$ has no negative entry. *Proof.* Necessity is part 2. If
$H=\sum_kd_kv_kv_k^{\mathsf T}$, then $f=\sum_k\frac12d_k(v_k\cdot x)^2+\beta\cdot x$. ∎ Such a form is found by
elimination $H=LDL^{\mathsf T}$ in some order of the variables with $L\ge0$. For $n=2$ every order serves. For $n=3$
and $H\ge0$ definite, one does: if eliminating $i$ left a negative entry for every $i$, then
$h_{23}h_{11}<h_{12}h_{13}$ and $h_{13}h_{22}<h_{12}h_{23}$, hence $h_{12},h_{13},h_{23}>0$ and
$h_{11}h_{22}<h_{12}^2$, which is not definite. ∎

**One variable.** For $n=1$ the printed statement holds, and also as the paper builds it, with one hinge a layer: let
$\hat f$ be the interpolant with slopes $0<s_0<\dots<s_L$ and kinks $0<t_1<\dots<t_L$. The network of width one with
$w_i=s_i/s_{i-1}-1$, $b_i=h_{i-1}(t_i)=(\hat f(t_i)-\hat f(0))/s_0$, $c=s_0$, $d=\hat f(0)$ is $\hat f$. *Proof.* By
induction $s_0h_i=\hat f_i-\hat f(0)$, where $\hat f_i$ is the function with the first $i$ kinks only: beyond $t_i$,
where $h_{i-1}$, which is increasing, exceeds $b_i$, the slope is multiplied by $1+w_i$, and $\hat f_{i-1}=\hat f$ on
$[0,t_i]$. ∎ For $f=\frac12ax^2+\beta x$, $\beta>0$, and $N$ pieces, equal cells and a constant give the error
$a/(16N^2)$, and *no network of width one and depth $N-1$ has a smaller one*: it is piecewise affine with at most $N$
pieces (each layer is an increasing function with one kink, and adds at most one), so it is affine on some interval of
length $h\ge\frac1N$; there the second difference of $f-\hat f$ over the ends and the middle is
$\frac14ah^2\le4\varepsilon$. ∎

## 4. Two variables: the exact best error

**Theorem.** Let $f=\frac12ax^2+\frac12cy^2-kxy+\beta_1x+\beta_2y$ be strictly convex on $[0,1]^2$, $\beta>0$. The
infimum of the errors of all networks (7), of every depth and width, is 0 if $k\le0$, and otherwise
$$E=\max\{\tfrac14k,\ \tfrac12(k-\beta_1-\tfrac12a),\ \tfrac12(k-\beta_2-\tfrac12c)\},$$
and if $\frac14k$ is larger than the other two, it is attained by a network of depth one.

*Proof.* $k\le0$ is part 3; let $k>0$. $E$ is a lower bound by part 1.
*First case, $\frac14k$ is larger than the others.* Let $\eta=k/a$, and cut $[0,1]$ into cells of length $\eta$ from 0
on, the last one shorter (a single cell if $\eta\ge1$). Let $g$ be the interpolant of $\frac12ax^2$ at these nodes
plus $(\beta_1-\frac12k)x$; its first slope is $\beta_1-\frac12k+\frac12a\min(\eta,1)$, which is $\beta_1>0$ if
$\eta\le1$ and positive by assumption otherwise. Likewise $h$ with $k/c$. Then $\hat f=g(x)+h(y)+\frac14k$ is a
network of depth one. With the interpolation errors $e_1(x),e_2(y)\ge0$ we have
$f-\hat f=-k(x-\frac12)(y-\frac12)-e_1-e_2\le\frac14k$. For the other side:
$$\tfrac14k+f-\hat f=\tfrac k2\bigl(x(1-y)+y(1-x)\bigr)-e_1-e_2,\qquad x(1-y)+y(1-x)\ge x(1-x)+y(1-y)$$
(the difference of the sides is $(x-y)^2$). So it suffices that $e_1\le\frac12kx(1-x)$. On a cell $[t,t+w]$ this reads
$q(x)=\eta x(1-x)-(x-t)(t+w-x)\ge0$ if $\eta\le1$. $q$ is a convex polynomial ($1-\eta\ge0$), and
$q=(1-\eta)x^2-(2t+w-\eta)x+t(t+w)$. If $w=\eta$, $t\ge\eta$ or $t=0$: its discriminant is
$4t^2-4(1-\eta)t(t+\eta)=4t\eta(t+\eta-1)\le0$. If $t+w=1$, $w\le\eta$, $t>0$: $q(1)=0$, and the other root is
$t/(1-\eta)\ge1$, so $q\ge0$ on $[0,1]$. If $\eta\ge1$, the cell is $[0,1]$ and $e_1=\frac12ax(1-x)\le\frac12kx(1-x)$.
So $|f-\hat f|\le\frac14k$.
*Second case*, say $E=\frac12(k-\beta_1-\frac12a)\ge\frac14k$; then $k\ge2\beta_1+a$. (Both of the others cannot be:
$k>a$ and $k>c$ contradict $ac>k^2$.) For fixed $y$ the range of $f(\cdot,y)$ is at most $2E$: $f(x,y)-f(x',y)$ is
affine in $y$, for $y=1$ $f$ falls from $x=0$ to $1$ by $2E$ (its slope $ax+\beta_1-k$ is negative, as $a+\beta_1<k$),
and for $y=0$ it rises by $\beta_1+\frac12a\le2E$. Let $\varphi(y)=\max\{f(0,y),f(1,y)\}-E$, which is
$\max_xf(x,y)-E$, convex; then $\varphi\le\min_xf+E$. Put $h=\max\{\varphi,\varphi(0)\}$, convex and nondecreasing.
$\varphi(0)=\beta_1+\frac12a-E\le E$ and $f\ge0$ on $D$ (convexity, $f(0)=0$, $\nabla f(0)>0$), so
$\varphi(0)\le\min_xf+E$ as well, and $\max_xf-E\le h\le\min_xf+E$: $|f-h(y)|\le E$. $h(y)+\tau x+\tau y$ is a limit
of networks for each $\tau>0$ by part 3. ∎

*Beyond quadratics*: for every convex $f\in C^2([0,1]^2)$ with $\partial_1\partial_2f\le0$,
$\partial_1f(0,0)+\partial_1f(0,1)\ge0$, $\partial_2f(0,0)+\partial_2f(1,0)\ge0$ the infimum of the errors is
$\frac14(f(1,0)+f(0,1)-f(0,0)-f(1,1))$. *Proof.* It is a lower bound by part 1. Let
$g(x,y)=\frac12(f(x,0)+f(x,1)+f(0,y)+f(1,y))-\frac14\Sigma$ with the sum $\Sigma$ of $f$ over the four corners; it is
a sum of a convex nondecreasing function of $x$ and one of $y$, so a limit of networks. $(x,y)$ cuts the square into
four rectangles; with the mixed differences $A,B$ of the lower left and upper right and $C,F$ of the other two,
$f-g=\frac14(A+B-C-F)$, all four are $\le0$, and their sum is that of the whole square. ∎

## 5. The printed decomposition, and one that works

Let $r=f+s$, $s=\frac\alpha2|x|^2+\beta^{\mathsf T}x$. For $i\ne j$, $r$ has the mixed derivatives of $f$. If a mixed
difference of $f$ is negative, $r$ is no limit of networks for any $\alpha,\beta$ (part 1). For a quadratic $f$
without a negative $h_{ij}$, $i\ne j$, it works: for large $\alpha$, $H+\alpha I$ is diagonally dominant without
negative entries, so that
$$x^{\mathsf T}Hx=\sum_{i<j}h_{ij}(x_i+x_j)^2+\sum_i\Bigl(h_{ii}-\sum_{j\ne i}h_{ij}\Bigr)x_i^2$$
has only nonnegative terms. (An $\alpha$ that makes the Hessian just definite is not enough for $n\ge5$, by part 2. The
instances take an $\alpha$ that makes it diagonally dominant, in favour of the paper.)

**Corrected.** Take $s=\frac\alpha2|x|^2+\frac\gamma2(x_1+\dots+x_n)^2+\beta^{\mathsf T}x$ and $r=f+s$, with
$\gamma\ge-h_{ij}$ for all $i<j$ and $\alpha+h_{ii}+\gamma\ge\sum_{j\ne i}(h_{ij}+\gamma)$, $\alpha,\gamma\ge0$, and
$\beta$ large. Then $r$ and $s$ are limits of networks (7). *Proof.* The Hessians are
$H+\gamma\mathbf1\mathbf1^{\mathsf T}+\alpha I$ and $\gamma\mathbf1\mathbf1^{\mathsf T}+\alpha I$, the first
diagonally dominant without negative entries; both are completely positive. ∎ The added square of the sum is what
removes the obstruction.

## 6. Pairs of networks approximate every continuous function

**Theorem.** For every continuous $f$ on $[0,1]^n$ and $\varepsilon>0$ there are two networks (7) of depth one with
$|f-(\hat r-\hat s)|\le\varepsilon$.

*Proof.* By Weierstrass let $f$ be a polynomial. The powers $(v\cdot x)^k$ with $v\ge0$ span the homogeneous
polynomials of degree $k$: a linear functional on these that vanishes on all $(v\cdot x)^k$, $v\ge0$, gives the
polynomial in $v$ whose coefficient at $v^\mu$ is the multinomial coefficient times the functional's value at $x^\mu$;
it vanishes on the open set $v>0$, so all values are 0. So $f=\sum_mp_m(v_m\cdot x)$ with univariate polynomials $p_m$
and $v_m\ge0$. On $[0,T]$ each is $p=(p+\frac12Kt^2)-\frac12Kt^2$ with $K\ge\max|p''|$, a difference of two convex
functions. Collect all first parts in $r$ and the others in $s$, add $\gamma\sum_jx_j$ to both with $\gamma$ so large
that all slopes at 0 are positive, and apply part 3 to $r$ and to $s$. ∎

**Rate.** For a quadratic $f$ the identity of part 5 holds whatever the signs, with weights $\lambda_m=h_{ij}$ on
$x_i+x_j$ and $h_{ii}-\sum_{j\ne i}h_{ij}$ on $x_i$. The positive ones make $r$, the others $s$. With cells of length
$1/N$ for each ridge ($N-1$ hinges for $x_i$, $2N-1$ for $x_i+x_j$), the pair's error is at most
$$\frac1{16N^2}\sum_m|\lambda_m|.$$
*Proof.* $f-(r_0-s_0)\in[-R,S]$ with $R,S$ the sums of $|\lambda_m|/(8N^2)$ over the positive and the negative
weights, by part 3; the constant $\frac12(S-R)$ is added to $r_0$. ∎ Twice the hinges leave a quarter of the error,
while a single network stays above the $E$ of part 4 for ever.

## 7. How it is tested

On a simplex without kinks $f-\hat f$ is a polynomial of degree two, and lies between the least and the largest of its
coefficients $B(v_i,v_j)$ in barycentric form, which are found from the values at corners and midpoints. The
certificates evaluate $f$ and the networks at these points, enlarged to whole numbers so that balls have no radius,
and show the bound for all coefficients; and that no argument of a ReLU has two signs at the corners of a simplex. So
a bound that is reached is shown exactly. That the simplices cover the square is by their construction, not in the
certificate; the theorems of parts 3 to 6 do not need it. A lower bound for all networks is a certified number (a mixed
difference, a fall, a trace) and a lemma of parts 1 and 2. The networks of depth one are evaluated in the form
$d+c\cdot x+\sum w_m(v_m\cdot x-b_m)_+$ of part 3. Complete positivity is an identity in whole numbers, and a
copositive $Q$ is given as $D$ and Horn's matrix, its variables permuted. For the chain
of width one the certificate evaluates $G_i=S_ih_i$, $S_i=s_0\,s_0s_1\cdots s_{i-1}$, which avoids divisions:
$G_i=s_{i-1}G_{i-1}+(s_i-s_{i-1})(G_{i-1}-S_{i-1}b_i)_+$. For $n\ge3$ the error of a pair is the formula, not a
separate bound on simplices.

## 8. Depth, and what is open

For quadratics depth adds nothing: each that is a limit of networks is one of networks of depth one (parts 2 and 3). In
general it does: let $0<s,t<1$ and
$g=\frac12\bigl(x+y+(x-s)_++(y-t)_+\bigr)^2$, half the square of the function (8b). It is a limit of networks of depth
two (the first layer is (8a), the hinges of the second are in the sum of the two coordinates), and *no limit of
networks of depth one*. *Proof of the latter.* Inside the square the slopes of convergent convex functions are
bounded, so the hinges that cross a smaller square, with $v_m$ scaled to length 1, have weights of bounded sum there,
and a limit has the Hessian $\int vv^{\mathsf T}d\mu$ with a measure $\mu\ge0$ on the lines with normals $v\ge0$. For
$x<s$, $y<t$ the Hessian of $g$ is that of $\frac12(x+y)^2$, of rank one, so only lines with normal $(1,1)$ cross this
rectangle, and $\mu$ has the same positive density at each of them. Those with $s<x+y<\min\{1,s+t\}$ cross $x>s$, $y<t$
as well. But there the Hessian is that of $\frac12(2x+y)^2$, and only lines with normal $(2,1)$ cross. ∎

Open: is every $f\in C^2$ with $\nabla f\ge0$ and completely positive Hessians a limit of networks? For quadratics it
is. And what is the exact infimum for $n\ge3$, or for functions that are neither quadratic nor as in part 4?
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rescert.claim import Claim, Drawing, Evidence, Finding, Inputs, Instance, Scalar, Statement
from rescert.decomposition.quadratic_case import STATEMENTS, Case
from rescert.decomposition.quadratic_form import Quadratic

if TYPE_CHECKING:
    import pandas as pd

FUNCTION = ["hessian", "gradient"]  # the keys of an instance that say which function it is


def validate(instance: Instance) -> None:
    """Raises ``ValueError`` for what is no instance."""
    f = Quadratic.parse(instance["hessian"], instance["gradient"])
    if f.dimension > 6:
        raise ValueError(f"expected at most 6 variables, got {f.dimension}")
    if not isinstance(instance["width"], int) or not 1 <= instance["width"] <= 64:
        raise ValueError(f"expected 1 to 64 cells for 'width', got {instance['width']!r}")


def check(instance: Instance, inputs: Inputs) -> dict[str, Finding]:
    """One quadratic function on the unit cube; ``width`` is N, the number of cells of the networks."""
    case = Case(Quadratic.parse(instance["hessian"], instance["gradient"]), instance["width"])
    settled = {name: settle(case) for name, settle in STATEMENTS.items()}
    return {name: Finding(**s._asdict(), evidence=Evidence.EXACT) for name, s in settled.items()}


def summary(rows: pd.DataFrame) -> Mapping[str, Scalar]:
    """Numbers for the caption."""
    shown = _shown(rows)
    failing = rows[(rows["statement"] == "single") & (rows["verdict"] == "fails")]
    first = shown.iloc[0] if len(shown) else None
    return {
        "function": "none" if first is None else _formula(first["hessian"], first["gradient"]),
        "error": 0.0 if first is None else float(first["error"]),
        "failing": failing.groupby(FUNCTION).ngroups,
        "functions": rows.groupby(FUNCTION).ngroups,
        "widths": len(shown),
    }


def _formula(hessian: str, gradient: str) -> str:
    """The polynomial of two variables in TeX."""
    f = Quadratic.parse(hessian, gradient)
    (a, b), (_, c) = f.hessian
    terms = zip((a / 2, c / 2, b, *f.gradient), ("x^2", "y^2", "xy", "x", "y"), strict=True)
    text = "".join(("-" if t < 0 else "+") + (str(abs(t)) if abs(t) != 1 else "") + name for t, name in terms if t)
    return text.removeprefix("+")


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the function that the figure shows, narrowest first: the one with the most widths."""
    found = rows[(rows["statement"] == "exact") & (rows["verdict"] == "holds")]
    found = found[found["separable_error"].notna()] if "separable_error" in found else found.iloc[:0]
    if not len(found):
        return found
    most = found.groupby(FUNCTION, sort=False)["width"].nunique().idxmax()
    return _of(found, *most).sort_values("width")


def _of(rows: pd.DataFrame, hessian: str, gradient: str) -> pd.DataFrame:
    """The rows of one function."""
    return rows[(rows["hessian"] == hessian) & (rows["gradient"] == gradient)]


def figure(tables: Mapping[str, pd.DataFrame]) -> Drawing:
    """The function ${function}$ on $[0,1]^2$, strictly convex with a positive gradient at the origin. Left: its level
    curves (lines) and those of a best single network (7) of any depth and width (dashed), with its kinks (dotted).
    Middle: $f-\\hat f$ for that network; its largest absolute value is exactly {error:.4g}, at the four corners, and no
    network has a smaller one. Right: largest error for $N$ cells a variable ({widths} widths): of single networks with
    equal cells, never below {error:.4g}, and of pairs $\\hat r-\\hat s$, exact, falling like $1/N^2$. Of {functions}
    quadratic functions {failing} are strictly convex with a positive gradient and provably no limit of networks.
    """
    import numpy as np
    import pandas as pd
    from matplotlib import pyplot as plt

    rows = tables["claims/ns_approximation"]
    shown = _shown(rows)
    drawing, (left, middle, right) = plt.subplots(1, 3, figsize=(6.8, 2.15), width_ratios=(1, 1.2, 1.05))
    if not len(shown):
        return Drawing(drawing, pd.DataFrame({"width": []}))
    first = shown.iloc[0]
    side = round(len(first["surface"]) ** 0.5)
    t = np.linspace(0, 1, side)
    f, network = (np.array(first[key]).reshape(side, side) for key in ("surface", "network_surface"))
    blue, orange, green = (plt.rcParams["axes.prop_cycle"].by_key()["color"][i] for i in (0, 1, 2))
    levels = np.linspace(f.min(), f.max(), 9)[1:-1]
    left.contour(t, t, f, levels=levels, colors=blue, linewidths=1.3)
    left.contour(t, t, network, levels=levels, colors=orange, linestyles="dashed", linewidths=1.3)
    for draw, kinks in ((left.axvline, first["kinks_x"]), (left.axhline, first["kinks_y"])):
        for kink in kinks:
            draw(kink, color="0.4", linestyle=":", linewidth=1)
    error = float(first["error"])
    filled = middle.contourf(t, t, f - network, levels=np.linspace(-error, error, 11), cmap="RdBu_r", extend="neither")
    bar = drawing.colorbar(filled, ax=middle, ticks=[-error, 0, error], shrink=0.72, aspect=14, pad=0.04)
    bar.ax.set_yticklabels([f"{-error:.3g}", "0", f"{error:.3g}"])
    pairs = _of(rows[rows["statement"] == "rate"], first["hessian"], first["gradient"]).sort_values("width")
    right.plot(shown["width"], shown["separable_error"], color=orange, marker="s", label="single")
    right.axhline(error, color="0.3", linestyle=":", linewidth=1.2)
    right.plot(pairs["width"], pairs["pair_error"], color=green, marker="o", label="pair")
    right.set_xscale("log", base=2)
    right.set_yscale("log")
    right.set_xticks(list(shown["width"]), [str(w) for w in shown["width"]])
    right.minorticks_off()
    right.annotate("no single network below", (1, error), xycoords=("axes fraction", "data"), xytext=(0, 5),
                   textcoords="offset points", ha="right", va="bottom", fontsize=7)  # fmt: skip
    right.set(xlabel="cells a variable, $N$", title="largest error", box_aspect=1)
    right.set_ylim(top=4 * error)
    right.legend(loc="lower left", handlelength=1.4)
    left.set(title="level curves", ylabel="$y$")
    middle.set(title=r"$f-\hat f$")
    for panel in (left, middle):
        panel.set(xlabel="$x$", aspect="equal", xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        panel.grid(visible=False)
    columns = {"width": shown["width"].tolist(), "single": shown["separable_error"].tolist()}
    data = pd.DataFrame(columns).merge(pairs[["width", "pair_error", "pair_bound"]], on="width", how="outer")
    return Drawing(drawing, data)


CLAIM = Claim(
    paper="Nar–Sastry 2018",
    label="Section 3.1, approximation",
    title="Which functions networks (7), and pairs of them, approximate",
    statements=(
        Statement(
            "scalar",
            r"For $n=1$, a strictly convex $f\in C^1[0,M]$ with $f'(0)>0$ can be approximated with (7a)–(7c), read as: "
            r"as closely as one likes in the maximum norm on $[0,M]$.",
            "as printed",
            proof="written",
        ),
        Statement(
            "narrow",
            r"One hinge a layer is enough: the network of width 1 with $w_i=s_i/s_{i-1}-1$, $b_i=h_{i-1}(t_i)$ is the "
            r"interpolant with slopes $s_i$ and kinks $t_i$. For $f=\frac12ax^2+\beta x$, $a,\beta>0$, and $N$ equal "
            r"cells its largest error $a/(16N^2)$ on $[0,1]$ (with a constant $d$) is the least of all networks of "
            r"depth $N-1$ and width 1.",
            "sharper",
            proof="written",
        ),
        Statement(
            "single",
            r"A strictly convex, twice differentiable $f$ on $\prod_i[0,M_i]$ with a gradient with positive "
            r"coordinates at the origin can be approximated with (7a)–(7c), read as: as closely as one likes in the "
            r"maximum norm on that domain, with any depth and width.",
            "as printed",
        ),
        Statement(
            "corrected",
            r"A strictly convex quadratic $f$ with $\nabla f(0)>0$ is a uniform limit of networks (7) on $[0,1]^n$ if "
            r"and only if its Hessian is completely positive (for $n\le4$: has no negative entry). For every "
            r"$f\in C^2([0,1]^n)$ it is necessary that $\nabla f\ge0$ and that $\nabla^2f$ is completely positive "
            r"everywhere.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "exact",
            r"For $f=\frac12ax^2+\frac12cy^2-kxy+\beta_1x+\beta_2y$ strictly convex on $[0,1]^2$, $\beta>0$, the "
            r"infimum of $\max_{[0,1]^2}|f-\hat f|$ over all networks (7) of every depth and width is "
            r"$\max\{0,\frac k4,\frac12(k-\beta_1-\frac a2),\frac12(k-\beta_2-\frac c2)\}$.",
            "sharper",
            proof="written",
        ),
        Statement(
            "not enough",
            r"Strictly convex, increasing and supermodular is not enough: from $n=5$ on there are such quadratic "
            r"functions that all networks (7) miss by more than a positive number somewhere on $[0,1]^n$.",
            "sharper",
            quantifier="some",
            proof="written",
        ),
        Statement(
            "route",
            r"In $f=r-s$ with $s=\frac\alpha2x^{\mathsf T}x+\beta^{\mathsf T}x$, $\alpha$ large enough to make the "
            r"Hessian of $r$ positive definite and $\beta$ to make its gradient at 0 positive, a network for each of "
            r"$r$ and $s$ gives the pair, read as: $r$ can be approximated with (7a)–(7c) in the maximum norm on $D$.",
            "as printed",
        ),
        Statement(
            "route corrected",
            r"With $\frac\gamma2(x_1+\dots+x_n)^2$ added to both $r$ and $s$, and $\alpha$, $\beta$ and $\gamma$ "
            r"large enough, both are uniform limits of networks (7) on $[0,1]^n$, for every quadratic $f$.",
            "as corrected",
            proof="written",
        ),
        Statement(
            "pair",
            r"A pair of residual networks (7) can be used to approximate each coordinate of $f$, read as: as closely "
            r"as one likes in the maximum norm on $D$.",
            "as printed",
            proof="written",
        ),
        Statement(
            "rate",
            r"For a quadratic $f$ a pair of depth 1 with cells of length $1/N$ in the directions $e_i$ and $e_i+e_j$ "
            r"has a largest error on $[0,1]^n$ of at most "
            r"$\frac1{16N^2}(\sum_{i<j}|h_{ij}|+\sum_i|h_{ii}-\sum_{j\ne i}h_{ij}|)$.",
            "sharper",
            proof="written",
        ),
    ),
    check=check,
    # Without negative entries, but indefinite: not convex, so no hypothesis of the corrected statement is met.
    control={"hessian": "1 2; 2 1", "gradient": "1 1", "width": 2},
    control_statement="corrected",
    figure=figure,
    validate=validate,
    summary=summary,
)
