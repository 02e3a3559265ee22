"""Uplink messages as signed bytes: strict, bounded, versioned."""

from collections.abc import Callable
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from controller.cbor import Row, pack, unpack
from controller.cose import Signer, open_signed, sign
from controller.encoding import read_entry
from controller.errors import LocalProtocolError, MessageRefused
from controller.uplink.formats import FORMATS, LONGEST_ENTRY
from controller.uplink.messages import Message
from controller.vocabulary import Entry

VERSION = 1
CONTEXT = b"menhu/uplink"

M = TypeVar("M", bound=Message)


def encode(message: Message, signer: Signer) -> bytes:
    """Return a message as signed bytes.

    Raises LocalProtocolError for what `decode` would refuse.
    """
    form = FORMATS[type(message)]
    body = form.write(message)
    try:
        form.read(Row(body, type(message).__name__, form.fields))
    except MessageRefused as error:
        raise LocalProtocolError(f"cannot send this: {error}") from error
    payload = pack([VERSION, form.kind, body])
    if len(payload) > form.limit:
        raise LocalProtocolError(
            f"{type(message).__name__} has {len(payload)} bytes, more than {form.limit}"
        )
    return sign(payload, signer, CONTEXT)


def decode(
    data: bytes, key_of: Callable[[str], Ed25519PublicKey | None], *kinds: type[M]
) -> tuple[str, M]:
    """Return who signed a message of one of the kinds, and the message.

    Raises MessageRefused for anything else, whatever the bytes are.
    """
    forms = {FORMATS[kind].kind: FORMATS[kind] for kind in kinds}
    limit = max(form.limit for form in forms.values())
    signed = open_signed(data, key_of, CONTEXT, limit)
    row = Row(unpack(signed.payload, limit), "message", 3)
    if row.integer("version") != VERSION:
        raise MessageRefused(f"the message is not of version {VERSION}")
    form = forms.get(row.integer("kind"))
    if form is None:
        raise MessageRefused(f"the message is not a {kinds[0].__name__}")
    message = form.read(row.row("body", form.fields))
    assert isinstance(message, kinds)  # noqa: S101 - the table pairs kind and reader
    return signed.signer, message


def decode_entry(data: bytes) -> Entry:
    """Return one line of a gateway's record, or raise MessageRefused."""
    return read_entry(unpack(data, LONGEST_ENTRY))
