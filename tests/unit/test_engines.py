from __future__ import annotations

import pytest

from mathlearn import _engines


def test_loads_the_module_itself():
    import pyarrow.csv

    assert _engines.load("pyarrow.csv") is pyarrow.csv


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("duckdb", 'pip install "mathlearn[sql]"'),
        ("pyarrow.dataset", 'pip install "mathlearn[files]"'),
        ("fsspec", 'pip install "mathlearn[remote]"'),
        ("polars", "pip install polars"),
    ],
)
def test_absence_names_the_remedy(name, command, monkeypatch):
    package = name.partition(".")[0]

    def absent(_name):
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    monkeypatch.setattr(_engines, "import_module", absent)
    with pytest.raises(ImportError) as caught:
        _engines.load(name)
    assert command in str(caught.value)
    assert caught.value.name == name


def test_a_broken_installation_is_not_called_absent():
    with pytest.raises(ImportError, match=r"is installed but its module pyarrow\.no_such could not be imported"):
        _engines.load("pyarrow.no_such")


def test_only_listed_packages():
    with pytest.raises(AssertionError, match="not in the table"):
        _engines.load("json")
