"""Formulas: nothing of TeX is left over, nothing is obeyed, and what browsers lack is put in other words."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from rescert.report.mathematics import mathml

FORMULAS = [
    r"\lVert h_i-\mathrm{Id}\rVert_L\le\varepsilon",
    r"\lambda_{\min}(\nabla^2 R)<0",
    r"\tfrac12\left(C-\sqrt{C^2+4|g_l|^2}\right)",
    r"\delta_c=\frac{2}{\sigma L\lambda^{2(L-1)/L}}",
    r"\operatorname{rank} W < d_y, \quad G_z \ne 0",
    r"\begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}",
    r"\inf_{t\in\mathbb R^d} \mathbb{E}\,\ell(t^\top x, y)",
    r"\widehat{\mathcal R}_n \le B\prod_{l=1}^L (1+2M_l^2)/\sqrt n",
]


def root(tex: str, display: bool = True) -> ElementTree.Element:
    return ElementTree.fromstring(mathml(tex, display))


def texts(tex: str) -> str:
    return "".join(root(tex).itertext())


@pytest.mark.parametrize("tex", FORMULAS)
@pytest.mark.parametrize("display", [False, True])
def test_formulas_of_the_papers_leave_no_tex(tex, display):
    pieces = [ElementTree.fromstring(piece) for piece in mathml(tex, display).split("<wbr>")]
    shown = "".join(text for piece in pieces for text in piece.itertext())
    assert "\\" not in shown
    assert "&" not in shown
    assert pieces[0].get("alttext") == tex


def test_alphabets_are_letters_of_their_own():
    """Browsers ignore mathvariant: without this, the reals would be an italic R."""
    assert texts(r"\mathbb{RE1}\mathcal{RL}\mathbf{x2}\boldsymbol\lambda\mathfrak{gC}") == "ℝ𝔼𝟙ℛℒ𝐱𝟐𝝀𝔤ℭ"
    assert not [e for e in root(r"\mathbb{R}\mathbf{x}").iter() if "mathvariant" in e.attrib]


def test_limits_stand_below_in_display():
    assert [e.tag for e in root(r"\sup_{x} x").iter() if e.tag in ("msub", "munder")] == ["munder"]
    assert [e.tag for e in root(r"\sup_{x} x", display=False).iter() if e.tag in ("msub", "munder")] == ["msub"]


def test_aligned_lines_are_a_table():
    table = root(r"\begin{aligned} a &= b \\ &= c \end{aligned}").find(".//mtable")
    assert table is not None
    assert len(table) == 2


def test_a_minus_after_a_relation_or_a_bar_is_a_sign():
    minuses = [e for e in root(r"a-b=-1+|-x|-2").iter() if e.text == "−"]
    assert [e.get("form") for e in minuses] == [None, "prefix", "prefix", None]


def test_a_prime_is_not_shrunk_twice():
    assert [e.tag for e in root("f'(x)").iter() if e.tag in ("msup", "mrow")] == ["mrow", "mrow"]


def test_long_formulas_break_at_relations_only_in_the_line():
    tex = r"|w[k+1]-\ell|\le\rho|w[k]-\ell|=\rho^{k+1}|1-\ell|"
    pieces = mathml(tex).split("<wbr>")
    assert [ElementTree.fromstring(p)[0][0].text for p in pieces[1:]] == ["≤", "="]
    assert "<wbr>" not in mathml(tex, display=True)
    assert "<wbr>" not in mathml("a=b")


@pytest.mark.parametrize(
    "tex", [r"\text{<script>alert(1)</script>}", r"\text{&#x3c;script&#x3e;}", r"a<b>c", r'\text{"\'>}']
)
def test_markup_is_escaped(tex):
    written = mathml(tex)
    assert "<script" not in written
    ElementTree.fromstring(written)  # raises if an attribute or a text broke out


@pytest.mark.parametrize(
    ("tex", "reason"),
    [
        (r"\relu(x)", r"a TeX command that MathML has, got '\\relu' in"),
        (r"\frac{a", "balanced braces"),
        (r"\frac{a}", "complete fractions"),
        ("", "balanced braces"),
        (r"x^", "expected TeX, got"),
        (r"\left( a", "expected TeX, got"),
        (r"\begin{cases} a", "expected TeX, got"),
        (r"a \\ b", "line breaks only in an environment"),
        (r"a & b", "expected a TeX command"),
        (r"\href{javascript:alert(1)}{x}", "without links"),
    ],
)
def test_what_a_reader_would_see_as_tex_is_refused(tex, reason):
    with pytest.raises(ValueError, match=reason):
        mathml(tex, display=True)
