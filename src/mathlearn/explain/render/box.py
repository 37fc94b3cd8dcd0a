"""Mathematics in a terminal: the MathML tree as lines of Unicode text, laid out by a small recursion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import normalize
from xml.etree.ElementTree import Element

from mathlearn.statistics.text_table import display_width, pad

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Box", "box"]

_SUPERSCRIPT = str.maketrans(
    "0123456789+−-=()abcdefghijklmnoprstuvwxyz⊤*′",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ*′",
)
_SUBSCRIPT = str.maketrans("0123456789+−-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_COMBINING = {"ˆ": "\u0302", "˜": "\u0303", "¯": "\u0304"}
_WORDS = {"ˆ": "fitted ", "¯": "mean of ", "˜": ""}
_TALL = {"[": "⎡⎢⎣", "]": "⎤⎥⎦", "(": "⎛⎜⎝", ")": "⎞⎟⎠", "|": "│││", "‖": "‖‖‖"}
_FUNCTIONS = frozenset({"log", "exp", "arctan", "tan", "Φ"})
_KINDS = {
    **dict.fromkeys("=<>≤≥≈≠∼∈→←", "relation"),
    **dict.fromkeys("+−±×·⋅∓", "operator"),
    **dict.fromkeys("∑∏∫√", "large"),
    **dict.fromkeys("[(", "open"),
    **dict.fromkeys("])", "close"),
    **dict.fromkeys(",;", "comma"),
    "/": "slash",
}


@dataclass(frozen=True, slots=True)
class Box:
    """Lines of equal width; `base` is the one that stands on the line of text.

    Attributes
    ----------
    lines : tuple of str
    base : int
    kind : str
        What it is to its neighbours: operand, operator, relation, open, close, comma, slash, space, large, fraction.
    """

    lines: tuple[str, ...]
    base: int = 0
    kind: str = "operand"

    @property
    def width(self) -> int:
        """Columns of the terminal."""
        return display_width(self.lines[0])

    @property
    def text(self) -> str:
        """The line of a box of one line."""
        return self.lines[self.base]


def box(node: Element) -> Box:
    """Lay out an element of the whitelist of `mathml`."""
    tag = node.tag
    if tag == "mo":
        return _operator(node)
    if tag in {"mi", "mn", "mtext"}:
        return Box((node.text or "",), kind="open" if _is_differential(node) else "operand")
    if tag == "mspace":
        wide = float((node.get("width") or "0").removesuffix("em") or 0)
        return Box((" " * (3 if wide >= 1 else int(wide > 0.2)),), kind="space")
    node = _without_thin_spaces(node)
    children = [box(child) for child in node]
    layout = _LAYOUTS.get(tag)
    if layout is not None:
        return layout(children)
    if tag == "mtable":
        return _table(node)
    return _row(children, node)


def _is_differential(node: Element) -> bool:
    """Whether a letter belongs to the next, as the d in du does."""
    return node.text == "∂" or (node.text == "d" and node.get("mathvariant") == "normal")


def _without_thin_spaces(node: Element) -> Element:
    """Leave out the spaces that letters of fixed width set by themselves."""
    if not any(child.get("width") == "0.167em" for child in node):
        return node
    twin = Element(node.tag, node.attrib)
    twin.extend(child for child in node if child.get("width") != "0.167em")
    return twin


def _operator(node: Element) -> Box:
    text = node.text or ""
    form = {"prefix": "open", "postfix": "close"}.get(node.get("form") or "", "operand")
    return Box((text,), kind=_KINDS.get(text, form))


def _row(children: Sequence[Box], node: Element) -> Box:
    """Put boxes side by side; fences around something tall become tall."""
    if len(children) == 1:
        return children[0]
    height = max((len(child.lines) for child in children), default=1)
    if height > 1:
        base = max(child.base for child in children)
        tall = (child.tag == "mo" and child.get("stretchy") == "true" for child in node)
        children = [
            _fence(c.text, height, base, c.kind) if t and c.text in _TALL else c
            for c, t in zip(children, tall, strict=True)
        ]
    children = _with_bars(children)
    parts: list[Box] = []
    previous: Box | None = None
    for child in _grouped(children):
        gap = _gap(previous, child)
        if gap:
            parts.append(Box((" " * gap,)))
        parts.append(child)
        previous = child if child.kind != "operator" or _is_binary(previous) else Box(child.lines, child.base, "open")
    return _beside(parts, "operand" if _is_one_thing(children) else "row")


def _is_one_thing(children: Sequence[Box]) -> bool:
    """Whether a row can be divided or squared as it stands: in fences, a function of what is in fences, a differential."""
    if not children:
        return True
    if children[0].text == "∂":
        return len(children) == 2
    fenced = children[1:] if children[0].kind == "operand" else children
    return bool(fenced) and fenced[0].kind == "open" and fenced[-1].kind == "close" and _encloses(fenced)


def _with_bars(children: Sequence[Box]) -> Sequence[Box]:
    """Tell the bar that opens from the bar that closes."""
    opened, out = False, []
    for child in children:
        bar = child.lines == ("|",)
        out.append(Box(child.lines, kind="close" if opened else "open") if bar else child)
        opened ^= bar
    return out


def _encloses(children: Sequence[Box]) -> bool:
    """Whether the first fence of a row is closed by the last, and not before."""
    depth = 0
    for i, child in enumerate(children):
        depth += (child.kind == "open") - (child.kind == "close")
        if depth == 0 and i < len(children) - 1:
            return False
    return True


def _is_binary(previous: Box | None) -> bool:
    """Whether an operator after this stands between two operands, and is no sign."""
    if previous is None or previous.text[-1:].isspace():
        return False
    return previous.kind not in {"operator", "relation", "open", "comma", "space"}


def _grouped(children: Sequence[Box]) -> Iterator[Box]:
    """Put parentheses around a fraction that what follows would otherwise join, or of which a function is taken."""
    for i, child in enumerate(children):
        follows = children[i + 1].kind if i + 1 < len(children) else "close"
        of = i > 0 and children[i - 1].text in _FUNCTIONS
        if child.kind == "fraction" and (of or follows in {"operand", "open", "row", "large", "fraction", "space"}):
            yield Box((f"({child.text})",))
        else:
            yield child


def _gap(left: Box | None, right: Box) -> int:
    """Columns between two neighbours."""
    if (
        left is None
        or not left.text
        or {"space", "slash"} & {left.kind, right.kind}
        or left.text[-1:].isspace()
        or right.text[:1].isspace()
    ):
        return 0
    if "relation" in {left.kind, right.kind}:
        return 1
    if right.kind == "operator":
        return int(_is_binary(left) or left.kind in {"operator", "comma"})
    if left.kind in {"operator", "comma"}:
        return 1
    if right.kind == "open":
        return int(left.kind == "close")
    return int(left.kind != "open" and right.kind not in {"close", "comma"})


def _beside(parts: Sequence[Box], kind: str) -> Box:
    above = max((part.base for part in parts), default=0)
    below = max((len(part.lines) - part.base for part in parts), default=1)
    lines = [""] * (above + below)
    for part in parts:
        top = above - part.base
        for i in range(len(lines)):
            inside = top <= i < top + len(part.lines)
            lines[i] += pad(part.lines[i - top], part.width) if inside else " " * part.width
    return Box(tuple(lines), above, kind)


def _fence(text: str, height: int, base: int, kind: str) -> Box:
    first, middle, last = tuple(_TALL[text])
    return Box((first, *[middle] * (height - 2), last), base, kind)


def _table(node: Element) -> Box:
    """Lay cells out in columns, to the right unless their class says left."""
    rows = [[(_cell(cell), cell.get("class") == "l") for cell in row] for row in node]
    widths = [max(cell.width for cell, _ in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for (cell, left), width in zip(row, widths, strict=True):
            space = " " * (width - cell.width)
            cells.append(cell.text + space if left else space + cell.text)
        # An equation that goes on below itself is one line in two cells; numbers stand apart.
        lines.append((" " if any(left for _, left in row) else "  ").join(cells))
    return Box(tuple(lines), (len(lines) - 1) // 2, "operand")


def _cell(cell: Element) -> Box:
    cell = _without_thin_spaces(cell)
    return _row([box(child) for child in cell], cell)


def _fraction(children: Sequence[Box]) -> Box:
    above, below = (_closed(child) for child in children)
    return Box((f"{above}/{below}",), kind="fraction")


def _closed(part: Box) -> str:
    """Text of a part that other marks can be put to: with parentheses unless it is one thing."""
    return part.text if part.kind in {"operand", "large"} else f"({part.text})"


def _root(children: Sequence[Box]) -> Box:
    inner = _beside(children, children[0].kind if len(children) == 1 else "row")
    bare = inner.kind == "operand" and (len(inner.text) == 1 or inner.text.replace(".", "").isdigit())
    return Box((f"√{inner.text}" if bare else f"√({inner.text})",))


def _raised(text: str) -> str:
    return _mapped(text, _SUPERSCRIPT, "^")


def _lowered(text: str) -> str:
    return _mapped(text, _SUBSCRIPT, "_")


def _mapped(text: str, table: dict[int, int], mark: str) -> str:
    """Write in small letters where each of them exists, else behind a mark."""
    tight = text.replace(" ", "")
    small = tight.translate(table)
    if all(ord(c) in table for c in tight):
        return small
    return mark + (text if display_width(text) == 1 or text.isalnum() else f"({text})")


def _scripted(base: Box, below: str, above: str) -> Box:
    if base.text == "∫" and below and above:
        return Box((f"∫ from {below} to {above} of",))
    closed = base.text if base.kind in {"operand", "large", "open", "close", "relation"} else f"({base.text})"
    small = (_lowered(below) if below else "") + (_raised(above) if above else "")
    return Box((*base.lines[: base.base], closed + small, *base.lines[base.base + 1 :]), base.base, _after(base))


def _after(base: Box) -> str:
    return base.kind if base.kind in {"large", "close", "open", "relation"} else "operand"


def _over(children: Sequence[Box]) -> Box:
    base, sign = children[0].text, children[1].text
    if sign in _COMBINING:
        whole = f"({base})" if sign == "¯" and children[0].kind == "row" else base
        text = normalize("NFC", base + _COMBINING[sign]) if len(base) == 1 else _WORDS[sign] + whole
        return Box((text,))
    return _scripted(children[0], "", sign)


_LAYOUTS: dict[str, Callable[[Sequence[Box]], Box]] = {
    "mfrac": _fraction,
    "msqrt": _root,
    "msup": lambda c: _scripted(c[0], "", c[1].text),
    "msub": lambda c: _scripted(c[0], c[1].text, ""),
    "msubsup": lambda c: _scripted(c[0], c[1].text, c[2].text),
    "mover": _over,
    "munder": lambda c: _scripted(c[0], c[1].text, ""),
    "munderover": lambda c: _scripted(c[0], c[1].text, c[2].text),
}
