"""What tests of the smart-door session say to a line and ask of it."""

from controller.protocols.smart_door.memory import DoorMemory
from controller.protocols.smart_door.topics import Direction, topic
from controller.session import (
    ApplyPermits,
    CommandFailed,
    Online,
)
from controller.vocabulary import CardNumber, Reason, Revision
from tests.support.smart_door_line import (
    LOCK,
    Line,
    permit,
)

UP, DOWN, STATE = (topic(LOCK, way) for way in Direction)
CARD = CardNumber(4)


def online(memory: DoorMemory | None = None) -> Line:
    line = Line(memory)
    line.run(0.1)
    assert [event.controller for event in line.reported(Online)] == [LOCK]
    return line


def put(line: Line, revision: int, *permits: int, snapshot: bool = False) -> None:
    order = ApplyPermits(
        LOCK, Revision(revision), (), tuple(map(permit, permits)), snapshot
    )
    line.gateway.send(order, line.now)
    line.settle()


def opened(line: Line) -> list[tuple[float, Reason]]:
    return [(unlock.seconds, unlock.cause) for unlock in line.unlocks]


def tap(line: Line, times: int = 1) -> None:
    for _ in range(times):
        line.door.tap(CARD, line.now, line.wall)


def failures(line: Line) -> list[str]:
    return [failure.cause for failure in line.reported(CommandFailed)]
