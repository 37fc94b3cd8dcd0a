"""Extra peak memory of a fit, measured from outside Python's allocator in a process of its own.

``python -m benchmarks.memory SUITE PEER N P`` makes the table, warms the library up on a small one, resets the kernel's high-water mark
of resident memory, fits, and prints the rise above the level before the fit as a fraction of the size of X.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers import FAMILIES
from benchmarks.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.peers import Peer

    Suite = tuple[Mapping[str, tuple[Peer, ...]], Callable[[int], tuple[Any, Any]]]

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def extra_peak(peer: str, n: int, p: int, *, suite: str = "linear") -> float:
    """Return the extra peak resident memory of one fit as a fraction of X."""
    command = [sys.executable, "-m", "benchmarks.memory", suite, peer, str(n), str(p)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def _resident(field: str) -> int:
    """Return a field of /proc/self/status in bytes: VmRSS (now) or VmHWM (highest)."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


def highest() -> int:
    """Return the high-water mark of resident memory in bytes."""
    if STATUS.exists():
        return _resident("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _linear(p: int) -> Suite:
    return FAMILIES, lambda n: Workload("memory", n, p, rounds=1).make()


def _glm(p: int) -> Suite:
    from benchmarks.glm import make
    from benchmarks.glm_peers import Law, peers

    return peers(Law("logistic", 0.0), 1e-8, 1), lambda n: make("logistic", n, p)


_SUITES: dict[str, Callable[[int], Suite]] = {"linear": _linear, "glm": _glm}


def probe(suite: str, name: str, n: int, p: int) -> float:
    """Measure in this process, which should be fresh."""
    families, make = _SUITES[suite](p)
    peer = next(peer for family in families.values() for peer in family if peer.name == name)
    peer.fit(*peer.prepare(*make(20 * p)))
    X, y = peer.prepare(*make(n))
    gc.collect()
    if CLEAR.exists():
        CLEAR.write_text("5", encoding="ascii")  # VmHWM starts again from the present level
    before = highest()
    peer.fit(X, y)
    return (highest() - before) / (8 * n * p)


if __name__ == "__main__":
    print(probe(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
