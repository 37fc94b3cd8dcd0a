"""An Arrow IPC file or stream (Feather version 2 is an IPC file)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mathlearn import _engines
from mathlearn._errors import CorruptFileError
from mathlearn.data.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mathlearn.data.place import Place

_FILE_MAGIC = b"ARROW1"


class IpcPart(Part):
    """One Arrow IPC file.

    Raises
    ------
    CorruptFileError
        If the file is cut, is no Arrow IPC, or its offsets point outside it.
    SchemaError
        If a column name occurs twice.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        with self._open(None) as reader:
            self.schema = reader.schema
        self.check_names(self.schema.names)

    def read(self, names: Sequence[str], target: Any) -> Iterator[Any]:  # noqa: ARG002 -- typed by the file itself
        """Yield the file's record batches, validated: Arrow trusts the offsets in a file, and we do not."""
        with self._open([self.schema.get_field_index(name) for name in names]) as reader:
            for batch in _each_batch(reader):
                batch.validate(full=True)
                yield batch.select(list(names))

    @contextmanager
    def _open(self, included: list[int] | None) -> Iterator[Any]:
        pa, ipc = _engines.load("pyarrow"), _engines.load("pyarrow.ipc")
        options = ipc.IpcReadOptions(included_fields=included)
        try:
            with self.place.open() as file:
                is_file = file.read(len(_FILE_MAGIC)) == _FILE_MAGIC
                file.seek(0)
                with (ipc.open_file if is_file else ipc.open_stream)(file, options=options) as reader:
                    yield reader
        except (pa.ArrowException, OSError) as error:
            raise CorruptFileError(
                f"{self.label} cannot be read as Arrow IPC: {error}. It may be cut, damaged or of another format "
                "(Feather version 1 is not supported); write it again, or name its format with format=."
            ) from error


def _each_batch(reader: Any) -> Iterator[Any]:
    if hasattr(reader, "num_record_batches"):
        return (reader.get_batch(i) for i in range(reader.num_record_batches))
    return iter(reader)
