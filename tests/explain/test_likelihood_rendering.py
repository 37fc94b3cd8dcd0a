"""What derivations and equations of fits by likelihood say, in every format."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mathlearn._errors import DomainError, SchemaError
from mathlearn.explain import equation, explain, explain_row
from mathlearn.explain.evidence import joint_tail
from mathlearn.explain.numbers import num
from mathlearn.linear_model import GeneralizedLinearRegressor, LogisticRegression, PoissonRegressor
from mathlearn.statistics.tails import f_tail
from tests.explain.likelihood_fits import FITS, THREE, fit, table

HEADS = {
    "logit": "logit(P(survived = 'yes')) = ",
    "logit, 0 and 1": "logit(P(one = 1)) = ",
    "logit, a sample first": "logit(P(y = True)) = ",
    "logit, successes and failures": "logit(P(hits)) = ",
    "cauchit, successes and failures": "cauchit(P(hits)) = ",
    "probit": "probit(P(one = 1)) = ",
    "quasi-binomial": "logit(E share) = ",
    "Poisson": "log(E count) = ",
    "Poisson, square root": "√(E more) = ",
    "gamma, inverse": "1/(E inverse) = ",
    "Gaussian": "E level = ",
}


@pytest.mark.parametrize("name", FITS)
def test_every_equation(name):
    for form in ("text", "latex", "mathml", "html", "markdown"):
        for style in ("named", "indexed"):
            assert equation(fit(name), format=form, style=style)


@pytest.mark.parametrize("name", HEADS)
def test_the_left_side_of_an_equation(name):
    assert equation(fit(name)).startswith(HEADS[name])


def test_an_equation_in_full():
    result = fit("Poisson, offset")
    assert equation(result) == "log(E count) = −0.05205 + 0.7751 age − 0.3341 dose + 0.5302 group + offset"
    assert equation(result, format="latex", digits=2) == (
        r"\operatorname{log}\left(\operatorname{E}(\text{count})\right) = -0.052 + 0.78\, \text{age} - 0.33\, \text{dose} "
        r"+ 0.53\, \text{group} + \text{offset}"
    )
    assert equation(fit("logit, many columns")).endswith("x₁ = x1, …, x₁₂ = x12")


def test_an_equation_says_that_a_coefficient_is_infinite():
    assert equation(fit("separated in part")).endswith("+ ∞ ward")
    assert equation(fit("separated in part"), format="latex").endswith(r"+ \infty\, \text{ward}")
    assert "∞ age" in equation(fit("separated completely"))


def test_names_of_the_user_are_no_mathematics():
    data = table().rename(columns={"age": r"a_1 $x$ \frac{1}{2}", "survived": "<b>y</b> @"})
    data["<b>y</b> @"] = np.where(data["<b>y</b> @"] == "yes", "yes $1$ & <i>", "no")
    model = LogisticRegression(C=np.inf).fit(data[[r"a_1 $x$ \frac{1}{2}", "dose"]], data["<b>y</b> @"])
    row = {r"a_1 $x$ \frac{1}{2}": 0.1, "dose": 0.2}
    for derivation in (model.explain(), model.explain(row)):
        assert derivation.passed
        assert "<b>" not in derivation.to_html()
        assert "<i>" not in derivation.to_html()
        assert r"\$x\$" in derivation.to_latex() or r"\$1\$" in derivation.to_latex()
    assert "<b>" not in model.equation("html")
    assert r"\$1\$" in model.equation("latex")


def test_the_title_says_what_was_maximised():
    titles = {name: explain(fit(name)).title[0] for name in FITS}
    assert titles["logit"] == "Maximum likelihood for "
    assert titles["logit, penalised"] == "Penalised maximum likelihood for "
    assert titles["quasi-Poisson"] == "Maximum quasi-likelihood for "
    assert titles["logit, Firth"] == "Firth's penalised likelihood for "


def test_the_class_that_is_one_is_said():
    text = explain(fit("logit"))["The model"].to_text(200)
    assert "P(survived = 'yes')" in text
    assert "y is 1 where survived is 'yes', and 0 where it is 'no'" in text


def test_the_iterations_are_those_of_the_fit():
    result = fit("logit")
    text = explain(result)["The iterations"].to_text(200)
    for k, seen in enumerate(result.likelihood.iterations):
        assert any(line.split()[:2] == [str(k), str(seen.rows)] for line in text.split("\n"))
    assert "The convergence is quadratic" in text
    assert "The convergence is" in explain(fit("gamma"))["The iterations"].to_text(200)
    assert "sought on a sample of" in explain(fit("logit, a sample first"))["The iterations"].to_text(200)
    assert "sample" not in text


def test_points_whose_curvature_was_kept_are_marked():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 15))
    y = rng.random(20_000) < 1 / (1 + np.exp(-X[:, 0]))
    model = LogisticRegression(C=np.inf).fit(X, y)
    derivation = model.explain()
    assert derivation.passed
    text = derivation["The iterations"].to_text(200)
    seen = model.result_.likelihood.iterations
    assert not all(at.renewed for at in seen)
    for k, at in enumerate(seen):
        (line,) = (words for line in text.split("\n") if (words := line.split())[:2] == [str(k), str(at.rows)])
        assert line[-1] == ("anew" if at.renewed else "kept")
    assert "those of the point reached" not in text
    assert "weights of this or of an earlier one" in text
    assert "quadratic" not in text
    assert r"& kept \\" in derivation.to_latex()
    assert "kept" not in explain(fit("logit"))["The iterations"].to_text(200)


def test_what_is_proved_of_the_maximum_depends_on_the_link():
    assert "the only one" in explain(fit("logit"))["It is the maximum"].claim[0]
    assert "local maximum" in explain(fit("gamma"))["It is the maximum"].claim[0]
    assert "others are as good" in explain(fit("Poisson, dependent columns"))["It is the maximum"].claim[0]


def test_what_is_withheld_stands_first():
    for name in ("logit, penalised", "separated completely", "separated in part", "not converged"):
        assert explain(fit(name)).steps[0].heading == "What is withheld"
    assert "penalised" in explain(fit("logit, penalised")).steps[0].to_text(400)
    assert "v = 1 ward" in explain(fit("separated in part")).steps[0].to_text(400)
    assert "What is withheld" not in [step.heading for step in explain(fit("logit"))]
    headings = [step.heading for step in explain(fit("logit, penalised"))]
    assert "One coefficient in full" not in headings


def test_plain_words():
    words = {
        name: "".join(explain(fit(name))["In plain words"].claim)
        for name in FITS
        if "nothing" not in name and "completely" not in name
    }
    assert words["logit"].startswith("One more unit of age goes with the odds of survived being 'yes' multiplied by ")
    assert "the other columns being the same; the data are compatible with " in words["logit"]
    assert "the mean of count multiplied by" in words["Poisson"]
    assert "the other columns and the offset being the same" in words["Poisson, offset"]
    assert words["gamma, inverse"].startswith("One more unit of age goes with the mean of inverse lower, by ")
    assert "the probability that one is 1 higher, by" in words["probit"]
    assert words["Gaussian"].startswith("One more unit of age goes with the mean of level higher by 0.87")
    assert "no interval is given" in words["logit, penalised"]
    assert words["Poisson, a mean"].startswith("Where there is no column, the mean of count is 2.8")
    assert "the odds of success in hits multiplied by" in words["logit, successes and failures"]


def test_a_level_of_a_factor_is_set_against_the_other():
    words = "".join(explain(fit("Poisson, formula"), term="C(site)[T.b]")["In plain words"].claim)
    assert words.startswith("Rows where C(site)[T.b] is 1 have the mean of count multiplied by ")


def test_the_intercept_is_said_on_the_scale_of_the_mean():
    derivation = explain(fit("logit"), term="(Intercept)")
    assert derivation.passed
    assert "Where every column is zero, the probability that survived is 'yes' is 0.3" in "".join(
        derivation["In plain words"].claim
    )
    assert "What it multiplies" not in [step.heading for step in derivation]


def test_a_prediction_goes_through_the_odds():
    result = fit("logit")
    x = np.array([1.0, 0.5, 0.2])
    eta = float(result.intercept[0] + result.coef[0] @ x)
    odds, mu = np.exp(eta), 1 / (1 + np.exp(-eta))
    text = explain_row(result, x)["From the predictor to the mean"].to_text(200)
    assert num(odds) in text
    assert num(mu) in text
    assert f"Predicted is the more probable class, {'yes' if mu > 0.5 else 'no'!r}" in text


def test_the_interval_is_that_of_predict_interval():
    data = table()
    model = LogisticRegression(C=np.inf).fit(data[THREE], data.survived)
    interval = model.predict_interval(data[THREE].iloc[:1], level=0.9)
    text = model.explain(data[THREE], row=0, level=0.9)["The interval of its mean"].to_text(200).replace("\xa0", " ")
    assert f"from {num(interval.lower[0])} to {num(interval.upper[0])}" in text
    assert "The 90 % interval" in text


def test_a_row_far_out_is_said_to_be():
    result = fit("logit")
    assert "among the data" in "".join(
        explain_row(result, result.curvature.mean)["How far the row lies from the data"].claim
    )
    far = explain_row(result, result.curvature.mean + 10.0)
    assert "far out" in "".join(far["How far the row lies from the data"].claim)
    assert far.passed
    gamma = fit("gamma")
    assert "outside the data" in "".join(
        explain_row(gamma, gamma.curvature.mean + 60.0)["How far the row lies from the data"].claim
    )


def test_a_separated_row_goes_to_the_end():
    text = explain_row(fit("separated in part"), [0.5, 0.5, 1.0]).to_text(200)
    assert "P(survived = 'yes') → 1" in text
    assert "Predicted is 'yes'" in text
    kept = explain_row(fit("separated in part"), [0.5, 0.5, 0.0])
    assert [step.heading for step in kept][:2] == ["The linear predictor", "From the predictor to the mean"]


def test_a_row_needs_its_offset():
    data = table()
    model = PoissonRegressor(alpha=0).fit(data[THREE], data["count"], offset=data.exposure.to_numpy())
    row = data[THREE].iloc[[3]]
    with pytest.raises(SchemaError, match="offset"):
        model.explain(row)
    with pytest.raises(DomainError, match="there is no x"):
        model.explain(offset=1.0)
    with_it = model.explain(row, offset=0.25)
    assert with_it.passed
    mean = float(model.predict(data[THREE].iloc[[3]], offset=np.array([0.25]))[0])
    assert num(mean) in with_it.to_text()
    rows = data[[*THREE, "exposure"]]
    named = GeneralizedLinearRegressor(family="poisson").fit(
        data[[*THREE, "exposure", "count"]], "count", offset="exposure"
    )
    assert num(float(named.predict(rows).item(3))) in named.explain(rows, row=3).to_text()


@pytest.mark.parametrize("df_num", [1, 2, 3, 4, 7, 30, 301])
@pytest.mark.parametrize("df_den", [1.0, 2.0, 5.5, 30.0, 1e4, np.inf])
def test_the_tail_of_a_joint_test_is_added_up(df_num, df_den):
    for f in (1e-3, 0.5, 1.0, 3.0, 40.0, 1e4):
        shown = float(f_tail(f, df_num, df_den))
        if shown > 1e-290:
            value, error = joint_tail(f, df_num, df_den)
            assert error < 1e-9
            assert abs(value / shown - 1) <= 1e-11 + error
    assert joint_tail(0.0, df_num, df_den)[0] == 1.0
    assert joint_tail(np.inf, df_num, df_den)[0] == 0.0


def test_a_saved_model_is_explained_alike(tmp_path):
    import mathlearn

    data = table()
    model = LogisticRegression(C=np.inf).fit(data[THREE], pd.Series(data.survived, name="survived"))
    model.save(tmp_path / "model.safetensors")
    assert mathlearn.load(tmp_path / "model.safetensors").explain().to_text() == model.explain().to_text()
