from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from controller.cbor import Value, pack, unpack
from controller.cose import Signer, sign
from controller.encoding import LARGEST_COUNT, encode_entry
from controller.errors import LocalProtocolError, MessageRefused
from controller.schedule import Validity
from controller.uplink.codec import CONTEXT, VERSION, decode, decode_entry, encode
from controller.uplink.formats import (
    FORMATS,
    LARGEST_OFFSET,
    LONGEST_ENTRY,
    LONGEST_WAIT,
    MOST_ENTRIES,
)
from controller.uplink.messages import (
    GENESIS,
    DoorReport,
    Heartbeat,
    Message,
    PassageBatch,
    PermitDelta,
    PermitRequest,
    PermitSnapshot,
    Receipt,
)
from controller.uplink.rule_rows import MOST_DOORS
from controller.vocabulary import (
    CardNumber,
    DoorId,
    GatewayId,
    Passage,
    Permit,
    PermitId,
    Reason,
    Revision,
)

GATEWAY = GatewayId("gateway-1")
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), GATEWAY)
OTHER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)), GATEWAY)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENTRY = encode_entry(Passage(DoorId("door-1"), NOW, True, Reason.PERMIT))
PERMIT = Permit(
    PermitId(1),
    CardNumber(2),
    DoorId("door-1"),
    Validity(NOW, datetime(2027, 3, 1, tzinfo=UTC)),
)
REPORT = DoorReport(DoorId("door-1"), True, True, Revision(4), None, False, -1.5)

BATCH = PassageBatch(GATEWAY, 1, 1, GENESIS, (ENTRY,))
RECEIPT = Receipt(GATEWAY, 1, 1, GENESIS)
REQUEST = PermitRequest(GATEWAY, Revision(3), bytes(32), 30)
DELTA = PermitDelta(
    GATEWAY, Revision(3), Revision(4), (PermitId(9),), (PERMIT,), bytes(32)
)
SNAPSHOT = PermitSnapshot(GATEWAY, Revision(4), (PERMIT,), bytes(32))
HEARTBEAT = Heartbeat(GATEWAY, 7, NOW, "0.1.0", 12, (REPORT,))
MESSAGES: list[Message] = [BATCH, RECEIPT, REQUEST, DELTA, SNAPSHOT, HEARTBEAT]
KINDS = list(FORMATS)


def key_of(name: str) -> Ed25519PublicKey | None:
    return SIGNER.key.public_key() if name == GATEWAY else None


def kind_name(value: object) -> str:
    return value.__name__ if isinstance(value, type) else type(value).__name__


def body_of(message: Message) -> list[Value]:
    return FORMATS[type(message)].write(message)


def signed(*parts: object) -> bytes:
    return sign(pack(list(parts)), SIGNER, CONTEXT)


@pytest.mark.parametrize("message", MESSAGES, ids=kind_name)
def test_a_message_comes_back_with_its_signer(message: Message) -> None:
    assert decode(encode(message, SIGNER), key_of, type(message)) == (GATEWAY, message)


@pytest.mark.parametrize("message", MESSAGES, ids=kind_name)
def test_only_the_expected_kinds_are_read(message: Message) -> None:
    data = encode(message, SIGNER)
    assert decode(data, key_of, *KINDS) == (GATEWAY, message)
    for kind in KINDS:
        if kind is not type(message):
            with pytest.raises(MessageRefused, match=f"not a {kind.__name__}|too many"):
                decode(data, key_of, kind)


@pytest.mark.parametrize("message", MESSAGES, ids=kind_name)
def test_a_message_changed_anywhere_is_refused(message: Message) -> None:
    data = bytearray(encode(message, SIGNER))
    for place in range(len(data)):
        data[place] ^= 1 << place % 8
        with pytest.raises(MessageRefused):
            decode(bytes(data), key_of, type(message))
        data[place] ^= 1 << place % 8
    assert decode(bytes(data), key_of, type(message))[1] == message


def test_another_signer_and_another_context_are_refused() -> None:
    with pytest.raises(MessageRefused, match="signature does not hold"):
        decode(encode(RECEIPT, OTHER), key_of, Receipt)
    with pytest.raises(MessageRefused, match="signer is not known"):
        decode(encode(RECEIPT, replace(SIGNER, name="gateway-2")), key_of, Receipt)
    payload = pack([VERSION, FORMATS[Receipt].kind, body_of(RECEIPT)])
    with pytest.raises(MessageRefused, match="signature does not hold"):
        decode(sign(payload, SIGNER, b"elsewhere"), key_of, Receipt)


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ((VERSION + 1, 2, body_of(RECEIPT)), "not of version 1"),
        ((True, 2, body_of(RECEIPT)), "version must be an integer"),
        ((VERSION, 99, body_of(RECEIPT)), "not a Receipt"),
        ((VERSION, 2, [*body_of(RECEIPT), 0]), r"message\.body must be an array of 4"),
        ((VERSION, 2, {}), r"message\.body must be an array"),
        ((VERSION, 2), "message must be an array of 3"),
        ((VERSION, 2, body_of(RECEIPT), 0), "message must be an array of 3"),
        ((1.0, 2, body_of(RECEIPT)), "a tag, a float"),
    ],
)
def test_other_frames_are_refused_though_signed(
    parts: tuple[object, ...], complaint: str
) -> None:
    with pytest.raises(MessageRefused, match=complaint):
        decode(signed(*parts), key_of, Receipt)


WRONG_FIELDS: list[tuple[Message, int, object, str]] = [
    (BATCH, 0, "", "gateway"),
    (BATCH, 1, LARGEST_COUNT + 1, "epoch"),
    (BATCH, 2, 0, "first must be from 1"),
    (BATCH, 3, bytes(31), "previous must be 32 bytes"),
    (BATCH, 4, [], "entries must not be empty"),
    (BATCH, 4, [b""] * (MOST_ENTRIES + 1), "entries must be an array of at most"),
    (BATCH, 4, [bytes(LONGEST_ENTRY + 1)], r"entries\.entry must be at most"),
    (BATCH, 4, ["text"], r"entries\.entry"),
    (BATCH, 5, 1, "after_loss must be true or false"),
    (RECEIPT, 2, -1, "upto must be from 0"),
    (RECEIPT, 3, None, "chain must be 32 bytes"),
    (REQUEST, 1, LARGEST_COUNT + 1, "after"),
    (REQUEST, 2, b"", "digest"),
    (REQUEST, 3, LONGEST_WAIT + 1, "wait must be from 0 to 60"),
    (DELTA, 3, [-1], "removed"),
    (DELTA, 3, None, "removed must be an array"),
    (DELTA, 4, [[]], "permit must be an array of 6"),
    (SNAPSHOT, 2, {}, "permits must be an array"),
    (HEARTBEAT, 2, 2**63, "at must be from"),
    (HEARTBEAT, 3, "x" * 65, "software"),
    (HEARTBEAT, 5, [body_of(HEARTBEAT)], "door must be an array of 7"),
    (HEARTBEAT, 5, [["d", True, True, 1, True, False, None]], r"door\.open"),
    (HEARTBEAT, 5, [["d", True, True, 1, None, False, [True]]], "clock_offset"),
    (
        HEARTBEAT,
        5,
        [["d", True, True, 1, None, False, [True, LARGEST_OFFSET + 1]]],
        r"clock_offset\.microseconds",
    ),
]


@pytest.mark.parametrize(
    ("message", "field", "value", "complaint"), WRONG_FIELDS, ids=kind_name
)
def test_a_wrong_field_is_refused_by_name(
    message: Message, field: int, value: object, complaint: str
) -> None:
    body: list[object] = [*body_of(message)]
    body[field] = value
    data = signed(VERSION, FORMATS[type(message)].kind, body)
    with pytest.raises(MessageRefused, match=complaint):
        decode(data, key_of, type(message))


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (replace(BATCH, entries=()), "entries must not be empty"),
        (replace(BATCH, entries=(ENTRY,) * (MOST_ENTRIES + 1)), "at most 500"),
        (replace(RECEIPT, gateway=GatewayId("")), "gateway must be text"),
        (replace(REQUEST, wait=LONGEST_WAIT + 1), "wait must be from 0 to 60"),
        (replace(HEARTBEAT, doors=(REPORT,) * (MOST_DOORS + 1)), "at most 5000"),
        (
            replace(SNAPSHOT, permits=(replace(PERMIT, door=DoorId("a\nb")),)),
            "printable",
        ),
    ],
)
def test_what_could_not_be_read_is_not_sent(message: Message, complaint: str) -> None:
    with pytest.raises(LocalProtocolError, match=complaint):
        encode(message, SIGNER)


def test_the_fullest_messages_fit() -> None:
    longest = "\U00020000" * 64
    full: list[tuple[Message, int]] = [
        (replace(BATCH, entries=(bytes(LONGEST_ENTRY),) * MOST_ENTRIES), 300_000),
        (
            replace(
                HEARTBEAT, doors=(replace(REPORT, door=DoorId(longest)),) * MOST_DOORS
            ),
            1_000_000,
        ),
    ]
    for message, least in full:
        data = encode(message, SIGNER)
        assert len(data) > least
        assert decode(data, key_of, type(message))[1] == message


def test_a_message_beyond_its_limit_is_neither_sent_nor_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encode(SNAPSHOT, SIGNER)
    monkeypatch.setitem(
        FORMATS, PermitSnapshot, replace(FORMATS[PermitSnapshot], limit=9)
    )
    with pytest.raises(LocalProtocolError, match="bytes, more than 9"):
        encode(SNAPSHOT, SIGNER)
    with pytest.raises(MessageRefused, match="at most 9 bytes"):
        decode(data, key_of, PermitSnapshot)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda _: b"", "ends too early"),
        (lambda data: data + b"\x00", "goes on after its end"),
        (lambda data: data + bytes(LONGEST_ENTRY), "more than 640"),
        (lambda data: data[:-1], "ends too early"),
        (lambda data: pack(unpack(data, LONGEST_ENTRY)) * 2, "goes on"),
    ],
)
def test_a_line_of_the_record_is_read_strictly(
    change: Callable[[bytes], bytes], complaint: str
) -> None:
    with pytest.raises(MessageRefused, match=complaint):
        decode_entry(change(ENTRY))
