from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from typing import get_args

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn import cli
from mathlearn._choices import Missing, Weighting
from mathlearn.linear_model import LinearRegression, LogisticRegression
from mathlearn.results.fit_result import CovarianceKind

FORMULA = "body_mass_g ~ flipper_length_mm + species"


@pytest.fixture
def run(capsys):
    """Run the command line in this process: exit status, standard output, standard error."""

    def call(*arguments):
        status = cli.main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return status, output.out, output.err

    return call


@pytest.fixture(scope="module")
def model(tmp_path_factory, penguins_csv):
    path = tmp_path_factory.mktemp("cli") / "m.safetensors"
    fit = LinearRegression(formula=FORMULA, missing="drop").fit(mathlearn.scan(penguins_csv))
    fit.save(path)
    return path


@pytest.fixture
def new(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("species,flipper_length_mm\nGentoo,217\nAdelie,181\n", encoding="utf-8")
    return path


def test_the_main_job(run, penguins_csv, tmp_path, new):
    model, predictions = tmp_path / "m.safetensors", tmp_path / "predictions.csv"
    status, out, err = run("fit", penguins_csv, "--formula", FORMULA, "--missing", "drop", "--save", model)
    assert status == 0
    assert "certified" in out
    assert "species[T.Gentoo]" in out
    assert str(model) in err

    status, out, _ = run("predict", model, new, "-o", predictions, "--interval", "0.95")
    assert (status, out) == (0, "")
    with predictions.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = mathlearn.load(model).predict_interval(mathlearn.scan(new), level=0.95)
    assert [float(row["prediction"]) for row in rows] == expected.estimate.tolist()
    assert [float(row["lower"]) for row in rows] == expected.lower.tolist()
    assert [float(row["upper"]) for row in rows] == expected.upper.tolist()


def test_rows_with_a_gap_are_predicted_as_nan_by_a_model_that_may_drop_them(run, model, penguins_csv, tmp_path):
    path = tmp_path / "p.csv"
    status, _, err = run("predict", model, penguins_csv, "-o", path, "--interval", "0.9")
    assert status == 0
    assert "NaN in rows that lack a value" in err
    rows = np.genfromtxt(path, delimiter=",", skip_header=1)
    assert rows.shape == (344, 3)
    assert np.flatnonzero(np.isnan(rows).all(axis=1)).tolist() == [3, 271]
    assert np.isfinite(np.delete(rows, [3, 271], axis=0)).all()


def test_rows_with_a_gap_are_an_error_to_a_model_that_may_not(run, penguins_csv, tmp_path, new):
    strict, path = tmp_path / "strict.safetensors", tmp_path / "p.csv"
    new.write_text("flipper_length_mm,body_mass_g\n180,3500\n190,3800\n210,4700\n", encoding="utf-8")
    assert run("fit", new, "--formula", "body_mass_g ~ flipper_length_mm", "--save", strict)[0] == 0
    status, _, err = run("predict", strict, penguins_csv, "-o", path)
    assert status == 1
    assert "'flipper_length_mm': 2 missing" in err
    assert not path.exists()


def test_predictions_as_json_are_an_object_a_row(run, model, new):
    new.write_text("species,flipper_length_mm\nGentoo,217\nAdelie,NA\n", encoding="utf-8")
    status, out, _ = run("predict", model, new, "--interval", "0.9", "--json")
    rows = json.loads(out, parse_constant=pytest.fail)
    assert status == 0
    assert [list(row) for row in rows] == [["prediction", "lower", "upper"]] * 2
    assert rows[0]["lower"] < rows[0]["prediction"] < rows[0]["upper"]
    assert rows[1] == {"prediction": None, "lower": None, "upper": None}


def test_several_responses_are_named_and_a_transformed_one_is_said(run, tmp_path, new):
    new.write_text("a,b,c\n1,2,3\n2,1,5\n3,5,4\n4,3,9\n", encoding="utf-8")
    path = tmp_path / "two.safetensors"
    LinearRegression().fit(mathlearn.scan(new), ["b", "c"]).save(path)
    new.write_text("a\n1\n2\n", encoding="utf-8")
    status, out, _ = run("predict", path, new, "--interval", "0.9")
    assert status == 0
    assert next(csv.reader(io.StringIO(out)))[:3] == ["prediction of b", "prediction of c", "lower of b"]
    row = [float(x) for x in out.splitlines()[1].split(",")]
    assert row[2] < row[0] < row[4]
    assert row[3] < row[1] < row[5]
    new.write_text("a,b\n1,2\n2,1\n3,5\n4,3\n", encoding="utf-8")
    assert run("fit", new, "--formula", "log(b) ~ a", "--save", path)[0] == 0
    assert "predicted: log(b)" in run("predict", path, new)[2]


def test_predictions_are_written_as_they_are_made(run, model, tmp_path, monkeypatch):
    # Whoever held every block before writing would find them all made when the first is written.
    from mathlearn.cli import commands, predicting

    new, made, written = tmp_path / "new.csv", [], []
    new.write_text("species,flipper_length_mm\n" + "Gentoo,217\n" * 10, encoding="utf-8")
    monkeypatch.setattr("mathlearn.linear_model._blocks._MOST_ROWS", 3)
    estimates, write = predicting._means, commands.Sink.write

    def counted(*args):
        for block in estimates(*args):
            made.append(len(block))
            yield block

    monkeypatch.setattr(predicting, "_means", counted)
    monkeypatch.setattr(
        commands.Sink, "write", lambda self, pieces: write(self, (written.append(len(made)) or x for x in pieces))
    )
    assert run("predict", model, new, "-o", tmp_path / "out.csv")[0] == 0
    assert made == [3, 3, 3, 1]
    assert written == [1, 2, 3, 4]


def test_an_error_in_a_later_block_leaves_no_file(run, model, tmp_path, monkeypatch):
    new, path = tmp_path / "new.csv", tmp_path / "out.csv"
    new.write_text("species,flipper_length_mm\n" + "Gentoo,217\n" * 5 + "Dodo,1\n", encoding="utf-8")
    monkeypatch.setattr("mathlearn.linear_model._blocks._MOST_ROWS", 2)
    assert run("predict", model, new, "-o", path)[0] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


@pytest.mark.parametrize("options", [[], ["--interval", "0.9"]])
def test_predictions_are_written_as_parquet_with_the_numbers_of_the_csv(run, model, penguins_csv, tmp_path, options):
    table, rows = tmp_path / "p.csv", tmp_path / "p.parquet"
    for path in (table, rows):
        status, out, err = run("predict", model, penguins_csv, *options, "-o", path)
        assert (status, out) == (0, "")
        assert f"written: {path}" in err
    pd.testing.assert_frame_equal(pd.read_parquet(rows), pd.read_csv(table), check_exact=True)


@pytest.mark.parametrize("label", ["whole", "text"])
def test_labels_keep_their_type_in_parquet_also_where_a_block_has_none(run, label, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=60)})
    frame["y"] = (frame.x + rng.normal(size=60) > 0) + 1
    frame["y"] = frame.y.map({1: "no", 2: "yes"}) if label == "text" else frame.y
    model, new, path = tmp_path / "m.safetensors", tmp_path / "new.csv", tmp_path / "p.parquet"
    LogisticRegression(C=np.inf, formula="y ~ x", missing="drop").fit(frame).save(model)
    new.write_text("x\nNA\nNA\n-9.0\n9.0\n", encoding="utf-8")
    monkeypatch.setattr("mathlearn.linear_model._blocks._MOST_ROWS", 2)
    assert run("predict", model, new, "--proba", "-o", path)[0] == 0
    found = pq.read_table(path)
    low, high = ("no", "yes") if label == "text" else (1, 2)
    assert found["prediction"].to_pylist() == [None, None, low, high]
    assert found.column_names == ["prediction", f"probability of {low}", f"probability of {high}"]
    assert np.isnan(found[1].to_numpy()[:2]).all()


def test_json_is_json_and_complete(run, penguins_csv):
    status, out, err = run("fit", penguins_csv, "--formula", FORMULA, "--missing", "drop", "--json", "--seed", "3")
    record = json.loads(out, parse_constant=pytest.fail)
    assert (status, err) == (0, "")
    assert record["certificate"]["verdict"] == "certified"
    assert record["seed"] == 3
    assert record["fit"]["n"] == 342
    assert record["fit"]["n_dropped"] == 2
    assert [row["term"] for row in record["coefficients"]][-1] == "species[T.Gentoo]"
    for check in record["certificate"]["checks"]:
        assert check["passed"] == (check["value"] <= check["threshold"])


def test_options_of_weights_and_covariance_arrive(run, new, tmp_path):
    new.write_text("a,w,y\n1,2,3\n2,1,5\n3,3,4\n4,2,9\n", encoding="utf-8")
    path = tmp_path / "m.safetensors"
    fit = ("fit", new, "--formula", "y ~ a", "--save", path)
    assert run(*fit, "--weights", "w", "--weights-type", "frequency", "--covariance", "HC1")[0] == 0
    result = mathlearn.load(path).result_
    assert (result.n, result.weights_type, result.covariance.kind) == (8, "frequency", "HC1")
    assert run(*fit, "--covariance", "HAC", "--lags", "1")[0] == 0
    assert "1 lag" in mathlearn.load(path).result_.covariance.description


def test_a_select_on_a_file(run, penguins_csv):
    query = "SELECT body_mass_g / 1000.0 AS kg, flipper_length_mm FROM penguins WHERE species = 'Gentoo'"
    status, out, _ = run("fit", penguins_csv, "--sql", query, "--target", "kg", "--missing", "drop", "--json")
    assert status == 0
    assert json.loads(out)["fit"]["n"] == 123


def test_a_select_on_a_database(run, penguins_csv, tmp_path):
    import duckdb

    path = tmp_path / "birds.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE birds AS SELECT * FROM read_csv(?, nullstr='NA')", [str(penguins_csv)])
    query = "SELECT body_mass_g, flipper_length_mm FROM birds ORDER BY body_mass_g"
    status, out, _ = run("fit", path, "--sql", query, "--target", "body_mass_g", "--missing", "drop", "--json")
    assert status == 0
    assert json.loads(out)["fit"]["n"] == 342


def test_types_of_columns_can_be_said(run, new):
    new.write_text("a,y\n1,3\n2,5\n3,4\n1,9\n2,2\n3,1\n1,4\n", encoding="utf-8")
    status, out, _ = run("fit", new, "--target", "y", "--type", "a=string", "--json")
    assert status == 0
    assert [row["term"] for row in json.loads(out)["coefficients"]][1:] == ["a[T.2]", "a[T.3]"]
    status, _, err = run("fit", new, "--target", "y", "--type", "a")
    assert status == 2
    assert "x=float64" in err


def test_progress_only_on_a_terminal(monkeypatch, capsys, tmp_path):
    from mathlearn.cli import output, progress
    from mathlearn.data.progress import Progress
    from mathlearn.data.progress_line import LINE

    half = Progress(1, None, rows=1_500, total_rows=None, seconds=1.0)
    with progress.shown():
        LINE.show(half)
    assert capsys.readouterr().err == ""
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress.shown():
        assert mathlearn.get_config().progress == "stderr"
        LINE.show(half)
    assert mathlearn.get_config().progress is None
    assert "1,500 rows" in terminal.getvalue()
    assert terminal.getvalue().split("\r")[-2].strip() == ""
    # What is written meanwhile stays on standard output, and the line keeps away when that is the screen too.
    with progress.shown(beside=output.Sink()):
        sys.stdout.write("1.5\n")
        assert mathlearn.get_config().progress is not None
    assert capsys.readouterr().out == "1.5\n"
    assert "1.5" not in terminal.getvalue()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with progress.shown(beside=output.Sink()):
        assert mathlearn.get_config().progress is None
    with progress.shown(beside=output.Sink(tmp_path / "out.csv")):
        assert mathlearn.get_config().progress is not None


def test_target_and_features_stand_for_a_formula(run, penguins_csv):
    by_formula = run("fit", penguins_csv, "--formula", FORMULA, "--missing", "drop", "--json")
    by_name = run(
        "fit", penguins_csv, "--target", "body_mass_g", "--features", "flipper_length_mm,species",
        "--missing", "drop", "--json",
    )  # fmt: skip
    assert json.loads(by_name[1])["coefficients"] == json.loads(by_formula[1])["coefficients"]


def test_all_other_columns_are_features_by_default(run, new):
    new.write_text("a,b,y\n1,2,3\n2,1,5\n3,5,4\n4,3,9\n", encoding="utf-8")
    status, out, _ = run("fit", new, "--target", "y", "--json")
    assert status == 0
    assert [row["term"] for row in json.loads(out)["coefficients"]][1:] == ["a", "b"]


def test_weights_leave_the_features(run, new):
    new.write_text("a,w,y\n1,2,3\n2,1,5\n3,5,4\n4,3,9\n", encoding="utf-8")
    status, out, _ = run("fit", new, "--target", "y", "--weights", "w", "--json")
    assert status == 0
    assert [row["term"] for row in json.loads(out)["coefficients"]][1:] == ["a"]


@pytest.mark.parametrize(
    "arguments", [[], ["--formula", "y ~ a", "--target", "y"], ["--formula", "y ~ a", "--features", "a"]]
)
def test_wrong_usage_is_2(run, new, arguments):
    status, _, err = run("fit", new, *arguments)
    assert status == 2
    assert "--formula" in err


@pytest.mark.parametrize("arguments", [["fti"], ["fit"], ["fit", "x.csv", "--missing", "keep"], ["predict", "m"]])
def test_the_parser_s_own_errors_are_2(run, arguments):
    assert run(*arguments)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "absent.csv", "--target", "y"], "absent.csv"),
        (["fit", "{rows}", "--formula", "body_mass_g ~ wing", "--missing", "drop"], "wing"),
        (["fit", "{rows}", "--formula", "body_mass_g ~ flipper_length_mm"], "missing"),
        (["fit", "{rows}", "--formula", "y ~ __import__('os')"], "__import__"),
        (["predict", "{rows}", "{rows}"], "not a mathlearn model"),
        (["summary", "absent.safetensors"], "absent.safetensors"),
        (["compare", "absent.safetensors"], "mathlearn: absent.safetensors: No such file or directory\n"),
    ],
)
def test_an_error_is_1_one_message_and_no_traceback(run, penguins_csv, arguments, message):
    status, out, err = run(*(argument.replace("{rows}", str(penguins_csv)) for argument in arguments))
    assert (status, out) == (1, "")
    assert message in err
    assert err.startswith("mathlearn: ")
    assert "Traceback" not in err


def test_an_error_leaves_no_file(run, model, tmp_path):
    bad, output = tmp_path / "bad.csv", tmp_path / "out.csv"
    bad.write_text("species,flipper_length_mm\nAdelie,181\nDodo,200\n", encoding="utf-8")
    status, _, err = run("predict", model, bad, "-o", output)
    assert status == 1
    assert "Dodo" in err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


def test_a_full_disk_is_an_error_and_leaves_no_file(run, model, new, tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    status, _, err = run("predict", model, new, "-o", tmp_path / "out.csv")
    assert status == 1
    assert "No space left on device" in err
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


@pytest.mark.parametrize(
    ("form", "mark"), [("text", "species[T.Gentoo]"), ("html", "<table"), ("latex", r"\begin{tabular}")]
)
def test_summary_in_every_format(run, model, tmp_path, form, mark):
    path = tmp_path / "out"
    assert run("summary", model, "--format", form, "-o", path)[0] == 0
    assert mark in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("form", "mark"), [("text", "\nEffect  "), ("html", "<table"), ("latex", r"\begin{description}")]
)
def test_diagnose_in_every_format(run, model, penguins_csv, form, mark):
    status, out, _ = run("diagnose", model, penguins_csv, "--format", form)
    assert status == 0
    assert mark in out


def test_diagnose_as_json(run, model, penguins_csv):
    status, out, _ = run("diagnose", model, penguins_csv, "--json")
    assert status == 0
    expected = mathlearn.load(model).diagnose(mathlearn.scan(penguins_csv))
    told = json.loads(out)
    assert [finding["name"] for finding in told["findings"]] == [finding.name for finding in expected.findings]
    assert told["worst"] == expected.worst.value
    assert told["findings"][0]["effect"]["value"] == expected.findings[0].effect.value
    assert {finding["severity"] for finding in told["findings"]} == {f.severity.value for f in expected.findings}


def test_diagnose_without_rows_checks_the_columns(run, model):
    status, out, _ = run("diagnose", model)
    assert status == 0
    assert "collinearity" in out
    assert "not checked" in out


@pytest.mark.parametrize("form", ["text", "html", "latex", "markdown"])
def test_compare_in_every_format(run, model, tmp_path, form):
    (tmp_path / "m.safetensors").write_bytes(model.read_bytes())
    status, out, _ = run("compare", model, tmp_path / "m.safetensors", "--format", form)
    assert status == 0
    both = [mathlearn.load(model)] * 2
    table = mathlearn.compare(
        *both, names=[str(model), str(tmp_path / "m.safetensors")]
    )  # their short names are the same
    assert out.strip() == getattr(table, f"to_{form}")().strip()


def test_the_row_to_explain_is_read_as_predict_reads_it(run, model, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("species;flipper_length_mm\n-;1,5\nGentoo;217,5\n", encoding="utf-8")
    how = ["--delimiter", ";", "--decimal", ",", "--missing-value", "-", "--type", "flipper_length_mm=float64"]
    status, out, _ = run("explain", model, "--row", f"{path}:1", *how)
    assert status == 0
    assert "217.5" in out
    select = "SELECT 'Gentoo' AS species, 217.5 AS flipper_length_mm"
    assert run("explain", model, "--row", f"{path}:0", "--delimiter", ";", "--sql", select)[1] == out


def test_the_name_of_the_page_that_cannot_be_written_is_the_one_given(run, model):
    status, _, err = run("report", model, "-o", "/proc/page.html")
    assert status == 1
    assert err.startswith("mathlearn: /proc/page.html: cannot be written")
    assert ".part" not in err


def test_check_with_and_without_rows(run, model, penguins_csv):
    status, out, _ = run("check", model)
    assert status == 0
    assert out.startswith("certified: ")
    status, out, _ = run("check", model, penguins_csv, "--json")
    assert status == 0
    assert json.loads(out)["evidence"] == "rows"


def test_a_certificate_that_is_not_ok_is_3_and_still_saves(run, penguins_csv, tmp_path, monkeypatch):
    from mathlearn.results.certificate import Certificate, Check

    failed = Certificate((Check("residual", 2.0, 1.0, "Too large."),), "rows", True, 3.0, 0.5, 2.0)
    original = LinearRegression.fit

    def fit(self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.result_ = dataclasses.replace(self.result_, certificate=failed)
        return self

    monkeypatch.setattr(LinearRegression, "fit", fit)
    path = tmp_path / "m.safetensors"
    status, *_ = run("fit", penguins_csv, "--formula", FORMULA, "--missing", "drop", "--save", path)
    assert status == 3
    status, out, _ = run("check", path)
    assert status == 3
    assert out.startswith("NOT CERTIFIED: ")
    assert "[FAIL] residual" in out
    assert run("check", path, "--json")[0] == 3


def test_hostile_names_do_not_reach_the_terminal(run, tmp_path):
    rows = tmp_path / "rows.csv"
    rows.write_text('"\x1b[2Ja","<script>",y\n1,2,3\n2,1,5\n3,5,4\n4,3,9\n', encoding="utf-8")
    status, out, err = run("fit", rows, "--target", "y")
    assert "\x1b" not in out + err
    assert (status == 0) == (r"\x1b[2Ja" in out)


def test_demo_makes_what_it_says(run, tmp_path):
    status, out, err = run("demo", "--folder", tmp_path / "demo")
    assert status == 0
    assert "certified" in out
    assert str(tmp_path / "demo") in err
    made = {path.name for path in (tmp_path / "demo").iterdir()}
    assert made == {
        "penguins.csv",
        "new.csv",
        "model.safetensors",
        "predictions.csv",
        "summary.html",
        "summary.tex",
        "derivation.md",
        "report.html",
        "fit.png",
        "diagnostics.png",
    }


def test_help_and_version(run):
    assert run("--version")[1] == f"mathlearn {mathlearn.__version__}\n"
    for command in ("fit", "predict", "check", "summary", "explain", "diagnose", "report", "compare", "demo"):
        assert command in run("--help")[1]
        assert run(command, "--help")[0] == 0


def test_help_imports_nothing_heavy():
    script = "import sys; from mathlearn.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "sklearn", "scipy", "pyarrow"} & set(done.stderr.split())


def test_without_typer_the_remedy_is_named():
    script = "import sys; sys.modules['typer'] = None; from mathlearn.cli import main; sys.exit(main(['--help']))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "typer" in done.stderr
    assert "Traceback" not in done.stderr


def test_as_a_module():
    done = subprocess.run([sys.executable, "-m", "mathlearn", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"mathlearn {mathlearn.__version__}\n")


def test_interrupted_is_130_and_leaves_no_file(tmp_path):
    # Reading from a pipe that never ends keeps the command busy until the signal arrives.
    script = f"""
import sys, time
import mathlearn.persistence
mathlearn.persistence.load = lambda path: (print("ready", flush=True), time.sleep(60))
from mathlearn.cli import main
sys.exit(main(["summary", "m", "-o", {str(tmp_path / "out")!r}]))
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_a_reader_that_stops_is_no_traceback():
    script = """
import sys
from mathlearn.cli import commands, main
commands.summary = lambda path, sink: sink.write("x" * 1000 for _ in range(10_000)) or 0
sys.exit(main(["summary", "m"]))
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(1)
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 1
    assert err == b""


def test_numbers_in_tables_read_back_exactly():
    from mathlearn.cli.output import table

    values = [0.1, 1 / 3, 1e-300, -0.0, math.pi]
    block = np.column_stack([values, values])
    lines = "".join(table(["=name", "b"], [block[:2], block[2:]])).splitlines()
    assert lines[0] == '"\'=name","b"'
    read = np.loadtxt(lines[1:], delimiter=",")
    assert read[:, 0].tobytes() == np.array(values).tobytes()


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("fit", ["--covariance", "HC9"], "HC9"),
        ("fit", ["--groups", "a"], "--covariance"),
        ("fit", ["--covariance", "cluster"], "--groups"),
        ("fit", ["--lags", "2"], "HAC"),
        ("predict", ["--kind", "confidence"], "--interval"),
        ("predict", ["-o", "p.feather"], ".feather"),
        ("predict", ["-o", "p.parquet", "--json"], ".parquet"),
        ("predict", ["-o", "p.XLSX"], ".xlsx"),
        ("predict", ["-o", "p.csv", "--json"], "JSON"),
        ("explain", ["--delimiter", ";"], "--row"),
    ],
)
def test_options_that_do_not_fit_each_other_are_wrong_usage(run, new, model, command, arguments, message):
    first = {"fit": [new, "--target", "flipper_length_mm"], "predict": [model, new], "explain": [model]}[command]
    status, out, err = run(command, *first, *arguments)
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("parameter", "offered"), [("missing", Missing), ("weights_type", Weighting), ("covariance", CovarianceKind)]
)
def test_what_is_offered_is_what_the_estimator_takes(parameter, offered):
    (allowed,) = LinearRegression._parameter_constraints[parameter]
    assert set(get_args(offered)) == allowed.options


def test_a_name_that_ends_in_json_gets_json(run, model, new, tmp_path):
    path = tmp_path / "p.json"
    assert run("predict", model, new, "-o", path)[0] == 0
    assert [list(row) for row in json.loads(path.read_text(encoding="utf-8"))] == [["prediction"]] * 2


def test_how_the_csv_is_written_can_be_said(run, new, tmp_path):
    new.write_text("a;y\n1,5;2\n-;3\n2,5;5\n4;4,5\n?;1\n7;9\n", encoding="utf-8")
    dialect = ("--delimiter", ";", "--decimal", ",", "--missing-value", "-", "--missing-value", "?")
    path = tmp_path / "m.safetensors"
    fit = ("fit", new, "--target", "y", "--features", " a", "--missing", "drop", "--save", path)
    assert run(*fit, *dialect)[0] == 0
    assert mathlearn.load(path).result_.n == 4
    assert run("check", path, new, *dialect)[0] == 0
    status, out, _ = run("predict", path, new, *dialect)
    assert status == 0
    assert [line == "nan" for line in out.splitlines()[1:]] == [False, True, False, False, True, False]
    new.write_text("a\ty\n1\t2\n3\t3\n4\t6\n", encoding="utf-8")
    assert run("predict", path, new, "--delimiter", r"\t")[0] == 0


def test_how_a_csv_is_written_says_nothing_about_a_database(run, tmp_path):
    import duckdb

    path = tmp_path / "d.duckdb"
    duckdb.connect(path).close()
    status, _, err = run("fit", path, "--sql", "SELECT 1", "--target", "y", "--missing-value", "-")
    assert status == 2
    assert "--missing-value" in err


FEMALES = ("--where", 'sex == "female" and flipper_length_mm > 190')


def test_rows_of_files_are_chosen_by_a_condition(run, penguins_csv, tmp_path):
    kept = mathlearn.scan(penguins_csv, where=FEMALES[1])
    path = tmp_path / "m.safetensors"
    status, out, _ = run("fit", penguins_csv, "--formula", FORMULA, *FEMALES, "--save", path, "--json")
    assert status == 0
    assert json.loads(out)["where"] == FEMALES[1]
    model = LinearRegression(formula=FORMULA).fit(kept)
    np.testing.assert_array_equal(mathlearn.load(path).result_.coef, model.result_.coef)
    assert run("check", path, penguins_csv, *FEMALES)[1] == f"{model.verify(kept)}\n"
    assert run("diagnose", path, penguins_csv, *FEMALES)[1] == f"{model.diagnose(kept)}\n"
    predicted = run("predict", path, penguins_csv, *FEMALES)[1].splitlines()[1:]
    np.testing.assert_array_equal([float(line) for line in predicted], model.predict(kept))
    page = tmp_path / "page.html"
    assert run("report", path, penguins_csv, *FEMALES, "-o", page)[0] == 0
    assert "where sex == &quot;female&quot; and flipper_length_mm &gt; 190" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(("command", "remedy"), [("explain", "go with --row"), ("check", "need their file")])
def test_options_about_rows_that_are_not_named_are_refused(run, model, command, remedy):
    status, out, err = run(command, model, "--where", "year > 2008")
    assert (status, out) == (2, "")
    assert remedy in " ".join(err.replace("│", " ").split())


def test_the_row_to_explain_is_counted_among_those_kept(run, model, penguins_csv):
    rows = list(csv.DictReader(penguins_csv.read_text(encoding="utf-8").splitlines()))
    gentoo = [row for row in rows if row["species"] == "Gentoo"]
    status, out, _ = run("explain", model, "--row", f"{penguins_csv}:2", "--where", 'species == "Gentoo"')
    assert status == 0
    assert gentoo[2]["flipper_length_mm"] in out
    assert out == run("explain", model, "--row", f"{penguins_csv}:{rows.index(gentoo[2])}")[1]


def test_a_condition_goes_with_files_and_with_no_query(run, model, penguins_csv):
    chosen = ("--where", "year > 2007")
    status, _, err = run("fit", penguins_csv, "--sql", "SELECT * FROM penguins", "--target", "year", *chosen)
    assert status == 2
    assert "a query has a WHERE of its own" in " ".join(err.replace("│", " ").split())
    for command in ("check", "diagnose", "report", "explain"):
        assert run(command, model, *chosen)[0] == 2
    status, _, err = run("predict", model, penguins_csv, "--where", "yeer > 2007")
    assert status == 1
    assert "Did you mean 'year'" in err


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line_and_not_what_the_summary_says(run, new, tmp_path):
    new.write_text("a,b,y\n" + "".join(f"{i},{2 * i},{i * i}\n" for i in range(9)), encoding="utf-8")
    status, out, err = run("fit", new, "--target", "y")
    assert (status, err) == (0, "")
    assert "linearly dependent columns: b = 2·a" in out
    status, out, err = run("fit", new, "--target", "y", "--json")
    assert (status, len(err.splitlines())) == (0, 1)
    assert json.loads(out)["certificate"]["unique"] is False
    status, _, err = run("fit", new, "--target", "y", "-o", tmp_path / "s.txt")
    assert status == 0
    first, second = err.splitlines()
    assert first.startswith("mathlearn: warning: linearly dependent columns: b = 2·a.")
    assert second.startswith("written: ")


@pytest.mark.parametrize("option", ["--save", "-o"])
def test_a_missing_folder_is_named_before_the_work(run, new, tmp_path, monkeypatch, option):
    monkeypatch.setattr(LinearRegression, "fit", lambda *_, **__: pytest.fail("worked in vain"))
    status, _, err = run("fit", new, "--target", "flipper_length_mm", option, tmp_path / "no" / "m.safetensors")
    assert status == 1
    assert f"the folder {tmp_path / 'no'} does not exist" in err
    assert ".part" not in err


ONE_AFTER_THE_OTHER = """
import sys
from mathlearn import cli
words = [*sys.argv[1:], "then"]
while words:
    end = words.index("then")
    sys.argv[1:], words = words[:end], words[end + 1:]
    try:
        cli.run()
    except SystemExit as stop:
        print("status", stop.code, "end of output")
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_takes_no_unicode(penguins_csv, tmp_path, encoding):
    """The commands run in one process, whose terminal has this encoding."""
    model = tmp_path / "m.safetensors"
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "NO_COLOR": "1"}
    commands = [
        ["fit", penguins_csv, "--formula", FORMULA, "--missing", "drop", "--save", model],
        ["explain", model],
        ["compare", model, model],
        ["fit", penguins_csv, "--formula", "höhe ~ x"],
    ]
    words = [str(word) for command in commands for word in ("then", *command)][1:]
    done = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_THE_OTHER, *words], capture_output=True, env=environment, check=True
    )
    *outputs, rest = done.stdout.decode(encoding).split("end of output")
    assert "codec" not in done.stderr.decode(encoding)
    assert [int(output.split()[-1]) for output in outputs] == [0, 0, 0, 1]
    assert not rest.strip()
    assert "betahat" in outputs[1]
    assert "10^-16" in outputs[1] or "10^-¹" in outputs[1]
    assert "-206.51" in outputs[1]


def test_json_for_a_terminal_that_takes_no_unicode(tmp_path):
    table, model = tmp_path / "t.csv", tmp_path / "m.safetensors"
    table.write_text("größe,y\n1,2\n2,3\n3,5\n4,4\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    words = ["fit", table, "--formula", "y ~ größe", "--save", model, "then", "summary", model, "--json"]
    done = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_THE_OTHER, *map(str, words)], capture_output=True, env=environment, check=True
    )
    shown = done.stdout.split(b"end of output")[1].partition(b"status")[0]
    assert json.loads(shown)["coefficients"][1]["term"] == "größe"
