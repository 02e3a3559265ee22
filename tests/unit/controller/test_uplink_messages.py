import hashlib
from dataclasses import FrozenInstanceError
from typing import get_args

import pytest

from controller.uplink.formats import FORMATS
from controller.uplink.messages import (
    GENESIS,
    HASH_SIZE,
    Message,
    PassageBatch,
    chain,
    link,
)
from controller.vocabulary import GatewayId

ENTRIES = (b"one", b"two", b"three")


def batch(first: int, entries: tuple[bytes, ...]) -> PassageBatch:
    return PassageBatch(GatewayId("gateway-1"), 1, first, GENESIS, entries)


def test_the_chain_starts_from_zeros() -> None:
    assert bytes(HASH_SIZE) == GENESIS
    assert link(GENESIS, b"one") == hashlib.sha256(bytes(32) + b"one").digest()


def test_a_chain_is_its_links_one_after_the_other() -> None:
    assert chain(GENESIS, ()) == GENESIS
    one = link(GENESIS, b"one")
    assert chain(GENESIS, ENTRIES) == link(link(one, b"two"), b"three")
    assert chain(chain(GENESIS, ENTRIES[:1]), ENTRIES[1:]) == chain(GENESIS, ENTRIES)


@pytest.mark.parametrize(
    "entries", [ENTRIES[:2], ENTRIES[1:], ENTRIES[::-1], (b"one", b"two", b"thre3")]
)
def test_a_chain_shows_what_is_missing_moved_or_changed(
    entries: tuple[bytes, ...],
) -> None:
    assert chain(GENESIS, entries) != chain(GENESIS, ENTRIES)


@pytest.mark.parametrize(("first", "count", "last"), [(1, 1, 1), (1, 3, 3), (8, 2, 9)])
def test_a_batch_knows_its_last_line(first: int, count: int, last: int) -> None:
    assert batch(first, ENTRIES[:count]).last == last


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        batch(1, ENTRIES).first = 2  # type: ignore[misc] # what must not work


def test_every_message_has_a_format_of_its_own() -> None:
    assert set(FORMATS) == set(get_args(Message))
    kinds = [form.kind for form in FORMATS.values()]
    assert sorted(kinds) == list(range(1, len(FORMATS) + 1))
