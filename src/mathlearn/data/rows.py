"""`Rows`: what a fit reads, a re-iterable stream of numeric chunks; and its ordered parallel reduction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mathlearn.data.chunk import Chunk

S = TypeVar("S")


class Rows(Protocol):
    """A source with its roles bound: which columns are X, y, weight, groups."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the p columns of X."""

    @property
    def responses(self) -> tuple[str, ...]:
        """Names of the q columns of y; empty when there is no y."""

    @property
    def n_rows(self) -> int | None:
        """Rows before dropping; None when unknown before reading."""

    @property
    def in_memory(self) -> bool:
        """Whether a second pass costs no input or output."""

    @property
    def sparse(self) -> bool:
        """Whether chunks carry CSR matrices."""

    def chunks(self, max_rows: int) -> Iterator[Chunk]:
        """Yield the rows in order, at most `max_rows` at a time."""

    def reduce(self, of: Callable[[Chunk], S], merge: Callable[[S, S], S], *, max_rows: int, threads: int) -> S | None:
        """Merge ``of(chunk)`` over all chunks in a fixed order; None when there is no row."""

    def first(self, of: Callable[[Chunk], S], *, max_rows: int) -> S | None:
        """Return ``of`` of the first chunk, found where the rows lie; None when there is no row."""

    def locate(self, row: int) -> str:
        """Say where a row is, by its `Chunk.index`."""

    def diagnose_nonfinite(self) -> None:
        """Raise NonFiniteInputError if some number of these rows is not finite; return if all are."""
