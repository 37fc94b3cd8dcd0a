"""Ctrl-C and a full disk: an exit status, one line at most, and no file left behind.

As elsewhere in the tests, signals and limits are those of POSIX.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from mathlearn.linear_model import LinearRegression

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


def test_control_c_while_predictions_are_written_leaves_no_file(big_file):
    folder = big_file.parent
    before = sorted(folder.iterdir())
    arguments = ["predict", "m.safetensors", "big.csv", "-o", "out.csv", "--interval", "0.9"]
    process = subprocess.Popen([sys.executable, "-m", "mathlearn", *arguments], cwd=folder, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not _written(folder, before) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in error
    assert sorted(folder.iterdir()) == before


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
