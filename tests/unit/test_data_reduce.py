"""Ordered reduction: order, bounded window, failures, threads."""

from __future__ import annotations

import threading
import time
from contextvars import ContextVar

import numpy as np
import pytest

from mathlearn.data.reduce import ordered_reduce


def join(left, right):
    return left + right


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_are_merged_in_the_order_of_the_items(threads):
    def of(k):
        time.sleep(0.002 * (k % 3))  # later items overtake earlier ones
        return [k]

    assert ordered_reduce(range(20), of, join, threads=threads) == list(range(20))


@pytest.mark.parametrize("threads", [1, 3])
def test_nothing_gives_none_and_one_item_is_not_merged(threads):
    assert ordered_reduce([], str, join, threads=threads) is None
    assert ordered_reduce([7], str, pytest.fail, threads=threads) == "7"


def test_one_item_starts_no_thread():
    seen = ordered_reduce([0], lambda _: threading.current_thread(), join, threads=4)
    assert seen is threading.current_thread()


def test_items_in_flight_are_bounded():
    drawn, merged = 0, 0
    most = 0

    def items():
        nonlocal drawn, most
        for k in range(50):
            drawn += 1
            most = max(most, drawn - merged)
            yield k

    def merge(left, right):
        nonlocal merged
        merged += 1
        return left + right

    assert ordered_reduce(items(), int, merge, threads=3) == sum(range(50))
    assert most <= 3 + 2 + 2  # window, the item being drawn, and the first (which is merged with nothing)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_first_failure_in_order_is_raised_and_no_more_is_started(threads):
    started = []

    def of(k):
        started.append(k)
        if k >= 3:
            time.sleep(0.002 * (10 - k))
            raise ValueError(k)
        return k

    with pytest.raises(ValueError, match=r"^3$"):
        ordered_reduce(range(1000), of, join, threads=threads)
    assert len(started) < 20


def test_a_failure_of_the_source_is_raised():
    def items():
        yield 1
        yield 2
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        ordered_reduce(items(), int, join, threads=2)


def test_an_interrupt_ends_the_pool():
    before = threading.active_count()

    def items():
        yield from range(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ordered_reduce(items(), int, join, threads=2)
    assert threading.active_count() == before


def test_workers_see_the_context_of_the_caller():
    variable = ContextVar("variable", default="unset")
    variable.set("set")
    assert ordered_reduce(range(3), lambda _: [variable.get()], join, threads=2) == ["set"] * 3
    with np.errstate(divide="ignore"):
        quotients = ordered_reduce(range(3), lambda k: [np.float64(k + 1) / 0], join, threads=2)
    assert quotients == [np.inf] * 3
