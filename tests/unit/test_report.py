"""The report without a browser: what it holds, what it hides, and what is left when it fails."""

import re
import warnings
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mathlearn
from mathlearn import _engines
from mathlearn._errors import SchemaError
from mathlearn.data.bind import bind
from mathlearn.data.credentials import redacted
from mathlearn.datasets import load_penguins
from mathlearn.linear_model import (
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
)
from mathlearn.report import report_html
from mathlearn.report.fingerprint import fingerprint
from mathlearn.report.reproduce import script
from mathlearn.statistics.cells import number

FORMULA = "body_mass_g ~ flipper_length_mm + species"


@pytest.fixture(scope="module")
def penguin_model():
    return LinearRegression(formula=FORMULA, missing="drop").fit(load_penguins())


@pytest.fixture(scope="module")
def page(penguin_model):
    return report_html(penguin_model, load_penguins(), command="mathlearn fit https://me:pw@host/p.csv?token=abc")


def test_the_verdict_comes_before_any_number(page):
    body = page[page.index("<body>") :]
    assert body.index("certified") < body.index("−4031.5")
    order = [
        body.index(f'id="{name}"') for name in ("verdict", "coefficients", "figures", "diagnostics", "certificate")
    ]
    assert order == sorted(order)


def test_nothing_on_the_page_acts_or_comes_from_elsewhere(page):
    assert not re.search(r"<(script|iframe|object|embed|link|form|img)\b", page)
    assert not re.search(r"\son\w+\s*=", page)
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in addresses)
    assert "default-src 'none'" in page


def test_secrets_are_hidden_and_the_rest_is_kept(page):
    assert "pw@" not in page
    assert "abc" not in page.partition("How to reproduce")[2]
    assert "https://[redacted]@host/p.csv?token=[redacted]" in page


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("sales.csv", "sales.csv"),
        ("postgres://user:pa:ss@db/x", "postgres://[redacted]@db/x"),
        ("https://h/a?X-Sig=1&b=2#c", "https://h/a?X-Sig=[redacted]&b=[redacted]"),
        ("fit a.csv --password hunter2 --save m", "fit a.csv --password [redacted] --save m"),
        ("fit a.csv --api-key='k 1'", "fit a.csv --api-key=[redacted]"),
        ("y ~ token_count + secret_santa", "y ~ token_count + secret_santa"),
        ("AWS_SECRET_ACCESS_KEY=abc mathlearn fit", "AWS_SECRET_ACCESS_KEY=[redacted] mathlearn fit"),
        ("y ~ a + b", "y ~ a + b"),
    ],
)
def test_credentials_are_taken_out(typed, shown):
    assert redacted(typed) == shown


@given(st.integers(1, 60), st.sampled_from(["C", "F"]), st.booleans())
def test_the_fingerprint_is_that_of_the_numbers(size, order, weighted):
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(50, 3)), rng.normal(size=50), rng.uniform(1, 2, 50) if weighted else None
    whole = fingerprint(bind(X, y, sample_weight=w), max_rows=100)
    assert fingerprint(bind(np.asarray(X, order=order), y, sample_weight=w), max_rows=size) == whole
    assert whole[1] == 50
    X = X.copy()
    X[7, 1] = np.nextafter(X[7, 1], 9)
    assert fingerprint(bind(X, y, sample_weight=w), max_rows=size) != whole


def test_the_script_makes_the_same_fit(penguin_model):
    lines = script(penguin_model, None)
    names = {"X": load_penguins()}
    exec("\n".join(lines), names)
    assert np.array_equal(names["model"].coef_, penguin_model.coef_)


def test_without_rows_the_page_says_what_is_absent(penguin_model):
    text = report_html(penguin_model)
    assert "<svg" not in text
    assert "no rows were given" in text
    assert "Mathematics" in text


def test_a_fit_that_is_not_certified_says_so_first():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    y = X @ [1.0, 2.0] + rng.normal(size=40)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LinearRegression().fit(X, y)
    from dataclasses import replace

    check = replace(model.result_.certificate.checks[0], value=9.0)
    checks = (check, *model.result_.certificate.checks[1:])
    model.result_ = replace(model.result_, certificate=replace(model.result_.certificate, checks=checks))
    text = report_html(model, X, y)
    assert "NOT CERTIFIED" in text
    assert 'class="verdict bad"' in text
    assert '<tr class="fail">' in text


@pytest.mark.parametrize("parameters", [{}, {"positive": True}, {"fit_intercept": False}, {"covariance": "HC3"}])
@pytest.mark.parametrize("responses", [1, 2])
def test_every_kind_of_fit_has_a_page(parameters, responses):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 3))
    y = X @ rng.uniform(0, 1, (3, responses)) + rng.normal(size=(30, responses))
    text = report_html(LinearRegression(**parameters).fit(X, y), X, y)
    assert text.count("<svg") == 2 * responses
    identities = re.findall(r'\bid="([^"]+)"', text)
    assert len(identities) == len(set(identities))


def test_more_columns_than_rows_and_dependent_columns_have_a_page():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(8, 12)), rng.normal(size=8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wide = LinearRegression().fit(X, y)
        X2 = np.column_stack([X[:, :2], X[:, 0] + X[:, 1]])
        deficient = LinearRegression().fit(X2, y)
        assert wide.result_.withheld in report_html(wide, X, y)
        assert "linearly dependent columns" in report_html(deficient, X2, y)


def test_markup_is_well_formed(page):
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ET.fromstring(svg)
    for formula in re.findall(r"<math.*?</math>", page, re.DOTALL):
        ET.fromstring(formula)
    assert len(page.encode()) < 2_000_000


def test_a_report_that_fails_leaves_what_was_there(penguin_model, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(mathlearn.errors.SchemaError):
        penguin_model.report(path, load_penguins().iloc[:100])
    monkeypatch.setattr(_engines, "load", lambda name: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        penguin_model.report(path, load_penguins())
    assert path.read_text(encoding="utf-8") == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_that_is_not_there_is_named_before_the_work(penguin_model, tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        penguin_model.report(tmp_path / "nowhere" / "report.html", load_penguins())


def test_rows_altered_in_one_number_are_refused(penguin_model):
    altered = load_penguins()
    altered.loc[1, "body_mass_g"] += 1.0
    with pytest.raises(mathlearn.errors.SchemaError, match="not the rows of the fit"):
        report_html(penguin_model, altered)


@pytest.mark.parametrize("formula", ["y ~ 0", "y ~ 1"])
@pytest.mark.parametrize("positive", [False, True])
def test_fits_without_columns_have_a_page(formula, positive):
    import pandas as pd

    table = pd.DataFrame({"y": np.random.default_rng(0).normal(size=20)})
    model = LinearRegression(formula=formula, positive=positive).fit(table)
    assert "Mathematics" in report_html(model, table)


# ----------------------------------------------------------------------------------------------------- fits by likelihood
def likelihood_rows():
    rng = np.random.default_rng(0)
    n = 150
    a, b = rng.normal(size=n), rng.uniform(1, 4, n)
    return {
        "a": a,
        "b": b,
        "g": rng.choice(["u", "v"], n),
        "label": np.where(rng.random(n) < 1 / (1 + np.exp(-a)), "yes", "no"),
        "count": rng.poisson(b * np.exp(0.4 * a)),
    }


@pytest.fixture(scope="module")
def rows():
    import pandas as pd

    return pd.DataFrame(likelihood_rows())


@pytest.fixture(scope="module")
def logistic_page(rows):
    model = LogisticRegression(C=np.inf, formula="label ~ a + b").fit(rows)
    return model, report_html(model, rows)


def outside_mathematics(page):
    """The page without its derivation, which may speak of weighted least squares."""
    before, _, rest = page[page.index("<body>") :].partition('<section id="mathematics"')
    return before + rest.partition('<section id="iterations"')[2]


def test_a_logistic_page_has_its_own_sections_in_order(logistic_page):
    _, page = logistic_page
    body = page[page.index("<body>") :]
    names = ("verdict", "coefficients", "ratios", "figures", "diagnostics", "certificate", "mathematics", "iterations")
    order = [body.index(f'<section id="{name}"') for name in (*names, "reproduce")]
    assert order == sorted(order)
    assert "<title>Logistic regression: certified</title>" in page
    assert page.count("<svg") >= 3  # the overview, the surface and the four pictures
    ET.fromstring(re.sub(r"<!DOCTYPE html>|<meta[^>]*>|&nbsp;", "", page))


def test_a_page_about_a_likelihood_speaks_of_no_least_squares(logistic_page):
    text = re.sub(r"<svg.*?</svg>", " ", outside_mathematics(logistic_page[1]), flags=re.DOTALL).lower()
    for words in ("least squares", "residual standard error", "normal errors", "r-squared", "linear regression"):
        assert words not in text


def test_ratios_and_iterations_are_those_of_the_fit(logistic_page):
    model, page = logistic_page
    ratios = model.ratios()
    for column in ("ratio", "conf_low", "conf_high"):
        for value in ratios[column]:
            assert f"<td>{number(value)}</td>" in page
    section = page[page.index('<section id="iterations"') :]
    assert section.count("<tr>") == len(model.result_.likelihood.iterations) + 1
    assert f"{model.result_.likelihood.iterations[-1].loss:.12g}" in section


def test_the_script_of_a_likelihood_makes_the_same_fit(logistic_page, rows):
    model, page = logistic_page
    lines = script(model, None)
    assert "C=float('inf')" in lines[2]
    scope = {"X": rows}
    exec("\n".join(lines), scope)
    np.testing.assert_array_equal(scope["model"].coef_, model.coef_)
    assert lines[2].replace("'", "&#x27;") in page or lines[2].replace("'", "&#39;") in page


def test_an_offset_beside_the_rows_is_part_of_page_script_and_fingerprint(rows):
    X, y, offset = rows[["a", "g"]].assign(g=rows["g"] == "u"), rows["count"], np.log(rows["b"])
    model = PoissonRegressor(alpha=0).fit(X, y, offset=offset)
    page = report_html(model, X, y, offset=offset)
    assert "model.fit(X, y, offset=offset)" in page
    assert "Rate ratios" in page
    with pytest.raises(SchemaError, match="offset"):
        report_html(model, X, y)
    marks = {fingerprint(model._fit_rows(X, y, offset=shift), max_rows=64)[0] for shift in (offset, offset + 1)}
    assert len(marks) == 2


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LogisticRegression(formula="label ~ a + g"), "penalised"),
        (lambda: GeneralizedLinearRegressor(family="gamma", link="log", formula="b ~ a"), "Mean ratios"),
        (lambda: GeneralizedLinearRegressor(family="gaussian", formula="b ~ a + g"), "Gaussian regression"),
        (lambda: GeneralizedLinearRegressor(family="quasipoisson", formula="count ~ a * g"), "Rate ratios"),
        (lambda: LogisticRegression(C=np.inf, formula="label ~ 1"), "certified"),
    ],
)
def test_every_kind_of_likelihood_has_a_page(rows, make, said):
    page = report_html(make().fit(rows), rows)
    assert said in page
    ET.fromstring(re.sub(r"<!DOCTYPE html>|<meta[^>]*>|&nbsp;", "", page))


def test_a_separated_fit_has_a_page_that_says_so_first():
    x = np.arange(12.0)[:, None]
    with pytest.warns(UserWarning, match="separated"):
        model = LogisticRegression(C=np.inf).fit(x, x[:, 0] > 5.5)
    page = report_html(model, x, x[:, 0] > 5.5)
    assert "NOT CERTIFIED</title>" in page
    assert "separated" in page[page.index('<section id="verdict"') : page.index('<section id="coefficients"')]


@pytest.mark.parametrize(("p", "figures"), [(1, 1), (2, 2), (3, 1)])
def test_more_classes_than_two_have_a_whole_page(p, figures):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, p)), np.repeat(["a", "<b>", "c & d"], 30)
    X[:, 0] += y == "<b>"
    page = report_html(LogisticRegression(C=np.inf).fit(X, y), X, y)
    for section in ("coefficients", "ratios", "figures", "diagnostics", "mathematics", "iterations"):
        assert f'<section id="{section}"' in page
    assert page.count("<figure>") == figures
    assert "Not on this page" not in page
    ratios = page[page.index('<section id="ratios"') : page.index('<section id="figures"')]
    assert ratios.count('<th scope="row">a / &lt;b&gt;</th>') == p
    assert ratios.count('<th scope="row">c &amp; d / &lt;b&gt;</th>') == p
    assert "<b>" not in page


@pytest.mark.parametrize("C", [1.0, np.inf])
def test_several_classes_without_inference_have_a_page_that_says_why(C):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(90, 2)), np.repeat(["a", "b", "c"], 30)
    X[:, 0] += 20.0 * np.repeat([0, 1, 2], 30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=C).fit(X, y)
    page = report_html(model, X, y)
    figures = page[page.index('<section id="figures"') : page.index('<section id="diagnostics"')]
    assert ("penalised" if C == 1.0 else "separated completely") in figures
    assert ("NOT CERTIFIED</title>" in page) == (np.inf == C)


def test_words_in_a_table_are_no_numbers():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"pre-tax inflation": rng.normal(size=90), "k": list("abc") * 30})
    page = report_html(LogisticRegression(C=np.inf).fit(frame, "k"), frame, "k")
    assert "<td>pre-tax inflation</td>" in page
    assert "∞lation" not in page
