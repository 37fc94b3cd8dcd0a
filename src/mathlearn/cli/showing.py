"""The commands that show a fit: explain, diagnose, report, compare. Each returns its exit status."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _engines
from mathlearn.cli.commands import load_model, status
from mathlearn.cli.output import say
from mathlearn.cli.progress import shown
from mathlearn.statistics.text_table import WIDTH

if TYPE_CHECKING:
    from mathlearn.cli.commands import Origin
    from mathlearn.cli.output import DerivationFormat, Sink
    from mathlearn.statistics.diagnostics.record import Diagnosis

__all__ = ["compare", "diagnose", "explain", "picture", "report", "row_of", "write_report"]


def explain(
    path: Path, origin: Origin | None, row: int | None, asked: dict[str, Any], form: DerivationFormat, sink: Sink
) -> int:
    """Write the derivation of a saved fit, or of its prediction for one row of a source; `asked` is what `explain` is told."""
    model = load_model(path)
    if origin is None:
        derivation = model.explain(**asked)
    else:
        with shown():
            derivation = model.explain(origin.open(), row=row, **asked)
    whole = sink.path is not None
    write = {
        "text": lambda: derivation.to_text(_columns(sink)),
        "latex": lambda: derivation.to_latex(standalone=whole),
        "html": lambda: derivation.to_html(standalone=whole),
        "markdown": derivation.to_markdown,
    }[form]
    sink.write([write().rstrip("\n"), "\n"])
    return status(model.certificate_) if derivation.passed else 3


def _columns(sink: Sink) -> int:
    """Columns that text is written in: no more than a terminal has."""
    on_screen = sink.path is None and sys.stdout.isatty()
    return min(get_terminal_size().columns, WIDTH) if on_screen else WIDTH


def diagnose(path: Path, origin: Origin | None, sink: Sink) -> int:
    """Write what the checks of the assumptions found."""
    model = load_model(path)
    with shown():
        diagnosis = model.diagnose(None if origin is None else origin.open())
    if sink.json:
        sink.write_json(_diagnosis_record(diagnosis))
    else:
        write = {"text": diagnosis.to_text, "html": diagnosis.to_html, "latex": diagnosis.to_latex}[sink.format]
        sink.write([write().rstrip("\n"), "\n"])
    return status(model.certificate_)


def _diagnosis_record(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "verdict": diagnosis.verdict,
        "worst": diagnosis.worst.value,
        "n": diagnosis.n,
        "level": diagnosis.level,
        "findings": [asdict(finding) | {"severity": finding.severity.value} for finding in diagnosis.findings],
    }


def report(path: Path, origin: Origin | None, output: Path) -> int:
    """Write the page about a saved fit; with its rows, the figures and diagnostics too."""
    model = load_model(path)
    source = None if origin is None else origin.open()
    with shown():
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


def compare(paths: list[Path], form: DerivationFormat, sink: Sink) -> int:
    """Write a table of several saved fits, side by side."""
    from mathlearn.comparison import compare as side_by_side

    models = [load_model(path) for path in paths]
    short, whole = [path.name.removesuffix(".safetensors") for path in paths], [str(path) for path in paths]
    names = next((names for names in (short, whole) if len(set(names)) == len(names)), None)
    table = side_by_side(*models, names=names)
    write = {
        "text": lambda: str(table),
        "latex": table.to_latex,
        "html": table.to_html,
        "markdown": table.to_markdown,
    }[form]
    sink.write([write().rstrip("\n"), "\n"])
    return max(status(model.certificate_) for model in models)


def row_of(text: str | None) -> tuple[str, int | None]:
    """Read ``data.csv:17``; no name and no row for no text.

    Raises
    ------
    typer.BadParameter
        There is no number after a colon.
    """
    if text is None:
        return "", None
    where, _, number = text.rpartition(":")
    if not where or not number.isascii() or not number.isdigit():
        message = f"--row needs a file and a row, counted from 0, as in data.csv:17; got {text!r}"
        raise _engines.load("typer").BadParameter(message)
    return where, int(number)
