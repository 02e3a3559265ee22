"""Permit changes on their way into the door's memory, part by part."""

from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.messages import Applied, Permits, Result


class Incoming:
    """Applies a change once all its parts are there; a later one displaces it."""

    def __init__(self, memory: DoorMemory) -> None:
        self._memory = memory
        self._command = 0
        self._parts: dict[int, Permits] = {}
        self._answer: Applied | Result | None = None

    def clear(self) -> None:
        """Forget what came under an earlier connection."""
        self._command = 0
        self._parts.clear()
        self._answer = None

    def take(self, part: Permits) -> Applied | Result | None:
        """Take a part; the last one missing, or the last one repeated, is answered."""
        if part.command < self._command or part.part >= part.parts:
            return None
        if part.command > self._command:
            self.clear()
            self._command = part.command
        if self._answer is not None:
            return self._answer if part.part == part.parts - 1 else None
        self._parts[part.part] = part
        if len(self._parts) == part.parts:
            self._answer = self._apply()
        return self._answer

    def _apply(self) -> Applied | Result:
        whole = [self._parts[place] for place in sorted(self._parts)]
        self._parts.clear()
        refusal = self._memory.apply(whole)
        if refusal is not None:
            return Result(self._command, ok=False, cause=refusal)
        digest = self._memory.permits.digest
        return Applied(self._command, self._memory.revision, digest)
