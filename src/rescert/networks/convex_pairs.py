r"""Pairs of convex residual networks on pooled convolution features (Nar & Sastry 2018, Sections 3.1 and 5).

For every class $k$ a difference of two convex functions of the features $f \in \mathbb{R}^n$, $f \ge 0$:

$$h_0 = f, \quad h_l = h_{l-1} + W_l [V_l^T h_{l-1} - b_l]_+ \ (l = 1..L), \quad r = c^T h_L, \quad
  \text{score}_k = r_k - s_k + d_k$$

with $V_l, W_l \in \mathbb{R}^{n \times m}$, $b_l$ and $c$ nonnegative: equations (7a)-(7c), the two constants $d$ of a
pair merged into one. All $2K$ networks are one batch axis, in one of two forms, whichever multiplies less:

* `HiddenState`: as it stands, $2Lnm$ products a sample and network.
* `LowRank`, for thin networks: the hidden state is never formed. With $a_l = [z_l]_+$, induction over (7b) gives
  $h_l = f + \sum_{j \le l} W_j a_j$ and hence
  $$z_l = V_l^T f + \sum_{j<l} (V_l^T W_j) a_j - b_l, \qquad r = c^T f + \sum_j (W_j^T c)^T a_j,$$
  whose matrices $V_l^T W_j$ are $m \times m$ and do not depend on the sample: $Lnm + \frac12L(L-1)m^2$ products a
  sample, and $\frac12L(L-1)nm^2$ a batch.

Parameters, a mapping of tensors (N = 2K networks, the K functions r first, then the K functions s):
``filters`` (F, 1, k, k), ``offsets`` (F,), ``V`` and ``W`` (L, N, m, n), ``b`` (L, N, m), ``c`` (N, n), ``d`` (K,).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

Parameters = Mapping[str, Tensor]

POOL = 4  # side of the non-overlapping windows (Section 5)
POSITIVE = 2.0**-20  # (7c) asks for positive c, an open set; this closed part of it has a projection
MATRICES = ("V", "W", "c")  # trained with smaller steps: n entries act together
SIZES = ("width", "depth", "filters", "kernel", "bias_range")  # what a config may choose
LOWER_BOUNDS = {"V": 0.0, "W": 0.0, "b": 0.0, "c": POSITIVE}  # entrywise; the other parameters are free


def initial(
    generator: Callable[[str], torch.Generator],
    *,
    width: int,
    depth: int = 3,
    filters: int = 64,
    kernel: int = 6,
    side: int = 28,
    classes: int = 10,
    bias_range: float = 0.5,
) -> dict[str, Tensor]:
    """Float64 starting values; ``generator(purpose)`` gives each tensor a stream of its own.

    The columns of V are sparse (a tenth of the entries) with mean 1/n: ``V^T h`` is an average of the
    features, so that sums of n nonnegative terms do not explode. W ~ U[0, 0.2/m], c ~ U[0, 2/sqrt n],
    b ~ U[0, bias_range] (a bias above every activation would be dead for ever), d = 0; filters and offsets
    ~ U[-1/k, 1/k].
    """
    n = filters * _pooled(side, kernel) ** 2
    if min(width, depth, filters, classes) < 1:
        raise ValueError(f"expected positive sizes, got width {width}, depth {depth}, {filters} filters")
    networks = 2 * classes

    def uniform(purpose: str, shape: tuple[int, ...], low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=generator(purpose), dtype=torch.float64)

    kept = uniform("V sparsity", (depth, networks, width, n), 0.0, 1.0) < 0.1
    return {
        "filters": uniform("filters", (filters, 1, kernel, kernel), -1 / kernel, 1 / kernel),
        "offsets": uniform("offsets", (filters,), -1 / kernel, 1 / kernel),
        "V": uniform("V", (depth, networks, width, n), 0.0, 20 / n) * kept,
        "W": uniform("W", (depth, networks, width, n), 0.0, 0.2 / width),
        "b": uniform("b", (depth, networks, width), 0.0, bias_range),
        "c": uniform("c", (networks, n), 0.0, 2 / n**0.5).clamp(min=POSITIVE),
        "d": torch.zeros(classes, dtype=torch.float64),
    }


def _pooled(side: int, kernel: int) -> int:
    """Windows a row: 28 pixels, filters of side 6, 23 positions, 5 whole windows of 4."""
    windows = (side - kernel + 1) // POOL
    if windows < 1:
        raise ValueError(f"expected images of side {kernel + POOL - 1} or more, got {side}")
    return windows


def features(parameters: Parameters, images: Tensor) -> Tensor:
    """Convolution, maximum over 4x4 windows, offset, ReLU: images (B, s, s) to features (B, n), all >= 0.

    Offset and ReLU are monotone, so they commute with the maximum and run on a sixteenth of the numbers.
    The rows and columns that no whole window covers are cut before the convolution.
    """
    filters = parameters["filters"]
    kernel = filters.shape[-1]
    used = POOL * _pooled(images.shape[-1], kernel) + kernel - 1
    # channels_last filters make the CPU convolution and its pooling several times faster
    maps = functional.conv2d(images[:, None, :used, :used], filters.to(memory_format=torch.channels_last))
    pooled = functional.max_pool2d(maps, POOL)
    return functional.relu(pooled + parameters["offsets"][:, None, None]).flatten(1)


def scores(parameters: Parameters, features: Tensor) -> Tensor:
    """r_k - s_k + d_k for every class: features (B, n) to (B, K)."""
    r, s = convex_functions(parameters, features).chunk(2)
    return (r - s).T + parameters["d"]


def convex_functions(parameters: Parameters, features: Tensor) -> Tensor:
    """The N convex functions at the features (B, n), as (N, B): the K functions r, then the K functions s."""
    depth, _, width, n = parameters["V"].shape
    form = LowRank if thin(depth, width, n, len(features)) else HiddenState
    values = form.apply(features, *(parameters[name] for name in ("V", "W", "b", "c")))
    assert isinstance(values, Tensor)
    return values


def thin(depth: int, width: int, n: int, batch: int) -> bool:
    """Whether the low-rank form takes fewer products on a batch: $\\frac12(L-1)m(n+B) < nB$.

    >>> [thin(3, width, 1600, 100) for width in (32, 64, 1600)]
    [True, True, False]
    """
    return (depth - 1) * width * (n + batch) < 2 * n * batch


def forward(parameters: Parameters, images: Tensor) -> Tensor:
    """Class scores (B, K) of images (B, s, s) with pixels in [0, 1]."""
    return scores(parameters, features(parameters, images))


def parameter_counts(parameters: Parameters) -> dict[str, int]:
    """The number of scalars of each parameter, and their total."""
    counts = {name: value.numel() for name, value in parameters.items()}
    return {**counts, "total": sum(counts.values())}


class LowRank(torch.autograd.Function):
    r"""The low-rank form with its closed-form gradient: (B, n), V, W, b, c to (N, B).

    Autograd would give the same numbers, but it fills and adds a full-size tensor for every use of a slice of
    V and W; here each gradient is written once. With G the gradient of the output, $u_l = W_l^T c$,
    $M_{lj} = V_l^T W_j$:

    $$\delta_l = 1[z_l > 0] \odot (u_l G + \sum_{i>l} M_{il}^T \delta_i), \quad
      \partial V_l = f \delta_l^T + \sum_{j<l} W_j a_j \delta_l^T, \quad
      \partial W_j = c\,(a_j G)^T + \sum_{l>j} V_l \delta_l a_j^T .$$
    """

    @staticmethod
    def forward(ctx, features, V, W, b, c):
        depth, networks, width, n = V.shape
        active = (V.reshape(-1, n) @ features.T).view(depth, networks, width, -1)
        active -= b[..., None]
        couplings = []
        for layer in range(depth):
            for earlier in range(layer):
                couplings.append(torch.bmm(V[layer], W[earlier].mT))
                active[layer].baddbmm_(couplings[-1], active[earlier])
            active[layer].clamp_(min=0)
        heads = torch.matmul(W, c[..., None])[..., 0]
        ctx.save_for_backward(features, V, W, c, active, heads, *couplings)
        return c @ features.T + (heads[..., None] * active).sum((0, 2))

    @staticmethod
    def backward(ctx, gradient):
        features, V, W, c, active, heads, *couplings = ctx.saved_tensors
        depth, _, _, n = V.shape
        pairs = [(layer, earlier) for layer in range(depth) for earlier in range(layer)]
        delta = heads[..., None] * gradient[:, None]
        for layer in reversed(range(depth)):
            delta[layer].mul_(active[layer] > 0)
            for (later, earlier), coupling in zip(pairs, couplings, strict=True):
                if later == layer:
                    delta[earlier].baddbmm_(coupling.mT, delta[layer])
        head_gradients = (active * gradient[:, None]).sum(-1)
        rows = delta.flatten(0, 2)
        dV = (rows @ features).view_as(V)
        dW = head_gradients[..., None] * c[:, None]
        for layer, earlier in pairs:
            dM = torch.bmm(delta[layer], active[earlier].mT)
            dV[layer].baddbmm_(dM, W[earlier])
            dW[earlier].baddbmm_(dM.mT, V[layer])
        dc = (gradient @ features).add_(torch.matmul(head_gradients[..., None, :], W)[..., 0, :].sum(0))
        dfeatures = torch.addmm(rows.T @ V.reshape(-1, n), gradient.T, c)
        return dfeatures, dV, dW, -delta.sum(-1), dc


class HiddenState(torch.autograd.Function):
    r"""(7a)-(7c) as they stand, with the closed-form gradient: (B, n), V, W, b, c to (N, B).

    As in `LowRank`, each gradient is written once and in place. With $g_l$ the gradient of $h_l$, from $g_L = c\,G$:

    $$\delta_l = 1[z_l > 0] \odot W_l^T g_l, \quad \partial W_l = g_l a_l^T, \quad
      \partial V_l = h_{l-1} \delta_l^T, \quad g_{l-1} = g_l + V_l \delta_l .$$
    """

    @staticmethod
    def forward(ctx, features, V, W, b, c):
        states = [features.T.expand(len(c), -1, -1)]
        active = []
        for V_l, W_l, b_l in zip(V, W, b, strict=True):
            active.append(torch.bmm(V_l, states[-1]).sub_(b_l[..., None]).clamp_(min=0))
            states.append(torch.baddbmm(states[-1], W_l.mT, active[-1]))
        ctx.save_for_backward(V, W, c, *states, *active)
        return torch.bmm(c[:, None], states[-1])[:, 0]

    @staticmethod
    def backward(ctx, gradient):
        V, W, c, *saved = ctx.saved_tensors
        states, active = saved[: len(V) + 1], saved[len(V) + 1 :]
        g = c[..., None] * gradient[:, None]
        dV, dW, db = torch.empty_like(V), torch.empty_like(W), V.new_empty(V.shape[:3])
        for layer in reversed(range(len(V))):
            delta = torch.bmm(W[layer], g).mul_(active[layer] > 0)
            torch.bmm(active[layer], g.mT, out=dW[layer])
            torch.bmm(delta, states[layer].mT, out=dV[layer])
            torch.sum(-delta, -1, out=db[layer])
            g = torch.baddbmm(g, V[layer].mT, delta)
        return g.sum(0).T, dV, dW, db, torch.bmm(states[-1], gradient[..., None])[..., 0]
