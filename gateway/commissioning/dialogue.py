"""What happens when a reader is commissioned, without any I/O.

A dialogue yields one step after another; whoever drives it carries each out and
sends back what came of it. It ends with what was found.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TypeVar

from controller.session import (
    CardPresented,
    Command,
    Contact,
    ContactChanged,
    Event,
    Member,
    Online,
    OpenDoor,
)
from controller.upkeep import ChangeLine, LineChanged, ReaderIdentified
from controller.uplink.commissioning import Check
from controller.vocabulary import ControllerId
from gateway.errors import GatewayError

UNLOCK_SECONDS = 3.0
E = TypeVar("E", Online, ReaderIdentified, LineChanged, CardPresented, ContactChanged)


@dataclass(frozen=True, slots=True)
class Plan:
    """The reader as the configuration wants it; `patience` in seconds."""

    controller: ControllerId
    address: int
    baud: int
    key: bytes = field(repr=False)
    patience: float
    next_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader answered."""

    address: int
    baud: int


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the operator something."""

    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the operator a question that is answered with yes or no."""

    question: str


@dataclass(frozen=True, slots=True)
class Look:
    """Look for readers at every address and speed; answered with a Place or None."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Speak to a reader as this member, at this speed."""

    member: Member
    baud: int


@dataclass(frozen=True, slots=True)
class Order:
    """Give the reader a command."""

    command: Command


@dataclass(frozen=True, slots=True)
class Expect:
    """Wait for an event; answered with it, or with None when its time is over."""

    wanted: Callable[[Event], bool]
    seconds: float


Step = Say | Ask | Look | Begin | Order | Expect
Answer = Place | Event | bool | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What is true of a reader now, and which tests it passed."""

    identity: str
    firmware: str
    place: Place
    checks: dict[Check, bool]


Dialogue = Generator[Step, Answer, Findings]


class CommissioningFailed(GatewayError):
    """The reader was not brought into service; the message says what to do."""


def commission(plan: Plan) -> Dialogue:
    """Find the reader, key it, move it where it belongs, and test it."""
    yield Say("Looking for the reader …")
    place = yield Look()
    if not isinstance(place, Place):
        raise CommissioningFailed(
            "no reader answers at any address and speed: check power and wiring"
        )
    yield Say(f"A reader answers at address {place.address}, {place.baud} baud.")
    about = yield from _hand_over_key(plan, place)
    place = yield from _move(plan, place)
    checks = yield from _test(plan)
    return Findings(about.identity, about.firmware, place, checks)


def _hand_over_key(
    plan: Plan, place: Place
) -> Generator[Step, Answer, ReaderIdentified]:
    """Let the default key in for a while; a reader that has its key already is well."""
    member = Member(
        plan.controller,
        str(place.address),
        plan.key,
        secure=True,
        commissioning=True,
        next_key=plan.next_key,
    )
    yield Begin(member, place.baud)
    yield Say(f"It has {plan.patience:.0f} s to take a key of its own …")
    wanted = _is(Online, lambda event: event.secure)
    if (yield Expect(wanted, plan.patience)) is None:
        raise CommissioningFailed(
            "the reader took no key in time: put it into its installation mode"
        )
    about = yield Expect(_is(ReaderIdentified), plan.patience)
    if not isinstance(about, ReaderIdentified):
        raise CommissioningFailed("the reader does not say who made it")
    yield Say(f"It is {about.identity}, firmware {about.firmware}; the line is secure.")
    return about


def _move(plan: Plan, place: Place) -> Generator[Step, Answer, Place]:
    wanted = Place(plan.address, plan.baud)
    if place == wanted:
        return place
    yield Say(f"Moving it to address {wanted.address}, {wanted.baud} baud …")
    yield Order(ChangeLine(plan.controller, str(wanted.address), wanted.baud))
    moved = yield Expect(_is(LineChanged), plan.patience)
    if not isinstance(moved, LineChanged):
        raise CommissioningFailed("the reader did not move")
    place = Place(int(moved.address), moved.baud)
    if place != wanted:
        raise CommissioningFailed(
            f"the reader went to address {place.address}, {place.baud} baud instead"
        )
    return place


def _test(plan: Plan) -> Generator[Step, Answer, dict[Check, bool]]:
    opened, closed = (_contact(Contact.DOOR, active=state) for state in (True, False))
    lifted = _contact(Contact.TAMPER, active=True)
    steps = (
        (Check.CARD, "Hold a card to the reader.", (_is(CardPresented),)),
        (Check.CONTACT, "Open the door and shut it.", (opened, closed)),
        (Check.TAMPER, "Lift the reader off its wall plate.", (lifted,)),
    )
    checks: dict[Check, bool] = {}
    for check, prompt, events in steps:
        yield Say(prompt)
        checks[check] = yield from _all_seen(events, plan.patience)
        yield Say("Seen." if checks[check] else "Nothing was seen.")
    # The question stops the polls, so it comes last.
    yield Order(OpenDoor(plan.controller, UNLOCK_SECONDS))
    yield Expect(lambda _event: False, UNLOCK_SECONDS / 3)
    checks[Check.LOCK] = (yield Ask("Did the lock release?")) is True
    return checks


def _all_seen(
    events: tuple[Callable[[Event], bool], ...], seconds: float
) -> Generator[Step, Answer, bool]:
    for wanted in events:
        if (yield Expect(wanted, seconds)) is None:
            return False
    return True


def _contact(contact: Contact, *, active: bool) -> Callable[[Event], bool]:
    return _is(
        ContactChanged,
        lambda event: event.contact is contact and event.active is active,
    )


def _is(
    kind: type[E], fits: Callable[[E], bool] = lambda _event: True
) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, kind) and fits(event)
