"""Draw the figure of a claim or a slice, and fill its caption. A plot computes nothing: tables in, files out."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from rescert import claim as claims
from rescert import record
from rescert.figures import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FORMATS = (".svg", ".pdf", ".png", ".csv")


def draw(name: str, tables: Mapping[str, pd.DataFrame], outputs: Iterable[str | Path]) -> None:
    """Write the figure ``name`` to every output: .svg, .pdf, .png, and its table as .csv.

    ``tables`` is keyed as a claim names its needs (``claims/<name>``, ``networks/<name>``); with ``slices/<name>`` it
    is the figure of a slice, else that of a claim. Equal tables give equal bytes. Raises ``ValueError`` for another
    suffix or a figure that is no `Drawing`.
    """
    paths = [Path(p) for p in outputs]
    for path in paths:
        if path.suffix not in FORMATS:
            raise ValueError(f"expected a figure file ending in {', '.join(FORMATS)}, got '{path}'")
    plot = figure_of("slices" if f"slices/{name}" in tables else "claims", name)
    with style.applied():
        import matplotlib.pyplot as plt

        drawing = plot(tables)
        if not isinstance(drawing, claims.Drawing):
            raise ValueError(f"expected a Drawing from the figure of '{name}', got {type(drawing).__name__}")
        try:
            _settle(drawing.figure)
            for path in paths:
                _write(drawing, path)
        finally:
            plt.close(drawing.figure)


def _settle(figure: Figure) -> None:
    """Lay out once, and place the axes to a millionth of the figure.

    The last bit of a layout may depend on the run, and with it the pixel that a line is snapped to.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(side, 6) for side in axes.get_position(original=True).bounds)
        axes.set_position((left, bottom, width, height), which="original")


def _write(drawing: claims.Drawing, path: Path) -> None:
    with record.replacing(path) as temporary:
        if path.suffix == ".csv":
            drawing.data.to_csv(temporary, index=False, lineterminator="\n")
        else:
            kind = path.suffix.removeprefix(".")
            drawing.figure.savefig(temporary, format=kind, metadata=style.METADATA[kind])
            if kind == "svg":
                temporary.write_text(_numbered(temporary.read_text()))


def _numbered(svg: str) -> str:
    """The SVG with its shared parts numbered as they come.

    Matplotlib names them by a hash of their exact position, whose last bit may depend on the run, although it is not
    written.
    """
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"{match[1]}{len(numbers)}")

    return re.sub(r'(?<=[#"])([A-Za-z]+?)[0-9a-f]{10}(?=[")])', number, svg)


def figure_of(section: str, name: str) -> Callable[[Mapping[str, pd.DataFrame]], claims.Drawing]:
    """What draws an entry of a section: a claim's file its own figure, one module all slices."""
    if section == "slices":
        # by name: a change of how slices look draws no claim's figure again
        return import_module("rescert.figures.landscape").figure
    return claims.load(name).figure


def caption(name: str, numbers: Mapping[str, Any], section: str = "claims") -> str:
    """The docstring of the function that draws the figure, its ``{placeholders}`` filled from ``numbers``."""
    text = inspect.getdoc(figure_of(section, name))
    if not text:
        raise ValueError(f"expected a docstring on the figure of '{name}', because it is the caption; got none")
    return fill(text, numbers, f"the caption of '{name}'")


def fill(text: str, numbers: Mapping[str, Any], where: str = "the text") -> str:
    """``text`` with every ``{name}`` or ``{name:format}`` replaced; braces of TeX are written ``{{…}}``.

    Raises ``ValueError`` that names the placeholder that ``numbers`` lacks, or whose format does not fit.

    >>> fill("{n} networks, $x^{{2}}$, {share:.1%}", {"n": 20, "share": 0.985})
    '20 networks, $x^{2}$, 98.5%'
    """
    try:
        fields = [(field, spec) for _, field, spec, _ in Formatter().parse(text) if field is not None]
    except ValueError as error:
        raise ValueError(f"expected balanced braces in {where}, got: {error}") from None
    for field, spec in fields:
        if field not in numbers:
            known = ", ".join(sorted(numbers)) or "nothing"
            raise ValueError(f"expected '{{{field}}}' of {where} in the claim's summary, got only: {known}")
        try:
            format(numbers[field], spec or "")
        except (ValueError, TypeError) as error:
            raise ValueError(f"expected '{{{field}:{spec}}}' of {where} to fit {numbers[field]!r}: {error}") from None
    return text.format(**numbers)
