"""The only place that imports an optional package."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["load"]

# Top-level package -> the extra that installs it.
_EXTRAS = {
    "dask": "dask",
    "duckdb": "sql",
    "fsspec": "remote",
    "jinja2": "report",
    "latex2mathml": "report",
    "markupsafe": "report",
    "matplotlib": "plot",
    "polars": None,
    "pyarrow": "files",
    "typer": "cli",
}


def load(name: str) -> Any:
    """Import an optional module, or say how to install it.

    Parameters
    ----------
    name : str
        Dotted module name, for example ``"pyarrow.dataset"``.

    Returns
    -------
    module
        Typed as ``Any``: annotate at the call where it helps.

    Raises
    ------
    ImportError
        Naming the package and the command that installs it.

    Examples
    --------
    >>> from mathlearn import _engines
    >>> _engines.load("pyarrow.csv").__name__
    'pyarrow.csv'
    """
    package = name.partition(".")[0]
    if package not in _EXTRAS:
        raise AssertionError(f"{package!r} is not in the table of optional packages in mathlearn._engines")
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(_remedy(name, package, error), name=name) from error


def _remedy(name: str, package: str, error: ImportError) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == package:
        extra = _EXTRAS[package]
        what = f'"mathlearn[{extra}]"' if extra else package
        return f"this needs the package {package}, which is not installed. Install it with: pip install {what}"
    return f"the package {package} is installed but its module {name} could not be imported: {error}"
