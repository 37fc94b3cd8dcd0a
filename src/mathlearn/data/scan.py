"""`scan`: from whatever holds a table to a `Source` of its rows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mathlearn._errors import SchemaError
from mathlearn.data.csv_text import MISSING_VALUES
from mathlearn.data.file_names import table_names
from mathlearn.data.local_copy import AUTO, NEVER, require_cache
from mathlearn.data.open_files import FileOptions, existing_file, open_files
from mathlearn.data.where import WhereSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TypeAlias

    from mathlearn.data.arrow_source import ArrowSource
    from mathlearn.data.files import FileSource
    from mathlearn.data.source import Source

    PathLike: TypeAlias = str | os.PathLike[str]
    Files: TypeAlias = PathLike | Sequence[PathLike]

_RESERVED = frozenset({"main", "memory", "system", "temp"})
"""Names that DuckDB keeps for its own catalogs."""


def scan(
    what: Any = None,
    *,
    format: str | None = None,  # noqa: A002 -- what pandas, Spark and DuckDB call it
    types: Mapping[str, Any] | None = None,
    delimiter: str | None = None,
    decimal: str = ".",
    missing_values: str | Sequence[str] = MISSING_VALUES,
    where: str | None = None,
    sql: str | None = None,
    database: PathLike | Mapping[str, PathLike] | None = None,
    files: Files | Mapping[str, Files | FileSource] | None = None,
    cache: PathLike = AUTO,
    storage_options: Mapping[str, Any] | None = None,
) -> Source:
    """Open a table for reading, wherever it is, without loading it.

    Parameters
    ----------
    what : path, folder, glob, address, list of these, array or data frame, optional
        CSV (``.csv``, ``.tsv``, also ``.gz``, ``.bz2``, ``.zst``, ``.lz4``), Parquet (``.parquet``, ``.pq``) or Arrow
        IPC (``.arrow``, ``.feather``, ``.ipc``) files with the same columns; rows come in file order, the files of a
        folder or glob sorted by name. An address (``s3://bucket/sales/*.parquet``) is a file, folder or glob of a file system that fsspec
        knows. Or a NumPy array, a SciPy sparse matrix, a pandas, polars or Arrow table, a Dask data frame or array.
    format : {"csv", "parquet", "ipc"}, optional
        The format of the files; by default the ending of each name says it.
    types : mapping of column to type, optional
        Overrides what the files say or what is inferred: "float64", "float32", "int64", "int32", "uint64", "bool",
        "string" (or "category"), "date", "datetime". Rounding is accepted for columns named here, and only for them.
        An index that pandas wrote is read when it is named here, see Notes.
    delimiter : str, optional
        What separates CSV cells; by default a comma, a tab for ``.tsv``.
    decimal : {".", ","}
        Decimal mark of CSV numbers.
    missing_values : str or sequence of str
        CSV cells that mean "missing", quoted or not. Whatever is listed, a column keeps its rows: see `missing=` of
        the estimators.
    where : str, optional
        Which rows of the files to read: comparisons of the formula's arithmetic on columns, ``x in [1, 2]``, ``and``, ``or``, ``not`` and
        parentheses, as in ``'year >= 2008 and species in ["Adelie", "Gentoo"]'``; strings stand for levels, dates and times. A row in
        which a value that is compared is missing does not match. Blocks of Parquet rows that cannot match are not read.
    sql : str, optional
        Exactly one SELECT, run by DuckDB on the `database` and `files` named here; it can reach nothing else, and
        cannot write.
    database : path of a DuckDB file, or mapping of alias to path, optional
        Opened read-only. With a single path its tables need no prefix; with a mapping they are called ``alias.table``.
    files : path, list of paths, or mapping of table name to files (or to what `scan` gave for them), optional
        Tables for `sql`. A path alone is a table under its own text (``FROM 'sales.csv'``) and under its stem (``FROM
        sales``).
    cache : {"auto", "never"} or path of a folder, optional
        Fits of several passes over a source that is slow to read keep a copy of the columns they need while they run: in memory while
        it is small, else in a file of this user's alone, which is removed when the fit ends, by an error or Ctrl-C too, unless the process
        is killed. "auto" does so for CSV, SQL, addresses and rows chosen by `where`, in the system's folder for temporary files, and leaves
        half of its room to others. The path of a folder is where the copy goes, of a Parquet or Arrow file too. The logger ``mathlearn``
        says where it is and how large.
    storage_options : mapping, optional
        For the file systems of addresses, as fsspec and pandas take it: ``{"anon": True}`` of s3. Neither these nor credentials in an
        address are shown anywhere.

    Returns
    -------
    Source
        To be passed as X to any estimator of this library; it can be read again and again, a batch at a time.

    Raises
    ------
    FileNotFoundError
        If a file is not there.
    SchemaError
        If files do not fit together, or the SQL text is not one SELECT on what was named.
    CorruptFileError
        If a file is cut or damaged; a flaw further on in it shows when the rows are read.
    ImportError
        If the extra ``files``, ``remote`` or ``sql`` is not installed, or the package that fsspec needs for an address.
    OSError
        If the file system of an address refuses.

    Notes
    -----
    CSV types are inferred from the first 8 MiB (shared among the files): whole numbers become integers, and an empty
    name in the header becomes ``column1`` by its position. Where integers are followed by other numbers further on, the
    column becomes float64 once that is found, by a second reading of the file; a query cannot change its types so late, and
    asks for `types`. Any other cell that does not fit is an error naming the line. An integer column of one file and a float
    column of another become float64. It is an error if whole numbers lose digits by becoming float64.

    Where pandas wrote a frame with an index of its own to Parquet or Arrow IPC (as ``__index_level_0__``, or by the
    index's name), or made an Arrow table of it, the index is left out: it was no column, and a file is to fit like its
    frame. Naming it in `types` makes it a column of the files.

    What lies at an address is known by its size and by what its file system says of its version (a time, an ETag, a checksum), looked up
    before each pass, and a Parquet file by its footer too. A CSV file is copied to a temporary folder of this machine while
    it is read, one at a time; the others are read in place. A query over them reads whole files.

    A query without ORDER BY is run so that its rows come in the same order each time, on one thread if need be.

    Examples
    --------
    >>> import mathlearn
    >>> from mathlearn.datasets import penguins_path
    >>> source = mathlearn.scan(penguins_path(), types={"year": "string"})
    >>> source.schema["species"].kind, source.schema["year"].kind
    ('categorical', 'categorical')

    Rows may be chosen by a condition:

    >>> from mathlearn.linear_model import LinearRegression
    >>> some = mathlearn.scan(penguins_path(), where='species != "Gentoo" and flipper_length_mm > 200')
    >>> LinearRegression(formula="body_mass_g ~ flipper_length_mm").fit(some).result_.n
    25

    An address names files that are elsewhere, here in the memory of the process:

    >>> import fsspec
    >>> fsspec.filesystem("memory").put(str(penguins_path()), "/zoo/penguins.csv")
    >>> mathlearn.scan("memory://zoo/*.csv").locate(0)
    'memory://zoo/penguins.csv, line 2'
    """
    missing = (missing_values,) if isinstance(missing_values, str) else tuple(missing_values)
    options = FileOptions(format, types, delimiter, decimal, missing, storage_options)
    require_cache(cache)
    if sql is not None:
        if where is not None:
            raise SchemaError("where= is for files: a query has a WHERE of its own.")
        return _copied_to(cache, _query(what, sql, database, files, options))
    if database is not None or files is not None:
        raise SchemaError("database= and files= belong to sql=. To scan files, pass them first: scan('sales.csv').")
    if what is None:
        raise SchemaError("nothing to scan: pass a path, an array or a data frame, or sql='SELECT ...'")
    if _names_files(what):
        found = open_files(what, options)
        return _copied_to(cache, found if where is None else WhereSource(found, where))
    if where is not None:
        raise SchemaError(f"where= is for files: take the rows of the {type(what).__name__} itself instead.")
    if cache not in {AUTO, NEVER}:
        raise SchemaError(f"cache= is for files and queries: of the {type(what).__name__} no copy is needed.")
    if options != FileOptions():
        raise SchemaError(
            f"format=, types= and the like are for files; convert the {type(what).__name__} itself instead."
        )
    from mathlearn.data.inputs import as_source

    return as_source(what).source


def _copied_to(cache: PathLike, source: ArrowSource) -> Source:
    source.cache = cache
    return source


def _names_files(what: Any) -> bool:
    """Whether this is a path, or a list of nothing but paths."""
    several = what if isinstance(what, list | tuple) and what else [what]
    return all(isinstance(one, str | os.PathLike) for one in several)


def _query(
    what: Any,
    sql: str,
    database: PathLike | Mapping[str, PathLike] | None,
    files: Files | Mapping[str, Files | FileSource] | None,
    options: FileOptions,
) -> ArrowSource:
    if what is not None:
        raise SchemaError("pass either something to scan or sql=, not both. Files for the query go to files=.")
    if options != FileOptions():
        raise SchemaError(
            "format=, types= and the like belong to the files of a query: files={'sales': scan('sales.csv', "
            "types=...)}. Columns of the result are converted by CAST."
        )
    from mathlearn.data.query import QuerySource

    databases, default = _databases(database)
    return QuerySource(sql, databases, _tables(files), default)


def _databases(database: PathLike | Mapping[str, PathLike] | None) -> tuple[dict[str, Path], str | None]:
    """Return alias to path, and the alias that need not be written."""
    if database is None:
        return {}, None
    if isinstance(database, Mapping):
        return {alias: existing_file(path) for alias, path in database.items()}, None
    path = existing_file(database)
    alias = path.stem + "_" * (path.stem.casefold() in _RESERVED)
    return {alias: path}, alias


def _tables(files: Files | Mapping[str, Files | FileSource] | None) -> dict[str, FileSource]:
    from mathlearn.data.files import FileSource

    if files is None:
        return {}
    if isinstance(files, Mapping):
        return {
            name: table if isinstance(table, FileSource) else open_files(table, FileOptions())
            for name, table in files.items()
        }
    tables: dict[str, FileSource] = {}
    for path in [files] if isinstance(files, str | os.PathLike) else files:
        table = open_files(path, FileOptions())
        for name in table_names(path):
            if name in tables:
                raise SchemaError(f"two files would be the table {name!r}. Name them: files={{'a': ..., 'b': ...}}.")
            tables[name] = table
    return tables
