from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mathlearn
from mathlearn import _text
from mathlearn.linear_model import LinearRegression

HOSTILE = [
    '"; drop table students; --',
    "<script>alert(1)</script>",
    r"\input{/etc/passwd}",
    "$x^2$ & 100% #1 _a_ ~b {c}",
    "\x1b[2J\x1b]0;title\x07",
    "abc\u202edcba\u2066",
    "tab\tnew\nline\r",
    "=HYPERLINK(1)",
    "naïve σ̂ 温度 عمر",
    "\ud800 alone",
    "",
]


def legible(text: str) -> str:
    """What a reader sees: acting characters as their escapes."""
    return "".join(_text.terminal(character) for character in text)


@pytest.mark.parametrize("text", HOSTILE)
def test_terminal_leaves_nothing_that_acts(text):
    shown = _text.terminal(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    shown.encode()  # a lone surrogate would fail here


def test_terminal_keeps_what_people_write():
    assert _text.terminal("naïve σ̂ 温度 عمر [x]") == "naïve σ̂ 温度 عمر [x]"


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_data(self, data):
        self.text += data


@given(st.text())
def test_html_reads_back_as_text_and_starts_no_element(text):
    reader = Reader()
    reader.feed(f'<p title="{_text.html(text)}">{_text.html(text)}</p>')
    reader.close()
    assert reader.tags == [("p", [("title", legible(text))])]
    assert reader.text == legible(text)


@given(st.text(alphabet=st.characters()))
def test_mathml_is_well_formed(text):
    root = ET.fromstring(f'<mtext class="{_text.mathml(text)}">{_text.mathml(text)}</mtext>')
    assert (root.text or "") == legible(text)


LATEX_BACK = {
    r"\textbackslash{}": "\\", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~", r"\textless{}": "<",
    r"\textgreater{}": ">", r"\textbar{}": "|", r"\texttt{\char34}": '"', r"\textquotesingle{}": "'",
    r"\textasciigrave{}": "`", "{[}": "[", "{]}": "]", "{*}": "*", "-{}": "-", ",{}": ",",
    r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#", r"\%": "%", r"\_": "_",
}  # fmt: skip


def read_latex(source: str) -> str:
    """A reader of its own: any command or group that it does not know is an error."""
    text = ""
    while source:
        for written, meant in LATEX_BACK.items():
            if source.startswith(written):
                text, source = text + meant, source[len(written) :]
                break
        else:
            assert source[0] not in "\\{}$&#%_^~<>|\"'`[]*", source
            text, source = text + source[0], source[1:]
    return text


MATHS_BACK = {
    r"\backslash{}": "\\", r"\hat{}": "^", r"{\sim}": "~", "{<}": "<", "{>}": ">", r"\vert{}": "|", r"\grave{}": "`",
    r"\lbrack{}": "[", r"\rbrack{}": "]", r"{\ast}": "*", r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#", r"\%": "%",
    r"\_": "_",
}  # fmt: skip


def read_tex_maths(source: str) -> str:
    """A reader of its own: signs, and text in which nothing is escaped, for MathJax reads no escape there."""
    text = ""
    while source:
        plain = re.match(r"\\text\{([^\\{}$&#%_^~<>|`\[\]*]*)\}", source)
        if plain:
            text, source = text + plain[1], source[plain.end() :]
            continue
        written = next(written for written in MATHS_BACK if source.startswith(written))
        text, source = text + MATHS_BACK[written], source[len(written) :]
    return text


@given(st.text(alphabet="\\{}$&#%_^~<>|\"'`[]*-,ab \n"))
def test_tex_maths_reads_back_and_makes_no_ligature(text):
    source = _text.tex_maths(text)
    assert read_tex_maths(source) == legible(text)
    assert not re.search("--|,,|''|``", source)


def test_tex_maths_is_read_alike_by_katex_mathjax_and_latex():
    # Set by hand with KaTeX 0.16, MathJax 3 and pdflatex: signs in text have commands that KaTeX or MathJax does not know.
    assert _text.tex_maths("se_x = 'yes'") == r"\text{se}\_\text{x = }\text{'}\text{yes}\text{'}"
    assert _text.tex_maths("β₁²") == r"{\beta}{_{1}}{^{2}}"


@given(st.text(alphabet="\\{}$&#%_^~<>|\"'`[]*-,ab \n"))
def test_latex_reads_back(text):
    source = _text.latex(text)
    assert read_latex(source) == legible(text)
    assert "--" not in source
    assert ",," not in source


def test_latex_needs_nothing_beyond_the_default_encoding():
    # Compiled by hand with pdflatex in OT1 and T1, and with lualatex: what OT1 knows, in text and in mathematics.
    assert _text.latex('C(s, ref="G")') == r"C(s, ref=\texttt{\char34}G\texttt{\char34})"
    assert _text.latex("R² = 1·10⁻⁵, σ₀ ≤ Ω") == (r"R$^{2}$ = 1$\cdot$10$^{-}$$^{5}$, $\sigma$$_{0}$ $\leq$ $\Omega$")
    assert _text.latex("Größe in µm, naïve") == r"Größe in $\mu$m, naïve"


def test_what_mathlearn_itself_says_in_latex_is_known_to_pdflatex():
    model = LinearRegression(formula='body_mass_g ~ flipper_length_mm * C(species, ref="Gentoo")')
    penguins = mathlearn.datasets.load_penguins().dropna()
    model.fit(penguins)
    shown = [model.summary(), mathlearn.compare(model, model), mathlearn.compare_with_sklearn(model, penguins)]
    for source in [
        *(each.to_latex() for each in shown),
        model.diagnose(penguins).to_latex(),
        model.explain().to_latex(),
    ]:
        assert max(source) < "\u0180"  # Latin letters of European languages
        assert '"' not in source
        assert r"\textquotedbl" not in source


@given(st.text(alphabet="\\$ab{}_"))
def test_mathtext_shows_the_text_and_starts_no_formula(text):
    from matplotlib import cbook

    label = _text.mathtext(text)
    assert not cbook.is_math_text(label)
    assert label.replace(r"\$", "$") == legible(text)  # what Matplotlib does with a label that is no formula


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_csv_reads_back(text):
    (row,) = csv.reader(io.StringIO(f"{_text.csv(text)},1\r\n", newline=""), strict=True)
    assert row[0] in {text, f"'{text}"}
    assert row[1] == "1"


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_csv_guards_formulas(text):
    assert _text.csv(text).startswith("\"'")


@pytest.mark.parametrize("text", ["-1.5", "+3e-4", "-.5", "species[T.Gentoo]", "a=b", ""])
def test_csv_leaves_the_rest(text):
    assert _text.csv(text) == f'"{text}"'
