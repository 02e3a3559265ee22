"""Messages published by others read and write as their own tests say."""

from dataclasses import fields, is_dataclass
from ipaddress import IPv4Address
from typing import Any

import pytest

from controller.protocols.uhppote.message import Request
from controller.protocols.uhppote.tables import (
    REPLIES,
    REQUESTS,
    decode_reply,
    decode_request,
)
from tests.support.vectors import load

KINDS = {kind.__name__: kind for kind in (*REQUESTS.values(), *REPLIES.values())}
VECTORS = load("uhppote")["message"]
SPARE = {"GetEventReply": 58}
"""Where one published reply has bytes of the maker's own in spare room."""


def plain(value: Any) -> Any:  # noqa: ANN401  whatever a field holds
    """Return a message as TOML would say it."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, IPv4Address) else value


def test_every_message_has_a_vector() -> None:
    assert {vector["kind"] for vector in VECTORS} == KINDS.keys()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["kind"])
def test_a_published_message_reads_and_writes(vector: dict[str, Any]) -> None:
    wire = bytes.fromhex(vector["bytes"]).ljust(64, b"\0")
    kind = KINDS[vector["kind"]]
    read = decode_request if issubclass(kind, Request) else decode_reply
    message = read(wire)
    assert type(message) is kind
    assert plain(message) == vector["fields"]
    end = SPARE.get(vector["kind"], 64)
    assert message.encode()[1:end] == wire[1:end], (
        "only the start may be of old firmware"
    )
