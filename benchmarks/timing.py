"""Interleaved timing: A B C, A B C, ... so that a slow spell of the machine falls on all; medians over the rounds."""

from __future__ import annotations

import gc
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def interleaved(tasks: Mapping[str, Callable[[], object]], *, rounds: int, calls: int = 1) -> dict[str, float]:
    """Return the median seconds of one call of each task; every task is called once beforehand to warm it up."""
    for task in tasks.values():
        task()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            seconds[name].append(_measure(task, calls))
    return {name: median(values) for name, values in seconds.items()}


def _measure(task: Callable[[], object], calls: int) -> float:
    gc.collect()
    gc.disable()
    try:
        start = perf_counter()
        for _ in range(calls):
            task()
        return (perf_counter() - start) / calls
    finally:
        gc.enable()
