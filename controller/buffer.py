"""Bytes that arrived and wait to be understood."""


class ReceiveBuffer:
    """A bounded buffer: when it is full the oldest bytes go."""

    def __init__(self, limit: int) -> None:
        """Hold at most `limit` bytes."""
        self._limit = limit
        self._held = bytearray()

    def __len__(self) -> int:
        return len(self._held)

    def append(self, data: bytes) -> None:
        """Add what arrived, dropping the oldest bytes beyond the limit."""
        self._held += data[-self._limit :]
        del self._held[: -self._limit]

    def seek(self, *starts: bytes) -> bool:
        """Drop everything before the first of `starts`; say whether there is one."""
        found = [at for start in starts if (at := self._held.find(start)) >= 0]
        self.drop(min(found, default=len(self._held)))
        return bool(found)

    def peek(self, length: int, start: int = 0) -> bytes:
        """Return up to `length` bytes from `start` on, leaving them in place."""
        return bytes(self._held[start : start + length])

    def drop(self, length: int) -> None:
        """Forget the first `length` bytes."""
        del self._held[:length]

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
