"""The real daemon and a reader on a pty: another reader, a new key, a kill between."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from controller.protocols.osdp import Identity, Peripheral, ReaderSettings
from controller.uplink.codec import decode_entry
from controller.vocabulary import AlarmChange, AlarmKind
from gateway.config.keys import HeldKeys, read_keys
from gateway.config.reading import read_toml
from gateway.control import order
from gateway.device import create_key
from gateway.errors import GatewayError
from tests.support.gateway_files import CONFIG, READER_KEY, install
from tests.support.gateway_registry import Registry
from tests.support.gateway_street import STEP, LiveReader
from tests.support.waiting import until

pytestmark = pytest.mark.slow
COMMAND = Path(sys.executable).with_name("menhu-gateway")
BUS = CONFIG[: CONFIG.rindex("[[lines]]")]
KEYS = f'reader-1 = "{READER_KEY.hex()}"\n'


class ReaderInReach(LiveReader):
    """A reader whose wire may be cut, and which may be taken for another."""

    cut = False
    silent_with_a_new_key = False

    def _hears(self) -> bool:
        return not self.cut

    def _speaks(self) -> bool:
        return not (self.silent_with_a_new_key and self.device.key != READER_KEY)

    async def run(self) -> None:
        while True:
            with suppress(OSError):
                data = os.read(self._far, 4096)
                if self._hears():
                    self.device.receive_data(data, monotonic())
            for reply in self.device.data_to_send(monotonic()):
                if self._speaks():
                    os.write(self._far, reply)
            await asyncio.sleep(STEP)

    def become(self, serial: int) -> None:
        """Be another reader with the same key."""
        identity = Identity(b"\x01\x02\x03", 4, 5, serial, b"\x01\x00\x00")
        settings = ReaderSettings(0, identity, self.device.key)
        self.device = Peripheral(settings, monotonic(), os.urandom)


class House:
    """A daemon's surroundings."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.folder, self.registry = folder, registry
        self.reader = ReaderInReach(folder / "lines" / "bus-01")

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[Process]:
        self.registry.heartbeats.clear()
        with (self.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                COMMAND, "run", cwd=self.folder, stderr=log
            )
        try:
            await until(self.secure)
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def secure(self) -> bool:
        beats = self.registry.heartbeats
        return any(door.secure for beat in beats[-1:] for door in beat.doors)

    def replaced(self) -> bool | None:
        """Say whether the last that was told of the reader is that it is another."""
        records = [record for _, record in sorted(self.registry.records.items())]
        entries = [decode_entry(body) for one in records for body in one.entries]
        told = [
            entry
            for entry in entries
            if isinstance(entry, AlarmChange) and entry.kind is AlarmKind.REPLACED
        ]
        return told[-1].cleared_at is None if told else None

    def keys(self) -> HeldKeys:
        return read_keys(read_toml(self.folder / "keys.toml")["reader-1"])

    async def order(self, deed: str) -> str:
        data = self.folder / "gateway-data"
        return await asyncio.to_thread(order, data, deed, "reader-1")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with Registry() as registry:
        config = BUS.replace("http://127.0.0.1:8080", registry.url)
        install(tmp_path, registry.key.public_key(), config, KEYS)
        public = create_key(tmp_path / "gateway-data").read_bytes()
        key = load_pem_public_key(public)
        assert isinstance(key, Ed25519PublicKey)
        registry.device_public = key
        house = House(tmp_path, registry)
        task = asyncio.create_task(house.reader.run())
        yield house
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_another_reader_is_an_alarm_until_it_is_accepted(house: House) -> None:
    async with house.daemon():
        house.reader.become(7)
        await until(lambda: house.replaced() is True)
        house.reader.become(6)
        await until(lambda: house.replaced() is False)
        house.reader.become(7)
        await until(lambda: house.replaced() is True)
        assert await house.order("accept") == "reader-1 is 010203-4-5-00000007"
        await until(lambda: house.replaced() is False)


async def test_a_new_key_is_proved_and_is_the_key_from_then_on(house: House) -> None:
    async with house.daemon():
        assert await house.order("rotate") == "reader-1 has a new key"
        assert house.keys() == HeldKeys(house.reader.device.key or b"")
        assert house.reader.device.key != READER_KEY


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "never arrived"])
async def test_killed_before_the_answer_whichever_key_it_holds_is_known(
    house: House, taken: bool
) -> None:
    reader = house.reader
    async with house.daemon() as process:
        if taken:
            reader.silent_with_a_new_key = True
        else:
            reader.cut = True
        rotation = asyncio.create_task(house.order("rotate"))
        await until(lambda: house.keys().next_key)
        if taken:
            await until(lambda: reader.device.key != READER_KEY)
        process.kill()
        await process.wait()
        with pytest.raises(GatewayError):
            await rotation
    following = house.keys().next_key
    assert house.keys().key == READER_KEY
    reader.silent_with_a_new_key = reader.cut = False
    async with house.daemon():
        if taken:
            await until(lambda: house.keys() == HeldKeys(following or b""))
        else:
            assert house.keys() == HeldKeys(READER_KEY, following)
            await house.order("rotate")
    assert reader.device.key == following
    assert house.keys() == HeldKeys(following or b"")
