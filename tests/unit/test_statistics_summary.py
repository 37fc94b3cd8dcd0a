"""The summary: verdict first, readable with any names, safe in every format."""

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from _fits import certificate, fit

from mathlearn import statistics as st
from mathlearn.results.certificate import Certificate
from mathlearn.results.fit_result import CovarianceEstimate, Defect, DefectKind, Status
from mathlearn.statistics.cells import number, p_statement, p_value
from mathlearn.statistics.summary import phrases
from mathlearn.statistics.text_table import display_width, shorten

HOSTILE = [
    '"; drop table',
    "<script>alert(1)</script>",
    r"\input{/etc/passwd}",
    "宽度" * 40,
    "a\x1b[31mred\n\r",
    "x" * 300,
    "%&_$#{}~^",
]


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 7)) * 10.0 ** np.arange(-3, 4)
    return X, X[:, 3] + rng.normal(size=60)


@pytest.fixture
def hostile(data):
    return st.summarise(fit(*data, terms=HOSTILE, responses=["<b>y"]))


def test_the_verdict_rank_and_conditioning_come_before_any_number(data):
    text = str(st.summarise(fit(*data)))
    order = ["certified", "Evidence", "Rank", "Condition", "Fit", "estimate", "Covariance"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert "solution within 3e-09 SE of the optimum; 14 digits certified; the data support 2.1 digits" in text.replace(
        "\n            ", " "
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [(0.0, "1e-09"), (3e-9, "3e-09"), (3.2e-9, "4e-09"), (0.095, "1e-01"), (2.0, "2"), (np.inf, "inf")],
)
def test_the_distance_to_the_optimum_is_rounded_up(data, error, text):
    bounded = replace(certificate(), error_in_se=error)
    summary = st.summarise(replace(fit(*data), certificate=bounded))
    assert f"solution within {text} SE of the optimum" in summary.head[0][1]


def test_units_are_told_apart_from_collinearity():
    assert "no collinearity to speak of" in phrases.conditioning(20.0, 2.0)
    assert "units and offsets, not collinearity" in phrases.conditioning(1e9, 2.0)
    assert "strong collinearity" in phrases.conditioning(1e9, 30.0)
    assert "not computed" in phrases.conditioning(np.nan, np.nan)


@pytest.mark.parametrize("inflation", [1.5, 6.0, 8.0, 59.0, 200.0, 300.0])
def test_collinearity_is_told_by_what_it_does_to_the_variances(inflation):
    r = np.sqrt(1 - 1 / inflation)
    words = phrases.conditioning(1e3, np.sqrt((1 + r) / (1 - r))).split(": ")[1]
    degree = "strong collinearity" if inflation > 225 else "moderate collinearity"
    assert words == (degree if inflation > 6.76 else "units and offsets, not collinearity; harmless here")


def test_a_failed_certificate_says_what_failed_and_what_to_do(data):
    result = replace(fit(*data), certificate=certificate(passed=False), status=Status.STALLED)
    summary = st.summarise(result)
    text = str(summary)
    assert text.splitlines()[0].endswith("NOT CERTIFIED")
    assert "normal_equations = 7.00, allowed 1.00" in text
    assert "rescale the columns" in text
    assert not summary.ok


def test_what_is_unknown_is_not_claimed(data):
    nothing = Certificate((), "statistic", True, np.nan, np.nan, np.nan)
    text = str(st.summarise(replace(fit(*data), certificate=nothing)))
    assert "nan" not in text
    assert "no forward error bound" in text


def test_defects_notes_and_reasons_are_told(data):
    X, y = data
    Z = np.column_stack([X, X[:, 0] * 2])
    result = fit(
        Z,
        y,
        terms=[*"abcdefg", "twice"],
        aliases=[("twice", ("a",), (2.0,), 0.0)],
        defects=(Defect(DefectKind.RANK_DEFICIENT, "twice = 2·a: leave one out"),),
        n_dropped=4,
    )
    text = str(st.summarise(result))
    assert "certified, with terms withheld" in text
    assert "Note        twice = 2·a: leave one out" in text
    assert "Withheld    a, twice: not determined by the data: twice = 2·a" in text
    assert "7 of 8 columns" in text
    assert "n = 60 (4 dropped)" in text


def test_several_responses_have_a_block_each(data):
    X, y = data
    summary = st.summarise(fit(X, np.column_stack([y, X[:, 1]]), responses=["noisy", "copy"]))
    assert [block.title for block in summary.blocks] == ["noisy", "copy"]
    assert "t and p of all terms (of copy): exact fit" in str(summary)
    assert "F, log-likelihood, AIC, BIC (of copy): exact fit" in str(summary)


def test_notes_of_the_covariance_are_told(data):
    covariance = CovarianceEstimate("HC0", np.eye(8)[None], 52.0, "HC0: made up", ("mind the gap",))
    text = str(st.summarise(replace(fit(*data), covariance=covariance)))
    assert "HC0: made up" in text
    assert "mind the gap" in text


def test_thousands_of_terms_and_reasons_stay_short(data):
    _, y = data
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 20))
    Z = np.concatenate([X, 2 * X, np.tile(X, 9)], axis=1)
    aliases = [(f"x{j}", (f"x{j % 20}",), (1.0,), 0.0) for j in range(20, 220)]
    text = str(st.summarise(fit(Z, y, aliases=aliases)))
    assert "... and 21 more: tidy() has them all" in text
    assert "for 212 more reasons" in text
    assert len(text.splitlines()) < 260


# ------------------------------------------------------------------------------------------------------------- formats


def test_text_fits_a_terminal_whatever_the_names(hostile):
    text = str(hostile)
    assert all(display_width(line) <= 100 for line in text.splitlines())
    assert "\x1b" not in text
    assert "\r" not in text


@pytest.mark.parametrize("width", [80, 100, 140])
def test_text_keeps_the_width_asked_for(data, width):
    text = st.summarise(fit(*data)).to_text(width=width)
    assert max(map(len, text.splitlines())) <= width


class Collector(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_well_formed_and_runs_nothing(hostile):
    collector = Collector()
    collector.feed(hostile.to_html())
    assert collector.open == []
    assert collector.tags <= {"div", "p", "strong", "span", "table", "thead", "tbody", "tr", "th", "td"}
    assert "&lt;script&gt;" in hostile.to_html()


def test_latex_is_balanced_and_reads_no_file(hostile):
    source = hostile.to_latex()
    assert r"\input{" not in source
    assert source.count(r"\begin{") == source.count(r"\end{")
    assert r"\textbackslash{}input" in source
    for row in source.split(r"\hline")[2].strip().splitlines():
        assert row.count(" & ") == 6
        assert row.endswith(r"\\")


def test_jupyter_gets_all_three_forms(hostile):
    assert set(hostile._repr_mimebundle_()) == {"text/plain", "text/html", "text/latex"}
    assert set(hostile._repr_mimebundle_(include=["text/html"])) == {"text/html"}
    assert set(hostile._repr_mimebundle_(exclude=["text/latex"])) == {"text/plain", "text/html"}
    assert repr(hostile) == str(hostile)


# ------------------------------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"),
        (1234.5678, "1234.6"),
        (0.99999999, "1.0000"),
        (123456.0, "123456"),
        (-1e-5, "-1e-05"),
        (1.23456e12, "1.2346e+12"),
        (float("nan"), "—"),
        (float("-inf"), "-inf"),
    ],
)
def test_numbers_read_well(x, text):
    assert number(x) == text


@pytest.mark.parametrize(
    ("p", "text"), [(1.0, "1.0000"), (0.05, "0.0500"), (3.44e-5, "3.4e-05"), (1e-17, "<1e-16"), (0.0, "<1e-16")]
)
def test_p_values_are_printed_sensibly(p, text):
    assert p_value(p) == text
    assert p_statement(p) == ("p < 1e-16" if "<" in text else f"p = {text}")


def test_names_are_shortened_in_the_middle():
    assert shorten("short", 12) == "short"
    assert shorten("species[T.Chinstrap]:island[T.Torgersen]", 20) == "species[T...rgersen]"
    assert display_width(shorten("宽度" * 40, 21)) <= 21
    assert shorten("a" * 50 + "1", 15).endswith("1")
