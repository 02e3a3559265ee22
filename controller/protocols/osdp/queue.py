"""What waits for one reader, the most urgent first, and what it is busy with."""

from collections import deque
from collections.abc import Iterator

from controller.protocols.osdp.tasks import Task, Urgency

_MOST_TASKS = 16


class TaskQueue:
    """Tasks on their way to a reader; iterating begins with the current one."""

    def __init__(self) -> None:
        self._tasks: deque[Task] = deque()
        self.current: Task | None = None
        """The task whose frame is out."""

    def __iter__(self) -> Iterator[Task]:
        if self.current:
            yield self.current
        yield from self._tasks

    @property
    def ready(self) -> bool:
        """Say whether a task may be taken."""
        return bool(self._tasks)

    @property
    def urgency(self) -> Urgency:
        """Return how urgent the most urgent task is."""
        return min((task.urgency for task in self), default=Urgency.ROUTINE)

    def put(self, task: Task) -> bool:
        """Put a task behind those as urgent; False when too many of a kind wait."""
        if sum(other.urgency is task.urgency for other in self._tasks) >= _MOST_TASKS:
            return False
        # One that was put back may stand before more urgent ones: counting misleads.
        ahead = [other.urgency <= task.urgency for other in reversed(self._tasks)]
        behind = ahead.index(True) if True in ahead else len(ahead)
        self._tasks.insert(len(ahead) - behind, task)
        return True

    def take(self) -> Task:
        """Make the first task the current one."""
        self.current = self._tasks.popleft()
        return self.current

    def finish(self) -> Task | None:
        """Return the current task, which is no longer under way."""
        task, self.current = self.current, None
        return task

    def put_back(self) -> None:
        """Let the current task wait again, before all others."""
        if task := self.finish():
            self._tasks.appendleft(task)

    def drop(self, task: Task) -> None:
        """Forget a task that waits."""
        self._tasks.remove(task)

    def clear(self) -> None:
        """Forget every task that waits."""
        self._tasks.clear()
