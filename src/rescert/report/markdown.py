"""Markdown with ``$…$`` mathematics to HTML. HTML in the text is shown, not obeyed; nothing is fetched."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from rescert.report.mathematics import mathml

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_LAST_PIECE = re.compile(r"(<math (?:(?!<math |</span>).)*</math>)</span>([^\s<]+)", re.DOTALL)
_OPENING = re.compile(r'([(\[])(?=<span class="math inline">)')
TOP_HEADING = 4  # claims are sections of level 3, so the first heading of their text is of level 4


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    def formula(content: str, options: dict[str, bool]) -> str:
        return mathml(content, options["display_mode"])

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.disable("image")  # an image would be a request off the page
    parser.use(dollarmath_plugin, double_inline=True, renderer=formula)
    parser.add_render_rule("math_inline_double", _display_in_line)
    return parser


def _display_in_line(renderer, tokens, index, options, environment) -> str:
    return f'<span class="math block">{mathml(tokens[index].content, display=True)}</span>'


def block(text: str) -> Markup:
    r"""Paragraphs, lists, tables, headings; the highest heading of the text becomes one of `TOP_HEADING`.

    >>> block("## A < $x$")  # doctest: +ELLIPSIS
    Markup('<h4>A &lt; <span class="math inline"><math display="inline" alttext="x"><mrow><mi>x</mi>...
    """
    parser = _parser()
    environment: dict = {}
    tokens = parser.parse(text, environment)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + TOP_HEADING)}"
    return _kept_together(parser.renderer.render(tokens, parser.options, environment))


def inline(text: str) -> Markup:
    """One line of text, without a paragraph around it."""
    return _kept_together(_parser().renderInline(text))


def _kept_together(rendered: str) -> Markup:
    """A browser may break the line between a formula and its bracket or comma: forbid it."""
    rendered = _LAST_PIECE.sub(r'<span class="together">\1\2</span></span>', rendered)
    return Markup(_OPENING.sub("\\1\u2060", rendered))
