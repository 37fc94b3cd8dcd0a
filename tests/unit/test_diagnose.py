"""`diagnose`: effects before p-values, honest remedies, nothing crashes, safe in every format."""

import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from _fits import ArrayRows, fit
from numpy.testing import assert_allclose
from scipy.sparse import csr_array

from mathlearn import statistics as st
from mathlearn._errors import DomainError, RankDeficiencyWarning, SchemaError
from mathlearn.linear_model import LinearRegression, LogisticRegression
from mathlearn.results.fit_result import CovarianceEstimate
from mathlearn.statistics import diagnostics as dg
from mathlearn.statistics.cells import number
from mathlearn.statistics.diagnostics import Severity, collinearity, diagnose, influence
from mathlearn.statistics.diagnostics.grade import Scale
from mathlearn.statistics.diagnostics.phrases import share
from mathlearn.statistics.text_table import display_width
from mathlearn.statistics.words import listed, quoted

HOSTILE = [
    '"; drop table',
    "<script>alert(1)</script>",
    r"\input{/etc/passwd}",
    "宽度" * 40,
    "a\x1b[31mred\n\r",
    "x" * 300,
    "%&_$#{}~^",
]
NAMES = {"linearity", "heteroscedasticity", "normality", "autocorrelation", "collinearity", "influence"}
OF_CLASSES = {"class_calibration", "class_collinearity", "class_linearity", "class_rows"}
OF_LIKELIHOODS = {"calibration", "dispersion", "link", "separation", "zero_inflation"}
ROW_FINDINGS = {"linearity", "heteroscedasticity", "normality", "autocorrelation", "influence", "outliers"}


def table(n=200, p=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    return X, X @ np.arange(1.0, p + 1) + rng.normal(size=n)


def check(X, y, w=None, *, index=None, **options):
    """Fit and diagnose."""
    y = np.asarray(y, float)
    y = y[:, None] if y.ndim == 1 else y
    return diagnose(fit(X, y, weight=w, **options), ArrayRows(X, y, w, index=index), max_rows=64, threads=1)


def one(diagnosis, name):
    (finding,) = diagnosis.named(name)
    return finding


# ------------------------------------------------------------------------------------------------------------ registry


def test_checks_are_those_of_the_folder():
    folder = Path(dg.__file__).parent
    with_checks = [file.stem for file in folder.glob("*.py") if "\nCHECKS = (" in file.read_text(encoding="utf-8")]
    assert set(dg.CHECKS) == NAMES | OF_LIKELIHOODS | OF_CLASSES
    assert len(with_checks) == len(dg.CHECKS)


@pytest.mark.parametrize("found", dg.CHECKS.values(), ids=dg.CHECKS)
def test_every_check_says_what_it_is(found):
    assert found.summary
    assert sum(way is not None for way in (found.prepare, found.without_rows, found.of_record)) == 1
    told = {finding.name for finding in check(*table()).findings}
    assert found.applies(fit(*table())) == (found.name in NAMES)
    if found.name not in OF_CLASSES:  # whose findings have the names of those of one linear predictor
        assert (found.names[0] in told) == (found.name in NAMES)


# ------------------------------------------------------------------------------------------------------------ severity


def test_healthy_rows_are_fine():
    diagnosis = check(*table(2000))
    assert {finding.severity for finding in diagnosis.findings} == {Severity.FINE}
    assert diagnosis.worst is Severity.FINE
    assert diagnosis.passes == 1
    assert all(not finding.remedy for finding in diagnosis.findings)


def test_with_many_rows_a_test_rejects_and_the_effect_still_decides():
    X, _ = table(40_000, 1)
    rng = np.random.default_rng(1)
    y = X[:, 0] + 0.04 * X[:, 0] ** 2 + rng.normal(size=40_000) * (1 + 0.02 * X[:, 0])
    diagnosis = check(X, y)
    for name in ("linearity", "heteroscedasticity"):
        assert one(diagnosis, name).p_value < 1e-4
        assert one(diagnosis, name).severity is Severity.FINE


def test_an_effect_that_chance_would_give_is_milder():
    X, y = table(12, 1, seed=3)
    found = one(check(X, y), "linearity")
    assert found.effect.value > 0.1
    assert found.p_value > 0.05
    assert found.severity is not Severity.SERIOUS


def test_few_healthy_rows_seldom_alarm():
    told = [
        f
        for seed in range(60)
        for f in check(*table(40, seed=seed)).findings
        if f.name not in {"influence", "outliers"}
    ]
    alarms = sum(finding.severity is not Severity.FINE for finding in told)
    assert alarms / len(told) < 0.1
    by_chance = [f for f in told if "chance alone" in f.effect.sentence]
    assert by_chance
    assert all(f.severity is Severity.FINE for f in by_chance)


@pytest.mark.parametrize(
    ("p", "severity"), [(1e-9, "serious"), (0.07, "worth a look"), (0.3, "fine"), (np.nan, "fine")]
)
def test_chance_makes_an_effect_milder(p, severity):
    assert Scale(look=0.1, serious=0.3).grade(0.5, p).value == severity


def test_findings_are_sorted_worst_first():
    X, y = table(400)
    y = y + 2 * X[:, 1] ** 2
    diagnosis = check(X, y)
    order = [finding.severity.order for finding in diagnosis.findings]
    assert order == sorted(order)
    assert diagnosis.findings[0].name == "linearity"
    assert diagnosis.worst is Severity.SERIOUS
    serious = sum(finding.severity is Severity.SERIOUS for finding in diagnosis.findings)
    assert diagnosis.verdict.startswith(f"{serious} serious, ")


# ------------------------------------------------------------------------------------------------------------- remedies


def test_the_curve_is_found_and_what_bending_would_do():
    X, y = table(400)
    y = y + 2 * X[:, 1] ** 2
    found = one(check(X, y), "linearity")
    assert found.subject == ("x1",)
    assert "poly(x1, 2)" in found.remedy
    bent = np.column_stack([X, X[:, 1] ** 2])
    straight, after = fit(X, y), fit(bent, y)
    part = 1 - after.deviance[0] / straight.deviance[0]
    assert f"explains {share(part)}" in found.remedy
    assert f"to {np.sqrt(after.deviance[0] / after.df_resid):.3f}" in found.remedy
    assert "above the fit at its lowest value" in found.effect.sentence


def test_a_spread_that_grows_is_found_and_hc3_quoted():
    X, _ = table(800)
    rng = np.random.default_rng(2)
    y = 3 * X[:, 0] + rng.normal(size=800) * np.exp(0.8 * X[:, 0])
    result, rows = fit(X, y), ArrayRows(X, y[:, None])
    found = one(diagnose(result, rows), "heteroscedasticity")
    assert found.severity is Severity.SERIOUS
    assert found.subject[0] == "x0"
    robust = replace(result, covariance=st.estimate("HC3", result, rows, max_rows=99, threads=1))
    low, high = st.conf_int(robust)[["conf_low", "conf_high"]].iloc[1]
    assert f"to [{low:.3f}, {high:.3f}]" in found.remedy
    ratio = st.tidy(robust)["std_error"] / st.tidy(result)["std_error"]
    assert_allclose(found.effect.value, ratio[1], rtol=1e-9)
    assert "times as wide at high fitted values" in found.effect.sentence
    allowed = one(diagnose(robust, rows), "heteroscedasticity")
    assert allowed.severity is Severity.LOOK
    assert "covariance='HC3' allows for it" in allowed.remedy


def test_autocorrelation_is_found_and_hac_quoted_in_a_second_pass():
    rng = np.random.default_rng(0)
    n, e = 600, np.zeros(600)
    x = rng.normal(size=n).cumsum() / 10
    for t in range(1, n):
        e[t] = 0.7 * e[t - 1] + rng.normal()
    X, y = x[:, None], x + e
    result, rows = fit(X, y), ArrayRows(X, y[:, None])
    diagnosis = diagnose(result, rows)
    found = one(diagnosis, "autocorrelation")
    assert diagnosis.passes == 2
    assert found.severity is Severity.SERIOUS
    assert "beta approximation" in found.method
    assert 0.6 < found.effect.value < 0.8
    robust = replace(result, covariance=st.estimate("HAC", result, rows, max_rows=99, threads=1))
    low, high = st.conf_int(robust)[["conf_low", "conf_high"]].iloc[1]
    assert f"widens from [{st.conf_int(result)['conf_low'][1]:.4f}" in found.remedy
    assert f"to [{low:.4f}, {high:.3f}]" in found.remedy
    again = diagnose(robust, rows)
    assert again.passes == 1
    assert one(again, "autocorrelation").severity is Severity.LOOK


def test_skewed_errors_are_found_and_the_tails_counted():
    X, y = table(3000)
    y = np.exp(0.2 * y + np.random.default_rng(1).normal(size=3000))
    diagnosis = check(X, y)
    found = one(diagnosis, "normality")
    assert found.severity is Severity.SERIOUS
    assert "try its logarithm" in found.remedy
    assert "not the estimates" in found.matters


def test_the_fit_without_the_row_named_is_quoted():
    X, y = table(40, 2)
    X[11] = 8.0, -6.0
    y[11] += 30
    result = fit(X, y)
    diagnosis = diagnose(result, ArrayRows(X, y[:, None], index=np.arange(40) + 1000))
    found = one(diagnosis, "influence")
    keep = np.arange(40) != 11
    without = fit(X[keep], y[keep])
    j = result.terms.index(found.subject[0])
    assert found.severity is Severity.SERIOUS
    assert "look at row 1011" in found.remedy
    assert f"= {number(without.coef[0, j], 4)} instead of {number(result.coef[0, j], 4)}" in found.remedy
    assert one(diagnosis, "outliers").severity is Severity.SERIOUS
    assert "Row 1011 has leverage 0." in one(diagnosis, "leverage").effect.sentence


def test_collinear_columns_are_named_and_tested_together():
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 300))
    X, y = np.column_stack([a, a + 0.05 * b, c]), a + c + rng.normal(size=300)
    found = one(check(X, y, terms=["area", "rooms", "age"]), "collinearity")
    assert found.severity is Severity.SERIOUS
    assert set(found.subject) == {"area", "rooms"}
    assert "together rather than one by one: F(2, 296)" in found.remedy
    vif = collinearity(fit(X, y)).vif
    r2 = np.corrcoef(X[:, 0] - fit(X[:, [1, 2]], X[:, 0]).coef[0] @ X[:, [1, 2]].T, X[:, 0])[0, 1] ** 2
    assert_allclose(vif[0], 1 / r2, rtol=1e-8)
    measured = collinearity(fit(X, y)).to_frame()
    assert_allclose(measured.drop(columns="condition_index").sum(), 1.0)


def test_without_rows_the_columns_are_still_checked():
    X, y = table()
    diagnosis = diagnose(fit(X, y), None)
    assert diagnosis.passes == 0
    assert one(diagnosis, "collinearity").severity is Severity.FINE
    assert "give X and y" in one(diagnosis, "linearity").reason


# -------------------------------------------------------------------------------------------------- what cannot be checked


def reasons_of(diagnosis, names=ROW_FINDINGS):
    told = [finding for finding in diagnosis.findings if finding.name in names]
    assert told
    assert all(finding.severity is Severity.NOT_CHECKED for finding in told), str(diagnosis)
    return {finding.reason for finding in told}


def test_an_exact_fit_and_a_constant_target_have_no_residuals_to_check():
    X, _ = table()
    assert reasons_of(check(X, X @ [1.0, 2.0, 3.0])) == {"exact fit"}
    assert reasons_of(check(X, np.full(200, 7.0))) == {"constant target"}


def test_one_exact_response_does_not_silence_the_other():
    X, y = table()
    diagnosis = check(X, np.column_stack([y, X[:, 0]]), responses=["noisy", "copy"])
    assert {f.severity for f in diagnosis.findings if f.response == "noisy"} == {Severity.FINE}
    assert {f.reason for f in diagnosis.findings if f.response == "copy"} == {"exact fit"}
    assert next(iter(diagnosis.to_frame())) == "response"
    assert "(response copy)" in str(diagnosis)


def test_withheld_inference_withholds_every_check():
    X, y = table()
    result = replace(fit(X, y), withheld="coefficients are constrained to be positive")
    diagnosis = diagnose(result, ArrayRows(X, y[:, None]))
    assert {finding.reason for finding in diagnosis.findings} == {"coefficients are constrained to be positive"}
    assert diagnosis.passes == 0
    with pytest.raises(DomainError, match="constrained to be positive"):
        influence(result, ArrayRows(X, y[:, None]))


@pytest.mark.parametrize("n", range(2, 12))
@pytest.mark.parametrize("intercept", [True, False])
def test_few_rows_crash_nothing(n, intercept):
    X, y = table(n, 2)
    diagnosis = check(X, y, intercept=intercept)
    assert all(finding.reason or finding.effect for finding in diagnosis.findings)
    assert "nan" not in str(diagnosis)
    table_of_rows = influence(fit(X, y, intercept=intercept), ArrayRows(X, y[:, None]))
    assert len(table_of_rows) == n
    if n <= 2 + intercept:
        assert any("no residual degrees of freedom" in finding.reason for finding in diagnosis.findings)


def test_frequency_weights_have_no_order():
    X, y = table()
    found = one(check(X, y, np.ones(200), weights_type="frequency"), "autocorrelation")
    assert found.reason == "frequency weights say how often a row occurs, not when"


def test_a_row_of_leverage_one_is_named_and_hc3_is_not_made_up():
    X, y = table()
    X = np.column_stack([X, np.eye(200)[:, 17]])
    diagnosis = check(X, y, index=np.arange(200) + 100)
    alone = one(diagnosis, "leverage")
    assert alone.severity is Severity.SERIOUS
    assert "Row 117" in alone.effect.sentence
    assert "nothing checks it" in alone.effect.sentence
    spread = one(diagnosis, "heteroscedasticity")
    assert "row 117 has leverage 1" in spread.reason
    assert spread.tests


def test_dependent_columns_are_told_and_the_rest_is_checked():
    X, y = table()
    Z = np.column_stack([X, 2 * X[:, 0] - X[:, 1]])
    diagnosis = check(Z, y, terms=["a", "b", "c", "d"], aliases=[("d", ("a", "b"), (2.0, -1.0), 0.0)])
    found = diagnosis.findings[0]
    assert (found.name, found.subject, found.severity) == ("dependence", ("d",), Severity.SERIOUS)
    assert "d = 2·a - b" in found.effect.sentence
    assert one(diagnosis, "collinearity").subject == ("c",)
    plain = check(X, y)
    for name in ("linearity", "heteroscedasticity", "autocorrelation"):
        assert_allclose(one(diagnosis, name).p_value, one(plain, name).p_value, rtol=1e-6)


def test_columns_without_variation():
    _, y = table()
    X = np.full((200, 1), 3.0)
    diagnosis = check(X, y, aliases=[("x0", (), (), 3.0)])
    assert "no column varies" in one(diagnosis, "linearity").reason
    assert one(diagnosis, "normality").effect is not None
    assert one(diagnosis, "influence").subject == ("(Intercept)",) or one(diagnosis, "influence").reason


def test_two_valued_columns_have_no_curve():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (100, 1)).astype(float)
    assert "too few distinct values" in one(check(X, X[:, 0] + rng.normal(size=100)), "linearity").reason
    X = rng.integers(0, 3, (100, 1)).astype(float)
    assert one(check(X, X[:, 0] + rng.normal(size=100)), "linearity").df == (1, 97)


def test_a_fit_that_is_exact_without_one_row():
    X, _ = table(30, 2)
    y = X @ [1.0, 2.0]
    y[4] += 5
    diagnosis = check(X, y)
    assert "Row 4 lies" in one(diagnosis, "outliers").effect.sentence
    assert one(diagnosis, "outliers").severity is Severity.SERIOUS
    assert "nan" not in str(diagnosis)


def test_other_rows_than_those_of_the_fit_are_refused():
    X, y = table()
    result = fit(X, y)
    for rows in (ArrayRows(X[:-1], y[:-1, None]), ArrayRows(X, y[::-1, None].copy())):
        with pytest.raises(SchemaError, match="of the fit"):
            diagnose(result, rows)
        with pytest.raises(SchemaError, match="of the fit"):
            influence(result, rows)
    with pytest.raises(SchemaError, match="carry no y"):
        diagnose(result, ArrayRows(X))
    with pytest.raises(DomainError, match="level"):
        diagnose(result, ArrayRows(X, y[:, None]), level=95)


def test_sparse_rows_give_the_findings_of_dense_ones():
    X, y = table()
    X = np.where(np.abs(X) < 0.8, 0.0, X)
    result = fit(X, y)
    dense, sparse = (diagnose(result, ArrayRows(A, y[:, None])) for A in (X, csr_array(X)))
    for finding in sparse.findings:
        other = one(dense, finding.name)
        assert_allclose(finding.effect.value, other.effect.value, rtol=1e-8)
        assert_allclose(finding.statistic, other.statistic, rtol=1e-8)


@pytest.mark.parametrize("unit", [1e-150, 1e-30, 1e30, 1e150])
def test_units_far_from_one_change_no_digit(unit):
    X, y = table()
    plain, other = check(X, y), check(X * unit, y / unit)
    for finding in plain.findings:
        assert_allclose(one(other, finding.name).effect.value, finding.effect.value, rtol=1e-6)


def test_numbers_far_from_zero_keep_their_digits():
    rng = np.random.default_rng(0)
    X = np.round(rng.normal(size=(300, 2)) * 1024) / 1024
    y = X @ [1.0, 2.0] + np.round(rng.normal(size=300) * 1024) / 1024
    plain = LinearRegression().fit(X, y)
    moved = LinearRegression().fit(X + 2.0**30, y + 2.0**30)
    first = diagnose(plain.result_, plain._fit_rows(X, y))
    second = diagnose(moved.result_, moved._fit_rows(X + 2.0**30, y + 2.0**30))
    for finding in first.findings:
        assert_allclose(one(second, finding.name).effect.value, finding.effect.value, rtol=1e-6)
        assert_allclose(one(second, finding.name).statistic, finding.statistic, rtol=1e-6)


def test_many_columns_take_whites_short_form():
    X, y = table(500, 20)
    tests = {test.method: test for test in one(check(X, y), "heteroscedasticity").tests}
    assert tests["White, on fitted values"].df == (2.0,)
    X, y = table(500, 12)
    tests = {test.method: test for test in one(check(X, y), "heteroscedasticity").tests}
    assert tests["White"].df == (90.0,)


def test_frames_and_formulas_from_end_to_end(penguins):
    model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + species", missing="drop").fit(penguins)
    diagnosis = diagnose(model.result_, model._fit_rows(penguins, None))
    assert diagnosis.n == 342
    # Males and females alternate in this table: neighbours differ.
    assert one(diagnosis, "autocorrelation").effect.value < -0.2
    assert one(diagnosis, "autocorrelation").severity is Severity.LOOK
    assert "Row 39 lies" in one(diagnosis, "outliers").effect.sentence


# ------------------------------------------------------------------------------------------------------------ influence


def test_influence_is_long_for_several_responses_and_says_why_cells_are_empty():
    X, y = table(30, 2)
    X = np.column_stack([X, np.eye(30)[:, 3]])
    Y = np.column_stack([y, X[:, 0]])
    shown = influence(fit(X, Y), ArrayRows(X, Y), max_rows=11)
    assert shown["response"].tolist() == ["y0"] * 30 + ["y1"] * 30
    why = shown.attrs["reasons"]
    assert "leverage 1" in why["y0", 3, "student_resid"]
    assert why["y1", "all rows", "dfbetas_x0"] == "exact fit"
    assert np.isnan(shown.loc[3, "dffits"])
    assert shown.loc[4, "dffits":].notna().all()


def test_influence_of_a_dependent_column_is_withheld():
    X, y = table(30, 2)
    X = np.column_stack([X, X[:, 0]])
    shown = influence(fit(X, y, aliases=[("x2", ("x0",), (1.0,), 0.0)]), ArrayRows(X, y[:, None]))
    assert shown["dfbetas_x0"].isna().all()
    assert shown["dfbetas_x1"].notna().all()
    assert "x2 = x0" in shown.attrs["reasons"]["all rows", "dfbetas_x2"]


@pytest.mark.parametrize("kind", ["polars", "arrow"])
def test_other_frames(kind):
    X, y = table(30)
    result, rows = fit(X, y), ArrayRows(X, y[:, None])
    assert len(influence(result, rows, as_=kind)) == 30
    assert len(diagnose(result, rows).to_frame(kind)) == 8
    found = diagnose(result, rows)
    assert len(found.tests_frame(kind)) == sum(len(finding.tests) for finding in found.findings) >= 10
    assert len(collinearity(result).to_frame(kind)) == 4


# -------------------------------------------------------------------------------------------------------------- formats


@pytest.fixture(scope="module")
def hostile():
    rng = np.random.default_rng(0)
    a = rng.normal(size=(300, 7))
    a[:, 1] = a[:, 0] + 0.02 * a[:, 1]
    y = a.sum(axis=1) + a[:, 2] ** 2 + rng.normal(size=300) * np.exp(a[:, 3])
    y[1:] += y[:-1]
    y[7] += 100
    return check(a, y, terms=HOSTILE, responses=["<b>y$_\\"])


def test_every_kind_of_finding_is_shown(hostile):
    assert hostile.worst is Severity.SERIOUS
    assert {finding.name for finding in hostile.findings if finding.remedy} >= {"linearity", "collinearity", "outliers"}


@pytest.mark.parametrize("width", [60, 80, 100])
def test_text_fits_a_terminal_whatever_the_names(hostile, width):
    text = hostile.to_text(width=width)
    assert all(display_width(line) <= 2 * width for line in text.splitlines())
    assert all(len(line) <= width for line in text.splitlines())
    assert "\x1b" not in text
    assert "\r" not in text


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
    assert collector.tags <= {"div", "p", "strong", "span", "table", "tbody", "tr", "th", "td"}
    assert "&lt;script&gt;" in hostile.to_html()


def test_latex_is_balanced_and_reads_no_file(hostile):
    source = hostile.to_latex()
    assert r"\input{" not in source
    assert source.count(r"\begin{") == source.count(r"\end{")
    assert r"\textbackslash{}input" in source


def test_jupyter_gets_all_three_forms(hostile):
    assert set(hostile._repr_mimebundle_()) == {"text/plain", "text/html", "text/latex"}
    assert set(hostile._repr_mimebundle_(include=["text/html"])) == {"text/html"}
    assert set(hostile._repr_mimebundle_(exclude=["text/latex"])) == {"text/plain", "text/html"}
    assert repr(hostile) == str(hostile)
    assert hostile._repr_html_() == hostile.to_html()


def test_names_in_sentences():
    assert listed([]) == ""
    assert listed(["a"]) == "`a`"
    assert len(quoted("x" * 300)) < 70


def test_an_effect_comes_before_its_test(hostile):
    text = str(hostile)
    assert text.index("Effect") < text.index("Test")


def test_robust_covariances_that_exist_are_taken_for_granted():
    X, y = table()
    result = replace(fit(X, y), covariance=CovarianceEstimate("HC0", np.eye(4)[None], 196.0, "HC0: made up"))
    assert diagnose(result, ArrayRows(X, y[:, None])).worst is Severity.FINE


def test_diagnostics_do_not_load_scipy_stats_for_many_rows():
    code = (
        "import sys, numpy as np; from mathlearn.linear_model import LinearRegression;"
        "from mathlearn.statistics.diagnostics import diagnose;"
        "rng = np.random.default_rng(0); X = rng.normal(size=(6000, 2)); y = X[:, 0] + rng.normal(size=6000);"
        "m = LinearRegression().fit(X, y); before = 'scipy.stats' in sys.modules;"
        "str(diagnose(m.result_, m._fit_rows(X, y))); assert before or 'scipy.stats' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_intercept_alone_tells_nothing_of_the_spread():
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    X = np.column_stack([x, 2 * x])
    y = 1 + x + 3 * np.abs(x) * rng.normal(size=60)
    with pytest.warns(RankDeficiencyWarning):
        model = LinearRegression().fit(X, y)
    found = one(model.diagnose(X, y), "heteroscedasticity")
    assert (found.severity, found.reason) == (Severity.NOT_CHECKED, "no coefficient is determined by the data")
    assert found.tests


def test_one_copy_of_a_row_is_what_leaves():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 1)), rng.normal(size=40)
    y[7] += 12
    model = LinearRegression(weights_type="frequency").fit(X, y, sample_weight=np.full(40, 3))
    diagnosis = model.diagnose(X, y, sample_weight=np.full(40, 3))
    assert "Without one copy of row 7 " in one(diagnosis, "influence").effect.sentence
    sentence = one(diagnosis, "outliers").effect.sentence
    assert "the fit made without one of its copies, and moves no slope by more" in sentence


def test_rows_that_an_exact_fit_does_not_pass_through_are_not_its_own():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    model = LinearRegression().fit(X, X @ [1.0, 2.0])
    with pytest.raises(SchemaError, match="other rows"):
        model.influence(5 * X, rng.normal(size=30))
    table = model.augment(5 * X, rng.normal(size=30))
    assert table["hat"].isna().all()
    assert "not the rows of the fit" in table.attrs["reasons"]["all rows", "hat"]
    assert model.augment(X, X @ [1.0, 2.0])["hat"].notna().all()


def test_the_rows_are_read_once_more_for_all_responses():
    rng = np.random.default_rng(0)
    X, e = rng.normal(size=(300, 2)), rng.normal(size=(300, 3))
    for t in range(1, 300):
        e[t] += 0.7 * e[t - 1]
    model = LinearRegression().fit(X, X[:, :1] + e)
    assert model.diagnose(X, X[:, :1] + e).passes == 2


def test_a_level_is_refused_even_where_nothing_is_checked():
    X, y = np.eye(4)[:, :2], np.array([1.0, 2.0, 4.0, 7.0])
    with pytest.raises(DomainError, match="level is 2"):
        LinearRegression(positive=True).fit(X, y).diagnose(level=2)


def test_a_row_that_the_fit_thinks_impossible_is_an_outlier_without_a_complaint():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2))
    y = (X[:, 0] + rng.logistic(size=200) > 0).astype(float)
    offset = np.zeros(200)
    offset[3], y[3] = -800.0, 1.0
    model = LogisticRegression(C=np.inf).fit(X, y, offset=offset)
    assert model.result_.likelihood.pearson == np.inf
    found = {finding.name: finding for finding in model.diagnose(X, y, offset=offset).findings}
    assert "Row 3 lies 40.0" in str(found["outliers"])
    assert "beyond all numbers" in str(found["link"])
    rows = model.augment(X, y, offset=offset)
    assert np.flatnonzero(rows["resid_pearson"].isna()).tolist() == [3]
    assert_allclose(rows["resid_deviance"].iloc[3], np.sqrt(2 * 800), rtol=0.01)
