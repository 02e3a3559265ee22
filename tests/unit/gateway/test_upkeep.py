"""Readers that are replaced, moved and given keys, beside a disk and an operator."""

import asyncio
import errno
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from controller.session import CommandFailed, Event
from controller.upkeep import (
    IdentityChanged,
    KeyRotated,
    LineChanged,
    ReaderIdentified,
    RotateKey,
)
from controller.vocabulary import AlarmChange, AlarmKind, ControllerId
from gateway import roster, upkeep
from gateway.alarms import Alarms
from gateway.config.installation import load
from gateway.config.keys import HeldKeys
from gateway.roster import Roster
from gateway.store.state import KnownReader, State
from gateway.upkeep import Upkeep, UpkeepRefused
from tests.support.gateway_files import READER_KEY, install
from tests.support.gateway_site import FRONT, LOCK, READER, Disk, Sent, site
from tests.support.waiting import until

REGISTRY = Ed25519PrivateKey.generate().public_key()


class Workshop:
    """The upkeep of a small gateway; `open` starts it as after a kill."""

    def __init__(self, folder: Path) -> None:
        self.path = install(folder, REGISTRY)
        self.state = State(folder / "state.db")
        self.sent = Sent()

    def open(self) -> "Workshop":
        place, self.disk = site(), Disk()
        self.roster = Roster(load(self.path), self.state)
        self.alarms = Alarms(place, self.state, self.disk.append)
        self.upkeep = Upkeep(place, self.roster, self.alarms.notice, self.sent.send)
        self.front = place.doors.of(READER)
        self.front.secure = True
        return self

    def see(self, *events: Event) -> None:
        for event in events:
            self.upkeep.handle(event)

    async def alarm(self) -> bool | None:
        """Say whether the door's last change was that its reader is another."""
        while self.disk.waiting:
            await self.disk.commit()
        changes = [
            entry
            for entry in self.disk.entries
            if isinstance(entry, AlarmChange) and entry.kind is AlarmKind.REPLACED
        ]
        assert all(change.door == FRONT for change in changes)
        return changes[-1].cleared_at is None if changes else None

    def keys(self) -> HeldKeys:
        """Return what the keys file says now."""
        now = load(self.path)
        return HeldKeys(now.keys[READER], now.next_keys.get(READER))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop(tmp_path)
    with closing(shop.state):
        yield shop


def met(identity: str) -> ReaderIdentified:
    return ReaderIdentified(READER, identity, "1.0.0")


async def test_the_first_reader_is_ours_and_another_one_is_an_alarm(
    shop: Workshop,
) -> None:
    shop.open().see(met("ours"))
    assert await shop.alarm() is None
    shop.see(IdentityChanged(READER, "ours", "strange"))
    assert await shop.alarm() is True
    shop.see(IdentityChanged(READER, "strange", "stranger"))
    assert await shop.alarm() is True
    shop.see(IdentityChanged(READER, "stranger", "ours"))
    assert await shop.alarm() is False


async def test_a_restart_forgets_neither_the_reader_nor_the_alarm(
    shop: Workshop,
) -> None:
    shop.open().see(met("ours"), IdentityChanged(READER, "ours", "strange"))
    await shop.alarm()
    shop.open()
    assert await shop.alarm() is True
    shop.see(IdentityChanged(READER, "strange", "ours"))
    assert await shop.alarm() is False


async def test_killed_between_the_row_and_the_alarm_it_is_raised_at_the_start(
    shop: Workshop,
) -> None:
    shop.state.keep_reader(KnownReader(READER, "ours", "strange"))
    shop.state.keep_reader(KnownReader(ControllerId("gone"), "ours", "strange"))
    shop.open()
    assert await shop.alarm() is True


async def test_an_operator_accepts_the_new_reader(shop: Workshop) -> None:
    shop.open()
    with pytest.raises(UpkeepRefused, match="never met"):
        await shop.upkeep.accept(READER)
    shop.see(met("ours"), IdentityChanged(READER, "ours", "new"))
    assert await shop.alarm() is True
    assert await shop.upkeep.accept(READER) == "reader-1 is new"
    assert await shop.alarm() is False
    assert shop.open().roster.of(READER).identity == "new"
    assert await shop.alarm() is None


async def test_a_reader_accepted_while_the_gateway_was_away_clears_its_alarm(
    shop: Workshop,
) -> None:
    shop.open().see(met("ours"), IdentityChanged(READER, "ours", "new"))
    await shop.alarm()
    shop.state.keep_reader(KnownReader(READER, "new", "new"))
    shop.open()
    assert await shop.alarm() is False


async def test_a_reader_that_moved_is_found_there_at_the_next_start(
    shop: Workshop,
) -> None:
    shop.open().see(met("ours"), LineChanged(READER, "9", 19200))
    known = shop.open().roster.of(READER)
    assert known == KnownReader(READER, "ours", "ours", "0", "9", 19200)


async def test_a_key_is_on_disk_when_it_is_sent_and_alone_once_proved(
    shop: Workshop,
) -> None:
    rotation = asyncio.create_task(shop.open().upkeep.rotate(READER))
    await until(lambda: shop.sent.commands)
    (command,) = shop.sent.take()
    assert isinstance(command, RotateKey)
    assert shop.keys() == HeldKeys(READER_KEY, command.key)
    shop.see(KeyRotated(READER))
    assert await rotation == "reader-1 has a new key"
    assert shop.keys() == HeldKeys(command.key)


async def test_a_rotation_that_failed_keeps_both_keys_and_goes_on_with_them(
    shop: Workshop,
) -> None:
    keys = []
    for _ in range(2):
        rotation = asyncio.create_task(shop.open().upkeep.rotate(READER))
        await until(lambda: shop.sent.commands)
        (command,) = shop.sent.take()
        assert isinstance(command, RotateKey)
        keys.append(command.key)
        shop.see(CommandFailed(READER, command, "the reader kept its old key"))
        with pytest.raises(UpkeepRefused, match="kept its old key"):
            await rotation
    assert keys[0] == keys[1]
    assert shop.keys() == HeldKeys(READER_KEY, keys[0])


async def test_a_proof_that_comes_late_counts(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "PATIENCE", 0.0)
    with pytest.raises(UpkeepRefused, match="not proved"):
        await shop.open().upkeep.rotate(READER)
    (command,) = shop.sent.take()
    assert isinstance(command, RotateKey)
    shop.see(KeyRotated(READER))
    await until(lambda: shop.keys() == HeldKeys(command.key))


async def test_without_a_durable_key_nothing_is_sent(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(roster, "put_keys", full)
    with pytest.raises(UpkeepRefused, match="written down"):
        await shop.open().upkeep.rotate(READER)
    assert shop.sent.commands == []


async def test_a_proof_that_cannot_be_written_keeps_both_keys(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotation = asyncio.create_task(shop.open().upkeep.rotate(READER))
    await until(lambda: shop.sent.commands)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(roster, "put_keys", full)
    shop.see(KeyRotated(READER))
    await rotation
    assert shop.keys().next_key is not None


async def test_who_cannot_be_given_a_key_is_told_why(shop: Workshop) -> None:
    shop.open().front.secure = False
    for name, reason in (
        (READER, "no secure channel"),
        (LOCK, "no reader of this gateway"),
        (ControllerId("nobody"), "no reader of this gateway"),
    ):
        with pytest.raises(UpkeepRefused, match=reason):
            await shop.upkeep.rotate(name)
    shop.front.secure = True
    rotation = asyncio.create_task(shop.upkeep.rotate(READER))
    await until(lambda: shop.sent.commands)
    with pytest.raises(UpkeepRefused, match="already"):
        await shop.upkeep.rotate(READER)
    shop.see(KeyRotated(READER))
    await rotation
