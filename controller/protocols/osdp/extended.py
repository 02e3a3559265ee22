"""Extended write and read: a smart card is spoken to through its reader.

Mode 0 configures, mode 1 carries commands to a card and its answers. The layout is
that of libosdp's `osdp_trs.c`; reader 0 of a device is the only one we know.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import ClassVar, Self

from controller.errors import MessageRefused
from controller.protocols.osdp.codes import CommandCode, ReplyCode
from controller.protocols.osdp.messages import Message

READER = 0


class Mode(IntEnum):
    """What a reader does with smart cards: nothing of ours, or what we tell it."""

    ORDINARY = 0
    TRANSPARENT = 1


@dataclass(frozen=True, slots=True)
class Extended(Message):
    """A mode, what is meant within it, and its data."""

    head: ClassVar[Struct] = Struct("BB")
    mode: int
    kind: int
    data: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        """Return mode and kind, then the data."""
        return self.head.pack(self.mode, self.kind) + self.data

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read mode and kind, then the data."""
        start = cls.head.size
        if len(data) < start:
            raise MessageRefused(f"{cls.__name__} without its mode and kind")
        mode, kind = cls.head.unpack(data[:start])
        return cls(mode, kind, data[start:])


@dataclass(frozen=True, slots=True)
class ExtendedWrite(Extended):
    """What a reader is to do with a smart card, or for one."""

    code = CommandCode.XWR


@dataclass(frozen=True, slots=True)
class ExtendedRead(Extended):
    """What a reader says of a smart card, or a card by way of it."""

    code = ReplyCode.XRD


Kind = tuple[int, int]
"""Mode and what is meant within it."""

ASK_MODE: Kind = (0, 1)
SET_MODE: Kind = (0, 2)
SEND: Kind = (1, 1)
END: Kind = (1, 2)
SCAN: Kind = (1, 4)

MODE_FAILED: Kind = (0, 0)
MODE_TOLD: Kind = (0, 1)
FAILED: Kind = (1, 0)
PRESENCE: Kind = (1, 1)
ANSWER: Kind = (1, 2)


def set_mode(mode: Mode) -> ExtendedWrite:
    """Put a reader into a mode, without reports about cards in mode 0."""
    return ExtendedWrite(*SET_MODE, bytes((mode, 0)))


def send(apdu: bytes) -> ExtendedWrite:
    """Send a command to the card."""
    return ExtendedWrite(*SEND, bytes((READER,)) + apdu)


def end() -> ExtendedWrite:
    """Let the card go."""
    return ExtendedWrite(*END, bytes((READER,)))


def presence(*, present: bool) -> ExtendedRead:
    """Say whether a card is there."""
    return ExtendedRead(*PRESENCE, bytes((READER, present)))


def answer(apdu: bytes) -> ExtendedRead:
    """Hand over what the card answered."""
    return ExtendedRead(*ANSWER, bytes((READER, 0)) + apdu)
