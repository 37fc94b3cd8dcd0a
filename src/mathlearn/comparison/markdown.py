"""A side-by-side table as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.comparison.sheet import Cell, Line, Sheet

__all__ = ["to_markdown"]


def to_markdown(sheet: Sheet) -> str:
    """Typeset a sheet as a pipe table, which GitHub and Jupyter show."""
    parts = [
        f"**{_text.markdown(sheet.title)}: {_text.markdown(sheet.verdict)}**",
        *_sentences(sheet.lead),
        "\n".join(_table(sheet)),
    ]
    parts += [f"<sup>{number}</sup> {_text.markdown(footnote)}" for number, footnote in enumerate(sheet.footnotes, 1)]
    return "\n\n".join([*parts, *_sentences(sheet.notes)]) + "\n"


def _table(sheet: Sheet) -> Iterator[str]:
    # A pipe table has one heading: its lines stand in one cell.
    columns = ["<br>".join(_text.markdown(line.cells[j].body) for line in sheet.head) for j in range(sheet.n_columns)]
    yield _pipes([_text.markdown(sheet.head[0].label), *columns])
    yield _pipes([":--", *["--:"] * sheet.n_columns])
    for section in sheet.sections:
        if section.title:
            yield _pipes([f"**{_text.markdown(section.title)}**", *[""] * sheet.n_columns])
        yield from (_row(line) for line in section.lines)


def _row(line: Line) -> str:
    return _pipes([_text.markdown(line.label), *map(_cell, line.cells)])


def _cell(cell: Cell) -> str:
    mark = f"<sup>{cell.mark}</sup>" if cell.mark else ""
    return _text.markdown(cell.body + cell.tail) + mark


def _pipes(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _sentences(items: tuple[tuple[str, str], ...]) -> Iterator[str]:
    if items:
        yield "\n".join(f"- **{_text.markdown(label)}:** {_text.markdown(sentence)}" for label, sentence in items)
