"""Columns written to one Parquet file, block by block: whole or not at all."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from mathlearn import _engines
from mathlearn._atomic import replacing
from mathlearn._errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import IO

    from mathlearn._typing import AnyArray

__all__ = ["ENDINGS", "Written", "is_parquet", "require_parquet", "write_parquet"]

ENDINGS = (".parquet", ".pq")
"""How the name of a Parquet file ends."""

_ROWS = 1 << 17
_CELLS = 1 << 21
"""A row group has so many rows, or so many cells where columns are many: readers hold one at a time."""


class Written(NamedTuple):
    """What was written: rows, and bytes."""

    rows: int
    size: int


def is_parquet(path: str | os.PathLike[str]) -> bool:
    """Whether a file is Parquet by its name.

    Examples
    --------
    >>> is_parquet("rows.parquet"), is_parquet("rows.csv")
    (True, False)
    """
    return os.fspath(path).lower().endswith(ENDINGS)


def require_parquet(path: str | os.PathLike[str]) -> None:
    """Refuse a name that promises another format.

    Raises
    ------
    DomainError
        It does not end in .parquet or .pq.

    Examples
    --------
    >>> require_parquet("rows.parquet")
    """
    if not is_parquet(path):
        raise DomainError(
            f"the file is named {os.fspath(path)!r}, and rows are written as Parquet: give a name that ends in "
            + " or ".join(ENDINGS)
        )


def write_parquet(
    path: str | os.PathLike[str],
    blocks: Iterable[Mapping[str, AnyArray]],
    *,
    kinds: Mapping[str, AnyArray] | None = None,
    notes: Callable[[], Mapping[str, str]] | None = None,
) -> Written:
    """Write blocks of columns below one another, in bounded memory; what goes wrong on the way leaves no file.

    Parameters
    ----------
    path : str or path-like
        One that exists is replaced.
    blocks : iterable of mappings of name to array (n,)
        All with the same names; at least one. An array of objects may hold None.
    kinds : mapping of name to array, optional
        Values that have the type of a column, where the first block may not show it.
    notes : callable, optional
        Asked after the last block: texts for the metadata of the schema.

    Raises
    ------
    OSError
        The file cannot be written; what was there before is untouched.
    ImportError
        pyarrow is not installed; the message says how to.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_parquet(f"{folder}/squares.parquet", ({"x": np.arange(3), "square": np.arange(3) ** 2} for _ in "ab")).rows
    6
    """
    parquet = _engines.load("pyarrow.parquet")
    with replacing(path) as file:
        rows = _written(parquet, file, blocks, kinds or {}, notes)
        size = file.tell()
    return Written(rows, size)


def _written(
    parquet: Any,
    file: IO[bytes],
    blocks: Iterable[Mapping[str, AnyArray]],
    kinds: Mapping[str, AnyArray],
    notes: Callable[[], Mapping[str, str]] | None,
) -> int:
    pa, stream = _engines.load("pyarrow"), iter(blocks)
    first = next(stream)
    schema = pa.schema({name: pa.array(kinds.get(name, values)).type for name, values in first.items()})
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    rows = 0
    # Arrow's own copy of the schema would hide what is noted at the end.
    options = {"store_schema": False, "write_page_checksum": True, "use_dictionary": texts}
    with parquet.ParquetWriter(file, schema, **options) as writer:
        batches = (_batch(pa, schema, block) for block in chain([first], stream))
        for group in _groups(batches, len(schema)):
            writer.write_table(pa.Table.from_batches(group))
            rows += sum(batch.num_rows for batch in group)
        if notes is not None:
            writer.add_key_value_metadata(notes())
    return rows


def _batch(pa: Any, schema: Any, block: Mapping[str, AnyArray]) -> Any:
    return pa.record_batch([pa.array(block[field.name], type=field.type) for field in schema], schema=schema)


def _groups(batches: Iterator[Any], columns: int) -> Iterator[list[Any]]:
    """Gather batches until they are a row group."""
    enough = min(_ROWS, max(1, _CELLS // columns))
    waiting: list[Any] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= enough:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
