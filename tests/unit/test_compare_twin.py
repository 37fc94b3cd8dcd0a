"""Beside scikit-learn's estimator: how far apart, and the reason that the evidence gives."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import diags_array, random_array
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression as Theirs

import mathlearn
from mathlearn.errors import ResourceError, SchemaError
from mathlearn.linear_model import LinearRegression
from mathlearn.statistics.text_table import display_width
from tests.data import raw_units


@pytest.fixture(scope="module")
def penguins():
    return mathlearn.datasets.load_penguins().dropna().reset_index(drop=True)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    return X, X @ [1.0, 2.0, 3.0, 4.0] + rng.normal(size=500)


def beside(X, y, *, sample_weight=None, **parameters):
    model = LinearRegression(**parameters).fit(X, y, sample_weight)
    return mathlearn.compare_with_sklearn(model, X, y, sample_weight)


def kinds(twins):
    return [cause.kind for cause in twins.causes]


# ----------------------------------------------------------------------------------------------------------- agreement


@pytest.mark.parametrize("parameters", [{}, {"fit_intercept": False}, {"positive": True}, {"covariance": "HC3"}])
def test_ordinary_data_give_the_same_numbers(rows, parameters):
    twins = beside(*rows, **parameters)
    assert twins.alike
    assert twins.verdict in {f"the same to {digits} digits" for digits in (13, 14, 15)}
    assert kinds(twins) == ["rounding"]
    assert "the same to" in str(twins)


def test_the_other_side_is_scikit_learn_s_own_fit(rows):
    X, y = rows
    twins = beside(X, y)
    theirs = Theirs().fit(X, y)
    assert np.array_equal(twins.sklearn[0], [theirs.intercept_, *theirs.coef_])
    assert twins.r_squared[1][0] == pytest.approx(theirs.score(X, y), abs=1e-15)
    assert twins.rank == (4, 4)
    frame = twins.to_frame()
    assert frame["term"].tolist() == ["(Intercept)", "x0", "x1", "x2", "x3"]
    assert frame["difference"].tolist() == (twins.sklearn - twins.mathlearn)[0].tolist()


def test_weights_of_rows(rows):
    X, y = rows
    weights = np.random.default_rng(1).uniform(0.1, 2, len(y))
    weights[:20] = 0
    twins = beside(X, y, sample_weight=weights)
    assert twins.alike
    assert twins.r_squared[1][0] == pytest.approx(Theirs().fit(X, y, weights).score(X, y, weights), abs=1e-14)
    assert beside(X, y, sample_weight=np.arange(len(y)) % 3, weights_type="frequency").alike


@pytest.mark.parametrize("size", [1e-200, 1e150, 1e200, 1e280])
@pytest.mark.parametrize("constant", [True, False])
def test_weights_of_any_size(rows, size, constant):
    X, y = rows
    w = np.linspace(1, 2, len(y)) * size
    twins = beside(X, y, sample_weight=w, fit_intercept=constant)  # warnings are errors
    assert twins.verdict.startswith("the same to 1")


@pytest.mark.parametrize("size", [(1e-140, 1.0), (1e140, 1.0), (1.0, 1e140), (1e-70, 1e-70), (1e100, 1e-100)])
def test_numbers_of_any_size(rows, size):
    X, y = rows
    assert beside(X * size[0], y * size[1]).verdict.startswith("the same to 1")


@pytest.mark.parametrize("constant", [True, False])
def test_of_a_constant_response_there_is_no_r_squared(rows, constant):
    X, y = rows
    twins = beside(X, np.column_stack([np.full(len(y), 1e8 + 0.1), y]), fit_intercept=constant)
    assert np.isnan(twins.r_squared).tolist() == [[True, False]] * 2
    text = str(twins)
    assert "R² on these rows" in text
    assert "¹ does not exist: the response does not vary on these rows" in text


def test_a_formula_is_compared_on_the_columns_it_encodes(penguins):
    model = LinearRegression(formula="log(body_mass_g) ~ flipper_length_mm + species * sex").fit(penguins)
    twins = mathlearn.compare_with_sklearn(model, penguins)
    assert twins.alike
    assert twins.terms == tuple(model.tidy()["term"])
    assert twins.r_squared[0][0] == pytest.approx(model.score(penguins))
    one_sided = LinearRegression(formula="~ flipper_length_mm").fit(penguins, penguins["body_mass_g"])
    assert mathlearn.compare_with_sklearn(one_sided, penguins, penguins["body_mass_g"]).alike


def test_offsets_are_those_of_the_fit(penguins):
    model = LinearRegression(formula="body_mass_g ~ flipper_length_mm + offset(bill_depth_mm)").fit(penguins)
    twins = mathlearn.compare_with_sklearn(model, penguins)
    assert twins.alike
    assert twins.r_squared[0][0] == pytest.approx(model.score(penguins))


def test_rows_that_were_dropped_are_left_out():
    table = mathlearn.datasets.load_penguins()
    model = LinearRegression(formula="body_mass_g ~ bill_depth_mm + sex", missing="drop").fit(table)
    assert mathlearn.compare_with_sklearn(model, table).n == 333


@pytest.mark.parametrize("make", [lambda frame: frame, pl.from_pandas, lambda frame: frame.iloc[:, ::-1]])
def test_frames_and_columns_named_by_role(penguins, make):
    frame = penguins[["flipper_length_mm", "bill_depth_mm", "body_mass_g", "bill_length_mm"]]
    model = LinearRegression().fit(frame, "body_mass_g", sample_weight="bill_length_mm")
    twins = mathlearn.compare_with_sklearn(model, make(frame))
    assert twins.alike
    assert twins.responses == ("body_mass_g",)


def test_several_responses(penguins):
    X, y = penguins[["flipper_length_mm", "bill_depth_mm"]], penguins[["body_mass_g", "bill_length_mm"]]
    twins = beside(X, y)
    assert twins.alike
    assert twins.mathlearn.shape == (2, 3)
    text = str(twins)
    assert text.index("\nbody_mass_g\n") < text.index("\nbill_length_mm\n")
    assert twins.to_frame()["response"].tolist() == ["body_mass_g"] * 3 + ["bill_length_mm"] * 3


@pytest.mark.parametrize("y", [np.arange(500) % 7, (np.arange(500) % 7).astype(np.float32), np.arange(500) % 3 == 0])
def test_y_of_another_type(rows, y):
    assert beside(rows[0], y).alike


@pytest.mark.parametrize(
    "y", [lambda X: X @ [1.0, 2.0, 0.0, 0.0], lambda X: np.ones(len(X)), lambda X: np.zeros(len(X))]
)
def test_exact_fits_are_the_same_although_they_have_no_standard_errors(rows, y):
    twins = beside(rows[0], y(rows[0]))
    assert twins.alike
    assert np.isnan(twins.in_se).all()


# -------------------------------------------------------------------------------------------------------------- reasons


def test_the_flag_beside_a_timestamp_falls_to_scikit_learn_s_cut_off():
    X, y, _, _ = raw_units.timestamps()
    twins = beside(X, y)
    assert not twins.alike
    assert twins.rank == (3, 1)
    assert twins.r_squared[0][0] == pytest.approx(0.977, abs=1e-3)
    assert twins.r_squared[1][0] == pytest.approx(0.189, abs=1e-3)
    assert twins.verdict == "DIFFERENT: up to 313 standard errors apart (x1)"
    assert kinds(twins) == ["rank"]
    (cause,) = twins.causes
    assert "only 1 of 3 directions" in cause.sentence
    assert "tol = 1e-06 times the largest" in cause.sentence
    assert "the units alone" in cause.sentence
    assert "correlate 0.82 with x1" in cause.sentence


def test_without_standard_errors_digits_tell():
    X, y, _ = raw_units.scales()
    twins = beside(X, y)
    assert twins.verdict.startswith("DIFFERENT: x")
    assert kinds(twins) == ["rank"]


def test_collinear_columns_are_told_from_units(rows):
    X, y = rows
    twins = beside(np.column_stack([X[:, 0], X[:, 0] + 1e-8 * X[:, 1]]), y)
    assert "the columns are collinear" in twins.causes[0].sentence
    assert "units alone" not in twins.causes[0].sentence


def test_a_rank_that_scikit_learn_takes_for_larger(rows):
    X, y = rows
    near = np.column_stack([X, X[:, 0] + 1e-3 * np.random.default_rng(1).normal(size=len(X))])
    with pytest.warns(match="dependent"):
        model = LinearRegression(tol=0.01).fit(near, y)
    twins = mathlearn.compare_with_sklearn(model, near, y)
    assert twins.rank == (4, 5)
    assert kinds(twins)[0] == "rank"
    assert "Its coefficients along there are noise" in twins.causes[0].sentence


def test_dependent_columns_of_minimum_norm(penguins):
    frame = penguins[["flipper_length_mm"]].assign(cm=penguins["flipper_length_mm"] / 10)
    with pytest.warns(match="cm"):
        twins = beside(frame, penguins["body_mass_g"])
    assert twins.alike
    assert kinds(twins) == ["null space", "rounding"]
    assert "the solution of minimum norm" in twins.causes[0].sentence
    assert "¹ not determined by the data" in str(twins)


def test_another_choice_in_the_null_space_changes_no_prediction(rows, monkeypatch):
    X, y = rows
    Z = np.column_stack([X, X[:, 0]])
    fit = Theirs.fit

    def moved(self, *args, **kwargs):
        fit(self, *args, **kwargs)
        self.coef_ = self.coef_ + np.array([1.0, 0, 0, 0, -1.0])
        return self

    monkeypatch.setattr(Theirs, "fit", moved)
    with pytest.warns(match="x4"):
        twins = beside(Z, y)
    assert twins.alike
    assert "The difference lies in the null space" in twins.causes[0].sentence


def test_more_columns_than_rows(rows):
    X, y = rows
    with pytest.warns(match="rows"):
        twins = beside(X[:3], y[:3])
    assert twins.verdict == "the same predictions; no coefficient is determined by the data"
    assert twins.alike


@pytest.mark.parametrize("make", [lambda X: X, lambda X: pd.DataFrame(X, columns=list("abcd"))])
def test_numbers_of_24_bits(rows, make):
    X, y = rows
    twins = beside(make(X.astype(np.float32)), y)
    assert kinds(twins) == ["precision"]
    assert twins.digits.min() < 7.5
    # Rounded in another order where the numbers lie in another order.
    assert twins.sklearn[0][1:] == pytest.approx(Theirs().fit(make(X.astype(np.float32)), y).coef_, rel=1e-5)


def test_integers_that_no_double_holds(rows):
    rng = np.random.default_rng(0)
    X = np.column_stack([2**60 + rng.integers(0, 1000, 500), rng.integers(0, 9, 500)])
    twins = beside(X, X[:, 1] + rng.normal(size=500))
    assert "precision" in kinds(twins)
    assert "(x0)" in twins.causes[0].sentence


def test_sparse_rows_are_iterated_over():
    S = random_array((2000, 5), density=0.2, rng=0, format="csr")
    y = S @ np.arange(5.0) + np.random.default_rng(0).normal(size=2000)
    near = beside(S, y)
    assert near.alike
    assert near.rank == (5, None)
    far = beside((S @ diags_array([1, 1e3, 1e-3, 1, 1e5])).tocsr(), y)
    assert not far.alike
    assert kinds(far) == ["iterations"]
    assert "stops at tol = 1e-06" in far.causes[0].sentence


def test_rounding_that_the_units_magnify(monkeypatch, rows):
    X, y = rows
    Z = X * [1.0, 1.0, 1.0, 1e-5]
    fit = Theirs.fit

    def shaken(self, *args, **kwargs):
        fit(self, *args, **kwargs)
        self.coef_ = self.coef_ * [1, 1, 1, 1 + 1e-7]
        return self

    monkeypatch.setattr(Theirs, "fit", shaken)
    twins = beside(Z, y)
    assert kinds(twins) == ["conditioning"]
    assert "in your units (1.0e+05" in twins.causes[0].sentence


def test_an_intercept_far_outside_the_data(monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=200) + 1e4
    fit = Theirs.fit

    def shaken(self, *args, **kwargs):
        fit(self, *args, **kwargs)
        self.coef_ = self.coef_ * (1 + 1e-9)
        self.intercept_ -= 1e4 * 1e-9
        return self

    monkeypatch.setattr(Theirs, "fit", shaken)
    twins = beside(x[:, None], 1 + x + 1e-4 * rng.normal(size=200))
    assert "cancellation" in kinds(twins)
    assert "the part of x0 is 9352 times what remains" in next(
        c.sentence for c in twins.causes if c.kind == "cancellation"
    )


def test_a_difference_without_a_cause_is_said_to_have_none(monkeypatch, rows):
    X, y = rows
    fit = Theirs.fit

    def wrong(self, *args, **kwargs):
        fit(self, *args, **kwargs)
        self.coef_ = self.coef_ + 1
        return self

    monkeypatch.setattr(Theirs, "fit", wrong)
    twins = beside(X, y)
    assert kinds(twins) == ["unexplained"]
    assert "Ours: certified" in twins.causes[0].sentence
    assert not twins.alike


def test_a_failure_of_scikit_learn_is_told(monkeypatch, rows):
    def fails(self, *args, **kwargs):
        raise ValueError("SVD <did> not converge")

    monkeypatch.setattr(Theirs, "fit", fails)
    twins = beside(*rows)
    assert twins.verdict == "scikit-learn's fit failed"
    assert "ValueError: SVD <did> not converge" in str(twins)
    assert "&lt;did&gt;" in twins.to_html()
    assert np.isnan(twins.sklearn).all()
    assert not twins.alike


# ------------------------------------------------------------------------------------------------------------- refusals


def test_other_rows_are_refused(rows):
    X, y = rows
    model = LinearRegression().fit(X, y)
    for other in ((X[:-1], y[:-1]), (X, y + 1e-3 * X[:, 0]), (X[::-1], y)):
        with pytest.raises(SchemaError, match="not the rows of the fit"):
            mathlearn.compare_with_sklearn(model, *other)
    with pytest.raises(SchemaError, match="not the rows of the fit"):
        mathlearn.compare_with_sklearn(model, X, y, np.arange(1.0, 501))


def test_rows_beyond_the_memory_that_may_be_used_are_refused_before_they_are_read(rows, tmp_path):
    X, y = rows
    model = LinearRegression().fit(X, y)
    file = tmp_path / "rows.csv"
    pd.DataFrame(X, columns=list("abcd")).assign(y=y).to_csv(file, index=False)
    streamed = LinearRegression().fit(mathlearn.scan(file), "y")
    assert mathlearn.compare_with_sklearn(streamed, mathlearn.scan(file)).alike
    with mathlearn.config_context(max_memory=20_000):
        with pytest.raises(ResourceError, match=r"500 rows or more, .* sample of the rows"):
            mathlearn.compare_with_sklearn(model, X, y)
        with pytest.raises(ResourceError, match="max_memory"):
            mathlearn.compare_with_sklearn(streamed, mathlearn.scan(file))


def test_what_has_no_twin_is_refused(rows):
    X, y = rows
    model = LinearRegression().fit(X, y)
    with pytest.raises(NotFittedError):
        mathlearn.compare_with_sklearn(LinearRegression(), X, y)
    with pytest.raises(TypeError, match="result_ alone"):
        mathlearn.compare_with_sklearn(model.result_, X, y)
    with pytest.raises(TypeError, match="no fit of mathlearn's"):
        mathlearn.compare_with_sklearn(Theirs().fit(X, y), X, y)
    with pytest.raises(TypeError, match="scikit-learn has no SimpleNamespace"):
        mathlearn.compare_with_sklearn(SimpleNamespace(result_=model.result_), X, y)


def test_the_caller_s_data_are_left_alone(rows):
    X, y = rows
    before = X.copy(), y.copy()
    beside(X, y)
    assert np.array_equal(X, before[0])
    assert np.array_equal(y, before[1])


def test_a_subclass_has_the_same_twin(rows):
    class Mine(LinearRegression):
        pass

    assert mathlearn.compare_with_sklearn(Mine().fit(*rows), *rows).twin.startswith("LinearRegression(")


# -------------------------------------------------------------------------------------------------------------- formats


def test_every_format_is_safe_with_any_names(rows):
    X, y = rows
    frame = pd.DataFrame(X, columns=["<script>alert(1)</script>", r"\input{/etc/passwd}", "宽度" * 40, "a\x1b[31m|`$"])
    twins = beside(frame, pd.Series(y, name="<b>y"))
    assert all(display_width(line) <= 100 for line in str(twins).splitlines())
    assert "\x1b" not in str(twins)
    assert "<script>" not in twins.to_html() + twins.to_markdown()
    assert r"\input{" not in twins.to_latex()
    assert set(twins._repr_mimebundle_()) == {"text/plain", "text/html", "text/latex", "text/markdown"}
