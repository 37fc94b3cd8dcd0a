"""Import and start-up times, each in a fresh process, taking turns."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.timing import interleaved

COMMANDS = {
    "import numpy": ["-c", "import numpy"],
    "import mathlearn": ["-c", "import mathlearn"],
    "scikit-learn's estimator": ["-c", "from sklearn.linear_model import LinearRegression"],
    "mathlearn's estimator": ["-c", "from mathlearn.linear_model import LinearRegression"],
    "mathlearn --help": ["-m", "mathlearn", "--help"],
}


def measure(rounds: int) -> dict[str, float]:
    """Return the median wall seconds of each command; the first call, which fills the file cache, is not counted."""
    return interleaved({name: _starter(arguments) for name, arguments in COMMANDS.items()}, rounds=rounds)


def _starter(arguments: list[str]):
    def start() -> None:
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)

    return start
