"""Which of many boards is due first, without asking all of them each time."""

from heapq import heappop, heappush, heapreplace

from controller.protocols.uhppote.panel import Panel


class Alarms:
    """An entry a board, never later than what the board wants.

    Whatever makes a board's deadline earlier is followed by `touch`; one that moved
    away is found out when its entry comes first.
    """

    def __init__(self) -> None:
        """Start with no boards."""
        self._heap: list[tuple[float, int]] = []
        self._panels: list[Panel] = []
        self._set: list[float] = []
        self._numbers: dict[Panel, int] = {}

    def add(self, panel: Panel) -> None:
        """Take a board."""
        self._numbers[panel] = len(self._panels)
        self._panels.append(panel)
        self._set.append(float("inf"))
        self.touch(panel)

    def touch(self, panel: Panel) -> None:
        """Look again at a board something happened to."""
        number, due = self._numbers[panel], panel.deadline()
        if due < self._set[number]:
            self._set[number] = due
            heappush(self._heap, (due, number))

    def first(self) -> float | None:
        """Return when the first board is due."""
        while self._heap:
            alarm, number = self._heap[0]
            if alarm != self._set[number]:
                heappop(self._heap)
                continue
            due = self._panels[number].deadline()
            if due <= alarm:
                return due
            self._set[number] = due
            heapreplace(self._heap, (due, number))
        return None

    def due(self, now: float) -> Panel | None:
        """Return a board that is due, if one is."""
        first = self.first()
        if first is None or first > now:
            return None
        return self._panels[self._heap[0][1]]
