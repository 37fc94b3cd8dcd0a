"""A derivation as LaTeX source, for amsmath."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mathlearn import _text
from mathlearn.explain.derivation import Display, Maths, Paragraph
from mathlearn.explain.render.tree import check_words, headline, in_formula, numbered
from mathlearn.statistics.cells import true_minus
from mathlearn.statistics.latex_table import tabular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mathlearn.explain.derivation import Block, Derivation, Prose, Step

__all__ = ["maths_latex", "maths_markdown", "to_latex"]

_PLACE = re.compile("[\ue000-\uf8ff]")
_TEXT = re.compile(rf"\\text\{{({_PLACE.pattern})\}}")
_DOCUMENT = (
    (
        "\\documentclass{article}\n\\usepackage[T1]{fontenc}\n\\usepackage[margin=2.2cm]{geometry}\n\\usepackage{amsmath}\n"
        "\\begin{document}\n"
    ),
    "\\end{document}\n",
)


def to_latex(derivation: Derivation, *, standalone: bool = False) -> str:
    """Typeset a derivation; with `standalone`, as a document of its own."""
    parts = [rf"\section*{{{_prose(derivation.title)}}}", rf"\noindent {_prose(derivation.subtitle)}"]
    parts.append(rf"\smallskip\noindent\textbf{{{_text.latex(headline(derivation))}}}")
    for label, step in numbered(derivation.steps):
        parts.extend(_step(label, step))
    # A line with a long name in it is set wide rather than beyond the margin.
    body = "\n\n".join([r"\begingroup\emergencystretch=3em", *parts, r"\endgroup"]) + "\n"
    return body if not standalone else body.join(_DOCUMENT)


def maths_latex(formula: Maths) -> str:
    """Put the user's names, escaped for text mode, in the places that wait for them inside text of the formula."""
    names = formula.names
    return _PLACE.sub(lambda found: _text.latex(in_formula(names[ord(found[0]) - 0xE000])), formula.latex)


def maths_markdown(formula: Maths) -> str:
    """Put them in as mathematics, as which every reader of Markdown that sets formulas knows them."""
    names = formula.names
    return _TEXT.sub(lambda found: _text.tex_maths(in_formula(names[ord(found[1]) - 0xE000])), formula.latex)


def _step(label: str, step: Step) -> Iterator[str]:
    level = "subsection*" if "." not in label else "subsubsection*"
    failed = "" if step.passed else r" \quad\fbox{CHECK FAILS}"
    yield rf"\{level}{{{label}\quad {_text.latex(step.heading)}{failed}}}"
    yield _prose(step.claim)
    for block in step.body:
        yield _block(block)
    yield rf"\emph{{Why.}} {_prose(step.because)}"
    items = "\n".join(
        rf"\item[{{{'[ok]' if check.passed else '[FAIL]'}}}] {_text.latex(true_minus(check_words(check)))}"
        for check in step.checks
    )
    yield rf"{{\small\begin{{description}}{chr(10)}{items}{chr(10)}\end{{description}}}}"
    yield rf"{{\footnotesize {_text.latex(step.reference)}.}}"


def _block(block: Block) -> str:
    if isinstance(block, Display):
        return rf"\[ {maths_latex(block.maths)} \]"
    if isinstance(block, Paragraph):
        return rf"\noindent {_prose(block.prose)}"
    return "\n".join([r"\begin{center}\small", *tabular(block.cells), r"\end{center}"])


def _prose(pieces: Prose) -> str:
    return "".join(f"${maths_latex(piece)}$" if isinstance(piece, Maths) else _text.latex(piece) for piece in pieces)
