"""maketables' plug-in protocol, as its PluginExtractor (0.2.0) reads a model."""

import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import mathlearn
from mathlearn.linear_model import LinearRegression

PROPERTIES = ("coef_table", "depvar", "vcov_info", "stat_labels", "default_stat_keys")
KEYS = ("N", "n_clusters", "ll", "aic", "bic", "r2", "adj_r2", "fvalue", "f_pvalue", "rmse", "df_model", "df_resid")


def attribute(model, name):
    return getattr(model, f"__maketables_{name}__")


@pytest.fixture(scope="module")
def penguins():
    return mathlearn.datasets.load_penguins().dropna()


@pytest.fixture(scope="module")
def model(penguins):
    return LinearRegression(formula="body_mass_g ~ flipper_length_mm + sex").fit(penguins)


def test_before_the_fit_there_is_nothing_to_read(model):
    for unfitted in (LinearRegression(), clone(model)):
        assert not any(hasattr(unfitted, f"__maketables_{name}__") for name in PROPERTIES)
        with pytest.raises(NotFittedError):
            attribute(unfitted, "stat")("N")


def test_the_table_of_coefficients(model):
    table = attribute(model, "coef_table")
    tidy, wider = model.tidy(), model.tidy(level=0.9)
    assert isinstance(table, pd.DataFrame)
    assert table.index.name == "Coefficient"
    assert table.index.is_unique
    assert table.index.tolist() == ["Intercept", "flipper_length_mm", "sex[T.male]"]
    expected = {
        "b": "estimate",
        "se": "std_error",
        "t": "statistic",
        "p": "p_value",
        "ci95l": "conf_low",
        "ci95u": "conf_high",
    }
    assert {name: table[name].tolist() for name in expected} == {k: tidy[v].tolist() for k, v in expected.items()}
    assert table["ci90l"].tolist() == wider["conf_low"].tolist()


def test_a_column_called_intercept_stays_apart(penguins):
    frame = penguins[["bill_depth_mm"]].set_axis(["Intercept"], axis=1)
    table = attribute(LinearRegression().fit(frame, penguins["body_mass_g"]), "coef_table")
    assert table.index.tolist() == ["(Intercept)", "Intercept"]
    frame = penguins[["bill_depth_mm", "bill_length_mm"]].set_axis(["Intercept", "(Intercept)"], axis=1)
    table = attribute(LinearRegression().fit(frame, penguins["body_mass_g"]), "coef_table")
    assert table.index.tolist() == ["(Intercept)", "Intercept", "`(Intercept)`"]


def test_statistics_by_key(model):
    glance = model.glance().loc[0]
    stat = attribute(model, "stat")
    names = {"N": "n", "r2": "r_squared", "adj_r2": "adj_r_squared", "ll": "log_likelihood", "fvalue": "f_statistic"}
    names |= {key: key for key in ("aic", "bic", "sigma", "df_model", "df_resid", "verdict")} | {
        "f_pvalue": "f_p_value"
    }
    assert {key: stat(key) for key in names} == {key: glance[name] for key, name in names.items()}
    assert stat("rmse") == pytest.approx((glance["rss"] / glance["n"]) ** 0.5)
    assert stat("pseudo_r2") is None
    assert stat("se_type") is None  # made of vcov_info, which names the clusters too
    assert isinstance(stat("N"), int)
    assert all(stat(key) is not None for key in attribute(model, "default_stat_keys") if key != "se_type")
    assert set(attribute(model, "stat_labels")) >= {"sigma", "verdict"}


def test_what_is_withheld_is_none_or_nan(penguins):
    model = LinearRegression(positive=True).fit(penguins[["bill_depth_mm"]], penguins["body_mass_g"])
    assert attribute(model, "stat")("aic") is None
    assert attribute(model, "coef_table")["se"].isna().all()
    assert attribute(model, "vcov_info") == {"vcov_type": None, "clustervar": None}


def test_the_covariance_and_its_clusters(penguins, model):
    assert attribute(model, "vcov_info") == {"vcov_type": "classical", "clustervar": None}
    formula = "body_mass_g ~ flipper_length_mm"
    clustered = LinearRegression(formula=formula, covariance="cluster").fit(penguins, groups="island")
    assert attribute(clustered, "vcov_info") == {"vcov_type": "cluster", "clustervar": "island"}
    assert attribute(clustered, "stat")("n_clusters") == 3
    robust = model.infer(penguins, covariance="HC3")
    assert attribute(robust, "vcov_info")["vcov_type"] == "HC3"


def test_several_responses_have_names_of_their_own(penguins):
    model = LinearRegression().fit(penguins[["bill_depth_mm"]], penguins[["body_mass_g", "bill_length_mm"]])
    table = attribute(model, "coef_table")
    assert table.index.tolist()[::3] == ["body_mass_g / Intercept", "bill_length_mm / bill_depth_mm"]
    assert attribute(model, "depvar") == "body_mass_g, bill_length_mm"
    assert attribute(model, "stat")("r2").count(", ") == 1
    assert attribute(model, "stat")("N") == 333


def test_every_key_that_maketables_asks_for_gives_a_number_text_or_none(model):
    for key in KEYS:
        value = attribute(model, "stat")(key)
        assert value is None or isinstance(value, int | float | str)
