"""Where a reader answers: its address, and the one it may have moved to."""

from controller.upkeep import ChangeLine


class Place:
    """An address that is tried in turn with another while a move is unsettled."""

    def __init__(self, address: int) -> None:
        self.address = address
        self._other: int | None = None
        self._asked: ChangeLine | None = None

    def offer(self, command: ChangeLine) -> None:
        """Note that the reader is being told to move."""
        address = int(command.address)
        self._other = address if address != self.address else None
        self._asked = command

    def move(self, address: int) -> bool:
        """Take where the reader says it will be; False when that was never asked."""
        if address not in {self.address, self._other}:
            return False
        self.address, self._other, self._asked = address, None, None
        return True

    def turn(self) -> None:
        """Try the other address next, if there is one."""
        if self._other is not None:
            self.address, self._other = self._other, self.address

    def taken(self, address: int) -> bool:
        """Say whether the reader is or may be at an address."""
        return address in {self.address, self._other}

    def settle(self) -> ChangeLine | None:
        """Take that the reader is where it was tried; return a move it did make."""
        asked, other = self._asked, self._other
        self._asked = self._other = None
        moved = asked and other is not None and int(asked.address) == self.address
        return asked if moved else None
