"""A file on its way into our reader, kept in memory up to a limit."""

from dataclasses import dataclass, field

from controller.protocols.osdp.codes import FileState
from controller.protocols.osdp.commands import FileFragment
from controller.protocols.osdp.replies import FileStatus

LARGEST_FILE = 1 << 20
"""Bytes of the largest file a reader takes unless told otherwise."""

_ALONGSIDE = 0x01


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A whole file the control side sent."""

    kind: int
    data: bytes = field(repr=False)


class FileReceiver:
    """Puts parts together in order; a part that came before counts once."""

    def __init__(self, limit: int = LARGEST_FILE) -> None:
        self._limit = limit
        self._kind = self._size = 0
        self._data = bytearray()
        self._open = False
        self._whole: ReceivedFile | None = None

    def take(self, part: FileFragment) -> FileStatus:
        """Take a part and return how the file gets on."""
        return FileStatus(_ALONGSIDE, 0, self._take(part))

    def take_file(self) -> ReceivedFile | None:
        """Return the file that arrived, once."""
        whole, self._whole = self._whole, None
        return whole

    def _take(self, part: FileFragment) -> FileState:
        if part.size > self._limit:
            return FileState.ABORTED
        end = part.offset + len(part.data)
        if part.offset == 0 and part.data:
            self._kind, self._size, self._open = part.kind, part.size, True
            self._data.clear()
        if (part.kind, part.size) != (self._kind, self._size) or end > part.size:
            return FileState.MALFORMED
        if part.offset > len(self._data):
            return FileState.MALFORMED
        del self._data[part.offset :]
        self._data += part.data
        if len(self._data) < self._size:
            return FileState.PROCEED
        if self._open:
            self._open = False
            self._whole = ReceivedFile(self._kind, bytes(self._data))
        return FileState.PROCESSED
