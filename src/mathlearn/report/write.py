"""Typeset a page and write it."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mathlearn import _engines, _text
from mathlearn._atomic import replacing, require_folder
from mathlearn.plot.style import DARK, LIGHT
from mathlearn.report.collect import collect
from mathlearn.statistics.cells import printed, true_minus

if TYPE_CHECKING:
    import os

    from mathlearn.report.record import Page

__all__ = ["report", "report_html"]

_QUOTED = re.compile(r"`([^`]+)`")  # a name within a sentence


def report(model: Any, path: str | os.PathLike[str], X: Any = None, y: Any = None, **options: Any) -> None:
    """Write the page as one file, whole or not at all; see `collect` for the options.

    Raises
    ------
    OSError
        The file cannot be written; what was there before is untouched.
    """
    require_folder(path)  # before the work, not after it
    html = report_html(model, X, y, **options)
    with replacing(path) as file:
        file.write(html.encode())


def report_html(model: Any, X: Any = None, y: Any = None, **options: Any) -> str:
    """Return the page as a string."""
    return typeset(collect(model, X, y, **options))


def typeset(page: Page) -> str:
    """Fill the template; whatever is not marked as markup is escaped there."""
    jinja2: Any = _engines.load("jinja2")
    markup: Any = _engines.load("markupsafe").Markup
    folder = files("mathlearn.report") / "page"
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printed"] = printed
    environment.filters["shown"] = lambda text: markup(_text.html(str(text)))
    environment.filters["spoken"] = lambda text: markup(
        _QUOTED.sub(r"<code>\1</code>", _text.html(true_minus(str(text))))
    )
    environment.filters["safe_svg"] = environment.filters["safe_mathml"] = markup
    style = markup(_palette() + (folder / "report.css").read_text(encoding="utf-8"))
    html: str = environment.get_template("report.html").render(page=page, style=style)
    return html


def _palette() -> str:
    """Give the figures' colours the values of the theme that the reader prefers."""
    light, dark = (
        f":root {{ --ml-muted: {theme.muted}; --ml-grid: {theme.grid}; --ml-paper: var(--paper);"
        + "".join(f" --ml-{k}: {colour};" for k, colour in enumerate(theme.series, 1))
        + " }"
        for theme in (LIGHT, DARK)
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n@media print {{ {light} }}\n"
