"""TeX to MathML that browsers draw: MathML Core, with nothing left over and everything escaped."""

from __future__ import annotations

import html
import re
import unicodedata
from xml.etree import ElementTree

SHORT = 24  # characters of TeX; a formula in the line that is longer may be broken at its relations

_BIG_OPERATORS = {"min", "max", "sup", "inf", "lim", "argmin", "argmax", "lim\u2006sup", "lim\u2006inf"}
_UNDER = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_DELIMITERS = {r"\lVert": "‖", r"\rVert": "‖", r"\lvert": "|", r"\rvert": "|", r"\|": "‖"}
_ALPHABETS = {
    "bold": "MATHEMATICAL BOLD",
    "italic": "MATHEMATICAL ITALIC",
    "bold-italic": "MATHEMATICAL BOLD ITALIC",
    "double-struck": "MATHEMATICAL DOUBLE-STRUCK",
    "script": "MATHEMATICAL SCRIPT",
    "fraktur": "MATHEMATICAL FRAKTUR",
    "sans-serif": "MATHEMATICAL SANS-SERIF",
    "monospace": "MATHEMATICAL MONOSPACE",
}
# Letters that Unicode had before it got whole alphabets.
_OLDER = {
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "script": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "fraktur": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "italic": {"h": "ℎ"},
}
_RELATIONS = tuple("=<>≤≥≠≈≡∼∈∉⊂⊆→↦⇒⇔⟹⟺∝≪≫")
_CLOSING = (")", "]", "}", "⟩", "⌋", "⌉", "!", "∞", "%")
_DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")


def mathml(tex: str, display: bool = False) -> str:
    r"""One formula as a ``<math>`` element, or as several in a row where a long one may break over lines.

    Raises ``ValueError`` for a command that is not known or for unbalanced braces, because a reader would
    otherwise see raw TeX.

    >>> mathml(r"a<\mathbb R")
    '<math display="inline" alttext="a&lt;\\mathbb R"><mrow><mi>a</mi><mo>&lt;</mo><mi>ℝ</mi></mrow></math>'
    """
    from latex2mathml import exceptions
    from latex2mathml.converter import convert_to_element

    _require_balanced(tex)
    refusals: tuple[type[Exception], ...] = tuple(e for e in vars(exceptions).values() if isinstance(e, type))
    source = tex.replace("{aligned}", "{split}")  # the same layout, under the name that the converter knows
    try:
        root = convert_to_element(source, display="block" if display else "inline")
    except refusals as error:
        raise ValueError(f"expected TeX, got '${tex}$' ({type(error).__name__})") from None
    root.attrib.pop("xmlns", None)
    root.set("alttext", tex.strip())
    for element in root.iter():
        _mend(element, tex, display)
    for element in root.iter():
        _lower_prime(element)
        _mark_signs(element)
    pieces = [root] if display or len(tex) < SHORT else _pieces(root)
    return "<wbr>".join(ElementTree.tostring(piece, encoding="unicode", short_empty_elements=False) for piece in pieces)


def _pieces(root: ElementTree.Element) -> list[ElementTree.Element]:
    """A formula cut before its relations: browsers break a line only between ``<math>`` elements, TeX there too."""
    pieces: list[ElementTree.Element] = []
    for row in root:
        for element in row:
            relation = element.tag == "mo" and element.text in _RELATIONS
            if not pieces or (relation and len(pieces[-1][0])):
                pieces.append(ElementTree.Element("math", {} if pieces else root.attrib))
                ElementTree.SubElement(pieces[-1], "mrow")
            if relation:
                element.set("form", "infix")  # and not a prefix, though it is the first of its piece
            pieces[-1][0].append(element)
    return pieces


def _require_balanced(tex: str) -> None:
    depth = 0
    for brace in re.findall(r"(?<!\\)(?:\\\\)*([{}])", tex):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            break
    if depth or not tex.strip():
        raise ValueError(f"expected TeX with balanced braces, got '${tex}$'")


def _mend(element: ElementTree.Element, tex: str, display: bool) -> None:
    if "href" in element.attrib:
        raise ValueError(f"expected TeX without links, got '${tex}$'")
    if element.get("linebreak") == "newline" or (element.tag == "mfrac" and len(element) != 2):
        raise ValueError(f"expected complete fractions, and line breaks only in an environment, got '${tex}$'")
    # The converter leaves entities in texts (and in mathematics meant as text: "\text{&#x3c;}" becomes "<",
    # which is escaped again on output).
    text = element.text or ""
    text = html.unescape(text) if re.fullmatch(r"(&#x[0-9A-Fa-f]+;)+", text) else text
    if text:
        text = _DELIMITERS.get(text, text)
        if (text.startswith("\\") or text == "&") and element.tag != "mtext":
            raise ValueError(f"expected a TeX command that MathML has, got '{text}' in '${tex}$'")
        # Browsers know no mathvariant but "normal": the letter itself must be the bold or script one.
        variant = element.attrib.get("mathvariant")
        if variant and variant != "normal":
            text = "".join(_letter(character, variant) for character in text)
            del element.attrib["mathvariant"]
        element.text = text
        if element.tag == "mo":
            _space(element, text)
    if display and element.tag in _UNDER and len(element) and html.unescape(element[0].text or "") in _BIG_OPERATORS:
        element.tag = _UNDER[element.tag]


def _space(operator: ElementTree.Element, text: str) -> None:
    """The spaces of TeX, where a browser's own differ: none about bars and slashes, thin ones about names."""
    if text in ("|", "‖"):
        operator.attrib |= {"lspace": "0", "rspace": "0", "stretchy": operator.get("stretchy", "false")}
    elif text == "/":
        operator.attrib |= {"lspace": "0", "rspace": "0"}
    elif text.isalpha() and len(text) > 1:
        operator.attrib |= {"lspace": "0.167em", "rspace": "0.167em"}


def _lower_prime(element: ElementTree.Element) -> None:
    """Fonts draw the prime small and high by itself: as an exponent it would be a speck."""
    if element.tag == "msup" and (element[1].text or "").strip("′″‴") == "" and element[1].text:
        element.tag, element[1].tag = "mrow", "mo"
        element[1].attrib |= {"lspace": "0", "rspace": "0"}


def _mark_signs(row: ElementTree.Element) -> None:
    """A minus or plus after another operator or an opening bar is a sign and stands close to its number."""
    bars, before = 0, None
    for element in row:
        text = element.text if element.tag == "mo" else None
        if text in ("−", "+"):
            opened = bars % 2 == 1 if before in ("|", "‖") else before not in _CLOSING
            if before is not None and opened:
                element.set("form", "prefix")
        bars += text in ("|", "‖")
        before = text


def _letter(character: str, variant: str) -> str:
    if character in _OLDER.get(variant, {}):
        return _OLDER[variant][character]
    if variant not in _ALPHABETS or not character.isalnum():
        return character
    if character.isdecimal():
        name = f"{_ALPHABETS[variant]} DIGIT {_DIGITS[int(character)]}"
    else:
        plain = unicodedata.name(character).replace("LATIN ", "").replace("GREEK ", "").replace(" LETTER", "")
        name = f"{_ALPHABETS[variant]} {plain}"
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return character
