"""The tasks of a day: what they do to a door, and when they are due."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from controller.protocols.uhppote.messages.doors import DoorMode
from controller.protocols.uhppote.messages.schedules import TaskRecord, TaskType
from firmware_sim.uhppote_board.doors import DoorState, PinWanted
from firmware_sim.uhppote_board.profiles import applies

Effect = Callable[[DoorState, TaskRecord, float], None]
_DAY = timedelta(days=1)


def _stand(mode: DoorMode) -> Effect:
    def effect(door: DoorState, _task: TaskRecord, _now: float) -> None:
        door.task_mode = mode

    return effect


def _profiles(*, off: bool) -> Effect:
    def effect(door: DoorState, _task: TaskRecord, _now: float) -> None:
        door.profiles_off = off

    return effect


def _pin(wanted: PinWanted) -> Effect:
    def effect(door: DoorState, _task: TaskRecord, _now: float) -> None:
        door.pin = wanted

    return effect


def _button(*, off: bool) -> Effect:
    def effect(door: DoorState, _task: TaskRecord, _now: float) -> None:
        door.button_off = off

    return effect


def _more_cards(door: DoorState, task: TaskRecord, _now: float) -> None:
    door.cards_wanted = max(1, task.cards)


def _one_card(door: DoorState, _task: TaskRecord, _now: float) -> None:
    door.cards_wanted = 1


def _trigger(door: DoorState, _task: TaskRecord, now: float) -> None:
    door.unlock(now)


EFFECTS: Mapping[int, Effect] = {
    TaskType.CONTROLLED: _stand(DoorMode.CONTROLLED),
    TaskType.NORMALLY_OPEN: _stand(DoorMode.NORMALLY_OPEN),
    TaskType.NORMALLY_CLOSED: _stand(DoorMode.NORMALLY_CLOSED),
    TaskType.PROFILES_OFF: _profiles(off=True),
    TaskType.PROFILES_ON: _profiles(off=False),
    TaskType.CARD: _pin(PinWanted.NOWHERE),
    TaskType.CARD_AND_PIN_IN: _pin(PinWanted.GOING_IN),
    TaskType.CARD_AND_PIN: _pin(PinWanted.BOTH_WAYS),
    TaskType.MORE_CARDS_ON: _more_cards,
    TaskType.MORE_CARDS_OFF: _one_card,
    TaskType.TRIGGER_ONCE: _trigger,
    TaskType.BUTTON_OFF: _button(off=True),
    TaskType.BUTTON_ON: _button(off=False),
}


def due(
    tasks: Iterable[TaskRecord], after: datetime, until: datetime
) -> list[TaskRecord]:
    """Return the tasks of (after, until] in order, of at most the last two days."""
    days = {until.date() - _DAY, until.date()}
    moments = [
        (datetime.combine(day, task.minute), task)
        for day in sorted(days)
        for task in tasks
        if task.minute is not None and applies(task.start, task.end, task.weekdays, day)
    ]
    chosen = [pair for pair in moments if after < pair[0] <= until]
    return [task for _, task in sorted(chosen, key=lambda pair: pair[0])]
