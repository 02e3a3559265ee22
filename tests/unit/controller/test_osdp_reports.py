"""What a reader says becomes events: each change once, each card and key as it is."""

import pytest

from controller.protocols.osdp import Identity
from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import (
    CardRead,
    InputStatus,
    Keypad,
    LocalStatus,
    OutputStatus,
    ReaderStatus,
)
from controller.protocols.osdp.reports import Reports, describe
from controller.session import (
    USUAL_INPUTS,
    CardPresented,
    Contact,
    ContactChanged,
    Event,
    Member,
)
from controller.upkeep import (
    IdentityChanged,
    KeysPressed,
    ReaderIdentified,
    RelayChanged,
)
from tests.support.osdp_rig import name

KNOWN = Identity(b"\x01\x02\x03", 4, 5, 0xABC, b"\x01\x02\x03")


class Told:
    """Reports of one reader, and what they told since the last look."""

    def __init__(
        self, identity: str = "", inputs: tuple[Contact, ...] = USUAL_INPUTS
    ) -> None:
        self._events: list[Event] = []
        one = Member(name(0), "0", identity=identity, inputs=inputs)
        self.reports = Reports(one, self._events.append)

    def by(self, *replies: Message) -> list[Event]:
        """Return what some replies tell."""
        for reply in replies:
            self.reports.take(reply)
        return self.since()

    def since(self) -> list[Event]:
        """Return what was told since the last look."""
        events, self._events[:] = self._events[:], []
        return events


def contact(which: Contact, *, active: bool) -> ContactChanged:
    return ContactChanged(name(0), which, active)


def test_a_card_is_told_with_its_length_as_often_as_it_is_held_up() -> None:
    read = CardRead(0, 1, 26, 0x2000A)
    seen = CardPresented(name(0), 0x2000A, 26)
    assert Told().by(read, read) == [seen, seen]


def test_a_card_of_no_bits_is_none() -> None:
    assert Told().by(CardRead(0, 0, 0, 0)) == []


def test_a_card_of_zeros_is_told_all_the_same() -> None:
    assert Told().by(CardRead(0, 1, 4, 0)) == [CardPresented(name(0), 0, 4)]


def test_the_first_input_is_the_door_and_the_second_the_button() -> None:
    told = Told()
    assert told.by(InputStatus(b"\x01\x00")) == [
        contact(Contact.DOOR, active=True),
        contact(Contact.EXIT_BUTTON, active=False),
    ]
    assert told.by(InputStatus(b"\x00\x02")) == [
        contact(Contact.DOOR, active=False),
        contact(Contact.EXIT_BUTTON, active=True),
    ]


def test_inputs_are_what_the_configuration_says() -> None:
    told = Told(inputs=(Contact.FIRE, Contact.DOOR))
    assert told.by(InputStatus(b"\x01\x00\x01")) == [
        contact(Contact.FIRE, active=True),
        contact(Contact.DOOR, active=False),
    ]


@pytest.mark.parametrize(
    ("states", "count"), [(b"", 0), (b"\x01", 1), (b"\x01\x01\x01\x01", 2)]
)
def test_inputs_there_are_not_and_inputs_nobody_named_say_nothing(
    states: bytes, count: int
) -> None:
    assert len(Told().by(InputStatus(states))) == count


def test_a_contact_that_stays_is_told_once() -> None:
    told = Told()
    assert len(told.by(InputStatus(b"\x01\x00"), InputStatus(b"\x01\x00"))) == 2
    assert told.by(InputStatus(b"\xff\x00")) == [], "any other value than 0 is active"


def test_a_reader_that_was_away_tells_its_contacts_anew_but_not_its_relays() -> None:
    told = Told()
    replies = InputStatus(b"\x01\x00"), OutputStatus(b"\x01"), LocalStatus(0, 0)
    before = told.by(*replies)
    told.reports.forget_contacts()
    again = told.by(*replies)
    assert again == [each for each in before if isinstance(each, ContactChanged)]
    assert len(before) == len(again) + 1


def test_relays_are_numbered_from_the_lock_and_told_when_they_move() -> None:
    told = Told()
    assert told.by(OutputStatus(b"\x01\x00")) == [
        RelayChanged(name(0), 0, active=True),
        RelayChanged(name(0), 1, active=False),
    ]
    assert told.by(OutputStatus(b"\x02\x01")) == [RelayChanged(name(0), 1, active=True)]


def test_no_more_than_sixteen_relays_are_followed() -> None:
    assert len(Told().by(OutputStatus(bytes(16)))) == 16
    last = Told().by(OutputStatus(bytes(17)))[-1]
    assert last == RelayChanged(name(0), 15, active=False)


def test_power_and_tamper_are_two_contacts() -> None:
    told = Told()
    assert told.by(LocalStatus(0, 0)) == [
        contact(Contact.TAMPER, active=False),
        contact(Contact.POWER, active=False),
    ]
    assert told.by(LocalStatus(0, 1)) == [contact(Contact.POWER, active=True)]
    assert told.by(LocalStatus(1, 1)) == [contact(Contact.TAMPER, active=True)]


def test_one_head_of_several_is_enough_for_a_tamper() -> None:
    told = Told()
    assert told.by(ReaderStatus(b"\x00\x00")) == [contact(Contact.TAMPER, active=False)]
    assert told.by(ReaderStatus(b"\x00\x01")) == [contact(Contact.TAMPER, active=True)]
    assert told.by(ReaderStatus(b"\x02\x00")) == []


def test_a_tamper_ends_when_housing_and_heads_are_both_well() -> None:
    told = Told()
    told.by(LocalStatus(1, 0))
    assert told.by(ReaderStatus(b"\x01"), LocalStatus(0, 0)) == []
    assert told.by(ReaderStatus(b"\x00")) == [contact(Contact.TAMPER, active=False)]


@pytest.mark.parametrize(
    ("digits", "keys"),
    [
        (b"0123456789", "0123456789"),
        (b"\x7f\x0d", "*#"),
        (b"\x80A\xff", "A"),
    ],
)
def test_keys_are_told_in_the_order_they_were_pressed(digits: bytes, keys: str) -> None:
    assert Told().by(Keypad(0, digits)) == [KeysPressed(name(0), keys)]


@pytest.mark.parametrize("digits", [b"", b"\x80\xff"])
def test_keys_nobody_can_read_are_no_keys(digits: bytes) -> None:
    assert Told().by(Keypad(0, digits)) == []


def test_who_a_reader_is_leaves_its_firmware_out() -> None:
    assert describe(KNOWN) == "010203-4-5-00000abc"
    newer = Identity(b"\x01\x02\x03", 4, 5, 0xABC, b"\x09\x09\x09")
    assert describe(newer) == describe(KNOWN)


def test_a_stranger_is_introduced_and_then_known() -> None:
    told = Told()
    told.reports.met(KNOWN)
    told.reports.met(KNOWN)
    assert told.since() == [ReaderIdentified(name(0), describe(KNOWN), "1.2.3")]


def test_an_exchange_and_the_way_back_are_two_changes() -> None:
    other = Identity(b"\x01\x02\x03", 4, 5, 0xABD, b"\x01\x02\x03")
    told = Told(describe(KNOWN))
    for met in (KNOWN, other, other, KNOWN):
        told.reports.met(met)
    first, second = describe(KNOWN), describe(other)
    assert told.since() == [
        IdentityChanged(name(0), first, second),
        IdentityChanged(name(0), second, first),
    ]
