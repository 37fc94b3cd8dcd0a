"""Averages over rows that stand for several trials each are those over rows of one trial."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from mathlearn._errors import DomainError
from mathlearn.linear_model import GeneralizedLinearRegressor

NUMBERS = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


def groups(seed=0, n=25):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n), "z": rng.integers(0, 2, n) * 1.0, "t": rng.integers(1, 30, n)})
    frame["s"] = rng.binomial(frame["t"], 1 / (1 + np.exp(-0.6 * frame["x"])))
    return frame.assign(f=frame["t"] - frame["s"], p=frame["s"] / frame["t"])


def expanded(frame):
    """Return one row a trial."""
    rows = frame.loc[frame.index.repeat(frame["t"]), ["x", "z"]].reset_index(drop=True)
    return rows.assign(y=np.concatenate([[1] * s + [0] * f for s, f in zip(frame["s"], frame["f"], strict=True)]))


def fit(family="binomial", formula=None, **options):
    return GeneralizedLinearRegressor(family=family, formula=formula, **options)


WAYS = {
    "cbind": lambda frame: (fit(formula="cbind(s, f) ~ x + z").fit(frame), frame),
    "cbind of an expression": lambda frame: (fit(formula="cbind(s, t - s) ~ x + z").fit(frame), frame),
    "proportions": lambda frame: (fit(formula="p ~ x + z").fit(frame, trials="t"), frame),
    "two names": lambda frame: (fit().fit(frame[["x", "z", "s", "f"]], ["s", "f"]), frame[["x", "z", "s", "f"]]),
    "names": lambda frame: (fit().fit(frame[["x", "z", "p", "t"]], "p", trials="t"), frame[["x", "z", "p", "t"]]),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", ["average", "mean"])
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000), discrete=st.booleans())
def test_effects_are_averaged_over_trials(way, at, seed, discrete):
    frame = groups(seed)
    single = expanded(frame)
    model, rows = WAYS[way](frame)
    found = model.marginal_effects(rows, at=at, discrete=discrete)
    one = fit(formula="y ~ x + z").fit(single).marginal_effects(single, at=at, discrete=discrete)
    assert_allclose(found[NUMBERS], one[NUMBERS], rtol=1e-8, atol=1e-10)


def test_a_quasi_family_weighs_alike_and_weights_of_ones_own_come_first():
    frame = groups()
    model, quasi = fit(formula="cbind(s, f) ~ x").fit(frame), fit("quasibinomial", "cbind(s, f) ~ x").fit(frame)
    found = model.marginal_effects(frame)["estimate"]
    assert_allclose(quasi.marginal_effects(frame)["estimate"], found, rtol=1e-10)
    assert_allclose(model.marginal_effects(frame, trials="t")["estimate"], found, rtol=1e-12)
    equal = model.marginal_effects(frame, sample_weight=1)["estimate"]
    assert_allclose(equal, model.marginal_effects(frame[["x"]], sample_weight=np.ones(25))["estimate"], rtol=1e-12)
    assert abs(equal - found).max() > 1e-4


def test_rows_without_a_number_of_trials_are_not_averaged_as_if_they_had_one():
    frame = groups()
    model = fit().fit(frame[["x"]], frame[["s", "f"]])
    with pytest.raises(DomainError, match=r"stands for its trials \(s, f\).*give trials=.*or sample_weight=1"):
        model.marginal_effects(frame[["x"]])
    by_names = fit(formula="cbind(s, f) ~ x").fit(frame)
    with pytest.raises(DomainError, match="no columns that tell how many"):
        by_names.marginal_effects(frame[["x"]])
    assert_allclose(
        model.marginal_effects(frame[["x"]], trials=frame["t"])["estimate"],
        by_names.marginal_effects(frame)["estimate"],
        rtol=1e-10,
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_quasi_family_takes_trials_in_each_form(seed):
    """Estimates of the binomial, standard errors times the root of Pearson's dispersion."""
    frame = groups(seed)
    X = frame[["x"]]
    binomial = fit(formula="cbind(s, f) ~ x").fit(frame).tidy()
    quasi = [
        fit("quasibinomial", "cbind(s, f) ~ x").fit(frame),
        fit("quasibinomial", "p ~ x").fit(frame, trials="t"),
        fit("quasibinomial").fit(X, frame[["s", "f"]]),
        fit("quasibinomial").fit(X, frame["p"], trials=frame["t"]),
    ]
    for model in quasi:
        assert_allclose(model.tidy()["estimate"], binomial["estimate"], rtol=1e-9)
        factor = np.sqrt(model.glance().loc[0, "dispersion"])
        assert_allclose(model.tidy()["std_error"], factor * binomial["std_error"], rtol=1e-9)
