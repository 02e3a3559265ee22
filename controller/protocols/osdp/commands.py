"""The commands the control side sends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import ClassVar, Self

from controller.errors import MessageRefused
from controller.protocols.osdp.codes import (
    Colour,
    CommandCode,
    PermanentControl,
    TemporaryControl,
    Tone,
)
from controller.protocols.osdp.extended import ExtendedWrite
from controller.protocols.osdp.messages import (
    Message,
    Record,
    decode_rows,
    encode_rows,
)

KEY_LENGTH = 16
_KEY_IS_SCBK = 1


@dataclass(frozen=True, slots=True)
class Poll(Message):
    """Ask for whatever happened."""

    code = CommandCode.POLL


@dataclass(frozen=True, slots=True)
class IdentityRequest(Message):
    """Ask who made the reader."""

    code = CommandCode.ID
    layout = Struct("B")
    form: int = 0


@dataclass(frozen=True, slots=True)
class CapabilitiesRequest(Message):
    """Ask what the reader can do."""

    code = CommandCode.CAP
    layout = Struct("B")
    form: int = 0


@dataclass(frozen=True, slots=True)
class LocalStatusRequest(Message):
    """Ask for tamper and power."""

    code = CommandCode.LSTAT


@dataclass(frozen=True, slots=True)
class InputStatusRequest(Message):
    """Ask for the inputs."""

    code = CommandCode.ISTAT


@dataclass(frozen=True, slots=True)
class OutputStatusRequest(Message):
    """Ask for the outputs."""

    code = CommandCode.OSTAT


@dataclass(frozen=True, slots=True)
class ReaderStatusRequest(Message):
    """Ask for the reading heads."""

    code = CommandCode.RSTAT


@dataclass(frozen=True, slots=True)
class OutputSetting(Record):
    """One output and what to do with it; `timer` in tenths of a second."""

    layout = Struct("<BBH")
    output: int
    control: int
    timer: int = 0


@dataclass(frozen=True, slots=True)
class LightSetting(Record):
    """One light: first what passes, then what stays; times in tenths of a second."""

    layout = Struct("<BBBBBBBHBBBBB")
    reader: int = 0
    light: int = 0
    temporary: int = TemporaryControl.NONE
    on_time: int = 0
    off_time: int = 0
    on_colour: int = Colour.BLACK
    off_colour: int = Colour.BLACK
    timer: int = 0
    permanent: int = PermanentControl.NONE
    permanent_on_time: int = 0
    permanent_off_time: int = 0
    permanent_on_colour: int = Colour.BLACK
    permanent_off_colour: int = Colour.BLACK


@dataclass(frozen=True, slots=True)
class SetOutputs(Message):
    """Switch outputs."""

    code = CommandCode.OUT
    settings: tuple[OutputSetting, ...]

    def encode(self) -> bytes:
        """Return the settings one after another."""
        return encode_rows(self.settings)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the settings."""
        return cls(decode_rows(OutputSetting, data))


@dataclass(frozen=True, slots=True)
class SetLights(Message):
    """Switch lights."""

    code = CommandCode.LED
    settings: tuple[LightSetting, ...]

    def encode(self) -> bytes:
        """Return the settings one after another."""
        return encode_rows(self.settings)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the settings."""
        return cls(decode_rows(LightSetting, data))


@dataclass(frozen=True, slots=True)
class SoundBuzzer(Message):
    """Sound the buzzer; times in tenths of a second."""

    code = CommandCode.BUZ
    layout = Struct("BBBBB")
    reader: int = 0
    tone: int = Tone.DEFAULT
    on_time: int = 0
    off_time: int = 0
    count: int = 1


@dataclass(frozen=True, slots=True)
class ShowText(Message):
    """Show text; `seconds` only matters to the temporary kinds of `control`."""

    code = CommandCode.TEXT
    head: ClassVar[Struct] = Struct("BBBBBB")
    reader: int
    control: int
    seconds: int
    row: int
    column: int
    text: bytes

    def encode(self) -> bytes:
        """Return where and how, then the text."""
        place = (self.reader, self.control, self.seconds, self.row, self.column)
        return self.head.pack(*place, len(self.text)) + self.text

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read where and how, then the text."""
        size = cls.head.size
        if len(data) < size or len(data) - size != data[size - 1]:
            raise MessageRefused("text of another length than announced")
        reader, control, seconds, row, column, _ = data[:size]
        return cls(reader, control, seconds, row, column, data[size:])


@dataclass(frozen=True, slots=True)
class SetCommunication(Message):
    """Ask for another address or speed."""

    code = CommandCode.COMSET
    layout = Struct("<BI")
    address: int
    baud: int


@dataclass(frozen=True, slots=True)
class SetKey(Message):
    """Hand a reader its own base key (SCBK)."""

    code = CommandCode.KEYSET
    key: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return the kind of key, its length and the key."""
        return bytes((_KEY_IS_SCBK, len(self.key))) + self.key

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a base key; there is no other kind."""
        if len(data) != KEY_LENGTH + 2 or data[:2] != bytes((_KEY_IS_SCBK, KEY_LENGTH)):
            raise MessageRefused("not a base key of 16 bytes")
        return cls(data[2:])


@dataclass(frozen=True, slots=True)
class Challenge(Message):
    """Open the handshake with the control side's random number."""

    code = CommandCode.CHLNG
    layout = Struct("8s")
    random: bytes


@dataclass(frozen=True, slots=True)
class ServerCryptogram(Message):
    """Prove that the control side knows the key."""

    code = CommandCode.SCRYPT
    layout = Struct("16s")
    cryptogram: bytes


@dataclass(frozen=True, slots=True)
class ReceiveSize(Message):
    """Say how long a reply the control side can take."""

    code = CommandCode.ACURXSIZE
    layout = Struct("<H")
    size: int


@dataclass(frozen=True, slots=True)
class FileFragment(Message):
    """A part of a file, and where it belongs; an empty one asks how it goes."""

    code = CommandCode.FILETRANSFER
    head: ClassVar[Struct] = Struct("<BIIH")
    kind: int
    size: int
    offset: int
    data: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return what belongs where, then the part."""
        place = (self.kind, self.size, self.offset)
        return self.head.pack(*place, len(self.data)) + self.data

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read what belongs where, then the part."""
        start = cls.head.size
        if len(data) < start:
            raise MessageRefused("a part of a file without its place")
        kind, size, offset, length = cls.head.unpack(data[:start])
        if len(data) - start != length:
            raise MessageRefused("a part of a file of another length than announced")
        return cls(kind, size, offset, data[start:])


COMMANDS: Mapping[int, type[Message]] = {
    kind.code: kind
    for kind in (
        Poll,
        IdentityRequest,
        CapabilitiesRequest,
        LocalStatusRequest,
        InputStatusRequest,
        OutputStatusRequest,
        ReaderStatusRequest,
        SetOutputs,
        SetLights,
        SoundBuzzer,
        ShowText,
        SetCommunication,
        SetKey,
        Challenge,
        ServerCryptogram,
        ReceiveSize,
        FileFragment,
        ExtendedWrite,
    )
}
