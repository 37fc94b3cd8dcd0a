"""A derivation as HTML with MathML: no script, nothing from the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.explain.derivation import Display, Maths, Paragraph
from mathlearn.explain.render.mathml import mathml
from mathlearn.explain.render.tree import check_words, headline, numbered
from mathlearn.statistics.cells import printed, true_minus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, Derivation, Prose, Step, StepCheck, Table

__all__ = ["STYLE", "to_html"]

STYLE = """
.ml-derivation { max-width: 54rem; line-height: 1.55; }
.ml-derivation h2 { font-size: 1.5em; margin: 0 0 .3em; }
.ml-derivation .ml-verdict { font-weight: 600; color: #1a7f37; }
.ml-derivation .ml-verdict.ml-bad { color: #c62828; }
.ml-derivation section { border-top: 1px solid rgba(128, 128, 128, .35); margin-top: 1.4em; padding-top: .9em; }
.ml-derivation section.ml-within { border-top: 0; margin: .2em 0 0; padding: .2em 0 0 1.2em; border-left: 3px solid rgba(128, 128, 128, .25); }
.ml-derivation h3 { font-size: 1.12em; margin: 0 0 .4em; }
.ml-derivation h4 { font-size: 1em; margin: .5em 0 .3em; }
.ml-derivation .ml-number { display: inline-block; min-width: 1.6em; opacity: .55; font-weight: 400; }
.ml-derivation p { margin: .45em 0; }
.ml-derivation .ml-formula { overflow-x: auto; overflow-y: hidden; padding: .35em 0; }
.ml-derivation math { font-family: "Latin Modern Math", "STIX Two Math", "Cambria Math", math; }
.ml-derivation mtd { text-align: right; text-align: -webkit-right; padding: .28em .4em; }
.ml-derivation mtd.l { text-align: left; text-align: -webkit-left; padding-left: .15em; }
.ml-derivation math, .ml-derivation mtext { line-height: 1.25; }
.ml-derivation table { border-collapse: collapse; margin: .5em auto; font-variant-numeric: tabular-nums; font-size: .93em; }
.ml-derivation th, .ml-derivation td { text-align: right; padding: .15em .7em; font-weight: 400; }
.ml-derivation th:first-child { text-align: left; }
.ml-derivation thead th { border-bottom: 1px solid currentColor; font-size: .93em; opacity: .75; }
.ml-derivation .ml-tables { overflow-x: auto; }
.ml-derivation .ml-why { opacity: .85; }
.ml-derivation ul.ml-checks { list-style: none; margin: .6em 0 .2em; padding: 0; font-size: .85em; }
.ml-derivation ul.ml-checks li { padding-left: 1.5em; text-indent: -1.5em; }
.ml-derivation .ml-mark { display: inline-block; width: 1.5em; text-indent: 0; color: #1a7f37; font-weight: 700; }
.ml-derivation .ml-fails { color: #c62828; font-weight: 600; }
.ml-derivation .ml-fails .ml-mark { color: inherit; }
.ml-derivation .ml-reference { font-size: .8em; opacity: .65; }
@media (prefers-color-scheme: dark) {
  .ml-derivation .ml-verdict, .ml-derivation .ml-mark { color: #57c267; }
  .ml-derivation .ml-verdict.ml-bad, .ml-derivation .ml-fails { color: #ff7b72; }
}
@media print { .ml-derivation section { break-inside: avoid; } }
""".strip()

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1.2rem; max-width: 54rem; }}</style>
</head>
<body>
{body}
</body>
</html>
"""


def to_html(derivation: Derivation, *, standalone: bool = False) -> str:
    """Typeset a derivation as a fragment; with `standalone`, as a page of its own."""
    good = derivation.passed
    parts = [
        '<article class="ml-derivation">',
        f"<style>{STYLE}</style>",
        f"<h2>{_prose(derivation.title)}</h2>",
        f"<p>{_prose(derivation.subtitle)}</p>",
        f'<p class="ml-verdict{"" if good else " ml-bad"}">{_text.html(headline(derivation))}</p>',
    ]
    for label, step in numbered(derivation.steps):
        parts.extend(_step(label, step))
    body = "\n".join([*parts, "</article>"])
    if not standalone:
        return body
    plain = "".join(piece for piece in derivation.title if isinstance(piece, str))
    return _PAGE.format(title=_text.html(plain), body=body)


def _step(label: str, step: Step) -> Iterator[str]:
    within = "." in label
    yield f"<section{' class=' + chr(34) + 'ml-within' + chr(34) if within else ''}>"
    failed = "" if step.passed else ' <span class="ml-fails">check fails</span>'
    tag = "h4" if within else "h3"
    yield f'<h3><span class="ml-number">{label}</span> {_text.html(step.heading)}{failed}</h3>'.replace("h3", tag)
    yield f"<p>{_prose(step.claim)}</p>"
    yield from map(_block, step.body)
    yield f'<p class="ml-why"><em>Why.</em> {_prose(step.because)}</p>'
    yield f'<ul class="ml-checks">{"".join(map(_check, step.checks))}</ul>'
    yield f'<p class="ml-reference">{_text.html(step.reference)}.</p>'
    yield "</section>"


def _check(check: StepCheck) -> str:
    mark, kind = ("✓", "") if check.passed else ("✗", ' class="ml-fails"')
    words = _text.html(true_minus(check_words(check)))
    label = "passes" if check.passed else "fails"
    return f'<li{kind}><span class="ml-mark" role="img" aria-label="{label}">{mark}</span>{words}</li>'


def _block(block: Block) -> str:
    if isinstance(block, Display):
        return f'<div class="ml-formula">{mathml(block.maths, display=True)}</div>'
    return f"<p>{_prose(block.prose)}</p>" if isinstance(block, Paragraph) else _table(block)


def _prose(pieces: Prose) -> str:
    return "".join(mathml(piece) if isinstance(piece, Maths) else _text.html(piece) for piece in pieces)


def _table(table: Table) -> str:
    cells = table.cells
    head = "".join(f'<th scope="col">{_text.html(text)}</th>' for text in cells.header)
    rows = (
        f'<tr><th scope="row">{_text.html(row[0])}</th>'
        + "".join(f"<td>{_text.html(printed(cell))}</td>" for cell in row[1:])
        + "</tr>"
        for row in cells.rows
    )
    label = f"numbers of this step, by {_text.html(cells.header[0])}"
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="ml-tables" role="region" tabindex="0" aria-label="{label}"><table>{body}</table></div>'
