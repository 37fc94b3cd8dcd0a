"""A figure as SVG for a page: text as text, colours that follow the page, nothing that acts or comes from elsewhere.

Colours of the theme become ``currentColor`` (ink) and the CSS variables ``--ml-muted``, ``--ml-grid``, ``--ml-paper``,
``--ml-1`` ... ``--ml-6``, each with the figure's own colour as fallback, so that a page may change them for a dark mode. All style
stands in presentation attributes: a page whose policy forbids inline style shows the figure unchanged (one that names its image
sources has to allow ``data:``, for layers of many points are kept as pictures).
"""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from mathlearn import _engines, _text
from mathlearn.plot.style import DARK, LIGHT, LOCK, PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

__all__ = ["save_svg"]

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"

_ELEMENTS = frozenset(
    {"svg", "g", "defs", "path", "use", "clipPath", "rect", "text", "tspan", "image", "circle", "line"}
)
"""What a figure may be made of; anything else is left out."""

_ATTRIBUTES = frozenset({
    "id", "d", "x", "y", "width", "height", "viewBox", "transform", "clip-path", "href", "preserveAspectRatio",
    "fill", "fill-opacity", "fill-rule", "stroke", "stroke-opacity", "stroke-width", "stroke-linejoin", "stroke-linecap",
    "stroke-dasharray", "stroke-dashoffset", "stroke-miterlimit", "opacity", "font-size", "font-style", "font-weight",
    "text-anchor", "image-rendering",
})  # fmt: skip

_FONTS = "var(--ml-font, system-ui, 'DejaVu Sans', sans-serif)"
_FONT = re.compile(r"^(?P<style>italic |oblique )?(?P<weight>bold |\d{3} )?(?P<size>[\d.]+)px ")
_LOCAL = re.compile(r"url\(#([^)]+)\)")
_GEOMETRY = frozenset({"d", "x", "y", "transform", "width", "height"})
_LONG = re.compile(r"-?\d+\.\d{3,}")
"""Coordinates are given to a hundredth of a point."""

_DPI = (144, 108, 80, 60)
"""Resolutions of the layers that are kept as pictures: the first with which the figure is small enough."""

_PIXELS = 96 / 72
"""CSS pixels in a typographic point."""

_LARGE = 190_000
"""Characters up to which a figure is small enough."""

_SPARSE, _ALTOGETHER = 400, 1_800
"""Points of one layer kept one by one, and of a figure; in one with more, of a layer a quarter so many."""


def save_svg(figure: Figure, title: str, description: str = "", *, prefix: str = "ml") -> str:
    """Return a figure as one ``<svg>`` element for an HTML page.

    Parameters
    ----------
    figure : Figure
        Drawn by one of the displays, in either theme; it is left as it was.
    title : str
        What the picture is, for those who do not see it; plain text.
    description : str
        What it shows.
    prefix : str
        Of every ``id``: figures in one page need different ones. Letters, digits and hyphens.

    Returns
    -------
    str
        Without XML declaration, script, style sheet, date or external reference; the same for the same figure.

    Raises
    ------
    ValueError
        `prefix` is no plain word.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from mathlearn.linear_model import LinearRegression
    >>> from mathlearn.plot import plot_model, save_svg
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 4.0, 8.0]
    >>> figure = plot_model(LinearRegression().fit(X, y), X, y).figure_
    >>> text = save_svg(figure, "y by x0", prefix="fit")
    >>> text[:5], "<script" in text, "currentColor" in text
    ('<svg ', False, True)
    >>> plt.close(figure)
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", prefix):
        raise ValueError(f"prefix is {prefix!r}: it must be letters, digits and hyphens, starting with a letter")
    colours = _colours()
    text = ""
    for dpi in _DPI:
        root = ET.fromstring(_drawn(figure, dpi))  # noqa: S314 -- written by Matplotlib a moment ago
        kept = _rebuilt(root, prefix, colours)
        assert kept is not None
        text = _finished(kept, title, description, prefix)
        if len(text) <= _LARGE:
            break
    return text


def _drawn(figure: Figure, dpi: int) -> str:
    """Let Matplotlib write the figure, many points as pictures, without date and background."""
    settings = {
        "svg.fonttype": "none",
        "svg.hashsalt": "mathlearn",
        "svg.image_inline": True,
        "image.composite_image": True,
    }
    buffer = io.StringIO()
    with LOCK, _engines.load("matplotlib").rc_context(settings), _rasterised(figure), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the page's fonts may have what ours lack
        with _canvas(figure, dpi) as canvas:
            canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


@contextmanager
def _canvas(figure: Figure, dpi: int) -> Iterator[Any]:
    """Lend the figure a canvas that writes SVG, at a resolution, without its background; ``savefig`` would draw it twice."""
    patches = [figure.patch, *(ax.patch for ax in figure.axes), *(part.patch for part in figure.subfigs)]
    canvas, resolution, colours = figure.canvas, figure.dpi, [patch.get_facecolor() for patch in patches]
    try:
        for patch in patches:
            patch.set_facecolor("none")
        figure.set_dpi(dpi)
        yield _engines.load("matplotlib.backends.backend_svg").FigureCanvasSVG(figure)
    finally:
        figure.set_canvas(canvas)
        figure.set_dpi(resolution)
        for patch, colour in zip(patches, colours, strict=True):
            patch.set_facecolor(colour)


@contextmanager
def _rasterised(figure: Figure) -> Iterator[None]:
    """Keep layers of many points as pictures meanwhile."""
    collections = _engines.load("matplotlib.collections")
    layers = {artist: len(artist.get_offsets()) for artist in figure.findobj(collections.PathCollection)}
    most = _SPARSE if sum(layers.values()) <= _ALTOGETHER else _SPARSE // 4
    many = [artist for artist, points in layers.items() if points > most]
    before = [artist.get_rasterized() for artist in many]
    try:
        for artist in many:
            artist.set_rasterized(True)
        yield
    finally:
        for artist, value in zip(many, before, strict=True):
            artist.set_rasterized(value)


def _colours() -> dict[str, str]:
    """Map the colours of both themes to what a page can change."""
    table = {}
    for theme in (LIGHT, DARK, PAGE):
        table[theme.ink] = "currentColor"
        table[theme.muted] = f"var(--ml-muted, {theme.muted})"
        table[theme.grid] = f"var(--ml-grid, {theme.grid})"
        table[theme.background] = f"var(--ml-paper, {theme.background})"
        for k, colour in enumerate(theme.series):
            table[colour] = f"var(--ml-{k + 1}, {colour})"
    return table


def _rebuilt(element: ET.Element, prefix: str, colours: dict[str, str]) -> ET.Element | None:
    """Copy an element and what is in it, as far as it is known to do nothing but show."""
    tag = str(element.tag).rpartition("}")[2]
    if tag not in _ELEMENTS:
        return None
    attributes = dict(_styled(element))
    kept = ET.Element(tag, {key: _value(key, value, prefix, colours) for key, value in attributes.items()})
    if tag in {"text", "tspan"}:
        kept.text = element.text
    for child in element:
        copy = _rebuilt(child, prefix, colours)
        if copy is not None:
            kept.append(copy)
    if tag == "use" and not kept.get("href", "").startswith("#"):
        return None
    if tag == "image" and not kept.get("href", "").startswith("data:image/png;base64,"):
        return None
    if tag == "g":
        if not len(kept):
            return None
        _share(kept)
    return kept


def _share(group: ET.Element) -> None:
    """Say once, on the group, what all its uses of a marker have in common."""
    marks = [child for child in group if child.tag == "use"]
    if len(marks) < 2 or any(child.tag not in {"use", "defs"} for child in group):
        return
    for key in set(marks[0].keys()) - {"href", "x", "y", "id", "transform", "opacity"}:
        value = marks[0].get(key, "")
        if group.get(key) is None and all(mark.get(key) == value for mark in marks):
            group.set(key, value)
            for mark in marks:
                del mark.attrib[key]


def _styled(element: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield the attributes, those of ``style`` one by one."""
    for key, value in element.attrib.items():
        name = "href" if key == _HREF else key
        if name in _ATTRIBUTES and not value.startswith("rotate(-0 "):
            yield name, value
    for part in element.get("style", "").split(";"):
        key, _, value = (piece.strip() for piece in part.partition(":"))
        if key == "font":
            yield from _font(value)
        elif key in _ATTRIBUTES:
            yield key, value


def _font(value: str) -> Iterator[tuple[str, str]]:
    found = _FONT.match(value)
    if found is None:
        return
    yield "font-size", found["size"]
    if found["weight"]:
        yield "font-weight", found["weight"].strip().replace("700", "bold")
    if found["style"]:
        yield "font-style", found["style"].strip()


def _value(key: str, value: str, prefix: str, colours: dict[str, str]) -> str:
    if key == "id":
        return f"{prefix}-{value}"
    if key == "href" and value.startswith("#"):
        return f"#{prefix}-{value[1:]}"
    if key == "clip-path":
        return _LOCAL.sub(lambda match: f"url(#{prefix}-{match[1]})", value)
    if key in _GEOMETRY:
        return _LONG.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), value.strip())
    if key in {"fill", "stroke"}:
        return colours.get(value.lower(), value)
    return value


def _finished(kept: ET.Element, title: str, description: str, prefix: str) -> str:
    """Give the root its names and write it."""
    width, height = (float(kept.attrib.pop(side).removesuffix("pt")) for side in ("width", "height"))
    kept.attrib.pop("id", None)
    names = f"{prefix}-title" + (f" {prefix}-desc" if description else "")
    kept.attrib = {
        "xmlns": _SVG,
        "viewBox": kept.get("viewBox", f"0 0 {width:g} {height:g}"),
        "width": f"{width * _PIXELS:.0f}",
        "height": f"{height * _PIXELS:.0f}",
        "role": "img",
        "aria-labelledby": names,
        "font-family": _FONTS,
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    _drop_unused_ids(kept)
    labels = [("title", title)] + ([("desc", description)] if description else [])
    for at, (tag, text) in enumerate(labels):
        label = ET.Element(tag, {"id": f"{prefix}-{tag}"})
        label.text = _text.terminal(text)
        kept.insert(at, label)
    return ET.tostring(kept, encoding="unicode")


def _drop_unused_ids(root: ET.Element) -> None:
    used: set[Any] = {element.get("href", "")[1:] for element in root.iter("use")}
    for element in root.iter():
        used.update(_LOCAL.findall(element.get("clip-path", "")))
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
