"""A fit that was stopped anywhere and is gone on with has the result of one that was not, to the last bit."""

from __future__ import annotations

import warnings
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from _stopped import Stopped, counting, stop, written_always
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sklearn.exceptions import ConvergenceWarning

import mathlearn
from mathlearn._errors import RankDeficiencyWarning
from mathlearn.data.bound import BoundRows
from mathlearn.data.digest import digest
from mathlearn.data.parquet_part import ParquetPart
from mathlearn.linear_model import (
    GammaRegressor,
    GeneralizedLinearRegressor,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)

N = 1300


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table in three Parquet files of small blocks and in one CSV file."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(N, 2))
    eta = x @ [0.6, -0.4]
    table = pd.DataFrame({
        "a": x[:, 0] * 3 + 1e4,
        "b": x[:, 1],
        "city": rng.choice(["x", "y", "z"], N),
        "y": eta + rng.normal(size=N),
        "count": rng.poisson(np.exp(eta)),
        "amount": rng.gamma(2.0, np.exp(eta)) + 1e-6,
        "kind": rng.choice(["p", "q", "r"], N),
        "yes": (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(int),
        "w": rng.integers(0, 4, N).astype(float),
        "firm": rng.integers(0, 30, N),
    })  # fmt: skip
    table["sure"] = table["yes"] + rng.random(N) / 2
    table.loc[150:600, "w"] = 0.0
    gaps = table.assign(b=table["b"].where((table.index < 100) | (table.index > 560) & (table.index < 1150)))
    path = tmp_path_factory.mktemp("resume")
    for name, rows in {"full": table, "gaps": gaps}.items():
        (path / name).mkdir()
        for i, part in enumerate(np.array_split(np.arange(N), 3)):
            rows.iloc[part].to_parquet(path / name / f"{i}.parquet", index=False, row_group_size=190)
    table.to_csv(path / "full.csv", index=False)
    return path


CASES = {
    "least squares": (LinearRegression(formula="y ~ a + b + city"), "full", {}),
    "one column": (LinearRegression(formula="y ~ b"), "full", {}),
    "weights of zero": (LinearRegression(formula="y ~ a + b"), "full", {"sample_weight": "w"}),
    "rows dropped": (LinearRegression(formula="y ~ a + b", missing="drop"), "gaps", {}),
    "robust": (LinearRegression(formula="y ~ a + b", covariance="HC3"), "full", {}),
    "clusters": (LinearRegression(formula="y ~ a", covariance="cluster"), "full", {"groups": "firm"}),
    "dependent": (LinearRegression(formula="y ~ a + b + I(a + 2*b)"), "full", {}),
    "csv": (LinearRegression(formula="y ~ a + b"), "full.csv", {}),
    "offset": (PoissonRegressor(alpha=0, formula="count ~ a + city + offset(b)"), "full", {}),
    "logistic": (LogisticRegression(C=np.inf, formula="yes ~ a + b"), "full", {}),
    "class weights": (LogisticRegression(class_weight="balanced", formula="yes ~ a + b"), "full", {}),
    "classes": (LogisticRegression(C=np.inf, formula="kind ~ a + b"), "full", {}),
    "separated": (LogisticRegression(C=np.inf, formula="yes ~ sure"), "full", {}),
    "gamma": (GammaRegressor(alpha=0, formula="amount ~ a + b", missing="drop"), "gaps", {}),
    "tweedie": (TweedieRegressor(power=1.5, alpha=0.1, formula="count ~ a + b"), "full.csv", {}),
    "negative binomial": (GeneralizedLinearRegressor(family="negative_binomial", formula="count ~ b"), "full", {}),
    "firth": (GeneralizedLinearRegressor(family="binomial", bias_reduction="firth", formula="yes ~ a + b"), "full", {}),
    "probit": (GeneralizedLinearRegressor(family="binomial", link="probit", formula="yes ~ a"), "full", {}),
}


@pytest.fixture(scope="module", params=CASES)
def case(request, folder):
    """A fit, the path of its checkpoint, what it gives undisturbed, and the number of its events."""
    model, name, roles = CASES[request.param]
    path = folder / f"{request.param}.checkpoint"

    def fit(**options):
        fresh = type(model)(**model.get_params())
        with written_always(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", RankDeficiencyWarning)
            return digest(fresh.fit(mathlearn.scan(folder / name), **roles, **options).result_)

    plain = fit()
    with counting() as counted:
        assert fit(checkpoint=path) == plain
    assert not path.exists()
    return fit, path, plain, counted.events


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=some.floats(0, 1, exclude_max=True), again=some.floats(0, 1))
def test_a_fit_that_was_stopped_anywhere_goes_on_to_the_same_bits(case, share, again):
    fit, path, plain, events = case
    stop(lambda: fit(checkpoint=path), 1 + int(share * (events - 1)))
    with counting() as counted:  # it may be stopped a second time, or not
        counted.last = 1 + int(again * events)
        try:
            assert fit(checkpoint=path) == plain
        except Stopped:
            assert fit(checkpoint=path) == plain
    assert not path.exists()


@pytest.mark.parametrize("name", ["full", "full.csv"])
def test_what_was_read_is_not_read_again(folder, name):
    def fit(**options):
        with written_always():
            return LinearRegression(formula="y ~ a + b").fit(mathlearn.scan(folder / name), **options)

    path, assemble, rows = folder / "read.checkpoint", BoundRows._assemble, []

    def assembled(self, batch):
        rows.append(batch.n)
        return assemble(self, batch)

    with counting() as undisturbed:
        fit(checkpoint=path)
    with patch.object(BoundRows, "_assemble", assembled):
        stop(lambda: fit(checkpoint=path), undisturbed.events - 1)
        assert sum(rows) > 3 * N
        rows.clear()
        with counting() as counted:
            fit(checkpoint=path)
    assert counted.kept == ["all"] * (len(counted.kept) - 1) + [N - N % 256 + 256]
    assert sum(rows) <= 4 * 256  # the first blocks are looked at, for their units


@given(first=some.integers(0, 12), size=some.sampled_from([1, 100, 190, 256, 1000, 5000]))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", ["full", "full.csv"])
def test_batches_from_a_row_are_the_rest_of_the_batches(folder, name, first, size):
    source = mathlearn.scan(folder / name)
    later = list(source.batches_from(first * size, ("y", "city"), max_rows=size))
    whole = [batch for batch in source.batches(("y", "city"), max_rows=size) if batch.start >= first * size]
    assert [(batch.start, batch.n) for batch in later] == [(batch.start, batch.n) for batch in whole]
    for found, expected in zip(later, whole, strict=True):
        assert found.columns["y"].known.tobytes() == expected.columns["y"].known.tobytes()
        cities = [np.array(batch.columns["city"].levels)[batch.columns["city"].known] for batch in (found, expected)]
        assert (cities[0] == cities[1]).all()


def test_row_groups_before_a_row_are_not_read(folder):
    source = mathlearn.scan(folder / "full")
    seen = []

    def read(part, names, target):
        seen.append((part.label, [block.group for block in part.row_groups or ()]))
        return iter(())

    with patch.object(ParquetPart, "read", read):
        assert list(source.batches_from(800, ("y",), max_rows=100)) == []
    assert seen == [("1.parquet", [1, 2]), ("2.parquet", [])]
