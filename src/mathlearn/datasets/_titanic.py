"""The people aboard the Titanic: class, sex, age and fate of 2201."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathlearn.datasets._read import read

if TYPE_CHECKING:
    from mathlearn.datasets._read import FrameKind

__all__ = ["load_titanic", "titanic_path"]


def titanic_path() -> Path:
    """Return the path of the shipped CSV file, for `mathlearn.scan` and the command line.

    Examples
    --------
    >>> from mathlearn.datasets import titanic_path
    >>> titanic_path().name
    'titanic.csv'
    """
    return Path(__file__).with_name("titanic.csv")


def load_titanic(as_: FrameKind = "pandas") -> Any:
    """Load the people aboard the Titanic, one row a person, as the British Board of Trade counted them after the wreck of 1912.

    Columns: ``class`` ("1st", "2nd", "3rd", "crew"), ``sex``, ``age`` ("child", "adult") and ``survived`` ("no", "yes"). All children of
    the first and second class survived: the likelihood of a model with the interaction of class and age has no maximum.

    Parameters
    ----------
    as_ : {"pandas", "polars", "arrow"}, default="pandas"
        The kind of frame.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        (2201, 4).

    Raises
    ------
    DomainError
        If `as_` is none of the three.
    ImportError
        If the package for that kind of frame is not installed.

    References
    ----------
    British Board of Trade (1990), "Report on the Loss of the 'Titanic' (S.S.)", British Board of Trade Inquiry Report (reprint),
    Gloucester: Allan Sutton Publishing; as tabulated in Dawson (1995), "The 'Unusual Episode' Data Revisited", Journal of Statistics
    Education 3(3). The counts are facts of a public inquiry.

    Examples
    --------
    >>> from mathlearn.datasets import load_titanic
    >>> load_titanic()["survived"].value_counts().to_dict()
    {'no': 1490, 'yes': 711}
    """
    return read(titanic_path(), as_)
