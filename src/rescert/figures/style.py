"""The one look of all figures: seaborn's theme, a colour-blind safe palette, and bytes that repeat.

Figures are as wide as a column of text (`WIDTH` inches) and are set in the sizes of a printed paper. Text in
SVG is outlines, so that a figure looks the same where its font is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WIDTH = 6.8
PALETTE = "colorblind"

_SETTINGS: dict[str, Any] = {
    "figure.figsize": (WIDTH, 3.6),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 180,
    "svg.hashsalt": "rescert",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib, so a figure does not follow the machine's fonts
    "mathtext.fontset": "dejavusans",
    "font.size": 9.5,
    "axes.labelsize": 9.5,
    "axes.titlesize": 9.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.title_fontsize": 8.5,
    "legend.frameon": False,
    "axes.linewidth": 0.8,
    "axes.edgecolor": "0.35",
    "grid.color": "0.9",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

# matplotlib stamps the date and its version into files; None leaves an entry out.
METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@contextmanager
def applied() -> Iterator[None]:
    """The style while the block runs; the settings from before come back afterwards."""
    import matplotlib

    matplotlib.use("Agg")
    import seaborn

    with matplotlib.rc_context():
        seaborn.set_theme(context="paper", style="whitegrid", palette=PALETTE, rc=_SETTINGS)
        yield
