"""The replies a reader sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Self

from controller.errors import MessageRefused
from controller.protocols.osdp.codes import ReplyCode
from controller.protocols.osdp.extended import ExtendedRead
from controller.protocols.osdp.messages import (
    Message,
    Record,
    decode_rows,
    encode_rows,
)


@dataclass(frozen=True, slots=True)
class Ack(Message):
    """Done, or nothing happened."""

    code = ReplyCode.ACK


@dataclass(frozen=True, slots=True)
class Nak(Message):
    """Declined; makers may add details."""

    code = ReplyCode.NAK
    reason: int
    details: bytes = b""

    def encode(self) -> bytes:
        """Return the reason and the details."""
        return bytes((self.reason,)) + self.details

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the reason and the details."""
        if not data:
            raise MessageRefused("NAK without a reason")
        return cls(data[0], data[1:])


@dataclass(frozen=True, slots=True)
class Identity(Message):
    """Who made the reader, and its serial number."""

    code = ReplyCode.PDID
    layout = Struct("<3sBBI3s")
    vendor: bytes
    model: int
    version: int
    serial: int
    firmware: bytes


@dataclass(frozen=True, slots=True)
class Capability(Record):
    """One thing a reader can do, how well, and how many it has."""

    layout = Struct("BBB")
    function: int
    compliance: int
    items: int


@dataclass(frozen=True, slots=True)
class Capabilities(Message):
    """What the reader can do."""

    code = ReplyCode.PDCAP
    entries: tuple[Capability, ...]

    def encode(self) -> bytes:
        """Return the entries one after another."""
        return encode_rows(self.entries)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the entries."""
        return cls(decode_rows(Capability, data))

    def find(self, function: int) -> Capability:
        """Return the entry for a function, or one that says there is none."""
        found = (entry for entry in self.entries if entry.function == function)
        return next(found, Capability(function, 0, 0))


@dataclass(frozen=True, slots=True)
class LocalStatus(Message):
    """Tamper and power: 0 is well."""

    code = ReplyCode.LSTATR
    layout = Struct("BB")
    tamper: int
    power: int


@dataclass(frozen=True, slots=True)
class States(Message):
    """One byte for each input, output or reading head; 0 is at rest."""

    states: bytes

    def encode(self) -> bytes:
        """Return the bytes."""
        return self.states

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Keep the bytes."""
        return cls(data)


@dataclass(frozen=True, slots=True)
class InputStatus(States):
    """The inputs."""

    code = ReplyCode.ISTATR


@dataclass(frozen=True, slots=True)
class OutputStatus(States):
    """The outputs."""

    code = ReplyCode.OSTATR


@dataclass(frozen=True, slots=True)
class ReaderStatus(States):
    """The reading heads."""

    code = ReplyCode.RSTATR


@dataclass(frozen=True, slots=True)
class CardRead(Message):
    """The bits of a card, first bit first, the last byte filled up with zeros."""

    code = ReplyCode.RAW
    head: ClassVar[Struct] = Struct("<BBH")
    reader: int
    format: int
    length: int
    bits: int

    def encode(self) -> bytes:
        """Return where it was read, the number of bits, and the bits."""
        size = -(-self.length // 8)
        data = (self.bits << (size * 8 - self.length)).to_bytes(size, "big")
        return self.head.pack(self.reader, self.format, self.length) + data

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the bits of a card."""
        size = cls.head.size
        if len(data) < size:
            raise MessageRefused("card read without its length")
        reader, form, length = cls.head.unpack(data[:size])
        spare = (len(data) - size) * 8 - length
        if not 0 <= spare < 8:  # noqa: PLR2004 # bits of a byte
            raise MessageRefused(f"card read of {length} bits in {len(data)} bytes")
        return cls(reader, form, length, int.from_bytes(data[size:], "big") >> spare)


@dataclass(frozen=True, slots=True)
class Keypad(Message):
    """Keys that were pressed, in ASCII."""

    code = ReplyCode.KEYPAD
    reader: int
    digits: bytes

    def encode(self) -> bytes:
        """Return where, how many, and which keys."""
        return bytes((self.reader, len(self.digits))) + self.digits

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read where, how many, and which keys."""
        if len(data) < 2 or len(data) - 2 != data[1]:  # noqa: PLR2004 # two head bytes
            raise MessageRefused("keys of another number than announced")
        return cls(data[0], data[2:])


@dataclass(frozen=True, slots=True)
class Communication(Message):
    """The address and speed the reader will use from now on."""

    code = ReplyCode.COM
    layout = Struct("<BI")
    address: int
    baud: int


@dataclass(frozen=True, slots=True)
class ClientCryptogram(Message):
    """Prove that the reader knows the key, and give its random number."""

    code = ReplyCode.CCRYPT
    layout = Struct("8s8s16s")
    client: bytes
    random: bytes
    cryptogram: bytes


@dataclass(frozen=True, slots=True)
class InitialMac(Message):
    """Accept the control side and start the chain of MACs."""

    code = ReplyCode.RMAC_I
    layout = Struct("16s")
    mac: bytes


@dataclass(frozen=True, slots=True)
class Busy(Message):
    """Not now; ask the same again."""

    code = ReplyCode.BUSY


@dataclass(frozen=True, slots=True)
class FileStatus(Message):
    """How a reader gets on with a file; `delay` in milliseconds.

    `actions` bit 0 allows other commands in between; `largest` is the longest
    command it takes from now on, 0 for no change.
    """

    code = ReplyCode.FTSTAT
    layout = Struct("<BHhH")
    actions: int
    delay: int
    state: int
    largest: int = 0


REPLIES: Mapping[int, type[Message]] = {
    kind.code: kind
    for kind in (
        Ack,
        Nak,
        Identity,
        Capabilities,
        LocalStatus,
        InputStatus,
        OutputStatus,
        ReaderStatus,
        CardRead,
        Keypad,
        Communication,
        ClientCryptogram,
        InitialMac,
        Busy,
        FileStatus,
        ExtendedRead,
    )
}
