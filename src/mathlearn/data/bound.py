"""`BoundRows`: a source with its roles bound; the rows that a fit reads."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce as fold
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from mathlearn._errors import DomainError, SchemaError
from mathlearn.data.arrays import MatrixSource
from mathlearn.data.assembly import Assembly
from mathlearn.data.chunk import cut
from mathlearn.data.integers import telling_once
from mathlearn.data.nonfinite import diagnose
from mathlearn.data.progress import Passes, reporting
from mathlearn.data.progress_line import LINE
from mathlearn.data.reduce import ordered_reduce
from mathlearn.data.roles import ALL_ZERO
from mathlearn.data.validate import check_lengths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mathlearn.data.batch import Batch
    from mathlearn.data.chunk import Chunk
    from mathlearn.data.design import Design
    from mathlearn.data.encode import EncodedLike
    from mathlearn.data.roles import Roles
    from mathlearn.data.source import Source

S = TypeVar("S")
Missing = Literal["raise", "drop"]


class Begun(NamedTuple, Generic[S]):
    """A reduction that was stopped.

    Attributes
    ----------
    value
        The statistic of the blocks up to then.
    row : int
        The row after these blocks.
    """

    value: S
    row: int


class BoundRows:
    """A source with its roles bound: a re-iterable stream of validated numeric chunks.

    In a fit, numbers of a large matrix in memory are not looked at while they are chunked: whoever reduces them finds a
    statistic that is not finite if one of them is not, and calls `diagnose_nonfinite` for the clear error.

    Parameters
    ----------
    source : Source
    design : Design
    roles : Roles
    missing : {"raise", "drop"}
    formula_response : bool
        Whether y is made by the formula.
    fitting : bool
        Whether these are the rows of a fit in progress, for which having no row left is an error.
    told : set of str
        Columns that a warning of lost digits has named already.
    """

    __slots__ = (
        "_assembly",
        "_looks",
        "_passes",
        "_told",
        "_whole",
        "design",
        "fitting",
        "formula_response",
        "missing",
        "roles",
        "source",
    )

    def __init__(
        self,
        source: Source,
        design: Design,
        roles: Roles,
        *,
        missing: Missing = "raise",
        formula_response: bool = False,
        fitting: bool = True,
        told: Iterable[str] = (),
    ) -> None:
        self.source = source
        self.design = design
        self.roles = roles
        self.missing = missing
        self.formula_response = formula_response
        self.fitting = fitting
        self._told = set(told)
        self._looks: dict[Any, Any] = {}
        self._assembly = Assembly(
            source, design, roles, missing=missing, formula_response=formula_response, fitting=fitting
        )
        self._passes = None if source.in_memory else Passes.of_now()
        self._whole = isinstance(source, MatrixSource) and source.names == self.names

    @property
    def told(self) -> frozenset[str]:
        """Columns that a warning of lost digits has named."""
        return frozenset(self._told)

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the source that are read, those of X first."""
        return self._assembly.names

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the p columns of X."""
        return self.design.terms

    @property
    def responses(self) -> tuple[str, ...]:
        """Names of the q columns of y; empty when there is no y."""
        return self.design.responses if self.formula_response or self.roles.y is not None else ()

    @property
    def n_rows(self) -> int | None:
        """Rows before dropping; None when unknown before reading."""
        return self.source.n_rows

    @property
    def in_memory(self) -> bool:
        """Whether a second pass costs no input or output."""
        return self.source.in_memory

    @property
    def sparse(self) -> bool:
        """Whether chunks carry CSR matrices."""
        matrix = self.source.matrix if isinstance(self.source, MatrixSource) else None
        return hasattr(matrix, "indptr") and self.design.encoding is None

    def chunks(self, max_rows: int, *, first_row: int = 0) -> Iterator[Chunk]:
        """Yield the rows in order, at most `max_rows` at a time; every chunk has at least one row.

        With `first_row`, a multiple of `max_rows`, the rows before it are left out, and there need be none after it.

        Raises
        ------
        NonFiniteInputError, DomainError, SchemaError
            For rows that are not what the design asks for.
        """
        held: Chunk | None = None  # the last chunk waits, so that rows dropped after it can be counted in it
        dropped = 0
        for chunk in map(self._assemble, self._read(max_rows, first_row)):
            if chunk.n == 0:
                dropped += chunk.dropped
                continue
            if held is not None:
                yield held
            held = replace(chunk, dropped=chunk.dropped + dropped) if dropped else chunk
            dropped = 0
        if held is not None:
            yield replace(held, dropped=held.dropped + dropped) if dropped else held
        elif self._needs_rows and not first_row:
            raise self.no_rows(dropped)

    def blocks(self, max_rows: int) -> Iterator[Chunk]:
        """Yield one chunk for each block of at most `max_rows` rows, also where all its rows are dropped.

        Unlike those of `chunks`, ``dropped`` counts this block's rows only: what is computed row by row can be put back in
        its place among all rows.

        Raises
        ------
        SchemaError
            There is no row; or as `chunks`.
        """
        for _, chunk in self.batches(max_rows):
            yield chunk

    def batches(self, max_rows: int) -> Iterator[tuple[Batch, Chunk]]:
        """Yield each block as the source has it, with the chunk made of it; else as `blocks`."""
        empty = True
        for batch in self._read(max_rows):
            empty = False
            yield batch, self._assemble(batch)
        if empty:
            raise self.no_rows(0)

    def reduce(
        self,
        of: Callable[[Chunk], S],
        merge: Callable[[S, S], S],
        *,
        max_rows: int,
        threads: int,
        begun: Begun[S] | None = None,
    ) -> S | None:
        """Merge ``of(chunk)`` over all chunks in a fixed order; None when there is no row.

        What has `begun` is gone on with: the blocks that it has seen are passed over, and the result has the same bits.

        Batches are read in the calling thread; encoding and checking them is part of the work that threads share. Only when
        rows are dropped is it not, because their number is carried from one chunk to the next.
        """
        if self.source.apart:
            from mathlearn.data.apart import reduced_apart

            return reduced_apart(self, of, merge, max_rows=max_rows)
        so_far: Any = None if begun is None else begun.value
        first_row = 0 if begun is None else begun.row
        if self.missing == "drop":
            chunks = self.chunks(max_rows, first_row=first_row)
            return ordered_reduce(chunks, of, merge, threads=threads, begun=so_far)

        def of_batch(batch: Batch) -> list[S]:
            chunks = map(self._assemble, self._assembly.parts(batch, max_rows))
            blocks = chain.from_iterable(cut(chunk, max_rows) for chunk in chunks)
            return [of(block) for block in blocks if block.n]  # there is none where no row has weight

        def merged(left: list[S], right: list[S]) -> list[S]:
            return [fold(merge, [*left, *right])] if left or right else []

        at_once = max_rows if self.source.in_memory else max_rows * max(1, min(_BLOCKS, _ROWS // max_rows))
        known = None if so_far is None else [so_far]
        with LINE.cleared():
            total = ordered_reduce(self._read(at_once, first_row), of_batch, merged, threads=threads, begun=known)
        if total:
            found: S = fold(merge, total)
            return found
        if self._needs_rows:
            raise self.no_rows(0)
        return None

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:
        """Return ``of`` of the first chunk, found where the rows lie; None when there is no row.

        Where they lie elsewhere, what equal functions find there is asked for once.

        Raises
        ------
        NonFiniteInputError, DomainError, SchemaError
            As `chunks`.
        """
        if not self.source.apart:
            chunk = next(self.chunks(max_rows), None)
            return None if chunk is None else of(chunk)
        from mathlearn.data.apart import first_apart

        key = (of, max_rows)
        if key not in self._looks:
            self._looks[key] = first_apart(self, of, max_rows=max_rows)
        found: S | None = self._looks[key]
        return found

    def telling(self) -> telling_once:
        """Return a context in which nothing warns of what was told of."""
        return telling_once(self._told)

    def locate(self, row: int) -> str:
        """Say where a row is, in the user's terms."""
        return self.source.locate(row)

    def on(self, part: Source) -> BoundRows:
        """Bind a part of the source as the whole is."""
        return _rebuilt(part, *self.__reduce__()[1][1:])

    @property
    def _needs_rows(self) -> bool:
        """Whether having no row is an error."""
        return self.fitting and not self.source.part

    def __reduce__(self) -> tuple[Callable[..., BoundRows], tuple[Any, ...]]:
        # For work elsewhere: what is made of these is made there, and who follows the progress stays here.
        given = (self.source, self.design, self.roles, self.missing, self.formula_response, self.fitting, self.told)
        return _rebuilt, given

    def diagnose_nonfinite(self) -> None:
        """Look for the NaN or infinity behind a statistic that is not finite.

        Returns when all numbers are finite: then the statistic overflowed.

        Raises
        ------
        NonFiniteInputError
        """
        if not self.source.apart:  # else each number was looked at where it lies
            diagnose(self, self._batches(_SCAN_ROWS), of_all=True)

    def named(self, batch: Batch) -> Batch:
        """Return the batch with its columns named."""
        return self._assembly.named(batch)

    def encode(self, batch: Batch) -> EncodedLike:
        """Turn a batch into X (and the formula's y and offset)."""
        return self._assembly.encode(batch)

    def _batches(self, max_rows: int, first_row: int = 0) -> Iterator[Batch]:
        names = None if self._whole else self.names
        if first_row:
            return self.source.batches_from(first_row, names, max_rows=max_rows)
        return self.source.batches(names, max_rows=max_rows)

    def _read(self, max_rows: int, first_row: int = 0) -> Iterator[Batch]:
        """Yield the batches, telling of progress and comparing the length of a stream with that of arrays beside it."""
        batches = self._batches(max_rows, first_row)
        if self._passes is not None:
            batches = reporting(batches, self.n_rows, self._passes, first_row)
        read = first_row
        for batch in batches:
            read += batch.n
            self._check_end(read, done=False)
            yield batch
        self._check_end(read, done=True)

    def _check_end(self, read: int, *, done: bool) -> None:
        """Compare a stream's length with that of the arrays that go with it."""
        if self.source.n_rows is not None:
            return  # compared when it was bound
        for length in (role.length for _, role in self.roles.items()):
            if length is not None and (read > length or (done and read != length)):
                check_lengths([("X", read), ("an array that goes with it", length)])

    def _assemble(self, batch: Batch) -> Chunk:
        with telling_once(self._told):
            return self._assembly.chunk(batch, self.encode(batch), self._explain)

    def _explain(self, batch: Batch) -> None:
        """Raise the error that this batch deserves, counting over the whole input where that costs nothing."""
        batches = self._batches(_SCAN_ROWS) if self.source.in_memory else iter([batch])
        diagnose(self, batches, of_all=self.source.in_memory)

    def no_rows(self, dropped: int) -> Exception:
        """Return the error for having no row, of which so many were dropped."""
        if dropped:
            return SchemaError(
                f"no row is left: all {dropped} rows have a missing value in a column that is used. "
                "Leave out the column with the gaps, or fill them."
            )
        return DomainError(ALL_ZERO) if self.roles.weight is not None else SchemaError("the source has no rows.")


_SCAN_ROWS = 1 << 13
_BLOCKS, _ROWS = 8, 1 << 16
"""Blocks of a stream, and rows in them, that are encoded and checked at a time: what is done once a column costs more than they do."""


def _rebuilt(
    source: Source, design: Design, roles: Roles, missing: Missing, formula_response: bool, fitting: bool, told: Any
) -> BoundRows:
    more = {"missing": missing, "formula_response": formula_response, "fitting": fitting, "told": told}
    return BoundRows(source, design, roles, **more)
