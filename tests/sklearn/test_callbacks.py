"""scikit-learn's callbacks follow a fit: one task for it, one for each pass over a stream; nothing where there are none."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mathlearn
from mathlearn.data import progress as module
from mathlearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor

callback = pytest.importorskip("sklearn.callback")

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
y = X[:, 0] + rng.normal(size=60)


class Recorder:
    """Keeps what it is told; taken over by sub-estimators."""

    max_propagation_depth = None

    def __init__(self):
        self.seen = []
        self.tasks = {}

    def setup(self, estimator, context):
        self.seen.append(("setup", context.task_name))

    def teardown(self, estimator, context):
        self.seen.append(("teardown", context.task_name))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.seen.append(("begin", context.task_name))
        self.tasks.setdefault(context.task_name, []).append(context)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.seen.append(("end", context.task_name))
        if context.task_name == "fit":
            self.last = (X, y, metadata, fitted_estimator)

    def count(self, what, name):
        return self.seen.count((what, name))


@pytest.fixture
def stream(tmp_path):
    frame = pd.DataFrame({"a": rng.normal(size=3_000), "b": rng.normal(size=3_000)})
    frame["y"] = frame["a"] + rng.normal(size=3_000)
    frame["count"] = rng.poisson(np.exp(frame["a"] / 2))
    frame["yes"] = np.where(frame["y"] > 0, "yes", "no")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return mathlearn.scan(tmp_path / "rows.csv")


MODELS = [
    LinearRegression(formula="y ~ a + b"),
    PoissonRegressor(formula="count ~ a + b"),
    LogisticRegression(formula="yes ~ a + b"),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_stream_is_a_task_a_pass(model, stream):
    recorder, ends = Recorder(), []
    model = clone(model).set_callbacks(recorder)
    with mathlearn.config_context(progress=lambda p: ends.append(p) if p.ended else None):
        model.fit(stream)
    assert recorder.seen[:2] == [("setup", "fit"), ("begin", "fit")]
    assert recorder.seen[-2:] == [("end", "fit"), ("teardown", "fit")]
    assert recorder.count("begin", "pass") == recorder.count("end", "pass") == len(ends) > 1
    assert [context.task_id for context in recorder.tasks["pass"]] == list(range(len(ends)))
    assert recorder.tasks["fit"][0].max_subtasks is None


@pytest.fixture
def told_often(monkeypatch):
    """Telling of every batch, of which a pass has many."""
    monkeypatch.setattr(module, "_SECONDS", 0.0)
    monkeypatch.setattr("mathlearn.linalg.ladder.block_rows", lambda p: 500)


def test_a_pass_of_known_length_is_followed_by_hundredths(stream, told_often):
    recorder = Recorder()
    LinearRegression(formula="y ~ a + b").set_callbacks(recorder).fit(stream)
    first, second, *_ = recorder.tasks["pass"]
    assert first.max_subtasks == 0  # nobody knows how many rows a CSV file has; once read, everybody does
    assert second.max_subtasks == 100
    assert recorder.count("begin", "rows") == recorder.count("end", "rows")
    assert recorder.count("begin", "rows") >= 100
    at = recorder.seen.index(("begin", "rows"))
    assert ("begin", "pass") in recorder.seen[:at]
    assert ("end", "pass") in recorder.seen[at:]


def test_rows_in_memory_are_one_task_with_the_fit_at_its_end():
    recorder = Recorder()
    weight = np.ones(60)
    model = LinearRegression().set_callbacks(recorder).fit(X, y, sample_weight=weight)
    assert recorder.seen == [("setup", "fit"), ("begin", "fit"), ("end", "fit"), ("teardown", "fit")]
    seen_X, seen_y, metadata, fitted = recorder.last
    assert seen_X is X
    assert seen_y is y
    assert metadata["sample_weight"] is weight
    np.testing.assert_array_equal(fitted.coef_, model.coef_)


def test_the_numbers_are_those_of_a_fit_without_callbacks(stream):
    plain = LinearRegression(formula="y ~ a + b").fit(stream)
    followed = LinearRegression(formula="y ~ a + b").set_callbacks(Recorder()).fit(stream)
    np.testing.assert_array_equal(followed.coef_, plain.coef_)
    assert followed.certificate_ == plain.certificate_
    assert set(vars(followed)) - set(vars(plain)) == {"_skl_callbacks"}


def test_callbacks_are_torn_down_when_a_fit_fails():
    recorder = Recorder()
    model = LinearRegression().set_callbacks(recorder)
    with pytest.raises(ValueError, match="NaN"):
        model.fit([[np.nan], [1.0]], [1.0, 2.0])
    assert recorder.seen == [("setup", "fit"), ("begin", "fit"), ("teardown", "fit")]
    assert set(vars(model)) == set(vars(LinearRegression())) | {"_skl_callbacks"}


def test_callbacks_go_with_clones_and_through_pipelines_and_searches():
    recorder = Recorder()
    make_pipeline(StandardScaler(), LinearRegression()).set_callbacks(recorder).fit(X, y)
    assert recorder.count("setup", "fit") == 1
    assert [context.estimator_name for context in recorder.tasks["fit"]] == [
        "Pipeline", "StandardScaler", "LinearRegression",
    ]  # fmt: skip
    recorder = Recorder()
    GridSearchCV(LinearRegression(), {"fit_intercept": [True, False]}, cv=2).set_callbacks(recorder).fit(X, y)
    fits = [context for context in recorder.tasks["fit"] if context.estimator_name == "LinearRegression"]
    assert len(fits) == 5


def test_scores_are_monitored():
    monitor = callback.ScoringMonitor(scoring="r2")
    model = LinearRegression().set_callbacks(monitor).fit(X, y)
    assert monitor.get_logs().data[-1]["r2"] == pytest.approx(model.score(X, y))


def test_the_progress_bar_shows_the_fit_and_its_passes(stream, told_often, capsys):
    LinearRegression(formula="y ~ a + b").set_callbacks(callback.ProgressBar()).fit(stream)
    shown = capsys.readouterr().out
    assert "LinearRegression - fit" in shown
    assert "LinearRegression - pass #1" in shown
    assert "100%" in shown
    assert not re.search(r"\b[1-9][0-9]?%", shown)


def test_what_is_no_callback_is_refused():
    with pytest.raises(TypeError, match="callback"):
        LinearRegression().set_callbacks(print)
    model = LinearRegression().set_callbacks(Recorder())
    assert vars(model.set_callbacks()) == vars(LinearRegression())


def test_an_older_scikit_learn_says_that_it_has_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    with pytest.raises(ImportError, match=r"callbacks came with scikit-learn 1\.9, and this is .*set_config"):
        LinearRegression().set_callbacks()
    LinearRegression().fit(X, y)


def test_a_fit_without_callbacks_does_not_load_them():
    script = (
        "import sys; from mathlearn.linear_model import LinearRegression; "
        "LinearRegression().fit([[0.0], [1.0], [2.0]], [1.0, 2.0, 4.0]); sys.exit('sklearn.callback' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
