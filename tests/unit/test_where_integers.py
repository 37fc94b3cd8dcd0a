"""Conditions on integers that a double does not hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn._errors import SchemaError

WIDE = 2**60 + np.arange(-2, 100)
EXTREME = np.array([0, 3, 2**63 - 1, 2**63, 2**64 - 1, 1], dtype=np.uint64)


@pytest.mark.parametrize("ending", ["parquet", "feather"])
@pytest.mark.parametrize(
    ("where", "many"),
    [
        *(("id > 2.5", 102), ("id > 1e15", 102), ("1e15 < id", 102), ("id > 0.5 and id < 1e18", 0), ("id == 1e3", 0)),
        *((f"id > {2**60}", 99), (f"id >= {2**60}", 100), ("id < 1e300", 102), ("id == 2.5", 0)),
    ],
)
def test_large_integers_beside_fractions_and_powers_of_ten(ending, where, many, tmp_path):
    write = {"parquet": pd.DataFrame.to_parquet, "feather": pd.DataFrame.to_feather}[ending]
    write(pd.DataFrame({"id": WIDE, "y": 1.0}), tmp_path / f"t.{ending}")
    rows = mathlearn.scan(tmp_path / f"t.{ending}", where=where)
    if not many:
        with pytest.raises(SchemaError, match=r"no row of .* matches"):
            list(rows.batches(["y"], max_rows=10))
        return
    assert sum(batch.n for batch in rows.batches(["y"], max_rows=10)) == many


@pytest.mark.parametrize(("where", "many"), [("u > 3", 3), ("u >= 2.5", 4), ("u < 1e3", 3), (f"u == {2**64 - 1}", 1)])
def test_unsigned_integers_beyond_2_53(where, many, tmp_path):
    pd.DataFrame({"u": EXTREME}).to_parquet(tmp_path / "t.parquet")
    rows = mathlearn.scan(tmp_path / "t.parquet", where=where)
    assert sum(batch.n for batch in rows.batches(["u"], max_rows=10)) == many


def test_small_steps_of_many_are_not_taken_for_damage(tmp_path):
    pd.DataFrame({"price": np.arange(1000) * 40_000, "y": 1.0}).to_parquet(tmp_path / "t.parquet")
    rows = mathlearn.scan(tmp_path / "t.parquet", where="price > 2.5")
    assert sum(batch.n for batch in rows.batches(["y"], max_rows=100)) == 999
