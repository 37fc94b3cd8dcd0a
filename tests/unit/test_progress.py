"""How far a stream has been read: the record, its line, who is told, and how passes are counted."""

from __future__ import annotations

import io
import math
import threading
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mathlearn
from mathlearn.data import progress as module
from mathlearn.data import progress_line
from mathlearn.data.progress import Passes, Progress, expect, read, reporting
from mathlearn.data.progress_line import LINE
from mathlearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor

rng = np.random.default_rng(0)


class Clock:
    """Each look at it is a while later."""

    def __init__(self, step):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.fixture
def slow(monkeypatch):
    """Reading so slow that every batch is told."""
    monkeypatch.setattr(module, "monotonic", Clock(0.5))


@pytest.fixture
def terminal(monkeypatch):
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(progress_line, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setenv("TERM", "xterm")
    return stream


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    """Scan a file of counts, classes and levels, of which it is known how many rows it has."""
    n = 4_000
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "g": rng.choice(["u", "v"], n)})
    frame["y"] = frame["a"] - frame["b"] + rng.normal(size=n)
    frame["yes"] = np.where(rng.random(n) < 1 / (1 + np.exp(-frame["a"])), "yes", "no")
    frame["count"] = rng.poisson(np.exp(frame["a"] / 2))
    path = tmp_path_factory.mktemp("stream") / "rows.parquet"
    frame.to_parquet(path, row_group_size=500)
    return mathlearn.scan(path)


# ------------------------------------------------------------------------------------------------------------ the record
@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (
            Progress(2, 6, 12_400_000, 50_000_000, 4.0),
            "pass 2 of about 6: 12,400,000 of 50,000,000 rows, 3.1 million rows/s, about 77 s left",
        ),
        (Progress(1, 1, 500, 1_000, 1.0), "pass 1: 500 of 1,000 rows, 500 rows/s, about 1 s left"),
        (
            Progress(3, None, 12_345, 50_000, 1.0),
            "pass 3: 12,345 of 50,000 rows, 12,000 rows/s, about 3 s to the end of this pass",
        ),
        (Progress(1, 4, 123_456, None, 1.0), "pass 1 of about 4: 123,456 rows, 120,000 rows/s"),
        (Progress(2, 2, 10, 10, 0.0), "pass 2 of about 2: 10 of 10 rows"),
        (Progress(1, 1, 0, 0, 1.0), "pass 1: 0 of 0 rows, 0 rows/s"),
        (Progress(1, 2, 1, 1_000, 1.0), "pass 1 of about 2: 1 of 1,000 rows, 1 rows/s, about 33 min left"),
        (Progress(1, 9, 1, 10_000, 1.0), "pass 1 of about 9: 1 of 10,000 rows, 1 rows/s, about 25.0 h left"),
        (
            Progress(1, 1, 700, 1_000, 2.0, first_row=600),
            "pass 1: 700 of 1,000 rows, 50 rows/s, about 6 s left",
        ),
    ],
)
def test_a_record_is_one_line(progress, line):
    assert str(progress) == line


def test_a_narrow_terminal_gets_the_line_without_the_pace_of_reading():
    progress = Progress(2, 6, 12_400_000, 50_000_000, 4.0)
    assert progress.line(85) == str(progress)
    assert progress.line(79) == "pass 2 of about 6: 12,400,000 of 50,000,000 rows, about 77 s left"
    assert progress.line(20) == "pass 2 of about 6: 1"


@given(
    rows=st.integers(1, 10**12),
    left=st.integers(0, 10**12),
    seconds=st.floats(1e-3, 1e6),
    number=st.integers(1, 50),
    further=st.integers(0, 50),
)
def test_what_remains_is_all_rows_that_are_left_at_the_present_pace(rows, left, seconds, number, further):
    progress = Progress(number, number + further, rows, rows + left, seconds)
    every_row = number * (rows + left) + further * (rows + left)
    seen = (number - 1) * (rows + left) + rows
    assert progress.remaining == pytest.approx((every_row - seen) * seconds / rows)
    assert Progress(number, None, rows, None, seconds).remaining is None
    assert len(progress.line(79)) <= 79


# ------------------------------------------------------------------------------------------------------------- the passes
def test_a_fit_counts_its_passes_and_says_about_how_many_there_will_be(stream):
    told = []
    with mathlearn.config_context(progress=told.append):
        LinearRegression(formula="y ~ a + b").fit(stream)
    ends = [p for p in told if p.ended]
    assert [p.pass_number for p in ends] == list(range(1, len(ends) + 1))
    assert ends[0].passes_expected == 1
    assert ends[-1].passes_expected == len(ends) > 1  # few rows climb to the last rung
    assert {p.total_rows for p in told} == {4_000}


def test_levels_and_labels_are_learned_in_passes_of_the_fit(stream):
    told = []
    with mathlearn.config_context(progress=told.append):
        LogisticRegression(formula="yes ~ a + g").fit(stream)
    assert [p.pass_number for p in told] == list(range(1, len(told) + 1))
    assert [p.passes_expected for p in told[:2]] == [None, None]  # labels, levels: nobody knows yet
    assert told[2].passes_expected >= len(told)


@pytest.mark.parametrize(
    "model", [LogisticRegression(formula="yes ~ a + b"), PoissonRegressor(formula="count ~ a + b")]
)
def test_the_passes_of_a_likelihood_fit_are_about_as_expected(stream, model):
    told = []
    with mathlearn.config_context(progress=told.append):
        model.fit(stream)
    expected = max(p.passes_expected or 0 for p in told)
    assert abs(len(told) - expected) <= 2


def test_each_fit_counts_from_one(stream):
    told = []
    with mathlearn.config_context(progress=told.append):
        model = LinearRegression(formula="y ~ a").fit(stream)
        first = len(told)
        model.fit(stream)
        assert told[first].pass_number == 1
        last = len(told)
        model.predict(stream)
    assert (told[last].pass_number, told[last].passes_expected) == (1, None)


def test_new_rows_are_passes_of_one_fit(stream, monkeypatch):
    monkeypatch.setattr("mathlearn.linalg.ladder.block_rows", lambda _: 1_000)  # a look at the first block is no pass
    told = []
    with mathlearn.config_context(progress=told.append):
        model = LinearRegression(formula="y ~ a + g").partial_fit(stream)
        assert [(p.pass_number, p.passes_expected) for p in told] == [(1, None), (2, 2)]  # the levels, the statistic
        told.clear()
        model.partial_fit(stream)
        model.partial_fit(stream)
    assert [(p.pass_number, p.passes_expected) for p in told] == [(1, 1), (1, 1)]


def test_a_pass_that_is_given_up_does_not_count(stream, slow):
    told = []
    with mathlearn.config_context(progress=told.append), Passes():
        looked = read(stream, ["a"], max_rows=100)
        next(looked)
        next(looked)
        looked.close()
        whole = list(read(stream, ["a"], max_rows=1_000))
    assert len(whole) > 1
    assert {p.pass_number for p in told} == {1}
    assert told[0].total_rows == stream.n_rows
    assert told[-1].ended


def test_rows_of_a_pass_are_the_total_of_the_next(slow):
    told = []
    passes = Passes(told.append)
    batches = [pd.Series(range(3)), pd.Series(range(4))]
    batches = [type("Batch", (), {"n": len(b)}) for b in batches]
    for _ in range(2):
        assert list(reporting(batches, None, passes)) == batches
    assert [(p.pass_number, p.rows, p.total_rows) for p in told] == [
        (1, 3, None), (1, 7, None), (1, 7, 7), (2, 3, 7), (2, 7, 7),
    ]  # fmt: skip
    list(reporting([*batches, *batches], None, passes))
    assert [(p.rows, p.total_rows) for p in told[5:]] == [(3, 7), (10, None), (14, None), (14, 14)]
    passes.rows = 7
    resumed = list(reporting(batches[1:], None, passes, 3))
    assert resumed == batches[1:]
    assert (told[-1].first_row, told[-1].rows, told[-1].total_rows) == (3, 7, 7)


def test_expectations_are_of_the_fit_under_way_and_end_when_they_prove_too_low():
    expect(3)  # nobody asked
    with Passes() as passes:
        expect(2)
        passes.end(5)
        assert passes.at(1, None, 1.0, 0).passes_expected == 2
        passes.end(5)
        assert passes.at(1, None, 1.0, 0).passes_expected is None
        expect(1)
        assert passes.at(1, None, 1.0, 0).passes_expected == 3
        assert Passes.of_now() is passes
    assert Passes.of_now() is not passes


def test_fits_in_threads_count_apart(stream):
    told = {}

    def fit(name):
        mine = told[name] = []
        with mathlearn.config_context(progress=lambda p: mine.append((threading.current_thread().name, p))):
            LinearRegression(formula="y ~ a + b").fit(stream)

    threads = [threading.Thread(target=fit, args=(name,), name=name) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, seen in told.items():
        assert {thread for thread, _ in seen} == {name}
        assert [p.pass_number for _, p in seen if p.ended] == list(range(1, len(seen) + 1))


def test_rows_in_memory_are_not_told():
    told = []
    with mathlearn.config_context(progress=told.append):
        LinearRegression().fit(rng.normal(size=(300, 2)), rng.normal(size=300))
    assert told == []


def test_calls_are_at_most_four_a_second(monkeypatch):
    monkeypatch.setattr(module, "monotonic", Clock(0.01))
    told = []
    batches = [type("Batch", (), {"n": 1})] * 1_000
    list(reporting(batches, None, Passes(told.append)))
    assert len(told) > 10
    assert min(np.diff([p.seconds for p in told[:-1]])) >= 0.25 - 1e-9


# --------------------------------------------------------------------------------------------------------------- cancelling
def test_an_error_from_progress_cancels_a_fit_and_leaves_the_model_as_it_was(stream):
    class EnoughError(Exception):
        pass

    def refuse(progress):
        raise EnoughError(str(progress))

    unfitted, fitted = LinearRegression(formula="y ~ a + b"), LinearRegression(formula="y ~ a").fit(stream)
    before = vars(fitted).copy()
    for model in (unfitted, fitted):
        with mathlearn.config_context(progress=refuse), pytest.raises(EnoughError, match="pass 1"):
            model.fit(stream)
    assert not hasattr(unfitted, "result_")
    assert vars(fitted) == before
    assert Passes.of_now() is not Passes.of_now()  # none is under way any more


# --------------------------------------------------------------------------------------------------------- the line shown
def test_the_line_is_written_over_and_cleared(stream, terminal, slow):
    with mathlearn.config_context(progress="stderr"):
        list(read(stream, ["a"], max_rows=1_000))
    lines = terminal.getvalue().split("\r")
    assert lines[0].startswith("pass 1: ")
    assert lines[-2:] == [" " * len(lines[-3].rstrip()), ""]
    assert "\n" not in terminal.getvalue()
    assert "\x1b" not in terminal.getvalue()
    assert max(map(len, lines)) < 80


def test_a_shorter_line_leaves_nothing_of_a_longer_one(terminal):
    long, short = Progress(1, 2, 999, 1_000, 1.0), Progress(1, 1, 9, None, 1.0)
    LINE.show(long)
    LINE.show(short)
    LINE.clear()
    LINE.clear()
    first, second, blank, end = terminal.getvalue().split("\r")
    assert first == str(long)
    assert second == f"{short!s:<{len(first)}}"
    assert (blank, end) == (" " * len(str(short)), "")


def test_an_interrupted_fit_clears_the_line(stream, terminal):
    half = Progress(1, 1, 500, 1_000, 1.0)

    def interrupted(progress):
        LINE.show(half)
        raise KeyboardInterrupt

    with mathlearn.config_context(progress=interrupted), pytest.raises(KeyboardInterrupt):
        LinearRegression(formula="y ~ a").fit(stream)
    assert terminal.getvalue() == f"{half}\r{' ' * len(str(half))}\r"


@pytest.mark.parametrize("ask", ["predict", "predict_interval", "score", "verify", "augment", "diagnose"])
def test_an_interrupted_question_clears_the_line(stream, terminal, ask):
    half = Progress(1, 1, 500, 1_000, 1.0)

    def interrupted(progress):
        LINE.show(half)
        raise KeyboardInterrupt

    model = LinearRegression(formula="y ~ a").fit(stream)
    with mathlearn.config_context(progress=interrupted), pytest.raises(KeyboardInterrupt):
        getattr(model, ask)(stream)
    assert terminal.getvalue() == f"{half}\r{' ' * len(str(half))}\r"


@pytest.mark.parametrize("why", ["no terminal", "dumb", "no stream"])
def test_nothing_is_written_where_nobody_looks(why, monkeypatch, stream, slow):
    target = io.StringIO()
    target.isatty = lambda: why != "no terminal"
    monkeypatch.setenv("TERM", "dumb" if why == "dumb" else "xterm")
    stderr = None if why == "no stream" else target
    monkeypatch.setattr(progress_line, "sys", SimpleNamespace(stderr=stderr))
    with mathlearn.config_context(progress="stderr"):
        list(read(stream, ["a"], max_rows=1_000))
    assert target.getvalue() == ""


def test_an_instant_has_no_pace():
    assert Progress(1, 1, 5, 10, 0.0).rows_per_second == math.inf
    assert Progress(1, 1, 5, 10, 0.0).remaining == 0.0
