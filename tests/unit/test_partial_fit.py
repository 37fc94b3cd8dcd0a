"""New rows for a fit, and fits joined: what is accepted, what is refused and why, and what a user sees of what is withheld."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import mathlearn
from mathlearn.errors import DomainError, PrecisionWarning, RankDeficiencyWarning, SchemaError
from mathlearn.linear_model import LinearRegression, PoissonRegressor
from mathlearn.results.fit_result import DefectKind, Status

FORMULA = "body_mass_g ~ flipper_length_mm + species"


@pytest.fixture
def rows():
    rng = np.random.default_rng(1)
    X = rng.normal([0.0, 5.0, 1e3], size=(60, 3))
    return X, X @ [1.0, -2.0, 0.5] + rng.normal(size=60)


@pytest.fixture
def birds(penguins):
    return penguins.sample(frac=1.0, random_state=3)


def assert_close(found, truth):
    np.testing.assert_allclose(found.coef_, truth.coef_, rtol=1e-10)
    np.testing.assert_allclose(found.intercept_, truth.intercept_, rtol=1e-10)
    np.testing.assert_allclose(found.tidy()["std_error"], truth.tidy()["std_error"], rtol=1e-8)
    assert found.result_.n == truth.result_.n
    assert found.certificate_.ok
    assert found.certificate_.grade == "statistic"


# ------------------------------------------------------------------------------------------------------------ what works


def test_a_fit_goes_on_where_it_was(rows):
    X, y = rows
    model = LinearRegression().fit(X[:40], y[:40])
    assert_close(model.partial_fit(X[40:], y[40:]), LinearRegression().fit(X, y))


def test_a_loaded_model_goes_on(rows, tmp_path):
    X, y = rows
    LinearRegression().partial_fit(X[:40], y[:40]).save(tmp_path / "half.safetensors")
    model = mathlearn.load(tmp_path / "half.safetensors").partial_fit(X[40:], y[40:])
    assert_close(model, LinearRegression().fit(X, y))


def test_fit_begins_anew(rows):
    X, y = rows
    model = LinearRegression().partial_fit(X[:40], y[:40]).fit(X[40:], y[40:])
    assert model.result_.n == 20
    assert model.certificate_.grade == "rows"


def test_several_responses(rows):
    X, y = rows
    Y = np.column_stack([y, y**2])
    model = LinearRegression().partial_fit(X[:30], Y[:30]).partial_fit(X[30:], Y[30:])
    assert model.coef_.shape == (2, 3)
    assert_close(model, LinearRegression().fit(X, Y))


def test_sparse_rows_are_rows(rows):
    sparse = pytest.importorskip("scipy.sparse")
    X, y = rows
    model = LinearRegression().partial_fit(sparse.csr_array(X[:30]), y[:30]).partial_fit(X[30:], y[30:])
    assert_close(model, LinearRegression().fit(X, y))


def test_tables_in_another_order_of_columns(rows):
    X, y = rows
    table = pd.DataFrame(X, columns=list("abc")).assign(y=y)
    model = LinearRegression().partial_fit(table[:30], "y").partial_fit(table[30:][["y", "c", "a", "b"]])
    assert_close(model, LinearRegression().fit(table, "y"))
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]


def test_a_formula_keeps_what_it_has_learned(birds):
    model = LinearRegression(formula=FORMULA, missing="drop").partial_fit(birds[:100])
    for _, part in birds[100:].groupby("species"):
        model.partial_fit(part)
    truth = LinearRegression(formula=FORMULA, missing="drop").fit(birds)
    assert_close(model, truth)
    assert model.result_.n_dropped == truth.result_.n_dropped == 2


def test_an_offset_of_the_formula(birds):
    text = "body_mass_g ~ flipper_length_mm + offset(10 * bill_length_mm)"
    whole = birds.dropna()
    model = LinearRegression(formula=text).partial_fit(whole[:100]).partial_fit(whole[100:])
    assert_close(model, LinearRegression(formula=text).fit(whole))


def test_an_intercept_alone(birds):
    whole = birds.dropna()
    model = LinearRegression(formula="body_mass_g ~ 1").partial_fit(whole[:100]).partial_fit(whole[100:])
    assert_close(model, LinearRegression(formula="body_mass_g ~ 1").fit(whole))


def test_weights_may_come_later(rows):
    X, y = rows
    weight = np.linspace(0.5, 2.0, 30)
    model = LinearRegression().partial_fit(X[:30], y[:30]).partial_fit(X[30:], y[30:], weight)
    assert model.result_.weights_type == "precision"
    assert_close(model, LinearRegression().fit(X, y, np.concatenate([np.ones(30), weight])))


def test_weights_that_were_a_column_are_found_again(rows):
    X, y = rows
    table = pd.DataFrame(X, columns=list("abc")).assign(y=y, w=np.linspace(1, 3, 60))
    model = LinearRegression().partial_fit(table[:30], "y", "w").partial_fit(table[30:])
    assert_close(model, LinearRegression().fit(table, "y", "w"))


def test_huge_integers_keep_their_origin():
    rng = np.random.default_rng(4)
    x = 2**60 + rng.integers(0, 10**6, 80)
    y = (x - 2**60) * 1e-6 + rng.normal(size=80)
    model = LinearRegression().partial_fit(x[:40, None], y[:40]).partial_fit(x[40:, None], y[40:])
    truth = LinearRegression().fit(x[:, None], y)
    np.testing.assert_allclose(model.coef_, truth.coef_, rtol=1e-10)
    np.testing.assert_allclose(model.predict(x[:, None]), truth.predict(x[:, None]), atol=1e-9)


def test_a_statistic_is_derived_and_checked(rows):
    X, y = rows
    model = LinearRegression().partial_fit(X[:30], y[:30]).partial_fit(X[30:], y[30:])
    assert model.explain().passed
    assert model.verify(X, y).ok
    assert "recomputed from the merged statistic" in str(model.summary())


# ---------------------------------------------------------------------------------------------------------- what is not


@pytest.mark.parametrize("options", [{"covariance": "HC3"}, {"positive": True}])
def test_other_fits_have_no_such_method(options, rows):
    X, y = rows
    assert not hasattr(LinearRegression(**options), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit") as caught:
        LinearRegression(**options).partial_fit(X, y)
    assert next(iter(options)) in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"fit_intercept": False}),
        ({}, {"weights_type": "frequency"}),
        ({"formula": "y ~ a"}, {"formula": "y ~ b"}),
    ],
)
def test_a_changed_parameter_is_named(before, after, rows):
    X, y = rows
    table = pd.DataFrame(X, columns=list("abc")).assign(y=y)
    model = LinearRegression(**before).partial_fit(table, None if before else "y")
    coef = model.coef_.copy()
    (name,) = after
    with pytest.raises(DomainError, match=f"this model was fitted with {name}=.*set it back"):
        model.set_params(**after).partial_fit(table)
    np.testing.assert_array_equal(model.coef_, coef)


def test_rows_that_are_refused_leave_the_model_as_it_was(rows):
    X, y = rows
    model = LinearRegression().partial_fit(X, y)
    before = model.result_
    for bad in (np.where(np.arange(60) == 7, np.nan, y), y[:-1]):
        with pytest.raises(ValueError):
            model.partial_fit(X, bad)
    with pytest.raises(ValueError, match="2 features"):
        model.partial_fit(X[:, :2], y)
    assert model.result_ is before


def test_an_unseen_level_is_refused(birds):
    whole = birds.dropna()
    model = LinearRegression(formula=FORMULA).partial_fit(whole[whole["species"] != "Gentoo"])
    with pytest.raises(SchemaError, match="Gentoo"):
        model.partial_fit(whole)


def test_a_model_without_statistic_says_why(rows, tmp_path):
    X, y = rows
    LinearRegression().fit(X, y).save(tmp_path / "bare.safetensors", statistic=False)
    bare = mathlearn.load(tmp_path / "bare.safetensors")
    assert bare.result_.statistic is None
    np.testing.assert_array_equal(bare.predict(X), LinearRegression().fit(X, y).predict(X))
    with pytest.raises(DomainError, match="saved with statistic=False"):
        bare.partial_fit(X, y)
    with pytest.raises(DomainError, match=r"model 2 holds no statistic.*saved with statistic=False"):
        mathlearn.merge(LinearRegression().fit(X, y), bare)
    with pytest.warns(RankDeficiencyWarning):
        wide = LinearRegression().fit(X[:2], y[:2])
    with pytest.raises(DomainError, match="the solver of its rows, 'minimum-norm', forms none"):
        wide.partial_fit(X, y)


# ----------------------------------------------------------------------------------------------------- what is withheld


def withheld(model, call):
    """What a call of a model without numbers is answered."""
    with pytest.raises(DomainError) as caught:
        call(model)
    return str(caught.value)


@pytest.mark.parametrize(
    ("X", "why"),
    [
        (lambda X: X[:3], "3 rows do not determine 4 parameters"),
        (lambda X: X[:1], "1 row does not determine 4 parameters"),
        (lambda X: np.column_stack([X[:, :2], X[:, 0] + X[:, 1]]), "too few digits to tell the column 'x"),
        (lambda X: np.column_stack([X[:, :2], np.ones(60)]), "too few digits to tell the column 'x2' from a constant"),
    ],
)
def test_what_a_statistic_cannot_tell_is_withheld(X, why, rows, tmp_path):
    wide = X(rows[0])
    y = rows[1][: len(wide)]
    with pytest.warns(ConvergenceWarning, match=f"{why}.*all numbers are withheld"):
        model = LinearRegression().partial_fit(wide, y)
    result = model.result_
    assert not result.certificate.ok
    assert result.status is Status.STALLED
    assert np.isnan(model.coef_).all()
    assert np.isnan(model.intercept_)
    tidy = model.tidy()
    assert tidy.drop(columns="term").isna().all().all()
    assert all(why in reason for reason in tidy.attrs["reasons"].values())
    assert why in model.glance().attrs["reasons"]["r_squared"]
    assert "NOT CERTIFIED" in str(model.summary())
    for call in (
        lambda m: m.predict(wide),
        lambda m: m.predict_interval(wide),
        lambda m: m.score(wide, y),
        lambda m: m.explain(),
        lambda m: m.explain(wide[:1]),
        lambda m: m.report(tmp_path / "page.html", wide, y),
        lambda m: m.verify(wide, y),
    ):
        answer = withheld(model, call)
        assert why in answer
        assert "not affected" not in answer
    assert not (tmp_path / "page.html").exists()
    model.save(tmp_path / "none.safetensors")
    again = mathlearn.load(tmp_path / "none.safetensors")
    assert again.result_.withheld == result.withheld


def test_without_intercept_a_column_of_zeros_is_named(rows):
    X, y = rows
    with pytest.warns(ConvergenceWarning, match="'x1' from zero"):
        LinearRegression(fit_intercept=False).partial_fit(np.column_stack([X[:, 0], np.zeros(60)]), y)


def test_more_rows_bring_the_numbers(rows):
    X, y = rows
    with pytest.warns(ConvergenceWarning, match="They come with more rows"):
        model = LinearRegression().partial_fit(X[:2], y[:2])
    assert_close(model.partial_fit(X[2:], y[2:]), LinearRegression().fit(X, y))


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_line_through_its_points(cut):
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0.0, 2.0, 4.0, 6.0])
    model = LinearRegression()
    for part in (slice(cut), slice(cut, None)):
        model = _loudly(model, X[part], y[part])
    result = model.result_
    np.testing.assert_allclose(model.coef_, [2.0], rtol=1e-14)
    np.testing.assert_allclose(model.intercept_, 0.0, atol=1e-14)
    assert result.certificate.ok
    assert result.defects[0].kind is DefectKind.FEW_DIGITS
    assert np.isnan(result.deviance).all()
    assert model.tidy()["std_error"].isna().all()
    assert "residual variance of y" in model.glance().attrs["reasons"]["r_squared"]
    assert "Predictions are not affected" in withheld(model, lambda m: m.predict_interval(X))
    np.testing.assert_allclose(model.predict(X), y, atol=1e-14)


def _loudly(model, X, y):
    n = len(X) + (model.result_.n if hasattr(model, "result_") else 0)
    if n == 2:
        return model.partial_fit(X, y)
    expected = ConvergenceWarning if n < 2 else PrecisionWarning
    with pytest.warns(expected, match="withheld"):
        return model.partial_fit(X, y)


def test_as_many_rows_as_parameters_leave_no_residual():
    model = LinearRegression().partial_fit([[0.0], [1.0]], [0.0, 2.0])
    kinds = [defect.kind for defect in model.result_.defects]
    assert kinds == [DefectKind.EXACT_FIT, DefectKind.TOO_FEW_ROWS]
    assert model.result_.deviance.tolist() == [0.0]
    assert model.result_.certificate.ok


def test_a_constant_response_is_said_to_be_one():
    model = LinearRegression().partial_fit([[0.0], [1.0], [3.0]], [5.0, 5.0, 5.0])
    assert model.result_.defects[0].kind is DefectKind.CONSTANT_TARGET
    assert model.coef_.tolist() == [0.0]


def test_a_tolerance_is_kept_to_or_not_decided(rows):
    X, y = rows
    assert LinearRegression(tol=0.1).partial_fit(X, y).certificate_.ok
    with pytest.warns(ConvergenceWarning, match=r"which columns are dependent at tol=0\.999"):
        LinearRegression(tol=0.999).partial_fit(X, y)


# ---------------------------------------------------------------------------------------------------------------- merge


def test_models_are_left_as_they_were(rows):
    X, y = rows
    a, b = LinearRegression().fit(X[:30], y[:30]), LinearRegression().fit(X[30:], y[30:])
    before = a.result_, b.result_, a.result_.statistic.gram.copy()
    merged = mathlearn.merge(a, b)
    assert_close(merged, LinearRegression().fit(X, y))
    assert a.result_ is before[0]
    assert b.result_ is before[1]
    np.testing.assert_array_equal(a.result_.statistic.gram, before[2])
    assert merged is not a
    assert merged is not b


def test_merged_models_are_saved_and_merged_again(rows, tmp_path):
    X, y = rows
    parts = [LinearRegression().fit(X[part], y[part]) for part in (slice(20), slice(20, 40), slice(40, None))]
    mathlearn.merge(*parts[:2]).save(tmp_path / "two.safetensors")
    merged = mathlearn.merge(mathlearn.load(tmp_path / "two.safetensors"), parts[2])
    assert_close(merged, LinearRegression().fit(X, y))


def test_columns_with_names_are_found_by_them(rows):
    X, y = rows
    table = pd.DataFrame(X, columns=list("abc")).assign(y=y)
    a, b = LinearRegression().fit(table[:30], "y"), LinearRegression().fit(table[30:][["c", "y", "a", "b"]], "y")
    assert_close(mathlearn.merge(a, b), LinearRegression().fit(table, "y"))


@pytest.mark.parametrize("swapped", [False, True])
def test_origins_of_huge_integers_are_brought_together(swapped):
    """Times in nanoseconds, of two sites that were at work in other months."""
    rng = np.random.default_rng(6)
    begin, z = np.repeat([1_700_000_000_000_000_000, 1_702_000_000_000_000_001], 50), rng.normal(size=100)
    X = np.column_stack([begin + rng.integers(0, 10**15, 100), (1000 * z).astype(np.int64)])
    y = 1e-15 * (X[:, 0] - begin[0]) + z + 0.1 * rng.normal(size=100)
    parts = [slice(50), slice(50, None)]
    models = [LinearRegression().fit(X[part], y[part]) for part in (parts[::-1] if swapped else parts)]
    shifts = {model.design_.int_shift[0] for model in models}
    assert len(shifts) == 2
    merged, truth = mathlearn.merge(*models), LinearRegression().fit(X, y)
    assert_close(merged, truth)
    np.testing.assert_allclose(merged.predict(X), truth.predict(X), atol=1e-9)


def test_small_and_huge_integers_are_brought_together():
    rng = np.random.default_rng(7)
    X = np.sort(rng.integers(2**53 - 10**6, 2**53 + 10**6, 100))[:, None]
    y = 1e-6 * (X[:, 0] - 2**53) + rng.normal(size=100)
    small, huge = (LinearRegression().fit(X[part], y[part]) for part in (slice(20), slice(20, None)))
    assert not small.design_.int_shift
    for models in ((small, huge), (huge, small)):
        merged = mathlearn.merge(*models)
        np.testing.assert_allclose(merged.coef_, LinearRegression().fit(X, y).coef_, rtol=1e-9)
        np.testing.assert_allclose(merged.predict(X), LinearRegression().fit(X, y).predict(X), atol=1e-9)


def test_sites_need_the_same_levels(birds):
    whole = birds.dropna()
    apart = [LinearRegression(formula=FORMULA).fit(part) for _, part in whole.groupby("island") if len(part) > 50]
    with pytest.raises(SchemaError, match=r"different columns.*model 1 alone has.*Gentoo.*zeros and ones"):
        mathlearn.merge(*apart)
    text = "body_mass_g ~ flipper_length_mm + sex"
    same = [LinearRegression(formula=text).fit(part) for _, part in whole.groupby("island")]
    assert_close(mathlearn.merge(*same), LinearRegression(formula=text).fit(whole))


def test_columns_that_no_site_determines_alone(rows):
    X, y = rows
    X = np.column_stack([X, np.arange(60) >= 30])
    apart = []
    for part in (slice(30), slice(30, None)):
        with pytest.warns(RankDeficiencyWarning):
            apart.append(LinearRegression().fit(X[part], y[part]))
    assert_close(mathlearn.merge(*apart), LinearRegression().fit(X, y))


def test_what_a_formula_learns_from_rows_must_be_the_same(birds):
    whole = birds.dropna()
    text = "body_mass_g ~ poly(flipper_length_mm, 2)"
    a, b = (LinearRegression(formula=text).fit(part) for part in (whole[:150], whole[150:]))
    with pytest.raises(SchemaError, match="has learned other numbers"):
        mathlearn.merge(a, b)
    powers = "body_mass_g ~ flipper_length_mm + I((flipper_length_mm - 200)**2)"
    a, b = (LinearRegression(formula=powers).fit(part) for part in (whole[:150], whole[150:]))
    assert_close(mathlearn.merge(a, b), LinearRegression(formula=powers).fit(whole))


def test_what_cannot_be_merged_says_what_differs(rows):
    X, y = rows
    table = pd.DataFrame(X, columns=list("abc")).assign(y=y)
    plain = LinearRegression().fit(X, y)
    for other, error, message in (
        (LinearRegression(fit_intercept=False).fit(X, y), DomainError, "model 2 has fit_intercept=False, and model 1"),
        (LinearRegression(covariance="HC3").fit(X, y), DomainError, "merge needs covariance='classical'"),
        (LinearRegression(positive=True).fit(X, y), DomainError, "merge needs positive=False"),
        (LinearRegression().fit(table, "y"), SchemaError, "model 2 have names and those of model 1 have none"),
        (LinearRegression().fit(X[:, :2], y), SchemaError, "model 1 alone has 'x2'"),
        (LinearRegression().fit(X, np.column_stack([y, y + X[:, 0] ** 2])), SchemaError, "give y the same name"),
        (PoissonRegressor().fit(X - X.mean(axis=0), np.arange(60.0)), TypeError, "model 2 is a PoissonRegressor"),
    ):
        with pytest.raises(error, match=message):
            mathlearn.merge(plain, other)
    with pytest.raises(ValueError, match="not fitted"):
        mathlearn.merge(plain, LinearRegression())
    with pytest.raises(DomainError, match="model 1 was fitted with fit_intercept=True, which is now False"):
        mathlearn.merge(*(LinearRegression().fit(X, y).set_params(fit_intercept=False) for _ in range(2)))


def test_how_a_fit_is_computed_may_differ(rows):
    X, y = rows
    a, b = LinearRegression(n_jobs=1).fit(X[:30], y[:30]), LinearRegression(n_jobs=2, copy_X=False).fit(X[30:], y[30:])
    assert mathlearn.merge(a, b).get_params() == a.get_params()


def test_files_whose_sums_contradict_the_counts_are_refused(rows, tmp_path):
    from dataclasses import replace

    X, y = rows
    model = LinearRegression().fit(X, y)
    whole = model.result_
    for wrong, message in (
        (replace(whole.statistic, n=59), "other numbers of rows"),
        (replace(whole.statistic, chunks=0), "no blocks"),
        (replace(whole.statistic, gram=np.triu(whole.statistic.gram)), "no matrix of sums of squares"),
        (replace(whole.statistic, gram=-whole.statistic.gram), "no matrix of sums of squares"),
    ):
        model.result_ = replace(whole, statistic=wrong)
        model.save(tmp_path / "wrong.safetensors")
        with pytest.raises(ValueError, match=message):
            mathlearn.load(tmp_path / "wrong.safetensors")


# --------------------------------------------------------------------------------------------------------- command line


def test_the_command_joins_files(rows, tmp_path, capsys):
    from mathlearn.cli import main

    X, y = rows
    names = [str(tmp_path / f"{name}.safetensors") for name in "abc"]
    LinearRegression().fit(X[:30], y[:30]).save(names[0])
    LinearRegression().fit(X[30:], y[30:]).save(names[1])
    assert main(["merge", *names[:2], "-o", names[2]]) == 0
    assert "60 rows, certified" in capsys.readouterr().err
    assert_close(mathlearn.load(names[2]), LinearRegression().fit(X, y))
    assert main(["merge", names[0], "-o", names[2]]) == 2
    assert "two models or more" in capsys.readouterr().err
