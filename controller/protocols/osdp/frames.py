"""OSDP frames: bytes on the bus to frames and back (SIA OSDP v2.2)."""

from dataclasses import dataclass
from enum import IntEnum

from controller.buffer import ReceiveBuffer
from controller.checksum import checksum8, crc16
from controller.errors import FrameCorrupt

START = b"\x53"
MARK = b"\xff"
"""A byte some senders put before a frame so that the line settles; never required."""
LARGEST_FRAME = 1440
BROADCAST = 0x7F
MAC_LENGTH = 4

_REPLY = 0x80
_SEQUENCE = 0x03
_CRC = 0x04
_SECURITY_BLOCK = 0x08
_HEADER = 5
_SMALLEST_FRAME = _HEADER + 2
_SMALLEST_BLOCK = 2


class BlockType(IntEnum):
    """Security block types: four steps of the handshake, then the channel."""

    CHALLENGE = 0x11
    CLIENT_CRYPTOGRAM = 0x12
    SERVER_CRYPTOGRAM = 0x13
    INITIAL_MAC = 0x14
    COMMAND_SIGNED = 0x15
    REPLY_SIGNED = 0x16
    COMMAND_ENCRYPTED = 0x17
    REPLY_ENCRYPTED = 0x18


SIGNED_BLOCKS = frozenset(
    {
        BlockType.COMMAND_SIGNED,
        BlockType.REPLY_SIGNED,
        BlockType.COMMAND_ENCRYPTED,
        BlockType.REPLY_ENCRYPTED,
    }
)
_BLOCK_TYPES = frozenset(BlockType)


@dataclass(frozen=True, slots=True)
class SecurityBlock:
    """What the secure channel says about a frame."""

    type: BlockType
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Frame:
    """One command or reply as it stands on the bus; `data` may be encrypted."""

    address: int
    reply: bool
    sequence: int
    code: int
    data: bytes = b""
    block: SecurityBlock | None = None
    mac: bytes = b""
    crc: bool = True


def signed_part(frame: Frame) -> bytes:
    """Return the bytes a MAC covers: everything before the MAC itself."""
    block = b""
    if frame.block:
        block = bytes((len(frame.block.data) + 2, frame.block.type)) + frame.block.data
    body = block + bytes((frame.code,)) + frame.data
    mac = MAC_LENGTH if frame.block and frame.block.type in SIGNED_BLOCKS else 0
    length = _HEADER + len(body) + mac + (2 if frame.crc else 1)
    control = frame.sequence
    control |= _CRC if frame.crc else 0
    control |= _SECURITY_BLOCK if frame.block else 0
    address = frame.address | (_REPLY if frame.reply else 0)
    head = bytes((address, length & 0xFF, length >> 8, control))
    return START + head + body


def encode_frame(frame: Frame) -> bytes:
    """Return the frame as it goes onto the bus."""
    body = signed_part(frame) + frame.mac
    if frame.crc:
        return body + crc16(body).to_bytes(2, "little")
    return body + bytes((checksum8(body),))


def decode_frame(data: bytes) -> Frame:
    """Read one whole frame; raises FrameCorrupt when anything is out of place."""
    control = data[4]
    crc = bool(control & _CRC)
    end = len(data) - (2 if crc else 1)
    check = crc16(data[:end]) if crc else checksum8(data[:end])
    if check != int.from_bytes(data[end:], "little"):
        raise FrameCorrupt("the check value does not fit")
    start = _HEADER
    block = None
    if control & _SECURITY_BLOCK:
        block = _decode_block(data[start:end])
        start += len(block.data) + 2
    if end <= start:
        raise FrameCorrupt("the frame ends before its code")
    # Some control sides announce a MAC before they can make one, and leave it out.
    signed = block is not None and block.type in SIGNED_BLOCKS
    mac_length = MAC_LENGTH if signed and end - start > MAC_LENGTH else 0
    return Frame(
        address=data[1] & ~_REPLY,
        reply=bool(data[1] & _REPLY),
        sequence=control & _SEQUENCE,
        code=data[start],
        data=data[start + 1 : end - mac_length],
        block=block,
        mac=data[end - mac_length : end],
        crc=crc,
    )


def _decode_block(data: bytes) -> SecurityBlock:
    if not _SMALLEST_BLOCK <= data[0] < len(data):
        raise FrameCorrupt("the security block does not fit into the frame")
    if data[1] not in _BLOCK_TYPES:
        raise FrameCorrupt(f"security block type {data[1]:#04x} is not known")
    return SecurityBlock(BlockType(data[1]), data[2 : data[0]])


class FrameDecoder:
    """Finds frames in a stream of bytes, whatever else is between them."""

    def __init__(self) -> None:
        self._buffer = ReceiveBuffer(2 * LARGEST_FRAME)

    def __len__(self) -> int:
        return len(self._buffer)

    def receive(self, data: bytes) -> list[Frame]:
        """Take bytes and return the frames they completed."""
        frames: list[Frame] = []
        for start in range(0, len(data), LARGEST_FRAME):
            self._buffer.append(data[start : start + LARGEST_FRAME])
            while (frame := self._next()) is not None:
                frames.append(frame)
        return frames

    def clear(self) -> None:
        """Forget a frame that never ended."""
        self._buffer.clear()

    def _next(self) -> Frame | None:
        while self._buffer.seek(START):
            header = self._buffer.peek(_HEADER)
            if len(header) < _HEADER:
                return None
            length = int.from_bytes(header[2:4], "little")
            if not _SMALLEST_FRAME <= length <= LARGEST_FRAME:
                self._buffer.drop(1)
                continue
            if len(self._buffer) < length:
                return None
            try:
                frame = decode_frame(self._buffer.peek(length))
            except FrameCorrupt:
                self._buffer.drop(1)
                continue
            self._buffer.drop(length)
            return frame
        return None
