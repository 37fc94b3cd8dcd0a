"""What an SQL text may be, and the locked room it runs in.

Two walls, each enough by itself for what it covers:

* the text must be one SELECT, and its parse tree may hold no node that writes. DuckDB 2 counts
  ``WITH a AS (COPY ... TO 'file') SELECT ...`` and ``WITH a AS (INSERT ...) SELECT ...`` as SELECT statements, and a
  database attached READ_ONLY leaves its own path open to such a COPY;
* the connection has no file system: databases are attached first, and then external access and DuckDB's local file
  system are turned off and the configuration locked. Attached databases stay readable through the handles they hold.
  It follows that a query cannot spill to disk.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mathlearn import _engines
from mathlearn._config import get_config
from mathlearn._errors import CorruptFileError, DomainError, ResourceError, SchemaError
from mathlearn.data.arrow_stream import duckdb_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mathlearn.data.files import FileSource

_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})

_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",  # names in the text are never looked up among Python's variables
    "preserve_insertion_order": "true",
    "temp_directory": "",
}

_LOCK = (
    "SET enable_external_access = false",
    "SET disabled_filesystems = 'LocalFileSystem'",
    "SET lock_configuration = true",
)

_INTERRUPTED = "Query interrupted"
"""How DuckDB says that Ctrl-C was pressed."""

_ORDER_KEEPING = frozenset(
    {"SEQ_SCAN", "TABLE_SCAN", "COLUMN_DATA_SCAN", "PROJECTION", "FILTER", "STREAMING_LIMIT", "UNION"}
)
"""Operators of a plan that give rows in the order of their input, however many threads run them."""


def one_select(sql: str) -> str:
    """Require the text to be exactly one statement that only reads; return it without what trails it.

    Raises
    ------
    SchemaError
        If it is none, several, or does not parse.
    """
    duckdb = _engines.load("duckdb")
    with duckdb.connect(":memory:", config=_SETTINGS) as connection:
        try:
            statements = connection.extract_statements(sql)
        except duckdb.Error as error:
            raise SchemaError(f"the SQL text cannot be parsed: {_first_lines(error)}") from None
        kinds = [str(statement.type).rpartition(".")[2] for statement in statements]
        if kinds != ["SELECT"]:
            raise SchemaError(
                f"the SQL text must be exactly one SELECT, got {', '.join(kinds) or 'no statement'}. Run anything "
                "else in DuckDB itself, beforehand."
            )
        [[tree]] = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    writing = sorted({node for node in _nodes(json.loads(tree)) if node not in _READING_NODES})
    if writing:
        raise SchemaError(
            f"the SQL text must only read, but its WITH clause holds {', '.join(writing)}. Write data in DuckDB "
            "itself, beforehand."
        )
    return _without_trailer(sql)


def _without_trailer(sql: str) -> str:
    """Drop comments and semicolons after the statement: DuckDB puts the text into parentheses."""
    duckdb = _engines.load("duckdb")
    text = sql.encode()  # DuckDB counts tokens' positions in bytes
    end = len(text)
    for position, kind in reversed(duckdb.tokenize(sql)):
        if kind != duckdb.token_type.comment and text[position:end].strip() != b";":
            break
        end = position
    return text[:end].decode()


def _nodes(tree: Any) -> Iterator[str]:
    """Yield the types of all query nodes of a parse tree; a tree that could not be serialised counts as one."""
    waiting = [tree]
    while waiting:
        branch = waiting.pop()
        if isinstance(branch, dict):
            kind = branch.get("type")
            if isinstance(kind, str) and kind.endswith("_NODE"):
                yield kind
            if branch.get("error") is True:
                yield str(branch.get("error_message"))
            waiting.extend(branch.values())
        elif isinstance(branch, list):
            waiting.extend(branch)


@dataclass(frozen=True, slots=True)
class Room:
    """What a query may see: databases (read-only) and tables, and nothing else.

    Attributes
    ----------
    databases : mapping of alias to path
    tables : mapping of name to FileSource
    default : str or None
        Alias of the database whose tables need no prefix.
    threads : int or None
        Threads that run the query; None: as configured.
    """

    databases: Mapping[str, Path]
    tables: Mapping[str, FileSource]
    default: str | None = None
    threads: int | None = None

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Open an in-memory connection to these, lock it, and translate the errors of whatever it runs.

        Raises
        ------
        CorruptFileError
            If a database cannot be attached.
        SchemaError, DomainError, ResourceError
            If a query fails.
        """
        config = get_config()
        settings = {"memory_limit": f"{config.max_memory}B", "threads": str(self.threads or config.threads)}
        with _engines.load("duckdb").connect(":memory:", config={**_SETTINGS, **settings}) as connection:
            types = {name: source.arrow_schema for name, source in self.tables.items()}
            for name, source in self.tables.items():
                connection.register(name, duckdb_table(source))
            for alias, path in self.databases.items():
                _attach(connection, alias, path)
            if self.default is not None:
                connection.execute(f"USE {quoted(self.default)}.main")
            for statement in _LOCK:
                connection.execute(statement)
            with self._explained(types):
                yield connection

    def require_unchanged(self) -> None:
        """Refuse to go on when a file behind a table is not the one that was scanned.

        Raises
        ------
        CorruptFileError
        """
        for source in self.tables.values():
            source.require_unchanged()

    @contextmanager
    def _explained(self, types: Mapping[str, Any]) -> Iterator[None]:
        """Turn DuckDB's errors into the project's."""
        try:
            yield
        except (_engines.load("duckdb").Error, OSError) as error:  # a reader hands DuckDB's errors on as OSError
            if "reading the stream registered as" in str(error):
                for name, source in self.tables.items():
                    source.check(types[name])  # a file is at fault: say which, and where
            raise _meaning(error) from error
        except RuntimeError as error:
            if _INTERRUPTED in str(error):
                raise KeyboardInterrupt from error
            raise


def _attach(connection: Any, alias: str, path: Path) -> None:
    duckdb = _engines.load("duckdb")
    with path.open("rb") as file:
        if file.read(15) == b"SQLite format 3":
            raise SchemaError(
                f"{path} is an SQLite database: DuckDB would have to download an extension to read it, which is not "
                "allowed. Read the table with pandas.read_sql, or export it to CSV or Parquet."
            )
    try:
        # An absolute path cannot be taken for an address ("md:", "s3:"), and the quotes in it are doubled.
        place = str(path.resolve()).replace("'", "''")
        connection.execute(f"ATTACH '{place}' AS {quoted(alias)} (READ_ONLY, TYPE duckdb)")
    except duckdb.Error as error:
        raise CorruptFileError(
            f"the database {path} cannot be opened for reading: {_first_lines(error)}. It must be a DuckDB file that "
            "nothing else holds open for writing."
        ) from None


def quoted(identifier: str) -> str:
    """Quote an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def keeps_order(connection: Any, sql: str) -> bool:
    """Whether the plan gives its rows in a fixed order even when several threads run it."""
    [[_, plan]] = connection.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()
    return all(name in _ORDER_KEEPING for name in _operators(json.loads(plan)))


def _operators(plan: list[dict[str, Any]]) -> Iterator[str]:
    for operator in plan:
        yield operator["name"].strip()
        yield from _operators(operator["children"])


def _meaning(error: Exception) -> Exception:
    what = _first_lines(error)
    meant = next(
        (meant for start, meant in _MEANINGS.items() if what.startswith(start)), _Meaning(DomainError, "failed")
    )
    return meant.error(f"the query {meant.verdict}: {what.rstrip('.')}.{meant.remedy}")


class _Meaning(NamedTuple):
    error: type[Exception]
    verdict: str
    remedy: str = ""


# Keyed by the start of DuckDB's text: a stream hands every kind of error on as OSError.
_MEANINGS = {
    "Permission Error": _Meaning(
        SchemaError,
        "reaches for something that was not named",
        " Give files by files={'name': 'path'} and write FROM name; give databases by database=.",
    ),
    "Out of Memory Error": _Meaning(
        ResourceError,
        "needs more memory than allowed",
        " Store its result in a table or a Parquet file and scan that, or raise max_memory by mathlearn.set_config.",
    ),
    "Catalog Error": _Meaning(SchemaError, "cannot be run"),
    "Binder Error": _Meaning(SchemaError, "cannot be run"),
}


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split("\n\n", maxsplit=1)[0].split("\n"))
