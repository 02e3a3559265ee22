"""The commissioning dialogue: every way it can go, without a port."""

from collections.abc import Callable
from dataclasses import dataclass, field

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
    Answer,
    Ask,
    Begin,
    CommissioningFailed,
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
HOME = Place(5, 19200)
PLAN = Plan(NAME, HOME.address, HOME.baud, bytes(16), 30.0)
ONLINE = Online(NAME, secure=True)
IDENTIFIED = ReaderIdentified(NAME, "maker", "1.0.0")
TESTED: list[Event] = [
    CardPresented(NAME, 1, 26),
    ContactChanged(NAME, Contact.DOOR, active=True),
    ContactChanged(NAME, Contact.DOOR, active=False),
    ContactChanged(NAME, Contact.TAMPER, active=True),
]


@dataclass
class Operator:
    """Carries out steps: events come in the order a test gives them."""

    place: Place | None = HOME
    events: list[Event] = field(default_factory=lambda: [ONLINE, IDENTIFIED, *TESTED])
    yes: bool = True
    said: list[str] = field(default_factory=list)
    orders: list[object] = field(default_factory=list)
    members: list[Begin] = field(default_factory=list)

    def run(self) -> Findings:
        """Carry on to the end."""
        dialogue, answer = commission(PLAN), None
        while True:
            try:
                step = dialogue.send(answer)
            except StopIteration as done:
                findings: Findings = done.value
                return findings
            answer = self._carry_out(step)

    def _carry_out(self, step: Step) -> Answer:
        match step:
            case Say(text=text):
                self.said.append(text)
            case Look():
                return self.place
            case Begin():
                self.members.append(step)
            case Order(command=command):
                self.orders.append(command)
            case Ask():
                return self.yes
            case Expect(wanted=wanted):
                return self._next(wanted)
        return None

    def _next(self, wanted: Callable[[Event], bool]) -> Event | None:
        if self.events and wanted(self.events[0]):
            return self.events.pop(0)
        return None


def test_a_reader_that_does_everything_passes_every_check() -> None:
    operator = Operator()
    found = operator.run()
    assert found == Findings("maker", "1.0.0", HOME, dict.fromkeys(Check, True))
    (begun,) = operator.members
    assert begun.member.commissioning
    assert begun.member.secure
    assert operator.orders == [OpenDoor(NAME, 3.0)]


def test_a_reader_elsewhere_is_moved_home() -> None:
    moved = LineChanged(NAME, "5", 19200)
    events = [ONLINE, IDENTIFIED, moved, *TESTED]
    operator = Operator(Place(0, 9600), events)
    assert operator.run().place == HOME
    assert operator.orders[0] == ChangeLine(NAME, "5", 19200)


@pytest.mark.parametrize(
    ("place", "events", "cause"),
    [
        (None, [], "no reader answers"),
        (HOME, [], "took no key"),
        (HOME, [Online(NAME, secure=False)], "took no key"),
        (HOME, [ONLINE], "who made it"),
        (Place(0, 9600), [ONLINE, IDENTIFIED], "did not move"),
        (
            Place(0, 9600),
            [ONLINE, IDENTIFIED, LineChanged(NAME, "5", 9600)],
            "went to address 5, 9600 baud",
        ),
    ],
    ids=["nobody", "no key", "in clear", "no name", "stays", "goes elsewhere"],
)
def test_what_fails_says_what_to_do(
    place: Place | None, events: list[Event], cause: str
) -> None:
    with pytest.raises(CommissioningFailed, match=cause):
        Operator(place, events).run()


def test_what_was_not_seen_is_on_record() -> None:
    found = Operator(events=[ONLINE, IDENTIFIED, *TESTED[:2]], yes=False).run()
    assert found.checks == {
        Check.CARD: True,
        Check.CONTACT: False,
        Check.TAMPER: False,
        Check.LOCK: False,
    }


def test_no_key_is_shown() -> None:
    operator = Operator()
    operator.run()
    shown = " ".join([*operator.said, repr(operator.members), repr(PLAN)])
    assert PLAN.key.hex() not in shown
    assert repr(PLAN.key) not in shown
