from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import mathlearn
from mathlearn.datasets import load_penguins, load_titanic, penguins_path, titanic_path
from mathlearn.errors import DomainError


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_every_frame_holds_the_same_table(kind):
    import narwhals as nw

    frame = nw.from_native(load_penguins(kind), eager_only=True)
    assert frame.shape == (344, 8)
    assert frame.columns == [
        "species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "year",
    ]  # fmt: skip
    missing = {name: int(frame[name].null_count()) for name in frame.columns}
    assert missing == dict.fromkeys(frame.columns, 0) | {
        "bill_length_mm": 2, "bill_depth_mm": 2, "flipper_length_mm": 2, "body_mass_g": 2, "sex": 11,
    }  # fmt: skip
    assert float(frame["body_mass_g"].sum()) == 1437000.0


@pytest.mark.parametrize("path", [penguins_path(), titanic_path()])
def test_the_file_is_the_one_described(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert digest in Path(path.with_name("README.md")).read_text(encoding="utf-8")


def test_unknown_kind_says_what_is_allowed():
    with pytest.raises(DomainError, match="must be one of 'pandas', 'polars', 'arrow', got 'dask'"):
        mathlearn.datasets.load_penguins("dask")


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_the_people_aboard_the_titanic_are_as_the_inquiry_counted_them(kind):
    import narwhals as nw

    frame = nw.from_native(load_titanic(kind), eager_only=True)
    assert frame.shape == (2201, 4)
    saved = frame.filter(nw.col("survived") == "yes")
    counts = {group: len(saved.filter(nw.col("class") == group)) for group in ("1st", "2nd", "3rd", "crew")}
    assert counts == {"1st": 203, "2nd": 118, "3rd": 178, "crew": 212}
    children = frame.filter((nw.col("age") == "child") & (nw.col("class") != "3rd"))
    assert set(children["survived"].to_list()) == {"yes"}
