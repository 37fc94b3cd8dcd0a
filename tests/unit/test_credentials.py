"""Credentials of addresses and of storage options: in no label, message, report or table."""

from __future__ import annotations

import io
import traceback

import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry

import mathlearn
from mathlearn import cli
from mathlearn._errors import CorruptFileError
from mathlearn.data.credentials import redacted
from mathlearn.linear_model import LinearRegression
from tests.unit._remote import FORMULA, N, columns, memory_filled, put


class Vault(MemoryFileSystem):
    """A file system that wants a user and a key, and repeats them in its errors."""

    protocol = "vault"
    failing: str | None = None
    cachable = False

    def __init__(self, token=None, client=None, **options):
        super().__init__()
        self.said = f"{token} {client} {options}"
        self._fail("init")

    @classmethod
    def _strip_protocol(cls, path):
        return "/" + path.removeprefix("vault://").rpartition("@")[2].partition("?")[0].strip("/")

    @staticmethod
    def _get_kwargs_from_urls(address):
        return {"address": address}

    def _fail(self, at):
        if at == self.failing:
            raise ValueError(f"403 for {self.said}")

    def info(self, path, **options):
        self._fail("info")
        return super().info(path, **options)

    def find(self, path, **options):
        self._fail("find")
        return super().find(path, **options)

    def glob(self, path, **options):
        self._fail("glob")
        return super().glob(path, **options)

    def _open(self, path, mode="rb", **options):
        self._fail("open")
        vault, plain = self, super()._open(path, mode, **options)

        class File(io.BytesIO):
            def read(self, n=-1):
                vault._fail("read")
                return super().read(n)

        return File(plain.getvalue())


SECRETS = ("hunter2", "hun/ter", "hun%2Fter", "t0ken", "s1gn")
ADDRESS = "vault://me:hun%2Fter@shop/sales"
OPTIONS = {"token": "t0ken", "client": {"headers": [{"password": "hunter2"}]}}


def leaks(text):
    return [secret for secret in SECRETS if secret in text]


@pytest.fixture(autouse=True)
def vault(monkeypatch):
    monkeypatch.setitem(_registry, "vault", Vault)
    monkeypatch.setattr(Vault, "failing", None)
    with memory_filled() as system:
        put(system, "a.parquet")
        put(system, "b.csv", "csv")
        put(system, "folder/a.parquet")
        yield


@pytest.mark.parametrize("name", ["a.parquet", "*.csv", "b.csv?sig=s1gn", ""])
def test_in_labels_and_reprs(name):
    what, fmt = (f"{ADDRESS}/{name}", None) if name else ([f"{ADDRESS}/a.parquet"] * 2, "parquet")
    source = mathlearn.scan(what, format=fmt, storage_options=OPTIONS)
    said = [source.label, repr(source), source.locate(3), str(source.identity())]
    said += [text for part in source.parts for text in (repr(part), repr(part.place), part.label, part.place.name)]
    assert not leaks(" ".join(said))
    assert "me:" not in " ".join(said)
    assert source.label.startswith("vault://[redacted]@shop/sales")
    assert sum(batch.n for batch in source.batches(max_rows=90)) in {N, 2 * N}


@pytest.mark.parametrize(
    ("address", "at"),
    [
        *((f"{ADDRESS}/a.parquet", at) for at in ("init", "info", "open", "read")),
        *((f"{ADDRESS}/b.csv?sig=s1gn", at) for at in ("init", "info", "open", "read")),
        *((f"{ADDRESS}/folder", at) for at in ("init", "info", "find", "open", "read")),
        *((f"{ADDRESS}/*.csv", at) for at in ("init", "info", "glob", "open", "read")),
    ],
)
def test_in_errors_from_the_beginning(monkeypatch, address, at):
    monkeypatch.setattr(Vault, "failing", at)
    with pytest.raises((OSError, CorruptFileError)) as caught:
        mathlearn.scan(address, storage_options=OPTIONS)
    assert not leaks("".join(traceback.format_exception(caught.value)))
    assert "what it says repeats a credential" in str(caught.value)


@pytest.mark.parametrize("at", ["info", "open", "read"])
@pytest.mark.parametrize("name", ["a.parquet", "b.csv"])
def test_in_errors_of_a_pass(monkeypatch, at, name):
    source = mathlearn.scan(f"{ADDRESS}/{name}", storage_options=OPTIONS)
    monkeypatch.setattr(Vault, "failing", at)
    with pytest.raises((OSError, CorruptFileError)) as caught:
        columns(source)
    assert not leaks("".join(traceback.format_exception(caught.value)))
    assert "what it says repeats a credential" in str(caught.value)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: mathlearn.scan("vaul://me:hun/ter@shop/a.csv?sig=s1gn"),
        lambda: mathlearn.scan("x::vault://me:hun/ter@shop/a.csv"),
        lambda: mathlearn.scan(f"{ADDRESS}/c.parquet?sig=s1gn", storage_options=OPTIONS),
        lambda: mathlearn.scan(f"{ADDRESS}/*.arrow", storage_options=OPTIONS),
        lambda: mathlearn.scan(ADDRESS, storage_options=OPTIONS),  # files of two formats
        lambda: mathlearn.scan("a.csv", storage_options=OPTIONS),
        lambda: mathlearn.scan(np.ones((3, 2)), storage_options=OPTIONS),
        lambda: mathlearn.scan(sql="SELECT 1", database="vault://me:hun/ter@shop/a.duckdb"),
        lambda: mathlearn.scan(sql="SELECT q FROM a", files=f"{ADDRESS}/a.parquet"),
        lambda: mathlearn.scan(sql="SELECT 1 FROM 'vault'", files=f"{ADDRESS}/a.parquet"),
        lambda: LinearRegression().fit(f"{ADDRESS}/a.parquet", np.ones(3)),
    ],
)
def test_in_refusals(ask):
    with pytest.raises(Exception) as caught:
        ask()
    assert not leaks(str(caught.value))


def test_on_the_command_line_and_in_the_report(capsys, monkeypatch, tmp_path):
    page, out = tmp_path / "page.html", []
    arguments = ["fit", f"{ADDRESS}/a.parquet", "--formula", FORMULA]
    monkeypatch.setattr("sys.argv", ["mathlearn", *arguments])
    assert cli.main([*arguments, "--report", str(page)]) == 0
    out.append(capsys.readouterr())
    assert cli.main([*arguments, "--json"]) == 0
    out.append(capsys.readouterr())
    assert cli.main(["fit", f"{ADDRESS}/c.parquet", "--formula", FORMULA]) == 1
    out.append(capsys.readouterr())
    said = "".join(map(str, out)) + page.read_text(encoding="utf-8")
    assert not leaks(said)
    assert "vault://[redacted]@shop/sales/a.parquet" in said


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("s3://key:sec/ret@bucket/a.csv", "s3://[redacted]@bucket/a.csv"),
        ("s3://key:s@c/r@bucket/a.csv", "s3://[redacted]@bucket/a.csv"),
        ("ftp://u:p@ss@host/a.csv", "ftp://[redacted]@host/a.csv"),
        ("ftp://u:21@host/a.csv", "ftp://[redacted]@host/a.csv"),
        ("https://token@host/a.csv", "https://[redacted]@host/a.csv"),
        ("http://host:8080/at@noon.csv", "http://host:8080/at@noon.csv"),
        ("s3://bucket/at@noon.csv", "s3://bucket/at@noon.csv"),
        ("memory://shop/200?.csv", "memory://shop/200?.csv"),
        ("fit s3://k:s@b/a.csv --formula 'y ~ x'", "fit s3://[redacted]@b/a.csv --formula 'y ~ x'"),
    ],
)
def test_what_is_left_of_an_address(typed, shown):
    assert redacted(typed) == shown
