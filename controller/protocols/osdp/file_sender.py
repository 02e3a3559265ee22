"""A file on its way to a reader, part by part, and again from where it was."""

from collections.abc import Callable, Mapping
from math import inf

from controller.errors import LocalProtocolError
from controller.protocols.osdp.codes import FileState, Function
from controller.protocols.osdp.commands import FileFragment
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import Capabilities, FileStatus
from controller.session import CommandFailed, Event
from controller.upkeep import FileProgress, FileSent, SendFile

LARGEST_FILE = 1 << 24
"""Bytes of the largest file we send; it stays in memory until it is there."""
PATIENCE = 300.0
"""Seconds without progress, on line or off, after which a file is given up."""
FRAME_OVERHEAD = 42
"""Bytes of a sealed frame that are not file: frame, block, MAC, head, filling."""

_SMALLEST_PART = 16
_UNANNOUNCED = 128
"""Bytes of a frame that every reader takes."""
_STEPS = 20
_ALONGSIDE = 0x01
_MILLISECOND = 0.001
_CAUSES: Mapping[int, str] = {
    FileState.ABORTED: "the reader gave it up",
    FileState.UNRECOGNISED: "the reader does not know such contents",
    FileState.MALFORMED: "the reader finds it malformed",
}
_ENDS = frozenset({FileState.PROCEED, FileState.PROCESSED, FileState.REBOOTING})


def check_file(command: SendFile) -> None:
    """Raise LocalProtocolError for what no reader can be sent."""
    if not 0 < len(command.data) <= LARGEST_FILE:
        raise LocalProtocolError(f"data must be 1 to {LARGEST_FILE} bytes")
    if not 0 <= command.kind <= 0xFF:  # noqa: PLR2004 # one byte
        raise LocalProtocolError(f"kind must be 0 to 255, not {command.kind}")


def part_size(frame_limit: int, capabilities: Capabilities) -> int:
    """Return how many bytes of a file fit a frame of this bus and this reader."""
    entry = capabilities.find(Function.RECEIVE_SIZE)
    takes = entry.compliance | entry.items << 8
    return _room(min(frame_limit, takes or _UNANNOUNCED))


def _room(frame: int) -> int:
    return max(_SMALLEST_PART, frame - FRAME_OVERHEAD)


class FileSender:
    """Offers parts and takes how the reader got on with them."""

    def __init__(
        self, command: SendFile, now: float, report: Callable[[Event], None]
    ) -> None:
        self._command = command
        self._report = report
        self._offset = self._under_way = 0
        self._told = self._largest = 0
        self._resumed = self._broken = False
        self.ready_at = -inf
        """When the pause the reader asked for ends."""
        self.expires = now + PATIENCE
        self.ready = True
        """Whether a part may go out now."""
        self.alongside = True
        """Whether the reader allows other commands between parts."""
        self.awaiting = False
        """Whether the command that waits for its reply is a part of this file."""
        self.done = False

    def part(self, size: int) -> FileFragment:
        """Return the next part, or an empty one when all is there."""
        size = min(size, self._largest or size)
        data = self._command.data[self._offset : self._offset + size]
        self._under_way = len(data)
        self.awaiting = True
        whole = len(self._command.data)
        return FileFragment(self._command.kind, whole, self._offset, data)

    def interrupt(self) -> None:
        """Note that the conversation broke: what was under way counts as unsent."""
        self._resumed = self._broken = self._broken or self._offset > 0
        self.awaiting = False
        self.alongside = self.ready = True
        self.ready_at = -inf

    def postpone(self) -> None:
        """Note that the reader was busy: the same part comes next."""
        self.awaiting = False

    def pass_time(self, now: float) -> None:
        """End a pause the reader asked for, or a file that gets nowhere."""
        self.ready = now >= self.ready_at
        if now >= self.expires:
            self.fail("the reader made no progress")

    def fail(self, cause: str) -> None:
        """Give up."""
        self.done = True
        controller = self._command.controller
        self._report(CommandFailed(controller, self._command, cause))

    def take(self, reply: Message, now: float, cause: str) -> bool:
        """Take the reply to a part; True when the reader will start afresh now.

        `cause` says in words what is wrong with a reply of another kind.
        """
        self.awaiting = False
        if not isinstance(reply, FileStatus):
            self._refused(f"the reader declined: {cause}")
            return False
        if reply.state < 0:
            self._refused(_CAUSES.get(reply.state, f"state {reply.state}"))
            return False
        self._resumed = False
        self.alongside = bool(reply.actions & _ALONGSIDE)
        self.ready_at = now + reply.delay * _MILLISECOND
        if reply.largest:
            self._largest = _room(reply.largest)
        if self._under_way:
            self.expires = now + PATIENCE
        self._offset += self._under_way
        self._tell()
        if self._offset == len(self._command.data):
            self._end(reply.state)
        return self.done and reply.state == FileState.REBOOTING

    def _end(self, state: int) -> None:
        """Believe a reader that forgot earlier parts only when it says it is done."""
        if state == FileState.PROCEED and self._broken:
            self._again()
        elif state in _ENDS:
            self.done = True
            self._report(FileSent(self._command.controller, self._command.kind))

    def _refused(self, cause: str) -> None:
        """Start the file again, once, with a reader that forgot its first parts."""
        if self._resumed:
            self._again()
        else:
            self.fail(cause)

    def _again(self) -> None:
        self._resumed = self._broken = False
        self._offset = self._told = 0

    def _tell(self) -> None:
        whole = len(self._command.data)
        moved = self._offset - self._told
        if moved and (moved >= whole / _STEPS or self._offset == whole):
            self._told = self._offset
            command = self._command
            progress = FileProgress(command.controller, command.kind, self._told, whole)
            self._report(progress)
