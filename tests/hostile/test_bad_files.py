"""Files that are cut, ragged, damaged, empty or something else: one clear error that names the file, and where."""

from __future__ import annotations

import bz2
import gzip
import os

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn._errors import CorruptFileError, SchemaError


def read(path, **options):
    return sum(batch.n for batch in mathlearn.scan(path, **options).batches(max_rows=1000))


def write(path, data):
    path.write_bytes(data)
    return path


MANY = b"1,2\n" * 600_000  # more than is looked at when types are inferred

RAGGED = {
    "short row": (b"a,b\n1,2\n3\n", "line 3: the row has 1 cells, the header 2"),
    "long row": (b"a,b\n1,2\n3,4,5\n", "line 3: the row has 3 cells, the header 2"),
    "cut at the end": (b"a,b\n1,2\n3,4\n5", "line 4: the row has 1 cells"),
    "far down": (b"a,b\n" + MANY + b"3\n", "line 600002: the row has 1 cells"),
    "after a quoted newline": (b'a,b\n"1\n",2\n3\n', "line 4: the row has 1 cells"),
    "blank-looking row": (b"a,b\n1,2\n  \n", "line 3: the row has 1 cells"),
    "unclosed quote": (b'a,b\n1,2\n3,"4\n5,6\n', "record after line 2 is malformed"),
    "unclosed quote far down": (b"a,b\n1,x\n" + MANY + b'3,"4\n5,6\n', "record after line 600002 is malformed"),
}


@pytest.mark.parametrize("flaw", RAGGED)
def test_ragged_and_cut_csv(tmp_path, flaw):
    data, message = RAGGED[flaw]
    path = write(tmp_path / "bad.csv", data)
    with pytest.raises(CorruptFileError, match=rf"bad\.csv.*{message}"):
        read(path)


def test_an_unclosed_quote_before_megabytes(tmp_path):
    path = write(tmp_path / "bad.csv", b'a,b\n1,x\n3,"4\n' + MANY * 5)
    with pytest.raises(CorruptFileError, match=r"record after line 2 is malformed.*quote is not closed"):
        read(path)


def test_a_long_cell_beside_an_inch_mark_is_no_flaw(tmp_path):
    assert read(write(tmp_path / "long.csv", b'a,b\n5" pipe,2\n' + b"x" * 200_000 + b",3\n")) == 2


def test_a_ragged_row_is_found_though_its_column_is_not_asked_for(tmp_path):
    path = write(tmp_path / "bad.csv", b"a,b\n" + MANY + b"3\n")
    with pytest.raises(CorruptFileError, match="line 600002"):
        for _ in mathlearn.scan(path).batches(["a"], max_rows=100_000):
            pass


def test_the_file_at_fault_is_named(tmp_path):
    write(tmp_path / "1.csv", b"a,b\n1,2\n")
    write(tmp_path / "2.csv", b"a,b\n1,2\n3\n")
    with pytest.raises(CorruptFileError, match=r"^2\.csv, line 3"):
        read(tmp_path)


def test_quotes_inside_a_cell_are_not_a_flaw(tmp_path):
    assert read(write(tmp_path / "inch.csv", b'a,b\n5" pipe,2\n6 pipe,3\n')) == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"\n\n \n"[:2], "only blank lines"),
        (b"a,b\n1,\xff\xe9\n", "not UTF-8"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00", "not UTF-8"),
        (b"PAR1 this is no text \xff\xff", "not UTF-8"),
    ],
)
def test_what_is_no_csv(tmp_path, data, message):
    with pytest.raises(CorruptFileError, match=message):
        read(write(tmp_path / "bad.csv", data))


@pytest.mark.parametrize(("header", "name"), [(b"a,b,a", "a"), (b"column2,", "column2")])
def test_duplicate_headers(tmp_path, header, name):
    with pytest.raises(SchemaError, match=rf"bad\.csv: duplicate column names: '{name}'"):
        read(write(tmp_path / "bad.csv", header + b"\n1,2,3\n"))


def test_the_wrong_delimiter_is_guessed_in_the_message(tmp_path):
    with pytest.raises(SchemaError, match="Pass delimiter=';'"):
        read(write(tmp_path / "bad.csv", b"a;b\n1;2\n"))


@pytest.mark.parametrize("cut", [1, 4, 9, 100])
@pytest.mark.parametrize("codec", ["gz", "bz2"])
def test_truncated_compressed_files(tmp_path, codec, cut):
    text = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(5000))
    data = {"gz": gzip.compress, "bz2": bz2.compress}[codec](text)
    with pytest.raises(CorruptFileError, match=rf"bad\.csv\.{codec}"):
        read(write(tmp_path / f"bad.csv.{codec}", data[:-cut]))


def test_a_name_that_promises_compression(tmp_path):
    with pytest.raises(CorruptFileError, match=r"bad\.csv\.gz"):
        read(write(tmp_path / "bad.csv.gz", b"a,b\n1,2\n"))


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pa.table({"a": rng.normal(size=20_000), "b": rng.normal(size=20_000)})


class TestParquet:
    def test_empty_file(self, tmp_path):
        with pytest.raises(CorruptFileError, match=r"is empty \(0 bytes\)"):
            read(write(tmp_path / "bad.parquet", b""))

    def test_no_rows(self, tmp_path, table):
        pq.write_table(table.slice(0, 0), tmp_path / "none.parquet")
        with pytest.raises(SchemaError, match="holds no rows"):
            read(tmp_path / "none.parquet")

    def test_an_empty_part_among_others_is_fine(self, tmp_path, table):
        pq.write_table(table.slice(0, 0), tmp_path / "1.parquet")
        pq.write_table(table, tmp_path / "2.parquet")
        assert read(tmp_path) == 20_000

    def test_no_columns(self, tmp_path):
        pq.write_table(pa.table({}), tmp_path / "none.parquet")
        with pytest.raises(SchemaError, match="has no columns"):
            read(tmp_path / "none.parquet")

    def test_not_parquet_at_all(self, tmp_path):
        with pytest.raises(CorruptFileError, match=r"bad\.parquet cannot be read as Parquet"):
            read(write(tmp_path / "bad.parquet", b"a,b\n1,2\n"))

    @pytest.mark.parametrize("keep", [10, 1000, -1])
    def test_truncated(self, tmp_path, table, keep):
        pq.write_table(table, tmp_path / "bad.parquet")
        data = (tmp_path / "bad.parquet").read_bytes()
        with pytest.raises(CorruptFileError, match=r"bad\.parquet"):
            read(write(tmp_path / "bad.parquet", data[:keep]))

    @pytest.mark.parametrize("through_sql", [False, True])
    def test_a_flipped_bit_fails_the_page_checksum(self, tmp_path, table, through_sql):
        path = tmp_path / "bad.parquet"
        pq.write_table(table, path, write_page_checksum=True, compression="none", use_dictionary=False)
        data = bytearray(path.read_bytes())
        data[5000] ^= 1
        write(path, bytes(data))
        source = mathlearn.scan(sql="SELECT * FROM bad", files={"bad": path}) if through_sql else mathlearn.scan(path)
        with pytest.raises(CorruptFileError, match=r"bad\.parquet .*CRC"):
            list(source.batches(max_rows=1000))

    def test_duplicate_names(self, tmp_path):
        pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "bad.parquet")
        with pytest.raises(SchemaError, match="duplicate column names: 'a'"):
            read(tmp_path / "bad.parquet")


class TestIpc:
    def test_truncated(self, tmp_path, table):
        path = tmp_path / "bad.feather"
        pyarrow.feather.write_feather(table, path)
        with pytest.raises(CorruptFileError, match=r"bad\.feather cannot be read as Arrow IPC"):
            read(write(path, path.read_bytes()[:-100]))

    def test_offsets_that_point_outside(self, tmp_path):
        path = tmp_path / "bad.arrow"
        with pa.ipc.new_file(path, pa.schema([("s", pa.string())])) as writer:
            writer.write_table(pa.table({"s": ["x" * 1000, "y" * 1000, "z"]}))
        data = path.read_bytes()
        offsets = np.array([0, 1000, 2000, 2001], "<i4").tobytes()
        assert data.count(offsets) == 1
        lies = np.array([0, 1000, 2**30, 2**30 + 1], "<i4").tobytes()
        with pytest.raises(CorruptFileError, match=r"bad\.arrow cannot be read as Arrow IPC"):
            read(write(path, data.replace(offsets, lies)))

    def test_not_arrow_at_all(self, tmp_path):
        with pytest.raises(CorruptFileError, match=r"bad\.arrow"):
            read(write(tmp_path / "bad.arrow", b"a,b\n1,2\n"))


class TestPlaces:
    def test_a_missing_file_names_the_nearest_and_the_folder(self, tmp_path):
        write(tmp_path / "sales.csv", b"a\n1\n")
        with pytest.raises(
            FileNotFoundError, match=r"no file '.*slaes\.csv' \(looked in .*\)\. Did you mean 'sales\.csv'"
        ):
            mathlearn.scan(tmp_path / "slaes.csv")

    def test_a_missing_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"the folder .* does not exist"):
            mathlearn.scan(tmp_path / "nowhere" / "a.csv")

    def test_a_glob_without_match(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="no file matches"):
            mathlearn.scan(str(tmp_path / "*.csv"))

    def test_a_folder_without_data(self, tmp_path):
        write(tmp_path / "notes.txt", b"x")
        with pytest.raises(FileNotFoundError, match="holds no file that ends in"):
            mathlearn.scan(tmp_path)

    def test_an_unknown_ending(self, tmp_path):
        path = write(tmp_path / "a.data", b"a\n1\n")
        with pytest.raises(SchemaError, match="Pass format="):
            mathlearn.scan(path)
        assert read(path, format="csv") == 1

    def test_mixed_formats(self, tmp_path, table):
        write(tmp_path / "a.csv", b"a,b\n1,2\n")
        pq.write_table(table, tmp_path / "b.parquet")
        with pytest.raises(SchemaError, match=r"several formats are mixed: 'a\.csv', 'b\.parquet'"):
            mathlearn.scan(tmp_path)

    @pytest.mark.parametrize(
        "address", ["://", "://a.csv", "C://a.csv", "no such://a.csv", "memory://\0/a.csv", "memory://"]
    )
    def test_an_address_that_leads_nowhere(self, address):
        with pytest.raises((SchemaError, FileNotFoundError)):
            mathlearn.scan(address)

    def test_a_pipe_cannot_be_read_twice(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.csv")
        with pytest.raises(SchemaError, match="not a regular file"):
            mathlearn.scan(tmp_path / "pipe.csv")

    def test_a_partitioned_folder_would_lose_a_column(self, tmp_path, table):
        (tmp_path / "year=2020").mkdir()
        pq.write_table(table, tmp_path / "year=2020" / "a.parquet")
        with pytest.raises(SchemaError, match="column 'year' stands in folder names"):
            mathlearn.scan(tmp_path)

    def test_a_delta_table_would_bring_deleted_rows_back(self, tmp_path, table):
        (tmp_path / "_delta_log").mkdir()
        pq.write_table(table, tmp_path / "a.parquet")
        with pytest.raises(SchemaError, match="Delta table"):
            mathlearn.scan(tmp_path)
