"""The Palmer penguins: 344 birds of three species, missing cells and all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mathlearn import _engines
from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["load_penguins", "penguins_path"]


def penguins_path() -> Path:
    """Return the path of the shipped CSV file, for `mathlearn.scan` and the command line.

    Examples
    --------
    >>> from mathlearn.datasets import penguins_path
    >>> penguins_path().name
    'penguins.csv'
    """
    return Path(__file__).with_name("penguins.csv")


def load_penguins(as_: Literal["pandas", "polars", "arrow"] = "pandas") -> Any:
    """Load the Palmer penguins: body measurements of 344 penguins near Palmer Station, Antarctica, 2007 to 2009.

    Columns: ``species`` and ``island`` (three each), ``bill_length_mm``, ``bill_depth_mm``, ``flipper_length_mm``,
    ``body_mass_g``, ``sex``, ``year``. Nineteen cells are missing: the four measurements of two birds, and the sex of eleven.

    Parameters
    ----------
    as_ : {"pandas", "polars", "arrow"}, default="pandas"
        The kind of frame.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        (344, 8).

    Raises
    ------
    DomainError
        If `as_` is none of the three.
    ImportError
        If the package for that kind of frame is not installed.

    References
    ----------
    Horst AM, Hill AP, Gorman KB (2020). palmerpenguins: Palmer Archipelago (Antarctica) penguin data.
    doi:10.5281/zenodo.3960218. Public domain (CC0).

    Gorman KB, Williams TD, Fraser WR (2014). Ecological sexual dimorphism and environmental variability within a community
    of Antarctic penguins (genus Pygoscelis). PLoS ONE 9(3): e90081. doi:10.1371/journal.pone.0090081.

    Examples
    --------
    >>> from mathlearn.datasets import load_penguins
    >>> load_penguins()["species"].value_counts().to_dict()
    {'Adelie': 152, 'Gentoo': 124, 'Chinstrap': 68}
    """
    if as_ not in _READERS:
        raise DomainError(f"as_ must be one of {', '.join(map(repr, _READERS))}, got {as_!r}")
    return _READERS[as_](penguins_path())


def _pandas(path: Path) -> Any:
    import pandas as pd

    return pd.read_csv(path)


def _polars(path: Path) -> Any:
    return _engines.load("polars").read_csv(path, null_values="NA")


def _arrow(path: Path) -> Any:
    csv = _engines.load("pyarrow.csv")
    return csv.read_csv(path, convert_options=csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True))


_READERS: dict[str, Callable[[Path], Any]] = {"pandas": _pandas, "polars": _polars, "arrow": _arrow}
