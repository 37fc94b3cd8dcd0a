"""Models side by side: what stands in the table, the nested tests, and every format with any names."""

import re
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from _fits import certificate, fit
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mathlearn
from mathlearn.errors import DomainError, SchemaError
from mathlearn.linear_model import LinearRegression
from mathlearn.statistics import f_test
from mathlearn.statistics.same_rows import differing_column

TABLE = """
Comparison of 2 models: all certified

                           (1)          (2)
response           body_mass_g  body_mass_g
───────────────────────────────────────────
certificate          certified    certified
───────────────────────────────────────────
(Intercept)           -5872.1      -5410.3
                       (310.3)      (285.8)
flipper_length_mm      50.153       46.982
                       (1.540)      (1.441)
sex[T.male]                         347.85
                                    (40.34)
───────────────────────────────────────────
n                         333          333
R²                     0.7621       0.8058
adjusted R²            0.7614       0.8047
sigma                   393.3        355.9
AIC                   4928.15      4862.48
BIC                   4939.57      4877.72
covariance           classical    classical

Below       standard error in round brackets
F test      (2) against (1): F(1, 330) = 74.350, p = 2.8e-16
Note        F test: assumes independent normal errors of equal variance
"""
FORMULAS = (
    "body_mass_g ~ flipper_length_mm",
    "body_mass_g ~ flipper_length_mm + sex",
    "body_mass_g ~ flipper_length_mm + sex + species",
)


@pytest.fixture(scope="module")
def penguins():
    return mathlearn.datasets.load_penguins().dropna().reset_index(drop=True)


@pytest.fixture(scope="module")
def models(penguins):
    return [LinearRegression(formula=formula).fit(penguins) for formula in FORMULAS]


def rows(text):
    """Cells of a row by its label."""
    parts = [re.split(r"\s{2,}", line) for line in text.splitlines()]
    return {label: cells for label, *cells in parts if label}


# ------------------------------------------------------------------------------------------------------------ contents


def test_the_table_of_two_models_of_the_penguins(models):
    assert str(mathlearn.compare(*models[:2])) == TABLE.strip()


def test_the_numbers_are_those_of_tidy_and_glance(models):
    comparison = mathlearn.compare(*models, names=["a", "b", "c"])
    frame = comparison.to_frame()
    for name, model in zip("abc", models, strict=True):
        mine = frame[frame["model"] == name].drop(columns=["model", "response"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, model.tidy(), check_dtype=False)
    fits = comparison.to_frame("fit")
    assert fits["r_squared"].tolist() == [model.glance().loc[0, "r_squared"] for model in models]
    assert fits["model"].tolist() == ["a", "b", "c"]
    with pytest.raises(DomainError, match="'coefficients' or 'fit'"):
        comparison.to_frame("tests")


def test_terms_stand_in_order_of_first_appearance(models):
    assert mathlearn.compare(models[1], models[2]).terms == (
        "(Intercept)",
        "flipper_length_mm",
        "sex[T.male]",
        "species[T.Chinstrap]",
        "species[T.Gentoo]",
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_the_models_permutes_columns_only(models, order):
    names = ["a", "b", "c"]
    straight = mathlearn.compare(*models, names=names).sheet()
    mixed = mathlearn.compare(*(models[i] for i in order), names=[names[i] for i in order]).sheet()

    def columns(sheet):
        """Cells of each model, by label and place below it."""
        found = [{} for _ in range(3)]
        for section in sheet.sections:
            label = ""
            for line in section.lines:
                label = line.label or label
                for cells, cell in zip(found, line.cells, strict=True):
                    cells.setdefault(label, []).append(cell)
        return found

    assert [columns(straight)[i] for i in order] == columns(mixed)


def test_one_model_is_a_table_too(models):
    text = str(mathlearn.compare(models[0]))
    assert text.startswith("Comparison of one model: certified")
    assert "F test" not in text


def test_records_are_taken_for_models(models):
    assert str(mathlearn.compare(*(model.result_ for model in models))) == str(mathlearn.compare(*models))


def test_what_stands_below_an_estimate_is_chosen(models):
    lines = str(mathlearn.compare(models[0], show=("interval", "statistic", "p_value"), level=0.9)).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("flipper"))
    assert [line.strip() for line in lines[at + 1 : at + 4]] == ["[47.61, 52.69]", "t = 32.6", "p < 1e-16"]
    assert any("90 % confidence interval" in line for line in lines)
    assert "Below" not in str(mathlearn.compare(models[0], show=()))


def test_stars_are_off_unless_asked_for(models):
    assert "*" not in str(mathlearn.compare(*models))
    text = str(mathlearn.compare(*models, stars=True))
    assert "50.153***" in text
    assert "-87.634\n" in text
    assert "*** p < 0.001: two-sided t test of zero" in text


def test_several_responses_have_a_column_each(penguins):
    X = penguins[["flipper_length_mm", "bill_depth_mm"]]
    both = LinearRegression().fit(X, penguins[["body_mass_g", "bill_length_mm"]])
    one = LinearRegression().fit(X, penguins["body_mass_g"])
    text = str(mathlearn.compare(one, both))
    assert rows(text)["response"] == ["body_mass_g", "body_mass_g", "bill_length_mm"]
    assert "no test, they are of different responses" in text
    assert "R², sigma, AIC and BIC do not rank them" in text
    frame = mathlearn.compare(one, both).to_frame()
    assert frame["response"].tolist() == ["body_mass_g"] * 6 + ["bill_length_mm"] * 3


def test_withheld_terms_are_marked_with_their_reason(penguins):
    table = penguins.assign(cm=penguins["flipper_length_mm"] / 10)
    with pytest.warns(match="cm"):
        loose = LinearRegression(formula="body_mass_g ~ flipper_length_mm + cm").fit(table)
    comparison = mathlearn.compare(loose, LinearRegression(formula=FORMULAS[1]).fit(penguins))
    text = str(comparison)
    assert text.startswith("Comparison of 2 models: certified, with terms withheld in (1)")
    assert rows(text)["flipper_length_mm"] == ["—¹", "46.982"]
    assert rows(text)["cm"] == ["—¹"]
    assert "¹ not determined by the data: cm = 0.1·flipper_length_mm" in text
    assert comparison.ok
    reasons = comparison.to_frame().attrs["reasons"]
    assert "not determined" in reasons["(1)", "body_mass_g", "cm", "estimate"]


def test_inference_that_is_withheld_is_marked(penguins):
    model = LinearRegression(positive=True, fit_intercept=False).fit(
        penguins[["flipper_length_mm"]], penguins["body_mass_g"]
    )
    text = str(mathlearn.compare(model))
    assert "(—)¹" in text
    assert "none¹" in text
    assert "held non-negative" in text
    assert "about zero, not the mean: no intercept" in text


def test_a_fit_that_is_not_certified_says_so_first():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    bad = fit(X, X[:, 0] + rng.normal(size=30), certificate=certificate(passed=False))
    good = fit(X, X[:, 0] + rng.normal(size=30))
    comparison = mathlearn.compare(good, bad)
    text = str(comparison)
    assert text.startswith("Comparison of 2 models: NOT CERTIFIED: (2)")
    assert "NOT CERTIFIED¹" in text
    assert "¹ do not rely on these numbers: normal_equations = 7.00, allowed 1.00" in text
    assert not comparison.ok


def test_an_exact_fit_has_no_criteria():
    X = np.arange(12.0).reshape(6, 2) ** 2
    text = str(mathlearn.compare(LinearRegression().fit(X, X @ [1.0, 2.0] + 1), show=("std_error", "p_value")))
    assert rows(text)["AIC"] == ["—¹"]
    assert "¹ exact fit" in text


def test_dropped_rows_and_weights_are_told(penguins):
    model = LinearRegression(formula=FORMULAS[1], missing="drop").fit(mathlearn.datasets.load_penguins())
    plain = LinearRegression(formula=FORMULAS[0]).fit(penguins, sample_weight="bill_depth_mm")
    text = str(mathlearn.compare(model, plain))
    assert rows(text)["rows dropped"] == ["11", "0"]
    assert rows(text)["weights"] == ["none", "precision"]


# --------------------------------------------------------------------------------------------------------- nested tests


def test_the_f_tests_are_those_of_neighbours(models):
    tests = mathlearn.compare(*models).tests
    assert [(pair.restricted, pair.full) for pair in tests] == [("(1)", "(2)"), ("(2)", "(3)")]
    for pair, expected in zip(tests, (f_test(*models[:2]), f_test(*models[1:])), strict=True):
        assert pair.test.statistic == pytest.approx(expected.statistic)


def test_the_larger_model_may_come_first(models):
    (pair,) = mathlearn.compare(models[2], models[0]).tests
    assert (pair.restricted, pair.full) == ("(2)", "(1)")
    assert pair.test.df_num == 3


def test_without_an_f_test_there_is_a_reason(penguins, models):
    other = LinearRegression(formula="body_mass_g ~ bill_depth_mm + bill_length_mm").fit(penguins)
    fewer = LinearRegression(formula=FORMULAS[1]).fit(penguins.head(300))
    robust = models[0].infer(penguins, covariance="HC3")
    logged = LinearRegression(formula="log(body_mass_g) ~ flipper_length_mm").fit(penguins)
    crossed = LinearRegression(formula="body_mass_g ~ bill_depth_mm").fit(penguins)

    def reason(*pair):
        (test,) = mathlearn.compare(*pair).tests
        assert test.test is None
        return test.reason

    assert "not nested by their terms: (2) lacks flipper_length_mm" in reason(models[0], other)
    assert "differ in n (333 and 300)" in reason(models[0], fewer)
    assert reason(models[0], robust) == "they have the same terms"
    assert reason(models[0], logged) == "they are of different responses"
    assert "both have 2 parameters" in reason(models[0], crossed)


@pytest.fixture
def shuffled():
    """The same y; in the second frame the rows of one column, which both models have, stand in another order."""
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
    frame["y"] = frame["a"] + rng.normal(size=60)
    return frame, frame.assign(a=frame["a"].to_numpy()[::-1])


@pytest.mark.parametrize("formula", ["y ~ a", "y ~ 0 + a", "y ~ b + a"])
def test_models_of_rows_in_another_order_are_not_tested(shuffled, formula):
    first = LinearRegression(formula=formula).fit(shuffled[0])
    second = LinearRegression(formula="y ~ a + b + c").fit(shuffled[1])
    comparison = mathlearn.compare(first, second)
    (pair,) = comparison.tests
    assert pair.test is None
    assert pair.reason.startswith("a is not the same in both fits, or its rows stand in another order")
    assert "the models are of different rows" in str(comparison)
    with pytest.raises(SchemaError, match="a is not the same"):
        f_test(first, second)


@pytest.mark.parametrize(
    "change", [lambda a: np.r_[a[1], a[0], a[2:]], lambda a: a + 1e-9, lambda a: np.r_[a[0] + 1e-6, a[1:]]]
)
def test_two_rows_or_the_last_digits_are_enough_to_tell(shuffled, change):
    frame = shuffled[0]
    other = LinearRegression(formula="y ~ a + b").fit(frame.assign(a=change(frame["a"].to_numpy())))
    assert differing_column(LinearRegression(formula="y ~ a").fit(frame).result_, other.result_) == "a"


def test_all_rows_in_another_order_are_the_same_rows(shuffled):
    frame = shuffled[0]
    first = LinearRegression(formula="y ~ a").fit(frame)
    second = LinearRegression(formula="y ~ a + b").fit(frame.sample(frac=1, random_state=0))
    assert mathlearn.compare(first, second).tests[0].test is not None


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(8, 3000),
    units=st.tuples(*[st.integers(-60, 60)] * 4),
    far=st.tuples(*[st.sampled_from([0.0, 1.0, 1e4, 1e8])] * 4),
    weighted=st.booleans(),
)
@settings(max_examples=30)
def test_rounding_is_never_taken_for_other_rows(seed, n, units, far, weighted):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame((rng.normal(size=(n, 4)) + far) * 10.0 ** np.array(units), columns=list("abcy"))
    weight = rng.uniform(0.1, 3, n) if weighted else None
    fits = [
        LinearRegression(fit_intercept=constant).fit(frame[list(names)], frame["y"], sample_weight=weight).result_
        for constant in (True, False)
        for names in ("a", "ba", "cab")
    ]
    assert {differing_column(one, other) for one, other in permutations(fits, 2)} == {None}


def test_a_column_called_as_the_intercept_has_a_row_of_its_own():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 2)), columns=["(Intercept)", "`(Intercept)`"])
    y = 5 + X.sum(axis=1) + rng.normal(size=40)
    models = [
        LinearRegression().fit(X[["(Intercept)"]], y),
        LinearRegression().fit(X, y),
        LinearRegression(fit_intercept=False).fit(X, y),
    ]
    comparison = mathlearn.compare(*models, show=())
    assert comparison.terms == ("(Intercept)", "`(Intercept)`", "``(Intercept)``")
    cells = rows(str(comparison))
    first, second, third = ([f"{value:.5g}" for value in (m.intercept_, *m.coef_)] for m in models)
    assert cells["(Intercept)"] == [first[0], second[0]]
    assert [float(cell) for cell in cells["`(Intercept)`"]] == [float(each[1]) for each in (first, second, third)]
    assert not comparison.to_frame().duplicated(["model", "term"]).any()
    twins = mathlearn.compare_with_sklearn(models[1], X, y)
    assert twins.terms == comparison.terms


def test_a_robust_covariance_is_not_that_of_the_test(penguins, models):
    robust = models[1].infer(penguins, covariance="HC3")
    assert "HC3 covariance, this test does not" in str(mathlearn.compare(models[0], robust))


# ------------------------------------------------------------------------------------------------------------ refusals


def test_what_is_no_fitted_model_is_refused(penguins, models):
    with pytest.raises(NotFittedError, match="model 2: this LinearRegression instance is not fitted"):
        mathlearn.compare(models[0], LinearRegression())
    with pytest.raises(TypeError, match="at least one"):
        mathlearn.compare()
    with pytest.raises(TypeError, match=r"compare\(\*models\)"):
        mathlearn.compare(models)
    with pytest.raises(TypeError, match="compare_with_sklearn"):
        mathlearn.compare(Theirs())
    with pytest.raises(TypeError, match=r"pipeline\[-1\]"):
        mathlearn.compare(make_pipeline(StandardScaler(), LinearRegression()))
    with pytest.raises(TypeError, match="is of type int"):
        mathlearn.compare(models[0], 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": ["a"]}, "2 different names"),
        ({"names": ["a", "a"]}, "2 different names"),
        ({"names": "ab"}, "2 different names"),
        ({"show": "se"}, "show has 'se'"),
        ({"show": ("interval", "std_eror")}, "Did you mean 'std_error'"),
        ({"level": 1.5}, "level"),
    ],
)
def test_arguments_are_checked(models, arguments, message):
    with pytest.raises(DomainError, match=message):
        mathlearn.compare(*models[:2], **arguments)


def test_different_offsets_are_told_and_not_tested(penguins):
    small, large = (
        LinearRegression(formula=f"body_mass_g ~ {terms}").fit(penguins.dropna())
        for terms in (
            "bill_depth_mm + offset(10*flipper_length_mm)",
            "bill_depth_mm + bill_length_mm + offset(20*flipper_length_mm)",
        )
    )
    plain = LinearRegression(formula="body_mass_g ~ 1").fit(penguins.dropna())
    with pytest.raises(
        SchemaError,
        match=r"different offsets .*\(offset\(10 \* flip.*\) and offset\(20 \* flip.*F and R² do not compare",
    ):
        f_test(small, large)
    with pytest.raises(SchemaError, match=r"\(no offset and offset\(20"):
        f_test(plain, large)
    text = str(mathlearn.compare(small, large, plain))
    offsets = next(line for line in text.split("\n") if line.startswith("offset"))
    assert offsets.split("  ")[-1].strip() == "none"
    assert "10 * flipper_length_mm" in offsets
    assert "20 * flipper_length_mm" in offsets
    told = " ".join(text.split())
    assert "the models subtract different offsets" in told
    assert "different rows" not in told
    assert "no test, the fits subtract different offsets" in told
    same = str(mathlearn.compare(small, small))
    assert "different offsets" not in same
    assert "10 * flipper_length_mm" in same
    assert "\noffset" not in str(mathlearn.compare(plain))
