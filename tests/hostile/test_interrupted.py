"""Ctrl-C and a full disk: an exit status, one line at most, and no file left behind.

As elsewhere in the tests, signals and limits are those of POSIX.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn.linear_model import LinearRegression, PoissonRegressor

rng = np.random.default_rng(0)


@pytest.fixture
def big_file(tmp_path):
    """A file that takes seconds to read and predict from, and a model for it."""
    path = tmp_path / "big.csv"
    block = "".join(f"{a},{b}\n" for a, b in rng.normal(size=(20_000, 2)).tolist())
    with path.open("w") as file:
        file.write("y,x\n")
        for _ in range(60):
            file.write(block)
    LinearRegression(formula="y ~ x").fit(pd.DataFrame(rng.normal(size=(40, 2)), columns=["y", "x"])).save(
        tmp_path / "m.safetensors"
    )
    return path


def _written(folder, before):
    """Whether something new in the folder has grown beyond nothing."""
    return any(path.stat().st_size for path in folder.iterdir() if path not in before)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_what_stops_the_writing_of_predictions_leaves_no_file(big_file, how):
    folder = big_file.parent
    before = sorted(folder.iterdir())
    arguments = ["predict", "m.safetensors", "big.csv", "-o", "out.csv", "--interval", "0.9"]
    process = subprocess.Popen([sys.executable, "-m", "mathlearn", *arguments], cwd=folder, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not _written(folder, before) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(how)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in error
    assert sorted(folder.iterdir()) == before


def test_control_c_while_a_stream_is_fitted_says_so_in_one_line_and_leaves_no_file(big_file):
    folder = big_file.parent
    before = sorted(folder.iterdir())
    # On a terminal the command says by itself when rows are being read.
    script = "from mathlearn.data import progress; progress._SECONDS = 0.0; from mathlearn.cli import run; run()"
    arguments = ["fit", "big.csv", "--formula", "y ~ x", "--save", "m2.safetensors", "-o", "out.txt"]
    leader, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], cwd=folder, stderr=terminal, env={**os.environ, "TERM": "xterm"}
    )
    os.close(terminal)
    shown = b""
    while b"pass 1: " not in shown:
        shown += os.read(leader, 1 << 12)
    process.send_signal(signal.SIGINT)
    shown += _rest(leader)
    assert process.wait(timeout=60) == 130
    *_, blank, last, end = shown.split(b"\r")
    assert (blank.strip(), last, end) == (b"", b"mathlearn: interrupted", b"\n")
    assert shown.count(b"\n") == 1
    assert sorted(folder.iterdir()) == before


def _rest(leader):
    """Read what is written to a terminal until nobody holds it any more."""
    pieces = []
    while True:
        try:
            pieces.append(os.read(leader, 1 << 12))
        except OSError:  # how Linux says that it is over
            pieces.append(b"")
        if not pieces[-1]:
            os.close(leader)
            return b"".join(pieces)


@pytest.mark.parametrize("model", [LinearRegression(formula="y ~ x"), PoissonRegressor(formula="count ~ x")])
@pytest.mark.parametrize("at", [1, 2])
def test_control_c_in_python_leaves_the_model_as_it_was_and_no_thread(tmp_path, model, at):
    n = 20_000
    frame = pd.DataFrame({"x": rng.normal(size=n), "y": rng.normal(size=n), "count": rng.poisson(2.0, size=n)})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    stream, threads = mathlearn.scan(tmp_path / "rows.csv"), set(threading.enumerate())

    def interrupt(progress):
        if progress.pass_number == at:
            signal.raise_signal(signal.SIGINT)

    fitted = type(model)(formula=model.formula).fit(stream)
    state = dict(vars(fitted))
    for each in (type(model)(formula=model.formula), fitted):
        with mathlearn.config_context(progress=interrupt), pytest.raises(KeyboardInterrupt):
            each.fit(stream)
        assert set(threading.enumerate()) <= threads
        if each is not fitted:
            assert "result_" not in vars(each)
    assert vars(fitted) == state
    assert fitted.fit(stream).certificate_ == state["result_"].certificate


@pytest.mark.parametrize(
    "arguments", [["predict", "m.safetensors", "big.csv"], ["fit", "big.csv", "--formula", "y ~ x"]]
)
def test_a_full_disk_is_an_error_without_a_file(big_file, arguments):
    folder = big_file.parent
    before = sorted(folder.iterdir())
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)); "
        "from mathlearn.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    option = "-o" if arguments[0] == "predict" else "--save"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments, option, "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("mathlearn: ")
    assert "Traceback" not in done.stderr
    assert sorted(folder.iterdir()) == before
