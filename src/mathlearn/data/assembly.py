"""`Assembly`: how a block of a source becomes a `Chunk`, encoded, checked, and without the rows that do not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mathlearn.data.arrays import MatrixSource, as_columns
from mathlearn.data.chunk import Chunk
from mathlearn.data.coded import refuse_unseen
from mathlearn.data.encode import Encoded, missing_rows
from mathlearn.data.roles import ColumnRole, check_weights
from mathlearn.data.validate import is_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn._typing import BoolArray, FloatArray
    from mathlearn.data.batch import Batch
    from mathlearn.data.bound import Missing
    from mathlearn.data.design import Design
    from mathlearn.data.encode import EncodedLike
    from mathlearn.data.roles import Roles
    from mathlearn.data.source import Source

__all__ = ["Assembly"]

_EAGER = 1 << 14
"""In a fit, matrices in memory above this many numbers are checked only if a statistic made of them is not finite."""

_VECTORS = frozenset({"weight", "offset"})


class Assembly:
    """Makes chunks of the batches of a source.

    Parameters
    ----------
    source : Source
    design : Design
    roles : Roles
    missing : {"raise", "drop"}
    formula_response, fitting : bool
        As of `BoundRows`.
    """

    __slots__ = (
        "_columns",
        "_design",
        "_encoder",
        "_fitting",
        "_formula_response",
        "_lazy",
        "_missing",
        "_plain",
        "_played",
        "_roles",
        "_source",
        "names",
    )

    def __init__(
        self,
        source: Source,
        design: Design,
        roles: Roles,
        *,
        missing: Missing,
        formula_response: bool,
        fitting: bool,
    ) -> None:
        self._source = source
        self._design = design
        self._roles = roles
        self._missing = missing
        self._formula_response = formula_response
        self._fitting = fitting
        self._encoder = design.encoder
        self._played = roles.items()
        self._columns = tuple(dict.fromkeys(column for _, role in self._played for column in role.columns))
        self.names = self._needed()
        self._plain = self._as_they_are() if fitting else None
        matrix = source.matrix if isinstance(source, MatrixSource) else None
        self._lazy = fitting and matrix is not None and design.encoding is None and matrix.size > _EAGER

    def _needed(self) -> tuple[str, ...]:
        """Name the columns to read, those of X first."""
        encoding = self._design.encoding
        if encoding is None:
            columns = self._design.columns
        else:
            response = encoding.response_columns if self._formula_response else ()
            columns = tuple(dict.fromkeys((*encoding.columns, *response)))
        extra = self._columns
        return (*columns, *(name for name in extra if name not in columns)) if extra else columns

    def _as_they_are(self) -> tuple[str, ...] | None:
        """Name the columns that X and, unless it comes otherwise, y consist of as they are; None where X is computed."""
        X, y = self._encoder.plain, self._encoder.plain_responses
        if X is None or (self._formula_response and y is None):
            return None
        if self._formula_response:
            return X + (y or ())
        return X + self._roles.y.columns if isinstance(self._roles.y, ColumnRole) else X

    def parts(self, batch: Batch, max_rows: int) -> Iterator[Batch]:
        """Yield a batch in the parts in which it is best made into chunks: small ones where columns are copied together."""
        return batch.cut(self._plain, max_rows)

    def named(self, batch: Batch) -> Batch:
        """Return the batch with its columns named."""
        return as_columns(batch, self.names)

    def encode(self, batch: Batch) -> EncodedLike:
        """Turn a batch into X (and the formula's y and offset)."""
        joined = batch.joined
        if joined is not None:
            p = len(self._design.terms)
            return Encoded(joined[:, :p], joined[:, p:-1] if joined.shape[1] > p + 1 else None, joined=joined)
        if self._design.encoding is None:
            return self._encoder.encode(batch, with_response=False)
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is found and named afterwards
            named = self.named(batch)
            return self._encoder.encode(named, with_response=self._formula_response, by_columns=self._fitting)

    def chunk(self, batch: Batch, encoded: EncodedLike, explain: Callable[[Batch], None]) -> Chunk:
        """Make a chunk of a batch: numbers, without the rows that are missing or have no weight.

        Parameters
        ----------
        batch : Batch
        encoded : EncodedLike
            What `encode` makes of it.
        explain : callable
            Raises the error that a batch deserves in which some value is not finite or, unless such rows are dropped, missing.

        Raises
        ------
        NonFiniteInputError, DomainError, SchemaError
        """
        columns = as_columns(batch, self.names, self._columns) if self._columns else batch
        parts: dict[str, Any] = {"y": encoded.y, "weight": None, "offset": None, "group": None}
        bad = [] if encoded.bad is None else [encoded.bad]
        for name, role in self._played:
            if name == "y" and encoded.y is not None:
                continue
            values, gone = role.take(columns)
            parts[name] = values.reshape(-1) if name in _VECTORS else values
            bad += [] if gone is None else [gone]
        parts["offset"] = _total(parts["offset"], encoded.offset)
        chunk = self._filtered(batch, encoded, parts, bad, explain)
        if self._design.classes and chunk.y is not None:
            self._check_classes(columns, chunk, chunk.y)
        return chunk

    def _check_classes(self, columns: Batch, chunk: Chunk, codes: FloatArray) -> None:
        """Refuse a label that is none of the classes, in a row that counts."""
        unseen = np.flatnonzero(codes[:, 0] < 0)
        if unseen.size:
            row = int(chunk.index[unseen[0]])
            refuse_unseen(self._roles.y, columns, row - chunk.start, self._source.locate(row), self._design.classes)

    def _filtered(
        self,
        batch: Batch,
        encoded: EncodedLike,
        parts: dict[str, Any],
        bad: list[BoolArray],
        explain: Callable[[Batch], None],
    ) -> Chunk:
        """Leave out the rows that are missing or have no weight, and check the others."""
        X = encoded.X
        if self._missing == "drop" and batch.matrix is not None:  # a matrix comes without marks of what is missing
            gone = missing_rows(X)
            bad = bad if gone is None else [*bad, gone]
        keep = None
        if bad:
            drop = np.logical_or.reduce(bad)
            if drop.any():
                if self._missing == "raise":
                    explain(batch)
                keep = ~drop
        present = keep
        weight = parts["weight"]
        if weight is not None:
            keep = self._weighted(batch, weight, keep)
        if keep is None:
            joined = encoded.joined is not None  # what comes so was looked at
            unseen = {name: values for name, values in parts.items() if not (joined and values is encoded.y)}
            if not self._finite(X, unseen, lazy=self._lazy or joined):
                explain(batch)
            return Chunk(X, **parts, start=batch.start, joined=encoded.joined)
        # Rows that are about to leave are checked here: nobody sees them later.
        some = slice(None) if present is None else present
        if not self._finite(X[some], {k: None if v is None else v[some] for k, v in parts.items()}, lazy=False):
            explain(batch)
        rows = np.flatnonzero(keep)
        kept = {name: None if values is None else values[rows] for name, values in parts.items()}
        dropped = 0 if present is None else batch.n - int(present.sum())
        return Chunk(X[rows], **kept, start=batch.start, rows=rows + batch.start, dropped=dropped)

    def _weighted(self, batch: Batch, weight: FloatArray, keep: BoolArray | None) -> BoolArray | None:
        """Mark the rows of positive weight among those kept; None when these are all."""
        if self._roles.weight is not None and self._roles.weight.columns:
            used = weight if keep is None else np.where(keep, weight, 0)
            name = self._roles.weight.columns[0]
            check_weights(used, self._design.weights_type, repr(name), lambda i: self._source.locate(batch.start + i))
        positive = weight > 0
        if positive.all():
            return keep
        return positive if keep is None else positive & keep

    def _finite(self, X: Any, parts: dict[str, Any], *, lazy: bool) -> bool:
        """Whether all numbers are finite; with `lazy`, those of X are looked at later."""
        values = [] if lazy else [X.data if hasattr(X, "indptr") else X]
        if self._design.encoding is not None or self._columns:
            values += [v for k, v in parts.items() if v is not None and k != "group"]
        return all(is_finite(v) for v in values)


def _total(offset: Any, more: Any) -> Any:
    return offset if more is None else more if offset is None else offset + more
