"""The gateway's place in one door's records."""

from controller.protocols.smart_door.messages import Acknowledge, Events, Hello
from controller.session import PassageReported, PassagesLost
from controller.vocabulary import ControllerId


class RecordCursor:
    """Turns records into events without a hole and knows what is acknowledged.

    Records are reported until the owner acknowledges them, again whenever the door
    repeats them; only the owner's own cursor can tell which it already keeps.
    """

    def __init__(self, controller: ControllerId) -> None:
        self._controller = controller
        self._epoch: int | None = None
        self._acknowledged = 0
        self._seen = 0

    def greet(self, hello: Hello) -> Acknowledge | None:
        """Start where the door stands; return what it does not know yet."""
        if hello.epoch != self._epoch:
            self._epoch, self._acknowledged = hello.epoch, 0
        self._acknowledged = max(self._acknowledged, hello.acknowledged)
        self._seen = self._acknowledged
        behind = hello.acknowledged < self._acknowledged
        return self.acknowledgement() if behind else None

    def acknowledge(self, epoch: int, index: int) -> None:
        """Take the owner's word that everything up to an index is durable."""
        if self._epoch is None:
            self._epoch = epoch
        if epoch == self._epoch:
            self._acknowledged = max(self._acknowledged, index)
            self._seen = max(self._seen, index)

    def acknowledgement(self) -> Acknowledge:
        """Return how far the door may forget."""
        return Acknowledge(self._epoch or 0, self._acknowledged)

    def repeated(self, events: Events) -> bool:
        """Say whether the door sends what it was told to forget."""
        return events.epoch == self._epoch and events.first <= self._acknowledged

    def take(self, events: Events) -> list[PassageReported | PassagesLost]:
        """Return what is new; records behind a hole wait until the door repeats."""
        if events.epoch != self._epoch or events.oldest > events.first:
            return []
        if events.first <= self._seen:
            self._seen = self._acknowledged
        news: list[PassageReported | PassagesLost] = []
        if events.oldest > self._seen + 1:
            lost = (self._seen + 1, events.oldest - 1)
            news.append(PassagesLost(self._controller, events.epoch, *lost))
            self._seen = events.oldest - 1
        if events.first <= self._seen + 1:
            news += self._passages(events)
            self._seen = max(self._seen, events.first + len(events.records) - 1)
        return news

    def _passages(self, events: Events) -> list[PassageReported]:
        return [
            PassageReported(
                controller=self._controller,
                epoch=events.epoch,
                index=index,
                controller_at=record.at,
                granted=record.granted,
                reason=record.reason,
                card=record.card,
                permit=record.permit,
                direction=record.direction,
            )
            for index, record in enumerate(events.records, events.first)
            if index > self._acknowledged
        ]
