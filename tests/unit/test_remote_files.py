"""Files at addresses: as those of this machine to the bit, and refused when they change."""

from __future__ import annotations

import errno
import gzip
import io
import json
from pathlib import Path

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import mathlearn
from mathlearn import cli
from mathlearn._errors import CorruptFileError, ResourceError, SchemaError
from mathlearn.data import remote_place
from mathlearn.linear_model import LinearRegression, LogisticRegression
from tests.unit._remote import FORMS, FORMULA, ROOT, N, columns, memory_filled, put, stored, table


@pytest.fixture
def memory():
    with memory_filled() as system:
        yield system


@pytest.mark.parametrize("form", FORMS)
def test_a_file_at_an_address_is_the_file_here_to_the_bit(memory, tmp_path, form):
    put(memory, f"a.{form}", form)
    here = tmp_path / f"a.{form}"
    here.write_bytes(memory.cat_file(f"/shop/sales/a.{form}"))
    near, far = mathlearn.scan(here), mathlearn.scan(f"{ROOT}/a.{form}")
    assert far.schema == near.schema
    assert columns(far) == columns(near)
    assert far.locate(7) == near.locate(7).replace(str(here), f"{ROOT}/a.{form}")
    assert far.costly
    fits = [LinearRegression(formula=FORMULA).fit(source) for source in (near, far)]
    assert fits[0].coef_.tobytes() == fits[1].coef_.tobytes()
    assert fits[0].tidy().equals(fits[1].tidy())


@pytest.mark.parametrize("form", ["parquet", "csv", "arrow"])
def test_conditions_and_several_passes(memory, tmp_path, form):
    put(memory, f"a.{form}", form)
    here = tmp_path / f"a.{form}"
    here.write_bytes(memory.cat_file(f"/shop/sales/a.{form}"))
    where = 'size > 45 and town != "Ulm"'
    fits = [
        LogisticRegression(C=np.inf, formula="sold ~ size + town").fit(mathlearn.scan(place, where=where, cache=cache))
        for place, cache in ((here, "auto"), (f"{ROOT}/a.{form}", "auto"), (f"{ROOT}/a.{form}", "never"))
    ]
    assert len({fit.coef_.tobytes() for fit in fits}) == 1


def test_blocks_that_cannot_match_are_not_read(memory):
    rows = pa.table({"k": np.arange(1000), "x": np.random.default_rng(0).normal(size=1000)})
    sink = io.BytesIO()
    pq.write_table(rows, sink, row_group_size=100)
    memory.pipe_file("/shop/a.parquet", sink.getvalue())
    some = mathlearn.scan("memory://shop/a.parquet", where="k >= 950")
    [part] = some._files.parts
    assert [group.start for group in part.row_groups] == [900]
    assert sum(batch.n for batch in some.batches(max_rows=99)) == 50


class TestFinding:
    def test_a_folder_a_glob_and_a_list(self, memory):
        for name in ("b/2.parquet", "a.parquet", "b/_tmp/x.parquet", ".hidden.parquet", "notes.txt"):
            put(memory, name, seed=len(name), n=5)
        folder = mathlearn.scan(ROOT)
        assert [part.label for part in folder.parts] == ["a.parquet", "b/2.parquet"]
        assert [part.place.name for part in folder.parts] == [f"{ROOT}/a.parquet", f"{ROOT}/b/2.parquet"]
        assert columns(mathlearn.scan(f"{ROOT}/")) == columns(folder)
        put(memory, "b/.kept/x.parquet")
        deep = mathlearn.scan(f"{ROOT}/**/[0-9a].parquet")
        assert [part.label for part in deep.parts] == [f"{ROOT}/a.parquet", f"{ROOT}/b/2.parquet"]
        both = mathlearn.scan([f"{ROOT}/b/2.parquet", f"{ROOT}/a.parquet"])
        assert both.label == f"{ROOT}/b/2.parquet and 1 more"
        assert sum(batch.n for batch in both.batches(max_rows=3)) == 10
        assert folder.locate(7) == "b/2.parquet, row 2"

    def test_files_here_and_there_in_one_list(self, memory, tmp_path):
        put(memory, "a.csv", "csv", n=5)
        (tmp_path / "b.csv").write_bytes(stored(table(1, 5), "csv"))
        mixed = mathlearn.scan([f"{ROOT}/a.csv", tmp_path / "b.csv"])
        assert sum(batch.n for batch in mixed.batches(max_rows=100)) == 10

    def test_an_address_of_files_of_this_machine(self, tmp_path):
        (tmp_path / "b.parquet").write_bytes(stored(table(), "parquet"))
        address = f"file://{tmp_path}/*.parquet"
        assert columns(mathlearn.scan(address)) == columns(mathlearn.scan(tmp_path / "b.parquet"))
        assert mathlearn.scan(address).parts[0].label == f"file://{tmp_path}/b.parquet"

    @pytest.mark.parametrize(
        ("address", "error", "message"),
        [
            (f"{ROOT}/sale.parquet", FileNotFoundError, r"looked in memory://shop/sales\)\. Did you mean 'sales\.parquet'"),
            ("memory://none/a.parquet", FileNotFoundError, "'memory://none' cannot be listed"),
            (f"{ROOT}/*.tsv", FileNotFoundError, r"no file matches 'memory://shop/sales/\*\.tsv'"),
            ("memory://shop/empty", FileNotFoundError, r"'memory://shop/empty' holds no file that ends in \.csv"),
            ("memroy://a.csv", SchemaError, r"called 'memroy'\. Did you mean 'memory'"),
            ("simplecache::memory://a.csv", SchemaError, "chain of addresses"),
            ("memory://shop/parts", SchemaError, "the column 'year' stands in folder names"),
            ("memory://shop/delta", SchemaError, "is a Delta table"),
            (f"{ROOT}/a.txt", SchemaError, r"format of memory://shop/sales/a\.txt is unknown"),
            (f"{ROOT}/nothing.csv", CorruptFileError, r"nothing\.csv is empty"),
            (f"{ROOT}/cut.parquet", CorruptFileError, r"cut\.parquet cannot be read as Parquet"),
            (f"{ROOT}/ragged.csv", CorruptFileError, r"ragged\.csv, line 3: the row has 1 cells, the header 2"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_is_said(self, memory, address, error, message):
        put(memory, "sales.parquet", n=3)
        memory.pipe({
            "/shop/empty/a.txt": b"x", "/shop/parts/year=2020/a.csv": b"a\n1\n", "/shop/delta/_delta_log/0.json": b"{}",
            "/shop/delta/a.parquet": b"x", "/shop/sales/a.txt": b"a\n1\n", "/shop/sales/nothing.csv": b"",
            "/shop/sales/cut.parquet": stored(table(), "parquet")[:-9], "/shop/sales/ragged.csv": b"a,b\n1,2\n3\n",
        })  # fmt: skip
        with pytest.raises(error, match=message):
            list(mathlearn.scan(address).batches(max_rows=9))

    def test_a_package_that_is_not_installed(self, monkeypatch):
        def lacking(address, **options):
            raise ImportError("Install s3fs to access S3")

        monkeypatch.setattr(fsspec, "url_to_fs", lacking)
        with pytest.raises(ImportError, match=r"'s3://shop/a\.csv' needs another package.*Install s3fs"):
            mathlearn.scan("s3://shop/a.csv")

    def test_options_without_an_address(self, tmp_path):
        with pytest.raises(SchemaError, match="storage_options= is for addresses"):
            mathlearn.scan(tmp_path, storage_options={"key": "x"})

    def test_a_database_at_an_address(self):
        with pytest.raises(SchemaError, match="a database must be on this machine"):
            mathlearn.scan(sql="SELECT 1", database="memory://shop/a.duckdb")


class TestChanges:
    @pytest.mark.parametrize("form", ["parquet", "csv", "arrow"])
    def test_a_file_that_changes_between_passes(self, memory, form):
        put(memory, f"a.{form}", form)
        source = mathlearn.scan(f"{ROOT}/a.{form}")
        first = columns(source)
        assert columns(source) == first
        put(memory, f"a.{form}", form)  # the same bytes, written again
        with pytest.raises(CorruptFileError, match="has changed since it was scanned"):
            columns(source)
        memory.rm(f"/shop/sales/a.{form}")
        with pytest.raises(CorruptFileError, match="has been deleted or renamed"):
            columns(source)

    def test_a_listing_kept_by_the_file_system_does_not_hide_a_change(self, memory, monkeypatch):
        """File systems of the net remember listings until they are told not to."""
        remembered = {}
        plain, forget = MemoryFileSystem.info, remembered.clear
        monkeypatch.setattr(
            MemoryFileSystem, "info", lambda self, path, **_: remembered.setdefault(path, plain(self, path))
        )
        monkeypatch.setattr(MemoryFileSystem, "invalidate_cache", lambda self, path=None: forget())
        put(memory, "a.csv", "csv")
        source = mathlearn.scan(f"{ROOT}/a.csv")
        put(memory, "a.csv", "csv", seed=1)
        with pytest.raises(CorruptFileError, match="has changed"):
            columns(source)

    @pytest.mark.parametrize(("mark", "same"), [("ETag", False), ("LastModified", False), ("time", True)])
    def test_marks_of_versions_count_and_times_of_reading_do_not(self, memory, monkeypatch, mark, same):
        seen = iter(range(100))
        monkeypatch.setattr(
            MemoryFileSystem, "info", lambda self, path, **_: {"size": 9, "type": "file", "mtime": 1, mark: next(seen)}
        )
        place = remote_place.RemotePlace("a", "a", memory, "/a", frozenset())
        assert (place.look() == place.look()) is same

    def test_a_checkpoint_knows_the_file_by_its_address_and_version(self, memory):
        put(memory, "a.parquet")
        source = mathlearn.scan(f"{ROOT}/a.parquet")
        said = source.identity()[f"file 1, {ROOT}/a.parquet"]
        assert mathlearn.scan(f"{ROOT}/a.parquet").identity() == source.identity()
        assert f", {N} rows, footer " in said
        put(memory, "a.parquet", seed=1)
        assert mathlearn.scan(f"{ROOT}/a.parquet").identity()[f"file 1, {ROOT}/a.parquet"] != said

    def test_a_fit_with_a_checkpoint(self, memory, tmp_path):
        put(memory, "a.parquet")
        plain = LinearRegression(formula=FORMULA).fit(mathlearn.scan(f"{ROOT}/a.parquet"))
        kept = LinearRegression(formula=FORMULA).fit(mathlearn.scan(f"{ROOT}/a.parquet"), checkpoint=tmp_path / "c")
        assert kept.coef_.tobytes() == plain.coef_.tobytes()


class TestCsv:
    @pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
    def test_threads_of_arrow_are_given_a_native_stream_and_the_copy_is_removed(
        self, memory, monkeypatch, tmp_path, name
    ):
        put(memory, name, name.partition(".")[2])
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        seen, plain = [], pyarrow.csv.open_csv
        monkeypatch.setattr(
            pyarrow.csv,
            "open_csv",
            lambda stream, *rest: (
                seen.append((stream, len(list(tmp_path.glob("mathlearn-*/copy*"))))) or plain(stream, *rest)
            ),
        )
        source = mathlearn.scan(f"{ROOT}/{name}")
        assert [copies for _, copies in seen] == [0]  # types are inferred from the beginning, without the rest
        assert sum(batch.n for batch in source.batches(max_rows=100)) == N
        assert [copies for _, copies in seen] == [0, 1]
        assert all(isinstance(stream, pa.NativeFile) and not isinstance(stream, pa.PythonFile) for stream, _ in seen)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("prefix", [64, 100, 151, 1000])
    @pytest.mark.parametrize("form", ["csv", "csv.gz"])
    def test_types_are_inferred_from_what_they_are_inferred_from_here(
        self, memory, tmp_path, monkeypatch, prefix, form
    ):
        for name in ("open_files._INFERRED", "open_files._INFERRED_A_FILE", "csv_part._BLOCK"):
            monkeypatch.setattr(f"mathlearn.data.{name}", prefix)
        cells = [f'{i % 7},"Ulm\n{"x" * (i % 5)}",{"" if i < 9 else i / 2}' for i in range(60)]
        text = "\n".join(["i,s,late", *cells, "0.5,Bonn,1", ""]).encode()
        text = gzip.compress(text) if form == "csv.gz" else text
        memory.pipe_file(f"/shop/a.{form}", text)
        here = tmp_path / f"a.{form}"
        here.write_bytes(text)
        near, far = mathlearn.scan(here), mathlearn.scan(f"memory://shop/a.{form}")
        assert far.schema == near.schema
        assert columns(far) == columns(near)
        assert far.schema == near.schema  # i has become float

    def test_no_room_for_the_copy(self, memory, monkeypatch):
        def full(self, there, here):
            raise OSError(errno.ENOSPC, "No space left on device")

        put(memory, "a.csv", "csv")
        source = mathlearn.scan(f"{ROOT}/a.csv")
        monkeypatch.setattr(MemoryFileSystem, "get_file", full)
        with pytest.raises(ResourceError, match=r"a\.csv is copied to .* No space left on device\. Make room.*TMPDIR"):
            columns(source)

    def test_a_copy_that_is_cut_on_the_way(self, memory, monkeypatch):
        put(memory, "a.csv", "csv")
        source = mathlearn.scan(f"{ROOT}/a.csv")
        whole = len(memory.cat_file("/shop/sales/a.csv"))
        plain = MemoryFileSystem.open
        monkeypatch.setattr(
            MemoryFileSystem, "open", lambda self, *rest: io.BytesIO(plain(self, *rest).getvalue()[:-300])
        )
        with pytest.raises(CorruptFileError, match=f"has {whole} bytes, of which {whole - 300} came"):
            columns(source)


@pytest.mark.parametrize("form", FORMS)
def test_a_file_system_that_gives_less_than_was_asked_for(memory, monkeypatch, form):
    """Arrow would take a short block for the end of the file."""

    class Dripping(io.BytesIO):
        def read(self, n=-1):
            return super().read(min(n, 11) if n >= 0 else 11)

    put(memory, f"a.{form}", form)
    whole = columns(mathlearn.scan(f"{ROOT}/a.{form}"))
    plain = MemoryFileSystem.open
    monkeypatch.setattr(MemoryFileSystem, "open", lambda self, *rest: Dripping(plain(self, *rest).getvalue()))
    assert columns(mathlearn.scan(f"{ROOT}/a.{form}")) == whole


class TestSql:
    @pytest.mark.parametrize("form", ["parquet", "csv", "arrow"])
    @pytest.mark.parametrize("named", [True, False])
    def test_a_query_reads_addresses(self, memory, form, named):
        put(memory, f"a.{form}", form)
        address = f"{ROOT}/a.{form}"
        name = "homes" if named else f"'{address}'"
        files = {"homes": mathlearn.scan(address)} if named else address
        source = mathlearn.scan(sql=f"SELECT size FROM {name} WHERE size > 50", files=files)
        sizes = table()["size"].to_numpy()
        found = np.concatenate([batch.columns["size"].values for batch in source.batches(max_rows=90)])
        assert found.tobytes() == sizes[sizes > 50].tobytes()

    def test_a_file_that_changes(self, memory):
        put(memory, "a.parquet")
        source = mathlearn.scan(sql="SELECT size FROM a", files=f"{ROOT}/a.parquet")
        put(memory, "a.parquet", seed=1)
        with pytest.raises(CorruptFileError, match=r"a\.parquet has changed since it was scanned"):
            columns(source)


def test_the_command_line_takes_an_address(memory, capsys, tmp_path):
    put(memory, "a.csv", "csv")
    model = tmp_path / "m.safetensors"
    assert cli.main(["fit", f"{ROOT}/*.csv", "--formula", FORMULA, "--save", str(model), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == f"{ROOT}/*.csv"
    query = ["--sql", f"SELECT * FROM '{ROOT}/a.csv' LIMIT 2"]
    assert cli.main(["predict", str(model), f"{ROOT}/a.csv", *query]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_no_name_at_an_address_says_where_its_copy_is_put(memory, monkeypatch, tmp_path):
    memory.pipe_file("/shop/..%2F..%2Fa.csv", b"a,b\n1,2\n")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    copies, plain = [], MemoryFileSystem.get_file
    monkeypatch.setattr(
        MemoryFileSystem, "get_file", lambda self, there, here: copies.append(Path(here)) or plain(self, there, here)
    )
    assert sum(batch.n for batch in mathlearn.scan("memory://shop/..%2F..%2Fa.csv").batches(max_rows=9)) == 1
    assert [(copy.name, copy.parent.parent) for copy in copies] == [("copy", tmp_path)]


class Streaming(io.BytesIO):
    """A file of a web server that gives no ranges: beyond what was read first, there is only the beginning."""

    def seek(self, to, whence=0):
        if (to, whence) != (0, 0):
            raise ValueError("the server gives no ranges")
        return super().seek(0)


@pytest.mark.parametrize("form", ["csv", "csv.gz"])
def test_csv_text_is_read_without_going_to_and_fro(memory, monkeypatch, form):
    put(memory, f"a.{form}", form)
    whole = columns(mathlearn.scan(f"{ROOT}/a.{form}"))
    plain = MemoryFileSystem.open
    monkeypatch.setattr(MemoryFileSystem, "open", lambda self, *rest: Streaming(plain(self, *rest).getvalue()))
    assert columns(mathlearn.scan(f"{ROOT}/a.{form}")) == whole
