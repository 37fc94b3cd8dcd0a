"""Files: every format, types agreed between files, where a row is."""

from __future__ import annotations

import gzip
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

import mathlearn
from mathlearn._errors import DomainError, SchemaError


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def values(source, name, max_rows=3):
    """All values of a column, missing ones as None, levels for codes."""
    out = []
    for batch in source.batches([name], max_rows=max_rows):
        column = batch.columns[name]
        cells = column.values.tolist() if column.levels is None else [(*column.levels, None)[c] for c in column.values]
        gone = np.zeros(batch.n, bool) if column.missing is None else column.missing
        out += [None if g else cell for cell, g in zip(cells, gone, strict=True)]
    return out


def kinds(source):
    return {field.name: field.kind for field in source.schema}


class TestCsv:
    def test_kinds_and_missing_cells(self, tmp_path):
        path = write(
            tmp_path, "a.csv", 'i,f,s,b,d,e\n1,0.5,x,true,2020-01-01,\n,NA,"",,,\n3,nan,"y,z",false,2021-02-03,\n'
        )
        source = mathlearn.scan(path)
        assert kinds(source) == {
            "i": "integer", "f": "float", "s": "categorical", "b": "boolean", "d": "datetime", "e": "float",
        }  # fmt: skip
        assert values(source, "i") == [1, None, 3]
        assert values(source, "f") == [0.5, None, None]
        assert values(source, "s") == ["x", None, "y,z"]
        assert values(source, "b") == [True, None, False]
        assert values(source, "e") == [None, None, None]
        assert [batch.columns["d"].values.dtype.kind for batch in source.batches(["d"], max_rows=9)] == ["M"]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends_byte_order_mark_and_quoted_newlines(self, tmp_path, end):
        text = f'\ufeff"a{end}b",c{end}1,"x{end}y"{end}{end}2,z{end}'
        source = mathlearn.scan(write(tmp_path, "a.csv", text))
        assert source.schema.names == (f"a{end}b", "c")
        assert values(source, f"a{end}b") == [1, 2]
        assert values(source, "c") == [f"x{end}y", "z"]

    def test_no_newline_at_the_end_and_blank_lines_before_the_header(self, tmp_path):
        assert values(mathlearn.scan(write(tmp_path, "a.csv", "\n\na,b\n1,2\n3,4")), "b") == [2, 4]

    def test_tabs_semicolons_and_decimal_commas(self, tmp_path):
        assert values(mathlearn.scan(write(tmp_path, "a.tsv", "a\tb\n1\t2\n")), "b") == [2]
        european = write(tmp_path, "b.csv", "a;b\n1;2,5\n")
        assert values(mathlearn.scan(european, delimiter=";", decimal=","), "b") == [2.5]

    @pytest.mark.parametrize("codec", ["gz", "bz2", "zst"])
    def test_compressed(self, tmp_path, codec):
        path = tmp_path / f"a.csv.{codec}"
        with pa.output_stream(str(path), compression="detect") as stream:
            stream.write(b"a,b\n1,2\n3,4\n")
        source = mathlearn.scan(path)
        assert values(source, "b") == [2, 4]
        assert source.locate(1) == f"{path}, line 3"

    def test_missing_values_are_the_callers(self, tmp_path):
        path = write(tmp_path, "a.csv", "a,b\n-9,NA\n1,x\n")
        source = mathlearn.scan(path, missing_values="-9")
        assert values(source, "a") == [None, 1]
        assert values(source, "b") == ["NA", "x"]

    def test_types_override_inference(self, tmp_path):
        path = write(tmp_path, "a.csv", "zip,n\n01234,1\n99999,2\n")
        source = mathlearn.scan(path, types={"zip": "string", "n": float})
        assert values(source, "zip") == ["01234", "99999"]
        assert kinds(source) == {"zip": "categorical", "n": "float"}

    def test_a_nameless_column_is_named_by_position(self, tmp_path):
        assert mathlearn.scan(write(tmp_path, "a.csv", ",b\n1,2\n")).schema.names == ("column1", "b")

    def test_whole_numbers_beyond_2_53_stay_integers(self, tmp_path):
        source = mathlearn.scan(write(tmp_path, "a.csv", f"a\n{2**53 + 1}\n\n{2**63 - 1}\n"))
        assert values(source, "a") == [2**53 + 1, 2**63 - 1]

    def test_account_numbers_are_not_rounded(self, tmp_path):
        path = write(tmp_path, "a.csv", "id,big\n1,6.02e23\n98765432109876543210,1e300\n")
        with pytest.raises(SchemaError, match=r"line 3: column 'id' holds the whole number 98765432109876543210"):
            values(mathlearn.scan(path), "id")
        assert values(mathlearn.scan(path, types={"id": "string"}), "id") == ["1", "98765432109876543210"]
        assert values(mathlearn.scan(path, types={"id": "float64"}), "big") == [6.02e23, 1e300]


class TestArrowFormats:
    table = pa.table({
        "i": pa.array([2**60 + 1, None, 3]),
        "u": pa.array([1, 2, 2**64 - 1], pa.uint64()),
        "f": [1.0, float("nan"), None],
        "half": pa.array(np.array([1, 2, 3], np.float16)),
        "s": ["x", None, "y"],
        "c": pa.array(["u", None, "v"]).dictionary_encode(),
        "numbers": pa.array([5, 7, 5]).dictionary_encode(),
        "b": [True, None, False],
        "exact": pa.array([Decimal("0.1"), None, Decimal("-2.5")], pa.decimal128(38, 10)),
        "t": pa.array([1, 2, None], pa.timestamp("us", tz="UTC")),
        "nothing": pa.nulls(3),
        "a.b": [1, 2, 3],
    })  # fmt: skip

    @pytest.fixture(params=["parquet", "feather", "arrow"])
    def path(self, request, tmp_path):
        path = tmp_path / f"t.{request.param}"
        if request.param == "parquet":
            pq.write_table(self.table, path, write_page_checksum=True, row_group_size=2)
        elif request.param == "feather":
            pyarrow.feather.write_feather(self.table, path, compression="zstd")
        else:
            with pa.ipc.new_stream(path, self.table.schema) as writer:
                writer.write_table(self.table)
        return path

    @pytest.mark.parametrize("max_rows", [1, 2, 3, 100])
    def test_values(self, path, max_rows):
        source = mathlearn.scan(path)
        expected = {
            "i": [2**60 + 1, None, 3], "u": [1, 2, 2**64 - 1], "f": [1.0, None, None], "half": [1.0, 2.0, 3.0],
            "s": ["x", None, "y"], "c": ["u", None, "v"], "numbers": [5, 7, 5], "b": [True, None, False],
            "exact": [0.1, None, -2.5], "nothing": [None, None, None], "a.b": [1, 2, 3],
        }  # fmt: skip
        assert {name: values(source, name, max_rows) for name in expected} == expected
        assert kinds(source)["t"] == "datetime"
        assert kinds(source)["numbers"] == "integer"

    def test_columns_come_as_asked(self, path):
        batch = next(mathlearn.scan(path).batches(["s", "i"], max_rows=9))
        assert list(batch.columns) == ["s", "i"]

    def test_no_column_still_counts_rows(self, path):
        assert [(b.start, b.n) for b in mathlearn.scan(path).batches([], max_rows=2)] == [(0, 2), (2, 1)]

    def test_an_unknown_column_lists_the_known(self, path):
        with pytest.raises(SchemaError, match=r"no column 'hald'.* Did you mean 'half'"):
            mathlearn.scan(path).batches(["hald"], max_rows=9)


def test_encodings_that_numpy_does_not_know(tmp_path):
    table = pa.table({
        "runs": pa.compute.run_end_encode(pa.array([1.5, 1.5, None])),
        "wrapped": pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, 1], pa.int8())),
        "views": pa.array(["x", "y", None], pa.string_view()),
        "twice": pa.DictionaryArray.from_arrays([0, 1, 2], ["x", "x", None]),
        "lists": [[1], [2], None],
    })  # fmt: skip
    with pa.ipc.new_file(tmp_path / "t.arrow", table.schema) as writer:
        writer.write_table(table)
    source = mathlearn.scan(tmp_path / "t.arrow")
    assert values(source, "runs") == [1.5, 1.5, None]
    assert values(source, "wrapped") == [1, 0, 1]
    assert values(source, "views") == ["x", "y", None]
    assert values(source, "twice") == ["x", "x", None]
    assert next(source.batches(["twice"], max_rows=9)).columns["twice"].levels == ("x",)
    assert kinds(source)["lists"] == "other"


def test_a_large_dictionary_is_not_passed_on_with_every_batch(tmp_path):
    words = [f"w{i}" for i in range(3000)]
    pq.write_table(pa.table({"c": pa.array(words).dictionary_encode()}), tmp_path / "t.parquet")
    batches = list(mathlearn.scan(tmp_path / "t.parquet").batches(max_rows=1000))
    assert [batch.columns["c"].levels for batch in batches] == [tuple(words[at : at + 1000]) for at in (0, 1000, 2000)]


def test_decimals_are_rounded_to_nearest_and_never_beyond_53_bits(tmp_path):
    rng = np.random.default_rng(0)
    exact = [Decimal(int(k)).scaleb(-6) for k in rng.integers(-(10**15), 10**15, 500)]
    pq.write_table(pa.table({"d": pa.array(exact, pa.decimal128(20, 6))}), tmp_path / "d.parquet")
    assert values(mathlearn.scan(tmp_path / "d.parquet"), "d", 100) == [float(d) for d in exact]
    long = pa.array([Decimal(1), Decimal("12345678901234567.89")], pa.decimal128(20, 2))
    pq.write_table(pa.table({"d": long}), tmp_path / "long.parquet")
    with pytest.raises(DomainError, match=r"'d' holds the decimal 12345678901234567\.89"):
        values(mathlearn.scan(tmp_path / "long.parquet"), "d")
    assert values(mathlearn.scan(tmp_path / "long.parquet", types={"d": "float64"}), "d") == [1.0, 12345678901234567.89]


class TestManyFiles:
    def test_folder_glob_and_list_agree(self, tmp_path):
        for k in range(3):
            write(tmp_path, f"sub/p{k}.csv", f"a\n{k}\n{k + 10}\n")
        write(tmp_path, "sub/_SUCCESS", "")
        write(tmp_path, "sub/.hidden.csv", "zzz")
        write(tmp_path, "sub/README.txt", "notes")
        expected = [0, 10, 1, 11, 2, 12]
        for what in (
            tmp_path / "sub",
            str(tmp_path / "sub" / "*.csv"),
            [tmp_path / "sub" / f"p{k}.csv" for k in range(3)],
        ):
            assert values(mathlearn.scan(what), "a") == expected
        assert values(mathlearn.scan([tmp_path / "sub/p2.csv", tmp_path / "sub/p0.csv"]), "a") == [2, 12, 0, 10]

    def test_a_name_with_glob_characters_is_taken_literally_when_it_exists(self, tmp_path):
        assert values(mathlearn.scan(write(tmp_path, "a[1].csv", "a\n7\n")), "a") == [7]

    def test_columns_are_matched_by_name(self, tmp_path):
        write(tmp_path, "1.csv", "a,b\n1,x\n")
        write(tmp_path, "2.csv", "b,a\ny,2\n")
        source = mathlearn.scan(tmp_path)
        assert (values(source, "a"), values(source, "b")) == ([1, 2], ["x", "y"])

    def test_integers_join_floats_when_nothing_is_lost(self, tmp_path):
        pq.write_table(pa.table({"a": [1, 2**53]}), tmp_path / "1.parquet")
        pq.write_table(pa.table({"a": [0.5]}), tmp_path / "2.parquet")
        assert values(mathlearn.scan(tmp_path), "a") == [1.0, 2.0**53, 0.5]

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_integers_that_float64_cannot_hold_are_an_error_unless_asked_for(self, tmp_path, ending):
        for name, cells in (("1", [1, 2, 2**53 + 1]), ("2", [0.5])):
            table = pa.table({"a": cells})
            if ending == "csv":
                write(tmp_path, f"{name}.csv", "a\n" + "".join(f"{cell}\n" for cell in cells))
            else:
                pq.write_table(table, tmp_path / f"{name}.parquet")
        where = "1.csv, line 4" if ending == "csv" else "1.parquet, row 2"
        with pytest.raises(SchemaError, match=rf"{where}: column 'a' holds 9007199254740993 .*types="):
            values(mathlearn.scan(tmp_path), "a")
        assert values(mathlearn.scan(tmp_path, types={"a": "float64"}), "a") == [1.0, 2.0, 2.0**53, 0.5]

    def test_text_and_numbers_do_not_mix(self, tmp_path):
        write(tmp_path, "1.csv", "k,a\n1,2\n")
        write(tmp_path, "2.csv", "k,a\n1,two\n")
        with pytest.raises(SchemaError, match=r"2\.csv: column 'a' is string, but int64 in 1\.csv"):
            mathlearn.scan(tmp_path)
        assert values(mathlearn.scan(tmp_path, types={"a": "string"}), "a") == ["2", "two"]

    def test_a_column_empty_in_one_file_takes_the_type_of_the_others(self, tmp_path):
        write(tmp_path, "1.csv", "k,a\n1,\n")
        write(tmp_path, "2.csv", "k,a\n1,two\n")
        assert values(mathlearn.scan(tmp_path), "a") == [None, "two"]

    @pytest.mark.parametrize(
        ("second", "message"),
        [
            ("k\n1\n", r"2\.csv lacks the column 'a' of 1\.csv"),
            ("k,A\n1,2\n", r"2\.csv lacks the column 'a'"),
            ("k,a,z\n1,2,3\n", r"2\.csv has the column 'z', which 1\.csv has not"),
        ],
    )
    def test_columns_must_be_the_same(self, tmp_path, second, message):
        write(tmp_path, "1.csv", "k,a\n1,2\n")
        write(tmp_path, "2.csv", second)
        with pytest.raises(SchemaError, match=message):
            mathlearn.scan(tmp_path)

    def test_locate(self, tmp_path):
        write(tmp_path, "1.csv", 'a,b\n1,"x\n\ny"\n2,z\n')
        write(tmp_path, "2.csv", "a,b\n\n3,z\n4,z\n")
        source = mathlearn.scan(tmp_path)
        values(source, "a")
        assert [source.locate(row) for row in range(4)] == [
            "1.csv, line 2",
            "1.csv, line 5",
            "2.csv, line 3",
            "2.csv, line 4",
        ]

    def test_locate_in_parquet_needs_no_reading(self, tmp_path):
        for k in (1, 2):
            pq.write_table(pa.table({"a": [1, 2]}), tmp_path / f"{k}.parquet")
        source = mathlearn.scan(tmp_path)
        assert (source.locate(1), source.locate(3)) == ("1.parquet, row 1", "2.parquet, row 1")
        assert source.n_rows == 4


def test_ten_thousand_columns(tmp_path):
    names = [f"c{i}" for i in range(10_000)]
    path = write(tmp_path, "wide.csv", ",".join(names) + "\n" + ",".join(["1.5"] * 10_000) + "\n")
    batch = next(mathlearn.scan(path).batches(max_rows=10))
    assert len(batch.columns) == 10_000


@pytest.mark.parametrize(
    "name", ['"; drop table', "<script>", "\\input{x}", "naïve Ω", "line\nbreak", " ", "a.b", "a,b", "'"]
)
def test_hostile_names_are_names(tmp_path, name):
    escaped = name.replace('"', '""')
    source = mathlearn.scan(write(tmp_path, "h.csv", f'"{escaped}",k\n1,2\n'))
    assert values(source, name) == [1]
    query = mathlearn.scan(sql="SELECT * FROM h", files={"h": tmp_path / "h.csv"})
    assert values(query, name) == [1]


def test_types_may_be_said_in_several_ways(tmp_path):
    path = write(tmp_path, "a.csv", "a\n1\n")
    for said in ("float64", float, np.float64, np.dtype("float64"), "float"):
        assert kinds(mathlearn.scan(path, types={"a": said})) == {"a": "float"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"types": {"b": "float64"}}, "no column 'b'"),
        ({"types": {"a": "flaot64"}}, "Did you mean 'float64'"),
        ({"format": "csw"}, "Did you mean 'csv'"),
        ({"delimiter": ";;"}, "one ASCII character"),
        ({"decimal": ","}, "both ','"),
        ({"decimal": "x"}, "'.' or ','"),
        ({"database": "x.duckdb"}, "belong to sql="),
    ],
)
def test_wrong_arguments(tmp_path, arguments, message):
    with pytest.raises(SchemaError, match=message):
        mathlearn.scan(write(tmp_path, "a.csv", "a\n1\n"), **arguments)


def test_arrays_and_frames_are_handed_on():
    assert mathlearn.scan(np.zeros((3, 2))).n_rows == 3
    with pytest.raises(SchemaError, match="are for files"):
        mathlearn.scan(np.zeros((3, 2)), types={"x0": "int64"})
    with pytest.raises(SchemaError, match="nothing to scan"):
        mathlearn.scan()


def test_a_file_that_changes_between_passes_is_refused(tmp_path):
    path = write(tmp_path, "a.csv", "a\n1\n")
    source = mathlearn.scan(path)
    path.write_text("a\n1\n2\n", encoding="utf-8")
    with pytest.raises(mathlearn._errors.CorruptFileError, match="has changed since it was scanned"):
        values(source, "a")


def test_a_source_shows_what_it_is(tmp_path):
    path = write(tmp_path, "sales\x1b.csv", "a,b\n1,2\n")
    assert repr(mathlearn.scan(path)) == f"<FileSource: {tmp_path}/sales\\x1b.csv: 2 columns>"
    assert repr(mathlearn.scan(write(tmp_path, "b.csv", "a\n1\n"))).endswith("b.csv: 1 column>")


@pytest.mark.parametrize(
    ("said", "cell", "reason", "remedy", "useless"),
    [
        ("float64", "oops", "as types= demands", "missing_values=", "'float64'"),
        ("int64", "2.5", "as types= demands", "'float64'", "missing_values="),
    ],
)
def test_a_cell_that_does_not_fit_its_type_is_given_remedies_that_help(tmp_path, said, cell, reason, remedy, useless):
    path = write(tmp_path, "a.csv", f"a\n1\n{cell}\n3\n")
    with pytest.raises(SchemaError, match=rf"line 3: column 'a' holds '{cell}'") as refused:
        values(mathlearn.scan(path, types={"a": said}), "a")
    assert reason in str(refused.value)
    assert remedy in str(refused.value)
    assert useless not in str(refused.value)


@pytest.mark.parametrize("cell", ["", "NA", "N/A", "n/a", "<NA>", "#N/A", "NaN", "nan", "NULL", "null"])
def test_usual_spellings_of_missing_leave_a_column_of_numbers(tmp_path, cell):
    path = write(tmp_path, "a.csv", f"a,b\n1,1\n{cell},2\n")
    assert mathlearn.scan(path).schema["a"].numeric


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_arrow_reads_csv_without_python(tmp_path, monkeypatch, name):
    """A thread of Arrow's that reads ahead through Python can abort the process at its end: it must be given a native stream."""
    from pyarrow import NativeFile, PythonFile, csv

    path = tmp_path / name
    with (gzip.open if name.endswith("gz") else open)(path, "wb") as file:
        file.write(b'a,b\n1,"x"\n2,"y"\n')
    seen: list[object] = []
    plain = csv.open_csv
    monkeypatch.setattr(csv, "open_csv", lambda stream, *rest: seen.append(stream) or plain(stream, *rest))
    scanned = mathlearn.scan(path)
    assert sum(batch.n for batch in scanned.batches(("a", "b"), max_rows=10)) == 2
    assert seen
    assert all(isinstance(stream, NativeFile) and not isinstance(stream, PythonFile) for stream in seen)


@pytest.mark.parametrize("where", [None, "a > -9"])
def test_a_parquet_file_is_never_held_whole(tmp_path, monkeypatch, where):
    monkeypatch.setattr("mathlearn.data.parquet_spans._AT_ONCE", 1 << 20)
    rng = np.random.default_rng(0)
    path = tmp_path / "t.parquet"
    with pq.ParquetWriter(path, pa.schema([(name, pa.float64()) for name in "abcd"])) as writer:
        for _ in range(60):
            writer.write_table(pa.table({name: rng.normal(size=10_000) for name in "abcd"}))
    before = pa.total_allocated_bytes()
    held = [
        pa.total_allocated_bytes() - before
        for _ in mathlearn.scan(path, where=where).batches(tuple("abcd"), max_rows=1000)
    ]
    assert len(held) == 600
    assert max(held) < path.stat().st_size / 2
