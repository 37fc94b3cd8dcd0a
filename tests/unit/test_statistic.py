"""Statistics of passes as JSON and arrays: the same bits, types and order of memory come back, and nothing but statistics."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from mathlearn._errors import UntrustedModelError
from mathlearn.calculus.objective import Sums
from mathlearn.certify.recession import RecessionEvidence
from mathlearn.data.digest import digest
from mathlearn.data.sample import Sample
from mathlearn.linalg.moments import Frame, Moments
from mathlearn.persistence import codec, statistic

floats = some.floats(width=64)
blocks = arrays(np.float64, some.tuples(some.integers(0, 3), some.integers(0, 3)), elements=floats)
values = some.recursive(
    floats | some.booleans() | some.integers(-(2**60), 2**60) | blocks | arrays(np.int64, 3),
    lambda inner: some.lists(inner, max_size=3).map(tuple),
    max_leaves=6,
)


def again(value):
    held = {}
    stored = json.loads(json.dumps(statistic.in_parts(value, "7", held), allow_nan=False))
    used = set()
    found = statistic.from_parts(stored, "7", held, used)
    assert used == set(held)
    return found


@given(values)
def test_numbers_arrays_and_tuples_come_back(value):
    assert digest(again(value)) == digest(value)


@given(blocks, floats)
def test_records_come_back(square, number):
    vector = np.array([number, 1.0])
    for record in (
        Moments(Frame(vector, vector), 3, 0, 1, number, 0.0, vector, square, 3),
        Sums(2, number, vector, square, 1.5, number),
        RecessionEvidence(vector, 1, 2, number),
    ):
        assert digest(again(record)) == digest(record)


@pytest.mark.parametrize(
    "array", [np.eye(3, 2, order="F"), np.eye(3, 2), np.zeros((0, 0)), np.arange(6.0)[::2], np.eye(4)[1:, 1:]]
)
def test_arrays_keep_their_order_of_memory_and_are_their_own(array):
    found = again(array)
    assert found.tobytes() == array.tobytes()
    for flag in ("f_contiguous", "c_contiguous"):
        assert getattr(found.flags, flag) or not getattr(array.flags, flag)
    assert found.flags.writeable
    assert not np.shares_memory(found, array)


# What holds rows that were picked or sampled; and what is only a part of another statistic, or of no fit over files.
NOT_KEPT = {
    "mathlearn.calculus.endless._Pushes",
    "mathlearn.calculus.recession_rows.Survey",
    "mathlearn.calculus.recession_rows.Trial",
    "mathlearn.certify.gradient_terms.GradientTerms",
    "mathlearn.fitting.class_survey._Part",
    "mathlearn.fitting.own_rows._Tally",
    "mathlearn.fitting.scores._Errors",
    "mathlearn.fitting.scores._Seen",
    "mathlearn.fitting.survey._Part",
}


def test_a_statistic_is_kept_or_it_is_said_why_not():
    found = set()
    for room in ("calculus", "certify", "fitting", "linalg"):
        package = import_module(f"mathlearn.{room}")
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            module = import_module(info.name)
            for name, kind in vars(module).items():
                if isinstance(kind, type) and kind.__module__ == info.name and hasattr(kind, "merge"):
                    found.add(f"{info.name}.{name}")
    of_covariances = {name for name in statistic._RECORDS if name.startswith("mathlearn.statistics.covariance.")}
    assert found == (statistic._RECORDS - of_covariances) | NOT_KEPT


def test_every_record_of_the_table_is_one_that_can_be_read():
    for name in statistic._RECORDS:
        module, _, record = name.rpartition(".")
        kind = getattr(import_module(module), record)
        assert codec._kind(kind) in {codec._Record, codec._Named}


@pytest.mark.parametrize(
    "value", [None, "text", [1.0], {"a": 1.0}, Sample.__new__(Sample), (1.0, "text"), np.float64(1.0)]
)
def test_what_is_no_statistic_is_not_taken(value):
    with pytest.raises(TypeError, match="is not kept"):
        statistic.in_parts(value, "7", {})


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        [],
        {"tuple": 1},
        {"columns": []},
        {"float": 1.0},
        {"float": "x", "columns": []},
        {"os.system": "ls", "columns": []},
        {"mathlearn.linalg.moments.Moments": {}, "columns": []},
        {"mathlearn.linalg.moments.Frame": {}, "columns": []},
        {"array": {"array": "elsewhere"}, "columns": []},
    ],
)
def test_what_is_no_statistic_is_refused(stored):
    with pytest.raises(UntrustedModelError):
        statistic.from_parts(stored, "7", {}, set())
