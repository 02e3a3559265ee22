from collections.abc import Callable
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from controller.cbor import Value, pack, unpack
from controller.cose import Signer, open_authenticated, open_signed, sign
from controller.encoding import encode_entry, permit_row, read_permit
from controller.errors import MessageRefused
from controller.uplink.codec import CONTEXT, decode, decode_entry, encode
from controller.uplink.formats import FORMATS, LONGEST_ENTRY
from controller.uplink.messages import Message, chain
from controller.vocabulary import Entry, Permit
from tests.support.strategies import entries, messages, permits, values

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)), "gateway-1")
PUBLIC = SIGNER.key.public_key()
KINDS: list[type[Message]] = list(FORMATS)
LIMIT = 1 << 16


def survives(data: bytes) -> None:
    readers: tuple[Callable[[], object], ...] = (
        lambda: unpack(data, LIMIT),
        lambda: decode_entry(data),
        lambda: decode(data, lambda _: PUBLIC, *KINDS),
        lambda: open_signed(data, lambda _: PUBLIC, CONTEXT, LIMIT),
        lambda: open_authenticated(data, bytes(32), CONTEXT, LIMIT),
        lambda: decode(sign(data, SIGNER, CONTEXT), lambda _: PUBLIC, *KINDS),
    )
    for read in readers:
        with suppress(MessageRefused):
            read()


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    survives(data)


@given(values)
def test_any_values_are_read_or_refused(value: Value) -> None:
    survives(pack(value))
    survives(pack([1, 1, value]))


@given(messages, st.data())
def test_any_change_under_a_good_signature_is_read_or_refused(
    message: Message, data: st.DataObject
) -> None:
    form = FORMATS[type(message)]
    payload = bytearray(pack([1, form.kind, form.write(message)]))
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] = data.draw(st.integers(0, 255))
    try:
        _, read = decode(
            sign(bytes(payload), SIGNER, CONTEXT), lambda _: PUBLIC, *KINDS
        )
    except MessageRefused:
        return
    assert pack([1, FORMATS[type(read)].kind, FORMATS[type(read)].write(read)])


@given(values)
def test_plain_values_come_back(value: Value) -> None:
    assert unpack(pack(value), LIMIT) == value


@given(st.binary(max_size=60))
def test_what_is_read_has_no_other_spelling(data: bytes) -> None:
    try:
        value = unpack(data, LIMIT)
    except MessageRefused:
        return
    assert pack(value) == data


@given(messages)
def test_messages_come_back(message: Message) -> None:
    data = encode(message, SIGNER)
    assert decode(data, lambda _: PUBLIC, type(message)) == ("gateway-1", message)
    assert encode(message, SIGNER) == data


@given(entries)
def test_entries_come_back_and_fit(entry: Entry) -> None:
    data = encode_entry(entry)
    assert decode_entry(data) == entry
    assert len(data) <= LONGEST_ENTRY


@given(permits)
def test_permits_come_back(permit: Permit) -> None:
    assert read_permit(unpack(pack(permit_row(permit)), LIMIT)) == permit


@given(st.binary(min_size=32, max_size=32), st.lists(st.binary(max_size=9)), st.data())
def test_a_chain_may_be_cut_anywhere(
    start: bytes, lines: list[bytes], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(lines)))
    assert chain(chain(start, lines[:cut]), lines[cut:]) == chain(start, lines)
