"""The status socket: plain values, for us alone, whoever comes and goes."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controller.encoding import digest_of
from controller.uplink.messages import PermitSnapshot
from controller.vocabulary import GatewayId, Revision
from gateway.permits import Permits
from gateway.site import Site
from gateway.status import SOCKET, Report, ask, describe, serve
from gateway.store.ballast import Ballast
from gateway.store.outbox import Outbox
from gateway.store.state import State
from tests.support.gateway_site import BACK, FRONT, LOCK, READER, permit, site
from tests.support.gateway_store import NOON, entries, open_outbox
from tests.support.waiting import until

PERMITS = (permit(1), permit(2, BACK))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with closing(open_outbox(tmp_path)) as outbox:
        yield outbox


async def report(place: Site, folder: Path, outbox: Outbox) -> Report:
    """Describe a gateway at revision 7 of two permits."""
    with closing(State(folder / "state.db")) as state:
        permits = Permits(state)
        await permits.replace(
            PermitSnapshot(
                GatewayId("gateway-1"), Revision(7), PERMITS, digest_of(PERMITS)
            )
        )
        return describe(place, permits, outbox, Ballast(folder / "ballast", 4096))


async def test_a_quiet_gateway_has_nothing_to_be_late_with(
    tmp_path: Path, outbox: Outbox
) -> None:
    said = await report(site(), tmp_path, outbox)
    assert said["outbox"] == {
        "depth": 0,
        "oldest_seconds": None,
        "set_aside": 0,
        "last_receipt_seconds": None,
    }
    assert (said["gateway"], said["revision"], said["permits"]) == ("gateway-1", 7, 2)
    assert said["ballast"] is True
    assert said["card_to_command_ms"] == {"p50": None, "p99": None}


async def test_each_door_is_told_as_it_is_and_the_online_ones_counted(
    tmp_path: Path, outbox: Outbox
) -> None:
    place = site()
    front, back = place.doors.of(READER), place.doors.of(LOCK)
    front.online, front.secure, front.open = True, True, False
    back.tampered, back.acknowledged = True, Revision(6)
    said = await report(place, tmp_path, outbox)
    assert said["doors_online"] == 1
    told = {
        name: (door["online"], door["secure"], door["open"], door["tampered"])
        for name, door in said["doors"].items()
    }
    assert told == {
        FRONT: (True, True, False, False),
        BACK: (False, False, None, True),
    }


async def test_what_waits_is_as_old_as_its_oldest_and_numbers_are_plain(
    tmp_path: Path, outbox: Outbox
) -> None:
    outbox.append(entries(0, 3), {})
    place = site(NOON.replace(hour=13))
    place.counters.gaps, place.counters.granted = 2, 5
    place.counters.last_receipt = place.clock.wall() - 61.26
    place.counters.decisions.add(0.0123)
    said = await report(place, tmp_path, outbox)
    assert said["outbox"] == {
        "depth": 3,
        "oldest_seconds": 3600.0,
        "set_aside": 0,
        "last_receipt_seconds": 61.3,
    }
    assert said["card_to_command_ms"] == {"p50": 12.3, "p99": 12.3}
    counters = said["counters"]
    assert (counters["gaps"], counters["granted"], counters["refused"]) == (2, 5, 0)
    assert all(type(count) is int for count in counters.values())
    assert json.loads(json.dumps(said)) == said


async def test_every_question_is_answered_anew(tmp_path: Path) -> None:
    asked = iter(range(10))
    async with serve(tmp_path, lambda: {"asked": next(asked)}):
        answers = [await asyncio.to_thread(ask, tmp_path) for _ in range(3)]
    assert answers == [{"asked": 0}, {"asked": 1}, {"asked": 2}]


async def test_a_socket_left_behind_is_taken_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / SOCKET))
    with pytest.raises(ConnectionRefusedError):
        ask(tmp_path)
    async with serve(tmp_path, lambda: {"alive": True}):
        assert (tmp_path / SOCKET).stat().st_mode & 0o777 == 0o600
        assert await asyncio.to_thread(ask, tmp_path) == {"alive": True}
    with pytest.raises(FileNotFoundError):
        ask(tmp_path)


async def test_whoever_hangs_up_before_the_answer_stops_nothing(
    tmp_path: Path,
) -> None:
    served: list[int] = []

    def large() -> Report:
        served.append(len(served))
        return {"much": "x" * 2_000_000}

    async with serve(tmp_path, large):
        for _ in range(3):
            with socket.socket(socket.AF_UNIX) as hasty:
                hasty.connect(str(tmp_path / SOCKET))
        await until(lambda: len(served) == 3)
        answer = await asyncio.to_thread(ask, tmp_path)
    assert len(answer["much"]) == 2_000_000
