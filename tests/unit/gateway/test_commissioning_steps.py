"""What the commissioning dialogue waits for, step by step, and for how long."""

from collections.abc import Iterable

import pytest

from controller.session import (
    CardPresented,
    Contact,
    ContactChanged,
    Event,
    Online,
    OpenDoor,
)
from controller.upkeep import ChangeLine, LineChanged, ReaderIdentified
from controller.uplink.commissioning import Check
from controller.vocabulary import ControllerId
from gateway.commissioning.dialogue import (
    UNLOCK_SECONDS,
    Answer,
    Ask,
    Begin,
    Expect,
    Findings,
    Look,
    Order,
    Place,
    Plan,
    Say,
    Step,
    commission,
)

NAME = ControllerId("reader")
FOUND, HOME = Place(0, 9600), Place(5, 19200)
PLAN = Plan(NAME, HOME.address, HOME.baud, bytes(range(16)), 30.0)
SECURE, CLEAR = (Online(NAME, secure=each) for each in (True, False))
IDENTIFIED = ReaderIdentified(NAME, "maker", "1.0.0")
MOVED = LineChanged(NAME, "5", 19200)
CARD = CardPresented(NAME, 1, 26)
OPENED, CLOSED = (
    ContactChanged(NAME, Contact.DOOR, active=each) for each in (True, False)
)
LIFTED, SEATED = (
    ContactChanged(NAME, Contact.TAMPER, active=each) for each in (True, False)
)
EVERYTHING = (
    SECURE,
    CLEAR,
    IDENTIFIED,
    MOVED,
    CARD,
    OPENED,
    CLOSED,
    LIFTED,
    SEATED,
)
WAITED_FOR = (SECURE, IDENTIFIED, MOVED, CARD, OPENED, CLOSED, LIFTED)


def played(
    place: Place, events: Iterable[Event | None], *, answer: Answer = True
) -> tuple[list[Step], Findings]:
    """Return all steps; each wait is answered with the next event."""
    waiting, dialogue, steps = iter(events), commission(PLAN), list[Step]()
    reply: Answer = None
    while True:
        try:
            steps.append(dialogue.send(reply))
        except StopIteration as done:
            return steps, done.value
        match steps[-1]:
            case Look():
                reply = place
            case Expect():
                reply = next(waiting)
            case Ask():
                reply = answer
            case _:
                reply = None


def waits(steps: Iterable[Step]) -> list[Expect]:
    return [step for step in steps if isinstance(step, Expect)]


def test_each_wait_takes_its_own_event_and_no_other() -> None:
    steps, _ = played(FOUND, (*WAITED_FOR, None))
    taken = [
        [event for event in EVERYTHING if wait.wanted(event)] for wait in waits(steps)
    ]
    assert taken == [*([event] for event in WAITED_FOR), []]


def test_each_wait_is_as_patient_as_the_plan_but_the_lock_s_is_short() -> None:
    steps, _ = played(FOUND, (*WAITED_FOR, None))
    *patient, last = (wait.seconds for wait in waits(steps))
    assert patient == [30.0] * len(WAITED_FOR)
    assert 0 < last < UNLOCK_SECONDS


def test_the_reader_is_spoken_to_where_it_was_found_then_sent_home() -> None:
    steps, found = played(FOUND, (*WAITED_FOR, None))
    (begun,) = (step for step in steps if isinstance(step, Begin))
    assert (begun.member.address, begun.baud) == ("0", 9600)
    assert (begun.member.controller, begun.member.key) == (NAME, PLAN.key)
    orders = [step.command for step in steps if isinstance(step, Order)]
    assert orders == [ChangeLine(NAME, "5", 19200), OpenDoor(NAME, UNLOCK_SECONDS)]
    assert found.place == HOME


def test_the_lock_is_asked_about_last_and_only_after_it_was_told_to_open() -> None:
    steps, _ = played(HOME, (SECURE, IDENTIFIED, CARD, OPENED, CLOSED, LIFTED, None))
    *_, order, pause, question = steps
    assert order == Order(OpenDoor(NAME, UNLOCK_SECONDS))
    assert isinstance(pause, Expect)
    assert question == Ask("Did the lock release?")


@pytest.mark.parametrize("answer", [False, None])
def test_only_a_yes_passes_the_lock(answer: Answer) -> None:
    events = (SECURE, IDENTIFIED, CARD, OPENED, CLOSED, LIFTED, None)
    _, found = played(HOME, events, answer=answer)
    assert found.checks == dict.fromkeys(Check, True) | {Check.LOCK: False}


@pytest.mark.parametrize(
    ("seen", "failed"),
    [
        ((None, OPENED, CLOSED, LIFTED), Check.CARD),
        ((CARD, None, LIFTED), Check.CONTACT),
        ((CARD, OPENED, None, LIFTED), Check.CONTACT),
        ((CARD, OPENED, CLOSED, None), Check.TAMPER),
    ],
    ids=["no card", "never opened", "never shut", "not lifted"],
)
def test_a_test_that_fails_is_said_to_and_keeps_no_other_from_passing(
    seen: tuple[Event | None, ...], failed: Check
) -> None:
    steps, found = played(HOME, (SECURE, IDENTIFIED, *seen, None))
    assert [check for check in Check if not found.checks[check]] == [failed]
    said = [step.text for step in steps if isinstance(step, Say)]
    assert (said.count("Seen."), said.count("Nothing was seen.")) == (2, 1)
