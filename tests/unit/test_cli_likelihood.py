"""The command line of fits by likelihood: every model, what goes together, predictions with labels and probabilities."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from typing import get_args

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn import cli
from mathlearn.cli.models import MODELS, BiasReduction, FamilyName, ModelName
from mathlearn.linear_model import GeneralizedLinearRegressor, LogisticRegression, PoissonRegressor


@pytest.fixture
def run(capsys):
    """Run the command line in this process: exit status, standard output, standard error."""

    def call(*arguments):
        status = cli.main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return status, output.out, output.err

    return call


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A file with labels, counts, amounts, two kinds of counts and the logarithm of an exposure."""
    rng = np.random.default_rng(0)
    n = 120
    table = pd.DataFrame({"a": rng.normal(size=n).round(3), "b": rng.uniform(1, 4, n).round(3)})
    table["lt"] = np.log(rng.uniform(1, 5, n)).round(4)
    table["label"] = np.where(rng.random(n) < 1 / (1 + np.exp(-table["a"])), "yes", "no")
    table["count"] = rng.negative_binomial(3, 3 / (3 + np.exp(table["lt"] + 0.5 * table["a"])))
    table["amount"] = rng.gamma(2, np.exp(0.3 * table["a"]) / 2).round(4) + 0.01
    table["died"] = rng.binomial(10, 1 / (1 + np.exp(-table["a"])))
    table["lived"] = 10 - table["died"]
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    table.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def saved(rows, tmp_path_factory):
    """Path of a saved logistic regression."""
    path = tmp_path_factory.mktemp("models") / "logistic.safetensors"
    LogisticRegression(C=np.inf, formula="label ~ a + b").fit(mathlearn.scan(rows)).save(path)
    return path


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("options", "formula", "twin"),
    [
        (["logistic"], "label ~ a + b", LogisticRegression(C=np.inf)),
        (["logistic", "--C", "2"], "label ~ a + b", LogisticRegression(C=2.0)),
        (["logistic", "--bias-reduction", "firth"], "label ~ a", LogisticRegression(C=np.inf, bias_reduction="firth")),
        (["poisson"], "count ~ a + offset(lt)", PoissonRegressor(alpha=0)),
        (["poisson", "--alpha", "0.5"], "count ~ a", PoissonRegressor(alpha=0.5)),
        (["gamma", "--max-iter", "50"], "amount ~ a", GeneralizedLinearRegressor(family="gamma", link="log")),
        (
            ["tweedie", "--power", "1.5"],
            "amount ~ a",
            GeneralizedLinearRegressor(family="tweedie", power=1.5, link="log"),
        ),
        (["negative-binomial"], "count ~ a", GeneralizedLinearRegressor(family="negative_binomial")),
        (
            ["negative-binomial", "--theta", "2"],
            "count ~ a",
            GeneralizedLinearRegressor(family="negative_binomial", theta=2.0),
        ),
        (
            ["glm", "--family", "inverse-gaussian", "--link", "log"],
            "amount ~ a",
            GeneralizedLinearRegressor(family="inverse_gaussian", link="log"),
        ),
        (
            ["glm", "--family", "binomial", "--link", "probit"],
            "cbind(died, lived) ~ a",
            GeneralizedLinearRegressor(family="binomial", link="probit"),
        ),
    ],
)
def test_each_model_is_the_estimator_of_its_name(run, rows, tmp_path, options, formula, twin):
    path = tmp_path / "m.safetensors"
    status, out, _ = run("fit", rows, "--model", *options, "--formula", formula, "--save", path)
    assert status == 0
    assert "certified" in out
    expected = twin.set_params(formula=formula).fit(mathlearn.scan(rows))
    np.testing.assert_allclose(mathlearn.load(path).result_.coef, expected.result_.coef, rtol=1e-9)


def test_offset_weights_and_covariance_arrive(run, rows, tmp_path):
    path = tmp_path / "m.safetensors"
    options = ("--offset", "lt", "--weights", "b", "--covariance", "HC0", "--save", path)
    assert run("fit", rows, "--model", "poisson", "--target", "count", "--features", "a", *options)[0] == 0
    model = mathlearn.load(path)
    assert model.design_.terms == ("a",)
    assert (model.result_.offset, model.result_.covariance.kind) == ("lt", "HC0")
    assert run("check", path, rows)[0] == 0
    status, out, _ = run("predict", path, rows)
    np.testing.assert_array_equal([float(row["prediction"]) for row in read(out)], model.predict(mathlearn.scan(rows)))
    status, out, _ = run("predict", path, rows, "--offset", "b")
    assert status == 0
    np.testing.assert_array_equal(
        [float(row["prediction"]) for row in read(out)], model.predict(mathlearn.scan(rows), offset="b")
    )


def test_shares_and_their_trials_are_successes_and_failures(run, rows, tmp_path):
    path, shares = tmp_path / "m.safetensors", tmp_path / "shares.csv"
    table = pd.read_csv(rows)[["a", "died"]].assign(share=lambda t: t["died"] / 10, beds=10)
    table.to_csv(shares, index=False)
    binomial = ("--model", "glm", "--family", "binomial")
    assert (
        run("fit", shares, *binomial, "--target", "share", "--features", "a", "--trials", "beds", "--save", path)[0]
        == 0
    )
    model = mathlearn.load(path)
    expected = GeneralizedLinearRegressor(family="binomial", formula="cbind(died, beds - died) ~ a").fit(table)
    np.testing.assert_allclose(model.result_.coef, expected.result_.coef, rtol=1e-9)
    assert run("check", path, shares)[0] == 0


def test_counts_given_to_a_classifier_are_sent_to_the_model_that_takes_them(run, rows):
    formula = ("--formula", "cbind(died, lived) ~ a")
    status, _, err = run("fit", rows, "--model", "logistic", *formula)
    assert status == 1
    advised = "--model glm --family binomial"
    assert f"on the command line with {advised}" in err
    assert run("fit", rows, *advised.split(), *formula)[0] == 0


def test_columns_with_a_role_are_no_features(run, rows, tmp_path):
    path, few = tmp_path / "m.safetensors", tmp_path / "few.csv"
    pd.read_csv(rows)[["a", "b", "lt", "count"]].to_csv(few, index=False)
    options = ("--offset", "lt", "--weights", "b", "--save", path)
    assert run("fit", few, "--model", "poisson", "--target", "count", *options)[0] == 0
    assert mathlearn.load(path).design_.terms == ("a",)


# ---------------------------------------------------------------------------------------------------------- predictions
def test_labels_and_probabilities(run, rows, saved, tmp_path):
    model, source = mathlearn.load(saved), mathlearn.scan(rows)
    status, out, _ = run("predict", saved, rows)
    assert status == 0
    assert [row["prediction"] for row in read(out)] == model.predict(source).tolist()
    status, out, _ = run("predict", saved, rows, "--proba")
    found, proba = read(out), model.predict_proba(source)
    assert list(found[0]) == ["prediction", "probability of no", "probability of yes"]
    assert [float(row["probability of yes"]) for row in found] == proba[:, 1].tolist()
    assert [row["prediction"] for row in found] == model.predict(source).tolist()
    path = tmp_path / "p.json"
    assert run("predict", saved, rows, "--proba", "-o", path)[0] == 0
    first = json.loads(path.read_text(encoding="utf-8"))[0]
    assert first == {"prediction": found[0]["prediction"]} | {
        f"probability of {label}": value for label, value in zip(("no", "yes"), proba[0].tolist(), strict=True)
    }


def test_the_interval_of_a_classifier_is_that_of_its_probability(run, rows, saved):
    status, out, _ = run("predict", saved, rows, "--interval", "0.9")
    assert status == 0
    expected = mathlearn.load(saved).predict_interval(mathlearn.scan(rows), level=0.9)
    assert [float(row["lower"]) for row in read(out)] == expected.lower.tolist()
    assert [float(row["probability of yes"]) for row in read(out)] == expected.estimate.tolist()


@pytest.mark.parametrize("kind", [None, "confidence", "observation"])
def test_the_interval_of_a_regressor_is_of_its_mean_unless_said_otherwise(run, rows, tmp_path, kind):
    path = tmp_path / "m.safetensors"
    run("fit", rows, "--model", "poisson", "--formula", "count ~ a + offset(lt)", "--save", path)
    asked = [] if kind is None else ["--kind", kind]
    status, out, _ = run("predict", path, rows, "--interval", "0.95", *asked)
    assert status == 0
    expected = mathlearn.load(path).predict_interval(mathlearn.scan(rows), kind=kind or "confidence")
    assert [float(row["upper"]) for row in read(out)] == expected.upper.tolist()


def test_a_row_with_a_gap_has_no_label(run, rows, tmp_path):
    path, new = tmp_path / "m.safetensors", tmp_path / "new.csv"
    run("fit", rows, "--model", "logistic", "--formula", "label ~ a", "--missing", "drop", "--save", path)
    new.write_text("a\n1.5\n\n-2\n", encoding="utf-8")
    new.write_text("a,b\n1.5,1\n,1\n-2,1\n", encoding="utf-8")
    status, out, _ = run("predict", path, new, "--proba")
    assert status == 0
    assert [row["prediction"] == "" for row in read(out)] == [False, True, False]
    assert read(out)[1]["probability of yes"] == "nan"
    _, out, _ = run("predict", path, new, "--json")
    assert json.loads(out)[1] == {"prediction": None}


def test_labels_are_written_as_they_are_made(run, saved, rows, tmp_path, monkeypatch):
    from mathlearn.cli import commands, predicting

    monkeypatch.setattr("mathlearn.linear_model._blocks._MOST_ROWS", 50)
    made, written = [], []
    labels, write = predicting._labels, commands.Sink.write

    def counted(*args, **options):
        for block in labels(*args, **options):
            made.append(len(block))
            yield block

    monkeypatch.setattr(predicting, "_labels", counted)
    monkeypatch.setattr(
        commands.Sink, "write", lambda self, pieces: write(self, (written.append(len(made)) or x for x in pieces))
    )
    assert run("predict", saved, rows, "-o", tmp_path / "out.csv")[0] == 0
    assert made == [50, 50, 20]
    assert written == [1, 2, 3]


def test_labels_cannot_act_in_a_spreadsheet(run, tmp_path):
    path, table = tmp_path / "m.safetensors", tmp_path / "t.csv"
    table.write_text("x,y\n0,=1+1\n1,b\n2,=1+1\n3,b\n4,b\n", encoding="utf-8")
    assert run("fit", table, "--model", "logistic", "--target", "y", "--save", path)[0] == 0
    _, out, _ = run("predict", path, table, "--proba")
    assert not any(cell.startswith("=") for row in csv.reader(io.StringIO(out)) for cell in row)


# --------------------------------------------------------------------------------------------------- what goes together
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["logistic", "--theta", "2"], "--theta goes with --model negative-binomial or glm, not with logistic"),
        (["poisson", "--C", "2"], "its penalty is --alpha"),
        (["logistic", "--alpha", "2"], "its penalty is --C"),
        (["poisson", "--link", "identity"], "--link goes with --model tweedie, negative-binomial or glm"),
        (["poisson", "--family", "gamma"], "--family goes with --model glm"),
        (["gamma", "--bias-reduction", "firth"], "--bias-reduction goes with --model logistic or glm"),
        (["linear", "--offset", "lt"], "write offset(column) in the formula"),
        (["linear", "--max-iter", "9"], "--max-iter goes with"),
        (["glm"], "--model glm needs --family"),
        (["tweedie"], "--model tweedie needs --power"),
        (["glm", "--family", "tweedie"], "--family tweedie needs --power"),
        (["glm", "--family", "poisson", "--theta", "2"], "--theta goes with --family negative-binomial"),
        (["glm", "--family", "poisson", "--trials", "died"], "--trials goes with --family binomial or quasibinomial"),
        (["logistic", "--trials", "died"], "--trials goes with --model glm, not with logistic"),
        (["glm", "--family", "gamma", "--power", "1.5"], "--power goes with --family tweedie"),
        (["ridge"], "ridge"),
        (["glm", "--family", "weibull"], "weibull"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(run, rows, options, message):
    status, out, err = run("fit", rows, "--formula", "count ~ a", "--model", *options)
    assert (status, out) == (2, "")
    assert message in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--proba", "--interval", "0.9"], "choose one"),
        (["--kind", "confidence"], "--interval"),
    ],
)
def test_what_a_prediction_cannot_have_is_wrong_usage(run, rows, saved, options, message):
    status, out, err = run("predict", saved, rows, *options)
    assert (status, out) == (2, "")
    assert message in " ".join(err.replace("│", " ").split())


def test_classes_and_offsets_are_not_asked_of_a_model_without(run, rows, tmp_path):
    path = tmp_path / "m.safetensors"
    assert run("fit", rows, "--formula", "amount ~ a", "--save", path)[0] == 0
    for option in (["--proba"], ["--offset", "lt"]):
        status, out, _ = run("predict", path, rows, *option)
        assert (status, out) == (2, "")


@pytest.mark.parametrize(
    ("options", "formula", "message"),
    [
        (["gamma"], "count ~ a", "gamma"),
        (["logistic"], "label ~ missing_one", "missing_one"),
        (["glm", "--family", "poisson", "--link", "logit"], "count ~ a", "link"),
        (["gamma", "--alpha", "-1"], "amount ~ a", "alpha"),
    ],
)
def test_what_cannot_be_fitted_is_one_message(run, rows, options, formula, message):
    status, out, err = run("fit", rows, "--model", *options, "--formula", formula)
    assert (status, out) == (1, "")
    assert err.startswith("mathlearn: ")
    assert message in err


def test_a_separated_fit_is_3_and_still_saves(run, tmp_path):
    table, path = tmp_path / "t.csv", tmp_path / "m.safetensors"
    table.write_text("x,y\n" + "".join(f"{i},{'b' if i > 9 else 'a'}\n" for i in range(20)), encoding="utf-8")
    status, out, _ = run("fit", table, "--model", "logistic", "--target", "y", "--save", path)
    assert status == 3
    assert "NOT CERTIFIED" in out.splitlines()[0]
    assert run("summary", path)[0] == 3
    status, out, _ = run("fit", table, "--model", "logistic", "--target", "y", "--bias-reduction", "firth")
    assert status == 0


# ----------------------------------------------------------------------------------------------- the other commands, JSON
def test_explain_keeps_to_the_terminal(run, saved, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    assert max(map(len, run("explain", saved)[1].split("\n"))) > 90
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert max(map(len, run("explain", saved)[1].split("\n"))) <= 70


def test_every_command_takes_a_saved_likelihood(run, rows, saved, tmp_path):
    assert run("summary", saved)[0] == 0
    assert "certified" in run("check", saved, rows)[1]
    assert run("diagnose", saved, rows)[0] == 0
    status, out, _ = run("explain", saved, "--row", f"{rows}:3")
    assert status == 0
    assert "probability" in out.lower()
    assert run("explain", saved, "--term", "a")[0] == 0
    page = tmp_path / "page.html"
    assert run("report", saved, rows, "-o", page)[0] == 0
    assert "Odds ratios" in page.read_text(encoding="utf-8")
    status, out, _ = run("compare", saved, saved)
    assert status == 0
    assert "logit" in out


def test_json_names_the_model_and_holds_the_fit(run, rows):
    status, out, _ = run("fit", rows, "--model", "logistic", "--formula", "label ~ a", "--json")
    assert status == 0
    record = json.loads(out)
    assert record["model"] == "logistic"
    assert record["fit"]["family"] == "binomial"
    assert [row["term"] for row in record["coefficients"]] == ["(Intercept)", "a"]


def test_a_report_is_written_with_the_command_and_the_offset(run, rows, tmp_path):
    page = tmp_path / "page.html"
    options = ("--target", "count", "--features", "a", "--offset", "lt", "--report", page)
    assert run("fit", rows, "--model", "poisson", *options)[0] == 0
    text = page.read_text(encoding="utf-8")
    assert "Rate ratios" in text
    assert "Poisson regression" in text


# -------------------------------------------------------------------------------------------------------------- the table
def test_what_is_offered_is_what_there_is():
    from mathlearn import linear_model

    assert set(MODELS) == set(get_args(ModelName))
    (families,) = GeneralizedLinearRegressor._parameter_constraints["family"]
    assert {name.replace("-", "_") for name in get_args(FamilyName)} == families.options
    (bias,) = LogisticRegression._parameter_constraints["bias_reduction"]
    assert set(get_args(BiasReduction)) == bias.options
    for model in MODELS.values():
        known = getattr(linear_model, model.estimator)().get_params()
        assert {parameter for parameter in model.options.values() if parameter} <= set(known)
        assert set(model.fixed) <= set(known)
        assert set(model.needs) <= set(model.options)


def test_the_help_names_every_model_and_option(run):
    status, out, _ = run("fit", "--help")
    assert status == 0
    text = "".join(out.replace("│", " ").split())
    for option in {option for model in MODELS.values() for option in model.options}:
        assert f"--{option}" in text
    assert "logistic" in text


def test_a_terminal_without_unicode_reads_the_derivation(saved):
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "mathlearn", "explain", str(saved)], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0
    text = done.stdout.decode("ascii")
    assert text.count("?") == 0, sorted({line for line in text.splitlines() if "?" in line})
