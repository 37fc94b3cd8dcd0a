r"""The only place that escapes.

Every function takes one line of foreign text (a column name, a level, a file name) and returns it so that it shows as
itself in one output format and can do nothing else there. Characters that would act instead of being seen (control
characters, direction overrides, zero-width characters, lone surrogates) become visible escapes such as ``\x1b`` or
``\u202e`` in every format.
"""

from __future__ import annotations

import html as _html
import re

__all__ = ["csv", "html", "is_number", "latex", "markdown", "mathml", "mathtext", "terminal", "tex_maths"]

_ACTING = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters, with ESC: terminals obey them, XML forbids them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks, embeddings, overrides and isolates of writing direction
    "\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff"  # invisible, or break lines
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # surrogates and non-characters: cannot be encoded, or not exchanged
    "]"
)


def _visible(text: str) -> str:
    return text if text.isprintable() and text.isascii() else _ACTING.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def terminal(text: str) -> str:
    r"""Make text safe to print: no control sequence and no direction override reaches the terminal.

    Examples
    --------
    >>> print(terminal("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return _visible(text)


def html(text: str) -> str:
    """Make text safe inside an HTML element or a quoted attribute.

    Examples
    --------
    >>> html("<b> & 'c'")
    '&lt;b&gt; &amp; &#x27;c&#x27;'
    """
    return _html.escape(_visible(text), quote=True)


def mathml(text: str) -> str:
    """Make text safe inside a MathML element such as ``<mtext>``; the rules of XML are met by those of `html`."""
    return html(text)


_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # \textquotedbl is unknown to OT1, the default encoding; place 34 of every typewriter font is the straight quote.
    '"': r"\texttt{\char34}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    # After the \\ that ends a table row these would be read as its options.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    # Broken up so that "--" and ",," are not set as one character.
    "-": "-{}",
    ",": ",{}",
}
_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi o pi rho varsigma sigma tau upsilon phi chi psi omega"
_CAPITALS = "gamma delta theta lambda xi pi sigma upsilon phi psi omega"  # the others are Latin ones
# What pdflatex does not know without a package, though mathematics has it.
_LATEX_MATHS = {
    **{chr(0x3B1 + i): name if name == "o" else rf"\{name}" for i, name in enumerate(_GREEK.split())},
    **{chr(0x391 + i): rf"\{name.title()}" for i, name in enumerate(_GREEK.split()) if name in _CAPITALS.split()},
    **{character: f"^{{{plain}}}" for character, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True)},
    **{character: f"_{{{plain}}}" for character, plain in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)},
    "−": "-", "±": r"\pm", "×": r"\times", "·": r"\cdot", "⋅": r"\cdot", "√": r"\surd", "∞": r"\infty", "≈": r"\approx", "≠": r"\neq",
    "≤": r"\leq", "≥": r"\geq", "→": r"\to", "∈": r"\in", "∂": r"\partial", "∑": r"\Sigma", "µ": r"\mu", "⋯": r"\cdots",
}  # fmt: skip
_LATEX |= {character: f"${maths}$" for character, maths in _LATEX_MATHS.items()}
_LATEX_SPECIAL = re.compile(rf"--+|,,+|[\\{{}}$&#%_^~<>|\"'`\[\]*{''.join(_LATEX_MATHS)}]")


def latex(text: str) -> str:
    r"""Make text safe in the text mode of LaTeX, in table cells too.

    The result needs no package, in any encoding of the fonts, with a LaTeX of 2020 or later. Greek letters, raised and lowered digits
    and common signs are set as mathematics. Other characters stay as they are: pdflatex knows those of European languages in the Latin
    script, and stops at others (Cyrillic, Chinese, emoji), which need a package or an engine of their own, such as lualatex with
    a font that has them.

    Examples
    --------
    >>> print(latex(r"\input{a_b}"))
    \textbackslash{}input\{a\_b\}
    """
    return _LATEX_SPECIAL.sub(_latex_escape, _visible(text))


def _latex_escape(match: re.Match[str]) -> str:
    return "".join(_LATEX[character] for character in match[0])


def mathtext(text: str) -> str:
    r"""Make text safe as, or within, a Matplotlib label: a dollar sign starts no formula.

    Examples
    --------
    >>> print(mathtext("price in $ (US$)"))
    price in \$ (US\$)
    """
    return _visible(text).replace("$", r"\$")


_TEX_MATHS = {
    "\\": r"\backslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\hat{}",
    "~": r"{\sim}",
    "<": "{<}",
    ">": "{>}",
    "|": r"\vert{}",
    "`": r"\grave{}",
    "[": r"\lbrack{}",
    "]": r"\rbrack{}",
    "*": r"{\ast}",
    **{character: f"{{{sign}}}" for character, sign in _LATEX_MATHS.items()},
}


def tex_maths(text: str) -> str:
    r"""Make text safe within a formula of TeX that LaTeX, MathJax and KaTeX shall read alike.

    What they share is mathematics: of the commands for signs in text KaTeX knows some and MathJax none. Nor is there a dollar sign, which
    would end a formula of Markdown, but where it is meant.

    Examples
    --------
    >>> print(tex_maths("a_b"), tex_maths("50%"))
    \text{a}\_\text{b} \text{50}\%
    """
    return "".join(_TEX_MATHS.get(part) or rf"\text{{{part}}}" for part in _TEX_PARTS.findall(_visible(text)))


# A run of what is plain; else one character, so that no two make a ligature.
_TEX_PARTS = re.compile(rf"[^\\{{}}$&#%_^~<>|\"'`\[\]*,\-{''.join(_LATEX_MATHS)}]+|.", re.DOTALL)

_MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+\-.!|~$<>&:@=^\"']")


def markdown(text: str) -> str:
    r"""Make text safe within a line of Markdown, in table cells too: no markup, HTML, link or formula starts in it.

    Every character that may act is written as a numeric character reference, which CommonMark takes as that character
    and as nothing else.

    Examples
    --------
    >>> print(markdown("a_b"), markdown("<b>"), markdown("$x$"))
    a&#95;b &#60;b&#62; &#36;x&#36;
    """
    return _MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", _visible(text))


_FORMULA_STARTS = "=+-@\t\r＝＋－＠"


def csv(text: str) -> str:
    r"""Quote text as one CSV field that no spreadsheet runs as a formula.

    The field is always quoted and quotes are doubled, so any reader returns the text as it was, line breaks included, with
    one exception: text that starts like a formula (``= + - @``, a tab, a carriage return) and is no number gets an
    apostrophe in front, which is what spreadsheets take as "this is text". Numbers never pass through here: a
    table's numeric columns are written as they are.

    Examples
    --------
    >>> print(csv('say "hi" twice'), csv("=HYPERLINK(1)"), csv("-1.5"))
    "say ""hi"" twice" "'=HYPERLINK(1)" "-1.5"
    """
    guard = "'" if text[:1] and text[0] in _FORMULA_STARTS and not is_number(text) else ""
    return '"' + guard + text.replace('"', '""') + '"'


def is_number(text: str) -> bool:
    """Whether text spells a decimal number.

    Examples
    --------
    >>> is_number("-1.5e3"), is_number("1,5"), is_number("nan")
    (True, False, False)
    """
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) is not None
