"""The key a reader holds, and the one it may hold since a rotation began."""

from collections.abc import Iterator

from controller.session import CommandFailed, Event, Member
from controller.upkeep import KeyRotated, RotateKey


class KeyRing:
    """Knows which keys to try, and when a rotation has ended and how.

    A reader that lost power while it took a key holds either the new one or the
    old one: both are tried, the new one first, and what it proves is the answer.
    """

    def __init__(self, member: Member) -> None:
        self._controller = member.controller
        self._key = member.key
        self._next = member.next_key
        self._command: RotateKey | None = None
        self._cause = ""

    @property
    def candidates(self) -> tuple[bytes, ...]:
        """Return the keys the reader may hold, the likelier first."""
        return tuple(key for key in (self._next, self._key) if key)

    def offer(self, command: RotateKey) -> None:
        """Note that the reader is being told its next key."""
        self._next, self._command = command.key, command
        self._cause = "the reader kept its old key"

    def doubt(self, cause: str) -> None:
        """Note why the reader may have kept its old key."""
        self._cause = f"{cause}; the reader kept its old key"

    def owns(self, command: object) -> bool:
        """Say whether the outcome of a command will be known from a handshake."""
        return command is not None and command is self._command

    def settle(self, proved: bytes | None) -> Iterator[Event]:
        """Take which key the reader proved and tell what that means."""
        if proved is None:
            return
        command, self._command = self._command, None
        rotated = proved == self._next
        self._key, self._next = proved, None
        if rotated:
            yield KeyRotated(self._controller)
        elif command:
            yield CommandFailed(self._controller, command, self._cause)
