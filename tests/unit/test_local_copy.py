"""The copy that a fit of several passes keeps of what is slow to read: when, where, and that nothing is left of it."""

import logging
import stat
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import mathlearn
from mathlearn._errors import DomainError, NonFiniteInputError, SchemaError
from mathlearn.data import local_copy
from mathlearn.data.csv_part import CsvPart
from mathlearn.data.files import FileSource
from mathlearn.data.parquet_part import ParquetPart
from mathlearn.linear_model import GammaRegressor, LinearRegression, LogisticRegression, PoissonRegressor


def frame_of(n=3000):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"a": rng.normal(size=n), "b": rng.normal(size=n), "unused": "text", "c": list("uvw") * (n // 3)}
    )
    return frame.assign(
        count=rng.poisson(np.exp(0.3 * frame["a"])),
        yes=rng.random(n) < 1 / (1 + np.exp(-frame["b"])),
        size=rng.gamma(2, size=n),
    )


FITS = {
    "poisson": lambda: PoissonRegressor(alpha=0, formula="count ~ a + b + C(c)"),
    "logistic": lambda: LogisticRegression(C=np.inf, formula="yes ~ a + b"),
    "classes": lambda: LogisticRegression(C=np.inf, formula="c ~ a + b"),
    "gamma, robust": lambda: GammaRegressor(alpha=0, formula="size ~ a", covariance="HC3"),
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    frame = frame_of()
    frame.to_csv(folder / "t.csv", index=False)
    frame[["a", "b", "size"]].assign(c=np.arange(len(frame)) % 7).to_csv(folder / "numbers.csv", index=False)
    frame.to_parquet(folder / "t.parquet")
    return folder


@pytest.fixture
def reads(monkeypatch):
    """Count the passes over files."""
    seen = []
    for kind in (CsvPart, ParquetPart):
        read = kind.read

        def counted(self, names, target, read=read):
            seen.append(tuple(names))
            return read(self, names, target)

        monkeypatch.setattr(kind, "read", counted)
    return seen


@pytest.fixture
def on_disk(monkeypatch, tmp_path):
    """Have copies on disk at once, in a folder of our own, and return what was seen there while rows were read from them."""
    found = []
    batches = local_copy._Kept.batches

    def looked_at(self):
        inside = Path(self._place.name)
        found.append(
            (inside, stat.S_IMODE(inside.stat().st_mode), [stat.S_IMODE(f.stat().st_mode) for f in inside.iterdir()])
        )
        return batches(self)

    monkeypatch.setattr(local_copy, "_IN_MEMORY", 0)
    monkeypatch.setattr(local_copy._Kept, "batches", looked_at)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return found


def numbers(model):
    return [
        model.coef_,
        model.intercept_,
        model.tidy()["std_error"].to_numpy(),
        model.result_.likelihood.log_likelihood,
    ]


def same(one, other):
    assert one.certificate_.ok
    for a, b in zip(numbers(one), numbers(other), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", FITS)
def test_a_csv_file_is_read_as_often_as_it_must(table, reads, kind):
    often = FITS[kind]().fit(mathlearn.scan(table / "t.csv", cache="never"))
    many = len(reads)
    reads.clear()
    once = FITS[kind]().fit(mathlearn.scan(table / "t.csv"))
    wanted = max(reads, key=len)
    assert many > 4
    assert reads.count(wanted) <= 2  # the first look at the formula's columns, and the copy
    same(once, often)


QUESTIONS = {
    "least squares, verify": lambda fits, rows: fits["linear"].verify(rows).checks,
    "verify": lambda fits, rows: fits["poisson"].verify(rows).checks,
    "classes, verify": lambda fits, rows: fits["classes"].verify(rows).checks,
    "profile intervals": lambda fits, rows: fits["poisson"].profile_intervals(rows, terms=["a"]),
    "tests of terms": lambda fits, rows: fits["poisson"].test_terms(rows, terms=["a", "b"]).to_frame(),
    "effects of zeros and ones": lambda fits, rows: fits["poisson"].marginal_effects(rows, discrete=True),
    "score": lambda fits, rows: fits["poisson"].score(rows),
    "score beside an offset": lambda fits, rows: fits["offset"].score(rows),
}
"""What is asked of a fit with its rows, in several passes."""


@pytest.fixture(scope="module")
def fits(table):
    models = {name: FITS[name]() for name in ("poisson", "classes")}
    models["linear"] = LinearRegression(formula="size ~ a + b + C(c)")
    models["offset"] = PoissonRegressor(alpha=0, formula="count ~ a + offset(b)")
    return {name: model.fit(pd.read_csv(table / "t.csv")) for name, model in models.items()}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_several_passes_reads_the_text_once(fits, table, reads, question):
    ask = QUESTIONS[question]
    often = ask(fits, mathlearn.scan(table / "t.csv", cache="never"))
    many = len(reads)
    reads.clear()
    once = ask(fits, mathlearn.scan(table / "t.csv"))
    # What looks at the first rows alone begins a reading that does not count.
    assert len(reads) <= 2 <= many
    assert len(reads) < many
    assert str(once) == str(often)


ONE_PASS = {
    "score": lambda fits, rows: fits["linear"].score(rows),
    "accuracy": lambda fits, rows: fits["classes"].score(rows),
    "effects": lambda fits, rows: fits["poisson"].marginal_effects(rows),
    "covariance": lambda fits, rows: fits["linear"].infer(rows, covariance="HC3"),
    "covariance of a likelihood": lambda fits, rows: fits["poisson"].infer(rows, covariance="HC3"),
}


@pytest.mark.parametrize("question", ONE_PASS)
def test_what_takes_one_pass_makes_no_copy(fits, table, reads, monkeypatch, question):
    def refused(self, batch):
        raise AssertionError("a copy is begun")

    monkeypatch.setattr(local_copy._Kept, "add", refused)
    ONE_PASS[question](fits, mathlearn.scan(table / "t.csv"))
    assert len(reads) == 1


SEVERAL = [
    {"covariance": "HC3"},
    {"covariance": "cluster"},
    {"fit_intercept": False},
    {"tol": 1e-9},
    {"positive": True},
]


@pytest.mark.parametrize("options", [{}, *SEVERAL], ids=str)
def test_least_squares_is_copied_where_more_than_one_pass_is_expected(table, reads, monkeypatch, options):
    kept = []
    add = local_copy._Kept.add
    monkeypatch.setattr(local_copy._Kept, "add", lambda self, batch: kept.append(batch) or add(self, batch))
    more = {"groups": "c"} if options.get("covariance") == "cluster" else {}

    def fitted(cache):
        reads.clear()
        rows = mathlearn.scan(table / "numbers.csv", cache=cache)
        return LinearRegression(**options).fit(rows, "size", **more), len(reads)

    (often, many), (once, few) = fitted("never"), fitted("auto")
    assert bool(kept) == bool(options)
    assert few < many if options else few == many
    np.testing.assert_array_equal(once.coef_, often.coef_)
    assert str(once.tidy()) == str(often.tidy())


@pytest.mark.parametrize("kind", FITS)
def test_the_copy_is_for_this_user_alone_and_gone_in_the_end(table, reads, on_disk, tmp_path, kind):
    model = FITS[kind]().fit(mathlearn.scan(table / "t.csv"))
    assert on_disk
    for folder, of_folder, of_files in on_disk:
        assert folder.parent == tmp_path
        assert (of_folder, of_files) == (0o700, [0o600])
    assert not any(tmp_path.iterdir())
    same(model, FITS[kind]().fit(mathlearn.scan(table / "t.csv", cache="never")))


def test_parquet_is_copied_only_to_a_folder_that_is_named(table, reads, on_disk, tmp_path):
    FITS["poisson"]().fit(mathlearn.scan(table / "t.parquet"))
    assert not on_disk
    many = len(reads)
    reads.clear()
    where = tmp_path / "here"
    where.mkdir()
    FITS["poisson"]().fit(mathlearn.scan(table / "t.parquet", cache=where))
    assert {folder.parent for folder, _, _ in on_disk} == {where}
    assert len(reads) < many
    assert not any(where.iterdir())


def test_chosen_rows_and_queries_are_copied(table, on_disk):
    pytest.importorskip("duckdb")
    chosen = mathlearn.scan(table / "t.parquet", where="a > 0")
    query = mathlearn.scan(sql="SELECT * FROM t WHERE a > 0", files=table / "t.parquet")
    models = [FITS["poisson"]().fit(source) for source in (chosen, query)]
    assert len(on_disk) >= 4
    same(*models)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_nothing_is_left_of_a_fit_that_is_stopped(table, on_disk, tmp_path, monkeypatch, stop):
    def stopped(self):
        raise stop

    FITS["poisson"]().fit(mathlearn.scan(table / "t.csv"))
    assert on_disk
    monkeypatch.setattr(local_copy._Kept, "batches", stopped)
    with pytest.raises(stop):
        FITS["poisson"]().fit(mathlearn.scan(table / "t.csv"))
    assert not any(tmp_path.iterdir())


def test_nothing_is_left_of_a_pass_that_is_stopped(table, on_disk, tmp_path):
    source = local_copy.Copied(mathlearn.scan(table / "t.csv", cache=tmp_path), ["a", "b"])
    batches = source.record_batches(["a", "b"])
    next(batches)
    assert any(tmp_path.iterdir())
    batches.close()
    assert not any(tmp_path.iterdir())
    rows = [sum(b.num_rows for b in source.record_batches(names)) for names in (["a", "b"], ["b"], ["b", "a"])]
    assert rows == [3000] * 3
    assert len(on_disk) == 2
    source.close()
    assert not any(tmp_path.iterdir())


def test_a_full_disk_is_told_and_the_fit_goes_on(table, on_disk, tmp_path):
    resource = pytest.importorskip("resource")  # a limit of the size of files, where the system has one
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    expected = FITS["poisson"]().fit(mathlearn.scan(table / "t.csv", cache="never"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with pytest.warns(
            UserWarning, match=r"no local copy of .*t\.csv is kept \(File too large\).*cache='never'"
        ) as told:
            model = FITS["poisson"]().fit(mathlearn.scan(table / "t.csv"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert len(told) == 1
    assert not on_disk
    assert not any(tmp_path.iterdir())
    same(model, expected)


@pytest.mark.parametrize("most", range(0, 60_000, 500))
def test_whatever_room_there_is_it_is_given_back(most, table, on_disk, tmp_path):
    resource = pytest.importorskip("resource")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    source = local_copy.Copied(mathlearn.scan(table / "t.csv"), ["a", "b"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limit[1]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = [sum(batch.num_rows for batch in source.record_batches(["a", "b"])) for _ in range(2)]
            source.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert rows == [3000, 3000]
    assert not any(tmp_path.iterdir())


def test_half_of_the_room_is_left_to_others(table, on_disk, tmp_path, monkeypatch):
    monkeypatch.setattr(local_copy, "_LOOK", 1)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=100_000))
    with pytest.warns(UserWarning, match="more than half of the 0.0001 GB that are free"):
        FITS["poisson"]().fit(mathlearn.scan(table / "t.csv"))
    assert not on_disk
    where = tmp_path / "mine"
    where.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FITS["poisson"]().fit(mathlearn.scan(table / "t.csv", cache=where))  # a folder that is named may be filled
    assert on_disk


def test_types_that_change_on_the_way_are_copied_in_the_next_pass(tmp_path, monkeypatch, on_disk):
    monkeypatch.setattr("mathlearn.data.open_files._INFERRED", 64)
    monkeypatch.setattr("mathlearn.data.open_files._INFERRED_A_FILE", 64)
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.integers(0, 9, 500).astype(float), rng.normal(size=500)])
    count = rng.poisson(2.0, 1000)
    lines = [f"{int(v) if i < 500 else repr(float(v))},{c}" for i, (v, c) in enumerate(zip(x, count, strict=True))]
    path = tmp_path / "late.csv"
    path.write_text("x,n\n" + "\n".join(lines) + "\n")
    source = mathlearn.scan(path)
    assert source.schema["x"].kind == "integer"
    model = PoissonRegressor(alpha=0).fit(source, "n")
    assert on_disk
    np.testing.assert_allclose(model.coef_, PoissonRegressor(alpha=0).fit(x[:, None], count).coef_, rtol=1e-9)


def test_a_bad_row_is_named_as_without_a_copy(tmp_path):
    frame = frame_of(300)
    frame.loc[299, "a"] = np.inf
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(NonFiniteInputError, match=r"t\.csv, line 301"):
        FITS["poisson"]().fit(mathlearn.scan(tmp_path / "t.csv"))


def test_it_is_said_where_the_copy_is(table, on_disk, caplog):
    with caplog.at_level(logging.INFO, "mathlearn"):
        FITS["poisson"]().fit(mathlearn.scan(table / "t.csv"))
    (said,) = [record.getMessage() for record in caplog.records]
    assert "t.csv is read from now on" in said
    assert "MB in " in said


def test_what_cannot_be_is_refused(table, tmp_path):
    with pytest.raises(DomainError, match="'auto', 'never', or a folder that exists"):
        mathlearn.scan(table / "t.csv", cache=tmp_path / "nowhere")
    with pytest.raises(DomainError, match="it must be"):
        mathlearn.scan(table / "t.csv", cache=table / "t.csv")
    with pytest.raises(SchemaError, match="cache= is for files and queries: of the ndarray"):
        mathlearn.scan(np.ones((3, 2)), cache=tmp_path)


def test_a_copy_is_no_second_source(table):
    files = mathlearn.scan(table / "t.csv")
    assert isinstance(files, FileSource)
    copy = local_copy.Copied(files, ["a"])
    assert (copy.label, copy.schema, copy.n_rows, copy.identity()) == (
        files.label,
        files.schema,
        None,
        files.identity(),
    )
    assert copy.locate(2) == files.locate(2)
