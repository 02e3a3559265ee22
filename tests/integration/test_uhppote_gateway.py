"""The real daemon and a simulated board on loopback, over UDP and over TCP."""

import asyncio
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from controller.protocols.uhppote.messages.events import EventReason
from controller.protocols.uhppote.reasons import wall_time
from controller.schedule import Validity
from controller.uplink.codec import decode_entry
from controller.vocabulary import (
    CardNumber,
    DoorId,
    Gap,
    Passage,
    Permit,
    PermitId,
)
from firmware_sim.faults import WireFaults
from firmware_sim.uhppote_board.access import Swipe
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.clock import BoardClock
from firmware_sim.uhppote_board.endpoint import BoardEndpoint
from tests.support.gateway_files import CONFIG, install
from tests.support.gateway_registry import Registry
from tests.support.uhppote_board import SERIAL, new_board
from tests.support.waiting import until

pytestmark = pytest.mark.slow
COMMAND = Path(sys.executable).with_name("menhu-gateway")
NETWORKS = ("udp", "tcp")
DOORS = tuple(f"{side}-{network}" for network in NETWORKS for side in ("front", "back"))
LINE = """\
[[lines]]
name = "{network}"
protocol = "uhppote"
network = "{network}"
bind = "{bind}"
controllers = [
  {{ id = "1-{network}", door = "front-{network}", address = "{serial}/1@{place}" }},
  {{ id = "2-{network}", door = "back-{network}", address = "{serial}/2@{place}", \
unlock_seconds = 7 }},
]
"""


def permit(number: int, door: str, card: int) -> Permit:
    now = datetime.now(UTC)
    validity = Validity(now - timedelta(hours=1), now + timedelta(hours=30))
    return Permit(PermitId(number), CardNumber(card), DoorId(door), validity)


class Site:
    """Two boards, one on each network, a registry and the folder of a daemon."""

    def __init__(
        self, folder: Path, registry: Registry, endpoint: BoardEndpoint
    ) -> None:
        self.folder, self.registry, self.endpoint = folder, registry, endpoint
        self.boards: dict[str, Board] = dict(
            zip(NETWORKS, endpoint.boards, strict=True)
        )

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[Process]:
        with (self.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                COMMAND, "run", cwd=self.folder, stderr=log
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def swipe(self, card: int, door: int) -> set[EventReason]:
        """Hold a card to the same reader of both boards."""
        now = asyncio.get_running_loop().time()
        swipe = Swipe(card, door)
        return {board.swipe(swipe, now) for board in self.boards.values()}

    def entries(self, network: str) -> list[Passage | Gap]:
        """Return what the registry has of the board on a network."""
        records = self.registry.records.values()
        found = [decode_entry(body) for record in records for body in record.entries]
        return [
            each
            for each in found
            if isinstance(each, Passage | Gap)
            and network in (each.controller if isinstance(each, Gap) else each.door)
        ]

    def recorded(self, count: int) -> bool:
        return all(len(self.entries(network)) == count for network in NETWORKS)

    def indexes(self, network: str) -> list[tuple[int, int]]:
        return sorted(
            (each.origin.epoch, each.origin.index)
            for each in self.entries(network)
            if isinstance(each, Passage) and each.origin
        )

    def in_force(self, revision: int) -> bool:
        last = {
            report.door: report.acknowledged
            for beat in self.registry.heartbeats
            for report in beat.doors
            if report.online
        }
        return last == dict.fromkeys(DOORS, revision)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    boards = [new_board(SERIAL + number, ring=(100, 20)) for number in range(2)]
    clock = wall_time(datetime.now(UTC))
    for board in boards:
        board.memory.clock = BoardClock(clock, asyncio.get_running_loop().time())
        for door in board.memory.settings.doors.values():
            door.delay = 30
    endpoint = await BoardEndpoint.open(boards, Random(1))  # noqa: S311 - repeatable
    place = f"127.0.0.1:{endpoint.port}"
    binds = (f"127.0.0.1:{free_port()}", "127.0.0.1")
    lines = [
        LINE.format(network=network, serial=board.memory.serial, place=place, bind=bind)
        for network, board, bind in zip(NETWORKS, boards, binds, strict=True)
    ]
    async with Registry() as registry:
        head = CONFIG[: CONFIG.index("[[lines]]")]
        config = head.replace("http://127.0.0.1:8080", registry.url) + "".join(lines)
        install(tmp_path, registry.key.public_key(), config, keys="")
        process = await asyncio.create_subprocess_exec(
            COMMAND, "init", cwd=tmp_path, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        pem = await asyncio.to_thread(Path(out.decode().strip()).read_bytes)
        public = load_pem_public_key(pem)
        assert isinstance(public, Ed25519PublicKey)
        registry.device_public = public
        yield Site(tmp_path, registry, endpoint)
    await endpoint.close()


async def test_permits_reach_boards_and_their_events_the_registry(site: Site) -> None:
    registry = site.registry
    put = tuple(permit(each, door, 77 + each % 2) for each, door in enumerate(DOORS))
    await registry.publish(put=put)
    async with site.daemon() as process:
        await until(lambda: site.in_force(1))
        for board in site.boards.values():
            settings = board.memory.settings
            assert settings.special_events
            assert (settings.doors[1].delay, settings.doors[2].delay) == (5, 7)
            assert settings.doors[3].delay == 30, "no door of ours"
        udp, tcp = (
            site.boards[each].memory.settings.listener.peer for each in NETWORKS
        )
        assert f'bind = "{udp}"' in (site.folder / "gateway.toml").read_text()
        assert tcp == "", "no port of ours"
        assert site.swipe(77, 1) == {EventReason.SWIPE}
        assert site.swipe(77, 2) == {EventReason.NO_PRIVILEGE}
        assert site.swipe(78, 2) == {EventReason.SWIPE}
        assert site.swipe(79, 3) == {EventReason.UNKNOWN_CARD}, "no door of ours"
        await until(lambda: site.recorded(3))
        await registry.publish(removed=(0, 2))
        await until(lambda: site.in_force(2))
        assert site.swipe(77, 1) == {EventReason.UNKNOWN_CARD}
        await until(lambda: site.recorded(4))
        process.kill()
        await process.wait()
    for _ in range(250):
        assert site.swipe(78, 2) == {EventReason.SWIPE}
    oldest = site.boards["udp"].memory.events.first
    site.endpoint.faults = WireFaults(drop=0.02, late=0.02)
    registry.heartbeats.clear()
    async with site.daemon():
        await until(lambda: site.recorded(5 + 256 - oldest))
        await until(lambda: site.in_force(2))
    for network in NETWORKS:
        found = (1, 2, 3, 5, *range(oldest, 256))
        assert site.indexes(network) == [(1, index) for index in found]
        gaps = [each for each in site.entries(network) if isinstance(each, Gap)]
        assert [(gap.epoch, gap.first, gap.last) for gap in gaps] == [
            (1, 6, oldest - 1)
        ]
        first = site.entries(network)[0]
        assert isinstance(first, Passage)
        assert (first.door, first.card) == (f"front-{network}", CardNumber(77))
        assert abs(first.at - datetime.now(UTC)) < timedelta(minutes=2)
