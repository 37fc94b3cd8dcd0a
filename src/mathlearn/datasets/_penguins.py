"""The Palmer penguins: 344 birds of three species, missing cells and all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mathlearn.datasets._read import read

if TYPE_CHECKING:
    from mathlearn.datasets._read import FrameKind

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


def load_penguins(as_: FrameKind = "pandas") -> Any:
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
    return read(penguins_path(), as_)
