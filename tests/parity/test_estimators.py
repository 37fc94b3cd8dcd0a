"""Every estimator, on every source, in blocks of any size: the same fit, and the same of all that is read afterwards."""

from __future__ import annotations

from itertools import chain, product

import dask
import numpy as np
import pytest
from sklearn.base import clone

from mathlearn.linear_model import LinearRegression
from tests.parity.cases import CASES, FAMILY, FORMULAS, OPTIONS, PLAIN, TABLE, estimators_without_case
from tests.parity.sources import ARRAYS, DASK, DIALECTS, NAMED, arguments, blocks_of

APART = {*DASK, "Dask array"}
"""Sources whose blocks end where their partitions end; all others are cut alike."""

EPS = np.finfo(float).eps

_EVERY = [*ARRAYS, *(kind for kind in NAMED if kind not in DIALECTS)]
_SOME = ["array", "polars", "csv", "parquet folder", "sql, parquet", "Dask frame"]
_SMALL = 64

PAIRS = [
    *product([*PLAIN, *OPTIONS], _EVERY, [_SMALL]),
    *product(PLAIN, _EVERY, [None]),
    *product(["least squares"], _EVERY, [1]),
    *product(["logistic"], _EVERY, [7]),
    *product(FORMULAS, [kind for kind in _EVERY if kind in NAMED], [_SMALL]),
    *product(("formula",), DIALECTS, [_SMALL]),
    *product(FAMILY, _SOME, [_SMALL]),
]
"""Case, source, and rows in a block (None: as many as there are)."""


@pytest.fixture(autouse=True)
def in_this_thread():
    """Processes are tried in test_dask."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """Return what is passed to `fit` for a case, written once for all cases of the same columns."""
    made = {}

    def given(name, kind):
        case = CASES[name]
        key = kind, tuple(case.frame), tuple(case.roles.items())
        if key not in made:
            made[key] = arguments(kind, case.frame, tmp_path_factory.mktemp("source"), case.roles)
        return made[key]

    return given


@pytest.fixture(scope="session")
def fitted(shelf):
    """Return the fit of a case on what lies in memory: an array, or the frame that a formula needs."""
    made = {}

    def fit(name, rows, kind=None):
        kind = kind or _in_memory(name)
        if (name, rows, kind) not in made:
            made[name, rows, kind] = _fit(shelf, name, kind, rows)
        return made[name, rows, kind]

    return fit


def _in_memory(name):
    """What a source is compared with: an array, or a frame where a formula needs names."""
    return "array" if CASES[name].columns else "pandas"


def _fit(shelf, name, kind, rows):
    given = shelf(name, kind)
    with blocks_of(rows):
        return clone(CASES[name].model).fit(given.X, **given.roles)


def _bits(model):
    """What has to be equal to the last bit where rows are cut alike."""
    table, glance = model.tidy(), model.glance()
    numbers = [table[column] for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high")]
    names = ("deviance", "rss", "log_likelihood", "theta", "r_squared", "dispersion")
    return [*chain(*numbers), *(glance[name][0] for name in names if name in glance)]


def _check(model, name):
    return next((check.value for check in model.certificate_.checks if check.name == name), 0.0)


def _assert_certified_alike(found, expected):
    """Hold the difference of two fits against what their certificates leave open."""
    assert found.certificate_.ok, found.certificate_
    assert found.certificate_.verdict == expected.certificate_.verdict
    for attribute in ("n", "n_dropped", "rank", "df_resid", "weight_sum"):
        assert getattr(found.result_, attribute) == pytest.approx(getattr(expected.result_, attribute), rel=1e-14)
    if hasattr(found, "feature_names_in_") and hasattr(expected, "feature_names_in_"):
        assert found.result_.terms == expected.result_.terms
    assert len(found.result_.terms) == len(expected.result_.terms)
    ours, theirs = found.tidy(), expected.tidy()
    rounding = found.result_.n * EPS  # of a sum over the rows
    _assert_estimates(ours, theirs, found, expected, rounding)
    standard = rounding + _check(found, "standard_errors") + _check(expected, "standard_errors")
    np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=standard)
    ours, theirs = found.glance(), expected.glance()
    for column in ("log_likelihood", "deviance", "null_deviance", "pearson", "rss"):
        if column in theirs:
            np.testing.assert_allclose(ours[column], theirs[column], rtol=rounding)


def _assert_estimates(ours, theirs, found, expected, rounding):
    digits = [model.certificate_.digits for model in (found, expected)]
    # Digits are those of a coefficient or of its standard error, whichever is larger. Where signs are bound none are counted.
    bound = sum(10.0**-each if np.isfinite(each) else rounding for each in digits)
    if "poly" in (found.formula or ""):  # a basis is learned from sums over the rows, and rounded as they are
        bound += rounding
    size = np.fmax(theirs["estimate"].abs(), theirs["std_error"])
    away = (ours["estimate"] - theirs["estimate"]).abs()
    assert (away <= bound * size).all(), (away / size).max() / bound


def _offset(given):
    """What predictions need beside X."""
    return {role: value for role, value in given.roles.items() if role == "offset"}


def _assert_predicted_alike(found, given, expected, here):
    method = "predict_proba" if hasattr(found, "classes_") else "predict"
    ours, theirs = getattr(found, method)(given.X, **_offset(given)), getattr(expected, method)(here.X, **_offset(here))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_every_estimator_has_a_case():
    assert not estimators_without_case()


@pytest.mark.parametrize(("name", "kind", "rows"), PAIRS)
def test_the_same_fit(name, kind, rows, shelf, fitted):
    model = _fit(shelf, name, kind, rows)
    _assert_certified_alike(model, fitted(name, None))
    if kind in APART:
        _assert_predicted_alike(model, shelf(name, kind), fitted(name, None), shelf(name, _in_memory(name)))
        return
    expected = fitted(name, rows)
    if rows is None and isinstance(model, LinearRegression):
        # A small table that lies in memory as one block is solved from its rows, not from their sums.
        _assert_certified_alike(model, expected)
    else:
        np.testing.assert_array_equal(_bits(model), _bits(expected))


def test_blocks_are_as_small_as_they_are_asked_for(shelf, monkeypatch):
    """Else the tests above would compare fits of a single block."""
    from mathlearn.data.bound import BoundRows

    seen = []
    inside = BoundRows.reduce

    def watched(self, of, merge, *, max_rows, threads):
        seen.append(max_rows)
        return inside(self, of, merge, max_rows=max_rows, threads=threads)

    monkeypatch.setattr(BoundRows, "reduce", watched)
    for name, kind, rows in product(("least squares", "Poisson"), ("csv", "array"), (7, _SMALL)):
        seen.clear()
        _fit(shelf, name, kind, rows)
        assert min(seen) == rows


# ------------------------------------------------------------------------------------------------- read afterwards

AFTERWARDS = [
    (name, kind)
    for name in ("gaps", "formula", "classes", "Poisson, offset")
    for kind in _EVERY
    if kind in NAMED or CASES[name].columns
]
DIAGNOSED = [
    # Tests of least squares simulate their law on few rows, which takes longer than to read them.
    (name, kind)
    for name, kind in AFTERWARDS
    if kind in _SOME or name not in {"gaps", "formula"}
]


@pytest.fixture
def read(shelf, fitted):
    """Return what a fitted model makes of a source, and of the same rows in memory."""

    def of(name, kind, question):
        here = "array" if kind in ARRAYS else "pandas"
        model = fitted(name, _SMALL, here)
        with blocks_of(_SMALL):
            return [question(model, shelf(name, each)) for each in (kind, here)]

    return of


def _predictions(model, given):
    asked = _offset(given)
    interval = model.predict_interval(given.X, **asked)
    yield from (interval.estimate, interval.lower, interval.upper)
    if hasattr(model, "classes_"):
        yield model.predict_proba(given.X, **asked)
        labels = model.predict(given.X, **asked)
        yield np.searchsorted(model.classes_, labels)
    else:
        yield model.predict(given.X, **asked)


@pytest.mark.parametrize(("name", "kind"), AFTERWARDS)
def test_the_same_predictions(name, kind, read):
    found, expected = read(name, kind, lambda model, given: list(_predictions(model, given)))
    for ours, theirs in zip(found, expected, strict=True):
        assert len(ours) == len(TABLE)
        if kind in APART:  # the product of a block with the coefficients is not rounded alike for every number of rows
            np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-13)
        else:
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("name", "kind"), AFTERWARDS)
def test_the_same_table_of_rows(name, kind, read):
    found, expected = read(name, kind, lambda model, given: model.augment(given.X, **given.roles))
    assert list(found) == list(expected)
    assert len(found) == len(expected)
    for column in expected:
        if expected[column].dtype.kind in "if":
            np.testing.assert_allclose(found[column], expected[column], rtol=1e-12, atol=1e-12)
        else:
            assert found[column].tolist() == expected[column].tolist()


@pytest.mark.parametrize(("name", "kind"), AFTERWARDS)
def test_the_same_score(name, kind, read):
    found, expected = read(name, kind, lambda model, given: model.score(given.X, **given.roles))
    assert found == pytest.approx(expected, rel=len(TABLE) * EPS)


@pytest.mark.parametrize(("name", "kind"), DIAGNOSED)
def test_the_same_diagnosis(name, kind, read):
    found, expected = read(name, kind, lambda model, given: model.diagnose(given.X, **given.roles))
    assert found.n == expected.n
    for ours, theirs in zip(found.findings, expected.findings, strict=True):
        for attribute in ("name", "severity", "subject", "response", "reason"):
            assert getattr(ours, attribute) == getattr(theirs, attribute)
        assert _sizes(ours) == pytest.approx(_sizes(theirs), nan_ok=True)


def _sizes(finding):
    numbers = {} if finding.effect is None else {"effect": finding.effect.value}
    for test in finding.tests:
        numbers |= {
            f"{test.method} {place}": value for place, value in enumerate((test.statistic, test.p_value, *test.df))
        }
    return numbers


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kind in AFTERWARDS if kind in _SOME])
def test_the_same_evidence_from_the_rows(name, kind, read):
    found, expected = read(name, kind, lambda model, given: model.verify(given.X, **given.roles))
    assert found.grade == expected.grade == "rows"
    assert found.verdict == expected.verdict == "certified"
