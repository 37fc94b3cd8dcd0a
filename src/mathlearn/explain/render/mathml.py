"""LaTeX of ours to MathML, by latex2mathml; what comes out is mended where it is poor, and stripped to a whitelist.

References
----------
W3C (2023), "MathML Core": the elements and attributes that browsers lay out by themselves.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from mathlearn import _engines, _text
from mathlearn.explain.render.tree import in_formula

if TYPE_CHECKING:
    from mathlearn.explain.derivation import Maths

__all__ = ["FENCES", "element", "mathml"]

FENCES = {"[": "]", "(": ")", "|": "|", "‖": "‖"}

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_FIRST, _LAST = "\ue000", "\uf8ff"
# Element -> attributes that are kept.
_ALLOWED: dict[str, frozenset[str]] = {
    "math": frozenset({"display"}),
    "mi": frozenset({"mathvariant"}),
    "mo": frozenset({"stretchy", "fence", "form", "lspace", "rspace"}),
    "mover": frozenset({"accent"}),
    "mspace": frozenset({"width"}),
    "mtd": frozenset({"class"}),
    **dict.fromkeys(
        (
            "mfrac", "mn", "mroot", "mrow", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtext", "mtr",
            "munder", "munderover",
        ),
        frozenset(),
    ),
}  # fmt: skip
_FUNCTIONS = {"log", "exp", "arctan", "tan"}  # that are written before their argument without a parenthesis
_CAPITALS = set("ΓΔΘΛΞΠΣΥΦΨΩ")
_TALL = {"mfrac", "mtable", "munder", "mover", "munderover", "msqrt", "msub", "msup", "msubsup"}
_APART = {"mo", "mspace", "mtext"}
_OPERATORS = {"~": "∼", "±": "±", "…": "…", "\u27c2": "⊥", ";": ";"}  # that come out as identifiers
_SIGNS = {"+", "−", "±"}
_CLOSING = set(FENCES.values()) | {"!"}
_ACCENTS = {"^": "ˆ", "~": "˜", "¯": "¯", "―": "¯"}


def mathml(formula: Maths, *, display: bool = False) -> str:
    """Return a formula as a ``<math>`` element.

    Raises
    ------
    ImportError
        latex2mathml is not installed.
    """
    root = element(formula)
    root.set("xmlns", _NAMESPACE)
    if display:
        root.set("display", "block")
    return ET.tostring(root, encoding="unicode")


def element(formula: Maths) -> ET.Element:
    """Return a formula as a tree without namespaces: whitelisted, mended, the user's names in place."""
    root = _copy(_converted(formula.latex))
    for node in root.iter():
        text = node.text or ""
        if len(text) == 1 and _FIRST <= text <= _LAST:
            node.tag = "mtext"
            node.attrib.clear()
            # The tree escapes markup when it is written; what is not markup but would act becomes visible here.
            node.text = _text.terminal(in_formula(formula.names[ord(text) - ord(_FIRST)]))
    for node in root.iter("mover"):
        _say_hat(node)
    return root


def _say_hat(node: ET.Element) -> None:
    """Write "fitted" before a name, over which a hat would be lost; a letter keeps its hat."""
    base = [inner for inner in node[0].iter() if not len(inner)]
    if node[1].text == _ACCENTS["^"] and len(base) == 1 and base[0].tag == "mtext" and len(base[0].text or "") > 1:
        node.tag, node.text = "mtext", f"fitted {base[0].text}"
        node.attrib.clear()
        del node[:]


@lru_cache(maxsize=512)
def _converted(latex: str) -> ET.Element:
    """Convert LaTeX in which private characters stand for names; the tree is shared, so it must not be changed."""
    source: str = _engines.load("latex2mathml.converter").convert(latex)
    root = ET.fromstring(source)  # noqa: S314 - made from our own LaTeX, without a foreign character
    clean = _kept(root)
    assert clean is not None
    return clean


def _copy(node: ET.Element) -> ET.Element:
    twin = ET.Element(node.tag, dict(node.attrib))
    twin.text = node.text
    twin.extend(_copy(child) for child in node)
    return twin


def _kept(node: ET.Element) -> ET.Element | None:
    """Return a copy with nothing that is not on the list, or None for an element that is not."""
    tag = node.tag.rpartition("}")[2]
    if tag not in _ALLOWED:
        return None
    twin = ET.Element(tag, {key: value for key, value in node.attrib.items() if key in _ALLOWED[tag]})
    twin.text = node.text
    if tag == "mtd" and node.get("columnalign") == "left":
        twin.set("class", "l")  # browsers leave alignment to style sheets
    twin.extend(_with_space([child for child in map(_kept, node) if child is not None]))
    return _mended(twin)


def _with_space(row: list[ET.Element]) -> list[ET.Element]:
    """Set a function apart from what stands beside it without a parenthesis, as TeX does and no browser."""
    out = row[:1]
    for left, right in pairwise(row):
        ends = left.tag not in _APART or left.text in _CLOSING
        if (_is_function(left) and right.tag not in _APART) or (_is_function(right) and ends):
            out.append(ET.Element("mspace", {"width": "0.167em"}))
        out.append(right)
    return out


def _is_function(node: ET.Element) -> bool:
    return node.tag == "mi" and (node.text or "") in _FUNCTIONS


def _mended(node: ET.Element) -> ET.Element:
    """Say what an element means where the converter says something else."""
    text = node.text or ""
    if node.tag == "mrow" and not len(node):
        node.tag = (
            "mi"  # an empty group stands for an operand, and beside words alone a browser would take it for space
        )
    if node.tag == "mspace" and node.get("width") == "negativethinmathspace":
        node.set("width", "-0.167em")  # browsers know no named lengths
    if node.tag == "mi":
        _identifier(node, text)
    elif node.tag == "mo":
        _operator(node, text)
    elif node.tag == "mover" and len(node) == 2 and (node[1].text or "") in _ACCENTS:
        _accent(node)
    _fences(node)
    _sign(node)
    return node


def _identifier(node: ET.Element, text: str) -> None:
    if text in _OPERATORS:
        node.tag, node.text = "mo", _OPERATORS[text]
    if text in _CAPITALS:
        node.set("mathvariant", "normal")  # upright, as TeX sets them
    if node.get("mathvariant") != "normal":
        node.attrib.pop("mathvariant", None)


def _operator(node: ET.Element, text: str) -> None:
    """Make an identifier of what is none: it then has no space of a relation."""
    if text.isascii() and text.isalpha():  # the name of a function: upright because it is long, or because it says so
        node.tag = "mi"
        node.attrib.clear()
        if len(text) == 1:
            node.set("mathvariant", "normal")
    elif text in {"⊤", "∂", "∞"}:
        node.tag = "mi"
        if text == "⊤":
            node.set("mathvariant", "normal")


def _fences(row: ET.Element) -> None:
    """Let fences stretch around what is tall alone: browsers leave room within those that could."""
    if not any(inner.tag in _TALL for inner in row.iter()):
        for node in row:
            if node.get("stretchy") == "true":
                node.set("stretchy", "false")


def _sign(row: ET.Element) -> None:
    """Tell a sign from a difference: what follows a relation or an opening fence stands close to its number."""
    previous: ET.Element | None = None
    opened = False
    for node in row:
        if node.tag == "mo" and node.text == "|":
            node.attrib |= {"form": "postfix" if opened else "prefix", "lspace": "0", "rspace": "0"}
            opened = not opened
        if node.tag == "mo" and node.text in _SIGNS and _opens(previous):
            node.set("form", "prefix")
        if node.tag != "mspace":
            previous = node


def _opens(previous: ET.Element | None) -> bool:
    if previous is None:
        return True
    if previous.tag == "mtext":
        return (previous.text or "")[-1:].isspace()  # a word that leads up to a number
    return previous.tag == "mo" and previous.get("form") != "postfix" and previous.text not in _CLOSING


def _accent(node: ET.Element) -> None:
    sign = node[1]
    wide = sum(len(text) for text in node[0].itertext()) > 1
    sign.text = _ACCENTS[sign.text or ""]
    sign.attrib.clear()
    bar = sign.text == "¯"  # as an accent it would touch its letter
    sign.set("stretchy", "true" if wide or bar else "false")
    if not bar:
        node.set("accent", "true")
