"""The commands that show a fit: explain, report, compare. Each returns its exit status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _engines
from mathlearn.cli.commands import Origin, load_model, status
from mathlearn.cli.output import say
from mathlearn.cli.progress import shown

if TYPE_CHECKING:
    from mathlearn.cli.output import DerivationFormat, Sink

__all__ = ["compare", "explain", "picture", "report", "row_of", "write_report"]


def explain(path: Path, row: tuple[str, int] | None, form: DerivationFormat, sink: Sink) -> int:
    """Write the derivation of a saved fit, or of its prediction for one row of a file."""
    model = load_model(path)
    if row is None:
        derivation = model.explain()
    else:
        where, number = row
        with shown("reading"):
            derivation = model.explain(Origin(where).open(), row=number)
    whole = sink.path is not None
    write = {
        "text": derivation.to_text,
        "latex": lambda: derivation.to_latex(standalone=whole),
        "html": lambda: derivation.to_html(standalone=whole),
        "markdown": derivation.to_markdown,
    }[form]
    sink.write([write().rstrip("\n"), "\n"])
    return status(model.certificate_) if derivation.passed else 3


def report(path: Path, origin: Origin | None, output: Path) -> int:
    """Write the page about a saved fit; with its rows, the figures and diagnostics too."""
    model = load_model(path)
    source = None if origin is None else origin.open()
    with shown("reading"):
        write_report(model, output, source, command=None)
    return status(model.certificate_)


def write_report(model: Any, output: Path, source: Any, *, command: str | None) -> None:
    """Write the page and say where it is."""
    model.report(output, source, command=command)
    say(f"report written: {output}")


def picture(path: Path, origin: Origin, kind: Literal["fit", "diagnostics"], output: Path) -> None:
    """Draw a saved fit with its rows, as a PNG."""
    from io import BytesIO

    from mathlearn._atomic import replacing

    drawn = load_model(path).plot(origin.open(), kind=kind, theme="light")
    buffer = BytesIO()
    drawn.figure_.savefig(buffer, format="png", dpi=150)
    with replacing(output) as file:
        file.write(buffer.getvalue())
    say(f"picture written: {output}")


def compare(paths: list[Path], sink: Sink) -> int:
    """Write a table of several saved fits, side by side."""
    from mathlearn.comparison import compare as side_by_side

    models = [load_model(path) for path in paths]
    table = side_by_side(*models, names=[path.name.removesuffix(".safetensors") for path in paths])
    write = {"text": lambda: str(table), "html": table.to_html, "latex": table.to_latex}[sink.format]
    sink.write([write().rstrip("\n"), "\n"])
    return max(status(model.certificate_) for model in models)


def row_of(text: str | None) -> tuple[str, int] | None:
    """Read ``data.csv:17``.

    Raises
    ------
    typer.BadParameter
        There is no number after a colon.
    """
    if text is None:
        return None
    where, _, number = text.rpartition(":")
    if not where or not number.isascii() or not number.isdigit():
        message = f"--row needs a file and a row, counted from 0, as in data.csv:17; got {text!r}"
        raise _engines.load("typer").BadParameter(message)
    return where, int(number)
