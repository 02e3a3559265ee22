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

    def seek(self, start: bytes) -> bool:
        """Drop everything before the first `start`; say whether there is one."""
        at = self._held.find(start)
        if at:
            self.drop(at if at > 0 else len(self._held))
        return at >= 0

    def peek(self, length: int, start: int = 0) -> bytes:
        """Return up to `length` bytes from `start` on, leaving them in place."""
        return bytes(self._held[start : start + length])

    def drop(self, length: int) -> None:
        """Forget the first `length` bytes."""
        del self._held[:length]

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
