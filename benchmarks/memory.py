"""Extra peak memory of a fit, measured from outside Python's allocator in a process of its own.

``python -m benchmarks.memory PEER N P`` makes the table, warms the library up on a small one, resets the kernel's high-water mark
of resident memory, fits, and prints the rise above the level before the fit as a fraction of the size of X.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.peers import FAMILIES
from benchmarks.workloads import Workload

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def extra_peak(peer: str, workload: Workload) -> float:
    """Return the extra peak resident memory of one fit as a fraction of X."""
    command = [sys.executable, "-m", "benchmarks.memory", peer, str(workload.n), str(workload.p)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def _resident(field: str) -> int:
    """Return a field of /proc/self/status in bytes: VmRSS (now) or VmHWM (highest)."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


def _highest() -> int:
    """Return the high-water mark of resident memory in bytes."""
    if STATUS.exists():
        return _resident("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def probe(name: str, n: int, p: int) -> float:
    """Measure in this process, which should be fresh."""
    peer = next(peer for family in FAMILIES.values() for peer in family if peer.name == name)
    small = Workload("warm-up", 20 * p, p, rounds=1).make()
    peer.fit(*peer.prepare(*small))
    X, y = peer.prepare(*Workload("memory", n, p, rounds=1).make())
    gc.collect()
    if CLEAR.exists():
        CLEAR.write_text("5", encoding="ascii")  # VmHWM starts again from the present level
    before = _highest()
    peer.fit(X, y)
    return (_highest() - before) / (8 * n * p)


if __name__ == "__main__":
    print(probe(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
