"""Messages of a smart door as authenticated bytes: strict, bounded, versioned."""

from dataclasses import dataclass

from controller.cbor import Row, Value, pack, unpack
from controller.cose import authenticate, open_authenticated
from controller.encoding import LARGEST_COUNT
from controller.errors import MessageRefused
from controller.protocols.smart_door.formats import (
    FORMATS,
    NONCE_SIZE,
    Format,
)
from controller.protocols.smart_door.messages import Message
from controller.protocols.smart_door.topics import Direction, context, topic

VERSION = 1
KEY_SIZE = 32
PAYLOAD_FIELDS = ("version", "kind", "boot", "number", "body")
LIMITS = {Direction.UP: 4 * 1024, Direction.DOWN: 32 * 1024}
"""Bytes of payload in one message."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message under the boot nonce of one connection; numbers rise within it."""

    boot: bytes
    number: int
    message: Message


class Channel:
    """One direction of one device: its topic, its key and its kinds of message."""

    def __init__(self, device: str, direction: Direction, key: bytes) -> None:
        """Refuse keys of the wrong size and names that cannot be a topic."""
        if len(key) != KEY_SIZE:
            raise ValueError(f"a smart door's key must be {KEY_SIZE} bytes")
        self.topic = topic(device, direction)
        self._key = key
        self._context = context(self.topic)
        self._limit = LIMITS[direction]
        self._by_kind: dict[int, Format] = {f.kind: f for f in FORMATS[direction]}
        self._by_type = {form.type: form for form in FORMATS[direction]}

    def seal(self, letter: Letter) -> bytes:
        """Return a letter as authenticated bytes."""
        message = letter.message
        form = self._by_type[type(message)]
        body: list[Value] = [
            field.write(getattr(message, name)) for name, field in form.fields.items()
        ]
        payload = pack([VERSION, form.kind, letter.boot, letter.number, body])
        return authenticate(payload, self._key, self._context)

    def open(self, data: bytes) -> Letter:
        """Return a letter, or raise MessageRefused whatever the bytes are."""
        payload = open_authenticated(data, self._key, self._context, self._limit)
        row = Row(unpack(payload, self._limit), "message", len(PAYLOAD_FIELDS))
        if row.integer("version") != VERSION:
            raise MessageRefused(f"the message is not of version {VERSION}")
        form = self._by_kind.get(row.integer("kind"))
        if form is None:
            raise MessageRefused("the message is of no kind this way carries")
        boot = row.octets("boot", NONCE_SIZE)
        number = row.integer("number", LARGEST_COUNT)
        body = row.row("body", len(form.fields))
        fields = {name: field.read(body, name) for name, field in form.fields.items()}
        return Letter(boot, number, form.type(**fields))
