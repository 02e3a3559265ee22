"""What a reader reports, told once for each change."""

from collections.abc import Callable

from controller.protocols.osdp.messages import Message
from controller.protocols.osdp.replies import (
    CardRead,
    Identity,
    InputStatus,
    Keypad,
    LocalStatus,
    OutputStatus,
    ReaderStatus,
)
from controller.session import CardPresented, Contact, ContactChanged, Event, Member
from controller.upkeep import (
    IdentityChanged,
    KeysPressed,
    ReaderIdentified,
    RelayChanged,
)

_STAR, _HASH = 0x7F, 0x0D
_MOST_RELAYS = 16
"""Outputs a reader may report; more would be noise."""


def describe(identity: Identity) -> str:
    """Return who a reader is: maker, model, version and serial number."""
    maker = identity.vendor.hex()
    return f"{maker}-{identity.model}-{identity.version}-{identity.serial:08x}"


def _key(code: int) -> str:
    special = {_STAR: "*", _HASH: "#"}.get(code)
    return special or (chr(code) if chr(code).isascii() else "")


class Reports:
    """Turns replies into events and remembers what was told."""

    def __init__(self, member: Member, report: Callable[[Event], None]) -> None:
        self._controller = member.controller
        self._identity = member.identity
        self._inputs = member.inputs
        self._report = report
        self._contacts: dict[Contact, bool] = {}
        self._relays: dict[int, bool] = {}
        self._tampers: dict[type[Message], bool] = {}

    def met(self, identity: Identity) -> None:
        """Compare who answers with who was known; each change is told once."""
        was, self._identity = self._identity, describe(identity)
        if not was:
            firmware = ".".join(map(str, identity.firmware))
            self._report(ReaderIdentified(self._controller, self._identity, firmware))
        elif was != self._identity:
            self._report(IdentityChanged(self._controller, was, self._identity))

    def forget_contacts(self) -> None:
        """Tell every contact anew when it is next heard of."""
        self._contacts.clear()

    def take(self, reply: Message) -> None:
        """Report what a reply says, whatever it was that we asked."""
        match reply:
            case CardRead(length=length, bits=bits) if length:
                self._report(CardPresented(self._controller, bits, length))
            case Keypad(digits=digits):
                self._keys(digits)
            case InputStatus(states=states):
                for contact, state in zip(self._inputs, states, strict=False):
                    self._note(contact, active=state != 0)
            case OutputStatus(states=states):
                for relay, state in enumerate(states[:_MOST_RELAYS]):
                    self._note_relay(relay, active=state != 0)
            case LocalStatus(tamper=tamper, power=power):
                self._note_tamper(LocalStatus, active=tamper != 0)
                self._note(Contact.POWER, active=power != 0)
            case ReaderStatus(states=states):
                self._note_tamper(ReaderStatus, active=any(states))

    def _keys(self, digits: bytes) -> None:
        if keys := "".join(map(_key, digits)):
            self._report(KeysPressed(self._controller, keys))

    def _note_tamper(self, source: type[Message], *, active: bool) -> None:
        """Hold one contact over two sources: the housing and the reading heads."""
        self._tampers[source] = active
        self._note(Contact.TAMPER, active=any(self._tampers.values()))

    def _note(self, contact: Contact, *, active: bool) -> None:
        if self._contacts.get(contact) is not active:
            self._contacts[contact] = active
            self._report(ContactChanged(self._controller, contact, active))

    def _note_relay(self, relay: int, *, active: bool) -> None:
        if self._relays.get(relay) is not active:
            self._relays[relay] = active
            self._report(RelayChanged(self._controller, relay, active))
