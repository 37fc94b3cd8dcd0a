from __future__ import annotations

import subprocess
import sys

import pytest

import mathlearn


def modules_after(code: str) -> set[str]:
    """Modules that a fresh interpreter holds after running this."""
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


HEAVY = {
    "numpy",
    "scipy",
    "sklearn",
    "pandas",
    "pyarrow",
    "polars",
    "narwhals",
    "formulaic",
    "duckdb",
    "matplotlib",
    "typer",
}


def test_importing_the_package_loads_nothing_else():
    assert not modules_after("import mathlearn") & HEAVY


def test_the_settings_need_nothing_either():
    assert not modules_after("import mathlearn; mathlearn.get_config(); mathlearn.errors.SchemaError") & HEAVY


def test_the_estimator_needs_only_what_scikit_learn_s_own_needs_and_our_modules():
    theirs = modules_after("from sklearn.linear_model import LinearRegression")
    ours = modules_after("from mathlearn.linear_model import LinearRegression")
    assert {name for name in ours - theirs if name.partition(".")[0] != "mathlearn"} == set()


@pytest.mark.parametrize("name", sorted(set(mathlearn.__all__)))
def test_every_public_name_is_there(name):
    assert getattr(mathlearn, name) is getattr(mathlearn, name)
    assert name in dir(mathlearn)


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(AttributeError, match=r"mathlearn has no 'lode'; it has .*load"):
        mathlearn.lode  # noqa: B018


def test_errors_are_value_errors_and_all_public():
    from mathlearn import _errors

    assert set(mathlearn.errors.__all__) == set(_errors.__all__)
    for name in _errors.__all__:
        kind = getattr(mathlearn.errors, name)
        assert issubclass(kind, UserWarning if name.endswith("Warning") else ValueError)


def test_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert version("mathlearn") == mathlearn.__version__
