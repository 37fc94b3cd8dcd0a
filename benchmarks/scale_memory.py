"""Peak memory of a least-squares fit over Parquet above that of its imports, in a process of its own.

``python -m benchmarks.scale_memory FOLDER ROWS`` prints it in bytes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks import scale_data
from benchmarks.memory import highest


def extra_peak(folder: Path, rows: int) -> float:
    """Return the peak resident memory of a fit above that of a small fit's imports, in bytes."""
    command = [sys.executable, "-m", "benchmarks.scale_memory", str(folder), str(rows)]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def probe(folder: Path, rows: int) -> int:
    """Measure in this process, which should be fresh."""
    import mathlearn
    from mathlearn.linear_model import LinearRegression

    LinearRegression().fit([[1.0], [2.0], [4.0]], [1.0, 3.0, 2.0])
    import pyarrow.dataset  # noqa: F401 -- of the imports

    before = highest()
    LinearRegression(formula=scale_data.FORMULA).fit(mathlearn.scan(scale_data.files(folder, rows)))
    return highest() - before


if __name__ == "__main__":
    print(probe(Path(sys.argv[1]), int(sys.argv[2])))
