"""What a reader is told and what it says beside cards, contacts and its lock."""

from dataclasses import dataclass, field
from enum import StrEnum

from controller.vocabulary import ControllerId

# Commands.


@dataclass(frozen=True, slots=True)
class RotateKey:
    """Hand a reader its next key, inside a secure channel only.

    Keep the new key (as `Member.next_key`) before sending this: power may be cut
    at any moment, and either key may then be the one the reader holds.
    """

    controller: ControllerId
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """Give a reader another address or another speed (bits per second)."""

    controller: ControllerId
    address: str
    baud: int


class Light(StrEnum):
    """Colours a reader's light can have."""

    RED = "red"
    GREEN = "green"
    AMBER = "amber"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Show:
    """Show a text or a light for some seconds and beep, as far as a reader can."""

    controller: ControllerId
    seconds: float
    text: str = ""
    light: Light | None = None
    beeps: int = 0


@dataclass(frozen=True, slots=True)
class AskStatus:
    """Have a reader say how its contacts, its relays and its parts stand."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class SendFile:
    """Send a reader a file; `kind` is the number its maker gave such files."""

    controller: ControllerId
    kind: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmartCardMode:
    """Let us speak to a smart card through a reader, or let it read for itself again.

    While we may, it reports no ordinary cards, so this ends by itself soon after the
    last word to the card.
    """

    controller: ControllerId
    active: bool


@dataclass(frozen=True, slots=True)
class SendApdu:
    """Send a command to the smart card at a reader (ISO 7816-4), in a channel only."""

    controller: ControllerId
    apdu: bytes = field(repr=False)


UpkeepCommand = (
    RotateKey | ChangeLine | Show | AskStatus | SendFile | SmartCardMode | SendApdu
)

# Events.


@dataclass(frozen=True, slots=True)
class KeysPressed:
    """Someone pressed keys: digits, * and #, and letters; kept out of every log."""

    controller: ControllerId
    keys: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RelayChanged:
    """An output of a reader is another than it was; relay 0 is the lock."""

    controller: ControllerId
    relay: int
    active: bool


@dataclass(frozen=True, slots=True)
class ReaderIdentified:
    """A reader nobody knew yet says who made it, and its firmware."""

    controller: ControllerId
    identity: str
    firmware: str


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """Another reader than the one we knew answers at its address."""

    controller: ControllerId
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class KeyRotated:
    """A reader proved that it holds its next key: the old one is of no use."""

    controller: ControllerId


@dataclass(frozen=True, slots=True)
class LineChanged:
    """A reader moved: from now on it answers at this address and speed only."""

    controller: ControllerId
    address: str
    baud: int


@dataclass(frozen=True, slots=True)
class FileProgress:
    """So many bytes of a file are with a reader."""

    controller: ControllerId
    kind: int
    sent: int
    size: int


@dataclass(frozen=True, slots=True)
class FileSent:
    """A reader took a whole file."""

    controller: ControllerId
    kind: int


@dataclass(frozen=True, slots=True)
class SmartCardModeChanged:
    """A reader lets us speak to smart cards, or reads for itself again."""

    controller: ControllerId
    active: bool


@dataclass(frozen=True, slots=True)
class SmartCardSensed:
    """A reader in its smart-card mode says whether a card is there."""

    controller: ControllerId
    present: bool


@dataclass(frozen=True, slots=True)
class ApduAnswered:
    """A smart card answered; `status` is the reader's own word on it, 0 for well."""

    controller: ControllerId
    apdu: bytes = field(repr=False)
    status: int = 0


UpkeepEvent = (
    KeysPressed
    | RelayChanged
    | ReaderIdentified
    | IdentityChanged
    | KeyRotated
    | LineChanged
    | FileProgress
    | FileSent
    | SmartCardModeChanged
    | SmartCardSensed
    | ApduAnswered
)
