"""Tables for tests of formulas: plain dictionaries as schema and batches."""

from __future__ import annotations

import numpy as np

from mathlearn.data.batch import Batch, Column
from mathlearn.data.formula import compile as compile_formula
from mathlearn.data.schema import Field, Schema

KINDS = {"f": "float", "i": "integer", "u": "integer", "b": "boolean", "M": "datetime"}


def column_of(values, levels=None):
    if isinstance(values, np.ndarray):
        missing = np.isnan(values) if values.dtype.kind == "f" else None
        return Column(KINDS[values.dtype.kind], values, missing if missing is not None and missing.any() else None)
    known = tuple(dict.fromkeys(v for v in values if v is not None)) if levels is None else levels
    codes = np.array([-1 if v is None else known.index(v) for v in values], dtype=np.int64)
    return Column("categorical", codes, codes < 0 if (codes < 0).any() else None, known)


def batches_of(table, size=None):
    n = len(next(iter(table.values())))
    size = size or n
    for start in range(0, n, size):
        stop = min(start + size, n)
        yield Batch(start, stop - start, None, {name: column_of(v[start:stop]) for name, v in table.items()})


def schema_of(table, declared=None):
    declared = declared or {}
    return Schema(Field(name, column_of(v).kind, declared.get(name)) for name, v in table.items())


def learn(text, table, *, size=None, in_memory=True, declared=None):
    formula = compile_formula(text, schema_of(table, declared))
    return formula.learn(lambda: batches_of(table, size), in_memory=in_memory)


def encode(text, table, *, declared=None):
    encoding = learn(text, table, declared=declared)
    return encoding, encoding.encode(next(batches_of(table)), with_response=bool(encoding.responses))


def matrix(text, table):
    return encode(text, table)[1].X


def small():
    """Twelve rows in which every pair of levels of a, b and c occurs."""
    rng = np.random.default_rng(7)
    return {
        "y": rng.normal(size=12),
        "x": np.arange(12.0) + 1.5,
        "z": rng.normal(size=12),
        "k": np.array([4, 6, 8] * 4),
        "flag": np.array([True, False, False] * 4),
        "a": ["u", "v"] * 6,
        "b": ["p", "q", "r"] * 4,
        "c": ["m"] * 3 + ["n"] * 6 + ["m"] * 3,
    }
