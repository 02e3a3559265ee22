"""Another implementation's host drives our simulated board over real sockets."""

import asyncio
import inspect
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time
from ipaddress import IPv4Address
from random import Random
from typing import Any

import pytest
from uhppoted import structs
from uhppoted.errors import CardNotFound, EventNotFound, TimeProfileNotFound
from uhppoted.uhppote import Uhppote
from uhppoted.uhppote_async import UhppoteAsync

from controller.protocols.uhppote.messages.events import EventReason, Way
from firmware_sim.uhppote_board.access import Swipe
from firmware_sim.uhppote_board.board import Board
from firmware_sim.uhppote_board.endpoint import BoardEndpoint
from tests.support.uhppote_board import CARD, NOON, SERIAL, new_board
from tests.support.waiting import until

HOST = "127.0.0.1"
PATIENCE = 10.0
START, END = date(2026, 1, 1), date(2026, 12, 31)
WORKDAYS = (True, True, True, True, True, False, False)
SEGMENTS = (time(8, 30), time(9, 45), time(11, 35), time(13, 15), time(14), time(18))
WEEK = structs.Weekdays(*WORKDAYS)

Ask = Callable[..., Awaitable[Any]]


class Host:
    """The other implementation, in one of its two forms, over one transport."""

    def __init__(self, form: str, transport: str, port: int) -> None:
        self._peer: Any = (Uhppote if form == "sync" else UhppoteAsync)(bind=HOST)
        self._sync = form == "sync"
        self._to = (SERIAL, f"{HOST}:{port}", transport)
        self.asked: set[str] = set()

    async def __call__(self, name: str, *values: object, **named: object) -> Any:  # noqa: ANN401  whatever the other side returns
        self.asked.add(name)
        method = getattr(self._peer, name)
        if self._sync:
            return await asyncio.to_thread(
                method, self._to, *values, timeout=PATIENCE, **named
            )
        return await method(self._to, *values, timeout=PATIENCE, **named)


@pytest.fixture
async def endpoint() -> AsyncIterator[BoardEndpoint]:
    boards = (new_board(), new_board(SERIAL + 1))
    now = asyncio.get_running_loop().time()
    for board in boards:
        board.memory.clock.set(NOON, now)
        board.start(now)
    endpoint = await BoardEndpoint.open(boards, Random(1))  # noqa: S311 - repeatable
    yield endpoint
    await endpoint.close()


@pytest.fixture
def board(endpoint: BoardEndpoint) -> Board:
    return endpoint.boards[0]


@pytest.fixture(params=["sync", "async"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["udp", "tcp"])
def host(request: pytest.FixtureRequest, form: str, endpoint: BoardEndpoint) -> Host:
    return Host(form, str(request.param), endpoint.port)


def loop_time() -> float:
    return asyncio.get_running_loop().time()


async def ask_about_the_board(host: Host, board: Board) -> None:
    who = await host("get_controller")
    assert (who.controller, who.version) == (SERIAL, "v8.92")
    assert who.mac_address == "00:66:18:2a:37:78"
    moment = datetime(2026, 5, 1, 12, 30)  # noqa: DTZ001  a board has no zone
    assert (await host("set_time", moment)).datetime == moment
    read = (await host("get_time")).datetime
    assert 0 <= (read - moment).total_seconds() < PATIENCE
    where = [IPv4Address(text) for text in ("10.0.0.9", "255.0.0.0", "10.0.0.1")]
    await host("set_ip", *where)
    await until(lambda: board.memory.settings.network.address == where[0])
    assert (await host("get_controller")).ip_address == where[0]


async def ask_about_cards(host: Host, board: Board) -> None:
    doors = (0, 1, 29, 254)
    answer = await host("put_card", CARD.number, START, END, *doors, 999_999)
    assert answer.stored
    card = structs.Card(
        CARD.number + 1, START, END, {1: 1}, 0, {1: True, 2: False, 3: True, 4: False}
    )
    assert await host("put_card_record", card)
    assert board.memory.cards.get(CARD.number + 1).doors == (1, 0, 0, 0)
    assert (await host("get_cards")).cards == 2
    first = await host("get_card", CARD.number)
    assert (first.door_1, first.door_2, first.door_3, first.door_4) == doors
    assert (first.pin, first.start_date, first.end_date) == (999_999, START, END)
    record = await host("get_card_record", CARD.number)
    assert (record.card, record.permission(3)) == (CARD.number, 29)
    assert (await host("get_card_by_index", 2)).card_number == CARD.number + 1
    assert (await host("get_card_record_by_index", 1)).card == CARD.number
    assert (await host("delete_card", CARD.number)).deleted
    assert not (await host("delete_card", CARD.number)).deleted
    assert (await host("get_card_by_index", 1)).card_number == 0xFFFFFFFF
    with pytest.raises(CardNotFound):
        await host("get_card_record", CARD.number)
    assert (await host("delete_all_cards")).deleted
    assert (await host("get_cards")).cards == 0


async def ask_about_doors(host: Host, board: Board) -> None:
    assert (await host("set_door_control", 3, 2, 7)).mode == 2
    assert (await host("get_door_control", 3)).delay == 7
    assert not (await host("open_door", 3)).opened
    assert (await host("open_door", 1)).opened
    status = await host("get_status")
    assert (status.relays, status.event_reason) == (1, EventReason.REMOTE_OPEN)
    record = await host("get_status_record")
    assert record.doors[1].unlocked
    assert record.event.index == 1
    settings = board.memory.settings
    assert (await host("set_antipassback", 2)).ok
    assert (await host("get_antipassback")).antipassback == 2
    assert (await host("set_interlock", 8)).ok
    assert not (await host("set_interlock", 5)).ok
    assert settings.interlock == 8
    assert (await host("activate_keypads", True, False, True, False)).ok
    assert [door.keypad for door in settings.doors.values()] == [True, False] * 2
    assert (await host("set_door_passcodes", 4, 12345, 0, 999_999, 54321)).ok
    assert settings.doors[4].codes == (12345, 0, 999_999, 54321)
    assert await host("set_door_passcodes_record", 4, [7531])
    assert settings.doors[4].codes == (7531, 0, 0, 0)
    assert (await host("set_pc_control", True)).ok
    assert settings.pc_control


async def ask_about_schedules(host: Host, board: Board) -> None:
    settings = board.memory.settings
    answer = await host("set_time_profile", 29, START, END, *WORKDAYS, *SEGMENTS, 3)
    assert answer.stored
    refused = await host("set_time_profile", 1, START, END, *WORKDAYS, *SEGMENTS, 0)
    assert not refused.stored
    profile = await host("get_time_profile", 29)
    assert (profile.segment_2_end, profile.linked_profile_id) == (time(13, 15), 3)
    record = await host("get_time_profile_record", 29)
    assert await host("set_time_profile_record", replace(record, id=30))
    assert settings.profiles[30] == replace(settings.profiles[29], id=30)
    with pytest.raises(TimeProfileNotFound):
        await host("get_time_profile_record", 31)
    assert (await host("delete_all_time_profiles")).deleted
    assert not settings.profiles
    noon = time(12)
    assert (await host("add_task", START, END, *WORKDAYS, noon, 2, 8, 3)).added
    task = structs.Task(1, 1, START, END, WEEK, noon, 0)
    assert await host("add_task_record", task)
    first = structs.FirstCard(
        time(8, 30),
        time(17, 45),
        structs.DoorMode.NORMALLY_OPEN,
        structs.DoorMode.FIRSTCARD_ONLY,
        WEEK,
    )
    assert await host("set_firstcard", 3, first)
    assert not settings.tasks
    assert (await host("refresh_tasklist")).refreshed
    assert [(task.door, task.type, task.cards) for task in settings.tasks] == [
        (2, 8, 3),
        (1, 1, 0),
    ]
    taken = settings.doors[3].first
    assert taken is not None
    assert (taken.start, taken.active, taken.end, taken.inactive) == (
        time(8, 30),
        1,
        time(17, 45),
        3,
    )
    assert (await host("clear_tasklist")).cleared
    assert settings.tasks
    assert not settings.tasks_waiting


async def ask_about_events(host: Host, board: Board) -> None:
    with pytest.raises(EventNotFound):
        await host("get_event_record", 1)
    board.swipe(Swipe(CARD.number, 2, Way.OUT), loop_time())
    board.swipe(Swipe(CARD.number + 1, 3), loop_time())
    event = await host("get_event", 1)
    assert (event.index, event.card, event.reason) == (
        1,
        CARD.number,
        EventReason.UNKNOWN_CARD,
    )
    assert (event.door, event.direction, event.event_type) == (2, 2, 1)
    assert not event.access_granted
    assert (await host("get_event", 0)).index == 1
    assert (await host("get_event_record", 0xFFFFFFFF)).index == 2
    assert (await host("get_event_index")).event_index == 0
    assert (await host("set_event_index", 2)).updated
    assert not (await host("set_event_index", 2)).updated
    assert not (await host("set_event_index", 3)).updated
    assert (await host("get_event_index")).event_index == 2
    assert (await host("record_special_events", True)).updated
    assert board.memory.settings.special_events
    listener = (IPv4Address(HOST), 60001, 15)
    assert (await host("set_listener", *listener)).ok
    said = await host("get_listener")
    assert (said.address, said.port, said.interval) == listener
    assert (await host("restore_default_parameters")).reset
    assert (await host("get_event", 0xFFFFFFFF)).index == 0
    assert (await host("get_listener")).port == 0


SCENARIOS = (
    ask_about_the_board,
    ask_about_cards,
    ask_about_doors,
    ask_about_schedules,
    ask_about_events,
)
BESIDE = {"get_all_controllers", "listen"}


async def test_every_function_of_the_peer_works(host: Host, board: Board) -> None:
    for scenario in SCENARIOS:
        await scenario(host, board)
        await host("restore_default_parameters")
    public = {
        name
        for form in (Uhppote, UhppoteAsync)
        for name, _ in inspect.getmembers(form, callable)
        if not name.startswith("_")
    }
    assert public == host.asked | BESIDE


async def test_the_peer_discovers_every_board(
    form: str, endpoint: BoardEndpoint
) -> None:
    everyone = f"{HOST}:{endpoint.port}"
    wait = 0.5
    if form == "sync":
        peer = Uhppote(bind=HOST, broadcast=everyone)
        found = await asyncio.to_thread(peer.get_all_controllers, timeout=wait)
    else:
        found = await UhppoteAsync(bind=HOST, broadcast=everyone).get_all_controllers(
            timeout=wait
        )
    assert {each.controller for each in found} == {SERIAL, SERIAL + 1}


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


LISTENER = """
import os, sys
from uhppoted.uhppote import Uhppote

def heard(event):
    print(event.controller, event.event_card, event.event_reason, flush=True)
    os._exit(0)

Uhppote(listen=sys.argv[1]).listen(heard)
"""
"""A process of its own: the synchronous peer knows no end of listening."""
EXPECTED = (SERIAL, CARD.number, EventReason.UNKNOWN_CARD)
versions = pytest.mark.parametrize("version", ["8.92", "6.62"])


async def swipe_until(
    endpoint: BoardEndpoint, version: str, port: int, heard: Callable[[], object]
) -> None:
    board = endpoint.boards[0]
    board.memory.version = version
    listener = board.memory.settings.listener
    listener.address, listener.port = IPv4Address(HOST), port
    while not heard():
        board.swipe(Swipe(CARD.number, 1), loop_time())
        endpoint.flush()
        await asyncio.sleep(0.01)


@versions
async def test_the_asynchronous_peer_hears_events(
    version: str, endpoint: BoardEndpoint
) -> None:
    port, stop = free_port(), asyncio.Event()
    events: list[Any] = []
    peer = UhppoteAsync(listen=f"{HOST}:{port}")
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(peer.listen(events.append, close=stop))
        await swipe_until(endpoint, version, port, lambda: events)
        stop.set()
    first = events[0]
    assert (first.controller, first.event_card, first.event_reason) == EXPECTED


@versions
async def test_the_synchronous_peer_hears_events(
    version: str, endpoint: BoardEndpoint
) -> None:
    port = free_port()
    peer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LISTENER, f"{HOST}:{port}", stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        said = asyncio.create_task(peer.communicate())
        await swipe_until(endpoint, version, port, said.done)
        line, _ = await said
    assert tuple(map(int, line.split())) == EXPECTED
