"""What files hold that is not what it seems, and files that must not be written over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn import cli
from mathlearn._errors import CorruptFileError, DomainError, SchemaError
from mathlearn.linear_model import LinearRegression


@pytest.mark.parametrize("ending", ["parquet", "feather"])
@pytest.mark.parametrize("values", [[1, 2, 7], [1.5, 2.5, 3.5], [True, False, True]])
def test_categories_of_numbers_are_told_of(ending, values, tmp_path):
    frame = pd.DataFrame({"x": pd.Categorical(values), "text": pd.Categorical(["a", "b", "a"]), "y": [1.0, 2.0, 4.0]})
    path = tmp_path / f"t.{ending}"
    (frame.to_parquet if ending == "parquet" else frame.to_feather)(path)
    with pytest.warns(
        UserWarning, match=r"'x' was categorical in the data frame .* types={'x': 'string'}, or write C\(x\)"
    ) as told:
        assert mathlearn.scan(path).schema["x"].numeric
    assert told[0].filename == __file__
    assert mathlearn.scan(path, types={"x": "string"}).schema["x"].kind == "categorical"


@pytest.mark.parametrize("value", [0.3, 2.0, -1.0, np.nan])
def test_numbers_that_are_neither_0_nor_1_do_not_become_true(value, tmp_path):
    pq.write_table(pa.table({"x": [1.0, 0.0, None, value]}), tmp_path / "t.parquet")
    source = mathlearn.scan(tmp_path / "t.parquet", types={"x": "bool"})
    with pytest.raises(
        SchemaError, match=r"row 3: column 'x' holds .* \(double in this file\), which cannot become bool"
    ):
        list(source.batches(["x"], max_rows=4))
    pq.write_table(pa.table({"x": [1.0, 0.0, None]}), tmp_path / "t.parquet")
    (batch,) = mathlearn.scan(tmp_path / "t.parquet", types={"x": "bool"}).batches(["x"], max_rows=4)
    assert np.asarray(batch.columns["x"].known).tolist() == [True, False]


def test_a_file_that_is_read_is_not_written_over(tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"x": [0.0, 1, 2, 3], "y": [1.0, 3, 4, 8]}).to_parquet(path)
    before = path.read_bytes()
    (tmp_path / "link.parquet").symlink_to(path)
    model = LinearRegression(formula="y ~ x").fit(mathlearn.scan(path))
    model.save(tmp_path / "m.safetensors")
    sources = [
        mathlearn.scan(path),
        mathlearn.scan(tmp_path / "*.parquet"),
        mathlearn.scan(path, where="x < 9"),
        mathlearn.scan(sql="FROM t", files={"t": path}),
    ]
    for source in sources:
        for target in (path, tmp_path / "link.parquet"):
            for question in (model.augment, model.influence):
                with pytest.raises(DomainError, match="is read here, and would be replaced"):
                    question(source, to=target)
    assert cli.main(["predict", str(tmp_path / "m.safetensors"), str(path), "-o", str(path)]) != 0
    assert path.read_bytes() == before
    assert model.augment(sources[0], to=tmp_path / "other.parquet").rows == 4


def test_a_source_is_no_array(tmp_path):
    pd.DataFrame({"x": [0.0, 1]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(TypeError, match="is no array: it is a stream of rows and goes only to mathlearn estimators"):
        np.asarray(mathlearn.scan(tmp_path / "t.parquet"))


@pytest.fixture
def three(tmp_path):
    for i in range(3):
        pd.DataFrame({"x": np.arange(100.0) + 100 * i}).to_parquet(tmp_path / f"{i}.parquet", row_group_size=30)
    return tmp_path


def test_where_rows_are_is_not_learned_from_a_later_beginning(three):
    source = mathlearn.scan(three)
    rest = pa.Table.from_batches(source.record_batches_from(150, ("x",)))
    assert rest["x"].to_pylist() == list(range(150, 300))
    assert source.locate(250).endswith("2.parquet, row 50")


def test_a_file_with_fewer_rows_than_it_announces_is_refused(three):
    source = mathlearn.scan(three)
    source.parts[1].n_rows += 1
    with pytest.raises(CorruptFileError, match=r"1\.parquet announces 101 rows and holds 100"):
        list(source.record_batches(("x",)))
