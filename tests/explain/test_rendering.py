"""The forms of a derivation: text of the terminal, MathML, LaTeX, Markdown."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from mathlearn import _engines
from mathlearn._errors import DomainError, NonFiniteInputError, SchemaError
from mathlearn.explain import equation, explain, explain_row
from mathlearn.explain.derivation import Display, Maths, Matrix, joined, maths, prose
from mathlearn.explain.render.mathml import element, mathml
from mathlearn.explain.render.text import maths_text
from mathlearn.statistics.text_table import display_width
from tests.explain.fits import fit
from tests.explain.kinds import EVERY, derivations

# LaTeX as the topics write it, and what a terminal shows of it: above all, the mathematics stays right.
TEXTS = {
    r"\frac{a}{n - r - 1}": "a/(n − r − 1)",
    r"\frac{a + b}{c}": "(a + b)/c",
    r"\frac{1}{n} x": "(1/n) x",
    r"x \frac{1}{n}": "x 1/n",
    r"\frac{\frac{a}{b}}{c}": "(a/b)/c",
    r"\left(\frac{a}{b}\right)^2": "(a/b)²",
    r"\frac{a}{b}^2": "(a/b)²",
    r"\frac{\hat\beta_1}{\operatorname{SE}(\hat\beta_1)}": "β̂₁/SE(β̂₁)",
    r"\frac{f(a) g(b)}{c}": "(f(a) g(b))/c",
    r"\frac{\partial \operatorname{RSS}}{\partial \beta_0}": "∂RSS/∂β₀",
    r"\sqrt{a + b}": "√(a + b)",
    r"\sqrt{14953}": "√14953",
    r"\sqrt{\frac{a}{b}}": "√(a/b)",
    r"-2 \times -3": "−2 × −3",
    r"a = -b": "a = −b",
    r"(-3)^2": "(−3)²",
    r"10^{-16}": "10⁻¹⁶",
    r"3.2 \times 10^{12}": "3.2 × 10¹²",
    r"\hat\sigma^2 V V^{\top}": "σ̂² V Vᵀ",
    r"X_c^{\top} W X_c": "X_cᵀ W X_c",
    r"\sum_{i=1}^{n} w_i\, (y_i - \beta_0)^2": "∑ᵢ₌₁ⁿ wᵢ(yᵢ − β₀)²",
    r"\Pr(|T| \ge 2) = 2 \int_{2}^{\infty} f(u)\, \operatorname{d}\!u": "Pr(|T| ≥ 2) = 2 ∫ from 2 to ∞ of f(u) du",
    r"\kappa_{\text{raw}}": "κ_raw",
    r"x_{\perp}^{\top} y": "x_⊥ᵀ y",
    r"\bar x, \qquad \widehat{yz}": "x̄,   fitted y z",
    r"\operatorname{E}(e_i) \sim 0": "E(eᵢ) ∼ 0",
    r"2\, g^{\top} \Delta": "2 gᵀ Δ",
    r"\overline{y - o} = 1": "mean of (y − o) = 1",
    r"\text{from } -1.5 \text{ to } -1": "from −1.5 to −1",
}


@pytest.mark.parametrize(("latex", "text"), TEXTS.items())
def test_the_text_of_a_formula(latex, text):
    assert maths_text(Maths(latex)).replace("\xa0", " ") == text


def test_matrices_stand_side_by_side():
    matrix = Matrix(np.array([[1.5, -20.0], [0.25, 3.0], [7.0, 8.0]]), ("a", "long name", "c"))
    lines = maths_text(Display((matrix, Maths("="), Matrix(np.ones((3, 1))))).maths).split("\n")
    assert lines == [
        "        a ⎡1.500  −20.000⎤   ⎡1⎤",
        "long name ⎢0.250    3.000⎥ = ⎢1⎥",
        "        c ⎣7.000    8.000⎦   ⎣1⎦",
    ]


def test_of_a_large_matrix_the_first_few_and_the_last_are_shown():
    matrix = Matrix(np.arange(100.0).reshape(10, 10), tuple("abcdefghij"))
    text = maths_text(matrix.maths)
    assert [line.strip()[0] for line in text.split("\n")] == ["a", "b", "c", "d", "⋮", "j"]
    assert "99" in text
    assert "44" not in text


def test_numbers_of_a_matrix_of_many_sizes_keep_their_digits():
    text = maths_text(Matrix(np.array([[3.2e14, 1.0], [2.5, 4e-9]])).maths)
    assert "3.2 × 10¹⁴" in text
    assert "4 × 10⁻⁹" in text


def test_names_move_with_the_formula_they_are_in():
    both = joined(" + ", [maths("@ x", "a"), maths("@ y @", "b", "c")])
    assert maths_text(both) == "a x + b y c"


def test_the_number_of_names_is_checked():
    with pytest.raises(AssertionError, match="2 names for 1 places"):
        maths("@", "a", "b")


def test_prose_reads_its_own_marks_and_no_others():
    assert prose("for @: $x_{@}$.", "$y$ @", "z") == ("for ", "$y$ @", ": ", maths("x_{@}", "z"), ".")


def test_mathml_is_mended():
    text = mathml(Maths(r"e \sim 0, \operatorname{E}(e) = -1, |t|"))
    assert "<mo>∼</mo>" in text
    assert '<mi mathvariant="normal">E</mi>' in text
    assert '<mo form="prefix">−</mo>' in text
    assert text.count('lspace="0"') == 2


def test_mathml_is_stripped_to_its_whitelist():
    text = mathml(Maths(r"\href{javascript:alert(1)}{x} + \style{background:url(//e)}{y} + z"))
    assert "href" not in text
    assert "style" not in text
    assert "javascript" not in text


def test_conversion_is_not_shared_between_formulas():
    first, second = element(maths("@ = 1", "a")), element(maths("@ = 1", "b"))
    assert ["".join(tree.itertext()) for tree in (first, second)] == ["a=1", "b=1"]


class Tags(HTMLParser):
    """What tags a page opens, and whether each is closed in its place."""

    VOID = frozenset({"meta", "mspace"})

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.seen, self.open = set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        assert not any(name.startswith("on") or name in {"href", "src"} for name, _ in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in self.VOID or self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_form_of_every_fit(kind, name):
    for derivation in derivations(kind, name):
        page = Tags()
        page.feed(derivation.to_html(standalone=True))
        assert page.open == []
        assert "script" not in page.seen
        latex, text = derivation.to_latex(), derivation.to_text(100)
        assert not any("\ue000" in form for form in (derivation.to_html(), latex, derivation.to_markdown(), text))
        assert not any(mark in text for mark in (r"\frac", r"\text", r"\times", "$", "+ −", "− −"))
        assert latex.count(r"\begin{") == latex.count(r"\end{")
        assert {c for c in latex if not c.isascii()} <= {"…", "ö"}  # of a list cut short, and of authors
        assert max(map(display_width, text.split("\n"))) <= 100


def test_a_narrow_terminal():
    lines = explain(fit("plain")).to_text(60).split("\n")
    sentences = [line for line in lines if line.startswith("    Why") or "[ok]" in line]
    assert sentences
    assert all(display_width(line) <= 60 for line in sentences)


def test_the_forms_that_jupyter_is_offered():
    derivation = explain(fit("plain"))
    assert set(derivation._repr_mimebundle_()) == {"text/plain", "text/html", "text/latex", "text/markdown"}
    assert set(derivation._repr_mimebundle_(include=["text/html"])) == {"text/html"}
    assert set(derivation._repr_mimebundle_(exclude=["text/html", "text/latex"])) == {"text/plain", "text/markdown"}


def test_without_the_converter(monkeypatch):
    derivation = explain(fit("plain"))
    from mathlearn.explain.render import mathml as module

    def absent(_name):
        raise ModuleNotFoundError("No module named 'latex2mathml'", name="latex2mathml")

    module._converted.cache_clear()
    monkeypatch.setattr(_engines, "import_module", absent)
    assert r"\operatorname{RSS}" in derivation.to_latex()
    assert r"\operatorname{RSS}" in derivation.to_markdown()
    for form in (derivation.to_text, derivation.to_html):
        with pytest.raises(ImportError, match=r"latex2mathml.*pip install"):
            form()
    assert set(derivation._repr_mimebundle_()) == {"text/latex", "text/markdown"}
    assert "all checks pass" in repr(derivation)


def test_equation():
    result = fit("penguins")
    assert equation(result) == (
        "fitted body_mass_g = −4031 + 40.71 flipper_length_mm − 206.5 species[T.Chinstrap] + 266.8 species[T.Gentoo]"
    )
    assert equation(result, format="latex", digits=2).startswith(
        r"\widehat{\text{body\_mass\_g}} = -4031 + 41\, \text{flipper"
    )
    assert equation(result, format="markdown").startswith("$")
    assert equation(result, format="mathml").startswith("<math")
    assert equation(result, format="html").startswith("<div")


def test_equation_of_many_terms_is_indexed():
    assert re.fullmatch(r"ŷ = .* x₁ .* x₂ .* x₃ \+ ⋯ . .* x₁₂,   x₁ = x1, …, x₁₂ = x12", equation(fit("many columns")))
    assert "x12" in equation(fit("many columns"), style="named")
    assert "⋯" not in equation(fit("many columns"), style="named")
    assert "x₃ =" in equation(fit("plain"), style="indexed")
    for form in ("text", "latex", "mathml"):
        assert equation(fit("no column"), style="indexed", format=form)


@pytest.mark.parametrize("name", ["plain", "many columns", "no column", "no intercept", "penguins"])
@pytest.mark.parametrize("style", ["named", "indexed"])
def test_the_equation_as_text_is_what_its_latex_says(name, style, monkeypatch):
    result = fit(name)
    told = [part for part in re.split(r"[\s,]+", equation(result, style=style)) if re.search(r"\d\.\d", part)]
    latex = re.sub(r" \\times 10\^\{(-?\d+)\}", "", equation(result, style=style, format="latex"))
    assert [part.strip("−") for part in told] == re.findall(r"\d+\.\d+", latex)
    monkeypatch.setitem(sys.modules, "latex2mathml", None)
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    assert equation(result, style=style)  # a plain installation has it too


def test_equation_of_few_and_of_several_responses():
    assert equation(fit("no column")).startswith("ŷ = ")
    assert equation(fit("no intercept")).startswith("ŷ = ")
    assert equation(fit("two responses"), response="z").startswith("ẑ = ")
    assert equation(fit("two responses"), response=1).startswith("ẑ = ")


@pytest.mark.parametrize("options", [{"format": "word"}, {"style": "long"}, {"digits": 0}])
def test_equation_says_what_is_allowed(options):
    with pytest.raises(DomainError, match="it must be"):
        equation(fit("plain"), **options)


def test_what_is_asked_must_exist():
    result = fit("plain")
    with pytest.raises(SchemaError, match="there is no response 'z': the fit has 'y'"):
        explain(result, response="z")
    with pytest.raises(SchemaError, match="there is no term 'z'"):
        explain(result, term="z")
    with pytest.raises(DomainError, match="not determined by the data: x4 = 2·x1 - x2"):
        explain(fit("rank-deficient"), term="x1")
    with pytest.raises(DomainError, match="level"):
        explain(result, level=1.5)
    with pytest.raises(SchemaError, match="the row has 2 numbers: it must have 3"):
        explain_row(result, [1.0, 2.0])
    with pytest.raises(NonFiniteInputError, match="'x2' is nan"):
        explain_row(result, [1.0, np.nan, 2.0])


def test_the_term_that_is_asked_for_is_worked():
    derivation = explain(fit("penguins"), term="(Intercept)", level=0.9)
    assert derivation.passed
    assert "(Intercept)" in derivation["One coefficient in full"].claim
    assert "90 % interval" in derivation.to_text()
    by_hand = explain(fit("penguins"), term="species[T.Gentoo]").to_text()
    assert "Rows where species[T.Gentoo] is 1 have 267 g more body_mass_g" in by_hand


def test_plain_words():
    words = explain(fit("penguins"))["In plain words"].claim
    assert "".join(words) == (
        "One more mm of flipper_length_mm goes with 40.7 g more body_mass_g on average, the other columns being the same; "
        "the data are compatible with 34.7 to 46.7 (95 % interval)."
    )


def test_a_row_far_out_is_said_to_be():
    text = explain_row(fit("penguins"), [400.0, 0.0, 1.0]).to_text()
    assert "outside the data" in text or "far out" in text
    assert "At most" in text
    among = explain_row(fit("penguins"), [200.0, 0.0, 0.0]).to_text()
    assert "among the data" in among


def test_the_largest_t_is_the_default():
    table = explain(fit("penguins"))
    assert "flipper_length_mm" in table["One coefficient in full"].claim


def test_a_derivation_is_a_tree():
    derivation = explain(fit("penguins"))
    headings = [step.heading for step in derivation]
    assert len(headings) == len(derivation) == len(set(headings))
    parent = derivation["One coefficient in full"]
    assert [step.heading for step in parent][1:] == [child.heading for child in parent.children]
    with pytest.raises(KeyError):
        derivation["No such step"]
