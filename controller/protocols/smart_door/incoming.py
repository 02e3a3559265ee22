"""The parts of one permit change, collected by the door until all are there."""

from controller.protocols.smart_door.messages import Permits


class Incoming:
    """One change at a time: a later command displaces an unfinished one."""

    def __init__(self) -> None:
        self._command = 0
        self._parts: dict[int, Permits] = {}

    def clear(self) -> None:
        """Forget an unfinished change."""
        self._command = 0
        self._parts.clear()

    def add(self, part: Permits) -> list[Permits] | None:
        """Take a part; return all of them in order once the last one is in."""
        if part.command < self._command or part.part >= part.parts:
            return None
        if part.command > self._command:
            self._command = part.command
            self._parts.clear()
        self._parts[part.part] = part
        if len(self._parts) < part.parts:
            return None
        whole = [self._parts[place] for place in sorted(self._parts)]
        self._parts.clear()
        return whole
